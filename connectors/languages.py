"""Turns the names that sources give to languages into BCP 47."""

_TAGS = """
    afrikaans=af albanian=sq amharic=am arabic=ar armenian=hy azerbaijani=az basque=eu belarusian=be bengali=bn
    bosnian=bs brazilian=pt-BR bulgarian=bg burmese=my catalan=ca chinese=zh croatian=hr czech=cs danish=da dutch=nl
    english=en estonian=et filipino=fil finnish=fi french=fr galician=gl georgian=ka german=de greek=el gujarati=gu
    hebrew=he hindi=hi hungarian=hu icelandic=is indonesian=id irish=ga italian=it japanese=ja kannada=kn kazakh=kk
    khmer=km korean=ko koreana=ko kyrgyz=ky lao=lo latam=es-419 latvian=lv lithuanian=lt macedonian=mk malay=ms
    malayalam=ml maltese=mt marathi=mr mongolian=mn nepali=ne norwegian=no norwegiannynorsk=nn pashto=ps persian=fa
    polish=pl portuguese=pt punjabi=pa romanian=ro russian=ru schinese=zh-Hans serbian=sr sindhi=sd sinhalese=si
    slovak=sk slovenian=sl somali=so spanish=es swahili=sw swedish=sv tagalog=tl tamil=ta tchinese=zh-Hant telugu=te
    thai=th tibetan=bo turkish=tr ukrainian=uk urdu=ur uzbek=uz vietnamese=vi welsh=cy
"""
_KNOWN = dict(pair.split("=") for pair in _TAGS.split())


def tag(name: object) -> str:
    """Returns the BCP 47 tag of a language's English name or of Steam's own ("schinese"); "" for an unknown one."""
    return _KNOWN.get("".join(name[:50].split()).lower(), "") if isinstance(name, str) else ""

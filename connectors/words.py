"""Finds whole words in text, by the rules of the match language: in any case, "*" for the rest of a word, and scripts
that are written without spaces need none around a word."""

import re
from collections.abc import Iterable

_UNSPACED = r"\u0e00-\u0e7f\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af"
_LETTER = rf"[^\W{_UNSPACED}]"


def either(terms: Iterable[str]) -> re.Pattern[str]:
    """Returns what finds any of some words or phrases; signs and spaces between the words of a phrase may be any."""
    return re.compile("|".join(map(_whole, terms)), re.IGNORECASE)


def _whole(term: str) -> str:
    words = [rf"{_LETTER}*".join(re.escape(piece) for piece in word.split("*")) for word in term.split()]
    before = rf"(?<!{_LETTER})" if re.match(_LETTER, term) else ""
    after = rf"(?!{_LETTER})" if re.match(_LETTER, term[-1]) else ""
    return before + r"[\W_]+".join(words) + after

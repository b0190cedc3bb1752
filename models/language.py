"""Which language a text is in, and whether a model can judge it.

Lingua in its low-accuracy mode and with the languages most written in public posts: 60 MB and 0.7 ms a text, where
all languages at full accuracy take 900 MB and 7 ms.
"""

import re
from collections.abc import Collection
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from lingua import LanguageDetector

LANGUAGES = "ar ca cs da de el en es fa fi fr he hi hu id it ja ko nb nl pl pt ro ru sv th tl tr uk vi zh"
ENGLISH = ("en",)
NORWEGIAN = {"nb": "Norwegian", "nn": "Norwegian"}  # which is known by the names of its two ways of writing
ALIASES = {"eng": "en", "english": "en", "no": "nb", "iw": "he", "in": "id"}  # as sources write what we call otherwise
CERTAIN = 0.9  # a language is named from this confidence on
NOT_ENGLISH = 0.05  # and when English is less than this share as likely: refusing English costs most
NO_WORDS = re.compile(r"https?://\S+|[@#]\w+|\w*\d\w*")
ENOUGH = 2_000  # characters that are looked at


def detect(text: str) -> str:
    """Names the language of a text by its BCP 47 code, or "" when it is too short or too mixed to tell.

    Names, tags, addresses and words with digits are left out of the question.
    """
    words = NO_WORDS.sub(" ", text[: 4 * ENOUGH])[:ENOUGH].encode("utf-8", "ignore").decode("utf-8")
    if not any(character.isalpha() for character in words):
        return ""
    likely = {
        value.language.iso_code_639_1.name.lower(): value.value
        for value in _detector().compute_language_confidence_values(words)
    }
    best = max(likely, key=lambda code: likely[code])
    if best == "en":
        return best if likely[best] >= 0.5 else ""
    return best if likely[best] >= CERTAIN and likely["en"] < NOT_ENGLISH * likely[best] else ""


def knows(language: str, languages: Collection[str] = ENGLISH) -> bool:
    """Tells whether a language, in any region, is one of those that a model has learnt; the shipped one has English.

    "" is taken for known: what is too short to tell ("ok", "LOL", one emoji) is judged rather than left out.
    """
    code = _code(language)
    return code == "" or code in {ALIASES.get(one, one) for one in languages}


def name(language: str) -> str:
    """Names a language in English: "Swedish" for sv, in any region; one that has no name here goes by its code."""
    from lingua import IsoCode639_1, Language

    code = _code(language)
    try:
        found = Language.from_iso_code_639_1(IsoCode639_1.from_str(code.upper()))
    except ValueError:
        return language
    return NORWEGIAN.get(code, found.name.capitalize())


def _code(language: str) -> str:
    """Gives the code of a language without its region, as we write it."""
    code = language.replace("_", "-").split("-")[0].lower()
    return ALIASES.get(code, code)


@cache
def _detector() -> "LanguageDetector":
    from lingua import IsoCode639_1, LanguageDetectorBuilder

    codes = [IsoCode639_1.from_str(code.upper()) for code in LANGUAGES.split()]
    return LanguageDetectorBuilder.from_iso_codes_639_1(*codes).with_low_accuracy_mode().build()

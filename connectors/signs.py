"""Says which characters may stand in a text, and mends what was torn or has no place there."""

import re

# Controls, direction marks and overrides, invisible fillers, tag characters, non-characters.
_FORBIDDEN = re.compile(
    "[\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f\u00ad\u061c\u180e\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\ufdd0-\ufdef"
    "\ufeff\ufff9-\ufffb\ufffe\uffff\U000e0000-\U000e007f]"
)
_SURROGATE = re.compile("[\ud800-\udfff]")
_LINE_END = re.compile("\r\n|[\r\x0b\x0c\x85\u2028\u2029]")


def sound(text: str) -> str:
    """Joins surrogate pairs, replaces lone surrogates, and makes every kind of line end one."""
    if _SURROGATE.search(text):
        text = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return _LINE_END.sub("\n", text)


def allowed(text: str) -> str:
    """Returns a sound text without the characters that nobody sees or that mislead."""
    return _FORBIDDEN.sub("", sound(text))

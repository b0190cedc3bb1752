"""Makes other people's words harmless: they call nobody, link nowhere, mark nothing up, and fit where they stand.

What a form has signs for (HTML, Discord's Markdown) is escaped there; here is what all forms share. JOINER is an
invisible mark that keeps two characters from being read as one sign, a link or a call.
"""

import re
import unicodedata
from urllib.parse import quote, urlsplit

JOINER = "\u2060"
KEPT_FORMATS = "\u200c\u200d"  # joiners inside words of some scripts, and inside emoji
STACKED = re.compile(r"([\u0300-\u036f\u0483-\u0489\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f]{3})"
                     r"[\u0300-\u036f\u0483-\u0489\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f]+")  # fmt: skip
CALLS = re.compile(r"@(?=\S)|:(?=//)|\](?=\()|(?<=\w)\.(?=[^\W\d])|!(?=[a-z])|&(?=[\w#])")
ADDRESS_SIGNS = "!$&'*+,;=:@%-._~/?"  # signs that an address keeps; brackets, quotes and bars would end it in some form


def line(text: str, most: int) -> str:
    """Gives words as one line of at most `most` UTF-16 units (as chat services count), without what can't be seen.

    Control and direction-changing characters go, and marks piled on a letter; half of a surrogate pair becomes "�".
    """
    seen = "".join(_visible(char) for char in text)
    words = STACKED.sub(r"\1", " ".join(seen.split()))
    if size(words) <= most:
        return words
    while words and size(words) > most - 1:
        words = words[: min(len(words) - 1, most - 1)]
    return words.rstrip(KEPT_FORMATS + "\ufe0f") + "…"


def size(text: str) -> int:
    """Counts UTF-16 units, of which an emoji takes two."""
    return len(text) + sum(char > "\uffff" for char in text)


def harmless(text: str) -> str:
    """Keeps plain text from calling people, from becoming a link and from being taken for markup in a chat."""
    text = text.replace("<", "‹").replace(">", "›").replace("`", "'")
    return CALLS.sub(lambda found: f"{found[0]}{JOINER}", text)


def web_address(url: str, most: int = 500) -> str:
    """Gives an address that any form can hold as it is, "" when a browser should not open it or it is too long."""
    try:
        parts = urlsplit(url)
        usable = parts.scheme in ("http", "https") and parts.hostname and not parts.username and not parts.password
    except ValueError:
        return ""
    if not usable or any(char.isspace() or not char.isprintable() for char in url):
        return ""
    written = quote(url, safe=ADDRESS_SIGNS + "#")
    return written if len(written) <= most else ""


def host(url: str) -> str:
    """Names the host of an address that `web_address` gave."""
    return (urlsplit(url).hostname or "").removeprefix("www.")


def _visible(char: str) -> str:
    kind = unicodedata.category(char)
    if kind == "Cs":
        return "\ufffd"
    if kind in ("Cc", "Zl", "Zp"):
        return " "
    return char if kind != "Cf" or char in KEPT_FORMATS else ""

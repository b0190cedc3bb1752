"""What every mention must be, whatever the source sent: one judge for invented fixtures and for recorded answers."""

import unicodedata
from datetime import datetime, timedelta
from html.parser import HTMLParser
from urllib.parse import urlsplit

from earful.connectors.types import Mention

DIRECTION = set("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
LONGEST = {
    "id": 200,
    "url": 2_000,
    "author": 200,
    "title": 500,
    "text": 20_000,
    "language": 35,
    "parent": 200,
    "about": 500,
}
# Markup is what a browser would build a known element from. "a < b", "<3" and "List<String>" are words.
ELEMENTS = {
    *("a", "abbr", "address", "article", "aside", "audio", "b", "base", "big", "blockquote", "body", "br", "button"),
    *("canvas", "center", "cite", "code", "col", "dd", "del", "details", "div", "dl", "dt", "em", "embed", "fieldset"),
    *("figcaption", "figure", "font", "footer", "form", "frame", "h1", "h2", "h3", "h4", "h5", "h6", "head", "header"),
    *("hr", "html", "i", "iframe", "img", "input", "ins", "label", "li", "link", "main", "map", "mark", "math", "meta"),
    *("nav", "noscript", "object", "ol", "option", "p", "param", "picture", "pre", "q", "s", "script", "section"),
    *("select", "small", "source", "span", "strike", "strong", "style", "sub", "sup", "svg", "table", "tbody", "td"),
    *("template", "textarea", "tfoot", "th", "thead", "title", "tr", "track", "tt", "u", "ul", "var", "video", "wbr"),
}


class _Markup(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found += [tag] if tag in ELEMENTS else []

    def handle_endtag(self, tag: str) -> None:
        self.found += [tag] if tag in ELEMENTS else []

    def handle_comment(self, data: str) -> None:
        self.found.append("comment")


def markup(text: str) -> list[str]:
    """Returns the names of the HTML elements and comments in a text."""
    reader = _Markup()
    reader.feed(text)
    reader.close()
    return reader.found


def broken(mention: Mention, now: datetime) -> list[str]:
    """Returns what is wrong with a mention, nothing when it keeps the contract."""
    wrong = [] if mention.id.strip() else ["blank id"]
    if not any(sign.isprintable() and not sign.isspace() for sign in mention.text):
        wrong.append("blank text")
    for field, longest in LONGEST.items():
        value = getattr(mention, field)
        allowed = "\n" if field == "text" else ""
        signs = {sign for sign in value if unicodedata.category(sign) in ("Cc", "Cs", "Zl", "Zp") or sign in DIRECTION}
        if signs - set(allowed):
            wrong.append(f"{field} holds the characters {sorted(signs - set(allowed))!r}")
        if len(value) > longest:
            wrong.append(f"{field} has {len(value)} characters")
        if value != unicodedata.normalize("NFC", value) and field != "url":
            wrong.append(f"{field} is not in normal form")
        if found := markup(value):
            wrong.append(f"{field} holds the HTML elements {sorted(set(found))}")
    if mention.published.utcoffset() != timedelta(0):
        wrong.append(f"time {mention.published!r} is not aware and in UTC")
    elif mention.published > now or mention.published.year < 1990:
        wrong.append(f"time {mention.published!r} cannot be")
    parts = urlsplit(mention.url)
    if mention.url and (
        parts.scheme not in ("http", "https") or not parts.hostname or mention.url.split() != [mention.url]
    ):
        wrong.append(f"link {mention.url!r}")
    if mention.rating is not None and not 1 <= mention.rating <= 5:
        wrong.append(f"rating {mention.rating!r}")
    highest = {"": None, "nps": 10, "csat": 5}.get(mention.scale, -1)
    if (mention.answer is None) != (highest is None) or not 0 <= (mention.answer or 0) <= (highest or 0):
        wrong.append(f"answer {mention.answer!r} on the scale {mention.scale!r}")
    if type(mention.engagement) is not int or mention.engagement < 0:
        wrong.append(f"engagement {mention.engagement!r}")
    return wrong

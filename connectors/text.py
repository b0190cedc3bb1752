"""Makes foreign text safe and even: plain text, http links, UTC times, whole numbers, mentions.

Everything a source sends passes through here once. The input is cut before the costly steps (characters and
tags), so the time is linear in what is sent, whatever is sent.
"""

import hashlib
import html
import re
import unicodedata
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

import httpx
import nh3

from earful.connectors import links, signs
from earful.connectors.types import Cursor, Mention, Page

TITLE, BODY, AUTHOR, LINK, IDENTITY = 500, 20_000, 200, links.LONGEST, 200  # characters kept
RAW, TAGS, ROUNDS = 100_000, 2_000, 3  # looked at in one field: characters, tags, layers of escaping
OLDEST = datetime(1990, 1, 1, tzinfo=UTC)
SKEW = timedelta(days=1)  # a clock may be wrong by this much; beyond it the date is taken for nonsense

_BLOCKS = {
    *("address", "article", "aside", "blockquote", "br", "caption", "dd", "div", "dl", "dt", "figcaption"),
    *("figure", "footer", "h1", "h2", "h3", "h4", "h5", "h6", "header", "hr", "li", "main", "nav", "ol", "p"),
    *("pre", "section", "table", "td", "th", "tr", "ul"),
}
_SILENT = {"script", "style", "template", "iframe", "object", "noscript", "noembed", "noframes"}
_BREAK = re.compile(r"</?[a-z][a-z0-9]*>")  # what is left of the tags when nh3 is done
_MARKUP = re.compile(
    r"</?(?:a|abbr|b|big|blockquote|body|br|button|center|cite|code|dd|del|div|dl|dt|em|embed|figure|font|form|"
    r"h[1-6]|head|hr|html|i|iframe|img|input|ins|label|li|link|mark|meta|noscript|object|ol|option|p|pre|q|s|"
    r"script|section|select|small|span|strike|strong|style|sub|sup|svg|table|tbody|td|template|textarea|th|"
    r"thead|title|tr|tt|u|ul|video)(?:[\s/][^<>]*)?>|<!(?:--|doctype|\[cdata)",
    re.IGNORECASE,
)
_ESCAPED = re.compile(
    r"&(?:#\d{2,6}|#x[0-9a-f]{2,5}|amp|lt|gt|quot|apos|nbsp|[lr][sd]quo|[mn]dash|hellip);", re.IGNORECASE
)
_TAG_LIKE = re.compile(r"<(?=[A-Za-z/!?])")
_SPACE = re.compile(r"[^\S\n]+")
_BLANK_LINES = re.compile(r" ?\n ?(?:\n ?)+")
_DOUBLE = re.compile(
    "[\u00c2-\u00f4][\u0080-\u00bf\u0152\u0153\u0160\u0161\u0178\u017d\u017e\u0192\u02c6\u02dc\u2013-\u203a\u20ac\u2122]"
)
_LANGUAGE = re.compile(r"[A-Za-z]{2,3}(?:[-_][A-Za-z0-9]{1,8}){0,3}")

link = links.link  # Returns an absolute http or https address without tracking parameters, or "".


def plain(value: object, limit: int = BODY) -> str:
    """Returns `value` as plain text of at most `limit` characters; "" when it is no text or shows nothing.

    Tags go, what scripts and styles hold goes, paragraphs and breaks become line ends, entities become their
    characters. A "<" that could still be taken for a tag is set apart by a space.
    """
    if not isinstance(value, str):
        return ""
    text = _decoded_once(signs.sound(value[:RAW]))
    for _ in range(ROUNDS):
        text = "<".join(text.split("<", TAGS)[:TAGS])
        text = nh3.clean(text, tags=_BLOCKS, clean_content_tags=_SILENT, attributes={}, strip_comments=True)
        text = html.unescape(_BREAK.sub("\n", text.replace("<p>", "\n\n")))
        if not (_MARKUP.search(text) or _ESCAPED.search(text)):
            break
    text = _SPACE.sub(" ", signs.allowed(text))
    text = _BLANK_LINES.sub("\n\n", text).replace(" \n", "\n").replace("\n ", "\n").strip()
    text = unicodedata.normalize("NFC", _unstacked(text[: 2 * limit]))
    text = _TAG_LIKE.sub("< ", text)[:limit].rstrip()
    return text if any(sign.isprintable() and not sign.isspace() for sign in text) else ""


def line(value: object, limit: int = TITLE) -> str:
    """Returns `value` as plain text on one line."""
    return " ".join(plain(value, limit).split())


def person(value: object) -> str:
    """Returns a name on one line, without the mail address that feeds put before or behind it."""
    name = line(value, AUTHOR)
    named = re.fullmatch(r"\S+@\S+ \((.+)\)", name) or re.fullmatch(r"(.+) [(<]\S+@\S+[)>]", name)
    return named[1].strip() if named else name


def identity(value: object) -> str:
    """Returns an id that stays the same: control characters gone, addresses bare.

    A feed that moves to https, drops "www." or shows its mobile or AMP pages sends every item again under a new id
    otherwise.
    """
    if not isinstance(value, str | int):
        return ""
    text = signs.allowed(str(value)[:RAW]).strip()
    if text.lower().startswith(("http://", "https://")) and (address := link(text)):
        text = links.bare(address)
    text = " ".join(text.split())
    return text if len(text) <= IDENTITY and not _MARKUP.search(text) else fingerprint(text)


def fingerprint(*values: object) -> str:
    """Returns a short stable name for values that have no id of their own."""
    joined = "\x1f".join(str(value) for value in values)
    return hashlib.sha256(joined.encode("utf-8", "replace")).hexdigest()[:32]


def moment(value: object) -> datetime | None:
    """Reads seconds since 1970, ISO 8601 or RFC 822 as an aware UTC time; a time without a zone is UTC."""
    if isinstance(value, str):
        value = value.strip()[:64]
        if re.fullmatch(r"\d{9,11}(?:\.\d{1,9})?", value):
            value = float(value)
    try:
        if isinstance(value, int | float):
            return datetime.fromtimestamp(value, UTC)
        if not isinstance(value, str):
            return None
        iso = re.match(r"\d{4}-\d\d|\d{8}T\d{4}", value)
        when = datetime.fromisoformat(value) if iso else parsedate_to_datetime(value)
        return when.replace(tzinfo=UTC) if when.tzinfo is None else when.astimezone(UTC)
    except (ValueError, TypeError, IndexError, OverflowError, OSError):
        return None


def dated(value: object, read: datetime) -> tuple[datetime, bool]:
    """Returns when something was published, and whether the source said so; `read` when it did not."""
    when = moment(value)
    if when is None or when < OLDEST or when > read + SKEW:
        return read, False
    return min(when, read), True


def read_at(response: httpx.Response) -> datetime:
    """Returns when an answer was read: its Date header (set by our clock on arrival), else now."""
    now = datetime.now(UTC)
    when = moment(response.headers.get("date"))
    return when if when is not None and OLDEST <= when <= now else now


def header(value: object) -> str:
    """Returns what may be sent back in a header of ours, "" for anything odd."""
    fit = isinstance(value, str) and value.isascii() and value.isprintable() and len(value) < LINK
    return str(value) if fit else ""


def whole(value: object) -> int:
    """Returns a count or position, 0 when `value` is none."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return 0
    try:
        return min(max(int(str(value)[:20].split(".")[0]), 0), 2**63 - 1)
    except ValueError:
        return 0


def mention(
    *,
    id: object,
    published: object,
    read: datetime,
    text: object,
    title: object = "",
    url: object = "",
    author: object = "",
    language: object = "",
    rating: object = None,
    engagement: int = 0,
    parent: object = "",
    about: object = "",
) -> Mention | str:
    """Builds a mention out of foreign values, or says why there is none."""
    key = identity(id)
    if not key:
        return "an item without an id"
    heading = line(title)
    words = plain(text) or heading
    if not words:
        return f"{key}: nothing to read in it"
    when, known = dated(published, read)
    tongue = language if isinstance(language, str) and _LANGUAGE.fullmatch(language) else ""
    stars = rating if isinstance(rating, float) else float(whole(rating))
    return Mention(
        id=key,
        url=link(url),
        author=person(author),
        published=when,
        title=heading,
        text=words,
        language=tongue.replace("_", "-"),
        rating=stars if 1 <= stars <= 5 else None,
        engagement=min(engagement, 2**53),
        parent=identity(parent),
        about=line(about),
        dated=known,
    )


def page(
    items: Iterable[Mention | str],
    cursor: Cursor,
    *,
    more: bool = False,
    rolled: bool = False,
    gone: Iterable[object] = (),
    closed: Iterable[str] = (),
) -> Page:
    """Sorts what was built into mentions and refusals; `gone` are the ids of what was deleted at the source."""
    found = tuple(items)
    mentions = tuple(item for item in found if isinstance(item, Mention))
    refused = tuple(item for item in found if isinstance(item, str))
    ended = tuple(dict.fromkeys(key for name in gone if (key := identity(name))))
    return Page(mentions, cursor, more, refused, rolled, ended, tuple(closed))


def _decoded_once(text: str) -> str:
    """Undoes UTF-8 that was read as windows-1252 by whoever wrote the feed ("prÃ¨s dâ€™un" is "près d’un")."""
    if len(_DOUBLE.findall(text)) + ("â€" in text) < 2:
        return text
    try:
        return b"".join(sign.encode("latin-1" if "\x80" <= sign <= "\x9f" else "cp1252") for sign in text).decode()
    except UnicodeError:
        return text


def _unstacked(text: str) -> str:
    """Keeps at most eight marks on one letter: more is a prank, and sorting them takes quadratic time."""
    if text.isascii():
        return text
    kept, marks = [], 0
    for sign in text:
        marks = marks + 1 if unicodedata.combining(sign) else 0
        if marks <= 8:
            kept.append(sign)
    return "".join(kept)

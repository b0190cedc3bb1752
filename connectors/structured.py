"""Finds the schema.org data of a web page, JSON-LD and microdata, in one shape (that of JSON-LD), and its reviews.

The page is read as a stream of tags and no tree is built: the time is linear in its length, whatever it nests.
https://schema.org/docs/gs.html, https://html.spec.whatwg.org/multipage/microdata.html
"""

import html
import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from lxml import etree

from earful.connectors import body, text
from earful.connectors.types import Blocked, ConnectorError

REVIEWS = {"Review", "UserReview", "CriticReview", "EmployerReview", "Recommendation"}
MOST, DEPTH, NODES = 500, 400, 200_000  # reviews of a page; elements open at once; values looked at
TEXT = 20_000_000  # characters of all microdata together: what is nested is read once for each property around it
PIECES, CHUNK = 10_000, 65_536  # pieces of text in one property; bytes given to the parser at once
Item = dict[str, Any]

_CHARSET = re.compile(
    rb"""charset=\s{0,5}["']?(utf-8|windows-125\d|iso-8859-(?:1[013-6]|\d)|shift_jis|euc-jp|euc-kr|gbk|gb2312|gb18030|big5|"""
    rb"""koi8-[ru])\b""",
    re.IGNORECASE,
)
_OPENS = re.compile(r"[{\[]")
# Outside of strings: what encloses a script, comments, and a comma that nothing follows.
_LOOSE = re.compile(
    r'"(?:[^"\\]++|\\.)*+"?|'
    r"(?://|/\*)? ?(?:<!\[CDATA\[|\]\]>)(?: ?\*/)?|<!--|-->|//[^\n]*|/\*.*?(?:\*/|\Z)|,(?=\s*[\]}])",
    re.DOTALL,
)
_ESCAPE = re.compile(r'\\(["\\/bfnrt]|u[0-9A-Fa-f]{4})|\\')
_NUMBER = re.compile(r"-?\d{1,9}(?:[.,]\d{1,9})?")
_YEAR_FIRST = re.compile(r"(?P<year>\d{4})(?P<between>[-/.]?)(?P<month>\d\d?)(?P=between)(?P<day>\d\d?)\b")
_DAY_FIRST = re.compile(r"(?P<day>\d\d?)\. ?(?P<month>\d\d?)\. ?(?P<year>\d{4})\b")
_MONTH = r"(?P<month>jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]{0,6}\.?,?"
_DAY = r"(?P<day>\d\d?)(?:st|nd|rd|th|\.)?,?"
_NAMED = [re.compile(rf"\b{order} (?P<year>\d{{4}})\b", re.I) for order in (f"{_MONTH} {_DAY}", f"{_DAY} {_MONTH}")]
_VALUES = {"meta": "content", "time": "datetime", "data": "value", "meter": "value", "a": "href", "link": "href"}
_BREAKS = {"br", "p", "div", "li", "tr"}


def reviews(content: bytes, content_type: str = "") -> tuple[list[tuple[Item, str]], list[str]]:
    """Returns the first MOST reviews of a page, each with the name of what it belongs to ("" where nothing says so),
    and a reason for each block that is unreadable.

    Raises Blocked for a web page without any data, ConnectorError for one that marks no review, and what `read` raises.
    """
    values, problems = read(content, content_type)
    found = list(items(values))
    marked = [(item, around) for item, place, around in found if _is_review(item, place)]
    if marked:
        return [(item, words(around)[: 4 * text.TITLE]) for item, around in marked[:MOST]], problems
    if problems:
        raise ConnectorError(f"no review on the web page, whose data is broken: {problems[0]}")
    if named := sorted({name for item, *_ in found for name in kinds(item) if name}):
        raise ConnectorError(f"the web page marks no review, only {text.line(', '.join(named[:10]), 200)}")
    if body.kind(content) in ("html", "xml"):
        raise Blocked("a web page without data: a login, consent or bot check, or one that loads its reviews later")
    raise ConnectorError("the answer is no web page")


def read(content: bytes, content_type: str = "") -> tuple[list[Any], list[str]]:
    """Returns a page's microdata items, then the values of its JSON-LD blocks; and a reason for each unreadable block.

    Raises ConnectorError for a page that is out of limits.
    """
    reader = _Reader()
    parser = etree.HTMLParser(target=reader, encoding="utf-8")
    page = _decoded(content, content_type).replace("\0", "").encode()
    try:
        for begin in range(0, len(page), CHUNK):  # what goes over a limit is noticed at the end of a chunk
            parser.feed(page[begin : begin + CHUNK])
        parser.close()
    except etree.LxmlError as error:
        raise ConnectorError("the web page can't be read at all") from error
    values, problems = list[Any](), list[str]()
    for block in reader.blocks:
        found, problem = _json(block)
        values += found
        problems += [problem] if problem else []
    return [*reader.items, *values], problems


def items(values: list[Any]) -> Iterator[tuple[Item, str, object]]:
    """Yields every object among values, outermost first: itself, the property it is the value of ("" for none), and
    the name of the object around it."""
    waiting: list[tuple[Any, str, object]] = [(value, "", "") for value in reversed(values)]
    for _ in range(NODES):
        if not waiting:
            return
        value, place, around = waiting.pop()
        if isinstance(value, list):
            waiting += [(one, place, around) for one in reversed(value)]
        elif isinstance(value, dict):
            yield value, place, around
            inside = value.get("name") or around
            waiting += [(one, key, inside) for key, one in reversed(value.items()) if isinstance(one, dict | list)]


def _is_review(item: Item, place: str) -> bool:
    return bool(kinds(item) & REVIEWS) or (place in ("review", "reviews") and "reviewBody" in item)


def kinds(item: Item) -> set[str]:
    """Returns the names of an object's types, such as {"Review"}, without the vocabulary's address."""
    named = item.get("@type")
    return {
        re.split(r"[/#:]", one[-100:])[-1]
        for one in (named if isinstance(named, list) else [named])
        if isinstance(one, str)
    }


def words(value: object, deep: int = 3) -> str:
    """Returns the text of a value: itself, its "@value" or name, or those of a list with commas between them."""
    if isinstance(value, dict):
        value = value.get("@value") or value.get("name") or ""
    if isinstance(value, dict | list) and deep:
        several = value[:20] if isinstance(value, list) else [value]
        return ", ".join(filter(None, (words(one, deep - 1) for one in several)))
    return str(value) if isinstance(value, str | int | float) and not isinstance(value, bool) else ""


def stars(rating: object) -> float | None:
    """Returns a rating in stars, 1 to 5, whatever its scale: "4,5", "8/10", "80%" or a Rating with its best and worst.

    What a Rating leaves out is 5 at best and 1 at worst; None for what lies outside its own scale.
    """
    rating = rating[0] if isinstance(rating, list) and rating else rating
    held: Item = rating if isinstance(rating, dict) else {"ratingValue": rating}
    said = words(held.get("ratingValue"))[:40]
    value, best, worst = (_numbers(words(held.get(name))[:40]) for name in ("ratingValue", "bestRating", "worstRating"))
    after = value[1:] if re.search(r"/| of ", said) else []
    most, least = (best or after or [5.0])[0], (worst or [1.0])[0]
    if "%" in said:
        most, least = 100.0, 0.0
    if not value or (most <= least and most != 5):
        return None
    scaled = value[0] if most == 5 else 1 + 4 * (value[0] - least) / (most - least)
    return round(scaled, 2) if 1 <= scaled <= 5 else None


def moment(value: object) -> str:
    """Returns a time in a form that `text.moment` reads; "" for one that can't be told, such as 3/4/2026."""
    said = " ".join(words(value)[:64].split())
    if text.moment(said):
        return said
    if re.fullmatch(r"\d{12,13}", said):
        return said[:-3]  # milliseconds since 1970
    if found := _YEAR_FIRST.match(said) or _DAY_FIRST.match(said):
        return f"{found['year']}-{found['month']:0>2}-{found['day']:0>2}"
    if found := _NAMED[0].search(said) or _NAMED[1].search(said):
        return f"{found['day']} {found['month']} {found['year']} 00:00:00"
    return ""


def _numbers(said: str) -> list[float]:
    return [float(number.replace(",", ".")) for number in _NUMBER.findall(said)]


def _decoded(content: bytes, content_type: str) -> str:
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        return content.decode("utf-16", "replace")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        declared = _CHARSET.search(content_type.encode() + b"\n" + content[:10_000])
        return content.decode(declared[1].decode() if declared else "cp1252", "replace")


def _json(block: str) -> tuple[list[Any], str]:
    """Reads the values of a block, one after the other; as written, then mended, then without HTML's escapes."""
    values, problem = _values(block)
    if problem:
        block = _mended(block)
        values, problem = _values(block)
    if problem and "&quot;" in block:
        values, problem = _values(_mended(html.unescape(block)))
    return values, problem


def _values(block: str) -> tuple[list[Any], str]:
    decoder, values, place = json.JSONDecoder(strict=False), list[Any](), 0
    while opens := _OPENS.search(block, place):
        try:
            value, place = decoder.raw_decode(block, opens.start())
        except (ValueError, RecursionError) as error:
            return values, f"JSON-LD that can't be read: {str(error)[:100]}"
        values.append(value)
    return values, ""


def _mended(block: str) -> str:
    def mend(found: re.Match[str]) -> str:
        return _ESCAPE.sub(lambda escape: escape[0] if escape[1] else "", found[0]) if found[0][0] == '"' else " "

    return _LOOSE.sub(mend, _LOOSE.sub(mend, block))  # the second time for commas that a comment followed


class _Reader:
    """Takes the tags of a page, in the order in which lxml calls them out."""

    def __init__(self) -> None:
        self.blocks, self.items = list[str](), list[Item]()
        self._open: list[tuple[Item | None, list[str], int]] = []  # an item; properties; where their text begins
        self._around: list[Item] = []
        self._texts, self._kind, self._left = list[str](), "", TEXT

    def start(self, tag: str, attributes: Mapping[str, str]) -> None:
        """Opens an element."""
        if len(self._open) >= DEPTH:
            raise ConnectorError(f"the page nests more than {DEPTH} elements: it is broken or hostile")
        item, names, begin = None, attributes.get("itemprop", "").split()[:5], -1
        if tag in ("script", "style"):
            self._kind = attributes.get("type", "").strip().lower() or tag
            begin = len(self._texts)
        elif "itemscope" in attributes:
            item = {"@type": attributes.get("itemtype", "").split()[:5]}
            self._add(names, item) if names and self._around else self.items.append(item)
            self._around.append(item)
        elif names and self._around:
            value = attributes.get("content", attributes.get(_VALUES.get(tag, "content")))
            if value is None:
                begin = len(self._texts)
            else:
                self._add(names, value)
        if tag in _BREAKS:
            self._texts.append("\n")
        self._open.append((item, names, begin))

    def end(self, tag: str) -> None:
        """Closes an element: what it says is known now."""
        item, names, begin = self._open.pop()
        if item is not None:
            self._around.pop()
        elif tag in ("script", "style"):
            if self._kind.startswith("application/ld+json"):
                self.blocks.append("".join(self._texts[begin:]))
            self._kind = ""
            del self._texts[begin:]
        elif begin >= 0:
            said = "".join(self._texts[begin : begin + PIECES])[: text.RAW]
            self._left -= len(said)
            if self._left < 0:
                raise ConnectorError("the page says the same in too many properties: it is broken or hostile")
            self._add(names, said)

    def data(self, data: str) -> None:
        """Takes a piece of text, or of a script."""
        self._texts.append(data)

    def close(self) -> None:
        """Ends the page."""

    def _add(self, names: list[str], value: Item | str) -> None:
        for name in names:
            self._around[-1].setdefault(name, []).append(value)

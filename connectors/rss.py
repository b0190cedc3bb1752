"""RSS, Atom and JSON Feed: https://www.rssboard.org/rss-specification, https://www.rfc-editor.org/rfc/rfc4287.

Target: the feed's address, such as https://example.org/feed.xml (blogs, news, podcasts, forums, YouTube channels,
Google Alerts, Reddit). Terms are the publisher's; Google News forbids all but personal, non-commercial use.
"""

import re
from datetime import datetime

import httpx

from earful.connectors import feed, text, walk
from earful.connectors.types import Cursor, Mention, Page

# What Reddit's and Hacker News's feeds say for a post without words:
_NO_WORDS = re.compile(r"\s*submitted by\s*\S{1,40}(\s*to\s*\S{1,40})?\s*\[link\]\s*\[[\d ]*comments?\]$|^Comments$")
_ROOT = re.compile(rb"<(/?)(?:\w+:)?(?:rss|feed|rdf)\b", re.IGNORECASE)
_ACCEPT = "application/atom+xml, application/rss+xml, application/feed+json, application/xml;q=0.9, */*;q=0.5"


def request(target: str, cursor: Cursor) -> httpx.Request:
    """Asks for the feed, or only for news of it where the server gave an ETag or a date before."""
    if not text.link(target):
        raise ValueError(f"rss: {target!r} is no address; write one like https://example.org/feed.xml")
    wanted = {"If-None-Match": cursor.get("etag"), "If-Modified-Since": cursor.get("modified")}
    known = {name: text.header(value) for name, value in wanted.items() if text.header(value)}
    return httpx.Request("GET", target, headers={"Accept": _ACCEPT, **known})


def parse(response: httpx.Response, cursor: Cursor) -> Page:
    """Reads every item the feed shows; a 304 says that nothing is new."""
    if response.status_code == 304:
        return Page((), cursor)
    entries, read = feed.read(response), text.read_at(response)
    known = {"etag": response.headers.get("etag"), "modified": response.headers.get("last-modified")}
    if {tag[1] for tag in _ROOT.finditer(response.content.replace(b"\0", b""))} == {b""}:  # opened and never closed
        entries, known = entries[:-1], {}  # cut short: the last entry is torn, and the rest must be asked for again
    items = [_mention(entry, read) for entry in entries]
    seen, rolled = walk.window(cursor, items)
    return text.page(items, {**known, "seen": seen}, rolled=rolled)


def _mention(entry: dict[str, object], read: datetime) -> Mention | str:
    title, source = text.line(entry.get("title")), text.line(entry.get("source"), text.AUTHOR)
    return text.mention(
        id=entry["key"] or text.fingerprint(title, entry.get("time"), "" if title else entry.get("text")),
        url=entry["link"],
        author=entry.get("author") or source,
        published=entry.get("time"),
        read=read,
        title=title.removesuffix(f" - {source}") if source else title,
        text=_NO_WORDS.sub("", text.plain(entry.get("text"))),
        language=entry.get("language"),
        engagement=text.whole(entry.get("comments")),
        parent=entry.get("parent"),
    )

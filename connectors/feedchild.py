"""Reads one feed from standard input and writes it as JSON: runs alone, because feedparser can be made to hang.

Started by feed.py as a script of its own, with nothing of this project imported and its environment empty. The
first argument is the Content-Type of the answer. Links stay relative where the feed names no base: ids would be
resolved against it as well, and change with the feed's address.
"""

import calendar
import json
import resource
import sys
from typing import Any

MEMORY, SECONDS = 512 * 1024 * 1024, 10  # bytes of address space, seconds of processor time
ENTRIES, FIELD, TOTAL = 500, 100_000, 20_000_000  # most entries; characters of one field and of all together
LIKELY = [  # encodings to guess from; with all that exist, Portuguese is taken for Latvian
    *("cp1252", "cp1251", "koi8_r", "cp1253", "cp1255", "cp1256", "iso8859_9", "tis_620"),
    *("big5", "gb18030", "euc_jp", "cp932", "euc_kr"),
]


def main() -> None:
    """Limits this process, parses, prints."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    import feedparser  # under the limits, and only in this process

    body, content_type = sys.stdin.buffer.read(), sys.argv[1]
    if not body.startswith((b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff", b"\0\0\xfe\xff")):
        body = recoded(body, content_type)
    headers = {"content-type": content_type}
    feed = feedparser.parse(body, sanitize_html=False, resolve_relative_uris=False, response_headers=headers)
    entries, left = [], TOTAL
    for raw in feed.entries[:ENTRIES]:
        entry = read(raw)
        left -= sum(len(value) for value in entry.values() if isinstance(value, str))
        if left < 0:
            break
        entries.append(entry)
    result = {
        "version": feed.version,
        "language": feed.feed.get("language"),
        "publisher": publisher(feed.feed),
        "entries": entries,
    }
    sys.stdout.write(json.dumps(result))  # ASCII: a lone surrogate must not break the pipe


def recoded(body: bytes, content_type: str) -> bytes:
    """Turns a body whose encoding nobody declares into UTF-8; feedparser would take it for windows-1252."""
    if b"\0" in body[:2]:  # UTF-16 without its mark
        return body.decode("utf-16-be" if body[:1] == b"\0" else "utf-16-le", "replace").encode()
    if "charset" in content_type or b"encoding=" in body[:200]:
        return body
    try:
        body.decode()
    except UnicodeDecodeError:
        from charset_normalizer import from_bytes  # costs time to import and is rarely needed

        if (best := from_bytes(body[:50_000], cp_isolation=LIKELY).best()) is not None:
            return body.decode(best.encoding, "replace").encode()
    return body


def publisher(feed: Any) -> str | None:
    """Names who is behind a whole feed; an editor's or webmaster's mail address is nobody who speaks there."""
    named = [one.get("name") for one in feed.get("authors", ()) if not one.get("email")]
    names = [str(name)[:FIELD] for name in (feed.get("author"), *named, feed.get("publisher")) if name]
    return next((name for name in names if "@" not in name), None)


def read(raw: Any) -> dict[str, Any]:
    """Picks the fields of one entry, each a text cut to FIELD characters, times as seconds since 1970."""
    bare = "im_rating" in raw  # the App Store's HTML is a table, a podcast's plain text a teaser
    bodies = [
        (bare and content.get("type") == "text/plain", content.get("value") or "") for content in raw.get("content", ())
    ]
    detail = raw.get("title_detail") or {}
    own = raw.get("feedburner_origlink") or raw.get("pheedo_origlink")  # where a counter of clicks leads to
    addresses = [str(one) for one in (own, raw.get("link"), *(link.get("href") for link in raw.get("links", ())))]
    reply = raw.get("thr_in-reply-to") or raw.get("in-reply-to") or {}
    entry = {
        "id": raw.get("id") or raw.get("comments"),
        "link": next((one for one in addresses if one.startswith("http")), raw.get("link")),
        "language": detail.get("language"),
        "title": raw.get("title"),
        "author": raw.get("author"),
        "source": (raw.get("source") or {}).get("title") or raw.get("news_source"),
        "text": max(bodies, key=lambda body: (body[0], len(body[1])), default=("", ""))[1]
        or raw.get("summary")
        or raw.get("subtitle"),
        "comments": raw.get("slash_comments"),
        "parent": reply.get("ref") if isinstance(reply, dict) else None,
        "rating": raw.get("im_rating"),
        "votes": raw.get("im_votecount") or (raw.get("media_starrating") or {}).get("count"),
    }
    short = {key: value[:FIELD] for key, value in entry.items() if isinstance(value, str)}
    when = raw.get("published_parsed") or raw.get("updated_parsed") or raw.get("created_parsed")
    return short | {"time": calendar.timegm(when) if when else None}


if __name__ == "__main__":
    main()

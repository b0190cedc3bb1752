"""Jetstream, every post of Bluesky's network as it is written: https://github.com/bluesky-social/jetstream

Target: the words to keep, such as acme or acme, "acme cloud" (whole words in any case, acme* for beginnings). No key.
Each source reads the whole stream, so put all words into one: the first time from now, later from where the last time
ended, at most 36 hours back. Deleted posts go, and all posts of an account that was deleted.
Terms: posts that their authors call adult are left out. The labels of others, likes, and the wish to be seen by
signed-in people only do not come with the stream: publish nothing of it.
"""

import re
from functools import partial

import httpx

from earful.connectors import atproto, body, text, words
from earful.connectors.types import ConnectorError, Cursor, Page

SECONDS, PAGES = 60, 10  # of one reading, and readings in a row
OVERLAP, GAP = 5_000_000, 60_000_000  # microseconds read again, as events are not in order, and missed for a gap
_TARGET = re.compile(r'("[^",]{2,60}"|[^",]{2,60})(, *("[^",]{2,60}"|[^",]{2,60}))*')
_QUERY = {"wantedCollections": atproto.COLLECTION, "maxMessageSizeBytes": "1000000"}


def request(target: str, cursor: Cursor) -> httpx.Request:
    """Asks for the stream from a little before its place in the cursor, or from now."""
    terms = [term.strip(' "') for term in target.split(",")]
    if not (_TARGET.fullmatch(target) and target.isprintable() and len(target) <= 500 and min(map(len, terms)) > 1):
        raise ValueError(f'jetstream: {target!r} names no words to keep; write them like acme, "acme cloud"')
    place = text.whole(cursor.get("time"))
    query = _QUERY | ({"cursor": str(place - OVERLAP)} if place >= atproto.EARLIEST else {})
    how = {"keep": partial(atproto.kept, words.either(terms)), "seconds": SECONDS}
    address = httpx.URL("wss://jetstream2.us-east.bsky.network/subscribe", params=query)
    return httpx.Request("GET", address, extensions=how)


def parse(response: httpx.Response, cursor: Cursor) -> Page:
    """Reads the events that were kept, and from the last line how far the stream was read."""
    lines = [body.fields(body.json_value(line)) for line in response.content.splitlines()]
    told = body.fields(lines[-1].get("earful")) if lines else {}
    if not told and not any("did" in line for line in lines):
        raise ConnectorError("expected events of the stream, got something else")
    before, place, live = text.whole(cursor.get("time")), text.whole(told.get("cursor")), told.get("live") is True
    if told and not live and (not place or before - OVERLAP <= place <= before):
        raise ConnectorError(f"the stream did not move on: {text.line(told.get('end'))}; asked again later")
    read, pages, first = text.read_at(response), text.whole(cursor.get("pages")) + 1, text.whole(told.get("first"))
    ahead = place > (read + text.SKEW).timestamp() * 1e6  # nonsense, and what follows would go by unseen
    more = bool(place) and not live and not ahead and pages < PAGES
    rolled = cursor.get("gap") is True or (bool(before and first) and abs(first - before) > GAP)
    kept = before if ahead else place or before
    after = ({"time": kept} if kept else {}) | ({"pages": pages, "gap": rolled} if more else {})
    posts = {atproto.place(line): line for line in lines if atproto.place(line)}  # of what came twice, the last
    items = [atproto.written(event, read) for event in posts.values() if not atproto.deleted(event)]
    items += ["a message that is no event"] * min(text.whole(told.get("unread")), 100)
    gone = [name for name, event in posts.items() if atproto.deleted(event)]
    closed = dict.fromkeys(filter(None, map(atproto.closed, lines)))
    return text.page(items, after, more=more, rolled=rolled, gone=gone, closed=closed)

"""Apple App Store customer reviews: https://itunes.apple.com/us/rss/customerreviews/id=389801252/json describes itself.

Target: a storefront and the app's number in its address, such as us/389801252. Each country is a source of its own.
Terms: an old feed without a promise; Apple forbids passing its content on in bulk. For your own app, App Store
Connect is the clean way. No key. At most 10 pages of 50 reviews, newest first, freshly edited ones on top.
"""

import re
from datetime import datetime
from typing import Any

import httpx

from earful.connectors import body, feed, text, walk
from earful.connectors.types import ConnectorError, Cursor, Mention, Page

PAGES, OVERLAP = 10, 7 * 86400  # seconds read again each time, because reviews are edited


def request(target: str, cursor: Cursor) -> httpx.Request:
    """Asks for the newest page of reviews, or during a walk for the next one."""
    if not re.fullmatch(r"[a-z]{2}/[0-9]{5,12}", target):
        raise ValueError(f"appstore: {target!r} is no storefront and app number; write one like us/389801252")
    country, _, app = target.partition("/")
    path = f"{country}/rss/customerreviews/page={_page(cursor)}/id={app}/sortby=mostrecent/json"
    return httpx.Request("GET", f"https://itunes.apple.com/{path}", headers={"Accept": "application/json"})


def parse(response: httpx.Response, cursor: Cursor) -> Page:
    """Reads reviews from the JSON shape, old and new, or the XML shape; the app's own entry has no rating."""
    found = feed.labels(response.content) if body.kind(response.content) == "json" else feed.read(response)
    reviews, page = [entry for entry in found if entry.get("rating")], _page(cursor)
    if page == 1 and not reviews and cursor.get("since"):
        raise ConnectorError("no review where there were some before; the store does that at times, asked again later")
    read = text.read_at(response)
    onward = page + 1 if reviews and page < PAGES else 0
    times = [entry.get("time") for entry in reviews]
    after, more = walk.back(cursor, times, read, onward, overlap=OVERLAP, pages=PAGES)
    rolled = (
        page == PAGES and bool(reviews) and bool(cursor.get("since"))
    )  # the last page, and nothing known met before
    return text.page([_mention(entry, read) for entry in reviews], after, more=more, rolled=rolled)


def _mention(entry: dict[str, Any], read: datetime) -> Mention | str:
    place = re.search(r"apple\.com/([a-z]{2})/review\?id=([0-9]+)", str(entry.get("link")))
    return text.mention(
        id=str(entry.get("id") or "").rpartition("/")[2],
        url=f"https://apps.apple.com/{place[1]}/app/id{place[2]}?see-all=reviews" if place else "",
        **{name: entry.get(name) for name in ("author", "title", "text", "rating")},
        published=entry.get("time"),
        read=read,
        engagement=text.whole(entry.get("votes")),
        about=f"{place[1]}/{place[2]}" if place else "",
    )


def _page(cursor: Cursor) -> int:
    return min(max(text.whole(cursor.get("next")), 1), PAGES)

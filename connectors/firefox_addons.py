"""Firefox add-on reviews: https://mozilla.github.io/addons-server/topics/api/ratings.html

Target: the add-on's name in its address, its number or its guid, such as acme-notes. No key; the limit is not
told. Terms: https://www.mozilla.org/about/legal/terms/mozilla/. Reviews with words only, newest first, all there are.
Built from the documentation and one recorded review of a test server: untried against the live service.
"""

import re
from datetime import datetime
from urllib.parse import quote

import httpx

from earful.connectors import body, text, walk
from earful.connectors.types import ConnectorError, Cursor, Mention, Page

SIZE, PAGES, OVERLAP = 50, 25, 7 * 86400  # seconds read again each time, because reviews are edited


def request(target: str, cursor: Cursor) -> httpx.Request:
    """Asks for the newest page of reviews, or during a walk for the next one."""
    if not re.fullmatch(r"[\w.@{}~+-]{1,100}", target):
        raise ValueError(f"firefox_addons: {target!r} is no add-on; write its name in its address, like acme-notes")
    query = {"addon": target, "filter": "without_empty_body", "page_size": str(SIZE), "page": str(_page(cursor))}
    address = "https://addons.mozilla.org/api/v5/ratings/rating/"
    return httpx.Request("GET", address, params=query, headers={"Accept": "application/json"})


def parse(response: httpx.Response, cursor: Cursor) -> Page:
    """Reads reviews; an answer of the add-on's developer is left out."""
    answer, read = body.json_object(response.content, "a page of reviews"), text.read_at(response)
    if not isinstance(answer.get("results"), list):
        raise ConnectorError(f"expected a page of reviews: {text.line(answer.get('detail')) or 'no results in it'}")
    reviews = [review for review in answer["results"] if isinstance(review, dict)][: 2 * SIZE]
    onward = _page(cursor) + 1 if reviews and answer.get("next") else 0
    times = [review.get("created") for review in reviews]
    after, more = walk.back(cursor, times, read, onward, overlap=OVERLAP, pages=PAGES)
    return text.page([_mention(review, read) for review in reviews], after, more=more)


def _mention(review: dict[str, object], read: datetime) -> Mention | str:
    number, name = text.whole(review.get("id")), text.line(body.fields(review.get("addon")).get("slug"), 100)
    if review.get("is_deleted") or review.get("is_developer_reply"):
        return f"{number}: {'deleted' if review.get('is_deleted') else 'an answer of the developer'}"
    return text.mention(
        id=review.get("id"),
        url=f"https://addons.mozilla.org/firefox/addon/{quote(name, safe='')}/reviews/{number}/" if name else "",
        author=body.fields(review.get("user")).get("name"),
        published=review.get("created"),
        read=read,
        text=review.get("body"),
        rating=review.get("score"),
        about=name,
    )


def _page(cursor: Cursor) -> int:
    return max(text.whole(cursor.get("next")), 1)

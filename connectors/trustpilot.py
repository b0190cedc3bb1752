"""Trustpilot reviews of a company by the official API: https://developers.trustpilot.com/business-units-api

Target: the company's domain, such as acme.example. Untried against the live service.
Key: EARFUL_TRUSTPILOT_KEY, the API key of an application made in a Trustpilot Business account under Integrations;
a paid addition, 403 without it. At most 833 calls in 5 minutes. Terms: show stars and link as its brand rules say.
"""

import re
from datetime import datetime
from typing import Any

import httpx

from earful.connectors import body, text, walk
from earful.connectors.types import Cursor, Mention, Page

KEYS = {"apikey": "EARFUL_TRUSTPILOT_KEY"}
SIZE, PAGES, OVERLAP = 100, 50, 7 * 86_400  # seconds read again each time, because reviews are edited
_UNITS = "https://api.trustpilot.com/v1/business-units"


def request(target: str, cursor: Cursor) -> httpx.Request:
    """Asks which business unit the domain belongs to, or for its reviews once that is known."""
    if not re.fullmatch(r"(?=.{4,250}$)(?:[a-z0-9-]+\.)+[a-z]{2,}", target):
        raise ValueError(f"trustpilot: {target!r} is no domain; write one like acme.example")
    if not (unit := _unit(cursor.get("unit"))):
        return httpx.Request("GET", f"{_UNITS}/find", params={"name": target})
    query = {"perPage": str(SIZE), "orderBy": "createdat.desc", "page": str(text.whole(cursor.get("next")) or 1)}
    return httpx.Request("GET", f"{_UNITS}/{unit}/reviews", params=query)


def parse(response: httpx.Response, cursor: Cursor) -> Page:
    """Reads reviews, newest first, or the business unit, after which its reviews are asked for at once."""
    found, read = body.json_object(response.content, "reviews or a business unit"), text.read_at(response)
    unit = _unit(cursor.get("unit"))
    if not unit and "reviews" not in found and _unit(found.get("id")):
        return Page((), {**cursor, "unit": found["id"]}, more=True)
    _, reviews = body.json_listing(response.content, "reviews")
    onward = (text.whole(cursor.get("next")) or 1) + 1 if len(reviews) >= SIZE else 0
    times = [review.get("createdAt") for review in reviews]
    after, more = walk.back(cursor, times, read, onward, overlap=OVERLAP, pages=PAGES)
    return text.page([_mention(review, read) for review in reviews], {"unit": unit, **after}, more=more)


def _mention(review: dict[str, Any], read: datetime) -> Mention | str:
    return text.mention(
        id=review.get("id"),
        url=f"https://www.trustpilot.com/reviews/{text.identity(review.get('id'))}",
        author=body.fields(review.get("consumer")).get("displayName"),
        **{name: review.get(name) for name in ("title", "text", "language")} | {"rating": review.get("stars")},
        published=review.get("createdAt"),
        read=read,
        engagement=text.whole(review.get("numberOfLikes")),
        about=body.fields(review.get("businessUnit")).get("displayName"),
    )


def _unit(value: object) -> str:
    return value if isinstance(value, str) and re.fullmatch(r"[0-9a-f]{24}", value) else ""

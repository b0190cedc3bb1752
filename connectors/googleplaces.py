"""Google Maps reviews of any place, by the Places API: https://developers.google.com/maps/documentation/places/web-service

Target: a place id, such as ChIJN1t_tDeuEmsRUsoyG83frY4; the same documentation has a finder for it.
Key: EARFUL_GOOGLEPLACES_KEY, an API key from https://console.cloud.google.com/apis/credentials of a project with the
Places API (New) and a billing account: every call is billed. At most 5 reviews, the most relevant ones, not the newest.
Terms: keep none longer than 30 days, show the author and a link. For all reviews of your own places: googlebusiness.
"""

import re

import httpx

from earful.connectors import body, googlereviews, text
from earful.connectors.types import ConnectorError, Cursor, Page

KEYS = {"X-Goog-Api-Key": "EARFUL_GOOGLEPLACES_KEY"}


def request(target: str, cursor: Cursor) -> httpx.Request:  # noqa: ARG001 - there is nothing to go on from
    """Asks for the place's name and reviews."""
    if not re.fullmatch(r"[A-Za-z0-9_-]{10,400}", target):
        raise ValueError(f"googleplaces: {target!r} is no place id; write one like ChIJN1t_tDeuEmsRUsoyG83frY4")
    wanted = {"X-Goog-FieldMask": "displayName,reviews", "Accept": "application/json"}
    return httpx.Request("GET", f"https://places.googleapis.com/v1/places/{target}", headers=wanted)


def parse(response: httpx.Response, cursor: Cursor) -> Page:  # noqa: ARG001 - as above
    """Reads the reviews in the language they were written in; a place without reviews has none in its answer."""
    answer, read = body.json_object(response.content, "a place with reviews"), text.read_at(response)
    name = body.fields(answer.get("displayName")).get("text")
    if not isinstance(answer.get("reviews"), list) and not name:
        raise ConnectorError(f"expected a place: {', '.join(body.reasons(response.content)) or 'no reviews, no name'}")
    reviews = [review for review in body.items(answer.get("reviews")) if isinstance(review, dict)]
    return text.page([googlereviews.place(review, name, read) for review in reviews], {})

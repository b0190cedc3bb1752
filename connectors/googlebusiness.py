"""Google reviews of your own places, all of them: https://developers.google.com/my-business/reference/rest

Target: accounts/123/locations/456, as the API names your location. Untried against the live service.
Keys: EARFUL_GOOGLEBUSINESS_ID and EARFUL_GOOGLEBUSINESS_SECRET of an OAuth client, EARFUL_GOOGLEBUSINESS_REFRESH with
the refresh token that the owner's consent to the scope business.manage gave. Terms: Google opens this API on
application only, https://developers.google.com/my-business/content/prereqs, then 300 requests a minute.
"""

import re
from collections.abc import Mapping

import httpx

from earful.connectors import body, googlereviews, oauth, text, walk
from earful.connectors.types import Cursor, Page

LOGIN = ("EARFUL_GOOGLEBUSINESS_ID", "EARFUL_GOOGLEBUSINESS_SECRET", "EARFUL_GOOGLEBUSINESS_REFRESH")
PAGES, OVERLAP = 100, 3600  # seconds read again each time; what is edited comes first again


def login(environ: Mapping[str, str]) -> httpx.Request:
    """Asks for a token in return for the refresh token."""
    form = zip(("client_id", "client_secret", "refresh_token"), (environ[name].strip() for name in LOGIN), strict=True)
    return oauth.ask(oauth.GOOGLE, {"grant_type": "refresh_token", **dict(form)})


def session(response: httpx.Response) -> Mapping[str, str]:
    """Returns the header that the token makes."""
    return oauth.bearer(response)


def request(target: str, cursor: Cursor) -> httpx.Request:
    """Asks for the reviews changed last, or during a walk for older ones."""
    if not re.fullmatch(r"accounts/[0-9]{1,30}/locations/[0-9]{1,30}", target):
        raise ValueError(f"googlebusiness: {target!r} is no location; write one like accounts/123/locations/456")
    query = {"pageSize": "50", "orderBy": "updateTime desc", **walk.onward(cursor, "pageToken")}
    return httpx.Request("GET", f"https://mybusiness.googleapis.com/v4/{target}/reviews", params=query)


def parse(response: httpx.Response, cursor: Cursor) -> Page:
    """Reads reviews in the words they were written in."""
    answer, read = body.json_object(response.content, "reviews"), text.read_at(response)
    reviews = body.json_listing(response.content, "reviews")[1] if answer else []  # {}: nobody has written one
    times, onward = [review.get("updateTime") for review in reviews], text.header(answer.get("nextPageToken"))
    after, more = walk.back(cursor, times, read, onward, overlap=OVERLAP, pages=PAGES)
    return text.page([googlereviews.business(review, read) for review in reviews], after, more=more)

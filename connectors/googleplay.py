"""Google Play reviews of your own apps: https://developers.google.com/android-publisher/api-ref/rest/v3/reviews

Target: the app's package name, such as com.acme.kettle. Untried against the live service.
Key: EARFUL_GOOGLEPLAY_KEY_FILE, the path of the JSON key of a service account that the Play Console's users page lets
read the app's reviews: https://developers.google.com/android-publisher/getting_started. 200 requests an hour.
Only what was written or changed in the last week, with words, in production. Terms: for the app's own developers.
"""

import re
from collections.abc import Mapping

import httpx

from earful.connectors import body, googlereviews, oauth, text, walk
from earful.connectors.types import Cursor, Mention, Page

LOGIN = ("EARFUL_GOOGLEPLAY_KEY_FILE",)
PAGES, OVERLAP = 100, 8 * 86_400  # seconds: the whole week is read each time, in whatever order it comes
_SCOPE = "https://www.googleapis.com/auth/androidpublisher"


def login(environ: Mapping[str, str]) -> httpx.Request:
    """Asks for a token in the name of the service account."""
    return oauth.service_account(environ[LOGIN[0]].strip(), _SCOPE)


def session(response: httpx.Response) -> Mapping[str, str]:
    """Returns the header that the token makes."""
    return oauth.bearer(response)


def request(target: str, cursor: Cursor) -> httpx.Request:
    """Asks for the week's reviews, or during a walk for more of them."""
    if not re.fullmatch(r"(?=.{3,150}$)[A-Za-z]\w*(?:\.[A-Za-z]\w*)+", target, re.ASCII):
        raise ValueError(f"googleplay: {target!r} is no package name; write one like com.acme.kettle")
    address = f"https://androidpublisher.googleapis.com/androidpublisher/v3/applications/{target}/reviews"
    return httpx.Request("GET", address, params={"maxResults": "100", **walk.onward(cursor, "token")})


def parse(response: httpx.Response, cursor: Cursor) -> Page:
    """Reads the reviews; the app's name stands in the address that was asked."""
    answer, read = body.json_object(response.content, "reviews"), text.read_at(response)
    reviews = body.json_listing(response.content, "reviews")[1] if answer else []  # {}: none this week
    app = re.search(r"/applications/([\w.]+)/reviews$", response.url.path)
    items = [googlereviews.app(review, app[1] if app else "", read) for review in reviews]
    times = [item.published.timestamp() for item in items if isinstance(item, Mention) and item.dated]
    onward = text.header(body.fields(answer.get("tokenPagination")).get("nextPageToken"))
    after, more = walk.back(cursor, times, read, onward, overlap=OVERLAP, pages=PAGES)
    return text.page(items, after, more=more)

"""Stack Exchange questions, Stack Overflow and its sisters: https://api.stackexchange.com/docs/advanced-search

Target: a site as the API names it and a search, such as stackoverflow/acme or superuser/"acme kettle". Questions only:
the API's search for answers (/search/excerpts) tells neither author nor licence. Terms: CC BY-SA, whoever shows a text
names author, address and licence, kept behind the tags; https://stackoverflow.com/legal/api-terms-of-use. No key: 300
requests a day from one address; with EARFUL_STACKEXCHANGE_KEY (free, https://stackapps.com) 10,000.
"""

import re
from datetime import datetime
from typing import Any

import httpx

from earful.connectors import body, text, walk
from earful.connectors.types import ConnectorError, Cursor, Mention, Page

KEYS, OPTIONAL = {"?key": "EARFUL_STACKEXCHANGE_KEY"}, True
SIZE, PAGES, QUOTA, KEYED_QUOTA = 100, 10, (300, 86_400), (10_000, 86_400)  # requests a day
OVERLAP = 3600  # seconds read again each time: the index is late; an edit or an answer makes a question new by itself
_ORDER = {"sort": "activity", "order": "desc", "pagesize": str(SIZE), "filter": "withbody"}


def request(target: str, cursor: Cursor) -> httpx.Request:
    """Asks for the questions with the newest activity, or during a walk for those before."""
    place = re.fullmatch(r"([a-z0-9-]+(?:\.[a-z0-9-]+)*)/([^\x00-\x1f\x7f]{1,200})", target)
    if not place or not place[2].strip():
        raise ValueError(f"stackexchange: {target!r} is no site and search; write one like stackoverflow/acme")
    bounds = {"min": max(text.whole(cursor.get("since")) - OVERLAP, 0), "max": text.whole(cursor.get("next"))}
    query = _ORDER | {"site": place[1], "q": place[2].strip()} | {name: str(at) for name, at in bounds.items() if at}
    return httpx.Request("GET", "https://api.stackexchange.com/2.3/search/advanced", params=query)


def parse(response: httpx.Response, cursor: Cursor) -> Page:
    """Reads questions; a walk rests until the next visit when the API asks for a pause or the day's quota is used."""
    answer, read = body.json_object(response.content, "a page of questions"), text.read_at(response)
    if not isinstance(answer.get("items"), list):
        raise ConnectorError(f"expected questions: {text.line(answer.get('error_message')) or 'no items in it'}")
    items = [item for item in answer["items"] if isinstance(item, dict)][: 2 * SIZE]
    times = [item.get("last_activity_date") for item in items]
    onward = walk.older(cursor, times, full=answer.get("has_more") is True)
    after, more = walk.back(cursor, times, read, onward, overlap=OVERLAP, pages=PAGES)
    rest = bool(answer.get("backoff")) or answer.get("quota_remaining") == 0
    return text.page([_mention(item, read) for item in items], after, more=more and not rest)


def _mention(item: dict[str, Any], read: datetime) -> Mention | str:
    tags, licence = [text.line(tag) for tag in body.items(item.get("tags"))[:5]], text.line(item.get("content_license"))
    return text.mention(
        id=item.get("question_id"),
        url=item.get("link"),
        author=body.fields(item.get("owner")).get("display_name"),  # a deleted account may have neither
        published=item.get("creation_date"),
        read=read,
        title=item.get("title"),
        text=item.get("body"),
        engagement=sum(text.whole(item.get(count)) for count in ("score", "answer_count", "comment_count")),
        about=", ".join(filter(None, tags)) + (f" ({licence})" if licence else ""),
    )

"""Lemmy, posts and comments as one server knows them: https://join-lemmy.org/docs/contributors/04-api.html

Target: a server and a search term, such as lemmy.world/acme. A server knows what its people follow: name several.
Terms are each server's own. No key. Each visit asks first which API there is, v3 (Lemmy 0.19) or v4 (1.0). Tried on
one recorded post; the search is untried against the live service.
"""

import re

import httpx

from earful.connectors import body, lemmyview, text, walk
from earful.connectors.types import ConnectorError, Cursor, Page

SIZE, PAGES, OVERLAP = 50, 10, 86400  # seconds read again: posts of other servers arrive late, and are edited
_NAMES = {3: ("q", "page", "All", "New"), 4: ("search_term", "page_cursor", "all", "new")}


def request(target: str, cursor: Cursor) -> httpx.Request:
    """Asks which API there is, then for the newest posts and comments, or during a walk for older ones."""
    place = re.fullmatch(r"([a-z0-9.-]+\.[a-z]{2,}(?::[0-9]{1,5})?)/([^/\x00-\x1f\x7f]{1,100})", target)
    if not place or not place[2].strip():
        raise ValueError(f"lemmy: {target!r} is no server and search term; write one like lemmy.world/acme")
    if (api := text.whole(cursor.get("api"))) not in _NAMES:
        return httpx.Request("GET", f"https://{place[1]}/nodeinfo/2.1", headers={"Accept": "application/json"})
    term, page, everything, new = _NAMES[api]
    query = {term: place[2].strip(), "type_": everything, "listing_type": everything, "sort": new, "limit": str(SIZE)}
    if onward := text.header(str(cursor.get("next") or "")):
        query[page] = onward
    return httpx.Request("GET", f"https://{place[1]}/api/v{api}/search", params=query)


def parse(response: httpx.Response, cursor: Cursor) -> Page:
    """Reads which Lemmy a server runs, or posts and comments of either API; what was deleted is gone."""
    answer, read = body.json_object(response.content, "a search result"), text.read_at(response)
    if software := body.fields(answer.get("software")):
        if software.get("name") != "lemmy":
            raise ConnectorError(f"this server runs {text.line(software.get('name')) or 'something'}, not Lemmy")
        return Page((), {**cursor, "api": 3 if str(software.get("version")).startswith("0.") else 4}, more=True)
    views = lemmyview.views(answer, 2 * SIZE)
    if not views and not any(isinstance(answer.get(name), list) for name in lemmyview.LISTS):
        raise ConnectorError(f"expected a search result: {text.line(answer.get('error')) or 'no posts in it'}")
    onward: int | str = text.header(answer.get("next_page"))
    if cursor.get("api") == 3 and any(len(body.items(answer.get(name))) >= SIZE for name in lemmyview.LISTS):
        onward = text.whole(cursor.get("next") or 1) + 1
    after, more = walk.back(cursor, lemmyview.times(views), read, onward, overlap=OVERLAP, pages=PAGES)
    after |= {"api": cursor.get("api")} if more else {}  # asked anew on the next visit: servers move on
    items = [lemmyview.mention(view, read) for view in views if not lemmyview.deleted(view)]
    return text.page(items, after, more=more, gone=map(lemmyview.deleted, views))

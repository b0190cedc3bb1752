"""GitHub issues and pull requests of all public repositories: https://docs.github.com/en/rest/search/search

Target: a search of up to 200 characters, such as "acme cloud" -author:app/renovate. Titles and texts are searched;
comments and discussions are not. Terms: no resale of people's data, https://docs.github.com/en/site-policy. No key: 10
searches a minute; with EARFUL_GITHUB_TOKEN, a token that needs no permission, 30. A search shows 1,000 items at most.
"""

import re
from datetime import datetime
from typing import Any

import httpx

from earful.connectors import body, text, walk
from earful.connectors.types import ConnectorError, Cursor, Mention, Page

KEYS, OPTIONAL = {"Authorization": "Bearer EARFUL_GITHUB_TOKEN"}, True
SIZE, PAGES, OVERLAP = 100, 25, 3600  # seconds read again: the index is late; an edit makes an issue new by itself
_HEADERS = {"Accept": "application/vnd.github+json", "X-GitHub-Api-Version": "2022-11-28"}
_ORDER = {"advanced_search": "true", "sort": "updated", "order": "desc", "per_page": str(SIZE)}


def request(target: str, cursor: Cursor) -> httpx.Request:
    """Asks for what was changed last, or during a walk for what was changed before."""
    if not re.fullmatch(r"[^\x00-\x1f\x7f]{1,200}", target) or not target.strip():
        raise ValueError(f'github: {target!r} is no search; write up to 200 characters like "acme cloud"')
    bounds = (text.moment(text.whole(cursor.get(name)) - less) for name, less in (("since", OVERLAP), ("next", 0)))
    changed = "..".join(f"{bound:%Y-%m-%dT%H:%M:%SZ}" if bound and bound > text.OLDEST else "*" for bound in bounds)
    words = f"({target})" if " OR " in target else target.strip()
    query = f"{words} in:title,body (is:issue OR is:pull-request) updated:{changed}".removesuffix(" updated:*..*")
    address, pace = "https://api.github.com/search/issues", {"spacing": 6.0}
    return httpx.Request("GET", address, params=_ORDER | {"q": query}, headers=_HEADERS, extensions=pace)


def parse(response: httpx.Response, cursor: Cursor) -> Page:
    """Reads issues and pull requests; where GitHub broke a search off for time, the next begins at the top again."""
    answer, read = body.json_object(response.content, "a search result"), text.read_at(response)
    if not isinstance(answer.get("items"), list):
        raise ConnectorError(f"expected a search result: {text.line(answer.get('message')) or 'no items in it'}")
    items = [item for item in answer["items"] if isinstance(item, dict)][: 2 * SIZE]
    times = [item.get("updated_at") for item in items]
    onward = walk.older(cursor, times, full=text.whole(answer.get("total_count")) > len(answer["items"]))
    after, more = walk.back(cursor, times, read, onward, overlap=OVERLAP, pages=PAGES)
    if broken := answer.get("incomplete_results") is True:
        after, more = {"since": text.whole(cursor.get("since"))}, False
    return text.page([_mention(item, read) for item in items], after, more=more, rolled=broken)


def _mention(item: dict[str, Any], read: datetime) -> Mention | str:
    return text.mention(
        **{name: item.get(name) for name in ("id", "title")},
        url=item.get("html_url"),
        published=item.get("created_at"),
        read=read,
        text=item.get("body"),
        author=body.fields(item.get("user")).get("login"),  # a deleted account has none
        engagement=text.whole(item.get("comments")) + text.whole(body.fields(item.get("reactions")).get("total_count")),
        about=str(item.get("repository_url") or "").partition("/repos/")[2],
    )

"""Hacker News, stories and comments: https://hn.algolia.com/api (10,000 requests an hour from one address).

Target: a search term, such as acme or "acme cloud" (quotes keep a phrase together).
Terms: public data, no key; link back to the item. The search answers newest first and never more than 1,000 hits,
so each page asks for what is as old as the oldest hit of the page before, or older.
"""

import httpx

from earful.connectors import body, text, walk
from earful.connectors.types import ConnectorError, Cursor, Page

SIZE, PAGES = 200, 25
OVERLAP = 3600  # seconds read again each time: the index is late by minutes, and comments are edited


def request(target: str, cursor: Cursor) -> httpx.Request:
    """Asks for the newest hits, or during a walk for older ones."""
    if not target.strip() or len(target) > 200:
        raise ValueError(f'hackernews: {target!r} is no search term; write one like acme or "acme cloud"')
    since, onward = text.whole(cursor.get("since")), text.whole(cursor.get("next"))
    bounds = f"created_at_i>{max(since - OVERLAP, 0)}" + (f",created_at_i<={onward}" if onward else "")
    query = {"query": target.strip(), "tags": "(story,comment)", "numericFilters": bounds, "hitsPerPage": str(SIZE)}
    exact = {"advancedSyntax": "true", "typoTolerance": "false", "attributesToHighlight": ""}
    return httpx.Request("GET", "https://hn.algolia.com/api/v1/search_by_date", params=query | exact)


def parse(response: httpx.Response, cursor: Cursor) -> Page:
    """Reads stories and comments; the title of a comment is its story's."""
    answer, read = body.json_object(response.content, "a search result"), text.read_at(response)
    if not isinstance(answer.get("hits"), list):
        raise ConnectorError(f"expected a search result: {text.line(answer.get('message')) or 'no hits in it'}")
    hits = [hit for hit in answer["hits"] if isinstance(hit, dict)][:1000]
    items = [
        text.mention(
            id=hit.get("objectID"),
            url=f"https://news.ycombinator.com/item?id={text.whole(hit.get('objectID'))}",
            author=hit.get("author"),
            published=hit.get("created_at_i"),
            read=read,
            title=hit.get("title") or hit.get("story_title"),
            text=hit.get("comment_text") or hit.get("story_text"),
            engagement=text.whole(hit.get("points")) + text.whole(hit.get("num_comments")),
            parent=hit.get("parent_id"),
        )
        for hit in hits
    ]
    times = [hit.get("created_at_i") for hit in hits]
    onward = walk.older(cursor, times, full=len(hits) >= (text.whole(answer.get("hitsPerPage")) or SIZE))
    after, more = walk.back(cursor, times, read, onward, overlap=OVERLAP, pages=PAGES)
    return text.page(items, after, more=more)

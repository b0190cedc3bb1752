"""GDELT, headlines of online news in 65 languages: https://blog.gdeltproject.org/gdelt-doc-2-0-api-debuts/

Target: a search of 3 to 250 characters, such as "acme kettle" sourcelang:english (an OR needs brackets).
Terms: free for any use, name the GDELT Project and link to it. No key, one request in 5 seconds. New every 15 minutes,
three months back, at most 250 of a quarter of an hour. Titles only; the time is when GDELT saw the article. Built from
the documentation and what others report: untried against the live service.
"""

import re

import httpx

from earful.connectors import body, languages, text, walk
from earful.connectors.types import ConnectorError, Cursor, Page, RateLimited

SIZE, PAGES, OVERLAP = 250, 25, 6 * 3600  # seconds read again each time: articles are added late
_PACE = {"spacing": 6.0}  # seconds between two requests
_ILLEGAL = re.compile(rb'(\\["\\/bfnrt]|\\u[0-9A-Fa-f]{4})|[\\\x00-\x1f]')  # what is in brackets is legal


def request(target: str, cursor: Cursor) -> httpx.Request:
    """Asks for the articles seen last, or during a walk for those before."""
    if not re.fullmatch(r"[^\x00-\x1f\x7f]{3,250}", target) or len(target.strip()) < 3:
        raise ValueError(f'gdelt: {target!r} is no search; write 3 to 250 characters like "acme kettle"')
    query = {"query": target, "mode": "ArtList", "format": "json", "maxrecords": str(SIZE), "sort": "DateDesc"}
    if onward := text.moment(text.whole(cursor.get("next")) or None):
        query["enddatetime"] = f"{onward:%Y%m%d%H%M%S}"
    return httpx.Request("GET", "https://api.gdeltproject.org/api/v2/doc/doc", params=query, extensions=_PACE)


def parse(response: httpx.Response, cursor: Cursor) -> Page:
    """Reads articles; what GDELT has to say about a search comes as a sentence with status 200."""
    content, read = response.content, text.read_at(response)
    if body.kind(content) == "unknown":
        said = text.line(content[:1000].decode("utf-8", "replace"), 200)
        if "limit requests" in said:
            raise RateLimited(f"GDELT says: {said}", 60)
        raise ConnectorError(f"expected a list of articles, GDELT says: {said or 'nothing that can be read'}")
    answer = body.json_object(_ILLEGAL.sub(lambda found: found[1] or b" ", content), "a list of articles")
    if answer and not isinstance(answer.get("articles"), list):  # {} says that there is none
        raise ConnectorError("expected a list of articles, got something else")
    articles = [article for article in body.items(answer.get("articles")) if isinstance(article, dict)][: 2 * SIZE]
    times = [article.get("seendate") for article in articles]
    onward = walk.older(cursor, times, full=len(articles) >= SIZE)
    after, more = walk.back(cursor, times, read, onward, overlap=OVERLAP, pages=PAGES)
    items = [
        text.mention(
            id=article.get("url"),
            url=article.get("url"),
            author=article.get("domain"),
            published=article.get("seendate"),
            read=read,
            title=article.get("title"),
            text="",
            language=languages.tag(article.get("language")),
        )
        for article in articles
    ]
    return text.page(items, after, more=more)

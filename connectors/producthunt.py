"""Product Hunt, the comments under a launch: https://api.producthunt.com/v2/docs

Target: the launch's name in its address, such as acme-kettle. Untried against the live service, built from its schema.
Key: EARFUL_PRODUCTHUNT_TOKEN, a developer token from https://www.producthunt.com/v2/oauth/applications; 6,250 points of
complexity in 15 minutes. It hides who wrote. Terms: not for commercial use without asking Product Hunt first.
"""

import re

import httpx

from earful.connectors import body, text, walk
from earful.connectors.types import ConnectorError, Cursor, Page

KEYS = {"Authorization": "Bearer EARFUL_PRODUCTHUNT_TOKEN"}
PAGES, OVERLAP = 25, 7 * 86_400  # seconds read again each time, for late answers to comments
_COMMENT = "id body url createdAt votesCount parentId"
_QUERY = f"""query ($slug: String!, $after: String) {{ post(slug: $slug) {{ name
  comments(first: 20, order: NEWEST, after: $after) {{ pageInfo {{ hasNextPage endCursor }}
    edges {{ node {{ {_COMMENT} replies(first: 10) {{ edges {{ node {{ {_COMMENT} }} }} }} }} }} }} }} }}"""


def request(target: str, cursor: Cursor) -> httpx.Request:
    """Asks for the newest comments, or during a walk for older ones."""
    if not re.fullmatch(r"[a-z0-9][a-z0-9-]{0,199}", target):
        raise ValueError(f"producthunt: {target!r} is no launch; write its name in the address, like acme-kettle")
    question = {"query": _QUERY, "variables": {"slug": target, **walk.onward(cursor, "after")}}
    return httpx.Request("POST", "https://api.producthunt.com/v2/api/graphql", json=question)


def parse(response: httpx.Response, cursor: Cursor) -> Page:
    """Reads comments and the first replies to them."""
    answer, read = body.json_object(response.content, "a launch"), text.read_at(response)
    post = body.fields(body.fields(answer.get("data")).get("post"))
    if not isinstance(post.get("comments"), dict):
        said = [text.line(body.fields(error).get("message"), 200) for error in body.items(answer.get("errors"))]
        raise ConnectorError(f"expected a launch: {'; '.join(said) or 'there is none of this name'}")
    comments, place = _nodes(post["comments"]), body.fields(post["comments"].get("pageInfo"))
    onward = text.header(place.get("endCursor")) if place.get("hasNextPage") else ""
    times = [comment.get("createdAt") for comment in comments]
    after, more = walk.back(cursor, times, read, onward, overlap=OVERLAP, pages=PAGES)
    items = [
        text.mention(
            id=one.get("id"),
            url=one.get("url"),
            published=one.get("createdAt"),
            read=read,
            title=post.get("name"),
            text=one.get("body"),
            engagement=text.whole(one.get("votesCount")),
            parent=one.get("parentId"),
        )
        for one in (one for comment in comments for one in (comment, *_nodes(comment.get("replies"))))
    ]
    return text.page(items, after, more=more)


def _nodes(connection: object) -> list[dict[str, object]]:
    return [body.fields(body.fields(edge).get("node")) for edge in body.items(body.fields(connection).get("edges"))]

"""Bluesky, a search over all posts: https://docs.bsky.app/docs/api/app-bsky-feed-search-posts (3,000 calls in 5 min).

Target: a search term, such as acme or "acme cloud" (quotes keep a phrase together).
Keys: EARFUL_BLUESKY_HANDLE, such as acme.bsky.social, and EARFUL_BLUESKY_PASSWORD, an app password.
Terms: what is deleted must go, so what is kept is asked for again; Bluesky would rather have monitors read the stream
(`jetstream`). Adult posts, spam and authors who want to be seen by signed-in people only are left out.
"""

from collections.abc import Mapping

import httpx

from earful.connectors import atproto, body, recheck, text, walk
from earful.connectors.types import ConnectorError, Cursor, Page

LOGIN, KEEP_SESSION = ("EARFUL_BLUESKY_HANDLE", "EARFUL_BLUESKY_PASSWORD"), True  # 100 to 300 logins a day are let in
SIZE, PAGES, RECHECK = 100, 25, 25  # posts a page, pages, ids a request
OVERLAP = 7200  # seconds read again each time: some posts arrive an hour after the time they claim
_API = "https://bsky.social/xrpc"


def login(environ: Mapping[str, str]) -> httpx.Request:
    """Asks for a session."""
    named = {"identifier": environ[LOGIN[0]].strip().removeprefix("@"), "password": environ[LOGIN[1]].strip()}
    return httpx.Request("POST", f"{_API}/com.atproto.server.createSession", json=named)


def session(response: httpx.Response) -> Mapping[str, str]:
    """Reads the token of a new session."""
    return atproto.session(response)


def request(target: str, cursor: Cursor) -> httpx.Request:
    """Asks for the newest posts, or during a walk for older ones, by time: places shift with every new post."""
    if not target.strip() or len(target) > 200 or not target.isprintable():
        raise ValueError(f'bluesky: {target!r} is no search term; write one like acme or "acme cloud"')
    if known := recheck.ids(cursor):
        return httpx.Request("GET", f"{_API}/app.bsky.feed.getPosts", params=[("uris", one) for one in known])
    bounds = {"since": text.whole(cursor.get("since")) - OVERLAP, "until": text.whole(cursor.get("next"))}
    times = {name: text.moment(seconds) for name, seconds in bounds.items() if seconds > 0}
    query = {"q": target.strip(), "sort": "latest", "limit": str(SIZE)}
    query |= {name: f"{when:%Y-%m-%dT%H:%M:%SZ}" for name, when in times.items() if when}
    return httpx.Request("GET", f"{_API}/app.bsky.feed.searchPosts", params=query)


def parse(response: httpx.Response, cursor: Cursor) -> Page:
    """Reads a page of posts; the search sorts them by the time that `found_at` gives."""
    answer, read = body.json_object(response.content, "a search result"), text.read_at(response)
    if not isinstance(answer.get("posts"), list):
        raise ConnectorError(f"expected a search result: {text.line(answer.get('message')) or 'no posts in it'}")
    if known := recheck.ids(cursor):
        return recheck.page(known, [body.fields(post).get("uri") for post in answer["posts"]])
    posts = [post for post in answer["posts"] if isinstance(post, dict)][: 2 * SIZE]
    times = [when for when in map(atproto.found_at, posts) if when]
    before = text.whole(cursor.get("next"))
    onward = int(times[-1]) + 1 if times and answer.get("cursor") else 0
    onward = min(onward, before - 1) if before and onward else onward  # always moves, even through a crowded second
    after, more = walk.back(cursor, times, read, onward, overlap=OVERLAP, pages=PAGES)
    return text.page([atproto.found(post, read) for post in posts], after, more=more)

"""Reddit, a search over all posts, or a subreddit's posts and comments: https://www.reddit.com/dev/api

Target: a search term, such as acme or "acme cloud", or r/kettles. Without keys its feeds are read, 100 entries each.
Keys: EARFUL_REDDIT_ID and EARFUL_REDDIT_SECRET of an app, made at https://www.reddit.com/prefs/apps once Reddit has
approved it, and EARFUL_REDDIT_USER, whose app it is. 100 requests a minute, at most 1,000 entries back.
Terms: commercial use needs a contract, no training of models; what is deleted must go: with keys it is asked for again.
"""

import re
import sys
from collections.abc import Mapping

import httpx

from earful.connectors import keys, oauth, recheck, redditlist, rss, text, walk
from earful.connectors.types import Cursor, Page

KEYS = {"user-agent": "python:earful:v1 (by /u/EARFUL_REDDIT_USER)"}  # the form that Reddit demands
LOGIN, OPTIONAL, KEEP_SESSION = ("EARFUL_REDDIT_ID", "EARFUL_REDDIT_SECRET"), True, True
PAGES, OVERLAP, RECHECK = 10, 86_400, 100  # pages; seconds read again each time, for edits; ids a request


def login(environ: Mapping[str, str]) -> httpx.Request:
    """Asks for a token in the name of the app."""
    agent = KEYS["user-agent"].replace("EARFUL_REDDIT_USER", environ["EARFUL_REDDIT_USER"].strip())
    headers = {"Authorization": oauth.basic(*(environ[name].strip() for name in LOGIN)), "User-Agent": agent}
    return oauth.ask("https://www.reddit.com/api/v1/access_token", {"grant_type": "client_credentials"}, headers)


def session(response: httpx.Response) -> Mapping[str, str]:
    """Returns the header that the token makes."""
    return oauth.bearer(response)


def request(target: str, cursor: Cursor) -> httpx.Request:
    """Asks for the newest entries, or during a walk for older ones: of the API with keys, else of the feed."""
    group = re.fullmatch(r"r/[A-Za-z0-9_]{2,21}", target)
    if len(target) > 200 or not (group or re.fullmatch(r"(?!r/)\s*[^\0-\x20][^\0-\x1f]*", target)):
        raise ValueError(f"reddit: {target!r} is no search term or subreddit; write one like acme or r/kettles")
    path = f"{target}/{'comments' if cursor.get('turn') == 'comments' else 'new'}" if group else "search"
    query = {"limit": "100"} if group else {"q": target.strip(), "sort": "new", "type": "link", "limit": "100"}
    if keys.there(sys.modules[__name__]):
        return redditlist.ask(path, query, cursor)
    asked = rss.request(str(httpx.URL(f"https://www.reddit.com/{path}{'/' if group else ''}.rss", params=query)), {})
    asked.headers["User-Agent"] = "python:earful:v1 (self-hosted)"
    return asked


def parse(response: httpx.Response, cursor: Cursor) -> Page:
    """Reads posts and comments; of a subreddit first the posts, then at once the comments."""
    if known := recheck.ids(cursor):
        return recheck.page(known, redditlist.still(response))
    found, since = redditlist.read(response), text.whole(cursor.get("since"))
    after, more = walk.back(cursor, found.times, text.read_at(response), found.onward, overlap=OVERLAP, pages=PAGES)
    missed = cursor.get("missed") is True or (not more and 0 < since < min(found.times, default=0))
    after, more = redditlist.turned(response.url.path, cursor, after, more)
    after |= {"missed": True} if missed and more else {}
    return text.page(found.items, after, more=more, rolled=missed, gone=found.gone)

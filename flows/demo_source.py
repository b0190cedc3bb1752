"""Answers the demo's requests from data/demo, in the shapes that the real sources use.

Every item carries `at`, its time in seconds relative to the start of the demo; an item is there once that time
has come. An id is made of an item's place in its file, so a second demo with another start meets the same ids.
"""

import hashlib
import json
import re
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from importlib import resources
from typing import Any

import httpx

from earful.flows import demo_feeds

Item = dict[str, Any]

REVIEWS_A_PAGE, REVIEW_PAGES = 50, 10
HITS = 1000  # Algolia shows no more of one query
STATUSES, MOST_STATUSES = 20, 40


def answer(request: httpx.Request, start: datetime, now: datetime) -> httpx.Response:
    """Answers `request` as its source would at `now` in a demo begun at `start`; 404 where nothing lives."""
    path = request.url.path
    for host, pattern, respond in ROUTES:
        found = re.fullmatch(pattern, path)
        if request.method == "GET" and request.url.host == host and found:
            return respond(request, found, start, now)
    return httpx.Response(404, json={"error": "Not Found"}, request=request)


@lru_cache
def corpus(name: str) -> tuple[Item, ...]:
    """Reads one file of the corpus, oldest item first, each with its place in the file as `number`."""
    lines = resources.files("earful.data").joinpath("demo", f"{name}.jsonl").read_text("utf-8").splitlines()
    return tuple(json.loads(line) | {"number": number} for number, line in enumerate(lines))


def visible(name: str, start: datetime, now: datetime) -> list[Item]:
    """Gives the items whose time has come, newest first, each with its `time` (aware, UTC, whole seconds)."""
    whole = start.astimezone(UTC).replace(microsecond=0)
    items = ({**item, "time": whole + timedelta(seconds=item["at"])} for item in corpus(name))
    return sorted((item for item in items if item["time"] <= now), key=lambda item: item["time"], reverse=True)


def _news(request: httpx.Request, _: re.Match[str], start: datetime, now: datetime) -> httpx.Response:
    words = request.url.params.get("q", "").lower().replace('"', " ").split()
    items = [item for item in visible("news", start, now) if _holds(item["title"] + " " + item["text"], words)]
    return _feed(request, demo_feeds.news(items, str(request.url)))


def _forum(request: httpx.Request, _: re.Match[str], start: datetime, now: datetime) -> httpx.Response:
    return _feed(request, demo_feeds.forum(visible("forum", start, now)))


def _feed(request: httpx.Request, xml: str) -> httpx.Response:
    body = xml.encode()
    etag = f'W/"{hashlib.sha256(body).hexdigest()[:32]}"'
    if request.headers.get("if-none-match") == etag:
        return httpx.Response(304, headers={"etag": etag}, request=request)
    headers = {"content-type": "application/rss+xml; charset=utf-8", "etag": etag}
    return httpx.Response(200, headers=headers, content=body, request=request)


def _search(request: httpx.Request, _: re.Match[str], start: datetime, now: datetime) -> httpx.Response:
    """Answers `search_by_date` of Hacker News: query words, tags, numericFilters, hitsPerPage, page."""
    params = request.url.params
    words = params.get("query", "").lower().replace('"', " ").split()
    hits = [_hit(item) for item in visible("hackernews", start, now)]
    hits = [hit for hit in hits if _holds(" ".join(str(hit.get(key, "")) for key in SEARCHED), words)]
    hits = [hit for hit in hits if _tagged(hit, params.get("tags", "")) and _numbers(hit, params)]
    size = min(max(int(params.get("hitsPerPage", 20)), 1), HITS)
    page = int(params.get("page", 0))
    shown = hits[:HITS][page * size : (page + 1) * size]
    body = {
        "exhaustive": {"nbHits": True, "typo": True},
        "exhaustiveNbHits": True,
        "exhaustiveTypo": True,
        "hits": shown,
        "hitsPerPage": size,
        "nbHits": len(hits),
        "nbPages": -(-min(len(hits), HITS) // size),
        "page": page,
        "params": request.url.query.decode(),
        "processingTimeMS": 3,
        "query": params.get("query", ""),
        "serverTimeMS": 4,
    }
    return httpx.Response(200, json=body, request=request)


SEARCHED = ("title", "story_title", "story_text", "comment_text", "url")


def _hit(item: Item) -> Item:
    number = 46_000_000 + 37 * item["number"]
    story = item["kind"] == "story"
    thread = number if story else 46_000_000 + 37 * item["thread"]
    tags = [item["kind"], f"author_{item['author']}", f"story_{thread}"]
    hit: Item = {
        "_highlightResult": {"author": {"matchLevel": "none", "matchedWords": [], "value": item["author"]}},
        "_tags": tags,
        "author": item["author"],
        "created_at": _stamp(item["time"]),
        "created_at_i": int(item["time"].timestamp()),
        "objectID": str(number),
        "story_id": thread,
        "updated_at": _stamp(item["time"] + timedelta(minutes=9)),
    }
    if not story:
        text = {"comment_text": demo_feeds.comment(item["text"]), "story_title": item["title"]}
        return hit | text | {"parent_id": thread}
    hit |= {
        "title": item["title"],
        "points": item["points"],
        "num_comments": item["comments"],
        "children": [],
    }
    return hit | ({"story_text": demo_feeds.comment(item["text"])} if item["text"] else {"url": item["link"]})


def _tagged(hit: Item, tags: str) -> bool:
    """Reads `story,(author_a,author_b)`: a comma asks for both, inside parentheses for either."""
    groups = re.findall(r"\(([^)]*)\)|([^,()]+)", tags)
    return all(any(tag in hit["_tags"] for tag in (either or one).split(",")) for either, one in groups)


def _numbers(hit: Item, params: httpx.QueryParams) -> bool:
    compare: dict[str, Callable[[int, int], bool]] = {
        ">": lambda a, b: a > b,
        ">=": lambda a, b: a >= b,
        "<": lambda a, b: a < b,
        "<=": lambda a, b: a <= b,
        "=": lambda a, b: a == b,
    }
    conditions = re.findall(r"(\w+)\s*(>=|<=|>|<|=)\s*(\d+)", params.get("numericFilters", ""))
    return all(compare[sign](hit.get(key, 0), int(value)) for key, sign, value in conditions)


def _reviews(request: httpx.Request, found: re.Match[str], start: datetime, now: datetime) -> httpx.Response:
    """Answers the customer reviews of one app in one country, 50 a page, ten pages at most."""
    settings = dict(re.findall(r"/(page|id)=(\d+)", found["settings"]))
    country, app, page = found["country"], settings.get("id", ""), int(settings.get("page", 1))
    if not 1 <= page <= REVIEW_PAGES:
        return httpx.Response(400, text="CustomerReviews RSS page depth is limited to 10", request=request)
    reviews = [i for i in visible("appstore", start, now) if (i["country"], i["app"]) == (country, app)]
    last = min(max(-(-len(reviews) // REVIEWS_A_PAGE), 1), REVIEW_PAGES)
    base = f"https://itunes.apple.com/{country}/rss/customerreviews"

    def link(name: str, number: int) -> Item:
        href = f"{base}/page={number}/id={app}/sortby=mostrecent/xml?urlDesc={found['settings']}"
        return {"attributes": {"rel": name, "href": href}}

    newest = reviews[0]["time"] if reviews else start
    feed: Item = {
        "author": {
            "name": {"label": "iTunes Store"},
            "uri": {"label": f"http://www.apple.com/{country}/itunes/"},
        },
        "updated": {"label": _stamp(newest)},
        "rights": {"label": "Copyright 2008 Apple Inc."},
        "title": {"label": "iTunes Store: Customer Reviews"},
        "icon": {"label": "http://itunes.apple.com/favicon.ico"},
        "link": [
            {"attributes": {"rel": "self", "href": str(request.url)}},
            link("first", 1),
            link("last", last),
            link("previous", max(page - 1, 1)),
            link("next", min(page + 1, last)),
        ],
        "id": {"label": str(request.url)},
    }
    entries = [_review(item, base) for item in reviews[(page - 1) * REVIEWS_A_PAGE : page * REVIEWS_A_PAGE]]
    if entries:
        feed["entry"] = entries
    return httpx.Response(200, json={"feed": feed}, request=request)


def _review(item: Item, base: str) -> Item:
    number = 13_200_000_000 + 1009 * item["number"]
    pacific = item["time"].astimezone(demo_feeds.PACIFIC)
    store = base.removesuffix("/rss/customerreviews")
    kind = {"term": "Application", "label": "Application"}
    return {
        "author": {
            "uri": {"label": f"{store}/reviews/id{number // 11}"},
            "name": {"label": item["author"]},
            "label": "",
        },
        "updated": {"label": pacific.isoformat()},
        "im:rating": {"label": str(item["rating"])},
        "im:version": {"label": item["version"]},
        "id": {"label": str(number)},
        "title": {"label": item["title"]},
        "content": {"label": item["text"], "attributes": {"type": "text"}},
        "link": {"attributes": {"rel": "related", "href": f"{store}/review?id={item['app']}&type=Purple%20Software"}},
        "im:voteSum": {"label": str(item["votes"])},
        "im:contentType": {"attributes": kind},
        "im:voteCount": {"label": str(item["votes"])},
    }


def _tag(request: httpx.Request, found: re.Match[str], start: datetime, now: datetime) -> httpx.Response:
    """Answers a tag's timeline: `limit`, `max_id`, `since_id`, and `min_id`, which pages forward."""
    params = request.url.params
    tag = found["tag"].lower()
    posts = [item for item in visible("mastodon", start, now) if tag in (t.lower() for t in item["tags"])]
    posts = [item | {"id": (int(item["time"].timestamp()) * 1000 << 16) + item["number"]} for item in posts]
    posts = [item for item in posts if item["id"] < int(params.get("max_id", 1 << 63))]
    posts = [item for item in posts if item["id"] > int(params.get("min_id", params.get("since_id", 0)))]
    limit = min(max(int(params.get("limit", STATUSES)), 1), MOST_STATUSES)
    shown = posts[-limit:] if "min_id" in params else posts[:limit]
    headers = {"x-ratelimit-limit": "300", "x-ratelimit-remaining": "291"}
    headers["x-ratelimit-reset"] = _stamp(now.replace(microsecond=0) + timedelta(minutes=5))
    if shown:
        here = f"https://{request.url.host}{request.url.path}?limit={limit}"
        older, newer = f"{here}&max_id={shown[-1]['id']}", f"{here}&min_id={shown[0]['id']}"
        headers["link"] = f'<{older}>; rel="next", <{newer}>; rel="prev"'
    body = [demo_feeds.status(item, request.url.host) for item in shown]
    return httpx.Response(200, headers=headers, json=body, request=request)


def _holds(text: str, words: Sequence[str]) -> bool:
    return all(word in text.lower() for word in words)


def _stamp(time: datetime) -> str:
    return time.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


Respond = Callable[[httpx.Request, re.Match[str], datetime, datetime], httpx.Response]
ROUTES: tuple[tuple[str, str, Respond], ...] = (
    ("news.example", r"/rss", _news),
    ("forum.example", r"/latest\.rss", _forum),
    ("hn.algolia.com", r"/api/v1/search_by_date", _search),
    ("itunes.apple.com", r"/(?P<country>[a-z]{2})/rss/customerreviews(?P<settings>/.+)/json", _reviews),
    ("social.example", r"/api/v1/timelines/tag/(?P<tag>[^/]+)", _tag),
)

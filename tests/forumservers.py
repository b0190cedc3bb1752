"""Servers of GitHub, Stack Exchange, Discourse and Lemmy that answer from a table of what was written when."""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import httpx
from answers import READ, answer, target

from earful import connectors
from earful.connectors.types import Cursor

START = int(READ.timestamp()) - 40 * 86400
Server = Callable[[httpx.Request], httpx.Response]


def iso(time: float) -> str:
    return datetime.fromtimestamp(time, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def reply(request: httpx.Request, value: Any) -> httpx.Response:
    return answer(json.dumps(value), str(request.url))


def github_server(times: dict[int, int]) -> Server:
    """Answers as GitHub does: what was changed between two times, newest first, 1,000 items at most."""

    def serve(request: httpx.Request) -> httpx.Response:
        first, last = (request.url.params["q"].partition(" updated:")[2] or "*..*").split("..")
        shown = sorted(
            (-time, number)
            for number, time in times.items()
            if (first == "*" or iso(time) >= first) and (last == "*" or iso(time) <= last)
        )
        items = [{"id": number, "title": f"issue {number}", "updated_at": iso(-time)} for time, number in shown]
        size = int(request.url.params["per_page"])
        return reply(request, {"total_count": len(items), "incomplete_results": False, "items": items[:size]})

    return serve


def stackexchange_server(times: dict[int, int]) -> Server:
    def serve(request: httpx.Request) -> httpx.Response:
        params = request.url.params
        low, high, size = int(params.get("min", 0)), int(params.get("max", 2**40)), int(params["pagesize"])
        shown = sorted((-time, number) for number, time in times.items() if low <= time <= high)
        items = [{"question_id": n, "title": f"question {n}", "last_activity_date": -time} for time, n in shown]
        return reply(request, {"items": items[:size], "has_more": len(items) > size, "quota_remaining": 100})

    return serve


def discourse_server(times: dict[int, int], inclusive: bool = False) -> Server:
    """Answers as Discourse does: 50 posts before a number; older versions show that one again."""

    def serve(request: httpx.Request) -> httpx.Response:
        before = int(request.url.params.get("before", 2**40)) + inclusive
        shown = sorted((number for number in times if number < before), reverse=True)[:50]
        posts = [{"id": n, "raw": f"post {n}", "post_number": 1, "created_at": iso(times[n])} for n in shown]
        return reply(request, {"latest_posts": posts})

    return serve


def lemmy_server(times: dict[int, int], version: str = "0.19.11", comments: bool = True) -> Server:
    """Answers as Lemmy does: v3 in pages of posts and pages of comments beside them, v4 with a cursor.

    Every third number is a post, so that the posts of a page reach back much further than its comments.
    """

    def view(number: int) -> dict[str, Any]:
        dated = "published" if version.startswith("0.") else "published_at"
        thing = {"ap_id": f"https://lemmy.example/x/{number}", dated: iso(times[number])}
        if number % 3:
            return {"comment": thing | {"content": f"comment {number}"}, "post": {"name": "a post"}}
        return {"post": thing | {"name": f"post {number}"}}

    def serve(request: httpx.Request) -> httpx.Response:
        if request.url.path == "/nodeinfo/2.1":
            return reply(request, {"software": {"name": "lemmy", "version": version}})
        newest = sorted(times, key=lambda number: -times[number])
        kinds = {"comments": [n for n in newest if n % 3], "posts": [n for n in newest if not n % 3]}
        params, size = request.url.params, int(request.url.params["limit"])
        if request.url.path == "/api/v3/search":
            assert params["q"] == "acme" and params["sort"] == "New" and version.startswith("0.")
            start = (int(params.get("page", "1")) - 1) * size
            found = {kind: [view(n) for n in numbers[start : start + size]] for kind, numbers in kinds.items()}
            return reply(request, {"type_": "All", **found, "communities": [], "users": []})
        assert request.url.path == "/api/v4/search" and params["search_term"] == "acme" and params["sort"] == "new"
        start = int(params.get("page_cursor", "P0")[1:])
        shown, more = newest[start : start + size], len(newest) > start + size
        found = {kind: [view(n) for n in shown if n in numbers] for kind, numbers in kinds.items()}
        return reply(request, found | ({"next_page": f"P{start + size}"} if more else {}))

    return serve


SERVERS: dict[str, tuple[str, Callable[[dict[int, int]], Server]]] = {
    "github": ("github", github_server),
    "stackexchange": ("stackexchange", stackexchange_server),
    "discourse": ("discourse", discourse_server),
    "discourse, older": ("discourse", lambda times: discourse_server(times, inclusive=True)),
    "lemmy v3": ("lemmy", lemmy_server),
    "lemmy v4": ("lemmy", lambda times: lemmy_server(times, version="1.0.0")),
}


def visit(
    server: str, times: dict[int, int], cursor: Cursor, kept: set[int], *, stop_after: int = 500
) -> tuple[Cursor, int]:
    """Asks until the source says there is no more, keeping each page with its cursor; returns cursor and requests."""
    name, build = SERVERS[server]
    module, serve = connectors.find(name), build(times)
    for count in range(1, stop_after + 1):
        page = module.parse(serve(module.request(target(name), cursor)), cursor)
        assert not page.refused
        kept |= {int(mention.id.rpartition("/")[2]) for mention in page.mentions}
        cursor = json.loads(json.dumps(page.cursor))
        if not page.more:
            return cursor, count
    return cursor, stop_after

"""An invented world that answers Earful's requests: two feeds, a search, a hashtag, and a webhook that notes alerts.

Some sixty mentions of a coffee machine and its rival over three weeks, with criticism breaking out in the forum in the
last two hours before NOW. What is younger than the clock is not there yet. Every request and every delivered message
is appended to a file, so that a test sees them although the asking process was killed.
"""

import hashlib
import json
import os
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

import httpx

NOW = datetime(2025, 3, 14, 15, 20, tzinfo=UTC)
MORNING, EARLIER = NOW - timedelta(hours=9), NOW - timedelta(hours=3)  # both before criticism breaks out

# The places, each by the address that its requests begin with; two of them share a host.
NEWS, FORUM = "https://news.example/feed.xml", "https://news.example/forum.xml"
SEARCH, TAG = "https://hn.algolia.com/", "https://social.example/"
HOOK = "https://hook.example/in"
SOURCES = {
    NEWS: f"rss:{NEWS}",
    FORUM: f"rss:{FORUM}",
    SEARCH: "hackernews:quillfern",
    TAG: "mastodon:social.example/quillfern",
}
HITS_A_PAGE = 6

CONFIG = f"""
every = "15m"

[[brands]]
name = "Quillfern"
match = "quillfern*"

[[brands]]
name = "Ostrelle"
match = "ostrelle"
competitor = true

[[sources]]
connector = "rss"
target = "{NEWS}"

[[sources]]
connector = "rss"
target = "{FORUM}"

[[sources]]
connector = "hackernews"
target = "quillfern"

[[sources]]
connector = "mastodon"
target = "social.example/quillfern"

[[rules]]
name = "Criticism breaks out"
step = "1h"
least = 4

[[targets]]
name = "team"
kind = "webhook"
url_env = "EARFUL_TEST_HOOK"
"""

GOOD = ["Love my Quillfern", "The new Quillfern is wonderful", "Great coffee from the Quillfern again"]
PLAIN = ["Quillfern opens a shop in Leeds", "Anyone using a Quillfern with hard water?", "Quillfern or Ostrelle?"]
BAD = (
    *("Quillfern is terrible, I hate it", "Worst machine ever, Quillfern", "My Quillfern is broken again, awful"),
    *("Quillfern ruined my morning, horrible", "Disgusting coffee, never again Quillfern"),
)


@dataclass(frozen=True)
class Item:
    """Something that somebody said at a place."""

    number: int
    published: datetime
    text: str


def items(place: str) -> list[Item]:
    """Lists everything that is ever said at a place, oldest first, the same at every call."""
    shift = list(SOURCES).index(place)
    said = [GOOD[0], PLAIN[0], GOOD[1], PLAIN[1], BAD[shift], PLAIN[2], GOOD[2]]
    count = {NEWS: 10, FORUM: 8, SEARCH: 13, TAG: 12}[place]
    quiet = [
        Item(number, NOW - timedelta(hours=5 + 36 * (count - 1 - number) - shift / 2), said[number % len(said)])
        for number in range(count)
    ]
    if place != FORUM:
        return quiet
    # Two whole hours of criticism: the first makes an alert pending, the second makes it fire.
    outbreak = [
        Item(100 + number, NOW - timedelta(minutes=135 - 7 * number), BAD[number % len(BAD)]) for number in range(16)
    ]
    return quiet + outbreak


@dataclass
class World(httpx.BaseTransport):
    """Answers as of `clock`; `faults` maps a place to what is wrong there, see `_faulty`; notes go to `notes`."""

    notes: Path
    clock: Callable[[], datetime]
    faults: Mapping[str, str] = field(default_factory=dict)

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Notes the question and answers as the place that is asked."""
        url = str(request.url)
        place = next(place for place in (*SOURCES, HOOK) if url.startswith(place))
        self._note("asked", {"place": place, "url": url, "etag": request.headers.get("if-none-match", "")})
        return self._faulty(place, request, *self.faults.get(place, "").split(": "))

    def _faulty(self, place: str, request: httpx.Request, fault: str, value: str = "") -> httpx.Response:
        if fault == "empty":
            return httpx.Response(200, content=b"")
        if fault == "login":
            page = b"<!DOCTYPE html><html><head><title>Sign in</title></head><body>Sign in to go on</body></html>"
            return httpx.Response(200, content=page, headers={"content-type": "text/html"})
        if fault == "status":
            return httpx.Response(int(value))
        if fault == "slow down":
            return httpx.Response(429, headers={"retry-after": value})
        if fault == "waits":  # answers only when a file is there
            while not Path(value).exists():
                time.sleep(0.01)
        whole = self._whole(place, request)
        if fault == "half":
            return httpx.Response(200, content=whole.content[: len(whole.content) // 2], headers=whole.headers)
        return whole

    def _whole(self, place: str, request: httpx.Request) -> httpx.Response:
        if place == HOOK:
            self._note("delivered", json.loads(request.content))
            return httpx.Response(200)
        said = [item for item in items(place) if item.published <= self.clock()]
        if place == SEARCH:
            return httpx.Response(200, json=_search(said, request.url.params["numericFilters"]))
        if place == TAG:
            return httpx.Response(200, json=_timeline(said, request.url.params))
        content = _feed(place, said)
        headers = {"etag": f'"{hashlib.sha256(content).hexdigest()[:12]}"', "content-type": "application/rss+xml"}
        if request.headers.get("if-none-match") == headers["etag"]:
            return httpx.Response(304, headers=headers)
        return httpx.Response(200, content=content, headers=headers)

    def _note(self, name: str, what: Mapping[str, Any]) -> None:
        line = json.dumps(what).encode() + b"\n"
        descriptor = os.open(self.notes / f"{name}.jsonl", os.O_WRONLY | os.O_APPEND | os.O_CREAT)
        try:
            os.write(descriptor, line)
        finally:
            os.close(descriptor)


def noted(notes: Path, name: str) -> list[dict[str, Any]]:
    """Reads what a world noted: the questions "asked", or the messages "delivered"."""
    path = notes / f"{name}.jsonl"
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


def _feed(place: str, said: list[Item]) -> bytes:
    entries = "".join(
        f"<item><guid>{place}#{item.number}</guid><link>{place}?item={item.number}</link>"
        f"<title>{escape(item.text)}</title><description>{escape(item.text)} ({item.number})</description>"
        f"<author>reader {item.number % 7}</author>"
        f"<pubDate>{format_datetime(item.published)}</pubDate></item>"
        for item in reversed(said)
    )
    head = '<?xml version="1.0" encoding="utf-8"?><rss version="2.0"><channel>'
    return f"{head}<title>What people say</title><language>en</language>{entries}</channel></rss>".encode()


def _search(said: list[Item], bounds: str) -> dict[str, Any]:
    """Answers newest first, a few a page, between created_at_i>A and, when asked, created_at_i<=B."""
    low, high = 0.0, float("inf")
    for part in bounds.split(","):
        if "<=" in part:
            high = float(part.partition("<=")[2])
        else:
            low = float(part.partition(">")[2])
    found = [item for item in reversed(said) if low < item.published.timestamp() <= high]
    hits = [
        {
            "objectID": str(7000 + item.number),
            "author": f"hacker{item.number % 5}",
            "created_at_i": int(item.published.timestamp()),
            "story_title": "Coffee machines",
            "comment_text": f"<p>{item.text} ({item.number})",
            "points": item.number,
        }
        for item in found[:HITS_A_PAGE]
    ]
    return {"hits": hits, "hitsPerPage": HITS_A_PAGE}


def _timeline(said: list[Item], bounds: Mapping[str, str]) -> list[dict[str, Any]]:
    """Answers newest first, older than max_id when asked."""
    before = int(bounds.get("max_id", 10**9))
    return [
        {
            "id": str(item.number),
            "uri": f"{TAG}users/ada/statuses/{item.number}",
            "url": f"{TAG}@ada/{item.number}",
            "created_at": item.published.isoformat(),
            "language": "en",
            "content": f"<p>{item.text} ({item.number}) #quillfern</p>",
            "account": {"acct": "ada", "url": f"{TAG}@ada"},
            "favourites_count": item.number,
        }
        for item in reversed(said)
        if item.number < before
    ]

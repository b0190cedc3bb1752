"""Walking back through sources that answer newest first: nothing is lost, and it ends."""

import json
from collections.abc import Callable
from datetime import UTC, datetime

import httpx
import pytest
from answers import FIXTURES, READ, answer, read, target

from earful import connectors
from earful.connectors import appstore, mastodon, rss, walk
from earful.connectors.types import Cursor


def hackernews_source(times: list[int]) -> Callable[[httpx.Request], httpx.Response]:
    def serve(request: httpx.Request) -> httpx.Response:
        found = sorted(times, reverse=True)
        for bound in request.url.params["numericFilters"].split(","):
            limit = int(bound.rpartition("=")[2] if "=" in bound else bound.rpartition(">")[2])
            found = [time for time in found if (time <= limit if "<=" in bound else time > limit)]
        size = int(request.url.params["hitsPerPage"])
        hits = [{"objectID": str(time), "created_at_i": time, "title": f"story {time}"} for time in found[:size]]
        return answer(json.dumps({"hits": hits, "hitsPerPage": size}))

    return serve


def mastodon_source(times: list[int]) -> Callable[[httpx.Request], httpx.Response]:
    def serve(request: httpx.Request) -> httpx.Response:
        before = int(request.url.params.get("max_id", "9" * 18))
        found = sorted((time for time in times if time << 16 < before), reverse=True)
        posts = [
            {
                "id": str(time << 16),
                "uri": f"{time}",
                "content": f"<p>post {time}</p>",
                "created_at": datetime.fromtimestamp(time, UTC).isoformat(),
            }
            for time in found[: int(request.url.params["limit"])]
        ]
        return answer(json.dumps(posts))

    return serve


def appstore_source(times: list[int]) -> Callable[[httpx.Request], httpx.Response]:
    def serve(request: httpx.Request) -> httpx.Response:
        page = int(request.url.path.partition("page=")[2].partition("/")[0])
        found = sorted(times, reverse=True)[(page - 1) * 50 : page * 50]
        entries = [
            {
                "id": {"label": str(time)},
                "im:rating": {"label": "3"},
                "title": {"label": f"review {time}"},
                "updated": {"label": datetime.fromtimestamp(time, UTC).isoformat()},
            }
            for time in found
        ]
        return answer(json.dumps({"feed": {"entry": entries} if entries else {}}))

    return serve


SOURCES = {"hackernews": hackernews_source, "mastodon": mastodon_source, "appstore": appstore_source}
START = int(READ.timestamp()) - 40 * 86400


def visit(name: str, times: list[int], cursor: Cursor, kept: set[str], *, stop_after: int = 1000) -> tuple[Cursor, int]:
    """Asks until the source says there is no more, keeping each page with its cursor; returns cursor and requests."""
    module, serve = connectors.find(name), SOURCES[name](times)
    for count in range(1, stop_after + 1):
        page = module.parse(serve(module.request(target(name), cursor)), cursor)
        kept |= {mention.id for mention in page.mentions}
        cursor = json.loads(json.dumps(page.cursor))
        if not page.more:
            return cursor, count
    return cursor, stop_after


@pytest.mark.parametrize("name", SOURCES)
def test_a_first_walk_reads_everything_and_the_next_visit_little(name: str) -> None:
    times = [START + 3 * 3600 * number for number in range(320)]
    kept: set[str] = set()
    cursor, count = visit(name, times, {}, kept)
    assert kept == {str(time) for time in times}
    assert cursor == {"since": max(times)} and count > 1
    again, few = visit(name, times, cursor, kept)
    assert again == cursor and few <= 2


@pytest.mark.parametrize("name", SOURCES)
def test_what_arrives_during_a_broken_walk_is_not_lost(name: str) -> None:
    times = [START + 3600 * number for number in range(400)]
    kept: set[str] = set()
    cursor, _ = visit(name, times, {}, kept)
    times += [max(times) + 3600 * number for number in range(1, 301)]
    cursor, _ = visit(name, times, cursor, kept, stop_after=1)  # the walk breaks off half-way
    assert cursor["since"] < max(times), "the mark has moved although something lies between"
    times += [max(times) + 600 * number for number in range(1, 30)]
    for _ in range(2):  # first the rest of the broken walk, then what came since
        cursor, _ = visit(name, times, cursor, kept)
    assert kept == {str(time) for time in times}
    assert cursor == {"since": max(times)}


@pytest.mark.parametrize("name", SOURCES)
def test_what_a_source_shows_late_is_found_within_the_overlap(name: str) -> None:
    times = [START + 30 * number for number in range(130)]
    kept: set[str] = set()
    cursor, _ = visit(name, times, {}, kept)
    late = max(times) - 3299  # beyond the first page of those that show fewer than 100
    visit(name, [*times, late], cursor, kept)
    assert str(late) in kept


@pytest.mark.parametrize("name", SOURCES)
@pytest.mark.parametrize("first", [True, False])
def test_an_order_that_changes_while_paging_loses_nothing_that_is_still_there(name: str, first: bool) -> None:
    """Newer items push all others down, and deleted ones pull them up, between any two pages."""
    times = [START + 1800 * number for number in range(200)]
    kept: set[str] = set()
    cursor: Cursor = {}
    if not first:
        cursor, _ = visit(name, times, cursor, kept)
        times += [max(times) + 1800 * number for number in range(1, 150)]
    for turn in range(40):
        before = cursor
        cursor, _ = visit(name, times, cursor, kept, stop_after=1)
        if cursor == before:
            break
        if turn < 3:
            times.append(max(times) + 60)
            for gone in sorted(times)[-40 - 9 * turn : -37 - 9 * turn]:  # on a page that was read
                times.remove(gone)
    visit(name, times, cursor, kept)
    assert {str(time) for time in times} <= kept


def test_a_crowded_second_does_not_stop_a_walk() -> None:
    crowd = [START + 100] * 450
    kept: set[str] = set()
    cursor, count = visit("hackernews", [START, *crowd, START + 200], {}, kept)
    assert str(START) in kept and count < 6 and cursor == {"since": START + 200}


def test_a_walk_that_begins_anew_knows_what_was_kept_and_nothing_it_was_told() -> None:
    other = {"since": 3, "next": "t3_x"}
    cursor = {
        "since": 5,
        "top": 9,
        "next": "token",
        "pages": 2,
        "etag": "v",
        "unit": "u",
        "seen": ["a"],
        "other": other,
    }
    assert walk.restarted(cursor) == {"since": 5, "seen": ["a"], "other": other}
    assert walk.restarted({}) == {}


def test_a_server_that_repeats_its_page_does_not_hold_the_walk() -> None:
    page = mastodon.parse(answer(json.dumps([{"id": "5", "uri": "u", "content": "x"}])), {"since": 9, "next": "5"})
    assert not page.more


def test_a_date_in_the_future_does_not_move_the_mark() -> None:
    page = read(FIXTURES / "hackernews" / "hostile.json")
    assert page.cursor == {"since": 1780394400}


def test_a_page_beyond_the_tenth_is_not_asked_for() -> None:
    assert "page=1/" in str(appstore.request("us/123456789", {}).url)
    assert "page=10/" in str(appstore.request("us/123456789", {"next": 99}).url)


def test_more_new_reviews_than_the_store_shows_may_have_gone_by() -> None:
    times = [START + 60 * number for number in range(600)]
    kept: set[str] = set()
    cursor, count = visit("appstore", times, {}, kept)
    assert count == 10 and len(kept) == 500
    serve = appstore_source([time + 30 * 86400 for time in times])
    pages = []
    for _ in range(10):
        pages.append(appstore.parse(serve(appstore.request("us/123456789", cursor)), cursor))
        cursor = pages[-1].cursor
    assert [page.rolled for page in pages] == [False] * 9 + [True] and not pages[-1].more


def test_a_feed_that_shares_nothing_with_the_last_one_may_have_rolled_past() -> None:
    def shown(*numbers: int) -> httpx.Response:
        items = "".join(f"<item><guid>{number}</guid><title>item {number}</title></item>" for number in numbers)
        return answer(f'<rss version="2.0"><channel>{items}</channel></rss>')

    first = rss.parse(shown(1, 2, 3), {})
    kept = json.loads(json.dumps(first.cursor))
    assert not first.rolled and not rss.parse(shown(3, 4), kept).rolled and not rss.parse(shown(), kept).rolled
    assert rss.parse(shown(4, 5, 6), kept).rolled

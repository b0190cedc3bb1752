"""Manners: when sources are asked, how far back, how often at most, and in what turns; in an invented week."""

import random
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import Path
from types import SimpleNamespace

import httpx
import pytest
from listening import DAY, EVERY, HOUR, MINUTE, NOON, SIZE, Listener, World, feeds, parse, request

from earful import connectors
from earful.connectors import walk
from earful.connectors.types import Page
from earful.data.database import Database
from earful.flows import collect, due, manners, turns
from earful.flows.manners import Asked, Bucket


@pytest.fixture
def connector(monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
    """The connector of every source of these tests, to be given what it lacks."""
    made = SimpleNamespace(__name__="earful.connectors.rss", request=request, parse=parse)
    monkeypatch.setattr(connectors, "find", lambda _: made)
    return made


@pytest.fixture
def listen(tmp_path: Path, connector: SimpleNamespace) -> Iterator[Callable[..., Listener]]:
    assert connector
    yield lambda *sources, **world: Listener(tmp_path, World(**world), sources)


# When


@pytest.mark.parametrize(
    ("every", "quiet", "hint", "expected"),
    [
        (EVERY, timedelta(0), timedelta(0), EVERY),
        (EVERY, 5 * HOUR, timedelta(0), EVERY),
        (EVERY, 8 * HOUR, timedelta(0), 20 * MINUTE),
        (EVERY, 90 * DAY, timedelta(0), 30 * MINUTE),
        (EVERY, 90 * DAY, 2 * HOUR, 2 * HOUR),
        (EVERY, timedelta(0), HOUR, HOUR),
        (EVERY, timedelta(0), 30 * DAY, 6 * HOUR),
        (2 * HOUR, timedelta(0), HOUR, 2 * HOUR),
        (12 * HOUR, 90 * DAY, HOUR, 12 * HOUR),
    ],
)
def test_what_is_quiet_is_asked_less_often_and_never_faster_than_wanted(
    every: timedelta, quiet: timedelta, hint: timedelta, expected: timedelta
) -> None:
    assert manners.next_check(NOON, Asked(every, quiet=quiet, hint=hint), 0.7) == NOON + expected


@pytest.mark.parametrize(("failures", "least"), [(1, EVERY), (2, 2 * EVERY), (4, 8 * EVERY), (30, 12 * HOUR)])
def test_each_failure_doubles_the_wait_and_chance_spreads_it(failures: int, least: timedelta) -> None:
    waits = [manners.next_check(NOON, Asked(EVERY, "failing", failures), jitter) for jitter in (0, 0.5, 0.999)]
    assert waits[0] == NOON + least
    assert waits == sorted(waits)
    assert waits[-1] <= NOON + 2 * least
    rare = manners.next_check(NOON, Asked(20 * HOUR, "failing", failures), 0)
    assert rare is not None
    assert rare >= NOON + 20 * HOUR


def test_each_end_of_asking_has_its_own_wait() -> None:
    assert manners.next_check(NOON, Asked(EVERY, "gone", 1), 0) is None
    assert manners.next_check(NOON, Asked(EVERY, "slow down", 1, after=5 * HOUR), 0) == NOON + 5 * HOUR
    assert manners.next_check(NOON, Asked(EVERY, "waiting", after=7 * MINUTE), 0) == NOON + 7 * MINUTE
    for failures in (1, 9):
        tried = manners.next_check(NOON, Asked(EVERY, "key refused", failures), 0.5)
        assert tried is not None
        assert 21 * HOUR < tried - NOON <= DAY


@pytest.mark.parametrize(
    ("headers", "content", "expected"),
    [
        ({"Cache-Control": "public, max-age=1800"}, b"{}", 30 * MINUTE),
        ({"Cache-Control": "no-cache, max-age=1800"}, b"{}", timedelta(0)),
        ({"Cache-Control": "s-maxage=1800"}, b"{}", timedelta(0)),
        ({"Cache-Control": "max-age=" + "9" * 40}, b"{}", DAY),
        ({"Cache-Control": "max-age=99999999"}, b"{}", DAY),
        ({}, b"<rss><channel><ttl> 90 </ttl><item><ttl>5</ttl></item></channel></rss>", 90 * MINUTE),
        ({}, b"<rss><channel><item><title>&lt;ttl&gt;</title><ttl>600</ttl></item></channel></rss>", timedelta(0)),
        ({}, b'{"text": "<ttl>600</ttl>"}', timedelta(0)),
        ({"Cache-Control": "max-age=60"}, b"<rss><ttl>60</ttl></rss>", HOUR),
    ],
)
def test_a_source_may_say_how_long_its_answer_holds(
    headers: dict[str, str], content: bytes, expected: timedelta
) -> None:
    assert manners.hint(httpx.Response(200, headers=headers, content=content)) == expected


def test_a_quiet_source_is_left_alone_and_news_bring_it_back(listen: Callable[..., Listener]) -> None:
    quiet = listen(*feeds("a.example/f"))
    quiet.tick()
    quiet.tick(EVERY)
    assert quiet.rows()[0].due == quiet.world.now + EVERY
    quiet.tick(9 * HOUR)
    assert quiet.rows()[0].due == quiet.world.now + (9 * HOUR + EVERY) / manners.SHARE
    quiet.tick(30 * DAY)
    assert quiet.rows()[0].due == quiet.world.now + 30 * MINUTE
    quiet.world.answer = lambda _: httpx.Response(200, json={"items": [quiet.world.now.timestamp()], "next": 0})
    quiet.tick(6 * HOUR)
    assert quiet.rows()[0].due == quiet.world.now + EVERY


def test_runs_that_begin_a_little_sooner_or_later_miss_no_turn(listen: Callable[..., Listener]) -> None:
    """A run's first answers come some seconds after it begins, and the next run may begin sooner after its tick."""
    source = listen(*feeds("a.example/f", "b.example/f"))
    chance, begins = random.Random(3), NOON

    def takes_a_while(_: httpx.Request) -> None:
        source.world.now += timedelta(seconds=20)

    source.world.answer = takes_a_while
    for turn in range(1, 9):
        source.world.now = begins + timedelta(seconds=chance.uniform(0, 25))
        source.tick()
        assert len(source.world.times("a.example")) == len(source.world.times("b.example")) == turn
        begins += EVERY


def test_what_failed_or_asked_for_a_pause_is_not_asked_a_second_too_soon(listen: Callable[..., Listener]) -> None:
    source = listen(*feeds("a.example/f"))
    answers = httpx.Response(429, headers={"Retry-After": "1200"}), httpx.Response(500)
    for asked, answer in enumerate(answers, 1):
        source.world.answer = lambda _, given=answer: given
        source.tick()
        due = source.rows()[0].due
        assert due and due - source.world.now >= (1200 if asked == 1 else 900) * timedelta(seconds=1)
        source.tick(due - source.world.now - timedelta(seconds=1))
        assert len(source.world.times()) == asked
        source.world.now += timedelta(seconds=1)
    source.tick()
    assert len(source.world.times()) == 3


# Quotas


def test_no_period_ever_sees_more_than_the_quota_and_almost_all_of_it_is_used() -> None:
    chance = random.Random(7)
    bucket, now, spent = Bucket(100, 3600), NOON, list[tuple[datetime, int]]()
    while now < NOON + 12 * HOUR:
        units = chance.choice((1, 3, 10))
        if wait := bucket.wait(units, now):
            assert bucket.wait(units, now + wait) == timedelta(0)
            assert bucket.wait(units, now + wait - timedelta(seconds=1)) > timedelta(0)
            now += wait
        bucket = bucket.spend(units, now)
        spent.append((now, units))
        now += timedelta(seconds=chance.random() * 20)
    for at, _ in spent:
        assert sum(units for when, units in spent if at <= when < at + HOUR) <= 100
    assert sum(units for _, units in spent) > 0.9 * 12 * 100
    assert len(bucket.spent) <= manners.SLICES + 2


def test_a_clock_that_went_back_does_not_lock_a_quota() -> None:
    bucket = Bucket(10, 60).spend(10, NOON + 3 * HOUR)
    assert bucket.left(NOON + 3 * HOUR) == 0
    assert bucket.left(NOON) == 10
    assert Bucket(5, 60).wait(6, NOON) == timedelta(seconds=60)


def test_with_a_key_the_quota_may_be_larger(connector: SimpleNamespace, monkeypatch: pytest.MonkeyPatch) -> None:
    connector.KEYS, connector.QUOTA, connector.KEYED_QUOTA = {"?key": "EARFUL_TEST_KEY"}, (300, 60), (10_000, 60)
    monkeypatch.delenv("EARFUL_TEST_KEY", raising=False)
    assert due.quota(connector) == (300, 60)
    monkeypatch.setenv("EARFUL_TEST_KEY", "x")
    assert due.quota(connector) == (10_000, 60)
    asked = [httpx.Request("GET", f"https://api.example/v3/{what}?q=search") for what in ("search", "comments")]
    assert [due.cost(connector, one) for one in asked] == [1, 1]
    connector.COST = {"search": 100}
    assert [due.cost(connector, one) for one in asked] == [100, 1]
    connector.COST = 5
    assert [due.cost(connector, one) for one in asked] == [5, 5]


def test_a_quota_used_up_while_paging_is_gone_on_with_later(
    listen: Callable[..., Listener], connector: SimpleNamespace
) -> None:
    connector.QUOTA, connector.COST = (30, 3600.0), {"f": 10}
    source = listen(*feeds("api.example/v1/f"), items=6 * SIZE)
    (report,) = source.tick()
    assert (report.state, report.error, report.new) == ("waiting", "", 3 * SIZE)
    assert "used up" in report.note
    (row,) = source.rows()
    assert (row.state, row.failures, row.cursor["next"]) == ("waiting", 0, 3 * SIZE)
    assert row.due is not None
    assert HOUR <= row.due - NOON <= HOUR + 3 * MINUTE
    assert source.tick(EVERY) == []
    (report,) = source.tick(HOUR)
    assert (report.state, report.new) == ("fine", 3 * SIZE)
    assert [place for _, place in source.world.asked] == ["api.example/v1/f"] * 6
    assert (source.count("mentions"), source.count("gaps")) == (6 * SIZE, 0)


# How far back


@pytest.mark.parametrize(("backfill", "pages"), [(12 * HOUR, 4), (30 * DAY, 8)])
def test_a_first_walk_goes_back_as_far_as_is_wanted(
    listen: Callable[..., Listener], backfill: timedelta, pages: int
) -> None:
    source = listen(*feeds("a.example/f", backfill=backfill), items=8 * SIZE)
    source.tick()
    assert len(source.world.asked) == pages
    assert source.count("mentions") == pages * SIZE
    assert source.rows()[0].cursor == {"since": int(NOON.timestamp())}
    source.tick(EVERY)
    assert len(source.world.asked) == pages + 1  # which met what is known


def test_a_page_in_no_order_or_without_dates_ends_no_walk() -> None:
    def page(*hours: int) -> Page:
        return parse(httpx.Response(200, json={"items": [(NOON - h * HOUR).timestamp() for h in hours], "next": 1}), {})

    assert manners.far_enough(page(20, 30, 40).mentions, NOON - 24 * HOUR)
    assert not manners.far_enough(page(10, 20, 40).mentions, NOON - 24 * HOUR)
    assert not manners.far_enough(page(40, 30, 20).mentions, NOON - 24 * HOUR), "it runs forward"
    assert not manners.far_enough((), NOON)
    assert walk.ended({"page": 3}) is None
    assert walk.ended({"since": 1, "top": 9, "next": "x", "pages": 2, "tag": "t"}) == {"since": 9, "tag": "t"}


# In turns


def test_a_host_with_much_to_say_holds_up_no_other(
    listen: Callable[..., Listener], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(turns, "HOSTS_AT_ONCE", 1)
    source = listen(*feeds("big.example/1", "big.example/2", "small.example/1", "tiny.example/1"), items=6 * SIZE)
    source.world.answer = lambda asked: None if asked.url.host == "big.example" else short()
    source.tick()
    hosts = [place.partition(".")[0] for _, place in source.world.asked]
    assert Counter(hosts) == {"big": 12, "small": 1, "tiny": 1}
    assert set(hosts[:3]) == {"big", "small", "tiny"}


def test_a_host_that_never_answers_is_given_up_for_the_run(listen: Callable[..., Listener]) -> None:
    def dead(asked: httpx.Request) -> httpx.Response:
        if asked.url.host == "dead.example":
            raise httpx.ConnectError("no route")
        return short()

    source = listen(*feeds(*(f"dead.example/{number}" for number in range(9)), "well.example/1"))
    source.world.answer = dead
    reports = source.tick()
    assert len(source.world.times("dead.example")) == turns.UNANSWERED
    assert Counter(report.state for report in reports) == {"failing": 9, "fine": 1}
    rows = [row for row in source.rows() if row.host == "dead.example"]
    assert {row.failures for row in rows} == {1}
    assert all(row.due and EVERY <= row.due - NOON <= 2 * EVERY for row in rows)
    assert "gave no answer" in rows[-1].error
    source.world.asked.clear()
    source.tick(DAY)
    assert len(source.world.times("dead.example")) == 1, "it was so the last time"
    assert {row.failures for row in source.rows() if row.host == "dead.example"} == {2}


def test_hosts_that_may_not_answer_hold_up_no_other(
    listen: Callable[..., Listener], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(turns, "HOSTS_AT_ONCE", 1)
    monkeypatch.setattr(turns, "DOUBTFUL_AT_ONCE", 1)
    bad = [f"a-bad-{number}.example/f" for number in range(3)]
    source = listen(*feeds(*bad, *(f"good-{number}.example/{page}" for number in range(3) for page in range(2))))
    heard, waited = threading.Event(), list[bool]()

    def hang(asked: httpx.Request) -> httpx.Response:
        if asked.url.host.startswith("good"):
            if len(source.world.times("good")) == 6:
                heard.set()
            return short()
        if source.world.now > NOON:
            waited.append(heard.wait(20))
        raise httpx.ReadTimeout("no answer")

    source.world.answer = hang
    source.tick()
    source.world.asked.clear()
    heard.clear()
    source.tick(DAY)
    assert waited == [True] * 3, "all that is well was heard while the first that is not still hung"


def test_what_a_run_has_no_time_for_comes_first_in_the_next(
    listen: Callable[..., Listener], monkeypatch: pytest.MonkeyPatch
) -> None:
    source = listen(*feeds("a.example/1", "a.example/2", "a.example/3"))
    monkeypatch.setattr(turns, "LONGEST", -1.0)
    asked = [[report.source for report in source.tick(EVERY)] for _ in range(4)]
    assert [len(reports) for reports in asked] == [1, 1, 1, 1]
    assert sorted(asked[0] + asked[1] + asked[2]) == sorted(one.name for one in source.sources)


def test_the_pace_at_a_host_survives_a_restart(listen: Callable[..., Listener]) -> None:
    source = listen(*feeds("a.example/1", "b.example/1"))
    source.spacing = 8.0
    source.tick()
    assert source.waits == []
    with Database(source.folder / "store").transaction() as con:
        con.execute("UPDATE sources SET due = ? WHERE source LIKE '%a.example%'", [NOON])
    source.tick(timedelta(seconds=3))
    assert len(source.waits) == 1
    assert 0 < source.waits[0] <= 12 - 3
    source.tick(HOUR)
    assert len(source.waits) == 1


def short() -> httpx.Response:
    return httpx.Response(200, json={"items": [NOON.timestamp()], "next": 0})


# When much goes wrong


def no_network(_: httpx.Request) -> httpx.Response:
    raise httpx.ConnectError("the network is unreachable")


def test_all_come_back_from_an_outage_soon_and_not_at_once(listen: Callable[..., Listener]) -> None:
    source = listen(*feeds(*(f"f{number}.example/feed" for number in range(12))))
    source.tick()
    source.world.answer = no_network
    for _ in range(8):
        source.until_due()
        source.tick(EVERY)
    assert {row.state for row in source.rows()} == {"failing"}
    assert max(row.failures for row in source.rows()) <= collect.OUTAGE + 1
    source.world.answer = lambda _: None
    source.world.asked.clear()
    for _ in range(8):  # the last to come back is a matter of chance
        source.tick(EVERY)
    firsts = {}
    for at, place in source.world.asked:
        firsts.setdefault(place, at)
    assert len(firsts) == 12
    assert {row.state for row in source.rows()} == {"fine"}
    assert max(Counter(firsts.values()).values()) < 12
    assert source.count("gaps") == 0, "nothing was missed: the answers came in full"


def test_five_hundred_that_fail_for_five_ticks_come_back_spread_out() -> None:
    chance = random.Random(11)
    plan, failures = dict.fromkeys(range(500), NOON), Counter[int]()
    load, back = Counter[int](), dict[int, int]()
    for tick in range(12):
        now = NOON + tick * EVERY
        for name in [name for name, at in plan.items() if at <= now]:
            load[tick] += 1
            failures[name] = failures[name] + 1 if tick < 5 else 0
            if tick >= 5:
                back.setdefault(name, tick)
            state = "failing" if failures[name] else "fine"
            then = manners.next_check(now, Asked(EVERY, state, failures[name]), chance.random())
            assert then is not None
            assert then - now >= EVERY
            plan[name] = then
    assert sum(load[tick] for tick in range(5)) <= 2 * 500, "half of what they are asked when they are well"
    assert max(load.values()) <= 500, "and never more at once than then"
    assert len(back) == 500
    assert max(back.values()) <= 8
    assert max(Counter(back.values()).values()) <= 300


@pytest.mark.parametrize("jump", [3 * HOUR, -3 * HOUR])
def test_a_clock_that_jumps_neither_stalls_nor_hammers(listen: Callable[..., Listener], jump: timedelta) -> None:
    source = listen(*feeds("a.example/f", "b.example/f"))
    for _ in range(4):
        source.tick(EVERY)
    source.world.now += jump
    source.world.asked.clear()
    for _ in range(12):  # an hour, by ticks of five minutes
        source.tick(5 * MINUTE)
    for place in ("a.example", "b.example"):
        times = source.world.times(place)
        assert 3 <= len(times) <= 5
        assert min(later - before for before, later in pairwise(times)) >= EVERY
    assert all(row.last_success and row.last_success <= source.world.now for row in source.rows())


def test_a_pause_of_a_host_goes_back_with_the_clock(listen: Callable[..., Listener]) -> None:
    source = listen(*feeds("a.example/1", "a.example/2"))
    source.world.answer = lambda _: httpx.Response(429, headers={"Retry-After": "3600"})
    source.tick()
    assert len(source.world.asked) == 1
    source.world.answer = lambda _: None
    source.tick(-3 * HOUR)
    assert len(source.world.asked) == 1
    source.tick(HOUR + MINUTE)
    assert [place for _, place in source.world.asked[1:]] == ["a.example/2", "a.example/1"]


def test_a_refused_key_is_tried_once_a_day_and_a_new_one_at_once(
    listen: Callable[..., Listener], connector: SimpleNamespace, monkeypatch: pytest.MonkeyPatch
) -> None:
    connector.KEYS = {"Authorization": "Bearer EARFUL_TEST_KEY"}
    source = listen(*feeds("api.example/f"))
    source.world.answer = lambda asked: None if asked.headers["authorization"] == "Bearer new" else httpx.Response(401)
    monkeypatch.setenv("EARFUL_TEST_KEY", "old")
    for after in (timedelta(0), EVERY, 21 * HOUR):
        source.tick(after)
    assert len(source.world.asked) == 1
    assert source.rows()[0].state == "key refused"
    source.tick(3 * HOUR)
    assert len(source.world.asked) == 2
    monkeypatch.setenv("EARFUL_TEST_KEY", "new")
    source.tick(EVERY)
    assert (len(source.world.asked), source.rows()[0].state) == (3, "fine")
    assert source.rows()[0].key_mark == ""

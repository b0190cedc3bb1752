"""What sources and the way to them do wrong, through the real client and into the real store: nothing is lost by it."""

from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace

import httpx
import pytest
from faultserver import FaultServer, client
from listening import DAY, EVERY, HOUR, NOON, SIZE, HeldOpen, Listener, World, feeds, parse, request
from test_stream import LONG_AGO, now, post, posts, serving

from earful import connectors
from earful.connectors import feed, jetstream
from earful.connectors.http import Client
from earful.connectors.types import Cursor
from earful.data import todo
from earful.data.database import Database
from earful.data.queries import Gap
from earful.data.standing import gaps
from earful.flows import collect, run, troubles
from earful.flows.config import Brand, Config, Source
from earful.flows.report import Report


def items(*numbers: int) -> bytes:
    """A feed with these items."""
    shown = "".join(
        f'<item><guid isPermaLink="false">k{number}</guid><title>Kettle {number}</title>'
        f"<pubDate>{NOON - 30 * DAY + number * HOUR:%a, %d %b %Y %H:%M:%S} GMT</pubDate></item>"
        for number in numbers
    )
    return f'<?xml version="1.0"?><rss version="2.0"><channel><title>K</title>{shown}</channel></rss>'.encode()


class Line:
    """A store that listens to the fault server over a real line."""

    def __init__(self, folder: Path, *sources: Source) -> None:
        self.folder, self.now, self.sources = folder, NOON, sources
        self.database = Database(folder / "store")

    def tick(self, after: timedelta = timedelta(0)) -> list[Report]:
        self.now += after
        config = Config(
            folder=self.folder,
            brands=(Brand(name="Acme", match="x"),),
            sources=self.sources,
            network={"allow": ["localhost"]},
        )
        job = run.Job(self.database, config, client(deadline=20.0), lambda: self.now, lambda *_: None)
        run.prepare(job)
        return collect.collect(self.database, config, job.client, job.clock, job.progress)

    @property
    def row(self) -> todo.SourceRow:
        with self.database.look() as con:
            return todo.sources(con)[0]

    def ids(self) -> list[str]:
        with self.database.look() as con:
            return [name for (name,) in con.execute("SELECT id FROM mentions ORDER BY id").fetchall()]

    def gaps(self) -> list[Gap]:
        with self.database.look() as con:
            return [gap for found in gaps(con, NOON - 900 * DAY).values() for gap in found]


@pytest.fixture
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """A busy machine is no hostile feed."""
    monkeypatch.setattr(feed, "SECONDS", 60.0)


@pytest.fixture
def line(tmp_path: Path, faults: FaultServer, patient: None) -> Line:
    faults.feed = items(1, 2)
    return Line(tmp_path, Source(connector="rss", target=f"{faults.address}/feed"))


# A captive portal


def paths(faults: FaultServer) -> list[str]:
    asked = [path for path, _ in faults.requests]
    faults.requests.clear()
    return asked


@pytest.mark.parametrize(("leads_to", "state"), [("/login", "blocked"), ("/gzip", "fine"), ("/404", "failing")])
def test_a_captive_portals_permanent_redirect_for_one_tick_moves_nothing(
    line: Line, faults: FaultServer, leads_to: str, state: str
) -> None:
    line.tick()
    faults.etag, faults.portal = '"v2"', f"{faults.address}{leads_to}"
    line.tick(HOUR)
    assert line.row.state == state
    faults.portal, faults.feed = "", items(2, 3)
    paths(faults)
    line.tick(5 * HOUR)
    assert (line.row.state, line.row.moved_to) == ("fine", "")
    assert paths(faults) == ["/feed"]
    for _ in range(2):
        line.tick(5 * DAY)
    assert paths(faults) == ["/feed", "/feed"], "the day of the portal is forgotten"
    assert line.ids() == ["k1", "k2", "k3"]


def test_a_feed_that_says_for_days_that_it_moved_is_asked_at_its_new_address(tmp_path: Path, patient: None) -> None:
    with FaultServer() as faults:
        line = Line(tmp_path, Source(connector="rss", target=f"{faults.address}/moved/301"))
        for _ in range(3):
            line.tick(DAY)
            assert paths(faults) == ["/moved/301", "/feed"]
        line.tick(DAY)
        assert paths(faults) == ["/feed"]


# Windows and cursors


def test_a_window_that_rolled_over_while_we_slept_is_a_gap_and_one_that_did_not_is_none(
    line: Line, faults: FaultServer
) -> None:
    line.tick()
    line.tick(DAY)
    heard = line.now
    faults.feed, faults.etag = items(2, 3, 4), '"v2"'
    line.tick(DAY)
    assert line.gaps() == []
    heard = line.now
    faults.feed, faults.etag = items(7, 8, 9), '"v3"'
    line.tick(3 * DAY)
    assert [(gap.start, gap.finish, gap.reason) for gap in line.gaps()] == [
        (heard, line.now, "may have rolled past us")
    ]
    faults.feed, faults.etag = items(9, 10), '"v4"'
    line.tick(DAY)
    assert len(line.gaps()) == 1
    assert len(line.ids()) == 8


def test_a_feed_that_ends_in_a_404_is_asked_ever_less_often(tmp_path: Path, faults: FaultServer) -> None:
    line = Line(tmp_path, Source(connector="rss", target=f"{faults.address}/404"))
    waits = []
    for _ in range(4):
        line.tick()
        assert line.row.state == "failing" and "mistyped" in line.row.error
        waits.append((line.row.due or line.now) - line.now)
        line.now += waits[-1]
    assert all(wait >= 2**count * EVERY for count, wait in enumerate(waits)), waits
    assert len(paths(faults)) == 4


@pytest.fixture
def listen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Listener]:
    made = SimpleNamespace(__name__="earful.connectors.rss", request=request, parse=parse)
    monkeypatch.setattr(connectors, "find", lambda _: made)
    yield Listener(tmp_path, World(items=6 * SIZE), feeds("a.example/f"))


def test_a_cursor_that_the_source_no_longer_accepts_is_given_up_and_nothing_is_missed(listen: Listener) -> None:
    valid = {0, SIZE, 2 * SIZE}

    def answer(asked: httpx.Request) -> httpx.Response | None:
        place = int(asked.url.params["from"])
        if not place and listen.world.now > NOON:
            valid.update(range(6 * SIZE))  # whoever begins anew gets places that are good
        return None if place in valid else httpx.Response(400, json={"error": "invalid page token"})

    listen.world.answer = answer
    listen.tick()
    assert (listen.rows()[0].state, listen.rows()[0].cursor["next"]) == ("failing", 3 * SIZE)
    for _ in range(3):
        listen.until_due()
        listen.tick()
    assert listen.rows()[0].state == "fine"
    assert listen.count("mentions") == 6 * SIZE
    assert listen.rows()[0].cursor == {"since": int(NOON.timestamp())}


def test_a_place_is_not_given_up_because_nothing_can_be_reached(listen: Listener) -> None:
    def no_network(asked: httpx.Request) -> httpx.Response | None:
        if asked.url.params["from"] == "0":
            return None
        raise httpx.ConnectError("no route")

    listen.world.answer = no_network
    for _ in range(4):
        listen.tick()
        listen.until_due()
    assert listen.rows()[0].cursor["next"] == SIZE
    listen.world.answer = lambda _: None
    listen.tick()
    assert listen.count("mentions") == 6 * SIZE


# Everything at once


@pytest.mark.timeout(300)
@pytest.mark.parametrize("how", ["unreachable", "500"])
def test_five_hundred_of_five_hundred_feeds_fail_for_five_ticks_and_come_back_without_a_burst(
    tmp_path: Path, listen: Listener, how: str
) -> None:
    def down(_: httpx.Request) -> httpx.Response:
        if how == "500":
            return httpx.Response(500)
        raise httpx.ConnectError("the network is unreachable")

    sources = feeds(*(f"h{number % 50}.example/{number}" for number in range(500)))
    config = Config(folder=tmp_path, brands=(Brand(name="Acme", match="x"),), sources=sources)
    database, world = HeldOpen(tmp_path / "store"), World()
    run.prepare(run.Job(database, config, Client(), world.clock, lambda *_: None))
    with database.transaction() as con:  # as good visits left it
        con.execute("UPDATE sources SET state = 'fine', last_success = ?", [NOON - EVERY])
    told, load, back = Counter[str](), list[int](), dict[str, int]()
    for tick in range(5 + 8):
        world.answer = down if tick < 5 else lambda _: httpx.Response(304)
        world.asked.clear()
        collect.collect(database, config, Client(transport=world, spacing=0), world.clock, lambda *_: None)
        load.append(len(world.asked))
        assert max(Counter(place for _, place in world.asked).values(), default=0) <= 1
        for _, place in world.asked if tick >= 5 else ():
            back.setdefault(place, tick)
        with database.transaction() as con:
            told.update(f"{one.card['kind']} {one.state}" for one in troubles.watch(con, config, world.now))
        world.now += EVERY
        if len(back) == 500:
            break
    with database.look() as con:
        assert {row.state for row in todo.sources(con)} == {"fine"}
        assert con.execute("SELECT count(*) FROM gaps").fetchone() == (0,), "nothing had changed meanwhile"
    assert sum(load[:5]) <= 1250, "half of what they are asked when they are well"
    assert max(load) <= 500, "and never more at once than then"
    assert max(Counter(back.values()).values()) <= 400, "they come back spread out"
    assert told == {"network firing": 1, "network resolved": 1}, "not five hundred messages"


@pytest.mark.parametrize("how", [404, 410, 401, 500])
@pytest.mark.parametrize("chance", [0.0, 0.5, 0.999])
def test_the_end_of_a_source_is_told_within_the_hour_however_quiet_it_was(
    tmp_path: Path, listen: Listener, monkeypatch: pytest.MonkeyPatch, how: int, chance: float
) -> None:
    """It had been quiet for months; it ends right after a look; runs come every 15 minutes."""
    monkeypatch.setattr("earful.flows.asking.random.random", lambda: chance)
    config = Config(folder=tmp_path, brands=(Brand(name="Acme", match="x"),), sources=listen.sources)
    listen.world.items = 1
    listen.tick()
    listen.tick(90 * DAY)
    ended = listen.world.now
    listen.world.answer = lambda _: httpx.Response(how)
    while True:
        listen.tick(EVERY)
        with listen.database.transaction() as con:
            told = [alert.card["condition"] for alert in troubles.watch(con, config, listen.world.now)]
        if told:
            break
        assert listen.world.now - ended < HOUR
    assert told == [{404: "failing", 410: "gone", 401: "blocked", 500: "failing"}[how]]


# A stream


def test_a_stream_that_drops_repeats_and_reorders_is_kept_once_each(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def asked(target: str, cursor: Cursor) -> httpx.Request:
        wanted = jetstream.request(target, cursor)
        url = httpx.URL(address, params=wanted.url.params)
        return httpx.Request("GET", url, extensions={**wanted.extensions, "seconds": 10.0})

    made = SimpleNamespace(__name__="earful.connectors.jetstream", request=asked, parse=jetstream.parse)
    listening = Source(connector="jetstream", target="acme")
    monkeypatch.setattr(connectors, "find", lambda _: made)
    line = Line(tmp_path, listening)
    old = posts(LONG_AGO, 40, "old")
    with serving(*old[:20]) as (address, _):  # and there it drops, again and again
        line.tick()
    assert line.row.state == "failing" and "did not move on" in line.row.error
    assert len(line.ids()) == 20
    place = line.row.cursor["time"]
    mixed = [*old[30:12:-1], *old[10:], *old[5:25], post(LONG_AGO + 7, "old7", "acme, edited")]
    with serving(*mixed, *posts(now(), prefix="new"), hold=True) as (address, requests):
        line.tick(HOUR)
    assert line.row.state == "fine" and line.row.cursor["time"] > place
    assert f"cursor={place - jetstream.OVERLAP}" in requests[0].path
    keys = [name.rpartition("/")[2] for name in line.ids()]
    assert sorted(key for key in keys if key.startswith("old")) == sorted(f"old{number}" for number in range(40))
    with line.database.look() as con:
        edited = con.execute("SELECT text FROM mentions WHERE id LIKE '%/old7'").fetchone()
    assert edited == ("acme, edited",)

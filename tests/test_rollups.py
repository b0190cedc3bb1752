"""The counts a day are what the facts count, whatever happens to these, and the pages' figures are the same by both."""

import os
import random
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import duckdb
import harness
import pytest

from earful.connectors.types import Mention
from earful.dashboard import period
from earful.data import database, queries, relevance, rollups, store, stories
from earful.data.database import Database
from earful.data.queries import Filters
from earful.data.store import Examined, Score

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
SOURCES = ("shop", "news")
BRANDS = ("Acme", "Brimstone")
ZONES = ("Europe/Berlin", "Asia/Kathmandu", "America/Havana", "UTC")
Connection = duckdb.DuckDBPyConnection


def mention(key: str, days: float, words: str = "") -> Mention:
    return Mention(key, f"https://x.example/{key}", "ada", NOON - timedelta(days=days), "", f"Acme {key} {words}")


def arrive(con: Connection, chance: random.Random, model: str) -> None:
    """New mentions, with copies, some of two brands; some are scored already."""
    source = chance.choice(SOURCES)
    new = [mention(f"{chance.randrange(60)}", chance.uniform(0, 200), chance.choice("ab")) for _ in range(12)]
    store.save_page(con, source, new, NOON)
    store.save_examined(
        con,
        chance.choice(("rules", "other rules")),
        [
            Examined(
                source,
                one.id,
                store.digest(one),
                chance.choice(("en", "is")),
                f"story {chance.randrange(25)}",
                tuple(brand for brand in BRANDS if chance.random() < 0.7),
            )
            for one in {one.id: one for one in new}.values()
        ],
    )
    read(con, chance, model)


def read(con: Connection, chance: random.Random, model: str) -> None:
    """A model scores some of what is there."""
    rows = con.execute(
        "SELECT source, id, brand, digest FROM matches JOIN mentions USING (source, id) ORDER BY ALL"
    ).fetchall()
    scores = [
        Score(source, key, brand, digest, 0.3, 0.3, 0.4, chance.choice(("negative", "neutral", "positive", "unclear")))
        for source, key, brand, digest in chance.sample(rows, len(rows) // 2)
    ]
    store.save_scores(con, model, NOON, scores)


def decide(con: Connection, chance: random.Random, _model: str) -> None:
    """People correct a label, or say that a mention is not about the brand, or take that back."""
    rows = con.execute("SELECT source, id, brand FROM matches ORDER BY ALL").fetchall()
    for source, key, brand in chance.sample(rows, min(4, len(rows))):
        now = NOON + timedelta(seconds=chance.randrange(10_000))
        store.save_correction(con, source, key, brand, chance.choice(store.LABELS), "ada", now)
    for source, key, brand in chance.sample(rows, min(4, len(rows))):
        now = NOON + timedelta(seconds=chance.randrange(10_000))
        relevance.save_mark(con, source, key, brand, chance.choice((True, False, None)), "ada", now)


def group(con: Connection, chance: random.Random, _model: str) -> None:
    """Two stories become one."""
    names = [row[0] for row in con.execute("SELECT DISTINCT story FROM examined ORDER BY 1").fetchall()]
    if len(names) > 1:
        stories.place(con, [], [tuple(chance.sample(names, 2))], NOON)


def change_model(con: Connection, chance: random.Random, _model: str) -> None:
    store.use_model(con, chance.choice(("small", "large")))


def move(con: Connection, chance: random.Random, _model: str) -> None:
    """The team moves to another time zone."""
    store.put_setting(con, "timezone", chance.choice(ZONES))


STEPS = (arrive, arrive, arrive, read, decide, decide, group, change_model, move)


def counted(con: Connection) -> list[tuple[object, ...]]:
    """The facts a day, counted anew, by the clock of the zone that the counts are kept in."""
    (name,) = con.execute("SELECT value ->> '$' FROM settings WHERE key = 'daily_zone'").fetchone() or ("UTC",)
    rows = con.execute("SELECT brand, source, label, corrected, hidden, leads, published FROM facts").fetchall()
    found: dict[tuple[object, ...], int] = {}
    for *kind, published in rows:
        midnight = published.astimezone(ZoneInfo(name)).replace(hour=0, minute=0, second=0, microsecond=0)
        key = (*kind, int(midnight.timestamp()))
        found[key] = found.get(key, 0) + 1
    return sorted((*key, count) for key, count in found.items())


def kept(con: Connection) -> list[tuple[object, ...]]:
    kinds = "brand, source, label, corrected, hidden, leads, day"
    return sorted(con.execute(f"SELECT {kinds}, count FROM daily").fetchall())


def begun(folder: Path) -> Database:
    """A store with two brands and two sources; the team sits in Kathmandu, 5:45 hours before UTC."""
    database = Database(folder)
    with database.transaction() as con:
        store.set_up(con, [(name, "own", name) for name in BRANDS], [(name, "rss", "x") for name in SOURCES])
        store.put_setting(con, "timezone", "Asia/Kathmandu")
        store.use_model(con, "small")
    return database


@pytest.mark.parametrize("seed", range(6))
def test_the_counts_a_day_are_what_the_facts_count_after_any_steps(tmp_path: Path, seed: int) -> None:
    chance = random.Random(seed)
    kept_in = begun(tmp_path)
    with kept_in.transaction() as con:
        arrive(con, chance, "small")
    for _ in range(4):
        with kept_in.transaction(publish=False) as con:
            for _ in range(chance.randrange(1, 5)):
                chance.choice(STEPS)(con, chance, chance.choice(("small", "large")))
                assert kept(con) == counted(con)
                assert kept(con)


@pytest.mark.parametrize("seed", range(4))
def test_a_page_shows_the_same_by_counts_a_day_as_by_the_facts(
    tmp_path: Path, seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    chance = random.Random(seed)
    kept_in = begun(tmp_path)
    zone = ZoneInfo(ZONES[seed])
    with kept_in.transaction() as con:
        store.put_setting(con, "timezone", zone.key)
        for step in (arrive, arrive, arrive, decide):
            step(con, chance, "small")

    def shown() -> tuple[list[object], ...]:
        found: list[list[object]] = []
        with database.snapshot(tmp_path) as con:
            for choice in ("24h", "7d", "30d", "365d"):
                for sources in ((), ("shop",)):
                    span = period.last(choice, NOON, zone)
                    for stories in (True, False):
                        filters = Filters("Acme", span.start, span.finish, stories, sources)
                        found.append(sorted(queries.counts(con, filters, span.borders).itertuples(index=False)))
            span = period.between(NOON - timedelta(days=33, minutes=137), NOON - timedelta(hours=5), zone)
            found.append(sorted(queries.counts(con, filters, span.borders).itertuples(index=False)))
            found.append([queries.known_sources(con), *(queries.reach(con, brand) for brand in (*BRANDS, "none"))])
        return tuple(found)

    split = rollups.split
    days: list[int] = []

    def watched(con: Connection, edges: list[int]) -> rollups.Split:
        days.append(len(split(con, edges).days))
        return split(con, edges)

    monkeypatch.setattr(rollups, "split", watched)
    by_days = shown()
    assert max(days) > 700, "a year and the year before are read by the day"
    monkeypatch.setattr(rollups, "split", split)
    monkeypatch.setattr(rollups, "kept", lambda _con: None)
    assert by_days == shown()
    assert len(by_days[-3]) > 10


def test_while_the_team_has_moved_the_counts_are_not_read_and_the_next_refresh_makes_them_anew(tmp_path: Path) -> None:
    chance = random.Random(1)
    kept_in = begun(tmp_path)
    with kept_in.transaction() as con:
        arrive(con, chance, "small")
        assert rollups.kept(con) == ZoneInfo("Asia/Kathmandu")
        store.put_setting(con, "timezone", "Europe/Berlin")
        assert rollups.kept(con) is None
        assert rollups.split(con, [0, 90 * 86_400]).days == ()
        read(con, chance, "small")
        assert rollups.kept(con) == ZoneInfo("Europe/Berlin")
        assert kept(con) == counted(con)


def test_days_are_whole_where_the_clocks_are_changed_at_midnight(tmp_path: Path) -> None:
    havana = ZoneInfo("America/Havana")  # where an hour after midnight is skipped, or comes twice
    first, last = (datetime(2026, *day, tzinfo=havana) for day in ((3, 7), (3, 10)))
    with begun(tmp_path).transaction() as con:
        store.put_setting(con, "timezone", havana.key)
        rollups.rebuild(con)
        found = rollups.split(con, [int(first.timestamp()), int(last.timestamp())])
    assert [b - a for a, b in zip(found.days, found.days[1:], strict=False)] == [86_400, 82_800]
    assert found.spans == ()


def test_what_fails_half_way_leaves_facts_and_counts_as_they_were(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    chance = random.Random(3)
    kept_in = begun(tmp_path)
    with kept_in.transaction() as con:
        arrive(con, chance, "small")
        before = kept(con)
    with monkeypatch.context() as patched:
        patched.setattr(rollups, "put_in", lambda _con: 1 / 0)
        with pytest.raises(ZeroDivisionError), kept_in.transaction() as con:
            arrive(con, chance, "small")
    with kept_in.transaction() as con:
        assert kept(con) == before == counted(con)


def killed(folder: Path) -> None:
    os.environ["EARFUL_FAIL_AT"] = "before_commit"
    with Database(folder).transaction() as con:
        arrive(con, random.Random(4), "small")


def test_killed_before_they_are_kept_neither_facts_nor_counts_have_moved(tmp_path: Path) -> None:
    kept_in = begun(tmp_path)
    with kept_in.transaction() as con:
        arrive(con, random.Random(3), "small")
        before = kept(con)
    with harness.running(killed, tmp_path) as process:
        assert harness.ended(process) == -9
    with kept_in.transaction() as con:
        assert kept(con) == before == counted(con)

"""The dashboard's questions, on a small invented store whose answers are counted by hand."""

import itertools
import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import duckdb
import invented_store
import pytest
from invented_store import NOON

from earful.dashboard import figures, period
from earful.dashboard.figures import Totals
from earful.data import database, filtering, queries, store
from earful.data.database import Database
from earful.data.queries import Filters

BERLIN = ZoneInfo("Europe/Berlin")
THIRTY = period.last("30d", NOON, BERLIN)
ACME = Filters("Acme", THIRTY.start, THIRTY.finish)
MENTIONS = replace(ACME, stories=False)


@pytest.fixture
def kept(tmp_path: Path) -> Database:
    return invented_store.fill(tmp_path)


@pytest.fixture
def con(kept: Database) -> Iterator[duckdb.DuckDBPyConnection]:
    with database.snapshot(kept.folder) as connection:
        yield connection


def now_and_before(con: duckdb.DuckDBPyConnection, filters: Filters) -> tuple[Totals, Totals]:
    counts = queries.counts(con, filters, THIRTY.borders)
    return (
        figures.totals(counts, filters.brand, THIRTY.start, THIRTY.finish),
        figures.totals(counts, filters.brand, THIRTY.before, THIRTY.before_finish),
    )


def test_stories_and_mentions_are_counted_apart(con: duckdb.DuckDBPyConnection) -> None:
    stories, _ = now_and_before(con, ACME)
    mentions, _ = now_and_before(con, MENTIONS)
    assert stories == Totals(negative=2, neutral=1, positive=1, unclear=1, unscored=1)
    assert mentions == Totals(negative=2, neutral=2, positive=1, unclear=1, unscored=1)
    assert (stories.volume, stories.judged, stories.opinionated) == (6, 4, 3)


def test_the_period_before_is_as_long_and_ends_where_this_one_began_to_be_counted(
    con: duckdb.DuckDBPyConnection,
) -> None:
    _, before = now_and_before(con, ACME)
    assert before == Totals(negative=1, positive=2)


def test_a_source_and_the_stories_that_lead_there(con: duckdb.DuckDBPyConnection) -> None:
    news = replace(ACME, sources=("news",))
    assert now_and_before(con, news)[0] == Totals(unclear=1, unscored=1)
    assert now_and_before(con, replace(news, stories=False))[0] == Totals(neutral=1, unclear=1, unscored=1)


def test_share_of_voice_counts_all_brands_under_the_same_filters(con: duckdb.DuckDBPyConnection) -> None:
    counts = queries.counts(con, ACME, THIRTY.borders)
    assert figures.volume_by_brand(counts, THIRTY.start, THIRTY.finish) == {"Acme": 6, "Bolt": 1}
    assert figures.volume_by_brand(counts, THIRTY.before, THIRTY.before_finish) == {"Acme": 3, "Bolt": 1}


def test_a_correction_wins_and_survives_every_new_scoring(kept: Database) -> None:
    with kept.transaction() as con:
        store.save_correction(con, "shop", "a3", "Acme", "positive", "eva", NOON)
        store.save_correction(con, "news", "a6", "Acme", "unclear", "eva", NOON)
    corrected = Totals(negative=1, neutral=1, positive=2, unclear=2)
    with database.snapshot(kept.folder) as con:
        assert now_and_before(con, ACME)[0] == corrected
    with kept.transaction() as con:
        store.save_scores(con, invented_store.MODEL, NOON, invented_store.scores(invented_store.SAID, NOON))
    with kept.transaction() as con:
        store.use_model(con, "a newer one")
    with database.snapshot(kept.folder) as con:
        rescored = now_and_before(con, ACME)[0]
        detail = queries.detail(con, "shop", "a3", "Acme")
    assert rescored == Totals(positive=1, unclear=1, unscored=4)  # what nobody corrected waits for the newer model
    assert detail is not None
    assert (detail.label, detail.corrected, detail.judged) == ("positive", True, "unscored")


def test_the_list_is_newest_first_and_knows_the_copies(con: duckdb.DuckDBPyConnection) -> None:
    found = queries.mentions(con, ACME, 10)
    assert [line.id for line in found] == ["a1", "a3", "a4", "a5", "a6", "a7"]
    assert [line.copies for line in found] == [2, 1, 1, 1, 1, 1]
    assert found[0].published == NOON - timedelta(days=1.1)
    assert queries.count_mentions(con, ACME) == 6
    assert [line.id for line in queries.mentions(con, MENTIONS, 10)] == ["a2", "a1", "a3", "a4", "a5", "a6", "a7"]


def test_the_list_is_cut_in_pages(con: duckdb.DuckDBPyConnection) -> None:
    assert [line.id for line in queries.mentions(con, ACME, 4)] == ["a1", "a3", "a4", "a5"]
    assert [line.id for line in queries.mentions(con, ACME, 4, 4)] == ["a6", "a7"]


@pytest.mark.parametrize(
    ("change", "ids"),
    [
        ({"labels": ("negative", "unclear")}, ["a1", "a3", "a5"]),
        ({"languages": ("is",)}, ["a6"]),
        ({"words": "again acme"}, ["a1", "a3"]),
        ({"words": "PARCEL"}, ["a1"]),
        ({"words": "100%"}, []),
        ({"words": "_"}, []),
        ({"words": "'; DROP TABLE facts"}, []),
        ({"sources": ("shop",), "labels": ("positive",)}, ["a4"]),
        ({"sources": ("nowhere",)}, []),
    ],
)
def test_filters_of_the_list(con: duckdb.DuckDBPyConnection, change: dict[str, object], ids: list[str]) -> None:
    filters = replace(ACME, **change)  # type: ignore[arg-type]
    assert [line.id for line in queries.mentions(con, filters, 10)] == ids
    assert queries.count_mentions(con, filters) == len(ids)


def test_a_detail_tells_all_of_one_mention(con: duckdb.DuckDBPyConnection) -> None:
    detail = queries.detail(con, "shop", "a1", "Acme")
    assert detail is not None
    assert (detail.text, detail.author, detail.url) == ("Acme lost my parcel again", "berta", "https://shop.example/a1")
    assert (detail.label, detail.judged, detail.model, detail.copies) == ("negative", "negative", "invented", 2)
    assert detail.negative == pytest.approx(0.8)
    assert queries.detail(con, "shop", "a1", "Bolt") is None
    assert queries.detail(con, "shop", "nothing", "Acme") is None


def test_reach_languages_brands_and_sources(con: duckdb.DuckDBPyConnection) -> None:
    reach = queries.reach(con, "Acme")
    assert (reach.first, reach.last) == (NOON - timedelta(days=70), NOON - timedelta(days=1))
    assert queries.reach(con, "Nobody") == queries.Reach(None, None)
    assert queries.languages(con, "Acme") == ["en", "is"]
    assert queries.brands(con) == [queries.Brand("Acme", False), queries.Brand("Bolt", True)]
    assert queries.known_sources(con) == ["news", "shop"]
    assert queries.settings(con)["timezone"] == "Europe/Berlin"


def test_steps_are_days_of_the_team_and_a_gap_is_no_zero(con: duckdb.DuckDBPyConnection) -> None:
    counts = queries.counts(con, ACME, THIRTY.borders)
    edges = THIRTY.edges
    noon = datetime(2026, 11, 16, 12, tzinfo=UTC)
    gaps = [
        queries.Gap("news", noon - timedelta(days=1), noon, "503"),
        queries.Gap("shop", datetime(2026, 11, 19, 20, tzinfo=UTC), None, "503"),
    ]
    series = figures.series(counts, "Acme", edges, gaps)
    days = {row.start.strftime("%d"): row for row in series.itertuples()}
    assert len(series) == 30
    assert edges[0] == datetime(2026, 10, 21, 22, tzinfo=UTC)  # midnight in Berlin, in summer still
    assert (days["19"].negative, days["19"].volume, days["18"].volume, days["17"].volume) == (1, 1, 2, 2)
    assert (days["18"].net, days["19"].net) == (0, -1)
    assert days["15"].known and days["15"].volume == 1  # something was found there in spite of the gap
    assert not days["16"].known and days["16"].volume != days["16"].volume  # NaN: unknown
    assert not days["20"].known  # the open gap reaches to the end
    assert days["14"].known and days["14"].volume == 0  # read, and nothing was said
    assert days["17"].net != days["17"].net  # neither praise nor blame: no net sentiment


def test_gaps_of_the_filters_sources_open_ones_too(kept: Database) -> None:
    with kept.transaction() as con:
        con.execute(
            "INSERT INTO gaps VALUES ('shop', ?, ?, 'old'), ('shop', ?, ?, 'touching'), ('news', ?, NULL, 'open')",
            [NOON - timedelta(days=days) for days in (50, 40, 31, 28, 2)],
        )
    with database.snapshot(kept.folder) as con:
        assert [gap.reason for gap in queries.gaps(con, ACME)] == ["touching", "open"]
        assert [gap.reason for gap in queries.gaps(con, replace(ACME, sources=("news",)))] == ["open"]


def test_spikes_and_alerts(kept: Database) -> None:
    hour = timedelta(hours=1)
    at = NOON - timedelta(days=2)
    with kept.transaction() as con:
        con.execute(
            "INSERT INTO spikes VALUES ('Acme', 'r', ?, ?, 9, 1.5, 4, 0.8), ('Bolt', 'r', ?, ?, 5, 1, 4, 0.6)",
            [at, at + hour, at, at + hour],
        )
        for name, state, days in (("x", "resolved", 1), ("y", "firing", 3), ("z", "dropped", 0), ("w", "pending", 2)):
            con.execute(
                "INSERT INTO alerts VALUES (?, 'Acme', 'r', ?, ?, NULL, NULL, ?, ?)",
                [name, state, NOON - timedelta(days=days), NOON, json.dumps({"observed": 9})],
            )
        told = {"observed": 30, "expected": 6.0, "usual": 11.5, "what": "stories", "counts": "all"}
        for name, state, moved in (("told", "resolved", 6 * hour), ("fell", "dropped", 30 * hour)):
            card = told | {"start": at + moved, "finish": at + moved + 4 * hour}
            con.execute(
                "INSERT INTO alerts VALUES (?, 'Acme', 'day', ?, ?, NULL, NULL, ?, ?)",
                [name, state, NOON - timedelta(days=20), NOON, json.dumps(card, default=str)],
            )
        for start in (at + 6 * hour, at + 9 * hour, at + 10 * hour):
            con.execute("INSERT INTO spikes VALUES ('Acme', 'r', ?, ?, 12, 1.5, 4, 0.8)", [start, start + hour])
    with database.snapshot(kept.folder) as con:
        assert queries.spikes(con, ACME) == [
            queries.Spike(at, at + hour, 9, 1.5, 4.0),
            queries.Spike(at + 6 * hour, at + 10 * hour, 30, 6.0, 11.5, "stories"),  # its intervals are in it
            queries.Spike(at + 10 * hour, at + 11 * hour, 12, 1.5, 4.0),
        ]
        alerts = queries.alerts(con, ("Acme", "Bolt"), 5)
        assert [alert.alert for alert in alerts] == ["w", "y", "x", "told"]
        assert alerts[0].card == {"observed": 9}
        assert queries.alerts(con, ("Bolt",), 5) == []


@pytest.mark.parametrize("piece", [timedelta(hours=7), timedelta(days=30)])
def test_a_search_by_pieces_finds_the_same(kept: Database, monkeypatch: pytest.MonkeyPatch, piece: timedelta) -> None:
    monkeypatch.setattr(filtering, "FIRST", piece)
    sought = replace(MENTIONS, words="acme")
    with database.snapshot(kept.folder) as con:
        rows = con.execute(
            "SELECT f.id FROM facts f JOIN mentions m USING (source, id) WHERE brand = 'Acme' AND f.published >= ?"
            " AND f.published < ? AND contains(lower(m.text), 'acme') ORDER BY f.published DESC, source, id",
            [sought.start, sought.finish],
        ).fetchall()
        assert [line.id for line in queries.mentions(con, sought, 99)] == [row[0] for row in rows]
        assert queries.count_mentions(con, sought) == len(rows) > 3


def test_of_very_much_that_is_found_the_newest_are_listed(kept: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    sought = replace(MENTIONS, words="acme")
    with database.snapshot(kept.folder) as con:
        everything = [line.id for line in queries.mentions(con, sought, 99)]
    monkeypatch.setattr(filtering, "MOST", 2)
    monkeypatch.setattr(queries, "SOUGHT", 2)
    monkeypatch.setattr(filtering, "FIRST", timedelta(days=1))
    with database.snapshot(kept.folder) as con:
        assert queries.count_mentions(con, sought) == 3, "more than two"
        assert [line.id for line in queries.mentions(con, sought, 2)] == everything[:2]


@pytest.mark.parametrize("days", [0.5, 30, 31, 365])
def test_pieces_of_a_span_follow_each_other(days: float) -> None:
    pieces = list(filtering.backwards(NOON - timedelta(days=days), NOON))
    assert pieces[0][1] == NOON and pieces[-1][0] == NOON - timedelta(days=days)
    assert all(later[0] == earlier[1] for later, earlier in itertools.pairwise(pieces))

"""The Criticism page: themes as they were found and as people decided, counted, compared, and followed up."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import invented_store
import pandas as pd
import pytest
import themed_store
from invented_store import NOON, Said
from paging import page, said
from streamlit.testing.v1 import AppTest
from themed_store import ACTED, DONE, THEMES

from earful.dashboard import canvas, criticism, outcome, rivals, subjects, theme_detail
from earful.dashboard.outcome import Spans
from earful.data import board, database, events, queries, versions
from earful.data import criticism as asked
from earful.data.board import Standing
from earful.data.criticism import Theme, Watch
from earful.data.database import Database
from earful.data.families import grouped
from earful.data.queries import Filters, Gap
from earful.models import change, journey
from earful.models.accuracy import Share
from earful.models.change import Days

BERLIN = ZoneInfo("Europe/Berlin")
DAY = timedelta(days=1)
HOSTILE = "![t](http://tracker.example/x.png) <b>**bold**</b> $x$ :material/home: \u202egpj"


# What is asked of the store


@pytest.fixture(scope="module")
def themed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("themed")
    themed_store.fill(folder, NOON)
    return folder


MONTH = Filters("Acme", NOON - 30.5 * DAY, NOON)


def told(theme: str, days: range) -> int:
    daily = next(one.daily for one in THEMES if one.theme == theme)
    return sum(daily(day) for day in days)


def test_themes_are_counted_by_step_and_by_part(themed: Path) -> None:
    with database.snapshot(themed) as con:
        counts, parts = asked.told(con, MONTH, [NOON - 60.5 * DAY, NOON - 30.5 * DAY, NOON])
    now = counts[counts.begins == (NOON - 30.5 * DAY).timestamp()]
    assert dict(zip(now.theme, now["count"], strict=True)) == {
        theme: told(theme, range(1, 31)) for theme in ("courier", "hotline", "app")
    }
    of_app = parts[parts.theme == "app"]
    assert list(zip(of_app.source, of_app.journey, of_app.label, of_app["count"], strict=True)) == [
        ("news", "use", "negative", told("app", range(1, 31)))
    ]


def parts(con, filters: Filters) -> pd.DataFrame:
    return asked.told(con, filters, [filters.start, filters.finish])[1]


def test_copies_belong_to_the_theme_of_their_story_and_count_at_the_switch(tmp_path: Path) -> None:
    said = (
        Said("c1", "Acme", 2.1, "shop", "negative", "Acme lost it", story="lost"),
        Said("c2", "Acme", 2, "news", "neutral", "Acme lost it, says a reader", story="lost"),
        Said("c3", "Acme", 2, "shop", "negative", "Acme is rude"),
    )
    with invented_store.fill(tmp_path, said=said).transaction() as con:
        themed_store.add(con, "t1", "Acme", "lost")
        con.execute(
            "INSERT INTO theme_members (theme, brand, source, id, digest, strength, again, journey)"
            " VALUES ('t1', 'Acme', 'shop', 'c1', 'x', 0.9, false, 'receive')"
        )
    stories = replace(MONTH, themes=("t1",))
    with database.snapshot(tmp_path) as con:
        assert parts(con, stories)["count"].sum() == 1
        assert parts(con, replace(stories, stories=False))["count"].sum() == 2
        assert parts(con, replace(stories, sources=("news",)))["count"].sum() == 0
        assert [line.id for line in queries.mentions(con, stories, 10)] == ["c1"]
        assert [line.id for line in queries.mentions(con, replace(stories, stories=False), 10)] == ["c2", "c1"]
        shares = asked.shares(con, MONTH)
    assert dict(zip(shares.theme, shares["count"], strict=True)) == {"t1": 1, "": 1}


def test_quotes_are_by_different_authors_and_nothing_of_what_was_deleted(themed: Path) -> None:
    with database.snapshot(themed) as con:
        quotes = asked.quotes(con, MONTH, ["courier"], 20)
        assert asked.quotes(con, MONTH, ["nothing"], 20) == []
    assert len({quote.author for quote in quotes}) == len(quotes) == 11
    with Database(themed).look() as con:
        con.execute("UPDATE mentions SET text = '', gone = now() WHERE id = ?", [quotes[0].id])
        con.execute("UPDATE theme_members SET again = true WHERE id = ?", [quotes[1].id])
        left = asked.quotes(con, MONTH, ["courier"], 20)
    assert not {quotes[0].id, quotes[1].id} & {quote.id for quote in left}


def test_people_who_complained_are_counted_once(themed: Path) -> None:
    with Database(themed).look() as con:
        con.execute("UPDATE mentions SET author = 'spam' WHERE starts_with(id, 'app')")
        assert asked.voices(con, "Acme") == 11 + 11 + 1 + 11
        con.execute("UPDATE mentions SET author = '' WHERE starts_with(id, 'app')")
        assert asked.voices(con, "Acme") == 11 + 11 + 8 + 11


def test_what_fell_into_a_gap_is_not_counted_by_the_day(themed: Path) -> None:
    edges = [NOON - (10.5 - day) * DAY for day in range(11)]
    with Database(themed).look() as con:
        whole = asked.daily(con, "Acme", edges, ["courier"])["shop"]
        con.execute("INSERT INTO gaps VALUES ('shop', ?, NULL, '503')", [NOON - 3.5 * DAY])
        con.execute("INSERT INTO gaps VALUES ('news', ?, ?, '503')", [NOON - 9 * DAY, NOON - 5 * DAY])
        with_gap = asked.daily(con, "Acme", edges, ["courier"])["shop"]
        theirs = asked.daily(con, "Bolt", edges, ["courier"], "Acme")
        everything = asked.daily(con, "Bolt", edges)
    assert whole == [told("courier", range(day, day + 1)) for day in range(10, 0, -1)]
    assert with_gap == [*whole[:7], 0, 0, 0]
    assert theirs == everything


# Themes put together


def theme(name: str, state: str = "steady", into: str = "") -> Theme:
    return Theme(name, name, (name,), "", state, into, NOON - 9 * DAY, NOON)


def counted(**counts: int) -> tuple[pd.DataFrame, pd.DataFrame]:
    rows = [(name, NOON.timestamp(), "negative", count) for name, count in counts.items()]
    parts = [(name, "shop", "problem", "use", False, "negative", count) for name, count in counts.items()]
    return (
        pd.DataFrame(rows, columns=["theme", "begins", "label", "count"]),
        pd.DataFrame(parts, columns=["theme", "source", "intent", "journey", "again", "label", "count"]),
    )


def test_what_was_merged_counts_where_it_ended() -> None:
    themes = [theme("a"), theme("b", "merged", "a"), theme("c"), theme("d")]
    stands = {"c": Standing(into="b"), "d": Standing("Lost parcels", pinned=True)}
    found = subjects.gather(themes, stands, *counted(a=1, b=2, c=4, d=1), [NOON - DAY, NOON + DAY], None)
    assert [(one.theme, one.name, one.count, one.family) for one in found] == [
        ("d", "Lost parcels", 1, ("d",)),
        ("a", "a", 7, ("a", "b", "c")),
    ]
    assert found[1].merged == ("b", "c")
    assert found[1].steps == (7,)
    apart = subjects.gather(themes, {}, *counted(a=1, c=4), [NOON - DAY, NOON + DAY], None)
    assert [one.theme for one in apart] == ["c", "a", "d"]


def test_a_merge_in_a_circle_or_into_nothing_loses_no_theme() -> None:
    themes = [theme("a", into="b"), theme("b", into="a"), theme("c", into="gone")]
    families = grouped(themes, {})
    assert families == {"a": ("a", "b"), "c": ("c",)}


def test_names_that_are_the_same_are_told_apart() -> None:
    found = subjects.gather(
        [theme("a"), theme("b")], {"b": Standing("a")}, *counted(a=2, b=1), [NOON - DAY, NOON + DAY], None
    )
    assert subjects.distinct(found) == {"a": "a", "b": "a (2)"}


# Before and after


def test_spans_are_whole_weeks_around_the_acting_in_the_teams_days() -> None:
    got = outcome.spans(date(2026, 10, 20), date(2026, 10, 23), NOON, BERLIN)
    assert isinstance(got, Spans)
    assert (got.before[0], got.before[-1]) == (
        datetime(2026, 9, 29, tzinfo=BERLIN),
        datetime(2026, 10, 20, tzinfo=BERLIN),
    )
    assert (got.after[0], got.after[-1]) == (
        datetime(2026, 10, 24, tzinfo=BERLIN),
        datetime(2026, 11, 14, tzinfo=BERLIN),
    )
    assert outcome.spans(date(2026, 11, 13), date(2026, 11, 13), NOON, BERLIN) == 6
    assert outcome.spans(date(2026, 11, 20), date(2026, 11, 20), NOON, BERLIN) == 0
    longest = outcome.spans(date(2026, 1, 1), date(2026, 1, 2), NOON, BERLIN)
    assert isinstance(longest, Spans)
    assert len(longest.after) == 29


def test_a_day_is_heard_as_far_as_its_sources_are_each_by_its_weight() -> None:
    start = datetime(2026, 11, 1, tzinfo=BERLIN)
    spans = Spans(tuple(start + day * DAY for day in range(3)), tuple(start + day * DAY for day in range(3, 6)))
    counts = {"shop": [6, 6, 99, 6, 0], "news": [2, 2, 99, 2, 2], "late": [9] * 5}
    gaps = [
        Gap("shop", start + 4 * DAY, None, "503"),
        Gap("shop", start + 4.5 * DAY, start + 4.6 * DAY, "lies within the other"),
        Gap("news", start, start + DAY / 2, "503"),
    ]
    before, after = outcome.days(counts, {"shop", "news"}, gaps, spans)
    assert before == Days((8, 8), (pytest.approx(1 - 0.5 * rate_of_news()), 1))
    assert after == Days((8, 2), (1, pytest.approx(rate_of_news())))
    silent, _ = outcome.days({}, {"shop"}, [], spans)
    assert silent == Days((0, 0), (1, 1))


def rate_of_news() -> float:
    """Gives the weight of `news`: 107 in 4.5 days against 117 in 4 of `shop`, what lies between the spans included."""
    news, shop = 107 / 4.5, 117 / 4
    return news / (news + shop)


def test_only_sources_that_were_heard_all_the_time_are_compared() -> None:
    watched = {
        "shop": Watch("shop", NOON - 60 * DAY, False),
        "late": Watch("late", NOON - 2 * DAY, False),
        "gone": Watch("gone", NOON - 60 * DAY, True),
        "mute": Watch("mute", None, False),
    }
    assert outcome.usable(watched, [NOON - 30 * DAY, NOON]) == {"shop"}


def flat(rate: int, days: int = 14) -> Days:
    return Days((rate,) * days, (1.0,) * days)


@pytest.mark.parametrize(
    ("comparison", "said"),
    [
        ((flat(4), flat(1), (flat(6), flat(6))), "From 4.0 to 1.0 a day (−75%; 95%: −87% to −54%); competitors ±0%,"),
        ((flat(4), flat(1), (flat(6), flat(6))), "so the change is ours."),
        ((flat(4), flat(1), (flat(8), flat(2))), "competitors fell as much (−75%; 95%: −84% to −62%)"),
        ((flat(1), flat(4), (flat(2), flat(8))), "competitors rose as much"),
        ((flat(4), flat(1), None), "Nothing of a competitor to compare with"),
        ((flat(0), flat(2), None), "From none to 2.0 a day (from none; 95%: +610% to any rise)"),
        ((flat(0), flat(0), None), "Nothing was said before or after."),
        ((flat(4, 3), flat(1), None), "fewer than 7 days"),
        ((flat(20, 28), flat(20, 28), None), "From 20 to 20 a day: no change beyond chance (±0%"),
    ],
)
def test_the_sentence_says_what_follows(comparison: tuple, said: str) -> None:
    assert said in outcome.sentence(change.compare(*comparison))


# Brands beside each other


def heard(**rows: tuple[str, str, int, int]) -> pd.DataFrame:
    return pd.DataFrame(
        [(brand, source, source.split(":")[0], count, bad) for brand, source, count, bad in rows.values()],
        columns=["brand", "source", "connector", "count", "complaints"],
    )


ALIKE = heard(a=("Acme", "appstore:1", 50, 20), b=("Bolt", "appstore:2", 30, 10), c=("Bolt", "rss:x", 4, 0))


@pytest.mark.parametrize(
    ("rows", "gaps", "compared", "said"),
    [
        (ALIKE, [], True, ""),
        (ALIKE, [], False, "have not been set against"),
        (ALIKE[:1], [], True, "nobody complained about Bolt"),
        (
            heard(a=("Acme", "steam:1", 50, 20), b=("Acme", "rss:x", 50, 20), c=("Bolt", "rss:x", 30, 10)),
            [],
            True,
            "50% of the complaints about Acme come from steam, where Bolt is not heard",
        ),
        (
            heard(a=("Acme", "rss:x", 50, 20), b=("Bolt", "rss:x", 30, 10), c=("Bolt", "steam:1", 30, 10)),
            [],
            True,
            "50% of the complaints about Bolt come from steam, where Acme is not heard",
        ),
        (
            ALIKE,
            [Gap("appstore:2", NOON - 10 * DAY, None, "503")],
            True,
            "the sources that speak of Bolt could not be read for 29% of the time",
        ),
        (ALIKE, [Gap("rss:x", NOON - 30 * DAY, None, "503")], True, ""),
    ],
)
def test_brands_are_compared_only_where_they_were_heard_alike(rows, gaps, compared: bool, said: str) -> None:
    got = rivals.refusal(rows, gaps, "Acme", "Bolt", NOON - 30 * DAY, NOON, compared)
    assert got == said if not said else said in got


def test_the_matrix_prints_each_share_with_its_interval_and_says_what_differs() -> None:
    shares = pd.DataFrame(
        [("Acme", "a", 28), ("Acme", "b", 22), ("Acme", "", 150), ("Bolt", "a", 12), ("Bolt", "", 188)],
        columns=["brand", "theme", "count"],
    )
    cells = rivals.cells(shares, {"a": ("a",), "b": ("b",)}, {"a": "delivery", "b": "price"}, ["Acme", "Bolt"])
    assert [(cell.name, cell.brand, cell.count, cell.whole) for cell in cells] == [
        ("delivery", "Acme", 28, 200),
        ("price", "Acme", 22, 200),
        ("delivery", "Bolt", 12, 200),
        ("price", "Bolt", 0, 200),
    ]
    assert cells[0].share == Share(0.14, pytest.approx(0.0987, abs=1e-3), pytest.approx(0.1949, abs=1e-3))
    assert rivals.finding(cells, "Acme") == "“price”: Acme 11%, Bolt 0%"
    spec = rivals.chart(cells, "Acme", canvas.LIGHT).to_json()
    assert '"said": "14%"' in spec
    assert '"spread": "9.9% to 19%"' in spec
    assert spec.count('"apart": true') == 2
    assert "No theme weighs" in rivals.finding(cells[:1], "Acme")


# Charts


def test_events_gaps_and_spikes_stand_on_a_themes_chart() -> None:
    start = datetime(2026, 11, 1, tzinfo=BERLIN)
    series = pd.DataFrame(
        {
            "start": [start + day * DAY for day in range(9)],
            "finish": [start + (day + 1) * DAY for day in range(9)],
            "volume": [1.0] * 9,
            "known": [True] * 9,
        }
    )
    made = ("", "eva", NOON)
    marked = [
        events.Event("e1", "", "release", start + 2 * DAY, None, "Version 2 \u202e", *made),
        events.Event("e2", "Acme", "outage", start - 5 * DAY, start + DAY, "Pay page down", *made),
        events.Event("e3", "Acme", "outage", start + 90 * DAY, None, "Far away", *made),
    ]
    gaps = [Gap("shop", start + 3 * DAY, None, "503")]
    spec = theme_detail.trend(series, gaps, [], marked, "day", BERLIN, canvas.DARK, ["finding", "more"], "stories")
    text = spec.to_json()
    assert '"text": "finding"' in text
    assert '"title": "Version 2 "' in text
    assert '"title": "Pay page down"' in text
    assert "Far away" not in text
    assert '"until": "still"' in text
    assert theme_detail.trend(series, [], [], [], "day", BERLIN, canvas.DARK, ["f", "m"], "stories").to_json()


# The page


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("EARFUL_STORE", str(tmp_path))
    return tmp_path


@pytest.fixture
def now() -> datetime:
    return datetime.now(UTC).replace(microsecond=0)


@pytest.fixture
def kept(folder: Path, now: datetime) -> Database:
    return themed_store.fill(folder, now)


def listed(app: AppTest) -> pd.DataFrame:
    return next(one.value for one in app.dataframe if "Trend" in one.value)


def decide(database: Database, theme: str, kind: str, brand: str = "Acme", **value: str) -> None:
    with database.transaction() as con:
        board.decide(con, brand, theme, kind, value, "eva", datetime.now(UTC))


def decisions(database: Database) -> list[tuple[str, str, str]]:
    with database.look() as con:
        return [(one.theme, one.kind, one.author) for one in board.decisions(con, "Acme")]


def button(app: AppTest, key: str):
    return next(one for one in app.button if one.key == key)


def test_the_least_is_the_models() -> None:
    themes = pytest.importorskip("earful.models.themes")
    assert criticism.LEAST == themes.ENOUGH


def test_a_brand_without_mentions_is_told_what_to_do(folder: Path, now: datetime) -> None:
    invented_store.fill(folder, now, ())
    assert "No mention of this brand yet" in said(page("criticism"))


def test_too_few_complaints_are_counted_against_what_it_takes(folder: Path, now: datetime) -> None:
    invented_store.fill(folder, now)
    assert "at least **15** people who say something negative" in said(page("criticism"))
    assert "**2** so far" in said(page("criticism"))  # berta, and ada twice


def test_themes_that_were_not_looked_for_yet_come_with_the_next_run(folder: Path, now: datetime) -> None:
    database = themed_store.fill(folder, now)
    with database.transaction() as con:
        con.execute("DELETE FROM themes")
    assert "**38** people complained, and the next run looks for themes" in said(page("criticism"))
    with database.transaction() as con:
        con.execute(
            "INSERT INTO theme_rounds (brand, model, made, stories, note)"
            " VALUES ('Acme', 'invented', ?, 332, 'one author wrote most')",
            [now],
        )
    text = said(page("criticism"))
    assert "at 332 complaints found no subject" in text
    assert "one author wrote most" in text


def test_themes_are_ranked_with_their_figures(kept: Database) -> None:
    app = page("criticism")
    table = listed(app)
    names = ["parcel, courier, left", "hotline, waiting, nobody", "app, crashes, update", "price, dearer"]
    assert list(table["Theme"]) == names
    assert list(table["State"]) == ["● steady", "▲ growing", "★ new", "▽ faded"]
    assert table["Change"][1].startswith("+")
    assert table["Net sentiment"][2].startswith("−100 (−100 to")
    assert sum(table["Trend"][0]) == table["Stories"][0]
    text = said(app)
    assert "the courier left my parcel in the rain, day" in text
    assert app.query_params == {}
    wide = listed(page("criticism", period="90d"))
    assert int(wide["Stories"][0]) == told("courier", themed_store.days())


def test_a_period_without_themes_says_so(kept: Database) -> None:
    text = said(page("criticism", **{"period": "dates", "from": "2020-01-01T00:00", "to": "2020-02-01T00:00"}))
    assert "No theme was spoken of in this period" in text


def test_the_address_chooses_the_theme_and_its_mentions_are_linked(kept: Database) -> None:
    app = page("criticism", theme="hotline")
    assert "an hour on the hotline" in said(app)
    assert "the courier left" not in "\n".join(text.value for text in app.text)
    assert app.query_params["theme"] == "hotline"
    found = page("mentions", theme="hotline")
    assert found.query_params["theme"] == "hotline"
    assert any("29 stories" in caption.value or "28 stories" in caption.value for caption in found.caption)
    assert "theme" not in page("mentions", theme="nothing").query_params


def test_hidden_themes_are_out_of_the_way_and_counted(kept: Database) -> None:
    decide(kept, "courier", "hide")
    app = page("criticism")
    assert listed(app)["Theme"][0] == "hotline, waiting, nobody"
    app.toggle[0].set_value(True).run()
    assert "Show hidden (1)" in app.toggle[0].label
    assert listed(app)["State"][0] == "hidden"


def test_merged_themes_count_in_the_one_they_went_into_at_once(kept: Database) -> None:
    before = listed(page("criticism"))["Stories"]
    decide(kept, "app", "merge", into="hotline")
    app = page("criticism", theme="app")
    assert "With: app, crashes, update" in said(app)
    assert int(listed(app)["Stories"][1]) == int(before[1]) + int(before[2])
    button(app, "apart 0").click().run()
    assert len(listed(app)) == 4


def test_a_theme_of_one_who_repeats_it_is_told(kept: Database) -> None:
    assert "repeats what its author" not in said(page("criticism", theme="app"))
    with kept.transaction() as con:
        con.execute("UPDATE theme_members SET again = true WHERE theme = 'app' AND id NOT LIKE 'app 1 %'")
    assert "75% repeats what its author said before" in said(page("criticism", theme="app"))


def test_one_author_who_wrote_most_is_told_beside_the_themes(kept: Database, now: datetime) -> None:
    note = "one author wrote 500 of 620 complaints; what is said again in like words makes no theme"
    with kept.transaction() as con:
        con.execute(
            "INSERT INTO theme_rounds (brand, model, made, stories, note) VALUES ('Acme', 'invented', ?, 620, ?)",
            [now, note],
        )
    app = page("criticism")
    assert not listed(app).empty
    assert note in said(app)


def test_a_sentence_of_a_complaint_stands_beside_each_name(kept: Database) -> None:
    row = listed(page("criticism")).set_index("Theme").loc["parcel, courier, left"]
    assert row["In a sentence"] == "the courier left my parcel in the rain"


def test_pinned_themes_come_first(kept: Database) -> None:
    app = page("criticism", theme="app")
    button(app, "decide pin").click().run()
    assert listed(app)["Theme"][0] == "◆ app, crashes, update"
    assert decisions(kept) == [("app", "pin", "dashboard")]
    button(app, "decide unpin").click().run()
    assert listed(app)["Theme"][0] == "parcel, courier, left"


def test_a_theme_is_renamed_in_the_page(kept: Database) -> None:
    app = page("criticism", theme="app")
    field = next(one for one in app.text_input if one.label == "Name")
    field.set_value("Crashes")
    next(one for one in app.button if one.label == "Rename").click()
    app.run()
    assert "Crashes" in list(listed(app)["Theme"])
    assert "Found as: app, crashes, update" in said(app)


def test_a_split_that_waits_for_the_next_run_says_so_until_it_was_done(kept: Database, now: datetime) -> None:
    app = page("criticism", theme="app")
    button(app, "split").click().run()
    assert "the next run carries it out" in said(app)
    assert [(theme, kind) for theme, kind, _ in decisions(kept)] == [("app", "split")]
    assert "the next run carries it out" in said(page("criticism", theme="app")), "also for who comes later"
    assert "the next run carries it out" not in said(page("criticism", theme="courier"))
    with kept.transaction() as con:
        con.execute(
            "INSERT INTO theme_rounds (brand, model, made, stories, note) VALUES ('Acme', 'invented', ?, 332, '')",
            [now + DAY],
        )
    assert "the next run carries it out" not in said(page("criticism", theme="app"))


def test_a_wrong_member_leaves_its_theme_at_once(kept: Database) -> None:
    app = page("criticism", theme="app")
    count = "SELECT count(*) FROM theme_members WHERE theme = 'app'"
    with kept.look() as con:
        (before,) = con.execute(count).fetchone()
    by = next(one.value for one in app.text if " · news · " in one.value)
    button(app, "not here 0").click().run()
    assert [(theme, kind) for theme, kind, _ in decisions(kept)] == [("", "move")]
    with kept.look() as con:
        assert con.execute(count).fetchone() == (before - 1,)
    assert by not in [one.value for one in app.text]


def test_of_what_was_deleted_at_its_source_nothing_is_shown_before_the_next_run(kept: Database, now: datetime) -> None:
    secret = "the app told my neighbour where I live"
    with kept.transaction() as con:
        (name,) = con.execute(
            "SELECT id FROM theme_members WHERE theme = 'app' ORDER BY strength DESC, id LIMIT 1"
        ).fetchone()
        con.execute("UPDATE mentions SET text = ?, author = 'zoe' WHERE source = 'news' AND id = ?", [secret, name])
        con.execute(
            "UPDATE themes SET sentence = ?, sentence_source = 'news', sentence_id = ? WHERE theme = 'app'",
            [secret, name],
        )
    shown = said(page("criticism", theme="app"))
    assert shown.count(secret) == 2, "as the theme's sentence and as a quote"
    assert "zoe" in shown
    with kept.transaction() as con:
        versions.erase(con, "news", [name], now)
    shown = said(page("criticism", theme="app"))
    assert secret not in shown and "zoe" not in shown


def test_what_cannot_be_done_is_said(kept: Database) -> None:
    app = page("criticism", theme="app")
    with kept.transaction() as con:
        con.execute("DELETE FROM themes WHERE theme = 'app'")
    button(app, "decide hide").click().run()
    assert "this theme is no longer there" in said(app)


def test_the_board_has_a_card_for_each_theme_and_says_what_is_overdue(kept: Database, now: datetime) -> None:
    themed_store.resolve(kept, now)
    with kept.transaction() as con:
        for field, value in (
            ("status", {"status": "acknowledged", "on": "2026-01-01"}),
            ("owner", "Berta"),
            ("due", "2026-01-05"),
            ("note", "Asked the provider."),
            ("link", "https://tickets.example.org/7"),
        ):
            board.change_card(con, "Acme", "hotline", field, value, "eva", datetime.now(UTC))
    app = page("criticism", view="board")
    text = said(app)
    for line in ("**New** · 1", "**Acknowledged** · 1", "**Acting** · 0", "**Resolved** · 1"):
        assert line in text
    assert "overdue since 5 Jan 2026" in text
    assert "Owner: Berta" in text
    assert "so the change is ours" in text
    button(app, "open hotline").click().run()
    assert "eva" in said(app)
    assert app.query_params["theme"] == "hotline"


def test_a_card_is_changed_in_the_page(kept: Database) -> None:
    app = page("criticism", theme="app")
    next(one for one in app.selectbox if one.label == "Status").set_value("acting")
    next(one for one in app.text_input if one.label == "Owner").set_value("Ada")
    next(one for one in app.button if one.label == "Save").click()
    app.run()
    with kept.look() as con:
        card = board.cards(con, "Acme")["app"]
    assert (card.status, card.owner, [one.field for one in card.history]) == ("acting", "Ada", ["owner", "status"])
    assert card.history[0].author == "dashboard"
    assert "Owner: Ada" in said(app)


def test_a_fall_of_all_is_no_merit_of_ours(folder: Path, now: datetime) -> None:
    falling: Callable[[int], int] = lambda days: 6 if days > 30 else 1  # noqa: E731
    themes = [
        replace(one, daily=falling) if one.theme in ("courier", "bolt") else replace(one, daily=lambda days: 0)
        for one in THEMES
    ]
    themed_store.resolve(themed_store.fill(folder, now, themes), now)
    assert "competitors fell as much" in said(page("criticism", theme="courier"))


def test_a_theme_resolved_lately_is_compared_later(kept: Database, now: datetime) -> None:
    with kept.transaction() as con:
        on = (now - 3 * DAY).astimezone(BERLIN).date().isoformat()
        board.change_card(con, "Acme", "app", "status", {"status": "resolved", "on": on}, "eva", now)
    assert "once 7 whole days have passed; 2 so far" in said(page("criticism", theme="app"))


def test_brands_are_set_beside_each_other_or_refused_with_the_reason(kept: Database, now: datetime) -> None:
    app = page("criticism", view="brands")
    assert "Not compared" not in said(app)
    assert app.query_params["view"] == "brands"
    with kept.transaction() as con:
        con.execute("INSERT INTO gaps VALUES ('shop', ?, NULL, '503')", [now - 20 * DAY])
    text = said(page("criticism", view="brands"))
    assert "Not compared" in text
    assert "could not be read for" in text
    with kept.transaction() as con:
        con.execute("DELETE FROM theme_peers")
        con.execute("DELETE FROM gaps")
    assert "have not been set against these themes yet" in said(page("criticism", view="brands"))
    assert "Choose one of your own brands" in said(page("criticism", view="brands", brand="Bolt"))


def test_the_journeys_stages_are_those_of_the_model() -> None:
    assert journey.STAGES == subjects.JOURNEY


def test_events_stand_on_the_overviews_charts(kept: Database, now: datetime) -> None:
    with kept.transaction() as con:
        events.add(con, "", "release", now - DAY, None, "Version 2", "", "eva", now)
        events.add(con, "Bolt", "campaign", now - DAY, None, "Bolt's sale", "", "eva", now)
    app = page("overview")
    assert not app.exception
    charts = [str(chart.proto) for chart in app.get("vega_lite_chart")]
    assert sum("Version 2" in chart for chart in charts) == 2
    assert not any("Bolt's sale" in chart for chart in charts)


def test_an_event_is_marked_and_withdrawn_in_the_page(kept: Database) -> None:
    app = page("criticism", theme="app")
    next(one for one in app.text_input if one.label == "Title").set_value("Version 2")
    next(one for one in app.button if one.label == "Mark").click()
    app.run()
    with kept.look() as con:
        (event,) = events.newest(con, 9)
    assert (event.title, event.brand, event.author) == ("Version 2", "Acme", "dashboard")
    assert any("Version 2 · release" in text.value for text in app.text)
    button(app, f"withdraw {event.event}").click().run()
    with kept.look() as con:
        assert events.newest(con, 9) == []


def test_an_event_is_compared_before_and_after_with_the_competitors_beside_it(kept: Database, now: datetime) -> None:
    with kept.transaction() as con:
        event = events.add(con, "", "outage", now - ACTED * DAY, now - DONE * DAY, HOSTILE, "", "eva", now)
        recent = events.add(con, "Acme", "release", now - 3 * DAY, None, "Version 2", "", "eva", now)
    app = page("criticism", theme="courier", period="90d")
    assert "so the change is ours" not in said(app)
    button(app, f"after {event}").click().run()
    text = said(app)
    assert "parcel, courier, left" in text and "All complaints about Acme" in text
    assert text.count("so the change is ours") == 2, "the theme's fall is all complaints' fall"
    assert "Competitors by the same theme." in text
    assert not any(HOSTILE[:9] in str(one.value) for one in app.markdown)
    button(app, f"after {recent}").click().run()
    assert "once 7 whole days have passed; 2 so far" in said(app)


def test_decisions_survive_when_the_themes_are_found_anew(kept: Database, now: datetime) -> None:
    decide(kept, "courier", "rename", name="Wet parcels")
    decide(kept, "app", "hide")
    decide(kept, "price", "merge", into="courier")
    themed_store.resolve(kept, now, "hotline")
    with kept.transaction() as con:  # as after a new model: other words, other members, other order, one more
        con.execute("DELETE FROM theme_members WHERE theme = 'courier' AND id LIKE '% 0'")
        con.execute("UPDATE themes SET name = 'wet, box', words = '[\"wet\"]', state = 'growing'")
        themed_store.add(con, "more", "Acme", "something else", "new", now)
    app = page("criticism", theme="courier")
    names = list(listed(app)["Theme"])
    assert "Wet parcels" in names
    assert "Found as: wet, box" in said(app)
    assert "With: wet, box" in said(app)
    assert "Show hidden (1)" in app.toggle[0].label
    assert "Resolved" in list(listed(app)["Board"])


def test_a_card_whose_theme_is_no_longer_found_is_kept_in_sight(kept: Database) -> None:
    with kept.transaction() as con:
        board.change_card(con, "Acme", "app", "owner", "Berta", "eva", datetime.now(UTC))
        con.execute("DELETE FROM themes WHERE theme = 'app'")
    app = page("criticism", view="board")
    assert "Owner: Berta" in said(app)
    assert any("1 on cards whose theme is no longer found" in one.label for one in app.expander)


def test_a_hostile_name_or_quote_is_shown_literally_and_never_as_markdown(folder: Path, now: datetime) -> None:
    themes = [replace(one, name=HOSTILE, text=HOSTILE) if one.theme == "courier" else one for one in THEMES]
    database = themed_store.fill(folder, now, themes)
    decide(database, "hotline", "rename", name=HOSTILE[:70])
    with database.transaction() as con:
        for field, value in (
            ("owner", HOSTILE[:70]),
            ("note", HOSTILE),
            ("status", {"status": "acting", "on": "2026-01-01"}),
        ):
            board.change_card(con, "Acme", "courier", field, value, HOSTILE, datetime.now(UTC))
        events.add(con, "Acme", "release", now - DAY, None, HOSTILE, "", HOSTILE, now)
        con.execute("UPDATE themes SET state = ? WHERE theme = 'app'", [HOSTILE])
    for view in ("themes", "board", "brands"):
        app = page("criticism", view=view, theme="courier")
        assert not app.exception
        rendered = (*app.markdown, *app.caption, *app.subheader, *app.error, *app.warning)
        assert not [one.value for one in rendered if "tracker.example" in str(one.value)], view
        labels = [one.label for one in (*app.button, *app.toggle, *app.expander, *app.metric)]
        assert not [label for label in labels if "tracker.example" in str(label)], view
        assert not [one.value for one in app.text if "\u202e" in one.value], view
    assert any("tracker.example" in text.value for text in page("criticism", theme="courier").text)

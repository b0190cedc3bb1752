"""The queries that the dashboard offers give the numbers that it shows."""

import json
import os
from collections import Counter
from dataclasses import asdict, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs
from zoneinfo import ZoneInfo

import invented_store
import pytest
import themed_store
import troubled_store
from invented_store import NOON, Said
from streamlit.dataframe_util import convert_arrow_bytes_to_pandas_df
from streamlit.testing.v1 import AppTest

from earful.dashboard import head, launch, outcome, words
from earful.data import (
    counting,
    criticism,
    database,
    digests,
    explained,
    explained_alerts,
    explained_mentions,
    explained_themes,
    families,
    queries,
    standing,
    store,
)
from earful.data.counting import Counted
from earful.data.database import Database
from earful.data.queries import Filters
from earful.flows import reporting, windows
from earful.models import novelty

DAY = timedelta(days=1)
MONTH = Filters("Acme", NOON - 30.5 * DAY, NOON)
PAGES = Path(launch.__file__).parent
STANDING = "FROM sources\n"  # how a query of the head begins


@pytest.fixture(scope="module")
def themed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("themed")
    themed_store.fill(folder, NOON)
    return folder


@pytest.mark.parametrize("narrow", [{}, {"stories": False}, {"sources": ("news",)}, {"sources": ("it's",)}])
def test_a_themes_stories_are_counted_as_on_the_page(themed: Path, narrow: dict) -> None:
    filters = replace(MONTH, **narrow)
    with database.snapshot(themed) as con:
        _, parts = criticism.told(con, filters, [filters.start, filters.finish])
        for themes in (("courier",), ("courier", "app"), ("it's none",)):
            ((count,),) = con.execute(explained.query("theme", replace(filters, themes=themes))).fetchall()
            of_themes = parts[parts.theme.isin(themes)]
            assert count == of_themes["count"].sum()
            found = con.execute(explained.query("theme parts", replace(filters, themes=themes))).fetchall()
            grouped = of_themes.groupby(["journey", "intent", "source"])["count"].sum()
            assert {tuple(row[:3]): row[3] for row in found} == grouped.to_dict()


def test_a_trend_is_counted_in_the_teams_days(tmp_path: Path) -> None:
    late = Said("late", "Acme", 1 - 11.5 / 24, "shop", "negative", "Acme is late")  # 23:30 in UTC
    invented_store.fill(tmp_path, NOON, (late,))
    with database.snapshot(tmp_path) as con:
        for step, zone, at in (
            ("day", "UTC", (NOON - DAY).replace(hour=0)),
            ("day", "Europe/Berlin", NOON.replace(hour=0)),
            ("hour", "UTC", (NOON - DAY).replace(hour=23)),
        ):
            ((begins, label, count),) = con.execute(explained.query("trend", MONTH, step, zone)).fetchall()
            assert (begins, label, count) == (at.replace(tzinfo=None), "negative", 1)


def test_what_a_source_brought_in_a_week_is_counted_as_on_the_page(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("EARFUL_STORE", str(tmp_path))
    invented_store.fill(tmp_path, datetime.now(UTC))
    app = AppTest.from_file(str(PAGES / "app.py"), default_timeout=120).run()
    app.switch_page("sources.py").run()
    query, _ = [code.value for code in app.code if code.language == "sql" and STANDING not in code.value]
    with database.snapshot(tmp_path) as con:
        counts = con.execute(query).fetchall()
    text = "\n".join(one.value for one in app.markdown)
    assert len(counts) > 1
    for _, count in counts:
        assert f"**{count}** mention{'s' * (count != 1)} in 7 days" in text


def test_pages_with_figures_offer_their_queries(themed: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EARFUL_STORE", str(themed))
    for page, columns in (
        ("overview.py", ("volume", "begins", "share_of_voice")),
        ("compare.py", ("brand", "share_of_voice")),
        ("criticism.py", ("subject", "count")),
        ("mentions.py", ("listed",)),
        ("reports.py", ("volume", "negative_share", "net_sentiment", "share_of_voice")),
    ):
        app = AppTest.from_file(str(PAGES / "app.py"), default_timeout=120)
        app.query_params.update(
            {"period": "dates", "from": f"{NOON - 30 * DAY:%Y-%m-%dT%H:%M}", "to": f"{NOON:%Y-%m-%dT%H:%M}"}
        )
        app.run()
        app.switch_page(page).run()
        assert not app.exception
        asked = [code.value for code in app.code if code.language == "sql"]
        with database.snapshot(themed) as con:
            given = [con.execute(query).description[0][0] for query in asked]
        assert set(columns) <= set(given), page


def test_sources_are_fine_as_their_query_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EARFUL_STORE", str(tmp_path))
    kept = troubled_store.fill(tmp_path, datetime.now(UTC))
    with kept.transaction() as con:  # two that come and go: one for long, the other was well again for hours
        con.execute("UPDATE sources SET asks = 9, losses = 4, falls = 3 WHERE state = 'fine'")
        con.execute("UPDATE sources SET since = last_success - INTERVAL 7 HOUR WHERE source = ?", [troubled_store.NEWS])
    app = page("overview.py")
    asked = [code.value for code in app.code if code.language == "sql" and STANDING in code.value]
    with database.snapshot(tmp_path) as con:
        ((fine, whole),), each = (con.execute(query).fetchall() for query in asked)
    assert f"{fine} of {whole} sources fine" in [one.proto.popover.label for one in app.get("popover")]
    (table,) = [one.value for one in app.dataframe if "what is wrong" in one.value]
    names = {words.source(source, 60): head.CONDITIONS[state] for source, state, _ in each}
    assert names == dict(zip(table["source"], table["state"], strict=True))
    assert names[words.source(troubled_store.SEARCH, 60)] == "Failing" and len(set(names.values())) >= 8


def shown(app: AppTest) -> list[list[tuple[Any, ...]]]:
    """Runs every query that a page shows below its head."""
    assert not app.exception
    asked = [code.value for code in app.code if code.language == "sql" and STANDING not in code.value]
    with database.snapshot(Path(os.environ["EARFUL_STORE"])) as con:
        return [con.execute(query).fetchall() for query in asked]


def page(file: str, **address: str) -> AppTest:
    app = AppTest.from_file(str(PAGES / "app.py"), default_timeout=120).run()
    app.switch_page(file)
    app.query_params.update(address)
    return app.run()


@pytest.fixture
def lately(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Database:
    """A store of themes up to now, of which one was resolved."""
    monkeypatch.setenv("EARFUL_STORE", str(tmp_path))
    now = datetime.now(UTC).replace(hour=12, minute=0, second=0, microsecond=0)
    found = themed_store.fill(tmp_path, now)
    themed_store.resolve(found, now)
    return found


def test_themes_are_counted_as_in_their_table(lately: Database) -> None:
    app = page("criticism.py")
    (table,) = [one.value for one in app.dataframe if "Theme" in one.value]
    (rows, *_) = shown(app)
    counts = {name: (now, before, net) for name, now, before, net in rows}
    assert len(table) >= 3
    for theme, count, net in zip(table["Theme"], table["Stories"], table["Net sentiment"], strict=True):
        assert counts[theme][0] == count
        assert net.startswith("−100" if counts[theme][2] == -1 else "–")


def test_brands_are_set_beside_each_other_by_what_the_query_counts(lately: Database) -> None:
    app = page("criticism.py", view="brands")
    (chart,) = app.get("vega_lite_chart")
    tables = [convert_arrow_bytes_to_pandas_df(one.data.data) for one in chart.proto.datasets]
    (table,) = [one for one in tables if "spread" in one]
    cells = {(one["brand"], one["name"]): (one["share"], one["of"]) for one in table.to_dict("records")}
    (rows,) = shown(app)
    counted = {
        (brand, subject): (share, f"{count} of {whole} complaints") for brand, subject, count, whole, share in rows
    }
    assert {brand for brand, _ in cells} == {"Acme", "Bolt"}
    for cell, said in cells.items():
        assert counted.get(cell, (0.0, said[1])) == (pytest.approx(said[0]), said[1])


@pytest.mark.parametrize("view", ["themes", "board"])
def test_before_and_after_are_what_the_query_counts(lately: Database, view: str) -> None:
    app = page("criticism.py", theme="courier", view=view)
    (said,) = [one.value for one in app.markdown if "compare_arrows" in one.value]
    (counts,) = [{row[:2]: row[2] for row in rows} for rows in shown(app) if rows and rows[0][0] == "ours"]
    assert set(counts) == {(whose, days) for whose in ("ours", "competitors") for days in ("before", "after")}
    today = datetime.now(UTC)
    acted, done = ((today - days * DAY).date() for days in (themed_store.ACTED, themed_store.DONE))
    spans = outcome.spans(acted, done, today, ZoneInfo("Europe/Berlin"))
    assert isinstance(spans, outcome.Spans)
    length = len(spans.after) - 1
    before, after = counts["ours", "before"] / length, counts["ours", "after"] / length
    assert f"From {before:.1f} to {after:.1f} a day" in said


def test_what_makes_a_comparison_unfair_is_counted_by_source(lately: Database) -> None:
    with database.snapshot(lately.folder) as con:
        for filters in (MONTH, replace(MONTH, stories=False, sources=("news",))):
            found = con.execute(explained_themes.heard(filters, ["Acme", "Bolt"])).fetchall()
            heard = criticism.heard(con, filters)
            heard = heard[heard.brand.isin(["Acme", "Bolt"])]
            columns = (heard[name] for name in ("brand", "connector", "source", "count", "complaints"))
            assert found == sorted(zip(*columns, strict=True))


@pytest.mark.parametrize("page_", ["overview.py", "compare.py"])
def test_the_period_before_is_counted_as_its_change_says(lately: Database, page_: str) -> None:
    app = page(page_)
    found: dict[str, list[Any]] = {}
    with database.snapshot(lately.folder) as con:
        for query in (code.value for code in app.code if code.language == "sql"):
            asked = con.execute(query)
            columns = [column[0] for column in asked.description]
            found.setdefault("themes" if "subject" in columns else columns[0], []).append(asked.fetchall())
    if page_ == "compare.py":
        (table,) = [one.value for one in app.dataframe if "Before" in one.value]
        now, before = ({row[0]: row[1] for row in rows} for rows in found["brand"][-2:])
        assert dict(zip(table.Brand, table.Stories, strict=True)) == now
        assert dict(zip(table.Brand, table.Before, strict=True)) == before
        return
    moved = {one.label: one.delta.replace("-", "−") for one in app.metric if one.delta}
    ((now,),), ((before,),) = found["volume"]
    assert moved["Volume"] == words.change(now, before)
    for name, column in (
        ("Negative share", "negative_share"), ("Net sentiment", "net_sentiment"), ("Share of voice", "share_of_voice"),
    ):  # fmt: skip
        ((now,),), ((before,),) = found[column][:2]
        assert moved[name] == f"{words.points(now - before)} points"


def test_the_copies_of_a_story_are_those_that_are_listed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EARFUL_STORE", str(tmp_path))
    said = [Said(f"c{at}", "Acme", 1 + at, "it's", "negative", f"Acme is late {at}", story="one") for at in range(4)]
    invented_store.fill(tmp_path, datetime.now(UTC), (*said, Said("alone", "Acme", 2, "shop", "negative", "Acme")))
    app = page("mentions.py", at="it's", mention="c1")
    (rows,) = [rows for rows in shown(app) if len(rows) > 1]
    assert [row[1:3] for row in rows] == [("it's", f"c{at}") for at in (3, 2, 1, 0)]
    assert any("4 copies of this story" in str(one.value) for one in app.markdown)
    assert all(words.moment(at, ZoneInfo("Europe/Berlin")) in {one.value for one in app.caption} for at, *_ in rows)


def test_what_is_said_again_is_counted_by_story(themed: Path) -> None:
    filters = replace(MONTH, themes=("courier",))
    with database.snapshot(themed) as con:
        _, parts = criticism.told(con, filters, [filters.start, filters.finish])
        ((share,),) = con.execute(explained.query("theme again", filters)).fetchall()
    parts = parts[parts.theme == "courier"]
    assert share == parts[parts.again]["count"].sum() / parts["count"].sum()


def test_gaps_are_counted_by_source(lately: Database) -> None:
    with lately.transaction() as con:
        for days, finish in ((40, 35), (5, 4), (2, None)):
            ends = None if finish is None else NOON - finish * DAY
            con.execute("INSERT INTO gaps VALUES ('shop', ?, ?, 'down')", [NOON - days * DAY, ends])
        assert con.execute(explained.gaps(NOON - 30 * DAY)).fetchall() == [("shop", 2)]
        assert len(standing.gaps(con, NOON - 30 * DAY)["shop"]) == 2


def test_a_list_is_counted_under_all_its_filters(themed: Path) -> None:
    with database.snapshot(themed) as con:
        for more in (
            {},
            {"labels": ("negative", "it's"), "words": "courier's parcel?"},
            {"labels": ("negative",), "words": "courier parcel", "author": "courier1"},
            {"themes": ("courier",), "languages": ("", "en"), "statuses": ("new",)},
            {"hidden": True},
            {"stories": False, "stars": 3, "intents": ("problem",), "assignee": "eva"},
        ):
            filters = replace(MONTH, **more)
            assert con.execute(explained.listed(filters)).fetchall() == [(queries.count_mentions(con, filters),)]


@pytest.mark.parametrize("step", [timedelta(hours=6), DAY])
@pytest.mark.parametrize("narrow", [{}, {"negative": False}, {"theme": "courier"}, {"source": "news"}, {"stars": 2}])
def test_a_rules_intervals_are_counted_as_it_counts_them(themed: Path, step: timedelta, narrow: dict) -> None:
    counted = Counted("Acme", **narrow)
    bounds = windows.edges(NOON - 20 * DAY, NOON, step, ZoneInfo("Europe/Berlin"))
    query = explained.windows(counted, ["courier"], bounds[0], bounds[-1], step, "Europe/Berlin")
    with database.snapshot(themed) as con:
        steps = dict(zip(bounds, counting.per_step(con, counted, bounds), strict=False))
        found = con.execute(query).fetchall()
        observed = con.execute(explained.spike(counted, ["courier"], bounds[0], bounds[-1])).fetchall()
    assert [count for _, count in found] == [count for count in steps.values() if count]
    assert observed == [(sum(steps.values()),)]
    assert len(found) > 3 or "stars" in narrow


@pytest.mark.parametrize("by", ["source", "author", "language", "theme"])
def test_the_parts_of_an_alert_are_split_as_the_card_splits_them(themed: Path, by: str) -> None:
    counted, start = Counted("Acme"), NOON - 5 * DAY
    whole = explained.spike(counted, [], start, NOON)
    with database.snapshot(themed) as con:
        parts = counting.portions(con, counted, NOON - 20 * DAY, start, NOON, 1e6)[by]
        found = dict(con.execute(explained_alerts.parted(whole, "Acme", by)).fetchall())
        names = {theme: one.name for one in families.of(con, "Acme") for theme in one.members}
    if by == "theme":
        named: Counter[str] = Counter()
        for theme, seen in found.items():
            named[names.get(theme, "")] += seen
        found = dict(named)
    assert found == {part.name: part.observed for part in parts if part.observed}
    assert len(found) > 1 or by == "language"


def test_the_stories_of_an_alert_are_counted_once_each_and_other_queries_are_not_split(themed: Path) -> None:
    whole = explained.spike(Counted("Acme"), [], NOON - 5 * DAY, NOON)
    with database.snapshot(themed) as con:
        found = con.execute(explained_alerts.parted(whole, "Acme", "story")).fetchall()
        assert sum(seen for _, seen in found) == con.execute(whole).fetchall()[0][0]
    assert {seen for _, seen in found} == {1}
    assert explained_alerts.parted("SELECT 1", "Acme", "story") == explained_alerts.parted("", "Acme", "story") == ""


def test_new_words_are_counted_by_the_stories_in_which_they_stand(themed: Path) -> None:
    counted, start, found = (
        Counted("Acme"),
        NOON - 5 * DAY,
        ["courier", "nobody answers", "update", "it's", "answers nobody"],
    )
    whole = explained.spike(counted, [], start, NOON)
    with database.snapshot(themed) as con:
        texts = counting.told(con, counted, start, NOON, 5, 5, 20).texts
        asked = dict(con.execute(explained_alerts.said(whole, found, 20)).fetchall())
    counts = {word: sum(novelty.held(text, [word]) for text in texts) for word in found}
    assert len(texts) == 20 and counts["courier"] and counts["update"] and counts["nobody answers"]
    assert asked == {word: count for word, count in counts.items() if count}
    assert explained_alerts.said("SELECT 1", found, 20) == explained_alerts.said(whole, [], 20) == ""


@pytest.mark.parametrize("narrow", [{}, {"source": "news"}, {"theme": "courier"}])
def test_what_may_be_negative_too_is_counted_by_language(tmp_path: Path, narrow: dict) -> None:
    invented_store.fill(tmp_path, NOON)
    counted, span = Counted("Acme", **narrow), (MONTH.start, NOON)
    with database.snapshot(tmp_path) as con:
        query = explained_alerts.undecided(explained.spike(counted, ["courier"], *span))
        found = con.execute(query).fetchall()
        assert found == counting.undecided(con, counted, *span) == [("unclear", "en", 1), ("unscored", "is", 1)]
    assert explained_alerts.undecided(explained.spike(Counted("Acme", False), [], *span)) == ""


def test_the_models_view_of_a_mention_is_the_one_that_is_shown(tmp_path: Path) -> None:
    invented_store.fill(tmp_path, NOON)
    with database.snapshot(tmp_path) as con:
        for one in (("shop", "a3", "Acme"), ("news", "a5", "Acme"), ("it's", "none", "Acme")):
            detail = queries.detail(con, *one)
            rows = con.execute(explained_mentions.scored(*one)).fetchall()
            shown = detail and (detail.model, detail.negative, detail.neutral, detail.positive, detail.judged)
            assert rows == ([shown] if shown else [])
            assert con.execute(explained_mentions.relevant(*one)).fetchall() == []


def test_a_rehearsal_draws_what_its_query_counts(
    tmp_path: Path, lately: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = tmp_path / "earful.toml"
    config.write_text(
        'store = "."\n[[brands]]\nname = "Acme"\nmatch = "acme"\n'
        '[[rules]]\nname = "A bad day"\nstep = "1d"\nleast = 5\n'
    )
    monkeypatch.setenv("EARFUL_CONFIG", str(config))
    app = page("spikes.py")
    app.button_group(key="part").set_value("rehearsal").run()
    (chart,) = app.get("vega_lite_chart")
    tables = [convert_arrow_bytes_to_pandas_df(one.data.data) for one in chart.proto.datasets]
    drawn = next(one for one in tables if "observed" in one).observed.dropna()
    ((*rows,),) = shown(app)
    assert [count for _, count in rows] == [count for count in drawn if count] and len(rows) > 30


def test_what_people_judged_is_counted_by_source_and_listed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EARFUL_STORE", str(tmp_path))
    kept = invented_store.fill(tmp_path, datetime.now(UTC))
    given = {"a1": "negative", "a3": "neutral", "a4": "positive", "a7": "neutral"}
    with kept.transaction() as con:
        for id_, label in (*given.items(), ("a3", "positive")):
            store.save_correction(con, "shop", id_, "Acme", label, "eva", datetime.now(UTC))
        store.save_correction(con, "news", "a5", "Acme", "neutral", "eva", datetime.now(UTC))
    app = page("overview.py")
    (table,) = [one.value for one in app.dataframe if "Right" in one.value]
    (rows,) = [rows for rows in shown(app) if ("shop", 3, 4) in rows]
    right = {source: (right, of) for source, right, of in zip(table.Source, table.Right, table.Of, strict=True) if of}
    assert right == {"shop": (3, 4)} == {words.source(source): (right, of) for source, right, of in rows}
    (address,) = [one.proto.query_string for one in app.get("page_link") if "people judged" in one.proto.label]
    led = page("mentions.py", **{key: found[0] for key, found in parse_qs(address).items()})
    assert "5 mentions, newest first" in "\n".join(one.value for one in led.caption)
    assert ((5,),) in [tuple(rows) for rows in shown(led)]


def test_charts_over_time_draw_what_their_query_counts(lately: Database) -> None:
    app = page("overview.py")
    with database.snapshot(lately.folder) as con:
        (rows,) = [con.execute(one.value).fetchall() for one in app.code if "date_trunc" in one.value]
    drawn = [
        (one["begins"], one["label"], one["count"])
        for chart in app.get("vega_lite_chart")
        for data in chart.proto.datasets
        for one in convert_arrow_bytes_to_pandas_df(data.data.data).to_dict("records")
        if {"begins", "label", "low"} <= set(one)
    ]
    zone = ZoneInfo("Europe/Berlin")
    counted = [(int(at.replace(tzinfo=zone).timestamp()), words.SIGNS[label], count) for at, label, count in rows]
    assert sorted(drawn) == sorted(counted) and len(counted) > 30


def test_brands_are_drawn_and_listed_as_their_query_gives_them(lately: Database) -> None:
    app = page("compare.py")
    query = next(one.value for one in app.code if one.value.startswith("SELECT brand, count(*) AS volume"))
    with database.snapshot(lately.folder) as con:
        rows = {row[0]: row[1:] for row in con.execute(query).fetchall()}
    net, negative = [
        {one["brand"]: one["said"] for one in table.to_dict("records")}
        for chart in app.get("vega_lite_chart")
        for data in chart.proto.datasets
        if {"brand", "said", "was"} <= set(table := convert_arrow_bytes_to_pandas_df(data.data.data))
    ]
    (table,) = [one.value for one in app.dataframe if "Share of voice" in one.value]
    for brand, (volume, voice, points, share, unclear, unscored) in rows.items():
        (listed,) = [one for one in table.to_dict("records") if one["Brand"] == brand]
        assert (net[brand], negative[brand]) == (words.points(points), words.percent(share))
        assert [listed[name] for name in ("Stories", "Unclear", "Not scored")] == [volume, unclear, unscored]
        assert listed["Share of voice"].startswith(words.percent(voice) + " (")
        assert listed["Net sentiment"].startswith(words.points(points) + " (")
        assert listed["Negative share"].startswith(words.percent(share) + " (")
    assert set(rows) == set(net) == set(negative) == {"Acme", "Bolt"}


def test_a_report_says_what_its_queries_count(lately: Database) -> None:
    zone = ZoneInfo("Europe/Berlin")
    now = datetime.now(zone).replace(hour=0, minute=0, second=0, microsecond=0)
    start, finish = now - 10 * DAY, now
    with lately.transaction() as con:
        card = json.dumps({"observed": 9, "expected": 0.5, "what": "negative stories"})
        for name, fired in (("in", start + DAY), ("early", start - DAY), ("late", finish)):
            values = [name, "Acme", "A bad day", "firing", fired, fired, fired, card]
            con.execute(
                "INSERT INTO alerts (alert, brand, rule, state, started, latest, fired, card)"
                " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                values,
            )
        briefing = reporting.draw_up(con, "Acme", start.astimezone(UTC), finish.astimezone(UTC), zone)
        content = json.loads(json.dumps(asdict(briefing)))
        digests.keep(con, digests.Kept("it's", "Acme", start, finish, finish, 3, content))
    address = {"period": "dates", "from": f"{start:%Y-%m-%dT%H:%M}", "to": f"{finish:%Y-%m-%dT%H:%M}"}
    found = shown(page("reports.py", **address))
    _, _, _, _, grew, moved, alerts, kept, *again = found  # after four figures
    assert [grew, moved, alerts] == again
    counted = {subject: (stories, before) for subject, stories, before in grew}
    assert briefing.grew and all(counted[one["name"]] == (one["now"], one["before"]) for one in briefing.grew)
    assert moved == [(one["source"], one["now"], one["before"]) for one in briefing.sources]
    assert [(rule, observed, expected) for _, rule, _, _, observed, expected in alerts] == [("A bad day", 9, 0.5)]
    ((_, snapshot, figures, themes, told, sources),) = kept
    assert snapshot == 3
    assert json.loads(themes) == content["grew"] and json.loads(told) == content["alerts"]
    assert json.loads(figures) == content["figures"] and json.loads(sources) == content["sources"]

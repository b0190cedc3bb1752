"""The Spikes page: an alert explained, looked after, silenced; rules rehearsed."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import invented_store
import pandas as pd
import pytest
from invented_store import Said
from streamlit.dataframe_util import convert_arrow_bytes_to_pandas_df
from streamlit.testing.v1 import AppTest

from earful.dashboard import launch, picked, rehearsals, ruled
from earful.dashboard.frame import Store
from earful.dashboard.picked import Picked
from earful.dashboard.read import Known
from earful.dashboard.signin import Person
from earful.data import counting, events, people, silencing, store
from earful.data.counting import Counted
from earful.data.database import Database, snapshot
from earful.data.queries import Brand
from earful.flows import config, watch

NASTY = "![x](https://evil.example/p.png) <script>alert(1)</script> :red[x]"
TEXT = """store = "."
timezone = "Europe/Berlin"

[[brands]]
name = "Acme"
match = "acme"

[[sources]]
connector = "rss"
target = "https://x.example.org/feed"

[[rules]]
name = "A bad day"
step = "1d"
least = 5
"""


@pytest.fixture
def database(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Database:
    """Keeps a store in which sixty people complained in three days, after two calm months."""
    now = datetime.now(UTC)
    calm = [Said(f"c{day}", "Acme", day + 0.2, "shop", "negative", "Acme was late") for day in range(4, 60, 3)]
    wave = [
        Said(
            f"w{at}", "Acme", 0.05 + at / 20, "news", "negative", f"Acme lost it, {at} {NASTY}", author=f"{NASTY} {at}"
        )
        for at in range(60)
    ]
    database = invented_store.fill(tmp_path, now, (*calm, *wave), (("Acme", "own"),))
    monkeypatch.setenv("EARFUL_STORE", str(tmp_path))
    monkeypatch.setenv("EARFUL_CONFIG", str(tmp_path / "earful.toml"))
    (tmp_path / "earful.toml").write_text(TEXT)
    return database


def watched(database: Database) -> str:
    """Raises the alert, and gives its name."""
    settings = config.load(database.folder / "earful.toml")
    found = [
        watch.watch(database, settings, lambda at=days: datetime.now(UTC) + timedelta(days=at)) for days in (-1, 0)
    ]
    (alert,) = {one.alert for changed in found for one in changed}
    return alert


def page(**address: str) -> AppTest:
    app = AppTest.from_file(str(Path(launch.__file__).parent / "app.py"), default_timeout=90)
    app.run()
    app.switch_page("spikes.py")
    for key, value in address.items():
        app.query_params[key] = value
    return app.run()


def said(app: AppTest, *kinds: str) -> str:
    parts: list[Any] = [one for kind in kinds or ("text", "caption", "markdown", "subheader") for one in app.get(kind)]
    return "\n".join(str(one.value) for one in parts)


def press(app: AppTest, label: str) -> AppTest:
    (button,) = [one for one in app.button if one.label == label]
    return button.click().run()


def test_a_store_without_alerts_says_what_a_rule_needs(database: Database) -> None:
    app = page()
    assert not app.exception
    assert "Nothing has broken out" in said(app)


def test_an_alert_is_explained_and_its_parts_add_up(database: Database) -> None:
    watched(database)
    app = page()
    assert not app.exception
    split = next(one.value for one in app.dataframe if "More" in one.value)
    assert split["Seen"].sum() > 20
    assert f"{split['Seen'].sum()} negative stories" in said(app, "text")
    assert f"Together +{split['More'].sum():.1f}" in said(app)
    *more, query = [code.value for code in app.code if code.language == "sql"]
    parts = [one for one in more if "ORDER BY seen DESC, " in one]
    assert [part.split("ORDER BY seen DESC, ")[1] for part in parts] == ["source", "author", "language", "story"]
    with snapshot(database.folder) as con:
        assert con.execute(query).fetchall() == [(split["Seen"].sum(),)]
    assert "evil.example" in said(app, "text")
    assert "evil.example" not in said(app, "markdown", "caption", "subheader")


def test_the_headline_is_as_exact_as_the_parts_and_each_quote_leads_to_where_it_was_said(database: Database) -> None:
    alert = watched(database)
    with database.transaction() as con:
        ((card,),) = con.execute("SELECT card FROM alerts WHERE alert = ?", [alert]).fetchall()
        told = json.loads(card)
        told |= {"expected": 25.3, "observed": 60, "excess": 34.7}
        for quote, url in zip(told["quotes"], ("https://x.example.org/1", "javascript:alert(1)", ""), strict=True):
            quote["url"] = url
        con.execute("UPDATE alerts SET card = ? WHERE alert = ?", [json.dumps(told), alert])
    app = page()
    assert not app.exception
    assert "60 negative stories, 25.3 expected" in said(app, "text")
    assert [one.proto.url for one in app.get("link_button")] == ["https://x.example.org/1"]


def test_what_happened_stands_on_the_charts_of_an_alert_and_of_a_rehearsal(database: Database) -> None:
    watched(database)
    app = page()
    assert "Version 2" not in charts(app)
    now = datetime.now(UTC)
    with database.transaction() as con:
        events.add(con, "Acme", "release", now - timedelta(days=3), None, "Version 2", "", "eva", now)
        events.add(con, "Acme", "outage", now - timedelta(days=400), None, "Long ago", "", "eva", now)
    app = page()
    assert not app.exception
    assert "Version 2" in charts(app) and "Long ago" not in charts(app)
    app = app.button_group(key="part").set_value("rehearsal").run()
    assert not app.exception
    assert "Version 2" in charts(app) and "Long ago" not in charts(app)


def charts(app: AppTest) -> str:
    """Gives all that the page's charts hold, the data as well."""
    return "\n".join(str(chart.proto) for chart in app.get("vega_lite_chart"))


def test_an_interval_that_is_clicked_on_lists_its_stories(database: Database) -> None:
    alert = watched(database)
    with snapshot(database.folder) as con:
        ((card,),) = con.execute("SELECT card FROM alerts WHERE alert = ?", [alert]).fetchall()
    kept = json.loads(card)
    rows = {}
    app = page(alert=alert)
    by_count = sorted(kept["series"], key=lambda one: one["observed"])
    shown = (by_count[0], by_count[-1])
    for one in shown:
        begins = int(datetime.fromisoformat(one["start"]).timestamp())
        app.session_state[picked.STEP] = Picked(f"alert {alert}", "", (), begins, ())
        app.run()
        assert not app.exception
        lists = [one.value for one in app.dataframe if "When" in one.value]
        rows[one["start"]] = len(lists[0]) if lists else 0
    assert rows == {one["start"]: one["observed"] for one in shown}
    assert max(rows.values()) > 10
    assert "evil.example" not in said(app, "markdown", "caption", "subheader")


def test_a_narrow_rule_lists_and_links_to_what_it_counts_alone(database: Database) -> None:
    now = datetime.now(UTC)
    with database.transaction() as con:
        of = replace(Counted("Acme"), source="news", stars=2)
        assert counting.listed(con, of, now - timedelta(days=9), now + timedelta(days=1), 9) == (0, [])
        con.execute("UPDATE facts SET rating = 1 WHERE id IN ('w1', 'w2')")
        con.execute("UPDATE facts SET rating = 1, label = 'neutral' WHERE id = 'w3'")
        total, lines = counting.listed(con, of, now - timedelta(days=9), now + timedelta(days=1), 1)
        assert (total, [line.id for line in lines]) == (2, ["w1"])
    known = Known({}, [Brand("Bolt", False), Brand("Acme", False)], [], [])
    address = ruled.address(Store(database.folder, "1", known, now, Person("", True)), of, now, now)
    assert {key: address[key] for key in ("brand", "source", "stars", "sentiment")} == {
        "brand": ["Acme"], "source": ["news"], "stars": ["2"], "sentiment": ["negative"],
    }  # fmt: skip


def test_an_alert_of_before_what_it_counts_was_kept_has_nothing_to_click_on(database: Database) -> None:
    alert = watched(database)
    assert "A click on a bar" in charts(page(alert=alert))
    with database.transaction() as con:
        con.execute("UPDATE alerts SET card = json_merge_patch(card, '{\"of\": null}')")
    app = page(alert=alert)
    assert not app.exception
    assert "A click on a bar" not in charts(app) and "picked" not in charts(app)


def test_a_rehearsal_lists_the_stories_of_an_interval(database: Database) -> None:
    app = page().button_group(key="part").set_value("rehearsal").run()
    begins = [
        one for chart in app.get("vega_lite_chart") for data in chart.proto.datasets
        for one in convert_arrow_bytes_to_pandas_df(data.data.data).to_dict("records") if one.get("observed", 0) > 5
    ]  # fmt: skip
    for one in begins:
        app.session_state[picked.STEP] = Picked("rehearsal A bad day Acme", "", (), one["begins"], ())
        app.run()
        assert not app.exception
        (found,) = [table.value for table in app.dataframe if "When" in table.value]
        assert len(found) == one["observed"]
    assert begins


def test_whoever_looks_after_an_alert_is_named_with_a_note(database: Database) -> None:
    alert = watched(database)
    app = page(alert=alert)
    app.text_input(key=f"note {alert}").set_value(f"Courier is warned {NASTY}")
    app = press(app, "Acknowledge")
    assert not app.exception
    assert "dashboard looks after it since" in said(app, "text") and "Courier is warned" in said(app, "text")
    with database.transaction(publish=False) as con:
        assert [one.alert for one in silencing.acknowledgements(con)] == [alert]


def test_a_silence_needs_a_reason_and_can_be_ended(database: Database) -> None:
    alert = watched(database)
    app = page(alert=alert)
    key = f"of {alert}"
    assert app.button(key=f"silence {key}").disabled
    app = app.text_input(key=f"reason {key}").set_value("Known outage").run()
    app = app.button(key=f"silence {key}").click().run()
    assert not app.exception
    assert "Silenced at the moment" in said(app)
    app = app.button_group(key="part").set_value("silences").run()
    assert "Acme, A bad day: Known outage" in said(app, "text")
    app = press(app, "End it")
    with database.transaction(publish=False) as con:
        (kept,) = silencing.silences(con, datetime.now(UTC) - timedelta(days=1))
    assert kept.ended is not None and kept.author == "dashboard"


def test_who_may_only_look_silences_nothing(database: Database) -> None:
    alert = watched(database)
    with database.transaction() as con:
        store.put_setting(con, people.SETTING, {"editors": ["ada@example.org"], "viewers": []})
    app = press(page(alert=alert), "Acknowledge")
    assert "may not decide" in "\n".join(str(one.value) for one in app.code)
    with database.transaction(publish=False) as con:
        assert silencing.acknowledgements(con) == []


def test_rules_are_rehearsed_on_what_is_kept(database: Database) -> None:
    app = page().button_group(key="part").set_value("rehearsal").run()
    assert not app.exception
    assert "would have fired once" in "\n".join(str(chart.proto) for chart in app.get("vega_lite_chart"))
    with snapshot(database.folder) as con:
        for query in (code.value for code in app.code if code.language == "sql"):
            assert con.execute(query).fetchall()
    assert "is worked out by Earful from the intervals before it" in said(app)


def test_an_alert_that_is_gone_is_told_so(database: Database) -> None:
    watched(database)
    app = page(alert="Acme|No rule|2020-01-01T00:00:00+00:00")
    assert "older than half a year" in "\n".join(str(one.value) for one in app.info)


def test_quarters_of_an_hour_are_drawn_as_hours() -> None:
    at, quarter = datetime(2026, 11, 20, 12, tzinfo=UTC), timedelta(minutes=15)
    rows = [
        {"start": (at + n * quarter).isoformat(), "finish": (at + (n + 1) * quarter).isoformat()}
        | {"observed": observed, "expected": 1.0, "high": 3.0}
        for n, observed in enumerate([2, 3, None, 4, None, None, None, None])
    ]
    found = rehearsals.hours(pd.DataFrame(rows))
    assert found.start.tolist() == [rows[0]["start"], rows[4]["start"]]
    assert found.finish.tolist() == [rows[3]["finish"], rows[7]["finish"]]
    assert found.observed.tolist()[0] == 9 and found.observed.isna().tolist() == [False, True]
    assert found.high.tolist() == [8.0, 8.0], "four expected, and twice the scatter of one"
    long = pd.DataFrame([row | {"finish": (at + timedelta(days=1)).isoformat()} for row in rows[:1]])
    assert rehearsals.hours(long) is long

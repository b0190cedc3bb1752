"""The dashboard's figures, words and pages; the pages run without a browser."""

import itertools
import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import invented_store
import pandas as pd
import pytest
from invented_store import NOON, Said
from paging import page, said
from streamlit.testing.v1 import AppTest

from earful.dashboard import canvas, charts, figures, findings, launch, period, words
from earful.dashboard.figures import Totals
from earful.data import database, migrations, queries, store
from earful.data.database import Database
from earful.data.queries import Gap, Spike
from earful.models import accuracy
from earful.models.accuracy import Share

HERE = Path(launch.__file__).parent
BERLIN = ZoneInfo("Europe/Berlin")


# Periods


def test_the_last_days_begin_at_the_teams_midnight_and_are_compared_with_as_many_before() -> None:
    got = period.last("30d", datetime(2026, 11, 20, 12, 7, tzinfo=UTC), BERLIN)
    assert got.start == datetime(2026, 10, 22, 0, 0, tzinfo=BERLIN)
    assert got.finish == datetime(2026, 11, 20, 13, 15, tzinfo=BERLIN)
    assert got.before == datetime(2026, 9, 22, 0, 0, tzinfo=BERLIN)
    assert got.before_finish == datetime(2026, 10, 21, 13, 15, tzinfo=BERLIN)
    assert got.step == "day"


def test_just_before_midnight_today_is_still_today() -> None:
    got = period.last("7d", datetime(2026, 11, 20, 22, 59, tzinfo=UTC), BERLIN)
    assert (got.start, got.finish) == (
        datetime(2026, 11, 14, tzinfo=BERLIN),
        datetime(2026, 11, 21, tzinfo=BERLIN),
    )
    assert got.step == "day"


def test_under_seven_days_steps_are_hours() -> None:
    got = period.last("24h", datetime(2026, 11, 20, 12, 7, tzinfo=UTC), BERLIN)
    assert got.start == datetime(2026, 11, 19, 14, 0, tzinfo=BERLIN)
    edges = period.edges(got.start, got.finish, got.step)
    assert got.step == "hour"
    assert len(edges) == 25
    assert edges[-1] == got.finish


@pytest.mark.parametrize(
    ("days", "step"), [(1, "hour"), (6.9, "hour"), (7, "day"), (120, "day"), (121, "week"), (900, "month")]
)
def test_steps_grow_with_the_span(days: float, step: str) -> None:
    assert period.step(NOON, NOON + timedelta(days=days)) == step


def test_days_keep_to_midnight_over_a_change_of_the_clocks() -> None:
    edges = period.edges(datetime(2026, 10, 24, tzinfo=BERLIN), datetime(2026, 10, 27, tzinfo=BERLIN), "day")
    assert [at.hour for at in edges] == [0, 0, 0, 0]
    assert [(b.astimezone(UTC) - a.astimezone(UTC)).total_seconds() / 3600 for a, b in itertools.pairwise(edges)] == [
        24,
        25,
        24,
    ]
    hours = period.edges(datetime(2026, 10, 25, tzinfo=BERLIN), datetime(2026, 10, 26, tzinfo=BERLIN), "hour")
    assert len(hours) == 26  # 25 hours


def test_weeks_begin_on_monday_and_months_on_the_first() -> None:
    start, finish = datetime(2026, 11, 5, tzinfo=BERLIN), datetime(2026, 12, 2, tzinfo=BERLIN)
    assert [at.day for at in period.edges(start, finish, "week")] == [5, 9, 16, 23, 30, 2]
    assert [at.day for at in period.edges(start, finish, "month")] == [5, 1, 2]


def test_a_chosen_span_is_put_in_order_and_never_empty() -> None:
    later, earlier = NOON, NOON - timedelta(days=2)
    got = period.between(later, earlier, BERLIN)
    assert (got.start, got.finish, got.before) == (earlier, later, earlier - timedelta(days=2))
    assert period.between(NOON, NOON, BERLIN).finish == NOON + timedelta(minutes=15)


# Figures


def test_net_sentiment_leaves_out_what_is_neutral_unclear_or_unscored() -> None:
    got = figures.net_sentiment(Totals(negative=2, neutral=50, positive=8, unclear=9, unscored=4))
    assert got is not None
    assert got.value == pytest.approx(0.6)
    assert (got.low, got.high) == (pytest.approx(2 * 0.4902 - 1, abs=1e-3), pytest.approx(2 * 0.9433 - 1, abs=1e-3))
    assert figures.net_sentiment(Totals(neutral=5, unclear=3)) is None


def test_a_difference_is_told_from_noise() -> None:
    # Newcombe 1998, table II, case (a): 56/70 against 48/80 gives 0.0524 to 0.3339, which leaves out zero.
    assert figures.differ(accuracy.share(56, 70), accuracy.share(48, 80))
    # Case (b): 9/10 against 3/10 gives 0.1705 to 0.8090; and 6/7 against 2/7 gives 0.0582 to 0.8062.
    assert figures.differ(accuracy.share(9, 10), accuracy.share(3, 10))
    assert figures.differ(accuracy.share(6, 7), accuracy.share(2, 7))
    assert not figures.differ(accuracy.share(6, 10), accuracy.share(3, 10))
    assert not figures.differ(accuracy.share(5, 5), None)
    assert figures.volumes_differ(377, 321)
    assert not figures.volumes_differ(13, 12)


# Words


def test_numbers_are_written_for_readers() -> None:
    assert words.number(12345) == "12,345"
    assert (words.percent(0.41), words.percent(0.043), words.percent(0)) == ("41%", "4.3%", "0%")
    assert (words.points(-0.336), words.points(0.5), words.points(0.001)) == ("−34", "+50", "0")
    assert words.interval(Share(0, -0.1, 0.25)) == "−10 to +25"
    assert (words.change(377, 321), words.change(5, 10)) == ("+17%", "−50%")
    assert words.length(timedelta(minutes=15)) == "15 minutes"
    assert words.length(timedelta(hours=1)) == "hour"
    assert words.ago(NOON - timedelta(minutes=65), NOON) == "1 hour ago"


def test_times_are_the_teams() -> None:
    assert words.moment(NOON, BERLIN) == "20 Nov 2026, 13:00"
    midnight = datetime(2026, 11, 20, tzinfo=BERLIN)
    assert words.span(midnight, midnight + timedelta(days=1), BERLIN) == "20 Nov 2026"
    assert words.span(midnight, midnight + timedelta(days=30), BERLIN) == "20 Nov to 19 Dec 2026"
    assert words.span(midnight, midnight + timedelta(hours=2), BERLIN) == "20 Nov 2026, 00:00 to 02:00"


@pytest.mark.parametrize(
    "url",
    [
        "javascript:alert(1)",
        "data:text/html,x",
        "https://",
        "//x.example",
        "https://x.example/a b",
        "https://x.example/\u202egpj.exe",
        "http://[bad",
        " https://x.example",
        "",
    ],
)
def test_only_web_addresses_are_linked(url: str) -> None:
    assert words.web_address(url) == ""


def test_a_good_address_is_given_back() -> None:
    assert words.web_address("https://x.example/a?b=c#d") == "https://x.example/a?b=c#d"


def test_text_that_would_turn_its_direction_is_straightened() -> None:
    assert words.plain("a\u202eb\u2066c\x00d\ne") == "abcd\ne"
    assert words.short("x" * 50_000) == "x" * 39 + "…"


def test_findings_say_what_is_noise() -> None:
    more, less = Totals(negative=80, positive=20), Totals(negative=20, positive=80)
    assert findings.net_sentiment(more, less, "Acme") == "Net sentiment fell to −60 from +60"
    assert findings.net_sentiment(less, more, "Acme") == "Net sentiment rose to +60 from −60"
    assert findings.net_sentiment(more, more, "Acme") == "Net sentiment is −60, no clear change from −60"
    assert findings.net_sentiment(more, None, "Acme") == "Net sentiment is −60"
    assert findings.net_sentiment(Totals(unclear=4), less, "Acme") == "Nobody praised or blamed Acme in this period"
    assert findings.volume(Totals(neutral=200), Totals(neutral=100), "stories") == (
        "200 stories, 2.0 times as many as before (100)"
    )
    assert findings.volume(Totals(neutral=1), Totals(neutral=2), "stories") == "1 story, about as many as before (2)"
    assert findings.voice("Bolt", ["Acme", "Bolt"], 0.25) == "Acme leads; Bolt has 25%"


# Charts


def series(days: int, known: bool = True) -> pd.DataFrame:
    start = datetime(2026, 11, 1, tzinfo=BERLIN)
    edges = [start + timedelta(days=day) for day in range(days + 1)]
    counts = pd.DataFrame({"brand": ["Acme"], "begins": [1], "label": ["negative"], "count": [1]})
    gaps = [] if known else [Gap("shop", start, None, "503")]
    return figures.series(counts, "Acme", edges, gaps)


@pytest.mark.parametrize("look", [canvas.LIGHT, canvas.DARK])
def test_charts_state_their_finding_and_mark_gaps_and_spikes(look: canvas.Look) -> None:
    start = datetime(2026, 11, 3, 12, tzinfo=UTC)
    gaps = [Gap("shop", start, None, "503"), Gap("news", start - timedelta(days=90), start - timedelta(days=80), "old")]
    spikes = [
        Spike(start, start + timedelta(hours=1), 9, 1.5, 4, "negative stories"),
        Spike(start - timedelta(hours=12), start + timedelta(hours=12), 10, 5, 7),
    ]
    for chart in (
        charts.net_sentiment(series(9), gaps, spikes, "day", BERLIN, look, ["finding", "more"]),
        charts.volume(series(9), gaps, spikes, "day", BERLIN, look, ["finding", "more"], "stories"),
    ):
        spec = chart.to_json()
        assert '"text": "finding"' in spec
        assert "gap: shop" in spec
        assert '"sources": "news' not in spec  # it lies outside
        assert "9 negative stories, 1.5 expected" in spec, "the larger excess of two rules in one step"
        assert "19 " not in spec and "10 stories" not in spec, "never their sum: they count the same stories"
        assert "3 Nov 2026, 13:00 to 14:00" in spec
        assert '"until": "still"' in spec


def test_an_unknown_step_is_not_drawn_as_zero() -> None:
    gaps = [Gap("shop", datetime(2026, 11, 1, tzinfo=UTC), None, "503")]
    chart = charts.volume(series(3, known=False), gaps, [], "day", BERLIN, canvas.LIGHT, ["t"], "stories")
    assert not series(3, known=False).known.any()
    assert '"label": "' not in chart.to_json()


# Launching


def test_the_dashboard_is_for_this_machine_alone() -> None:
    command = launch.command(8600)
    assert "--server.address=127.0.0.1" in command
    assert "--server.port=8600" in command
    assert "--client.showErrorDetails=none" in command
    assert "--browser.gatherUsageStats=false" in command
    assert "--server.enableXsrfProtection=true" in command
    assert [part for part in command if "allowedHosts" in part] == [
        "--server.allowedHosts=localhost",
        "--server.allowedHosts=127.0.0.1",
        "--server.allowedHosts=[::1]",
    ]


def test_no_page_writes_html_or_people_s_words_as_markdown() -> None:
    forbidden = re.compile(r"unsafe_allow_html|st\.(html|write|table|title|iframe|components)|(Image|Link)Column")
    for path in HERE.glob("*.py"):
        text = path.read_text()
        if path.name == "look.py":
            text = text.replace("st.html(SHEET)", "")  # the style sheet, in which nobody's words stand
        assert not forbidden.search(text), path.name


# Pages


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("EARFUL_STORE", str(tmp_path))
    return tmp_path


@pytest.fixture
def kept(folder: Path) -> Database:
    """Gives a store whose noon was a moment ago."""
    return invented_store.fill(folder, datetime.now(UTC).replace(microsecond=0))


def figure(app: AppTest, label: str) -> tuple[str, str]:
    metric = next(metric for metric in app.metric if metric.label == label)
    return metric.value, metric.delta


def test_an_empty_folder_says_what_to_do_next(folder: Path) -> None:
    text = said(page("overview"))
    assert "Nothing has been collected yet" in text
    assert all(command in text for command in ("earful init", "earful check", "earful run"))


def test_no_named_store_is_an_error_in_words(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("EARFUL_STORE", raising=False)
    assert "No store is named" in said(page("overview"))


def test_a_damaged_snapshot_is_told_and_not_thrown(folder: Path) -> None:
    (folder / "read").mkdir()
    (folder / "read" / "snap-000000001.duckdb").write_text("garbage" * 1000)
    (folder / "read" / "CURRENT").write_text("snap-000000001.duckdb")
    assert "can't be read" in said(page("overview"))


def test_damage_that_only_one_page_meets_is_told_and_not_thrown(
    kept: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    def damaged(*_: object) -> None:
        raise database.DAMAGE[0]("computed checksum 1 does not match stored checksum 2")

    monkeypatch.setattr(queries, "counts", damaged)
    text = said(page("overview"))
    assert "can't be read" in text and "is damaged" in text and "checksum" in text


def test_a_snapshot_of_a_newer_earful_is_told_and_not_read(kept: Database) -> None:
    with kept.transaction() as con:
        con.execute("INSERT INTO migrations VALUES (?, 'to come', now())", [len(migrations.MIGRATIONS) + 1])
    text = said(page("overview"))
    assert "can't be read" in text and "by a newer version of Earful" in text


def test_a_brand_without_mentions_is_told_apart_from_an_empty_period(folder: Path) -> None:
    now = datetime.now(UTC)
    old = Said("c1", "Acme", 400, "shop", "neutral", "Acme exists")
    invented_store.fill(folder, now, (old,))
    text = said(page("overview"))
    assert "Nothing in this period" in text
    assert words.moment(now - timedelta(days=400), BERLIN) in text
    assert "No mention of this brand yet" in said(page("overview", brand="Bolt"))


def test_the_tiles_show_the_period_and_the_change(kept: Database) -> None:
    app = page("overview")
    assert figure(app, "Volume") == ("6", "+100%")
    assert figure(app, "Negative share") == ("50%", "+17 points")  # 2 of 4 against 1 of 3
    assert figure(app, "Net sentiment") == ("−33", "-67 points")  # 1 - 2 of 3 against 2 - 1 of 3
    assert figure(app, "Share of voice") == ("86%", "+11 points")  # 6 of 7 against 3 of 4
    assert figure(app, "Unclear")[0] == "1"
    assert figure(app, "Not scored")[0] == "1"
    text = said(app)
    assert "−88 to +58 (95%)" in text  # Wilson for 1 of 3: 0.0615 to 0.7923
    assert "2 of 4 judged; 15% to 85% (95%)" in text
    assert "of 7 of all brands; 49% to 97% (95%)" in text
    assert figure(app, "Accuracy")[0] == "–"
    assert "not known yet: correct or confirm some mentions (0 of 20)" in text


def judge_many(database: Database, right: int, wrong: int) -> None:
    """Lets people confirm `right` mentions of each clear label, and call `wrong` neutral ones negative."""
    now = datetime.now(UTC)
    with database.transaction() as con:
        for label in ("negative", "neutral", "positive"):
            for place in range(right + wrong * (label == "neutral")):
                person = label if place < right else "negative"
                store.save_correction(con, "shop", f"{label}{place}", "Acme", person, "eva", now)


@pytest.fixture
def many(folder: Path) -> Database:
    """Gives a store with 80 stories of each clear label."""
    rows = tuple(
        Said(f"{label}{place}", "Acme", 1 + place / 100, "shop", label, f"Acme {label} {place}")
        for label in ("negative", "neutral", "positive")
        for place in range(80)
    )
    return invented_store.fill(folder, datetime.now(UTC).replace(microsecond=0), rows)


def test_accuracy_is_told_from_twenty_corrections_on(many: Database) -> None:
    judge_many(many, 6, 1)
    app = page("overview")
    assert figure(app, "Accuracy")[0] == "–"
    assert "(19 of 20)" in said(app)
    judge_many(many, 6, 4)
    app = page("overview")
    assert figure(app, "Accuracy")[0] == "82%"
    assert "on 22 of your corrections; 61% to 93% (95%)" in said(app)
    assert app.dataframe[-1].value.to_dict("records") == [
        {"Source": "shop", "Right": 18, "Of": 22, "Accuracy": "82%", "95%": "61% to 93%"}
    ]
    assert "these are the mentions that people looked at, not a fair sample" in said(app).lower()


def test_the_negative_share_allows_for_the_models_errors_once_they_are_known(many: Database) -> None:
    judge_many(many, 6, 3)
    app = page("overview")
    assert "83 of 240 judged; 29% to 41% (95%)" in said(app)  # 9 negative ones are too few
    judge_many(many, 12, 6)
    app = page("overview")
    assert figure(app, "Negative share")[0] == "36%"
    # The model found 12 of 18 and spared 24 of 24; of its 198 labels 68 are negative, so 68/198 / (12/18) = 0.515
    # of them are; with the 18 of 42 that people called so, (198 * 0.515 + 18) / 240 = 0.5.
    assert "86 of 240 judged; less the model's errors 50% (35% to 70%)" in said(app)


def test_the_address_sets_the_filters_and_the_filters_the_address(kept: Database) -> None:
    app = page("overview", count="mentions", source=["shop"], brand="Acme")
    assert figure(app, "Volume")[0] == "4"
    assert app.multiselect(key="source").value == ["shop"]
    app.multiselect(key="source").set_value(["news"]).run()
    assert figure(app, "Volume")[0] == "3"
    assert app.query_params == {"count": "mentions", "source": "news"}
    app.selectbox(key="brand").set_value("Bolt").run()
    assert app.query_params["brand"] == "Bolt"


def test_one_line_says_what_the_filters_are_set_to(kept: Database) -> None:
    for name, address, told in (
        ("overview", {}, "Acme, last 30 days"),
        ("criticism", {"brand": "Bolt", "period": "7d", "source": ["shop", "news"]}, "Bolt, last 7 days, 2 sources"),
        ("compare", {"period": "dates", "from": "2026-11-01", "to": "2026-11-03"}, "Acme, 1 Nov to 2 Nov 2026"),
        ("mentions", {"count": "mentions", "text": "late", "hidden": "1"}, "Acme, last 30 days, mentions, 2 more"),
    ):
        label = page(name, **address).button(key="fold filters").label
        assert label == f"Filters: {told}"
    app = page("overview")
    app.selectbox(key="period").set_value("dates").run()
    assert not app.exception


def test_an_address_that_means_nothing_falls_back(kept: Database) -> None:
    address = {"brand": "![x](http://x.example)", "period": "9y", "source": ["nowhere"], "count": "all"}
    app = page("overview", **address, **{"from": "yesterday", "to": "0001-01-01T00:00:00+23:59"})
    assert figure(app, "Volume")[0] == "6"
    assert app.selectbox(key="brand").value == "Acme"
    assert app.query_params == {}


def test_the_link_of_an_alert_opens_its_stories(kept: Database) -> None:
    now = datetime.now(UTC)
    span = {"from": (now - timedelta(days=2, hours=12)).isoformat(), "to": now.isoformat()}
    app = page("mentions", brand="Acme", sentiment="negative", **span)
    assert app.selectbox(key="period").value == "dates"
    assert "2 stories, newest first" in said(app)


def test_a_broken_configuration_and_old_data_are_told(kept: Database) -> None:
    old = datetime.now(UTC) - timedelta(hours=2)
    with kept.transaction() as con:
        store.put_setting(con, "config_error", {"message": "earful.toml:3: unknown key <b>'brnd'", "at": ""})
        con.execute("UPDATE sources SET last_success = ?, due = ?", [old, old + timedelta(minutes=15)])
    app = page("overview")
    text = said(app)
    assert "goes on with the last good one" in text
    assert "earful.toml:3: unknown key <b>'brnd'" in [code.value for code in app.code]
    assert "there should be new data every 15 minutes" in text


def test_fresh_data_and_a_good_configuration_raise_no_banner(kept: Database) -> None:
    assert not page("overview").warning


def test_alerts_are_listed_with_what_was_seen_and_expected(kept: Database) -> None:
    now = datetime.now(UTC)
    card = {
        "observed": 29,
        "expected": 1.9,
        "high": 7.0,
        "start": (now - timedelta(hours=3)).isoformat(),
        "finish": now.isoformat(),
    }
    with kept.transaction() as con:
        con.execute(
            "INSERT INTO alerts VALUES ('a', 'Acme', 'r', 'firing', ?, ?, NULL, ?, ?)",
            [now, now, now, pd.Series(card).to_json()],
        )
    assert "29 negative stories, 1.9 expected" in said(page("overview"))


def test_the_list_and_one_mention_in_full(kept: Database) -> None:
    app = page("mentions", at="shop", mention="a1")
    text = said(app)
    assert "6 stories, newest first" in text
    assert "Acme lost my parcel again" in text
    assert "2 copies of this story" in text
    assert "Where this story was told" in [one.label for one in app.expander]
    assert "(this one)" in text
    assert "turned out to be this one" not in text
    assert "news, ada" in text
    assert "negative 80%, neutral 15%, positive 5%" in text
    assert list(app.dataframe[-1].value["Sentiment"]) == [
        "▼ negative",
        "▼ negative",
        "▲ positive",
        "? unclear",
        "– not scored",
        "● neutral",
    ]


def test_a_story_says_when_others_turned_out_to_be_it(kept: Database) -> None:
    with kept.transaction() as con:
        con.execute("INSERT INTO story_merges SELECT 'once', story, now() FROM examined WHERE id = 'a1'")
    assert "Another story turned out to be this one" in said(page("mentions", at="shop", mention="a1"))


def test_an_edited_mention_shows_its_earlier_wording_as_plain_words(kept: Database) -> None:
    assert "Edited" not in " ".join(one.label for one in page("mentions", at="shop", mention="a3").expander)
    now = datetime.now(UTC)
    row = next(row for row in invented_store.SAID if row.id == "a3")
    for hours, text in enumerate(("Never **again** ![x](http://127.0.0.1:9/x.png) Acme", "Acme, maybe", row.text)):
        other = invented_store.mention(replace(row, text=text, title="A headline"), now)
        with kept.transaction() as con:
            store.save_page(con, "shop", [other], now + timedelta(hours=hours))
    app = page("mentions", at="shop", mention="a3")
    assert [one.label for one in app.expander if "dited" in one.label] == ["Edited 3 times"]
    (past,) = (one for one in app.expander if "dited" in one.label)
    assert [one.value for one in past.text] == [
        *("A headline", "Acme, maybe"),
        *("A headline", "Never **again** ![x](http://127.0.0.1:9/x.png) Acme"),
        "Never again Acme",
    ]
    assert not past.markdown and all(one.value.startswith("Until ") for one in past.caption)


def test_a_deleted_mention_says_so_and_counts_on(kept: Database) -> None:
    volume = figure(page("overview"), "Volume")
    now = datetime.now(UTC)
    with kept.transaction() as con:
        store.save_page(con, "shop", [], now, ["a3"])
    app = page("mentions", at="shop", mention="a3")
    text = said(app)
    assert "deleted at its source" in text and f"Found on {words.moment(now, BERLIN)}" in text
    assert "Never again Acme" not in text and "6 stories, newest first" in text
    assert "deleted at its source" in list(app.dataframe[-1].value["Mention"])
    assert not [one for one in app.button if str(one.key).startswith("correct")], "nobody can judge what is not there"
    assert figure(page("overview"), "Volume") == volume


def test_filters_of_the_list_come_from_the_address(kept: Database) -> None:
    app = page("mentions", sentiment=["negative", "unclear"], text="acme", language="en")
    assert "3 stories, newest first" in said(app)
    assert app.query_params == {"sentiment": ["negative", "unclear"], "text": "acme", "language": "en"}


def test_a_correction_is_kept_shown_at_once_and_counted(kept: Database) -> None:
    app = page("mentions", at="shop", mention="a3")
    app.button(key="correct positive").click().run()
    assert "corrected by a person" in said(app)
    assert app.button(key="correct positive").disabled
    assert list(app.dataframe[-1].value["Sentiment"])[1] == "▲ positive ✓"
    assert figure(page("overview"), "Negative share")[0] == "25%"
    with kept.look() as con:
        rows = con.execute("SELECT source, id, brand, label FROM corrections").fetchall()
    assert rows == [("shop", "a3", "Acme", "positive")]


def test_a_correction_that_can_not_be_kept_is_told(kept: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    app = page("mentions", at="shop", mention="a3")

    def full(*_: object, **__: object) -> None:
        raise database.DatabaseError("no room to write")

    monkeypatch.setattr(Database, "transaction", full)
    app.button(key="correct positive").click().run()
    text = said(app)
    assert "was not kept" in text
    assert "no room to write" in text
    assert "corrected by a person" not in text


def test_long_lists_are_cut_in_pages(folder: Path) -> None:
    many = tuple(Said(f"m{n}", "Acme", 1 + n / 1000, "shop", "neutral", f"Acme number {n}") for n in range(450))
    invented_store.fill(folder, datetime.now(UTC), many)
    app = page("mentions")
    assert "1 to 200 of 450 stories" in said(app)
    older = next(button for button in app.button if button.label == "Older")
    older.click().run()
    assert "201 to 400 of 450 stories" in said(app)
    assert app.query_params["page"] == "2"
    assert app.dataframe[-1].value["Mention"].iloc[0] == "Acme number 200"
    app.segmented_control(key="sentiment").set_value(["neutral"]).run()
    assert "1 to 200 of 450 stories" in said(app)
    assert "page" not in app.query_params
    assert "201 to 400 of 450 stories" in said(page("mentions", page="2"))


def test_names_that_people_chose_are_never_markdown(folder: Path) -> None:
    nasty = "![x](http://127.0.0.1:9/x.png)"
    row = Said("n1", nasty, 1, nasty, "negative", nasty, nasty, author=nasty, language="en", url="javascript:alert(1)")
    invented_store.fill(folder, datetime.now(UTC), (row,), ((nasty, "own"), (nasty + "2", "competitor")))
    for app in (page("overview"), page("mentions", at=nasty, mention="n1")):
        assert not app.exception
        for kind in (app.markdown, app.caption, app.metric, app.subheader, app.error, app.warning, app.button):
            assert not any("127.0.0.1" in str(element) for element in kind)
    assert "is not one that a browser should open" in said(app)

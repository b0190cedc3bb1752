"""How the sources are: what a person is told of them, in the command, on the page and by alerts."""

import json
import random
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
import troubled_store
from samples import told as written
from streamlit.testing.v1 import AppTest
from troubled_store import CONDITIONS, NEWS, REVIEWS, SEARCH

from earful.dashboard import head, launch
from earful.dashboard.read import Known
from earful.data import alerting, health, queries, standing, store, todo
from earful.data.alerting import Alert
from earful.data.database import Database
from earful.data.todo import SourceRow
from earful.flows import listing, show, targets, troubles, watch
from earful.flows.config import Brand, Config, Source, Target
from earful.flows.messages import clean
from earful.models import condition, silence

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
EVERY = timedelta(minutes=15)


def row(name: str, state: str = "fine", **values: object) -> SourceRow:
    """A source that was well at noon, and an hour later is in some state."""
    ill = {} if state == "fine" else {"since": NOON + HOUR, "failures": 2, "asked": NOON + HOUR, "error": "no answer"}
    usual = {"last_success": NOON, "asked": NOON, "due": NOON + EVERY, "failures": 0, "since": NOON, "error": ""}
    host = name.partition("/")[0]
    made = {**usual, "cursor": {}, "moved_to": "", "moved_since": None, "host": host, **ill, **values}
    return SourceRow(source=name, connector="rss", target=name, state=state, **made)  # type: ignore[arg-type]


# Conditions


def test_every_condition_is_told_with_its_step(tmp_path: Path) -> None:
    with troubled_store.fill(tmp_path, NOON).look() as con:
        judged = {one.source: condition.judge(one) for one in todo.sources(con)}
        assert judged[REVIEWS].since == troubled_store.last_words(con)
    assert {name: one.name for name, one in judged.items()} == CONDITIONS
    assert {one.name for one in judged.values()} == set(condition.ORDER)
    assert all(bool(one.step) == (one.name != "fine") for one in judged.values())
    assert all(one.since for one in judged.values() if one.name != "new")


def test_where_nothing_is_found_the_target_may_be_wrong() -> None:
    missing = condition.judge(row("a", "failing", error="a: answered 404; it may have moved"))
    assert "mistyped" in missing.step
    assert "mistyped" not in condition.judge(row("a", "failing")).step


def test_nothing_after_many_answers_that_held_something_is_no_success(tmp_path: Path) -> None:
    def answered(*counts: int) -> str:
        for number, read in enumerate(counts):
            health.record_answer(con, "rss:a", NOON + number * HOUR, "a", 0.5, 0, read)
        return condition.judge(todo.sources(con)[0]).name

    with Database(tmp_path).transaction() as con:
        store.set_up(con, [], [("rss:a", "rss", "a")])
        health.record_success(con, "rss:a", NOON, NOON + EVERY, 5, rolled=False)
        assert answered(*[5] * condition.HABIT, 0, 0) == "fine"
        health.record_answer(con, "rss:a", NOON, "a", 0.5, 0, None)
        assert answered() == "fine", "what was not changed says nothing"
        assert answered(0) == "silent"
        assert answered(1) == "fine"
        assert answered(0, 0, 0, 0) == "fine", "it is no habit any more"


def test_slow_is_what_has_been_so_for_some_answers(tmp_path: Path) -> None:
    with Database(tmp_path).transaction() as con:
        store.set_up(con, [], [("rss:a", "rss", "a")])
        health.record_success(con, "rss:a", NOON, NOON + EVERY, 5, rolled=False)
        states = []
        for number, seconds in enumerate((1, 15, 1, 15, 15, 15, 15, 15, 1, 1, 1)):
            health.record_answer(con, "rss:a", NOON + number * HOUR, "a", seconds, 0, 1)
            states.append(condition.judge(todo.sources(con)[0]))
    slow = [place for place, state in enumerate(states) if state.name == "slow"]
    assert slow == [5, 6, 7]
    assert {states[place].since for place in slow} == {NOON + 5 * HOUR}


def spoken(seed: int, days: int = 60, weekend: float = 0.1) -> list[datetime]:
    """When a source speaks that sleeps at night and says little at weekends."""
    chance = random.Random(seed)
    hours = [NOON + hour * HOUR for hour in range(24 * days)]
    usual = {True: 0.0, False: 0.4}
    return [at for at in hours if chance.random() < usual[at.hour < 7] * (weekend if at.weekday() > 4 else 1)]


@pytest.mark.parametrize("seed", range(5))
def test_a_habit_is_told_from_a_silence(seed: int) -> None:
    times = spoken(seed)
    for place in range(100, len(times) - 1):
        known = times[: place + 1]
        longest = max(b - a for a, b in pairwise(known))
        heard = times[place + 1] - timedelta(minutes=1)
        assert not silence.too_long(len(known), known[0], known[-1], longest, heard), heard
    longest = max(b - a for a, b in pairwise(times))
    habit = (len(times), times[0], times[-1], longest)
    assert silence.too_long(*habit, times[-1] + 8 * DAY)
    assert not silence.too_long(habit[0], times[-1] - 10 * DAY, *habit[2:], times[-1] + 8 * DAY)
    assert not silence.too_long(5, times[0], times[-1], longest, times[-1] + 8 * DAY)


def test_a_silence_is_kept_as_a_gap_and_ends_with_the_next_word(tmp_path: Path) -> None:
    settings, database = troubled(tmp_path)
    watch.watch(database, settings, lambda: NOON)
    with database.look() as con:
        rows = {one.source: one for one in todo.sources(con)}
        (gap,) = [gap for gap in standing.gaps(con, NOON - DAY)[REVIEWS] if gap.reason.startswith("silent")]
    assert rows[REVIEWS].silent_since == gap.start
    assert gap.finish == rows[REVIEWS].last_success
    assert [name for name, one in rows.items() if one.silent_since] == [REVIEWS]
    with database.transaction() as con:
        con.execute("UPDATE mentions SET published = ? WHERE id = (SELECT max(id) FROM mentions WHERE source = ?)",
                    [NOON - HOUR, REVIEWS])  # fmt: skip
    watch.watch(database, settings, lambda: NOON)
    with database.look() as con:
        assert {one.silent_since for one in todo.sources(con)} == {None}


# Troubles


def found(*rows: SourceRow, covered: tuple[str, ...] = (), now: datetime = NOON + HOUR) -> list[tuple[str, str, int]]:
    return [(one.kind, one.subject, len(one.members)) for one in troubles.new_troubles(rows, set(covered), now)]


def test_what_turns_bad_is_told_once_it_is_sure() -> None:
    well = [row(f"w{n}/f") for n in range(3)]
    assert found(*well) == []
    assert found(*well, row("a/f", "failing", failures=1)) == []
    assert found(*well, row("a/f", "failing")) == [("source", "a/f", 1)]
    assert found(*well, row("a/f", "failing"), covered=("a/f",)) == []
    for state in ("gone", "key refused"):
        assert found(*well, row("a/f", state, failures=1)) == [("source", "a/f", 1)]
    assert found(*well, row("a/f", silent_since=NOON - DAY)) == [("source", "a/f", 1)]
    for state in ("waiting", "slow down"):
        assert found(*well, row("a/f", state)) == []
        assert found(*well, row("a/f", state), now=NOON + 26 * HOUR) == [("source", "a/f", 1)]


def test_a_whole_host_and_the_whole_network_are_one_trouble() -> None:
    host = [row("a/1", "blocked"), row("a/2", "blocked", failures=1), row("a/3", "blocked", failures=1)]
    assert found(*host, row("b/1")) == [("host", "a", 3)]
    assert found(*host, row("a/4"), row("b/1")) == [("source", "a/1", 1)]
    down = [row(f"h{n}/f", "failing", failures=1 + n % 2) for n in range(9)]
    assert found(*down) == [("network", "the network", 9)]
    asleep = [row("quiet/f", due=NOON + 6 * HOUR)]
    assert found(*down, *asleep) == [("network", "the network", 9)], "what was not asked since says nothing"
    heard = [row("well/f", last_success=NOON + 2 * HOUR)]
    assert [kind for kind, _, _ in found(*down, *heard)] == ["source"] * 4, "something was heard since"
    chronic = [row(f"c{n}/f", "failing", since=NOON - 9 * DAY) for n in range(3)]
    assert [kind for kind, _, _ in found(*chronic, row("w/f"))] == ["source"] * 3


def network(rows: list[SourceRow], **card: object) -> Alert:
    kept = {"kind": "network", "members": [one.source for one in rows], "back": "", "well": 0, **card}
    return Alert("n", "", "", "firing", NOON + HOUR, NOON + HOUR, None, NOON + HOUR, kept)


def test_after_an_outage_only_what_still_fails_has_a_trouble_of_its_own() -> None:
    down = [row(f"h{n}/f", "failing") for n in range(4)]
    alert, covered = troubles.advance(network(down), down, NOON + 2 * HOUR)
    assert (alert.state, len(covered)) == ("firing", 4)
    later = NOON + 3 * HOUR
    rows = [row("h0/f", last_success=later, asked=later), *down[1:]]
    alert, covered = troubles.advance(alert, rows, later)
    assert (alert.state, covered) == ("firing", {"h1/f", "h2/f", "h3/f"}), "they were not asked since it came back"
    last = later + HOUR
    rows = [rows[0], replace(down[1], asked=last), *(row(f"h{n}/f", last_success=last, asked=last) for n in (2, 3))]
    alert, covered = troubles.advance(alert, rows, last)
    assert (alert.state, covered, alert.card["well"]) == ("resolved", set(), 3)
    assert found(*rows, now=last) == [("source", "h1/f", 1)]


def test_a_group_that_goes_down_again_before_it_was_over_is_the_same_trouble() -> None:
    times = {"times": 1, "kind": "host"}
    down = [row(f"a/{n}", "failing") for n in range(3)]
    alert, _ = troubles.advance(network(down, **times), down, NOON + 2 * HOUR)
    later = NOON + 3 * HOUR
    well = [row(f"a/{n}", last_success=later, asked=later) for n in range(3)]
    alert, covered = troubles.advance(alert, well, later)
    assert (alert.state, covered) == ("firing", set())
    last = later + HOUR
    again = [row(f"a/{n}", "failing", last_success=later, asked=last, since=last) for n in range(3)]
    alert, covered = troubles.advance(alert, again, last)
    assert (alert.state, covered) == ("firing", {"a/0", "a/1", "a/2"})
    heard = [row(f"a/{n}", last_success=last + HOUR, asked=last + HOUR) for n in range(3)]
    for hours, state in ((1, "firing"), (6, "firing"), (7, "resolved")):
        alert, covered = troubles.advance(alert, heard, last + hours * HOUR)
        assert (alert.state, covered) == (state, set())
    assert alert.card["well"] == 3


def test_what_comes_and_goes_is_told_ever_less_often(tmp_path: Path) -> None:
    """Two failures, two good answers, and so on for a day; then all is well."""
    settings, database = troubled(tmp_path)
    source = troubled_store.SEARCH
    settings = settings.model_copy(
        update={"sources": tuple(one for one in settings.sources if one.name in (source, troubled_store.NEWS))}
    )
    said = []
    with database.transaction() as con:
        for tick in range(96 + 26):
            now = NOON + tick * EVERY
            health.record_success(con, troubled_store.NEWS, now, now + EVERY, 1, rolled=False)
            if tick < 96 and tick % 4 < 2:
                health.record_failure(con, source, now, now + EVERY, "failing", "no answer")
            else:
                health.record_success(con, source, now, now + EVERY, 1, rolled=False)
            said += [(tick, alert.state) for alert in troubles.watch(con, settings, now)]
    assert [state for _, state in said] == ["firing", "resolved", "firing", "resolved"]
    assert [tick for tick, _ in said] == [1, 2, 5, 96 - 2 + 24], "the end is told when it was well for six hours"
    assert "It comes and goes, 2 times in a week. Its end is told once it is well for 6 hours." in told(database)[2][1]


@pytest.mark.parametrize(("every", "lost", "told"), [(EVERY, 2, True), (HOUR, 2, True), (HOUR, 4, False)])
def test_a_source_that_fails_every_other_time_is_told_once(
    tmp_path: Path, every: timedelta, lost: int, told: bool
) -> None:
    """One check of two, or of four, fails for two days; then all is well. No two failures follow each other."""
    settings, database = troubled(tmp_path)
    source = troubled_store.SEARCH
    settings = settings.model_copy(
        update={"sources": tuple(one for one in settings.sources if one.name in (source, troubled_store.NEWS))}
    )
    said, shown = [], set()
    end = NOON + 2 * DAY
    with database.transaction() as con:
        for now in (NOON + tick * every for tick in range(3 * DAY // every)):
            health.record_success(con, troubled_store.NEWS, now, now + every, 1, rolled=False)
            if now < end and (now - NOON) // every % lost == 0:
                health.record_failure(con, source, now, now + every, "failing", "no answer")
            else:
                health.record_success(con, source, now, now + every, 1, rolled=False)
            said += [
                (now, alert.state, alert.card["step"])
                for alert in troubles.watch(con, settings, now)
                if alert.card["condition"] == "failing"  # in the end both are silent too
            ]
            (row,) = [row for row in todo.sources(con) if row.source == source]
            if end - DAY < now < end:
                shown.add(condition.judge(row).name)
    if not told:
        assert said == []
        return
    assert [state for _, state, _ in said] == ["firing", "resolved"]
    assert said[0][0] < NOON + 6 * HOUR
    assert "of its checks in the last day failed" in said[0][2]
    assert said[1][0] == end - every + 6 * HOUR, "when it was well for six hours"
    assert shown == {"failing"}, "for a person it is so all the time, not every other hour"


def test_after_an_outage_a_source_is_not_called_unsteady(tmp_path: Path) -> None:
    _, database = troubled(tmp_path)
    with database.transaction() as con:
        for tick in range(36):
            now = NOON + tick * HOUR
            if 10 <= tick < 26:
                health.record_failure(con, troubled_store.NEWS, now, now + HOUR, "failing", "no answer")
            else:
                health.record_success(con, troubled_store.NEWS, now, now + HOUR, 1, rolled=False)
            (row,) = [row for row in todo.sources(con) if row.source == troubled_store.NEWS]
            assert not condition.unsteady(row)
    assert row.losses > row.asks / 3, "though it lost as much"


def test_a_network_that_comes_and_goes_is_one_trouble() -> None:
    shaky = {"asks": 12.0, "losses": 6.0, "falls": 5.0}
    rows = [row(f"{host}/{n}", **shaky) for host in "abc" for n in range(3)] + [row("d/0")]
    (trouble,) = troubles.new_troubles(rows, set(), NOON + HOUR)
    assert (trouble.kind, len(trouble.members)) == ("network", 9)
    assert troubles.new_troubles(rows, {"a/0"}, NOON + HOUR) == [], "the rest suffers from the same"
    (alone,) = troubles.new_troubles([rows[0], *(row(f"{host}/0") for host in "bcd")], set(), NOON + HOUR)
    assert (alone.kind, alone.subject) == ("source", "a/0")


@pytest.mark.parametrize(("times", "hours"), [(0, 0), (1, 6), (2, 12), (3, 24), (50, 24)])
def test_the_more_often_it_came_back_the_longer_it_must_be_well(times: int, hours: int) -> None:
    assert condition.calm_after(times) == hours * HOUR


def troubled(folder: Path) -> tuple[Config, Database]:
    """A store in trouble, and a configuration with one target that asks its sources."""
    database = troubled_store.fill(folder / "store", NOON)
    named = [name.split(":", 1) for name in CONDITIONS]
    sources = tuple(Source.model_construct(connector=one, target=two, brand="", every=None) for one, two in named)
    targets = (Target.model_construct(name="team", kind="webhook", url_env="HOOK"),)
    brands = (Brand(name="Acme", match="acme"),)
    return Config.model_construct(folder=folder, brands=brands, sources=sources, targets=targets), database


def told(database: Database) -> list[tuple[str, str]]:
    """The messages that went out so far: title and text, without the marks that keep names from being links."""
    with database.look() as con:
        rows = con.execute("SELECT message FROM outbox ORDER BY created, key").fetchall()
    found = [written(json.loads(message)) for (message,) in rows]
    return [(title.replace(clean.JOINER, ""), text.replace(clean.JOINER, "")) for title, text in found]


def test_each_trouble_is_told_once_and_so_is_its_end(tmp_path: Path) -> None:
    settings, database = troubled(tmp_path)
    for hours in range(3):
        watch.watch(database, settings, lambda hours=hours: NOON + hours * HOUR)
    messages = told(database)
    assert len(messages) == 5
    assert sorted(title.rpartition(" ")[2] for title, _ in messages) == [
        "blocked",
        "failing",
        "gone",
        "refused",
        "silent",
    ]
    (text,) = [text for title, text in messages if title.endswith("refused")]
    assert "Set a valid key" in text
    assert "export EARFUL_GITHUB_TOKEN" in text
    assert text.endswith("/sources")
    with database.transaction() as con:
        health.record_success(con, troubled_store.FORUM, NOON + 3 * HOUR, NOON + 4 * HOUR, 1, rolled=False)
    for hours in (4, 5):
        watch.watch(database, settings, lambda hours=hours: NOON + hours * HOUR)
    (title, text) = told(database)[-1]
    assert len(told(database)) == 6
    assert title == f"Sources: {troubled_store.FORUM} is over its trouble"
    assert "1 of 1 source well again" in text


def test_what_is_taken_out_ends_its_alert_without_a_word(tmp_path: Path) -> None:
    settings, database = troubled(tmp_path)
    watch.watch(database, settings, lambda: NOON)
    watch.watch(database, settings.model_copy(update={"sources": ()}), lambda: NOON + HOUR)
    assert len(told(database)) == 5
    with database.look() as con:
        assert con.execute("SELECT DISTINCT state FROM alerts").fetchall() == [("resolved",)]


def test_a_message_about_many_sources_fits_and_calls_nobody() -> None:
    sources = [{"source": f"rss:https://f{n}.example/@everyone", "said": "x" * 900} for n in range(10)]
    card = {"about": "sources", "kind": "host", "subject": "f.example", "condition": "blocked", "step": "Look.",
            "members": [str(n) for n in range(50)], "sources": sources, "link": "http://d/sources"}  # fmt: skip
    title, text = written({"state": "firing", "card": card})
    assert title.replace("\u2060", "") == "Sources: f.example is blocked (50 sources)"
    assert len(title) + len(text) <= targets.LIMIT
    assert "@everyone" not in text
    assert text.endswith("See the sources: http://d/sources")


# The command


def test_the_command_lists_the_most_troubled_first(tmp_path: Path) -> None:
    settings, database = troubled(tmp_path)
    with database.look() as con:
        listed = listing.sources(con, settings, NOON)
    assert [one["state"] for one in listed][:4] == ["key refused", "blocked", "gone", "failing"]
    by_name = {one["source"]: one for one in listed}
    assert by_name[REVIEWS]["mentions_7_days"] == 0
    assert by_name[NEWS]["mentions_7_days"] > 0
    assert (by_name[SEARCH]["gaps_30_days"], by_name[SEARCH]["gap_hours_30_days"]) == (1, 72.0)
    assert by_name[NEWS]["late"] is False
    assert by_name[troubled_store.KETTLES]["late"] is True
    assert json.loads(json.dumps(listed)) == listed
    assert not any("mark" in key for key in listed[0])


def test_the_command_tells_times_as_they_are_in_the_teams_zone(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    settings, database = troubled(tmp_path)
    with database.look() as con:
        one = next(one for one in listing.sources(con, settings, NOON) if one["since"])
    monkeypatch.setattr(show.out, "width", 300)
    since = datetime.fromisoformat(one["since"])
    listing.print_sources([one], ZoneInfo("Asia/Kolkata"))
    printed = capsys.readouterr().out
    assert f"{since + timedelta(hours=5, minutes=30):%Y-%m-%d %H:%M}" in printed
    assert "Times are those of Asia/Kolkata." in printed


@pytest.mark.parametrize(
    ("values", "late"),
    [
        ({}, False),
        ({"last_success": None, "state": "new"}, True),
        ({"last_success": NOON - 5 * HOUR, "due": NOON + HOUR}, False),
        ({"last_success": NOON - 5 * HOUR, "due": NOON - HOUR}, True),
        ({"last_success": NOON - 5 * HOUR, "due": NOON + HOUR, "state": "failing"}, True),
    ],
)
def test_what_is_quiet_is_not_late(values: dict[str, object], late: bool) -> None:
    assert listing.late(row("a/f", **{"state": "fine", **values}), EVERY, NOON + timedelta(minutes=5)) is late  # type: ignore[arg-type]


# The page


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("EARFUL_STORE", str(tmp_path))
    return tmp_path


def page(*conditions: str) -> AppTest:
    app = AppTest.from_file(str(Path(launch.__file__).parent / "app.py"), default_timeout=120)
    app.switch_page("sources.py")
    if conditions:
        app.session_state["conditions"] = list(conditions)
    app.run()
    assert not app.exception, app.exception
    return app


def test_the_page_shows_the_most_troubled_first_with_the_next_step(folder: Path) -> None:
    troubled_store.fill(folder, datetime.now(UTC).replace(microsecond=0))
    app = page()
    assert [one.value for one in app.subheader] == ["5 of 10 sources need a look"]
    texts = [one.value for one in app.text]
    names = named(app)
    assert names[:2] == ["GitHub (acme/kettle)", "github:acme/kettle"]
    assert names[-2:] == ["Feed news.example.org/search (acme)", "rss:https://news.example.org/search?q=acme"]
    assert "“github: no key; export EARFUL_GITHUB_TOKEN before starting earful”" in texts
    said = "\n".join(one.value for one in app.markdown)
    assert all(step in said for step in ("Set a valid key", "It has ended", "Not asked again"))
    assert "1 gap in 30 days" in [one.proto.popover.label for one in app.get("popover")]
    assert any(
        text.endswith("still: board.example.net: answered 410, the source has ended; remove it") for text in texts
    )
    assert len(app.get("vega_lite_chart")) == 10
    assert named(page("gone", "new")) == [
        "Feed board.example.net/acme.rss",
        "rss:https://board.example.net/acme.rss",
        "Feed blog.example.com/feed",
        "rss:https://blog.example.com/feed",
    ]


def named(app: AppTest) -> list[str]:
    """Lists the names and keys of the sources on the page, without what they said and their gaps."""
    return [one.value for one in app.text if not one.value.startswith("“") and " to " not in one.value]


def test_what_a_source_says_is_shown_as_it_is(folder: Path) -> None:
    nasty = "![t](https://t.example/x.png) **b** <b>x</b> :red[r]"
    with Database(folder).transaction() as con:
        store.set_up(con, [("Acme", "own", "acme")], [(f"rss:{nasty}", "rss", nasty)])
        health.record_failure(con, f"rss:{nasty}", NOON, NOON, "failing", nasty)
    app = page()
    assert {f"Feed ({nasty})", f"rss:{nasty}"} <= {one.value for one in app.text}
    assert f"“{nasty}”" in [one.value for one in app.text]
    assert not any(nasty[:5] in one.value for one in [*app.markdown, *app.caption, *app.subheader])


def test_the_page_shows_what_a_target_does_not_take(folder: Path) -> None:
    database = troubled_store.fill(folder, NOON)
    with database.transaction() as con:
        for name in ("team", "boss"):
            alerting.put_out(con, "a", [(f"a|{name}", name, {"state": "test", "card": {}})], NOON)
        alerting.mark_failed(con, "a|team", "hooks.example: answered 500 ![x](https://evil.example/p.png)", HOUR, NOON)
    app = page()
    said = [one.value for one in app.text]
    assert "Target “team”: 1 message waits" in said
    assert "“hooks.example: answered 500 ![x](https://evil.example/p.png)”" in said
    assert not any("boss" in one for one in said)
    assert not any("evil" in one.value for one in app.markdown)


def test_without_sources_the_page_says_how_to_add_one(folder: Path) -> None:
    with Database(folder).transaction() as con:
        store.set_up(con, [("Acme", "own", "acme")], [])
    app = page()
    assert [one.value for one in app.subheader] == ["No source is set up"]
    assert any("[[sources]]" in one.value for one in app.code)


def test_data_is_not_old_where_all_sources_are_quiet() -> None:
    def known(**values: object) -> Known:
        return Known({"every": 900.0}, [queries.Brand("Acme", False)], [row("a/f", **values)], [])

    assert not head.stale(known(due=NOON + 6 * HOUR), NOON + 5 * HOUR)
    assert head.stale(known(due=NOON + 6 * HOUR), NOON + 7 * HOUR)
    assert head.stale(known(), NOON + HOUR)
    assert not head.stale(known(), NOON + timedelta(minutes=44))

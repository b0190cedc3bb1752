"""Who is told of what, and when: one message a brand and window, quiet hours, silences, reminders, budgets."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from samples import config, hourly, keep, rows

from earful.data import alerting, silencing
from earful.data.alerting import Alert, Told
from earful.data.database import Database
from earful.flows import telling, watch
from earful.flows.config import Brand, Config, Rule, Target
from earful.flows.rule_table import Quiet
from earful.models.alertlife import Budget

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
LATE = timedelta(minutes=5)  # how long after the hour somebody watches
START = datetime(2025, 3, 3, tzinfo=UTC)
CRISIS = START + 14 * DAY
USUAL = [0, 1, 1, 0, 2, 0] * 4 * 14
RULE = Rule(name="Criticism", step=HOUR)


@pytest.fixture
def make(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Makes a store with two usual weeks of some brands, and a configuration with rules, two targets and more."""
    monkeypatch.setenv("HOOK", "https://hooks.example/1")

    def made(*rules: Rule, brands: Sequence[str] = ("Acme",), names: Sequence[str] = ("team",), **more):
        targets = [Target(name=name, kind="webhook", url_env="HOOK") for name in names]
        watched = [Brand(name=brand, match=brand) for brand in brands]
        settings = config(tmp_path, brands=watched, rules=rules or [RULE], targets=targets, **more)
        database = Database(settings.store_folder)
        for brand in brands:
            keep(database, hourly(START, USUAL, brand=brand), CRISIS)
        return database, settings

    return made


def look(database: Database, settings: Config, now: datetime) -> list[tuple[str, str]]:
    return [(alert.rule, alert.state) for alert in watch.watch(database, settings, lambda: now)]


def live(database: Database, settings: Config, counts: Sequence[int], begin: datetime = CRISIS, brand: str = "Acme"):
    """Lets hours pass, watching after each."""
    for hour, count in enumerate(counts):
        keep(database, hourly(begin + hour * HOUR, [count], brand=brand), begin + (hour + 1) * HOUR)
        look(database, settings, begin + (hour + 1) * HOUR + LATE)


def outbox(database: Database) -> list[tuple[str, str, float]]:
    """What was put out: to whom, which state, how many hours after the crisis began."""
    query = "SELECT target, message ->> '$.state', created FROM outbox ORDER BY created, target"
    return [(target, state, (created - LATE - CRISIS) / HOUR) for target, state, created in rows(database, query)]


# One message a brand and window


def test_rules_that_fire_for_one_brand_in_one_window_are_one_message(make) -> None:
    rules = [Rule(name=f"Rule {number}", step=HOUR, least=5 + number) for number in range(4)]
    database, settings = make(*rules)
    live(database, settings, [15, 25, 15, 0, 0])
    assert outbox(database) == [("team", "firing", 2), ("team", "resolved", 5)]
    first, last = rows(database, "SELECT (message -> '$.also')::JSON[] FROM outbox ORDER BY created")
    assert len(first[0]) == len(last[0]) == 3
    told = rows(database, "SELECT state, count(*) FROM tellings GROUP BY 1 ORDER BY 1")
    assert told == [("firing", 4), ("resolved", 4)]


def test_five_hundred_spikes_at_once_are_one_message_a_brand(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOOK", "https://hooks.example/1")
    brands = [f"Brand {number}" for number in range(50)]
    rules = [Rule(name=f"Rule {number}", step=HOUR) for number in range(10)]
    settings = config(
        tmp_path,
        brands=[Brand(name=brand, match=brand) for brand in brands],
        rules=rules,
        targets=[Target(name="team", kind="webhook", url_env="HOOK")],
    )
    pairs = [(brand, rule.name) for brand in brands for rule in rules]
    with Database(settings.store_folder).transaction() as con:
        for place, (brand, rule) in enumerate(pairs):
            alert = fired(f"{brand}|{rule}|{CRISIS.isoformat()}", place % 7)
            alerting.save_alert(con, replace(alert, brand=brand, rule=rule))
        for now in (CRISIS, CRISIS + LATE):
            telling.tell(con, settings, pairs, now)
            messages = con.execute("SELECT message ->> '$.card.excess', alert FROM outbox").fetchall()
            assert len(messages) == len({alert.split("|")[0] for _, alert in messages}) == 50
            assert {excess for excess, _ in messages} == {"6"}, "the largest leads"
        assert con.execute("SELECT count(*) FROM tellings").fetchone() == (500,)


def test_a_second_rule_that_fires_in_the_same_window_waits_for_the_next(make) -> None:
    first = Rule(name="All", step=HOUR, counts="all")
    database, settings = make(first, RULE)
    keep(database, hourly(CRISIS, [20, 20], label="neutral"), CRISIS + 2 * HOUR)
    assert ("All", "firing") in look(database, settings, CRISIS + 2 * HOUR + LATE)
    keep(database, hourly(CRISIS, [20, 20]), CRISIS + 2 * HOUR)
    assert ("Criticism", "firing") in look(database, settings, CRISIS + 2 * HOUR + 4 * LATE)
    assert outbox(database) == [("team", "firing", 2)], "one was sent a quarter of an hour ago"
    keep(database, hourly(CRISIS + 2 * HOUR, [20]), CRISIS + 3 * HOUR)
    look(database, settings, CRISIS + 3 * HOUR + LATE)
    assert outbox(database) == [("team", "firing", 2), ("team", "firing", 3)]
    ((rule,),) = rows(database, "SELECT message ->> '$.card.rule' FROM outbox ORDER BY created DESC LIMIT 1")
    assert rule == "Criticism"


def test_a_rule_of_days_is_not_kept_waiting_by_reminders_of_another(make) -> None:
    hours = Rule(name="Hours", step=HOUR, repeat="3h")
    days = Rule(name="Days", step="1d", counts="all")
    database, settings = make(hours, days)
    with database.transaction() as con:
        for rule, excess in (("Hours", 5), ("Days", 9)):
            began = CRISIS if rule == "Hours" else CRISIS + HOUR
            alert = fired(f"Acme|{rule}|{began.isoformat()}", excess, rule)
            alerting.save_alert(con, replace(alert, started=began))
            telling.tell(con, settings, [("Acme", "Hours"), ("Acme", "Days")], began)
        assert con.execute("SELECT count(*) FROM outbox").fetchone() == (1,), "one was told an hour ago"
        telling.tell(con, settings, [("Acme", "Hours"), ("Acme", "Days")], CRISIS + 3 * HOUR)
        said = con.execute("SELECT alert, message -> '$.also[*].rule' FROM outbox ORDER BY created").fetchall()
    assert [alert.split("|")[1] for alert, _ in said] == ["Hours", "Days"] and said[1][1] == ['"Hours"']


# Quiet hours, silences, acknowledgements, reminders


def test_quiet_hours_hold_a_message_back_and_nothing_is_lost(make) -> None:
    """In Berlin the crisis begins at one in the night; at seven people hear of it, and that it still goes on."""
    rule = Rule(name="Criticism", step=HOUR, quiet="22:00-07:00")
    database, settings = make(rule, timezone="Europe/Berlin")
    live(database, settings, [15, 20, 15, 15, 15, 15, 15])
    assert outbox(database) == [("team", "firing", 6)]
    ((observed, late),) = rows(
        database, "SELECT (message ->> '$.card.observed')::INT, message ->> '$.card.late' FROM outbox"
    )
    assert (observed, late) == (95, "false")


def test_what_came_and_went_in_quiet_hours_is_told_once_in_the_morning(make) -> None:
    rule = Rule(name="Criticism", step=HOUR, quiet="22:00-07:00")
    database, settings = make(rule, timezone="Europe/Berlin")
    live(database, settings, [15, 20, 0, 0, 0, 0, 0])
    assert outbox(database) == [("team", "resolved", 6)]
    ((duration, peak),) = rows(
        database, "SELECT (message ->> '$.card.duration')::INT, (message ->> '$.card.peak.observed')::INT FROM outbox"
    )
    assert (duration, peak) == (7200, 20)


@pytest.mark.parametrize(
    ("clock", "quiet"),
    [("21:59", False), ("22:00", True), ("00:00", True), ("06:59", True), ("07:00", False), ("12:00", False)],
)
def test_quiet_hours_go_over_midnight(clock: str, quiet: bool) -> None:
    moment = datetime.combine(START, time.fromisoformat(clock), ZoneInfo("Europe/Berlin"))
    assert Quiet(start=time(22), finish=time(7)).at(moment) is quiet


@pytest.mark.parametrize("day", [datetime(2024, 3, 31, tzinfo=UTC), datetime(2024, 10, 27, tzinfo=UTC)])
def test_quiet_hours_go_by_the_clock_on_the_wall_when_clocks_change(day: datetime) -> None:
    quiet = Quiet(start=time(22), finish=time(7))
    for zone in ("Europe/Berlin", "America/New_York", "Africa/Cairo"):
        for minute in range(-720, 2160, 15):
            local = (day + timedelta(minutes=minute)).astimezone(ZoneInfo(zone))
            assert quiet.at(local) == (local.hour >= 22 or local.hour < 7)


def test_a_silence_keeps_all_messages_back_while_it_lasts(make) -> None:
    database, settings = make()
    with database.transaction() as con:
        silencing.silence(con, "Acme", "", "ada", "a fair", CRISIS, CRISIS + 4 * HOUR, CRISIS)
    live(database, settings, [15, 20, 15, 15, 15])
    assert outbox(database) == [("team", "firing", 4)]
    assert rows(database, "SELECT state FROM alerts") == [("firing",)]


def test_what_came_and_went_in_a_silence_is_told_to_nobody(make) -> None:
    database, settings = make()
    with database.transaction() as con:
        silencing.silence(con, "", "Criticism", "ada", "a fair", CRISIS, CRISIS + 6 * HOUR, CRISIS)
    live(database, settings, [15, 20, 0, 0, 0, 0, 0, 0])
    assert outbox(database) == []
    assert rows(database, "SELECT state FROM alerts") == [("resolved",)]


def test_a_silence_is_about_its_brand_its_rule_and_its_time() -> None:
    one = silencing.Silence("1", "Acme", "", "ada", "a fair", CRISIS, CRISIS + HOUR, CRISIS)
    assert one.covers("Acme", "Criticism", CRISIS)
    assert not one.covers("Globex", "Criticism", CRISIS)
    assert not one.covers("Acme", "Criticism", CRISIS + HOUR)
    assert not one.covers("Acme", "Criticism", CRISIS - LATE)
    assert not replace(one, rule="Other").covers("Acme", "Criticism", CRISIS)
    assert replace(one, brand="", rule="Criticism").covers("Globex", "Criticism", CRISIS)
    assert not replace(one, ended=CRISIS + LATE).covers("Acme", "Criticism", CRISIS + LATE)


def test_a_silence_ended_by_hand_is_over(make) -> None:
    database, settings = make()
    with database.transaction() as con:
        name = silencing.silence(con, "Acme", "", "ada", "a fair", CRISIS, CRISIS + DAY, CRISIS)
    live(database, settings, [15, 20])
    with database.transaction() as con:
        assert silencing.end(con, name, CRISIS + 2 * HOUR + 2 * LATE)
        assert not silencing.end(con, name, CRISIS + 3 * HOUR)
        assert not silencing.end(con, "other", CRISIS + 3 * HOUR)
        ((kept,),) = [silencing.silences(con, CRISIS)]
        assert (kept.author, kept.reason, kept.ended) == ("ada", "a fair", CRISIS + 2 * HOUR + 2 * LATE)
    live(database, settings, [15], CRISIS + 2 * HOUR)
    assert outbox(database) == [("team", "firing", 3)]


@pytest.mark.parametrize(("reason", "length", "said"), [("  ", HOUR, "say why"), ("a fair", -HOUR, "in the past")])
def test_a_silence_needs_a_reason_and_a_time(make, reason: str, length: timedelta, said: str) -> None:
    database, _ = make()
    with database.transaction() as con, pytest.raises(ValueError, match=said):
        silencing.silence(con, "Acme", "", "ada", reason, CRISIS, CRISIS + length, CRISIS)


def test_a_firing_alert_reminds_until_somebody_looks_after_it(make) -> None:
    database, settings = make(Rule(name="Criticism", step=HOUR, repeat="3h"))
    live(database, settings, [15, 20, 15, 15, 15, 15, 15, 15])
    assert outbox(database) == [("team", "firing", 2), ("team", "firing", 5), ("team", "firing", 8)]
    reminders = rows(database, "SELECT message ->> '$.card.reminder' FROM outbox ORDER BY created")
    assert reminders == [("false",), ("true",), ("true",)]
    ((alert,),) = rows(database, "SELECT alert FROM alerts")
    with database.transaction() as con:
        silencing.acknowledge(con, alert, "ada", "on it", CRISIS + 8 * HOUR)
        with pytest.raises(ValueError, match="there is no alert 'x'"):
            silencing.acknowledge(con, "x", "ada", "", CRISIS)
        (seen,) = silencing.acknowledgements(con, alert)
        assert (seen.author, seen.note) == ("ada", "on it") and silencing.acknowledgements(con, "x") == []
    live(database, settings, [15, 15, 15, 15, 0, 0], CRISIS + 8 * HOUR)
    assert outbox(database)[3:] == [("team", "resolved", 14)], "that it is over is told all the same"


# Targets that come and go


def test_a_target_removed_while_an_alert_is_pending_is_not_told(make) -> None:
    database, settings = make(names=("team", "boss"))
    live(database, settings, [15])
    assert rows(database, "SELECT state FROM alerts") == [("pending",)]
    left = settings.model_copy(update={"targets": settings.targets[:1]})
    live(database, left, [20, 0, 0], CRISIS + HOUR)
    assert outbox(database) == [("team", "firing", 2), ("team", "resolved", 4)]


def test_a_target_added_while_an_alert_fires_hears_of_it(make) -> None:
    database, settings = make(names=("team", "boss"))
    before = settings.model_copy(update={"targets": settings.targets[:1]})
    live(database, before, [15, 20])
    live(database, settings, [15], CRISIS + 2 * HOUR)
    assert outbox(database) == [("team", "firing", 2), ("boss", "firing", 3)]


def test_without_targets_nothing_is_put_out(make) -> None:
    database, settings = make(names=())
    live(database, settings, [15, 20, 0, 0])
    assert outbox(database) == rows(database, "FROM tellings") == []


# Late, asleep, clocks


def test_a_late_alert_says_how_late_it_is(make) -> None:
    """The machine was off for a night in which criticism broke out and ended."""
    database, settings = make()
    look(database, settings, CRISIS)
    keep(database, hourly(CRISIS, [15, 20, 15, 0, 0, *[1] * 10]), CRISIS + 15 * HOUR)
    assert look(database, settings, CRISIS + 15 * HOUR + LATE) == [
        ("Criticism", "pending"),
        ("Criticism", "firing"),
        ("Criticism", "resolved"),
    ]
    assert outbox(database) == [("team", "resolved", 15)]
    ((late, by),) = rows(database, "SELECT message ->> '$.card.late', message -> '$.card.late_by' FROM outbox")
    assert (late, float(by)) == ("true", (13 * HOUR + LATE).total_seconds())


def test_an_alert_told_in_time_is_not_late_later(make) -> None:
    database, settings = make()
    live(database, settings, [15, 20, *[15] * 8, 0, 0])
    assert rows(database, "SELECT DISTINCT message ->> '$.card.late' FROM outbox") == [("false",)]


def test_a_sleep_of_weeks_is_a_past_and_tells_nothing(make) -> None:
    database, settings = make()
    look(database, settings, CRISIS)
    counts = [15, 20, 15, 0, 0, *[0, 1] * 200]
    keep(database, hourly(CRISIS, counts), CRISIS + len(counts) * HOUR)
    assert look(database, settings, CRISIS + len(counts) * HOUR + LATE) == []
    assert outbox(database) == []


@pytest.mark.parametrize("jump", [3 * HOUR, DAY, 400 * DAY, -3 * HOUR, -DAY])
def test_a_clock_that_jumps_and_is_set_right_says_nothing_wrong_twice(make, jump: timedelta) -> None:
    database, settings = make()
    live(database, settings, [15, 20])
    told = outbox(database)
    assert told == [("team", "firing", 2)]
    look(database, settings, CRISIS + 2 * HOUR + LATE + jump)
    assert [state for _, state, _ in outbox(database)] == ["firing"] + (["resolved"] if jump > HOUR else [])
    before = outbox(database)
    live(database, settings, [20, 15, 15, 15], CRISIS + 2 * HOUR)  # after three hours of which it was told already
    again = [one for one in outbox(database) if one not in before]
    assert [state for _, state, _ in again] == (["firing"] if jump > HOUR else []), "it was resolved too early"
    live(database, settings, [0, 0, 0], CRISIS + 6 * HOUR)
    assert rows(database, "SELECT DISTINCT state FROM alerts") == [("resolved",)]
    states = [state for _, state, _ in outbox(database)]
    assert states.count("firing") == states.count("resolved")


# Budgets, pure


def fired(name: str, excess: float, rule: str = "Criticism") -> Alert:
    return Alert(name, "Acme", rule, "firing", CRISIS, CRISIS, None, CRISIS, {"excess": excess})


def told(name: str, excess: float, ago: timedelta, state: str = "firing", rule: str = "Criticism") -> Told:
    return Told(name, "Acme", rule, "team", state, CRISIS - ago, excess)


def test_a_budget_that_is_used_up_lets_only_larger_alerts_through() -> None:
    rule = Rule(name="Criticism", step=HOUR, budget="2 per week")
    assert rule.budget == Budget(2, timedelta(days=7)) and rule.allowance == "2 per week"
    before = [told("a", 30, 2 * DAY), told("a", 30, DAY, "resolved"), told("b", 10, 3 * DAY)]
    assert telling.held(fired("c", 20), rule, before, [], CRISIS)
    assert telling.held(fired("c", 30), rule, before, [], CRISIS)
    assert not telling.held(fired("c", 31), rule, before, [], CRISIS)
    assert not telling.held(fired("c", 5), rule, before[:2], [], CRISIS), "one alert is told twice"
    assert not telling.held(fired("c", 5), rule, [*before[:2], told("b", 9, 8 * DAY)], [], CRISIS)
    assert not telling.held(fired("c", 5), rule, [*before[:2], told("b", 9, DAY, rule="Other")], [], CRISIS)
    assert not telling.held(fired("a", 5), rule, before, [], CRISIS), "that it goes on is no new alert"


@pytest.mark.parametrize(
    ("state", "mine", "acknowledged", "expected"),
    [
        ("firing", [], False, "firing"),
        ("resolved", [], False, "resolved"),
        ("firing", ["firing"], False, "reminder"),
        ("firing", ["firing"], True, ""),
        ("firing", ["firing", "reminder"], False, "reminder"),
        ("resolved", ["firing"], True, "resolved"),
        ("resolved", ["firing", "resolved"], False, ""),
        ("resolved", ["resolved"], False, ""),
    ],
)
def test_what_is_due_by_table(state: str, mine: list[str], acknowledged: bool, expected: str) -> None:
    rule = Rule(name="Criticism", step=HOUR, repeat="2h")
    alert = replace(fired("a", 9), state=state)
    past = [told("a", 9, (3 - place) * 3 * HOUR, one) for place, one in enumerate(mine)] + [told("b", 9, HOUR)]
    assert telling.due(alert, rule, past, acknowledged, CRISIS) == expected
    soon = [replace(one, told=CRISIS - HOUR) for one in past]
    assert telling.due(alert, rule, soon, acknowledged, CRISIS) == ("" if expected == "reminder" else expected)


def test_alerts_of_before_tellings_were_kept_are_not_told_again(make) -> None:
    database, settings = make()
    live(database, settings, [15, 20])
    with database.transaction() as con:
        con.execute("DELETE FROM tellings")
        from earful.data import migrations

        for table in ("tellings", "silences", "acknowledgements"):
            con.execute(f"DROP TABLE {table}")
        migrations.alert_life(con)
    live(database, settings, [15, 0, 0], CRISIS + 2 * HOUR)
    assert outbox(database) == [("team", "firing", 2), ("team", "resolved", 5)]
    with database.look() as con:
        assert [one.state for one in alerting.told(con, START, [])] == ["firing", "resolved"]

"""Watches every brand under every rule, turns what breaks out into spikes and alerts, and has them told."""

from collections.abc import Callable, Sequence
from dataclasses import asdict
from datetime import datetime, timedelta

from earful.data import alerting, health, queries, store
from earful.data.alerting import Alert, Spike
from earful.data.database import Database
from earful.flows import cards, telling, troubles, windows
from earful.flows.config import Config
from earful.flows.rule_table import Rule
from earful.models import alertlife, silence
from earful.models.alertlife import OPEN, Life, Line, Window

NEWS = timedelta(hours=6)  # what ended longer ago, and three steps ago, is a backfill and fires nothing
SLEEP = timedelta(days=3)  # unless nobody has watched since: so far back what was missed is still told, as late
WATCHED = "watched"  # the setting that says when this was done last


def watch(database: Database, config: Config, clock: Callable[[], datetime]) -> list[Alert]:
    """Judges every rule and brand, keeps spikes and alerts, puts messages out; returns the brands' changed alerts."""
    now = clock()
    changed: list[Alert] = []
    with database.transaction() as con:
        holes = silence_rows(alerting.source_times(con, now - windows.HISTORY, silence.SHORTEST))
        health.save_silences(con, holes)
        before = queries.settings(con).get(WATCHED)
        slept = datetime.fromisoformat(before) if before else now
        own = tuple(brand.name for brand in config.brands if not brand.competitor)
        watched = [(brand, rule) for rule in config.rules for brand in rule.brands or own]
        names = [(brand, rule.name) for brand, rule in watched]
        alerting.end_others(con, [("", ""), *names], now)  # alerts about sources have no rule
        troubles.watch(con, config, now)
        for brand, rule in watched:
            changed += _watch_brand(con, config, rule, brand, news(rule.step, now, slept), now)
        telling.tell(con, config, names, now)
        store.put_setting(con, WATCHED, now.isoformat())
    return changed


def silence_rows(times: dict[str, list[datetime]]) -> list[tuple[str, datetime, datetime, str]]:
    """Describes the unbelievable silences of each source as gaps."""
    return [
        (source, start, finish, f"silent, though it usually brings {usual:.0f} mentions a day")
        for source, moments in times.items()
        for start, finish, usual in silence.silences(moments)
    ]


def news(step: timedelta, now: datetime, slept: datetime) -> datetime:
    """Tells since when the end of an interval is news; what ended before is a backfill and fires nothing.

    `slept` is when somebody last watched.
    """
    return min(now - max(NEWS, 3 * step), max(slept, now - SLEEP))


def _watch_brand(
    con: alerting.Connection, config: Config, rule: Rule, brand: str, since: datetime, now: datetime
) -> list[Alert]:
    before = alerting.latest_alert(con, brand, rule.name, now)
    life = _life(before, now) if before else None
    watched = windows.look(con, rule, brand, config.zone, now, life is not None and life.state in OPEN)
    if watched is None:
        return []
    line = windows.line(watched, life.started if life and life.state in OPEN else since)
    alerting.save_spikes(con, brand, rule.name, watched.begin, spikes_of(watched.windows, line))
    settled = now - min(config.every, rule.step)
    changed = []
    for after in alertlife.replay(life, watched.windows, since, line, settled):
        # Firing and resolved at once: nobody was there to see it fire.
        late = cards.late_by(config, rule.step, after, now)
        if before and life and life.started == after.started and life.state == "firing":
            late = timedelta(seconds=before.card.get("late_by", 0.0))
        card = cards.make(con, config, watched, line, after, late)
        alert = Alert(card.alert, brand, rule.name, **asdict(after), card=card.as_json())
        alerting.save_alert(con, alert)
        if before is None or (before.alert, before.state) != (alert.alert, alert.state):
            changed.append(alert)
        before = alert
    return changed


def spikes_of(found: Sequence[Window], line: Line) -> list[Spike]:
    """Lists the windows that are surprising, to be kept and drawn."""
    return [
        Spike(one.start, one.finish, one.observed or 0, one.expected, one.high, one.score)
        for one in found
        if line.crossed(one)
    ]


def _life(alert: Alert, now: datetime) -> Life:
    """Gives where an alert is in its life; nothing after now has been taken into account, whatever the clock said."""
    return Life(alert.state, alert.started, alert.fired, alert.resolved, min(alert.latest, now))

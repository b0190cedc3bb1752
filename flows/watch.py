"""Watches every brand under every rule, turns what breaks out into spikes and alerts, and has them told."""

import difflib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, replace
from datetime import datetime, timedelta

from earful.data import alerting, failpoint, families, health, queries, store, todo
from earful.data.alerting import Alert, Spike
from earful.data.database import Database
from earful.flows import cards, telling, troubles, windows
from earful.flows.config import Config
from earful.flows.rule_table import Rule
from earful.models import alertlife, silence
from earful.models.alertlife import OPEN, Life, Line, Window

NEWS = timedelta(hours=6)  # what ended longer ago, and three steps ago, is a backfill and fires nothing
SLEEP = timedelta(days=3)  # unless nobody has watched since: so far back what was missed is still told, as late
SILENT = "silent, though it usually brings"  # why there is a gap that only its silence tells of
WATCHED = "watched"  # the setting that says when this was done last


def watch(database: Database, config: Config, clock: Callable[[], datetime]) -> list[Alert]:
    """Judges every rule and brand, keeps spikes and alerts, puts messages out; returns the brands' changed alerts."""
    now = clock()
    changed: list[Alert] = []
    with database.transaction() as con:
        holes = silence_rows(alerting.source_times(con, now - windows.HISTORY, silence.SHORTEST))
        health.replace_silences(con, SILENT, holes, now - windows.HISTORY)
        before = queries.settings(con).get(WATCHED)
        slept = datetime.fromisoformat(before) if before else now
        own = tuple(brand.name for brand in config.brands if not brand.competitor)
        watched = [(brand, rule) for rule in config.rules for brand in rule.brands or own]
        names = [(brand, rule.name) for brand, rule in watched]
        alerting.end_others(con, [("", ""), *names], now)  # alerts about sources have no rule
        troubles.watch(con, config, now)
        sources = {source.name for source in config.sources}
        rows = [row for row in todo.sources(con) if row.source in sources and row.state == "fine"]
        asked = {row.source: row.last_success for row in rows if row.last_success}
        for brand, rule in watched:
            changed += _watch_brand(con, config, rule, brand, news(rule.step, now, slept), asked, now)
            failpoint.reach("watched_brand")
        telling.tell(con, config, names, now)
        failpoint.reach("put_out")
        store.put_setting(con, WATCHED, now.isoformat())
    return changed


def idle(con: alerting.Connection | None, config: Config) -> list[tuple[str, str]]:
    """Says of which rules, by name, nothing can come: a brand has no theme of the name that they give, or none yet.

    Without a connection nothing was ever kept.
    """
    own = tuple(brand.name for brand in config.brands if not brand.competitor)
    found = []
    watched = [(brand, rule) for rule in config.rules if rule.theme for brand in rule.brands or own]
    for brand, rule in watched:
        known = sorted({name for one in families.of(con, brand) for name in one.known_as} if con else ())
        if rule.theme not in known:
            close = difflib.get_close_matches(rule.theme.casefold(), [name.casefold() for name in known], 1)
            meant = next((name for name in known if close and name.casefold() == close[0]), "")
            advice = f"did you mean {meant!r}?" if meant else "the Criticism page shows those there are"
            none = f"{brand} has no theme {rule.theme!r}; {advice}" if known else f"{brand} has no themes yet"
            found.append((rule.name, f"counts nothing: {none}"))
    return found


def silence_rows(times: dict[str, list[datetime]]) -> list[tuple[str, datetime, datetime, str]]:
    """Describes the unbelievable silences of each source as gaps."""
    return [
        (source, start, finish, f"{SILENT} {usual:.0f} mentions a day")
        for source, moments in times.items()
        for start, finish, usual in silence.silences(moments)
    ]


def news(step: timedelta, now: datetime, slept: datetime) -> datetime:
    """Tells since when the end of an interval is news; what ended before is a backfill and fires nothing.

    `slept` is when somebody last watched.
    """
    return min(now - max(NEWS, 3 * step), max(slept, now - SLEEP))


def _watch_brand(
    con: alerting.Connection,
    config: Config,
    rule: Rule,
    brand: str,
    since: datetime,
    asked: Mapping[str, datetime],
    now: datetime,
) -> list[Alert]:
    before = alerting.latest_alert(con, brand, rule.name, now)
    if before and before.latest > now:  # a clock that ran ahead was set right: what comes from now on is new
        before = replace(before, latest=now)
        alerting.save_alert(con, before)
    life = _life(before) if before else None
    watched = windows.look(con, rule, brand, config.zone, now, life is not None and life.state in OPEN)
    if watched is None:
        return []
    line = windows.line(watched, life.started if life and life.state in OPEN else since)
    alerting.save_spikes(con, brand, rule.name, watched.begin, spikes_of(watched.windows, line))
    settled = windows.settled(watched, config.every, asked, now)
    changed = []
    lives = alertlife.replay(life, watched.windows, since, line, settled)
    last = {one.started: one for one in lives}
    for after in lives:
        alert = Alert(cards.name(watched, after), brand, rule.name, **asdict(after), card={})
        if after == last[after.started]:  # what it went through before, in the same run, nobody will see
            late = cards.late_by(config, rule.step, after, now)
            if before and before.alert == alert.alert and before.state == "firing":
                late = timedelta(seconds=before.card.get("late_by", 0.0))
            kept = cards.make(con, config, watched, line, after, late).as_json()
            alert = replace(alert, card=kept | {"of": asdict(windows.counted(rule, brand))})
            alerting.save_alert(con, alert)
        if life is None or (life.started, life.state) != (after.started, after.state):
            changed.append(alert)
        life = after
    return changed


def spikes_of(found: Sequence[Window], line: Line) -> list[Spike]:
    """Lists the windows that are surprising, to be kept and drawn."""
    return [
        Spike(one.start, one.finish, one.observed or 0, one.expected, one.high, one.score)
        for one in found
        if line.crossed(one)
    ]


def _life(alert: Alert) -> Life:
    return Life(alert.state, alert.started, alert.fired, alert.resolved, alert.latest)

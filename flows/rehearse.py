"""Replays a rule over the kept history: when it would have fired, before anybody relies on it.

It goes through the very functions that watch: what is counted, judged and made of it is theirs. What differs from
having watched all along: mentions that came late are there in their time, and every interval has settled.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from earful.data.counting import Connection
from earful.flows import cards, show, windows
from earful.flows.config import Config, ConfigError
from earful.flows.mistakes import unknown
from earful.flows.rule_table import Rule
from earful.models import alertlife
from earful.models.alertlife import Life, Window
from earful.models.card import Card

DAYS = 90


@dataclass(frozen=True)
class Fired:
    """An alert that would have fired: how it went on, and the card that would have been sent in the end."""

    life: Life
    peak: Window
    card: Card


@dataclass(frozen=True)
class Rehearsal:
    """What a rule would have done with a brand since a time; `windows` is the series to draw, `line` the score used.

    `heard_since` is the brand's first interval: before it there was nothing to rehearse on; None when nobody ever spoke
    of it. Pending alerts that did not last are counted as `dropped`.
    """

    brand: str
    rule: Rule
    since: datetime
    now: datetime
    heard_since: datetime | None
    line: float
    fired: tuple[Fired, ...]
    dropped: int
    windows: tuple[Window, ...]

    @property
    def said(self) -> str:
        """The result in a sentence."""
        days = round((self.now - self.since) / timedelta(days=1))
        if self.heard_since is None or not self.windows:
            return f"nobody spoke of {self.brand} in the last {days} days"
        if self.rule.counts != "silence" and not any(window.observed for window in self.windows):
            return f"nothing that this counts came in the last {days} days"
        kept = round((self.now - self.heard_since) / timedelta(days=1))
        known = f", of which {kept} are kept," if kept < days else ""
        times = {0: "not at all", 1: "once", 2: "twice"}.get(len(self.fired), f"{len(self.fired)} times")
        found = f"; its budget of {self.rule.allowance} finds the line {self.line:.3g}" if self.rule.budget else ""
        return f"in the last {days} days{known} this would have fired {times}{found}"


def rehearse(con: Connection, config: Config, rule: Rule, brand: str, now: datetime, days: int = DAYS) -> Rehearsal:
    """Replays a rule over the last days of a brand; nothing is kept, `con` may be a reader's."""
    since = now - timedelta(days=days)
    watched = windows.look(con, rule, brand, config.zone, now)
    if watched is None:
        return Rehearsal(brand, rule, since, now, None, rule.score, (), 0, ())
    line = windows.line(watched, now)
    lives = alertlife.replay(None, watched.windows, watched.begin, line, now)
    ends = {life.started: life for life in lives}  # what began before `since` does not begin anew there
    fired = [life for life in ends.values() if life.fired and life.fired >= since]
    return Rehearsal(
        brand,
        rule,
        since,
        now,
        watched.begin,
        line.score,
        tuple(_fired(con, config, watched, line, life) for life in fired),
        sum(life.state == "dropped" and life.latest >= since for life in ends.values()),
        tuple(window for window in watched.windows if window.finish >= since),
    )


def everything(
    con: Connection, config: Config, rule: str, brand: str, now: datetime, days: int = DAYS
) -> list[Rehearsal]:
    """Rehearses the configured rules, one or all ("") of them, for one brand or all that each watches."""
    names = [one.name for one in config.rules]
    if rule and rule not in names:
        raise ConfigError(unknown("rule", rule, names))
    if brand and brand not in (known := [one.name for one in config.brands]):
        raise ConfigError(unknown("brand", brand, known))
    own = tuple(one.name for one in config.brands if not one.competitor)
    return [
        rehearse(con, config, one, watched, now, days)
        for one in config.rules
        if rule in ("", one.name)
        for watched in ((brand,) if brand else one.brands or own)
    ]


def print_rehearsals(rehearsals: Sequence[Rehearsal], zone: ZoneInfo) -> None:
    """Prints what each rule would have done, and each alert that it would have raised, in the team's time zone."""
    for one in rehearsals:
        show.line(f"{one.rule.name}, {one.brand}: {one.said}")
        rows = [
            (
                *(_when(moment, zone) for moment in (fired.life.started, fired.life.fired, fired.life.resolved)),
                fired.card.observed,
                fired.card.expected,
                fired.peak.observed,
            )
            for fired in one.fired
        ]
        if rows:
            show.table(("began", "would have fired", "resolved", "stories", "expected", "peak"), rows)


def _when(moment: datetime | None, zone: ZoneInfo) -> str:
    return f"{moment.astimezone(zone):%Y-%m-%d %H:%M}" if moment else "goes on"


def as_json(rehearsal: Rehearsal) -> dict[str, object]:
    """Gives a rehearsal as JSON values, without its series."""
    return {
        "rule": rehearsal.rule.name,
        "brand": rehearsal.brand,
        "since": rehearsal.since,
        "line": rehearsal.line,
        "said": rehearsal.said,
        "dropped": rehearsal.dropped,
        "alerts": [
            {"started": one.life.started, "fired": one.life.fired, "resolved": one.life.resolved}
            | {"card": one.card.as_json()}
            for one in rehearsal.fired
        ],
    }


def _fired(con: Connection, config: Config, watched: windows.Watched, line: alertlife.Line, life: Life) -> Fired:
    peak = alertlife.peak(cards.spanned(watched.windows, line, life))
    assert peak is not None, "an alert fires on what was heard"
    return Fired(life, peak, cards.make(con, config, watched, line, life))

"""Watches the counts of negative stories and turns what breaks out into spikes and alerts."""

from bisect import bisect_right
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from earful.data import alerting, health
from earful.data.alerting import Alert, Spike
from earful.data.database import Database
from earful.flows import troubles
from earful.flows.config import Config, Rule
from earful.models import silence, spikes

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
HISTORY = timedelta(days=180)
LOW = 0.6  # of the alarm line: an alert lasts above this and is resolved below
CALM = 2  # intervals in a row below it, until an alert is resolved
QUOTES = 3


def watch(database: Database, config: Config, clock: Callable[[], datetime]) -> list[Alert]:
    """Judges every rule and brand, keeps spikes and alerts, puts messages out; returns the brands' changed alerts."""
    now = clock()
    changed: list[Alert] = []
    with database.transaction() as con:
        holes = silence_rows(alerting.source_times(con, now - HISTORY))
        health.save_silences(con, holes)
        own = tuple(brand.name for brand in config.brands if not brand.competitor)
        watched = [(brand, rule) for rule in config.rules for brand in rule.brands or own]
        own_alerts = [("", "")]  # those about sources, which have no rule
        alerting.end_others(con, [*own_alerts, *((brand, rule.name) for brand, rule in watched)], now)
        troubles.watch(con, config, now)
        for brand, rule in watched:
            changed += _watch_brand(con, config, rule, brand, now)
    return changed


def silence_rows(times: dict[str, list[datetime]]) -> list[tuple[str, datetime, datetime, str]]:
    """Describes the unbelievable silences of each source as gaps."""
    return [
        (source, start, finish, f"silent, though it usually brings {usual:.0f} mentions a day")
        for source, moments in times.items()
        for start, finish, usual in silence.silences(moments)
    ]


def _watch_brand(con: alerting.Connection, config: Config, rule: Rule, brand: str, now: datetime) -> list[Alert]:
    spoken_of = alerting.spoken_of(con, brand)
    if spoken_of is None:
        return []
    first, newest = spoken_of
    begin = max(first, newest - HISTORY)
    before = alerting.latest_alert(con, brand, rule.name)
    lasts = before is not None and before.state in ("pending", "firing")
    # An imported past is judged in its own time, up to the last mention; but an alert ends when nobody speaks any more.
    end = now if lasts else min(now, newest + 2 * rule.step)
    moments = alerting.story_times(con, brand, begin, rule.counts)
    dark = unheard(alerting.speakers(con, brand), alerting.gaps(con, begin), now)
    windows = judged(moments, begin, end, rule, config.zone, dark)
    settled = now - min(config.every, rule.step)
    line = spikes.SENSITIVITY[rule.sensitivity]
    found = [window for window in windows if window.score >= line and window.observed >= rule.least]
    alerting.save_spikes(con, brand, rule.name, begin, found)
    after = before
    changed = []
    for place in fresh(windows, rule.step, now):
        after = advance(after, windows[: place + 1], brand, rule, settled)
        if after is None or after == before:
            continue
        # A firing alert tells all that is known by now, also when several windows are caught up at once.
        told = windows if after.state == "firing" else windows[: place + 1]
        after = replace(after, card=_card(con, config, rule, after, told))
        if before is None or (after.alert, after.state) != (before.alert, before.state):
            changed.append(after)
            alerting.put_out(con, after.alert, _messages(config, rule, after), now)
        alerting.save_alert(con, after)
        before = after
    return changed


def edges(begin: datetime, end: datetime, step: timedelta, zone: ZoneInfo) -> list[datetime]:
    """Lists in UTC where whole intervals meet, from the one that holds `begin` to the last that has ended by `end`.

    Days begin at midnight of the team's zone, so a day may have 23 or 25 hours; shorter steps are equal.
    """
    if step < timedelta(days=1):
        first = EPOCH + (begin - EPOCH) // step * step
        return [first + place * step for place in range((end - first) // step + 1)]
    day = begin.astimezone(zone).replace(hour=0, minute=0, second=0, microsecond=0, fold=0)
    days = []
    while day.astimezone(UTC) <= end:  # adding a day to a local time keeps it at midnight
        days.append(day.astimezone(UTC))
        day += timedelta(days=1)
    return days


def unheard(
    speakers: set[str], gaps: Sequence[tuple[str, datetime, datetime | None]], now: datetime
) -> list[tuple[datetime, datetime]]:
    """Lists the intervals in which every one of the sources could not be read: nothing is known of them."""
    bounds = sorted({bound for _, start, finish in gaps for bound in (start, finish or now)})
    return [
        (one, other)
        for one, other in pairwise(bounds)
        if speakers
        and speakers <= {source for source, start, finish in gaps if start <= one and (finish or now) >= other}
    ]


def judged(
    moments: Sequence[datetime],
    begin: datetime,
    end: datetime,
    rule: Rule,
    zone: ZoneInfo,
    dark: Sequence[tuple[datetime, datetime]] = (),
) -> list[Spike]:
    """Counts moments in whole intervals from `begin` up to `end` and judges each by those before it.

    An interval that touches the dark, in which nothing could be heard, is left out: its count is unknown.
    """
    bounds = edges(begin, end, rule.step, zone)
    counts: list[float | None] = [
        None if any(start < till and since < finish for since, till in dark) else 0.0
        for start, finish in pairwise(bounds)
    ]
    for moment in moments:
        place = bisect_right(bounds, moment) - 1
        if 0 <= place < len(counts):
            counts[place] = (counts[place] or 0.0) + 1
    steps = spikes.judge(counts, [bound.astimezone(zone) for bound in bounds[:-1]], rule.step)
    return [
        Spike(start, finish, int(count), one.expected, one.high, one.score)
        for (start, finish), count, one in zip(pairwise(bounds), counts, steps, strict=True)
        if count is not None
    ]


def fresh(windows: Sequence[Spike], step: timedelta, now: datetime) -> list[int]:
    """Picks the places of the windows that are news: older ones are a backfill and fire nothing."""
    horizon = now - max(timedelta(hours=6), 3 * step)
    return [place for place, window in enumerate(windows) if window.finish >= horizon]


def advance(alert: Alert | None, windows: Sequence[Spike], brand: str, rule: Rule, settled: datetime) -> Alert | None:
    """Takes the last of the windows into account: none, pending, firing, resolved or dropped; pure.

    A surprise makes an alert pending, a second window that is still high makes it fire, calm ones resolve it. A window
    that ended after `settled` may still fill up: it can raise an alert, but not calm one.
    """
    window = windows[-1]
    line = spikes.SENSITIVITY[rule.sensitivity]
    surprising = window.score >= line and window.observed >= rule.least
    high = window.score >= line * LOW
    if alert is None or alert.state in ("resolved", "dropped"):
        known = alert is not None and window.finish <= alert.latest
        if known or not surprising:
            return alert
        name = f"{brand}|{rule.name}|{window.start.isoformat()}"
        return Alert(name, brand, rule.name, "pending", window.start, None, None, window.finish, {})
    if window.finish <= alert.latest:
        return alert
    if not high and window.finish > settled:
        return alert
    seen = replace(alert, latest=window.finish)
    if alert.state == "pending":
        return replace(seen, state="firing", fired=window.finish) if high else replace(seen, state="dropped")
    last = windows[-CALM:]
    if all(one.score < line * LOW and one.start > alert.started for one in last):
        return replace(seen, state="resolved", resolved=window.finish)
    return seen


def _card(
    con: alerting.Connection, config: Config, rule: Rule, alert: Alert, windows: Sequence[Spike]
) -> dict[str, Any]:
    """Describes an alert: what rose, by how much, where, three quotes by different authors, and a link."""
    window = windows[-1]
    counted = [one for one in windows if one.start >= alert.started]
    stories = alerting.stories_between(con, alert.brand, alert.started, window.finish, rule.counts)
    sources: dict[str, int] = {}
    for one in stories:
        sources[one["source"]] = sources.get(one["source"], 0) + 1
    quotes: dict[str, dict[str, Any]] = {}
    for one in (one for one in stories if one["text"]):  # none is left of what was deleted at its source
        quotes.setdefault(one["author"] or one["id"], one)
    link = urlencode(
        {
            "brand": alert.brand,
            "from": alert.started.isoformat(),
            "to": window.finish.isoformat(),
        }
        | ({"sentiment": "negative"} if rule.counts == "negative" else {})
    )
    return {
        "brand": alert.brand,
        "rule": alert.rule,
        "counts": rule.counts,
        "step": (window.finish - window.start).total_seconds(),
        "start": alert.started.isoformat(),
        "finish": window.finish.isoformat(),
        "observed": len(stories),
        "expected": round(sum(one.expected for one in counted), 2),
        "high": sum(one.high for one in counted),
        "sources": [
            {"source": name, "count": count} for name, count in sorted(sources.items(), key=lambda one: -one[1])
        ],
        "quotes": [
            {key: one[key] for key in ("source", "id", "author", "url")}
            | {"text": one["text"][:400], "published": one["published"].isoformat()}
            for one in list(quotes.values())[:QUOTES]
        ],
        "link": f"{config.dashboard}/mentions?{link}",
    }


def _messages(config: Config, rule: Rule, alert: Alert) -> list[tuple[str, str, dict[str, Any]]]:
    """Writes the message for each target, when people are to know: on firing and on resolution."""
    if alert.state not in ("firing", "resolved"):
        return []
    targets = rule.targets or tuple(target.name for target in config.targets)
    return [
        (f"{alert.alert}|{alert.state}|{target}", target, {"state": alert.state, "card": alert.card})
        for target in targets
    ]

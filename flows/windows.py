"""Counts what a rule watches in whole intervals and has each judged by those before it."""

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

from earful.data import alerting, counting
from earful.data.counting import EPOCH, Connection, Counted
from earful.flows.rule_table import Rule
from earful.models import share, silence, spikes
from earful.models.alertlife import Line, Window, found_line

HISTORY = timedelta(days=180)
LEARNT = timedelta(days=90)  # of history, from which a budget finds its line
SILENT = 1.0  # the score of an interval in which a silence has lasted too long

Span = tuple[datetime, datetime]


@dataclass(frozen=True)
class Watched:
    """A brand under a rule: its intervals from `begin` on, oldest first, all of which are judged."""

    brand: str
    rule: Rule
    begin: datetime
    windows: tuple[Window, ...]


def counted(rule: Rule, brand: str) -> Counted:
    """Says which stories of a brand a rule counts."""
    return Counted(brand, rule.counts in ("negative", "share"), rule.theme, rule.source, rule.stars_at_most)


def look(con: Connection, rule: Rule, brand: str, zone: ZoneInfo, now: datetime, lasts: bool = False) -> Watched | None:
    """Counts and judges a brand under a rule; None while nobody has spoken of it.

    An imported past is judged in its own time, up to the last mention; but an alert that `lasts` ends when nobody
    speaks any more, and a silence goes on.
    """
    reach = alerting.spoken_of(con, brand)
    if reach is None or reach[0] > now:
        return None
    newest = min(reach[1], now)
    begin = max(reach[0], newest - HISTORY)
    quiet = rule.counts == "silence"
    bounds = edges(begin, now if lasts or quiet else min(now, newest + 2 * rule.step), rule.step, zone)
    counts = counting.per_step(con, counted(rule, brand), bounds)
    sources = {rule.source} if rule.source else alerting.speakers(con, brand)
    if quiet:
        gaps = alerting.gaps(con, begin, silent=False)
        dark = [(start, finish or now) for source, start, finish in gaps if source in sources]
        return Watched(brand, rule, begin, tuple(silences(counts, bounds, dark, rule.lasting)))
    dark = unheard(sources, alerting.gaps(con, begin), now)
    if rule.counts == "share":
        of_all = counting.per_step(con, replace(counted(rule, brand), negative=False, judged=True), bounds)
        return Watched(brand, rule, begin, tuple(shares(counts, of_all, bounds, dark, rule.step, zone)))
    return Watched(brand, rule, begin, tuple(judged(counts, bounds, dark, rule.step, zone)))


def line(watched: Watched, until: datetime) -> Line:
    """Gives the line of a rule, found from what came before `until` where it has a budget."""
    rule = watched.rule
    if rule.counts == "silence":
        return Line(SILENT, rising=False)
    if not rule.budget:
        return Line(rule.score, rule.least)
    known = [window for window in watched.windows if window.finish <= until]
    if not known or known[-1].finish - known[0].start < rule.budget.period:
        return Line(rule.score, rule.least)  # too little is known to find one
    return Line(found_line(known, until - LEARNT, rule.budget, rule.least), rule.least)


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


def unheard(speakers: set[str], gaps: Sequence[tuple[str, datetime, datetime | None]], now: datetime) -> list[Span]:
    """Lists the intervals in which every one of the sources could not be read: nothing is known of them."""
    bounds = sorted({bound for _, start, finish in gaps for bound in (start, finish or now)})
    return [
        (one, other)
        for one, other in pairwise(bounds)
        if speakers
        and speakers <= {source for source, start, finish in gaps if start <= one and (finish or now) >= other}
    ]


def judged(
    counts: Sequence[int], bounds: Sequence[datetime], dark: Sequence[Span], step: timedelta, zone: ZoneInfo
) -> list[Window]:
    """Judges the counts between neighbouring bounds, each by those before it.

    The count of an interval that touches the dark, in which nothing could be heard, is unknown.
    """
    spans = list(pairwise(bounds))
    heard = _heard(counts, bounds, dark)
    steps = spikes.judge(
        [None if count is None else float(count) for count in heard],
        [start.astimezone(zone) for start, _ in spans],
        step,
    )
    return [
        Window(start, finish, count, one.expected, one.high, one.score)
        for (start, finish), count, one in zip(spans, heard, steps, strict=True)
    ]


def shares(
    negatives: Sequence[int],
    totals: Sequence[int],
    bounds: Sequence[datetime],
    dark: Sequence[Span],
    step: timedelta,
    zone: ZoneInfo,
) -> list[Window]:
    """Judges the share of the negatives; what is expected is told in stories, by the total of each interval."""
    spans = list(pairwise(bounds))
    heard = _heard(negatives, bounds, dark)
    found = share.judge_share(
        [None if count is None else float(count) for count in heard],
        [float(total) for total in totals],
        [start.astimezone(zone) for start, _ in spans],
        step,
    )
    return [
        Window(start, finish, count, one.share.expected * total, one.share.high * total, one.share.score)
        for (start, finish), count, total, one in zip(spans, heard, totals, found, strict=True)
    ]


def silences(
    counts: Sequence[int], bounds: Sequence[datetime], dark: Sequence[Span], lasting: timedelta | None
) -> list[Window]:
    """Judges how long nothing was said: too long after `lasting`, or by default when it is beyond all habit.

    An interval that touches the dark is unknown, and is not silent: a source that can't be read has a trouble of its
    own, which is told by itself.
    """
    spans = list(pairwise(bounds))
    windows, total, since, longest = [], 0, timedelta(0), timedelta(0)
    for (start, finish), count in zip(spans, _heard(counts, bounds, dark), strict=True):
        if count:
            total, since, longest = total + count, timedelta(0), max(longest, since)
        elif count is not None:
            since += finish - start
        known = finish - since - bounds[0]
        usual = total / max(known / (finish - start), 1)
        if lasting:
            silent = total > 0 and since >= lasting
        else:
            silent = silence.too_long(total, bounds[0], finish - since, longest, finish)
        windows.append(Window(start, finish, count, usual, usual, SILENT if silent and count == 0 else 0.0))
    return windows


def _heard(counts: Sequence[int], bounds: Sequence[datetime], dark: Sequence[Span]) -> list[int | None]:
    """Takes out the counts of intervals that touch the dark."""
    heard: list[int | None] = list(counts)
    for since, till in dark:
        for place in range(max(bisect_right(bounds, since) - 1, 0), min(bisect_left(bounds, till), len(heard))):
            heard[place] = None
    return heard

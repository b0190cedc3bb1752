"""Counts what a rule watches in whole intervals and has each judged by those before it."""

import math
from bisect import bisect_left, bisect_right
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

from earful.data import alerting, counting
from earful.data.counting import EPOCH, Connection, Counted
from earful.flows.rule_table import Rule
from earful.models import share, silence, spikes
from earful.models.alertlife import LINES, Line, Window, found_line

HISTORY = timedelta(days=180)
LEARNT = timedelta(days=90)  # of history, from which a budget finds its line
HOUR = timedelta(hours=1)
HIGH = 2.326  # standard deviations to the usual's upper end (1 in 100)
SILENT = 1.0  # the score of an interval in which a silence has lasted too long

Span = tuple[datetime, datetime]


@dataclass(frozen=True)
class Watched:
    """A brand under a rule: its intervals from `begin` on, oldest first, all of which are judged, and who is heard."""

    brand: str
    rule: Rule
    begin: datetime
    windows: tuple[Window, ...]
    sources: frozenset[str] = frozenset()


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
    speakers = frozenset({rule.source} if rule.source else alerting.speakers(con, brand))
    if quiet:
        gaps = alerting.gaps(con, begin, silent=False)
        dark = [(start, finish or now) for source, start, finish in gaps if source in speakers]
        return Watched(brand, rule, begin, tuple(silences(counts, bounds, dark, rule.lasting)), speakers)
    dark = unheard(speakers, alerting.gaps(con, begin), now)
    if rule.counts == "share":
        of_all = counting.per_step(con, replace(counted(rule, brand), negative=False, judged=True), bounds)
        return Watched(brand, rule, begin, tuple(shares(counts, of_all, bounds, dark, rule.step, zone)), speakers)
    return Watched(brand, rule, begin, tuple(judged(counts, bounds, dark, rule.step, zone)), speakers)


def line(watched: Watched, until: datetime) -> Line:
    """Gives the line of a rule, found from what came before `until` where it has a budget."""
    rule = watched.rule
    if rule.counts == "silence":
        return Line(SILENT, rising=False)
    line = _line(rule, rule.score)
    if not rule.budget:
        return line
    known = [window for window in watched.windows if window.finish <= until]
    if not known or known[-1].finish - known[0].start < rule.budget.period:
        return line  # too little is known to find one
    return found_line(known, until - LEARNT, rule.budget, [_line(rule, score) for score in LINES])


def settled(watched: Watched, every: timedelta, asked: Mapping[str, datetime], now: datetime) -> datetime:
    """Tells up to when intervals are settled: each source was `asked` since, and one run had time to catch up.

    Nobody waits for a source for longer than a step, or an hour where that is shorter.
    """
    last = min((asked[source] for source in watched.sources if source in asked), default=now)
    return max(min(last, now - min(every, watched.rule.step)), now - max(watched.rule.step, HOUR))


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
    speakers: Collection[str], gaps: Sequence[tuple[str, datetime, datetime | None]], now: datetime
) -> list[Span]:
    """Lists the intervals in which every one of the sources could not be read: nothing is known of them."""
    bounds = sorted({bound for _, start, finish in gaps for bound in (start, finish or now)})
    return [
        (one, other)
        for one, other in pairwise(bounds)
        if speakers
        and set(speakers) <= {source for source, start, finish in gaps if start <= one and (finish or now) >= other}
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
        Window(start, finish, count, one.expected, one.high, one.score, late)
        for (start, finish), count, one, late in zip(spans, heard, steps, _lately(heard, step), strict=True)
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
        Window(start, finish, count, one.share.expected * total, one.share.high * total, one.share.score, late)
        for (start, finish), count, total, one, late in zip(
            spans, heard, totals, found, _lately(heard, step), strict=True
        )
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
        high = usual + HIGH * math.sqrt(usual)
        windows.append(Window(start, finish, count, usual, high, SILENT if silent and count == 0 else 0.0))
    return windows


def _line(rule: Rule, score: float) -> Line:
    score = spikes.as_rare(score, rule.step)
    return Line(score, rule.least, spikes.sure(score))


def _lately(counts: Sequence[int | None], step: timedelta) -> list[int | None]:
    """Sums, up to each count, what was heard in an hour; None where a step is as long."""
    if step >= HOUR:
        return [None] * len(counts)
    length = HOUR // step
    return [sum(one or 0 for one in counts[max(0, place - length + 1) : place + 1]) for place in range(len(counts))]


def _heard(counts: Sequence[int], bounds: Sequence[datetime], dark: Sequence[Span]) -> list[int | None]:
    """Takes out the counts of intervals that touch the dark."""
    heard: list[int | None] = list(counts)
    for since, till in dark:
        for place in range(max(bisect_right(bounds, since) - 1, 0), min(bisect_left(bounds, till), len(heard))):
            heard[place] = None
    return heard

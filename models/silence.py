"""Finds intervals in which a source was too silent to be believed: it could probably not be read.

Only a source with a steady habit can be too silent: half of its days bring three mentions or more. An interval
without any is unbelievable when it lasts a day at least and eight or more would have been expected in it (by chance
that happens to a Poisson source once in 3,000 such intervals; a night or a slow Sunday never qualifies). Nor does a
weekend on which the source is always silent: a week before or after, it must have spoken in the same hours. Mentions
of the same time are one: a source that dates by the day says something once a day, however much it brings.
"""

from bisect import bisect_left
from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import pairwise
from statistics import median

HABIT = 3.0  # mentions a day
EXPECTED = 8.0
SHORTEST = timedelta(days=1)
WEEK = timedelta(weeks=1)
KNOWN = 20  # mentions, from which on a source has a habit


def silences(times: Sequence[datetime]) -> list[tuple[datetime, datetime, float]]:
    """Lists (start, finish, usual moments a day) of unbelievable holes between the times of a source's mentions."""
    ordered = sorted(set(times))
    if not ordered:
        return []
    a_day = Counter((time - ordered[0]) // timedelta(days=1) for time in ordered)
    usual = float(median(a_day.get(day, 0) for day in range(max(a_day) + 1)))
    if usual < HABIT:
        return []

    def said(start: datetime, finish: datetime) -> int:
        return bisect_left(ordered, finish) - bisect_left(ordered, start)

    return [
        (one, other, usual)
        for one, other in pairwise(ordered)
        if other - one >= SHORTEST
        and usual * ((other - one) / timedelta(days=1)) >= EXPECTED
        and max(said(one - WEEK, other - WEEK), said(one + WEEK, other + WEEK)) >= EXPECTED / 2
    ]


def too_long(count: int, first: datetime, last: datetime, longest: timedelta, heard: datetime) -> bool:
    """Tells whether a source that was last read with success at `heard` has been silent for longer than its habit.

    `count` mentions came between `first` and `last`, `longest` is the widest space between two of them. The silence
    must be twice as wide, and eight mentions would have been expected in it: what comes by chance, at nights and at
    weekends is in `longest` already, once there are some weeks and mentions to go by.
    """
    silence = heard - last
    if count < KNOWN or last - first < 2 * WEEK or silence < SHORTEST:
        return False
    return silence > 2 * longest and silence > EXPECTED * (last - first) / (count - 1)

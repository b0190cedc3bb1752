"""Follows what counts usually are: a level that forgets, the rhythm of day and week, and how far counts scatter.

The level is a discounted gamma-Poisson filter (West & Harrison, Bayesian Forecasting and Dynamic Models, 2nd ed.,
ch. 10): a gamma distribution over the rate that fades, so a short history is widely uncertain by itself. Hour of the
day and day of the week scale it, shrunk towards none while little is known. What is learnt is winsorized: a count
beyond its usual range moves the level no further than the end of that range (Huber's idea; Farrington et al. 1996
down-weight past outbreaks for the same reason), so that a crisis is not taken for normal, until it has lasted.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import datetime, timedelta

import numpy as np
from numpy.typing import NDArray

Figures = NDArray[np.float64]

MEMORY = timedelta(days=28)  # what was counted this long ago weighs 1/e, for rhythm and scatter
LEVEL = timedelta(days=14)  # the same for the level
LASTING = timedelta(days=7)  # what was beyond the usual for most of so long is the new normal
QUICK = timedelta(days=2)  # the level's memory while the new normal is learnt
DEVIATIONS = 2.0  # of the usual range: its end lies so many standard deviations above what is expected
FIRST = timedelta(days=5)  # for so long there is no usual range yet, and every count is learnt whole
WIDEST = 100.0  # of the scatter: beyond it every count is as likely as any other
FEW = 10.0  # steps, as if so many had been seen to scatter by the first guess
TRUST = 5.0  # counts, as if so many had been seen exactly as expected at each place of a cycle


@dataclass(frozen=True)
class Usual:
    """What was usual at each step, told before its count was seen; arrays, one figure a step.

    `expected` is the mean, `scatter` the relative variance of counts around it beyond Poisson, `doubt` the relative
    variance by which the level itself is unknown, `new` whether the step belongs to a rise that has lasted so long that
    it is learnt as the new normal, `seen` how many known steps lie before it.
    """

    expected: Figures
    scatter: Figures
    doubt: Figures
    new: NDArray[np.bool_]
    seen: NDArray[np.int64]

    def where(self, places: NDArray[np.bool_]) -> "Usual":
        """Gives the figures of some places."""
        return Usual(*(getattr(self, field.name)[places] for field in fields(self)))


def follow(counts: Sequence[float | None], times: Sequence[datetime], step: timedelta) -> Usual:
    """Follows counts from left to right; no figure depends on its own count or a later one. None teaches nothing."""
    day, week, first = timedelta(days=1) / step, timedelta(weeks=1) / step, FIRST / step
    slow, steady, quick, recent = (math.exp(-step / memory) for memory in (MEMORY, LEVEL, QUICK, LASTING))
    shape, exposure = 0.5, 1.0
    hours, days, spread = _Cycle(24), _Cycle(7), Scatter()
    beyond, seen = 0.0, 0  # the share of the last LASTING that was beyond the usual, and the steps seen
    expected, scatter, doubt, new, before = [], [], [], [], []
    for count, time in zip(counts, times, strict=True):
        hour, weekday = time.hour if day > 1 else 0, time.weekday()
        level = shape / exposure
        worth = 1 / (1 + spread.at(level) * level)  # of a count, as evidence: where counts scatter, many are one event
        by_hour, by_day = hours.factor(hour, worth), days.factor(weekday, worth)
        mean = level * by_hour * by_day
        lasting = beyond > 0.5
        expected.append(mean)
        scatter.append(spread.at(mean))
        doubt.append(1 / (shape * worth) + hours.doubt(hour, worth) + days.doubt(weekday, worth))
        new.append(lasting)
        before.append(seen)
        if count is None:
            continue
        end = usual_end(mean, scatter[-1] + doubt[-1])
        learnt = count if lasting or seen < first else min(count, end)
        keep = quick if lasting else steady
        # A level that has not seen a whole cycle is no measure for scatter, nor for the places of the cycle.
        if seen >= day:
            if not lasting:
                spread.learn(learnt, mean, slow)
            hours.learn(hour, learnt, level * by_day, slow)
        if seen >= week:
            days.learn(weekday, learnt, level * by_hour, slow)
        shape = keep * shape + learnt
        exposure = keep * exposure + by_hour * by_day
        beyond = recent * beyond + (1 - recent) * (count > end)
        seen += 1
    return Usual(
        expected=np.array(expected, dtype=float),
        scatter=np.array(scatter, dtype=float),
        doubt=np.array(doubt, dtype=float),
        new=np.array(new, dtype=bool),
        seen=np.array(before, dtype=np.int64),
    )


def usual_end(mean: float, scatter: float) -> float:
    """Gives the end of the usual range of a count with a variance of mean + scatter * mean^2; at least one."""
    return max(mean + DEVIATIONS * math.sqrt(mean + scatter * mean * mean), 1.0)


class Scatter:
    """How far counts scatter beyond Poisson: the share k of expected^2 that is added to the variance."""

    def __init__(self) -> None:
        self.excess, self.weight = 1.0, 10.0  # as if little had been seen, scattering by k = 0.1

    def at(self, expected: float) -> float:
        """Gives the share k for a count, never negative; a short history is taken to scatter by k = 0.1."""
        square = FEW * expected * expected
        return min(max(0.0, self.excess + 0.1 * square) / (self.weight + square), WIDEST)

    def learn(self, counted: float, expected: float, keep: float) -> None:
        """Adds what one count deviated by; what was known weighs `keep` of what it did."""
        self.excess = keep * self.excess + (counted - expected) ** 2 - expected
        self.weight = keep * self.weight + expected**2


class _Cycle:
    """How the places of a cycle differ from its average, with old cycles fading and few counts believed little."""

    def __init__(self, places: int) -> None:
        self.counted = [0.0] * places
        self.expected = [0.0] * places

    def factor(self, place: int, worth: float) -> float:
        """Gives the multiplier for a place; 1 while nothing is known."""
        overall = (sum(self.counted) + TRUST) / (sum(self.expected) + TRUST)
        return (self.counted[place] * worth + TRUST) / (self.expected[place] * overall * worth + TRUST)

    def doubt(self, place: int, worth: float) -> float:
        """Gives the relative variance by which the multiplier is unknown; none while no cycle is looked for."""
        return 1 / (self.counted[place] * worth + TRUST) if any(self.expected) else 0.0

    def learn(self, place: int, counted: float, level: float, keep: float) -> None:
        """Adds one count at a place, against the level of the whole cycle."""
        self.counted = [value * keep for value in self.counted]
        self.expected = [value * keep for value in self.expected]
        self.counted[place] += counted
        self.expected[place] += level

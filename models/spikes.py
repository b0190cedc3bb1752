"""Tells when a count rises beyond what its own history leads one to expect.

A discounted gamma-Poisson filter (West & Harrison, Bayesian Forecasting and Dynamic Models, ch. 10; the same idea as
Farrington's surveillance of small counts): the level is a gamma distribution that forgets, its prediction is negative
binomial, so a short history is widely uncertain by itself. Hour of the day and day of the week scale the level,
shrunk towards none while little is known; dispersion beyond Poisson is learnt. Strictly left to right: no step sees a
later one. An unknown count (a gap) is no zero: it moves nothing and is not judged.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from scipy.special import betainc

MEMORY = timedelta(days=28)  # what was counted this long ago weighs 1/e
WARM_UP = timedelta(days=5)  # before this nothing is called a spike
LASTING = timedelta(days=7)  # what has surprised for this long without a break is the new normal
WIDEST = 100.0  # of the spread: beyond it every count is as likely as any other
ALARM_DIGITS = 4.0  # a chance of 1 in 10^4 scores 0.5
SENSITIVITY = {"sensitive": 0.375, "balanced": 0.5, "strict": 0.75}


@dataclass(frozen=True, slots=True)
class Step:
    """One interval: what was expected, the upper end of the usual (1 in 100), and how surprising it is, 0 to 1."""

    expected: float
    high: float
    score: float


def judge(counts: Sequence[float | None], times: Sequence[datetime], step: timedelta) -> list[Step]:
    """Judges counts in steps that begin at `times` (in the team's time zone, for the rhythm); None marks a gap.

    Returns one Step a count. A score of 0.5 is the alarm line of the balanced sensitivity.
    """
    keep = math.exp(-step / MEMORY)
    shape, exposure = 0.5, 1.0 * keep
    spread, seen, struck = _Spread(keep), timedelta(0), timedelta(0)
    hours, days = _Rhythm(24, keep), _Rhythm(7, keep)
    steps = []
    for count, time in zip(counts, times, strict=True):
        hour = time.hour if step < timedelta(days=1) else 0
        rhythm = hours.factor(hour) * days.factor(time.weekday())
        expected = shape / exposure * rhythm
        size, chance = _predictive(expected, 1 / shape + spread.value)
        high = _upper(size, chance, expected)
        if count is None:
            steps.append(Step(expected, high, 0.0))
            continue
        surprise = -math.log10(max(float(betainc(count, size, 1 - chance)), 1e-300)) if count > 0 else 0.0
        warm = seen >= WARM_UP and count > expected
        steps.append(Step(expected, high, min(1.0, surprise / (2 * ALARM_DIGITS)) if warm else 0.0))
        struck = struck + step if steps[-1].score >= SENSITIVITY["sensitive"] else timedelta(0)
        learnt = min(count, max(high, 2.0)) if warm and struck < LASTING else count  # a crisis is not the normal
        # A level that has not seen a whole cycle is no measure for scatter, nor for the places of the cycle.
        if seen >= timedelta(days=1) and not timedelta(0) < struck < LASTING:
            spread.learn(learnt, expected)
        if seen >= timedelta(days=1):
            hours.learn(hour, learnt, shape / exposure * days.factor(time.weekday()))
        if seen >= timedelta(weeks=1):
            days.learn(time.weekday(), learnt, shape / exposure * hours.factor(hour))
        shape = keep * shape + learnt
        exposure = keep * exposure + rhythm
        seen += step
    return steps


class _Rhythm:
    """How the places of a cycle differ from its average, with old cycles fading and few counts believed little."""

    def __init__(self, places: int, keep: float) -> None:
        self.counted = [0.0] * places
        self.expected = [0.0] * places
        self.keep = keep

    def factor(self, place: int) -> float:
        """Gives the multiplier for a place; 1 while nothing is known."""
        trust = 5.0  # as if five counts had been seen exactly as expected
        overall = (sum(self.counted) + trust) / (sum(self.expected) + trust)
        return (self.counted[place] + trust) / (self.expected[place] * overall + trust)

    def learn(self, place: int, counted: float, level: float) -> None:
        """Adds one count at a place, against the level of the whole cycle."""
        self.counted = [value * self.keep for value in self.counted]
        self.expected = [value * self.keep for value in self.expected]
        self.counted[place] += counted
        self.expected[place] += level


class _Spread:
    """How far counts scatter beyond Poisson: the share k of expected^2 that is added to the variance."""

    def __init__(self, keep: float) -> None:
        self.excess, self.weight = 1.0, 10.0  # as if little had been seen, scattering by k = 0.1
        self.keep = keep

    @property
    def value(self) -> float:
        """The share k, never negative."""
        return min(max(0.0, self.excess) / self.weight, WIDEST)

    def learn(self, counted: float, expected: float) -> None:
        """Adds what one count deviated by."""
        self.excess = self.keep * self.excess + (counted - expected) ** 2 - expected
        self.weight = self.keep * self.weight + expected**2


def _predictive(expected: float, spread: float) -> tuple[float, float]:
    """Gives the negative binomial (size, chance) of a mean and a variance of expected + spread * expected^2."""
    size = 1 / max(spread, 1e-6)
    return size, max(size / (size + expected), 1e-12)


def _upper(size: float, chance: float, expected: float) -> float:
    """Finds the smallest count that is exceeded less than once in a hundred intervals."""
    low, high = 0, max(2, math.ceil(expected * 2) + 2)
    while float(betainc(high + 1, size, 1 - chance)) > 0.01:
        low, high = high, high * 2
    while low < high:
        middle = (low + high) // 2
        if float(betainc(middle + 1, size, 1 - chance)) > 0.01:
            low = middle + 1
        else:
            high = middle
    return float(high)

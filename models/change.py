"""Says whether criticism changed between two spans of days, and whether competitors' changed with it.

Rates are stories a day that was heard. The interval of a ratio of two rates is at 95% and exact given their sum: the
later count is then binomial (Clopper & Pearson 1934, Biometrika 26:404-413; Przyborowski & Wilenski 1940, Biometrika
31:313-323). Stories come in bursts, so counts are first divided by their design effect (Rao & Scott 1999, Statistics
in Medicine 18:1373-1385): how much more they vary from day to day than chance alone would make them, the likeness of
neighbouring days included (Newey & West 1987, Econometrica 55:703-708), and widened for having been estimated from
few days (Korn & Graubard 1998, Survey Methodology 24:193-201). Two such ratios are compared by joining their
intervals on the logarithm's scale (Zou & Donner 2008, Statistics in Medicine 27:1693-1702).
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from scipy import special

Z = 1.959964  # 95%, two sides
LEAST_HEARD = 0.5  # of a day; what was said on a day that was heard less tells little of it
LEAST_DAYS = 7  # on either side; a week holds every weekday
NEIGHBOURS = 2  # days over which one day's stories are taken to be like another's
Verdict = Literal["short", "none", "few", "same", "alone", "ours", "tide", "unsure"]


@dataclass(frozen=True)
class Days:
    """Stories on each day, and how much of each day was heard, from 0 (a gap) to 1."""

    counts: tuple[int, ...]
    heard: tuple[float, ...]

    def usable(self) -> "Days":
        """Leaves out the days that were heard too little."""
        kept = [one for one in zip(self.counts, self.heard, strict=True) if one[1] >= LEAST_HEARD]
        return Days(tuple(count for count, _ in kept), tuple(heard for _, heard in kept))

    @property
    def count(self) -> int:
        """All stories."""
        return sum(self.counts)

    @property
    def length(self) -> float:
        """All days, in so far as they were heard."""
        return sum(self.heard)

    @property
    def rate(self) -> float:
        """Stories a day, 0 where nothing was heard."""
        return self.count / self.length if self.length else 0.0


@dataclass(frozen=True)
class Change:
    """Two rates a day and their ratio, after / before, with its interval; NaN of nothing, infinite from nothing."""

    before: float
    after: float
    ratio: float
    low: float
    high: float

    @property
    def clear(self) -> int:
        """Gives 1 for a rise that chance does not explain, -1 for such a fall, else 0."""
        return 1 if self.low > 1 else -1 if self.high < 1 else 0


@dataclass(frozen=True)
class Comparison:
    """Our change, the competitors', how many times theirs ours is, and what follows from that.

    The verdict is "short" (under LEAST_DAYS heard on a side), "none" (nothing was said), "few" (too little to tell),
    "same" (no change beyond chance, and none by half or double), "alone" (changed, nobody to compare with), "ours"
    (changed, and more than theirs), "tide" (theirs changed as much), or "unsure" (theirs could have or not).
    """

    verdict: Verdict
    own: Change | None = None
    others: Change | None = None
    excess: Change | None = None


def compare(before: Days, after: Days, others: tuple[Days, Days] | None = None) -> Comparison:
    """Compares our stories before and after something with the competitors' in the same days."""
    before, after = before.usable(), after.usable()
    if min(len(before.counts), len(after.counts)) < LEAST_DAYS:
        return Comparison("short")
    own = change(before, after)
    theirs = None
    if others is not None:
        one, two = others[0].usable(), others[1].usable()
        if min(len(one.counts), len(two.counts)) >= LEAST_DAYS and one.count + two.count:
            theirs = change(one, two)
    both = excess(own, theirs) if theirs else None
    return Comparison(_verdict(own, theirs, both), own, theirs, both)


def change(before: Days, after: Days) -> Change:
    """Compares two rates; the spans need not be of equal length."""
    effect = design_effect((before, after))
    low, high = _interval(before, after, effect)
    ratio = after.rate / before.rate if before.count else math.inf if after.count else math.nan
    return Change(before.rate, after.rate, ratio, low, high)


def excess(own: Change, others: Change) -> Change:
    """Gives how many times the others' ratio ours is; the rates are the two ratios."""
    middle, theirs = _middle(own), _middle(others)
    low = middle - theirs - math.hypot(middle - _log(own.low), _log(others.high) - theirs)
    high = middle - theirs + math.hypot(_log(own.high) - middle, theirs - _log(others.low))
    ratio = own.ratio / others.ratio if others.ratio else math.inf if own.ratio else math.nan
    return Change(others.ratio, own.ratio, ratio, math.exp(low), math.exp(high))


def design_effect(spans: Sequence[Days]) -> float:
    """Estimates how many times the variance of counts exceeds chance's, 1 at least; each span has its own rate."""
    squares, freedom = 0.0, 0
    likeness = np.zeros(NEIGHBOURS)
    for span in spans:
        if not span.count:
            continue  # all are zero: nothing is seen of how they vary
        expected = span.rate * np.array(span.heard)
        residuals = (np.array(span.counts) - expected) / np.sqrt(expected)
        squares += float(residuals @ residuals)
        freedom += len(residuals) - 1
        likeness += [float(residuals[step:] @ residuals[:-step]) for step in range(1, NEIGHBOURS + 1)]
    if freedom < 1 or not squares:
        return 1.0
    weights = 1 - np.arange(1, NEIGHBOURS + 1) / (NEIGHBOURS + 1)
    bursts = max(1.0, 1 + 2 * float(weights @ likeness) / squares)
    few = (float(special.stdtrit(freedom, 0.975)) / Z) ** 2
    return max(1.0, squares / freedom * bursts * few)


def _interval(before: Days, after: Days, effect: float) -> tuple[float, float]:
    first, second = before.count / effect, after.count / effect
    # The part of the later in both, by the quantiles of the beta distribution that Clopper and Pearson's are.
    low = float(special.betaincinv(second, first + 1, 0.025)) if second else 0.0
    high = float(special.betaincinv(second + 1, first, 0.975)) if first else 1.0
    scale = before.length / after.length
    return scale * low / (1 - low) if low < 1 else math.inf, scale * high / (1 - high) if high < 1 else math.inf


def _middle(of: Change) -> float:
    """Gives a ratio's logarithm, and where that is endless, that of the finite bound, from which it is counted."""
    if 0 < of.ratio < math.inf:
        return math.log(of.ratio)
    bound = of.high if of.ratio == 0 else of.low
    return _log(bound) if 0 < bound < math.inf else 0.0


def _log(value: float) -> float:
    return -math.inf if value == 0 else math.log(value)


def _verdict(own: Change, others: Change | None, both: Change | None) -> Verdict:
    if math.isnan(own.ratio):
        return "none"
    if not own.clear:
        return "few" if own.low <= 0.5 or own.high >= 2 else "same"
    if others is None or both is None:
        return "alone"
    if both.clear == own.clear:
        return "ours"
    return "tide" if others.clear == own.clear else "unsure"

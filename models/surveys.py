"""What survey answers add up to, each with its interval at 95%.

NPS is the share of promoters (9 and 10 on a scale from 0 to 10) less that of detractors (0 to 6). Its interval is the
adjusted Wald interval of Rocks (2016, The American Statistician 70:365-372): three answers are added, a quarter of
them promoters and a quarter detractors, and the variance is that of the three-way split,
p(promoters) + p(detractors) - (p(promoters) - p(detractors))^2. CSAT is the share of 4 and 5 on a scale from 1 to 5,
with the interval of Wilson (1927, Journal of the American Statistical Association 22:209-212).
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass

from earful.models import accuracy
from earful.models.accuracy import Share, Z

ADDED = 3.0  # answers, a quarter of them promoters and a quarter detractors


@dataclass(frozen=True)
class Split:
    """How many answered at the good end of a scale, in its middle and at its bad end."""

    good: int
    middle: int
    bad: int

    @property
    def whole(self) -> int:
        """All who answered."""
        return self.good + self.middle + self.bad


def promoters(counts: Mapping[float, int]) -> Split:
    """Splits counts of answers from 0 to 10 into promoters, passives and detractors."""
    return _split(counts, 9, 6)


def satisfied(counts: Mapping[float, int]) -> Split:
    """Splits counts of answers from 1 to 5 into satisfied, undecided and dissatisfied."""
    return _split(counts, 4, 2)


def nps(split: Split) -> Share | None:
    """Gives the net promoter score from -1 to 1; None when nobody answered."""
    if not split.whole:
        return None
    whole = split.whole + ADDED
    good, bad = (split.good + ADDED / 4) / whole, (split.bad + ADDED / 4) / whole
    half = Z * math.sqrt((good + bad - (good - bad) ** 2) / whole)
    value = (split.good - split.bad) / split.whole  # where few answered alike, it may lie beyond what was adjusted
    return Share(value, max(min(good - bad - half, value), -1.0), min(max(good - bad + half, value), 1.0))


def csat(split: Split) -> Share | None:
    """Gives the share of the satisfied; None when nobody answered."""
    return accuracy.share(split.good, split.whole)


def _split(counts: Mapping[float, int], good: float, bad: float) -> Split:
    best = sum(count for answer, count in counts.items() if answer >= good)
    worst = sum(count for answer, count in counts.items() if answer <= bad)
    return Split(best, sum(counts.values()) - best - worst, worst)

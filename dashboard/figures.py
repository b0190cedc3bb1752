"""Turns counts into the dashboard's figures, each with how sure it is; knows neither store nor screen.

Intervals are Wilson's at 95%; two shares differ when Newcombe's interval of their difference leaves out zero
(Newcombe 1998, Statistics in Medicine 17, method 10).
"""

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np
import pandas as pd

from earful.data.queries import LABELS, Gap
from earful.models import accuracy
from earful.models.accuracy import Share


@dataclass(frozen=True)
class Totals:
    """How many stories or mentions bear each label."""

    negative: int = 0
    neutral: int = 0
    positive: int = 0
    unclear: int = 0
    unscored: int = 0

    @property
    def volume(self) -> int:
        """All of them."""
        return self.judged + self.unclear + self.unscored

    @property
    def judged(self) -> int:
        """Those with a clear label."""
        return self.negative + self.neutral + self.positive

    @property
    def opinionated(self) -> int:
        """Those that praise or complain."""
        return self.negative + self.positive


def net_sentiment(totals: Totals) -> Share | None:
    """Gives (positive - negative) / (positive + negative), from -1 to 1; None when nobody praises or complains."""
    positive = accuracy.share(totals.positive, totals.opinionated)
    if positive is None:
        return None
    return Share(*(2 * value - 1 for value in (positive.value, positive.low, positive.high)))


def differ(now: Share | None, before: Share | None) -> bool:
    """Tells whether two shares, or two net sentiments, are further apart than chance alone makes likely."""
    if now is None or before is None:
        return False
    gap = now.value - before.value
    low = gap - math.hypot(now.value - now.low, before.high - before.value)
    high = gap + math.hypot(now.high - now.value, before.value - before.low)
    return low > 0 or high < 0


def volumes_differ(now: int, before: int) -> bool:
    """Tells whether two counts of equally long periods are further apart than chance alone makes likely."""
    half = accuracy.share(now, now + before)
    return half is not None and not half.low <= 0.5 <= half.high


def totals(counts: pd.DataFrame, brand: str, start: datetime, finish: datetime) -> Totals:
    """Sums what `queries.counts` gave for a brand from `start` up to `finish`, both borders of its steps."""
    chosen = counts[
        (counts.brand == brand) & (counts.begins >= start.timestamp()) & (counts.begins < finish.timestamp())
    ]
    sums = chosen.groupby("label")["count"].sum()
    return Totals(**{str(label): int(sums.get(label, 0)) for label in LABELS})


def volume_by_brand(counts: pd.DataFrame, start: datetime, finish: datetime) -> dict[str, int]:
    """Sums the volume of each brand from `start` up to `finish`."""
    chosen = counts[(counts.begins >= start.timestamp()) & (counts.begins < finish.timestamp())]
    return {str(brand): int(count) for brand, count in chosen.groupby("brand")["count"].sum().items()}


def series(counts: pd.DataFrame, brand: str, edges: Sequence[datetime], gaps: Sequence[Gap]) -> pd.DataFrame:
    """Counts a brand's labels in the steps between `edges`.

    One row a step: start, finish, the five labels, volume, net, low and high (net sentiment, NaN where nobody praises
    or complains), known. A step is unknown when nothing was found in it while some source was not read: that is no
    zero, and all its counts are NaN.
    """
    borders = np.array([edge.timestamp() for edge in edges])
    chosen = counts[(counts.brand == brand) & (counts.begins >= borders[0]) & (counts.begins < borders[-1])]
    steps = np.searchsorted(borders, chosen.begins.to_numpy(), side="right") - 1
    columns = {}
    for label in LABELS:
        of_label = (chosen.label == label).to_numpy()
        columns[label] = np.bincount(
            steps[of_label], weights=chosen["count"].to_numpy()[of_label], minlength=len(edges) - 1
        )
    rows = []
    for place, (start, finish) in enumerate(itertools.pairwise(edges)):
        found = Totals(**{label: int(columns[label][place]) for label in LABELS})
        net = net_sentiment(found)
        known = found.volume > 0 or not any(touches(gap, start, finish) for gap in gaps)
        rows.append(
            {
                "start": start,
                "finish": finish,
                **{label: float(getattr(found, label)) if known else math.nan for label in LABELS},
                "volume": float(found.volume) if known else math.nan,
                "net": net.value if net else math.nan,
                "low": net.low if net else math.nan,
                "high": net.high if net else math.nan,
                "known": known,
            }
        )
    return pd.DataFrame(rows)


def touches(gap: Gap, start: datetime, finish: datetime) -> bool:
    """Tells whether a gap covers any part of a span."""
    return gap.start < finish and (gap.finish is None or gap.finish > start)


def heard(gaps: Sequence[Gap], start: datetime, finish: datetime) -> float:
    """Gives the part of a span of time, from 0 to 1, that lies in none of the gaps; these may overlap."""
    lost, reached = timedelta(), start
    for gap in sorted(gaps, key=lambda gap: gap.start):
        begins, ends = max(gap.start, reached), min(gap.finish or finish, finish)
        if ends > begins:
            lost += ends - begins
            reached = ends
    return 1 - lost / (finish - start)

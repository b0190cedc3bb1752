"""Tells a rise in the number of negatives from a rise in their share: more criticism from more talk of all kinds.

The number is judged by `spikes.judge`. The share is a discounted beta-binomial filter (West & Harrison, Bayesian
Forecasting and Dynamic Models, 2nd ed., ch. 14): a beta distribution over the share that fades, and a correlation of
the mentions of one step, learnt from how far shares scatter beyond binomial (Williams, Extra-binomial Variation in
Logistic Linear Models, 1982). The chance of so many negatives or more is that of the beta distribution with the same
mean and variance, which is a little larger than the beta-binomial one. Mentions that come correlated teach as much as
fewer that know nothing of each other (Kish's design effect). Windows and score are those of `models/spikes.py`.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np
from scipy.special import betaincc, betaincinv

from earful.models import rhythm, spikes
from earful.models.rhythm import Figures
from earful.models.spikes import Step

LONGEST = 8  # steps of the windows: over longer ones shares drift, and the number says enough
FIRST_SHARE = (0.5, 1.5)  # negatives and others, as if so many had been seen
FIRST_CORRELATION = (1.0, 50.0)  # its excess and weight, as if little had been seen, correlated by 0.02


@dataclass(frozen=True, slots=True)
class Surprises:
    """One interval: how the number of negatives surprises, and how their share of all (0 to 1) does."""

    number: Step
    share: Step

    def what(self, line: float = spikes.SENSITIVITY["balanced"]) -> str:
        """Names what rose: "number and share", "number" (only with all mentions), "share" (at usual volume) or ""."""
        rose = {"number": self.number.score >= line, "share": self.share.score >= line}
        return " and ".join(name for name, risen in rose.items() if risen)


def judge_share(
    negatives: Sequence[float | None], totals: Sequence[float | None], times: Sequence[datetime], step: timedelta
) -> list[Surprises]:
    """Judges negatives among totals in steps that begin at `times`, left to right; None in either marks a gap.

    Returns both surprises a step. Raises ValueError where there are more negatives than mentions.
    """
    pairs: list[tuple[float, float] | None] = []
    for time, some, every in zip(times, negatives, totals, strict=True):
        if some is not None and every is not None and not 0 <= some <= every:
            raise ValueError(f"{time}: {some} negatives among {every} mentions")
        pairs.append(None if some is None or every is None else (some, every))
    shares, doubts, correlations = _follow(pairs, step)
    known = np.array([pair is not None for pair in pairs], dtype=bool)
    counted = np.array([pair for pair in pairs if pair is not None], dtype=float).reshape(-1, 2)
    scores, highs = np.zeros(len(pairs)), np.ones(len(pairs))
    scores[known] = _scores(counted, shares[known], doubts[known], correlations[known], step)
    highs[known] = _highs(counted[:, 1], shares[known], correlations[known] + doubts[known])
    numbers = spikes.judge([None if pair is None else pair[0] for pair in pairs], times, step)
    told = zip(shares.tolist(), highs.tolist(), scores.tolist(), strict=True)
    return [Surprises(number, Step(*share)) for number, share in zip(numbers, told, strict=True)]


class _Correlation:
    """How far shares scatter beyond binomial: the share c of n * (n - 1) * p * q that is added to the variance."""

    def __init__(self) -> None:
        self.excess, self.weight = FIRST_CORRELATION

    @property
    def value(self) -> float:
        """The correlation c, from 0 to 1."""
        return min(max(0.0, self.excess) / self.weight, 1.0)

    def learn(self, negatives: float, total: float, share: float, doubt: float, keep: float) -> None:
        """Adds what one count deviated by, no further than the end of the usual range."""
        plain = total * share * (1 - share)
        pairs = plain * max(total - 1, 0.0)
        end = total * share + rhythm.DEVIATIONS * math.sqrt(plain + pairs * (self.value + doubt))
        self.excess = keep * self.excess + (min(negatives, end) - total * share) ** 2 - plain
        self.weight = keep * self.weight + pairs


def _follow(pairs: Sequence[tuple[float, float] | None], step: timedelta) -> tuple[Figures, Figures, Figures]:
    """Follows the usual share: what it is expected to be, by how much it is unknown, and the correlation, before each.

    The unknown is told as a correlation too: whoever does not know the share errs for all mentions of a step alike.
    """
    keep = math.exp(-step / rhythm.MEMORY)
    negative, other = FIRST_SHARE
    correlation = _Correlation()
    told: list[tuple[float, float, float]] = []
    for pair in pairs:
        share, doubt = negative / (negative + other), 1 / (negative + other + 1)
        told.append((share, doubt, correlation.value))
        if pair is None:
            continue
        some, every = pair
        fewer = 1 / (1 + max(every - 1, 0.0) * correlation.value)
        usual = every * share
        end = usual + rhythm.DEVIATIONS * math.sqrt(usual * (1 - share) * (1 / fewer + max(every - 1, 0.0) * doubt))
        learnt = min(some, end) if len(told) * step > rhythm.FIRST else some
        correlation.learn(some, every, share, doubt, keep)
        negative = keep * negative + learnt * fewer
        other = keep * other + (every - learnt) * fewer
    shares, doubts, correlations = np.array(told, dtype=float).reshape(-1, 3).T
    return shares, doubts, correlations


def _scores(counted: Figures, shares: Figures, doubts: Figures, correlations: Figures, step: timedelta) -> Figures:
    """Scores pairs of negatives and totals, none of which is a gap."""
    lengths = [length for length in spikes.lengths(step) if length <= LONGEST]
    first = spikes.WARM_UP / step
    negatives, totals = counted[:, 0], counted[:, 1]
    own = _chances(negatives, totals, shares, correlations + doubts)
    chances = [own]
    for length in lengths[1:]:
        some, every = spikes.running(negatives, length), spikes.running(totals, length)
        share = spikes.running(totals * shares, length) / np.maximum(every, 1e-9)
        correlation, told = _Correlation(), []
        for row in zip(some.tolist(), every.tolist(), share.tolist(), doubts.tolist(), strict=True):
            told.append(correlation.value)
            correlation.learn(*row, math.exp(-step / rhythm.MEMORY))
        chance = _chances(some, every, share, np.array(told, dtype=float) + doubts)
        chances.append(np.where(own < spikes.UPPER, chance, 1.0))
    warm = (np.arange(len(totals)) >= first) & (negatives > totals * shares)
    return np.where(warm, spikes.scored(spikes.rarity(chances, [1] * len(lengths)), step), 0.0)


def _beta(totals: Figures, shares: Figures, correlations: Figures) -> tuple[Figures, Figures]:
    """Gives the (a, b) of the beta distribution with the mean and variance that the share of a beta-binomial has."""
    many = np.maximum(totals, 1.0)
    spread = (1 + (many - 1) * np.minimum(correlations, 1.0)) / many
    both = np.maximum(1 / spread - 1, 1e-6)
    return shares * both, (1 - shares) * both


def _chances(negatives: Figures, totals: Figures, shares: Figures, correlations: Figures) -> Figures:
    """Gives the chances of so many negatives or more among the totals."""
    a, b = _beta(totals, shares, correlations)
    seen = np.clip((negatives - 0.5) / np.maximum(totals, 1.0), 0.0, 1.0)
    return np.where(negatives > 0, np.asarray(betaincc(a, b, seen), dtype=float), 1.0)


def _highs(totals: Figures, shares: Figures, correlations: Figures) -> Figures:
    """Gives the shares that are exceeded less than once in a hundred steps; 1 where there is nothing to share."""
    a, b = _beta(totals, shares, correlations)
    return np.where(totals > 0, np.clip(np.asarray(betaincinv(a, b, 0.99), dtype=float), shares, 1.0), 1.0)

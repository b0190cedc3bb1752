"""Tells when a count rises beyond what its own history leads one to expect.

Strictly left to right, in four parts:

1. *What is usual*: level, rhythm and scatter (`models/rhythm.py`), so that the prediction is negative binomial.
2. *Windows of several lengths*: the newest step alone, and the sums of the last 2, 4, 8, 16 and 32, each against the
   sum of what was expected in it, with a scatter of its own: a slow rise is certain in a sum long before it is in any
   step. A sum counts only while the newest step itself is in its upper tenth, and a step that reached the line by
   itself is no more than high in the sums after it: nothing is told of what has passed.
3. *Bursts that are a habit*: the share of windows beyond the usual range, and how far beyond (Hill, A Simple General
   Approach to Inference About the Tail, 1975; as a stream: Siffer et al., Anomaly Detection in Streams with Extreme
   Value Theory, 2017), give a Pareto tail. A count is as likely as the likelier of the two says: where bursts are the
   brand's habit, one more is no news. A burst is learnt when it has ended.
4. *One figure*: a window of n steps has one n-th of the occasions, so a chance p in it comes once in n / p steps; the
   mean of these over the windows (a harmonic mean of chances: Wilson, The Harmonic Mean p-value, 2019) is how rare the
   step is. The score is its logarithm: 0.5 is what comes once in 1,000 steps of an hour, 2,100 of 5 minutes, 385
   of a day.

An unknown count (a gap) is no zero: it moves nothing and is not judged.

    python -m earful.models.spikes FOLDER OUT

judges every *.csv of a folder (`models/series.py`).
"""

import math
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np
from numpy.typing import NDArray
from scipy.special import betainc
from scipy.stats import nbinom

from earful.models import rhythm
from earful.models.rhythm import Figures, Usual

WARM_UP = rhythm.FIRST  # before this nothing is called a spike
WINDOWS = (1, 2, 4, 8, 16, 32)  # steps
LONGEST = timedelta(days=3)  # of the windows, but for the single step
UPPER = 0.1  # the chance under which the newest step must be, for longer windows to count
REST = timedelta(hours=6)  # a burst has ended when for so long nothing was beyond the usual
HABIT = 1000.0  # windows, as if so many had been seen without one beyond the usual
STEEP = 4.0  # the index of the Pareto tail while no burst is known
ALARM_DIGITS = 3.0  # what comes once in 10^3 steps of an hour scores 0.5
FINER = 0.3  # digits more for steps ten times as fine: there are more of them, but neighbours look alike
SENSITIVITY = {"sensitive": 0.45, "balanced": 0.5, "strict": 0.75}
QUARTER = timedelta(minutes=15)
SURE = 1.05  # times the digits of a line, from which on a score is beyond doubt: 0.55 where the line is 0.5


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
    usual = rhythm.follow(counts, times, step)
    known = np.array([count is not None for count in counts], dtype=bool)
    seen = np.array([count for count in counts if count is not None], dtype=float)
    scores = np.zeros(len(known))
    scores[known] = _scores(seen, usual.where(known), step)
    size, chance = _negative_binomial(usual.expected, usual.scatter + usual.doubt)
    highs = np.asarray(nbinom.ppf(0.99, size, chance), dtype=float).reshape(-1)
    return [Step(*figures) for figures in zip(usual.expected.tolist(), highs.tolist(), scores.tolist(), strict=True)]


def exceedance(counts: Figures, expected: Figures, scatter: Figures) -> Figures:
    """Gives the chances of so many or more where the variance is expected + scatter * expected^2."""
    size, chance = _negative_binomial(expected, scatter)
    return np.where(counts > 0, betainc(np.maximum(counts, 1e-9), size, 1 - chance), 1.0)


def rarity(chances: Sequence[Figures], lengths: Sequence[int]) -> Figures:
    """Gives once in how many steps there comes what has such chances in windows of such lengths, as a logarithm."""
    periods = [length / np.maximum(chance, 1e-300) for chance, length in zip(chances, lengths, strict=True)]
    return np.asarray(np.log10(np.mean(periods, axis=0)), dtype=float)


def alarm_digits(step: timedelta) -> float:
    """Gives the digits n by which what comes once in 10^n steps scores 0.5."""
    return ALARM_DIGITS - FINER * math.log10(step / timedelta(hours=1))


def lengths(step: timedelta) -> list[int]:
    """Lists how many steps the windows have, the single step first."""
    return [length for length in WINDOWS if length == 1 or length * step <= LONGEST]


def scored(digits: Figures, step: timedelta) -> Figures:
    """Gives the scores, 0 to 1, of what comes once in 10^digits steps.

    Up to the alarm line a score is in proportion to the digits; beyond, it nears 1 and tells great from greater.
    """
    share = np.maximum(digits, 0.0) / alarm_digits(step)
    return np.where(share < 1, share / 2, 1 - 0.5 / np.maximum(share, 1.0) ** 2)


def sure(line: float) -> float:
    """Gives the score of what has SURE times the digits of what scores `line`."""
    return _of_share(SURE * _share(line))


def as_rare(line: float, step: timedelta) -> float:
    """Gives the line that is crossed as seldom in a week as `line` is in steps of a quarter of an hour, if finer.

    A score says how rare a step is among steps; who is told wants to know how often that happens.
    """
    if step >= QUARTER:
        return line
    digits = _share(line) * alarm_digits(QUARTER) + math.log10(QUARTER / step)
    return _of_share(digits / alarm_digits(step))


def _share(score: float) -> float:
    """Gives the digits of a score, in those of the alarm line."""
    return 2 * score if score < 0.5 else math.sqrt(0.5 / (1 - score)) if score < 1 else math.inf


def _of_share(share: float) -> float:
    return share / 2 if share < 1 else 1 - 0.5 / share**2


def _scores(counts: Figures, usual: Usual, step: timedelta) -> Figures:
    """Scores counts, none of which is a gap."""
    windows = lengths(step)
    spread = usual.scatter + usual.doubt
    alone = _chances(counts, usual.expected, spread, usual, step)
    rare = exceedance(counts, usual.expected, spread) < UPPER
    # What reached the line by itself has been told: it is no more than high in the sums after it.
    told = alone * len(windows) <= 10 ** -alarm_digits(step)
    others = np.where(told, _end(usual.expected, spread), counts)
    chances = [alone]
    for window in windows[1:]:
        summed = running(others, window) - others + counts
        expected = running(usual.expected, window)
        doubtful = usual.doubt + _scatter(summed, expected, usual, step)
        chances.append(np.where(rare, _chances(summed, expected, doubtful, usual, step), 1.0))
    warm = (usual.seen >= WARM_UP / step) & (counts > usual.expected)
    return np.where(warm, scored(rarity(chances, windows), step), 0.0)


def _chances(counts: Figures, expected: Figures, spread: Figures, usual: Usual, step: timedelta) -> Figures:
    """Gives the chances of so many or more, the likelier of the two: by the scatter, or by the habit of bursts."""
    ratios = counts / _end(expected, spread)
    return np.maximum(exceedance(counts, expected, spread), _habitual(ratios, usual.seen, step))


def _end(expected: Figures, spread: Figures) -> Figures:
    """Gives the ends of the usual range, as `rhythm.usual_end` does."""
    return np.maximum(expected + rhythm.DEVIATIONS * np.sqrt(expected + spread * expected**2), 1.0)


def running(values: Figures, length: int) -> Figures:
    """Sums the last `length` values up to each; fewer at the beginning. The same however many values follow."""
    total = values.copy()
    for back in range(1, min(length, len(values))):
        total[back:] += values[:-back]
    return total


def _scatter(summed: Figures, expected: Figures, usual: Usual, step: timedelta) -> Figures:
    """Learns how far sums scatter beyond Poisson, as the single steps' scatter is learnt; told before each sum."""
    keep = math.exp(-step / rhythm.MEMORY)
    spread, told = rhythm.Scatter(), []
    rows = zip(summed.tolist(), expected.tolist(), usual.doubt.tolist(), usual.new.tolist(), strict=True)
    for place, (total, mean, doubt, new) in enumerate(rows):
        told.append(spread.at(mean))
        if place * step >= timedelta(days=1) and not new:
            end = rhythm.usual_end(mean, told[-1] + doubt) if place * step >= rhythm.FIRST else total
            spread.learn(min(total, end), mean, keep)
    return np.array(told, dtype=float)


def _habitual(ratios: Figures, seen: NDArray[np.int64], step: timedelta) -> Figures:
    """Gives the chances of sums, told as their ratios to the end of the usual range, if bursts are a habit; else 0.

    What is beyond the usual is counted, discounted by age, when its burst has ended, and all but the longest burst.
    """
    keep, rest = math.exp(-step / rhythm.MEMORY), max(1, REST // step)
    windows, beyond, logarithms = HABIT, 0.0, 0.0
    longest, longest_logarithms = 0.0, 0.0
    lately, lately_logarithms, calm = 0.0, 0.0, 0
    chances = []
    for ratio, learns in zip(ratios.tolist(), (seen >= timedelta(days=1) / step).tolist(), strict=True):
        if ratio > 1:
            chances.append(beyond / windows * ratio ** -((beyond + 1) / (logarithms + 1 / STEEP)))
        else:
            chances.append(0.0)
        if not learns:
            continue
        windows, beyond, logarithms = keep * windows + 1, keep * beyond, keep * logarithms
        longest, longest_logarithms = keep * longest, keep * longest_logarithms
        calm += 1
        if ratio > 1:
            lately, lately_logarithms, calm = lately + 1, lately_logarithms + math.log(ratio), 0
        if lately and calm > rest:
            if lately > longest:  # it takes the place of the longest
                lately, longest = longest, lately
                lately_logarithms, longest_logarithms = longest_logarithms, lately_logarithms
            beyond, logarithms = beyond + lately, logarithms + lately_logarithms
            lately, lately_logarithms = 0.0, 0.0
    return np.array(chances, dtype=float)


def _negative_binomial(expected: Figures, scatter: Figures) -> tuple[Figures, Figures]:
    """Gives (size, chance) for a mean and a variance of expected + scatter * expected^2."""
    size = 1 / np.maximum(scatter, 1e-6)
    return size, np.maximum(size / (size + expected), 1e-12)


if __name__ == "__main__":
    from earful.models.series import main as run  # which imports this module

    sys.exit(run())

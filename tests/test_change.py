"""Before and after: known values, an honest interval, and a tide that is not taken for our doing."""

import math

import numpy as np
import pytest
from scipy import stats

from earful.models import change
from earful.models.change import Days


def days(*counts: int, heard: float = 1.0) -> Days:
    return Days(counts, (heard,) * len(counts))


def steady(count: int, length: int) -> Days:
    """Spreads `count` as evenly as whole numbers allow, so that nothing varies more than chance."""
    return days(*((count * (place + 1)) // length - (count * place) // length for place in range(length)))


def test_the_interval_is_the_exact_conditional_one_where_nothing_varies_more_than_chance() -> None:
    got = change.change(steady(41, 10), steady(12, 10))
    part = stats.binomtest(12, 53).proportion_ci(0.95, method="exact")
    assert got.ratio == pytest.approx(12 / 41)
    assert got.low == pytest.approx(part.low / (1 - part.low), rel=1e-6)
    assert got.high == pytest.approx(part.high / (1 - part.high), rel=1e-6)
    assert (got.before, got.after) == (4.1, 1.2)


def test_spans_of_unequal_length_are_compared_by_the_day() -> None:
    got = change.change(steady(40, 20), steady(40, 10))
    assert (got.before, got.after, got.ratio) == (2, 4, 2)
    part = stats.binomtest(40, 80).proportion_ci(0.95, method="exact")
    assert (got.low, got.high) == pytest.approx((2 * part.low / (1 - part.low), 2 * part.high / (1 - part.high)))


def test_a_gap_is_no_day_without_criticism() -> None:
    before = days(4, 4, 4, 4, 4, 4, 4)
    whole = change.compare(before, days(4, 4, 4, 4, 4, 4, 4, 0, 0, 0))
    gap = change.compare(before, Days((4, 4, 4, 4, 4, 4, 4, 0, 0, 0), (1,) * 7 + (0, 0.2, 0)))
    assert whole.own is not None
    assert gap.own is not None
    assert whole.own.after == pytest.approx(2.8)
    assert gap.own.after == 4
    half = change.change(before, days(2, 2, 2, 2, 2, 2, 2, heard=0.5))
    assert half.after == 4


def test_bursts_widen_the_interval() -> None:
    even = change.change(steady(56, 14), steady(28, 14))
    burst = change.change(days(*(0, 0, 0, 0, 14, 14, 0, 0, 0, 0, 0, 14, 14, 0)), steady(28, 14))
    assert (even.before, even.after) == (burst.before, burst.after)
    assert even.high < 1 < burst.high
    apart = change.design_effect([days(0, 9, 0, 9, 0, 0, 9, 0, 9, 0, 9, 0)])
    together = change.design_effect([days(0, 0, 0, 0, 9, 9, 9, 9, 9, 0, 0, 0)])
    assert together > 1.5 * apart
    assert change.design_effect([days(0, 0, 0)]) == 1


@pytest.mark.parametrize(
    ("before", "after", "others", "verdict"),
    [
        (steady(60, 14), steady(15, 14), (steady(80, 14), steady(76, 14)), "ours"),
        (steady(60, 14), steady(15, 14), (steady(80, 14), steady(20, 14)), "tide"),
        (steady(60, 14), steady(30, 14), (steady(80, 14), steady(10, 14)), "tide"),
        (steady(60, 14), steady(30, 14), (steady(6, 14), steady(4, 14)), "unsure"),
        (steady(60, 14), steady(15, 14), None, "alone"),
        (steady(60, 14), steady(15, 14), (days(*[0] * 14), days(*[0] * 14)), "alone"),
        (steady(15, 14), steady(60, 14), (steady(80, 14), steady(76, 14)), "ours"),
        (steady(4, 14), steady(2, 14), None, "few"),
        (steady(400, 14), steady(410, 14), None, "same"),
        (days(*[0] * 14), days(*[0] * 14), None, "none"),
        (steady(60, 6), steady(15, 14), None, "short"),
    ],
)
def test_what_follows_from_a_change(before: Days, after: Days, others: tuple[Days, Days] | None, verdict: str) -> None:
    assert change.compare(before, after, others).verdict == verdict


def test_nothing_before_or_after_is_no_division_by_zero() -> None:
    ended = change.change(steady(30, 14), days(*[0] * 14))
    assert (ended.ratio, ended.low) == (0, 0)
    assert 0 < ended.high < 0.2
    begun = change.change(days(*[0] * 14), steady(30, 14))
    assert (begun.ratio, begun.high) == (math.inf, math.inf)
    assert begun.low > 5
    both = change.excess(ended, change.change(steady(30, 14), steady(28, 14)))
    assert both.high < 1
    assert both.low == 0
    assert change.excess(begun, ended).low > 1
    assert change.excess(ended, ended).clear == 0
    assert change.excess(begun, begun).clear == 0


def test_the_ratio_of_ratios_is_the_delta_methods_where_counts_are_large() -> None:
    counts = (4000, 2000, 3000, 2400)
    own, others = (change.change(steady(a, 20), steady(b, 20)) for a, b in (counts[:2], counts[2:]))
    got = change.excess(own, others)
    error = math.sqrt(sum(1 / count for count in counts))
    assert got.ratio == pytest.approx(0.625)
    assert got.low == pytest.approx(0.625 * math.exp(-1.96 * error), rel=0.01)
    assert got.high == pytest.approx(0.625 * math.exp(1.96 * error), rel=0.01)


@pytest.mark.parametrize(("kind", "least"), [("chance", 0.93), ("bursts", 0.93)])
def test_the_intervals_hold_the_truth_as_often_as_they_promise(kind: str, least: float) -> None:
    random = np.random.default_rng(20261122)

    def said(rate: float) -> Days:
        rates = rate * (random.gamma(1 / 0.7, 0.7, 14) if kind == "bursts" else np.ones(14))
        return days(*(int(count) for count in random.poisson(rates)))

    held = np.zeros(2)
    tries = 400
    for _ in range(tries):
        own, others = change.change(said(4), said(1.6)), change.change(said(8), said(6.4))
        both = change.excess(own, others)
        held += [own.low <= 0.4 <= own.high, both.low <= 0.5 <= both.high]
    assert (held / tries >= least).all(), held / tries
    assert (held / tries < 1).all(), "an interval that is never wrong says nothing"

"""When it is the share of negatives that rose, and when only everything did; on simulated counts, same every time."""

import math
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from earful.models import share, spikes
from earful.models.share import Surprises

HOUR = timedelta(hours=1)
START = datetime(2024, 3, 4, tzinfo=UTC)
AT = 24 * 40 + 14


def mentions(seed: int, volume: float, days: int = 45, negative: float = 0.2) -> tuple[np.ndarray, np.ndarray]:
    """Negatives and all mentions an hour: a rhythm of the day, and mentions of one hour that resemble each other."""
    generator = np.random.default_rng(seed)
    hours = np.arange(days * 24)
    rate = volume * (1 + 0.5 * np.sin(hours / 24 * 2 * math.pi)) * generator.gamma(20, 1 / 20, len(hours))
    totals = generator.poisson(rate)
    return generator.binomial(totals, generator.beta(negative * 80, (1 - negative) * 80, len(hours))), totals


def judge(negatives, totals) -> list[Surprises]:
    pairs = zip(negatives, totals, strict=True)
    some, every = zip(*((None, None) if one is None else (float(one), float(all_)) for one, all_ in pairs), strict=True)
    return share.judge_share(some, every, [START + place * HOUR for place in range(len(some))], HOUR)


@pytest.mark.parametrize("volume", [40, 300, 5000])
def test_more_criticism_from_more_talk_is_no_rise_of_the_share(volume: float) -> None:
    for seed in range(3):
        negatives, totals = mentions(seed, volume)
        at = slice(AT, AT + 2)
        totals[at], negatives[at] = totals[at] * 6, (totals[at] * 6 * 0.2).round()
        assert {one.what() for one in judge(negatives, totals)[at]} == {"number"}


@pytest.mark.parametrize("volume", [100, 300, 5000])
def test_more_criticism_at_the_usual_volume_is_one(volume: float) -> None:
    for seed in range(3):
        negatives, totals = mentions(seed, volume)
        negatives[AT : AT + 3] = (totals[AT : AT + 3] * 0.7).round()
        found = judge(negatives, totals)[AT : AT + 3]
        assert any("share" in one.what() for one in found), f"seed {seed}"
        assert found[0].share.expected == pytest.approx(0.2, abs=0.04)
        assert found[0].share.high < 0.7


def test_the_share_may_rise_while_the_number_stays() -> None:
    negatives, totals = mentions(1, 300)
    totals[AT : AT + 3] = negatives[AT : AT + 3] + 20
    assert [one.what() for one in judge(negatives, totals)[AT : AT + 3]] == ["share"] * 3


@pytest.mark.parametrize("volume", [2, 40, 1000])
def test_false_alarms_of_the_share_are_rare(volume: float) -> None:
    line = spikes.SENSITIVITY["balanced"]
    told = sum(one.share.score >= line for seed in range(4) for one in judge(*mentions(seed, volume)))
    assert told <= 12, "of 4,320 hours"


def test_one_of_one_is_no_surprise() -> None:
    """A brand with a mention a day: that the only one is negative says nothing."""
    totals = np.zeros(24 * 60, dtype=int)
    totals[::24] = 1
    negatives = np.where(np.arange(len(totals)) % (24 * 5) == 0, 1, 0) * totals
    assert max(one.share.score for one in judge(negatives, totals)) < spikes.SENSITIVITY["balanced"] / 2


def test_no_hour_sees_a_later_one_and_a_gap_teaches_nothing() -> None:
    negatives, totals = mentions(2, 40)
    holed = [None if 600 <= place < 610 else int(count) for place, count in enumerate(negatives)]
    whole = judge(holed, totals)
    for cut in (0, 1, 30, 600, 605, 610, 900):
        assert judge(holed[:cut], totals[:cut]) == whole[:cut] if cut else True
    assert {one.share.score for one in whole[600:610]} == {0.0}
    assert {one.share.expected for one in whole[600:610]} == {whole[610].share.expected}


def test_odd_shares_never_break_it() -> None:
    generator = np.random.default_rng(3)
    for round_ in range(20):
        totals = generator.choice([0, 0, 1, 3, 10**6], 300) * generator.integers(0, 3, 300)
        negatives = (totals * generator.choice([0.0, 0.5, 1.0], 300)).astype(int)
        for one in judge(negatives, totals):
            assert 0 <= one.share.expected <= one.share.high <= 1, f"round {round_}: {one}"
            assert 0 <= one.share.score <= 1, f"round {round_}: {one}"


def test_more_negatives_than_mentions_are_refused() -> None:
    with pytest.raises(ValueError, match=r"3\.0 negatives among 2\.0 mentions"):
        judge([1, 3], [2, 2])
    assert share.judge_share([], [], [], HOUR) == []

"""How well the judge does on people's labels: worked examples, and what the intervals hold in simulations."""

import numpy as np
import pytest

from earful.models import accuracy
from earful.models.accuracy import Count, Pair, Share, Skill


def pairs(source: str, judged: str, person: str, count: int) -> list[Pair]:
    return [Pair(source, judged, person)] * count


MIXED = [
    *pairs("shop", "negative", "negative", 12),
    *pairs("shop", "neutral", "negative", 4),
    *pairs("shop", "positive", "positive", 10),
    *pairs("shop", "negative", "neutral", 2),
    *pairs("shop", "unclear", "negative", 5),
    *pairs("news", "neutral", "positive", 3),
    *pairs("news", "neutral", "neutral", 2),
    *pairs("news", "negative", "unclear", 1),
    *pairs("blog", "unscored", "negative", 2),
    *pairs("blog", "unclear", "unclear", 1),
]


def test_wilsons_interval() -> None:
    # 8 of 10, from the formula: centre (0.8 + 1.9207/10) / 1.38415, half 1.96/1.38415 * sqrt(0.016 + 0.0096036)
    assert accuracy.share(8, 10) == Share(0.8, pytest.approx(0.4902, abs=1e-4), pytest.approx(0.9433, abs=1e-4))
    assert accuracy.share(0, 0) is None
    none = accuracy.share(0, 5)
    assert none is not None
    assert (none.value, none.low) == (0, 0)


def test_unclear_is_neither_right_nor_wrong() -> None:
    found = accuracy.agreement(MIXED)
    assert found.right == Count(24, 33)
    assert found.unclear == Count(6, 40)
    assert found.unscored == 2
    assert found.accuracy == accuracy.share(24, 33)
    assert accuracy.agreement([]).accuracy is None


def test_the_worst_source_comes_first_and_the_unknown_last() -> None:
    found = accuracy.by_source(MIXED)
    assert [(source, one.right) for source, one in found] == [
        ("news", Count(2, 5)),
        ("shop", Count(22, 28)),
        ("blog", Count(0, 0)),
    ]


def test_the_confusion_keeps_every_pair() -> None:
    found = accuracy.confusion(MIXED)
    assert found["negative", "neutral"] == 4
    assert found["neutral", "negative"] == 2
    assert found["negative", "unscored"] == 2
    assert sum(found.values()) == len(MIXED)


def test_skill_is_measured_where_both_are_clear() -> None:
    assert accuracy.skill(MIXED) == Skill(found=Count(12, 16), spared=Count(15, 17))
    assert accuracy.skill(MIXED, "positive") == Skill(found=Count(10, 13), spared=Count(20, 20))


def test_a_share_put_right_in_a_case_worked_out_by_hand() -> None:
    """60 of 200 seen, 40 of 50 found, 90 of 100 spared.

    Rogan & Gladen: (0.3 + 0.9 - 1) / 0.7 = 0.285714. Lang & Reiczigel: the counts enlarged give an apparent share of
    61.920729 / 203.841459 = 0.303769, sensitivity 41/52 = 0.788462, specificity 91/102 = 0.892157, so 0.287865; the
    shift is 7.682918 * (0.287865 * 0.00320750 - 0.712135 * 0.00094326) = 0.0019330, the variance
    (0.00103754 + 0.00026579 + 0.00047836) / 0.680618**2 = 0.00384615; so 0.2897975 -+ 1.959964 * 0.0620173.
    """
    skill = Skill(Count(40, 50), Count(90, 100))
    got = accuracy.corrected(Count(60, 200), Count(0, 0), skill)
    assert got is not None
    assert got.value == pytest.approx(0.2857143, abs=1e-6)
    assert (got.low, got.high) == (pytest.approx(0.168246, abs=1e-6), pytest.approx(0.411349, abs=1e-6))


def test_what_people_judged_is_taken_as_it_is() -> None:
    skill = Skill(Count(40, 50), Count(90, 100))
    alone = accuracy.corrected(Count(60, 200), Count(0, 0), skill)
    people = accuracy.share(45, 50)
    got = accuracy.corrected(Count(60, 200), Count(45, 50), skill)
    assert alone is not None
    assert people is not None
    assert got is not None
    assert got.value == pytest.approx(0.8 * alone.value + 0.2 * 0.9)
    assert got.value - got.low == pytest.approx(
        np.hypot(0.8 * (alone.value - alone.low), 0.2 * (people.value - people.low))
    )
    assert got.high - got.value == pytest.approx(
        np.hypot(0.8 * (alone.high - alone.value), 0.2 * (people.high - people.value))
    )
    hopeless = Skill(Count(0, 0), Count(0, 0))
    assert accuracy.corrected(Count(0, 0), Count(45, 50), hopeless) == people
    assert accuracy.corrected(Count(0, 0), Count(0, 0), skill) is None


@pytest.mark.parametrize(
    ("skill", "reason"),
    [
        (Skill(Count(9, 9), Count(50, 50)), "there are 9 and 50"),
        (Skill(Count(50, 50), Count(9, 9)), "there are 50 and 9"),
        (Skill(Count(20, 50), Count(44, 50)), "little more than chance"),  # 0.28
        (Skill(Count(0, 50), Count(0, 50)), "little more than chance"),  # only what was wrong
    ],
)
def test_a_share_is_not_put_right_on_too_little(skill: Skill, reason: str) -> None:
    assert reason in skill.refusal
    assert accuracy.corrected(Count(60, 200), Count(5, 10), skill) is None


def test_enough_is_enough() -> None:
    assert Skill(Count(8, 10), Count(8, 10)).refusal == ""


@pytest.mark.parametrize(
    ("sensitivity", "specificity", "true", "stories", "negative", "other"),
    [
        (0.8, 0.9, 0.3, 400, 40, 80),
        (0.7, 0.95, 0.1, 2000, 25, 200),
        (0.6, 0.85, 0.5, 150, 60, 60),
        (0.9, 0.9, 0.2, 5000, 15, 50),
    ],
)
def test_the_interval_holds_the_truth_in_95_of_100_simulations(
    sensitivity: float, specificity: float, true: float, stories: int, negative: int, other: int
) -> None:
    """Draws stories and corrections again and again; people judged a tenth of the stories themselves."""
    generator = np.random.default_rng(20)
    runs, told, held, plain = 2000, 0, 0, 0
    by_people = stories // 10
    for _ in range(runs):
        is_negative = int(generator.binomial(stories, true))
        seen = int(generator.binomial(is_negative, sensitivity))
        seen += int(generator.binomial(stories - is_negative, 1 - specificity))
        skill = Skill(
            Count(int(generator.binomial(negative, sensitivity)), negative),
            Count(int(generator.binomial(other, specificity)), other),
        )
        people = Count(int(generator.binomial(by_people, true)), by_people)
        got = accuracy.corrected(Count(seen, stories), people, skill)
        uncorrected = accuracy.share(seen, stories)
        assert uncorrected is not None
        if got is not None:
            told += 1
            held += got.low <= true <= got.high
            plain += uncorrected.low <= true <= uncorrected.high
    assert told > 0.9 * runs
    assert 0.935 <= held / told <= 0.98
    assert plain < held  # what the correction is for

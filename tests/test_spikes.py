"""When a count is called a spike, and when silence is too long to be believed; on simulated counts, same every time."""

import math
import random
from datetime import UTC, datetime, timedelta, tzinfo
from itertools import pairwise
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from earful.models import silence, spikes
from earful.models.spikes import SENSITIVITY, WARM_UP, Step

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
MONDAY = datetime(2024, 3, 4, tzinfo=UTC)
ALARM = SENSITIVITY["balanced"]


def judge(counts, step: timedelta = HOUR, start: datetime = MONDAY) -> list[Step]:
    counts = [None if count is None else float(count) for count in counts]
    return spikes.judge(counts, [start + place * step for place in range(len(counts))], step)


def rates(days: int, a_day: float, step: timedelta = HOUR) -> np.ndarray:
    """A brand's rhythm: quiet at night, busy in the afternoon, at weekends half of what it is on weekdays."""
    per_day = DAY // step
    wave = [0.2 + 1.6 * max(0.0, math.sin((hour * 24 / per_day - 6) / 24 * 2 * math.pi)) for hour in range(per_day)]
    week = [1.2, 1.2, 1.2, 1.2, 1.2, 0.5, 0.5]
    shape = np.array([week[day % 7] * wave[place] for day in range(days) for place in range(per_day)])
    return shape / shape.mean() * a_day / per_day


def simulated(seed: int, rate: np.ndarray, scatter: float = 0.0) -> np.ndarray:
    """Counts around a rate: Poisson, or wider, with a variance of rate + scatter * rate^2."""
    generator = np.random.default_rng(seed)
    if not scatter:
        return generator.poisson(rate)
    size = 1 / scatter
    return generator.negative_binomial(size, size / (size + rate))


def alarms(counts, steps: list[Step], sensitivity: str = "balanced", least: int = 5) -> list[int]:
    """The places that a rule would call a spike."""
    line = SENSITIVITY[sensitivity]
    return [
        place
        for place, (count, step) in enumerate(zip(counts, steps, strict=True))
        if count is not None and count >= least and step.score >= line
    ]


@pytest.mark.parametrize("step", [HOUR, DAY])
def test_no_step_sees_a_later_one(step: timedelta) -> None:
    counts = [*simulated(1, rates(20, 30)), 200, 150, None, None, 0, 3, *simulated(2, rates(3, 30))]
    whole = judge(counts, step)
    for cut in (0, 1, 7, 24, 121, 480, 481, 482, 484, len(counts) - 1):
        assert judge(counts[:cut], step) == whole[:cut]


def test_every_count_gets_a_step_and_nothing_gets_none() -> None:
    assert judge([]) == []
    assert len(judge([1, None, 3])) == 3
    with pytest.raises(ValueError, match=r"zip"):
        spikes.judge([1.0, 2.0], [MONDAY], HOUR)


def test_a_gap_is_not_judged_and_teaches_nothing() -> None:
    counts = simulated(3, rates(30, 48))
    cut, week = 480, 7 * 24
    before = judge(counts)[cut]
    steps = judge([*counts[:cut], *[None] * week, counts[cut]])
    assert {step.score for step in steps[cut : cut + week]} == {0.0}
    assert steps[cut + week] == before, "as if the week had not been"
    assert sum(step.expected for step in steps[cut : cut + week]) == pytest.approx(7 * 48, rel=0.25)
    assert judge([*counts[:cut], *[0] * week, counts[cut]])[cut + week].expected < 0.9 * before.expected


def test_after_a_gap_the_usual_is_no_spike() -> None:
    counts = simulated(4, rates(40, 240))
    with_hole = [None if 600 <= place < 700 else count for place, count in enumerate(counts)]
    assert alarms(with_hole, judge(with_hole)) == []


def test_nothing_is_called_a_spike_while_little_is_known() -> None:
    counts = [0] * 30 + [50] + [0] * 60
    assert all(step.score == 0 for step in judge(counts))
    first = WARM_UP // HOUR
    counts = [0] * first + [50]
    assert judge(counts)[first].score >= ALARM
    assert judge(counts[1:])[first - 1].score == 0


def test_known_steps_warm_up_and_gaps_do_not() -> None:
    first = WARM_UP // HOUR
    assert judge([*[None] * first, 50])[first].score == 0


@pytest.mark.parametrize("a_day", [0.2, 1, 5])
def test_small_counts_alarm_only_when_they_are_many(a_day: float) -> None:
    for seed in range(4):
        usual = simulated(seed, np.full(24 * 30, a_day / 24))
        assert judge([*usual, 1])[-1].score < ALARM, "one story is no spike"
        assert judge([*usual, 12])[-1].score >= ALARM


def test_what_is_usual_at_noon_is_not_at_night() -> None:
    rate = rates(42, 240)
    counts = simulated(5, rate)
    noon, night = 24 * 38 + 13, 24 * 38 + 2
    usual_at_noon = int(rate[noon])
    steps = judge(counts)
    assert steps[noon].expected > 4 * steps[night].expected
    counts[night] = usual_at_noon
    assert judge(counts[: night + 1])[night].score >= ALARM
    counts[noon] = usual_at_noon
    assert judge(counts[: noon + 1])[noon].score < 0.2


def test_what_is_usual_on_monday_is_not_on_sunday() -> None:
    rate = np.array([[100.0] * 5 + [10.0] * 2] * 12).ravel()
    counts = simulated(6, rate)
    sunday, monday = 7 * 11 + 6, 7 * 11
    steps = judge(counts, DAY)
    assert steps[monday].expected > 4 * steps[sunday].expected
    assert steps[monday].score < ALARM
    counts[sunday] = 100
    assert judge(counts[: sunday + 1], DAY)[sunday].score >= ALARM


def test_the_hour_is_the_teams_and_survives_a_change_of_clocks() -> None:
    """In Berlin clocks went forward on 31 March 2024; who begins work at eight still begins at eight."""
    zone = ZoneInfo("Europe/Berlin")
    first = datetime(2024, 3, 4, tzinfo=zone).astimezone(UTC)
    times = [(first + place * HOUR).astimezone(zone) for place in range(24 * 30)]
    counts = [float(30 if time.hour == 8 else 1) for time in times]
    steps = spikes.judge(counts, times, HOUR)
    summer = [step for time, step in zip(times, steps, strict=True) if time.hour == 8 and time.dst()]
    assert len(summer) == 3
    assert all(step.expected > 15 and step.score < 0.2 for step in summer)


@pytest.mark.parametrize("step", [HOUR, DAY])
def test_expectations_come_true(step: timedelta) -> None:
    """What is expected over a week is about what comes, from the second week on, at few counts and at many."""
    for a_day in (5.0, 200.0):
        rate = rates(56, a_day, step)
        week = 7 * (DAY // step)
        for seed in range(3):
            steps = judge(simulated(seed, rate), step)
            for start in range(week, len(rate), week):
                told = sum(one.expected for one in steps[start : start + week])
                assert told == pytest.approx(7 * a_day, rel=0.35), f"seed {seed}, from {start}"


@pytest.mark.parametrize(("step", "days", "a_day"), [(HOUR, 60, 5), (HOUR, 60, 100), (DAY, 120, 20), (DAY, 120, 500)])
@pytest.mark.parametrize("scatter", [0.0, 0.2])
def test_false_alarms_are_rare(step: timedelta, days: int, a_day: float, scatter: float) -> None:
    """Balanced: at most one in three brands is told of a spike in months in which there is none."""
    told = 0
    for seed in range(6):
        counts = simulated(seed, rates(days, a_day, step), scatter)
        told += len(alarms(counts, judge(counts, step)))
    assert told <= 2


@pytest.mark.parametrize(("step", "a_day"), [(HOUR, 24), (HOUR, 240), (DAY, 5), (DAY, 100)])
def test_an_outbreak_of_ten_times_the_usual_is_found(step: timedelta, a_day: float) -> None:
    for seed in range(6):
        rate = rates(45, a_day, step)
        at = 40 * (DAY // step) + (DAY // step) // 2
        rate[at : at + 3] *= 10
        counts = simulated(seed, rate, 0.1)
        steps = judge(counts, step)
        assert set(alarms(counts, steps)) & set(range(at, at + 3)), f"seed {seed}"
        assert steps[at].expected < rate[at] / 3
        assert max(counts[at : at + 3]) > steps[at].high


def test_a_crisis_is_not_taken_for_normal() -> None:
    """Sixty more in every hour of a day alarm all day long; later they are neither expected nor hide what comes."""
    counts = [int(count) for count in simulated(7, rates(49, 48))]
    at, week = 24 * 38, 24 * 7
    counts[at : at + 24] = [count + 60 for count in counts[at : at + 24]]
    steps = judge(counts)
    assert len(alarms(counts[at : at + 24], steps[at : at + 24])) == 24
    before, after = (sum(one.expected for one in steps[place : place + 24]) for place in (at, at + week))
    assert after < 1.5 * before
    next_one = at + 3 * 24 + 12
    counts[next_one] += 16
    assert judge(counts[: next_one + 1])[-1].score >= ALARM


@pytest.mark.parametrize("step", [HOUR, DAY])
@pytest.mark.parametrize("usual", [1, 10, 50])
def test_a_new_level_becomes_usual(step: timedelta, usual: int) -> None:
    """Four times as much for good: an alarm at first, none after three weeks, or twelve days where counts are many."""
    day = DAY // step
    for seed in range(3):
        counts = simulated(seed, np.repeat([usual, 4.0 * usual], [40 * day, 60 * day]))
        steps = judge(counts, step)
        assert steps[40 * day].expected < 2 * usual
        assert usual == 1 or alarms(counts[: 47 * day], steps[: 47 * day])[-1] >= 40 * day
        assert np.mean([one.expected for one in steps[-7 * day :]]) == pytest.approx(4 * usual, rel=0.35)
        calm = (52 if usual == 50 else 61) * day
        assert alarms(counts[calm:], steps[calm:]) == []


def test_a_full_first_hour_makes_nobody_deaf() -> None:
    """A first look finds much at once, and things without a date are all dated by it."""
    counts = simulated(10, np.full(24 * 30, 1.0))
    counts[0] = 100
    assert judge([*counts, 15])[-1].score >= ALARM


def test_the_sensitivities_stand_in_their_order() -> None:
    rate = rates(45, 60)
    for seed in range(4):
        counts = simulated(seed, rate)
        counts[24 * 40] += 9
        counts[24 * 42] += 60
        steps = judge(counts)
        found = [set(alarms(counts, steps, name)) for name in ("sensitive", "balanced", "strict")]
        assert found[0] >= found[1] >= found[2]
        assert 24 * 42 in found[2]


def test_odd_counts_never_break_it() -> None:
    """Whatever is counted, every figure is a number in its range."""
    chance = random.Random(9)
    kinds = [
        lambda: 0,
        lambda: None,
        lambda: chance.randint(0, 3),
        lambda: chance.randint(0, 10**7),
        lambda: chance.choice([0, 0, 0, 10**9]),
        lambda: chance.expovariate(0.01),
    ]
    zones = [UTC, ZoneInfo("America/New_York"), ZoneInfo("Asia/Kathmandu")]
    for round_ in range(60):
        mixture = chance.sample(kinds, chance.randint(1, len(kinds)))
        counts = [chance.choice(mixture)() for _ in range(chance.randint(1, 400))]
        step = chance.choice([timedelta(minutes=5), HOUR, timedelta(hours=6), DAY])
        start = datetime(2023, 1, 1, tzinfo=chance.choice(zones)) + chance.randint(0, 400) * DAY
        for count, one in zip(counts, judge(counts, step, start), strict=True):
            told = f"round {round_}: {one}"
            assert all(math.isfinite(value) for value in (one.expected, one.high, one.score)), told
            assert 0 <= one.score <= 1, told
            assert one.expected >= 0, told
            assert one.high >= 0, told
            assert one.score == 0 or (count is not None and count > one.expected), told


def steady(days: int, hours: list[int], start: datetime = MONDAY) -> list[datetime]:
    """A source that speaks at the given hours of each day, with an odd minute."""
    return [
        start + day * DAY + hour * HOUR + timedelta(minutes=(7 * day) % 60) for day in range(days) for hour in hours
    ]


def test_a_hole_of_two_days_is_found() -> None:
    times = steady(60, [8, 9, 11, 12, 14, 16, 18, 20, 21, 22])
    start, finish = MONDAY + 30 * DAY, MONDAY + 32 * DAY
    (hole,) = silence.silences([time for time in times if not start <= time < finish])
    before = max(time for time in times if time < start)
    after = min(time for time in times if time >= finish)
    assert hole == (before, after, 10.0)


def test_nights_and_sundays_are_no_holes() -> None:
    weekdays = [time for time in steady(60, list(range(8, 20))) if time.weekday() != 6]
    assert max(later - earlier for earlier, later in pairwise(weekdays)) > DAY
    assert silence.silences(weekdays) == []
    fridays = [
        time for time in weekdays if time.weekday() < 5 and (time < MONDAY + 30 * DAY or time > MONDAY + 33 * DAY)
    ]
    ((start, finish, _),) = silence.silences(fridays)
    assert start.date() == (MONDAY + 29 * DAY).date(), "but a source may also die on a Wednesday"
    assert finish.date() == (MONDAY + 35 * DAY).date()


def test_a_source_that_seldom_speaks_is_never_too_silent() -> None:
    times = steady(30, [9, 15]) + steady(30, [9, 15], MONDAY + 60 * DAY)
    assert silence.silences(times) == []


@pytest.mark.parametrize("zone", [UTC, ZoneInfo("America/New_York")])
def test_a_source_that_dates_by_the_day_has_no_holes_between_its_days(zone: tzinfo) -> None:
    days = [(datetime(2023, 1, 1, tzinfo=zone) + day * DAY).astimezone(UTC) for day in range(90)]
    assert silence.silences(12 * days) == []


def test_the_order_of_the_times_does_not_matter_and_few_are_enough() -> None:
    times = steady(20, [7, 9, 12, 15, 18]) + steady(20, [7, 9, 12, 15, 18], MONDAY + 24 * DAY)
    shuffled = random.Random(3).sample(times, len(times))
    assert len(silence.silences(times)) == 1
    assert silence.silences(shuffled) == silence.silences(times)
    assert silence.silences([]) == []
    assert silence.silences(times[:1]) == []

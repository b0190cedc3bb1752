"""The life of an alert as a table, and by random sequences."""

import random
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import numpy as np
import pytest

from earful.models import alertlife, spikes
from earful.models.alertlife import CALM, LOW, Budget, Life, Line, Window, advance, found_line, peak, replay

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
START = datetime(2025, 3, 3, tzinfo=UTC)
LATER = START + 1000 * DAY  # by then every interval has settled
LINE = Line(0.5, 5)
LINES = [Line(score, 5) for score in alertlife.LINES]


def windows(*scores: float | None, observed: int = 20) -> list[Window]:
    """An hour for each score; None is an hour in which nothing could be heard."""
    return [
        Window(START + n * HOUR, START + (n + 1) * HOUR, None if score is None else observed, 1.0, 99.0, score or 0.0)
        for n, score in enumerate(scores)
    ]


def states(found: list[Window], line: Line = LINE, settled: datetime = LATER) -> list[str]:
    """The state after each window."""
    life, told = None, []
    for place in range(len(found)):
        life = advance(life, found, place, line, settled)
        told.append(life.state if life else "")
    return told


@pytest.mark.parametrize(
    ("scores", "expected"),
    [
        ((0.2, 0.49), ["", ""]),
        ((0.5, 0.3), ["pending", "firing"]),
        ((0.5, 0.29), ["pending", "dropped"]),
        ((0.5, 0.29, 0.5), ["pending", "dropped", "pending"]),
        ((0.5, 0.5, 0.2, 0.2), ["pending", "firing", "firing", "resolved"]),
        ((0.5, 0.5, 0.2, 0.3, 0.2, 0.2), ["pending", "firing", "firing", "firing", "firing", "resolved"]),
        ((0.45, 0.55, 0.35, 0.35, 0.25, 0.35, 0.25, 0.25), ["", "pending", *["firing"] * 5, "resolved"]),
        ((0.5, 0.5, 0.2, 0.2, 0.45, 0.5), ["pending", "firing", "firing", "resolved", "resolved", "pending"]),
        ((0.5, None, 0.5), ["pending", "pending", "firing"]),
        ((0.5, 0.5, 0.2, None, None, 0.2), ["pending", "firing", "firing", "firing", "firing", "resolved"]),
        ((None, 0.5), ["", "pending"]),
    ],
)
def test_the_life_by_table(scores: tuple[float | None, ...], expected: list[str]) -> None:
    assert states(windows(*scores)) == expected


@pytest.mark.parametrize(
    ("observed", "expected"), [((9, 3, 0, 0), "resolved"), ((9, 2, 0, 0), "dropped"), ((9, 3, 3, 2, 3), "firing")]
)
def test_an_alert_lasts_while_counts_are_at_the_upper_end_of_the_usual(
    observed: tuple[int, ...], expected: str
) -> None:
    """One is expected and four come once in a hundred hours: three are high, two are not."""
    found = [
        Window(START + n * HOUR, START + (n + 1) * HOUR, count, 1.0, 4.0, 1.0 if count == 9 else 0.0)
        for n, count in enumerate(observed)
    ]
    assert states(found)[-1] == expected


def test_few_stories_are_no_alert_however_surprising() -> None:
    assert states(windows(1.0, 1.0, observed=LINE.least - 1)) == ["", ""]
    assert states(windows(1.0, 1.0, observed=LINE.least)) == ["pending", "firing"]


def test_an_interval_that_may_still_fill_up_calms_nothing() -> None:
    found = windows(1.0, 0.0)
    assert states(found, settled=found[1].finish - HOUR) == ["pending", "pending"]
    assert states(found, settled=found[1].finish) == ["pending", "dropped"]


def test_no_interval_is_taken_into_account_twice() -> None:
    found = windows(1.0, 1.0, 0.0, 0.0)
    life = None
    for place in range(4):
        life = advance(life, found, place, LINE, LATER)
        for earlier in range(place + 1):
            assert advance(life, found, earlier, LINE, LATER) == life


@pytest.mark.parametrize("seed", range(200))
def test_any_sequence_makes_whole_lives(seed: int) -> None:
    """Whatever the counts do: each alert begins surprising, fires once at most, and ends calm; none lasts for ever."""
    chance = random.Random(seed)
    scores = [chance.choice([None, 0.0, 0.1, 0.29, 0.31, 0.49, 0.5, 0.7, 1.0]) for _ in range(120)] + [0.0] * (CALM + 1)
    found = windows(*scores)
    lives = replay(None, found, START, LINE, LATER)
    by_start: dict[datetime, list[Life]] = {}
    for life in lives:
        by_start.setdefault(life.started, []).append(life)
    score = {one.start: one.score for one in found}
    last = START
    for started, parts in by_start.items():
        path = [part.state for part in parts]
        assert path in (["pending", "dropped"], ["pending", "firing", "resolved"])
        assert score[started] >= LINE.score
        assert started >= last, "one at a time"
        end = parts[-1]
        last = end.latest
        if end.state == "resolved":
            assert end.fired is not None and end.resolved is not None
            assert started < end.fired < end.resolved
            heard = [one for one in found if one.observed is not None and one.finish <= end.resolved]
            assert all(one.score < LINE.score * LOW for one in heard[-CALM:])
            between = [one for one in heard if one.start >= started]
            for one, other in pairwise(between[:-1]):
                assert max(one.score, other.score) >= LINE.score * LOW or one.start == started, "it ended before"


@pytest.mark.parametrize("seed", range(50))
def test_it_does_not_matter_in_how_many_runs_windows_are_seen(seed: int) -> None:
    chance = random.Random(seed)
    found = windows(*(chance.choice([0.0, 0.2, 0.4, 0.5, 0.8]) for _ in range(80)))
    at_once = replay(None, found, START, LINE, LATER)
    life, bit_by_bit = None, []
    seen = 0
    while seen < len(found):
        seen += chance.randint(1, 6)
        lives = replay(life, found[:seen], START, LINE, LATER)
        bit_by_bit += lives
        life = lives[-1] if lives else life
    assert life == (at_once[-1] if at_once else None)
    changes = [(one.started, one.state) for one in at_once]
    assert list(dict.fromkeys((one.started, one.state) for one in bit_by_bit)) == changes


def test_only_what_ended_since_is_taken_into_account() -> None:
    found = windows(1.0, 1.0, 0.0, 0.0, 1.0)
    assert [one.state for one in replay(None, found, START + 3 * HOUR, LINE, LATER)] == ["pending"]


def test_a_budget_finds_the_lowest_line_that_keeps_to_it() -> None:
    """Three outbreaks in a week, each weaker: the line lies above as many as the budget leaves out."""
    scores = [0.0] * 24 * 7
    for day, score in ((1, 0.9), (3, 0.7), (5, 0.5)):
        scores[24 * day] = scores[24 * day + 1] = score
    found = windows(*scores)
    week = timedelta(days=7)
    for count, above, below in ((1, 0.7, 0.9), (2, 0.5, 0.7), (3, 0.0, 0.5)):
        line = found_line(found, START, Budget(count, week), LINES)
        assert above < line.score <= below
        fired = [one for one in replay(None, found, START, line, LATER) if one.state == "firing"]
        assert len(fired) == count
    assert found_line(found, START, Budget(1, DAY), LINES) == found_line(
        windows(0.0, 0.0), START, Budget(1, DAY), LINES
    )
    assert found_line([], START, Budget(1, week), LINES).score == 1.0


def test_a_budget_that_nothing_keeps_to_takes_the_strictest_line() -> None:
    scores = ([1.0] * 2 + [0.0] * 4) * 30
    assert found_line(windows(*scores), START, Budget(1, DAY), LINES).score == 1.0


def test_a_budget_holds_in_any_of_its_periods() -> None:
    budget = Budget(2, DAY)
    assert budget.keeps([START, START + HOUR, START + DAY])
    assert not budget.keeps([START, START + HOUR, START + DAY - HOUR])
    assert budget.keeps([])


def test_the_peak_is_what_exceeds_the_expected_most() -> None:
    few = Window(START, START + HOUR, 20, 1.0, 3.0, 1.0)
    many = Window(START + HOUR, START + 2 * HOUR, 30, 25.0, 40.0, 0.1)
    assert peak([few, many]) == few
    assert peak(windows(None)) is None


QUARTER = timedelta(minutes=15)
QUICK = Line(0.5, 5, sure=0.6)


def quarters(*scores: float, lately: int = 5, observed: int = 2) -> list[Window]:
    """A quarter of an hour for each score."""
    return [
        Window(START + n * QUARTER, START + (n + 1) * QUARTER, observed, 1.0, 99.0, score, lately)
        for n, score in enumerate(scores)
    ]


def test_short_intervals_are_over_after_two_calm_hours() -> None:
    assert states(quarters(0.5, 0.5, *[0.0] * 8), QUICK)[-2:] == ["firing", "resolved"]
    assert states(quarters(0.5, 0.5, *[0.0] * 7, 0.4, *[0.0] * 7), QUICK)[-1] == "firing"


def test_a_short_interval_beyond_doubt_needs_no_second() -> None:
    assert states(quarters(0.6, 0.0), QUICK) == ["firing", "firing"]
    assert states(quarters(0.59, 0.0), QUICK) == ["pending", "dropped"]
    assert states(windows(1.0, 0.0), QUICK) == ["pending", "dropped"], "an hour does"


def long(hours: int, *scores: float) -> list[Window]:
    """An interval of so many hours for each score, of many stories."""
    step = timedelta(hours=hours)
    return [Window(START + n * step, START + (n + 1) * step, 20, 1.0, 99.0, score) for n, score in enumerate(scores)]


@pytest.mark.parametrize(("hours", "fires"), [(1, False), (5, False), (6, True), (23, True), (24, True)])
def test_a_day_that_would_surprise_the_strictest_needs_no_second(hours: int, fires: bool) -> None:
    after = ["firing", "firing", "resolved"] if fires else ["pending", "dropped", "dropped"]
    assert states(long(hours, 0.75, 0.0, 0.0), QUICK) == after
    assert states(long(hours, 0.74, 0.0), QUICK) == ["pending", "dropped"]
    strict = Line(0.75, 5, sure=spikes.sure(0.75))
    assert states(long(hours, 0.77, 0.0), strict) == ["pending", "dropped"], "beyond the line that is set, too"
    assert states(long(hours, 0.78), strict) == [after[0]]


def test_the_stories_of_an_hour_are_counted_where_intervals_are_shorter() -> None:
    assert states(quarters(0.5, 0.5, lately=5), QUICK) == ["pending", "firing"]
    assert states(quarters(0.5, 0.5, lately=4, observed=4), QUICK) == ["", ""]


@pytest.mark.parametrize("minutes", [5, 6, 10, 14.9])
@pytest.mark.parametrize("line", [0.375, 0.45, 0.5, 0.75])
def test_finer_steps_alarm_as_seldom_in_a_week_as_quarters(minutes: float, line: float) -> None:
    def minutes_between(score: float, step: timedelta) -> float:
        digits = spikes.alarm_digits(step) * (2 * score if score < 0.5 else (0.5 / (1 - score)) ** 0.5)
        return 10**digits * (step / timedelta(minutes=1))

    step = timedelta(minutes=minutes)
    assert minutes_between(spikes.as_rare(line, step), step) == pytest.approx(minutes_between(line, QUARTER))
    assert spikes.as_rare(line, step) > line
    assert [spikes.as_rare(line, longer * QUARTER) for longer in (1, 2, 96)] == [line] * 3


@pytest.mark.parametrize(("line", "expected"), [(0.375, 0.394), (0.5, 0.546), (0.75, 0.773), (1.0, 1.0)])
def test_what_is_beyond_doubt_goes_by_the_line(line: float, expected: float) -> None:
    """The score of so many more digits: the digits of 0.5 are the alarm line's, and beyond it the score bends."""
    assert spikes.sure(line) == pytest.approx(expected, abs=0.001)
    digits = np.array([spikes.alarm_digits(QUARTER)])
    assert spikes.sure(float(spikes.scored(digits, QUARTER)[0])) == pytest.approx(
        float(spikes.scored(digits * spikes.SURE, QUARTER)[0])
    )

"""The life of an alert as a pure function: inactive, pending, firing, resolved, and dropped where it did not last.

A surprising interval makes an alert pending, a second that is still high makes it fire, and calm ones in a row resolve
it, two at least and two hours: it fires high and is resolved low, so that counts which flap at the line make one alert.
Where intervals are shorter than an hour, one that surprises beyond doubt makes it fire by itself: in so short a time
the next may be calm by chance. So does one of six hours or more that would surprise the strictest: in so long a time it
may all be over. What could not be heard neither raises nor calms.
"""

import math
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

LOW = 0.6  # of the alarm line: an alert lasts above this and is resolved below
UPPER = 0.55  # of the way from what is expected to what comes once in a hundred: beyond lies about the upper tenth
CALM = 2  # intervals in a row below it, until an alert is resolved,
QUIET = timedelta(hours=2)  # and for so long
HOUR = timedelta(hours=1)
LONG = timedelta(hours=6)  # an interval in which a whole outbreak may come and go
ALONE = 0.75  # the score from which such a one needs no second: of days, what comes once in twelve years
OPEN = ("pending", "firing")
LINES = tuple(place / 40 for place in range(40, 14, -1))  # that a budget may choose, from the strictest down


@dataclass(frozen=True, slots=True)
class Window:
    """One interval and how surprising it is, from 0 to 1; `observed` None where nothing could be heard in it.

    `lately` counts what was heard in the hour up to its end; None where the interval is as long itself.
    """

    start: datetime
    finish: datetime
    observed: int | None
    expected: float
    high: float
    score: float
    lately: int | None = None


@dataclass(frozen=True)
class Line:
    """From which score, and from how many stories (in an hour, where it is shorter) on, an interval is surprising.

    `sure` is the score from which on a short interval, or a very long one, needs no second. `rising` says that it is
    many stories that surprise, not none at all.
    """

    score: float
    least: int = 0
    sure: float = math.inf
    rising: bool = True

    def crossed(self, window: Window) -> bool:
        """Tells whether a window is surprising."""
        stories = window.lately if window.lately is not None else window.observed or 0
        return window.score >= self.score and stories >= self.least

    def certain(self, window: Window) -> bool:
        """Tells whether a window, being surprising, raises an alert by itself."""
        length = window.finish - window.start
        return (length < HOUR and window.score >= self.sure) or (
            length >= LONG and window.score >= max(self.sure, ALONE)
        )

    def held(self, window: Window) -> bool:
        """Tells whether a window is still so high that an alert lasts: by its score, or in the upper end of the usual.

        What broke out need not go on surprising; it is over when counts are ordinary again.
        """
        upper = window.expected + UPPER * max(window.high - window.expected, 0.0)
        return window.score >= self.score * LOW or (self.rising and (window.observed or 0) > upper)


@dataclass(frozen=True)
class Life:
    """Where an alert is in its life; `latest` is the end of the last interval that was taken into account."""

    state: str  # pending, firing, resolved, dropped (pending that did not last)
    started: datetime
    fired: datetime | None
    resolved: datetime | None
    latest: datetime


@dataclass(frozen=True)
class Budget:
    """At most `count` alerts in any `period`."""

    count: int
    period: timedelta

    def keeps(self, fired: Sequence[datetime]) -> bool:
        """Tells whether alerts that fired at these times, in order, keep to it."""
        return all(later - earlier >= self.period for earlier, later in zip(fired, fired[self.count :], strict=False))


def advance(life: Life | None, windows: Sequence[Window], place: int, line: Line, settled: datetime) -> Life | None:
    """Takes the window at a place into account and returns the alert's life, None when there is still no alert.

    A window that ended after `settled` may still fill up: it can raise an alert, but not calm one. One that was taken
    into account before changes nothing.
    """
    window = windows[place]
    if window.observed is None or (life is not None and window.finish <= life.latest):
        return life
    if life is None or life.state not in OPEN:
        if not line.crossed(window):
            return life
        if line.certain(window):
            return Life("firing", window.start, window.finish, None, window.finish)
        return Life("pending", window.start, None, None, window.finish)
    if not line.held(window) and window.finish > settled:
        return life
    seen = replace(life, latest=window.finish)
    if life.state == "pending":
        if line.held(window):
            return replace(seen, state="firing", fired=window.finish)
        return replace(seen, state="dropped")
    if not any(line.held(one) for one in _heard(windows, place)):
        return replace(seen, state="resolved", resolved=window.finish)
    return seen


def replay(life: Life | None, windows: Sequence[Window], since: datetime, line: Line, settled: datetime) -> list[Life]:
    """Takes the windows that end at `since` or later into account, one by one, and lists every change of state.

    The last of the list is where the alert stands, its `latest` included; the list is empty when nothing changed.
    """
    lives: list[Life] = []
    for place in range(_ended_by(windows, since), len(windows)):
        after = advance(life, windows, place, line, settled)
        if after is None or after == life:
            continue
        if life is None or (after.started, after.state) != (life.started, life.state) or not lives:
            lives.append(after)
        else:
            lives[-1] = after
        life = after
    return lives


def found_line(windows: Sequence[Window], since: datetime, budget: Budget, lines: Sequence[Line]) -> Line:
    """Finds the lowest line under which alerts would have kept to a budget since a time, the strictest if none does.

    `lines` are looked through from the strictest down, and none below the first that breaks the budget is taken.
    """
    found = lines[0]
    if not windows:
        return found
    for line in lines:
        lives = replay(None, windows, since, line, windows[-1].finish)
        if not budget.keeps([life.fired for life in lives if life.state == "firing" and life.fired]):
            break
        found = line
    return found


def peak(windows: Sequence[Window]) -> Window | None:
    """Gives the window with the largest excess over what was expected; the first of equals."""
    heard = [window for window in windows if window.observed is not None]
    return max(heard, key=lambda window: (window.observed or 0) - window.expected, default=None)


def _heard(windows: Sequence[Window], place: int) -> list[Window]:
    """Lists the last windows up to a place that must be calm for an alert to be over; only those that were heard."""
    found: list[Window] = []
    count = max(CALM, -(-QUIET // (windows[place].finish - windows[place].start)))
    while place >= 0 and len(found) < count:
        if windows[place].observed is not None:
            found.append(windows[place])
        place -= 1
    return found


def _ended_by(windows: Sequence[Window], since: datetime) -> int:
    return bisect_left(windows, since, key=lambda window: window.finish)

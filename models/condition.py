"""Says how a source is in words that a person understands, since when, and what mends it."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

HABIT = 20  # answers in a row that held something; after so many an empty one is no longer ordinary
EMPTY = 3  # empty answers in a row after these
CHECKS, LOST, FALLS = 4.0, 1 / 3, 2.5  # of late, from which on a source that answers now and then is no steady one
CALM, CALM_AT_MOST = timedelta(hours=6), timedelta(days=1)  # for a trouble to be over that was there before
ORDER = ("key refused", "blocked", "gone", "failing", "silent", "waiting", "slow", "new", "fine")  # most troubled first


class Source(Protocol):
    """What is known of a source, by the names of the store."""

    @property
    def state(self) -> str: ...
    @property
    def error(self) -> str: ...
    @property
    def since(self) -> datetime | None: ...
    @property
    def last_success(self) -> datetime | None: ...
    @property
    def last_new(self) -> datetime | None: ...
    @property
    def seconds(self) -> float: ...
    @property
    def slow_since(self) -> datetime | None: ...
    @property
    def fulls(self) -> int: ...
    @property
    def empties(self) -> int: ...
    @property
    def silent_since(self) -> datetime | None: ...
    @property
    def asks(self) -> float: ...
    @property
    def losses(self) -> float: ...
    @property
    def falls(self) -> float: ...


@dataclass(frozen=True)
class Condition:
    """How a source is: one of ORDER, since when, what it last said where it refused, and the next step ("" if none)."""

    name: str
    since: datetime | None
    said: str = ""
    step: str = ""

    @property
    def rank(self) -> int:
        """Its place among all conditions, 0 for the most troubled."""
        return ORDER.index(self.name)


STEPS = {
    "new": "It has not been asked yet; the next run asks it.",
    "slow down": "Nothing to do: its host wants to be left alone for a while, and it is asked again by itself. If that "
    "comes back every day, set a longer `every` for it.",
    "waiting": "Nothing to do: the quota of its API is used up, and it goes on by itself where it stopped. If that "
    "comes back every day, set a longer `every` for it, or get a key with a larger quota.",
    "blocked": "Open its address in a browser. If there is a login, a consent page or a bot check, programs are not "
    "let in: use the way the source offers them (a key, a feed), or take it out.",
    "key refused": "Set a valid key and start Earful again. A new key is tried at once, the old one once a day.",
    "gone": "It has ended. Take it out of earful.toml, or put its new address there.",
    "missing": "Open its address in a browser: it may have moved, or the target may be mistyped. Then mend it in "
    "earful.toml and try 'earful check'. Until then it is asked ever less often.",
    "failing": "Nothing to do at first: it is asked again by itself, ever less often. If it lasts for a day, see "
    "whether its address opens in a browser.",
}


def judge(source: Source) -> Condition:
    """Tells how a source is; what keeps it from being read comes before what is odd about what it says."""
    if unsteady(source) and source.state in ("fine", "failing"):
        step = (
            f"It answers only now and then: {source.losses / source.asks:.0%} of its checks in the last day failed. "
            "What rolls past between two answers is lost. See whether its address opens in a browser each time; where "
            "its host is weak, a longer `every` may help."
        )
        return Condition("failing", source.since, source.error, step)
    return by_last_answer(source)


def unsteady(source: Source) -> bool:
    """Tells whether a source fails again and again: more than a third of its checks in a day, not all in a row.

    It is over when it was well for as long as a trouble must be that comes and goes.
    """
    if source.asks < CHECKS or source.losses <= LOST * source.asks or source.falls < FALLS:
        return False
    if source.state != "fine" or source.since is None or source.last_success is None:
        return True
    return source.last_success - source.since < CALM


def by_last_answer(source: Source) -> Condition:
    """Tells how a source is by its last answer alone, whatever it did before in turns."""
    state, said = source.state, source.error
    if state == "slow down":
        return Condition("waiting", source.since, said, STEPS["slow down"])
    if state == "failing" and " 404" in said:
        return Condition("failing", source.since, said, STEPS["missing"])
    if state in STEPS:
        return Condition(state, source.since, said, STEPS[state])
    if source.empties >= EMPTY and source.fulls >= HABIT:
        step = (
            f"It answers, but its last {source.empties} answers held nothing, after {source.fulls} in a row that did. "
            "See in a browser whether it still shows anything, and whether its search or its address has changed."
        )
        return Condition("silent", source.last_new, "", step)
    if source.silent_since:
        step = (
            "It answers, but brings nothing new for far longer than it ever did. See in a browser whether there is "
            "anything new. If so, its search or its address has changed; if not, it may have fallen asleep."
        )
        return Condition("silent", source.silent_since, "", step)
    if source.slow_since:
        step = f"Its answers take about {source.seconds:.0f} seconds. Nothing is lost; it may soon fail altogether."
        return Condition("slow", source.slow_since, "", step)
    return Condition("fine", source.since)


def calm_after(times: int) -> timedelta:
    """Gives how long a source must be well for its trouble to be over, which it had so many `times` of late before.

    The first is over at once. What comes and goes is over after CALM, and after twice that each time it comes back.
    """
    return min(CALM * 2 ** (min(times, 10) - 1), CALM_AT_MOST) if times else timedelta(0)

"""Decides when a source is asked again, how far back, and whether a quota allows it; pure, so that it can be tested."""

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import httpx

from earful.connectors.types import Mention

LONGEST = timedelta(hours=24)
QUIET = timedelta(
    minutes=30
)  # what works is asked so often, however quiet it is, so that its end does not go unnoticed
RARELY = timedelta(hours=6)  # ... unless it wants to be left alone itself, and then at least so often
SHARE = 24  # something new is found at the latest after this part of the silence before it
SLICES = 24  # of a quota's period: what is spent in one of them comes back together

_MAX_AGE = re.compile(r"(?<![\w-])max-age=(\d{1,9})", re.IGNORECASE)
_TTL = re.compile(rb"<ttl>\s*(\d{1,6})\s*</ttl>", re.IGNORECASE)


@dataclass(frozen=True)
class Asked:
    """How a source stands after it was asked.

    `state` as the store names it ("fine", "failing", "blocked", "key refused", "slow down", "waiting", "gone");
    failures: in a row, this one included; quiet: since something new came; hint: how long the source itself wants
    between two looks; after: how long its host or its quota wants it to be left alone.
    """

    every: timedelta
    state: str = "fine"
    failures: int = 0
    quiet: timedelta = timedelta(0)
    hint: timedelta = timedelta(0)
    after: timedelta = timedelta(0)


def next_check(now: datetime, asked: Asked, jitter: float) -> datetime | None:
    """Gives the time of the next request, never sooner than `every`; None when there is to be none.

    What works is asked at its interval, less often the longer nothing new came; what fails at twice the interval for
    each failure in a row, at least once a day; a refused key is tried once a day. `jitter` in [0, 1) spreads failing
    sources over half their wait, so that they don't come back in one burst.
    """
    if asked.state == "gone":
        return None
    if asked.state == "waiting":
        return now + asked.after  # it stopped half-way and goes on as soon as it may
    wait = interval(asked.every, asked.quiet, asked.hint)
    if asked.state == "key refused":
        wait = LONGEST * (0.9 + 0.1 * jitter)
    elif asked.state != "fine":
        wait = min(asked.every * 2 ** min(asked.failures, 10), LONGEST)
        wait = wait / 2 + wait / 2 * jitter
    return now + max(wait, asked.every, asked.after)


def interval(every: timedelta, quiet: timedelta, hint: timedelta) -> timedelta:
    """Gives the pause between two looks at a source that works.

    The first failure is tried again after twice `every` at most, and the second one is told: with the usual `every` of
    15 minutes that is an hour after the end at the latest.
    """
    return max(every, min(quiet / SHARE, QUIET), min(hint, RARELY))


def hint(response: httpx.Response) -> timedelta:
    """Reads how long an answer says that it stays true: Cache-Control's max-age, or a feed's <ttl> in minutes."""
    control = response.headers.get("cache-control", "")
    age = _MAX_AGE.search(control)
    seconds = int(age[1]) if age and "no-cache" not in control and "no-store" not in control else 0
    head = re.split(rb"<(?:item|entry)\b", response.content[:65_536], maxsplit=1)[0]
    ttl = _TTL.search(head) if head.lstrip()[:1] == b"<" else None
    return min(timedelta(seconds=max(seconds, 60 * int(ttl[1]) if ttl else 0)), LONGEST)


def far_enough(mentions: Sequence[Mention], horizon: datetime) -> bool:
    """Tells whether the pages after this one would be older than the horizon: it runs back in time and is past it."""
    times = [mention.published for mention in mentions if mention.dated]
    if not times or times[0] < times[-1]:
        return False
    return 2 * sum(time < horizon for time in times) > len(times)


@dataclass(frozen=True)
class Bucket:
    """What is left of a quota of `capacity` units in any `period` seconds.

    Each unit spent comes back a period later, so that no period, wherever the API lets it begin, sees more than the
    capacity. `spent` lists (when it comes back, in seconds since 1970; units).
    """

    capacity: int
    period: float
    spent: tuple[tuple[float, int], ...] = ()

    def left(self, now: datetime) -> int:
        """Counts the units that may be spent now."""
        return self.capacity - sum(units for _, units in self._out(now.timestamp()))

    def spend(self, units: int, now: datetime) -> "Bucket":
        """Takes units out, whether they are there or not."""
        back = math.floor(now.timestamp() / self._slice + 1) * self._slice + self.period
        out = dict(self._out(now.timestamp()))
        out[back] = out.get(back, 0) + units
        return replace(self, spent=tuple(sorted(out.items())))

    def wait(self, units: int, now: datetime) -> timedelta:
        """Tells how long until so many units are there; zero when they are, a whole period when they never will be."""
        lacking = units - self.left(now)
        if lacking <= 0:
            return timedelta(0)
        for back, returned in sorted(self._out(now.timestamp())):
            lacking -= returned
            if lacking <= 0:
                return timedelta(seconds=back - now.timestamp())
        return timedelta(seconds=self.period)

    @property
    def _slice(self) -> float:
        return self.period / SLICES

    def _out(self, now: float) -> list[tuple[float, int]]:
        """Lists what is still out; what would come back later than is possible was noted by a clock that ran ahead."""
        return [(back, units) for back, units in self.spent if now < back <= now + self.period + self._slice]

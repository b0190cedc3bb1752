"""Cuts time in the team's time zone: the period looked at, the equal one before it, and the steps of a chart."""

from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

Step = Literal["hour", "day", "week", "month"]
DAYS = {"24h": 1, "3d": 3, "7d": 7, "30d": 30, "90d": 90, "365d": 365}
LONGEST = timedelta(days=3660)
QUARTER = timedelta(minutes=15)


@dataclass(frozen=True)
class Period:
    """A span of time in the team's zone, the equally long one before it, and how finely charts divide it."""

    start: datetime
    finish: datetime
    before: datetime
    before_finish: datetime
    step: Step

    @property
    def edges(self) -> list[datetime]:
        """The borders of a chart's steps."""
        return edges(self.start, self.finish, self.step)

    @property
    def borders(self) -> list[datetime]:
        """All borders at which counts must be cut, from the start of the period before, in UTC."""
        return sorted({at.astimezone(UTC) for at in (self.before, self.before_finish, *self.edges)})


def last(choice: str, now: datetime, zone: ZoneInfo) -> Period:
    """Gives the last days up to now, of which today is one; under seven days it begins at a full hour.

    The period before has the same times of the day, so many days earlier.
    """
    days = DAYS[choice]
    finish = _quarter(now.astimezone(zone) + QUARTER)
    if days < 7:
        start = finish - timedelta(days=days)
        start = _wall(start.replace(minute=0) + (timedelta(hours=1) if start.minute else timedelta()), zone)
    else:
        today = now.astimezone(zone).date()
        start = datetime.combine(today - timedelta(days=days - 1), time(), zone)
    shift = timedelta(days=days)
    finest: Step = "hour" if days < 7 else step(start, start + shift)
    return Period(start, finish, start - shift, finish - shift, finest)


def between(start: datetime, finish: datetime, zone: ZoneInfo) -> Period:
    """Gives a chosen span, put in order, kept under ten years and widened to a quarter of an hour at least."""
    start, finish = sorted((_quarter(start.astimezone(zone)), _quarter(finish.astimezone(zone))))
    finish = max(finish, start + QUARTER)
    start = max(start, finish - LONGEST)
    return Period(start, finish, start - (finish - start), start, step(start, finish))


def step(start: datetime, finish: datetime) -> Step:
    """Chooses how finely to divide a span: hours under seven days, then days, weeks and months."""
    span = finish - start
    if span < timedelta(days=7):
        return "hour"
    if span <= timedelta(days=120):
        return "day"
    return "week" if span <= timedelta(days=800) else "month"


def edges(start: datetime, finish: datetime, step: Step) -> list[datetime]:
    """Lists the borders of a span's steps in its zone, from `start` to `finish`; the outer steps may be cut short."""
    borders = [start]
    while (border := _next(borders[-1], step)) < finish:
        borders.append(border)
    return [*borders, finish]


def _next(at: datetime, step: Step) -> datetime:
    zone = at.tzinfo
    assert isinstance(zone, ZoneInfo)
    if step == "hour":
        hour = _wall(at.replace(minute=0), zone)
        return (hour.astimezone(ZoneInfo("UTC")) + timedelta(hours=1)).astimezone(zone)
    day = at.date()
    if step == "day":
        day += timedelta(days=1)
    elif step == "week":
        day += timedelta(days=7 - day.weekday())
    else:
        day = (day.replace(day=1) + timedelta(days=32)).replace(day=1)
    return datetime.combine(day, time(), zone)


def _quarter(at: datetime) -> datetime:
    return at.replace(minute=at.minute - at.minute % 15, second=0, microsecond=0)


def _wall(at: datetime, zone: ZoneInfo) -> datetime:
    """Settles a time that the clocks skipped on the one they showed instead."""
    return at.astimezone(ZoneInfo("UTC")).astimezone(zone)

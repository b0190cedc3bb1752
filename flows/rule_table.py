"""The [[rules]] tables of earful.toml: what is counted, when that is worth an alert, and whom and when to tell."""

import re
from datetime import datetime, time, timedelta
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from earful.models import spikes
from earful.models.alertlife import Budget

SHORTEST_STEP, LONGEST_STEP = timedelta(minutes=5), timedelta(days=1)
PERIODS = {"day": timedelta(days=1), "week": timedelta(days=7), "month": timedelta(days=30)}
UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}


def duration(value: object) -> object:
    """Reads a duration like "15m"."""
    if isinstance(value, str) and (found := re.fullmatch(r"([1-9]\d{0,4})\s*([smhd])", value)):
        return timedelta(seconds=int(found[1]) * UNITS[found[2]])
    if isinstance(value, timedelta):
        return value
    raise ValueError('write a duration like "15m", "1h" or "1d"')


def _step(value: object) -> object:
    length = duration(value)
    if not isinstance(length, timedelta) or not SHORTEST_STEP <= length <= LONGEST_STEP:
        raise ValueError('a step is at least "5m" and at most "1d"')
    return length


def _budget(value: object) -> object:
    if isinstance(value, Budget | None):
        return value
    found = re.fullmatch(r"([1-9]\d{0,2})\s+(?:per|a)\s+(day|week|month)", value) if isinstance(value, str) else None
    if not found:
        raise ValueError('write how many alerts there may be, like "1 per week", "2 per day" or "3 per month"')
    return Budget(int(found[1]), PERIODS[found[2]])


def _quiet(value: object) -> object:
    if isinstance(value, Quiet | None):
        return value
    clock = r"([01]\d|2[0-3]):([0-5]\d)"
    hours = re.fullmatch(rf"{clock}\s*-\s*{clock}", value) if isinstance(value, str) else None
    if not hours or hours.group(1, 2) == hours.group(3, 4):
        raise ValueError('write from when to when nobody is to be told, like "22:00-07:00"')
    first, second, third, fourth = map(int, hours.groups())
    return Quiet(start=time(first, second), finish=time(third, fourth))


class Quiet(BaseModel):
    """Hours of the team's day in which nobody is told; what breaks out is told when they end."""

    model_config = ConfigDict(frozen=True)

    start: time
    finish: time

    def at(self, moment: datetime) -> bool:
        """Tells whether a moment, in the team's time zone, lies in the quiet hours."""
        clock = moment.time()
        if self.start < self.finish:
            return self.start <= clock < self.finish
        return clock >= self.start or clock < self.finish


class Rule(BaseModel):
    """When to alert, and whom to tell.

    `counts` says which stories: "negative", "all", "share" (the share of the negative ones among those with a
    sentiment), or "silence", where nothing at all is what is told; `theme`, `source` and `stars_at_most` narrow that.
    `sensitivity` is how surprising an interval of length `step` must be, or `budget` how many alerts there may be:
    the line is then found from the brand's history. Below `least` stories, in an hour where a step is shorter, nothing
    is surprising. `lasting` is how long a silence must last (by default twice the longest so far). `repeat` reminds
    while an alert goes on, `quiet` are hours without messages, `targets` whom to tell (all by default).
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: Annotated[str, Field(min_length=1, max_length=80)]
    brands: tuple[str, ...] = ()
    counts: Literal["negative", "all", "share", "silence"] = "negative"
    theme: str = ""
    source: str = ""
    stars_at_most: Annotated[int, Field(ge=1, le=5)] | None = None
    step: Annotated[timedelta, BeforeValidator(_step)] = timedelta(minutes=15)
    sensitivity: Literal["sensitive", "balanced", "strict"] = "balanced"
    budget: Annotated[Budget | None, BeforeValidator(_budget)] = None
    least: Annotated[int, Field(ge=1)] = 5
    lasting: Annotated[timedelta | None, BeforeValidator(duration)] = None
    repeat: Annotated[timedelta | None, BeforeValidator(duration)] = None
    quiet: Annotated[Quiet | None, BeforeValidator(_quiet)] = None
    targets: tuple[str, ...] = ()

    @property
    def score(self) -> float:
        """The score from which on an interval is surprising, where no budget says otherwise."""
        return spikes.SENSITIVITY[self.sensitivity]

    @property
    def what(self) -> str:
        """What is counted, in words."""
        words = {
            "negative": "negative stories",
            "all": "stories",
            "share": "negative stories among all with a sentiment",
            "silence": "mentions",
        }[self.counts]
        words += f" on “{self.theme}”" if self.theme else ""
        words += f" with {self.stars_at_most} stars or fewer" if self.stars_at_most else ""
        return words + (f" from {self.source}" if self.source else "")

    @property
    def allowance(self) -> str:
        """The budget in words, "" where there is none."""
        if not self.budget:
            return ""
        period = next(name for name, length in PERIODS.items() if length == self.budget.period)
        return f"{self.budget.count} per {period}"

    @model_validator(mode="before")
    @classmethod
    def _stars_speak_for_themselves(cls, values: Any) -> Any:
        """A review of few stars is criticism, whatever its words: by default all of them count."""
        if isinstance(values, dict) and values.get("stars_at_most") is not None and "counts" not in values:
            return values | {"counts": "all"}
        return values

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if self.lasting and self.counts != "silence":
            raise ValueError('lasting says how long a silence lasts; it needs counts = "silence"')
        if self.counts == "silence" and (self.theme or self.stars_at_most or self.budget):
            raise ValueError("a silence is that of a brand or a source; take theme, stars_at_most and budget out")
        if self.budget and "sensitivity" in self.model_fields_set:
            raise ValueError("a budget finds its own line; take sensitivity or budget out")
        return self

"""What an alert says: the excess over what was expected, split so that the parts add up, and what is not known.

The same card is the alert's message, the dashboard's page and the webhook's JSON. All numbers that are expected are
whole tenths, so that a reader who adds up what is shown comes to what is shown; parts are rounded by the largest
remainder (Hamilton's method), never each on its own.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from datetime import datetime
from typing import Any

OTHERS = "others"  # closes a split: the parts that are not shown, and those that were expected and did not come
UNKNOWN = "unknown"
MOST = 5  # parts of a split that are shown by themselves
SPLITS = ("source", "theme", "story", "author", "language")


@dataclass(frozen=True)
class Part:
    """One part of a split: what was observed and expected of it, its excess, and its share of the whole excess.

    The excesses of a split sum to the card's excess, the shares to 1 (all are 0 where there is no excess). Of a story
    `mentions` counts the copies too, `source` and `id` name its first mention, and its words are the part's name.
    """

    name: str
    observed: int
    expected: float
    excess: float
    share: float
    mentions: int = 0
    source: str = ""
    id: str = ""


@dataclass(frozen=True)
class Quote:
    """A mention in its own words, cut; `story` is the story it tells."""

    source: str
    id: str
    author: str
    url: str
    text: str
    published: datetime
    story: str = ""


@dataclass(frozen=True)
class New:
    """Something that the baseline lacks: `kind` is "words", "distinct", "theme", "author" or "source".

    `observed` counts its stories in the interval, `before` those in the baseline, which is the brand's past; that of
    "distinct" words is what was said of other brands. Of words, `of` and `of_before` are the stories looked through.
    """

    kind: str
    name: str
    observed: int
    before: int
    of: int = 0
    of_before: int = 0


@dataclass(frozen=True)
class Unknown:
    """Something that the numbers leave out: `kind` is "gap", "language", "unscored", "source" or "themes".

    `name` is the source or the language, `count` its mentions where they were counted, `said` a sentence that says it.
    """

    kind: str
    name: str
    count: int
    said: str


@dataclass(frozen=True)
class Interval:
    """One interval of the series; `observed` None means that nothing could be heard in it."""

    start: datetime
    finish: datetime
    observed: int | None
    expected: float
    high: float


@dataclass(frozen=True)
class Card:
    """An alert in numbers and words.

    `counts` is "negative", "all", "share" or "silence", `what` says in words what is counted ("negative stories from
    appstore:us/1"). `observed` stories came between `start` and `finish`, `expected` were to be expected; `excess` is
    the one less the other, between `low` and `high` by the scatter of the usual (95 of 100). `peak` is the interval
    with the most. `late_by` is how many seconds later than usual this is told, 0 when it is not. `duration` (seconds)
    stands only when the alert is resolved. `line` is the score from which on an interval counts as surprising, and
    `budget` the rule's, when that has found the line. `alert` names it, `page` is its page on the dashboard, where it
    is acknowledged; `link` leads to its mentions. `series` ends with the alert, for a small chart; `step` is its
    intervals' length in seconds. `usual` is the upper end of the usual in the whole interval. `why` says in a sentence
    or two what the stories have in common, as far as that is beyond chance. `query` counts what was observed in a
    copy of the store.
    """

    alert: str
    brand: str
    rule: str
    counts: str
    what: str
    start: datetime
    finish: datetime
    step: float
    observed: int
    expected: float
    excess: float
    low: float
    high: float
    usual: float
    splits: Mapping[str, tuple[Part, ...]]
    first: Quote | None
    new: tuple[New, ...]
    quotes: tuple[Quote, ...]
    unknown: tuple[Unknown, ...]
    series: tuple[Interval, ...]
    peak: Interval | None
    link: str
    page: str
    line: float
    budget: str = ""
    late_by: float = 0.0
    duration: float | None = None
    reminder: bool = False
    why: str = ""
    query: str = ""

    @property
    def late(self) -> bool:
        """Whether people hear of it later than they should: nobody watched when it happened."""
        return self.late_by > 0

    def as_json(self) -> dict[str, Any]:
        """Gives the card as JSON values; times are ISO 8601 in UTC."""
        value = _plain({one.name: getattr(self, one.name) for one in fields(self)})
        assert isinstance(value, dict)
        sources = [{"source": part.name, "count": part.observed} for part in self.splits.get("source", ())]
        return value | {"late": self.late, "sources": [one for one in sources if one["count"]]}


def split(
    observed: Mapping[str, int], history: Mapping[str, float], expected: float, shown: Sequence[str] | None = None
) -> tuple[Part, ...]:
    """Splits an excess by parts: `observed` counts in each, `history` weighs what each brought before.

    The expected total is dealt out by each part's weight in the history. The parts `shown`, by default the five with
    the largest excess, are followed by the row "others", which closes the sum, also for what was expected and did not
    come. Parts named "" are "unknown".
    """
    total = round(expected * 10)
    usual = _dealt(total, history)
    excess = {name: 10 * observed.get(name, 0) - usual.get(name, 0) for name in {*observed, *usual}}
    if shown is None:
        shown = sorted((name for name in observed if observed[name]), key=lambda name: (-excess[name], name))[:MOST]
    rows = [(name or UNKNOWN, observed.get(name, 0), usual.get(name, 0)) for name in shown]
    left = sum(observed.values()) - sum(row[1] for row in rows)
    if left or total != sum(row[2] for row in rows):  # without a history nobody was expected to say what was expected
        rows.append((OTHERS, left, total - sum(row[2] for row in rows)))
    shares = _shares([10 * count - tenth for _, count, tenth in rows], bool(rows) and rows[-1][0] == OTHERS)
    return tuple(
        Part(name, count, tenth / 10, (10 * count - tenth) / 10, share, count)
        for (name, count, tenth), share in zip(rows, shares, strict=True)
    )


def tenths(value: float) -> float:
    """Rounds to whole tenths, as everything that is expected is shown."""
    return round(value * 10) / 10


def _dealt(total: int, weights: Mapping[str, float]) -> dict[str, int]:
    """Deals a whole number out by weights, so that the parts sum to it: the largest remainders are rounded up."""
    whole = math.fsum(weights.values())
    if whole <= 0:
        return {}
    exact = {name: total * weight / whole for name, weight in weights.items()}
    dealt = {name: math.floor(value) for name, value in exact.items()}
    left = total - sum(dealt.values())
    for name in sorted(exact, key=lambda name: (dealt[name] - exact[name], name))[:left]:
        dealt[name] += 1
    return {name: value for name, value in dealt.items() if value}


def _shares(excess: Sequence[int], closed: bool) -> list[float]:
    """Gives each part's share of the sum; whole percent that add up to 1, all 0 where the sum is not positive.

    Equal parts have equal shares where they are `closed` by the row "others", which takes the difference.
    """
    total = sum(excess)
    if total <= 0:
        return [0.0] * len(excess)
    exact = [100 * one / total for one in excess]
    if closed:
        near = [round(one) for one in exact[:-1]]
        rest = 100 - sum(near)
        if rest == 0 or rest * exact[-1] > 0:
            return [one / 100 for one in (*near, rest)]
    dealt = [math.floor(one) for one in exact]
    order = sorted(range(len(exact)), key=lambda place: dealt[place] - exact[place])
    for place in order[: 100 - sum(dealt)]:
        dealt[place] += 1
    return [one / 100 for one in dealt]


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, Part | Quote | New | Unknown | Interval):
        return _plain(asdict(value))
    if isinstance(value, Mapping):
        return {key: _plain(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(one) for one in value]
    return value

"""Says what became of criticism after a date: equal spans of days before and after it, ours and the competitors'."""

import itertools
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from earful.dashboard import figures, words
from earful.data.criticism import Watch
from earful.data.queries import Gap
from earful.models.change import LEAST_DAYS, Change, Comparison, Days

MOST_DAYS = 28  # on either side: long enough for a rate, short enough that little else changes


@dataclass(frozen=True)
class Spans:
    """The borders of the days before and of those after; what lies between them is left out."""

    before: tuple[datetime, ...]
    after: tuple[datetime, ...]

    @property
    def edges(self) -> tuple[datetime, ...]:
        """All borders in order; the step between the last one before and the first one after is what is left out."""
        return (*self.before, *self.after)


def spans(began: date, ended: date, now: datetime, zone: ZoneInfo) -> Spans | int:
    """Gives equal spans of whole days around the days from `began` to `ended`, which both are left out.

    Whole weeks, so that weekdays weigh alike on both sides. An int says how many whole days have passed since, where
    these are too few.
    """
    first = ended + timedelta(days=1)
    passed = (now.astimezone(zone).date() - first).days
    length = min(MOST_DAYS, passed) // 7 * 7
    if length < LEAST_DAYS:
        return max(passed, 0)
    return Spans(_midnights(began - timedelta(days=length), length, zone), _midnights(first, length, zone))


def usable(watched: Mapping[str, Watch], edges: Sequence[datetime]) -> set[str]:
    """Names the sources that are heard from before the first border on, and asked still."""
    return {one.source for one in watched.values() if not one.removed and one.first and one.first <= edges[0]}


def days(
    counts: Mapping[str, Sequence[int]], sources: set[str], gaps: Sequence[Gap], spans: Spans
) -> tuple[Days, Days]:
    """Sums the sources' counts, which lie between `spans.edges`, and tells how much of each day was heard.

    A source weighs as much as it brings in the time in which it is heard.
    """
    edges = list(itertools.pairwise(spans.edges))
    by_source = {source: [gap for gap in gaps if gap.source == source] for source in sources}
    heard = {source: [figures.heard(by_source[source], *edge) for edge in edges] for source in sources}
    weights = {
        source: sum(counts.get(source, ())) / sum(heard[source]) if sum(heard[source]) else 0.0 for source in sources
    }
    if not any(weights.values()):
        weights = dict.fromkeys(sources, 1.0)
    whole = sum(weights.values())
    told = [sum(counts[source][place] for source in sources if source in counts) for place in range(len(edges))]
    known = [
        sum(weights[source] * heard[source][place] for source in sources) / whole if whole else 0.0
        for place in range(len(edges))
    ]
    cut = len(spans.before) - 1
    return (
        Days(tuple(told[:cut]), tuple(known[:cut])),
        Days(tuple(told[cut + 1 :]), tuple(known[cut + 1 :])),
    )


def sentence(found: Comparison) -> str:
    """Says what a comparison means."""
    own = found.own
    if found.verdict == "short" or own is None:
        return (
            f"Not compared: fewer than {LEAST_DAYS} days before or after were heard; the rest lies in gaps, or before "
            "the first mention."
        )
    if found.verdict == "none":
        return "Nothing was said before or after."
    rates = f"From {_rate(own.before)} to {_rate(own.after)} a day"
    if found.verdict == "few":
        return f"{rates}: too few to tell ({_spread(own)})."
    if found.verdict == "same":
        return f"{rates}: no change beyond chance ({_spread(own)})."
    moved = f"{rates} ({_spread(own)})"
    if found.others is None:
        return f"{moved}. Nothing of a competitor to compare with, so a tide can't be told from our doing."
    theirs = _moved(found.others)
    if found.verdict == "ours":
        return f"{moved}; competitors {theirs}, so the change is ours."
    if found.verdict == "tide":
        way = "fell" if own.clear < 0 else "rose"
        return f"{moved}; competitors {way} as much ({_spread(found.others)}), so this may be a tide and not our doing."
    return f"{moved}; competitors {_spread(found.others)}: too few to tell whether the change is ours."


def _midnights(first: date, length: int, zone: ZoneInfo) -> tuple[datetime, ...]:
    return tuple(datetime.combine(first + timedelta(days=day), time(), zone) for day in range(length + 1))


def _rate(value: float) -> str:
    return "none" if value == 0 else f"{value:.2f}" if value < 0.1 else f"{value:.1f}" if value < 10 else f"{value:.0f}"


def _moved(of: Change) -> str:
    if math.isinf(of.ratio):
        return "from none"
    return _percent(of.ratio)


def _spread(of: Change) -> str:
    """Writes a relative change and its interval."""
    high = "any rise" if math.isinf(of.high) else _percent(of.high)
    return f"{_moved(of)}; 95%: {_percent(of.low)} to {high}"


def _percent(ratio: float) -> str:
    if ratio > 10:
        return f"{words.number(ratio)} times"
    rounded = round(100 * (ratio - 1))
    return f"{'−' if rounded < 0 else '+' if rounded > 0 else '±'}{abs(rounded)}%"

"""Shows the stories that a rule counted in an interval of a chart, beside it, once somebody clicks on the interval."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from earful.dashboard import filters, picked, read_alerts, words
from earful.dashboard.filters import STARS, Address
from earful.dashboard.frame import Store
from earful.data.counting import Counted

CLICK = "A click on a bar lists its stories"
Interval = Mapping[str, Any]


def counted(of: Mapping[str, Any] | None) -> Counted | None:
    """Reads what is kept of what a rule counts; None where nothing is, as of alerts from before it was kept."""
    return Counted(**of) if of else None


def show(view: Store, name: str, of: Counted | None, intervals: Sequence[Interval]) -> None:
    """Draws the stories of the interval that was clicked on in a chart by this name; nothing where none was."""
    found = picked.clicked(name)
    spans = {picked.begins(start): (start, finish) for start, finish in map(span, intervals)}
    if not found or of is None or found.begins not in spans:
        return
    listed(view, of, *spans[found.begins], close=True)


def listed(view: Store, of: Counted, start: datetime, finish: datetime, close: bool = False) -> None:
    """Draws the stories that a rule counts in a span of time, with a way to `close` them if asked."""
    total, lines = read_alerts.listed(view.folder, view.version, of, start, finish, picked.MOST)
    said = picked.told(total, "stories", ("negative",) if of.negative else ())
    head = words.span(start, finish, view.zone)
    picked.box(view, head, said, total, lines, address(view, of, start, finish), close)


def span(interval: Interval) -> tuple[datetime, datetime]:
    """Reads when an interval begins and ends."""
    return datetime.fromisoformat(interval["start"]), datetime.fromisoformat(interval["finish"])


def address(view: Store, of: Counted, start: datetime, finish: datetime) -> Address:
    """Gives the address of the list of what a rule counts in a span of time."""
    parts = filters.between(start, finish, view.zone)
    parts["sentiment"] = "negative" if of.negative else ""
    parts["source"], parts["theme"] = of.source, _theme(view, of)
    parts["stars"] = str(of.stars) if str(of.stars) in STARS else ""
    parts["brand"] = of.brand if of.brand in [one.name for one in view.known.brands[1:]] else ""
    return {key: [value] for key, value in parts.items() if value}


def _theme(view: Store, of: Counted) -> str:
    return read_alerts.theme(view.folder, view.version, of.brand, of.theme) if of.theme else ""

"""Lists the sources for `earful sources`: how each is, what it brought of late, and the next step."""

from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from earful.data import standing, todo
from earful.data.queries import Gap
from earful.flows import show
from earful.flows.config import Config, Source
from earful.models import condition

DAYS = 30  # in which gaps are counted
LATE = 3  # intervals without success, from which on a source is late


def sources(con: standing.Connection, config: Config, now: datetime) -> list[dict[str, Any]]:
    """Gives a JSON object for each source, the most troubled first; times are ISO 8601 in UTC."""
    counts = standing.counts(con, now - timedelta(days=7))
    gaps = standing.gaps(con, now - timedelta(days=DAYS))
    intervals = {source.name: interval(source, config) for source in config.sources}
    found = []
    for row in todo.sources(con):
        judged, holes = condition.judge(row), gaps.get(row.source, [])
        shown = {
            "state": judged.name,
            "since": judged.since.isoformat() if judged.since else None,
            "mentions_7_days": counts.get(row.source, 0),
            "gaps_30_days": len(holes),
            "gap_hours_30_days": round(sum(_hours(hole, now) for hole in holes), 1),
            "next_step": judged.step,
            "late": row.source in intervals and late(row, intervals[row.source], now),
        }
        found.append((judged.rank, row.source, {**row.as_json(), **shown}))
    return [values for _, _, values in sorted(found, key=lambda one: one[:2])]


def interval(source: Source, config: Config) -> timedelta:
    """Gives how often a source is asked: no more often than there are runs."""
    return max(source.every or config.every, config.every)


def late(row: todo.SourceRow, every: timedelta, now: datetime) -> bool:
    """Tells whether a source should have been read with success by now; one that is quiet is asked less often."""
    if row.last_success is None:
        return True
    planned = row.state == "fine" and row.due is not None and now - row.due <= (LATE - 1) * every
    return now - row.last_success > LATE * every and not planned


def print_sources(found: list[dict[str, Any]], zone: ZoneInfo) -> None:
    """Prints a table, and below it what the troubled ones said; times are those of `zone`."""
    columns = ("source", "state", "since", "last new", "next check", "7 days", "gaps", "next step")
    show.table(
        columns,
        [
            (
                *(one["source"], one["state"], _minute(one["since"], zone), _minute(one["last_new"], zone)),
                "never" if one["state"] == "gone" else _minute(one["due"], zone) or "next run",
                one["mentions_7_days"],
                f"{one['gap_hours_30_days']:g} h" if one["gaps_30_days"] else "",
                one["next_step"],
            )
            for one in found
        ],
    )
    show.line(f"Times are those of {zone.key}.")
    for one in found:
        if one["error"]:
            show.line(f"{one['source']} said: {one['error']}")


def _hours(hole: Gap, now: datetime) -> float:
    start = max(hole.start, now - timedelta(days=DAYS))
    return float(max(((hole.finish or now) - start) / timedelta(hours=1), 0.0))


def _minute(time: str | None, zone: ZoneInfo) -> str:
    return f"{datetime.fromisoformat(time).astimezone(zone):%Y-%m-%d %H:%M}" if time else ""

"""Tells how delivery stands: for each target what waits and why, and what arrived last; nothing here writes."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import duckdb

Connection = duckdb.DuckDBPyConnection


@dataclass(frozen=True)
class TargetRow:
    """How a target stands: messages that wait, since when, how often the most tried was tried, and its last error.

    `error` belongs to the message that was tried last; `due` is when the next one is tried. `sent` is when the last
    message arrived, `arrived` how many have.
    """

    target: str
    waiting: int
    since: datetime | None
    tries: int
    error: str
    due: datetime | None
    sent: datetime | None
    arrived: int

    @property
    def failing(self) -> bool:
        """Whether a message did not arrive and waits."""
        return self.waiting > 0 and self.error != ""

    def as_json(self) -> dict[str, Any]:
        """Gives the row as JSON values."""
        return {
            name: value.isoformat() if isinstance(value, datetime) else value for name, value in vars(self).items()
        } | {"failing": self.failing}


def standing(con: Connection) -> list[TargetRow]:
    """Lists every target that ever had a message, by name."""
    rows = con.execute(
        "SELECT target, count(*) FILTER (sent IS NULL), min(created) FILTER (sent IS NULL),"
        " coalesce(max(tries) FILTER (sent IS NULL), 0),"
        " coalesce(arg_max(error, due) FILTER (sent IS NULL AND error <> ''),"
        " arg_max(error, sent) FILTER (sent IS NOT NULL), ''),"
        " min(due) FILTER (sent IS NULL), max(sent), count(sent) FROM outbox GROUP BY target ORDER BY target"
    ).fetchall()
    return [TargetRow(*row) for row in rows]


def stages(con: Connection, now: datetime, within: timedelta = timedelta(days=7)) -> dict[str, datetime]:
    """Maps each stage to when it was last run with success, in the time `within` before now."""
    rows = con.execute(
        "SELECT stage, max(finished) FROM (SELECT finished, report, unnest(report ->> '$.stages[*].stage') AS stage"
        " FROM runs WHERE started >= ?) WHERE NOT list_contains(report ->> '$.failed[*]', stage) GROUP BY 1",
        [now - within],
    ).fetchall()
    return dict(rows)

"""Keeps how many facts there are a day beside the facts themselves, so that a look at a year need not count them.

A day is the team's, as its time zone has it. Only `facts.refresh` moves the counts, in the transaction that moves the
facts; while the team's zone is another than that of the counts they are not read, and the next refresh makes them anew.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import duckdb
import numpy as np
import numpy.typing as npt
import pyarrow as pa

Connection = duckdb.DuckDBPyConnection
SLOT = 900  # seconds; every time zone of today is a whole number of these away from UTC
KIND = "brand, source, label, corrected, hidden, leads"
ZONE = "daily_zone"  # the setting that names the zone of the counts
FIRST, LAST = datetime(1, 1, 1, tzinfo=UTC), datetime(9999, 12, 31, tzinfo=UTC)
MOST_SPANS = 6  # beside whole days; where there are more, days are of no use


@dataclass(frozen=True)
class Split:
    """A stretch of time as whole `days`, by when they begin, and the `spans` between them, in seconds since 1970."""

    days: tuple[int, ...]
    spans: tuple[tuple[int, int], ...]


def daily(con: Connection) -> None:
    """Adds the counts of facts a day (a migration); the first refresh fills them."""
    con.execute(
        "CREATE TABLE daily (brand TEXT NOT NULL, source TEXT NOT NULL, label TEXT NOT NULL,"
        " corrected BOOLEAN NOT NULL, hidden BOOLEAN NOT NULL, leads BOOLEAN NOT NULL,"
        " day BIGINT NOT NULL, count BIGINT NOT NULL)"  # day: when it begins, in seconds since 1970
    )


def take_out(con: Connection) -> None:
    """Notes what the facts of the table `stale`'s stories count, before they are deleted."""
    con.execute(
        f"CREATE OR REPLACE TEMP TABLE rolled AS SELECT {KIND}, epoch_us(published) // 900000000 AS slot,"  # noqa: S608
        " -count(*) AS count FROM facts SEMI JOIN stale USING (story) GROUP BY ALL"
    )


def put_in(con: Connection) -> None:
    """Moves the counts to what the facts of the table `fresh` count, in place of what `take_out` noted."""
    zone = team(con)
    if _setting(con, ZONE) != zone.key:
        rebuild(con)
        return
    con.execute(
        f"INSERT INTO rolled SELECT {KIND}, epoch_us(published) // 900000000 AS slot, count(*) AS count"  # noqa: S608
        " FROM fresh GROUP BY ALL"
    )
    _name_days(con, "rolled", zone)
    con.execute(
        f"CREATE OR REPLACE TEMP TABLE rolled_days AS SELECT {KIND}, day, sum(count)::BIGINT AS count"  # noqa: S608
        " FROM rolled JOIN slots USING (slot) GROUP BY ALL HAVING sum(count) <> 0"
    )
    same = " AND ".join(f"daily.{column} = m.{column}" for column in (*KIND.split(", "), "day"))
    con.execute(
        f"CREATE OR REPLACE TEMP TABLE rolled_to AS SELECT {KIND}, day, sum(count)::BIGINT AS count"  # noqa: S608
        f" FROM (FROM rolled_days UNION ALL BY NAME SELECT daily.* FROM daily SEMI JOIN rolled_days m ON {same})"
        " GROUP BY ALL HAVING sum(count) <> 0"
    )
    con.execute(f"DELETE FROM daily USING rolled_days m WHERE {same}")  # noqa: S608
    con.execute("INSERT INTO daily BY NAME FROM rolled_to")
    con.unregister("slots")


def rebuild(con: Connection) -> None:
    """Counts all facts anew, by the days of the team's zone."""
    zone = team(con)
    con.execute("DELETE FROM daily")
    slotted = f"(SELECT {KIND}, epoch_us(published) // 900000000 AS slot FROM facts)"  # noqa: S608
    _name_days(con, slotted, zone)
    con.execute(
        f"INSERT INTO daily BY NAME SELECT {KIND}, day, count(*) AS count"  # noqa: S608
        f" FROM {slotted} JOIN slots USING (slot) GROUP BY ALL"
    )
    con.unregister("slots")
    con.execute(
        "INSERT INTO settings VALUES (?, ?) ON CONFLICT DO UPDATE SET value = excluded.value",
        [ZONE, json.dumps(zone.key)],
    )


def kept(con: Connection) -> ZoneInfo | None:
    """Gives the zone of the days that are counted; None while the counts can't be used."""
    zone = team(con)
    return zone if _setting(con, ZONE) == zone.key else None


def reach(con: Connection, brand: str) -> tuple[datetime, datetime]:
    """Gives a time after the first of a brand's facts that are not hidden, and one before the last, by the counts."""
    row = con.execute(
        "SELECT to_timestamp(min(day)), to_timestamp(max(day)) FROM daily WHERE brand = ? AND NOT hidden", [brand]
    ).fetchone()
    if kept(con) is None or row is None or row[0] is None:
        return LAST, FIRST
    return row[0] + timedelta(days=2), row[1]


def split(con: Connection, edges: Sequence[int]) -> Split:
    """Cuts the time between the first and the last edge into counted days that no edge divides, and the rest."""
    whole = Split((), ((edges[0], edges[-1]),))
    zone = kept(con)
    if zone is None:
        return whole
    first, last = (datetime.fromtimestamp(edge, zone).date() for edge in (edges[0], edges[-1]))
    midnights = np.array([_midnight(first + timedelta(days=n), zone) for n in range((last - first).days + 2)])
    begins, ends = midnights[:-1], midnights[1:]
    inside = (begins >= edges[0]) & (ends <= edges[-1])
    inside &= np.searchsorted(edges, begins, side="right") == np.searchsorted(edges, ends, side="left")
    days = begins[inside]
    spans = _between(days, ends[inside], edges[0], edges[-1])
    return Split(tuple(days.tolist()), spans) if len(days) and len(spans) <= MOST_SPANS else whole


def _between(
    begins: npt.NDArray[np.int64], ends: npt.NDArray[np.int64], first: int, last: int
) -> tuple[tuple[int, int], ...]:
    """Lists what lies between the days, which are in order."""
    starts, finishes = [first, *ends.tolist()], [*begins.tolist(), last]
    return tuple(span for span in zip(starts, finishes, strict=True) if span[0] < span[1])


def _name_days(con: Connection, table: str, zone: ZoneInfo) -> None:
    """Registers the table `slots`: when the day begins in which each slot of a table lies."""
    # Asked of Python, not of DuckDB: readers cut their days by the same clock.
    slots = [row[0] for row in con.execute(f"SELECT DISTINCT slot FROM {table}").fetchall()]  # noqa: S608
    known: dict[date, int] = {}
    days = []
    for slot in slots:
        day = datetime.fromtimestamp(slot * SLOT, zone).date()
        if day not in known:
            known[day] = _midnight(day, zone)
        days.append(known[day])
    con.register("slots", pa.table({"slot": pa.array(slots, pa.int64()), "day": pa.array(days, pa.int64())}))


def _midnight(day: date, zone: ZoneInfo) -> int:
    return int(datetime.combine(day, time(), zone).astimezone(UTC).timestamp())


def team(con: Connection) -> ZoneInfo:
    """Gives the team's time zone, UTC until one is set."""
    try:
        return ZoneInfo(_setting(con, "timezone") or "UTC")
    except (ZoneInfoNotFoundError, ValueError):
        return ZoneInfo("UTC")


def _setting(con: Connection, key: str) -> str:
    row = con.execute("SELECT value ->> '$' FROM settings WHERE key = ?", [key]).fetchone()
    return str(row[0]) if row else ""

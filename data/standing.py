"""Reads how the sources stand: their habits, what they brought of late, their gaps, what people were told of them."""

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import duckdb
import pyarrow as pa

from earful.data.alerting import Alert
from earful.data.queries import SNIPPET, Gap

Connection = duckdb.DuckDBPyConnection


@dataclass(frozen=True)
class Habit:
    """How often a source speaks: its dated mentions, the first, the last, and the widest space between two of them."""

    count: int
    first: datetime
    last: datetime
    longest: timedelta


@dataclass(frozen=True)
class Brought:
    """A mention that a source brought, and the brands that it is about; `snippet` begins its text."""

    id: str
    published: datetime
    title: str
    snippet: str
    brands: tuple[str, ...]


def habits(con: Connection) -> dict[str, Habit]:
    """Gives the habit of each source that left two dated mentions or more."""
    rows = con.execute(
        # Hour by hour, which needs no sorting of all mentions: a space within an hour is told no finer than its hour.
        "WITH hours AS (SELECT source, epoch_us(published) // 3600000000 AS hour, count(*) AS count,"
        " min(published) AS first, max(published) AS last FROM mentions WHERE dated GROUP BY ALL),"
        " spaced AS (SELECT *, lag(last) OVER (PARTITION BY source ORDER BY hour) AS before FROM hours)"
        " SELECT source, sum(count)::BIGINT, min(first), max(last),"
        " max(greatest(coalesce(first - before, last - first), last - first))"
        " FROM spaced GROUP BY source HAVING sum(count) > 1"
    ).fetchall()
    return {source: Habit(*values) for source, *values in rows}


def counts(con: Connection, since: datetime) -> dict[str, int]:
    """Counts each source's mentions that were published since a time."""
    return dict(
        con.execute("SELECT source, count(*) FROM mentions WHERE published >= ? GROUP BY source", [since]).fetchall()
    )


def daily(con: Connection, borders: Sequence[datetime]) -> dict[str, list[int]]:
    """Counts each source's mentions between the `borders`, which are in order; a source without any is left out."""
    con.register("borders", pa.table({"place": range(len(borders) - 1), "begins": list(borders[:-1])}))
    rows = con.execute(
        "SELECT source, place, count(*) FROM mentions ASOF JOIN borders ON published >= begins"
        " WHERE published >= ? AND published < ? GROUP BY ALL",
        [borders[0], borders[-1]],
    ).fetchall()
    con.unregister("borders")
    found: dict[str, list[int]] = {}
    for source, place, count in rows:
        found.setdefault(source, [0] * (len(borders) - 1))[place] = count
    return found


def brought(con: Connection, source: str, start: datetime, finish: datetime, most: int) -> tuple[int, list[Brought]]:
    """Counts a source's mentions of a span of time, and lists the latest with the brands that they are about."""
    rows = con.execute(
        "WITH page AS (SELECT id, published, title, left(text, $letters) AS said, count(*) OVER () AS whole"
        " FROM mentions WHERE source = $source AND published >= $start AND published < $finish"
        " ORDER BY published DESC, id LIMIT $most),"
        " about AS (SELECT id, list_sort(list(brand)) AS brands FROM facts WHERE source = $source"
        " AND id IN (SELECT id FROM page) AND NOT hidden GROUP BY id)"
        " SELECT id, published, title, said, coalesce(brands, []), whole FROM page LEFT JOIN about USING (id)"
        " ORDER BY published DESC, id",
        {"source": source, "start": start, "finish": finish, "most": most, "letters": SNIPPET},
    ).fetchall()
    found = [Brought(one, at, title, said, tuple(brands)) for one, at, title, said, brands, _ in rows]
    return (int(rows[0][-1]) if rows else 0), found


def gaps(con: Connection, since: datetime) -> dict[str, list[Gap]]:
    """Lists each source's gaps that reach beyond a time, oldest first."""
    rows = con.execute(
        "SELECT source, start, finish, reason FROM gaps WHERE finish IS NULL OR finish >= ? ORDER BY source, start",
        [since],
    ).fetchall()
    found: dict[str, list[Gap]] = {}
    for row in rows:
        found.setdefault(row[0], []).append(Gap(*row))
    return found


def open_troubles(con: Connection) -> list[Alert]:
    """Lists the alerts about sources that have not ended; such an alert is about no brand and has no rule."""
    rows = con.execute(
        "SELECT alert, brand, rule, state, started, fired, resolved, latest, card FROM alerts"
        " WHERE brand = '' AND rule = '' AND state = 'firing' ORDER BY started, alert"
    ).fetchall()
    return [Alert(*(json.loads(value) if place == 8 else value for place, value in enumerate(row))) for row in rows]


def past_troubles(con: Connection, since: datetime) -> Counter[str]:
    """Counts by what they were about, a source, a host or the network, the alerts about sources that ended since."""
    rows = con.execute(
        "SELECT card ->> '$.subject' FROM alerts WHERE brand = '' AND rule = '' AND resolved >= ?", [since]
    ).fetchall()
    return Counter(subject for (subject,) in rows)

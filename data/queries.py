"""Answers the dashboard's questions; all of its SQL is here, and nothing here writes.

Every function takes a connection to a snapshot (`database.snapshot`) and gives plain rows or a data frame. Times go
in and come out as aware UTC datetimes; the labels are negative, neutral, positive, unclear and unscored.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import duckdb
import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa

from earful.data import filtering, rollups
from earful.data.filtering import Filters as Filters
from earful.data.filtering import sought

Connection = duckdb.DuckDBPyConnection
LABELS = ("negative", "neutral", "positive", "unclear", "unscored")
SLOT = rollups.SLOT
SOUGHT = filtering.MOST
SNIPPET = 300  # characters of a text shown in a list


@dataclass(frozen=True)
class Brand:
    """A watched brand and what it is to the team."""

    name: str
    competitor: bool


@dataclass(frozen=True)
class Gap:
    """An interval in which a source was not, or not wholly, read; `finish` None means that it goes on."""

    source: str
    start: datetime
    finish: datetime | None
    reason: str


@dataclass(frozen=True)
class Spike:
    """More stories than the brand's history leads one to expect: an alert in all its length, or a single interval.

    `what` says which stories were counted, "" where that is not known.
    """

    start: datetime
    finish: datetime
    observed: int
    expected: float
    high: float
    what: str = ""


@dataclass(frozen=True)
class Alert:
    """An alert and the card that was sent for it."""

    alert: str
    brand: str
    rule: str
    state: str
    started: datetime
    latest: datetime
    card: dict[str, Any]


@dataclass(frozen=True)
class Line:
    """One mention in a list; `snippet` begins its text, `copies` counts its story's mentions of the brand."""

    source: str
    id: str
    published: datetime
    label: str
    corrected: bool
    title: str
    snippet: str
    author: str
    language: str
    rating: float | None
    copies: int


@dataclass(frozen=True)
class Detail:
    """Everything kept about one mention and what it says of one brand; `copies` counts its story's mentions."""

    source: str
    id: str
    url: str
    author: str
    published: datetime
    title: str
    text: str
    language: str
    rating: float | None
    about: str
    dated: bool
    label: str
    corrected: bool
    copies: int
    model: str
    negative: float | None
    neutral: float | None
    positive: float | None
    judged: str
    reason: str
    intent: str


@dataclass(frozen=True)
class Reach:
    """The time that a brand's mentions span; None while there is none."""

    first: datetime | None
    last: datetime | None


def settings(con: Connection) -> dict[str, Any]:
    """Gives the small values that the pipeline leaves for its readers, by key."""
    return {key: json.loads(value) for key, value in con.execute("SELECT key, value FROM settings").fetchall()}


def brands(con: Connection) -> list[Brand]:
    """Lists the watched brands as the configuration orders them, own ones first."""
    rows = con.execute("SELECT brand, role = 'competitor' FROM brands ORDER BY 2, position").fetchall()
    return [Brand(*row) for row in rows]


def known_sources(con: Connection) -> list[str]:
    """Lists every source that is configured or has left mentions, by name."""
    table = "daily" if rollups.kept(con) else "facts"
    rows = con.execute(f"SELECT source FROM sources UNION SELECT DISTINCT source FROM {table} ORDER BY 1").fetchall()  # noqa: S608
    return [row[0] for row in rows]


def languages(con: Connection, brand: str) -> list[str]:
    """Lists the languages in which a brand was spoken of, the most frequent first; "" is unknown."""
    rows = con.execute(
        "SELECT language FROM facts WHERE brand = ? GROUP BY 1 ORDER BY count(*) DESC, 1", [brand]
    ).fetchall()
    return [row[0] for row in rows]


def reach(con: Connection, brand: str) -> Reach:
    """Tells from when to when a brand was spoken of, by all that is kept."""
    first, last = rollups.reach(con, brand)
    row = con.execute(
        "SELECT (SELECT min(published) FROM facts WHERE brand = $brand AND NOT hidden AND published < $first),"
        " (SELECT max(published) FROM facts WHERE brand = $brand AND NOT hidden AND published >= $last)",
        {"brand": brand, "first": first, "last": last},
    ).fetchone()
    assert row is not None
    return Reach(*row)


def counts(con: Connection, filters: Filters, borders: Sequence[datetime]) -> pd.DataFrame:
    """Counts every brand's stories or mentions in the steps between `borders`, under the filters' sources.

    The borders are in order and lie on quarters of an hour. Columns: brand, begins (the step does, in seconds since
    1970), label, corrected (by a person), count. One look feeds a whole page, also for the period before.
    """
    edges = [int(border.timestamp()) for border in borders]
    split = rollups.split(con, edges)
    slots = [slot for start, finish in split.spans for slot in range(start // SLOT, finish // SLOT)]
    _register_steps(con, "slots", edges, np.array(slots, np.int64) * SLOT)
    _register_steps(con, "days", edges, np.array(split.days, np.int64))
    chosen, values = _sources(filters)
    where = f"NOT hidden{' AND leads' * filters.stories}{chosen}"
    counted = f"SELECT brand, begins, label, corrected, count FROM daily JOIN days ON day = moment WHERE {where}"  # noqa: S608
    given = list(values)
    for start, finish in split.spans:
        counted += (
            " UNION ALL SELECT brand, begins, label, corrected, count(*) AS count FROM"  # noqa: S608
            " (SELECT brand, label, corrected, epoch_us(published) // 900000000 * 900 AS moment FROM facts"
            f" WHERE published >= to_timestamp(?) AND published < to_timestamp(?) AND {where})"
            " JOIN slots USING (moment) GROUP BY ALL"
        )
        given += [start, finish, *values]
    return con.execute(
        f"SELECT brand, begins, label, corrected, sum(count)::BIGINT AS count FROM ({counted}) GROUP BY ALL",  # noqa: S608
        given,
    ).df()


def spikes(con: Connection, filters: Filters) -> list[Spike]:
    """Lists the brand's spikes that touch the period, oldest first, each as its alert's card tells it.

    An interval that no alert covers stands for itself; of several rules the widest.
    """
    rows = con.execute(
        "WITH told AS (SELECT (card ->> '$.start')::TIMESTAMPTZ AS start, (card ->> '$.finish')::TIMESTAMPTZ AS finish,"
        " (card ->> '$.observed')::INTEGER AS observed, (card ->> '$.expected')::DOUBLE AS expected,"
        " coalesce(card ->> '$.usual', card ->> '$.expected')::DOUBLE AS high, coalesce(card ->> '$.what', '') AS what"
        " FROM alerts WHERE brand = $brand AND rule <> '' AND state <> 'dropped' AND (card ->> '$.finish') IS NOT NULL"
        " AND coalesce(card ->> '$.counts', '') <> 'silence'),"
        " alone AS (SELECT start, max(finish) AS finish, max(observed) AS observed, arg_max(expected, observed)"
        " AS expected, arg_max(high, observed) AS high, '' AS what FROM spikes s WHERE brand = $brand AND observed > 0"
        " AND NOT EXISTS (FROM told t WHERE s.start < t.finish AND s.finish > t.start) GROUP BY start)"
        " FROM (FROM told UNION ALL FROM alone) WHERE finish > $since AND start < $until ORDER BY start, finish",
        {"brand": filters.brand, "since": filters.start, "until": filters.finish},
    ).fetchall()
    return [Spike(*row) for row in rows]


def gaps(con: Connection, filters: Filters) -> list[Gap]:
    """Lists the gaps of the filters' sources that touch the period, oldest first."""
    chosen, values = _sources(filters)
    rows = con.execute(
        "SELECT source, start, finish, reason FROM gaps SEMI JOIN"  # noqa: S608
        " (FROM sources WHERE state <> 'removed') USING (source)"
        f" WHERE coalesce(finish > ?, true) AND start < ?{chosen} ORDER BY start, source",
        [filters.start, filters.finish, *values],
    ).fetchall()
    return [Gap(*row) for row in rows]


def alerts(con: Connection, brands: tuple[str, ...], limit: int) -> list[Alert]:
    """Lists the newest alerts about some brands, those that still fire first."""
    rows = con.execute(
        "SELECT alert, brand, rule, state, started, latest, card FROM alerts WHERE list_contains(?, brand)"
        " AND state IN ('pending', 'firing', 'resolved')"
        " ORDER BY state = 'resolved', started DESC, alert LIMIT ?",
        [list(brands), limit],
    ).fetchall()
    return [Alert(*(json.loads(value) if place == 6 else value for place, value in enumerate(row))) for row in rows]


def mentions(con: Connection, filters: Filters, limit: int, offset: int = 0) -> list[Line]:
    """Lists the mentions under the filters, newest first."""
    found, where, values = sought(con, filters)
    order = "ORDER BY f.published DESC, f.source, f.id LIMIT ? OFFSET ?"
    among = "mentions"
    if filters.words or filters.author:  # what was found may lie anywhere: only these places are read
        places = con.execute(f"SELECT place FROM {found} {order}", [limit, offset]).fetchall()  # noqa: S608
        among = f"(FROM mentions WHERE rowid IN ({', '.join(str(int(place)) for (place,) in places) or 'NULL'}))"
    rows = con.execute(
        # Joined by the time as well, so that of all texts only those of the page's days are read.
        f"WITH page AS MATERIALIZED (SELECT f.* FROM {found} WHERE {where} {order}),"  # noqa: S608
        " sizes AS (SELECT story, hidden, count(*) AS copies FROM facts WHERE brand = ?"
        " AND story IN (SELECT story FROM page) GROUP BY ALL)"
        " SELECT p.source, p.id, p.published, p.label, p.corrected, m.title, left(m.text, ?) AS snippet, m.author,"
        f" p.language, p.rating, s.copies FROM page p JOIN {among} m USING (source, id, published)"
        " JOIN sizes s USING (story, hidden) ORDER BY p.published DESC, p.source, p.id",
        [*values, limit, offset, filters.brand, SNIPPET],
    ).fetchall()
    return [Line(*row) for row in rows]


def count_mentions(con: Connection, filters: Filters) -> int:
    """Counts the mentions under the filters; what is sought by words or author up to SOUGHT, one more means more."""
    wordless = replace(filters, words="", author="")
    if filters.hidden and wordless != filters and not count_mentions(con, wordless):
        return 0  # seldom is anything hidden: then no text is read
    found, where, values = sought(con, filters)
    row = con.execute(f"SELECT count(*) FROM {found} WHERE {where}", values).fetchone()  # noqa: S608
    assert row is not None
    return int(row[0]) if wordless == filters else min(int(row[0]), SOUGHT + 1)


def detail(con: Connection, source: str, id: str, brand: str) -> Detail | None:
    """Gives all about one mention and a brand, None when they are not known together."""
    row = con.execute(
        "SELECT m.source, m.id, m.url, m.author, m.published, m.title, m.text, f.language, m.rating,"
        " m.about, m.dated, f.label, f.corrected,"
        " (SELECT count(*) FROM facts o WHERE o.brand = f.brand AND o.story = f.story AND o.hidden = f.hidden),"
        " coalesce(s.model, ''), s.negative, s.neutral, s.positive, coalesce(s.label, 'unscored'),"
        " coalesce(s.reason, ''), f.intent"
        " FROM facts f JOIN mentions m USING (source, id)"
        " LEFT JOIN scores s ON s.source = f.source AND s.id = f.id AND s.brand = f.brand AND s.digest = m.digest"
        " AND s.model = (SELECT value ->> '$' FROM settings WHERE key = 'model')"
        " WHERE f.source = ? AND f.id = ? AND f.brand = ?",
        [source, id, brand],
    ).fetchone()
    return Detail(*row) if row else None


def _register_steps(con: Connection, name: str, edges: Sequence[int], moments: npt.NDArray[np.int64]) -> None:
    """Registers a table of each `moment` and of when the step `begins` in which it lies."""
    begins = np.array(edges, np.int64)[np.searchsorted(edges, moments, side="right") - 1]
    con.register(name, pa.table({"moment": moments, "begins": begins}))


def _sources(filters: Filters) -> tuple[str, list[Any]]:
    return (" AND list_contains(?, source)", [list(filters.sources)]) if filters.sources else ("", [])

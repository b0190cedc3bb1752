"""Keeps the digests that were made, and reads what goes into one.

What is read takes the writer's connection or one to a snapshot, and depends on nothing else: the same store gives the
same answers. Times are aware UTC datetimes; stories are counted where and when their first copy appeared.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import duckdb
import pyarrow as pa

from earful.data.queries import Filters

Connection = duckdb.DuckDBPyConnection
EXCERPT = 400  # characters of a quote


@dataclass(frozen=True)
class Kept:
    """A digest as it was made: frozen, with the number of the commit whose state it shows."""

    digest: str
    brand: str
    start: datetime
    finish: datetime
    made: datetime
    sequence: int
    content: dict[str, Any]


@dataclass(frozen=True)
class Told:
    """An alert that people were told of, and how it stands."""

    rule: str
    state: str
    started: datetime
    fired: datetime
    resolved: datetime | None
    card: dict[str, Any]


def sequence(con: Connection) -> int:
    """Gives the number of the commit whose state is read; it is the number of its snapshot too."""
    row = con.execute("SELECT sequence FROM meta").fetchone()
    assert row is not None, "the meta table is empty"
    return int(row[0])


def known(con: Connection, digests: Sequence[str]) -> set[str]:
    """Picks those of the digests that were made already."""
    rows = con.execute("SELECT digest FROM digests WHERE list_contains(?, digest)", [list(digests)]).fetchall()
    return {row[0] for row in rows}


def keep(con: Connection, one: Kept) -> None:
    """Keeps a digest; one that is there stays as it is."""
    con.execute(
        "INSERT INTO digests VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
        [one.digest, one.brand, one.start, one.finish, one.made, one.sequence, json.dumps(one.content)],
    )


def ask(con: Connection, brand: str, start: datetime, finish: datetime, author: str, now: datetime) -> str:
    """Notes that somebody wants a report of a period sent, and gives its name; asked twice in a minute it is one."""
    name = f"report|{start.isoformat()}|{finish.isoformat()}|{now:%Y-%m-%dT%H:%M}|{brand}"
    con.execute(
        "INSERT INTO asked_reports VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
        [name, brand, start, finish, author, now],
    )
    return name


def asked(con: Connection) -> list[tuple[str, str, datetime, datetime]]:
    """Lists the reports that were asked for and not made yet: (name, brand, start, finish), the oldest first."""
    return con.execute(
        "SELECT report, brand, start, finish FROM asked_reports WHERE report NOT IN (SELECT digest FROM digests)"
        " ORDER BY made, report"
    ).fetchall()


def newest(con: Connection, brand: str, limit: int = 50) -> list[Kept]:
    """Lists the digests of a brand, or of all where it is "", the newest first."""
    rows = con.execute(
        "SELECT digest, brand, start, finish, made, sequence, content FROM digests WHERE ? IN ('', brand)"
        " ORDER BY finish DESC, brand LIMIT ?",
        [brand, limit],
    ).fetchall()
    return [Kept(*(json.loads(value) if place == 6 else value for place, value in enumerate(row))) for row in rows]


def find(con: Connection, digest: str) -> Kept | None:
    """Gives one digest by its name, None when there is none."""
    row = con.execute(
        "SELECT digest, brand, start, finish, made, sequence, content FROM digests WHERE digest = ?", [digest]
    ).fetchone()
    return Kept(*(json.loads(value) if place == 6 else value for place, value in enumerate(row))) if row else None


def spoken_of(con: Connection, brand: str) -> bool:
    """Tells whether anything is kept of a brand."""
    row = con.execute("SELECT count(*) > 0 FROM (FROM facts WHERE brand = ? LIMIT 1)", [brand]).fetchone()
    return bool(row and row[0])


def negative_by_source(con: Connection, filters: Filters, before: datetime) -> list[tuple[str, int, int]]:
    """Counts a brand's negative stories by source: (source, in the period, from `before` up to it), by name."""
    return con.execute(
        "SELECT source, count(*) FILTER (published >= $start), count(*) FILTER (published < $start) FROM facts"
        " WHERE brand = $brand AND leads AND NOT hidden AND label = 'negative' AND published >= $before"
        " AND published < $finish GROUP BY source ORDER BY source",
        {"brand": filters.brand, "start": filters.start, "finish": filters.finish, "before": before},
    ).fetchall()


def told_in_themes(con: Connection, brand: str, edges: Sequence[datetime]) -> dict[str, list[int]]:
    """Counts the stories of each of a brand's themes in the steps between `edges`; a story belongs to one theme."""
    con.register("steps", pa.table({"place": range(len(edges) - 1), "begins": list(edges[:-1])}))
    rows = con.execute(
        "WITH told AS (SELECT f.story, arg_max(t.theme, f.leads) AS theme FROM theme_members t"
        " JOIN facts f USING (brand, source, id) WHERE t.brand = $brand AND t.theme <> '' GROUP BY f.story)"
        " SELECT theme, place, count(*) FROM facts f JOIN told USING (story)"
        " ASOF JOIN steps ON f.published >= steps.begins WHERE f.brand = $brand AND f.leads AND NOT f.hidden"
        " AND f.published >= $start AND f.published < $finish GROUP BY ALL",
        {"brand": brand, "start": edges[0], "finish": edges[-1]},
    ).fetchall()
    con.unregister("steps")
    found: dict[str, list[int]] = {}
    for theme, place, count in rows:
        found.setdefault(theme, [0] * (len(edges) - 1))[place] = count
    return found


def unscored(con: Connection, filters: Filters) -> list[tuple[str, int]]:
    """Counts by language the stories that the model did not score, the most frequent first; "" is unknown."""
    return con.execute(
        "SELECT language, count(*) FROM facts WHERE brand = ? AND leads AND NOT hidden AND label = 'unscored'"
        " AND published >= ? AND published < ? GROUP BY 1 ORDER BY 2 DESC, 1",
        [filters.brand, filters.start, filters.finish],
    ).fetchall()


def loudest(con: Connection, filters: Filters, limit: int) -> list[dict[str, Any]]:
    """Lists the negative stories that were told and answered most, one of each author: what a card calls a quote."""
    cursor = con.execute(
        "WITH copies AS (SELECT story, count(*) AS copies FROM facts WHERE brand = $brand AND published >= $start"
        " AND published < $finish GROUP BY story)"
        " SELECT f.source, f.id, m.author, m.url, left(m.text, $excerpt) AS text, f.published, c.copies FROM facts f"
        " JOIN mentions m USING (source, id) JOIN copies c USING (story) WHERE f.brand = $brand AND f.leads"
        " AND NOT f.hidden AND f.label = 'negative' AND f.published >= $start AND f.published < $finish"
        " AND m.gone IS NULL AND m.text <> ''"
        " QUALIFY row_number() OVER (PARTITION BY coalesce(nullif(m.author, ''), f.source || f.id)"
        " ORDER BY c.copies DESC, m.engagement DESC, f.published, f.source, f.id) = 1"
        " ORDER BY c.copies DESC, m.engagement DESC, f.published, f.source, f.id LIMIT $limit",
        {
            "brand": filters.brand, "start": filters.start, "finish": filters.finish,
            "limit": limit, "excerpt": EXCERPT,
        },
    )  # fmt: skip
    names = [column[0] for column in cursor.description or ()]
    rows = [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
    return [row | {"published": row["published"].isoformat()} for row in rows]


def told(con: Connection, filters: Filters) -> list[Told]:
    """Lists the alerts about a brand that fired in a period, oldest first."""
    rows = con.execute(
        "SELECT rule, state, started, fired, resolved, card FROM alerts WHERE brand = ? AND fired >= ? AND fired < ?"
        " ORDER BY fired, alert",
        [filters.brand, filters.start, filters.finish],
    ).fetchall()
    return [Told(*(json.loads(value) if place == 5 else value for place, value in enumerate(row))) for row in rows]

"""Answers what the Criticism page asks of themes; nothing here writes.

Every function takes a connection to a snapshot (`database.snapshot`); times are aware UTC datetimes. A theme's stories
are those of which it has a mention, with all their copies. A complaint is what is negative or reports a problem.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import duckdb
import numpy as np
import pandas as pd
import pyarrow as pa

from earful.data.queries import SLOT, Filters

Connection = duckdb.DuckDBPyConnection
COMPLAINT = "(f.label = 'negative' OR f.intent = 'problem')"
EXCERPT = 600  # characters of a quote
EDGE = timedelta(days=7)  # beyond the period in which a story's complaining copy is still looked for
TOLD = (
    "told AS (SELECT f.story, arg_max(t.theme, f.leads) AS theme, arg_max(t.journey, f.leads) AS journey,"
    " arg_max(t.again, f.leads) AS again FROM facts f JOIN theme_members t USING (brand, source, id)"
    " WHERE f.brand = $brand AND t.brand = $brand AND t.theme <> '' AND f.published >= $start - $edge"
    " AND f.published < $finish + $edge GROUP BY f.story)"
)

FIRST = (
    "found AS MATERIALIZED (SELECT f.brand, f.story, f.leads, f.hidden, f.published, f.source, f.intent, f.label,"
    " t.theme, t.journey, t.again FROM facts f JOIN theme_members t USING (brand, source, id)"
    " WHERE f.brand = $brand AND t.brand = $brand AND t.theme <> ''"
    " AND f.published >= $start - $edge AND f.published < $finish + $edge),"
    " told AS (SELECT story, any_value(theme) AS theme, any_value(journey) AS journey, any_value(again) AS again"
    " FROM (FROM found WHERE NOT leads) c ANTI JOIN (FROM found WHERE leads) l USING (story) GROUP BY story)"
)
"""TOLD, but only of stories whose first copy is in no theme itself; those that are stand in `found`."""


@dataclass(frozen=True)
class Theme:
    """A theme as it was last found; `into` names the theme it became part of, "" while it stands for itself."""

    theme: str
    name: str
    words: tuple[str, ...]
    sentence: str
    state: str
    into: str
    first_seen: datetime
    last_seen: datetime


@dataclass(frozen=True)
class Round:
    """How a brand's themes were last found: when, from how many stories, and what there is to say of it."""

    made: datetime
    stories: int
    note: str


@dataclass(frozen=True)
class Quote:
    """A mention that shows what a theme is about."""

    source: str
    id: str
    author: str
    published: datetime
    text: str
    journey: str


@dataclass(frozen=True)
class Watch:
    """A source as one that is compared over time: when what it brought begins, and whether it is asked still."""

    source: str
    first: datetime | None
    removed: bool


def themes(con: Connection, brand: str) -> list[Theme]:
    """Lists a brand's themes, also those that faded or became part of another."""
    rows = con.execute(
        "SELECT theme, name, words, sentence, state, merged_into, first_seen, last_seen FROM themes"
        " WHERE brand = ? ORDER BY first_seen, theme",
        [brand],
    ).fetchall()
    return [Theme(theme, name, tuple(json.loads(words)), *rest) for theme, name, words, *rest in rows]


def last_round(con: Connection, brand: str) -> Round | None:
    """Tells how a brand's themes were last found; None before the first time."""
    row = con.execute("SELECT made, stories, note FROM theme_rounds WHERE brand = ?", [brand]).fetchone()
    return Round(*row) if row else None


def compared(con: Connection, of: str) -> set[str]:
    """Names the brands whose complaints were set against the themes of brand `of`."""
    return {row[0] for row in con.execute("SELECT DISTINCT brand FROM theme_peers WHERE of = ?", [of]).fetchall()}


def compared_with(con: Connection, brand: str) -> list[str]:
    """Lists the brands against whose themes a brand's complaints were set."""
    rows = con.execute("SELECT DISTINCT of FROM theme_peers WHERE brand = ? ORDER BY of", [brand]).fetchall()
    return [row[0] for row in rows if row[0] != brand]


def voices(con: Connection, brand: str) -> int:
    """Counts the people who ever complained about a brand; each nameless complaint is a voice of its own."""
    row = con.execute(
        "SELECT count(DISTINCT coalesce(nullif(m.author, ''), f.source || ' ' || f.id))"  # noqa: S608
        f" FROM facts f JOIN mentions m USING (source, id) WHERE f.brand = ? AND leads AND NOT hidden AND {COMPLAINT}",
        [brand],
    ).fetchone()
    assert row is not None
    return int(row[0])


def told(con: Connection, filters: Filters, borders: Sequence[datetime]) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Counts the stories or mentions of the brand's themes: in the steps between `borders`, and by what they are.

    The borders are in order, lie on quarters of an hour and hold the filters' period. The first frame has the columns
    theme, begins (the step does, in seconds since 1970), label, count. The second counts the period alone: theme,
    source, intent, journey, again (its author had said so before), label, count.
    """
    edges = np.array([int(border.timestamp()) for border in borders])
    slots = np.arange(edges[0] // SLOT, edges[-1] // SLOT)
    begins = edges[np.searchsorted(edges, slots * SLOT, side="right") - 1]
    con.register("steps", pa.table({"slot": slots, "begins": begins}))
    where, values = _where(filters)
    columns = "theme, f.published, f.source, f.intent, journey, again, f.label"
    counted = f"SELECT {columns} FROM facts f JOIN told USING (story) WHERE {where}"  # noqa: S608
    if filters.stories:  # most first copies are in a theme themselves: only for the others are further copies asked
        counted += f" UNION ALL SELECT {columns} FROM found f WHERE {where}"  # noqa: S608
    con.execute(
        f"CREATE OR REPLACE TEMP TABLE told_of AS WITH {FIRST if filters.stories else TOLD}"  # noqa: S608
        f" SELECT *, epoch_us(published) // 900000000 AS slot FROM ({counted})",
        values | {"edge": EDGE, "start": borders[0], "finish": borders[-1]},
    )
    counts = con.execute(
        "SELECT theme, begins, label, count(*) AS count FROM told_of JOIN steps USING (slot) GROUP BY ALL"
    ).df()
    parts = con.execute(
        "SELECT theme, source, intent, journey, again, label, count(*) AS count FROM told_of"
        " WHERE published >= ? AND published < ? GROUP BY ALL",
        [filters.start, filters.finish],
    ).df()
    return counts, parts


def quotes(con: Connection, filters: Filters, themes: Sequence[str], limit: int) -> list[Quote]:
    """Lists the mentions that stand for some themes most clearly, one of each author; nothing of what was deleted."""
    where, values = _where(filters)
    rows = con.execute(
        "WITH likely AS (SELECT source, id, f.published, t.strength, t.journey"  # noqa: S608
        " FROM facts f JOIN theme_members t USING (brand, source, id)"
        f" WHERE {where} AND t.brand = $brand AND list_contains($themes, t.theme) AND NOT t.again"
        " ORDER BY t.strength DESC, f.published DESC, source, id LIMIT 40 * $limit)"
        " SELECT source, id, m.author, l.published, left(m.title || '\n' || m.text, $excerpt), l.journey"
        " FROM likely l JOIN mentions m USING (source, id) WHERE m.gone IS NULL AND m.text <> ''"
        " QUALIFY row_number() OVER (PARTITION BY coalesce(nullif(m.author, ''), source || id)"
        " ORDER BY l.strength DESC, l.published DESC, source, id) = 1"
        " ORDER BY l.strength DESC, l.published DESC, source, id LIMIT $limit",
        values | {"themes": list(themes), "limit": limit, "excerpt": EXCERPT},
    ).fetchall()
    return [Quote(*row) for row in rows]


def shares(con: Connection, filters: Filters) -> pd.DataFrame:
    """Counts each brand's complaints by the themes of the filters' brand; columns: brand, theme, count.

    Theme "" is what belongs to none of them.
    """
    where, values = _where(filters)
    where = where.replace("f.brand = $brand AND ", "")
    columns = "f.brand, theme, f.label, f.intent"
    themed = f"SELECT {columns} FROM facts f JOIN told USING (brand, story) WHERE {where}"  # noqa: S608
    told = "SELECT brand, story, arg_max(theme, leads) AS theme FROM found GROUP BY ALL"
    if filters.stories:  # as in `told`: most first copies stand in `found` themselves
        themed += f" UNION ALL SELECT {columns} FROM found f WHERE {where}"  # noqa: S608
        told = (
            "SELECT brand, story, any_value(theme) AS theme FROM (FROM found WHERE NOT leads) c"
            " ANTI JOIN (FROM found WHERE leads) l USING (brand, story) GROUP BY ALL"
        )
    return con.execute(
        "WITH named AS (SELECT brand, source, id, theme FROM theme_members WHERE brand = $brand AND theme <> ''"  # noqa: S608
        " UNION ALL SELECT brand, source, id, theme FROM theme_peers WHERE of = $brand),"
        " found AS MATERIALIZED (SELECT f.brand, f.story, f.leads, f.hidden, f.published, f.source, f.intent, f.label,"
        " n.theme FROM facts f JOIN named n USING (brand, source, id)"
        " WHERE f.published >= $start - $edge AND f.published < $finish + $edge),"
        f" told AS ({told}),"
        " themed AS MATERIALIZED (SELECT f.brand, theme, count(*) AS count,"
        f" count(*) FILTER ({COMPLAINT}) AS complaints FROM ({themed}) f WHERE theme <> '' GROUP BY ALL),"
        f" whole AS (SELECT f.brand, count(*) AS complaints FROM facts f WHERE {where} AND {COMPLAINT} GROUP BY ALL)"
        " SELECT brand, theme, count FROM themed UNION ALL"
        " SELECT brand, '', w.complaints - coalesce(sum(t.complaints), 0)::BIGINT AS count"
        " FROM whole w LEFT JOIN themed t USING (brand) GROUP BY brand, w.complaints"
        " HAVING w.complaints > coalesce(sum(t.complaints), 0)",
        values | {"edge": EDGE},
    ).df()


def heard(con: Connection, filters: Filters) -> pd.DataFrame:
    """Counts what each source brought of each brand; columns: brand, source, connector, count, complaints."""
    where, values = _where(filters)
    where = where.replace("f.brand = $brand AND ", "")
    values.pop("brand")
    return con.execute(
        "SELECT f.brand, source, coalesce(s.connector, source) AS connector, count(*) AS count,"  # noqa: S608
        f" count(*) FILTER ({COMPLAINT}) AS complaints FROM facts f LEFT JOIN sources s USING (source)"
        f" WHERE {where} GROUP BY ALL",
        values,
    ).df()


def watched(con: Connection) -> dict[str, Watch]:
    """Tells of each source since when there is anything of it."""
    rows = con.execute(
        "SELECT s.source, min(f.published), s.state = 'removed' FROM sources s LEFT JOIN facts f USING (source)"
        " GROUP BY s.source, s.state"
    ).fetchall()
    return {row[0]: Watch(*row) for row in rows}


def daily(
    con: Connection, brand: str, edges: Sequence[datetime], themes: Sequence[str] = (), of: str = ""
) -> dict[str, list[int]]:
    """Counts a brand's complaints by source in the days between `edges`, but for what fell into a gap of its source.

    With `themes` only what is told in these counts, and with `of` they are themes of that brand, found among this
    one's mentions.
    """
    con.register("days", pa.table({"place": range(len(edges) - 1), "begins": list(edges[:-1])}))
    among = COMPLAINT
    if themes:
        table, its = ("theme_peers", "AND t.of = $of") if of else ("theme_members", "")
        among = (
            f"f.story IN (SELECT o.story FROM facts o JOIN {table} t USING (brand, source, id)"  # noqa: S608
            f" WHERE t.brand = $brand AND o.brand = $brand {its} AND list_contains($themes, t.theme)"
            " AND o.published >= $start - $edge AND o.published < $finish + $edge)"
        )
    values = {"brand": brand, "start": edges[0], "finish": edges[-1]}
    more = {"themes": list(themes), "of": of, "edge": EDGE}
    rows = con.execute(
        "SELECT f.source, place, count(*) FROM facts f ASOF JOIN days ON f.published >= days.begins"  # noqa: S608
        " WHERE f.brand = $brand AND f.leads AND NOT f.hidden AND f.published >= $start AND f.published < $finish"
        f" AND {among} AND NOT EXISTS (FROM gaps g WHERE g.source = f.source AND f.published >= g.start"
        " AND f.published < coalesce(g.finish, 'infinity'::TIMESTAMPTZ)) GROUP BY ALL",
        values | {name: value for name, value in more.items() if f"${name}" in among},
    ).fetchall()
    con.unregister("days")
    found: dict[str, list[int]] = {}
    for source, place, count in rows:
        found.setdefault(source, [0] * (len(edges) - 1))[place] = count
    return found


def _where(filters: Filters) -> tuple[str, dict[str, object]]:
    """Writes brand, period, sources and what is counted as a condition on facts `f`, with the values by name."""
    where = "f.brand = $brand AND f.published >= $start AND f.published < $finish AND NOT f.hidden"
    values: dict[str, object] = {"brand": filters.brand, "start": filters.start, "finish": filters.finish}
    if filters.stories:
        where += " AND f.leads"
    if filters.sources:
        where += " AND list_contains($sources, f.source)"
        values["sources"] = list(filters.sources)
    return where, values

"""Draws kept mentions, of whatever brand, on which a match expression can be tried; nothing here writes."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import duckdb

from earful.data.relevance import LATEST

SNIPPET = 300  # characters of a text shown as an example


@dataclass(frozen=True)
class Candidate:
    """A mention to try an expression on; `marked` is what a person said of its being about the brand."""

    source: str
    id: str
    digest: str
    published: datetime
    author: str
    url: str
    title: str
    text: str
    language: str
    about: str
    marked: bool | None


@dataclass(frozen=True)
class Draw:
    """Mentions drawn by lot, in the order of the lot, from `passing` ones of `kept` in the period."""

    kept: int
    passing: int
    rows: list[Candidate]


def draw(
    con: duckdb.DuckDBPyConnection,
    since: datetime,
    until: datetime,
    brand: str,
    needed: Sequence[Sequence[str]],
    most: int,
) -> Draw:
    """Draws at most so many mentions of a period that hold one of each of the `needed` letters; the same each time."""
    written = "translate(lower(m.title || ' ' || m.text), 'ſı', 'si')"
    held = [f"({' OR '.join([f'contains({written}, ?)'] * len(alternatives))})" for alternatives in needed]
    where = " AND ".join(["m.published >= ?", "m.published < ?", "m.gone IS NULL", *held])
    values = [since, until, *(letters for alternatives in needed for letters in alternatives)]
    kept = con.execute(
        "SELECT count(*) FROM mentions WHERE published >= ? AND published < ? AND gone IS NULL", [since, until]
    ).fetchone()
    passing = con.execute(f"SELECT count(*) FROM mentions m WHERE {where}", values).fetchone()  # noqa: S608
    rows = con.execute(
        "WITH drawn AS (SELECT m.source, m.id FROM mentions m"  # noqa: S608
        f" WHERE {where} ORDER BY hash(m.source || chr(31) || m.id), m.source, m.id LIMIT ?)"
        " SELECT m.source, m.id, m.digest, m.published, m.author, m.url, m.title, m.text,"
        " coalesce(nullif(e.language, ''), m.language), m.about, l.about"
        " FROM mentions m SEMI JOIN drawn USING (source, id)"
        " LEFT JOIN examined e ON e.source = m.source AND e.id = m.id AND e.digest = m.digest"
        f" LEFT JOIN {LATEST} l ON l.source = m.source AND l.id = m.id AND l.brand = ?"
        " ORDER BY hash(m.source || chr(31) || m.id), m.source, m.id",
        [*values, most, brand],
    ).fetchall()
    assert kept is not None and passing is not None
    return Draw(kept[0], passing[0], [Candidate(*row) for row in rows])

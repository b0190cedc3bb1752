"""Counts what was answered to surveys' questions; nothing here writes."""

from datetime import datetime
from typing import TypeAlias

import duckdb

from earful.data.queries import Filters

Answers: TypeAlias = dict[str, dict[float, int]]
"""How often each answer was given, by its scale: "nps" or "csat"."""


def answers(con: duckdb.DuckDBPyConnection, filters: Filters, start: datetime, finish: datetime) -> Answers:
    """Counts the answers about a brand from `start` up to `finish`, at the filters' sources.

    Each counts, also without words and whether stories or mentions are looked at: an answer is one person's.
    """
    rows = con.execute(
        "SELECT m.scale, m.answer, count(*) FROM mentions m JOIN"
        " (FROM matches WHERE brand = ?) k ON k.source = m.source AND k.id = m.id"
        " WHERE m.scale <> '' AND m.answer IS NOT NULL AND m.published >= ? AND m.published < ?"
        " AND NOT EXISTS (FROM facts f WHERE f.source = m.source AND f.id = m.id AND f.brand = k.brand AND f.hidden)"
        " AND (len(?::TEXT[]) = 0 OR list_contains(?::TEXT[], m.source)) GROUP BY ALL ORDER BY ALL",
        [filters.brand, start, finish, list(filters.sources), list(filters.sources)],
    ).fetchall()
    found: Answers = {}
    for scale, answer, count in rows:
        found.setdefault(scale, {})[answer] = count
    return found

"""Says which mentions are looked at, and writes that as a condition of SQL."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import duckdb

from earful.data import triage

MOST = 10_000  # of what is found by its words: nobody reads more, and to find the rest would take long
FIRST = timedelta(days=30)  # of the period, that is searched first


@dataclass(frozen=True)
class Filters:
    """What is looked at: one brand from `start` up to `finish`; empty tuples and words leave that open.

    `stories` counts each story once, where and when its first copy appeared; else every mention counts. `themes` are
    the ids of themes, of the brand's own or of another by which it was looked through; what is told in one of them
    counts, copies included. What is hidden as not about the brand is
    left out, or with `hidden` looked at alone, each mention for itself. `stars` is the most that a rating may have;
    what has no rating is then left out. `author` is any part of a name. With `judged` only what people labelled counts.
    """

    brand: str
    start: datetime
    finish: datetime
    stories: bool = True
    sources: tuple[str, ...] = ()
    labels: tuple[str, ...] = ()
    languages: tuple[str, ...] = ()
    words: str = ""
    themes: tuple[str, ...] = ()
    hidden: bool = False
    stars: int | None = None
    intents: tuple[str, ...] = ()
    author: str = ""
    statuses: tuple[str, ...] = ()
    assignee: str = ""
    judged: bool = False


def conditions(filters: Filters) -> tuple[str, list[Any]]:
    """Writes the filters as a condition on facts `f` and, when words or an author are sought, mentions `m`."""
    where, values = of_facts(filters)
    more, given = of_words(filters)
    return " AND ".join(filter(None, (where, more))), values + given


def of_facts(filters: Filters) -> tuple[str, list[Any]]:
    """Writes the filters as a condition on facts `f`, but for words and author."""
    parts = ["f.brand = ?", "f.published >= ?", "f.published < ?", "f.hidden" if filters.hidden else "NOT f.hidden"]
    values: list[Any] = [filters.brand, filters.start, filters.finish]
    if filters.stories and not filters.hidden:
        parts.append("f.leads")
    for column, wanted in (
        ("source", filters.sources),
        ("label", filters.labels),
        ("language", filters.languages),
        ("intent", filters.intents),
    ):
        if wanted:
            parts.append(f"list_contains(?, f.{column})")
            values.append(list(wanted))
    if filters.themes:
        parts.append(
            "f.story IN (SELECT t.story FROM facts t JOIN (SELECT brand, source, id, theme FROM theme_members UNION ALL"
            " SELECT brand, source, id, theme FROM theme_peers) o USING (brand, source, id)"
            " WHERE t.brand = ? AND o.brand = ? AND t.published >= ? AND t.published < ? AND list_contains(?, theme))"
        )
        near = timedelta(days=7)  # a story's complaining copy may lie beyond the period
        values += [filters.brand, filters.brand, filters.start - near, filters.finish + near, list(filters.themes)]
    if filters.stars is not None:
        parts.append("f.rating <= ?")
        values.append(filters.stars)
    if filters.judged:
        parts.append("f.corrected")
    more, given = triage.condition(filters.brand, filters.statuses, filters.assignee)
    parts += more
    return " AND ".join(parts), values + given


def of_words(filters: Filters) -> tuple[str, list[Any]]:
    """Writes the words and the author that are sought as a condition on mentions `m`, "" where none are."""
    parts: list[str] = []
    values: list[Any] = []
    if filters.author:
        parts.append("contains(lower(m.author), lower(?))")
        values.append(filters.author)
    for word in filters.words.split():
        # contains() knows no wildcards, so nothing in the word needs escaping
        parts.append("(contains(lower(m.title), lower(?)) OR contains(lower(m.text), lower(?)))")
        values += [word, word]
    return " AND ".join(parts), values


def sought(con: duckdb.DuckDBPyConnection, filters: Filters) -> tuple[str, str, list[Any]]:
    """Gives what to read facts `f` from, and the filters' condition on them with its values.

    Where words or an author are sought, that is a table of what was found, with the `place` of each among the mentions:
    the newest, once there are more than MOST. It is made once a connection, however often the same is asked: to read
    the texts takes longer than all else.
    """
    where, values = of_facts(filters)
    more, given = of_words(filters)
    if not more:
        return "facts f", where, values
    name = f"sought_{hashlib.sha256(repr(filters).encode()).hexdigest()[:16]}"
    if con.execute("SELECT 1 FROM duckdb_tables() WHERE table_name = ?", [name]).fetchone():
        return f"{name} f", "true", []
    facts = "SELECT * EXCLUDE (collected, leads, intent) FROM facts f"
    con.execute(f"CREATE TEMP TABLE {name} AS SELECT *, 0::BIGINT AS place FROM ({facts}) LIMIT 0")  # noqa: S608
    for start, finish in backwards(filters.start, filters.finish):
        con.execute(
            f"INSERT INTO {name} SELECT f.*, place"  # noqa: S608
            f" FROM ({facts} WHERE {where} AND f.published >= ? AND f.published < ?) f"
            " JOIN (SELECT source, id, rowid AS place FROM mentions m WHERE published >= ? AND published < ?"
            f" AND {more}) USING (source, id)",
            [*values, start, finish, start, finish, *given],
        )
        found = con.execute(f"SELECT count(*) FROM {name}").fetchone()  # noqa: S608
        if found and found[0] > MOST:
            break
    return f"{name} f", "true", []


def backwards(start: datetime, finish: datetime) -> Iterator[tuple[datetime, datetime]]:
    """Cuts a span of time into pieces, the newest first, each as long as all before it together."""
    length, end = FIRST, finish
    while end > start:
        begin = max(start, end - length)
        yield begin, end
        length, end = finish - begin, begin

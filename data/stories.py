"""Keeps which story each mention tells, and which stories became one; asks what is not grouped yet.

`examined.story` is the story; `grouped` says in which words a mention was put there. A mention without words (deleted
at its source) stays where it was. The name of a story that was merged into another is never given again.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import duckdb
import pyarrow as pa

from earful.data import facts, waiting

Connection = duckdb.DuckDBPyConnection


@dataclass(frozen=True, slots=True)
class Waiting:
    """A mention to be put into a story; `before` is the story it told in other words, "" for none."""

    source: str
    id: str
    digest: str
    author: str
    published: datetime
    title: str
    text: str
    rating: float | None
    scale: str
    before: str


@dataclass(frozen=True, slots=True)
class Placed:
    """A mention in the words it was grouped in, and its story."""

    source: str
    id: str
    digest: str
    story: str


@dataclass(frozen=True, slots=True)
class Copy:
    """One of a story's mentions of a brand, first of all where and when."""

    source: str
    id: str
    author: str
    url: str
    published: datetime


_WAITING = (
    "SELECT e.source, e.id, e.digest, m.author, m.published, m.title, m.text, m.rating, m.scale,"
    " CASE WHEN g.id IS NULL THEN '' ELSE e.story END"
    " FROM {} e JOIN mentions m USING (source, id) LEFT JOIN grouped g USING (source, id)"
    " WHERE m.gone IS NULL AND m.digest = e.digest"
)


def ungrouped(con: Connection, model: str, limit: int) -> list[Waiting]:
    """Lists mentions of a brand that were not grouped in their present words, oldest first.

    With a model only those that it has looked at, so that their embeddings are there.
    """
    rows = con.execute(
        # The texts are fetched last, of the few that are wanted.
        "WITH first AS MATERIALIZED (SELECT e.* FROM waiting JOIN examined e USING (source, id)"  # noqa: S608
        " JOIN mentions m USING (source, id, digest) WHERE m.gone IS NULL"
        " AND (? = '' OR EXISTS (FROM scores s WHERE s.source = e.source AND s.id = e.id AND s.model = ?"
        " AND s.digest = e.digest)) ORDER BY m.published, e.source, e.id LIMIT ?) "
        f"{_WAITING.format('first')} ORDER BY m.published, e.source, e.id",
        [model, model, limit],
    ).fetchall()
    return [Waiting(*row) for row in rows]


def companions(con: Connection, names: Collection[str], most: int) -> list[Waiting]:
    """Lists the mentions of those stories that have at most so many."""
    rows = con.execute(
        f"{_WAITING.format('examined')} AND g.id IS NOT NULL AND e.story IN"  # noqa: S608
        " (SELECT story FROM examined WHERE list_contains(?, story) GROUP BY story HAVING count(*) <= ?)"
        " ORDER BY m.published, e.source, e.id",
        [list(names), most],
    ).fetchall()
    return [Waiting(*row) for row in rows]


def placed(con: Connection, mentions: Collection[tuple[str, str]]) -> dict[tuple[str, str], Placed]:
    """Finds where mentions, given as (source, id), are grouped; those that are not are left out."""
    con.register("sought", _table(("source", "id"), mentions))
    rows = con.execute(
        "SELECT source, id, g.digest, e.story FROM sought JOIN grouped g USING (source, id)"
        " JOIN examined e USING (source, id)"
    ).fetchall()
    con.unregister("sought")
    return {(row[0], row[1]): Placed(*row) for row in rows}


def sizes(con: Connection, names: Collection[str]) -> dict[str, tuple[int, datetime]]:
    """Counts the mentions of stories, and tells when each began."""
    con.register("sought", _table(("story",), [(name,) for name in names]))
    rows = con.execute(
        "SELECT story, count(*), min(published) FROM examined SEMI JOIN sought USING (story)"
        " JOIN mentions USING (source, id) GROUP BY story"
    ).fetchall()
    con.unregister("sought")
    return {story: (count, first) for story, count, first in rows}


def taken(con: Connection, names: Collection[str]) -> set[str]:
    """Picks the names that stories have or had."""
    con.register("sought", _table(("story",), [(name,) for name in names]))
    rows = con.execute(
        "SELECT story FROM sought SEMI JOIN (SELECT story FROM examined SEMI JOIN grouped USING (source, id)"
        " UNION ALL SELECT old FROM story_merges) USING (story)"
    ).fetchall()
    con.unregister("sought")
    return {row[0] for row in rows}


def place(con: Connection, found: Sequence[Placed], merges: Sequence[tuple[str, str]], now: datetime) -> None:
    """Puts mentions into stories and makes one of those that are to merge, as (old, new); brings the facts along."""
    con.register("found", _table(("source", "id", "digest", "story"), [_values(one) for one in found]))
    con.register("merging", _table(("old", "new"), merges))
    con.execute(
        "CREATE OR REPLACE TEMP TABLE moved AS SELECT story FROM examined SEMI JOIN found USING (source, id)"
        " UNION SELECT story FROM found UNION SELECT old FROM merging UNION SELECT new FROM merging"
    )
    con.execute(
        "UPDATE examined SET story = found.story FROM found WHERE examined.source = found.source"
        " AND examined.id = found.id AND examined.story <> found.story"
    )
    if merges:
        con.execute("UPDATE examined SET story = merging.new FROM merging WHERE examined.story = merging.old")
    con.execute(
        "INSERT INTO grouped SELECT source, id, digest FROM found ON CONFLICT DO UPDATE SET digest = excluded.digest"
    )
    waiting.grouped(con)
    con.execute("INSERT INTO story_merges SELECT old, new, ?::TIMESTAMPTZ FROM merging ON CONFLICT DO NOTHING", [now])
    con.unregister("found")
    con.unregister("merging")
    facts.refresh(con, "SELECT story FROM moved")


def joined(con: Connection, source: str, id: str) -> list[datetime]:
    """Lists when other stories turned out to be that of a mention, the first first."""
    rows = con.execute(
        "WITH RECURSIVE went AS (SELECT old, merged FROM story_merges JOIN examined ON new = story"
        " WHERE source = ? AND id = ?"
        " UNION SELECT s.old, s.merged FROM story_merges s JOIN went ON s.new = went.old)"
        " SELECT merged FROM went ORDER BY merged",
        [source, id],
    ).fetchall()
    return [row[0] for row in rows]


def copies(con: Connection, source: str, id: str, brand: str, most: int = 100) -> list[Copy]:
    """Lists the mentions of a brand that tell the same story as one does, that one among them, the first first.

    Where that one is not hidden, hidden ones are left out, and the other way round.
    """
    rows = con.execute(
        "SELECT m.source, m.id, m.author, m.url, m.published FROM facts f"
        " JOIN (FROM facts WHERE brand = $brand AND source = $source AND id = $id) o USING (brand, story, hidden)"
        " JOIN mentions m ON m.source = f.source AND m.id = f.id"
        " ORDER BY m.published, m.source, m.id LIMIT $most",
        {"source": source, "id": id, "brand": brand, "most": most},
    ).fetchall()
    return [Copy(*row) for row in rows]


def mark(con: Connection) -> str:
    """Gives the mark of the batch that was grouped last, "" before any."""
    row = con.execute("SELECT value ->> '$' FROM settings WHERE key = 'grouped'").fetchone()
    return row[0] if row else ""


def grouped(con: Connection, after: tuple[str, str], limit: int) -> list[Waiting]:
    """Lists mentions that were grouped in their present words, in the order of (source, id), after one of them."""
    rows = con.execute(
        f"{_WAITING.format('examined')} AND g.digest = e.digest AND (e.source, e.id) > (?, ?)"
        " ORDER BY e.source, e.id LIMIT ?",
        [*after, limit],
    ).fetchall()
    return [Waiting(*row) for row in rows]


def _table(names: Sequence[str], rows: Collection[Sequence[str]]) -> pa.Table:
    return pa.table({name: pa.array([row[at] for row in rows], pa.string()) for at, name in enumerate(names)})


def _values(one: Placed) -> tuple[Any, ...]:
    return one.source, one.id, one.digest, one.story

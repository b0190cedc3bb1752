"""Keeps the earlier wordings of edited mentions, and erases what was deleted at its source.

Both happen in the transaction that keeps a page. What stays of a deleted mention is that there was one: its time, its
source, its brands and labels, so that no count of the past changes.
"""

import json
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import duckdb
import pyarrow as pa

from earful.data import waiting

Connection = duckdb.DuckDBPyConnection
MOST = 20  # wordings kept of one mention: a source that shows a counter in its text would fill the disk
_QUOTING = (  # tables, keys and columns that quote mentions
    ("alerts", "alert", "card"),
    ("outbox", "key", "message"),
    ("digests", "digest", "content"),
)
DELETED = "deleted at its source"  # in place of a story's words where its numbers are needed for a sum


@dataclass(frozen=True)
class Version:
    """An earlier wording of a mention, and when another one was seen in its place."""

    seen: datetime
    title: str
    text: str


@dataclass(frozen=True)
class History:
    """What became of a mention: its earlier wordings, oldest first, and since when it is known to be deleted."""

    versions: tuple[Version, ...] = ()
    gone: datetime | None = None


def keep(con: Connection, source: str, now: datetime) -> None:
    """Keeps the present wordings that the registered table `page` (id, title, text, digest) is about to replace."""
    con.execute(
        "INSERT INTO versions SELECT source, id, ?::TIMESTAMPTZ, m.title, m.text, m.digest"
        " FROM mentions m JOIN page p USING (id)"
        " WHERE m.source = ? AND m.gone IS NULL AND (m.title, m.text) IS DISTINCT FROM (p.title, p.text)"
        " AND (SELECT count(*) FROM versions v WHERE v.source = m.source AND v.id = m.id) < ?"
        " ON CONFLICT DO UPDATE SET seen = excluded.seen",
        [now, source, MOST],
    )


def erase(con: Connection, source: str, ids: Collection[str], now: datetime) -> int:
    """Erases words, authors and addresses of mentions, wherever they are kept or quoted; returns how many were there.

    An id that is not known or erased already changes nothing.
    """
    if not ids:
        return 0
    con.register("ended", pa.table({"id": pa.array(list(ids), pa.string())}))
    authors = con.execute(
        "SELECT DISTINCT author FROM mentions WHERE source = ? AND author <> '' AND id IN (FROM ended)", [source]
    ).fetchall()
    rows = con.execute(
        "UPDATE mentions SET title = '', text = '', author = '', url = '', gone = ?::TIMESTAMPTZ"
        " WHERE source = ? AND gone IS NULL AND id IN (FROM ended) RETURNING id",
        [now, source],
    ).fetchall()
    con.execute("UPDATE versions SET title = '', text = '' WHERE source = ? AND id IN (FROM ended)", [source])
    con.execute("UPDATE themes SET sentence = '' WHERE sentence_source = ? AND sentence_id IN (FROM ended)", [source])
    for table in ("theme_members", "theme_peers"):
        con.execute(f"DELETE FROM {table} WHERE source = ? AND id IN (FROM ended)", [source])  # noqa: S608
    waiting.deleted(con, source)
    con.unregister("ended")
    erased = {(source, row[0]) for row in rows}
    for table, key, column in _QUOTING if erased else ():
        for name, kept in con.execute(f"SELECT {key}, {column} FROM {table}").fetchall():  # noqa: S608
            value = json.loads(kept)
            if _unquote(value, erased) | _unname(value.get("card", value), {author for (author,) in authors}):
                con.execute(f"UPDATE {table} SET {column} = ? WHERE {key} = ?", [json.dumps(value), name])  # noqa: S608
    return len(erased)


def erase_below(con: Connection, source: str, beginnings: Collection[str], now: datetime) -> int:
    """Erases all mentions whose ids begin in one of these ways; returns how many were there."""
    if not beginnings:
        return 0
    con.register("closed", pa.table({"beginning": pa.array(list(beginnings), pa.string())}))
    rows = con.execute(
        "SELECT m.id FROM mentions m CROSS JOIN (SELECT DISTINCT length(beginning) AS size FROM closed) s"
        " SEMI JOIN closed ON substr(m.id, 1, s.size) = beginning WHERE m.source = ? AND m.gone IS NULL",
        [source],
    ).fetchall()
    con.unregister("closed")
    return erase(con, source, [name for (name,) in rows], now)


def _unquote(value: Any, erased: Collection[tuple[str, str]]) -> bool:
    """Takes quotes of erased mentions out of a JSON value, wherever they stand in it; says whether there were any."""
    if not isinstance(value, dict | list):
        return False
    places = list(value.items() if isinstance(value, dict) else enumerate(value))
    quotes = [place for place, one in places if _is_of(one, erased) and "text" in one]
    named = [one for _, one in places if _is_of(one, erased) and "name" in one]
    for place in reversed(quotes):
        if isinstance(value, dict):
            value[place] = None
        else:
            del value[place]
    for one in named:
        one["name"] = DELETED
    inside = [_unquote(one, erased) for place, one in places if place not in quotes]
    return bool(quotes or named or any(inside))


def _unname(card: dict[str, Any], authors: Collection[str]) -> bool:
    """Takes the names of authors out of a card's split by author and of what is new; says whether there were any."""
    splits = card.get("splits")
    rows = [*(splits.get("author", ()) if isinstance(splits, dict) else ())]
    rows += [one for one in card.get("new", ()) if isinstance(one, dict) and one.get("kind") == "author"]
    named = [one for one in rows if one["name"] in authors]
    for one in named:
        one["name"] = DELETED
    return bool(named)


def _is_of(value: Any, erased: Collection[tuple[str, str]]) -> bool:
    return isinstance(value, dict) and (value.get("source"), value.get("id")) in erased


def history(con: Connection, source: str, id: str) -> History:
    """Tells what became of a mention since it was first seen."""
    rows = con.execute(
        "SELECT v.seen, v.title, v.text FROM versions v JOIN mentions m USING (source, id)"
        " WHERE source = ? AND id = ? AND v.digest <> m.digest ORDER BY v.seen, v.digest",
        [source, id],
    ).fetchall()
    gone = con.execute("SELECT gone FROM mentions WHERE source = ? AND id = ?", [source, id]).fetchone()
    return History(tuple(Version(*row) for row in rows), gone[0] if gone else None)

"""Keeps the fingerprints of mentions where their copies are sought, in a file of its own: `stories.sqlite`.

An entry is put at some places; who looks at a place sees the entries of about the same time. Places lie apart by
period, so that a new mention costs the same however many years are kept. What is here is derived from the mentions:
each batch leaves its mark before the main file knows of it, and a file without the mark that the main file holds is
filled again.
"""

import hashlib
import sqlite3
from array import array
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from earful.data import aside

PERIOD = 30 * 24 * 60  # minutes
SEEN = 64  # entries seen at one place, the nearest in time: what is common to more tells little
Key = tuple[str, str]  # a mention's source and id
FILE = "stories.sqlite"
SCHEMA = (
    "CREATE TABLE IF NOT EXISTS entries (entry INTEGER PRIMARY KEY, name INTEGER UNIQUE, source TEXT, id TEXT,"
    " digest TEXT, minute INTEGER, places BLOB, content BLOB)",
    "CREATE TABLE IF NOT EXISTS places (period INTEGER, place INTEGER, minute INTEGER, entry INTEGER,"
    " PRIMARY KEY (period, place, minute, entry)) WITHOUT ROWID",
    "CREATE TABLE IF NOT EXISTS marks (mark TEXT PRIMARY KEY) WITHOUT ROWID",
)


@dataclass(frozen=True, slots=True)
class Entry:
    """A mention's fingerprint as bytes, when it was published in minutes since 1970, and the places where it is put."""

    source: str
    id: str
    digest: str
    minute: int
    places: Sequence[int]
    content: bytes


def put(folder: Path, entries: Sequence[Entry], mark: str = "") -> list[int]:
    """Puts entries in place of those of the same mentions, leaves the batch's mark, and gives their numbers."""
    with aside.opened(folder / FILE, SCHEMA) as con:
        _take_out(con, [(one.source, one.id) for one in entries])
        numbers = []
        rows = []
        for one in entries:
            found = con.execute(
                "INSERT INTO entries (name, source, id, digest, minute, places, content) VALUES (?, ?, ?, ?, ?, ?, ?)",
                [_name((one.source, one.id)), one.source, one.id, one.digest, one.minute,
                 array("i", one.places).tobytes(), one.content],
            )  # fmt: skip
            numbers.append(int(found.lastrowid or 0))
            rows += [(one.minute // PERIOD, place, one.minute, numbers[-1]) for place in one.places]
        con.executemany("INSERT INTO places VALUES (?, ?, ?, ?)", sorted(rows))
        if mark:
            con.execute("INSERT OR IGNORE INTO marks VALUES (?)", [mark])
    return numbers


def near(folder: Path, sought: Sequence[tuple[int, Sequence[int]]], window: int) -> list[dict[int, float]]:
    """Finds for each (minute, places) the entries at those places that are at most `window` minutes away.

    Maps their numbers to weights: a place that few share says more.
    """
    with aside.opened(folder / FILE, SCHEMA) as con:
        return [_near(con, minute, places, window) for minute, places in sought]


def _near(con: sqlite3.Connection, minute: int, places: Sequence[int], window: int) -> dict[int, float]:
    first, last = minute - window, minute + window
    periods = sorted({first // PERIOD, minute // PERIOD, last // PERIOD})
    marks = ",".join("?" * len(periods))
    question = f"SELECT entry FROM places WHERE period IN ({marks}) AND place = ? AND minute BETWEEN ? AND ? LIMIT ?"  # noqa: S608
    weights: dict[int, float] = {}
    for place in places:
        seen = con.execute(question, [*periods, place, first, last, SEEN + 1]).fetchall()
        if len(seen) > SEEN:
            seen = _nearest(con, place, minute, first, "DESC") + _nearest(con, place, minute + 1, last, "ASC")
        for (entry,) in seen:
            weights[entry] = weights.get(entry, 0.0) + 1 / len(seen)
    return weights


def _nearest(con: sqlite3.Connection, place: int, begin: int, end: int, order: str) -> list[tuple[int]]:
    """Finds the entries at a place that come next from one minute on to another, in time or against it."""
    found: list[tuple[int]] = []
    step = 1 if end >= begin else -1
    for period in range(begin // PERIOD, end // PERIOD + step, step):
        found += con.execute(
            "SELECT entry FROM places WHERE period = ? AND place = ? AND minute BETWEEN ? AND ?"  # noqa: S608
            f" ORDER BY minute {order}, entry LIMIT ?",
            [period, place, min(begin, end), max(begin, end), SEEN // 2 - len(found)],
        ).fetchall()
    return found


def read(folder: Path, numbers: Iterable[int]) -> dict[int, tuple[Key, str, bytes]]:
    """Gives (source, id), digest and content of entries by their numbers."""
    found: dict[int, tuple[Key, str, bytes]] = {}
    with aside.opened(folder / FILE, SCHEMA) as con:
        for number in numbers:
            row = con.execute("SELECT source, id, digest, content FROM entries WHERE entry = ?", [number]).fetchone()
            found[number] = (row[0], row[1]), row[2], row[3]
    return found


def lacking(folder: Path, mentions: Mapping[Key, str]) -> set[Key]:
    """Picks those mentions, given with the digests of their words, that have no entry in these words."""
    with aside.opened(folder / FILE, SCHEMA) as con:
        question = "SELECT 1 FROM entries WHERE name = ? AND digest = ?"
        return {key for key, digest in mentions.items() if not con.execute(question, [_name(key), digest]).fetchone()}


def forget(folder: Path, mentions: Sequence[Key]) -> None:
    """Takes the entries of mentions out."""
    with aside.opened(folder / FILE, SCHEMA) as con:
        _take_out(con, mentions)


def has(folder: Path, mark: str) -> bool:
    """Tells whether the file holds a batch's mark."""
    with aside.opened(folder / FILE, SCHEMA) as con:
        return con.execute("SELECT 1 FROM marks WHERE mark = ?", [mark]).fetchone() is not None


def _take_out(con: sqlite3.Connection, mentions: Sequence[Key]) -> None:
    for key in mentions:
        row = con.execute("DELETE FROM entries WHERE name = ? RETURNING entry, minute, places", [_name(key)]).fetchone()
        if row:
            entry, minute, places = row
            con.executemany(
                "DELETE FROM places WHERE period = ? AND place = ? AND minute = ? AND entry = ?",
                [(minute // PERIOD, place, minute, entry) for place in array("i", places)],
            )


def _name(key: Key) -> int:
    """Names a mention by 64 bits: a billion of them could be kept before two are likely to share a name."""
    return int.from_bytes(hashlib.sha256("\0".join(key).encode()).digest()[:8], "big", signed=True)

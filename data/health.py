"""Writes how asking a source went: its state, when it is asked again, its gaps, its host's pause."""

from collections.abc import Iterable
from datetime import datetime

import duckdb

Connection = duckdb.DuckDBPyConnection


def record_success(con: Connection, source: str, now: datetime, due: datetime, new: int, rolled: bool) -> None:
    """Notes a good fetch: failures end, an open gap is closed, and dropped when nothing can have been missed.

    `rolled` says that the answer shares nothing with the one before: items may have gone by unseen.
    """
    row = con.execute("SELECT last_success FROM sources WHERE source = ?", [source]).fetchone()
    last = row[0] if row else None
    if rolled and last is not None:
        con.execute(
            "INSERT INTO gaps VALUES (?, ?, ?, 'may have rolled past us')"
            " ON CONFLICT DO UPDATE SET finish = excluded.finish",
            [source, last, now],
        )
    elif not rolled:
        con.execute("DELETE FROM gaps WHERE source = ? AND finish IS NULL", [source])
    con.execute("UPDATE gaps SET finish = ? WHERE source = ? AND finish IS NULL", [now, source])
    con.execute(
        "UPDATE sources SET state = 'fine', error = '', failures = 0, due = ?, last_success = ?,"
        " since = CASE WHEN state = 'fine' THEN since ELSE ?::TIMESTAMPTZ END,"
        " last_new = CASE WHEN ? > 0 THEN ?::TIMESTAMPTZ ELSE last_new END WHERE source = ?",
        [due, now, now, new, now, source],
    )


def record_failure(con: Connection, source: str, now: datetime, due: datetime | None, state: str, error: str) -> None:
    """Notes a failed fetch on the source's row and opens a gap since its last success."""
    con.execute(
        "UPDATE sources SET since = CASE WHEN state = ? THEN since ELSE ?::TIMESTAMPTZ END, state = ?, error = ?,"
        " failures = failures + 1, due = ? WHERE source = ?",
        [state, now, state, error, due, source],
    )
    con.execute(
        "INSERT INTO gaps SELECT source, last_success, NULL, ? FROM sources s WHERE source = ?"
        " AND last_success IS NOT NULL AND NOT EXISTS"
        " (FROM gaps g WHERE g.source = s.source AND (g.finish IS NULL OR g.start = s.last_success))",
        [error, source],
    )


def record_move(con: Connection, source: str, address: str, now: datetime) -> None:
    """Notes the address a source says it moved to for good; "" when it stopped saying so."""
    con.execute(
        "UPDATE sources SET moved_since = CASE WHEN ? = '' THEN NULL WHEN moved_to = ? THEN moved_since"
        " ELSE ?::TIMESTAMPTZ END, moved_to = ? WHERE source = ?",
        [address, address, now, address, source],
    )


def pause_host(con: Connection, host: str, until: datetime) -> None:
    """Keeps every source of a host waiting until a time; survives a restart."""
    con.execute(
        "INSERT INTO hosts VALUES (?, ?) ON CONFLICT DO UPDATE SET"
        " paused_until = greatest(paused_until, excluded.paused_until)",
        [host, until],
    )


def save_silences(con: Connection, silences: Iterable[tuple[str, datetime, datetime, str]]) -> None:
    """Keeps unbelievably silent intervals as gaps: (source, start, finish, reason)."""
    for silence in silences:
        con.execute(
            "INSERT INTO gaps VALUES (?, ?, ?, ?)"
            " ON CONFLICT DO UPDATE SET finish = excluded.finish, reason = excluded.reason",
            list(silence),
        )

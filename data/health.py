"""Writes how asking a source went: its state, when it is asked again, its gaps, its host's pause."""

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta

import duckdb

Connection = duckdb.DuckDBPyConnection
SLOW = 10.0  # seconds for an answer
LATELY = 86_400  # seconds: a check so long ago weighs 1/e


def record_success(con: Connection, source: str, now: datetime, due: datetime, new: int, rolled: bool) -> None:
    """Notes a good fetch: failures end, an open gap is closed, and dropped when nothing can have been missed.

    `rolled` says that the answer shares nothing with the one before: items may have gone by unseen.
    """
    _count(con, source, now, lost=False)
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
    if state != "slow down":  # which is no fault, only a wish
        _count(con, source, now, lost=True)
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


def _count(con: Connection, source: str, now: datetime, lost: bool) -> None:
    """Counts a check, whether it was lost, and whether it is the first that was lost after a good one."""
    con.execute(
        "UPDATE sources SET asks = asks * keep + 1, losses = losses * keep + $lost::INTEGER, counted = $now,"
        " falls = falls * keep + ($lost AND failures = 0)::INTEGER FROM (SELECT source AS name,"
        " exp(-greatest(0, epoch($now::TIMESTAMPTZ) - epoch(coalesce(counted, $now))) / $lately) AS keep"
        " FROM sources WHERE source = $source) WHERE source = name",
        {"source": source, "now": now, "lost": lost, "lately": LATELY},
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


def replace_silences(
    con: Connection, reason: str, silences: Sequence[tuple[str, datetime, datetime, str]], since: datetime
) -> None:
    """Keeps silent intervals as `save_silences` does, in place of those found before whose reason begins alike.

    One that began before `since` stays. One that is no longer found was filled by what came late.
    """
    found = {(source, start) for source, start, _, _ in silences}
    kept = con.execute(
        "SELECT source, start FROM gaps WHERE starts_with(reason, ?) AND start >= ?", [reason, since]
    ).fetchall()
    for source, start in kept:
        if (source, start) not in found:
            con.execute("DELETE FROM gaps WHERE source = ? AND start = ?", [source, start])
    save_silences(con, silences)


def record_answer(
    con: Connection, source: str, now: datetime, host: str, seconds: float, hint: float, read: int | None
) -> None:
    """Notes how a source answered: how fast, for how long the answer holds, and how many items it `read`.

    `read` is None where the answer says nothing of that: it was not changed, or there is more to come.
    """
    con.execute(
        "UPDATE sources SET host = ?, asked = ?, hint = ?, key_mark = '',"
        " seconds = CASE WHEN seconds = 0 THEN ? ELSE 0.7 * seconds + 0.3 * ? END WHERE source = ?",
        [host, now, hint, seconds, seconds, source],
    )
    con.execute(
        "UPDATE sources SET slow_since = CASE WHEN seconds >= ? THEN coalesce(slow_since, ?::TIMESTAMPTZ) END"
        " WHERE source = ?",
        [SLOW, now, source],
    )
    if read is not None:
        con.execute(
            "UPDATE sources SET fulls = CASE WHEN ? = 0 THEN fulls WHEN empties > 0 THEN 1 ELSE fulls + 1 END,"
            " empties = CASE WHEN ? = 0 THEN empties + 1 ELSE 0 END WHERE source = ?",
            [read, read, source],
        )


def record_asked(con: Connection, source: str, now: datetime, host: str, key_mark: str = "") -> None:
    """Notes that a source was asked, or would have been; `key_mark` tells the key that was refused from another."""
    con.execute("UPDATE sources SET asked = ?, host = ?, key_mark = ? WHERE source = ?", [now, host, key_mark, source])


def record_waiting(con: Connection, source: str, now: datetime, due: datetime, reason: str) -> None:
    """Notes that a source goes on later because a quota is used up; that is no failure."""
    con.execute(
        "UPDATE sources SET since = CASE WHEN state = 'waiting' THEN since ELSE ?::TIMESTAMPTZ END,"
        " state = 'waiting', error = ?, due = ? WHERE source = ?",
        [now, reason, due, source],
    )


def forgive(con: Connection, plan: Mapping[str, datetime], failures: int) -> None:
    """Plans sources anew whose failures were not their own, and counts no more than so many of these."""
    for source, due in plan.items():
        con.execute(
            "UPDATE sources SET due = ?, failures = least(failures, ?) WHERE source = ?", [due, failures, source]
        )


def mark_silent(con: Connection, silent: Mapping[str, datetime]) -> None:
    """Notes since when sources are silent for longer than is their habit; all others are not."""
    con.execute("UPDATE sources SET silent_since = NULL WHERE silent_since IS NOT NULL")
    for source, since in silent.items():
        con.execute("UPDATE sources SET silent_since = ? WHERE source = ?", [since, source])


def keep_pace(con: Connection, pauses: Mapping[str, datetime]) -> None:
    """Keeps when hosts may be asked next."""
    for host, ready in pauses.items():
        con.execute("INSERT INTO paces VALUES (?, ?) ON CONFLICT DO UPDATE SET ready = excluded.ready", [host, ready])


def keep_spent(con: Connection, connector: str, spent: Sequence[tuple[float, int]]) -> None:
    """Keeps what is spent of a connector's quota: (when it comes back in seconds since 1970, units)."""
    con.execute(
        "INSERT INTO quotas VALUES (?, ?) ON CONFLICT DO UPDATE SET spent = excluded.spent",
        [connector, json.dumps(spent)],
    )


def follow_clock(con: Connection, now: datetime, ahead: timedelta) -> None:
    """Moves all that is planned back by as much as the clock went back; what was noted later than now is as of now.

    Otherwise nothing would be asked until the clock has caught up.
    """
    con.execute(
        "UPDATE sources SET due = due - $1, asked = least(asked, $2), last_success = least(last_success, $2),"
        " last_new = least(last_new, $2), since = least(since, $2)",
        [ahead, now],
    )
    con.execute("UPDATE hosts SET paused_until = paused_until - ?", [ahead])
    con.execute("UPDATE paces SET ready = ready - ?", [ahead])

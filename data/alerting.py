"""Reads the counts that are watched; writes spikes, alerts and the outbox, inside the caller's transaction."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import duckdb

Connection = duckdb.DuckDBPyConnection


@dataclass(frozen=True)
class Spike:
    """An interval in which a brand's negative stories exceeded what its history leads one to expect."""

    start: datetime
    finish: datetime
    observed: int
    expected: float
    high: float
    score: float


@dataclass(frozen=True)
class Alert:
    """A spike that people are told about; `latest` is the end of the last interval that was taken into account."""

    alert: str
    brand: str
    rule: str
    state: str  # pending, firing, resolved, dropped (pending that did not last)
    started: datetime
    fired: datetime | None
    resolved: datetime | None
    latest: datetime
    card: dict[str, Any]


# What has no date is dated by our reading it. That says something only of a source that was read before: what a first
# look or a file brings may be of any age.
TIMELY = """
    (m.dated OR NOT starts_with(f.source, 'import:')
        AND f.collected > (SELECT min(c.collected) FROM mentions c WHERE c.source = f.source))
"""


def story_times(con: Connection, brand: str, since: datetime, counts: str) -> list[datetime]:
    """Lists when each story about a brand began, in order; `counts` is "negative" or "all"."""
    rows = con.execute(
        "SELECT f.published FROM facts f JOIN mentions m USING (source, id)"  # noqa: S608
        " WHERE f.brand = ? AND f.leads AND (f.label = 'negative' OR ? = 'all') AND f.published >= ?"
        f" AND {TIMELY} ORDER BY 1",
        [brand, counts, since],
    ).fetchall()
    return [row[0] for row in rows]


def spoken_of(con: Connection, brand: str) -> tuple[datetime, datetime] | None:
    """Gives the times of a brand's first and last mention, None when there is none."""
    row = con.execute("SELECT min(published), max(published) FROM facts WHERE brand = ?", [brand]).fetchone()
    return (row[0], row[1]) if row and row[0] else None


def source_times(con: Connection, since: datetime) -> dict[str, list[datetime]]:
    """Lists the dated mentions' times of each source."""
    rows = con.execute(
        "SELECT source, list(published) FROM mentions WHERE dated AND published >= ? GROUP BY source", [since]
    ).fetchall()
    return dict(rows)


def speakers(con: Connection, brand: str) -> set[str]:
    """Names the sources that ever spoke of a brand."""
    return {row[0] for row in con.execute("SELECT DISTINCT source FROM facts WHERE brand = ?", [brand]).fetchall()}


def gaps(con: Connection, since: datetime) -> list[tuple[str, datetime, datetime | None]]:
    """Lists the gaps (source, start, finish) that reach beyond a time; finish None is still open."""
    return con.execute(
        "SELECT source, start, finish FROM gaps WHERE coalesce(finish, start) >= ? OR finish IS NULL ORDER BY ALL",
        [since],
    ).fetchall()


def save_spikes(con: Connection, brand: str, rule: str, since: datetime, spikes: Sequence[Spike]) -> None:
    """Keeps the spikes of a brand under a rule, in place of those found before from `since` on."""
    con.execute("DELETE FROM spikes WHERE brand = ? AND rule = ? AND start >= ?", [brand, rule, since])
    for spike in spikes:
        con.execute(
            "INSERT INTO spikes VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
            [brand, rule, spike.start, spike.finish, spike.observed, spike.expected, spike.high, spike.score],
        )


def end_others(con: Connection, watched: Sequence[tuple[str, str]], now: datetime) -> None:
    """Ends the open alerts of what is no longer watched; `watched` lists each (brand, rule) that is."""
    for (alert,) in con.execute("SELECT alert FROM alerts WHERE state IN ('pending', 'firing')").fetchall():
        brand, rule, _ = str(alert).rsplit("|", 2)
        if (brand, rule) not in watched:
            con.execute("UPDATE alerts SET state = 'resolved', resolved = ? WHERE alert = ?", [now, alert])


def latest_alert(con: Connection, brand: str, rule: str) -> Alert | None:
    """Gives the newest alert of a brand under a rule, in whatever state."""
    row = con.execute(
        "SELECT alert, brand, rule, state, started, fired, resolved, latest, card FROM alerts"
        " WHERE brand = ? AND rule = ? ORDER BY started DESC LIMIT 1",
        [brand, rule],
    ).fetchone()
    return Alert(*(json.loads(value) if place == 8 else value for place, value in enumerate(row))) if row else None


def save_alert(con: Connection, alert: Alert) -> None:
    """Keeps an alert's state."""
    con.execute(
        "INSERT INTO alerts VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET state = excluded.state,"
        " fired = excluded.fired, resolved = excluded.resolved, latest = excluded.latest, card = excluded.card",
        [
            alert.alert, alert.brand, alert.rule, alert.state, alert.started,
            alert.fired, alert.resolved, alert.latest, json.dumps(alert.card),
        ],
    )  # fmt: skip


def stories_between(
    con: Connection, brand: str, start: datetime, finish: datetime, counts: str
) -> list[dict[str, Any]]:
    """Lists the stories of a brand in an interval that a rule counts, most engaging first, each as a dictionary."""
    cursor = con.execute(
        "SELECT f.source, f.id, m.author, m.title, m.text, m.url, f.published, m.engagement FROM facts f"  # noqa: S608
        " JOIN mentions m USING (source, id) LEFT JOIN scores s ON s.source = f.source AND s.id = f.id"
        " AND s.brand = f.brand AND s.model = (SELECT value ->> '$' FROM settings WHERE key = 'model')"
        " WHERE f.brand = ? AND f.leads AND (f.label = 'negative' OR ? = 'all')"
        f" AND f.published >= ? AND f.published < ? AND {TIMELY}"
        " ORDER BY m.engagement DESC, s.negative DESC NULLS LAST, f.published, f.source, f.id",
        [brand, counts, start, finish],
    )
    names = [column[0] for column in cursor.description or ()]
    return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


def put_out(con: Connection, alert: str, messages: Iterable[tuple[str, str, dict[str, Any]]], now: datetime) -> None:
    """Puts messages (key, target, message) into the outbox; one that is there already stays as it is."""
    for key, target, message in messages:
        con.execute(
            "INSERT INTO outbox (key, alert, target, message, created, due) VALUES (?, ?, ?, ?, ?, ?)"
            " ON CONFLICT DO NOTHING",
            [key, alert, target, json.dumps(message), now, now],
        )


def mark_sent(con: Connection, key: str, now: datetime, note: str = "") -> None:
    """Notes that a message was accepted by its target, and what is worth knowing all the same."""
    con.execute("UPDATE outbox SET sent = ?, tries = tries + 1, error = ? WHERE key = ?", [now, note, key])


def mark_failed(con: Connection, key: str, error: str, again: timedelta, now: datetime) -> None:
    """Notes why a message did not arrive and when it is tried again."""
    con.execute("UPDATE outbox SET tries = tries + 1, error = ?, due = ? WHERE key = ?", [error, now + again, key])

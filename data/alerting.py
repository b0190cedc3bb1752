"""Reads what is watched; writes spikes, alerts, whom they were told to and the outbox, in the caller's transaction."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import duckdb
import pyarrow as pa

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


@dataclass(frozen=True)
class Told:
    """That a target was told of an alert: the state it was told of is firing, reminder or resolved."""

    alert: str
    brand: str
    rule: str
    target: str
    state: str
    told: datetime
    excess: float  # that the alert has come to since


def spoken_of(con: Connection, brand: str) -> tuple[datetime, datetime] | None:
    """Gives the times of a brand's first and last mention, None when there is none."""
    row = con.execute("SELECT min(published), max(published) FROM facts WHERE brand = ?", [brand]).fetchone()
    return (row[0], row[1]) if row and row[0] else None


def source_times(con: Connection, since: datetime, pause: timedelta) -> dict[str, list[datetime]]:
    """Lists the dated mentions' times of the sources that may have been silent for so long at least once."""
    rows = con.execute(
        # Who was silent for so long said nothing in one of the slots of half that length; that needs no sorting.
        "WITH slots AS (SELECT source, epoch_us(published) // $half AS slot FROM mentions"
        " WHERE dated AND published >= $since GROUP BY ALL),"
        " silent AS (SELECT source FROM slots GROUP BY source HAVING max(slot) - min(slot) >= count(*))"
        " SELECT source, list(published) FROM mentions SEMI JOIN silent USING (source)"
        " WHERE dated AND published >= $since GROUP BY source",
        {"half": pause // timedelta(microseconds=2), "since": since},
    ).fetchall()
    return dict(rows)


def speakers(con: Connection, brand: str) -> set[str]:
    """Names the sources that ever spoke of a brand."""
    return {row[0] for row in con.execute("SELECT DISTINCT source FROM facts WHERE brand = ?", [brand]).fetchall()}


def gaps(con: Connection, since: datetime, silent: bool = True) -> list[tuple[str, datetime, datetime | None]]:
    """Lists the gaps (source, start, finish) that reach beyond a time; finish None is still open.

    Those that are only a source's silence are left out unless `silent`.
    """
    return con.execute(
        "SELECT source, start, finish FROM gaps WHERE (coalesce(finish, start) >= ? OR finish IS NULL)"
        " AND (? OR NOT starts_with(reason, 'silent')) ORDER BY ALL",
        [since, silent],
    ).fetchall()


def save_spikes(con: Connection, brand: str, rule: str, since: datetime, spikes: Sequence[Spike]) -> None:
    """Keeps the spikes of a brand under a rule, in place of those found before from `since` on."""
    con.execute("DELETE FROM spikes WHERE brand = ? AND rule = ? AND start >= ?", [brand, rule, since])
    if not spikes:
        return
    names = ("start", "finish", "observed", "expected", "high", "score")
    con.register("found", pa.table({name: [getattr(spike, name) for spike in spikes] for name in names}))
    con.execute("INSERT INTO spikes SELECT ?, ?, * FROM found ON CONFLICT DO NOTHING", [brand, rule])
    con.unregister("found")


def end_others(con: Connection, watched: Sequence[tuple[str, str]], now: datetime) -> None:
    """Ends the open alerts of what is no longer watched; `watched` lists each (brand, rule) that is."""
    found = con.execute("SELECT alert, brand, rule FROM alerts WHERE state IN ('pending', 'firing')").fetchall()
    for alert, *of in found:
        if tuple(of) not in watched:
            con.execute("UPDATE alerts SET state = 'resolved', resolved = ? WHERE alert = ?", [now, alert])


def latest_alert(con: Connection, brand: str, rule: str, now: datetime) -> Alert | None:
    """Gives the newest alert of a brand under a rule, in whatever state, that had begun by now."""
    found = _alerts(con, "brand = ? AND rule = ? AND started <= ? ORDER BY started DESC LIMIT 1", [brand, rule, now])
    return found[0] if found else None


def tellable(con: Connection, since: datetime, told_since: datetime) -> list[Alert]:
    """Lists the alerts that people are or were to know of: those that fire, and those that were resolved of late.

    That is since a time, or, where somebody was told that it fires and not that it ended, since an earlier one.
    """
    return _alerts(
        con,
        "rule <> '' AND fired IS NOT NULL AND (state = 'firing' OR state = 'resolved' AND (resolved >= ?"
        " OR resolved >= ? AND EXISTS (FROM tellings t WHERE t.alert = alerts.alert AND t.state = 'firing')))"
        " ORDER BY started, alert",
        [since, told_since],
    )


def of_late(con: Connection, since: datetime) -> list[Alert]:
    """Lists the brands' alerts that fire or began since a time, the latest first; those that did not last left out."""
    return _alerts(
        con,
        "rule <> '' AND state <> 'dropped' AND (state = 'firing' OR started >= ?) ORDER BY started DESC, alert",
        [since],
    )


def told(con: Connection, since: datetime, alerts: Sequence[str]) -> list[Told]:
    """Lists what was told since a time, and all that was told of some alerts, in order."""
    rows = con.execute(
        "SELECT alert, brand, rule, target, t.state, told, coalesce((card ->> '$.excess')::DOUBLE, 0)"
        " FROM tellings t JOIN alerts a USING (alert) WHERE told >= ? OR list_contains(?, alert)"
        " ORDER BY told, alert, target",
        [since, list(alerts)],
    ).fetchall()
    return [Told(*row) for row in rows]


def save_told(con: Connection, alert: str, target: str, state: str, message: str, now: datetime) -> None:
    """Notes that a target is told of an alert by a message, in the transaction that puts the message out."""
    con.execute("INSERT INTO tellings VALUES (?, ?, ?, ?, ?)", [alert, target, state, now, message])


def _alerts(con: Connection, where: str, values: list[Any]) -> list[Alert]:
    rows = con.execute(
        f"SELECT alert, brand, rule, state, started, fired, resolved, latest, card FROM alerts WHERE {where}",  # noqa: S608
        values,
    ).fetchall()
    return [Alert(*(json.loads(value) if place == 8 else value for place, value in enumerate(row))) for row in rows]


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

"""Keeps what people decide about alerts: silences, and acknowledgements. Rows of their own, never changed by a run."""

import uuid
from dataclasses import dataclass
from datetime import datetime

import duckdb

Connection = duckdb.DuckDBPyConnection


@dataclass(frozen=True)
class Silence:
    """A time in which nobody is told of a brand's alerts ("" is every brand) under a rule ("" is every rule).

    `ended` is when a person took it back before its finish.
    """

    id: str
    brand: str
    rule: str
    author: str
    reason: str
    start: datetime
    finish: datetime
    made: datetime
    ended: datetime | None = None

    def covers(self, brand: str, rule: str, moment: datetime) -> bool:
        """Tells whether alerts of a brand under a rule are silenced at a moment."""
        finish = min(self.finish, self.ended) if self.ended else self.finish
        return self.brand in ("", brand) and self.rule in ("", rule) and self.start <= moment < finish


@dataclass(frozen=True)
class Acknowledgement:
    """That a person has seen an alert and looks after it; nobody is reminded of it any more."""

    id: str
    alert: str
    author: str
    made: datetime
    note: str


def silence(
    con: Connection, brand: str, rule: str, author: str, reason: str, start: datetime, finish: datetime, now: datetime
) -> str:
    """Silences a brand's alerts for a time and returns the silence's id; raises ValueError without reason or time."""
    if not reason.strip():
        raise ValueError("say why: a silence without a reason is not understood later")
    if finish <= max(start, now):
        raise ValueError("a silence ends after it begins, and not in the past")
    made = Silence(uuid.uuid4().hex, brand, rule, author, reason.strip(), start, finish, now)
    con.execute(
        "INSERT INTO silences (id, brand, rule, author, reason, start, finish, made) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        [made.id, brand, rule, author, made.reason, start, finish, now],
    )
    return made.id


def end(con: Connection, id: str, now: datetime) -> bool:
    """Ends a silence before its time; says whether there was one to end."""
    rows = con.execute(
        "UPDATE silences SET ended = ? WHERE id = ? AND ended IS NULL AND finish > ? RETURNING id", [now, id, now]
    ).fetchall()
    return bool(rows)


def silences(con: Connection, since: datetime) -> list[Silence]:
    """Lists the silences that reach beyond a time, the latest first."""
    rows = con.execute(
        "SELECT id, brand, rule, author, reason, start, finish, made, ended FROM silences"
        " WHERE least(finish, coalesce(ended, finish)) >= ? ORDER BY start DESC, id",
        [since],
    ).fetchall()
    return [Silence(*row) for row in rows]


def acknowledge(con: Connection, alert: str, author: str, note: str, now: datetime) -> str:
    """Acknowledges an alert and returns the acknowledgement's id; raises ValueError when there is no such alert."""
    if con.execute("SELECT 1 FROM alerts WHERE alert = ?", [alert]).fetchone() is None:
        raise ValueError(f"there is no alert {alert!r}")
    made = uuid.uuid4().hex
    con.execute("INSERT INTO acknowledgements VALUES (?, ?, ?, ?, ?)", [made, alert, author, now, note.strip()])
    return made


def acknowledgements(con: Connection, alert: str = "") -> list[Acknowledgement]:
    """Lists the acknowledgements of an alert, of all by default, the latest first."""
    rows = con.execute(
        "SELECT id, alert, author, made, note FROM acknowledgements WHERE ? IN ('', alert) ORDER BY made DESC, id",
        [alert],
    ).fetchall()
    return [Acknowledgement(*row) for row in rows]

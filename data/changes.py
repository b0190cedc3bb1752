"""Keeps what people changed in the configuration from the dashboard, and by whom."""

import uuid
from dataclasses import dataclass
from datetime import datetime

import duckdb

Connection = duckdb.DuckDBPyConnection


@dataclass(frozen=True)
class Change:
    """One saved change of earful.toml, as a unified difference."""

    difference: str
    author: str
    made: datetime


def save(con: Connection, difference: str, author: str, now: datetime) -> None:
    """Keeps a change."""
    con.execute("INSERT INTO configuration_changes VALUES (?, ?, ?, ?)", [uuid.uuid4().hex, difference, author, now])


def latest(con: Connection, limit: int) -> list[Change]:
    """Lists the changes, newest first."""
    rows = con.execute(
        "SELECT difference, author, made FROM configuration_changes ORDER BY made DESC LIMIT ?", [limit]
    ).fetchall()
    return [Change(*row) for row in rows]

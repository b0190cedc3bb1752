"""Keeps what a team makes of mentions: how far it is with each, who answers it, a note, what the author wants.

Each change is a row of its own, for a mention and a brand, and stays; of a field's changes the latest counts. A value
"" takes back what was said before. Several mentions are changed at once in one transaction, their labels and whether
they are about the brand, too; such a change can be taken back as long as nobody changed the same since. Functions that
write work inside the caller's transaction; the others take any connection.
"""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import duckdb
import pyarrow as pa

from earful.data import facts, store

Connection = duckdb.DuckDBPyConnection
Mention = tuple[str, str]  # its source and its id
STATUSES = ("new", "seen", "to answer", "done")
INTENTS = ("problem", "want", "question", "praise", "other")
ALLOWED: dict[str, tuple[str, ...]] = {
    "status": STATUSES,
    "intent": ("", *INTENTS),
    "label": ("", *store.LABELS),
    "about": ("", "yes", "no"),
}
LONGEST = {"assignee": 200, "note": 4000}  # characters
LATEST = """
    (SELECT DISTINCT ON (source, id, brand, field) source, id, brand, field, value, author, made
        FROM triage ORDER BY source, id, brand, field, made DESC, change DESC)
"""


@dataclass(frozen=True)
class Standing:
    """How far the team is with one mention; "" is nobody, no note, and the intent that the model reads."""

    status: str = "new"
    assignee: str = ""
    note: str = ""
    intent: str = ""
    note_author: str = ""
    note_made: datetime | None = None


@dataclass(frozen=True)
class Change:
    """What was changed for several mentions of a brand at once: the field, its new value, the values before."""

    brand: str
    field: str
    value: str
    before: Mapping[Mention, str]


def standings(con: Connection, brand: str, mentions: Sequence[Mention]) -> dict[Mention, Standing]:
    """Gives how far the team is with some mentions; those of which nothing was said are left out."""
    rows = con.execute(
        f"SELECT source, id, field, value, author, made FROM {LATEST} WHERE brand = ?"  # noqa: S608
        " AND list_contains(?, source) AND list_contains(?, id)",
        [brand, list({source for source, _ in mentions}), list({name for _, name in mentions})],
    ).fetchall()
    wanted, found = set(mentions), dict[Mention, dict[str, Any]]()
    for source, name, field, value, author, made in rows:
        if (source, name) in wanted:
            of_one = found.setdefault((source, name), {})
            of_one[field] = value
            if field == "note" and value:
                of_one |= {"note_author": author, "note_made": made}
    return {one: Standing(**fields) for one, fields in found.items()}


def assignees(con: Connection) -> list[str]:
    """Lists everybody who was ever assigned, by name."""
    rows = con.execute("SELECT DISTINCT value FROM triage WHERE field = 'assignee' AND value <> '' ORDER BY 1")
    return [row[0] for row in rows.fetchall()]


def change(con: Connection, one: Mention, brand: str, field: str, value: str, author: str, now: datetime) -> None:
    """Keeps one change of a mention; raises ValueError for a value that the field does not take."""
    write(con, brand, field, {one: value}, author, now)


def change_all(
    con: Connection, mentions: Sequence[Mention], brand: str, field: str, value: str, author: str, now: datetime
) -> Change:
    """Gives several mentions the same value; what bore it already is left as it is."""
    before = {one: said for one, said in values(con, brand, field, mentions).items() if said != value}
    write(con, brand, field, dict.fromkeys(before, value), author, now)
    return Change(brand, field, value, before)


def undo(con: Connection, done: Change, author: str, now: datetime) -> int:
    """Gives mentions back the value they had before a change, as new rows; counts them.

    What somebody changed since is left as they said.
    """
    present = values(con, done.brand, done.field, list(done.before))
    back = {one: said for one, said in done.before.items() if present[one] == done.value}
    write(con, done.brand, done.field, back, author, now)
    return len(back)


def values(con: Connection, brand: str, field: str, mentions: Sequence[Mention]) -> dict[Mention, str]:
    """Gives what people last said of some mentions in one field, "" (or "new", for a status) where nothing."""
    told = {
        "label": "SELECT source, id, label AS value, made, correction AS change FROM corrections WHERE brand = ?",
        "about": "SELECT source, id, CASE about WHEN true THEN 'yes' WHEN false THEN 'no' ELSE '' END AS value, made,"
        " mark AS change FROM relevance_marks WHERE brand = ?",
    }.get(field, "SELECT source, id, value, made, change FROM triage WHERE brand = ? AND field = ?")
    con.register("chosen", _table(list(mentions)))
    rows = con.execute(
        f"SELECT DISTINCT ON (source, id) source, id, value FROM ({told}) SEMI JOIN chosen USING (source, id)"  # noqa: S608
        " ORDER BY source, id, made DESC, change DESC",
        [brand] if field in ("label", "about") else [brand, field],
    ).fetchall()
    con.unregister("chosen")
    found = {(source, name): value for source, name, value in rows}
    return {one: found.get(one, "new" if field == "status" else "") for one in mentions}


def write(con: Connection, brand: str, field: str, wanted: Mapping[Mention, str], author: str, now: datetime) -> None:
    """Keeps each mention's value as a row of its own; the numbers follow at once.

    Raises ValueError as `change` does, with nothing written.
    """
    for value in set(wanted.values()):
        _check(field, value)
    if not wanted:
        return
    table = _table(list(wanted)).append_column("value", pa.array(list(wanted.values()), pa.string()))
    con.register("chosen", table.append_column("change", pa.array([uuid.uuid4().hex for _ in wanted])))
    if field == "label":
        con.execute(
            "INSERT INTO corrections SELECT change, source, id, ?, value, ?, ? FROM chosen", [brand, author, now]
        )
    elif field == "about":
        con.execute(
            "INSERT INTO relevance_marks SELECT change, source, id, ?, CASE value WHEN 'yes' THEN true WHEN 'no'"
            " THEN false END, ?, ? FROM chosen",
            [brand, author, now],
        )
    else:
        con.execute(
            "INSERT INTO triage SELECT change, source, id, ?, ?, value, ?, ? FROM chosen", [brand, field, author, now]
        )
    if field in ("label", "about", "intent"):
        facts.refresh(con, "SELECT story FROM examined SEMI JOIN chosen USING (source, id)")
    con.unregister("chosen")


def condition(brand: str, statuses: Sequence[str], assignee: str) -> tuple[list[str], list[Any]]:
    """Writes a status and an assignee, both "" or empty for any, as conditions on facts `f`."""
    of_field = f"SELECT (source, id) FROM {LATEST} WHERE brand = ? AND field = ?"  # noqa: S608
    parts, given = list[str](), list[Any]()
    if statuses:
        part = f"(f.source, f.id) IN ({of_field} AND list_contains(?, value))"
        given += [brand, "status", list(statuses)]
        if "new" in statuses:
            part = f"({part} OR (f.source, f.id) NOT IN ({of_field}))"
            given += [brand, "status"]
        parts.append(part)
    if assignee:
        parts.append(f"(f.source, f.id) IN ({of_field} AND value = ?)")
        given += [brand, "assignee", assignee]
    return parts, given


def _check(field: str, value: str) -> None:
    if field in LONGEST:
        if len(value) > LONGEST[field]:
            raise ValueError(f"the {field} is longer than {LONGEST[field]:,} characters")
    elif field not in ALLOWED:
        raise ValueError(f"a mention has no field {field!r}")
    elif value not in ALLOWED[field]:
        raise ValueError(f"the {field} is one of {', '.join(filter(None, ALLOWED[field]))}, not {value!r}")


def _table(mentions: Sequence[Mention]) -> pa.Table:
    return pa.table(
        {name: pa.array([one[place] for one in mentions], pa.string()) for place, name in enumerate(("source", "id"))}
    )

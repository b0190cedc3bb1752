"""Keeps what people said of mentions being about a brand, the brands' relevance models, and what these say of each.

Marks are rows of their own and stay: of several the latest counts, one that takes back leaves the model to decide.
Functions that write work inside the caller's transaction; the others take any connection.
"""

import hashlib
import json
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import duckdb
import numpy as np
import numpy.typing as npt
import pyarrow as pa

from earful.data import facts

Connection = duckdb.DuckDBPyConnection

LATEST = """
    (SELECT DISTINCT ON (source, id, brand) mark, source, id, brand, about, author, made
        FROM relevance_marks ORDER BY source, id, brand, made DESC, mark DESC)
"""


@dataclass(frozen=True)
class Row:
    """A mention's words, to be learnt from or judged; `about` is what a person said, None where nobody did."""

    source: str
    id: str
    digest: str
    title: str
    text: str
    story: str
    about: bool | None = None


@dataclass(frozen=True)
class Kept:
    """A brand's model as it is kept: `weights` are the bytes of float32 values, `skill` is JSON."""

    version: str
    made: datetime
    threshold: float | None
    skill: dict[str, Any]
    weights: bytes


@dataclass(frozen=True)
class Mark:
    """What a person said of a mention: that it is about the brand, that it is not, or None: what was said is void."""

    about: bool | None
    author: str
    made: datetime


@dataclass(frozen=True)
class Reason:
    """Why a mention is hidden or shown: its own latest mark, that of a copy, the model's chance and threshold."""

    hidden: bool
    mark: Mark | None
    of_copy: Mark | None
    chance: float | None
    threshold: float | None


def save_mark(
    con: Connection, source: str, id: str, brand: str, about: bool | None, author: str, now: datetime
) -> None:
    """Keeps a person's click as a row of its own; None takes back what was said. Counts follow at once."""
    con.execute(
        "INSERT INTO relevance_marks VALUES (?, ?, ?, ?, ?, ?, ?)",
        [uuid.uuid4().hex, source, id, brand, about, author, now],
    )
    con.execute("CREATE OR REPLACE TEMP TABLE marked AS SELECT ? AS source, ? AS id", [source, id])
    facts.refresh(con, "SELECT story FROM examined SEMI JOIN marked USING (source, id)")


def marked(con: Connection, brand: str) -> list[Row]:
    """Lists the mentions of a brand that people marked and whose words are still there, with the mark that counts."""
    rows = con.execute(
        "SELECT m.source, m.id, m.digest, m.title, m.text, coalesce(e.story, m.digest), l.about"  # noqa: S608
        f" FROM {LATEST} l JOIN mentions m USING (source, id) LEFT JOIN examined e USING (source, id)"
        " WHERE l.brand = ? AND l.about IS NOT NULL AND m.gone IS NULL ORDER BY m.source, m.id",
        [brand],
    ).fetchall()
    return [Row(*row) for row in rows]


def unmarked(con: Connection, brand: str, most: int) -> list[Row]:
    """Draws mentions of a brand that nobody marked by lot, one a story; the same ones while they are there."""
    rows = con.execute(
        "SELECT m.source, m.id, m.digest, m.title, m.text, f.story FROM"  # noqa: S608
        f" (FROM facts f ANTI JOIN {LATEST} l ON l.source = f.source AND l.id = f.id AND l.brand = f.brand"
        " WHERE f.brand = ? AND f.leads ORDER BY hash(f.source || chr(31) || f.id), f.source, f.id LIMIT ?) f"
        " JOIN mentions m USING (source, id) WHERE m.gone IS NULL ORDER BY m.source, m.id",
        [brand, most],
    ).fetchall()
    return [Row(*row) for row in rows]


def versions(con: Connection, made_by: str) -> dict[str, str]:
    """Names the model that each brand should have by the marks that count, "" where none says "not about".

    `made_by` names what else it depends on. Brands with a model and without marks are named too.
    """
    rows = con.execute(
        "SELECT l.brand, bool_or(NOT l.about), list([l.source, l.id, l.about::TEXT, m.digest]"  # noqa: S608
        f" ORDER BY l.source, l.id) FROM {LATEST} l JOIN mentions m USING (source, id)"
        " WHERE l.about IS NOT NULL AND m.gone IS NULL GROUP BY l.brand"
    ).fetchall()
    named = {
        brand: hashlib.sha256(json.dumps([made_by, marks]).encode()).hexdigest()[:16] if learnable else ""
        for brand, learnable, marks in rows
    }
    return {brand: named.get(brand, "") for brand in [*_with_model(con), *named]}


def _with_model(con: Connection) -> list[str]:
    return [row[0] for row in con.execute("SELECT brand FROM relevance_models ORDER BY brand").fetchall()]


def model(con: Connection, brand: str) -> Kept | None:
    """Gives a brand's model, None when there is none."""
    row = con.execute(
        "SELECT version, made, threshold, skill, weights FROM relevance_models WHERE brand = ?", [brand]
    ).fetchone()
    return Kept(row[0], row[1], row[2], json.loads(row[3]), bytes(row[4])) if row else None


def models(con: Connection) -> dict[str, Kept]:
    """Gives every brand's model, by the brand's name."""
    found = {brand: model(con, brand) for brand in _with_model(con)}
    return {brand: one for brand, one in found.items() if one}


def save_model(con: Connection, brand: str, kept: Kept | None) -> None:
    """Keeps a brand's model in place of the one before, or none; what was said of its mentions is judged by it."""
    con.execute("DELETE FROM relevance_models WHERE brand = ?", [brand])
    if kept:
        values = [brand, kept.version, kept.made, kept.threshold, json.dumps(kept.skill), kept.weights]
        con.execute("INSERT INTO relevance_models VALUES (?, ?, ?, ?, ?, ?)", values)
    else:
        con.execute("DELETE FROM relevance WHERE brand = ?", [brand])
    facts.refresh(
        con,
        "SELECT f.story FROM facts f LEFT JOIN relevance r ON r.source = f.source AND r.id = f.id AND r.brand = f.brand"
        " LEFT JOIN relevance_models l ON l.brand = f.brand"
        " WHERE f.brand = ? AND f.hidden <> coalesce(r.chance < l.threshold, false)",
        [brand],
    )


def count_unapplied(con: Connection, brand: str, version: str) -> int:
    """Counts the mentions of a brand whose present words the model has yet to judge."""
    row = con.execute(f"SELECT count(*) {_UNAPPLIED}", [brand, version]).fetchone()
    return int(row[0]) if row else 0


def unapplied(con: Connection, brand: str, version: str, limit: int) -> list[Row]:
    """Lists mentions of a brand whose present words the model has yet to judge, newest first."""
    rows = con.execute(
        # The texts are fetched last, of the few that are wanted: to sort by them all takes long.
        f"WITH newest AS (SELECT m.source, m.id, e.digest, e.story, m.published {_UNAPPLIED}"  # noqa: S608
        " ORDER BY m.published DESC, m.source, m.id LIMIT ?)"
        " SELECT m.source, m.id, n.digest, m.title, m.text, n.story FROM newest n JOIN mentions m USING (source, id)"
        " ORDER BY n.published DESC, m.source, m.id",
        [brand, version, limit],
    ).fetchall()
    return [Row(*row) for row in rows]


# What was deleted at its source has no words to judge: what was said of it before stays.
_UNAPPLIED = """
    FROM matches k JOIN examined e USING (source, id) JOIN mentions m USING (source, id)
    LEFT JOIN relevance r ON r.source = k.source AND r.id = k.id AND r.brand = k.brand
    WHERE k.brand = ? AND m.gone IS NULL AND (r.version IS DISTINCT FROM ? OR r.digest <> e.digest)
"""


def save_chances(
    con: Connection, brand: str, version: str, rows: Sequence[Row], chances: npt.NDArray[np.floating]
) -> None:
    """Keeps how likely each mention is about the brand; hides and shows what that changes."""
    fields = ("source", "id", "digest")
    columns: dict[str, Any] = {name: pa.array([getattr(row, name) for row in rows], pa.string()) for name in fields}
    con.register("batch", pa.table({**columns, "chance": pa.array(chances, pa.float32())}))
    con.execute(
        "INSERT INTO relevance SELECT source, id, ?, digest, ?, chance FROM batch ON CONFLICT DO UPDATE SET"
        " digest = excluded.digest, version = excluded.version, chance = excluded.chance",
        [brand, version],
    )
    facts.refresh(
        con,
        "SELECT f.story FROM facts f JOIN batch b USING (source, id) JOIN relevance_models l ON l.brand = f.brand"
        " WHERE f.brand = ? AND f.hidden <> coalesce(b.chance < l.threshold, false)",
        [brand],
    )
    con.unregister("batch")


def reason(con: Connection, source: str, id: str, brand: str) -> Reason | None:
    """Tells why a mention is hidden or shown, None when it is not known together with the brand."""
    row = con.execute(
        "SELECT f.hidden, f.story, r.chance, l.threshold FROM facts f"
        " LEFT JOIN relevance r ON r.source = f.source AND r.id = f.id AND r.brand = f.brand"
        " LEFT JOIN relevance_models l ON l.brand = f.brand WHERE f.source = ? AND f.id = ? AND f.brand = ?",
        [source, id, brand],
    ).fetchone()
    if not row:
        return None
    hidden, story, chance, threshold = row
    marks = con.execute(
        f"SELECT l.source = ? AND l.id = ?, l.about, l.author, l.made FROM {LATEST} l"  # noqa: S608
        " SEMI JOIN (FROM examined WHERE story = ?) USING (source, id) WHERE l.brand = ?"
        " AND l.about IS NOT NULL ORDER BY l.made DESC, l.mark DESC",
        [source, id, story, brand],
    ).fetchall()
    own = next((Mark(*mark) for is_own, *mark in marks if is_own), None)
    of_copy = next((Mark(*mark) for is_own, *mark in marks if not is_own), None)
    return Reason(hidden, own, of_copy, chance, threshold)

"""Reads and heeds what people decided about themes, as far as finding them does; `board` keeps and shows decisions."""

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import duckdb

Connection = duckdb.DuckDBPyConnection
Key = tuple[str, str]  # source and id of a mention
# Where people put a mention: what was said of it before what was said of a copy, then the latest.
MOVED = """
    (SELECT m.brand, e.source, e.id, m.theme FROM
        (SELECT brand, theme, value ->> '$.source' AS source, value ->> '$.id' AS id, made, rowid AS place
            FROM theme_decisions WHERE kind = 'move') m
        JOIN examined o ON o.source = m.source AND o.id = m.id JOIN examined e ON e.story = o.story
        QUALIFY row_number() OVER (PARTITION BY m.brand, e.source, e.id
            ORDER BY (e.source, e.id) = (m.source, m.id) DESC, m.made DESC, m.place DESC) = 1)
"""


@dataclass(frozen=True)
class Decisions:
    """What people decided that finding themes heeds: themes they touched, splits {decision: (theme, mentions)}, the
    mentions they moved, copies included, {mention: theme}, and when they split last."""

    touched: frozenset[str]
    splits: dict[str, tuple[str, frozenset[Key]]]
    moves: dict[Key, str]
    split: datetime | None


def decisions(con: Connection, brand: str) -> Decisions:
    """Reads what people decided about a brand's themes."""
    rows = con.execute(
        "SELECT decision, theme, kind, value, made FROM theme_decisions WHERE brand = ? ORDER BY made, rowid", [brand]
    ).fetchall()
    cards = con.execute("SELECT DISTINCT theme FROM board_changes WHERE brand = ?", [brand]).fetchall()
    moved = con.execute(f"SELECT source, id, theme FROM {MOVED} WHERE brand = ?", [brand]).fetchall()  # noqa: S608
    touched = {row[0] for row in cards}
    splits = {}
    split = None
    for decision, theme, kind, kept, made in rows:
        value: dict[str, Any] = json.loads(kept)
        if kind != "move":
            touched |= {theme, str(value.get("into", ""))}
        if kind == "split":
            split = made
            splits[decision] = (theme, frozenset((str(one[0]), str(one[1])) for one in value.get("members", ())))
    moves = {(source, name): theme for source, name, theme in moved}
    return Decisions(frozenset(touched - {""}), splits, moves, split)


def move(con: Connection) -> None:
    """Puts complaints where people moved them, or their copies; writes, inside the caller's transaction."""
    con.execute(
        f"UPDATE theme_members SET theme = moved.theme, strength = 1 FROM {MOVED} moved"  # noqa: S608
        " WHERE theme_members.brand = moved.brand AND theme_members.source = moved.source"
        " AND theme_members.id = moved.id AND theme_members.theme <> moved.theme"
    )

"""Reads what people decided about themes, as far as finding them heeds it; `board` writes and shows decisions."""

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import duckdb

Connection = duckdb.DuckDBPyConnection
Key = tuple[str, str]  # source and id of a mention


@dataclass(frozen=True)
class Decisions:
    """What people decided that finding themes heeds: themes they touched, splits {decision: (theme, mentions)}, and
    the mentions they moved {mention: theme}, and when they split last."""

    touched: frozenset[str]
    splits: dict[str, tuple[str, frozenset[Key]]]
    moves: dict[Key, str]
    split: datetime | None


def decisions(con: Connection, brand: str) -> Decisions:
    """Reads what people decided about a brand's themes; of several moves of a mention the latest counts."""
    rows = con.execute(
        "SELECT decision, theme, kind, value, made FROM theme_decisions WHERE brand = ? ORDER BY made, rowid", [brand]
    ).fetchall()
    cards = con.execute("SELECT DISTINCT theme FROM board_changes WHERE brand = ?", [brand]).fetchall()
    touched = {row[0] for row in cards}
    splits, moves = {}, {}
    split = None
    for decision, theme, kind, kept, made in rows:
        value: dict[str, Any] = json.loads(kept)
        if kind == "move":
            moves[str(value["source"]), str(value["id"])] = theme
        else:
            touched |= {theme, str(value.get("into", ""))}
        if kind == "split":
            split = made
            splits[decision] = (theme, frozenset((str(one[0]), str(one[1])) for one in value.get("members", ())))
    return Decisions(frozenset(touched - {""}), splits, moves, split)

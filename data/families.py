"""Tells which themes count as one, by what was found and by what people decided, and what it is called.

Every function takes any connection and writes nothing. A decision counts from the moment it is kept: nobody waits for
the themes to be found anew.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import duckdb

from earful.data import board, criticism
from earful.data.board import Standing

Connection = duckdb.DuckDBPyConnection


@dataclass(frozen=True)
class Family:
    """A theme with all that ended in it, itself first; `known_as` are the ids and names that any of them has or had."""

    theme: str
    name: str
    members: tuple[str, ...]
    known_as: frozenset[str]
    hidden: bool


def of(con: Connection, brand: str) -> list[Family]:
    """Lists a brand's families; what was found to be one and what a person made one alike."""
    found = {one.theme: one for one in criticism.themes(con, brand)}
    stands = board.standing(con, brand)
    given: dict[str, set[str]] = {}
    for decision in board.decisions(con, brand):
        if decision.kind == "rename":
            given.setdefault(decision.theme, set()).add(str(decision.value["name"]))
    members: dict[str, list[str]] = {}
    into = {theme: stands.get(theme, Standing()).into or one.into for theme, one in found.items()}
    for theme, root in ends(into).items():
        members.setdefault(root, []).append(theme)
    families = []
    for root, themes in members.items():
        stand = stands.get(root, Standing())
        names = {name for one in themes for name in (one, found[one].name, *given.get(one, ()))}
        order = (root, *(one for one in themes if one != root))
        families.append(Family(root, stand.name or found[root].name, order, frozenset(names - {""}), stand.hidden))
    return families


def ends(into: Mapping[str, str]) -> dict[str, str]:
    """Follows each theme to the one in which it ended, itself where it stands alone.

    `into` maps every theme to the one that it went into, "" for none. What went into a theme that is not there stands
    alone, and of themes that went into each other in a circle all end in the same one.
    """
    return {theme: _end(into, theme) for theme in into}


def _end(into: Mapping[str, str], theme: str) -> str:
    path = [theme]
    while (following := into.get(path[-1], "")) in into:
        if following in path:
            return min(path[path.index(following) :])
        path.append(following)
    return path[-1]

"""Tells which themes count as one, by what was found and by what people decided, and what it is called.

Every function takes any connection and writes nothing. A decision counts from the moment it is kept: nobody waits for
the themes to be found anew.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import duckdb

from earful.data import board, criticism
from earful.data.board import Standing
from earful.data.criticism import Theme

Connection = duckdb.DuckDBPyConnection


@dataclass(frozen=True)
class Family:
    """A theme with all that ended in it, itself first; `known_as` are the ids and names that any of them has or had."""

    theme: str
    name: str
    members: tuple[str, ...]
    known_as: frozenset[str]
    hidden: bool


def members(con: Connection, brand: str, name: str) -> list[str]:
    """Lists the ids of a theme's members; `name` is one of those that it is known as."""
    return [theme for one in of(con, brand) if name in one.known_as for theme in one.members]


def of(con: Connection, brand: str) -> list[Family]:
    """Lists a brand's families; what was found to be one and what a person made one alike."""
    found = {one.theme: one for one in criticism.themes(con, brand)}
    stands = board.standing(con, brand)
    given: dict[str, set[str]] = {}
    for decision in board.decisions(con, brand):
        if decision.kind == "rename":
            given.setdefault(decision.theme, set()).add(str(decision.value["name"]))
    families = []
    for root, members in grouped(list(found.values()), stands).items():
        stand = stands.get(root, Standing())
        names = {name for one in members for name in (one, found[one].name, *given.get(one, ()))}
        families.append(Family(root, name_of(found[root], stand), members, frozenset(names - {""}), stand.hidden))
    return families


def name_of(theme: Theme, standing: Standing) -> str:
    """Gives a theme's name as people see it: the one that a person gave before the one that was found."""
    return standing.name or theme.name or ", ".join(theme.words[:3]) or "a theme without a name"


def roots(themes: Sequence[Theme], stands: Mapping[str, Standing]) -> dict[str, str]:
    """Maps each theme to the one it ended in, itself where it stands alone."""
    return ends({one.theme: stands.get(one.theme, Standing()).into or one.into for one in themes})


def grouped(themes: Sequence[Theme], stands: Mapping[str, Standing]) -> dict[str, tuple[str, ...]]:
    """Maps each theme that stands alone to its own id and those that ended in it."""
    found: dict[str, list[str]] = {}
    for theme, root in roots(themes, stands).items():
        found.setdefault(root, []).append(theme)
    return {root: (root, *(one for one in members if one != root)) for root, members in found.items()}


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

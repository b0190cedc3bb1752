"""Says what is wrong in a configuration file: the line, the key, and how to mend it."""

import difflib
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeAlias

Place: TypeAlias = tuple[str | int, ...]
"""Where a key stands, like ("sources", 2, "every")."""

REPEATED = ("brands", "sources", "rules", "targets")  # tables of which there are many
MENDS = {  # what to do about a value of the wrong kind
    "string_type": "write a text in quotation marks",
    "string_too_short": "it is empty; write one",
    "tuple_type": 'write a list, like ["one", "two"]',
    "int_type": "write a whole number",
    "int_parsing": "write a whole number",
    "float_type": "write a number, like 0.6",
    "float_parsing": "write a number, like 0.6",
    "dict_type": 'write a table, like { LABEL_0 = "negative" }',
    "bool_type": "write true or false",
    "bool_parsing": "write true or false",
    "model_type": "write a table, each key on a line of its own",
}


def unknown(kind: str, name: str, known: list[str]) -> str:
    """Says that a name is not defined, and which one may be meant."""
    close = difflib.get_close_matches(name, known, 1)
    return f"there is no {kind} {name!r}" + (f"; did you mean {close[0]!r}?" if close else f"; add a [[{kind}s]] table")


def explained(path: Path, text: str, mistake: Mapping[str, Any], keys: Callable[[Place], list[str]]) -> str:
    """Says one of pydantic's errors in the words of the file; `keys` lists the known keys of the table at a place."""
    place = tuple(part for part in mistake["loc"] if part != "folder")
    message = str(mistake["msg"]).removeprefix("Value error, ")
    if mistake["type"] == "extra_forbidden":
        known = keys(place[:-1])
        close = difflib.get_close_matches(str(place[-1]), known, 1)
        advice = f"did you mean {close[0]!r}?" if close else f"known here are {', '.join(known)}"
        message = f"unknown key {place[-1]!r}; {advice}"
    elif mistake["type"] == "missing":
        message = f"{place[-1]!r} is missing; add it to this table"
    elif mistake["type"] in ("tuple_type", "model_type") and place[0] in REPEATED and len(place) < 3:
        message = f"write [[{place[0]}]] with two brackets, once for each"
    else:
        named = place[-1] if isinstance(place[-1], str) else place[-2]
        message = f"{named}: {MENDS.get(mistake['type'], message)}"
    return f"{path}:{line(text, place)}: {message}"


def line(text: str, place: Place) -> int:
    """Finds the line of a key, else of its table, else 1; `place` is like ("sources", 2, "every")."""
    at: Place = ()
    seen: dict[str, int] = {}
    best, depth = 1, 0
    for number, written in enumerate(text.splitlines(), 1):
        if found := re.match(r"\s*\[\[\s*([\w.-]+)\s*\]\]", written):
            seen[found[1]] = seen.get(found[1], -1) + 1
            at = (found[1], seen[found[1]])
        elif found := re.match(r"\s*\[\s*([\w.-]+)\s*\]", written):
            at = (found[1],)
        elif found := re.match(r"\s*([\w-]+)\s*=", written):
            here = (*at, found[1])
            if place[: len(here)] == here:
                return number
            continue
        else:
            continue
        if place[: len(at)] == at and len(at) > depth:
            best, depth = number, len(at)
    return best

"""Changes the text of earful.toml in place, its comments kept; knows no screen.

A draft is text. Each function gives the changed text; where the text can't be read it raises tomlkit's error.
"""

import difflib
import hashlib
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import tomlkit
from tomlkit import TOMLDocument
from tomlkit.items import AoT, Table

NAMES = {"brands": "name", "sources": "target", "rules": "name", "targets": "name"}
LISTS = tuple(NAMES)
MARK = "\0"  # TOML allows it nowhere
Values = Mapping[str, Any]


class Changed(Exception):
    """The file was changed by somebody else since the draft was begun."""


def tables(text: str, kind: str) -> list[dict[str, Any]]:
    """Lists the tables of a kind ("brands", "sources", ...) as plain values."""
    found = tomlkit.parse(text).unwrap().get(kind, [])
    return [dict(one) for one in found if isinstance(one, dict)] if isinstance(found, list) else []


def put(text: str, kind: str, values: Values, place: int | None = None) -> str:
    """Writes a table: in place of the one at `place`, or as a new one after the others of its kind.

    A value that is None or empty takes the key out; keys that `values` does not name stay as they are.
    """
    document = tomlkit.parse(text)
    if place is not None:
        _fill(document[kind][place], values)
        return tomlkit.dumps(document)
    table = tomlkit.table()
    _fill(table, values)
    new = tomlkit.document()
    new[kind] = tomlkit.aot()
    new[kind].append(table)
    before, after = _cut(text, document, kind)
    apart = "\n" if before else ""
    return f"{before}{apart}{tomlkit.dumps(new)}{apart if after else ''}{after}"


def drop(text: str, kind: str, place: int) -> str:
    """Takes a table out."""
    document = tomlkit.parse(text)
    array = document[kind]
    del array[place]
    if not len(array):
        del document[kind]
    return tomlkit.dumps(document)


def difference(before: str, after: str) -> str:
    """Shows what a draft changes, as a unified difference; "" when nothing."""
    lines = difflib.unified_diff(before.splitlines(), after.splitlines(), "earful.toml", "changed", lineterm="", n=2)
    return "\n".join(lines)


def mark(text: str) -> str:
    """Names a text, to notice that it was changed."""
    return hashlib.sha256(text.encode()).hexdigest()


def save(path: Path, text: str, begun_from: str) -> None:
    """Writes the file whole or not at all; raises Changed unless it is still the one whose mark is `begun_from`."""
    if mark(path.read_text(encoding="utf-8-sig")) != begun_from:
        raise Changed(f"{path.name} was changed since this draft was begun; discard the draft and begin anew")
    partial = path.with_name(f".{path.name}.partial")
    with partial.open("w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    partial.chmod(path.stat().st_mode)
    partial.replace(path)


def _cut(text: str, document: TOMLDocument, kind: str) -> tuple[str, str]:
    """Cuts a text behind its last table of a kind, else at its end; comments above the next header stay with that."""
    array, rest = document.get(kind), ""
    if isinstance(array, AoT):
        mark = tomlkit.table()
        mark.trivia.indent = MARK
        array.append(mark)
        rest = text[tomlkit.dumps(document).index(MARK) :]
    lines, ours = text.removesuffix(rest).splitlines(keepends=True), len(text.removesuffix(rest).splitlines())
    while rest and ours and lines[ours - 1].lstrip()[:1] in ("", "#"):
        ours -= 1
    before, after = "".join(lines[:ours]).rstrip("\n"), "".join(lines[ours:]).lstrip("\n") + rest
    return before and before + "\n", after


def _fill(table: Table, values: Values) -> None:
    for key, value in values.items():
        if value is None or value == "" or value == [] or value is False:
            table.pop(key, None)
        elif table.get(key) != value:
            table[key] = value

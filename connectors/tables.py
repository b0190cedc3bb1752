"""Reads tables that people export, CSV with a header or JSON lines, into rows.

UTF-8 (with or without a mark), UTF-16 and, where it is neither, windows-1252; commas, semicolons or tabs; quotes over
several lines. A row that can't be read is told by its line, and the others are read.
"""

import csv
import io
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, TypeAlias

from earful.connectors.types import ConnectorError

_BINARY = re.compile("[\x00-\x08\x0e-\x1a]")

Cells: TypeAlias = dict[str, Any]
Row: TypeAlias = tuple[int, Cells | str]
"""The line on which a row begins, and its cells by column, or what is wrong with it."""


class UnreadableError(ConnectorError):
    """A whole table can't be read; the message says why and what to do."""


@dataclass(frozen=True)
class Table:
    """The columns in their order, and the rows."""

    keys: tuple[str, ...]
    rows: list[Row]


def read(content: bytes, name: str) -> Table:
    """Reads a table; the ending of its name says what it is, else its first sign. Raises UnreadableError."""
    words = decoded(content)
    lines = name.lower().endswith((".json", ".jsonl", ".ndjson")) or (
        not name.lower().endswith((".csv", ".tsv", ".txt")) and words.lstrip()[:1] in ("{", "[")
    )
    table = _json(words) if lines else _csv(words)
    faults = [cells for _, cells in table.rows if isinstance(cells, str)]
    if faults and len(faults) == len(table.rows):
        raise UnreadableError(f"no row can be read; line {table.rows[0][0]}: {faults[0]}")
    return table


def decoded(content: bytes) -> str:
    """Gives the text of a table in whichever of the usual encodings it is; raises UnreadableError for what is none."""
    head = content[:200]
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        encoding = "utf-16"
    elif b"\0" in head:  # without a mark; every other byte of western text is then zero
        encoding = "utf-16-be" if head[:1] == b"\0" else "utf-16-le"
    else:
        encoding = "utf-8-sig"
    try:
        words = content.decode(encoding)
    except UnicodeDecodeError:
        words = content.decode("utf-16" if encoding != "utf-8-sig" else "windows-1252", "replace")
    if content.startswith(b"PK\x03\x04"):
        raise UnreadableError("this is a spreadsheet or an archive; save it as CSV")
    if _BINARY.search(words[:10_000]):
        raise UnreadableError("this is no text; save it as CSV or JSON lines")
    return words


def _csv(words: str) -> Table:
    lines = list(io.StringIO(words, newline=""))
    bare = re.sub(r'"[^"]*"', "", lines[0]) if lines else ""
    between = max(",;\t", key=bare.count)  # spreadsheets of many countries write semicolons
    reader = csv.reader(lines, delimiter=between)
    rows: list[Row] = []
    header: list[str] = []
    for line, cells in _records(reader):
        if isinstance(cells, str):
            rows.append((line, cells))
        elif not header:
            header = [cell.strip() for cell in cells]
        elif len(cells) > len(header):
            rows.append((line, f"{len(cells)} cells where the header has {len(header)}; a text may lack its quotes"))
        elif any(cells):
            rows.append((line, dict(zip(header, cells, strict=False))))
    if rows and _open("".join(lines[rows[-1][0] - 1 :]), between):
        rows[-1] = rows[-1][0], "a quote is opened here and never closed"
    return Table(tuple(dict.fromkeys(header)), rows)


def _open(last: str, between: str) -> bool:
    return bool(last.count('"') % 2 and re.search(rf'(?:^|{between})"', last))


def _records(reader: Any) -> Iterator[tuple[int, list[str] | str]]:
    while True:
        line = reader.line_num + 1
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            yield line, f"this row can't be read: {error}"
        else:
            if cells:
                yield line, cells


def _json(words: str) -> Table:
    rows: list[Row] = []
    keys: dict[str, None] = {}
    for line, written in enumerate(words.split("\n"), 1):
        if not written.strip():
            continue
        try:
            row = json.loads(written)
        except (ValueError, RecursionError) as error:
            rows.append((line, f"this line is no JSON object ({str(error)[:100]})"))
            continue
        if isinstance(row, dict):
            keys |= dict.fromkeys(row)
            rows.append((line, row))
        else:
            rows.append((line, "this line is no JSON object"))
    return Table(tuple(keys), rows)

"""Reads mentions from CSV or JSON-lines files, and writes what is known to CSV or Parquet."""

import csv
import io
import json
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from pyarrow import parquet

from earful.connectors import text
from earful.connectors.types import Mention, Page
from earful.data import export as exporting
from earful.data import landing, store
from earful.data.database import Database, snapshot
from earful.flows.report import Progress, Report

BATCH = 5000  # rows a transaction
NAMES: dict[str, tuple[str, ...]] = {
    "id": ("id", "review_id", "complaint_id"),
    "text": ("text", "body", "review", "comment", "content", "message"),
    "title": ("title", "subject", "headline"),
    "author": ("author", "user", "name", "reviewer"),
    "url": ("url", "link"),
    "published": ("published", "date", "created_at", "created", "time"),
    "rating": ("rating", "stars", "score"),
    "language": ("language", "lang"),
    "about": ("about", "brand", "company", "product"),
}
FORMULA = ("=", "+", "-", "@", "\t", "\r")


class FileError(Exception):
    """A file can't be read or written; the message names it and the place."""


def import_file(
    database: Database, path: Path, columns: Mapping[str, str], zone: ZoneInfo, now: datetime, progress: Progress
) -> Report:
    """Keeps a file's rows as mentions of the source import:<file name>; a second import changes only what changed."""
    source = f"import:{path.stem}"
    report = Report(source)
    rows = list(read_rows(path))
    _look_for(path, rows, columns)
    for start in range(0, len(rows), BATCH):
        lines = [json.dumps(normal(row, columns), ensure_ascii=False) for row in rows[start : start + BATCH]]
        body = "\n".join([json.dumps({"zone": zone.key}), *lines]).encode("utf-8", "replace")
        name = landing.land(database.raw, now, source, {}, path.resolve().as_uri(), 200, {}, body)
        page = parse(body, now)
        with database.transaction(publish=False) as con:
            store.add_source(con, source, "import", path.stem)
            report.add(page, store.save_page(con, source, page.mentions, now))
            store.mark_digested(con, name)
        progress("import", min(start + BATCH, len(rows)), len(rows))
    database.publish()
    return report


def parse(body: bytes, now: datetime) -> Page:
    """Reads landed rows: a line with the time zone of naive times, then one JSON object a mention."""
    head, *lines = body.decode("utf-8").split("\n")
    zone = ZoneInfo(json.loads(head)["zone"])
    mentions: list[Mention] = []
    refused: list[str] = []
    for number, line in enumerate(lines, 1):
        row = json.loads(line)
        made = text.mention(**{**row, "published": _time(row["published"], zone)}, read=now)
        if isinstance(made, Mention):
            mentions.append(made)
        else:
            refused.append(f"row {number}: {made}")
    return Page(tuple(mentions), {}, refused=tuple(refused))


def read_rows(path: Path) -> Iterator[dict[str, Any]]:
    """Reads the rows of a CSV (with a header) or JSON-lines file; raises FileError that names the line."""
    try:
        content = path.read_bytes().decode("utf-8-sig")
    except FileNotFoundError:
        raise FileError(f"{path} is not there") from None
    except (OSError, UnicodeDecodeError) as error:
        raise FileError(f"{path} can't be read as UTF-8 text: {error}") from None
    if path.suffix.lower() == ".csv":
        between = max(",;\t", key=content.partition("\n")[0].count)  # spreadsheets of many countries write semicolons
        reader = csv.DictReader(io.StringIO(content, newline=""), delimiter=between)
        try:
            yield from reader
        except csv.Error as error:
            raise FileError(f"{path}:{reader.line_num + 1}: this row can't be read: {error}") from None
        return
    for number, line in enumerate(content.split("\n"), 1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except (ValueError, RecursionError) as error:
            raise FileError(f"{path}:{number}: this line is no JSON object ({error})") from None
        if not isinstance(row, dict):
            raise FileError(f"{path}:{number}: this line is no JSON object")
        yield row


def _look_for(path: Path, rows: list[dict[str, Any]], columns: Mapping[str, str]) -> None:
    """Refuses a file in which a named column, or any that could hold words, is nowhere to be found."""
    known = list(dict.fromkeys(key.strip() for row in rows for key in row if key is not None))
    lower = {name.lower() for name in known}
    there = f"there are {', '.join(known)}"
    for field, column in columns.items():
        if rows and column.lower() not in lower:
            raise FileError(f"{path}: there is no column {column!r} for {field}; {there}")
    if rows and not {"text", "title"} & set(columns) and not {*NAMES["text"], *NAMES["title"]} & lower:
        raise FileError(f"{path}: which column holds the words? Say --column text=COLUMN; {there}")


def normal(row: Mapping[str, Any], columns: Mapping[str, str]) -> dict[str, Any]:
    """Names a row's fields as a mention's: by the given columns first, then by their usual names in any case."""
    lower = {str(key).strip().lower(): value for key, value in row.items()}
    found: dict[str, Any] = {}
    for field, usual in NAMES.items():
        wanted = [columns[field].lower()] if field in columns else list(usual)
        found[field] = next((lower[name] for name in wanted if lower.get(name) not in (None, "")), None)
    words = (found["text"], found["title"], found["author"], found["published"], found["about"])
    return {**found, "id": str(found["id"] or text.fingerprint(*words))}


def export(folder: Path, target: Path) -> int:
    """Writes every fact with its mention's words and scores to CSV or Parquet, by the file's ending."""
    if target.suffix not in (".csv", ".parquet"):
        raise FileError(f"{target}: end the name in .csv or .parquet")
    if not target.parent.is_dir():
        raise FileError(f"{target}: there is no folder {target.parent}; make it first")
    with snapshot(folder) as con:
        table = exporting.everything(con)
    if target.suffix == ".parquet":
        parquet.write_table(table, target)
        return int(table.num_rows)
    with target.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(table.column_names)
        for batch in table.to_batches(max_chunksize=BATCH):
            writer.writerows([harmless(cell) for cell in row.values()] for row in batch.to_pylist())
    return int(table.num_rows)


def harmless(value: object) -> object:
    """Keeps a spreadsheet from running a text as a formula, by an apostrophe before it."""
    return f"'{value}" if isinstance(value, str) and value.startswith(FORMULA) else value


def _time(value: object, zone: ZoneInfo) -> object:
    """Gives a time its zone where it has none: a bare date means midnight of the team's zone."""
    if isinstance(value, str):
        try:
            parsed = datetime.fromisoformat(value.strip())
            return (parsed if parsed.tzinfo else parsed.replace(tzinfo=zone)).astimezone(UTC).isoformat()
        except (ValueError, OverflowError):
            return value
    return value

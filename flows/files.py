"""Reads mentions from CSV or JSON-lines files, and writes what is known to CSV or Parquet."""

import csv
import io
import json
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

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
    if path.suffix == ".csv":
        yield from csv.DictReader(io.StringIO(content))
        return
    for number, line in enumerate(content.splitlines(), 1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except ValueError as error:
            raise FileError(f"{path}:{number}: this line is no JSON object ({error})") from None
        if not isinstance(row, dict):
            raise FileError(f"{path}:{number}: this line is no JSON object")
        yield row


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
    with snapshot(folder) as con:
        frame = exporting.everything(con)
    if target.suffix == ".parquet":
        frame.to_parquet(target, index=False)
    else:
        words = frame.select_dtypes(include=["object", "string"]).columns
        frame[words] = frame[words].map(harmless)
        frame.to_csv(target, index=False)
    return len(frame)


def harmless(value: object) -> object:
    """Keeps a spreadsheet from running a text as a formula, by an apostrophe before it."""
    return f"'{value}" if isinstance(value, str) and value.startswith(FORMULA) else value


def _time(value: object, zone: ZoneInfo) -> object:
    """Gives a time its zone where it has none: a bare date means midnight of the team's zone."""
    if isinstance(value, str):
        try:
            parsed = datetime.fromisoformat(value.strip())
        except ValueError:
            return value
        return (parsed if parsed.tzinfo else parsed.replace(tzinfo=zone)).astimezone(UTC).isoformat()
    return value

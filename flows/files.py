"""Reads what lies in files: imports, and the folders of the connector `files`; writes what is known to a file."""

import errno
import hashlib
import json
import os
import stat
from collections.abc import Iterable, Mapping
from datetime import datetime
from email.utils import format_datetime
from pathlib import Path
from types import ModuleType
from typing import Any
from zoneinfo import ZoneInfo

import httpx
from pyarrow import parquet

from earful.connectors import columns as naming
from earful.connectors import tables
from earful.connectors.columns import NAMES, Columns
from earful.connectors.http import Client
from earful.connectors.sessions import Sessions
from earful.connectors.types import ConnectorError, Mention, Page
from earful.data import export as exporting
from earful.data import landing, store
from earful.data.database import Database, snapshot
from earful.flows.report import Clock, Progress, Report

__all__ = ["NAMES", "FileError", "Reader", "export", "import_file", "landed_rows", "parse"]

BATCH = 5000  # rows a transaction
ENDINGS = (".csv", ".tsv", ".txt", ".json", ".jsonl", ".ndjson")
LIMIT = 50_000_000  # bytes of a file in a folder
FILES = 2000  # in a folder
SETTLED, ENDED = (
    3.0,
    60.0,
)  # seconds since a change after which a file is whole: with a line end at its end, and without


class FileError(Exception):
    """A file can't be read or written; the message names it and the place."""


class Reader(Sessions):
    """Fetches what sources ask for: a folder of `files` from the disk, everything else over the network.

    Only what lies below `root`, the folder of earful.toml, is read, and of that only regular files. `sessions` is the
    folder of the logins' sessions that are kept.
    """

    def __init__(self, client: Client, root: Path, clock: Clock, sessions: Path | None = None) -> None:
        super().__init__(client, folder=sessions)
        self._root, self._clock = root.resolve(), clock

    def fetch(self, connector: ModuleType, request: httpx.Request) -> httpx.Response:
        """Gives the answer; raises ConnectorError when a folder can't be read, otherwise what Sessions.fetch does."""
        if request.url.scheme != "file" or not connector.__name__.endswith(".files"):
            return super().fetch(connector, request)
        now = self._clock()
        status, etag, content = self._answer(request, now)
        headers = {"etag": etag, "date": format_datetime(now, usegmt=True)}
        return httpx.Response(status, headers=headers, content=content, request=request)

    def _answer(self, request: httpx.Request, now: datetime) -> tuple[int, str, bytes]:
        folder, _, name = request.url.path.strip("/").rpartition("/") if request.url.path[-1] != "/" else ("", "", "")
        place = self._root / (folder if name else request.url.path.strip("/"))
        try:
            inside = place.resolve(strict=True).is_relative_to(self._root) and place.is_dir()
        except OSError:
            inside = False
        if not inside:
            raise ConnectorError(f"there is no folder {place}; make it, or mend the target")
        try:
            return self._file(place / name) if name else self._list(place, request.headers.get("if-none-match"), now)
        except OSError as error:
            raise ConnectorError(f"{place / name} can't be read: {error.strerror}") from error

    def _list(self, folder: Path, known: str | None, now: datetime) -> tuple[int, str, bytes]:
        found = [path for path in folder.iterdir() if path.suffix.lower() in ENDINGS and path.name[0] != "."]
        if len(found) > FILES:
            raise ConnectorError(f"{folder} holds more than {FILES:,} files; move those that were read elsewhere")
        marks = {path.name: _mark(path, now) for path in found if path.name.isprintable()}
        content = json.dumps({name: marks[name] for name in sorted(marks) if marks[name]}).encode()
        etag = f'"{hashlib.sha256(content).hexdigest()[:32]}"'
        return (304, etag, b"") if etag == known else (200, etag, content)

    def _file(self, path: Path) -> tuple[int, str, bytes]:
        try:
            file = open(path, "rb", opener=_not_followed)  # noqa: SIM115 - closed below
        except PermissionError:
            return 403, "", b"not to be read by us; mend its permissions"
        except OSError as error:
            if error.errno not in (errno.ENOENT, errno.ELOOP, errno.EISDIR):
                raise
            return 404, "", b""  # gone, or made into something else, since the folder was listed
        with file:
            about = os.fstat(file.fileno())
            if not stat.S_ISREG(about.st_mode):
                return 404, "", b""
            if about.st_size > LIMIT:
                return 413, _etag(about), f"larger than {LIMIT / 1e6:g} MB; split it".encode()
            return 200, _etag(about), file.read(LIMIT)


def _not_followed(name: str, flags: int) -> int:
    return os.open(name, flags | os.O_NOFOLLOW | os.O_NONBLOCK)


def _mark(path: Path, now: datetime) -> str:
    """Names the state of a file; "" for what is none, or may still be written to."""
    try:
        about = path.lstat()
        if not stat.S_ISREG(about.st_mode):
            return ""
        age = abs(now.timestamp() - about.st_mtime)
        if age >= ENDED or not about.st_size:
            return _etag(about)
        if age < SETTLED:
            return ""
        with path.open("rb") as file:
            file.seek(-1, os.SEEK_END)
            return _etag(about) if file.read() in (b"\n", b"\0") else ""  # a line's end in UTF-16 may close with a zero
    except FileNotFoundError:  # taken away meanwhile
        return ""
    except PermissionError:  # which is said when the file is asked for
        return _etag(about)


def _etag(about: os.stat_result) -> str:
    return f'"{about.st_size}-{about.st_mtime_ns}"'


def import_file(
    database: Database, path: Path, columns: Mapping[str, str], zone: ZoneInfo, now: datetime, progress: Progress
) -> Report:
    """Keeps a file's rows as mentions of the source import:<file name>; a second import changes only what changed."""
    source = f"import:{path.stem}"
    report = Report(source)
    named = Columns({field: (column,) for field, column in columns.items()}, zone=zone.key)
    rows = _rows(path, named)
    for start in range(0, len(rows), BATCH):
        body = landed_rows(rows[start : start + BATCH], zone)
        name = landing.land(database.raw, now, source, {}, path.resolve().as_uri(), 200, {}, body)
        page = parse(body, now)
        with database.transaction(publish=False) as con:
            store.add_source(con, source, "import", path.stem)
            report.add(page, store.save_page(con, source, page.mentions, now))
            store.mark_digested(con, name)
        progress("import", min(start + BATCH, len(rows)), len(rows))
    database.publish()
    return report


def landed_rows(rows: Iterable[Mapping[str, Any]], zone: ZoneInfo) -> bytes:
    """Writes rows with a mention's fields for `parse`: the time zone of naive times, then a JSON object a line."""
    lines = [json.dumps(row, ensure_ascii=False) for row in rows]
    return "\n".join([json.dumps({"zone": zone.key}), *lines]).encode("utf-8", "replace")


def parse(body: bytes, now: datetime) -> Page:
    """Reads landed rows into mentions."""
    head, *lines = body.decode("utf-8").split("\n")
    columns = Columns(zone=json.loads(head)["zone"])
    made = [naming.mention(json.loads(line), columns, now) for line in lines]
    refused = tuple(f"row {number}: {one}" for number, one in enumerate(made, 1) if isinstance(one, str))
    return Page(tuple(one for one in made if isinstance(one, Mention)), {}, refused=refused)


def _rows(path: Path, columns: Columns) -> list[tables.Cells]:
    """Reads the rows of a file that is imported as a whole or not at all; raises FileError that names the line."""
    try:
        table = tables.read(path.read_bytes(), path.name)
    except FileNotFoundError:
        raise FileError(f"{path} is not there") from None
    except OSError as error:
        raise FileError(f"{path} can't be read: {error.strerror}") from None
    except tables.UnreadableError as error:
        raise FileError(f"{path}: {error}") from None
    for line, row in table.rows:
        if isinstance(row, str):
            raise FileError(f"{path}:{line}: {row}")
    if fault := naming.lacking(table, columns, "Say --column text=COLUMN"):
        raise FileError(f"{path}: {fault}")
    return [row for _, row in naming.rows(table, columns) if isinstance(row, dict)]


def export(folder: Path, target: Path, hidden: bool = False) -> int:
    """Writes every fact with its mention's words and scores to CSV or Parquet, by the file's ending."""
    if target.suffix not in (".csv", ".parquet"):
        raise FileError(f"{target}: end the name in .csv or .parquet")
    if not target.parent.is_dir():
        raise FileError(f"{target}: there is no folder {target.parent}; make it first")
    with snapshot(folder) as con:
        table = exporting.everything(con, hidden)
    if target.suffix == ".parquet":
        parquet.write_table(table, target)
        return int(table.num_rows)
    with target.open("w", encoding="utf-8", newline="") as file:
        exporting.write_csv(table, file)
    return int(table.num_rows)

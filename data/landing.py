"""Lands every answer on disk before anything is read from it, so that the store can be rebuilt by replay.

A landed file is `raw/<day>/<sha256>.gz`: one line of JSON (when, source, cursor, address, status, headers), then the
body as it came.
"""

import gzip
import hashlib
import json
import os
import shutil
import time
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

from earful.connectors.types import Cursor

KEPT_HEADERS = ("content-type", "etag", "last-modified", "link", "date")
LEFT_OVER = 60.0  # seconds after which what is not whole is nobody's: the webhook writes while a run looks


class LandingError(Exception):
    """An answer can't be landed or read back; the message names the file."""


@dataclass(frozen=True)
class Landed:
    """One answer as it lies on disk; `name` is its path below raw/."""

    name: str
    at: datetime
    source: str
    cursor: Cursor
    url: str
    status: int
    headers: dict[str, str]
    body: bytes


def land(
    raw: Path,
    at: datetime,
    source: str,
    cursor: Cursor,
    url: str,
    status: int,
    headers: dict[str, str],
    body: bytes,
) -> str:
    """Writes an answer and returns its name; the file is whole and on disk when this returns."""
    head = {
        "at": at.isoformat(),
        "source": source,
        "cursor": cursor,
        "url": url,
        "status": status,
        "headers": {key: headers[key] for key in KEPT_HEADERS if key in headers},
    }
    content = json.dumps(head, sort_keys=True).encode() + b"\n" + body
    name = f"{at.date().isoformat()}/{hashlib.sha256(content).hexdigest()}.gz"
    path = raw / name
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.with_suffix(".tmp").open("wb") as file:
            file.write(gzip.compress(content, compresslevel=6, mtime=0))
            file.flush()
            os.fsync(file.fileno())
        path.with_suffix(".tmp").rename(path)
        for folder in (path.parent, raw):  # or the name may be gone after a power cut
            _sync(folder)
    except OSError as error:
        path.with_suffix(".tmp").unlink(missing_ok=True)
        raise LandingError(
            f"cannot keep an answer in {raw}: {error.strerror}; free some space and run again"
        ) from error
    return name


def read(raw: Path, name: str) -> Landed:
    """Reads a landed answer back; raises LandingError when the file is torn."""
    try:
        line, _, body = gzip.decompress((raw / name).read_bytes()).partition(b"\n")
        head = json.loads(line)
        at = datetime.fromisoformat(head["at"])
        return Landed(name, at, head["source"], head["cursor"], head["url"], head["status"], head["headers"], body)
    except (OSError, EOFError, zlib.error, ValueError, KeyError, TypeError) as error:
        raise LandingError(f"{raw / name} can't be read back ({error}); delete it to go on without it") from error


def names(raw: Path, since: date | None = None) -> Iterator[str]:
    """Lists the landed answers by day, from `since` on; sweeps files left over by a death in the middle of writing."""
    if not raw.exists():
        return
    for day in sorted(path for path in raw.iterdir() if path.is_dir()):
        if since and day.name < since.isoformat():
            continue
        for left_over in day.glob("*.tmp"):
            if time.time() - left_over.stat().st_mtime > LEFT_OVER:
                left_over.unlink()
        for path in sorted(day.glob("*.gz")):
            yield f"{day.name}/{path.name}"


def _sync(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def forget(raw: Path, before: date) -> int:
    """Deletes the answers landed before a day and returns how many days went."""
    days = [path for path in raw.glob("????-??-??") if path.name < before.isoformat()]
    for day in days:
        shutil.rmtree(day)
    return len(days)

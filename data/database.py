"""Opens the database file for one short transaction at a time, and publishes snapshots for readers.

DuckDB lets one process write or several read, never both, and drops its lock when the writer's own process opens
the file a second time. So the file is opened only here, only under our own lock, and readers get copies: a
`read/snap-<n>.duckdb` that `read/CURRENT` names. Nobody else may open `main.duckdb`.
"""

import os
import shutil
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

import duckdb

from earful.data import failpoint, migrations
from earful.data.lock import Busy, hold

KEEP_SNAPSHOTS = 3
LOCK_SECONDS = 30.0
DAMAGE = (duckdb.IOException, duckdb.InternalException, duckdb.FatalException, duckdb.SerializationException)
Held: TypeAlias = dict[tuple[Path, str], duckdb.DuckDBPyConnection]  # by folder and snapshot
_look = threading.local()  # `held`: what is open in `one_look`


class DatabaseError(Exception):
    """The database file can't be used; the message says why and what to do."""


@dataclass(frozen=True)
class Database:
    """A folder that holds the store: main.duckdb, its lock, the snapshots in read/ and the landed answers in raw/."""

    folder: Path
    wait: float = LOCK_SECONDS

    @property
    def main(self) -> Path:
        return self.folder / "main.duckdb"

    @property
    def read(self) -> Path:
        return self.folder / "read"

    @property
    def raw(self) -> Path:
        return self.folder / "raw"

    @contextmanager
    def transaction(self, publish: bool = True) -> Iterator[duckdb.DuckDBPyConnection]:
        """Gives a connection inside one transaction, commits at the end and publishes a snapshot if asked.

        Raises Busy when another process holds the file longer than `wait` seconds, DatabaseError when the file
        can't be used. Any error inside the block rolls everything back.
        """
        with hold(self.folder / "writer.lock", self.wait, "the store"):
            con = self._open()
            try:
                con.begin()
                try:
                    yield con
                    # Readers go by the number, so a store that begins anew goes on where its snapshots ended.
                    con.execute("UPDATE meta SET sequence = greatest(sequence, ?) + 1", [_number(current(self.folder))])
                    failpoint.reach("before_commit")
                    con.commit()
                except BaseException:
                    _quietly_roll_back(con)
                    raise
                failpoint.reach("after_commit")
                sequence = _settle(con)
            except duckdb.Error as error:
                raise self._explained(error) from error
            finally:
                con.close()
            if publish:
                self._publish(sequence)

    @contextmanager
    def look(self) -> Iterator[duckdb.DuckDBPyConnection]:
        """Gives a connection for reading what was committed last; nothing done in the block is kept."""
        with hold(self.folder / "writer.lock", self.wait, "the store"):
            con = self._open()
            try:
                con.begin()
                yield con
            except duckdb.Error as error:
                raise self._explained(error) from error
            finally:
                _quietly_roll_back(con)
                con.close()

    def publish(self) -> None:
        """Publishes a snapshot if the newest one is older than the database."""
        with hold(self.folder / "writer.lock", self.wait, "the store"):
            con = self._open()
            try:
                sequence = _settle(con)
            except duckdb.Error as error:
                raise self._explained(error) from error
            finally:
                con.close()
            self._publish(sequence)

    def _publish(self, sequence: int) -> None:
        """Copies the closed file to a snapshot named by its sequence; the caller holds the lock."""
        name = f"snap-{sequence:09d}.duckdb"
        self.read.mkdir(parents=True, exist_ok=True)
        for left_over in self.read.glob("*.tmp"):
            left_over.unlink()
        if current(self.folder) == name:
            return
        try:
            copy = self.read / f"{name}.tmp"
            shutil.copyfile(self.main, copy)
            failpoint.reach("snapshot_copied")
            _sync(copy)
            copy.rename(self.read / name)
            failpoint.reach("snapshot_named")
            pointer = self.read / "CURRENT.tmp"
            pointer.write_text(name)
            _sync(pointer)
            pointer.rename(self.read / "CURRENT")
            _sync(self.read)
        except OSError as error:
            raise DatabaseError(
                f"cannot publish a snapshot to {self.read}: {error.strerror}; nothing kept is lost"
            ) from error
        for old in sorted(self.read.glob("snap-*.duckdb"))[:-KEEP_SNAPSHOTS]:
            old.unlink()

    def _open(self) -> duckdb.DuckDBPyConnection:
        give_up = time.monotonic() + self.wait
        while True:
            try:
                con = self._attach()
                break
            except duckdb.Error as error:
                if "Could not set lock" not in str(error):
                    raise self._explained(error) from error
                if time.monotonic() >= give_up:
                    raise Busy(
                        f"another program has {self.main} open; close it and read the copies in {self.read}. {error}"
                    ) from error
                time.sleep(0.1)
        try:
            applied, known = migrations.applied(con), len(migrations.MIGRATIONS)
            if applied > known:
                raise DatabaseError(f"{self.main} was written by a newer Earful and was left as it is; use that one")
            if 0 < applied < known:
                con.close()  # moves what is in the log into the file
                self._back_up(applied + 1)
                con = self._attach()
            if applied < known:
                migrations.run(con)
        except BaseException as error:
            con.close()
            if isinstance(error, duckdb.Error):
                raise self._explained(error) from error
            raise
        return con

    def _attach(self) -> duckdb.DuckDBPyConnection:
        self.folder.mkdir(parents=True, exist_ok=True)
        con = _connect()
        try:
            con.execute(f"ATTACH {_quoted(self.main)} AS store (STORAGE_VERSION 'v1.2.0')")
            con.execute("USE store")
        except BaseException:
            con.close()
            raise
        return con

    def _back_up(self, number: int) -> None:
        """Copies the closed file aside before migration `number` changes it."""
        copy = self.folder / f"before-migration-{number:03d}.duckdb"
        try:
            shutil.copyfile(self.main, copy.with_suffix(".tmp"))
            _sync(copy.with_suffix(".tmp"))
            copy.with_suffix(".tmp").rename(copy)
        except OSError as error:
            raise DatabaseError(
                f"cannot copy {self.main} to {copy} before changing its schema: {error.strerror}; it is as it was"
            ) from error

    def _explained(self, error: duckdb.Error) -> Exception:
        text = str(error)
        newest = current(self.folder)
        rescue = (
            f"move {self.main} and its .wal aside, "
            + (f"copy {self.read / newest} to {self.main}, " if newest else "")
            + "then run 'earful replay' to read the landed answers again"
        )
        if "not a valid DuckDB database" in text:
            return DatabaseError(f"{self.main} is not a database and was left as it is; {rescue}")
        if "replaying WAL" in text or "Corrupt" in text or "checksum" in text.lower():
            return DatabaseError(f"{self.main} is damaged and was left as it is; {rescue}. {text}")
        if "version number" in text:
            return DatabaseError(f"{self.main} was written by a newer DuckDB than {duckdb.__version__}. {text}")
        if "No space left" in text or "Could not write" in text:
            return DatabaseError(f"no room to write {self.main}; free some space and run again. {text}")
        return error


def current(folder: Path) -> str:
    """Names the newest published snapshot, "" when there is none."""
    try:
        return (folder / "read" / "CURRENT").read_text().strip()
    except FileNotFoundError:
        return ""


@contextmanager
def one_look() -> Iterator[None]:
    """Lets all that this thread asks of one snapshot in the block share a connection: opening one takes longer."""
    held: Held = {}
    _look.held = held
    try:
        yield
    finally:
        _look.held = None
        for con in held.values():
            con.close()


@contextmanager
def snapshot(folder: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """Gives a read-only connection to the newest snapshot; raises DatabaseError when none is sound."""
    shared: Held | None = getattr(_look, "held", None)
    held: Held = {} if shared is None else shared
    try:
        yield held.get((folder, current(folder))) or _newest(folder, held)
    except DAMAGE as error:
        raise DatabaseError(f"snapshot {current(folder)} is damaged: {error}") from error
    finally:
        if held is not shared:
            for con in held.values():
                con.close()


def _newest(folder: Path, held: Held) -> duckdb.DuckDBPyConnection:
    """Opens the newest snapshot and puts it to what is held open."""
    for attempt in (1, 2, 3):
        if not (name := current(folder)):
            break
        con = _connect()
        try:
            con.execute(f"ATTACH {_quoted(folder / 'read' / name)} AS store (READ_ONLY)")
            con.execute("USE store")
        except duckdb.Error as error:
            con.close()
            # The writer may have retired this snapshot between the two looks.
            if attempt == 3 or (folder / "read" / name).exists():
                raise DatabaseError(f"snapshot {name} can't be read: {error}") from error
            continue
        held[folder, name] = con
        return con
    raise DatabaseError(f"nothing has been kept in {folder} yet; run 'earful run'")


def _connect() -> duckdb.DuckDBPyConnection:
    con = duckdb.connect()
    con.execute("SET TimeZone = 'UTC'")
    return con


def _settle(con: duckdb.DuckDBPyConnection) -> int:
    """Moves everything from the write-ahead log into the file and returns the number of commits so far."""
    con.execute("CHECKPOINT store")
    row = con.execute("SELECT sequence FROM meta").fetchone()
    assert row is not None, "the meta table is empty"
    return int(row[0])


def _number(snapshot: str) -> int:
    digits = "".join(letter for letter in snapshot if letter.isdigit())
    return int(digits or 0)


def _quoted(path: Path) -> str:
    return "'" + str(path).replace("'", "''") + "'"


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _quietly_roll_back(con: duckdb.DuckDBPyConnection) -> None:
    try:
        con.rollback()
    except duckdb.Error:  # the failed statement may have ended the transaction already
        return

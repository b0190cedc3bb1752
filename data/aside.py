"""Opens a file beside the main one for what can be made again, and would make every snapshot bigger.

SQLite, because several processes read while one writes.
"""

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path


@contextmanager
def opened(path: Path, schema: Sequence[str]) -> Iterator[sqlite3.Connection]:
    """Opens a file in one transaction; where it is missing, it is made by the schema's statements."""
    with closing(sqlite3.connect(path, timeout=30)) as con:
        con.execute("PRAGMA journal_mode = WAL")
        con.execute("PRAGMA synchronous = NORMAL")
        for statement in schema:
            con.execute(statement)
        with con:
            yield con

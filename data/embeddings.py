"""Keeps the embeddings of texts in a file of its own, `embeddings.sqlite`: the main file is copied for every snapshot.

A text is named by the digest of its words, so copies share a row and an edit has another. SQLite, because several
processes read while one writes. What is here is derived: lost, it is made again by scoring.
"""

import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from pathlib import Path

import numpy as np
import numpy.typing as npt

Vectors = npt.NDArray[np.float32]
AT_ONCE = 500  # keys a question
SCHEMA = (
    "CREATE TABLE IF NOT EXISTS vectors"
    " (model TEXT, digest TEXT, vector BLOB, PRIMARY KEY (model, digest)) WITHOUT ROWID"
)


def save(folder: Path, model: str, vectors: Mapping[str, npt.NDArray[np.floating]]) -> None:
    """Keeps unit vectors by digest, in place of what the model said of the same words before."""
    rows = [(model, digest, np.asarray(vector, np.float16).tobytes()) for digest, vector in vectors.items()]
    with _open(folder) as con:
        con.executemany("INSERT OR REPLACE INTO vectors VALUES (?, ?, ?)", rows)


def read(folder: Path, model: str, digests: Sequence[str]) -> dict[str, Vectors]:
    """Finds the vectors of those texts that have one, as float32 of shape (size,)."""
    found: dict[str, Vectors] = {}
    with _open(folder) as con:
        for start in range(0, len(digests), AT_ONCE):
            asked = digests[start : start + AT_ONCE]
            marks = ",".join("?" * len(asked))
            rows = con.execute(
                f"SELECT digest, vector FROM vectors WHERE model = ? AND digest IN ({marks})",  # noqa: S608
                [model, *asked],
            )
            found |= {digest: np.frombuffer(vector, np.float16).astype(np.float32) for digest, vector in rows}
    return found


@contextmanager
def _open(folder: Path) -> Iterator[sqlite3.Connection]:
    with closing(sqlite3.connect(folder / "embeddings.sqlite", timeout=30)) as con:
        con.execute("PRAGMA journal_mode = WAL")
        con.execute("PRAGMA synchronous = NORMAL")
        con.execute(SCHEMA)
        with con:
            yield con

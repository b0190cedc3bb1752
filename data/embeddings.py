"""Keeps the embeddings of texts in a file of its own, `embeddings.sqlite`: the main file is copied for every snapshot.

A text is named by the digest of its words, so copies share a row and an edit has another. What is here is derived:
lost, it is made again by scoring. Vectors are saved before the scores that come from the same pass, so a scored text
has one, unless an older Earful scored it.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from earful.data import aside

Vectors = npt.NDArray[np.float32]
AT_ONCE = 500  # keys a question
FILE = "embeddings.sqlite"
SCHEMA = (
    "CREATE TABLE IF NOT EXISTS vectors"
    " (model TEXT, digest TEXT, vector BLOB, PRIMARY KEY (model, digest)) WITHOUT ROWID",
    "CREATE TABLE IF NOT EXISTS whole (model TEXT PRIMARY KEY) WITHOUT ROWID",  # every text it scored has a vector
)


def save(folder: Path, model: str, vectors: Mapping[str, npt.NDArray[np.floating]]) -> None:
    """Keeps unit vectors by digest; words that have one already keep it, so that nothing built on it moves."""
    rows = [(model, digest, np.asarray(vector, np.float16).tobytes()) for digest, vector in vectors.items()]
    with aside.opened(folder / FILE, SCHEMA) as con:
        con.executemany("INSERT OR IGNORE INTO vectors VALUES (?, ?, ?)", rows)


def read(folder: Path, model: str, digests: Sequence[str]) -> dict[str, Vectors]:
    """Finds the vectors of those texts that have one, as float32 of shape (size,)."""
    found: dict[str, Vectors] = {}
    with aside.opened(folder / FILE, SCHEMA) as con:
        for start in range(0, len(digests), AT_ONCE):
            asked = digests[start : start + AT_ONCE]
            marks = ",".join("?" * len(asked))
            rows = con.execute(
                f"SELECT digest, vector FROM vectors WHERE model = ? AND digest IN ({marks})",  # noqa: S608
                [model, *asked],
            )
            found |= {digest: np.frombuffer(vector, np.float16).astype(np.float32) for digest, vector in rows}
    return found


def lacking(folder: Path, model: str, digests: Sequence[str]) -> list[str]:
    """Picks the texts that have no vector by the model, in their order."""
    there: set[str] = set()
    with aside.opened(folder / FILE, SCHEMA) as con:
        for start in range(0, len(digests), AT_ONCE):
            asked = digests[start : start + AT_ONCE]
            marks = ",".join("?" * len(asked))
            rows = con.execute(
                f"SELECT digest FROM vectors WHERE model = ? AND digest IN ({marks})",  # noqa: S608
                [model, *asked],
            )
            there |= {row[0] for row in rows}
    return [digest for digest in digests if digest not in there]


def is_whole(folder: Path, model: str) -> bool:
    """Tells whether it was found out that every text the model scored has a vector."""
    with aside.opened(folder / FILE, SCHEMA) as con:
        return con.execute("SELECT 1 FROM whole WHERE model = ?", [model]).fetchone() is not None


def mark_whole(folder: Path, model: str) -> None:
    """Remembers that every text the model scored has a vector; forgotten when the file is lost, as it should be."""
    with aside.opened(folder / FILE, SCHEMA) as con:
        con.execute("INSERT OR IGNORE INTO whole VALUES (?)", [model])

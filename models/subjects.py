"""Texts without a label that teach the embedding what people talk about, of which posts and reviews hold too little.

Their embedding follows the untouched encoder's, nothing else is learnt from them.
"""

import gzip
import json
import zlib
from pathlib import Path

from earful.models.showings import Row

GLOSSES, LETTERS = "glosses", "letters"


def read(paths: list[Path]) -> list[Row]:
    """Reads WordNet's files (`data.noun` and its like: a synset's words and what they mean), and of gzipped JSON lines
    with a "text" the half that `shown` tells."""
    return [row for path in paths for row in (_letters(path) if path.suffix == ".gz" else _glosses(path))]


def shown(text: str) -> bool:
    """Tells whether a text is of the half that may be learnt from; the other half is there to measure on."""
    return zlib.crc32(text.encode()) % 2 == 0


def _letters(path: Path) -> list[Row]:
    with gzip.open(path, "rt", encoding="utf-8") as file:
        texts = [json.loads(line)["text"] for line in file]
    return [Row(text, "", None, LETTERS) for text in texts if shown(text)]


def _glosses(path: Path) -> list[Row]:
    rows = []
    for line in path.read_text(encoding="utf-8").splitlines():
        if line.startswith("  "):  # the licence
            continue
        fields, _, gloss = line.partition(" | ")
        _, _, _, count, *words = fields.split()
        named = ", ".join(word.replace("_", " ") for word in words[: 2 * int(count, 16) : 2])
        rows.append(Row(f"{named}: {gloss.strip()}", "", None, GLOSSES))
    return rows

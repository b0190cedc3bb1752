"""Sentences out of letters of complaint, as rows: problems told as facts, which corpora of tweets and reviews lack.

A letter is a complaint whatever its words, a sentence of it is not: what the weights that training goes on from call
hardly negative (the date of a purchase, a thank you at the end) is left out, the rest is negative and a problem.
"""

import gzip
import json
import random
import re
from pathlib import Path

from earful.models import encoder, sentiment, subjects
from earful.models.showings import GRIEVANCES, INTENTS, Row

DOUBTED = 0.3  # of being negative; what is below is left out
WORDS = range(6, 46)  # in a row
SENTENCE = re.compile(r"(?<=[.!?])\s+")
HIDDEN, AMOUNT, BLANKS = re.compile(r"\bX[X/]+\b"), re.compile(r"\{\$([\d.]+)\}"), re.compile(r"\s+")


def read(paths: list[Path], weights: Path, seed: int) -> list[Row]:
    """Reads gzipped JSON lines with a "text", of which the half that subjects.shown tells: one to three sentences a
    row, judged with `weights`."""
    chance = random.Random(seed)  # noqa: S311 - not a secret
    pieces = [piece for path in paths for text in _texts(path) for piece in _cut(text, chance)]
    if not pieces:
        return []
    judged = sentiment.load(weights).score([(piece, "") for piece in pieces])
    negative, problem = encoder.LABELS.index("negative"), INTENTS.index("problem")
    return [
        Row(piece, "", negative, GRIEVANCES, problem)
        for piece, one in zip(pieces, judged, strict=True)
        if one.negative >= DOUBTED
    ]


def _texts(path: Path) -> list[str]:
    with gzip.open(path, "rt", encoding="utf-8") as file:
        texts = [json.loads(line)["text"] for line in file]
    return [text for text in texts if subjects.shown(text)]


def _cut(text: str, chance: random.Random) -> list[str]:
    """Cuts a letter; names and dates that its keeper hid ("XXXX") are left out, amounts written as people do."""
    plain = AMOUNT.sub(r"$\1", HIDDEN.sub("", text.lower() if text.isupper() else text))
    sentences = SENTENCE.split(BLANKS.sub(" ", plain).strip())
    pieces, at = [], 0
    while at < len(sentences):
        count = chance.choice((1, 1, 2, 3))
        pieces.append(" ".join(sentences[at : at + count]))
        at += count
    return [piece for piece in pieces if len(piece.split()) in WORDS]

"""What is shown to the model in training: labelled rows, how often each, and with the brand's name hidden in part."""

import gzip
import json
import math
import random
from collections import Counter
from dataclasses import dataclass, replace
from pathlib import Path

from earful.models import encoder

# How often each source is seen. Short informal posts are what is judged most, so tweets come oftener.
SHOWINGS = {"semeval13-16": 2.7, "goemotions_reddit": 0.9, "sst5_as3": 1.5, "senti4sd": 1.5}
SHOWINGS_WITH_TARGET = 1.8
# Rows whose whole text is about one thing: an invented name for it may stand in front, or stay unsaid.
ABOUT_ONE_THING = {"sst5_as3", "tsa_md"}
SYLLABLES = (
    "ba be bri cor da dex fen fi gal hu jo ka kel lo lum ma mir na nov o pex qui ra ril so sta ta tor u ven vi "
    "wex xo yar za zu"
)


@dataclass(frozen=True, slots=True)
class Row:
    """A text, what it is judged towards ("" for the whole text), its label as a number and its source."""

    text: str
    target: str
    label: int
    source: str


def read(data: Path, names: list[str]) -> list[Row]:
    """Reads rows of `{"source", "text", "target", "label"}` from NAME.jsonl.gz files."""
    rows = []
    for name in names:
        with gzip.open(data / f"{name}.jsonl.gz", "rt", encoding="utf-8") as lines:
            for line in lines:
                row = json.loads(line)
                label = encoder.LABELS.index(row["label"])
                rows.append(Row(row["text"], row.get("target") or "", label, row["source"]))
    return rows


def invent(chance: random.Random) -> str:
    """Makes up a brand name of two to four syllables, sometimes with a second word."""
    syllables = SYLLABLES.split()
    name = "".join(chance.choices(syllables, k=chance.choice((2, 2, 3, 3, 4))))
    return f"{name} {chance.choice(syllables)}{chance.choice(syllables)}" if chance.random() < 0.2 else name


def mask(row: Row, chance: random.Random) -> Row:
    """Replaces the target's words by an invented name, or writes the target with @ or #, in part of the rows.

    This keeps the model from learning an opinion about any brand, and shows it the ways a brand stands in texts.
    """
    if row.source in ABOUT_ONE_THING and chance.random() < 0.5:
        name = invent(chance)
        text = chance.choice((f"{name}: {row.text}", f"@{name.replace(' ', '')} {row.text}", row.text, row.text))
        return replace(row, text=text, target=name)
    if not row.target:
        return row
    draw = chance.random()
    name = invent(chance) if draw < 0.3 else row.target.lstrip("@#")
    if draw > 0.5:
        return replace(row, target=name)
    style = chance.choice(("{}", "{}", "@{}", "#{}"))
    written = style.format(name if style == "{}" else name.replace(" ", ""))
    return replace(row, text=encoder.pattern(row.target).sub(lambda _: written, row.text), target=name)


def plan(rows: list[Row], seed: int) -> list[int]:
    """Lists which row is shown when: every source as often as SHOWINGS says, mixed."""
    chance = random.Random(seed)  # noqa: S311 - not a secret
    shown: list[int] = []
    for at, row in enumerate(rows):
        times = SHOWINGS_WITH_TARGET if row.target else SHOWINGS.get(row.source, 1.0)
        shown += [at] * (int(times) + (chance.random() < times % 1))
    chance.shuffle(shown)
    return shown


def balance(rows: list[Row]) -> dict[tuple[str, int], float]:
    """Weighs rare labels up within their source (square root, at most 2) so that none is simply never said."""
    sources = Counter(row.source for row in rows)
    labels = Counter((row.source, row.label) for row in rows)
    return {key: min(2.0, math.sqrt(sources[key[0]] / (3 * count))) for key, count in labels.items()}

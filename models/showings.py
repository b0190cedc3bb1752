"""What is shown to the model in training: labelled rows, how often each, and with the brand's name hidden in part."""

import gzip
import json
import math
import random
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from earful.models import encoder, invented, variants

# How often each source is seen. Short informal posts are what is judged most, so tweets come oftener.
SHOWINGS = {
    "semeval13-16": 2.2,
    "mams_atsa": 2.2,
    "newsmtsc": 2.0,
    "semeval14_laptop": 2.5,
    "goemotions_reddit": 0.9,
    "sst5_as3": 1.2,
    "senti4sd": 1.2,
    "invented": 1.0,
    "glosses": 0.4,
    "letters": 4.0,
    "grievances": 1.5,
}
GRIEVANCES = "grievances"  # sentences out of letters of complaint: models/grievances.py
SHOWINGS_WITH_TARGET = 1.7
INVENTED = 44_000  # rows
# Rows whose whole text is about one thing: an invented name for it may stand in front, or stay unsaid.
ABOUT_ONE_THING = {"sst5_as3", "tsa_md"}
# Posts that may be written to somebody: who is addressed becomes the target, which is how complaints reach brands.
ADDRESSED = {"semeval13-16": 0.2, "goemotions_reddit": 0.2}
SENT = ("{0} {1}", "{0} {1}", "{1} {0}", "{0}: {1}")  # ways a grievance reaches a brand
REVIEWS = ("semeval14_", "semeval15_", "semeval16_restaurant")
MISSPELT, LINKED = 0.3, 0.15  # shares of rows with a typing error, and with a link or a handle behind
ELSEWHERE = 0.7  # share of rows whose people and places become others
BESIDE = 0.2  # share of rows with a target that get another such row beside them
# Which emotion tells which intent; the first that applies counts, the rest is "other".
INTENTS = ("problem", "want", "question", "praise", "other")
TELLING = {
    "question": {"curiosity", "confusion"},
    "want": {"desire"},
    "problem": {"annoyance", "anger", "disappointment", "disapproval", "disgust"},
    "praise": {"admiration", "gratitude", "love", "approval"},
}


@dataclass(frozen=True, slots=True)
class Row:
    """A text, what it is judged towards ("" for the whole text), its label and intent as numbers, its source.

    Either number may be None: the row then teaches nothing about it.
    """

    text: str
    target: str
    label: int | None
    source: str
    intent: int | None = None


def lines(data: Path, name: str) -> Iterator[dict[str, Any]]:
    """Reads the objects of NAME.jsonl.gz."""
    with gzip.open(data / f"{name}.jsonl.gz", "rt", encoding="utf-8") as file:
        yield from map(json.loads, file)


def intent_of(emotions: list[str]) -> int:
    """Tells the intent that a set of GoEmotions labels speaks of."""
    found = next((intent for intent, telling in TELLING.items() if telling & set(emotions)), "other")
    return INTENTS.index(found)


def read(data: Path, names: list[str], emotions: str = "") -> list[Row]:
    """Reads rows of `{"source", "text", "target", "label"}` from NAME.jsonl.gz files.

    Intents come from the emotions of the same texts, and in reviews from the label.
    """
    intents = {one["text"]: intent_of(one["labels"]) for one in lines(data, emotions)} if emotions else {}
    rows = []
    for row in (row for name in names for row in lines(data, name)):
        label = encoder.LABELS.index(row["label"])
        intent = intents.pop(row["text"], None)
        if row["source"].startswith(REVIEWS) and label != 1:
            intent = INTENTS.index("praise" if label == 2 else "problem")
        rows.append(Row(row["text"], row.get("target") or "", label, row["source"], intent))
    rows += [Row(text, "", None, "emotions", intent) for text, intent in intents.items()]
    return rows


def made_up(count: int, seed: int) -> list[Row]:
    """Gives invented sentences as rows."""
    return [Row(one.text, one.target, one.label, "invented", one.intent) for one in invented.make(count, seed)]


def mask(row: Row, chance: random.Random, others: Sequence[Row] = ()) -> Row:
    """Replaces the target's words by an invented name, or writes the target with @ or #, in part of the rows.

    This keeps the model from learning an opinion about any brand, and shows it the ways a brand stands in texts.
    Some rows get one of the `others` of their source beside them, other people and places, a typing error or a link,
    which must change nothing.
    """
    if others and row.target and chance.random() < BESIDE:
        row = beside(row, chance.choices(others, k=8), chance)
    row = _renamed(row, chance)
    if chance.random() < ELSEWHERE:
        row = replace(row, text=variants.elsewhere(row.text, row.target, chance))
    if chance.random() < MISSPELT and len(row.text) > 20:
        row = replace(row, text=variants.misspelt(row.text, chance))
    if chance.random() < LINKED:
        row = replace(row, text=variants.linked(row.text, chance))
    return row


def beside(row: Row, others: Sequence[Row], chance: random.Random) -> Row:
    """Puts before or behind a text the first other one of another label about another target, if there is one.

    Which of the two labels is right, only the target tells; nothing is said any more of the intent.
    """
    for other in others:
        if other.label == row.label or not other.target:
            continue
        if encoder.pattern(other.target).search(row.text) or encoder.pattern(row.target).search(other.text):
            continue
        texts = (row.text, other.text) if chance.random() < 0.5 else (other.text, row.text)
        return replace(row, text=" ".join(texts), intent=None)
    return row


def _renamed(row: Row, chance: random.Random) -> Row:
    if row.source == "invented":
        return row
    invent = invented.name
    if chance.random() < ADDRESSED.get(row.source, 0) and not row.target:
        name = invent(chance)
        handle = "@" + name.replace(" ", "")
        first, _, rest = row.text.partition(" ")
        return replace(row, text=f"{handle} {rest if first.startswith('@') else row.text}", target=name)
    if row.source == GRIEVANCES and chance.random() < 0.85:
        name = invent(chance)
        said = invented.written(name, chance)
        return replace(row, text=chance.choice(SENT).format(said, row.text), target=name)
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


def plan(rows: list[Row], seed: int, unlabelled: float = 1.0) -> list[int]:
    """Lists which row is shown when: every source as often as SHOWINGS says, what has no label so many times oftener,
    mixed."""
    chance = random.Random(seed)  # noqa: S311 - not a secret
    shown: list[int] = []
    for at, row in enumerate(rows):
        usual = SHOWINGS_WITH_TARGET if row.target else 1.0
        times = SHOWINGS.get(row.source, usual) * (unlabelled if row.label is row.intent is None else 1)
        shown += [at] * (int(times) + (chance.random() < times % 1))
    chance.shuffle(shown)
    return shown


def balance(rows: list[Row]) -> dict[tuple[str, int], float]:
    """Weighs rare labels up within their source (square root, at most 2) so that none is simply never said."""
    labels = Counter((row.source, row.label) for row in rows if row.label is not None)
    sources = Counter(row.source for row in rows if row.label is not None)
    return {key: min(2.0, math.sqrt(sources[key[0]] / (3 * count))) for key, count in labels.items()}


def balance_intents(rows: list[Row]) -> list[float]:
    """Weighs rare intents up (square root, at most 2), in the order of INTENTS."""
    counts = Counter(row.intent for row in rows if row.intent is not None)
    usual = sum(counts.values()) / len(INTENTS)
    return [min(2.0, math.sqrt(usual / counts[at])) if counts[at] else 0.0 for at in range(len(INTENTS))]

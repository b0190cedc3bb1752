"""Shows what a match expression would find among the kept mentions, and what each of its exclusions does.

    with snapshot(folder) as con:
        found = preview.preview(con, folder, 'acme NOT fruit', "Acme", now)

Large stores are sampled by lot, and said so: every count then carries its interval.
"""

import json
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from earful.data import embeddings
from earful.data import preview as drawing
from earful.data import relevance as kept
from earful.data.preview import SNIPPET, Candidate
from earful.flows import relevance as learning
from earful.models import accuracy, keywords, parts, relevance, sentiment
from earful.models.encoder import joined
from earful.models.keywords import Word
from earful.models.match import Matchable
from earful.models.relevance import Text, Vectors

MOST = 20_000  # mentions that are drawn
PATIENCE = 4.0  # seconds until no more of them are tried
EXAMPLES = 20
OF_EACH = 3  # examples of what an exclusion removes rightly, and wrongly
LOOKED_AT = 40  # removed mentions of one exclusion that are judged
REST = 100  # matching mentions that they are compared with
LEAST_REST = 10
MOST_JUDGED = 8  # exclusions whose removals are judged
OTHERS = 500  # unmarked mentions that words are compared with

Embed = Callable[[Sequence[str]], Vectors]


@dataclass(frozen=True)
class Number:
    """A count; where only a sample was looked at it is an estimate, plausibly from `low` to `high` (95%)."""

    value: int
    low: int
    high: int

    @property
    def exact(self) -> bool:
        """Tells whether everything was counted."""
        return self.low == self.high


@dataclass(frozen=True)
class Example:
    """A mention as it is shown; `said` begins its title and text, written by whoever."""

    source: str
    id: str
    published: datetime
    author: str
    said: str


@dataclass(frozen=True)
class Removal:
    """What one exclusion removes, `alone` those that no other would.

    Of so many that were `judged`, `by` people ("marks"), the brand's relevance model ("model") or the likeness to what
    matches ("likeness", an estimate; "" where there is too little), `wrong` look wrong and `right` look right.
    """

    term: str
    removes: Number
    alone: Number
    by: str
    judged: int
    wrong: Number | None
    right: Number | None
    wrong_examples: tuple[Example, ...]
    right_examples: tuple[Example, ...]


@dataclass(frozen=True)
class Preview:
    """What an expression finds among `kept` mentions of the last `days`; `tried` of them were put to the test.

    `tried` includes those that the store could rule out by their letters. `suggestions` are words that marked-as-wrong
    mentions of the brand have and others lack.
    """

    expression: str
    brand: str
    days: int
    kept: int
    tried: int
    matches: Number
    examples: tuple[Example, ...]
    removals: tuple[Removal, ...]
    suggestions: tuple[Word, ...]

    def as_json(self) -> dict[str, Any]:
        """Gives it as JSON values; times are written as ISO."""
        values: dict[str, Any] = json.loads(json.dumps(asdict(self), default=lambda at: at.isoformat()))
        return values


def preview(
    con: kept.Connection,
    folder: Path,
    expression: str,
    brand: str,
    now: datetime,
    days: int = 30,
    embed: Embed | None = None,
) -> Preview:
    """Tries an expression; raises MatchError that points at the place. `brand` "" leaves people's marks out.

    `con` reads a snapshot of the store in `folder`. Takes some seconds at most, whatever the store holds: `embed` puts
    texts into unit vectors, by the shipped model unless given.
    """
    asked = parts.parts(expression)
    drawn = drawing.draw(con, now - timedelta(days=days), now, brand, asked.needed, MOST)
    matching: list[Candidate] = []
    removed: list[list[Candidate]] = [[] for _ in asked.exclusions]
    alone = [0] * len(asked.exclusions)
    deadline, tried = time.monotonic() + PATIENCE, 0
    for row in drawn.rows:
        hits = asked.hits(_matchable(row))
        tried += 1
        if hits == []:
            matching.append(row)
        for place in hits or ():
            removed[place].append(row)
            alone[place] += len(hits or ()) == 1
        if time.monotonic() > deadline:
            break
    judge = _Judge(con, folder, brand, matching[:REST], embed or _shipped)
    removals = tuple(
        _removal(
            one.term,
            _scaled(len(rows), tried, drawn.passing),
            _scaled(by_itself, tried, drawn.passing),
            rows[:LOOKED_AT] if place < MOST_JUDGED else [],
            judge,
        )
        for place, (one, rows, by_itself) in enumerate(zip(asked.exclusions, removed, alone, strict=True))
    )
    whole = drawn.kept if tried == drawn.passing else round(tried * drawn.kept / max(1, drawn.passing))
    return Preview(
        expression, brand, days, drawn.kept, whole, _scaled(len(matching), tried, drawn.passing),
        tuple(_example(row) for row in matching[:EXAMPLES]), removals, suggestions(con, brand, asked.said),
    )  # fmt: skip


def suggestions(con: kept.Connection, brand: str, known: frozenset[str]) -> tuple[Word, ...]:
    """Finds words of what people marked as not about a brand that its other mentions lack; none without marks."""
    marked = kept.marked(con, brand) if brand else []
    wrong = [joined(row.title, row.text) for row in marked if not row.about]
    if len(wrong) < keywords.LEAST:
        return ()
    right = [row for row in marked if row.about] + kept.unmarked(con, brand, OTHERS)
    return tuple(keywords.telling(wrong, [joined(row.title, row.text) for row in right], known))


class _Judge:
    """Tells which removed mentions look right: by people's marks, else by the brand's model, else by likeness."""

    def __init__(self, con: kept.Connection, folder: Path, brand: str, rest: Sequence[Candidate], embed: Embed) -> None:
        made = kept.model(con, brand) if brand else None
        known = made is not None and learning.skill(made).known
        self.model = learning.load(brand, made) if made and known else None
        self.embeds = str(made.skill["embeds"]) if made else ""
        self.folder, self.rest, self.embed = folder, rest, embed
        self.vectors: Vectors | None = None

    def look(self, rows: Sequence[Candidate]) -> tuple[str, dict[Candidate, bool]]:
        """Says by what it judges, and which of the rows look right."""
        marked = {row: row.marked for row in rows if row.marked is not None}
        left = [row for row in rows if row.marked is None]
        if not left or len(marked) >= relevance.LEAST_EACH:
            return "marks" if marked else "", marked
        if self.model:
            vectors = embeddings.read(self.folder, self.embeds, [row.digest for row in left])
            lacking = [row for row in left if row.digest not in vectors]
            if lacking and self.model.size and self.embeds == sentiment.name():
                made = self.embed([joined(row.title, row.text) for row in lacking])
                vectors |= {row.digest: vector for row, vector in zip(lacking, made, strict=True)}
            texts = [Text(joined(row.title, row.text), row.source, vectors.get(row.digest)) for row in left]
            chances = self.model.chances(texts)
            return "model", marked | {row: bool(one >= 0.5) for row, one in zip(left, chances, strict=True)}
        if len(self.rest) < LEAST_REST:
            return "marks" if marked else "", marked
        if self.vectors is None:
            self.vectors = self.embed([joined(row.title, row.text) for row in self.rest])
        found = relevance.alike(self.vectors, self.embed([joined(row.title, row.text) for row in left]))
        return "likeness", marked | {row: bool(one) for row, one in zip(left, found, strict=True)}


def _removal(term: str, removes: Number, alone: Number, rows: Sequence[Candidate], judge: _Judge) -> Removal:
    by, looks = judge.look(rows) if rows else ("", {})
    right = [row for row in rows if looks.get(row) is True]
    wrong = [row for row in rows if looks.get(row) is False]
    return Removal(
        term, removes, alone, by, len(looks),
        _part(len(wrong), len(looks), removes) if looks else None,
        _part(len(right), len(looks), removes) if looks else None,
        tuple(_example(row) for row in wrong[:OF_EACH]),
        tuple(_example(row) for row in right[:OF_EACH]),
    )  # fmt: skip


def _scaled(found: int, tried: int, whole: int) -> Number:
    """Scales what was found among those tried to all, with Wilson's interval."""
    share = accuracy.share(found, tried)
    if share is None or tried == whole:
        return Number(found, found, found)
    return Number(round(share.value * whole), round(share.low * whole), round(share.high * whole))


def _part(found: int, judged: int, removes: Number) -> Number:
    share = accuracy.share(found, judged)
    if share is None or (removes.exact and judged == removes.value):
        return Number(found, found, found)
    return Number(round(share.value * removes.value), round(share.low * removes.low), round(share.high * removes.high))


def _matchable(row: Candidate) -> Matchable:
    return Matchable(joined(row.title, row.text), row.author, row.url, row.language, row.source, row.about)


def _example(row: Candidate) -> Example:
    said = " ".join(joined(row.title, row.text)[: 4 * SNIPPET].split())[:SNIPPET]
    return Example(row.source, row.id, row.published, row.author, said)


@cache
def _loaded() -> sentiment.Judge:
    return sentiment.load()


def _shipped(texts: Sequence[str]) -> Vectors:
    vectors: Vectors = np.asarray(_loaded().read([(text, "") for text in texts]).embeddings, np.float32)
    return vectors

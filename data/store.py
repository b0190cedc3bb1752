"""Writes sources, mentions, examinations, scores and corrections; each function works inside the caller's transaction.

Repeating any of them with the same values changes nothing.
"""

import hashlib
import json
import uuid
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import duckdb
import pyarrow as pa

from earful.connectors.types import Cursor, Mention
from earful.data import facts, versions, waiting

Connection = duckdb.DuckDBPyConnection
LABELS = ("negative", "neutral", "positive", "unclear")


@dataclass(frozen=True)
class Kept:
    """What became of a page's mentions: new rows, edited ones, those already there as they are, and erased ones."""

    new: int
    changed: int
    known: int
    gone: int = 0


@dataclass(frozen=True)
class Examined:
    """What matching found out about one mention under one set of rules."""

    source: str
    id: str
    digest: str
    language: str
    story: str
    brands: tuple[str, ...]


@dataclass(frozen=True)
class Score:
    """One mention's sentiment towards one brand by one model, and its intent; label "unscored" carries a reason."""

    source: str
    id: str
    brand: str
    digest: str
    negative: float | None
    neutral: float | None
    positive: float | None
    label: str
    reason: str = ""
    intent: str = ""


def set_up(con: Connection, brands: Sequence[tuple[str, str, str]], sources: Sequence[tuple[str, str, str]]) -> None:
    """Mirrors the configuration: brands as (name, role, expression), sources as (source, connector, target).

    A source that is no longer configured keeps its mentions and its cursor and is marked removed.
    """
    con.execute("DELETE FROM brands")
    for position, (brand, role, expression) in enumerate(brands):
        con.execute("INSERT INTO brands VALUES (?, ?, ?, ?)", [brand, role, expression, position])
    con.execute(
        "UPDATE sources SET state = 'removed' WHERE NOT list_contains(?, source)",
        [[row[0] for row in sources]],
    )
    for row in sources:
        con.execute(
            "INSERT INTO sources (source, connector, target) VALUES (?, ?, ?) ON CONFLICT DO UPDATE"
            " SET state = CASE WHEN state = 'removed' THEN 'new' ELSE state END",
            list(row),
        )


def add_source(con: Connection, source: str, connector: str, target: str) -> None:
    """Makes a source known that is not in the configuration: a recording, an import; nothing asks it."""
    con.execute(
        "INSERT INTO sources (source, connector, target, state) VALUES (?, ?, ?, 'fine') ON CONFLICT DO NOTHING",
        [source, connector, target],
    )


def put_setting(con: Connection, key: str, value: Any) -> None:
    """Keeps a small JSON value under a key."""
    con.execute(
        "INSERT INTO settings VALUES (?, ?) ON CONFLICT DO UPDATE SET value = excluded.value",
        [key, json.dumps(value)],
    )


def digest(mention: Mention) -> str:
    """Names the words of a mention, so that an edit is noticed and judged anew."""
    return hashlib.sha256(f"{mention.title}\0{mention.text}\0{mention.about}".encode()).hexdigest()[:16]


def save_page(
    con: Connection, source: str, mentions: Iterable[Mention], now: datetime, gone: Collection[str] = ()
) -> Kept:
    """Keeps the mentions of one page and erases those whose ids are `gone`.

    The first published and collected times stay, the words are updated and the earlier ones kept. What was erased
    once stays so: an older answer that is read again brings nothing back.
    """
    rows = {mention.id: mention for mention in mentions}
    if not rows:
        return Kept(0, 0, 0, versions.erase(con, source, gone, now))
    table = pa.table(
        {
            "id": list(rows),
            **{
                field: [getattr(mention, field) for mention in rows.values()]
                for field in ("url", "author", "published", "title", "text", "language")
            },
            "rating": pa.array([mention.rating for mention in rows.values()], pa.float32()),
            **{
                field: [getattr(mention, field) for mention in rows.values()]
                for field in ("engagement", "parent", "about", "dated", "scale")
            },
            "answer": pa.array([mention.answer for mention in rows.values()], pa.float32()),
            "digest": [digest(mention) for mention in rows.values()],
        }
    )
    con.register("page", table)
    counts = con.execute(
        "SELECT count(*) FILTER (m.id IS NULL), count(*) FILTER (m.gone IS NULL AND m.digest <> p.digest),"
        " count(*) FILTER (m.gone IS NOT NULL OR m.digest = p.digest)"
        " FROM page p LEFT JOIN (SELECT id, digest, gone FROM mentions WHERE source = ?) m USING (id)",
        [source],
    ).fetchone()
    versions.keep(con, source, now)
    con.execute(
        "INSERT INTO mentions SELECT ?, id, url, author, published, ?::TIMESTAMPTZ, title, text, language, rating,"
        " engagement, parent, about, dated, digest, NULL, answer, scale FROM page"
        " ON CONFLICT DO UPDATE SET url = excluded.url,"
        " author = excluded.author, title = excluded.title, text = excluded.text, language = excluded.language,"
        " rating = excluded.rating, engagement = excluded.engagement, about = excluded.about,"
        " digest = excluded.digest, answer = excluded.answer, scale = excluded.scale"
        " WHERE gone IS NULL AND (digest <> excluded.digest OR engagement <> excluded.engagement"
        " OR rating IS DISTINCT FROM excluded.rating OR answer IS DISTINCT FROM excluded.answer"
        " OR scale <> excluded.scale)",
        [source, now],
    )
    con.unregister("page")
    assert counts is not None
    new, changed, known = counts
    return Kept(new, changed, known, versions.erase(con, source, gone, now))


def put_cursor(con: Connection, source: str, cursor: Cursor) -> None:
    """Moves the source's cursor; call it in the transaction that keeps the page's mentions."""
    con.execute("UPDATE sources SET cursor = ? WHERE source = ?", [json.dumps(cursor), source])


def mark_digested(con: Connection, landed: str) -> None:
    """Remembers that a landed answer has been read into the store."""
    con.execute("INSERT INTO digested VALUES (?) ON CONFLICT DO NOTHING", [landed])


def save_examined(con: Connection, rules: str, examined: Sequence[Examined]) -> None:
    """Keeps which brands each mention speaks of and its language, in place of what was known before.

    `story` is what it tells until it is grouped; one that was grouped stays there until that is done again.
    """
    if not examined:
        return
    fields = ("source", "id", "digest", "language", "story")
    con.register("batch", pa.table({name: [getattr(row, name) for row in examined] for name in fields}))
    found = [(row.source, row.id, brand) for row in examined for brand in row.brands]
    con.register(
        "found",
        pa.table(
            {
                name: pa.array([row[place] for row in found], pa.string())
                for place, name in enumerate(("source", "id", "brand"))
            }
        ),
    )
    con.execute("CREATE OR REPLACE TEMP TABLE touched AS SELECT source, id FROM batch")
    con.execute(
        "DELETE FROM matches USING touched t WHERE matches.source = t.source AND matches.id = t.id"
        " AND NOT EXISTS (FROM found f"
        " WHERE f.source = matches.source AND f.id = matches.id AND f.brand = matches.brand)"
    )
    con.execute("INSERT INTO matches FROM found ON CONFLICT DO NOTHING")
    con.execute(
        "CREATE OR REPLACE TEMP TABLE old_stories AS"
        " SELECT DISTINCT story FROM examined SEMI JOIN touched USING (source, id)"
    )
    con.execute(
        "INSERT INTO examined SELECT source, id, b.digest, ?, b.language,"
        " CASE WHEN g.id IS NULL THEN b.story ELSE e.story END FROM batch b LEFT JOIN grouped g USING (source, id)"
        " LEFT JOIN examined e USING (source, id) ON CONFLICT DO UPDATE SET"
        " digest = excluded.digest, rules = excluded.rules, language = excluded.language, story = excluded.story",
        [rules],
    )
    waiting.examined(con)
    facts.refresh(con, "FROM old_stories UNION SELECT story FROM examined SEMI JOIN touched USING (source, id)")
    con.unregister("batch")
    con.unregister("found")


def save_scores(con: Connection, model: str, now: datetime, scores: Sequence[Score]) -> None:
    """Keeps scores by one model; a repeated failure counts its tries."""
    if not scores:
        return
    fields = ("source", "id", "brand", "digest", "negative", "neutral", "positive", "label", "reason", "intent")
    floats = {"negative", "neutral", "positive"}
    con.register(
        "batch",
        pa.table(
            {
                name: pa.array([getattr(row, name) for row in scores], pa.float32() if name in floats else pa.string())
                for name in fields
            }
        ),
    )
    con.execute(
        "INSERT INTO scores"
        " SELECT source, id, brand, ?, digest, negative, neutral, positive, label, reason, 1, ?::TIMESTAMPTZ, intent"
        " FROM batch ON CONFLICT DO UPDATE SET negative = excluded.negative, neutral = excluded.neutral,"
        " positive = excluded.positive, label = excluded.label, reason = excluded.reason, scored = excluded.scored,"
        " intent = excluded.intent,"
        " tries = CASE WHEN digest = excluded.digest THEN tries + 1 ELSE 1 END, digest = excluded.digest",
        [model, now],
    )
    facts.refresh(con, "SELECT story FROM examined SEMI JOIN batch USING (source, id)")
    con.unregister("batch")


def save_correction(
    con: Connection,
    source: str,
    id: str,
    brand: str,
    label: str,
    author: str,
    now: datetime,
) -> None:
    """Keeps a person's judgement as a row of its own; the latest one wins over every model."""
    if label not in LABELS:
        raise ValueError(f"a correction is one of {', '.join(LABELS)}, not {label!r}")
    con.execute(
        "INSERT INTO corrections VALUES (?, ?, ?, ?, ?, ?, ?)",
        [uuid.uuid4().hex, source, id, brand, label, author, now],
    )
    con.execute("CREATE OR REPLACE TEMP TABLE corrected AS SELECT ? AS source, ? AS id", [source, id])
    facts.refresh(con, "SELECT story FROM examined SEMI JOIN corrected USING (source, id)")


def use_model(con: Connection, model: str) -> None:
    """Makes one model's scores the ones that are shown; rebuilds the facts when it changes."""
    row = con.execute("SELECT value FROM settings WHERE key = 'model'").fetchone()
    if row and json.loads(row[0]) == model:
        return
    put_setting(con, "model", model)
    facts.refresh(con, "SELECT story FROM examined")


def save_run(
    con: Connection, started: datetime, finished: datetime, report: dict[str, Any], keep_days: int = 90
) -> None:
    """Keeps a run's report and forgets reports older than `keep_days` days."""
    con.execute("INSERT INTO runs VALUES (?, ?, ?, ?)", [uuid.uuid4().hex, started, finished, json.dumps(report)])
    con.execute("DELETE FROM runs WHERE started < ?", [started - timedelta(days=keep_days)])

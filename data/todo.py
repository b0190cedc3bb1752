"""Asks what is to be done: sources that are due, mentions to examine, pairs to score, messages to send.

Work is a query over what is kept, never a flag, so that every stage can be killed and run again.
"""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime, timedelta
from typing import Any

import duckdb
import pyarrow as pa

from earful.connectors.types import Cursor

Connection = duckdb.DuckDBPyConnection


@dataclass(frozen=True)
class SourceRow:
    """A source as the store left it."""

    source: str
    connector: str
    target: str
    cursor: Cursor
    due: datetime | None
    failures: int
    state: str
    last_success: datetime | None
    moved_to: str
    moved_since: datetime | None
    since: datetime | None
    error: str
    last_new: datetime | None = None
    host: str = ""  # that was asked last
    asked: datetime | None = None
    hint: float = 0.0  # seconds the source itself wants between two looks
    seconds: float = 0.0  # that an answer takes of late
    slow_since: datetime | None = None
    fulls: int = 0  # answers in a row that held something, before the present empty ones
    empties: int = 0
    silent_since: datetime | None = None
    key_mark: str = ""
    asks: float = 0.0  # checks of late, each by how recent it is; a day ago weighs 1/e
    losses: float = 0.0  # of these, those that failed
    falls: float = 0.0  # and those that failed after one that did not

    def as_json(self) -> dict[str, Any]:
        """Gives the row as JSON values, without the cursor and the mark of a key."""
        values = {key: value for key, value in asdict(self).items() if key not in ("cursor", "key_mark")}
        return {key: value.isoformat() if isinstance(value, datetime) else value for key, value in values.items()}


@dataclass(frozen=True)
class Text:
    """A mention's words, to be matched and judged."""

    source: str
    id: str
    digest: str
    author: str
    url: str
    title: str
    text: str
    language: str
    about: str
    rating: float | None


@dataclass(frozen=True)
class Pair:
    """A mention and a brand it speaks of, not yet scored by the model."""

    source: str
    id: str
    digest: str
    brand: str
    title: str
    text: str
    language: str


@dataclass(frozen=True)
class Standing:
    """How far the work has come: mentions kept, pairs of mention and brand found, pairs with a label."""

    mentions: int
    matched: int
    scored: int


@dataclass(frozen=True)
class Message:
    """One message waiting in the outbox for one target."""

    key: str
    alert: str
    target: str
    message: dict[str, Any]
    created: datetime
    tries: int


def sources(con: Connection) -> list[SourceRow]:
    """Lists the configured sources in the order of their names."""
    rows = con.execute(
        "SELECT source, connector, target, cursor, due, failures, state, last_success,"
        " moved_to, moved_since, since, error, last_new, host, asked, hint, seconds, slow_since, fulls, empties,"
        " silent_since, key_mark, asks, losses, falls FROM sources WHERE state <> 'removed' ORDER BY source"
    ).fetchall()
    return [SourceRow(*(json.loads(value) if place == 3 else value for place, value in enumerate(row))) for row in rows]


def asked_last(con: Connection, otherwise: datetime) -> datetime:
    """Tells when any source was asked last."""
    row = con.execute("SELECT coalesce(max(asked), ?) FROM sources", [otherwise]).fetchone()
    return row[0] if row else otherwise


def standing(con: Connection) -> Standing:
    """Counts what is done; cheap enough to ask again and again."""
    row = con.execute(
        "SELECT (SELECT count(*) FROM mentions), count(*), count(*) FILTER (label <> 'unscored') FROM facts"
    ).fetchone()
    assert row is not None
    return Standing(*row)


def paused_hosts(con: Connection, now: datetime) -> dict[str, datetime]:
    """Maps each host that asked to be left alone to the end of its pause."""
    return dict(con.execute("SELECT host, paused_until FROM hosts WHERE paused_until > ?", [now]).fetchall())


def paces(con: Connection, now: datetime) -> dict[str, timedelta]:
    """Maps each host that was asked a moment ago to how long it is to be left alone."""
    rows = con.execute("SELECT host, ready FROM paces WHERE ready > ?", [now]).fetchall()
    return {host: ready - now for host, ready in rows}


def spent(con: Connection, connector: str) -> tuple[tuple[float, int], ...]:
    """Lists what is spent of a connector's quota: (when it comes back in seconds since 1970, units)."""
    row = con.execute("SELECT spent FROM quotas WHERE connector = ?", [connector]).fetchone()
    return tuple((float(back), int(units)) for back, units in json.loads(row[0])) if row else ()


def digested(con: Connection, names: Sequence[str]) -> set[str]:
    """Picks those of the landed answers that have been read into the store."""
    rows = con.execute("SELECT landed FROM digested WHERE list_contains(?, landed)", [list(names)]).fetchall()
    return {row[0] for row in rows}


def landed_read(con: Connection) -> date | None:
    """Tells on which day landed answers were last looked through, None when they never were."""
    row = con.execute("SELECT value ->> '$' FROM settings WHERE key = 'landed_read'").fetchone()
    return date.fromisoformat(row[0]) if row else None


def unexamined(con: Connection, rules: str, limit: int) -> list[Text]:
    """Lists mentions that were not examined under these rules, or whose words changed since; oldest first.

    What was deleted at its source has no words to examine: what was found out before stays.
    """
    rows = con.execute(
        "SELECT source, id, digest, author, url, title, text, language, about, rating FROM mentions m"
        " WHERE gone IS NULL AND NOT EXISTS (FROM examined e WHERE e.source = m.source AND e.id = m.id"
        " AND e.rules = ? AND e.digest = m.digest) ORDER BY published, source, id LIMIT ?",
        [rules, limit],
    ).fetchall()
    return [Text(*row) for row in rows]


TO_SCORE = """
    FROM matches k JOIN examined e USING (source, id) JOIN mentions m USING (source, id)
    WHERE m.gone IS NULL AND NOT EXISTS (FROM scores s WHERE s.source = k.source AND s.id = k.id AND s.brand = k.brand
        AND s.model = ? AND s.digest = e.digest AND (s.reason = '' OR s.tries >= ? OR s.scored >= ?))
"""


def count_unscored(con: Connection, model: str, tries: int, began: datetime) -> int:
    """Counts the pairs the model has yet to score, in a run that began at a time."""
    row = con.execute(f"SELECT count(*) {TO_SCORE}", [model, tries, began]).fetchone()
    return int(row[0]) if row else 0


def unscored(con: Connection, model: str, tries: int, began: datetime, limit: int) -> list[Pair]:
    """Lists pairs the model has not scored in their present words; newest first.

    A pair that failed is listed again in later runs, until it has failed `tries` times: what was wrong may pass.
    """
    rows = con.execute(
        f"SELECT e.source, e.id, e.digest, k.brand, m.title, m.text, e.language {TO_SCORE}"
        " ORDER BY m.published DESC, e.source, e.id, k.brand LIMIT ?",
        [model, tries, began, limit],
    ).fetchall()
    return [Pair(*row) for row in rows]


def scored_alike(con: Connection, model: str, pairs: Sequence[Pair]) -> dict[tuple[str, str], tuple[Any, ...]]:
    """Finds what a model has said of the same words and brand in other mentions: copies need no second look.

    Keys are (digest, brand), values (negative, neutral, positive, label, intent).
    """
    con.register("sought", pa.table({"digest": [one.digest for one in pairs], "brand": [one.brand for one in pairs]}))
    rows = con.execute(
        "SELECT digest, brand, any_value({n: negative, u: neutral, p: positive, l: label, i: intent})"
        " FROM scores SEMI JOIN sought USING (digest, brand) WHERE model = ? AND reason = '' GROUP BY ALL",
        [model],
    ).fetchall()
    con.unregister("sought")
    return {(digest, brand): tuple(said.values()) for digest, brand, said in rows}


def judged_words(con: Connection, model: str) -> list[str]:
    """Lists the digests of the words that a model has judged and that still count, newest first."""
    rows = con.execute(
        "SELECT s.digest FROM scores s JOIN mentions m USING (source, id)"
        " SEMI JOIN matches k ON k.source = s.source AND k.id = s.id"
        " WHERE s.model = ? AND s.reason = '' AND s.digest = m.digest AND m.gone IS NULL"
        " GROUP BY s.digest ORDER BY max(m.published) DESC, s.digest",
        [model],
    ).fetchall()
    return [row[0] for row in rows]


def first_pairs(con: Connection, digests: Sequence[str]) -> list[Pair]:
    """Gives for each of those words that are still there one mention and the first brand it speaks of."""
    con.register("sought", pa.table({"digest": pa.array(digests, pa.string())}))
    rows = con.execute(
        "SELECT e.source, e.id, e.digest, k.brand, m.title, m.text, e.language"
        " FROM examined e SEMI JOIN sought USING (digest) JOIN matches k USING (source, id)"
        " JOIN mentions m USING (source, id) WHERE m.gone IS NULL AND m.digest = e.digest"
        " QUALIFY row_number() OVER (PARTITION BY e.digest ORDER BY k.brand, e.source, e.id) = 1 ORDER BY e.digest"
    ).fetchall()
    con.unregister("sought")
    return [Pair(*row) for row in rows]


def unsent(con: Connection, now: datetime) -> list[Message]:
    """Lists the messages whose time has come, oldest first."""
    rows = con.execute(
        "SELECT key, alert, target, message, created, tries FROM outbox WHERE sent IS NULL AND due <= ?"
        " ORDER BY created, key",
        [now],
    ).fetchall()
    return [Message(*(json.loads(value) if place == 3 else value for place, value in enumerate(row))) for row in rows]

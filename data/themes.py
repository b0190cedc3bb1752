"""Keeps the themes of each brand's criticism and who belongs to them; what people see of them `criticism` reads.

A complaint is a mention that is negative towards the brand or reports a problem, is not hidden and not deleted. What
is kept here is derived, but for a theme's id: it stays with its subject and is never given again. Functions that write
work inside the caller's transaction; the others take any connection.
"""

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import duckdb
import pyarrow as pa

from earful.data import decided
from earful.data.decided import Key

Connection = duckdb.DuckDBPyConnection
COMPLAINTS = """
    (SELECT f.brand, f.source, f.id, m.digest, f.story, m.author, f.published, m.title, m.text
        FROM facts f JOIN mentions m USING (source, id)
        WHERE (f.label = 'negative' OR f.intent = 'problem') AND NOT f.hidden AND m.gone IS NULL)
"""


@dataclass(frozen=True, slots=True)
class Complaint:
    """A complaint without its words, and the theme that it was found in: "" for none, None if it was not looked at.

    `again` tells whether its author or its story said so before; None if that was not found out of its present words.
    """

    source: str
    id: str
    digest: str
    story: str
    author: str
    published: datetime
    theme: str | None
    again: bool | None = None

    @property
    def key(self) -> Key:
        """Names the mention."""
        return self.source, self.id


@dataclass(frozen=True)
class Theme:
    """A theme as it is kept; `centre` is a unit vector as bytes of float16 in the space of the brand's last round."""

    theme: str
    brand: str
    name: str
    words: tuple[str, ...]
    sentence: str
    sentence_source: str
    sentence_id: str
    centre: bytes
    line: float
    narrow: bool
    first_seen: datetime
    last_seen: datetime
    state: str
    merged_into: str
    found: datetime


@dataclass(frozen=True, slots=True)
class Member:
    """A complaint's place: its theme ("" for none), the cosine to its centre, whether its author or its story said so
    before, and the stage of the customer's journey."""

    source: str
    id: str
    digest: str
    theme: str
    strength: float
    again: bool
    journey: str


@dataclass(frozen=True)
class Round:
    """How a brand's themes were last found; `space` is None while too few complaints carry none."""

    made: datetime
    stories: int
    note: str
    model: str
    space: bytes | None


def complaints(con: Connection, brand: str, since: datetime) -> list[Complaint]:
    """Lists a brand's complaints since a time, oldest first."""
    rows = con.execute(
        "SELECT c.source, c.id, c.digest, c.story, c.author, c.published, t.theme,"  # noqa: S608
        " CASE WHEN t.digest = c.digest THEN t.again END"
        f" FROM {COMPLAINTS} c LEFT JOIN theme_members t USING (brand, source, id)"
        " WHERE c.brand = ? AND c.published >= ? ORDER BY c.published, c.source, c.id",
        [brand, since],
    ).fetchall()
    return [Complaint(*row) for row in rows]


def count(con: Connection, brand: str, since: datetime) -> int:
    """Counts a brand's complaints since a time."""
    row = con.execute(
        f"SELECT count(*) FROM {COMPLAINTS} WHERE brand = ? AND published >= ?",  # noqa: S608
        [brand, since],
    ).fetchone()
    return int(row[0]) if row else 0


def sizes(con: Connection, brand: str, since: datetime) -> dict[str, tuple[int, int]]:
    """Counts the stories of each of a brand's themes since a time, and those whose author had said so before."""
    rows = con.execute(
        "SELECT t.theme, count(DISTINCT story),"  # noqa: S608
        f" count(DISTINCT story) - count(DISTINCT story) FILTER (NOT t.again) FROM theme_members t JOIN {COMPLAINTS} c"
        " USING (brand, source, id) WHERE t.brand = ? AND t.theme <> '' AND published >= ? GROUP BY ALL",
        [brand, since],
    ).fetchall()
    return {theme: (stories, again) for theme, stories, again in rows}


def unplaced(con: Connection, brand: str, limit: int) -> list[Complaint]:
    """Lists a brand's complaints that have no place in their present words; newest first."""
    rows = con.execute(
        "SELECT c.source, c.id, c.digest, c.story, c.author, c.published, NULL"  # noqa: S608
        f" FROM {COMPLAINTS} c ANTI JOIN theme_members t USING (brand, source, id, digest)"
        " WHERE c.brand = ? ORDER BY c.published DESC, c.source, c.id LIMIT ?",
        [brand, limit],
    ).fetchall()
    return [Complaint(*row) for row in rows]


def unplaced_peers(con: Connection, of: str, since: datetime, limit: int) -> list[tuple[str, Complaint]]:
    """Lists other brands' complaints since a time that were not set against brand `of`: (brand, complaint)."""
    rows = con.execute(
        "SELECT c.brand, c.source, c.id, c.digest, c.story, c.author, c.published, NULL"  # noqa: S608
        f" FROM {COMPLAINTS} c SEMI JOIN brands USING (brand)"
        " ANTI JOIN (FROM theme_peers WHERE of = $of) p USING (brand, source, id, digest)"
        " WHERE c.brand <> $of AND c.published >= $since"
        " ORDER BY c.published DESC, c.source, c.id, c.brand LIMIT $limit",
        {"of": of, "since": since, "limit": limit},
    ).fetchall()
    return [(row[0], Complaint(*row[1:])) for row in rows]


def said_before(con: Connection, brand: str, chosen: Sequence[Complaint], most: int) -> list[Complaint]:
    """Lists the complaints that have a place and are by an author or in a story of the chosen ones, oldest first.

    Of an author these are so many at most.
    """
    con.register(
        "chosen",
        pa.table({name: pa.array([getattr(one, name) for one in chosen], pa.string()) for name in ("author", "story")}),
    )
    rows = con.execute(
        "SELECT c.source, c.id, c.digest, c.story, c.author, c.published, t.theme"  # noqa: S608
        f" FROM {COMPLAINTS} c JOIN theme_members t USING (brand, source, id, digest) WHERE c.brand = ? AND NOT t.again"
        " AND (c.story IN (SELECT story FROM chosen) OR (c.author <> '' AND c.author IN (SELECT author FROM chosen)))"
        " QUALIFY c.story IN (SELECT story FROM chosen)"
        " OR row_number() OVER (PARTITION BY c.author ORDER BY c.published, c.source, c.id) <= ?"
        " ORDER BY c.published, c.source, c.id",
        [brand, most],
    ).fetchall()
    con.unregister("chosen")
    return [Complaint(*row) for row in rows]


def words(con: Connection, keys: Sequence[Key]) -> dict[Key, tuple[str, str]]:
    """Gives title and text of mentions."""
    sources, ids = ([key[place] for key in keys] for place in (0, 1))
    con.register("sought", pa.table({"source": pa.array(sources, pa.string()), "id": pa.array(ids, pa.string())}))
    rows = con.execute("SELECT source, id, title, text FROM mentions SEMI JOIN sought USING (source, id)").fetchall()
    con.unregister("sought")
    return {(row[0], row[1]): (row[2], row[3]) for row in rows}


def known(con: Connection, brand: str) -> list[Theme]:
    """Lists a brand's themes, also those that faded or went into others, in the order in which they were found."""
    rows = con.execute(
        "SELECT theme, brand, name, words, sentence, sentence_source, sentence_id, centre, line, narrow, first_seen,"
        " last_seen, state, merged_into, found FROM themes WHERE brand = ? ORDER BY found, theme",
        [brand],
    ).fetchall()
    places = [(theme, brand, name, tuple(json.loads(words))) for theme, brand, name, words, *_ in rows]
    return [Theme(*begin, *row[4:]) for begin, row in zip(places, rows, strict=True)]


def taken(con: Connection, names: Collection[str]) -> set[str]:
    """Picks those of the names that are themes already."""
    rows = con.execute("SELECT theme FROM themes WHERE list_contains(?, theme)", [list(names)]).fetchall()
    return {row[0] for row in rows}


def last_round(con: Connection, brand: str) -> Round | None:
    """Tells how a brand's themes were last found; None before the first time."""
    row = con.execute("SELECT made, stories, note, model, space FROM theme_rounds WHERE brand = ?", [brand]).fetchone()
    return Round(*row) if row else None


def save_round(
    con: Connection,
    brand: str,
    one: Round,
    themes: Sequence[Theme],
    members: Sequence[Member],
    since: datetime,
    most: int,
) -> None:
    """Keeps what a round found in the complaints since a time: themes by their ids, members, the space.

    What is older stays where it is. Other brands' complaints have to be set against the new themes, so those since
    that time are forgotten, `most` at most, the newest.
    """
    con.execute(
        "INSERT OR REPLACE INTO theme_rounds (brand, made, stories, note, model, space) VALUES (?, ?, ?, ?, ?, ?)",
        [brand, one.made, one.stories, one.note, one.model, one.space],
    )
    for theme in themes:
        con.execute(
            "INSERT OR REPLACE INTO themes (theme, brand, name, words, sentence, sentence_source, sentence_id, centre,"
            " line, narrow, first_seen, last_seen, state, merged_into, found, model, updated)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            [theme.theme, brand, theme.name, json.dumps(theme.words), theme.sentence, theme.sentence_source,
             theme.sentence_id, theme.centre, theme.line, theme.narrow, theme.first_seen, theme.last_seen,
             theme.state, theme.merged_into, theme.found, one.model, one.made],
        )  # fmt: skip
    con.execute(
        "DELETE FROM theme_peers USING (SELECT p.brand, source, id FROM theme_peers p JOIN mentions m"
        " USING (source, id) WHERE of = $of AND m.published >= $since ORDER BY m.published DESC, source, id LIMIT $most"
        " ) old WHERE of = $of AND theme_peers.brand = old.brand AND theme_peers.source = old.source"
        " AND theme_peers.id = old.id",
        {"of": brand, "since": since, "most": most},
    )
    save_members(con, brand, members)


def save_members(con: Connection, brand: str, members: Sequence[Member]) -> None:
    """Keeps where complaints of a brand belong, and when their themes were last seen."""
    con.register("batch", _table(members, {"strength": pa.float32(), "again": pa.bool_()}))
    con.execute(
        "INSERT OR REPLACE INTO theme_members (theme, brand, source, id, digest, strength, again, journey)"
        " SELECT theme, ?, source, id, digest, strength, again, journey FROM batch",
        [brand],
    )
    con.execute(
        "UPDATE themes SET last_seen = greatest(last_seen, seen.published) FROM (SELECT theme, max(published) AS"
        " published FROM batch JOIN mentions USING (source, id) GROUP BY theme) seen WHERE themes.theme = seen.theme"
    )
    con.unregister("batch")


def save_peers(con: Connection, of: str, members: Sequence[tuple[str, Member]]) -> None:
    """Keeps where other brands' complaints, (brand, member) each, belong among the themes of brand `of`."""
    table = _table([member for _, member in members], {"strength": pa.float32(), "again": pa.bool_()})
    con.register("batch", table.append_column("brand", pa.array([brand for brand, _ in members], pa.string())))
    con.execute(
        "INSERT OR REPLACE INTO theme_peers (of, theme, brand, source, id, digest, strength)"
        " SELECT ?, theme, brand, source, id, digest, strength FROM batch",
        [of],
    )
    con.unregister("batch")


def tidy(con: Connection) -> int:
    """Takes out what is no complaint any more, reworded or no longer of the brand; returns how many members it was.

    What is corrected, hidden or deleted has left before. What people moved goes where they moved it.
    """
    gone = 0
    for table in ("theme_members", "theme_peers"):
        rows = con.execute(
            f"DELETE FROM {table} t WHERE NOT EXISTS (FROM {COMPLAINTS} c WHERE c.brand = t.brand"  # noqa: S608
            " AND c.source = t.source AND c.id = t.id AND c.digest = t.digest) RETURNING 1"
        ).fetchall()
        gone += len(rows)
    decided.move(con)
    return gone


def _table(members: Sequence[Member], types: Mapping[str, pa.DataType]) -> pa.Table:
    names = ("source", "id", "digest", "theme", "strength", "again", "journey")
    return pa.table(
        {name: pa.array([getattr(one, name) for one in members], types.get(name, pa.string())) for name in names}
    )

"""Asks what people judged and what the model in use said of the same, and picks by lot what to judge next.

Every function takes a connection to a snapshot (`database.snapshot`); times are aware UTC datetimes.
"""

from dataclasses import dataclass
from datetime import datetime

import duckdb

Connection = duckdb.DuckDBPyConnection
SNIPPET = 600  # characters of a text that is to be judged


@dataclass(frozen=True)
class Judged:
    """A person's last label for a mention and a brand beside the model's; that one may be unclear or unscored."""

    source: str
    id: str
    brand: str
    judged: str
    person: str


@dataclass(frozen=True)
class Negatives:
    """A brand's stories with a clear label and those of them that are negative, by the model and by people."""

    brand: str
    model_negative: int
    model_clear: int
    people_negative: int
    people_clear: int


@dataclass(frozen=True)
class Drawn:
    """A mention drawn by lot; `snippet` begins its text."""

    brand: str
    source: str
    id: str
    published: datetime
    title: str
    snippet: str


def judged(con: Connection) -> list[Judged]:
    """Lists what people judged; where the words were edited since the model read them, it counts as unscored."""
    rows = con.execute(
        "SELECT c.source, c.id, c.brand, coalesce(s.label, 'unscored'), c.label FROM"
        " (SELECT source, id, brand, arg_max(label, made) AS label FROM corrections GROUP BY ALL) c"
        " JOIN mentions m USING (source, id)"
        " LEFT JOIN scores s ON s.source = c.source AND s.id = c.id AND s.brand = c.brand AND s.digest = m.digest"
        " AND s.model = (SELECT value ->> '$' FROM settings WHERE key = 'model')"
        " WHERE c.label <> '' ORDER BY 1, 2, 3"
    ).fetchall()
    return [Judged(*row) for row in rows]


def negatives(con: Connection, since: datetime) -> list[Negatives]:
    """Counts each watched brand's stories since a time, own brands first."""
    rows = con.execute(
        "SELECT brand,"
        " count(*) FILTER (NOT corrected AND label = 'negative'), count(*) FILTER (NOT corrected),"
        " count(*) FILTER (corrected AND label = 'negative'), count(*) FILTER (corrected)"
        " FROM facts JOIN brands USING (brand)"
        " WHERE leads AND NOT hidden AND published >= ? AND label IN ('negative', 'neutral', 'positive')"
        " GROUP BY brand, role, position ORDER BY role = 'competitor', position",
        [since],
    ).fetchall()
    return [Negatives(*row) for row in rows]


def draw(con: Connection, since: datetime, seed: str, most: int) -> list[Drawn]:
    """Draws stories since a time that the model read and nobody judged; the same seed draws the same."""
    rows = con.execute(
        "WITH drawn AS (SELECT brand, source, id, published, md5(concat_ws(chr(31), ?, brand, source, id)) AS lot"
        " FROM facts SEMI JOIN brands USING (brand) SEMI JOIN (FROM mentions WHERE gone IS NULL) USING (source, id)"
        " WHERE leads AND NOT hidden AND NOT corrected AND label <> 'unscored' AND published >= ? ORDER BY lot LIMIT ?)"
        " SELECT brand, source, id, d.published, title, left(text, ?)"
        " FROM drawn d JOIN mentions USING (source, id) ORDER BY lot",
        [seed, since, most, SNIPPET],
    ).fetchall()
    return [Drawn(*row) for row in rows]

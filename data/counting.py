"""Reads what a rule counts: how many stories a step, and what an alert's card says of them.

Hidden mentions are left out everywhere. What has no date is dated by our reading it; that says something only of a
source that was read before: what a first look or a file brings may be of any age, and is not counted.
"""

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import duckdb

from earful.data import families
from earful.data.queries import SNIPPET, Line

Connection = duckdb.DuckDBPyConnection
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
SLOT = timedelta(minutes=15)  # every time zone of today is a whole number of these away from UTC


@dataclass(frozen=True)
class Counted:
    """Which stories of a brand are counted: negative ones or all, of one theme, of one source, of few stars.

    `theme` is the id of a theme or a name that it, or one merged into it, has or was given. The empty and None leave
    open. `judged` leaves out what is unclear or not scored.
    """

    brand: str
    negative: bool = True
    theme: str = ""
    source: str = ""
    stars: int | None = None
    judged: bool = False


@dataclass(frozen=True)
class Story:
    """A story's first mention; `copies` counts its mentions of the brand."""

    source: str
    id: str
    author: str
    url: str
    title: str
    text: str
    published: datetime
    story: str
    copies: int

    @property
    def words(self) -> str:
        """Its title and its text."""
        return f"{self.title} {self.text}"


@dataclass(frozen=True)
class Told:
    """What is shown of an interval's stories: the first, those told most often, those to quote, the latest texts."""

    first: Story | None
    most: tuple[Story, ...]
    quotable: tuple[Story, ...]
    texts: tuple[str, ...]


@dataclass(frozen=True)
class Portion:
    """One part of what is counted: stories in an interval, and before it, there also weighed by how recent they are."""

    name: str
    observed: int
    before: int
    weight: float


def per_step(con: Connection, counted: Counted, bounds: Sequence[datetime]) -> list[int]:
    """Counts the stories between neighbouring bounds, which are in order.

    The bounds of steps under a day are equal and lie on whole steps since 1970, others lie on quarters of an hour.
    """
    if len(bounds) < 2:
        return []
    step = bounds[1] - bounds[0]
    slot = step if step < timedelta(hours=20) else SLOT
    stories, values = _stories(con, counted, bounds[0], bounds[-1])
    rows = con.execute(
        f"WITH {stories} SELECT epoch_us(published) // {slot // timedelta(microseconds=1)}, count(*)"  # noqa: S608
        " FROM stories GROUP BY 1",
        values,
    ).fetchall()
    counts = [0] * (len(bounds) - 1)
    for place, count in rows:
        counts[bisect_right(bounds, EPOCH + place * slot) - 1] += count
    return counts


def portions(
    con: Connection, counted: Counted, since: datetime, start: datetime, finish: datetime, memory: float
) -> dict[str, list[Portion]]:
    """Counts the stories from `start` to `finish` and those from `since` to `start`, by each dimension, by name.

    The dimensions are "source", "author", "language" and "theme" (its name as people see it, "" is none). What was
    said `memory` seconds before `start` weighs 1/e.
    """
    stories, values = _stories(con, counted, since, finish)
    names = [(theme, one.name) for one in families.of(con, counted.brand) for theme in one.members]
    rows = con.execute(
        f"WITH {stories}, named AS (SELECT unnest($ids::TEXT[]) AS theme, unnest($names::TEXT[]) AS name),"  # noqa: S608
        " themed AS (SELECT t.source, t.id, named.name FROM theme_members t JOIN named USING (theme)"
        " WHERE t.brand = $brand),"
        " authors AS (SELECT source, id, author FROM mentions),"
        " wide AS (SELECT source, author, language, coalesce(name, '') AS theme, published"
        " FROM stories JOIN authors USING (source, id) LEFT JOIN themed USING (source, id))"
        " SELECT grouping(source, author, language), coalesce(source, author, language, theme),"
        " count(*) FILTER (published >= $start), count(*) FILTER (published < $start),"
        " coalesce(sum(exp(-epoch($start - published) / $memory)) FILTER (published < $start), 0)"
        " FROM wide GROUP BY GROUPING SETS (source, author, language, theme) ORDER BY 1, 2",
        values
        | {"start": start, "memory": memory, "ids": [one for one, _ in names], "names": [name for _, name in names]},
    ).fetchall()
    found: dict[str, list[Portion]] = {"source": [], "author": [], "language": [], "theme": []}
    for absent, *portion in rows:
        found[{0b011: "source", 0b101: "author", 0b110: "language", 0b111: "theme"}[absent]].append(Portion(*portion))
    return found


def told(
    con: Connection, counted: Counted, start: datetime, finish: datetime, most: int, quotable: int, recent: int
) -> Told:
    """Picks stories of an interval: the first, the `most` told, so many `quotable` ones, the texts of so many `recent`.

    Quoted are different authors, with the most engagement and the most negative first; of what was deleted at its
    source there is nothing to quote.
    """
    stories, values = _stories(con, counted, start, finish)
    rows = con.execute(
        f"WITH {stories}, sizes AS (SELECT story, count(*) AS copies FROM facts WHERE brand = $brand AND NOT hidden"  # noqa: S608
        " AND published >= $since AND published < $until GROUP BY story),"
        " words AS (SELECT source, id, author, url, title, text, engagement FROM mentions),"
        " judged AS (SELECT source, id, negative FROM scores WHERE brand = $brand"
        " AND model = (SELECT value ->> '$' FROM settings WHERE key = 'model')),"
        " whole AS (SELECT source, id, author, url, title, text, published, story, copies,"
        " row_number() OVER (ORDER BY text = '', engagement DESC, negative DESC NULLS LAST, published, source, id)"
        " AS worth FROM stories JOIN words USING (source, id) JOIN sizes USING (story)"
        " LEFT JOIN judged USING (source, id)),"
        " ranked AS (SELECT *, row_number() OVER (ORDER BY copies DESC, published, source, id) AS by_copies,"
        " row_number() OVER (ORDER BY text = '', published, source, id) AS by_time,"
        " row_number() OVER (ORDER BY published DESC, source, id) AS by_recency,"
        " min(worth) OVER (PARTITION BY coalesce(nullif(author, ''), id)) = worth AS best FROM whole)"
        " SELECT source, id, author, url, title, text, published, story, copies, by_copies, by_time, by_recency,"
        " CASE WHEN best AND text <> '' THEN row_number() OVER (PARTITION BY best ORDER BY worth) END AS by_worth"
        " FROM ranked QUALIFY by_copies <= $most OR by_worth <= $quotable OR by_time = 1 OR by_recency <= $recent",
        values | {"most": most, "quotable": quotable, "recent": recent},
    ).fetchall()

    def chosen(place: int, limit: int) -> tuple[Story, ...]:
        ranked = sorted((row[place], row[:9]) for row in rows if row[place] is not None and row[place] <= limit)
        return tuple(Story(*row) for _, row in ranked)

    first = next((one for one in chosen(10, 1) if one.text), None)
    return Told(first, chosen(9, most), chosen(12, quotable), tuple(one.words for one in chosen(11, recent)))


def listed(con: Connection, counted: Counted, start: datetime, finish: datetime, most: int) -> tuple[int, list[Line]]:
    """Counts the stories of an interval, and lists the latest by their first mention."""
    stories, values = _stories(con, counted, start, finish)
    rows = con.execute(
        f"WITH {stories}, page AS (SELECT *, count(*) OVER () AS whole FROM stories"  # noqa: S608
        " ORDER BY published DESC, source, id LIMIT $most),"
        " sizes AS (SELECT story, count(*) AS copies FROM facts WHERE brand = $brand AND NOT hidden"
        " AND story IN (SELECT story FROM page) GROUP BY story)"
        " SELECT whole, p.source, p.id, p.published, label, corrected, m.title, left(m.text, $letters), m.author,"
        " p.language, p.rating, copies FROM page p JOIN mentions m USING (source, id) JOIN sizes USING (story)"
        " ORDER BY p.published DESC, p.source, p.id",
        values | {"most": most, "letters": SNIPPET},
    ).fetchall()
    return (int(rows[0][0]) if rows else 0), [Line(*row[1:]) for row in rows]


def texts(con: Connection, counted: Counted, start: datetime, finish: datetime, limit: int) -> list[str]:
    """Lists titles and texts of an interval's stories, the latest first."""
    stories, values = _stories(con, counted, start, finish)
    rows = con.execute(
        f"WITH {stories}, words AS (SELECT source, id, title || ' ' || text AS said FROM mentions WHERE gone IS NULL)"  # noqa: S608
        " SELECT said FROM stories JOIN words USING (source, id) ORDER BY published DESC, source, id LIMIT $limit",
        values | {"limit": limit},
    ).fetchall()
    return [row[0] for row in rows]


def texts_of_others(con: Connection, counted: Counted, start: datetime, finish: datetime, limit: int) -> list[str]:
    """Lists titles and texts of stories that are counted alike and speak of other brands alone, the latest first."""
    stories, values = _stories(con, replace(counted, theme=""), start, finish)
    rows = con.execute(
        f"WITH {stories.replace('brand = $brand', 'brand <> $brand')},"  # noqa: S608
        " ours AS (SELECT source, id FROM facts WHERE brand = $brand),"
        " words AS (SELECT source, id, title || ' ' || text AS said FROM mentions WHERE gone IS NULL)"
        " SELECT any_value(said) FROM stories ANTI JOIN ours USING (source, id) JOIN words USING (source, id)"
        " GROUP BY source, id ORDER BY max(published) DESC, source, id LIMIT $limit",
        values | {"limit": limit},
    ).fetchall()
    return [row[0] for row in rows]


def undecided(con: Connection, counted: Counted, start: datetime, finish: datetime) -> list[tuple[str, str, int]]:
    """Lists (label, language, stories) of an interval that are not scored or unclear, most first."""
    everything = Counted(counted.brand, False, "", counted.source, counted.stars)
    stories, values = _stories(con, everything, start, finish)
    return con.execute(
        f"WITH {stories} SELECT label, language, count(*) FROM stories WHERE label IN ('unscored', 'unclear')"  # noqa: S608
        " GROUP BY ALL ORDER BY 3 DESC, 1, 2",
        values,
    ).fetchall()


def has_themes(con: Connection) -> bool:
    """Tells whether any themes were found yet."""
    return con.execute("SELECT 1 FROM themes LIMIT 1").fetchone() is not None


def _stories(con: Connection, counted: Counted, since: datetime, until: datetime) -> tuple[str, dict[str, Any]]:
    """Writes the tables `untimely` and `stories` of a query, and gives their values."""
    values: dict[str, Any] = {"brand": counted.brand, "since": since, "until": until}
    where = "brand = $brand AND leads AND NOT hidden AND published >= $since AND published < $until"
    if counted.negative:
        where += " AND label = 'negative'"
    if counted.judged:
        where += " AND label IN ('negative', 'neutral', 'positive')"
    if counted.source:
        where += " AND source = $of"
        values["of"] = counted.source
    if counted.stars is not None:
        where += " AND rating <= $stars"
        values["stars"] = counted.stars
    if counted.theme:
        where += (
            " AND (source, id) IN (SELECT (source, id) FROM theme_members WHERE brand = $brand"
            " AND list_contains($themes, theme))"
        )
        values["themes"] = families.members(con, counted.brand, counted.theme)
    tables = (
        "untimely AS (SELECT source, id FROM mentions JOIN"  # noqa: S608
        " (SELECT source, min(collected) AS begun FROM mentions GROUP BY source) USING (source)"
        " WHERE NOT dated AND (starts_with(source, 'import:') OR collected <= begun)),"
        f" stories AS (SELECT * FROM facts ANTI JOIN untimely USING (source, id) WHERE {where})"
    )
    return tables, values

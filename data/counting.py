"""Reads what a rule counts: how many stories a step, and what an alert's card says of them.

Hidden mentions are left out everywhere. What has no date is dated by our reading it; that says something only of a
source that was read before: what a first look or a file brings may be of any age, and is not counted.
"""

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import duckdb

Connection = duckdb.DuckDBPyConnection
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
SLOT = timedelta(minutes=15)  # every time zone of today is a whole number of these away from UTC


@dataclass(frozen=True)
class Counted:
    """Which stories of a brand are counted: negative ones or all, of one theme, of one source, of few stars.

    `theme` is a theme's name or id. The empty and None leave open.
    """

    brand: str
    negative: bool = True
    theme: str = ""
    source: str = ""
    stars: int | None = None


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
    stories, values = _stories(counted, bounds[0], bounds[-1])
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
    con: Connection, counted: Counted, dimension: str, since: datetime, start: datetime, finish: datetime, memory: float
) -> list[Portion]:
    """Counts the stories from `start` to `finish` and those from `since` to `start` by a dimension, in name's order.

    The dimension is "source", "author", "language" or "theme" (the theme's id). What was said `memory` seconds before
    `start` weighs 1/e.
    """
    if dimension == "theme" and not has_themes(con):
        return []
    stories, values = _stories(counted, since, finish)
    join, name = {
        "source": ("", "source"),
        "language": ("", "language"),
        "author": ("JOIN (SELECT source, id, author FROM mentions) USING (source, id)", "author"),
        "theme": (
            "LEFT JOIN (SELECT t.source, t.id, coalesce(nullif(n.merged_into, ''), n.theme) AS theme"
            " FROM theme_members t JOIN themes n USING (theme) WHERE t.brand = $brand) USING (source, id)",
            "coalesce(theme, '')",
        ),
    }[dimension]
    rows = con.execute(
        f"WITH {stories} SELECT {name}, count(*) FILTER (published >= $start),"  # noqa: S608
        " count(*) FILTER (published < $start),"
        " coalesce(sum(exp(-epoch($start - published) / $memory)) FILTER (published < $start), 0)"
        f" FROM stories {join} GROUP BY 1 ORDER BY 1",
        values | {"start": start, "memory": memory},
    ).fetchall()
    return [Portion(*row) for row in rows]


def told_most(con: Connection, counted: Counted, start: datetime, finish: datetime, limit: int) -> list[Story]:
    """Lists the stories of an interval that were told most often, the first of equals first."""
    return _listed(con, counted, start, finish, limit, "copies DESC, published, source, id")


def first(con: Connection, counted: Counted, start: datetime, finish: datetime) -> Story | None:
    """Gives the first story of an interval whose words are still there."""
    return next(iter(_listed(con, counted, start, finish, 1, "published, source, id", "text <> ''")), None)


def quotable(con: Connection, counted: Counted, start: datetime, finish: datetime, limit: int) -> list[Story]:
    """Lists stories of an interval by different authors, those with the most engagement and the most negative first.

    Nothing is left to quote of what was deleted at its source.
    """
    one_each = "QUALIFY row_number() OVER (PARTITION BY coalesce(nullif(author, ''), id) ORDER BY {}) = 1"
    order = "engagement DESC, negative DESC NULLS LAST, published, source, id"
    return _listed(con, counted, start, finish, limit, order, f"text <> '' {one_each.format(order)}")


def texts(con: Connection, counted: Counted, start: datetime, finish: datetime, limit: int) -> list[str]:
    """Lists titles and texts of an interval's stories, the latest first."""
    return [
        f"{one.title} {one.text}"
        for one in _listed(con, counted, start, finish, limit, "published DESC, source, id", "text <> ''")
    ]


def undecided(con: Connection, counted: Counted, start: datetime, finish: datetime) -> list[tuple[str, str, int]]:
    """Lists (label, language, stories) of an interval that are not scored or unclear, most first."""
    everything = Counted(counted.brand, False, "", counted.source, counted.stars)
    stories, values = _stories(everything, start, finish)
    return con.execute(
        f"WITH {stories} SELECT label, language, count(*) FROM stories WHERE label IN ('unscored', 'unclear')"  # noqa: S608
        " GROUP BY ALL ORDER BY 3 DESC, 1, 2",
        values,
    ).fetchall()


def theme_names(con: Connection) -> dict[str, str]:
    """Maps the ids of all themes to their names as people see them."""
    if not has_themes(con):
        return {}
    return dict(con.execute("SELECT theme, name FROM themes").fetchall())


def has_themes(con: Connection) -> bool:
    """Tells whether any themes were found yet."""
    return con.execute("SELECT 1 FROM themes LIMIT 1").fetchone() is not None


def _listed(
    con: Connection, counted: Counted, start: datetime, finish: datetime, limit: int, order: str, where: str = "true"
) -> list[Story]:
    stories, values = _stories(counted, start, finish)
    rows = con.execute(
        f"WITH {stories}, told AS (SELECT story, count(*) AS copies FROM facts WHERE brand = $brand AND NOT hidden"  # noqa: S608
        " AND published >= $since AND published < $until GROUP BY story),"
        " words AS (SELECT source, id, author, url, title, text, engagement FROM mentions),"
        " judged AS (SELECT source, id, negative FROM scores WHERE brand = $brand"
        " AND model = (SELECT value ->> '$' FROM settings WHERE key = 'model'))"
        " SELECT source, id, author, url, title, text, published, story, copies FROM stories"
        " JOIN words USING (source, id) JOIN told USING (story) LEFT JOIN judged USING (source, id)"
        f" WHERE {where} ORDER BY {order} LIMIT $limit",
        values | {"limit": limit},
    ).fetchall()
    return [Story(*row) for row in rows]


def _stories(counted: Counted, since: datetime, until: datetime) -> tuple[str, dict[str, str | int | datetime | None]]:
    """Writes the tables `untimely` and `stories` of a query, and gives their values."""
    values: dict[str, str | int | datetime | None] = {"brand": counted.brand, "since": since, "until": until}
    where = "brand = $brand AND leads AND NOT hidden AND published >= $since AND published < $until"
    if counted.negative:
        where += " AND label = 'negative'"
    if counted.source:
        where += " AND source = $of"
        values["of"] = counted.source
    if counted.stars is not None:
        where += " AND rating <= $stars"
        values["stars"] = counted.stars
    if counted.theme:
        where += (
            " AND (source, id) IN (SELECT (t.source, t.id) FROM theme_members t JOIN themes n USING (theme)"
            " WHERE t.brand = $brand AND coalesce(nullif(n.merged_into, ''), n.theme) IN"
            " (SELECT theme FROM themes WHERE theme = $theme OR name = $theme))"
        )
        values["theme"] = counted.theme
    tables = (
        "untimely AS (SELECT source, id FROM mentions JOIN"  # noqa: S608
        " (SELECT source, min(collected) AS begun FROM mentions GROUP BY source) USING (source)"
        " WHERE NOT dated AND (starts_with(source, 'import:') OR collected <= begun)),"
        f" stories AS (SELECT * FROM facts ANTI JOIN untimely USING (source, id) WHERE {where})"
    )
    return tables, values

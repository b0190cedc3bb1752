"""Gives the dashboard's figures as queries that anybody can run against a copy of the store."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from earful.data.counting import EPOCH, Counted
from earful.data.filtering import Filters, conditions

COUNTED = """FROM facts
WHERE brand = {brand}
    AND published >= {start}
    AND published < {finish}
    AND NOT hidden{leads}{sources}"""
ANSWERED = """FROM mentions AS m
JOIN matches AS k USING (source, id)
WHERE k.brand = {brand}
    AND m.scale = '{scale}'
    AND m.answer IS NOT NULL
    AND m.published >= {start}
    AND m.published < {finish}{sources}
    AND NOT EXISTS (
        FROM facts AS f
        WHERE f.brand = k.brand AND f.source = k.source AND f.id = k.id AND f.hidden
    )"""
VOICE = """SELECT count(*) FILTER (brand = {brand})
    / nullif(count(*), 0) AS share_of_voice
FROM facts
WHERE published >= {start}
    AND published < {finish}
    AND NOT hidden{leads}{sources}"""
COMPARED = """SELECT brand, count(*) AS volume,
    volume / sum(volume) OVER () AS share_of_voice,
    (count(*) FILTER (label = 'positive') - count(*) FILTER (label = 'negative'))
        / nullif(count(*) FILTER (label IN ('negative', 'positive')), 0) AS net_sentiment,
    count(*) FILTER (label = 'negative')
        / nullif(count(*) FILTER (label IN ('negative', 'neutral', 'positive')), 0) AS negative_share,
    count(*) FILTER (label = 'unclear') AS unclear,
    count(*) FILTER (label = 'unscored') AS not_scored
FROM facts
WHERE published >= {start}
    AND published < {finish}
    AND NOT hidden{leads}{sources}
GROUP BY brand
ORDER BY volume DESC"""
JUDGED = """SELECT s.label AS model, said.label AS person, count(*) AS mentions
FROM (
    SELECT source, id, brand, arg_max(label, made) AS label
    FROM corrections
    GROUP BY ALL
) AS said
JOIN mentions AS m USING (source, id)
JOIN scores AS s
    ON s.source = said.source AND s.id = said.id AND s.brand = said.brand AND s.digest = m.digest
    AND s.model = (SELECT value ->> '$' FROM settings WHERE key = 'model')
WHERE said.label <> ''
GROUP BY ALL
ORDER BY ALL"""
ACCURACY = """WITH said AS (
    SELECT source, id, brand, arg_max(label, made) AS label
    FROM corrections
    GROUP BY ALL
)
SELECT count(*) FILTER (s.label = said.label)
    / nullif(count(*), 0) AS accuracy
FROM said
JOIN mentions AS m USING (source, id)
JOIN scores AS s
    ON s.source = said.source AND s.id = said.id AND s.brand = said.brand AND s.digest = m.digest
    AND s.model = (SELECT value ->> '$' FROM settings WHERE key = 'model')
WHERE said.label IN ('negative', 'neutral', 'positive')
    AND s.label IN ('negative', 'neutral', 'positive')"""
ACCURACIES = ACCURACY.replace("SELECT count(*) FILTER", "SELECT source, count(*) FILTER")
ACCURACIES = ACCURACIES.replace("\n    / nullif(count(*), 0) AS accuracy", " AS right, count(*) AS of")
ACCURACIES += "\nGROUP BY source\nORDER BY source"
THEME = """WITH told AS (
    SELECT f.story, arg_max(t.theme, f.leads) AS theme
    FROM facts AS f
    JOIN theme_members AS t USING (brand, source, id)
    WHERE f.brand = {brand}
        AND t.theme <> ''
        AND f.published >= {start} - INTERVAL 7 DAY
        AND f.published < {finish} + INTERVAL 7 DAY
    GROUP BY f.story
)
SELECT count(*) AS count
FROM facts
JOIN told USING (story)
WHERE brand = {brand}
    AND published >= {start}
    AND published < {finish}
    AND theme IN ({themes})
    AND NOT hidden{leads}{sources}"""
PARTS = THEME.replace("AS theme\n", "AS theme,\n        arg_max(t.journey, f.leads) AS journey\n")
PARTS = PARTS.replace("SELECT count(*)", "SELECT journey, intent, source, count(*)") + "\nGROUP BY ALL\nORDER BY ALL"
COPIES = """SELECT m.published, m.source, m.id, m.author
FROM facts AS f
JOIN mentions AS m USING (source, id)
WHERE f.brand = {brand}
    AND (f.story, f.hidden) IN (
        SELECT (story, hidden)
        FROM facts
        WHERE brand = {brand} AND source = {source} AND id = {id}
    )
ORDER BY m.published, m.source, m.id"""
AGAIN = THEME.replace("AS theme\n", "AS theme,\n        arg_max(t.again, f.leads) AS again\n")
AGAIN = AGAIN.replace("SELECT count(*) AS count", "SELECT count(*) FILTER (again) / nullif(count(*), 0) AS said_again")
SPIKE = """SELECT count(*) AS count
FROM facts
ANTI JOIN ( -- what bore no date when its source was first read: nobody knows when it was said
    SELECT source, id
    FROM mentions
    JOIN (SELECT source, min(collected) AS begun FROM mentions GROUP BY source) USING (source)
    WHERE NOT dated AND (starts_with(source, 'import:') OR collected <= begun)
) USING (source, id)
WHERE brand = {brand}
    AND published >= {start}
    AND published < {finish}
    AND NOT hidden{leads}{labels}"""
WINDOWS = SPIKE.replace("SELECT count(*)", "SELECT {bucket} AS begins, count(*)")
WINDOWS += "{narrow}\nGROUP BY begins\nORDER BY begins"
TREND = f"""SELECT date_trunc('{{step}}', published AT TIME ZONE {{zone}}) AS begins, label, count(*) AS count
{COUNTED}
GROUP BY ALL
ORDER BY ALL"""
QUERIES = {
    "volume": f"SELECT count(*) AS volume\n{COUNTED}",
    "negative": "SELECT count(*) FILTER (label = 'negative')\n    / nullif(count(*), 0) AS negative_share\n"
    f"{COUNTED}\n    AND label IN ('negative', 'neutral', 'positive')",
    "net": "SELECT (count(*) FILTER (label = 'positive') - count(*) FILTER (label = 'negative'))\n"
    f"    / nullif(count(*), 0) AS net_sentiment\n{COUNTED}\n    AND label IN ('negative', 'positive')",
    "voice": VOICE,
    "unclear": f"SELECT count(*) AS unclear\n{COUNTED}\n    AND label = 'unclear'",
    "unscored": f"SELECT count(*) AS not_scored\n{COUNTED}\n    AND label = 'unscored'",
    "nps": "SELECT (count(*) FILTER (m.answer >= 9) - count(*) FILTER (m.answer <= 6))\n"
    "    / nullif(count(*), 0) AS nps\n" + ANSWERED.replace("{scale}", "nps"),
    "csat": "SELECT count(*) FILTER (m.answer >= 4) / nullif(count(*), 0) AS csat\n"
    + ANSWERED.replace("{scale}", "csat"),
    "accuracy": ACCURACY,
    "accuracy by source": ACCURACIES,
    "judged": JUDGED,
    "trend": TREND,
    "brands": COMPARED,
    "theme": THEME,
    "theme parts": PARTS,
    "theme again": AGAIN,
}
"""The queries by the names of the figures' definitions; shares come out from 0 to 1, net figures from -1 to 1."""


def query(figure: str, filters: Filters, step: str = "day", zone: str = "UTC") -> str:
    """Writes the query that gives a figure under the filters, whole: nothing is left to be filled in.

    "trend" counts by `step` ("hour", "day", "week", "month") of the time zone; "theme" the filters' themes together,
    "theme parts" by what they are, "theme again" the share whose author had said so before.
    """
    column = "m.source" if figure in ("nps", "csat") else "source"
    themes = texts(filters.themes)
    return QUERIES[figure].format(themes=themes, step=step, zone=text(zone), **narrowed(filters, column))


def narrowed(filters: Filters, column: str = "source") -> dict[str, str]:
    """Gives what the queries have in common, by the names in their templates; `column` holds the source."""
    return {
        "brand": text(filters.brand),
        "start": moment(filters.start),
        "finish": moment(filters.finish),
        "leads": "\n    AND leads" if filters.stories else "",
        "sources": f"\n    AND {column} IN ({texts(filters.sources)})" if filters.sources else "",
    }


def windows(
    counted: Counted, themes: Sequence[str], start: datetime, finish: datetime, step: timedelta, zone: str
) -> str:
    """Writes the query that counts what a rule counts, interval by interval: days are those of the time zone.

    `themes` are the ids of what the rule calls its theme.
    """
    bucket = f"date_trunc('day', published AT TIME ZONE {text(zone)})"
    if step < timedelta(days=1):
        bucket = f"time_bucket(INTERVAL {step.total_seconds():.0f} SECOND, published, {moment(EPOCH)})"
    return _ruled(WINDOWS, counted, themes, start, finish, bucket)


def spike(counted: Counted, themes: Sequence[str], start: datetime, finish: datetime) -> str:
    """Writes the query that counts what an alert observed; `themes` as in `windows`."""
    return _ruled(SPIKE + "{narrow}", counted, themes, start, finish)


def _ruled(
    query: str, counted: Counted, themes: Sequence[str], start: datetime, finish: datetime, bucket: str = ""
) -> str:
    narrow = f"\n    AND source = {text(counted.source)}" if counted.source else ""
    narrow += f"\n    AND rating <= {counted.stars}" if counted.stars is not None else ""
    if counted.theme:
        narrow += "\n    AND (source, id) IN (SELECT (source, id) FROM theme_members"
        narrow += f" WHERE brand = {text(counted.brand)} AND theme IN ({texts(themes)}))"
    return query.format(
        bucket=bucket,
        brand=text(counted.brand),
        start=moment(start),
        finish=moment(finish),
        leads="\n    AND leads",
        labels="\n    AND label = 'negative'" if counted.negative else "",
        narrow=narrow,
    )


def listed(filters: Filters) -> str:
    """Writes the query that counts what a list of mentions shows under all of its filters."""
    where, values = conditions(filters)
    first, *parts = where.split("?")
    filled = first + "".join(_literal(value) + part for value, part in zip(values, parts, strict=True))
    joined = "\nJOIN mentions AS m USING (source, id)" if filters.words or filters.author else ""
    return f"SELECT count(*) AS listed\nFROM facts AS f{joined}\nWHERE " + filled.replace(" AND f.", "\n    AND f.")


def copies(source: str, id: str, brand: str) -> str:
    """Writes the query that lists the mentions of a brand that tell the same story as one does, the first first."""
    return COPIES.format(source=text(source), id=text(id), brand=text(brand))


def gaps(since: datetime) -> str:
    """Writes the query that counts the gaps of each source that reach beyond a time."""
    return (
        f"SELECT source, count(*) AS gaps\nFROM gaps\nWHERE coalesce(finish, 'infinity') >= {moment(since)}\n"
        "GROUP BY source\nORDER BY source"
    )


def by_source(since: datetime) -> str:
    """Writes the query that counts what each source brought since a time."""
    return (
        "SELECT source, count(*) AS mentions\nFROM mentions\n"
        f"WHERE published >= {moment(since)}\nGROUP BY source\nORDER BY source"
    )


def _literal(value: Any) -> str:
    if isinstance(value, str):
        return text(value)
    if isinstance(value, datetime):
        return moment(value)
    return f"[{', '.join(text(one) for one in value)}]" if isinstance(value, list) else str(value)


def texts(values: Sequence[str]) -> str:
    """Writes texts as they stand in a list of SQL; of none of them nothing is."""
    return ", ".join(text(one) for one in values) or "NULL"


def text(value: str) -> str:
    """Writes a text as SQL does."""
    return "'" + value.replace("'", "''") + "'"


def moment(at: datetime) -> str:
    """Writes a time as SQL does, in UTC."""
    return f"TIMESTAMPTZ '{at.astimezone(UTC):%Y-%m-%d %H:%M:%S}+00'"

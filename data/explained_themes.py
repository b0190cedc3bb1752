"""Gives what is counted of themes as queries that anybody can run against a copy of the store."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from earful.data.explained import moment, narrowed, text, texts
from earful.data.queries import Filters

COMPLAINT = "(label = 'negative' OR intent = 'problem')"
OWN = """WITH subjects (theme, subject) AS (VALUES {subjects}),
told AS (
    SELECT f.story, arg_max(t.theme, f.leads) AS theme
    FROM facts AS f
    JOIN theme_members AS t USING (brand, source, id)
    WHERE f.brand = {brand}
        AND t.theme <> ''
        AND f.published >= {earliest} - INTERVAL 7 DAY
        AND f.published < {finish} + INTERVAL 7 DAY
    GROUP BY f.story
)
SELECT subject,
    count(*) FILTER (published >= {start}) AS now,
    count(*) FILTER (published >= {before} AND published < {before_finish}) AS before,
    (count(*) FILTER (published >= {start} AND label = 'positive')
        - count(*) FILTER (published >= {start} AND label = 'negative'))
        / nullif(count(*) FILTER (published >= {start} AND label IN ('negative', 'positive')), 0) AS net_sentiment
FROM facts
JOIN told USING (story)
JOIN subjects USING (theme)
WHERE brand = {brand}
    AND published >= {earliest}
    AND published < {finish}
    AND NOT hidden{leads}{sources}
GROUP BY subject
ORDER BY now DESC, subject"""
BRANDS = """WITH subjects (theme, subject) AS (VALUES {subjects}),
told AS (
    SELECT f.brand, f.story, arg_max(t.theme, f.leads) AS theme
    FROM facts AS f
    JOIN (
        SELECT brand, source, id, theme FROM theme_members WHERE brand = {brand} AND theme <> ''
        UNION ALL
        SELECT brand, source, id, theme FROM theme_peers WHERE of = {brand}
    ) AS t USING (brand, source, id)
    WHERE f.published >= {start} - INTERVAL 7 DAY
        AND f.published < {finish} + INTERVAL 7 DAY
    GROUP BY ALL
),
found AS (
    SELECT brand, coalesce(subject, 'none of these') AS subject, count(*) AS complaints
    FROM facts
    LEFT JOIN told USING (brand, story)
    LEFT JOIN subjects USING (theme)
    WHERE brand IN ({brands})
        AND published >= {start}
        AND published < {finish}
        AND (label = 'negative' OR intent = 'problem' OR coalesce(theme, '') <> '')
        AND NOT hidden{leads}{sources}
    GROUP BY ALL
)
SELECT brand, subject, complaints, sum(complaints) OVER (PARTITION BY brand)::BIGINT AS all_complaints,
    complaints / sum(complaints) OVER (PARTITION BY brand) AS share
FROM found
ORDER BY brand, complaints DESC, subject"""
HEARD = """SELECT brand, coalesce(s.connector, source) AS kind, source, count(*) AS count,
    count(*) FILTER (label = 'negative' OR intent = 'problem') AS complaints
FROM facts
LEFT JOIN sources AS s USING (source)
WHERE brand IN ({brands})
    AND published >= {start}
    AND published < {finish}
    AND NOT hidden{leads}{sources}
GROUP BY ALL
ORDER BY ALL"""
AFTERMATH = """SELECT CASE brand WHEN {brand} THEN 'ours' ELSE 'competitors' END AS whose,
    CASE WHEN published < {middle} THEN 'before' ELSE 'after' END AS days,
    count(*) AS complaints
FROM facts AS f
WHERE (published >= {start} AND published < {middle} OR published >= {again} AND published < {finish})
    AND source IN ({heard})
    AND (brand = {brand} AND {ours} OR brand IN ({others}) AND {theirs})
    AND leads
    AND NOT hidden
    AND NOT EXISTS (
        FROM gaps AS g
        WHERE g.source = f.source
            AND f.published >= g.start
            AND f.published < coalesce(g.finish, 'infinity'::TIMESTAMPTZ)
    )
GROUP BY ALL
ORDER BY ALL DESC"""
IN_THEMES = """(brand, story) IN (
        SELECT (o.brand, o.story)
        FROM facts AS o
        JOIN {table} AS t USING (brand, source, id)
        WHERE theme IN ({themes}){of}
            AND o.published >= {start} - INTERVAL 7 DAY
            AND o.published < {finish} + INTERVAL 7 DAY
    )"""


def themes(filters: Filters, subjects: Mapping[str, str], before: tuple[datetime, datetime] | None) -> str:
    """Writes the query of a brand's themes, what counts as one under one name.

    `subjects` names the subject of each theme's id, `before` is the period before, None where nothing is known of it.
    """
    start, finish = before or (filters.start, filters.start)
    spans = {"before": moment(start), "before_finish": moment(finish), "earliest": moment(min(start, filters.start))}
    return OWN.format(subjects=_pairs(subjects), **spans, **narrowed(filters))


def brands(filters: Filters, subjects: Mapping[str, str], among: Sequence[str]) -> str:
    """Writes the query of what some brands are criticised for, by the themes of the filters' brand."""
    return BRANDS.format(subjects=_pairs(subjects), brands=texts(among), **narrowed(filters))


def heard(filters: Filters, among: Sequence[str]) -> str:
    """Writes the query of what each source brought of some brands."""
    return HEARD.format(brands=texts(among), **narrowed(filters))


def aftermath(
    brand: str,
    others: Sequence[str],
    themes: Sequence[str],
    alike: bool,
    sources: Sequence[str],
    before: tuple[datetime, datetime],
    after: tuple[datetime, datetime],
) -> str:
    """Writes the query of complaints before and after: about a brand in some themes, in all without any, and the
    others, in the same themes if `alike`."""
    start, finish = moment(before[0]), moment(after[1])
    parts = {"themes": texts(themes), "start": start, "finish": finish}
    ours = IN_THEMES.format(table="theme_members", of="", **parts) if themes else COMPLAINT
    theirs = IN_THEMES.format(table="theme_peers", of=f" AND t.of = {text(brand)}", **parts)
    return AFTERMATH.format(
        brand=text(brand),
        others=texts(others),
        start=start,
        middle=moment(before[1]),
        again=moment(after[0]),
        finish=finish,
        heard=texts(sources),
        ours=ours,
        theirs=theirs if themes and alike else COMPLAINT,
    )


def _pairs(subjects: Mapping[str, str]) -> str:
    return ",\n    ".join(f"({text(theme)}, {text(name)})" for theme, name in subjects.items()) or "(NULL, NULL)"

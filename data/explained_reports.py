"""Gives what a report says beside its figures as queries that anybody can run against a copy of the store."""

from collections.abc import Mapping
from datetime import datetime

from earful.data.explained import moment, text

GREW = """WITH subjects (theme, subject) AS (VALUES {subjects}),
told AS (
    SELECT f.story, arg_max(t.theme, f.leads) AS theme
    FROM theme_members AS t
    JOIN facts AS f USING (brand, source, id)
    WHERE t.brand = {brand}
        AND t.theme <> ''
    GROUP BY f.story
)
SELECT subject, count(*) FILTER (published >= {start}) AS stories,
    count(*) FILTER (published < {start}) AS before
FROM facts
JOIN told USING (story)
JOIN subjects USING (theme)
WHERE brand = {brand}
    AND published >= {before}
    AND published < {finish}
    AND NOT hidden
    AND leads
GROUP BY subject
ORDER BY stories - before DESC, subject"""
ALERTS = """SELECT fired, rule, state, resolved, (card ->> '$.observed')::DOUBLE AS observed,
    (card ->> '$.expected')::DOUBLE AS expected
FROM alerts
WHERE brand = {brand}
    AND fired >= {start}
    AND fired < {finish}
ORDER BY fired, alert"""
MOVED = """SELECT source, count(*) FILTER (published >= {start}) AS stories,
    count(*) FILTER (published < {start}) AS before
FROM facts
WHERE brand = {brand}
    AND published >= {before}
    AND published < {finish}
    AND label = 'negative'
    AND NOT hidden
    AND leads
GROUP BY source
ORDER BY source"""
KEPT = """SELECT made, sequence AS snapshot, content -> '$.figures' AS figures,
    content -> '$.grew' AS criticism_that_grew, content -> '$.alerts' AS alerts,
    content -> '$.sources' AS negative_stories_by_source
FROM digests
WHERE digest = {digest}"""


def grew(brand: str, subjects: Mapping[str, str], before: datetime, start: datetime, finish: datetime) -> str:
    """Writes the query of a brand's stories by theme from `start` up to `finish`, and from `before` up to `start`.

    `subjects` names the subject of each theme's id.
    """
    named = ",\n    ".join(f"({text(theme)}, {text(name)})" for theme, name in subjects.items()) or "(NULL, NULL)"
    return GREW.format(subjects=named, **_spans(brand, before, start, finish))


def moved(brand: str, before: datetime, start: datetime, finish: datetime) -> str:
    """Writes the query of a brand's negative stories by source, in the same two spans."""
    return MOVED.format(**_spans(brand, before, start, finish))


def alerts(brand: str, start: datetime, finish: datetime) -> str:
    """Writes the query of the alerts about a brand that fired in a period."""
    return ALERTS.format(**_spans(brand, start, start, finish))


def kept(digest: str) -> str:
    """Writes the query of what a report that was sent says, as it was kept."""
    return KEPT.format(digest=text(digest))


def _spans(brand: str, before: datetime, start: datetime, finish: datetime) -> dict[str, str]:
    return {"brand": text(brand), "before": moment(before), "start": moment(start), "finish": moment(finish)}

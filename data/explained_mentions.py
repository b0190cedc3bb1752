"""Gives what is shown of one mention as queries that anybody can run against a copy of the store."""

from earful.data.explained import text

SCORED = """SELECT s.model, s.negative, s.neutral, s.positive, s.label
FROM scores AS s
JOIN mentions AS m USING (source, id, digest)
WHERE s.source = {source}
    AND s.id = {id}
    AND s.brand = {brand}
    AND s.model = (SELECT value ->> '$' FROM settings WHERE key = 'model')"""
RELEVANT = """SELECT r.chance, m.threshold, m.skill -> '$.skill' AS skill
FROM relevance_models AS m
LEFT JOIN relevance AS r ON r.brand = m.brand AND r.source = {source} AND r.id = {id}
WHERE m.brand = {brand}"""


def scored(source: str, id: str, brand: str) -> str:
    """Writes the query that gives how the model in use judged a mention."""
    return SCORED.format(source=text(source), id=text(id), brand=text(brand))


def relevant(source: str, id: str, brand: str) -> str:
    """Writes the query that gives how likely a mention is about a brand, and how well that is known."""
    return RELEVANT.format(source=text(source), id=text(id), brand=text(brand))

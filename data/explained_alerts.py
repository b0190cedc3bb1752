"""Gives what an alert's card says as queries that anybody can run against a copy of the store.

All go on from the query that the card carries, which counts what the alert observed.
"""

from collections.abc import Sequence

from earful.data.explained import text

COUNTS = "SELECT count(*) AS count\nFROM facts\n"  # how the query of what an alert observed begins
PARTED = {
    "source": "SELECT source, count(*) AS seen\nFROM facts\n",
    "language": "SELECT language, count(*) AS seen\nFROM facts\n",
    "story": "SELECT story, count(*) AS seen\nFROM facts\n",
    "author": "SELECT author, count(*) AS seen\nFROM facts\n"
    "JOIN (SELECT source, id, author FROM mentions) USING (source, id)\n",
    "theme": "SELECT theme, count(*) AS seen\nFROM facts\n"
    "LEFT JOIN (SELECT source, id, theme FROM theme_members WHERE brand = {brand}) USING (source, id)\n",
}
NEGATIVE = "\n    AND label = 'negative'"
UNKNOWN = "\n    AND label IN ('unclear', 'unscored')"
THEMED = "\n    AND (source, id) IN"
SAID = """WITH found AS (
    SELECT source, id, published
    FROM facts
    {counted}
),
said AS (
    SELECT ' ' || array_to_string(regexp_extract_all(
        regexp_replace(lower(title || ' ' || text), '(https?://|\\bwww\\.)\\S+', ' ', 'g'),
        '\\p{{L}}[\\p{{L}}\\p{{N}}_''’-]*'
    ), ' ') || ' ' AS words
    FROM found
    JOIN mentions USING (source, id)
    WHERE gone IS NULL
    ORDER BY found.published DESC, source, id
    LIMIT {most} -- the latest, in which new words are sought
)
SELECT word, count(*) AS stories
FROM said, (VALUES {words}) AS new (word)
WHERE contains(words, ' ' || word || ' ')
GROUP BY word
ORDER BY stories DESC, word"""
UNDECIDED = "SELECT label, language, count(*) AS stories\nFROM facts\n"


def parted(query: str, brand: str, by: str) -> str:
    """Writes the query that splits what an alert observed "source", "language", "story", "author" or "theme" (its id);
    `query` is the one that counts it whole. Gives "" for a query of another kind."""
    if not query.startswith(COUNTS):
        return ""
    begins = PARTED[by].format(brand=text(brand))
    return f"{begins}{query.removeprefix(COUNTS)}\nGROUP BY {by}\nORDER BY seen DESC, {by}"


def said(query: str, words: Sequence[str], most: int) -> str:
    """Writes the query that counts the alert's stories, the `most` latest, in which each word or pair of words stands.

    `query` and "" as in `parted`.
    """
    if not query.startswith(COUNTS) or not words:
        return ""
    counted = query.removeprefix(COUNTS).replace("\n", "\n    ")
    return SAID.format(counted=counted, most=most, words=", ".join(f"({text(word)})" for word in words))


def undecided(query: str) -> str:
    """Writes the query that counts what may be negative, too: unclear or not scored, by language; "" as in `parted`."""
    if not query.startswith(COUNTS) or NEGATIVE not in query:
        return ""
    rest, *_ = (
        query.removeprefix(COUNTS).replace(NEGATIVE, UNKNOWN).split(THEMED)
    )  # of what is undecided none is in one
    return f"{UNDECIDED}{rest}\nGROUP BY ALL\nORDER BY stories DESC, label, language"

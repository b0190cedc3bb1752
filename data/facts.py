"""Derives the dashboard's narrow rows from what was matched, scored and judged by people; the only writer of `facts`.

A mention is hidden where a person said that it is not about the brand (of itself, else last of a copy of its story),
or where the brand's relevance model gives it less than the least probability. Hidden rows stay; every count, list and
alert leaves them out unless asked.
"""

from collections.abc import Sequence

import duckdb

from earful.data import rollups

Connection = duckdb.DuckDBPyConnection


def refresh(con: Connection, stories: str, values: Sequence[str] = ()) -> None:
    """Rebuilds the facts of the stories that the query `stories` with `values` names, inside the caller's transaction.

    One row for each mention and brand, with the label and the intent that count (a person's before the model's).
    `leads` marks the first copy of a story that is not hidden (of a wholly hidden one the first), so that counting
    stories is counting rows. Answers without words (language "zxx") tell nothing and have none. Counts a day follow,
    and what is no complaint any more leaves its theme.
    """
    con.execute(f"CREATE OR REPLACE TEMP TABLE stale AS SELECT DISTINCT story FROM ({stories})", list(values))  # noqa: S608
    rollups.take_out(con)
    con.execute("DELETE FROM facts WHERE story IN (FROM stale)")
    con.execute("""
        CREATE OR REPLACE TEMP TABLE fresh AS
        WITH judged AS (
            SELECT source, id, brand, nullif(arg_max(label, made), '') AS label FROM corrections GROUP BY ALL
        ),
        wanted AS (
            SELECT source, id, brand, nullif(arg_max(value, made), '') AS intent
            FROM triage WHERE field = 'intent' GROUP BY ALL
        ),
        marked AS (
            SELECT DISTINCT ON (source, id, brand) source, id, brand, about, made
            FROM relevance_marks ORDER BY source, id, brand, made DESC, mark DESC
        ),
        found AS (
            SELECT k.brand, e.source, e.id, e.story, m.published, m.collected,
                coalesce(j.label, CASE WHEN s.digest = e.digest THEN s.label END, 'unscored') AS label,
                j.label IS NOT NULL AS corrected, e.language, m.rating,
                coalesce(w.intent, CASE WHEN s.digest = e.digest THEN s.intent END, '') AS intent,
                coalesce(
                    NOT a.about,
                    NOT arg_max(a.about, a.made) OVER (PARTITION BY k.brand, e.story),
                    r.chance < l.threshold,
                    false
                ) AS hidden
            FROM examined e
            SEMI JOIN stale USING (story)
            JOIN matches k USING (source, id)
            JOIN mentions m USING (source, id)
            LEFT JOIN scores s ON s.source = e.source AND s.id = e.id AND s.brand = k.brand
                AND s.model = (SELECT value ->> '$' FROM settings WHERE key = 'model')
            LEFT JOIN judged j ON j.source = e.source AND j.id = e.id AND j.brand = k.brand
            LEFT JOIN wanted w ON w.source = e.source AND w.id = e.id AND w.brand = k.brand
            LEFT JOIN marked a ON a.source = e.source AND a.id = e.id AND a.brand = k.brand
            LEFT JOIN relevance r ON r.source = e.source AND r.id = e.id AND r.brand = k.brand AND r.digest = e.digest
            LEFT JOIN relevance_models l ON l.brand = k.brand
            WHERE m.scale = '' OR e.language <> 'zxx'
        )
        SELECT *, row_number() OVER (PARTITION BY brand, story ORDER BY hidden, published, source, id) = 1 AS leads
        FROM found
    """)
    con.execute("INSERT INTO facts BY NAME FROM fresh")
    rollups.put_in(con)
    _leave_themes(con)


def _leave_themes(con: Connection) -> None:
    """Takes out of the themes what is no complaint any more by the table `fresh`: corrected, hidden.

    What another model has yet to score stays in its theme until it is.
    """
    for table in ("theme_members", "theme_peers"):
        con.execute(
            f"DELETE FROM {table} USING fresh f WHERE {table}.brand = f.brand AND {table}.source = f.source"  # noqa: S608
            f" AND {table}.id = f.id"
            " AND (f.hidden OR f.label NOT IN ('negative', 'unscored') AND f.intent <> 'problem')"
        )

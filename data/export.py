"""Gives everything that is known as one wide table, for spreadsheets and other tools."""

import duckdb
import pyarrow as pa


def everything(con: duckdb.DuckDBPyConnection, hidden: bool = False) -> pa.Table:
    """Gives one row a mention and brand, newest first: its words, where and when, label and probabilities.

    What is hidden as not about the brand is left out unless asked for; the column `hidden` tells it apart.
    """
    table: pa.Table = con.execute(
        """
        SELECT f.brand, f.published, f.source, f.id, m.author, m.title, m.text, m.url, f.language, f.rating,
            m.engagement, f.story, f.leads AS first_of_story, f.label, f.corrected,
            s.negative, s.neutral, s.positive, s.model, f.hidden
        FROM facts f JOIN mentions m USING (source, id)
        LEFT JOIN scores s ON s.source = f.source AND s.id = f.id AND s.brand = f.brand
            AND s.model = (SELECT value ->> '$' FROM settings WHERE key = 'model')
        WHERE ? OR NOT f.hidden
        ORDER BY f.published DESC, f.source, f.id, f.brand
    """,
        [hidden],
    ).to_arrow_table()
    return table

"""Gives everything that is known as one wide table, for spreadsheets and other tools."""

import duckdb
import pyarrow as pa


def everything(con: duckdb.DuckDBPyConnection) -> pa.Table:
    """Gives one row a mention and brand, newest first: its words, where and when, label and probabilities."""
    table: pa.Table = con.execute("""
        SELECT f.brand, f.published, f.source, f.id, m.author, m.title, m.text, m.url, f.language, f.rating,
            m.engagement, f.story, f.leads AS first_of_story, f.label, f.corrected,
            s.negative, s.neutral, s.positive, s.model
        FROM facts f JOIN mentions m USING (source, id)
        LEFT JOIN scores s ON s.source = f.source AND s.id = f.id AND s.brand = f.brand
            AND s.model = (SELECT value ->> '$' FROM settings WHERE key = 'model')
        ORDER BY f.published DESC, f.source, f.id, f.brand
    """).to_arrow_table()
    return table

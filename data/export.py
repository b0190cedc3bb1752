"""Gives what is known as wide tables, for spreadsheets and other tools."""

import csv
from typing import TextIO

import duckdb
import pyarrow as pa

from earful.data.filtering import Filters, conditions

BATCH = 2000
FORMULA = ("=", "+", "-", "@", "\t", "\r")  # what a spreadsheet takes for the beginning of a formula
COLUMNS = """
    SELECT f.brand, f.published, f.source, f.id, m.author, m.title, m.text, m.url, f.language, f.rating,
        m.engagement, f.story, f.leads AS first_of_story, f.label, f.corrected,
        s.negative, s.neutral, s.positive, s.model, f.hidden
    FROM facts f JOIN mentions m USING (source, id)
    LEFT JOIN scores s ON s.source = f.source AND s.id = f.id AND s.brand = f.brand
        AND s.model = (SELECT value ->> '$' FROM settings WHERE key = 'model')
"""
ORDER = " ORDER BY f.published DESC, f.source, f.id, f.brand"


def everything(con: duckdb.DuckDBPyConnection, hidden: bool = False) -> pa.Table:
    """Gives one row a mention and brand, newest first: its words, where and when, label and probabilities.

    What is hidden as not about the brand is left out unless asked for; the column `hidden` tells it apart.
    """
    table: pa.Table = con.execute(f"{COLUMNS} WHERE ? OR NOT f.hidden {ORDER}", [hidden]).to_arrow_table()
    return table


def chosen(con: duckdb.DuckDBPyConnection, filters: Filters, most: int) -> pa.Table:
    """Gives the rows under some filters, as `everything` does, at most so many."""
    where, values = conditions(filters)
    table: pa.Table = con.execute(f"{COLUMNS} WHERE {where} {ORDER} LIMIT ?", [*values, most]).to_arrow_table()
    return table


def write_csv(table: pa.Table, file: TextIO) -> None:
    """Writes a table as CSV in which no cell is run as a formula."""
    writer = csv.writer(file)
    writer.writerow(table.column_names)
    for batch in table.to_batches(max_chunksize=BATCH):
        writer.writerows([harmless(cell) for cell in row.values()] for row in batch.to_pylist())


def harmless(value: object) -> object:
    """Keeps a spreadsheet from running a text as a formula, by an apostrophe before it."""
    return f"'{value}" if isinstance(value, str) and value.startswith(FORMULA) else value

"""Gives what is known as wide tables, for spreadsheets and other tools."""

import csv
from collections.abc import Sequence
from typing import TextIO

import duckdb
import pyarrow as pa

from earful.data import families, rollups, triage
from earful.data.filtering import Filters, conditions

BATCH = 2000
FORMULA = ("=", "+", "-", "@", "\t", "\r")  # what a spreadsheet takes for the beginning of a formula
COLUMNS = f"""
    SELECT f.brand, f.published, f.source, f.id, m.author, m.title, m.text, m.url, f.language, f.rating,
        m.engagement, f.story, f.leads AS first_of_story, f.label, f.corrected,
        s.negative, s.neutral, s.positive, s.model, f.intent, coalesce(n.name, '') AS theme,
        coalesce(d.status, 'new') AS status, coalesce(d.assignee, '') AS assignee, coalesce(d.note, '') AS note,
        f.hidden
    FROM facts f JOIN mentions m USING (source, id)
    LEFT JOIN scores s ON s.source = f.source AND s.id = f.id AND s.brand = f.brand
        AND s.model = (SELECT value ->> '$' FROM settings WHERE key = 'model')
    LEFT JOIN theme_members t ON t.source = f.source AND t.id = f.id AND t.brand = f.brand
    LEFT JOIN theme_names n ON n.theme = t.theme
    LEFT JOIN (
        SELECT source, id, brand, any_value(value) FILTER (field = 'status') AS status,
            any_value(value) FILTER (field = 'assignee') AS assignee, any_value(value) FILTER (field = 'note') AS note
        FROM {triage.LATEST} GROUP BY ALL
    ) d ON d.source = f.source AND d.id = f.id AND d.brand = f.brand
"""  # noqa: S608
ORDER = " ORDER BY f.published DESC, f.source, f.id, f.brand"


def everything(con: duckdb.DuckDBPyConnection, hidden: bool = False) -> pa.Table:
    """Gives one row a mention and brand, newest first: its words, label and theme, and what the team made of it.

    What is hidden as not about the brand is left out unless asked for; the column `hidden` tells it apart. Themes bear
    the names that count: of what was merged, that of the whole. Times are those of the team's zone.
    """
    _name_themes(con, [row[0] for row in con.execute("SELECT brand FROM brands").fetchall()])
    table: pa.Table = con.execute(f"{COLUMNS} WHERE ? OR NOT f.hidden {ORDER}", [hidden]).to_arrow_table()
    return _on_the_teams_clock(con, table)


def chosen(con: duckdb.DuckDBPyConnection, filters: Filters, most: int) -> pa.Table:
    """Gives the rows under some filters, as `everything` does, at most so many."""
    _name_themes(con, [filters.brand])
    where, values = conditions(filters)
    table: pa.Table = con.execute(f"{COLUMNS} WHERE {where} {ORDER} LIMIT ?", [*values, most]).to_arrow_table()
    return _on_the_teams_clock(con, table)


def _on_the_teams_clock(con: duckdb.DuckDBPyConnection, table: pa.Table) -> pa.Table:
    place = table.schema.get_field_index("published")
    at = table.column(place).cast(pa.timestamp("us", tz=rollups.team(con).key))
    return table.set_column(place, "published", at)


def _name_themes(con: duckdb.DuckDBPyConnection, brands: Sequence[str]) -> None:
    names = {theme: one.name for brand in brands for one in families.of(con, brand) for theme in one.members}
    text = pa.string()
    con.register("theme_names", pa.table({"theme": pa.array(names, text), "name": pa.array(names.values(), text)}))


def write_csv(table: pa.Table, file: TextIO) -> None:
    """Writes a table as CSV in which no cell is run as a formula."""
    writer = csv.writer(file)
    writer.writerow(table.column_names)
    for batch in table.to_batches(max_chunksize=BATCH):
        writer.writerows([harmless(cell) for cell in row.values()] for row in batch.to_pylist())


def harmless(value: object) -> object:
    """Keeps a spreadsheet from running a text as a formula, by an apostrophe before it."""
    return f"'{value}" if isinstance(value, str) and value.startswith(FORMULA) else value

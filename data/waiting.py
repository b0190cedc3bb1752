"""Keeps which mentions wait to be put into a story, so that finding the new ones costs the same however many there are.

Those wait that speak of a brand and were not grouped in their present words, and those that were deleted at their
source until what the search for copies knows of them is forgotten. Each change is in the transaction that makes it so,
and everything here follows from the other tables: `anew` finds it again.
"""

from collections.abc import Sequence

import duckdb
import pyarrow as pa

Connection = duckdb.DuckDBPyConnection
Key = tuple[str, str]  # a mention's source and id


def waiting(con: Connection) -> None:
    """Adds the mentions that wait to be put into a story (a migration)."""
    con.execute("CREATE TABLE waiting (source TEXT NOT NULL, id TEXT NOT NULL, PRIMARY KEY (source, id))")
    anew(con)


def anew(con: Connection) -> None:
    """Finds all that wait by looking through everything; what was deleted is among it."""
    con.execute("DELETE FROM waiting")
    con.execute(
        "INSERT INTO waiting SELECT source, id FROM examined SEMI JOIN matches USING (source, id)"
        " ANTI JOIN grouped USING (source, id, digest)"
        " UNION SELECT source, id FROM mentions SEMI JOIN examined USING (source, id) WHERE gone IS NOT NULL"
    )


def examined(con: Connection) -> None:
    """Notes which of the mentions of the registered table `batch` (source, id, digest) wait; `found` are their brands.

    Call it in the transaction that examines them.
    """
    con.execute(
        "CREATE OR REPLACE TEMP TABLE to_group AS SELECT source, id FROM batch SEMI JOIN found USING (source, id)"
        " ANTI JOIN grouped USING (source, id, digest)"
    )
    con.execute(
        "DELETE FROM waiting USING batch b JOIN mentions m USING (source, id)"
        " WHERE waiting.source = b.source AND waiting.id = b.id AND m.gone IS NULL"
        " AND NOT EXISTS (FROM to_group g WHERE g.source = b.source AND g.id = b.id)"
    )
    con.execute("INSERT INTO waiting FROM to_group ON CONFLICT DO NOTHING")


def deleted(con: Connection, source: str) -> None:
    """Notes that those of a source's mentions whose ids the registered table `ended` holds were deleted there."""
    con.execute(
        "INSERT INTO waiting SELECT source, id FROM grouped WHERE source = ? AND id IN (FROM ended)"
        " ON CONFLICT DO NOTHING",
        [source],
    )


def to_forget(con: Connection) -> list[Key]:
    """Lists the waiting mentions that were deleted at their source."""
    return con.execute(
        "SELECT source, id FROM waiting JOIN mentions USING (source, id) WHERE gone IS NOT NULL ORDER BY ALL"
    ).fetchall()


def forgotten(con: Connection, mentions: Sequence[Key]) -> None:
    """Notes that deleted mentions wait no longer."""
    columns = {
        name: pa.array([key[place] for key in mentions], pa.string()) for place, name in enumerate(("source", "id"))
    }
    con.register("ended", pa.table(columns))
    con.execute("DELETE FROM waiting USING ended e WHERE waiting.source = e.source AND waiting.id = e.id")
    con.unregister("ended")


def grouped(con: Connection) -> None:
    """Notes that the mentions of the registered table `found` (source, id, digest) were grouped in these words."""
    con.execute(
        "DELETE FROM waiting USING found f JOIN examined e USING (source, id, digest)"
        " WHERE waiting.source = f.source AND waiting.id = f.id"
    )

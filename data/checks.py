"""Remembers when kept mentions were looked at again, to see whether they are still there."""

from collections.abc import Collection
from datetime import datetime

import duckdb
import pyarrow as pa

Connection = duckdb.DuckDBPyConnection
OFTEN, RARELY = 86_400, 28 * 86_400  # seconds between two looks at one mention
SHARE = 8  # what is older is looked at after this part of its age


def due(con: Connection, source: str, now: datetime, limit: int) -> list[str]:
    """Lists ids of a source's mentions that were not looked at for a day, or longer the older they are; by lot.

    By lot and anew each day, so that what was deleted together is not asked for together each time.
    """
    rows = con.execute(
        "SELECT m.id FROM mentions m LEFT JOIN checks c USING (source, id)"
        " WHERE m.source = $1 AND m.gone IS NULL AND epoch($2::TIMESTAMPTZ) - epoch(coalesce(c.checked, m.collected))"
        " > greatest($3, least($4, (epoch($2::TIMESTAMPTZ) - epoch(m.published)) / $5))"
        " ORDER BY md5(m.id || $6) LIMIT $7",
        [source, now, OFTEN, RARELY, SHARE, f"{now:%Y-%m-%d}", limit],
    ).fetchall()
    return [name for (name,) in rows]


def mark(con: Connection, source: str, ids: Collection[str], now: datetime) -> None:
    """Notes that these were looked at."""
    con.register("looked_at", pa.table({"id": pa.array(list(ids), pa.string())}))
    con.execute(
        "INSERT INTO checks SELECT DISTINCT ?, id, ?::TIMESTAMPTZ FROM looked_at"
        " ON CONFLICT DO UPDATE SET checked = excluded.checked",
        [source, now],
    )
    con.unregister("looked_at")

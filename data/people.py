"""Says who may look and who may decide, and keeps decisions from those who may not, where the store is written.

The list is a setting, mirrored from the configuration: {"editors": [...], "viewers": [...]}, each an address like
"ada@example.org" or a whole domain like "*@example.org". Without the setting nobody signs in: whoever reaches the
dashboard works at this machine and may decide.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, Literal

import duckdb

from earful.data.database import Database

SETTING = "access"
Role = Literal["", "viewer", "editor"]


class NotAllowed(Exception):
    """This person may look but not decide, or not even look."""


def role(access: Mapping[str, Sequence[str]], address: str) -> Role:
    """Gives the role of an address, "" when it has none."""
    if _listed(access.get("editors", ()), address):
        return "editor"
    return "viewer" if _listed(access.get("viewers", ()), address) else ""


@contextmanager
def decision(database: Database, address: str) -> Iterator[duckdb.DuckDBPyConnection]:
    """Gives a transaction for a person's decision; raises NotAllowed, with nothing written, unless they are an editor.

    `address` is what the provider of the sign-in vouches for. The list of this very moment counts, not the one the
    page was drawn with.
    """
    with database.transaction() as con:
        row = con.execute("SELECT value FROM settings WHERE key = ?", [SETTING]).fetchone()
        access: dict[str, Any] | None = json.loads(row[0]) if row else None
        if access is not None and role(access, address) != "editor":
            raise NotAllowed(f"{address or 'nobody'} may not decide here; ask for the role of an editor")
        yield con


def _listed(entries: Sequence[str], address: str) -> bool:
    name, at, domain = address.strip().casefold().rpartition("@")
    if not (name and at and domain):
        return False
    known = {entry.strip().casefold() for entry in entries}
    return f"{name}@{domain}" in known or f"*@{domain}" in known

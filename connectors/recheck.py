"""Looks whether what was kept is still there: a cursor {"recheck": [ids]} asks for these alone.

What the answer lacks was deleted. Nothing of a longer list may as well be a fault of the service, and is not believed.
A connector that reads such cursors says how many ids it takes at once: RECHECK = 100.
"""

from collections.abc import Iterable, Sequence

from earful.connectors import text
from earful.connectors.types import ConnectorError, Cursor, Page

BELIEVED = 3  # ids of which an answer may lack every one


def ids(cursor: Cursor) -> list[str]:
    """Returns the ids that a cursor asks for, none where it goes on to what is new."""
    asked = cursor.get("recheck")
    return [name for name in asked if isinstance(name, str)] if isinstance(asked, list) else []


def page(asked: Sequence[str], there: Iterable[object]) -> Page:
    """Returns what the source no longer shows of what was asked for, when `there` is what it shows."""
    shown = set(map(text.identity, there))
    gone = [name for name in asked if name not in shown]
    if len(gone) == len(asked) > BELIEVED:
        raise ConnectorError(f"none of {len(asked)} items that were kept is there; that is not believed")
    return text.page((), {"recheck": list(asked)}, gone=gone)

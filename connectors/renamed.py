"""Keeps an item's id when its feed gives it another: a blog that moves renames everything it shows.

The cursor remembers, for the window that a feed showed last, the id under which each title and time was kept. An
unknown id with the title and time of one that is no longer shown is that item again.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

from earful.connectors import text
from earful.connectors.types import Cursor, Mention

MOST = 100  # items remembered, from the top of the feed: a cursor is small


def settle(cursor: Cursor, items: Sequence[Mention | str]) -> tuple[list[Mention | str], dict[str, str]]:
    """Returns the items under the ids they are known by, and the cursor's next `names`: marks of items to their ids."""
    given = cursor.get("names")
    names = {str(mark): text.identity(name) for mark, name in given.items()} if isinstance(given, dict) else {}
    shown = {item.id for item in items if isinstance(item, Mention)}
    settled = [_settled(item, names, shown) if isinstance(item, Mention) else item for item in items]
    looks = Counter(_looks(item) for item in settled if isinstance(item, Mention))
    marks: dict[str, str] = {}
    for item, now in list(zip(items, settled, strict=True))[:MOST]:
        if isinstance(item, Mention) and isinstance(now, Mention):
            if looks[_looks(now)] == 1:
                marks[_looks(now)] = now.id
            if item.id != now.id:
                marks[_called(item.id)] = now.id
    return settled, marks


def _settled(item: Mention, names: dict[str, str], shown: set[str]) -> Mention:
    before = names.get(_called(item.id)) or names.get(_looks(item)) or item.id
    if before in shown:
        return item
    shown.add(before)
    return replace(item, id=before)


def _looks(item: Mention) -> str:
    """Marks an item by what it shows: its title, or else its words, and its time where it has one."""
    return text.fingerprint(item.title or item.text, item.published if item.dated else item.url)[:12]


def _called(id: str) -> str:
    return "=" + text.fingerprint(id)[:12]

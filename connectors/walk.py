"""Walks back through a source that answers newest first, until it meets what is known.

The cursor of such a source holds `since`: everything up to this time (seconds since 1970) has been kept. While a walk
is under way it also holds `top` (what `since` becomes when the walk ends), `next` (where to go on) and `pages` (how
many were read). A walk that breaks off is taken up where it stopped, and `since` moves only when nothing lies between.
"""

from collections.abc import Iterable
from datetime import datetime

from earful.connectors import text
from earful.connectors.types import Cursor


def back(
    cursor: Cursor, times: Iterable[object], read: datetime, onward: int | str, *, overlap: int, pages: int
) -> tuple[Cursor, bool]:
    """Returns the cursor after a page, and whether the walk goes on.

    `times` are the page's own, as the source writes them; `onward` is where the next page begins, 0 or "" at the end.
    `overlap` is how many seconds before `since` are read again each time. A first walk ends after `pages` pages.
    """
    since, count = text.whole(cursor.get("since")), text.whole(cursor.get("pages")) + 1
    usable = [int(when.timestamp()) for when, known in (text.dated(time, read) for time in times) if known]
    top = max([since, text.whole(cursor.get("top")), *usable])
    met = bool(usable) and min(usable) <= since - overlap
    if onward and onward != cursor.get("next") and not met and (since or count < pages):
        return {"since": since, "top": top, "next": onward, "pages": count}, True
    return {"since": top} if top else {}, False

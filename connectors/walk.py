"""Finds the way through a source: back to what is known, or from window to window.

A source that answers newest first is walked back until it meets what is known. Its cursor holds `since`: everything up
to this time (seconds since 1970) has been kept. During a walk it also holds `top` (what `since` becomes when the walk
ends), `next` (where to go on) and `pages` (how many were read). A walk that breaks off is taken up where it
stopped, and `since` moves only when nothing lies between.
"""

from collections.abc import Iterable
from datetime import datetime

from earful.connectors import text
from earful.connectors.types import Cursor, Mention

TOLD = ("next", "top", "pages", "unit", "api", "index", "etag", "modified")


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


def older(cursor: Cursor, times: Iterable[object], *, full: bool) -> int:
    """Returns up to which second to ask for the next page: the oldest item's, 0 when this page was the last.

    It always moves, even through one second that more items share than a page holds. `full` says that there is more.
    """
    known = [int(when.timestamp()) for when in map(text.moment, times) if when and when > text.OLDEST]
    oldest, before = min(known, default=0) if full else 0, text.whole(cursor.get("next"))
    return min(oldest, before - 1) if before else oldest


def onward(cursor: Cursor, name: str) -> dict[str, str]:
    """Gives the parameter `name` that asks for the next page of a walk by its token; nothing for the first."""
    token = text.header(cursor.get("next"))
    return {name: token} if token else {}


def ended(cursor: Cursor) -> Cursor | None:
    """Gives the cursor of a walk that is ended here, as if there were nothing behind; None when it is on no walk."""
    if not text.whole(cursor.get("top")):
        return None
    kept = {key: value for key, value in cursor.items() if key not in ("since", "top", "next", "pages")}
    return {**kept, "since": text.whole(cursor["top"])}


def restarted(cursor: Cursor) -> Cursor:
    """Gives the cursor of a walk that begins anew, for a source that no longer accepts its place.

    Up to when everything is kept stays in it, so nothing is missed; what the source itself gave to be told again goes.
    """
    return {key: value for key, value in cursor.items() if key not in TOLD}


def window(cursor: Cursor, items: Iterable[Mention | str]) -> tuple[list[str], bool]:
    """Returns marks of what a window of latest items shows, and whether it shares nothing with the window before.

    Then more came than the window holds, and some may have gone by unseen.
    """
    marks = [text.fingerprint(item.id)[:8] for item in items if isinstance(item, Mention)]
    before = cursor.get("seen")
    known = set(map(str, before)) if isinstance(before, list) else set()
    return marks, bool(marks and known) and known.isdisjoint(marks)

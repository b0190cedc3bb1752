"""Reads a source that was never read before only as far back as is wanted, and tells how far that has come."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta

from earful.connectors import walk
from earful.connectors.types import Page
from earful.flows import manners
from earful.flows.config import Source
from earful.flows.report import Progress


class Backfill:
    """How far back sources are read that were never read before, and how much of that way is done."""

    def __init__(self, sources: Iterable[Source], progress: Progress) -> None:
        self._ways = {source.name: source.backfill for source in sources}
        self._done: dict[str, timedelta] = {}
        self._progress = progress

    def cut(self, source: Source, page: Page, now: datetime) -> Page:
        """Ends the walk with this page when what follows is older than is wanted, and tells how far it has come."""
        horizon = now - source.backfill
        oldest = min((mention.published for mention in page.mentions if mention.dated), default=now)
        self._done[source.name] = min(max(now - oldest, self._done.get(source.name, timedelta(0))), source.backfill)
        days = timedelta(days=1)
        done = sum(list(self._done.values()), timedelta(0))
        whole = sum((self._ways[name] for name in list(self._done)), timedelta(0))
        self._progress("backfill", done // days, max(whole // days, 1))
        cursor = walk.ended(page.cursor) if manners.far_enough(page.mentions, horizon) else None
        return page if cursor is None else replace(page, cursor=cursor, more=False)

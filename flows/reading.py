"""Reads a landed answer, keeps what it says, and names what a failure means."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from types import ModuleType

import httpx

from earful.connectors.types import Blocked, ConnectorError, Cursor, Gone, KeyRefused, Page, RateLimited
from earful.data import store, versions
from earful.data.database import Database

log = logging.getLogger(__name__)


def keep(con: store.Connection, source: str, page: Page, now: datetime) -> store.Kept:
    """Keeps the mentions of a page, and erases what it says was deleted."""
    kept = store.save_page(con, source, page.mentions, now, page.gone)
    return replace(kept, gone=kept.gone + versions.erase_below(con, source, page.closed, now))


def state_of(error: Exception) -> str:
    """Names the state of a source whose last answer was this error."""
    states = {RateLimited: "slow down", KeyRefused: "key refused", Blocked: "blocked", Gone: "gone"}
    return next((state for kind, state in states.items() if isinstance(error, kind)), "failing")


def read(
    database: Database, connector: ModuleType, source: str, response: httpx.Response, cursor: Cursor, name: str
) -> Page:
    """Reads an answer; one that can't be read is not tried again unless it is replayed."""
    try:
        with explained(source, name):
            page: Page = connector.parse(response, cursor)
    except ConnectorError:
        with database.transaction(publish=False) as con:
            store.mark_digested(con, name)
        raise
    return page


@contextmanager
def explained(source: str, name: str) -> Iterator[None]:
    """Turns a mistake of ours in reading a landed answer into a ConnectorError that names the answer."""
    try:
        yield
    except ConnectorError:
        raise
    except Exception as error:
        log.exception("%s: raw/%s can't be read", source, name)
        raise ConnectorError(
            f"{source}: reading raw/{name} failed with {type(error).__name__}: {error}; please report it"
        ) from error

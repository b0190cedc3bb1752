"""Tells which sources are due, where they are asked and what that costs."""

import hashlib
import os
from datetime import datetime, timedelta
from types import ModuleType
from urllib.parse import urlsplit

import httpx

from earful import connectors
from earful.connectors import keys
from earful.data import todo
from earful.flows.config import Source
from earful.flows.manners import Bucket

EARLY, EARLY_SHARE = timedelta(seconds=30), 1 / 20  # of a wait may be missing: no run begins to the second
MOVED_AFTER = timedelta(days=3)  # a permanent redirect is believed after this; captive portals send them too


def is_due(source: Source, row: todo.SourceRow, now: datetime) -> bool:
    """Tells whether a source is to be asked now: its time has come, or the key that it refused was replaced."""
    if row.state == "gone":
        return False
    if row.state == "key refused" and row.key_mark != key_mark(connectors.find(source.connector)):
        return True
    if row.due is None:
        return True
    early = timedelta(0)
    if row.state == "fine" and row.asked:
        early = min(EARLY, (row.due - row.asked) * EARLY_SHARE)
    return row.due - early <= now


def cost(connector: ModuleType, request: httpx.Request) -> int:
    """Gives the units of its quota that a request costs: COST, or what COST says of the last part of the path."""
    said = getattr(connector, "COST", 1)
    return int(said.get(request.url.path.rpartition("/")[2], 1) if isinstance(said, dict) else said)


def quota(connector: ModuleType) -> tuple[int, float]:
    """Gives how many units of a connector's API may be spent in how many seconds; with a key it may be more."""
    keyed = hasattr(connector, "KEYED_QUOTA") and keys.there(connector)
    capacity, period = connector.KEYED_QUOTA if keyed else connector.QUOTA
    return int(capacity), float(period)


def spare(con: todo.Connection, name: str, connector: ModuleType, now: datetime) -> bool:
    """Tells whether more than half of a connector's quota is left."""
    capacity, period = quota(connector)
    return Bucket(capacity, period, todo.spent(con, name)).left(now) > capacity / 2


def key_mark(connector: ModuleType) -> str:
    """Tells one key of a connector from another, without saying anything of it."""
    held = "\0".join(os.environ.get(name, "") for name in keys.variables(connector))
    return hashlib.sha256(held.encode("utf-8", "surrogateescape")).hexdigest()[:8]


def host(source: Source, row: todo.SourceRow) -> str:
    """Names the host that a source's next request goes to."""
    request: httpx.Request = connectors.find(source.connector).request(source.target, row.cursor)
    return urlsplit(str(request.url)).hostname or source.name


def target(source: Source, row: todo.SourceRow, now: datetime) -> str:
    """Gives the address to ask: a feed's new one once it has said for days that it moved for good."""
    if source.connector == "rss" and row.moved_to and row.moved_since and now - row.moved_since >= MOVED_AFTER:
        return row.moved_to
    return source.question


def moved_to(response: httpx.Response) -> str:
    """Gives where the answer came from if every redirect on the way there was permanent, else "".

    The address of a signed request may hold a key, and is given to nobody.
    """
    steps = response.history
    signed = bool(steps) and steps[0].request.extensions.get("signed")
    if steps and not signed and all(step.status_code in (301, 308) for step in steps):
        return str(response.url)
    return ""

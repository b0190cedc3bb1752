"""Keeps what happened to a brand, as people or their scripts mark it: a release, a price change, an outage, a campaign.

An event is a row with who marked it and when; a withdrawal is another row, so that nothing is ever forgotten. Times
are aware UTC datetimes; writing functions work inside the caller's transaction.
"""

import uuid
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlsplit

import duckdb

Connection = duckdb.DuckDBPyConnection
KINDS = ("release", "price change", "outage", "campaign", "other")
LONGEST_TITLE, LONGEST_LINK = 120, 500  # characters


@dataclass(frozen=True)
class Event:
    """Something that happened; `brand` "" means to all brands, `finish` None that it took no time."""

    event: str
    brand: str
    kind: str
    start: datetime
    finish: datetime | None
    title: str
    link: str
    author: str
    made: datetime


def add(
    con: Connection,
    brand: str,
    kind: str,
    start: datetime,
    finish: datetime | None,
    title: str,
    link: str,
    author: str,
    now: datetime,
) -> str:
    """Keeps an event and gives its id; the same event marked again, as by a script that is run twice, stays one.

    Raises ValueError, with words for who marked it, for what is no event.
    """
    title, link = " ".join(title.split()), link.strip()
    if kind not in KINDS:
        raise ValueError(f"an event's kind is one of {', '.join(KINDS)}, not {kind!r}")
    if not title:
        raise ValueError("an event needs a title that says what happened")
    if len(title) > LONGEST_TITLE:
        raise ValueError(f"an event's title has {LONGEST_TITLE} characters at most; this one has {len(title)}")
    if finish is not None and finish < start:
        raise ValueError("an event ends after it began")
    if link:
        check_link(link)
    if brand and not con.execute("FROM brands WHERE brand = ?", [brand]).fetchone():
        raise ValueError(f"no brand is called {brand!r}; its name stands in earful.toml")
    same = con.execute(
        "SELECT event FROM events ANTI JOIN event_withdrawals USING (event)"
        " WHERE brand = ? AND kind = ? AND start = ? AND finish IS NOT DISTINCT FROM ? AND title = ? AND link = ?",
        [brand, kind, start, finish, title, link],
    ).fetchone()
    if same:
        return str(same[0])
    event = uuid.uuid4().hex[:10]  # short enough to be typed
    con.execute(
        "INSERT INTO events VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        [event, brand, kind, start, finish, title, link, author, now],
    )
    return event


def withdraw(con: Connection, event: str, author: str, now: datetime) -> None:
    """Takes an event off the charts; it stays in the store. Raises ValueError when there is none of that id."""
    if not con.execute("FROM events WHERE event = ?", [event]).fetchone():
        raise ValueError(f"there is no event {event}; 'earful event list' shows them")
    con.execute("INSERT INTO event_withdrawals VALUES (?, ?, ?) ON CONFLICT DO NOTHING", [event, author, now])


def between(con: Connection, brand: str, start: datetime, finish: datetime) -> list[Event]:
    """Lists a brand's events, those of all brands included, that touch a span of time, oldest first."""
    rows = con.execute(
        "SELECT event, brand, kind, start, finish, title, link, author, made FROM events"
        " ANTI JOIN event_withdrawals USING (event)"
        " WHERE (brand = ? OR brand = '') AND coalesce(finish, start) >= ? AND start < ? ORDER BY start, made, event",
        [brand, start, finish],
    ).fetchall()
    return [Event(*row) for row in rows]


def newest(con: Connection, limit: int) -> list[Event]:
    """Lists the latest events of all brands, newest first."""
    rows = con.execute(
        "SELECT event, brand, kind, start, finish, title, link, author, made FROM events"
        " ANTI JOIN event_withdrawals USING (event) ORDER BY start DESC, made DESC, event LIMIT ?",
        [limit],
    ).fetchall()
    return [Event(*row) for row in rows]


def check_link(link: str) -> None:
    """Raises ValueError for an address that a browser should not be sent to."""
    try:
        parts = urlsplit(link)
    except ValueError:
        raise ValueError("the link is no web address") from None
    odd = any(char.isspace() or not char.isprintable() for char in link)
    if parts.scheme not in ("http", "https") or not parts.hostname or odd:
        raise ValueError("the link is no web address; it begins with https://")
    if len(link) > LONGEST_LINK:
        raise ValueError(f"a link has {LONGEST_LINK} characters at most; this one has {len(link)}")

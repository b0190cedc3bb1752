"""A store whose complaints lie in themes: of Acme's, one was acted on, one is growing, one is new; Bolt is a rival.

Everything lies at noon UTC, so many days before NOON, the same at every call. `DAILY` says how many stories a theme
brings on each day; the courier's theme was acted on 30 to 28 days ago, and Bolt's complaints of the kind went on.
"""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import duckdb
import invented_store
import numpy as np
from invented_store import NOON, Said

from earful.data import board, store
from earful.data.database import Database

DAYS = 75
ACTED, DONE = 30, 28  # days before noon
Connection = duckdb.DuckDBPyConnection


@dataclass(frozen=True)
class Theme:
    """A theme of a brand: what its mentions say, where customers meet it, and how many come a day, so long ago."""

    theme: str
    brand: str
    name: str
    text: str
    journey: str
    daily: Callable[[int], int]
    source: str = "shop"
    state: str = "steady"


THEMES = (
    Theme(
        "courier",
        "Acme",
        "parcel, courier, left",
        "the courier left my parcel in the rain",
        "receive",
        lambda days: 4 + days % 3 if days > ACTED else 1 + (days % 4 == 0) if days < DONE else 2,
    ),
    Theme(
        "hotline",
        "Acme",
        "hotline, waiting, nobody",
        "an hour on the hotline and nobody answers",
        "get help",
        lambda days: 3 if days < 9 else int(days % 4 == 0),
        state="growing",
    ),
    Theme(
        "app",
        "Acme",
        "app, crashes, update",
        "the app crashes since the update",
        "use",
        lambda days: 2 if days < 5 else 0,
        "news",
        "new",
    ),
    Theme("price", "Acme", "price, dearer", "dearer by the month", "buy", lambda days: int(days > 50), state="faded"),
    Theme("bolt", "Bolt", "parcel, late", "the courier never came", "receive", lambda days: 2 + days % 2),
)


def fill(folder: Path, noon: datetime = NOON, themes: Sequence[Theme] = THEMES) -> Database:
    """Fills a store with the mentions of themes, and the tables of the themes as their stage leaves them."""
    said = [one for theme in themes for one in _said(theme)]
    said += [Said(f"kind {day}", "Acme", day, "shop", "positive", "Acme was kind", author=f"k{day}") for day in days()]
    said += [Said(f"so {day}", "Bolt", day, "news", "neutral", "Bolt opens at nine") for day in days()]
    said += [Said("old", "Acme", 200, place, "neutral", "Acme was founded") for place in ("shop", "news")]
    said += [Said("old bolt", "Bolt", 200, "shop", "neutral", "Bolt was founded")]
    database = invented_store.fill(folder, noon, tuple(said))
    with database.transaction() as con:
        for theme in themes:
            add(con, theme.theme, theme.brand, theme.name, theme.state, noon, theme.text)
            members(con, theme, noon)
    return database


def days() -> range:
    """Gives the days on which anything was said."""
    return range(1, DAYS)


def _said(theme: Theme) -> list[Said]:
    return [
        Said(
            f"{theme.theme} {day} {place}",
            theme.brand,
            day + place / 50,
            theme.source,
            "negative",
            f"{theme.brand}: {theme.text}, day {day}",
            author=f"{theme.theme}{(day + place) % 11}",
        )
        for day in days()
        for place in range(theme.daily(day))
    ]


def add(
    con: Connection,
    theme: str,
    brand: str,
    name: str,
    state: str = "steady",
    noon: datetime = NOON,
    sentence: str = "",
    into: str = "",
) -> None:
    """Keeps a theme as the stage that finds them does."""
    first = noon - timedelta(days=DAYS)
    centre = np.zeros(4, np.float32).tobytes()
    con.execute(
        "INSERT INTO themes (theme, brand, name, words, sentence, sentence_source, sentence_id, centre, first_seen,"
        " last_seen, state, merged_into, model, found, updated)"
        " VALUES (?, ?, ?, ?, ?, '', '', ?, ?, ?, ?, ?, 'invented', ?, ?)",
        [theme, brand, name, json.dumps(name.split(", ")), sentence, centre, first, noon, state, into, noon, noon],
    )


def members(con: Connection, theme: Theme, noon: datetime = NOON) -> None:
    """Puts a theme's mentions into it, and those of another brand among Acme's."""
    for one in _said(theme):
        digest = store.digest(invented_store.mention(one, noon))
        strength = 0.9 - (hash_of(one.id) % 40) / 100
        con.execute(
            "INSERT INTO theme_members (theme, brand, source, id, digest, strength, again, journey)"
            " VALUES (?, ?, ?, ?, ?, ?, false, ?)",
            [theme.theme, theme.brand, one.source, one.id, digest, strength, theme.journey],
        )
        if theme.brand != "Acme":
            con.execute(
                "INSERT INTO theme_peers (of, theme, brand, source, id, digest, strength)"
                " VALUES ('Acme', 'courier', ?, ?, ?, ?, ?)",
                [theme.brand, one.source, one.id, digest, strength],
            )


def hash_of(text: str) -> int:
    """Gives a number that is the same in every process."""
    return sum(ord(char) * (place + 1) for place, char in enumerate(text))


def resolve(database: Database, noon: datetime, theme: str = "courier", brand: str = "Acme") -> None:
    """Lets a person act on a theme and resolve it."""
    with database.transaction() as con:
        for place, (status, ago) in enumerate((("acting", ACTED), ("resolved", DONE))):
            on = (noon - timedelta(days=ago)).date().isoformat()
            made = noon - timedelta(days=ago) + timedelta(minutes=place)
            board.change_card(con, brand, theme, "status", {"status": status, "on": on}, "eva", made)

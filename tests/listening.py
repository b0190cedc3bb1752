"""A store that listens to invented sites, a run at a time, with the clock in our hands."""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import httpx

from earful.connectors import text, walk
from earful.connectors.http import Client
from earful.connectors.types import Cursor, Page
from earful.data import todo
from earful.data.database import Database
from earful.flows import collect, run
from earful.flows.config import Brand, Config, Source
from earful.flows.report import Report

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
EVERY = 15 * MINUTE
SIZE = 5  # items a page


@dataclass
class World(httpx.BaseTransport):
    """Sites whose items are one hour apart, newest first, a few a page; `answer` may answer in their place."""

    now: datetime = NOON
    items: int = 3
    asked: list[tuple[datetime, str]] = field(default_factory=list)
    answer: Callable[[httpx.Request], httpx.Response | None] = lambda _: None

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        self.asked.append((self.now, f"{request.url.host}{request.url.path}"))
        if special := self.answer(request):
            return special
        start = int(request.url.params.get("from", 0))
        times = [NOON - HOUR * number for number in range(self.items)][start : start + SIZE]
        body = {"items": [at.timestamp() for at in times], "next": start + SIZE if start + SIZE < self.items else 0}
        return httpx.Response(200, json=body)

    def clock(self) -> datetime:
        return self.now

    def times(self, place: str = "") -> list[datetime]:
        """When a place was asked."""
        return [at for at, where in self.asked if where.startswith(place)]


def request(target: str, cursor: Cursor) -> httpx.Request:
    return httpx.Request("GET", target, params={"from": text.whole(cursor.get("next"))})


def parse(response: httpx.Response, cursor: Cursor) -> Page:
    said = json.loads(response.content)
    read = datetime(2027, 1, 1, tzinfo=UTC)
    after, more = walk.back(cursor, said["items"], read, said["next"], overlap=0, pages=100)
    return text.page(
        [
            text.mention(id=str(at), url="", author="", published=at, read=read, title="", text="x")
            for at in said["items"]
        ],
        after,
        more=more,
    )


@dataclass
class Listener:
    """A store that listens to a world; each `tick` is a run with a client of its own, as after a restart."""

    folder: Path
    world: World
    sources: tuple[Source, ...]
    spacing: float = 0.0
    waits: list[float] = field(default_factory=list)
    database: Database = field(init=False)

    def __post_init__(self) -> None:
        self.database = Database(self.folder / "store")

    def tick(self, after: timedelta = timedelta(0), **table: Any) -> list[Report]:
        self.world.now += after
        config = Config(folder=self.folder, brands=(Brand(name="Acme", match="x"),), sources=self.sources, **table)
        client = Client(transport=self.world, spacing=self.spacing, sleep=self.waits.append)
        run.prepare(run.Job(self.database, config, client, self.world.clock, silent))
        return collect.collect(self.database, config, client, self.world.clock, silent)

    def until_due(self) -> None:
        """Lets time pass until the first source is due."""
        self.world.now = min(row.due for row in self.rows() if row.due)

    def rows(self) -> list[todo.SourceRow]:
        with self.database.look() as con:
            return todo.sources(con)

    def count(self, table: str) -> int:
        with self.database.look() as con:
            return con.execute(f"SELECT count(*) FROM {table}").fetchone()[0]


def silent(stage: str, done: int, total: int) -> None:
    """Shows no progress."""


def feeds(*targets: str, **more: Any) -> tuple[Source, ...]:
    return tuple(Source(connector="rss", target=f"https://{target}", **more) for target in targets)


class HeldOpen(Database):
    """A store whose file is opened once: that is what is slow, and hundreds of sources do it hundreds of times."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        with super().transaction():
            pass  # it is made
        held, turn = duckdb.connect(), threading.Lock()
        held.execute(f"ATTACH '{self.main}' AS store; USE store; SET TimeZone = 'UTC'; SET threads = 1")
        object.__setattr__(self, "_held", (held, turn))

    @contextmanager
    def transaction(self, publish: bool = True) -> Iterator[duckdb.DuckDBPyConnection]:
        """Gives the connection inside one transaction."""
        del publish
        held, turn = self._held
        with turn:
            held.begin()
            try:
                yield held
            except BaseException:
                held.rollback()
                raise
            held.commit()

    look = transaction

    def publish(self) -> None:
        """Publishes nothing: nobody reads along."""

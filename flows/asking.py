"""Asks one source in one run: page after page, until it meets what is known, has gone back far enough, or may not."""

import logging
import random
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from threading import Semaphore
from types import ModuleType

import httpx

from earful import connectors
from earful.connectors import keys, walk
from earful.connectors.http import Client
from earful.connectors.sessions import Sessions
from earful.connectors.types import (
    ConnectorError,
    Cursor,
    Page,
    RateLimited,
    Unreachable,
)
from earful.data import checks, failpoint, health, landing, store, todo
from earful.data.database import Database, DatabaseError
from earful.data.lock import Busy
from earful.flows import due, manners, reading
from earful.flows.backfill import Backfill
from earful.flows.config import Config, Source
from earful.flows.manners import Asked, Bucket
from earful.flows.report import Clock, Report

log = logging.getLogger(__name__)

WORK_AT_ONCE = 4  # visits that read or keep an answer; any number may wait for one, which takes little
RECHECKS_AT_MOST = 5  # requests of one source in one run that look whether what was kept is still there
PAGES_AT_MOST = 100  # of one source in one run; the cursor goes on from there in the next


@dataclass(frozen=True)
class Desk:
    """What all visits of one run share; `began` is when the run did."""

    database: Database
    config: Config
    client: Client
    sessions: Sessions
    clock: Clock
    began: datetime
    backfill: Backfill
    places: Semaphore = field(default_factory=lambda: Semaphore(WORK_AT_ONCE))

    @contextmanager
    def waiting(self) -> Iterator[None]:
        """Gives the place to another for as long as the block waits."""
        self.places.release()
        try:
            yield
        finally:
            self.places.acquire()


class QuotaSpent(ConnectorError):
    """Our own share of an API is used up for now; `after` says for how long."""

    def __init__(self, message: str, after: timedelta) -> None:
        super().__init__(message)
        self.after = after


@dataclass
class Visit:
    """One source's turn in a run, taken a page at a time so that others get theirs in between."""

    desk: Desk
    source: Source
    row: todo.SourceRow
    report: Report = field(init=False)
    unreachable: bool = field(init=False, default=False)

    def __post_init__(self) -> None:
        self.report = Report(self.source.name)
        self._pages, self._cursor = self._walk(), self.row.cursor

    @property
    def every(self) -> timedelta:
        """How often the source is asked at most."""
        return self.source.every or self.desk.config.every

    def step(self) -> bool:
        """Asks one page; tells whether there is more to ask now. A failure is kept and ends the visit.

        Call it in one of the desk's places.
        """
        began = time.monotonic()
        try:
            return next(self._pages, None) is not None
        except (DatabaseError, Busy):
            raise
        except (ConnectorError, landing.LandingError) as error:
            self._failed(error, str(error))
        except Exception as error:
            log.exception("%s", self.source.name)
            told = f"{self.source.name}: {type(error).__name__} while asking it: {error}; please report it"
            self._failed(error, told)
        finally:
            self.report.seconds += time.monotonic() - began
        return False

    def fail(self, con: health.Connection, now: datetime, state: str, error: str, after: timedelta) -> None:
        """Notes a failure, plans the next look, and leaves the host alone for as long as it wants."""
        self.report.state, self.report.error = state, error
        again = manners.next_check(now, Asked(self.every, state, self.row.failures + 1, after=after), random.random())  # noqa: S311
        mark = due.key_mark(connectors.find(self.source.connector)) if state == "key refused" else ""
        health.record_failure(con, self.source.name, now, again, state, error)
        health.record_asked(con, self.source.name, now, due.host(self.source, self.row), mark)
        if after:
            health.pause_host(con, due.host(self.source, self.row), now + after)

    def _failed(self, error: Exception, told: str) -> None:
        now = self.desk.clock()
        if isinstance(error, QuotaSpent):
            self.report.state, self.report.note = "waiting", told
            with self.desk.database.transaction(publish=False) as con:
                health.record_waiting(con, self.source.name, now, now + error.after, told)
                health.record_asked(con, self.source.name, now, due.host(self.source, self.row))
            return
        self.unreachable = isinstance(error, Unreachable)
        useless = self.row.failures > 0 and type(error) is ConnectorError
        after = timedelta(seconds=error.after) if isinstance(error, RateLimited) else timedelta(0)
        with self.desk.database.transaction(publish=False) as con:
            self.fail(con, now, reading.state_of(error), told, after)
            if useless:  # again: it may be what we ask for
                store.put_cursor(con, self.source.name, walk.restarted(self._cursor))
            self._keep_pace(con, now)

    def _walk(self) -> Iterator[bool]:
        """Asks page after page and yields between them."""
        connector, row, cursor = connectors.find(self.source.connector), self.row, self.row.cursor
        began = self.desk.clock()
        for _ in range(PAGES_AT_MOST):
            request = connector.request(due.target(self.source, row, self.desk.clock()), cursor)
            self._pay(connector, request)
            started = time.monotonic()
            with self.desk.waiting():
                response = self.desk.sessions.fetch(connector, request)
            took = time.monotonic() - started
            failpoint.reach("after_fetch")
            now = self.desk.clock()
            if response.status_code == httpx.codes.NOT_MODIFIED:
                with self.desk.database.transaction(publish=False) as con:
                    self._succeeded(con, response, now, took, None)
                break
            name = self._land(now, cursor, request, response)
            failpoint.reach("after_land")
            page = reading.read(self.desk.database, connector, self.source.name, response, cursor, name)
            if page.more and row.last_success is None:
                page = self.desk.backfill.cut(self.source, page, began)
            with self.desk.database.transaction(publish=False) as con:
                kept = reading.keep(con, self.source.name, page, now)
                store.put_cursor(con, self.source.name, page.cursor)
                store.mark_digested(con, name)
                self.report.add(page, kept)
                if page.more:
                    health.record_asked(con, self.source.name, now, due.host(self.source, row))
                    self._keep_pace(con, now)
                else:
                    health.record_move(con, self.source.name, due.moved_to(response), now)
                    self._succeeded(con, response, now, took, self.report.read, rolled=page.rolled)
            cursor = self._cursor = page.cursor
            if not page.more:
                break
            yield True
        else:
            return
        yield from self._look_again(connector)

    def _look_again(self, connector: ModuleType) -> Iterator[bool]:
        """Asks whether what was kept is still there, where the connector can, a part of it in each run.

        That this fails is no failure of the source: it has told what is new. Half of a quota is left to that.
        """
        size, name = getattr(connector, "RECHECK", 0), self.source.name
        for _ in range(RECHECKS_AT_MOST if size and keys.there(connector) else 0):
            now = self.desk.clock()
            with self.desk.database.look() as con:
                ids = checks.due(con, name, now, size)
                spare = not hasattr(connector, "QUOTA") or due.spare(con, self.source.connector, connector, now)
            if not ids or not spare:
                return
            yield True
            with self.desk.database.transaction(publish=False) as con:
                checks.mark(con, name, ids, now)  # whatever comes of it, so that these hold up no others
            try:
                page, landed = self._asked_again(connector, {"recheck": ids}, now)
            except RateLimited:
                raise
            except ConnectorError as error:
                log.warning("%s: not known whether what was kept is still there: %s", name, error)
                return
            with self.desk.database.transaction(publish=False) as con:
                kept = reading.keep(con, name, page, now)
                store.mark_digested(con, landed)
                self._keep_pace(con, now)
            self.report.add(page, kept)

    def _asked_again(self, connector: ModuleType, cursor: Cursor, now: datetime) -> tuple[Page, str]:
        request = connector.request(due.target(self.source, self.row, now), cursor)
        self._pay(connector, request)
        with self.desk.waiting():
            response = self.desk.sessions.fetch(connector, request)
        landed = self._land(now, cursor, request, response)
        return reading.read(self.desk.database, connector, self.source.name, response, cursor, landed), landed

    def _succeeded(
        self,
        con: health.Connection,
        response: httpx.Response,
        now: datetime,
        took: float,
        read: int | None,
        rolled: bool = False,
    ) -> None:
        """Notes that the source has told everything, and plans the next look by how long it has been quiet.

        The wait counts from the run's begin: counted from the answer, the next run would always come too early.
        """
        known = timedelta(seconds=self.row.hint) if read is None else timedelta(0)  # a 304 has no <ttl>
        hint = max(manners.hint(response), known)
        news = now if self.report.new else self.row.last_new or self.row.since or now
        again = manners.next_check(
            self.desk.began, Asked(self.every, quiet=max(now - news, timedelta(0)), hint=hint), 0
        )
        assert again is not None
        health.record_success(con, self.source.name, now, again, self.report.new, rolled=rolled)
        health.record_answer(
            con, self.source.name, now, due.host(self.source, self.row), took, hint.total_seconds(), read
        )
        self._keep_pace(con, now)

    def _keep_pace(self, con: health.Connection, now: datetime) -> None:
        name = due.host(self.source, self.row)
        if seconds := self.desk.client.pauses().get(name):
            health.keep_pace(con, {name: now + timedelta(seconds=seconds)})

    def _pay(self, connector: ModuleType, request: httpx.Request) -> None:
        """Takes what a request costs out of the connector's quota, before it is sent; raises QuotaSpent."""
        if not hasattr(connector, "QUOTA"):
            return
        capacity, period = due.quota(connector)
        now, name, units = self.desk.clock(), self.source.connector, due.cost(connector, request)
        with self.desk.database.transaction(publish=False) as con:
            bucket = Bucket(capacity, period, todo.spent(con, name))
            if wait := bucket.wait(units, now):
                then = f"{now + wait:%Y-%m-%d %H:%M} UTC"
                raise QuotaSpent(f"the quota of {name} is used up; goes on where it stopped from {then}", wait)
            health.keep_spent(con, name, bucket.spend(units, now).spent)

    def _land(self, now: datetime, cursor: Cursor, request: httpx.Request, response: httpx.Response) -> str:
        return landing.land(
            self.desk.database.raw,
            now,
            self.source.name,
            cursor,
            str(request.url),
            response.status_code,
            dict(response.headers),
            response.content,
        )


def fail_all(database: Database, visits: Sequence[Visit], clock: Clock, error: str) -> None:
    """Notes sources as failing without asking them, because their host answers none."""
    now = clock()
    with database.transaction(publish=False) as con:
        for visit in visits:
            visit.fail(con, now, "failing", error, timedelta(0))
            visit.unreachable = True

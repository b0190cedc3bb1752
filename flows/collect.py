"""Asks the sources that are due, lands their answers, reads them and keeps the mentions with the cursor."""

import logging
import random
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from types import ModuleType
from urllib.parse import urlsplit

import httpx

from earful import connectors
from earful.connectors import recorded, verdict
from earful.connectors.http import Client
from earful.connectors.sessions import Sessions
from earful.connectors.types import Blocked, ConnectorError, Cursor, Gone, KeyRefused, Page, RateLimited
from earful.data import failpoint, health, landing, store, todo
from earful.data.database import Database, DatabaseError
from earful.data.lock import Busy
from earful.flows import files
from earful.flows.config import Config, Source
from earful.flows.manners import next_check
from earful.flows.report import Clock, Progress, Report

log = logging.getLogger(__name__)

HOSTS_AT_ONCE = 8
PAGES_AT_MOST = 100  # of one source in one run; the cursor goes on from there in the next
PUBLISH_EVERY = 5.0  # seconds between snapshots while collecting
MOVED_AFTER = timedelta(days=3)  # a permanent redirect is believed after this; captive portals send them too


def collect(database: Database, config: Config, client: Client, clock: Clock, progress: Progress) -> list[Report]:
    """Asks every source that is due and returns a report for each; no source's failure stops another."""
    read_landed(database, clock)
    with database.look() as con:
        rows = {row.source: row for row in todo.sources(con)}
        paused = todo.paused_hosts(con, clock())
    hosts: dict[str, list[tuple[Source, todo.SourceRow]]] = {}
    for source in config.sources:
        row = rows[source.name]
        host = _host(source, row)
        due = row.state != "gone" and (row.due is None or row.due <= clock())
        if due and host not in paused:
            hosts.setdefault(host, []).append((source, row))
    total = sum(len(group) for group in hosts.values())
    asker = Sessions(client)
    reports: list[Report] = []
    published = 0.0

    def ask_host(host: str) -> None:
        for source, row in hosts[host]:
            report = _ask(database, config, asker, clock, source, row)
            reports.append(report)
            progress("collect", len(reports), total)
            if report.state == "slow down":
                break  # the whole host is paused; its other sources stay due

    with ThreadPoolExecutor(HOSTS_AT_ONCE) as pool:
        waiting = [pool.submit(ask_host, host) for host in hosts]
        while any(not future.done() for future in waiting):
            time.sleep(0.05)
            if reports and time.monotonic() - published > PUBLISH_EVERY:
                database.publish()
                published = time.monotonic()
        for future in waiting:
            future.result()
    database.publish()
    return sorted(reports, key=lambda report: report.source)


def read_landed(database: Database, clock: Clock) -> None:
    """Reads answers that were landed but not kept, because a run died in between."""
    names = list(landing.names(database.raw, (clock() - timedelta(days=2)).date()))
    if not names:
        return
    with database.look() as con:
        done = todo.digested(con, names)
        rows = {row.source: row for row in todo.sources(con)}
    for name in (name for name in names if name not in done):
        try:
            landed = landing.read(database.raw, name)
        except landing.LandingError as error:
            log.warning("%s", error)  # nothing is lost: the cursor did not move, so its source is asked again
            continue
        row, page = rows.get(landed.source), _parsed(landed)
        with database.transaction(publish=False) as con:
            store.mark_digested(con, name)
            if page:
                store.add_source(con, landed.source, *landed.source.split(":", 1))
                store.save_page(con, landed.source, page.mentions, clock())
            if page and row and row.cursor == landed.cursor:
                store.put_cursor(con, landed.source, page.cursor)


def replay(database: Database, progress: Progress) -> dict[str, Report]:
    """Reads every landed answer again, oldest first, into the store; what is there already stays."""
    answers = sorted(
        (landing.read(database.raw, name) for name in landing.names(database.raw)), key=lambda one: (one.at, one.name)
    )
    reports: dict[str, Report] = {}
    for place, landed in enumerate(answers, 1):
        report = reports.setdefault(landed.source, Report(landed.source))
        connector, _, target = landed.source.partition(":")
        try:
            page = _parse(landed)
        except ConnectorError as error:
            report.refused.append(str(error))
            continue
        with database.transaction(publish=False) as con:
            store.add_source(con, landed.source, connector, target)
            report.add(page, store.save_page(con, landed.source, page.mentions, landed.at))
            store.mark_digested(con, landed.name)
        progress("replay", place, len(answers))
    database.publish()
    return reports


def read_recordings(database: Database, folder: Path, clock: Clock, progress: Progress) -> list[Report]:
    """Reads a folder of recorded answers through their connectors, each recording as a source of its own."""
    recordings = list(recorded.read(folder))
    reports = []
    for place, (connector, name, response) in enumerate(recordings, 1):
        source = f"{connector}:recorded/{name}"
        report = Report(source)
        began = time.monotonic()
        with database.transaction(publish=False) as con:
            store.add_source(con, source, connector, f"recorded/{name}")
            try:
                verdict.check(response, clock())
                page = connectors.find(connector).parse(response, {})
            except ConnectorError as error:
                report.state, report.error = _state(error), str(error)
            else:
                report.add(page, store.save_page(con, source, page.mentions, clock()))
        report.seconds = time.monotonic() - began
        reports.append(report)
        progress("replay", place, len(recordings))
    database.publish()
    return reports


def _ask(
    database: Database, config: Config, asker: Sessions, clock: Clock, source: Source, row: todo.SourceRow
) -> Report:
    """Asks one source page after page, until it meets what is known."""
    report = Report(source.name)
    began = time.monotonic()
    every = source.every or config.every
    jitter = random.random()  # noqa: S311
    try:
        _walk(database, asker, clock, source, row, every, report)
    except (DatabaseError, Busy):
        raise
    except Exception as error:
        report.state, report.error = _state(error), str(error)
        if not isinstance(error, ConnectorError | landing.LandingError):
            log.exception("%s", source.name)
            report.error = f"{source.name}: {type(error).__name__} while asking it: {error}; please report it"
        after = timedelta(seconds=error.after) if isinstance(error, RateLimited) else None
        now = clock()
        due = next_check(now, every, row.failures + 1, after, jitter)
        with database.transaction(publish=False) as con:
            health.record_failure(con, source.name, now, due, report.state, report.error)
            if after:
                health.pause_host(con, _host(source, row), now + after)
    report.seconds = time.monotonic() - began
    return report


def _state(error: Exception) -> str:
    """Names the state of a source whose last answer was this error."""
    states = {RateLimited: "slow down", KeyRefused: "key refused", Blocked: "blocked", Gone: "gone"}
    return next((state for kind, state in states.items() if isinstance(error, kind)), "failing")


def _walk(
    database: Database,
    asker: Sessions,
    clock: Clock,
    source: Source,
    row: todo.SourceRow,
    every: timedelta,
    report: Report,
) -> None:
    connector = connectors.find(source.connector)
    cursor = row.cursor
    for _ in range(PAGES_AT_MOST):
        request = connector.request(_target(source, row, clock()), cursor)
        response = asker.fetch(connector, request)
        failpoint.reach("after_fetch")
        now = clock()
        if response.status_code == httpx.codes.NOT_MODIFIED:
            with database.transaction(publish=False) as con:
                health.record_success(con, source.name, now, next_check(now, every, 0, None, 0), 0, rolled=False)
            return
        name = landing.land(
            database.raw,
            now,
            source.name,
            cursor,
            str(request.url),
            response.status_code,
            dict(response.headers),
            response.content,
        )
        failpoint.reach("after_land")
        page = _read(database, connector, source.name, response, cursor, name)
        done = not page.more
        with database.transaction(publish=False) as con:
            kept = store.save_page(con, source.name, page.mentions, now)
            store.put_cursor(con, source.name, page.cursor)
            store.mark_digested(con, name)
            if done:
                health.record_move(con, source.name, _moved(response), now)
                due = next_check(now, every, 0, None, 0)
                health.record_success(con, source.name, now, due, report.new + kept.new, rolled=page.rolled)
        report.add(page, kept)
        cursor = page.cursor
        if done:
            return


def _read(
    database: Database, connector: ModuleType, source: str, response: httpx.Response, cursor: Cursor, name: str
) -> Page:
    """Reads an answer; one that can't be read is not tried again unless it is replayed."""
    try:
        with _reading(source, name):
            page: Page = connector.parse(response, cursor)
    except ConnectorError:
        with database.transaction(publish=False) as con:
            store.mark_digested(con, name)
        raise
    return page


@contextmanager
def _reading(source: str, name: str) -> Iterator[None]:
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


def _parsed(landed: landing.Landed) -> Page | None:
    try:
        return _parse(landed)
    except ConnectorError as error:
        log.warning("raw/%s was landed but can't be read: %s", landed.name, error)
        return None


def _parse(landed: landing.Landed) -> Page:
    connector = landed.source.partition(":")[0]
    request = httpx.Request("GET", landed.url)
    response = httpx.Response(landed.status, headers=landed.headers, content=landed.body, request=request)
    with _reading(landed.source, landed.name):
        if connector == "import":
            return files.parse(landed.body, landed.at)
        page: Page = connectors.find(connector).parse(response, landed.cursor)
        return page


def _target(source: Source, row: todo.SourceRow, now: datetime) -> str:
    """Gives the address to ask: a feed's new one once it has said for days that it moved for good."""
    if source.connector == "rss" and row.moved_to and row.moved_since and now - row.moved_since >= MOVED_AFTER:
        return row.moved_to
    return source.target


def _moved(response: httpx.Response) -> str:
    """Gives where the answer came from if every redirect on the way there was permanent, else ""."""
    steps = response.history
    if steps and all(step.status_code in (301, 308) for step in steps):
        return str(response.url)
    return ""


def _host(source: Source, row: todo.SourceRow) -> str:
    request: httpx.Request = connectors.find(source.connector).request(source.target, row.cursor)
    return urlsplit(str(request.url)).hostname or source.name

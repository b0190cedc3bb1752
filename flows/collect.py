"""Asks the sources that are due, fairly between hosts, and reads again what was landed before."""

import logging
import random
import time
from collections.abc import Iterator, Sequence
from datetime import timedelta
from pathlib import Path

import httpx

from earful import connectors
from earful.connectors import recorded, verdict
from earful.connectors.http import Client
from earful.connectors.types import ConnectorError, Page
from earful.data import health, landing, store, todo
from earful.data.database import Database
from earful.flows import due, files, manners, reading, turns
from earful.flows.asking import Desk, Visit
from earful.flows.backfill import Backfill
from earful.flows.config import Config
from earful.flows.manners import Asked
from earful.flows.report import Clock, Progress, Report
from earful.flows.turns import Host

log = logging.getLogger(__name__)

LANDED_TOGETHER = 50  # answers a transaction, when answers are read that were landed before
CLOCK_TOLERANCE = timedelta(minutes=1)
OUTAGE = 2  # failures that are counted at most while nothing at all can be reached


def collect(database: Database, config: Config, client: Client, clock: Clock, progress: Progress) -> list[Report]:
    """Asks every source that is due and returns a report for each; no source's failure stops another."""
    read_landed(database, clock)
    now = clock()
    with database.look() as con:
        ahead = todo.asked_last(con, now) - now
    if ahead > CLOCK_TOLERANCE:
        log.warning("the clock went back by %s; what is planned goes back with it", ahead)
        with database.transaction(publish=False) as con:
            health.follow_clock(con, now, ahead)
    with database.look() as con:
        rows = {row.source: row for row in todo.sources(con)}
        paused = todo.paused_hosts(con, now)
        client.resume({host: pause.total_seconds() for host, pause in todo.paces(con, now).items()})
    backfill = Backfill(config.sources, progress)
    reader = files.Reader(client, config.folder, clock, database.folder / "sessions")
    desk = Desk(database, config, client, reader, clock, now, backfill)
    hosts: dict[str, Host] = {}
    for source in sorted(
        config.sources, key=lambda one: (str(rows[one.name].due or ""), one.name)
    ):  # longest due first
        row = rows[source.name]
        host = due.host(source, row)
        if due.is_due(source, row, now) and host not in paused:
            hosts.setdefault(host, Host(host)).waiting.append(Visit(desk, source, row))
    turns.take(desk, list(hosts.values()), progress)
    _forgive_an_outage(desk, list(hosts.values()))
    database.publish()
    reports = [visit.report for host in hosts.values() for visit in host.done]
    return sorted(reports, key=lambda report: report.source)


def _forgive_an_outage(desk: Desk, hosts: list[Host]) -> None:
    """Asks again soon, if not all at once, when nothing at all could be reached: that is no source's own failure."""
    visits = [visit for host in hosts for visit in host.done]
    if len(hosts) < 2 or not all(visit.unreachable for visit in visits):
        return
    now = desk.clock()
    plan = {}
    for visit in visits:
        failures = min(visit.row.failures + 1, OUTAGE)
        plan[visit.source.name] = manners.next_check(now, Asked(visit.every, "failing", failures), random.random())  # noqa: S311
    with desk.database.transaction(publish=False) as con:
        health.forgive(con, {name: then for name, then in plan.items() if then}, OUTAGE)


def read_landed(database: Database, clock: Clock) -> None:
    """Reads answers that were landed but not kept: a run died in between, or the webhook took them."""
    today = clock().date()
    with database.look() as con:
        before = todo.landed_read(con)
    names = list(landing.names(database.raw, min(before, today) - timedelta(days=2) if before else None))
    if not names:
        return
    with database.look() as con:
        done = todo.digested(con, names)
        rows = {row.source: row for row in todo.sources(con)}
    waiting = [name for name in names if name not in done]
    for start in range(0, len(waiting), LANDED_TOGETHER):
        read = [(one, _parsed(one)) for one in _landed(database, waiting[start : start + LANDED_TOGETHER])]
        with database.transaction(publish=False) as con:
            for landed, page in read:
                row = rows.get(landed.source)
                store.mark_digested(con, landed.name)
                if page:
                    store.add_source(con, landed.source, *landed.source.split(":", 1))
                    reading.keep(con, landed.source, page, clock())
                if page and row and row.cursor == landed.cursor:
                    store.put_cursor(con, landed.source, page.cursor)
    if before != today:
        with database.transaction(publish=False) as con:
            store.put_setting(con, "landed_read", today.isoformat())


def _landed(database: Database, names: Sequence[str]) -> Iterator[landing.Landed]:
    for name in names:
        try:
            yield landing.read(database.raw, name)
        except landing.LandingError as error:
            log.warning("%s", error)  # nothing is lost: the cursor did not move, so its source is asked again


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
            report.add(page, reading.keep(con, landed.source, page, landed.at))
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
                report.state, report.error = reading.state_of(error), str(error)
            else:
                report.add(page, reading.keep(con, source, page, clock()))
        report.seconds = time.monotonic() - began
        reports.append(report)
        progress("replay", place, len(recordings))
    database.publish()
    return reports


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
    with reading.explained(landed.source, landed.name):
        if connector in ("import", "webhook"):
            return files.parse(landed.body, landed.at)
        page: Page = connectors.find(connector).parse(response, landed.cursor)
        return page

"""Makes the digests that are due and the reports that were asked for, and puts them into the outbox.

A page is written as HTML or PDF.
"""

from collections.abc import Callable
from dataclasses import asdict
from datetime import UTC, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from earful.data import alerting, digests, failpoint
from earful.data.database import Database
from earful.data.digests import Kept
from earful.flows import reporting
from earful.flows.config import Config
from earful.flows.messages import charts, pdf, web
from earful.flows.messages import digest as page
from earful.flows.target_table import DAYS, Digest


def make(database: Database, config: Config, clock: Callable[[], datetime]) -> list[str]:
    """Makes the newest digest of each brand and the reports that people asked for, unless made; returns their names.

    What fell due while nothing ran is made once, as of the latest time that has passed: a digest of a week ago is of no
    use. A page and its messages are kept in one transaction, so that none goes out twice.
    """
    now = clock()
    table = config.digest
    wanted = _scheduled(table, config, now) if table else []
    with database.look() as con:
        wanted += digests.asked(con)
        done = digests.known(con, [name for name, *_ in wanted])
        due = [one for one in wanted if one[0] not in done and digests.spoken_of(con, one[1])]
    targets = (table and table.targets) or tuple(target.name for target in config.targets)
    for name, brand, start, finish in due:
        with database.transaction() as con:
            if digests.known(con, [name]):
                continue
            content = asdict(reporting.draw_up(con, brand, start, finish, config.zone))
            content["sequence"] += 1  # of this transaction, whose snapshot is the first to show it
            digests.keep(con, Kept(name, brand, start, finish, now, content["sequence"], content))
            failpoint.reach("drawn_up")
            messages = [(f"{name}|{target}", target, {"state": "digest", "card": content}) for target in targets]
            alerting.put_out(con, name, messages, now)
    return [name for name, *_ in due]


def _scheduled(table: Digest, config: Config, now: datetime) -> list[tuple[str, str, datetime, datetime]]:
    start, finish = period(table, now, config.zone)
    own = tuple(brand.name for brand in config.brands if not brand.competitor)
    day = finish.astimezone(config.zone).date()
    return [(f"digest|{table.every}|{day}|{brand}", brand, start, finish) for brand in table.brands or own]


def period(table: Digest, now: datetime, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """Gives the days that the latest digest tells of, from midnight to midnight of the team's zone, in UTC.

    The latest is the one whose time of the day has passed most lately; a time that the clocks skip is the one after.
    """
    at = time.fromisoformat(table.at)
    day = now.astimezone(zone).date()
    wanted = DAYS.index(table.on)
    while datetime.combine(day, at, zone).astimezone(UTC) > now or (table.every == "week" and day.weekday() != wanted):
        day -= timedelta(days=1)
    first = day - timedelta(days=1 if table.every == "day" else 7)
    start, finish = (datetime.combine(one, time(), zone).astimezone(UTC) for one in (first, day))
    return start, finish


def render(content: dict[str, Any], zone: ZoneInfo, form: str) -> bytes:
    """Writes a briefing as "html" or "pdf", whole in itself; the same content gives the same bytes."""
    notice = page.write(content, zone, explained=True)
    if form == "pdf":
        picture = charts.png(notice.chart) if notice.chart else b""
        return pdf.write(notice, picture, datetime.fromisoformat(content["finish"]))
    return web.page(notice, charts.svg(notice.chart) if notice.chart else "").encode()

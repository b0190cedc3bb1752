"""The commands about telling: how Earful itself is, and a period's report."""

import sys
from dataclasses import asdict
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from typing import Annotated, Any
from zoneinfo import ZoneInfo

import typer

from earful.data import digests, targets
from earful.data.database import current, snapshot
from earful.flows import digest, health, jobs, reporting, show
from earful.flows.config import Config, ConfigError, load, load_or_last_good
from earful.flows.console import BROKEN, DEFAULT, FAILED, AsJson, ConfigPath, fail
from earful.flows.report import utc_now
from earful.flows.targets import wrong

FORMS = (".html", ".pdf")


def health_command(
    config: ConfigPath = DEFAULT,
    as_json: AsJson = False,
    alert: Annotated[
        str, typer.Option(help="Tell this target of new troubles and of their end.", show_default=False)
    ] = "",
) -> None:
    """Say whether every stage, source and target had its last success lately: for cron and monitors.

    Exits 1 when something is late, 4 when the store can't be read. What is not late but answers only now and then is
    said, too, and leaves the exit code as it is.
    """
    settings, trouble = load_or_last_good(config)
    now = utc_now()
    checks = health.look(settings, trouble, now)
    bad = [check for check in checks if check.said]
    if as_json:
        show.as_json({"well": not bad, "checks": [check.as_json() for check in checks]})
    else:
        for check in bad:
            show.line(f"{check.kind} {check.name}: {check.said}")
        for check in (check for check in checks if check.note):
            show.line(f"{check.kind} {check.name}: {check.note}")
        if not bad:
            show.line(f"all is well: {len(checks)} things were looked at")
    if alert:
        _tell(settings, config, checks, alert, now)
    if bad:
        sys.exit(BROKEN if any(check.kind == "store" for check in bad) else FAILED)


def _tell(settings: Config, path: Path, checks: list[health.Check], name: str, now: datetime) -> None:
    target = next((one for one in settings.targets if one.name == name), None)
    if target is None:
        raise ConfigError(f"there is no target {name!r}; there are {', '.join(one.name for one in settings.targets)}")
    if why := wrong(target):
        raise ConfigError(f"target {name!r}: {why}")
    outcome = health.tell(jobs.client(settings), target, checks, settings, health.state_file(path), now)
    if outcome and outcome.error:
        fail(f"{name} was not told: {outcome.error}", FAILED)


def report_command(
    config: ConfigPath = DEFAULT,
    brand: Annotated[str, typer.Option(help="Which brand; the first one unless said.", show_default=False)] = "",
    first: Annotated[
        datetime | None,
        typer.Option("--from", formats=["%Y-%m-%d"], help="First day, in the team's zone.", show_default=False),
    ] = None,
    last: Annotated[
        datetime | None,
        typer.Option("--to", formats=["%Y-%m-%d"], help="Last day; yesterday unless said.", show_default=False),
    ] = None,
    out: Annotated[Path | None, typer.Option(help="Ends in .html or .pdf.", show_default=False)] = None,
    name: Annotated[
        str, typer.Option("--digest", help="A digest as it was sent; 'earful report --list' names them.")
    ] = "",
    listed: Annotated[bool, typer.Option("--list", help="List the digests that were made.")] = False,
    as_json: AsJson = False,
) -> None:
    """Write a page about a brand and a period, whole in itself: seven days up to yesterday unless said."""
    settings = load(config)
    if listed:
        _list(settings, as_json)
        return
    if out is not None and out.suffix not in FORMS:
        raise ConfigError(f"--out: {out} ends in neither .html nor .pdf")
    if out is None and not as_json:
        raise ConfigError("say where to write it: --out report.html or --out report.pdf")
    content = _sent(settings, name) if name else _drawn(settings, brand, first, last)
    if as_json:
        show.as_json(content)
    if out is not None:
        out.write_bytes(digest.render(content, settings.zone, out.suffix[1:]))
        show.say(f"wrote {out}: {content['brand']}, snapshot {content['sequence']}")


def print_targets(settings: Config, as_json: bool) -> None:
    """Prints for each target what arrived last, what waits, and why."""
    with snapshot(settings.store_folder) as con:
        rows = targets.standing(con)
    if as_json:
        show.as_json([row.as_json() for row in rows])
        return
    configured = {target.name: target.kind for target in settings.targets}
    known = {row.target for row in rows}
    table = [
        (
            row.target,
            configured.get(row.target, "removed"),
            row.arrived,
            _minute(row.sent, settings.zone),
            row.waiting,
            row.error,
        )
        for row in rows
    ]
    table += [(name, kind, 0, "", 0, "") for name, kind in configured.items() if name not in known]
    show.table(("target", "kind", "arrived", "last", "waiting", "error"), table)


def _minute(at: datetime | None, zone: ZoneInfo) -> str:
    return f"{at.astimezone(zone):%Y-%m-%d %H:%M}" if at else ""


def _sent(settings: Config, name: str) -> dict[str, Any]:
    with snapshot(settings.store_folder) as con:
        kept = digests.find(con, name)
    if kept is None:
        raise ConfigError(f"there is no digest {name!r}; 'earful report --list' names them")
    return kept.content


def _drawn(settings: Config, brand: str, first: datetime | None, last: datetime | None) -> dict[str, Any]:
    names = [one.name for one in settings.brands]
    if brand and brand not in names:
        raise ConfigError(f"there is no brand {brand!r}; there are {', '.join(names)}")
    end = last.date() if last else utc_now().astimezone(settings.zone).date() - timedelta(days=1)
    begin = first.date() if first else end - timedelta(days=6)
    if begin > end:
        raise ConfigError(f"--from {begin} is after --to {end}")
    start, finish = (
        datetime.combine(day, time(), settings.zone).astimezone(UTC) for day in (begin, end + timedelta(days=1))
    )
    with snapshot(settings.store_folder) as con:
        return asdict(reporting.draw_up(con, brand or names[0], start, finish, settings.zone))


def _list(settings: Config, as_json: bool) -> None:
    with snapshot(settings.store_folder) as con:
        found = digests.newest(con, "")
    if as_json:
        show.as_json([{"digest": one.digest, "brand": one.brand, "snapshot": one.sequence} for one in found])
    elif found:
        show.table(("digest", "snapshot"), [(one.digest, one.sequence) for one in found])
    else:
        show.say(f"none was made yet; [digest] in earful.toml makes them ({current(settings.store_folder)})")

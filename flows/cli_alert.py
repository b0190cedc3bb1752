"""The command about alerts: tests of their ways, rehearsals, silences, acknowledgements, and what there is."""

import shlex
import sys
from datetime import datetime, timedelta
from typing import Annotated

import typer

from earful.data import alerting, silencing
from earful.data.database import Database, snapshot
from earful.flows import cli_tell, deliver, jobs, rehearse, show
from earful.flows.config import Config, ConfigError, load
from earful.flows.console import DEFAULT, FAILED, AsJson, ConfigPath, user
from earful.flows.mistakes import unknown
from earful.flows.report import utc_now
from earful.flows.rule_table import duration

LISTED = timedelta(days=30)
ALL = "all"


def alert(
    config: ConfigPath = DEFAULT,
    test: Annotated[bool, typer.Option("--test", help="Send a test message to every target.")] = False,
    rehearse_rules: Annotated[
        bool, typer.Option("--rehearse", help="Say when the rules would have fired on the kept history.")
    ] = False,
    rule: Annotated[str, typer.Option(help="Only this rule: to rehearse, to silence.", show_default=False)] = "",
    brand: Annotated[str, typer.Option(help="Only this brand: to rehearse.", show_default=False)] = "",
    days: Annotated[int, typer.Option(min=1, max=180, help="How many days to rehearse.")] = rehearse.DAYS,
    silence: Annotated[
        str, typer.Option(help=f'Tell nobody of this brand\'s alerts for a time; "{ALL}" is every brand.')
    ] = "",
    lasting: Annotated[str, typer.Option("--for", help="How long the silence lasts, like 3d or 12h.")] = "1d",
    reason: Annotated[str, typer.Option(help="Why it is silenced; a silence needs one.", show_default=False)] = "",
    end: Annotated[str, typer.Option(help="End the silence of this id.", show_default=False)] = "",
    ack: Annotated[str, typer.Option(help="Acknowledge this alert: no more reminders.", show_default=False)] = "",
    note: Annotated[str, typer.Option(help="What to remember with the acknowledgement.", show_default=False)] = "",
    author: Annotated[str, typer.Option(help="Who decides; the user of this machine if left out.")] = "",
    targets: Annotated[bool, typer.Option("--targets", help="Show what arrived at each and what waits.")] = False,
    listed: Annotated[bool, typer.Option("--list", help="List the alerts and silences of the last 30 days.")] = False,
    as_json: AsJson = False,
) -> None:
    """Try the ways by which alerts go out, rehearse rules on the past, silence or acknowledge alerts."""
    chosen = [name for name, said in _ways(test, rehearse_rules, silence, end, ack, targets, listed).items() if said]
    if len(chosen) != 1:
        raise ConfigError(
            "say one thing to do: 'earful alert --test' sends a test message to every target, --rehearse replays the"
            " rules over the past, --silence BRAND --for 3d --reason WHY and --ack ALERT hold messages back, --list"
            " shows what there is"
        )
    settings = load(config)
    who = author or user()
    if test:
        _test(settings)
    elif rehearse_rules:
        with snapshot(settings.store_folder) as con:
            found = rehearse.everything(con, settings, rule, brand, utc_now(), days)
        if as_json:
            show.as_json([rehearse.as_json(one) for one in found])
        else:
            rehearse.print_rehearsals(found, settings.zone)
    elif silence:
        _silence(settings, silence, rule, lasting, reason, who)
    elif end:
        with Database(settings.store_folder).transaction() as con:
            if not silencing.end(con, end, utc_now()):
                raise ConfigError(f"there is no silence {end!r} that still lasts; 'earful alert --list' names them")
        show.say("ended")
    elif ack:
        try:
            with Database(settings.store_folder).transaction() as con:
                silencing.acknowledge(con, ack, who, note, utc_now())
        except ValueError as error:
            raise ConfigError(f"{error}; 'earful alert --list' names them") from None
        show.say("acknowledged: nobody is reminded of it any more")
    elif targets:
        cli_tell.print_targets(settings, as_json)
    else:
        _list(settings, as_json)


def _ways(
    test: bool, rehearsal: bool, silence: str, end: str, ack: str, targets: bool, listed: bool
) -> dict[str, bool]:
    return {
        "--test": test,
        "--rehearse": rehearsal,
        "--silence": bool(silence),
        "--end": bool(end),
        "--ack": bool(ack),
        "--targets": targets,
        "--list": listed,
    }


def _test(settings: Config) -> None:
    deliver.check(settings)
    if not settings.targets:
        raise ConfigError("no target is configured; add a [[targets]] table")
    client = jobs.client(settings)
    found = {target.name: deliver.test(client, target, utc_now()) for target in settings.targets}
    show.table(("target", "result"), [(name, one.error or one.note or "arrived") for name, one in found.items()])
    if any(one.error for one in found.values()):
        sys.exit(FAILED)


def _silence(settings: Config, brand: str, rule: str, lasting: str, reason: str, author: str) -> None:
    brands, rules = [one.name for one in settings.brands], [one.name for one in settings.rules]
    if brand != ALL and brand not in brands:
        raise ConfigError(unknown("brand", brand, brands))
    if rule and rule not in rules:
        raise ConfigError(unknown("rule", rule, rules))
    now = utc_now()
    try:
        length = duration(lasting)
        assert isinstance(length, timedelta)
        with Database(settings.store_folder).transaction() as con:
            name = silencing.silence(con, "" if brand == ALL else brand, rule, author, reason, now, now + length, now)
    except ValueError as error:
        raise ConfigError(str(error)) from None
    show.say(f"silenced until {_when(settings, now + length)}; 'earful alert --end {name}' ends it before")


def _list(settings: Config, as_json: bool) -> None:
    now = utc_now()
    with snapshot(settings.store_folder) as con:
        alerts = alerting.of_late(con, now - LISTED)
        seen = {one.alert: one for one in reversed(silencing.acknowledgements(con))}
        silences = silencing.silences(con, now - LISTED)
    if as_json:
        show.as_json({"alerts": [one.__dict__ for one in alerts], "silences": [one.__dict__ for one in silences]})
        return
    show.table(
        ("brand", "rule", "state", "began", "stories", "expected", "acknowledged by"),
        [
            (
                one.brand, one.rule, one.state, _when(settings, one.started), one.card.get("observed"),
                one.card.get("expected"), seen[one.alert].author if one.alert in seen else "",
            )
            for one in alerts
        ],
    )  # fmt: skip
    for one in alerts:
        if one.state == "firing" and one.alert not in seen:  # in a cell a long name would be broken in pieces
            show.line(f"earful alert --ack {shlex.quote(one.alert)}")
    if silences:
        show.line()
        show.table(
            ("silence", "brand", "rule", "until", "by", "why"),
            [
                (
                    one.id, one.brand or ALL, one.rule or ALL, _when(settings, one.ended or one.finish),
                    one.author, one.reason,
                )
                for one in silences
            ],
        )  # fmt: skip


def _when(settings: Config, moment: datetime) -> str:
    return f"{moment.astimezone(settings.zone):%Y-%m-%d %H:%M}"

"""The commands about events: what a team or its release script marks on every chart."""

from datetime import datetime
from typing import Annotated

import typer

from earful.data import events
from earful.data.database import Database, snapshot
from earful.flows import show
from earful.flows.config import Config, ConfigError, load
from earful.flows.console import DEFAULT, AsJson, ConfigPath, user
from earful.flows.report import utc_now

SHOWN = 50  # the latest
event = typer.Typer(help="Mark what happened (a release, a price change, an outage) on every chart.")


@event.command()
def add(
    title: Annotated[str, typer.Argument(help="What happened, in a few words.")],
    config: ConfigPath = DEFAULT,
    kind: Annotated[str, typer.Option(help=f"One of {', '.join(events.KINDS)}.")] = "release",
    brand: Annotated[str, typer.Option(help="The brand it happened to; all of them if left out.")] = "",
    start: Annotated[str, typer.Option(help="When, as 2026-11-20 or 2026-11-20T14:00; now if left out.")] = "",
    finish: Annotated[str, typer.Option(help="When it ended, if it took time.")] = "",
    link: Annotated[str, typer.Option(help="A web address that says more.")] = "",
    author: Annotated[str, typer.Option(help="Who marks it; the user of this machine if left out.")] = "",
) -> None:
    """Mark an event; marking the same one again changes nothing."""
    settings = load(config)
    now = utc_now()
    began = _time(settings, "--start", start) if start else now.replace(second=0, microsecond=0)
    ended = _time(settings, "--finish", finish) if finish else None
    try:
        with Database(settings.store_folder).transaction() as con:
            name = events.add(con, brand, kind, began, ended, title, link, author or user(), now)
    except ValueError as error:
        raise ConfigError(str(error)) from None
    show.line(name)


@event.command(name="list")
def list_command(config: ConfigPath = DEFAULT, as_json: AsJson = False) -> None:
    """List the latest events, newest first, with the ids by which they can be withdrawn."""
    settings = load(config)
    with snapshot(settings.store_folder) as con:
        found = events.newest(con, SHOWN)
    if as_json:
        show.as_json([vars(one) for one in found])
        return
    if not found:
        show.say("no event so far; 'earful event add \"Version 2\"' marks one")
        return
    rows = [(_when(settings, one), one.kind, one.brand or "all", one.title, one.author, one.event) for one in found]
    show.table(("when", "kind", "brand", "title", "by", "id"), rows)


@event.command()
def withdraw(
    name: Annotated[str, typer.Argument(metavar="ID", help="As 'earful event list' shows it.")],
    config: ConfigPath = DEFAULT,
    author: Annotated[str, typer.Option(help="Who withdraws it; the user of this machine if left out.")] = "",
) -> None:
    """Take an event off the charts; that it was there, and who withdrew it, stays in the store."""
    try:
        with Database(load(config).store_folder).transaction() as con:
            events.withdraw(con, name, author or user(), utc_now())
    except ValueError as error:
        raise ConfigError(str(error)) from None


def _time(settings: Config, option: str, text: str) -> datetime:
    """Reads an ISO day or time, in the team's zone unless it says another."""
    try:
        at = datetime.fromisoformat(text)
        return at if at.tzinfo else at.replace(tzinfo=settings.zone)
    except ValueError:
        raise ConfigError(f"{option}: write a time as 2026-11-20 or 2026-11-20T14:00, not {text!r}") from None


def _when(settings: Config, one: events.Event) -> str:
    times = [at.astimezone(settings.zone) for at in (one.start, one.finish) if at]
    return " to ".join(f"{at:%Y-%m-%d %H:%M}" for at in times)

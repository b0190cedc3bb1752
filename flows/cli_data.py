"""The commands about what is kept: its sources, their answers, files in and out, people's judgements."""

from pathlib import Path
from typing import Annotated

import typer

from earful.connectors.sessions import Sessions
from earful.connectors.types import ConnectorError
from earful.data.database import Database, snapshot
from earful.flows import collect, files, grading, jobs, listing, record, run, show
from earful.flows.config import ConfigError, load
from earful.flows.console import DEFAULT, FAILED, AsJson, ConfigPath, Port, app, fail
from earful.flows.report import Report, utc_now


@app.command()
def sources(
    config: ConfigPath = DEFAULT,
    as_json: AsJson = False,
    check: Annotated[
        bool, typer.Option(help="Exit 1 when a source has had no success for three intervals (for cron).")
    ] = False,
) -> None:
    """Show how each source is: its state, since when, what it brought of late, its gaps, and the next step."""
    settings = load(config)
    with snapshot(settings.store_folder) as con:
        found = listing.sources(con, settings, utc_now())
    if as_json:
        show.as_json(found)
    else:
        listing.print_sources(found, settings.zone)
    if check and (late := sorted(one["source"] for one in found if one["late"])):
        fail(f"no success for three intervals: {', '.join(late)}", FAILED)


@app.command()
def replay(config: ConfigPath = DEFAULT, as_json: AsJson = False) -> None:
    """Rebuild the store from the landed answers; then 'earful run' matches and scores what is new."""
    settings = load(config)
    job = jobs.build(config, lambda *_: None)
    with show.progress() as progress, run.at_work(job):
        run.prepare(job)
        reports = collect.replay(Database(settings.store_folder), progress)
    print_reports(list(reports.values()), as_json)


@app.command(name="record")
def record_command(
    connector: Annotated[str, typer.Argument(help="Which connector asks.")],
    target: Annotated[str, typer.Argument(help="What it asks for, as in earful.toml.")],
    config: ConfigPath = DEFAULT,
    folder: Annotated[Path, typer.Option(help="Where to write it.")] = Path("recorded"),
) -> None:
    """Record a source's real answers without keys and names, to show what a connector makes of them."""
    try:
        found = record.record(Sessions(jobs.client(load(config))), connector, target, folder)
    except ValueError as error:
        raise ConfigError(str(error)) from None
    except ConnectorError as error:
        fail(str(error), FAILED)
    show.say(f"wrote {found.path}: {found.answers} answers, {found.mentions} mentions, {found.names} names taken out")
    show.say("the words of the posts are still in it: read it before you pass it on")


@app.command(name="import")
def import_command(
    file: Annotated[Path, typer.Argument(help="A CSV with a header, or JSON lines.")],
    config: ConfigPath = DEFAULT,
    as_json: AsJson = False,
    column: Annotated[
        list[str] | None,
        typer.Option(help=f"FIELD=COLUMN where names differ; fields: {', '.join(files.NAMES)}. May be repeated."),
    ] = None,
) -> None:
    """Keep a file's rows as mentions; a time without a zone is the team's; then 'earful run' judges them."""
    columns = dict(one.partition("=")[::2] for one in column or [])
    if empty := [field for field, name in columns.items() if not name]:
        raise ConfigError(f"--column: write {empty[0]}=COLUMN, with the name that the file uses")
    if unknown := set(columns) - set(files.NAMES):
        raise ConfigError(
            f"--column: there is no field {', '.join(sorted(unknown))}; there are {', '.join(files.NAMES)}"
        )
    settings = load(config)
    job = jobs.build(config, lambda *_: None)
    with show.progress() as progress, run.at_work(job):
        run.prepare(job)
        report = files.import_file(job.database, file, columns, settings.zone, utc_now(), progress)
    print_reports([report], as_json)


@app.command()
def export(
    file: Annotated[Path, typer.Argument(help="Ends in .csv or .parquet.")],
    config: ConfigPath = DEFAULT,
    hidden: Annotated[bool, typer.Option("--hidden", help="Also what is hidden as not about its brand.")] = False,
) -> None:
    """Write every mention of a brand with its label and probabilities."""
    show.say(f"wrote {files.export(load(config).store_folder, file, hidden)} rows to {file}")


@app.command(name="eval")
def eval_command(
    config: ConfigPath = DEFAULT,
    as_json: AsJson = False,
    sample: Annotated[
        int | None, typer.Option(min=1, help="Draw so many mentions by lot, for people to judge.", show_default=False)
    ] = None,
    port: Port = 8501,
) -> None:
    """Show how often the model is right on your own corrections, and what its errors mean for the negative share."""
    settings = load(config)
    with snapshot(settings.store_folder) as con:
        drawn = grading.draw(con, utc_now(), sample, port) if sample else []
        result = {} if sample else grading.evaluate(con, utc_now(), settings.zone)
    if as_json:
        show.as_json(drawn if sample else result)
    elif sample:
        grading.print_drawn(drawn)
    else:
        grading.print_evaluation(result)


def print_reports(reports: list[Report], as_json: bool) -> None:
    """Prints what became of each source, as JSON or a table."""
    if as_json:
        show.as_json([report.as_json() for report in reports])
    else:
        print_sources(reports)


def print_sources(reports: list[Report]) -> None:
    """Prints a table: what was read, kept, known, refused, and why."""
    rows = [
        (one.source, one.read, one.new, one.changed, one.known, len(one.refused), f"{one.seconds:.2f}", reasons(one))
        for one in reports
    ]
    show.table(("source", "read", "new", "changed", "known", "refused", "seconds", "why"), rows)


def reasons(report: Report) -> str:
    """Sums up in a line why things were refused."""
    first = [said for said in (report.error, report.note) if said]
    if report.undated:
        first.append(f"{report.undated} without a usable date, taken as of now")
    more = f" (and {len(report.refused) - 2} more)" if len(report.refused) > 2 else ""
    return "; ".join(first + report.refused[:2]) + more

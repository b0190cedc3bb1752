"""The command line: `earful --help`."""

import logging
import os
import sys
import webbrowser
from pathlib import Path
from typing import Annotated

import typer

from earful.data import todo
from earful.data.database import Database, DatabaseError, snapshot
from earful.data.landing import LandingError
from earful.data.lock import Busy
from earful.flows import checking, collect, deliver, demo, files, grading, jobs, processes, run, show, template, trial
from earful.flows.config import ConfigError, load
from earful.flows.report import Report, utc_now

HELP = """Hears what people say about a brand and tells when criticism breaks out.

Exit codes: 0 done; 1 done, but something failed (see the report); 2 the configuration or the call is wrong;
3 another run is at work; 4 the store can't be used.
"""
FAILED, WRONG, BUSY, BROKEN = 1, 2, 3, 4

app = typer.Typer(help=HELP, no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)

ConfigPath = Annotated[
    Path, typer.Option("--config", "-c", envvar="EARFUL_CONFIG", help="The configuration file.", show_default=True)
]
AsJson = Annotated[bool, typer.Option("--json", help="Print the report as JSON on standard output.")]
Port = Annotated[int, typer.Option(min=1, max=65535, help="Port of the dashboard.")]
PrefectPort = Annotated[int, typer.Option(min=1, max=65535, help="Port of the Prefect server.")]
DEFAULT = Path("earful.toml")


def main() -> None:
    """Runs the command line and turns known errors into one clear line and an exit code."""
    logging.basicConfig(
        level=os.environ.get("EARFUL_LOG", "WARNING").upper(), format="%(levelname)s %(name)s: %(message)s"
    )
    try:
        app()
    except (ConfigError, files.FileError, processes.StartError) as error:
        fail(str(error), WRONG)
    except Busy as error:
        fail(str(error), BUSY)
    except (DatabaseError, LandingError) as error:
        fail(str(error), BROKEN)


def fail(message: str, code: int) -> None:
    """Ends with a message on standard error and an exit code."""
    show.say(f"earful: {message}")
    sys.exit(code)


@app.command()
def init(path: Annotated[Path, typer.Argument(help="Where to write it.")] = DEFAULT) -> None:
    """Write a commented earful.toml to start from; an existing file is left as it is."""
    if path.exists():
        raise ConfigError(f"{path} is there already and was left as it is")
    if not path.parent.is_dir():
        raise ConfigError(f"there is no folder {path.parent}; make it first")
    path.write_text(template.TEXT, encoding="utf-8")
    show.say(f"wrote {path}; put your brand into it, then run 'earful check'")


@app.command()
def check(config: ConfigPath = DEFAULT, as_json: AsJson = False) -> None:
    """Ask every source once and show what would match, and try a model that is not ours; nothing is stored."""
    settings = load(config)
    deliver.check(settings)
    with show.progress() as progress:
        results = checking.check(settings, jobs.client(settings), progress)
    tried = trial.attempt(settings, show.say)
    if as_json:
        show.as_json([result.as_json() for result in results] + ([tried.as_json()] if tried else []))
    else:
        checking.print_results(results)
        if tried:
            trial.print_trial(tried)
    if any(result.error for result in results) or (tried and tried.error):
        sys.exit(FAILED)


@app.command(name="run")
def run_command(
    config: ConfigPath = DEFAULT,
    as_json: AsJson = False,
    replay: Annotated[
        Path | None, typer.Option(help="Read recorded answers from this folder instead of asking the sources.")
    ] = None,
) -> None:
    """Run every stage once, without Prefect: collect, match, score, watch, deliver."""
    if replay is not None and not replay.is_dir():
        raise ConfigError(f"{replay} is not a folder")
    with show.progress() as progress:
        report = run.run_once(jobs.build(config, progress, replay))
    if as_json:
        show.as_json(report)
    else:
        sources = [Report(**source) for source in report["sources"]]
        print_sources(sources)
        show.table(("stage", "seconds", "what"), [tuple(stage.values()) for stage in report["stages"]])
        for error in report["errors"]:
            show.say(f"! {error}")
    if report["errors"]:
        sys.exit(FAILED)


@app.command()
def serve(config: ConfigPath = DEFAULT, port: Port = 8501, prefect_port: PrefectPort = 4200) -> None:
    """Start Prefect, the scheduled flows and the dashboard, and keep them alive until Ctrl-C."""
    settings = load(config)
    deliver.check(settings)
    processes.serve(settings, config, port, prefect_port, show.say)


@app.command()
def dashboard(config: ConfigPath = DEFAULT, port: Port = 8501) -> None:
    """Start only the dashboard."""
    settings = load(config)
    part = processes.dashboard(settings, config, port)
    os.execvpe(part.command[0], list(part.command), dict(part.environment))  # noqa: S606


@app.command(name="demo")
def demo_command(
    folder: Annotated[Path, typer.Option(help="Where the demo keeps its store; emptied at each start.")] = Path(
        ".demo"
    ),
    port: Port = 8501,
    prefect_port: PrefectPort = 4200,
    open_browser: Annotated[bool, typer.Option("--open", help="Open the dashboard in a browser.")] = False,
) -> None:
    """Watch an invented brand through a crisis, the way production runs; needs no network."""
    if open_browser:
        webbrowser.open(f"http://localhost:{port}")
    demo.run(folder, port, prefect_port, show.say)


@app.command()
def sources(
    config: ConfigPath = DEFAULT,
    as_json: AsJson = False,
    check: Annotated[
        bool, typer.Option(help="Exit 1 when a source has had no success for three intervals (for cron).")
    ] = False,
) -> None:
    """Show how each source is: its state, since when, its last success and what to do."""
    settings = load(config)
    with snapshot(settings.store_folder) as con:
        rows = todo.sources(con)
    intervals = {source.name: source.every or settings.every for source in settings.sources}
    late = [
        row.source
        for row in rows
        if row.source in intervals
        and (row.last_success is None or utc_now() - row.last_success > 3 * intervals[row.source])
    ]
    if as_json:
        show.as_json([{**row.as_json(), "late": row.source in late} for row in rows])
    else:
        show.table(
            ("source", "state", "since", "last success", "next", "problem"),
            [
                (row.source, row.state, when(row.since), when(row.last_success), when(row.due), row.error)
                for row in rows
            ],
        )
    if check and late:
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
    file: Annotated[Path, typer.Argument(help="Ends in .csv or .parquet.")], config: ConfigPath = DEFAULT
) -> None:
    """Write every mention of a brand with its label and probabilities."""
    show.say(f"wrote {files.export(load(config).store_folder, file)} rows to {file}")


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


@app.command()
def alert(
    config: ConfigPath = DEFAULT,
    test: Annotated[bool, typer.Option("--test", help="Send a test message to every target.")] = False,
) -> None:
    """Try the ways by which alerts go out."""
    if not test:
        raise ConfigError("say what to do: 'earful alert --test' sends a test message to every target")
    settings = load(config)
    deliver.check(settings)
    if not settings.targets:
        raise ConfigError("no target is configured; add a [[targets]] table")
    client = jobs.client(settings)
    errors = {
        target.name: deliver.send(client, target, "test", {"state": "test", "card": {}}) for target in settings.targets
    }
    show.table(("target", "result"), [(name, error or "arrived") for name, error in errors.items()])
    if any(errors.values()):
        sys.exit(FAILED)


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
    first = [report.error] if report.error else []
    if report.undated:
        first.append(f"{report.undated} without a usable date, taken as of now")
    more = f" (and {len(report.refused) - 2} more)" if len(report.refused) > 2 else ""
    return "; ".join(first + report.refused[:2]) + more


def when(time: object) -> str:
    """Shows a time to the minute, in UTC."""
    return f"{time:%Y-%m-%d %H:%M}" if time else ""

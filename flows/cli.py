"""The command line: `earful --help`."""

import logging
import os
import sys
import webbrowser
from pathlib import Path
from typing import Annotated

import typer

from earful.data.database import DatabaseError
from earful.data.landing import LandingError
from earful.data.lock import Busy
from earful.flows import (
    checking,
    cli_alert,
    cli_data,
    cli_event,
    cli_match,
    cli_tell,
    cli_themes,
    deliver,
    demo,
    files,
    jobs,
    processes,
    run,
    show,
    template,
    trial,
)
from earful.flows.config import ConfigError, load
from earful.flows.console import BROKEN, BUSY, DEFAULT, FAILED, WRONG, AsJson, ConfigPath, Port, PrefectPort, app, fail
from earful.flows.report import Report

app.add_typer(cli_event.event, name="event")
app.command()(cli_match.match)
app.command(name="alert")(cli_alert.alert)
app.command(name="health")(cli_tell.health_command)
app.command(name="report")(cli_tell.report_command)
app.command(name="themes")(cli_themes.themes_command)


def main() -> None:
    """Runs the command line and turns known errors into one clear line and an exit code."""
    logging.basicConfig(
        level=os.environ.get("EARFUL_LOG", "WARNING").upper(), format="%(levelname)s %(name)s: %(message)s"
    )
    app.registered_commands.sort(
        key=lambda one: getattr(one.callback, "__module__", "") != __name__
    )  # the daily ones first
    try:
        app()
    except (ConfigError, files.FileError, processes.StartError) as error:
        fail(str(error), WRONG)
    except Busy as error:
        fail(str(error), BUSY)
    except (DatabaseError, LandingError) as error:
        fail(str(error), BROKEN)


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
    idle = checking.idle_rules(settings)
    if as_json:
        rules = [{"rule": rule, "problem": problem} for rule, problem in idle]
        show.as_json([result.as_json() for result in results] + rules + ([tried.as_json()] if tried else []))
    else:
        checking.print_results(results)
        for rule, problem in idle:
            show.say(f"! rule {rule!r} {problem}")
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
        cli_data.print_sources(sources)
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


@app.command()
def webhook(config: ConfigPath = DEFAULT) -> None:
    """Take mentions that other programs send, until Ctrl-C; 'earful serve' does so too where \\[webhook] stands."""
    from earful.flows import webhook as endpoint  # a web server is loaded by nothing else

    endpoint.serve(load(config), show.say)


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

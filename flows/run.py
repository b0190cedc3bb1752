"""Runs every stage once, in order, without Prefect: collect, match, score, group, relevance, themes, watch, deliver."""

import logging
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from earful.connectors.http import Client
from earful.data import naming, people, store
from earful.data.database import Database
from earful.data.lock import hold
from earful.flows import collect, deliver, digest, examine, group, relevance, score, watch
from earful.flows.config import Config
from earful.flows.report import Clock, Progress
from earful.models.sentiment import WeightsError

log = logging.getLogger(__name__)


@dataclass
class Job:
    """One run: where, by which configuration, through which client and clock; collects the report."""

    database: Database
    config: Config
    client: Client
    clock: Clock
    progress: Progress
    trouble: str = ""  # what is wrong with the present configuration, when an older one is used
    recordings: Path | None = None
    report: dict[str, Any] = field(default_factory=lambda: {"sources": [], "stages": [], "errors": [], "failed": []})


class Undone(Exception):
    """A stage could not do its work; the others do theirs."""


def stages() -> list[tuple[str, Callable[[Job], str]]]:
    """Lists the stages in their order; each does its work and says in a few words what it did."""
    return [
        ("collect", _collect),
        ("match", _match),
        ("score", _score),
        ("group", _group),
        ("relevance", _relevance),
        ("themes", _themes),
        ("watch", _watch),
        ("digest", _digest),
        ("deliver", _deliver),
    ]


def run_once(job: Job) -> dict[str, Any]:
    """Runs every stage once and returns the report; raises Busy at once when another run is at work."""
    with at_work(job):
        for name, stage in stages():
            run_stage(job, name, stage)
    return job.report


@contextmanager
def at_work(job: Job) -> Iterator[None]:
    """Keeps two runs apart, and keeps the report however the run ends; raises Busy when another is at work."""
    with hold(job.database.folder / "run.lock", 0.0, "the pipeline"):
        started = job.clock()
        try:
            yield
        finally:
            with job.database.transaction() as con:
                store.save_run(con, started, job.clock(), job.report)


def prepare(job: Job) -> None:
    """Brings the store up to date with the configuration."""
    config = job.config
    brands = [(one.name, "competitor" if one.competitor else "own", one.match) for one in config.brands]
    sources = [(one.name, one.connector, one.target) for one in config.sources]
    error = {"message": job.trouble, "at": job.clock().isoformat()} if job.trouble else None
    settings = {
        "timezone": config.timezone,
        "every": config.every.total_seconds(),
        "dashboard_url": config.dashboard,
        "config_error": error,
        naming.SETTING: config.labels,
        people.SETTING: config.signin.access if config.signin else None,
    }
    with job.database.transaction(publish=False) as con:
        store.set_up(con, brands, sources)
        for key, value in settings.items():
            store.put_setting(con, key, value)


def run_stage(job: Job, name: str, stage: Callable[[Job], str]) -> str:
    """Runs one stage, notes how long it took and what it did, and returns that; until then it is under "failed"."""
    began = time.monotonic()
    failed = job.report["failed"]
    if name not in failed:  # else it is tried again
        failed.append(name)
    try:
        done = stage(job)
        failed.remove(name)
    except Undone as error:
        done = str(error)
    job.report["stages"].append({"stage": name, "seconds": round(time.monotonic() - began, 3), "done": done})
    log.info("%s: %s", name, done)
    return done


def _collect(job: Job) -> str:
    prepare(job)
    if job.recordings:
        reports = collect.read_recordings(job.database, job.recordings, job.clock, job.progress)
    else:
        reports = collect.collect(job.database, job.config, job.client, job.clock, job.progress)
    job.report["sources"] = [report.as_json() for report in reports]
    failed = [report for report in reports if report.error]
    new = sum(report.new for report in reports)
    if job.recordings:  # what a recording lacks is no failure of this run
        return f"read {len(reports)} recordings, {len(failed)} of no use, {new} new mentions"
    job.report["errors"] += [f"{report.source}: {report.error}" for report in failed]
    return f"asked {len(reports)} sources, {len(failed)} failed, {new} new mentions"


def _match(job: Job) -> str:
    return f"examined {examine.examine(job.database, job.config, job.progress)} mentions"


def _score(job: Job) -> str:
    try:
        return f"scored {score.score(job.database, job.config, job.clock, job.progress)} pairs of mention and brand"
    except WeightsError as error:
        job.report["errors"].append(str(error))
        raise Undone(f"scored nothing: {error}") from error


def _relevance(job: Job) -> str:
    return f"judged {relevance.update(job.database, job.clock, job.progress)} mentions anew"


def _group(job: Job) -> str:
    try:
        choice = score.choose(job.config)
    except WeightsError as error:
        raise Undone(f"grouped nothing: {error}") from error
    done = group.group(job.database, choice.model if choice.embeds else "", job.clock, job.progress)
    merged = f", {done.merged} stories turned out to be one with others" if done.merged else ""
    return f"grouped {done.mentions} mentions, {done.copies} of them copies{merged}"


def _themes(job: Job, anew: bool = False) -> str:
    from earful.flows import themes  # scikit-learn is slow to load, and other commands need none of it

    try:
        choice = score.choose(job.config)
    except WeightsError as error:  # scoring has told it
        raise Undone(f"found none: {error}") from error
    try:
        done = themes.update(job.database, choice.model if choice.embeds else "", job.clock, job.progress, anew)
    except Exception as error:  # alerts go out all the same
        log.exception("the themes failed")
        job.report["errors"].append(f"no themes were found: {type(error).__name__}")
        raise Undone("found none") from error
    anew_for = f", found those of {', '.join(done.brands)} anew" if done.brands else ""
    return f"placed {done.placed} complaints among themes{anew_for}"


def find_themes_anew(job: Job) -> str:
    """Finds the themes of every brand, whenever that was done last; a stage for `run_stage`."""
    return _themes(job, anew=True)


def _watch(job: Job) -> str:
    changed = watch.watch(job.database, job.config, job.clock)
    with job.database.look() as con:
        idle = [f"rule {rule!r} {problem}" for rule, problem in watch.idle(con, job.config)]
    told = ", ".join(f"{alert.brand} {alert.state}" for alert in changed) or "nothing broke out"
    return ". ".join([told, *idle])


def _digest(job: Job) -> str:
    try:
        made = digest.make(job.database, job.config, job.clock)
    except Exception as error:  # alerts go out all the same
        log.exception("the digest failed")
        job.report["errors"].append(f"the digest was not made: {type(error).__name__}")
        raise Undone("made none") from error
    return f"made {len(made)} digests" if made else "none was due"


def _deliver(job: Job) -> str:
    sent, failed = deliver.deliver(job.database, job.config, job.client, job.clock)
    job.report["errors"] += [f"{failed} messages did not arrive; they are sent again later"] if failed else []
    return f"sent {sent} messages, {failed} failed"

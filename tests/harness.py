"""Runs `earful` in processes that may be killed, against an invented world, and compares what they leave behind.

The processes are forked from a server that has imported the heavy libraries once. Whatever a test does, they end
with it.
"""

import json
import multiprocessing
import os
import resource
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

import samples
import world

from earful.connectors import feed
from earful.connectors.http import Client
from earful.data import todo
from earful.data.database import Database, DatabaseError, snapshot
from earful.flows import cli, group, jobs, score
from earful.models import sentiment

PATIENCE = 240.0
HEAVY = [
    *("earful.flows.cli", "earful.connectors.rss", "earful.connectors.hackernews", "earful.connectors.mastodon"),
    *("torch", "transformers.models.bert.modeling_bert", "safetensors.torch", "lingua", "pandas", "pyarrow.dataset"),
]

forks = multiprocessing.get_context("forkserver")
forks.set_forkserver_preload(HEAVY)
one_at_a_time = threading.Lock()  # two threads that ask for exit codes at once take each other's


@dataclass(frozen=True)
class Ended:
    """How a process ended: its exit code (-9 when killed), what it printed and what it complained of."""

    code: int
    out: str
    complaints: str

    @property
    def report(self) -> dict[str, Any]:
        """The report of `earful run --json`."""
        return json.loads(self.out)


@contextmanager
def running(function: Callable[..., object], *arguments: object) -> Iterator[BaseProcess]:
    """Runs a function in a process of its own for the length of the block, and kills it at the end."""
    process = forks.Process(target=function, args=arguments, daemon=True)
    with one_at_a_time:
        process.start()
    try:
        yield process
    finally:
        kill(process)


def wait(process: BaseProcess, seconds: float) -> int | None:
    """Waits for a process to end, for some seconds at most, and gives its exit code, None when it goes on."""
    give_up = time.monotonic() + seconds
    while True:
        with one_at_a_time:
            code = process.exitcode
        if code is not None or time.monotonic() >= give_up:
            return code
        time.sleep(0.005)


def ended(process: BaseProcess) -> int:
    """Waits until a process ends and gives its exit code."""
    code = wait(process, PATIENCE)
    assert code is not None, "the process hangs"
    return code


def kill(process: BaseProcess) -> int:
    """Kills a process by SIGKILL, unless it has ended, waits until it is gone and gives its exit code."""
    with one_at_a_time:
        process.kill()
    return ended(process)


@contextmanager
def earful(folder: Path, *arguments: str, **options: Any) -> Iterator[BaseProcess]:
    """Runs `earful ARGUMENTS` on a folder for the length of the block; `options` as for `command`."""
    options.setdefault("now", world.NOW)
    with running(command, folder, arguments or ("run", "--json"), options) as process:
        yield process


def run(folder: Path, *arguments: str, **options: Any) -> Ended:
    """Runs `earful ARGUMENTS` (by default `run --json`) on a folder to its end."""
    with earful(folder, *arguments, **options) as process:
        code = ended(process)
    return Ended(code, *((folder / name).read_text() for name in ("out.txt", "complaints.txt")))


def command(folder: Path, arguments: tuple[str, ...], options: Mapping[str, Any]) -> None:
    """Is the real command line, but for its network and its clock; runs in a child.

    Options: now; faults: what is wrong at which place; fail_at: a failpoint; batch: pairs scored in one transaction;
    judge: "words" for a judge that looks for a few words, "shipped" for the shipped weights; room: bytes a file may
    have at most.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for name, stream in (("out.txt", sys.stdout), ("complaints.txt", sys.stderr)):
        os.dup2(os.open(folder / name, os.O_WRONLY | os.O_CREAT | os.O_TRUNC), stream.fileno())
    settings = folder / "earful.toml"
    settings.write_text(world.CONFIG, encoding="utf-8")
    os.environ["EARFUL_TEST_HOOK"] = world.HOOK
    os.environ["EARFUL_FAIL_AT"] = options.get("fail_at", "")
    now: datetime = options["now"]
    answers = world.World(folder, lambda: now, options.get("faults", {}))
    jobs.utc_now = lambda: now
    jobs.client = lambda config: Client(transport=answers, spacing=0)
    feed.SECONDS = PATIENCE  # a busy machine is no hostile feed
    score.BATCH = options.get("batch", score.BATCH)
    if options.get("judge", "words") == "words":
        sentiment.name = lambda path=None: "words"
        sentiment.load = lambda path=None: _Words()
    if "room" in options:
        resource.setrlimit(resource.RLIMIT_FSIZE, (options["room"], options["room"]))
    sys.argv = ["earful", *arguments, "--config", str(settings)]
    cli.main()


def group_in_batches(folder: Path, fail_at: str, batch: int) -> None:
    """Groups what is kept in a store, so many mentions a batch; runs in a child."""
    os.environ["EARFUL_FAIL_AT"] = fail_at
    group.BATCH = batch
    group.group(Database(folder), "", lambda: world.NOW, lambda *_: None)


class _Words:
    """Judges by a few words; the same answer every time, at once."""

    def score(self, pairs: list[tuple[str, str]]) -> list[sentiment.Judgement]:
        """Judges (text, brand) pairs."""
        return [self._judge(text) for text, _ in pairs]

    def read(self, pairs: list[tuple[str, str]]) -> sentiment.Reading:
        """Judges pairs, and embeds their texts by their words."""
        return sentiment.Reading(self.score(pairs), samples.embed([text for text, _ in pairs]))

    def _judge(self, text: str) -> sentiment.Judgement:
        if any(word in text.lower() for word in ("terrible", "worst", "broken", "ruined", "disgusting")):
            return sentiment.Judgement(0.9, 0.07, 0.03, "negative")
        if any(word in text.lower() for word in ("love", "wonderful", "great")):
            return sentiment.Judgement(0.02, 0.08, 0.9, "positive")
        return sentiment.Judgement(0.1, 0.8, 0.1, "neutral")


QUERIES = {
    "mentions": "SELECT * EXCLUDE collected FROM mentions",
    "examined": "FROM examined",
    "matches": "FROM matches",
    "grouped": "FROM grouped",
    "waiting": "FROM waiting",
    "story_merges": "SELECT old, new FROM story_merges",
    "scores": "SELECT * EXCLUDE (negative, neutral, positive, tries, scored), round(negative, 2), round(neutral, 2),"
    " round(positive, 2) FROM scores",
    "facts": "SELECT * EXCLUDE collected FROM facts",
    "gaps": "FROM gaps",
    "spikes": "SELECT * EXCLUDE (expected, high, score), round(expected, 4), round(score, 4) FROM spikes",
    "alerts": "FROM alerts",
    "tellings": "FROM tellings",
    "outbox": "SELECT key, alert, target, message, sent IS NOT NULL FROM outbox",
    "sources": "SELECT source, cursor, state, error, failures FROM sources",
}


def dump(con: Any) -> dict[str, list[tuple[Any, ...]]]:
    """Gives all that a store says of the world, sorted, without when and how often it was asked."""
    return {name: con.execute(f"FROM ({query}) ORDER BY ALL").fetchall() for name, query in QUERIES.items()}


def dump_of(database: Database) -> dict[str, list[tuple[Any, ...]]]:
    """Gives the dump of what was committed last."""
    with database.look() as con:
        return dump(con)


def canonical_dump(folder: Path) -> dict[str, list[tuple[Any, ...]]]:
    """Gives the dump of a folder's store, and makes sure that its readers see the same."""
    kept = dump_of(Database(folder / "store"))
    with snapshot(folder / "store") as con:
        assert dump(con) == kept, "the newest snapshot is older than the store"
    return kept


def worth_comparing(dump: dict[str, list[tuple[Any, ...]]]) -> None:
    """Makes sure that a dump holds the whole world, judged, and an alert that was sent."""
    assert len(dump["mentions"]) == sum(len(world.items(place)) for place in world.SOURCES)
    assert {row[0] for row in dump["mentions"]} == set(world.SOURCES.values())
    assert {row[6] for row in dump["facts"]} >= {"negative", "positive", "neutral"}
    assert [row[3] for row in dump["alerts"]] == ["firing"]
    assert [row[-1] for row in dump["outbox"]] == [True]
    assert {row[2] for row in dump["sources"]} == {"fine"}


def count_read(folder: Path) -> int:
    """Counts the mentions that a reader sees now; 0 before anything was published."""
    try:
        with snapshot(folder / "store") as con:
            return con.execute("SELECT count(*) FROM mentions").fetchone()[0]
    except DatabaseError as error:
        assert "nothing has been kept" in str(error)
        return 0


def source_row(folder: Path, place: str) -> todo.SourceRow:
    """Gives what the store says of the source at a place."""
    with Database(folder / "store").look() as con:
        return next(row for row in todo.sources(con) if row.source == world.SOURCES[place])


def asked_of(folder: Path, place: str) -> list[dict[str, Any]]:
    """Lists the questions that were asked at a place."""
    return [question for question in world.noted(folder, "asked") if question["place"] == place]


def delivered(folder: Path) -> Counter[str]:
    """Counts how often each message arrived, by its key."""
    return Counter(message["key"] for message in world.noted(folder, "delivered"))


def wait_until_asked(folder: Path, place: str) -> None:
    """Waits until a question was asked at a place."""
    while not asked_of(folder, place):
        time.sleep(0.01)


def side_by_side(check: Callable[[Any], object], cases: Iterable[Any]) -> None:
    """Checks cases, a few at a time, for runs wait more than they work; a failure names its case."""
    with ThreadPoolExecutor(3) as pool:
        for case, checked in [(case, pool.submit(check, case)) for case in cases]:
            try:
                checked.result()
            except BaseException as error:
                error.add_note(f"the case is {case}")
                raise

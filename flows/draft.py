"""Tries a changed configuration before it is saved, for the dashboard: one question as JSON in, one answer out.

    python -m earful.flows.draft earful.toml < question.json

A process of its own, because the dashboard asks no source and reads no configuration by itself. A question is
{"do": "validate", "text": ...}, or "connectors"; "source" with a "name"; "match" with an "expression" and a "brand";
"rehearse" with a "rule" and "days". The answer holds what was asked for, and
"mistakes", a list of lines, which is empty where the draft can be used.
"""

import json
import sys
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

from earful import connectors
from earful.data import explained, families
from earful.data.counting import Connection
from earful.data.database import DatabaseError, snapshot
from earful.flows import checking, deliver, jobs, preview, rehearse, windows
from earful.flows.config import Config, ConfigError, parse
from earful.flows.report import utc_now
from earful.models.match import MatchError

Question = dict[str, Any]


def answer(path: Path, question: Question) -> dict[str, Any]:
    """Answers a question about a draft of the configuration that stands in `path`."""
    try:
        config = parse(path, str(question["text"]))
        deliver.check(config)
    except ConfigError as error:
        named = f"{path}:"
        return {"mistakes": [line.removeprefix(named) for line in str(error).splitlines()]}
    try:
        return {"mistakes": []} | ASKED[str(question["do"])](config, question)
    except (DatabaseError, MatchError) as error:
        return {"mistakes": [], "error": str(error)}


def _source(config: Config, question: Question) -> dict[str, Any]:
    wanted = tuple(source for source in config.sources if source.name == question["name"])
    if not wanted:
        return {"error": f"the draft has no source {question['name']}"}
    alone = config.model_copy(update={"sources": wanted})
    (result,) = checking.check(alone, jobs.client(config), lambda *_: None)
    return {"source": result.as_json()}


def _match(config: Config, question: Question) -> dict[str, Any]:
    brand, folder = str(question.get("brand", "")), config.store_folder
    with snapshot(folder) as con:
        found = preview.preview(con, folder, str(question["expression"]), brand, utc_now())
    return {"match": found.as_json()}


def _rehearse(config: Config, question: Question) -> dict[str, Any]:
    days = int(question.get("days", 90))
    with snapshot(config.store_folder) as con:
        found = rehearse.everything(con, config, str(question["rule"]), "", utc_now(), days)
        return {"rehearsals": [rehearse.as_json(one) | _series(con, config, one) for one in found]}


def _series(con: Connection, config: Config, one: rehearse.Rehearsal) -> dict[str, Any]:
    """Gives the intervals of a rehearsal, and the query that counts them, "" where there are none."""
    counted = windows.counted(one.rule, one.brand)
    themes = families.members(con, one.brand, counted.theme)
    span = (one.windows[0].start, one.windows[-1].finish) if one.windows else None
    return {
        "counted": asdict(counted),
        "query": explained.windows(counted, themes, *span, one.rule.step, config.zone.key) if span else "",
        "windows": [
            {"start": window.start, "finish": window.finish, "observed": window.observed}
            | {"expected": window.expected, "high": window.high}
            for window in one.windows
        ],
    }


def _connectors(_config: Config, _question: Question) -> dict[str, Any]:
    return {"connectors": {name: str(connectors.find(name).__doc__) for name in connectors.names()}}


ASKED: dict[str, Callable[[Config, Question], dict[str, Any]]] = {
    "connectors": _connectors,
    "validate": lambda _config, _question: {},
    "source": _source,
    "match": _match,
    "rehearse": _rehearse,
}


def main() -> None:
    """Reads a question from standard input and writes its answer to standard output."""
    found = answer(Path(sys.argv[1]), json.load(sys.stdin))
    sys.stdout.write(json.dumps(found, default=str))


if __name__ == "__main__":
    main()

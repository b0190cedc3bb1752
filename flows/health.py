"""Watches over Earful itself, from outside: whether every stage, source and target had its last success lately.

It reads the newest snapshot, which nobody locks, so that it works while a run hangs, the store is in use, or Prefect is
down; what it finds goes out by a target's own way, past the outbox. Meant for cron and for monitors.
"""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from earful.connectors.http import Client
from earful.data import targets as outbox
from earful.data import todo
from earful.data.database import DatabaseError, snapshot
from earful.flows import listing, run, targets
from earful.flows.config import Config
from earful.flows.deliver import REMOVED
from earful.flows.messages import clean, when
from earful.flows.messages.notice import Item, Link, Notice, Section
from earful.flows.target_table import Target
from earful.flows.targets import Envelope, Outcome
from earful.models import condition

SLACK = timedelta(minutes=10)  # that a run may take
LONGEST = 400  # UTF-16 units of what is wrong: a damaged file may be quoted in it
PATIENCE = timedelta(minutes=15)  # so long may a target fail before that is a trouble


@dataclass(frozen=True)
class Check:
    """One thing that was looked at: `kind` is "configuration", "store", "stage", "source" or "target".

    `last` is its last success, `said` what is wrong with it, "" when it is well; `note` is worth knowing even then.
    """

    kind: str
    name: str
    last: datetime | None = None
    said: str = ""
    note: str = ""

    @property
    def trouble(self) -> str:
        """What tells this trouble from others."""
        return f"{self.kind} {self.name}" if self.said else ""

    def as_json(self) -> dict[str, Any]:
        """Gives the check as JSON values."""
        last = self.last.isoformat() if self.last else None
        told = {"well": not self.said, "last_success": last, "said": self.said, "note": self.note}
        return {"kind": self.kind, "name": self.name, **told}


def look(config: Config, trouble: str, now: datetime) -> list[Check]:
    """Looks at everything; `trouble` says what is wrong with the present configuration, "" if nothing."""
    found = [Check("configuration", "earful.toml", said=clean.line(trouble, LONGEST))]
    try:
        with snapshot(config.store_folder) as con:
            done = outbox.stages(con, now)
            rows = todo.sources(con)
            deliveries = outbox.standing(con)
    except DatabaseError as error:
        return [*found, Check("store", str(config.store_folder), said=clean.line(str(error), LONGEST))]
    except Exception as error:  # noqa: BLE001 - whatever is wrong with the file, it is this that must be told
        said = f"the newest snapshot can't be read: {type(error).__name__}"
        return [*found, Check("store", str(config.store_folder), said=said)]
    found.append(Check("store", str(config.store_folder)))
    found += [_stage(name, done.get(name), config, now) for name, _ in run.stages()]
    found += _sources(rows, config, now)
    return [*found, *_targets(deliveries, config, now)]


def _stage(name: str, last: datetime | None, config: Config, now: datetime) -> Check:
    patience = listing.LATE * config.every + SLACK
    if last is None:
        return Check("stage", name, None, "no success in seven days")
    age = now - last
    return Check("stage", name, last, f"last success {when.length(age)} ago" if age > patience else "")


def _sources(rows: Sequence[todo.SourceRow], config: Config, now: datetime) -> Iterator[Check]:
    known = {row.source: row for row in rows}
    for source in config.sources:
        row = known.get(source.name)
        if row is None:
            yield Check("source", source.name, None, "it was never asked")
        elif listing.late(row, listing.interval(source, config), now):
            judged = condition.judge(row)
            last = f"last success {when.length(now - row.last_success)} ago" if row.last_success else "never read"
            state = "not asked since" if judged.name == "fine" else judged.name
            said = f"{last}, {state}" + (f"; {_unsteady(row)}" if condition.unsteady(row) else "")
            yield Check("source", source.name, row.last_success, said)
        else:
            note = _unsteady(row) if condition.unsteady(row) else ""
            yield Check("source", source.name, row.last_success, note=note)


def _unsteady(row: todo.SourceRow) -> str:
    return f"it answers only now and then, {row.losses / row.asks:.0%} of its checks in the last day failed"


def _targets(rows: Sequence[outbox.TargetRow], config: Config, now: datetime) -> Iterator[Check]:
    configured = [target.name for target in config.targets]
    known = {row.target: row for row in rows}
    for name in configured:
        row = known.get(name)
        waits = now - row.since if row and row.since else timedelta(0)
        stuck = row is not None and waits > max(PATIENCE, listing.LATE * config.every) and row.waiting > 0
        why = f": {row.error}" if row and row.error else ""
        said = f"{_many(row.waiting)} for {when.length(waits)}{why}" if row and stuck else ""
        yield Check("target", name, row.sent if row else None, said)
    for row in rows:
        if row.waiting and row.target not in configured:
            yield Check("target", row.target, row.sent, f"{_many(row.waiting)}: {REMOVED}")


def _many(messages: int) -> str:
    return "1 message waits" if messages == 1 else f"{messages} messages wait"


def tell(
    client: Client, target: Target, checks: Sequence[Check], config: Config, state: Path, now: datetime
) -> Outcome | None:
    """Tells a target of new troubles, once each, and when all are over; None when there is nothing new to tell.

    `state` is a file beside the configuration that remembers what each was told: the store may be what is broken.
    """
    troubles = {check.trouble for check in checks if check.trouble}
    told = _told(state).get(target.name, set())
    if not troubles - told and not (told and not troubles):
        _remember(state, target.name, told & troubles)
        return None
    bad = [check for check in checks if check.said]
    key = f"health|{now.isoformat()}|{target.name}"
    content = {"state": "health", "card": {"checks": [check.as_json() for check in bad]}}
    outcome = targets.send(client, target, notice(bad, config), Envelope(key, "health", content, now))
    if outcome.error:
        return outcome
    try:
        _remember(state, target.name, troubles)
    except OSError as error:
        return Outcome(f"it arrived, but can't be noted in {state}, so it comes again: {error.strerror}")
    return outcome


def notice(bad: Sequence[Check], config: Config) -> Notice:
    """Writes what is wrong with Earful itself, or that nothing is any more."""
    links = (Link("See the sources", f"{config.dashboard}/sources"),)
    if not bad:
        said = "Everything had its last success lately."
        return Notice("Earful itself is well again", (said,), links=links, tone="good")
    items = tuple(Item(f"{check.kind} {check.name}", "", check.said) for check in bad)
    what = "1 trouble" if len(bad) == 1 else f"{len(bad)} troubles"
    lead = "This message did not pass through the pipeline. What people say may go unheard until it is mended."
    return Notice(f"Earful itself: {what}", (lead,), (Section("What is wrong", items),), links, "bad")


def state_file(config_path: Path) -> Path:
    """Names the file that remembers what was told."""
    return config_path.with_name(f".{config_path.name}.health")


def _told(state: Path) -> dict[str, set[str]]:
    try:
        kept = json.loads(state.read_text(encoding="utf-8"))
        return {target: set(troubles) for target, troubles in kept.items()}
    except (OSError, ValueError, TypeError, AttributeError):  # not there, or damaged: better told twice than not at all
        return {}


def _remember(state: Path, target: str, troubles: set[str]) -> None:
    told = {name: sorted(known) for name, known in (_told(state) | {target: troubles}).items() if known}
    if not told:
        state.unlink(missing_ok=True)
        return
    fresh = state.with_name(f"{state.name}.tmp")
    fresh.write_text(json.dumps(told), encoding="utf-8")
    fresh.rename(state)

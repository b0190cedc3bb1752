"""Sends what waits in the outbox: send, then mark, so that a death in between repeats a message and loses none."""

import logging
from collections.abc import Callable
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from earful.connectors.http import Client
from earful.data import alerting, failpoint, naming, todo
from earful.data.database import Database
from earful.flows import targets
from earful.flows.config import Config, ConfigError
from earful.flows.messages import compose
from earful.flows.target_table import Target
from earful.flows.targets import Envelope, Outcome

log = logging.getLogger(__name__)

LONGEST_WAIT = timedelta(hours=1)
LONGEST_WISH = timedelta(days=1)  # that a target may want to be left alone
FORGOTTEN = timedelta(days=1)  # how often a message to a target that is no longer configured is looked at again
REMOVED = "this target is no longer configured"


def deliver(database: Database, config: Config, client: Client, clock: Callable[[], datetime]) -> tuple[int, int]:
    """Sends every message that is due to its target; returns how many arrived and how many did not.

    When a target can't be reached, its other messages wait for the next run: one that hangs holds up no other for long.
    """
    naming.use(config.labels)
    known = {target.name: target for target in config.targets}
    sent = failed = 0
    down: set[str] = set()
    with database.look() as con:
        messages = todo.unsent(con, clock())
    for message in messages:
        target = known.get(message.target)
        if target is None:
            with database.transaction() as con:
                alerting.mark_failed(con, message.key, REMOVED, FORGOTTEN, clock())
            continue
        if target.name in down:
            continue
        outcome = send(client, target, message, config.zone, clock())
        failpoint.reach("sent")
        with database.transaction() as con:
            if outcome.error:
                failed += 1
                log.warning("message to %s failed: %s", target.name, outcome.error)
                alerting.mark_failed(con, message.key, outcome.error, _again(message.tries, outcome), clock())
                down |= {target.name} if outcome.down else set()
            else:
                sent += 1
                alerting.mark_sent(con, message.key, clock(), outcome.note)
    return sent, failed


def send(client: Client, target: Target, message: todo.Message, zone: ZoneInfo, now: datetime) -> Outcome:
    """Sends one message of the outbox; what a message's own content breaks is an error like any other."""
    try:
        notice = compose.delayed(compose.notice(message.message, zone), now - message.created)
    except (KeyError, TypeError, ValueError) as error:  # of another version, or damaged: it must not stop the others
        log.exception("message %s can't be written", message.key)
        return Outcome(f"the message can't be written: {type(error).__name__}")
    return targets.send(client, target, notice, Envelope(message.key, message.alert, message.message, now))


def test(client: Client, target: Target, now: datetime) -> Outcome:
    """Sends a test message to a target."""
    key = f"test|{now.isoformat()}|{target.name}"
    return targets.send(client, target, compose.TEST, Envelope(key, key, {"state": "test", "card": {}}, now))


def check(config: Config) -> None:
    """Refuses targets that could never take a message."""
    found = [(target.name, targets.wrong(target)) for target in config.targets]
    if bad := [f"target {name!r}: {why}" for name, why in found if why]:
        raise ConfigError("\n".join(bad))


def _again(tries: int, outcome: Outcome) -> timedelta:
    """Waits a minute, then twice as long each time up to an hour, or as long as the target asks for."""
    wait = min(timedelta(minutes=2 ** min(tries, 10)), LONGEST_WAIT)
    return max(wait, min(timedelta(seconds=outcome.after), LONGEST_WISH))

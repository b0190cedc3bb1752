"""Sends what waits in the outbox: send, then mark, so that a death in between repeats a message and loses none."""

import json
import logging
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import apprise
import httpx

from earful.connectors.http import Client
from earful.connectors.types import ConnectorError
from earful.data import alerting, failpoint, todo
from earful.data.database import Database
from earful.flows.config import Config, ConfigError, Target

log = logging.getLogger(__name__)

LONGEST_WAIT = timedelta(hours=1)
LIMIT = 1900  # characters; the strictest of the usual targets takes 2,000


def deliver(database: Database, config: Config, client: Client, clock: Callable[[], datetime]) -> tuple[int, int]:
    """Sends every message that is due to its target; returns how many arrived and how many did not."""
    targets = {target.name: target for target in config.targets}
    sent = failed = 0
    with database.look() as con:
        messages = todo.unsent(con, clock())
    for message in messages:
        target = targets.get(message.target)
        error = send(client, target, message.key, message.message) if target else "this target is no longer configured"
        failpoint.reach("sent")
        with database.transaction() as con:
            if error:
                failed += 1
                log.warning("alert to %s failed: %s", message.target, error)
                again = min(timedelta(minutes=1) * 2 ** min(message.tries, 10), LONGEST_WAIT)
                alerting.mark_failed(con, message.key, error, again, clock())
            else:
                sent += 1
                alerting.mark_sent(con, message.key, clock())
    return sent, failed


def send(client: Client, target: Target, key: str, message: dict[str, Any]) -> str:
    """Sends one message and returns "" or why it did not arrive; the target's address is in no text."""
    title, body = write(message)
    if target.kind == "webhook":
        content = json.dumps({"key": key, "title": title, "text": body, **message}).encode()
        headers = {"Content-Type": "application/json", "Idempotency-Key": key}
        try:
            client.deliver(httpx.Request("POST", target.url, content=content, headers=headers))
        except ConnectorError as error:
            return str(error)
        return ""
    service = apprise.Apprise()
    if not service.add(target.url):
        return f"{target.url_env} holds no address that Apprise knows"
    return (
        "" if service.notify(title=title, body=body) else "the service did not take it; its address or state is wrong"
    )


def write(message: dict[str, Any]) -> tuple[str, str]:
    """Writes a message as title and plain text: what rose, where, three quotes, the link."""
    card = message["card"]
    if message["state"] == "test":
        return "Earful: a test", "If you read this, alerts arrive here."
    hours = (datetime.fromisoformat(card["finish"]) - datetime.fromisoformat(card["start"])) / timedelta(hours=1)
    span = f"{hours:.0f} hours" if hours < 48 else f"{hours / 24:.0f} days"
    verb = "Criticism of" if message["state"] == "firing" else "Calm again:"
    kind = "negative stories" if card["counts"] == "negative" else "stories"
    title = f"{verb} {card['brand']}: {card['observed']} {kind} in {span}, {card['expected']:.1f} expected"
    where = ", ".join(f"{one['source']} {one['count']}" for one in card["sources"][:5])
    quotes = "\n\n".join(
        f"“{_short(quote['text'])}” ({quote['author'] or 'unknown'}, {quote['url']})" for quote in card["quotes"]
    )
    head, foot = f"Where: {where}", f"Look: {card['link']}"
    return title[:250], f"{head}\n\n{quotes[: LIMIT - len(head) - len(foot)]}\n\n{foot}"


def check(config: Config) -> None:
    """Refuses targets that could never take a message; Apprise would be silent about them."""
    wrong = [
        f"target {target.name!r}: {target.url_env} holds no address that Apprise knows; see its list of services"
        for target in config.targets
        if target.kind == "apprise" and not apprise.Apprise().add(target.url)
    ]
    wrong += [
        f"target {target.name!r}: {target.url_env} must hold an address that begins with https:// or http://"
        for target in config.targets
        if target.kind == "webhook" and not target.url.startswith(("https://", "http://"))
    ]
    if wrong:
        raise ConfigError("\n".join(wrong))


def _short(text: str) -> str:
    words = " ".join(text.split())
    return words if len(words) <= 200 else words[:199] + "…"

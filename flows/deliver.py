"""Sends what waits in the outbox: send, then mark, so that a death in between repeats a message and loses none."""

import json
import logging
import re
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import apprise
import httpx

from earful.connectors.http import Client
from earful.connectors.types import ConnectorError
from earful.data import alerting, failpoint, todo
from earful.data.database import Database
from earful.flows import troubles
from earful.flows.config import Config, ConfigError, Target

log = logging.getLogger(__name__)

LONGEST_WAIT = timedelta(hours=1)
FORGOTTEN = timedelta(days=1)  # how often a message to a target that is no longer configured is looked at again
CALLS = re.compile(r"[@<](?=[\w!#@])")  # how chat services begin what calls people: @everyone, <!channel>
LIMIT = 2000  # characters of title and text together, which the strictest of the usual targets takes


def deliver(database: Database, config: Config, client: Client, clock: Callable[[], datetime]) -> tuple[int, int]:
    """Sends every message that is due to its target; returns how many arrived and how many did not."""
    targets = {target.name: target for target in config.targets}
    sent = failed = 0
    with database.look() as con:
        messages = todo.unsent(con, clock())
    for message in messages:
        target = targets.get(message.target)
        if target is None:
            with database.transaction() as con:
                missing = "this target is no longer configured"
                alerting.mark_failed(con, message.key, missing, FORGOTTEN, clock())
            continue
        error = send(client, target, message.key, message.message)
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
    service = _service(target)
    if not service:
        return f"{target.url_env} holds no address that Apprise knows"
    return (
        "" if service.notify(title=title, body=body) else "the service did not take it; its address or state is wrong"
    )


def write(message: dict[str, Any]) -> tuple[str, str]:
    """Writes a message as title and plain text: what rose, where, three quotes, the link."""
    card = message["card"]
    if message["state"] == "test":
        return "Earful: a test", "If you read this, alerts arrive here."
    if card.get("about") == "sources":
        title, body = troubles.write(message, LIMIT)
        return _harmless(title), _harmless(body)
    hours = (datetime.fromisoformat(card["finish"]) - datetime.fromisoformat(card["start"])) / timedelta(hours=1)
    span = f"{hours:.0f} hours" if hours < 48 else f"{hours / 24:.0f} days"
    verb = "Criticism of" if message["state"] == "firing" else "Calm again:"
    kind = "negative stories" if card["counts"] == "negative" else "stories"
    title = f"{verb} {card['brand']}: {card['observed']} {kind} in {span}, {card['expected']:.1f} expected"
    where = ", ".join(f"{_short(one['source'], 60)} {one['count']}" for one in card["sources"][:5])
    head, foot = f"Where: {where}", f"Look: {card['link']}"
    parts, room = [head], LIMIT - len(title) - len(head) - len(foot) - 4
    for quote in card["quotes"]:
        by = ", ".join(part for part in (_harmless(quote["author"] or "unknown"), quote["url"]) if part)
        said = f"“{_harmless(_short(quote['text'], 200))}” ({by})"
        if len(said) + 2 <= room:  # a link is told whole or not at all
            parts.append(said)
            room -= len(said) + 2
    return title, "\n\n".join([*parts, foot])


def check(config: Config) -> None:
    """Refuses targets that could never take a message; Apprise would be silent about them."""
    wrong = [
        f"target {target.name!r}: {target.url_env} holds no address that Apprise knows; see its list of services"
        for target in config.targets
        if target.kind == "apprise" and not _service(target)
    ]
    wrong += [
        f"target {target.name!r}: {target.url_env} must hold an address like https://hooks.example.org/abc"
        for target in config.targets
        if target.kind == "webhook" and not _is_web(target.url)
    ]
    if wrong:
        raise ConfigError("\n".join(wrong))


def _service(target: Target) -> apprise.Apprise | None:
    for library in ("apprise", "urllib3"):  # they write addresses, which are secrets, into the log
        logging.getLogger(library).setLevel(logging.CRITICAL)
    service = apprise.Apprise()
    return service if service.add(target.url) else None


def _is_web(address: str) -> bool:
    try:
        url = httpx.URL(address)
    except httpx.InvalidURL:
        return False
    return url.scheme in ("http", "https") and bool(url.host)


def _harmless(text: str) -> str:
    """Keeps a mention's words from calling people in a chat, by an invisible mark after the sign that would."""
    return CALLS.sub(lambda found: f"{found[0]}\u2060", text)


def _short(text: str, most: int) -> str:
    words = " ".join(text.split())
    return words if len(words) <= most else words[: most - 1] + "…"

"""Sends a notice to one target, in the form and by the way that it takes; says whether it arrived and what to do next.

No error, log or row holds a target's address: it is a secret.
"""

import base64
import hashlib
import hmac
import json
import logging
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar
from urllib.parse import quote

import apprise
import httpx

from earful.connectors.http import Client
from earful.connectors.types import ConnectorError, RateLimited, Unreachable
from earful.flows import smtp
from earful.flows.messages import chat, mail, text
from earful.flows.messages.notice import Notice
from earful.flows.target_table import Target

LIMIT = 2000  # characters of title and text together, where a service does not take more
LONGEST = 6000  # of a message that goes to a service that takes any length
DEADLINE = 30.0  # seconds for Apprise or a mail server; http.Client keeps its own
CHATS: Mapping[str, Callable[[Notice], dict[str, Any]]] = {
    "slack": chat.slack, "teams": chat.teams, "discord": chat.discord,
}  # fmt: skip
SERVICES = ("apprise", "urllib3", "requests")  # they write addresses into the log
Result = TypeVar("Result")


@dataclass(frozen=True)
class Outcome:
    """What became of a message: `error` "" means that it arrived, `note` what is worth knowing all the same.

    `after` is how many seconds the target wants to be left alone; `down` says that no other message would arrive.
    """

    error: str = ""
    note: str = ""
    after: float = 0.0
    down: bool = False


@dataclass(frozen=True)
class Envelope:
    """What a message is known by: its key, the alert it belongs to, what programs read of it, and the time now."""

    key: str
    thread: str
    content: Mapping[str, Any]
    now: datetime


def send(client: Client, target: Target, notice: Notice, envelope: Envelope) -> Outcome:
    """Sends one message and says what became of it; never raises because of what a target does."""
    try:
        if target.kind == "apprise":
            return _apprise(target, notice)
        if target.kind == "email":
            server = smtp.read(target.url)
            made = mail.write(notice, envelope.key, envelope.thread, server.sender, server.receivers, envelope.now)
            return Outcome(note=_within(DEADLINE, lambda: smtp.send(server, made)))
        body = CHATS[target.kind](notice) if target.kind in CHATS else _json(notice, envelope)
        client.deliver(_request(target, envelope, json.dumps(body).encode()))
    except RateLimited as error:
        return Outcome(str(error), after=error.after, down=True)
    except Unreachable as error:
        return Outcome(str(error), down=True)
    except ConnectorError as error:
        return Outcome(str(error))
    return Outcome()


def wrong(target: Target) -> str:
    """Says why a target could never take a message, "" when it could; Apprise would be silent about it."""
    if target.kind == "apprise":
        known = _service(target) is not None
        return "" if known else f"{target.url_env} holds no address that Apprise knows; see its list of services"
    if target.kind == "email":
        try:
            smtp.read(target.url)
        except ValueError as error:
            return f"{target.url_env} {error}, like {smtp.FORM}"
        return ""
    return "" if _is_web(target.url) else f"{target.url_env} must hold an address like https://hooks.example.org/abc"


def signature(secret: bytes, key: str, moment: int, body: bytes) -> str:
    """Signs a body as Standard Webhooks has it: HMAC-SHA256 over the message's id, the time and the body.

    See https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md.
    """
    signed = f"{key}.{moment}.".encode() + body
    return f"v1,{base64.b64encode(hmac.digest(secret, signed, hashlib.sha256)).decode()}"


def header(key: str) -> str:
    """Writes a key for a header, which knows ASCII only."""
    return quote(key, safe="!#$&'()*+,/:;=?@[]|~ ")


def _request(target: Target, envelope: Envelope, body: bytes) -> httpx.Request:
    headers = {"Content-Type": "application/json"}
    if target.kind == "webhook":
        headers["Idempotency-Key"] = header(envelope.key)
    if secret := target.secret:
        key, moment = header(envelope.key), int(envelope.now.timestamp())
        headers |= {
            "webhook-id": key,
            "webhook-timestamp": str(moment),
            "webhook-signature": signature(secret, key, moment, body),
        }
    return httpx.Request("POST", target.url, content=body, headers=headers)


def _json(notice: Notice, envelope: Envelope) -> dict[str, Any]:
    title, body = text.write(notice, LIMIT)
    return {"key": envelope.key, "title": title, "text": body, **envelope.content}


def _apprise(target: Target, notice: Notice) -> Outcome:
    service = _service(target)
    if service is None:
        return Outcome(f"{target.url_env} holds no address that Apprise knows")
    one = service[0]
    room = min(one.body_maxlen, LONGEST) if one.title_maxlen else min(one.body_maxlen, LIMIT)
    title, body = text.write(notice, room)
    # As TEXT, so that it is escaped for the services that show HTML; a body must not be empty.
    if _within(
        DEADLINE, lambda: service.notify(title=title, body=body or title, body_format=apprise.NotifyFormat.TEXT)
    ):
        return Outcome()
    return Outcome("the service did not take it; its address or state is wrong")


def _service(target: Target) -> apprise.Apprise | None:
    for library in SERVICES:
        logging.getLogger(library).setLevel(logging.CRITICAL)
    service = apprise.Apprise()
    return service if service.add(target.url) and len(service) else None


def _is_web(address: str) -> bool:
    try:
        url = httpx.URL(address)
    except httpx.InvalidURL:
        return False
    return url.scheme in ("http", "https") and bool(url.host)


def _within(seconds: float, work: Callable[[], Result]) -> Result:
    """Does work in a thread of its own and gives its result; raises Unreachable when it takes longer.

    A server that sends a byte now and then keeps any library waiting for ever; then the thread is left to itself.
    """
    results: list[Result] = []
    errors: list[BaseException] = []

    def run() -> None:
        try:
            results.append(work())
        except BaseException as error:  # noqa: BLE001 - raised again below, in the thread that asked
            errors.append(error)

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    thread.join(seconds)
    if errors:
        raise errors[0]
    if not results:
        raise Unreachable(f"no answer within {seconds:g} s; tried again later")
    return results[0]

"""Takes mentions that other programs send, and says so only when they are safe on the disk.

POST /mentions takes a JSON object or a list of up to 1,000, with the fields of FIELDS; "?source=helpdesk" names where
they come from. The next run reads what was taken. Answers: 202 taken, 400 with the place of the mistake, 401 without
the token, 408 too slow, 413 too large, 415 packed, 429 too often (Retry-After says for how long), 503 the disk is full.
"""

import asyncio
import contextlib
import hashlib
import hmac
import json
import logging
import math
import os
import re
import time
from collections import OrderedDict
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import uvicorn
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse
from starlette.routing import Route
from uvicorn.protocols.http.h11_impl import H11Protocol

from earful.connectors import columns, text
from earful.connectors.columns import NAMES, RANGES, Columns
from earful.data import landing
from earful.flows import files
from earful.flows.config import Config, load
from earful.flows.intake_table import TOKEN_MISSING
from earful.flows.processes import StartError, free
from earful.flows.report import Clock, utc_now

log = logging.getLogger(__name__)

FIELDS = (*NAMES, "answer", "scale")
LIMIT = 1_000_000  # bytes of a message
DRAINED = 8 * LIMIT  # read and dropped of a message that is refused, so that its sender gets to hear why
MOST = 1_000  # mentions in a message
DEADLINE = 10.0  # seconds for the head of a message, and again for its body
BURST, RATE = 30, 1.0  # messages of one client at once, and how many more each second
CLIENTS = 1_000  # whose allowance is remembered
CONNECTIONS = 100
SOURCE = re.compile(r"[a-z0-9][a-z0-9_.-]{0,39}")


class MistakeError(Exception):
    """A message can't be taken; the text names the place and what is wrong there."""


class Allowance:
    """How many messages each client may send by now: a bucket of BURST that fills at RATE."""

    def __init__(self) -> None:
        self._left: OrderedDict[tuple[str, bool], tuple[float, float]] = OrderedDict()

    def wait(self, client: tuple[str, bool], now: float) -> float:
        """Takes one message out of a client's bucket; gives the seconds to wait where it is empty, else 0."""
        left, at = self._left.pop(client, (float(BURST), now))
        left = min(left + (now - at) * RATE, float(BURST))
        allowed = left >= 1
        self._left[client] = (left - 1 if allowed else left, now)
        if len(self._left) > CLIENTS:
            self._left.popitem(last=False)
        return 0.0 if allowed else (1 - left) / RATE


def understood(content: bytes, zone: ZoneInfo, read: datetime) -> list[dict[str, Any]]:
    """Reads a message into rows for files.landed_rows; raises MistakeError at the first mistake."""
    try:
        value = json.loads(content.decode("utf-8"), parse_constant=_no_number)
    except UnicodeDecodeError as error:
        raise MistakeError(f"byte {error.start}: no UTF-8") from None
    except json.JSONDecodeError as error:
        raise MistakeError(f"line {error.lineno}, column {error.colno}: no JSON ({error.msg})") from None
    except (ValueError, RecursionError) as error:
        raise MistakeError(f"no JSON that can be read ({str(error)[:100]})") from None
    items = value if isinstance(value, list) else [value]
    if not items or len(items) > MOST:
        raise MistakeError(f"{len(items):,} mentions in one message; send from 1 to {MOST:,}")
    return [
        _row(item, f"mentions[{place}]" if isinstance(value, list) else "mention", zone, read)
        for place, item in enumerate(items)
    ]


def application(raw: Path, zone: ZoneInfo, token: str, clock: Clock, ticks: Callable[[], float]) -> Starlette:
    """Gives the endpoint, which lands what it takes below `raw`; `ticks` is the clock of the allowances, in seconds."""
    secret, allowance = _digest(token), Allowance()

    async def take(request: Request) -> JSONResponse:
        scheme, _, given = request.headers.get("authorization", "").partition(" ")
        known = hmac.compare_digest(_digest(given.strip()), secret) and scheme.lower() == "bearer"
        client = request.client.host if request.client else ""
        if wait := allowance.wait((client, known), ticks()):
            return await _refused(request, 429, "too many messages", {"Retry-After": str(math.ceil(wait))})
        if not known:
            log.warning("a message of %s was refused: no token, or a wrong one", client)
            return await _refused(request, 401, "the token is missing or wrong", {"WWW-Authenticate": "Bearer"})
        if request.headers.get("content-encoding", "identity").lower() != "identity":
            return await _refused(request, 415, "send it as it is, without packing it")
        source = request.query_params.get("source", "mentions")
        if not SOURCE.fullmatch(source):
            return await _refused(request, 400, "source: write small letters, digits, dots and dashes, 40 at most")
        try:
            content = await _body(request)
        except (TimeoutError, ClientDisconnect):
            return _answer(408, {"error": f"no whole message within {DEADLINE:g} s"})
        if content is None:
            return _answer(413, {"error": f"larger than {LIMIT:,} bytes; send it in parts"})
        now = clock()
        try:
            rows = await run_in_threadpool(understood, content, zone, now)
            body, place = files.landed_rows(rows, zone), f"https://webhook.invalid/{source}"
            await run_in_threadpool(landing.land, raw, now, f"webhook:{source}", {}, place, 200, {}, body)
        except MistakeError as error:
            return _answer(400, {"error": str(error)})
        except landing.LandingError:
            log.exception("a message of %s was not taken", client)
            return _answer(503, {"error": "it can't be kept now; send it again later"}, {"Retry-After": "60"})
        return _answer(202, {"taken": len(rows)})

    return Starlette(routes=[Route("/mentions", take, methods=["POST"])])


class Protocol(H11Protocol):
    """Hangs up on who connects and does not say within DEADLINE what is wanted."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Starts the time that the client has."""
        super().connection_made(transport)
        self.loop.call_later(DEADLINE, self._hang_up)

    def on_response_complete(self) -> None:
        """Ends the connection with its first answer: the next message has its own time."""
        super().on_response_complete()
        self.transport.close()

    def _hang_up(self) -> None:
        if self.cycle is None:
            self.transport.abort()


def serve(config: Config, say: Callable[[str], None]) -> None:
    """Listens until it is told to stop; raises StartError without a table, a fit token or a free port."""
    table = config.webhook
    if table is None:
        raise StartError("no webhook is configured; add a [webhook] table with port = 8502")
    if not table.token:
        raise StartError(TOKEN_MISSING)
    if not free(table.port, table.host):
        raise StartError(f"port {table.port} is taken, the webhook needs it; stop what holds it or choose another port")
    made = application(config.store_folder / "raw", config.zone, table.token, utc_now, time.monotonic)
    settings = uvicorn.Config(
        made, table.host, table.port, http=Protocol, ws="none", lifespan="off", log_config=None, access_log=False,
        proxy_headers=False, server_header=False, limit_concurrency=CONNECTIONS, timeout_graceful_shutdown=15,
    )  # fmt: skip
    say(f"webhook     http://{table.host}:{table.port}/mentions")
    with contextlib.suppress(KeyboardInterrupt):
        uvicorn.Server(settings).run()


def _row(item: object, place: str, zone: ZoneInfo, read: datetime) -> dict[str, Any]:
    """Checks one mention; what a source may leave out or garble is a mistake here, where somebody can mend it."""
    if not isinstance(item, dict):
        raise MistakeError(f"{place}: no JSON object")
    for name, value in item.items():
        if name not in FIELDS:
            raise MistakeError(f"{place}: no field {name[:60]!r}; there are {', '.join(FIELDS)}")
        if value is not None and (isinstance(value, bool) or not isinstance(value, str | int | float)):
            raise MistakeError(f"{place}.{name}: write a text or a number")
    given = {name: value for name, value in item.items() if value not in (None, "")}
    answered = {"answer": given.get("answer"), "scale": given.get("scale")}
    if given.keys() & answered.keys() and (None in answered.values() or answered["scale"] not in RANGES):
        raise MistakeError(f"{place}.scale: an answer has a scale, {' or '.join(RANGES)}, and a scale an answer")
    if "answer" in given and "id" not in given:
        raise MistakeError(f"{place}.id: an answer needs one, or it counts twice when it is sent again")
    row = {name: given.get(name) for name in NAMES} | (answered if "answer" in given else {})
    row["id"] = row["id"] or text.fingerprint(
        *(row[name] for name in ("text", "title", "author", "published", "about"))
    )
    made = columns.mention(row, Columns(zone=zone.key), read)
    if isinstance(made, str):
        raise MistakeError(f"{place}: {made}")
    for name, kept, form in (
        ("published", made.dated, "a time that has been, like 2026-05-04T09:30:00+02:00"),
        ("url", bool(made.url), "an address that begins with https://"),
        ("rating", made.rating is not None, "stars from 1 to 5"),
        ("language", bool(made.language), 'a code like "en" or "pt-BR"'),
    ):
        if name in given and not kept:
            raise MistakeError(f"{place}.{name}: write {form}")
    return row


async def _body(request: Request) -> bytes | None:
    """Reads a message; None for one that is too large. Raises TimeoutError for one that does not come to its end."""
    content, length = bytearray(), 0
    async with asyncio.timeout(DEADLINE):
        async for chunk in request.stream():
            length += len(chunk)
            if length > DRAINED:
                break
            if length <= LIMIT:
                content += chunk
    return bytes(content) if length <= LIMIT else None


async def _refused(request: Request, status: int, error: str, headers: dict[str, str] | None = None) -> JSONResponse:
    try:
        await _body(request)
    except (TimeoutError, ClientDisconnect):
        log.info("a message that was refused did not come to its end")
    return _answer(status, {"error": error}, headers)


def _answer(status: int, said: dict[str, Any], headers: dict[str, str] | None = None) -> JSONResponse:
    return JSONResponse(said, status, {"Connection": "close", **(headers or {})})


def _digest(token: str) -> bytes:
    return hashlib.sha256(token.encode("utf-8", "surrogateescape")).digest()


def _no_number(written: str) -> float:
    raise ValueError(f"{written} is no number in JSON")


if __name__ == "__main__":
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    serve(load(Path(os.environ["EARFUL_CONFIG"])), log.warning)

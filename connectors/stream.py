"""Reads messages from a WebSocket until they have caught up with the present, and gives what is kept as one answer.

A stream is asked like any source: the request's address is ws:// or wss://, and its extensions say how to read it.
`keep` takes a message and returns its time (microseconds since 1970, 0 when it can't be read) and one line to keep of
it, b"" for nothing; `seconds` is how long to read at most. The body of the answer is what was kept, line by line, and
a last line about the reading:

    {"earful": {"first": 1780488000000000, "cursor": 1780488060000000, "live": true, "unread": 0, "end": "caught up"}}

Streams drop, repeat and reorder. So the place in one (`first`, then `cursor`) is the middle of some times that follow
each other: an event with another clock moves it nowhere. It is live when that is the present by the server's clock.
"""

import json
import ssl
import statistics
import time
from collections import deque
from collections.abc import Callable
from datetime import UTC, datetime
from typing import TypeAlias

import httpx
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidStatus
from websockets.sync.client import ClientConnection, connect

from earful.connectors import text
from earful.connectors.transport import Guard
from earful.connectors.types import Unreachable

Keep: TypeAlias = Callable[[bytes], tuple[int, bytes]]

SCHEMES = {"ws": 80, "wss": 443}
MESSAGE = 1_000_000  # bytes of one message at most
TIMES = 9  # that a place is the middle of
LIVE = 5_000_000  # microseconds behind the present that count as live
QUIET = 10.0  # seconds without a message
CLOSING = 1.0  # seconds for the end of a conversation
_LAST = 1_000  # bytes for the last line


def read(request: httpx.Request, guard: Guard, tls: ssl.SSLContext, opening: float, limit: int) -> httpx.Response:
    """Reads a stream until it is live, its time is over, it is silent, it ends, or `limit` bytes are kept.

    `opening` is how many seconds the handshake may take. A refused one is answered with its status, a redirect too:
    it is not followed. Raises Unreachable and OSError when no conversation comes about.
    """
    scheme, host = request.url.scheme, request.url.host
    socket = guard.connect_tcp(host, request.url.port or SCHEMES[scheme]).get_extra_info("socket")
    socket.settimeout(None)
    try:
        stream = connect(
            str(request.url),
            sock=socket,
            ssl=tls if scheme == "wss" else None,
            proxy=None,
            user_agent_header=request.headers.get("user-agent"),
            open_timeout=opening,
            ping_interval=None,
            close_timeout=CLOSING,
            max_size=MESSAGE,
        )
    except InvalidStatus as error:
        return httpx.Response(error.response.status_code, headers=list(error.response.headers.raw_items()))
    except InvalidHandshake as error:
        raise Unreachable(f"no stream was opened: {str(error)[:200] or type(error).__name__}") from error
    with stream:
        content = _kept(stream, request.extensions["keep"], request.extensions["seconds"], limit - _LAST)
    return httpx.Response(200, content=content)


def _kept(stream: ClientConnection, keep: Keep, seconds: float, room: int) -> bytes:
    began = time.monotonic()
    said = stream.response.headers.get_all("date") if stream.response else []
    present = (text.moment(said[0] if said else None) or datetime.now(UTC)).timestamp() - began
    lines, latest = list[bytes](), deque[int](maxlen=TIMES)
    first = place = unread = 0
    live, end = False, "its time is over"
    while (left := began + seconds - time.monotonic()) > 0:
        try:
            message = stream.recv(timeout=min(left, QUIET), decode=False)
        except TimeoutError:
            end = "it fell silent"
            break
        except ConnectionClosed as error:
            end = f"it ended: {error}"
            break
        when, line = keep(message)
        if len(line) >= room:
            end = "there is no room for more"
            break
        if line:
            lines.append(line)
            room -= len(line) + 1
        if not when:
            unread += 1
            continue
        latest.append(when)
        place = statistics.median_low(latest)
        if len(latest) < TIMES:
            continue
        first = first or place
        if place >= (present + time.monotonic()) * 1e6 - LIVE:
            live, end = True, "caught up"
            break
    told = {"first": first or place, "cursor": place, "live": live, "unread": unread, "end": end[:200]}
    return b"\n".join([*lines, json.dumps({"earful": told}).encode()])

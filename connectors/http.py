"""Fetches one answer: the one way to the network, on guard against what a server can do to its caller.

Nothing hangs (one deadline for names, connection, headers, body and redirects together), nothing floods (a cap on the
decompressed stream), nothing leads inside (every address is checked, and the checked one is connected to), nothing is
hammered (one connection to a host at a time, with a pause between), and no answer passes for one that it is not.
"""

import contextlib
import random
import ssl
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import UTC, datetime
from email.utils import format_datetime
from importlib.metadata import version
from typing import Any

import certifi
import httpcore
import httpx

from earful.connectors import body, limits, stream, verdict
from earful.connectors.transport import Guard, Network
from earful.connectors.types import ConnectorError, RateLimited, Unreachable

REDIRECTS = 5
LONGEST_PAUSE = 600.0  # seconds; what an earlier run says beyond that was said by another clock
HARMLESS = {"user-agent", "accept", "accept-encoding", "accept-language", "if-none-match", "if-modified-since"}
_NETWORK_ERRORS = (
    *(httpx.HTTPError, httpx.InvalidURL, httpcore.TimeoutException, httpcore.NetworkError),
    *(httpcore.ProtocolError, httpcore.UnsupportedProtocol, OSError, UnicodeError),
)


class Client:
    """Fetches answers, one at a time from each host; may be shared between threads.

    deadline: seconds for one fetch, redirects included; limit: bytes of a body after decompression;
    allow: hosts ("wiki.intranet") and networks ("10.0.0.0/8") that may be asked although they are not public;
    spacing: seconds between two requests to one host, up to half as much is added by chance; a connector that needs
    more says so in its request's extensions, {"spacing": 6.0}; 0 turns all of that off;
    contact: an address or mail that the User-Agent names; tls: for hosts with a certificate authority of their own;
    transport: what answers instead of the network; sleep: how to wait.
    """

    def __init__(
        self,
        *,
        deadline: float = 20.0,
        limit: int = body.LIMIT,
        allow: Iterable[str] = (),
        spacing: float = 2.0,
        contact: str = "",
        tls: ssl.SSLContext | None = None,
        transport: httpx.BaseTransport | None = None,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._deadline, self._limit, self._spacing, self._sleep = deadline, limit, spacing, sleep
        self._allow = frozenset(name.lower() for name in allow)
        self._tls = tls or ssl.create_default_context(cafile=certifi.where())
        self._transport = transport
        note = f"+{contact}" if contact else "self-hosted social listening"
        self._headers = {"user-agent": f"earful/{version('earful')} ({note})", "accept-encoding": "gzip"}
        self._guard, self._turns, self._ready = threading.Lock(), dict[str, threading.Lock](), dict[str, float]()

    def fetch(self, request: httpx.Request) -> httpx.Response:
        """Returns the whole answer when its status is 200 or 304; redirects followed are in its `history`.

        Its Date header is by our clock. Raises RateLimited, Blocked, Gone or ConnectorError, whose messages name the
        host, what failed and what to do, and never the address, which may hold a key.
        """
        response = self._exchange(request)
        verdict.check(response, datetime.now(UTC))
        return response

    def deliver(self, request: httpx.Request) -> None:
        """Sends a message of ours; any status from 200 to 299 means that it was taken, whatever follows it.

        Raises RateLimited when the host names a time to wait, Unreachable when no answer came, else ConnectorError.
        """
        request.extensions = {**request.extensions, "status_alone": True}
        response = self._exchange(request)
        after = None if response.is_success else limits.pause(response, datetime.now(UTC))
        if after is not None and response.status_code in (429, 503):
            host, status = request.url.host, response.status_code
            raise RateLimited(f"{host}: answered {status}, wants to be left alone for {after:.0f} s", after)
        if not response.is_success:
            raise ConnectorError(f"{request.url.host}: answered {response.status_code}; the message was not taken")

    def _exchange(self, request: httpx.Request) -> httpx.Response:
        host = request.url.host
        spacing = max(self._spacing, request.extensions.get("spacing", 0.0)) if self._spacing else 0.0
        with self._turn(host, spacing):
            try:
                return self._listen(request) if request.url.scheme in stream.SCHEMES else self._follow(request)
            except (httpx.TimeoutException, httpcore.TimeoutException, TimeoutError) as error:
                raise Unreachable(f"{host}: no whole answer within {self._deadline:g} s; asked again later") from error
            except _NETWORK_ERRORS as error:
                reason = str(error)[:200] or type(error).__name__
                raise Unreachable(f"{host}: the answer did not come through: {reason}; asked again later") from error
            except Unreachable as error:
                raise Unreachable(f"{host}: {error}") from error
            except ConnectorError as error:
                raise ConnectorError(f"{host}: {error}") from error

    def pauses(self) -> dict[str, float]:
        """Tells for how many seconds each host is still left alone, those asked a moment ago."""
        now = time.monotonic()
        return {host: ready - now for host, ready in list(self._ready.items()) if ready > now}

    def resume(self, pauses: Mapping[str, float]) -> None:
        """Takes over the pauses of an earlier client, as `pauses` told them; none is longer than LONGEST_PAUSE."""
        now = time.monotonic()
        for host, seconds in pauses.items():
            self._ready[host] = max(self._ready.get(host, 0.0), now + min(seconds, LONGEST_PAUSE))

    @contextlib.contextmanager
    def _turn(self, host: str, spacing: float) -> Iterator[None]:
        with self._guard:
            turn = self._turns.setdefault(host, threading.Lock())
        with turn:
            if (wait := self._ready.get(host, 0.0) - time.monotonic()) > 0:
                self._sleep(wait)
            try:
                yield
            finally:
                self._ready[host] = time.monotonic() + spacing * random.SystemRandom().uniform(1, 1.5)

    def _listen(self, request: httpx.Request) -> httpx.Response:
        headers = {**self._headers, **request.headers}
        request = httpx.Request(request.method, request.url, headers=headers, extensions=request.extensions)
        if self._transport:
            answer = self._transport.handle_request(request)
        else:
            guard = Guard(self._allow, time.monotonic() + self._deadline)
            answer = stream.read(request, guard, self._tls, self._deadline, self._limit)
        answer.request = request
        return self._whole(answer, time.monotonic() + self._deadline, [])

    def _follow(self, request: httpx.Request) -> httpx.Response:
        ends = time.monotonic() + self._deadline
        headers = {**self._headers, **request.headers}
        request = httpx.Request(
            request.method, request.url, headers=headers, content=request.read(), extensions=request.extensions
        )
        history: list[httpx.Response] = []
        with contextlib.ExitStack() as stack:
            transport = self._transport or stack.enter_context(Network(self._tls, Guard(self._allow, ends)))
            while True:
                if request.url.scheme not in ("http", "https"):
                    raise ConnectorError(f"an address of the kind {request.url.scheme[:20]!r} is not followed")
                answer = transport.handle_request(request)
                with contextlib.closing(answer):
                    answer.request = request
                    if not answer.has_redirect_location:
                        return self._whole(answer, ends, history)
                history.append(httpx.Response(answer.status_code, headers=answer.headers, request=request))
                if len(history) > REDIRECTS:
                    raise ConnectorError(
                        f"more than {REDIRECTS} redirects; open the address in a browser and update it"
                    )
                request = _redirected(request, answer.headers["location"])

    def _whole(self, answer: httpx.Response, ends: float, history: list[httpx.Response]) -> httpx.Response:
        try:
            content = b"" if answer.status_code == 304 else self._content(answer, ends)
        except (ConnectorError, *_NETWORK_ERRORS):
            if answer.status_code == 200 and not answer.request.extensions.get("status_alone"):
                raise
            content = b""  # the status alone says what is wrong
        headers = httpx.Headers(answer.headers)
        for name in ("content-encoding", "content-length", "transfer-encoding"):
            headers.pop(name, None)
        headers["date"] = format_datetime(datetime.now(UTC), usegmt=True)  # the server's clock may be wrong
        return httpx.Response(
            answer.status_code, headers=headers, content=content, request=answer.request, history=history
        )

    def _content(self, answer: httpx.Response, ends: float) -> bytes:
        encoding = answer.headers.get("content-encoding", "").strip().lower()
        if encoding not in ("", "identity", "gzip", "x-gzip"):
            raise ConnectorError(f"the answer is encoded as {encoding[:40]!r}, which nobody asked for")
        chunks = _until(ends, answer.stream)
        if encoding.endswith("gzip"):
            return body.gunzip(chunks, self._limit)
        out = bytearray()
        for chunk in chunks:
            out += chunk
            if len(out) > self._limit:
                raise ConnectorError(f"the answer is longer than {self._limit:,} bytes")
        return bytes(out)


def _redirected(request: httpx.Request, location: str) -> httpx.Request:
    if request.method != "GET":
        raise ConnectorError(f"a {request.method} request was redirected, which is not followed")
    url = request.url.join(location)
    at_home = url.host == request.url.host and url.scheme == "https"
    kept = {
        name: value
        for name, value in request.headers.items()
        if name.lower() in HARMLESS or (at_home and name.lower() != "host")
    }
    told = {name: value for name, value in request.extensions.items() if at_home or name != "signed"}
    return httpx.Request("GET", url, headers=kept, extensions=told)


def _until(ends: float, chunks: Any) -> Iterator[bytes]:
    for chunk in chunks:
        if time.monotonic() > ends:
            raise TimeoutError
        yield chunk

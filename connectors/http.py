"""Fetches one answer: the only module that touches the network, on guard against what a server can do to its caller.

Nothing hangs (one deadline for names, connection, headers, body and redirects together), nothing floods (a cap on the
decompressed stream), nothing leads inside (every address is checked, and the checked one is connected to), nothing is
hammered (one connection to a host at a time, with a pause between), and no answer passes for one that it is not.
"""

import contextlib
import queue
import random
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime
from email.utils import format_datetime
from importlib.metadata import version
from typing import Any

import certifi
import httpcore
import httpx

from earful.connectors import addresses, body, verdict
from earful.connectors.types import ConnectorError

REDIRECTS = 5
TRY = 5.0  # seconds for one of the addresses of a host
_NETWORK_ERRORS = (
    *(httpx.HTTPError, httpx.InvalidURL, httpcore.TimeoutException, httpcore.NetworkError),
    *(httpcore.ProtocolError, httpcore.UnsupportedProtocol, OSError, UnicodeError),
)


class Client:
    """Fetches answers, one at a time from each host; may be shared between threads.

    deadline: seconds for one fetch, redirects included; limit: bytes of a body after decompression;
    allow: hosts ("wiki.intranet") and networks ("10.0.0.0/8") that may be asked although they are not public;
    spacing: seconds between two requests to one host, up to half as much is added by chance;
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
        self._headers = {"User-Agent": f"earful/{version('earful')} ({note})", "Accept-Encoding": "gzip"}
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
        """Sends a message of ours; any status from 200 to 299 means that it was taken, else ConnectorError says why."""
        response = self._exchange(request)
        if not response.is_success:
            raise ConnectorError(f"{request.url.host}: answered {response.status_code}; the message was not taken")

    def _exchange(self, request: httpx.Request) -> httpx.Response:
        host = request.url.host
        with self._turn(host):
            try:
                return self._follow(request)
            except (httpx.TimeoutException, httpcore.TimeoutException, TimeoutError) as error:
                raise ConnectorError(
                    f"{host}: no whole answer within {self._deadline:g} s; asked again later"
                ) from error
            except _NETWORK_ERRORS as error:
                reason = str(error)[:200] or type(error).__name__
                raise ConnectorError(f"{host}: the answer did not come through: {reason}; asked again later") from error
            except ConnectorError as error:
                raise ConnectorError(f"{host}: {error}") from error

    @contextlib.contextmanager
    def _turn(self, host: str) -> Iterator[None]:
        with self._guard:
            turn = self._turns.setdefault(host, threading.Lock())
        with turn:
            if (wait := self._ready.get(host, 0.0) - time.monotonic()) > 0:
                self._sleep(wait)
            try:
                yield
            finally:
                self._ready[host] = time.monotonic() + self._spacing * random.SystemRandom().uniform(1, 1.5)

    def _follow(self, request: httpx.Request) -> httpx.Response:
        ends = time.monotonic() + self._deadline
        headers = {**self._headers, **request.headers}
        request = httpx.Request(request.method, request.url, headers=headers, content=request.read())
        history: list[httpx.Response] = []
        with contextlib.ExitStack() as stack:
            transport = self._transport or stack.enter_context(_Network(self._tls, _Guard(self._allow, ends)))
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
            if answer.status_code == 200:
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
    private = {"authorization", "cookie"} if url.host != request.url.host or url.scheme != "https" else set()
    kept = {name: value for name, value in request.headers.items() if name.lower() not in {"host", *private}}
    return httpx.Request("GET", url, headers=kept)


def _until(ends: float, chunks: Any) -> Iterator[bytes]:
    for chunk in chunks:
        if time.monotonic() > ends:
            raise TimeoutError
        yield chunk


class _Network(httpx.BaseTransport):
    """Carries requests over httpcore, as httpx's own transport does, but through our guard."""

    def __init__(self, tls: ssl.SSLContext, guard: "_Guard") -> None:
        self._pool = httpcore.ConnectionPool(ssl_context=tls, network_backend=guard)

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Returns the answer's head; its stream is read by the caller."""
        url = httpcore.URL(
            scheme=request.url.raw_scheme,
            host=request.url.raw_host,
            port=request.url.port,
            target=request.url.raw_path,
        )
        asked = httpcore.Request(request.method, url, headers=request.headers.raw, content=request.read())
        answer = self._pool.handle_request(asked)
        return httpx.Response(answer.status, headers=answer.headers, stream=_Stream(answer))

    def close(self) -> None:
        """Closes every connection."""
        self._pool.close()


class _Stream(httpx.SyncByteStream):
    def __init__(self, answer: httpcore.Response) -> None:
        self._answer = answer

    def __iter__(self) -> Iterator[bytes]:
        yield from self._answer.iter_stream()

    def close(self) -> None:
        self._answer.close()


class _Guard(httpcore.NetworkBackend):
    """Resolves a name once, checks the addresses, connects to a checked one, and keeps the deadline at every step."""

    def __init__(self, allow: frozenset[str], ends: float) -> None:
        self._allow, self._ends, self._plain = allow, ends, httpcore.SyncBackend()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ARG002 - the deadline counts
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.NetworkStream:
        """Opens a connection to the first address that takes it."""
        error: Exception = ConnectorError("its name has no address")
        for address in self._addresses(host, port):
            try:
                stream = self._plain.connect_tcp(
                    address, port, min(_left(self._ends), TRY), local_address, socket_options
                )
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as failure:
                error = failure
            else:
                return _Kept(stream, self._ends)
        raise error

    def _addresses(self, host: str, port: int) -> list[str]:
        found = _resolve(host, port, _left(self._ends))
        refused = [address for address in found if not addresses.permitted(host, address, self._allow)]
        if refused:
            raise ConnectorError(f"{host} is at {refused[0]}, not on the public internet; if you mean it, allow it")
        return found[:4]


class _Kept(httpcore.NetworkStream):
    """A connection on which no read or write passes the deadline."""

    def __init__(self, stream: httpcore.NetworkStream, ends: float) -> None:
        self._stream, self._ends = stream, ends

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:  # noqa: ARG002
        return self._stream.read(max_bytes, _left(self._ends))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:  # noqa: ARG002
        self._stream.write(buffer, _left(self._ends))

    def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,  # noqa: ARG002
    ) -> httpcore.NetworkStream:
        return _Kept(self._stream.start_tls(ssl_context, server_hostname, _left(self._ends)), self._ends)

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)

    def close(self) -> None:
        self._stream.close()


def _left(ends: float) -> float:
    left = ends - time.monotonic()
    if left <= 0:
        raise TimeoutError
    return left


def _resolve(host: str, port: int, seconds: float) -> list[str]:
    """Asks for the addresses of a name in a thread of its own, because the system's resolver knows no deadline."""
    answers: queue.SimpleQueue[list[str] | Exception] = queue.SimpleQueue()

    def ask() -> None:
        try:
            found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError) as error:
            answers.put(error)
        else:
            answers.put(list(dict.fromkeys(str(entry[4][0]) for entry in found)))

    threading.Thread(target=ask, daemon=True).start()
    try:
        answer = answers.get(timeout=seconds)
    except queue.Empty:
        raise TimeoutError from None
    if isinstance(answer, Exception):
        raise ConnectorError(f"its name cannot be resolved ({answer}); check the spelling and the network") from answer
    return answer

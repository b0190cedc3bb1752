"""Carries requests over the network, on guard: every name is resolved once, its addresses are checked, a checked one is
connected to, and the deadline is kept at every step."""

import queue
import socket
import ssl
import threading
import time
from collections.abc import Iterable, Iterator
from typing import Any

import httpcore
import httpx

from earful.connectors import addresses
from earful.connectors.types import ConnectorError, Unreachable

TRY = 5.0  # seconds for one of the addresses of a host


class Network(httpx.BaseTransport):
    """Carries requests over httpcore, as httpx's own transport does, but through our guard."""

    def __init__(self, tls: ssl.SSLContext, guard: "Guard") -> None:
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


class Guard(httpcore.NetworkBackend):
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
            mend = "if you mean it, name it under allow in earful.toml"
            raise ConnectorError(f"{host} is at {refused[0]}, not on the public internet; {mend}")
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
        raise Unreachable(f"its name cannot be resolved ({answer}); check the spelling and the network") from answer
    return answer

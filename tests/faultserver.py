"""A local server that does what servers do wrong, one route for each fault.

Reach it as http://localhost:PORT with "localhost" allowed: then its redirects to 127.0.0.1 in other spellings must be
refused. It keeps every request in `requests`; what reaches the port behind `inner` has broken in, and counts in `hits`.
"""

import gzip
import socketserver
import ssl
import subprocess
import threading
import time
import zlib
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from functools import cache
from pathlib import Path
from types import TracebackType
from typing import Any

import httpx
import pytest

from earful.connectors.http import Client

FEED = b"""<?xml version="1.0"?><rss version="2.0"><channel><title>Kettles</title>
<item><guid isPermaLink="false">kettle-1</guid><title>The lid leaks</title><link>https://kettles.example/1</link>
<pubDate>Mon, 01 Jun 2026 20:00:00 GMT</pubDate></item>
<item><guid isPermaLink="false">kettle-2</guid><title>Support was kind</title><link>https://kettles.example/2</link>
<pubDate>Tue, 02 Jun 2026 08:00:00 GMT</pubDate></item></channel></rss>"""
LOGIN = b"<!DOCTYPE html><html><head><title>Log in</title></head><body>Please log in</body></html>"
SPELLINGS = ("127.0.0.1", "2130706433", "[::ffff:127.0.0.1]", "0.0.0.0", "[::1]", "127.1", "0x7f000001")
PRIVATE = ("169.254.169.254", "10.0.0.1", "192.168.0.1", "100.64.0.1", "[fe80::1]", "[64:ff9b::7f00:1]")
TOLD = {"seconds": "120", "soon": "1", "nonsense": "soonish", "negative": "-30", "decade": "315360000", "none": None}


class FaultServer:
    """Serves the faults from a thread until closed; `feed` and `etag` may be changed while it runs.

    `portal` is where /feed leads for good, as long as it is set: a captive portal on the way answers in its place.
    """

    def __init__(self) -> None:
        self.requests: list[tuple[str, dict[str, str]]] = []
        self.hits = 0
        self.feed, self.etag, self.portal = FEED, '"v1"', ""
        self.closing = threading.Event()
        self._outer, self._inner = _serve(self, _Faults), _serve(self, _Inside)
        self.port, self.inner = self._outer.server_address[1], self._inner.server_address[1]
        self.address = f"http://localhost:{self.port}"

    def __enter__(self) -> "FaultServer":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Lets every hanging answer go and stops both servers."""
        self.closing.set()
        for server in (self._outer, self._inner):
            server.shutdown()
            server.server_close()


class _Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True
    faults: FaultServer


class _Handler(socketserver.StreamRequestHandler):
    server: _Server

    def head(self) -> tuple[str, dict[str, str]]:
        path = self.rfile.readline(65_536).decode("latin-1").split(" ")[1:2]
        headers = {}
        while (line := self.rfile.readline(65_536).decode("latin-1").strip()) != "":
            name, _, value = line.partition(":")
            headers[name.lower()] = value.strip()
        return (path or [""])[0], headers


class _Inside(_Handler):
    def handle(self) -> None:
        self.server.faults.hits += 1
        self.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 15\r\n\r\nINTERNAL SECRET")


class _Faults(_Handler):
    def handle(self) -> None:
        path, headers = self.head()
        faults = self.server.faults
        faults.requests.append((path, headers))
        name, _, rest = path.partition("?")[0].strip("/").partition("/")
        try:
            answer = getattr(self, f"do_{name}", None)
            if answer is not None:
                answer(rest)
            elif name.isdigit():
                self.send(int(name), b'{"message": "no"}', **{"Content-Type": "application/json"})
            else:
                self.send(404)
        except (BrokenPipeError, ConnectionResetError):
            return  # the caller has had enough, which is what most faults are about

    def send(self, status: int, content: bytes = b"", **headers: str) -> None:
        fields = {
            "Content-Length": str(len(content)),
            **{key.replace("_", "-"): value for key, value in headers.items()},
        }
        head = "".join(f"{key}: {value}\r\n" for key, value in fields.items())
        self.wfile.write(f"HTTP/1.1 {status} Said\r\n{head}\r\n".encode() + content)

    def drip(self, content: bytes) -> None:
        for byte in content:
            if self.server.faults.closing.wait(0.1):
                return
            self.wfile.write(bytes([byte]))

    def do_feed(self, _: str) -> None:
        faults = self.server.faults
        if faults.portal:
            self.send(301, Location=faults.portal)
        elif faults.requests[-1][1].get("if-none-match") == faults.etag:
            self.send(304, ETag=faults.etag)
        else:
            self.send(200, faults.feed, ETag=faults.etag, **{"Content-Type": "application/rss+xml"})

    def do_gzip(self, _: str) -> None:
        self.send(200, gzip.compress(self.server.faults.feed), Content_Encoding="gzip")

    def do_moved(self, status: str) -> None:
        self.send(int(status or 301), Location="/feed")

    def do_hang(self, _: str) -> None:
        self.server.faults.closing.wait(60)

    def do_slowheaders(self, _: str) -> None:
        self.drip(b"HTTP/1.1 200 OK\r\n" + b"X-Padding: more\r\n" * 1_000)

    def do_slowbody(self, _: str) -> None:
        self.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")
        self.drip(b"x" * 100_000)

    def do_infinite(self, _: str) -> None:
        self.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Type: application/rss+xml\r\n\r\n<rss>")
        while not self.server.faults.closing.is_set():
            self.wfile.write(b"<item/>" * 10_000)

    def do_infiniteredirect(self, _: str) -> None:
        self.wfile.write(b"HTTP/1.1 302 Found\r\nLocation: /feed\r\n\r\n")
        while not self.server.faults.closing.is_set():
            self.wfile.write(b"x" * 65_536)

    def do_gzbomb(self, _: str) -> None:
        self.send(200, bomb(), Content_Encoding="gzip")

    def do_gzgz(self, _: str) -> None:
        self.send(200, gzip.compress(gzip.compress(FEED)), Content_Encoding="gzip, gzip")

    def do_br(self, _: str) -> None:
        self.send(200, b"\x0b\x02\x80not really brotli\x03", Content_Encoding="br")

    def do_lyinggzip(self, _: str) -> None:
        self.send(200, FEED, Content_Encoding="gzip")

    def do_cutgzip(self, _: str) -> None:
        self.send(200, gzip.compress(FEED)[:-40], Content_Encoding="gzip")

    def do_loop(self, step: str) -> None:
        self.send(302, Location=f"/loop/{int(step or 0) + 1}")

    def do_tofile(self, _: str) -> None:
        self.send(302, Location="file:///etc/passwd")

    def do_tolocal(self, host: str) -> None:
        self.send(302, Location=f"http://{host}:{self.server.faults.inner}/")

    def do_short(self, _: str) -> None:
        self.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n" + FEED[:200])

    def do_empty(self, _: str) -> None:
        self.send(200, Content_Type="application/json")

    def do_login(self, _: str) -> None:
        self.send(200, LOGIN, Content_Type="text/html")

    def do_halfjson(self, _: str) -> None:
        self.send(200, b'{"hits": [{"objectID": "1", "title": "half', Content_Type="application/json")

    def do_429(self, told: str) -> None:
        self.limit(429, told)

    def do_503(self, told: str) -> None:
        self.limit(503, told)

    def limit(self, status: int, told: str) -> None:
        later = {"date": format_datetime(datetime.now(UTC) + timedelta(hours=2), usegmt=True)}
        after = (TOLD | later)[told or "none"]
        self.send(status, b"slow down", **({} if after is None else {"Retry-After": after}))


def client(**settings: Any) -> Client:
    """Builds a client that may ask the fault server, in a hurry."""
    return Client(**{"deadline": 1.0, "spacing": 0, "allow": ["localhost"], **settings})


def fetch(faults: FaultServer, path: str, **settings: Any) -> httpx.Response:
    """Asks the fault server for a path."""
    return client(**settings).fetch(httpx.Request("GET", f"{faults.address}{path}"))


@cache
def bomb(megabytes: int = 200) -> bytes:
    """Builds a gzip stream that unpacks to a thousand times its size."""
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    return b"".join(packer.compress(bytes(1_000_000)) for _ in range(megabytes)) + packer.flush()


def _serve(faults: FaultServer, handler: Callable[..., _Handler]) -> _Server:
    server = _Server(("127.0.0.1", 0), handler)
    server.faults = faults
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    return server


if __name__ == "__main__":
    with FaultServer() as shown:
        print(shown.address, flush=True)
        while True:
            time.sleep(3600)


def certified(folder: Path) -> tuple[ssl.SSLContext, ssl.SSLContext]:
    """Makes a certificate for localhost; gives what serves it and what trusts it."""
    made = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", "key.pem", "-out", "certificate.pem"]
    made += ["-days", "2", "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"]
    try:
        subprocess.run(made, cwd=folder, check=True, capture_output=True)
    except FileNotFoundError:
        pytest.skip("openssl is not installed")
    served = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    served.load_cert_chain(folder / "certificate.pem", folder / "key.pem")
    return served, ssl.create_default_context(cafile=str(folder / "certificate.pem"))

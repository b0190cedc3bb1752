"""A thousand feeds of a real local server, a fifth of its hosts at fault: how fast, how politely, how fairly.

    python benchmarks/politeness.py [--hosts 250] [--feeds 4] [--bad 50] [--light]

Every host has a name of its own, all at one local server. The same feeds are collected twice into empty stores: from
the good hosts alone, then with the bad ones among them, which hang, drip, fail, wall off, want to be left alone, or
hang up. Politeness is what the server saw: requests of one host at once, and the shortest pause between two of them.
Then one feed is read by our reader and by bare feedparser.
"""

import argparse
import itertools
import json
import socket
import statistics
import tempfile
import threading
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import feedparser
import httpx
from collect import Memory
from collect import feed as make

from earful.connectors import rss
from earful.connectors.http import Client
from earful.data.database import Database
from earful.flows import collect, run
from earful.flows.config import load
from earful.flows.report import utc_now

ITEMS = 30
SPACING = 2.0  # seconds, as in production
FAULTS = ("hang", "drip", "500", "wall", "429", "reset")


class Server(ThreadingHTTPServer):
    """Answers for every host; `seen` lists when each host's requests came and went."""

    daemon_threads, request_queue_size = True, 256

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.seen: dict[str, list[tuple[float, float]]] = defaultdict(list)
        self.feeds: dict[tuple[str, str], bytes] = {}
        self.closing = threading.Event()

    def handle_error(self, request: object, client_address: object) -> None:
        """Says nothing: the other side hung up, as it should."""


class Handler(BaseHTTPRequestHandler):
    """One request; the host's name says what is wrong with it."""

    server: Server

    def log_message(self, *_: object) -> None:
        """Keeps quiet."""

    def do_GET(self) -> None:
        """Answers as the host does."""
        began, host = time.monotonic(), self.headers["Host"].partition(":")[0]
        try:
            with suppress(OSError):
                self.answer(host.partition("-")[0], self.server.feeds[host, self.path])
        finally:
            self.server.seen[host].append((began, time.monotonic()))

    def answer(self, kind: str, content: bytes) -> None:
        """Sends a feed, or what is wrong."""
        if kind == "hang":
            self.server.closing.wait(60)
        elif kind == "drip":
            self.head(200, len(content))
            for at in range(len(content)):
                self.wfile.write(content[at : at + 1])
                if self.server.closing.wait(0.5):
                    return
        elif kind == "reset":
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
            self.connection.close()
        else:
            status = {"500": 500, "429": 429}.get(kind, 200)
            body = b"<!doctype html><html><body>Are you a robot?</body></html>" if kind == "wall" else content
            self.head(status, len(body), {"Retry-After": "120"} if kind == "429" else {})
            self.wfile.write(body)

    def head(self, status: int, length: int, more: dict[str, str] | None = None) -> None:
        """Sends status and headers."""
        self.send_response(status)
        for name, value in {"Content-Length": str(length), **(more or {})}.items():
            self.send_header(name, value)
        self.end_headers()


def small(number: int, now: datetime) -> bytes:
    """Builds a JSON Feed of one item, which costs next to nothing to read."""
    item = {"id": f"{number}", "content_text": "kettle", "date_published": now.isoformat()}
    return json.dumps({"version": "https://jsonfeed.org/version/1.1", "title": "small", "items": [item]}).encode()


@contextmanager
def serving(names: list[str], feeds: int, light: bool) -> Iterator[Server]:
    """Runs a server whose hosts are found under their names."""
    server, now = Server(), datetime.now(UTC)
    server.feeds = {
        (name, f"/{at}"): (small(at, now) if light else make(at, ITEMS, now)) for name in names for at in range(feeds)
    }
    real = socket.getaddrinfo
    local = real("127.0.0.1", server.server_port, type=socket.SOCK_STREAM)
    socket.getaddrinfo = lambda host, *rest, **more: local if host in names else real(host, *rest, **more)  # type: ignore[assignment]
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield server
    finally:
        server.closing.set()
        socket.getaddrinfo = real
        server.shutdown()
        server.server_close()


def once(names: list[str], feeds: int, light: bool = False) -> None:
    """Collects every feed once and prints a row."""
    with serving(names, feeds, light) as server, tempfile.TemporaryDirectory() as folder:
        sources = "".join(
            f'[[sources]]\nconnector = "rss"\ntarget = "http://{name}:{server.server_port}/{at}"\n'
            for name in names
            for at in range(feeds)
        )
        path = Path(folder, "earful.toml")
        path.write_text(f'[[brands]]\nname = "Kettle"\nmatch = "kettle"\n{sources}', encoding="utf-8")
        config = load(path)
        client = Client(spacing=SPACING, allow=["127.0.0.0/8"])
        job = run.Job(Database(config.store_folder), config, client, utc_now, lambda *_: None)
        run.prepare(job)
        memory = Memory()
        memory.start()
        began = time.monotonic()
        reports = collect.collect(job.database, config, client, utc_now, job.progress)
        seconds = time.monotonic() - began
        memory.stop.set()
        good = [name for name in names if name.startswith("good")]
        ends = sorted(max(end for _, end in server.seen[name]) - began for name in good)
        starts = [sorted(server.seen[name]) for name in good]  # a server does not see when we leave what hangs
        pauses = [after[0] - before[1] for times in starts for before, after in itertools.pairwise(times)]
        shortest = min(pauses, default=0.0)
        at_once = max(sum(one[0] <= at[0] < one[1] for one in times) for times in starts for at in times)
    fine = sum(report.state == "fine" for report in reports)
    print(
        f"| {len(names):,} hosts, {len(names) - len(good)} bad | {fine:,} of {len(names) * feeds:,} | {seconds:.0f} s |"
        f" {fine / seconds:.1f} | {ends[len(ends) // 2]:.0f}, {ends[-1]:.0f} s | {at_once} | {shortest:.1f} s |"
        f" {memory.peak / 2**20:,.0f} MiB |"
    )


def parsing(rounds: int = 10) -> None:
    """Compares our reading of one feed with bare feedparser's."""
    content = make(1, 100, datetime.now(UTC))
    answer = httpx.Response(200, content=content, request=httpx.Request("GET", "https://feed.example/1"))
    ours, bare = [], []
    for _ in range(rounds):
        began = time.perf_counter()
        assert len(rss.parse(answer, {}).mentions) == 100
        ours.append(time.perf_counter() - began)
        began = time.perf_counter()
        assert len(feedparser.parse(content).entries) == 100
        bare.append(time.perf_counter() - began)
    mine, theirs = statistics.median(ours), statistics.median(bare)
    print(
        f"\na feed of 100 items, {len(content) / 1000:.0f} kB: {1000 * mine:.0f} ms with a process of its own and all"
        f" fields cleaned, bare feedparser {1000 * theirs:.0f} ms ({mine / theirs:.1f} times)"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--hosts", type=int, default=250)
    parser.add_argument("--feeds", type=int, default=4)
    parser.add_argument("--light", action="store_true", help="feeds of one item in JSON: waiting counts, not reading")
    parser.add_argument("--bad", type=int, help="how many of the hosts are at fault, a fifth if not said")
    options = parser.parse_args()
    count = options.hosts // 5 if options.bad is None else options.bad
    bad = [f"{FAULTS[at % len(FAULTS)]}-{at}.example" for at in range(count)]
    good = [f"good-{at}.example" for at in range(options.hosts - len(bad))]
    mixed = [name for pair in itertools.zip_longest(good, bad) for name in pair if name]
    print("| feeds | fine | took | feeds/s | good hosts done: middle, last | at once | shortest pause | peak memory |")
    print("|---|---:|---:|---:|---:|---:|---:|---:|")
    once(good, options.feeds, options.light)
    once(mixed, options.feeds, options.light)
    parsing()


if __name__ == "__main__":
    main()

"""Mentions a second and peak memory: 100 feeds of 100 items each, asked, landed, read and kept.

    python benchmarks/collect.py [--feeds 100] [--items 100]

The feeds are made here and answered without a network. All else is as in production: eight hosts at once, every
feed read in a process of its own, every answer landed and synced, one transaction a feed, a snapshot every few seconds.
"""

import argparse
import os
import platform
import tempfile
import threading
import time
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path

import httpx
import psutil

from earful.connectors.http import Client
from earful.data.database import Database, snapshot
from earful.flows import collect, run
from earful.flows.config import load
from earful.flows.report import utc_now

TEXT = (
    "the kettle came late again and nobody at support knew why but the refund was quick so we shall see what they "
    "say about the second one that leaks from its lid whenever it boils longer than a minute or two"
)
WORDS = TEXT.split()


def feed(number: int, items: int, now: datetime) -> bytes:
    """Makes a feed whose items have some 60 words each, all different."""
    entries = "".join(
        f"<item><guid>{number}-{item}</guid><link>https://feed{number}.example/{item}</link>"
        f"<title>Post {item} of feed {number}</title><author>reader {item % 17}</author>"
        f"<pubDate>{format_datetime(now - timedelta(minutes=7 * item + number))}</pubDate>"
        f"<description>&lt;p&gt;Number {item}: "
        f"{' '.join(WORDS[(number + item * place) % len(WORDS)] for place in range(60))}&lt;/p&gt;</description></item>"
        for item in range(items)
    )
    return f'<?xml version="1.0"?><rss version="2.0"><channel><title>{number}</title>{entries}</channel></rss>'.encode()


class Memory(threading.Thread):
    """Watches the memory of this process and its children together; `peak` is in bytes."""

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self.peak, self.stop = 0, threading.Event()

    def run(self) -> None:
        """Looks every 20 milliseconds."""
        me = psutil.Process()
        while not self.stop.wait(0.02):
            together = 0
            for process in [me, *me.children(recursive=True)]:
                try:
                    together += process.memory_info().rss
                except psutil.NoSuchProcess:  # it ended meanwhile
                    continue
            self.peak = max(self.peak, together)


def main() -> None:
    """Measures and prints a table's row."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--feeds", type=int, default=100)
    parser.add_argument("--items", type=int, default=100)
    options = parser.parse_args()
    now = datetime.now(UTC)
    feeds = {f"feed{number}.example": feed(number, options.items, now) for number in range(options.feeds)}
    client = Client(
        transport=httpx.MockTransport(lambda asked: httpx.Response(200, content=feeds[asked.url.host])), spacing=0
    )
    with tempfile.TemporaryDirectory() as name:
        sources = "".join(f'[[sources]]\nconnector = "rss"\ntarget = "https://{host}/rss"\n' for host in feeds)
        path = Path(name, "earful.toml")
        path.write_text(f'[[brands]]\nname = "Kettle"\nmatch = "kettle"\n{sources}', encoding="utf-8")
        config = load(path)
        job = run.Job(Database(config.store_folder), config, client, utc_now, lambda *_: None)
        run.prepare(job)
        memory = Memory()
        memory.start()
        began = time.perf_counter()
        reports = collect.collect(job.database, config, client, utc_now, job.progress)
        seconds = time.perf_counter() - began
        memory.stop.set()
        failed = [report.error for report in reports if report.error]
        assert not failed, failed[0]
        with snapshot(config.store_folder) as con:
            kept = con.execute("SELECT count(*) FROM mentions").fetchone()[0]
    assert kept == options.feeds * options.items, kept
    print(f"{os.cpu_count()} cores, {platform.machine()}, Python {platform.python_version()}\n")
    print("| feeds | mentions | seconds | mentions/s | peak memory, with children |")
    print("|---:|---:|---:|---:|---:|")
    print(f"| {options.feeds} | {kept:,} | {seconds:.1f} | {kept / seconds:,.0f} | {memory.peak / 2**20:,.0f} MiB |")


if __name__ == "__main__":
    main()

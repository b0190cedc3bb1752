"""The dashboard in a real Chromium: each page's queries, first chart, change of a filter, many readers and a writer.

    python benchmarks/browser.py [--mentions 1000000] [--sessions 20] [--folder DIR] [--runs 3] [--brands 3]

The store is that of `criticism.py`, a year up to now. "First chart" is from a server's first request to the first chart
on screen, in a browser that knows nothing; a filter's change is from the choice of another brand, of which nothing is
remembered, to the charts about it. The memory is the server's. The writer keeps, matches and scores 200 mentions every
five seconds and publishes each time. The time of the server's processor stands beside the time on the clock, which on
a machine where others are at work says little.
"""

import argparse
import os
import shutil
import socket
import statistics
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import httpx
import overview
import pages
import psutil
from playwright.sync_api import Browser, Page, sync_playwright

from earful.dashboard import launch

FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run"]
CHART = "[data-testid='stVegaLiteChart'] canvas, [data-testid='stVegaLiteChart'] svg"
LIST = "[data-testid='stDataFrame']"
SETTLED = "[data-testid='stApp'][data-test-script-state='notRunning']"
PAINTED = "() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))"
PERIODS = ("7d", "90d", "3d", "365d", "24h", "30d")
WATCHED = 30  # seconds for which the memory is watched while the store is written
WRITER = """
import sys, time
from datetime import UTC, datetime
from pathlib import Path
from earful.connectors.types import Mention
from earful.data import store
from earful.data.database import Database
brand, source = sys.argv[2:]
while True:
    now = datetime.now(UTC)
    new = [
        Mention(f"{now.timestamp()} {n}", "https://x.example", f"author {n}", now, "", f"{brand} said {n} at {now}")
        for n in range(200)
    ]
    with Database(Path(sys.argv[1]), 600).transaction() as con:
        store.save_page(con, source, new, now)
        store.save_examined(
            con, "made", [store.Examined(source, one.id, store.digest(one), "en", one.id, (brand,)) for one in new]
        )
        scores = [store.Score(source, one.id, brand, store.digest(one), 0.8, 0.1, 0.1, "negative") for one in new]
        store.save_scores(con, "made", now, scores)
    time.sleep(5)
"""


@dataclass(frozen=True)
class Time:
    """Seconds on the clock, and of the server's processor."""

    clock: float
    processor: float


class Server:
    """The dashboard's process and its address, once it answers; `ready` is how long that took."""

    def __init__(self, folder: Path) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        began = time.perf_counter()
        self.process = subprocess.Popen(
            launch.command(port),
            env={**os.environ, "EARFUL_STORE": str(folder)},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        self.address = f"http://127.0.0.1:{port}"
        self.watched = psutil.Process(self.process.pid)
        while not self._answers():
            time.sleep(0.05)
        self.ready = time.perf_counter() - began

    def _answers(self) -> bool:
        try:
            return httpx.get(f"{self.address}/_stcore/health", timeout=2, trust_env=False).is_success
        except httpx.HTTPError:
            return False

    def processor(self) -> float:
        """Gives the seconds that the processor spent on it."""
        spent = self.watched.cpu_times()
        return float(spent.user + spent.system)

    def memory(self) -> float:
        """Gives the resident memory with its children, in MiB."""
        return sum(one.memory_info().rss for one in [self.watched, *self.watched.children(recursive=True)]) / 2**20

    def stop(self) -> None:
        """Ends it."""
        self.process.terminate()
        self.process.wait(30)


def opened(browser: Browser, server: Server, path: str = "", first: str = CHART) -> tuple[Page, Time]:
    """Opens a page in a fresh browser session, and times it up to the first chart, or to what else is `first`."""
    page = browser.new_context(viewport={"width": 1440, "height": 900}).new_page()
    page.set_default_timeout(300_000)
    began, spent = time.perf_counter(), server.processor()
    page.goto(f"{server.address}/{path}")
    page.locator(first).first.wait_for()
    taken = time.perf_counter() - began
    page.locator(SETTLED).wait_for()
    return page, Time(taken, server.processor() - spent)


def switched(page: Page, server: Server, brand: str) -> Time:
    """Chooses another brand, and times it until the page has settled on it and is painted."""
    page.get_by_role("combobox", name="Brand").click()
    began, spent = time.perf_counter(), server.processor()
    page.get_by_role("option", name=brand).click()
    page.wait_for_url(f"**brand={brand}**")
    page.locator(SETTLED).wait_for()
    page.evaluate(PAINTED)
    return Time(time.perf_counter() - began, server.processor() - spent)


def told(times: Sequence[Time]) -> str:
    """Writes the median and the most of some times."""
    clocks = [one.clock for one in times]
    busy = statistics.median(one.processor for one in times)
    return f"{statistics.median(clocks):.2f} s (most {max(clocks):.2f}; {busy:.2f} s of the processor)"


def alone(browser: Browser, server: Server, runs: int) -> None:
    """Prints the rows of one reader on a fresh server."""
    before = server.memory()
    page, cold = opened(browser, server)
    one = server.memory()
    print(f"| first chart of a fresh server, which answers after {server.ready:.1f} s | {told([cold])} |", flush=True)
    print(f"| first chart in another browser | {told([opened(browser, server)[1] for _ in range(runs)])} |", flush=True)
    page.context.close()
    changes: dict[str, list[Time]] = {"": [], "criticism": [], "mentions": []}
    for path, times in changes.items():
        for period in PERIODS[:runs]:
            page, _ = opened(browser, server, f"{path}?period={period}", LIST if path == "mentions" else CHART)
            times += [switched(page, server, brand) for brand in overview.BRANDS[1:]]
            page.context.close()
        print(f"| another brand chosen on {path.capitalize() or 'Overview'} | {told(times)} |", flush=True)
    print(f"| memory of the server alone, with one reader | {before:.0f}, {one:.0f} MiB |", flush=True)


def together(browser: Browser, server: Server, sessions: int, folder: Path) -> None:
    """Prints the row of many readers on a fresh server while another process writes."""
    command = [sys.executable, "-c", WRITER, str(folder), overview.BRANDS[0], "source 0"]
    writer = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    try:
        readers, times, held = [], [], []
        for _ in range(sessions):
            page, taken = opened(browser, server)
            readers.append(page)
            times.append(taken)
            held.append(server.memory())
        changes = [switched(page, server, overview.BRANDS[1 + place % 2]) for place, page in enumerate(readers[:6])]
        until = time.monotonic() + WATCHED
        while time.monotonic() < until:
            held.append(server.memory())
            time.sleep(0.25)
    finally:
        writer.terminate()
        writer.wait(600)
    each = (held[sessions - 1] - held[0]) / max(sessions - 1, 1)
    print(f"| {sessions} readers while snapshots are published: first chart | {told(times)} |", flush=True)
    print(f"| the same: another brand chosen | {told(changes)} |", flush=True)
    print(f"| the same: memory, the most of it, a reader more | {held[-1]:.0f}, {max(held):.0f}, {each:.1f} MiB |")


def main() -> None:
    """Builds the store, measures, prints rows."""
    asked = overview.parser(__doc__)
    asked.add_argument("--sessions", type=int, default=20)
    asked.add_argument("--runs", type=int, default=3, choices=range(len(PERIODS) + 1), help="0: no lone reader")
    asked.add_argument("--brands", type=int, default=3, help="whose pages' queries are timed; 0: none")
    options = asked.parse_args()
    with overview.prepared(options, pages.up_to_now) as folder:
        measure(folder, options)


def measure(folder: Path, options: argparse.Namespace) -> None:
    """Prints a row for each figure."""
    size = (folder / "main.duckdb").stat().st_size / 1e6
    print(f"a store of {size:,.0f} MB\n\n| what | figure |\n|---|---|", flush=True)
    if options.brands:
        for row in pages.rows(folder, options.brands):
            print(row, flush=True)
    with sync_playwright() as playwright:
        for part in ("alone", "together"):
            browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=FLAGS)
            server = Server(folder)
            try:
                if part == "alone" and options.runs:
                    alone(browser, server, options.runs)
                if part == "together" and options.sessions:
                    together(browser, server, options.sessions, folder)
            finally:
                browser.close()
                server.stop()


if __name__ == "__main__":
    main()

"""The dashboard in a real Chromium: first chart, change of a filter, many readers while the store is written.

    python benchmarks/browser.py [--mentions 1000000] [--sessions 20] [--folder DIR] [--runs 5]

The store is that of `overview.py`, a year up to now. "First chart" is from a fresh server's first request to the first
chart on screen, in a browser that knows nothing; "filter" is from the choice of another brand to the charts about it.
Memory is what the server holds with so many open pages; meanwhile another process publishes snapshots.
"""

import argparse
import os
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

import httpx
import overview
import psutil
from playwright.sync_api import Browser, Page, sync_playwright

from earful.dashboard import launch
from earful.data import database

FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run"]
CHART = "[data-testid='stVegaLiteChart'] canvas, [data-testid='stVegaLiteChart'] svg"
WRITER = """
import sys, time
from pathlib import Path
from earful.data import store
from earful.data.database import Database
at = 0
while True:
    with Database(Path(sys.argv[1])).transaction() as con:
        store.put_setting(con, "written", at)
    at += 1
    time.sleep(5)
"""


def serve(folder: Path) -> tuple["subprocess.Popen[bytes]", str]:
    """Starts the dashboard and waits until it answers."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    process = subprocess.Popen(
        launch.command(port),
        env={**os.environ, "EARFUL_STORE": str(folder)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    address = f"http://127.0.0.1:{port}"
    while True:
        try:
            if httpx.get(f"{address}/_stcore/health", timeout=2, trust_env=False).is_success:
                return process, address
        except httpx.HTTPError:
            time.sleep(0.1)


def opened(browser: Browser, address: str) -> tuple[Page, float]:
    """Opens the Overview in a fresh browser session, and times it up to the first chart."""
    page = browser.new_context(viewport={"width": 1440, "height": 900}).new_page()
    page.set_default_timeout(120_000)
    began = time.perf_counter()
    page.goto(address)
    page.locator(CHART).first.wait_for()
    return page, time.perf_counter() - began


def switched(page: Page, brand: str) -> float:
    """Chooses another brand, and times it until the page has settled on it."""
    page.get_by_role("combobox", name="Brand").click()
    began = time.perf_counter()
    page.get_by_role("option", name=brand).click()
    page.wait_for_url(f"**brand={brand}**")
    page.locator("[data-testid='stApp'][data-test-script-state='notRunning']").wait_for()
    return time.perf_counter() - began


def memory(process: "subprocess.Popen[bytes]") -> float:
    """Gives the resident memory of the server and its children, in MiB."""
    parent = psutil.Process(process.pid)
    return sum(one.memory_info().rss for one in [parent, *parent.children(recursive=True)]) / 2**20


def main() -> None:
    """Builds the store, measures, prints rows."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--mentions", type=int, default=1_000_000)
    parser.add_argument("--sessions", type=int, default=20)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--folder", type=Path, help="keep the store here, and use the one that is there")
    options = parser.parse_args()
    folder = options.folder or Path(tempfile.mkdtemp())
    if not database.current(folder):
        overview.NOW = datetime.now(UTC)
        overview.build(folder, options.mentions)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=FLAGS)
        process, address = serve(folder)
        page, cold = opened(browser, address)
        warm = [opened(browser, address)[1] for _ in range(options.runs)]
        changes = [
            switched(page, brand) for _ in range(options.runs) for brand in (overview.BRANDS[1], overview.BRANDS[2])
        ]
        print(f"| {options.mentions:,} mentions: first chart of a fresh server | {cold:.2f} s |")
        print(f"| first chart in another browser | {statistics.median(warm):.2f} s (most {max(warm):.2f}) |")
        print(f"| another brand chosen | {statistics.median(changes) * 1000:.0f} ms (most {max(changes) * 1000:.0f}) |")
        browser.close()
        alone = memory(process)
        writer = subprocess.Popen([sys.executable, "-c", WRITER, str(folder)])
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=FLAGS)
        times = [opened(browser, address)[1] for _ in range(options.sessions)]
        first = f"first chart {statistics.median(times):.2f} s (most {max(times):.2f})"
        held = f"server {memory(process):.0f} MiB, {alone:.0f} before"
        print(f"| {options.sessions} sessions while snapshots are published | {first}; {held} |")
        writer.terminate()
        browser.close()
        process.terminate()
        process.wait(20)
    if not options.folder:
        shutil.rmtree(folder)


if __name__ == "__main__":
    main()

"""Serves the dashboard over a store and visits it with a real Chromium that may talk to nobody else."""

import os
import shutil
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx
from playwright.sync_api import Browser, Page, expect, sync_playwright

from earful.dashboard import launch

CHROMIUM = shutil.which("chromium")
PATIENCE = 120_000  # milliseconds
PAGES = ("", "criticism", "alerts", "compare", "mentions", "sources", "reports", "set-up")
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]


@dataclass
class Tracker:
    """A server that would learn of every look at a mention."""

    address: str = ""
    hits: list[str] = field(default_factory=list)


@contextmanager
def tracking() -> Iterator[Tracker]:
    """Runs a tracker on this machine."""
    tracker = Tracker()

    class Count(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            tracker.hits.append(self.path)
            self.send_response(204)
            self.end_headers()

        do_POST = do_HEAD = do_OPTIONS = do_GET  # noqa: N815 - what the server calls

        def log_message(self, *_: object) -> None:
            return

    with ThreadingHTTPServer(("127.0.0.1", 0), Count) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        tracker.address = f"http://127.0.0.1:{server.server_address[1]}"
        yield tracker
        server.shutdown()


@contextmanager
def serving(folder: Path, config: Path | None = None) -> Iterator[str]:
    """Serves the dashboard over a store's folder and gives its address."""
    port = free_port()
    named = {"EARFUL_CONFIG": str(config)} if config else {}
    process = subprocess.Popen(
        launch.command(port),
        env={**os.environ, "EARFUL_STORE": str(folder), **named},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    address = f"http://127.0.0.1:{port}"
    try:
        await_answer(address, process)
        yield address
    finally:
        process.kill()
        process.wait()


def free_port() -> int:
    """Finds a port on which nobody listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def await_answer(address: str, process: "subprocess.Popen[bytes]") -> None:
    """Waits until the dashboard of a process answers; fails when it dies or takes too long."""
    give_up = time.monotonic() + PATIENCE / 1000
    while not answers(f"{address}/_stcore/health"):
        assert process.poll() is None, "the dashboard has died"
        assert time.monotonic() < give_up, "the dashboard does not answer"
        time.sleep(0.3)


def answers(address: str) -> bool:
    """Tells whether something answers at an address."""
    try:
        return httpx.get(address, timeout=2, trust_env=False).is_success
    except httpx.HTTPError:
        return False


@contextmanager
def browsing() -> Iterator[Browser]:
    """Starts a Chromium, and lets whatever is expected of it take its time."""
    expect.set_options(timeout=PATIENCE)
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield chromium
        chromium.close()


@contextmanager
def visiting(browser: Browser, address: str, **options: Any) -> Iterator[Page]:
    """Opens a page, and fails in the end when it asked anybody but the dashboard."""
    context = browser.new_context(**{"viewport": {"width": 1440, "height": 900}, **options})
    page = context.new_page()
    page.set_default_timeout(PATIENCE)
    strangers: list[str] = []
    own = (address, address.replace("http", "ws"), "data:", "blob:")
    page.on("request", lambda request: None if request.url.startswith(own) else strangers.append(request.url))
    try:
        yield page
    finally:
        context.close()
    assert strangers == []


def settled(page: Page) -> None:
    """Waits until the page has run and drawn."""
    page.wait_for_selector('[data-testid="stApp"][data-test-script-state="notRunning"]', timeout=PATIENCE)
    page.wait_for_selector('[data-testid="stSkeleton"]', state="detached", timeout=PATIENCE)


def fits(page: Page) -> bool:
    """Tells whether nothing is wider than the window."""
    return bool(
        page.evaluate(
            """[document.documentElement, document.querySelector("[data-testid=stMain]")].every(
                element => element.scrollWidth <= element.clientWidth)"""
        )
    )

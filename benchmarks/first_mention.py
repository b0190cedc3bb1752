"""Measures how long the demo takes from its start to the first mention on screen, the last score and the alert.

Starts `earful demo` as `make run` does, on free ports and in a folder of its own, and watches it in a headless
Chromium: python benchmarks/first_mention.py
"""

import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from playwright.sync_api import sync_playwright

ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"]
PATIENCE = 600.0


def free_port() -> int:
    """Finds a port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def listens(port: int) -> bool:
    """Tells whether the dashboard takes connections."""
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def main() -> None:
    """Prints a row of the table in benchmarks/README.md."""
    chromium = shutil.which("chromium")
    if chromium is None:
        sys.exit("this measurement needs Chromium (apt install chromium)")
    port, prefect_port = free_port(), free_port()
    earful = Path(sys.executable).with_name("earful")
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        log = Path(folder, "log")
        began = time.monotonic()
        with log.open("wb") as out:
            demo = subprocess.Popen(
                [
                    earful,
                    "demo",
                    "--folder",
                    f"{folder}/demo",
                    "--port",
                    str(port),
                    "--prefect-port",
                    str(prefect_port),
                ],
                stderr=out,
            )
        try:
            browser = playwright.chromium.launch(executable_path=chromium, args=ARGUMENTS)
            page = browser.new_page()
            while not listens(port):
                time.sleep(0.1)
            page.goto(f"http://localhost:{port}")
            page.get_by_text(re.compile("Volume")).first.wait_for(timeout=PATIENCE * 1000)
            first = time.monotonic() - began
            while "ALERT" not in log.read_text() and time.monotonic() - began < PATIENCE:
                time.sleep(0.2)
            alert = time.monotonic() - began
            browser.close()
        finally:
            demo.send_signal(signal.SIGINT)
            demo.wait(60)
    print(f"| first mention on screen | {first:.0f} s |")
    print(f"| alert delivered | {alert:.0f} s |")


if __name__ == "__main__":
    main()

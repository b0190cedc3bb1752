"""Runs the demo: an invented brand, its competitors and its crisis, the way production runs."""

import json
import os
import shutil
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib import resources
from pathlib import Path

from earful.flows import jobs, processes
from earful.flows.config import load
from earful.flows.report import utc_now

WEBHOOK = "EARFUL_DEMO_WEBHOOK"


def run(folder: Path, port: int, prefect_port: int, say: Callable[[str], None]) -> None:
    """Makes a fresh store in `folder`, starts everything and prints the alerts that arrive; blocks until Ctrl-C."""
    fresh(folder)
    os.environ[jobs.DEMO] = utc_now().isoformat()
    with ThreadingHTTPServer(("127.0.0.1", 0), receiver(say)) as webhook:
        os.environ[WEBHOOK] = f"http://127.0.0.1:{webhook.server_address[1]}/"
        threading.Thread(target=webhook.serve_forever, daemon=True).start()
        path = folder / "earful.toml"
        processes.serve(load(path), path, port, prefect_port, say)
        webhook.shutdown()


def fresh(folder: Path) -> None:
    """Empties the demo's folder and writes its configuration; refuses a folder that is not the demo's."""
    mark = folder / ".earful-demo"
    if folder.exists() and any(folder.iterdir()) and not mark.exists():
        raise processes.StartError(f"{folder} holds something else; name an empty folder for the demo")
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    mark.touch()
    text = resources.files("earful.data").joinpath("demo", "earful.toml").read_text("utf-8")
    (folder / "earful.toml").write_text(text, encoding="utf-8")


def receiver(say: Callable[[str], None]) -> type[BaseHTTPRequestHandler]:
    """Gives a handler that prints the alerts posted to it."""

    class Receiver(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            alert = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            say(f"ALERT       {alert['title']}")
            self.send_response(204)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            return

    return Receiver

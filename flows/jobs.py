"""Builds a run's job from the configuration: the real network, or the demo's answers."""

import os
from datetime import datetime
from pathlib import Path

import httpx

from earful.connectors.http import Client
from earful.data.database import Database
from earful.flows import deliver
from earful.flows.config import Config, load_or_last_good
from earful.flows.report import Progress, utc_now
from earful.flows.run import Job

DEMO = "EARFUL_DEMO_START"  # set by `earful demo`: sources are answered from data/demo as of this time


def build(path: Path, progress: Progress, recordings: Path | None = None) -> Job:
    """Reads the configuration and gives a job; raises ConfigError when there is no usable one."""
    config, trouble = load_or_last_good(path)
    deliver.check(config)
    return Job(Database(config.store_folder), config, client(config), utc_now, progress, trouble, recordings)


def client(config: Config) -> Client:
    """Gives the HTTP client that all sources are asked through."""
    if os.environ.get(DEMO):
        return Client(contact="demo", allow=config.network.allow, transport=DemoTransport(), spacing=0)
    return Client(contact=config.network.contact, allow=config.network.allow)


class DemoTransport(httpx.BaseTransport):
    """Answers the demo's sources from files, and passes what is meant for this machine on to it."""

    def __init__(self) -> None:
        self.start = datetime.fromisoformat(os.environ[DEMO])
        self.local = httpx.HTTPTransport()

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Gives the answer that the source would give now."""
        if request.url.host == "127.0.0.1":
            return self.local.handle_request(request)
        from earful.flows import demo_source

        return demo_source.answer(request, self.start, utc_now())

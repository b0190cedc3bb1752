"""Watches, draws up digests and sends what waits in an outbox, in a process of its own that may be killed."""

import os
from datetime import datetime, timedelta
from pathlib import Path

from samples import config

from earful.connectors.http import Client
from earful.data.database import Database
from earful.flows import deliver, digest, watch
from earful.flows.config import Config
from earful.flows.rule_table import Rule
from earful.flows.target_table import Digest, Target


def send_all(folder: Path, url: str, now: datetime, fail_at: str) -> None:
    """Delivers to the one target "team", and dies at a failpoint if asked to."""
    _deliver(Database(folder), _settings(folder, url, fail_at), now)


def tell_all(folder: Path, url: str, now: datetime, fail_at: str) -> None:
    """Watches under two rules, makes the day's digest and delivers, and dies at a failpoint if asked to."""
    settings = _settings(folder, url, fail_at)
    database = Database(folder)
    watch.watch(database, settings, lambda: now)
    digest.make(database, settings, lambda: now)
    _deliver(database, settings, now)


def _settings(folder: Path, url: str, fail_at: str) -> Config:
    os.environ["HOOK"] = url
    os.environ["EARFUL_FAIL_AT"] = fail_at
    return config(
        folder,
        targets=[Target(name="team", kind="webhook", url_env="HOOK")],
        rules=[
            Rule(name="Criticism", step=timedelta(hours=1)),
            Rule(name="Talk", step=timedelta(hours=1), counts="all"),
        ],
        digest=Digest(every="day", at="00:00"),
    )


def _deliver(database: Database, settings: Config, now: datetime) -> None:
    deliver.deliver(database, settings, Client(allow=["127.0.0.1"], spacing=0), lambda: now)

"""Sends what waits in an outbox, in a process of its own that may be killed."""

import os
from datetime import datetime
from pathlib import Path

from samples import config

from earful.connectors.http import Client
from earful.data.database import Database
from earful.flows import deliver
from earful.flows.target_table import Target


def send_all(folder: Path, url: str, now: datetime, fail_at: str) -> None:
    """Delivers to the one target "team", and dies at a failpoint if asked to."""
    os.environ["HOOK"] = url
    os.environ["EARFUL_FAIL_AT"] = fail_at
    settings = config(folder, targets=[Target(name="team", kind="webhook", url_env="HOOK")])
    deliver.deliver(Database(folder), settings, Client(allow=["127.0.0.1"], spacing=0), lambda: now)

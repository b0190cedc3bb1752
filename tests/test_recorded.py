"""Runs recorded answers through their connectors: EARFUL_PAYLOADS names a folder with one folder for each connector."""

import os
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest
from contract import broken
from rich.console import Console
from rich.table import Table

from earful import connectors
from earful.connectors import recorded, verdict
from earful.connectors.types import ConnectorError, Page

SECONDS = 6
FOLDER = os.environ.get("EARFUL_PAYLOADS", "")


class Hangs(BaseException):
    """Outside Exception, so that no handler on the way can take it for a fault of the answer."""


@contextmanager
def limited(seconds: float) -> Iterator[None]:
    """Breaks off what takes longer."""

    def stop(*_: object) -> None:
        raise Hangs

    before = signal.signal(signal.SIGALRM, stop)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def read(connector: str, response: httpx.Response) -> tuple[Page, str]:
    """Reads one answer as a run would, with the error's text where it is refused."""
    try:
        verdict.check(response, datetime.now(UTC))
        return connectors.find(connector).parse(response, {}), ""
    except ConnectorError as error:
        return Page((), {}), f"{type(error).__name__}: {error}"


@pytest.mark.timeout(1200)
@pytest.mark.skipif(not FOLDER, reason="EARFUL_PAYLOADS names no folder of recorded answers")
def test_recorded() -> None:
    table = Table("recording", "connector", "read", "mentions", "refused", "why", "seconds", title=FOLDER)
    faults: list[str] = []
    total = 0
    for connector, name, response in recorded.read(Path(FOLDER)):
        began = time.monotonic()
        try:
            with limited(SECONDS):
                page, why = read(connector, response)
        except Hangs:
            faults.append(f"{name}: hangs")
            continue
        except Exception as error:  # noqa: BLE001 - any other exception is the crash this test looks for
            faults.append(f"{name}: crashes with {error!r}")
            continue
        now = datetime.now(UTC)
        faults += [f"{name}: {mention.id}: {fault}" for mention in page.mentions for fault in broken(mention, now)]
        count = len(page.mentions) + len(page.refused)
        reasons = why or "; ".join(dict.fromkeys(reason.rpartition(": ")[2] for reason in page.refused))
        seconds = f"{time.monotonic() - began:.2f}"
        table.add_row(name, connector, str(count), str(len(page.mentions)), str(len(page.refused)), reasons, seconds)
        total += len(page.mentions)
    Console(width=180).print(table)
    Console(width=180).print(f"{table.row_count} recordings, {total:,} mentions, {len(faults)} faults")
    assert table.row_count > 0, f"{FOLDER} holds no folder named after a connector (feeds stands for rss)"
    assert not faults, "\n".join(faults)

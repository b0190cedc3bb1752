"""What each page asks of the store: how long its queries take, and all of it up to what is sent to the browser.

    python benchmarks/pages.py [--mentions 1000000] [--folder DIR] [--brands 3]

Each page is drawn as Streamlit draws it, without a browser and with nothing remembered from before, for each brand and
the last 7, 30, 90 and 365 days. Where others are at work on the machine, trust the processor time more than the other.
"""

import contextlib
import logging
import os
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import product
from pathlib import Path

import criticism
import duckdb
import numpy as np
import overview
import streamlit as st
from streamlit.testing.v1 import AppTest

from earful.dashboard import launch
from earful.data import database

APP = Path(launch.__file__).with_name("app.py")
PAGES = ("overview", "criticism", "spikes", "compare", "mentions", "sources", "reports")
PERIODS = ("7d", "30d", "90d", "365d")


@dataclass
class Cost:
    """Seconds on the clock, and of the processor."""

    clock: float = 0.0
    processor: float = 0.0

    @contextlib.contextmanager
    def add(self) -> Iterator[None]:
        """Adds what the block takes."""
        clock, processor = time.perf_counter(), time.process_time()
        try:
            yield
        finally:
            self.clock += time.perf_counter() - clock
            self.processor += time.process_time() - processor


def drawn(app: AppTest, page: str, address: dict[str, str]) -> tuple[Cost, Cost]:
    """Draws a page with an empty memory; gives what its questions of the store took, and the whole."""
    asked, whole = Cost(), Cost()
    real = database.snapshot

    @contextlib.contextmanager
    def timed(folder: Path) -> Iterator[duckdb.DuckDBPyConnection]:
        with asked.add(), real(folder) as con:
            yield con

    st.cache_data.clear()
    app.switch_page(f"{page}.py")
    app.query_params.clear()
    app.query_params.update(address)
    database.snapshot = timed
    try:
        with whole.add():
            app.run()
    finally:
        database.snapshot = real
    assert not app.exception, (page, address, app.exception)
    return asked, whole


def rows(folder: Path, brands: int = 3) -> Iterator[str]:
    """Draws every page for so many brands and every period, and gives a row of a table for each page."""
    os.environ["EARFUL_STORE"] = str(folder)
    logging.getLogger("streamlit").setLevel(logging.ERROR)
    logging.disable(logging.WARNING)  # there is no server, as each page would say
    app = AppTest.from_file(str(APP), default_timeout=300).run()
    for page in PAGES:
        found = [
            drawn(app, page, {"period": period, **({"brand": brand} if place else {})})
            for (place, brand), period in product(enumerate(overview.BRANDS[:brands]), PERIODS)
        ]
        asked = 1000 * np.array([(one.clock, one.processor) for one, _ in found])
        whole = 1000 * np.array([(one.clock, one.processor) for _, one in found])
        (middle, busy), (most, _) = np.percentile(asked, 50, 0), np.percentile(asked, 95, 0)
        yield (
            f"| {page.capitalize()}: queries p50, p95; of the processor; page drawn with them |"
            f" {middle:.0f}, {most:.0f} ms; {busy:.0f} ms; {np.median(whole[:, 0]):.0f} ms"
            f" ({np.median(whole[:, 1]):.0f} of the processor) |"
        )


def up_to_now(folder: Path, mentions: int) -> None:
    """Makes a store of the year up to now."""
    overview.NOW = datetime.now(UTC)
    criticism.build(folder, mentions)


def main() -> None:
    """Builds the store, measures, prints rows."""
    asked = overview.parser(__doc__)
    asked.add_argument("--brands", type=int, default=3)
    options = asked.parse_args()
    with overview.prepared(options, up_to_now) as folder:
        for row in rows(folder, options.brands):
            print(row, flush=True)


if __name__ == "__main__":
    main()

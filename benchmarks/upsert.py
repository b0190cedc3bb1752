"""Seconds to keep a page of many mentions: in an empty store, the same again, and half of them new.

    python benchmarks/upsert.py [--rows 10000 100000]

Each is one whole transaction: lock, open, write, commit, move the log into the file, close; without a snapshot.
"""

import argparse
import os
import platform
import random
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import duckdb

from earful.connectors.types import Mention
from earful.data import store
from earful.data.database import Database

TEXT = "kettle lid boils refund support late again quick second minute leaks nobody knew why came said"
WORDS = TEXT.split()
NOW = datetime.now(UTC)


def make(start: int, count: int) -> list[Mention]:
    """Makes mentions of about half a kilobyte each, all different, the same for the same numbers."""
    chance = random.Random(start)
    return [
        Mention(
            id=f"https://news.example/item/{number}",
            url=f"https://news.example/item/{number}",
            author=f"reader {number % 997}",
            published=NOW - timedelta(seconds=number),
            title=f"Post number {number}",
            text=" ".join(chance.choices(WORDS, k=60)),
            language="en",
            engagement=number % 50,
        )
        for number in range(start, start + count)
    ]


def keep(folder: Path, mentions: list[Mention]) -> tuple[float, store.Kept]:
    """Keeps mentions in one transaction; returns the seconds and what became of them."""
    began = time.perf_counter()
    with Database(folder).transaction(publish=False) as con:
        kept = store.save_page(con, "rss:https://news.example/feed", mentions, NOW)
    return time.perf_counter() - began, kept


def main() -> None:
    """Measures and prints a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, nargs="+", default=[10_000, 100_000])
    options = parser.parse_args()
    print(f"{os.cpu_count()} cores, {platform.machine()}, DuckDB {duckdb.__version__}\n")
    print("| rows | into an empty store | the same again | half new | file |")
    print("|---:|---:|---:|---:|---:|")
    for rows in options.rows:
        page, half_new = make(0, rows), make(rows // 2, rows)
        half_new[: rows // 2] = page[rows // 2 :]
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            with Database(folder).transaction():
                pass  # the schema is there before the clock starts
            first, kept = keep(folder, page)
            assert kept == store.Kept(rows, 0, 0), kept
            again, kept = keep(folder, page)
            assert kept == store.Kept(0, 0, rows), kept
            half, kept = keep(folder, half_new)
            assert kept == store.Kept(rows // 2, 0, rows // 2), kept
            size = (folder / "main.duckdb").stat().st_size
        print(f"| {rows:,} | {first:.2f} s | {again:.2f} s | {half:.2f} s | {size / 2**20:.0f} MiB |")


if __name__ == "__main__":
    main()

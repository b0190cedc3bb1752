"""The Overview's queries at a million mentions: what one look at the page asks, each on a cold connection.

    python benchmarks/overview.py [--mentions 1000000] [--runs 15] [--folder DIR]

The store is made here: three brands, six sources, a year of mentions with a daily rhythm, texts of the length of
public posts; every tenth mention is a copy of a story. The page looks at the last 30 days against the 30 before,
the last 90 against 90, and the last 365 against 365.
"""

import argparse
import contextlib
import platform
import shutil
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import duckdb

from earful.dashboard import figures, period
from earful.data import database, queries, rollups, store, todo
from earful.data.database import Database
from earful.data.queries import Filters

NOW = datetime(2026, 11, 20, 12, 7, tzinfo=UTC)
ZONE = ZoneInfo("Europe/Berlin")
BRANDS = ("Ferrywell", "Brimstone", "Lanternbank")
FILL = """
CREATE TEMP TABLE made AS SELECT i,
    (ARRAY['Ferrywell', 'Ferrywell', 'Ferrywell', 'Brimstone', 'Brimstone', 'Lanternbank'])[1 + i % 6] AS brand,
    'source ' || (hash(i) % 6) AS source,
    'm' || lpad(i::TEXT, 9, '0') AS id,
    CASE WHEN hash(i + 7) % 10 = 0 THEN 'story ' || (i - i % 50) ELSE 'story m' || i END AS story,
    $now::TIMESTAMPTZ - to_seconds(31536000 * (1 - i / $count) + hash(i + 1) % 40000) AS published,
    (ARRAY['negative', 'negative', 'neutral', 'neutral', 'positive', 'positive', 'unclear', 'unscored'])
        [1 + (hash(i + 3) % 8)::INTEGER] AS label
    FROM range($count) t(i);
INSERT INTO mentions BY NAME SELECT source, id, 'https://x.example/' || id AS url, 'author ' || (i % 5000) AS author,
    published, published AS collected, '' AS title, brand || ' ' || repeat(md5(i::TEXT) || ' ', 1 + i % 8) AS text,
    'en' AS language, 0 AS engagement, '' AS parent, '' AS about, true AS dated, id AS digest FROM made;
INSERT INTO facts BY NAME SELECT brand, source, id, story,
    row_number() OVER (PARTITION BY brand, story ORDER BY published, source, id) = 1 AS leads,
    published, published AS collected, label, false AS corrected, 'en' AS language, 'other' AS intent
    FROM made ORDER BY published;
INSERT INTO scores SELECT source, id, brand, 'made', id, 0.2, 0.3, 0.5, label, '', 1, published, 'other' FROM made;
DROP TABLE made
"""


def build(folder: Path, count: int) -> Database:
    """Makes a store of so many mentions."""
    kept = Database(folder)
    with kept.transaction() as con:
        store.set_up(
            con,
            [(brand, "competitor" if place else "own", brand) for place, brand in enumerate(BRANDS)],
            [(f"source {place}", "rss", "https://x.example") for place in range(6)],
        )
        store.put_setting(con, "model", "made")
        store.put_setting(con, "timezone", ZONE.key)
        statements = [statement for statement in FILL.split(";") if statement.strip()]
        con.execute(statements[0], {"now": NOW, "count": count})
        for statement in statements[1:]:
            con.execute(statement)
        rollups.rebuild(con)
    return kept


def questions(filters: Filters, span: period.Period) -> dict[str, Callable[[duckdb.DuckDBPyConnection], object]]:
    """Lists what one look at the Overview asks, as the page asks it."""
    return {
        "settings, brands, sources": lambda con: (
            queries.settings(con),
            queries.brands(con),
            todo.sources(con),
            queries.known_sources(con),
        ),
        "counts of both periods": lambda con: queries.counts(con, filters, span.borders),
        "spikes, gaps, alerts": lambda con: (
            queries.spikes(con, filters),
            queries.gaps(con, filters),
            queries.alerts(con, BRANDS, 8),
        ),
        "reach": lambda con: queries.reach(con, filters.brand),
    }


def seconds(folder: Path, question: Callable[[duckdb.DuckDBPyConnection], object]) -> float:
    """Times a question, the opening and closing of its connection included."""
    start = time.perf_counter()
    with database.snapshot(folder) as con:
        question(con)
    return time.perf_counter() - start


def drawn(folder: Path, filters: Filters, span: period.Period) -> float:
    """Times the figures and the series that are made from the counts."""
    with database.snapshot(folder) as con:
        counts = queries.counts(con, filters, span.borders)
    start = time.perf_counter()
    for first, last in ((span.start, span.finish), (span.before, span.before_finish)):
        figures.totals(counts, filters.brand, first, last)
        figures.volume_by_brand(counts, first, last)
    figures.series(counts, filters.brand, span.edges, [])
    return time.perf_counter() - start


def parser(said: str | None) -> argparse.ArgumentParser:
    """Gives the options of every benchmark that looks at a store."""
    options = argparse.ArgumentParser(description=said, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--mentions", type=int, default=1_000_000)
    options.add_argument("--folder", type=Path, help="keep the store here, and use the one that is there")
    return options


@contextlib.contextmanager
def prepared(options: argparse.Namespace, make: Callable[[Path, int], object]) -> Iterator[Path]:
    """Gives the folder of the store to look at, made where there is none; one that nobody named goes in the end."""
    folder = options.folder or Path(tempfile.mkdtemp())
    try:
        if not database.current(folder):
            make(folder, options.mentions)
        yield folder
    finally:
        if not options.folder:
            shutil.rmtree(folder)


def main() -> None:
    """Builds the store, measures, prints a table."""
    asked = parser(__doc__)
    asked.add_argument("--runs", type=int, default=15)
    options = asked.parse_args()
    with prepared(options, build) as folder:
        measure(folder, options)


def measure(folder: Path, options: argparse.Namespace) -> None:
    """Prints how long each question takes."""
    size = (folder / "main.duckdb").stat().st_size / 1e6
    print(f"{options.mentions:,} mentions, {size:,.0f} MB, DuckDB {duckdb.__version__} on {platform.machine()}")
    print(f"\n| ms, median of {options.runs} | 30 days | 90 days | 365 days |\n|---|---|---|---|")
    spans = [period.last(choice, NOW, ZONE) for choice in ("30d", "90d", "365d")]
    filters = [Filters(BRANDS[0], span.start.astimezone(UTC), span.finish.astimezone(UTC)) for span in spans]
    together = [0.0] * len(spans)
    rows: dict[str, list[float]] = {}
    for place, (span, chosen) in enumerate(zip(spans, filters, strict=True)):
        for name, question in questions(chosen, span).items():
            median = statistics.median(seconds(folder, question) for _ in range(options.runs))
            rows.setdefault(name, []).append(median)
            together[place] += median
        median = statistics.median(drawn(folder, chosen, span) for _ in range(options.runs))
        rows.setdefault("figures and series, in Python", []).append(median)
    rows["all queries together"] = together
    for name, medians in rows.items():
        print(f"| {name} | " + " | ".join(f"{1000 * median:.0f}" for median in medians) + " |")


if __name__ == "__main__":
    main()

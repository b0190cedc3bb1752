"""Watching a million mentions: what one look at all rules and brands takes, in processor time.

    python benchmarks/watching.py [--mentions 1000000] [--folder DIR]

The store is that of `overview.py`, half of it in the last half year: three brands, six sources, a daily rhythm. Three
rules (a quarter of an hour, a day, a budget of one a week) watch all three brands; the first look finds everything new,
the second what has changed since, which is nothing; the third catches an outbreak.
"""

import argparse
import shutil
import tempfile
import time
from datetime import timedelta
from pathlib import Path

import duckdb
import overview

from earful.data import database
from earful.data.database import Database
from earful.flows import rehearse, watch
from earful.flows.config import Brand, Config
from earful.flows.rule_table import Rule

RULES = (
    Rule(name="A quarter of an hour", brands=overview.BRANDS),
    Rule(name="A day", brands=overview.BRANDS, step="1d"),
    Rule(name="One a week", brands=overview.BRANDS, budget="1 per week"),
)
OUTBREAK = """
INSERT INTO facts SELECT brand, source, id || '-again', story || '-again', true, $now - to_minutes((i % 170)::INTEGER),
    $now, 'negative', false, 'en', NULL, 'problem', false
    FROM (SELECT *, row_number() OVER () AS i FROM facts WHERE brand = 'Brimstone' LIMIT 3000);
INSERT INTO mentions BY NAME SELECT source, id, '' AS url, 'author ' || (hash(id) % 500) AS author, published,
    collected, '' AS title, 'the lid leaks again' AS text, 'en' AS language, 0 AS engagement, '' AS parent, '' AS about,
    true AS dated, id AS digest FROM facts WHERE ends_with(id, '-again')
"""


def main() -> None:
    """Builds the store, looks three times, rehearses, prints a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--mentions", type=int, default=1_000_000)
    parser.add_argument("--folder", type=Path, help="keep the store here, and use the one that is there")
    options = parser.parse_args()
    folder = options.folder or Path(tempfile.mkdtemp())
    config = Config(
        folder=folder, store=".", brands=[Brand(name=brand, match="x") for brand in overview.BRANDS], rules=RULES
    )
    kept = Database(folder) if database.current(folder) else overview.build(folder, options.mentions)
    print(
        f"{options.mentions:,} mentions, DuckDB {duckdb.__version__}, {len(RULES)} rules, {len(overview.BRANDS)} brands"
    )

    def look(name: str, minutes: int) -> None:
        began = time.process_time()
        changed = watch.watch(kept, config, lambda: overview.NOW + timedelta(minutes=minutes))
        firing = sum(alert.state == "firing" for alert in changed)
        print(f"| {name} | {time.process_time() - began:.2f} s | {firing} fire |")

    print("| look | processor | alerts |\n|---|---|---|")
    look("the first", 0)
    look("nothing new", 15)
    with kept.transaction(publish=False) as con:
        for statement in OUTBREAK.split(";"):
            con.execute(statement, {"now": overview.NOW} if "$now" in statement else None)
    look("an outbreak", 60)
    look("the same again", 75)
    began = time.process_time()
    with kept.look() as con:
        found = rehearse.everything(con, config, "", "", overview.NOW)
    fired = sum(len(one.fired) for one in found)
    print(f"| rehearsal of all | {time.process_time() - began:.2f} s | {fired} would have fired |")
    if not options.folder:
        shutil.rmtree(folder)


if __name__ == "__main__":
    main()

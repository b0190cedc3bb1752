"""Real events: complaints about companies, replayed day by day through the store, and the alerts that they raise.

    python benchmarks/events.py --data FILE [--sensitivity balanced] [--least 4]

FILE is JSON lines, gzipped or not: id, brand (or company), date (YYYY-MM-DD), text. Each day's complaints are kept, and
what watches looks at them ten minutes after midnight, once a day (at the companies of which there were so many
complaints in one of the last three days that an alert may begin or go on; nothing can break out elsewhere). All texts
are complaints, so all are counted. Of each alert its card is printed; at the end, whether a rehearsal of the last 90
days finds the same alerts.
"""

import argparse
import gzip
import json
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from earful.connectors.types import Mention
from earful.data import alerting, store
from earful.data.database import Database
from earful.flows import rehearse, watch
from earful.flows.config import Brand, Config
from earful.flows.rule_table import Rule

DAY = timedelta(days=1)
SOURCE = "complaints:all"


@dataclass(frozen=True)
class Complaint:
    """What one person complained of."""

    id: str
    brand: str
    day: datetime
    text: str


def read(path: Path) -> Iterator[Complaint]:
    """Reads the complaints; each is dated noon of its day."""
    content = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
    for line in content.decode().splitlines():
        row = json.loads(line)
        day = datetime.fromisoformat(row["date"][:10]).replace(tzinfo=UTC)
        yield Complaint(row["id"], row.get("brand") or row["company"], day, row["text"])


def keep(database: Database, complaints: list[Complaint], now: datetime) -> None:
    """Keeps complaints as mentions that are matched and scored."""
    made = [
        (one, Mention(one.id, "", one.id, one.day + DAY / 2, "", one.text, "en"))
        for one in {one.id: one for one in complaints}.values()
    ]
    with database.transaction(publish=False) as con:
        store.add_source(con, SOURCE, *SOURCE.split(":"))
        store.use_model(con, "given")
        store.save_page(con, SOURCE, [mention for _, mention in made], now)
        examined = [
            store.Examined(
                SOURCE,
                mention.id,
                store.digest(mention),
                "en",
                mention.id,
                (one.brand,),
            )
            for one, mention in made
        ]
        store.save_examined(con, "rules", examined)
        scores = [
            store.Score(SOURCE, mention.id, one.brand, store.digest(mention), 1.0, 0.0, 0.0, "negative")
            for one, mention in made
        ]
        store.save_scores(con, "given", now, scores)


def told(card: dict[str, Any]) -> str:
    """Says in short what a card says."""
    new = ", ".join(f"{one['name']} ({one['observed']}, before {one['before']})" for one in card["new"]) or "nothing"
    first = f"{card['first']['published'][:10]}" if card["first"] else "nobody"
    quotes = "".join(f"\n        “{' '.join(one['text'].split())[:120]}”" for one in card["quotes"])
    peak = f"peak {card['peak']['observed']} on {card['peak']['start'][:10]}"
    return (
        f"    {card['why']}\n    {card['observed']} where {card['expected']} were expected, excess {card['excess']} "
        f"({card['low']} to {card['high']}), {peak}; first {first}; new: {new}{quotes}"
    )


def main() -> None:
    """Replays, prints every alert and how many there were."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--sensitivity", default="balanced", choices=("sensitive", "balanced", "strict"))
    parser.add_argument("--least", type=int, default=4)
    options = parser.parse_args()
    complaints = sorted(read(options.data), key=lambda one: one.day)
    sizes = Counter(one.brand for one in complaints)
    a_day = Counter((one.brand, one.day) for one in complaints)
    brands = [brand for brand, size in sizes.items() if size >= options.least]  # others can never come so far
    rule = Rule(
        name="A bad day",
        step=DAY,
        counts="all",
        sensitivity=options.sensitivity,
        least=options.least,
        brands=tuple(brands),
    )
    with tempfile.TemporaryDirectory() as folder:
        config = Config(folder=Path(folder), brands=[Brand(name=brand, match="x") for brand in brands], rules=[rule])
        database = Database(config.store_folder)
        began = time.process_time()
        day, last = complaints[0].day, complaints[-1].day
        while day <= last + 3 * DAY:
            now = day + DAY + timedelta(minutes=10)
            keep(database, [one for one in complaints if one.day == day], now)
            lately = {(one.brand, one.day) for one in complaints if day - 3 * DAY < one.day <= day}
            spoken = tuple(sorted({brand for brand, at in lately if a_day[brand, at] >= options.least}))
            with database.look() as con:
                spoken += tuple(one.brand for one in alerting.tellable(con, now, now) if one.brand not in spoken)
            today = config.model_copy(update={"rules": (rule.model_copy(update={"brands": spoken}),)})
            watch.watch(database, today, lambda now=now: now)
            day += DAY
        seconds = time.process_time() - began
        with database.look() as con:
            alerts = [one for one in alerting.of_late(con, complaints[0].day) if one.fired]
            rehearsed = [
                (one.brand, fired.life.started)
                for one in rehearse.everything(con, config, "", "", day, rehearse.DAYS)
                for fired in one.fired
            ]
    for alert in sorted(alerts, key=lambda one: one.started):
        print(f"{alert.brand}: {alert.started:%Y-%m-%d}, fired {alert.fired:%Y-%m-%d}, {alert.state}")
        print(told(alert.card))
    recent = {(one.brand, one.started) for one in alerts if one.started >= day - rehearse.DAYS * DAY}
    days = (last - complaints[0].day) / DAY
    companies = len({one.brand for one in alerts})
    print(f"\n{len(alerts)} alerts about {companies} of {len(sizes)} companies, in {days:.0f} days")
    found = "the same" if set(rehearsed) == recent else f"others: {sorted(rehearsed)} against {sorted(recent)}"
    print(f"{len(complaints)} complaints, {seconds:.0f} s of the processor")
    print(f"a rehearsal of the last {rehearse.DAYS} days finds {found}")


if __name__ == "__main__":
    main()

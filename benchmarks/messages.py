"""What it takes to tell: a digest drawn up from a large store, a report as page and PDF, a mail with its chart.

    python benchmarks/messages.py [--mentions 1000000] [--runs 5]

The store is that of overview.py. The first chart of a process is slower: the drawing library starts then.
"""

import argparse
import json
import resource
import statistics
import tempfile
import time
from collections.abc import Callable
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from pathlib import Path

import overview

from earful.data.database import snapshot
from earful.flows import digest, reporting
from earful.flows.messages import chat, mail
from earful.flows.messages import digest as page


def seconds(work: Callable[[], object], runs: int) -> list[float]:
    """Times some work, so many times over."""
    found = []
    for _ in range(runs):
        start = time.perf_counter()
        work()
        found.append(time.perf_counter() - start)
    return found


def main() -> None:
    """Builds the store, measures, prints a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--mentions", type=int, default=1_000_000)
    parser.add_argument("--runs", type=int, default=5)
    options = parser.parse_args()
    zone = overview.ZONE
    finish = datetime(2026, 11, 20, tzinfo=zone).astimezone(UTC)
    with tempfile.TemporaryDirectory() as folder:
        overview.build(Path(folder), options.mentions)

        def draw() -> reporting.Briefing:
            with snapshot(Path(folder)) as con:
                return reporting.draw_up(con, overview.BRANDS[0], finish - timedelta(days=7), finish, zone)

        content = json.loads(json.dumps(asdict(draw())))
        drawn = seconds(draw, options.runs)
    notice = page.write(content, zone)
    to = ["team@example.org"]
    forms: dict[str, Callable[[], object]] = {
        "a mail with its chart": lambda: mail.write(notice, "key", "thread", "earful@example.org", to, finish),
        "a report as HTML": lambda: digest.render(content, zone, "html"),
        "a report as PDF": lambda: digest.render(content, zone, "pdf"),
        "Slack, Teams and Discord": lambda: (chat.slack(notice), chat.teams(notice), chat.discord(notice)),
    }
    print(f"| a digest of a week, {options.mentions:,} mentions | {1000 * statistics.median(drawn):.0f} ms |")
    for name, work in forms.items():
        first, *rest = seconds(work, options.runs + 1)
        print(f"| {name} | {1000 * statistics.median(rest):.1f} ms; the first {1000 * first:.0f} ms |")
    print(f"| memory at peak | {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MiB |")


if __name__ == "__main__":
    main()

"""The Criticism page's queries at a million mentions, and how often the intervals of before and after hold the truth.

    python benchmarks/criticism.py [--mentions 1000000] [--runs 7] [--folder DIR] [--tries 500]

The store is that of `overview.py`, with twelve themes over the negative mentions of the own brand, and its rivals'
set against them. The intervals are tried on invented days: by chance alone, uneven (negative binomial), and in bursts
that last for days.
"""

import statistics
from collections.abc import Callable
from pathlib import Path

import duckdb
import numpy as np
import overview

from earful.dashboard import outcome, period
from earful.data import criticism, queries
from earful.data.database import Database
from earful.data.queries import Filters
from earful.models import change
from earful.models.change import Days

BRAND = overview.BRANDS[0]
THEMES = """
INSERT INTO themes (theme, brand, name, words, sentence, sentence_source, sentence_id, centre, first_seen, last_seen,
    state, merged_into, model, found, updated) SELECT 'theme ' || i, $brand, 'theme ' || i, '[]', '', '', '', ''::BLOB,
    $now, $now, 'steady', '', 'made', $now, $now FROM range(12) t(i);
INSERT INTO theme_members (theme, brand, source, id, digest, strength, again, journey)
    SELECT CASE WHEN hash(id) % 16 < 12 THEN 'theme ' || hash(id) % 16 ELSE '' END, brand, source, id, id, 0.5, false,
    'use' FROM facts WHERE brand = $brand AND label = 'negative';
INSERT INTO theme_peers (of, theme, brand, source, id, digest, strength)
    SELECT $brand, CASE WHEN hash(id) % 16 < 12 THEN 'theme ' || hash(id) % 16 ELSE '' END, brand, source, id, id, 0.5
    FROM facts WHERE brand <> $brand AND label = 'negative'
"""


def build(folder: Path, count: int) -> Database:
    """Makes a store of so many mentions, with themes."""
    kept = overview.build(folder, count)
    with kept.transaction() as con:
        for statement in THEMES.split(";"):
            values = {"brand": BRAND, "now": overview.NOW}
            con.execute(statement, {name: value for name, value in values.items() if f"${name}" in statement})
    return kept


def questions(filters: Filters, span: period.Period) -> dict[str, Callable[[duckdb.DuckDBPyConnection], object]]:
    """Lists what one look at the page asks, as the page asks it."""
    spans = outcome.spans(
        (overview.NOW.date() - 40 * period.timedelta(days=1)),
        (overview.NOW.date() - 33 * period.timedelta(days=1)),
        overview.NOW,
        overview.ZONE,
    )
    assert isinstance(spans, outcome.Spans)
    edges, mine = spans.edges, ["theme 3"]
    return {
        "themes": lambda con: criticism.told(con, filters, span.borders),
        "quotes": lambda con: criticism.quotes(con, filters, mine, 5),
        "brands by theme": lambda con: (criticism.shares(con, filters), criticism.heard(con, filters)),
        "before and after": lambda con: (
            criticism.daily(con, BRAND, edges, mine),
            [criticism.daily(con, other, edges, mine, BRAND) for other in overview.BRANDS[1:]],
            [criticism.daily(con, other, edges) for other in overview.BRANDS[1:]],
            criticism.watched(con),
        ),
        "the mentions of a theme": lambda con: (
            queries.count_mentions(con, Filters(BRAND, filters.start, filters.finish, themes=("theme 3",))),
            queries.mentions(con, Filters(BRAND, filters.start, filters.finish, themes=("theme 3",)), 200),
        ),
    }


def said(random: np.random.Generator, kind: str, rate: float, length: int) -> Days:
    """Invents so many days at a mean rate."""
    rates = np.full(length, rate)
    if kind == "uneven":
        rates = rate * random.gamma(1 / 0.7, 0.7, length)
    if kind == "bursts":
        level = np.zeros(length)
        level[0] = random.normal(0, 0.8)
        for day in range(1, length):
            level[day] = 0.6 * level[day - 1] + 0.8 * random.normal(0, 0.8)
        rates = rate * np.exp(level - 0.32)
    return Days(tuple(int(count) for count in random.poisson(rates)), (1.0,) * length)


def coverage(kind: str, rate: float, length: int, tries: int) -> tuple[float, float, float]:
    """Tells how often the intervals of a change and of its excess hold the truth, and how often a halving is seen."""
    random = np.random.default_rng(7)
    held = np.zeros(3)
    for _ in range(tries):
        days = [said(random, kind, level, length) for level in (rate, 0.4 * rate, 2 * rate, 1.6 * rate)]
        own, others = change.change(days[0], days[1]), change.change(days[2], days[3])
        both = change.excess(own, others)
        held += [own.low <= 0.4 <= own.high, both.low <= 0.5 <= both.high, both.high < 1]
    one, two, seen = (float(part) for part in held / tries)
    return one, two, seen


def main() -> None:
    """Prints a row for each question and for each kind of days."""
    asked = overview.parser(__doc__)
    asked.add_argument("--runs", type=int, default=7)
    asked.add_argument("--tries", type=int, default=500)
    chosen = asked.parse_args()
    if chosen.mentions:
        with overview.prepared(chosen, build) as folder:
            for choice in ("30d", "90d", "365d"):
                span = period.last(choice, overview.NOW, overview.ZONE)
                filters = Filters(BRAND, span.start, span.finish)
                for name, ask in questions(filters, span).items():
                    times = [overview.seconds(folder, ask) for _ in range(chosen.runs)]
                    print(
                        f"{choice:5} {name:24} {1000 * statistics.median(times):6.0f} ms, worst {1000 * max(times):.0f}"
                    )
    for kind in ("chance", "uneven", "bursts"):
        for rate in (1.0, 4.0, 20.0):
            one, two, seen = coverage(kind, rate, 28, chosen.tries)
            print(f"{kind:7} {rate:4.0f} a day, 28 days: {one:.1%} and {two:.1%} held, seen {seen:.0%}")


if __name__ == "__main__":
    main()

"""Measures the relevance models: clicks until they are of use, time to learn, time to judge a million mentions.

    python benchmarks/relevance.py --data FOLDER    # with cfpb_consumer_loans_2023.jsonl.gz and nhtsa_porsche.jsonl.gz

Two kinds of task. Brands that are ordinary words: all complaints that hold the word, of which those about the company
of that name are about the brand. And homonyms: the complaints about two companies, whose names are both replaced by
one invented name; which of the two is meant has to be found out (the pseudo-words of Gale, Church & Yarowsky 1992).
Clicks fall as they come: complaints in random order, each marked as it is.
"""

import argparse
import gzip
import json
import re
import resource
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np

from earful.data import embeddings, queries, store
from earful.data import relevance as kept
from earful.data.database import Database, snapshot
from earful.flows import preview
from earful.flows import relevance as flow
from earful.models import relevance, sentiment
from earful.models.match import Matchable, compile_expression
from earful.models.relevance import Marked, Text

NAME = "Lanternbank"
WORDS = {"Possible": "possible", "Self": "self"}
HOMONYMS = (("OneMain", "TitleMax (TMX)"), ("Affirm", "Enova (NetCredit, CashNetUSA)"), ("OneMain", "PORSCHE"))
CLICKS = (10, 30, 100, 200)
SHUFFLES = 10
NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)


def read(path: Path) -> list[dict[str, str]]:
    """Reads JSON lines."""
    with gzip.open(path, "rt", encoding="utf-8") as file:
        return [json.loads(line) for line in file]


def tasks(folder: Path) -> list[tuple[str, str, list[str], np.ndarray]]:
    """Gives each task's name, brand, texts, and which of them are about the brand."""
    loans = read(folder / "cfpb_consumer_loans_2023.jsonl.gz")
    cars = [{**row, "brand": "PORSCHE"} for row in read(folder / "nhtsa_porsche.jsonl.gz")]
    found = []
    for brand, word in WORDS.items():
        test = compile_expression(word)
        rows = [row for row in loans if test(Matchable(row["text"]))]
        found.append((brand, brand, [row["text"] for row in rows], np.array([brand in row["brand"] for row in rows])))
    for one, other in HOMONYMS:
        rows = [row for row in [*loans, *cars[:161]] if row["brand"] in (one, other)]
        names = re.compile(r"\b(one ?main|title ?max|tmx|affirm|netcredit|net credit|cashnet ?usa|porsche)\b", re.I)
        texts = [names.sub(NAME, row["text"]) for row in rows]
        found.append((f"{one} or {other}", NAME, texts, np.array([row["brand"] == one for row in rows])))
    return found


def curve(folder: Path) -> None:
    """Prints, for each task and number of clicks, how well the rest is told apart and what is hidden by itself."""
    judge = sentiment.load()
    for name, brand, texts, about in tasks(folder):
        vectors = judge.read([(text, brand) for text in texts]).embeddings
        rows = [Text(text, "complaints", vector) for text, vector in zip(texts, vectors, strict=True)]
        print(f"{name}: {about.sum()} of {len(about)} are about it")
        for clicks in (number for number in CLICKS if number <= 0.75 * len(rows)):
            sums = []
            for seed in range(SHUFFLES):
                order = np.random.default_rng(seed).permutation(len(rows))
                seen, rest = order[:clicks], order[clicks:]
                marked = [Marked(rows[at], bool(about[at]), str(at)) for at in seen]
                trained = relevance.train(brand, marked, [rows[at] for at in rest])
                if trained is None:
                    continue
                chances, wrong = trained.model.chances([rows[at] for at in rest]), ~about[rest]
                half, threshold = chances < 0.5, trained.skill.threshold
                own = chances < threshold if threshold is not None else np.zeros(len(rest), bool)
                sums.append(
                    [
                        *((half & wrong).sum(), half.sum(), wrong.sum(), (half & ~wrong).sum(), (~wrong).sum()),
                        *((own & wrong).sum(), own.sum(), threshold is not None),
                    ]
                )
            rightly, hidden, wrong, lost, right, own_rightly, own_hidden, decided = np.sum(sums, axis=0)
            print(
                f"  {clicks:4} clicks: below one half {rightly / max(1, hidden):.0%} of what is hidden is wrong,"
                f" {rightly / wrong:.0%} of the wrong found, {lost / right:.0%} of the right lost;"
                f" hides by itself in {decided:.0f} of {len(sums)}"
                + (f": {own_rightly / own_hidden:.0%}, {own_rightly / wrong:.0%} found" if own_hidden else "")
            )


def learning(size: int = 384, words: int = 40) -> None:
    """Prints how long learning takes, with held-back clicks and 500 unmarked mentions."""
    random = np.random.default_rng(0)
    made = [_invented(random, number, words, size) for number in range(5500)]
    relevance.train(NAME, made[:40], [one.text for one in made[-500:]])
    for clicks in (10, 100, 1000, 5000):
        began, busy = time.perf_counter(), time.process_time()
        relevance.train(NAME, made[:clicks], [one.text for one in made[-500:]])
        took, busy = time.perf_counter() - began, time.process_time() - busy
        print(f"learning from {clicks:5} clicks: {took:.2f} s, {busy:.2f} s of a processor")


def _invented(random: np.random.Generator, number: int, words: int, size: int) -> Marked:
    about = number % 2 == 0
    said = random.integers(0, 6000, words) + (0 if about else 500)
    vector = random.normal(size=size) + (0.3 if about else -0.3)
    text = f"{NAME} " + " ".join(f"word{one}" for one in said)
    return Marked(
        Text(text, f"source {number % 6}", (vector / np.linalg.norm(vector)).astype(np.float32)), about, str(number)
    )


def million(count: int) -> None:
    """Prints how long a click and the judging that follows take in a store of so many mentions of one brand."""
    with tempfile.TemporaryDirectory(prefix="earful-relevance-") as name:
        database = Database(Path(name))
        _fill(database, count)
        with database.transaction() as con:
            con.execute(
                "INSERT INTO relevance_marks SELECT id, 's', id, ?, substr(id, 2)::INTEGER % 2 = 0, 'ada', ? FROM facts"
                " ORDER BY hash(id) LIMIT 300",
                [NAME, NOW],
            )
        began, busy = time.perf_counter(), time.process_time()
        done = flow.update(database, lambda: NOW, lambda *_: None)
        took, busy = time.perf_counter() - began, time.process_time() - busy
        print(f"the stage judges {done:,} mentions: {took:.0f} s, {busy:.0f} s of a processor")
        with database.look() as con:
            hidden = con.execute("SELECT count(*) FILTER (hidden), count(*) FROM facts").fetchone()
        print(f"hidden {hidden[0]:,} of {hidden[1]:,}; main.duckdb {database.main.stat().st_size / 2**20:,.0f} MiB")
        for about in (False, True):
            began, busy = time.perf_counter(), time.process_time()
            with database.transaction() as con:
                kept.save_mark(con, "s", "m0000007", NAME, about, "ada", NOW + timedelta(minutes=about))
            first = time.perf_counter() - began
            left = flow.follow(database, NAME, NOW)
            whole, busy = time.perf_counter() - began, time.process_time() - busy
            print(
                f"a click: counts after {first:.1f} s, learnt from after {whole:.1f} s ({busy:.1f} busy), {left:,} left"
            )
        for expression in (
            f"{NAME} NOT w77 NOT (w5 OR w6)",
            "w77 OR w78",
            " OR ".join(f"w{one}" for one in range(900)),
        ):
            began = time.perf_counter()
            with snapshot(database.folder) as con:
                found = preview.preview(con, database.folder, expression, NAME, NOW, 365)
            took = time.perf_counter() - began
            print(f"preview of {expression[:40]!r}: {took:.1f} s, {found.matches}, {found.tried:,} tried")
        began = time.perf_counter()
        with database.look() as con:
            queries.count_mentions(con, queries.Filters(NAME, NOW - timedelta(days=400), NOW, hidden=True))
        print(f"counting what is hidden: {time.perf_counter() - began:.2f} s")
    print(f"peak {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MiB")


def _fill(database: Database, count: int) -> None:
    with database.transaction() as con:
        store.set_up(con, [(NAME, "own", "x")], [("s", "rss", "https://x.example")])
        store.put_setting(con, "model", "made")
        con.execute(
            "CREATE TEMP TABLE made AS SELECT i, 'm' || lpad(i::TEXT, 7, '0') AS id,"
            " $now::TIMESTAMPTZ - to_seconds(31536000 * (1 - i / $count)) AS published,"
            " $name || ' ' || (SELECT string_agg('w' || (hash(i * 31 + j) % 4000 + (i % 2) * 2000), ' ')"
            " FROM range(30) t(j)) AS text FROM range($count) t(i)",
            {"now": NOW, "count": count, "name": NAME},
        )
        con.execute(
            "INSERT INTO mentions BY NAME SELECT 's' AS source, id, '' AS url, 'ada' AS author, published, published AS"
            " collected, '' AS title, text, 'en' AS language, 0 AS engagement, '' AS parent, '' AS about,"
            " true AS dated, id AS digest FROM made"
        )
        con.execute("INSERT INTO examined SELECT 's', id, id, 'r', 'en', id FROM made")
        con.execute("INSERT INTO matches SELECT 's', id, ? FROM made", [NAME])
        con.execute(
            "INSERT INTO facts BY NAME SELECT ? AS brand, 's' AS source, id, id AS story, true AS leads, published,"
            " published AS collected, 'neutral' AS label, false AS corrected, 'en' AS language, '' AS intent FROM made",
            [NAME],
        )
    random = np.random.default_rng(0)
    for start in range(0, count, 50_000):
        numbers = np.arange(start, min(start + 50_000, count))
        vectors = random.normal(size=(len(numbers), 384)) + np.where(numbers % 2, -0.2, 0.2)[:, None]
        vectors = (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float16)
        embeddings.save(database.folder, "made", {f"m{at:07d}": one for at, one in zip(numbers, vectors, strict=True)})


def main() -> None:
    """Runs what was asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, help="folder of labelled complaints")
    parser.add_argument("--mentions", type=int, default=1_000_000)
    asked = parser.parse_args()
    learning()
    if asked.data:
        curve(asked.data)
    million(asked.mentions)


if __name__ == "__main__":
    main()

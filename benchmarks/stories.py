"""How well copies are grouped, and what it costs: python benchmarks/stories.py --data FOLDER, or --many 1000000

With --data, copies of real texts are made by the edits in copies.py, among texts that only look like copies, kept in a
store and grouped as a run does, with embeddings of the shipped model; beside it MinHash alone (datasketch's LSH on
shingles of three words), SimHash alone (64 bits, the same shingles) and the first 24 words. For both the best of
several thresholds is shown, which nobody has who does not know the truth. FOLDER holds complaints/ and datasets/.

With --many, so many invented mentions with words of Zipf's frequencies, a tenth of them copies, are grouped in
batches: time a mention and memory as the store grows.
"""

import argparse
import hashlib
import random
import resource
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import copies
import numpy as np
import pyarrow as pa
from copies import Made
from datasketch import MinHash, MinHashLSH
from sklearn.metrics import adjusted_rand_score
from sklearn.metrics.cluster import pair_confusion_matrix

from earful.connectors.types import Mention
from earful.data import embeddings, store
from earful.data.database import Database
from earful.flows import group
from earful.models import fingerprint, sentiment, stories
from earful.models.encoder import joined

START = datetime(2025, 1, 1, tzinfo=UTC)
PERMUTATIONS = 128
MODEL = "shipped"


def words(one: Made) -> list[str]:
    """Gives a text's words, with no more knowledge of retweets or publishers than the plain methods have."""
    return one.text.casefold().split()


def shingles(one: Made) -> set[str]:
    """Gives runs of three words."""
    said = words(one)
    return {" ".join(said[at : at + 3]) for at in range(max(1, len(said) - 2))}


def by_first_words(made: Sequence[Made]) -> list[int | str]:
    """Groups by the first 24 words of unrated texts of twelve and more."""
    return [
        place if one.personal or len(words(one)) < 12 else " ".join(words(one)[:24]) for place, one in enumerate(made)
    ]


def by_minhash(made: Sequence[Made], threshold: float) -> list[int | str]:
    """Groups by datasketch's MinHashLSH alone."""
    index, groups = MinHashLSH(threshold=threshold, num_perm=PERMUTATIONS), stories.Groups()
    sketches: list[MinHash] = []
    for place, one in enumerate(made):
        sketch = MinHash(num_perm=PERMUTATIONS)
        sketch.update_batch([each.encode() for each in shingles(one)])
        for other in index.query(sketch):
            if sketch.jaccard(sketches[other]) >= threshold:
                groups.join(place, other)
        index.insert(place, sketch)
        sketches.append(sketch)
    return [groups.of(place) for place in range(len(made))]


def by_simhash(made: Sequence[Made], distance: int) -> list[int | str]:
    """Groups by 64-bit SimHash alone, every pair compared: what an index could find at best."""
    rows = []
    for one in made:
        hashes = np.array([number(each) for each in shingles(one)], np.uint64)
        bits = (hashes[:, None] >> np.arange(64, dtype=np.uint64)) & np.uint64(1)
        rows.append((2 * bits.sum(0) >= len(hashes)).astype(np.uint8))
    signs = np.packbits(np.array(rows), axis=1).view(np.uint64).ravel()
    groups = stories.Groups()
    for place in range(len(made)):
        for other in np.flatnonzero(np.bitwise_count(signs[:place] ^ signs[place]) <= distance):
            groups.join(place, int(other))
    return [groups.of(place) for place in range(len(made))]


def number(text: str) -> int:
    """Gives 64 bits of a text."""
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest(), "big")


def by_us(made: Sequence[Made], embedded: bool) -> list[int | str]:
    """Keeps, scores and groups as a run does, in batches; with embeddings of the shipped model or without."""
    with tempfile.TemporaryDirectory() as folder:
        database = Database(Path(folder))
        keep(database, made)
        if embedded:
            judge = sentiment.load()
            read = judge.read([(joined(one.title, one.text), "") for one in made]).embeddings
            digests = [store.digest(mention(place, one)) for place, one in enumerate(made)]
            embeddings.save(database.folder, MODEL, dict(zip(digests, read, strict=True)))
            with database.transaction(publish=False) as con:
                con.execute(
                    "INSERT INTO scores SELECT source, id, 'Acme', ?, digest, 0.1, 0.8, 0.1, 'neutral', '', 1, now(),"
                    " '' FROM examined",
                    [MODEL],
                )
        group.group(database, MODEL if embedded else "", lambda: START, lambda *_: None)
        with database.look() as con:
            found = dict(con.execute("SELECT id, story FROM examined").fetchall())
    return [found[str(place)] for place in range(len(made))]


def mention(place: int, one: Made) -> Mention:
    """Makes a mention of a made text."""
    when = START + timedelta(seconds=one.published)
    return Mention(str(place), "", one.author, when, one.title, one.text, "en", one.rating)


def keep(database: Database, made: Sequence[Made]) -> None:
    """Keeps and examines mentions, all of one brand."""
    by_source: dict[str, list[Mention]] = defaultdict(list)
    for place, one in enumerate(made):
        by_source[one.source].append(mention(place, one))
    with database.transaction(publish=False) as con:
        for source, mentions in by_source.items():
            store.add_source(con, source, source.partition(":")[0], "")
            store.save_page(con, source, mentions, START)
            examined = [
                store.Examined(source, one.id, store.digest(one), "en", f"{source} {one.id}", ("Acme",))
                for one in mentions
            ]
            store.save_examined(con, "rules", examined)


def figures(made: Sequence[Made], found: Sequence[int | str]) -> tuple[float, float, float, float]:
    """Gives pairwise precision, recall and F1, and the adjusted Rand index."""
    truth = numbered([one.truth for one in made])
    ours = numbered(found)
    (_, wrong), (missed, right) = pair_confusion_matrix(truth, ours)
    precision, recall = right / max(1, right + wrong), right / (right + missed)
    return precision, recall, 2 * precision * recall / max(1e-9, precision + recall), adjusted_rand_score(truth, ours)


def numbered(names: Sequence[int | str]) -> list[int]:
    """Numbers names."""
    numbers: dict[int | str, int] = {}
    return [numbers.setdefault(name, len(numbers)) for name in names]


def quality(data: Path, size: int) -> None:
    """Prints the figures of each method, and ours for each edit and each trap."""
    made = copies.make(data, size)
    print(f"{len(made):,} mentions of {len({one.truth for one in made}):,} stories")
    print("\n| method | precision | recall | F1 | ARI | seconds |\n|---|---:|---:|---:|---:|---:|")

    def show(name: str, method: Callable[[], list[int | str]]) -> list[int | str]:
        began = time.perf_counter()
        found = method()
        values = " | ".join(f"{value:.3f}" for value in figures(made, found))
        print(f"| {name} | {values} | {time.perf_counter() - began:.0f} |", flush=True)
        return found

    ours = show("ours", lambda: by_us(made, True))
    show("ours without embeddings", lambda: by_us(made, False))
    for threshold in (0.3, 0.4, 0.5, 0.6, 0.7, 0.8):
        show(f"MinHash alone, Jaccard {threshold}", lambda threshold=threshold: by_minhash(made, threshold))
    for distance in (3, 6, 10, 14, 18):
        show(f"SimHash alone, {distance} bits", lambda distance=distance: by_simhash(made, distance))
    show("the first 24 words", lambda: by_first_words(made))
    first = {one.truth: found for one, found in zip(made, ours, strict=True) if "original" in one.kind}
    held: Counter[str] = Counter()
    total = Counter(one.kind for one in made)
    sizes = Counter(ours)
    for one, found in zip(made, ours, strict=True):
        held[one.kind] += found == first[one.truth] if one.truth in first else sizes[found] == 1
    print("\n| what was done | mentions | rightly grouped |\n|---|---:|---:|")
    for kind in sorted(total):
        if "original" not in kind:
            print(f"| {kind} | {total[kind]} | {held[kind] / total[kind]:.3f} |")


def invented(count: int, seed: int) -> list[str]:
    """Invents texts of 8 to 200 words, of a vocabulary of 50,000 with Zipf's frequencies; a tenth are edited copies."""
    chance = np.random.default_rng(seed)
    lengths = np.clip(chance.lognormal(3.3, 0.7, count).astype(int), 8, 200)
    drawn = np.minimum(chance.zipf(1.15, int(lengths.sum())), 50_000)
    found: list[str] = []
    at = 0
    for place, length in enumerate(lengths):
        own = [f"w{number}" for number in drawn[at : at + length]]
        at += length
        if place > 100 and chance.random() < 0.1:
            before = found[place - int(chance.integers(1, 100))].split()
            own = [*before, "read", "more"] if chance.random() < 0.5 else [*before[: max(12, len(before) // 2)], "…"]
        found.append(" ".join(own))
    return found


def growth(count: int, step: int) -> None:
    """Prints the cost of grouping as the store grows: invented mentions over a year, oldest first."""
    print("\n| mentions | ms a new mention | of it its fingerprint | stories of several | peak MiB | MiB on disk |")
    print("|---:|---:|---:|---:|---:|---:|")
    apart = timedelta(days=365) / count
    with tempfile.TemporaryDirectory() as folder:
        database = Database(Path(folder))
        with database.transaction(publish=False) as con:
            store.add_source(con, "rss:a", "rss", "a")
        for start in range(0, count, step):
            texts = invented(step, start)
            fill(database, start, texts, apart)
            began = time.perf_counter()
            prints = [fingerprint.take("rss:a", "", 0.0, "", text, None, False) for text in texts[:2000]]
            taking = (time.perf_counter() - began) / len(prints)
            began = time.perf_counter()
            done = group.group(database, "", lambda: START, lambda *_: None)
            seconds = time.perf_counter() - began
            assert done.mentions == step, done
            with database.look() as con:
                several = con.execute(
                    "SELECT count(*) FROM (SELECT story FROM examined GROUP BY story HAVING count(*) > 1)"
                ).fetchone()
            peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
            disk = sum(path.stat().st_size for path in Path(folder).glob("stories.sqlite*")) / 2**20
            print(
                f"| {start + step:,} | {seconds / step * 1e3:.2f} | {taking * 1e3:.2f} | {several[0]:,} | {peak:,.0f}"
                f" | {disk:,.0f} |",
                flush=True,
            )


def fill(database: Database, start: int, texts: Sequence[str], apart: timedelta) -> None:
    """Keeps invented mentions, examined and of one brand, without the stages before."""
    numbers = range(start, start + len(texts))
    table = pa.table(
        {
            "id": [f"{number:08}" for number in numbers],
            "text": texts,
            "published": pa.array([START + number * apart for number in numbers], pa.timestamp("us", "UTC")),
        }
    )
    with database.transaction(publish=False) as con:
        con.register("made", table)
        con.execute(
            "INSERT INTO mentions BY NAME SELECT 'rss:a' AS source, id, '' AS url, '' AS author, published,"
            " published AS collected, '' AS title, text, 'en' AS language, 0 AS engagement, '' AS parent, '' AS about,"
            " true AS dated, md5(text) AS digest FROM made"
        )
        con.execute("INSERT INTO matches SELECT 'rss:a', id, 'Acme' FROM made")
        con.execute(
            "INSERT INTO examined BY NAME SELECT 'rss:a' AS source, id, md5(text) AS digest, 'rules' AS rules,"
            " 'en' AS language, id AS story FROM made"
        )


def main() -> None:
    """Runs what is asked for."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, help="the folder with complaints/ and datasets/")
    parser.add_argument("--size", type=int, default=600, help="stories of each kind")
    parser.add_argument("--many", type=int, default=20_000, help="invented mentions; 0 for none")
    parser.add_argument("--step", type=int, default=0, help="mentions a row; a tenth unless said")
    options = parser.parse_args()
    if options.data:
        random.seed(1)
        quality(options.data, options.size)
    if options.many:
        growth(options.many, options.step or options.many // 10)


if __name__ == "__main__":
    main()

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
import resource
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Hashable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import copies
import numpy as np
import pyarrow as pa
from copies import Made
from datasketch import MinHash, MinHashLSH
from sklearn.metrics import adjusted_rand_score
from sklearn.metrics.cluster import pair_confusion_matrix

from earful.connectors.types import Mention
from earful.data import embeddings, fingerprints, store
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


def meetings(made: Sequence[Made]) -> None:
    """Prints how surely copies meet in an index: ours, and MinHash of the whole or of leads and paragraphs too."""
    print("\n| index | places a mention | copies that meet | strangers met a mention | ms |\n|---|---:|---:|---:|---:|")
    for name, method in (
        ("passages (winnowing)", _our_places),
        ("MinHash of the whole, 16 bands of 4", lambda one: _bands(one.text, 64)),
        ("MinHash of whole, leads and paragraphs, 8 bands of 4", _parts),
    ):
        began = time.process_time()
        put = [method(one) for one in made]
        spent = (time.process_time() - began) / len(made) * 1e3
        there: dict[Hashable, list[int]] = defaultdict(list)
        groups = stories.Groups()
        met = 0
        for place, some in enumerate(put):
            others = {other for each in some for other in there[each]}
            for other in others:
                if made[other].truth == made[place].truth:
                    groups.join(place, other)
                else:
                    met += 1
            for each in some:
                there[each].append(place)
        firsts = {one.truth: place for place, one in enumerate(made) if "original" in one.kind}
        copied = [place for place, one in enumerate(made) if one.truth in firsts and "original" not in one.kind]
        found = sum(groups.of(place) == groups.of(firsts[made[place].truth]) for place in copied)
        rows = np.mean([len(some) for some in put])
        print(f"| {name} | {rows:.1f} | {found / len(copied):.4f} | {met / len(made):.1f} | {spent:.2f} |", flush=True)


def _our_places(one: Made) -> set[Hashable]:
    taken = fingerprint.take(one.source, one.author, one.published, one.title, one.text, one.rating, one.personal)
    return set(stories.places(taken))


def _bands(text: str, permutations: int) -> set[Hashable]:
    sketch = MinHash(num_perm=permutations)
    sketch.update_batch([each.encode() for each in shingles(Made("", "", text))])
    return {(at, *sketch.hashvalues[at : at + 4].tolist()) for at in range(0, permutations, 4)}


def _parts(one: Made) -> set[Hashable]:
    said = one.text.split()
    parts = [one.text, *(" ".join(said[:size]) for size in (16, 32, 64) if len(said) > size)]
    parts += [part for part in copies.paragraphs(one.text) if len(part.split()) > 15 and len(said) > 60]
    return {band for part in parts for band in _bands(part, 32)}


def numbered(names: Sequence[int | str]) -> list[int]:
    """Numbers names."""
    numbers: dict[int | str, int] = {}
    return [numbers.setdefault(name, len(numbers)) for name in names]


def quality(data: Path, size: int, seed: int) -> None:
    """Prints the figures of each method, and ours for each edit and each trap."""
    made = copies.make(data, size, seed)
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
    meetings(made)
    print("\n| what was done | mentions | rightly grouped |\n|---|---:|---:|")
    for kind in sorted(total):
        if "original" not in kind:
            print(f"| {kind} | {total[kind]} | {held[kind] / total[kind]:.3f} |")


def invented(count: int, seed: int) -> list[str]:
    """Invents texts of 8 to 200 words, of a vocabulary of 50,000 with Zipf's frequencies; a tenth are edited copies."""
    chance = np.random.default_rng(seed)
    letters = "etaoinshrdlucmfwypvbgkjqxz"
    spelt = ["".join(letters[number // 26**place % 26] for place in range(4)) for number in range(50_001)]
    lengths = np.clip(chance.lognormal(3.3, 0.7, count).astype(int), 8, 200)
    drawn = np.minimum(chance.zipf(1.15, int(lengths.sum())), 50_000)
    found: list[str] = []
    at = 0
    for place, length in enumerate(lengths):
        own = [spelt[number] for number in drawn[at : at + length]]
        at += length
        if place > 100 and chance.random() < 0.1:
            before = found[place - int(chance.integers(1, 100))].split()
            own = [*before, "read", "more"] if chance.random() < 0.5 else [*before[: max(12, len(before) // 2)], "…"]
        found.append(" ".join(own))
    return found


def growth(count: int, step: int) -> None:
    """Prints the cost of grouping as the store grows: invented mentions over a year, oldest first."""
    columns = ("mentions", "ms a new mention", "ms of the processor", "of it finding copies", "stories of several")
    print("\n| " + " | ".join([*columns, "peak MiB", "MiB of fingerprints"]) + " |")
    print("|---:|---:|---:|---:|---:|---:|---:|")
    apart = timedelta(days=365) / count
    finding = Stopwatch()
    for module, name in ((fingerprints, "put"), (group, "_join"), (group, "_fingerprint")):
        setattr(module, name, finding.around(getattr(module, name)))
    with tempfile.TemporaryDirectory() as folder:
        database = Database(Path(folder))
        with database.transaction(publish=False) as con:
            store.add_source(con, "rss:a", "rss", "a")
        for start in range(0, count, step):
            fill(database, start, invented(step, start), apart)
            finding.seconds, began, begun = 0.0, time.perf_counter(), time.process_time()
            done = group.group(database, "", lambda: START, lambda *_: None)
            seconds, worked = time.perf_counter() - began, time.process_time() - begun
            assert done.mentions == step, done
            with database.look() as con:
                several = con.execute(
                    "SELECT count(*) FROM (SELECT story FROM examined GROUP BY story HAVING count(*) > 1)"
                ).fetchone()
            peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
            disk = sum(path.stat().st_size for path in Path(folder).glob("stories.sqlite*")) / 2**20
            print(
                f"| {start + step:,} | {seconds / step * 1e3:.2f} | {worked / step * 1e3:.2f}"
                f" | {finding.seconds / step * 1e3:.2f} | {several[0]:,} | {peak:,.0f} | {disk:,.0f} |",
                flush=True,
            )


class Stopwatch:
    """Adds up the processor's seconds that functions take."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def around(self, function: Callable[..., Any]) -> Callable[..., Any]:
        """Gives a function that does the same and is measured."""

        def measured(*arguments: Any) -> Any:
            began = time.process_time()
            try:
                return function(*arguments)
            finally:
                self.seconds += time.process_time() - began

        return measured


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
        con.execute("INSERT INTO waiting SELECT 'rss:a', id FROM made")


def main() -> None:
    """Runs what is asked for."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, help="the folder with complaints/ and datasets/")
    parser.add_argument("--size", type=int, default=600, help="stories of each kind")
    parser.add_argument("--seed", type=int, default=7, help="draws other texts and edits")
    parser.add_argument("--many", type=int, default=20_000, help="invented mentions; 0 for none")
    parser.add_argument("--step", type=int, default=0, help="mentions a row; a tenth unless said")
    options = parser.parse_args()
    if options.data:
        quality(options.data, options.size, options.seed)
    if options.many:
        growth(options.many, options.step or options.many // 10)


if __name__ == "__main__":
    main()

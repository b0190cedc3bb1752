"""Measures themes: agreement with labels, steadiness from week to week, whether what emerges is named, and time.

    python benchmarks/themes.py --data FOLDER [--cache FOLDER]

FOLDER holds `cfpb_consumer_loans_2023.jsonl.gz` and `nhtsa_porsche.jsonl.gz`: JSON lines with id, company, brand,
issue (components), date and text. BERTopic is measured beside it where it is installed; it is no dependency.
"""

import argparse
import gzip
import hashlib
import json
import resource
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import numpy as np
import pyarrow as pa
from sklearn.cluster import KMeans
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.metrics import adjusted_rand_score, normalized_mutual_info_score, v_measure_score

from earful.data import embeddings, store
from earful.data.database import Database
from earful.flows import themes as stage
from earful.models import emerging, sentiment, themes, themespace
from earful.models.themes import Kept

CFPB, PORSCHE = "cfpb_consumer_loans_2023", "nhtsa_porsche"
FEWEST = 15  # rows of a label of Porsche's
SEEDS = (0, 1, 2)
TURNS = 2  # draws of each unheard-of component


@dataclass(frozen=True)
class Set:
    """Texts with their labels, brands, days since the first and embeddings."""

    texts: list[str]
    labels: np.ndarray
    brands: np.ndarray
    days: np.ndarray
    vectors: np.ndarray

    def of(self, chosen: np.ndarray) -> "Set":
        """Gives a part."""
        return Set([self.texts[int(at)] for at in chosen], self.labels[chosen], self.brands[chosen],
                   self.days[chosen], self.vectors[chosen])  # fmt: skip


def main() -> None:
    """Prints the rows."""
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--data", type=Path, required=True)
    options.add_argument("--cache", type=Path, help="a folder for the embeddings, made once")
    options.add_argument("--only", choices=("agreement", "steadiness", "emerging", "time"))
    options.add_argument("--mentions", type=int, default=100_000)
    given = options.parse_args()
    wanted = (CFPB,) if given.only == "time" else (CFPB, PORSCHE)
    sets = {name: read(given.data, name, given.cache) for name in wanted}
    parts = {
        "agreement": lambda: [agreement(name, one) for name, one in sets.items()],
        "steadiness": lambda: [steadiness(name, one) for name, one in sets.items()],
        "emerging": lambda: (
            wave(sets[CFPB]),
            alarms(sets[CFPB]),
            injected(sets[PORSCHE]),
            [shuffled(name, one) for name, one in sets.items()],
        ),
        "time": lambda: duration(sets[CFPB], given.mentions),
    }
    for name, part in parts.items():
        if given.only in (None, name):
            part()


def read(folder: Path, name: str, cache: Path | None) -> Set:
    """Reads a set; of Porsche's the complaints with one component that at least FEWEST have."""
    with gzip.open(folder / f"{name}.jsonl.gz", "rt", encoding="utf-8") as lines:
        rows = [json.loads(line) for line in lines]
    kept = cache / f"themes-{name}.npy" if cache else None
    if kept and kept.exists():
        vectors = np.load(kept)
    else:
        vectors = sentiment.load().read([(row["text"], row["company"]) for row in rows]).embeddings
        if kept:
            np.save(kept, vectors)
    first = date.fromisoformat("2023-01-01")
    days = np.array([(date.fromisoformat(row["date"]) - first).days for row in rows])
    whole = Set([row["text"] for row in rows], np.array([row["issue"] for row in rows]),
                np.array([row.get("brand", row["company"]) for row in rows]), days, vectors)  # fmt: skip
    if name == CFPB:
        return whole
    alone = [at for at, row in enumerate(rows) if len(row["components"]) == 1]
    often = Counter(rows[at]["components"][0] for at in alone)
    chosen = np.array([at for at in alone if often[rows[at]["components"][0]] >= FEWEST])
    one = whole.of(chosen)
    return Set(one.texts, np.array([rows[at]["components"][0] for at in chosen]), one.brands, one.days, one.vectors)


def placed(one: Set, names: Sequence[str] = ()) -> np.ndarray:
    """Gives the rows of a set in its own space."""
    return themespace.fit(one.texts, one.vectors, names).place(one.texts, one.vectors)


def labels(found: Sequence[themes.Theme], size: int) -> np.ndarray:
    """Gives each row the place of its theme, -1 for none."""
    given = np.full(size, -1)
    for place, theme in enumerate(found):
        given[theme.members] = place
    return given


def agreement(name: str, one: Set) -> None:
    """Prints how far themes agree with the labels, beside k-means and BERTopic."""
    rows = placed(one)
    ages = np.full(len(rows), 99.0)
    ours = labels(themes.find(rows, ages).themes, len(rows))
    number = len(set(ours) - {-1})
    show(name, f"themes, {number} of them", one.labels, [ours])
    words = TfidfVectorizer(stop_words="english", min_df=3, sublinear_tf=True).fit_transform(one.texts)
    for what, space in (("our space", rows), ("the same embeddings", one.vectors), ("TF-IDF", words)):
        runs = [KMeans(number, n_init=3, random_state=seed).fit_predict(space) for seed in SEEDS]
        show(name, f"k-means on {what}, as many", one.labels, runs)
    bertopic = _bertopic()
    if bertopic is None:
        print(f"{name}: BERTopic is not installed, its row is left out")
        return
    runs = [np.array(bertopic(seed, None).fit_transform(one.texts, one.vectors)[0]) for seed in SEEDS]
    show(name, "BERTopic, same embeddings", one.labels, runs)
    runs = [np.array(bertopic(seed, number).fit_transform(one.texts, one.vectors)[0]) for seed in SEEDS]
    show(name, "BERTopic with k-means, as many", one.labels, runs)
    pairs = [(0, 1), (0, 2), (1, 2)]
    print(f"{name}: BERTopic with k-means, ARI between seeds {np.mean([_ari(runs[a], runs[b]) for a, b in pairs]):.2f}")


def _bertopic():
    try:
        from bertopic import BERTopic
        from umap import UMAP
    except ImportError:
        return None

    def make(seed: int, number: int | None) -> BERTopic:
        reduce = UMAP(n_neighbors=15, n_components=5, min_dist=0.0, metric="cosine", random_state=seed)
        more = {"hdbscan_model": KMeans(number, n_init=3, random_state=seed)} if number else {}
        return BERTopic(umap_model=reduce, embedding_model=None, **more)

    return make


def show(name: str, what: str, truth: np.ndarray, runs: Sequence[np.ndarray]) -> None:
    """Prints a row of agreement, averaged over runs; what has no theme is a class of its own."""
    figures = [
        (v_measure_score(truth, run), normalized_mutual_info_score(truth, run), adjusted_rand_score(truth, run))
        for run in runs
    ]
    v, nmi, ari = np.mean(figures, 0)
    none = np.mean([(run < 0).mean() for run in runs])
    print(f"{name}: {what}: V {v:.3f}, NMI {nmi:.3f}, ARI {ari:.3f}, in none {none:.0%}", flush=True)


@dataclass(frozen=True)
class Week:
    """What was known at the end of a week: places of the texts there were, the theme of each, new ones that emerged."""

    now: int
    here: np.ndarray
    themes: np.ndarray
    emerged: list[tuple[int, np.ndarray]]


def weeks(one: Set, warm: bool = True, start: int = 28) -> Iterator[Week]:
    """Finds themes at the end of every week from all there is by then, going on with those of the week before."""
    given = np.full(len(one.days), -1)
    lines: dict[int, float] = {}
    fresh = 0
    for now in range(start, int(one.days.max()) + 8, 7):
        here = np.flatnonzero((one.days < now) & (one.days >= now - 365))
        if len(here) < themes.ENOUGH:
            continue
        part = one.of(here)
        names = sorted(set(given[here]) - {-1}) if warm else []
        kept = [Kept(np.flatnonzero(given[here] == theme), lines[theme]) for theme in names]
        found = themes.find(placed(part), (now - part.days).astype(float), kept)
        given = np.full(len(one.days), -1)
        emerged = []
        for theme in found.themes:
            if theme.continues is None:
                fresh += 1
            name = fresh if theme.continues is None else names[theme.continues]
            given[here[theme.members]] = name
            lines[name] = theme.line if theme.narrow else 0.0
            ages = (now - one.days[here[theme.members]]).astype(float)
            if theme.continues is None and themes.state(ages, float(now - part.days.min())) == "new":
                emerged.append((name, here[theme.members]))
        yield Week(now, here, given.copy(), emerged)


def steadiness(name: str, one: Set) -> None:
    """Prints the ARI between the themes of a week and of the next, on the texts of both."""
    if name == PORSCHE:  # its dates span twenty years
        one = Set(
            one.texts, one.labels, one.brands, np.random.default_rng(0).permutation(len(one.days)) // 4, one.vectors
        )
    for what, warm in (("going on", True), ("found anew each week", False)):
        between, before = [], None
        for week in weeks(one, warm):
            if before is not None:
                both = before.here[(before.themes[before.here] >= 0) & (week.themes[before.here] >= 0)]
                between.append(_ari(before.themes[both], week.themes[both]))
            before = week
        assert before is not None
        v = v_measure_score(one.labels[before.here], before.themes[before.here])
        last = f"{len(set(before.themes) - {-1})} themes at the end, V {v:.3f}"
        print(
            f"{name}: {what}: ARI from week to week {np.mean(between):.2f} (least {min(between):.2f}), {last}",
            flush=True,
        )


def wave(one: Set) -> None:
    """Prints when the letter about WLCC, sent from 3 July on, was named new."""
    part = one.of(np.flatnonzero(one.brands == "WLCC"))
    letters = np.array(["can confirm that they rec" in text for text in part.texts])
    for week in weeks(part, start=29):  # weeks end on Sundays
        for _, members in week.emerged:
            day = date(2023, 1, 1) + timedelta(days=week.now - 1)
            hits = int(letters[members].sum())
            there = int(letters[week.here].sum())
            print(f"WLCC: new by {day}: {len(members)} complaints, {hits} of the {there} letters among them")


def alarms(one: Set) -> None:
    """Prints how often anything is named new at brands with 30 complaints or more."""
    often = Counter(one.brands.tolist())
    count = seen = 0
    for brand in sorted(brand for brand, number in often.items() if number >= 30):
        for week in weeks(one.of(np.flatnonzero(one.brands == brand)), start=29):
            seen += 1
            count += len(week.emerged)
    whole = list(weeks(one, start=29))
    named = sum(len(week.emerged) for week in whole[1:])
    print(
        f"new themes: {count} in {seen} weeks of single brands; {named} in {len(whole) - 1} weeks of all lenders as one"
    )


def injected(one: Set) -> None:
    """Prints how often a component nobody complained of before is named new in the week in which it appears.

    The others go on being complained of, in that week as before. Labels are told apart by their place in the alphabet,
    in two halves: the method was chosen on the first.
    """
    for count in (5, 10, 20):
        found, exact, false = [0, 0], [], 0
        names = sorted(set(one.labels))
        for place, label in enumerate(names):
            for turn in range(TURNS):
                rng = np.random.default_rng(place + 100 * turn)
                others = np.flatnonzero(one.labels != label)
                fresh = rng.permutation(np.flatnonzero(one.labels == label))[:count]
                days = np.concatenate([rng.integers(0, 180, len(others)), rng.integers(173, 180, len(fresh))])
                part = one.of(np.concatenate([others, fresh]))
                part = Set(part.texts, part.labels, part.brands, days, part.vectors)
                *_, last = weeks(part, start=173)
                hits = [(members >= len(others)) for _, members in last.emerged]
                best = max(hits, key=lambda one: int(one.sum()), default=np.zeros(1, bool))
                if best.sum() >= max(3, 0.3 * len(fresh)) and best.mean() >= 0.5:
                    found[place % 2] += 1
                    exact.append((best.sum() / len(fresh), best.mean()))
                false += sum(one.mean() < 0.5 for one in hits)
        recall, precision = np.mean(exact, 0) if exact else (0, 0)
        cases = [TURNS * len(names[half::2]) for half in (0, 1)]
        print(
            f"{PORSCHE}: {count} of an unheard-of component in a week: named new {found[0]} of {cases[0]} and"
            f" {found[1]} of {cases[1]} times (with {recall:.0%} of its complaints, {precision:.0%} of the theme);"
            f" {false} others named new in {sum(cases)} weeks",
            flush=True,
        )


def shuffled(name: str, one: Set, turns: int = 40) -> None:
    """Prints how often anything emerges in a week when nothing is new: the same texts, their days shuffled."""
    rows, weekly = placed(one), []
    span = min(180, int(one.days.max()) + 1)
    for turn in range(turns):
        ages = np.random.default_rng(turn).uniform(0, span, len(rows))
        members = [found.members for found in emerging.subjects(rows, ages)]
        weekly.append(sum(themes.state(ages[some], float(span)) == "new" for some in members))
    print(f"{name}: days shuffled: {sum(weekly)} named new in {turns} weeks, in {sum(map(bool, weekly))} of them")


def duration(one: Set, mentions: int) -> None:
    """Prints how long finding takes in a store with so many complaints, real ones repeated with noise.

    Every third is by somebody who may have complained before.
    """
    rng = np.random.default_rng(0)
    picks = rng.integers(0, len(one.texts), mentions + 1000)
    now = datetime(2026, 6, 1, tzinfo=UTC)
    with tempfile.TemporaryDirectory() as folder:
        database = Database(Path(folder))
        for start in range(0, mentions, 20_000):
            _fill(database, one, picks[start : min(start + 20_000, mentions)], start, now, rng)
        for what, later in (("first round", 0), ("next day's round", 24), ("1,000 more placed", 25)):
            if later == 25:
                _fill(database, one, picks[mentions:], mentions, now, rng)
            began, used = time.perf_counter(), time.process_time()
            done = stage.update(database, "m", lambda hours=later: now + timedelta(hours=hours), lambda *_: None)
            wall, spent = time.perf_counter() - began, time.process_time() - used
            peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
            print(f"{mentions:,} complaints, {what}: {wall:.0f} s, {spent:.1f} s of processor, {peak:,.0f} MiB at peak;"
                  f" {done}", flush=True)  # fmt: skip


FILL = """
INSERT INTO mentions BY NAME SELECT 'cfpb:x' AS source, id, '' AS url, author, published, published AS collected,
    '' AS title, text, 'en' AS language, 0 AS engagement, '' AS parent, '' AS about, true AS dated, digest FROM made;
INSERT INTO examined SELECT 'cfpb:x', id, digest, 'rules', 'en', id FROM made;
INSERT INTO matches SELECT 'cfpb:x', id, 'Acme' FROM made;
INSERT INTO scores BY NAME SELECT 'cfpb:x' AS source, id, 'Acme' AS brand, 'm' AS model, digest, 0.8 AS negative,
    0.1 AS neutral, 0.1 AS positive, 'negative' AS label, '' AS reason, 1 AS tries, published AS scored,
    'problem' AS intent FROM made;
INSERT INTO facts BY NAME SELECT 'Acme' AS brand, 'cfpb:x' AS source, id, id AS story, true AS leads, published,
    published AS collected, 'negative' AS label, false AS corrected, 'en' AS language, 'problem' AS intent FROM made
"""


def _fill(database: Database, one: Set, picks: np.ndarray, first: int, now: datetime, rng: np.random.Generator) -> None:
    """Keeps so many complaints as if they had been collected, matched and scored."""
    days = rng.uniform(0, 360, len(picks))
    texts = [f"{one.texts[int(pick)]} {first + at}" for at, pick in enumerate(picks)]
    numbers = np.arange(first, first + len(picks))
    speakers = np.where(numbers % 3, numbers, rng.integers(0, numbers + 1))
    digests = [hashlib.sha256(f"\0{text}\0".encode()).hexdigest()[:16] for text in texts]
    noisy = one.vectors[picks] + 0.3 * rng.normal(size=(len(picks), one.vectors.shape[1])) / one.vectors.shape[1] ** 0.5
    noisy /= np.linalg.norm(noisy, axis=1, keepdims=True)
    embeddings.save(database.folder, "m", dict(zip(digests, noisy.astype(np.float32), strict=True)))
    made = pa.table({
        "id": [f"m{number}" for number in numbers],
        "author": [f"a{speaker}" for speaker in speakers],
        "published": pa.array([now - timedelta(days=float(day)) for day in days], pa.timestamp("us", "UTC")),
        "text": texts,
        "digest": digests,
    })  # fmt: skip
    with database.transaction(publish=False) as con:
        store.set_up(con, [("Acme", "own", "x")], [("cfpb:x", "cfpb", "x")])
        store.use_model(con, "m")
        con.register("made", made)
        for statement in FILL.split(";"):
            con.execute(statement)
        con.unregister("made")


def _ari(one: np.ndarray, other: np.ndarray) -> float:
    return float(adjusted_rand_score(one, other))


if __name__ == "__main__":
    main()

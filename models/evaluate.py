"""Measures the judge on labelled text: python -m earful.models.evaluate FILE [--json]

FILE holds JSON lines, plain or gzipped: {"text": "...", "target": "..." or null, "label": "negative"}.
"""

import argparse
import gzip
import json
import sys
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import Progress

from earful.models import measures, sentiment
from earful.models.encoder import LABELS


class BadLine(Exception):
    """A line of the file is no labelled text; the message names file, line and what is wrong."""


@dataclass(frozen=True, slots=True)
class Labelled:
    """A text, what it is judged towards ("" for the whole text), and its label."""

    text: str
    target: str
    label: str


def read(path: Path) -> list[Labelled]:
    """Reads labelled texts from JSON lines; raises BadLine at the first line that is none. Blank lines are skipped."""
    content = path.read_bytes()
    rows = []
    if content[:2] == b"\x1f\x8b":
        try:
            content = gzip.decompress(content)
        except (EOFError, OSError) as error:
            raise BadLine(f"{path}: damaged gzip: {error}") from error
    for number, line in enumerate(content.split(b"\n"), 1):
        if line.strip():
            rows.append(_labelled(line, f"{path} line {number}"))
    if not rows:
        raise BadLine(f"{path}: no labelled text in it")
    return rows


def _labelled(line: bytes, where: str) -> Labelled:
    try:
        row = json.loads(line)
    except ValueError as error:
        raise BadLine(f"{where}: not JSON: {error}") from error
    if not isinstance(row, dict):
        raise BadLine(f"{where}: not an object")
    text, target, label = row.get("text"), row.get("target"), row.get("label")
    if not isinstance(text, str):
        raise BadLine(f"{where}: `text` must be a string, not {text!r}")
    if target is not None and not isinstance(target, str):
        raise BadLine(f"{where}: `target` must be a string or null, not {target!r}")
    if label not in LABELS:
        raise BadLine(f"{where}: `label` must be one of {', '.join(LABELS)}, not {label!r}")
    return Labelled(text, target or "", label)


def evaluate(judge: sentiment.Judge, rows: list[Labelled], progress: Any = None) -> dict[str, Any]:
    """Scores rows and compares: shares in [0, 1], texts a second without loading.

    The likeliest label counts for accuracy, F1 and recall, also where it would be given as unclear; `unclear` says
    how often that is, and `clear_accuracy` how often the others are right (null when there are none).
    """
    began = time.perf_counter()
    judgements = judge.score([(row.text, row.target) for row in rows], progress)
    seconds = time.perf_counter() - began
    truth = [LABELS.index(row.label) for row in rows]
    guesses = [LABELS.index(one.likeliest) for one in judgements]
    right = [one == other for one, other in zip(truth, guesses, strict=True)]
    clear = [good for good, one in zip(right, judgements, strict=True) if one.label != sentiment.UNCLEAR]
    quality = measures.quality(truth, guesses)
    return {
        "model": judge.model,
        "rows": len(rows),
        "accuracy": quality.accuracy,
        "macro_f1": quality.macro_f1,
        "macro_recall": quality.macro_recall,
        "labels": {LABELS[label]: asdict(one) for label, one in quality.labels.items()},
        "calibration_error": measures.calibration_error(
            [max(one.negative, one.neutral, one.positive) for one in judgements], right
        ),
        "unclear": 1 - len(clear) / len(rows),
        "clear_accuracy": sum(clear) / len(clear) if clear else None,
        "texts_per_second": len(rows) / seconds,
    }


def table(result: dict[str, Any]) -> str:
    """Writes a result for people: percentages, one measure a line."""
    clear = result["clear_accuracy"]
    lines = [
        f"{result['model']} on {result['rows']:,} texts",
        f"accuracy           {result['accuracy']:7.2%}",
        f"macro-F1           {result['macro_f1']:7.2%}",
        f"macro-recall       {result['macro_recall']:7.2%}",
        f"calibration error  {result['calibration_error']:7.4f}",
        f"unclear            {result['unclear']:7.2%}",
        f"right where clear  {'-' if clear is None else format(clear, '7.2%')}",
        f"texts a second     {result['texts_per_second']:7,.0f}",
        "",
        f"{'':10} {'precision':>9} {'recall':>7} {'F1':>7} {'rows':>6}",
    ]
    for label, one in result["labels"].items():
        lines.append(f"{label:10} {one['precision']:9.2%} {one['recall']:7.2%} {one['f1']:7.2%} {one['support']:6,}")
    return "\n".join(lines)


def main(arguments: list[str] | None = None) -> int:
    """Runs the command; gives 0, or 2 when the file or the weights cannot be read."""
    parser = argparse.ArgumentParser(
        prog="python -m earful.models.evaluate", description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("file", type=Path)
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.add_argument("--weights", type=Path, help="a folder of weights; the shipped ones without")
    given = parser.parse_args(arguments)
    try:
        rows = read(given.file)
        judge = sentiment.load(given.weights)
    except (OSError, BadLine, sentiment.WeightsError) as error:
        print(error, file=sys.stderr)  # noqa: T201 - a command speaks
        return 2
    with Progress(console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("judging", total=len(rows))
        result = evaluate(judge, rows, lambda done: bar.update(task, completed=done))
    print(json.dumps(result, indent=2) if given.json else table(result))  # noqa: T201
    return 0


if __name__ == "__main__":
    sys.exit(main())

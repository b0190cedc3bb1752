"""Judges how a text speaks of a brand: negative, neutral or positive, with probabilities that can be believed.

    judge = sentiment.load()
    judge.score([("Acme lost my parcel again", "Acme")])  # [Judgement(0.93, 0.05, 0.02, "negative")]

The weights ship with the project; nothing here asks a network.
"""

import hashlib
import json
import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from earful.models import encoder, network

if TYPE_CHECKING:
    from tokenizers import Tokenizer

SHIPPED = Path(__file__).parent / "weights"
UNCLEAR = "unclear"
BUDGET = 512  # tokens a batch, padding included: what a core's own cache holds
AT_ONCE = 4096  # texts that are tokenized and sorted together: bounds the memory, whatever is given


class WeightsError(Exception):
    """The weights cannot be used; the text names the file and what is wrong with it."""


@dataclass(frozen=True, slots=True)
class Judgement:
    """Three calibrated probabilities that sum to 1, and the likeliest label or "unclear" when none is likely enough."""

    negative: float
    neutral: float
    positive: float
    label: str

    @property
    def likeliest(self) -> str:
        """Names the likeliest label, even where it is not likely enough to be given."""
        chances = (self.negative, self.neutral, self.positive)
        return encoder.LABELS[chances.index(max(chances))]


NOTHING_SAID = Judgement(1 / 3, 1 / 3, 1 / 3, UNCLEAR)  # of a text without a word


@dataclass(frozen=True, slots=True)
class Judge:
    """Loaded weights. `model` names them exactly: scores are kept under this name."""

    model: str
    threshold: float
    temperature: float
    max_tokens: int
    network: network.Network
    tokenizer: "Tokenizer"

    def score(
        self, pairs: Sequence[tuple[str, str]], progress: Callable[[int], object] | None = None
    ) -> list[Judgement]:
        """Judges (text, brand) pairs, in their order; a brand of "" means the text as a whole.

        `progress` is called with the number of pairs judged so far, batch by batch.
        """
        judgements = [NOTHING_SAID] * len(pairs)
        done = 0
        for start in range(0, len(pairs), AT_ONCE):
            inputs = encoder.tokenize(self.tokenizer, pairs[start : start + AT_ONCE], self.max_tokens)
            batches = list(encoder.batches([len(one.numbers) for one in inputs], BUDGET))
            answers = _workers().map(self._judge, ([inputs[at] for at in batch] for batch in batches))
            for batch, found in zip(batches, answers, strict=True):
                for at, judgement in zip(batch, found, strict=True):
                    judgements[start + at] = judgement
                done += len(batch)
                if progress:
                    progress(done)
        return judgements

    def _judge(self, inputs: Sequence[encoder.Tokens]) -> list[Judgement]:
        import torch

        answers = network.logits(self.network, inputs)
        judgements = []
        for one, chances in zip(inputs, torch.softmax(answers / self.temperature, 1).tolist(), strict=True):
            negative, neutral, positive = chances
            best = max(chances)
            label = encoder.LABELS[chances.index(best)] if best >= self.threshold else UNCLEAR
            nothing = one.first <= 2  # start and end alone
            judgements.append(NOTHING_SAID if nothing else Judgement(negative, neutral, positive, label))
        return judgements


def load(path: Path | None = None) -> Judge:
    """Loads the weights in a folder (the shipped ones by default): config.json, tokenizer.json, model.safetensors.

    Raises WeightsError when a file is missing or damaged.
    """
    import torch
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    folder = path or SHIPPED
    config = read_config(folder / "config.json")
    tokenizer = _tokenizer(folder / "tokenizer.json")
    weights = _present(folder / "model.safetensors")
    try:
        built = network.build(load_file(weights), config, torch.bfloat16 if bf16_is_fast() else torch.float32)
    except (SafetensorError, KeyError, ValueError) as error:
        raise WeightsError(f"{weights} is damaged or belongs to another model: {error}") from error
    ours = config["earful"]
    return Judge(
        model=name(folder),
        threshold=ours["threshold"],
        temperature=ours["temperature"],
        max_tokens=ours["max_tokens"],
        network=built,
        tokenizer=tokenizer,
    )


@cache
def _workers() -> ThreadPoolExecutor:
    """Starts a thread for every core; each computes alone, see network."""
    import torch

    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return ThreadPoolExecutor(cores, "judge", initializer=partial(torch.set_num_threads, 1))


def name(path: Path | None = None) -> str:
    """Names the weights in a folder exactly, without loading them; raises WeightsError when a file is missing."""
    folder = path or SHIPPED
    config = read_config(folder / "config.json")
    content = _present(folder / "model.safetensors").read_bytes() + (folder / "config.json").read_bytes()
    return f"{config['earful']['name']}-{hashlib.sha256(content).hexdigest()[:8]}"


def bf16_is_fast() -> bool:
    """Tells whether this processor multiplies bf16 itself; where it must pretend to, fp32 is faster."""
    import torch

    can: dict[str, Any] = getattr(torch.cpu, "get_capabilities", dict)()  # newer than the oldest torch we allow
    return bool(can.get("avx512_bf16") or can.get("amx_bf16"))


def _present(path: Path) -> Path:
    if not path.is_file():
        raise WeightsError(f"{path} is missing; install the project again or name a folder that holds weights")
    return path


def read_config(path: Path) -> dict[str, Any]:
    """Reads config.json of a folder of weights: the network's shape, and ours under `earful`."""
    try:
        config: dict[str, Any] = json.loads(_present(path).read_text(encoding="utf-8"))
        missing = {"name", "max_tokens", "temperature", "threshold"} - set(config["earful"])
    except (ValueError, KeyError, TypeError) as error:
        raise WeightsError(f"{path} is damaged: {error!r}") from error
    if missing:
        raise WeightsError(f"{path} is damaged: `earful` lacks {', '.join(sorted(missing))}")
    return config


def _tokenizer(path: Path) -> "Tokenizer":
    from tokenizers import Tokenizer

    text = _present(path).read_bytes()
    try:
        tokenizer = Tokenizer.from_buffer(text)
    except Exception as error:  # the library raises nothing narrower
        raise WeightsError(f"{path} is damaged: {error}") from error
    tokenizer.no_truncation()
    tokenizer.no_padding()
    return tokenizer

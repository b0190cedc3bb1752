"""Judges how a text speaks of a brand: negative, neutral or positive, with probabilities that can be believed.

The same pass tells the intent (problem, want, question, praise, other) and gives an embedding of the text.

    judge = sentiment.load()
    judge.score([("Acme lost my parcel again", "Acme")])  # [Judgement(0.93, 0.05, 0.02, "negative")]

The weights ship with the project; nothing here asks a network.
"""

import hashlib
import json
import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from earful.models import encoder, invented, network

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from tokenizers import Tokenizer

SHIPPED = Path(__file__).parent / "weights"
UNCLEAR = "unclear"
BUDGET = 384  # tokens a batch, padding included: what a core's own cache holds
AT_ONCE = 4096  # texts that are tokenized and sorted together: bounds the memory, whatever is given
EXAMPLES = 64  # invented sentences to which whole-number products are fitted
KEPT = 30 << 20  # bytes of one piece of memory that is freed once, see _workers


class WeightsError(Exception):
    """The weights cannot be used; the text names the file and what is wrong with it."""


@dataclass(frozen=True, slots=True)
class Judgement:
    """Three calibrated probabilities that sum to 1, the likeliest label or "unclear" when none is likely enough, and
    the intent of the text: problem, want, question, praise or other; "" where the model tells none."""

    negative: float
    neutral: float
    positive: float
    label: str
    intent: str = ""

    @property
    def likeliest(self) -> str:
        """Names the likeliest label, even where it is not likely enough to be given."""
        chances = (self.negative, self.neutral, self.positive)
        return encoder.LABELS[chances.index(max(chances))]


NOTHING_SAID = Judgement(1 / 3, 1 / 3, 1 / 3, UNCLEAR)  # of a text without a word


def judgement(chances: tuple[float, float, float], threshold: float, intent: str = "") -> Judgement:
    """Gives probabilities (negative, neutral, positive) their label, or "unclear" where none reaches the threshold."""
    best = max(chances)
    label = encoder.LABELS[chances.index(best)] if best >= threshold else UNCLEAR
    return Judgement(*chances, label, intent)


@dataclass(frozen=True, slots=True)
class Reading:
    """Judgements of pairs in their order, and the texts' embeddings: float32 (pairs, size), of length 1, or 0 where
    there is not a word."""

    judgements: list[Judgement]
    embeddings: "NDArray[np.float32]"


@dataclass(frozen=True, slots=True)
class Judge:
    """Loaded weights. `model` names them exactly: scores are kept under this name."""

    model: str
    threshold: float
    temperature: float
    max_tokens: int
    intents: tuple[str, ...]
    network: network.Network
    tokenizer: "Tokenizer"

    def score(
        self, pairs: Sequence[tuple[str, str]], progress: Callable[[int], object] | None = None
    ) -> list[Judgement]:
        """Judges (text, brand) pairs, in their order; a brand of "" means the text as a whole.

        `progress` is called with the number of pairs judged so far, batch by batch.
        """
        judgements = [NOTHING_SAID] * len(pairs)
        for at, found, row in self._rows(pairs, progress):
            judgements[at] = found.judgements[row]
        return judgements

    def read(self, pairs: Sequence[tuple[str, str]], progress: Callable[[int], object] | None = None) -> Reading:
        """Judges pairs as `score` does, and embeds their texts in the same pass."""
        import numpy as np

        reading = Reading([NOTHING_SAID] * len(pairs), np.zeros((len(pairs), self.network.words.shape[1]), np.float32))
        for at, found, row in self._rows(pairs, progress):
            reading.judgements[at] = found.judgements[row]
            reading.embeddings[at] = found.embeddings[row]
        return reading

    def _rows(
        self, pairs: Sequence[tuple[str, str]], progress: Callable[[int], object] | None
    ) -> Iterator[tuple[int, Reading, int]]:
        """Gives for each pair with a word in it: its place, the reading of its batch, and its row there."""
        done = 0
        for start in range(0, len(pairs), AT_ONCE):
            inputs = encoder.tokenize(self.tokenizer, pairs[start : start + AT_ONCE], self.max_tokens)
            batches = list(encoder.batches([encoder.width(len(one.numbers)) for one in inputs], BUDGET))
            answers = _workers().map(self._read, ([inputs[at] for at in batch] for batch in batches))
            for batch, found in zip(batches, answers, strict=True):
                yield from ((start + at, found, row) for row, at in enumerate(batch) if inputs[at].first > 2)
                done += len(batch)
                if progress:
                    progress(done)

    def _read(self, inputs: Sequence[encoder.Tokens]) -> Reading:
        import torch

        answers = network.read(self.network, inputs)
        chances = torch.softmax(answers.sentiment / self.temperature, 1).tolist()
        intents = answers.intent.argmax(1).tolist()
        judged = [
            judgement((one[0], one[1], one[2]), self.threshold, self.intents[at])
            for one, at in zip(chances, intents, strict=True)
        ]
        return Reading(judged, answers.embedding.numpy())


def load(path: Path | None = None) -> Judge:
    """Loads the weights in a folder (the shipped ones by default): config.json, tokenizer.json, model.safetensors.

    Raises WeightsError when a file is missing or damaged.
    """
    import torch
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    folder = path or SHIPPED
    config = read_config(folder / "config.json")
    tokenizer = read_tokenizer(folder / "tokenizer.json")
    weights = _present(folder / "model.safetensors")
    try:
        built = network.build(load_file(weights), config, torch.bfloat16 if bf16_is_fast() else torch.float32)
    except (SafetensorError, KeyError, ValueError) as error:
        raise WeightsError(f"{weights} is damaged or belongs to another model: {error}") from error
    ours = config["earful"]
    if eight_bits_are_fast():
        pairs = [(one.text, one.target) for one in invented.make(EXAMPLES, seed=1)]
        built = network.quickened(built, encoder.tokenize(tokenizer, pairs, ours["max_tokens"]))
    return Judge(
        model=name(folder),
        threshold=ours["threshold"],
        temperature=ours["temperature"],
        max_tokens=ours["max_tokens"],
        intents=tuple(ours["intents"]),
        network=built,
        tokenizer=tokenizer,
    )


@cache
def _workers() -> ThreadPoolExecutor:
    """Starts a thread for every core; each computes alone, see network.

    The usual allocator gives a tensor's memory back to the system and fetches it again for the next one, page by
    page, until it has seen a large piece freed: from then on it keeps pieces up to that size for the process.
    """
    import torch

    torch.empty(KEPT, dtype=torch.uint8)
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


def eight_bits_are_fast() -> bool:
    """Tells whether this processor also multiplies whole numbers of eight bits itself, and torch lets it."""
    import torch

    can: dict[str, Any] = getattr(torch.cpu, "get_capabilities", dict)()
    offered = hasattr(torch.ops.onednn, "qlinear_pointwise")
    return bf16_is_fast() and offered and bool(can.get("avx512_vnni") or can.get("amx_int8"))


def _present(path: Path) -> Path:
    if not path.is_file():
        raise WeightsError(f"{path} is missing; install the project again or name a folder that holds weights")
    return path


def read_config(path: Path) -> dict[str, Any]:
    """Reads config.json of a folder of weights: the network's shape, and ours under `earful`."""
    try:
        config: dict[str, Any] = json.loads(_present(path).read_text(encoding="utf-8"))
        missing = {"name", "max_tokens", "temperature", "threshold", "intents"} - set(config["earful"])
    except (ValueError, KeyError, TypeError) as error:
        raise WeightsError(f"{path} is damaged: {error!r}") from error
    if missing:
        raise WeightsError(f"{path} is damaged: `earful` lacks {', '.join(sorted(missing))}")
    return config


def read_tokenizer(path: Path) -> "Tokenizer":
    """Reads a tokenizer.json; texts are neither cut nor padded by it."""
    from tokenizers import Tokenizer

    text = _present(path).read_bytes()
    try:
        tokenizer = Tokenizer.from_buffer(text)
    except Exception as error:  # the library raises nothing narrower
        raise WeightsError(f"{path} is damaged: {error}") from error
    tokenizer.no_truncation()
    tokenizer.no_padding()
    return tokenizer

"""Judges with any text classifier in Hugging Face's layout: one of the hub at a revision, or a folder.

Nothing here asks a network and nothing runs code that comes with a model: it must lie on this machine, weights as
safetensors. The result has the contract of sentiment.Judge; its probabilities are the model's own, not calibrated.
"""

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from earful.models import encoder, language, sentiment
from earful.models.sentiment import NOTHING_SAID, Judgement, WeightsError

FILES = ("*.json", "*.safetensors", "*.txt", "*.model")  # what a model is made of, at the top of its folder
VOCABULARIES = ("tokenizer.json", "vocab.*", "*.model")  # files of which a tokenizer has at least one
MAX_TOKENS = 256  # of text and brand together, if the model takes so many
BUDGET = 4096  # tokens a batch, padding included
AT_ONCE = 4096  # texts that are tokenized and sorted together
VERSION = 1  # count up when scores change otherwise than by the model or its settings

UNDERSTOOD = {
    **dict.fromkeys(("negative", "neg", "very negative", "1 star", "2 stars"), "negative"),
    **dict.fromkeys(("neutral", "neu", "3 stars"), "neutral"),
    **dict.fromkeys(("positive", "pos", "very positive", "4 stars", "5 stars"), "positive"),
}


@dataclass(frozen=True)
class Named:
    """A model as a person names it.

    `place` is "owner/name" at a `revision`, or a folder without one; `labels` says what the model's labels mean where
    their names don't; `languages` are those it knows; below `threshold` a judgement is unclear; `towards` says that it
    takes the brand as a second segment, where others judge the whole text, whatever it is about.
    """

    place: str
    revision: str = ""
    labels: Mapping[str, str] = field(default_factory=dict)
    languages: tuple[str, ...] = language.ENGLISH
    threshold: float = 0.6
    towards: bool = False


@dataclass(frozen=True, slots=True)
class Judge:
    """A loaded model. `model` names it with its settings; `meanings` says what each of its outputs stands for."""

    model: str
    meanings: tuple[str, ...]
    threshold: float
    towards: bool
    max_tokens: int
    network: Any
    tokenizer: Any

    def score(
        self, pairs: Sequence[tuple[str, str]], progress: Callable[[int], object] | None = None
    ) -> list[Judgement]:
        """Judges (text, brand) pairs, in their order; `progress` is told how many are done, batch by batch."""
        judgements = [NOTHING_SAID] * len(pairs)
        done = 0
        for start in range(0, len(pairs), AT_ONCE):
            inputs = [self._tokens(text, brand) for text, brand in pairs[start : start + AT_ONCE]]
            for batch in encoder.batches([len(one["input_ids"]) for one in inputs], BUDGET):
                worded = [at for at in batch if inputs[at]["input_ids"]]
                for at, judgement in zip(worded, self._judge([inputs[at] for at in worded]), strict=True):
                    judgements[start + at] = judgement
                done += len(batch)
                if progress:
                    progress(done)
        return judgements

    def _tokens(self, text: str, brand: str) -> dict[str, list[int]]:
        """Gives what the model takes: of a long text the window around the brand; nothing of a text without words."""
        cleaned = encoder.clean(text, brand, name_symbols=False)
        if not cleaned:
            return {"input_ids": []}
        other = encoder.clean(brand.lstrip("@#"), brand, name_symbols=False) if self.towards else ""
        second = self._spans(other)[: encoder.TARGET_TOKENS]
        if second:
            other = other[: second[-1][1]]
        room = self.max_tokens - len(second) - self.tokenizer.num_special_tokens_to_add(pair=bool(second))
        shown = self._window(cleaned, brand, room)
        given = (shown, other) if second else (shown,)
        cut = {"truncation": "only_first", "max_length": self.max_tokens}  # a cut text may split into more tokens
        return dict(self.tokenizer(*given, **cut, verbose=False))

    def _window(self, text: str, brand: str, room: int) -> str:
        named = [found.span() for found in encoder.pattern(brand).finditer(text)] if brand else []
        spans = self._spans(text)
        read = spans[encoder.window(spans, named, room)]
        return text[read[0][0] : read[-1][1]] if len(read) < len(spans) else text

    def _spans(self, text: str) -> list[tuple[int, int]]:
        given = self.tokenizer(text, add_special_tokens=False, return_offsets_mapping=True, verbose=False)
        return list(given["offset_mapping"])

    def _judge(self, inputs: Sequence[dict[str, list[int]]]) -> list[Judgement]:
        import torch

        if not inputs:
            return []
        with torch.inference_mode():
            answers = self.network(**self.tokenizer.pad(list(inputs), return_tensors="pt")).logits.float()
        if not torch.isfinite(answers).all():
            raise ValueError(f"{self.model} answers with what is no number")
        judgements = []
        for chances in torch.softmax(answers, 1).tolist():
            summed = dict.fromkeys(encoder.LABELS, 0.0)
            for meaning, chance in zip(self.meanings, chances, strict=True):
                summed[meaning] += chance
            negative, neutral, positive = summed.values()
            judgements.append(sentiment.judgement((negative, neutral, positive), self.threshold))
        return judgements


def name(named: Named) -> str:
    """Names a model and all that changes its scores, without loading it: owner/name@1a2b3c4d-text-5e6f7a8b.

    First the revision, or a hash of a folder's content; then what is judged, the whole text or towards the brand; last
    a hash of the settings. Raises WeightsError when a folder is missing.
    """
    settings = [VERSION, MAX_TOKENS, dict(named.labels), sorted(named.languages), named.threshold, named.towards]
    hashed = hashlib.sha256(json.dumps(settings, sort_keys=True).encode()).hexdigest()
    which = f"{named.place}@{named.revision[:8]}"
    if not named.revision:
        folder = find(named)
        which = f"{folder.name}@{_content(folder)[:8]}"
    return f"{which}-{'brand' if named.towards else 'text'}-{hashed[:8]}"


def find(named: Named) -> Path:
    """Finds the folder on this machine that holds a model; raises WeightsError when it isn't there."""
    if not named.revision:
        folder = Path(named.place)
        _present(folder / "config.json")
        return folder
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import HFValidationError, LocalEntryNotFoundError

    try:
        return Path(snapshot_download(named.place, local_files_only=True, **files(named)))
    except (LocalEntryNotFoundError, HFValidationError) as error:
        raise WeightsError(
            f"{named.place} at {named.revision[:8]} is not on this machine, or not whole; "
            "run 'earful check' once, which fetches it"
        ) from error


def files(named: Named) -> dict[str, Any]:
    """Says which files of the hub are wanted, in the words of its library: those that `load` reads."""
    return {"revision": named.revision, "allow_patterns": list(FILES), "ignore_patterns": ["*/*"]}


def load(named: Named) -> Judge:
    """Loads a model that lies on this machine and lets it judge a text.

    Raises WeightsError that names the file when one is missing or damaged, or says what to write when the model's
    labels have to be explained.
    """
    import torch
    from transformers import AutoConfig, AutoModelForSequenceClassification, AutoTokenizer, logging

    folder = find(named)
    logging.disable_progress_bar()  # type: ignore[no-untyped-call]
    weights = folder / "model.safetensors.index.json"  # of weights in several files
    weights = weights if weights.is_file() else _present(folder / "model.safetensors")
    if not any(path for pattern in VOCABULARIES for path in folder.glob(pattern)):
        _present(folder / "tokenizer.json")  # the library would make an empty one up
    local = {"local_files_only": True, "trust_remote_code": False}
    dtype = torch.bfloat16 if sentiment.bf16_is_fast() else torch.float32
    config = _read(folder / "config.json", lambda path: AutoConfig.from_pretrained(path.parent, **local))
    tokenizer = _read(folder / "tokenizer.json", lambda path: AutoTokenizer.from_pretrained(path.parent, **local))
    meanings = understand(config.id2label, named.labels)
    if not tokenizer.is_fast:
        raise WeightsError(f"{folder} has no tokenizer.json, or one that can't be used: a fast tokenizer is needed")
    network, report = _read(
        weights,
        lambda path: AutoModelForSequenceClassification.from_pretrained(
            path.parent, use_safetensors=True, dtype=dtype, output_loading_info=True, **local
        ),
    )
    if report["missing_keys"]:
        raise WeightsError(
            f"{weights} is of no trained classifier: it lacks {', '.join(sorted(report['missing_keys']))}"
        )
    places = getattr(config, "max_position_embeddings", None) or MAX_TOKENS + 2
    judge = Judge(
        model=name(named),
        meanings=meanings,
        threshold=named.threshold,
        towards=named.towards,
        max_tokens=min(MAX_TOKENS, tokenizer.model_max_length, places - 2),  # RoBERTa's kind starts to count at 2
        network=network.train(False),
        tokenizer=tokenizer,
    )
    _read(folder, lambda _: judge.score([("It works", "Acme"), ("Acme answered within the hour", "Acme")]))
    return judge


def understand(theirs: Mapping[int, str], given: Mapping[str, str]) -> tuple[str, ...]:
    """Says what each of a model's outputs stands for: negative, neutral or positive.

    Raises WeightsError with the line to write when the labels' names don't say it.
    """
    labels = [theirs[at] for at in sorted(theirs)]
    meanings = {label: given.get(label) or UNDERSTOOD.get(label.lower().replace("_", " ")) for label in labels}
    strange = sorted(set(given) - set(labels))
    if not strange and None not in meanings.values() and {"negative", "positive"} <= set(meanings.values()):
        return tuple(meaning for meaning in meanings.values() if meaning)
    line = ", ".join(f'{json.dumps(label, ensure_ascii=False)} = "{meanings[label] or "..."}"' for label in labels)
    raise WeightsError(
        (f"the model has no label {', '.join(strange)}; " if strange else "")
        + f"the model's labels are {', '.join(labels)}; say in [model] which are negative, neutral and positive:\n"
        f"  labels = {{ {line} }}"
    )


def _read(path: Path, read: Callable[[Path], Any]) -> Any:
    try:
        return read(path)
    except Exception as error:  # the libraries raise nothing narrower
        raise WeightsError(f"{path} can't be used: {' '.join(str(error).split())[:300]}") from error


def _present(path: Path) -> Path:
    if not path.is_file():
        raise WeightsError(f"{path} is missing; a model is a config.json, a tokenizer.json and a model.safetensors")
    return path


def _content(folder: Path) -> str:
    whole = hashlib.sha256()
    for path in sorted({path for pattern in FILES for path in folder.glob(pattern)}):
        with path.open("rb") as file:
            whole.update(f"{path.name} {hashlib.file_digest(file, 'sha256').hexdigest()}\n".encode())
    return whole.hexdigest()

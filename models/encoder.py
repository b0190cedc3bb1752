"""Texts become token numbers and token numbers become batches: the same way in training and in scoring.

A text goes in as segment A, what it is judged towards as segment B; without a target there is one segment.
"""

import html
import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import torch
    from tokenizers import Tokenizer

LABELS = ("negative", "neutral", "positive")
TARGET_TOKENS = 24  # of segment B; a longer name is cut
WHOLE_TEXT = 12_000  # characters: beyond this only the surroundings of the target are looked at

ADDRESS = re.compile(r"(?:https?://|www\.)\S+")
HANDLE = re.compile(r"(?<!\w)@(\w+)")
SYMBOL = re.compile(r"([^\w\s!-~])(?:[\ufe0f\u200d]*\1)*\ufe0f?")
ESCAPED = re.compile(r"\\u([0-9a-fA-F]{4})")


@dataclass(frozen=True, slots=True)
class Tokens:
    """One input of the encoder: token numbers with both segments, and how many of them are segment A."""

    numbers: tuple[int, ...]
    first: int


def joined(title: str, text: str) -> str:
    """Gives what is judged of a mention: the title, unless the text repeats it, and the text."""
    return text if not title or text.startswith(title) else f"{title}\n{text}"


def pattern(target: str) -> re.Pattern[str]:
    """Finds a target as it stands in texts: any case, with or without spaces, with or without @ or #."""
    words = [re.escape(word) for word in target.lstrip("@#").split()]
    return re.compile(r"(?<!\w)[@#]?" + r"[\s_-]*".join(words or [r"\Z"]) + r"(?!\w)", re.IGNORECASE)


def clean(text: str, target: str = "", name_symbols: bool = True) -> str:
    """Writes a text the way the model has learnt to read it.

    Addresses become `http`, names other than the target's `@user`, emoji their Unicode names, entities and
    escapes what they stand for, white space one space. A text of megabytes is cut to the surroundings of the
    target first: this is for speed and leaves far more than the model reads. Without `name_symbols` emoji stay.
    """
    if len(text) > WHOLE_TEXT:
        found = pattern(target).search(text) if target else None
        text = text[max(0, found.start() - WHOLE_TEXT // 2) if found else 0 :].lstrip()[:WHOLE_TEXT]
    text = ESCAPED.sub(lambda match: chr(int(match[1], 16)), html.unescape(text))
    text = text.encode("utf-16", "surrogatepass").decode("utf-16", "ignore")  # lone surrogates cannot be tokenized
    squeezed = "".join(target.lower().lstrip("@#").split())

    def handle(match: re.Match[str]) -> str:
        return match[0] if squeezed and squeezed in match[1].lower() else "@user"

    text = HANDLE.sub(handle, ADDRESS.sub("http", text))
    if name_symbols and not text.isascii():
        text = SYMBOL.sub(_symbol, text)
    return " ".join(text.split())


def _symbol(match: re.Match[str]) -> str:
    character = match[1]
    if unicodedata.category(character) != "So":
        return match[0]
    return f" {unicodedata.name(character, '').lower()} "


def tokenize(tokenizer: "Tokenizer", pairs: Sequence[tuple[str, str]], limit: int) -> list[Tokens]:
    """Turns (text, target) pairs into at most `limit` tokens each.

    A text that is too long keeps the window of tokens around the first occurrence of its target, or its
    beginning where the target does not occur.
    """
    start, end = (tokenizer.token_to_id(token) or 0 for token in ("[CLS]", "[SEP]"))
    texts = [clean(text, target) for text, target in pairs]
    encoded = tokenizer.encode_batch(texts, add_special_tokens=False)
    targets = tokenizer.encode_batch(
        [clean(target.lstrip("@#"), target) for _, target in pairs], add_special_tokens=False
    )
    inputs = []
    for text, (_, target), one, other in zip(texts, pairs, encoded, targets, strict=True):
        second = [*other.ids[:TARGET_TOKENS], end] if other.ids else []
        room = limit - 2 - len(second)
        at = 0
        if len(one.ids) > room and target and (found := pattern(target).search(text)):
            at = one.char_to_token(found.start()) or 0
        begin = min(max(0, at - room // 2), max(0, len(one.ids) - room))
        first = [start, *one.ids[begin : begin + room], end]
        inputs.append(Tokens(tuple(first + second), len(first)))
    return inputs


def batches(lengths: Sequence[int], budget: int) -> Iterator[list[int]]:
    """Groups positions of inputs of like length, longest first, so that a batch with padding holds at most
    `budget` tokens (or one input that is longer)."""
    order = sorted(range(len(lengths)), key=lambda at: -lengths[at])
    batch: list[int] = []
    for at in order:
        if batch and (len(batch) + 1) * lengths[batch[0]] > budget:
            yield batch
            batch = []
        batch.append(at)
    if batch:
        yield batch


def tensors(inputs: Sequence[Tokens], width: int | None = None) -> "dict[str, torch.Tensor]":
    """Pads inputs to a width, or to the longest: token numbers, segments and mask, each (inputs, tokens)."""
    import torch

    width = width or max(len(one.numbers) for one in inputs)
    numbers = torch.zeros(len(inputs), width, dtype=torch.long)  # 0 is [PAD] in this vocabulary
    segments = torch.zeros_like(numbers)
    mask = torch.zeros_like(numbers)
    for row, one in enumerate(inputs):
        length = len(one.numbers)
        numbers[row, :length] = torch.tensor(one.numbers)
        segments[row, one.first : length] = 1
        mask[row, :length] = 1
    return {"input_ids": numbers, "token_type_ids": segments, "attention_mask": mask}

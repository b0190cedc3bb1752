"""Texts become token numbers and token numbers become batches: the same way in training and in scoring.

A text goes in first, what it is judged towards second; where the target stands in the text its tokens bear the second
segment's number too, so that the model need not look for it. Without a target there is one segment.
"""

import html
import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from earful.models import spelling

if TYPE_CHECKING:
    import torch
    from tokenizers import Tokenizer

LABELS = ("negative", "neutral", "positive")
TARGET_TOKENS = 24  # of segment B; a longer name is cut
WHOLE_TEXT = 12_000  # characters: beyond this only the surroundings of the target are looked at
STEP = 4  # widths of batches are multiples of this many tokens: few shapes, few kernels, little padding

ADDRESS = re.compile(r"(?:https?://|www\.)\S+")
HANDLE = re.compile(r"(?<!\w)@(\w+)")
SYMBOL = re.compile(r"([^\w\s!-~])(?:[\ufe0f\u200d]*\1)*\ufe0f?")
ESCAPED = re.compile(r"\\u([0-9a-fA-F]{4})")


@dataclass(frozen=True, slots=True)
class Tokens:
    """One input of the encoder: token numbers, the segment of each (0 or 1), and how many of them are the text with
    its marks of start and end; the target follows."""

    numbers: tuple[int, ...]
    segments: tuple[int, ...]
    first: int


@dataclass(frozen=True, slots=True)
class Batch:
    """Padded inputs, each int64 (inputs, tokens): numbers, segments, 1 at tokens, 1 at tokens of the text itself."""

    numbers: "torch.Tensor"
    segments: "torch.Tensor"
    mask: "torch.Tensor"
    own: "torch.Tensor"


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
    """Turns (text, target) pairs into at most `limit` tokens each; of a text that is too long, a window."""
    start, end = (tokenizer.token_to_id(token) or 0 for token in ("[CLS]", "[SEP]"))
    known = spelling.vocabulary(tokenizer)
    texts = [spelling.mended(clean(text, target), target, known) for text, target in pairs]
    encoded = tokenizer.encode_batch(texts, add_special_tokens=False)
    targets = tokenizer.encode_batch(
        [clean(target.lstrip("@#"), target) for _, target in pairs], add_special_tokens=False
    )
    inputs = []
    for text, (_, target), one, other in zip(texts, pairs, encoded, targets, strict=True):
        second = [*other.ids[:TARGET_TOKENS], end] if other.ids else []
        named = [found.span() for found in pattern(target).finditer(text)] if target else []
        offsets = one.offsets
        read = window(offsets, named, limit - 2 - len(second))
        marks = [int(any(first < stop and begin < last for begin, stop in named)) for first, last in offsets[read]]
        numbers = (start, *one.ids[read], end, *second)
        segments = (0, *marks, 0, *[1] * len(second))
        inputs.append(Tokens(numbers, segments, len(numbers) - len(second)))
    return inputs


def window(offsets: Sequence[tuple[int, int]], named: Sequence[tuple[int, int]], room: int) -> slice:
    """Says which tokens of a text are read where there is room for so many: those around the first place where the
    target is named, or the first ones. Both `offsets` of tokens and `named` are (first, last + 1) characters."""
    if len(offsets) <= room:
        return slice(0, len(offsets))
    at = next((at for at, (_, stop) in enumerate(offsets) if stop > named[0][0]), 0) if named else 0
    begin = min(max(0, at - room // 2), len(offsets) - room)
    return slice(begin, begin + room)


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


def width(tokens: int) -> int:
    """Gives the width to which an input of so many tokens is padded."""
    return -(-tokens // STEP) * STEP


def padded(inputs: Sequence[Tokens]) -> Batch:
    """Pads inputs to the width of the longest."""
    import torch

    wide = width(max(len(one.numbers) for one in inputs))

    def filled(rows: Iterator[tuple[int, ...]]) -> "torch.Tensor":
        return torch.tensor([row + (0,) * (wide - len(row)) for row in rows])  # 0 is [PAD] in this vocabulary

    return Batch(
        numbers=filled(one.numbers for one in inputs),
        segments=filled(one.segments for one in inputs),
        mask=filled((1,) * len(one.numbers) for one in inputs),
        own=filled((1,) * one.first for one in inputs),
    )

"""Tells which words of a text moved its score, by leaving each out in turn and judging again.

Occlusion (Zeiler & Fergus 2014, https://arxiv.org/abs/1311.2901; for words Li et al. 2016,
https://arxiv.org/abs/1612.08220): what the score loses without a word is that word's part in it. Words that only
work together, as in a negation, each get the change of the whole.
"""

import re
from dataclasses import dataclass

from earful.models import encoder
from earful.models.sentiment import Judge, Judgement

MOST = 80  # pieces judged, so that the answer comes within a second
WORD = re.compile(r"\S+")


@dataclass(frozen=True, slots=True)
class Piece:
    """A word of the text, or a few neighbours of a long one, and what it adds to the score.

    `effect` is in points of (probability of positive - probability of negative), from -2 to 2: below zero it makes
    the text more negative towards the brand.
    """

    text: str
    start: int
    effect: float


def pieces(judge: Judge, text: str, brand: str) -> list[Piece]:
    """Gives the pieces of a text in their order, each with its effect; the brand's own name is left in place.

    Of a long text only the part around the brand is looked at, as in scoring.
    """
    text = encoder.clean(text, brand)
    named = [match.span() for match in encoder.pattern(brand).finditer(text)] if brand else []
    window = _window(judge, text, brand, named)
    spans = [
        (match.start(), match.end())
        for match in WORD.finditer(text, *window)
        if not any(start < match.end() and match.start() < end for start, end in named)
    ]
    size = -(-len(spans) // MOST) or 1
    groups = [(part[0][0], part[-1][1]) for part in (spans[at : at + size] for at in range(0, len(spans), size))]
    whole, *without = judge.score([(text, brand)] + [(text[:start] + text[end:], brand) for start, end in groups])
    return [
        Piece(text[start:end], start, _net(whole) - _net(one))
        for (start, end), one in zip(groups, without, strict=True)
    ]


def _net(judgement: Judgement) -> float:
    return judgement.positive - judgement.negative


def _window(judge: Judge, text: str, brand: str, named: list[tuple[int, int]]) -> tuple[int, int]:
    """Finds the characters that the judge reads."""
    (inputs,) = encoder.tokenize(judge.tokenizer, [(text, brand)], judge.max_tokens)
    offsets = judge.tokenizer.encode(text, add_special_tokens=False).offsets
    read = offsets[encoder.window(offsets, named, inputs.first - 2)]
    return (read[0][0], read[-1][1]) if read else (0, 0)

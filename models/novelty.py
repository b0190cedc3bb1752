"""Finds the words that are new: more frequent now than before, beyond chance, told in whole words.

Each word or pair of neighbouring words is counted once a text. The likelihood ratio (Dunning 1993, Accurate Methods
for the Statistics of Surprise and Coincidence, Computational Linguistics 19:61-74) is used because its chance of error
holds for rare words too, which those of a new subject are.
"""

import math
import re
from collections import Counter
from collections.abc import Collection, Sequence
from itertools import pairwise

SURPRISE = 10.83  # of the likelihood ratio: by chance once in 1,000 words
LEAST = 3  # texts that hold the word now
SHARE = 0.15  # of the texts now, at least
SHORTEST, LONGEST = 4, 40  # letters of a word; shorter ones say little by themselves, longer ones are none
RATIO = 3.0  # times as frequent as before, at least


def words(now: Sequence[str], before: Sequence[str], limit: int) -> list[tuple[str, int, int]]:
    """Lists (word or pair of words, texts now, texts before), the most surprising first; empty without a past."""
    if not now or not before:
        return []
    recent, past = _counted(now), _counted(before)
    found: list[tuple[float, str]] = []
    for word, count in recent.items():
        if count < max(LEAST, SHARE * len(now)) or count * len(before) < RATIO * past[word] * len(now):
            continue
        ratio = _ratio(count, len(now), past[word], len(before))
        if ratio >= SURPRISE:
            found.append((ratio, word))
    chosen: list[str] = []
    for _, word in sorted(found, key=lambda one: (-one[0], -len(one[1]), one[1])):
        if not any(set(word.split()) & set(other.split()) for other in chosen):  # one subject, one row
            chosen.append(word)
    return [(word, recent[word], past[word]) for word in chosen[:limit]]


def held(text: str, found: Collection[str]) -> int:
    """Counts how many of the words, or pairs of words, that were found new stand in a text."""
    return len(_said(text) & set(found))


def alike(one: str, other: str) -> bool:
    """Tells whether at least half of the words and pairs of the shorter text stand in the other, too."""
    first, second = _said(one), _said(other)
    return 2 * len(first & second) >= max(1, min(len(first), len(second)))


def _counted(texts: Sequence[str]) -> Counter[str]:
    counts: Counter[str] = Counter()
    for text in texts:
        counts.update(_said(text))
    return counts


def _said(text: str) -> set[str]:
    """Lists the words of a text and the pairs of neighbouring words, each once."""
    said = [word for word in re.findall(r"[^\W\d_][\w'’-]*", text.casefold()) if len(word) <= LONGEST]
    pairs = {f"{one} {other}" for one, other in pairwise(said) if min(len(one), len(other)) >= SHORTEST}
    return {word for word in said if len(word) >= SHORTEST} | pairs


def _ratio(count: int, total: int, before: int, total_before: int) -> float:
    """Gives twice the logarithm of the likelihood ratio of two shares against one common share."""
    common = (count + before) / (total + total_before)

    def likelihood(hits: int, tries: int, chance: float) -> float:
        return (hits * math.log(chance) if hits else 0.0) + (
            (tries - hits) * math.log(1 - chance) if tries > hits else 0.0
        )

    return 2 * (
        likelihood(count, total, count / total)
        + likelihood(before, total_before, before / total_before)
        - likelihood(count, total, common)
        - likelihood(before, total_before, common)
    )

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
DISTINCT = 7.88  # of the likelihood ratio against others: by chance once in 200 words
LINK = re.compile(r"(?:https?://|\bwww\.)\S+")  # an address says nothing in words
COMMON, TWICE = 0.25, 2.0  # the share of the texts that hold what they have in common, and times as frequent as others


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
    return [(word, recent[word], past[word]) for word in _one_a_subject(found)[:limit]]


def distinct(
    now: Sequence[str], before: Sequence[str], others: Sequence[str], names: str, limit: int
) -> list[tuple[str, int, int]]:
    """Lists (word or pair of words, texts now, texts of others) that a quarter of the texts share, and others do not.

    The words of `names`, by which one is told from others, say nothing, nor do those that mostly stood beside them.
    """
    if not now or not others:
        return []
    recent, theirs = _counted(now), _counted(others)
    known = "".join(re.findall(r"\w", names.casefold()))
    empty = {part for word in recent for part in word.split() if part in known} | _beside(_counted(before), known)
    found: list[tuple[float, str]] = []
    for word, count in recent.items():
        if set(word.split()) & empty or count < max(LEAST, COMMON * len(now)):
            continue
        ratio = _ratio(count, len(now), theirs[word], len(others))
        if ratio >= DISTINCT and count * len(others) >= TWICE * theirs[word] * len(now):
            found.append((ratio, word))
    return [(word, recent[word], theirs[word]) for word in _one_a_subject(found)[:limit]]


def held(text: str, found: Collection[str]) -> int:
    """Counts how many of the words, or pairs of words, that were found new stand in a text."""
    return len(_said(text) & set(found))


def alike(one: str, other: str) -> bool:
    """Tells whether at least half of the words and pairs of the shorter text stand in the other, too."""
    first, second = _said(one), _said(other)
    return 2 * len(first & second) >= max(1, min(len(first), len(second)))


def _one_a_subject(found: Sequence[tuple[float, str]]) -> list[str]:
    """Lists words, the most surprising first, without those that share a word with one before."""
    chosen: list[str] = []
    for _, word in sorted(found, key=lambda one: (-one[0], -len(one[1]), one[1])):
        if not any(set(word.split()) & set(other.split()) for other in chosen):
            chosen.append(word)
    return chosen


def _beside(past: Counter[str], known: str) -> set[str]:
    """Names the words that in half of their texts or more stood beside a known one."""
    found = set()
    for pair, count in past.items():
        for one, other in (pair.split(), reversed(pair.split())) if " " in pair else ():
            if one in known and count >= LEAST and 2 * count >= past[other]:
                found.add(other)
    return found


def _counted(texts: Sequence[str]) -> Counter[str]:
    counts: Counter[str] = Counter()
    for text in texts:
        counts.update(_said(text))
    return counts


def _said(text: str) -> set[str]:
    """Lists the words of a text and the pairs of neighbouring words, each once."""
    said = [word for word in re.findall(r"[^\W\d_][\w'’-]*", LINK.sub(" ", text.casefold())) if len(word) <= LONGEST]
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

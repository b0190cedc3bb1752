"""Finds the words that tell one kind of text from another, as candidates for exclusions.

By log-odds with a prior from both kinds together (Monroe, Colaresi & Quinn 2008, Political Analysis 16:372-403), so
that a word is named when it is both frequent and one-sided.
"""

import math
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from earful.models.encoder import WHOLE_TEXT

LEAST = 3  # texts that must hold a word
CLEAR = 1.96  # standard deviations by which it must be one-sided
MOST_RIGHT = 0.05  # of the other texts may hold it, else excluding it costs too much


@dataclass(frozen=True, slots=True)
class Word:
    """A word, how many of the wrong texts hold it and how many of the right ones, and how clear that is."""

    word: str
    wrong: int
    right: int
    clear: float


def telling(wrong: Sequence[str], right: Sequence[str], known: Iterable[str], most: int = 8) -> list[Word]:
    """Lists words of the wrong texts that the right ones lack, the clearest first; none that is `known`."""
    in_wrong, in_right = _holding(wrong), _holding(right)
    every = in_wrong + in_right
    mass, known = sum(every.values()), set(known)
    size_wrong, size_right = sum(in_wrong.values()), sum(in_right.values())
    found = []
    for word, count in in_wrong.items():
        other = in_right[word]
        if count < LEAST or word in known or other > MOST_RIGHT * len(right):
            continue
        prior = 10 * every[word] / mass  # as much as ten words of text
        odds = _log_odds(count + prior, size_wrong + 10) - _log_odds(other + prior, size_right + 10)
        clear = odds / math.sqrt(1 / (count + prior) + 1 / (other + prior))
        if clear >= CLEAR:
            found.append(Word(word, count, other, clear))
    return sorted(found, key=lambda one: (-one.clear, one.word))[:most]


def _holding(texts: Sequence[str]) -> Counter[str]:
    """Counts the texts that hold each word of at least three letters."""
    return Counter(word for text in texts for word in set(re.findall(r"[^\W\d_]{3,40}", text[:WHOLE_TEXT].lower())))


def _log_odds(count: float, whole: float) -> float:
    return math.log(count / (whole - count))

"""Puts slips of the fingers right before a text is read: two letters that changed places, also across a space.

A word that the tokenizer does not know falls into pieces which the network has hardly seen together; most such slips
lie one exchange away from a word it knows well (what a recogniser of words in front of a classifier brings: Pruthi et
al. 2019, https://arxiv.org/abs/1905.11268). Names are left alone: a short capitalised word, and what is judged.
"""

from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tokenizers import Tokenizer

# The vocabulary stands in the order of frequency: only words before this are what somebody meant, by their letters,
# and in place of two words.
COMMON = {3: 2_300, 4: 5_000}
COMMON_LONG, COMMON_TWO = 12_000, 5_000
SHORTEST_NAME = 6  # letters of a word that is put right though it begins with a capital
LONGEST = 20  # letters of a word that is looked at: a longer one is no common word, and may be a whole page
ENDS = ".,;:!?\u2026)\"'"


@lru_cache(maxsize=4)
def vocabulary(tokenizer: "Tokenizer") -> dict[str, int]:
    """Gives the whole words that a tokenizer knows, with their places."""
    return {word: at for word, at in tokenizer.get_vocab().items() if word.isalpha() and word.isascii()}


def mended(text: str, target: str, known: dict[str, int]) -> str:
    """Puts the slips in a text with single spaces right; the words of the target stay as they are."""
    words = text.split(" ")
    kept = set(target.lower().split())
    changed = False
    for at, word in enumerate(words):
        bare = word.rstrip(ENDS)
        lower = bare.lower()
        if lower in known or lower in kept or not (lower.isalpha() and lower.isascii()):
            continue
        if better := _exchanged(bare, known):
            words[at] = better + word[len(bare) :]
        elif at and (pair := _moved(words[at - 1], bare, kept, known)):
            words[at - 1], words[at] = pair[0], pair[1] + word[len(bare) :]
        elif bare == word and at + 1 < len(words) and (pair := _moved_back(bare, words[at + 1], kept, known)):
            words[at], words[at + 1] = pair
        else:
            continue
        changed = True
    return " ".join(words) if changed else text


def _exchanged(word: str, known: dict[str, int]) -> str | None:
    """Gives the commonest word from which two neighbouring letters changed places."""
    if not (min(COMMON) if word.islower() else SHORTEST_NAME) <= len(word) <= LONGEST:
        return None
    lower = word.lower()
    found = {lower[:at] + lower[at + 1] + lower[at] + lower[at + 2 :] for at in range(len(lower) - 1)}
    place, best = min(((known[one], one) for one in found if one in known), default=(COMMON_LONG, ""))
    return best if place < COMMON.get(len(lower), COMMON_LONG) else None


def _moved(before: str, word: str, kept: set[str], known: dict[str, int]) -> tuple[str, str] | None:
    """Gives two words where the first one's last letter stood behind the space: th eflight."""
    first, second = before.lower() + word[0].lower(), word[1:].lower()
    return (first, second) if before.lower() not in kept and _usual(first, second, known) else None


def _moved_back(word: str, after: str, kept: set[str], known: dict[str, int]) -> tuple[str, str] | None:
    """Gives two words where the second one's first letter stood before the space: thef light. An s is a plural's."""
    bare = after.rstrip(ENDS)
    first, second = word[:-1].lower(), word[-1].lower() + bare.lower()
    fits = bare.isalpha() and bare.lower() not in kept and word[-1] not in "sS" and _usual(first, second, known)
    return (first, second + after[len(bare) :]) if fits else None


def _usual(first: str, second: str, known: dict[str, int]) -> bool:
    return min(len(first), len(second)) > 1 and max(known.get(one, COMMON_TWO) for one in (first, second)) < COMMON_TWO

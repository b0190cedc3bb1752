"""Gives a theme a name of its own distinctive words, and the sentence that says it best.

Words are weighed by log-odds with an informative prior (Monroe, Colaresi and Quinn 2008,
https://doi.org/10.1093/pan/mpn018): how much more often a theme's texts use a word than the brand's other texts, in
standard errors, so that a rare word needs more than one text to speak for it. Each text counts a word once.
"""

import re
from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from math import log, sqrt

from sklearn.feature_extraction.text import ENGLISH_STOP_WORDS

from earful.models import encoder
from earful.models.themespace import name_words, tokens

READ = 2000  # characters of a text
WORDS_IN_NAME = 3
WORDS_KEPT = 10
SAYING = 3  # texts of a theme that must say a word of its name (2 in the smallest themes)
PAIR_WORTH = 2.0  # a pair of words says more: it is taken where a word alone is not twice as distinctive
SENTENCE = (40, 220)  # characters of a sentence that is good to read, and at most
_VAGUE = """
    able absolutely actually add added allow allowed also always anymore anything ask asked asking aware back bad began
    begin begun believe called came can't cant caused com come company could couldn't couple customer customers day
    days dear decided did didn't didnt does doesn't doesnt doing don't done dont ended entire even ever everything
    explain explained fact feel finally found gave get getting given giving go going gone good got great guys happen
    happened having hello hi http https i'd i'll i'm i've im immediately include included including isn't issue issues
    it's ive just keep kept know known later let let's like look lot madam made make making many maybe mean means
    mention mentioned month months much need needed never new old one past people person please point possible problem
    problems put really reason recently right said say saying says seem seems simply since sir situation soon start
    started state stated states still stuff supposed sure take taken talk talked tell thank thanks that's they're
    they've thing things think thought three time times today told took totally tried try trying turned two understand
    use used user using want wanted wasn't way week weeks well went wish won't wont work worked working works would
    wouldn't www year years yesterday yet
"""
VAGUE = frozenset(_VAGUE.split())
_ENDINGS = (("ions", 5), ("ion", 5), ("ing", 3), ("ies", 4), ("ed", 4), ("es", 4), ("s", 3))  # and letters left
_SENTENCE = re.compile(r"(?:[^.!?\n]|[.!?](?=\w))+[.!?]*")  # "$5.00" and "example.org" do not end one
_MASKED = re.compile(r"\b(?:[xX]{2,}[\s/,]*)+|[{}]")


@dataclass(frozen=True)
class Name:
    """A theme's name, of one to three words or pairs of words, and its distinctive words, the strongest first."""

    name: str
    words: tuple[str, ...]


@dataclass(frozen=True)
class Counts:
    """How many texts say each word and each pair of neighbouring words, and how each is mostly written."""

    words: Counter[str]
    texts: int
    written: dict[str, str]


def counts(texts: Iterable[str], names: Collection[str] = ()) -> Counts:
    """Counts in how many texts each word and pair stands; words of brands' `names` are left out."""
    out = name_words(names)
    found: Counter[str] = Counter()
    forms: dict[str, Counter[str]] = {}
    number = 0
    for text in texts:
        number += 1
        seen: dict[str, str] = {}
        spoken = [(word, _root(word)) for word in tokens(_plain(text))]
        usable = [_tells(word) and word not in out for word, _ in spoken]
        for place, (one, other) in enumerate(pairwise(word for word, _ in spoken)):
            if one + other in out:  # a brand's name written apart
                usable[place] = usable[place + 1] = False
        for place, (word, root) in enumerate(spoken):
            if usable[place]:
                seen.setdefault(root, word)
                if place and usable[place - 1] and spoken[place - 1][1] != root:
                    before, first = spoken[place - 1]
                    seen.setdefault(f"{first} {root}", f"{before} {word}")
        found.update(seen.keys())
        for root, word in seen.items():
            forms.setdefault(root, Counter())[word] += 1
    written = {root: min(one, key=lambda form: (-one[form], form)) for root, one in forms.items()}
    return Counts(found, number, written)


def together(parts: Sequence[Counts]) -> Counts:
    """Adds up the counts of different texts."""
    words: Counter[str] = Counter()
    for one in parts:
        words.update(one.words)
    return Counts(words, sum(one.texts for one in parts), {})


def name(theme: Counts, brand: Counts) -> Name:
    """Names a theme by what sets its texts apart from all of the brand's; `brand` counts those of the theme too."""
    least = SAYING if theme.texts >= 10 else 2
    weights = {
        word: _distinctive(count, theme.texts, brand.words[word] - count, brand.texts - theme.texts)
        for word, count in theme.words.items()
        if count >= min(least, theme.texts)
    }
    ranked = sorted(weights, key=lambda word: (-weights[word], word))
    chosen: list[str] = []
    for word in ranked:
        if weights[word] <= 0 or len(chosen) == WORDS_KEPT:
            break
        parts = word.split()
        if any(set(parts) & set(one.split()) for one in chosen):
            continue
        pairs = [one for one in ranked if " " in one and word in one.split() and not _taken(one, chosen)]
        better = next((one for one in pairs if PAIR_WORTH * weights[one] >= weights[word]), word)
        chosen.append(better)
    words = tuple(theme.written[word] for word in chosen)
    return Name(", ".join(words[:WORDS_IN_NAME]), words)


def fits(earlier: str, present: Name) -> bool:
    """Tells whether an earlier name is still apt: whether each of its parts has a word that is distinctive now."""
    words = {_root(word) for one in present.words for word in one.split()}
    return bool(earlier) and all(words & {_root(word) for word in part.split()} for part in earlier.split(", "))


def sentence(texts: Sequence[str], words: Collection[str]) -> tuple[int, str]:
    """Finds the sentence that holds most of the distinctive words and is good to read: (place of its text, sentence).

    `texts` stand in the order of how typical they are; (0, "") when none has a sentence of readable length.
    """
    sought = [{_root(word) for word in tokens(one)} for one in words]
    best, found = 0.0, (0, "")
    for place, text in enumerate(texts):
        for one in _SENTENCE.findall(_plain(text)):
            said = " ".join(one.split())
            if not SENTENCE[0] <= len(said) <= SENTENCE[1] or (said.isupper() and not text.isupper()):
                continue
            spoken = {_root(word) for word in tokens(said)}
            hits = sum(sought_one <= spoken for sought_one in sought)
            worth = hits / sqrt(4 + len(spoken)) * (1 - place / (2 * len(texts)))
            if worth > best:
                best, found = worth, (place, said)
    return found


def _distinctive(count: int, size: int, elsewhere: int, others: int) -> float:
    """Gives the log-odds ratio in standard errors, with what the whole brand says as the prior of ten texts."""
    prior = 10 * (count + elsewhere + 0.5) / (size + others + 1)
    left = 10 - prior if prior < 10 else 0.5
    here = (count + prior) / max(0.5, size - count + left)
    there = (elsewhere + prior) / max(0.5, others - elsewhere + left)
    return (log(here) - log(there)) / sqrt(1 / (count + prior) + 1 / (elsewhere + prior))


def _taken(pair: str, chosen: Sequence[str]) -> bool:
    return any(set(pair.split()) & set(one.split()) for one in chosen)


def _tells(word: str) -> bool:
    return len(word) > 2 and word not in ENGLISH_STOP_WORDS and word not in VAGUE


@lru_cache(100_000)
def _root(word: str) -> str:
    """Gives words that differ in an ending one key; it is never shown."""
    word = word.removesuffix("'s").removesuffix("’s")
    for ending, least in _ENDINGS:
        if word.endswith(ending) and len(word) - len(ending) >= least and not word.endswith("ss"):
            word = word[: -len(ending)]
            break
    return word.removesuffix("e") if len(word) > 4 else word


def _plain(text: str) -> str:
    """Cleans a text for people: no addresses, names of users, marks of what was taken out."""
    return _MASKED.sub(" ", encoder.clean(text[:READ], name_symbols=False).replace("@user", " ").replace(" http", " "))

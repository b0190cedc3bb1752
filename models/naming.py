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
PHRASE = 5  # words of a phrase at most, those that only join others among them
WORTH = {1: 1.0, 2: 3.5, 3: 4.5}  # a phrase says more: by its words that tell, three and more alike
_JOINING = "a an and at by for from in into my of off on out the to up with without your"
JOINING = frozenset(_JOINING.split())
ARTICLES = frozenset(("a", "an", "my", "the", "your"))
RUDE = ("arsehole", "asshole", "bastard", "bitch", "bullshit", "crap", "cunt", "damn", "fuck", "piss", "shit", "whore")
SHORTENED = ("n't", "'d", "'ll", "'re", "'ve", "here's", "what's", "who's")  # and "there's"
SENTENCE = (40, 220)  # characters of a sentence that is good to read, and at most
MARKED = 0.03  # of a sentence's characters, beyond one, may be marks that sentences have few of
BRIEF = 15  # characters of one that will do where there is none
_VAGUE = """
    able absolutely accordingly actually add added additionally alleged allow allowed also always anymore anything
    approximately arent ask asked asking attempted aware back bad began begin begun believe best better called came
    can't cant caused com come companies company could couldn't couldnt couple currently customer customers day days
    dear decided did didn't didnt different does doesn't doesnt doing don't done dont ended entire even ever
    everything explain explained fact far feel finally found furthermore gave get getting given giving go goes going
    gone good got great guys hadnt happen happened happy hasnt havent having hello hi http https i'd i'll i'm i've
    idea im immediately include included including instead isn't isnt issue issues it's ive just keep kept kind know
    known later let let's like little longer look looked lot madam made make making many maybe mean means mention
    mentioned month months much need needed never new numerous old one past people person please point possible
    problem problems put really reason reasons recently regarding remember right said say saying says seem seems
    shouldnt simply since sir situation somebody soon sooner start started state stated states stating still stuff
    suppose supposed sure take taken talk talked tell thank thanks that's thats they're they've theyre theyve thing
    things think thought three time times today told took totally tried try trying turned two understand use used user
    using usual want wanted wasn't wasnt way week weeks well went weren't werent wish won't wondering wont work worked
    working works worse worst would wouldn't wouldnt www year years yesterday yet youre
"""
VAGUE = frozenset(_VAGUE.split())
_ENDINGS = (("ions", 5), ("ion", 5), ("ing", 3), ("ies", 4), ("ed", 4), ("es", 4), ("s", 3))  # and letters left
_SENTENCE = re.compile(r"(?:[^.!?\n]|[.!?](?=\w))+[.!?]*")  # "$5.00" and "example.org" do not end one
_PIECE = re.compile(r"[\w'’]*\w|[^\w\s'’-]|\n")
_MARKS = re.compile(r"[:;#()\[\]/*=_|<>~\\+]")
_MASKED = re.compile(r"\b(?:[xX]{2,}[\s/,]*)+|[{}]")


@dataclass(frozen=True)
class Name:
    """A theme's name, of one to three words or phrases, and its distinctive words and phrases, the strongest first."""

    name: str
    words: tuple[str, ...]


@dataclass(frozen=True)
class Counts:
    """How many texts say each word and each phrase, and how each is mostly written."""

    words: Counter[str]
    texts: int
    written: dict[str, str]


def counts(texts: Iterable[str], names: Collection[str] = (), vague: bool = False) -> Counts:
    """Counts in how many texts each word and phrase stands; words of brands' `names` are left out.

    So are words that say little, unless `vague` wants them, for texts that have no others. A phrase begins and ends
    with words that tell, with nothing but such and joining words between ("lost my job").
    """
    out = name_words(names)
    found: Counter[str] = Counter()
    forms: dict[str, Counter[str]] = {}
    number = 0
    for text in texts:
        number += 1
        seen: dict[str, str] = {}
        spoken = _spoken(_plain(text))
        usable = [_tells(word, vague) and word not in out for word, _ in spoken]
        for place, (one, other) in enumerate(pairwise(word for word, _ in spoken)):
            if one + other in out:  # a brand's name written apart
                usable[place] = usable[place + 1] = False
        for place, (word, root) in enumerate(spoken):
            if usable[place]:
                seen.setdefault(root, word)
                for first in _beginnings(spoken, usable, place):
                    phrase = spoken[first : place + 1]
                    seen.setdefault(" ".join(one for _, one in phrase), " ".join(one for one, _ in phrase))
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
        if _taken(word, chosen):
            continue
        better = [one for one in ranked if set(word.split()) <= set(one.split()) and not _taken(one, chosen)]
        chosen.append(max(better, key=lambda one: weights[one] * WORTH[min(3, len(_telling(one)))]))
    words = tuple(theme.written[word] for word in chosen)
    return Name(", ".join(words[:WORDS_IN_NAME]), words)


def fits(earlier: str, present: Name) -> bool:
    """Tells whether an earlier name is still apt: whether each of its parts has a word that is distinctive now."""
    words = {_root(word) for one in present.words for word in _telling(one)}
    return bool(earlier) and all(words & {_root(word) for word in _telling(part)} for part in earlier.split(", "))


def sentence(texts: Sequence[str], words: Collection[str]) -> tuple[int, str]:
    """Finds the sentence that holds most of the distinctive words and is good to read: (place of its text, sentence).

    `texts` stand in the order of how typical they are; (0, "") when none has a sentence of readable length.
    """
    sought = [{_root(word) for word in tokens(one)} for one in words]
    found = _sentence(texts, sought, SENTENCE[0])
    return found if found[1] else _sentence(texts, sought, BRIEF)


def _sentence(texts: Sequence[str], sought: Sequence[set[str]], least: int) -> tuple[int, str]:
    best, found = 0.0, (0, "")
    for place, text in enumerate(texts):
        for one in _SENTENCE.findall(_plain(text)):
            said = " ".join(one.split())
            if not least <= len(said) <= SENTENCE[1] or (said.isupper() and not text.isupper()):
                continue
            if len(_MARKS.findall(said)) > 1 + MARKED * len(said):  # the head of a mail, a form that was filled in
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


def _spoken(text: str) -> list[tuple[str, str]]:
    """Gives a text's words with their roots, and an empty one wherever something else stands between two."""
    return [
        (word, _root(word)) if word == "a" or tokens(word) == [word] else ("", "")
        for word in _PIECE.findall(text.lower())
    ]


def _beginnings(spoken: Sequence[tuple[str, str]], usable: Sequence[bool], last: int) -> list[int]:
    """Lists where phrases begin that end at a word: words that tell, side by side or with joining ones between."""
    found = []
    roots = {spoken[last][1]}
    for place in range(last - 1, max(-1, last - PHRASE), -1):
        word, root = spoken[place]
        joins = word in JOINING and (spoken[place + 1][0] in ARTICLES or spoken[place + 1][0] not in JOINING)
        if root in roots or not (usable[place] or joins):
            break
        roots.add(root)
        if usable[place]:
            found.append(place)
    return found


def _telling(phrase: str) -> set[str]:
    return {word for word in phrase.split() if word not in JOINING}


def _taken(phrase: str, chosen: Sequence[str]) -> bool:
    return any(_telling(phrase) & _telling(one) for one in chosen)


def _tells(word: str, vague: bool) -> bool:
    said = len(word) > 2 and word not in ENGLISH_STOP_WORDS and (vague or word not in VAGUE)
    return said and not word.startswith(RUDE) and not word.replace("’", "'").endswith(SHORTENED)


@lru_cache(100_000)
def _root(word: str) -> str:
    """Gives words that differ in an ending one key; it is never shown."""
    root = word.removesuffix("'s").removesuffix("’s")
    for ending, least in _ENDINGS:
        if root.endswith(ending) and len(root) - len(ending) >= least and not root.endswith("ss"):
            root = root[: -len(ending)]
            break
    root = root.removesuffix("e") if len(root) > 4 else root
    return word if root in JOINING else root  # an "outing" joins nothing


def _plain(text: str) -> str:
    """Cleans a text for people: no addresses, names of users, marks of what was taken out; a line stays a line."""
    lines = [encoder.clean(line, name_symbols=False) for line in text[:READ].splitlines()]
    return "\n".join(_MASKED.sub(" ", line.replace("@user", " ").replace(" http", " ")) for line in lines)

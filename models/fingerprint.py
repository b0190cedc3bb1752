"""Reduces a mention to what says whether another tells the same: its words as numbers, who wrote it, when and where.

Words are compared in runs of three (shingles), without case, marks, links and handles. What a retweet, a cross-post or
a publisher puts around them is taken off first: "RT @x:", hashtags at the end, a headline that the text repeats.
"""

import json
import re
import unicodedata
from dataclasses import dataclass
from hashlib import blake2b
from zlib import crc32

import numpy as np
import numpy.typing as npt

Hashes = npt.NDArray[np.uint64]
RUN = 3  # words of a shingle
NARROW, WIDE = 4, 24  # shingles in a row of which the smallest is kept
MOST_WORDS, MOST_LETTERS = 5_000, 100_000  # of a text that are looked at; what is longer is compared by its beginning
LEAST = 12  # words of a text that says enough to be known again
RETWEETS = 5  # of retweets that are seen through
END = 100  # letters at the end of a text in which what says that it was cut or passed on is sought
COMMENT = 4  # words before a quoted post from which they are a statement of their own

_LINK = re.compile(r"\b(?:https?://|www\.)\S+", re.I)
_REPOST = re.compile(r"(?:^|(?<=\s))[\"“]?(?:RT|MT|QT)\s*:?\s*@([\w.-]+)(?:@[\w.-]+)?\s*:?\s*")
_VIA = re.compile(r"\s(?:via|h/t)\s+@([\w.-]+)(?:@[\w.-]+)?[\s.]*$", re.I)
_HANDLE = re.compile(r"(?<!\w)@[\w.-]+(?:@[\w.-]+)?")
_CUT = re.compile(r"(?:…|\.\.\.|\[…\]|\[\.\.\.\])\W*$")
_DIGIT = re.compile(r"\d")
_PUBLISHER = re.compile(r"\s[-–—|]\s[^-–—|]{2,40}$")
# A script that is written without spaces gives a word a letter.
_WORD = re.compile(r"[\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff]|[^\W\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff]+")
_NAMELESS = {"", "a", "anonymous", "anonym", "customer", "google", "guest", "user", "unknown", "verified"}
_HEAD = ("source", "author", "repeats", "published", "rating", "personal", "cut", "words", "whole")
_MULTIPLIER = np.uint64(0x9E3779B97F4A7C15)


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """What grouping knows of one mention; `published` in seconds since 1970, shingles in the order of the text.

    `personal` says that it is one customer's own statement (a review, a complaint, an answer to a survey). `repeats`
    names whom a retweet repeats. `cut` says that the text breaks off. `whole` names all its words in their order;
    `numbers` are those that hold digits.
    """

    source: str
    author: str
    repeats: str
    published: float
    rating: float | None
    personal: bool
    cut: bool
    words: int
    whole: int
    numbers: frozenset[int]
    shingles: tuple[int, ...]


def take(
    source: str, author: str, published: float, title: str, text: str, rating: float | None, personal: bool
) -> Fingerprint:
    """Takes the fingerprint of a mention."""
    body, repeats = _own(text[:MOST_LETTERS], title)
    words = _WORD.findall(unicodedata.normalize("NFKC", body).casefold())[:MOST_WORDS]
    hashes = np.array([_number(word) for word in words], np.uint64)
    numbers = frozenset(_number(word) for word in words if not word.isalpha() and _DIGIT.search(word))
    whole = blake2b(" ".join(words).encode("utf-8", "replace"), digest_size=8).digest()
    cut = bool(_CUT.search(body, max(0, len(body) - END)))
    return Fingerprint(
        source, name(author), repeats, published, rating, personal, cut, len(words),
        int.from_bytes(whole, "big"), numbers, tuple(runs(hashes, RUN).tolist()),
    )  # fmt: skip


def pack(one: Fingerprint) -> bytes:
    """Writes a fingerprint as bytes."""
    head = [getattr(one, field) for field in _HEAD]
    return json.dumps([*head, sorted(one.numbers)]).encode() + b"\n" + np.array(one.shingles, "<u4").tobytes()


def unpack(packed: bytes) -> Fingerprint:
    """Reads what `pack` wrote."""
    head, _, shingles = packed.partition(b"\n")
    *values, numbers = json.loads(head)
    told = dict(zip(_HEAD, values, strict=True))
    return Fingerprint(**told, numbers=frozenset(numbers), shingles=tuple(np.frombuffer(shingles, "<u4").tolist()))


def passages(one: Fingerprint) -> frozenset[int]:
    """Picks runs of four words by which two texts with a passage in common are found: of each few the smallest.

    The scheme is winnowing (https://doi.org/10.1145/872757.872770), a MinHash of every passage instead of the whole:
    what was cut, prefixed or set into something else keeps them. Longer texts have fewer for their length; what is
    smallest among many is so among few, hence a short text finds its place in a long one.
    """
    found = runs(np.array(one.shingles, np.uint64), 2)
    if not len(found):
        return frozenset()
    width = min(len(found), max(NARROW, min(WIDE, one.words // 10)))
    return frozenset(np.lib.stride_tricks.sliding_window_view(found, width).min(axis=1).tolist())


def _own(text: str, title: str) -> tuple[str, str]:
    """Gives what of a text is its own, and whom it repeats: of a quote with a comment that is the comment."""
    if text == title:
        text = _PUBLISHER.sub("", text)
    elif title and text.startswith(title) and len(text[len(title) :].split()) >= LEAST:
        text = text[len(title) :]
    text, repeats = " ".join(_LINK.sub(" ", text).split()), ""
    for _ in range(RETWEETS):
        found = _REPOST.search(text)
        if not found:
            break
        if len(_WORD.findall(text[: found.start()])) >= COMMENT:
            return _bare(text[: found.start()]), ""
        text, repeats = text[found.end() :], name(found[1])
    if found := _VIA.search(text, max(0, len(text) - END)):
        text, repeats = text[: found.start()], repeats or name(found[1])
    return _bare(text), repeats


def _bare(text: str) -> str:
    """Takes handles off, and the hashtags at the end unless there is nothing else."""
    words = _HANDLE.sub(" ", text).split()
    last = next((at for at in range(len(words), 0, -1) if not words[at - 1].startswith("#")), len(words))
    return " ".join(words[:last])


def name(author: str) -> str:
    """Gives an author's name as networks share it: no case, no @, no server; "" where it names nobody."""
    bare = author.strip().casefold().lstrip("@")
    bare = " ".join(bare.split()) if " " in bare else bare.partition("@")[0].removesuffix(".bsky.social")
    return "" if set(re.findall(r"\w+", bare)) <= _NAMELESS else bare


def _number(word: str) -> int:
    return crc32(word.encode("utf-8", "replace"))


def runs(hashes: Hashes, length: int) -> npt.NDArray[np.uint32]:
    """Gives a number for each run of so many words, in order; one for all words where there are fewer."""
    length = min(length, len(hashes))
    places = len(hashes) - length + 1 if length else 0
    found = np.zeros(places, np.uint64)
    for offset in range(length):
        found = _mixed(found * _MULTIPLIER + hashes[offset : offset + places])
    return found.astype(np.uint32)


def _mixed(numbers: Hashes) -> Hashes:
    """Spreads numbers over all bits, the same way every time."""
    numbers = (numbers ^ (numbers >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    return numbers ^ (numbers >> np.uint64(29))

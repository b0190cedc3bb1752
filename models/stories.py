"""Tells whether two mentions are copies: whether they tell the same story.

A copy is what somebody passes on: a wire in forty papers, its first paragraph, a retweet, a cross-post, a review that
stands on two sites. What people say in the same words each for themselves is not: "Great app!" by two people is two,
and of a letter that hundreds send to an authority or leave as a review each counts, for behind each stands a customer.
The same long words in posts and articles are one story with many copies, whoever posts them.

The answer depends on the two mentions alone, so the stories that follow from all answers do not depend on the order
in which mentions come. The figures were chosen on edited copies of real texts, see benchmarks/stories.py.
"""

import hashlib
from math import inf
from typing import TypeAlias

from earful.models import fingerprint
from earful.models.fingerprint import LEAST, Fingerprint

Thing: TypeAlias = int | str
DAY = 86_400.0
WINDOW = 30 * DAY  # between two copies; what comes back later is news again and must show in today's charts
NEAR = 7 * DAY  # between a review and its twin on another site, and between a few words and the same from the author
SURE, NEVER = -1.0, inf
SMALL = 8  # words that are the same by chance too often, where nobody's name says otherwise
PART = 30  # words of a part that is known again in a longer text
LEAD = 24  # words of the beginning


def own(source: str, id: str, digest: str, attempt: int = 0) -> str:
    """Names the story that a mention in these words begins; another name at each attempt, should one be taken."""
    return hashlib.sha256(f"{source}\0{id}\0{digest}\0{attempt}".encode("utf-8", "replace")).hexdigest()[:16]


def places(one: Fingerprint) -> list[int]:
    """Lists where in an index a mention is put and sought, as signed 32-bit numbers: copies share at least one place.

    Short texts are put by their words and their author, so that thousands of "Great app!" do not meet.
    """
    if not one.words:
        return []
    if one.words >= LEAST:
        return [_signed(number) for number in fingerprint.passages(one)]
    names = {one.author, one.repeats} if one.words < SMALL else {one.author, one.repeats, ""}
    return [_place(f"{one.whole} {name}") for name in names if name or one.words >= SMALL]


def likeness(a: Fingerprint, b: Fingerprint) -> float:
    """Gives the least cosine of two mentions' embeddings at which they are copies: SURE without it, or NEVER."""
    apart = abs(a.published - b.published)
    if apart > WINDOW or not a.words or not b.words:
        return NEVER
    if a.personal or b.personal:
        return SURE if _twins(a, b, apart) else NEVER
    small, large = (a, b) if (a.words, a.whole) <= (b.words, b.whole) else (b, a)
    if small.words < LEAST:
        return SURE if small.whole == large.whole and _passed_on(small, large, apart) else NEVER
    return NEVER if _other_figures(small, large) else _shared(small, large)


def _shared(small: Fingerprint, large: Fingerprint) -> float:
    """Weighs the words that two longer texts share."""
    part, whole = frozenset(small.shingles), frozenset(large.shingles)
    shared = len(part & whole)
    alike, held = shared / (len(part) + len(whole) - shared), shared / len(part)
    if alike >= 0.72 or (alike >= 0.55 and small.words >= 0.85 * large.words):
        return SURE
    beginning = small.shingles[: LEAD - 2]
    first = frozenset(large.shingles[: 2 * LEAD])
    if sum(shingle in first for shingle in beginning) >= 0.6 * len(beginning):
        if held >= 0.8 and large.words >= 3 * PART and (small.words >= PART or small.cut):
            return SURE  # the beginning of a longer text
        if held >= 0.8 and small.cut:
            return SURE
        return 0.7 if held >= 0.3 and shared >= LEAD and large.words >= 3 * PART else NEVER
    later = small.published >= large.published  # what is older and inside a longer text is quoted there
    return 0.35 if held >= 0.9 and small.words >= PART and later else NEVER


def _twins(a: Fingerprint, b: Fingerprint, apart: float) -> bool:
    """Tells whether two statements are one customer's, on two sites: alike in words, rating, time, and not in name."""
    if not (a.personal and b.personal) or a.source == b.source or apart > NEAR or min(a.words, b.words) < LEAST:
        return False
    if a.rating is None or a.rating != b.rating or not _could_be_one(a.author, b.author):
        return False
    part, whole = frozenset(a.shingles), frozenset(b.shingles)
    return len(part & whole) >= 0.9 * len(part | whole)


def _could_be_one(a: str, b: str) -> bool:
    """Tells whether two names may be one person's: one is missing, or they begin alike ("Jane D.", "jane_doe")."""
    return not a or not b or a[:3] == b[:3]


def _passed_on(a: Fingerprint, b: Fingerprint, apart: float) -> bool:
    """Tells whether the same few words were passed on: by one author, by a retweet, or by nobody who is named."""
    if a.author and a.author == b.author and apart <= NEAR:  # later it is said again, or by another of that name
        return True
    repeated = {a.repeats, b.repeats} - {""}
    if repeated & {a.author, b.author} or (a.repeats and a.repeats == b.repeats):
        return True
    return a.words >= SMALL and not (a.author and b.author)


def _other_figures(small: Fingerprint, large: Fingerprint) -> bool:
    """Tells whether two texts differ in their figures: a program's report of another day, not a copy."""
    return len(small.numbers) >= 3 and len(small.numbers & large.numbers) < 0.4 * len(small.numbers)


def _place(name: str) -> int:
    return int.from_bytes(hashlib.sha256(name.encode("utf-8", "replace")).digest()[:4], "big", signed=True)


def _signed(number: int) -> int:
    return number - 2**32 if number >= 2**31 else number


class Groups:
    """Joins things into groups, each named by one of its members: places in a batch, or names of stories."""

    def __init__(self) -> None:
        self._parents: dict[Thing, Thing] = {}

    def of(self, one: Thing) -> Thing:
        """Names the group of a thing; alone it is its own."""
        root = one
        while (parent := self._parents.get(root, root)) != root:
            root = parent
        while one != root:
            self._parents[one], one = root, self._parents[one]
        return root

    def join(self, a: Thing, b: Thing) -> None:
        """Makes one group of the groups of two things."""
        self._parents[self.of(a)] = self.of(b)

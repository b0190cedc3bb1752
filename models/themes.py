"""Finds the recurring subjects of a brand's criticism, and goes on with those that are known.

Wide themes are spherical k-means clusters, begun at the centres of the known ones, so that tomorrow's continue today's.
What emerges would drown in them: a scan around every recent text finds it, and what the time before does not explain
becomes a narrow theme, which takes only what is as near to its centre as its own members are. Every text may also
belong to none.
"""

import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
from scipy.stats import binom
from sklearn.cluster import KMeans
from sklearn.exceptions import ConvergenceWarning
from sklearn.preprocessing import normalize

from earful.models import emerging

Rows = npt.NDArray[np.float32]
Places = npt.NDArray[np.intp]
ENOUGH = 15  # voices below which no theme is sought
LEAST = 5  # voices that make a theme
LINE = 0.1  # cosine to its centre below which a text belongs to no wide theme
MERGE = 0.75  # cosine between two centres from which they are one theme
THEMES_MOST = 30  # wide ones
RECENT, BEFORE = 14.0, 56.0  # days that are set against each other
UNLIKELY = 0.01
PACE = 0.1  # of the recent one, at most, for what is new
LIKE = 0.9  # cosine of two embeddings from which one author says the same again
TOLD_MOST = 200  # different texts of one author that later ones are compared with
READ = 10_000  # vectors in memory at once


@dataclass(frozen=True)
class Kept:
    """A theme that is known: which rows are its members, the line of a narrow one (0 for wide), and whether people
    touched it, so that it may not disappear in another."""

    members: Places
    line: float = 0.0
    touched: bool = False


@dataclass(frozen=True)
class Theme:
    """A theme as found: the place of the one it continues (None for a new one), its unit centre (size,), the cosine
    to it that belonging takes, its rows, whether it is narrow."""

    continues: int | None
    centre: Rows
    line: float
    members: Places
    narrow: bool


@dataclass(frozen=True)
class Found:
    """All themes of a brand, and which known ones went into which found one: {place of known: place of found}."""

    themes: list[Theme]
    merged: dict[int, int]


def wanted(voices: int) -> int:
    """Gives how many wide themes so many voices carry: half the square root, so that a theme grows with its brand."""
    return max(1, min(THEMES_MOST, int(voices**0.5 / 2 + 0.5)))


def find(rows: Rows, ages: npt.NDArray[np.floating], kept: Sequence[Kept] = ()) -> Found:
    """Finds the themes of unit rows (texts, size), `ages` days old each, and continues the known ones.

    The same input gives the same themes. A known theme that nothing continues is not among the found.
    """
    alive = {place: one for place, one in enumerate(kept) if len(one.members)}
    narrow = [_narrow(rows, place, one) for place, one in alive.items() if one.line]
    taken, _ = assign(rows, narrow)
    narrow = [replace(one, members=np.flatnonzero(taken == at)) for at, one in enumerate(narrow)]
    free = np.flatnonzero(taken < 0)
    wide = _wide(rows, free, {place: one for place, one in alive.items() if not one.line})
    fresh = [_known(one, alive) for one in _emerging(rows, ages, free)]
    claimed = np.concatenate([_NONE, *(one.members for one in fresh)])
    themes = [replace(one, members=np.setdiff1d(one.members, claimed)) for one in wide]
    again = {one.continues for one in fresh}
    themes = [replace(one, continues=None) if one.continues in again else one for one in themes]
    themes = [one for one in themes if one.continues is not None or len(one.members) >= LEAST]
    themes = [one for one in [*themes, *narrow, *fresh] if len(one.members)]
    return Found(themes, _merged(alive, themes))


def assign(rows: Rows, themes: Sequence[Theme]) -> tuple[Places, Rows]:
    """Gives each unit row the place of its theme, -1 for none, and its cosine to that theme's centre.

    A narrow theme goes before wide ones where its line is reached.
    """
    places, strengths = np.full(len(rows), -1), np.zeros(len(rows), np.float32)
    for narrow in (False, True):
        chosen = [place for place, one in enumerate(themes) if one.narrow == narrow]
        if not chosen or not len(rows):
            continue
        near = rows @ np.stack([themes[place].centre for place in chosen]).T
        near[near < np.array([themes[place].line for place in chosen])] = 0.0
        best = near.argmax(1)
        strength = near[np.arange(len(rows)), best]
        places[strength > 0] = np.array(chosen)[best[strength > 0]]
        strengths[strength > 0] = strength[strength > 0]
    return places, strengths


def state(ages: npt.NDArray[np.floating], span: float) -> str:
    """Tells how a theme stands by its members' ages in days, in a history of `span` days.

    It is "new" while two in three of its members are of the last two weeks and came at ten times the pace of the time
    before, which has to be as long at least: a few strays of old do not make a subject old. It is "growing" or "faded"
    when the last two weeks differ from the eight before by more than chance (binomial test of two Poisson rates, one in
    a hundred on either side), and for faded by half at least, or when it was silent for eight weeks; else "steady".
    """
    late = int((ages < RECENT).sum())
    old = len(ages) - late
    if span >= 2 * RECENT and late >= max(1, 2 * old) and old / (span - RECENT) <= PACE * late / RECENT:
        return "new"
    before = min(BEFORE, span - RECENT)
    early = int(((ages >= RECENT) & (ages < RECENT + before)).sum())
    if len(ages) and float(ages.min()) >= BEFORE:
        return "faded"
    if before < RECENT:
        return "steady"
    share = RECENT / (RECENT + before)
    if late >= LEAST and binom.sf(late - 1, late + early, share) < UNLIKELY:
        return "growing"
    if late / RECENT <= early / before / 2 and binom.cdf(late, late + early, share) < UNLIKELY:
        return "faded"
    return "steady"


def repeats(
    authors: Sequence[str], stories: Sequence[str], read: Callable[[Sequence[int]], Mapping[int, Rows]]
) -> npt.NDArray[np.bool_]:
    """Marks the texts that say again what their story, or their author in like words, said in an earlier one of them.

    An author "" is nobody, who never repeats himself. `read` is asked for the unit vectors of some texts by their
    places, author by author, and gives them as far as there are any: so few are in memory at once.
    """
    again = np.zeros(len(authors), bool)
    seen: set[str] = set()
    for place, story in enumerate(stories):
        again[place] = story in seen
        seen.add(story)
    order = sorted((place for place in np.flatnonzero(~again).tolist() if authors[place]), key=lambda at: authors[at])
    speaking, told = "", _NOTHING
    for start in range(0, len(order), READ):
        vectors = read(order[start : start + READ])
        for place in order[start : start + READ]:
            if authors[place] != speaking:
                speaking, told = authors[place], _NOTHING
            if place not in vectors:
                continue
            again[place] = bool(told.size) and float((told @ vectors[place]).max()) >= LIKE
            if not again[place] and len(told) < TOLD_MOST:
                told = np.vstack([told, vectors[place]]) if told.size else vectors[place][None]
    return again


def split(rows: Rows) -> npt.NDArray[np.bool_]:
    """Divides a theme's rows in two; true are those of the smaller half."""
    first, second = _clustered(rows, 2)
    other: npt.NDArray[np.bool_] = rows @ second > rows @ first
    return other if 2 * other.sum() <= len(rows) else ~other


def _wide(rows: Rows, free: Places, kept: dict[int, Kept]) -> list[Theme]:
    """Clusters the free rows, beginning at the known centres."""
    owners: list[int | None] = list(kept)
    known = [emerging.centre_of(rows[one.members]) for one in kept.values()]
    seeds = np.array(known, np.float32).reshape(-1, rows.shape[1])
    more = min(wanted(len(free)) - len(seeds), len(free) // LEAST)
    if more > 0 and len(free) >= ENOUGH:
        seeds = np.vstack([seeds, _new_seeds(rows[free], seeds, more)])
    if not len(seeds):
        return []
    centres = seeds
    if len(free) >= len(seeds):
        centres = _clustered(rows[free], len(seeds), seeds)
    owners += [None] * (len(seeds) - len(owners))
    near = rows[free] @ centres.T
    labels = np.where(near.max(1) >= LINE, near.argmax(1), -1)
    groups = [free[labels == number] for number in range(len(centres))]
    for number, owner in enumerate(owners):  # where a cluster ran empty, the library begins it elsewhere
        if owner is not None and not len(np.intersect1d(groups[number], kept[owner].members)):
            owners[number] = None
    return _joined(owners, groups, centres, kept)


def _new_seeds(free: Rows, seeds: Rows, more: int) -> Rows:
    """Finds further centres among the rows that the known ones describe worst; among all where none is known."""
    if len(seeds):
        order = np.argsort((free @ seeds.T).max(1), kind="stable")
        free = free[order[: max(more * LEAST, len(free) // 3)]]
    return _clustered(free, more)


def _clustered(rows: Rows, number: int, seeds: Rows | None = None) -> Rows:
    """Gives so many unit centres (number, size) of clusters, begun at the seeds if there are any."""
    cut = KMeans(number, init="k-means++" if seeds is None else seeds, n_init=5 if seeds is None else 1, random_state=0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # fewer different texts than clusters: some stay empty
        centres: Rows = normalize(cut.fit(rows).cluster_centers_).astype(np.float32)
    return centres


def _joined(owners: list[int | None], groups: list[Places], centres: Rows, kept: dict[int, Kept]) -> list[Theme]:
    """Makes themes of clusters: new ones need enough members, and one that is near an older one goes into it."""
    joined: list[Theme] = []
    for owner, members, centre in zip(owners, groups, centres, strict=True):  # the known ones come first
        if owner is None and len(members) < LEAST:
            continue
        near = [float(centre @ one.centre) for one in joined]
        if near and max(near) >= MERGE and not (owner is not None and kept[owner].touched):
            at = int(np.argmax(near))
            joined[at] = replace(joined[at], members=np.union1d(joined[at].members, members))
        else:
            joined.append(Theme(owner, centre, LINE, members, False))
    return joined


def _emerging(rows: Rows, ages: npt.NDArray[np.floating], free: Places) -> list[Theme]:
    """Gives the free rows' emerging subjects as narrow themes, with all that is as near as their own members are."""
    found = [
        Theme(None, one.centre, max(LINE, one.line), free[one.members], True)
        for one in emerging.subjects(rows[free], ages[free])
    ]
    hit, _ = assign(rows[free], found)
    return [replace(one, members=free[hit == place]) for place, one in enumerate(found)]


def _known(theme: Theme, kept: dict[int, Kept]) -> Theme:
    """Lets what emerges continue the known wide theme that is made of it."""
    for place, one in kept.items():
        if not one.line and 2 * len(np.intersect1d(theme.members, one.members)) > len(one.members):
            return replace(theme, continues=place)
    return theme


def _narrow(rows: Rows, place: int, one: Kept) -> Theme:
    return Theme(place, emerging.centre_of(rows[one.members]), one.line, one.members, True)


def _merged(kept: dict[int, Kept], themes: Sequence[Theme]) -> dict[int, int]:
    """Tells of the known themes that nothing continues where most of their members are now."""
    went: dict[int, int] = {}
    for place in kept.keys() - {one.continues for one in themes}:
        if kept[place].touched:
            continue
        members = kept[place].members
        shares = [len(np.intersect1d(members, one.members)) / len(members) for one in themes]
        if shares and max(shares) > 0.5:
            went[place] = int(np.argmax(shares))
    return went


_NONE: Places = np.zeros(0, np.intp)
_NOTHING: Rows = np.zeros((0, 0), np.float32)

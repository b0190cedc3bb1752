"""Finds what is said of late and was hardly said before, however few say it.

A scan over a tree (Kulldorff 2003, https://doi.org/10.1111/1541-0420.00039): all texts are clustered hierarchically
without a look at their times, then every branch is asked whether more of it is recent than chance would have it. So a
subject is found at whatever breadth it has, and the number of branches that were asked is held against it.
"""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from scipy.cluster.hierarchy import linkage
from scipy.stats import binom

Rows = npt.NDArray[np.float32]
Places = npt.NDArray[np.intp]
WITHIN = (7.0, 14.0)  # days that count as recent, each tried
LEAST = 3  # recent texts that make a subject
CHANCE = 0.1  # that anything found is chance
MOST_BEFORE = 0.25  # of the recent pace: what was said faster than that before is not new
SAME_WORDS = 0.9  # mean cosine to their centre from which texts repeat each other's words
TOLERANCE = 1e-3  # of a distance, below which it is none
LEAVES = 4000  # texts in the tree; the others hang on the nearest of these


def subjects(rows: Rows, ages: npt.NDArray[np.floating]) -> list[Places]:
    """Finds emerging subjects among unit rows (texts, size), `ages` days old each; the surest first, none overlap.

    Three texts or more that repeat each other's words, when nobody did before, are one too: a letter that is passed on.
    """
    span = float(ages.max()) if len(ages) else 0.0
    if len(ages) < LEAST or span < 2 * min(WITHIN) or not (ages < max(WITHIN)).any():
        return []  # without a time before, everything would be new
    leaves = _leaves(ages)
    near = leaves[_nearest(rows, rows[leaves])] if len(leaves) < len(rows) else np.arange(len(rows))
    hung = {int(leaf): np.flatnonzero(near == leaf) for leaf in leaves} if len(leaves) < len(rows) else {}
    tree = linkage(rows[leaves].astype(np.float64), "average")
    joins = tree[:, :2].astype(int)
    whole = _whole(tree)
    weigh = [np.bincount(np.searchsorted(leaves, near[ages < days]), minlength=len(leaves)) for days in WITHIN]
    sizes = _summed(np.bincount(np.searchsorted(leaves, near), minlength=len(leaves)), joins)
    chance, tests = np.ones(len(sizes)), 0
    for days, young in zip(WITHIN, weigh, strict=True):
        if span < 2 * days:
            continue
        recent = _summed(young, joins)
        asked = whole & (recent >= LEAST)
        asked[: len(leaves)] &= bool(hung)
        tests += int(asked.sum())
        fair = (sizes - recent) / (span - days) <= MOST_BEFORE * recent / days
        found = asked & fair
        chance[found] = np.minimum(chance[found], binom.sf(recent[found] - 1, sizes[found], (ages < days).mean()))
    likely = [int(branch) for branch in np.argsort(chance, kind="stable") if chance[branch] < CHANCE / max(1, tests)]
    letters = _letters(rows[leaves], ages[leaves], _summed(weigh[-1], joins), sizes, joins)
    subjects, used = [], np.zeros(len(leaves), bool)
    for branch in [*likely, *(one for one in letters if whole[one])]:
        under = _under(branch, joins)
        if not used[under].any():
            used[under] = True
            subjects.append(np.sort(np.concatenate([hung.get(int(leaf), leaf[None]) for leaf in leaves[under]])))
    return subjects


def _leaves(ages: npt.NDArray[np.floating]) -> Places:
    """Chooses the texts of the tree: all, or the newest and an even sample of the others."""
    if len(ages) <= LEAVES:
        return np.arange(len(ages))
    order = np.argsort(ages, kind="stable")
    recent = order[: min(LEAVES // 2, int((ages < max(WITHIN)).sum()))]
    rest = order[len(recent) :]
    return np.sort(np.concatenate([recent, rest[np.linspace(0, len(rest) - 1, LEAVES - len(recent)).astype(int)]]))


def _nearest(rows: Rows, leaves: Rows) -> Places:
    parts = [(rows[start : start + 2000] @ leaves.T).argmax(1) for start in range(0, len(rows), 2000)]
    return np.concatenate(parts)


def _summed(leaves: npt.NDArray[np.integer], joins: npt.NDArray[np.integer]) -> npt.NDArray[np.int64]:
    """Sums what the leaves bear over every branch; leaves come first, then the joins in their order."""
    sums = np.zeros(len(leaves) + len(joins), np.int64)
    sums[: len(leaves)] = leaves
    for place, (one, other) in enumerate(joins, len(leaves)):
        sums[place] = sums[one] + sums[other]
    return sums


def _whole(tree: npt.NDArray[np.floating]) -> npt.NDArray[np.bool_]:
    """Marks the branches that are no mere part of one whose texts are all alike: their order in there is arbitrary."""
    leaves = len(tree) + 1
    heights = np.concatenate([np.zeros(leaves), tree[:, 2]])
    above = np.full(len(heights), np.inf)
    for place, (one, other) in enumerate(tree[:, :2].astype(int), leaves):
        above[one] = above[other] = heights[place]
    whole: npt.NDArray[np.bool_] = above > heights + TOLERANCE
    return whole


def _under(branch: int, joins: npt.NDArray[np.integer]) -> Places:
    """Lists the leaves under a branch."""
    found, waiting, leaves = [], [branch], len(joins) + 1
    while waiting:
        one = waiting.pop()
        if one < leaves:
            found.append(one)
        else:
            waiting += [int(each) for each in joins[one - leaves]]
    return np.sort(np.array(found, np.intp))


def _letters(
    rows: Rows,
    ages: npt.NDArray[np.floating],
    recent: npt.NDArray[np.int64],
    sizes: npt.NDArray[np.int64],
    joins: npt.NDArray[np.integer],
) -> Sequence[int]:
    """Finds the largest branches that are all recent and repeat the same words, which nobody said before."""
    before = rows[ages >= max(WITHIN)]
    found = []
    for branch in range(len(sizes) - 1, len(rows) - 1, -1):
        if LEAST <= recent[branch] == sizes[branch]:
            centre = rows[_under(branch, joins)].mean(0)
            alike = float(np.linalg.norm(centre))  # of unit rows: their mean cosine to their centre
            if alike >= SAME_WORDS and float((before @ centre).max(initial=0.0)) < SAME_WORDS * alike:
                found.append(branch)
    return found

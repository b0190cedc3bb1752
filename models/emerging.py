"""Finds what is said of late and was hardly said before, however few say it.

A scan statistic (Kulldorff 1997, https://doi.org/10.1080/03610929708831995) with balls in the space of the texts: the
three texts that are nearest to a recent one, the four, the five and so on are asked whether more of them are recent
than chance would have it. How unlikely the unlikeliest ball is when nothing is new, the same texts tell with their
times shuffled; so the many balls that were asked, and how texts crowd together, are held against each.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.stats import binom
from sklearn.preprocessing import normalize

Rows = npt.NDArray[np.float32]
Places = npt.NDArray[np.intp]
WITHIN = (7.0, 14.0)  # days that count as recent, each tried
LEAST = 3  # recent texts that make a subject
CHANCE = 0.05  # that anything is found where nothing is new
SHUFFLES = 199
MOST_BEFORE = 0.1  # of the recent pace: what was said faster than that before is not new
STRAYS = 0.5  # texts of old for each recent one, at most
REACH = 0.5  # of the cosine that half of a subject's texts have: what is farther out fell into the ball by chance
SAME_WORDS = 0.8  # cosine from which texts repeat each other's words
TOLERANCE = 1e-3  # of a cosine, below which there is no difference
LEAVES = 4000  # texts that are asked
LARGEST = 400  # texts of a ball


@dataclass(frozen=True)
class Subject:
    """An emerging subject: its unit centre (size,), the cosine to it that belonging takes, the places of its texts."""

    centre: Rows
    line: float
    members: Places


def subjects(rows: Rows, ages: npt.NDArray[np.floating]) -> list[Subject]:
    """Finds emerging subjects among unit rows (texts, size), `ages` days old each; the surest first.

    Three texts or more that repeat each other's words, when nobody did before, are one too: a letter that is passed on.
    The same input gives the same subjects. Of a large brand the members are those among the texts that are asked.
    """
    span = float(ages.max()) if len(ages) else 0.0
    if len(ages) < LEAST or span < 2 * min(WITHIN) or not (ages < max(WITHIN)).any():
        return []  # without a time before, everything would be new
    leaves = _leaves(ages)
    asked = rows[leaves]
    near, alike = _near(asked)
    sizes = _sizes(near.shape[1])
    whole = _whole(alike, sizes)
    likely: list[tuple[float, int, Places, _Window]] = []
    least = np.zeros(SHUFFLES)
    for days in (days for days in WITHIN if span >= 2 * days):
        recent = ages[leaves] < days
        thinned = (ages < days).sum() * (~recent).sum() / max(1, recent.sum() * (ages >= days).sum())
        strays = min(STRAYS, MOST_BEFORE * thinned * (span - days) / days)
        table = _table(sizes, float(recent.mean()), strays)
        window = _Window(recent, sizes, table)
        for centre in np.flatnonzero(recent):
            chances = window.chances(near[[centre]], whole[[centre]])[0]
            likely.append((float(chances.min()), int(centre), near[centre, : sizes[chances.argmin()]], window))
        random = np.random.default_rng(0)
        for turn in range(SHUFFLES):
            shuffled = random.permutation(recent)
            by_chance = _Window(shuffled, sizes, table).chances(near[shuffled], whole[shuffled])
            least[turn] = min(least[turn], by_chance.min(initial=0.0))
    line = float(np.quantile(least, CHANCE, method="lower"))
    likely = sorted((one for one in likely if one[0] < line), key=lambda one: one[:2])
    found, used = [], np.zeros(len(leaves), bool)
    balls: list[tuple[Places, _Window | None]] = [(ball, window) for _, _, ball, window in likely]
    for ball, asked_in in [*balls, *((one, None) for one in _letters(near, alike, ages[leaves]))]:
        if not used[ball].any():
            subject = _drawn(asked, ball, asked_in)
            used[ball] = used[subject.members] = True
            found.append(Subject(subject.centre, subject.line, leaves[subject.members]))
    return found


@dataclass(frozen=True, eq=False)
class _Window:
    """Which texts are recent, which sizes of balls are asked, and the table of their chances."""

    recent: npt.NDArray[np.bool_]
    sizes: npt.NDArray[np.intp]
    table: npt.NDArray[np.float64]

    def chances(self, near: Places, whole: npt.NDArray[np.bool_]) -> npt.NDArray[np.float64]:
        """Gives the logarithm of how unlikely each ball is: (rows of `near`, sizes)."""
        held = np.cumsum(self.recent[near], axis=1, dtype=np.int16)[:, self.sizes - 1]
        return np.where(whole, self.table[np.arange(len(self.sizes)), held], 0.0)


def _drawn(rows: Rows, ball: Places, window: _Window | None) -> Subject:
    """Draws a ball again around its own centre, twice, as one text is seldom the middle of a subject."""
    for _ in range(2):
        centre = centre_of(rows[ball])
        cosines = rows @ centre
        line = float(cosines[ball].min())
        if window is None:
            break
        order = np.argsort(-cosines, kind="stable")[:LARGEST]
        chances = window.chances(order[None], _whole(cosines[order][None], window.sizes))[0]
        if chances.min() >= 0.0:
            break
        ball = order[: window.sizes[chances.argmin()]]
        line = float(cosines[ball].min())
    reach = float(np.median(cosines[ball])) * REACH
    return Subject(centre, max(line - TOLERANCE, reach), np.sort(ball[cosines[ball] >= reach]))


def centre_of(rows: Rows) -> Rows:
    """Gives the unit centre of rows."""
    centre: Rows = normalize(rows.mean(0, keepdims=True))[0].astype(np.float32)
    return centre


def _leaves(ages: npt.NDArray[np.floating]) -> Places:
    """Chooses the texts that are asked: all, or the newest and an even sample of the others."""
    if len(ages) <= LEAVES:
        return np.arange(len(ages))
    order = np.argsort(ages, kind="stable")
    recent = order[: min(LEAVES // 2, int((ages < max(WITHIN)).sum()))]
    rest = order[len(recent) :]
    return np.sort(np.concatenate([recent, rest[np.linspace(0, len(rest) - 1, LEAVES - len(recent)).astype(int)]]))


def _near(rows: Rows) -> tuple[Places, Rows]:
    """Gives each row's nearest (rows, LARGEST at most), itself among them, nearest first, and their cosines to it."""
    places, cosines = [], []
    for start in range(0, len(rows), 500):
        alike = rows[start : start + 500] @ rows.T
        order = np.argsort(-alike, axis=1, kind="stable")[:, :LARGEST]
        places.append(order)
        cosines.append(np.take_along_axis(alike, order, 1))
    return np.concatenate(places), np.concatenate(cosines)


def _sizes(most: int) -> npt.NDArray[np.intp]:
    """Lists the sizes of balls that are asked: each while they are small, then in steps of a tenth."""
    steps = np.geomspace(LEAST, LARGEST, 52).round().astype(int)
    return np.unique(np.concatenate([np.arange(LEAST, 24), steps])).clip(max=most)


def _whole(alike: Rows, sizes: npt.NDArray[np.intp]) -> npt.NDArray[np.bool_]:
    """Tells of each ball (rows, sizes) whether the next text is farther out: else the order of the two is arbitrary."""
    steps = np.diff(alike, axis=1, append=-np.inf)
    whole: npt.NDArray[np.bool_] = steps[:, sizes - 1] < -TOLERANCE
    return whole


def _table(sizes: npt.NDArray[np.intp], share: float, strays: float) -> npt.NDArray[np.float64]:
    """Gives the logarithm of the chance (sizes, recent ones) that a ball holds so many recent texts or more.

    It is 0 where a ball is no subject: too few of it are recent, or too many of old for each recent one.
    """
    recent = np.arange(sizes.max(initial=0) + 1)
    chance = binom.logsf(recent - 1, sizes[:, None], share)
    return np.where((recent >= LEAST) & (sizes[:, None] - recent <= strays * recent), chance, 0.0)


def _letters(near: Places, alike: Rows, ages: npt.NDArray[np.floating]) -> list[Places]:
    """Finds what three recent texts or more say in the same words, and nobody said before; the most said first."""
    found = []
    for place in np.flatnonzero(ages < max(WITHIN)):
        same = near[place, alike[place] >= SAME_WORDS]
        if len(same) >= LEAST and (ages[same] < max(WITHIN)).all():
            found.append(same)
    return sorted(found, key=len, reverse=True)

"""Learns from people's clicks whether a text is about a brand: a linear model on its embedding and its words.

    trained = relevance.train("Acme", marked, others)
    trained.model.chances(texts)   # how likely each is about the brand

A logistic regression (scikit-learn), small enough to be trained at every click. What it may hide by itself is decided
on clicks that it has not seen: each is judged by a model of the other clicks, and copies of a story stay together.
"""

import re
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp

from earful.models import accuracy
from earful.models.accuracy import Count
from earful.models.encoder import WHOLE_TEXT, pattern

Vectors = npt.NDArray[np.float32]
FORMAT = 1  # of the weights that are kept; count up when features change, and every brand is learnt anew
WORDS = 1 << 14  # places that words are hashed to
AT_ONCE = 5000  # texts that are judged together: bounds the memory, whatever is given
NEAR = 4  # words on either side of the brand's name that count apart
LEAST_EACH = 10  # clicks of either kind below which nothing is known of the model
LEAST_PRECISION = 0.9  # of what is hidden: so much must be rightly hidden
LEAST_LOW = 0.8  # where the interval of that share may begin at the lowest
STEPS = (0.5, 0.4, 0.3, 0.2, 0.1)  # chances below which it may hide: few, since the best of many is so by luck
FOLDS = 5
FEW = 3  # clicks of "about" below which unmarked mentions stand in for them
OTHERS_WEIGHT = 0.2  # of an unmarked mention that stands in, against a click
STRENGTH = 3.0  # scikit-learn's C: the larger, the more a single click moves
VECTOR = (
    0.4  # length of the embedding beside the words' 1: what is about another subject, and what is written otherwise
)


@dataclass(frozen=True, slots=True)
class Text:
    """What the model looks at: words, where they came from, and their embedding where there is one."""

    words: str
    source: str
    vector: Vectors | None = None


@dataclass(frozen=True, slots=True)
class Marked:
    """A text and what a person said of it; texts of one `group` are copies of each other."""

    text: Text
    about: bool
    group: str


@dataclass(frozen=True, slots=True)
class Model:
    """What was learnt of a brand; `weights` are float32 (size of the embedding + WORDS)."""

    brand: str
    bias: float
    weights: Vectors

    @property
    def size(self) -> int:
        """The size of the embeddings it was taught with, 0 when there were none."""
        return len(self.weights) - WORDS

    def chances(self, texts: Sequence[Text]) -> npt.NDArray[np.float64]:
        """Gives for each text how likely it is about the brand, if both were equally frequent."""
        scores = [
            _dense(some, self.size) @ self.weights[: self.size] + _hashed(self.brand, some) @ self.weights[self.size :]
            for some in (texts[start : start + AT_ONCE] for start in range(0, len(texts), AT_ONCE))
        ]
        return _chances(np.concatenate([np.zeros(0), *scores]) + self.bias)


@dataclass(frozen=True, slots=True)
class Skill:
    """How a model does on clicks it has not seen, hiding below `threshold`, or below one half where that is None.

    `rightly` of all it hides, `found` of those not about the brand, `spared` of those about it. `refusal` says why it
    hides nothing by itself, "" when it does.
    """

    about: int
    others: int
    threshold: float | None
    rightly: Count
    found: Count
    spared: Count
    refusal: str

    @property
    def known(self) -> bool:
        """Tells whether there are enough clicks of both kinds for the figures to mean anything."""
        return min(self.about, self.others) >= LEAST_EACH


@dataclass(frozen=True, slots=True)
class Trained:
    """A brand's model and how it does."""

    model: Model
    skill: Skill
    held_back: npt.NDArray[np.float64] = field(repr=False)  # the chance of each click by a model of the others, or NaN


def train(brand: str, marked: Sequence[Marked], others: Sequence[Text]) -> Trained | None:
    """Learns from clicks, None when none says that a text is not about the brand: then there is nothing to hide.

    `others` are unmarked mentions of the brand, drawn by lot. They are taken for weakly marked as about it, since most
    are, where there is hardly a click of that kind; and they tell how much would be hidden of everything.
    """
    about = np.array([one.about for one in marked], bool)
    if about.all():
        return None
    texts = [one.text for one in marked]
    size = max((len(one.vector) for one in [*texts, *others] if one.vector is not None), default=0)
    here, there = features(brand, texts, size), features(brand, others, size)
    weak = there if about.sum() < FEW else there[:0]
    held_back = np.full(len(marked), np.nan)
    if min(about.sum(), (~about).sum()) >= LEAST_EACH:
        groups = np.unique([one.group for one in marked], return_inverse=True)[1]
        for fold in _folds(about, groups):
            weights, bias = _fit(here[~fold], about[~fold], weak)
            held_back[fold] = _chances(here[fold] @ weights + bias)
    weights, bias = _fit(here, about, weak)
    skill = judge(about, held_back, _chances(there @ weights + bias))
    return Trained(Model(brand, bias, weights.astype(np.float32)), skill, held_back)


def judge(
    about: npt.NDArray[np.bool_], held_back: npt.NDArray[np.float64], everywhere: npt.NDArray[np.float64]
) -> Skill:
    """Chooses below which chance to hide: the highest at which held-back clicks show that few right ones go.

    `everywhere` are the chances of unmarked mentions drawn by lot. Clicks are no fair sample: where wrong mentions are
    rare among all, the same model hides more right ones for each wrong one, which `_of_all` takes into account.
    """
    enough = min(about.sum(), (~about).sum()) >= LEAST_EACH
    if not enough:
        there = f"there are {(~about).sum()} and {about.sum()}"
        reason = f"it takes {LEAST_EACH} clicks of 'not about' and {LEAST_EACH} of 'about' to know how well it does; "
        return _skill(about, np.ones(len(about)), None, reason + there)
    for step in STEPS:
        skill = _skill(about, held_back, step, "")
        share = accuracy.share(skill.rightly.part, skill.rightly.whole)
        if share is None or share.value < LEAST_PRECISION or share.low < LEAST_LOW:
            continue
        if _of_all(skill, everywhere < step) >= LEAST_PRECISION:
            return skill
    reason = f"too many of the clicks it has not seen would be hidden wrongly; {LEAST_PRECISION:.0%} must be right"
    return _skill(about, held_back, None, reason)


def _of_all(skill: Skill, hidden: npt.NDArray[np.bool_]) -> float:
    """Estimates how much of what is hidden among all mentions is rightly hidden (Rogan & Gladen 1978 for the share)."""
    if not len(hidden):
        return skill.rightly.ratio
    found, lost = skill.found.ratio, 1 - skill.spared.ratio
    wrong = min(1.0, max(0.0, (float(hidden.mean()) - lost) / (found - lost))) if found > lost else 0.0
    right_ones, wrong_ones = lost * (1 - wrong), found * wrong
    return wrong_ones / (wrong_ones + right_ones) if wrong_ones + right_ones else skill.rightly.ratio


def _skill(
    about: npt.NDArray[np.bool_], chances: npt.NDArray[np.float64], threshold: float | None, refusal: str
) -> Skill:
    hidden = chances < (0.5 if threshold is None else threshold)
    others, rightly = int((~about).sum()), int((hidden & ~about).sum())
    return Skill(
        about=int(about.sum()),
        others=others,
        threshold=threshold,
        rightly=Count(rightly, int(hidden.sum())),
        found=Count(rightly, others),
        spared=Count(int((~hidden & about).sum()), int(about.sum())),
        refusal=refusal,
    )


def features(brand: str, texts: Sequence[Text], size: int) -> sp.csr_matrix:
    """Writes texts as rows: the embedding (zeros where there is none of this size), then the hashed words."""
    return sp.csr_matrix(sp.hstack([sp.csr_matrix(_dense(texts, size)), _hashed(brand, texts)]))


def _dense(texts: Sequence[Text], size: int) -> Vectors:
    vectors = np.zeros((len(texts), size), np.float32)
    for row, one in enumerate(texts):
        if one.vector is not None and len(one.vector) == size:
            vectors[row] = one.vector
    return VECTOR * vectors


def _hashed(brand: str, texts: Sequence[Text]) -> sp.csr_matrix:
    """Gives rows of length 1, each word of a text at the place that it is hashed to."""
    from sklearn.feature_extraction import FeatureHasher

    if not texts:
        return sp.csr_matrix((0, WORDS))
    name = pattern(brand)
    hashed = FeatureHasher(WORDS, input_type="string", alternate_sign=False).transform(
        tokens(name, one.words, one.source) for one in texts
    )
    hashed.data[:] = 1.0
    return sp.csr_matrix(sp.diags(1 / np.sqrt(np.maximum(1, np.diff(hashed.indptr)))) @ hashed)


def tokens(name: re.Pattern[str], words: str, source: str) -> list[str]:
    """Lists what a text is made of: its words, those beside the brand's name apart, how that is written, the source."""
    words = words[:WHOLE_TEXT]
    found = list(re.finditer(r"\w+", words))
    said = [one[0].casefold() for one in found]
    parts = {f"source {source}", *said}
    starts = [one.start() for one in found]
    for place in name.finditer(words):
        parts.add(f"as {place[0]}")
        first, last = bisect_left(starts, place.start()), bisect_left(starts, place.end())
        parts.update(f"before {word}" for word in said[max(0, first - NEAR) : first])
        parts.update(f"after {word}" for word in said[last : last + NEAR])
    return list(parts)


def _fit(
    marked: sp.csr_matrix, about: npt.NDArray[np.bool_], weak: sp.csr_matrix
) -> tuple[npt.NDArray[np.float64], float]:
    """Fits weights and bias; clicks of either kind weigh the same together, whatever their number."""
    from sklearn.linear_model import LogisticRegression

    answers = np.concatenate([about, np.ones(weak.shape[0], bool)])
    weight = np.concatenate([np.ones(len(about)), np.full(weak.shape[0], OTHERS_WEIGHT)])
    if answers.all() or not answers.any():
        return np.zeros(marked.shape[1]), 0.0
    for kind in (True, False):
        weight[answers == kind] *= len(about) / (2 * weight[answers == kind].sum())
    model = LogisticRegression(C=STRENGTH, solver="liblinear", max_iter=1000, random_state=0)
    model.fit(sp.vstack([marked, weak]).tocsr(), answers, sample_weight=weight)
    return model.coef_[0], float(model.intercept_[0])


def _folds(about: npt.NDArray[np.bool_], groups: npt.NDArray[np.intp]) -> list[npt.NDArray[np.bool_]]:
    """Splits clicks into parts that are held back in turn, groups whole, both kinds in each as far as that goes."""
    part = np.zeros(len(about), int)
    of_group = {group: bool(about[groups == group].mean() >= 0.5) for group in np.unique(groups)}
    for kind in (True, False):
        for place, group in enumerate(group for group, one in of_group.items() if one == kind):
            part[groups == group] = place % FOLDS
    return [part == number for number in range(FOLDS) if (part == number).any()]


def _chances(scores: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    chances: npt.NDArray[np.float64] = 1 / (1 + np.exp(-np.clip(scores, -50, 50)))
    return chances


def alike(rest: Vectors, others: Vectors) -> npt.NDArray[np.bool_]:
    """Tells which texts lie as near to the rest as nine tenths of the rest do, by unit vectors of shape (texts, size).

    Near is the mean cosine of the five nearest. This is an estimate for where nobody has clicked yet.
    """
    count = min(5, len(rest) - 1)
    among = rest @ rest.T
    np.fill_diagonal(among, -1)
    usual = np.sort(among, axis=1)[:, -count:].mean(axis=1)
    found: npt.NDArray[np.bool_] = np.sort(others @ rest.T, axis=1)[:, -count:].mean(axis=1) >= np.quantile(usual, 0.1)
    return found

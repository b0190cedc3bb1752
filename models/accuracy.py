"""How often the judge agrees with people, and what its errors mean for a share; every interval is at 95%.

A share of stories called negative is put right by Rogan & Gladen (1978, American Journal of Epidemiology 107:71-76);
its interval, that of Lang & Reiczigel (2014, Preventive Veterinary Medicine 113:13-22), holds the error of sampling
and the uncertainty of sensitivity and specificity. What people judged themselves is added as it is, and the two
intervals are joined as Zou & Donner do (2008, Statistics in Medicine 27:1693-1702).
"""

import math
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

Z = 1.959964  # 95%, two sides
CLEAR = ("negative", "neutral", "positive")
LEAST = 20  # judgements below which no accuracy is told
LEAST_EACH = 10  # negative ones, and others, below which no share is put right
LEAST_SKILL = 0.3  # sensitivity + specificity - 1; near zero the correction divides by next to nothing


@dataclass(frozen=True, slots=True)
class Share:
    """A part of a whole and the interval in which it plausibly lies; all between `lowest` (0 or -1) and 1."""

    value: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Count:
    """So many of a whole."""

    part: int
    whole: int

    @property
    def ratio(self) -> float:
        """The part of the whole, 0 of nothing."""
        return self.part / self.whole if self.whole else 0.0


@dataclass(frozen=True, slots=True)
class Pair:
    """What the judge said of a mention at a source ("unclear" and "unscored" too), and what a person said."""

    source: str
    judged: str
    person: str


@dataclass(frozen=True, slots=True)
class Agreement:
    """How judge and people compare: `right` of those that both gave a clear label, `unclear` of those judged at all."""

    right: Count
    unclear: Count
    unscored: int

    @property
    def accuracy(self) -> Share | None:
        """The share of clear labels that agree."""
        return share(self.right.part, self.right.whole)


@dataclass(frozen=True, slots=True)
class Skill:
    """How the judge does at one label: what it `found` of people's, and what it `spared` of all others."""

    found: Count
    spared: Count

    @property
    def refusal(self) -> str:
        """Says why no share can be put right with it; "" when one can."""
        if min(self.found.whole, self.spared.whole) < LEAST_EACH:
            return (
                f"it takes {LEAST_EACH} corrections that are negative and {LEAST_EACH} that are not, "
                f"where the model gave a label; there are {self.found.whole} and {self.spared.whole}"
            )
        if self.found.ratio + self.spared.ratio - 1 < LEAST_SKILL:
            return (
                "the model agrees with the corrections little more than chance would; "
                "perhaps people corrected only what was wrong"
            )
        return ""


def share(part: int, whole: int) -> Share | None:
    """Gives part / whole with its Wilson interval; None of nothing."""
    if whole == 0:
        return None
    value = part / whole
    scale = 1 + Z**2 / whole
    middle = (value + Z**2 / (2 * whole)) / scale
    half = Z * math.sqrt(value * (1 - value) / whole + Z**2 / (4 * whole**2)) / scale
    return Share(value, min(value, max(0.0, middle - half)), max(value, min(1.0, middle + half)))


def agreement(pairs: Iterable[Pair]) -> Agreement:
    """Compares the labels; what either side calls unclear is neither right nor wrong."""
    pairs = list(pairs)
    scored = [pair for pair in pairs if pair.judged != "unscored"]
    clear = _clear(scored)
    return Agreement(
        right=Count(sum(pair.judged == pair.person for pair in clear), len(clear)),
        unclear=Count(sum(pair.judged == "unclear" for pair in scored), len(scored)),
        unscored=len(pairs) - len(scored),
    )


def by_source(pairs: Sequence[Pair]) -> list[tuple[str, Agreement]]:
    """Compares the labels source by source, worst first; those without a clear pair come last."""
    sources = {pair.source for pair in pairs}
    found = [(source, agreement(pair for pair in pairs if pair.source == source)) for source in sources]
    return sorted(found, key=lambda one: (one[1].right.whole == 0, one[1].right.ratio, -one[1].right.whole, one[0]))


def confusion(pairs: Iterable[Pair]) -> dict[tuple[str, str], int]:
    """Counts (person's label, judge's label)."""
    return dict(Counter((pair.person, pair.judged) for pair in pairs))


def skill(pairs: Iterable[Pair], label: str = "negative") -> Skill:
    """Measures how well the judge tells a label from all others, where it and the person gave a clear one."""
    clear = _clear(pairs)
    bearing = [pair.judged == label for pair in clear if pair.person == label]
    other = [pair.judged != label for pair in clear if pair.person != label]
    return Skill(Count(sum(bearing), len(bearing)), Count(sum(other), len(other)))


def corrected(by_model: Count, by_people: Count, skill: Skill) -> Share | None:
    """Estimates a label's true share where the judge labelled some and people others.

    None of nothing, and where the skill does not allow it (see `Skill.refusal`) although the judge labelled some.
    """
    people = share(by_people.part, by_people.whole)
    if by_model.whole == 0:
        return people
    if skill.refusal:
        return None
    model = _put_right(by_model, skill)
    if people is None:
        return model
    weight = by_model.whole / (by_model.whole + by_people.whole)
    value = weight * model.value + (1 - weight) * people.value
    down = math.hypot(weight * (model.value - model.low), (1 - weight) * (people.value - people.low))
    up = math.hypot(weight * (model.high - model.value), (1 - weight) * (people.high - people.value))
    return Share(value, max(0.0, value - down), min(1.0, value + up))


def _put_right(seen: Count, skill: Skill) -> Share:
    """Gives Rogan & Gladen's estimate, cut to [0, 1], and Lang & Reiczigel's interval (their equations 2 to 17)."""
    power = skill.found.ratio + skill.spared.ratio - 1
    value = min(1.0, max(0.0, (seen.ratio + skill.spared.ratio - 1) / power))
    whole = seen.whole + Z**2
    apparent = (seen.part + Z**2 / 2) / whole
    sensitivity, found = (skill.found.part + 1) / (skill.found.whole + 2), skill.found.whole + 2
    specificity, spared = (skill.spared.part + 1) / (skill.spared.whole + 2), skill.spared.whole + 2
    power = sensitivity + specificity - 1
    true = (apparent + specificity - 1) / power
    of_found = sensitivity * (1 - sensitivity) / found
    of_spared = specificity * (1 - specificity) / spared
    middle = true + 2 * Z**2 * (true * of_found - (1 - true) * of_spared)
    spread = apparent * (1 - apparent) / whole + true**2 * of_found + (1 - true) ** 2 * of_spared
    half = Z * math.sqrt(spread) / power
    return Share(value, min(value, max(0.0, middle - half)), max(value, min(1.0, middle + half)))


def _clear(pairs: Iterable[Pair]) -> list[Pair]:
    return [pair for pair in pairs if pair.judged in CLEAR and pair.person in CLEAR]

"""How good labels and probabilities are: accuracy, macro-F1, macro-recall, calibration error."""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class OfLabel:
    """Precision, recall and F1 of one label, each in [0, 1], and how many rows bear it."""

    precision: float
    recall: float
    f1: float
    support: int


@dataclass(frozen=True, slots=True)
class Quality:
    """Accuracy and means over the labels that occur, each in [0, 1]; `labels` by label number."""

    accuracy: float
    macro_f1: float
    macro_recall: float
    labels: dict[int, OfLabel]


def quality(truth: Sequence[int], guesses: Sequence[int]) -> Quality:
    """Compares guessed label numbers with true ones; macro figures are means over labels that occur in the truth."""
    if not truth or len(truth) != len(guesses):
        raise ValueError(f"{len(truth)} true labels and {len(guesses)} guesses: need as many of both, and at least one")
    labels = {}
    for label in sorted({*truth, *guesses}):
        support, said = truth.count(label), guesses.count(label)
        right = sum(one == other == label for one, other in zip(truth, guesses, strict=True))
        precision, recall = right / said if said else 0.0, right / support if support else 0.0
        labels[label] = OfLabel(precision, recall, 2 * right / (support + said), support)
    real = [one for one in labels.values() if one.support]
    return Quality(
        accuracy=sum(one == other for one, other in zip(truth, guesses, strict=True)) / len(truth),
        macro_f1=sum(one.f1 for one in real) / len(real),
        macro_recall=sum(one.recall for one in real) / len(real),
        labels=labels,
    )


def calibration_error(confidence: Sequence[float], right: Sequence[bool], bins: int = 15) -> float:
    """Gives the mean distance between confidence and share right over equal bins of confidence, weighed by rows."""
    filled: list[list[int]] = [[] for _ in range(bins)]
    for at, value in enumerate(confidence):
        filled[min(bins - 1, int(value * bins))].append(at)
    distance = 0.0
    for members in filled:
        if members:
            distance += abs(sum(confidence[at] for at in members) - sum(right[at] for at in members))
    return distance / len(confidence)

"""Says in a sentence or two why there is so much at once: what the stories of an alert have in common beyond chance."""

from collections.abc import Mapping, Sequence

from earful.models.card import OTHERS, UNKNOWN, New, Part

LARGE = 0.3  # of the excess, from which on a theme or a source is a reason
FEW = 20  # stories, under which a past tells little of what is new
MOST = 3  # words in a sentence
LETTERS = 60  # of a name
NAMELESS = {OTHERS, UNKNOWN, "no theme"}


def why(observed: int, splits: Mapping[str, Sequence[Part]], new: Sequence[New], before: int) -> str:
    """Says what the stories share: a theme, words, a voice, a source; or that they share nothing that could be found.

    `before` is how many stories of the past were looked through.
    """
    said = [
        *_largest("theme", splits, observed, "About “{name}”"),
        *_words("words", new, "New: {words}; before, {past}."),
        *_words("distinct", new, "Many say {words}; of other brands, {past}."),
    ]
    subject = bool(said)
    said += _largest("source", splits, observed, "From {name}")
    loud = max((one for one in splits.get("author", ()) if one.name not in NAMELESS), key=_excess, default=None)
    if loud and loud.observed >= 3 and loud.observed >= LARGE * observed:
        said.append(f"{loud.observed} of {observed} are by {_short(loud.name)}.")
    if not subject:
        past = f", and only {before} stories came before" if before < FEW else ""
        said.append(f"No word or theme is common to them beyond chance{past}: they tell of many things.")
    return " ".join(said)


def _excess(part: Part) -> float:
    return part.excess


def _largest(split: str, splits: Mapping[str, Sequence[Part]], observed: int, sentence: str) -> list[str]:
    """Names the largest part of a split, where there is more than one and it is a large part of the whole excess."""
    parts = splits.get(split, ())
    named = [one for one in parts if one.name not in NAMELESS]
    largest = max(named, key=_excess, default=None)
    if largest is None or len(parts) < 2 or largest.share < LARGE:
        return []
    said = sentence.format(name=_short(largest.name))
    if largest.observed == observed:
        return [f"{said}: all {observed}."]
    whole = sum(one.excess for one in parts)
    return [f"{said}: {largest.excess:.1f} of the {whole:.1f} more than expected."]


def _short(name: str) -> str:
    return name if len(name) <= LETTERS else name[: LETTERS - 1] + "…"


def _words(kind: str, new: Sequence[New], sentence: str) -> list[str]:
    found = [one for one in new if one.kind == kind][:MOST]
    if not found:
        return []
    words = ", ".join(f"“{one.name}” ({one.observed} of {one.of})" for one in found)
    past = ", ".join(f"{one.before} of {one.of_before}" if one.before else "none" for one in found)
    return [sentence.format(words=words, past=past)]

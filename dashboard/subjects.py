"""Puts themes together for the eye: what was found, what people decided, and what is counted; knows no screen.

A theme that became part of another, found so or decided by a person, counts there: the two are one subject.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np
import pandas as pd

from earful.dashboard import figures, words
from earful.dashboard.figures import Totals
from earful.data.board import Standing
from earful.data.criticism import Theme
from earful.data.families import grouped, name_of, roots
from earful.data.queries import LABELS

JOURNEY = ("discover", "buy", "receive", "use", "get help", "renew or leave")  # in the customer's order
STATES = {
    "new": "★ new",
    "growing": "▲ growing",
    "steady": "● steady",
    "faded": "▽ faded",
    "merged": "→ merged",
}


@dataclass(frozen=True)
class Subject:
    """A theme with all that was merged into it, and what was said of it in the period.

    `before` counts the period before, None where nothing is known of it; `steps` counts each step of the chart;
    `again` what was said by somebody who had said so before.
    """

    theme: str
    name: str
    found: Theme
    standing: Standing
    family: tuple[str, ...]
    merged: tuple[str, ...]
    totals: Totals
    before: int | None
    steps: tuple[int, ...]
    sources: dict[str, int]
    intents: dict[str, int]
    journey: dict[str, int]
    again: int
    first_seen: datetime

    @property
    def count(self) -> int:
        """Stories or mentions in the period."""
        return self.totals.volume

    @property
    def moved(self) -> int:
        """Gives 1 for more than before, -1 for less, 0 for no more than chance does, or nothing to compare with."""
        if self.before is None or not figures.volumes_differ(self.count, self.before):
            return 0
        return 1 if self.count > self.before else -1


def gather(
    themes: Sequence[Theme],
    stands: Mapping[str, Standing],
    counts: pd.DataFrame,
    parts: pd.DataFrame,
    edges: Sequence[datetime],
    before: tuple[datetime, datetime] | None,
) -> list[Subject]:
    """Lists the subjects, pinned ones first, then by how much was said of them in the period that `edges` divide.

    `counts` and `parts` are what `criticism.told` gave; `before` is the equal period before, None when it is not known.
    """
    known = {theme.theme: theme for theme in themes}
    ends = roots(themes, stands)
    counts = counts.assign(root=counts.theme.map(ends))
    parts = parts.assign(root=parts.theme.map(ends))
    subjects = [
        _subject(known, stands, root, family, counts[counts.root == root], parts[parts.root == root], edges, before)
        for root, family in grouped(themes, stands).items()
    ]
    return sorted(subjects, key=lambda one: (not one.standing.pinned, -one.count, -(one.before or 0), one.theme))


def _subject(
    known: Mapping[str, Theme],
    stands: Mapping[str, Standing],
    root: str,
    family: tuple[str, ...],
    counts: pd.DataFrame,
    parts: pd.DataFrame,
    edges: Sequence[datetime],
    before: tuple[datetime, datetime] | None,
) -> Subject:
    standing = stands.get(root, Standing())
    labels = parts.groupby("label")["count"].sum()
    return Subject(
        root,
        name_of(known[root], standing),
        known[root],
        standing,
        family,
        tuple(name_of(known[one], stands.get(one, Standing())) for one in family[1:]),
        Totals(**{label: int(labels.get(label, 0)) for label in LABELS}),
        int(_within(counts, *before)["count"].sum()) if before else None,
        steps(counts, edges),
        _sums(parts, "source"),
        _sums(parts, "intent"),
        _sums(parts, "journey"),
        int(parts[parts.again]["count"].sum()),
        min(known[one].first_seen for one in family),
    )


def steps(counts: pd.DataFrame, edges: Sequence[datetime]) -> tuple[int, ...]:
    """Sums counts in the steps between `edges`."""
    borders = np.array([edge.timestamp() for edge in edges])
    inside = _within(counts, edges[0], edges[-1])
    places = np.searchsorted(borders, inside.begins.to_numpy(), side="right") - 1
    sums = np.bincount(places, weights=inside["count"].to_numpy(), minlength=len(edges) - 1)
    return tuple(int(count) for count in sums)


def stages(subject: Subject) -> list[tuple[str, int]]:
    """Lists the stages of the customer's journey with how many stories arise there; unknown ones last."""
    named = [(stage, subject.journey.get(stage, 0)) for stage in JOURNEY]
    other = sum(count for stage, count in subject.journey.items() if stage not in JOURNEY)
    return [*named, *([("unknown", other)] if other else [])]


def distinct(subjects: Sequence[Subject]) -> dict[str, str]:
    """Gives the subjects' names by theme, told apart by a number where two are the same."""
    return words.distinct({one.theme: one.name for one in subjects}, lambda name: words.short(name, 48))


def _within(counts: pd.DataFrame, start: datetime, finish: datetime) -> pd.DataFrame:
    return counts[(counts.begins >= start.timestamp()) & (counts.begins < finish.timestamp())]


def _sums(parts: pd.DataFrame, column: str) -> dict[str, int]:
    sums = parts.groupby(column)["count"].sum().sort_values(ascending=False, kind="stable")
    return {str(name): int(count) for name, count in sums.items()}

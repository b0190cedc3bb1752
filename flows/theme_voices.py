"""Tells whose complaints are looked at when themes are found: who says again what was said, who is loud, the sample."""

import hashlib
from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timedelta

from earful.data import embeddings
from earful.data.database import Database
from earful.data.themes import Complaint
from earful.models import themes
from earful.models.themes import Rows

SAMPLE = 20_000  # complaints in which themes are sought; the others are placed among them
NOBODY = frozenset(("", "a google user", "anonymous", "deleted", "[deleted]", "guest", "unknown", "user", "customer"))
LOUD = 0.5  # of all complaints by one author: worth a word


def repeated(database: Database, model: str, complaints: Sequence[Complaint], settled: int = 0) -> list[bool]:
    """Tells of complaints, oldest first, which say what their author or their story said before.

    Of the first `settled` what was found out earlier holds, as far as it was.
    """
    authors = ["" if one.author.lower() in NOBODY else f"{one.source}\0{one.author}" for one in complaints]
    often = Counter(authors)
    asked = {
        author
        for place, (author, one) in enumerate(zip(authors, complaints, strict=True))
        if often[author] > 1 and (place >= settled or one.again is None)
    }

    def read(places: Sequence[int]) -> dict[int, Rows]:
        found = embeddings.read(database.folder, model, sorted({complaints[place].digest for place in places}))
        return {place: found[complaints[place].digest] for place in places if complaints[place].digest in found}

    authors = [author if model and author in asked else "" for author in authors]
    again: list[bool] = themes.repeats(authors, [one.story for one in complaints], read).tolist()
    for place, one in enumerate(complaints[: max(0, settled)]):
        again[place] = again[place] if one.again is None else one.again
    return again


def sample(heard: Sequence[Complaint], now: datetime) -> list[Complaint]:
    """Takes the newest complaints and of the others the same ones every day, in their order."""
    if len(heard) <= SAMPLE:
        return list(heard)
    recent = [one for one in heard if age(one, now) < themes.RECENT][-SAMPLE // 2 :]
    there = {one.key for one in recent}
    rest = sorted((one for one in heard if one.key not in there), key=lambda one: named(one.source, one.id))
    return sorted([*recent, *rest[: SAMPLE - len(recent)]], key=lambda one: (one.published, one.key))


def age(complaint: Complaint, now: datetime) -> float:
    """Gives a complaint's age in days."""
    return days(complaint.published, now)


def days(time: datetime, now: datetime) -> float:
    """Gives how many days ago something was."""
    return max(0.0, (now - time) / timedelta(days=1))


def loud(complaints: Sequence[Complaint]) -> str:
    """Says when one author wrote most of it."""
    authors = Counter(one.author for one in complaints if one.author.lower() not in NOBODY)
    most = max(authors.values(), default=0)
    if most < max(themes.ENOUGH, LOUD * len(complaints)):
        return ""
    return f"one author wrote {most} of {len(complaints)} complaints; what is said again in like words makes no theme"


def named(*parts: str) -> str:
    """Gives things of the same parts the same name, of sixteen letters and digits."""
    return hashlib.sha256("\0".join(parts).encode("utf-8", "replace")).hexdigest()[:16]

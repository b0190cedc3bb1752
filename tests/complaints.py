"""Invented complaints about Acme: a few subjects, each said in many mixtures of words, with invented embeddings."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import numpy.typing as npt

from earful.connectors.types import Mention
from earful.data import embeddings, store
from earful.data.database import Database

NOW = datetime(2026, 9, 1, tzinfo=UTC)
MODEL = "invented"
SIZE = 24
SUBJECTS = {
    "parcel": (
        "the courier threw my parcel over the fence",
        "the parcel lay in the rain for a day",
        "the driver rang at the wrong door",
        "tracking said delivered, and the porch was empty",
        "a neighbour found the parcel behind the bins",
        "the courier wants me to fetch it from a depot in the next town",
        "third late delivery in a row, and the box was crushed",
    ),
    "app": (
        "the app crashes when I open the map",
        "since the update the screen stays white",
        "the login loops for ever after the update",
        "the app drains the battery of my phone",
        "notifications come at three in the morning from the app",
        "the update erased my saved routes",
        "the map freezes and the app closes itself",
    ),
    "hotline": (
        "an hour in the queue of the hotline, then silence",
        "the agent on the hotline read from a script",
        "nobody on the phone knows anything",
        "the hotline hung up on me twice",
        "music on the phone for forty minutes",
        "the agent promised a call back that never came",
        "support closed my ticket without an answer from any agent",
    ),
    "price": (
        "the subscription costs a third more than last year",
        "they raised the price without a letter",
        "the invoice shows a fee nobody told me of",
        "dearer and dearer, the fee doubles every spring",
        "the discount vanished from the invoice",
        "my price was guaranteed until summer, says the contract",
        "a fee for paper, a fee for paying, a fee for leaving",
    ),
}
RECALL = (
    "the kettle lid melted and the steam burnt my hand",
    "smoke came out of the kettle socket",
    "the kettle caught fire on the counter",
    "plastic dripped from the lid into the water",
    "the fuse blew and the kettle smelled of fire",
    "my kitchen wall is black from kettle smoke",
)


@dataclass(frozen=True)
class Said:
    """One complaint, `days` before NOW, and the subject it is about."""

    id: str
    days: float
    text: str
    subject: str
    author: str = ""
    story: str = ""
    brand: str = "Acme"
    label: str = "negative"
    intent: str = "problem"


def text(rng: np.random.Generator, phrases: Sequence[str], brand: str = "Acme") -> str:
    """Mixes two or three of a subject's phrases."""
    chosen = rng.permutation(len(phrases))[: 2 + int(rng.integers(2))]
    return f"{brand}: " + ". ".join(phrases[int(place)] for place in chosen) + "."


def usual(each: int = 15, days: float = 120.0, seed: int = 0, brand: str = "Acme") -> list[Said]:
    """Gives so many complaints about each usual subject, spread evenly over so many days."""
    rng = np.random.default_rng(seed)
    return [
        Said(f"{brand} {name} {number}", days * (number + 0.5) / each, text(rng, phrases, brand), name,
             f"{name}{number}", brand=brand)
        for name, phrases in SUBJECTS.items()
        for number in range(each)
    ]  # fmt: skip


def burst(count: int, days: float, phrases: Sequence[str] = RECALL, seed: int = 1, name: str = "kettle") -> list[Said]:
    """Gives so many complaints about a new subject within the last days."""
    rng = np.random.default_rng(seed)
    return [
        Said(f"{name} {number}", days * (number + 0.5) / count, text(rng, phrases), name, f"{name}{number}")
        for number in range(count)
    ]


def vectors(said: Sequence[Said], noise: float = 0.6) -> npt.NDArray[np.float32]:
    """Gives invented unit embeddings: a direction for each subject and much noise, none for other figures."""
    found = []
    for one in said:
        direction = np.random.default_rng(sum(map(ord, one.subject))).normal(size=SIZE)
        letters = enumerate("".join(char for char in one.text if not char.isdigit()))
        own = np.random.default_rng(sum(ord(char) * (place + 1) for place, char in letters))
        found.append(direction / np.linalg.norm(direction) + noise * own.normal(size=SIZE) / SIZE**0.5)
    rows = np.array(found, np.float32).reshape(-1, SIZE)
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def keep(database: Database, said: Sequence[Said], now: datetime = NOW, brands: Sequence[str] = ("Acme",)) -> None:
    """Keeps complaints with their scores and embeddings; the first brand is our own."""
    source = "files:letters"
    mentions = {one.id: Mention(one.id, "", one.author, NOW - timedelta(days=one.days), "", one.text) for one in said}
    with database.transaction() as con:
        store.set_up(
            con, [(name, "competitor" if place else "own", "x") for place, name in enumerate(brands)],
            [(source, "files", "letters")],
        )  # fmt: skip
        store.use_model(con, MODEL)
        store.save_page(con, source, list(mentions.values()), now)
        digests = {name: store.digest(mention) for name, mention in mentions.items()}
        examined = [
            store.Examined(source, one.id, digests[one.id], "en", one.story or one.id, (one.brand,)) for one in said
        ]
        store.save_examined(con, "rules", examined)
        scores = [
            store.Score(source, one.id, one.brand, digests[one.id], 0.8, 0.1, 0.1, one.label, intent=one.intent)
            for one in said
        ]
        store.save_scores(con, MODEL, now, scores)
    embeddings.save(database.folder, MODEL, dict(zip(digests.values(), vectors(said), strict=True)))


def folder_of(path: Path) -> Database:
    """Gives a new store in a folder."""
    return Database(path / "store")

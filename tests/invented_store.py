"""A small store, filled through the store's own functions, whose figures can be counted by hand.

Everything lies at noon UTC, so many days before NOON. The team sits in Berlin.

brand  days  source  label     what it is
Acme    1.1  shop    negative  the leader of a story; its copy is at `news` two hours later
Acme      1  news    neutral   the copy
Acme      2  shop    negative
Acme      2  shop    positive
Acme      3  news    unclear
Acme      3  news    unscored  in a language that the model does not know
Acme      5  shop    neutral
Acme     31  shop    positive  the period before
Acme     32  shop    positive
Acme     33  shop    negative
Bolt      2  shop    positive
Bolt     40  shop    neutral   the period before
Acme     70  news    neutral   before both periods
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from earful.connectors.types import Mention
from earful.data import health, store
from earful.data.database import Database

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
MODEL = "invented"
VIEWS = {
    "negative": (0.8, 0.15, 0.05),
    "neutral": (0.1, 0.8, 0.1),
    "positive": (0.05, 0.15, 0.8),
    "unclear": (0.4, 0.35, 0.25),
    "unscored": (None, None, None),
}


@dataclass(frozen=True)
class Said:
    """One mention of one brand, `days` before the store's noon."""

    id: str
    brand: str
    days: float
    source: str
    label: str
    text: str = ""
    title: str = ""
    story: str = ""
    language: str = "en"
    author: str = "ada"
    url: str = ""


SAID = (
    Said("a1", "Acme", 1.1, "shop", "negative", "Acme lost my parcel again", story="parcel", author="berta"),
    Said("a2", "Acme", 1, "news", "neutral", "Acme lost my parcel again, a reader writes", story="parcel"),
    Said("a3", "Acme", 2, "shop", "negative", "Never again Acme"),
    Said("a4", "Acme", 2, "shop", "positive", "Acme was quick and kind"),
    Said("a5", "Acme", 3, "news", "unclear", "Acme, well, what can one say"),
    Said("a6", "Acme", 3, "news", "unscored", "Acme verður með útsölu", language="is"),
    Said("a7", "Acme", 5, "shop", "neutral", "Acme opens at nine"),
    Said("a8", "Acme", 31, "shop", "positive", "Acme is fine by me"),
    Said("a9", "Acme", 32, "shop", "positive", "Good prices at Acme"),
    Said("b1", "Acme", 33, "shop", "negative", "Acme sent the wrong size"),
    Said("b2", "Bolt", 2, "shop", "positive", "Bolt beats them all"),
    Said("b3", "Bolt", 40, "shop", "neutral", "Bolt has a new shop"),
    Said("b4", "Acme", 70, "news", "neutral", "Acme was founded long ago"),
)


def fill(
    folder: Path,
    noon: datetime = NOON,
    said: tuple[Said, ...] = SAID,
    brands: tuple[tuple[str, str], ...] = (("Acme", "own"), ("Bolt", "competitor")),
    zone: str = "Europe/Berlin",
) -> Database:
    """Fills a store in a folder and publishes it."""
    database = Database(folder)
    sources = sorted({row.source for row in said} | {"shop", "news"})
    with database.transaction() as con:
        store.set_up(con, [(*brand, "x") for brand in brands], [(name, "rss", "https://x.example") for name in sources])
        for key, value in (("timezone", zone), ("every", 900.0), ("config_error", None)):
            store.put_setting(con, key, value)
        mentions = {row.id: mention(row, noon) for row in said}
        for source in sources:
            store.save_page(con, source, [mentions[row.id] for row in said if row.source == source], noon)
            health.record_success(con, source, noon, noon + timedelta(minutes=15), 1, False)
        examined = [
            store.Examined(
                row.source, row.id, store.digest(mentions[row.id]), row.language, row.story or row.id, (row.brand,)
            )
            for row in said
        ]
        store.save_examined(con, "rules", examined)
        store.use_model(con, MODEL)
        store.save_scores(con, MODEL, noon, scores(said, noon))
    return database


def mention(row: Said, noon: datetime) -> Mention:
    """Gives the mention as a connector would."""
    url = row.url or f"https://{row.source}.example/{row.id}"
    return Mention(row.id, url, row.author, noon - timedelta(days=row.days), row.title, row.text)


def scores(said: tuple[Said, ...], noon: datetime) -> list[store.Score]:
    """Gives the scores as a model would."""
    return [
        store.Score(
            row.source,
            row.id,
            row.brand,
            store.digest(mention(row, noon)),
            *VIEWS[row.label],
            row.label,
            "the model does not know this language" if row.label == "unscored" else "",
        )
        for row in said
    ]

"""Learns from people's clicks which mentions are about a brand, and hides those that are not.

What is to be done is a question to the store: a brand whose marks are not those that its model was taught with is
learnt anew, and a mention that its model has not judged is judged. So every step can be killed and run again.
"""

import json
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict
from datetime import datetime
from pathlib import Path

import numpy as np

from earful.data import embeddings, failpoint, queries
from earful.data import relevance as kept
from earful.data.database import Database
from earful.data.relevance import Kept, Row
from earful.models import relevance
from earful.models.accuracy import Count
from earful.models.encoder import joined
from earful.models.relevance import Marked, Model, Skill, Text

BATCH = 50_000
FIRST = 2_000  # mentions that a click judges at once at least, the newest
OTHERS = 500  # unmarked mentions that are drawn by lot
AT_ONCE = 2.0  # seconds that a click may take to judge a brand's mentions; the rest is done by the next run


def update(database: Database, clock: Callable[[], datetime], progress: Callable[[str, int, int], None]) -> int:
    """Learns every brand whose marks have changed, judges every mention that is not; returns how many were judged."""
    done = 0
    with database.look() as con:
        wanted = kept.versions(con, _made_by(_embeds(con)))
    for brand, version in wanted.items():
        if _learn(database, brand, version, clock()):
            done += _apply(database, brand, version, progress)[0]
    return done


def follow(database: Database, brand: str, now: datetime) -> int:
    """Learns at once from a click that was kept and judges the brand's newest mentions; returns how many are left.

    The click itself counts already. What is left is judged by the next run; until then the earlier model's word stands.
    """
    with database.look() as con:
        version = kept.versions(con, _made_by(_embeds(con))).get(brand, "")
    left = 0
    if _learn(database, brand, version, now):
        _, left = _apply(database, brand, version, lambda *_: None, time.monotonic() + AT_ONCE)
    database.publish()
    return left


def skill(kept_model: Kept) -> Skill:
    """Reads how a model does from what is kept of it."""
    said = kept_model.skill["skill"]
    rightly, found, spared = (Count(**said[name]) for name in ("rightly", "found", "spared"))
    return Skill(said["about"], said["others"], said["threshold"], rightly, found, spared, said["refusal"])


def load(brand: str, kept_model: Kept) -> Model | None:
    """Reads a brand's model; None when its weights are of another form, and have to be learnt anew."""
    weights = np.frombuffer(kept_model.weights, np.float32)
    if kept_model.skill.get("format") != relevance.FORMAT or len(weights) != kept_model.skill.get("length"):
        return None
    return Model(brand, float(kept_model.skill["bias"]), weights)


def texts(folder: Path, embeds: str, rows: Sequence[Row]) -> list[Text]:
    """Gives rows with their embeddings, as the model looks at them."""
    vectors = embeddings.read(folder, embeds, [row.digest for row in rows]) if embeds else {}
    return [Text(joined(row.title, row.text), row.source, vectors.get(row.digest)) for row in rows]


def _learn(database: Database, brand: str, version: str, now: datetime) -> bool:
    """Brings a brand's model up to its marks; tells whether there is one."""
    with database.look() as con:
        before = kept.model(con, brand)
        if (before.version if before else "") == version:
            return before is not None
        marked, others, embeds = kept.marked(con, brand), kept.unmarked(con, brand, OTHERS), _embeds(con)
    learnt = None
    if version:
        said = [
            Marked(text, bool(row.about), row.story)
            for text, row in zip(texts(database.folder, embeds, marked), marked, strict=True)
        ]
        trained = relevance.train(brand, said, texts(database.folder, embeds, others))
        assert trained is not None, "a brand with a version has a mark of the kind that can be learnt from"
        about = {
            "format": relevance.FORMAT,
            "embeds": embeds,
            "length": len(trained.model.weights),
            "bias": trained.model.bias,
            "skill": json.loads(json.dumps(asdict(trained.skill))),
        }
        learnt = Kept(version, now, trained.skill.threshold, about, trained.model.weights.tobytes())
    failpoint.reach("learnt")
    with database.transaction(publish=False) as con:
        kept.save_model(con, brand, learnt)
    return learnt is not None


def _apply(
    database: Database,
    brand: str,
    version: str,
    progress: Callable[[str, int, int], None],
    deadline: float = float("inf"),
) -> tuple[int, int]:
    """Judges the brand's mentions that its model has not, newest first, up to a deadline: (how many, how many left)."""
    with database.look() as con:
        model, embeds, waiting = kept.model(con, brand), _embeds(con), kept.count_unapplied(con, brand, version)
    loaded = load(brand, model) if model else None
    done = 0
    while loaded and done < waiting and (done == 0 or time.monotonic() < deadline):
        with database.look() as con:
            rows = kept.unapplied(con, brand, version, BATCH if deadline == float("inf") else FIRST)
        if not rows:
            break
        chances = loaded.chances(texts(database.folder, embeds, rows))
        failpoint.reach("judged_batch")
        with database.transaction(publish=done + len(rows) >= waiting) as con:
            kept.save_chances(con, brand, version, rows, chances)
        done += len(rows)
        progress("relevance", done, max(done, waiting))
    return done, max(0, waiting - done)


def _embeds(con: kept.Connection) -> str:
    """Names the model whose embeddings are looked at: the one whose scores are shown."""
    return str(queries.settings(con).get("model", ""))


def _made_by(embeds: str) -> str:
    return f"{relevance.FORMAT} {embeds}"

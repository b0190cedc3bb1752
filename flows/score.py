"""Scores each mention towards each brand it speaks of, once for each model."""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from earful.data import failpoint, store, todo
from earful.data.database import Database
from earful.flows.config import Config
from earful.flows.examine import words
from earful.models import hub, language, sentiment
from earful.models.sentiment import Judgement

log = logging.getLogger(__name__)

BATCH = 1024
TRIES = 3  # a text that fails this often is set aside with its reason


@dataclass(frozen=True)
class Choice:
    """The judge that a configuration names: its exact name, the languages it knows, and what loads it."""

    model: str
    languages: tuple[str, ...]
    load: Callable[[], sentiment.Judge | hub.Judge]


def choose(config: Config) -> Choice:
    """Chooses the judge without loading it; raises sentiment.WeightsError when its folder can't be used."""
    if config.model.hub:
        named = config.model.named(config.folder)
        return Choice(hub.name(named), named.languages, partial(hub.load, named))
    weights = config.folder / config.model.weights if config.model.weights else None
    return Choice(sentiment.name(weights), language.ENGLISH, partial(sentiment.load, weights))


def score(
    database: Database, config: Config, clock: Callable[[], datetime], progress: Callable[[str, int, int], None]
) -> int:
    """Scores what is unscored and returns how many pairs got a label; loads the model only when there is work.

    Raises sentiment.WeightsError when the weights can't be used; the mentions stay unscored and are picked up later.
    """
    choice = choose(config)
    model, began = choice.model, clock()
    with database.look() as con:
        waiting = todo.count_unscored(con, model, TRIES, began)
    if not waiting:
        return 0
    judge = choice.load()
    with database.transaction(publish=False) as con:
        store.use_model(con, model)
    done = labelled = 0
    while True:
        with database.look() as con:
            pairs = todo.unscored(con, model, TRIES, began, BATCH)
        if not pairs:
            return labelled
        scores = score_pairs(judge, choice.languages, pairs)
        failpoint.reach("scored_batch")
        with database.transaction() as con:
            store.save_scores(con, model, clock(), scores)
        done += len(scores)
        labelled += sum(not row.reason for row in scores)
        progress("score", done, max(done, waiting))


def score_pairs(
    judge: sentiment.Judge | hub.Judge, languages: Sequence[str], pairs: Sequence[todo.Pair]
) -> list[store.Score]:
    """Scores pairs in one batch; when that fails one by one, so that a poisonous text harms only itself."""
    known = [pair for pair in pairs if language.knows(pair.language, languages)]
    scores = [
        _unscored(pair, f"the model does not know the language {pair.language}")
        for pair in pairs
        if not language.knows(pair.language, languages)
    ]
    try:
        judged = judge.score([(words(pair.title, pair.text), pair.brand) for pair in known])
    except Exception:
        log.exception("a batch of %d texts could not be scored; trying one by one", len(known))
        return scores + [_score_alone(judge, pair) for pair in known]
    return scores + [_score(pair, judgement) for pair, judgement in zip(known, judged, strict=True)]


def _score_alone(judge: sentiment.Judge | hub.Judge, pair: todo.Pair) -> store.Score:
    try:
        (judgement,) = judge.score([(words(pair.title, pair.text), pair.brand)])
    except Exception as error:  # noqa: BLE001 - the reason is kept with the mention and shown
        return _unscored(pair, f"{type(error).__name__}: {error}"[:300])
    return _score(pair, judgement)


def _score(pair: todo.Pair, judgement: Judgement) -> store.Score:
    return store.Score(
        pair.source, pair.id, pair.brand, pair.digest,
        judgement.negative, judgement.neutral, judgement.positive, judgement.label,
    )  # fmt: skip


def _unscored(pair: todo.Pair, reason: str) -> store.Score:
    return store.Score(pair.source, pair.id, pair.brand, pair.digest, None, None, None, "unscored", reason)

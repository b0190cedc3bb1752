"""Scores each mention towards each brand it speaks of, once for each model."""

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from earful.data import failpoint, store, todo
from earful.data.database import Database
from earful.flows.config import Config
from earful.models import encoder, hub, language, sentiment
from earful.models.sentiment import Judgement

log = logging.getLogger(__name__)

BATCH = 1024
Words = tuple[str, str]  # the digest of a mention's words, and a brand
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
            said = {words: Judgement(*one) for words, one in todo.scored_alike(con, model, pairs).items()}
        if not pairs:
            return labelled
        scores = score_pairs(judge, choice.languages, pairs, said)
        failpoint.reach("scored_batch")
        with database.transaction() as con:
            store.save_scores(con, model, clock(), scores)
        done += len(scores)
        labelled += sum(not row.reason for row in scores)
        progress("score", done, max(done, waiting))


def score_pairs(
    judge: sentiment.Judge | hub.Judge,
    languages: Sequence[str],
    pairs: Sequence[todo.Pair],
    said: Mapping[Words, Judgement],
) -> list[store.Score]:
    """Scores pairs in one batch; when that fails one by one, so that a poisonous text harms only itself.

    The same words about the same brand are judged once: copies get what `said` holds, or what the first of them gets.
    """
    wanted = [pair for pair in pairs if language.knows(pair.language, languages)]
    first = {(pair.digest, pair.brand): pair for pair in reversed(wanted) if (pair.digest, pair.brand) not in said}
    judged, failed = _judge(judge, first)
    judged |= said

    def told(pair: todo.Pair) -> store.Score:
        words = pair.digest, pair.brand
        if not language.knows(pair.language, languages):
            return _unscored(pair, f"the model does not know the language {pair.language}")
        return _unscored(pair, failed[words]) if words in failed else _score(pair, judged[words])

    return [told(pair) for pair in pairs]


def _judge(
    judge: sentiment.Judge | hub.Judge, pairs: Mapping[Words, todo.Pair]
) -> tuple[dict[Words, Judgement], dict[Words, str]]:
    """Gives what was judged, and the reason of what could not be."""
    texts = [(encoder.joined(pair.title, pair.text), pair.brand) for pair in pairs.values()]
    judged: dict[Words, Judgement] = {}
    failed: dict[Words, str] = {}
    try:
        judged |= zip(pairs, judge.score(texts), strict=True)
    except Exception:
        log.exception("a batch of %d texts could not be scored; trying one by one", len(texts))
        for words, text in zip(pairs, texts, strict=True):
            try:
                (judged[words],) = judge.score([text])
            except Exception as error:  # noqa: BLE001 - the reason is kept with the mention and shown
                failed[words] = f"{type(error).__name__}: {error}"[:300]
    return judged, failed


def _score(pair: todo.Pair, judgement: Judgement) -> store.Score:
    return store.Score(
        pair.source, pair.id, pair.brand, pair.digest,
        judgement.negative, judgement.neutral, judgement.positive, judgement.label, intent=judgement.intent,
    )  # fmt: skip


def _unscored(pair: todo.Pair, reason: str) -> store.Score:
    return store.Score(pair.source, pair.id, pair.brand, pair.digest, None, None, None, "unscored", reason)

"""Scores each mention towards each brand it speaks of, once for each model, and keeps the texts' embeddings.

An embedding belongs to the words, whatever the brand: it comes from the pass for the first brand that asks.
"""

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from pathlib import Path

from earful.data import embeddings, failpoint, store, todo
from earful.data.database import Database
from earful.flows.config import Config
from earful.models import encoder, hub, language, sentiment
from earful.models.sentiment import Judgement

log = logging.getLogger(__name__)

BATCH = 1024
CATCH_UP = 4096  # texts a run embeds that were scored before embeddings were kept
Words = tuple[str, str]  # the digest of a mention's words, and a brand
Vectors = dict[str, embeddings.Vectors]  # by the digest of a text's words
TRIES = 3  # a text that fails this often is set aside with its reason


@dataclass(frozen=True)
class Choice:
    """The judge that a configuration names: its exact name, the languages it knows, what loads it, and whether it
    embeds the texts it judges."""

    model: str
    languages: tuple[str, ...]
    load: Callable[[], sentiment.Judge | hub.Judge]
    embeds: bool


def choose(config: Config) -> Choice:
    """Chooses the judge without loading it; raises sentiment.WeightsError when its folder can't be used."""
    if config.model.hub:
        named = config.model.named(config.folder)
        return Choice(hub.name(named), named.languages, partial(hub.load, named), embeds=False)
    weights = config.folder / config.model.weights if config.model.weights else None
    return Choice(sentiment.name(weights), language.ENGLISH, partial(sentiment.load, weights), embeds=True)


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
    lacking = _lacking(database, choice)
    if not waiting and not lacking:
        return 0
    judge = choice.load()
    _embed(database, judge, model, lacking)
    with database.transaction(publish=False) as con:
        store.use_model(con, model)
    done = labelled = 0
    while True:
        with database.look() as con:
            pairs = todo.unscored(con, model, TRIES, began, BATCH)
            said = {words: Judgement(*one) for words, one in todo.scored_alike(con, model, pairs).items()}
        if not pairs:
            return labelled
        scores, vectors = score_pairs(judge, choice.languages, pairs, said)
        failpoint.reach("scored_batch")
        _keep(database.folder, model, vectors)
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
) -> tuple[list[store.Score], Vectors]:
    """Scores pairs in one batch; when that fails one by one, so that a poisonous text harms only itself.

    The same words about the same brand are judged once: copies get what `said` holds, or what the first of them gets.
    Gives the embeddings of what was judged too.
    """
    wanted = [pair for pair in pairs if language.knows(pair.language, languages)]
    first = {(pair.digest, pair.brand): pair for pair in reversed(wanted) if (pair.digest, pair.brand) not in said}
    judged, failed, vectors = _judge(judge, first)
    judged |= said

    def told(pair: todo.Pair) -> store.Score:
        words = pair.digest, pair.brand
        if not language.knows(pair.language, languages):
            return _unscored(pair, f"the model does not know the language {pair.language}")
        return _unscored(pair, failed[words]) if words in failed else _score(pair, judged[words])

    return [told(pair) for pair in pairs], vectors


def _judge(
    judge: sentiment.Judge | hub.Judge, pairs: Mapping[Words, todo.Pair]
) -> tuple[dict[Words, Judgement], dict[Words, str], Vectors]:
    """Gives what was judged, the reason of what could not be, and the embeddings by digest."""
    judged: dict[Words, Judgement] = {}
    failed: dict[Words, str] = {}
    vectors: Vectors = {}

    def read(some: Sequence[Words]) -> None:
        texts = [(encoder.joined(pairs[words].title, pairs[words].text), words[1]) for words in some]
        if isinstance(judge, hub.Judge):
            judged.update(zip(some, judge.score(texts), strict=True))
            return
        reading = judge.read(texts)
        judged.update(zip(some, reading.judgements, strict=True))
        for (digest, _), vector in zip(some, reading.embeddings, strict=True):
            vectors.setdefault(digest, vector)

    everything = sorted(pairs, key=lambda words: words[1])
    try:
        read(everything)
    except Exception:
        log.exception("a batch of %d texts could not be scored; trying one by one", len(everything))
        for words in everything:
            try:
                read([words])
            except Exception as error:  # noqa: BLE001 - the reason is kept with the mention and shown
                failed[words] = f"{type(error).__name__}: {error}"[:300]
    return judged, failed, vectors


def _lacking(database: Database, choice: Choice) -> list[str]:
    """Lists the words that were scored without keeping their embedding; remembers when there are none."""
    if not choice.embeds or embeddings.is_whole(database.folder, choice.model):
        return []
    with database.look() as con:
        digests = todo.judged_words(con, choice.model)
    lacking = embeddings.lacking(database.folder, choice.model, digests)
    if not lacking:
        embeddings.mark_whole(database.folder, choice.model)
    return lacking


def _embed(database: Database, judge: sentiment.Judge | hub.Judge, model: str, digests: Sequence[str]) -> None:
    """Embeds words that were scored before, so many a run; newest first, so that those stories are found soon."""
    for start in range(0, min(len(digests), CATCH_UP), BATCH):
        with database.look() as con:
            pairs = todo.first_pairs(con, digests[start : start + BATCH])
        _, _, vectors = _judge(judge, {(pair.digest, pair.brand): pair for pair in pairs})
        _keep(database.folder, model, vectors)
    if 0 < len(digests) <= CATCH_UP:  # what can't be embedded was tried, and is not tried for ever
        embeddings.mark_whole(database.folder, model)


def _keep(folder: Path, model: str, vectors: Vectors) -> None:
    """Keeps embeddings before what comes from the same pass, so that a scored text always has one."""
    if vectors:
        embeddings.save(folder, model, vectors)
        failpoint.reach("embedded_batch")


def _score(pair: todo.Pair, judgement: Judgement) -> store.Score:
    return store.Score(
        pair.source, pair.id, pair.brand, pair.digest,
        judgement.negative, judgement.neutral, judgement.positive, judgement.label, intent=judgement.intent,
    )  # fmt: skip


def _unscored(pair: todo.Pair, reason: str) -> store.Score:
    return store.Score(pair.source, pair.id, pair.brand, pair.digest, None, None, None, "unscored", reason)

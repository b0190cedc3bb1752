"""Finds out, for each mention, which brands it speaks of and in which language; its story is its own until grouped."""

import hashlib
import json
from collections.abc import Callable

from earful.data import store, todo
from earful.data.database import Database
from earful.flows.config import Config
from earful.models import language, stories
from earful.models.encoder import joined
from earful.models.match import Matchable, Test, compile_expression

BATCH = 2000
VERSION = 1  # count up when what this stage finds out changes, and everything is examined anew


def examine(database: Database, config: Config, progress: Callable[[str, int, int], None]) -> int:
    """Examines every mention that was not, under the present rules; returns how many."""
    rules = fingerprint(config)
    tests = {brand.name: compile_expression(brand.match) for brand in config.brands}
    given = {source.name: source.brand for source in config.sources if source.brand}
    sent = config.webhook.brand if config.webhook else ""
    done = 0
    while True:
        with database.look() as con:
            texts = todo.unexamined(con, rules, BATCH)
        if not texts:
            return done
        examined = [
            _examined(text, tests, given.get(text.source, sent if text.source.startswith("webhook:") else ""))
            for text in texts
        ]
        done += len(examined)
        with database.transaction(publish=len(texts) < BATCH) as con:
            store.save_examined(con, rules, examined)
        progress("match", done, done)


def fingerprint(config: Config) -> str:
    """Names the rules: brands' expressions and the sources that belong to a brand."""
    rules = [
        VERSION,
        sorted((brand.name, brand.match) for brand in config.brands),
        sorted((source.name, source.brand) for source in config.sources if source.brand),
    ]
    if config.webhook and config.webhook.brand:
        rules.append(["webhook", config.webhook.brand])
    return hashlib.sha256(json.dumps(rules).encode()).hexdigest()[:16]


def _examined(text: todo.Text, tests: dict[str, Test], given: str) -> store.Examined:
    whole = joined(text.title, text.text)
    spoken = language.detect(whole) or text.language  # what a source declares is often its own, not the text's
    matchable = Matchable(whole, text.author, text.url, spoken, text.source, text.about)
    brands = tuple(brand for brand, speaks_of in tests.items() if brand == given or speaks_of(matchable))
    story = stories.own(text.source, text.id, text.digest)
    return store.Examined(text.source, text.id, text.digest, spoken, story, brands)

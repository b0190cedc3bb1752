"""What several tests need: a configuration, a filled store, a judge without weights, a web server that misbehaves."""

import json
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from zlib import crc32
from zoneinfo import ZoneInfo

import numpy as np

from earful.connectors.types import Mention
from earful.data import store
from earful.data.database import Database, snapshot
from earful.flows import targets
from earful.flows.config import Brand, Config
from earful.flows.messages import compose
from earful.flows.messages import text as plain
from earful.models.sentiment import Judgement, Reading, WeightsError

MODEL = "stub-1"
BRANDS = (Brand(name="Acme", match="acme"), Brand(name="Globex", match="globex", competitor=True))


def config(folder: Path, **values: Any) -> Config:
    """A configuration of two brands, the second a competitor; `values` are its other fields."""
    return Config(**{"folder": folder, "brands": BRANDS, "every": timedelta(minutes=5), **values})


@dataclass(frozen=True)
class Said:
    """One mention of a brand, as the stages before watching leave it."""

    at: datetime
    label: str = "negative"
    brand: str = "Acme"
    source: str = "rss:https://forum.example/"
    author: str = ""
    text: str = ""
    story: str = ""
    engagement: int = 0
    dated: bool = True


def keep(database: Database, said: Iterable[Said], collected: datetime, publish: bool = False) -> None:
    """Keeps mentions with their brand and label; each has its source, time and place in the list as its id."""
    by_source: dict[str, list[tuple[Said, Mention]]] = {}
    for place, one in enumerate(said):
        name = f"{one.at:%Y%m%d%H%M%S%f}-{one.brand}-{one.label}-{place}"
        text = one.text or f"{one.brand} is spoken of, {name}"
        mention = Mention(
            id=name,
            url=f"https://forum.example/{name}",
            author=one.author,
            published=one.at,
            title="",
            text=text,
            language="en",
            engagement=one.engagement,
            dated=one.dated,
        )
        by_source.setdefault(one.source, []).append((one, mention))
    with database.transaction(publish=publish) as con:
        store.use_model(con, MODEL)
        for source, pairs in by_source.items():
            store.add_source(con, source, source.partition(":")[0], source.partition(":")[2])
            store.save_page(con, source, [mention for _, mention in pairs], collected)
            examined = [
                store.Examined(source, m.id, store.digest(m), "en", one.story or f"{source} {m.id}", (one.brand,))
                for one, m in pairs
            ]
            store.save_examined(con, "rules", examined)
            scores = [
                store.Score(source, m.id, one.brand, store.digest(m), 0.8, 0.1, 0.1, one.label) for one, m in pairs
            ]
            store.save_scores(con, MODEL, collected, scores)


def told(message: dict[str, Any]) -> tuple[str, str]:
    """Title and text of a message, in UTC and as long as a webhook gets it."""
    return plain.write(compose.notice(message, ZoneInfo("UTC")), targets.LIMIT)


def rows(database: Database, query: str, *values: object) -> list[tuple[Any, ...]]:
    """What the store holds, as committed."""
    with database.look() as con:
        return con.execute(query, list(values)).fetchall()


def published(folder: Path, query: str) -> list[tuple[Any, ...]]:
    """What readers see: the newest snapshot."""
    with snapshot(folder) as con:
        return con.execute(query).fetchall()


class Judge:
    """Judges by a word: 'bad' is negative, 'good' positive, anything else neutral."""

    def score(self, pairs: list[tuple[str, str]]) -> list[Judgement]:
        """Judges (text, brand) pairs."""
        kinds = {"bad": Judgement(0.9, 0.05, 0.05, "negative"), "good": Judgement(0.05, 0.05, 0.9, "positive")}
        neutral = Judgement(0.1, 0.8, 0.1, "neutral")
        return [next((made for word, made in kinds.items() if word in text), neutral) for text, _ in pairs]

    def read(self, pairs: list[tuple[str, str]]) -> Reading:
        """Judges pairs, and embeds their texts by their words."""
        return Reading(self.score(pairs), embed([text for text, _ in pairs]))


def embed(texts: list[str]) -> np.ndarray:
    """Embeddings that are near where words are shared: each word points somewhere, a text is their sum."""
    vectors = np.zeros((len(texts), 384), np.float32)
    for row, text in enumerate(texts):
        for word in text.lower().split():
            vectors[row] += np.random.default_rng(crc32(word.encode("utf-8", "replace"))).normal(size=384)
    return vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-9)


STUB = SimpleNamespace(name=lambda _: MODEL, load=lambda _: Judge(), WeightsError=WeightsError)
"""Stands in for models.sentiment where the weights don't matter."""


@dataclass
class Sink:
    """A local web server that takes posted messages; `answers` says how, one after the other, the last for good."""

    answers: list[Callable[[BaseHTTPRequestHandler], None]]
    url: str = ""
    taken: list[dict[str, Any]] = field(default_factory=list)
    bodies: list[bytes] = field(default_factory=list)
    keys: list[str | None] = field(default_factory=list)
    gate: threading.Event = field(default_factory=threading.Event)

    def slow(self, handler: BaseHTTPRequestHandler) -> None:
        """Answers only when the test is over."""
        self.gate.wait(30)


def status(code: int) -> Callable[[BaseHTTPRequestHandler], None]:
    """Answers with a status and an empty body."""

    def answer(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(code)
        handler.send_header("Content-Length", "0")
        handler.end_headers()

    return answer


def hang_up(handler: BaseHTTPRequestHandler) -> None:
    """Closes the connection without a word, after everything was read."""
    handler.close_connection = True


@contextmanager
def sink(*answers: Callable[[BaseHTTPRequestHandler], None]) -> Iterator[Sink]:
    """Runs a sink on a free port of this machine."""
    made = Sink(list(answers) or [status(204)])

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            made.bodies.append(body)
            made.taken.append(json.loads(body))
            made.keys.append(self.headers["Idempotency-Key"])
            answer = made.answers.pop(0) if len(made.answers) > 1 else made.answers[0]
            answer(self)

        def log_message(self, *_: object) -> None:
            return

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        made.url = f"http://127.0.0.1:{server.server_address[1]}/hook/S3CRET"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield made
        finally:
            made.gate.set()
            server.shutdown()
            thread.join()


def hourly(start: datetime, counts: Iterable[int], **values: Any) -> list[Said]:
    """So many mentions an hour, spread over each hour."""
    return [
        Said(start + timedelta(hours=hour, minutes=60 * number / (count + 1)), **values)
        for hour, count in enumerate(counts)
        for number in range(1, count + 1)
    ]

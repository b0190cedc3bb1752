"""Scoring as a stage: what cannot be judged harms only itself, and what cannot be judged now is judged later."""

import shutil
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import foreign
import pytest
import samples
from samples import STUB, rows

from earful.connectors.types import Mention
from earful.data import embeddings, store, todo
from earful.data.database import Database
from earful.flows import score
from earful.flows.config import Config
from earful.flows.model_table import Model
from earful.models import hub, sentiment
from earful.models.sentiment import Judgement, WeightsError

NOW = datetime(2026, 5, 4, 12, tzinfo=UTC)
SOURCE = "rss:https://forum.example/"
GERMAN = "Acme hat meine Bestellung schon wieder verloren"


@dataclass
class Touchy(samples.Judge):
    """Fails whenever a batch holds the poison; remembers every call."""

    calls: list[int] = field(default_factory=list)

    def score(self, pairs: list[tuple[str, str]]) -> list[Judgement]:
        """Judges (text, brand) pairs."""
        self.calls.append(len(pairs))
        if any("poison" in text for text, _ in pairs):
            raise RuntimeError("it is poisonous")
        return super().score(pairs)


@pytest.fixture
def database(tmp_path: Path) -> Database:
    return Database(tmp_path / "store")


def keep(database: Database, texts: Sequence[str], languages: Sequence[str] = ()) -> None:
    """Keeps mentions of Acme that were examined, named by their place, in English unless said otherwise."""
    kept = [
        Mention(str(at), f"https://forum.example/{at}", "", NOW - timedelta(hours=at), "", text)
        for at, text in enumerate(texts)
    ]
    spoken = languages or ["en"] * len(texts)
    with database.transaction() as con:
        store.add_source(con, SOURCE, "rss", "https://forum.example/")
        store.save_page(con, SOURCE, kept, NOW)
        store.save_examined(
            con,
            "rules",
            [
                store.Examined(SOURCE, one.id, store.digest(one), code, f"story {one.id}", ("Acme",))
                for one, code in zip(kept, spoken, strict=True)
            ],
        )


def run(database: Database, config: Config, at: datetime = NOW) -> int:
    return score.score(database, config, lambda: at, lambda *_: None)


def labels(database: Database) -> dict[str, tuple[str, str]]:
    """The label and the reason of each mention that was tried."""
    found = rows(database, "SELECT id, label, reason FROM scores")
    return {row[0]: (row[1], row[2]) for row in found}


def test_a_poisonous_text_is_set_aside_after_three_tries_and_nothing_else_waits(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    judge = Touchy()
    monkeypatch.setattr(score, "sentiment", STUB)
    monkeypatch.setattr(STUB, "load", lambda _: judge)
    keep(database, ["Acme is good", "Acme poison", "Acme is bad", "Acme"])
    settings = samples.config(tmp_path)
    assert run(database, settings) == 3
    reason = "RuntimeError: it is poisonous"
    assert labels(database) == {
        "0": ("positive", ""), "1": ("unscored", reason), "2": ("negative", ""), "3": ("neutral", ""),
    }  # fmt: skip
    assert judge.calls == [4, 1, 1, 1, 1], "the batch, then one by one"
    for again in (1, 2, 3, 4):
        judge.calls.clear()
        assert run(database, settings, NOW + timedelta(hours=again)) == 0
        assert judge.calls == ([1, 1] if again < score.TRIES else []), "alone, and after three tries never again"
    assert labels(database)["1"] == ("unscored", reason)
    keep(database, ["Acme is good", "Acme is good after all"])
    assert run(database, settings, NOW + timedelta(hours=9)) == 1, "other words are another try"
    assert labels(database)["1"] == ("positive", "")


HOSTILE = ["", "😀", "word " * 210_000, "\n" * 100_000, "\ud800 \udfff\ud83d", "\x00\u202e"]


def pair(at: int, text: str, title: str = "") -> todo.Pair:
    return todo.Pair(SOURCE, str(at), f"{at} {title!r}", "Acme", title, text, "")


@pytest.mark.parametrize("foreigner", [False, True])
def test_hostile_texts_are_scored_in_one_go(tmp_path: Path, foreigner: bool, caplog: pytest.LogCaptureFixture) -> None:
    judge = hub.load(hub.Named(str(foreign.make(tmp_path / "tiny")))) if foreigner else sentiment.load()
    pairs = [pair(at, text, title) for title in ("", "\ud800") for at, text in enumerate(HOSTILE)]
    scored, vectors = score.score_pairs(judge, ("en",), pairs, {})
    assert [one.reason for one in scored] == [""] * len(pairs)
    assert all(one.label in ("negative", "neutral", "positive", "unclear") for one in scored)
    assert caplog.records == [], "no batch failed"
    assert {one.label for one in scored if one.id in ("0", "3")} == {"unclear"}, "nothing is said in them"
    assert set(vectors) == (set() if foreigner else {one.digest for one in pairs})


@pytest.mark.parametrize("damage", ["missing", "cut"])
@pytest.mark.parametrize("table", ["weights", "hub"])
def test_damaged_weights_are_named_and_what_waits_is_scored_later(
    database: Database, tmp_path: Path, damage: str, table: str
) -> None:
    folder, path = tmp_path / "model", tmp_path / "model" / "model.safetensors"
    if table == "hub":
        foreign.make(folder)
    else:
        shutil.copytree(sentiment.SHIPPED, folder)
    whole = path.read_bytes()
    settings = samples.config(tmp_path, model=Model(**{table: "./model"}))
    keep(database, ["Acme is good", GERMAN], ["en", "de"])
    path.unlink() if damage == "missing" else path.write_bytes(whole[:-100])
    with pytest.raises(WeightsError, match=r"model/model\.safetensors"):
        run(database, settings)
    assert rows(database, "SELECT count(*) FROM scores") == [(0,)], "no try is counted against them"
    path.write_bytes(whole)
    assert run(database, settings) == 1
    assert labels(database)["1"] == ("unscored", "the model does not know the language de")


def test_a_foreign_model_judges_its_languages(database: Database, tmp_path: Path) -> None:
    foreign.make(tmp_path / "tiny")
    keep(database, [GERMAN, "Acme is good", "Acme ne répond jamais", "Acme!"], ["de-AT", "en", "fr", ""])
    settings = samples.config(tmp_path, model=Model(hub="./tiny", languages=("de",), threshold=0.0))
    assert run(database, settings) == 2, "German, and what is too short to tell"
    found = labels(database)
    assert {found["0"][0], found["3"][0]} <= {"negative", "neutral", "positive"}
    for place, code in (("1", "en"), ("2", "fr")):
        assert found[place] == ("unscored", f"the model does not know the language {code}")
    ((model,),) = rows(database, "SELECT DISTINCT model FROM scores")
    assert model == hub.name(settings.model.named(tmp_path)) == score.choose(settings).model
    assert rows(database, "SELECT value ->> '$' FROM settings WHERE key = 'model'") == [(model,)]
    more = samples.config(tmp_path, model=Model(hub="./tiny", languages=("de", "en", "fr"), threshold=0.0))
    assert run(database, more) == 4, "with more languages it is another judge, who is asked about all"


def test_a_model_that_was_not_fetched_yet_is_waited_for(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cache = tmp_path / "cache"
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(cache))
    settings = samples.config(tmp_path, model=Model(hub="owner/name", revision=foreign.REVISION))
    assert run(database, settings) == 0, "without work nobody asks for it"
    keep(database, ["Acme is good"])
    with pytest.raises(WeightsError, match="run 'earful check'"):
        run(database, settings)
    assert rows(database, "SELECT count(*) FROM scores") == [(0,)]
    foreign.make(cache / "models--owner--name" / "snapshots" / foreign.REVISION)
    assert run(database, settings) == 1


def test_the_same_words_about_the_same_brand_are_judged_once(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither twice in a batch, nor in two, nor when a copy comes later; another model judges anew."""
    judge = Touchy()
    monkeypatch.setattr(score, "BATCH", 2)
    monkeypatch.setattr(STUB, "load", lambda _: judge)
    monkeypatch.setattr(score, "sentiment", STUB)
    settings = samples.config(tmp_path)
    keep(database, ["Acme is bad", "Acme is bad", "Acme is bad", "Acme is good", "Acme is bad"])
    assert run(database, settings) == 5
    assert sum(judge.calls) == 2
    keep(database, [*["Acme is bad"] * 3, "Acme is good", *["Acme is bad"] * 4])
    assert run(database, settings) == 3
    assert sum(judge.calls) == 2
    found = rows(database, "SELECT label, negative FROM scores JOIN mentions USING (source, id) WHERE text LIKE '%bad'")
    assert found == [("negative", pytest.approx(0.9))] * 7
    monkeypatch.setattr(STUB, "name", lambda _: "another")
    assert run(database, settings) == 8
    assert sum(judge.calls) == 4


def vectors(database: Database, settings: Config) -> dict[str, embeddings.Vectors]:
    """The embeddings that are kept of everything that was examined."""
    digests = [row[0] for row in rows(database, "SELECT digest FROM mentions")]
    return embeddings.read(database.folder, score.choose(settings).model, digests)


def test_what_is_scored_has_an_embedding_and_it_is_that_of_the_first_brand(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Partial(samples.Judge):
        """Embeds towards the brand: not what embeddings should be, but easy to tell apart."""

        def read(self, pairs: list[tuple[str, str]]) -> sentiment.Reading:
            return sentiment.Reading(self.score(pairs), samples.embed([brand for _, brand in pairs]))

    monkeypatch.setattr(score, "sentiment", STUB)
    monkeypatch.setattr(STUB, "load", lambda _: Partial())
    settings = samples.config(tmp_path)
    keep(database, ["Acme is good", "Acme is bad", GERMAN], ["en", "en", "de"])
    with database.transaction() as con:
        con.execute("INSERT INTO matches SELECT source, id, 'Globex' FROM matches")
    assert run(database, settings) == 4
    found = vectors(database, settings)
    assert len(found) == 2, "what is not judged has none"
    (acme,) = samples.embed(["Acme"])
    assert all(vector == pytest.approx(acme, abs=1e-3) for vector in found.values())


def test_texts_scored_by_an_older_earful_are_embedded_a_few_a_run_the_newest_first(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    judge = Touchy()
    monkeypatch.setattr(score, "sentiment", STUB)
    monkeypatch.setattr(STUB, "load", lambda _: judge)
    monkeypatch.setattr(score, "BATCH", 2)
    monkeypatch.setattr(score, "CATCH_UP", 4)
    settings = samples.config(tmp_path)
    keep(database, [f"Acme is good {at}" for at in range(6)])
    assert run(database, settings) == 6
    (tmp_path / "store" / "embeddings.sqlite").unlink()
    for left in (4, 6, 6):
        judge.calls.clear()
        assert run(database, settings) == 0
        assert len(vectors(database, settings)) == left
    assert judge.calls == [], "nothing lacks, and nobody is asked"
    assert run(database, settings) == 0


def test_a_text_that_can_no_longer_be_embedded_is_not_tried_for_ever(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    judge = Touchy()
    monkeypatch.setattr(score, "sentiment", STUB)
    monkeypatch.setattr(STUB, "load", lambda _: samples.Judge())
    settings = samples.config(tmp_path)
    keep(database, ["Acme is good", "Acme poison"])
    assert run(database, settings) == 2
    (tmp_path / "store" / "embeddings.sqlite").unlink()
    monkeypatch.setattr(STUB, "load", lambda _: judge)
    assert run(database, settings) == 0
    assert judge.calls == [2, 1, 1]
    assert run(database, settings) == 0
    assert judge.calls == [2, 1, 1]
    assert len(vectors(database, settings)) == 1

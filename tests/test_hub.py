"""Foreign classifiers: judged as their library does, labels understood or asked for, never from the network."""

import json
import pickle
import re
import shutil
import socket
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import foreign
import pytest
import torch
from safetensors.torch import load_file, save_file

from earful.flows import trial
from earful.models import encoder, hub
from earful.models.hub import Named
from earful.models.sentiment import Judgement, WeightsError

TEXTS = ["good word", "bad kettle", "acme", "a bad word about acme, a good word about the kettle", "x", "Schlecht!"]
PINNED = Named("owner/name", foreign.REVISION)


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return foreign.make(tmp_path_factory.mktemp("models") / "tiny")


@pytest.fixture
def folder(tiny: Path, tmp_path: Path) -> Path:
    """A copy that may be damaged."""
    return Path(shutil.copytree(tiny, tmp_path / "tiny"))


@pytest.fixture
def cut_off(monkeypatch: pytest.MonkeyPatch) -> None:
    """Fails whatever reaches for the network."""

    def refuse(*_: object) -> None:
        raise AssertionError("the network is asked")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty cache for what comes from the hub."""
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


def expected(judge: hub.Judge, *segments: str) -> list[float]:
    """What the library says itself of one text, or of a text and a brand."""
    with torch.inference_mode():
        answer = judge.network(**judge.tokenizer(*segments, return_tensors="pt")).logits.float()
    return torch.softmax(answer, 1)[0].tolist()


def chances(one: Judgement) -> list[float]:
    return [one.negative, one.neutral, one.positive]


@pytest.mark.parametrize("towards", [False, True])
def test_a_text_is_judged_as_the_library_judges_it(
    tiny: Path, towards: bool, monkeypatch: pytest.MonkeyPatch, cut_off: None
) -> None:
    judge = hub.load(Named(str(tiny), towards=towards))
    monkeypatch.setattr(hub, "BUDGET", 24)
    monkeypatch.setattr(hub, "AT_ONCE", 4)
    seen: list[int] = []
    judged = judge.score([(text, "acme") for text in TEXTS], seen.append)
    assert seen[-1] == len(TEXTS) and seen == sorted(seen) and len(seen) > 2
    for text, one in zip(TEXTS, judged, strict=True):
        wanted = expected(judge, text, "acme") if towards else expected(judge, text)
        assert chances(one) == pytest.approx(wanted, abs=0.03)  # padding moves bf16 by a little
    assert len({round(one.negative, 1) for one in judged}) > 2, "texts differ enough to see their order"
    assert judge.score([]) == []


def test_the_brand_counts_only_when_the_model_takes_it(tiny: Path) -> None:
    text = "a good kettle and a bad word"
    whole, towards = hub.load(Named(str(tiny))), hub.load(Named(str(tiny), towards=True))
    first, second, none = towards.score([(text, "kettle"), (text, "word"), (text, "")])
    assert chances(first) != pytest.approx(chances(second), abs=0.01)
    assert chances(none) == pytest.approx(chances(whole.score([(text, "kettle")])[0]), abs=0.03)
    assert chances(none) == pytest.approx(chances(whole.score([(text, "word")])[0]), abs=0.03)


def test_the_label_is_the_likeliest_unless_it_is_below_the_threshold(tiny: Path) -> None:
    named = Named(str(tiny), threshold=0.0)
    pairs = [(text, "acme") for text in TEXTS]
    sure = hub.load(named).score(pairs)
    assert [one.label for one in sure] == [one.likeliest for one in sure]
    assert {one.label for one in hub.load(replace(named, threshold=1.0)).score(pairs)} == {"unclear"}


def test_what_labels_mean_decides_where_probabilities_go(tiny: Path, tmp_path: Path) -> None:
    pairs = [(text, "") for text in TEXTS]
    turned = {"negative": "positive", "positive": "negative"}
    for one, other in zip(
        hub.load(Named(str(tiny))).score(pairs), hub.load(Named(str(tiny), labels=turned)).score(pairs), strict=True
    ):
        assert chances(one) == pytest.approx(chances(other)[::-1])
        assert {one.likeliest, other.likeliest} in ({"neutral"}, {"negative", "positive"})
    stars = hub.load(Named(str(foreign.make(tmp_path / "stars", ["1 star", *(f"{n} stars" for n in range(2, 6))]))))
    wanted = expected(stars, "good word")
    summed = [wanted[0] + wanted[1], wanted[2], wanted[3] + wanted[4]]
    assert chances(stars.score([("good word", "")])[0]) == pytest.approx(summed, abs=0.03)


@pytest.mark.parametrize(
    ("labels", "given", "meanings"),
    [
        (["NEGATIVE", "Neutral", "positive"], {}, ["negative", "neutral", "positive"]),
        (["POS", "NEU", "NEG"], {}, ["positive", "neutral", "negative"]),
        (["very_negative", "Neutral", "Very Positive"], {}, ["negative", "neutral", "positive"]),
        (["LABEL_0", "LABEL_1"], {"LABEL_0": "negative", "LABEL_1": "positive"}, ["negative", "positive"]),
        (["neg", "mixed", "pos"], {"mixed": "neutral"}, ["negative", "neutral", "positive"]),
    ],
)  # fmt: skip
def test_labels_are_understood(labels: list[str], given: dict[str, str], meanings: list[str]) -> None:
    assert hub.understand(dict(enumerate(labels)), given) == tuple(meanings)


@pytest.mark.parametrize(
    ("labels", "given", "said"),
    [
        (["LABEL_0", "LABEL_1"], {}, 'labels = { "LABEL_0" = "...", "LABEL_1" = "..." }'),
        (["neg", "mixed", "pos"], {}, 'labels = { "neg" = "negative", "mixed" = "...", "pos" = "positive" }'),
        (["neg", "pos"], {"positiv": "positive"}, "the model has no label positiv; the model's labels are neg, pos;"),
        (["anger", "joy"], {"anger": "negative", "joy": "negative"}, "the model's labels are anger, joy"),
        (["LABEL_0"], {"LABEL_0": "negative"}, "the model's labels are LABEL_0"),
    ],
)
def test_labels_that_say_nothing_are_named_with_the_line_to_write(
    labels: list[str], given: dict[str, str], said: str
) -> None:
    with pytest.raises(WeightsError, match=re.escape(said)):
        hub.understand(dict(enumerate(labels)), given)


def test_labels_are_asked_for_before_anything_is_judged(tmp_path: Path) -> None:
    made = str(foreign.make(tmp_path / "unnamed", ["LABEL_0", "LABEL_1", "LABEL_2"]))
    with pytest.raises(WeightsError, match="the model's labels are LABEL_0, LABEL_1, LABEL_2"):
        hub.load(Named(made))
    said = dict(zip(["LABEL_0", "LABEL_1", "LABEL_2"], encoder.LABELS, strict=True))
    assert hub.load(Named(made, labels=said)).meanings == encoder.LABELS


@pytest.mark.parametrize("towards", [False, True])
def test_of_a_long_text_the_part_about_the_brand_is_read(tiny: Path, towards: bool) -> None:
    judge = hub.load(Named(str(tiny), towards=towards))
    text = "word " * 3000 + "bad acme bad " + "kettle " * 3000
    read = judge.tokenizer.decode(judge._tokens(text, "Acme")["input_ids"])
    assert "word bad acme bad kettle" in read
    assert read.count("word") > 15 and read.count("kettle") > 15
    assert len(judge._tokens(text, "Acme")["input_ids"]) == judge.max_tokens == 64
    beginning = judge.tokenizer.decode(judge._tokens(text, "ferrywell")["input_ids"])
    assert "acme" not in beginning and "word word" in beginning
    assert chances(judge.score([(text, "acme")])[0]) != pytest.approx(chances(judge.score([(text, "")])[0]), abs=0.01)


def test_texts_are_written_plainly_but_keep_their_emoji(tiny: Path) -> None:
    judge = hub.load(Named(str(tiny)))
    read = judge.tokenizer.decode(judge._tokens("@somebody good 😀 &amp; https://example.org/x?y", "")["input_ids"])
    assert read.startswith("[CLS] @ user good 😀")
    assert "example" not in read.replace(" ", "").replace("##", "")


HOSTILE = [
    *("", " ", "\n" * 100_000, "😀", "\ud800", "\udfff\ud83d", "a" * 1_000_000, "word " * 200_000),
    *("\x00\u202e", "@", "#", "漢字" * 5000, "[SEP] [PAD] [CLS]"),
]


@pytest.mark.parametrize("towards", [False, True])
def test_hostile_texts_and_brands_are_judged_without_a_crash(tiny: Path, towards: bool) -> None:
    judge = hub.load(Named(str(tiny), towards=towards))
    for brand in ("Acme", "", "😀", "\ud800", "(*[", "a " * 5000):
        for text, one in zip(HOSTILE, judge.score([(text, brand) for text in HOSTILE]), strict=True):
            assert sum(chances(one)) == pytest.approx(1, abs=1e-5), text[:10]
    nothing = judge.score([("", "Acme"), ("\n \t" * 1000, "Acme"), ("\ud800", "")])
    assert {one.label for one in nothing} == {"unclear"}


def test_the_name_tells_all_that_changes_scores(folder: Path, cut_off: None) -> None:
    named = Named(str(folder))
    assert hub.load(named).model == hub.name(named)
    assert re.fullmatch(r"tiny@[0-9a-f]{8}-text-[0-9a-f]{8}", hub.name(named))
    assert hub.name(PINNED).startswith("owner/name@01234567-text-"), "named though it is not here"
    assert "-brand-" in hub.name(replace(PINNED, towards=True))
    others = [
        replace(named, labels={"negative": "positive"}),
        replace(named, threshold=0.7),
        replace(named, towards=True),
        replace(named, languages=("de", "en")),
        PINNED,
        replace(PINNED, revision="f" * 40),
    ]
    names = {hub.name(named), *map(hub.name, others)}
    assert len(names) == len(others) + 1
    assert hub.name(replace(named, languages=("en", "de"))) == hub.name(replace(named, languages=("de", "en")))
    (folder / "README.md").write_text("of no account")
    assert hub.name(named) in names
    weights = folder / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-1] + b"\x01")
    assert hub.name(named) not in names


@pytest.mark.parametrize("name", ["config.json", "tokenizer.json", "model.safetensors"])
@pytest.mark.parametrize("damage", ["missing", "empty", "cut", "garbage"])
def test_damaged_files_are_named(folder: Path, name: str, damage: str, cut_off: None) -> None:
    path = folder / name
    if damage == "missing":
        path.unlink()
    else:
        path.write_bytes({"empty": b"", "cut": path.read_bytes()[:-100], "garbage": b"\xff{\x00" * 50}[damage])
    with pytest.raises(WeightsError, match=name.replace(".", r"\.")):
        hub.load(Named(str(folder)))


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    for tried in (hub.name, hub.load):
        with pytest.raises(WeightsError, match="nowhere"):
            tried(Named(str(tmp_path / "nowhere")))


def test_a_model_without_a_trained_classifier_is_refused(tmp_path: Path) -> None:
    """The library would give it a random one and go on."""
    with pytest.raises(WeightsError, match=r"is of no trained classifier: it lacks classifier\.bias"):
        hub.load(Named(str(foreign.make(tmp_path / "base", classifier=False))))


def test_a_model_that_answers_no_numbers_is_refused(folder: Path) -> None:
    weights = load_file(folder / "model.safetensors")
    weights["classifier.bias"][:] = float("nan")
    save_file(weights, folder / "model.safetensors", {"format": "pt"})
    with pytest.raises(WeightsError, match="no number"):
        hub.load(Named(str(folder)))


class Burglar:
    """Writes a file when it is unpickled."""

    def __init__(self, path: str) -> None:
        self.path = path

    def __reduce__(self) -> tuple[Callable[..., object], tuple[str, str]]:
        return (open, (self.path, "w"))


def test_nothing_that_comes_with_a_model_is_run(folder: Path, tmp_path: Path) -> None:
    loot = tmp_path / "loot"
    config = json.loads((folder / "config.json").read_text())
    config["auto_map"] = {"AutoModelForSequenceClassification": "theirs.Theirs", "AutoConfig": "theirs.Config"}
    (folder / "config.json").write_text(json.dumps(config))
    (folder / "theirs.py").write_text(f"open({str(loot)!r}, 'w')\nclass Theirs: pass\nclass Config: pass\n")
    hub.load(Named(str(folder)))
    (folder / "model.safetensors").unlink()
    (folder / "pytorch_model.bin").write_bytes(pickle.dumps(Burglar(str(loot))))
    with pytest.raises(WeightsError, match=r"model\.safetensors is missing"):
        hub.load(Named(str(folder)))
    assert not loot.exists()


def test_what_is_not_here_is_not_asked_for(cache: Path, cut_off: None) -> None:
    with pytest.raises(WeightsError, match=r"owner/name at 01234567 is not on this machine.*run 'earful check'"):
        hub.load(PINNED)
    with pytest.raises(WeightsError, match="run 'earful check'"):
        hub.load(replace(PINNED, place="owner/--no..name"))


def test_check_fetches_it_once_and_it_loads_without_a_network(
    folder: Path, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / "pytorch_model.bin").write_bytes(b"not wanted")
    said: list[str] = []
    with foreign.hub("owner/name", folder) as (address, asked):
        monkeypatch.setattr("huggingface_hub.constants.ENDPOINT", address)
        monkeypatch.setattr(
            "huggingface_hub.constants.HUGGINGFACE_CO_URL_TEMPLATE",
            address + "/{repo_id}/resolve/{revision}/{filename}",
        )
        assert trial.fetch(PINNED, said.append) == ""
        assert not any("pytorch_model.bin" in one for one in asked)
        wanted = [path for path in folder.iterdir() if path.suffix in (".json", ".safetensors")]
        size = sum(path.stat().st_size for path in wanted) / 1e6
        assert said == [f"fetching owner/name at 01234567: {size:,.1f} MB, kept on this machine"]
        asked.clear()
        assert trial.fetch(PINNED, said.append) == ""
        assert [one for one in asked if one.startswith("GET") and "/resolve/" in one] == []
        assert len(said) == 1
        trouble = trial.fetch(replace(PINNED, revision="f" * 40), said.append)
        assert trouble.startswith("owner/name can't be fetched: ")
        assert "404 Not Found" in trouble
    monkeypatch.setattr(socket.socket, "connect", lambda *_: pytest.fail("the network is asked"))
    assert hub.load(PINNED).score([("good", "acme")]) == hub.load(Named(str(folder))).score([("good", "acme")])
    assert trial.fetch(PINNED, said.append) == "", "what is here needs no network to be checked"
    (hub.find(PINNED) / "model.safetensors").unlink()
    with pytest.raises(WeightsError, match="is not on this machine, or not whole"):
        hub.load(PINNED)

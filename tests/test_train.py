"""Training on a tiny encoder and invented rows: it learns, goes on after a stop, writes weights."""

import gzip
import json
import random
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers
from transformers import BertConfig, BertModel

from earful.models import encoder, sentiment, showings, train

OPINIONS = {"negative": "hate broken awful", "neutral": "have saw using", "positive": "love great superb"}
THINGS = ["Brimstone", "Kettle Co", "Ferrywell", "Lantern"]


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    """So small a network only waits for its threads."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


def write_rows(path: Path, count: int, *, towards: bool, chance: random.Random) -> None:
    with gzip.open(path, "wt", encoding="utf-8") as file:
        for _ in range(count):
            label = chance.choice(encoder.LABELS)
            thing = chance.choice(THINGS)
            word = chance.choice(OPINIONS[label].split())
            text = f"{word} the {thing} {'and so on ' * chance.randrange(4)}"
            row = {"source": "invented", "text": text, "target": thing if towards else None, "label": label}
            file.write(json.dumps(row) + "\n")


@pytest.fixture
def data(tmp_path: Path) -> Path:
    folder = tmp_path / "data"
    folder.mkdir()
    chance = random.Random(7)
    for name, count in {"train": 60, "dev": 24}.items():
        write_rows(folder / f"sentiment_{name}.jsonl.gz", count, towards=False, chance=chance)
        write_rows(folder / f"target_{name}.jsonl.gz", count, towards=True, chance=chance)
    return folder


@pytest.fixture
def base(tmp_path: Path) -> Path:
    folder = tmp_path / "base"
    folder.mkdir()
    words = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "the", "and", "so", "on", "@", "#", ":", "co"]
    words += [word for opinion in OPINIONS.values() for word in opinion.split()]
    words += [word.lower() for thing in THINGS for word in thing.split() if word != "Co"]
    letters = "abcdefghijklmnopqrstuvwxyz"
    vocabulary = {token: at for at, token in enumerate([*words, *letters, *(f"##{one}" for one in letters)])}
    tokenizer = Tokenizer(models.WordPiece(vocabulary, unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.BertNormalizer()
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.save(str(folder / "tokenizer.json"))
    config = BertConfig(
        vocab_size=len(vocabulary), hidden_size=16, num_hidden_layers=1, num_attention_heads=2, intermediate_size=32
    )
    (folder / "config.json").write_text(config.to_json_string(use_diff=False))
    torch.manual_seed(3)
    save_file(BertModel(config).state_dict(), folder / "model.safetensors")
    return folder


def test_a_stopped_training_goes_on_as_if_it_had_not_stopped(
    data: Path, base: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(train, "POOL", 64)  # several pools, so that stops fall inside and between them
    whole, parts = tmp_path / "whole", tmp_path / "parts"
    assert train.train(data, whole / "out", whole / "checkpoints", base, budget=128)
    stops = 0
    while not train.train(data, parts / "out", parts / "checkpoints", base, budget=128, stop_after=5):
        stops += 1
        (parts / "checkpoints" / "last.partial").write_bytes(b"killed while writing")
        torch.manual_seed(stops)  # a new process starts with other chances
    assert stops > 3
    for name in ("model.safetensors", "config.json", "tokenizer.json"):
        assert (parts / "out" / name).read_bytes() == (whole / "out" / name).read_bytes(), name


def test_trained_weights_load_and_have_learnt(
    data: Path, base: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(train, "RATE", 2e-2)
    monkeypatch.setattr(showings, "SHOWINGS_WITH_TARGET", 6.0)
    train.train(data, tmp_path / "out", tmp_path / "checkpoints", base, budget=128)
    assert "left" in capsys.readouterr().out
    judge = sentiment.load(tmp_path / "out")
    pairs = [("hate the Lantern", "Lantern"), ("love the Ferrywell", "Ferrywell")]
    assert [one.likeliest for one in judge.score(pairs)] == ["negative", "positive"]
    assert judge.model.startswith(train.NAME)


def test_a_checkpoint_of_other_arguments_is_refused(data: Path, base: Path, tmp_path: Path) -> None:
    assert not train.train(data, tmp_path / "out", tmp_path / "checkpoints", base, budget=256, stop_after=1)
    with pytest.raises(SystemExit, match="belongs to another run"):
        train.train(data, tmp_path / "out", tmp_path / "checkpoints", base, budget=256, seed=2)
    assert not (tmp_path / "out").exists()


def test_masking_hides_the_name_in_text_and_target_and_keeps_the_label() -> None:
    row = showings.Row("Why is @KettleCo so slow? kettle co, answer!", "Kettle Co", 0, "invented")
    masked = [showings.mask(row, random.Random(seed)) for seed in range(400)]
    hidden = [one for one in masked if one.target != "Kettle Co"]
    assert 80 < len(hidden) < 160
    assert all("kettle" not in one.text.lower() for one in hidden)
    assert all(encoder.pattern(one.target).search(one.text) for one in masked)
    assert {one.label for one in masked} == {0}
    assert len({one.target for one in hidden}) > 60
    assert {"@", "#"} <= {one.text[7] for one in hidden} and any(one.text[7] not in "@#" for one in hidden)


def test_a_text_about_one_thing_is_sometimes_given_an_invented_name() -> None:
    row = showings.Row("a dull film", "", 0, "sst5_as3")
    masked = [showings.mask(row, random.Random(seed)) for seed in range(200)]
    assert Counter(bool(one.target) for one in masked)[True] > 60
    assert all(one.text.endswith("a dull film") for one in masked)
    assert any(one.target and one.target in one.text for one in masked)
    assert any(one.target and one.target not in one.text for one in masked)


def test_rare_labels_weigh_more_but_at_most_double() -> None:
    rows = [showings.Row("x", "", 1, "a")] * 98 + [showings.Row("x", "", 0, "a"), showings.Row("x", "", 2, "a")]
    weights = showings.balance(rows)
    assert weights["a", 0] == weights["a", 2] == 2.0
    assert weights["a", 1] < 1.0


def test_the_plan_shows_every_source_as_often_as_it_says() -> None:
    rows = [showings.Row("x", "", 1, "goemotions_reddit")] * 4000 + [showings.Row("x", "y", 1, "any")] * 4000
    shown = showings.plan(rows, seed=1)
    counts = Counter("towards" if at >= 4000 else "whole" for at in shown)
    assert counts["whole"] == pytest.approx(4000 * showings.SHOWINGS["goemotions_reddit"], rel=0.05)
    assert counts["towards"] == pytest.approx(4000 * showings.SHOWINGS_WITH_TARGET, rel=0.05)
    assert showings.plan(rows, seed=1) == shown


def test_the_rate_rises_then_falls_to_nothing() -> None:
    steps = [train.rate(at / 1000) for at in range(1001)]
    top = steps.index(max(steps))
    assert steps[0] == steps[-1] == 0.0
    assert steps[: top + 1] == sorted(steps[: top + 1])
    assert steps[top:] == sorted(steps[top:], reverse=True)
    assert max(steps) == pytest.approx(train.RATE)


def test_calibration_finds_the_temperature_and_a_threshold_that_keeps_its_word(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(train, "RIGHT", 0.85)
    torch.manual_seed(5)
    true = torch.randn(6000, 3) * 2
    labels = torch.distributions.Categorical(logits=true).sample()
    rows = [showings.Row("x", "", label, "one") for label in labels.tolist()]
    temperature, threshold = train.calibrate(true * 1.7, rows)
    assert temperature == pytest.approx(1.7, abs=0.1)
    confidence, guesses = torch.softmax(true * 1.7 / temperature, 1).max(1)
    clear = confidence >= threshold
    right = (guesses == labels)[clear].float().mean().item()
    assert 0.84 < right < 0.87
    assert 0 < clear.float().mean() < 1


def test_a_large_source_does_not_drown_a_small_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(train, "RIGHT", 0.85)
    large = [showings.Row("x", "", 0, "large")] * 900
    small = [showings.Row("x", "", at % 2, "small") for at in range(100)]  # every other one is guessed wrong
    answers = torch.tensor([[4.0, 0.0, 0.0]] * 900 + [[1.0 - at / 1000, 0.0, 0.0] for at in range(100)])

    def doubtful_is_clear(rows: list[showings.Row]) -> bool:
        temperature, threshold = train.calibrate(answers, rows)
        return bool(torch.softmax(answers[-1] / temperature, 0).max() >= threshold - 0.001)  # stored rounded

    assert not doubtful_is_clear(large + small)  # 3 of 4 would be right when both count the same: too few
    assert doubtful_is_clear([replace(row, source="one") for row in large + small])  # 19 of 20 are right

"""Training on a tiny encoder and invented rows: it learns, goes on after a stop, writes weights."""

import gzip
import json
import random
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers
from transformers import BertConfig, BertModel

from earful.models import encoder, finish, joint, sentiment, showings, train, variants

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
            source = "semeval14_laptop" if towards else "tweeteval_val"
            row = {"source": source, "text": text, "target": thing if towards else None, "label": label}
            file.write(json.dumps(row) + "\n")


def write_emotions(path: Path, rows: int) -> None:
    told = [("hate the awful Lantern", ["anger"]), ("love the great Ferrywell", ["love"]), ("saw the Lantern", [])]
    with gzip.open(path, "wt", encoding="utf-8") as file:
        for at in range(rows):
            text, labels = told[at % 3]
            file.write(json.dumps({"source": "goemotions", "text": f"{text} {at}", "labels": labels}) + "\n")


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(train, "INVENTED", 0)
    folder = tmp_path / "data"
    folder.mkdir()
    chance = random.Random(7)
    for name, count in {"train": 60, "dev": 24}.items():
        write_rows(folder / f"sentiment_{name}.jsonl.gz", count, towards=False, chance=chance)
        write_rows(folder / f"target_{name}.jsonl.gz", count, towards=True, chance=chance)
        write_emotions(folder / f"emotions_{name}.jsonl.gz", count)
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
        vocab_size=len(vocabulary), hidden_size=32, num_hidden_layers=4, num_attention_heads=2, intermediate_size=64
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
    monkeypatch.setattr(train, "RATE", 5e-3)  # learns from ten other seeds too, not by luck
    monkeypatch.setattr(train, "EMBEDDING", 0.1)  # so small a network cannot do all at once
    monkeypatch.setattr(showings, "MISSPELT", 0)
    monkeypatch.setattr(showings, "LINKED", 0)
    monkeypatch.setattr(showings, "BESIDE", 0)
    monkeypatch.setattr(showings, "SHOWINGS", {"semeval14_laptop": 40.0, "tweeteval_val": 10.0})
    train.train(data, tmp_path / "out", tmp_path / "checkpoints", base, budget=128)
    assert "left" in capsys.readouterr().out
    judge = sentiment.load(tmp_path / "out")
    pairs = [("hate the Lantern", "Lantern"), ("love the Ferrywell", "Ferrywell")]
    read = judge.read(pairs)
    assert [one.likeliest for one in read.judgements] == ["negative", "positive"]
    assert [one.intent for one in read.judgements] == ["problem", "praise"]
    assert (read.embeddings**2).sum(1) == pytest.approx([1, 1], abs=1e-3)
    assert judge.model.startswith(finish.NAME)


def test_the_whole_training_averages_its_last_legs_and_goes_on_where_it_stopped(
    data: Path, base: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:

    monkeypatch.setattr(train, "INVENTED", 100)
    legs = tmp_path / "checkpoints"
    with monkeypatch.context() as stopped:
        stopped.setattr(train, "average", lambda _: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            train.whole(data, tmp_path / "out", legs, base)
    began = (legs / "long" / "model.safetensors").stat().st_mtime_ns
    train.whole(data, tmp_path / "out", legs, base)
    assert "long is done" in capsys.readouterr().out
    assert (legs / "long" / "model.safetensors").stat().st_mtime_ns == began
    found = load_file(tmp_path / "out" / "model.safetensors")
    one, other, long = (load_file(legs / leg / "model.safetensors") for leg in ("short", "settled", "long"))
    for name, weight in found.items():
        halfway = (one[name].float() + other[name].float()) / 2
        if name.startswith("pooling."):
            assert not torch.allclose(weight.float(), halfway, atol=1e-4), name
        else:
            torch.testing.assert_close(weight.float(), halfway, atol=1e-3, rtol=0)
    assert any(not torch.equal(one[name], other[name]) and not torch.equal(one[name], long[name]) for name in found)
    assert sentiment.load(tmp_path / "out").model.startswith(finish.NAME)


def test_weights_that_embedded_in_another_way_are_gone_on_from(data: Path, base: Path, tmp_path: Path) -> None:
    train.train(data, tmp_path / "first", tmp_path / "one", base, budget=128)
    found = load_file(tmp_path / "first" / "model.safetensors")
    older = {name: weight for name, weight in found.items() if not name.startswith("pooling.")}
    save_file(older, tmp_path / "first" / "model.safetensors")
    assert train.train(data, tmp_path / "out", tmp_path / "two", base, budget=128, start=[tmp_path / "first"])
    older.pop("classifier.weight")
    save_file(older, tmp_path / "first" / "model.safetensors")
    with pytest.raises(SystemExit, match=r"lack .*classifier\.weight"):
        train.train(data, tmp_path / "out", tmp_path / "three", base, budget=128, start=[tmp_path / "first"])


def test_texts_without_a_label_move_the_embedding_and_nothing_breaks(data: Path, base: Path, tmp_path: Path) -> None:
    glosses = tmp_path / "data.noun"
    said = "hate love saw great awful the"
    glosses.write_text("\n".join(f"{at} 03 n 01 lantern 0 000 | {said} {at}" for at in range(300)))
    found = {}
    for name, unlabelled in {"with": [glosses], "without": []}.items():
        train.train(data, tmp_path / name, tmp_path / f"ck {name}", base, budget=128, unlabelled=unlabelled)
        found[name] = load_file(tmp_path / name / "model.safetensors")
    assert all(torch.isfinite(weight).all() for weight in found["with"].values())
    assert not torch.equal(found["with"]["pooling.values.weight"], found["without"]["pooling.values.weight"])


def test_a_checkpoint_of_other_arguments_is_refused(data: Path, base: Path, tmp_path: Path) -> None:
    assert not train.train(data, tmp_path / "out", tmp_path / "checkpoints", base, budget=256, stop_after=1)
    with pytest.raises(SystemExit, match="belongs to another run"):
        train.train(data, tmp_path / "out", tmp_path / "checkpoints", base, budget=256, seed=2)
    assert not (tmp_path / "out").exists()


def test_the_embedding_follows_the_untouched_encoder(data: Path, base: Path, tmp_path: Path) -> None:
    """What training tells it of blame and praise must not make it forget what is alike."""

    def distance(model: joint.Joint, untouched: BertModel, inputs: encoder.Batch) -> float:
        with torch.inference_mode():
            return float((1 - (model(inputs)[2] * joint.embedded_by(untouched, inputs)).sum(1)).mean())

    train.train(data, tmp_path / "out", tmp_path / "checkpoints", base, budget=128)
    config = sentiment.read_config(tmp_path / "out" / "config.json")
    untouched, tokenizer = joint.untouched(base), sentiment.read_tokenizer(base / "tokenizer.json")
    inputs = encoder.padded(encoder.tokenize(tokenizer, [("hate the Lantern", "Lantern"), ("saw it", "")], 96))
    trained, fresh = joint.Joint(config, 5).train(False), joint.Joint(config, 5).train(False)
    trained.load_state_dict(load_file(tmp_path / "out" / "model.safetensors"))
    assert distance(trained, untouched, inputs) < 0.5 * distance(fresh, untouched, inputs)


def test_invented_sentences_bear_the_labels_of_their_words() -> None:
    rows = showings.made_up(4000, 1)
    assert rows == showings.made_up(4000, 1)
    labels = {
        "never again": 0,
        "so much better than": None,
        "can I ": 1,
        "shout out to": 2,
        "please add an option": 1,
        "but please add": 2,
        "since the last update": 0,
    }
    for words, label in labels.items():
        found = [row for row in rows if words in row.text]
        assert found, words
        assert {row.label for row in found} == ({0, 2} if label is None else {label}), words
    compared = [row for row in rows if "is so much better than" in row.text]
    for row in compared:
        ours = encoder.pattern(row.target).search(row.text.split(" is so much")[0]) is not None
        assert row.label == (2 if ours else 0)
    about = [row for row in rows if row.target and row.intent is not None]
    unnamed = [row for row in about if not encoder.pattern(row.target).search(row.text)]
    assert 0.05 < len(unnamed) / len(about) < 0.3, "a review need not name what it is about; a post does"
    assert {row.intent for row in rows} == {0, 1, 2, 3, 4, None}


def test_emotions_and_stars_tell_intents(data: Path) -> None:
    assert [showings.INTENTS[showings.intent_of(one)] for one in (["anger", "curiosity"], ["joy"], ["desire"], [])] == [
        "question",
        "other",
        "want",
        "other",
    ]
    review = {"source": "semeval14_laptop", "text": "The screen broke", "target": "screen", "label": "negative"}
    with gzip.open(data / "target_more.jsonl.gz", "wt", encoding="utf-8") as file:
        file.write(json.dumps(review) + "\n" + json.dumps(review | {"label": "neutral"}) + "\n")
    problem, plain, *emotions = showings.read(data, ["target_more"], "emotions_dev")
    assert problem.intent == showings.INTENTS.index("problem")
    assert plain.intent is None
    assert len(emotions) == 24 and all(one.label is None and one.intent is not None for one in emotions)


def test_a_post_is_sometimes_written_to_an_invented_brand(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(showings, "MISSPELT", 0)
    monkeypatch.setattr(showings, "LINKED", 0)
    row = showings.Row("@user where is my parcel", "", 0, "semeval13-16")
    masked = [showings.mask(row, random.Random(seed)) for seed in range(400)]
    addressed = [one for one in masked if one.target]
    assert 40 < len(addressed) < 130
    for one in addressed:
        assert one.text.startswith("@" + one.target.replace(" ", ""))
        assert "@user" not in one.text


def test_few_rows_are_spoilt_and_keep_their_label() -> None:
    row = showings.Row("the kettle was late and cold", "", 0, "other")
    masked = [showings.mask(row, random.Random(seed)) for seed in range(1000)]
    linked = [one for one in masked if "https://" in one.text or "@" in one.text]
    twisted = [one for one in masked if not one.text.startswith(row.text)]
    assert 110 < len(linked) < 190 and 240 < len(twisted) < 360
    assert all(set(one.text) <= set(row.text) for one in twisted if one not in linked)
    lengths = {len(one.text) - len(row.text) for one in twisted if one not in linked}
    assert lengths == {-1, 0, 1}, "letters are swapped, left out or written twice"
    assert {one.label for one in masked} == {0}


def test_people_and_places_change_but_not_the_target_nor_other_words() -> None:
    text = "Emily flew from BERLIN to Rome, Emily may mark it; PARIS Air lost Tom"
    found = {variants.elsewhere(text, "Paris Air", random.Random(seed)) for seed in range(50)}
    assert len(found) > 45
    for one in found:
        (first, second) = re.fullmatch(
            r"(\w+) flew from [A-Z]+ to [A-Z][a-z]+, (\w+) may mark it; PARIS Air lost [A-Z][a-z]+", one
        ).groups()  # type: ignore[union-attr]
        assert first == second != "Berlin"


def test_a_row_beside_another_keeps_its_own_label_and_target() -> None:
    row = showings.Row("The screen broke", "screen", 0, "semeval14_laptop", 0)
    same = showings.Row("The lid broke", "lid", 0, "semeval14_laptop")
    alike = showings.Row("I like the screen", "screen", 2, "semeval14_laptop")
    other = showings.Row("I like the keys", "keys", 2, "semeval14_laptop")
    found = {showings.beside(row, [same, alike, other], random.Random(seed)) for seed in range(20)}
    both = {"The screen broke I like the keys", "I like the keys The screen broke"}
    assert found == {replace(row, text=text, intent=None) for text in both}
    assert showings.beside(row, [same, alike], random.Random(1)) == row
    assert showings.beside(row, [showings.Row("Fine", "", 2, "x")], random.Random(1)) == row


def test_masking_hides_the_name_in_text_and_target_and_keeps_the_label(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(showings, "MISSPELT", 0)
    monkeypatch.setattr(showings, "LINKED", 0)
    row = showings.Row("Why is @KettleCo so slow? kettle co, answer!", "Kettle Co", 0, "newsmtsc")
    masked = [showings.mask(row, random.Random(seed)) for seed in range(400)]
    hidden = [one for one in masked if one.target != "Kettle Co"]
    assert 80 < len(hidden) < 160
    assert all("kettle" not in one.text.lower() for one in hidden)
    assert all(encoder.pattern(one.target).search(one.text) for one in masked)
    assert {one.label for one in masked} == {0}
    assert len({one.target for one in hidden}) > 60
    assert {"@", "#"} <= {one.text[7] for one in hidden} and any(one.text[7] not in "@#" for one in hidden)


def test_a_text_about_one_thing_is_sometimes_given_an_invented_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(showings, "MISSPELT", 0)
    monkeypatch.setattr(showings, "LINKED", 0)
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
    monkeypatch.setattr(finish, "RIGHT", 0.85)
    torch.manual_seed(5)
    true = torch.randn(6000, 3) * 2
    labels = torch.distributions.Categorical(logits=true).sample()
    rows = [showings.Row("x", "", label, "one") for label in labels.tolist()]
    temperature = finish.calibrate(true * 1.7, rows)
    threshold = finish.line(true * 1.7, rows, temperature)
    assert temperature == pytest.approx(1.7, abs=0.1)
    confidence, guesses = torch.softmax(true * 1.7 / temperature, 1).max(1)
    clear = confidence >= threshold
    right = (guesses == labels)[clear].float().mean().item()
    assert 0.84 < right < 0.87
    assert 0 < clear.float().mean() < 1


def test_a_large_source_does_not_drown_a_small_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(finish, "RIGHT", 0.85)
    large = [showings.Row("x", "", 0, "large")] * 900
    small = [showings.Row("x", "", at % 2, "small") for at in range(100)]  # every other one is guessed wrong
    answers = torch.tensor([[4.0, 0.0, 0.0]] * 900 + [[1.0 - at / 1000, 0.0, 0.0] for at in range(100)])

    def doubtful_is_clear(rows: list[showings.Row]) -> bool:
        temperature = finish.calibrate(answers, rows)
        threshold = finish.line(answers, rows, temperature)
        return bool(torch.softmax(answers[-1] / temperature, 0).max() >= threshold - 0.001)  # stored rounded

    assert not doubtful_is_clear(large + small)  # 3 of 4 would be right when both count the same: too few
    assert doubtful_is_clear([replace(row, source="one") for row in large + small])  # 19 of 20 are right


def test_a_training_can_go_on_from_the_average_of_others(data: Path, base: Path, tmp_path: Path) -> None:
    one, other = tmp_path / "one", tmp_path / "other"
    for folder, seed in ((one, 1), (other, 2)):
        train.train(data, folder, tmp_path / f"checkpoints {seed}", base, budget=256, seed=seed)
    first, second = (load_file(folder / "model.safetensors") for folder in (one, other))
    del first["intent.weight"]  # of before there was such a head
    save_file(first, one / "model.safetensors")
    mixed = train.average([one, other])
    name = "classifier.weight"
    torch.testing.assert_close(mixed[name], (first[name].float() + second[name].float()) / 2)
    torch.testing.assert_close(mixed["intent.weight"], second["intent.weight"].float())
    out, kept = tmp_path / "out", tmp_path / "kept"
    train.train(data, out, tmp_path / "checkpoints 3", base, budget=256, start=[one, other], part=0.1, top=0.0)
    torch.testing.assert_close(load_file(out / "model.safetensors")[name], mixed[name].to(torch.float16))
    with pytest.raises(SystemExit, match="belongs to another run"):
        train.train(data, kept, tmp_path / "checkpoints 3", base, budget=256, start=[other], part=0.1, top=0.0)

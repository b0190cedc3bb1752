"""The shipped judge: sense, order, hostile input, honest doubt, and clear words when its weights are damaged."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from tokenizers import Tokenizer

from earful.models import encoder, sentiment


@pytest.fixture(scope="module")
def judge() -> sentiment.Judge:
    return sentiment.load()


OBVIOUS = [
    ("I love my new Ferrywell, it is the best kettle I ever had", "Ferrywell", "positive"),
    ("Ferrywell is a scam. They took my money and never answered.", "Ferrywell", "negative"),
    ("Worst customer service ever, @ferrywell ignores every mail. I am so angry", "Ferrywell", "negative"),
    ("Huge thanks to #Ferrywell for the quick help, brilliant people", "Ferrywell", "positive"),
    ("Ferrywell opens a new shop in Leeds on Monday", "Ferrywell", "neutral"),
    ("The app keeps crashing and support is useless 😡", "Ferrywell", "negative"),
    ("😍😍😍 so happy with this", "Ferrywell", "positive"),
]


@pytest.mark.parametrize(("text", "brand", "label"), OBVIOUS)
def test_the_obvious_is_seen(judge: sentiment.Judge, text: str, brand: str, label: str) -> None:
    assert judge.score([(text, brand)])[0].likeliest == label


def test_it_is_judged_towards_the_brand_not_the_text(judge: sentiment.Judge) -> None:
    text = "The Ferrywell is wonderful, but the Brimstone is terrible and broke at once."
    ours, theirs = judge.score([(text, "Ferrywell"), (text, "Brimstone")])
    assert ours.likeliest == "positive"
    assert theirs.likeliest == "negative"


def test_probabilities_sum_to_one_and_doubt_is_said(judge: sentiment.Judge) -> None:
    judgements = judge.score([(text, brand) for text, brand, _ in OBVIOUS] + [("Ferrywell, well, well", "Ferrywell")])
    for one in judgements:
        assert one.negative + one.neutral + one.positive == pytest.approx(1, abs=1e-5)
        best = max(one.negative, one.neutral, one.positive)
        assert one.label == (one.likeliest if best >= judge.threshold else "unclear")


def test_the_threshold_decides_what_is_unclear(judge: sentiment.Judge) -> None:
    from dataclasses import replace

    pairs = [(text, brand) for text, brand, _ in OBVIOUS]
    assert {one.label for one in replace(judge, threshold=1.01).score(pairs)} == {"unclear"}
    assert "unclear" not in {one.label for one in replace(judge, threshold=0.0).score(pairs)}


def test_order_is_kept_across_batches(judge: sentiment.Judge, monkeypatch: pytest.MonkeyPatch) -> None:
    pairs = [(text + " indeed" * (at % 5), brand) for at, (text, brand, _) in enumerate(OBVIOUS * 3)]
    alone = [judge.score([pair])[0] for pair in pairs]
    monkeypatch.setattr(sentiment, "BUDGET", 64)
    monkeypatch.setattr(sentiment, "AT_ONCE", 8)
    seen: list[int] = []
    together = judge.score(pairs, seen.append)
    assert seen == sorted(seen) and len(seen) > 3 and seen[-1] == len(pairs)
    for one, other in zip(alone, together, strict=True):  # padding moves bf16 by a little
        assert one.negative == pytest.approx(other.negative, abs=0.03)
        assert one.positive == pytest.approx(other.positive, abs=0.03)


HOSTILE = [
    "",
    " ",
    "\n" * 100_000,
    "😀",
    "\ud800",
    "\udfff\ud83d",
    "a" * 1_000_000,
    "word " * 200_000,
    "\x00\u202e",
    "@",
    "#",
]


def test_hostile_texts_and_brands_are_judged_without_a_crash(judge: sentiment.Judge) -> None:
    for brand in ("Acme", "", "😀", "\ud800", "(*[", "a " * 5000):
        judgements = judge.score([(text, brand) for text in HOSTILE])
        assert len(judgements) == len(HOSTILE)
        for text, one in zip(HOSTILE, judgements, strict=True):
            assert one.negative + one.neutral + one.positive == pytest.approx(1, abs=1e-5), text[:10]


def test_a_text_without_a_word_is_unclear(judge: sentiment.Judge) -> None:
    assert {one.label for one in judge.score([("", "Acme"), ("\n \t" * 1000, "Acme"), ("\ud800", "")])} == {"unclear"}


def test_nothing_to_score_gives_nothing(judge: sentiment.Judge) -> None:
    assert judge.score([]) == []


@pytest.mark.parametrize("filler", [300, 150_000])
def test_of_a_long_text_the_part_about_the_brand_is_read(judge: sentiment.Judge, filler: int) -> None:
    around = "The meeting was held on a Tuesday in the hall. " * (filler // 10)
    hated = f"{around} I hate Ferrywell, it is the worst company, absolute rubbish. {around}"
    loved = f"{around} I love Ferrywell, it is the best company, absolutely great. {around}"
    assert [one.likeliest for one in judge.score([(hated, "ferrywell"), (loved, "ferrywell")])] == [
        "negative",
        "positive",
    ]


def test_the_name_of_the_model_follows_from_its_files(tmp_path: Path) -> None:
    folder = Path(shutil.copytree(sentiment.SHIPPED, tmp_path / "weights"))
    assert sentiment.load(folder).model == sentiment.load().model == sentiment.name()
    config = json.loads((folder / "config.json").read_text())
    config["earful"]["threshold"] = 0.99
    (folder / "config.json").write_text(json.dumps(config))
    assert sentiment.name(folder) == sentiment.load(folder).model != sentiment.name()


@pytest.mark.parametrize("name", ["config.json", "tokenizer.json", "model.safetensors"])
@pytest.mark.parametrize("damage", ["missing", "empty", "cut", "garbage"])
def test_damaged_weights_name_the_file(tmp_path: Path, name: str, damage: str) -> None:
    folder = tmp_path / "weights"
    shutil.copytree(sentiment.SHIPPED, folder)
    path = folder / name
    if damage == "missing":
        path.unlink()
    else:
        path.write_bytes({"empty": b"", "cut": path.read_bytes()[:-100], "garbage": b"\xff{\x00" * 50}[damage])
    with pytest.raises(sentiment.WeightsError, match=name.replace(".", r"\.")):
        sentiment.load(folder)


def test_weights_of_another_shape_are_refused(tmp_path: Path) -> None:
    folder = Path(shutil.copytree(sentiment.SHIPPED, tmp_path / "weights"))
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps(config | {"hidden_size": 192}))
    with pytest.raises(sentiment.WeightsError, match=r"model\.safetensors"):
        sentiment.load(folder)
    del config["earful"]["temperature"]
    (folder / "config.json").write_text(json.dumps(config))
    with pytest.raises(sentiment.WeightsError, match="temperature"):
        sentiment.load(folder)


def test_the_shipped_weights_are_small() -> None:
    assert sum(path.stat().st_size for path in sentiment.SHIPPED.iterdir()) <= 50_000_000


def test_importing_loads_no_torch() -> None:
    code = (
        "import sys; from earful.models import sentiment, language, encoder; "
        "print([name for name in ('torch', 'transformers', 'tokenizers', 'lingua') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@pytest.fixture(scope="module")
def tokenizer() -> Tokenizer:
    tokenizer = Tokenizer.from_file(str(sentiment.SHIPPED / "tokenizer.json"))
    tokenizer.no_truncation()
    tokenizer.no_padding()
    return tokenizer


def test_short_pairs_become_what_the_tokenizer_makes_of_pairs(tokenizer: Tokenizer) -> None:
    mine, single = encoder.tokenize(tokenizer, [("It works well", "Kettle Co"), ("It works well", "")], 96)
    pair, alone = tokenizer.encode("It works well", "Kettle Co"), tokenizer.encode("It works well")
    assert list(mine.numbers) == pair.ids
    assert list(mine.segments) == pair.type_ids and mine.first == pair.type_ids.index(1)
    assert list(single.numbers) == alone.ids


@pytest.mark.parametrize("text", ["Why, @KettleCo? kettle co!", "Ke\u0301ttle Co. \u4e00 Kettle\u00a0Co", "no name"])
def test_the_brand_is_marked_wherever_it_stands(tokenizer: Tokenizer, text: str) -> None:
    (kept,) = encoder.tokenize(tokenizer, [(text, "Kettle Co")], 96)
    marked = [number for number, segment in zip(kept.numbers, kept.segments, strict=True) if segment]
    once = tokenizer.encode("kettle co", add_special_tokens=False).ids
    at, squeezed = (tokenizer.encode(one, add_special_tokens=False).ids for one in ("@", "kettleco"))
    inside = {"W": [*at, *squeezed, *once], "K": once, "n": []}[text[0]]
    assert marked == [*inside, *once, tokenizer.token_to_id("[SEP]")]


def test_a_window_of_tokens_is_kept_around_the_brand(tokenizer: Tokenizer) -> None:
    text = "one " * 500 + "Kettle Co broke " + "two " * 500
    (kept,) = encoder.tokenize(tokenizer, [(text, "kettle co")], 96)
    words = tokenizer.decode(list(kept.numbers))
    assert len(kept.numbers) == 96
    assert "kettle co broke" in words and "one" in words and "two" in words
    (head,) = encoder.tokenize(tokenizer, [(text, "Brimstone")], 96)
    assert "kettle" not in tokenizer.decode(list(head.numbers)[: head.first])


def test_batches_hold_all_inputs_within_the_budget() -> None:
    lengths = [5, 90, 12, 12, 7, 60, 3, 200]
    groups = list(encoder.batches(lengths, 128))
    assert sorted(at for group in groups for at in group) == list(range(len(lengths)))
    assert all(len(group) * max(lengths[at] for at in group) <= 128 for group in groups[1:])
    assert groups[0] == [7]  # longer than the budget, so alone
    assert list(encoder.batches([], 128)) == []


@pytest.mark.parametrize(
    ("text", "target", "expected"),
    [
        ("@acmehelp my @friend http://x.org/?a=b  \n ok", "Acme", "@acmehelp my @user http ok"),
        ("so bad 😡😡😡", "", "so bad pouting face"),
        ("Q&amp;A it\\u2019s", "", "Q&A it’s"),
        ("mail me: me@example.org", "", "mail me: me@example.org"),
        ("— “quoted” €5 ٣", "", "— “quoted” €5 ٣"),
    ],
)
def test_texts_are_cleaned_as_in_training(text: str, target: str, expected: str) -> None:
    assert encoder.clean(text, target) == expected


@pytest.mark.parametrize("text", ["Wells Fargo", "@WellsFargo", "#wellsfargo", "wells_fargo's", "(WELLS-FARGO)"])
def test_a_brand_is_found_however_it_is_written(text: str) -> None:
    assert encoder.pattern("Wells Fargo").search(f"I like {text} much")
    assert not encoder.pattern("Wells Fargo").search("stairwells fargone")


def test_the_window_lies_around_the_first_name_and_within_the_text() -> None:
    offsets = [(at, at + 1) for at in range(100)]
    assert encoder.window(offsets, [(50, 51)], 100) == slice(0, 100)
    assert encoder.window(offsets, [(50, 51), (90, 91)], 10) == slice(45, 55)
    assert encoder.window(offsets, [(1, 2)], 10) == slice(0, 10)
    assert encoder.window(offsets, [(99, 100)], 10) == slice(90, 100)
    assert encoder.window(offsets, [], 10) == slice(0, 10)

"""Texts a second: our judge against transformers.pipeline on the same weights, in the same run.

    python benchmarks/score.py [--texts 5000]

The texts are made here, all different, with the spread of lengths of public posts (half under 25 words, one in
twenty over 100), or with --short as tweets are. The pipeline runs as its documentation shows it, in fp32, on texts that
are already cleaned for it; it cannot mark the brand where it stands, so some labels differ. VADER and TextBlob stand
beside it where they are installed.
"""

import argparse
import platform
import random
import time
from typing import Any

import quality
import torch
from safetensors.torch import load_file
from transformers import BertConfig, BertForSequenceClassification, PreTrainedTokenizerFast, pipeline

from earful.models import encoder, sentiment

SLICE = 1000  # texts a turn
BRANDS = ["Ferrywell", "Brimstone", "Kettle & Co", "Lanternbank", "Oxbow Air"]
OPENINGS = [
    "Honestly,",
    "So",
    "@{brand}",
    "Update:",
    "Dear {brand},",
    "lol",
    "Three weeks later and",
    "Well,",
    "FYI",
    "",
]
MIDDLES = [
    "{brand} {did} my {thing} {when}",
    "I {felt} what {brand} did with the {thing} {when}",
    "my {thing} from {brand} {was} {when}",
    "has anyone else had their {thing} {was} {when}?",
    "the new {thing} of {brand} {was}, I {felt} it",
    "support told me {when} that the {thing} {was}",
]
WORDS = {
    "did": ["lost", "fixed", "delivered", "cancelled", "replaced", "overcharged", "upgraded", "forgot about"],
    "thing": ["order", "card", "flight", "kettle", "refund", "app login", "subscription", "battery", "loan", "seat"],
    "when": ["yesterday", "again", "within an hour", "after 14 days", "this morning", "for no reason", "on Sunday"],
    "felt": ["love", "hate", "do not understand", "really like", "am tired of", "cannot believe", "do not mind"],
    "was": ["broken", "great", "late", "as described", "a joke", "surprisingly good", "not there", "okay"],
}
ENDINGS = [".", "!", "...", " 😡", " 😂😂", " 👍", " https://example.org/{number}", " #fail", " #happy", "?!"]


def sentence(chance: random.Random, brand: str) -> str:
    """Makes one sentence up."""
    parts = [chance.choice(part) for part in (OPENINGS, MIDDLES, ENDINGS)]
    chosen = {slot: chance.choice(words) for slot, words in WORDS.items()}
    text = f"{parts[0]} {parts[1]}{parts[2]}"
    return text.format(brand=brand, number=chance.randrange(10**6), **chosen).strip()


def make(count: int, most: int = 60) -> list[tuple[str, str]]:
    """Makes (text, brand) pairs of at most so many sentences, all different, the same in every run."""
    chance = random.Random(20)
    pairs: dict[tuple[str, str], None] = {}
    while len(pairs) < count:
        brand = chance.choice(BRANDS)
        sentences = max(1, min(most, round(chance.lognormvariate(0.75, 0.9))))
        pairs[" ".join(sentence(chance, brand) for _ in range(sentences)), brand] = None
    return list(pairs)


def best_size(theirs: Any, inputs: list[dict[str, str]], cut: dict[str, Any]) -> int:
    """Finds the batch size at which the pipeline is fastest here."""
    seconds = {}
    for size in (4, 8, 16, 32, 64):
        began = time.perf_counter()
        theirs(inputs, batch_size=size, **cut)
        seconds[size] = time.perf_counter() - began
    return min(seconds, key=lambda size: seconds[size])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--texts", type=int, default=5000)
    parser.add_argument("--short", action="store_true", help="two sentences at most, as in tweets")
    given = parser.parse_args()
    pairs = make(given.texts, 2 if given.short else 60)
    words = sorted(len(text.split()) for text, _ in pairs)
    judge = sentiment.load()
    shape = BertConfig(**sentiment.read_config(sentiment.SHIPPED / "config.json"))
    network = BertForSequenceClassification(shape).train(False)
    weights = load_file(sentiment.SHIPPED / "model.safetensors")
    own = ("intent.", "pooling.")  # heads that their network lacks: ours does more in its pass
    network.load_state_dict({name: weight for name, weight in weights.items() if not name.startswith(own)})
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_file=str(sentiment.SHIPPED / "tokenizer.json"),
        model_input_names=["input_ids", "token_type_ids", "attention_mask"],
        pad_token="[PAD]",
        unk_token="[UNK]",
        cls_token="[CLS]",
        sep_token="[SEP]",
    )
    theirs = pipeline("text-classification", model=network, tokenizer=tokenizer, device="cpu")
    inputs = [{"text": encoder.clean(text, brand), "text_pair": brand} for text, brand in pairs]
    cut = {"truncation": "only_first", "max_length": judge.max_tokens}
    judge.score(pairs[:200])
    [theirs(one, **cut) for one in inputs[:20]]
    size = best_size(theirs, inputs[:200], cut)
    judgements, labels = [], []
    ours = alone = batched = 0.0  # seconds
    for start in range(0, len(pairs), SLICE):  # in turns, so that whatever else runs here slows all alike
        part = inputs[start : start + SLICE]
        began = time.perf_counter()
        judgements += judge.score(pairs[start : start + SLICE])
        ours += time.perf_counter() - began
        began = time.perf_counter()
        for one in part[::10]:
            theirs(one, **cut)
        alone += 10 * (time.perf_counter() - began)  # every tenth text stands for ten
        began = time.perf_counter()
        labels += [one["label"] for one in theirs(part, batch_size=size, **cut)]
        batched += time.perf_counter() - began

    short = [at for at, one in enumerate(inputs) if len(tokenizer(**one)["input_ids"]) <= judge.max_tokens]
    agree = sum(judgements[at].likeliest == labels[at] for at in short) / len(short)
    kind = "8 bits" if sentiment.eight_bits_are_fast() else "bf16" if sentiment.bf16_is_fast() else "fp32"
    print(
        f"{len(pairs):,} texts, {words[len(words) // 2]} words in the middle, {words[len(words) * 19 // 20]} at 95 %, "
        f"{words[-1]} at most; {torch.get_num_threads()} threads, {platform.machine()}, torch {torch.__version__}\n"
    )
    print("| how | texts/s | ours is faster by |\n|---|---:|---:|")
    print(f"| `Judge.score`, {kind}, batches by token count | {len(pairs) / ours:,.0f} | |")
    print(f"| `transformers.pipeline`, text by text (every tenth) | {len(pairs) / alone:,.0f} | {alone / ours:.1f} × |")
    print(
        f"| `transformers.pipeline`, `batch_size={size}`, its best | {len(pairs) / batched:,.0f} |"
        f" {batched / ours:.1f} × |"
    )
    for name, label in quality.others().items():
        began = time.perf_counter()
        for text, _ in pairs[:SLICE]:
            label(text)
        print(f"| {name} | {min(SLICE, len(pairs)) / (time.perf_counter() - began):,.0f} | |")
    print(f"\nSame label on {agree:.2%} of the {len(short):,} texts that both read whole.")


if __name__ == "__main__":
    main()

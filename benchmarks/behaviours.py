"""How often the judge fails at what every reader of English can do, after CheckList (Ribeiro et al. 2020, Table 1).

    python benchmarks/behaviours.py [--weights FOLDER] [--data FOLDER]

The families are theirs, about airlines as theirs are; the sentences are ours and none of them, nor most of their
words, is trained on. Where a change must not matter, a pair fails as theirs does: the label changes, and the first
label's probability by more than 0.1. The last columns are the paper's own figures for RoBERTa and for the best of the
three commercial services on *their* sentences: a yardstick, not a race on equal ground. With --data the changes are
also made in real posts, as theirs are: one slip of the fingers, a link behind, another first name,
another place.
"""

import argparse
import itertools
import random
from collections.abc import Callable, Iterator
from pathlib import Path
from unittest.mock import patch

from earful.models import sentiment, variants
from earful.models.showings import lines

NEGATIVE, NEUTRAL, POSITIVE = "negative", "neutral", "positive"
GOOD = ["beautiful", "sweet", "extraordinary", "adorable", "awesome", "creative", "incredible", "exceptional"]
BAD = ["nasty", "weird", "rough", "unpleasant", "unhappy", "hard", "lousy", "annoying", "difficult"]
PLAIN = ["Israeli", "Indian", "British", "private", "commercial", "American", "Italian", "Australian"]
NOUN = ["flight", "pilot", "airline", "customer service", "seat", "aircraft", "company", "food", "cabin crew"]
LIKE = ["like", "love", "value", "admire", "enjoy", "appreciate", "welcome"]
HATE = ["dislike", "hate", "regret", "despise", "dread", "abhor"]
PLACES = [("Lima", "Kyoto"), ("Denver", "Hamburg"), ("Cairo", "Boston"), ("Naples", "Seoul"), ("Quito", "Glasgow")]
PEOPLE = [("Rosa", "Kofi"), ("Emma", "Hassan"), ("Li Na", "Peter"), ("Sunita", "Oscar"), ("Bruno", "Leila")]
TWEETS = [
    "@ferrywell my bag from {place} is still not here, {person} at the desk shrugged",
    "@ferrywell thanks {person}, you made our trip to {place} easy",
    "@ferrywell is the 7.40 to {place} on time? {person} is waiting there",
    "Flying to {place} with ferrywell tomorrow, {person} picks me up",
    "@ferrywell four hours on the tarmac in {place}, not even water. {person} missed the wedding",
    "ferrywell upgraded {person} on the way to {place}, what a surprise",
    "@ferrywell changed the gate in {place} without telling us",
    "{person} got the last seat to {place}, thank you ferrywell",
    "Boarding ferrywell to {place}. {person} saved me a window seat",
    "@ferrywell {person} at {place} airport told us three different gates in ten minutes",
    "Day two without luggage in {place}. @ferrywell keeps telling {person} to be patient",
    "{person} and I fly ferrywell to {place} every spring and it has never let us down",
    "@ferrywell does {person} need a visa for a stop in {place}?",
    "ferrywell opens a lounge in {place}, says its director {person}",
    "@ferrywell {person} is eight and you put her on a seat of her own to {place}. Seriously?",
    "Huge thanks to {person} from ferrywell who found my passport in {place}",
    "@ferrywell flight to {place} cancelled, {person} slept on the floor",
    "Coffee with {person} before our ferrywell flight to {place}",
    "{person} says ferrywell to {place} is cheaper on Tuesdays",
    "@ferrywell can I change the name on the {place} booking from {person} to mine?",
    "The crew from {place} was lovely to {person}, well done @ferrywell",
    "{person} paid twice for one ticket to {place} and @ferrywell will not answer",
    "Watching {person} land in {place} on the ferrywell tracker",
    "@ferrywell why does {person} get a refund for {place} and I do not?",
    "ferrywell lost the pram of {person} in {place}. Third time this year",
    "{person} slept all the way to {place}, best ferrywell flight so far",
    "@ferrywell the card reader to {place} was broken, {person} went without lunch",
    "Reading that ferrywell and {person} talk about a route to {place}",
    "@ferrywell please tell {person} on the {place} desk she made my week",
    "{place} with ferrywell: late out, late in, and {person} missed the bus",
    "@ferrywell is there a vegan meal to {place}? {person} asks",
    "{person} booked ferrywell to {place} for June",
]

POSTS = ("tweeteval_val", "sxsw_brands", "semeval16_CE_topic")

TOLERANCE = 0.1  # of the first label's probability: https://github.com/marcotcr/checklist, test_types.INV

Case = tuple[str, Callable[[str], bool]]  # a text, and whether a label is right


def is_(*labels: str) -> Callable[[str], bool]:
    """Gives a test that passes some labels."""
    return lambda label: label in labels


def stated() -> Iterator[tuple[str, float, float, list[Case]]]:
    """Gives each family whose label is known: name, RoBERTa's and the best service's failure rate, cases."""
    good = list(itertools.product(NOUN, GOOD))
    bad = list(itertools.product(NOUN, BAD))
    plain = list(itertools.product(NOUN, PLAIN))
    yield "neutral words only", 81.8, 0.0, [(f"The {noun} was {word}.", is_(NEUTRAL)) for noun, word in plain]
    yield (
        "words of praise and blame",
        0.2,
        2.8,
        [(f"That was a {word} {noun}.", is_(POSITIVE)) for noun, word in good]
        + [(f"That was a {word} {noun}.", is_(NEGATIVE)) for noun, word in bad],
    )
    yield (
        "used to, but now",
        11.0,
        36.6,
        [
            (f"I used to {one} this airline, although now I {other} it.", is_(label))
            for likes, label in ((True, NEGATIVE), (False, POSITIVE))
            for one, other in itertools.product(*((LIKE, HATE) if likes else (HATE, LIKE)))
        ],
    )
    yield (
        "blame denied is not blame",
        2.6,
        18.8,
        [(f"The {noun} isn't {word}.", is_(POSITIVE, NEUTRAL)) for noun, word in bad],
    )
    yield (
        "neutral denied is neutral",
        95.4,
        39.6,
        [(f"The {noun} isn't {word}.", is_(NEUTRAL)) for noun, word in plain],
    )
    yield (
        "blame denied at the end",
        7.2,
        90.4,
        [(f"I thought the {noun} would be {word}, but it wasn't.", is_(POSITIVE, NEUTRAL)) for noun, word in bad],
    )
    yield (
        "praise denied around neutral words",
        30.2,
        98.4,
        [
            (f"I don't think, given that I come from Peru, that it was a {word} {noun}.", is_(NEGATIVE))
            for noun, word in good
        ],
    )
    yield (
        "the author's opinion counts",
        30.0,
        45.4,
        [
            (f"Some say the {noun} is {one}, I say it is {other}.", is_(label))
            for noun in NOUN
            for first, second, label in ((GOOD, BAD, NEGATIVE), (BAD, GOOD, POSITIVE))
            for one, other in zip(first, second, strict=False)
        ],
    )
    yield (
        "asked and affirmed",
        3.0,
        9.0,
        [(f"Do I think the {noun} was {word}? Yes.", is_(POSITIVE)) for noun, word in good]
        + [(f"Do I think the {noun} was {word}? Yes.", is_(NEGATIVE)) for noun, word in bad],
    )
    yield (
        "asked and denied",
        54.8,
        81.6,
        [(f"Do I think the {noun} was {word}? No.", is_(NEGATIVE)) for noun, word in good]
        + [(f"Do I think the {noun} was {word}? No.", is_(POSITIVE, NEUTRAL)) for noun, word in bad],
    )


def changed() -> Iterator[tuple[str, float, float, list[tuple[str, str]]]]:
    """Gives each family in which a change must not change the label: name, both rates, pairs of texts."""
    chance = random.Random(4)
    filled = [
        (text, place, person)
        for text in TWEETS
        for place, person in itertools.product([one for pair in PLACES for one in pair], ["Emma", "Kofi", "Peter"])
    ]

    def swapped(text: str) -> str:
        at = chance.randrange(11, len(text) - 1)
        return text[:at] + text[at + 1] + text[at] + text[at + 2 :]

    plain = [text.format(place=place, person=person) for text, place, person in filled]
    yield "a typing error", 3.8, 5.6, [(text, swapped(text)) for text in plain]
    yield (
        "a link or a handle behind",
        7.4,
        9.6,
        [
            (text, f"{text} {chance.choice(['@x81kq', 'https://t.example/a8Kd', '@user https://t.example/1'])}")
            for text in plain
        ],
    )
    yield (
        "another place",
        6.4,
        7.0,
        [
            (text.format(place=one, person="Emma"), text.format(place=other, person="Emma"))
            for text in TWEETS
            for one, other in PLACES
        ],
    )
    yield (
        "another person",
        2.4,
        2.4,
        [
            (text.format(place="Lima", person=one), text.format(place="Lima", person=other))
            for text in TWEETS
            for one, other in PEOPLE
        ],
    )


def in_posts(data: Path) -> Iterator[tuple[str, list[tuple[tuple[str, str], tuple[str, str]]]]]:
    """Gives changes in real posts that must not change the label: name, pairs of (text, target)."""
    chance = random.Random(1)
    rows = [row for name in ("sentiment_dev", "target_dev") for row in lines(data, name)]

    def slip(text: str) -> str:
        at = chance.randrange(len(text) - 1)
        return text[:at] + text[at + 1] + text[at] + text[at + 2 :]

    for source in POSTS:
        here = [(row["text"], row.get("target") or "") for row in rows if row["source"] == source][:1000]
        yield f"{source}: a typing error", [((text, target), (slip(text), target)) for text, target in here]
        yield (
            f"{source}: a link or a handle behind",
            [((text, to), (variants.linked(text, chance), to)) for text, to in here],
        )
    posts = [(row["text"], row.get("target") or "") for row in rows if row["source"] in POSTS]
    for kind, words in (("person", variants.PEOPLE), ("place", variants.PLACES)):
        with patch.object(variants, "OTHERS", dict.fromkeys(words, words)):
            changed = [((text, to), (variants.elsewhere(text, to, chance), to)) for text, to in posts]
        yield f"posts: another {kind}", [pair for pair in changed if pair[0] != pair[1]]


def moved(one: sentiment.Judgement, other: sentiment.Judgement) -> bool:
    """Tells whether a judgement is another one, and not only because the first was a close call."""
    label = one.likeliest
    return label != other.likeliest and abs(getattr(one, label) - getattr(other, label)) > TOLERANCE


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--weights", type=Path)
    parser.add_argument("--data", type=Path, help="folder with *_dev.jsonl.gz")
    given = parser.parse_args()
    judge = sentiment.load(given.weights)
    print("| behaviour | cases | fails | RoBERTa | best service |\n|---|---:|---:|---:|---:|")
    for name, roberta, service, cases in stated():
        found = judge.score([(text, "") for text, _ in cases])
        fails = sum(not right(one.likeliest) for (_, right), one in zip(cases, found, strict=True))
        print(f"| {name} | {len(cases)} | {fails / len(cases):.1%} | {roberta}% | {service}% |")
    for name, roberta, service, pairs in changed():
        before = judge.score([(text, "ferrywell") for text, _ in pairs])
        after = judge.score([(text, "ferrywell") for _, text in pairs])
        fails = sum(moved(one, other) for one, other in zip(before, after, strict=True))
        print(f"| unmoved by {name} | {len(pairs)} | {fails / len(pairs):.1%} | {roberta}% | {service}% |")
    for name, couples in in_posts(given.data) if given.data else ():
        before, after = (judge.score([couple[at] for couple in couples]) for at in (0, 1))
        fails = sum(moved(one, other) for one, other in zip(before, after, strict=True))
        print(f"| {name} | {len(couples):,} | {fails / len(couples):.1%} | | |")


if __name__ == "__main__":
    main()

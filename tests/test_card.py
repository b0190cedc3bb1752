"""The sums of a card are exact, whatever its parts are."""

import random
from decimal import Decimal

import pytest

from earful.models import card, gist, novelty
from earful.models.card import OTHERS, UNKNOWN, split


def exact(value: float) -> Decimal:
    """A number as it is shown and written into JSON."""
    return Decimal(str(value))


@pytest.mark.parametrize("seed", range(300))
def test_the_parts_sum_to_the_whole_exactly(seed: int) -> None:
    chance = random.Random(seed)
    names = [f"part {number}" for number in range(chance.choice([0, 1, 2, 5, 6, 7, 40]))] + [""]
    observed = {name: chance.choice([0, 0, 1, 3, 50]) for name in names if chance.random() < 0.8}
    history = {name: chance.choice([1e-9, 0.3, 7.0, 1000.0]) for name in names if chance.random() < 0.6}
    expected = card.tenths(chance.choice([0.0, 0.04, 0.1, 1 / 3, 2.25, 17.77, 999.99]))
    shown = chance.sample(sorted(observed), min(2, len(observed))) if chance.random() < 0.3 else None
    parts = split(observed, history, expected, shown)
    total = sum(observed.values())
    assert sum(part.observed for part in parts) == total
    assert sum((exact(part.expected) for part in parts), Decimal(0)) == exact(expected)
    assert sum((exact(part.excess) for part in parts), Decimal(0)) == exact(card.tenths(total - expected))
    for part in parts:
        assert exact(part.excess) == part.observed - exact(part.expected)
    shares = sum((exact(part.share) for part in parts), Decimal(0))
    assert shares == (1 if total > expected else 0)
    named = [part.name for part in parts if part.name != OTHERS]
    assert len(named) == len(set(named)) <= 5
    assert [part.name for part in parts].count(OTHERS) <= 1


def test_what_is_expected_goes_by_what_each_brought_before() -> None:
    parts = split({"forum": 14, "shop": 1}, {"shop": 30.0, "forum": 10.0, "news": 40.0}, 4.0)
    assert [(one.name, one.observed, one.expected, one.excess, one.share) for one in parts] == [
        ("forum", 14, 0.5, 13.5, 1.23),
        ("shop", 1, 1.5, -0.5, -0.05),
        (OTHERS, 0, 2.0, -2.0, -0.18),
    ]


def test_the_largest_remainder_is_rounded_up() -> None:
    parts = split({"a": 1, "b": 1, "c": 1}, {"a": 1.0, "b": 1.0, "c": 1.1}, 1.0)
    assert {one.name: one.expected for one in parts} == {"a": 0.3, "b": 0.3, "c": 0.4}


@pytest.mark.parametrize("seed", range(100))
def test_equal_parts_have_equal_shares_where_others_take_the_difference(seed: int) -> None:
    chance = random.Random(seed)
    count, of_others = chance.randrange(2, 6), chance.randrange(1, 40)
    parts = split(
        {**dict.fromkeys("abcde"[:count], 1), **{f"z{n}": 1 for n in range(of_others)}}, {}, 0.7, "abcde"[:count]
    )
    assert parts[-1].name == OTHERS and len({one.share for one in parts[:-1]}) == 1
    assert sum((exact(one.share) for one in parts), Decimal(0)) == 1
    whole = sum(one.excess for one in parts)
    assert all(abs(one.share - one.excess / whole) <= 0.03 for one in parts)


def test_without_a_history_nobody_was_expected() -> None:
    parts = split({"a": 3, "": 2}, {}, 1.5)
    assert [(one.name, one.expected, one.excess) for one in parts] == [
        ("a", 0.0, 3.0),
        (UNKNOWN, 0.0, 2.0),
        (OTHERS, 1.5, -1.5),
    ]


def test_nothing_has_no_parts() -> None:
    assert split({}, {}, 0.0) == ()
    assert split({"a": 0}, {}, 0.0) == ()


def test_new_words_are_those_beyond_chance() -> None:
    before = ["the parcel was late", "my parcel is late again", "good prices, late parcel", "late, as ever"] * 10
    now = ["the lid broke again", "lid broke on day two", "my lid broke", "a broken lid, it broke", "late parcel"]
    found = novelty.words(now, before, 5)
    assert found[0] == ("lid broke", 3, 0) or found[0][0] in ("lid", "broke")
    assert all("late" not in word and "parcel" not in word for word, _, _ in found)
    assert novelty.words(now, [], 5) == novelty.words([], before, 5) == []
    assert novelty.words(before, before, 5) == []


def test_a_word_that_is_no_word_is_not_new() -> None:
    assert novelty.words(["x" * 500] * 9, ["a word"] * 50, 5) == []


def test_the_parts_of_an_address_are_no_words() -> None:
    before = [f"acme was fine on day {number}" for number in range(30)]
    now = [f"acme recall, see https://evil.example/{place} or www.evil.example/recall" for place in range(10)]
    assert [one[0] for one in novelty.words(now, before, 9)] == ["acme recall"]
    assert novelty.held("https://acme.example/recall", ["recall"]) == 0


def test_texts_are_alike_when_half_of_the_shorter_stands_in_the_other() -> None:
    one = "Charged twice and nobody answers the phone"
    assert novelty.alike(one, "charged twice, and nobody answers the phone. Never again, and I tell everybody")
    assert novelty.alike("", "anything") is False
    assert not novelty.alike(one, "They took my money two times, the phone is dead")


OURS = ["the fees of Acme Bank"] * 5 + ["Acme Bank took my money"] * 5
THEIRS = ["they took my money"] * 30 + ["the fees are high"] + ["what a bank"] * 7


def test_what_stories_share_and_those_of_others_do_not() -> None:
    assert novelty.distinct(OURS, [], THEIRS, "AcmeBank", 5) == [("fees", 5, 1)], "nobody is told by his own name"
    assert novelty.distinct(OURS, [], THEIRS, "Globex", 1)[0][0] == "acme bank"
    assert novelty.distinct(OURS, [], [], "AcmeBank", 5) == novelty.distinct([], [], THEIRS, "AcmeBank", 5) == []
    assert novelty.distinct(OURS, [], OURS * 3, "", 5) == []


def test_what_always_stood_beside_the_name_is_of_the_name() -> None:
    ours, others = ["the refund of Acme Finance"] * 6, ["no word of it, says one"] * 40
    always = ["by Acme Finance"] * 3
    assert novelty.distinct(ours, always, others, "Acme", 5) == [("refund", 6, 0)]
    assert "finance" in [word for word, *_ in novelty.distinct(ours, always[:2], others, "Acme", 5)]


def part(name: str, observed: int, excess: float, share: float) -> card.Part:
    return card.Part(name, observed, observed - excess, excess, share)


THEMES = {"theme": (part("Delivery", 9, 8.0, 0.8), part("no theme", 2, 2.0, 0.2))}
SPREAD = {"theme": (part("Delivery", 2, 1.0, 0.1), part("others", 9, 9.0, 0.9)), "author": (part("ada", 2, 2.0, 0.2),)}
ONE = {"source": (part("rss:a", 9, 8.5, 0.85), part("rss:b", 2, 1.5, 0.15)), "author": (part("ada", 5, 5.0, 0.5),)}
WHOLE = {"source": (part("rss:a", 11, 10.1, 1.01), part("others", 0, -0.1, -0.01))}
REFUND = card.New("words", "refund", 4, 1, 11, 72)


@pytest.mark.parametrize(
    ("splits", "new", "before", "said"),
    [
        (THEMES, [], 100, "About “Delivery”: 8.0 of the 10.0 more than expected."),
        (SPREAD, [REFUND], 72, "New: “refund” (4 of 11); before, 1 of 72."),
        (SPREAD, [card.New("distinct", "fees", 6, 0, 17, 240)], 7, "Many say “fees” (6 of 17); of other brands, none."),
        (SPREAD, [], 7, "No word or theme is common to them beyond chance, and only 7 stories came before: "),
        (SPREAD, [], 70, "No word or theme is common to them beyond chance: they tell of many things."),
        (WHOLE, [], 70, "From rss:a: all 11. No word"),
        (ONE, [REFUND], 72, "From rss:a: 8.5 of the 10.0 more than expected. 5 of 11 are by ada."),
    ],
)
def test_the_reason_says_what_stories_have_in_common(splits, new: list[card.New], before: int, said: str) -> None:
    told = gist.why(11, splits, new, before)
    assert said in told
    assert ("No word" in told) == ("No word" in said)


def test_a_name_of_any_length_leaves_room_for_the_rest() -> None:
    told = gist.why(10, {"author": (part("a" * 4000, 9, 9.0, 0.9),)}, [], 100)
    assert len(told) < 300 and "9 of 10 are by aaa" in told and told.endswith("they tell of many things.")

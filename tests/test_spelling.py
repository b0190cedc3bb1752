"""Slips of the fingers are put right before a text is read; names and what is judged stay as they were written."""

import random

import pytest

from earful.models import encoder, sentiment, spelling


@pytest.fixture(scope="module")
def known() -> dict[str, int]:
    return spelling.vocabulary(sentiment.read_tokenizer(sentiment.SHIPPED / "tokenizer.json"))


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("Acme chagned my flihgt without tellign us", "Acme changed my flight without telling us"),
        ("teh parcel is borken, again!", "the parcel is broken, again!"),
        ("Aemrican seats", "american seats"),
        ("th eflight was late", "the flight was late"),
        ("thef light was late", "the flight was late"),
        ("they lost my bagga gei n Lima", "they lost my bagga gei n Lima"),  # three words are beyond it
        ("it was soemthing.", "it was something."),
    ],
)
def test_two_letters_that_changed_places_change_back(written: str, meant: str, known: dict[str, int]) -> None:
    assert spelling.mended(written, "Acme", known) == meant


@pytest.mark.parametrize(
    "text",
    [
        "Palin and Romo flew with @acme",  # names
        "oysters and chips, iPads on sale, moms at work",  # plurals before a short word
        "the scones were great lol imo",
        "#flihgt @borken http",
        "naïve fiancée", "don't isn't", "x", "", "ﬂihgt", "a1b2 c3",
    ],
)  # fmt: skip
def test_what_is_no_slip_stays(text: str, known: dict[str, int]) -> None:
    assert spelling.mended(text, "Acme", known) == text


def test_what_is_judged_keeps_its_spelling(known: dict[str, int]) -> None:
    assert spelling.mended("Flihgt lost my bag", "", known) == "flight lost my bag"
    assert spelling.mended("Flihgt lost my bag", "Flihgt", known) == "Flihgt lost my bag"
    assert spelling.mended("th eflight", "Eflight Air", known) == "th eflight"
    assert spelling.mended("thef light", "Light", known) == "thef light"


def test_a_text_of_one_endless_word_takes_no_time(known: dict[str, int]) -> None:
    word = "ab" * 6_000
    assert spelling.mended(word, "", known) == word


def test_a_slip_leaves_the_judgement_where_it_was() -> None:
    judge = sentiment.load()
    right = "Acme changed the gate without telling anybody and lost my papers"
    wrong = "Acme chagned the gate wihtout tellign anyboyd and lost my papres"
    one, other = judge.score([(right, "Acme"), (wrong, "Acme")])
    assert one == other


def test_whatever_is_written_nothing_but_neighbours_changes(known: dict[str, int]) -> None:
    chance = random.Random(3)
    letters = "aeinorst  .,!?'\"@#-éß😡"
    for _ in range(3000):
        text = encoder.clean("".join(chance.choices(letters, k=chance.randrange(40))))
        mended = spelling.mended(text, "", known)
        assert sorted(mended.lower()) == sorted(text.lower())
        assert mended.count(" ") == text.count(" ")

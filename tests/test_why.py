"""Why a text got its score: the words that carry it stand out, within bounds, whatever the text."""

import pytest

from earful.models import sentiment, why


@pytest.fixture(scope="module")
def judge() -> sentiment.Judge:
    return sentiment.load()


def test_the_word_that_carries_the_blame_stands_out(judge: sentiment.Judge) -> None:
    found = why.pieces(judge, "Yesterday I found that the Ferrywell kettle is terrible", "Ferrywell")
    assert min(found, key=lambda one: one.effect).text == "terrible"
    assert min(one.effect for one in found) < -0.2


def test_the_word_that_carries_the_praise_stands_out(judge: sentiment.Judge) -> None:
    found = why.pieces(judge, "Yesterday I found that the Ferrywell kettle is excellent", "Ferrywell")
    assert max(found, key=lambda one: one.effect).text == "excellent"
    assert max(one.effect for one in found) > 0.2


def test_every_word_but_the_brand_is_tried_in_order(judge: sentiment.Judge) -> None:
    found = why.pieces(judge, "@ferrywell lost my parcel, Ferrywell!", "Ferrywell")
    assert [one.text for one in found] == ["lost", "my", "parcel,"]
    assert [one.start for one in found] == sorted(one.start for one in found)


def test_a_long_text_is_tried_around_the_brand_in_few_pieces(judge: sentiment.Judge) -> None:
    text = "filler words here " * 2000 + "the Ferrywell kettle is terrible " + "more filler words " * 2000
    found = why.pieces(judge, text, "Ferrywell")
    assert 0 < len(found) <= why.MOST
    assert any("terrible" in one.text for one in found)


@pytest.mark.parametrize("text", ["", " ", "😡", "Ferrywell", "\n" * 100_000, "a" * 100_000, "\ud800 bad"])
def test_odd_texts_break_nothing(judge: sentiment.Judge, text: str) -> None:
    assert len(why.pieces(judge, text, "Ferrywell")) <= 2


def test_a_text_without_a_brand_is_tried_too(judge: sentiment.Judge) -> None:
    assert [one.text for one in why.pieces(judge, "so bad", "")] == ["so", "bad"]

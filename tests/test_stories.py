"""Which mentions tell the same story."""

import re

from earful.models.stories import LEAD_WORDS, LEAST_WORDS, story

WIRE = (
    "Acme, the maker of coffee machines, said on Monday that it recalls forty thousand kettles because their handles "
    "may come off when hot water is poured, and asks its customers to stop using them at once."
)


def test_copies_tell_one_story_whoever_prints_them() -> None:
    copies = [
        WIRE,
        WIRE.upper(),
        "  " + WIRE.replace(" ", "\n"),
        WIRE.replace(",", " –").replace("Monday", "“Monday”"),
        WIRE + " The Daily Kettle asked a shop nearby, where nobody had heard of it.",
    ]
    names = {story(f"rss:paper{place}", f"id{place}", text, None) for place, text in enumerate(copies)}
    assert len(names) == 1
    assert re.fullmatch(r"[0-9a-f]{16}", names.pop())


def test_other_words_tell_another_story() -> None:
    assert story("rss:a", "1", WIRE, None) != story("rss:a", "1", WIRE.replace("forty", "fifty"), None)


def test_only_the_first_words_count() -> None:
    words = [f"word{number}" for number in range(LEAD_WORDS + 5)]
    early, late = words.copy(), words.copy()
    early[LEAD_WORDS - 1] = late[LEAD_WORDS] = "changed"
    whole = story("a", "1", " ".join(words), None)
    assert story("b", "2", " ".join(late), None) == whole
    assert story("b", "2", " ".join(early), None) != whole


def test_short_texts_stand_for_themselves() -> None:
    assert story("rss:a", "1", "Great app!", None) != story("rss:a", "2", "Great app!", None)
    assert story("rss:a", "1", "Great app!", None) != story("rss:b", "1", "Great app!", None)
    assert story("rss:a", "1", "Great app!", None) == story("rss:a", "1", "Dreadful app!", None)
    words = [f"w{number}" for number in range(LEAST_WORDS)]
    assert story("a", "1", " ".join(words), None) == story("b", "2", " ".join(words), None)
    assert story("a", "1", " ".join(words[1:]), None) != story("b", "2", " ".join(words[1:]), None)


def test_a_rated_review_stands_for_itself_however_long() -> None:
    assert story("appstore:us/1", "1", WIRE, 1.0) != story("appstore:us/1", "2", WIRE, 1.0)


def test_the_name_of_a_source_does_not_run_into_the_id() -> None:
    assert story("rss:a", "bc", "Meh", None) != story("rss:ab", "c", "Meh", None)
    assert story("", "", "", None) == story("", "", "", None)


def test_other_scripts_have_words_too() -> None:
    russian = (
        "Компания отозвала сорок тысяч чайников потому что ручки могут отвалиться когда льют горячую воду на кухне"
    )
    assert story("a", "1", russian, None) == story("b", "2", russian.upper(), None)

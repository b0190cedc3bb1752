"""A card made from a store: its sums, what is new in it, who spoke first, and what it does not know."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from samples import Said, config, hourly, keep, rows, told

from earful.data.database import Database
from earful.flows import watch
from earful.flows.config import Rule

HOUR = timedelta(hours=1)
START = datetime(2025, 3, 3, tzinfo=UTC)
CRISIS = START + timedelta(days=14)
FORUM, NEWS, SHOP = "rss:https://forum.example/", "rss:https://news.example/", "appstore:us/1"


@pytest.fixture(scope="module")
def card(tmp_path_factory: pytest.TempPathFactory) -> dict:
    """The card of a crisis: a leaking lid, told in a forum that always speaks, and in a shop that never did before."""
    settings = config(tmp_path_factory.mktemp("card"), rules=[Rule(name="Criticism", step=HOUR)])
    database = Database(settings.store_folder)
    keep(database, hourly(START, [0, 1, 1, 0, 2, 0] * 56, author="berta", text="the parcel came late"), CRISIS)
    keep(database, hourly(START, [0, 1] * 168, source=NEWS, author="cleo", text="late once more"), CRISIS)
    said = [
        *hourly(CRISIS, [9, 12], author="ada", text="the lid leaks, a parcel of tea"),
        *hourly(CRISIS, [4, 5], source=SHOP, author="dora", text="my lid leaks badly"),
        *hourly(CRISIS, [3, 2], source=FORUM, label="unscored", text="lokið lekur"),
        *hourly(CRISIS, [1, 0], label="unclear"),
        Said(CRISIS + 20 * timedelta(seconds=1), author="emil", text="it leaks", story="wire"),
        Said(CRISIS + 30 * timedelta(minutes=1), author="wire", text="it leaks", story="wire", source=NEWS),
    ]
    keep(database, said, CRISIS + 2 * HOUR)
    with database.transaction() as con:
        con.execute("INSERT INTO gaps VALUES (?, ?, ?, 'status 500')", [NEWS, CRISIS - HOUR, CRISIS + HOUR])
        con.execute("UPDATE sources SET state = 'failing' WHERE source = ?", [NEWS])
        con.execute("UPDATE facts SET language = 'is' WHERE label = 'unscored'")
    changes = watch.watch(database, settings, lambda: CRISIS + 2 * HOUR + timedelta(minutes=5))
    assert [one.state for one in changes] == ["pending", "firing"]
    assert rows(database, "SELECT card ->> '$.observed' FROM alerts") == [("31",)]
    assert rows(database, changes[-1].card["query"]) == [(31,)]
    return changes[-1].card


def test_every_split_sums_to_the_excess(card: dict) -> None:
    assert set(card["splits"]) == {"source", "story", "author", "language"}, "no themes were found yet"
    excess = Decimal(str(card["excess"]))
    assert excess == card["observed"] - Decimal(str(card["expected"]))
    for name, parts in card["splits"].items():
        assert sum(Decimal(str(part["excess"])) for part in parts) == excess, name
        assert sum(Decimal(str(part["share"])) for part in parts) == 1, name
        assert sum(part["observed"] for part in parts) == card["observed"], name
    assert card["low"] < card["excess"] <= card["high"] <= card["observed"]
    assert card["usual"] == pytest.approx(card["observed"] - card["low"])


def test_sources_are_expected_by_what_they_brought(card: dict) -> None:
    found = {part["name"]: part for part in card["splits"]["source"]}
    assert {name: part["observed"] for name, part in found.items()} == {FORUM: 22, SHOP: 9, "others": 0}
    assert found[SHOP]["expected"] == 0
    assert found[FORUM]["expected"] > found["others"]["expected"] > 0, "the news bring less, and were expected too"


def test_a_story_counts_once_however_often_it_was_told(card: dict) -> None:
    *stories, others = card["splits"]["story"]
    (told,) = [part for part in stories if part["mentions"] > 1]
    assert others["name"] == "others" and len(stories) == 5
    assert (told["name"], told["observed"], told["mentions"], told["source"]) == ("it leaks", 1, 2, FORUM)
    assert card["splits"]["story"][0] == told


def test_what_is_new_and_who_spoke_first(card: dict) -> None:
    new = {(one["kind"], one["name"]): (one["observed"], one["before"]) for one in card["new"]}
    assert new["source", SHOP] == (9, 0)
    assert new["author", "ada"] == (21, 0)
    assert [one for one in new if one[0] == "words" and "leaks" in one[1]]
    assert not [one for one in new if one[0] == "words" and {"parcel", "late"} & set(one[1].split())]
    assert (card["first"]["author"], card["first"]["text"]) == ("emil", "it leaks")
    assert len({quote["author"] for quote in card["quotes"]}) == 3


def test_what_is_not_known_is_said(card: dict) -> None:
    said = {(one["kind"], one["name"]): (one["count"], one["said"]) for one in card["unknown"]}
    assert said["gap", NEWS] == (0, f"{NEWS} could not be read, or not wholly, for a part of this time")
    assert said["source", NEWS] == (0, f"{NEWS} is not heard now: failing")
    assert said["unscored", "is"] == (5, "5 stories in Icelandic could not be scored")
    assert said["unclear", "en"] == (1, "1 story in English may or may not be negative")
    assert len(said) == 4


def test_the_quotes_say_what_is_new(tmp_path: Path) -> None:
    settings = config(tmp_path, rules=[Rule(name="Criticism", step=HOUR)])
    database = Database(settings.store_folder)
    keep(database, hourly(START, [0, 1, 1, 0, 2, 0] * 56, text="the parcel came late"), CRISIS)
    texts = ["the parcel came late"] * 20 + ["my lid is leaking, and the parcel came late"] * 10
    texts[25] = "since Monday the whole kitchen has been leaking"
    said = [
        Said(CRISIS + 4 * place * timedelta(minutes=1), author=f"u{place}", text=text)
        for place, text in enumerate(texts)
    ]
    keep(database, said, CRISIS + 2 * HOUR)
    changes = watch.watch(database, settings, lambda: CRISIS + 2 * HOUR + timedelta(minutes=5))
    assert "leaking" in [one["name"] for one in changes[-1].card["new"]]
    assert [quote["author"] for quote in changes[-1].card["quotes"]] == ["u0", "u25", "u20"], (
        "the loudest, then the new in other words, then the new once more"
    )


def test_the_series_ends_with_the_alert(card: dict) -> None:
    assert len(card["series"]) == 48
    assert [one["observed"] for one in card["series"][-2:]] == [14, 17]
    assert card["series"][-1]["finish"] == card["finish"] == (CRISIS + 2 * HOUR).isoformat()
    assert card["peak"] in card["series"] and card["duration"] is None
    assert card["page"].startswith("http://localhost:8501/alerts?alert=Acme%7CCriticism%7C2025-03-17")


def test_a_brand_that_was_never_spoken_of_before_has_no_news(tmp_path: Path) -> None:
    """All is new then; to say so of each word would say nothing."""
    settings = config(tmp_path, rules=[Rule(name="Criticism", step=HOUR, sensitivity="sensitive")])
    database = Database(settings.store_folder)
    keep(database, hourly(START, [0] * 23 + [1] + [0] * 215, label="neutral"), CRISIS)
    begin = START + 239 * HOUR
    keep(database, hourly(begin, [30, 30], author="ada", text="it leaks"), CRISIS)
    changes = watch.watch(database, settings, lambda: begin + 2 * HOUR + timedelta(minutes=5))
    assert changes and changes[-1].card["new"] == []


def test_where_too_little_came_before_stories_are_compared_with_those_about_others(tmp_path: Path) -> None:
    settings = config(tmp_path, rules=[Rule(name="Criticism", step=HOUR, sensitivity="sensitive")])
    database = Database(settings.store_folder)
    keep(database, [Said(START, text="the parcel came late")], START + HOUR)
    others = hourly(CRISIS - 48 * HOUR, [2] * 48, brand="Globex", text="Globex sent a parcel late")
    keep(database, [*others, *hourly(CRISIS, [9, 9], text="the lid of my Acme leaks")], CRISIS + 2 * HOUR)
    card = watch.watch(database, settings, lambda: CRISIS + 2 * HOUR + timedelta(minutes=5))[-1].card
    found = {(one["kind"], one["name"]): (one["observed"], one["before"], one["of"]) for one in card["new"]}
    assert [one for one in found if one[0] == "distinct" and "leaks" in one[1]] or "leaks" in card["why"]
    assert not [one for one in found if "acme" in one[1]], "its name is no reason"
    assert "of other brands, none" in card["why"]
    for name, parts in card["splits"].items():
        assert sum(Decimal(str(part["excess"])) for part in parts) == Decimal(str(card["excess"])), name


def test_the_reason_is_told_first_in_every_message(card: dict) -> None:
    _, body = told({"state": "firing", "card": card})
    assert body.startswith("New: “"), "what is new"
    assert "of 31 are by ada" in body.partition("\n")[0]
    _, over = told({"state": "resolved", "card": card | {"duration": 7200.0}})
    assert card["why"] not in over

"""People's decisions: kept as rows, never changed, and left as they are when the themes are found anew."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import duckdb
import harness
import pytest
import themed_store

from earful.data import board, events
from earful.data.board import Card, Standing
from earful.data.database import Database

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
DAY = timedelta(days=1)
Connection = duckdb.DuckDBPyConnection


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Database:
    database = Database(tmp_path_factory.mktemp("store"))
    with database.transaction() as con:
        for theme, name in (("t1", "parcel, lost"), ("t2", "late"), ("t3", "rude")):
            themed_store.add(con, theme, "Acme", name)
    return database


@pytest.fixture
def con(database: Database) -> Iterator[Connection]:
    """Gives a connection whose changes are undone after the test."""
    with database.look() as con:
        yield con


def decide(con: Connection, theme: str, kind: str, minutes: int = 0, **value: str) -> None:
    board.decide(con, "Acme", theme, kind, value, "eva", NOW + timedelta(minutes=minutes))


def note(con: Connection, field: str, value: object, minutes: int = 0, theme: str = "t1") -> None:
    board.change_card(con, "Acme", theme, field, value, "eva", NOW + timedelta(minutes=minutes))


def count(con: Connection, table: str) -> int:
    row = con.execute(f"SELECT count(*) FROM {table}").fetchone()
    assert row is not None
    return int(row[0])


# Themes


def test_the_latest_decision_counts_and_the_earlier_ones_stay(con: Connection) -> None:
    decide(con, "t1", "rename", name=" Lost\n parcels ")
    decide(con, "t1", "rename", 1, name="Parcels gone")
    decide(con, "t1", "hide", 2)
    decide(con, "t1", "pin", 3)
    decide(con, "t1", "show", 4)
    assert board.standing(con, "Acme") == {"t1": Standing("Parcels gone", hidden=False, pinned=True)}
    assert [(one.kind, one.author) for one in board.decisions(con, "Acme")] == [
        ("rename", "eva"),
        ("rename", "eva"),
        ("hide", "eva"),
        ("pin", "eva"),
        ("show", "eva"),
    ]
    assert board.decisions(con, "Acme")[0].value == {"name": "Lost parcels"}
    assert board.standing(con, "Bolt") == {}


def test_a_decision_that_changes_nothing_leaves_no_row(con: Connection) -> None:
    for _ in range(2):
        decide(con, "t1", "hide")
        decide(con, "t1", "rename", name="Lost")
        decide(con, "t1", "merge", into="t2")
    decide(con, "t2", "show")
    assert count(con, "theme_decisions") == 3


def test_decisions_within_one_moment_keep_their_order(con: Connection) -> None:
    for name in ("a", "b", "c", "d"):
        decide(con, "t1", "rename", name=name)
        note(con, "owner", name)
    assert board.standing(con, "Acme")["t1"].name == "d"
    assert board.cards(con, "Acme")["t1"].owner == "d"


def test_a_merge_is_taken_back(con: Connection) -> None:
    decide(con, "t1", "merge", into="t2")
    decide(con, "t1", "merge", 1, into="")
    assert board.standing(con, "Acme") == {"t1": Standing()}
    decide(con, "", "move", 2, source="shop", id="a1")
    assert [one.kind for one in board.decisions(con, "Acme")] == ["merge", "merge", "move"]


def test_merges_are_followed_to_their_end_and_never_run_in_a_circle(con: Connection) -> None:
    decide(con, "t1", "merge", into="t2")
    decide(con, "t2", "merge", into="t3")
    stands = board.standing(con, "Acme")
    assert [board.root(stands, theme) for theme in ("t1", "t2", "t3")] == ["t3"] * 3
    with pytest.raises(ValueError, match="already"):
        decide(con, "t3", "merge", into="t1")
    loop = {"a": Standing(into="b"), "b": Standing(into="a")}
    assert board.root(loop, "a") in ("a", "b")


@pytest.mark.parametrize(
    ("theme", "kind", "value", "said"),
    [
        ("t9", "hide", {}, "no longer there"),
        ("t1", "forget", {}, "one of"),
        ("t1", "rename", {"name": " \n "}, "empty"),
        ("t1", "rename", {"name": "x" * 81}, "80 characters"),
        ("t1", "merge", {"into": "t1"}, "another one"),
        ("t1", "merge", {"into": "t9"}, "another one"),
        ("", "hide", {}, "no longer there"),
    ],
)
def test_what_has_no_sense_is_refused_in_words(con: Connection, theme: str, kind: str, value: dict, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        board.decide(con, "Acme", theme, kind, value, "eva", NOW)
    assert count(con, "theme_decisions") == 0


# Cards


def test_a_card_is_the_latest_of_each_field_and_all_of_its_notes(con: Connection) -> None:
    note(con, "status", {"status": "acknowledged", "on": "2026-11-02"})
    note(con, "owner", "Ada", 1)
    note(con, "owner", "Berta", 2)
    note(con, "due", "2026-12-01", 3)
    note(con, "note", "Asked the carrier.\nNo answer yet.", 4)
    note(con, "note", "They answered.", 5)
    note(con, "link", "https://tickets.example.org/7", 6)
    card = board.cards(con, "Acme")["t1"]
    assert (card.status, card.since, card.owner, card.due) == (
        "acknowledged",
        date(2026, 11, 2),
        "Berta",
        date(2026, 12, 1),
    )
    assert [one.value for one in card.notes] == ["Asked the carrier.\nNo answer yet.", "They answered."]
    assert [one.value for one in card.links] == ["https://tickets.example.org/7"]
    assert [one.field for one in card.history] == ["status", "owner", "owner", "due", "note", "note", "link"]
    note(con, "owner", "  ", 7)
    note(con, "due", "", 8)
    card = board.cards(con, "Acme")["t1"]
    assert (card.owner, card.due) == ("", None)


def test_a_change_of_a_card_that_changes_nothing_leaves_no_row(con: Connection) -> None:
    for minute in range(2):
        note(con, "status", {"status": "acting", "on": "2026-11-02"}, minute)
        note(con, "owner", "Ada", minute)
        note(con, "due", "2026-12-01", minute)
        note(con, "link", "https://tickets.example.org/7", minute)
    assert count(con, "board_changes") == 4


def test_the_days_of_acting_are_those_before_it_was_resolved_last(con: Connection) -> None:
    assert Card("t1").acted() is None
    for minute, (status, on) in enumerate(
        [
            ("acting", "2026-09-01"),
            ("resolved", "2026-09-05"),
            ("new", "2026-10-01"),
            ("acting", "2026-10-03"),
            ("resolved", "2026-10-09"),
        ]
    ):
        note(con, "status", {"status": status, "on": on}, minute)
    assert board.cards(con, "Acme")["t1"].acted() == (date(2026, 10, 3), date(2026, 10, 9))
    note(con, "status", {"status": "resolved", "on": "2026-10-12"}, 9, theme="t2")
    assert board.cards(con, "Acme")["t2"].acted() == (date(2026, 10, 12), date(2026, 10, 12))
    note(con, "status", {"status": "new", "on": "2026-10-20"}, 10)
    assert board.cards(con, "Acme")["t1"].acted() is None


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [
        ("colour", "red", "a card has"),
        ("status", {"status": "done", "on": "2026-11-02"}, "one of"),
        ("status", {"status": "new", "on": "soon"}, "isoformat"),
        ("due", "tomorrow", "isoformat"),
        ("note", " ", "empty"),
        ("note", "x" * 2001, "2000"),
        ("owner", "x" * 81, "80"),
        ("link", "javascript:alert(1)", "no web address"),
        ("link", "https://x.example/\u202egpj.exe", "no web address"),
        ("link", "http://[bad", "no web address"),
        ("link", "https://x.example/" + "a" * 500, "500"),
    ],
)
def test_what_has_no_place_on_a_card_is_refused(con: Connection, field: str, value: object, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        note(con, field, value)
    assert count(con, "board_changes") == 0


def test_decisions_and_cards_outlive_the_themes(con: Connection) -> None:
    decide(con, "t1", "rename", name="Lost parcels")
    note(con, "status", {"status": "acting", "on": "2026-11-02"})
    before = board.standing(con, "Acme"), board.cards(con, "Acme")
    con.execute("DELETE FROM theme_members")
    con.execute("DELETE FROM themes WHERE theme <> 't2'")
    con.execute("UPDATE themes SET name = 'parcel, courier', words = '[]', state = 'growing'")
    assert (board.standing(con, "Acme"), board.cards(con, "Acme")) == before


def test_decisions_outlive_a_replay_and_a_new_run(tmp_path: Path) -> None:
    assert harness.run(tmp_path).code == 0
    brand = "Quillfern"
    with Database(tmp_path / "store").transaction() as con:
        themed_store.add(con, "t1", brand, "broken, again")
        board.decide(con, brand, "t1", "rename", {"name": "Breaks"}, "eva", NOW)
        board.change_card(con, brand, "t1", "owner", "Ada", "eva", NOW)
        mark(con, brand=brand)

    def kept() -> list[list[tuple[object, ...]]]:
        with Database(tmp_path / "store").look() as con:
            tables = ("theme_decisions", "board_changes", "events")
            return [con.execute(f"SELECT * FROM {table} ORDER BY ALL").fetchall() for table in tables]

    before = kept()
    assert [len(rows) for rows in before] == [1, 1, 1]
    assert harness.run(tmp_path, "replay").code == 0
    assert harness.run(tmp_path).code == 0
    assert kept() == before


# Events


def mark(con: Connection, title: str = "Version 2", days: float = 1, brand: str = "", **more: object) -> str:
    values = {"kind": "release", "start": NOW - days * DAY, "finish": None, "link": "", "author": "eva", "now": NOW}
    return events.add(con, brand, title=title, **{**values, **more})  # type: ignore[arg-type]


@pytest.fixture
def known(con: Connection) -> Connection:
    for place, brand in enumerate(("Acme", "Bolt")):
        con.execute("INSERT INTO brands VALUES (?, 'own', 'x', ?)", [brand, place])
    return con


def test_an_event_is_listed_for_its_brand_where_it_touches_the_span(known: Connection) -> None:
    mark(known, "Version 1", 40)
    mark(known, "Outage", 31, kind="outage", finish=NOW - 29 * DAY)
    mark(known, "Prices up", 5, "Acme", kind="price change")
    mark(known, "Bolt's sale", 4, "Bolt", kind="campaign")
    mark(known, "Version 2", 1)
    mark(known, "Version 3", -1)
    found = events.between(known, "Acme", NOW - 30 * DAY, NOW)
    assert [event.title for event in found] == ["Outage", "Prices up", "Version 2"]
    assert [event.title for event in events.newest(known, 2)] == ["Version 3", "Version 2"]


def test_a_script_that_is_run_twice_marks_one_event(known: Connection) -> None:
    assert mark(known, "Version  2 ") == mark(known, "Version 2")
    assert count(known, "events") == 1


def test_a_withdrawn_event_is_no_longer_shown_and_can_be_marked_anew(known: Connection) -> None:
    event = mark(known)
    for _ in range(2):
        events.withdraw(known, event, "ada", NOW)
    assert events.newest(known, 9) == []
    assert events.between(known, "Acme", NOW - 9 * DAY, NOW) == []
    assert mark(known) != event
    assert (count(known, "events"), count(known, "event_withdrawals")) == (2, 1)
    with pytest.raises(ValueError, match="no event"):
        events.withdraw(known, "nothing", "ada", NOW)


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        ({"title": " "}, "title"),
        ({"title": "x" * 121}, "120"),
        ({"kind": "party"}, "one of release"),
        ({"finish": NOW - 2 * DAY}, "after it began"),
        ({"link": "ftp://x.example"}, "https://"),
        ({"brand": "Nobody"}, "no brand"),
    ],
)
def test_what_is_no_event_is_refused(known: Connection, fault: dict, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        mark(known, **fault)
    assert count(known, "events") == 0

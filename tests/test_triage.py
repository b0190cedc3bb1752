"""What a team makes of mentions: kept with its author, found again by it, changed for many at once and taken back."""

from datetime import timedelta
from pathlib import Path

import invented_store
import pytest
from invented_store import NOON, SAID, Said

from earful.data import judgements, queries, store, triage
from earful.data.database import Database
from earful.data.queries import Filters

MONTH = Filters("Acme", NOON - timedelta(days=30), NOON)
SHOP = [("shop", "a1"), ("shop", "a3"), ("shop", "a4"), ("shop", "a7")]


@pytest.fixture
def invented(tmp_path: Path) -> Database:
    """The small store, at its own noon."""
    return invented_store.fill(tmp_path, NOON)


def change(database: Database, id: str, field: str, value: str, minutes: int = 0, author: str = "eva") -> None:
    with database.transaction() as con:
        triage.change(con, ("shop", id), "Acme", field, value, author, NOON + timedelta(minutes=minutes))


def found(database: Database, **narrow: object) -> list[str]:
    """Lists the ids of mentions under the month's filters and some more."""
    filters = Filters("Acme", MONTH.start, MONTH.finish, **narrow)  # type: ignore[arg-type]
    with database.look() as con:
        lines = queries.mentions(con, filters, 100)
        assert queries.count_mentions(con, filters) == len(lines)
    return [line.id for line in lines]


def label(database: Database, id: str) -> tuple[str, bool]:
    with database.look() as con:
        detail = queries.detail(con, "shop", id, "Acme")
    assert detail
    return detail.label, detail.corrected


def intent(database: Database, id: str) -> str:
    with database.look() as con:
        detail = queries.detail(con, "shop", id, "Acme")
    assert detail
    return detail.intent


def score(database: Database, wanted: str) -> None:
    """Scores everything anew, by a model that reads one intent everywhere."""
    rows = [store.Score(**{**vars(row), "intent": wanted}) for row in invented_store.scores(SAID, NOON)]
    with database.transaction() as con:
        store.save_scores(con, invented_store.MODEL, NOON, rows)


# What is kept


def test_of_each_field_the_latest_change_counts_and_all_stay(invented: Database) -> None:
    change(invented, "a3", "status", "seen", 1)
    change(invented, "a3", "status", "to answer", 3)
    change(invented, "a3", "status", "done", 2)  # written last, said earlier
    change(invented, "a3", "assignee", "bo@example.org", 1)
    change(invented, "a3", "note", "call back", 4, "bo")
    with invented.look() as con:
        got = triage.standings(con, "Acme", SHOP)
        assert triage.standings(con, "Bolt", SHOP) == {}
        assert con.execute("SELECT count(*) FROM triage").fetchone() == (5,)
        assert triage.assignees(con) == ["bo@example.org"]
    made = NOON + timedelta(minutes=4)
    assert got == {("shop", "a3"): triage.Standing("to answer", "bo@example.org", "call back", "", "bo", made)}


@pytest.mark.parametrize(
    ("field", "value"),
    [("status", "lost"), ("status", ""), ("intent", "buy"), ("label", "unscored"), ("mood", "x"), ("note", "x" * 4001)],
)
def test_what_a_field_does_not_take_is_refused(invented: Database, field: str, value: str) -> None:
    with invented.transaction() as con:
        with pytest.raises(ValueError, match=field):
            triage.change(con, ("shop", "a3"), "Acme", field, value, "eva", NOON)
        assert con.execute("SELECT count(*) FROM triage").fetchone() == (0,)


def test_a_persons_intent_beats_the_models_and_survives_new_scores_and_words(invented: Database) -> None:
    score(invented, "other")
    change(invented, "a3", "intent", "problem", 1)
    assert (intent(invented, "a3"), intent(invented, "a4")) == ("problem", "other")
    score(invented, "want")
    assert (intent(invented, "a3"), intent(invented, "a4")) == ("problem", "want")
    row = next(row for row in SAID if row.id == "a3")
    edited = Said(row.id, row.brand, row.days, row.source, row.label, "Acme, other words")
    with invented.transaction() as con:
        mention = invented_store.mention(edited, NOON)
        store.save_page(con, "shop", [mention], NOON)
        examined = store.Examined("shop", "a3", store.digest(mention), "en", "a3", ("Acme",))
        store.save_examined(con, "other rules", [examined])
        store.use_model(con, "another model")
    assert (intent(invented, "a3"), intent(invented, "a4")) == ("problem", "")
    change(invented, "a3", "intent", "", 2)
    with invented.transaction() as con:
        store.use_model(con, invented_store.MODEL)
    assert intent(invented, "a3") == "", "its words were edited since the model read them"
    assert found(invented, intents=("want",)) == ["a1", "a4", "a5", "a6", "a7"]


def test_filters_find_what_people_said(invented: Database) -> None:
    everything = found(invented)
    change(invented, "a3", "status", "done", 1)
    change(invented, "a4", "status", "seen", 1)
    change(invented, "a4", "status", "new", 2)
    change(invented, "a7", "assignee", "bo", 1)
    change(invented, "a1", "assignee", "bo", 1)
    change(invented, "a1", "assignee", "", 2)
    assert found(invented, statuses=("done",)) == ["a3"]
    assert found(invented, statuses=("new",)) == [one for one in everything if one != "a3"]
    assert found(invented, statuses=("new", "done")) == everything
    assert found(invented, assignee="bo") == ["a7"]
    assert found(invented, assignee="BO' OR true --") == []


def test_filters_by_rating_and_author(invented: Database) -> None:
    with invented.transaction() as con:
        con.execute("UPDATE mentions SET rating = 2 WHERE id = 'a3'")
        con.execute("UPDATE mentions SET rating = 4 WHERE id = 'a4'")
        store.use_model(con, "none")
    assert found(invented, stars=3) == ["a3"]
    assert found(invented, stars=4) == ["a3", "a4"]
    assert found(invented, author="BERT") == ["a1"]
    assert found(invented, author="%") == []


# Many at once


def test_many_are_labelled_in_one_go_and_given_back_what_they_were(invented: Database) -> None:
    with invented.transaction() as con:
        store.save_correction(con, "shop", "a3", "Acme", "neutral", "ada", NOON)
        store.save_correction(con, "shop", "a7", "Acme", "positive", "ada", NOON)
    with invented.transaction() as con:
        done = triage.change_all(con, SHOP, "Acme", "label", "positive", "eva", NOON + timedelta(minutes=1))
    assert len(done.before) == 3, "one of the four is positive already by a person's word"
    assert {label(invented, one) for _, one in SHOP} == {("positive", True)}
    change_by_other = NOON + timedelta(minutes=2)
    with invented.transaction() as con:
        store.save_correction(con, "shop", "a4", "Acme", "unclear", "bo", change_by_other)
    with invented.transaction() as con:
        assert triage.undo(con, done, "eva", NOON + timedelta(minutes=3)) == 2
    assert [label(invented, one) for _, one in SHOP] == [
        ("negative", False),  # the model's again
        ("neutral", True),
        ("unclear", True),  # what another said meanwhile stays
        ("positive", True),
    ]
    with invented.look() as con:
        assert {(row.id, row.person) for row in judgements.judged(con)} == {
            ("a3", "neutral"),
            ("a4", "unclear"),
            ("a7", "positive"),
        }
        assert con.execute("SELECT count(*) FROM corrections").fetchone() == (2 + 3 + 1 + 2,)


def test_many_are_hidden_assigned_and_given_a_status_and_back(invented: Database) -> None:
    everything = found(invented)
    for minute, (field, value) in enumerate((("about", "no"), ("status", "done"), ("assignee", "bo"))):
        with invented.transaction() as con:
            done = triage.change_all(con, SHOP, "Acme", field, value, "eva", NOON + timedelta(minutes=2 * minute))
            assert set(triage.values(con, "Acme", field, SHOP).values()) == {value}
        if field == "about":
            assert found(invented) == ["a5", "a6"]
        with invented.transaction() as con:
            assert triage.undo(con, done, "eva", NOON + timedelta(minutes=2 * minute + 1)) == 4
    assert found(invented) == everything
    with invented.look() as con:
        assert set(triage.standings(con, "Acme", SHOP).values()) == {triage.Standing()}


def test_nothing_is_written_where_nothing_changes(invented: Database) -> None:
    with invented.transaction() as con:
        done = triage.change_all(con, SHOP, "Acme", "status", "new", "eva", NOON)
        assert (len(done.before), triage.undo(con, done, "eva", NOON)) == (0, 0)
        assert con.execute("SELECT count(*) FROM triage").fetchone() == (0,)

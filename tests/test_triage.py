"""What a team makes of mentions: kept with its author, found again by it, changed for many at once and taken back."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import invented_store
import pytest
from invented_store import NOON, SAID, Said
from paging import page, said

from earful.connectors.types import Mention
from earful.dashboard import bulk, words
from earful.data import database, explained, judgements, people, queries, store, triage
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


# The page


@pytest.fixture
def kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Database:
    """The small store, seen a moment after it was filled."""
    monkeypatch.setenv("EARFUL_STORE", str(tmp_path))
    return invented_store.fill(tmp_path, datetime.now(UTC).replace(microsecond=0))


def rows(kept: Database) -> list[tuple[str, ...]]:
    with kept.look() as con:
        return con.execute("SELECT source, id, brand, field, value, author FROM triage ORDER BY made, field").fetchall()


def test_a_status_is_kept_with_its_author_and_stands_in_the_list(kept: Database) -> None:
    app = page("mentions", at="shop", mention="a3")
    assert app.button(key="status new").proto.type == "primary"
    assert "Status" not in app.dataframe[-1].proto.column_order
    app.button(key="status done").click().run()
    assert rows(kept) == [("shop", "a3", "Acme", "status", "done", "dashboard")]
    app.button(key="status done").click().run()
    assert len(rows(kept)) == 1, "it is so already"
    assert app.button(key="status done").proto.type == "primary"
    assert list(app.dataframe[-1].value["Status"]) == ["", "Done", "", "", "", ""]
    assert list(app.dataframe[-1].value["Open"]) == ["", "▸", "", "", "", ""]


def test_hostile_notes_and_assignees_are_shown_as_they_were_written(kept: Database) -> None:
    nasty = "![x](http://127.0.0.1:9/x.png) **b** \u202e<script>alert(1)</script>"
    with kept.transaction() as con:
        for field in ("assignee", "note"):
            triage.change(con, ("shop", "a3"), "Acme", field, nasty, nasty, datetime.now(UTC))
    app = page("mentions", at="shop", mention="a3", assignee=nasty)
    shown = [one.value for one in app.text if "127.0.0.1" in one.value]
    assert shown[1:2] == [nasty.replace("\u202e", "")] and len(shown) == 3
    for kind in (app.markdown, app.caption, app.button, app.error):
        assert not any("127.0.0.1" in str(one) for one in kind)
    assert "1 story, newest first" in said(app)
    assert app.query_params["assignee"] == nasty


def test_the_form_keeps_what_was_changed_and_nothing_else(kept: Database) -> None:
    score(kept, "other")
    app = page("mentions", at="shop", mention="a3")
    next(one for one in app.text_area if one.label == "Note").set_value("Call back")
    box = next(one for one in app.selectbox if one.label == "What the author does" and one.key is None)
    box.set_value("problem")
    next(one for one in app.button if one.label == "Save").click().run()
    assert [row[3:5] for row in rows(kept)] == [("intent", "problem"), ("note", "Call back")]
    text = said(app)
    assert "Call back" in text and "reports a problem (said by a person)" in text
    assert "1 story, newest first" in said(page("mentions", intent="problem"))


def test_who_may_only_look_changes_nothing(kept: Database) -> None:
    with kept.transaction() as con:
        store.put_setting(con, people.SETTING, {"editors": ["ada@example.org"], "viewers": []})
    app = page("mentions", at="shop", mention="a3")
    app.button(key="status done").click().run()
    assert "This was not kept" in said(app)
    app.session_state[bulk.DONE] = triage.Change("Acme", "status", "new", {("shop", "a3"): "done"})
    app.run().button(key="bulk undo").click().run()
    assert "This was not kept" in said(app)
    assert rows(kept) == []


def test_the_filters_stand_in_the_address(kept: Database) -> None:
    with kept.transaction() as con:
        con.execute("UPDATE mentions SET rating = 2 WHERE id IN ('a3', 'a4')")
        store.use_model(con, "none")
        store.use_model(con, invented_store.MODEL)
        for field, value in (("status", "seen"), ("assignee", "dashboard")):
            triage.change(con, ("shop", "a3"), "Acme", field, value, "eva", datetime.now(UTC))
    assert "2 stories, newest first" in said(page("mentions", stars="2"))
    assert "1 story, newest first" in said(page("mentions", author="bert"))
    app = page("mentions", stars="2", status=["seen", "done"], assignee="me", author="ada", intent="nonsense")
    assert "1 story, newest first" in said(app)
    wanted = {"stars": "2", "status": ["seen", "done"], "assignee": "me", "author": "ada"}
    assert app.query_params == wanted
    app.multiselect(key="status").set_value(["done"]).run()
    assert "Nothing in this period" in "".join(one.value for one in app.subheader)
    assert app.query_params["status"] == "done"
    assert "stars" not in page("overview", stars="2").query_params


def test_what_was_done_to_many_is_taken_back_also_when_it_left_the_list(kept: Database) -> None:
    with kept.transaction() as con:
        done = triage.change_all(con, SHOP, "Acme", "status", "done", "dashboard", datetime.now(UTC))
    app = page("mentions", status="done")
    app.session_state[bulk.DONE] = done
    app.run()
    assert "4 mentions changed, status: Done" in said(app)
    app.button(key="bulk undo").click().run()
    assert "mentions changed" not in said(app)
    assert "Nothing in this period" in "".join(one.value for one in app.subheader)
    assert sorted(row[4] for row in rows(kept)) == ["done"] * 4 + ["new"] * 4


def test_keys_go_through_the_list_also_when_the_open_one_has_left_it(kept: Database) -> None:
    app = page("mentions", status="new")
    app.button(key="go Next").click().run()
    assert (app.query_params["at"], app.query_params["mention"]) == ("shop", "a3")
    app.button(key="status done").click().run()
    assert app.query_params["mention"] == "a3" and "5 stories, newest first" in said(app)
    app.button(key="go Next").click().run()
    assert app.query_params["mention"] == "a4", "the one that took its place"
    app.button(key="go Before").click().run()
    assert app.query_params["mention"] == "a1"
    assert app.button(key="go Before").disabled


# Every figure's query


def test_the_query_of_each_tile_gives_its_number(kept: Database) -> None:
    now = datetime.now(UTC)
    answers = [
        Mention(f"{scale}{answer}{place}", "", "", now - timedelta(days=2), "", "Acme", answer=answer, scale=scale)
        for scale, given in (("nps", (10, 9, 9, 7, 2)), ("csat", (5, 4, 1)))
        for place, answer in enumerate(given)
    ]
    with kept.transaction() as con:
        store.save_page(con, "shop", answers, now)
        examined = [store.Examined("shop", one.id, store.digest(one), "zxx", one.id, ("Acme",)) for one in answers]
        store.save_examined(con, "rules", examined)
        for label in ("negative", "neutral", "positive"):
            many = tuple(
                Said(f"{label}{place}", "Acme", 40 + place / 100, "news", label, "Acme", "", f"{label}{place}")
                for place in range(9)
            )
            store.save_page(con, "news", [invented_store.mention(one, now) for one in many], now)
            digests = [store.digest(invented_store.mention(one, now)) for one in many]
            texts = [
                store.Examined("news", one.id, digest, "en", one.id, ("Acme",))
                for one, digest in zip(many, digests, strict=True)
            ]
            store.save_examined(con, "rules", texts)
            store.save_scores(con, invented_store.MODEL, now, invented_store.scores(many, now))
            for place, one in enumerate(many):
                person = "positive" if place == 3 else "unclear" if place == 4 else label
                store.save_correction(con, "news", one.id, "Acme", person, "eva", now)
    written = {
        "Volume": ("volume", words.number),
        "Negative share": ("negative_share", words.percent),
        "Net sentiment": ("net_sentiment", words.points),
        "Share of voice": ("share_of_voice", words.percent),
        "Unclear": ("unclear", words.number),
        "Not scored": ("not_scored", words.number),
        "Accuracy": ("accuracy", words.percent),
        "NPS": ("nps", words.points),
        "CSAT": ("csat", words.percent),
    }
    for address in ({}, {"count": "mentions"}, {"source": "shop"}, {"brand": "Bolt"}):
        app = page("overview", **address)
        assert not app.exception
        shown = {metric.label: metric.value for metric in app.metric}
        assert address == {"brand": "Bolt"} or set(written) == set(shown)
        asked = [code.value for code in app.code if code.language == "sql"]
        for label, value in shown.items():
            column, write = written[label]
            (query, *_) = [one for one in asked if f" AS {column}\n" in one]
            with database.snapshot(kept.folder) as con:
                ((number,),) = con.execute(query).fetchall()
            assert (write(number) if number is not None else "–") == value, (address, label)


def test_a_brand_with_a_quote_in_its_name_stays_a_name_in_the_query(tmp_path: Path) -> None:
    name = "O'Brien'); DROP TABLE facts; --"
    row = replace(SAID[0], brand=name)
    invented_store.fill(tmp_path, NOON, (row,), ((name, "own"),))
    with database.snapshot(tmp_path) as con:
        for figure, number in (("volume", 1), ("negative", 1), ("voice", 1), ("nps", None)):
            query = explained.query(figure, replace(MONTH, brand=name, sources=("shop", "it's")))
            assert con.execute(query).fetchall() == [(number,)]

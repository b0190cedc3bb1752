"""What is written once, twice or again with other words; what is asked to be done; what people said wins."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import duckdb
import pytest

from earful.connectors.types import Mention
from earful.data import alerting, health, store, todo
from earful.data.database import Database
from earful.data.store import Examined, Kept, Score

NOW = datetime(2025, 3, 14, 15, 20, tzinfo=UTC)
LATER = NOW + timedelta(hours=1)
SOURCE = "rss:https://news.example/feed"
Connection = duckdb.DuckDBPyConnection


@pytest.fixture
def con(tmp_path) -> Iterator[Connection]:
    """A new store inside one transaction, with two brands and a source."""
    with Database(tmp_path).transaction() as con:
        store.set_up(
            con,
            [("Quillfern", "own", "quillfern"), ("Ostrelle", "competitor", "ostrelle")],
            [(SOURCE, "rss", "https://news.example/feed")],
        )
        yield con


def mention(key: str = "1", text: str = "Quillfern is late", **fields) -> Mention:
    return Mention(key, f"https://news.example/{key}", "Ada", NOW - timedelta(days=1), "", text, **fields)


def examined(key: str = "1", *, digest: str | None = None, story: str = "s", brands=("Quillfern",)) -> Examined:
    return Examined(SOURCE, key, digest or store.digest(mention(key)), "en", story, brands)


def score(key: str = "1", label: str = "negative", reason: str = "", brand: str = "Quillfern") -> Score:
    chances = (None, None, None) if reason else (0.8, 0.1, 0.1)
    return Score(SOURCE, key, brand, store.digest(mention(key)), *chances, label, reason)


def fill(con: Connection, *keys: str) -> None:
    """Keeps, examines and scores mentions, each a story of its own."""
    store.use_model(con, "small")
    store.save_page(con, SOURCE, [mention(key) for key in keys], NOW)
    store.save_examined(con, "rules", [examined(key, story=key) for key in keys])
    store.save_scores(con, "small", NOW, [score(key) for key in keys])


def facts(con: Connection, *columns: str) -> list[tuple[object, ...]]:
    return con.execute(f"SELECT {', '.join(columns)} FROM facts ORDER BY ALL").fetchall()


def source(con: Connection) -> todo.SourceRow:
    return next(row for row in todo.sources(con) if row.source == SOURCE)


# Mentions


def test_a_page_kept_twice_is_kept_once(con):
    page = [mention("1"), mention("2", language="en", rating=4.0, engagement=3, parent="1", about="Kettles")]
    assert store.save_page(con, SOURCE, page, NOW) == Kept(2, 0, 0)
    before = con.execute("FROM mentions ORDER BY ALL").fetchall()
    assert store.save_page(con, SOURCE, page, LATER) == Kept(0, 0, 2)
    assert con.execute("FROM mentions ORDER BY ALL").fetchall() == before
    assert store.save_page(con, SOURCE, [], LATER) == Kept(0, 0, 0)


def test_an_edit_is_noticed_and_when_it_was_first_seen_stays(con):
    store.save_page(con, SOURCE, [mention("1"), mention("2")], NOW)
    edited = replace(mention("1", "Quillfern came after all"), published=NOW)
    assert store.save_page(con, SOURCE, [edited, mention("2"), mention("3")], LATER) == Kept(1, 1, 1)
    row = con.execute("SELECT text, published, collected FROM mentions WHERE id = '1'").fetchone()
    assert row == ("Quillfern came after all", NOW - timedelta(days=1), NOW)


def test_votes_and_stars_are_brought_up_to_date_without_being_an_edit(con):
    store.save_page(con, SOURCE, [mention()], NOW)
    assert store.save_page(con, SOURCE, [mention(engagement=9, rating=2.0)], LATER) == Kept(0, 0, 1)
    assert con.execute("SELECT engagement, rating FROM mentions").fetchall() == [(9, 2.0)]


def test_an_id_that_stands_twice_on_a_page_is_kept_once_as_it_stood_last(con):
    assert store.save_page(con, SOURCE, [mention("1", "first"), mention("1", "last")], NOW) == Kept(1, 0, 0)
    assert con.execute("SELECT text FROM mentions").fetchall() == [("last",)]


def test_the_same_id_at_two_sources_is_two_mentions(con):
    store.save_page(con, SOURCE, [mention()], NOW)
    assert store.save_page(con, "import:file", [mention()], NOW) == Kept(1, 0, 0)


def test_odd_characters_come_back_as_they_were(con):
    text = "naïve 👩‍👩‍👧 ' \" ; DROP TABLE mentions; -- \\ \n $1 ? %s 漢字"
    store.save_page(con, SOURCE, [mention("'; --", text)], NOW)
    assert con.execute("SELECT id, text FROM mentions").fetchall() == [("'; --", text)]


# Sources


def test_a_source_that_is_taken_out_keeps_its_cursor_and_comes_back_with_it(con):
    store.put_cursor(con, SOURCE, {"since": 7, "deep": {"list": [1, None]}})
    store.set_up(con, [], [("rss:https://other.example/", "rss", "https://other.example/")])
    assert [row.source for row in todo.sources(con)] == ["rss:https://other.example/"]
    store.set_up(con, [], [(SOURCE, "rss", "https://news.example/feed")])
    assert [row.source for row in todo.sources(con)] == [SOURCE]
    assert source(con).cursor == {"since": 7, "deep": {"list": [1, None]}}
    assert source(con).state == "new"


def test_brands_are_as_the_configuration_says_now(con):
    store.set_up(con, [("Ostrelle", "own", "ostrelle OR ostrel")], [])
    assert con.execute("FROM brands").fetchall() == [("Ostrelle", "own", "ostrelle OR ostrel", 0)]


def test_failures_count_and_open_one_gap_and_a_success_ends_both(con):
    health.record_success(con, SOURCE, NOW, LATER, 3, rolled=False)
    for hours in (1, 2):
        at = NOW + timedelta(hours=hours)
        health.record_failure(con, SOURCE, at, at, "failing", f"error {hours}")
    row = source(con)
    assert (row.state, row.failures, row.error) == ("failing", 2, "error 2")
    assert row.since == LATER
    assert row.last_success == NOW
    assert con.execute("SELECT start, finish, reason FROM gaps").fetchall() == [(NOW, None, "error 1")]
    end = NOW + timedelta(hours=3)
    health.record_success(con, SOURCE, end, end, 0, rolled=False)
    row = source(con)
    assert (row.state, row.failures, row.error, row.since, row.last_success) == ("fine", 0, "", end, end)
    assert con.execute("FROM gaps").fetchall() == [], "what was asked for came in full: nothing is missing"
    assert con.execute("SELECT last_new FROM sources").fetchone() == (NOW,)


def test_a_gap_stays_when_items_may_have_gone_by_unseen(con):
    health.record_success(con, SOURCE, NOW, LATER, 3, rolled=False)
    health.record_failure(con, SOURCE, LATER, None, "failing", "error")
    end = NOW + timedelta(hours=3)
    health.record_success(con, SOURCE, end, end, 3, rolled=True)
    rows = con.execute("SELECT start, finish FROM gaps").fetchall()
    assert rows == [(NOW, end)]
    last = NOW + timedelta(hours=4)
    health.record_success(con, SOURCE, last, last, 0, rolled=False)
    assert con.execute("SELECT start, finish FROM gaps").fetchall() == rows


def test_a_first_answer_cannot_have_rolled(con):
    health.record_success(con, SOURCE, NOW, LATER, 3, rolled=True)
    health.record_failure(con, "rss:unknown", NOW, None, "failing", "error")
    assert con.execute("FROM gaps").fetchall() == []


def test_a_move_is_dated_from_when_it_was_first_said(con):
    for at, address, since in (
        (NOW, "https://a.example/", NOW),
        (LATER, "https://a.example/", NOW),
        (LATER, "https://b.example/", LATER),
        (LATER, "", None),
    ):
        health.record_move(con, SOURCE, address, at)
        assert (source(con).moved_to, source(con).moved_since) == (address, since)


def test_a_pause_is_never_shortened_and_ends_by_itself(con):
    health.pause_host(con, "news.example", LATER)
    health.pause_host(con, "news.example", NOW)
    assert todo.paused_hosts(con, NOW) == {"news.example": LATER}
    assert todo.paused_hosts(con, LATER) == {}


def test_answers_are_digested_once(con):
    store.mark_digested(con, "2025-03-14/a.gz")
    store.mark_digested(con, "2025-03-14/a.gz")
    assert todo.digested(con, ["2025-03-14/a.gz", "2025-03-14/b.gz"]) == {"2025-03-14/a.gz"}


# What is to be done


def test_a_mention_is_examined_once_under_the_same_rules_and_anew_when_either_changes(con):
    store.save_page(con, SOURCE, [mention("1"), mention("2")], NOW)
    assert [text.id for text in todo.unexamined(con, "rules", 1)] == ["1"]
    store.save_examined(con, "rules", [examined("1"), examined("2")])
    assert todo.unexamined(con, "rules", 9) == []
    assert [text.id for text in todo.unexamined(con, "other rules", 9)] == ["1", "2"]
    store.save_page(con, SOURCE, [mention("2", "other words")], LATER)
    assert [text.id for text in todo.unexamined(con, "rules", 9)] == ["2"]


def test_examining_anew_forgets_what_no_longer_holds(con):
    fill(con, "1")
    store.save_examined(con, "new rules", [examined("1", brands=("Ostrelle",), story="t")])
    assert con.execute("SELECT brand FROM matches").fetchall() == [("Ostrelle",)]
    assert facts(con, "brand", "story", "label") == [("Ostrelle", "t", "unscored")]
    store.save_examined(con, "newer rules", [examined("1", brands=())])
    assert facts(con, "brand") == []
    store.save_examined(con, "rules", [examined("1")])
    assert facts(con, "brand", "label") == [("Quillfern", "negative")], "the score was kept"


def test_a_pair_is_scored_once_by_each_model(con):
    fill(con, "1")
    assert todo.unscored(con, "small", 3, LATER, 9) == []
    (pair,) = todo.unscored(con, "large", 3, LATER, 9)
    assert (pair.id, pair.brand, pair.text) == ("1", "Quillfern", "Quillfern is late")
    store.save_scores(con, "large", NOW, [score("1", "positive")])
    assert todo.unscored(con, "large", 3, LATER, 9) == []
    assert facts(con, "label") == [("negative",)]
    store.use_model(con, "large")
    assert facts(con, "label") == [("positive",)]
    store.use_model(con, "small")
    assert facts(con, "label") == [("negative",)]


def test_other_words_are_scored_anew_and_unscored_until_then(con):
    fill(con, "1")
    words = "Quillfern came after all"
    store.save_page(con, SOURCE, [mention("1", words)], LATER)
    store.save_examined(con, "rules", [examined("1", digest=store.digest(mention("1", words)))])
    assert facts(con, "label") == [("unscored",)]
    assert [pair.text for pair in todo.unscored(con, "small", 3, LATER, 9)] == [words]


def test_a_text_that_fails_is_tried_in_three_runs_and_then_set_aside(con):
    fill(con, "1")
    store.save_page(con, SOURCE, [mention("bad")], NOW)
    store.save_examined(con, "rules", [examined("bad", story="bad")])
    for run in range(3):
        began = NOW + timedelta(hours=run)
        assert [pair.id for pair in todo.unscored(con, "small", 3, began, 9)] == ["bad"]
        assert todo.count_unscored(con, "small", 3, began) == 1
        store.save_scores(con, "small", began, [score("bad", "unscored", "MemoryError: none left")])
        assert todo.unscored(con, "small", 3, began, 9) == [], "a run tries it once"
    assert todo.unscored(con, "small", 3, NOW + timedelta(days=1), 9) == []
    assert con.execute("SELECT tries, reason FROM scores WHERE id = 'bad'").fetchall() == [
        (3, "MemoryError: none left")
    ]
    assert facts(con, "id", "label") == [("1", "negative"), ("bad", "unscored")]


def test_a_text_that_failed_and_then_succeeds_is_done(con):
    fill(con)
    store.save_page(con, SOURCE, [mention()], NOW)
    store.save_examined(con, "rules", [examined()])
    store.save_scores(con, "small", NOW, [score(label="unscored", reason="MemoryError")])
    store.save_scores(con, "small", LATER, [score()])
    assert todo.unscored(con, "small", 3, LATER + timedelta(hours=1), 9) == []
    assert facts(con, "label") == [("negative",)]


# What counts


def test_the_first_copy_leads_its_story(con):
    texts = {"copy": 2, "first": 1, "last": 3}
    page = [replace(mention(key), published=NOW - timedelta(days=9 - day)) for key, day in texts.items()]
    store.save_page(con, SOURCE, page, NOW)
    store.save_examined(con, "rules", [examined("copy"), examined("last", brands=("Quillfern", "Ostrelle"))])
    leaders = "SELECT brand, id FROM facts WHERE leads ORDER BY ALL"
    assert con.execute(leaders).fetchall() == [("Ostrelle", "last"), ("Quillfern", "copy")]
    store.save_examined(con, "rules", [examined("first")])
    assert con.execute(leaders).fetchall() == [("Ostrelle", "last"), ("Quillfern", "first")]
    store.save_examined(con, "rules", [examined("first", story="of its own")])
    assert con.execute(leaders).fetchall() == [("Ostrelle", "last"), ("Quillfern", "copy"), ("Quillfern", "first")]
    assert len(facts(con, "id")) == 4


def test_a_correction_wins_over_every_model_and_the_latest_over_the_others(con):
    fill(con, "1", "2")
    store.save_correction(con, SOURCE, "1", "Quillfern", "positive", "ada", NOW)
    assert facts(con, "id", "label", "corrected") == [("1", "positive", True), ("2", "negative", False)]
    store.save_scores(con, "small", LATER, [score("1", "negative"), score("2", "neutral")])
    store.use_model(con, "large")
    store.save_examined(con, "new rules", [examined("1", story="1")])
    assert facts(con, "id", "label", "corrected") == [("1", "positive", True), ("2", "unscored", False)]
    store.save_correction(con, SOURCE, "1", "Quillfern", "neutral", "bob", LATER)
    assert facts(con, "id", "label") == [("1", "neutral"), ("2", "unscored")]
    assert con.execute("SELECT count(*) FROM corrections").fetchone() == (2,)


def test_a_correction_is_one_of_the_labels_and_meant_for_one_brand(con):
    store.save_page(con, SOURCE, [mention()], NOW)
    store.save_examined(con, "rules", [examined(brands=("Quillfern", "Ostrelle"))])
    store.save_correction(con, SOURCE, "1", "Ostrelle", "positive", "ada", NOW)
    assert facts(con, "brand", "label") == [("Ostrelle", "positive"), ("Quillfern", "unscored")]
    with pytest.raises(ValueError, match="a correction is one of negative, neutral, positive, unclear, not 'bad'"):
        store.save_correction(con, SOURCE, "1", "Ostrelle", "bad", "ada", NOW)


def test_facts_are_the_same_however_often_and_in_whichever_order_they_are_made(con):
    fill(con, "1", "2", "3")
    columns = ("brand", "id", "story", "leads", "label", "corrected")
    before = facts(con, *columns)
    assert len(before) == 3
    store.save_scores(con, "small", LATER, [score("3"), score("1")])
    store.save_examined(con, "rules", [examined(key, story=key) for key in "321"])
    fill(con, "2", "1")
    assert facts(con, *columns) == before


# Telling and remembering


def test_a_message_is_put_out_once_and_waits_for_its_time(con):
    message = {"state": "firing", "card": {"brand": "Quillfern"}}
    alerting.put_out(con, "alert", [("key", "team", message)], NOW)
    alerting.put_out(con, "alert", [("key", "team", {"state": "other"})], LATER)
    (waiting,) = todo.unsent(con, NOW)
    assert (waiting.key, waiting.target, waiting.message, waiting.tries) == ("key", "team", message, 0)
    alerting.mark_failed(con, "key", "no answer", timedelta(minutes=10), NOW)
    assert todo.unsent(con, NOW + timedelta(minutes=9)) == []
    (waiting,) = todo.unsent(con, NOW + timedelta(minutes=10))
    assert waiting.tries == 1
    alerting.mark_sent(con, "key", LATER)
    assert todo.unsent(con, LATER + timedelta(days=1)) == []
    assert con.execute("SELECT sent, tries, error FROM outbox").fetchall() == [(LATER, 2, "")]


def test_reports_of_old_runs_are_forgotten(con):
    for days in (100, 91, 89, 0):
        store.save_run(con, NOW - timedelta(days=days), NOW - timedelta(days=days), {"days": days})
    assert con.execute("SELECT report ->> 'days' FROM runs ORDER BY started").fetchall() == [("89",), ("0",)]


def test_a_silence_is_kept_once_and_grows(con):
    health.save_silences(con, [(SOURCE, NOW, LATER, "silent")])
    health.save_silences(con, [(SOURCE, NOW, LATER + timedelta(hours=1), "still silent")])
    assert alerting.gaps(con, NOW) == [(SOURCE, NOW, LATER + timedelta(hours=1))]


def test_times_come_back_in_utc_whatever_the_machine_thinks(tmp_path, monkeypatch):
    monkeypatch.setenv("TZ", "Asia/Kolkata")
    with Database(tmp_path).transaction() as con:
        store.save_page(con, SOURCE, [mention()], NOW)
        (published,) = con.execute("SELECT published FROM mentions").fetchone()
    assert published == NOW - timedelta(days=1)
    assert published.utcoffset() == timedelta(0)

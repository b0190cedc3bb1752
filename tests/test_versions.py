"""Edits leave their earlier wordings; what was deleted at its source loses its words and keeps its place in counts."""

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import duckdb
import pytest
from answers import FIXTURES

from earful.connectors.types import Mention
from earful.data import alerting, judgements, landing, store, todo, versions
from earful.data.alerting import Alert
from earful.data.database import Database
from earful.data.store import Examined, Kept, Score
from earful.data.versions import History, Version
from earful.flows import collect

NOW = datetime(2026, 3, 14, 15, 20, tzinfo=UTC)
HOUR = timedelta(hours=1)
SOURCE = "rss:https://news.example/feed"
Connection = duckdb.DuckDBPyConnection


@pytest.fixture
def con(tmp_path) -> Iterator[Connection]:
    """A new store inside one transaction, with one brand and a source."""
    with Database(tmp_path).transaction() as con:
        store.set_up(con, [("Acme", "own", "acme")], [(SOURCE, "rss", "https://news.example/feed")])
        store.use_model(con, "small")
        yield con


def mention(key: str = "1", text: str = "Acme lost my parcel", **fields) -> Mention:
    return Mention(key, f"https://news.example/{key}", "Ada", NOW - 24 * HOUR, "Acme again", text, **fields)


def fill(con: Connection, *keys: str) -> None:
    """Keeps mentions, each a story of its own, and has them examined and scored."""
    page = [mention(key) for key in keys]
    store.save_page(con, SOURCE, page, NOW)
    judge(con, page, "rules")


def judge(con: Connection, page: list[Mention], rules: str) -> None:
    examined = [Examined(SOURCE, one.id, store.digest(one), "en", one.id, ("Acme",)) for one in page]
    store.save_examined(con, rules, examined)
    scores = [Score(SOURCE, one.id, "Acme", store.digest(one), 0.8, 0.1, 0.1, "negative") for one in page]
    store.save_scores(con, "small", NOW, scores)


def silent(stage: str, done: int, total: int) -> None:
    """Shows no progress."""


def counts(con: Connection) -> list[tuple[object, ...]]:
    return con.execute("SELECT id, published, label, leads FROM facts ORDER BY id").fetchall()


def everything(con: Connection) -> str:
    """All that the store holds, as text."""
    names = con.execute("SELECT table_name FROM duckdb_tables() WHERE database_name = current_database()").fetchall()
    return json.dumps([con.execute(f"FROM {name}").fetchall() for (name,) in names], default=str)


# Edits


def test_each_wording_is_kept_once_with_the_time_of_the_next(con):
    for hours, text in enumerate(("lost my parcel", "lost my parcel!", "lost my parcel", "found it", "found it")):
        store.save_page(con, SOURCE, [mention("1", text), mention("2")], NOW + hours * HOUR)
    assert versions.history(con, SOURCE, "1") == History(
        (
            Version(NOW + 2 * HOUR, "Acme again", "lost my parcel!"),
            Version(NOW + 3 * HOUR, "Acme again", "lost my parcel"),
        )
    )
    assert versions.history(con, SOURCE, "2") == versions.history(con, SOURCE, "unknown") == History()


def test_the_present_wording_is_no_earlier_one_though_it_was_there_before(con):
    for hours, text in enumerate(("lost", "found", "lost")):
        store.save_page(con, SOURCE, [mention("1", text)], NOW + hours * HOUR)
    assert [one.text for one in versions.history(con, SOURCE, "1").versions] == ["found"]


def test_a_headline_is_a_wording_and_votes_stars_and_filing_are_none(con):
    store.save_page(con, SOURCE, [mention()], NOW)
    other = replace(mention(), engagement=7, rating=2.0, author="Ada L.", about="Kettles")
    store.save_page(con, SOURCE, [other], NOW + HOUR)
    assert versions.history(con, SOURCE, "1").versions == ()
    store.save_page(con, SOURCE, [replace(other, title="Acme, again")], NOW + 2 * HOUR)
    assert versions.history(con, SOURCE, "1").versions == (Version(NOW + 2 * HOUR, "Acme again", mention().text),)


def test_a_counter_in_a_text_does_not_fill_the_disk(con):
    for hours in range(versions.MOST + 5):
        store.save_page(con, SOURCE, [mention("1", f"read {hours} times")], NOW + hours * HOUR)
    kept = versions.history(con, SOURCE, "1").versions
    assert [one.text for one in kept] == [f"read {hours} times" for hours in range(versions.MOST)]
    assert con.execute("SELECT text FROM mentions").fetchone() == (f"read {versions.MOST + 4} times",)


# Deletions


def test_a_deleted_mention_loses_its_words_and_keeps_its_place(con):
    fill(con, "1", "2")
    before = counts(con)
    assert store.save_page(con, SOURCE, [mention("2")], NOW + HOUR, ["1", "never seen"]) == Kept(0, 0, 1, 1)
    assert con.execute("SELECT title, text, author, url, gone FROM mentions WHERE id = '1'").fetchall() == [
        ("", "", "", "", NOW + HOUR)
    ]
    assert counts(con) == before and len(before) == 2
    assert con.execute("SELECT count(*) FROM mentions").fetchone() == (2,), "an unknown id leaves no row"
    assert versions.history(con, SOURCE, "1") == History((), NOW + HOUR)
    assert versions.history(con, SOURCE, "2").gone is None


def test_nothing_of_the_words_is_left_anywhere(con):
    fill(con, "1", "2")
    store.save_page(con, SOURCE, [mention("1", "Acme: a secret of mine")], NOW + HOUR)
    quotes = [
        {"source": SOURCE, "id": key, "author": "Ada", "text": f"a secret {key}", "url": f"https://news.example/{key}"}
        for key in ("1", "2")
    ]
    split = [{"name": name, "observed": 1, "excess": 1.0} for name in ("Ada Longname", "Bolette")]
    new = [{"kind": "author", "name": "Ada Longname", "observed": 3, "before": 0}]
    card = {"brand": "Acme", "observed": 2, "quotes": quotes, "splits": {"author": split}, "new": new}
    con.execute("UPDATE mentions SET author = 'Ada Longname' WHERE id = '1'")
    alerting.save_alert(con, Alert("a", "Acme", "rule", "firing", NOW, NOW, None, NOW, card))
    alerting.put_out(con, "a", [("key", "team", {"state": "firing", "card": card})], NOW)
    assert everything(con).count("secret of mine") == 1 and everything(con).count("a secret 1") == 2
    assert store.save_page(con, SOURCE, [], NOW + 2 * HOUR, ["1"]) == Kept(0, 0, 0, 1)
    left = everything(con)
    assert "secret of mine" not in left and "a secret 1" not in left and "https://news.example/1" not in left
    assert [one.text for one in versions.history(con, SOURCE, "1").versions] == [""], "that it was edited is no secret"
    assert "Ada Longname" not in left and left.count("Bolette") == 2, "in the alert and its message"
    assert left.count("a secret 2") == 2 and mention("2").text in left
    (waiting,) = todo.unsent(con, NOW + 2 * HOUR)
    assert waiting.message["card"]["observed"] == 2 and len(waiting.message["card"]["quotes"]) == 1


def test_what_was_erased_stays_erased_when_an_older_answer_is_read_again(con):
    fill(con, "1")
    store.save_page(con, SOURCE, [], NOW + HOUR, ["1"])
    kept = con.execute("FROM mentions").fetchall()
    assert store.save_page(con, SOURCE, [mention(engagement=9)], NOW + 2 * HOUR) == Kept(0, 0, 1)
    assert store.save_page(con, SOURCE, [mention("1", "other words")], NOW + 2 * HOUR, ["1"]) == Kept(0, 0, 1)
    assert con.execute("FROM mentions").fetchall() == kept
    assert versions.history(con, SOURCE, "1") == History((), NOW + HOUR)


def test_written_and_deleted_in_one_page_is_deleted(con):
    assert store.save_page(con, SOURCE, [mention("1"), mention("2")], NOW, ["1"]) == Kept(2, 0, 0, 1)
    assert con.execute("SELECT id, text FROM mentions ORDER BY id").fetchall() == [("1", ""), ("2", mention().text)]


def test_a_deletion_at_one_source_means_no_other(con):
    store.save_page(con, SOURCE, [mention()], NOW)
    store.save_page(con, "import:file", [mention()], NOW, ["2"])
    store.save_page(con, "import:file", [], NOW, ["1"])
    assert con.execute("SELECT source, text FROM mentions ORDER BY source").fetchall() == [
        ("import:file", ""),
        (SOURCE, mention().text),
    ]


def test_what_has_no_words_is_not_examined_scored_or_drawn_again(con):
    fill(con, "1", "2")
    assert [one.id for one in judgements.draw(con, NOW - 48 * HOUR, "seed", 9)] != []
    store.save_page(con, SOURCE, [mention("1", "edited"), mention("2")], NOW + HOUR)
    store.save_page(con, SOURCE, [], NOW + 2 * HOUR, ["1"])
    assert [one.id for one in todo.unexamined(con, "new rules", 9)] == ["2"]
    assert [one.id for one in todo.unscored(con, "large", 3, NOW + 3 * HOUR, 9)] == ["2"]
    assert [one.id for one in judgements.draw(con, NOW - 48 * HOUR, "seed", 9)] == ["2"]
    judge(con, [mention("2")], "new rules")
    assert [(row[0], row[2]) for row in counts(con)] == [("1", "negative"), ("2", "negative")]


def test_a_persons_judgement_outlives_the_words(con):
    fill(con, "1")
    store.save_correction(con, SOURCE, "1", "Acme", "positive", "ada", NOW)
    store.save_page(con, SOURCE, [], NOW + HOUR, ["1"])
    assert [row[2] for row in counts(con)] == ["positive"]


# From the answer into the store


def test_a_comment_that_reddit_shows_as_deleted_is_erased_and_replaying_its_first_answer_changes_nothing(tmp_path):
    shown = (FIXTURES / "rss" / "reddit-thread.atom").read_text()
    later = shown.replace("Mine too.", "[removed]")
    database = Database(tmp_path)
    source = "rss:https://www.reddit.com/r/kettles/comments/1abcde/.rss"
    for hours, body in enumerate((shown, later)):
        landing.land(database.raw, NOW + hours * HOUR, source, {}, source[4:], 200, {}, body.encode())
    for report in (collect.replay(database, silent), collect.replay(database, silent)):
        assert report[source].state == "fine"
        with database.look() as con:
            rows = con.execute("SELECT id, author, text FROM mentions ORDER BY id").fetchall()
        assert rows == [
            ("t1_nzaaa1", "", ""),
            ("t1_nzaaa2", "", ""),
            ("t3_1abcde", "maud_e", "Day two and the lid leaks."),
        ]
    assert report[source].gone == 0 and "Mine too" not in str(report)

"""What people say of mentions being about a brand hides them, teaches a model, and survives whatever comes after."""

import json
import os
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import harness
import invented_store
import numpy as np
import pytest
from invented_store import NOON, Said

from earful.connectors.types import Mention
from earful.data import embeddings, export, judgements, queries, store
from earful.data import relevance as kept
from earful.data.database import Database
from earful.data.relevance import Mark
from earful.flows import relevance as flow
from earful.models import relevance
from earful.models.relevance import Marked, Text

FOREVER = queries.Filters("Acme", NOON - timedelta(days=400), NOON + timedelta(days=1))
SHOP = ("parcel", "invoice", "refund", "checkout", "courier", "voucher")
SKIN = ("pimples", "dermatologist", "cream", "chin", "pores", "teenager")


def sentence(number: int, about: bool) -> str:
    words = SHOP if about else SKIN
    return f"Acme and my {words[number % 6]}, then the {words[(number * 5 + 1) % 6]}: note {number}"


def said(count: int) -> tuple[Said, ...]:
    """Mentions of Acme, every other one about skin instead; none is a copy of another."""
    return tuple(
        Said(f"n{number:03d}", "Acme", 1 + number / 100, "shop", "neutral", sentence(number, number % 2 == 0))
        for number in range(count)
    )


def fill(folder: Path, count: int = 60) -> Database:
    """A store of such mentions, with embeddings that tell a little of the difference."""
    rows = said(count)
    database = invented_store.fill(folder, said=rows)
    random = np.random.default_rng(7)
    vectors = {}
    for number, row in enumerate(rows):
        vector = random.normal(size=16) + (1 if number % 2 else -1)
        vectors[store.digest(invented_store.mention(row, NOON))] = (vector / np.linalg.norm(vector)).astype(np.float32)
    embeddings.save(folder, invented_store.MODEL, vectors)
    return database


def click(database: Database, id: str, about: bool | None, author: str = "ada", minutes: int = 0) -> None:
    at = NOON + timedelta(minutes=minutes)
    with database.transaction() as con:
        kept.save_mark(con, "shop", id, "Acme", about, author, at)


def hidden(database: Database, brand: str = "Acme") -> set[str]:
    with database.look() as con:
        return {row[0] for row in con.execute("SELECT id FROM facts WHERE hidden AND brand = ?", [brand]).fetchall()}


def update(database: Database) -> int:
    return flow.update(database, lambda: NOON, lambda *_: None)


def teach(database: Database, numbers: range) -> None:
    """Marks mentions as they are."""
    with database.transaction() as con:
        for number in numbers:
            kept.save_mark(con, "shop", f"n{number:03d}", "Acme", number % 2 == 0, "ada", NOON)


# A click


def test_a_click_hides_at_once_what_is_not_about_the_brand_from_every_count(tmp_path):
    database = invented_store.fill(tmp_path)
    with database.look() as con:
        before = queries.count_mentions(con, FOREVER), len(export.everything(con))
        kept.save_mark(con, "shop", "a3", "Acme", False, "ada", NOON)
        borders = [FOREVER.start.replace(minute=0), FOREVER.finish.replace(minute=0)]
        counts = queries.counts(con, FOREVER, borders)
        assert int(counts[counts.brand == "Acme"]["count"].sum()) == before[0] - 1
        assert queries.count_mentions(con, FOREVER) == before[0] - 1
        assert len(export.everything(con)) == before[1] - 1
        assert len(export.everything(con, hidden=True)) == before[1]
        assert "a3" not in {line.id for line in queries.mentions(con, FOREVER, 99)}
        assert [line.id for line in queries.mentions(con, replace(FOREVER, hidden=True), 99)] == ["a3"]
        assert queries.count_mentions(con, replace(FOREVER, hidden=True)) == 1
        assert "a3" not in {row.id for row in judgements.draw(con, FOREVER.start, "seed", 99)}
        assert con.execute("SELECT count(*) FROM mentions WHERE id = 'a3'").fetchone() == (1,), "nothing is deleted"
        found = kept.reason(con, "shop", "a3", "Acme")
    assert found is not None
    assert (found.hidden, found.mark, found.of_copy) == (True, Mark(False, "ada", NOON), None)


def test_copies_of_a_story_go_with_it_and_a_mark_of_their_own_wins(tmp_path):
    database = invented_store.fill(tmp_path)
    click(database, "a1", False)
    assert hidden(database) == {"a1", "a2"}
    with database.transaction() as con:
        found = kept.reason(con, "news", "a2", "Acme")
        assert found is not None and found.of_copy == Mark(False, "ada", NOON) and found.mark is None
        kept.save_mark(con, "news", "a2", "Acme", True, "ben", NOON + timedelta(minutes=1))
    assert hidden(database) == {"a1"}
    with database.look() as con:
        assert next((line.id, line.copies) for line in queries.mentions(con, FOREVER, 99)) == ("a2", 1), "it leads"


def test_of_two_people_the_later_one_wins_and_both_are_kept(tmp_path):
    database = invented_store.fill(tmp_path)
    click(database, "a3", False, "ada", 0)
    click(database, "a3", True, "ben", 1)
    assert hidden(database) == set()
    click(database, "a3", False, "ada", -5)  # one that arrives late
    assert hidden(database) == set()
    with database.look() as con:
        assert con.execute("SELECT count(*) FROM relevance_marks").fetchone() == (3,)


def test_a_click_can_be_taken_back(tmp_path):
    database = invented_store.fill(tmp_path)
    click(database, "a3", False)
    assert flow.follow(database, "Acme", NOON) == 0
    click(database, "a3", None, minutes=1)
    assert flow.follow(database, "Acme", NOON) == 0
    assert hidden(database) == set()
    with database.look() as con:
        assert kept.model(con, "Acme") is None
        assert con.execute("SELECT count(*) FROM relevance").fetchone() == (0,)


def test_what_is_not_about_one_brand_may_be_about_another(tmp_path):
    both = [Said("x", brand, 1, "shop", "neutral", "Acme and Bolt") for brand in ("Acme", "Bolt")]
    database = invented_store.fill(tmp_path)
    with database.transaction() as con:
        row = invented_store.mention(both[0], NOON)
        store.save_page(con, "shop", [row], NOON)
        store.save_examined(con, "r", [store.Examined("shop", "x", store.digest(row), "en", "x", ("Acme", "Bolt"))])
    click(database, "x", False)
    assert hidden(database) == {"x"} and hidden(database, "Bolt") == set()


# The model


def test_it_learns_from_clicks_hides_the_rest_and_says_how_well(tmp_path):
    database = fill(tmp_path)
    teach(database, range(40))
    assert update(database) == 60
    assert hidden(database) == {f"n{number:03d}" for number in range(1, 60, 2)}
    with database.look() as con:
        made = kept.model(con, "Acme")
        found = kept.reason(con, "shop", "n051", "Acme")
    assert made is not None and found is not None
    skill = flow.skill(made)
    assert (skill.about, skill.others, skill.known, skill.refusal) == (20, 20, True, "")
    assert skill.rightly.ratio >= 0.9 and skill.threshold == found.threshold
    assert found.mark is None and found.chance is not None and found.chance < (found.threshold or 0)
    assert update(database) == 0, "nothing is left to do"


def test_people_win_over_the_model(tmp_path):
    database = fill(tmp_path)
    teach(database, range(40))
    update(database)
    click(database, "n051", True)
    assert "n051" not in hidden(database)
    update(database)
    assert "n051" not in hidden(database)


def test_a_new_mention_is_judged_by_the_model_of_the_last_clicks(tmp_path):
    database = fill(tmp_path)
    teach(database, range(40))
    update(database)
    with database.transaction() as con:
        for number, text in enumerate((sentence(71, False), sentence(72, True))):
            row = Mention(f"late{number}", "", "ada", NOON, "", text)
            store.save_page(con, "shop", [row], NOON)
            store.save_examined(con, "r", [store.Examined("shop", row.id, store.digest(row), "en", row.id, ("Acme",))])
    assert update(database) == 2
    assert hidden(database) & {"late0", "late1"} == {"late0"}


def test_with_few_clicks_it_hides_only_what_people_marked(tmp_path):
    database = fill(tmp_path)
    teach(database, range(12))
    update(database)
    assert hidden(database) == {f"n{number:03d}" for number in range(1, 12, 2)}
    with database.look() as con:
        made = kept.model(con, "Acme")
    assert made is not None and made.threshold is None
    assert not flow.skill(made).known and "there are 6 and 6" in flow.skill(made).refusal


@pytest.mark.parametrize("about", [True, False])
def test_all_clicks_on_one_side(tmp_path, about):
    database = fill(tmp_path)
    with database.transaction() as con:
        for number in range(1 - about, 30, 2):
            kept.save_mark(con, "shop", f"n{number:03d}", "Acme", about, "ada", NOON)
    update(database)
    with database.look() as con:
        made = kept.model(con, "Acme")
        likely = dict(con.execute("SELECT id, chance FROM relevance").fetchall())
    assert (made is None) == about, "where nothing is not about the brand, there is nothing to learn"
    if made:
        assert hidden(database) == {f"n{number:03d}" for number in range(1, 30, 2)}
        assert likely["n051"] < likely["n050"], "unmarked mentions stand in for the other side"


def test_one_click_and_no_click_and_a_brand_without_mentions(tmp_path):
    database = fill(tmp_path)
    assert update(database) == 0
    click(database, "n001", False)
    assert flow.follow(database, "Acme", NOON) == 0
    assert hidden(database) == {"n001"}
    with database.transaction() as con:
        kept.save_mark(con, "shop", "n003", "Nobody speaks of it", False, "ada", NOON)
    assert update(database) == 0
    with database.look() as con:
        assert kept.model(con, "Nobody speaks of it") is not None


def test_clicks_that_contradict_the_words_hide_nothing_more(tmp_path):
    database = fill(tmp_path)
    random = np.random.default_rng(3)
    with database.transaction() as con:
        for number in range(40):
            kept.save_mark(con, "shop", f"n{number:03d}", "Acme", bool(random.random() < 0.5), "ada", NOON)
    update(database)
    with database.look() as con:
        made = kept.model(con, "Acme")
        marked = {row.id for row in kept.marked(con, "Acme") if not row.about}
    assert made is not None and made.threshold is None and "wrongly" in flow.skill(made).refusal
    assert hidden(database) == marked


def test_a_copy_is_never_held_back_from_a_model_that_knows_its_twin():
    text = Text("Acme acme", "shop")
    marked = [Marked(text, number % 2 == 0, f"story {number // 10}") for number in range(40)]
    folds = relevance._folds(np.array([one.about for one in marked]), np.arange(40) // 10)
    assert sum(fold.sum() for fold in folds) == 40
    assert all(len(set(fold[start : start + 10])) == 1 for fold in folds for start in range(0, 40, 10))


def test_clicks_that_are_no_fair_sample_do_not_hide_the_many():
    about = np.array([True] * 50 + [False] * 50)
    chances = np.concatenate([np.full(4, 0.1), np.full(46, 0.9), np.full(45, 0.1), np.full(5, 0.9)])
    fair = relevance.judge(about, chances, np.concatenate([np.full(50, 0.1), np.full(50, 0.9)]))
    assert fair.threshold == 0.5 and fair.rightly.part == 45 and fair.rightly.whole == 49
    rare = relevance.judge(about, chances, np.concatenate([np.full(12, 0.1), np.full(88, 0.9)]))
    assert rare.threshold is None, "of 12 in a hundred that it would hide, 8 are wrongly judged"


# What comes after


def test_marks_survive_new_scores_new_rules_an_edit_and_a_replay(tmp_path):
    database = fill(tmp_path)
    teach(database, range(40))
    update(database)
    expected = hidden(database)
    rows = said(60)
    with database.transaction() as con:
        store.use_model(con, "another")
        store.save_scores(con, "another", NOON, invented_store.scores(rows, NOON))
    assert hidden(database) == expected
    mentions = [invented_store.mention(row, NOON) for row in rows]
    with database.transaction() as con:
        store.save_page(con, "shop", mentions, NOON)
        nothing = [store.Examined("shop", row.id, store.digest(row), "en", row.id, ()) for row in mentions]
        store.save_examined(con, "none", nothing)
        again = [replace(one, brands=("Acme",)) for one in nothing]
        store.save_examined(con, "again", again)
    assert hidden(database) == expected
    edited = replace(mentions[1], text="Acme parcel invoice refund")
    with database.transaction() as con:
        store.save_page(con, "shop", [edited], NOON)
        store.save_examined(con, "r", [replace(again[1], digest=store.digest(edited))])
    assert "n001" in hidden(database), "a person's word outlives an edit"


def test_what_was_deleted_at_its_source_stays_as_it_was_judged(tmp_path):
    database = fill(tmp_path)
    teach(database, range(40))
    update(database)
    with database.transaction() as con:
        store.save_page(con, "shop", [], NOON, ["n001", "n051"])
    assert {"n001", "n051"} <= hidden(database)
    update(database)
    assert {"n001", "n051"} <= hidden(database)


def killed(folder: Path, fail_at: str) -> None:
    os.environ["EARFUL_FAIL_AT"] = fail_at
    flow.BATCH = 25
    update(Database(folder))


@pytest.mark.parametrize("fail_at", ["learnt", "judged_batch:2", "before_commit:2", "after_commit:2"])
def test_killed_between_a_click_and_what_follows_the_next_run_does_the_rest(tmp_path, fail_at):
    whole, broken = fill(tmp_path / "whole"), fill(tmp_path / "broken")
    for database in (whole, broken):
        teach(database, range(40))
    update(whole)
    with harness.running(killed, broken.folder, fail_at) as process:
        assert harness.ended(process) == -9
    update(broken)
    assert hidden(broken) == hidden(whole)
    with whole.look() as one, broken.look() as other:
        sql = "SELECT source, id, brand, digest, version, chance FROM relevance ORDER BY ALL"
        assert one.execute(sql).fetchall() == other.execute(sql).fetchall()


def test_hostile_texts_do_no_harm():
    texts = [
        "",
        "\x00\x01",
        "Acme\ud800",
        "<script>alert(1)</script>",
        "Acme " * 50_000,
        "𝕬𝖈𝖒𝖊 ‮emcA",
        "'; DROP TABLE facts; --",
    ]
    marked = [Marked(Text(text, "shop"), number % 2 == 0, str(number)) for number, text in enumerate(texts * 4)]
    trained = relevance.train("Acme (", marked, [Text(text, "shop") for text in texts])
    assert trained is not None
    chances = trained.model.chances([one.text for one in marked])
    assert ((chances > 0) & (chances < 1)).all()


def test_a_model_is_kept_as_numbers_and_one_of_another_form_is_learnt_anew(tmp_path):
    database = fill(tmp_path)
    teach(database, range(40))
    update(database)
    with database.look() as con:
        made = kept.model(con, "Acme")
    assert made is not None
    loaded = flow.load("Acme", made)
    assert loaded is not None and loaded.size == 16
    assert made.weights == loaded.weights.tobytes() and json.loads(json.dumps(made.skill)) == made.skill
    assert flow.load("Acme", replace(made, weights=made.weights[:-4])) is None
    assert made.made == datetime(2026, 11, 20, 12, tzinfo=UTC)

"""The pages say what is hidden and why, take people's word for it, and the numbers follow at once."""

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import invented_store
import numpy as np
import pytest
from invented_store import Said
from paging import page, said
from streamlit.testing.v1 import AppTest
from test_relevance import sentence

from earful.dashboard import relevance, words
from earful.data import embeddings, store
from earful.data import relevance as kept
from earful.data.database import Database
from earful.data.relevance import Mark, Reason
from earful.models.accuracy import Count
from earful.models.relevance import Skill

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)


@pytest.fixture
def database(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Database:
    """The small store, seen a moment after it was filled."""
    monkeypatch.setenv("EARFUL_STORE", str(tmp_path))
    return invented_store.fill(tmp_path, datetime.now(UTC).replace(microsecond=0))


def button(app: AppTest, key: str):
    return next(one for one in app.button if one.key == key)


def volume(app: AppTest) -> str:
    return next(metric.value for metric in app.metric if metric.label == "Volume")


def test_nothing_hidden_nothing_said(database):
    overview = page("overview")
    spoken = [one.value for kind in (overview.caption, overview.text, overview.warning) for one in kind]
    assert spoken
    assert not [one for one in spoken if "hidden" in one]
    assert not [one for one in page("mentions").toggle if one.key == "hidden"]


def test_a_click_hides_and_undo_brings_back(database):
    before = int(volume(page("overview")))
    app = page("mentions", at="shop", mention="a3")
    assert button(app, "about False").label == "Not about Acme"
    app = button(app, "about False").click().run()
    text = said(app)
    assert "said that it is not about the brand: hidden" in text and "hidden, counts nowhere" in text
    assert app.query_params["mention"] == "a3", "it stays in view"
    assert int(volume(page("overview"))) == before - 1
    assert "1 mention hidden as not about the brand" in said(page("overview"))
    app = button(app, "about undone").click().run()
    assert "counts nowhere" not in said(app)
    assert int(volume(page("overview"))) == before
    with database.look() as con:
        assert [row[0] for row in con.execute("SELECT about FROM relevance_marks ORDER BY made").fetchall()] == [
            False,
            None,
        ]


def test_the_switch_shows_what_is_hidden_and_stands_in_the_address(database):
    with database.transaction() as con:
        kept.save_mark(con, "shop", "a1", "Acme", False, "ada@example.org", NOW)
    app = page("mentions")
    (switch,) = [one for one in app.toggle if one.key == "hidden"]
    assert "(2)" in switch.label and switch.value is False
    app = switch.set_value(True).run()
    assert app.query_params["hidden"] == "1"
    assert len(app.dataframe[-1].value) == 2, "each copy for itself"
    assert len(page("mentions", hidden="1").dataframe[-1].value) == 2
    assert "hidden" not in page("overview", hidden="1").query_params


def test_the_last_visible_mention_can_be_hidden_and_found_again(database):
    with database.transaction() as con:
        kept.save_mark(con, "shop", "b2", "Bolt", False, "ada", NOW)
    app = page("mentions", brand="Bolt")
    assert "Nothing in this period" in said(app) and [one for one in app.toggle if one.key == "hidden"]
    assert len(page("mentions", brand="Bolt", hidden="1").dataframe[-1].value) == 1


def test_the_model_hides_by_itself_and_says_why(tmp_path, monkeypatch):
    monkeypatch.setenv("EARFUL_STORE", str(tmp_path))
    noon = datetime.now(UTC).replace(microsecond=0)
    rows = tuple(Said(f"n{n}", "Acme", 1 + n / 100, "shop", "neutral", sentence(n, n % 2 == 0)) for n in range(60))
    database = invented_store.fill(tmp_path, noon, rows)
    vectors = {store.digest(invented_store.mention(row, noon)): np.ones(4, np.float32) / 2 for row in rows}
    embeddings.save(tmp_path, invented_store.MODEL, vectors)
    with database.transaction() as con:
        for n in range(1, 40):
            kept.save_mark(con, "shop", f"n{n}", "Acme", n % 2 == 0, "ada", noon - timedelta(minutes=n))
    app = page("mentions", at="shop", mention="n0")
    app = button(app, "about True").click().run()
    assert "The model hides what it gives less than" in said(app)
    app = page("mentions", at="shop", mention="n51")
    assert re.search(r"The model gives it \d+% to be about the brand, less than \d+%: hidden", said(app))


def test_who_may_only_look_may_not_click(database):
    with database.transaction() as con:
        store.put_setting(con, "access", {"editors": ["ada@example.org"], "viewers": []})
    app = button(page("mentions", at="shop", mention="a3"), "about False").click().run()
    assert "This was not kept" in said(app)
    with database.look() as con:
        assert con.execute("SELECT count(*) FROM relevance_marks").fetchone() == (0,)


def test_a_brand_and_an_author_that_are_markup_stay_words(tmp_path, monkeypatch):
    monkeypatch.setenv("EARFUL_STORE", str(tmp_path))
    name = "A*c*me [x](y) :red[z]"
    row = Said("a", name, 1, "shop", "neutral", "a text")
    database = invented_store.fill(tmp_path, datetime.now(UTC), (row,), brands=((name, "own"),))
    with database.transaction() as con:
        kept.save_mark(con, "shop", "a", name, True, "![x](http://evil.example/x.png)", NOW)
    app = page("mentions")
    assert "\\[x\\]\\(y\\)" in button(app, "about False").label
    assert [one for one in app.text if "evil.example" in one.value]
    assert not [one for kind in (app.markdown, app.caption) for one in kind if "evil.example" in one.value]
    assert words.literal("a_b\n`c`") == "a\\_b \\`c\\`"


def test_what_is_known_of_the_model_is_said_with_its_interval():
    few = Skill(3, 12, None, Count(0, 0), Count(0, 12), Count(3, 3), "too few")
    assert "it takes 7 more of “It is about …”" in relevance.standing(few)
    fine = Skill(20, 20, 0.4, Count(18, 19), Count(18, 20), Count(19, 20), "")
    text = relevance.standing(fine)
    assert "less than 40%" in text and "95%" in text and "it finds 18 of 20 wrong ones" in text
    assert "hides nothing by itself" in relevance.standing(
        Skill(20, 20, None, Count(5, 10), Count(5, 20), Count(15, 20), "x")
    )


def test_reasons_in_words(database):
    class View:
        zone = ZoneInfo("Europe/Berlin")

    mark = Mark(False, "ada@example.org", NOW)
    assert relevance.reason(View, Reason(True, mark, None, 0.9, 0.4)).startswith(
        "ada@example.org, 20 Nov 2026, 13:00, said"
    )
    assert "of a copy of its story" in relevance.reason(View, Reason(True, None, mark, 0.9, 0.4))
    assert (
        relevance.reason(View, Reason(False, None, None, 0.8, 0.4)) == "The model gives it 80% to be about the brand."
    )
    assert relevance.reason(View, Reason(False, None, None, None, None)) == ""

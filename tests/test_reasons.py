"""The words that moved a score, as the page shows them: the shipped weights judge, hostile words stay words."""

from datetime import UTC, datetime
from pathlib import Path

import invented_store
import pytest
import streamlit as st
from invented_store import MODEL, Said
from streamlit.testing.v1 import AppTest

from earful.dashboard import canvas, launch, reasons

NASTY = "Acme is terrible <img/src=x> **bold** [a](https://x.example) :material/home: $x$"


@pytest.fixture
def page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AppTest:
    monkeypatch.setenv("EARFUL_STORE", str(tmp_path))
    said = (
        Said("a1", "Acme", 1, "shop", "negative", NASTY),
        Said("a2", "Acme", 2, "shop", "unscored", "Acme verður með útsölu", language="is"),
    )
    invented_store.fill(tmp_path, datetime.now(UTC).replace(microsecond=0), said)
    app = AppTest.from_file(str(Path(launch.__file__).parent / "app.py"), default_timeout=60)
    app.switch_page("mentions.py")
    app.query_params["at"] = "shop"
    return app


def offered(app: AppTest) -> bool:
    return any("Show which words" in toggle.label for toggle in app.toggle)


def said(app: AppTest) -> str:
    assert not app.exception, app.exception
    return "\n".join(str(element.value) for kind in (app.caption, app.text, app.markdown) for element in kind)


def test_a_person_may_ask_which_words_moved_the_score(page: AppTest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reasons, "_shipped", lambda: MODEL)
    page.query_params["mention"] = "a1"
    page.run()
    assert reasons.HOW not in said(page)
    page.toggle(key="why").set_value(True).run()
    assert reasons.HOW in said(page)
    assert "terrible" not in "\n".join(str(one.value) for one in page.markdown)


def test_another_models_score_is_not_explained_by_this_one(page: AppTest) -> None:
    st.cache_resource.clear()
    page.query_params["mention"] = "a1"
    page.run()
    page.toggle(key="why").set_value(True).run()
    assert f"only known for the model that ships with Earful; {MODEL} scored this" in said(page)
    assert reasons.HOW not in said(page)


def test_what_was_not_scored_is_not_explained(page: AppTest) -> None:
    page.query_params["mention"] = "a2"
    assert not offered(page.run())


@pytest.mark.parametrize("look", [canvas.LIGHT, canvas.DARK])
def test_the_chart_names_the_strongest_word_and_keeps_the_texts_order(look: canvas.Look) -> None:
    spec = reasons.chart([("Never", 0, -0.6), ("kind\nstaff", 6, 0.2)], look).to_dict()
    assert spec["title"]["text"] == "“Never” counts most"
    (rows,) = spec["datasets"].values()
    assert [row["word"] for row in rows] == ["Never", "kind staff"]
    assert [row["effect"] for row in rows] == [-60, 20]
    assert [row["said"][0] for row in rows] == ["−", "+"]

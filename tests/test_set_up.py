"""The Set-up page: drafts are tried by a process of their own, shown as a difference, and saved by editors alone."""

import json
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import invented_store
import pytest
from streamlit.testing.v1 import AppTest

from earful.dashboard import launch, signin, trying
from earful.data import changes, migrations, people, store
from earful.data.database import Database, snapshot
from earful.flows import draft

TEXT = """timezone = "Europe/Berlin"
store = "."

[[brands]]
name = "Acme"   # us
match = "acme"

[[brands]]
name = "Bolt"
match = "bolt"
competitor = true

[[sources]]
connector = "rss"
target = "https://x.example.org/feed"

[[rules]]
name = "A bad day"
step = "1d"
least = 1
"""


@pytest.fixture
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    invented_store.fill(tmp_path, datetime.now(UTC))
    (tmp_path / "earful.toml").write_text(TEXT)
    monkeypatch.setenv("EARFUL_STORE", str(tmp_path))
    monkeypatch.setenv("EARFUL_CONFIG", str(tmp_path / "earful.toml"))
    return tmp_path / "earful.toml"


# Trying a draft


def test_a_draft_that_can_be_used_has_no_mistakes(path: Path) -> None:
    assert draft.answer(path, {"do": "validate", "text": TEXT}) == {"mistakes": []}


def test_mistakes_name_the_line_and_not_the_place_on_the_disk(path: Path) -> None:
    wrong = draft.answer(path, {"do": "validate", "text": TEXT.replace('"1d"', '"1y"').replace('"acme"', '"(acme"')})
    numbers = [line.split(":")[0] for line in wrong["mistakes"] if ":" in line]
    assert numbers == ["6", "19"]  # and the place in the expression
    assert str(path.parent) not in json.dumps(wrong)


def test_an_expression_is_tried_on_what_is_kept(path: Path) -> None:
    asked = {"do": "match", "text": TEXT, "expression": "acme NOT parcel", "brand": "Acme"}
    found = draft.answer(path, asked)["match"]
    assert found["matches"]["value"] == 5
    assert [one["term"] for one in found["removals"]] == ["parcel"]
    assert "error" in draft.answer(path, asked | {"expression": "(("})


def test_a_rule_is_rehearsed_with_what_a_chart_needs(path: Path) -> None:
    found = draft.answer(path, {"do": "rehearse", "text": TEXT, "rule": "A bad day", "days": 90})["rehearsals"]
    assert [one["brand"] for one in found] == ["Acme"]
    assert {"start", "finish", "observed", "expected", "high"} <= set(found[0]["windows"][0])
    with snapshot(path.parent) as con:
        counted = [count for _, count in con.execute(found[0]["query"]).fetchall()]
    assert counted == [window["observed"] for window in found[0]["windows"] if window["observed"]] and counted


def test_the_process_answers_and_its_failure_is_told(path: Path, tmp_path: Path) -> None:
    assert trying.ask(path, "validate", TEXT) == {"mistakes": []}
    assert "appstore" in trying.ask(path, "connectors", TEXT)["connectors"]
    assert "error" in trying.ask(path, "nonsense", TEXT)
    command = [sys.executable, "-m", "earful.flows.draft", str(path)]
    asked = json.dumps({"do": "validate", "text": TEXT})
    told = subprocess.run(command, input=asked, capture_output=True, text=True, check=True)
    assert json.loads(told.stdout) == {"mistakes": []}


# The page


def page() -> AppTest:
    app = AppTest.from_file(str(Path(launch.__file__).parent / "app.py"), default_timeout=90)
    app.run()
    return app.switch_page("set_up.py").run()


def said(app: AppTest) -> str:
    return "\n".join(
        str(one.value) for one in [*app.text, *app.code, *app.error, *app.warning, *app.subheader, *app.caption]
    )


def press(app: AppTest, label: str) -> AppTest:
    (button,) = [one for one in app.button if one.label == label]
    return button.click().run()


def part(app: AppTest, name: str) -> AppTest:
    return app.button_group(key="part").set_value(name).run()


def test_a_brand_is_taken_out_shown_and_saved_with_its_author(path: Path) -> None:
    app = page()
    assert not app.exception
    assert "Acme" in said(app) and "Bolt" in said(app)
    app = app.button(key="drop brands 1").click().run()
    assert '-name = "Bolt"' in said(app)
    assert path.read_text() == TEXT
    app = press(app, "Save")
    assert not app.exception
    assert "Bolt" not in path.read_text() and "# us" in path.read_text()
    with Database(path.parent).transaction(publish=False) as con:
        (kept,) = changes.latest(con, 5)
    assert kept.author == "dashboard" and '-name = "Bolt"' in kept.difference


def test_what_cannot_be_used_cannot_be_saved(path: Path) -> None:
    app = part(page(), "file")
    app.text_area[0].set_value(TEXT.replace('"1d"', '"1y"'))
    app = press(app, "Look at the changes")
    assert "To mend" in said(app)
    (save,) = [one for one in app.button if one.label == "Save"]
    assert save.disabled
    app = press(app, "Discard")
    assert "To mend" not in said(app)


def test_a_file_that_changed_meanwhile_is_not_overwritten(path: Path) -> None:
    app = page().button(key="drop brands 1").click().run()
    path.write_text(TEXT + "# by hand\n")
    app = press(app, "Save")
    assert "was changed since" in said(app)
    assert path.read_text() == TEXT + "# by hand\n"
    with Database(path.parent).transaction(publish=False) as con:
        assert changes.latest(con, 5) == []


def test_who_may_only_look_changes_nothing(path: Path) -> None:
    with Database(path.parent).transaction() as con:
        store.put_setting(con, people.SETTING, {"editors": ["ada@example.org"], "viewers": []})
    app = page().button(key="drop brands 1").click().run()
    app = press(app, "Save")
    assert "may not decide" in said(app)
    assert path.read_text() == TEXT


def test_it_is_there_before_anything_was_collected(path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EARFUL_STORE", str(tmp_path / "nothing"))
    app = page()
    assert not app.exception
    assert "Acme" in said(app)
    monkeypatch.delenv("EARFUL_CONFIG")
    assert "No configuration is named" in said(page())


def test_it_is_there_while_the_newest_copy_of_the_store_is_damaged(path: Path) -> None:
    newest = path.parent / "read" / (path.parent / "read" / "CURRENT").read_text()
    newest.write_bytes(b"garbage" * 1000)
    app = page()
    assert not app.exception
    assert "The newest copy of the store can't be read" in said(app) and "Bolt" in said(app)
    app = press(app.button(key="drop brands 1").click().run(), "Save")
    assert "Bolt" not in path.read_text() and not app.exception
    with snapshot(path.parent) as con:  # what was saved was kept, and a copy made of it
        assert len(changes.latest(con, 9)) == 1
    assert "can't be read" not in said(page())


def test_who_may_look_is_not_known_while_the_store_cannot_be_read(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (path.parent / "read" / (path.parent / "read" / "CURRENT").read_text()).write_bytes(b"garbage" * 1000)
    monkeypatch.setattr(signin, "require", lambda: None)
    monkeypatch.setenv(signin.REQUIRED, "3600")
    app = page()
    assert not app.exception
    assert "can't be read" in said(app)
    assert "Bolt" not in said(app) and str(path.parent) not in said(app)


def test_a_file_that_cannot_be_read_is_mended_as_text(path: Path) -> None:
    path.write_text(TEXT + "[[[")
    app = page()
    assert not app.exception
    assert "can't be read as it is" in said(app)
    assert app.text_area[0].value == TEXT + "[[["


def test_what_the_file_gets_wrong_is_told_before_it_is_changed(path: Path) -> None:
    path.write_text(TEXT.replace('match = "bolt"', 'macht = "bolt"'))
    app = page()
    assert not app.exception
    assert "can't be used as it is" in said(app) and "macht" in said(app)
    path.write_text("brands = [1]\n[[sources]]\ntarget = 5\n[[rules]]\nname = 7\n[[targets]]\n")
    app = page()
    for name in ("brands", "sources", "rules", "targets", "file"):
        app = part(app, name)
        assert not app.exception
    path.write_text(TEXT)
    assert "can't be used" not in said(page())


def test_a_copy_of_before_an_upgrade_is_told_from_a_broken_one(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(migrations, "MIGRATIONS", [*migrations.MIGRATIONS, lambda _: None])
    app = AppTest.from_file(str(Path(launch.__file__).parent / "app.py"), default_timeout=90).run()
    assert not app.exception
    assert "written by an older version" in said(app)

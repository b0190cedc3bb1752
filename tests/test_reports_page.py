"""The Reports page: a file about a brand and a period, digests as they were sent, and a table without formulas."""

import csv
import io
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import invented_store
import pytest
from invented_store import SAID, Said
from streamlit.testing.v1 import AppTest

from earful.dashboard import launch, read
from earful.data import digests, people, store
from earful.data.database import Database
from earful.data.queries import Filters
from earful.flows import config, digest

TEXT = """store = "."
[[brands]]
name = "Acme"
match = "acme"
[[brands]]
name = "Bolt"
match = "bolt"
competitor = true
[[sources]]
connector = "rss"
target = "https://x.example.org/feed"
"""


@pytest.fixture
def database(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Database:
    monkeypatch.setenv("EARFUL_STORE", str(tmp_path))
    monkeypatch.setenv("EARFUL_CONFIG", str(tmp_path / "earful.toml"))
    (tmp_path / "earful.toml").write_text(TEXT)
    formula = Said("f1", "Acme", 2.5, "shop", "negative", '=HYPERLINK("https://evil.example")', author="@SUM(1)")
    return invented_store.fill(tmp_path, datetime.now(UTC), (*SAID, formula))


def page() -> AppTest:
    app = AppTest.from_file(str(Path(launch.__file__).parent / "app.py"), default_timeout=120)
    app.run()
    return app.switch_page("reports.py").run()


def press(app: AppTest, key: str) -> AppTest:
    return app.button(key=key).click().run()


def said(app: AppTest) -> str:
    parts: list[Any] = [*app.text, *app.caption, *app.code]
    return "\n".join(str(one.value) for one in parts)


def taken(app: AppTest) -> list[str]:
    return [one.proto.label for one in app.get("download_button")]


def test_a_report_is_made_in_both_forms(database: Database) -> None:
    app = page()
    assert not app.exception
    assert "None yet" in said(app)
    for form, label in (("html", "web page"), ("pdf", "PDF")):
        app = press(app, f"make {form} now")
        assert not app.exception
        assert f"Take the {label} along" in taken(app)


def test_a_report_that_is_asked_for_goes_out_with_the_next_run(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = press(page(), "send report")
    assert not app.exception
    assert "The next run sends it" in app.success[0].value
    with database.look() as con:
        ((name, brand, start, finish),) = digests.asked(con)
    assert brand == "Acme" and finish - start >= timedelta(days=29)
    monkeypatch.setenv("HOOK", "https://hooks.example/1")
    with (database.folder / "earful.toml").open("a") as file:
        file.write('[[targets]]\nname = "team"\nkind = "webhook"\nurl_env = "HOOK"\n')
    settings = config.load(database.folder / "earful.toml")
    now = datetime.now(UTC)
    assert [digest.make(database, settings, lambda: now) for _ in range(2)] == [[name], []]
    with database.look() as con:
        assert con.execute("SELECT target, message ->> '$.card.brand' FROM outbox").fetchall() == [("team", "Acme")]
        assert con.execute("SELECT author IS NOT NULL FROM asked_reports").fetchall() == [(True,)]
    assert "sent" in page().selectbox[-1].options[0]


def test_who_may_only_look_sends_nothing(database: Database) -> None:
    app = page()
    with database.transaction() as con:
        store.put_setting(con, people.SETTING, {"editors": ["ada@example.org"], "viewers": []})
    app = press(app, "send report")
    assert "may not decide here" in said(app)
    with database.look() as con:
        assert digests.asked(con) == []


def test_why_a_report_could_not_be_made_is_told(database: Database) -> None:
    (database.folder / "earful.toml").write_text(TEXT.replace('"acme"', '"(acme"'))
    app = press(page(), "make html now")
    assert "a parenthesis is not closed" in said(app)


def test_a_digest_can_be_taken_along_as_it_was_sent(database: Database) -> None:
    now = datetime.now(UTC)
    with database.transaction() as con:
        digests.keep(con, digests.Kept("Acme|week", "Acme", now - timedelta(days=7), now, now, 1, {"brand": "Acme"}))
    app = page()
    assert not app.exception
    assert app.button(key="make pdf sent").label == "Make a PDF"


def test_the_table_holds_what_the_filters_show_and_no_formula(database: Database) -> None:
    now = datetime.now(UTC)
    filters = Filters("Acme", now - timedelta(days=30), now, stories=False, labels=("negative",))
    content = read.exported(database.folder, read.version(database.folder), filters, 100).decode("utf-8-sig")
    rows = list(csv.DictReader(io.StringIO(content)))
    assert [row["id"] for row in rows] == ["a1", "a3", "f1"]
    assert rows[2]["text"].startswith("'=HYPERLINK") and rows[2]["author"] == "'@SUM(1)"
    app = page()
    (button,) = [one for one in app.button if one.label == "Make a table"]
    app = button.click().run()
    assert not app.exception
    assert "Take the CSV along" in taken(app)

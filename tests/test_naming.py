"""Sources bear names that readers know: the label of the configuration, else one made of connector and target."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import invented_store
import pytest
from streamlit.testing.v1 import AppTest

from earful import connectors
from earful.dashboard import launch
from earful.data import naming, store
from earful.flows import config

FEED = "rss:https://forum.example/latest.rss"


@pytest.fixture(autouse=True)
def unlabelled() -> Iterator[None]:
    naming.use({})
    yield
    naming.use({})


@pytest.mark.parametrize(
    ("key", "name"),
    [
        (FEED, "Feed forum.example/latest.rss"),
        ("rss:https://www.reddit.com/search.rss?q=acme+kettle&sort=new", "Feed reddit.com/search.rss (acme kettle)"),
        ("rss:https://news.example/feed?id=7", "Feed news.example/feed (id=7)"),
        ("rss:https://news.example/", "Feed news.example"),
        ("rss:https://[broken", "Feed (https://[broken)"),
        ("hackernews:acme", "Hacker News (acme)"),
        ("appstore:gb/123", "App Store (gb/123)"),
        ("import:march.csv", "Import (march.csv)"),
        ("shop", "shop"),
        ("unheard of:x", "unheard of:x"),
        ("rss:", "rss:"),
    ],
)
def test_a_source_is_named_by_its_connector_and_what_is_asked_there(key: str, name: str) -> None:
    assert naming.source(key) == name


def test_every_connector_has_a_title() -> None:
    assert set(connectors.names()) <= set(naming.TITLES)


def test_a_label_goes_before_and_sentences_bear_the_names() -> None:
    naming.use({FEED: "Our forum"})
    assert naming.source(FEED) == "Our forum"
    said = f"From {FEED}/page: 3, from {FEED}: 2; shop"
    assert naming.within(said, [FEED, f"{FEED}/page", "shop"]) == (
        "From Feed forum.example/latest.rss/page: 3, from Our forum: 2; shop"
    )


def test_the_configuration_gives_labels(tmp_path: Path) -> None:
    text = '[[brands]]\nname = "Acme"\nmatch = "acme"\n[[sources]]\nconnector = "rss"\n'
    text += 'target = "https://forum.example/latest.rss"\nlabel = "Our forum"\n'
    text += '[[sources]]\nconnector = "hackernews"\ntarget = "acme"\nlabel = " "\n'
    assert config.parse(tmp_path / "earful.toml", text).labels == {FEED: "Our forum"}
    with pytest.raises(config.ConfigError, match="label"):
        config.parse(tmp_path / "earful.toml", text.replace("Our forum", "x" * 61))


def test_pages_show_the_names_and_sources_the_key_as_well(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EARFUL_STORE", str(tmp_path))
    said = tuple(
        invented_store.Said(f"a{at}", "Acme", 1 + at, source, "negative", f"Acme is late {at}")
        for at, source in enumerate((FEED, "hackernews:acme"))
    )
    database = invented_store.fill(tmp_path, datetime.now(UTC), said)
    with database.transaction() as con:
        store.put_setting(con, naming.SETTING, {FEED: "Our <b>forum</b>"})
    app = AppTest.from_file(str(Path(launch.__file__).parent / "app.py"), default_timeout=120).run()
    app.switch_page("mentions.py").run()
    (table,) = [one.value for one in app.dataframe if "Sentiment" in one.value]
    assert set(table.Source) == {"Our <b>forum</b>", "Hacker News (acme)"}
    app.switch_page("sources.py").run()
    texts = [one.value for one in app.text]
    assert {"Our <b>forum</b>", FEED, "Hacker News (acme)", "hackernews:acme"} <= set(texts)
    assert "forum" not in "\n".join(str(one.value) for kind in ("markdown", "caption") for one in app.get(kind))

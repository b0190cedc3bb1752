"""What is written in a menu tells its options apart, however alike their names are."""

from datetime import UTC, datetime
from pathlib import Path

import invented_store
import pytest
from invented_store import Said
from streamlit.testing.v1 import AppTest

from earful.dashboard import launch, words

LONG = "The Honourable Company of Acme Parcel Carriers of "
FEEDS = [
    "rss:https://www.example.org/alerts/feeds/0123456789/1",
    "rss:https://www.example.org/alerts/feeds/0123456789/2",
]


def test_names_that_begin_alike_are_cut_in_the_middle_and_the_same_ones_numbered() -> None:
    assert words.distinct({"a": "Acme", "b": "Bolt"}) == {"a": "Acme", "b": "Bolt"}
    assert words.distinct({"a": "Acme", "b": "Acme", "c": "Acme (2)"}) == {
        "a": "Acme",
        "b": "Acme (2)",
        "c": "Acme (2) (2)",
    }
    long = words.distinct({name: name for name in (f"{LONG}Leeds", f"{LONG}York")})
    assert list(long.values()) == [
        "The Honourable Compa…el Carriers of Leeds",
        "The Honourable Compa…cel Carriers of York",
    ]
    feeds = words.distinct({name: name for name in FEEDS}, words.source)
    assert [label[-4:] for label in feeds.values()] == ["89/1", "89/2"]


def test_of_brands_and_sources_that_look_alike_each_can_be_chosen(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("EARFUL_STORE", str(tmp_path))
    brands = [f"{LONG}Leeds", f"{LONG}York"]
    said = [Said(f"{at}{feed}", brand, 1, feed, "neutral") for at, brand in enumerate(brands) for feed in FEEDS]
    invented_store.fill(tmp_path, datetime.now(UTC), said, tuple((brand, "own") for brand in brands))
    app = AppTest.from_file(str(Path(launch.__file__).parent / "app.py"), default_timeout=60).run()
    for menu in (app.selectbox(key="brand"), app.multiselect(key="source")):
        assert len(set(menu.options)) == len(menu.options) > 1
    for brand in brands:
        assert app.selectbox(key="brand").set_value(brand).run().query_params.get("brand", brands[0]) == brand
    app.multiselect(key="source").set_value([FEEDS[0]]).run()
    assert app.query_params["source"] == FEEDS[0]

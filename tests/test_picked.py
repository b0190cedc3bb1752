"""A click on a time chart lists what was counted there, beside it, on every page that has one."""

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import parse_qs
from zoneinfo import ZoneInfo

import pytest
import themed_store
from streamlit.dataframe_util import convert_arrow_bytes_to_pandas_df
from streamlit.testing.v1 import AppTest

from earful.dashboard import launch, picked
from earful.dashboard.picked import Picked
from earful.data import database

DAY = timedelta(days=1)


@pytest.fixture
def midnight(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> datetime:
    """When a day of three days ago begins, in a store of themes up to now."""
    monkeypatch.setenv("EARFUL_STORE", str(tmp_path))
    now = datetime.now(UTC)
    themed_store.fill(tmp_path, now.replace(hour=12, minute=0, second=0, microsecond=0))
    day = (now - 3 * DAY).astimezone(ZoneInfo("Europe/Berlin"))
    return day.replace(hour=0, minute=0, second=0, microsecond=0)


def after_a_click(file: str, on: Picked, **address: str) -> AppTest:
    app = AppTest.from_file(str(Path(launch.__file__).parent / "app.py"), default_timeout=120).run()
    app.switch_page(file)
    app.query_params.update(address)
    app.session_state[picked.STEP] = on
    app.run()
    assert not app.exception
    return app


def listed(app: AppTest) -> list[str]:
    return [
        text for one in app.dataframe if set(one.value) == {"Mention", "When", "Source"} for text in one.value.Mention
    ]


def ways(app: AppTest) -> dict[str, str]:
    """Gives the links of a page: what is written on them, and the address they lead to."""
    return {one.proto.label: one.proto.query_string for one in app.get("page_link")}


@pytest.mark.parametrize(
    ("file", "chart", "themes", "labels", "said"),
    [
        ("overview.py", "volume", (), ("positive",), ["Acme was kind"]),
        ("compare.py", "share of voice", (), (), ["app crashes", "courier", "hotline", "was kind"]),
        ("criticism.py", "theme", ("courier",), (), ["courier"]),
    ],
)
def test_what_was_clicked_on_is_listed(
    midnight: datetime, file: str, chart: str, themes: tuple[str, ...], labels: tuple[str, ...], said: list[str]
) -> None:
    found = listed(after_a_click(file, Picked(chart, "Acme", themes, int(midnight.timestamp()), labels)))
    assert found
    for words in said:
        assert any(words in one for one in found)
    assert all(any(words in one for words in said) for one in found)


@pytest.mark.parametrize(
    ("file", "on", "said"),
    [
        ("overview.py", Picked("voice", "Bolt", (), 0, ()), {"the courier never came", "Bolt opens at nine"}),
        ("compare.py", Picked("net", "Bolt", (), 0, ("negative", "positive")), {"the courier never came"}),
        ("compare.py", Picked("negative", "Acme", (), 0, ("positive",)), {"Acme was kind"}),
    ],
)
def test_a_brand_that_was_clicked_on_is_listed(midnight: datetime, file: str, on: Picked, said: set[str]) -> None:
    found = listed(after_a_click(file, on))
    assert found
    assert {words for words in said if any(words in one for one in found)} == said
    assert all(any(words in one for words in said) for one in found)


@pytest.mark.parametrize("brand", ["Acme", "Bolt"])
def test_a_cell_of_brands_by_themes_lists_what_it_counts(midnight: datetime, brand: str) -> None:
    app = after_a_click("criticism.py", Picked("brands by themes", brand, ("courier",), 0, ()), view="brands")
    (chart,) = app.get("vega_lite_chart")
    tables = [convert_arrow_bytes_to_pandas_df(one.data.data) for one in chart.proto.datasets]
    (cells,) = [one for one in tables if "spread" in one]
    ((count,),) = [(one["of"].split(" of ")[0],) for one in cells.to_dict("records") if one["brand"] == brand][:1]
    assert f"{count} stories" in "\n".join(one.value for one in app.caption)
    assert listed(app) and all("courier" in one for one in listed(app))
    (address,) = [address for label, address in ways(app).items() if label.endswith("under Mentions")]
    led = AppTest.from_file(str(Path(launch.__file__).parent / "app.py"), default_timeout=120).run()
    led.switch_page("mentions.py")
    led.query_params.update(parse_qs(address))
    led.run()
    assert led.selectbox(key="brand").value == brand
    assert led.selectbox(key="theme").value == "courier"
    assert f"{count} stories, newest first" in "\n".join(one.value for one in led.caption)


def test_a_day_of_a_source_lists_what_it_brought_and_about_whom(midnight: datetime) -> None:
    app = after_a_click("sources.py", Picked("source shop", "", (), int(midnight.timestamp()), ()))
    (found,) = [one.value for one in app.dataframe if "About" in one.value]
    said = dict(zip(found.Mention, found.About, strict=True))
    assert {about for words, about in said.items() if "Acme" in words} == {"Acme"}
    assert {about for words, about in said.items() if "Bolt" in words} == {"Bolt"}
    with database.snapshot(Path(os.environ["EARFUL_STORE"])) as con:
        day = (midnight, midnight + DAY)
        query = "SELECT count(*) FROM mentions WHERE source = 'shop' AND published >= ? AND published < ?"
        assert con.execute(query, day).fetchall() == [(len(found),)]
    assert listed(after_a_click("sources.py", Picked("source shop", "", (), 0, ()))) == []


@pytest.mark.parametrize(
    "other",
    [
        Picked("volume", "Acme", (), 0, ()),
        Picked("theme", "Bolt", ("courier",), 0, ()),
        Picked("theme", "Acme", ("hotline",), 0, ()),
        Picked("theme", "Acme", ("courier",), 900, ()),
    ],
    ids=["another chart", "another brand", "another theme", "a step that is not drawn"],
)
def test_what_is_no_longer_looked_at_is_not_listed(midnight: datetime, other: Picked) -> None:
    begins = int(midnight.timestamp()) + other.begins
    found = after_a_click("criticism.py", Picked(other.chart, other.brand, other.themes, begins, other.labels))
    assert listed(found) == []

"""The queries that the dashboard offers give the numbers that it shows."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import invented_store
import pytest
import themed_store
from invented_store import NOON, Said
from streamlit.testing.v1 import AppTest

from earful.dashboard import launch
from earful.data import criticism, database, explained
from earful.data.queries import Filters

DAY = timedelta(days=1)
MONTH = Filters("Acme", NOON - 30.5 * DAY, NOON)
PAGES = Path(launch.__file__).parent


@pytest.fixture(scope="module")
def themed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("themed")
    themed_store.fill(folder, NOON)
    return folder


@pytest.mark.parametrize("narrow", [{}, {"stories": False}, {"sources": ("news",)}, {"sources": ("it's",)}])
def test_a_themes_stories_are_counted_as_on_the_page(themed: Path, narrow: dict) -> None:
    filters = replace(MONTH, **narrow)
    with database.snapshot(themed) as con:
        _, parts = criticism.told(con, filters, [filters.start, filters.finish])
        for themes in (("courier",), ("courier", "app"), ("it's none",)):
            ((count,),) = con.execute(explained.query("theme", replace(filters, themes=themes))).fetchall()
            of_themes = parts[parts.theme.isin(themes)]
            assert count == of_themes["count"].sum()
            found = con.execute(explained.query("theme parts", replace(filters, themes=themes))).fetchall()
            grouped = of_themes.groupby(["journey", "intent", "source"])["count"].sum()
            assert {tuple(row[:3]): row[3] for row in found} == grouped.to_dict()


def test_a_trend_is_counted_in_the_teams_days(tmp_path: Path) -> None:
    late = Said("late", "Acme", 1 - 11.5 / 24, "shop", "negative", "Acme is late")  # 23:30 in UTC
    invented_store.fill(tmp_path, NOON, (late,))
    with database.snapshot(tmp_path) as con:
        for step, zone, at in (
            ("day", "UTC", (NOON - DAY).replace(hour=0)),
            ("day", "Europe/Berlin", NOON.replace(hour=0)),
            ("hour", "UTC", (NOON - DAY).replace(hour=23)),
        ):
            ((begins, label, count),) = con.execute(explained.query("trend", MONTH, step, zone)).fetchall()
            assert (begins, label, count) == (at.replace(tzinfo=None), "negative", 1)


def test_what_a_source_brought_in_a_week_is_counted_as_on_the_page(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("EARFUL_STORE", str(tmp_path))
    invented_store.fill(tmp_path, datetime.now(UTC))
    app = AppTest.from_file(str(PAGES / "app.py"), default_timeout=120).run()
    app.switch_page("sources.py").run()
    (query,) = [code.value for code in app.code if code.language == "sql"]
    with database.snapshot(tmp_path) as con:
        counts = con.execute(query).fetchall()
    text = "\n".join(one.value for one in app.markdown)
    assert len(counts) > 1
    for _, count in counts:
        assert f"**{count}** mentions in 7 days" in text


def test_pages_with_figures_offer_their_queries(themed: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EARFUL_STORE", str(themed))
    for page, columns in (
        ("overview.py", ("volume", "begins", "share_of_voice")),
        ("compare.py", ("net_sentiment", "negative_share", "share_of_voice")),
        ("criticism.py", ("count",)),
    ):
        app = AppTest.from_file(str(PAGES / "app.py"), default_timeout=120)
        app.query_params.update(
            {"period": "dates", "from": f"{NOON - 30 * DAY:%Y-%m-%dT%H:%M}", "to": f"{NOON:%Y-%m-%dT%H:%M}"}
        )
        app.run()
        app.switch_page(page).run()
        assert not app.exception
        asked = [code.value for code in app.code if code.language == "sql"]
        with database.snapshot(themed) as con:
            given = [con.execute(query).description[0][0] for query in asked]
        assert set(columns) <= set(given), page

"""Brands side by side: figures with intervals, and what makes a comparison unfair."""

import dataclasses
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import invented_store
import pandas as pd
import pytest
from invented_store import SAID, Said
from streamlit.testing.v1 import AppTest

from earful.dashboard import beside, launch
from earful.data import events
from earful.data.database import Database
from earful.data.queries import Gap

START, FINISH = datetime(2026, 11, 1, tzinfo=UTC), datetime(2026, 11, 11, tzinfo=UTC)
EARLY = {"Acme": START - timedelta(days=90), "Bolt": START - timedelta(days=90)}


def counted(**brands: dict[str, int]) -> pd.DataFrame:
    return pd.DataFrame(
        [
            {"brand": brand, "begins": START.timestamp(), "label": label, "corrected": False, "count": count}
            for brand, labels in brands.items()
            for label, count in labels.items()
        ]
    )


def rows(**brands: dict[str, int]) -> list[beside.Row]:
    known = [(brand, brand != "Acme") for brand in brands]
    return beside.rows(counted(**brands), known, (START, FINISH), None)


def heard(*parts: tuple[str, str, int]) -> pd.DataFrame:
    columns = ["brand", "source", "connector", "count", "complaints"]
    return pd.DataFrame([(brand, f"{kind}:x", kind, count, 0) for brand, kind, count in parts], columns=columns)


def test_the_loudest_brand_comes_first_and_shares_add_up() -> None:
    found = rows(Acme={"negative": 10, "positive": 10, "unclear": 5}, Bolt={"positive": 50, "unscored": 25})
    assert [row.brand for row in found] == ["Bolt", "Acme"]
    assert [row.voice.value for row in found if row.voice] == [0.75, 0.25]
    assert found[1].net is not None and found[1].net.value == 0
    assert found[1].negative is not None and found[1].negative.value == 0.5
    assert found[1].before is None


@pytest.mark.parametrize(
    ("acme", "bolt", "said"),
    [
        ((90, 10), (10, 90), "Net sentiment: Acme is clearly below Bolt"),
        ((10, 90), (90, 10), "Acme is clearly above Bolt"),
        ((1, 2), (2, 1), "no clear difference"),
        ((0, 0), (2, 1), "No net sentiment of Acme"),
    ],
)
def test_only_what_chance_does_not_explain_is_called_a_difference(
    acme: tuple[int, int], bolt: tuple[int, int], said: str
) -> None:
    found = rows(
        Acme={"negative": acme[0], "positive": acme[1], "neutral": 5},
        Bolt={"negative": bolt[0], "positive": bolt[1]},
    )
    assert said in beside.finding(found, "Acme", "net", "Net sentiment")


def test_a_brand_may_stand_between_others() -> None:
    found = rows(
        Acme={"negative": 100, "positive": 100},
        Bolt={"negative": 10, "positive": 190},
        Crumb={"negative": 190, "positive": 10},
    )
    assert beside.finding(found, "Acme", "net", "Net sentiment") == (
        "Net sentiment: Acme is clearly above Crumb and below Bolt"
    )


def test_brands_heard_alike_are_compared_without_doubt() -> None:
    same = heard(("Acme", "reddit", 80), ("Acme", "rss", 20), ("Bolt", "reddit", 9), ("Bolt", "rss", 1))
    assert beside.doubts(same, [], EARLY, "Acme", "Bolt", START, FINISH) == []


def test_a_source_that_knows_only_one_of_them_makes_it_unfair() -> None:
    found = heard(("Acme", "appstore", 60), ("Acme", "rss", 40), ("Bolt", "rss", 10))
    (said,) = beside.doubts(found, [], EARLY, "Acme", "Bolt", START, FINISH)
    assert said == "60% of Acme is from appstore, where Bolt is not heard"


def test_lost_time_and_a_late_beginning_make_it_unfair() -> None:
    found = heard(("Acme", "rss", 40), ("Bolt", "rss", 10), ("Bolt", "reddit", 10), ("Acme", "reddit", 40))
    lost = [Gap("rss:x", START, START + timedelta(days=6), "503")]
    said = beside.doubts(found, lost, {**EARLY, "Bolt": START + timedelta(days=5)}, "Acme", "Bolt", START, FINISH)
    assert said == [
        "the sources of Acme could not be read for 30% of it",
        "the sources of Bolt could not be read for 30% of it",
        "Bolt has been heard only since 50% of the period had passed",
    ]
    assert "nothing is known of Bolt yet" in beside.doubts(
        found, [], {**EARLY, "Bolt": None}, "Acme", "Bolt", START, FINISH
    )


def page(folder: Path, monkeypatch: pytest.MonkeyPatch, said: tuple[Said, ...] = SAID, **store: object) -> AppTest:
    monkeypatch.setenv("EARFUL_STORE", str(folder))
    invented_store.fill(folder, datetime.now(UTC), said, **store)  # type: ignore[arg-type]
    app = AppTest.from_file(str(Path(launch.__file__).parent / "app.py"), default_timeout=60)
    app.run()
    return app.switch_page("compare.py").run()


def words_of(app: AppTest) -> str:
    parts = [*app.text, *app.caption, *app.markdown, *app.warning, *app.subheader]
    return "\n".join(str(part.value) for part in parts)


def test_the_page_shows_every_brand_with_its_intervals(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    app = page(tmp_path, monkeypatch)
    assert not app.exception
    table = next(one.value for one in app.dataframe if "Brand" in one.value)
    assert list(table["Brand"]) == ["Acme", "Bolt"]
    assert list(table["Stories"]) == [6, 1]
    assert "to" in table["Net sentiment"][0]
    assert "Not fair" not in words_of(app)


def test_what_happened_stands_on_the_chart_of_the_share_of_voice(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = page(tmp_path, monkeypatch)
    now = datetime.now(UTC)
    with Database(tmp_path).transaction() as con:
        events.add(con, "", "campaign", now - timedelta(days=1), None, "Spring sale", "", "eva", now)
    app.run()
    assert not app.exception
    assert sum("Spring sale" in str(chart.proto) for chart in app.get("vega_lite_chart")) == 1


def test_the_page_says_what_is_not_fair(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    old = dataclasses.replace(SAID[0], brand="Bolt", id="b9", days=20)
    own = tuple(row for row in SAID if row.brand == "Acme")
    app = page(tmp_path, monkeypatch, (*own, old))
    assert "Not fair to compare with 1 of 1 brands" in words_of(app)
    assert "Bolt has been heard only since 3" in words_of(app)


def test_one_brand_alone_is_told_how_to_add_another(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    own = tuple(row for row in SAID if row.brand == "Acme")
    app = page(tmp_path, monkeypatch, own, brands=(("Acme", "own"),))
    assert "There is only one brand" in words_of(app)
    assert any("competitor = true" in one.value for one in app.code)


def test_a_hostile_name_is_shown_as_it_is_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    nasty = "![x](https://evil.example/p.png) <script>"
    said = tuple(dataclasses.replace(row, brand=nasty if row.brand == "Bolt" else row.brand) for row in SAID)
    app = page(tmp_path, monkeypatch, said, brands=(("Acme", "own"), (nasty, "competitor")))
    assert not app.exception
    marked = [*app.markdown, *app.caption, *app.warning, *app.subheader]
    assert not any("evil.example" in str(part.value) for part in marked)
    assert any("evil.example" in json.dumps(str(part.value)) for part in app.text)

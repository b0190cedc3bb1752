"""Which themes count as one and by what name, from the moment somebody decides it: on pages, in rules, in digests."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import themed_store
from invented_store import NOON

from earful.data import board, counting, families, themes
from earful.data.counting import Counted
from earful.data.database import Database
from earful.flows import cli_themes

DAY = timedelta(days=1)
SPAN = [NOON - 20 * DAY, NOON]


@pytest.fixture
def database(tmp_path: Path) -> Database:
    return themed_store.fill(tmp_path)


def decide(database: Database, theme: str, kind: str, **value: Any) -> None:
    with database.transaction() as con:
        board.decide(con, "Acme", theme, kind, value, "eva", datetime.now(UTC))


def count(database: Database, theme: str) -> int:
    with database.look() as con:
        return counting.per_step(con, Counted("Acme", theme=theme), SPAN)[0]


def split(database: Database) -> dict[str, int]:
    """Gives what an alert's card would say of themes."""
    with database.look() as con:
        parts = counting.portions(con, Counted("Acme"), SPAN[0] - 30 * DAY, *SPAN, 86_400.0)
    return {one.name: one.observed for one in parts["theme"] if one.observed}


def test_merges_of_either_kind_are_followed_to_their_end() -> None:
    assert families.ends({"a": "", "b": "a", "c": "b", "d": "gone"}) == {"a": "a", "b": "a", "c": "a", "d": "d"}
    assert families.ends({"a": "b", "b": "a", "c": "a"}) == {"a": "a", "b": "a", "c": "a"}
    assert families.ends({}) == {}


def test_a_merge_by_a_person_of_what_was_merged_by_the_stage_ends_in_the_same_theme(database: Database) -> None:
    with database.transaction() as con:
        themed_store.add(con, "slow", "Acme", "slow app", "merged", into="app")
    decide(database, "hotline", "merge", into="slow")
    decide(database, "app", "rename", name="The app")
    with database.look() as con:
        found = {one.theme: one for one in families.of(con, "Acme")}
    assert found.keys() == {"courier", "app", "price"}
    app = found["app"]
    assert app.name == "The app"
    assert (app.members[0], set(app.members)) == ("app", {"app", "slow", "hotline"})
    assert {"app", "hotline", "The app", "slow app", "hotline, waiting, nobody"} <= app.known_as
    assert not app.hidden


def test_a_rule_on_a_theme_goes_on_when_it_is_renamed_and_counts_what_is_merged_into_it_at_once(
    database: Database,
) -> None:
    app, hotline = count(database, "app"), count(database, "hotline")
    assert app and hotline and app != hotline
    assert count(database, "app, crashes, update") == app
    decide(database, "app", "rename", name="The app")
    for called in ("app", "app, crashes, update", "The app"):
        assert count(database, called) == app, called
    decide(database, "app", "rename", name="Crashes")
    assert count(database, "The app") == app, "a rule may still hold the name it had last week"
    decide(database, "hotline", "merge", into="app")
    for called in ("app", "Crashes", "hotline"):
        assert count(database, called) == app + hotline, called
    decide(database, "hotline", "merge", into="")
    assert (count(database, "Crashes"), count(database, "hotline")) == (app, hotline)
    assert count(database, "unheard of") == 0


def test_an_alert_names_themes_as_people_do(database: Database) -> None:
    before = split(database)
    assert before.keys() == {"parcel, courier, left", "hotline, waiting, nobody", "app, crashes, update"}
    decide(database, "courier", "rename", name="Wet parcels")
    decide(database, "hotline", "merge", into="courier")
    after = split(database)
    assert after.keys() == {"Wet parcels", "app, crashes, update"}
    assert after["Wet parcels"] == before["parcel, courier, left"] + before["hotline, waiting, nobody"]


def test_the_command_counts_and_names_alike(database: Database) -> None:
    decide(database, "courier", "rename", name="Wet parcels")
    decide(database, "hotline", "merge", into="courier")
    decide(database, "app", "hide")
    with database.look() as con:
        stories = {theme: count for theme, (count, _) in themes.sizes(con, "Acme", NOON - 365 * DAY).items()}
        rows = cli_themes.listed(con, "Acme", NOON)["themes"]
    assert [(row["name"], row["stories"]) for row in rows] == [
        ("Wet parcels", stories["courier"] + stories["hotline"]),
        ("price, dearer", stories["price"]),
    ]

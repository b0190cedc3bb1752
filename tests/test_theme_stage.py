"""The stage of themes on a store: what it keeps, what goes on, what people decided, and what a kill leaves."""

import json
from collections import Counter
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import complaints
import pytest
from complaints import MODEL, NOW, Said
from samples import rows
from sklearn.metrics import adjusted_rand_score

from earful.data import board, criticism, failpoint, relevance, store, triage, versions
from earful.data import themes as kept
from earful.data.database import Database, snapshot
from earful.data.filtering import Filters
from earful.flows import cli_themes, theme_round, theme_voices, themes

DAY = timedelta(days=1)
SOURCE = "files:letters"


@pytest.fixture
def database(tmp_path: Path) -> Database:
    """A store with the usual complaints, of which nothing is found yet."""
    database = complaints.folder_of(tmp_path)
    complaints.keep(database, complaints.usual())
    return database


def find(database: Database, now: datetime = NOW, model: str = MODEL, anew: bool = False) -> themes.Done:
    return themes.update(database, model, lambda: now, lambda *_: None, anew)


def listed(database: Database, now: datetime = NOW, brand: str = "Acme") -> dict[str, Any]:
    with snapshot(database.folder) as con:
        return cli_themes.listed(con, brand, now)


def members(database: Database) -> dict[str, str]:
    return dict(rows(database, "SELECT id, theme FROM theme_members"))


def theme_of(database: Database, subject: str) -> str:
    """Gives the theme in which most complaints about a subject are."""
    told = Counter(theme for name, theme in members(database).items() if name.split()[-2] == subject)
    return told.most_common(1)[0][0]


def decide(database: Database, theme: str, kind: str, value: dict[str, Any], now: datetime = NOW) -> None:
    with database.transaction() as con:
        board.decide(con, "Acme", theme, kind, value, "eva", now)


def everything(database: Database) -> list[list[tuple[Any, ...]]]:
    """All that the stage keeps but for the times at which it ran."""
    return [
        rows(
            database, "SELECT theme, name, words, sentence, centre, first_seen, last_seen, state FROM themes ORDER BY 1"
        ),
        rows(database, "FROM theme_members ORDER BY brand, source, id"),
        rows(database, "FROM theme_peers ORDER BY of, brand, source, id"),
        rows(database, "SELECT brand, stories, note, space FROM theme_rounds ORDER BY 1"),
    ]


def test_the_themes_of_a_brand_are_found_and_named(database: Database) -> None:
    assert find(database) == themes.Done(0, ("Acme",))
    found = listed(database)
    assert found["note"] == ""
    assert [row["stories"] for row in found["themes"]] == pytest.approx([15] * 4, abs=2)
    assert {row["state"] for row in found["themes"]} == {"steady"}
    said = members(database)
    assert adjusted_rand_score([name.split()[1] for name in said], list(said.values())) > 0.9
    for subject in complaints.SUBJECTS:
        ((name, sentence, source, mention),) = rows(
            database,
            "SELECT name, sentence, sentence_source, sentence_id FROM themes"
            f" WHERE theme = '{theme_of(database, subject)}'",
        )
        own = " ".join(complaints.SUBJECTS[subject])
        assert all(word in own for word in name.replace(",", "").split()), (subject, name)
        assert sentence.removeprefix("Acme: ").rstrip(".") in own
        assert (source, mention.split()[1]) == (SOURCE, subject)
    journeys = Counter(rows(database, "SELECT journey FROM theme_members"))
    assert journeys["receive",] >= 10 and journeys["get help",] >= 8


def test_a_second_run_has_nothing_to_do_and_a_new_complaint_finds_its_place(database: Database) -> None:
    find(database)
    before = everything(database)
    assert find(database, NOW + timedelta(hours=1)) == themes.Done(0, ())
    assert everything(database) == before
    fresh = Said(
        "Acme parcel new", 0.01, "Acme: the courier left my parcel in the rain, the box was crushed", "parcel", "zoe"
    )
    complaints.keep(database, [fresh])
    assert find(database, NOW + timedelta(hours=2)) == themes.Done(1, ())
    assert members(database)[fresh.id] == theme_of(database, "parcel")
    assert rows(database, f"SELECT last_seen FROM themes WHERE theme = '{theme_of(database, 'parcel')}'") == [
        (NOW - 0.01 * DAY,)
    ]


def test_tomorrow_has_todays_themes_and_what_is_new(database: Database) -> None:
    find(database, NOW - 7 * DAY)  # what lies in the future is of today
    before = {subject: theme_of(database, subject) for subject in complaints.SUBJECTS}
    names = dict(rows(database, "SELECT theme, name FROM themes"))
    complaints.keep(database, complaints.burst(8, 6))
    assert find(database).brands == ("Acme",)
    assert {subject: theme_of(database, subject) for subject in complaints.SUBJECTS} == before
    kettle = theme_of(database, "kettle")
    assert kettle not in before.values()
    (new,) = [row for row in listed(database)["themes"] if row["state"] == "new"]
    assert new["theme"] == kettle
    assert new["first_seen"] >= f"{NOW - 7 * DAY:%Y-%m-%d}"
    assert {"kettle", "lid", "smoke", "fire"} & set(new["name"].replace(",", "").split())
    after = dict(rows(database, "SELECT theme, name FROM themes"))
    assert sum(after[theme] == name for theme, name in names.items()) >= 3, "names stay while they are apt"
    for later in (1, 90):
        find(database, NOW + later * DAY)
        assert theme_of(database, "kettle") == kettle
    assert {row["state"] for row in listed(database, NOW + 90 * DAY)["themes"]} == {"faded"}


def test_an_id_is_never_given_again(database: Database) -> None:
    find(database)
    first = {theme for (theme,) in rows(database, "SELECT theme FROM themes")}
    with database.transaction() as con:
        con.execute("DELETE FROM theme_members")
        con.execute("DELETE FROM theme_rounds")
    find(database)
    second = {theme for (theme,) in rows(database, "SELECT theme FROM themes WHERE octet_length(centre) > 0")}
    assert len(second) == 4
    assert not first & second, "nobody can tell that they are the same without the members"
    assert set(rows(database, "SELECT state FROM themes WHERE octet_length(centre) = 0")) == {("faded",)}


class Killed(BaseException):
    """Stands for the end of the process."""


@pytest.mark.parametrize(
    ("place", "nth"), [("themes_found", 1), ("before_commit", 2), ("after_commit", 2), ("themes_placed", 1)]
)
def test_a_kill_anywhere_leaves_what_another_run_makes_the_same(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, place: str, nth: int
) -> None:
    other = complaints.folder_of(tmp_path / "undisturbed")
    fresh = [Said("Acme parcel new", 0.01, "Acme: the courier left my parcel in the rain", "parcel", "zoe")]
    for one in (database, other):
        complaints.keep(one, [*complaints.usual(), *complaints.usual(3, brand="Bolt")], brands=("Acme", "Bolt"))
        if place == "themes_placed":
            find(one, NOW)
            complaints.keep(one, fresh, brands=("Acme", "Bolt"))
    visits = Counter[str]()

    def reach(name: str) -> None:
        visits[name] += 1
        if name == place and visits[name] == nth:
            raise Killed

    find(other)
    monkeypatch.setattr(failpoint, "reach", reach)
    with pytest.raises(Killed):
        find(database)
    monkeypatch.undo()
    find(database)
    assert everything(database) == everything(other)


def test_what_people_corrected_hid_or_deleted_leaves_its_theme(database: Database) -> None:
    find(database)
    (sentence,) = rows(database, f"SELECT sentence_id FROM themes WHERE theme = '{theme_of(database, 'app')}'")[0]
    with database.transaction() as con:
        store.save_correction(con, SOURCE, "Acme price 3", "Acme", "positive", "eva", NOW)
        con.execute("UPDATE facts SET intent = '' WHERE id = 'Acme price 3'")
        con.execute("UPDATE facts SET hidden = true WHERE id = 'Acme price 4'")
        versions.erase(con, SOURCE, [sentence], NOW)
    find(database, NOW + timedelta(hours=1))
    left = members(database)
    assert {"Acme price 3", "Acme price 4", sentence} & set(left) == set()
    assert len(left) == 57
    assert rows(database, "SELECT count(*) FROM themes WHERE sentence = ''") == [(1,)], "erased at once, not tomorrow"
    find(database, NOW + DAY)
    assert rows(database, "SELECT count(*) FROM themes WHERE sentence = ''") == [(0,)]


def test_what_people_corrected_or_hid_and_what_was_deleted_leaves_the_counts_at_once(database: Database) -> None:
    def count() -> dict[str, int]:
        with database.look() as con:
            filters = Filters("Acme", NOW - 90 * DAY, NOW + DAY)
            return criticism.told(con, filters, [filters.start, filters.finish])[0].groupby("theme")["count"].sum()

    find(database)
    price, before = theme_of(database, "price"), count()
    with database.transaction() as con:
        triage.change(con, (SOURCE, "Acme price 3"), "Acme", "intent", "question", "eva", NOW)
    assert before[price] == count()[price], "negative as before"
    with database.transaction() as con:
        store.save_correction(con, SOURCE, "Acme price 3", "Acme", "neutral", "eva", NOW)
    assert before[price] - count()[price] == 1
    with database.transaction() as con:
        relevance.save_mark(con, SOURCE, "Acme price 4", "Acme", False, "eva", NOW)
    assert before[price] - count()[price] == 2
    with database.transaction() as con:
        store.save_page(con, SOURCE, [], NOW, ["Acme price 5"])
    assert before[price] - count()[price] == 3
    assert sum(before) - sum(count()) == 3
    with database.transaction() as con:
        store.save_correction(con, SOURCE, "Acme price 3", "Acme", "negative", "eva", NOW + DAY)
        relevance.save_mark(con, SOURCE, "Acme price 4", "Acme", None, "eva", NOW + DAY)
    assert find(database, NOW + timedelta(hours=1)).placed == 2, "taken back: the next run places it again"
    assert before[price] - count()[price] == 1


def test_what_another_model_has_yet_to_score_stays_in_its_theme(database: Database) -> None:
    find(database)
    before = members(database)
    with database.transaction() as con:
        store.use_model(con, "another")
    assert rows(database, "SELECT DISTINCT label FROM facts WHERE brand = 'Acme'") == [("unscored",)]
    assert members(database) == before


def test_an_edit_is_placed_anew(database: Database) -> None:
    find(database)
    edited = Said(
        "Acme price 3",
        5.0,
        "Acme: the courier threw my parcel over the fence. Late delivery, the box was crushed",
        "parcel",
    )
    complaints.keep(database, [edited])
    assert find(database, NOW + timedelta(hours=1)).placed == 1
    assert members(database)["Acme price 3"] == theme_of(database, "parcel")


# People's decisions


def test_a_moved_mention_stays_where_a_person_put_it(database: Database) -> None:
    find(database)
    app = theme_of(database, "app")
    decide(database, app, "move", {"source": SOURCE, "id": "Acme price 3"})
    decide(database, "", "move", {"source": SOURCE, "id": "Acme price 4"})
    for later in (timedelta(hours=1), DAY):
        find(database, NOW + later)
        assert members(database)["Acme price 3"] == app
        assert members(database)["Acme price 4"] == ""
    decide(database, theme_of(database, "hotline"), "move", {"source": SOURCE, "id": "Acme price 3"}, NOW + DAY)
    find(database, NOW + 2 * DAY)
    assert members(database)["Acme price 3"] == theme_of(database, "hotline"), "the latest word counts"


def test_a_move_counts_at_once_and_for_the_copies_that_are_there_and_that_come(database: Database) -> None:
    said = next(one for one in complaints.usual() if one.id == "Acme price 3")
    copy = replace(said, id="Acme price copy", story="Acme price 3", author="another")
    complaints.keep(database, [copy])
    find(database)
    price, app = theme_of(database, "price"), theme_of(database, "app")
    assert {members(database)[one] for one in ("Acme price 3", copy.id)} == {price}
    decide(database, price, "move", {"source": SOURCE, "id": "Acme app 3"})
    decide(database, "", "move", {"source": SOURCE, "id": copy.id})
    assert [members(database)[one] for one in ("Acme app 3", "Acme price 3", copy.id)] == [price, "", ""]
    decide(database, app, "move", {"source": SOURCE, "id": "Acme price 3"})
    complaints.keep(database, [replace(copy, id="Acme price copy 2")])
    for later in (timedelta(hours=1), DAY):
        find(database, NOW + later)
        there = [members(database)[one] for one in ("Acme price 3", copy.id, "Acme price copy 2")]
        assert there == [app, "", app], "what was said of a mention itself goes before what was said of its copy"


def test_a_split_makes_two_of_one_for_good(database: Database) -> None:
    find(database)
    price = theme_of(database, "price")
    decide(database, price, "split", {})
    ((decision,),) = rows(database, "SELECT decision FROM theme_decisions")
    half = theme_round.child(decision)
    assert find(database, NOW + timedelta(hours=1)).brands == ("Acme",), "it is done at once"
    sizes = Counter(members(database).values())
    assert sizes[half] >= 2 and sizes[price] >= sizes[half]
    for later in (1, 2):
        find(database, NOW + later * DAY)
        assert Counter(members(database).values())[half] >= 2
        assert rows(database, f"SELECT state FROM themes WHERE theme = '{half}'") != [("merged",)]


def test_halves_that_are_much_alike_stay_apart(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    find(database)
    price = theme_of(database, "price")
    decide(database, price, "split", {})
    monkeypatch.setattr("earful.models.themes.MERGE", 0.1)
    find(database, NOW + timedelta(hours=1))
    half = theme_round.child(rows(database, "SELECT decision FROM theme_decisions")[0][0])
    decide(database, half, "split", {}, NOW + timedelta(hours=2))
    quarter = theme_round.child(rows(database, "SELECT decision FROM theme_decisions ORDER BY made DESC")[0][0])
    for later in (1, 2):
        find(database, NOW + later * DAY)
        assert {price, half, quarter} <= set(members(database).values())
    decide(database, half, "merge", {"into": price}, NOW + 2 * DAY)
    find(database, NOW + 3 * DAY)
    shown = [row["theme"] for row in listed(database, NOW + 3 * DAY)["themes"]]
    assert price in shown and quarter in shown and half not in shown, "a merge of a split takes back that one alone"


def test_a_split_by_mentions_takes_these(database: Database) -> None:
    find(database)
    hotline = theme_of(database, "hotline")
    chosen = [name for name, theme in members(database).items() if theme == hotline][:6]
    with database.transaction() as con:
        value = json.dumps({"members": [[SOURCE, name] for name in chosen]})
        con.execute("INSERT INTO theme_decisions VALUES ('d', 'Acme', ?, 'split', ?, 'eva', ?)", [hotline, value, NOW])
    find(database, NOW + timedelta(hours=1))
    assert theme_round.child("d") in members(database).values()


def test_what_people_decided_sticks_to_the_theme(database: Database) -> None:
    find(database)
    app, hotline = theme_of(database, "app"), theme_of(database, "hotline")
    decide(database, app, "rename", {"name": "Crashes"})
    decide(database, app, "pin", {})
    decide(database, hotline, "merge", {"into": app})
    decide(database, theme_of(database, "price"), "hide", {})
    for later in (1,):
        find(database, NOW + later * DAY)
        shown = {row["theme"]: row for row in listed(database, NOW + later * DAY)["themes"]}
        assert len(shown) == 2
        assert (shown[app]["name"], shown[app]["by_a_person"]) == ("Crashes", "pinned")
        assert shown[app]["stories"] == pytest.approx(30, abs=2)


def test_themes_survive_another_model_and_being_examined_and_read_again(database: Database) -> None:
    find(database)
    before = {subject: theme_of(database, subject) for subject in complaints.SUBJECTS}
    complaints.keep(database, complaints.usual())
    with database.transaction() as con:
        con.execute("DELETE FROM facts")
    complaints.keep(database, complaints.usual())
    assert find(database, NOW + timedelta(hours=1), model="").brands == ("Acme",), "another model, another space"
    assert {subject: theme_of(database, subject) for subject in complaints.SUBJECTS} == before


# Bad input


def test_too_few_complaints_are_told_and_no_theme_is_invented(tmp_path: Path) -> None:
    database = complaints.folder_of(tmp_path)
    complaints.keep(database, complaints.usual()[:5])
    assert find(database).brands == ("Acme",)
    assert listed(database) == {
        "brand": "Acme", "note": "too few: 5 different complaints so far, themes take 15", "themes": [],
    }  # fmt: skip
    assert set(members(database).values()) == {""}
    complaints.keep(database, complaints.usual())
    assert find(database, NOW + timedelta(hours=1)).brands == ("Acme",), "far more have come: no need to wait a day"
    assert len(listed(database)["themes"]) == 4


def test_a_brand_without_complaints_has_no_themes(tmp_path: Path) -> None:
    database = complaints.folder_of(tmp_path)
    complaints.keep(database, [Said("praise", 1.0, "Acme is kind", "praise", label="positive", intent="praise")])
    assert find(database) == themes.Done(0, ())
    assert listed(database)["note"].startswith("no themes so far")


def test_one_author_five_hundred_times_is_one_voice_and_told(database: Database) -> None:
    spam = [Said(f"spam {n}", n / 100, f"Acme: the app is a scam, number {n}", "spam", "troll") for n in range(500)]
    complaints.keep(database, spam)
    find(database)
    assert "one author wrote 500 of 560 complaints" in listed(database)["note"]
    assert sum(row["said_again"] for row in listed(database)["themes"]) > 450
    assert rows(database, "SELECT count(*) FROM theme_members WHERE starts_with(id, 'spam') AND NOT again")[0][0] < 30
    assert len(listed(database)["themes"]) <= 6


def test_one_author_who_is_nearly_alone_is_told_with_the_too_few(tmp_path: Path) -> None:
    database = complaints.folder_of(tmp_path)
    spam = [Said(f"spam {n}", n / 10, "Acme: the app is a scam", "spam", "troll") for n in range(50)]
    complaints.keep(database, [*complaints.usual()[:5], *spam])
    find(database)
    assert listed(database)["note"] == (
        "too few: 6 different complaints among 55 so far, themes take 15; one author wrote 50 of 55 complaints; what is"
        " said again in like words makes no theme"
    )


def test_nameless_people_are_many(tmp_path: Path) -> None:
    database = complaints.folder_of(tmp_path)
    said = [Said(f"{n}", n, "Acme: the app crashes since the update", "app", "") for n in range(20)]
    complaints.keep(database, said)
    find(database)
    assert rows(database, "SELECT count(*) FROM theme_members WHERE again") == [(0,)]


def test_copies_of_a_story_count_once(database: Database) -> None:
    wire = "Acme: the courier threw my parcel over the fence. Late delivery, and the box was crushed."
    complaints.keep(database, [Said(f"wire {n}", 1 + n / 100, wire, "parcel", f"paper{n}", "wire") for n in range(40)])
    find(database)
    assert rows(database, "SELECT count(*) FROM theme_members WHERE starts_with(id, 'wire') AND NOT again") == [(1,)]
    assert not any(row["state"] == "new" for row in listed(database)["themes"])


# Other brands


def test_rivals_complaints_are_set_against_our_themes(database: Database) -> None:
    rivals = complaints.usual(6, brand="Bolt")
    complaints.keep(database, rivals, brands=("Acme", "Bolt"))
    assert find(database).placed == 24
    told = rows(database, "SELECT id, theme FROM theme_peers WHERE of = 'Acme' AND brand = 'Bolt'")
    ours = {subject: theme_of(database, subject) for subject in complaints.SUBJECTS}
    assert len(told) == 24
    assert sum(theme == ours[name.split()[1]] for name, theme in told) >= 20
    assert rows(database, "SELECT count(*) FROM theme_peers WHERE of = 'Bolt'") == [(0,)], (
        "it has none of its own to set"
    )


def test_a_large_brand_is_sampled_and_all_of_it_is_placed(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(theme_voices, "SAMPLE", 40)
    monkeypatch.setattr(theme_round, "AT_ONCE", 16)
    find(database)
    said = members(database)
    assert len(said) == 60
    assert adjusted_rand_score([name.split()[1] for name in said], list(said.values())) > 0.7


def test_a_round_places_the_newest_and_runs_the_older_ones(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(theme_round, "MOST", 24)
    monkeypatch.setattr(themes, "BATCH", 12)
    assert find(database) == themes.Done(24, ("Acme",)), "a run places as many as a round"
    newest = {one.id for one in sorted(complaints.usual(), key=lambda one: one.days)[:48]}
    assert members(database).keys() == newest
    assert find(database, NOW + timedelta(hours=1)) == themes.Done(12, ())
    said = members(database)
    assert adjusted_rand_score([name.split()[1] for name in said], list(said.values())) > 0.9
    older = "SELECT id, theme, strength FROM theme_members JOIN mentions USING (source, id) ORDER BY published LIMIT 36"
    before = rows(database, older)
    assert find(database, NOW + DAY) == themes.Done(0, ("Acme",))
    assert rows(database, older) == before
    assert members(database).keys() == said.keys()
    found = listed(database, NOW + DAY)["themes"]
    assert sum(row["stories"] for row in found) >= 55
    assert {row["state"] for row in found} == {"steady"}, "the older ones count where they are"


def test_an_author_is_known_by_the_first_of_his_words(database: Database) -> None:
    ada = [Said(f"ada {n}", 9.0 - n, words, "", "ada") for n, (words, *_) in enumerate(complaints.SUBJECTS.values())]
    complaints.keep(database, ada)
    find(database)
    with database.look() as con:
        told = [one for one in kept.complaints(con, "Acme", NOW - 9.5 * DAY) if one.author == "ada"]
        assert [one.id for one in kept.said_before(con, "Acme", told[-1:], 2)] == ["ada 0", "ada 1", "ada 3"]
        assert [one.again for one in told] == [False] * 4


def test_what_is_older_than_a_year_is_placed_once_and_stays(database: Database) -> None:
    old = Said("Acme parcel old", 400.0, "Acme: the courier left my parcel in the rain, the box was crushed", "parcel")
    complaints.keep(database, [old])
    assert find(database).placed == 1
    parcel = theme_of(database, "parcel")
    assert members(database)[old.id] == parcel
    assert find(database, NOW + DAY) == themes.Done(0, ("Acme",))
    assert members(database)[old.id] == parcel

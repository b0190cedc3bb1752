"""Grouping as a stage: copies find their story in any order, after any kill, and stories keep their names."""

import random
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import harness
import pytest
import samples
from samples import published, rows
from test_stories import ARTICLE, FOOTER, LAST, MORE, OTHER, POST, REVIEW, WIRE

from earful.connectors.types import Mention
from earful.data import embeddings, fingerprints, store, stories, waiting
from earful.data.database import Database
from earful.flows import group
from earful.models.stories import own

NOW = datetime(2026, 5, 4, 12, tzinfo=UTC)
MODEL = "stub-1"


@dataclass(frozen=True)
class Said:
    """One mention of Acme: its key is the source and the id."""

    id: str
    text: str
    day: float = 0.0
    author: str = ""
    source: str = "rss:a"
    rating: float | None = None
    brands: tuple[str, ...] = ("Acme",)


WORLD = [
    Said("wire", ARTICLE), Said("paper", f"LONDON (Kettle) - {ARTICLE}", 0.5, source="rss:b"),
    Said("lead", WIRE, 1, source="rss:c"), Said("teaser", ARTICLE[:150] + "…", 1, source="rss:d"),
    Said("footer", f"{ARTICLE} {FOOTER}", 2, source="rss:e"), Said("month", ARTICLE, 25, source="rss:f"),
    Said("later", ARTICLE, 50, source="rss:g"), Said("again", ARTICLE, 99, source="rss:h"),
    Said("post", POST, 3, "ada", "mastodon:a"), Said("retweet", f"RT @ada: {POST}", 4, "bo", "mastodon:a"),
    Said("other", OTHER, 1), Said("framed", f"{OTHER} Read more at The Daily Kettle.", 1, source="rss:e"),
    *(Said(f"great{at}", "Great app!", at, f"p{at}", "appstore:us/1", 5.0) for at in range(4)),
    Said("review", REVIEW, 5, "Jane D.", "trustpilot:a", 1.0), Said("twin", REVIEW, 6, "jane", "reviewpage:a", 1.0),
    Said("stranger", "Nothing of this was ever said by anybody else, here or there or anywhere on the net", 2),
]  # fmt: skip
TOLD = {
    frozenset({"wire", "paper", "lead", "teaser", "footer", "month", "later"}), frozenset({"again"}),
    frozenset({"post", "retweet"}), frozenset({"other", "framed"}), frozenset({"review", "twin"}),
    frozenset({"stranger"}), *(frozenset({f"great{at}"}) for at in range(4)),
}  # fmt: skip


@pytest.fixture
def database(tmp_path: Path) -> Database:
    return Database(tmp_path / "store")


def keep(database: Database, said: Sequence[Said]) -> None:
    """Keeps and examines mentions, as the stages before do."""
    with database.transaction() as con:
        for one in said:
            when = NOW + timedelta(days=one.day)
            mention = Mention(one.id, "https://a.example/", one.author, when, "", one.text, "en", one.rating)
            store.add_source(con, one.source, "rss", one.source)
            store.save_page(con, one.source, [mention], NOW)
            digest = store.digest(mention)
            story = own(one.source, one.id, digest)
            store.save_examined(con, "rules", [store.Examined(one.source, one.id, digest, "en", story, one.brands)])


def run(database: Database, model: str = "") -> group.Grouped:
    return group.group(database, model, lambda: NOW, lambda *_: None)


def told(database: Database) -> set[frozenset[str]]:
    """Which mentions tell one story."""
    return {frozenset(row[0]) for row in rows(database, "SELECT list(id) FROM facts GROUP BY story")}


def story(database: Database, id: str) -> str:
    ((name,),) = rows(database, "SELECT DISTINCT story FROM examined WHERE id = ?", id)
    return name


def check_facts(database: Database) -> None:
    """Each story has one lead, its first mention, and readers see what is kept."""
    query = "SELECT count(*) FILTER (leads), arg_min(leads, (published, source, id)) FROM facts GROUP BY brand, story"
    assert set(rows(database, query)) == {(1, True)}
    everything = "FROM facts ORDER BY ALL"
    assert published(database.folder, everything) == rows(database, everything)
    assert check_waiting(database) == set()


def forgotten(database: Database, id: str) -> bool:
    """Tells whether the search for copies knows nothing of a mention."""
    digest = store.digest(Mention(id, "", "", NOW, "", OTHER if id == "two" else ARTICLE, "en"))
    return fingerprints.lacking(database.folder, {("rss:a", id): digest}) != set()


def check_waiting(database: Database) -> set[str]:
    """What is noted as waiting is what a look through everything finds; gives the ids of what is not deleted."""
    there = "SELECT w.* FROM waiting w JOIN mentions USING (source, id) WHERE gone IS NULL ORDER BY ALL"
    with database.look() as con:
        noted = con.execute(there).fetchall()
        waiting.anew(con)
        assert noted == con.execute(there).fetchall()
    return {row[1] for row in noted}


def test_each_kind_of_copy_finds_its_story(database: Database) -> None:
    keep(database, WORLD)
    assert run(database) == group.Grouped(len(WORLD), 13, 0)
    assert told(database) == TOLD
    check_facts(database)
    assert run(database) == group.Grouped(0, 0, 0)


@pytest.mark.parametrize("seed", range(6))
def test_the_order_in_which_mentions_come_does_not_matter(
    database: Database, seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    chance = random.Random(seed)
    monkeypatch.setattr(group, "BATCH", chance.choice([1, 2, 3, 7]))
    shuffled = chance.sample(WORLD, len(WORLD))
    while shuffled:
        size = chance.randint(1, 12)
        keep(database, shuffled[:size])
        shuffled = shuffled[size:]
        run(database)
    assert told(database) == TOLD
    check_facts(database)


def test_a_story_keeps_its_name_as_copies_come_and_of_two_the_larger_does(database: Database) -> None:
    first = [one for one in WORLD if one.id in ("wire", "lead")]
    second = [one for one in WORLD if one.id in ("later",)]
    bridge = [one for one in WORLD if one.id == "month"]
    keep(database, first + second)
    run(database)
    name, lost = story(database, "wire"), story(database, "later")
    assert name != lost
    assert story(database, "lead") == name
    keep(database, [one for one in WORLD if one.id == "paper"])
    run(database)
    assert story(database, "paper") == name
    keep(database, bridge)
    assert run(database) == group.Grouped(1, 1, 1)
    assert {story(database, one) for one in ("wire", "lead", "paper", "month", "later")} == {name}
    check_facts(database)
    assert rows(database, "FROM story_merges") == [(lost, name, NOW)]
    source = rows(database, "SELECT source FROM mentions WHERE id = 'paper'")[0][0]
    with database.look() as con:
        assert stories.joined(con, source, "paper") == [NOW]


def test_what_was_merged_twice_is_all_told(database: Database) -> None:
    keep(database, [Said("one", ARTICLE, 0), Said("two", OTHER, 1)])
    run(database)
    name = story(database, "one")
    with database.transaction() as con:
        stories.place(con, [], [("a", "b")], NOW)
        stories.place(con, [], [("b", name)], NOW + timedelta(hours=1))
        assert stories.joined(con, "rss:a", "one") == [NOW, NOW + timedelta(hours=1)]
        assert stories.joined(con, "rss:a", "two") == []


def test_a_story_whose_link_changes_its_words_falls_apart_and_one_part_keeps_the_name(database: Database) -> None:
    chain = [
        Said("a1", ARTICLE, 0),
        Said("a2", ARTICLE, 1, source="rss:b"),
        Said("link", ARTICLE, 25),
        Said("b", ARTICLE, 50),
    ]
    keep(database, chain)
    run(database)
    name = story(database, "a1")
    assert told(database) == {frozenset({"a1", "a2", "link", "b"})}
    keep(database, [Said("link", OTHER, 25)])
    assert story(database, "link") == name, "until it is grouped again"
    assert check_waiting(database) == {"link"}
    run(database)
    assert told(database) == {frozenset({"a1", "a2"}), frozenset({"link"}), frozenset({"b"})}
    assert story(database, "a1") == name
    check_facts(database)
    keep(database, [Said("link", ARTICLE, 25)])
    run(database)
    assert told(database) == {frozenset({"a1", "a2", "link", "b"})}
    assert story(database, "b") == name
    check_facts(database)


def test_a_mention_alone_keeps_its_name_when_its_words_change_until_it_joins_another(database: Database) -> None:
    keep(database, [Said("one", OTHER, 0), Said("two", ARTICLE, 1), Said("three", WIRE, 2)])
    run(database)
    name = story(database, "one")
    keep(database, [Said("one", OTHER.replace("bakery", "butchery"), 0)])
    run(database)
    assert story(database, "one") == name
    keep(database, [Said("one", f"{ARTICLE} {FOOTER}", 0)])
    run(database)
    assert story(database, "one") == story(database, "two") == story(database, "three")
    joined = story(database, "two")
    assert rows(database, "SELECT old, new FROM story_merges") == [(name, joined)]
    check_facts(database)


def test_what_leaves_a_large_story_leaves_alone(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(group, "MOST", 2)
    keep(database, [Said(f"c{at}", ARTICLE, at) for at in range(4)])
    run(database)
    name = story(database, "c1")
    keep(database, [Said("c0", OTHER, 0)])
    run(database)
    assert told(database) == {frozenset({"c1", "c2", "c3"}), frozenset({"c0"})}
    assert story(database, "c1") == name != story(database, "c0")


def test_five_hundred_copies_are_one_story(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(group, "BATCH", 200)
    chance = random.Random(1)
    words = ARTICLE.split()
    copies = [
        Said(f"c{at:03}", " ".join(word if chance.random() > 0.03 else f"x{at}" for word in words), at / 100)
        for at in range(500)
    ]
    with database.transaction() as con:
        store.add_source(con, "rss:a", "rss", "a")
        kept = [Mention(one.id, "", "", NOW + timedelta(days=one.day), "", one.text, "en") for one in copies]
        store.save_page(con, "rss:a", kept, NOW)
        examined = [
            store.Examined("rss:a", one.id, digest, "en", own("rss:a", one.id, digest), ("Acme",))
            for one, digest in ((one, store.digest(one)) for one in kept)
        ]
        store.save_examined(con, "rules", examined)
    assert run(database) == group.Grouped(500, 500, 0)
    assert len(told(database)) == 1
    check_facts(database)
    with database.look() as con:
        assert len(stories.copies(con, "rss:a", "c250", "Acme")) == 100
        assert stories.copies(con, "rss:a", "c250", "Acme", 2)[0].id == "c000"


def test_a_deleted_mention_keeps_its_story_and_its_fingerprint_goes(database: Database) -> None:
    keep(database, [Said("one", ARTICLE), Said("two", WIRE, 1, source="rss:b")])
    run(database)
    name = story(database, "one")
    with database.transaction() as con:
        store.save_page(con, "rss:a", [], NOW, ["one"])
    run(database)
    assert told(database) == {frozenset({"one", "two"})}
    assert forgotten(database, "one")
    assert rows(database, "FROM waiting") == []
    keep(database, [Said("three", ARTICLE, 2, source="rss:c")])
    run(database)
    assert {story(database, one) for one in ("one", "two", "three")} == {name}


def test_what_is_edited_and_edited_back_waits_for_nothing(database: Database) -> None:
    keep(database, [Said("one", ARTICLE), Said("two", OTHER)])
    run(database)
    keep(database, [Said("one", OTHER)])
    assert check_waiting(database) == {"one"}
    keep(database, [Said("one", ARTICLE)])
    assert check_waiting(database) == set()
    assert run(database) == group.Grouped(0, 0, 0)


@pytest.mark.parametrize("killed", ["", "fingerprinted_batch", "grouped_batch", "forgotten"])
def test_of_what_is_deleted_no_fingerprint_stays(database: Database, killed: str) -> None:
    """Also where the run that took it was killed, or the one that was to forget it."""
    keep(database, [Said("one", ARTICLE), Said("two", OTHER)])
    if killed in ("fingerprinted_batch", "grouped_batch"):
        with harness.running(harness.group_in_batches, database.folder, killed, 5) as process:
            assert harness.ended(process) == -9
    else:
        run(database)
    with database.transaction() as con:
        store.save_page(con, "rss:a", [], NOW, ["one"])
    if killed == "forgotten":
        with harness.running(harness.group_in_batches, database.folder, killed, 5) as process:
            assert harness.ended(process) == -9
    run(database)
    assert forgotten(database, "one")
    assert not forgotten(database, "two")
    assert rows(database, "FROM waiting") == []


def test_what_was_deleted_since_is_forgotten_in_an_older_file_too(database: Database) -> None:
    keep(database, [Said("one", ARTICLE), Said("two", OTHER)])
    run(database)
    shutil.copy(database.folder / "stories.sqlite", database.folder / "aside")
    with database.transaction() as con:
        store.save_page(con, "rss:a", [], NOW, ["one"])
    keep(database, [Said("three", WIRE)])
    run(database)
    for path in database.folder.glob("stories.sqlite*"):
        path.unlink()
    shutil.copy(database.folder / "aside", database.folder / "stories.sqlite")
    assert not forgotten(database, "one")
    run(database)
    assert forgotten(database, "one")


def test_what_speaks_of_no_brand_needs_no_story(database: Database) -> None:
    keep(database, [Said("one", ARTICLE, brands=()), Said("two", ARTICLE, 1, source="rss:b")])
    assert check_waiting(database) == {"two"}
    assert run(database) == group.Grouped(1, 0, 0)
    keep(database, [Said("one", ARTICLE)])
    assert check_waiting(database) == {"one"}
    keep(database, [Said("one", ARTICLE, brands=())])
    assert check_waiting(database) == set(), "what speaks of it no longer waits no longer"
    keep(database, [Said("one", ARTICLE)])
    assert run(database) == group.Grouped(1, 1, 0)
    assert told(database) == {frozenset({"one", "two"})}


def test_examining_anew_leaves_a_story_as_it_is(database: Database) -> None:
    keep(database, WORLD)
    run(database)
    before = rows(database, "SELECT source, id, story FROM facts ORDER BY ALL")
    keep(database, WORLD)
    assert rows(database, "SELECT source, id, story FROM facts ORDER BY ALL") == before


def test_a_correction_of_a_copy_stays_with_it_when_stories_merge(database: Database) -> None:
    keep(database, [Said("late", WIRE, 1, source="rss:b")])
    run(database)
    with database.transaction() as con:
        store.save_correction(con, "rss:b", "late", "Acme", "negative", "ada", NOW)
    keep(database, [Said("early", ARTICLE, 0)])
    run(database)
    found = rows(database, "SELECT id, label, corrected, leads FROM facts ORDER BY id")
    assert found == [("early", "unscored", False, True), ("late", "negative", True, False)]


def test_what_only_an_embedding_can_confirm_waits_for_its_score_and_is_confirmed(database: Database) -> None:
    whole, part = Said("whole", ARTICLE), Said("part", MORE, 1, source="rss:b")
    for agrees in (True, False):
        folder = Database(database.folder / str(agrees))
        keep(folder, [whole, part])
        assert run(folder, MODEL).mentions == 0, "nothing was scored yet"
        digests = dict(rows(folder, "SELECT id, digest FROM mentions"))
        one, two = samples.embed([ARTICLE, MORE if agrees else LAST + OTHER])
        embeddings.save(folder.folder, MODEL, {digests["whole"]: one, digests["part"]: two if agrees else -two})
        scored = [
            store.Score(said.source, said.id, "Acme", digests[said.id], 0.1, 0.8, 0.1, "neutral")
            for said in (whole, part)
        ]
        with folder.transaction() as con:
            store.save_scores(con, MODEL, NOW, scored)
        assert run(folder, MODEL).mentions == 2
        assert (len(told(folder)) == 1) == agrees


def test_stories_of_an_older_earful_are_found_anew(database: Database) -> None:
    keep(database, [Said("one", ARTICLE), Said("two", OTHER), Said("three", WIRE, 1)])
    with database.transaction() as con:
        con.execute("UPDATE examined SET story = 'first words' WHERE id IN ('one', 'two')")
    run(database)
    assert told(database) == {frozenset({"one", "three"}), frozenset({"two"})}
    assert rows(database, "SELECT count(*) FROM examined WHERE story = 'first words'") == [(0,)]
    check_facts(database)


@pytest.mark.parametrize(
    "fail_at",
    ["fingerprinted_batch", "fingerprinted_batch:3", "before_commit", "before_commit:2", "after_commit:2",
     "grouped_batch", "grouped_batch:4", "snapshot_copied", "refilled_batch", "refilled_batch:2"],
)  # fmt: skip
def test_grouping_killed_anywhere_is_made_good_by_the_next_run(tmp_path: Path, fail_at: str) -> None:
    database = Database(tmp_path / "store")
    chance = random.Random(3)
    mixed = chance.sample(WORLD, len(WORLD))
    if fail_at.startswith("refilled"):
        keep(database, mixed[:9])
        run(database)
        (database.folder / "stories.sqlite").unlink()
    keep(database, mixed)
    with harness.running(harness.group_in_batches, database.folder, fail_at, 5) as process:
        assert harness.ended(process) == -9
    run(database)
    assert told(database) == TOLD
    check_facts(database)


@pytest.mark.parametrize("lost", ["all", "newest"])
def test_lost_fingerprints_are_taken_again(database: Database, lost: str) -> None:
    """The file is gone, or an older copy stands in its place: what comes next still finds its story."""
    keep(database, WORLD[:3])
    run(database)
    file, aside = database.folder / "stories.sqlite", database.folder / "aside"
    shutil.copy(file, aside)
    keep(database, WORLD[3:9])
    run(database)
    for path in database.folder.glob("stories.sqlite*"):
        path.unlink()
    if lost == "newest":
        shutil.copy(aside, file)
    keep(database, WORLD[9:])
    run(database)
    assert told(database) == TOLD
    check_facts(database)


def test_an_older_store_beside_newer_fingerprints_is_grouped_again(database: Database) -> None:
    keep(database, WORLD[:6])
    run(database)
    shutil.copy(database.main, database.folder / "aside")
    keep(database, WORLD[6:])
    run(database)
    shutil.copy(database.folder / "aside", database.main)
    keep(database, WORLD[6:])
    run(database)
    assert told(database) == TOLD

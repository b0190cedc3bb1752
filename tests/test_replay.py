"""Everything can be rebuilt from the landed answers alone."""

import json
import shutil
from pathlib import Path
from zoneinfo import ZoneInfo

import harness
import pytest
import world
from world import EARLIER, MORNING, NOW, SOURCES

from earful.connectors import hackernews, rss
from earful.data import landing, store, todo
from earful.data.database import Database
from earful.flows import collect, files

ROWS = [
    {"id": "a1", "text": "Quillfern broke, terrible", "date": "2025-03-01", "rating": 1, "author": "Ada"},
    {"id": "a2", "text": "Love my Quillfern", "date": "2025-03-02T10:00:00+01:00", "rating": 5, "company": "Quillfern"},
    {"id": "a3", "text": "   ", "date": "2025-03-02"},
    {"text": "no id, no date: Ostrelle is fine"},
]


def silent(stage: str, done: int, total: int) -> None:
    """Shows no progress."""


def mentions(folder: Path) -> list[tuple[object, ...]]:
    with Database(folder).look() as con:
        return con.execute("SELECT * FROM mentions ORDER BY ALL").fetchall()


def bring_in(folder: Path, file: Path, zone: str = "Europe/Berlin", **columns: str):
    return files.import_file(Database(folder), file, columns, ZoneInfo(zone), NOW, silent)


@pytest.fixture(scope="module")
def day(tmp_path_factory):
    """A folder after a morning's run and one at noon, with a copy of its raw/ alone in another."""
    folder, rebuilt = tmp_path_factory.mktemp("whole"), tmp_path_factory.mktemp("rebuilt")
    for now in (MORNING, NOW):
        assert harness.run(folder, now=now).code == 0
    shutil.copytree(folder / "store" / "raw", rebuilt / "store" / "raw")
    return folder, rebuilt


def test_replay_gives_the_same_mentions(day):
    folder, rebuilt = day
    reports = collect.replay(Database(rebuilt / "store"), silent)
    assert set(reports) == set(SOURCES.values())
    assert mentions(rebuilt / "store") == mentions(folder / "store")
    assert sum(report.new for report in reports.values()) == len(mentions(folder / "store"))
    again = collect.replay(Database(rebuilt / "store"), silent)
    assert {report.new + report.changed for report in again.values()} == {0}
    assert mentions(rebuilt / "store") == mentions(folder / "store")


def test_replay_and_a_run_give_what_was_there_before(day, tmp_path):
    folder, _ = day
    shutil.copytree(folder / "store" / "raw", tmp_path / "store" / "raw")
    replayed = harness.run(tmp_path, "replay", "--json")
    assert replayed.code == 0
    assert {report["source"] for report in replayed.report} == set(SOURCES.values())
    assert harness.run(tmp_path).code == 0
    assert harness.canonical_dump(tmp_path) == harness.canonical_dump(folder)


def test_an_answer_that_cannot_be_read_is_told_and_the_others_are_replayed(tmp_path):
    assert harness.run(tmp_path, now=EARLIER, faults={world.SEARCH: "half"}).code == 1
    whole = mentions(tmp_path / "store")
    (tmp_path / "store" / "main.duckdb").unlink()
    reports = collect.replay(Database(tmp_path / "store"), silent)
    assert mentions(tmp_path / "store") == whole
    assert len(reports[SOURCES[world.SEARCH]].refused) == 1
    assert "no whole JSON" in reports[SOURCES[world.SEARCH]].refused[0]


@pytest.fixture
def landed(tmp_path):
    """A store whose last run died before it read what it had landed: an answer of a feed, and one of a search."""
    database = Database(tmp_path / "store")
    with database.transaction() as con:
        store.set_up(con, [], [(name, *name.split(":", 1)) for name in SOURCES.values()])
    answers = world.World(tmp_path, lambda: NOW)
    for place, connector, target in ((world.NEWS, rss, world.NEWS), (world.SEARCH, hackernews, "quillfern")):
        request = connector.request(target, {})
        response = answers.handle_request(request)
        url, headers = str(request.url), dict(response.headers)
        landing.land(database.raw, NOW, SOURCES[place], {}, url, 200, headers, response.content)
    return database


def sources_kept(database: Database) -> set[object]:
    return {row[0] for row in mentions(database.folder)}


def test_what_was_landed_is_read_once_with_its_cursor(landed):
    collect.read_landed(landed, lambda: NOW)
    assert sources_kept(landed) == {SOURCES[world.NEWS], SOURCES[world.SEARCH]}
    with landed.look() as con:
        cursors = {row.source: row.cursor for row in todo.sources(con)}
        assert con.execute("SELECT count(*) FROM digested").fetchone() == (2,)
    assert cursors[SOURCES[world.NEWS]]["etag"]
    assert cursors[SOURCES[world.SEARCH]]["next"]
    assert cursors[SOURCES[world.TAG]] == {}
    before = harness.dump_of(landed)
    collect.read_landed(landed, lambda: NOW)
    assert harness.dump_of(landed) == before


def test_a_cursor_that_went_on_meanwhile_is_not_turned_back(landed):
    with landed.transaction() as con:
        store.put_cursor(con, SOURCES[world.NEWS], {"etag": "newer"})
    collect.read_landed(landed, lambda: NOW)
    with landed.look() as con:
        assert next(row for row in todo.sources(con) if row.source == SOURCES[world.NEWS]).cursor == {"etag": "newer"}
    assert SOURCES[world.NEWS] in sources_kept(landed)


def test_an_answer_that_breaks_its_reader_stops_nobody_and_is_not_tried_again(landed, monkeypatch, caplog):
    def broken(*_):
        raise TypeError("a mistake of ours")

    monkeypatch.setattr(hackernews, "parse", broken)
    for _ in range(2):
        collect.read_landed(landed, lambda: NOW)
    assert sources_kept(landed) == {SOURCES[world.NEWS]}
    assert len([record for record in caplog.records if record.exc_info]) == 1
    reports = collect.replay(landed, silent)
    assert "failed with TypeError: a mistake of ours; please report it" in reports[SOURCES[world.SEARCH]].refused[0]
    assert reports[SOURCES[world.NEWS]].known == len(world.items(world.NEWS))


def test_a_rotten_answer_stops_nobody(landed, caplog):
    for name in landing.names(landed.raw):
        if landing.read(landed.raw, name).source == SOURCES[world.SEARCH]:
            (landed.raw / name).write_bytes(b"rotten")
    collect.read_landed(landed, lambda: NOW)
    assert sources_kept(landed) == {SOURCES[world.NEWS]}
    assert "can't be read back" in caplog.text
    with pytest.raises(landing.LandingError, match="delete it to go on without it"):
        collect.replay(landed, silent)


def test_imports_are_replayed_too(tmp_path):
    file = tmp_path / "reviews.jsonl"
    file.write_text("\n".join(json.dumps(row) for row in ROWS), encoding="utf-8")
    report = bring_in(tmp_path / "store", file)
    assert (report.source, report.read, report.new) == ("import:reviews", 4, 3)
    assert len(report.refused) == 1
    assert report.refused[0].startswith("row 3: ")
    shutil.copytree(tmp_path / "store" / "raw", tmp_path / "other" / "raw")
    file.unlink()
    reports = collect.replay(Database(tmp_path / "other"), silent)
    assert mentions(tmp_path / "other") == mentions(tmp_path / "store")
    assert reports["import:reviews"].refused == report.refused
    rows = {row[1]: row for row in mentions(tmp_path / "store")}
    assert rows["a1"][4].isoformat() == "2025-02-28T23:00:00+00:00", "a bare date is midnight of the team's zone"
    assert rows["a2"][4].isoformat() == "2025-03-02T09:00:00+00:00"


def test_a_second_import_changes_only_what_changed(tmp_path):
    file = tmp_path / "reviews.jsonl"
    file.write_text("\n".join(json.dumps(row) for row in ROWS), encoding="utf-8")
    bring_in(tmp_path / "store", file)
    before = mentions(tmp_path / "store")
    report = bring_in(tmp_path / "store", file)
    assert (report.new, report.changed, report.known) == (0, 0, 3)
    assert mentions(tmp_path / "store") == before
    edited = [{**ROWS[0], "text": "Quillfern mended it, great"}, *ROWS[1:]]
    file.write_text("\n".join(json.dumps(row) for row in edited), encoding="utf-8")
    report = bring_in(tmp_path / "store", file)
    assert (report.new, report.changed, report.known) == (0, 1, 2)


def test_a_csv_with_names_of_its_own_is_imported(tmp_path):
    file = tmp_path / "export.csv"
    file.write_text(
        'Nr,Complaint,When\n7,"Quillfern is late\nagain",2025-03-01\n8,"",2025-03-01\n', encoding="utf-8-sig"
    )
    report = bring_in(tmp_path / "store", file, "UTC", id="Nr", text="Complaint", published="When")
    assert (report.read, report.new, len(report.refused)) == (2, 1, 1)
    ((source, key, *_),) = mentions(tmp_path / "store")
    assert (source, key) == ("import:export", "7")


def test_a_killed_import_is_made_good_by_the_next(tmp_path):
    file = tmp_path / "reviews.jsonl"
    file.write_text("\n".join(json.dumps(row) for row in ROWS), encoding="utf-8")
    for fail_at in ("before_commit:2", "after_commit:2"):
        killed = harness.run(tmp_path / fail_at, "import", str(file), fail_at=fail_at)
        assert killed.code == -9
        assert harness.run(tmp_path / fail_at, "import", str(file)).code == 0
        assert len(mentions(tmp_path / fail_at / "store")) == 3
        with Database(tmp_path / fail_at / "store").look() as con:
            assert con.execute("SELECT count(*) FROM runs").fetchone() == (1,)

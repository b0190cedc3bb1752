"""Useless answers, hosts that want to be left alone and full disks: running again gives what faultless runs give."""

import shutil
import subprocess
import uuid
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import harness
import pytest
from world import EARLIER, FORUM, MORNING, NEWS, NOW, SEARCH, SOURCES, TAG

from earful.data.database import Database

MANY_RUNS = pytest.mark.timeout(300)


@pytest.fixture(scope="module")
def morning(tmp_path_factory):
    """A folder as a good run in the morning left it; to be copied."""
    folder = tmp_path_factory.mktemp("day") / "morning"
    assert harness.run(folder, now=MORNING).code == 0
    return folder


@pytest.fixture(scope="module")
def faultless_day(morning):
    """What runs in the morning, before the outbreak and after it leave behind."""
    folder = shutil.copytree(morning, morning.with_name("faultless"))
    for now in (EARLIER, NOW):
        assert harness.run(folder, now=now).code == 0
    return harness.canonical_dump(folder)


def test_the_world_is_worth_comparing(faultless_day):
    harness.worth_comparing(faultless_day)


@MANY_RUNS
def test_a_useless_answer_is_told_on_its_row_and_made_good_later(morning, faultless_day, tmp_path):
    before = {place: harness.source_row(morning, place) for place in SOURCES}

    def check(faults: dict[str, tuple[str, str, str]]) -> None:
        day = shutil.copytree(morning, tmp_path / uuid.uuid4().hex)
        faulty = harness.run(day, now=EARLIER, faults={place: told[0] for place, told in faults.items()})
        assert faulty.code == 1
        assert "Traceback" not in faulty.complaints
        for place, (_, state, reason) in faults.items():
            row = harness.source_row(day, place)
            assert row.state == state
            assert reason in row.error
            assert row.failures == 1
            assert row.cursor == before[place].cursor
            assert row.last_success == before[place].last_success
            assert row.due > EARLIER
        for place in set(SOURCES) - set(faults):
            assert harness.source_row(day, place).state == "fine"
            assert harness.source_row(day, place).last_success == EARLIER
        with Database(day / "store").look() as con:
            gaps = con.execute("SELECT source, start, finish FROM gaps ORDER BY ALL").fetchall()
        assert gaps == sorted((SOURCES[place], MORNING, None) for place in faults)
        assert harness.run(day, now=NOW).code == 0
        assert harness.canonical_dump(day) == faultless_day

    harness.side_by_side(
        check,
        [
            {NEWS: ("empty", "failing", "nothing in it"), SEARCH: ("login", "blocked", "web page")},
            {NEWS: ("login", "blocked", "web page"), SEARCH: ("half", "failing", "no whole JSON")},
            {SEARCH: ("empty", "failing", "nothing in it"), TAG: ("half", "failing", "no whole JSON")},
            {TAG: ("status: 500", "failing", "500"), FORUM: ("status: 403", "blocked", "refused")},
        ],
    )


def with_common_names(dump: dict[str, list[tuple[Any, ...]]]) -> dict[str, list[tuple[Any, ...]]]:
    """Names every story by its least mention: a story keeps the name of what arrived first."""
    names: dict[str, str] = {}
    for source, mention, *_, story in dump["examined"]:
        names[story] = min(names.get(story, f"{source} {mention}"), f"{source} {mention}")
    named = {kept: [tuple(names.get(value, value) for value in row) for row in rows] for kept, rows in dump.items()}
    return {kept: sorted(rows, key=str) for kept, rows in named.items()}


def test_a_feed_that_was_cut_short_is_asked_for_whole(faultless_day, tmp_path):
    assert harness.run(tmp_path, now=EARLIER, faults={NEWS: "half"}).code == 0
    read = len(harness.dump_of(Database(tmp_path / "store"))["mentions"])
    assert read < len(faultless_day["mentions"])
    assert harness.run(tmp_path, now=NOW).code == 0
    assert [question["etag"] for question in harness.asked_of(tmp_path, NEWS)] == ["", ""]
    assert with_common_names(harness.canonical_dump(tmp_path)) == with_common_names(faultless_day)


def test_a_source_that_has_ended_is_not_asked_again(morning, tmp_path):
    day = shutil.copytree(morning, tmp_path / "day")
    asked = len(harness.asked_of(day, TAG))
    assert harness.run(day, now=EARLIER, faults={TAG: "status: 410"}).code == 1
    assert harness.source_row(day, TAG).state == "gone"
    assert harness.run(day, now=NOW).code == 0
    assert len(harness.asked_of(day, TAG)) == asked + 1


@MANY_RUNS
def test_a_host_that_wants_to_be_left_alone_is_and_a_restart_remembers(morning, faultless_day, tmp_path):
    in_an_hour = format_datetime(datetime.now(UTC) + timedelta(hours=1), usegmt=True)

    def check(case: tuple[str, float]) -> None:
        answer, seconds = case
        day = shutil.copytree(morning, tmp_path / answer)
        asked = harness.asked_of(day, FORUM)
        assert harness.run(day, now=EARLIER, faults={NEWS: f"slow down: {answer}"}).code == 1
        assert harness.source_row(day, NEWS).state == "slow down"
        with Database(day / "store").look() as con:
            ((host, until),) = con.execute("FROM hosts").fetchall()
        assert host == "news.example"
        assert seconds - harness.PATIENCE < (until - EARLIER).total_seconds() <= seconds
        assert harness.run(day, now=until - timedelta(seconds=1)).code == 0
        assert harness.asked_of(day, FORUM) == asked  # it is due, but at the same host
        assert harness.run(day, now=NOW).code == 0
        assert harness.canonical_dump(day) == faultless_day

    harness.side_by_side(check, [("120", 120), (in_an_hour, 3600), ("soon", 900)])


@MANY_RUNS
def test_a_full_disk_loses_nothing_and_says_so(morning, faultless_day, tmp_path):
    """The file may not grow by more than some blocks of DuckDB's, so that it fails early or late in the run."""
    kept = harness.canonical_dump(morning)["mentions"]

    def check(blocks: int) -> None:
        day = shutil.copytree(morning, tmp_path / str(blocks))
        size = (day / "store" / "main.duckdb").stat().st_size
        faulty = harness.run(day, now=EARLIER, room=size + blocks * 262_144)
        assert faulty.code == 4
        assert "Traceback" not in faulty.complaints
        assert f"no room to write {day}/store/main.duckdb; free some space and run again" in faulty.complaints
        assert harness.count_read(day) >= len(kept)
        assert set(kept) <= set(harness.dump_of(Database(day / "store"))["mentions"])
        assert harness.run(day, now=NOW).code == 0
        assert harness.canonical_dump(day) == faultless_day

    harness.side_by_side(check, (0, 4))


@pytest.fixture
def small_disk(tmp_path):
    """A folder whose store lies on a disk of its own that is too small, and a function that makes the disk larger."""
    store = tmp_path / "store"
    store.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=10m", "earful-test", str(store)]
    if subprocess.run(command, capture_output=True, check=False).returncode:
        pytest.skip("mounting a small disk is not allowed here")
    try:
        yield tmp_path, lambda: subprocess.run(["mount", "-o", "remount,size=200m", str(store)], check=True)
    finally:
        subprocess.run(["umount", "--lazy", str(store)], check=True)


def test_a_disk_too_small_then_larger(small_disk, faultless_day):
    folder, enlarge = small_disk
    faulty = harness.run(folder, now=EARLIER)
    assert faulty.code == 4
    assert "Traceback" not in faulty.complaints
    assert "No space left on device" in faulty.complaints
    enlarge()
    assert harness.run(folder, now=NOW).code == 0
    assert harness.canonical_dump(folder) == faultless_day
    assert not list((folder / "store").rglob("*.tmp"))

"""Whatever befalls a run, running again gives what a run without the fault gives: nothing lost, nothing twice."""

import random
import shutil
import subprocess
import time
import uuid
from collections import Counter
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path

import harness
import pytest
import world
from world import EARLIER, FORUM, MORNING, NEWS, NOW, SEARCH, SOURCES, TAG

from earful.data import todo
from earful.data.database import Database, DatabaseError, snapshot

KILLED = -9
MANY_RUNS = pytest.mark.timeout(300)


@pytest.fixture(scope="module")
def faultless(tmp_path_factory):
    """What a run at NOW leaves behind in an empty folder."""
    folder = tmp_path_factory.mktemp("faultless")
    assert harness.run(folder).code == 0
    return harness.canonical_dump(folder)


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


def count_read(folder: Path) -> int:
    """Counts the mentions that a reader sees now; 0 before anything was published."""
    try:
        with snapshot(folder / "store") as con:
            return con.execute("SELECT count(*) FROM mentions").fetchone()[0]
    except DatabaseError as error:
        assert "nothing has been kept" in str(error)
        return 0


def source_row(folder: Path, place: str) -> todo.SourceRow:
    with Database(folder / "store").look() as con:
        return next(row for row in todo.sources(con) if row.source == SOURCES[place])


def asked_of(folder: Path, place: str) -> list[dict[str, str]]:
    return [question for question in world.noted(folder, "asked") if question["place"] == place]


def delivered(folder: Path) -> Counter[str]:
    return Counter(message["key"] for message in world.noted(folder, "delivered"))


def wait_until_asked(folder: Path, place: str) -> None:
    while not asked_of(folder, place):
        time.sleep(0.01)


def test_the_world_is_worth_comparing(faultless, faultless_day, tmp_path):
    for dump in (faultless, faultless_day):
        assert len(dump["mentions"]) == sum(len(world.items(place)) for place in SOURCES)
        assert {row[0] for row in dump["mentions"]} == set(SOURCES.values())
        assert {row[6] for row in dump["facts"]} >= {"negative", "positive", "neutral"}
        assert [row[3] for row in dump["alerts"]] == ["firing"]
        assert [row[-1] for row in dump["outbox"]] == [True]
        assert {row[2] for row in dump["sources"]} == {"fine"}
    assert harness.run(tmp_path).code == 0
    assert harness.canonical_dump(tmp_path) == faultless
    asked = Counter(question["place"] for question in world.noted(tmp_path, "asked"))
    assert asked == {NEWS: 1, FORUM: 1, SEARCH: 3, TAG: 2, world.HOOK: 1}


@MANY_RUNS
def test_a_run_killed_anywhere_is_made_good_by_the_next(faultless, tmp_path):
    (message,) = faultless["outbox"]

    def check(fail_at: str) -> None:
        folder = tmp_path / fail_at
        assert harness.run(folder, fail_at=fail_at).code == KILLED
        count_read(folder)
        assert harness.run(folder).code == 0
        assert harness.canonical_dump(folder) == faultless
        assert not list((folder / "store").rglob("*.tmp"))
        # Between sending and marking a message is sent again, under the same key; otherwise exactly once.
        assert delivered(folder) == {message[0]: 2 if fail_at == "sent" else 1}

    during_answers = ("after_fetch:2", "after_land:3")
    in_transactions = ("before_commit", "before_commit:4", "before_commit:12")
    after_them = ("after_commit:4", "after_commit:12", "snapshot_copied:2", "snapshot_named:3")
    harness.side_by_side(check, [*during_answers, *in_transactions, *after_them, "sent"])


def test_a_run_killed_while_a_source_is_answering(faultless, tmp_path):
    with harness.earful(tmp_path, faults={NEWS: f"waits: {tmp_path / 'never'}"}) as process:
        wait_until_asked(tmp_path, NEWS)
        harness.kill(process)
    assert source_row(tmp_path, NEWS).cursor == {}
    assert harness.run(tmp_path).code == 0
    assert [question["etag"] for question in asked_of(tmp_path, NEWS)] == ["", ""]
    assert harness.canonical_dump(tmp_path) == faultless


def test_scoring_killed_half_way_goes_on_where_it_stopped_with_the_real_weights(tmp_path):
    whole, broken = tmp_path / "whole", tmp_path / "broken"
    assert harness.run(whole, judge="shipped").code == 0
    assert harness.run(broken, judge="shipped", batch=20, fail_at="scored_batch:3").code == KILLED
    with Database(broken / "store").look() as con:
        assert con.execute("SELECT count(*) FROM scores").fetchone() == (40,)
    again = harness.run(broken, judge="shipped", batch=20)
    assert again.code == 0
    expected, found = harness.canonical_dump(whole), harness.canonical_dump(broken)
    left = len(expected["scores"]) - 40
    assert next(stage["done"] for stage in again.report["stages"] if stage["stage"] == "score").split()[1] == str(left)
    assert found == expected


@MANY_RUNS
def test_thirty_random_kills_leave_what_a_run_without_kills_leaves(faultless, tmp_path):
    begun = time.monotonic()
    assert harness.run(tmp_path / "measured").code == 0
    whole = time.monotonic() - begun

    def check(seed: int) -> None:
        chance = random.Random(seed)  # where in its work a run is then is up to the machine
        folders = (tmp_path / f"{seed}-{number}" for number in range(100))
        folder, seen, kills = next(folders), 0, 0
        while kills < 10:
            with harness.earful(folder) as process:
                harness.wait(process, chance.uniform(0, whole))
                code = harness.kill(process)
            assert code in (0, KILLED)
            if code == 0:  # it was done before the kill
                assert harness.canonical_dump(folder) == faultless
                folder, seen = next(folders), 0
                continue
            kills += 1
            assert count_read(folder) >= seen
            seen = count_read(folder)
        assert harness.run(folder).code == 0
        assert harness.canonical_dump(folder) == faultless
        assert set(delivered(folder)) == {row[0] for row in faultless["outbox"]}

    harness.side_by_side(check, (1, 2, 3))


def test_of_two_runs_at_once_one_works_and_one_says_busy(faultless, tmp_path):
    go = tmp_path / "go"
    with harness.earful(tmp_path, faults={NEWS: f"waits: {go}"}) as first:
        wait_until_asked(tmp_path, NEWS)
        second = harness.run(tmp_path)
        assert second.code == 3
        assert f"the pipeline is in use by process {first.pid}" in second.complaints
        assert "Traceback" not in second.complaints
        go.touch()
        assert harness.ended(first) == 0
    assert harness.canonical_dump(tmp_path) == faultless


@MANY_RUNS
def test_a_useless_answer_is_told_on_its_row_and_made_good_later(morning, faultless_day, tmp_path):
    before = {place: source_row(morning, place) for place in SOURCES}

    def check(faults: dict[str, tuple[str, str, str]]) -> None:
        day = shutil.copytree(morning, tmp_path / uuid.uuid4().hex)
        faulty = harness.run(day, now=EARLIER, faults={place: told[0] for place, told in faults.items()})
        assert faulty.code == 1
        assert "Traceback" not in faulty.complaints
        for place, (_, state, reason) in faults.items():
            row = source_row(day, place)
            assert row.state == state
            assert reason in row.error
            assert row.failures == 1
            assert row.cursor == before[place].cursor
            assert row.last_success == before[place].last_success
            assert row.due > EARLIER
        for place in set(SOURCES) - set(faults):
            assert source_row(day, place).state == "fine"
            assert source_row(day, place).last_success == EARLIER
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


def test_a_feed_that_was_cut_short_is_asked_for_whole(faultless_day, tmp_path):
    assert harness.run(tmp_path, now=EARLIER, faults={NEWS: "half"}).code == 0
    read = len(harness.dump_of(Database(tmp_path / "store"))["mentions"])
    assert read < len(faultless_day["mentions"])
    assert harness.run(tmp_path, now=NOW).code == 0
    assert [question["etag"] for question in asked_of(tmp_path, NEWS)] == ["", ""]
    assert harness.canonical_dump(tmp_path) == faultless_day


def test_a_source_that_has_ended_is_not_asked_again(morning, tmp_path):
    day = shutil.copytree(morning, tmp_path / "day")
    asked = len(asked_of(day, TAG))
    assert harness.run(day, now=EARLIER, faults={TAG: "status: 410"}).code == 1
    assert source_row(day, TAG).state == "gone"
    assert harness.run(day, now=NOW).code == 0
    assert len(asked_of(day, TAG)) == asked + 1


@MANY_RUNS
def test_a_304_after_a_lost_commit_loses_nothing(faultless, tmp_path):
    def check(case: tuple[str, bool]) -> None:
        fail_at, raw_is_left = case
        folder = tmp_path / f"{fail_at} {raw_is_left}"
        slow = dict.fromkeys((SEARCH, TAG), f"waits: {tmp_path / 'never'}")
        assert harness.run(folder, faults=slow, fail_at=fail_at).code == KILLED
        raw = folder / "store" / "raw"
        assert len(list(raw.glob("*/*.gz"))) == (fail_at != "after_fetch")
        if not raw_is_left:
            shutil.rmtree(raw, ignore_errors=True)
        committed = fail_at.startswith("after_commit")
        assert bool(source_row(folder, NEWS).cursor) == committed
        assert bool(harness.dump_of(Database(folder / "store"))["mentions"]) == committed
        assert harness.run(folder).code == 0
        # An ETag is only sent once what it stands for is kept, if need be from the landed answer before asking again.
        again = [] if committed else [raw_is_left]
        assert [bool(question["etag"]) for question in asked_of(folder, NEWS)] == [False, *again]
        assert harness.canonical_dump(folder) == faultless

    killed_at = ("after_fetch", "before_commit:2", "after_commit:2")
    harness.side_by_side(check, [*((fail_at, False) for fail_at in killed_at), ("before_commit:2", True)])


@MANY_RUNS
def test_a_host_that_wants_to_be_left_alone_is_and_a_restart_remembers(morning, faultless_day, tmp_path):
    in_an_hour = format_datetime(datetime.now(UTC) + timedelta(hours=1), usegmt=True)

    def check(case: tuple[str, float]) -> None:
        answer, seconds = case
        day = shutil.copytree(morning, tmp_path / answer)
        asked = asked_of(day, FORUM)
        assert harness.run(day, now=EARLIER, faults={NEWS: f"slow down: {answer}"}).code == 1
        assert source_row(day, NEWS).state == "slow down"
        with Database(day / "store").look() as con:
            ((host, until),) = con.execute("FROM hosts").fetchall()
        assert host == "news.example"
        assert seconds - harness.PATIENCE < (until - EARLIER).total_seconds() <= seconds
        assert harness.run(day, now=until - timedelta(seconds=1)).code == 0
        assert asked_of(day, FORUM) == asked  # it is due, but at the same host
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
        assert count_read(day) >= len(kept)
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


def test_a_disk_too_small_then_larger(small_disk, faultless):
    folder, enlarge = small_disk
    faulty = harness.run(folder)
    assert faulty.code == 4
    assert "Traceback" not in faulty.complaints
    assert "No space left on device" in faulty.complaints
    enlarge()
    assert harness.run(folder).code == 0
    assert harness.canonical_dump(folder) == faultless
    assert not list((folder / "store").rglob("*.tmp"))

"""A run killed anywhere is made good by the next: nothing lost, nothing twice."""

import json
import random
import shutil
import time
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path

import harness
import pytest
import samples
import sending
import world
from samples import sink
from world import FORUM, NEWS, SEARCH, TAG

from earful.data import alerting
from earful.data.database import Database

KILLED = -9
STORED = datetime(2025, 3, 3, tzinfo=UTC)  # the first of two usual weeks, after which criticism breaks out
OUTBREAK = STORED + timedelta(days=14, hours=2, minutes=5)
MANY_RUNS = pytest.mark.timeout(300)


@pytest.fixture(scope="module")
def faultless(tmp_path_factory):
    """What a run at NOW leaves behind in an empty folder."""
    folder = tmp_path_factory.mktemp("faultless")
    assert harness.run(folder).code == 0
    return harness.canonical_dump(folder)


def test_the_world_is_worth_comparing(faultless, tmp_path):
    harness.worth_comparing(faultless)
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
        harness.count_read(folder)
        assert harness.run(folder).code == 0
        assert harness.canonical_dump(folder) == faultless
        # A fresh one under raw/ may be another process's that is still writing; it is swept a minute later.
        assert not [left for left in (folder / "store").rglob("*.tmp") if "raw" not in left.parts]
        # Between sending and marking a message is sent again, under the same key; otherwise exactly once.
        assert harness.delivered(folder) == {message[0]: 2 if fail_at == "sent" else 1}

    during_answers = ("after_fetch:2", "after_land:3")
    in_transactions = ("before_commit", "before_commit:4", "before_commit:12")
    after_them = ("after_commit:4", "after_commit:12", "snapshot_copied:2", "snapshot_named:3")
    beside = ("embedded_batch", "fingerprinted_batch", "grouped_batch")
    harness.side_by_side(
        check, [*during_answers, *in_transactions, *after_them, *beside, "watched_brand", "put_out", "sent"]
    )


def test_a_run_killed_while_a_source_is_answering(faultless, tmp_path):
    with harness.earful(tmp_path, faults={NEWS: f"waits: {tmp_path / 'never'}"}) as process:
        harness.wait_until_asked(tmp_path, NEWS)
        harness.kill(process)
    assert harness.source_row(tmp_path, NEWS).cursor == {}
    assert harness.run(tmp_path).code == 0
    assert [question["etag"] for question in harness.asked_of(tmp_path, NEWS)] == ["", ""]
    assert harness.canonical_dump(tmp_path) == faultless


def test_scoring_killed_half_way_goes_on_where_it_stopped_with_the_real_weights(tmp_path):
    whole, broken = tmp_path / "whole", tmp_path / "broken"
    # In equal batches: in bf16 what stands beside a text moves its probabilities in the third decimal.
    assert harness.run(whole, judge="shipped", batch=20).code == 0
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
            assert harness.count_read(folder) >= seen
            seen = harness.count_read(folder)
        assert harness.run(folder).code == 0
        assert harness.canonical_dump(folder) == faultless
        assert set(harness.delivered(folder)) == {row[0] for row in faultless["outbox"]}

    harness.side_by_side(check, (1, 2, 3))


def test_of_two_runs_at_once_one_works_and_one_says_busy(faultless, tmp_path):
    go = tmp_path / "go"
    with harness.earful(tmp_path, faults={NEWS: f"waits: {go}"}) as first:
        harness.wait_until_asked(tmp_path, NEWS)
        second = harness.run(tmp_path)
        assert second.code == 3
        assert f"the pipeline is in use by process {first.pid}" in second.complaints
        assert "Traceback" not in second.complaints
        go.touch()
        assert harness.ended(first) == 0
    assert harness.canonical_dump(tmp_path) == faultless


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
        assert bool(harness.source_row(folder, NEWS).cursor) == committed
        assert bool(harness.dump_of(Database(folder / "store"))["mentions"]) == committed
        assert harness.run(folder).code == 0
        # An ETag is only sent once what it stands for is kept, if need be from the landed answer before asking again.
        again = [] if committed else [raw_is_left]
        assert [bool(question["etag"]) for question in harness.asked_of(folder, NEWS)] == [False, *again]
        assert harness.canonical_dump(folder) == faultless

    killed_at = ("after_fetch", "before_commit:2", "after_commit:2")
    harness.side_by_side(check, [*((fail_at, False) for fail_at in killed_at), ("before_commit:2", True)])


@MANY_RUNS
def test_of_twenty_five_kills_between_sending_and_marking_none_loses_a_message(tmp_path):
    keys = [f"Acme|Criticism|{number}|firing|team" for number in range(15)]
    with Database(tmp_path).transaction(publish=False) as con:
        alerting.put_out(
            con, "Acme", [(key, "team", {"state": "test", "card": {"key": key}}) for key in keys], world.NOW
        )
    with sink() as hook:
        for number in range(25):
            with harness.running(sending.send_all, tmp_path, hook.url, world.NOW, f"sent:{1 + number % 2}") as process:
                assert harness.ended(process) == KILLED
        with harness.running(sending.send_all, tmp_path, hook.url, world.NOW, "") as process:
            assert harness.ended(process) == 0
    assert Counter(hook.keys).keys() == set(keys), "none is lost"
    assert len(hook.keys) == len(keys) + 25, "a kill repeats the one message that it hit, and no other"
    assert all(message["card"] == {"key": message["key"]} for message in hook.taken), "a key stands for one message"
    assert samples.rows(Database(tmp_path), "SELECT count(*) FROM outbox WHERE sent IS NULL") == [(0,)]


def outbreak(folder: Path) -> Path:
    """Makes a store of two usual weeks and two hours in which criticism breaks out."""
    usual = random.Random(1).choices([0, 1, 2], [3, 2, 1], k=14 * 24)
    samples.keep(Database(folder), samples.hourly(STORED, [*usual, 14, 17], text="it leaks"), OUTBREAK)
    return folder


def told(folder: Path, url: str, fail_at: str = "") -> int:
    """Watches, draws up and delivers in a process of its own; gives its exit code."""
    with harness.running(sending.tell_all, folder, url, OUTBREAK, fail_at) as process:
        return harness.ended(process)


@MANY_RUNS
def test_a_death_in_watching_drawing_up_or_sending_loses_no_message(tmp_path):
    stored = outbreak(tmp_path / "stored")
    whole = shutil.copytree(stored, tmp_path / "whole")
    states = "SELECT alert, state, started, fired, latest, card FROM alerts ORDER BY ALL"
    with sink() as hook:
        assert told(whole, hook.url) == 0
    expected = {message["key"]: message for message in hook.taken}
    assert sorted(message["state"] for message in expected.values()) == ["digest", "firing"]
    assert [one["rule"] for one in expected["Acme|Criticism|2025-03-17T00:00:00+00:00|firing|team"]["also"]] == ["Talk"]

    twice = {"sent", "before_commit:3", "sent:2", "before_commit:4"}

    def check(fail_at: str) -> None:
        folder = shutil.copytree(stored, tmp_path / fail_at)
        with sink() as hook:
            assert told(folder, hook.url, fail_at) == KILLED, fail_at
            assert told(folder, hook.url) == 0
        assert set(hook.keys) == set(expected), fail_at
        assert len(hook.keys) == len(expected) + (fail_at in twice), fail_at
        for message in hook.taken:  # a digest names its snapshot, which a run that was killed may have used up
            assert message["title"] == expected[message["key"]]["title"], fail_at
        assert len({json.dumps(one) for one in hook.taken}) == len(expected), "a key stands for one message"
        assert samples.rows(Database(folder), states) == samples.rows(Database(whole), states), fail_at
        assert samples.rows(Database(folder), "SELECT count(*) FROM outbox WHERE sent IS NULL") == [(0,)]

    watching = ("watched_brand", "put_out", "before_commit", "after_commit")
    drawing_up = ("drawn_up", "before_commit:2", "after_commit:2")
    sending_them = ("sent", "before_commit:3", "after_commit:3", "sent:2", "before_commit:4")
    harness.side_by_side(check, [*watching, *drawing_up, *sending_them])

"""`earful health` says from outside whether Earful works, and tells of a trouble once, past the pipeline."""

import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pytest
from samples import config, hang_up, sink, status

from earful.connectors.http import Client
from earful.data import alerting, store
from earful.data import health as sources
from earful.data.database import Database
from earful.data.lock import hold
from earful.flows import cli, health, jobs, run
from earful.flows.config import Config, Source
from earful.flows.health import Check
from earful.flows.messages import text
from earful.flows.target_table import Target

NOW = datetime(2025, 3, 3, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
NAME = "hackernews:acme"
STAGES = [name for name, _ in run.stages()]


@dataclass
class House:
    """A store in which everything went well at a time, and its configuration."""

    database: Database
    config: Config

    def troubles(self, now: datetime) -> dict[str, str]:
        """What is wrong, by kind and name."""
        return {check.trouble: check.said for check in health.look(self.config, "", now) if check.said}


@pytest.fixture
def house(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> House:
    """A house where the last run was at NOW and did everything."""
    monkeypatch.setenv("HOOK", "https://hooks.example/S3CRET")
    source = Source(connector="hackernews", target="acme")
    target = Target(name="team", kind="webhook", url_env="HOOK")
    made = House(Database(tmp_path / "store"), config(tmp_path, sources=[source], targets=[target]))
    ran(made.database, NOW)
    with made.database.transaction() as con:
        store.set_up(con, [("Acme", "own", "acme")], [(NAME, "hackernews", "acme")])
        sources.record_success(con, NAME, NOW, NOW + timedelta(minutes=5), 1, rolled=False)
    return made


def ran(database: Database, at: datetime, failed: tuple[str, ...] = ()) -> None:
    """Keeps the report of a run; stages after the first failed one were not begun."""
    done = STAGES[: STAGES.index(failed[0])] if failed else STAGES
    report = {"stages": [{"stage": name, "seconds": 1, "done": ""} for name in done], "failed": list(failed)}
    with database.transaction() as con:
        store.save_run(con, at, at, report)


def test_where_all_went_well_lately_all_is_well(house: House) -> None:
    found = health.look(house.config, "", NOW + timedelta(minutes=10))
    assert [check.said for check in found if check.said] == []
    kinds = [check.kind for check in found]
    assert kinds == ["configuration", "store", *["stage"] * len(STAGES), "source", "target"]
    assert {check.last for check in found if check.kind in ("stage", "source")} == {NOW}


def test_what_stands_still_is_late(house: House) -> None:
    assert house.troubles(NOW + timedelta(minutes=25)) == {
        f"source {NAME}": "last success 25 minutes ago, not asked since"
    }
    later = house.troubles(NOW + 3 * HOUR)
    assert set(later) == {f"source {NAME}", *(f"stage {name}" for name in STAGES)}
    assert later["stage collect"] == "last success 3 hours ago"
    assert house.troubles(NOW + timedelta(days=8))["stage match"] == "no success in seven days"


def test_a_source_is_asked_no_more_often_than_there_are_runs(house: House) -> None:
    often = house.config.sources[0].model_copy(update={"every": timedelta(minutes=1)})
    house.config = house.config.model_copy(update={"sources": (often,)})
    assert house.troubles(NOW + timedelta(minutes=14)) == {}
    assert set(house.troubles(NOW + timedelta(minutes=25))) == {f"source {NAME}"}


def test_what_a_damaged_file_holds_does_not_hide_what_is_wrong(house: House) -> None:
    (house.config.store_folder / "read" / "CURRENT").write_bytes(b"snap\0" * 50_000)
    (check,) = [one for one in health.look(house.config, "", NOW) if one.said]
    assert check.kind == "store" and len(check.said) <= 400 and check.said.isprintable()
    body = text.write(health.notice([check], house.config), 2000)[1]
    assert check.said[:30] in body.replace("\u2060", "")


def test_the_stage_that_fails_is_named(house: House) -> None:
    for minutes in range(5, 60, 5):
        ran(house.database, NOW + timedelta(minutes=minutes), ("score",))
    assert set(house.troubles(NOW + HOUR)) == {
        f"source {NAME}",
        *(f"stage {name}" for name in STAGES[STAGES.index("score") :]),
    }


def test_a_stage_that_could_not_do_its_work_is_late_and_those_after_it_are_not(house: House) -> None:
    report = {"stages": [{"stage": name} for name in STAGES], "failed": ["score"]}
    with house.database.transaction() as con:
        store.save_run(con, NOW + HOUR, NOW + HOUR, report)
    assert set(house.troubles(NOW + HOUR)) == {f"source {NAME}", "stage score"}


def test_a_target_that_takes_nothing_is_told(house: House) -> None:
    with house.database.transaction() as con:
        alerting.put_out(con, "a", [("a|1", "team", {"state": "test", "card": {}})], NOW)
        alerting.put_out(con, "b", [("b|1", "old", {"state": "test", "card": {}})], NOW)
        alerting.mark_failed(con, "a|1", "hooks.example: answered 500", HOUR, NOW)
    assert house.troubles(NOW + timedelta(minutes=10)) == {
        "target old": "1 message waits: this target is no longer configured"
    }
    assert house.troubles(NOW + timedelta(minutes=16))["target team"] == (
        "1 message waits for 16 minutes: hooks.example: answered 500"
    )


def shaken(house: House, minutes: int) -> datetime:
    """Every other check of a source fails for so long; gives when it last answered."""
    answered = NOW
    with house.database.transaction() as con:
        for place in range(5, minutes + 1, 5):
            at = NOW + timedelta(minutes=place)
            if place % 10:
                sources.record_failure(con, NAME, at, at, "failing", "answered 500")
            else:
                sources.record_success(con, NAME, at, at, 1, rolled=False)
                answered = at
    return answered


def test_a_source_that_answers_only_now_and_then_is_named_and_not_late(house: House) -> None:
    answered = shaken(house, 60)
    ran(house.database, answered)
    found = {check.name: check for check in health.look(house.config, "", answered)}
    assert found[NAME].said == ""
    assert found[NAME].note == "it answers only now and then, 46% of its checks in the last day failed"
    assert found[NAME].as_json()["note"] == found[NAME].note
    late = house.troubles(answered + HOUR)[f"source {NAME}"]
    assert late.startswith("last success 60 minutes ago, failing; it answers only now and then")


def test_one_failure_makes_no_source_unsteady(house: House) -> None:
    answered = shaken(house, 10)
    assert {check.note for check in health.look(house.config, "", answered)} == {""}


def test_a_source_that_was_never_asked_is_told(house: House) -> None:
    more = Source(connector="hackernews", target="globex")
    house.config = house.config.model_copy(update={"sources": (*house.config.sources, more)})
    assert house.troubles(NOW) == {"source hackernews:globex": "it was never asked"}


def test_a_store_that_is_not_there_is_told(tmp_path: Path) -> None:
    found = health.look(config(tmp_path), "", NOW)
    assert [(check.kind, "nothing has been kept" in check.said) for check in found] == [
        ("configuration", False),
        ("store", True),
    ]


@pytest.mark.parametrize("content", [b"", b"no database" * 1000])
def test_a_store_that_is_damaged_is_told(house: House, content: bytes) -> None:
    folder = house.config.store_folder / "read"
    (folder / (folder / "CURRENT").read_text()).write_bytes(content)
    ((kind, said),) = house.troubles(NOW).items()
    assert kind == f"store {house.config.store_folder}"
    assert "read" in said


def test_a_store_half_of_which_is_gone_is_told(house: House) -> None:
    folder = house.config.store_folder / "read"
    path = folder / (folder / "CURRENT").read_text()
    path.unlink()
    with duckdb.connect() as con:
        con.execute(f"ATTACH '{path}' AS made (STORAGE_VERSION 'v1.2.0')")
        con.execute("CREATE TABLE made.settings (key TEXT)")
    ((kind, said),) = house.troubles(NOW).items()
    assert kind.startswith("store ")
    assert said == "the newest snapshot can't be read: CatalogException"


def test_it_waits_for_no_lock(house: House) -> None:
    with (
        hold(house.config.store_folder / "run.lock", 0, "a run"),
        hold(house.config.store_folder / "writer.lock", 0, "the store"),
    ):
        assert house.troubles(NOW) == {}


def test_a_broken_edit_of_the_configuration_is_told(house: House) -> None:
    (check, *_) = health.look(house.config, "earful.toml:3: unknown key 'brnds'", NOW)
    assert check.trouble == "configuration earful.toml"
    assert "line" not in check.said
    assert "unknown key" in check.said


BAD = [Check("stage", "score", NOW, "last success 3 hours ago"), Check("source", NAME, None, "never read")]
WELL = [Check("stage", "score", NOW), Check("source", NAME, NOW)]


def tell(house: House, checks: list[Check], hook: Any, monkeypatch: pytest.MonkeyPatch) -> health.Outcome | None:
    """Tells the one target of what was found."""
    monkeypatch.setenv("HOOK", hook.url)
    client = Client(allow=["127.0.0.1"], spacing=0, deadline=1)
    return health.tell(client, house.config.targets[0], checks, house.config, house.config.folder / ".health", NOW)


def test_a_trouble_is_told_once_and_so_is_the_end_of_all(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    with sink() as hook:
        for checks in (WELL, BAD[:1], BAD[:1], BAD, BAD, BAD[1:], BAD[1:], WELL, WELL, BAD):
            tell(house, checks, hook, monkeypatch)
    assert [message["title"] for message in hook.taken] == [
        "Earful itself: 1 trouble",
        "Earful itself: 2 troubles",
        "Earful itself is well again",
        "Earful itself: 2 troubles",
    ]
    assert "stage score (last success 3 hours ago)" in hook.taken[0]["text"]
    assert hook.taken[0]["state"] == "health"
    assert len(set(hook.keys)) == 1, "the clock stood still"


def test_each_target_is_told_for_itself(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    team, whole = house.config.targets[0], house.config
    boss = team.model_copy(update={"name": "boss"})
    with sink() as hook:
        for checks, target in ((BAD, team), (BAD, boss), (BAD, team), (WELL, team), (BAD, boss), (WELL, boss)):
            house.config = whole.model_copy(update={"targets": (target,)})
            tell(house, checks, hook, monkeypatch)
    assert [message["title"].split()[2] for message in hook.taken] == ["2", "2", "is", "is"]
    assert not (house.config.folder / ".health").exists()


def test_what_comes_back_is_told_again(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    with sink() as hook:
        for checks in (BAD, BAD[:1], BAD):
            tell(house, checks, hook, monkeypatch)
    assert [message["title"] for message in hook.taken] == ["Earful itself: 2 troubles"] * 2


def test_what_did_not_arrive_is_told_again(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    with sink(hang_up, status(500), status(204)) as hook:
        outcomes = [tell(house, BAD, hook, monkeypatch) for _ in range(4)]
    assert [bool(one.error) if one else None for one in outcomes] == [True, True, False, None]


def test_a_damaged_memory_tells_again_rather_than_not(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    with sink() as hook:
        tell(house, BAD, hook, monkeypatch)
        (house.config.folder / ".health").write_text("{ half")
        tell(house, BAD, hook, monkeypatch)
        (house.config.folder / ".health").write_text('["stage score"]')
        tell(house, BAD, hook, monkeypatch)
    assert len(hook.taken) == 3


def test_where_nothing_can_be_noted_it_says_so(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    (house.config.folder / ".health.tmp").mkdir()
    with sink() as hook:
        outcome = tell(house, BAD, hook, monkeypatch)
    assert outcome is not None
    assert "it arrived, but can't be noted" in outcome.error
    assert len(hook.taken) == 1


CONFIG = """
[[brands]]
name = "Acme"
match = "acme"

[[targets]]
name = "team"
kind = "webhook"
url_env = "HOOK"
"""


@pytest.fixture
def command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]):
    """Runs `earful health` in a folder; gives its exit code and what it printed."""
    monkeypatch.setenv("HOOK", "https://hooks.example/S3CRET")
    (tmp_path / "earful.toml").write_text(CONFIG)
    allowed = Client(allow=["127.0.0.1"], spacing=0, deadline=1)
    monkeypatch.setattr(jobs, "client", lambda _: allowed)

    def run_it(*arguments: str) -> tuple[int, str, str]:
        monkeypatch.setattr("sys.argv", ["earful", "health", "-c", str(tmp_path / "earful.toml"), *arguments])
        with pytest.raises(SystemExit) as ended:
            cli.main()
        printed = capsys.readouterr()
        return int(ended.value.code or 0), printed.out, printed.err

    return run_it


def test_the_command_says_with_exit_code_and_text_how_it_is(command, tmp_path: Path) -> None:
    code, out, _ = command()
    assert code == 4
    assert "nothing has been kept" in out
    ran(Database(tmp_path / "store"), datetime.now(UTC))
    code, out, _ = command()
    assert (code, out) == (0, f"all is well: {len(STAGES) + 3} things were looked at\n")
    ran(Database(tmp_path / "store"), datetime.now(UTC) + timedelta(seconds=1), ("watch",))
    assert command()[0] == 0, "one run that failed is no trouble yet"


def test_the_command_tells_monitors_in_json(command, tmp_path: Path) -> None:
    ran(Database(tmp_path / "store"), datetime.now(UTC) - timedelta(days=2))
    code, out, _ = command("--json")
    found = json.loads(out)
    assert (code, found["well"]) == (1, False)
    late = [check for check in found["checks"] if not check["well"]]
    assert [(check["kind"], check["name"]) for check in late] == [("stage", name) for name in STAGES]
    assert all(check["said"] == "last success 2 days ago" for check in late)


def test_the_command_tells_a_target_once(command, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    with sink() as hook:
        monkeypatch.setenv("HOOK", hook.url)
        assert [command("--alert", "team")[0] for _ in range(3)] == [4, 4, 4]
        assert len(hook.taken) == 1
        assert (tmp_path / ".earful.toml.health").exists()
        ran(Database(tmp_path / "store"), datetime.now(UTC))
        assert command("--alert", "team")[0] == 0
    assert [message["title"] for message in hook.taken][1:] == ["Earful itself is well again"]
    assert not (tmp_path / ".earful.toml.health").exists()


def test_the_command_says_when_it_could_not_tell(command, monkeypatch: pytest.MonkeyPatch) -> None:
    with sink(status(500)) as hook:
        monkeypatch.setenv("HOOK", hook.url)
        code, out, err = command("--alert", "team")
    assert code == 1
    assert "team was not told: 127.0.0.1: answered 500" in err
    assert "S3CRET" not in out + err
    code, _, err = command("--alert", "nobody")
    assert code == 2
    assert "there is no target 'nobody'; there are team" in err


def test_without_a_usable_configuration_it_says_so(command, tmp_path: Path) -> None:
    (tmp_path / "earful.toml").write_text("[[brands]\n")
    code, _, err = command()
    assert code == 2
    assert "earful.toml:1" in err
    assert [path.name for path in tmp_path.iterdir()] == ["earful.toml"]

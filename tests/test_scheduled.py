"""The Prefect flows: they run the tested stages, keep out of each other's way, clear up after a dead predecessor."""

import asyncio
import os
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from samples import STUB, published

from earful.connectors.http import Client
from earful.data import landing, lock
from earful.flows import jobs, score
from earful.flows import run as pipeline

pytestmark = pytest.mark.prefect

CONFIG = """
keep_raw = "3d"

[[brands]]
name = "Acme"
match = "acme"

[[sources]]
connector = "hackernews"
target = "acme"

[[rules]]
name = "Criticism"
"""


@pytest.fixture(scope="module")
def prefect() -> Iterator[Any]:
    """Runs a Prefect server of our own, which tells nobody, for all tests of this file."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DO_NOT_TRACK", "1")
        patch.setenv("PREFECT_SERVER_ANALYTICS_ENABLED", "false")
        from prefect.testing.utilities import prefect_test_harness

        from earful.flows import scheduled

        with prefect_test_harness(server_startup_timeout=60):
            yield scheduled


@pytest.fixture
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A configuration whose only source speaks of Acme twice."""
    written = int((datetime.now(UTC) - timedelta(hours=3)).timestamp())
    hits = [
        {"objectID": str(number), "created_at_i": written, "author": "ada", "comment_text": words}
        for number, words in enumerate(["acme is bad", "acme is good"])
    ]
    transport = httpx.MockTransport(
        lambda request: httpx.Response(200, json={"hits": hits, "hitsPerPage": 200}, request=request)
    )
    monkeypatch.setattr(jobs, "client", lambda _: Client(transport=transport, spacing=0))
    monkeypatch.setattr(score, "sentiment", STUB)
    made = tmp_path / "earful.toml"
    made.write_text(CONFIG, encoding="utf-8")
    return made


def test_listen_runs_every_stage_and_gives_the_report(prefect: Any, path: Path) -> None:
    report = prefect.listen(str(path))
    assert [stage["stage"] for stage in report["stages"]] == [name for name, _ in pipeline.stages()]
    assert [(one["source"], one["new"]) for one in report["sources"]] == [("hackernews:acme", 2)]
    assert report["errors"] == []
    labels = published(path.parent / "store", "SELECT label FROM facts ORDER BY label")
    assert labels == [("negative",), ("positive",)]
    assert len(published(path.parent / "store", "SELECT run FROM runs")) == 1


def test_listen_does_nothing_while_another_run_is_at_work(prefect: Any, path: Path) -> None:
    with lock.hold(path.parent / "store" / "run.lock", 0, "the test"):
        said = prefect.listen(str(path))
    assert said == {"busy": said["busy"]}
    assert f"in use by process {os.getpid()}" in said["busy"]
    assert not (path.parent / "store" / "main.duckdb").exists()


def test_a_stage_that_fails_is_tried_again(prefect: Any, path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from prefect import task

    monkeypatch.setattr(prefect, "task", lambda **values: task(**{**values, "retry_delay_seconds": 0}))
    tries: list[str] = []
    find = prefect.run.examine.examine

    def stumble(*arguments: Any) -> int:
        tries.append("once")
        if len(tries) < 3:
            raise OSError("the disk is away")
        return int(find(*arguments))

    monkeypatch.setattr(prefect.run.examine, "examine", stumble)
    report = prefect.listen(str(path))
    assert len(tries) == 3
    assert [stage["stage"] for stage in report["stages"]] == [name for name, _ in pipeline.stages()]
    assert published(path.parent / "store", "SELECT count(*) FROM facts") == [(2,)]


def test_tidy_deletes_the_answers_of_old_days(prefect: Any, path: Path) -> None:
    raw = path.parent / "store" / "raw"
    now = datetime.now(UTC)
    for age in (0, 2, 3, 4, 30):
        landing.land(raw, now - timedelta(days=age), "hackernews:acme", {}, "https://x.example/", 200, {}, b"{}")
    assert prefect.tidy(str(path)) == 2
    kept = sorted(day.name for day in raw.iterdir())
    assert kept == sorted((now - timedelta(days=age)).date().isoformat() for age in (0, 2, 3))
    assert prefect.tidy(str(path)) == 0


def test_what_a_dead_predecessor_left_is_cleared(prefect: Any, path: Path) -> None:
    """What is late is cancelled, what ran is crashed, what has ended or lies in the future stays as it is."""
    from prefect.client.orchestration import get_client
    from prefect.states import Completed, Late, Pending, Running, Scheduled

    soon, ago = datetime.now(UTC) + timedelta(hours=1), datetime.now(UTC) - timedelta(hours=1)
    left = {
        "late": (Late(scheduled_time=ago), "Cancelled"),
        "waiting": (Scheduled(scheduled_time=ago), "Cancelled"),
        "pending": (Pending(), "Cancelled"),
        "running": (Running(), "Crashed"),
        "done": (Completed(), "Completed"),
        "to come": (Scheduled(scheduled_time=soon), "Scheduled"),
    }

    async def made() -> dict[str, Any]:
        async with get_client() as client:
            return {
                name: (await client.create_flow_run(prefect.tidy, name=name, parameters={"config": ""}, state=state)).id
                for name, (state, _) in left.items()
            }

    async def states(runs: dict[str, Any]) -> dict[str, str]:
        async with get_client() as client:
            found = {name: (await client.read_flow_run(run)).state for name, run in runs.items()}
        return {name: state.name if state else "" for name, state in found.items()}

    runs = asyncio.run(made())
    assert asyncio.run(prefect.clear_old_runs()) == 4
    assert asyncio.run(states(runs)) == {name: expected for name, (_, expected) in left.items()}
    assert asyncio.run(prefect.clear_old_runs()) == 0


def test_two_flows_are_served_on_their_schedules(prefect: Any, path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    served: list[Any] = []
    monkeypatch.setattr(prefect, "serve", lambda *deployments: served.extend(deployments))
    prefect.start(path, timedelta(minutes=15))
    assert [one.flow_name for one in served] == ["listen", "tidy"]
    (schedule,) = served[0].schedules
    assert schedule.schedule.interval == timedelta(minutes=15)
    assert served[0].parameters == {"config": str(path)}
    assert served[1].schedules[0].schedule.cron == "17 3 * * *"


def test_the_first_run_is_due_at_the_start_not_an_interval_later(
    prefect: Any, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from prefect.client.orchestration import get_client
    from prefect.client.schemas.filters import FlowRunFilter

    async def due() -> int:
        async with get_client() as client:
            wanted = FlowRunFilter.model_validate({"state": {"name": {"any_": ["Scheduled"]}}})
            runs = await client.read_flow_runs(flow_run_filter=wanted)
        now = datetime.now(UTC)
        mine = [run for run in runs if run.deployment_id and run.parameters == {"config": str(path)}]
        return sum(run.expected_start_time is not None and run.expected_start_time <= now for run in mine)

    monkeypatch.setattr(prefect, "serve", lambda *deployments: None)
    prefect.start(path, timedelta(hours=6))
    assert asyncio.run(due()) == 1

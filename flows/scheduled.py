"""The Prefect flows: thin wrappers that give the stages a schedule, retries, logs and a place in the UI.

The truth about what is due is in the store, so a late, doubled or missed run does no harm: the first one does the
work, the others find nothing to do, and two at once are kept apart by a lock of our own.
"""

import asyncio
import logging
import os
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, cast

import httpx
from prefect import flow, get_run_logger, serve, task
from prefect.artifacts import create_table_artifact
from prefect.cache_policies import NO_CACHE
from prefect.client.orchestration import get_client
from prefect.client.schemas.filters import FlowRunFilter
from prefect.client.schemas.objects import State
from prefect.client.schemas.schedules import IntervalSchedule
from prefect.deployments.runner import RunnerDeployment
from prefect.settings import PREFECT_API_URL
from prefect.states import Cancelled, Crashed

from earful.data import landing
from earful.data.lock import Busy
from earful.flows import jobs, run
from earful.flows.config import load_or_last_good

log = logging.getLogger(__name__)

SERVER_PATIENCE = 120.0  # seconds until the Prefect server must answer
DEADLINE = 1800  # seconds; what is left undone then is done by the next run


@flow(name="listen", timeout_seconds=DEADLINE, log_prints=False)
def listen(config: str) -> dict[str, Any]:
    """Runs every stage once; does nothing when another run is at work."""
    logger = get_run_logger()
    job = jobs.build(Path(config), lambda stage, done, total: logger.debug("%s %d of %d", stage, done, total))
    try:
        with run.at_work(job):
            for name, stage in run.stages():
                retried = task(name=name, retries=2, retry_delay_seconds=[5, 30], cache_policy=NO_CACHE)(run.run_stage)
                logger.info("%s: %s", name, retried(job, name, stage))
    except Busy as busy:
        logger.info("nothing done: %s", busy)
        return {"busy": str(busy)}
    counts = ("source", "state", "read", "new", "changed", "known", "seconds")
    table = [{key: source[key] for key in counts} for source in job.report["sources"]]
    if table:
        create_table_artifact(table=table, key="sources", description="What each source brought")
    return job.report


@flow(name="tidy", timeout_seconds=DEADLINE)
def tidy(config: str) -> int:
    """Deletes landed answers that are older than the configuration wants; returns how many days went."""
    settings, _ = load_or_last_good(Path(config))
    before = (datetime.now(UTC) - settings.keep_raw).date()
    return landing.forget(settings.store_folder / "raw", before)


def start(config: Path, every: timedelta) -> None:
    """Waits for the server, clears what a dead predecessor left behind and serves the flows until interrupted."""
    await_server()
    asyncio.run(clear_old_runs())
    parameters = {"config": str(config)}
    schedule = IntervalSchedule(interval=every, anchor_date=datetime.now(UTC))
    listening = cast(RunnerDeployment, listen.to_deployment("earful", schedules=[schedule], parameters=parameters))
    tidying = cast(RunnerDeployment, tidy.to_deployment("earful", cron="17 3 * * *", parameters=parameters))
    asyncio.run(run_now(listening))
    serve(listening, tidying)


async def run_now(deployment: RunnerDeployment) -> None:
    """Asks for one run at once: the schedule's own first tick may pass while the server is still being told of it."""
    identity = await deployment.aapply()
    async with get_client() as client:
        await client.create_flow_run_from_deployment(identity)


def await_server() -> None:
    """Waits until the Prefect server answers; raises TimeoutError when it does not in time."""
    ready = f"{PREFECT_API_URL.value()}/ready"
    give_up = time.monotonic() + SERVER_PATIENCE
    while time.monotonic() < give_up:
        try:
            if httpx.get(ready, timeout=2, trust_env=False).is_success:
                return
        except httpx.HTTPError as error:
            log.debug("the Prefect server does not answer yet: %s", error)
        time.sleep(0.3)
    raise TimeoutError(f"the Prefect server does not answer at {ready}")


async def clear_old_runs() -> int:
    """Cancels runs that are late and marks those that died in the middle as crashed; returns how many."""
    cleared = 0
    async with get_client() as client:
        wanted = FlowRunFilter.model_validate(
            {"state": {"name": {"any_": ["Late", "Scheduled", "Pending", "Running", "AwaitingRetry"]}}}
        )
        for old in await client.read_flow_runs(flow_run_filter=wanted, limit=200):
            if old.expected_start_time and old.expected_start_time > datetime.now(UTC):
                continue  # its time is still to come
            died = old.state is not None and old.state.is_running()
            state: State[Any] = Crashed(message="its process died") if died else Cancelled(message="late")
            await client.set_flow_run_state(old.id, state, force=True)
            cleared += 1
    return cleared


if __name__ == "__main__":
    start(Path(os.environ["EARFUL_CONFIG"]), timedelta(seconds=float(os.environ["EARFUL_EVERY"])))

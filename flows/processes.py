"""Starts the Prefect server, the served flows and the dashboard, and stops all of them together."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from earful.dashboard import launch
from earful.data import todo
from earful.data.database import current, snapshot
from earful.flows.config import Config
from earful.flows.intake_table import TOKEN_MISSING

RESTART_PAUSE = 5.0
STARTS_AT_MOST = 50  # of one part; what stops that often needs a person
GRACE = 10.0


class StartError(Exception):
    """Something needed can't be started; the message says what to do."""


@dataclass
class Part:
    """One child process and how to start it again."""

    name: str
    command: Sequence[str]
    environment: Mapping[str, str]
    log: Path
    process: subprocess.Popen[bytes] | None = field(default=None)
    starts: int = 0

    def start(self) -> None:
        """Starts the process in a group of its own, its output going to its log file."""
        self.starts += 1
        self.log.parent.mkdir(parents=True, exist_ok=True)
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                list(self.command), env=dict(self.environment), stdout=log, stderr=log, start_new_session=True
            )

    def alive(self) -> bool:
        """Tells whether the process runs."""
        return self.process is not None and self.process.poll() is None


def environment(config: Config, path: Path, prefect_port: int) -> dict[str, str]:
    """Gives the children's environment: where Prefect lives, telemetry off, the configuration, the store."""
    return {
        **os.environ,
        "DO_NOT_TRACK": "1",
        "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
        "PREFECT_CLI_PROMPT": "false",
        "PREFECT_RUNNER_POLL_FREQUENCY": "3",  # seconds between looks for a run that is due
        "PREFECT_HOME": str(config.store_folder / "prefect"),
        "PREFECT_API_URL": f"http://127.0.0.1:{prefect_port}/api",
        "PREFECT_SERVER_API_HOST": "127.0.0.1",
        "PREFECT_SERVER_API_PORT": str(prefect_port),
        "EARFUL_CONFIG": str(path.resolve()),
        "EARFUL_EVERY": str(config.every.total_seconds()),
        "EARFUL_STORE": str(config.store_folder),
    }


def logs_of(config: Config) -> Path:
    """Names the folder of the children's logs."""
    return config.store_folder / "logs"


def dashboard(config: Config, path: Path, port: int) -> Part:
    """Gives the dashboard's process; where people sign in, also writes what Streamlit needs for it, for us alone."""
    signin, secrets = _signin(config), config.store_folder / "signin.toml"
    secrets.unlink(missing_ok=True)
    if signin:
        config.store_folder.mkdir(parents=True, exist_ok=True)
        secrets.touch(mode=0o600, exist_ok=False)
        secrets.write_text(signin.written(), encoding="utf-8")  # Streamlit reads secrets from files only
    return Part(
        "dashboard",
        launch.command(port, signin, secrets if signin else None),
        environment(config, path, 4200) | launch.environment(signin),
        logs_of(config) / "dashboard.log",
    )


def _signin(config: Config) -> launch.SignIn | None:
    one = config.signin
    if one is None:
        return None
    return launch.SignIn(one.provider, one.client_id, one.secret, config.dashboard, one.listen, one.hours)


def parts(config: Config, path: Path, port: int, prefect_port: int) -> list[Part]:
    """Lists what production runs: the Prefect server, the flows, the dashboard, and the webhook if it is configured."""
    shared = environment(config, path, prefect_port)
    logs = logs_of(config)
    server = (sys.executable, "-m", "prefect", "server", "start", "--host", "127.0.0.1", "--port", str(prefect_port))
    webhook = Part("webhook", (sys.executable, "-m", "earful.flows.webhook"), shared, logs / "webhook.log")
    return [
        dashboard(config, path, port),
        Part("Prefect server", server, shared, logs / "prefect-server.log"),
        Part("flows", (sys.executable, "-m", "earful.flows.scheduled"), shared, logs / "flows.log"),
        *([webhook] if config.webhook else []),
    ]


def serve(config: Config, path: Path, port: int, prefect_port: int, say: Callable[[str], None]) -> None:
    """Starts everything, restarts what dies, and stops all of it on Ctrl-C or SIGTERM; blocks."""
    for number, what in ((port, "dashboard"), (prefect_port, "Prefect server")):
        if not free(number):
            raise StartError(f"port {number} is taken, the {what} needs it; stop what holds it or choose another port")
    if config.webhook and not config.webhook.token:
        raise StartError(TOKEN_MISSING)
    if config.webhook and not free(config.webhook.port, config.webhook.host):
        raise StartError(f"port {config.webhook.port} is taken, the webhook needs it; choose another under [webhook]")
    _on_signals(_interrupted)
    running = parts(config, path, port, prefect_port)
    try:
        for part in running:
            part.start()
        say(f"dashboard   http://localhost:{port}")
        say(f"Prefect     http://127.0.0.1:{prefect_port}")
        if config.webhook:
            say(f"webhook     http://{config.webhook.host}:{config.webhook.port}/mentions")
        say("the first mentions are there in about a minute: Prefect starts, the sources are asked, texts are scored")
        seen = ""
        while True:
            time.sleep(1)
            if (newest := current(config.store_folder)) != seen:
                seen = newest
                say(f"store       {standing(config.store_folder)}")
            for part in running:
                if not part.alive():
                    if part.starts >= STARTS_AT_MOST:
                        raise StartError(f"the {part.name} keeps stopping; its log is {part.log}")
                    say(f"{part.name} has stopped (see {part.log}); starting it again")
                    time.sleep(RESTART_PAUSE)
                    part.start()
    except KeyboardInterrupt:
        say("stopping")
    finally:
        _on_signals(signal.SIG_IGN)  # who presses Ctrl-C twice must not leave half of it running
        stop(running)


def standing(folder: Path) -> str:
    """Sums up in a line what the store holds by now."""
    with snapshot(folder) as con:
        counts = todo.standing(con)
    return f"{counts.mentions:,} mentions, {counts.matched:,} about a brand, {counts.scored:,} of these scored"


def stop(running: Sequence[Part]) -> None:
    """Ends every process and all its children, kindly first."""
    for sign, patience in ((signal.SIGTERM, GRACE), (signal.SIGKILL, GRACE)):
        for part in running:
            if part.process is not None:
                _signal_group(part.process.pid, sign)
        give_up = time.monotonic() + patience
        while any(part.alive() for part in running) and time.monotonic() < give_up:
            time.sleep(0.1)


def free(port: int, host: str = "127.0.0.1") -> bool:
    """Tells whether nothing listens on a port of an address of this machine."""
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
        return probe.connect_ex((host, port)) != 0


def _signal_group(group: int, sign: signal.Signals) -> None:
    try:
        os.killpg(group, sign)
    except ProcessLookupError:  # it is gone already, which is what we want
        return


def _on_signals(handler: Callable[..., None] | signal.Handlers) -> None:
    for sign in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(sign, handler)


def _interrupted(*_: object) -> None:
    raise KeyboardInterrupt

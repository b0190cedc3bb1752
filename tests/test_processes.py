"""Everything that was started is stopped, with its children; what dies is started again; a taken port is said so."""

import os
import signal
import socket
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import psutil
import pytest
from samples import config

from earful.flows import demo, processes
from earful.flows.processes import Part, StartError, serve, stop

FAMILY = """
import os, signal, subprocess, sys, time
names, stubborn, generations = sys.argv[1], sys.argv[2] == "stubborn", int(sys.argv[3])
if stubborn or generations < 2:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
if generations:
    subprocess.Popen([sys.executable, __file__, names, sys.argv[2], str(generations - 1)])
with open(names, "a") as file:
    file.write(f"{os.getpid()}\\n")
time.sleep(60)
"""
WEB = """
import http.server, sys
class Ready(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
http.server.HTTPServer(("127.0.0.1", int(sys.argv[1])), Ready).serve_forever()
"""


def until(true: Callable[[], object]) -> None:
    """Waits for something that is about to happen."""
    give_up = time.monotonic() + 30
    while not true():
        assert time.monotonic() < give_up, "it did not happen"
        time.sleep(0.02)


def runs(number: int) -> bool:
    """Tells whether a process runs; one that has ended and waits to be buried does not."""
    try:
        return psutil.Process(number).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


@pytest.fixture
def part(tmp_path: Path) -> Iterator[Callable[..., Part]]:
    """Makes a part that runs a script; ends it after the test."""
    made: list[Part] = []

    def make(name: str, script: str, *arguments: object) -> Part:
        path = tmp_path / f"{name}.py"
        path.write_text(script, encoding="utf-8")
        command = [sys.executable, str(path), *map(str, arguments)]
        made.append(Part(name, command, dict(os.environ), tmp_path / "logs" / f"{name}.log"))
        return made[-1]

    yield make
    for one in made:
        if one.process is not None and one.alive():
            os.killpg(one.process.pid, signal.SIGKILL)
            one.process.wait()


@pytest.fixture
def port() -> int:
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture
def handlers(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Gives the signals back to pytest, and makes waiting short."""
    monkeypatch.setattr(processes, "RESTART_PAUSE", 0)
    monkeypatch.setattr(processes, "GRACE", 1.0)
    before = {sign: signal.getsignal(sign) for sign in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)}
    yield
    for sign, handler in before.items():
        signal.signal(sign, handler)


@pytest.mark.parametrize("manner", ["kind", "stubborn"])
def test_a_whole_family_is_ended(part, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, manner: str) -> None:
    """The parent may end at once and leave children behind that don't listen."""
    monkeypatch.setattr(processes, "GRACE", 0.3)
    names = tmp_path / "names"
    family = part("family", FAMILY, names, manner, 2)
    family.start()
    until(lambda: names.exists() and len(names.read_text().splitlines()) == 3)
    members = [int(name) for name in names.read_text().splitlines()]
    assert all(runs(member) for member in members)
    stop([family])
    assert not family.alive()
    until(lambda: not any(runs(member) for member in members))


def test_stopping_what_is_not_there_is_no_error(part) -> None:
    never, ended = part("never", ""), part("ended", "pass")
    ended.start()
    until(lambda: not ended.alive())
    stop([never, ended])
    stop([never, ended])
    assert not never.alive()


def test_a_part_writes_its_log_and_goes_on_in_it(part) -> None:
    one = part("one", "import sys; print('out'); print('oh', file=sys.stderr)")
    for times in (1, 2):
        one.start()
        until(lambda: not one.alive())
        assert sorted(one.log.read_text().split()) == ["oh"] * times + ["out"] * times


@pytest.mark.parametrize("which", ["dashboard", "Prefect server"])
def test_a_taken_port_is_said_so_before_anything_starts(
    tmp_path: Path, port: int, which: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(processes, "parts", lambda *_: pytest.fail("something was started"))
    with closing(socket.socket()) as holder:
        holder.bind(("127.0.0.1", 0))
        holder.listen()
        taken = holder.getsockname()[1]
        assert not processes.free(taken)
        ports = (taken, port) if which == "dashboard" else (port, taken)
        said = f"port {taken} is taken, the {which} needs it; stop what holds it or choose another port"
        with pytest.raises(StartError, match=said):
            serve(config(tmp_path), tmp_path / "earful.toml", *ports, print)
    assert processes.free(taken)


@pytest.mark.usefixtures("handlers")
@pytest.mark.parametrize("sign", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_stops_everything(part, port: int, tmp_path: Path, monkeypatch, sign: signal.Signals) -> None:
    running = [
        part("pages", "import time; time.sleep(60)"),
        part("server", WEB, port),
        part("flows", FAMILY, tmp_path / "names", "kind", 1),
    ]
    monkeypatch.setattr(processes, "parts", lambda *_: running)
    said: list[str] = []

    def say(line: str) -> None:
        said.append(line)
        if line.startswith("the first mentions"):
            assert [one.alive() for one in running] == [True, True, True]
            os.kill(os.getpid(), sign)

    serve(config(tmp_path), tmp_path / "earful.toml", port + 1, port, say)
    assert said[-1] == "stopping"
    assert not any(one.alive() for one in running)
    assert f"http://localhost:{port + 1}" in said[0]


@pytest.mark.usefixtures("handlers")
def test_a_second_signal_does_not_stop_the_stopping(part, port: int, tmp_path: Path, monkeypatch) -> None:
    running = [part(name, FAMILY, tmp_path / "names", "kind", 1) for name in ("pages", "flows")]
    running.insert(1, part("server", WEB, port))
    monkeypatch.setattr(processes, "parts", lambda *_: running)
    end = processes._signal_group

    def impatient(group: int, sign: signal.Signals) -> None:
        end(group, sign)
        os.kill(os.getpid(), signal.SIGINT)

    monkeypatch.setattr(processes, "_signal_group", impatient)

    def say(line: str) -> None:
        if line.startswith("the first mentions"):
            raise KeyboardInterrupt

    serve(config(tmp_path), tmp_path / "earful.toml", port + 1, port, say)
    assert not any(one.alive() for one in running)


@pytest.mark.usefixtures("handlers")
def test_what_dies_is_started_again(part, port: int, tmp_path: Path, monkeypatch) -> None:
    flows = part("flows", "print('began')")
    running = [part("pages", "import time; time.sleep(60)"), part("server", WEB, port), flows]
    monkeypatch.setattr(processes, "parts", lambda *_: running)
    said: list[str] = []

    def say(line: str) -> None:
        said.append(line)
        if [line for line in said if "starting it again" in line][1:] == [line]:
            raise KeyboardInterrupt

    serve(config(tmp_path), tmp_path / "earful.toml", port + 1, port, say)
    assert f"flows has stopped (see {flows.log}); starting it again" in said
    assert flows.log.read_text().split() == ["began"] * 2
    assert not any(one.alive() for one in running)


@pytest.mark.usefixtures("handlers")
def test_what_keeps_stopping_names_its_log_and_leaves_nothing_behind(
    part, port: int, tmp_path: Path, monkeypatch
) -> None:
    monkeypatch.setattr(processes, "STARTS_AT_MOST", 3)
    server, pages = part("server", "raise SystemExit(1)"), part("pages", "import time; time.sleep(60)")
    flows = part("flows", "import time; time.sleep(60)")
    monkeypatch.setattr(processes, "parts", lambda *_: [pages, server, flows])
    with pytest.raises(StartError, match=f"the server keeps stopping; its log is {server.log}"):
        serve(config(tmp_path), tmp_path / "earful.toml", port + 1, port, lambda _: None)
    assert server.starts == 3
    assert not any(one.alive() for one in (pages, server, flows))


def test_nothing_is_open_to_other_machines_and_nothing_is_told_to_others(tmp_path: Path) -> None:
    made = config(tmp_path, store="kept")
    parts = processes.parts(made, tmp_path / "earful.toml", 8501, 4300)
    assert [one.name for one in parts] == ["dashboard", "Prefect server", "flows"]
    for one in parts:
        assert one.environment["DO_NOT_TRACK"] == "1"
        assert one.environment["PREFECT_SERVER_ANALYTICS_ENABLED"] == "false"
        assert one.environment["PREFECT_HOME"] == str(tmp_path / "kept" / "prefect")
        assert one.environment["EARFUL_STORE"] == str(tmp_path / "kept")
        assert one.environment["EARFUL_CONFIG"] == str(tmp_path / "earful.toml")
        assert one.log.parent == tmp_path / "kept" / "logs"
    assert all(one.environment["PREFECT_API_URL"] == "http://127.0.0.1:4300/api" for one in parts[1:])
    server = list(parts[1].command)
    assert server[server.index("--host") + 1] == "127.0.0.1"
    assert server[server.index("--port") + 1] == "4300"


def test_the_demo_starts_afresh_in_its_own_folder_only(tmp_path: Path) -> None:
    folder = tmp_path / "demo"
    demo.fresh(folder)
    (folder / "store").mkdir()
    (folder / "store" / "main.duckdb").write_text("of yesterday")
    demo.fresh(folder)
    assert sorted(path.name for path in folder.iterdir()) == [".earful-demo", "earful.toml"]
    mine = tmp_path / "mine"
    mine.mkdir()
    demo.fresh(mine)
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "thesis.txt").write_text("years of work")
    with pytest.raises(StartError, match="holds something else; name an empty folder"):
        demo.fresh(tmp_path / "other")
    assert (tmp_path / "other" / "thesis.txt").read_text() == "years of work"

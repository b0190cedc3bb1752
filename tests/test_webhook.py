"""What the webhook has taken is kept, exactly once, whatever comes after; what it can't take it refuses in words."""

import json
import logging
import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import httpx
import pytest
from contract import broken
from samples import config, rows

from earful.connectors.types import Mention
from earful.data import landing, store
from earful.data.database import Database
from earful.flows import collect, examine, processes, webhook
from earful.flows.config import ConfigError, load
from earful.flows.intake_table import TOKEN, Webhook
from earful.flows.processes import StartError
from earful.flows.webhook import Allowance, MistakeError

SECRET = "correct-horse-battery-staple"
NOW = datetime(2026, 5, 20, 12, tzinfo=UTC)
BERLIN = ZoneInfo("Europe/Berlin")
TOML = """
timezone = "Europe/Berlin"
[[brands]]
name = "Acme"
match = "acme"
[webhook]
port = {port}
brand = "Acme"
"""
RUN = """
import logging, os, resource, sys
from pathlib import Path
from earful.flows import webhook
from earful.flows.config import load
logging.basicConfig(level=logging.DEBUG)
{before}
webhook.serve(load(Path(os.environ["EARFUL_CONFIG"])), print)
"""


@dataclass
class Endpoint:
    """A running webhook."""

    folder: Path
    port: int
    process: "subprocess.Popen[bytes]"

    def post(self, content: Any = None, token: str = SECRET, source: str = "", **more: Any) -> httpx.Response:
        """Sends a message: bytes or chunks as they are, anything else as JSON."""
        sent = content if isinstance(content, bytes) or hasattr(content, "__next__") else json.dumps(content).encode()
        headers = {"Authorization": f"Bearer {token}", **more.pop("headers", {})}
        address = f"http://127.0.0.1:{self.port}/mentions" + (f"?source={source}" if source else "")
        return httpx.post(address, content=sent, headers=headers, trust_env=False, timeout=30, **more)

    @property
    def log(self) -> str:
        """All that it said so far."""
        return (self.folder / "log").read_text(encoding="utf-8")

    @property
    def landed(self) -> list[str]:
        """The names of what it has taken."""
        return list(landing.names(self.folder / "store" / "raw"))


@pytest.fixture
def endpoint(tmp_path: Path) -> Iterator[Callable[..., Endpoint]]:
    """Starts webhooks on free ports, with lines of Python to run before; ends them after the test."""
    started: list[subprocess.Popen[bytes]] = []

    def start(before: str = "webhook.BURST = 10_000") -> Endpoint:
        with closing(socket.socket()) as probe:
            probe.bind(("127.0.0.1", 0))
            port = int(probe.getsockname()[1])
        path = tmp_path / "earful.toml"
        path.write_text(TOML.format(port=port), encoding="utf-8")
        with (tmp_path / "log").open("ab") as log:
            environment = {**os.environ, "EARFUL_CONFIG": str(path), TOKEN: SECRET}
            command = [sys.executable, "-c", RUN.format(before=before)]
            started.append(subprocess.Popen(command, env=environment, stdout=log, stderr=log))
        while processes.free(port):
            assert started[-1].poll() is None, (tmp_path / "log").read_text()
            time.sleep(0.05)
        return Endpoint(tmp_path, port, started[-1])

    yield start
    for process in started:
        process.kill()
        process.wait()


def read_next(endpoint: Endpoint, now: datetime | None = None) -> Database:
    """Does what a run does first."""
    settings = load(endpoint.folder / "earful.toml")
    database = Database(settings.store_folder)
    with database.transaction() as con:
        store.set_up(con, [("Acme", "own", "acme")], [])
    collect.read_landed(database, lambda: now or datetime.now(UTC))
    return database


def test_what_was_taken_is_read_by_the_next_run_once(endpoint: Callable[..., Endpoint]) -> None:
    running = endpoint()
    answer = running.post({"id": 7, "text": "The kettle leaks", "published": "2026-05-04 09:30", "rating": 2})
    assert (answer.status_code, answer.json()) == (202, {"taken": 1})
    answer = running.post([{"id": "a", "answer": 9, "scale": "nps"}, {"text": "Acme"}], source="helpdesk")
    assert (answer.status_code, answer.json()) == (202, {"taken": 2})
    for _ in range(2):
        database = read_next(running)
        found = rows(database, "SELECT source, text, rating, answer, published FROM mentions ORDER BY source, text")
        assert [row[:4] for row in found] == [
            ("webhook:helpdesk", "9/10", None, 9.0),
            ("webhook:helpdesk", "Acme", None, None),
            ("webhook:mentions", "The kettle leaks", 2.0, None),
        ]
        assert found[2][4] == datetime(2026, 5, 4, 7, 30, tzinfo=UTC), "a time without a zone is the team's"
    examine.examine(database, load(running.folder / "earful.toml"), lambda *_: None)
    assert rows(database, "SELECT count(*) FROM matches WHERE brand = 'Acme'") == [(3,)]
    assert rows(database, "SELECT count(*) FROM facts") == [(2,)], "an answer without words is no fact"
    running.post({"id": 7, "text": "The kettle leaks badly"})
    assert rows(read_next(running), "SELECT text FROM mentions WHERE id = '7'") == [("The kettle leaks badly",)]


def test_without_the_token_nothing_is_taken(endpoint: Callable[..., Endpoint]) -> None:
    running = endpoint()
    for headers in (
        {"Authorization": "Bearer wrong-horse-battery-staple"},
        {"Authorization": f"Bearer {SECRET[:-1]}"},
        {"Authorization": f"Basic {SECRET}"},
        {"Authorization": SECRET},
        {"Authorization": ""},
        {"Authorization": b"Bearer \xff\xfe"},
    ):
        answer = running.post({"text": "Acme"}, headers=headers)
        assert (answer.status_code, answer.headers["www-authenticate"]) == (401, "Bearer")
    address = f"http://127.0.0.1:{running.port}"
    assert httpx.post(f"{address}/mentions", json={"text": "Acme"}, trust_env=False).status_code == 401
    assert httpx.get(f"{address}/mentions", trust_env=False).status_code == 405
    assert httpx.post(f"{address}/?token={SECRET}", trust_env=False).status_code == 404
    assert running.landed == []
    running.post(b"{", headers={"X-Odd": "\x7f"})
    assert "a message of 127.0.0.1 was refused" in running.log
    assert "horse" not in running.log and "Traceback" not in running.log


def test_it_does_not_start_without_a_fit_token_and_a_free_port(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with closing(socket.socket()) as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        settings = config(tmp_path, webhook=Webhook(port=taken.getsockname()[1]))
        for token in ("", "short", "x" * 19, "ü" * 30, "x" * 30 + "\n" + "y"):
            monkeypatch.setenv(TOKEN, token)
            with pytest.raises(StartError, match=f"export {TOKEN}"):
                webhook.serve(settings, print)
            with pytest.raises(StartError, match=f"export {TOKEN}"):
                processes.serve(settings, tmp_path, 1, 2, print)
        monkeypatch.setenv(TOKEN, SECRET)
        with pytest.raises(StartError, match="is taken, the webhook needs it"):
            webhook.serve(settings, print)
        with pytest.raises(StartError, match="is taken, the webhook needs it"):
            processes.serve(settings, tmp_path, 1, 2, print)
    with pytest.raises(StartError, match=r"add a \[webhook\] table"):
        webhook.serve(config(tmp_path), print)


def test_it_is_started_with_the_others_where_it_is_configured(tmp_path: Path) -> None:
    names = [part.name for part in processes.parts(config(tmp_path), tmp_path, 1, 2)]
    assert names == ["dashboard", "Prefect server", "flows"]
    *_, part = processes.parts(config(tmp_path, webhook=Webhook(port=8502)), tmp_path, 1, 2)
    assert (part.name, part.command[-1], part.log.name) == ("webhook", "earful.flows.webhook", "webhook.log")


@pytest.mark.parametrize(
    ("table", "said"),
    [
        ("port = 0", "port"),
        ("port = 8502\nhost = 'localhost'", "no address of this machine"),
        ("port = 8502\nbrand = 'Acne'", "did you mean 'Acme'"),
        ("prot = 8502", "did you mean 'port'"),
    ],
)
def test_a_mistake_in_its_table_is_said(tmp_path: Path, table: str, said: str) -> None:
    path = tmp_path / "earful.toml"
    path.write_text(TOML.partition("[webhook]")[0] + f"[webhook]\n{table}\n", encoding="utf-8")
    with pytest.raises(ConfigError, match=said):
        load(path)


def test_too_large_a_message_is_refused_however_it_comes(endpoint: Callable[..., Endpoint]) -> None:
    running = endpoint()
    large = b'{"text": "' + b"x" * webhook.LIMIT + b'"}'

    def chunks(content: bytes) -> Iterator[bytes]:
        for start in range(0, len(content), 10_000):
            yield content[start : start + 10_000]

    assert running.post(large).status_code == 413
    assert running.post(chunks(large)).status_code == 413
    assert running.post({"text": "Acme"}, headers={"Content-Encoding": "gzip"}).status_code == 415
    assert running.landed == []
    whole = b'{"text": "' + b"x " * (webhook.LIMIT // 2 - 10) + b'"}'
    assert running.post(whole).status_code == 202
    assert running.post(chunks(json.dumps({"text": "Acme"}).encode())).status_code == 202
    assert len(running.landed) == 2


def test_too_many_messages_are_refused_for_a_while(endpoint: Callable[..., Endpoint]) -> None:
    running = endpoint("webhook.BURST, webhook.RATE = 3, 0.001")
    wrong = [running.post({"text": "Acme"}, token="wrong") for _ in range(5)]
    assert [one.status_code for one in wrong] == [401, 401, 401, 429, 429]
    right = [running.post({"text": f"Acme {number}"}) for number in range(5)]
    assert [one.status_code for one in right] == [202, 202, 202, 429, 429], "who guesses takes nothing from who knows"
    assert 900 < int(right[-1].headers["retry-after"]) <= 1000
    assert len(running.landed) == 3


def test_an_allowance_fills_again_and_remembers_so_many_clients() -> None:
    allowance, one = Allowance(), ("a", True)
    assert [allowance.wait(one, 5.0) for _ in range(webhook.BURST + 1)] == [0.0] * webhook.BURST + [1.0]
    assert allowance.wait(one, 5.5) == pytest.approx(0.5)
    assert allowance.wait(one, 6.1) == 0
    assert allowance.wait(one, 6.2) > 0
    for number in range(webhook.CLIENTS + 5):
        assert allowance.wait((str(number), False), 6.3) == 0
    assert len(allowance._left) == webhook.CLIENTS


@contextmanager
def connected(running: Endpoint, sent: bytes) -> Iterator[socket.socket]:
    with socket.create_connection(("127.0.0.1", running.port), timeout=30) as link:
        link.sendall(sent)
        yield link


def whole(link: socket.socket) -> bytes:
    """Reads until the other side hangs up."""
    found = b""
    try:
        while piece := link.recv(10_000):
            found += piece
    except ConnectionResetError:
        return found
    return found


def test_a_client_that_stalls_is_left_and_holds_up_nobody(endpoint: Callable[..., Endpoint]) -> None:
    running = endpoint("webhook.DEADLINE = 1.0")
    head = f"POST /mentions HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {SECRET}\r\n".encode()
    with (
        connected(running, b"") as silent,
        connected(running, head) as half,
        connected(running, head + b"Content-Length: 99\r\n\r\n{") as stalled,
        connected(running, head + b"Transfer-Encoding: chunked\r\n\r\n1\r\n{\r\n") as chunked,
        connected(running, head.replace(b"correct", b"guessed") + b"Content-Length: 99\r\n\r\n{") as stranger,
        connected(running, head + b"Content-Length: 9\r\nContent-Length: 8\r\n\r\n") as smuggler,
        connected(running, head + b"Content-Length: 99\r\n\r\n{"),  # and hangs up itself
    ):
        assert running.post({"text": "Acme"}).status_code == 202
        assert whole(silent) == whole(half) == b""
        assert whole(stalled).startswith(b"HTTP/1.1 408") and whole(chunked).startswith(b"HTTP/1.1 408")
        assert whole(stranger).startswith(b"HTTP/1.1 401")
        assert whole(smuggler).startswith(b"HTTP/1.1 400")
    assert len(running.landed) == 1
    assert running.post({"text": "Acme"}).status_code == 202
    assert "Traceback" not in running.log


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "line 1, column 1: no JSON"),
        (b'[{"text": "a"},\n {"text" "b"}]', "line 2, column 10: no JSON"),
        (b'{"text": "\xff"}', "byte 10: no UTF-8"),
        (b"[" * 100_000, "no JSON that can be read"),
        (b'{"text": ' + b"9" * 5000 + b"}", "no JSON that can be read"),
        (b'{"text": "a", "rating": NaN}', "NaN is no number"),
        (b"[]", "0 mentions in one message"),
        (b'[{"text": "a"}' + b',{"text": "a"}' * 1000 + b"]", "1,001 mentions in one message"),
        (b"7", "mention: no JSON object"),
        (b'[{"text": "a"}, null]', "mentions[1]: no JSON object"),
        (b'[{"text": "a"}, {"txt": "b"}]', "mentions[1]: no field 'txt'; there are id, text"),
        (b'{"text": {"a": 1}}', "mention.text: write a text or a number"),
        (b'{"text": true}', "mention.text: write a text or a number"),
        (b'{"id": 1}', "mention: 1: nothing to read in it"),
        (b'{"text": "<script>alert(1)</script>"}', "nothing to read in it"),
        (b'{"text": "a", "published": "yesterday"}', "mention.published: write a time"),
        (b'{"text": "a", "published": "2999-01-01"}', "mention.published: write a time"),
        (b'{"text": "a", "url": "javascript:alert(1)"}', "mention.url: write an address"),
        (b'{"text": "a", "rating": 6}', "mention.rating: write stars"),
        (b'{"text": "a", "language": "english please"}', "mention.language: write a code"),
        (b'{"id": 1, "answer": 3}', "mention.scale: an answer has a scale"),
        (b'{"id": 1, "text": "a", "scale": "nps"}', "mention.scale: an answer has a scale"),
        (b'{"id": 1, "answer": 3, "scale": "ten"}', "mention.scale: an answer has a scale"),
        (b'{"id": 1, "answer": 11, "scale": "nps"}', "mention: '11' is no answer from 0 to 10"),
        (b'{"answer": 1, "scale": "nps"}', "mention.id: an answer needs one"),
    ],
)
def test_a_mistake_is_named_with_its_place(content: bytes, said: str) -> None:
    with pytest.raises(MistakeError) as caught:
        webhook.understood(content, BERLIN, NOW)
    assert said in str(caught.value)


def test_a_message_with_a_mistake_is_not_taken_at_all(endpoint: Callable[..., Endpoint]) -> None:
    running = endpoint()
    answer = running.post([{"text": "Acme"}, {"text": " "}])
    assert answer.status_code == 400
    assert answer.json()["error"].startswith("mentions[1]: ") and "nothing to read" in answer.json()["error"]
    assert running.post({"text": "Acme"}, source="../etc").status_code == 400
    assert running.landed == []


def test_hostile_words_are_kept_harmless(endpoint: Callable[..., Endpoint]) -> None:
    running = endpoint()
    hostile = {
        "id": "<img src=x onerror=alert(1)>" * 50,
        "text": 'Acme <b>bold</b> <script>x</script>\u202e\x00\u2028{"id": 2}\n{"id": 3} \ud800 '
        + "e"
        + "\u0301" * 999,
        "title": "=HYPERLINK(1)\x1b[31m",
        "author": "ada <ada@example.org>",
        "url": "https://user:word@example.org/?utm_source=x",
        "about": "A" * 10_000,
    }
    assert running.post([hostile, {"text": "<" * 100_000 + " Acme"}]).status_code == 202
    database = read_next(running)
    names = [name for name in Mention.__slots__ if name not in ("answer", "scale")]
    found = [Mention(*row) for row in rows(database, f"SELECT {', '.join(names)} FROM mentions ORDER BY title")]
    assert len(found) == 2
    assert [broken(one, datetime.now(UTC)) for one in found] == [[], []]
    assert found[1].url == "https://example.org/" and found[1].author == "ada"


def test_killed_at_any_time_it_has_lost_nothing_that_it_took_and_nothing_comes_twice(
    endpoint: Callable[..., Endpoint],
) -> None:
    taken: list[str] = []
    for life in range(4):
        running = endpoint()
        go_on = threading.Event()
        go_on.set()

        def send(sender: int, life: int = life, running: Endpoint = running, go_on: threading.Event = go_on) -> None:
            number = 0
            while go_on.is_set():
                key = f"{life}-{sender}-{number}"
                try:
                    answer = running.post({"id": key, "text": f"Acme {key}"})
                except httpx.TransportError:
                    return  # what became of this one its sender can't know: it is sent again below
                assert answer.status_code == 202
                taken.append(key)
                number += 1

        senders = [threading.Thread(target=send, args=(sender,)) for sender in range(4)]
        for sender in senders:
            sender.start()
        before = len(taken)
        while len(taken) < before + 10 + 7 * life:
            time.sleep(0.001)
        running.process.kill()
        for sender in senders:
            sender.join()
        go_on.clear()
        if life == 1:
            read_next(running)
    running = endpoint()
    assert running.post([{"id": key, "text": f"Acme {key}"} for key in taken[:20]]).status_code == 202
    for _ in range(2):
        found = [key for (key,) in rows(read_next(running), "SELECT id FROM mentions")]
        assert len(found) == len(set(found))
        assert set(taken) <= set(found)
        assert len(found) <= len(taken) + 4 * 4, "at most the last of each sender, whose answer was lost"


def test_what_waits_longer_than_the_runs_stand_still_is_read_all_the_same(tmp_path: Path) -> None:
    database = Database(tmp_path / "store")
    with database.transaction() as con:
        store.set_up(con, [], [])
    body = webhook.files.landed_rows(webhook.understood(b'{"text": "Acme"}', BERLIN, NOW), BERLIN)

    def land(at: datetime) -> str:
        return landing.land(database.raw, at, "webhook:x", {}, "https://webhook.invalid/x", 200, {}, body)

    land(NOW - timedelta(days=40))
    collect.read_landed(database, lambda: NOW)
    assert rows(database, "SELECT count(*) FROM digested") == [(1,)]
    land(NOW + timedelta(hours=1))
    collect.read_landed(database, lambda: NOW + timedelta(days=9))
    assert rows(database, "SELECT count(*) FROM digested") == [(2,)]
    assert rows(database, "SELECT text, published FROM mentions") == [("Acme", NOW - timedelta(days=40))]


def test_a_full_disk_is_said_and_nothing_is_promised(endpoint: Callable[..., Endpoint]) -> None:
    running = endpoint("resource.setrlimit(resource.RLIMIT_FSIZE, (150, 150)); logging.disable()")
    answer = running.post({"text": "Acme is late, " + os.urandom(500).hex()})
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "60")
    assert "can't be kept now" in answer.json()["error"] and running.landed == []


def test_it_ends_when_it_is_told_to(endpoint: Callable[..., Endpoint]) -> None:
    running = endpoint()
    running.process.terminate()
    assert running.process.wait(30) is not None
    assert logging.getLevelName(logging.ERROR) not in running.log


def test_the_command_says_what_is_missing(tmp_path: Path) -> None:
    path = tmp_path / "earful.toml"
    for table, said in (("", "add a [webhook] table"), ("[webhook]\nport = 8502\n", f"export {TOKEN}")):
        path.write_text(TOML.partition("[webhook]")[0] + table, encoding="utf-8")
        environment = {name: value for name, value in os.environ.items() if name != TOKEN}
        command = [sys.executable, "-c", "from earful.flows.cli import main; main()", "webhook", "-c", str(path)]
        done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60, check=False)
        assert (done.returncode, done.stdout) == (2, "") and said in done.stderr

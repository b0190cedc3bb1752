"""Reading a stream from a real server on this machine that does what streams do wrong."""

import json
import socket
import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
from faultserver import FaultServer, certified, client
from websockets.datastructures import Headers
from websockets.http11 import Request, Response
from websockets.sync.server import ServerConnection, serve

from earful.connectors import jetstream, stream
from earful.connectors.stream import TIMES
from earful.connectors.types import Blocked, ConnectorError, Cursor, Page, RateLimited, Unreachable

MICRO = 1_000_000
LONG_AGO = 1_700_000_000 * MICRO


def now() -> int:
    return int(time.time() * MICRO)


def post(when: int, key: str = "3kaa1", said: str = "acme") -> str:
    record = {"text": said, "createdAt": "2020-01-01T00:00:00Z"}
    commit = {"operation": "create", "collection": "app.bsky.feed.post", "rkey": key, "record": record}
    return json.dumps({"did": "did:plc:aa", "time_us": when, "kind": "commit", "commit": commit})


def posts(begin: int, count: int = TIMES, prefix: str = "k") -> list[str]:
    return [post(begin + number, f"{prefix}{number}") for number in range(count)]


@contextmanager
def serving(
    *messages: str | bytes, hold: bool = False, tls: ssl.SSLContext | None = None, date: str = "", refusal: Any = None
) -> Iterator[tuple[str, list[Request]]]:
    """Serves messages to whoever connects, then closes, or holds the line; gives its address and what was asked.

    `date` is what its clock says, before that of something on the way; `refusal` is the status and the headers that
    it answers instead.
    """
    asked: list[Request] = []
    done = threading.Event()

    def speak(connection: ServerConnection) -> None:
        for message in messages:
            connection.send(message)
        if hold:
            done.wait(30)

    def greet(_: ServerConnection, request: Request, response: Response) -> Response:
        asked.append(request)
        if date:
            del response.headers["Date"]
            response.headers["Date"] = date
            response.headers["Date"] = "Mon, 01 Jan 1996 00:00:00 GMT"
        return Response(refusal[0], "", Headers(refusal[1]), b"refused") if refusal else response

    with serve(speak, "127.0.0.1", 0, ssl=tls, process_response=greet) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        port = server.socket.getsockname()[1]
        try:
            yield f"{'wss' if tls else 'ws'}://localhost:{port}/subscribe", asked
        finally:
            done.set()


def ask(address: str, cursor: Cursor | None = None, seconds: float = 5.0, **settings: Any) -> httpx.Response:
    wanted = jetstream.request("acme", cursor or {})
    how = {**wanted.extensions, "seconds": seconds}
    url = httpx.URL(address, params=wanted.url.params)
    return client(**settings).fetch(httpx.Request("GET", url, extensions=how))


def told(response: httpx.Response) -> dict[str, Any]:
    last: dict[str, Any] = json.loads(response.content.splitlines()[-1])
    return last["earful"]


def read(response: httpx.Response, cursor: Cursor | None = None) -> Page:
    return jetstream.parse(response, cursor or {})


def test_a_stream_is_read_until_it_is_live() -> None:
    old, new = posts(LONG_AGO, 20, "old"), posts(now(), 20, "new")
    with serving(*old, *new, hold=True) as (address, asked):
        response = ask(address, {"time": LONG_AGO})
    page = read(response, {"time": LONG_AGO})
    assert told(response)["live"] and not page.more and not page.rolled
    keys = [mention.id.rpartition("/")[2] for mention in page.mentions]
    assert keys[:20] == [f"old{number}" for number in range(20)] and "new0" in keys
    assert len(keys) < 40, "what comes after it was live is left for the next time"
    assert f"cursor={LONG_AGO - 5 * MICRO}" in asked[0].path
    assert asked[0].headers["User-Agent"].startswith("earful/")
    assert response.headers["date"] and response.request.url.host == "localhost"


def test_a_stream_that_drops_half_way_is_taken_up_where_it_was() -> None:
    with serving(*posts(LONG_AGO, 12)) as (address, _):
        response = ask(address)
    page = read(response)
    assert "it ended" in told(response)["end"]
    assert len(page.mentions) == 12 and page.more
    assert LONG_AGO <= page.cursor["time"] < LONG_AGO + 12
    with (
        serving(*posts(LONG_AGO, 12)) as (address, _),
        pytest.raises(ConnectorError, match="did not move on: it ended"),
    ):
        read(ask(address, page.cursor), page.cursor)


def test_repeats_and_another_order_and_strange_clocks_change_nothing() -> None:
    right = posts(LONG_AGO, 30)
    mixed = [*right[::-1][:10], *right, *right[5:15], post(now() + 10**9, "ahead"), post(LONG_AGO - 10**12, "behind")]
    with serving(*mixed, *right[-4:]) as (address, _):
        page = read(ask(address))
    assert len(page.mentions) == 32
    assert LONG_AGO + 5 <= page.cursor["time"] < LONG_AGO + 30 and page.more


def test_messages_that_are_no_events_are_counted() -> None:
    odd = [b"\x28\xb5\x2f\xfd zstd", b"\xff\xfe\xfd", "no json", "[1]", "[" * 50_000, ""]
    with serving(*odd, post(LONG_AGO).encode(), *posts(now()), hold=True) as (address, _):
        response = ask(address)
    assert told(response)["unread"] == len(odd)
    assert read(response).refused == ("a message that is no event",) * len(odd)
    assert len(read(response).mentions) == TIMES


def test_a_message_of_two_megabytes_ends_the_reading_and_what_came_before_is_kept() -> None:
    with serving(*posts(LONG_AGO), "x" * 2_000_000, *posts(now())) as (address, _):
        response = ask(address)
    assert "1009" in told(response)["end"]
    assert len(read(response).mentions) == TIMES
    assert len(response.content) < 10_000


@pytest.mark.parametrize("messages", [(), posts(LONG_AGO)], ids=["silent", "late"])
def test_a_stream_that_never_becomes_live_is_left_when_its_time_is_over(messages: tuple[str, ...]) -> None:
    with serving(*messages, hold=True) as (address, _):
        response = ask(address, seconds=0.3)
    assert not told(response)["live"]
    if messages:
        assert read(response).more
    else:
        with pytest.raises(ConnectorError, match="did not move on"):
            read(response)


def test_a_stream_that_falls_silent_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stream, "QUIET", 0.1)
    with serving(*posts(LONG_AGO), hold=True) as (address, _):
        assert told(ask(address))["end"] == "it fell silent"


def test_what_is_kept_has_an_end_and_the_rest_is_asked_for_again() -> None:
    many = posts(LONG_AGO, 100)
    with serving(*many, hold=True) as (address, _):
        response = ask(address, limit=8_000)
    page = read(response)
    assert told(response)["end"] == "there is no room for more" and len(response.content) <= 8_000
    assert 10 < len(page.mentions) < 100 and page.more
    assert page.cursor["time"] <= LONG_AGO + len(page.mentions)


def test_live_is_said_by_the_servers_clock() -> None:
    then = format_datetime(datetime.fromtimestamp(LONG_AGO / MICRO, UTC), usegmt=True)
    with serving(*posts(LONG_AGO), hold=True, date=then) as (address, _):
        assert told(ask(address))["live"]
    with serving(*posts(LONG_AGO), hold=True, date=format_datetime(datetime.now(UTC), usegmt=True)) as (address, _):
        assert not told(ask(address, seconds=0.3))["live"]
    with serving(*posts(now()), hold=True, date="soon") as (address, _):
        assert told(ask(address))["live"], "without a clock of its own, by ours"


def test_a_private_address_is_refused_unless_it_is_allowed() -> None:
    with serving(*posts(now())) as (address, asked):
        with pytest.raises(ConnectorError, match="not on the public internet"):
            ask(address, allow=[])
        with pytest.raises(ConnectorError, match="not on the public internet"):
            ask(address.replace("localhost", "127.0.0.1"))
        assert asked == []


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_a_redirect_is_not_followed(status: int) -> None:
    with (
        serving(*posts(now())) as (elsewhere, reached),
        serving(refusal=(status, {"Location": elsewhere})) as (address, _),
        pytest.raises(ConnectorError, match=f"answered {status}"),
    ):
        ask(address)
    assert reached == []


def test_a_refusal_is_read_like_any_other() -> None:
    with serving(refusal=(429, {"Retry-After": "120"})) as (address, _):
        with pytest.raises(RateLimited) as limited:
            ask(address)
        assert limited.value.after == 120
    with serving(refusal=(503, {"Content-Encoding": "gzip"})) as (address, _), pytest.raises(RateLimited):
        ask(address)
    with serving(refusal=(403, {"Content-Type": "text/html"})) as (address, _), pytest.raises(Blocked):
        ask(address)


def test_a_host_that_speaks_no_websocket_or_not_at_all_is_unreachable(faults: FaultServer) -> None:
    with pytest.raises(ConnectorError, match="localhost: "):
        ask(f"ws://localhost:{faults.port}/feed")
    listener = socket.create_server(("127.0.0.1", 0))
    mute = f"ws://localhost:{listener.getsockname()[1]}/"
    with pytest.raises(Unreachable, match=r"no whole answer within 0\.3 s"):
        ask(mute, deadline=0.3)
    listener.close()
    with pytest.raises(Unreachable, match="did not come through"):
        ask(mute)


def test_the_certificate_must_be_of_the_host_asked(tmp_path: Path) -> None:
    served, trusting = certified(tmp_path)
    with serving(*posts(now()), hold=True, tls=served) as (address, asked):
        assert told(ask(address, tls=trusting))["live"]
        for wrong, settings in ((address.replace("localhost", "127.0.0.1"), {"tls": trusting}), (address, {})):
            with pytest.raises(Unreachable, match="certificate verify failed"):
                ask(wrong, allow=["localhost", "127.0.0.1"], **settings)
        assert len(asked) == 1


def test_no_page_leads_to_a_stream_and_another_transport_answers_for_the_network() -> None:
    with serving(*posts(now())) as (address, asked):
        leading = httpx.MockTransport(lambda _: httpx.Response(302, headers={"Location": address}))
        with pytest.raises(ConnectorError, match="'ws' is not followed"):
            client(transport=leading).fetch(httpx.Request("GET", "https://shop.example/"))
        standing_in = httpx.MockTransport(lambda _: httpx.Response(200, text=post(LONG_AGO)))
        assert len(read(ask(address, transport=standing_in)).mentions) == 1
    assert asked == []

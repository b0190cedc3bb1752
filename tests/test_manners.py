"""Manners towards hosts: redirects, cookies, keys, pauses, deliveries."""

import gzip
import json
import logging
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import httpx
import pytest
from faultserver import FEED, FaultServer, client, fetch

from earful.connectors.http import Client
from earful.connectors.types import ConnectorError


def test_redirects_are_told_and_keys_stay_at_home(faults: FaultServer) -> None:
    seen: list[httpx.Request] = []

    def serve(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        if request.url.host == "old.example":
            return httpx.Response(301, headers={"Location": "https://new.example/feed"})
        return httpx.Response(200, content=FEED)

    headers = {"Authorization": "Bearer abc", "Cookie": "a=b", "Accept": "application/rss+xml"}
    request = httpx.Request("GET", "https://old.example/feed", headers=headers)
    response = client(transport=httpx.MockTransport(serve)).fetch(request)
    assert [(step.status_code, step.url.host) for step in response.history] == [(301, "old.example")]
    assert response.url.host == "new.example" and seen[1].headers["host"] == "new.example"
    assert "authorization" not in seen[1].headers and "cookie" not in seen[1].headers
    assert seen[1].headers["accept"] == "application/rss+xml"
    moved = fetch(faults, "/moved/308")
    assert moved.history[0].status_code == 308 and moved.content == FEED


def test_cookies_are_not_kept() -> None:
    seen: list[httpx.Request] = []

    def serve(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return httpx.Response(200, content=FEED, headers={"Set-Cookie": "track=me"})

    asking = client(transport=httpx.MockTransport(serve))
    for _ in range(2):
        asking.fetch(httpx.Request("GET", "https://shop.example/feed"))
    assert all("cookie" not in request.headers for request in seen)


@pytest.mark.parametrize(
    "path", ["/hang", "/404", "/429/seconds", "/login", "/empty", "/short", "/tofile", "/loop", "/gzgz", "/401"]
)
def test_no_error_and_no_log_holds_a_key(faults: FaultServer, path: str, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    with pytest.raises(ConnectorError) as caught:
        fetch(faults, f"{path}?api_key=s3cret&token=s3cret", deadline=0.3)
    assert "s3cret" not in str(caught.value) and "s3cret" not in caplog.text


@pytest.mark.parametrize("address", ["http://", "http://[::1", "http://a" + "b" * 70 + ".example/", "ftp://x.example/"])
def test_an_impossible_address_is_an_error_like_any_other(address: str) -> None:
    try:
        request = httpx.Request("GET", address)
    except httpx.InvalidURL:
        return  # refused before it reaches us
    with pytest.raises(ConnectorError):
        client().fetch(request)


def test_a_redirect_to_an_impossible_address_is_an_error() -> None:
    for location in ("http://[::1", "http://exa mple/\x00", "//", "http://host:99999/"):
        transport = httpx.MockTransport(lambda _, to=location: httpx.Response(302, headers={"Location": to}))
        with pytest.raises(ConnectorError):
            client(transport=transport).fetch(httpx.Request("GET", "https://odd.example/"))


def test_one_host_is_asked_one_request_at_a_time_with_a_pause_between() -> None:
    busy: dict[str, int] = {}
    most: dict[str, int] = {}
    waits: list[float] = []
    guard = threading.Lock()
    together = threading.Barrier(2, timeout=10)

    def serve(request: httpx.Request) -> httpx.Response:
        host = request.url.host
        with guard:
            busy[host] = busy.get(host, 0) + 1
            most[host] = max(most.get(host, 0), busy[host])
        if request.url.path == "/first":
            together.wait()  # breaks unless both hosts are asked at the same time
        with guard:
            busy[host] -= 1
        return httpx.Response(200, content=FEED)

    asking = client(transport=httpx.MockTransport(serve), spacing=2.0, sleep=waits.append)

    def ask(host: str) -> None:
        with ThreadPoolExecutor(4) as pool:
            first = pool.submit(asking.fetch, httpx.Request("GET", f"https://{host}/first"))
            first.result()
            list(pool.map(lambda n: asking.fetch(httpx.Request("GET", f"https://{host}/{n}")), range(4)))

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(ask, ["one.example", "two.example"]))
    assert most == {"one.example": 1, "two.example": 1}
    assert len(waits) == 8 and all(1.5 < wait <= 3.0 for wait in waits)


def test_the_answer_is_dated_by_our_clock() -> None:
    transport = httpx.MockTransport(
        lambda _: httpx.Response(200, content=FEED, headers={"Date": "Mon, 01 Jan 1990 00:00:00 GMT"})
    )
    response = client(transport=transport).fetch(httpx.Request("GET", "https://slow-clock.example/"))
    assert response.headers["date"] > "M" and str(datetime.now(UTC).year) in response.headers["date"]


@pytest.mark.parametrize("status", [200, 201, 202, 204])
def test_a_message_is_delivered_with_any_good_status(status: int) -> None:
    sent: list[bytes] = []

    def serve(request: httpx.Request) -> httpx.Response:
        sent.append(request.content)
        return httpx.Response(status)

    request = httpx.Request("POST", "https://hook.example/x", content=json.dumps({"a": 1}).encode())
    client(transport=httpx.MockTransport(serve)).deliver(request)
    assert sent == [b'{"a": 1}']


@pytest.mark.parametrize("path", ["/500", "/404", "/moved", "/hang"])
def test_a_message_not_taken_is_an_error(faults: FaultServer, path: str) -> None:
    with pytest.raises(ConnectorError):
        client(deadline=0.3).deliver(httpx.Request("POST", f"{faults.address}{path}", content=b"x"))


def test_gzip_in_several_members_is_one_answer_and_in_thousands_none() -> None:
    def served(content: bytes) -> Client:
        headers = {"Content-Encoding": "gzip"}
        return client(
            transport=httpx.MockTransport(lambda _: httpx.Response(200, stream=Raw(content), headers=headers))
        )

    request = httpx.Request("GET", "https://zipped.example/")
    halves = gzip.compress(FEED[:100]) + gzip.compress(FEED[100:])
    assert served(halves).fetch(request).content == FEED
    with pytest.raises(ConnectorError, match="many pieces"):
        served(gzip.compress(b"") * 5_000).fetch(request)


class Raw(httpx.SyncByteStream):
    """A body as it comes over the line."""

    def __init__(self, content: bytes) -> None:
        self.content = content

    def __iter__(self) -> Iterator[bytes]:
        yield self.content

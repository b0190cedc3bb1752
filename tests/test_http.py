"""The guards around the network, each against a server that does its worst."""

import gzip
import json
import logging
import socket
import ssl
import subprocess
import threading
import time
import tracemalloc
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
from faultserver import FEED, PRIVATE, SPELLINGS, FaultServer, bomb

from earful.connectors import addresses, hackernews, limits, rss, verdict
from earful.connectors.http import Client
from earful.connectors.types import Blocked, ConnectorError, Gone, RateLimited

NOW = datetime(2026, 6, 3, 12, 0, tzinfo=UTC)


def client(**settings: Any) -> Client:
    return Client(**{"deadline": 1.0, "spacing": 0, "allow": ["localhost"], **settings})


def fetch(faults: FaultServer, path: str, **settings: Any) -> httpx.Response:
    return client(**settings).fetch(httpx.Request("GET", f"{faults.address}{path}"))


def test_an_answer_is_read_whole(faults: FaultServer) -> None:
    for path in ("/feed", "/gzip"):
        response = fetch(faults, path)
        assert response.content == FEED and "content-encoding" not in response.headers
        assert len(rss.parse(response, {}).mentions) == 2
    sent = faults.requests[0][1]
    assert sent["user-agent"].startswith("earful/") and sent["accept-encoding"] == "gzip"


def test_the_user_agent_names_a_contact(faults: FaultServer) -> None:
    fetch(faults, "/feed", contact="social@brand.example")
    assert "social@brand.example" in faults.requests[0][1]["user-agent"]


def test_an_unchanged_feed_is_a_304(faults: FaultServer) -> None:
    target = f"{faults.address}/feed"
    cursor = rss.parse(client().fetch(rss.request(target, {})), {}).cursor
    unchanged = client().fetch(rss.request(target, cursor))
    assert unchanged.status_code == 304 and rss.parse(unchanged, cursor).mentions == ()


@pytest.mark.parametrize("path", ["/hang", "/slowheaders", "/slowbody"])
def test_no_server_holds_us_longer_than_the_deadline(faults: FaultServer, path: str) -> None:
    with pytest.raises(ConnectorError, match="no whole answer within 1 s"):
        fetch(faults, path)


def test_the_deadline_covers_all_redirects_together(faults: FaultServer) -> None:
    waits = iter([0.4] * 9)

    def serve(request: httpx.Request) -> httpx.Response:
        time.sleep(next(waits))
        step = int(request.url.path.strip("/")) + 1
        return httpx.Response(302, headers={"Location": f"/{step}"}) if step < 4 else httpx.Response(200, content=FEED)

    with pytest.raises(ConnectorError, match="no whole answer within 1 s"):
        client(transport=httpx.MockTransport(serve)).fetch(httpx.Request("GET", "https://slow.example/0"))


def test_a_resolver_that_hangs_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    left = threading.Event()
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: (left.wait(30), [])[1])
    with pytest.raises(ConnectorError, match="no whole answer within"):
        client(deadline=0.3).fetch(httpx.Request("GET", "https://slow.example/"))
    left.set()


def test_an_endless_answer_is_cut(faults: FaultServer) -> None:
    with pytest.raises(ConnectorError, match="longer than 5,000,000 bytes"):
        fetch(faults, "/infinite", deadline=20)


def test_the_body_of_a_redirect_is_not_read(faults: FaultServer) -> None:
    assert fetch(faults, "/infiniteredirect", deadline=20).content == FEED


def test_a_gzip_bomb_stays_small(faults: FaultServer) -> None:
    bomb()  # the server runs in this process: build before measuring
    tracemalloc.start()
    try:
        with pytest.raises(ConnectorError, match="unpacks to more than 5,000,000 bytes"):
            fetch(faults, "/gzbomb", deadline=20)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 30_000_000


@pytest.mark.parametrize(
    ("path", "why"),
    [
        ("/gzgz", "encoded as 'gzip, gzip'"),
        ("/br", "encoded as 'br'"),
        ("/lyinggzip", "says it is gzip and is not"),
        ("/cutgzip", "cut short"),
        ("/short", "did not come through"),
        ("/empty", "nothing in it"),
        ("/loop", "more than 5 redirects"),
        ("/tofile", "'file' is not followed"),
        ("/404", "it may have moved"),
        ("/500", "answered 500"),
        ("/204", "answered 204"),
    ],
)
def test_a_useless_answer_is_an_error_that_says_why(faults: FaultServer, path: str, why: str) -> None:
    with pytest.raises(ConnectorError, match=why) as caught:
        fetch(faults, path)
    assert type(caught.value) is ConnectorError and str(caught.value).startswith("localhost: ")


def test_half_a_json_is_an_error(faults: FaultServer) -> None:
    with pytest.raises(ConnectorError, match="no whole JSON"):
        hackernews.parse(fetch(faults, "/halfjson"), {})


@pytest.mark.parametrize(("path", "kind"), [("/410", Gone), ("/401", Blocked), ("/403", Blocked), ("/login", Blocked)])
def test_an_error_is_named_by_what_to_do_next(faults: FaultServer, path: str, kind: type[ConnectorError]) -> None:
    with pytest.raises(kind):
        fetch(faults, path)


@pytest.mark.parametrize("status", [429, 503])
@pytest.mark.parametrize(
    ("told", "least", "most"),
    [
        ("seconds", 120, 120),
        ("soon", 60, 60),
        ("date", 7100, 7200),
        ("nonsense", 900, 900),
        ("negative", 900, 900),
        ("decade", 86_400, 86_400),
        ("none", 900, 900),
    ],
)
def test_a_host_is_left_alone_as_long_as_it_says(
    faults: FaultServer, status: int, told: str, least: float, most: float
) -> None:
    with pytest.raises(RateLimited) as caught:
        fetch(faults, f"/{status}/{told}")
    assert least <= caught.value.after <= most


@pytest.mark.parametrize(
    ("headers", "body", "seconds"),
    [
        ({"x-ratelimit-remaining": "0.0", "x-ratelimit-reset": "187"}, b"", 187),  # Reddit
        ({"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": str(int(NOW.timestamp()) + 600)}, b"", 600),  # GitHub
        ({"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "2026-06-03T12:05:00.725062Z"}, b"", 300),  # Mastodon
        ({"RateLimit-Remaining": "0", "RateLimit-Reset": str(int(NOW.timestamp()) + 90)}, b"", 90),  # Bluesky
        ({"RateLimit-Remaining": "0", "RateLimit-ResetTime": "2026-06-04T00:00:00+00:00"}, b"", 43_200),  # Yelp
        ({"X-Rate-Limit-Remaining": "0", "X-Rate-Limit-Reset": "450"}, b"", 450),  # Product Hunt
        ({}, b'{"items": [], "backoff": 70, "quota_remaining": 12}', 70),  # Stack Exchange
        ({}, b'{"items": [], "quota_remaining": 0}', 86_400),
        ({"Retry-After": "90", "X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "9"}, b"", 90),
        ({"Retry-After": format_datetime(NOW + timedelta(minutes=30), usegmt=True)}, b"", 1800),
        ({"Retry-After": format_datetime(NOW - timedelta(days=9), usegmt=True)}, b"", 60),
        ({"X-RateLimit-Remaining": "12", "X-RateLimit-Reset": "187"}, b"", None),
        ({"X-RateLimit-Remaining": "nan", "X-RateLimit-Reset": "inf"}, b"", None),
        ({"X-RateLimit-Remaining": "0"}, b"", None),
        ({}, b'{"text": "\\"backoff\\": 7"}', None),
        ({}, b"", None),
    ],
)
def test_every_dialect_of_a_limit_is_understood(headers: dict[str, str], body: bytes, seconds: float | None) -> None:
    after = limits.pause(httpx.Response(200, headers=headers, content=body), NOW)
    assert after == (seconds if seconds is None else pytest.approx(seconds, abs=1))


def test_a_used_up_allowance_is_a_limit_and_no_wall() -> None:
    spent = {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "120"}
    request = httpx.Request("GET", "https://api.example/x")
    with pytest.raises(RateLimited):
        verdict.check(httpx.Response(403, headers=spent, request=request), NOW)
    verdict.check(httpx.Response(200, headers=spent, content=b"{}", request=request), NOW)


# Where requests may go


@pytest.mark.parametrize("spelling", SPELLINGS)
def test_a_redirect_into_this_machine_is_refused(faults: FaultServer, spelling: str) -> None:
    with pytest.raises(ConnectorError, match=r"not on the public internet|did not come through|cannot be resolved"):
        fetch(faults, f"/tolocal/{spelling}")
    assert faults.hits == 0


def test_a_redirect_to_localhost_by_name_is_refused(faults: FaultServer, monkeypatch: pytest.MonkeyPatch) -> None:
    real = socket.getaddrinfo
    monkeypatch.setattr(
        socket, "getaddrinfo", lambda host, *a, **k: real("127.0.0.1" if host == "faults.example" else host, *a, **k)
    )
    request = httpx.Request("GET", f"http://faults.example:{faults.port}/tolocal/localhost")
    with pytest.raises(ConnectorError, match=r"localhost is at .* not on the public internet"):
        client(allow=["faults.example"]).fetch(request)
    assert faults.hits == 0


@pytest.mark.parametrize("host", [*SPELLINGS, *PRIVATE])
def test_an_address_inside_is_refused(host: str) -> None:
    with pytest.raises(ConnectorError, match=r"not on the public internet|cannot be resolved"):
        client(allow=[]).fetch(httpx.Request("GET", f"http://{host}/"))


@pytest.mark.parametrize(
    ("address", "allowed"),
    [
        *(("8.8.8.8", True), ("2001:4860:4860::8888", True), ("::ffff:8.8.8.8", True), ("10.9.9.9", False)),
        *(("172.16.0.1", False), ("198.18.0.1", False), ("224.0.0.1", False), ("ff02::1", False), ("fc00::1", False)),
        *(("fe80::1%eth0", False), ("2002:7f00:1::", False), ("64:ff9b::a00:1", False), ("240.0.0.1", False)),
        *(("::", False), ("255.255.255.255", False), ("192.0.2.1", False), ("::ffff:169.254.169.254", False)),
        *(("10.1.2.3", True), ("fd00:1::5", True)),
    ],
)
def test_which_addresses_may_be_connected_to(address: str, allowed: bool) -> None:
    allow = ["10.1.2.0/24", "fd00:1::/64", "wiki.intranet"]
    assert addresses.permitted("host.example", address, allow) is allowed
    assert addresses.permitted("Wiki.Intranet", address, allow)


def test_the_checked_address_is_the_one_connected_to(monkeypatch: pytest.MonkeyPatch) -> None:
    answers = iter([["93.184.216.34"], ["127.0.0.1"], ["127.0.0.1"]])
    connected: list[str] = []

    def resolve(host: str, port: int, **_: object) -> list[Any]:
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port)) for address in next(answers)]

    def connect(address: tuple[str, int], *_: object, **__: object) -> socket.socket:
        connected.append(address[0])
        raise ConnectionRefusedError("nobody there")

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    monkeypatch.setattr(socket, "create_connection", connect)
    with pytest.raises(ConnectorError, match="nobody there"):
        client(allow=[]).fetch(httpx.Request("GET", "https://rebinding.example/"))
    assert connected == ["93.184.216.34"]


def test_one_inside_address_among_public_ones_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    found = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, 443)) for address in ("8.8.8.8", "10.0.0.1")]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: found)
    with pytest.raises(ConnectorError, match=r"10\.0\.0\.1, not on the public internet"):
        client(allow=[]).fetch(httpx.Request("GET", "https://mixed.example/"))


def test_proxies_of_the_environment_are_not_used(faults: FaultServer, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, f"http://127.0.0.1:{faults.inner}")
    assert fetch(faults, "/feed").content == FEED and faults.hits == 0


def test_the_certificate_must_be_of_the_host_asked(tmp_path: Path) -> None:
    made = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", "key.pem", "-out", "certificate.pem"]
    made += ["-days", "2", "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"]
    try:
        subprocess.run(made, cwd=tmp_path, check=True, capture_output=True)
    except FileNotFoundError:
        pytest.skip("openssl is not installed")
    served = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    served.load_cert_chain(tmp_path / "certificate.pem", tmp_path / "key.pem")
    trusting = ssl.create_default_context(cafile=str(tmp_path / "certificate.pem"))
    listener = socket.create_server(("127.0.0.1", 0))
    names: list[str] = []
    served.sni_callback = lambda _, name, __: names.append(name)

    def serve() -> None:
        while True:
            try:
                plain, _ = listener.accept()
                with served.wrap_socket(plain, server_side=True) as secure:
                    secure.recv(65_536)
                    secure.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\n<rss/>")
            except ssl.SSLError:
                continue
            except OSError:
                return

    threading.Thread(target=serve, daemon=True).start()
    port = listener.getsockname()[1]
    right, wrong = f"https://localhost:{port}/", f"https://127.0.0.1:{port}/"
    try:
        assert client(tls=trusting).fetch(httpx.Request("GET", right)).content == b"<rss/>"
        assert names == ["localhost"]
        with pytest.raises(ConnectorError, match="certificate verify failed"):
            client(tls=trusting, allow=["127.0.0.1"]).fetch(httpx.Request("GET", wrong))
        with pytest.raises(ConnectorError, match="certificate verify failed"):
            client().fetch(httpx.Request("GET", right))
    finally:
        listener.close()


# Manners


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

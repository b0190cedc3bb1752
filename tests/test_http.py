"""The guards around the network, each against a server that does its worst."""

import socket
import threading
import time
import tracemalloc
from datetime import UTC, datetime

import httpx
import pytest
from faultserver import FEED, FaultServer, bomb, client, fetch

from earful.connectors import hackernews, rss
from earful.connectors.types import Blocked, ConnectorError, Gone, RateLimited, Unreachable

NOW = datetime(2026, 6, 3, 12, 0, tzinfo=UTC)


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
    assert type(caught.value) is (Unreachable if path == "/short" else ConnectorError)
    assert str(caught.value).startswith("localhost: ")


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
    "answered", [httpx.Response(404), httpx.Response(410), httpx.Response(204), httpx.Response(200)]
)
def test_what_need_not_be_there_is_no_error_when_it_is_not(answered: httpx.Response) -> None:
    def serve(request: httpx.Request) -> httpx.Response:
        moved = httpx.Response(301, headers={"Location": "https://www.news.example/robots.txt"})
        return answered if request.url.host == "www.news.example" else moved

    asker, address = client(transport=httpx.MockTransport(serve)), "https://news.example/robots.txt"
    fetched = asker.fetch(httpx.Request("GET", address, extensions={"absent_is_fine": True, "signed": True}))
    assert (fetched.status_code, fetched.content) == (answered.status_code, b"")
    assert "signed" not in fetched.request.extensions  # the key stayed at home
    with pytest.raises(ConnectorError):
        asker.fetch(httpx.Request("GET", address))


@pytest.mark.parametrize("status", [420, 429, 500, 502, 503])
def test_what_need_not_be_there_may_still_fail(status: int) -> None:
    asker = client(transport=httpx.MockTransport(lambda _: httpx.Response(status)))
    with pytest.raises(ConnectorError):
        asker.fetch(httpx.Request("GET", "https://news.example/robots.txt", extensions={"absent_is_fine": True}))

"""Where requests may go: never inside, whatever a name or a redirect says."""

import socket
import ssl
import threading
from pathlib import Path
from typing import Any

import httpx
import pytest
from faultserver import FEED, PRIVATE, SPELLINGS, FaultServer, certified, client, fetch

from earful.connectors import addresses
from earful.connectors.types import ConnectorError


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
    with pytest.raises(ConnectorError, match=r"10\.0\.0\.1, not on the public internet; .* under allow in"):
        client(allow=[]).fetch(httpx.Request("GET", "https://mixed.example/"))


def test_proxies_of_the_environment_are_not_used(faults: FaultServer, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, f"http://127.0.0.1:{faults.inner}")
    assert fetch(faults, "/feed").content == FEED and faults.hits == 0


def test_the_certificate_must_be_of_the_host_asked(tmp_path: Path) -> None:
    served, trusting = certified(tmp_path)
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

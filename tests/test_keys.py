"""Keys reach the host they belong to and nothing else; sessions are opened once."""

from collections.abc import Callable, Mapping
from pathlib import Path
from types import ModuleType

import httpx
import pytest

from earful.connectors import keys
from earful.connectors.http import Client
from earful.connectors.sessions import Sessions
from earful.connectors.types import Blocked, KeyRefused
from earful.flows import due

ASKED = httpx.Request("GET", "https://api.example.org/search?q=acme", headers={"Accept": "application/json"})
ENVIRON = {"EARFUL_ACME_KEY": " secret-1 ", "EARFUL_ACME_ID": "me", "EARFUL_ACME_PASSWORD": "secret-2"}


def connector(**names: object) -> ModuleType:
    module = ModuleType("earful.connectors.acme")
    vars(module).update(names)
    return module


def client(serve: Callable[[httpx.Request], httpx.Response]) -> Client:
    return Client(transport=httpx.MockTransport(serve), spacing=0, sleep=lambda _: None)


def with_login() -> ModuleType:
    def login(environ: Mapping[str, str]) -> httpx.Request:
        return httpx.Request(
            "POST", "https://api.example.org/login", json={"password": environ["EARFUL_ACME_PASSWORD"]}
        )

    def session(response: httpx.Response) -> Mapping[str, str]:
        return {"Authorization": f"Bearer {response.json()['token']}"}

    return connector(LOGIN=("EARFUL_ACME_ID", "EARFUL_ACME_PASSWORD"), login=login, session=session)


def test_a_key_is_put_into_headers_and_parameters_of_the_request_that_is_sent_only() -> None:
    acme = connector(KEYS={"Authorization": "Bearer EARFUL_ACME_KEY", "?id": "EARFUL_ACME_ID"})
    signed = keys.signed(acme, ASKED, ENVIRON)
    assert signed.headers["Authorization"] == "Bearer secret-1"
    assert signed.headers["Accept"] == "application/json"
    assert dict(signed.url.params) == {"q": "acme", "id": "me"}
    assert "authorization" not in ASKED.headers and dict(ASKED.url.params) == {"q": "acme"}
    assert keys.variables(acme) == ("EARFUL_ACME_KEY", "EARFUL_ACME_ID")


def test_a_connector_without_keys_is_sent_as_it_is() -> None:
    assert keys.signed(connector(), ASKED, ENVIRON) is ASKED


@pytest.mark.parametrize("value", [None, "", "  ", "two\nlines", "sch\u00e9ma"])
def test_a_missing_key_names_its_variable_and_an_optional_one_is_left_out(value: str | None) -> None:
    environ = {} if value is None else {"EARFUL_ACME_KEY": value}
    needed = {"Authorization": "Bearer EARFUL_ACME_KEY"}
    with pytest.raises(KeyRefused, match="acme: no key; export EARFUL_ACME_KEY"):
        keys.signed(connector(KEYS=needed), ASKED, environ)
    optional = connector(KEYS=needed, OPTIONAL=True)
    assert keys.signed(optional, ASKED, environ) is ASKED
    assert not keys.there(optional, environ) and keys.there(optional, ENVIRON)


@pytest.mark.parametrize("elsewhere", ["https://evil.example/", "http://api.example.org/plain"])
def test_a_redirect_takes_no_key_along(elsewhere: str) -> None:
    seen: list[httpx.Request] = []

    def serve(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        there = {"/search": "/next", "/next": elsewhere}.get(request.url.path)
        return httpx.Response(302, headers={"Location": there}) if there else httpx.Response(200, json=[1])

    acme = connector(KEYS={"X-Acme-Key": "EARFUL_ACME_KEY"})
    Sessions(client(serve), ENVIRON).fetch(acme, ASKED)
    assert ["x-acme-key" in request.headers for request in seen] == [True, True, False]


def test_an_address_with_a_key_in_it_is_not_kept_as_where_a_source_moved_to() -> None:
    def serve(request: httpx.Request) -> httpx.Response:
        if request.url.path == "/search":
            return httpx.Response(301, headers={"Location": str(request.url.copy_with(path="/found"))})
        return httpx.Response(200, json=[1])

    acme = connector(KEYS={"?key": "EARFUL_ACME_KEY"})
    answer = Sessions(client(serve), ENVIRON).fetch(acme, ASKED)
    assert "secret-1" in str(answer.url) and due.moved_to(answer) == ""
    assert due.moved_to(Sessions(client(serve), ENVIRON).fetch(connector(), ASKED)).endswith("/found?q=acme")


def test_a_key_that_is_not_accepted_is_told_from_a_wall() -> None:
    refusing = client(lambda _: httpx.Response(401, json={"error": "bad token"}))
    with pytest.raises(KeyRefused, match=r"api\.example\.org: answered 401, the key is not accepted") as refused:
        Sessions(refusing, ENVIRON).fetch(connector(KEYS={"X-Acme-Key": "EARFUL_ACME_KEY"}), ASKED)
    assert "secret-1" not in str(refused.value)
    with pytest.raises(Blocked) as walled:
        Sessions(refusing, ENVIRON).fetch(connector(), ASKED)
    assert not isinstance(walled.value, KeyRefused)


def test_a_session_is_opened_once_and_again_when_it_has_run_out() -> None:
    asked: list[str] = []
    valid: list[str] = []

    def serve(request: httpx.Request) -> httpx.Response:
        asked.append(request.url.path)
        if request.url.path == "/login":
            assert b"secret-2" in request.content
            valid[:] = [f"t{len(asked)}"]
            return httpx.Response(200, json={"token": valid[0]})
        known = request.headers["Authorization"] == f"Bearer {valid[0]}"
        return httpx.Response(200 if known else 401, json={"ok": known})

    sessions = Sessions(client(serve), ENVIRON)
    acme = with_login()
    sessions.fetch(acme, ASKED)
    sessions.fetch(acme, ASKED)
    assert asked == ["/login", "/search", "/search"]
    valid[:] = ["withdrawn"]
    assert sessions.fetch(acme, ASKED).json() == {"ok": True}
    assert asked[3:] == ["/search", "/login", "/search"]


def test_a_session_is_kept_for_the_next_run_where_a_service_counts_logins(tmp_path: Path) -> None:
    asked: list[str] = []
    valid = ["token-1"]

    def serve(request: httpx.Request) -> httpx.Response:
        asked.append(request.url.path)
        if request.url.path == "/login":
            return httpx.Response(200, json={"token": valid[0]})
        known = request.headers["Authorization"] == f"Bearer {valid[0]}"
        return httpx.Response(200 if known else 401, json={"ok": known})

    def run(keeps: bool = True, **environ: str) -> list[str]:
        asked.clear()
        acme = with_login()
        vars(acme)["KEEP_SESSION"] = keeps
        Sessions(client(serve), ENVIRON | environ, folder=tmp_path / "sessions").fetch(acme, ASKED)
        return asked

    assert run(keeps=False) == ["/login", "/search"]
    assert not list(tmp_path.iterdir()), "only where its connector says so"
    assert run() == ["/login", "/search"]
    (kept,) = (tmp_path / "sessions").iterdir()
    assert kept.stat().st_mode & 0o777 == 0o600
    content = kept.read_bytes()
    assert not any(word in content for word in (b"token-1", b"Bearer", b"secret-2", b"Authorization"))
    assert run() == ["/search"]
    assert run(EARFUL_ACME_PASSWORD="another") == ["/login", "/search"], "it opens with the password it was sealed by"
    valid[0] = "token-2"
    assert run(EARFUL_ACME_PASSWORD="another") == ["/search", "/login", "/search"]
    assert run(EARFUL_ACME_PASSWORD="another") == ["/search"]
    for spoilt in (b"", b"x" * 200, kept.read_bytes()[:-9]):
        kept.write_bytes(spoilt)
        assert run() == ["/login", "/search"]


def test_a_session_that_cannot_be_kept_is_used_all_the_same(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "sessions").write_text("a file where the folder should be")
    acme = with_login()
    vars(acme)["KEEP_SESSION"] = True
    answers = client(lambda asked: httpx.Response(200, json={"token": "token-1"}))
    assert Sessions(answers, ENVIRON, folder=tmp_path / "sessions").fetch(acme, ASKED).is_success
    assert "the next run logs in again" in caplog.text
    assert "token-1" not in caplog.text


def test_a_refused_login_names_the_variables_and_no_secret() -> None:
    refusing = client(lambda _: httpx.Response(401, json={"error": "AuthenticationRequired"}))
    with pytest.raises(KeyRefused, match="EARFUL_ACME_ID and EARFUL_ACME_PASSWORD") as refused:
        Sessions(refusing, ENVIRON).fetch(with_login(), ASKED)
    assert "secret-2" not in str(refused.value)
    with pytest.raises(KeyRefused, match="export EARFUL_ACME_PASSWORD"):
        Sessions(refusing, {"EARFUL_ACME_ID": "me"}).fetch(with_login(), ASKED)

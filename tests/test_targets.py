"""Every kind of target gets its form, by its way; no error tells a secret."""

import base64
import hashlib
import hmac
import json
import logging
import socket
import threading
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from faultserver import certified
from mailserver import PASSWORD, mailserver
from samples import sink, status
from test_deliver import MESSAGE

from earful.connectors.http import Client
from earful.flows import smtp, targets
from earful.flows.messages import clean, compose
from earful.flows.target_table import Target
from earful.flows.targets import Envelope, Outcome

NOW = datetime(2025, 3, 3, 12, tzinfo=UTC)
KEY = "Acme|Criticism|2025-03-03T09:00:00+00:00|firing|team"
SECRET = "whsec_" + base64.b64encode(b"0123456789abcdef0123456789abcdef").decode()


def send(kind: str, url: str, monkeypatch: pytest.MonkeyPatch, secret: str = "") -> Outcome:
    """Sends the alert of the delivery's tests to a target of some kind."""
    monkeypatch.setenv("HOOK", url)
    monkeypatch.setenv("HOOK_SECRET", secret or "none")
    target = Target(name="team", kind=kind, url_env="HOOK", secret_env="HOOK_SECRET" if secret else "")
    notice = compose.notice(MESSAGE, ZoneInfo("UTC"))
    client = Client(allow=["127.0.0.1"], spacing=0, deadline=2)
    return targets.send(client, target, notice, Envelope(KEY, "Acme|Criticism", MESSAGE, NOW))


@pytest.mark.parametrize("kind", ["slack", "teams", "discord"])
def test_a_chat_gets_its_own_form(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with sink() as hook:
        assert send(kind, hook.url, monkeypatch) == Outcome()
    (made,) = hook.taken
    assert (
        set(made)
        == {
            "slack": {"text", "blocks", "unfurl_links", "unfurl_media"},
            "teams": {"type", "attachments"},
            "discord": {"embeds", "allowed_mentions"},
        }[kind]
    )
    assert "31 negative stories in 3 hours" in json.dumps(made)
    assert hook.keys == [None]


@pytest.mark.parametrize("kind", ["slack", "teams", "discord", "webhook"])
def test_every_web_target_is_left_alone_as_it_asks(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def slow_down(handler: Any) -> None:
        handler.send_response(429)
        handler.send_header("Retry-After", "120")
        handler.send_header("Content-Length", "0")
        handler.end_headers()

    with sink(slow_down) as hook:
        outcome = send(kind, hook.url, monkeypatch)
    assert (outcome.after, outcome.down) == (120, True)
    assert "429" in outcome.error
    assert "S3CRET" not in outcome.error


def test_a_signed_message_can_be_verified_as_the_docs_say(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: dict[str, Any] = {}

    def look(handler: Any) -> None:
        seen.update({name.lower(): value for name, value in handler.headers.items()})
        status(204)(handler)

    with sink(look) as hook:
        assert send("webhook", hook.url, monkeypatch, SECRET) == Outcome()
    body = hook.bodies[0]
    verify = documented(Path(__file__).parent.parent / "docs" / "alerts.md")
    assert verify(SECRET, seen, body, NOW.timestamp())
    assert not verify(SECRET, seen, body.replace(b"31", b"13"), NOW.timestamp()), "the body was changed"
    assert not verify(SECRET, seen | {"webhook-id": "other"}, body, NOW.timestamp())
    assert not verify(SECRET, seen, body, NOW.timestamp() + 3600), "it is repeated an hour later"
    assert not verify(SECRET[:-4] + "AAA=", seen, body, NOW.timestamp())
    plain = f"{seen['webhook-id']}.{seen['webhook-timestamp']}.".encode() + body
    expected = base64.b64encode(hmac.new(b"0123456789abcdef0123456789abcdef", plain, hashlib.sha256).digest()).decode()
    assert seen["webhook-signature"] == f"v1,{expected}"
    assert seen["webhook-id"] == seen["idempotency-key"] == KEY


def documented(page: Path) -> Callable[..., bool]:
    """The function that the docs show receivers."""
    code = page.read_text(encoding="utf-8").partition("```python\n")[2].partition("```")[0]
    names: dict[str, Any] = {}
    exec(code, names)
    return names["verify"]


def test_an_unsigned_message_has_no_signature(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[str] = []

    def look(handler: Any) -> None:
        seen.extend(handler.headers)
        status(204)(handler)

    with sink(look) as hook:
        assert send("webhook", hook.url, monkeypatch) == Outcome()
    assert "webhook-signature" not in {name.lower() for name in seen}


@pytest.mark.parametrize(
    ("kind", "secret", "mend"),
    [
        ("webhook", "short", "must hold a secret in base64, 24 bytes at least"),
        ("webhook", "no base64 at all, but very long indeed", "openssl rand -base64 32"),
        ("slack", SECRET, 'only a target of kind "webhook" is signed'),
    ],
)
def test_a_secret_that_signs_nothing_is_refused(
    kind: str, secret: str, mend: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOOK", "https://hooks.example/1")
    monkeypatch.setenv("HOOK_SECRET", secret)
    with pytest.raises(ValueError, match=mend) as caught:
        Target(name="team", kind=kind, url_env="HOOK", secret_env="HOOK_SECRET")
    assert secret not in str(caught.value).replace("HOOK_SECRET", "")


@pytest.mark.parametrize("scheme", ["smtp", "smtps", "starttls"])
def test_a_mail_arrives_over_each_way(scheme: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    served, _ = certified(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "certificate.pem"))
    if scheme == "starttls":
        monkeypatch.setattr(smtp, "LOCAL", ())
    with mailserver(None if scheme == "smtp" else served, at_once=scheme == "smtps") as post:
        to = "team@example.org,boss@example.org"
        for _ in range(2):
            outcome = send("email", post.address("smtps" if scheme == "smtps" else "smtp", to=to), monkeypatch)
            assert outcome == Outcome()
    first, second = post.taken
    assert post.receivers == [["team@example.org", "boss@example.org"]] * 2
    assert first["Subject"] == "Criticism of Acme: 31 negative stories in 3 hours, 2.2 expected"
    assert (first["From"], first["To"]) == ("earful@example.org", "team@example.org, boss@example.org")
    assert first["Message-ID"] == second["Message-ID"], "who gets it twice knows it for one"
    assert first["Message-ID"].endswith("@example.org>")
    assert first["References"] != first["Message-ID"]
    body = first.get_body(("plain",))
    assert body is not None
    assert "Acme lost it all" in body.get_content().replace(clean.JOINER, "")


def test_without_starttls_no_password_goes_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(smtp, "LOCAL", ())
    with mailserver() as post:
        outcome = send("email", post.address(), monkeypatch)
    assert "STARTTLS" in outcome.error
    assert post.taken == []


def test_a_server_that_is_not_who_it_says_gets_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    served, _ = certified(tmp_path)
    with mailserver(served, at_once=True) as post:
        outcome = send("email", post.address("smtps"), monkeypatch)
    assert "SSLCertVerificationError" in outcome.error
    assert post.taken == []


def refuse_all(post: Any) -> None:
    post.refused = {"team@example.org"}


def answer(said: str) -> Callable[[Any], None]:
    def change(post: Any) -> None:
        post.answer = said

    return change


@pytest.mark.parametrize(
    ("change", "password", "said", "down"),
    [
        (lambda post: None, "wrong", "refused user or password", False),
        (refuse_all, PASSWORD, "takes mail for none of the receivers (550)", False),
        (answer(f"554 not in this house, {PASSWORD}"), PASSWORD, "answered 554: not in this house, …", False),
        (answer("451 try later"), PASSWORD, "answered 451: try later", False),
        (answer("421 going down"), PASSWORD, "answered 421", True),
    ],
)
def test_a_mail_that_is_refused_is_an_error_without_secrets(
    change: Callable[[Any], None],
    password: str,
    said: str,
    down: bool,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.DEBUG)
    with mailserver() as post:
        change(post)
        outcome = send("email", post.address(password=password), monkeypatch)
    assert said in outcome.error
    assert outcome.down == down
    ours = [record.getMessage() for record in caplog.records if record.name != "mail.log"]  # that is the server's
    assert "S3CRET" not in outcome.error + "".join(ours)
    assert post.taken == []


def test_who_of_several_did_not_get_it_is_noted_and_nobody_gets_it_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    with mailserver() as post:
        post.refused = {"gone@example.org"}
        outcome = send("email", post.address(to="team@example.org,gone@example.org"), monkeypatch)
    assert outcome.error == ""
    assert outcome.note == "not taken for 1 of 2 receivers (550)"
    assert len(post.taken) == 1


def test_a_mail_server_that_is_not_there_is_down(monkeypatch: pytest.MonkeyPatch) -> None:
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    url = f"smtp://u:S3CRET@127.0.0.1:{port}/?from=a@example.org&to=b@example.org"
    outcome = send("email", url, monkeypatch)
    assert outcome.down
    assert outcome.error == "127.0.0.1: the mail did not go through: ConnectionRefusedError"


def test_a_mail_server_that_drips_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """It sends a byte now and then, so that no wait of the connection's own ever ends."""
    monkeypatch.setattr(targets, "DEADLINE", 0.5)
    over = threading.Event()
    with closing(socket.create_server(("127.0.0.1", 0))) as server:

        def drip() -> None:
            connection, _ = server.accept()
            with closing(connection):
                while not over.wait(0.05):
                    connection.sendall(b"2")

        thread = threading.Thread(target=drip)
        thread.start()
        url = f"smtp://127.0.0.1:{server.getsockname()[1]}/?from=a@example.org&to=b@example.org"
        outcome = send("email", url, monkeypatch)
        over.set()
        thread.join()
    assert outcome.down
    assert "no answer within 0.5 s" in outcome.error


def test_apprise_that_hangs_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(targets, "DEADLINE", 0.3)
    with sink() as hook:
        hook.answers = [lambda handler: hook.slow(handler)]
        outcome = send("apprise", hook.url.replace("http://", "json://"), monkeypatch)
    assert outcome.down
    assert "S3CRET" not in outcome.error


@pytest.mark.parametrize(
    ("url", "mend"),
    [
        ("https://mail.example.org", "must begin with smtps://"),
        ("smtps://", "must begin with smtps://"),
        ("smtps://u:S3CRET@mail.example.org", "must name from=ADDRESS and to=ADDRESS"),
        ("smtps://u:S3CRET@mail.example.org?from=a@b.c", "must name from=ADDRESS and to=ADDRESS"),
        ("smtps://u:S3CRET@mail.example.org?from=nobody&to=a@b.c", "must name from=ADDRESS and to=ADDRESS"),
        ("smtps://u:S3CRET/x@mail.example.org?from=a@b.c&to=a@b.c", "in a password as %2F"),
        ("smtps://u:S3CRET@mail.example.org?from=a@b.c&to=a@b.c&cc=d@e.f", "knows from and to"),
    ],
)
def test_a_mail_address_that_can_not_work_is_refused_at_the_start(
    url: str, mend: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOOK", url)
    said = targets.wrong(Target(name="boss", kind="email", url_env="HOOK"))
    assert mend in said
    assert said.startswith("HOOK ")
    assert "S3CRET" not in said


def test_a_password_of_any_signs_can_be_written(monkeypatch: pytest.MonkeyPatch) -> None:
    made = smtp.read("smtp://me%40example.org:a%2Fb%23c%3F%3A%40%26@mail.example.org?from=a@b.c&to=Team <t@b.c>, u@b.c")
    assert (made.user, made.password, made.port) == ("me@example.org", "a/b#c?:@&", 587)
    assert (made.tls, made.receivers) == ("STARTTLS", ("t@b.c", "u@b.c"))
    assert smtp.read("smtps://mail.example.org?from=a@b.c&to=b@b.c").port == 465

"""A mail server on a free port of this machine, with TLS and a password, that can be told to misbehave."""

import socket
import ssl
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any, cast

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, LoginPassword

USER, PASSWORD = "earful", "S3CRET/pass"


@dataclass
class Post:
    """What the server took; `refused` are receivers that it does not take, `answer` is what it says to a mail."""

    port: int = 0
    taken: list[EmailMessage] = field(default_factory=list)
    receivers: list[list[str]] = field(default_factory=list)
    refused: set[str] = field(default_factory=set)
    answer: str = "250 OK"

    def address(self, scheme: str = "smtp", password: str = PASSWORD, to: str = "team@example.org") -> str:
        """The target's secret address."""
        secret = password.replace("/", "%2F")
        return f"{scheme}://{USER}:{secret}@localhost:{self.port}/?from=earful@example.org&to={to}"

    async def handle_RCPT(  # noqa: N802 - aiosmtpd's name
        self, server: Any, session: Any, envelope: Any, address: str, options: Any
    ) -> str:
        if address in self.refused:
            return "550 no such person, S3CRET/pass"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802
        if self.answer.startswith("250"):
            self.taken.append(cast(EmailMessage, message_from_bytes(envelope.content, policy=policy.default)))
            self.receivers.append(envelope.rcpt_tos)
        return self.answer


def _login(server: Any, session: Any, envelope: Any, mechanism: str, given: Any) -> AuthResult:
    right = isinstance(given, LoginPassword) and (given.login, given.password) == (USER.encode(), PASSWORD.encode())
    return AuthResult(success=right, handled=False)


@contextmanager
def mailserver(tls: ssl.SSLContext | None = None, at_once: bool = False) -> Iterator[Post]:
    """Runs a server for the block: with `tls` it offers STARTTLS, or speaks TLS at once."""
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        post = Post(port=probe.getsockname()[1])
    offers = {"tls_context": tls} if tls and not at_once else {"auth_require_tls": False}
    server = Controller(
        post,
        hostname="127.0.0.1",
        port=post.port,
        ssl_context=tls if at_once else None,
        authenticator=_login,
        **offers,
    )
    server.start()
    try:
        yield post
    finally:
        server.stop()

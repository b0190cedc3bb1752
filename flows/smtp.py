"""Hands mails to a mail server, over a connection that nobody listens in to, within a deadline."""

import contextlib
import re
import smtplib
import ssl
from dataclasses import dataclass
from email.message import EmailMessage
from email.utils import getaddresses, parseaddr
from urllib.parse import parse_qs, unquote, urlsplit

import certifi

from earful.connectors.types import ConnectorError, Unreachable

FORM = "smtps://user:password@mail.example.org?from=earful@example.org&to=team@example.org"
SILENCE = 15.0  # seconds without a word from the server
LOCAL = ("localhost", "127.0.0.1", "::1")


@dataclass(frozen=True)
class Server:
    """A mail server, who sends and who receives; `tls` is "at once", "STARTTLS" or, on this machine alone, "none"."""

    host: str
    port: int
    tls: str
    user: str
    password: str
    sender: str
    receivers: tuple[str, ...]


def read(url: str) -> Server:
    """Reads an address of the form FORM; raises ValueError that says what is wrong without showing it."""
    parts = urlsplit(url)
    if parts.scheme not in ("smtp", "smtps") or not parts.hostname:
        raise ValueError("must begin with smtps://, or smtp:// for STARTTLS, and name a server")
    given = parse_qs(parts.query)
    if unknown := set(given) - {"from", "to"}:
        raise ValueError(f"knows from and to, not {sorted(unknown)[0]!r}; write a & in a password as %26")
    sender = given.get("from", [""])[0]
    receivers = tuple(address for _, address in getaddresses(given.get("to", [])))
    wrong = [one for one in (parseaddr(sender)[1], *(receivers or ("",))) if not re.fullmatch(r"[^@\s]+@[^@\s]+", one)]
    if wrong:
        raise ValueError("must name from=ADDRESS and to=ADDRESS (several with commas) after a question mark")
    try:
        port = parts.port or (465 if parts.scheme == "smtps" else 587)
    except ValueError:
        raise ValueError(
            "has a port that is no number; write a / # ? : or @ in a password as %2F %23 %3F %3A %40"
        ) from None
    tls = "at once" if parts.scheme == "smtps" else "none" if parts.hostname in LOCAL else "STARTTLS"
    user, password = unquote(parts.username or ""), unquote(parts.password or "")
    return Server(parts.hostname, port, tls, user, password, sender, receivers)


def send(server: Server, mail: EmailMessage, tls: ssl.SSLContext | None = None) -> str:
    """Hands over a mail; returns whom the server did not take it for, "" when for all.

    Raises Unreachable when the server could not be asked, ConnectorError when it refuses; no error holds a secret.
    """
    context = tls or _trusting()
    try:
        with contextlib.closing(_connect(server, context)) as connection:
            if server.tls == "STARTTLS":
                connection.starttls(context=context)
            if server.user:
                connection.login(server.user, server.password)
            refused = connection.send_message(mail, parseaddr(server.sender)[1], server.receivers)
            with contextlib.suppress(smtplib.SMTPException, OSError):  # it has the mail already
                connection.quit()
    except smtplib.SMTPAuthenticationError as error:
        raise ConnectorError(f"{server.host}: refused user or password ({error.smtp_code})") from None
    except smtplib.SMTPRecipientsRefused as error:
        raise ConnectorError(f"{server.host}: takes mail for none of the receivers{_said(error.recipients)}") from None
    except smtplib.SMTPResponseException as error:
        said = f"{server.host}: answered {error.smtp_code}{_words(error.smtp_error, server)}"
        raise (Unreachable if error.smtp_code == 421 else ConnectorError)(said) from None
    except smtplib.SMTPNotSupportedError as error:
        raise ConnectorError(f"{server.host}: {error}") from None
    except (smtplib.SMTPException, OSError, UnicodeError) as error:
        raise Unreachable(f"{server.host}: the mail did not go through: {type(error).__name__}") from None
    return f"not taken for {len(refused)} of {len(server.receivers)} receivers{_said(refused)}" if refused else ""


def _trusting() -> ssl.SSLContext:
    """Trusts the authorities that this machine knows, a company's own among them, and the public ones."""
    context = ssl.create_default_context()
    context.load_verify_locations(certifi.where())
    return context


def _connect(server: Server, context: ssl.SSLContext) -> smtplib.SMTP:
    if server.tls == "at once":
        return smtplib.SMTP_SSL(server.host, server.port, timeout=SILENCE, context=context)
    return smtplib.SMTP(server.host, server.port, timeout=SILENCE)


def _said(refused: dict[str, tuple[int, bytes]]) -> str:
    codes = sorted({code for code, _ in refused.values()})
    return f" ({', '.join(map(str, codes))})" if codes else ""


def _words(said: bytes | str, server: Server) -> str:
    """Gives what a server said, in a line without what is secret."""
    text = said.decode("utf-8", "replace") if isinstance(said, bytes) else said
    for secret in (server.password, server.user):
        text = text.replace(secret, "…") if secret else text
    text = " ".join(text.split())[:200]
    return f": {text}" if text else ""

"""Writes a notice as an e-mail: plain text, and HTML with its chart inside."""

import hashlib
import logging
from collections.abc import Sequence
from datetime import datetime
from email.message import EmailMessage
from email.utils import format_datetime, parseaddr
from typing import Any, cast

from earful.flows.messages import charts, text, web
from earful.flows.messages.notice import Notice

log = logging.getLogger(__name__)
ROOM = 100_000  # UTF-16 units of the plain text; mails need no other limit


def write(notice: Notice, key: str, thread: str, sender: str, receivers: Sequence[str], now: datetime) -> EmailMessage:
    """Writes a mail whose Message-ID comes from `key`, so that a repetition is known as one.

    Mails with the same `thread` stand together in the reader's client.
    """
    mail = EmailMessage()
    domain = parseaddr(sender)[1].partition("@")[2] or "localhost"
    title, body = text.write(notice, ROOM)
    mail["Subject"] = title
    mail["From"] = sender
    mail["To"] = ", ".join(receivers)
    mail["Date"] = format_datetime(now)
    mail["Message-ID"] = f"<{_name(key)}@{domain}>"
    mail["References"] = f"<{_name(thread)}@{domain}>"
    mail["Auto-Submitted"] = "auto-generated"  # RFC 3834: absence notes need not answer
    mail.set_content(body, cte="quoted-printable")
    picture = _picture(notice)
    name = f"{_name(key)}.chart@{domain}"
    shown = web.image(f"cid:{name}", notice.chart_says) if picture else ""
    mail.add_alternative(web.page(notice, shown), subtype="html", cte="quoted-printable")
    if picture:
        html = cast(EmailMessage, cast(list[Any], mail.get_payload())[-1])
        html.add_related(picture, "image", "png", cid=f"<{name}>", disposition="inline", filename="chart.png")
    return mail


def _picture(notice: Notice) -> bytes:
    """Draws the chart; a mail goes out without it rather than not at all."""
    if not notice.chart:
        return b""
    try:
        return charts.png(notice.chart)
    except ValueError as error:
        log.warning("a mail goes without its chart: %s", error)
        return b""


def _name(key: str) -> str:
    return f"earful.{hashlib.sha256(key.encode()).hexdigest()[:32]}"

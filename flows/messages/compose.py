"""Turns what waits in the outbox into a notice: a spike, a trouble of sources, a digest, a test."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

from earful.flows.messages import alert, digest, sources, when
from earful.flows.messages.notice import Notice

TEST = Notice("Earful: a test", ("If you read this, alerts arrive here.",))
DELAYED = timedelta(hours=1)


def notice(message: Mapping[str, Any], zone: ZoneInfo) -> Notice:
    """Writes a message of the outbox; times are those of the team's zone."""
    if message["state"] == "test":
        return TEST
    if message["state"] == "digest":
        return digest.write(message["card"], zone)
    if message["card"].get("about") == "sources":
        return sources.write(message)
    return alert.write(message, zone)


def delayed(made: Notice, waited: timedelta) -> Notice:
    """Says so when a notice had to wait, because its target did not take it."""
    if waited < DELAYED:
        return made
    said = f"This message had to wait for {when.length(waited)}: it could not be delivered before."
    return Notice(**{**vars(made), "lead": (*made.lead, said)})

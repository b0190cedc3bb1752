"""The keys of earful.toml for what teams bring themselves: the columns of their tables, and the [webhook] table."""

import ipaddress
import os
import re
from datetime import UTC, datetime
from typing import Annotated, Any, Literal, Self
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from earful.connectors.columns import NAMES, Columns

TOKEN, LEAST = "EARFUL_WEBHOOK_TOKEN", 20  # the environment variable, and its characters at least
TOKEN_MISSING = (
    f"the webhook needs a secret of {LEAST} characters or more; export {TOKEN}, made with 'openssl rand -hex 32', say"
)
SEVERAL = ("text", "title")  # fields whose words may stand in several columns


def _columns(value: Any) -> Any:
    if not isinstance(value, dict):
        raise ValueError('write the names of the file\'s columns, like { text = "Comment", published = "Created" }')  # noqa: TRY004 - pydantic wants this one
    if unknown := sorted(set(value) - set(NAMES)):
        raise ValueError(f"there is no field {unknown[0]!r}; there are {', '.join(NAMES)}")
    for field, names in value.items():
        listed = [names] if isinstance(names, str) else names
        if not isinstance(listed, list | tuple) or not all(isinstance(one, str) and one.strip() for one in listed):
            raise ValueError(f"{field}: write the name of a column in quotation marks")
        if len(listed) != 1 and not (listed and field in SEVERAL):
            raise ValueError(f"{field}: name one column; only {' and '.join(SEVERAL)} may have several")
    return {field: (names,) if isinstance(names, str) else tuple(names) for field, names in value.items()}


def _dates(value: str) -> str:
    day = datetime(2026, 12, 31, tzinfo=UTC)
    try:
        same = not value or datetime.strptime(day.strftime(value), value).date() == day.date()  # noqa: DTZ007
    except (ValueError, re.error):
        same = False
    if not same:
        raise ValueError(f'{value!r} gives no day, month and year; write a form like "%d.%m.%Y" or "%m/%d/%Y %H:%M"')
    return value


def _zone(value: object) -> object:
    try:
        ZoneInfo(str(value))
    except (KeyError, ValueError, OSError):
        raise ValueError('write a time zone like "Europe/Berlin" or "America/New_York"') from None
    return value


def _host(value: str) -> str:
    try:
        return str(ipaddress.ip_address(value))
    except ValueError:
        raise ValueError(f'{value!r} is no address of this machine; write one like "127.0.0.1" or "10.1.0.5"') from None


Zone = Annotated[str, BeforeValidator(_zone)]


class Layout(BaseModel):
    """How the tables of a source are laid out; only the connector `files` reads tables.

    `columns` names those whose name says it not by itself; `scale` is what its ratings are; `dates` is the form of
    its dates as strptime has it; `zone` that of its times, the team's by default.
    """

    columns: Annotated[dict[str, tuple[str, ...]], BeforeValidator(_columns)] = {}
    scale: Literal["", "nps", "csat", "stars"] = ""
    dates: Annotated[str, AfterValidator(_dates)] = ""
    zone: Zone = ""

    def asked(self, target: str) -> str:
        """Gives the target that the connector `files` is asked for, with the layout behind it."""
        return f"{target}#{Columns(self.columns, self.scale, self.dates, self.zone or 'UTC').written()}"

    @model_validator(mode="after")
    def _of_files(self) -> Self:
        if getattr(self, "connector", "files") != "files" and (self.columns or self.scale or self.dates or self.zone):
            raise ValueError("columns, scale, dates and zone describe tables; only the connector files reads them")
        return self


class Webhook(BaseModel):
    """Where mentions may be sent to: a port, the address it listens on, and the brand that all of them are about."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    port: Annotated[int, Field(ge=1, le=65535)]
    host: Annotated[str, AfterValidator(_host)] = "127.0.0.1"
    brand: str = ""

    @property
    def token(self) -> str:
        """The secret that senders show, "" where none is set or it is too short; never log it."""
        given = os.environ.get(TOKEN, "").strip()
        return given if len(given) >= LEAST and given.isascii() and given.isprintable() else ""

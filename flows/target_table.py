"""The [[targets]] and [digest] tables of earful.toml: where messages go, and what is told of its own accord."""

import base64
import binascii
import os
import re
from datetime import time
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationInfo, field_validator

Kind = Literal["apprise", "webhook", "email", "slack", "teams", "discord"]
DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
LEAST_SECRET = 24  # bytes, as Standard Webhooks want it


def _variable(name: str) -> str:
    if not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", name):
        raise ValueError(
            "name an environment variable, like EARFUL_TEAM_URL; the address is a secret and does not stand here"
        )
    if not os.environ.get(name):
        raise ValueError(f"the environment variable {name} is not set; export it before starting earful")
    return name


def _clock(value: str) -> str:
    try:
        if not re.fullmatch(r"\d\d:\d\d", value):
            raise ValueError
        time.fromisoformat(value)
    except ValueError:
        raise ValueError('write a time of the day, like "08:00"') from None
    return value


class Target(BaseModel):
    """Where messages go; its secret address stands in the environment variable `url_env`.

    `secret_env` names the variable of the secret that a webhook's messages are signed with.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: Annotated[str, Field(min_length=1, max_length=80)]
    kind: Kind = "apprise"
    url_env: Annotated[str, AfterValidator(_variable)]
    secret_env: str = ""

    @property
    def url(self) -> str:
        """The secret address; never log it."""
        return os.environ[self.url_env]

    @property
    def secret(self) -> bytes:
        """The key that messages are signed with, empty where they are not; never log it."""
        written = os.environ.get(self.secret_env, "") if self.secret_env else ""
        return base64.b64decode(written.removeprefix("whsec_")) if written else b""

    @field_validator("secret_env")
    @classmethod
    def _signs(cls, name: str, info: ValidationInfo) -> str:
        if not name:
            return name
        if info.data.get("kind") != "webhook":
            raise ValueError('only a target of kind "webhook" is signed; delete this line')
        written = os.environ.get(_variable(name), "").removeprefix("whsec_")
        try:
            key = base64.b64decode(written, validate=True)
        except binascii.Error:
            key = b""
        if len(key) < LEAST_SECRET:
            raise ValueError(
                f"{name} must hold a secret in base64, {LEAST_SECRET} bytes at least; make one with "
                "'openssl rand -base64 32'"
            )
        return name


class Digest(BaseModel):
    """A page about each brand, every day or week at a time of the team's zone; empty tuples mean all own brands, all
    targets."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    every: Literal["day", "week"] = "week"
    at: Annotated[str, AfterValidator(_clock)] = "08:00"
    on: Literal["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"] = "monday"
    brands: tuple[str, ...] = ()
    targets: tuple[str, ...] = ()

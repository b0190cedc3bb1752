"""The table [signin] of earful.toml: who signs in where, and who may look and who may decide."""

import os
import re
from collections.abc import Mapping
from typing import Annotated
from urllib.parse import urlsplit

import httpx
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, field_validator

LOOPBACK = ("localhost", "127.0.0.1", "::1")
WELL_KNOWN = "/.well-known/openid-configuration"


def _provider(value: str) -> str:
    try:
        url = httpx.URL(value)
    except httpx.InvalidURL:
        url = httpx.URL("")
    if not url.host or not (url.scheme == "https" or (url.scheme == "http" and url.host in LOOPBACK)):
        raise ValueError("write the provider's address with https, like https://accounts.google.com")
    return value if value.endswith(WELL_KNOWN) else value.rstrip("/") + WELL_KNOWN


def _person(value: str) -> str:
    if not re.fullmatch(r"(\*|[^\s@*]+)@[^\s@*]+\.[^\s@*]+", value):
        raise ValueError(f'{value!r} is no address; write "ada@example.org", or "*@example.org" for a whole domain')
    return value.casefold()


Person = Annotated[str, AfterValidator(_person)]


class SignIn(BaseModel):
    """An OpenID Connect provider, the dashboard's name there, and the lists of who may decide and who may look.

    `listen` is the address of this machine on which the dashboard is reached; `hours` is how long a sign-in lasts.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    provider: Annotated[str, AfterValidator(_provider)]
    client_id: Annotated[str, Field(min_length=1)]
    secret_env: str = "EARFUL_SIGNIN_SECRET"  # noqa: S105 - the variable's name, not its value
    editors: Annotated[tuple[Person, ...], Field(min_length=1)]
    viewers: tuple[Person, ...] = ()
    listen: str = "127.0.0.1"
    hours: Annotated[int, Field(ge=1, le=720)] = 12

    @property
    def secret(self) -> str:
        """The client's secret at the provider; never log it."""
        return os.environ[self.secret_env]

    @property
    def access(self) -> Mapping[str, list[str]]:
        """The lists as the store keeps them."""
        return {"editors": list(self.editors), "viewers": list(self.viewers)}

    @field_validator("secret_env")
    @classmethod
    def _has_secret(cls, variable: str) -> str:
        if not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", variable):
            raise ValueError("name an environment variable, like EARFUL_SIGNIN_SECRET; the secret does not stand here")
        if not os.environ.get(variable):
            raise ValueError(f"the environment variable {variable} is not set; export it before starting earful")
        return variable


def unsafe(dashboard: str) -> str:
    """Says why people can't sign in at a dashboard's address, "" if they can."""
    url = urlsplit(dashboard)
    if url.scheme == "https" or url.hostname in LOOPBACK:
        return ""
    return "people sign in there, so its address must begin with https://"

"""Reads earful.toml into frozen types; every error names the line and the mend."""

import difflib
import os
import re
import tomllib
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator

from earful import connectors
from earful.connectors.types import Cursor
from earful.models import match

UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}


class ConfigError(Exception):
    """The configuration can't be used; one line of text for each thing to mend."""


def _duration(value: object) -> object:
    if isinstance(value, str) and (found := re.fullmatch(r"(\d+)\s*([smhd])", value)):
        return timedelta(seconds=int(found[1]) * UNITS[found[2]])
    if isinstance(value, timedelta):
        return value
    raise ValueError('write a duration like "15m", "1h" or "1d"')


def _expression(value: object) -> object:
    if isinstance(value, str):
        match.compile_expression(value)
    return value


def _zone(value: object) -> object:
    try:
        ZoneInfo(str(value))
    except (KeyError, ValueError, OSError):
        raise ValueError('write a time zone like "Europe/Berlin" or "America/New_York"') from None
    return value


Duration = Annotated[timedelta, BeforeValidator(_duration)]
Name = Annotated[str, Field(min_length=1, max_length=80)]


class _Table(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Brand(_Table):
    """What is watched: a name, the expression by which texts speak of it, and whether it is a competitor."""

    name: Name
    match: Annotated[str, BeforeValidator(_expression)]
    competitor: bool = False


class Source(_Table):
    """A connector and its target; `brand` says that everything there is about that brand, whatever the words."""

    connector: str
    target: str
    brand: str = ""
    every: Duration | None = None

    @property
    def name(self) -> str:
        """The source's key in the store."""
        return f"{self.connector}:{self.target}"

    @model_validator(mode="after")
    def _asks(self) -> "Source":
        if self.connector not in connectors.names():
            raise ValueError(f"there is no connector {self.connector!r}; there are {', '.join(connectors.names())}")
        connectors.find(self.connector).request(self.target, Cursor())
        return self


class Rule(_Table):
    """When to alert: how surprising the stories of an interval must be, which ones count, how many at least."""

    name: Name
    brands: tuple[str, ...] = ()
    counts: Literal["negative", "all"] = "negative"
    step: Annotated[Duration, Field(ge=timedelta(minutes=5), le=timedelta(days=1))] = timedelta(hours=1)
    sensitivity: Literal["sensitive", "balanced", "strict"] = "balanced"
    least: Annotated[int, Field(ge=1)] = 5
    targets: tuple[str, ...] = ()


class Target(_Table):
    """Where alerts go: an Apprise address or a plain JSON webhook, read from an environment variable."""

    name: Name
    kind: Literal["apprise", "webhook"] = "apprise"
    url_env: str

    @property
    def url(self) -> str:
        """The secret address; never log it."""
        return os.environ[self.url_env]

    @model_validator(mode="after")
    def _has_secret(self) -> "Target":
        if not os.environ.get(self.url_env):
            raise ValueError(f"the environment variable {self.url_env} is not set; export it before starting earful")
        return self


class Model(_Table):
    """Which weights judge the texts; "" means those that ship with Earful."""

    weights: str = ""


class Network(_Table):
    """Who we say we are, and which addresses inside the network may be asked all the same."""

    contact: str = ""
    allow: tuple[str, ...] = ()


class Config(_Table):
    """The whole of earful.toml; `folder` is where it stands, and relative paths start there."""

    folder: Path
    timezone: Annotated[str, BeforeValidator(_zone)] = "UTC"
    store: str = "store"
    every: Duration = timedelta(minutes=15)
    dashboard: str = "http://localhost:8501"
    keep_raw: Duration = timedelta(days=90)
    brands: tuple[Brand, ...] = ()
    sources: tuple[Source, ...] = ()
    rules: tuple[Rule, ...] = ()
    targets: tuple[Target, ...] = ()
    model: Model = Model()
    network: Network = Network()

    @property
    def store_folder(self) -> Path:
        """The folder that holds the database."""
        return self.folder / self.store

    @property
    def zone(self) -> ZoneInfo:
        """The team's time zone."""
        return ZoneInfo(self.timezone)


def load(path: Path) -> Config:
    """Reads a configuration file; raises ConfigError with a line for each mistake."""
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise ConfigError(f"{path} is not there; 'earful init' writes one to start from") from None
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path} can't be read: {error}") from None
    try:
        tables = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{path}: {error}") from None
    try:
        config = Config(folder=path.resolve().parent, **tables)
    except ValidationError as error:
        raise ConfigError("\n".join(_explained(path, text, mistake) for mistake in error.errors())) from None
    mistakes = [f"{path}:{_line(text, place)}: {message}" for place, message in _crossed(config)]
    if mistakes:
        raise ConfigError("\n".join(mistakes))
    return config


def load_or_last_good(path: Path) -> tuple[Config, str]:
    """Reads the configuration, or the last one that was good, together with what is wrong with the present one.

    Raises ConfigError only when there is no good one either.
    """
    kept = path.with_name(f".{path.name}.last-good")
    try:
        config = load(path)
    except ConfigError as error:
        if not kept.exists():
            raise
        return load(kept), str(error)
    text = path.read_text(encoding="utf-8")
    if not kept.exists() or kept.read_text(encoding="utf-8") != text:
        kept.with_suffix(".tmp").write_text(text, encoding="utf-8")
        kept.with_suffix(".tmp").rename(kept)
    return config, ""


def _crossed(config: Config) -> list[tuple[tuple[str | int, ...], str]]:
    """Finds names that are used but not defined, or defined twice."""
    brands = [brand.name for brand in config.brands]
    targets = [target.name for target in config.targets]
    wrong: list[tuple[tuple[str | int, ...], str]] = []
    if not brands:
        wrong.append((("brands",), "no brand is watched; add a [[brands]] table with a name and a match expression"))
    for table, names in (
        ("brands", brands),
        ("sources", [source.name for source in config.sources]),
        ("rules", [rule.name for rule in config.rules]),
        ("targets", targets),
    ):
        for place, name in enumerate(names):
            if name in names[:place]:
                wrong.append(((table, place), f"{name!r} stands here a second time; names in {table} differ"))
    for place, source in enumerate(config.sources):
        if source.brand and source.brand not in brands:
            wrong.append((("sources", place, "brand"), _unknown("brand", source.brand, brands)))
    for place, rule in enumerate(config.rules):
        wrong += [
            (("rules", place, "brands"), _unknown("brand", name, brands)) for name in rule.brands if name not in brands
        ]
        wrong += [
            (("rules", place, "targets"), _unknown("target", name, targets))
            for name in rule.targets
            if name not in targets
        ]
    return wrong


def _unknown(kind: str, name: str, known: list[str]) -> str:
    close = difflib.get_close_matches(name, known, 1)
    return f"there is no {kind} {name!r}" + (f"; did you mean {close[0]!r}?" if close else f"; add a [[{kind}s]] table")


def _explained(path: Path, text: str, mistake: Any) -> str:
    place = tuple(part for part in mistake["loc"] if part != "folder")
    message = str(mistake["msg"]).removeprefix("Value error, ")
    if mistake["type"] == "extra_forbidden":
        known = _keys(place[:-1])
        close = difflib.get_close_matches(str(place[-1]), known, 1)
        advice = f"did you mean {close[0]!r}?" if close else f"known here are {', '.join(known)}"
        message = f"unknown key {place[-1]!r}; {advice}"
    elif mistake["type"] == "missing":
        message = f"{place[-1]!r} is missing; add it to this table"
    else:
        message = f"{place[-1] if isinstance(place[-1], str) else place[0]}: {message}"
    return f"{path}:{_line(text, place)}: {message}"


def _keys(place: tuple[str | int, ...]) -> list[str]:
    tables: dict[str, type[BaseModel]] = {
        "brands": Brand, "sources": Source, "rules": Rule, "targets": Target, "model": Model, "network": Network,
    }  # fmt: skip
    kind = tables[str(place[0])] if place else Config
    return [key for key in kind.model_fields if key != "folder"]


def _line(text: str, place: tuple[str | int, ...]) -> int:
    """Finds the line of a key, else of its table, else 1; `place` is like ("sources", 2, "every")."""
    at: tuple[str | int, ...] = ()
    seen: dict[str, int] = {}
    best, depth = 1, 0
    for number, line in enumerate(text.splitlines(), 1):
        if found := re.match(r"\s*\[\[\s*([\w.-]+)\s*\]\]", line):
            seen[found[1]] = seen.get(found[1], -1) + 1
            at = (found[1], seen[found[1]])
        elif found := re.match(r"\s*\[\s*([\w.-]+)\s*\]", line):
            at = (found[1],)
        elif found := re.match(r"\s*([\w-]+)\s*=", line):
            here = (*at, found[1])
            if place[: len(here)] == here:
                return number
            continue
        else:
            continue
        if place[: len(at)] == at and len(at) > depth:
            best, depth = number, len(at)
    return best

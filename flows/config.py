"""Reads earful.toml into frozen types; every error names the line and the mend."""

import ipaddress
import re
import tomllib
from datetime import timedelta
from pathlib import Path
from typing import Annotated
from zoneinfo import ZoneInfo

import httpx
from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationError,
    ValidationInfo,
    field_validator,
)

from earful import connectors
from earful.connectors.types import Cursor
from earful.flows import mistakes
from earful.flows.intake_table import Layout, Webhook, Zone
from earful.flows.mistakes import Place
from earful.flows.model_table import Model
from earful.flows.rule_table import Rule, duration
from earful.flows.signin_table import SignIn, unsafe
from earful.flows.target_table import Digest, Target
from earful.models import match


class ConfigError(Exception):
    """The configuration can't be used; one line of text for each thing to mend."""


def _expression(value: object) -> object:
    if isinstance(value, str):
        match.compile_expression(value)
    return value


def _connector(value: str) -> str:
    if value not in connectors.names():
        raise ValueError(f"there is no connector {value!r}; there are {', '.join(connectors.names())}")
    return value


def _page(value: str) -> str:
    if not value.startswith(("http://", "https://")):
        raise ValueError("write the dashboard's address as people open it, like http://localhost:8501")
    return value.rstrip("/")


def _inside(value: str) -> str:
    if not re.fullmatch(r"(?=.*[A-Za-z])[\w.-]+", value):
        try:
            ipaddress.ip_network(value, strict=False)
        except ValueError:
            raise ValueError(f'{value!r} is no host and no network; write "wiki.intranet" or "10.1.0.0/16"') from None
    return value


Duration = Annotated[timedelta, BeforeValidator(duration)]
Name = Annotated[str, Field(min_length=1, max_length=80)]


class _Table(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Brand(_Table):
    """What is watched: a name, the expression by which texts speak of it, and whether it is a competitor."""

    name: Name
    match: Annotated[str, BeforeValidator(_expression)]
    competitor: bool = False


class Source(_Table, Layout):
    """A connector and its target; `brand` says that everything there is about that brand, whatever the words.

    `backfill` is how far back a source is read at first, as far as it goes. `label` is what readers know it by.
    """

    connector: Annotated[str, AfterValidator(_connector)]
    target: str
    label: Annotated[str, Field(max_length=60)] = ""
    brand: str = ""
    every: Duration | None = None
    backfill: Duration = timedelta(days=30)

    @property
    def name(self) -> str:
        """The source's key in the store."""
        return f"{self.connector}:{self.target}"

    @property
    def question(self) -> str:
        """The target as its connector is asked for it."""
        return self.asked(self.target) if self.connector == "files" else self.target

    @field_validator("target")
    @classmethod
    def _asks(cls, target: str, info: ValidationInfo) -> str:
        if connector := info.data.get("connector"):
            try:
                connectors.find(connector).request(target, Cursor())
            except httpx.InvalidURL as error:
                raise ValueError(f"{connector}: {target!r} is no address: {error}") from None
        return target


class Network(_Table):
    """Who we say we are, and which addresses inside the network may be asked all the same."""

    contact: str = ""
    allow: tuple[Annotated[str, AfterValidator(_inside)], ...] = ()


class Config(_Table):
    """The whole of earful.toml; `folder` is where it stands, and relative paths start there."""

    folder: Path
    timezone: Zone = "UTC"
    store: str = "store"
    every: Duration = timedelta(minutes=15)
    dashboard: Annotated[str, AfterValidator(_page)] = "http://localhost:8501"
    keep_raw: Duration = timedelta(days=90)
    brands: tuple[Brand, ...] = ()
    sources: tuple[Source, ...] = ()
    rules: tuple[Rule, ...] = ()
    targets: tuple[Target, ...] = ()
    model: Model = Model()
    network: Network = Network()
    webhook: Webhook | None = None
    digest: Digest | None = None
    signin: SignIn | None = None

    @field_validator("sources")
    @classmethod
    def _zoned(cls, sources: tuple[Source, ...], info: ValidationInfo) -> tuple[Source, ...]:
        zone = {"zone": info.data.get("timezone", "UTC")}
        return tuple(
            one.model_copy(update=zone) if one.connector == "files" and not one.zone else one for one in sources
        )

    @property
    def store_folder(self) -> Path:
        """The folder that holds the database."""
        return self.folder / self.store

    @property
    def labels(self) -> dict[str, str]:
        """What readers know sources by, by their names; those without a label are left out."""
        return {source.name: source.label for source in self.sources if source.label.strip()}

    @property
    def zone(self) -> ZoneInfo:
        """The team's time zone."""
        return ZoneInfo(self.timezone)


def load(path: Path) -> Config:
    """Reads a configuration file; raises ConfigError with a line for each mistake."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise ConfigError(f"{path} is not there; 'earful init' writes one to start from") from None
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path} can't be read: {error}") from None
    return parse(path, text)


def parse(path: Path, text: str) -> Config:
    """Reads what stands, or is to stand, in a configuration file; raises ConfigError with a line for each mistake."""
    try:
        tables = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        at = re.search(r"at line (\d+)", str(error))
        raise ConfigError(f"{path}:{at[1] if at else len(text.splitlines())}: {error}") from None
    if "folder" in tables:
        raise ConfigError(f"{path}:{mistakes.line(text, ('folder',))}: unknown key 'folder'; did you mean 'store'?")
    try:
        config = Config(folder=path.resolve().parent, **tables)
    except ValidationError as error:
        raise ConfigError(
            "\n".join(mistakes.explained(path, text, mistake, _keys) for mistake in error.errors())
        ) from None
    if wrong := [f"{path}:{mistakes.line(text, place)}: {message}" for place, message in _crossed(config)]:
        raise ConfigError("\n".join(wrong))
    return config


def load_or_last_good(path: Path) -> tuple[Config, str]:
    """Reads the configuration, or the last one that was good, together with what is wrong with the present one.

    Raises ConfigError only when there is no good one either.
    """
    kept = path.with_name(f".{path.name}.last-good")
    try:
        config = load(path)
    except ConfigError as error:
        try:
            return load(kept), str(error)
        except ConfigError:
            raise error from None
    text = path.read_text(encoding="utf-8")
    if not kept.exists() or kept.read_text(encoding="utf-8") != text:
        kept.with_suffix(".tmp").write_text(text, encoding="utf-8")
        kept.with_suffix(".tmp").rename(kept)
    return config, ""


def _crossed(config: Config) -> list[tuple[Place, str]]:
    """Finds names that are used but not defined, or defined twice."""
    brands = [brand.name for brand in config.brands]
    sources = [source.name for source in config.sources]
    targets = [target.name for target in config.targets]
    wrong: list[tuple[Place, str]] = []
    if not brands:
        wrong.append((("brands",), "no brand is watched; add a [[brands]] table with a name and a match expression"))
    for table, names in (
        ("brands", brands),
        ("sources", sources),
        ("rules", [rule.name for rule in config.rules]),
        ("targets", targets),
    ):
        for place, name in enumerate(names):
            if name in names[:place]:
                wrong.append(((table, place), f"{name!r} stands here a second time; names in {table} differ"))
    for place, source in enumerate(config.sources):
        if source.brand and source.brand not in brands:
            wrong.append((("sources", place, "brand"), mistakes.unknown("brand", source.brand, brands)))
    if config.webhook and config.webhook.brand and config.webhook.brand not in brands:
        wrong.append((("webhook", "brand"), mistakes.unknown("brand", config.webhook.brand, brands)))
    if config.signin and (why := unsafe(config.dashboard)):
        wrong.append((("dashboard",), why))
    naming: list[tuple[Place, Rule | Digest]] = [(("rules", place), rule) for place, rule in enumerate(config.rules)]
    for at, one in [*naming, *([(("digest",), config.digest)] if config.digest else [])]:
        named = (("brand", one.brands, brands), ("target", one.targets, targets))
        wrong += [
            ((*at, f"{kind}s"), mistakes.unknown(kind, name, known))
            for kind, names, known in named
            for name in names
            if name not in known
        ]
    for place, rule in enumerate(config.rules):
        if rule.source and rule.source not in sources and not rule.source.startswith(("import:", "webhook:")):
            wrong.append((("rules", place, "source"), mistakes.unknown("source", rule.source, sources)))
    return wrong


def _keys(place: Place) -> list[str]:
    tables: dict[str, type[BaseModel]] = {
        "brands": Brand, "sources": Source, "rules": Rule, "targets": Target, "model": Model, "network": Network,
        "webhook": Webhook, "digest": Digest, "signin": SignIn,
    }  # fmt: skip
    kind = tables[str(place[0])] if place else Config
    return [key for key in kind.model_fields if key != "folder"]

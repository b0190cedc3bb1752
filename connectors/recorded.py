"""Reads recorded answers from a folder: bodies as they are, gzip without a header, VCR cassettes.

The folder holds one folder for each connector, under its name; feeds lie under feeds/. Folders without a connector
and cassettes of other kinds are passed over.
"""

import base64
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx
import yaml

from earful import connectors
from earful.connectors import body

_FOLDERS = {"amo": "firefox_addons", "feeds": "rss", "google_places": "googleplaces", "schemaorg_reviews": "reviewpage"}
_LINES = {"bluesky": "jetstream"}  # JSON lines in a folder that are another connector's
_PAGES = {"reviewpage"}  # connectors for which a web page is no wall
_CASSETTES = (".yaml", ".yml")
_JSON_CASSETTE = re.compile(rb'\s*\{\s*"(?:http_)?interactions"\s*:')
_NOWHERE = "https://recorded.invalid"  # where no address was recorded


def read(folder: Path) -> Iterator[tuple[str, str, httpx.Response]]:
    """Yields connector, name and answer of every recording under `folder`, in the order of their names."""
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        name = path.relative_to(folder)
        connector = _FOLDERS.get(name.parts[0], name.parts[0])
        if path.suffix == ".jsonl":
            connector = _LINES.get(connector, connector)
        if len(name.parts) < 2 or connector not in connectors.names():
            continue
        if path.suffix in _CASSETTES or _JSON_CASSETTE.match(path.read_bytes()):
            try:
                exchanges = list(_cassette(path, connector))
            except (yaml.YAMLError, httpx.InvalidURL, KeyError, TypeError, ValueError, AttributeError):
                exchanges = [_plain(path, name, connector)]  # no cassette: the connector says what it makes of it
            for number, response in enumerate(exchanges, 1):
                yield connector, f"{name}#{number}", response
        else:
            yield connector, str(name), _plain(path, name, connector)


def _plain(path: Path, name: Path, connector: str) -> httpx.Response:
    request = httpx.Request("GET", f"{_NOWHERE}/{quote(name.as_posix())}", headers=_accept(connector, "*/*"))
    return httpx.Response(200, content=path.read_bytes(), request=request)


def _accept(connector: str, others: str) -> dict[str, str]:
    return {"Accept": "text/html" if connector in _PAGES else others}


def _cassette(path: Path, connector: str) -> Iterator[httpx.Response]:
    """Yields the answers of a cassette of vcrpy or Betamax (interactions) or R's vcr (http_interactions)."""
    if path.suffix in _CASSETTES:
        loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # the one in C reads the same, ten times as fast
        cassette = yaml.load(path.read_bytes(), Loader=loader)  # noqa: S506 - both are safe loaders
    else:
        cassette = json.loads(path.read_bytes())
    for exchange in cassette.get("interactions") or cassette.get("http_interactions") or ():
        asked, answered = exchange["request"], exchange["response"]
        status = answered["status"]
        request = httpx.Request(asked["method"].upper(), asked["uri"], headers=_accept(connector, "application/json"))
        yield httpx.Response(
            int(status["code"] if isinstance(status, dict) else status),
            headers=_headers(answered.get("headers") or {}),
            content=_content(answered.get("body") or {}),
            request=request,
        )


def _headers(recorded: dict[str, Any]) -> list[tuple[str, str]]:
    """Returns the headers that still hold once the body is unpacked."""
    gone = {"content-encoding", "content-length", "transfer-encoding"}
    kept = [(name, values) for name, values in recorded.items() if name.lower() not in gone]
    return [(name, str(one)) for name, values in kept for one in (values if isinstance(values, list) else [values])]


def _content(recorded: dict[str, Any]) -> bytes:
    content = recorded.get("string") or recorded.get("base64_string") or b""
    if isinstance(content, str):
        content = base64.b64decode(content) if "base64_string" in recorded else content.encode("utf-8", "replace")
    return body.gunzip([content]) if body.kind(content) == "gzip" else bytes(content)

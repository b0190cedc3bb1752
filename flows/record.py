"""Records real answers of a source into a cassette that may be shown: no key, no cookie, no person's name in it.

The cassette is of vcrpy's form (https://vcrpy.readthedocs.io), which `earful run --replay` and the test of recorded
answers read. The words of the posts stay as they are: whoever passes a cassette on answers for them.
"""

import contextlib
import html
import json
import os
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import httpx
import yaml

from earful import connectors
from earful.connectors import keys
from earful.connectors.sessions import Sessions
from earful.connectors.types import Cursor, Mention

PAGES = 3
SHORTEST = 3  # a name of fewer letters would be found inside other words
# What an answer's head may keep: what says how to read it and how long to wait.
HEADERS = re.compile(r"content-type|date|etag|last-modified|link|retry-after|(x-)?rate-?limit.*|cache-control", re.I)


@dataclass(frozen=True)
class Recorded:
    """What was recorded of one source: answers, mentions read in them, names taken out, and the file."""

    answers: int
    mentions: int
    names: int
    path: Path


def record(
    asker: Sessions, connector: str, target: str, folder: Path, environ: Mapping[str, str] = os.environ
) -> Recorded:
    """Asks a source for its first pages and writes them to FOLDER/CONNECTOR/NAME.yaml.

    Raises ValueError for a wrong target and ConnectorError when the source gives no usable answer; then nothing is
    written. An answer that is no page of mentions (a login's) is not recorded.
    """
    module = connectors.find(connector)
    hidden = {environ[name].strip(): "REDACTED" for name in keys.variables(module) if environ.get(name, "").strip()}
    exchanges: list[tuple[httpx.Request, httpx.Response]] = []
    people: dict[str, str] = {}
    cursor, mentions, more = Cursor(), 0, True
    while more and len(exchanges) < PAGES:
        request = module.request(target, cursor)
        response = asker.fetch(module, request)
        page = module.parse(response, cursor)
        exchanges.append((request, response))
        cursor, mentions, more = page.cursor, mentions + len(page.mentions), page.more
        for name in authors(page.mentions):
            people.setdefault(name, f"person{len(people) + 1}")
    cassette = {"version": 1, "interactions": [_exchange(*exchange, people | hidden) for exchange in exchanges]}
    path = folder / connector / f"{re.sub(r'[^a-zA-Z0-9]+', '-', target).strip('-')[:60] or 'target'}.yaml"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(yaml.safe_dump(cassette, allow_unicode=True, sort_keys=False), encoding="utf-8")
    return Recorded(len(exchanges), mentions, len(people), path)


def authors(mentions: Iterable[Mention]) -> set[str]:
    """Gives the names of those who wrote, whole and without their server or sign."""
    found = {mention.author for mention in mentions}
    found |= {part for name in found for part in re.split(r"[@\s/]+", name)}
    return {name for name in found if len(name) >= SHORTEST}


def without(text: str, hidden: Mapping[str, str]) -> str:
    """Replaces names and keys as whole words, also as JSON, HTML and addresses write them; longer ones first."""
    forms = {
        form: other
        for name, other in hidden.items()
        for form in (name, json.dumps(name)[1:-1], html.escape(name), quote(name))
    }
    if not forms:
        return text
    longest = sorted(forms, key=len, reverse=True)
    pattern = re.compile(r"(?<![^\W_])(?:" + "|".join(map(re.escape, longest)) + r")(?![^\W_])")
    return pattern.sub(lambda found: forms[found[0]], text)


def _exchange(request: httpx.Request, response: httpx.Response, hidden: Mapping[str, str]) -> dict[str, object]:
    headers = {name: [without(value, hidden)] for name, value in response.headers.items() if HEADERS.fullmatch(name)}
    body: str | bytes = response.content  # what is no text is kept as it is: no connector finds a name in it
    with contextlib.suppress(UnicodeDecodeError):
        body = without(response.content.decode(), hidden)
    return {
        "request": {"method": request.method, "uri": without(str(request.url), hidden), "body": None, "headers": {}},
        "response": {
            "status": {"code": response.status_code, "message": response.reason_phrase},
            "headers": headers,
            "body": {"string": body},
        },
    }

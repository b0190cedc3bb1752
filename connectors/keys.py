"""Puts keys from the environment into a request, at the last moment: no target, cursor, log or landed answer holds one.

A connector names what it needs in module constants. `KEYS` maps a header (or "?name" for a parameter of the address)
to what it holds, such as {"Authorization": "Bearer EARFUL_GITHUB_TOKEN"}: capitals that begin with EARFUL_ are a
variable and give way to its value. `OPTIONAL = True` says that it also works without.

A connector that has to log in first has two more functions, `login(environ)`, the request to send, and
`session(response)`, the headers that its answer gives the right to; `LOGIN` names the variables that `login` reads.
"""

import os
import re
from collections.abc import Mapping
from types import ModuleType

import httpx

from earful.connectors import text
from earful.connectors.types import KeyRefused

VARIABLE = re.compile(r"EARFUL_[A-Z0-9_]+")


def variables(connector: ModuleType) -> tuple[str, ...]:
    """Names the environment variables that hold a connector's keys."""
    named = [found for value in getattr(connector, "KEYS", {}).values() for found in VARIABLE.findall(value)]
    return tuple(dict.fromkeys([*named, *getattr(connector, "LOGIN", ())]))


def there(connector: ModuleType, environ: Mapping[str, str] = os.environ) -> bool:
    """Tells whether every key of a connector is there; True when it needs none."""
    return not missing(connector, environ)


def missing(connector: ModuleType, environ: Mapping[str, str] = os.environ) -> tuple[str, ...]:
    """Names the variables that are not set, or hold what can't be sent."""
    return tuple(name for name in variables(connector) if not text.header(environ.get(name, "").strip()))


def signed(
    connector: ModuleType,
    request: httpx.Request,
    environ: Mapping[str, str] = os.environ,
    session: Mapping[str, str] | None = None,
) -> httpx.Request:
    """Returns a request with its keys and the headers of a session; unchanged where an optional key is not there.

    Raises KeyRefused that names the variables to set.
    """
    if lacking := missing(connector, environ):
        if getattr(connector, "OPTIONAL", False):
            return request
        name = connector.__name__.rpartition(".")[2]
        raise KeyRefused(f"{name}: no key; export {' and '.join(lacking)} before starting earful")
    held = {
        place: VARIABLE.sub(lambda found: environ[found[0]].strip(), value)
        for place, value in getattr(connector, "KEYS", {}).items()
    } | dict(session or {})
    if not held:
        return request
    url = request.url.copy_merge_params({name[1:]: value for name, value in held.items() if name.startswith("?")})
    own = {name: value for name, value in held.items() if not name.startswith("?")}
    return httpx.Request(
        request.method,
        url,
        headers={**request.headers, **own},
        content=request.read(),
        extensions={**request.extensions, "signed": True},
    )

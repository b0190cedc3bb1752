"""Logs in where a connector has to, once in a run, and keeps what it was given in memory only."""

import os
from collections.abc import Mapping
from threading import Lock
from types import ModuleType

import httpx

from earful.connectors import keys
from earful.connectors.http import Client
from earful.connectors.types import Blocked, KeyRefused


class Sessions:
    """The sessions of one run; may be shared between threads."""

    def __init__(self, client: Client, environ: Mapping[str, str] = os.environ) -> None:
        self._client, self._environ, self._guard = client, environ, Lock()
        self._headers: dict[str, Mapping[str, str]] = {}

    def fetch(self, connector: ModuleType, request: httpx.Request) -> httpx.Response:
        """Fetches with the connector's keys; a session that has run out is opened once more.

        Raises KeyRefused when a key is missing or not accepted, otherwise what Client.fetch raises.
        """
        if not hasattr(connector, "login") or not keys.there(connector, self._environ):
            return self._client.fetch(keys.signed(connector, request, self._environ))
        known = connector.__name__ in self._headers
        try:
            return self._client.fetch(keys.signed(connector, request, self._environ, self._session(connector)))
        except KeyRefused:
            if not known:
                raise
            self._headers.pop(connector.__name__, None)
            return self._client.fetch(keys.signed(connector, request, self._environ, self._session(connector)))

    def _session(self, connector: ModuleType) -> Mapping[str, str]:
        with self._guard:
            if connector.__name__ not in self._headers:
                try:
                    answer = self._client.fetch(connector.login(self._environ))
                except Blocked as error:
                    names = " and ".join(keys.variables(connector))
                    raise KeyRefused(f"{error}; the login was refused: check {names}") from error
                self._headers[connector.__name__] = connector.session(answer)
            return self._headers[connector.__name__]

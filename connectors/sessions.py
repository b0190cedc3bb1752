"""Logs in where a connector has to, once in a run, and keeps what it was given in memory.

Where a service counts logins, its connector says KEEP_SESSION = True: then the session is kept for the next run too,
in a file that is sealed by the very password that the login takes (`sealed.py`).
"""

import logging
import os
from collections.abc import Mapping
from pathlib import Path
from threading import Lock
from types import ModuleType

import httpx

from earful.connectors import keys, sealed
from earful.connectors.http import Client
from earful.connectors.types import Blocked, KeyRefused

log = logging.getLogger(__name__)


class Sessions:
    """The sessions of one run; may be shared between threads. `folder` is where those lie that are kept, if any."""

    def __init__(self, client: Client, environ: Mapping[str, str] = os.environ, *, folder: Path | None = None) -> None:
        self._client, self._environ, self._folder, self._guard = client, environ, folder, Lock()
        self._headers: dict[str, Mapping[str, str]] = {}

    def fetch(self, connector: ModuleType, request: httpx.Request) -> httpx.Response:
        """Fetches with the connector's keys; a session that has run out is opened once more.

        Raises KeyRefused when a key is missing or not accepted, otherwise what Client.fetch raises.
        """
        if not hasattr(connector, "login") or not keys.there(connector, self._environ):
            return self._client.fetch(keys.signed(connector, request, self._environ))
        session, known = self._session(connector)
        try:
            return self._client.fetch(keys.signed(connector, request, self._environ, session))
        except KeyRefused:
            if not known:
                raise
            session, _ = self._session(connector, refused=session)
            return self._client.fetch(keys.signed(connector, request, self._environ, session))

    def _session(
        self, connector: ModuleType, refused: Mapping[str, str] | None = None
    ) -> tuple[Mapping[str, str], bool]:
        """Gives a session other than the one that was `refused`, and whether it was there before."""
        with self._guard:
            name, password = connector.__name__, "\0".join(self._environ[one] for one in connector.LOGIN)
            keep = self._folder if getattr(connector, "KEEP_SESSION", False) else None
            path = keep / name.rpartition(".")[2] if keep else None
            known = self._headers.get(name) or (sealed.read(path, password) if path else None)
            if known and known != refused:
                self._headers[name] = known
                return known, True
            try:
                answer = self._client.fetch(connector.login(self._environ))
            except Blocked as error:
                names = " and ".join(keys.variables(connector))
                raise KeyRefused(f"{error}; the login was refused: check {names}") from error
            self._headers[name] = connector.session(answer)
            if path:
                self._keep(path, self._headers[name], password)
            return self._headers[name], False

    @staticmethod
    def _keep(path: Path, session: Mapping[str, str], password: str) -> None:
        try:
            sealed.write(path, session, password)
        except OSError as error:
            log.warning("%s can't be written (%s): the next run logs in again", path, error.strerror)

"""Reads what the Spikes page shows, once a snapshot; see `read` for how."""
# ruff: noqa: ARG001 - the version is there for the cache alone

from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from pathlib import Path

import streamlit as st

from earful.data import alerting, counting, database, events, families, silencing
from earful.data.counting import Counted
from earful.data.queries import Line


@dataclass(frozen=True)
class Found:
    """Alerts, the latest first, who acknowledged them, and silences."""

    alerts: list[alerting.Alert]
    acknowledged: list[silencing.Acknowledgement]
    silences: list[silencing.Silence]


@st.cache_data(show_spinner=False, max_entries=16, ttl="1h")
def alerts(folder: Path, version: str, since: date) -> Found:
    """Reads the alerts about brands that fire or began since a day."""
    begin = datetime.combine(since, time(), UTC)
    with database.snapshot(folder) as con:
        return Found(alerting.of_late(con, begin), silencing.acknowledgements(con), silencing.silences(con, begin))


@st.cache_data(show_spinner=False, max_entries=64, ttl="1h")
def happened(folder: Path, version: str, brand: str, start: datetime, finish: datetime) -> list[events.Event]:
    """Reads what was marked of a brand in a span of time."""
    with database.snapshot(folder) as con:
        return events.between(con, brand, start, finish)


@st.cache_data(show_spinner=False, max_entries=64, ttl="1h")
def listed(
    folder: Path, version: str, counted: Counted, start: datetime, finish: datetime, most: int
) -> tuple[int, list[Line]]:
    """Reads how many stories a rule counts in a span of time, and the latest of them."""
    with database.snapshot(folder) as con:
        return counting.listed(con, counted, start, finish, most)


@st.cache_data(show_spinner=False, max_entries=64, ttl="1h")
def theme(folder: Path, version: str, brand: str, name: str) -> str:
    """Reads the id of the theme that a rule calls so, "" where there is none."""
    with database.snapshot(folder) as con:
        return next(iter(families.members(con, brand, name)), "")

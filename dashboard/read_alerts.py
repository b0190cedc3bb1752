"""Reads what the Spikes page shows, once a snapshot; see `read` for how."""
# ruff: noqa: ARG001 - the version is there for the cache alone

from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from pathlib import Path

import streamlit as st

from earful.data import alerting, database, events, silencing


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

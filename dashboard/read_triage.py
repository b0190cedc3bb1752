"""Reads what the team makes of mentions, each answer once a snapshot, as `read` does."""
# ruff: noqa: ARG001 - the version is there for the cache alone

from pathlib import Path

import streamlit as st

from earful.data import database, triage
from earful.data.triage import Mention, Standing


@st.cache_data(show_spinner=False, max_entries=64, ttl="1h")
def standings(folder: Path, version: str, brand: str, mentions: tuple[Mention, ...]) -> dict[Mention, Standing]:
    """Reads how far the team is with some mentions; those of which nothing was said are left out."""
    with database.snapshot(folder) as con:
        return triage.standings(con, brand, mentions)


@st.cache_data(show_spinner=False, max_entries=8)
def assignees(folder: Path, version: str) -> list[str]:
    """Reads who was ever assigned."""
    with database.snapshot(folder) as con:
        return triage.assignees(con)

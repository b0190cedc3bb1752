"""Reads what the Criticism page shows, each answer once a snapshot; see `read` for how."""
# ruff: noqa: ARG001 - the version is there for the cache alone

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import pandas as pd
import streamlit as st

from earful.data import board, criticism, database, events, queries
from earful.data.families import of as families_of
from earful.data.queries import Filters


@dataclass(frozen=True)
class Found:
    """Everything the page shows of one brand in a period; `gaps` and `spikes` are those of the charts."""

    themes: list[criticism.Theme]
    standing: dict[str, board.Standing]
    cards: dict[str, board.Card]
    counts: pd.DataFrame
    parts: pd.DataFrame
    spikes: list[queries.Spike]
    gaps: list[queries.Gap]
    events: list[events.Event]
    reach: queries.Reach
    last: criticism.Round | None


@dataclass(frozen=True)
class Rivals:
    """What brands are criticised for, and whose complaints were set against the themes."""

    shares: pd.DataFrame
    compared: set[str]


@dataclass(frozen=True)
class Heard:
    """Where brands were heard, and when nobody listened."""

    heard: pd.DataFrame
    gaps: list[queries.Gap]


@dataclass(frozen=True)
class Daily:
    """Complaints a day by source around a date: of some themes, of competitors in these, and theirs of all kinds."""

    own: dict[str, list[int]]
    alike: dict[str, list[int]]
    others: dict[str, list[int]]
    gaps: list[queries.Gap]
    watched: dict[str, criticism.Watch]
    spikes: list[queries.Spike]


@st.cache_data(show_spinner=False, max_entries=64, ttl="1h")
def found(folder: Path, version: str, filters: Filters, borders: tuple[datetime, ...]) -> Found:
    """Reads a brand's themes and what was said in them between `borders`."""
    with database.snapshot(folder) as con:
        counts, parts = criticism.told(con, filters, borders)
        return Found(
            criticism.themes(con, filters.brand),
            board.standing(con, filters.brand),
            board.cards(con, filters.brand),
            counts,
            parts,
            queries.spikes(con, filters),
            queries.gaps(con, filters),
            events.between(con, filters.brand, filters.start, filters.finish),
            queries.reach(con, filters.brand),
            criticism.last_round(con, filters.brand),
        )


@st.cache_data(show_spinner=False, max_entries=64, ttl="1h")
def voices(folder: Path, version: str, brand: str) -> int:
    """Reads how many people ever complained about a brand."""
    with database.snapshot(folder) as con:
        return criticism.voices(con, brand)


@st.cache_data(show_spinner=False, max_entries=64, ttl="1h")
def families(folder: Path, version: str, brand: str) -> dict[str, tuple[str, tuple[str, ...]]]:
    """Reads the subjects by which a brand's mentions can be listed: its own, then those of brands it was set against.

    By the theme's id its name, and the ids of all themes that count as it.
    """
    with database.snapshot(folder) as con:
        found = {one.theme: (one.name, one.members) for one in families_of(con, brand)}
        for other in criticism.compared_with(con, brand):
            found |= {one.theme: (f"{other}: {one.name}", one.members) for one in families_of(con, other)}
        return found


@st.cache_data(show_spinner=False, max_entries=64, ttl="1h")
def shown(folder: Path, version: str, brand: str) -> dict[str, tuple[str, tuple[str, ...]]]:
    """Reads a brand's own subjects, less those that people hid; as `families`."""
    with database.snapshot(folder) as con:
        return {one.theme: (one.name, one.members) for one in families_of(con, brand) if not one.hidden}


@st.cache_data(show_spinner=False, max_entries=64, ttl="1h")
def rivals(folder: Path, version: str, filters: Filters) -> Rivals:
    """Reads what all brands are criticised for, by the themes of the filters' brand."""
    with database.snapshot(folder) as con:
        return Rivals(criticism.shares(con, filters), criticism.compared(con, filters.brand))


@st.cache_data(show_spinner=False, max_entries=64, ttl="1h")
def heard(folder: Path, version: str, filters: Filters) -> Heard:
    """Reads what each source brought of all brands."""
    with database.snapshot(folder) as con:
        return Heard(criticism.heard(con, filters), queries.gaps(con, filters))


@st.cache_data(show_spinner=False, max_entries=128, ttl="1h")
def quotes(folder: Path, version: str, filters: Filters, themes: tuple[str, ...], limit: int) -> list[criticism.Quote]:
    """Reads the mentions that stand for some themes most clearly."""
    with database.snapshot(folder) as con:
        return criticism.quotes(con, filters, themes, limit)


@st.cache_data(show_spinner=False, max_entries=128, ttl="1h")
def daily(
    folder: Path,
    version: str,
    brand: str,
    others: tuple[str, ...],
    themes: tuple[str, ...],
    edges: tuple[datetime, ...],
) -> Daily:
    """Reads the complaints a day between `edges`: of some themes of a brand, and of the others."""
    whole = Filters(brand, edges[0], edges[-1])
    with database.snapshot(folder) as con:
        return Daily(
            criticism.daily(con, brand, edges, themes),
            _added(criticism.daily(con, other, edges, themes, brand) for other in others),
            _added(criticism.daily(con, other, edges) for other in others),
            queries.gaps(con, whole),
            criticism.watched(con),
            queries.spikes(con, whole),
        )


def _added(counts: Iterable[dict[str, list[int]]]) -> dict[str, list[int]]:
    """Adds up the brands' counts by source."""
    found: dict[str, list[int]] = {}
    for one in counts:
        for source, steps in one.items():
            found[source] = [a + b for a, b in zip(found.get(source, [0] * len(steps)), steps, strict=True)]
    return found

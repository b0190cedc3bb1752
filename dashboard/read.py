"""Reads snapshots for the pages, each answer once a snapshot.

A connection is opened and closed inside every call and never kept: a shared one gives one reader another's rows.
The version of the snapshot is part of every cache key, so a new snapshot is seen at the next look.
"""
# ruff: noqa: ARG001 - the version is there for the cache alone

import io
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import pandas as pd
import streamlit as st

from earful.data import (
    changes,
    database,
    events,
    export,
    judgements,
    migrations,
    queries,
    standing,
    stories,
    surveys,
    todo,
    versions,
)
from earful.data import digests as sent
from earful.data import targets as outbox
from earful.data.queries import Filters
from earful.models.accuracy import Pair

Borders = tuple[datetime, ...]
MARKED = 50  # events, of all brands, that the pictures of sources show


@dataclass(frozen=True)
class Known:
    """What a store watches and how it is doing."""

    settings: dict[str, Any]
    brands: list[queries.Brand]
    sources: list[todo.SourceRow]
    source_names: list[str]

    @property
    def zone(self) -> ZoneInfo:
        """The team's time zone, UTC until one is set."""
        try:
            return ZoneInfo(str(self.settings.get("timezone") or "UTC"))
        except (ZoneInfoNotFoundError, ValueError):
            return ZoneInfo("UTC")


@dataclass(frozen=True)
class Overview:
    """Everything the Overview shows of one brand."""

    counts: pd.DataFrame
    spikes: list[queries.Spike]
    gaps: list[queries.Gap]
    alerts: list[queries.Alert]
    reach: queries.Reach
    events: list[events.Event]


@dataclass(frozen=True)
class Sources:
    """Everything the Sources page shows; counts and gaps by the source's name, the latest events of all brands."""

    rows: list[todo.SourceRow]
    daily: dict[str, list[int]]
    week: dict[str, int]
    gaps: dict[str, list[queries.Gap]]
    events: list[events.Event]


def version(folder: Path) -> str:
    """Names the newest snapshot and when it was published; "" when there is none."""
    name = database.current(folder)
    try:
        return f"{name} {(folder / 'read' / 'CURRENT').stat().st_mtime_ns}" if name else ""
    except FileNotFoundError:
        return ""


@st.cache_data(show_spinner=False, max_entries=8)
def known(folder: Path, version: str) -> Known:
    """Reads what a store watches; raises DatabaseError for a copy that an older or newer Earful wrote."""
    with database.snapshot(folder) as con:
        if migrations.applied(con) > len(migrations.MIGRATIONS):
            raise database.DatabaseError(
                "It was written by a newer version of Earful than this page is; start the dashboard anew with that one"
            )
        if migrations.pending(con):
            raise database.DatabaseError(
                "It was written by an older version of Earful; the next run brings it up to date"
            )
        return Known(queries.settings(con), queries.brands(con), todo.sources(con), queries.known_sources(con))


@st.cache_data(show_spinner=False, max_entries=64, ttl="1h")
def overview(
    folder: Path, version: str, filters: Filters, borders: tuple[datetime, ...], brands: tuple[str, ...]
) -> Overview:
    """Reads the Overview: counts between `borders`, and the alerts of `brands`."""
    with database.snapshot(folder) as con:
        return Overview(
            queries.counts(con, filters, borders),
            queries.spikes(con, filters),
            queries.gaps(con, filters),
            queries.alerts(con, brands, 8),
            queries.reach(con, filters.brand),
            events.between(con, filters.brand, filters.start, filters.finish),
        )


@st.cache_data(show_spinner=False, max_entries=64, ttl="1h")
def answers(folder: Path, version: str, filters: Filters, start: datetime, finish: datetime) -> surveys.Answers:
    """Reads what was answered to surveys' questions from `start` up to `finish`."""
    with database.snapshot(folder) as con:
        return surveys.answers(con, filters, start, finish)


@st.cache_data(show_spinner=False, max_entries=8, ttl="1h")
def sources(folder: Path, version: str, borders: tuple[datetime, ...], week: datetime) -> Sources:
    """Reads how the sources stand: what each brought between the `borders` and since `week`, and its gaps."""
    with database.snapshot(folder) as con:
        return Sources(
            todo.sources(con),
            standing.daily(con, borders),
            standing.counts(con, week),
            standing.gaps(con, borders[0]),
            events.newest(con, MARKED),
        )


@st.cache_data(show_spinner=False, max_entries=64, ttl="1h")
def brought(
    folder: Path, version: str, source: str, start: datetime, finish: datetime, most: int
) -> tuple[int, list[standing.Brought]]:
    """Reads how many mentions a source brought in a span of time, and the latest of them."""
    with database.snapshot(folder) as con:
        return standing.brought(con, source, start, finish, most)


@st.cache_data(show_spinner=False, max_entries=8)
def targets(folder: Path, version: str) -> list[outbox.TargetRow]:
    """Reads how delivery stands at each target."""
    with database.snapshot(folder) as con:
        return outbox.standing(con)


@st.cache_data(show_spinner=False, max_entries=8)
def judged(folder: Path, version: str) -> list[Pair]:
    """Reads every label that people gave, beside the model's; of all brands and times."""
    with database.snapshot(folder) as con:
        return [Pair(row.source, row.judged, row.person) for row in judgements.judged(con)]


@st.cache_data(show_spinner=False, max_entries=64, ttl="1h")
def mentions(folder: Path, version: str, filters: Filters, limit: int, offset: int) -> tuple[int, list[queries.Line]]:
    """Reads how many mentions there are under the filters, and one page of them."""
    with database.snapshot(folder) as con:
        return queries.count_mentions(con, filters), queries.mentions(con, filters, limit, offset)


@st.cache_data(show_spinner=False, max_entries=256, ttl="1h")
def detail(folder: Path, version: str, source: str, id: str, brand: str) -> queries.Detail | None:
    """Reads all about one mention."""
    with database.snapshot(folder) as con:
        return queries.detail(con, source, id, brand)


@st.cache_data(show_spinner=False, max_entries=256, ttl="1h")
def history(folder: Path, version: str, source: str, id: str) -> versions.History:
    """Reads what became of one mention since it was first seen."""
    with database.snapshot(folder) as con:
        return versions.history(con, source, id)


@st.cache_data(show_spinner=False, max_entries=64, ttl="1h")
def copies(
    folder: Path, version: str, source: str, id: str, brand: str, most: int
) -> tuple[list[stories.Copy], list[datetime]]:
    """Reads the mentions that tell the same story as one does, the first first, and when other stories became it."""
    with database.snapshot(folder) as con:
        return stories.copies(con, source, id, brand, most), stories.joined(con, source, id)


@st.cache_data(show_spinner=False, max_entries=64, ttl="1h")
def languages(folder: Path, version: str, brand: str) -> list[str]:
    """Reads the languages in which a brand is spoken of."""
    with database.snapshot(folder) as con:
        return queries.languages(con, brand)


@st.cache_data(show_spinner=False, max_entries=64, ttl="1h")
def reach(folder: Path, version: str, brand: str) -> queries.Reach:
    """Reads from when to when a brand was spoken of."""
    with database.snapshot(folder) as con:
        return queries.reach(con, brand)


@st.cache_data(show_spinner=False, max_entries=8)
def configuration_changes(folder: Path, version: str) -> list[changes.Change]:
    """Reads the last changes of the configuration that were made on the dashboard."""
    with database.snapshot(folder) as con:
        return changes.latest(con, 20)


@st.cache_data(show_spinner=False, max_entries=16)
def digests(folder: Path, version: str, brand: str) -> list[sent.Kept]:
    """Reads the digests of a brand, the newest first."""
    with database.snapshot(folder) as con:
        return sent.newest(con, brand)


@st.cache_data(show_spinner=False, max_entries=4, ttl="10m")
def exported(folder: Path, version: str, filters: Filters, most: int) -> bytes:
    """Writes the mentions under the filters as CSV, at most so many."""
    with database.snapshot(folder) as con:
        table = export.chosen(con, filters, most)
    file = io.StringIO(newline="")
    export.write_csv(table, file)
    return file.getvalue().encode("utf-8-sig")  # so that spreadsheets know the encoding

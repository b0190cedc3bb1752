"""Folds the filters to one line on a narrow screen; look.css does so, and hides the line where there is room."""

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import streamlit as st

from earful.dashboard import filters, words

OPEN = "filters are open"


def summary(page: str, zone: ZoneInfo) -> str:
    """Says what the filters are set to, as a label."""
    state = st.session_state
    parts = [words.literal(words.short(state["brand"])), _period(zone)]
    if state["source"]:
        parts.append(f"{len(state['source'])} source{'s' * (len(state['source']) > 1)}")
    if state["count"] == "mentions":
        parts.append("mentions")
    if page == "mentions":
        more = sum(bool(state[key]) for key in (*filters.SEVERAL, *filters.SINGLE, "hidden"))
        parts += [f"{more} more"] if more else []
    return ", ".join(parts)


def _period(zone: ZoneInfo) -> str:
    start, finish = (st.session_state.get(key) for key in ("from", "to"))
    if st.session_state["period"] != "dates":
        return filters.PERIODS[st.session_state["period"]].lower()
    if not (isinstance(start, datetime) and isinstance(finish, datetime) and start < finish):
        return "chosen dates"
    return words.days(start.replace(tzinfo=zone), finish.replace(tzinfo=zone), zone)


def box(said: str) -> Any:
    """Draws the line that opens and folds the filters, and gives the box to draw them in."""
    shown = bool(st.session_state.get(OPEN))
    with st.container(key="filters-line"):
        st.button(
            f"Filters: {said}",
            key="fold filters",
            icon=f":material/{'expand_less' if shown else 'filter_list'}:",
            help="Fold the filters" if shown else "Open the filters",
            width="stretch",
            on_click=_turn,
        )
    return st.container(key="filters-open" if shown else "filters-folded")


def _turn() -> None:
    st.session_state[OPEN] = not st.session_state.get(OPEN)

"""Offers the query behind a figure, to be run by whoever doubts it."""

from dataclasses import replace

import streamlit as st

from earful.dashboard.frame import View
from earful.data import explained


def show(view: View, figure: str, themes: tuple[str, ...] = ()) -> None:
    """Shows the query of a figure under the page's filters; of "theme" the count of these themes' stories."""
    filters, period = view.choice.filters, view.choice.period
    if themes:
        filters = replace(filters, themes=themes)
    write(explained.query(figure, filters, period.step, view.zone.key))


def write(query: str) -> None:
    """Shows a query, and says where it can be run."""
    with st.expander("SQL", icon=":material/database:"):
        st.code(query, language="sql", wrap_lines=True)
        st.caption("DuckDB gives the same number on any copy of the store, in the folder `read` beside it.")

"""Offers the query behind a figure, to be run by whoever doubts it."""

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

import streamlit as st

from earful.dashboard import words
from earful.data import explained, explained_themes

if TYPE_CHECKING:  # the frame offers queries too
    from earful.dashboard.frame import View


def show(view: "View", figure: str, name: str = "SQL", themes: tuple[str, ...] = ()) -> None:
    """Shows the query of a figure under the page's filters; of "theme" the count of these themes' stories."""
    filters, period = view.choice.filters, view.choice.period
    if themes:
        filters = replace(filters, themes=themes)
    write(explained.query(figure, filters, period.step, view.zone.key), name)


def before(view: "View", figure: str) -> None:
    """Shows the query of a figure in the period before, under the page's filters."""
    filters, period = view.choice.filters, view.choice.period
    filters = replace(filters, start=period.before, finish=period.before_finish)
    write(explained.query(figure, filters, period.step, view.zone.key), "SQL of the period before")


def themes(view: "View", subjects: Mapping[str, str], fair: bool) -> None:
    """Shows the query of a brand's themes by what they are called; with the period before if that is `fair`."""
    filters, period = view.choice.filters, view.choice.period
    write(explained_themes.themes(filters, subjects, (period.before, period.before_finish) if fair else None))


def write(query: str, name: str = "SQL") -> None:
    """Shows a query, and says where it can be run."""
    with st.expander(name, icon=":material/database:"):
        st.code(words.plain(query), language="sql", wrap_lines=True)
        st.caption("DuckDB gives the same number on any copy of the store, in the folder `read` beside it.")

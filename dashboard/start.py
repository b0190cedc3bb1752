"""Starts Streamlit with what the pages need already loaded, so that the first reader does not wait for it."""

import importlib

import altair as alt
import pandas as pd
from streamlit.web.cli import main as streamlit

# What keeps answers for the pages (`read` and all that builds on it) can't be loaded before Streamlit runs.
LOADED = ("earful.dashboard.beside", "earful.dashboard.figures", "earful.flows.relevance")


def warm() -> None:
    """Loads what is slow to load, and draws up a chart that nobody sees: the first reads the whole schema of charts."""
    for name in LOADED:
        importlib.import_module(name)
    rows = pd.DataFrame({"x": [0]})
    alt.Chart(rows).mark_bar().encode(x="x:Q", tooltip=[alt.Tooltip("x:Q")]).properties(title="x").to_dict()


if __name__ == "__main__":
    warm()
    streamlit(prog_name="streamlit")

"""Lays the pages out on narrow screens and on paper: the one style sheet, in which nothing that people wrote stands."""

from pathlib import Path

import streamlit as st

SHEET = Path(__file__).with_name("look.css")


def use() -> None:
    """Has the page use the style sheet."""
    st.html(SHEET)

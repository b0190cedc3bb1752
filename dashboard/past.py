"""Draws what became of a mention since it was first seen: its earlier wordings, and that it was deleted."""

import streamlit as st

from earful.dashboard import words
from earful.dashboard.frame import View
from earful.data.versions import MOST, History

DELETED = "deleted at its source"  # shown where the words of a mention would stand


def deleted(view: View, history: History) -> None:
    """Says what is left of a mention that its source says was deleted."""
    st.badge(DELETED, icon=":material/delete:", color="gray")
    if history.gone:
        st.caption(
            f"Found on {words.moment(history.gone, view.zone)}. Its words, author and address were erased; it still "
            "counts as it was judged."
        )


def edits(view: View, history: History) -> None:
    """Offers the earlier wordings of a mention, newest first; what people wrote goes through st.text alone."""
    count = len(history.versions)
    if not count:
        return
    often = f"{MOST} times or more" if count >= MOST else "once" if count == 1 else f"{count} times"
    if history.gone:
        st.caption(f"Edited {often} before.")
        return
    with st.expander(f"Edited {often}", icon=":material/history:"):
        for version in reversed(history.versions):
            st.caption(f"Until {words.moment(version.seen, view.zone)}")
            if version.title and not version.text.startswith(version.title):
                st.text(words.plain(version.title))
            st.text(words.plain(version.text))

"""Draws the targets that do not take what they are sent: what waits for each, since when, and why."""

import streamlit as st

from earful.dashboard import read, words
from earful.dashboard.frame import Store


def show(store: Store) -> None:
    """Draws one box for each target that fails; nothing where all is delivered."""
    for row in read.targets(store.folder, store.version):
        if not row.failing or row.since is None:
            continue
        with st.container(border=True, gap="xxsmall"):
            with st.container(horizontal=True, vertical_alignment="center", gap="small"):
                st.badge("Not delivered", color="red", icon=":material/outgoing_mail:")
                st.caption(f"since {words.moment(row.since, store.zone)}", width="content")
            waits = "1 message waits" if row.waiting == 1 else f"{row.waiting} messages wait"
            st.text(f"Target “{words.short(row.target, 80)}”: {waits}")
            st.text(f"“{words.short(row.error, 300)}”")
            st.markdown(
                ":material/build: It is tried again by itself, ever less often, and nothing is lost. If it lasts, try "
                "its address with `earful alert --test`."
            )

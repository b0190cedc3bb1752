"""Says what to do next where there is no store to show yet, or none that can be read."""

import streamlit as st

from earful.dashboard import head, words


def unnamed() -> None:
    """Says that the dashboard was started without a store."""
    st.subheader("No store is named", anchor=False)
    st.markdown("Start the dashboard beside `earful.toml`; the store's folder is named there:")
    st.code("earful dashboard", language="shell", width=360)
    st.caption(
        "`earful serve` starts it too, with all that collects. Without an `earful.toml`, begin with `earful init`."
    )


def unreadable(error: str, guarded: bool, set_up: bool = False) -> None:
    """Says that the newest copy of the store can't be read; where the page is `guarded`, not what is wrong with it.

    The Set-up page, `set_up`, goes on below without it.
    """
    st.subheader("The newest copy of the store can't be read", anchor=False)
    st.markdown(
        "What was collected is kept: pages read copies of it, and the next run writes another. "
        "If `earful serve` is running, wait for that, and this page comes back by itself; else:"
    )
    st.code("earful run", language="shell", width=360)
    if not guarded:
        st.code(words.plain(error), language=None, wrap_lines=True)
    if set_up:
        st.caption(
            "The settings below come from `earful.toml` and can be changed all the same. Earlier changes, and what "
            "an expression or a rule would have found, are there again with the next copy."
        )
    else:
        st.page_link(head.PAGES["set-up"], label="Set-up can be used meanwhile", icon=":material/tune:")


def nothing_yet() -> None:
    """Says how the first mentions come."""
    st.subheader("Nothing has been collected yet", anchor=False)
    st.markdown(
        "If `earful serve` or `earful demo` has just been started, the first mentions are on their way and this page "
        "fills by itself. Else three commands bring them here:"
    )
    for number, (what, command) in enumerate(
        (
            ("Write an `earful.toml` with your brand and where to listen:", "earful init"),
            ("Ask every source once and see what would match; nothing is kept:", "earful check"),
            ("Collect, match and score once; `earful serve` then does it on a schedule:", "earful run"),
        ),
        1,
    ):
        st.markdown(f"{number}. {what}")
        st.code(command, language="shell", width=360)
    st.page_link(head.PAGES["set-up"], label="Or set up brands and sources here", icon=":material/tune:")
    st.caption("Only curious? `earful demo` shows everything with an invented brand, without a network.")

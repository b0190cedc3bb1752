"""Writes people's decisions, each with its author, and says so when one could not be kept."""

from collections.abc import Callable
from datetime import UTC, datetime

import streamlit as st

from earful.dashboard import words
from earful.dashboard.frame import Store
from earful.data import people
from earful.data.database import Database, DatabaseError
from earful.data.lock import Busy
from earful.data.queries import Connection

PROBLEM = "not kept"
ONLY_LOOKS = "You may look but not decide here; ask for the role of an editor"


def decide(view: Store, write: Callable[[Connection, str, datetime], object]) -> bool:
    """Calls `write` with a connection in a transaction, the author and the time; tells whether it was kept."""
    try:
        with people.decision(Database(view.folder, wait=10), view.who.address) as con:
            write(con, view.who.address, datetime.now(UTC))
    except (Busy, DatabaseError, people.NotAllowed, ValueError) as error:
        st.session_state[PROBLEM] = str(error)
        return False
    return True


def problem() -> None:
    """Draws what kept the last decision from being kept, once."""
    if said := st.session_state.pop(PROBLEM, ""):
        st.error("This was not kept, and nothing has changed. The reason:")
        st.code(words.plain(str(said)), language=None, wrap_lines=True)


def help_of(view: Store) -> str | None:
    """Says why buttons that decide are off, None where they are not."""
    return None if view.who.may_decide else ONLY_LOOKS

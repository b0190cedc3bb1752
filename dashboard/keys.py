"""Lets a person go through the list of mentions by keys, and says which there are."""

import streamlit as st

from earful.data.triage import Mention

LABELS = ("1", "2", "3", "4")  # in the order of the buttons
PLACE = "place in the list"  # of the mention that was open last
KEYS = """
| Key | Does |
|---|---|
| J, K | the next mention, the one before |
| ↑ ↓ | the same, once the list was clicked, or reached by Tab |
| Shift + Space | in the list: choose a mention, to change many at once |
| 1 2 3 4 | negative, neutral, positive, unclear |
| Y, N | it is about the brand, it is not |
| S, A, D | seen, to answer, done |
| U | take back what was done to many at once |
"""


def show(keys: list[Mention], opened: Mention) -> None:
    """Draws the ways to the next mention and the one before; `keys` is the list, `opened` what is shown in full."""
    state = st.session_state
    inside = opened in keys
    if inside:
        state[PLACE] = keys.index(opened)
    place = min(state.get(PLACE, 0), len(keys))
    # What was open may have left the list: then the one that took its place is the next.
    after, before = place + inside, min(place, len(keys)) - 1
    _button("Next", "J", "keyboard_arrow_down", keys[after] if after < len(keys) else None)
    _button("Before", "K", "keyboard_arrow_up", keys[before] if before >= 0 else None)
    with st.popover("Keys", type="tertiary", icon=":material/keyboard:"):
        st.markdown(KEYS)
        st.caption("They work as long as no field is being written in.")


def _button(label: str, key: str, icon: str, to: Mention | None) -> None:
    st.button(
        label,
        key=f"go {label}",
        icon=f":material/{icon}:",
        type="tertiary",
        shortcut=key,
        disabled=to is None,
        on_click=_open,
        args=(to,),
    )


def _open(to: Mention) -> None:
    st.session_state["chosen"] = to

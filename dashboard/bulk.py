"""Changes many mentions at once: one bar of actions for those that are chosen in the list, and the way back."""

from datetime import UTC, datetime

import streamlit as st

from earful.dashboard import deciding, filters, triage, words
from earful.dashboard.frame import View
from earful.data import store
from earful.data import triage as kept
from earful.data.database import Database, DatabaseError
from earful.data.lock import Busy
from earful.data.queries import Connection
from earful.data.triage import Change, Mention
from earful.flows import relevance as learning

DONE = "changed at once"  # the last such change of this visit, to be taken back
TURN = "times the choice was let go"
FIELDS = {"label": "Sentiment", "about": "About the brand", "status": "Status"}
VALUES = {
    "label": {label: words.SIGNS[label] for label in store.LABELS},
    "about": {"no": "Not about the brand", "yes": "It is about the brand"},
    "status": filters.STATUSES,
}


def bar(view: View, chosen: list[Mention]) -> None:
    """Draws the actions for the chosen mentions."""
    off, why = not view.who.may_decide, deciding.help_of(view)
    with st.container(horizontal=True, vertical_alignment="center", gap="xsmall"):
        st.markdown(f"**{len(chosen):,} chosen**", width="content")
        for field, label in FIELDS.items():
            st.menu_button(
                label,
                list(VALUES[field]),
                key=f"bulk {field}",
                format_func=VALUES[field].__getitem__,
                disabled=off,
                help=why,
                on_click=_from_menu,
                args=(view, chosen, field),
            )
        with st.popover("Assign", disabled=off, help=why):
            who = st.selectbox(
                "Assigned to",
                triage.choices(view),
                key="bulk assignee",
                format_func=lambda one: triage.name(view, one),
                accept_new_options=True,
            )
            st.button("Assign", key="bulk assign", on_click=_apply, args=(view, chosen, "assignee", who or ""))
        st.button("Clear", key="bulk clear", type="tertiary", icon=":material/close:", on_click=_let_go)


def back(view: View) -> None:
    """Says what was changed last for many at once, and offers to take it back."""
    done: Change | None = st.session_state.get(DONE)
    if not done or done.brand != view.choice.filters.brand:
        return
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        count = len(done.before)
        what = {"assignee": "assignee"}.get(done.field) or FIELDS[done.field].lower()
        value = VALUES.get(done.field, {}).get(done.value, "") or triage.name(view, done.value)
        some = "1 mention" if count == 1 else f"{count:,} mentions"
        st.text(f"{some} changed, {what}: {value}" if count else "All of them were so already", width="content")
        if count:
            st.button(
                "Undo",
                key="bulk undo",
                icon=":material/undo:",
                type="tertiary",
                shortcut="U",
                disabled=not view.who.may_decide,
                help=deciding.help_of(view),
                on_click=_undo,
                args=(view, done),
            )


def _from_menu(view: View, chosen: list[Mention], field: str) -> None:
    if value := st.session_state.get(f"bulk {field}"):
        _apply(view, chosen, field, value)


def _apply(view: View, chosen: list[Mention], field: str, value: str) -> None:
    brand, done = view.choice.filters.brand, list[Change]()

    def write(con: Connection, author: str, now: datetime) -> None:
        done.append(kept.change_all(con, chosen, brand, field, value.strip(), author, now))

    if deciding.decide(view, write):
        st.session_state[DONE] = done[0]
        _let_go()
        _learn(view, done[0])


def _undo(view: View, done: Change) -> None:
    if deciding.decide(view, lambda con, author, now: kept.undo(con, done, author, now)):
        st.session_state.pop(DONE)
        _learn(view, done)


def _learn(view: View, done: Change) -> None:
    if done.field != "about" or not done.before:
        return
    try:
        learning.follow(Database(view.folder, wait=10), done.brand, datetime.now(UTC))
    except (Busy, DatabaseError) as error:  # what was said is kept; the next run learns from it
        st.session_state[deciding.PROBLEM] = f"It counts, but nothing was learnt from it yet: {error}"


def _let_go() -> None:
    st.session_state[TURN] = st.session_state.get(TURN, 0) + 1

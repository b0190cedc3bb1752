"""Draws the form that marks an event on the charts, and the list of those that are marked."""

from collections.abc import Sequence
from datetime import datetime, time
from typing import Any

import streamlit as st

from earful.dashboard import aftermath, deciding, words
from earful.dashboard.frame import View
from earful.dashboard.subjects import Subject
from earful.data import events
from earful.data.events import Event

COMPARED = "event that is compared"


def show(view: View, marked: Sequence[Event], subject: Subject) -> None:
    """Offers to mark an event, and to compare or withdraw those of the period; titles are people's words."""
    with st.popover("Events", icon=":material/flag:", type="tertiary"):
        for one in marked:
            with st.container(horizontal=True, vertical_alignment="center"):
                when = (
                    words.span(one.start, one.finish, view.zone) if one.finish else words.moment(one.start, view.zone)
                )
                st.text(f"{words.short(one.title, 60)} · {one.kind} · {when} · {words.short(one.author)}")
                if address := words.web_address(one.link):
                    st.link_button("Open", address, type="tertiary")
                st.button(
                    "Before and after", key=f"after {one.event}", type="tertiary", on_click=_compare, args=(one.event,)
                )
                st.button(
                    "Withdraw",
                    key=f"withdraw {one.event}",
                    type="tertiary",
                    disabled=not view.who.may_decide,
                    help=deciding.help_of(view),
                    on_click=_withdraw,
                    args=(view, one.event),
                )
            if st.session_state.get(COMPARED) == one.event:
                aftermath.of_event(view, one, subject)
        _form(view)


def _form(view: View) -> None:
    local = view.now.astimezone(view.zone)
    with st.form("event", border=False, clear_on_submit=True):
        st.markdown("**Mark what happened**")
        title = st.text_input("Title", max_chars=events.LONGEST_TITLE, placeholder="Version 2 is out")
        kind = st.selectbox("Kind", events.KINDS)
        columns = st.columns(2)
        on = columns[0].date_input("On", local.date())
        at: Any = columns[1].time_input("At", time(local.hour))
        until: Any = st.date_input("Until", None, help="The last day, if it took longer than a moment")
        link = st.text_input("Link", placeholder="https://")
        everyone = st.checkbox("For all brands")
        off = not view.who.may_decide
        if st.form_submit_button("Mark", disabled=off, help=deciding.help_of(view)) and title.strip():
            start = datetime.combine(on, at, view.zone)
            finish = datetime.combine(until, time(23, 59), view.zone) if until else None
            brand = "" if everyone else view.choice.filters.brand
            deciding.decide(
                view,
                lambda con, author, now: events.add(con, brand, kind, start, finish, title, link, author, now),
            )
            st.rerun()


def _compare(event: str) -> None:
    """Opens the comparison of an event, and closes it when it is asked for again."""
    st.session_state[COMPARED] = "" if st.session_state.get(COMPARED) == event else event


def _withdraw(view: View, event: str) -> None:
    deciding.decide(view, lambda con, author, now: events.withdraw(con, event, author, now))

"""Draws what people may decide about a theme: its name, what it is part of, and whether it is shown."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import streamlit as st

from earful.dashboard import deciding, subjects, words
from earful.dashboard.frame import View
from earful.dashboard.subjects import Subject
from earful.data import board
from earful.data.criticism import Quote


def show(view: View, subject: Subject, everything: list[Subject], found: datetime | None) -> None:
    """Draws a theme's name, its state and the buttons that decide about it; `found` is when themes were, last."""
    st.text(words.short(subject.name, 80))
    with st.container(horizontal=True, gap="small"):
        st.badge(subjects.STATES.get(subject.found.state, "unknown"), color="gray")
        if subject.standing.pinned:
            st.badge("pinned", icon=":material/keep:", color="blue")
        if subject.standing.hidden:
            st.badge("hidden", icon=":material/visibility_off:", color="gray")
    st.caption(f"First seen {words.moment(subject.first_seen, view.zone)}")
    if subject.standing.name:
        st.text(f"Found as: {words.short(subject.found.name, 80)}")
    elif subject.found.sentence:
        st.text(f"“{words.short(subject.found.sentence, 200)}”")
    for name in subject.merged:
        st.text(f"With: {words.short(name, 80)}")
    off, why = not view.who.may_decide, deciding.help_of(view)
    with st.container(horizontal=True, gap="xsmall"):
        _rename(view, subject, off, why)
        _merge(view, subject, everything, off, why)
        _split(view, subject, off, why)
        pinned, hidden = subject.standing.pinned, subject.standing.hidden
        _button(view, subject, "unpin" if pinned else "pin", ":material/keep:", off, why)
        _button(
            view, subject, "show" if hidden else "hide", f":material/visibility{'' if hidden else '_off'}:", off, why
        )
    asked = subject.standing.split
    if asked and (found is None or asked >= found):
        st.caption(
            f":material/schedule: A split was asked for, {words.moment(asked, view.zone)}; the next run carries it out."
        )


def not_here(view: View, quote: Quote, place: int) -> None:
    """Offers to take a quote out of its theme."""
    st.button(
        "Not this theme",
        key=f"not here {place}",
        type="tertiary",
        disabled=not view.who.may_decide,
        help=deciding.help_of(view) or "Takes it out of the theme, with its copies, and keeps it out",
        on_click=_decide,
        args=(view, "", "move", {"source": quote.source, "id": quote.id}),
    )


def _rename(view: View, subject: Subject, off: bool, why: str | None) -> None:
    with st.popover("Rename", icon=":material/edit:", disabled=off, help=why), st.form(f"rename {subject.theme}"):
        name = st.text_input("Name", value=words.short(subject.name, 80), max_chars=board.LONGEST["name"])
        if st.form_submit_button("Rename") and name.strip():
            _decide(view, subject.theme, "rename", {"name": name})
            st.rerun()


def _merge(view: View, subject: Subject, everything: list[Subject], off: bool, why: str | None) -> None:
    others = [one for one in everything if one is not subject]
    with st.popover("Merge", icon=":material/merge:", disabled=off, help=why):
        if others:
            names = subjects.distinct(others)
            with st.form(f"merge {subject.theme}"):
                into = st.selectbox("Into", [one.theme for one in others], format_func=names.__getitem__)
                st.caption("Both count as one from now on, under the other's name.")
                if st.form_submit_button("Merge") and into:
                    _decide(view, subject.theme, "merge", {"into": into})
                    st.session_state["theme"] = into
                    st.rerun()
        else:
            st.caption("There is no other theme.")
        for place, (theme, name) in enumerate(zip(subject.family[1:], subject.merged, strict=True)):
            st.text(words.short(name))
            st.button(
                "Take apart",
                key=f"apart {place}",
                on_click=_decide,
                args=(view, theme, "merge", {"into": ""}),
            )


def _split(view: View, subject: Subject, off: bool, why: str | None) -> None:
    with st.popover("Split", icon=":material/call_split:", disabled=off, help=why):
        st.caption("The next run looks for several themes in this one, and leaves it as it is if there are none.")
        st.button("Split", key="split", on_click=_decide, args=(view, subject.theme, "split", {}))


def _button(view: View, subject: Subject, kind: str, icon: str, off: bool, why: str | None) -> None:
    st.button(
        kind.capitalize(),
        key=f"decide {kind}",
        icon=icon,
        disabled=off,
        help=why,
        on_click=_decide,
        args=(view, subject.theme, kind, {}),
    )


def _decide(view: View, theme: str, kind: str, value: Mapping[str, Any]) -> None:
    brand = view.choice.filters.brand
    deciding.decide(view, lambda con, author, now: board.decide(con, brand, theme, kind, dict(value), author, now))

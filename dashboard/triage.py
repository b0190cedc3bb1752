"""Shows how far the team is with one mention, and takes what a person changes: status, assignee, note, intent."""

from datetime import datetime

import streamlit as st

from earful.dashboard import deciding, filters, read_triage, signin, words
from earful.dashboard.frame import View
from earful.data import people, triage
from earful.data.queries import Connection, Detail
from earful.data.triage import Mention, Standing

KEYS = {"seen": "S", "to answer": "A", "done": "D"}


def standing(view: View, one: Mention) -> Standing:
    """Reads how far the team is with a mention."""
    return standings(view, [one]).get(one, Standing())


def standings(view: View, mentions: list[Mention]) -> dict[Mention, Standing]:
    """Reads how far the team is with some mentions; those of which nothing was said are left out."""
    return read_triage.standings(view.folder, view.version, view.choice.filters.brand, tuple(mentions))


def show(view: View, detail: Detail) -> None:
    """Draws status, assignee and note with the ways to change them; what people wrote goes through st.text alone."""
    one = (detail.source, detail.id)
    now = standing(view, one)
    with st.container(horizontal=True, gap="xsmall"):
        for status, name in filters.STATUSES.items():
            st.button(
                name,
                key=f"status {status}",
                type="primary" if status == now.status else "secondary",
                disabled=not view.who.may_decide,
                help=deciding.help_of(view),
                shortcut=KEYS.get(status),
                on_click=_save,
                args=(view, one, {} if status == now.status else {"status": status}),
            )
    if now.assignee:
        st.text(f"Assigned to {_named(view, now.assignee)}")
    if now.note:
        with st.container(height=160 if len(now.note) > 400 else "content", border=False):
            st.text(words.plain(now.note))
        if now.note_made:
            st.text(f"— {words.short(now.note_author)}, {words.moment(now.note_made, view.zone)}")
    off = not view.who.may_decide
    with st.popover("Assign, note, intent", type="tertiary", disabled=off, help=deciding.help_of(view)):
        _form(view, one, now, detail.intent)


def choices(view: View, present: str = "") -> list[str]:
    """Lists who can be assigned: nobody, who looks, the editors, and whoever was assigned before."""
    access = view.known.settings.get(people.SETTING) or {}
    editors = [address for address in access.get("editors", ()) if not address.startswith("*")]
    known = [view.who.address, *editors, *read_triage.assignees(view.folder, view.version)]
    return ["", *dict.fromkeys(name for name in [*known, present] if name)]


def name(view: View, assignee: str) -> str:
    """Writes an assignee in a list of choices, of which "" is nobody."""
    return _named(view, assignee) if assignee else "Nobody"


def _named(view: View, assignee: str) -> str:
    if assignee == view.who.address:
        return "me" if assignee == signin.NOBODY else f"{words.short(assignee, 60)} (me)"
    return words.short(assignee, 60)


def _form(view: View, one: Mention, now: Standing, read: str) -> None:
    known = choices(view, now.assignee)
    with st.form(f"triage {hash((one, now))}", border=False):  # begins anew after each change
        assignee = st.selectbox(
            "Assigned to",
            known,
            known.index(now.assignee),
            format_func=lambda one: name(view, one),
            accept_new_options=True,
            help="Choose somebody, or write a name or an address",
        )
        note = st.text_area("Note", now.note, max_chars=triage.LONGEST["note"], height=100)
        intents = ["", *triage.INTENTS]
        intent = st.selectbox(
            "What the author does",
            intents,
            intents.index(now.intent),
            format_func=lambda one: words.INTENTS.get(one, _as_read(read if not now.intent else "")),
        )
        if st.form_submit_button("Save", disabled=not view.who.may_decide, help=deciding.help_of(view)):
            wanted = {"assignee": (assignee or "").strip(), "note": note.strip(), "intent": intent or ""}
            before = {"assignee": now.assignee, "note": now.note, "intent": now.intent}
            _save(view, one, {field: value for field, value in wanted.items() if value != before[field]})
            st.rerun()


def _as_read(intent: str) -> str:
    return "As the model reads it" + (f": {words.INTENTS[intent]}" if intent in words.INTENTS else "")


def _save(view: View, one: Mention, changes: dict[str, str]) -> None:
    st.session_state["chosen"] = one  # it stays in view, even where the filters now leave it out
    brand = view.choice.filters.brand

    def write(con: Connection, author: str, now: datetime) -> None:
        for field, value in changes.items():
            triage.change(con, one, brand, field, value, author, now)

    if changes:
        deciding.decide(view, write)

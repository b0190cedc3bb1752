"""Draws the board: each theme a card, by how far the team is with it; and the card's facts and form."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

import streamlit as st

from earful.dashboard import aftermath, deciding, words
from earful.dashboard.frame import View
from earful.dashboard.subjects import Subject
from earful.data import board
from earful.data.board import Card, Connection

STATUSES = {"new": "New", "acknowledged": "Acknowledged", "acting": "Acting", "resolved": "Resolved"}
MOST = 12  # cards drawn in a column
FIELDS = {"owner": "Owner", "due": "Due", "note": "Note", "link": "Link", "status": "Status"}


def card_of(subject: Subject, cards: Mapping[str, Card]) -> Card:
    """Gives a subject's card: its own, else the newest of those that were merged into it."""
    if subject.theme in cards:
        return cards[subject.theme]
    merged = [cards[theme] for theme in subject.family if theme in cards]
    return max(merged, key=lambda card: card.history[-1].made) if merged else Card(subject.theme)


def show(view: View, everything: list[Subject], cards: Mapping[str, Card]) -> None:
    """Draws the board of all themes that are not hidden, and of cards whose theme is no longer found."""
    placed = [(one, card_of(one, cards)) for one in everything if not one.standing.hidden]
    columns = st.columns(len(STATUSES), gap="small")
    for column, (status, title) in zip(columns, STATUSES.items(), strict=True):
        here = [(one, card) for one, card in placed if card.status == status and (card.history or one.count)]
        here.sort(key=lambda pair: (pair[1].due or date.max, -pair[0].count))
        with column:
            st.markdown(f"**{title}** · {len(here)}")
            for one, card in here[:MOST]:
                _card(view, one, card)
            if len(here) > MOST:
                st.caption(f"and {len(here) - MOST} more; all stand under *Themes*")
            if not here:
                st.caption(EMPTY[status])
    known = {theme for one in everything for theme in one.family}
    lost = [card for theme, card in cards.items() if theme not in known and card.status != "resolved"]
    if lost:
        with st.expander(f"{len(lost)} on cards whose theme is no longer found"):
            for card in lost:
                facts(view, card)


EMPTY = {
    "new": "Nothing waits to be looked at.",
    "acknowledged": "Seen, and nobody acts on it yet: none.",
    "acting": "Somebody does something about it: none.",
    "resolved": "None yet. A resolved theme is compared before and after.",
}


def _card(view: View, subject: Subject, card: Card) -> None:
    unit = "stories" if view.choice.filters.stories else "mentions"
    with st.container(border=True, gap="xxsmall"):
        st.text(words.short(subject.name, 60))
        moved = f", {words.moved(subject.count, subject.before)}" if subject.moved and subject.before else ""
        st.caption(f"{subject.count:,} {unit if subject.count != 1 else words.one(unit)}{moved}")
        facts(view, card, short=True)
        if card.status == "resolved":
            aftermath.show(view, subject, card)
        with st.container(horizontal=True, gap="xsmall"):
            with st.popover("Change", type="tertiary", disabled=not view.who.may_decide, help=deciding.help_of(view)):
                form(view, subject, card)
            st.button("Open", key=f"open {subject.theme}", type="tertiary", on_click=_open, args=(subject.theme,))


def _open(theme: str) -> None:
    st.session_state["theme"], st.session_state["view"] = theme, "themes"


def facts(view: View, card: Card, short: bool = False) -> None:
    """Draws what stands on a card; what people wrote goes through st.text alone."""
    today = view.now.astimezone(view.zone).date()
    with st.container(horizontal=True, gap="small", vertical_alignment="center"):
        if not short:
            st.badge(STATUSES[card.status], color="blue" if card.status == "resolved" else "gray")
            if card.since:
                st.caption(f"since {_day(card.since)}", width="content")
        if card.due and card.status != "resolved":
            late = card.due < today
            st.badge(
                f"{'overdue since' if late else 'due'} {_day(card.due)}",
                icon=":material/warning:" if late else ":material/event:",
                color="red" if late else "gray",
            )
    if card.owner:
        st.text(f"Owner: {words.short(card.owner, 60)}")
    for note in card.notes[-1:] if short else card.notes[-5:]:
        with st.container(height=200 if not short and len(note.value) > 500 else "content", border=False):
            st.text(words.short(note.value, 120) if short else words.plain(note.value))
        if not short:
            st.text(f"— {words.short(note.author)}, {words.moment(note.made, view.zone)}")
    for link in card.links[-3:]:
        address = words.web_address(link.value)
        if address:
            st.link_button(words.short(address.split("//")[-1], 40), address, icon=":material/link:", type="tertiary")
    if not short and card.history:
        with st.expander("History"):
            st.dataframe(
                [
                    {
                        "When": words.moment(one.made, view.zone),
                        "Who": words.short(one.author),
                        "What": FIELDS[one.field],
                        "Value": _value(one.field, one.value),
                    }
                    for one in reversed(card.history)
                ],
                hide_index=True,
            )


def form(view: View, subject: Subject, card: Card) -> None:
    """Draws the form by which a card is changed; what was left as it is leaves no trace."""
    today = view.now.astimezone(view.zone).date()
    key = f"{subject.theme} {card.history[-1].made if card.history else ''}"  # begins anew after each change
    with st.form(f"card {key}", border=False):
        status = st.selectbox(
            "Status", list(STATUSES), list(STATUSES).index(card.status), format_func=STATUSES.__getitem__
        )
        on = st.date_input(
            "Reached on", today, max_value=today, help="If it was before today: before and after hinge on it"
        )
        owner = st.text_input("Owner", card.owner, max_chars=board.LONGEST["owner"])
        due: Any = st.date_input("Due", card.due)
        note = st.text_area("Add a note", max_chars=board.LONGEST["note"], height=80)
        link = st.text_input("Add a link", placeholder="https://")
        off = not view.who.may_decide
        if st.form_submit_button("Save", disabled=off, help=deciding.help_of(view)):
            changes: list[tuple[str, Any]] = [("owner", owner), ("due", due.isoformat() if due else "")]
            if status != card.status or (card.since and on != today and on != card.since):
                changes.append(("status", {"status": status, "on": on.isoformat()}))
            changes += [(field, value) for field, value in (("note", note), ("link", link)) if value.strip()]
            _save(view, card.theme, changes)
            st.rerun()


def _save(view: View, theme: str, changes: list[tuple[str, Any]]) -> None:
    brand = view.choice.filters.brand

    def write(con: Connection, author: str, now: datetime) -> None:
        for field, value in changes:
            board.change_card(con, brand, theme, field, value, author, now)

    deciding.decide(view, write)


def _value(field: str, value: Any) -> str:
    if field == "status":
        return f"{STATUSES[value['status']]} on {_day(date.fromisoformat(value['on']))}"
    return words.short(str(value), 200) or "taken away"


def _day(day: date) -> str:
    return f"{day.day} {day:%b %Y}"

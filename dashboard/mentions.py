"""The Mentions page: what people said, newest first, one of them in full, and a person's judgement of it."""

from typing import Any

import pandas as pd
import streamlit as st

from earful.dashboard import (
    bulk,
    copies,
    deciding,
    filters,
    frame,
    keys,
    past,
    read,
    reasons,
    relevance,
    sql,
    triage,
    words,
)
from earful.dashboard.frame import View
from earful.data import explained, explained_mentions, queries, store
from earful.data.queries import Detail, Line
from earful.data.triage import Mention, Standing
from earful.models import language

ON_A_PAGE = 200
OPEN, CLICKED = "Open", "row clicked last"
SPARSE = ("Status", "Assigned to", "Copies", "Stars")  # columns that are left out while they are empty
LONG, LONG_HEIGHT = 700, 300  # characters from which a text scrolls in a box of so many pixels


def show() -> None:
    """Draws the page."""
    view = frame.open_page("mentions")
    state = st.session_state
    relevance.switch(view)
    total, found = read.mentions(
        view.folder, view.version, view.choice.filters, ON_A_PAGE, ON_A_PAGE * (state["page"] - 1)
    )
    bulk.back(view)
    deciding.problem()
    if total == 0:
        frame.no_mentions(view, read.reach(view.folder, view.version, view.choice.filters.brand))
        return
    left, right = st.columns([13, 7], gap="medium")
    with left:
        head = st.container()
        opened, chosen = _list(view, found)
        with head:
            if chosen:
                bulk.bar(view, chosen)
            else:
                _pages(view, total)
    with right, st.container(border=True):
        with st.container(horizontal=True, vertical_alignment="center", gap="xsmall"):
            keys.show([(line.source, line.id) for line in found], opened)
        detail = read.detail(view.folder, view.version, *opened, view.choice.filters.brand)
        if detail:
            _detail(view, detail)


def _pages(view: View, total: int) -> None:
    state = st.session_state
    unit = "stories" if view.choice.filters.stories else "mentions"
    more = total > queries.SOUGHT and bool(view.choice.filters.words or view.choice.filters.author)
    total = min(total, queries.SOUGHT) if more else total
    last = -(-total // ON_A_PAGE)
    tall: Any = "content" if last > 1 else 40  # as the bar of actions is, so that the list does not jump
    with st.container(horizontal=True, vertical_alignment="center", height=tall, border=False):
        first = ON_A_PAGE * (state["page"] - 1) + 1
        end = min(total, first + ON_A_PAGE - 1)
        said = f"{'more than ' * more}{total:,} {unit if total > 1 else words.one(unit)}, newest first"
        st.caption(said if last == 1 else f"{first:,} to {end:,} of {said}", width="content")
        with st.popover("Explain", type="tertiary"):
            st.markdown(words.DEFINITIONS["list"])
            if more:
                st.markdown(words.DEFINITIONS["more"])
            sql.write(explained.listed(view.choice.filters))
        st.space("stretch")
        if last > 1:
            st.button("Newer", disabled=state["page"] <= 1, on_click=_turn, args=(-1,), icon=":material/chevron_left:")
            st.button(
                "Older", disabled=state["page"] >= last, on_click=_turn, args=(1,), icon=":material/chevron_right:"
            )


def _turn(by: int) -> None:
    st.session_state["page"] += by


def _list(view: View, found: list[Line]) -> tuple[Mention, list[Mention]]:
    """Draws the list; tells which mention is open, and which are chosen to be changed at once."""
    state = st.session_state
    listed = [(line.source, line.id) for line in found]
    opened: Mention = state["chosen"] if all(state["chosen"]) else listed[0]
    standings = triage.standings(view, listed)
    shown = _table(view, found, opened, [standings.get(one, Standing()) for one in listed])
    # A selection is a row's number: it must not outlive the list it was made in.
    key = f"list {hash((view.choice.filters.brand, *listed))} {state.get(bulk.TURN, 0)}"
    event: Any = st.dataframe(
        shown,
        hide_index=True,
        height=640,
        column_order=[name for name in shown.columns if name not in SPARSE or any(shown[name].fillna("") != "")],
        column_config={
            OPEN: st.column_config.TextColumn("", width=20),
            "When": st.column_config.TextColumn(width=125),
            "Sentiment": st.column_config.TextColumn(width=105, help="✓ stands beside what a person said"),
            "Mention": st.column_config.TextColumn(width=300 if standings else 385),
            "Status": st.column_config.TextColumn(width=80),
            "Copies": st.column_config.TextColumn(width=70),
        },
        on_select=lambda: _open(key, listed),
        selection_mode=["multi-row", "single-cell"],
        key=key,
    )
    return opened, [listed[row] for row in event.selection.rows if row < len(listed)]


def _table(view: View, found: list[Line], opened: Mention, standings: list[Standing]) -> pd.DataFrame:
    return pd.DataFrame(
        {
            OPEN: ["▸" if (line.source, line.id) == opened else "" for line in found],
            "When": [words.moment(line.published, view.zone) for line in found],
            "Sentiment": [words.SIGNS[line.label] + (" ✓" if line.corrected else "") for line in found],
            "Mention": [
                words.plain(line.snippet if line.snippet.startswith(line.title) else f"{line.title} · {line.snippet}")
                or past.DELETED
                for line in found
            ],
            "Status": ["" if one.status == "new" else filters.STATUSES[one.status] for one in standings],
            "Assigned to": [words.short(one.assignee) for one in standings],
            "Copies": [f"{line.copies:,}" if line.copies > 1 else "" for line in found],
            "Source": [words.source(line.source) for line in found],
            "Author": [words.short(line.author) for line in found],
            "Language": [line.language for line in found],
            "Stars": [line.rating for line in found],
        }
    )


def _open(key: str, listed: list[Mention]) -> None:
    """Opens the mention whose row was clicked; a box that was ticked opens nothing."""
    state = st.session_state
    cells = state[key].selection.cells
    clicked = (key, cells[0][0]) if cells else None
    if clicked and clicked != state.get(CLICKED):
        filters.remember(listed[cells[0][0]])
    state[CLICKED] = clicked


def _detail(view: View, detail: Detail) -> None:
    """Draws one mention; everything people wrote goes through st.text alone."""
    with st.container(horizontal=True, vertical_alignment="center"):
        st.badge(words.SIGNS[detail.label], color=words.BADGES[detail.label])
        if detail.corrected:
            st.badge("corrected by a person", icon=":material/person:", color="gray")
        if detail.copies > 1:
            st.badge(f"{detail.copies:,} copies of this story", icon=":material/content_copy:", color="gray")
    history = read.history(view.folder, view.version, detail.source, detail.id)
    if history.gone:
        past.deleted(view, history)
    else:
        _words(detail)
    past.edits(view, history)
    triage.show(view, detail)
    copies.show(view, detail)
    if not history.gone:
        relevance.ask(view, detail)
        _correct(view, detail)
        reasons.show(detail, view.choice.filters.brand)
    _facts(view, detail)


def _words(detail: Detail) -> None:
    if detail.title and not detail.text.startswith(detail.title):
        st.text(words.plain(detail.title))
    with st.container(height=LONG_HEIGHT if len(detail.text) > LONG else "content", border=False):
        st.text(words.plain(detail.text))
    url = words.web_address(detail.url)
    if url:
        st.link_button("Open where it was published", url, icon=":material/open_in_new:")
    elif detail.url:
        st.caption("Its address is not one that a browser should open.")


def _facts(view: View, detail: Detail) -> None:
    said: list[tuple[str, str]] = [
        ("Brand", words.short(view.choice.filters.brand, 80)),
        ("Author", detail.author or "unknown"),
        ("Source", words.source(detail.source, 200)),
        ("Published", words.moment(detail.published, view.zone) + ("" if detail.dated else " (when we read it)")),
        ("Language", language.name(detail.language) or "unknown"),
    ]
    if detail.rating is not None:
        said.append(("Stars", f"{detail.rating:g} of 5"))
    if detail.about:
        said.append(("Filed under", detail.about))
    if detail.negative is not None and detail.neutral is not None and detail.positive is not None:
        shares = zip(
            ("negative", "neutral", "positive"), (detail.negative, detail.neutral, detail.positive), strict=True
        )
        said.append(("Model's view", ", ".join(f"{name} {value:.0%}" for name, value in shares)))
    if detail.model:
        said.append(("Model", detail.model))
        said.append(("Model's label", words.SIGNS[detail.judged]))
    if detail.intent:
        by_person = " (said by a person)" if triage.standing(view, (detail.source, detail.id)).intent else ""
        said.append(("Intent", words.INTENTS.get(detail.intent, detail.intent) + by_person))
    if detail.reason:
        said.append(("Why not", detail.reason))
    with st.container(gap=None):
        for name, value in said:
            with st.container(horizontal=True, gap="small"):
                st.caption(name, width=100)
                st.text(words.short(value, 200), width="stretch")
    if detail.model:
        with st.popover("Explain", type="tertiary", key="explain view"):
            st.markdown(words.DEFINITIONS["view"])
            sql.write(explained_mentions.scored(detail.source, detail.id, view.choice.filters.brand))


def _correct(view: View, detail: Detail) -> None:
    st.markdown("**How does it speak of the brand?**")
    with st.container(horizontal=True, gap="xsmall"):
        for label, key in zip(store.LABELS, keys.LABELS, strict=True):
            now = detail.corrected and detail.label == label
            st.button(
                words.SIGNS[label],
                key=f"correct {label}",
                type="primary" if now else "secondary",
                disabled=now or not view.who.may_decide,
                help=deciding.help_of(view),
                shortcut=key,
                on_click=_save,
                args=(view, detail, label),
            )
    st.caption(
        "Your judgement counts before the model's, today and after every new scoring. Confirm what is right, too: "
        "the model's accuracy is measured on it."
    )


def _save(view: View, detail: Detail, label: str) -> None:
    st.session_state["chosen"] = (detail.source, detail.id)  # it stays in view, even where the filters now leave it out
    one, brand = (detail.source, detail.id), view.choice.filters.brand
    deciding.decide(view, lambda con, author, now: store.save_correction(con, *one, brand, label, author, now))


if __name__ == "__main__":
    show()

"""The Mentions page: what people said, newest first, one of them in full, and a person's judgement of it."""

from typing import Any

import pandas as pd
import streamlit as st

from earful.dashboard import copies, deciding, filters, frame, past, read, reasons, relevance, words
from earful.dashboard.frame import View
from earful.data import store
from earful.data.queries import Detail, Line

ON_A_PAGE = 200
LONG, LONG_HEIGHT = 700, 300  # characters from which a text scrolls in a box of so many pixels


def show() -> None:
    """Draws the page."""
    view = frame.open_page("mentions")
    state = st.session_state
    relevance.switch(view)
    total, found = read.mentions(
        view.folder, view.version, view.choice.filters, ON_A_PAGE, ON_A_PAGE * (state["page"] - 1)
    )
    if total == 0:
        frame.no_mentions(view, read.reach(view.folder, view.version, view.choice.filters.brand))
        return
    left, right = st.columns([13, 7], gap="medium")
    with left:
        _pages(view, total)
        chosen = _list(view, found)
    with right, st.container(border=True):
        detail = read.detail(view.folder, view.version, *chosen, view.choice.filters.brand)
        if detail:
            _detail(view, detail)


def _pages(view: View, total: int) -> None:
    state = st.session_state
    unit = "stories" if view.choice.filters.stories else "mentions"
    last = -(-total // ON_A_PAGE)
    with st.container(horizontal=True, vertical_alignment="center"):
        first = ON_A_PAGE * (state["page"] - 1) + 1
        end = min(total, first + ON_A_PAGE - 1)
        said = f"{total:,} {unit if total > 1 else words.one(unit)}, newest first"
        st.caption(said if last == 1 else f"{first:,} to {end:,} of {said}", width="content")
        st.space("stretch")
        if last > 1:
            st.button("Newer", disabled=state["page"] <= 1, on_click=_turn, args=(-1,), icon=":material/chevron_left:")
            st.button(
                "Older", disabled=state["page"] >= last, on_click=_turn, args=(1,), icon=":material/chevron_right:"
            )


def _turn(by: int) -> None:
    st.session_state["page"] += by


def _list(view: View, found: list[Line]) -> tuple[str, str]:
    """Draws the list and tells which mention is chosen, as (source, id); ("", "") when none is."""
    state = st.session_state
    keys = [(line.source, line.id) for line in found]
    rows = [keys.index(state["chosen"])] if state["chosen"] in keys else []
    shown = pd.DataFrame(
        {
            "When": [words.moment(line.published, view.zone) for line in found],
            "Sentiment": [words.SIGNS[line.label] + (" (corrected)" if line.corrected else "") for line in found],
            "Mention": [
                words.plain(line.snippet if line.snippet.startswith(line.title) else f"{line.title} · {line.snippet}")
                or past.DELETED
                for line in found
            ],
            "Copies": [line.copies for line in found],
            "Source": [words.source(line.source) for line in found],
            "Author": [words.short(line.author) for line in found],
            "Language": [line.language for line in found],
            "Stars": [line.rating for line in found],
        }
    )
    columns: list[str] = [name for name in shown.columns if name != "Stars" or shown["Stars"].notna().any()]
    event: Any = st.dataframe(
        shown,
        hide_index=True,
        height=640,
        column_order=columns,
        column_config={
            "When": st.column_config.TextColumn(width=125),
            "Sentiment": st.column_config.TextColumn(width=105),
            "Mention": st.column_config.TextColumn(width=385),
            "Copies": st.column_config.NumberColumn(width="small"),
        },
        on_select="rerun",
        selection_mode="single-row",
        selection_default={"selection": {"rows": rows}},
        # A selection is a row's number: it must not outlive the list it was made in.
        key=f"list {view.version} {hash((view.choice.filters, state['page']))}",
    )
    if event.selection.rows:
        chosen = keys[event.selection.rows[0]]
        if chosen != state["chosen"]:
            filters.remember(chosen)
    return state["chosen"] if all(state["chosen"]) else keys[0]


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
        ("Language", detail.language or "unknown"),
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
        said.append(("Intent", words.INTENTS.get(detail.intent, detail.intent)))
    if detail.reason:
        said.append(("Why not", detail.reason))
    with st.container(gap=None):
        for name, value in said:
            left, right = st.columns([1, 3], gap="small")
            left.caption(name)
            right.text(words.short(value, 200))


def _correct(view: View, detail: Detail) -> None:
    st.markdown("**What is it towards the brand?**")
    with st.container(horizontal=True, gap="xsmall"):
        for label in store.LABELS:
            now = detail.corrected and detail.label == label
            st.button(
                words.SIGNS[label],
                key=f"correct {label}",
                type="primary" if now else "secondary",
                disabled=now or not view.who.may_decide,
                help=deciding.help_of(view),
                on_click=_save,
                args=(view, detail, label),
            )
    st.caption(
        "Your judgement counts before the model's, today and after every new scoring. Confirm what is right, too: "
        "the model's accuracy is measured on it."
    )
    deciding.problem()


def _save(view: View, detail: Detail, label: str) -> None:
    st.session_state["chosen"] = (detail.source, detail.id)  # it stays in view, even where the filters now leave it out
    one, brand = (detail.source, detail.id), view.choice.filters.brand
    deciding.decide(view, lambda con, author, now: store.save_correction(con, *one, brand, label, author, now))


if __name__ == "__main__":
    show()

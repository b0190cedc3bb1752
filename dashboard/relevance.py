"""Shows what is hidden as not about the brand and why, and takes people's word for it; the model learns at once."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import streamlit as st

from earful.dashboard import deciding, frame, sql, words
from earful.dashboard.frame import View
from earful.data import explained, explained_mentions, queries
from earful.data import relevance as kept
from earful.data.database import Database, DatabaseError, snapshot
from earful.data.lock import Busy
from earful.data.queries import Detail, Filters
from earful.data.relevance import Mark, Reason
from earful.flows import relevance as learning
from earful.models import accuracy
from earful.models.relevance import LEAST_EACH, Skill

LEFT = "mentions left to judge"


@dataclass(frozen=True)
class Why:
    """Why a mention is shown or hidden, and how the brand's model does; None where nothing was learnt."""

    reason: Reason | None
    skill: Skill | None


@st.cache_data(show_spinner=False, max_entries=64, ttl="1h")
def count(folder: Path, version: str, filters: Filters) -> int:  # noqa: ARG001 - the version is there for the cache
    """Counts what is hidden under the filters, each mention for itself."""
    with snapshot(folder) as con:
        return queries.count_mentions(con, replace(filters, hidden=True, stories=False))


@st.cache_data(show_spinner=False, max_entries=256, ttl="1h")
def why(folder: Path, version: str, source: str, id: str, brand: str) -> Why:  # noqa: ARG001 - as above
    """Reads why a mention is shown or hidden."""
    with snapshot(folder) as con:
        made = kept.model(con, brand)
        return Why(kept.reason(con, source, id, brand), learning.skill(made) if made else None)


def switch(view: View) -> None:
    """Draws the switch to what is hidden, where anything is."""
    hidden = count(view.folder, view.version, view.choice.filters)
    if hidden or view.choice.filters.hidden:
        st.toggle(
            f"Show only what is hidden as not about the brand ({hidden:,})",
            key="hidden",
            help="What people, or the model that learns from them, said is not about the brand. It counts nowhere.",
        )


def told(view: View) -> None:
    """Says how many mentions of the period are hidden, with the way to them; nothing where none is."""
    hidden = count(view.folder, view.version, view.choice.filters)
    if hidden:
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            mentions = "mention" if hidden == 1 else "mentions"
            st.caption(f"{hidden:,} {mentions} hidden as not about the brand", width="content")
            with st.popover("Explain", type="tertiary", key="explain hidden"):
                st.markdown(words.DEFINITIONS["hidden"])
                sql.write(explained.listed(replace(view.choice.filters, hidden=True, stories=False)))
            st.page_link(frame.PAGES["mentions"], label="Show them", query_params=view.choice.link(hidden="1"))


def ask(view: View, detail: Detail) -> None:
    """Draws whether a mention is about the brand, why that is thought, and the buttons to say so."""
    found = why(view.folder, view.version, detail.source, detail.id, view.choice.filters.brand)
    if found.reason is None:
        return
    brand, mark = words.literal(words.short(view.choice.filters.brand, 24)), found.reason.mark
    st.markdown("**Is it about the brand?**")
    with st.container(horizontal=True, gap="xsmall", vertical_alignment="center"):
        for about, label in ((False, f"Not about {brand}"), (True, f"It is about {brand}")):
            now = mark is not None and mark.about == about
            st.button(
                label,
                key=f"about {about}",
                type="primary" if now else "secondary",
                disabled=now or not view.who.may_decide,
                help=deciding.help_of(view),
                shortcut="Y" if about else "N",
                on_click=_save,
                args=(view, detail, about),
            )
        if mark:
            st.button(
                "Undo",
                key="about undone",
                type="tertiary",
                icon=":material/undo:",
                disabled=not view.who.may_decide,
                on_click=_save,
                args=(view, detail, None),
            )
    if found.reason.hidden:
        st.badge("hidden, counts nowhere", icon=":material/visibility_off:", color="gray")
    if said := reason(view, found.reason):
        st.text(said)  # with a person's address, so without markup
    st.caption(standing(found.skill))
    if found.skill:
        with st.popover("Explain", type="tertiary", key="explain relevance"):
            st.markdown(words.DEFINITIONS["relevant"])
            sql.write(explained_mentions.relevant(detail.source, detail.id, view.choice.filters.brand))
    if left := st.session_state.pop(LEFT, 0):
        st.caption(f"{left:,} older mentions are judged anew by the next run.")


def reason(view: View, found: Reason) -> str:
    """Says why a mention is shown or hidden."""
    if found.mark:
        said = "about the brand" if found.mark.about else "not about the brand: hidden"
        return f"{_who(view, found.mark)} said that it is {said}."
    if found.of_copy:
        said = "about the brand" if found.of_copy.about else "not about the brand: hidden with it"
        return f"{_who(view, found.of_copy)} said of a copy of its story that it is {said}."
    if found.chance is None:
        return ""
    likely = f"The model gives it {found.chance:.0%} to be about the brand"
    if found.hidden and found.threshold is not None:
        return f"{likely}, less than {found.threshold:.0%}: hidden."
    return f"{likely}."


def standing(skill: Skill | None) -> str:
    """Says how well the model does, or what it takes to know."""
    if skill is None:
        return "What you say here counts at once, and teaches a model that finds more of the kind."
    if not skill.known:
        lack = [
            f"{LEAST_EACH - have} more of “{name}”"
            for name, have in (("Not about …", skill.others), ("It is about …", skill.about))
            if have < LEAST_EACH
        ]
        return f"How well the model does is not known yet: it takes {' and '.join(lack)}. Until then only clicks hide."
    rightly = accuracy.share(skill.rightly.part, skill.rightly.whole)
    spared = accuracy.share(skill.spared.part, skill.spared.whole)
    figures = [f"on {skill.others + skill.about:,} clicks it had not seen"]
    if rightly:
        figures.append(
            f"{words.percent(rightly.value)} of what it would hide is rightly hidden ({words.between(rightly)})"
        )
    if spared:
        figures.append(f"{words.percent(spared.value)} of the right ones stay ({words.between(spared)})")
    found = f"it finds {skill.found.part:,} of {skill.found.whole:,} wrong ones"
    if skill.threshold is None:
        return (
            f"The model hides nothing by itself: {', '.join([*figures, found])}. {LEAST_EACH} and more clicks teach it."
        )
    return f"The model hides what it gives less than {skill.threshold:.0%}: {', '.join([*figures, found])} (95%)."


def _who(view: View, mark: Mark) -> str:
    return f"{words.short(mark.author, 60) or 'Somebody'}, {words.moment(mark.made, view.zone)},"


def _save(view: View, detail: Detail, about: bool | None) -> None:
    st.session_state["chosen"] = (detail.source, detail.id)  # it stays in view, even where the filters now leave it out
    one, brand = (detail.source, detail.id), view.choice.filters.brand
    if not deciding.decide(view, lambda con, author, now: kept.save_mark(con, *one, brand, about, author, now)):
        return
    try:
        st.session_state[LEFT] = learning.follow(Database(view.folder, wait=10), brand, datetime.now(UTC))
    except (Busy, DatabaseError) as error:  # the click is kept; the next run learns from it
        st.session_state[deciding.PROBLEM] = f"The click counts, but nothing was learnt from it yet: {error}"

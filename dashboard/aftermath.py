"""Draws what became of criticism after something: before and after, ours beside the competitors'."""

from dataclasses import dataclass
from datetime import date

import streamlit as st

from earful.dashboard import filters, frame, outcome, read_themes, sql, words
from earful.dashboard.frame import View
from earful.dashboard.outcome import Spans
from earful.dashboard.subjects import Subject
from earful.data import explained_themes
from earful.data.board import Card
from earful.data.events import Event
from earful.models import change

ENOUGH = 20  # competitors' stories of the same kind; with fewer all of their complaints are taken


@dataclass(frozen=True)
class Compared:
    """The query of what was counted in a comparison, and the days on either side."""

    query: str
    spans: Spans


def show(view: View, subject: Subject, card: Card) -> None:
    """Says in a sentence whether a resolved theme was spoken of less; nothing for one that is not resolved."""
    acted = card.acted()
    if acted is not None:
        found = _compare(view, *acted, subject.family)
        with st.popover("Explain", type="tertiary", key=f"explain aftermath {subject.theme}"):
            _explain(view, found, subject.theme)


def of_event(view: View, event: Event, subject: Subject) -> None:
    """Says whether a theme, and all complaints about its brand, changed with an event; names are people's words."""
    first, last = (one.astimezone(view.zone).date() for one in (event.start, event.finish or event.start))
    for name, themes in ((subject.name, subject.family), (f"All complaints about {view.choice.filters.brand}", ())):
        with st.container(border=True, gap="xsmall"):
            st.text(words.short(name))
            if found := _compare(view, first, last, themes):
                _explain(view, found, subject.theme if themes else "")


def _explain(view: View, found: Compared | None, theme: str) -> None:
    """Says what a comparison means, with its query and the ways to what was counted; of all complaints without one."""
    st.markdown(words.DEFINITIONS["aftermath"])
    if not found:
        return
    sql.write(found.query)
    narrow = {"theme": theme} if theme else {"sentiment": "negative"}
    for when, days in (("before", found.spans.before), ("after", found.spans.after)):
        st.page_link(
            frame.PAGES["mentions"],
            label=f"Show what was said {when}",
            icon=":material/list:",
            query_params=view.choice.link(**filters.between(days[0], days[-1], view.zone), **narrow, source=[]),
        )


def _compare(view: View, began: date, ended: date, themes: tuple[str, ...]) -> Compared | None:
    """Compares the days before one day with those after another: complaints in some themes, in all without any.

    Gives what was compared, None where nothing is.
    """
    spans = outcome.spans(began, ended, view.now, view.zone)
    if isinstance(spans, int):
        st.caption(
            f":material/hourglass_empty: Before and after can be compared once {change.LEAST_DAYS} whole days have "
            f"passed; {spans} so far."
        )
        return None
    brand = view.choice.filters.brand
    others = tuple(one.name for one in view.known.brands if one.competitor and one.name != brand)
    found = read_themes.daily(view.folder, view.version, brand, others, themes, spans.edges)
    sources = outcome.usable(found.watched, spans.edges)
    gaps = [*found.gaps, *frame.silences(view)]
    if not sources:
        st.caption("Before and after can't be compared: no source was heard from the first of these days on.")
        return None
    own = outcome.days(found.own, sources, gaps, spans)
    alike = sum(sum(counts) for source, counts in found.alike.items() if source in sources) >= ENOUGH
    rivals = outcome.days(found.alike if alike else found.others, sources, gaps, spans) if others else None
    said = outcome.sentence(change.compare(*own, rivals))
    st.markdown(f":material/compare_arrows: **{said}**")
    before, after = (words.days(span[0], span[-1], view.zone) for span in (spans.before, spans.after))
    notes = [f"{before} against {after}."]
    if others and themes:
        notes.append(
            "Competitors by the same theme." if alike else "Competitors by all complaints: too few of this theme."
        )
    left_out = sum(1 for name in found.own if name not in sources)
    if left_out:
        notes.append(f"{left_out} source{'s' * (left_out > 1)} left out: not heard in all of these days.")
    if any(spike.start < spans.before[-1] for spike in found.spikes):
        notes.append("The days before hold a spike, and after a spike criticism falls by itself: read this with care.")
    st.caption(" ".join(notes))
    around = (spans.before[0], spans.before[-1]), (spans.after[0], spans.after[-1])
    return Compared(explained_themes.aftermath(brand, others, themes, alike, sorted(sources), *around), spans)

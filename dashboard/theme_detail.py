"""Draws one theme: how it moves, what people say in it, where it arises, its card, and what people may decide."""

from collections.abc import Sequence
from typing import Any
from zoneinfo import ZoneInfo

import altair as alt
import pandas as pd
import streamlit as st

from earful.dashboard import (
    aftermath,
    board,
    canvas,
    deciding,
    figures,
    findings,
    frame,
    marking,
    picked,
    sql,
    subjects,
    theme_actions,
    words,
)
from earful.dashboard import read_themes as read
from earful.dashboard.canvas import Look
from earful.dashboard.figures import Totals
from earful.dashboard.frame import View
from earful.dashboard.period import Step
from earful.dashboard.read_themes import Found
from earful.dashboard.subjects import Subject
from earful.data.events import Event
from earful.data.queries import Gap, Spike

QUOTES = 5
AGAIN = 0.3  # of a theme by authors who had said so before, from which that is told


def show(view: View, found: Found, subject: Subject, everything: list[Subject]) -> None:
    """Draws a theme; its name and quotes are other people's words, so they go through st.text and charts alone."""
    left, right = st.columns([13, 8], gap="medium")
    with left:
        with st.container(border=True):
            _trend(view, found, subject)
        with st.container(border=True):
            _quotes(view, subject)
    with right:
        picked.show(view, ("theme",), subject.family)
        with st.container(border=True):
            theme_actions.show(view, subject, everything, found.last.made if found.last else None)
        card, why = board.card_of(subject, found.cards), deciding.help_of(view)
        with st.container(border=True):
            st.markdown("**Card on the board**")
            board.facts(view, card)
            aftermath.show(view, subject, card)
            with st.popover("Change the card", icon=":material/edit_note:", disabled=not view.who.may_decide, help=why):
                board.form(view, subject, card)
        with st.container(border=True):
            _where(view, subject)


def _trend(view: View, found: Found, subject: Subject) -> None:
    period = view.choice.period
    unit = "stories" if view.choice.filters.stories else "mentions"
    gaps = [*found.gaps, *frame.silences(view)]
    counts = found.counts[found.counts.theme.isin(list(subject.family))]
    counts = counts.assign(brand=subject.theme)
    series = figures.series(counts, subject.theme, period.edges, gaps)
    before = Totals(negative=subject.before) if subject.before is not None else None
    moved = findings.volume(subject.totals, before, unit)
    counted = f"{words.short(subject.name, 36)}; {unit} {words.per(period.step)}"
    title = [moved, f"{counted}; a click on a bar shows what it counts"]
    look = canvas.DARK if st.context.theme.type == "dark" else canvas.LIGHT
    drawn = trend(series, gaps, found.spikes, found.events, period.step, view.zone, look, title, unit)
    picked.chart(view, "theme", drawn, subject.family)
    with st.container(horizontal=True, vertical_alignment="center"):
        with st.popover("Explain", type="tertiary"):
            st.markdown(words.DEFINITIONS["theme"])
            st.markdown(words.DEFINITIONS["spikes"])
            sql.show(view, "theme", themes=tuple(sorted(subject.family)))
            if subject.before is not None:
                st.markdown("With the period before:")
                sql.themes(view, dict.fromkeys(sorted(subject.family), subject.name), True)
        marking.show(view, found.events, subject)
        st.page_link(
            frame.PAGES["mentions"],
            label="Show its mentions",
            icon=":material/list:",
            query_params=view.choice.link(theme=subject.theme),
        )


def trend(
    series: pd.DataFrame,
    gaps: Sequence[Gap],
    spikes: Sequence[Spike],
    events: Sequence[Event],
    step: Step,
    zone: ZoneInfo,
    look: Look,
    title: Sequence[str],
    unit: str,
) -> Any:
    """Draws how often a theme came up in each step, with gaps, the brand's spikes and what happened."""
    data = canvas.timed(series, step, zone)
    bars = data[data.known & (data.volume > 0)].assign(end=lambda rows: rows.x2 - (rows.x2 - rows.x) * 0.12, ground=0)
    most = max(1.0, float(data.volume.max()) if data.known.any() else 1.0)
    y = alt.Y(
        "volume:Q",
        title=None,
        scale=alt.Scale(domain=[0, 1.25 * most]),
        axis=canvas.scale_axis("format(datum.value, ',')", tickMinStep=1),
    )
    tips = [alt.Tooltip("when:N", title="When"), alt.Tooltip("volume:Q", title=unit.capitalize(), format=",")]
    layers = [
        canvas.whole_period(data),
        *canvas.gap_marks(gaps, data, zone, look, named=False),
        alt.Chart(bars)
        .mark_bar(color=look.negative, cursor="pointer")
        .add_params(canvas.pick("begins"))
        .encode(
            x=canvas.time_axis(step),
            x2="end:T",
            y=y,
            y2="ground:Q",
            tooltip=tips,
            opacity=alt.OpacityValue(0.35, condition=canvas.when_picked(1)),
        ),
        alt.Chart(pd.DataFrame({"volume": [0]})).mark_rule(color=look.faint, strokeWidth=1).encode(y="volume:Q"),
        *canvas.spike_marks(spikes, data, zone, look, named=False),
        *canvas.event_marks(events, data, zone, look, named=True),
    ]
    return canvas.whole(layers, title, 240, look)


def _quotes(view: View, subject: Subject) -> None:
    quotes = read.quotes(view.folder, view.version, view.choice.filters, subject.family, QUOTES)
    st.markdown("**In their words**")
    if not quotes:
        st.caption("Nobody spoke of it in this period, or what was said was deleted at its source.")
    if subject.again >= AGAIN * subject.count > 0:
        share = words.percent(subject.again / subject.count)
        with st.container(horizontal=True, vertical_alignment="center"):
            st.badge(f"{share} repeats what its author said before", icon=":material/repeat:", color="orange")
            with st.popover("Explain", type="tertiary", key="explain again"):
                st.markdown(words.DEFINITIONS["again"])
                sql.show(view, "theme again", themes=tuple(sorted(subject.family)))
    for place, quote in enumerate(quotes):
        with st.container(border=True, gap="xxsmall"):
            st.text(words.short(quote.text.strip(), 420))
            with st.container(horizontal=True, vertical_alignment="center"):
                at = words.moment(quote.published, view.zone)
                said = (quote.author or "unknown", words.source(quote.source, 60), at)
                st.text(" · ".join(words.short(part, 60) for part in said))
                st.space("stretch")
                link = view.choice.link(theme=subject.theme) | {"at": [quote.source], "mention": [quote.id]}
                st.page_link(frame.PAGES["mentions"], label="Open", query_params=link)
                theme_actions.not_here(view, quote, place)


def _where(view: View, subject: Subject) -> None:
    """Draws where a theme arises: the journey's stages, what people need, the sources."""
    st.markdown("**Where it arises**")
    whole = max(subject.count, 1)
    stages = [(stage, count) for stage, count in subjects.stages(subject) if count]
    if not stages:
        st.caption("Nothing in this period.")
        return
    intents = [(words.INTENTS.get(name, "not known"), count) for name, count in subject.intents.items()]
    sources = [(words.source(name, 60), count) for name, count in subject.sources.items()]
    for title, rows in (("Stage of the journey", stages), ("What they need", intents), ("Source", sources)):
        shown = pd.DataFrame(rows[:8], columns=[title, "count"])
        shown["Share"] = 100 * shown["count"] / whole
        st.dataframe(
            shown,
            hide_index=True,
            column_order=[title, "Share"],
            column_config={"Share": st.column_config.ProgressColumn(min_value=0, max_value=100, format="%.0f%%")},
        )
    with st.popover("Explain", type="tertiary"):
        st.markdown(
            "The stage of the customer's journey is known by words that only it has, and *unknown* without any; "
            "what the writer needs is read by the model. Of a story the first copy counts."
        )
        sql.show(view, "theme parts", themes=tuple(sorted(subject.family)))

"""The Criticism page: what a brand is criticised for, how that moves, against others, and what is done about it."""

from typing import Any

import pandas as pd
import streamlit as st

from earful.dashboard import (
    board,
    deciding,
    figures,
    filters,
    frame,
    matrix,
    read_themes,
    sql,
    subjects,
    theme_detail,
    words,
)
from earful.dashboard.frame import View
from earful.dashboard.read_themes import Found
from earful.dashboard.subjects import Subject
from earful.data import queries

SPARSE = ("In a sentence", "Needs")  # columns that are left out while they say nothing
LEAST = 15  # people who complain, from whom on themes are looked for; the same as models.themes.ENOUGH


def show() -> None:
    """Draws the page."""
    view = frame.open_page("criticism")
    period = view.choice.period
    found = read_themes.found(view.folder, view.version, view.choice.filters, tuple(period.borders))
    if not found.themes:
        _none_yet(view, found)
        return
    fair = found.reach.first is not None and found.reach.first <= period.before
    before = (period.before, period.before_finish) if fair else None
    everything = subjects.gather(found.themes, found.standing, found.counts, found.parts, period.edges, before)
    frame.say_period(view, fair)
    with st.container(horizontal=True, vertical_alignment="center"):
        st.segmented_control(
            "View",
            list(filters.CRITICISM),
            key="view",
            format_func=filters.CRITICISM.__getitem__,
            required=True,
            label_visibility="collapsed",
        )
        hidden = sum(one.standing.hidden for one in everything)
        with_hidden = hidden > 0 and st.toggle(f"Show hidden ({hidden})", key="hidden themes")
        if st.session_state["view"] != "brands":
            with st.popover("Explain", type="tertiary"):
                st.markdown(words.DEFINITIONS["theme"])
                st.markdown(words.DEFINITIONS["change"])
                names = subjects.distinct(everything)
                sql.themes(view, {theme: names[one.theme] for one in everything for theme in one.family}, fair)
    deciding.problem()
    shown = [one for one in everything if with_hidden or not one.standing.hidden]
    look = st.session_state["view"]
    if look == "board":
        board.show(view, everything, found.cards)
    elif look == "brands":
        matrix.show(view, shown)
    else:
        _themes(view, found, everything, shown)


def _themes(view: View, found: Found, everything: list[Subject], shown: list[Subject]) -> None:
    chosen = _chosen(everything)
    # What was merged, faded or never spoken of in the period is not in the way, unless it is the one asked for.
    listed = [one for one in shown if one.count or one.before or one.standing.pinned or one is chosen]
    if not listed:
        st.subheader("No theme was spoken of in this period", anchor=False)
        st.markdown("Choose a longer period above, or other sources.")
        return
    taken = _list(view, listed, chosen, found)
    if found.last:
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            if found.last.note:
                st.badge("note", icon=":material/record_voice_over:", color="orange")
                st.text(words.short(found.last.note, 300))
            st.caption(f"Found anew {words.ago(found.last.made, view.now)}")
    subject = taken or chosen or listed[0]
    theme_detail.show(view, found, subject, everything)


def _chosen(everything: list[Subject]) -> Subject | None:
    """Finds the theme that the address asks for, also by a name it had before it was merged."""
    wanted = st.session_state.get("theme", "")
    return next((one for one in everything if wanted in one.family), None)


def _list(view: View, listed: list[Subject], chosen: Subject | None, found: Found) -> Subject | None:
    """Draws the themes as a table and tells which one is picked there; names are other people's words."""
    unit = "Stories" if view.choice.filters.stories else "Mentions"
    nets = [figures.net_sentiment(one.totals) for one in listed]
    shown = pd.DataFrame(
        {
            "Theme": [("◆ " if one.standing.pinned else "") + words.short(one.name, 80) for one in listed],
            "In a sentence": [words.short(one.found.sentence, 160) or "–" for one in listed],
            unit: [one.count for one in listed],
            "Change": [_change(one) for one in listed],
            "Trend": [list(one.steps) for one in listed],
            "State": [_state(one) for one in listed],
            "Net sentiment": [f"{words.points(net.value)} ({words.interval(net)})" if net else "–" for net in nets],
            "Needs": [_most(one.intents, one.count, words.INTENTS) for one in listed],
            "Sources": [words.listed([words.source(name, 30) for name in one.sources], 2) or "–" for one in listed],
            "First seen": [one.first_seen.astimezone(view.zone).date() for one in listed],
            "Board": [board.STATUSES[board.card_of(one, found.cards).status] for one in listed],
        }
    )
    rows = [listed.index(chosen)] if chosen in listed else [0]
    event: Any = st.dataframe(
        shown,
        hide_index=True,
        height=min(37 + 35 * len(listed), 387),
        column_order=[name for name in shown.columns if name not in SPARSE or any(shown[name] != "–")],
        column_config={
            "Theme": st.column_config.TextColumn(width=200),
            "In a sentence": st.column_config.TextColumn(width=300, help="Of one complaint, that says it best"),
            unit: st.column_config.NumberColumn(width=70, format="localized"),
            "Change": st.column_config.TextColumn(
                width=110, help="Against the equal period before; ≈ is within the noise"
            ),
            "Trend": st.column_config.BarChartColumn(width=150, y_min=0, help="Each step of the period"),
            "State": st.column_config.TextColumn(width=90),
            "Net sentiment": st.column_config.TextColumn(width=140, help="With its 95% interval"),
            "First seen": st.column_config.DateColumn(width=100, format="D MMM YYYY"),
        },
        on_select="rerun",
        selection_mode="single-row",
        selection_default={"selection": {"rows": rows}},
        # A selection is a row's number: it must not outlive the list it was made in.
        key=f"themes {view.version} {hash((view.choice.filters, tuple(one.theme for one in listed)))}",
    )
    if not event.selection.rows:
        return None
    taken: Subject = listed[event.selection.rows[0]]
    if taken is not (chosen or listed[0]):
        filters.remember_theme(taken.theme)
    return taken


def _change(subject: Subject) -> str:
    if subject.before is None:
        return "–"
    if not subject.moved:
        return f"≈ {subject.before:,}"
    return words.moved(subject.count, subject.before) if subject.before else f"+{subject.count:,}"


def _state(subject: Subject) -> str:
    return "hidden" if subject.standing.hidden else subjects.STATES.get(subject.found.state, subject.found.state)


def _most(counts: dict[str, int], whole: int, names: dict[str, str]) -> str:
    """Names what most of a theme's stories want, and how many do."""
    known = {name: count for name, count in counts.items() if name in names}
    if not known or not whole:
        return "–"
    name, count = max(known.items(), key=lambda one: one[1])
    return f"{words.percent(count / whole)} {names[name]}"


def _none_yet(view: View, found: Found) -> None:
    """Says why there are no themes, and what brings them."""
    if found.reach.last is None:
        frame.no_mentions(view, queries.Reach(None, None))
        return
    last, voices = found.last, read_themes.voices(view.folder, view.version, view.choice.filters.brand)
    st.subheader("No themes yet", anchor=False)
    if voices < LEAST:
        st.markdown(
            f"Themes need at least **{LEAST}** people who say something negative or report a problem; **{voices}** so "
            "far. They come by themselves; more sources bring them sooner."
        )
        st.page_link(frame.PAGES["sources"], label="See the sources", icon=":material/sensors:")
    elif last is None:
        st.markdown(f"**{voices:,}** people complained, and the next run looks for themes in what they said:")
        st.code("earful run", language="shell", width=360)
    else:
        st.markdown(
            f"The last look, {words.ago(last.made, view.now)}, at {last.stories:,} complaints found no subject that "
            "comes back often enough to be a theme."
        )
    if last and last.note:
        st.text(words.short(last.note, 300))


if __name__ == "__main__":
    show()

"""Shows the mentions behind a bar or a point of a chart, beside it, once somebody clicks on one."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from itertools import pairwise
from typing import Any

import pandas as pd
import streamlit as st

from earful.dashboard import canvas, filters, frame, past, read, words
from earful.dashboard.frame import View

STEP = "step picked"
CHARTS = ("net sentiment", "volume", "theme", "share of voice")
LABELS = {sign: label for label, sign in words.SIGNS.items()}
MOST = 50


@dataclass(frozen=True)
class Picked:
    """What was clicked on in a chart: the step that begins then, in seconds since 1970, and the labels drawn there.

    No labels are all of them; `themes` are the ids of the themes drawn, the one that stands for them first.
    """

    chart: str
    brand: str
    themes: tuple[str, ...]
    begins: int
    labels: tuple[str, ...]


def chart(view: View, name: str, drawn: Any, themes: tuple[str, ...] = ()) -> None:
    """Draws one of the CHARTS, on which a step can be clicked."""
    turn = st.session_state.get(f"{name} turn", 0)
    key = f"{name} {turn}"
    pick = partial(_pick, name, key, view.choice.filters.brand, themes)
    st.altair_chart(drawn, width="stretch", key=key, on_select=pick, selection_mode=canvas.PICKED)


def show(view: View, charts: Sequence[str] = CHARTS, themes: tuple[str, ...] = ()) -> None:
    """Draws the mentions of the step that was clicked on in one of some charts, of these themes.

    Draws nothing where none was, or it is no longer looked at.
    """
    picked: Picked | None = st.session_state.get(STEP)
    if not picked or picked.chart not in charts or picked.themes != themes:
        return
    spans = {int(start.timestamp()): (start, finish) for start, finish in pairwise(view.choice.period.edges)}
    if picked.brand != view.choice.filters.brand or picked.begins not in spans:
        return
    start, finish = spans[picked.begins]
    chosen = replace(
        view.choice.filters,
        start=start.astimezone(UTC),
        finish=finish.astimezone(UTC),
        labels=picked.labels,
        themes=themes,
    )
    total, found = read.mentions(view.folder, view.version, chosen, MOST, 0)
    with st.container(border=True):
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            st.markdown(f"**{_when(view, start, finish)}**", width="content")
            st.space("stretch")
            st.button("Close", key="close picked", type="tertiary", icon=":material/close:", on_click=_close)
        unit = "stories" if chosen.stories else "mentions"
        named = " or ".join(words.SIGNS[label] for label in picked.labels)
        st.caption(f"{total:,} {unit if total != 1 else words.one(unit)}" + (f": {named}" if named else ""))
        st.dataframe(
            pd.DataFrame(
                {
                    "Mention": [
                        f"{words.SIGNS[line.label][0]} {words.plain(line.snippet or line.title) or past.DELETED}"
                        for line in found
                    ],
                    "When": [words.moment(line.published, view.zone) for line in found],
                    "Source": [words.source(line.source) for line in found],
                }
            ),
            hide_index=True,
            height=min(36 * (len(found) + 1) + 2, 330),
            column_config={"Mention": st.column_config.TextColumn(width=260)},
        )
        span = filters.between(start, finish, view.zone)
        st.page_link(
            frame.PAGES["mentions"],
            label="Show them under Mentions" if total <= MOST else f"Show all {total:,} under Mentions",
            icon=":material/list:",
            query_params=view.choice.link(
                **span, sentiment=list(picked.labels), **({"theme": themes[0]} if themes else {})
            ),
        )


def _when(view: View, start: datetime, finish: datetime) -> str:
    write = words.span if view.choice.period.step == "hour" else words.days
    return write(start, finish, view.zone)


def _pick(name: str, key: str, brand: str, themes: tuple[str, ...]) -> None:
    points = st.session_state[key].selection.get(canvas.PICKED) or []
    if not points:
        st.session_state.pop(STEP, None)
        return
    sign = points[0].get("label")
    labels = (LABELS[sign],) if sign in LABELS else ("negative", "positive") if name == "net sentiment" else ()
    st.session_state[STEP] = Picked(name, brand, themes, int(points[0]["begins"]), labels)
    _unmark(*(other for other in CHARTS if other != name))


def _close() -> None:
    st.session_state.pop(STEP, None)
    _unmark(*CHARTS)


def _unmark(*names: str) -> None:
    """Draws charts anew on which something is marked that is no longer looked at."""
    state = st.session_state
    for name in names:
        turn = state.get(f"{name} turn", 0)
        if f"{name} {turn}" in state and state[f"{name} {turn}"].selection.get(canvas.PICKED):
            state[f"{name} turn"] = turn + 1

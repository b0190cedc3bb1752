"""Shows the mentions behind a bar or a point of a chart, beside it, once somebody clicks on one."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from itertools import pairwise
from typing import Any

import pandas as pd
import streamlit as st

from earful.dashboard import canvas, filters, frame, past, read, words
from earful.dashboard.filters import Address
from earful.dashboard.frame import View
from earful.data.queries import Filters, Line

STEP = "step picked"
LABELS = {sign: label for label, sign in words.SIGNS.items()}
MOST = 50


@dataclass(frozen=True)
class Picked:
    """What was clicked on in a chart: the step that begins then, in seconds since 1970, and the labels drawn there.

    No labels are all of them; `themes` are the ids of the themes drawn, the one that stands for them first. In a chart
    that sets brands beside each other `brand` is the one that was clicked on, and there is no step: 0.
    """

    chart: str
    brand: str
    themes: tuple[str, ...]
    begins: int
    labels: tuple[str, ...]


def chart(view: View, name: str, drawn: Any, themes: tuple[str, ...] = (), labels: tuple[str, ...] = ()) -> None:
    """Draws a chart over the steps of the period, on which one can be clicked; `labels` are those it counts."""
    draw(name, drawn, view.choice.filters.brand, themes, labels)


def draw(name: str, drawn: Any, brand: str = "", themes: tuple[str, ...] = (), labels: tuple[str, ...] = ()) -> None:
    """Draws a chart whose marks can be clicked on; `name` differs from all others of a page.

    A mark may say its step (`begins`), its label, or its `brand`; what it leaves out is as given here.
    """
    key = f"{name} {_turn(name)}"
    pick = partial(_pick, name, key, brand, themes, labels)
    st.altair_chart(drawn, width="stretch", key=key, on_select=pick, selection_mode=canvas.PICKED)


def button(label: str, chart: str, begins: int) -> None:
    """Draws a button that does what a click on a mark of a chart does."""
    st.button(label, key=f"list {chart}", type="tertiary", icon=":material/list:", on_click=_take, args=(chart, begins))


def _take(chart: str, begins: int) -> None:
    _close()
    st.session_state[STEP] = Picked(chart, "", (), begins, ())


def clicked(*charts: str) -> Picked | None:
    """Gives what was clicked on, if that was in one of some charts."""
    picked: Picked | None = st.session_state.get(STEP)
    return picked if picked and picked.chart in charts else None


def show(view: View, charts: Sequence[str], themes: tuple[str, ...] = ()) -> None:
    """Draws the mentions of the step that was clicked on in one of some charts, of these themes.

    Draws nothing where none was, or it is no longer looked at.
    """
    picked = clicked(*charts)
    if not picked or picked.themes != themes:
        return
    spans = {int(start.timestamp()): (start, finish) for start, finish in pairwise(view.choice.period.edges)}
    if picked.brand != view.choice.filters.brand or picked.begins not in spans:
        return
    start, finish = spans[picked.begins]
    chosen = replace(view.choice.filters, start=start.astimezone(UTC), finish=finish.astimezone(UTC), themes=themes)
    write = words.span if view.choice.period.step == "hour" else words.days
    link = filters.between(start, finish, view.zone) | ({"theme": themes[0]} if themes else {})
    _listed(view, replace(chosen, labels=picked.labels), write(start, finish, view.zone), link)


def show_brand(view: View, charts: Sequence[str]) -> None:
    """Draws the mentions of the brand that was clicked on in one of some charts, of the whole period."""
    picked = clicked(*charts)
    names = [brand.name for brand in view.known.brands]
    if picked and picked.brand in names:
        chosen = replace(view.choice.filters, brand=picked.brand, labels=picked.labels)
        _listed(view, chosen, words.short(picked.brand), {})


def show_cell(view: View, name: str, families: Mapping[str, tuple[str, ...]], names: Mapping[str, str]) -> None:
    """Draws the mentions of the brand and theme that were clicked on, of the whole period.

    `families` has the ids of all that counts as a theme of the chosen brand, `names` what that is called.
    """
    picked = clicked(name)
    if not picked or not picked.themes or picked.themes[0] not in families:
        return
    theme = picked.themes[0]
    chosen = replace(view.choice.filters, brand=picked.brand, themes=families[theme])
    head = f"{words.short(picked.brand)}: {words.short(names[theme], 60)}"
    _listed(view, chosen, head, {"theme": theme})


def _listed(view: View, chosen: Filters, head: str, link: dict[str, str]) -> None:
    """Draws what is listed under some filters; `link` changes the page's own, but for the brand and the labels."""
    total, found = read.mentions(view.folder, view.version, chosen, MOST, 0)
    unit = "stories" if chosen.stories else "mentions"
    brand = "" if chosen.brand == view.known.brands[0].name else chosen.brand
    address = view.choice.link(**link, brand=brand, sentiment=list(chosen.labels))
    box(view, head, told(total, unit, chosen.labels), total, found, address)


def told(total: int, unit: str, labels: Sequence[str] = ()) -> str:
    """Says how many were counted, and of which labels."""
    named = " or ".join(words.SIGNS[label] for label in labels)
    return f"{total:,} {unit if total != 1 else words.one(unit)}" + (f": {named}" if named else "")


def box(
    view: frame.Store, head: str, said: str, total: int, found: Sequence[Line], address: Address, close: bool = True
) -> None:
    """Draws a list of mentions under a head, with the way to all of them; the head goes through st.text alone."""
    table = {
        "Mention": [
            f"{words.SIGNS[line.label][0]} {words.plain(line.snippet or line.title) or past.DELETED}" for line in found
        ],
        "When": [words.moment(line.published, view.zone) for line in found],
        "Source": [words.source(line.source) for line in found],
    }
    label = "Show them under Mentions" if total <= MOST else f"Show all {total:,} under Mentions"
    if total > len(found):
        said += f"; the latest {len(found)}"
    frame_of(head, said, pd.DataFrame(table), {label: address}, close)


def frame_of(head: str, said: str, table: pd.DataFrame, ways: Mapping[str, Address], close: bool = True) -> None:
    """Draws a table with a column `Mention` under a head, with `ways` to the Mentions page and one to close it."""
    with st.container(border=True):
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            st.text(head)
            st.space("stretch")
            if close:
                st.button("Close", key="close picked", type="tertiary", icon=":material/close:", on_click=_close)
        st.caption(said)
        st.dataframe(
            table,
            hide_index=True,
            height=min(36 * (len(table) + 1) + 2, 330),
            column_config={"Mention": st.column_config.TextColumn(width=260)},
        )
        for label, address in ways.items():
            st.page_link(frame.PAGES["mentions"], label=label, icon=":material/list:", query_params=address)


def begins(at: datetime) -> int:
    """Gives the mark's step as charts write it."""
    return int(at.timestamp())


def _pick(name: str, key: str, brand: str, themes: tuple[str, ...], labels: tuple[str, ...]) -> None:
    points = st.session_state[key].selection.get(canvas.PICKED) or []
    before: Picked | None = st.session_state.pop(STEP, None)
    if before and before.chart != name:
        _unmark(before.chart)
    if not points:
        return
    point = points[0]
    sign = point.get("label")
    if sign in LABELS:
        labels = (LABELS[sign],)
    themes = (str(point["theme"]),) if point.get("theme") else themes
    at, whose = int(point.get("begins") or 0), str(point.get("brand") or brand)
    st.session_state[STEP] = Picked(name, whose, themes, at, labels)


def _close() -> None:
    picked: Picked | None = st.session_state.pop(STEP, None)
    if picked:
        _unmark(picked.chart)


def _unmark(name: str) -> None:
    """Draws a chart anew on which something is marked that is no longer looked at."""
    st.session_state[f"{name} turn"] = _turn(name) + 1


def _turn(name: str) -> int:
    return int(st.session_state.get(f"{name} turn", 0))

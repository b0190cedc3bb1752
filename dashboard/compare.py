"""The Compare page: brands side by side, with how sure each figure is and what makes a comparison unfair."""

from typing import Any

import pandas as pd
import streamlit as st

from earful.dashboard import (
    beside,
    canvas,
    figures,
    findings,
    frame,
    matrix,
    picked,
    read,
    read_themes,
    sql,
    subjects,
    words,
)
from earful.dashboard.beside import Row
from earful.dashboard.frame import View
from earful.data import explained_themes

CLICK = "95% intervals; a click shows what was said"
TICK = "Tick: before; grey where the change is within the noise"


def show() -> None:
    """Draws the page."""
    view = frame.open_page("compare")
    filters, period = view.choice.filters, view.choice.period
    brands = [(brand.name, brand.competitor) for brand in view.known.brands]
    if len(brands) < 2:
        _alone()
        return
    names = tuple(name for name, _ in brands)
    found = read.overview(view.folder, view.version, filters, tuple(period.borders), names)
    firsts = {name: read.reach(view.folder, view.version, name).first for name in names}
    fair = all(first is not None and first <= period.before for first in firsts.values())
    before = (period.before, period.before_finish) if fair else None
    rows = beside.rows(found.counts, brands, (period.start, period.finish), before)
    if not any(row.now.volume for row in rows):
        frame.no_mentions(view, found.reach)
        return
    frame.say_period(view, fair)
    _doubts(view, names, firsts)
    look = canvas.DARK if st.context.theme.type == "dark" else canvas.LIGHT
    own = filters.brand
    left, right = st.columns(2, gap="medium")
    tick = [TICK] if fair else []
    with left, st.container(border=True):
        title = [beside.finding(rows, own, "net", "Net sentiment"), f"From −100 to +100; {CLICK}", *tick]
        picked.draw("net", beside.shares(rows, own, "net", True, look, title), labels=("negative", "positive"))
        _explain(view, "net", "brands", fair)
    with right, st.container(border=True):
        title = [beside.finding(rows, own, "negative", "Negative share"), f"In %; {CLICK}", *tick]
        picked.draw("negative", beside.shares(rows, own, "negative", False, look, title), labels=("negative",))
        _explain(view, "negative", "brands", fair)
    picked.show_brand(view, ("net", "negative"))
    mine = next(row for row in rows if row.brand == own)
    if mine.voice and mine.now.volume:
        with st.container(border=True):
            said = findings.voice(own, [row.brand for row in rows], mine.voice.value)
            counted = "Share of all that is said of the brands watched, with its 95% interval"
            title = [said, f"{counted}; a click on a point shows what was said"]
            gaps = [*found.gaps, *frame.silences(view)]
            parts = (found.counts, rows, own, period.edges, gaps, period.step, view.zone, look, title)
            picked.chart(view, "share of voice", beside.voices(*parts, found.events, found.spikes))
            _explain(view, "voice")
        picked.show(view, ("share of voice",))
    _table(view, rows)
    _themes(view)


def _alone() -> None:
    st.subheader("There is only one brand", anchor=False)
    st.markdown("Add a competitor to `earful.toml`, and what the sources already brought is matched to it, too:")
    st.code('[[brands]]\nname = "Globex"\nmatch = "globex"\ncompetitor = true', language="toml", width=360)


def _doubts(view: View, names: tuple[str, ...], firsts: dict[str, Any]) -> None:
    """Says which comparisons with the chosen brand are not fair, and why."""
    filters, period = view.choice.filters, view.choice.period
    heard = read_themes.heard(view.folder, view.version, filters)
    said = {
        other: beside.doubts(heard.heard, heard.gaps, firsts, filters.brand, other, period.start, period.finish)
        for other in names
        if other != filters.brand
    }
    unfair = {other: why for other, why in said.items() if why}
    if not unfair:
        return
    st.warning(
        f"Not fair to compare with {len(unfair)} of {len(said)} brands in this period", icon=":material/balance:"
    )
    for other, why in unfair.items():
        st.text(f"{words.short(other)}: {'; '.join(why)}.")
    with st.popover("Explain", type="tertiary", key="explain doubts"):
        st.markdown(words.DEFINITIONS["heard"])
        sql.write(explained_themes.heard(filters, names))


def _table(view: View, rows: list[Row]) -> None:
    unit = "Stories" if view.choice.filters.stories else "Mentions"
    shown = pd.DataFrame(
        {
            "Brand": [words.short(row.brand, 60) for row in rows],
            "Whose": ["competitor" if row.competitor else "own" for row in rows],
            unit: [row.now.volume for row in rows],
            **(_before(rows) if all(row.before for row in rows) else {}),
            "Share of voice": [
                f"{words.percent(row.voice.value)} ({words.between(row.voice)})" if row.voice else "–" for row in rows
            ],
            "Net sentiment": [
                f"{words.points(row.net.value)} ({words.interval(row.net)})" if row.net else "–" for row in rows
            ],
            "Negative share": [
                f"{words.percent(row.negative.value)} ({words.between(row.negative)})" if row.negative else "–"
                for row in rows
            ],
            "Unclear": [row.now.unclear for row in rows],
            "Not scored": [row.now.unscored for row in rows],
        }
    )
    counts = (unit, "Before", "Unclear", "Not scored")
    columns: dict[str, Any] = {name: st.column_config.NumberColumn(format="localized") for name in counts}
    columns["Change"] = st.column_config.TextColumn(help="Against the equal period before; ≈ is within the noise")
    st.dataframe(shown, hide_index=True, width="stretch", column_config=columns)
    with st.container(horizontal=True, vertical_alignment="center"):
        _explain(view, "volume", "brands", all(row.before for row in rows))
        _mentions(view, rows)


def _themes(view: View) -> None:
    """Draws what each brand is criticised for, last, since it takes longest; nothing where there are no themes."""
    period = view.choice.period
    found = read_themes.found(view.folder, view.version, view.choice.filters, tuple(period.borders))
    gathered = subjects.gather(found.themes, found.standing, found.counts, found.parts, period.edges, None)
    shown = [one for one in gathered if not one.standing.hidden]
    if any(one.count for one in shown):
        st.subheader("What each is criticised for", anchor=False)
        matrix.show(view, shown)


def _before(rows: list[Row]) -> dict[str, list[Any]]:
    """Gives the columns of what was said in the period before, and how that changed."""
    pairs = [(row.now.volume, row.before.volume) for row in rows if row.before]
    return {
        "Before": [was for _, was in pairs],
        "Change": [
            words.change(now, was) if was and figures.volumes_differ(now, was) else "≈" if was else "–"
            for now, was in pairs
        ],
    }


def _mentions(view: View, rows: list[Row]) -> None:
    names = [row.brand for row in rows]
    first = view.known.brands[0].name
    with st.popover("Show the mentions of", icon=":material/list:", type="tertiary"):
        for place, name in enumerate(names):
            with st.container(horizontal=True, vertical_alignment="center", key=f"mentions of {place}"):
                st.text(words.short(name))
                st.page_link(
                    frame.PAGES["mentions"],
                    label="Open",
                    icon=":material/open_in_new:",
                    query_params=view.choice.link(brand="" if name == first else name),
                )


def _explain(view: View, definition: str, figure: str = "", fair: bool = False) -> None:
    with st.popover("Explain", type="tertiary", key=f"explain {definition}"):
        st.markdown(words.DEFINITIONS[definition])
        sql.show(view, figure or definition)
        if fair:
            sql.before(view, figure or definition)


if __name__ == "__main__":
    show()

"""Draws brands by themes: what each brand is criticised for, and why some are not set beside the others."""

import streamlit as st

from earful.dashboard import canvas, frame, picked, read_themes, rivals, sql, subjects, words
from earful.dashboard.frame import View
from earful.dashboard.subjects import Subject
from earful.data import explained_themes


def show(view: View, shown: list[Subject]) -> None:
    """Draws brands by themes, and says of those left out why they are."""
    chosen = view.choice.filters
    read = read_themes.rivals(view.folder, view.version, chosen)
    others = [brand.name for brand in view.known.brands if brand.name != chosen.brand]
    if not others:
        st.subheader("No other brand is watched", anchor=False)
        st.markdown("Add competitors to `earful.toml`, with `competitor = true`; the next run collects them.")
        return
    if any(brand.name == chosen.brand and brand.competitor for brand in view.known.brands):
        st.subheader("Brands are compared by the themes of your own", anchor=False)
        st.markdown("Choose one of your own brands above.")
        return
    where = read_themes.heard(view.folder, view.version, chosen)
    gaps = [*where.gaps, *frame.silences(view)]
    finish = min(chosen.finish, view.now)
    refused = {
        other: rivals.refusal(
            where.heard, gaps, chosen.brand, other, chosen.start, max(finish, chosen.start), other in read.compared
        )
        for other in others
    }
    fair = [chosen.brand, *(other for other in others if not refused[other])]
    rows = {one.theme: one.family for one in shown if one.count}
    cells = rivals.cells(read.shares, rows, subjects.distinct(shown), fair)
    if cells:
        look = canvas.DARK if st.context.theme.type == "dark" else canvas.LIGHT
        left, right = st.columns([13, 8], gap="medium")
        with left, st.container(border=True):
            picked.draw("brands by themes", rivals.chart(cells, chosen.brand, look))
            with st.popover("Explain", type="tertiary"):
                st.markdown(words.DEFINITIONS["brands"])
                drawn = list(dict.fromkeys(cell.theme for cell in cells))
                names = subjects.distinct(shown)
                members = {theme: names[root] for root in drawn for theme in rows[root]}
                sql.write(explained_themes.brands(chosen, members, fair))
                for name in fair:
                    place = {"brand": "" if name == view.known.brands[0].name else name}
                    st.page_link(
                        frame.PAGES["mentions"],
                        label=f"Show what is negative about {words.literal(words.short(name))}",
                        icon=":material/list:",
                        query_params=view.choice.link(sentiment="negative", **place),
                    )
        with right:
            picked.show_cell(view, "brands by themes", rows, subjects.distinct(shown))
    for other, reason in refused.items():
        if reason:
            with st.container(border=True):
                st.markdown(":material/balance: **Not compared**")
                st.text(f"{words.short(other)}: {reason}.")
                with st.popover("Explain", type="tertiary", key=f"explain refusal {other}"):
                    st.markdown(words.DEFINITIONS["brands"])
                    sql.write(explained_themes.heard(chosen, [chosen.brand, other]))

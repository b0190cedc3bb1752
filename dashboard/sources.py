"""The Sources page: how each source is, the most troubled first, what it brought of late, and the next step."""

from datetime import UTC, timedelta
from itertools import pairwise
from typing import Any

import pandas as pd
import streamlit as st

from earful.dashboard import canvas, charts, filters, frame, head, past, period, picked, read, sql, targets, words
from earful.dashboard.frame import Store
from earful.data import explained, naming
from earful.data.todo import SourceRow
from earful.models import condition
from earful.models.condition import Condition

WEEK = -1  # instead of when a day begins: the last seven
PAGE = 20  # sources drawn at once
COLORS: dict[str, Any] = {
    "key refused": "red", "blocked": "red", "gone": "red", "failing": "orange", "silent": "orange",
    "waiting": "blue", "slow": "blue", "new": "gray", "fine": "green",
}  # fmt: skip


def show() -> None:
    """Draws the page."""
    store = frame.open_plain()
    days = period.last("30d", store.now, store.zone)
    edges = days.edges
    week = (edges[-1] - timedelta(days=7)).astimezone(UTC)
    found = read.sources(store.folder, store.version, tuple(edge.astimezone(UTC) for edge in edges), week)
    if not found.rows:
        _none()
        return
    judged = sorted(((condition.judge(row), row) for row in found.rows), key=lambda one: (one[0].rank, one[1].source))
    _sum_up([one for one, _ in judged])
    targets.show(store)
    names = [name for name in condition.ORDER if any(one.name == name for one, _ in judged)]
    wanted = len(names) > 1 and st.segmented_control(
        "Show",
        names,
        selection_mode="multi",
        format_func=head.CONDITIONS.__getitem__,
        key="conditions",
        label_visibility="collapsed",
    )
    shown = [one for one in judged if not wanted or one[0].name in wanted]
    last = max((len(shown) - 1) // PAGE, 0)
    page = min(int(st.session_state.get("sources page", 1)) - 1, last)
    for judgement, row in shown[page * PAGE : (page + 1) * PAGE]:
        _source(store, found, edges, judgement, row)
    if last:
        st.number_input(f"Page of {last + 1}", 1, last + 1, key="sources page", width=140)
    st.caption(
        "Bars: mentions a day over 30 days, each source on its own scale; a click on one lists them. Shaded: "
        "a gap, in which the source could not be read or was unbelievably silent; what was said then is unknown. "
        f"Times are those of {store.zone.key}."
    )
    with st.popover("Explain", type="tertiary"):
        st.markdown(
            "Every mention that a source brought is counted here, by when it was published, also what is about none of "
            "your brands. A source is *silent* when it brings nothing for longer than its own habit explains."
        )
        sql.write(explained.by_source(week))
        sql.write(explained.gaps(edges[0]), "SQL of the gaps")
        sql.write(head.standing()[1], "SQL of how each source is")


def _none() -> None:
    st.subheader("No source is set up", anchor=False)
    st.markdown("Earful hears nothing yet. Add where people speak to `earful.toml`, then try it; nothing is kept:")
    st.code('[[sources]]\nconnector = "hackernews"\ntarget = "acme"', language="toml", width=360)
    st.code("earful check\nearful run", language="shell", width=360)


def _sum_up(judged: list[Condition]) -> None:
    troubled = sum(one.rank <= condition.ORDER.index("silent") for one in judged)
    waiting = sum(one.name == "new" for one in judged)
    if waiting == len(judged):
        title = "No source has been asked yet"
    elif not troubled and waiting:
        title = f"All is well; {waiting} of {len(judged)} sources will be asked for the first time by the next run"
    elif not troubled:
        title = "All sources are heard" if len(judged) > 1 else "The source is heard"
    else:
        title = f"{troubled} of {len(judged)} sources need{'s' * (troubled == 1)} a look"
    st.subheader(title, anchor=False)


def _source(store: Store, found: read.Sources, edges: list[Any], judged: Condition, row: SourceRow) -> None:
    """Draws one source; its name and what it said are other people's words, so they go through st.text alone."""
    with st.container(border=True):
        left, middle, right = st.columns([5, 4, 2], gap="medium")
        with left, st.container(gap="xxsmall"):
            with st.container(horizontal=True, vertical_alignment="center", gap="small"):
                st.badge(head.CONDITIONS[judged.name], color=COLORS[judged.name])
                if judged.since and judged.name != "fine":
                    st.caption(f"since {words.moment(judged.since, store.zone)}", width="content")
            st.text(words.source(row.source, 90))
            if naming.source(row.source) != row.source:
                st.text(words.short(row.source, 120))
            if judged.said:
                st.text(f"“{words.short(judged.said, 300)}”")
            if judged.step:
                st.markdown(f":material/build: {judged.step}")
        with middle:
            _picture(store, found, edges, row)
        with right:
            _figures(store, found, judged, row)
        _brought(store, edges, row)


def _picture(store: Store, found: read.Sources, edges: list[Any], row: SourceRow) -> None:
    counts = found.daily.get(row.source, [0] * (len(edges) - 1))
    series = pd.DataFrame({"start": edges[:-1], "finish": edges[1:], "count": counts})
    look = canvas.DARK if st.context.theme.type == "dark" else canvas.LIGHT
    chart = charts.small(series, found.gaps.get(row.source, []), store.zone, look, found.events)
    picked.draw(f"source {row.source}", chart)


def _brought(store: Store, edges: list[Any], row: SourceRow) -> None:
    """Draws the mentions of the day that was clicked on in the source's picture."""
    days = {picked.begins(start): (start, finish) for start, finish in pairwise(edges)}
    days[WEEK] = (edges[-1] - timedelta(days=7), edges[-1])
    clicked = picked.clicked(f"source {row.source}")
    if not clicked or clicked.begins not in days:
        return
    start, finish = days[clicked.begins]
    span = (start.astimezone(UTC), finish.astimezone(UTC))
    total, found = read.brought(store.folder, store.version, row.source, *span, picked.MOST)
    table = {
        "Mention": [words.plain(one.snippet or one.title) or past.DELETED for one in found],
        "When": [words.moment(one.published, store.zone) for one in found],
        "About": [words.listed(one.brands) or "none of the brands" for one in found],
    }
    said = picked.told(total, "mentions") + (f", the latest {len(found)}" if total > len(found) else "")
    spoken = {brand for one in found for brand in one.brands}
    place = filters.between(start, finish, store.zone) | {"source": row.source, "count": "mentions"}
    ways = {
        f"Show those about {words.literal(words.short(brand.name))} under Mentions": {
            key: [value] for key, value in (place | ({"brand": brand.name} if at else {})).items()
        }
        for at, brand in enumerate(store.known.brands)
        if brand.name in spoken
    }
    picked.frame_of(words.days(start, finish, store.zone), said, pd.DataFrame(table), ways)


def _figures(store: Store, found: read.Sources, judged: Condition, row: SourceRow) -> None:
    gaps = found.gaps.get(row.source, [])
    week = found.week.get(row.source, 0)
    lines = [
        f"**{words.number(week)}** mention{'s' * (week != 1)} in 7 days",
        f"Last new {words.ago(row.last_new, store.now)}" if row.last_new else "Nothing new so far",
        _next(store, judged, row),
    ]
    st.markdown("  \n".join(lines))
    if week:
        picked.button("List them", f"source {row.source}", WEEK)
    if gaps:
        with st.popover(
            f"{len(gaps)} gap{'s' * (len(gaps) > 1)} in 30 days", type="tertiary", key=f"gaps {row.source}"
        ):
            for gap in gaps:
                ends = words.moment(gap.finish, store.zone) if gap.finish else "still"
                st.text(f"{words.moment(gap.start, store.zone)} to {ends}: {words.short(gap.reason, 160)}")


def _next(store: Store, judged: Condition, row: SourceRow) -> str:
    if judged.name == "gone":
        return "Not asked again"
    if row.due is None or row.due <= store.now:
        return "Next look at the next run"
    return f"Next look {words.moment(row.due, store.zone)}"


if __name__ == "__main__":
    show()

"""Draws an alert's card: the excess over what was expected, split so that the parts add up, and what is not known."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import altair as alt
import pandas as pd
import streamlit as st

from earful.dashboard import canvas, frame, picked, read_alerts, ruled, sql, words
from earful.dashboard.canvas import Look
from earful.dashboard.filters import Address
from earful.dashboard.frame import Store
from earful.data import explained_alerts, naming
from earful.data.counting import Counted
from earful.data.events import Event
from earful.models import language

Card = Mapping[str, Any]
SPLITS = {"source": "Sources", "theme": "Themes", "story": "Stories", "author": "Authors", "language": "Languages"}
NAMES = {"others": "all others", "unknown": "not known", "": "not known"}
PART = (
    "*Seen* counts the stories of the alert's time. *Expected* shares the whole expectation out by how much of what "
    "is counted fell to each part before, what is recent weighing more. *More* is the difference; all parts add up to "
    "the excess. The query gives what was seen."
)
NEW = (
    "A word, or two beside each other, is *new* when it stands in more of the alert's stories than chance explains, "
    "against the brand's own stories of the weeks before; it is one *that others' stories lack* when it does so "
    "against what is said of other brands. The query counts the stories of the alert in which it stands."
)
TEXTS = 500  # stories of an alert in which new words are sought
KINDS = {
    "words": "Words",
    "distinct": "Words that others' stories lack",
    "theme": "Themes",
    "author": "Authors",
    "source": "Sources",
}


def draw(view: Store, card: Card) -> None:
    """Draws a card; one of before it had splits shows what it has."""
    if "start" not in card:
        st.caption("Nothing more is known of this alert.")
        return
    start, finish = datetime.fromisoformat(card["start"]), datetime.fromisoformat(card["finish"])
    look = canvas.DARK if st.context.theme.type == "dark" else canvas.LIGHT
    what = words.plain(naming.within(str(card.get("what") or "stories"), heard(card)))
    st.text(f"{card['observed']:,} {what}, {card['expected']:,.1f} expected")
    if "excess" in card:
        more = "more" if card["excess"] >= 0 else "fewer"
        said = f"{abs(card['excess']):.1f} {more} than expected ({card['low']:.1f} to {card['high']:.1f})"
        st.caption(f"{said}, {words.span(start, finish, view.zone)}")
    if card.get("why"):
        st.text(words.plain(words.bare(naming.within(str(card["why"]), heard(card)))))
    if card.get("late"):
        st.caption("People heard of it late: nobody watched when it happened.")
    if card.get("series"):
        series = card["series"]
        span = datetime.fromisoformat(series[0]["start"]), datetime.fromisoformat(series[-1]["finish"])
        marked = read_alerts.happened(view.folder, view.version, str(card.get("brand", "")), *span)
        name, of = f"alert {card.get('alert', '')}", ruled.counted(card.get("of"))
        drawn = chart(card, view.zone, look, marked, clicked=of is not None)
        if of:
            picked.draw(name, drawn)
            ruled.show(view, name, of, series)
        else:
            st.altair_chart(drawn, width="stretch")
    _splits(card)
    _first(view, card)
    of = ruled.counted(card.get("of")) or Counted(str(card.get("brand", "")), card.get("counts") == "negative")
    address = ruled.address(view, of, start, finish)
    _new(card, address)
    _quotes(view, card)
    _unknown(card, address)
    with st.container(horizontal=True, vertical_alignment="center"):
        with st.popover("Explain", type="tertiary"):
            _explain(card)
        _mentions("Show the mentions behind it", address)


def heard(card: Card) -> list[str]:
    """Lists the sources that a card's sentences may name."""
    parts = (card.get("splits") or {}).get("source") or ()
    named = [one["name"] for one in card.get("new") or () if one["kind"] == "source"]
    return [*(part["name"] for part in parts), *named, *filter(None, [(card.get("of") or {}).get("source")])]


def _explain(card: Card) -> None:
    st.markdown(words.DEFINITIONS["spikes"])
    st.markdown(
        "What is *expected*, and how sure that is, comes from the brand's own history: its level, its hours and "
        "weekdays, its usual scatter. The card keeps what was counted when it was sent; judgements since then may "
        "count otherwise."
    )
    if card.get("query"):
        sql.write(str(card["query"]))


def _part(split: str, name: str) -> str:
    if split == "source":
        return NAMES.get(name) or words.source(name, 90)
    return NAMES.get(name) or words.short(language.name(name) if split == "language" else name, 90)


def _splits(card: Card) -> None:
    splits = {name: parts for name, parts in (card.get("splits") or {}).items() if parts and name in SPLITS}
    if not splits:
        return
    st.markdown("**Where the excess comes from**")
    for tab, (split, parts) in zip(st.tabs([SPLITS[name] for name in splits]), splits.items(), strict=True):
        with tab:
            st.dataframe(
                [
                    {
                        "": _part(split, part["name"]),
                        "Seen": part["observed"],
                        "Expected": part["expected"],
                        "More": part["excess"],
                    }
                    for part in parts
                ],
                hide_index=True,
                column_config={name: st.column_config.NumberColumn(format="%.1f") for name in ("Expected", "More")},
            )
            st.caption(f"Together {sum(part['excess'] for part in parts):+.1f}, the whole excess.".replace("-", "−"))
            if query := explained_alerts.parted(str(card.get("query", "")), str(card.get("brand", "")), split):
                with st.popover("Explain", type="tertiary", key=f"explain {card.get('alert', '')} {split}"):
                    st.markdown(PART)
                    sql.write(query)


def _first(view: Store, card: Card) -> None:
    first = card.get("first")
    if first:
        when = words.moment(datetime.fromisoformat(first["published"]), view.zone)
        st.text(f"The first: {when}, {words.source(first['source'])}, {words.short(first['author'] or 'unknown', 60)}")


def _new(card: Card, address: Address) -> None:
    said = []
    for kind, title in KINDS.items():
        found = [one for one in card.get("new") or () if one["kind"] == kind]
        if found:
            said.append(f"{title}: " + ", ".join(f"{_new_name(one)} ({one['observed']})" for one in found))
    if said:
        st.markdown("**What is new**")
        for line in said:
            st.text(line)
        st.caption("In brackets: in how many of the alert's stories.")
        found = [one["name"] for one in card["new"] if one["kind"] in ("words", "distinct")]
        if query := explained_alerts.said(str(card.get("query", "")), found, TEXTS):
            with st.popover("Explain", type="tertiary", key=f"explain {card.get('alert', '')} new"):
                st.markdown(NEW)
                sql.write(query)
                for name in found:
                    _mentions(f"Search for “{words.literal(words.short(name))}”", address | {"text": [name]})


def _unknown(card: Card, address: Address) -> None:
    """Says what the figures leave out, and what of it may be negative, too."""
    if not card.get("unknown"):
        return
    st.markdown("**What we do not know**")
    for one in card["unknown"]:
        st.text(words.plain(one["said"]))
    open_ = [one for one in card["unknown"] if one["kind"] in ("unclear", "unscored")]
    query = explained_alerts.undecided(str(card.get("query", "")))
    if open_ and query:
        with st.popover("Explain", type="tertiary", key=f"explain {card.get('alert', '')} unknown"):
            for label in dict.fromkeys(one["kind"] for one in open_):
                st.markdown(f"**{words.SIGNS[label]}**: {words.DEFINITIONS[label]}")
            sql.write(query)
            for label in dict.fromkeys(one["kind"] for one in open_):
                _mentions(f"Show what is {words.SIGNS[label]}", address | {"sentiment": [label]})


def _mentions(label: str, address: Address) -> None:
    st.page_link(frame.PAGES["mentions"], label=label, icon=":material/list:", query_params=address)


def _new_name(one: Mapping[str, Any]) -> str:
    return words.source(one["name"], 60) if one["kind"] == "source" else words.short(one["name"])


def _quotes(view: Store, card: Card) -> None:
    if not card.get("quotes"):
        return
    st.markdown("**In their words**")
    for quote in card["quotes"]:
        with st.container(border=True, gap="xxsmall"):
            st.text(words.short(quote["text"], 400))
            when = words.moment(datetime.fromisoformat(quote["published"]), view.zone) if quote.get("published") else ""
            with st.container(horizontal=True, vertical_alignment="center"):
                st.text(" · ".join(one for one in (words.short(quote["author"] or "unknown", 60), when) if one))
                if address := words.web_address(quote.get("url") or ""):
                    st.link_button("Open", address, icon=":material/open_in_new:", type="tertiary")


def chart(card: Card, zone: ZoneInfo, look: Look, events: Sequence[Event] = (), clicked: bool = False) -> Any:
    """Draws the counts up to the alert, those of the alert in colour, over the band of the usual, and what happened.

    The bars can be `clicked` where it is known what was counted.
    """
    rows = pd.DataFrame(card["series"])
    for name, column in (("x", "start"), ("x2", "finish")):
        rows[name] = [_clock(at, zone) for at in rows[column]]
    rows["when"] = [words.moment(datetime.fromisoformat(at), zone) for at in rows.start]
    rows["begins"] = [picked.begins(datetime.fromisoformat(at)) for at in rows.start]
    rows["alert"] = [card["start"] <= at < card["finish"] for at in rows.start]
    rows["gap"], rows["ground"] = rows.observed.isna(), 0
    long = rows.x2.iloc[-1] - rows.x.iloc[0] > pd.Timedelta(days=4)
    axis = alt.Axis(format="%-d %b" if long else "%-d %b %H:%M", grid=False, tickCount=7, labelOverlap=True)
    x = alt.X("x:T", title=None, scale=alt.Scale(type="utc", nice=False), axis=axis)
    tips = [
        alt.Tooltip("when:N", title="From"),
        alt.Tooltip("observed:Q", title="Seen"),
        alt.Tooltip("expected:Q", title="Expected", format=".1f"),
        alt.Tooltip("high:Q", title="Usual up to", format=".1f"),
    ]
    base = alt.Chart(rows)
    layers = [
        base.mark_rect(color=look.neutral, opacity=0.25).encode(
            x=x, x2="x2:T", y=alt.Y("ground:Q", title=None), y2="high:Q"
        ),
        base.transform_filter("datum.gap").mark_rect(color=look.gap, opacity=0.3).encode(x=x, x2="x2:T"),
        base.transform_filter("!datum.gap")
        .mark_bar(binSpacing=1, cursor="pointer" if clicked else "default")
        .add_params(*([canvas.pick("begins")] if clicked else []))
        .encode(
            opacity=alt.OpacityValue(0.4, condition=canvas.when_picked(1)) if clicked else alt.OpacityValue(1),
            x=x,
            x2="x2:T",
            y="observed:Q",
            y2="ground:Q",
            color=alt.condition("datum.alert", alt.value(look.negative), alt.value(look.neutral)),
            tooltip=tips,
        ),
        *canvas.dated_event_marks(events, rows, zone, look),
    ]
    more = [ruled.CLICK] if clicked else []
    title = [_height(rows), "Band: up to the upper end of the usual; in colour: the alert", *more]
    return canvas.whole(layers, title, 210, look)


def _height(rows: pd.DataFrame) -> str:
    """Says how many were seen in the alert's highest interval, and how many are usual in it."""
    known = rows[rows.alert & rows.observed.notna()]
    if known.empty:
        return "Seen against what is usual"
    top = known.loc[known.observed.idxmax()]
    step = words.length((top.x2 - top.x).to_pytimedelta())
    return f"At its height {top.observed:,.0f} per {step}, usual up to {words.expected(top.high)}"


def _clock(at: str, zone: ZoneInfo) -> pd.Timestamp:
    return pd.Timestamp(datetime.fromisoformat(at).astimezone(zone).replace(tzinfo=None)).tz_localize("UTC")

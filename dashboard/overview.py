"""The Overview page: how much is said of a brand, how it is meant, what broke out, and how fresh all that is."""

from datetime import datetime
from typing import Any

import pandas as pd
import streamlit as st

from earful.dashboard import canvas, charts, figures, findings, frame, picked, read, relevance, sql, tiles, words
from earful.dashboard.frame import View
from earful.dashboard.tiles import Picture
from earful.data import queries
from earful.models import accuracy

SEEN = {"pending": "Pending", "firing": "Firing", "resolved": "Over"}
BADGES: dict[str, Any] = {"pending": "orange", "firing": "red", "resolved": "gray"}


def show() -> None:
    """Draws the page."""
    view = frame.open_page("overview")
    filters, period = view.choice.filters, view.choice.period
    brands = tuple(brand.name for brand in view.known.brands)
    found = read.overview(view.folder, view.version, filters, tuple(period.borders), brands)
    now = figures.totals(found.counts, filters.brand, period.start, period.finish)
    if now.volume == 0:
        frame.no_mentions(view, found.reach)
        _answers(view, False)
        _alerts(view, found.alerts)
        return
    fair = found.reach.first is not None and found.reach.first <= period.before
    picture = Picture(
        now,
        figures.totals(found.counts, filters.brand, period.before, period.before_finish) if fair else None,
        figures.totals(found.counts[found.counts.corrected], filters.brand, period.start, period.finish),
        figures.volume_by_brand(found.counts, period.start, period.finish),
        figures.volume_by_brand(found.counts, period.before, period.before_finish) if fair else {},
    )
    frame.say_period(view, fair)
    relevance.told(view)
    tiles.draw(view, picture, read.judged(view.folder, view.version))
    _answers(view, fair)
    left, right = st.columns([7, 3], gap="medium")
    with left:
        _over_time(view, picture, found)
    with right:
        picked.show(view, ("net sentiment", "volume"))
        _voice(view, picture)
        _alerts(view, found.alerts)


def _answers(view: View, fair: bool) -> None:
    """Draws what surveys say, where there are any."""
    filters, period = view.choice.filters, view.choice.period
    now = read.answers(view.folder, view.version, filters, period.start, period.finish)
    if now:
        before = (view.folder, view.version, filters, period.before, period.before_finish)
        tiles.draw_answers(view, now, read.answers(*before) if fair else None)


def _over_time(view: View, picture: Picture, found: read.Overview) -> None:
    filters, period = view.choice.filters, view.choice.period
    edges = period.edges
    gaps = [*found.gaps, *frame.silences(view)]
    series = figures.series(found.counts, filters.brand, edges, gaps)
    look = canvas.DARK if st.context.theme.type == "dark" else canvas.LIGHT
    unit = "stories" if filters.stories else "mentions"
    net = figures.net_sentiment(picture.now)
    basis = f"{picture.now.opinionated:,} of {picture.now.volume:,} {unit} praise or complain"
    subtitle = ["From −100, all complain, to +100, all praise; 95% intervals", basis]
    title = [findings.net_sentiment(picture.now, picture.before, words.short(filters.brand)), *subtitle]
    drawn = (gaps, found.spikes, period.step, view.zone, look)
    with st.container(border=True):
        if net:
            net_chart = charts.net_sentiment(series, *drawn, title, found.events)
            picked.chart(view, "net sentiment", net_chart, labels=("negative", "positive"))
        title = [
            findings.volume(picture.now, picture.before, unit),
            f"{unit.capitalize()} {words.per(period.step)}, by sentiment; a click shows what it counts",
        ]
        picked.chart(view, "volume", charts.volume(series, *drawn, title, unit, found.events))
        with st.container(horizontal=True, vertical_alignment="center"):
            _explain(view, "spikes", {})
            if found.spikes:
                st.page_link(
                    frame.PAGES["mentions"],
                    label="Show the negative stories of the last spike",
                    icon=":material/list:",
                    query_params=frame.place(view, found.spikes[-1].start, found.spikes[-1].finish),
                )


def _explain(view: View, definition: str, link: dict[str, Any], fair: bool = False) -> None:
    with st.popover("Explain", type="tertiary"):
        st.markdown(words.DEFINITIONS[definition])
        sql.show(view, {"spikes": "trend", "voice": "brands"}.get(definition, definition))
        if fair:
            sql.before(view, "brands")
        st.page_link(
            frame.PAGES["mentions"],
            label="Show the mentions",
            icon=":material/list:",
            query_params=view.choice.link(**link),
        )


def _voice(view: View, picture: Picture) -> None:
    brand = view.choice.filters.brand
    whole, before = sum(picture.brands.values()), sum(picture.brands_before.values())
    if len(view.known.brands) < 2:
        return
    rows = []
    for name in sorted((row.name for row in view.known.brands), key=lambda name: -picture.brands.get(name, 0)):
        count = picture.brands.get(name, 0)
        share, was = accuracy.share(count, whole), accuracy.share(picture.brands_before.get(name, 0), before)
        assert share is not None
        rows.append(
            {"brand": name, "share": share.value, "count": count}
            | {"before": was.value if was else float("nan"), "chosen": name == brand}
        )
    shares = pd.DataFrame(rows)
    look = canvas.DARK if st.context.theme.type == "dark" else canvas.LIGHT
    of_brand = float(shares[shares.chosen].share.iloc[0])
    title = [
        findings.voice(brand, list(shares.brand), of_brand),
        "Share of voice" + ("; tick: before" if before else "") + "; a click shows what was said",
    ]
    with st.container(border=True):
        picked.draw("voice", charts.voice(shares, look, title))
        _explain(view, "voice", {}, bool(before))
    picked.show_brand(view, ("voice",))


def _alerts(view: View, alerts: list[queries.Alert]) -> None:
    with st.container(border=True):
        st.markdown("**Latest alerts**")
        if not alerts:
            st.caption("None so far. What raises one is said by the rules.")
            st.page_link(frame.PAGES["set-up"], label="See the rules", icon=":material/tune:")
        for alert in alerts:
            _alert(view, alert)


def _alert(view: View, alert: queries.Alert) -> None:
    """Draws an alert; brand and rule are people's words, so they go through st.text alone."""
    card = alert.card
    with st.container(gap="xxsmall"):
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            st.badge(SEEN.get(alert.state, "Unknown"), color=BADGES.get(alert.state, "gray"))
            st.text(words.short(alert.brand))
        what = words.short(str(card.get("what") or "negative stories"), 90)
        seen = f"{card.get('observed', 0):,} {what}, {words.expected(card.get('expected', 0))} expected"
        st.text(f"{seen}, up to {words.expected(card.get('usual', card.get('high', 0)))} usual")
        start, finish = _span(alert)
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            st.caption(words.span(start, finish, view.zone), width="content")
            st.page_link(
                frame.PAGES["mentions"],
                label="Show them",
                query_params=frame.place(view, start, finish, alert.brand),
            )
            st.page_link(frame.PAGES["spikes"], label="Why", query_params={"alert": [alert.alert]})


def _span(alert: queries.Alert) -> tuple[datetime, datetime]:
    card = alert.card
    if "start" in card and "finish" in card:
        return datetime.fromisoformat(card["start"]), datetime.fromisoformat(card["finish"])
    return alert.started, alert.latest


if __name__ == "__main__":
    show()

"""The Overview page: how much is said of a brand, how it is meant, what broke out, and how fresh all that is."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import pandas as pd
import streamlit as st

from earful.dashboard import canvas, charts, figures, findings, frame, read, words
from earful.dashboard.figures import Share, Totals
from earful.dashboard.frame import View
from earful.data import queries

SEEN = {"pending": "Pending", "firing": "Firing", "resolved": "Over"}
BADGES: dict[str, Any] = {"pending": "orange", "firing": "red", "resolved": "gray"}


@dataclass(frozen=True)
class Picture:
    """The figures of the period and of the one before; `before` is None when the store reaches less far back."""

    now: Totals
    before: Totals | None
    brands: dict[str, int]
    brands_before: dict[str, int]


def show() -> None:
    """Draws the page."""
    view = frame.open_page("overview")
    filters, period = view.choice.filters, view.choice.period
    brands = tuple(brand.name for brand in view.known.brands)
    found = read.overview(view.folder, view.version, filters, tuple(period.borders), brands)
    now = figures.totals(found.counts, filters.brand, period.start, period.finish)
    if now.volume == 0:
        frame.no_mentions(view, found.reach)
        _alerts(view, found.alerts)
        return
    fair = found.reach.first is not None and found.reach.first <= period.before
    picture = Picture(
        now,
        figures.totals(found.counts, filters.brand, period.before, period.before_finish) if fair else None,
        figures.volume_by_brand(found.counts, period.start, period.finish),
        figures.volume_by_brand(found.counts, period.before, period.before_finish) if fair else {},
    )
    _spans(view, fair)
    _tiles(view, picture)
    left, right = st.columns([7, 3], gap="medium")
    with left:
        _over_time(view, picture, found)
    with right:
        _voice(view, picture)
        _alerts(view, found.alerts)


def _spans(view: View, fair: bool) -> None:
    period = view.choice.period
    write = words.span if period.step == "hour" else words.days
    text = write(period.start, period.finish, view.zone)
    if fair:
        text += f", compared with {write(period.before, period.before_finish, view.zone)}"
    else:
        text += ". Nothing to compare with: what is kept does not reach back over the period before"
    st.caption(f"{text}. Times are those of {view.zone.key}.")


def _tiles(view: View, picture: Picture) -> None:
    now, before, brand = picture.now, picture.before, view.choice.filters.brand
    columns = st.columns(6, gap="small")
    noise = before is not None and not figures.volumes_differ(now.volume, before.volume)
    moved = words.change(now.volume, before.volume) if before and before.volume else None
    with columns[0]:
        _tile(view, "Volume", words.number(now.volume), moved, noise, "off", "volume", "", {})
    with columns[1]:
        share = figures.share(now.negative, now.judged)
        was = figures.share(before.negative, before.judged) if before else None
        more = f"{now.negative:,} of {now.judged:,} judged"
        _share_tile(view, "Negative share", share, was, "inverse", "negative", more, {"sentiment": "negative"})
    with columns[2]:
        net = figures.net_sentiment(now)
        was = figures.net_sentiment(before) if before else None
        moved = f"{words.points(net.value - was.value)} points" if net and was else None
        value = words.points(net.value) if net else "–"
        more = f"{words.interval(net)} (95%)" if net else "nobody praised or complained"
        noise = not figures.differ(net, was)
        _tile(
            view, "Net sentiment", value, moved, noise, "normal", "net", more, {"sentiment": ["negative", "positive"]}
        )
    with columns[3]:
        others = sum(picture.brands.values())
        share = figures.share(picture.brands.get(brand, 0), others) if len(view.known.brands) > 1 else None
        was = figures.share(picture.brands_before.get(brand, 0), sum(picture.brands_before.values()))
        more = f"of {others:,} of all brands" if share else "no other brand is watched"
        _share_tile(view, "Share of voice", share, was, "off", "voice", more, {})
    with columns[4]:
        more = f"{words.percent(now.unclear / now.volume)} of the volume"
        _tile(view, "Unclear", words.number(now.unclear), None, False, "off", "unclear", more, {"sentiment": "unclear"})
    with columns[5]:
        more = f"{words.percent(now.unscored / now.volume)} of the volume"
        link = {"sentiment": "unscored"}
        _tile(view, "Not scored", words.number(now.unscored), None, False, "off", "unscored", more, link)


def _share_tile(
    view: View,
    name: str,
    share: Share | None,
    was: Share | None,
    colour: Any,
    definition: str,
    more: str,
    link: dict[str, Any],
) -> None:
    moved = f"{words.points(share.value - was.value)} points" if share and was else None
    value = words.percent(share.value) if share else "–"
    _tile(view, name, value, moved, not figures.differ(share, was), colour, definition, more, link)


def _tile(
    view: View,
    name: str,
    value: str,
    moved: str | None,
    noise: bool,
    colour: Any,
    definition: str,
    more: str,
    link: dict[str, Any],
) -> None:
    """Draws a figure, its change, its definition and the way to its mentions; every text here is the page's own."""
    with st.container(border=True, height="stretch", gap="xxsmall"):
        st.metric(
            name,
            value,
            moved.replace("−", "-") if moved else None,  # Streamlit knows only the ASCII minus as a sign
            delta_color="off" if noise else colour,
            delta_arrow="off" if noise else "auto",
            delta_description="within the noise" if noise and moved else None,
        )
        if more:
            st.caption(more)
        st.space("stretch")
        with st.popover("Explain", type="tertiary"):
            st.markdown(words.DEFINITIONS[definition])
            if moved:
                st.markdown(words.DEFINITIONS["change"])
            st.page_link(
                frame.PAGES["mentions"],
                label="Show what is counted here",
                icon=":material/list:",
                query_params=view.choice.link(**link),
            )


def _over_time(view: View, picture: Picture, found: read.Overview) -> None:
    filters, period = view.choice.filters, view.choice.period
    edges = period.edges
    gaps = [*found.gaps, *frame.silences(view)]
    series = figures.series(found.counts, filters.brand, edges, gaps)
    look = canvas.DARK if st.context.theme.type == "dark" else canvas.LIGHT
    unit = "stories" if filters.stories else "mentions"
    net = figures.net_sentiment(picture.now)
    basis = f"{picture.now.opinionated:,} of {picture.now.volume:,} {unit} praise or complain"
    subtitle = f"From −100, all complain, to +100, all praise; each point with its 95% interval; {basis}"
    title = [findings.net_sentiment(picture.now, picture.before, words.short(filters.brand)), subtitle]
    drawn = (gaps, found.spikes, period.step, view.zone, look)
    with st.container(border=True):
        if net:
            st.altair_chart(charts.net_sentiment(series, *drawn, title), width="stretch")
        title = [
            findings.volume(picture.now, picture.before, unit),
            f"{unit.capitalize()} a {period.step}, by sentiment",
        ]
        st.altair_chart(charts.volume(series, *drawn, title, unit), width="stretch")
        with st.container(horizontal=True):
            _explain(view, "spikes", {})
            if found.spikes:
                st.page_link(
                    frame.PAGES["mentions"],
                    label="Show the negative stories of the last spike",
                    icon=":material/list:",
                    query_params=frame.place(view, found.spikes[-1].start, found.spikes[-1].finish),
                )


def _explain(view: View, definition: str, link: dict[str, Any]) -> None:
    with st.popover("Explain", type="tertiary"):
        st.markdown(words.DEFINITIONS[definition])
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
        share, was = figures.share(count, whole), figures.share(picture.brands_before.get(name, 0), before)
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
        "Share of voice" + ("; tick: before" if before else ""),
    ]
    with st.container(border=True):
        st.altair_chart(charts.voice(shares, look, title), width="stretch")
        _explain(view, "voice", {})


def _alerts(view: View, alerts: list[queries.Alert]) -> None:
    with st.container(border=True):
        st.markdown("**Latest alerts**")
        if not alerts:
            st.caption("None so far. Rules stand under `[[rules]]` in `earful.toml`.")
        for alert in alerts:
            _alert(view, alert)


def _alert(view: View, alert: queries.Alert) -> None:
    """Draws an alert; brand and rule are people's words, so they go through st.text alone."""
    card = alert.card
    with st.container(gap="xxsmall"):
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            st.badge(SEEN.get(alert.state, "Unknown"), color=BADGES.get(alert.state, "gray"))
            st.text(words.short(alert.brand))
        seen = f"{card.get('observed', 0):,} negative stories, {words.expected(card.get('expected', 0))} expected"
        st.text(f"{seen}, up to {words.expected(card.get('high', 0))} usual")
        start, finish = _span(alert)
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            st.caption(words.span(start, finish, view.zone), width="content")
            st.page_link(
                frame.PAGES["mentions"],
                label="Show them",
                query_params=frame.place(view, start, finish, alert.brand),
            )


def _span(alert: queries.Alert) -> tuple[datetime, datetime]:
    card = alert.card
    if "start" in card and "finish" in card:
        return datetime.fromisoformat(card["start"]), datetime.fromisoformat(card["finish"])
    return alert.started, alert.latest


if __name__ == "__main__":
    show()

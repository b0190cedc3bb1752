"""Draws the period's figures as tiles: each with how sure it is, its definition, and the way to its mentions."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pandas as pd
import streamlit as st

from earful.dashboard import figures, filters, frame, sql, words
from earful.dashboard.figures import Totals
from earful.dashboard.frame import View
from earful.data.surveys import Answers
from earful.models import accuracy, surveys
from earful.models.accuracy import Count, Pair, Share

EVER = timedelta(days=3650)
SHOW = "Show what is counted here"
SHOW_WORDS = "Show the mentions of the same days"  # those without words are in no list
SURVEYED = ("nps", "csat")
SHOW_BEFORE = "Show what was counted before"


@dataclass(frozen=True)
class Picture:
    """The figures of the period and of the one before; `before` is None when the store reaches less far back.

    `by_people` is the part of `now` that people judged.
    """

    now: Totals
    before: Totals | None
    by_people: Totals
    brands: dict[str, int]
    brands_before: dict[str, int]


def draw(view: View, picture: Picture, pairs: list[Pair]) -> None:
    """Draws a row of tiles; `pairs` are all labels that people gave, beside the model's."""
    now, before = picture.now, picture.before
    with st.container(horizontal=True, gap="small"):  # as many in a row as there is room for
        noise = before is not None and not figures.volumes_differ(now.volume, before.volume)
        moved = words.change(now.volume, before.volume) if before and before.volume else None
        _tile(view, "Volume", words.number(now.volume), moved, noise, "off", "volume", "", {})
        _negative(view, picture, pairs)
        _net(view, picture)
        _voice(view, picture)
        more = f"{words.percent(now.unclear / now.volume)} of the volume"
        _tile(view, "Unclear", words.number(now.unclear), None, False, "off", "unclear", more, {"sentiment": "unclear"})
        more = f"{words.percent(now.unscored / now.volume)} of the volume"
        link = {"sentiment": "unscored"}
        _tile(view, "Not scored", words.number(now.unscored), None, False, "off", "unscored", more, link)
        _accuracy(view, pairs)


def draw_answers(view: View, now: Answers, before: Answers | None) -> None:
    """Draws a tile for each scale that was answered on, nothing where none was; `before` as in a Picture."""
    found = [scale for scale in ("nps", "csat") if scale in now]
    if not found:
        return
    with st.container(horizontal=True, gap="small", width=187 * len(found) - 16):  # as wide as those above
        for scale in found:
            (_nps if scale == "nps" else _csat)(view, now[scale], before.get(scale, {}) if before else {})


def _nps(view: View, now: dict[float, int], before: dict[float, int]) -> None:
    split = surveys.promoters(now)
    score, was = surveys.nps(split), surveys.nps(surveys.promoters(before))
    assert score is not None
    moved = f"{words.points(score.value - was.value)} points" if was else None
    more = f"{split.whole:,} answers; {words.interval(score)} (95%)"
    _tile(view, "NPS", words.points(score.value), moved, not figures.differ(score, was), "normal", "nps", more, {})


def _csat(view: View, now: dict[float, int], before: dict[float, int]) -> None:
    split = surveys.satisfied(now)
    share, was = surveys.csat(split), surveys.csat(surveys.satisfied(before))
    assert share is not None
    more = f"{split.good:,} of {split.whole:,} answers; {words.between(share)} (95%)"
    _share_tile(view, "CSAT", share, was, "normal", "csat", more, {})


def _negative(view: View, picture: Picture, pairs: list[Pair]) -> None:
    now, before, people = picture.now, picture.before, picture.by_people
    share = accuracy.share(now.negative, now.judged)
    was = accuracy.share(before.negative, before.judged) if before else None
    more = f"{now.negative:,} of {now.judged:,} judged"
    skill = accuracy.skill(pairs)
    by_model = Count(now.negative - people.negative, now.judged - people.judged)
    true = accuracy.corrected(by_model, Count(people.negative, people.judged), skill)
    if true and by_model.whole:
        more += f"; less the model's errors {words.percent(true.value)} ({words.between(true)})"
    elif share:
        more += f"; {words.between(share)} (95%)"
    _share_tile(view, "Negative share", share, was, "inverse", "negative", more, {"sentiment": "negative"})


def _net(view: View, picture: Picture) -> None:
    net = figures.net_sentiment(picture.now)
    was = figures.net_sentiment(picture.before) if picture.before else None
    moved = f"{words.points(net.value - was.value)} points" if net and was else None
    value = words.points(net.value) if net else "–"
    more = f"{words.interval(net)} (95%)" if net else "nobody praised or complained"
    noise = not figures.differ(net, was)
    link = {"sentiment": ["negative", "positive"]}
    _tile(view, "Net sentiment", value, moved, noise, "normal", "net", more, link)


def _voice(view: View, picture: Picture) -> None:
    brand = view.choice.filters.brand
    others = sum(picture.brands.values())
    share = accuracy.share(picture.brands.get(brand, 0), others) if len(view.known.brands) > 1 else None
    was = accuracy.share(picture.brands_before.get(brand, 0), sum(picture.brands_before.values()))
    more = f"of {others:,} of all brands; {words.between(share)} (95%)" if share else "no other brand is watched"
    _share_tile(view, "Share of voice", share, was, "off", "voice", more, {})


def _accuracy(view: View, pairs: list[Pair]) -> None:
    found = accuracy.agreement(pairs)
    right, share = found.right, found.accuracy
    if share and right.whole >= accuracy.LEAST:
        value = words.percent(share.value)
        more = f"on {right.whole:,} of your corrections; {words.between(share)} (95%)"
    else:
        value = "–"
        more = f"not known yet: correct or confirm some mentions ({right.whole} of {accuracy.LEAST})"
    with _frame("Accuracy", value, None, False, "off", more):
        st.markdown(words.DEFINITIONS["accuracy"])
        if pairs:
            unclear = f"{words.number(found.unclear.part)} of {words.number(found.unclear.whole)}"
            st.caption(f"Of the mentions you judged, the model left {unclear} unclear. Worst source first:")
            _sources(pairs)
        sql.show(view, "accuracy")
        sql.show(view, "accuracy by source", "SQL by source")
        sql.show(view, "judged", "SQL of what people and the model said")
        ever = filters.between(view.now - EVER, view.now + timedelta(days=1), view.zone)
        _link(view, "Show what people judged of this brand", {"judged": "people", "count": "mentions", **ever})
        _link(view, "Judge mentions", {})


def _sources(pairs: list[Pair]) -> None:
    found = [(source, one.right, one.accuracy) for source, one in accuracy.by_source(pairs)]
    shown = {
        "Source": [words.source(source) for source, *_ in found],
        "Right": [right.part for _, right, _ in found],
        "Of": [right.whole for _, right, _ in found],
        "Accuracy": [words.percent(share.value) if share else "–" for *_, share in found],
        "95%": [words.between(share) if share else "" for *_, share in found],
    }
    st.dataframe(pd.DataFrame(shown), hide_index=True)


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
    with _frame(name, value, moved, noise, colour, more):
        st.markdown(words.DEFINITIONS[definition])
        if moved:
            st.markdown(words.DEFINITIONS["change"])
        sql.show(view, definition)
        if moved:
            sql.before(view, definition)
        if definition == "negative":
            st.markdown("What people said, beside the model; the share less the model's errors is worked out from it:")
            sql.show(view, "judged")
        _link(view, SHOW if definition not in SURVEYED else SHOW_WORDS, link)
        if moved:
            period = view.choice.period
            _link(view, SHOW_BEFORE, link | filters.between(period.before, period.before_finish, view.zone))


def _frame(name: str, value: str, moved: str | None, noise: bool, colour: Any, more: str) -> Any:
    """Draws a figure and its change, and gives the box that opens to its definition."""
    with st.container(border=True, height="stretch", width="stretch", gap="xxsmall"):
        st.metric(
            name,
            value,
            moved.replace("−", "-") if moved else None,  # Streamlit knows only the ASCII minus as a sign
            delta_color="off" if noise else colour,
            delta_arrow="off" if noise else "auto",
        )
        if noise and moved:  # under the change: beside it, it would be cut off
            st.caption("within the noise")
        if more:
            st.caption(more)
        st.space("stretch")
        return st.popover("Explain", type="tertiary")


def _link(view: View, label: str, link: dict[str, Any]) -> None:
    st.page_link(frame.PAGES["mentions"], label=label, icon=":material/list:", query_params=view.choice.link(**link))

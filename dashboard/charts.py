"""Draws the charts: one look, readable without colour, in the team's time zone, on light and dark ground.

Negative and positive differ by place (below and above the zero line), sign and hue; what is not judged is an outline.
Times are given to the browser as if they were UTC, so that every reader sees the team's clock.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import altair as alt
import pandas as pd

from earful.dashboard import words
from earful.dashboard.period import Step
from earful.data.queries import Gap, Spike

STACK = ("positive", "neutral", "unclear", "unscored", "negative")  # from the zero line outwards; negative hangs below
AXIS = {"hour": "%H:%M", "day": "%-d %b", "week": "%-d %b", "month": "%b %Y"}
LEFT = 44  # pixels kept for the scale, so that charts above each other line up


@dataclass(frozen=True)
class Look:
    """The colours on one ground."""

    negative: str
    positive: str
    neutral: str
    faint: str
    text: str
    gap: str


LIGHT = Look("#C4500A", "#1B75BC", "#9AA5B1", "#6B7683", "#22303C", "#8A94A0")
DARK = Look("#FF9A57", "#6CB8F0", "#7D8896", "#A3AEBA", "#E6EBF0", "#9AA5B1")


def net_sentiment(
    series: pd.DataFrame,
    gaps: Sequence[Gap],
    spikes: Sequence[Spike],
    step: Step,
    zone: ZoneInfo,
    look: Look,
    title: Sequence[str],
) -> Any:
    """Draws net sentiment over time with its interval; one point a step in which somebody praised or complained."""
    data = _timed(series, step, zone)
    judged = data[data.net.notna()].copy()
    for column in ("net", "low", "high"):
        judged[column] = 100 * judged[column]
    judged["said"] = [
        f"{words.points(net / 100)} ({words.points(low / 100)} to {words.points(high / 100)})"
        for net, low, high in zip(judged.net, judged.low, judged.high, strict=True)
    ]
    x = _time_axis(step)
    y = alt.Y(
        "net:Q",
        title=None,
        scale=alt.Scale(domain=[-100, 100]),
        axis=_scale("datum.value > 0 ? '+' + datum.value : datum.value < 0 ? '−' + abs(datum.value) : '0'"),
    )
    tips = [
        alt.Tooltip("when:N", title="When"),
        alt.Tooltip("said:N", title="Net sentiment"),
        alt.Tooltip("positive:Q", title="Positive"),
        alt.Tooltip("negative:Q", title="Negative"),
    ]
    points = alt.Chart(judged).encode(x=x, y=y)
    zero = alt.Chart(pd.DataFrame({"net": [0]})).mark_rule(color=look.faint, strokeWidth=1).encode(y="net:Q")
    # A line runs on only over neighbouring steps: what is not known is not drawn as if it were.
    line = alt.Chart(judged.assign(run=(judged.index.to_series().diff() != 1).cumsum()))
    layers = [
        _whole_period(data),
        *_gaps(gaps, data, zone, look),
        zero,
        line.mark_area(color=look.neutral, opacity=0.28, line=False).encode(
            x=x, y=alt.Y("low:Q"), y2="high:Q", detail="run:N"
        ),
        line.mark_line(color=look.text, strokeWidth=1.8).encode(x=x, y=y, detail="run:N"),
        points.transform_filter("datum.net >= 0")
        .mark_point(shape="triangle-up", color=look.positive, filled=True, size=52, opacity=1)
        .encode(tooltip=tips),
        points.transform_filter("datum.net < 0")
        .mark_point(shape="triangle-down", color=look.negative, filled=True, size=52, opacity=1)
        .encode(tooltip=tips),
        *_spikes(spikes, data, look, named=False),
    ]
    return _whole(layers, title, 250, look)


def volume(
    series: pd.DataFrame,
    gaps: Sequence[Gap],
    spikes: Sequence[Spike],
    step: Step,
    zone: ZoneInfo,
    look: Look,
    title: Sequence[str],
    unit: str,
) -> Any:
    """Draws how much was said in each step: negative hangs below the zero line, all else stands above it."""
    data = _timed(series, step, zone)
    rows = []
    for _, row in data[data.known].iterrows():
        top = 0.0
        for label in STACK:
            count = row[label]
            if not count:
                continue
            low, high = (-count, 0.0) if label == "negative" else (top, top + count)
            top = top if label == "negative" else high
            rows.append(
                {
                    "x": row.x,
                    "x2": row.x2 - (row.x2 - row.x) * 0.12,
                    "low": low,
                    "high": high,
                    "label": words.SIGNS[label],
                    "count": count,
                }
                | {"when": row.when, "all": row.volume}
            )
    bars = pd.DataFrame(rows, columns=["x", "x2", "low", "high", "label", "count", "when", "all"])
    names = [words.SIGNS[label] for label in STACK]
    filled = [look.positive, look.neutral, "transparent", "transparent", look.negative]
    edged = [look.positive, look.neutral, look.faint, look.faint, look.negative]
    legend = alt.Legend(title=None, orient="top", symbolType="square", symbolStrokeWidth=1.2, labelLimit=200, offset=4)
    layers = [
        _whole_period(data),
        *_gaps(gaps, data, zone, look),
        alt.Chart(bars)
        .mark_bar(strokeWidth=1, cornerRadius=0)
        .encode(
            x=_time_axis(step),
            x2="x2:T",
            y=alt.Y("low:Q", title=None, axis=_scale("format(abs(datum.value), ',')")),
            y2="high:Q",
            fill=alt.Fill("label:N", scale=alt.Scale(domain=names, range=filled), legend=legend),
            stroke=alt.Stroke("label:N", scale=alt.Scale(domain=names, range=edged), legend=legend),
            strokeDash=alt.condition(alt.datum.label == words.SIGNS["unscored"], alt.value([2, 2]), alt.value([1, 0])),
            tooltip=[
                alt.Tooltip("when:N", title="When"),
                alt.Tooltip("label:N", title="Sentiment"),
                alt.Tooltip("count:Q", title=unit.capitalize(), format=","),
                alt.Tooltip("all:Q", title="All together", format=","),
            ],
        ),
        alt.Chart(pd.DataFrame({"low": [0]})).mark_rule(color=look.faint, strokeWidth=1).encode(y="low:Q"),
        *_spikes(spikes, data, look, named=True),
    ]
    return _whole(layers, title, 320, look)


def voice(shares: pd.DataFrame, look: Look, title: Sequence[str]) -> Any:
    """Draws each brand's share of all that is said; a tick marks the period before.

    Columns of `shares`: brand, share, low, high, before (NaN without one), count, chosen.
    """
    data = shares.assign(
        name=[words.short(name, 22) for name in shares.brand],
        said=[words.percent(value) for value in shares.share],
        low=100 * shares.low,
        high=100 * shares.high,
        was=100 * shares.before,
        part=100 * shares.share,
    )
    y = alt.Y("name:N", sort=None, title=None, axis=alt.Axis(ticks=False, domain=False, labelLimit=150, labelPadding=6))
    most = max(10.0, float(data[["part", "was", "high"]].max().max()) * 1.22)
    x = alt.X("part:Q", title=None, axis=None, scale=alt.Scale(domain=[0, most]))
    tips = [
        alt.Tooltip("name:N", title="Brand"),
        alt.Tooltip("count:Q", title="Volume", format=","),
        alt.Tooltip("said:N", title="Share"),
        alt.Tooltip("was:Q", title="Before, %", format=".0f"),
    ]
    base = alt.Chart(data).encode(y=y)
    layers = [
        base.mark_bar(height=18, color=look.neutral, opacity=0.75).encode(x=x, tooltip=tips),
        base.transform_filter("datum.chosen").mark_bar(height=18, color=look.positive).encode(x=x, tooltip=tips),
        base.transform_filter("isValid(datum.was)")
        .mark_tick(color=look.text, thickness=2, size=26)
        .encode(x=alt.X("was:Q")),
        base.mark_text(align="left", dx=8, color=look.text, fontWeight="bold").encode(x=alt.X("high:Q"), text="said:N"),
    ]
    return _whole(layers, title, 36 * len(data) + 56, look)


def _whole(layers: list[Any], title: Sequence[str], height: int, look: Look) -> Any:
    head = alt.TitleParams(
        title[0],
        subtitle=list(title[1:]),
        anchor="start",
        frame="group",
        fontSize=15,
        subtitleFontSize=12,
        color=look.text,
        subtitleColor=look.faint,
        offset=8,
        limit=0,
    )
    return alt.layer(*layers).properties(
        height=height, title=head, padding={"left": 2, "right": 8, "top": 2, "bottom": 2}
    )


def _timed(series: pd.DataFrame, step: Step, zone: ZoneInfo) -> pd.DataFrame:
    """Adds the steps' borders on the team's clock, and their names."""
    return series.assign(
        x=[_clock(at, zone) for at in series.start],
        x2=[_clock(at, zone) for at in series.finish],
        middle=[_clock(start + (finish - start) / 2, zone) for start, finish in _spans(series)],
        when=[
            words.span(start, finish, zone)
            if step != "hour"
            else f"{words.moment(start, zone)} to {finish.astimezone(zone):%H:%M}"
            for start, finish in _spans(series)
        ],
    )


def _spans(series: pd.DataFrame) -> Any:
    return zip(series.start, series.finish, strict=True)


def _clock(at: datetime, zone: ZoneInfo) -> pd.Timestamp:
    return pd.Timestamp(at.astimezone(zone).replace(tzinfo=None)).tz_localize("UTC")


def _time_axis(step: Step) -> Any:
    axis = alt.Axis(format=AXIS[step], title=None, grid=False, labelOverlap=True, tickCount=8, labelFlush=True)
    if step == "hour":
        # The date stands where a day begins, else the hour.
        axis.labelExpr = "utchours(datum.value) ? utcFormat(datum.value, '%H:%M') : utcFormat(datum.value, '%-d %b')"
    return alt.X("x:T", scale=alt.Scale(type="utc", nice=False), axis=axis)


def _whole_period(data: pd.DataFrame) -> Any:
    """Holds the time axis open from end to end, also where nothing is drawn."""
    ends = pd.DataFrame({"x": [data.x.iloc[0], data.x2.iloc[-1]]})
    return alt.Chart(ends).mark_rule(opacity=0).encode(x="x:T")


def _scale(label: str) -> Any:
    return alt.Axis(
        labelExpr=label, minExtent=LEFT, maxExtent=LEFT, tickCount=5, grid=True, gridOpacity=0.35, domain=False
    )


def _gaps(gaps: Sequence[Gap], data: pd.DataFrame, zone: ZoneInfo, look: Look) -> list[Any]:
    """Shades the gaps, open ones up to the end; names the widest of them."""
    first, end = data.start.iloc[0], data.finish.iloc[-1]
    rows = []
    for gap in gaps:
        start, finish = max(gap.start, first), min(gap.finish or end, end)
        if start >= finish:
            continue
        until = words.moment(gap.finish, zone) if gap.finish else "still"
        rows.append(
            {"x": _clock(start, zone), "x2": _clock(finish, zone), "source": words.short(gap.source, 60)}
            | {"since": words.moment(gap.start, zone), "until": until, "reason": words.short(gap.reason, 120)}
            | {"wide": (finish - start) / (end - first), "name": f"gap: {words.short(gap.source, 24)}"}
        )
    if not rows:
        return []
    frame = pd.DataFrame(rows)
    tips = [alt.Tooltip(f"{field}:N", title=field.capitalize()) for field in ("source", "since", "until", "reason")]
    base = alt.Chart(frame).encode(x="x:T")
    named = frame[frame.wide >= 0.04].sort_values("wide").tail(1)
    return [
        base.mark_rect(color=look.gap, opacity=0.22, stroke=look.gap, strokeDash=[3, 3]).encode(
            x2="x2:T", tooltip=tips
        ),
        alt.Chart(named)
        .mark_text(align="left", baseline="bottom", dx=4, dy=-4, fontSize=11, color=look.faint)
        .encode(x="x:T", y=alt.value("height"), text="name:N"),
    ]


def _spikes(spikes: Sequence[Spike], data: pd.DataFrame, look: Look, named: bool) -> list[Any]:
    """Marks each step that holds a spike with a rule, and says what was seen against what was expected."""
    rows: dict[pd.Timestamp, dict[str, Any]] = {}
    for spike in spikes:
        holds = data[(data.start < spike.finish) & (data.finish > spike.start)]
        if holds.empty:
            continue
        step = holds.iloc[0]
        row = rows.setdefault(step.middle, {"x": step.middle, "observed": 0, "expected": 0.0, "when": step.when})
        row["observed"] += spike.observed
        row["expected"] += spike.expected
    if not rows:
        return []
    frame = pd.DataFrame(sorted(rows.values(), key=lambda row: row["x"]))
    frame["said"] = [
        f"{seen} negative, {words.expected(usual)} expected"
        for seen, usual in zip(frame.observed, frame.expected, strict=True)
    ]
    base = alt.Chart(frame).encode(
        x="x:T", tooltip=[alt.Tooltip("when:N", title="Spike"), alt.Tooltip("said:N", title="Seen")]
    )
    marks = [base.mark_rule(color=look.negative, strokeDash=[4, 3], strokeWidth=1.4)]
    if named:
        right = frame.x > data.x.iloc[0] + (data.x2.iloc[-1] - data.x.iloc[0]) * 0.7
        loudest = frame.sort_values("observed").tail(1).assign(text=lambda rows: "spike: " + rows.said)
        side = bool(right[loudest.index[0]])
        marks.append(
            alt.Chart(loudest)
            .mark_text(align="right" if side else "left", dx=-5 if side else 5, baseline="top", dy=4, fontSize=11)
            .encode(x="x:T", y=alt.value(0), text="text:N", color=alt.value(look.negative))
        )
    return marks

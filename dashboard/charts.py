"""Draws the charts: one look, readable without colour, in the team's time zone, on light and dark ground.

Negative and positive differ by place (below and above the zero line), sign and hue; what is not judged is an outline.
"""

from collections.abc import Sequence
from typing import Any
from zoneinfo import ZoneInfo

import altair as alt
import pandas as pd

from earful.dashboard import canvas, words
from earful.dashboard.canvas import Look
from earful.dashboard.period import Step
from earful.data.events import Event
from earful.data.queries import Gap, Spike

STACK = ("positive", "neutral", "unclear", "unscored", "negative")  # from the zero line outwards; negative hangs below


def net_sentiment(
    series: pd.DataFrame,
    gaps: Sequence[Gap],
    spikes: Sequence[Spike],
    step: Step,
    zone: ZoneInfo,
    look: Look,
    title: Sequence[str],
    events: Sequence[Event] = (),
) -> Any:
    """Draws net sentiment over time with its interval; one point a step in which somebody praised or complained."""
    data = canvas.timed(series, step, zone)
    judged = data[data.net.notna()].copy()
    for column in ("net", "low", "high"):
        judged[column] = 100 * judged[column]
    judged["said"] = [
        f"{words.points(net / 100)} ({words.points(low / 100)} to {words.points(high / 100)})"
        for net, low, high in zip(judged.net, judged.low, judged.high, strict=True)
    ]
    x = canvas.time_axis(step, "middle")
    y = alt.Y(
        "net:Q",
        title=None,
        scale=alt.Scale(domain=[-100, 100]),
        axis=canvas.scale_axis("datum.value > 0 ? '+' + datum.value : datum.value < 0 ? '−' + abs(datum.value) : '0'"),
    )
    tips = [
        alt.Tooltip("when:N", title="When"),
        alt.Tooltip("said:N", title="Net sentiment"),
        alt.Tooltip("positive:Q", title="Positive"),
        alt.Tooltip("negative:Q", title="Negative"),
    ]
    zero = alt.Chart(pd.DataFrame({"net": [0]})).mark_rule(color=look.faint, strokeWidth=1).encode(y=alt.Y("net:Q"))
    # A line runs on only over neighbouring steps: what is not known is not drawn as if it were.
    judged["run"] = (judged.index.to_series().diff() != 1).cumsum()
    judged["alone"] = ~judged.run.duplicated(keep=False)
    line = alt.Chart(judged)
    points = line.encode(x=x, y=y)
    blame = "datum.net < 0"
    picked = canvas.pick("begins")
    layers = [
        canvas.whole_period(data),
        *canvas.gap_marks(gaps, data, zone, look),
        zero,
        points.mark_rule(color=look.neutral, strokeWidth=6).encode(
            y=alt.Y("low:Q"),
            y2=alt.Y2("high:Q"),
            opacity=alt.OpacityValue(0, condition={"test": "datum.alone", "value": 0.28}),
        ),
        line.mark_area(color=look.neutral, opacity=0.28, line=False).encode(
            x=x, y=alt.Y("low:Q"), y2=alt.Y2("high:Q"), detail=alt.Detail("run:N")
        ),
        line.mark_line(color=look.text, strokeWidth=1.8).encode(x=x, y=y, detail=alt.Detail("run:N")),
        points.mark_point(filled=True, size=52, cursor="pointer")
        .add_params(picked)
        .encode(
            opacity=alt.OpacityValue(0.35, condition=canvas.when_picked(1)),
            color=alt.ColorValue(look.positive, condition={"test": blame, "value": look.negative}),
            shape=alt.ShapeValue("triangle-up", condition={"test": blame, "value": "triangle-down"}),
            tooltip=tips,
        ),
        *canvas.spike_marks(spikes, data, zone, look, named=False),
        *canvas.event_marks(events, data, zone, look, named=True),
    ]
    return canvas.whole(layers, title, 230, look)


def volume(
    series: pd.DataFrame,
    gaps: Sequence[Gap],
    spikes: Sequence[Spike],
    step: Step,
    zone: ZoneInfo,
    look: Look,
    title: Sequence[str],
    unit: str,
    events: Sequence[Event] = (),
) -> Any:
    """Draws how much was said in each step: negative hangs below the zero line, all else stands above it."""
    data = canvas.timed(series, step, zone)
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
                    "begins": row.begins,
                }
                | {"when": row.when, "all": row.volume}
            )
    bars = pd.DataFrame(rows, columns=["x", "x2", "low", "high", "label", "count", "begins", "when", "all"])
    names = [words.SIGNS[label] for label in STACK]
    filled = [look.positive, look.neutral, "transparent", "transparent", look.negative]
    edged = [look.positive, look.neutral, look.faint, look.faint, look.negative]
    picked = canvas.pick("begins", "label")
    unscored = alt.datum.label == words.SIGNS["unscored"]
    legend = alt.Legend(
        title=None,
        orient="top",
        symbolType="square",
        symbolStrokeWidth=1.2,
        labelLimit=200,
        offset=4,
        columns=alt.ExprRef("width < 420 ? 3 : 5"),
    )
    layers = [
        canvas.whole_period(data),
        *canvas.gap_marks(gaps, data, zone, look),
        alt.Chart(bars)
        .mark_bar(strokeWidth=1, cornerRadius=0, cursor="pointer")
        .add_params(picked)
        .encode(
            opacity=alt.OpacityValue(0.4, condition=canvas.when_picked(1)),
            x=canvas.time_axis(step),
            x2=alt.X2("x2:T"),
            y=alt.Y("low:Q", title=None, axis=canvas.scale_axis("format(abs(datum.value), ',')", tickMinStep=1)),
            y2=alt.Y2("high:Q"),
            fill=alt.Fill("label:N", scale=alt.Scale(domain=names, range=filled), legend=legend),
            stroke=alt.Stroke("label:N", scale=alt.Scale(domain=names, range=edged), legend=legend),
            strokeDash=alt.StrokeDashValue([1, 0], condition={"test": unscored, "value": [2, 2]}),
            tooltip=[
                alt.Tooltip("when:N", title="When"),
                alt.Tooltip("label:N", title="Sentiment"),
                alt.Tooltip("count:Q", title=unit.capitalize(), format=","),
                alt.Tooltip("all:Q", title="All together", format=","),
            ],
        ),
        alt.Chart(pd.DataFrame({"low": [0]})).mark_rule(color=look.faint, strokeWidth=1).encode(y=alt.Y("low:Q")),
        *canvas.spike_marks(spikes, data, zone, look, named=True),
        *canvas.event_marks(events, data, zone, look, named=False),
    ]
    return canvas.whole(layers, title, 290, look)


def voice(shares: pd.DataFrame, look: Look, title: Sequence[str]) -> Any:
    """Draws each brand's share of all that is said; a tick marks the period before.

    Columns of `shares`: brand, share, before (NaN without one), count, chosen.
    """
    data = shares.assign(
        name=[words.short(name, 60) for name in shares.brand],
        said=[words.percent(value) for value in shares.share],
        was=100 * shares.before,
        part=100 * shares.share,
    )
    data["end"] = data[["part", "was"]].max(axis=1)
    y = alt.Y("name:N", sort=None, title=None, axis=alt.Axis(ticks=False, domain=False, labelLimit=150, labelPadding=6))
    most = max(10.0, 1.25 * float(data.end.max()))
    x = alt.X("part:Q", title=None, axis=None, scale=alt.Scale(domain=[0, most]))
    tips = [
        alt.Tooltip("name:N", title="Brand"),
        alt.Tooltip("count:Q", title="Volume", format=","),
        alt.Tooltip("said:N", title="Share"),
        alt.Tooltip("was:Q", title="Before, %", format=".0f"),
    ]
    base = alt.Chart(data).encode(y=y)
    layers = [
        base.mark_bar(height=18, cursor="pointer")
        .add_params(canvas.pick("brand"))
        .encode(
            x=x,
            tooltip=tips,
            color=alt.condition("datum.chosen", alt.value(look.positive), alt.value(look.neutral)),
            opacity=alt.OpacityValue(0.35, condition=canvas.when_picked(1)),
        ),
        base.transform_filter("isValid(datum.was)")
        .mark_tick(color=look.text, thickness=2, size=26)
        .encode(x=alt.X("was:Q")),
        base.mark_text(align="left", dx=8, color=look.text, fontWeight="bold").encode(
            x=alt.X("end:Q"), text=alt.Text("said:N")
        ),
    ]
    return canvas.whole(layers, title, 36 * len(data) + 56, look)


def small(series: pd.DataFrame, gaps: Sequence[Gap], zone: ZoneInfo, look: Look, events: Sequence[Event] = ()) -> Any:
    """Draws a source's mentions a day as a picture without a frame; columns of `series`: start, finish, count.

    A day without any that lies in a gap is unknown: the gap is drawn there instead of nothing.
    """
    data = canvas.timed(series, "day", zone)
    data["end"], data["ground"] = data.x + (data.x2 - data.x) * 0.85, 0
    most = max(int(data["count"].max()), 1)
    bare = alt.Axis(labels=False, ticks=False, domain=False, grid=False, title=None)
    x = alt.X("x:T", title=None, scale=alt.Scale(type="utc", nice=False), axis=bare)
    layers = [
        canvas.whole_period(data),
        *canvas.gap_marks(gaps, data, zone, look, named=False),
        alt.Chart(data[data["count"] > 0])
        .mark_bar(color=look.positive, cursor="pointer")
        .add_params(canvas.pick("begins", thin=True))
        .encode(
            opacity=alt.OpacityValue(0.35, condition=canvas.when_picked(0.85)),
            x=x,
            x2=alt.X2("end:T"),
            y=alt.Y("count:Q", title=None, axis=bare, scale=alt.Scale(domain=[0, most])),
            y2=alt.Y2("ground:Q"),
            tooltip=[alt.Tooltip("when:N", title="Day"), alt.Tooltip("count:Q", title="Mentions", format=",")],
        ),
        alt.Chart(pd.DataFrame({"count": [0]})).mark_rule(color=look.faint, strokeWidth=1).encode(y=alt.Y("count:Q")),
        *canvas.event_marks(events, data, zone, look, named=False),
    ]
    return (
        alt.layer(*layers)
        .properties(height=64, padding={"left": 2, "right": 2, "top": 2, "bottom": 2})
        .configure_view(stroke=None)
    ).configure_view(stroke=None)

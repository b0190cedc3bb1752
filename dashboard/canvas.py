"""Prepares what all charts share: the ground, the axes, gaps and spikes, and the team's clock.

Times are given to the browser as if they were UTC, so that every reader sees the team's clock.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from textwrap import wrap
from typing import Any
from zoneinfo import ZoneInfo

import altair as alt
import pandas as pd

from earful.dashboard import words
from earful.dashboard.period import Step
from earful.data.events import Event
from earful.data.queries import Gap, Spike

AXIS = {"hour": "%H:%M", "day": "%-d %b", "week": "%-d %b", "month": "%b %Y"}
TITLE, SUBTITLE = 44, 62  # characters of a line that a narrow screen has room for
ROOM = 8.5  # pixels that a character of a title takes at most
LEFT = 44  # pixels kept for the scale, so that charts above each other line up
HEIGHT: Any = alt.YValue  # altair leaves these two without types
COLOR: Any = alt.ColorValue
PICKED = "picked"  # the selection of what somebody clicked on


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


def whole(layers: list[Any], title: Sequence[str], height: int, look: Look) -> Any:
    """Puts layers into one chart of `height` pixels, a head of usual length included; the title states the finding.

    Long titles go on in another line where the chart is narrow, so that all of them is seen.
    """
    said, more = wrap(title[0], TITLE), [line for one in title[1:] for line in wrap(one, SUBTITLE)]
    height += 19 * (len(said) - 1) + 15 * (len(more) - len(title[1:]))
    head = alt.TitleParams(
        _by_width(said, title[0]),
        subtitle=more,
        anchor="start",
        frame="bounds",
        fontSize=15,
        subtitleFontSize=12,
        color=look.text,
        subtitleColor=look.faint,
        offset=8,
        limit=alt.ExprRef(f"width + {LEFT}"),  # what is longer would squeeze the chart on a narrow screen
    )
    return alt.layer(*layers).properties(
        height=height, title=head, padding={"left": 2, "right": 8, "top": 2, "bottom": 2}
    )


def _by_width(lines: Sequence[str], whole: str) -> Any:
    """Gives a title in one line where the chart has room for it, else in several."""
    if len(lines) < 2:
        return whole
    return alt.ExprRef(f"width > {ROOM * len(whole):.0f} ? {json.dumps(whole)} : {json.dumps(lines)}")


def pick(*fields: str, thin: bool = False) -> Any:
    """Gives the selection of marks by a click, told apart by some fields; a click beside them ends it.

    Of `thin` marks, which nobody can hit, the nearest is taken.
    """
    return alt.selection_point(name=PICKED, fields=list(fields), on="click", clear="dblclick", nearest=thin)


def when_picked(value: Any) -> dict[str, Any]:
    """Gives the condition that what was clicked on is drawn with a value; all is while nothing was."""
    return {"param": PICKED, "value": value}


def timed(series: pd.DataFrame, step: Step, zone: ZoneInfo) -> pd.DataFrame:
    """Adds the steps' borders on the team's clock, their names, and when they begin in seconds since 1970."""
    return series.assign(
        begins=[int(at.timestamp()) for at in series.start],
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


def time_axis(step: Step, field: str = "x") -> Any:
    """Gives the time axis over one of the columns that `timed` adds."""
    axis = alt.Axis(format=AXIS[step], title=None, grid=False, labelOverlap=True, tickCount=8, labelFlush=True)
    if step == "hour":
        # The date stands where a day begins, else the hour.
        axis.labelExpr = "utchours(datum.value) ? utcFormat(datum.value, '%H:%M') : utcFormat(datum.value, '%-d %b')"
    return alt.X(f"{field}:T", scale=alt.Scale(type="utc", nice=False), axis=axis)


def whole_period(data: pd.DataFrame) -> Any:
    """Holds the time axis open from end to end, also where nothing is drawn."""
    ends = pd.DataFrame({"x": [data.x.iloc[0], data.x2.iloc[-1]]})
    return alt.Chart(ends).mark_rule(opacity=0).encode(x=alt.X("x:T"))


def scale_axis(label: str, **more: Any) -> Any:
    """Gives the axis of a count or share; `label` is the expression that writes its numbers."""
    return alt.Axis(
        labelExpr=label, minExtent=LEFT, maxExtent=LEFT, tickCount=5, grid=True, gridOpacity=0.35, domain=False, **more
    )


def gap_marks(gaps: Sequence[Gap], data: pd.DataFrame, zone: ZoneInfo, look: Look, named: bool = True) -> list[Any]:
    """Shades the gaps, open ones up to the end, what overlaps as one; names the widest if asked."""
    first, end = data.start.iloc[0], data.finish.iloc[-1]
    merged: list[dict[str, Any]] = []
    for gap in sorted(gaps, key=lambda gap: gap.start):
        start, finish = max(gap.start, first), min(gap.finish or end, end)
        if start >= finish:
            continue
        if merged and start < merged[-1]["finish"]:
            merged[-1]["finish"] = max(merged[-1]["finish"], finish)
        else:
            merged.append({"start": start, "finish": finish, "gaps": []})
        merged[-1]["gaps"].append(gap)
    if not merged:
        return []
    frame = pd.DataFrame([_gap_row(row, zone) for row in merged])
    tips = [alt.Tooltip(f"{field}:N", title=field.capitalize()) for field in ("sources", "since", "until", "reason")]
    shade = alt.Chart(frame).mark_rect(color=look.gap, opacity=0.22, stroke=look.gap, strokeDash=[3, 3])
    widest = frame[frame.width >= 0.04 * (end - first).total_seconds()].sort_values("width").tail(1)
    late = bool(len(widest)) and bool(widest.x.iloc[0] > data.x.iloc[0] + (data.x2.iloc[-1] - data.x.iloc[0]) / 2)
    text = alt.Chart(widest).mark_text(
        align="right" if late else "left",
        baseline="bottom",
        dx=-4 if late else 4,
        dy=-4,
        fontSize=11,
        color=look.faint,
        limit=alt.ExprRef("width / 2"),
    )
    return [
        shade.encode(x=alt.X("x:T"), x2=alt.X2("x2:T"), tooltip=tips),
        *(
            [text.encode(x=alt.X("x2:T" if late else "x:T"), y=HEIGHT("height"), text=alt.Text("name:N"))]
            if named and len(widest)
            else []
        ),
    ]


def _gap_row(row: dict[str, Any], zone: ZoneInfo) -> dict[str, Any]:
    gaps: list[Gap] = row["gaps"]
    sources = sorted({gap.source for gap in gaps})
    still = any(gap.finish is None for gap in gaps)
    return {
        "x": _clock(row["start"], zone),
        "x2": _clock(row["finish"], zone),
        "width": (row["finish"] - row["start"]).total_seconds(),
        "sources": words.listed([words.source(source) for source in sources], 5),
        "since": words.moment(min(gap.start for gap in gaps), zone),
        "until": "still" if still else words.moment(max(gap.finish for gap in gaps if gap.finish), zone),
        "reason": words.short(gaps[0].reason, 120),
        "name": f"gap: {words.listed([words.source(source, 26) for source in sources], 1)}",
    }


def spike_marks(spikes: Sequence[Spike], data: pd.DataFrame, zone: ZoneInfo, look: Look, named: bool) -> list[Any]:
    """Marks the step in which a spike began with a rule, and says what was seen in all of it.

    Of several in one step, as several rules may tell of the same, the one with the largest excess is told: never their
    sum, which would count stories twice.
    """
    rows: dict[pd.Timestamp, dict[str, Any]] = {}
    for spike in sorted(spikes, key=lambda spike: spike.observed - spike.expected):
        holds = data[(data.start < spike.finish) & (data.finish > spike.start)]
        if holds.empty:
            continue
        step = holds.iloc[0]
        said = f"{spike.observed:,} {words.short(spike.what or 'stories')}, {words.expected(spike.expected)} expected"
        when = words.span(spike.start, spike.finish, zone)
        row = {"x": step.middle, "left": step.x, "right": step.x2, "said": said, "when": when}
        rows[step.middle] = row | {"observed": spike.observed}
    if not rows:
        return []
    frame = pd.DataFrame(sorted(rows.values(), key=lambda row: row["x"]))
    base = alt.Chart(frame).encode(
        x=alt.X("x:T"), tooltip=[alt.Tooltip("when:N", title="Spike"), alt.Tooltip("said:N", title="Seen")]
    )
    marks = [base.mark_rule(color=look.negative, strokeDash=[4, 3], strokeWidth=1.4)]
    if named:
        right = frame.x > data.x.iloc[0] + (data.x2.iloc[-1] - data.x.iloc[0]) * 0.7
        loudest = (
            frame.sort_values("observed").tail(1).assign(text=lambda rows: "spike: " + rows.said + ", " + rows.when)
        )
        side = bool(right[loudest.index[0]])
        marks.append(  # at the foot, where other steps leave room, above the name of a gap
            alt.Chart(loudest)
            .mark_text(
                align="right" if side else "left",
                dx=-5 if side else 5,
                baseline="bottom",
                dy=-18,
                fontSize=11,
                limit=alt.ExprRef("0.7 * width"),
            )
            .encode(
                x=alt.X("left:T" if side else "right:T"),
                y=HEIGHT("height"),
                text=alt.Text("text:N"),
                color=COLOR(look.negative),
            )
        )
    return marks


def dated_event_marks(events: Sequence[Event], rows: pd.DataFrame, zone: ZoneInfo, look: Look) -> list[Any]:
    """Marks what happened in the time of rows whose start and finish are ISO times, as alerts and rehearsals keep them;
    `rows` has the columns x and x2 as well."""
    times = {name: [datetime.fromisoformat(at) for at in rows[name]] for name in ("start", "finish")}
    return event_marks(events, rows.assign(**times), zone, look, named=True)


def event_marks(events: Sequence[Event], data: pd.DataFrame, zone: ZoneInfo, look: Look, named: bool) -> list[Any]:
    """Marks what happened with a flag, and how long it took at the foot; names the latest if asked."""
    first, end = data.start.iloc[0], data.finish.iloc[-1]
    shown = [one for one in events if one.start < end and (one.finish or one.start) >= first]
    if not shown:
        return []
    frame = pd.DataFrame(
        {
            "x": [_clock(max(one.start, first), zone) for one in shown],
            "x2": [_clock(min(one.finish or one.start, end), zone) for one in shown],
            "when": [
                words.span(one.start, one.finish, zone) if one.finish else words.moment(one.start, zone)
                for one in shown
            ],
            "what": [one.kind for one in shown],
            "title": [words.short(one.title, 120) for one in shown],
            "name": [words.short(one.title, 28) for one in shown],
            "by": [words.short(one.author) for one in shown],
        }
    ).sort_values("x")
    tips = [alt.Tooltip(f"{field}:N", title=field.capitalize()) for field in ("title", "what", "when", "by")]
    base = alt.Chart(frame).encode(x=alt.X("x:T"), tooltip=tips)
    marks = [
        base.mark_rule(color=look.text, strokeWidth=1, opacity=0.7),
        base.mark_rule(color=look.text, strokeWidth=4, opacity=0.7).encode(x2=alt.X2("x2:T"), y=HEIGHT("height")),
        base.mark_point(shape="triangle-right", filled=True, size=70, color=look.text, opacity=1, xOffset=4).encode(
            y=HEIGHT(4)
        ),
    ]
    if named:  # one name, so that none lies over another on a narrow screen
        side = bool(frame.x.iloc[-1] > data.x.iloc[0] + (data.x2.iloc[-1] - data.x.iloc[0]) * 0.6)
        marks.append(
            alt.Chart(frame.tail(1))
            .mark_text(align="right" if side else "left", dx=-5 if side else 11, baseline="top", dy=18, fontSize=11)
            .encode(x=alt.X("x:T"), y=HEIGHT(0), text=alt.Text("name:N"), color=COLOR(look.text))
        )
    return marks

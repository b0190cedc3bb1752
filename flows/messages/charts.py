"""Draws the charts of messages and reports: Vega-Lite specifications, turned into pictures without a browser.

A specification is plain JSON, so that a message stays a value; vl-convert (of the Vega project) draws it, the same
every time, and reaches for nothing outside.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import vl_convert

from earful.flows.messages import clean

Spec = dict[str, Any]
NEGATIVE, POSITIVE, NEUTRAL = "#C4500A", "#1B75BC", "#9AA5B1"  # as the dashboard's on light ground
FAINT, INK, GRID = "#6B7683", "#22303C", "#E3E7EB"
WIDTH, HEIGHT = 600, 170  # pixels of the drawing; mails are seldom shown wider
LINES = ("domainColor", "tickColor", "gridColor")
VERSION = "6.1"  # of Vega-Lite


def png(spec: Mapping[str, Any], scale: float = 2.0) -> bytes:
    """Draws a specification as PNG, `scale` pixels a pixel."""
    return bytes(vl_convert.vegalite_to_png(dict(spec), vl_version=VERSION, scale=scale, allowed_base_urls=[]))


def svg(spec: Mapping[str, Any]) -> str:
    """Draws a specification as SVG, to stand in a page."""
    return str(vl_convert.vegalite_to_svg(dict(spec), vl_version=VERSION, allowed_base_urls=[]))


def alert(card: Mapping[str, Any], zone: ZoneInfo) -> Spec | None:
    """Draws an alert's series: what was seen, in orange since the alert began, against what was to be expected."""
    series = card.get("series") or ()
    if not series:
        return None
    rows = [
        {
            "from": clock(one["start"], zone),
            "to": clock(one["finish"], zone),
            "seen": one["observed"],
            "expected": one["expected"],
            "high": max(one["high"], one["expected"]),
            "low": 0,
            "alert": card["start"] <= one["start"] < card["finish"],
            "gap": one["observed"] is None,
        }
        for one in series
    ]
    long = _seconds(series) > 4 * 86400
    usual = _times("%-d %b" if long else "%-d %b, %H:%M")
    orange = {"condition": {"test": "datum.alert", "value": NEGATIVE}, "value": NEUTRAL}
    return _whole(
        [
            _layer(
                rows, {"type": "rect", "color": NEUTRAL, "opacity": 0.25}, usual | {"y": _y("low"), "y2": _y2("high")}
            ),
            _layer([row for row in rows if row["gap"]], {"type": "rect", "color": FAINT, "opacity": 0.3}, usual),
            _layer(
                [row for row in rows if not row["gap"]],
                {"type": "bar", "binSpacing": 1},
                usual | {"y": _y("seen"), "y2": _y2("low"), "color": orange},
            ),
            _layer(rows, {"type": "rule", "color": INK, "strokeDash": [4, 3]}, usual | {"y": _y("expected")}),
        ]
    )


def bars(days: Sequence[Mapping[str, Any]], zone: ZoneInfo) -> Spec:
    """Draws volume by step: negative stories below the zero line, all others above it.

    Each of `days` has start, finish, negative and rest, the last two None where the step is unknown.
    """
    rows = [
        {"from": clock(one["start"], zone), "to": clock(one["finish"], zone), **shown, "ground": 0}
        for one in days
        if one["negative"] is not None
        for shown in (
            {"kind": "▲ all others", "count": one["rest"]},
            {"kind": "▼ negative", "count": -one["negative"]},
        )
    ]
    gaps = [
        {"from": clock(one["start"], zone), "to": clock(one["finish"], zone)} for one in days if one["negative"] is None
    ]
    ends = [{"from": clock(days[0]["start"], zone), "to": clock(days[-1]["finish"], zone)}]
    place = _times("%-d %b")
    colour = {
        "field": "kind",
        "type": "nominal",
        "title": None,
        "scale": {"domain": ["▲ all others", "▼ negative"], "range": [POSITIVE, NEGATIVE]},
        "legend": {"orient": "top", "symbolType": "square"},
    }
    y = {
        "field": "count",
        "type": "quantitative",
        "title": None,
        "axis": {"labelExpr": "format(abs(datum.value), ',')"},
    }
    return _whole(
        [
            _layer(ends, {"type": "rect", "opacity": 0}, place),
            _layer(gaps, {"type": "rect", "color": FAINT, "opacity": 0.3}, place),
            _layer(rows, {"type": "bar", "binSpacing": 2}, place | {"y": y, "y2": _y2("ground"), "color": colour}),
        ]
    )


def clock(at: str, zone: ZoneInfo) -> str:
    """Writes a time on the team's clock as if that were UTC, so that every reader sees the same."""
    return datetime.fromisoformat(at).astimezone(zone).replace(tzinfo=None).isoformat() + "Z"


def named(spec: Mapping[str, Any], title: str) -> Spec:
    """Puts a title above a chart that states its finding."""
    title = clean.line(title, 90)
    head = {"text": title, "anchor": "start", "frame": "group", "fontSize": 13, "color": INK, "offset": 8}
    return {**spec, "title": head}


def _whole(layers: list[Spec]) -> Spec:
    return {
        "$schema": "https://vega.github.io/schema/vega-lite/v6.json",
        "width": WIDTH,
        "height": HEIGHT,
        "background": "#FFFFFF",
        "padding": 8,
        "layer": [layer for layer in layers if layer["data"]["values"]],
        "config": {
            "view": {"stroke": None},
            "font": "sans-serif",
            "axis": {
                "labelColor": FAINT,
                "domainColor": GRID,
                "tickColor": GRID,
                "gridColor": GRID,
                "labelFontSize": 11,
            },
            "legend": {"labelColor": INK, "labelFontSize": 11},
        },
    }


def _layer(rows: list[dict[str, Any]], mark: Spec, encoding: Spec) -> Spec:
    return {"data": {"values": rows}, "mark": mark, "encoding": encoding}


def _times(form: str) -> Spec:
    axis = {"format": form, "grid": False, "labelOverlap": True, "tickCount": 7, "labelFlush": True}
    x = {"field": "from", "type": "temporal", "title": None, "scale": {"type": "utc", "nice": False}, "axis": axis}
    return {"x": x, "x2": {"field": "to"}}


def _y(field: str) -> Spec:
    axis = {"tickMinStep": 1, "tickCount": 5, "domain": False}
    return {"field": field, "type": "quantitative", "title": None, "axis": axis}


def _y2(field: str) -> Spec:
    return {"field": field}


def _seconds(series: Sequence[Mapping[str, Any]]) -> float:
    return (datetime.fromisoformat(series[-1]["finish"]) - datetime.fromisoformat(series[0]["start"])).total_seconds()

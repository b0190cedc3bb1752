"""Draws the charts of messages and reports: Vega-Lite specifications, turned into pictures without a browser.

A specification is plain JSON, so that a message stays a value; vl-convert (of the Vega project) draws it, the same
every time, and reaches for nothing outside.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import vl_convert

Spec = dict[str, Any]
NEGATIVE, POSITIVE, NEUTRAL = "#C4500A", "#1B75BC", "#9AA5B1"  # as the dashboard's on light ground
FAINT, INK, GRID = "#6B7683", "#22303C", "#E3E7EB"
WIDTH, HEIGHT = 480, 150  # pixels of the drawing; small, so that its letters can be read on a telephone
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
    layers = [
        _layer(rows, {"type": "rect", "color": NEUTRAL, "opacity": 0.25}, usual | {"y": _y("low"), "y2": _y2("high")}),
        _layer([row for row in rows if row["gap"]], {"type": "rect", "color": FAINT, "opacity": 0.3}, usual),
        _layer(
            [row for row in rows if not row["gap"]],
            {"type": "bar", "binSpacing": 1},
            usual | {"y": _y("seen"), "y2": _y2("low"), "color": orange},
        ),
        _layer(rows, {"type": "rule", "color": INK, "strokeDash": [4, 3]}, usual | {"y": _y("expected")}),
    ]
    return _whole(_panel(layers, HEIGHT))


def briefing(days: Sequence[Mapping[str, Any]], zone: ZoneInfo) -> Spec | None:
    """Draws volume by step, negative stories below the zero line and all others above, and below it net sentiment.

    Each of `days` has start, finish, negative and rest (None where nothing is known), net, low and high (None where
    nobody praised or complained).
    """
    rows = [
        {**one, "from": clock(one["start"], zone), "to": clock(one["finish"], zone), "middle": _middle(one, zone)}
        for one in days
    ]
    if not rows:
        return None
    parts = [
        {**row, "kind": kind, "count": count, "ground": 0}
        for row in rows
        if row["negative"] is not None
        for kind, count in (("▲ all others", row["rest"]), ("▼ negative", -row["negative"]))
    ]
    gaps = [row for row in rows if row["negative"] is None]
    net = [
        {**row, **{name: 100 * row[name] for name in ("net", "low", "high")}} for row in rows if row["net"] is not None
    ]
    place = _times("%-d %b" if _seconds(days) > 2 * 86400 else "%H:%M")
    shade = _layer(gaps, {"type": "rect", "color": FAINT, "opacity": 0.3}, place)
    ends = _layer([rows[0], rows[-1]], {"type": "rect", "opacity": 0}, place)
    colour = {
        "field": "kind",
        "type": "nominal",
        "title": None,
        "scale": {"domain": ["▲ all others", "▼ negative"], "range": [POSITIVE, NEGATIVE]},
        "legend": {"orient": "top", "symbolType": "square"},
    }
    y = _y("count") | {"axis": {"labelExpr": "format(abs(datum.value), ',')", "tickMinStep": 1, "domain": False}}
    bars = place | {"y": y, "y2": _y2("ground"), "color": colour}
    signed = "datum.value > 0 ? '+' + datum.value : datum.value < 0 ? '−' + abs(datum.value) : '0'"
    points = {**place["x"], "field": "middle"}
    level = _y("net") | {
        "scale": {"domain": [-100, 100]},
        "axis": {"labelExpr": signed, "tickCount": 3, "domain": False},
    }
    blame = {"condition": {"test": "datum.net < 0", "value": NEGATIVE}, "value": POSITIVE}
    shape = {"condition": {"test": "datum.net < 0", "value": "triangle-down"}, "value": "triangle-up"}
    upper = [
        ends,
        shade,
        _layer(parts, {"type": "bar", "stroke": "#FFFFFF", "strokeWidth": 2}, bars),
    ]
    lower = [
        ends,
        shade,
        _layer([{"net": 0}], {"type": "rule", "color": FAINT}, {"y": level}),
        _layer(net, {"type": "rule", "color": NEUTRAL, "strokeWidth": 5, "opacity": 0.5},
               {"x": points, "y": {**level, "field": "low"}, "y2": _y2("high")}),
        _layer(net, {"type": "point", "filled": True, "size": 55, "opacity": 1},
               {"x": points, "y": level, "color": blame, "shape": shape}),
    ]  # fmt: skip
    panels = [_panel(upper, HEIGHT, "Stories"), _panel(lower, 110, "Net sentiment, with its interval")]
    return _whole({"vconcat": panels, "spacing": 14, "resolve": {"scale": {"color": "independent"}}})


def clock(at: str, zone: ZoneInfo) -> str:
    """Writes a time on the team's clock as if that were UTC, so that every reader sees the same."""
    return datetime.fromisoformat(at).astimezone(zone).replace(tzinfo=None).isoformat() + "Z"


def _panel(layers: list[Spec], height: int, title: str = "") -> Spec:
    head = {"text": title, "anchor": "start", "fontSize": 12, "fontWeight": "normal", "color": FAINT, "offset": 6}
    drawn = [layer for layer in layers if layer["data"]["values"]]
    return {"width": WIDTH, "height": height, "layer": drawn} | ({"title": head} if title else {})


def _whole(chart: Spec) -> Spec:
    return {
        "$schema": "https://vega.github.io/schema/vega-lite/v6.json",
        "background": "#FFFFFF",
        "padding": 8,
        **chart,
        "config": {
            "view": {"stroke": None},
            "font": "sans-serif",
            "axis": {"labelColor": FAINT, "labelFontSize": 12, **dict.fromkeys(LINES, GRID)},
            "legend": {"labelColor": INK, "labelFontSize": 12},
        },
    }


def _middle(one: Mapping[str, Any], zone: ZoneInfo) -> str:
    start, finish = datetime.fromisoformat(one["start"]), datetime.fromisoformat(one["finish"])
    return clock((start + (finish - start) / 2).isoformat(), zone)


def _layer(rows: list[dict[str, Any]], mark: Spec, encoding: Spec) -> Spec:
    return {"data": {"values": rows}, "mark": mark, "encoding": encoding}


def _times(form: str) -> Spec:
    axis = {"format": form, "grid": False, "labelOverlap": True, "tickCount": 5, "labelFlush": True}
    x = {"field": "from", "type": "temporal", "title": None, "scale": {"type": "utc", "nice": False}, "axis": axis}
    return {"x": x, "x2": {"field": "to"}}


def _y(field: str) -> Spec:
    axis = {"tickMinStep": 1, "tickCount": 5, "domain": False}
    return {"field": field, "type": "quantitative", "title": None, "axis": axis}


def _y2(field: str) -> Spec:
    return {"field": field}


def _seconds(series: Sequence[Mapping[str, Any]]) -> float:
    return (datetime.fromisoformat(series[-1]["finish"]) - datetime.fromisoformat(series[0]["start"])).total_seconds()

"""Sets brands beside each other: their figures with intervals, over time, and why two can't be compared fairly."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import altair as alt
import numpy as np
import pandas as pd

from earful.dashboard import canvas, figures, words
from earful.dashboard.canvas import Look
from earful.dashboard.figures import Totals
from earful.dashboard.period import Step
from earful.data.events import Event
from earful.data.queries import Gap, Spike
from earful.models import accuracy
from earful.models.accuracy import Share

UNLIKE = 0.2  # of what is said of a brand, or of the time, from which a comparison is called unfair


@dataclass(frozen=True)
class Row:
    """One brand's figures in a period; `before` is what it had in the one before, None without a fair one."""

    brand: str
    competitor: bool
    now: Totals
    before: Totals | None
    voice: Share | None
    net: Share | None
    negative: Share | None
    net_before: Share | None
    negative_before: Share | None


def rows(counts: pd.DataFrame, brands: Sequence[tuple[str, bool]], now: Any, before: Any) -> list[Row]:
    """Gives the brands' figures, the loudest first; `now` and `before` are (start, finish), `before` may be None."""
    volumes = figures.volume_by_brand(counts, *now)
    whole = sum(volumes.values())
    found = []
    for brand, competitor in sorted(brands, key=lambda one: -volumes.get(one[0], 0)):
        totals = figures.totals(counts, brand, *now)
        was = figures.totals(counts, brand, *before) if before else None
        found.append(
            Row(
                brand,
                competitor,
                totals,
                was,
                accuracy.share(totals.volume, whole),
                figures.net_sentiment(totals),
                accuracy.share(totals.negative, totals.judged),
                figures.net_sentiment(was) if was else None,
                accuracy.share(was.negative, was.judged) if was else None,
            )
        )
    return found


def doubts(
    heard: pd.DataFrame,
    gaps: Sequence[Gap],
    firsts: dict[str, datetime | None],
    own: str,
    other: str,
    start: datetime,
    finish: datetime,
) -> list[str]:
    """Says what makes a comparison of two brands unfair; `heard` is what `criticism.heard` gave, `firsts` tells since
    when there is anything of each brand."""
    said = []
    for one, another in ((own, other), (other, own)):
        mine, theirs = heard[heard.brand == one], heard[heard.brand == another]
        whole = int(mine["count"].sum())
        kinds = set(theirs[theirs["count"] > 0].connector)
        apart = mine[~mine.connector.isin(kinds)]
        part = int(apart["count"].sum()) / whole if whole else 0.0
        if kinds and part > UNLIKE:
            where = words.listed(sorted(set(apart.connector)))
            them = words.short(another)
            said.append(f"{words.percent(part)} of {words.short(one)} is from {where}, where {them} is not heard")
        lost = sum(
            int(count) * (1 - figures.heard([gap for gap in gaps if gap.source == source], start, finish))
            for source, count in zip(mine.source, mine["count"], strict=True)
        )
        if whole and lost / whole > UNLIKE:
            said.append(f"the sources of {words.short(one)} could not be read for {words.percent(lost / whole)} of it")
        first = firsts.get(one)
        if first is None:
            said.append(f"nothing is known of {words.short(one)} yet")
        elif (late := (first - start) / (finish - start)) > UNLIKE:
            said.append(f"{words.short(one)} has been heard only since {words.percent(late)} of the period had passed")
    return said


def finding(found: Sequence[Row], own: str, field: str, name: str) -> str:
    """Says how a brand's `field` ("net" or "negative"), called `name`, stands among the others, chance left aside."""
    mine: Share | None = next(getattr(row, field) for row in found if row.brand == own)
    others: list[tuple[str, Share]] = [
        (words.short(row.brand, 24), getattr(row, field)) for row in found if row.brand != own and getattr(row, field)
    ]
    us = words.short(own, 24)
    if mine is None:
        return f"No {name.lower()} of {us} in this period"
    if not others:
        return f"No other brand's {name.lower()} is known"
    over = [them for them, share in others if figures.differ(mine, share) and share.value > mine.value]
    under = [them for them, share in others if figures.differ(mine, share) and share.value < mine.value]
    if not over and not under:
        return f"{name}: no clear difference between the brands"
    if over and under:
        return f"{name}: {us} is clearly above {words.listed(under, 2)} and below {words.listed(over, 2)}"
    return f"{name}: {us} is clearly {'above' if under else 'below'} {words.listed(under or over)}"


def shares(found: Sequence[Row], own: str, field: str, signed: bool, look: Look, title: Sequence[str]) -> Any:
    """Draws each brand's `field` ("net" or "negative") as a point with its 95% interval; the own one stands out.

    A tick marks the period before, a grey one where the change is within the noise.
    """
    data = []
    for row in found:
        share: Share | None = getattr(row, field)
        was: Share | None = getattr(row, f"{field}_before")
        write = words.points if signed else words.percent
        change = f"{write(was.value)}{'' if figures.differ(share, was) else ', within the noise'}" if was else "–"
        data.append(
            {
                "brand": row.brand,
                "name": words.short(row.brand, 60),
                "own": row.brand == own,
                "said": write(share.value) if share else "–",
                "before": change,
                "moved": figures.differ(share, was),
                "was": 100 * was.value if was else float("nan"),
            }
            | {part: 100 * getattr(share, part) if share else float("nan") for part in ("value", "low", "high")}
        )
    frame = pd.DataFrame(data)
    frame["end"] = frame[["high", "was"]].max(axis=1).fillna(-100.0 if signed else 0.0)
    domain = [-100, 130] if signed else [0, min(125.0, max(10.0, 1.25 * float(np.nanmax([*frame.end, 1.0]))))]
    y = alt.Y("name:N", sort=None, title=None, axis=alt.Axis(ticks=False, domain=False, labelLimit=150, labelPadding=6))
    ends: dict[str, Any] = {"values": [-100, -50, 0, 50, 100]} if signed else {"tickCount": 5}
    axis = alt.Axis(title=None, **ends, grid=True, gridOpacity=0.35, domain=False)
    x = alt.X("value:Q", scale=alt.Scale(domain=domain, nice=False), axis=axis)
    tips = [
        alt.Tooltip("name:N", title="Brand"),
        alt.Tooltip("said:N", title="Value"),
        alt.Tooltip("before:N", title="Before"),
    ]
    colour = alt.condition("datum.own", alt.value(look.positive), alt.value(look.faint))
    base = alt.Chart(frame).encode(y=y)
    known = base.transform_filter("isValid(datum.value)")
    layers = [
        known.mark_rule(strokeWidth=5, opacity=0.45).encode(
            x=alt.X("low:Q", scale=alt.Scale(domain=domain, nice=False), axis=axis), x2="high:Q", color=colour
        ),
        base.transform_filter("isValid(datum.was)")
        .mark_tick(thickness=2, size=20)
        .encode(x="was:Q", color=alt.condition("datum.moved", alt.value(look.text), alt.value(look.neutral))),
        known.mark_point(filled=True, size=90, cursor="pointer")
        .add_params(canvas.pick("brand"))
        .encode(x=x, color=colour, tooltip=tips, opacity=alt.OpacityValue(0.35, condition=canvas.when_picked(1))),
        base.mark_text(align="left", dx=8, color=look.text, fontWeight="bold").encode(
            x=alt.X("end:Q", scale=alt.Scale(domain=domain, nice=False), axis=axis), text="said:N"
        ),
    ]
    return canvas.whole(layers, title, 34 * len(frame) + 78, look)


def voices(
    counts: pd.DataFrame,
    found: Sequence[Row],
    own: str,
    edges: Sequence[datetime],
    gaps: Sequence[Gap],
    step: Step,
    zone: ZoneInfo,
    look: Look,
    title: Sequence[str],
    events: Sequence[Event] = (),
    spikes: Sequence[Spike] = (),
) -> Any:
    """Draws the own brand's share of all that is said over time, with its interval; unknown steps are left out."""
    volumes = {row.brand: figures.series(counts, row.brand, edges, gaps) for row in found}
    mine = canvas.timed(volumes[own], step, zone)
    whole = np.sum([np.nan_to_num(series.volume.to_numpy()) for series in volumes.values()], axis=0)
    parts = [
        accuracy.share(int(count), int(total)) if known and total else None
        for count, total, known in zip(mine.volume.fillna(0), whole, mine.known, strict=True)
    ]
    for part in ("value", "low", "high"):
        mine[part] = [100 * getattr(share, part) if share else float("nan") for share in parts]
    data = mine[mine.value.notna()].copy()
    data["said"] = [
        f"{value:.0f}% ({low:.0f} to {high:.0f})"
        for value, low, high in zip(data.value, data.low, data.high, strict=True)
    ]
    data["run"] = (data.index.to_series().diff() != 1).cumsum()
    x = canvas.time_axis(step, "middle")
    y = alt.Y("value:Q", title=None, scale=alt.Scale(domain=[0, 100]), axis=canvas.scale_axis("datum.value + '%'"))
    tips = [alt.Tooltip("when:N", title="When"), alt.Tooltip("said:N", title="Share of voice")]
    line = alt.Chart(data)
    layers = [
        canvas.whole_period(mine),
        *canvas.gap_marks(gaps, mine, zone, look),
        line.mark_area(color=look.positive, opacity=0.2, line=False).encode(
            x=x, y=alt.Y("low:Q"), y2="high:Q", detail="run:N"
        ),
        line.mark_line(color=look.positive, strokeWidth=1.8).encode(x=x, y=y, detail="run:N"),
        line.mark_point(filled=True, size=36, color=look.positive, cursor="pointer")
        .add_params(canvas.pick("begins"))
        .encode(x=x, y=y, tooltip=tips, opacity=alt.OpacityValue(0.35, condition=canvas.when_picked(1))),
        *canvas.spike_marks(spikes, mine, zone, look, named=False),
        *canvas.event_marks(events, mine, zone, look, named=True),
    ]
    return canvas.whole(layers, title, 220, look)

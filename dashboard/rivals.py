"""Sets brands beside each other by what they are criticised for, and refuses where they were not heard alike."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import altair as alt
import pandas as pd

from earful.dashboard import canvas, figures, words
from earful.dashboard.canvas import Look
from earful.data.queries import Gap
from earful.models import accuracy
from earful.models.accuracy import Share

UNLIKE = 0.2  # of a brand's complaints from kinds of sources, or time in gaps, from which two brands are not compared
ROWS = 12  # themes, the largest


@dataclass(frozen=True)
class Cell:
    """How much of a brand's complaints a theme takes."""

    theme: str
    name: str
    brand: str
    count: int
    whole: int
    share: Share


def refusal(
    heard: pd.DataFrame, gaps: Sequence[Gap], own: str, other: str, start: datetime, finish: datetime, compared: bool
) -> str:
    """Says why two brands can't be compared fairly in a span of time, "" when they can.

    `heard` is what `criticism.heard` gave; `compared` tells whether the other's complaints were set against the themes.
    """
    us, them = words.short(own), words.short(other)
    wholes = {brand: int(heard[heard.brand == brand].complaints.sum()) for brand in (own, other)}
    for brand, name in ((own, us), (other, them)):
        if not wholes[brand]:
            return f"nobody complained about {name} in this period"
    if not compared:
        return f"the complaints about {them} have not been set against these themes yet; the next run does so"
    for brand, others, name, their in ((own, other, us, them), (other, own, them, us)):
        kinds = set(heard[(heard.brand == others) & (heard["count"] > 0)].connector)
        apart = heard[(heard.brand == brand) & ~heard.connector.isin(kinds)]
        part = int(apart.complaints.sum()) / wholes[brand]
        if part > UNLIKE:
            named = words.listed(sorted(set(apart[apart.complaints > 0].connector)))
            return f"{words.percent(part)} of the complaints about {name} come from {named}, where {their} is not heard"
    for brand, name in ((own, us), (other, them)):
        lost = _lost(heard[heard.brand == brand], gaps, start, finish)
        if lost > UNLIKE:
            return f"the sources that speak of {name} could not be read for {words.percent(lost)} of the time"
    return ""


def cells(
    shares: pd.DataFrame, themes: Mapping[str, Sequence[str]], names: Mapping[str, str], brands: Sequence[str]
) -> list[Cell]:
    """Gives each theme's share of each brand's complaints, the rows in the order of `themes` (id: its family)."""
    found = []
    for brand in brands:
        of_brand = shares[shares.brand == brand]
        whole = int(of_brand["count"].sum())
        for theme, family in list(themes.items())[:ROWS]:
            count = int(of_brand[of_brand.theme.isin(list(family))]["count"].sum())
            share = accuracy.share(count, whole)
            if share:
                found.append(Cell(theme, names[theme], brand, count, whole, share))
    return found


def finding(cells: Sequence[Cell], own: str) -> str:
    """Says in which theme a brand differs most from another beyond chance."""
    mine = {cell.theme: cell for cell in cells if cell.brand == own}
    apart = [
        (abs(mine[cell.theme].share.value - cell.share.value), mine[cell.theme], cell)
        for cell in cells
        if cell.brand != own and cell.theme in mine and figures.differ(mine[cell.theme].share, cell.share)
    ]
    if not apart:
        return "No theme weighs clearly more with one brand than with another"
    _, ours, theirs = max(apart, key=lambda one: one[0])
    we, they = words.percent(ours.share.value), words.percent(theirs.share.value)
    return f"“{words.short(ours.name, 32)}”: {words.short(own, 20)} {we}, {words.short(theirs.brand, 20)} {they}"


def chart(cells: Sequence[Cell], own: str, look: Look) -> Any:
    """Draws themes by brands, each share printed with its interval; what differs from `own` beyond chance is bold."""
    mine = {cell.theme: cell for cell in cells if cell.brand == own}
    data = pd.DataFrame(
        [
            {
                "theme": cell.theme,
                "name": words.short(cell.name, 48),
                "brand": cell.brand,
                "column": words.short(cell.brand, 24),
                "share": cell.share.value,
                "said": words.percent(cell.share.value),
                "spread": words.between(cell.share),
                "of": f"{words.number(cell.count)} of {words.number(cell.whole)} complaints",
                "apart": cell.brand != own and figures.differ(mine[cell.theme].share, cell.share),
            }
            for cell in cells
        ]
    )
    names = list(dict.fromkeys(data.name))
    wide = f"width / {data.brand.nunique()}"  # pixels of a column
    # A theme's name stands above its row: beside it, a narrow screen would have no room for the shares.
    y = alt.Y("name:N", sort=names, title=None, axis=None, scale=alt.Scale(paddingInner=0.4, paddingOuter=0.4))
    x = alt.X(
        "column:N",
        sort=list(dict.fromkeys(data.column)),
        title=None,
        axis=alt.Axis(
            orient="top",
            ticks=False,
            domain=False,
            labelAngle=0,
            labelLimit=alt.ExprRef(f"{wide} - 4"),
            labelOverlap=False,
            labelFontSize=13,
            labelColor=look.text,
        ),
    )
    most = max(0.01, float(data.share.max()))
    tips = [
        alt.Tooltip("name:N", title="Theme"),
        alt.Tooltip("column:N", title="Brand"),
        alt.Tooltip("said:N", title="Share"),
        alt.Tooltip("spread:N", title="95%"),
        alt.Tooltip("of:N", title="That is"),
    ]
    base = alt.Chart(data).encode(x=x, y=y, tooltip=tips)
    fill = alt.Opacity("share:Q", scale=alt.Scale(domain=[0, most], range=[0.04, 0.55]), legend=None)
    layers = [
        base.mark_rect(color=look.negative, strokeOpacity=0.4, cursor="pointer")
        .add_params(canvas.pick("brand", "theme"))
        .encode(
            opacity=fill,
            stroke=alt.ColorValue(look.faint, condition={"param": canvas.PICKED, "value": look.text, "empty": False}),
            strokeWidth=alt.StrokeWidthValue(0.4, condition={"param": canvas.PICKED, "value": 3, "empty": False}),
        ),
        base.transform_filter("datum.apart")
        .mark_text(dy=-6, color=look.text, fontWeight="bold", fontSize=13)
        .encode(text="said:N"),
        base.transform_filter("!datum.apart").mark_text(dy=-6, color=look.text, fontSize=13).encode(text="said:N"),
        base.mark_text(dy=9, color=look.text, fontSize=10.5, limit=alt.ExprRef(wide)).encode(text="spread:N"),
        alt.Chart(pd.DataFrame({"name": names}))
        .mark_text(align="left", baseline="bottom", dy=-5, color=look.text, fontSize=13, limit=alt.ExprRef("width"))
        .encode(x=alt.value(0), y=alt.Y("name:N", sort=names, bandPosition=0), text="name:N"),
    ]
    title = [
        finding(cells, own),
        "Shares of complaints with 95% intervals",
        "Bold differs beyond chance; a click shows what was said",
    ]
    return canvas.whole(layers, title, 58 * data.theme.nunique() + 110, look)


def _lost(heard: pd.DataFrame, gaps: Sequence[Gap], start: datetime, finish: datetime) -> float:
    """Gives the part of the time in which a brand's sources were in gaps, each weighing as much as it brings."""
    whole = float(heard["count"].sum())
    parts = [
        float(count) * (1 - figures.heard([gap for gap in gaps if gap.source == source], start, finish))
        for source, count in zip(heard.source, heard["count"], strict=True)
    ]
    return sum(parts) / whole if whole else 0.0

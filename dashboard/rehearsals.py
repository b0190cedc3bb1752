"""Draws when rules would have fired on the kept history: what was counted, what was expected, and each alert."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import altair as alt
import pandas as pd
import streamlit as st

from earful.dashboard import canvas, picked, read_alerts, ruled, sql, words
from earful.dashboard.canvas import Look
from earful.dashboard.frame import Store
from earful.data.counting import Counted
from earful.data.events import Event


def draw(view: Store, answer: dict[str, Any]) -> None:
    """Draws the answer to a rehearsal, a chart a brand; says what was wrong where there is none."""
    found = answer.get("rehearsals")
    if found is None:
        st.code(words.plain(str(answer.get("error") or "\n".join(answer["mistakes"]))), language=None, wrap_lines=True)
        return
    zone = view.zone
    look = canvas.DARK if st.context.theme.type == "dark" else canvas.LIGHT
    for one in found:
        st.text(f"{words.short(one['brand'])}: {words.short(one['rule'], 60)}")
        if not one["windows"]:
            st.text(words.plain(_begun(one["said"])))
        else:
            span = (datetime.fromisoformat(one["windows"][place][end]) for place, end in ((0, "start"), (-1, "finish")))
            marked = read_alerts.happened(view.folder, view.version, one["brand"], *span) if view.version else []
            name, of = f"rehearsal {one['rule']} {one['brand']}", ruled.counted(one["counted"])
            picked.draw(name, chart(one, zone, look, marked))
            ruled.show(view, name, of, hours(pd.DataFrame(one["windows"])).to_dict("records"))
        if one["alerts"]:
            event: Any = st.dataframe(
                [
                    {
                        "Would have fired": words.moment(datetime.fromisoformat(alert["fired"]), zone),
                        "Stories": alert["card"]["observed"],
                        "Expected": alert["card"]["expected"],
                        "Over": words.moment(datetime.fromisoformat(alert["resolved"]), zone)
                        if alert["resolved"]
                        else "goes on",
                    }
                    for alert in one["alerts"]
                ],
                hide_index=True,
                on_select="rerun",
                selection_mode="single-row",
                key=f"fired {one['rule']} {one['brand']}",
                column_config={"Expected": st.column_config.NumberColumn(format="%.1f")},
            )
            chosen = [alert for row, alert in enumerate(one["alerts"]) if row in event.selection.rows]
            for alert in chosen:
                ruled.listed(view, Counted(**one["counted"]), *ruled.span(alert["card"]))
        if one["query"]:
            with st.popover("Explain", type="tertiary", key=f"explain {one['rule']} {one['brand']}"):
                st.markdown(words.DEFINITIONS["rehearsal"])
                sql.write(one["query"])


def chart(rehearsal: dict[str, Any], zone: ZoneInfo, look: Look, events: Sequence[Event] = ()) -> Any:
    """Draws counted and expected in each interval, a mark where the rule would have fired, and what happened."""
    rows = hours(pd.DataFrame(rehearsal["windows"]))
    rows["begins"] = [picked.begins(datetime.fromisoformat(at)) for at in rows.start]
    rows["x"] = [_clock(at, zone) for at in rows.start]
    rows["gap"], rows["ground"] = rows.observed.isna(), 0
    rows["x2"] = [_clock(at, zone) for at in rows.finish]
    rows["when"] = [words.moment(datetime.fromisoformat(at), zone) for at in rows.start]
    x = alt.X("x:T", title=None, scale=alt.Scale(type="utc", nice=False), axis=alt.Axis(format="%-d %b", grid=False))
    tips = [
        alt.Tooltip("when:N", title="From"),
        alt.Tooltip("observed:Q", title="Counted"),
        alt.Tooltip("expected:Q", title="Expected", format=".1f"),
        alt.Tooltip("high:Q", title="Usual up to", format=".1f"),
    ]
    base = alt.Chart(rows)
    layers = [
        base.transform_filter("datum.gap").mark_rect(color=look.gap, opacity=0.3).encode(x=x, x2="x2:T"),
        base.transform_filter("!datum.gap")
        .mark_bar(color=look.neutral, cursor="pointer")
        .add_params(canvas.pick("begins", thin=True))
        .encode(
            opacity=alt.OpacityValue(0.4, condition=canvas.when_picked(1)),
            x=x,
            x2="x2:T",
            y=alt.Y("observed:Q", title=None),
            y2="ground:Q",
            tooltip=tips,
        ),
        base.mark_line(color=look.text, strokeDash=[4, 3], strokeWidth=1).encode(x=x, y="high:Q"),
        *canvas.dated_event_marks(events, rows, zone, look),
    ]
    if rehearsal["alerts"]:
        fired = pd.DataFrame({"x": [_clock(alert["fired"], zone) for alert in rehearsal["alerts"]]})
        layers.append(alt.Chart(fired).mark_rule(color=look.negative, strokeWidth=1.6).encode(x="x:T"))
        layers.append(
            alt.Chart(fired)
            .mark_point(shape="triangle-down", filled=True, size=90, color=look.negative, opacity=1)
            .encode(x="x:T", y=alt.value(4))
        )
    shaded = "; shaded: not heard" if rows.gap.any() else ""
    title = [
        _begun(rehearsal["said"]),
        f"Bars: counted; dashed: the upper end of the usual; marked: an alert{shaded}",
        ruled.CLICK,
    ]
    return canvas.whole(layers, title, 220, look)


def _begun(said: str) -> str:
    return said[:1].upper() + said[1:]


def hours(rows: pd.DataFrame) -> pd.DataFrame:
    """Joins shorter intervals to hours, so that months can be drawn; of what was not heard there is no count."""
    start, finish = (pd.to_datetime(rows[name], utc=True, format="ISO8601") for name in ("start", "finish"))
    if (finish - start).min() >= pd.Timedelta(hours=1):
        return rows
    rows = rows.assign(spread=(rows.high - rows.expected) ** 2, observed=rows.observed.astype("float"))
    by_hour = rows.groupby(start.dt.floor("h"), sort=True)
    found = by_hour.agg(start=("start", "first"), finish=("finish", "last"), expected=("expected", "sum"))
    observed, spread = by_hour["observed"].sum(min_count=1), by_hour["spread"].sum()
    return found.assign(observed=observed, high=found.expected + spread**0.5).reset_index(drop=True)


def _clock(at: str, zone: ZoneInfo) -> pd.Timestamp:
    return pd.Timestamp(datetime.fromisoformat(at).astimezone(zone).replace(tzinfo=None)).tz_localize("UTC")

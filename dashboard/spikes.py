"""The Spikes page: what broke out and why, who looks after it, when rules would have fired, and what is silenced."""

import os
from datetime import timedelta
from pathlib import Path
from typing import Any

import streamlit as st

from earful.dashboard import alert_card, deciding, frame, read_alerts, rehearsals, trying, words
from earful.dashboard.frame import Store
from earful.data import silencing
from earful.data.alerting import Alert
from earful.data.silencing import Acknowledgement, Silence

STATES = {"pending": "Pending", "firing": "Firing", "resolved": "Over"}
BADGES: dict[str, Any] = {"pending": "orange", "firing": "red", "resolved": "gray"}
PARTS = {"alerts": "Alerts", "rehearsal": "Rehearsal", "silences": "Silences"}
LENGTHS = {"4 hours": 4, "A day": 24, "3 days": 72, "A week": 168, "30 days": 720}
SINCE = timedelta(days=180)


def show() -> None:
    """Draws the page."""
    view = frame.open_plain()
    found = read_alerts.alerts(view.folder, view.version, view.now.date() - SINCE)
    part = st.segmented_control(
        "Part", list(PARTS), key="part", default="alerts", format_func=PARTS.__getitem__, label_visibility="collapsed"
    )
    deciding.problem()
    if part == "rehearsal":
        _rehearsal(view)
    elif part == "silences":
        _silences(view, found.silences)
    elif not found.alerts:
        _none()
    else:
        _alerts(view, found)


def _none() -> None:
    st.subheader("Nothing has broken out", anchor=False)
    st.markdown(
        "A rule watches a brand's stories against its own history and needs about five days of it. "
        "*Rehearsal* shows when the rules would have fired on what is kept."
    )


def _alerts(view: Store, found: read_alerts.Found) -> None:
    names = [one.alert for one in found.alerts]
    wanted = st.query_params.get("alert", "")
    if wanted and wanted not in names:
        st.info("That alert is older than half a year, or its brand is no longer watched.", icon=":material/history:")
    left, right = st.columns([5, 8], gap="medium")
    with left:
        rows = [
            {
                "State": STATES.get(one.state, "Unknown"),
                "Brand": words.short(one.brand),
                "Began": words.moment(one.started, view.zone),
                "Stories": one.card.get("observed"),
                "Expected": one.card.get("expected"),
                "Rule": words.short(one.rule),
            }
            for one in found.alerts
        ]
        event: Any = st.dataframe(
            rows,
            hide_index=True,
            on_select="rerun",
            selection_mode="single-row",
            key="alerts list",
            column_config={"Expected": st.column_config.NumberColumn(format="%.1f")},
        )
        picked = event.selection.rows
    place = picked[0] if picked else names.index(wanted) if wanted in names else 0
    one = found.alerts[place]
    if picked:
        st.query_params["alert"] = one.alert
    with right, st.container(border=True):
        _detail(view, one, [row for row in found.acknowledged if row.alert == one.alert], found.silences)


def _detail(view: Store, one: Alert, seen: list[Acknowledgement], silences: list[Silence]) -> None:
    with st.container(horizontal=True, vertical_alignment="center"):
        st.badge(STATES.get(one.state, "Unknown"), color=BADGES.get(one.state, "gray"))
        st.text(f"{words.short(one.brand)}: {words.short(one.rule, 60)}")
    for row in seen:
        note = f": {words.plain(row.note)}" if row.note else ""
        st.text(f"{words.short(row.author, 60)} looks after it since {words.moment(row.made, view.zone)}{note}")
    if any(row.covers(one.brand, one.rule, view.now) for row in silences):
        st.caption("Silenced at the moment: nobody is told of it.")
    with st.container(horizontal=True):
        with st.popover("I look after it", icon=":material/task_alt:", disabled=not view.who.may_decide):
            st.text_input("Note", key=f"note {one.alert}", max_chars=500, placeholder="What is being done")
            st.button("Acknowledge", type="primary", on_click=_acknowledge, args=(view, one.alert))
            st.caption("Nobody is reminded of it any more.")
        with st.popover("Silence", icon=":material/notifications_off:", disabled=not view.who.may_decide):
            _silence_form(view, one.brand, one.rule, f"of {one.alert}")
    alert_card.draw(view, one.card)


def _acknowledge(view: Store, alert: str) -> None:
    note = str(st.session_state[f"note {alert}"])  # as it is now: a click may come before the page is drawn anew
    deciding.decide(view, lambda con, author, now: silencing.acknowledge(con, alert, author, note, now))


def _silence_form(view: Store, brand: str, rule: str, key: str) -> None:
    length = st.selectbox("For", list(LENGTHS), 1, key=f"length {key}")
    reason = st.text_input("Why", key=f"reason {key}", max_chars=300, placeholder="Known outage, status page is up")
    wide = st.toggle("All rules", value=not rule, key=f"wide {key}", disabled=not rule)
    st.button(
        "Silence",
        type="primary",
        key=f"silence {key}",
        disabled=not reason.strip() or not view.who.may_decide,
        on_click=_silence,
        args=(view, brand, "" if wide else rule, LENGTHS[length], reason),
    )


def _silence(view: Store, brand: str, rule: str, hours: int, reason: str) -> None:
    deciding.decide(
        view,
        lambda con, author, now: silencing.silence(
            con, brand, rule, author, reason, now, now + timedelta(hours=hours), now
        ),
    )


def _silences(view: Store, found: list[Silence]) -> None:
    names = {"": "Every brand"} | words.distinct({brand.name: brand.name for brand in view.known.brands})
    with st.popover("Silence a brand", icon=":material/notifications_off:", disabled=not view.who.may_decide):
        brand = st.selectbox("Brand", list(names), key="silent brand", format_func=names.__getitem__)
        _silence_form(view, brand, "", "new")
    if not found:
        st.caption(
            "No silence in the last half year. While one lasts, alerts are kept and shown here, and nobody is told."
        )
    for one in found:
        lasts = one.ended is None and one.finish > view.now
        with st.container(border=True, horizontal=True, vertical_alignment="center"):
            with st.container(gap="xxsmall"):
                what = f"{words.short(one.brand) or 'Every brand'}, {words.short(one.rule) or 'every rule'}"
                st.text(f"{what}: {words.short(one.reason, 200)}")
                until = min(one.finish, one.ended) if one.ended else one.finish
                span = words.span(one.start, until, view.zone)
                st.text(f"{span}, by {words.short(one.author, 60)}")
            st.badge("Lasts" if lasts else "Over", color="orange" if lasts else "gray")
            if lasts:
                st.button(
                    "End it", key=f"end {one.id}", disabled=not view.who.may_decide, on_click=_end, args=(view, one.id)
                )


def _end(view: Store, id: str) -> None:
    deciding.decide(view, lambda con, _author, now: silencing.end(con, id, now))


def _rehearsal(view: Store) -> None:
    path = Path(os.environ.get("EARFUL_CONFIG", ""))
    if not os.environ.get("EARFUL_CONFIG") or not path.exists():
        st.caption("No configuration is named; start the dashboard with `earful dashboard` or `earful serve`.")
        return
    days = st.segmented_control("Days", [30, 90, 180], default=90, format_func=lambda one: f"Last {one} days")
    text = path.read_text(encoding="utf-8-sig")
    with st.spinner("Replaying the rules on what is kept"):
        answer = trying.ask(path, "rehearse", text, rule="", days=days or 90, version=view.version)
    rehearsals.draw(view, answer)
    st.page_link(frame.PAGES["set-up"], label="Change the rules", icon=":material/tune:")


if __name__ == "__main__":
    show()

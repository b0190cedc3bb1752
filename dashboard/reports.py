"""The Reports page: a frozen page about a brand and a period, the digests that were sent, and tables to take along."""

import io
import os
import tempfile
from datetime import UTC, datetime, time, timedelta
from pathlib import Path

import streamlit as st

from earful.dashboard import deciding, filters, frame, read, read_themes, sql, trying, words
from earful.dashboard.frame import View
from earful.data import digests, explained, explained_reports
from earful.data.queries import Connection, Filters

FORMS = {"html": ("web page", "text/html"), "pdf": ("PDF", "application/pdf")}
FIGURES = {"Volume": "volume", "Negative share": "negative", "Net sentiment": "net", "Share of voice": "voice"}
MOST = 100_000  # rows of a table


def show() -> None:
    """Draws the page."""
    view = frame.open_page("reports")
    path = Path(os.environ.get("EARFUL_CONFIG", ""))
    left, right = st.columns(2, gap="medium")
    with left, st.container(border=True):
        _report(view, path)
    with right:
        with st.container(border=True):
            _table(view)
        with st.container(border=True):
            _sent(view, path)


def _report(view: View, path: Path) -> None:
    period, brand = view.choice.period, view.choice.filters.brand
    first = period.start.astimezone(view.zone).date()
    last = (period.finish - timedelta(microseconds=1)).astimezone(view.zone).date()
    st.markdown("**A report to send round**")
    st.text(f"{words.short(brand)}, {words.days(period.start, period.finish, view.zone)}")
    st.caption(
        "One file that needs nothing else: what changed and why, the criticisms that grew, what was resolved, share of "
        "voice, alerts, and what is not known. Whole days are reported, whatever the hour. Once made it stays as it "
        "is: its foot tells from which state of the data it comes."
    )
    span = [datetime.combine(day, time(), view.zone) for day in (first, last + timedelta(days=1))]
    with st.popover("Explain what it says", type="tertiary"):
        for name, figure in FIGURES.items():
            st.markdown(f"**{name}**: {words.DEFINITIONS[figure]}")
            sql.write(explained.query(figure, Filters(brand, span[0], span[1])))
        _rest(view, brand, datetime.combine(first - (last + timedelta(days=1) - first), time(), view.zone), *span)
        st.page_link(
            frame.PAGES["mentions"],
            label="Show the mentions of these days",
            icon=":material/list:",
            query_params=view.choice.link(**filters.between(span[0], span[1], view.zone), source=[], count=""),
        )
    _send(view, brand, *(day.astimezone(UTC) for day in span))
    if not path.is_file():
        st.caption("No configuration is named; start the dashboard with `earful dashboard` or `earful serve`.")
        return
    asked = ("--brand", brand, "--from", first.isoformat(), "--to", last.isoformat())
    _made(view, path, asked, f"earful-{first}-{last}", "now")


def _rest(view: View, brand: str, before: datetime, start: datetime, finish: datetime) -> None:
    """Explains what a report says beside its figures."""
    themes = read_themes.shown(view.folder, view.version, brand)
    if themes:
        names = words.distinct({theme: name for theme, (name, _) in themes.items()})
        subjects = {one: names[theme] for theme, (_, members) in themes.items() for one in members}
        st.markdown(f"**Criticism that grew**: {words.DEFINITIONS['grew']}")
        sql.write(explained_reports.grew(brand, subjects, before, start, finish))
    st.markdown(f"**Where negative stories changed**: {words.DEFINITIONS['moved']}")
    sql.write(explained_reports.moved(brand, before, start, finish))
    st.markdown(f"**Alerts**: {words.DEFINITIONS['alerts']}")
    sql.write(explained_reports.alerts(brand, start, finish))


def _send(view: View, brand: str, start: datetime, finish: datetime) -> None:
    """Draws the button that has the report sent by the next run, to where digests go."""

    def ask(con: Connection, author: str, now: datetime) -> None:
        digests.ask(con, brand, start, finish, author, now)

    pressed = st.button(
        "Send it to the team",
        key="send report",
        icon=":material/send:",
        disabled=not view.who.may_decide,
        help=deciding.help_of(view) or "To the targets of the digest, or to all if it names none",
    )
    if pressed and deciding.decide(view, ask):
        st.success("The next run sends it. Then it stands among those that were sent.", icon=":material/schedule_send:")
    deciding.problem()


def _made(view: View, path: Path, asked: tuple[str, ...], name: str, key: str) -> None:
    """Draws a button for each form; what was made can then be taken along."""
    row, failed = st.container(horizontal=True), ""
    with row:
        for form, (label, kind) in FORMS.items():
            if st.button(f"Make a {label}", key=f"make {form} {key}", icon=":material/description:"):
                with st.spinner("Drawing it up"):
                    content, wrong = _write(path, view.version, asked, form)
                if wrong:
                    _write.clear(path, view.version, asked, form)
                failed = wrong
                if not wrong:
                    st.download_button(
                        f"Take the {label} along",
                        content,
                        f"{name}.{form}",
                        kind,
                        key=f"take {form} {key}",
                        type="primary",
                        icon=":material/download:",
                        on_click="ignore",
                    )
    if failed:
        st.error("It could not be made. To mend, then press again:")
        st.code(words.plain(failed), language=None, wrap_lines=True)


@st.cache_data(show_spinner=False, max_entries=8, ttl="10m")
def _write(path: Path, version: str, asked: tuple[str, ...], form: str) -> tuple[bytes, str]:  # noqa: ARG001 - for the cache
    """Gives the file's content, and what went wrong if anything did."""
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / f"report.{form}"
        wrong = trying.command("report", "--config", str(path), *asked, "--out", str(out))
        return (b"", wrong) if wrong else (out.read_bytes(), "")


def _sent(view: View, path: Path) -> None:
    found = read.digests(view.folder, view.version, view.choice.filters.brand)
    st.markdown("**Digests and reports that were sent**")
    if not found:
        st.caption("None yet. A digest tells a team by mail or chat, every day or week, what changed.")
        st.page_link(frame.PAGES["set-up"], label="Set one up", icon=":material/tune:")
        return
    names = {one.digest: one for one in found}
    chosen = st.selectbox("Digest", list(names), format_func=lambda name: _span(view, names[name]))
    one = names[chosen]
    with st.popover("Explain what it says", type="tertiary", key="explain sent"):
        st.markdown(
            "It stays as it was sent, whatever came later: the first query gives what it says. The others count the "
            "same days now; what was collected, judged or deleted since makes the difference."
        )
        sql.write(explained_reports.kept(chosen), "SQL of what was sent")
        before = datetime.fromisoformat(str(one.content.get("before") or one.start.isoformat()))
        _rest(view, one.brand, before, one.start, one.finish)
    if path.is_file():
        _made(view, path, ("--digest", chosen), f"earful-digest-{one.finish:%Y-%m-%d}", "sent")


def _span(view: View, one: digests.Kept) -> str:
    days = words.days(one.start, one.finish, view.zone)
    scheduled = one.digest.startswith("digest|")  # a day or a week is told once by itself, and as often as is asked
    return days if scheduled else f"{days}, sent {words.moment(one.made, view.zone)}"


def _table(view: View) -> None:
    st.markdown("**The mentions as a table**")
    chosen = view.choice.filters
    st.text(f"{words.short(chosen.brand)}, {words.days(chosen.start, chosen.finish, view.zone)}")
    st.caption(
        f"For a spreadsheet: a row for each mention, with its words, place, time, and how it was judged; the newest "
        f"{MOST:,} at most. What looks like a formula has an apostrophe before it, so that nothing in it runs."
    )
    if st.button("Make a table", icon=":material/table:"):
        with st.spinner("Writing it"):
            content = read.exported(view.folder, view.version, chosen, MOST)
        st.download_button(
            "Take the CSV along",
            io.BytesIO(content),
            "earful-mentions.csv",
            "text/csv",
            type="primary",
            icon=":material/download:",
            on_click="ignore",
        )


if __name__ == "__main__":
    show()

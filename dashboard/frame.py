"""Draws what all pages share: the head with the age of the data, the banners, the filter bar, the empty states."""

import os
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import streamlit as st

from earful.dashboard import filters, read, read_themes, read_triage, signin, words
from earful.dashboard.filters import Choice
from earful.dashboard.read import Known
from earful.data import naming, people, queries
from earful.data.database import DatabaseError
from earful.models import condition

PAGES = {
    "overview": "overview.py",
    "criticism": "criticism.py",
    "spikes": "spikes.py",
    "compare": "compare.py",
    "mentions": "mentions.py",
    "sources": "sources.py",
    "reports": "reports.py",
    "set-up": "set_up.py",
}
SHARED = ("brand", "period", "from", "to", "source", "count")  # parts of an address that mean the same on every page
REST = timedelta(seconds=30)  # between two looks of a page by itself: a run publishes every few seconds
LATE = 3  # schedules without news after which the data is called stale
CONDITIONS = {
    "key refused": "Key refused",
    "blocked": "Blocked",
    "gone": "Gone",
    "failing": "Failing",
    "silent": "Silent",
    "waiting": "Waiting",
    "slow": "Slow",
    "new": "Not asked yet",
    "fine": "Fine",
}


@dataclass(frozen=True)
class Store:
    """A version of the store, as seen now."""

    folder: Path
    version: str
    known: Known
    now: datetime
    who: signin.Person

    @property
    def zone(self) -> ZoneInfo:
        """The team's time zone."""
        return self.known.zone


@dataclass(frozen=True)
class View(Store):
    """What a page with filters shows: a version of the store, and the choice made in the bar."""

    choice: Choice


def open_plain() -> Store:
    """Draws the frame of a page without filters; its links keep those that the other pages share."""
    store = _open()
    address = {key: st.query_params.get_all(key) for key in SHARED if key in st.query_params}
    _head(address, store.known, store.now)
    _banners(store.known, store.now)
    _wait_for_news(store.folder, store.version, drawn=store.now)
    return store


def open_setup() -> Store:
    """Draws the frame of the page that sets everything up: it is there before anything was collected."""
    folder = Path(os.environ.get("EARFUL_STORE", ""))
    version = read.version(folder) if os.environ.get("EARFUL_STORE") else ""
    if version or signin.required():
        return open_plain()
    _head({})
    return Store(folder, "", Known({}, [], [], []), datetime.now(UTC), signin.person(None))


def open_page(page: str) -> View:
    """Draws the frame of a page and tells what to show in it; ends the page when there is nothing to show."""
    store = _open()
    folder, version, known, now = store.folder, store.version, store.known, store.now
    brands = [brand.name for brand in known.brands]
    wanted = st.query_params.get("brand", "")
    of_list = page == "mentions"
    languages = read.languages(folder, version, wanted if wanted in brands else brands[0]) if of_list else []
    filters.follow_address(page, brands, known.source_names, languages, known.zone)
    head = st.container()
    filters.bar(brands, known.source_names, known.zone, now)
    themes: filters.Themes = {}
    if of_list:
        of_brand = (folder, version, st.session_state["brand"])
        themes = read_themes.families(*of_brand)
        filters.mentions_bar(read.languages(*of_brand), themes, read_triage.assignees(folder, version))
    choice = filters.chosen(page, now, known.zone, brands, themes, store.who.address)
    with head:
        _head(choice.link(), known, now)
        _banners(known, now)
    _wait_for_news(folder, version, at_once=page == "overview", drawn=now)
    return View(folder, version, known, now, store.who, choice)


def _open() -> Store:
    """Finds the newest version of the store; ends the page when there is none to be read."""
    folder = Path(os.environ.get("EARFUL_STORE", ""))
    now = datetime.now(UTC)
    if not os.environ.get("EARFUL_STORE"):
        _head({})
        st.error("No store is named. Start the dashboard with `earful dashboard` or `earful serve`.")
        st.stop()
    version = read.version(folder)
    if not version:
        _head({})
        _nothing_yet()
        _wait_for_news(folder, version)
        st.stop()
    try:
        known = read.known(folder, version)
    except DatabaseError as error:
        _head({})
        st.error("The newest copy of the store can't be read. What was collected is kept; `earful run` writes another.")
        st.code(words.plain(str(error)), language=None, wrap_lines=True)
        _wait_for_news(folder, version)
        st.stop()
    naming.use(known.settings.get(naming.SETTING) or {})
    who = signin.person(known.settings.get(people.SETTING))
    if not known.brands:
        _head({})
        _nothing_yet()
        _wait_for_news(folder, version)
        st.stop()
    return Store(folder, version, known, now, who)


def _head(address: filters.Address, known: Known | None = None, now: datetime | None = None) -> None:
    with st.container(horizontal=True, vertical_alignment="center", gap="medium"):
        st.markdown("#### :material/hearing: Earful", width="content")
        for name, file in PAGES.items():
            st.page_link(file, label=name.capitalize(), query_params=address)
        st.space("stretch")
        if known and now:
            _age(known, now, address)
            signin.badge()


def _age(known: Known, now: datetime, address: filters.Address) -> None:
    newest = newest_data(known)
    judged = sorted(((condition.judge(row), row) for row in known.sources), key=lambda one: one[0].rank)
    fine = sum(one.name == "fine" for one, _ in judged)
    if newest:
        st.caption(f"Collected {words.ago(newest, now)}", width="content")
    if known.sources:
        icon = ":material/check_circle:" if fine == len(known.sources) else ":material/error:"
        with st.popover(f"{fine} of {len(known.sources)} sources fine", icon=icon, width="content"):
            st.dataframe(
                [
                    {
                        "source": words.source(row.source, 60),
                        "state": CONDITIONS[one.name],
                        "last success": words.moment(row.last_success, known.zone) if row.last_success else "never",
                        "what is wrong": words.short(one.said, 300),
                    }
                    for one, row in judged
                ],
                hide_index=True,
                width=720,
            )
            st.page_link(PAGES["sources"], label="What each needs", icon=":material/build:", query_params=address)


def newest_data(known: Known) -> datetime | None:
    """Tells when a source was last read with success."""
    return max((source.last_success for source in known.sources if source.last_success), default=None)


def stale(known: Known, now: datetime) -> bool:
    """Tells whether sources should have been read long ago, by three schedules; quiet ones are asked less often."""
    newest, every = newest_data(known), known.settings.get("every")
    if not newest or not every:
        return False
    step = timedelta(seconds=float(every))
    planned = min((source.due for source in known.sources if source.due and source.state == "fine"), default=newest)
    return now - max(newest, planned - step) > LATE * step


def _banners(known: Known, now: datetime) -> None:
    mistake = known.settings.get("config_error")
    if mistake:
        st.warning(
            "The configuration was changed and can't be used. Earful goes on with the last good one. To mend:",
            icon=":material/build:",
        )
        st.code(words.plain(str(mistake.get("message", ""))), language=None, wrap_lines=True)
    newest = newest_data(known)
    if newest and stale(known, now):
        every = timedelta(seconds=float(known.settings["every"]))
        st.warning(
            f"The newest data is from {words.moment(newest, known.zone)}, but there should be new data every "
            f"{words.length(every)}. Is `earful serve` running? `earful sources` tells what each source last said.",
            icon=":material/schedule:",
        )


def _nothing_yet() -> None:
    st.subheader("Nothing has been collected yet", anchor=False)
    st.markdown(
        "If `earful serve` or `earful demo` has just been started, the first mentions are on their way and this page "
        "fills by itself. Else three commands bring them here:"
    )
    for number, (what, command) in enumerate(
        (
            ("Write an `earful.toml` with your brand and where to listen:", "earful init"),
            ("Ask every source once and see what would match; nothing is kept:", "earful check"),
            ("Collect, match and score once; `earful serve` then does it on a schedule:", "earful run"),
        ),
        1,
    ):
        st.markdown(f"{number}. {what}")
        st.code(command, language="shell", width=360)
    st.page_link(PAGES["set-up"], label="Or set up brands and sources here", icon=":material/tune:")
    st.caption("Only curious? `earful demo` shows everything with an invented brand, without a network.")


def no_mentions(view: View, reach: queries.Reach) -> None:
    """Says why nothing is to be seen in the period, and where something is."""
    if reach.last is None:
        st.subheader("No mention of this brand yet", anchor=False)
        st.markdown(
            "The sources are set up, but nothing they said so far matches the brand's expression. "
            "See what would match, then collect:"
        )
        st.code("earful check\nearful run", language="shell", width=360)
        return
    st.subheader("Nothing in this period under these filters", anchor=False)
    st.text(
        f"The newest mention of {words.short(view.choice.filters.brand)} is of {words.moment(reach.last, view.zone)}."
    )
    local = reach.last.astimezone(view.zone)
    finish = local.replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)
    place = filters.between(finish - timedelta(days=30), finish, view.zone)
    st.page_link(
        PAGES["overview"],
        label="Show the 30 days up to then",
        icon=":material/history:",
        query_params=view.choice.link(**place, source=[]),
    )


@st.fragment(run_every="10s")
def _wait_for_news(folder: Path, version: str, at_once: bool = True, drawn: datetime | None = None) -> None:
    """Looks for a newer snapshot; a page that is read or worked on asks before it changes."""
    if read.version(folder) == version or (at_once and drawn and datetime.now(UTC) - drawn < REST):
        return
    if at_once or st.button("There is news. Show it", icon=":material/refresh:", type="primary"):
        st.rerun()


def say_period(view: View, fair: bool) -> None:
    """Says which days are looked at and, if that is `fair`, which they are compared with."""
    period = view.choice.period
    write = words.span if period.step == "hour" else words.days
    text = write(period.start, period.finish, view.zone)
    if fair:
        text += f", compared with {write(period.before, period.before_finish, view.zone)}"
    else:
        text += ". Nothing to compare with: what is kept does not reach back over the period before"
    st.caption(f"{text}. Times are those of {view.zone.key}.")


def place(view: View, start: datetime, finish: datetime, brand: str = "") -> filters.Address:
    """Gives the address of a brand's negative stories in a span of time."""
    moved = filters.between(start, finish, view.zone)
    names = [known.name for known in view.known.brands]
    other = {} if not brand else {"brand": "" if brand == names[0] else brand}
    return view.choice.link(**moved, **other, sentiment="negative", count="", source=[])


def silences(view: View) -> list[queries.Gap]:
    """Lists sources that were due long ago and that nobody has asked since: nothing is known of them from then on."""
    every = timedelta(seconds=float(view.known.settings.get("every") or 0))
    chosen = view.choice.filters.sources
    return [
        queries.Gap(source.source, source.last_success, None, "not asked since")
        for source in view.known.sources
        if every
        and source.last_success
        and source.due
        and source.state != "gone"
        and view.now - source.due > LATE * every
        and (not chosen or source.source in chosen)
    ]

"""Draws what all pages share: the head, the filters, what stands where nothing is to be seen; looks for news."""

import os
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import streamlit as st

from earful.dashboard import filters, folding, head, read, read_themes, read_triage, signin, unready, words
from earful.dashboard.filters import Choice
from earful.dashboard.read import Known
from earful.data import naming, people, queries
from earful.data.database import DatabaseError

SHARED = ("brand", "period", "from", "to", "source", "count")  # parts of an address that mean the same on every page
PAGES = head.PAGES
REST = timedelta(seconds=30)  # between two looks of a page by itself: a run publishes every few seconds


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
    _plain(store, store.version)
    return store


def open_setup() -> Store:
    """Draws the frame of the page that sets everything up: it needs no store, and says when none can be read."""
    folder, trouble = _folder(), ""
    version = read.version(folder) if os.environ.get("EARFUL_STORE") else ""
    known = Known({}, [], [], [])
    try:
        known = read.known(folder, version) if version else known
    except DatabaseError as error:
        trouble = str(error)
    if signin.required() and (trouble or not version):
        return open_plain()  # who may look stands in the store
    naming.use(known.settings.get(naming.SETTING) or {})
    who = signin.person(known.settings.get(people.SETTING))
    store = Store(folder, "" if trouble else version, known, datetime.now(UTC), who)
    _plain(store, version)
    if trouble:
        unready.unreadable(trouble, signin.required(), set_up=True)
    return store


def open_page(page: str) -> View:
    """Draws the frame of a page and tells what to show in it; ends the page when there is nothing to show."""
    store = _open()
    folder, version, known, now = store.folder, store.version, store.known, store.now
    brands = [brand.name for brand in known.brands]
    wanted = st.query_params.get("brand", "")
    of_list = page == "mentions"
    languages = read.languages(folder, version, wanted if wanted in brands else brands[0]) if of_list else []
    filters.follow_address(page, brands, known.source_names, languages, known.zone)
    top = st.container()
    with folding.box(folding.summary(page, known.zone)):
        filters.bar(brands, known.source_names, known.zone, now)
        themes: filters.Themes = {}
        if of_list:
            of_brand = (folder, version, st.session_state["brand"])
            themes = read_themes.families(*of_brand)
            filters.mentions_bar(read.languages(*of_brand), themes, read_triage.assignees(folder, version))
    choice = filters.chosen(page, now, known.zone, brands, themes, store.who.address)
    with top:
        head.draw(choice.link(), known, now)
        head.banners(known, now)
    _wait_for_news(folder, version, at_once=page == "overview", drawn=now)
    return View(folder, version, known, now, store.who, choice)


def _folder() -> Path:
    return Path(os.environ.get("EARFUL_STORE", ""))


def _plain(store: Store, version: str) -> None:
    address = {key: st.query_params.get_all(key) for key in SHARED if key in st.query_params}
    head.draw(address, store.known, store.now)
    head.banners(store.known, store.now)
    _wait_for_news(store.folder, version, drawn=store.now)


def _open() -> Store:
    """Finds the newest version of the store; ends the page when there is none to be read."""
    folder, now = _folder(), datetime.now(UTC)
    if not os.environ.get("EARFUL_STORE"):
        head.draw({})
        unready.unnamed()
        st.stop()
    version = read.version(folder)
    try:
        known = read.known(folder, version) if version else Known({}, [], [], [])
    except DatabaseError as error:
        head.draw({})
        unready.unreadable(str(error), signin.required())
        _wait_for_news(folder, version)
        st.stop()
    naming.use(known.settings.get(naming.SETTING) or {})
    who = signin.person(known.settings.get(people.SETTING)) if version else signin.Person("", False)
    if not known.brands:
        head.draw({})
        unready.nothing_yet()
        _wait_for_news(folder, version)
        st.stop()
    return Store(folder, version, known, now, who)


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
        and view.now - source.due > head.LATE * every
        and (not chosen or source.source in chosen)
    ]

"""Keeps the filters in the page's address, so that a view can be shared, and draws the bar to change them.

An address is whole: what it leaves out stands at its default. The widgets follow the address when it was changed
from outside (a link, the back button), else the address follows the widgets.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import streamlit as st

from earful.dashboard import period as periods
from earful.dashboard import words
from earful.dashboard.period import Period
from earful.data import triage
from earful.data.queries import LABELS, Filters

PERIODS = {
    "24h": "Last 24 hours",
    "3d": "Last 3 days",
    "7d": "Last 7 days",
    "30d": "Last 30 days",
    "90d": "Last 90 days",
    "365d": "Last 365 days",
    "dates": "Chosen dates",
}
USUAL = "30d"
COUNTED = {"stories": "Stories", "mentions": "Mentions"}
CRITICISM = {"themes": "Themes", "brands": "Brands", "board": "Board"}  # ways to look at criticism
STARS = {"": "Any", "1": "1 star", "2": "2 stars at most", "3": "3 stars at most", "4": "4 stars at most"}
JUDGED = {"": "The model or people", "people": "People"}
STATUSES = {"new": "New", "seen": "Seen", "to answer": "To answer", "done": "Done"}
ME = "me"  # as an assignee: whoever looks, so that a bookmark serves everybody
SEVERAL = ("sentiment", "language", "intent", "status")  # filters of the list of mentions, and those of one value
SINGLE = ("text", "theme", "stars", "author", "assignee", "judged")
Themes = Mapping[str, tuple[str, tuple[str, ...]]]  # by id: the name, and the ids of all that counts as it
WRITTEN = "address written last"
NARROWED = "filters of the list last"  # another list begins on its first page
Address = dict[str, list[str]]


@dataclass(frozen=True)
class Choice:
    """What the bar is set to: the filters, the period they come from, and the address that says the same."""

    filters: Filters
    period: Period
    address: Address

    def link(self, **changes: str | list[str]) -> Address:
        """Gives the address with some parts changed; "" or [] takes a part out."""
        changed = {key: [value] if isinstance(value, str) else value for key, value in changes.items()}
        return {key: value for key, value in {**self.address, **changed}.items() if any(value)}


def between(start: datetime, finish: datetime, zone: ZoneInfo) -> dict[str, str]:
    """Gives the parts of an address that choose a span of time."""
    first, end = (at.astimezone(zone).strftime("%Y-%m-%dT%H:%M") for at in (start, finish))
    return {"period": "dates", "from": first, "to": end}


def follow_address(page: str, brands: list[str], sources: list[str], languages: list[str], zone: ZoneInfo) -> None:
    """Sets the widgets to what the address says, if it was changed from outside; ignores what it can't mean."""
    address = _address()
    if st.session_state.get(WRITTEN) == (page, address):
        return

    def one(key: str) -> str:
        return address.get(key, [""])[0]

    def several(key: str, known: list[str]) -> list[str]:
        return [value for value in address.get(key, []) if value in known]

    state = st.session_state
    state["brand"] = one("brand") if one("brand") in brands else brands[0]
    start, finish = _time(one("from"), zone), _time(one("to"), zone)
    state["period"] = one("period") if one("period") in PERIODS else "dates" if start and finish else USUAL
    if state["period"] == "dates" and not (start and finish):
        state["period"] = USUAL
    if state["period"] == "dates":
        state["from"], state["to"] = start, finish
    state["source"] = several("source", sources)
    state["count"] = one("count") if one("count") in COUNTED else "stories"
    state["sentiment"] = several("sentiment", list(LABELS))
    state["language"] = several("language", languages)
    state["text"] = one("text")[:200]
    state["page"] = int(one("page")) if one("page").isdecimal() and len(one("page")) < 6 else 1
    state["chosen"] = (one("at"), one("mention"))
    state["stars"] = one("stars") if one("stars") in STARS else ""
    state["intent"] = several("intent", list(words.INTENTS))
    state["author"] = one("author")[:200]
    state["status"] = several("status", list(triage.STATUSES))
    state["assignee"] = one("assignee")[: triage.LONGEST["assignee"]]
    state["judged"] = one("judged") if one("judged") in JUDGED else ""
    state["theme"] = one("theme")[:64]
    state["hidden"] = one("hidden") == "1"
    state["view"] = one("view") if one("view") in CRITICISM else "themes"
    state.pop(NARROWED, None)


def bar(brands: list[str], sources: list[str], zone: ZoneInfo, now: datetime) -> None:
    """Draws the filters that all pages share."""
    columns = st.columns([3, 2, 3, 2])
    written = words.distinct({name: name for name in brands})
    columns[0].selectbox("Brand", brands, key="brand", format_func=written.__getitem__)
    columns[1].selectbox("Period", list(PERIODS), key="period", format_func=PERIODS.__getitem__)
    written = words.distinct({name: name for name in sources}, words.source)
    columns[2].multiselect("Sources", sources, key="source", format_func=written.__getitem__, placeholder="All sources")
    columns[3].segmented_control(
        "Count", list(COUNTED), key="count", format_func=COUNTED.__getitem__, required=True, width="stretch"
    )
    if st.session_state["period"] == "dates":
        local = now.astimezone(zone).replace(tzinfo=None, second=0, microsecond=0)
        today = local.replace(hour=0, minute=0)
        st.session_state.setdefault("from", today - timedelta(days=29))
        st.session_state.setdefault("to", today + timedelta(days=1))
        columns = st.columns([3, 3, 4])
        columns[0].datetime_input("From", key="from", required=True)
        columns[1].datetime_input("To", key="to", required=True)


def mentions_bar(languages: list[str], themes: Themes, assignees: list[str]) -> None:
    """Draws the filters of the list of mentions; that of themes once there are any."""
    columns = st.columns([6, 2, 3, 3, 2] if themes else [5, 2, 4, 2], vertical_alignment="bottom")
    wanted = st.session_state.get("theme", "")
    st.session_state["theme"] = next((root for root, (_, family) in themes.items() if wanted in family), "")
    if themes:
        written = {"": "All, and what is in none"}
        written |= words.distinct({theme: name for theme, (name, _) in themes.items()})
        columns[3].selectbox("Theme", list(written), key="theme", format_func=written.__getitem__)
    columns[0].segmented_control(
        "Sentiment",
        list(LABELS),
        key="sentiment",
        selection_mode="multi",
        format_func=words.SIGNS.__getitem__,
        width="stretch",
        wrap=True,
    )
    columns[1].multiselect(
        "Languages", languages, key="language", format_func=lambda code: code or "unknown", placeholder="All languages"
    )
    columns[2].text_input(
        "Words", key="text", max_chars=200, placeholder="All of these words, in title or text", type="search"
    )
    with columns[-1]:
        _more(assignees)


def _more(assignees: list[str]) -> None:
    """Draws the filters that are asked for less often."""
    state = st.session_state
    used = sum(bool(state[key]) for key in ("stars", "intent", "author", "status", "assignee", "judged"))
    with st.popover(f"More ({used})" if used else "More", icon=":material/tune:", width="stretch"):
        st.selectbox("Rating", list(STARS), key="stars", format_func=STARS.__getitem__)
        st.multiselect("What the author does", list(words.INTENTS), key="intent", format_func=words.INTENTS.__getitem__)
        st.selectbox("Judged by", list(JUDGED), key="judged", format_func=JUDGED.__getitem__)
        st.text_input("Author", key="author", max_chars=200, placeholder="Any part of the name", type="search")
        st.multiselect("Status", list(STATUSES), key="status", format_func=STATUSES.__getitem__)
        people = ["", ME, *(name for name in assignees if name != ME)]
        st.selectbox(
            "Assigned to",
            people if state["assignee"] in people else [*people, state["assignee"]],
            key="assignee",
            format_func=lambda name: {"": "Anybody or nobody", ME: "Me"}.get(name) or words.short(name, 60),
        )


def chosen(page: str, now: datetime, zone: ZoneInfo, brands: list[str], themes: Themes, me: str) -> Choice:
    """Reads the widgets into filters and a period, and writes them to the address; `me` is who looks."""
    state = st.session_state
    if state["period"] == "dates":
        start, finish = (state[key].replace(tzinfo=zone) for key in ("from", "to"))
        period = periods.between(start, finish, zone)
        address: Address = {key: [value] for key, value in between(period.start, period.finish, zone).items()}
    else:
        period = periods.last(state["period"], now, zone)
        address = {"period": [state["period"]]} if state["period"] != USUAL else {}
    if state["brand"] != brands[0]:
        address["brand"] = [state["brand"]]
    if state["source"]:
        address["source"] = list(state["source"])
    if state["count"] == "mentions":
        address["count"] = ["mentions"]
    shared = dict(address)
    if page == "mentions":
        narrowed = (shared, *(state[key] for key in (*SEVERAL, *SINGLE, "hidden")))
        if state.get(NARROWED, narrowed) != narrowed:
            state["page"] = 1
        state[NARROWED] = narrowed
        more = {key: list(state[key]) for key in SEVERAL} | {key: [state[key]] for key in SINGLE}
        more["hidden"] = ["1" if state["hidden"] else ""]
        address |= {key: value for key, value in more.items() if value and value != [""]}
        if state["page"] > 1:
            address["page"] = [str(state["page"])]
        if all(state["chosen"]):
            address["at"], address["mention"] = ([part] for part in state["chosen"])
    if page == "criticism":
        address |= {key: [state[key]] for key in ("theme", "view") if state.get(key, "") not in ("", "themes")}
    write(page, address)
    hidden = page == "mentions" and state["hidden"]
    filters = Filters(
        state["brand"],
        period.start.astimezone(UTC),
        period.finish.astimezone(UTC),
        state["count"] == "stories" and not hidden,
        tuple(state["source"]),
        tuple(address.get("sentiment", [])),
        tuple(address.get("language", [])),
        address.get("text", [""])[0],
        themes[state["theme"]][1] if page == "mentions" and state["theme"] in themes else (),
        hidden,
        int(address["stars"][0]) if "stars" in address else None,
        tuple(address.get("intent", [])),
        address.get("author", [""])[0],
        tuple(address.get("status", [])),
        me if address.get("assignee") == [ME] else address.get("assignee", [""])[0],
        "judged" in address,
    )
    return Choice(filters, period, shared)


def remember(chosen: tuple[str, str]) -> None:
    """Writes the chosen mention, as (source, id), to the address of the list of mentions."""
    st.session_state["chosen"] = chosen
    write("mentions", {**_address(), "at": [chosen[0]], "mention": [chosen[1]]})


def remember_theme(theme: str) -> None:
    """Writes the chosen theme to the address of the Criticism page."""
    st.session_state["theme"] = theme
    write("criticism", {**_address(), "theme": [theme]})


def write(page: str, address: Address) -> None:
    """Writes the page's address, once for each change."""
    if _address() != address:
        st.query_params.from_dict(address)
    st.session_state[WRITTEN] = (page, address)


def _address() -> Address:
    return {key: st.query_params.get_all(key) for key in st.query_params}


def _time(text: str, zone: ZoneInfo) -> datetime | None:
    """Reads an ISO time, in the team's zone unless it says another, as the clock on the wall there shows it."""
    try:
        at = datetime.fromisoformat(text)
        at = at.astimezone(zone) if at.tzinfo else at
    except (ValueError, OverflowError):
        return None
    return at.replace(tzinfo=None, second=0, microsecond=0) if 1990 <= at.year <= 2200 else None

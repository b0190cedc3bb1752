"""Draws the head of every page: the links, the age of the data, how the sources are, and what is wrong."""

from datetime import datetime, timedelta

import streamlit as st

from earful.dashboard import filters, signin, sql, words
from earful.dashboard.read import Known
from earful.data import explained_sources
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


def draw(address: filters.Address, known: Known | None = None, now: datetime | None = None) -> None:
    """Draws the name, the links to the pages and, of a store that is `known`, how its sources are."""
    with st.container(horizontal=True, vertical_alignment="center", gap="medium", key="head"):
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
            st.markdown(words.DEFINITIONS["fine"])
            fine_of, each = standing()
            sql.write(fine_of)
            sql.write(each, "SQL of the table")
            st.page_link(PAGES["sources"], label="What each needs", icon=":material/build:", query_params=address)


def standing() -> tuple[str, str]:
    """Gives the queries of how many sources are fine, and of how each is."""
    return explained_sources.standing(
        condition.CHECKS, condition.LOST, condition.FALLS, condition.CALM, condition.EMPTY, condition.HABIT
    )


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


def banners(known: Known, now: datetime) -> None:
    """Says when the configuration is broken or the data is old."""
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

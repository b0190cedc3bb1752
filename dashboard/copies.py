"""Lists the mentions that tell one story: where it came out first, and who passed it on."""

import streamlit as st

from earful.dashboard import read, sql, words
from earful.dashboard.frame import View
from earful.data import explained
from earful.data.queries import Detail

MOST = 30  # copies that are listed


def show(view: View, detail: Detail) -> None:
    """Offers the list where a story has several mentions; what people wrote goes through st.text alone."""
    if detail.copies < 2:
        return
    found, joined = read.copies(view.folder, view.version, detail.source, detail.id, view.choice.filters.brand, MOST)
    with st.expander("Where this story was told", icon=":material/content_copy:"):
        with st.container(gap=None):
            for one in found:
                here = " (this one)" if (one.source, one.id) == (detail.source, detail.id) else ""
                left, right = st.columns([2, 3], gap="small")
                left.caption(words.moment(one.published, view.zone))
                by = f", {words.short(one.author)}" if one.author else ""
                right.text(f"{words.source(one.source, 60)}{by}{here}")
        if detail.copies > len(found):
            st.caption(f"These are the first {len(found)} of {detail.copies:,}.")
        if joined:
            other = "Another story" if len(joined) == 1 else f"{len(joined):,} other stories, one after another,"
            until = words.moment(joined[-1], view.zone)
            st.caption(f"{other} turned out to be this one, last {until}; what was counted before counted them apart.")
        with st.popover("Explain", type="tertiary", key="explain copies"):
            st.markdown(words.DEFINITIONS["copies"])
            sql.write(explained.copies(detail.source, detail.id, view.choice.filters.brand))

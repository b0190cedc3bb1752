"""The dashboard's entry: `streamlit run` starts it, the environment variable EARFUL_STORE names the store's folder."""

import streamlit as st

from earful.dashboard import look, signin, unready
from earful.data import database


def main() -> None:
    """Names the pages and runs the one that is asked for; their links stand in the pages' head."""
    st.set_page_config(page_title="Earful", page_icon="👂", layout="wide")
    look.use()
    signin.require()
    pages = [
        st.Page("overview.py", title="Overview", default=True),
        st.Page("criticism.py", title="Criticism"),
        st.Page("spikes.py", title="Spikes", url_path="alerts"),  # messages link to it by this name
        st.Page("compare.py", title="Compare"),
        st.Page("mentions.py", title="Mentions"),
        st.Page("sources.py", title="Sources"),
        st.Page("reports.py", title="Reports"),
        st.Page("set_up.py", title="Set-up", url_path="set-up"),
    ]
    with database.one_look():
        try:
            st.navigation(pages, position="hidden").run()
        except database.DatabaseError as error:  # a part of the copy that only this page looks at
            unready.unreadable(str(error), signin.required())


if __name__ == "__main__":
    main()

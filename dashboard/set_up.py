"""The Set-up page: what is watched, where, when to tell and whom; writes earful.toml and keeps its comments."""

import os
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import streamlit as st
from tomlkit.exceptions import ParseError

from earful.dashboard import deciding, drafting, frame, read, setup_forms, trying, words
from earful.dashboard.frame import Store
from earful.dashboard.setup_forms import Draft
from earful.data import changes

TABS = {"brands": "Brands", "sources": "Sources", "rules": "Rules", "targets": "Targets", "file": "The file"}
FORMS: dict[str, Callable[[Store, Draft], None]] = {
    "brands": setup_forms.brands,
    "sources": setup_forms.sources,
    "rules": setup_forms.rules,
    "targets": setup_forms.targets,
}


def show() -> None:
    """Draws the page."""
    view = frame.open_setup()
    path = Path(os.environ.get("EARFUL_CONFIG", ""))
    if not os.environ.get("EARFUL_CONFIG") or not path.exists():
        st.subheader("No configuration is named", anchor=False)
        st.markdown(
            "`earful init` writes one; start the dashboard with `earful dashboard` or `earful serve` beside it."
        )
        return
    draft = _draft(path)
    garbled = _unreadable(draft)
    if draft.text != draft.begun:
        _changes(view, draft)
    elif not garbled and not view.known.settings.get("config_error"):  # else the banner says so
        _mistakes(draft)
    tab = st.segmented_control(
        "Part", list(TABS), key="part", default="brands", format_func=TABS.__getitem__, label_visibility="collapsed"
    )
    deciding.problem()
    if garbled:
        st.error(f"The file can't be read as it is: {words.literal(garbled)}. Mend it here.")
    if tab == "file" or garbled:
        _file(view, draft)
    else:
        FORMS[tab or "brands"](view, draft)
    _history(view)


def _draft(path: Path) -> Draft:
    """Gives the draft of this session; one that changes nothing follows the file."""
    state, text = st.session_state, path.read_text(encoding="utf-8-sig")
    if "draft" not in state or state["draft"] == state["draft begun"]:
        state["draft"] = state["draft begun"] = text
    return Draft(path, state["draft begun"], state["draft"])


def _unreadable(draft: Draft) -> str:
    """Says why the draft can't be read at all, "" where it can."""
    try:
        drafting.tables(draft.text, "brands")
    except ParseError as error:
        return str(error)
    return ""


def _mistakes(draft: Draft) -> None:
    """Says what is wrong with the file as it is, if anything."""
    with st.spinner("Checking"):
        answer = trying.ask(draft.path, "validate", draft.text)
    if answer["mistakes"]:
        st.warning("`earful.toml` can't be used as it is. To mend (line: what):", icon=":material/build:")
        st.code(words.plain("\n".join(answer["mistakes"])), language=None, wrap_lines=True)


def _changes(view: Store, draft: Draft) -> None:
    """Draws what the draft changes, what is wrong with it, and the ways to save or discard it."""
    with st.container(border=True):
        st.markdown("**What will change**")
        difference = drafting.difference(draft.begun, draft.text)
        st.code(words.plain(difference).replace("\r", ""), language="diff")
        with st.spinner("Checking"):
            answer = trying.ask(draft.path, "validate", draft.text)
        wrong = [*answer["mistakes"], *([answer["error"]] if answer.get("error") else [])]
        if wrong:
            st.error("This can't be used yet. To mend (line: what):")
            st.code(words.plain("\n".join(wrong)), language=None, wrap_lines=True)
        with st.container(horizontal=True):
            st.button(
                "Save",
                type="primary",
                icon=":material/save:",
                disabled=bool(wrong) or not view.who.may_decide,
                help=deciding.help_of(view),
                on_click=_save,
                args=(view, draft, difference),
            )
            st.button("Discard", icon=":material/undo:", on_click=_discard)
        st.caption("It counts from the next run on. What is kept is matched anew to changed brands.")


def _save(view: Store, draft: Draft, difference: str) -> None:
    def write(con: changes.Connection, author: str, now: datetime) -> None:
        changes.save(con, difference, author, now)
        drafting.save(draft.path, draft.text, drafting.mark(draft.begun))

    try:
        if deciding.decide(view, write):
            _discard()
            st.toast("Saved", icon=":material/check:")
    except (drafting.Changed, OSError) as error:
        st.session_state[deciding.PROBLEM] = str(error)


def _discard() -> None:
    st.session_state.pop("draft", None)


def _file(view: Store, draft: Draft) -> None:
    """Draws the whole file, for what has no form: network, model, sign-in, webhook, digest, times."""
    with st.form("file", border=False):
        text = st.text_area("earful.toml", draft.text, height=560, disabled=not view.who.may_decide)
        if st.form_submit_button("Look at the changes", disabled=not view.who.may_decide):
            st.session_state["draft"] = text
            st.rerun()


def _history(view: Store) -> None:
    made = read.configuration_changes(view.folder, view.version) if view.version else []
    if not made:
        return
    with st.expander(f"Changes made here: {len(made)}"):
        for one in made:
            st.text(f"{words.moment(one.made, view.zone)}, {words.short(one.author, 80)}")
            st.code(words.plain(one.difference), language="diff")


if __name__ == "__main__":
    show()

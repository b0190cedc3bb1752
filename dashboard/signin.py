"""Lets in who is on the list: sign-in at the team's own provider (OpenID Connect), roles by our own list.

Without EARFUL_SIGNIN, set when [signin] is configured, the dashboard listens on this machine only and asks nobody.
Streamlit signs the cookie and talks to the provider; who may see anything is decided here, on each run of a page.
"""

import os
import time
from dataclasses import dataclass

import streamlit as st

from earful.data import people

REQUIRED = "EARFUL_SIGNIN"  # seconds that a sign-in lasts
NOBODY = "dashboard"  # the author of decisions where nobody signs in


@dataclass(frozen=True)
class Person:
    """Who looks at the page."""

    address: str
    may_decide: bool


def required() -> bool:
    """Tells whether people sign in here."""
    return bool(os.environ.get(REQUIRED))


def require() -> None:
    """Ends the page unless somebody is signed in; nothing of the store was read before."""
    if not required():
        return
    if not st.user.is_logged_in:
        _door("Sign in to see what is said", "Sign in")
    if time.time() - float(str(st.user.get("iat") or 0)) > float(os.environ[REQUIRED]):
        _door("Your sign-in has ended. Sign in again to go on where you were", "Sign in again")


def person(access: object) -> Person:
    """Gives who looks at the page; ends it for those who are not on the list `access`, the store's setting."""
    if not required():
        return Person(NOBODY, True)
    address = _address()
    role = people.role(access, address) if isinstance(access, dict) else ""
    if not role:
        st.subheader("You are signed in, but not on the list of this dashboard", anchor=False)
        st.text(f"Signed in as {address or 'somebody without a confirmed address'}.")
        st.markdown(
            "Whoever keeps Earful running can add the address under `[signin]` in `earful.toml`, as a viewer or an "
            "editor. A change counts from the next run on."
        )
        st.button("Sign out", icon=":material/logout:", on_click=st.logout)
        st.stop()
    return Person(address, role == "editor")


def badge() -> None:
    """Draws who is signed in, and the way out."""
    if not required():
        return
    with st.popover("", icon=":material/account_circle:", width="content", help="Who is signed in"):
        st.text(_address())
        st.button("Sign out", icon=":material/logout:", on_click=st.logout)


def _address() -> str:
    """Gives the address that the provider vouches for; one that it says is not confirmed counts as none."""
    confirmed = st.user.get("email_verified", True)
    return str(st.user.get("email") or "") if confirmed in (True, "true") else ""


def _door(said: str, label: str) -> None:
    st.markdown("#### :material/hearing: Earful")
    st.subheader(said, anchor=False)
    st.button(label, type="primary", icon=":material/login:", on_click=st.login)
    st.caption("If nothing happens, the provider of the sign-in can't be reached at the moment; try again in a minute.")
    st.stop()

"""The forms of the Set-up page: a list of what there is of each kind, and a form to add, change or take out."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import streamlit as st

from earful.dashboard import drafting, rehearsals, trying, words
from earful.dashboard.frame import Store

COUNTS = {
    "negative": "Negative stories",
    "all": "All stories",
    "share": "Share of negatives",
    "silence": "Silence",
}
STEPS = {"15m": "15 minutes", "1h": "1 hour", "6h": "6 hours", "1d": "1 day"}
SENSITIVITIES = {"sensitive": "Sensitive", "balanced": "Balanced", "strict": "Strict"}
KINDS = ("apprise", "slack", "teams", "discord", "email", "webhook")
Form = Callable[[Store, "Draft", dict[str, Any], str], dict[str, Any]]


@dataclass(frozen=True)
class Draft:
    """A changed text of the file at `path`, and the text that it was begun from."""

    path: Path
    begun: str
    text: str


def brands(view: Store, draft: Draft) -> None:
    """Draws the brands."""
    _list(view, draft, "brands", "brand", _brand, _brand_said)


def _brand_said(one: dict[str, Any]) -> tuple[str, str]:
    whose = "competitor: " if one.get("competitor") else ""
    return one.get("name", ""), f"{whose}{' '.join(str(one.get('match', '')).split())}"


def sources(view: Store, draft: Draft) -> None:
    """Draws the sources."""
    _list(view, draft, "sources", "source", _source, lambda one: (one.get("connector", ""), one.get("target", "")))


def rules(view: Store, draft: Draft) -> None:
    """Draws the rules of alerts."""
    _list(view, draft, "rules", "rule", _rule, _rule_said)


def _rule_said(one: dict[str, Any]) -> tuple[str, str]:
    counts = COUNTS.get(str(one.get("counts", "negative")), "")
    return one.get("name", ""), f"{counts}, in intervals of {one.get('step', '15m')}"


def targets(view: Store, draft: Draft) -> None:
    """Draws where alerts go."""
    st.caption("Addresses are secrets: each stands in an environment variable, and only its name here.")
    _list(view, draft, "targets", "target", _target, lambda one: (one.get("name", ""), one.get("kind", "apprise")))


def _list(
    view: Store, draft: Draft, kind: str, one: str, form: Form, said: Callable[[dict[str, Any]], tuple[str, str]]
) -> None:
    found = drafting.tables(draft.text, kind)
    if not found:
        st.caption(f"No {one} yet.")
    for place, values in enumerate(found):
        name, more = said(values)
        with st.container(border=True, horizontal=True, vertical_alignment="center"):
            with st.container(gap="xxsmall"):
                st.text(words.short(str(name), 80))
                st.text(words.short(str(more), 160))
            if st.button("Change", key=f"change {kind} {place}", disabled=not view.who.may_decide):
                _edit(view, draft, kind, one, form, place)
            st.button(
                "Take out",
                key=f"drop {kind} {place}",
                type="tertiary",
                disabled=not view.who.may_decide,
                on_click=_drop,
                args=(draft, kind, place),
            )
    if st.button(f"Add a {one}", icon=":material/add:", disabled=not view.who.may_decide):
        _edit(view, draft, kind, one, form, None)


def _drop(draft: Draft, kind: str, place: int) -> None:
    st.session_state["draft"] = drafting.drop(draft.text, kind, place)


@st.dialog("Set up", width="large")
def _edit(view: Store, draft: Draft, kind: str, one: str, form: Form, place: int | None) -> None:
    values = {} if place is None else drafting.tables(draft.text, kind)[place]
    key = f"{kind} {place} "
    st.markdown(f"**{'A new' if place is None else 'Change this'} {one}**")
    changed = form(view, draft, values, key)
    text = drafting.put(draft.text, kind, changed, place)
    if st.button("Take this over", type="primary", key=key + "take", disabled=not changed.get(drafting.NAMES[kind])):
        st.session_state["draft"] = text
        st.rerun()
    st.caption("Nothing is saved yet: you see all changes together before that.")


def _brand(view: Store, draft: Draft, values: dict[str, Any], key: str) -> dict[str, Any]:
    name = st.text_input("Name", values.get("name", ""), key=key + "name", max_chars=80)
    match = st.text_area("How texts speak of it", values.get("match", ""), key=key + "match", height=90, help=MATCHES)
    competitor = st.toggle("A competitor", bool(values.get("competitor")), key=key + "competitor")
    if st.button(
        "Try it on what is kept", icon=":material/search:", key=key + "try", disabled=not match or not view.version
    ):
        known = name if name in [one.name for one in view.known.brands] else ""
        with st.spinner("Trying"):
            answer = trying.ask(draft.path, "match", draft.begun, expression=match, brand=known)
        _preview(answer)
    return {"name": name, "match": match, "competitor": competitor}


MATCHES = (
    'Words in any case, "phrases", =CaseSensitive, wild*, AND OR NOT ( ), NEAR/5, and author: site: lang: source: '
    "about:."
)


def _preview(answer: trying.Answer) -> None:
    """Draws what an expression would have found; what people wrote goes through st.text and st.dataframe."""
    found = answer.get("match")
    if not found:
        st.code(words.plain(str(answer.get("error") or "\n".join(answer["mistakes"]))), language=None, wrap_lines=True)
        return
    st.text(
        f"In the last {found['days']} days this would have matched {_number(found['matches'])} of {found['kept']:,}."
    )
    for one in found["removals"]:
        said = f"NOT {one['term']} removes {_number(one['removes'])}"
        if one["right"] and one["wrong"]:
            said += f": {_number(one['wrong'])} look wrong and {_number(one['right'])} look right"
        st.text(words.short(said, 200))
    if found["suggestions"]:
        st.text("Might be excluded: " + words.listed([str(one["word"]) for one in found["suggestions"]], 6))
    if found["examples"]:
        rows = [
            {"Source": words.source(one["source"]), "Mention": words.plain(one["said"])} for one in found["examples"]
        ]
        st.dataframe(rows, hide_index=True, height=260)


def _number(value: dict[str, int]) -> str:
    exact = value["low"] == value["high"]
    return f"{value['value']:,}" if exact else f"about {value['value']:,} ({value['low']:,} to {value['high']:,})"


def _source(_view: Store, draft: Draft, values: dict[str, Any], key: str) -> dict[str, Any]:
    known: dict[str, str] = trying.ask(draft.path, "connectors", draft.begun).get("connectors", {})
    names = sorted(known) or [values.get("connector", "rss")]
    given = values.get("connector", "rss")
    connector = st.selectbox("Kind", names, names.index(given) if given in names else 0, key=key + "connector")
    if connector in known:
        st.code(words.plain(known[connector]).strip(), language=None, wrap_lines=True, height=150)
    target = st.text_input("Target", values.get("target", ""), key=key + "target")
    ours = _menu(draft, "brands")
    brand = st.selectbox(
        "Everything there is about",
        ["", *ours],
        ["", *ours].index(values["brand"]) if values.get("brand") in ours else 0,
        key=key + "brand",
        format_func=({"": "what the words say"} | ours).__getitem__,
    )
    every = st.text_input("Ask every (empty: as all)", values.get("every", ""), key=key + "every", placeholder="1h")
    label = st.text_input(
        "Name that readers see", values.get("label", ""), key=key + "label", max_chars=60, placeholder="Made of the two"
    )
    changed = {"connector": connector, "target": target, "label": label, "brand": brand, "every": every}
    if st.button("Ask it once", icon=":material/podcasts:", key=key + "try", disabled=not target):
        text = drafting.put(draft.begun, "sources", changed) if not values else draft.text
        with st.spinner("Asking"):
            answer = trying.ask(draft.path, "source", text, name=f"{connector}:{target}")
        _asked(answer)
    return changed


def _asked(answer: trying.Answer) -> None:
    found = answer.get("source")
    wrong = answer.get("error") or (found or {}).get("error") or "\n".join(answer["mistakes"])
    if wrong or not found:
        st.code(words.plain(str(wrong)), language=None, wrap_lines=True)
        return
    st.text(f"It answers: {found['read']:,} mentions, {found['oldest'][:10]} to {found['newest'][:10]}.")
    for brand, count in found["matched"].items():
        st.text(f"{words.short(brand)}: {count:,} match")
    for example in found["examples"]:
        st.text(words.plain(example))


def _rule(view: Store, draft: Draft, values: dict[str, Any], key: str) -> dict[str, Any]:
    name = st.text_input("Name", values.get("name", ""), key=key + "name", max_chars=80)
    ours = _menu(draft, "brands")
    given = [one for one in values.get("brands", []) if one in ours]
    watched = st.multiselect(
        "Brands", list(ours), given, key=key + "brands", format_func=ours.__getitem__, placeholder="All own"
    )
    left, right = st.columns(2)
    counts = _choice(left, "Counts", COUNTS, values.get("counts", "negative"), key + "counts")
    step = _choice(right, "In intervals of", STEPS, values.get("step", "15m"), key + "step")
    least = left.number_input("At least so many", 1, 100_000, int(values.get("least", 5)), key=key + "least")
    budget = right.text_input("At most", values.get("budget", ""), key=key + "budget", placeholder="1 per week")
    sensitivity = None
    if not budget and counts != "silence":
        sensitivity = _choice(left, "Sensitivity", SENSITIVITIES, values.get("sensitivity", "balanced"), key + "line")
    quiet = right.text_input("Quiet hours", values.get("quiet", ""), key=key + "quiet", placeholder="22:00-07:00")
    repeat = left.text_input("Remind every", values.get("repeat", ""), key=key + "repeat", placeholder="6h")
    ways = _menu(draft, "targets")
    chosen = [one for one in values.get("targets", []) if one in ways]
    told = right.multiselect(
        "Tells", list(ways), chosen, key=key + "targets", format_func=ways.__getitem__, placeholder="All"
    )
    changed = {
        "name": name, "brands": watched, "counts": counts, "step": step, "least": least, "budget": budget,
        "sensitivity": sensitivity, "quiet": quiet, "repeat": repeat, "targets": told,
    }  # fmt: skip
    if st.button(
        "Rehearse on the last 90 days",
        icon=":material/history:",
        key=key + "try",
        disabled=not name or not view.version,
    ):
        place = [one.get("name") for one in drafting.tables(draft.text, "rules")]
        at = place.index(values["name"]) if values.get("name") in place else None
        with st.spinner("Rehearsing"):
            text = drafting.put(draft.text, "rules", changed, at)
            answer = trying.ask(draft.path, "rehearse", text, rule=name, days=90)
        rehearsals.draw(view, answer)
    return changed


def _menu(draft: Draft, kind: str) -> dict[str, str]:
    """Gives the names in the file's tables of a kind, as they are written in a menu."""
    names = [str(one["name"]) for one in drafting.tables(draft.text, kind) if one.get("name")]
    return words.distinct({name: name for name in names})


def _choice(place: Any, label: str, names: dict[str, str], given: str, key: str) -> str:
    options: Sequence[str] = list(names) if given in names else [given, *names]
    found: str = place.selectbox(
        label, options, list(options).index(given), key=key, format_func=lambda one: names.get(one, one)
    )
    return found


def _target(_view: Store, _draft: Draft, values: dict[str, Any], key: str) -> dict[str, Any]:
    name = st.text_input("Name", values.get("name", ""), key=key + "name", max_chars=80)
    given = values.get("kind", "apprise")
    kind = st.selectbox("Kind", KINDS, KINDS.index(given) if given in KINDS else 0, key=key + "kind")
    variable = st.text_input(
        "Environment variable of its address", values.get("url_env", ""), key=key + "url", placeholder="EARFUL_TEAM_URL"
    )
    st.caption("`earful alert --test` sends a test message to every target.")
    return {"name": name, "kind": kind, "url_env": variable}

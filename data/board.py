"""Keeps what people decide about themes: names, merges, what is hidden or pinned, and each theme's card on the board.

Every decision is a row with who made it and when, and none is ever changed: the latest counts, the earlier ones are
its history. Nothing here is derived, so finding the themes anew, scoring anew and replaying leave it as it is.
Writing functions work inside the caller's transaction; what has no sense raises ValueError with words for the reader.
"""

import json
import uuid
from collections import defaultdict
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Any

import duckdb

from earful.data import decided, events

Connection = duckdb.DuckDBPyConnection
KINDS = ("rename", "merge", "split", "move", "hide", "show", "pin", "unpin")
STATUSES = ("new", "acknowledged", "acting", "resolved")
FIELDS = ("status", "owner", "due", "note", "link")
LONGEST = {"name": 80, "owner": 80, "note": 2000}  # characters


@dataclass(frozen=True)
class Decision:
    """What a person decided about a theme."""

    theme: str
    kind: str
    value: dict[str, Any]
    author: str
    made: datetime


@dataclass(frozen=True)
class Standing:
    """How a theme stands by people's decisions: its name ("" if nobody gave one), which theme it was merged into, and
    when somebody last asked to split it."""

    name: str = ""
    hidden: bool = False
    pinned: bool = False
    into: str = ""
    split: datetime | None = None


@dataclass(frozen=True)
class Change:
    """One change of a card; a status is {"status", "on"}, `on` being the day it was reached, all else a text."""

    field: str
    value: Any
    author: str
    made: datetime


@dataclass(frozen=True)
class Card:
    """A theme's card as it stands; `since` is the day its status was reached, None while nobody set one."""

    theme: str
    status: str = "new"
    since: date | None = None
    owner: str = ""
    due: date | None = None
    notes: tuple[Change, ...] = ()
    links: tuple[Change, ...] = ()
    history: tuple[Change, ...] = field(default=(), repr=False)

    def acted(self) -> tuple[date, date] | None:
        """Gives the days on which acting began and ended for a resolved card; the same day if nobody said "acting"."""
        if self.status != "resolved" or self.since is None:
            return None
        began = self.since
        for change in reversed([one for one in self.history if one.field == "status"]):
            status, on = change.value["status"], date.fromisoformat(change.value["on"])
            if status == "acting":
                began = min(began, on)
            elif status != "resolved":
                break
        return began, self.since


def decide(
    con: Connection, brand: str, theme: str, kind: str, value: dict[str, Any], author: str, now: datetime
) -> None:
    """Keeps a decision about a theme; one that changes nothing leaves no row.

    All count at once but a split, which waits for the next round of themes. What `value` holds: rename {"name"}, merge
    {"into": theme} ("" takes it back), split {}, move {"source", "id"} (a mention with its copies, to this theme; theme
    "" is none), all others {}.
    """
    if kind not in KINDS:
        raise ValueError(f"a decision is one of {', '.join(KINDS)}, not {kind!r}")
    known = {row[0] for row in con.execute("SELECT theme FROM themes WHERE brand = ?", [brand]).fetchall()}
    if theme not in known and not (kind == "move" and theme == ""):
        raise ValueError("this theme is no longer there; show the page anew")
    stands = standing(con, brand)
    now_is = stands.get(theme, Standing())
    if kind == "rename":
        value = {"name": _text("name", value.get("name"))}
    if kind == "merge":
        into = str(value.get("into", ""))
        if into and (into not in known or into == theme):
            raise ValueError("a theme is merged into another one of the same brand")
        if into and root(stands, into) == theme:
            raise ValueError("the other theme was merged into this one already")
        value = {"into": into}
    if (kind in ("hide", "show", "pin", "unpin", "rename", "merge")) and _applied(now_is, kind, value) == now_is:
        return
    con.execute(
        "INSERT INTO theme_decisions VALUES (?, ?, ?, ?, ?, ?, ?)",
        [uuid.uuid4().hex, brand, theme, kind, json.dumps(value), author, now],
    )
    if kind == "move":
        decided.move(con)


def decisions(con: Connection, brand: str) -> list[Decision]:
    """Lists what was decided about a brand's themes, oldest first."""
    rows = con.execute(
        "SELECT theme, kind, value, author, made FROM theme_decisions WHERE brand = ? ORDER BY made, rowid", [brand]
    ).fetchall()
    return [Decision(theme, kind, json.loads(value), *rest) for theme, kind, value, *rest in rows]


def standing(con: Connection, brand: str) -> dict[str, Standing]:
    """Gives how the brand's themes stand by people's decisions; those that nobody decided about are left out."""
    stands: dict[str, Standing] = {}
    for one in decisions(con, brand):
        stood = stands.get(one.theme, Standing())
        stands[one.theme] = (
            replace(stood, split=one.made) if one.kind == "split" else _applied(stood, one.kind, one.value)
        )
    return stands


def root(stands: dict[str, Standing], theme: str) -> str:
    """Follows merges to the theme that a theme ended in."""
    seen = {theme}
    while (into := stands.get(theme, Standing()).into) and into not in seen:
        seen.add(into)
        theme = into
    return theme


def change_card(con: Connection, brand: str, theme: str, field: str, value: Any, author: str, now: datetime) -> None:
    """Keeps a change of a theme's card; one that changes nothing leaves no row.

    What `value` is: status {"status", "on": ISO day}, owner a name or "", due an ISO day or "", note a text, link a
    web address.
    """
    if field not in FIELDS:
        raise ValueError(f"a card has {', '.join(FIELDS)}, not {field!r}")
    if field == "status":
        if value.get("status") not in STATUSES:
            raise ValueError(f"a status is one of {', '.join(STATUSES)}, not {value.get('status')!r}")
        value = {"status": value["status"], "on": date.fromisoformat(value["on"]).isoformat()}
    elif field == "due":
        value = date.fromisoformat(value).isoformat() if value else ""
    elif field == "link":
        value = str(value).strip()
        events.check_link(value)
    else:
        value = "" if field == "owner" and not value.strip() else _text(field, value)
    card = cards(con, brand).get(theme, Card(theme))
    present: dict[str, Any] = {
        "status": {"status": card.status, "on": card.since.isoformat() if card.since else ""},
        "owner": card.owner,
        "due": card.due.isoformat() if card.due else "",
        "link": value if value in [one.value for one in card.links] else None,
    }
    if field in present and present[field] == value:
        return
    con.execute(
        "INSERT INTO board_changes VALUES (?, ?, ?, ?, ?, ?, ?)",
        [uuid.uuid4().hex, brand, theme, field, json.dumps(value), author, now],
    )


def cards(con: Connection, brand: str) -> dict[str, Card]:
    """Gives the cards of a brand's themes on which somebody noted something, by theme."""
    rows = con.execute(
        "SELECT theme, field, value, author, made FROM board_changes WHERE brand = ? ORDER BY made, rowid", [brand]
    ).fetchall()
    by_theme: dict[str, list[Change]] = defaultdict(list)
    for theme, name, value, author, made in rows:
        by_theme[theme].append(Change(name, json.loads(value), author, made))
    return {theme: _card(theme, changes) for theme, changes in by_theme.items()}


def _card(theme: str, changes: list[Change]) -> Card:
    last = {change.field: change.value for change in changes}
    status = last.get("status")
    return Card(
        theme,
        status["status"] if status else "new",
        date.fromisoformat(status["on"]) if status else None,
        last.get("owner", ""),
        date.fromisoformat(last["due"]) if last.get("due") else None,
        tuple(change for change in changes if change.field == "note"),
        tuple(change for change in changes if change.field == "link"),
        tuple(changes),
    )


def _applied(standing: Standing, kind: str, value: dict[str, Any]) -> Standing:
    """Gives how a theme stands after a decision; moves are about its mentions and change nothing here."""
    if kind == "rename":
        return replace(standing, name=str(value["name"]))
    if kind == "merge":
        return replace(standing, into=str(value["into"]))
    if kind in ("hide", "show"):
        return replace(standing, hidden=kind == "hide")
    if kind in ("pin", "unpin"):
        return replace(standing, pinned=kind == "pin")
    return standing


def _text(field: str, value: Any) -> str:
    text = str(value or "").strip() if field == "note" else " ".join(str(value or "").split())
    if not text:
        raise ValueError(f"the {field} is empty")
    if len(text) > LONGEST[field]:
        raise ValueError(f"the {field} has {LONGEST[field]} characters at most; this one has {len(text)}")
    return text

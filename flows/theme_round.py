"""Finds a brand's themes anew, from all its complaints of a year: what is known goes on, what is new gets a name.

Everything is found first and kept in one transaction, so a round that is killed leaves the one before.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import numpy as np

from earful.data import decided, embeddings, failpoint
from earful.data import themes as kept
from earful.data.database import Database
from earful.data.decided import Decisions, Key
from earful.data.themes import Complaint, Member, Round
from earful.flows import theme_voices as voices
from earful.models import journey, naming, themes, themespace
from earful.models.encoder import joined
from earful.models.themes import Kept, Rows
from earful.models.themespace import Space

HISTORY = timedelta(days=365)
MOST = 200_000  # complaints that are placed at once, the newest; of the older ones so many a run, as they were new
AT_ONCE = 10_000
NAMING = 100  # of a theme's members, the nearest to its centre, that name it
QUOTED = 25  # of these, that may give the sentence
Progress = Callable[[str, int, int], None]


@dataclass(frozen=True)
class Placing:
    """What places a complaint: the space, the themes with their ids, and where people moved some."""

    brand: str
    model: str
    space: Space | None
    themes: list[themes.Theme]
    names: list[str]
    moves: dict[Key, str]


def find(database: Database, brand: str, brands: Sequence[str], model: str, now: datetime, progress: Progress) -> None:
    """Finds the brand's themes and keeps them; `brands` are all that are watched, `model` embeds ("": none does)."""
    since = now - HISTORY
    with database.look() as con:
        complaints = kept.complaints(con, brand, since)
        known = kept.known(con, brand)
        decisions = decided.decisions(con, brand)
    again = voices.repeated(database, model, complaints, len(complaints) - MOST)
    heard = [one for one, repeats in zip(complaints, again, strict=True) if not repeats]
    stories = len({one.story for one in complaints})
    newest, newest_again = complaints[-MOST:], again[-MOST:]
    if len(heard) < themes.ENOUGH:
        of = f" among {len(complaints)}" if len(complaints) > len(heard) else ""
        few = f"too few: {len(heard)} different complaints{of} so far, themes take {themes.ENOUGH}"
        few = "; ".join(part for part in (few, voices.loud(complaints)) if part)
        placing = Placing(brand, model, None, [], [], decisions.moves)
        members = place(database, placing, newest, newest_again, progress)
        with database.transaction(publish=False) as con:
            kept.save_round(con, brand, Round(now, stories, few, model, None), [], members, since, MOST)
        return
    heard = voices.sample(heard, now)
    texts, vectors = read(database, model, heard, None)
    space = themespace.fit(texts, vectors, brands)
    rows = space.place(texts, vectors)
    ages = np.array([voices.age(one, now) for one in heard])
    ids, before = _known(heard, known, decisions, rows)
    found = themes.find(rows, ages, before)
    names = [ids[one.continues] if one.continues is not None else "" for one in found.themes]
    with database.look() as con:
        names = _named(con, brand, names, [heard[int(one.members[(rows[one.members] @ one.centre).argmax()])]
                                           for one in found.themes])  # fmt: skip
    placing = Placing(brand, model, space, found.themes, names, decisions.moves)
    members = place(database, placing, newest, newest_again, progress)
    went = {ids[old]: names[new] for old, new in found.merged.items()}
    rest = [_ended(one, went, names) for one in known]
    told = _told(complaints, again, members, went)
    new = _described(placing, known, told, heard, texts, rows, now, brands)
    note = voices.loud(complaints)
    failpoint.reach("themes_found")
    with database.transaction(publish=False) as con:
        round_ = Round(now, stories, note, model, space.to_bytes())
        kept.save_round(
            con, brand, round_, [*new, *(one for one in rest if one.theme not in names)], members, since, MOST
        )


def place(
    database: Database, placing: Placing, complaints: Sequence[Complaint], again: Sequence[bool], progress: Progress
) -> list[Member]:
    """Finds the theme of each complaint and the stage of the journey; what people moved stays where they put it."""
    members = []
    for start in range(0, len(complaints), AT_ONCE):
        part = complaints[start : start + AT_ONCE]
        texts, vectors = read(database, placing.model, part, placing.space)
        places, strengths = np.full(len(part), -1), np.zeros(len(part), np.float32)
        if placing.space is not None:
            places, strengths = themes.assign(placing.space.place(texts, vectors), placing.themes)
        for one, text, at, strength, repeats in zip(
            part, texts, places, strengths.tolist(), again[start : start + AT_ONCE], strict=True
        ):
            theme = placing.names[at] if at >= 0 else ""
            if one.key in placing.moves:
                theme, strength = placing.moves[one.key], 1.0
            members.append(Member(one.source, one.id, one.digest, theme, strength, repeats, journey.stage(text)))
        progress("themes", min(start + AT_ONCE, len(complaints)), len(complaints))
    return members


def read(
    database: Database, model: str, complaints: Sequence[Complaint], space: Space | None
) -> tuple[list[str], Rows]:
    """Gives the complaints' texts and their embeddings (complaints, size of the space), zeros where there is none."""
    texts: list[str] = []
    for start in range(0, len(complaints), AT_ONCE):
        part = [one.key for one in complaints[start : start + AT_ONCE]]
        with database.look() as con:
            words = kept.words(con, part)
        texts += [joined(*words.get(key, ("", ""))) for key in part]
    found = embeddings.read(database.folder, model, sorted({one.digest for one in complaints})) if model else {}
    size = len(space.mean) if space else max((len(one) for one in found.values()), default=1)
    vectors = np.zeros((len(complaints), size), np.float32)
    for place, one in enumerate(complaints):
        if len(found.get(one.digest, ())) == size:
            vectors[place] = found[one.digest]
    return texts, vectors


def child(decision: str) -> str:
    """Names the theme that a person's split makes."""
    return voices.named("split", decision)


def _known(
    heard: Sequence[Complaint], known: Sequence[kept.Theme], decisions: Decisions, rows: Rows
) -> tuple[list[str], list[Kept]]:
    """Gives the known themes that have members here, with the ids; of what people split both halves."""
    places: dict[str, list[int]] = {}
    for place, one in enumerate(heard):
        if theme := decisions.moves.get(one.key, one.theme):
            places.setdefault(theme, []).append(place)
    there = {one.theme: one for one in known}
    touched = decisions.touched | {child(decision) for decision in decisions.splits}
    alive = {
        theme: Kept(np.array(members), there[theme].line if there[theme].narrow else 0.0, theme in touched)
        for theme, members in places.items()
        if theme in there and there[theme].state != "merged" and not _spent(there[theme], len(members), decisions)
    }
    for decision, (theme, mentions) in decisions.splits.items():
        half = child(decision)
        if half in there or theme not in alive or len(alive[theme].members) < 2:
            continue
        members = alive[theme].members
        chosen = np.array([heard[place].key in mentions for place in members])
        if not mentions:
            chosen = themes.split(rows[members])
        if chosen.any() and not chosen.all():
            alive[theme] = Kept(members[~chosen], 0.0, True)
            alive[half] = Kept(members[chosen], 0.0, True)
    order = [one.theme for one in known if one.theme in alive]  # the oldest first: the younger goes into the older
    order += [theme for theme in alive if theme not in there]
    return order, [alive[theme] for theme in order]


def _spent(theme: kept.Theme, members: int, decisions: Decisions) -> bool:
    """Tells whether a narrow theme has had its day: few spoke of it and are silent, and nobody touched it."""
    return theme.narrow and theme.state == "faded" and members < themes.LEAST and theme.theme not in decisions.touched


def _named(con: kept.Connection, brand: str, names: Sequence[str], central: Sequence[Complaint]) -> list[str]:
    """Gives every new theme an id of its own, after its most central complaint, that no theme ever had."""
    given = list(names)
    for place, one in enumerate(central):
        attempt = 0
        while not given[place]:
            name = voices.named(brand, one.source, one.id, str(attempt))
            if name not in given and not kept.taken(con, [name]):
                given[place] = name
            attempt += 1
    return given


def _ended(one: kept.Theme, went: dict[str, str], alive: Sequence[str]) -> kept.Theme:
    """Gives a theme that nothing continues: merged into another, or faded; it takes no more members."""
    into = went.get(one.theme) or one.merged_into
    into = went.get(into, into)
    if one.theme in alive:
        return one
    return replace(one, state="merged" if into else "faded", merged_into=into, centre=b"")


def _told(
    complaints: Sequence[Complaint], again: Sequence[bool], members: Sequence[Member], went: dict[str, str]
) -> dict[str, list[datetime]]:
    """Gives the times of each theme's complaints; older ones than `members` are where they were."""
    told: dict[str, list[datetime]] = {}
    older = len(complaints) - len(members)
    for place, (one, repeats) in enumerate(zip(complaints, again, strict=True)):
        theme = one.theme if place < older else members[place - older].theme
        if theme is not None and not repeats:
            told.setdefault(went.get(theme, theme), []).append(one.published)
    return told


def _described(
    placing: Placing,
    known: Sequence[kept.Theme],
    told: dict[str, list[datetime]],
    heard: Sequence[Complaint],
    texts: Sequence[str],
    rows: Rows,
    now: datetime,
    brands: Sequence[str],
) -> list[kept.Theme]:
    """Gives the found themes their names, sentences, times and states; an apt earlier name stays."""
    there = {one.theme: one for one in known}
    near = [
        one.members[np.argsort(-(rows[one.members] @ one.centre), kind="stable")][:NAMING] for one in placing.themes
    ]
    counted = [naming.counts((texts[place] for place in places), brands) for places in near]
    whole = naming.together(counted)
    span = max(voices.days(min(times), now) for times in told.values())
    described = []
    for theme, name, places, count in zip(placing.themes, placing.names, near, counted, strict=True):
        times = told.get(name) or [heard[int(place)].published for place in theme.members]
        given = naming.name(count, whole)
        if not given.name:  # they say nothing but what everybody says; it is a name all the same
            count = naming.counts((texts[place] for place in places), brands, vague=True)
            given = naming.name(count, naming.together([*counted, count]))
        place, sentence = naming.sentence([texts[int(place)] for place in places[:QUOTED]], given.words)
        source = heard[int(places[place])]
        before = there.get(name)
        ages = np.array([voices.days(time, now) for time in times])
        state = themes.state(ages, span)
        first = max(age for age in ages if state != "new" or age < themes.RECENT)  # a stray of old begins nothing
        since = now - timedelta(days=float(first))
        if before and (theme.narrow or before.first_seen < now - HISTORY):
            since = before.first_seen
        fits = before is not None and naming.fits(before.name, given)
        described.append(
            kept.Theme(
                name,
                placing.brand,
                before.name if before and fits else given.name,
                given.words,
                sentence,
                source.source if sentence else "",
                source.id if sentence else "",
                theme.centre.astype(np.float16).tobytes(),
                theme.line,
                theme.narrow,
                since,
                max(times),
                state,
                "",
                before.found if before else now,
            )
        )
    return described

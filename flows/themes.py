"""Finds what a brand's critics criticise: places every new complaint among the themes, and finds these anew once a day.

What is to be done is a question to the store: complaints that have no place in their present words, brands whose last
round is too old. So it can be killed anywhere and run again.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np

from earful.data import decided, failpoint, queries
from earful.data import themes as kept
from earful.data.database import Database
from earful.data.themes import Complaint
from earful.flows import theme_round, theme_voices
from earful.flows.theme_round import Placing
from earful.models import themes, themespace

EVERY = timedelta(days=1)
BATCH = theme_round.AT_ONCE
MORE = 1.5  # times the stories of the last round: then a day is too long to wait
Progress = Callable[[str, int, int], None]


@dataclass(frozen=True)
class Done:
    """What a run did: complaints that were placed, and brands whose themes were found anew."""

    placed: int
    brands: tuple[str, ...]


def update(
    database: Database, model: str, clock: Callable[[], datetime], progress: Progress, anew: bool = False
) -> Done:
    """Brings the themes of all brands up to date; `model` embeds the texts, "" where none does.

    With `anew` every brand's themes are found now, not only where a day has passed.
    """
    with database.transaction(publish=False) as con:
        changed = kept.tidy(con)
        brands = [(brand.name, brand.competitor) for brand in queries.brands(con)]
    names = [name for name, _ in brands]
    rounds: list[str] = []
    placed = 0
    for name in names:
        now = clock()
        with database.look() as con:
            due = _due(con, name, model, now, anew)
        if due:
            theme_round.find(database, name, names, model, now, progress)
            rounds.append(name)
        placed += _place(database, name, progress)
    for name in (name for name, competitor in brands if not competitor):
        placed += _place_peers(database, name, clock() - theme_round.HISTORY, progress)
    if changed or placed or rounds:
        database.publish()
    return Done(placed, tuple(rounds))


def _due(con: kept.Connection, brand: str, model: str, now: datetime, anew: bool) -> bool:
    """Tells whether a brand's themes are to be found anew."""
    last = kept.last_round(con, brand)
    stories = kept.count(con, brand, now - theme_round.HISTORY)
    if last is None:
        return stories > 0
    if anew or last.model != model or now - last.made >= EVERY or stories >= MORE * max(last.stories, 1):
        return True
    split = decided.decisions(con, brand).split
    return split is not None and split >= last.made  # what can't be split now is tried again every day


def _place(database: Database, brand: str, progress: Progress) -> int:
    """Places a brand's new complaints among its themes, newest first; returns how many."""
    done = 0
    while done < theme_round.MOST:
        with database.look() as con:
            batch = kept.unplaced(con, brand, BATCH)
            if not batch:
                break
        placing = _placing(database, brand)
        batch.reverse()  # oldest first, as what is said again is told by what was said before
        with database.look() as con:
            before = kept.said_before(con, brand, batch, themes.TOLD_MOST)
        again = theme_voices.repeated(database, placing.model, [*before, *batch])[len(before) :]
        members = theme_round.place(database, placing, batch, again, progress)
        with database.transaction(publish=False) as con:
            kept.save_members(con, brand, members)
        failpoint.reach("themes_placed")
        done += len(batch)
    return done


def _place_peers(database: Database, of: str, since: datetime, progress: Progress) -> int:
    """Sets other brands' new complaints against the themes of a brand, newest first; returns how many."""
    done = 0
    while done < theme_round.MOST:
        with database.look() as con:
            last = kept.last_round(con, of)
            batch = kept.unplaced_peers(con, of, since, BATCH) if last and last.space else []
        if not batch:
            break
        complaints: list[Complaint] = [one for _, one in batch]
        members = theme_round.place(database, _placing(database, of), complaints, [False] * len(batch), progress)
        with database.transaction(publish=False) as con:
            kept.save_peers(con, of, [(brand, member) for (brand, _), member in zip(batch, members, strict=True)])
        done += len(batch)
    return done


def _placing(database: Database, brand: str) -> Placing:
    with database.look() as con:
        last = kept.last_round(con, brand)
        known = [one for one in kept.known(con, brand) if one.centre and not one.merged_into]
        moves = decided.decisions(con, brand).moves
    space = themespace.from_bytes(last.space) if last and last.space else None
    found = [
        themes.Theme(None, np.frombuffer(one.centre, np.float16).astype(np.float32), one.line, _NONE, one.narrow)
        for one in known
    ]
    return Placing(brand, last.model if last else "", space, found, [one.theme for one in known], moves)


_NONE = np.zeros(0, np.intp)

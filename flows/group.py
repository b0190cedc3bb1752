"""Puts each mention of a brand into a story: with its copies, or alone until one comes.

Two mentions are joined when models.stories says so, and a story is whatever hangs together; as each answer depends
on the two alone, the order in which mentions come does not matter. A story's name stays when copies join it; of two
that merge the one with more mentions keeps its name. When the words of a mention change, its story is put together
anew, for it may have been the link between others.

The fingerprints are kept first, under a mark; then, in one transaction, what was found, with the mark. Killed in
between, the batch is simply done again.
"""

import uuid
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from pathlib import Path

from earful.data import embeddings, failpoint, fingerprints, store, stories, waiting
from earful.data.database import Database
from earful.data.stories import Placed, Waiting
from earful.models import fingerprint
from earful.models import stories as judge
from earful.models.fingerprint import Fingerprint

BATCH = 10_000  # some of what a batch asks looks through all there is, so a small one is dear
COMPARED = 48  # entries that a mention is compared with at most: those that share most with it
MOST = 500  # mentions of a story that is put together anew when the words of one change
STATEMENTS = {  # connectors whose mentions are customers' own statements, with stars or without
    *("appstore", "googleplay", "trustpilot", "googleplaces", "googlebusiness", "steam", "firefox_addons"),
    *("producthunt", "reviewpage", "cfpb", "nhtsa"),
}
Progress = Callable[[str, int, int], None]
Key = tuple[str, str]  # source and id
Thing = judge.Thing


@dataclass(frozen=True)
class Grouped:
    """What a run did: mentions that were put into stories, those that joined others, and stories that merged."""

    mentions: int
    copies: int
    merged: int


def group(database: Database, model: str, clock: Callable[[], datetime], progress: Progress) -> Grouped:
    """Groups every mention that was not, or whose words changed; `model` embeds them, "" where none does."""
    _prepare(database, progress)
    done = copies = merged = 0
    while True:
        with database.look() as con:
            batch = stories.ungrouped(con, model, BATCH)
            edited = {row.before for row in batch} - {""}
            others = stories.companions(con, edited, MOST) if edited else []
        if not batch:
            break
        first = len(batch)
        there = {(row.source, row.id) for row in batch}
        batch += [row for row in others if (row.source, row.id) not in there]
        mark = uuid.uuid4().hex
        prints = [_fingerprint(row) for row in batch]
        numbers = fingerprints.put(database.folder, list(map(_entry, batch, prints)), mark)
        failpoint.reach("fingerprinted_batch")
        groups, outside = _join(database, model, batch, prints, numbers)
        with database.transaction(publish=False) as con:
            found, merges = _name(con, batch, groups, outside)
            stories.place(con, found, merges, clock())
            store.put_setting(con, "grouped", mark)
        failpoint.reach("grouped_batch")
        done += first
        merged += len(merges)
        sizes = Counter(one.story for one in found)
        copies += sum(sizes[one.story] > 1 or one.story in outside for one in found[:first])
        progress("group", done, done)
    database.publish()  # what a killed run grouped, too
    return Grouped(done, copies, merged)


def _prepare(database: Database, progress: Progress) -> None:
    """Forgets what was deleted, and fills the file of fingerprints again if it is not the one of the last batch."""
    folder = database.folder
    with database.look() as con:
        mark = stories.mark(con)
    whole = not mark or fingerprints.has(folder, mark)
    if not whole:  # what was forgotten since is in an older file still
        with database.transaction(publish=False) as con:
            waiting.anew(con)
    with database.look() as con:
        deleted = waiting.to_forget(con)
    if deleted:
        fingerprints.forget(folder, deleted)
        failpoint.reach("forgotten")
        with database.transaction(publish=False) as con:
            waiting.forgotten(con, deleted)
    if whole:
        return
    after, done = ("", ""), 0
    while True:
        with database.look() as con:
            rows = stories.grouped(con, after, BATCH)
        if not rows:
            break
        lacking = fingerprints.lacking(folder, {(row.source, row.id): row.digest for row in rows})
        missing = [row for row in rows if (row.source, row.id) in lacking]
        fingerprints.put(folder, [_entry(row, _fingerprint(row)) for row in missing])
        failpoint.reach("refilled_batch")
        after, done = (rows[-1].source, rows[-1].id), done + len(rows)
        progress("group", done, done)
    fingerprints.put(folder, [], mark)


def _fingerprint(row: Waiting) -> Fingerprint:
    personal = row.rating is not None or bool(row.scale) or row.source.partition(":")[0] in STATEMENTS
    return fingerprint.take(
        row.source, row.author, row.published.timestamp(), row.title, row.text, row.rating, personal
    )


def _entry(row: Waiting, one: Fingerprint) -> fingerprints.Entry:
    minute = int(one.published // 60)
    return fingerprints.Entry(row.source, row.id, row.digest, minute, judge.places(one), fingerprint.pack(one))


def _join(
    database: Database, model: str, batch: Sequence[Waiting], prints: Sequence[Fingerprint], numbers: Sequence[int]
) -> tuple[judge.Groups, set[str]]:
    """Joins a batch's mentions, named by their place in it, with each other and with the stories there are."""
    folder = database.folder
    sought = [(int(one.published // 60), judge.places(one)) for one in prints]
    near = fingerprints.near(folder, sought, int(judge.WINDOW // 60))
    for found, number in zip(near, numbers, strict=True):
        found.pop(number, None)
    best = [sorted(found, key=lambda entry: (-found[entry], entry))[:COMPARED] for found in near]
    places = {number: place for place, number in enumerate(numbers)}
    entries = fingerprints.read(folder, {entry for some in best for entry in some} - places.keys())
    with database.look() as con:
        known = stories.placed(con, [key for key, _, _ in entries.values()])
    things: dict[int, Thing] = dict(places)
    for number, (key, digest, _) in entries.items():
        there = known.get(key)
        if there and there.digest == digest:  # else it waits for a batch of its own, and finds ours then
            things[number] = there.story
    read = cache(lambda number: prints[places[number]] if number in places else fingerprint.unpack(entries[number][2]))
    groups, maybe = judge.Groups(), []
    for place, some in enumerate(best):
        for number in some:
            if number in things and groups.of(place) != groups.of(things[number]):
                least = judge.likeness(prints[place], read(number))
                if least == judge.SURE:
                    groups.join(place, things[number])
                elif least != judge.NEVER:
                    digest = batch[places[number]].digest if number in places else entries[number][1]
                    maybe.append((place, things[number], least, digest))
    _confirm(folder, model, batch, groups, maybe)
    return groups, {thing for thing in things.values() if isinstance(thing, str)}


def _confirm(
    folder: Path,
    model: str,
    batch: Sequence[Waiting],
    groups: judge.Groups,
    maybe: Sequence[tuple[int, Thing, float, str]],
) -> None:
    """Joins those of which the embeddings say that they are alike enough."""
    open_ones = [one for one in maybe if groups.of(one[0]) != groups.of(one[1])]
    if not model or not open_ones:
        return
    digests = {batch[place].digest for place, _, _, _ in open_ones} | {digest for _, _, _, digest in open_ones}
    vectors = embeddings.read(folder, model, sorted(digests))
    for place, other, least, digest in open_ones:
        ours, theirs = vectors.get(batch[place].digest), vectors.get(digest)
        if ours is not None and theirs is not None and float(ours @ theirs) >= least:
            groups.join(place, other)


def _name(
    con: stories.Connection, batch: Sequence[Waiting], groups: judge.Groups, outside: set[str]
) -> tuple[list[Placed], list[tuple[str, str]]]:
    """Names each group: by the largest of its stories, into which the others merge, or by its first mention.

    A story that is put together anew goes on as the part that holds most of its mentions.
    """
    parts: dict[str, Counter[Thing]] = {}
    for place, row in enumerate(batch):
        if row.before and row.before not in outside:
            parts.setdefault(row.before, Counter())[groups.of(place)] += 1
    sizes = stories.sizes(con, outside | parts.keys())
    held: dict[Thing, list[str]] = {}
    for story in outside:
        held.setdefault(groups.of(story), []).append(story)
    for story, counted in parts.items():
        if sizes[story][0] <= MOST:  # of a larger one only this mention leaves
            held.setdefault(counted.most_common(1)[0][0], []).append(story)
    found: list[Placed] = []
    merges: list[tuple[str, str]] = []
    members: dict[Thing, list[Waiting]] = {}
    for place, row in enumerate(batch):
        members.setdefault(groups.of(place), []).append(row)
    fresh = _new(con, [rows for root, rows in members.items() if root not in held])
    for root, rows in members.items():
        names = sorted(held.get(root, ()), key=lambda name: (-sizes[name][0], sizes[name][1], name))
        name = names[0] if names else fresh[rows[0].source, rows[0].id]
        merges += [(other, name) for other in names[1:]]
        found += [Placed(row.source, row.id, row.digest, name) for row in rows]
    return found, merges


def _new(con: stories.Connection, parts: Sequence[Sequence[Waiting]]) -> dict[Key, str]:
    """Names stories that have none after their first mention; keys are those of the first in each list.

    Only a mention that was in a story before can have given its name away already.
    """
    names: dict[Key, str] = {}
    waiting, attempt = list(parts), 0
    while waiting:
        firsts = [min(rows, key=lambda row: (row.published, row.source, row.id)) for rows in waiting]
        proposed = [judge.own(row.source, row.id, row.digest, attempt) for row in firsts]
        asked = [name for name, row in zip(proposed, firsts, strict=True) if row.before]
        taken = stories.taken(con, asked) if asked else set()
        names |= {
            (rows[0].source, rows[0].id): name
            for rows, name in zip(waiting, proposed, strict=True)
            if name not in taken
        }
        waiting = [rows for rows, name in zip(waiting, proposed, strict=True) if name in taken]
        attempt += 1
    return names

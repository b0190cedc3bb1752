"""Tells people of sources that have turned bad, a whole host or the whole network at once, and when they are well."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import quote

from earful.data import alerting, health, standing, todo
from earful.data.alerting import Alert
from earful.data.todo import SourceRow
from earful.flows.config import Config
from earful.models import condition, silence
from earful.models.condition import Condition

TROUBLES = {"key refused", "blocked", "gone", "failing", "silent", "waiting"}
CONFIRMED = 2  # failures in a row that make one worth telling; the first may be chance
PATIENCE = timedelta(days=1)  # so long may a source wait before that is worth telling
LATELY = timedelta(days=7)  # troubles of the same subject within this time are one that comes and goes
SHOWN = 10  # sources in one message


@dataclass(frozen=True)
class Trouble:
    """One thing that went wrong, and the sources that suffer from it; `kind` is "network", "host" or "source"."""

    kind: str
    subject: str
    condition: str
    members: tuple[str, ...]


def watch(con: alerting.Connection, config: Config, now: datetime) -> list[Alert]:
    """Judges every source, ends the alerts of those that are well, and raises one for each new trouble."""
    names = {source.name for source in config.sources}
    rows = [row for row in todo.sources(con) if row.source in names]
    silent = too_silent(rows, standing.habits(con))
    health.mark_silent(con, silent)
    rows = [replace(row, silent_since=silent.get(row.source)) for row in rows if row.asked]
    health.save_silences(con, _silent_gaps(rows))
    changed, covered = [], set[str]()
    for alert in standing.open_troubles(con):
        after, still = advance(alert, rows, now)
        covered |= still
        if after.state != alert.state and after.card["well"]:  # else they were taken out, or ail in other ways
            changed.append(after)
        alerting.save_alert(con, after)
    past = standing.past_troubles(con, now - LATELY)
    for trouble in new_troubles(rows, covered, now):
        changed.append(_raised(trouble, rows, config, past[trouble.subject], now))
        alerting.save_alert(con, changed[-1])
    for alert in changed:
        messages = [
            (f"{alert.alert}|{alert.state}|{target.name}", target.name, {"state": alert.state, "card": alert.card})
            for target in config.targets
        ]
        alerting.put_out(con, alert.alert, messages, now)
    return changed


def too_silent(rows: Sequence[SourceRow], habits: Mapping[str, standing.Habit]) -> dict[str, datetime]:
    """Maps each source that has been silent for longer than is its habit to its last mention."""
    found = {}
    for row in rows:
        habit = habits.get(row.source)
        if not habit or not row.last_success or row.state != "fine":
            continue
        if silence.too_long(habit.count, habit.first, habit.last, habit.longest, row.last_success):
            found[row.source] = habit.last
    return found


def new_troubles(rows: Sequence[SourceRow], covered: set[str], now: datetime) -> list[Trouble]:
    """Groups the sources that have turned bad and that no open alert covers: by network, by host, or alone; pure."""
    judged = {row.source: condition.judge(row) for row in rows}
    bad = {row.source for row in rows if row.source not in covered and _is_bad(row, judged[row.source], now)}
    found = []
    down = _cut_off(rows)
    if bad & down:
        members = tuple(sorted(down - covered))
        found.append(Trouble("network", "the network", "failing", members))
        bad -= down
    shaky = _shaken(rows)
    if bad & shaky:
        if not shaky & covered:  # else people know, and the others suffer from the same
            found.append(Trouble("network", "the network", "failing", tuple(sorted(shaky))))
        bad -= shaky
    hosts = defaultdict(list)
    for row in rows:
        hosts[row.host].append(row.source)
    for host, sources in sorted(hosts.items()):
        names = {judged[source].name for source in sources}
        if len(sources) > 1 and len(names) == 1 and bad & set(sources):
            found.append(Trouble("host", host, names.pop(), tuple(sorted(set(sources) - covered))))
            bad -= set(sources)
    return found + [Trouble("source", source, judged[source].name, (source,)) for source in sorted(bad)]


def advance(alert: Alert, rows: Sequence[SourceRow], now: datetime) -> tuple[Alert, set[str]]:
    """Takes the present into account: the alert, firing or resolved, and the sources that it still covers; pure.

    Once anything of a group has answered, a source that fails when it is asked again has a trouble of its own. A
    trouble that was there before is over only when all has been well for a while; till then it may come back unsaid.
    So is that of a source which fails again and again.
    """
    card: dict[str, Any] = {"times": 0, "calm": "", "again": "", "unsteady": False, **alert.card}
    members = set(card["members"])
    mine = [row for row in rows if row.source in members]
    ill = {row.source for row in mine if condition.by_last_answer(row).name in TROUBLES}
    if card["calm"] and ill and (len(ill) == len(mine) or ill & _cut_off(rows)):
        card["again"], card["back"] = now.isoformat(), ""
    began = datetime.fromisoformat(card["again"]) if card["again"] else alert.started
    scope = rows if card["kind"] == "network" else mine
    answered = any(row.last_success and row.last_success > began for row in scope)
    if card["kind"] != "source" and answered and not card["back"] and not card["unsteady"]:
        card["back"] = now.isoformat()
    if card["back"]:
        back = datetime.fromisoformat(card["back"])
        ill = {row.source for row in mine if row.source in ill and row.asked and row.asked <= back}
    card["well"] = sum(condition.by_last_answer(row).name not in TROUBLES for row in mine)
    card["calm"] = "" if ill else card["calm"] or now.isoformat()
    after = replace(alert, card=card, latest=now)
    calm = now - datetime.fromisoformat(card["calm"]) if card["calm"] else None
    shaky = {row.source for row in mine if condition.unsteady(row)}
    if calm is None or shaky or (mine and calm < condition.calm_after(card["times"])):
        return after, ill | shaky
    return replace(after, state="resolved", resolved=now), ill


def _silent_gaps(rows: Sequence[SourceRow]) -> list[tuple[str, datetime, datetime, str]]:
    judged = [(row, condition.judge(row)) for row in rows]
    return [
        (row.source, one.since, row.last_success, "silent for longer than its habit")
        for row, one in judged
        if one.name == "silent" and one.since and row.last_success and one.since < row.last_success
    ]


def _is_bad(row: SourceRow, judged: Condition, now: datetime) -> bool:
    if judged.name in ("failing", "blocked"):
        return row.failures >= CONFIRMED or condition.unsteady(row)
    if judged.name == "waiting":
        return row.since is not None and now - row.since >= PATIENCE
    return judged.name in TROUBLES


def _cut_off(rows: Sequence[SourceRow]) -> set[str]:
    """Names the sources that began to fail after anything last answered, if they are all there is, at several hosts."""
    heard = max((row.last_success for row in rows if row.last_success), default=None)
    found = [row for row in rows if row.state == "failing" and row.since and (heard is None or row.since > heard)]
    enough = len(found) >= min(3, len(rows)) and len({row.host for row in found}) > 1
    return {row.source for row in found} if enough else set()


def _shaken(rows: Sequence[SourceRow]) -> set[str]:
    """Names the sources that fail again and again, if they are half of all or more, at several hosts."""
    found = [row for row in rows if condition.unsteady(row)]
    enough = len(found) >= max(3, len(rows) / 2) and len({row.host for row in found}) > 1
    return {row.source for row in found} if enough else set()


def _raised(trouble: Trouble, rows: Sequence[SourceRow], config: Config, times: int, now: datetime) -> Alert:
    judged = {row.source: condition.judge(row) for row in rows if row.source in trouble.members}
    network = "Check the connection of the machine that Earful runs on. All sources are asked again by themselves."
    card = {
        "kind": trouble.kind,
        "about": "sources",
        "subject": trouble.subject,
        "condition": trouble.condition,
        "members": list(trouble.members),
        "sources": [{"source": name, "said": judged[name].said} for name in trouble.members[:SHOWN]],
        "step": network if trouble.kind == "network" else judged[trouble.members[0]].step,
        "unsteady": any(condition.unsteady(row) for row in rows if row.source in trouble.members),
        "back": "",  # when the first of a group answered again
        "well": 0,
        "times": times,  # that there was such a trouble before, of late
        "calm": "",  # since when all is well
        "again": "",  # when it came back without having been over
        "link": f"{config.dashboard}/sources",
    }
    name = f"||{now.isoformat()} {quote(trouble.subject, safe='')}"
    return Alert(name, "", "", "firing", now, now, None, now, card)

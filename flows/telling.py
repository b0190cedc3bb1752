"""Decides who is told of which alert, and when: quiet hours, silences, budgets, reminders, one message a window.

What is to be told is found from what is: an alert's state, and what its targets were told of it. So nothing held back
is lost: it is told when the quiet hours end, the silence is over or the window has passed. A message is
{"state": "firing" or "resolved", "card": models.card.Card as JSON, "also": [...]}, where `also` lists the brand's
other alerts that it tells of, each {"alert", "rule", "state", "what", "observed", "expected"}; a reminder is a message
in the state firing whose card has `reminder`.
"""

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from earful.data import alerting, silencing
from earful.data.alerting import Alert, Told
from earful.data.counting import Connection
from earful.data.silencing import Silence
from earful.flows.config import Config
from earful.flows.rule_table import Rule

STALE = timedelta(days=1)  # an alert that was resolved longer ago is told to nobody who had not heard of it
FORGOTTEN = timedelta(days=30)  # and longer ago to nobody at all
WINDOW = timedelta(hours=1)  # in which a brand has one message at most, in a rule's step where that is longer
ORDER = ("firing", "reminder", "resolved")


@dataclass(frozen=True)
class Due:
    """An alert that a target is to be told of: firing, resolved, or a reminder that it still fires.

    One that is `crowded` waits, for a message was just sent, but goes along with another that need not.
    """

    alert: Alert
    rule: Rule
    state: str
    crowded: bool

    @property
    def rank(self) -> tuple[int, float, str]:
        """Its place among others of its brand: what is new first, then what is large."""
        return ORDER.index(self.state), -self.alert.card.get("excess", 0.0), self.alert.alert


def tell(con: Connection, config: Config, watched: Collection[tuple[str, str]], now: datetime) -> None:
    """Puts out one message a brand and target at most, for what there is to tell of the (brand, rule) `watched`."""
    rules = {rule.name: rule for rule in config.rules}
    found = alerting.tellable(con, now - STALE, now - FORGOTTEN)
    alerts = [one for one in found if (one.brand, one.rule) in watched]
    longest = max([STALE, *(rule.budget.period for rule in config.rules if rule.budget)])
    told = alerting.told(con, now - longest, [one.alert for one in alerts])
    silences = silencing.silences(con, now - STALE)
    seen = {one.alert for one in silencing.acknowledgements(con)}
    waiting: dict[tuple[str, str], list[Due]] = defaultdict(list)
    for alert in alerts:
        rule = rules[alert.rule]
        for target in rule.targets or tuple(one.name for one in config.targets):
            mine = [one for one in told if one.target == target and one.brand == alert.brand]
            state = due(alert, rule, mine, alert.alert in seen, now)
            if state and not held(alert, rule, mine, silences, now.astimezone(config.zone)):
                waiting[alert.brand, target].append(Due(alert, rule, state, crowded(rule, mine, now)))
    for (_, target), dues in waiting.items():
        if not all(one.crowded for one in dues):  # else one with a long step would wait for ever behind short ones
            _put_out(con, target, sorted(dues, key=lambda one: one.rank), now)


def due(alert: Alert, rule: Rule, told: Sequence[Told], acknowledged: bool, now: datetime) -> str:
    """Says what a target is to be told of an alert, "" for nothing; `told` is what it was told of the brand. Pure."""
    mine = [one for one in told if one.alert == alert.alert]
    if not mine:
        return alert.state
    if mine[-1].state == "resolved":
        return ""
    if alert.state == "resolved":
        return "resolved"
    return "reminder" if rule.repeat and not acknowledged and now - mine[-1].told >= rule.repeat else ""


def held(alert: Alert, rule: Rule, told: Sequence[Told], silences: Sequence[Silence], now: datetime) -> bool:
    """Tells whether a message waits, or is never sent: quiet hours, a silence, the budget. Pure.

    `now` is in the team's time zone.
    """
    if rule.quiet and rule.quiet.at(now):
        return True
    new = not any(one.alert == alert.alert for one in told)
    # What came and went in a silence is told to nobody afterwards.
    moment = alert.resolved if new and alert.resolved else now
    if any(one.covers(alert.brand, alert.rule, moment) for one in silences):
        return True
    return bool(new and rule.budget and over_budget(alert, rule, told, now))


def crowded(rule: Rule, told: Sequence[Told], now: datetime) -> bool:
    """Tells whether a target was just told of the brand, in an hour or in a step where that is longer. Pure."""
    return any(timedelta(0) <= now - one.told < max(rule.step, WINDOW) for one in told)  # not by a clock that ran ahead


def over_budget(alert: Alert, rule: Rule, told: Sequence[Told], now: datetime) -> bool:
    """Tells whether a brand's alerts have used up the rule's budget; one that exceeds them all is told all the same.

    The line that the budget found was kept to in the past, which the future need not know.
    """
    assert rule.budget is not None
    spent = {one.alert: one.excess for one in told if one.rule == alert.rule and one.told > now - rule.budget.period}
    return len(spent) >= rule.budget.count and alert.card.get("excess", 0.0) <= max(spent.values())


def _put_out(con: Connection, target: str, dues: Sequence[Due], now: datetime) -> None:
    lead = dues[0]
    said = lead.alert.state
    card = lead.alert.card | {"reminder": lead.state == "reminder"}
    also = [
        {"alert": one.alert.alert, "rule": one.alert.rule, "state": one.alert.state}
        | {name: one.alert.card.get(name) for name in ("what", "observed", "expected")}
        for one in dues[1:]
    ]
    key = f"{lead.alert.alert}|{lead.state}|{target}" + (f"|{now.isoformat()}" if lead.state == "reminder" else "")
    alerting.put_out(con, lead.alert.alert, [(key, target, {"state": said, "card": card, "also": also})], now)
    for one in dues:
        alerting.save_told(con, one.alert.alert, target, one.state, key, now)

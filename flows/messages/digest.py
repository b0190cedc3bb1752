"""Says on one page what a manager wants to know of a brand and a period; the content is one of flows.reporting."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from earful.dashboard import words
from earful.flows.messages import alert, charts, clean, when
from earful.flows.messages.notice import Item, Link, Notice, Section
from earful.models import language

NAME = 90  # UTF-16 units
SHOWN = 6  # lines of a section that could be long
NAMES = {
    "volume": "Stories",
    "net": "Net sentiment",
    "negative": "Negative share",
    "voice": "Share of voice",
}

MEANINGS = {
    "Stories": "a mention and its copies count once, where and when the first appeared",
    "Net sentiment": "(positive − negative) ÷ (positive + negative) stories, from −100 to +100",
    "Negative share": "negative ÷ (negative + neutral + positive) stories; unclear ones are left out",
    "Share of voice": "the brand's stories ÷ those of all brands that are watched",
    "Criticism that grew": "themes of more stories than before, beyond what chance explains, the three that grew most",
    "Alerts": "times in which a rule counted more, or less, than the brand's own history leads one to expect",
    "Before": "the equally long span just before",
}


def write(content: Mapping[str, Any], zone: ZoneInfo, explained: bool = False) -> Notice:
    """Writes a briefing, as JSON values, as a notice; in the end with what its words mean if that is wanted."""
    known = {one["name"]: one for one in content["figures"]}
    brand, span = clean.line(content["brand"], NAME), _days(content["start"], content["finish"], zone)
    finding, tone = _finding(known, len(content["alerts"]))
    sections = [
        Section("In figures", tuple(_figure(one) for one in content["figures"]), rank=1, whole=True),
        *_grew(content, zone),
        *_loud(content, zone),
        *_resolved(content),
        *_alerts(content, zone),
        *_unknown(content),
        *_where(content),
        *_voices(content),
        *_events(content, zone),
        *([_meanings(content)] if explained else []),
    ]
    query = urlencode({"brand": content["brand"], "from": content["start"], "to": content["finish"]})
    return Notice(
        title=f"{brand}, {span}: {finding}",
        lead=tuple(_lead(content, known, zone)),
        sections=tuple(sections),
        links=(Link("See it on the dashboard", f"{content['dashboard']}/?{query}"),) if content["dashboard"] else (),
        tone=tone,
        chart=charts.briefing(content["days"], zone),
        chart_says="Negative stories and all others, and net sentiment, over the period",
        foot=f"{span} against {_days(content['before'], content['start'], zone)} ({zone.key}). Snapshot "
        f"{content['sequence']}, model {clean.line(content['model'], NAME)}. Intervals are at 95%; what chance alone "
        "could bring about is called no clear change.",
    )


def _days(start: str, finish: str, zone: ZoneInfo) -> str:
    first, end = (datetime.fromisoformat(at).astimezone(zone) for at in (start, finish))
    whole = first.time() == end.time() and not (first.hour or first.minute)
    return words.days(first, end, zone) if whole else words.span(first, end, zone)


def _finding(known: Mapping[str, Mapping[str, Any]], alerts: int) -> tuple[str, str]:
    """States what matters most of what changed, and whether that is bad or good."""
    for name, worse in (("net", -1), ("negative", 1)):
        one = known[name]
        if one["clear"]:
            rose = one["value"] > one["before"]
            said = f"{NAMES[name].lower()} {'rose' if rose else 'fell'} to {_shown(name, one['value'])}"
            return f"{said} from {_shown(name, one['before'])}", "bad" if rose == (worse > 0) else "good"
    volume = known["volume"]
    if volume["clear"] and volume["before"]:
        return f"{words.factor(int(volume['value']), int(volume['before']))} before were told", "plain"
    if alerts:
        return f"{'an alert' if alerts == 1 else f'{alerts} alerts'}, else no clear change", "bad"
    if not volume["value"]:
        return "nothing was said", "plain"
    return "no clear change", "plain"


def _lead(content: Mapping[str, Any], known: Mapping[str, Mapping[str, Any]], zone: ZoneInfo) -> list[str]:
    return [
        _of_volume(known["volume"]),
        *_of_net(known["net"]),
        *_largest_alert(content, zone),
        *_why(content, zone),
    ]


def _of_volume(one: Mapping[str, Any]) -> str:
    now, before = int(one["value"]), int(one["before"])
    stories = f"{words.number(now)} {'story' if now == 1 else 'stories'}"
    if not before:
        return f"{stories}; none before."
    if not one["clear"]:
        return f"{stories}, no clear change from {words.number(before)}."
    return f"{stories}, {words.factor(now, before)} before ({words.number(before)}; {_times(one)})."


def _times(one: Mapping[str, Any]) -> str:
    low, high = (f"{value:.2f}" if round(value, 1) == 1 else f"{value:.1f}" for value in (one["low"], one["high"]))
    return f"{low} to {high} times"


def _of_net(one: Mapping[str, Any]) -> list[str]:
    if one["value"] is None:
        return ["Nobody praised or complained."]
    stands = f"{words.points(one['value'])} ({words.points(one['low'])} to {words.points(one['high'])})"
    if one["before"] is None:
        return [f"Net sentiment is {stands}."]
    if not one["clear"]:
        return [f"Net sentiment is {stands}, no clear change from {words.points(one['before'])}."]
    moved = "rose" if one["value"] > one["before"] else "fell"
    return [f"Net sentiment {moved} to {stands} from {words.points(one['before'])}."]


def _largest_alert(content: Mapping[str, Any], zone: ZoneInfo) -> list[str]:
    """Tells of an outbreak that a whole period may well hide."""
    known = [one for one in content["alerts"] if one["expected"] is not None]
    if not known:
        return []
    one = max(known, key=lambda one: abs(one["observed"] - one["expected"]))
    largest = "Alert" if len(known) == 1 else "The largest alert"
    return [f"{largest}: {alert.seen(one)}, {when.moment(one['fired'], zone)}."]


def _why(content: Mapping[str, Any], zone: ZoneInfo) -> list[str]:
    """Says what a change of criticism comes from: a source, a theme; and what happened in that time."""
    now, before = content["negative"]
    said = []
    moved = [(one["now"] - one["before"], alert.place(one)) for one in content["sources"]]
    if now > before and moved and any(one["clear"] for one in content["figures"]):
        most, source = max(moved)
        said.append(f"Of {now - before} more negative stories, {most} more came from {source}.")
    if content["grew"]:
        names = words.listed([f"“{clean.line(one['name'], 60)}”" for one in content["grew"]])
        said.append(f"What grew: {names}.")
    if content["events"]:
        one = content["events"][-1]
        at = datetime.fromisoformat(one["start"]).astimezone(zone)
        said.append(f"In this time: {clean.line(one['title'], NAME)} ({at.day} {at:%b}).")
    return said


def _shown(name: str, value: float) -> str:
    return words.points(value) if name == "net" else words.percent(value)


def _figure(one: Mapping[str, Any]) -> Item:
    name, value, before = one["name"], one["value"], one["before"]
    if value is None:
        return Item(NAMES[name], "–", "nobody praised or complained" if name == "net" else "nothing was judged")
    if name == "volume":
        was = f"{words.number(before)} before"
        interval = f", {_times(one)}" if before and value else ""
        return Item(NAMES[name], words.number(value), f"{was}{interval}{'' if one['clear'] else ', no clear change'}")
    told = f"{_shown(name, one['low'])} to {_shown(name, one['high'])}, of {words.number(one['of'])}"
    if before is not None:
        told += f"; {_shown(name, before)} before{'' if one['clear'] else ', no clear change'}"
    return Item(NAMES[name], _shown(name, value), told)


def _grew(content: Mapping[str, Any], zone: ZoneInfo) -> list[Section]:
    if not content["themed"]:
        return []
    items: list[Item] = []
    for one in content["grew"]:
        told = f"{one['now']} stories, {one['before']} before"
        items.append(Item(clean.line(one["name"], NAME), f"+{one['now'] - one['before']}", told))
        items += [alert.quoted(one["quote"], zone)] if one["quote"] else []
    return [Section("Criticism that grew", tuple(items) or (Item("None grew more than chance explains."),), rank=2)]


def _loud(content: Mapping[str, Any], zone: ZoneInfo) -> list[Section]:
    items = tuple(alert.quoted(one, zone) for one in content["loud"])
    return [Section("Loudest criticism", items, rank=3)] if items else []


def _resolved(content: Mapping[str, Any]) -> list[Section]:
    items = tuple(
        Item(clean.line(one["name"], NAME), "", f"on {_day(date.fromisoformat(one['on']))}")
        for one in content["resolved"][:SHOWN]
    )
    return [Section("Resolved", items, rank=4)] if items else []


def _alerts(content: Mapping[str, Any], zone: ZoneInfo) -> list[Section]:
    items = []
    for one in content["alerts"]:
        over = f"over {when.moment(one['resolved'], zone)}" if one["resolved"] else "not over yet"
        url = clean.web_address(one["page"] or "")
        told = f"{clean.line(one['rule'], NAME)}, {when.moment(one['fired'], zone)}, {over}"
        items.append(Item(alert.seen(one), "", told, url, link="open this alert"))
    shown = tuple(items[:SHOWN]) or (Item("None in this period."),)
    return [Section("Alerts", shown, f"{len(items)} in all" if len(items) > SHOWN else "", rank=5)]


def _unknown(content: Mapping[str, Any]) -> list[Section]:
    items = [Item(f"{alert.place(one)} was not heard for {one['hours']:g} hours") for one in content["gaps"][:SHOWN]]
    if more := content["gaps"][SHOWN:]:
        items.append(Item(f"{len(more)} more sources were not heard for some hours"))
    if content["unscored"]:
        named = ", ".join(f"{language.name(code) or 'unknown'} {count}" for code, count in content["unscored"][:SHOWN])
        count = sum(count for _, count in content["unscored"])
        items.append(Item(f"{_many(count)} not scored", "", f"by language: {clean.line(named, NAME)}"))
    if content["unclear"]:
        items.append(Item(f"{_many(content['unclear'])} unclear: the model was not sure of the sentiment"))
    return [Section("What we do not know", tuple(items) or (Item("Every source was heard throughout."),), rank=6)]


def _many(count: int) -> str:
    return f"{words.number(count)} {'story was' if count == 1 else 'stories were'}"


def _where(content: Mapping[str, Any]) -> list[Section]:
    """Splits the change of the negative stories by source; what is not shown is summed up, so that the parts add up."""
    moved = sorted(content["sources"], key=lambda one: (-abs(one["now"] - one["before"]), one["source"]))
    rows = [(alert.place(one), one["now"], one["before"]) for one in moved[:SHOWN]]
    if rest := moved[SHOWN:]:
        rows.append(("all others", sum(one["now"] for one in rest), sum(one["before"] for one in rest)))
    now, before = content["negative"]
    items = tuple(Item(name, _signed(one - was), f"{one} now, {was} before") for name, one, was in rows)
    note = f"these sum to {_signed(now - before)}" if len(rows) > 1 else ""
    return [Section("Where negative stories changed", items, note, rank=7, whole=True)] if rows else []


def _voices(content: Mapping[str, Any]) -> list[Section]:
    items = []
    for one in content["voices"][:SHOWN]:
        told = f"{words.percent(one['low'])} to {words.percent(one['high'])}, {_stories(one['count'])}"
        if one["before"] is not None:
            told += f"; {words.percent(one['before'])} before{'' if one['clear'] else ', no clear change'}"
        items.append(Item(clean.line(one["brand"], NAME), words.percent(one["value"]), told))
    return [Section("Share of voice", tuple(items), rank=8)] if items else []


def _events(content: Mapping[str, Any], zone: ZoneInfo) -> list[Section]:
    items = tuple(
        Item(clean.line(one["title"], NAME), "", f"{one['kind']}, {when.moment(one['start'], zone)}")
        for one in content["events"][:SHOWN]
    )
    return [Section("What happened", items, rank=9)] if items else []


def _meanings(content: Mapping[str, Any]) -> Section:
    """Says what is counted, for whoever is sent the file and knows no dashboard."""
    names = {"Criticism that grew"} if content["themed"] else set()
    names |= {NAMES[one["name"]] for one in content["figures"]} | {"Alerts", "Before"}
    items = tuple(Item(f"{name}: {said}") for name, said in MEANINGS.items() if name in names)
    note = "the queries stand under Reports on the dashboard"
    return Section("What the words mean", items, note, rank=10)


def _stories(count: int) -> str:
    return f"{words.number(count)} {'story' if count == 1 else 'stories'}"


def _signed(count: int) -> str:
    return f"{count:+d}".replace("-", "−") if count else "0"


def _day(at: date) -> str:
    return f"{at.day} {at:%b %Y}"

"""Says what an alert's card says: what rose and by how much, where, what is new, who said it, what is not known."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from earful.data import naming
from earful.flows.messages import charts, clean, when
from earful.flows.messages.notice import Item, Link, Notice, Section
from earful.models import language

SPLITS = {  # their headings, and the place at which each is told and kept
    "source": ("Where", 1),
    "theme": ("What about", 2),
    "story": ("Which stories", 6),
    "author": ("By whom", 7),
    "language": ("In which language", 8),
}
KINDS = {"theme": "themes", "words": "words", "distinct": "shared words", "source": "sources", "author": "voices"}
OTHERS = {"others": "all others", "unknown": "not known"}
ALSO = {"firing": "goes on", "resolved": "is over"}  # how a brand's other alerts stand
MOST_ALSO = 5
NAME, QUOTE, WHY = 90, 280, 400  # UTF-16 units of a name, of a quote and of the reason


def write(message: Mapping[str, Any], zone: ZoneInfo) -> Notice:
    """Writes the message about a spike: `state` is "firing" or "resolved", `card` is models.card.Card as JSON.

    `also` lists the brand's other alerts that the message tells of.
    """
    card = message["card"]
    resolved = message["state"] == "resolved"
    sections = [*_splits(card), *_also(message), *_quotes(card, zone), *_unknown(card), *_new(card)]
    if resolved:
        sections = [one for one in sections if one.rank <= 2 and one.title != SPLITS["theme"][0]]
    return Notice(
        title=_title(card, resolved),
        lead=tuple(_lead(message, resolved, zone)),
        sections=tuple(sorted(sections, key=lambda one: one.rank)),
        links=tuple(_links(card)),
        tone="good" if resolved else "bad",
        chart=charts.alert(card, zone),
        chart_says=_chart_says(card),
        foot=f"Rule “{clean.line(card['rule'], NAME)}”, from {when.span(card['start'], card['finish'], zone)} "
        f"({zone.key}). Intervals are at 95%.",
    )


def _title(card: Mapping[str, Any], resolved: bool) -> str:
    kinds = {"negative": "negative stories", "all": "stories"}
    what = clean.line(_with_names(card, card.get("what") or kinds.get(card["counts"], "stories")), NAME)
    brand = clean.line(card["brand"], NAME)
    silent = card["counts"] == "silence"
    verb = f"{'Heard' if silent else 'Calm'} again: {brand} after" if resolved else f"{brand} has gone quiet:"
    if not resolved and not silent:
        talk = card["counts"] == "all" and not (card.get("of") or {}).get("stars")
        said = "much talk" if talk else "criticism"
        verb = f"{f'Reminder: {said}' if card.get('reminder') else said.capitalize()} of {brand}:"
    return f"{verb} {card['observed']} {what} in {_length(card)}, {card['expected']:.1f} expected"


def _with_names(card: Mapping[str, Any], text: str) -> str:
    """Writes a sentence of a card with the names of its sources in place of their keys."""
    rule = (card.get("of") or {}).get("source") or ""
    return naming.within(text, [*(one["source"] for one in card.get("sources") or ()), *([rule] if rule else [])])


def _length(card: Mapping[str, Any]) -> str:
    return when.length(datetime.fromisoformat(card["finish"]) - datetime.fromisoformat(card["start"]))


def _lead(message: Mapping[str, Any], resolved: bool, zone: ZoneInfo) -> list[str]:
    card, said = message["card"], []
    if card.get("why") and not resolved:
        said.append(clean.line(_with_names(card, card["why"]), WHY))
    if "excess" in card:
        excess = card["excess"]
        more = f"{abs(excess):.1f} {'more' if excess >= 0 else 'fewer'} than expected"
        low, high = sorted((abs(card["low"]), abs(card["high"]))) if excess < 0 else (card["low"], card["high"])
        said.append(f"That is {more} ({low:.1f} to {high:.1f} by the scatter of the usual).")
    peak = card.get("peak")
    whole = bool(peak) and (peak["start"], peak["finish"]) == (card["start"], card["finish"])
    top = f"the peak was {peak['observed']}, {_span(peak, zone)}" if peak and peak["observed"] and not whole else ""
    if resolved and card.get("duration") is not None:
        said.insert(0, f"It lasted {when.length(timedelta(seconds=card['duration']))}{f'; {top}' if top else ''}.")
    elif top:
        said.append(f"{top[0].upper()}{top[1:]}.")
    first = card.get("first")
    if first and not resolved:
        author = f" by {clean.line(first['author'], NAME)}" if first["author"] else ""
        said.append(f"The first came {when.moment(first['published'], zone)}{author}, at {place(first)}.")
    if card.get("late_by"):
        said.append(f"You hear of it {when.length(timedelta(seconds=card['late_by']))} later than usual.")
    if card.get("budget"):
        said.append(f"The rule's budget: {clean.line(card['budget'], NAME)}.")
    return said


def _splits(card: Mapping[str, Any]) -> list[Section]:
    splits = card.get("splits") or {}
    found = []
    for name, (title, rank) in SPLITS.items():
        parts = splits.get(name) or ()
        if len(parts) < 2 and (name == "language" or any(part["name"] in OTHERS for part in parts)):
            continue  # one language, or nothing that has a name
        if name in ("story", "author") and all(part["mentions"] <= 1 for part in parts if part["name"] not in OTHERS):
            continue  # each was told once, or spoke once: they stand for nothing but themselves
        if parts:
            note = f"these {len(parts)} sum to {card['excess']:+.1f}" if len(parts) > 1 else ""
            shares = all(part["excess"] >= 0 for part in parts) and _are_even(parts)  # else some exceed the whole
            items = tuple(_part(name, part, shares) for part in parts)
            found.append(Section(title, items, note.replace("-", "−"), rank, whole=True))
    if not splits and card.get("sources"):
        heard = tuple(Item(place(one), str(one["count"])) for one in card["sources"][:5])
        found.append(Section(SPLITS["source"][0], heard))
    return found


def _are_even(parts: Sequence[Mapping[str, Any]]) -> bool:
    """Tells whether equal parts have equal shares: whole percent can't be dealt out evenly to three, say."""
    named = [part for part in parts if part["name"] != "others"]
    return len({(part["excess"], part["share"]) for part in named}) == len({part["excess"] for part in named})


def _part(split: str, part: Mapping[str, Any], shares: bool) -> Item:
    name = OTHERS.get(part["name"]) or _named(split, part["name"])
    told = f"{part['observed']} seen, {part['expected']:.1f} expected"
    if part["mentions"] > part["observed"]:
        told += f", {part['mentions']} with copies"
    share = f" ({part['share']:.0%})" if shares and part["share"] > 0 else ""
    value = f"{part['excess']:+.1f}{share}".replace("-", "−")
    return Item(name, value, told, quoted=split == "story" and part["name"] not in OTHERS)


def _named(split: str, name: str) -> str:
    """Writes the name of a part: a source's short, a language's in words."""
    if split == "source":
        return place({"source": name})
    return clean.line(language.name(name) if split == "language" else name, NAME)


def _also(message: Mapping[str, Any]) -> list[Section]:
    also = message.get("also") or ()
    items = []
    for one in also[:MOST_ALSO]:
        known = one.get("expected") is not None
        rule = f"rule “{clean.line(one['rule'], NAME)}”"
        items.append(Item(seen(one) if known else rule, ALSO.get(one["state"], one["state"]), rule if known else ""))
    note = f"the first {MOST_ALSO} of {len(also)}" if len(also) > MOST_ALSO else ""
    return [Section("Other alerts of this brand", tuple(items), note, rank=2)] if items else []


def seen(of: Mapping[str, Any]) -> str:
    """Writes what was `observed` of `what`, and how much was `expected` where that is known."""
    what = clean.line(of["what"] or "stories", NAME)
    return f"{of['observed']} {what}, {of['expected']:.1f} expected" if of["expected"] is not None else what


def _new(card: Mapping[str, Any]) -> list[Section]:
    items = []
    for kind, title in KINDS.items():
        found = [one for one in card.get("new") or () if one["kind"] == kind]
        base = "about others" if kind == "distinct" else "before"
        known = any(one["before"] for one in found)
        told = ", ".join(
            f"{_named(kind, one['name'])} {one['observed']}" + (f" ({one['before']})" if known else "") for one in found
        )
        if found:
            items.append(
                Item(told, title, f"stories now, {base} in brackets" if known else f"stories now; none {base}")
            )
    return [Section("What is new", tuple(items), rank=5)] if items else []


def _quotes(card: Mapping[str, Any], zone: ZoneInfo) -> list[Section]:
    items = tuple(quoted(one, zone) for one in card["quotes"])
    return [Section("In their words", items, rank=3)] if items else []


def quoted(quote: Mapping[str, Any], zone: ZoneInfo) -> Item:
    """Writes a mention's words with its author, time and address."""
    author = clean.line(quote["author"] or "unknown", 60)
    detail = [author, *([when.moment(quote["published"], zone)] if quote.get("published") else [])]
    url = clean.web_address(quote["url"])
    return Item(clean.line(quote["text"], QUOTE), "", ", ".join(detail), url, quoted=True)


def _unknown(card: Mapping[str, Any]) -> list[Section]:
    items = tuple(Item(clean.line(one["said"], 200)) for one in card.get("unknown") or ())
    return [Section("What we do not know", items, rank=4)] if items else []


def _links(card: Mapping[str, Any]) -> Sequence[Link]:
    page = [Link("Explain or acknowledge", card["page"])] if card.get("page") else []
    return [Link("See the mentions", card["link"]), *page]


def _chart_says(card: Mapping[str, Any]) -> str:
    return f"{card['observed']} seen, {card['expected']:.1f} expected, over time" if card.get("series") else ""


def _span(interval: Mapping[str, Any], zone: ZoneInfo) -> str:
    return when.span(interval["start"], interval["finish"], zone)


def place(of: Mapping[str, Any]) -> str:
    """Writes the name of a `source` as readers know it: the `name` that was kept of it, else the present one."""
    return clean.line(of.get("name") or naming.source(of["source"]), 60)

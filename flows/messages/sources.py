"""Says which sources have turned bad, or are well again; the card is one of flows.troubles."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from earful.flows.messages import clean
from earful.flows.messages.notice import Item, Link, Notice, Section
from earful.models import condition


def write(message: Mapping[str, Any]) -> Notice:
    """Writes the message about a trouble of sources; `state` is "firing" or "resolved"."""
    card = message["card"]
    many = f"{len(card['members'])} source{'s' * (len(card['members']) > 1)}"
    subject = clean.line(card["subject"], 200)
    links = (Link("See the sources", card["link"]),)
    if message["state"] == "resolved":
        whom = "the network" if card["kind"] == "network" else subject
        title = f"Sources: {whom} is over its trouble"
        return Notice(title, (f"{card['well']} of {many} well again.",), links=links, tone="good")
    down = "the network seems to be down, no source can be reached"
    if card.get("unsteady"):
        down = "the network comes and goes, most sources fail again and again"
    what = down if card["kind"] == "network" else f"{subject} is {card['condition']}"
    lead = [card["step"]] if card["step"] else []
    if times := card.get("times", 0):
        hours = condition.calm_after(times) // timedelta(hours=1)
        lead.append(
            f"It comes and goes, {times + 1} times in a week. Its end is told once it is well for {hours} hours."
        )
    items = tuple(
        Item(clean.line(f"{one['source']}: {one['said']}".removesuffix(": "), 400)) for one in card["sources"]
    )
    title = f"Sources: {what}" + (f" ({many})" if card["kind"] != "source" else "")
    return Notice(title, tuple(lead), (Section("What they said", items),) if items else (), links, "bad")

"""What the dashboard says: definitions, labels, numbers and dates in the reader's manner."""

import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from earful.data import naming
from earful.models.accuracy import Share

SIGNS = {
    "negative": "▼ negative",
    "neutral": "● neutral",
    "positive": "▲ positive",
    "unclear": "? unclear",
    "unscored": "– not scored",
}

BADGES: dict[str, Any] = {
    "negative": "orange",
    "neutral": "gray",
    "positive": "blue",
    "unclear": "gray",
    "unscored": "gray",
}

INTENTS = {
    "problem": "reports a problem",
    "want": "wants something",
    "question": "asks something",
    "praise": "praises",
    "other": "something else",
}

DEFINITIONS = {
    "volume": "How many stories, or mentions, speak of the brand in the period. A **story** is a mention together with "
    "its copies (syndicated articles, cross-posts); it counts once, where and when its first copy appeared. The switch "
    "above chooses which of the two is counted.",
    "negative": "Negative ÷ (negative + neutral + positive), judged *towards the brand*. What is unclear or not scored "
    "is left out here and shown on its own. The interval is Wilson's at 95%, for so many stories. Once at least 10 "
    "negative mentions and 10 others are corrected or confirmed, the share *less the model's errors* takes its place: "
    "put right by how much of what people call negative the model finds, and how much of the rest it spares (Rogan & "
    "Gladen 1978, with the interval of Lang & Reiczigel 2014). What people judged themselves is taken as it is.",
    "net": "(Positive − negative) ÷ (positive + negative), from −100 (all complain) to +100 (all praise). The interval "
    "is the Wilson interval of the positive share at 95%: with few stories it is wide.",
    "nps": "Promoters (9 and 10 on a scale from 0 to 10) − detractors (0 to 6), as shares of all who answered, from "
    "−100 to +100. Every answer of the period counts, also one without words, which is counted nowhere else; no model "
    "plays a part in it. The interval is the adjusted Wald interval of Rocks (2016) at 95%.",
    "csat": "Those who chose 4 or 5 on a scale from 1 to 5, as a share of all who answered. Every answer of the period "
    "counts, also one without words, which is counted nowhere else; no model plays a part in it. The interval is "
    "Wilson's at 95%.",
    "voice": "The brand's volume ÷ the volume of all brands watched, own and competitors, from the same sources in the "
    "same period. What speaks of two brands counts for both. The interval is Wilson's at 95%, for so many "
    "stories; sentiment, and so the model's errors, plays no part in it.",
    "unclear": "Read, but the model was not sure enough to call it negative, neutral or positive. Unclear is never "
    "counted as neutral. A person can settle it under *Mentions*.",
    "unscored": "Not judged: not yet scored, in a language the model does not know, or it failed there. It counts in "
    "the volume only.",
    "view": "How likely the model holds each of the three to be, towards the brand; they add up to 100%. Where the "
    "likeliest is below what the model needs to be right often enough, its label is *unclear*. What a person says "
    "counts before it.",
    "relevant": "How likely the brand's own model, taught by the clicks of people, holds the mention to be about the "
    "brand. How well it does is measured on clicks that it had not seen: *rightly hidden* are those of what it would "
    "hide that people called not about the brand, and *found* is how much of that it would hide. Intervals are "
    "Wilson's at 95%.",
    "accuracy": "How often the model agrees with what people said under *Mentions*, of all brands and times; to press "
    "the label that the model gave counts as agreement. What either calls unclear is left out. These are the mentions "
    "that people looked at, not a fair sample: where they correct only what is wrong, the model looks worse than it "
    "is. `earful eval --sample 50` draws mentions by lot; the more of those are judged, the fairer the figure. The "
    "interval is Wilson's at 95%.",
    "change": "Changes are against the period of equal length before. A change that chance alone could bring about is "
    "called *within the noise*: shares are compared by Newcombe's interval at 95%, volumes as two Poisson counts.",
    "hidden": "Mentions that people, or the model that learns from their clicks, hold not to be about the brand. They "
    "are kept, and count nowhere else; each says why under *Mentions*.",
    "again": "The share of the theme's stories whose author had complained of the same before: one loud voice is not "
    "many.",
    "theme": "A subject that comes back in negative stories, and in those that report a problem; found by their words "
    "and meaning, and kept from day to day. *New* and *growing* are told by what chance does not explain, *faded* was "
    "not spoken of for long. What people decide (names, merges, what is hidden) stays, whatever is found later.",
    "brands": "A theme's part of all complaints about a brand: stories that are negative or report a problem. The "
    "interval is Wilson's at 95%; two shares differ when Newcombe's interval of their difference leaves out zero. "
    "Brands are set beside each other only where both are heard alike: at least 80% of each one's complaints come from "
    "kinds of sources that speak of both, and 80% of the time lies outside of gaps.",
    "aftermath": "Complaints a day in equal spans of whole weeks before somebody acted and after it was resolved, "
    "or around an event; the days between are left out, and so is time in gaps. The interval of the change is the "
    "exact one for two Poisson rates, widened by how much more the days differ than chance makes them (Rao & Scott "
    "1999). The query counts the complaints; ÷ the days that were heard is the rate a day. The change is called "
    "*ours* when the competitors' change in the same days is beyond chance another one (the ratio of the two ratios, "
    "with its interval). It is no proof: what is acted on at its worst also falls by itself.",
    "rehearsal": "Every rule counts its stories in equal intervals. What is *expected* of each, and how far the usual "
    "reaches, is worked out by Earful from the intervals before it: their level, their hours and weekdays, their "
    "scatter; the query gives the counts that this begins with. The rule would have fired where a count is further "
    "above the usual than the rule allows.",
    "heard": "Two brands are set beside each other fairly only where both are heard alike. A doubt is told when more "
    "than 20% of what is said of one comes from kinds of sources that never speak of the other, when its sources could "
    "not be read for more than 20% of the time (each weighs as much as it brings), or when it has been heard only "
    "since more than 20% of the period had passed. The query gives what each source brought.",
    "copies": "Mentions that tell the same story of the brand: syndicated articles, cross-posts, the same words with "
    "few changes. They are found by their words and meaning; what is hidden as not about the brand is left out, as "
    "long as the mention that is open is not hidden itself.",
    "more": "Searched are the newest first, until there are more than can be read. The query counts them all; a "
    "shorter period or more words show the rest.",
    "list": "What is listed under all filters above, each story once, or each mention, as the switch says. What is "
    "hidden as not about the brand is left out.",
    "fine": "A source is **fine** when it answered when it was last asked, not slowly, brings what its own habit leads "
    "one to expect, and failed in no more than a third of its checks of late. Else it is *silent* (it answers, with "
    "nothing), *failing* (it could not be read, or only now and then), *waiting* (its host or its quota wants a "
    "pause), *slow*, *new* (not asked yet), or wants somebody to act: *key refused*, *blocked*, *gone*.",
    "grew": "Themes of which more stories are told than in the days before, beyond what chance explains; the three "
    "that grew most. The query counts all themes in both spans.",
    "alerts": "Times in which a rule counted more (or less) than the brand's own history leads one to expect, by when "
    "it told of them. How each count comes about stands with the alert under *Spikes*.",
    "moved": "How many more or fewer negative stories each source brought than in the days before; the parts add up to "
    "the whole change.",
    "spikes": "A spike is a time in which the brand's stories, by default the negative ones, exceed what its own "
    "history leads one to expect. It is told in all its length, with the figures of its alert, and drawn where it "
    "began. Where several rules tell of the same time, the largest excess is drawn. A **gap** is an interval in which "
    "a source could not be read, or may have rolled past us: a step without data in it is unknown, not zero.",
}


def number(value: float) -> str:
    """Writes a count with thousands set apart."""
    return f"{value:,.0f}"


def percent(value: float) -> str:
    """Writes a share from 0 to 1 as a percentage, with a decimal when it is small."""
    return f"{value:.1%}" if 0 < value < 0.0995 else f"{value:.0%}"


def points(value: float) -> str:
    """Writes a net sentiment, or a difference of two, from -1 to 1 as signed points of a hundred."""
    rounded = round(100 * value)
    return f"{'−' if rounded < 0 else '+' if rounded > 0 else ''}{abs(rounded)}"


def expected(value: float) -> str:
    """Writes an expected count, with a decimal when it is small."""
    return f"{value:.1f}" if value < 10 else number(value)


def factor(now: int, before: int) -> str:
    """Writes how two counts compare, to be followed by what the second is."""
    change = now / before - 1
    if change >= 1:
        return f"{now / before:.1f} times as many as"
    return f"{abs(change):.0%} {'more' if change > 0 else 'fewer'} than"


def change(now: int, before: int) -> str:
    """Writes a signed relative change of a count."""
    rounded = round(100 * (now / before - 1))
    return f"{'−' if rounded < 0 else '+'}{abs(rounded):,}%"


def moved(now: int, before: int) -> str:
    """Writes a signed relative change of a count that has room; a large one as a multiple."""
    return f"{now / before:,.0f}× as many" if now >= 5 * before else change(now, before)


def per(step: str) -> str:
    """Writes the step of a chart after what is counted in it."""
    return f"an {step}" if step == "hour" else f"a {step}"


def one(unit: str) -> str:
    """Gives the singular of what is counted."""
    return {"stories": "story", "mentions": "mention"}[unit]


def interval(share: Share) -> str:
    """Writes a net sentiment's interval."""
    return f"{points(share.low)} to {points(share.high)}"


def between(share: Share) -> str:
    """Writes the interval of a share from 0 to 1."""
    return f"{percent(share.low)} to {percent(share.high)}"


def moment(at: datetime, zone: ZoneInfo) -> str:
    """Writes a time in the team's zone."""
    local = at.astimezone(zone)
    return f"{local.day} {local:%b %Y, %H:%M}"


def span(start: datetime, finish: datetime, zone: ZoneInfo) -> str:
    """Writes a span of time in the team's zone, without saying the same twice."""
    first, end = start.astimezone(zone), finish.astimezone(zone)
    if first.date() == end.date():
        return f"{first.day} {first:%b %Y, %H:%M} to {end:%H:%M}"
    if first.time() == end.time() and first.hour == first.minute == 0:
        return days(start, finish, zone)
    return f"{moment(first, zone)} to {moment(end, zone)}"


def days(start: datetime, finish: datetime, zone: ZoneInfo) -> str:
    """Writes a span of days in the team's zone, the first and the last that it touches."""
    first, end = start.astimezone(zone).date(), (finish - timedelta(seconds=1)).astimezone(zone).date()
    if first == end:
        return f"{end.day} {end:%b %Y}"
    return f"{first.day} {first:%b}{'' if first.year == end.year else first.strftime(' %Y')} to {end.day} {end:%b %Y}"


def ago(at: datetime, now: datetime) -> str:
    """Writes how long ago something was."""
    seconds = max(0, (now - at).total_seconds())
    for unit, length in (("day", 86400), ("hour", 3600), ("minute", 60)):
        if seconds >= length:
            count = int(seconds // length)
            return f"{count} {unit}{'s' * (count != 1)} ago"
    return "just now"


def length(duration: timedelta) -> str:
    """Writes a duration in the largest unit that fits it."""
    seconds = duration.total_seconds()
    for unit, size in (("day", 86400), ("hour", 3600), ("minute", 60)):
        if seconds >= size:
            count = seconds / size
            return unit if count == 1 else f"{count:g} {unit}s" if count == round(count, 1) else f"{count:.1f} {unit}s"
    return f"{seconds:.0f} seconds"


def listed(names: Sequence[str], most: int = 3) -> str:
    """Writes some names in a row, the first few of many."""
    shown = [short(name) for name in names[:most]]
    if len(names) > most:
        return f"{', '.join(shown)} and {len(names) - most} more"
    return " and ".join([", ".join(shown[:-1]), shown[-1]] if len(shown) > 1 else shown)


def short(text: str, most: int = 40) -> str:
    """Cuts a name to fit a title."""
    text = plain(text)
    return text if len(text) <= most else f"{text[: most - 1]}…"


def literal(text: str) -> str:
    """Writes a name for a label so that nothing in it is taken for markup."""
    return re.sub(r"([\\`*_{}\[\]()#+\-.!|~:$<>&])", r"\\\1", plain(text).replace("\n", " "))


def bare(text: str) -> str:
    """Leaves out what all addresses begin with."""
    return text.replace("https://", "").replace("http://", "")


def source(name: str, most: int = 40) -> str:
    """Writes a source's name as readers know it, short."""
    return short(naming.source(name), most)


def distinct(names: Mapping[str, str], write: Callable[[str], str] = short) -> dict[str, str]:
    """Writes the name of each option so that no two look the same: cut in the middle, else numbered.

    Streamlit knows a menu's options by what is written on them; of two alike it takes the last.
    """
    written = {option: write(name) for option, name in names.items()}
    often = Counter(written.values())
    told: dict[str, str] = {}
    for option, label in written.items():
        if often[label] > 1 and label.endswith("…"):
            label = f"{label[:20]}…{plain(names[option])[-20:]}"
        one, number = label, 2
        while one in told.values():
            one, number = f"{label} ({number})", number + 1
        told[option] = one
    return told


def plain(text: str) -> str:
    """Takes out control and direction-changing characters, which could disguise what is shown."""
    return "".join(char for char in text if char in "\n\t" or (unicodedata.category(char) != "Cc" and not _turns(char)))


def _turns(char: str) -> bool:
    return char in "\u200e\u200f\u061c" or "\u202a" <= char <= "\u202e" or "\u2066" <= char <= "\u2069"


def web_address(url: str) -> str:
    """Gives an address back when a browser may open it: http or https with a host and no odd characters; else ""."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return ""
    odd = any(char.isspace() or not char.isprintable() for char in url)
    return url if parts.scheme in ("http", "https") and parts.hostname and not odd else ""

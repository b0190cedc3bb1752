"""Gives sources the names that readers know: the label of earful.toml, else one made of connector and target.

A source's key ("rss:https://example.org/feed") stays its name in the store, in addresses and in queries.
"""

from collections.abc import Iterable, Mapping
from contextvars import ContextVar
from urllib.parse import parse_qsl, urlsplit

SETTING = "source_labels"  # the store's setting that holds the labels by source
TITLES = {
    "appstore": "App Store",
    "bluesky": "Bluesky",
    "cfpb": "CFPB complaints",
    "discourse": "Forum",
    "files": "File",
    "firefox_addons": "Firefox add-ons",
    "gdelt": "News by GDELT",
    "github": "GitHub",
    "googlebusiness": "Google reviews",
    "googleplaces": "Google Maps",
    "googleplay": "Google Play",
    "hackernews": "Hacker News",
    "import": "Import",
    "jetstream": "Bluesky's stream",
    "lemmy": "Lemmy",
    "mastodon": "Mastodon",
    "nhtsa": "NHTSA complaints",
    "producthunt": "Product Hunt",
    "reddit": "Reddit",
    "reviewpage": "Reviews",
    "rss": "Feed",
    "stackexchange": "Stack Exchange",
    "steam": "Steam",
    "trustpilot": "Trustpilot",
    "webhook": "Webhook",
    "youtube": "YouTube",
}
SOUGHT = ("q", "query", "search", "term", "keywords", "tag")  # parts of an address that hold what is searched for
_LABELS: ContextVar[Mapping[str, str]] = ContextVar("labels", default={})  # noqa: B039 - nobody changes it


def use(labels: Mapping[str, str]) -> None:
    """Sets the labels by source for the present thread or task; what they leave out is named by itself."""
    _LABELS.set(labels)


def source(key: str) -> str:
    """Gives the name of a source as readers know it; of what is no source's key the key itself."""
    return _LABELS.get().get(key) or _named(key)


def within(text: str, keys: Iterable[str]) -> str:
    """Writes a text with the names of some sources in place of their keys."""
    for key in sorted(set(keys), key=len, reverse=True):
        text = text.replace(key, source(key)) if ":" in key else text  # what has none may be any word
    return text


def _named(key: str) -> str:
    connector, _, target = key.partition(":")
    title = TITLES.get(connector)
    if not title or not target:
        return key
    if not target.startswith(("http://", "https://")):
        return f"{title} ({target})"
    try:
        parts = urlsplit(target)
    except ValueError:
        return f"{title} ({target})"
    sought = [value for name, value in parse_qsl(parts.query) if name in SOUGHT]
    place = parts.netloc.removeprefix("www.") + parts.path.rstrip("/")
    more = ", ".join(sought) if sought else parts.query
    return f"{title} {place}" + (f" ({more})" if more else "")

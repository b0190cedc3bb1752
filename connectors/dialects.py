"""Says a feed's entry the way every feed should: what Reddit, Google News, forums and reviews on WordPress.org mean.

Everything that changes while nobody writes (a counter of replies, "29 minutes ago", what else a news search shows) is
left out of the words: it would look like an edit at every reading.
"""

import re
from collections.abc import Callable
from typing import Any, TypeAlias
from urllib.parse import urlsplit

from earful.connectors import links, text
from earful.connectors.types import Mention

Entry: TypeAlias = dict[str, Any]

_TAIL = 4_000  # characters at the end of a body in which a feed's own additions are looked for
_ANCHOR = re.compile(r"<a\b[^>]{0,1000}?href=[\"']([^\"'<>]{1,2000})[\"'][^>]{0,1000}>[^<]{0,500}</a>", re.IGNORECASE)
_TAG = re.compile(r"<[^<>]{0,1000}>")
_POSTED = re.compile(
    r"<p>Statistics: Posted by <a\b[^<>]{0,500}>[^<>]{0,200}</a>[^<>]{0,100}</p>\s*(?:<hr ?/?>)?$"
)  # phpBB
_COUNTED = re.compile(r"<p><small>\s*(\d{1,7}) [^<>]{1,80}</small></p>\s*$")  # Discourse: "2 posts - 2 participants"
_HANDLE = re.compile(r"@(\S+)(?: .*)?")  # Discourse: "@ada Ada Lovelace"
_NO_WORDS = re.compile(r"\s*submitted by\s*\S{1,40}(\s*to\s*\S{1,40})?\s*\[link\]\s*\[[\d ]*comments?\]$|^Comments$")
DELETED = re.compile(r"\[ ?(?:deleted|removed)\b[^\]]{0,40}\]", re.IGNORECASE)  # "[deleted by user]" is a title
_THREAD = re.compile(r"/(r/\w{1,30})/comments/([a-z0-9]{1,12})(?:/[^/]*(/[a-z0-9]{1,12})?)?")
_STARS = re.compile(
    r"(?:[^\n\d]{1,40}[:：]\s*(?P<replies>\d{1,7})\s*\n+)?[^\n\d]{1,40}[:：]\s*(?P<stars>[1-5])\s[^\W\d]+\s*(?:\n|$)"
)
_STARRED = re.compile(r"(.*\S)\s*\((?P<stars>[1-5]) [^\W\d]+\)")
_REVIEWED = re.compile(r"/support/(?:plugin|theme)/([a-z0-9-]{1,100})/reviews")


def even(entry: Entry, address: str) -> Entry:
    """Returns the values of a mention that `feed.read` found in an entry of the feed at `address`, cleaned by kind.

    They are id, url, author, published, title, text, language, rating, engagement, parent and about.
    """
    source = text.line(entry.get("source"), text.AUTHOR)
    title, name = text.line(entry.get("title")), text.line(entry.get("author"), text.AUTHOR)
    words, replies = _without_additions(entry.get("text"), entry["link"])
    said: Entry = {
        "id": entry["key"],
        "url": entry["link"],
        "author": (_HANDLE.fullmatch(name) or ["", name])[1] or source or entry.get("publisher"),
        "published": entry.get("time"),
        "title": title.removesuffix(f" - {source}") if source else title,
        "text": _NO_WORDS.sub("", text.plain(words)),
        "language": entry.get("language"),
        "rating": None,
        "engagement": text.whole(entry.get("comments")) + text.whole(entry.get("votes")) + replies,
        "parent": entry.get("parent"),
        "about": "",
    }
    host = "." + links.site(entry["link"])
    for home, change in _HOMES.items():
        if host.endswith(home):
            change(said, entry, address)
    said["id"] = said["id"] or text.fingerprint(title, entry.get("time"), "" if title else entry.get("text"))
    return said


def deleted(mention: Mention) -> bool:
    """Says whether a mention is what Reddit shows in place of one that was deleted or removed."""
    return mention.about.startswith("r/") and DELETED.fullmatch(mention.text) is not None


def _without_additions(body: object, link: str) -> tuple[object, int]:
    """Returns a body without what the forum or blog puts under it, and how many replies that counts."""
    if not isinstance(body, str):
        return body, 0
    head, tail = body[:-_TAIL], _POSTED.sub("", body[-_TAIL:].rstrip())
    place = max(tail.rfind("<p>"), tail.rfind("<p "))
    if place > 0 and link and _leads_back(tail[place:], link):
        tail = tail[:place].rstrip()
    counted = _COUNTED.search(tail)
    if counted:
        tail = tail[: counted.start()]
    return head + tail, max(text.whole(counted[1]) - 1, 0) if counted else 0


def _leads_back(paragraph: str, link: str) -> bool:
    """Says whether a paragraph is a link to its own page ("Read more"), or to that and to the whole site.

    The latter is what WordPress writes: "The post ... appeared first on ...".
    """
    targets = [text.link(found[1]) for found in _ANCHOR.finditer(paragraph)]
    rest = "".join(_TAG.sub("", _ANCHOR.sub("", paragraph)).split())
    if not targets or text.identity(targets[0]) != text.identity(link):
        return False
    whole_site = len(targets) == 2 and urlsplit(targets[1]).path in ("", "/") and len(rest) < 60
    return (len(targets) == 1 and not rest) or whole_site


def _reddit(said: Entry, entry: Entry, _address: str) -> None:
    """Names the subreddit and, under a comment, what it answers: the feed gives both only within other words."""
    said["author"] = str(said["author"] or "").strip().removeprefix("/u/").removeprefix("u/")
    place = _THREAD.search(urlsplit(entry["link"]).path)
    if place:
        said["about"] = place[1]
    if place and place[3]:
        said["parent"] = f"t3_{place[2]}"
        said["title"] = re.sub(r"^/u/\S{1,40} on ", "", said["title"])


def _google_news(said: Entry, entry: Entry, _address: str) -> None:
    """Takes the headline alone, since below it stand those of other papers; id and link are opaque and change."""
    when = entry.get("time")
    said["text"] = ""
    said["id"] = text.fingerprint(said["title"], said["author"], when // 86_400 if isinstance(when, int) else when)


def _wordpress_reviews(said: Entry, _entry: Entry, address: str) -> None:
    """Reads stars and replies out of the words. The time is of the last activity: what is kept first must stay."""
    about = _REVIEWED.search(urlsplit(address).path)
    starred, stars = _STARRED.fullmatch(said["title"]), _STARS.match(said["text"])
    if not about and not stars:
        return
    said["about"] = about[1] if about else ""
    if starred:
        said["title"], said["rating"] = starred[1], starred["stars"]
    if stars:
        said["rating"] = stars["stars"]
        said["engagement"] += text.whole(stars["replies"])
        said["text"] = said["text"][stars.end() :]


_HOMES: dict[str, Callable[[Entry, Entry, str], None]] = {
    ".reddit.com": _reddit,
    ".news.google.com": _google_news,
    ".wordpress.org": _wordpress_reviews,
}

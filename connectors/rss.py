"""RSS, Atom and JSON Feed: https://www.rssboard.org/rss-specification, https://www.rfc-editor.org/rfc/rfc4287,
https://www.jsonfeed.org/version/1.1/.

Target: the feed's address, such as https://example.org/feed.xml; blogs, news, podcasts and forums name theirs. Others:
Google Alerts      delivered to "RSS feed", https://www.google.com/alerts
YouTube            https://www.youtube.com/feeds/videos.xml?channel_id=UC...
Reddit             https://www.reddit.com/search.rss?q=acme&sort=new, /r/acme/new/.rss, a thread's address with .rss
Discourse          /latest.rss for topics, /posts.rss for every reply
WordPress.org      https://wordpress.org/support/plugin/acme/reviews/feed/ (or theme): stars, dated by last activity
Medium, Substack   https://medium.com/feed/tag/acme, https://acme.substack.com/feed
Bing News          https://www.bing.com/news/search?q=acme&format=rss
Google News        https://news.google.com/rss/search?q=acme; its terms, written in the feed itself, allow personal,
                   non-commercial use in a feed reader only: whether yours is that is for you to judge
Terms are the publisher's. No key. A feed shows what it shows, mostly the newest 10 to 100; nothing older.
"""

import re

import httpx

from earful.connectors import dialects, feed, renamed, text, walk
from earful.connectors.types import Cursor, Mention, Page

_ROOT = re.compile(rb"<(/?)(?:\w+:)?(?:rss|feed|rdf)\b", re.IGNORECASE)
_ACCEPT = "application/atom+xml, application/rss+xml, application/feed+json, application/xml;q=0.9, */*;q=0.5"


def request(target: str, cursor: Cursor) -> httpx.Request:
    """Asks for the feed, or only for news of it where the server gave an ETag or a date before."""
    if not text.link(target):
        raise ValueError(f"rss: {target!r} is no address; write one like https://example.org/feed.xml")
    wanted = {"If-None-Match": cursor.get("etag"), "If-Modified-Since": cursor.get("modified")}
    known = {name: text.header(value) for name, value in wanted.items() if text.header(value)}
    return httpx.Request("GET", target, headers={"Accept": _ACCEPT, **known})


def parse(response: httpx.Response, cursor: Cursor) -> Page:
    """Reads every item the feed shows; a 304 says that nothing is new."""
    if response.status_code == 304:
        return Page((), cursor)
    entries, read = feed.read(response), text.read_at(response)
    known = {"etag": response.headers.get("etag"), "modified": response.headers.get("last-modified")}
    if {tag[1] for tag in _ROOT.finditer(response.content.replace(b"\0", b""))} == {b""}:  # opened and never closed
        entries, known = entries[:-1], {}  # cut short: the last entry is torn, and the rest must be asked for again
    found = [text.mention(**dialects.even(entry, str(response.url)), read=read) for entry in entries]
    items, names = renamed.settle(cursor, found)
    seen, rolled = walk.window(cursor, items)
    gone = [item.id for item in items if isinstance(item, Mention) and dialects.deleted(item)]
    return text.page(items, {**known, "seen": seen, "names": names}, rolled=rolled, gone=gone)

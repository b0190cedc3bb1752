"""Writes the demo's items as the sources write them: two RSS feeds, comment HTML, a Mastodon status."""

import hashlib
import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta, timezone
from email.utils import format_datetime
from html import escape
from typing import Any

Item = dict[str, Any]

MOST_ITEMS = 500
PACIFIC = timezone(timedelta(hours=-7))  # the App Store's clock
HEAD = '<?xml version="1.0" encoding="UTF-8"?>\n<rss version="2.0"'


def news(items: Sequence[Item], address: str) -> str:
    """Gives a news search feed: opaque ids, the publisher after the title and as source."""
    rows = "".join(_article(item) for item in items[:MOST_ITEMS])
    return (
        f'{HEAD} xmlns:media="http://search.yahoo.com/mrss/"><channel><generator>NFE/5.0</generator>'
        f"<title>News search</title><link>{escape(address)}</link><language>en-GB</language>"
        f"{_built(items)}<description>News search</description>{rows}</channel></rss>"
    )


def _article(item: Item) -> str:
    opaque = "CBMi" + hashlib.sha256(f"news {item['number']}".encode()).hexdigest()
    link = f"https://news.example/articles/{opaque}?oc=5"
    title = f"{item['title']} - {item['author']}"
    listed = f'<a href="{link}" target="_blank">{escape(item["title"])}</a>&nbsp;&nbsp;'
    listed = f'<ol><li>{listed}<font color="#6f6f6f">{escape(item["author"])}</font></li></ol>'
    text = paragraphs(item["text"]) if item["text"] else listed
    return (
        f"<item><title>{escape(title)}</title><link>{link}</link>"
        f'<guid isPermaLink="false">{opaque}</guid><pubDate>{_date(item["time"])}</pubDate>'
        f"<description>{escape(text)}</description>"
        f'<source url="{escape(item["publisher"])}">{escape(item["author"])}</source></item>'
    )


def forum(items: Sequence[Item]) -> str:
    """Gives a forum's feed of posts: title, creator, category, HTML in CDATA."""
    rows = "".join(_post(item) for item in items[:MOST_ITEMS])
    return (
        f'{HEAD} xmlns:atom="http://www.w3.org/2005/Atom" xmlns:dc="http://purl.org/dc/elements/1.1/">\n'
        "<channel>\n<title>Kitchen Table - Latest</title>\n<link>https://forum.example/latest</link>\n"
        f"<description>Latest</description>\n{_built(items)}\n"
        '<atom:link href="https://forum.example/latest.rss" rel="self" type="application/rss+xml" />\n'
        f"{rows}</channel>\n</rss>\n"
    )


def _post(item: Item) -> str:
    number = 50_000 + 3 * item["number"]
    slug = re.sub(r"[^a-z0-9]+", "-", item["title"].lower()).strip("-")[:50] or "topic"
    link = f"https://forum.example/t/{slug}/{number}"
    return (
        f"<item>\n<title>{escape(item['title'])}</title>\n<dc:creator><![CDATA[{escape(item['author'])}]]></dc:creator>\n"
        f"<category>{escape(item['category'])}</category>\n"
        f"<description><![CDATA[\n{paragraphs(item['text'])}\n]]></description>\n<link>{link}</link>\n"
        f"<pubDate>{_date(item['time'])}</pubDate>\n"
        f'<guid isPermaLink="false">forum.example-topic-{number}</guid>\n</item>\n'
    )


def _built(items: Sequence[Item]) -> str:
    return f"<lastBuildDate>{_date(items[0]['time'])}</lastBuildDate>" if items else ""


def _date(time: datetime) -> str:
    return format_datetime(time.astimezone(UTC), usegmt=True)


def paragraphs(text: str) -> str:
    """Turns plain text into `<p>`, an empty line being a new paragraph."""
    return "\n".join(f"<p>{escape(part).replace(chr(10), '<br>')}</p>" for part in text.split("\n\n"))


def comment(text: str) -> str:
    """Writes text as Hacker News does: entities, and `<p>` between paragraphs only."""
    return "<p>".join(escape(part).replace("/", "&#x2F;") for part in text.split("\n\n"))


def status(item: Item, host: str) -> Item:
    """Gives one post of a tag's timeline as `host` shows it; `uri` belongs to the author's own server."""
    user, _, home = item["author"].partition("@")
    home = home or host
    number = 112_000_000_000_000_000 + 7919 * item["number"]
    profile = f"https://{home}/users/{user}"
    return {
        "id": str(item["id"]),
        "created_at": item["time"].strftime("%Y-%m-%dT%H:%M:%S.000Z"),
        "in_reply_to_id": None,
        "in_reply_to_account_id": None,
        "sensitive": False,
        "spoiler_text": "",
        "visibility": "public",
        "language": item["language"],
        "uri": f"{profile}/statuses/{number}",
        "url": f"https://{home}/@{user}/{number}",
        "replies_count": item["replies"],
        "reblogs_count": item["boosts"],
        "favourites_count": item["favourites"],
        "edited_at": None,
        "content": _tagged(item["text"], host),
        "reblog": None,
        "account": {
            "id": str(110_000_000_000_000_000 + sum(map(ord, item["author"])) * 7919),
            "username": user,
            "acct": user if home == host else item["author"],
            "display_name": item["name"],
            "locked": False,
            "bot": False,
            "discoverable": True,
            "indexable": True,
            "url": f"https://{home}/@{user}",
            "uri": profile,
            "followers_count": len(item["name"]) * 17,
            "emojis": [],
            "fields": [],
        },
        "media_attachments": [],
        "mentions": [],
        "tags": [{"name": tag, "url": f"https://{host}/tags/{tag}"} for tag in item["tags"]],
        "emojis": [],
        "card": None,
        "poll": None,
    }


def _tagged(text: str, host: str) -> str:
    def link(found: re.Match[str]) -> str:
        address = f"https://{host}/tags/{found[1]}"
        return f'<a href="{address}" class="mention hashtag" rel="tag">#<span>{found[1]}</span></a>'

    return re.sub(r"(?<![\w&])#(\w+)", link, paragraphs(text))

"""Mastodon, posts under a hashtag as one server knows them: https://docs.joinmastodon.org/methods/timelines/#tag

Target: a server and a tag, such as mastodon.social/acme. A server knows what its people follow: name several.
Terms are each server's own, 300 requests in 5 minutes. An author who asks not to be indexed is left out.
"""

import re
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

import httpx

from earful.connectors import body, text, walk
from earful.connectors.types import Cursor, Mention, Page

SIZE, PAGES = 40, 25
OVERLAP = 3600  # seconds read again each time: a post from another server arrives late, under its own time


def request(target: str, cursor: Cursor) -> httpx.Request:
    """Asks for the newest posts, or during a walk for older ones."""
    place = re.fullmatch(r"([a-z0-9.-]+\.[a-z]{2,}(?::[0-9]+)?)/#?(\w{1,100})", target)
    if not place:
        raise ValueError(f"mastodon: {target!r} is no server and hashtag; write one like mastodon.social/acme")
    bounds = {"limit": str(SIZE)} | ({"max_id": str(cursor["next"])} if cursor.get("next") else {})
    address = f"https://{place[1]}/api/v1/timelines/tag/{place[2]}"
    return httpx.Request("GET", address, params=bounds, headers={"Accept": "application/json"})


def parse(response: httpx.Response, cursor: Cursor) -> Page:
    """Reads the posts of a timeline; boosts are left out, they are the same post again."""
    read, found = text.read_at(response), body.json_list(response.content, "a list of posts")[: 2 * SIZE]
    posts = [post for post in found if isinstance(post, dict) and not post.get("reblog")]
    onward = text.identity(posts[-1].get("id")) if posts else ""
    times = [post.get("created_at") for post in posts]
    after, more = walk.back(cursor, times, read, onward, overlap=OVERLAP, pages=PAGES)
    return text.page([_mention(post, read) for post in posts], after, more=more)


def _mention(post: dict[str, Any], read: datetime) -> Mention | str:
    account = body.fields(post.get("account"))
    if account.get("noindex"):
        return f"{text.identity(post.get('uri'))}: its author asks not to be indexed"
    name, home = text.line(account.get("acct")), urlsplit(text.link(account.get("url"))).hostname
    pictures = [body.fields(item).get("description") for item in body.items(post.get("media_attachments"))]
    counts = ("favourites_count", "reblogs_count", "replies_count")
    return text.mention(
        id=post.get("uri"),
        url=post.get("url"),
        author=f"{name}@{home}" if name and home and "@" not in name else name,
        published=post.get("created_at"),
        read=read,
        title=post.get("spoiler_text"),
        text=text.plain(post.get("content")) or "\n".join(text.line(picture) for picture in pictures),
        language=post.get("language"),
        engagement=sum(text.whole(post.get(count)) for count in counts),
        parent=post.get("in_reply_to_id"),
    )

"""Discourse forums, every new post of one: https://docs.discourse.org/#tag/Posts/operation/listPosts

Target: the forum's address without https://, such as forum.example.org or example.org/forum. All public posts are
read, because a forum's search takes few requests and shows excerpts. Terms are each forum's own. No key: a forum that
shows nothing without a login can't be read. 200 requests a minute are usual.
"""

import re
from datetime import datetime
from typing import Any

import httpx

from earful.connectors import bbcode, body, text, walk
from earful.connectors.types import ConnectorError, Cursor, Mention, Page

PAGES, OVERLAP = 25, 6 * 3600  # seconds read again each time: posts are edited, most of them within the hour


def request(target: str, cursor: Cursor) -> httpx.Request:
    """Asks for the 50 newest posts, or during a walk for those before."""
    if not re.fullmatch(r"[a-z0-9.-]+\.[a-z]{2,}(?::[0-9]{1,5})?(?:/[A-Za-z0-9_-]{1,60}){0,3}", target):
        raise ValueError(f"discourse: {target!r} is no forum's address; write one like forum.example.org")
    before = {"before": str(onward)} if (onward := text.whole(cursor.get("next"))) else {}
    return httpx.Request("GET", f"https://{target}/posts.json", params=before, headers={"Accept": "application/json"})


def parse(response: httpx.Response, cursor: Cursor) -> Page:
    """Reads posts of the forum, or of one topic; those that their authors took back are gone."""
    answer, read = body.json_object(response.content, "a list of posts"), text.read_at(response)
    found = answer.get("latest_posts", body.fields(answer.get("post_stream")).get("posts"))
    if not isinstance(found, list):
        raise ConnectorError(f"expected a list of posts: {text.line(str(answer.get('errors') or 'none came'), 200)}")
    posts = [{"topic_title": answer.get("title")} | post for post in found[:1000] if isinstance(post, dict)]
    lowest = min((number for post in posts if (number := text.whole(post.get("id")))), default=0)
    times, deleted = [post.get("created_at") for post in posts], ("user_deleted", "deleted_at")
    after, more = walk.back(cursor, times, read, lowest, overlap=OVERLAP, pages=PAGES)
    gone = [post.get("id") for post in posts if any(map(post.get, deleted))]
    items = [_mention(post, str(response.url), read) for post in posts if not any(map(post.get, deleted))]
    return text.page(items, after, more=more, gone=gone)


def _mention(post: dict[str, Any], page: str, read: datetime) -> Mention | str:
    topic = f"t/{text.line(post.get('topic_slug')) or '-'}/{text.whole(post.get('topic_id'))}"
    number, acts = text.whole(post.get("post_number")), map(body.fields, body.items(post.get("actions_summary")))
    likes = sum(text.whole(act.get("count")) for act in acts if act.get("id") == 2)  # 2: likes
    written = bbcode.unquoted(post.get("raw")) if "raw" in post else post.get("cooked")
    words = "" if post.get("hidden") else text.plain(written)  # readers hid it: what is there is the forum's own notice
    return text.mention(
        id=post.get("id"),
        url=text.link(f"{topic}/{number}", page),
        author=post.get("username"),
        published=post.get("created_at"),
        read=read,
        title=post.get("topic_title") if words or number < 2 else "",  # a reply of pictures does not speak of it
        text=words,
        engagement=text.whole(post.get("reply_count")) + likes,
        parent=text.link(f"{topic}/{text.whole(post.get('reply_to_post_number')) or 1}", page) if number > 1 else "",
    )

"""Reads what YouTube lists: comment threads, comments, found videos."""

from datetime import datetime
from typing import Any

from earful.connectors import body, text
from earful.connectors.types import Mention


def comments(item: dict[str, Any]) -> list[dict[str, Any]]:
    """Returns a thread's first comment and the replies that came along; anything else as it is."""
    thread, replies = body.fields(item.get("snippet")), body.items(body.fields(item.get("replies")).get("comments"))
    return [body.fields(thread.get("topLevelComment")) or item, *(one for one in replies if isinstance(one, dict))]


def mention(item: dict[str, Any], read: datetime) -> Mention | str:
    """Reads a comment or a found video, this one under the id that its channel's feed gives it."""
    said, found = body.fields(item.get("snippet")), body.fields(item.get("id"))  # a search writes {"videoId": ...}
    video, name = text.identity(said.get("videoId") or found.get("videoId")), text.identity(item.get("id"))
    return text.mention(
        id=name or (video and f"yt:video:{video}"),
        url=f"https://www.youtube.com/watch?v={video}" + (f"&lc={name}" if name else "") if video else "",
        author=said.get("authorDisplayName") or said.get("channelTitle"),
        published=said.get("publishedAt"),
        read=read,
        title=said.get("title"),
        text=said.get("textOriginal") or said.get("textDisplay") or said.get("description"),
        engagement=text.whole(said.get("likeCount")),
        parent=said.get("parentId"),
        about=video,
    )

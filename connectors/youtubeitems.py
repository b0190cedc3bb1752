"""Reads what YouTube lists: comment threads, comments, found videos."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

import httpx

from earful.connectors import body, text
from earful.connectors.types import Mention

VIDEO = "yt:video:"  # before a video's id, as its channel's feed names it


def comments(item: dict[str, Any]) -> list[dict[str, Any]]:
    """Returns a thread's first comment and the replies that came along; anything else as it is."""
    thread, replies = body.fields(item.get("snippet")), body.items(body.fields(item.get("replies")).get("comments"))
    return [body.fields(thread.get("topLevelComment")) or item, *(one for one in replies if isinstance(one, dict))]


def mention(item: dict[str, Any], read: datetime) -> Mention | str:
    """Reads a comment or a found video, this one under the id that its channel's feed gives it."""
    said, found = body.fields(item.get("snippet")), body.fields(item.get("id"))  # a search writes {"videoId": ...}
    video, name = text.identity(said.get("videoId") or found.get("videoId")), text.identity(item.get("id"))
    return text.mention(
        id=name or (video and f"{VIDEO}{video}"),
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


def alike(ids: Sequence[str]) -> list[str]:
    """Returns those of some ids that are of videos, or of comments, as the first is; one request asks for one kind."""
    return [name for name in ids if name.startswith(VIDEO) is ids[0].startswith(VIDEO)]


def again(ids: Sequence[str]) -> httpx.Request:
    """Asks which of some videos or comments are there.

    https://developers.google.com/youtube/v3/docs/comments/list, https://developers.google.com/youtube/v3/docs/videos/list
    """
    what = "videos" if ids[0].startswith(VIDEO) else "comments"
    query = {"part": "id", "id": ",".join(name.removeprefix(VIDEO) for name in alike(ids))}
    return httpx.Request("GET", f"https://www.googleapis.com/youtube/v3/{what}", params=query)


def names(items: Iterable[dict[str, Any]]) -> list[str]:
    """Returns the ids that an answer to that names, as mentions have them."""
    prefix = {"youtube#video": VIDEO}
    return [prefix.get(text.line(item.get("kind")), "") + text.identity(item.get("id")) for item in items]

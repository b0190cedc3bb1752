"""Reads what Lemmy calls a view, a post or comment with its writer, community and counts, in the shape of v3 or v4."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from earful.connectors import body, text
from earful.connectors.types import Mention

LISTS = ("posts", "comments", "search", "results")  # v4 had the last two on its way to 1.0
_COUNTS = ("upvotes", "downvotes", "comments", "child_count")


def views(answer: dict[str, Any], most: int) -> list[dict[str, Any]]:
    """Returns the posts and comments of a search result, at most `most` of each list; a lone one is a result too."""
    shown = [answer, *(body.fields(view) for name in LISTS for view in body.items(answer.get(name))[:most])]
    return [view for view in shown if _thing(view)]


def times(found: Iterable[dict[str, Any]]) -> list[float]:
    """Returns when posts and comments were written, in seconds since 1970, as far back as both are complete.

    They come as two lists, each from the newest on, and one reaches back further: what lies between the two ends is
    shown by the next page.
    """
    kinds: dict[bool, list[float]] = {True: [], False: []}
    for view in found:
        if when := text.moment(_first(_thing(view), "published", "published_at")):
            kinds["comment" in view].append(when.timestamp())
    end = max((min(kind) for kind in kinds.values() if kind), default=0.0)
    return [time for kind in kinds.values() for time in kind if time >= end]


def deleted(view: dict[str, Any]) -> object:
    """Returns the id of what its writer or a moderator took away, None for what still stands."""
    thing = _thing(view)
    return thing.get("ap_id") if thing.get("deleted") or thing.get("removed") else None


def mention(view: dict[str, Any], read: datetime) -> Mention | str:
    """Builds a mention; the title and parent of a comment are its post's, a deleted account is nobody."""
    thing, post, creator = _thing(view), body.fields(view.get("post")), body.fields(view.get("creator"))
    counts = body.fields(view.get("counts")) or thing
    return text.mention(
        id=thing.get("ap_id"),
        url=thing.get("ap_id"),
        author="" if creator.get("deleted") else _handle(creator),
        published=_first(thing, "published", "published_at"),
        read=read,
        title=post.get("name"),
        text=thing.get("content") if "comment" in view else thing.get("body"),
        engagement=sum(text.whole(counts.get(count)) for count in _COUNTS),
        parent=post.get("ap_id") if "comment" in view else "",
        about=_handle(body.fields(view.get("community"))),
    )


def _thing(view: dict[str, Any]) -> dict[str, Any]:
    return body.fields(view["comment"] if "comment" in view else view.get("post"))


def _first(values: dict[str, Any], *names: str) -> object:
    return next((values[name] for name in names if values.get(name)), None)


def _handle(account: dict[str, Any]) -> str:
    """Returns a name with its home server, as in ada@social.example."""
    name, home = text.line(account.get("name")), urlsplit(text.link(_first(account, "actor_id", "ap_id"))).hostname
    return f"{name}@{home}" if name and home else name

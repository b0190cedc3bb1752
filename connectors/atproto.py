"""Reads posts of the AT Protocol, found by Bluesky's search or written to the network's stream:
https://github.com/bluesky-social/atproto/blob/main/lexicons/app/bsky/feed/post.json

Either way a post has the same id, its at:// address, and the same link, by its author's lasting number.
"""

import json
import re
import unicodedata
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import httpx

from earful.connectors import body, text
from earful.connectors.types import ConnectorError, Mention

COLLECTION = "app.bsky.feed.post"
EARLIEST = 10**15  # microseconds since 1970; a smaller number is no time but a place in one server's own count
_POST = re.compile(r"at://(did:[a-z]{1,20}:[\w.%:-]{1,200})/app\.bsky\.feed\.post/(?!\.+$)([\w.~:-]{1,200})", re.ASCII)
_ACCOUNT = re.compile(r"did:[a-z]{1,20}:[\w.%:-]{1,200}", re.ASCII)
_SIGNED_IN = "!no-unauthenticated"
_UNWANTED = {"!hide", "!takedown", "!warn", "spam", "porn", "sexual", "nudity", "graphic-media", "gore"}


def session(response: httpx.Response) -> Mapping[str, str]:
    """Returns the header that the answer to a login gives the right to."""
    if token := text.header(body.json_object(response.content, "a session").get("accessJwt")):
        return {"Authorization": f"Bearer {token}"}
    raise ConnectorError("expected a session, got no token")


def words(record: dict[str, Any]) -> tuple[str, str]:
    """Returns the title of what a post links to, and what its author wrote, picture descriptions included."""
    outer = body.fields(record.get("embed"))
    embed = body.fields(outer.get("media")) or outer
    card = body.fields(embed.get("external"))
    alternatives = [body.fields(image).get("alt") for image in [*body.items(embed.get("images"))[:20], embed]]
    parts = [part for part in (record.get("text"), *alternatives) if isinstance(part, str) and part.strip()]
    said, title, about = "\n".join(parts), card.get("title"), card.get("description")
    return title if isinstance(title, str) else "", said or (about if isinstance(about, str) else "")


def said_at(record: dict[str, Any], seen: object) -> float | None:
    """Returns when a post was published in seconds since 1970: what it claims, or when it was seen if that is earlier.

    The network sorts by the same rule. A claim from before 1990 counts for none; None where no time is usable.
    """
    times = [when for when in (text.moment(record.get("createdAt")), text.moment(seen)) if when and when > text.OLDEST]
    return min(times).timestamp() if times else None


def found_at(post: dict[str, Any]) -> float | None:
    """Returns when a post of a search result was published."""
    return said_at(body.fields(post.get("record")), post.get("indexedAt"))


def found(post: dict[str, Any], read: datetime) -> Mention | str:
    """Builds a mention out of a post of a search result, or says why there is none."""
    author, counts = body.fields(post.get("author")), ("likeCount", "repostCount", "replyCount", "quoteCount")
    return _mention(
        post.get("uri"),
        body.fields(post.get("record")),
        seen=post.get("indexedAt"),
        read=read,
        author=author.get("handle"),
        labels=[*body.items(post.get("labels")), *body.items(author.get("labels"))],
        engagement=sum(text.whole(post.get(count)) for count in counts),
    )


def place(event: dict[str, Any]) -> str:
    """Returns the at:// address of the post that an event of the stream is about, "" where it is about none."""
    commit = body.fields(event.get("commit"))
    parts = (event.get("did"), commit.get("collection"), commit.get("rkey"))
    at = "at://" + "/".join(part for part in parts if isinstance(part, str))
    return at if _POST.fullmatch(at) else ""


def deleted(event: dict[str, Any]) -> bool:
    """Tells whether an event of the stream takes something away."""
    return body.fields(event.get("commit")).get("operation") == "delete"


def closed(event: dict[str, Any]) -> str:
    """Returns how the ids of an account's posts begin when an event of the stream says that it was deleted, else "".

    One that rests, or was suspended or taken down, may come back.
    """
    account, owner = body.fields(event.get("account")), event.get("did")
    ended = account.get("active") is False and account.get("status") == "deleted"
    return f"at://{owner}/" if ended and isinstance(owner, str) and _ACCOUNT.fullmatch(owner) else ""


def kept(wanted: re.Pattern[str], message: bytes) -> tuple[int, bytes]:
    """Returns the time of a message of the stream, and the event on one line if a post with the words was written.

    That one was deleted is kept of any post and account, in short: its words are not told. The time is in microseconds
    since 1970, 0 for no event; the line is b"" for nothing.
    """
    try:
        event = body.fields(json.loads(message))
        when, commit = text.whole(event.get("time_us")), body.fields(event.get("commit"))
        if when >= EARLIEST and closed(event):
            short = {"active": False, "status": "deleted"}
            return when, json.dumps({"did": event["did"], "account": short}).encode()
        if when < EARLIEST or not place(event):
            return when if when >= EARLIEST else 0, b""
        if deleted(event):
            short = {name: commit[name] for name in ("operation", "collection", "rkey")}
            return when, json.dumps({"did": event["did"], "commit": short}).encode()
        said = unicodedata.normalize("NFC", "\n".join(words(body.fields(commit.get("record")))))
        return when, json.dumps(event).encode() if wanted.search(said) else b""
    except (ValueError, RecursionError):
        return 0, b""


def written(event: dict[str, Any], read: datetime) -> Mention | str:
    """Builds a mention out of an event of the stream that writes or changes a post, or says why there is none."""
    record, seen = body.fields(body.fields(event.get("commit")).get("record")), text.whole(event.get("time_us"))
    return _mention(place(event), record, seen=seen / 1e6, read=read)


def _mention(
    uri: object,
    record: dict[str, Any],
    *,
    seen: object,
    read: datetime,
    author: object = "",
    labels: Sequence[object] = (),
    engagement: int = 0,
) -> Mention | str:
    named = _POST.fullmatch(uri) if isinstance(uri, str) else None
    if not named:
        return "an item that is no post with an address"
    own = body.items(body.fields(record.get("labels")).get("values"))
    marks = {str(label.get("val")) for label in [*labels, *own] if isinstance(label, dict)}
    if _SIGNED_IN in marks:
        return f"{named[0]}: its author shows it to signed-in people only"
    if unwanted := sorted(marks & _UNWANTED):
        return f"{named[0]}: labelled {unwanted[0]}"
    title, said = words(record)
    return text.mention(
        id=named[0],
        url=f"https://bsky.app/profile/{named[1]}/post/{named[2]}",
        author=text.line(author) or named[1],
        published=said_at(record, seen),
        read=read,
        title=title,
        text=said,
        language=next(iter(body.items(record.get("langs"))), ""),
        engagement=engagement,
        parent=body.fields(body.fields(record.get("reply")).get("parent")).get("uri"),
    )

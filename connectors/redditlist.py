"""Reads a listing of Reddit, the API's or the feed's, into the same mentions under the same ids."""

import dataclasses
import re
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import httpx

from earful.connectors import body, recheck, rss, text, walk
from earful.connectors.dialects import DELETED
from earful.connectors.types import ConnectorError, Cursor, Mention

_POST_OR_COMMENT = re.compile(r"t[13]_[0-9a-z]+")


@dataclass(frozen=True, slots=True)
class Listing:
    """What one answer lists, newest first: mentions and refusals, ids of what was deleted, times, where to go on."""

    items: list[Mention | str]
    gone: list[str]
    times: list[float]
    onward: str = ""


def ask(path: str, query: dict[str, str], cursor: Cursor) -> httpx.Request:
    """Asks the API for a listing from where the cursor stands, or for the entries that are to be looked at again."""
    known = recheck.ids(cursor)
    path, query = ("api/info", {"id": ",".join(known)}) if known else (path, query | walk.onward(cursor, "after"))
    return httpx.Request("GET", f"https://oauth.reddit.com/{path}", params=query | {"raw_json": "1"})


def read(response: httpx.Response) -> Listing:
    """Reads JSON or a feed; Blocked for a web page, ConnectorError for anything that is no listing."""
    return _api(response) if body.kind(response.content) == "json" else _feed(response)


def turned(path: str, cursor: Cursor, after: Cursor, more: bool) -> tuple[Cursor, bool]:
    """Returns where to go on when an answer to `path` left its own list at `after`.

    A subreddit has two lists, read one after the other: the one whose `turn` it is has its walk in the cursor itself,
    where the `other` was left lies beside it. A search has one.
    """
    place = re.fullmatch(r"/r/\w+/(new|comments)/?(?:\.rss)?", path)
    if not place:
        return after, more
    other = body.fields(cursor.get("other"))
    if more:
        return {**after, "turn": place[1], "other": other}, True
    return {**other, "turn": "comments" if place[1] == "new" else "new", "other": after}, place[1] == "new"


def still(response: httpx.Response) -> list[str]:
    """Names what an answer of the API shows with its words."""
    return [text.identity(thing.get("name")) for thing in _things(response)[1] if not _is_deleted(thing)]


def _things(response: httpx.Response) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """Returns the first listing of an answer, and what all of them list."""
    value = body.json_value(response.content)
    listings = [body.fields(body.fields(one).get("data")) for one in (value if isinstance(value, list) else [value])]
    listings = [listing for listing in listings if isinstance(listing.get("children"), list)]
    if not listings:
        said = ", ".join(body.reasons(response.content)) or "something else"
        raise ConnectorError(f"expected a list of posts or comments, got {said}")
    children = [child for listing in listings for child in listing["children"]]
    return listings[0], [body.fields(body.fields(child).get("data")) for child in children]


def _api(response: httpx.Response) -> Listing:
    (listing, things), when = _things(response), text.read_at(response)
    return Listing(
        [_mention(thing, when) for thing in things if not _is_deleted(thing)],
        [text.identity(thing.get("name")) for thing in things if _is_deleted(thing)],
        [at.timestamp() for at, known in (text.dated(thing.get("created_utc"), when) for thing in things) if known],
        text.header(listing.get("after")),
    )


def _is_deleted(thing: dict[str, Any]) -> bool:
    words = (text.line(thing.get(name)) for name in ("title", "selftext", "body"))
    return bool(thing.get("removed_by_category")) or any(DELETED.fullmatch(said) for said in words)


def _mention(thing: dict[str, Any], when: datetime) -> Mention | str:
    name, author = text.identity(thing.get("name")), text.line(thing.get("author"))
    place = text.line(thing.get("permalink"), text.LINK)
    if not _POST_OR_COMMENT.fullmatch(name):
        return f"{name or 'an item without an id'}: no post or comment"
    return text.mention(
        id=name,
        url=f"https://www.reddit.com{place}" if place.startswith("/") else "",
        author="" if DELETED.fullmatch(author) else author,
        published=thing.get("created_utc"),
        read=when,
        title=thing.get("title") or thing.get("link_title"),
        text=thing.get("body_html") or thing.get("selftext_html") or thing.get("body") or thing.get("selftext"),
        engagement=text.whole(thing.get("score")) + (text.whole(thing.get("num_comments")) if name[1] == "3" else 0),
        parent=thing.get("parent_id"),
        about=f"r/{text.line(thing.get('subreddit'))}" if thing.get("subreddit") else "",
    )


def _feed(response: httpx.Response) -> Listing:
    page = rss.parse(response, {})
    own = [entry for entry in page.mentions if _POST_OR_COMMENT.fullmatch(entry.id)]
    others = [f"{entry.id}: no post or comment" for entry in page.mentions if entry not in own]
    gone = [entry.id for entry in own if DELETED.fullmatch(entry.text) or DELETED.fullmatch(entry.title)]
    kept = [_without_account(entry) for entry in own if entry.id not in gone]
    times = [entry.published.timestamp() for entry in own if entry.dated]
    return Listing([*kept, *others, *page.refused], gone, times)


def _without_account(entry: Mention) -> Mention:
    return dataclasses.replace(entry, author="") if entry.author.endswith("[deleted]") else entry

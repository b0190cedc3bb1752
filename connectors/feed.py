"""Reads RSS, Atom and JSON Feed into one even shape, the XML in a child process that can be killed."""

import json
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import httpx

from earful.connectors import body, links, text
from earful.connectors.types import Blocked, ConnectorError

SECONDS = 5.0  # wall clock for one feed; a hostile author field alone can take half a minute
ENTRIES = 500
_CHILD = Path(__file__).with_name("feedchild.py")


def read(response: httpx.Response) -> list[dict[str, Any]]:
    """Returns the entries of a feed, each with what it has of: id, title, text, author, source, publisher, language
    (texts), time (seconds since 1970 or a text), comments, rating, votes, parent; and with link (absolute, or "") and
    key, which is its id, else its link, when no other entry shows the same.

    Other values are as the feed gives them, not cleaned. Blocked for a web page; ConnectorError for a body
    that is empty, no feed, or takes longer than SECONDS to read.
    """
    content = response.content
    if content.startswith(b"\x1f\x8b"):
        content = body.gunzip([content])  # a file served as it lies on the disk
    found = body.kind(content)
    if found == "html":
        raise Blocked(
            "a web page came where a feed was expected: a login, consent or bot check, or not a feed's address"
        )
    if found == "empty":
        raise ConnectorError("the answer is empty")
    if found == "json":
        return _keyed(_json_feed(content), str(response.url))
    feed = _parse(content, response.headers.get("content-type", ""))
    if not feed["version"] and not feed["entries"]:
        raise ConnectorError("the answer is no feed that can be read")
    whole = {"language": feed["language"], "publisher": feed["publisher"]}
    return _keyed([{**whole, **entry} for entry in feed["entries"]], str(response.url))


def _keyed(entries: list[dict[str, Any]], address: str) -> list[dict[str, Any]]:
    """Adds link and key: some feeds give one id to different items, others one link to all.

    Where the link came wrapped in a news search's own, whoever it leads to is the publisher.
    """
    for entry in entries:
        given = entry.get("link")
        entry["link"] = text.link(given, address)
        if links.site(given) not in ("", links.site(entry["link"])):
            entry["publisher"] = links.site(entry["link"])
    ids = Counter(name for name, _ in {(entry.get("id"), entry["link"]) for entry in entries})
    pages = Counter(entry["link"] for entry in entries)
    for entry in entries:
        name, link = entry.get("id"), entry["link"]
        entry["key"] = (ids[name] == 1 and name) or (pages[link] == 1 and link) or ""
    return entries


def _parse(content: bytes, content_type: str) -> dict[str, Any]:
    command = [sys.executable, "-I", str(_CHILD), "".join(content_type[:200].split("\0"))]
    try:
        done = subprocess.run(command, input=content, capture_output=True, timeout=SECONDS, env={}, check=False)
    except subprocess.TimeoutExpired as error:
        raise ConnectorError(f"the feed takes longer than {SECONDS:g} s to read: it is broken or hostile") from error
    if done.returncode != 0:
        reason = done.stderr.decode("utf-8", "replace").strip().rpartition("\n")[2][:200]
        raise ConnectorError(f"the feed cannot be read (exit {done.returncode}): {reason or 'out of limits'}")
    result: dict[str, Any] = json.loads(done.stdout)
    return result


def _json_feed(content: bytes) -> list[dict[str, Any]]:
    """Reads JSON Feed 1.0 and 1.1 (https://www.jsonfeed.org/version/1.1/)."""
    feed = body.json_object(content, "a JSON Feed")
    items = feed.get("items")
    if not isinstance(items, list) or "jsonfeed.org" not in str(feed.get("version", "jsonfeed.org")):
        raise ConnectorError("the answer is JSON, but no JSON Feed")
    return [_json_entry(item, feed) for item in items[:ENTRIES] if isinstance(item, dict)]


def _json_entry(item: dict[str, Any], feed: dict[str, Any]) -> dict[str, Any]:
    people = [
        item.get("author"),
        *body.items(item.get("authors")),
        feed.get("author"),
        *body.items(feed.get("authors")),
    ]
    names = [person["name"] for person in people if isinstance(person, dict) and person.get("name")]
    address = item.get("url") or item.get("external_url")
    entry = {
        "id": item.get("id"),
        "title": item.get("title"),
        "text": item.get("content_html") or item.get("content_text") or item.get("summary"),
        "author": names[0] if names else None,
        "language": item.get("language") or feed.get("language"),
        "time": item.get("date_published") or item.get("date_modified"),
        "link": address,
    }
    return {key: value for key, value in entry.items() if isinstance(value, str | int | float)}


def labels(content: bytes) -> list[dict[str, Any]]:
    """Reads Apple's JSON of an Atom feed, where every value is {"label": ...} and a lone entry is no list."""
    found = body.json_object(content, "reviews").get("feed")
    if not isinstance(found, dict):
        raise ConnectorError("the answer is JSON, but no feed of the App Store")
    entries = found.get("entry", [])
    return [_labelled(entry) for entry in (entries if isinstance(entries, list) else [entries])[:ENTRIES]]


def _labelled(entry: object) -> dict[str, Any]:
    def label(*path: str) -> Any:
        value: Any = entry
        for key in (*path, "label"):
            value = body.fields(value).get(key)
        return value

    given = body.fields(entry).get("link")
    first = body.items(given)[0] if body.items(given) else given
    return {
        "id": label("id"),
        "link": body.fields(body.fields(first).get("attributes")).get("href"),
        "title": label("title"),
        "text": label("content"),
        "author": label("author", "name"),
        "time": label("updated"),
        "rating": label("im:rating"),
        "votes": label("im:voteCount"),
    }

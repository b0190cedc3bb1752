"""Tables that people export from review sites, support desks and surveys: https://www.rfc-editor.org/rfc/rfc4180.

Target: a folder beside earful.toml, such as exports/helpdesk, with files of CSV (a header first) or JSON lines
(https://jsonlines.org), 50 MB each at most; or the address of one, such as https://example.org/answers.csv, 5 MB.
Terms: those of the service that wrote the export; what is personal in it is kept like any mention. No key.
A folder is asked under an address of the kind file:, and answers with its files and a mark of each.
"""

import re
from urllib.parse import quote

import httpx

from earful.connectors import body, columns, text
from earful.connectors.types import ConnectorError, Cursor, Page

FOLDER = re.compile(r"\w[^/\\:?#%*\x00-\x1f\x7f]*(?:/\w[^/\\:?#%*\x00-\x1f\x7f]*)*/?")


def request(target: str, cursor: Cursor) -> httpx.Request:
    """Asks for a folder's list, for a file that it says is new or changed, or for what an address has of new."""
    place, _, said = target.partition("#")  # behind it stands what the configuration says of the columns
    etag, waiting = text.header(cursor.get("etag")), _waiting(cursor)
    if FOLDER.fullmatch(place) and len(place) < text.LINK:
        address = f"file:///{quote(place.rstrip('/'))}/{quote(waiting[0], safe='') if waiting else ''}"
    elif text.link(place):
        address, waiting = place, []
    else:
        raise ValueError(f"files: {place!r} is no folder beside earful.toml and no address; write one like exports")
    columns.understood(said)
    news = {"If-None-Match": etag} if etag and not waiting and cursor.get("columns") == text.fingerprint(said) else {}
    address += f"#{quote(said)}" if said else ""
    return httpx.Request("GET", address, headers={"Accept": "text/csv, */*;q=0.5", **news})


def parse(response: httpx.Response, cursor: Cursor) -> Page:
    """Reads a folder's list or a table's rows; what can't be read of a folder is refused, and the rest goes on."""
    url = (response.history[0] if response.history else response).request.url
    said, etag, local = url.fragment, response.headers.get("etag", ""), url.scheme == "file"
    name, after = url.path.rpartition("/")[2], {"etag": etag, "columns": text.fingerprint(said)}
    known, waiting = body.fields(cursor.get("known")), [one for one in _waiting(cursor) if one != name]
    if local and not name:
        there = body.json_object(response.content, "a list of files")
        known = {one: seen for one, seen in known.items() if one in there}
        waiting = [one for one in sorted(there) if known.get(one) != text.fingerprint(there[one], said)[:12]]
        return Page((), {**after, "known": known, "waiting": waiting}, more=bool(waiting))
    try:
        items = [] if response.status_code == 404 else columns.read(response, said, name or "table")
    except ConnectorError as error:
        if not local:
            raise
        items = [f"{name}: {error}"]
    if local:
        after = {**cursor, "known": {**known, name: text.fingerprint(etag, said)[:12]}, "waiting": waiting}
    return text.page(items, after, more=local and bool(waiting))


def _waiting(cursor: Cursor) -> list[str]:
    return [one for one in body.items(cursor.get("waiting")) if isinstance(one, str) and one]

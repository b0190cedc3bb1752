"""Looks at the bytes of an answer: what they are, gzip under a cap, JSON without surprises."""

import json
import re
import zlib
from collections.abc import Iterable
from typing import Any, Literal

from earful.connectors.types import Blocked, ConnectorError

LIMIT = 5_000_000  # bytes after decompression
CHUNK = 65_536
MEMBERS = 100  # gzip streams one after the other
Kind = Literal["empty", "html", "xml", "json", "gzip", "unknown"]

_PREAMBLE = re.compile(r"(?:\s|<\?xml[^>]{0,300}\?>|<!--.{0,2000}?-->)+", re.DOTALL)
_HTML = re.compile(r"<(?:!doctype\s+html|html|head|body|script|title|meta)\b", re.IGNORECASE)
_FEED = re.compile(r"<(?:rss|feed|rdf:rdf)[\s>]", re.IGNORECASE)  # some servers wrap theirs in a page


def kind(body: bytes) -> Kind:
    """Says what a body is by its first bytes, whatever its Content-Type claims."""
    if body.startswith(b"\x1f\x8b"):
        return "gzip"
    head = body[:8192].decode("utf-8", "replace").replace("\0", "").lstrip("\ufeff\ufffd\ufffe")
    if preamble := _PREAMBLE.match(head):
        declared = "<?xml" in preamble.group()
        head = head[preamble.end() :]
    else:
        declared = False
    if not head:
        return "xml" if declared else "empty"
    if _HTML.match(head) and not _FEED.search(head):
        return "html"
    if head[0] in "{[":
        return "json"
    return "xml" if declared or head[0] == "<" else "unknown"


def gunzip(chunks: Iterable[bytes], limit: int = LIMIT) -> bytes:
    """Decompresses one gzip stream piece by piece and stops at `limit` bytes, so that a bomb stays small."""
    unpacker = zlib.decompressobj(31)
    out, members = bytearray(), 1
    for chunk in chunks:
        rest = chunk
        while rest and not unpacker.eof:
            try:
                out += unpacker.decompress(rest, CHUNK)
            except zlib.error as error:
                raise ConnectorError("the answer says it is gzip and is not") from error
            if len(out) > limit:
                raise ConnectorError(f"the answer unpacks to more than {limit:,} bytes")
            rest = unpacker.unconsumed_tail
            if not rest and unpacker.eof and unpacker.unused_data.startswith(b"\x1f\x8b"):
                rest, unpacker, members = unpacker.unused_data, zlib.decompressobj(31), members + 1
                if members > MEMBERS:  # each costs a copy of what follows it
                    raise ConnectorError("the answer is gzip in too many pieces")
    if not unpacker.eof:
        raise ConnectorError("the answer was cut short inside its gzip stream")
    return bytes(out)


def json_object(content: bytes, what: str) -> dict[str, Any]:
    """Returns the JSON object of a body, `what` it should be; Blocked for a web page, ConnectorError otherwise."""
    value = json_value(content)
    if not isinstance(value, dict):
        raise ConnectorError(f"expected {what}, got {_name(value)}")
    return value


def json_list(content: bytes, what: str) -> list[Any]:
    """Returns the JSON list of a body, `what` it should be; Blocked for a web page, ConnectorError otherwise."""
    value = json_value(content)
    if not isinstance(value, list):
        raise ConnectorError(f"expected {what}, got {_name(value)}")
    return value


def json_listing(content: bytes, key: str) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """Returns the JSON object of a body and the objects in its list `key`; ConnectorError when it has no such list."""
    answer = json_object(content, f"an object with {key}")
    if not isinstance(answer.get(key), list):
        raise ConnectorError(f"expected {key}, got {', '.join(reasons(content)) or _name(answer)}")
    return answer, [item for item in answer[key] if isinstance(item, dict)]


def reasons(content: bytes) -> tuple[str, ...]:
    """Names the reasons an error answer gives in one word, as OAuth and Google's APIs do.

    The messages beside them are left out: Google's repeat the key.
    """
    try:
        said = json.loads(content).get("error")
    except (ValueError, RecursionError, AttributeError):
        return ()
    more = [*items(fields(said).get("errors")), *items(fields(said).get("details"))]
    found = [said, fields(said).get("status"), *(fields(one).get("reason") for one in more)]
    return tuple(dict.fromkeys(one for one in found if isinstance(one, str) and re.fullmatch("[A-Za-z_]{3,60}", one)))


def json_value(content: bytes) -> Any:
    """Reads a body as JSON in whichever Unicode encoding it comes."""
    found = kind(content)
    if found == "html":
        raise Blocked("a web page came where JSON was expected: a login, consent or bot check stands before it")
    if found == "empty":
        raise ConnectorError("the answer is empty")
    try:
        return json.loads(content.decode(json.detect_encoding(content), "replace"))
    except (ValueError, RecursionError) as error:
        raise ConnectorError("the answer is no whole JSON: cut short or something else") from error


def fields(value: object) -> dict[str, Any]:
    """Returns `value` when it is a JSON object, else an empty one: sources leave out what is documented."""
    return value if isinstance(value, dict) else {}


def items(value: object) -> list[Any]:
    """Returns `value` when it is a JSON list, else an empty one."""
    return value if isinstance(value, list) else []


def _name(value: object) -> str:
    if isinstance(value, dict):
        keys = ", ".join(sorted(str(key)[:20] for key in value)[:5])
        return f"an object with {keys or 'nothing in it'}"
    if value is None:
        return "null"
    return {list: "a list", str: "a text", bool: "a truth value"}.get(type(value), "a number")

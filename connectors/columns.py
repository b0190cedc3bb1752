"""Makes mentions of a table's rows, by the names of its columns: those given, else those that exports usually have.

Scales: "nps" is an answer from 0 to 10, "csat" from 1 to 5, "stars" a rating from 1 to 5.
"""

import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import httpx

from earful.connectors import body, tables, text
from earful.connectors.tables import Row, Table, UnreadableError
from earful.connectors.types import Blocked, Mention

NAMES: dict[str, tuple[str, ...]] = {  # what exports usually call them; any case, signs and spaces as underscores
    "id": ("id", "review_id", "complaint_id", "ticket_id", "ticket", "response_id", "respondent_id"),
    "text": (
        *("text", "body", "review", "comment", "content", "message", "comments", "feedback", "verbatim"),
        *("review_text", "review_body", "description"),
    ),
    "title": ("title", "subject", "headline", "review_title", "summary"),
    "author": ("author", "user", "name", "reviewer", "reviewer_name", "user_name", "requester", "customer"),
    "url": ("url", "link", "review_url", "permalink"),
    "published": (
        *("published", "date", "created_at", "created", "time", "review_date", "submitted_at", "submitted"),
        *("responded_at", "response_date", "timestamp", "published_at", "date_created", "start_date"),
    ),
    "rating": ("rating", "stars", "score", "star_rating", "overall_rating"),
    "language": ("language", "lang"),
    "about": ("about", "brand", "company", "product", "product_name"),
}
ANSWERS = {  # usual names of a column that says its scale by itself
    "nps": ("nps", "nps_score", "net_promoter_score", "likelihood_to_recommend", "how_likely_are_you_to_recommend_us"),
    "csat": ("csat", "csat_score", "customer_satisfaction", "satisfaction", "satisfaction_score"),
}
RANGES = {"nps": (0, 10), "csat": (1, 5)}
NO_WORDS = "zxx"  # BCP 47 for what holds no words: an answer on a scale that nobody wrote anything to

_ANSWER = re.compile(r"(\d{1,2})(?:[.,]0+)?(?:\s*/\s*(5|10))?(?:\s*[-–—:(].*)?", re.DOTALL)
_STARS = re.compile(r"(\d{1,2})(?:[.,]\d+)?(?:\s*/\s*5)?(?:\s*[-–—:(★*a-zA-Z].*)?", re.DOTALL)


@dataclass(frozen=True)
class Columns:
    """Which columns hold what, where that is not left to their usual names.

    `named`: columns of each field of NAMES, several where their words belong together; `scale`: what the rating is;
    `dates`: their form as strptime has it; `zone`: of times that name none.
    """

    named: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    scale: str = ""
    dates: str = ""
    zone: str = "UTC"

    def written(self) -> str:
        """Gives what `understood` reads."""
        return json.dumps(asdict(self), sort_keys=True)


def understood(written: str) -> Columns:
    """Reads what Columns.written gave, the defaults from ""; raises ValueError for anything else."""
    try:
        said = json.loads(written or "{}")
        named = {name: tuple(map(str, columns)) for name, columns in said.pop("named", {}).items()}
        columns = Columns(named, **{name: str(value) for name, value in said.items()})
        ZoneInfo(columns.zone)
    except (ValueError, TypeError, AttributeError, KeyError, OSError, RecursionError) as error:
        raise ValueError(f"files: {written[:80]!r} behind the # says nothing of columns; leave it out") from error
    return columns


def read(response: httpx.Response, written: str, name: str) -> list[Mention | str]:
    """Reads an answer that is a table by what Columns.written said of it.

    Raises Blocked for a web page and UnreadableError when none of it can be read.
    """
    if response.status_code != httpx.codes.OK:
        raise UnreadableError(response.text)
    if body.kind(response.content) == "html":
        raise Blocked("a web page came where a table was expected: a login, consent or bot check stands before it")
    columns, table = understood(written), tables.read(response.content, name)
    if fault := lacking(table, columns, 'write columns = { text = "COLUMN" } under its [[sources]]'):
        raise UnreadableError(fault)
    return mentions(table, columns, text.read_at(response), name)


def told(response: httpx.Response) -> str:
    """Says in a line from which columns of a table each field is read; "" where it is none."""
    columns = understood((response.history[0] if response.history else response).request.url.fragment)
    try:
        keys = tables.read(response.content, response.request.url.path).keys
    except UnreadableError:
        return ""
    parts = []
    for name, found in guess(keys, columns).items():
        named = name in columns.named or (name in RANGES and "rating" in columns.named)
        listed = (" and " if named else " or ").join(repr(text.line(key, 60)) for key in found)
        parts.append(f"{name} from {listed}{'' if named else ' (guessed)'}")
    return ", ".join(parts)


def lacking(table: Table, columns: Columns, how: str) -> str:
    """Says which named column is nowhere to be found, or that none could hold words (`how` to name it); else ""."""
    there = f"there are {', '.join(text.line(key, 60) for key in table.keys[:50])}"
    known = {key.strip().casefold() for key in table.keys}
    for name, wanted in columns.named.items():
        if missing := [column for column in wanted if column.strip().casefold() not in known]:
            return f"there is no column {missing[0]!r} for {name}; {there}"
    found = guess(table.keys, columns)
    if table.keys and not {"text", "title", *RANGES} & set(found) and columns.scale not in RANGES:
        return f"which column holds the words? {how}; {there}"
    return ""


def guess(keys: Iterable[str], columns: Columns) -> dict[str, tuple[str, ...]]:
    """Says from which columns each field is read, by the given names first, then by the usual ones.

    Of usual names the first that holds something counts in each row. An answer stands under its scale.
    """
    listed = tuple(keys)
    exact, usual = {key.strip().casefold(): key for key in listed}, {_usual(key): key for key in reversed(listed)}
    found = {}
    for name, names in NAMES.items():
        if name in columns.named:
            wanted = [exact.get(column.strip().casefold()) for column in columns.named[name]]
        else:
            wanted = [usual.get(one) for one in names]
        found[name] = tuple(key for key in wanted if key is not None)
    if columns.scale in RANGES:
        found[columns.scale] = found.pop("rating")
    elif not columns.scale and "rating" not in columns.named:
        for scale, names in ANSWERS.items():
            found[scale] = tuple(usual[one] for one in names if one in usual)
    return {name: columns for name, columns in found.items() if columns}


def rows(table: Table, columns: Columns) -> Iterator[Row]:
    """Gives each row's values as a mention's fields, with `answer` and `scale` where it answers on one.

    Several columns that were named for a field are joined, each under its name. A row without an id is named by its
    words; answers that are alike are then told apart by their number, for they are several people's.
    """
    found, alike = guess(table.keys, columns), Counter[str]()
    for line, row in table.rows:
        if isinstance(row, str):
            yield line, row
            continue
        fields = _normal(row, columns, found)
        if "answer" in fields and not any(row.get(key) not in (None, "") for key in found.get("id", ())):
            alike[fields["id"]] += 1
            if alike[fields["id"]] > 1:
                fields["id"] = text.fingerprint(fields["id"], alike[fields["id"]])
        yield line, fields


def _normal(row: Mapping[str, Any], columns: Columns, found: Mapping[str, tuple[str, ...]]) -> dict[str, Any]:
    def value(name: str) -> Any:
        filled = [(key, row[key]) for key in found.get(name, ()) if row.get(key) not in (None, "")]
        if len(columns.named.get(name, ())) > 1:
            return "\n\n".join(f"{key}: {said}" for key, said in filled) or None
        return filled[0][1] if filled else None

    fields = {name: value(name) for name in NAMES}
    words = (fields["text"], fields["title"], fields["author"], fields["published"], fields["about"])
    scale = next((scale for scale in RANGES if value(scale) is not None), "")
    answered = {"answer": value(scale), "scale": scale} if scale else {}
    key = fields["id"] or text.fingerprint(*words, *answered.values())
    return {**fields, **answered, "id": str(key)}


def mention(fields: Mapping[str, Any], columns: Columns, read: datetime) -> Mention | str:
    """Builds a mention out of what `rows` gave, or says why there is none; a time without a zone is the table's."""
    values = dict(fields)
    answer, scale = values.pop("answer", None), str(values.pop("scale", None) or "")
    given = None
    if answer is not None and scale in RANGES:
        given = _on_scale(answer, scale)
        if given is None:
            low, high = RANGES[scale]
            return f"{text.line(str(answer), 20)!r} is no answer from {low} to {high}"
    wordless = given is not None and not (text.plain(values.get("text")) or text.line(values.get("title")))
    if wordless:
        values |= {"text": f"{given:g}/{RANGES[scale][1]}", "language": NO_WORDS}
    if isinstance(stars := values.get("rating"), str):
        values["rating"] = found[1] if (found := _STARS.fullmatch(stars.strip())) else None
    made = text.mention(**{**values, "published": _time(values.get("published"), columns)}, read=read)
    return replace(made, answer=given, scale=scale) if isinstance(made, Mention) and given is not None else made


def mentions(table: Table, columns: Columns, read: datetime, place: str) -> list[Mention | str]:
    """Builds a mention of each row, or says at which line of `place` there is none and why."""
    made = ((line, row if isinstance(row, str) else mention(row, columns, read)) for line, row in rows(table, columns))
    return [f"{place}:{line}: {one}" if isinstance(one, str) else one for line, one in made]


def _usual(key: str) -> str:
    return re.sub(r"[\W_]+", "_", key.strip().lower()).strip("_")


def _on_scale(answer: object, scale: str) -> float | None:
    low, high = RANGES[scale]
    if isinstance(answer, bool) or not isinstance(answer, int | float | str):
        return None
    found = _ANSWER.fullmatch(str(answer).strip()[:200])
    if not found or (found[2] and int(found[2]) != high):
        return None
    return float(found[1]) if low <= int(found[1]) <= high else None


def _time(value: object, columns: Columns) -> object:
    """Gives a time its zone where it has none: a bare date means midnight there."""
    if not isinstance(value, str):
        return value
    try:
        parsed = _dated(value.strip(), columns.dates)
        return (parsed if parsed.tzinfo else parsed.replace(tzinfo=ZoneInfo(columns.zone))).astimezone(UTC).isoformat()
    except (ValueError, OverflowError):
        return value


def _dated(written: str, form: str) -> datetime:
    if form:
        try:
            return datetime.strptime(written, form)  # noqa: DTZ007 - the zone is the caller's
        except ValueError:
            pass  # the form is that of most rows; some may be written the common way
    return datetime.fromisoformat(written)

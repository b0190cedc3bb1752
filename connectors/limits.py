"""Reads from an answer how long its host wants to be left alone, in whichever way the host says it."""

import json
import math
from datetime import datetime

import httpx

from earful.connectors import body, text

SHORTEST, DEFAULT, LONGEST = 60.0, 900.0, 86_400.0  # seconds
_EPOCH = 1_000_000_000  # a larger number is a time, a smaller one a number of seconds from now
_DIALECTS = [  # remaining, reset
    ("x-ratelimit-remaining", "x-ratelimit-reset"),  # Reddit (seconds), GitHub (epoch), Mastodon (ISO 8601)
    ("ratelimit-remaining", "ratelimit-reset"),  # Bluesky (epoch)
    ("ratelimit-remaining", "ratelimit-resettime"),  # Yelp (ISO 8601)
    ("x-rate-limit-remaining", "x-rate-limit-reset"),  # Product Hunt (seconds)
]


def pause(response: httpx.Response, now: datetime) -> float | None:
    """Returns the seconds to wait before asking this host again, None when it sets no limit now.

    `Retry-After` (seconds or a date) comes first, then a used-up allowance in the headers, then the `backoff` and
    `quota_remaining` that Stack Exchange puts in the body. What is said is kept between SHORTEST and LONGEST.
    """
    waits = [_wait(response.headers.get("retry-after"), now)]
    for remaining, reset in _DIALECTS:
        left = _number(response.headers.get(remaining))
        if left is not None and left < 1:
            waits.append(_wait(response.headers.get(reset), now))
    waits.append(_asked_in_body(response))
    found = [wait for wait in waits if wait is not None]
    return min(max(found[0], SHORTEST), LONGEST) if found else None


def _wait(value: str | None, now: datetime) -> float | None:
    """Reads seconds from now, seconds since 1970, or a date; None for nonsense, and for a negative number."""
    number = _number(value)
    if number is not None and number < _EPOCH:
        return number if number >= 0 else None
    when = text.moment(value if number is None else number)
    return (when - now).total_seconds() if when else None


def _number(value: str | None) -> float | None:
    try:
        number = float(value or "")
    except ValueError:
        return None
    return number if math.isfinite(number) else None


def _asked_in_body(response: httpx.Response) -> float | None:
    if b'"quota_remaining"' not in response.content and b'"backoff"' not in response.content:
        return None
    try:
        said = body.fields(json.loads(response.content))
    except (ValueError, RecursionError):
        return None  # the connector says what is wrong with it
    if said.get("quota_remaining") == 0:
        return LONGEST
    return float(text.whole(said.get("backoff"))) or None

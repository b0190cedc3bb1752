"""Reads from an answer how long its host wants to be left alone, in whichever way the host says it."""

import json
import math
import re
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

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
_SPENT = {"quotaExceeded", "dailyLimitExceeded"}  # Google: until its next day
_HASTY = {"rateLimitExceeded", "userRateLimitExceeded"}
_GOOGLES_DAY = ZoneInfo("America/Los_Angeles")
_SENTENCES = re.compile(
    rb"secondary rate limit|abuse detection|too many requests from this IP(?:, more requests available in (\d{1,6}))?"
)


def pause(response: httpx.Response, now: datetime) -> float | None:
    """Returns the seconds to wait before asking this host again, None when it sets no limit now.

    `Retry-After` (seconds or a date) comes first, then a used-up allowance in the headers, then what is in the body:
    the `backoff` and `quota_remaining` of Stack Exchange, the reason of a refusal by Google. What is said is kept
    between SHORTEST and LONGEST.
    """
    waits = [_wait(response.headers.get("retry-after"), now)]
    for remaining, reset in _DIALECTS:
        left = _number(response.headers.get(remaining))
        if left is not None and left < 1:
            waits.append(_wait(response.headers.get(reset), now))
    waits += [_asked_in_body(response), _told_in_words(response), _spent_at_google(response, now)]
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


def _told_in_words(response: httpx.Response) -> float | None:
    """Reads the refusals of Stack Exchange (status 400) and, where no header says more, of GitHub (403)."""
    found = _SENTENCES.search(response.content) if response.status_code in (400, 403) else None
    return float(found[1] or DEFAULT) if found else None


def _spent_at_google(response: httpx.Response, now: datetime) -> float | None:
    """Reads the refusals of YouTube and its sisters; their days end at midnight in California."""
    if response.status_code not in (403, 429):
        return None
    said = set(body.reasons(response.content))
    if said & _SPENT:
        tomorrow = now.astimezone(_GOOGLES_DAY).date() + timedelta(days=1)
        return (datetime.combine(tomorrow, time(), _GOOGLES_DAY) - now).total_seconds()
    return DEFAULT if said & _HASTY else None

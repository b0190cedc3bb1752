"""How long a host wants to be left alone, in every dialect."""

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import httpx
import pytest

from earful.connectors import limits, verdict
from earful.connectors.types import RateLimited

NOW = datetime(2026, 6, 3, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("headers", "body", "seconds"),
    [
        ({"x-ratelimit-remaining": "0.0", "x-ratelimit-reset": "187"}, b"", 187),  # Reddit
        ({"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": str(int(NOW.timestamp()) + 600)}, b"", 600),  # GitHub
        ({"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "2026-06-03T12:05:00.725062Z"}, b"", 300),  # Mastodon
        ({"RateLimit-Remaining": "0", "RateLimit-Reset": str(int(NOW.timestamp()) + 90)}, b"", 90),  # Bluesky
        ({"RateLimit-Remaining": "0", "RateLimit-ResetTime": "2026-06-04T00:00:00+00:00"}, b"", 43_200),  # Yelp
        ({"X-Rate-Limit-Remaining": "0", "X-Rate-Limit-Reset": "450"}, b"", 450),  # Product Hunt
        ({}, b'{"items": [], "backoff": 70, "quota_remaining": 12}', 70),  # Stack Exchange
        ({}, b'{"items": [], "quota_remaining": 0}', 86_400),
        ({"Retry-After": "90", "X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "9"}, b"", 90),
        ({"Retry-After": format_datetime(NOW + timedelta(minutes=30), usegmt=True)}, b"", 1800),
        ({"Retry-After": format_datetime(NOW - timedelta(days=9), usegmt=True)}, b"", 60),
        ({"X-RateLimit-Remaining": "12", "X-RateLimit-Reset": "187"}, b"", None),
        ({"X-RateLimit-Remaining": "nan", "X-RateLimit-Reset": "inf"}, b"", None),
        ({"X-RateLimit-Remaining": "0"}, b"", None),
        ({}, b'{"text": "\\"backoff\\": 7"}', None),
        ({}, b"", None),
    ],
)
def test_every_dialect_of_a_limit_is_understood(headers: dict[str, str], body: bytes, seconds: float | None) -> None:
    after = limits.pause(httpx.Response(200, headers=headers, content=body), NOW)
    assert after == (seconds if seconds is None else pytest.approx(seconds, abs=1))


def test_a_used_up_allowance_is_a_limit_and_no_wall() -> None:
    spent = {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "120"}
    request = httpx.Request("GET", "https://api.example/x")
    with pytest.raises(RateLimited):
        verdict.check(httpx.Response(403, headers=spent, request=request), NOW)
    verdict.check(httpx.Response(200, headers=spent, content=b"{}", request=request), NOW)


@pytest.mark.parametrize(
    ("status", "now", "reason", "seconds"),
    [
        (403, datetime(2026, 6, 3, 12, 0, tzinfo=UTC), "quotaExceeded", 19 * 3600),  # 5 in the morning in California
        (403, datetime(2026, 1, 15, 7, 0, tzinfo=UTC), "dailyLimitExceeded", 3600),  # 11 in the evening, winter
        (429, datetime(2026, 6, 3, 6, 59, 30, tzinfo=UTC), "quotaExceeded", 60),  # half a minute before midnight
        (403, NOW, "rateLimitExceeded", 900),
        (403, NOW, "commentsDisabled", None),
        (200, NOW, "quotaExceeded", None),
    ],
)
def test_a_spent_quota_at_google_ends_at_midnight_in_california(
    status: int, now: datetime, reason: str, seconds: float | None
) -> None:
    said = {"error": {"code": status, "message": "spent", "errors": [{"domain": "youtube.quota", "reason": reason}]}}
    assert limits.pause(httpx.Response(status, json=said), now) == seconds


@pytest.mark.parametrize("content", [b"", b"[]", b"{", b'{"error": {"errors": {"reason": 1}}}', b"[" * 50_000])
def test_an_error_without_a_reason_sets_no_limit(content: bytes) -> None:
    assert limits.pause(httpx.Response(403, content=content), NOW) is None

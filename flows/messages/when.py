"""Writes times and durations the way the dashboard does, from what JSON holds."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from earful.dashboard import words


def moment(at: str, zone: ZoneInfo) -> str:
    """Writes a time of ISO 8601 in the team's zone."""
    return words.moment(datetime.fromisoformat(at), zone)


def span(start: str, finish: str, zone: ZoneInfo) -> str:
    """Writes a span of time in the team's zone."""
    return words.span(datetime.fromisoformat(start), datetime.fromisoformat(finish), zone)


def length(duration: timedelta) -> str:
    """Writes how long something lasts: minutes, hours up to two days, days."""
    for unit, size, most in (("minute", 60, 90), ("hour", 3600, 48), ("day", 86400, 10**6)):
        count = round(duration.total_seconds() / size)
        if count < most:
            return f"{count} {unit}{'s' * (count != 1)}"
    return ""

"""Gives how the sources stand as queries that anybody can run against a copy of the store."""

from datetime import timedelta

STANDING = """WITH judged AS (
    SELECT source, last_success,
        CASE
            WHEN state IN ('fine', 'failing')
                AND asks >= {checks:g} AND losses > asks / {one_in:g} AND falls >= {falls:g}
                AND (state <> 'fine' OR coalesce(last_success - since < INTERVAL {calm:.0f} SECOND, true))
                THEN 'failing'
            WHEN state = 'slow down' THEN 'waiting'
            WHEN state <> 'fine' THEN state
            WHEN empties >= {empty} AND fulls >= {habit} OR silent_since IS NOT NULL THEN 'silent'
            WHEN slow_since IS NOT NULL THEN 'slow'
            ELSE 'fine'
        END AS state
    FROM sources
    WHERE state <> 'removed'
)
"""
FINE = "SELECT count(*) FILTER (state = 'fine') AS fine, count(*) AS sources\nFROM judged"
EACH = "SELECT source, state, last_success\nFROM judged\nORDER BY source"


def standing(checks: float, lost: float, falls: float, calm: timedelta, empty: int, habit: int) -> tuple[str, str]:
    """Writes the queries of how many sources are fine, and of how each is; the values are those of `condition`."""
    judged = STANDING.format(
        checks=checks, one_in=1 / lost, falls=falls, calm=calm.total_seconds(), empty=empty, habit=habit
    )
    return judged + FINE, judged + EACH

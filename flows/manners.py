"""Decides when a source is asked again; pure, so that politeness can be tested."""

from datetime import datetime, timedelta

LONGEST = timedelta(hours=24)


def next_check(now: datetime, every: timedelta, failures: int, after: timedelta | None, jitter: float) -> datetime:
    """Gives the time of the next request: the usual interval, doubled for each failure, never before `after`.

    `jitter` in [0, 1) spreads failing sources over half their wait, so that they don't come back in one burst.
    """
    wait = every
    if failures:
        wait = min(every * 2 ** min(failures, 10), LONGEST)
        wait = wait / 2 + wait / 2 * jitter
    return now + max(wait, after or timedelta(0))

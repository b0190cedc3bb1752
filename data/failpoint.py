"""Kills the process at a named place when asked to, so that tests can prove that nothing is lost there."""

import os
import signal


def reach(name: str) -> None:
    """Dies by SIGKILL at the n-th visit of `name` when EARFUL_FAIL_AT is "name" or "name:n"; else does nothing."""
    wanted = os.environ.get("EARFUL_FAIL_AT", "")
    place, _, visits = wanted.partition(":")
    if place != name:
        return
    left = int(visits or 1) - 1
    if left <= 0:
        os.kill(os.getpid(), signal.SIGKILL)
    os.environ["EARFUL_FAIL_AT"] = f"{name}:{left}"

"""Keeps two processes out of the same place with flock, which the kernel frees when its holder dies."""

import fcntl
import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

_guard = threading.Lock()
_turns: dict[Path, threading.Lock] = {}  # the threads of this process queue here: who polls a file may never get it


class Busy(Exception):
    """Another process holds what is needed; nothing was done."""


@contextmanager
def hold(path: Path, wait: float, what: str) -> Iterator[None]:
    """Holds the lock file `path` for the block; tries for `wait` seconds, then raises Busy naming the holder.

    Threads of one process take turns.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    give_up = time.monotonic() + wait
    with _guard:
        turn = _turns.setdefault(path.resolve(), threading.Lock())
    if not turn.acquire(timeout=wait):
        raise _busy(what, path, str(os.getpid()))
    try:
        with path.open("a+") as file:
            if holder := _holder(file, give_up):
                raise _busy(what, path, holder)
            file.truncate(0)
            file.write(str(os.getpid()))
            file.flush()
            yield
    finally:
        turn.release()


def _holder(file: TextIO, give_up: float) -> str:
    """Locks a file and returns "", or who holds it when it is time to give up."""
    while True:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() >= give_up:
                file.seek(0)
                return file.read().strip() or "unknown"
            time.sleep(0.02)
        else:
            return ""


def _busy(what: str, path: Path, holder: str) -> Busy:
    return Busy(f"{what} is in use by process {holder} ({path}); try again later")

"""Keeps two processes out of the same place with flock, which the kernel frees when its holder dies."""

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


class Busy(Exception):
    """Another process holds what is needed; nothing was done."""


@contextmanager
def hold(path: Path, wait: float, what: str) -> Iterator[None]:
    """Holds the lock file `path` for the block; tries for `wait` seconds, then raises Busy naming the holder."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a+") as file:
        give_up = time.monotonic() + wait
        while True:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() >= give_up:
                    file.seek(0)
                    holder = file.read().strip() or "unknown"
                    raise Busy(f"{what} is in use by process {holder} ({path}); try again later") from None
                time.sleep(0.02)
        file.truncate(0)
        file.write(str(os.getpid()))
        file.flush()
        yield

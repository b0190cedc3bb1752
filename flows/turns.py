"""Gives every host its turns in one run: a page here, a page there, so that none holds up another.

Most of a turn is waiting. Hosts that failed last time, answer slowly, or gave no answer in this run wait in threads of
their own: they can take no time from those that are well, and are asked all the same.
"""

import time
from collections.abc import Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field

from earful.flows import asking
from earful.flows.asking import Desk, Visit
from earful.flows.report import Progress

HOSTS_AT_ONCE = 12
DOUBTFUL_AT_ONCE = 8  # hosts that may well not answer
PUBLISH_EVERY = 5.0  # seconds between snapshots while collecting
LONGEST = 900.0  # seconds of one run; what is still due then comes first in the next
UNANSWERED = 3  # questions in a row, until a host is given up for this run; one if all of it failed last time too


@dataclass
class Host:
    """The sources of one host that are due, asked one page at a time."""

    name: str
    waiting: list[Visit] = field(default_factory=list)
    done: list[Visit] = field(default_factory=list)
    unanswered: int = 0

    @property
    def doubtful(self) -> bool:
        """Whether its next answer may take long, or never come."""
        row = self.waiting[0].row
        return self.unanswered > 0 or row.failures > 0 or row.slow_since is not None

    def turn(self) -> bool:
        """Asks one page of the first source; tells whether there is more to ask here."""
        with self.waiting[0].desk.places:
            return self._turn()

    def _turn(self) -> bool:
        visit = self.waiting[0]
        patience = 1 if all(one.row.failures for one in self.waiting) else UNANSWERED
        if visit.step():
            return True
        self.done.append(self.waiting.pop(0))
        self.unanswered = self.unanswered + 1 if visit.unreachable else 0
        if visit.report.state == "slow down":
            self.waiting.clear()  # the whole host is paused; its other sources stay due
        if self.unanswered >= patience and self.waiting:
            given_up = f"not asked: another of its host gave no answer, and said: {visit.report.error}"
            asking.fail_all(visit.desk.database, self.waiting, visit.desk.clock, given_up)
            self.done += self.waiting
            self.waiting.clear()
        return bool(self.waiting)


def take(desk: Desk, hosts: Sequence[Host], progress: Progress) -> None:
    """Asks all hosts until each has told everything or the time of the run is over."""
    total = sum(len(host.waiting) for host in hosts)
    ends, published = time.monotonic() + LONGEST, time.monotonic()
    with ThreadPoolExecutor(HOSTS_AT_ONCE) as well, ThreadPoolExecutor(DOUBTFUL_AT_ONCE) as doubtful:

        def turn(host: Host) -> Future[bool]:
            return (doubtful if host.doubtful else well).submit(host.turn)

        running = {turn(host): host for host in hosts}
        while running:
            finished, _ = wait(running, timeout=PUBLISH_EVERY, return_when=FIRST_COMPLETED)
            in_time = time.monotonic() < ends
            for future in finished:
                host = running.pop(future)
                if future.result() and in_time:
                    running[turn(host)] = host
            if not in_time:
                running = {future: host for future, host in running.items() if not future.cancel()}
            progress("collect", sum(len(host.done) for host in hosts), total)
            if time.monotonic() - published > PUBLISH_EVERY:
                desk.database.publish()
                published = time.monotonic()
    for host in hosts:  # what was begun and had to stop is told too
        host.done += [visit for visit in host.waiting if visit.report.seconds]

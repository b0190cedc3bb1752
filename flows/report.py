"""What a run says of itself: a report for each source, and the progress of long work."""

from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from typing import Any, TypeAlias

from earful.connectors.types import Page
from earful.data.store import Kept

Clock: TypeAlias = Callable[[], datetime]
Progress: TypeAlias = Callable[[str, int, int], None]
"""Called with the stage, how much is done and how much there is."""


@dataclass
class Report:
    """What became of one source in one run."""

    source: str
    read: int = 0
    new: int = 0
    changed: int = 0
    known: int = 0
    gone: int = 0
    undated: int = 0
    refused: list[str] = field(default_factory=list)
    state: str = "fine"
    error: str = ""
    note: str = ""  # what is no failure, yet worth saying
    seconds: float = 0.0

    def add(self, page: Page, kept: Kept) -> None:
        """Counts one page and what the store made of it."""
        self.read += len(page.mentions) + len(page.refused)
        self.new += kept.new
        self.changed += kept.changed
        self.known += kept.known
        self.gone += kept.gone
        self.undated += sum(not mention.dated for mention in page.mentions)
        self.refused += page.refused

    def as_json(self) -> dict[str, Any]:
        """Gives the report as JSON values."""
        return {**asdict(self), "seconds": round(self.seconds, 3)}


def utc_now() -> datetime:
    """Gives the time; the clock of every real run."""
    return datetime.now(UTC)

"""Shows tables and progress on a terminal, and plain lines where there is none."""

import json
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeRemainingColumn
from rich.table import Table
from rich.text import Text

from earful.flows.report import Progress as Callback

out = Console(highlight=False)
err = Console(stderr=True, highlight=False)


def say(line: str) -> None:
    """Prints one line as it is; nothing in it is taken for markup."""
    err.print(Text(line), soft_wrap=True)


def line(text: str = "") -> None:
    """Prints one line of a result on standard output, as it is."""
    out.print(Text(text), soft_wrap=True)


def table(columns: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    """Prints rows under their headings; the cells are shown literally."""
    shown = Table(box=None, header_style="bold", pad_edge=False)
    for column in columns:
        shown.add_column(column, overflow="fold")
    for row in rows:
        shown.add_row(*(Text("" if cell is None else str(cell)) for cell in row))
    out.print(shown)


def as_json(value: Any) -> None:
    """Prints a JSON value, and nothing else, on standard output."""
    sys.stdout.write(json.dumps(value, indent=2, ensure_ascii=False, default=str) + "\n")


@contextmanager
def progress() -> Iterator[Callback]:
    """Gives a function that shows how far each stage is: bars on a terminal, nothing elsewhere."""
    columns = (TextColumn("{task.description:8}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=err, transient=True, disable=not err.is_terminal) as bars:
        known: dict[str, TaskID] = {}

        def advance(stage: str, done: int, total: int) -> None:
            if stage not in known:
                known[stage] = bars.add_task(stage, total=total)
            bars.update(known[stage], completed=done, total=total)

        yield advance

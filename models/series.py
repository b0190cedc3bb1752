"""Scores series in files: one score a row, strictly left to right, as `earful.models.spikes` judges counts.

    python -m earful.models.spikes FOLDER OUT

reads every *.csv of FOLDER, two columns under the header `timestamp,value`, times ascending, and writes a file of the
same name to OUT: one score from 0 to 1 a line, no header. A score of 0.5 or more is an alarm at the balanced line,
raised at the second high row in a row, and once an episode, which ends when there was none for twelve hours. (A rule
of short intervals does not wait for a second row where the first is beyond doubt, and calls two calm hours the end.)
The step is the most frequent distance of the first twenty rows; a wider one is a gap, of which nothing is known. A file
that cannot be read is told with its line and leaves the others alone; the exit status is then 1.
"""

import argparse
import csv
import math
import sys
from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import Path

from earful.models import spikes

HEADER = ["timestamp", "value"]
FIRST = 20  # rows whose distances give the step
GREATEST = 1e12  # of the values: beyond it a file holds something else than counts
EPISODE = timedelta(hours=12)  # what comes back sooner is the same story
HELD = 0.6  # of the alarm line: so high must the second row be
BELOW = 0.499  # what rows score at most that raise no alarm


def read(path: Path) -> tuple[list[datetime], list[float]]:
    """Reads times and values; raises ValueError that names the file and the line."""
    times: list[datetime] = []
    values: list[float] = []
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            rows = csv.reader(file)
            if next(rows, None) != HEADER:
                raise ValueError("the first line must be " + ",".join(HEADER))
            for row in rows:
                time, value = _row(row, rows.line_num)
                if times and (time.tzinfo is None) != (times[-1].tzinfo is None):
                    raise ValueError(f"line {rows.line_num}: times with and without a zone")
                if times and time <= times[-1]:
                    raise ValueError(f"line {rows.line_num}: {time} does not come after {times[-1]}")
                times.append(time)
                values.append(value)
        if len(times) < 2:
            raise ValueError("fewer than two rows: no step can be told")
    except csv.Error as error:
        raise ValueError(f"{path}: line {rows.line_num}: {error}") from error
    except (ValueError, OSError) as error:
        raise ValueError(f"{path}: {error}") from error
    return times, values


def score(times: Sequence[datetime], values: Sequence[float]) -> list[float]:
    """Scores each row by those before it; 0.5 or more where an alarm is raised."""
    distances = Counter(later - earlier for earlier, later in pairwise(times[: FIRST + 1]))
    step = min(distances, key=lambda distance: (-distances[distance], distance))
    judged = spikes.judge(values, times, step)
    return alarms([one.score for one in judged], times)


def alarms(scores: Sequence[float], times: Sequence[datetime]) -> list[float]:
    """Raises alarms at the second high row in a row, once an episode; all else stays below the line.

    The first row must reach the line, the second may lie a little under it, as it may in an alert that is pending.
    """
    line = spikes.SENSITIVITY["balanced"]
    last: datetime | None = None  # when the episode was last high
    pending = False
    told = []
    for one, time in zip(scores, times, strict=True):
        confirmed = pending and one >= line * HELD
        lasts = last is not None and time - last <= EPISODE
        told.append(max(one, line) if confirmed and not lasts else min(one, BELOW))
        if confirmed:
            last = time
        pending = one >= line or confirmed
    return told


def main(arguments: Sequence[str] | None = None) -> int:
    """Scores the files of a folder; returns the exit status."""
    parser = argparse.ArgumentParser(prog="earful.models.spikes", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("folder", type=Path, help="holds *.csv, timestamp,value")
    parser.add_argument("out", type=Path, help="gets a file of scores for each")
    options = parser.parse_args(arguments)
    paths = sorted(options.folder.glob("*.csv"))
    if not paths:
        sys.stderr.write(f"{options.folder}: no *.csv here\n")
        return 1
    options.out.mkdir(parents=True, exist_ok=True)
    if options.out.resolve() == options.folder.resolve():
        sys.stderr.write(f"{options.out}: the scores would replace the series; name another folder\n")
        return 1
    failed = 0
    for path in paths:
        try:
            scores = score(*read(path))
        except ValueError as error:
            sys.stderr.write(f"{error}\n")
            failed += 1
            continue
        lines = "".join(f"{one:.6f}\n" for one in scores)
        (options.out / path.name).write_text(lines, encoding="utf-8")
        sys.stdout.write(f"{path.name}: {len(scores)} rows, {sum(one >= 0.5 for one in scores)} alarms\n")
    return 1 if failed else 0


def _row(row: list[str], line: int) -> tuple[datetime, float]:
    if len(row) != len(HEADER):
        raise ValueError(f"line {line}: {len(row)} columns instead of {len(HEADER)}")
    try:
        time = datetime.fromisoformat(row[0].strip())
    except ValueError:
        raise ValueError(f"line {line}: {row[0][:40]!r} is no time such as 2026-01-31 13:05:00") from None
    try:
        value = float(row[1])
    except ValueError:
        raise ValueError(f"line {line}: {row[1][:40]!r} is no number") from None
    if not math.isfinite(value) or not 0 <= value <= GREATEST:
        raise ValueError(f"line {line}: {row[1][:40]!r} is no count from 0 to {GREATEST:.0f}")
    return time, value

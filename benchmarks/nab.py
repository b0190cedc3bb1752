"""The Numenta Anomaly Benchmark's score on its series of brand mentions, one threshold for all: 0.5.

    python benchmarks/nab.py --data FOLDER

FOLDER holds *.csv (timestamp,value) and windows.json, which names for each file the windows in which an anomaly is to
be found. The formula is that of the standard profile (Lavin & Ahmad, Evaluating Real-time Anomaly Detection
Algorithms, 2015): a window is worth up to 1 for the best alarm in it, the earlier the better, and -1 without any; an
alarm elsewhere costs up to 0.11; 0 is what one gets who says nothing, 100 what is perfect. To check the scorer, it also
scores nothing at all, and a windowed Gaussian as NAB has it. The table's second half moves the threshold, to show how
much hangs on it: `leave one out` chooses it for each file by all others.
"""

import argparse
import json
import math
import time
from bisect import bisect_left, bisect_right
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path

from earful.models import series, spikes

Spans = list[tuple[int, int]]
COST, BEST = 0.11, 0.98661
STEP = timedelta(minutes=5)
MOVED = (0.46, 0.47, 0.48, 0.49, 0.5, 0.51, 0.52, 0.53, 0.54)


def worth(position: float) -> float:
    """Gives what an alarm is worth at a position relative to a window: -1 at its beginning, 0 at its end."""
    return 2 / (1 + math.exp(5 * position)) - 1 if position <= 3 else -1.0


def points(scores: Sequence[float], windows: Spans, threshold: float) -> float:
    """Sums up a file: what its windows are worth less what false alarms cost."""
    best = [-1.0] * len(windows)
    cost = 0.0
    for place in range(min(int(0.15 * len(scores)), 750), len(scores)):
        if scores[place] < threshold:
            continue
        passed = None
        for number, (first, last) in enumerate(windows):
            if first <= place <= last:
                best[number] = max(best[number], worth(-(last - place + 1) / (last - first + 1)) / BEST)
                break
            if last < place:
                passed = (place - last) / (last - first)
        else:
            cost += COST * (-1.0 if passed is None else worth(passed))
    return sum(best) + cost


def total(scores: Mapping[str, Sequence[float]], windows: Mapping[str, Spans], threshold: float = 0.5) -> float:
    """Gives the score of all files, 0 for saying nothing and 100 at best."""
    count = sum(len(windows[name]) for name in scores)
    return 100 * (sum(points(scores[name], windows[name], threshold) for name in scores) + count) / (2 * count)


def gaussian(values: Sequence[float], window: int = 6400, stride: int = 100) -> list[float]:
    """Scores as NAB's windowed Gaussian does: by the mean and deviation of the last 6,400 rows."""
    seen: list[float] = []
    waiting: list[float] = []
    mean, deviation, sums, squares, scores = 0.0, 1.0, 0.0, 0.0, []
    for value in values:
        scores.append(1 - 0.5 * math.erfc(abs(value - mean) / deviation / math.sqrt(2)) if seen else 0.0)
        changed = [value] if len(seen) < window else []
        if not changed:
            waiting.append(value)
            if len(waiting) == stride:
                gone, seen = seen[:stride], seen[stride:]
                sums, squares = sums - sum(gone), squares - sum(one * one for one in gone)
                changed, waiting = waiting, []
        if changed:
            seen += changed
            sums, squares = sums + sum(changed), squares + sum(one * one for one in changed)
            mean = sums / len(seen)
            deviation = math.sqrt(max(squares / len(seen) - mean * mean, 0.0)) or 1e-6
    return scores


def main() -> None:
    """Measures and prints tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="the folder of series and windows.json")
    folder = parser.parse_args().data
    read = {name: series.read(folder / name) for name in json.loads((folder / "windows.json").read_text())}
    windows: dict[str, Spans] = {}
    for name, spans in json.loads((folder / "windows.json").read_text()).items():
        times, _ = read[name]
        bounds = [[datetime.fromisoformat(bound) for bound in span] for span in spans]
        windows[name] = [(bisect_left(times, first), bisect_right(times, last) - 1) for first, last in bounds]
    began = time.perf_counter()
    judged = {name: [one.score for one in spikes.judge(values, times, STEP)] for name, (times, values) in read.items()}
    seconds = (time.perf_counter() - began) / len(read)

    def ours(line: float) -> dict[str, list[float]]:
        return {
            name: series.alarms([score * 0.5 / line for score in scores], read[name][0])
            for name, scores in judged.items()
        }

    found = ours(0.5)
    print("| detector | score |\n|---|---:|")
    print(f"| Earful, {seconds:.1f} s a file | {total(found, windows):.1f} |")
    bell = {name: gaussian(values) for name, (_, values) in read.items()}
    print(
        f"| windowed Gaussian, its best threshold | {max(total(bell, windows, 1 - 10**-n) for n in range(4, 17)):.1f} |"
    )
    print(f"| nothing | {total({name: [0.0] * len(scores) for name, scores in found.items()}, windows):.1f} |")
    print("\n| file | score | windows | alarms outside |\n|---|---:|---:|---:|")
    for name, scores in found.items():
        alarms = [place for place, score in enumerate(scores) if score >= 0.5 and place >= min(0.15 * len(scores), 750)]
        hit = sum(any(first <= place <= last for place in alarms) for first, last in windows[name])
        outside = sum(not any(first <= place <= last for first, last in windows[name]) for place in alarms)
        alone = total({name: scores}, windows)
        print(f"| {name} | {alone:.1f} | {hit} of {len(windows[name])} | {outside} |")
    moved = {line: ours(line) for line in MOVED}
    print("\n| threshold | score |\n|---|---:|")
    for line, scores in moved.items():
        print(f"| {line:.2f} | {total(scores, windows):.1f} |")
    left_out = {}
    for name in judged:
        others = {
            line: total({n: s for n, s in scores.items() if n != name}, windows) for line, scores in moved.items()
        }
        left_out[name] = moved[max(others, key=others.__getitem__)][name]
    print(f"| leave one out | {total(left_out, windows):.1f} |")


if __name__ == "__main__":
    main()

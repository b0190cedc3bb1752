"""Series in files: one score a row, nothing looked up ahead, and what cannot be read is told with its line."""

import math
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from earful.models import series
from earful.models.spikes import SENSITIVITY, WARM_UP

LINE = SENSITIVITY["balanced"]
START = datetime.fromisoformat("2024-03-04")  # files name no zone
MINUTES = timedelta(minutes=5)


def volume(seed: int, days: int, mean: float = 40.0, step: timedelta = MINUTES) -> np.ndarray:
    """A brand as the public sees it: a rhythm of the day, scatter, and now and then a burst of one or two rows."""
    generator = np.random.default_rng(seed)
    rows = days * (timedelta(days=1) // step)
    hour = np.arange(rows) * (step / timedelta(hours=1))
    rate = mean * (1 + 0.5 * np.sin(hour / 24 * 2 * math.pi)) * generator.gamma(8, 1 / 8, rows)
    for place in generator.integers(0, rows, days // 2):
        rate[place : place + 2] *= generator.pareto(2) + 2
    return generator.poisson(rate)


def moments(rows: int, step: timedelta = MINUTES, start: datetime = START) -> list[datetime]:
    return [start + place * step for place in range(rows)]


def write(path: Path, times: list[datetime], values: object) -> Path:
    rows = "".join(f"{time},{value}\n" for time, value in zip(times, values, strict=True))  # type: ignore[call-overload]
    path.write_text("timestamp,value\n" + rows, encoding="utf-8")
    return path


def raised(scores: list[float]) -> list[int]:
    return [place for place, score in enumerate(scores) if score >= LINE]


def test_a_file_of_scores_comes_of_each_series(tmp_path: Path) -> None:
    folder, out = tmp_path / "in", tmp_path / "new" / "out"
    folder.mkdir()
    times = moments(7 * 288)
    write(folder / "acme.csv", times, volume(1, 7))
    write(folder / "bolt.csv", times[::12], volume(2, 7)[::12])
    command = [sys.executable, "-m", "earful.models.spikes", str(folder), str(out)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stderr == ""
    assert "acme.csv: 2016 rows" in done.stdout
    for name, rows in (("acme.csv", 7 * 288), ("bolt.csv", 7 * 24)):
        scores = [float(line) for line in (out / name).read_text(encoding="utf-8").splitlines()]
        assert len(scores) == rows
        assert all(0 <= score <= 1 for score in scores)


@pytest.mark.parametrize("step", [MINUTES, timedelta(hours=1), timedelta(days=1)])
def test_no_row_sees_a_later_one(step: timedelta) -> None:
    values = volume(3, 30 if step < timedelta(days=1) else 200, step=step).astype(float).tolist()[:2200]
    times = moments(len(values), step)
    del values[100:120], times[100:120]  # a gap
    whole = series.score(times, values)
    for cut in (2, 21, 99, 100, 101, len(values) // 2, len(values) - 1):
        assert series.score(times[:cut], values[:cut]) == whole[:cut]
    changed = [*values[:-50], *(value * 100 for value in values[-50:])]
    assert series.score(times, changed)[:-50] == whole[:-50]


@pytest.mark.parametrize("seed", range(3))
def test_an_outbreak_is_one_alarm_and_the_usual_bursts_are_few(seed: int) -> None:
    values = volume(seed, 30)
    at = 25 * 288 + 100
    values[at : at + 24] = values[at : at + 24] * 8 + 200
    scores = series.score(moments(len(values)), values.tolist())
    alarms = raised(scores)
    assert [place for place in alarms if at <= place < at + 60] == [at + 1], "the second high row raises it, once"
    assert len(alarms) <= 6, "fifteen bursts that are this brand's habit"


def test_no_alarm_before_there_is_a_history_nor_for_a_drop() -> None:
    values = volume(4, 12)
    values[500:520] += 2000
    values[2500:2600] = 0
    alarms = raised(series.score(moments(len(values)), values.tolist()))
    assert [place for place in alarms if place < WARM_UP / MINUTES or 2500 <= place < 2600] == []


def test_an_episode_ends_after_twelve_calm_hours() -> None:
    hours = timedelta(hours=1)
    scores = [0.1, 0.9, 0.9, 0.9, 0.1, 0.1, 0.9, 0.9, *[0.1] * 10, 0.9, 0.9, *[0.1] * 12, 0.9, 0.2, 0.6, 0.35, 0.1]
    assert timedelta(hours=12) == series.EPISODE
    assert raised(series.alarms(scores, moments(len(scores), hours))) == [2, 35]
    assert (
        max(score for place, score in enumerate(series.alarms(scores, moments(len(scores), hours))) if place != 2)
        <= LINE
    )


def test_the_step_is_found_and_a_wider_one_is_a_gap() -> None:
    times = moments(3000)
    values = volume(5, 12)[:3000].astype(float).tolist()
    hole = slice(1500, 1800)
    far = series.score(times[: hole.start] + times[hole.stop :], values[: hole.start] + values[hole.stop :])
    assert len(far) == 2700
    near = series.score(times[:1500], values[:1500])
    assert far[:1500] == near
    assert raised(far[1500:1600]) == [], "after a gap the usual is no spike"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "the first line must be timestamp,value"),
        ("time,count\n2024-03-04,1\n", "the first line must be timestamp,value"),
        ("timestamp,value\n", "fewer than two rows"),
        ("timestamp,value\n2024-03-04,1\n", "fewer than two rows"),
        ("timestamp,value\n2024-03-04,1\n2024-03-05,nan\n", "line 3: 'nan' is no count"),
        ("timestamp,value\n2024-03-04,1\n2024-03-05,inf\n", "line 3: 'inf' is no count"),
        ("timestamp,value\n2024-03-04,1\n2024-03-05,-2\n", "line 3: '-2' is no count"),
        ("timestamp,value\n2024-03-04,1\n2024-03-05,1e30\n", "line 3: '1e30' is no count"),
        ("timestamp,value\n2024-03-04,many\n", "line 2: 'many' is no number"),
        ("timestamp,value\nyesterday,1\n", "line 2: 'yesterday' is no time"),
        ("timestamp,value\n2024-03-04,1,2\n", "line 2: 3 columns instead of 2"),
        ("timestamp,value\n2024-03-04,1\n\n2024-03-05,1\n", "line 3: 0 columns instead of 2"),
        ("timestamp,value\n2024-03-04,1\n2024-03-04,1\n", "line 3: 2024-03-04 00:00:00 does not come after"),
        ("timestamp,value\n2024-03-05,1\n2024-03-04,1\n", "line 3: 2024-03-04 00:00:00 does not come after"),
        ("timestamp,value\n2024-03-04T00:00Z,1\n2024-03-05,1\n", "line 3: times with and without a zone"),
        ("timestamp,value\n2024-03-04,\xff\n", "line 2: 'ÿ' is no number"),
        ("timestamp,value\n" + "9" * 200_000 + ",1\n", "line 2: field larger than field limit"),
    ],
)
def test_what_cannot_be_read_is_told_and_leaves_the_others_alone(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], text: str, told: str
) -> None:
    folder, out = tmp_path / "in", tmp_path / "out"
    folder.mkdir()
    (folder / "bad.csv").write_text(text, encoding="utf-8")
    write(folder / "good.csv", moments(300), volume(6, 2)[:300])
    assert series.main([str(folder), str(out)]) == 1
    spoken = capsys.readouterr()
    assert spoken.err.startswith(f"{folder / 'bad.csv'}: ")
    assert told in spoken.err
    assert len(spoken.err) < 400
    assert len((out / "good.csv").read_text(encoding="utf-8").splitlines()) == 300
    assert not (out / "bad.csv").exists()


def test_bytes_that_are_no_text_are_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "bad.csv").write_bytes(b"timestamp,value\n2024-03-04,\xff\xfe\n")
    assert series.main([str(tmp_path), str(tmp_path / "out")]) == 1
    assert "bad.csv: " in capsys.readouterr().err


def test_a_folder_without_series_and_scores_in_place_of_series_are_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert series.main([str(tmp_path), str(tmp_path / "out")]) == 1
    assert "no *.csv here" in capsys.readouterr().err
    written = write(tmp_path / "acme.csv", moments(300), volume(7, 2)[:300]).read_bytes()
    assert series.main([str(tmp_path), str(tmp_path)]) == 1
    assert (tmp_path / "acme.csv").read_bytes() == written


def test_times_may_name_their_zone(tmp_path: Path) -> None:
    times = moments(300, start=START.replace(tzinfo=UTC))
    read, values = series.read(write(tmp_path / "acme.csv", times, volume(8, 2)[:300]))
    assert read == times
    assert len(series.score(read, values)) == 300

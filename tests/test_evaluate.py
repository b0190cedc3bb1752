"""The measures against figures worked out by hand, and the command that prints them."""

import gzip
import json
from pathlib import Path

import pytest

from earful.models import evaluate, measures, sentiment


def test_quality_of_a_case_worked_out_by_hand() -> None:
    truth, guesses = [0, 0, 0, 0, 1, 1, 2, 2], [0, 0, 0, 1, 1, 2, 2, 2]
    quality = measures.quality(truth, guesses)
    assert quality.accuracy == 6 / 8
    assert quality.macro_recall == pytest.approx((3 / 4 + 1 / 2 + 1) / 3)
    assert quality.labels[0] == measures.OfLabel(precision=1.0, recall=0.75, f1=pytest.approx(6 / 7), support=4)
    assert quality.labels[2].precision == pytest.approx(2 / 3)
    assert quality.macro_f1 == pytest.approx((6 / 7 + 1 / 2 + 4 / 5) / 3)


def test_a_label_that_never_occurs_is_no_part_of_the_mean() -> None:
    quality = measures.quality([0, 0, 2], [0, 1, 2])
    assert quality.macro_recall == pytest.approx((1 / 2 + 1) / 2)
    assert quality.labels[1].support == 0


def test_quality_of_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match="at least one"):
        measures.quality([], [])


def test_calibration_error_is_the_weighed_distance_of_confidence_and_truth() -> None:
    assert measures.calibration_error([0.8] * 10, [True] * 8 + [False] * 2) == pytest.approx(0)
    assert measures.calibration_error([0.9] * 5 + [0.5] * 5, [True] * 5 + [False] * 5) == pytest.approx(0.3)
    assert measures.calibration_error([1.0], [True]) == 0.0


ROWS = [
    {"text": "I love the Ferrywell, best kettle I ever had", "target": "Ferrywell", "label": "positive"},
    {"text": "The Ferrywell broke after a week, terrible", "target": "Ferrywell", "label": "negative"},
    {"text": "What a wonderful day", "target": None, "label": "positive"},
    {"text": "The shop opens at nine on Monday.", "label": "neutral"},
]


def lines(rows: list[object]) -> bytes:
    return b"".join(json.dumps(row).encode() + b"\n" for row in rows)


@pytest.mark.parametrize("packed", [False, True])
def test_the_command_measures_plain_and_gzipped_files(
    tmp_path: Path, packed: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "rows"
    path.write_bytes(gzip.compress(lines(ROWS)) if packed else lines(ROWS) + b"\n\n")
    assert evaluate.main([str(path), "--json"]) == 0
    result = json.loads(capsys.readouterr().out)
    assert result["rows"] == 4
    assert result["accuracy"] == 1.0
    assert result["labels"]["positive"]["support"] == 2
    assert 0 <= result["unclear"] <= 1 and 0 <= result["calibration_error"] <= 1
    assert result["texts_per_second"] > 0
    assert result["model"] == sentiment.load().model


def test_the_table_for_people_holds_the_same_figures(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "rows"
    path.write_bytes(lines(ROWS))
    assert evaluate.main([str(path)]) == 0
    printed = capsys.readouterr().out
    assert "on 4 texts" in printed
    assert "macro-recall       100.00%" in printed
    assert [line.split()[0] for line in printed.splitlines()[-3:]] == ["negative", "neutral", "positive"]


def test_unclear_is_told_apart_from_wrong() -> None:
    class Unsure:
        model = "unsure"

        def score(self, pairs: object, progress: object) -> list[sentiment.Judgement]:
            return [
                sentiment.Judgement(0.8, 0.1, 0.1, "negative"),
                sentiment.Judgement(0.4, 0.35, 0.25, "unclear"),
                sentiment.Judgement(0.1, 0.2, 0.7, "positive"),
                sentiment.Judgement(0.3, 0.4, 0.3, "unclear"),
            ]

    rows = [evaluate.Labelled("x", "", label) for label in ("negative", "negative", "neutral", "positive")]
    result = evaluate.evaluate(Unsure(), rows)  # type: ignore[arg-type]
    assert result["accuracy"] == 0.5  # the second is right though unclear
    assert result["unclear"] == 0.5
    assert result["clear_accuracy"] == 0.5


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        (lines(ROWS[:1]) + b"{nonsense\n", "line 2: not JSON"),
        (lines(ROWS[:2]) + lines([["a", "list"]]), "line 3: not an object"),
        (lines([{"text": 5, "label": "neutral"}]), "line 1: `text` must be a string, not 5"),
        (lines([{"text": "x", "target": 5, "label": "neutral"}]), "line 1: `target` must be"),
        (lines([{"text": "x", "label": "mixed"}]), "line 1: `label` must be one of negative, neutral, positive"),
        (b'\n{"text": "\xff", "label": "neutral"}\n', "line 2: not JSON"),
        (b"\n\n", "no labelled text"),
        (gzip.compress(lines(ROWS))[:-9], "damaged gzip"),
    ],
)
def test_a_bad_line_is_named(
    tmp_path: Path, content: bytes, complaint: str, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "rows"
    path.write_bytes(content)
    assert evaluate.main([str(path)]) == 2
    said = capsys.readouterr().err
    assert complaint in said and str(path) in said


def test_a_missing_file_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert evaluate.main([str(tmp_path / "absent")]) == 2
    assert "absent" in capsys.readouterr().err

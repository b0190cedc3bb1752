"""Sentences out of letters of complaint: which are learnt from, and how they reach a brand."""

import gzip
import json
import random
from pathlib import Path

from earful.models import encoder, grievances, sentiment, showings, subjects

TOLD = "They charged me {$35.00} twice and nobody at XXXX XXXX answers my calls, number {}"
CALM = "I opened the account on XX/XX/2023 in a branch close to my house, number {}"


def write(path: Path, texts: list[str]) -> list[Path]:
    with gzip.open(path, "wt", encoding="utf-8") as file:
        file.writelines(json.dumps({"text": text}) + "\n" for text in texts)
    return [path]


def test_of_the_half_that_may_be_learnt_from_only_what_sounds_like_a_complaint_is_read(tmp_path: Path) -> None:
    told = [TOLD.replace("{}", str(at)) for at in range(40)]
    paths = write(tmp_path / "letters.jsonl.gz", told + [CALM.replace("{}", str(at)) for at in range(40)])
    rows = grievances.read(paths, sentiment.SHIPPED, 1)
    assert sorted(row.text for row in rows) == sorted(
        text.replace("{$35.00}", "$35.00").replace("XXXX XXXX ", "") for text in told if subjects.shown(text)
    )
    negative, problem = encoder.LABELS.index("negative"), showings.INTENTS.index("problem")
    assert {(row.target, row.label, row.intent, row.source) for row in rows} == {
        ("", negative, problem, showings.GRIEVANCES)
    }


def test_without_letters_nothing_is_read_and_no_weights_are_needed(tmp_path: Path) -> None:
    assert grievances.read([], tmp_path, 1) == []


def test_a_grievance_reaches_an_invented_brand_in_front_behind_or_unsaid() -> None:
    row = showings.Row("nobody at the bank answers my calls any more", "", 0, showings.GRIEVANCES, 0)
    chance = random.Random(3)
    shown = [showings._renamed(row, chance) for _ in range(400)]
    assert all(row.text in one.text and one.label == one.intent == 0 for one in shown)
    assert all(encoder.pattern(one.target).search(one.text) for one in shown if one.target)
    places = [one.text.index(row.text) > 0 for one in shown if one.target]
    assert any(places)
    assert not all(places)
    assert 20 < sum(not one.target for one in shown) < 100

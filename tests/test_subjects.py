"""Texts without a label: which are read, which are kept to measure on."""

import gzip
import json
from pathlib import Path

from earful.models import subjects

NOUNS = """  1 This software and database is being provided to you
00001740 03 n 01 cold_store 0 003 ~ 00001930 n 0000 | a room kept cold; "the cold store was empty"
00005930 06 n 02 kettle 0 boiler 1 001 @ 00004475 n 0000 | a pot to boil water in
"""


def test_a_synset_becomes_its_words_and_what_they_mean(tmp_path: Path) -> None:
    (tmp_path / "data.noun").write_text(NOUNS)
    rows = subjects.read([tmp_path / "data.noun"])
    assert [row.text for row in rows] == [
        'cold store: a room kept cold; "the cold store was empty"',
        "kettle, boiler: a pot to boil water in",
    ]
    assert {(row.target, row.label, row.intent, row.source) for row in rows} == {("", None, None, "glosses")}


def test_of_letters_one_half_is_read_whatever_their_order(tmp_path: Path) -> None:
    texts = [f"letter {number} about a loan" for number in range(400)]
    read = []
    for name, order in {"a": texts, "b": texts[::-1]}.items():
        with gzip.open(tmp_path / f"{name}.jsonl.gz", "wt", encoding="utf-8") as file:
            file.writelines(json.dumps({"text": text, "issue": "x"}) + "\n" for text in order)
        read.append({row.text for row in subjects.read([tmp_path / f"{name}.jsonl.gz"])})
    assert read[0] == read[1] == {text for text in texts if subjects.shown(text)}
    assert 150 < len(read[0]) < 250

"""What an expression would find, and what its exclusions do, is told before it is used."""

import re
import sys
from datetime import timedelta
from pathlib import Path

import invented_store
import numpy as np
import pytest
from invented_store import NOON, Said

from earful.data import preview as drawing
from earful.data import relevance as kept
from earful.data import store
from earful.data.database import Database
from earful.flows import cli_match, preview
from earful.flows import relevance as learning
from earful.flows.preview import Number
from earful.models import keywords, match, parts
from earful.models.match import Matchable, MatchError


def embed(texts):
    """Puts texts about fruit to one side and all others to the other, a little apart from each other."""
    vectors = np.array(
        [[-1.0 if "pie" in text else 1.0, 0.05 * (sum(map(int, re.findall(r"\d", text))) % 5), 0.2] for text in texts],
        np.float32,
    )
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def fruits() -> tuple[Said, ...]:
    """Forty mentions of a shop, twelve of a fruit, three of the shop that name a fruit; some match no brand."""
    return (
        *(Said(f"s{n}", "Acme", 1 + n / 10, "shop", "neutral", f"Acme sent parcel {n} late") for n in range(40)),
        *(Said(f"f{n}", "", 2, "news", "neutral", f"acme fruit pie number {n}, baked") for n in range(12)),
        *(Said(f"b{n}", "", 3, "news", "neutral", f"Acme has no fruit on sale, {n}") for n in range(3)),
        Said("other", "", 3, "news", "neutral", "nothing of the kind"),
        Said("old", "Acme", 45, "news", "neutral", "Acme long ago"),
    )


@pytest.fixture
def database(tmp_path):
    return invented_store.fill(tmp_path, said=fruits())


def look(database: Database, expression: str, brand: str = "", **more):
    with database.look() as con:
        return preview.preview(con, database.folder, expression, brand, NOON, embed=embed, **more)


def test_it_tells_how_much_would_match_and_shows_some_of_it(database):
    found = look(database, "acme")
    assert (found.kept, found.tried, found.matches) == (56, 56, Number(55, 55, 55))
    assert len(found.examples) == preview.EXAMPLES and all("cme" in one.said for one in found.examples)
    assert look(database, "acme", days=60).matches.value == 56
    assert look(database, "acme") == found, "the lot falls the same each time"
    assert look(database, "nowhere").matches == Number(0, 0, 0)


def test_each_exclusion_is_judged_by_likeness_where_nobody_has_clicked(database):
    (fruit, baked) = look(database, "acme NOT (fruit OR baked)").removals
    assert (fruit.term, fruit.removes.value, fruit.alone.value) == ("fruit", 15, 3)
    assert (baked.term, baked.removes.value, baked.alone.value) == ("baked", 12, 0)
    assert (fruit.by, fruit.judged) == ("likeness", 15)
    assert fruit.wrong is not None and fruit.wrong.value == 12 and fruit.right is not None and fruit.right.value == 3
    assert all("pie" in one.said for one in fruit.wrong_examples) and "sale" in fruit.right_examples[0].said
    line = cli_match.removed(fruit)
    assert line.startswith("NOT fruit removes 15, 3 of them alone: 12 wrong and 3 that look right")


def test_people_and_their_model_judge_before_likeness(database):
    with database.transaction() as con:
        for number in range(12):
            kept.save_mark(con, "news", f"f{number}", "Acme", True, "ada", NOON)
    (fruit,) = look(database, "acme NOT fruit", "Acme").removals
    assert (fruit.by, fruit.judged) == ("marks", 12)
    assert fruit.right is not None and fruit.right.value == 15, "all that were marked are right, scaled to all removed"
    with database.transaction() as con:
        for number in range(12):
            kept.save_mark(con, "shop", f"s{number}", "Acme", False, "ada", NOON)
            kept.save_mark(con, "news", f"f{number}", "Acme", None, "ada", NOON + timedelta(hours=1))
            kept.save_mark(con, "shop", f"s{number + 12}", "Acme", True, "ada", NOON)
    learning.follow(database, "Acme", NOON)
    (fruit,) = look(database, "acme NOT fruit", "Acme").removals
    assert fruit.by == "model"


def test_too_little_to_compare_with_is_said(database):
    (parcel,) = look(database, "acme NOT parcel NOT fruit").removals[:1]
    assert (parcel.removes.value, parcel.by, parcel.wrong) == (40, "", None)
    assert "too little is known" in cli_match.removed(parcel)
    (never,) = look(database, "acme NOT comet").removals
    assert "can be left out" in cli_match.removed(never)


def test_words_of_what_was_marked_are_suggested(database):
    assert look(database, "acme", "Acme").suggestions == ()
    with database.transaction() as con:
        for number in range(8):
            kept.save_mark(con, "news", f"f{number}", "Acme", False, "ada", NOON)
    words = {one.word: one for one in look(database, "acme", "Acme").suggestions}
    assert {"fruit", "pie", "baked"} <= set(words) and "acme" not in words
    assert (words["pie"].wrong, words["pie"].right) == (8, 0)


def test_a_large_store_is_sampled_and_said_so(database, monkeypatch):
    monkeypatch.setattr(preview, "MOST", 30)
    found = look(database, "acme NOT fruit")
    assert found.tried < found.kept and not found.matches.exact
    assert found.matches.low <= 40 <= found.matches.high
    assert "about" in cli_match.removed(found.removals[0])
    monkeypatch.setattr(preview, "PATIENCE", 0.0)
    assert look(database, "acme NOT fruit").tried <= 2


def test_an_empty_store_and_a_wrong_expression(tmp_path):
    with Database(tmp_path).transaction() as con:
        store.set_up(con, [("Acme", "own", "acme")], [])
        found = preview.preview(con, tmp_path, "acme NOT fruit", "Acme", NOON, embed=embed)
        assert (found.kept, found.matches, found.removals[0].by) == (0, Number(0, 0, 0), "")
        with pytest.raises(MatchError, match="parenthesis"):
            preview.preview(con, tmp_path, "acme (fruit", "", NOON)


def test_the_shipped_model_embeds_where_nothing_else_does():
    vectors = preview._shipped(["Acme lost my parcel", "acme fruit pie", ""])
    assert vectors.shape[0] == 3 and np.isclose(np.linalg.norm(vectors[0]), 1, atol=0.01)


# Taking an expression apart


@pytest.mark.parametrize(
    ("expression", "terms", "needed"),
    [
        ("acme NOT fruit", ["fruit"], [("acme",)]),
        ('acme NOT ("acme comics" OR acne) NOT lang:de', ['"acme comics"', "acne", "lang:de"], [("acme",)]),
        ("(acme OR globex) parts", [], [("acme", "globex"), ("parts",)]),
        ("acme OR author:bob", [], []),
        ("=Upgrade NEAR/4 (loan* OR card*)", [], [("upgrade",), ("card", "loan")]),
        ("acme NOT (a NOT b)", ["a NOT b"], [("acme",)]),
        ("café", [], [("caf",)]),
        ("日本", [], []),
        ("a OR (b NOT c)", [], [("a", "b")]),
    ],
)
def test_parts(expression, terms, needed):
    found = parts.parts(expression)
    assert [one.term for one in found.exclusions] == terms
    assert list(found.needed) == needed


def test_the_parts_together_say_what_the_whole_says():
    texts = ["acme", "acme fruit", "Acme pie", "globex FRUIT", "acme acne comics", "Acme Comics", "", "pie"]
    for expression in (
        "acme NOT fruit NOT pie",
        'acme NOT ("acme comics" OR acne)',
        "acme OR globex NOT fruit",
        "acme",
    ):
        whole, apart = match.compile_expression(expression), parts.parts(expression)
        for text in texts:
            assert whole(Matchable(text)) == (apart.hits(Matchable(text)) == [])


def test_the_letters_that_a_match_must_hold_are_found_in_any_case(tmp_path):
    letters = "abcdefghijklmnopqrstuvwxyz"
    alike = [chr(point) for point in range(sys.maxunicode) if re.match("(?i:[a-z])", chr(point))]
    assert len(alike) > 52, "some letters beyond ASCII count as the same in any case"
    said = tuple(Said(f"c{ord(char)}", "Acme", 1, "shop", "neutral", f"x{char}z") for char in alike)
    with invented_store.fill(tmp_path, said=said).look() as con:
        for letter in letters:
            test = match.compile_expression(f"x{letter}z")
            expected = {row.id for row in said if test(Matchable(row.text))}
            drawn = drawing.draw(con, NOON - timedelta(9), NOON, "", [(f"x{letter}z",)], 99)
            assert expected <= {row.id for row in drawn.rows}, letter


def test_hostile_words_reach_no_query(database):
    found = look(database, 'acme NOT "\'; DROP TABLE mentions; --"', "'; DROP TABLE brands; --")
    assert found.matches.value == 55


def test_telling_words_are_those_of_one_side():
    wrong = [f"skin cream and spots {n}" for n in range(20)]
    right = [f"parcel and refund {n}" for n in range(80)]
    assert [one.word for one in keywords.telling(wrong, right, ["skin"])] == ["cream", "spots"]
    assert keywords.telling(wrong[:2], right, []) == []
    assert keywords.telling(right, right, []) == []


def test_the_command_prints_it(database, tmp_path, capsys):
    cli_match.print_preview(look(database, "acme NOT fruit", "Acme"))
    out = capsys.readouterr().out
    assert "would have matched 40 of 56 mentions" in out and "NOT fruit removes 15" in out
    assert Path(tmp_path).exists()

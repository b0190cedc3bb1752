"""Changes to earful.toml keep its comments and its order, and never overwrite what somebody else wrote."""

import tomllib
from pathlib import Path

import pytest

from earful.dashboard import drafting
from earful.flows.template import TEXT

PLAIN = """# ours
every = "15m" # often

[[brands]]
name = "Acme"  # us
match = "acme"

[[brands]]
name = "Bolt"
match = "bolt"
competitor = true # them

# where
[[sources]]
connector = "rss"
target = "https://a.example.org/feed"
"""


def test_a_table_changes_in_its_place_and_comments_stay() -> None:
    found = drafting.put(PLAIN, "brands", {"name": "Acme", "match": "acme NOT comics", "competitor": False}, 0)
    assert found == PLAIN.replace('match = "acme"\n', 'match = "acme NOT comics"\n')
    assert drafting.put(PLAIN, "brands", {"competitor": False}, 1) == PLAIN.replace("competitor = true # them\n", "")
    assert drafting.put(PLAIN, "brands", drafting.tables(PLAIN, "brands")[1], 1) == PLAIN


def test_a_new_table_comes_after_its_kind() -> None:
    found = drafting.put(PLAIN, "brands", {"name": "Crumb", "match": '"crumb & co"', "competitor": True})
    assert [one["name"] for one in tomllib.loads(found)["brands"]] == ["Acme", "Bolt", "Crumb"]
    for line in PLAIN.splitlines():
        assert line in found.splitlines()
    first = drafting.put(PLAIN, "rules", {"name": "A bad day", "least": 5, "targets": [], "theme": ""})
    assert tomllib.loads(first)["rules"] == [{"name": "A bad day", "least": 5}]


def test_a_new_table_stands_apart_and_leaves_the_next_ones_comment_where_it_belongs() -> None:
    kept = '[[brands]]\nname = "Acme"\n# below the first\n\n# the desk\n[[sources]]\ntarget = "a"\n# the end\n'
    assert drafting.put(kept, "brands", {"name": "Bolt"}) == (
        '[[brands]]\nname = "Acme"\n\n[[brands]]\nname = "Bolt"\n\n'
        '# below the first\n\n# the desk\n[[sources]]\ntarget = "a"\n# the end\n'
    )
    assert drafting.put(kept, "sources", {"target": "b"}) == kept + '\n[[sources]]\ntarget = "b"\n'
    assert drafting.put("", "sources", {"target": "b"}) == '[[sources]]\ntarget = "b"\n'


def test_a_table_is_taken_out_and_the_last_takes_its_kind_along() -> None:
    found = tomllib.loads(drafting.drop(PLAIN, "brands", 0))
    assert [one["name"] for one in found["brands"]] == ["Bolt"]
    assert "sources" not in tomllib.loads(drafting.drop(PLAIN, "sources", 0))


def test_the_commented_template_takes_every_kind() -> None:
    text = TEXT
    for kind, name in drafting.NAMES.items():
        text = drafting.put(text, kind, {name: "new"})
    assert [line for line in TEXT.splitlines() if line not in text.splitlines()] == []
    assert {kind: drafting.tables(text, kind)[-1] for kind in drafting.LISTS} == {
        kind: {name: "new"} for kind, name in drafting.NAMES.items()
    }


def test_a_hostile_value_stays_a_value() -> None:
    nasty = 'x"]\n[network]\nallow = ["0.0.0.0/0"]\n#'
    found = tomllib.loads(drafting.put(PLAIN, "brands", {"name": nasty, "match": "a"}))
    assert found["brands"][-1]["name"] == nasty
    assert "network" not in found


def test_the_difference_shows_what_changes() -> None:
    after = PLAIN.replace('every = "15m"', 'every = "1h"')
    said = drafting.difference(PLAIN, after)
    assert '-every = "15m" # often' in said and '+every = "1h" # often' in said
    assert drafting.difference(PLAIN, PLAIN) == ""


def test_a_file_that_somebody_else_changed_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "earful.toml"
    path.write_text(PLAIN)
    path.chmod(0o640)
    begun = drafting.mark(PLAIN)
    drafting.save(path, PLAIN + "# more\n", begun)
    assert path.read_text() == PLAIN + "# more\n"
    assert path.stat().st_mode & 0o777 == 0o640
    with pytest.raises(drafting.Changed):
        drafting.save(path, PLAIN, begun)
    assert path.read_text() == PLAIN + "# more\n"
    assert [one.name for one in tmp_path.iterdir()] == ["earful.toml"]

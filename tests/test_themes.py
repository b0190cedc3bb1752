"""Themes as found in invented complaints: what belongs together, what goes on, what is new, and by which name."""

import complaints
import numpy as np
import pytest
from complaints import RECALL, SUBJECTS, Said
from sklearn.metrics import adjusted_rand_score

from earful.models import emerging, naming, themes, themespace
from earful.models.themes import Found, Kept


def placed(said: list[Said]) -> tuple[np.ndarray, np.ndarray]:
    """Gives rows in the complaints' own space, and their ages."""
    texts, vectors = [one.text for one in said], complaints.vectors(said)
    space = themespace.fit(texts, vectors, ["Acme"])
    return space.place(texts, vectors), np.array([one.days for one in said])


def labels(found: Found, size: int) -> np.ndarray:
    given = np.full(size, -1)
    for place, theme in enumerate(found.themes):
        given[theme.members] = place
    return given


def known(found: Found, touched: tuple[int, ...] = ()) -> list[Kept]:
    return [
        Kept(theme.members, theme.line if theme.narrow else 0.0, place in touched)
        for place, theme in enumerate(found.themes)
    ]


def test_what_belongs_together_is_found_together() -> None:
    said = complaints.usual()
    rows, ages = placed(said)
    found = themes.find(rows, ages)
    assert len(found.themes) == themes.wanted(len(said)) == 4
    assert adjusted_rand_score([one.subject for one in said], labels(found, len(said))) > 0.9
    assert not any(theme.narrow for theme in found.themes), "nothing is new where all was said all the time"


def test_the_same_input_gives_the_same_themes() -> None:
    rows, ages = placed(complaints.usual(12))
    first, second = themes.find(rows, ages), themes.find(rows, ages)
    assert [one.members.tolist() for one in first.themes] == [one.members.tolist() for one in second.themes]


def test_tomorrow_goes_on_with_today() -> None:
    said = sorted(complaints.usual(20), key=lambda one: -one.days)
    cut = len(said) - 12
    rows, ages = placed(said[:cut])
    first = themes.find(rows, ages)
    rows, ages = placed(said)  # a new space: new words, other directions
    second = themes.find(rows, ages, known(first))
    assert [one.continues for one in second.themes] == [0, 1, 2, 3]
    assert second.merged == {}
    before, after = labels(first, cut), labels(second, len(said))[:cut]
    assert adjusted_rand_score(before, after) > 0.9
    for theme in second.themes:
        shared = np.intersect1d(theme.members, first.themes[theme.continues].members)
        assert len(shared) > 0.8 * len(first.themes[theme.continues].members)


@pytest.mark.parametrize("count", [4, 6, 10])
def test_a_new_subject_does_not_drown_in_the_old_ones(count: int) -> None:
    said = [*complaints.usual(30), *complaints.burst(count, 6)]
    rows, ages = placed(said)
    old = np.flatnonzero(ages >= 6)
    first = themes.find(rows[old], ages[old] - 6)
    found = themes.find(rows, ages, [Kept(old[one.members]) for one in first.themes])
    (new,) = [one for one in found.themes if one.narrow]
    told = {said[place].id for place in new.members}
    wanted = {one.id for one in said if one.subject == "kettle"}
    assert new.continues is None
    assert len(told & wanted) >= 0.75 * count
    assert len(told - wanted) <= 1
    assert themes.state(ages[new.members], float(ages.max())) == "new"


def test_a_letter_that_three_send_is_new_even_among_few() -> None:
    letter = "I revoke the authority to debit my account and have attached the document of the third of May"
    said = [*complaints.usual(5), *(Said(f"letter {n}", n + 1.0, letter, "letter", f"w{n}") for n in range(3))]
    rows, ages = placed(said)
    (found,) = emerging.subjects(rows, ages)
    assert {said[place].subject for place in found.members} == {"letter"}
    older = [*said, Said("before", 60.0, letter, "letter", "w9"), Said("still before", 80.0, letter, "letter", "w8")]
    rows, ages = placed(older)
    for one in emerging.subjects(rows, ages):
        assert themes.state(ages[one.members], 120.0) != "new", "it was there before"


def test_what_was_said_before_is_not_new_however_much_it_grows() -> None:
    often = [
        Said(f"old kettle {n}", 20.0 + 6 * n, one.text, "kettle", f"o{n}")
        for n, one in enumerate(complaints.burst(14, 6, seed=5))
    ]
    rows, ages = placed([*complaints.usual(30), *complaints.burst(10, 6), *often])
    found = emerging.subjects(rows, ages)
    assert all((ages[one.members] >= 14).sum() <= 0.5 * (ages[one.members] < 14).sum() for one in found)


def test_a_line_takes_what_it_was_drawn_around() -> None:
    said = [*complaints.usual(30), *complaints.burst(10, 6)]
    rows, ages = placed(said)
    (found,) = emerging.subjects(rows, ages)
    assert set(found.members) <= set(np.flatnonzero(rows @ found.centre >= found.line))
    assert {said[place].subject for place in np.flatnonzero(rows @ found.centre >= found.line)} == {"kettle"}
    again = emerging.subjects(rows, ages)
    assert [one.members.tolist() for one in again] == [found.members.tolist()]


def test_nothing_emerges_where_nothing_changed() -> None:
    alarms = 0
    for seed in range(8):
        said = complaints.usual(25, seed=seed)
        rng = np.random.default_rng(seed)
        rows, _ = placed(said)
        alarms += len(emerging.subjects(rows, rng.uniform(0, 120, len(said))))
    assert alarms <= 1


def test_without_a_time_before_nothing_is_new() -> None:
    said = complaints.usual(10, days=9)
    rows, ages = placed(said)
    assert emerging.subjects(rows, ages) == []
    assert themes.state(ages, 9.0) == "steady"


def test_a_large_brand_hangs_on_a_sample(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(emerging, "LEAVES", 80)
    said = [*complaints.usual(50), *complaints.burst(12, 6)]
    rows, ages = placed(said)
    found = emerging.subjects(rows, ages)
    subjects = [said[place].subject for place in found[0].members]
    assert subjects.count("kettle") >= 9
    assert subjects.count("kettle") >= 0.9 * len(subjects)


def test_two_that_have_become_one_are_merged_into_the_older() -> None:
    rng = np.random.default_rng(0)
    rows = np.repeat(np.eye(8, dtype=np.float32)[:3], 20, 0) + 0.15 * rng.normal(size=(60, 8)).astype(np.float32)
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    ages = rng.permutation(np.linspace(0, 100, 60))
    half, other = np.arange(0, 20, 2), np.arange(1, 20, 2)
    kept = [Kept(half), Kept(np.arange(20, 40)), Kept(np.arange(40, 60)), Kept(other)]
    found = themes.find(rows, ages, kept)
    assert [one.continues for one in found.themes] == [0, 1, 2]
    assert found.merged == {3: 0}
    assert found.themes[0].members.tolist() == list(range(20))
    touched = [*kept[:3], Kept(other, touched=True)]
    assert themes.find(rows, ages, touched).merged == {}, "what people touched stays"


def test_what_nobody_continues_is_not_there() -> None:
    rows, ages = placed(complaints.usual(10))
    found = themes.find(rows, ages, [Kept(np.zeros(0, np.intp))])
    assert 0 not in [one.continues for one in found.themes]


def test_few_complaints_grow_no_theme_of_their_own() -> None:
    rows, ages = placed(complaints.usual(3))
    assert len(rows) < themes.ENOUGH
    assert themes.find(rows, ages).themes == []


@pytest.mark.parametrize(
    ("late", "early", "expected"),
    [
        (0, 20, "steady"), (0, 24, "faded"), (1, 20, "steady"), (1, 40, "faded"), (5, 20, "steady"), (7, 20, "steady"),
        (16, 20, "growing"), (30, 20, "growing"), (4, 0, "new"), (3, 3, "steady"), (10, 2, "new"), (8, 5, "growing"),
    ],
)  # fmt: skip
def test_a_state_needs_more_than_chance(late: int, early: int, expected: str) -> None:
    ages = np.concatenate([np.linspace(0.5, 13.5, late), np.linspace(14.5, 69.5, early)])
    assert themes.state(ages, 120.0) == expected


def test_silence_fades_a_theme_and_a_short_past_tells_nothing() -> None:
    assert themes.state(np.array([60.0, 70.0]), 120.0) == "faded"
    assert themes.state(np.linspace(1, 13, 30), 20.0) == "steady"


def test_growth_is_seldom_seen_where_there_is_none() -> None:
    rng = np.random.default_rng(3)
    states = [themes.state(rng.uniform(0, 70, 60), 200.0) for _ in range(1000)]
    assert states.count("growing") + states.count("faded") < 25


@pytest.mark.parametrize("touched", [False, True])
def test_what_people_touched_never_ends_in_another(touched: bool) -> None:
    said = complaints.usual()
    rows, ages = placed(said)
    parcels = np.array([place for place, one in enumerate(said) if one.subject == "parcel"])
    found = themes.find(rows, ages, [Kept(parcels), Kept(parcels, touched=touched)])
    assert found.merged.keys() == (set() if touched else {1}), "both were found in the same complaints"


def test_who_says_the_same_again_counts_once() -> None:
    one, other = np.eye(3, dtype=np.float32)[:2]
    vectors = {0: one, 1: one, 2: other, 3: one, 4: one, 5: one}
    again = themes.repeats(["ada", "ada", "ada", "bo", "", ""], ["s1", "s2", "s3", "s4", "s5", "s4"], lambda _: vectors)
    assert again.tolist() == [False, True, False, False, False, True]


def test_assigning_heeds_the_line_and_goes_narrow_first() -> None:
    wide = themes.Theme(None, np.array([1.0, 0.0], np.float32), 0.2, np.zeros(0, np.intp), False)
    narrow = themes.Theme(None, np.array([0.8, 0.6], np.float32), 0.9, np.zeros(0, np.intp), True)
    rows = np.array([[1, 0], [0.9, 0.436], [0.0, 1.0], [-1, 0]], np.float32)
    places, strengths = themes.assign(rows, [wide, narrow])
    assert places.tolist() == [0, 1, -1, -1]
    assert strengths == pytest.approx([1.0, 0.9816, 0.0, 0.0])
    assert themes.assign(rows[:0], [wide])[0].tolist() == []


# The space


def test_a_space_survives_being_kept() -> None:
    said = complaints.usual(8)
    texts, vectors = [one.text for one in said], complaints.vectors(said)
    space = themespace.fit(texts, vectors, ["Acme"])
    again = themespace.from_bytes(space.to_bytes())
    assert np.abs(space.place(texts, vectors) - again.place(texts, vectors)).max() < 0.01
    assert "acme" not in space.words
    assert np.linalg.norm(space.place(texts, vectors), axis=1) == pytest.approx(np.ones(len(said)))


@pytest.mark.parametrize("texts", [[""] * 20, ["x"] * 3, [f"word{n}" for n in range(30)], ["\x00\u202e"] * 20])
def test_a_space_of_texts_without_words_is_one_of_embeddings(texts: list[str]) -> None:
    vectors = complaints.vectors([Said("", 0, str(n), "a") for n in range(len(texts))])
    rows = themespace.fit(texts, vectors).place(texts, vectors)
    assert np.isfinite(rows).all()
    assert themes.find(rows, np.zeros(len(rows))).merged == {}


def test_a_space_without_embeddings_is_one_of_words() -> None:
    said = complaints.usual(20)
    texts, nothing = [one.text for one in said], np.zeros((len(said), 1), np.float32)
    rows = themespace.fit(texts, nothing, ["Acme"]).place(texts, nothing)
    found = themes.find(rows, np.array([one.days for one in said]))
    assert adjusted_rand_score([one.subject for one in said], labels(found, len(said))) > 0.7


# Names


def test_a_name_is_made_of_a_themes_own_words() -> None:
    rng = np.random.default_rng(0)
    counted = {
        name: naming.counts([complaints.text(rng, phrases) for _ in range(20)], ["Acme"])
        for name, phrases in {**SUBJECTS, "kettle": RECALL}.items()
    }
    whole = naming.together(list(counted.values()))
    for name, count in counted.items():
        named = naming.name(count, whole)
        own = " ".join((*SUBJECTS, *RECALL) if name == "kettle" else SUBJECTS[name])
        own = " ".join(RECALL) if name == "kettle" else own
        assert 1 <= len(named.name.split(", ")) <= 3
        assert all(word in own for part in named.name.split(", ") for word in part.split()), named
        assert "acme" not in named.name
    assert "kettle" in naming.name(counted["kettle"], whole).name


def test_words_stand_as_people_write_them_and_pairs_are_seen() -> None:
    mine = ["My identity theft report is ignored"] * 3 + ["identity theft reports vanish"] * 4
    whole = [naming.counts(mine), naming.counts(["the courier is late with parcels"] * 20)]
    named = naming.name(whole[0], naming.together(whole))
    assert named.name.split(", ")[0] == "identity theft reports", "all say it, most of them of several"


def test_a_word_stands_once_in_a_name_in_whatever_form_and_what_says_nothing_not_at_all() -> None:
    mine = ["a late fee again", "late fees, I paid the fees", "the problem: they charge fees", "charged a late fee"] * 4
    whole = [naming.counts(mine), naming.counts(["the courier rang at the wrong door"] * 20)]
    named = naming.name(whole[0], naming.together(whole))
    assert named.name.split(", ")[0] in ("late fee", "late fees")
    words = " ".join(named.words).split()
    assert len({"fee", "fees"} & set(words)) == 1 and len({"charge", "charged"} & set(words)) == 1
    assert "problem" not in words


def test_a_phrase_is_taken_as_it_was_said_and_ends_where_a_sentence_does() -> None:
    mine = ["They repossessed my car. Neighbours saw it", "repossessed my car, neighbours laughed",
            "She repossessed my car! Neighbours again", "repossessed my car in 2 hours"]  # fmt: skip
    whole = [naming.counts(mine), naming.counts(["the courier rang at the wrong door"] * 20)]
    words = naming.name(whole[0], naming.together(whole)).words
    assert words[0] == "repossessed my car"
    assert not any(" " in one for one in words[1:])
    assert not naming.fits("my door", naming.Name("", words)), "a joining word makes no name apt"


def test_a_name_is_not_rude() -> None:
    mine = ["shitty parcel service from the depot", "a damned parcel service, the depot sleeps", "parcel service, fuck"]
    whole = [naming.counts([*mine, *mine]), naming.counts(["white screen after the update"] * 20)]
    words = " ".join(naming.name(whole[0], naming.together(whole)).words).split()
    assert {"parcel", "service", "depot"} <= set(words)
    assert not {"shitty", "damned", "fuck"} & set(words)


def test_a_name_stays_apt_while_each_part_of_it_is_still_said() -> None:
    present = naming.Name("late fee, invoice", ("late fee", "invoice", "charges"))
    assert naming.fits("fees, charged", present)
    assert naming.fits("invoice", present)
    assert not naming.fits("late fee, parcel", present)
    assert not naming.fits("", present)


def test_names_of_brands_are_no_words_however_they_are_written() -> None:
    texts = ["MoneyLamb lost my cheque", "money lamb lost a cheque", "MoneyLamb's cheque is lost"] * 4
    others = naming.counts(["late parcels from the depot"] * 12)
    mine = naming.counts(texts, ["MoneyLamb"])
    words = naming.name(mine, naming.together([mine, others])).words
    assert words == ("lost a cheque",)


def test_what_one_text_says_names_nothing() -> None:
    mine = naming.counts(["late parcel"] * 11 + ["Jane Roe of the depot in Exampleton shouted"])
    named = naming.name(mine, naming.together([mine, naming.counts(["white screen"] * 12)]))
    assert not {"jane", "roe", "exampleton"} & set(" ".join(named.words).split())


def test_what_says_nothing_of_its_own_is_named_by_what_it_says() -> None:
    mine = ["Give it back. Today, not in 5 to 7 working days.", "Give it back! Today, not in 9 working days."] * 2
    others = naming.counts(["late parcels from the depot"] * 12)
    plain, vague = naming.counts(mine), naming.counts(mine, vague=True)
    assert naming.name(plain, naming.together([plain, others])).words == ()
    named = naming.name(vague, naming.together([plain, others, vague]))
    assert named.name == "working days, today"
    assert naming.sentence(mine, named.words) == (0, "Today, not in 5 to 7 working days.")


def test_the_sentence_is_readable_and_says_the_theme() -> None:
    texts = [
        "No. " + "and then " * 60 + "the parcel was late.",
        "Hello. See https://example.org/parcel @ada: the courier left my parcel in the rain again. Bye.",
    ]
    place, sentence = naming.sentence(texts, ["parcel", "courier"])
    assert place == 1
    assert sentence.endswith("the courier left my parcel in the rain again.")
    assert "example.org" not in sentence and "@" not in sentence
    assert naming.sentence(["", "no"], ["parcel"]) == (0, "")
    titled = ["A parcel is missing again\nThe courier brought the small parcel and kept the large one"]
    assert (
        naming.sentence(titled, ["parcel", "courier"])[1]
        == "The courier brought the small parcel and kept the large one"
    )
    assert "parcel courier" not in naming.counts(["a lost parcel\ncourier late"]).words
    _, sentence = naming.sentence(["They took $500.00 for a parcel at example.org. No answer."], ["parcel"])
    assert sentence == "They took $500.00 for a parcel at example.org.", "a dot inside a word ends nothing"


def test_too_little_to_name_is_no_error() -> None:
    empty = naming.counts([])
    assert naming.name(empty, naming.together([empty])) == naming.Name("", ())
    assert naming.counts(["\x00", "...", "a" * 10**5]).texts == 3


@pytest.mark.parametrize("word", ["outing", "without's", "offed"])
def test_a_word_that_only_begins_as_a_joining_one_is_a_word(word: str) -> None:
    mine = naming.counts([f"Our {word} was ruined", f"The {word} was cold", f"An {word} into the rain"])
    rest = naming.counts(["The app crashes", "The app is slow", "The kettle leaks"])
    assert naming.name(mine, naming.together([mine, rest])).words[0] == word


def test_the_head_of_a_mail_is_no_sentence() -> None:
    head = "Home : ( ) Begin forwarded message : Date : at To : Subject : the courier lost my parcel on Monday"
    plain = "When will the courier bring the parcel that was promised"
    assert naming.sentence([head, plain], ["courier", "parcel"]) == (1, plain)
    assert naming.sentence([head.replace(" :", ""), plain], ["courier", "parcel"])[0] == 0

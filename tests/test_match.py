"""The match language: what matches, what does not, and where an error points."""

import pytest

from earful.models.match import Matchable, MatchError, compile_expression


@pytest.mark.parametrize(
    ("expression", "words", "expected"),
    [
        ("acme", "I like ACME.", True),
        ("acme", "#acme rocks", True),
        ("acme", "@acme help", True),
        ("acme", "acmeology", False),
        ("acme*", "acmeology", True),
        ("ac*e", "acme", True),
        ("acme", "昨日acmeを使った", True),
        ("日本", "東日本大", True),
        ("=Upgrade", "please upgrade me", False),
        ("=Upgrade", "Upgrade took my money", True),
        ('="Upgrade Inc"', "Upgrade, Inc took it", True),
        ('"wells fargo"', "Wells  Fargo bank", True),
        ('"wells fargo"', "fargo wells", False),
        ("acme NOT fruit", "acme fruit", False),
        ("acme NOT fruit", "acme car", True),
        ("acme AND (car OR bike)", "acme bike", True),
        ("acme (car OR bike)", "acme boat", False),
        ("acme OR other NOT fruit", "acme fruit", True),
        ("acme NEAR/2 refund", "acme owes me a refund", False),
        ("acme NEAR/3 refund", "acme owes me a refund", True),
        ("refund NEAR/3 acme", "acme owes me a refund", True),
        ("acme NEAR/0 refund", "acme refund", True),
        ("(acme OR other) NEAR/1 (refund OR money)", "other, my money", True),
        ("ORacle", "oracle", True),
        ("c++", "I write C++ daily", True),
        ("AT&T", "at&t again", True),
        ("café", "the CAFÉ", True),
    ],
)
def test_words(expression: str, words: str, expected: bool) -> None:
    assert compile_expression(expression)(Matchable(words)) is expected


def test_fields() -> None:
    text = Matchable("hello", "Ann Lee", "https://news.shop.example/x", "pt-BR", "rss:https://a.example/feed", "Acme")
    for expression in (
        'author:"ann lee"',
        "author:ann*",
        "site:shop.example",
        "lang:pt",
        "source:rss",
        "about:acme",
    ):
        assert compile_expression(expression)(text), expression
    for expression in (
        "author:bob",
        "site:hop.example",
        "lang:en",
        "source:mastodon",
        "about:other",
        "hello NOT lang:pt",
    ):
        assert not compile_expression(expression)(text), expression
    assert not compile_expression("site:a.example")(Matchable("x", url="http://[broken"))


@pytest.mark.parametrize(
    ("expression", "column", "says"),
    [
        ("", 1, "empty"),
        ("acme AND", 9, "after AND a word is missing"),
        ("(acme OR", 9, "after OR a word is missing"),
        ("acme (big OR (bad)", 6, "parenthesis is not closed; add"),
        ("(" * 3 + "acme" + ")" * 2, 1, "parenthesis is not closed"),
        ("acme (big)) OR (bad", 11, "closes nothing"),
        ("acme and fruit", 6, "and is written AND"),
        ("not acme", 1, "not is written NOT"),
        ("acme AND NOT", 13, "after NOT a word is missing"),
        ("acme NOT NOT fruit", 10, "one NOT undoes the other"),
        ("acme AND AND fruit", 10, "after AND a word is missing"),
        ("acme NEAR/200 fruit", 6, "write NEAR/99, or AND"),
        ("acme NEAR fruit", 6, "NEAR is written NEAR/5"),
        ("acme near/5 fruit", 6, "is written NEAR/5"),
        ("NEAR/5 fruit", 1, "stands between two words"),
        ("acme autor:bob", 6, "did you mean author:"),
        ("acme domain:shop.example", 6, "did you mean site:"),
        ("acme weather:fine", 6, "there is no field weather:, fields are author: site:"),
        ("acme lang:english", 6, "as in lang:en"),
        ("acme lang:en-US", 6, "without a region"),
        ("acme site:", 11, "after site: a word"),
        ("acme OR /ac+me/", 9, "regular expressions are not offered.*wild"),
        ("(a+)+$", 4, "regular expressions are not offered"),
        ("acme OR ac.*me", 9, "regular expressions are not offered"),
        (r"acme \bfruit\b", 6, "regular expressions are not offered"),
        ("acme (?:fruit)", 6, "regular expressions are not offered"),
        ("ac[mn]+e", 3, "regular expressions are not offered"),
        ("acme fruit|pie", 6, "is written fruit OR pie"),
        ("acme -fruit", 6, "written NOT fruit"),
        ("acme && fruit", 6, "&& is written AND"),
        ("“acme”", 1, "quotation marks"),
        ("acme ()", 7, "holds nothing"),
        ("acme *", 6, "alone would match everything"),
        ("a*c*m*e", 1, "at most"),
        ("acme)", 5, "closes nothing"),
        ('acme "big', 6, "quotation mark"),
        ("NOT fruit", 1, "only excluded"),
        ("acme OR NOT fruit", 1, "only excluded"),
        ("acme NEAR/3", 12, "after NEAR/3"),
    ],
)
def test_error_points_at_the_place(expression: str, column: int, says: str) -> None:
    with pytest.raises(MatchError, match=says) as caught:
        compile_expression(expression)
    assert caught.value.column == column


@pytest.mark.parametrize(
    ("expression", "says"),
    [
        (" OR ".join(f"word{number}" for number in range(900)), ""),
        ("(" * 50 + "acme" + ")" * 50, ""),
        (" NEAR/2 ".join(["a"] * 900), ""),
        (" OR ".join(["acme"] * 1001), "more than 1,000 words"),
        (" OR ".join(f"word{number}" for number in range(5000)), "longer than 10,000"),
        ("acme " * 2001, "longer than 10,000"),
        ("(" * 1000 + "acme" + ")" * 1000, "more than 50 others"),
        ("a OR (b AND " * 400 + "c" + ")" * 400, "more than 50 others"),
        ("NOT " * 1000 + "acme", "undoes the other"),
    ],
)
def test_however_large_it_is_read_or_refused_in_a_clear_line(expression: str, says: str) -> None:
    if not says:
        assert compile_expression(expression)(Matchable("acme a a " + "word7 " * 20)) in (True, False)
        return
    with pytest.raises(MatchError, match=says) as caught:
        compile_expression(expression)
    assert len(str(caught.value)) < 500
    place, caret = str(caught.value).splitlines()[1:]
    assert len(caret) <= len(place) + 1


@pytest.mark.parametrize("expression", ["a*a*b", "acme NEAR/2 refund", '"a a a"', "author:a*a*b", "*acme*"])
def test_no_text_takes_long(expression: str) -> None:
    for words in ("a" * 300_000, "acme x y z " * 20_000 + "refund a b c " * 20_000, "a " * 100_000, "(" * 100_000):
        assert compile_expression(expression)(Matchable(words, author=words)) in (True, False)


@pytest.mark.parametrize(
    ("expression", "words", "expected"),
    [
        ('"well* fargo"', "the Wells Fargo bank", True),
        ('"rock and roll"', "rock and roll", True),
        ('"and"', "this and that", True),
        ("http://acme.example", "see http://acme.example now", True),
        ("acme NEAR/1 (x OR y)", "acme a b c x; y, acme", True),
        ("c NEAR/0 a NEAR/0 b", "a b a c", True),
        ("a NEAR/0 b NEAR/0 c", "a b x a c", False),
        ("ſtill OR STRASSE", "strasse", True),
    ],
)
def test_what_looks_like_another_tools_language_is_found_when_quoted(
    expression: str, words: str, expected: bool
) -> None:
    assert compile_expression(expression)(Matchable(words)) is expected


def test_near_takes_only_words() -> None:
    with pytest.raises(MatchError, match="NEAR stands between"):
        compile_expression("acme NEAR/3 (car AND bike)")

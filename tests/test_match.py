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
        ("(acme OR", 9, "parenthesis is not closed"),
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


def test_near_takes_only_words() -> None:
    with pytest.raises(MatchError, match="NEAR stands between"):
        compile_expression("acme NEAR/3 (car AND bike)")

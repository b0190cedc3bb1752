"""Which two mentions tell the same story, each kind of copy by itself."""

import re

import pytest

from earful.models import fingerprint, stories
from earful.models.fingerprint import Fingerprint

WIRE = (
    "Acme, the maker of coffee machines, said on Monday that it recalls forty thousand kettles because their handles "
    "may come off when hot water is poured, and asks its customers to stop using them at once."
)
MORE = (
    "The company learnt of the fault from a hospital in the north, where two nurses were scalded in the same week. "
    "A spokesman would not say how many people were hurt elsewhere, nor whether the handles come from a new supplier."
)
LAST = (
    "Customers can send the kettle back free of charge or take it to any shop that sells the brand. They get their "
    "money back without a receipt. A new handle will be offered in spring, once an institute has approved it."
)
ARTICLE = f"{WIRE}\n\n{MORE}\n\n{LAST}"
OTHER = (
    "Ferrywell opens its first bakery by the harbour next week, with an oven that was built in the old customs house. "
    "The owners expect queues, for the rolls were praised at the market all summer and sold out before nine."
)
FOOTER = (
    "Subscribe to The Daily Kettle for unlimited access to all our articles, interviews and the weekend edition. "
    "Already a member? Sign in to continue reading. Follow us for breaking news, recipes and offers near you."
)
POST = "Third week without an answer from Acme about my broken kettle, this is how they treat people who paid upfront"
DAY = 86_400.0


def said(
    text: str,
    author: str = "",
    source: str = "rss:a",
    at: float = 0.0,
    title: str = "",
    rating: float | None = None,
    personal: bool = False,
) -> Fingerprint:
    return fingerprint.take(source, author, at * DAY, title, text, rating, personal)


def same(a: Fingerprint, b: Fingerprint, cosine: float | None = None) -> bool:
    """Whether two mentions are copies and find each other; without an embedding unless a cosine is given."""
    least = stories.likeness(a, b)
    assert least == stories.likeness(b, a), "it is the same from both sides"
    copies = least == stories.SURE or (cosine is not None and cosine >= least)
    assert not copies or set(stories.places(a)) & set(stories.places(b)), "copies must meet somewhere"
    return copies


@pytest.mark.parametrize(
    "copy",
    [
        ARTICLE,
        ARTICLE.upper(),
        "  " + ARTICLE.replace(" ", "\n"),
        ARTICLE.replace(",", " –").replace("Monday", "“Monday”"),
        f"LONDON (Daily Kettle) - {ARTICLE}",
        f"{ARTICLE}\n\n{FOOTER}",
        f"Kettles: what we know\n\n{ARTICLE} https://example.org/kettles",
        f"“{ARTICLE}” — via The Daily Kettle",
        ARTICLE.replace("thousand", "thuosand").replace("spokesman", "spoksman").replace("receipt", "reciept"),
        f"{WIRE}\n\n{LAST}",
        WIRE,
        ARTICLE[:150] + "…",
        ARTICLE[:260] + " [...]",
    ],
    ids=[
        *("whole", "capitals", "lines", "marks", "dateline", "footer", "headline", "quoted", "typos"),
        *("shortened", "lead", "teaser", "longer teaser"),
    ],
)
def test_an_article_and_what_papers_make_of_it(copy: str) -> None:
    assert same(said(ARTICLE, "Ada Wire"), said(copy, "Bo Print", "rss:b", 2))


def test_a_headline_of_its_own_does_not_count() -> None:
    title = "Hot water, loose handles"
    assert same(said(WIRE, title="Kettles recalled"), said(f"{title}\n{WIRE}", title=title, source="rss:b"))
    alone = "Acme recalls forty thousand kettles over loose handles"
    assert same(said(alone, title=alone), said(f"{alone} - Daily Kettle", title=f"{alone} - Daily Kettle", source="b"))


def test_a_paragraph_from_the_middle_needs_an_embedding_that_agrees() -> None:
    part = said(MORE, source="rss:b", at=1)
    assert not same(said(ARTICLE), part)
    assert same(said(ARTICLE), part, 0.5)
    assert not same(said(ARTICLE), part, 0.3)


def test_what_is_older_than_the_text_it_stands_in_is_quoted_there() -> None:
    assert not same(said(ARTICLE, at=1), said(MORE, source="rss:b", at=0), 0.9)


def test_a_teaser_under_a_long_footer_needs_an_embedding_that_agrees() -> None:
    teaser = said(f"{WIRE}\n\n{FOOTER}", source="rss:b", at=1)
    assert not same(said(ARTICLE), teaser)
    assert same(said(ARTICLE), teaser, 0.9)


def test_other_texts_are_other_stories_whatever_frames_them() -> None:
    for cosine in (None, 0.9):
        assert not same(said(f"{WIRE} {FOOTER}"), said(f"{OTHER} {FOOTER}"), cosine)
        assert not same(said(f"{ARTICLE} {OTHER}"), said(f"{LAST} {MORE[:90]} {FOOTER} {OTHER}", at=-1), cosine)
    assert not same(said(WIRE), said(OTHER), 1.0)


@pytest.mark.parametrize(
    "copy", [f"RT @ada: {POST}", f"RT @ada@social.example {POST}", f"RT @ada: {POST[:90]}…",
             f"RT @bo: RT @ada: {POST}", f"So true! RT @ada: {POST}", f"{POST} via @ada", f"{POST} #fail #kettle https://t.example/1",
             f"@acme {POST}", POST.upper() + " 🔥🔥"],
)  # fmt: skip
def test_retweets_and_cross_posts(copy: str) -> None:
    assert same(said(POST, "@ada", "mastodon:a"), said(copy, "bo", "bluesky:b"))


def test_a_quote_with_a_comment_is_a_statement_of_its_own() -> None:
    comment = "I had the opposite experience with them last year, they were quick and friendly"
    for text in (f"{comment} RT @ada: {POST}", f"{POST} {comment}, and nobody made me say so, believe it or not"):
        assert not same(said(POST, "ada"), said(text, "bo"), 0.8)
    assert same(said(comment, "bo"), said(f"{comment} RT @ada: {POST}", "bo", "mastodon:b"))


def test_two_people_who_say_the_same_few_words_are_two() -> None:
    great = said("Great app!", "ada")
    assert not same(great, said("Great app!", "bo"), 1.0)
    assert not same(said("Great app!"), said("Great app!", source="rss:b"), 1.0), "too little, where nobody is named"
    assert same(great, said("great app", "ada@social.example", "mastodon:b")), "one author on two networks"
    assert not same(great, said("Great app!", "ada", at=8), 1.0), "said again, or by another of that name"
    assert same(great, said("RT @ada: Great app!", "bo"))
    assert same(said("RT @ada: Great app!", "cy"), said("RT @ada: Great app!", "bo"))
    for nobody in ("A Google user", "Anonymous"):
        assert not same(said("Great app!", nobody), said("Great app!", nobody), 1.0)
    question = "Can anyone recommend a good alternative to Acme kettles?"
    assert not same(said(question, "ada"), said(question, "bo"), 1.0)
    assert same(said(question, "ada"), said(question, source="rss:b"))


REVIEW = "The lid broke after two weeks and the shop would neither mend it nor give me my money back"


def review(text: str = REVIEW, **more: object) -> Fingerprint:
    return said(text, **{"author": "Jane D.", "source": "trustpilot:a", "rating": 1.0, "personal": True, **more})


def test_a_review_on_two_sites_is_one_and_two_reviews_are_two() -> None:
    assert same(review(), review(source="reviewpage:a", author="jane_doe", at=2))
    assert same(review(), review(source="reviewpage:a", author="", at=2))
    assert not same(review(), review(), 1.0), "on one site they are two people's"
    for other in (
        {"author": "Bo"},
        {"rating": 2.0},
        {"at": 9},
        {"rating": None},
        {"text": REVIEW + " which I find sad"},
    ):
        assert not same(review(), review(**{"source": "reviewpage:a", **other}), 1.0), other
    assert not same(review("Great app!"), review("Great app!", source="reviewpage:a"), 1.0)
    assert not same(review(), said(REVIEW, "Jane D.", "rss:b"), 1.0), "a post is no review"


def test_letters_of_one_template_are_as_many_as_were_sent() -> None:
    one, two = (said(f"{ARTICLE} I lost {lost} dollars.", source="cfpb:a", personal=True) for lost in (30, 40))
    assert not same(one, two, 1.0)


def test_a_report_with_other_figures_is_another_report() -> None:
    report = (
        "Shares of Acme opened at {} dollars and closed at {} on volume of {}, the exchange says, with a range of {}"
    )
    one, two = (said(report.format(*figures)) for figures in ((10, 12, 900, 3), (14, 11, 700, 4)))
    assert not same(one, two, 1.0)
    assert same(one, said(report.format(10, 12, 900, 4), source="rss:b"))


def test_what_comes_back_after_a_month_is_news_again() -> None:
    assert same(said(ARTICLE), said(ARTICLE, at=29))
    assert not same(said(ARTICLE), said(ARTICLE, at=31), 1.0)


HOSTILE = ["", "😀", "\n" * 100_000, "word " * 210_000, "\ud800 \udfff", "\x00\u202e", "a" * 1_000_000, "RT @" * 30_000]


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_hostile_texts_have_fingerprints(text: str) -> None:
    one, two = said(text, "ada\ud800"), said(text, "bo", "rss:b")
    assert fingerprint.unpack(fingerprint.pack(one)) == one
    assert len(fingerprint.pack(one)) < 50_000
    assert len(stories.places(one)) < 1_000
    same(one, two)
    if not one.words:
        assert not same(one, one, 1.0), "nothing is said in it"


def test_fingerprints_come_back_as_they_were() -> None:
    for one in (said(ARTICLE, "Ada", title="T"), review(), said(f"RT @ada: {POST}…"), said("7 of 9 in 2024, 1 2 3")):
        assert fingerprint.unpack(fingerprint.pack(one)) == one


@pytest.mark.parametrize("cut", range(0, 90, 7))
def test_any_passage_of_a_long_text_finds_it(cut: int) -> None:
    long = " ".join(f"w{number * number % 991}" for number in range(600))
    part = " ".join(long.split()[cut * 5 : cut * 5 + 40])
    assert set(stories.places(said(long))) & set(stories.places(said(part)))


def test_other_scripts_have_words_too() -> None:
    russian = (
        "Компания отозвала сорок тысяч чайников потому что ручки могут отвалиться когда льют горячую воду на кухне"
    )
    assert same(said(russian), said(russian.upper(), source="rss:b"))
    chinese = "这家公司周一表示将召回四万个水壶因为倒热水时把手可能会脱落"
    assert same(said(chinese), said(f"{chinese}请顾客立即停止使用。", source="rss:b"))


def test_names_of_new_stories() -> None:
    assert re.fullmatch(r"[0-9a-f]{16}", stories.own("rss:a", "1", "d"))
    names = {stories.own(*name) for name in (("a", "bc", "d"), ("ab", "c", "d"), ("a", "bc", "e"), ("a", "bc", "d", 1))}
    assert len(names) == 4

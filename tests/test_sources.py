"""What each connector makes of its own source."""

from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest
from answers import FIXTURES, READ, answer, by_id, read, target

from earful.connectors import feed, hackernews, rss
from earful.connectors.types import ConnectorError, Page


def test_hacker_news_stories_and_comments() -> None:
    found = by_id(read(FIXTURES / "hackernews" / "search.json"))
    comment = found["9000002"]
    assert comment.title == "Acme opens its design files" and comment.parent == "9000001"
    assert comment.text.startswith("It's the lid.\n\nMine leaked on day two, see here.\n\nNever again. if (a < b)")
    assert comment.url == "https://news.ycombinator.com/item?id=9000002"
    assert found["9000003"].text == found["9000003"].title and found["9000003"].engagement == 53
    assert found["9000001"].published == datetime(2026, 6, 2, 8, 0, tzinfo=UTC)


def test_app_store_reviews_in_json_and_xml_are_the_same_review() -> None:
    shown = by_id(read(FIXTURES / "appstore" / "reviews.json"))
    review = shown["7003"]
    assert review.rating == 1 and review.engagement == 4 and review.about == "us/123456789"
    assert review.url == "https://apps.apple.com/us/app/id123456789?see-all=reviews"
    assert review.published == datetime(2026, 6, 2, 10, 15, tzinfo=UTC)
    assert shown["7001"].text == "a < b, I <3 the timer"
    xml = by_id(read(FIXTURES / "appstore" / "reviews.xml"))["7003"]
    assert (xml.title, xml.published, xml.rating, xml.url) == (review.title, review.published, 1, review.url)
    assert xml.text == "Tried five times.\nGave up."


def test_app_store_leaves_out_the_app_and_takes_a_lone_review() -> None:
    old = read(FIXTURES / "appstore" / "old-with-app.json")
    assert [(mention.id, mention.dated) for mention in old.mentions] == [("6001", False)] and not old.refused
    assert list(by_id(read(FIXTURES / "appstore" / "single-review.json"))) == ["5001"]


def test_app_store_empty_at_first_is_an_app_without_reviews_and_later_a_fault() -> None:
    path = FIXTURES / "appstore" / "no-review.json"
    assert read(path) == Page((), {})
    with pytest.raises(ConnectorError, match="no review"):
        read(path, {"since": 1780394400})
    assert read(path, {"since": 5, "top": 1780394400, "next": 4, "pages": 3}).cursor == {"since": 1780394400}


def test_mastodon_posts() -> None:
    page = read(FIXTURES / "mastodon" / "tag.json")
    found = by_id(page)
    assert len(found) == 3 and len(page.refused) == 1 and "not to be indexed" in page.refused[0]
    first = found["social.example/users/ada/statuses/115000000000000009"]
    assert first.text == "My #acme kettle leaks.\n\nLine one\nline two"
    assert first.author == "ada@social.example" and first.engagement == 6
    other = found["other.example/users/noa/statuses/55"]
    assert other.author == "noa@other.example" and other.language == "he" and other.parent == "115000000000000006"
    picture = found["social.example/users/ada/statuses/115000000000000006"]
    assert picture.text == "A kettle in a puddle" and picture.title == "kitchen sadness"


def test_mastodon_says_what_came_instead_of_posts() -> None:
    with pytest.raises(ConnectorError, match="a list of posts, got an object with error"):
        read(FIXTURES / "mastodon" / "error.json")


def test_rss_items() -> None:
    page = read(FIXTURES / "rss" / "blog.xml")
    found = by_id(page)
    kettle = found["kettles.example.org/?p=311"]
    assert kettle.url == "https://kettles.example.org/acme-three-weeks"
    assert kettle.title == "Acme's new kettle – three weeks on"
    assert kettle.text == "The lid leaks.\n\nSupport said: “known issue”.\nI want my money back."
    assert kettle.published == datetime(2026, 6, 2, 0, 30, tzinfo=UTC) and kettle.engagement == 14
    assert kettle.author == "Maud Ellery" and kettle.language == "en-GB"
    minutes = found["news.example.org/minutes/12"]
    assert minutes.author == "The Tea Club" and minutes.text == "We boiled 4 l < 3 min. I <3 it."
    assert minutes.url == "https://news.example.org/minutes/12"


def test_news_alerts_lead_to_the_article() -> None:
    (alert,) = read(FIXTURES / "rss" / "alert.atom").mentions
    assert alert.url == "https://zeitung.example/wirtschaft/acme?id=9"
    assert alert.title == "Acme ruft Wasserkocher zurück" and alert.language == "de"
    assert alert.parent == "tag:alerts.example,2026:item/0"


def test_news_search_names_the_publisher_and_ids_given_twice_do_not_merge() -> None:
    page = read(FIXTURES / "rss" / "news.xml")
    news = by_id(page)["CBMi111"]
    assert news.author == "The Daily Steam" and news.title == "Acme recalls 4,000 kettles"
    assert len(by_id(page)) == 3


def test_json_feed() -> None:
    page = read(FIXTURES / "rss" / "feed.json")
    found = by_id(page)
    assert found["7"].url == "https://news.example.org/notes/7" and found["7"].author == "Ines Ardal"
    assert found["7"].published == datetime(2026, 6, 1, 17, 0, tzinfo=UTC)
    assert found["8"].text == "one\n\ntwo" and found["8"].title.startswith("List")
    assert len(page.mentions) == 2 and len(page.refused) == 1


def test_the_same_items_under_moved_ids_stay_the_same() -> None:
    shown = (FIXTURES / "rss" / "blog.xml").read_text()
    moved = shown.replace("https://www.kettles.example.org/?p=311", "http://kettles.example.org/?p=311&amp;fbclid=abc")
    assert by_id(rss.parse(answer(moved), {})).keys() == by_id(rss.parse(answer(shown), {})).keys()


def test_a_feed_cut_short_gives_what_is_whole() -> None:
    assert "whole" in by_id(read(FIXTURES / "rss" / "cut.xml"))


def test_encodings_that_nobody_declares_or_that_were_applied_twice() -> None:
    assert "péssimo: ninguém respondeu às" in read(FIXTURES / "rss" / "undeclared-latin1.xml").mentions[0].text
    assert read(FIXTURES / "rss" / "double-encoded.xml").mentions[0].text.endswith("près de la prise, c’est dangereux")


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-be", "utf-16-le", "utf-8-sig"])
def test_wide_encodings(encoding: str) -> None:
    item = "<item><guid>1</guid><title>Čajník teče</title></item>"
    content = f'<rss version="2.0"><channel>{item}</channel></rss>'.encode(encoding)
    assert [mention.title for mention in rss.parse(answer(content), {}).mentions] == ["Čajník teče"]


def test_a_feed_is_asked_only_for_news_and_a_304_changes_nothing() -> None:
    headers = {"ETag": 'W/"abc"', "Last-Modified": "Tue, 02 Jun 2026 10:00:00 GMT"}
    cursor = rss.parse(answer((FIXTURES / "rss" / "blog.xml").read_bytes(), **headers), {}).cursor
    request = rss.request(target("rss"), cursor)
    assert request.headers["If-None-Match"] == 'W/"abc"'
    assert request.headers["If-Modified-Since"] == "Tue, 02 Jun 2026 10:00:00 GMT"
    unchanged = httpx.Response(304, request=request)
    assert rss.parse(unchanged, cursor) == Page((), cursor)


def test_hostile_feed_items_become_words() -> None:
    page = read(FIXTURES / "rss" / "hostile.xml")
    found = by_id(page)
    assert found["h1"].title == "Free kettles" and found["h1"].text == "Look" and found["h1"].url == ""
    assert not found["h1"].dated and found["h1"].published == READ
    assert found["h2"].title == "moc.elpmaxe pay here" and found["h2"].text == "twice escaped"
    assert found["h2"].author == "Mallory" and not found["h2"].dated
    assert any(mention.url == "https://bank.example.org/login" for mention in page.mentions)
    assert "h4" not in found and any("h4" in reason for reason in page.refused)
    assert found["h5"].text == "a < b and c > d, List< String>" and found["h5"].url == ""


def test_a_feed_that_hangs_its_parser_is_given_up() -> None:
    author = "a@" + "a." * 32_000 + "!"
    flood = f'<rss version="2.0"><channel><item><title>x</title><author>{author}</author></item></channel></rss>'
    with pytest.raises(ConnectorError, match="longer than 5 s"):
        rss.parse(answer(flood), {})


def test_a_flood_of_comments_is_read_past() -> None:
    item = f"<title>x</title><description>{'&lt;!--' * 80_000}</description>"
    flood = f'<rss version="2.0"><channel><item>{item}</item></channel></rss>'
    assert [mention.text for mention in rss.parse(answer(flood), {}).mentions] == ["x"]


def test_entity_bombs_and_foreign_entities_stay_outside(tmp_path: Path) -> None:
    secret = tmp_path / "secret.txt"
    secret.write_text("the secret itself")
    levels = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))
    for entities, used in ((f'<!ENTITY l0 "lol">{levels}', "&l9;"), (f'<!ENTITY e SYSTEM "file://{secret}">', "&e;")):
        bomb = f'<?xml version="1.0"?><!DOCTYPE rss [{entities}]><rss version="2.0"><channel><item><guid>1</guid>'
        bomb += f"<title>words {used}</title></item></channel></rss>"
        try:
            page = rss.parse(answer(bomb), {})
        except ConnectorError:
            continue
        assert all("secret" not in mention.text and len(mention.text) < 100 for mention in page.mentions)


def test_a_feed_is_cut_at_500_items() -> None:
    items = "".join(f"<item><guid>{number}</guid><title>item {number}</title></item>" for number in range(700))
    page = rss.parse(answer(f'<rss version="2.0"><channel>{items}</channel></rss>'), {})
    assert len(page.mentions) == feed.ENTRIES == 500


def test_hackernews_keeps_quotes_together() -> None:
    assert hackernews.request('"acme cloud"', {}).url.params["query"] == '"acme cloud"'

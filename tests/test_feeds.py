"""What the feed connector makes of the places people are sent to: news searches, forums, reviews, videos, podcasts."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from answers import FIXTURES, answer, by_id, read

from earful.connectors import dialects, rss
from earful.connectors.types import Mention
from earful.data import store, versions
from earful.data.database import Database

FEEDS = FIXTURES / "rss"


def found(name: str) -> dict[str, Mention]:
    return by_id(read(FEEDS / name))


def entry(link: str, body: str, title: str = "A title") -> Mention:
    """The one mention of a feed that shows one item."""
    item = f"<title>{title}</title><link>{link}</link><description><![CDATA[{body}]]></description>"
    (mention,) = rss.parse(answer(f'<rss version="2.0"><channel><item>{item}</item></channel></rss>'), {}).mentions
    return mention


def test_bing_news_leads_to_the_article_and_names_the_paper() -> None:
    news = found("bing.xml")
    named, unnamed = news["steam.example/recall?id=9"], news["ferrywell.example/answers"]
    assert named.url == "https://www.steam.example/recall?id=9" and named.author == "The Daily Steam"
    assert unnamed.author == "ferrywell.example", "whoever the link leads to"


def test_google_alerts_name_the_page_they_lead_to_as_publisher() -> None:
    (alert,) = found("google-alert.atom").values()
    assert alert.url == "https://www.post.example/recall" and alert.author == "post.example"
    assert alert.title == "Acme recalls kettles - Ferrywell Post"
    assert alert.text == "The lids of 4,000 Acme kettles may open ..."


def test_google_news_is_its_headline_and_other_papers_headlines_are_not_its_words() -> None:
    news = sorted(found("google-news.xml").values(), key=lambda one: one.author)
    assert [(one.title, one.text, one.author) for one in news] == [
        ("Acme recalls 4,000 kettles", "Acme recalls 4,000 kettles", paper)
        for paper in ("Ferrywell Post", "The Daily Steam")
    ]


def test_google_news_under_another_opaque_address_is_the_same() -> None:
    shown = (FEEDS / "google-news.xml").read_text()
    again = rss.parse(answer(shown.replace("CBMiAAA", "CBMiDDD").replace("Brimstone gains", "Brimstone loses")), {})
    assert (
        again.mentions == read(FEEDS / "google-news.xml").mentions[:0]
        or by_id(again).keys() == by_id(read(FEEDS / "google-news.xml")).keys()
    )
    later = rss.parse(answer(shown.replace("02 Jun 2026", "01 Jun 2026")), {})
    assert by_id(later).keys().isdisjoint(by_id(again)), "the same headline on another day is another article"


def test_reddit_says_who_where_and_what_is_answered() -> None:
    page = read(FEEDS / "reddit-thread.atom")
    post, comment = by_id(page)["t3_1abcde"], by_id(page)["t1_nzaaa1"]
    assert (post.author, post.about, post.parent, post.text) == (
        "maud_e",
        "r/kettles",
        "",
        "Day two and the lid leaks.",
    )
    assert (comment.author, comment.title, comment.parent) == ("ines", "My Acme leaks", "t3_1abcde")
    assert page.gone == ("t1_nzaaa2",)


def test_brackets_are_a_deletion_on_reddit_alone() -> None:
    assert not dialects.deleted(entry("https://blog.example.org/1", "[deleted]"))
    assert not dialects.deleted(entry("https://www.reddit.com/r/kettles/comments/1a/x/", "[deleted] is what it said"))
    assert dialects.deleted(entry("https://old.reddit.com/r/kettles/comments/1a/x/", "[ Removed by moderator ]"))


def test_youtube_counts_who_rated_not_who_looked() -> None:
    (video,) = found("youtube.atom").values()
    assert (video.author, video.engagement, video.rating) == ("Kettle Tests", 346, None)
    assert video.text == "Which one boils first?" and video.published == datetime(2026, 6, 1, 15, 29, 38, tzinfo=UTC)


def test_discourse_handles_and_what_stands_below_every_post() -> None:
    topic, reply = found("discourse.xml").values()
    assert (topic.author, topic.engagement, topic.text) == ("maud", 13, "It leaks.\n\nSee the picture.")
    assert (reply.author, reply.engagement, reply.text) == ("ines", 0, "גם אצלי.")


def test_reviews_on_wordpress_org_have_their_stars() -> None:
    address = "https://wordpress.org/support/plugin/acme-forms/reviews/feed/"
    page = rss.parse(answer((FEEDS / "wordpress-reviews.xml").read_bytes(), address), {})
    angry, happy, neither = page.mentions
    assert (angry.title, angry.rating, angry.engagement) == ("Ate my form", 1.0, 0)
    assert (angry.text, angry.about, angry.author) == ("Update: 3 entries are gone.", "acme-forms", "maudellery")
    assert (happy.title, happy.text, happy.rating, happy.engagement) == ("Alles prima", "Alles prima", 5.0, 2)
    assert (neither.title, neither.text) == ("How do I (re)set 5 fields", "Version: 7.0 does not.")
    assert neither.rating is None


def test_a_reply_to_a_review_moves_nothing(tmp_path: Path) -> None:
    shown = (FEEDS / "wordpress-reviews.xml").read_text()
    answered = shown.replace("Replies: 0", "Replies: 1").replace("01 Jun 2026 10:00", "03 Jun 2026 10:00")
    assert answered.count("Replies: 1") == answered.count("03 Jun") == 1
    now = datetime(2026, 6, 3, 12, tzinfo=UTC)
    with Database(tmp_path).transaction() as con:
        store.save_page(con, "rss:x", rss.parse(answer(shown), {}).mentions, now)
        kept = store.save_page(con, "rss:x", rss.parse(answer(answered), {}).mentions, now + timedelta(hours=1))
        assert (kept.new, kept.changed, kept.known) == (0, 0, 3)
        published = con.execute("SELECT published, engagement FROM mentions WHERE title = 'Ate my form'").fetchone()
        assert published == (datetime(2026, 6, 1, 10, tzinfo=UTC), 1)
        assert versions.history(con, "rss:x", "wordpress.org/support/topic/ate-my-form").versions == ()


def test_podcasts() -> None:
    seven, six = found("podcast.xml")["steam-7"], found("podcast.xml")["steam-6"]
    assert (seven.author, seven.url) == ("Maud Ellery", "https://radio.example/steam/7")
    assert seven.text == "We opened an Acme and looked at the lid."
    assert six.author == "Ferrywell Radio", "the publisher, not the desk's mail address"
    assert six.url == "https://radio.example/6.mp3" and six.text == "On Brimstone"


def test_blogs_without_what_their_hosts_put_below() -> None:
    medium, substack, wordpress, linked = found("blogs.xml").values()
    assert medium.url == "https://medium.com/@maud/goodbye-acme-0123456789ab"
    assert medium.text == "It leaked for the last time." and medium.author == "Maud Ellery"
    assert substack.text == "Acme wrote to me." and substack.author == "Ines Ardal"
    assert wordpress.text == "Boil it.", "the blog's own name is nobody's opinion"
    assert linked.text == "One.\n\nThe paper says that the lid of the Acme leaks."


def test_whoever_publishes_speaks_where_nobody_is_named() -> None:
    assert [one.author for one in read(FEEDS / "publisher.atom").mentions] == ["Ferrywell Post", "Noa"]


@pytest.mark.parametrize(
    ("body", "text"),
    [
        (
            'Read it.<p>Statistics: Posted by <a href="https://x.example/u">Noa</a> — 29 minutes ago</p><hr />',
            "Read it.",
        ),
        ("<p>Statistics: Posted by <a href='/u'>Noa</a></p><p>More.</p>", "Statistics: Posted by Noa\n\nMore."),
        ('<p><a href="https://blog.example.org/1?utm_source=x">Read more</a></p>', "Read more"),
        ('<p>One.</p><p><a href="https://blog.example.org/2">Read more</a></p>', "One.\n\nRead more"),
        ("<p>One.</p><p><small>2 cups - 1 kettle</small> of tea</p>", "One.\n\n2 cups - 1 kettle of tea"),
        ("<p>" + "x " * 5_000 + "</p><p><a href='https://blog.example.org/1/'>…</a></p>", ("x " * 5_000).strip()),
    ],
)
def test_only_what_a_host_adds_is_left_out(body: str, text: str) -> None:
    assert entry("https://blog.example.org/1", body).text == text


def test_an_item_without_a_guid_is_known_by_its_discussion() -> None:
    item = "<item><title>A</title><link>{}</link><comments>{}</comments></item>"
    page = f'<rss version="2.0"><channel>{item}</channel></rss>'
    discussion = "https://forum.example.org/item?id=7"
    ids = {
        by_id(rss.parse(answer(page.format(link, discussion)), {})).popitem()[0]
        for link in ("https://a.example.org/", "https://b.example.org/")
    }
    assert ids == {"forum.example.org/item?id=7"}


def test_a_counter_of_clicks_is_no_address() -> None:
    item = "<title>A</title><link>http://feeds.example/~r/x/~3/abc/</link>"
    origin = (
        '<feedburner:origLink xmlns:feedburner="http://rssnamespace.org/feedburner/ext/1.0">{}</feedburner:origLink>'
    )
    content = f'<rss version="2.0"><channel><item>{item}{origin.format("https://a.example/1")}</item></channel></rss>'
    assert rss.parse(answer(content), {}).mentions[0].url == "https://a.example/1"


def test_hostile_words_in_known_places_stay_words() -> None:
    page = read(FEEDS / "hostile-places.xml")
    said = by_id(page)
    assert said["w"].rating is None and said["w"].title == "(9 stars) (0 stars)"
    assert said["w2"].title == "(5 stars)" and said["w2"].engagement == 0
    assert said["v"].engagement == 0 and said["d"].engagement == 0
    assert said["g"].url.startswith("https://www.google.com/url") and said["g2"].url == "https://www.google.com/amp/s/"
    assert said["t1_x"].author == "mallory" and page.gone == ()

"""One contract for all connectors, on small invented answers in the recorded shapes, and what each makes of its own."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from contract import broken, markup

from earful import connectors
from earful.connectors import appstore, feed, hackernews, mastodon, rss, text
from earful.connectors.types import Blocked, ConnectorError, Cursor, Mention, Page

FIXTURES = Path(__file__).parent / "fixtures"
ANSWERS = sorted(
    path for name in connectors.names() for path in (FIXTURES / name).iterdir() if path.name != "target.txt"
)
READ = datetime(2026, 6, 3, 12, 0, tzinfo=UTC)
SOURCE = Path(connectors.__file__).parent


def target(name: str) -> str:
    return (FIXTURES / name / "target.txt").read_text().strip()


def answer(content: bytes | str, address: str = "https://news.example.org/feed.xml", **headers: str) -> httpx.Response:
    """Builds an answer that was read at READ."""
    dated = {"Date": READ.strftime("%a, %d %b %Y %H:%M:%S GMT"), **headers}
    return httpx.Response(200, content=content, headers=dated, request=httpx.Request("GET", address))


def read(path: Path, cursor: Cursor | None = None) -> Page:
    page: Page = connectors.find(path.parent.name).parse(answer(path.read_bytes()), cursor or {})
    return page


def by_id(page: Page) -> dict[str, Mention]:
    return {mention.id: mention for mention in page.mentions}


# The contract


@pytest.mark.parametrize("name", connectors.names())
def test_a_connector_is_one_small_file_with_two_functions(name: str) -> None:
    module = connectors.find(name)
    assert len((SOURCE / f"{name}.py").read_text().splitlines()) < 60
    assert "https://" in module.__doc__ and "Target:" in module.__doc__ and "erms" in module.__doc__
    public = {key for key, value in vars(module).items() if callable(value) and value.__module__ == module.__name__}
    assert {one for one in public if not one.startswith("_")} == {"request", "parse"}


@pytest.mark.parametrize("name", connectors.names())
def test_a_request_is_an_http_address_and_a_wrong_target_says_the_right_form(name: str) -> None:
    request = connectors.find(name).request(target(name), {})
    assert isinstance(request, httpx.Request) and request.url.scheme in ("http", "https") and request.url.host
    for wrong in ("", " ", "\x00" * 300, "file:///etc/passwd" * 30):
        with pytest.raises(ValueError, match=name):
            connectors.find(name).request(wrong, {})


@pytest.mark.parametrize("path", ANSWERS, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_every_mention_keeps_the_contract_and_reading_twice_gives_the_same(path: Path) -> None:
    try:
        page = read(path)
    except ConnectorError:
        assert path.stem == "error"
        return
    faults = [f"{mention.id}: {fault}" for mention in page.mentions for fault in broken(mention, READ)]
    assert not faults
    assert json.loads(json.dumps(page.cursor)) == page.cursor
    assert read(path) == page


@pytest.mark.parametrize("name", connectors.names())
@pytest.mark.parametrize(
    "content",
    [
        *(b"", b" \n", b"\x00\xff\xfe", b"{", b"[]", b"{}", b"null", b"7", b'"text"', b'{"feed": 1}', b'{"hits": 2}'),
        *(b"[1]", b"<html><title>Log in</title></html>", b"[" * 50_000, b"<rss", b"\x1f\x8b\x08cut"),
        b'{"feed":{"entry":[[]]}}',
    ],
)
def test_no_answer_crashes_a_connector(name: str, content: bytes) -> None:
    try:
        page = connectors.find(name).parse(answer(content), {})
    except ConnectorError as error:
        assert str(error)
    else:
        assert page.mentions == () and not page.more


@pytest.mark.parametrize("name", connectors.names())
@pytest.mark.parametrize(
    "cursor",
    [
        {"since": "x", "next": [], "top": {}, "pages": None},
        {"high_water": 3, "etag": 7},
        {"since": -5, "next": -1},
        {"since": 1e300, "pages": True, "etag": "a\nb: c", "modified": "\ud800"},
    ],
)
def test_a_cursor_of_another_shape_is_survived(name: str, cursor: Cursor) -> None:
    module = connectors.find(name)
    assert isinstance(module.request(target(name), cursor), httpx.Request)
    for path in (path for path in ANSWERS if path.parent.name == name and path.stem not in ("error", "no-review")):
        assert module.parse(answer(path.read_bytes()), cursor).mentions == read(path).mentions


@pytest.mark.parametrize("name", connectors.names())
def test_a_web_page_is_a_wall(name: str) -> None:
    with pytest.raises(Blocked, match="web page"):
        connectors.find(name).parse(answer("<!DOCTYPE html><html><body>Please log in</body></html>"), {})


def test_an_unknown_connector_names_those_there_are() -> None:
    with pytest.raises(ValueError, match="appstore, hackernews, mastodon, rss"):
        connectors.find("http")


# Walking back: sources that answer newest first, imitated


def hackernews_source(times: list[int]) -> Callable[[httpx.Request], httpx.Response]:
    def serve(request: httpx.Request) -> httpx.Response:
        found = sorted(times, reverse=True)
        for bound in request.url.params["numericFilters"].split(","):
            limit = int(bound.rpartition("=")[2] if "=" in bound else bound.rpartition(">")[2])
            found = [time for time in found if (time <= limit if "<=" in bound else time > limit)]
        size = int(request.url.params["hitsPerPage"])
        hits = [{"objectID": str(time), "created_at_i": time, "title": f"story {time}"} for time in found[:size]]
        return answer(json.dumps({"hits": hits, "hitsPerPage": size}))

    return serve


def mastodon_source(times: list[int]) -> Callable[[httpx.Request], httpx.Response]:
    def serve(request: httpx.Request) -> httpx.Response:
        before = int(request.url.params.get("max_id", "9" * 18))
        found = sorted((time for time in times if time << 16 < before), reverse=True)
        posts = [
            {
                "id": str(time << 16),
                "uri": f"{time}",
                "content": f"<p>post {time}</p>",
                "created_at": datetime.fromtimestamp(time, UTC).isoformat(),
            }
            for time in found[: int(request.url.params["limit"])]
        ]
        return answer(json.dumps(posts))

    return serve


def appstore_source(times: list[int]) -> Callable[[httpx.Request], httpx.Response]:
    def serve(request: httpx.Request) -> httpx.Response:
        page = int(request.url.path.partition("page=")[2].partition("/")[0])
        found = sorted(times, reverse=True)[(page - 1) * 50 : page * 50]
        entries = [
            {
                "id": {"label": str(time)},
                "im:rating": {"label": "3"},
                "title": {"label": f"review {time}"},
                "updated": {"label": datetime.fromtimestamp(time, UTC).isoformat()},
            }
            for time in found
        ]
        return answer(json.dumps({"feed": {"entry": entries} if entries else {}}))

    return serve


SOURCES = {"hackernews": hackernews_source, "mastodon": mastodon_source, "appstore": appstore_source}
START = int(READ.timestamp()) - 40 * 86400


def visit(name: str, times: list[int], cursor: Cursor, kept: set[str], *, stop_after: int = 1000) -> tuple[Cursor, int]:
    """Asks until the source says there is no more, keeping each page with its cursor; returns cursor and requests."""
    module, serve = connectors.find(name), SOURCES[name](times)
    for count in range(1, stop_after + 1):
        page = module.parse(serve(module.request(target(name), cursor)), cursor)
        kept |= {mention.id for mention in page.mentions}
        cursor = json.loads(json.dumps(page.cursor))
        if not page.more:
            return cursor, count
    return cursor, stop_after


@pytest.mark.parametrize("name", SOURCES)
def test_a_first_walk_reads_everything_and_the_next_visit_little(name: str) -> None:
    times = [START + 3 * 3600 * number for number in range(320)]
    kept: set[str] = set()
    cursor, count = visit(name, times, {}, kept)
    assert kept == {str(time) for time in times}
    assert cursor == {"since": max(times)} and count > 1
    again, few = visit(name, times, cursor, kept)
    assert again == cursor and few <= 2


@pytest.mark.parametrize("name", SOURCES)
def test_what_arrives_during_a_broken_walk_is_not_lost(name: str) -> None:
    times = [START + 3600 * number for number in range(400)]
    kept: set[str] = set()
    cursor, _ = visit(name, times, {}, kept)
    times += [max(times) + 3600 * number for number in range(1, 301)]
    cursor, _ = visit(name, times, cursor, kept, stop_after=1)  # the walk breaks off half-way
    assert cursor["since"] < max(times), "the mark has moved although something lies between"
    times += [max(times) + 600 * number for number in range(1, 30)]
    for _ in range(2):  # first the rest of the broken walk, then what came since
        cursor, _ = visit(name, times, cursor, kept)
    assert kept == {str(time) for time in times}
    assert cursor == {"since": max(times)}


@pytest.mark.parametrize("name", SOURCES)
def test_what_a_source_shows_late_is_found_within_the_overlap(name: str) -> None:
    times = [START + 7200 * number for number in range(100)]
    kept: set[str] = set()
    cursor, _ = visit(name, times, {}, kept)
    late = max(times) - 1800
    visit(name, [*times, late], cursor, kept)
    assert str(late) in kept


def test_a_crowded_second_does_not_stop_a_walk() -> None:
    crowd = [START + 100] * 450
    kept: set[str] = set()
    cursor, count = visit("hackernews", [START, *crowd, START + 200], {}, kept)
    assert str(START) in kept and count < 6 and cursor == {"since": START + 200}


def test_a_server_that_repeats_its_page_does_not_hold_the_walk() -> None:
    page = mastodon.parse(answer(json.dumps([{"id": "5", "uri": "u", "content": "x"}])), {"since": 9, "next": "5"})
    assert not page.more


def test_a_date_in_the_future_does_not_move_the_mark() -> None:
    page = read(FIXTURES / "hackernews" / "hostile.json")
    assert page.cursor == {"since": 1780394400}


# Each source


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


# Cleaning


@pytest.mark.parametrize(
    ("raw", "clean"),
    [
        ("<p>one</p><p>two<br>three</p>", "one\n\ntwo\nthree"),
        ("AT&amp;T &lt; O2", "AT&T < O2"),
        ("It&amp;#8217;s &amp;amp; was", "It’s & was"),
        ("<style>p{}</style><script>x()</script>kept", "kept"),
        ("a\u202eb\u2066c\u200fd", "abcd"),
        ("pair \ud83d\ude00 lone \ud800", "pair 😀 lone \ufffd"),
        ("e\u0301", "é"),
        ("\x00\x07bell\x0b", "bell"),
        ("family 👨\u200d👩\u200d👧", "family 👨\u200d👩\u200d👧"),
        ("نمی\u200cخواهم", "نمی\u200cخواهم"),
        ("\u200b \ufeff", ""),
        ("<!-- x --><img src=x>", ""),
        (None, ""),
        (7, ""),
        (["a"], ""),
    ],
)
def test_plain(raw: object, clean: str) -> None:
    assert text.plain(raw) == clean


@pytest.mark.parametrize(
    "flood",
    [
        *("<div>" * 40_000, "&" * 300_000, "<!--" * 50_000, "<" * 200_000, "&amp;" * 60_000, "<p " * 90_000),
        "a" + "\u0591\u05b0" * 100_000,
        "".join(f"<b id={n}>" for n in range(2_000)) + "<p>x" * 20_000,
        "\n \n" * 90_000,
        "\u202e" * 200_000,
    ],
    ids=["div", "ampersand", "comment", "less", "entity", "unclosed", "points", "formats", "lines", "overrides"],
)
@pytest.mark.timeout(20)
def test_cleaning_a_flood_ends_within_the_caps(flood: str) -> None:
    cleaned = text.plain(flood)
    assert len(cleaned) <= text.BODY and not markup(cleaned)


@pytest.mark.parametrize(
    ("raw", "clean"),
    [
        ("https://example.org/a?utm_source=x&id=7&fbclid=1#part", "https://example.org/a?id=7#part"),
        ("//cdn.example.org/x", "https://cdn.example.org/x"),
        ("../b c", "https://base.example/b%20c"),
        (
            "https://www.bing.com/news/apiclick.aspx?ref=x&url=https%3a%2f%2fpaper.example%2f1",
            "https://paper.example/1",
        ),
        ("https://medium.example/p?source=rss-abc", "https://medium.example/p"),
        ("javascript:alert(1)", ""),
        ("JaVaScRiPt:alert(1)", ""),
        ("data:text/html,x", ""),
        ("https://[bad", ""),
        ("http://example.org:99999/", ""),
        ('https://example.org/"><script>', "https://example.org/%22%3E%3Cscript%3E"),
        ("java\nscript:alert(1)", ""),
        (None, ""),
    ],
)
def test_link(raw: object, clean: str) -> None:
    assert text.link(raw, "https://base.example/dir/page") == clean


@pytest.mark.parametrize(
    ("raw", "when"),
    [
        ("Tue, 02 Jun 2026 09:30:00 +0900", datetime(2026, 6, 2, 0, 30, tzinfo=UTC)),
        ("Tue, 02 Jun 2026 09:30:00 EST", datetime(2026, 6, 2, 14, 30, tzinfo=UTC)),
        ("2026-06-02T09:30:00", datetime(2026, 6, 2, 9, 30, tzinfo=UTC)),
        ("2026-06-02T09:30:00.5Z", datetime(2026, 6, 2, 9, 30, 0, 500_000, tzinfo=UTC)),
        (1780392600, datetime(2026, 6, 2, 9, 30, tzinfo=UTC)),
        ("1780392600", datetime(2026, 6, 2, 9, 30, tzinfo=UTC)),
    ],
)
def test_times_are_read_as_utc(raw: Any, when: datetime) -> None:
    assert text.dated(raw, READ) == (when, True)


@pytest.mark.parametrize(
    "raw", ["0001-01-01T00:00:00Z", "3026-01-01", "21/11/2026 10:00", None, "", 1e300, -1, [], "9" * 500]
)
def test_times_that_cannot_be_are_the_reading_time(raw: Any) -> None:
    assert text.dated(raw, READ) == (READ, False)


def test_a_clock_a_little_ahead_is_forgiven() -> None:
    assert text.dated((READ + timedelta(minutes=5)).isoformat(), READ) == (READ, True)


def test_the_judge_itself() -> None:
    good = Mention("1", "https://example.org/", "a", READ, "t", "a < b and <3, List<String>")
    assert broken(good, READ) == []
    for change in (
        {"text": " \u200b"},
        {"text": "<b>x</b>"},
        {"title": "two\nlines"},
        {"author": "a\u202e"},
        {"url": "javascript:x"},
        {"published": READ.replace(tzinfo=None)},
        {"published": READ + timedelta(seconds=1)},
        {"text": "e\u0301"},
        {"text": "<!-- x -->"},
        {"engagement": -1},
        {"rating": 9.0},
    ):
        fields = {name: getattr(good, name) for name in Mention.__slots__} | change
        assert len(broken(Mention(**fields), READ)) == 1, change


def test_appstore_asks_for_pages_one_to_ten() -> None:
    assert "page=1/" in str(appstore.request("us/123456789", {}).url)
    assert "page=10/" in str(appstore.request("us/123456789", {"next": 99}).url)


def test_hackernews_keeps_quotes_together() -> None:
    assert hackernews.request('"acme cloud"', {}).url.params["query"] == '"acme cloud"'

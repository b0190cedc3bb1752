"""Pages with reviews: what they mark and how, what they break, and what their hosts' robots.txt allow."""

import time
from pathlib import Path

import httpx
import pytest
from answers import FIXTURES, answer, read
from faultserver import client
from samples import config

from earful.connectors import reviewpage, structured, text
from earful.connectors.types import Blocked, ConnectorError, Page, RateLimited
from earful.flows import checking
from earful.flows.config import Source

TARGET = "https://shop.example/anvil/reviews?sort=new"
REVIEW = '{"@type": "Review", "author": "Ada", "datePublished": "2026-05-04", "reviewBody": "Heavy."}'


def page_of(*blocks: str, rest: str = "") -> str:
    scripts = "".join(f'<script type="application/ld+json">{block}</script>' for block in blocks)
    return f"<!DOCTYPE html><html><head>{scripts}</head><body>{rest}</body></html>"


def fixture(name: str) -> Page:
    return read(FIXTURES / "reviewpage" / name)


def walk(robots: httpx.Response, page: str = page_of(REVIEW), target: str = TARGET) -> tuple[Page, list[str]]:
    """Walks through a site as a run does; also returns what it was asked for."""
    asked = []

    def serve(request: httpx.Request) -> httpx.Response:
        asked.append(str(request.url.copy_with(fragment=None)))
        return robots if request.url.path == "/robots.txt" else httpx.Response(200, html=page)

    asker, found = client(transport=httpx.MockTransport(serve)), Page((), {}, more=True)
    while found.more:
        found = reviewpage.parse(asker.fetch(reviewpage.request(target, found.cursor)), found.cursor)
    return found, asked


def test_json_ld_in_a_graph() -> None:
    first, second = fixture("graph.html").mentions
    assert (first.author, first.title, first.rating, first.language) == (
        "Wile Ferrywell",
        "Dented on arrival",
        2,
        "en-GB",
    )
    assert first.text == "The box was open.\nThe anvil & the stand were dented."
    assert first.url == "https://news.example.org/anvil/reviews/17"
    assert first.published.isoformat() == "2026-05-30T16:20:00+00:00"
    assert (second.author, second.rating, second.text) == ("Ada, Bo", 4.8, "Nothing falls faster.")
    assert second.published.date().isoformat() == "2026-05-04"
    assert {first.about, second.about} == {"Acme Anvil"}
    assert fixture("graph.html").refused == ("f6201486f0220f4d8602324d7550235c: nothing to read in it",)


def test_json_ld_in_a_list_and_a_review_without_a_type() -> None:
    first, second = fixture("list.html").mentions
    assert (first.author, first.rating, first.language, first.about) == ("はぎこ", 5, "ja", "Brimstone Kitchen")
    assert (second.text, second.about, second.dated) == ("Cold soup, no spoon.", "Brimstone Kitchen", False)


def test_microdata_and_the_same_review_in_both_forms_once() -> None:
    damp, again, piet = fixture("microdata.html").mentions
    assert (damp.author, damp.title, damp.rating, damp.about) == ("Mo Öztürk", "Quiet, but damp", 4.2, "Ferrywell Inn")
    assert damp.text == "Good beds, 2 < 3 pillows.\nThe bath smells.\nSorry."
    assert (again.author, again.text) == ("Lena", "Immer wieder gern.")
    assert again.published.date().isoformat() == "2026-04-12"
    assert (piet.text, piet.rating) == ("Broke in a week.", 1)


def test_broken_json_is_mended_where_its_meaning_is_clear() -> None:
    page = fixture("broken.html")
    assert {mention.author: mention.text for mention in page.mentions} == {
        "A": "wrapped in a comment",
        "B": "wrapped on one line",
        "C": "with // a comment, and one , ] comma too many",
        "D": "It's a tab here, 5/5,\nC:\\ and control characters",
        "E": "one after",
        "F": "the other",
        "G": "escaped as a whole",
    }
    assert [reason.partition(":")[0] for reason in page.refused] == ["JSON-LD that can't be read"]


def test_a_page_without_a_review_says_what_it_has_instead() -> None:
    with pytest.raises(ConnectorError, match="marks no review, only AggregateRating, Product"):
        fixture("error.html")
    with pytest.raises(ConnectorError, match="whose data is broken"):
        reviewpage.parse(answer(page_of('{"@type": "Review", "reviewBody": "cut')), {})
    with pytest.raises(ConnectorError, match="no web page"):
        reviewpage.parse(answer('{"reviews": []}'), {})


@pytest.mark.parametrize(
    ("rating", "stars"),
    [
        (4, 4),
        ("4,5", 4.5),
        ("8/10", 4.11),
        ("4 out of 5 stars", 4),
        ("80%", 4.2),
        (0, None),
        (9, None),
        (-1, None),
        ([{"ratingValue": ["3"]}], 3),
        ({"ratingValue": "10", "bestRating": "10"}, 5),
        ({"ratingValue": 1, "bestRating": 10}, 1),
        ({"ratingValue": 5, "bestRating": 10, "worstRating": 0}, 3),
        ({"ratingValue": "5", "bestRating": "5", "worstRating": "5"}, 5),
        ({"ratingValue": 2, "bestRating": 1, "worstRating": 1}, None),
        ({"ratingValue": "9 (120 votes)"}, None),
        (None, None),
        (True, None),
    ],
)
def test_ratings_of_every_scale_become_stars(rating: object, stars: float | None) -> None:
    assert structured.stars(rating) == stars


@pytest.mark.parametrize(
    ("written", "day"),
    [
        ("2026-05-04", "2026-05-04"),
        ("2026-5-4", "2026-05-04"),
        ("2026/05/04 10:00", "2026-05-04"),
        ("20260504", "2026-05-04"),
        ("2026-05-04 10:00:00 UTC", "2026-05-04"),
        ("2026-05-04T23:30:00-05:00", "2026-05-05"),
        ("Mon, 04 May 2026 10:00:00 GMT", "2026-05-04"),
        ("May 4th, 2026", "2026-05-04"),
        ("Reviewed in Germany on 4 May 2026", "2026-05-04"),
        ("4. 5. 2026", "2026-05-04"),
        (1777888800, "2026-05-04"),
        (1777888800000, "2026-05-04"),
        ({"@type": "Date", "@value": "2026-05-04"}, "2026-05-04"),
        ("3/4/2026", None),
        ("2026", None),
        ("2026-13-45", None),
        ("two weeks ago", None),
    ],
)
def test_dates_of_every_form_are_read_and_unclear_ones_are_not_guessed(written: object, day: str | None) -> None:
    when = text.moment(structured.moment(written))
    assert (when and when.date().isoformat()) == day


def test_an_id_stays_when_newer_reviews_push_a_review_down() -> None:
    newer = '{"@type": "Review", "@id": "#1", "author": "Bo", "datePublished": "2026-05-09", "reviewBody": "Light."}'
    before = reviewpage.parse(answer(page_of(REVIEW.replace("{", '{"@id": "#1", ', 1))), {})
    after = reviewpage.parse(answer(page_of(newer, REVIEW.replace("{", '{"@id": "#2", ', 1))), before.cursor)
    assert after.mentions[1].id == before.mentions[0].id
    assert not after.rolled
    assert reviewpage.parse(answer(page_of(newer)), before.cursor).rolled


@pytest.mark.parametrize(
    ("declared", "content_type"),
    [
        ("", "text/html; charset=ISO-8859-1"),
        ('<meta charset="windows-1252">', ""),
        ("", ""),
        ("", "text/html; charset=hex"),
    ],
)
def test_a_page_in_an_old_encoding(declared: str, content_type: str) -> None:
    page = page_of(REVIEW.replace("Heavy.", "Schön schwer.")).replace("<head>", f"<head>{declared}")
    response = answer(page.encode("cp1252"), **{"Content-Type": content_type})
    assert reviewpage.parse(response, {}).mentions[0].text == "Schön schwer."


def test_a_page_in_utf_8_or_utf_16_whatever_it_declares() -> None:
    page = page_of(REVIEW.replace("Heavy.", "Schön schwer.")).replace("<head>", '<head><meta charset="iso-8859-1">')
    for encoding in ("utf-8", "utf-8-sig", "utf-16"):
        assert reviewpage.parse(answer(page.encode(encoding)), {}).mentions[0].text == "Schön schwer."


@pytest.mark.parametrize(
    "hostile",
    [
        "<b>" * 800_000 + "</i>" * 600_000,
        "<div>" * 1_000_000,
        "<div itemscope>" + "<b itemprop=reviewBody>" * 300 + "x" * 4_900_000,
        page_of('{"a":' * 90_000),
        page_of("{" + '"\\"' * 160_000),
        page_of("{" + "/*/" * 160_000),
        page_of("{" + ",  " * 160_000),
        page_of("{" + "<![CDATA[" * 50_000),
    ],
    ids=["unmatched", "deep", "repeated", "nested", "quotes", "comments", "commas", "enclosed"],
)
def test_a_hostile_page_is_refused(hostile: str) -> None:
    with pytest.raises(ConnectorError, match=r"hostile|broken"):
        reviewpage.parse(answer(hostile), {})


def test_only_so_many_reviews_are_read() -> None:
    many = ",".join(f'{{"@type": "Review", "reviewBody": "number {number}"}}' for number in range(structured.MOST + 9))
    assert len(reviewpage.parse(answer(page_of(f"[{many}]")), {}).mentions) == structured.MOST


@pytest.mark.parametrize(
    "robots",
    [
        httpx.Response(404, text="not here\nUser-agent: *\nDisallow: /\n"),
        httpx.Response(410),
        httpx.Response(403, text="no"),
        httpx.Response(204),
        httpx.Response(200, text=""),
        httpx.Response(200, html="<!DOCTYPE html><html><body>User-agent: *\nDisallow: /</p></body></html>"),
        httpx.Response(200, text="User-agent: *\nDisallow: /cart\nDisallow: /*?sort=old\n"),
        httpx.Response(200, text="User-agent: otherbot\nDisallow: /\n"),
        httpx.Response(200, text="User-agent: *\nDisallow: /\n\nUser-agent: Earful/1.0 # you\nAllow: /\n"),
        httpx.Response(200, text="User-agent: *\nDisallow: /anvil\nAllow: /anvil/reviews\n"),
        httpx.Response(200, content=b"\xff\xfe\x00" * 1000),
    ],
)
def test_a_page_is_read_where_robots_txt_allows_it(robots: httpx.Response) -> None:
    page, asked = walk(robots)
    assert [mention.text for mention in page.mentions] == ["Heavy."]
    assert asked == ["https://shop.example/robots.txt", TARGET]


@pytest.mark.parametrize(
    "robots",
    [
        "User-agent: *\nDisallow: /\n",
        "\ufeffUser-Agent: *\r\nDisallow: /anvil\r\n",
        "user-agent: otherbot\nuser-agent: EARFUL\ndisallow: /anvil/reviews\n",
        "User-agent: *\nAllow: /\nDisallow: /*/reviews\n",
        "User-agent: *\nAllow: /\n\nUser-agent: earful\nDisallow: /*?sort=\n",
        "<!-- a note -->\nUser-agent: *\nDisallow: /anvil/reviews?sort=new$\n",
    ],
)
def test_a_page_is_not_asked_for_where_robots_txt_refuses(robots: str) -> None:
    with pytest.raises(Blocked, match=r"shop\.example: its robots\.txt asks programs to leave this page alone"):
        walk(httpx.Response(200, text=robots))


def test_the_path_is_judged_as_it_is_written() -> None:
    robots = httpx.Response(200, text="User-agent: *\nDisallow: /a%23b\n")
    with pytest.raises(Blocked):
        walk(robots, target="https://shop.example/a%23b")
    assert walk(robots, target="https://shop.example/a#b")[0].mentions


@pytest.mark.parametrize(("status", "kind"), [(500, ConnectorError), (503, RateLimited), (429, RateLimited)])
def test_a_host_that_cannot_say_is_not_asked(status: int, kind: type[ConnectorError]) -> None:
    with pytest.raises(kind):
        walk(httpx.Response(status))


def test_thousands_of_names_and_rules_are_read_all_the_same() -> None:
    names = "".join(f"User-agent: bot{number}\n" for number in range(8000))
    rules = "".join(f"Disallow: /{number}*x*y$\n" for number in range(8000))
    assert walk(httpx.Response(200, text=names + rules))[0].mentions
    with pytest.raises(Blocked):
        walk(httpx.Response(200, text=f"{names}User-agent: *\n{rules}Disallow: /anvil\n"))


def test_robots_txt_is_asked_again_after_a_day() -> None:
    now = int(time.time())
    for asked, path in (
        (now, "/anvil/reviews"),
        (now - reviewpage.DAY - 1, "/robots.txt"),
        (now + 9999, "/robots.txt"),
    ):
        assert reviewpage.request(TARGET, {"robots_at": asked}).url.path == path
    page, _ = walk(httpx.Response(404))
    assert reviewpage.request(TARGET, page.cursor).url.path == "/anvil/reviews"
    between = reviewpage.parse(httpx.Response(404, request=reviewpage.request(TARGET, {})), {"seen": ["1a"], "x": 1})
    assert between.more
    assert between.cursor.keys() == {"robots_at", "seen"}
    assert between.cursor["seen"] == ["1a"]  # or a window that rolled on goes unnoticed once a day


@pytest.mark.parametrize(
    "wrong",
    [
        *("shop.example/anvil", "ftp://shop.example/", "https://me:secret@shop.example/", "https:///anvil"),
        *("https://shop.example/a b", "https://shop.example\\@evil.example/", "https://shop.example/x\nHost: evil"),
        *(
            "https://shop.example/robots.txt",
            "https://shop.example/a/../robots.txt",
            "https://shop.example/%72obots.txt",
        ),
        "https://\u200dshop.example/",
    ],
)
def test_a_target_is_the_address_of_a_page(wrong: str) -> None:
    with pytest.raises(ValueError, match="write one like https://"):
        reviewpage.request(wrong, {})


def test_check_goes_past_robots_txt(tmp_path: Path) -> None:
    def serve(request: httpx.Request) -> httpx.Response:
        return httpx.Response(200, text="") if request.url.path == "/robots.txt" else httpx.Response(200, html=page)

    page, source = page_of(REVIEW.replace("Heavy", "My Acme is heavy")), Source(connector="reviewpage", target=TARGET)
    asker = client(transport=httpx.MockTransport(serve))
    (found,) = checking.check(config(tmp_path, sources=(source,)), asker, lambda *_: None)
    assert (found.error, found.read, found.matched["Acme"]) == ("", 1, 1)

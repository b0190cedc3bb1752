"""The same thing once: under other addresses, other ids and other words it stays the mention that was kept."""

import json
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from answers import answer

from earful.connectors import links, renamed, rss, text
from earful.connectors.types import Cursor, Page
from earful.data import store, versions
from earful.data.database import Database

NOW = datetime(2026, 6, 3, 12, tzinfo=UTC)
DAY = "Tue, 02 Jun 2026 {}:00:00 GMT"


def shown(*items: tuple[str, str, str, str], cursor: Cursor | None = None) -> Page:
    """Reads a feed of items (guid, link, title, hour) as it would be read after `cursor`."""
    written = "".join(
        f'<item><guid isPermaLink="false">{guid}</guid><link>{link}</link><title>{title}</title>'
        f"<pubDate>{DAY.format(hour)}</pubDate></item>"
        for guid, link, title, hour in items
    )
    return rss.parse(answer(f'<rss version="2.0"><channel>{written}</channel></rss>'), cursor or {})


def ids(pages: Sequence[Page]) -> list[list[str]]:
    return [[mention.id for mention in page.mentions] for page in pages]


def walk(*windows: Sequence[tuple[str, str, str, str]]) -> list[Page]:
    """Reads one window after the other, with the cursor as a store would give it back."""
    pages: list[Page] = []
    for window in windows:
        cursor = json.loads(json.dumps(pages[-1].cursor)) if pages else {}
        pages.append(shown(*window, cursor=cursor))
    return pages


# Addresses


@pytest.mark.parametrize(
    "address",
    [
        "https://paper.example/acme/recall?id=7",
        "http://paper.example/acme/recall?id=7",
        "https://www.paper.example/acme/recall/?id=7",
        "http://www.paper.example:80/acme/recall?id=7",
        "https://paper.example:443/acme/recall?id=7",
        "https://m.paper.example/acme/recall?id=7",
        "https://mobile.paper.example/acme/recall?id=7&utm_source=x&gclid=1",
        "https://amp.paper.example/acme/recall?id=7",
        "https://paper.example/acme/recall/amp?id=7",
        "https://paper.example/acme/recall/amp/?id=7",
        "https://paper.example/acme/recall.amp?id=7",
        "https://paper.example/amp/acme/recall?id=7",
        "https://paper.example/acme/recall?id=7&amp=1",
        "https://paper.example/acme/recall?outputType=amp&id=7",
        "https://paper.example/acme/recall?id=7#xtor=RSS-3208",
        "https://paper.example/acme/recall?id=7#:~:text=the%20lid",
        "https://www.google.com/amp/s/paper.example/acme/recall/amp?id=7",
        "https://paper-example.cdn.ampproject.org/c/s/paper.example/acme/recall?id=7&usqp=mq331&amp_js_v=0.1",
        "https://paper-example.cdn.ampproject.org/v/paper.example/acme/recall?id=7",
    ],
)
def test_an_address_is_the_same_page_however_it_is_reached(address: str) -> None:
    assert text.identity(address) == "paper.example/acme/recall?id=7"


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("https://paper.example/a?id=7", "https://paper.example/a?id=8"),
        ("https://paper.example/a", "https://paper.example/b"),
        ("https://paper.example/a#comment-1", "https://paper.example/a#comment-2"),
        ("https://de.paper.example/a", "https://fr.paper.example/a"),
        ("https://paper.example:8080/a", "https://paper.example/a"),
        ("https://paper.example/amp", "https://paper.example/"),
        ("https://paper.example/amplifier", "https://paper.example/"),
        ("https://mobile.de/x", "https://de/x"),
        ("https://paper.example/x?amplitude=3", "https://paper.example/x"),
    ],
)
def test_other_pages_stay_others(one: str, other: str) -> None:
    assert text.identity(one) != text.identity(other)


def test_parameters_in_another_order_are_the_same_page() -> None:
    assert text.identity("https://x.example/?b=2&a=1") == text.identity("https://x.example/?a=1&b=2")
    assert text.link("https://x.example/?b=2&a=1") == "https://x.example/?b=2&a=1", "where it leads stays as it is"


def test_a_cached_copy_leads_to_its_page() -> None:
    cached = "https://paper-example.cdn.ampproject.org/c/s/paper.example/a?id=7#x"
    assert text.link(cached) == "https://paper.example/a?id=7#x"
    assert text.link("https://www.google.com/amp/s/amp.paper.example/a") == "https://amp.paper.example/a"
    for broken in ("https://www.google.com/amp/", "https://x.cdn.ampproject.org/c/s/", "https://x.cdn.ampproject.org"):
        assert text.link(broken) == broken
    assert links.site("https://www.paper.example/x") == "paper.example" and links.site(None) == ""


# Ids


def test_a_blog_that_moves_renames_everything_and_nothing_is_new() -> None:
    before = [(f"old-{n}", f"https://old.example/{n}", f"Title {n}", f"0{n}") for n in (3, 2, 1)]
    moved = [(f"new-{n}", f"https://new.example/posts/{n}", f"Title {n}", f"0{n}") for n in (3, 2, 1)]
    fourth = ("new-4", "https://new.example/posts/4", "Title 4", "04")
    first, second, third = walk(before, [fourth, *moved], [fourth, *moved])
    assert ids([first, second, third]) == [
        ["old-3", "old-2", "old-1"],
        ["new-4", "old-3", "old-2", "old-1"],
        ["new-4", "old-3", "old-2", "old-1"],
    ]
    assert not second.rolled, "a feed that renamed its items has not run past us"
    assert second.mentions[1].url == "https://new.example/posts/3"


def test_a_renamed_item_may_be_edited_later() -> None:
    pages = walk(
        [("old", "https://x.example/1", "Acme", "01")],
        [("new", "https://x.example/2", "Acme", "01")],
        [("new", "https://x.example/2", "Acme, mended", "01")],
    )
    assert ids(pages) == [["old"]] * 3
    assert pages[2].mentions[0].title == "Acme, mended"


@pytest.mark.parametrize(
    ("before", "after", "known"),
    [
        # both stand side by side: they are two
        ([("a", "/1", "Acme", "01")], [("b", "/2", "Acme", "01"), ("a", "/1", "Acme", "01")], ["b", "a"]),
        # the same headline at another time is another item
        ([("a", "/1", "Acme", "01")], [("b", "/2", "Acme", "02")], ["b"]),
        # two that looked alike: nobody can say which one it is
        ([("a", "/1", "Acme", "01"), ("b", "/2", "Acme", "01")], [("c", "/3", "Acme", "01")], ["c"]),
        # one of them stayed, under its own id
        ([("a", "/1", "Acme", "01"), ("b", "/2", "Acme", "01")], [("a", "/1", "Acme", "01")], ["a"]),
        # two new ones for one old: the first takes its place
        ([("a", "/1", "Acme", "01")], [("b", "/2", "Acme", "01"), ("c", "/3", "Acme", "01")], ["a", "c"]),
    ],
)
def test_items_that_only_look_alike_are_not_taken_for_each_other(before, after, known) -> None:
    assert ids(walk(before, after))[1] == known


def test_an_undated_item_is_known_by_its_address() -> None:
    def read(guid: str, link: str, cursor: Cursor) -> Page:
        item = f"<item><guid>{guid}</guid><link>{link}</link><title>Acme</title></item>"
        return rss.parse(answer(f'<rss version="2.0"><channel>{item}</channel></rss>'), cursor)

    first = read("a", "https://x.example/1", {})
    assert read("b", "https://x.example/1", first.cursor).mentions[0].id == "a"
    assert read("b", "https://x.example/2", first.cursor).mentions[0].id == "b"


def test_what_is_remembered_of_a_feed_stays_small() -> None:
    window = [(f"g{n}", f"https://x.example/{n}", f"Title {n}", "01") for n in range(400)]
    page = shown(*window)
    assert len(page.cursor["names"]) == renamed.MOST and len(json.dumps(page.cursor)) < 20_000


@pytest.mark.parametrize("names", [None, 7, [], {"x": None}, {"x": 7}, {7: "\x00"}, {"": ""}])
def test_any_memory_is_survived(names: object) -> None:
    assert ids([shown(("a", "/1", "Acme", "01"), cursor={"names": names})]) == [["a"]]


# From the feed into the store


def test_an_item_under_another_id_and_with_other_words_is_one_edited_mention(tmp_path: Path) -> None:
    first, second = walk(
        [("old", "https://x.example/1?utm_source=a", "Acme", "01")],
        [("new", "https://www.x.example/2", "Acme", "01"), ("b", "https://x.example/b", "Brimstone", "02")],
    )
    edited = rss.parse(
        answer(
            '<rss version="2.0"><channel><item><guid isPermaLink="false">new</guid><title>Acme</title>'
            f"<pubDate>{DAY.format('01')}</pubDate><description>Mended.</description></item></channel></rss>"
        ),
        second.cursor,
    )
    with Database(tmp_path).transaction() as con:
        kept = [
            store.save_page(con, "rss:x", page.mentions, NOW + place * timedelta(hours=1))
            for place, page in enumerate((first, second, edited))
        ]
        assert [(one.new, one.changed, one.known) for one in kept] == [(1, 0, 0), (1, 0, 1), (0, 1, 0)]
        assert con.execute("SELECT id, text FROM mentions ORDER BY id").fetchall() == [
            ("b", "Brimstone"),
            ("old", "Mended."),
        ]
        assert [one.text for one in versions.history(con, "rss:x", "old").versions] == ["Acme"]

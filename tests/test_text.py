"""Cleaning: what foreign text, links and times become."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from answers import READ
from contract import markup

from earful.connectors import text


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
        ("\n \t" * 5_000 + "late", "late"),
        ("&nbsp;" * 9_000 + "later", "later"),
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

"""What other people wrote is harmless in every form that a message takes, and every form keeps its limits."""

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from html.parser import HTMLParser
from typing import Any
from unittest.mock import patch
from zoneinfo import ZoneInfo

import pytest
import requests

from earful.connectors.http import Client
from earful.data.counting import Counted
from earful.flows import targets
from earful.flows.messages import alert, chat, clean, compose, mail, notice, text, web
from earful.flows.messages.notice import Item, Link, Notice, Section
from earful.flows.target_table import Target
from earful.models import card
from earful.models.card import Card, Interval, Unknown

NOW = datetime(2025, 3, 3, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
ZONE = ZoneInfo("Europe/Berlin")
JOINER = clean.JOINER
LINK = "http://localhost:8501/mentions?brand=Acme&from=2025-03-03"
PAGE = "http://localhost:8501/alerts?alert=Acme"
ATTACKS = [
    "@channel @here @everyone",
    "<!channel> <!here|here> <!subteam^S1> <@U123ABC> <#C123>",
    "&lt;!channel&gt; !channel",
    "<@123456789> <@&123> <:smile:1> <t:1:R>",
    "[win](https://evil.example/x) ![](https://evil.example/p.png) <https://evil.example|bank>",
    "https://evil.example/x http://evil.example www.evil.example evil.example",
    "**bold** _it_ ~~no~~ ||spoiler|| `code` ```block``` # head > quote - item",
    "<script>alert(1)</script><img src=x onerror=alert(1)><a href='javascript:alert(1)'>x</a>",
    '"><table><tr><td>{{7*7}} ${7*7} <%= 7 %>',
    "one\n\n\ntwo\r\n.\r\nthree\x00\x07\x1b[31m\u2028four",
    "\u202egnp.exe \u2066hidden\u2069 \u200e\u200f\u061c",
    "\N{GRINNING FACE}" * 4000,
    "\N{MAN}\N{ZERO WIDTH JOINER}\N{WOMAN}\N{ZERO WIDTH JOINER}\N{GIRL}" * 900,
    "Z" + "\u0323\u0300" * 2000 + "algo",
    "\ud83d half a pair",
    ":smile: :tada: :slightly_smiling_face:",
]
EVERYTHING = " ".join(ATTACKS[:11])


def told(said: str, **values: Any) -> Notice:
    """An alert in which one attack stands wherever other people's words can stand."""
    quote = card.Quote("s", "1", said, "https://forum.example/t/1?a=(b)&c=|d|", said, NOW - HOUR)
    parts = card.split({said[:200]: 20, "calm": 11}, {"calm": 3.0}, 2.2)
    series = tuple(Interval(NOW - (9 - n) * HOUR, NOW - (8 - n) * HOUR, n, 1.0, 3.0) for n in range(9))
    made = Card(
        *("Acme|x", "Acme", "Criticism", "negative", "negative stories", NOW - 3 * HOUR, NOW, 3600.0),
        *(31, 2.2, 28.8, 19.0, 31.0, 5.0, dict.fromkeys(card.SPLITS, parts), quote),
        *((card.New("words", said[:200], 18, 0),), (quote,) * 3, (Unknown("gap", said[:50], 0, said[:300]),)),
        *(series, series[-1], LINK, PAGE, 0.5),
        why=f"About “{said[:200]}”: all of it.",
    )  # fmt: skip
    content = json.loads(json.dumps(made.as_json()))
    return compose.notice({"state": "firing", "card": content | values}, ZONE)


def strings(value: Any) -> Iterator[str]:
    """Every text in a JSON value."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for one in value.values():
            yield from strings(one)
    elif isinstance(value, list):
        for one in value:
            yield from strings(one)


def calls_nobody(said: str) -> None:
    """Checks words that a service might read for calls, links and control."""
    own = said.replace(LINK, "").replace(PAGE, "").replace("https://forum.example/t/1?a=%28b%29&c=%7Cd%7C", "")
    assert not re.search(r"@\w", own), "nobody is called"
    assert not re.search(r"<[!@#]|&lt;!|!(channel|here|everyone|subteam)\b", own)
    assert not re.search(r"://|\bwww\.\w|\w\.example", own), "nothing becomes a link"
    assert not re.search(r"\]\((?!<(http://localhost|https://forum))", own), "nothing is a link in Markdown"
    assert not re.search(r"[\x00-\x08\x0b-\x1f\x7f\u2028\u2029\u202a-\u202e\u2066-\u2069\u200e\u200f\u061c]", own)
    assert not re.search(r"[\ud800-\udfff]", own)


@pytest.mark.parametrize("attack", ATTACKS)
def test_plain_text_is_harmless(attack: str) -> None:
    title, body = text.write(told(attack), 2000)
    calls_nobody(title + "\n" + body)
    assert "<" not in body
    assert "`" not in body
    assert clean.size(title) + clean.size(body) <= 2000
    assert body.endswith(f"See the mentions: {LINK}\nExplain or acknowledge: {PAGE}")
    assert not re.search(r"\n{3}", body)


class Markup(HTMLParser):
    """What a browser would make of a page: its tags, addresses and words."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.addresses: list[str] = []
        self.handlers: list[str] = []
        self.said: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.addresses += [value or "" for name, value in attrs if name in ("href", "src")]
        self.handlers += [name for name, _ in attrs if name.startswith("on")]

    def handle_data(self, data: str) -> None:
        self.said.append(data)


@pytest.mark.parametrize("attack", ATTACKS)
def test_html_is_harmless(attack: str) -> None:
    page = Markup(web.page(told(attack), ""))
    tags = {"html", "head", "meta", "title", "style", "body", "table", "tr", "td", "h1", "h2", "p", "b", "i", "br"}
    assert page.tags <= {*tags, "span", "div", "a"}
    assert set(page.addresses) == {LINK, PAGE, "https://forum.example/t/1?a=%28b%29&c=%7Cd%7C"}
    assert page.handlers == []
    calls_nobody("".join(said for said in page.said if "svg{" not in said))


@pytest.mark.parametrize("attack", ATTACKS)
def test_slack_is_harmless_and_within_its_limits(attack: str) -> None:
    made = chat.slack(told(attack))
    for said in strings(made):
        calls_nobody(said.replace("&lt;", "<"))
    assert {block["type"] for block in made["blocks"]} == {"header", "rich_text"}, "whose texts are literal"
    assert "mrkdwn" not in json.dumps(made)
    assert len(made["blocks"]) <= 50
    assert len(made["blocks"][0]["text"]["text"]) <= 150
    for block in made["blocks"]:
        assert sum(clean.size(said) for said in strings(block)) <= 3000 + 600
    assert len(json.dumps(made, ensure_ascii=False)) < 40_000
    links = [one for one in json.dumps(made).split('"') if one.startswith("http")]
    assert {LINK, PAGE} <= set(links)


@pytest.mark.parametrize("attack", ATTACKS)
def test_teams_is_harmless_and_within_its_limits(attack: str) -> None:
    made = chat.teams(told(attack))
    (attached,) = made["attachments"]
    body = attached["content"]["body"]
    assert {part["type"] for part in body} == {"RichTextBlock"}
    assert {run["type"] for part in body for run in part["inlines"]} == {"TextRun"}, "which knows no Markdown"
    for part in body:
        for run in part["inlines"]:
            calls_nobody(run["text"])
    assert len(json.dumps(made).encode()) < 28_000
    assert [one["url"] for one in attached["content"]["actions"]] == [LINK, PAGE]


@pytest.mark.parametrize("attack", ATTACKS)
def test_discord_is_harmless_and_within_its_limits(attack: str) -> None:
    made = chat.discord(told(attack))
    (embed,) = made["embeds"]
    assert made["allowed_mentions"] == {"parse": []}
    assert clean.size(embed["title"]) <= 256
    assert clean.size(embed["description"]) <= 4096
    assert clean.size(embed["title"]) + clean.size(embed["description"]) <= 6000
    bare = re.sub(r"\[[^\]\\]*\]\(<[^<>]+>\)", "", embed["description"])  # our own links
    calls_nobody(bare.replace("\\", ""))
    assert "](" not in bare
    unescaped = re.sub(r"\\.", "", re.sub(r"\*\*[^*\n]+\*\*", "", bare))  # without our own bold
    assert not re.search(r"[*_~|`<>\[\]]", unescaped)
    assert (f"](<{LINK}>)" in embed["description"]) and (f"](<{PAGE}>)" in embed["description"])


@pytest.mark.parametrize("attack", ATTACKS)
def test_a_mail_is_harmless_and_whole(attack: str) -> None:
    made = mail.write(told(attack), "key|1", "Acme|x", "Earful <earful@example.org>", ["a@example.org"], NOW)
    assert [part.get_content_type() for part in made.walk()] == [
        *("multipart/alternative", "text/plain", "multipart/related", "text/html", "image/png"),
    ]
    plain, html, picture = (part for part in made.walk() if not part.is_multipart())
    calls_nobody(plain.get_content())
    page = Markup(html.get_content())
    sources = [address for address in page.addresses if address.startswith("cid:")]
    assert [f"<{address.removeprefix('cid:')}>" for address in sources] == [picture["Content-ID"]]
    assert picture.get_content().startswith(b"\x89PNG")
    assert "\n" not in made["Subject"]
    assert made.as_bytes()


def test_apprise_hands_on_what_is_harmless(monkeypatch: pytest.MonkeyPatch) -> None:
    sent: list[str] = []

    def post(*_: str, **values: Any) -> requests.Response:
        sent.append(json.dumps(json.loads(values["data"]), ensure_ascii=False))
        answer = requests.Response()
        answer.status_code, answer._content = 200, b"ok"
        return answer

    services = {
        "slack": "slack://T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIdevi7FQ",
        "discord": "discord://123456789/abcdefghijk",
        "telegram": "tgram://123456789:abcdefghijklmnopqrstuvwxyz012345678/12345",
        "teams": "workflows://host/workflow/sig",
    }
    envelope = targets.Envelope("k", "t", {}, NOW)
    for name, url in services.items():
        monkeypatch.setenv("HOOK", url)
        with patch("requests.post", post), patch("requests.request", post):
            outcome = targets.send(Client(), Target(name=name, url_env="HOOK"), told(EVERYTHING), envelope)
        assert outcome.error == "", name
        (made,) = [one for one in sent if one]
        sent.clear()
        assert not re.search(r"<!|<@|@(channel|here|everyone|U123)|!(channel|here)|\]\(|<script|<b>x", made), name
        assert "evil.example" not in made, name


def test_a_narrow_service_gets_title_and_link() -> None:
    title, body = text.write(told(EVERYTHING), 160)
    assert clean.size(title) + clean.size(body) <= 160
    assert LINK in body
    assert title.startswith("Criticism of Acme")


def test_the_parts_that_are_shown_sum_to_what_the_note_says() -> None:
    for room in (4000, 2000, 1200, 900):
        _, body = text.write(told("lost parcels"), room)
        for title, count, total in re.findall(r"^(\w[\w ]+) \(these (\d) sum to ([+−][\d.]+)\):$", body, re.M):
            lines = body.partition(f"{title} (")[2].splitlines()[1 : 1 + int(count)]
            parts = [float(line.split()[1].replace("−", "-")) for line in lines]
            assert round(sum(parts), 1) == float(total.replace("−", "-")) == 28.8, (room, title)
    assert "sum to" in body or room == 900


def test_what_matters_least_is_left_out_first() -> None:
    made = Notice(
        "title",
        ("first", "second"),
        (
            Section("sum", (Item("a", "1"), Item("b", "2")), rank=1, whole=True),
            Section("quotes", (Item("x"), Item("y"), Item("z")), rank=2),
            Section("late", (Item("l"), Item("m")), rank=3, whole=True),
        ),
        (Link("Look", LINK),),
        foot="foot",
    )

    def left(count: int) -> list[tuple[str, int]]:
        shown = notice.fit(made, lambda one: sum(len(part.items) for part in one.sections) <= count)
        return [(part.title, len(part.items)) for part in shown.sections]

    assert left(6) == [("sum", 2), ("quotes", 3)]
    assert left(4) == [("sum", 2), ("quotes", 2)]
    assert left(2) == [("sum", 2)]
    assert left(1) == []
    bare = notice.fit(made, lambda _: False)
    assert (bare.title, bare.lead, bare.sections, bare.foot, bare.links) == ("title", ("first",), (), "", made.links)


def test_a_resolved_alert_says_how_long_it_lasted_and_its_peak() -> None:
    content = json.loads(json.dumps({"state": "resolved", "card": {"duration": 7 * 3600.0}}))["card"]
    firing = told("calm")
    made = alert.write({"state": "resolved", "card": {**card_of(), **content}}, ZONE)
    assert made.title == "Calm again: Acme after 31 negative stories in 3 hours, 2.2 expected"
    assert made.lead[0] == "It lasted 7 hours; the peak was 8, 3 Mar 2025, 12:00 to 13:00."
    assert (made.tone, firing.tone) == ("good", "bad")


def test_a_late_alert_and_a_reminder_say_so() -> None:
    made = told("calm", late_by=2 * 3600.0, reminder=True)
    assert "You hear of it 2 hours later than usual." in made.lead
    assert made.title.startswith("Reminder: criticism of Acme")


def test_other_alerts_of_the_brand_are_told_too() -> None:
    also = [
        {
            "alert": "a",
            "rule": "A bad day",
            "state": "firing",
            "what": "negative stories",
            "observed": 61,
            "expected": 9.5,
        },
        {"alert": "b", "rule": "Shop", "state": "resolved", "what": "stories", "observed": 3, "expected": 0.4},
    ]
    for state in ("firing", "resolved"):
        made = alert.write({"state": state, "card": card_of(), "also": also}, ZONE)
        body = text.write(made, 4000)[1]
        assert "- goes on  61 negative stories, 9.5 expected (rule “A bad day”)" in body
        assert "- is over  3 stories, 0.4 expected (rule “Shop”)" in body


def test_what_says_nothing_is_left_out() -> None:
    """Stories that were told once, one language alone, and a split of which nothing has a name."""
    once = [part | {"mentions": 1} for part in card_of()["splits"]["story"]]
    alone = told("calm", splits={"author": once, "theme": once})
    assert [part.title for part in alone.sections if part.rank in (2, 7)] == ["What about"]
    one = [card_of()["splits"]["language"][0]]
    nameless = [one[0] | {"name": "unknown"}]
    splits = {**card_of()["splits"], "story": once, "language": one, "author": nameless}
    titles = [part.title for part in told("calm", splits=splits).sections]
    assert titles == ["Where", "What about", "In their words", "What we do not know", "What is new"]
    assert "Which stories" in [part.title for part in told("calm").sections]


def test_what_is_new_is_told_by_kind() -> None:
    new = [
        {"kind": "words", "name": "parcel", "observed": 11, "before": 0},
        {"kind": "source", "name": "hackernews:acme", "observed": 4, "before": 0},
        {"kind": "words", "name": "lost", "observed": 10, "before": 2},
    ]
    (section,) = [part for part in told("calm", new=new).sections if part.title == "What is new"]
    assert [(item.value, item.text, item.detail) for item in section.items] == [
        ("words", "parcel 11 (0), lost 10 (2)", "stories now, before in brackets"),
        ("sources", "Hacker News (acme) 4", "stories now; none before"),
    ]


def test_a_silence_is_told_as_one() -> None:
    values = {"counts": "silence", "what": "stories", "observed": 0, "expected": 14.2, "excess": -14.2}
    made = told("calm", **values, low=-20.1, high=-8.3, why="")
    assert made.title == "Acme has gone quiet: 0 stories in 3 hours, 14.2 expected"
    over = alert.write({"state": "resolved", "card": card_of() | values}, ZONE)
    assert over.title == "Heard again: Acme after 0 stories in 3 hours, 14.2 expected"
    assert made.lead[0] == "That is 14.2 fewer than expected (8.3 to 20.1 by the scatter of the usual)."


def test_of_many_other_rules_the_first_are_named_and_all_are_counted() -> None:
    others = [{"rule": f"R{n} <b>", "state": state} for n, state in enumerate(["firing", "resolved"] * 4)]
    message = {"state": "firing", "card": card_of()}
    (section,) = [one for one in alert.write(message | {"also": others}, ZONE).sections if "Other" in one.title]
    assert section.note == "the first 5 of 8" and len(section.items) == 5
    assert [(one.value, one.text) for one in section.items][:2] == [
        ("goes on", "rule “R0 <b>”"),
        ("is over", "rule “R1 <b>”"),
    ]
    assert not any("Other" in one.title for one in alert.write(message | {"also": []}, ZONE).sections)


def test_talk_is_called_criticism_only_where_it_is() -> None:
    few = {"counts": "all", "of": asdict(Counted("Acme", negative=False, stars=2))}
    assert told("calm").title.startswith("Criticism of Acme: ")
    assert told("calm", **few).title.startswith("Criticism of Acme: ")
    assert told("calm", counts="all").title.startswith("Much talk of Acme: ")
    assert told("calm", counts="all", reminder=True).title.startswith("Reminder: much talk of Acme: ")


def test_a_peak_that_is_the_whole_alert_is_not_told_twice() -> None:
    assert any("peak" in said for said in told("calm").lead)
    peak = {"start": (NOW - 3 * HOUR).isoformat(), "finish": NOW.isoformat(), "observed": 31, "expected": 2.2}
    assert not any("peak" in said for said in told("calm", peak=peak).lead)


def test_shares_are_told_only_where_equal_parts_have_equal_ones() -> None:
    odd = [asdict(one) for one in card.split({"a": 2, "b": 2, "c": 2}, {}, 0.0)]
    closed = [asdict(one) for one in card.split(dict.fromkeys("abcdefgh", 2), {}, 0.1)]
    for parts, shares in ((odd, 0), (closed, 6)):
        assert [part["excess"] for part in parts][:3] == [2.0, 2.0, 2.0]
        (where, *_) = told("calm", splits={"source": parts}, excess=6.0).sections
        assert sum("%" in item.value for item in where.items) == shares


def card_of() -> dict[str, Any]:
    """The card of the alert that `told` writes."""
    found: list[dict[str, Any]] = []
    with patch.object(compose.alert, "write", side_effect=lambda message, _: found.append(message["card"])):
        told("calm")
    return found[0]


@pytest.mark.parametrize(
    ("url", "kept"),
    [
        ("https://forum.example/a b", ""),
        ("javascript:alert(1)", ""),
        ("data:text/html,x", ""),
        ("https://user:secret@forum.example/", ""),
        ("https:///x", ""),
        ("http://[::1", ""),
        ("https://forum.example/" + "x" * 600, ""),
        ("https://forum.example/\u202egnp", ""),
        ("https://forum.example/1?a=b&c=d#e", "https://forum.example/1?a=b&c=d#e"),
        ("https://forum.example/(x)<y>|z", "https://forum.example/%28x%29%3Cy%3E%7Cz"),
        ("https://forum.example/%20", "https://forum.example/%20"),
        ("https://forum.example/ä", "https://forum.example/%C3%A4"),
    ],
)
def test_only_addresses_that_a_browser_may_open_are_links(url: str, kept: str) -> None:
    assert clean.web_address(url) == kept


@pytest.mark.parametrize(("most", "shown"), [(5, "abcd…"), (6, "abcdef"), (1, "…")])
def test_words_are_cut_to_their_room(most: int, shown: str) -> None:
    assert clean.line("abcdef", most) == shown


def test_an_emoji_counts_as_two_and_is_not_cut_in_half() -> None:
    assert clean.line("\N{GRINNING FACE}" * 10, 6) == "\N{GRINNING FACE}" * 2 + "…"


FORMS: dict[str, Callable[[Notice], Any]] = {"slack": chat.slack, "teams": chat.teams, "discord": chat.discord}


@pytest.mark.parametrize("form", FORMS)
def test_every_form_says_the_same(form: str) -> None:
    said = json.dumps(FORMS[form](told("lost my parcel")), ensure_ascii=False).replace("\\\\", "").replace(JOINER, "")
    for part in ("31 negative stories in 3 hours", "28.8 more than expected", "lost my parcel", "What we do not know"):
        assert part in said


def test_html_escapes_what_it_shows_and_what_its_attributes_hold() -> None:
    made = Notice('a "b" & c', links=(Link("Look", 'http://x/?a="b"&c=d'),))
    page = web.page(made, web.image("cid:x", 'says "this"'))
    assert "<title>a &quot;b&quot; &amp; c</title>" in page
    assert 'href="http://x/?a=&quot;b&quot;&amp;c=d"' in page
    assert 'alt="says &quot;this&quot;"' in page

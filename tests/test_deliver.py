"""What waits in the outbox arrives, once at best and twice at worst, whatever the target does."""

import logging
import socket
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlencode

import pytest
from samples import Sink, config, hang_up, rows, sink, status, told

from earful.connectors.http import Client
from earful.data import alerting, targets
from earful.data.database import Database
from earful.flows import deliver
from earful.flows.config import Config, ConfigError
from earful.flows.messages import clean
from earful.flows.target_table import Target
from earful.flows.targets import LIMIT

NOW = datetime(2025, 3, 3, 12, tzinfo=UTC)
CARD = {
    "brand": "Acme",
    "rule": "Criticism",
    "counts": "negative",
    "start": (NOW - timedelta(hours=3)).isoformat(),
    "finish": NOW.isoformat(),
    "observed": 31,
    "expected": 2.25,
    "high": 12.0,
    "sources": [{"source": "rss:https://forum.example/", "count": 30}, {"source": "hackernews:acme", "count": 1}],
    "quotes": [
        {"source": "s", "id": "1", "author": "berta", "url": "https://forum.example/1", "text": "Acme\n lost it all"},
        {"source": "s", "id": "2", "author": "", "url": "", "text": "never again acme"},
    ],
    "link": "http://localhost:8501/mentions?brand=Acme",
}
MESSAGE = {"state": "firing", "card": CARD}


@dataclass
class Desk:
    """A store with one message in its outbox for each target, and a clock that the test moves."""

    database: Database
    config: Config
    now: datetime = NOW
    client: Client = field(default_factory=lambda: Client(allow=["127.0.0.1"], spacing=0, deadline=0.5))

    def deliver(self, after: timedelta = timedelta(0)) -> tuple[int, int]:
        self.now += after
        return deliver.deliver(self.database, self.config, self.client, lambda: self.now)

    def outbox(self, target: str) -> tuple[int, bool, str, datetime]:
        query = "SELECT tries, sent IS NOT NULL, error, due FROM outbox WHERE target = ?"
        (row,) = rows(self.database, query, target)
        return row


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Makes a desk for targets given as name=address; "apprise_..." takes Apprise's addresses."""

    def make(**urls: str) -> Desk:
        targets = []
        for name, url in urls.items():
            monkeypatch.setenv(f"HOOK_{name}", url)
            kind = "apprise" if name.startswith("apprise") else "webhook"
            targets.append(Target(name=name, kind=kind, url_env=f"HOOK_{name}"))
        made = Desk(Database(tmp_path), config(tmp_path, targets=targets))
        with made.database.transaction(publish=False) as con:
            alerting.put_out(con, "acme|1", [(f"acme|1|firing|{name}", name, MESSAGE) for name in urls], NOW)
        return made

    return make


@pytest.fixture
def nowhere() -> str:
    """An address of this machine where nobody listens."""
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    return f"http://127.0.0.1:{port}/hook/S3CRET"


@pytest.mark.parametrize("code", [200, 204])
def test_a_message_that_is_taken_is_sent_once(desk, code: int) -> None:
    with sink(status(code)) as hook:
        one = desk(team=hook.url)
        assert one.deliver() == (1, 0)
        assert one.deliver() == one.deliver(timedelta(days=1)) == (0, 0)
    assert one.outbox("team")[:3] == (1, True, "")
    (message,) = hook.taken
    assert hook.keys == [message["key"]] == ["acme|1|firing|team"]
    assert (message["state"], message["card"]) == ("firing", CARD)
    assert message["title"] == "Criticism of Acme: 31 negative stories in 3 hours, 2.2 expected"
    assert message["text"].replace(clean.JOINER, "").splitlines() == [
        "Where:",
        "- 30  Feed forum.example",
        "- 1  Hacker News (acme)",
        "",
        "In their words:",
        "- “Acme lost it all” (berta, https://forum.example/1)",
        "- “never again acme” (unknown)",
        "",
        "Rule “Criticism”, from 3 Mar 2025, 09:00 to 12:00 (UTC). Intervals are at 95%.",
        "",
        "See the mentions: http://localhost:8501/mentions?brand=Acme",
    ]


@pytest.mark.parametrize("trouble", [status(500), status(302), hang_up, Sink.slow])
def test_trouble_at_one_target_keeps_no_other_waiting_and_ends_with_it(desk, trouble) -> None:
    with sink() as well, sink(status(204)) as ill:
        ill.answers.insert(0, (lambda handler: ill.slow(handler)) if trouble is Sink.slow else trouble)
        one = desk(ill=ill.url, well=well.url)
        assert one.deliver() == (1, 1)
        tries, sent, error, due = one.outbox("ill")
        assert (tries, sent) == (1, False)
        assert error
        assert due > NOW
        assert "S3CRET" not in error
        assert one.outbox("well")[:3] == (1, True, "")
        assert one.deliver() == (0, 0), "it is not tried again at once"
        assert one.deliver(due - NOW) == (1, 0)
        assert one.outbox("ill")[:3] == (2, True, "")
    assert len(well.taken) == 1
    assert [message["key"] for message in ill.taken] == ["acme|1|firing|ill"] * 2, "the same key tells a repetition"
    assert ill.taken[0] == ill.taken[1]


def test_a_refused_connection_is_tried_again_later_and_later(desk, nowhere: str) -> None:
    one = desk(team=nowhere)
    waits = []
    for tries in range(1, 9):
        assert one.deliver() == (0, 1)
        count, sent, error, due = one.outbox("team")
        assert (count, sent) == (tries, False)
        assert "127.0.0.1" in error
        assert "S3CRET" not in error
        waits.append(due - one.now)
        one.now = due
    assert waits == [timedelta(minutes=minutes) for minutes in (1, 2, 4, 8, 16, 32, 60, 60)]


@pytest.mark.parametrize(("wish", "wait"), [("7200", 7200), ("3", 60), ("99999999", 3600)])
def test_a_target_that_asks_for_time_gets_it(desk, wish: str, wait: int) -> None:
    def slow_down(handler: Any) -> None:
        handler.send_response(429)
        handler.send_header("Retry-After", wish)
        handler.send_header("Content-Length", "0")
        handler.end_headers()

    with sink(slow_down, status(204)) as hook:
        one = desk(team=hook.url)
        with one.database.transaction(publish=False) as con:
            alerting.put_out(con, "acme|2", [("acme|2|firing|team", "team", MESSAGE)], NOW)
        assert one.deliver() == (0, 1)
        assert len(hook.taken) == 1, "what else there is for it waits too"
        ((first, due), (other, _)) = rows(one.database, "SELECT key, due FROM outbox ORDER BY key")
        assert (first, other) == ("acme|1|firing|team", "acme|2|firing|team")
        assert (due - NOW).total_seconds() >= wait
        assert one.deliver(due - NOW) == (2, 0)
    assert hook.keys == [first, first, other]


def test_half_an_answer_is_one_but_half_a_head_is_none(desk) -> None:
    def half_a_body(handler: Any) -> None:
        handler.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf")
        handler.close_connection = True

    def half_a_head(handler: Any) -> None:
        handler.wfile.write(b"HTTP/1.1 200")
        handler.close_connection = True

    with sink(half_a_body) as one_hook, sink(half_a_head, status(204)) as other_hook:
        one = desk(one=one_hook.url, other=other_hook.url)
        assert one.deliver() == (1, 1)
        assert one.deliver(timedelta(hours=1)) == (1, 0)
    assert (len(one_hook.taken), len(other_hook.taken)) == (1, 2)


def test_a_target_that_hangs_is_asked_once_a_run_however_much_waits(desk) -> None:
    with sink() as well, sink() as ill:
        ill.answers = [lambda handler: ill.slow(handler)]
        one = desk(ill=ill.url, well=well.url)
        many = [(f"acme|{n}|firing|{name}", name, MESSAGE) for n in range(2, 30) for name in ("ill", "well")]
        with one.database.transaction(publish=False) as con:
            alerting.put_out(con, "acme|n", many, NOW)
        assert one.deliver() == (29, 1)
        assert len(ill.taken) == 1


def test_what_can_not_be_written_holds_up_nothing_else(desk) -> None:
    with sink() as hook:
        one = desk(team=hook.url)
        with one.database.transaction(publish=False) as con:
            alerting.put_out(con, "odd", [("a|odd", "team", {"state": "firing", "card": {"brand": "Acme"}})], NOW)
        assert one.deliver() == (1, 1)
    assert rows(one.database, "SELECT error FROM outbox WHERE key = 'a|odd'") == [
        ("the message can't be written: KeyError",)
    ]


def test_a_message_that_had_to_wait_says_so(desk) -> None:
    with sink(status(500), status(204)) as hook:
        one = desk(team=hook.url)
        assert one.deliver() == (0, 1)
        assert one.deliver(timedelta(hours=5)) == (1, 0)
    assert "had to wait" not in hook.taken[0]["text"]
    assert "This message had to wait for 5 hours" in hook.taken[1]["text"]


def test_a_key_with_any_letters_goes_into_a_header(desk) -> None:
    with sink() as hook:
        one = desk(team=hook.url)
        with one.database.transaction(publish=False) as con:
            alerting.put_out(con, "ö", [("Bäckerei 本|1|firing|team", "team", MESSAGE)], NOW)
        assert one.deliver() == (2, 0)
    assert [unquote(key) for key in hook.keys] == [message["key"] for message in hook.taken]


def test_a_target_inside_the_network_must_be_allowed(desk) -> None:
    with sink() as hook:
        one = desk(team=hook.url)
        one.client = Client(spacing=0, deadline=1)
        assert one.deliver() == (0, 1)
    assert hook.taken == []
    assert "allow" in one.outbox("team")[2]


def test_apprise_takes_the_same_message(desk) -> None:
    with sink(status(200)) as hook:
        one = desk(apprise_team=hook.url.replace("http://", "json://"))
        assert one.deliver() == (1, 0)
    (message,) = hook.taken
    title, text = told(MESSAGE)
    assert message["title"] == title
    assert message["message"].strip() == text


def test_apprise_in_trouble_is_tried_again_and_tells_no_secret(desk, nowhere: str, caplog, capsys) -> None:
    caplog.set_level(logging.DEBUG)
    with sink(status(500)) as hook:
        one = desk(apprise_one=hook.url.replace("http://", "json://"), apprise_two=nowhere.replace("http", "json"))
        assert one.deliver() == (0, 2)
        one.deliver(timedelta(minutes=5))
    assert len(hook.taken) == 2
    for target in ("apprise_one", "apprise_two"):
        tries, sent, error, _ = one.outbox(target)
        assert (tries, sent, error) == (2, False, "the service did not take it; its address or state is wrong")
    printed = capsys.readouterr()
    assert "S3CRET" not in caplog.text + printed.out + printed.err


def test_a_target_that_is_no_longer_configured_is_said_so(desk) -> None:
    with sink() as hook:
        one = desk(team=hook.url)
        one.config = config(one.config.folder)
        assert one.deliver() == (0, 0)
    assert one.outbox("team")[1:3] == (False, "this target is no longer configured")
    assert hook.taken == []


def test_a_target_that_comes_back_gets_what_waited(desk) -> None:
    with sink() as hook, sink() as other:
        one = desk(team=hook.url, other=other.url)
        whole = one.config
        one.config = config(whole.folder, targets=[target for target in whole.targets if target.name == "other"])
        assert one.deliver() == (1, 0)
        one.config = whole
        assert one.deliver(timedelta(days=1)) == (1, 0)
    assert (len(hook.taken), len(other.taken)) == (1, 1)
    with one.database.look() as con:
        assert [(row.target, row.waiting, row.arrived) for row in targets.standing(con)] == [
            ("other", 0, 1),
            ("team", 0, 1),
        ]


def test_how_each_target_stands_is_told(desk, nowhere: str) -> None:
    with sink() as hook:
        one = desk(ill=nowhere, well=hook.url)
        one.deliver()
        one.deliver(timedelta(minutes=2))
    with one.database.look() as con:
        ill, well = targets.standing(con)
    assert (ill.failing, ill.waiting, ill.since, ill.tries, ill.sent) == (True, 1, NOW, 2, None)
    assert "127.0.0.1" in ill.error
    assert "S3CRET" not in str(ill.as_json())
    assert (well.failing, well.waiting, well.sent, well.arrived, well.error) == (False, 0, NOW, 1, "")


@pytest.mark.parametrize(
    ("name", "url", "mend"),
    [
        ("apprise", "nosuch://S3CRET@host", "no address that Apprise knows"),
        ("apprise", "https://hooks.example/S3CRET", "no address that Apprise knows"),
        ("apprise", "slack://S3CRET", "no address that Apprise knows"),
        ("webhook", "slack://S3CRET/S3CRET/S3CRET", "must hold an address like https://"),
        ("webhook", "hooks.example/S3CRET", "must hold an address like https://"),
        ("webhook", "https://", "must hold an address like https://"),
        ("webhook", "https://hooks.example:S3CRET/", "must hold an address like https://"),
    ],
)
def test_an_address_that_can_never_work_is_refused_at_the_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog, capsys, name: str, url: str, mend: str
) -> None:
    caplog.set_level(logging.DEBUG)
    monkeypatch.setenv("HOOK", url)
    good = Target(name="good", kind="webhook", url_env="HOOK").model_copy(update={"url_env": "GOOD"})
    monkeypatch.setenv("GOOD", "https://hooks.example/1")
    deliver.check(config(tmp_path, targets=[good]))
    with pytest.raises(ConfigError) as caught:
        deliver.check(config(tmp_path, targets=[good, Target(name="bad", kind=name, url_env="HOOK")]))
    said = str(caught.value)
    assert said.startswith("target 'bad': HOOK ")
    assert mend in said
    printed = capsys.readouterr()
    assert "S3CRET" not in said + caplog.text + printed.out + printed.err


def test_a_message_fits_into_every_target_and_keeps_its_link() -> None:
    quote = {"author": "a" * 200, "url": "https://forum.example/" + "u" * 300, "text": "word " * 4000}
    sources = [{"source": f"rss:https://{'s' * 1900}.example/{n}", "count": 1000 - n} for n in range(40)]
    for brand in ("Acme", "Ä" * 80, "\N{ONION}" * 80):
        link = "https://earful.example/mentions?" + urlencode({"brand": brand, "from": CARD["start"], "to": NOW})
        card = {**CARD, "brand": brand, "link": link, "sources": sources, "quotes": [quote] * 3}
        for state in ("firing", "resolved"):
            title, text = told({"state": state, "card": card})
            assert clean.size(title) + clean.size(text) <= LIMIT == 2000
            assert text.endswith(f"See the mentions: {link}")
            assert text.count("https://forum.example/") == text.count("u" * 300), "no link is cut"


def test_a_message_says_how_long_and_what_is_counted() -> None:
    card = {**CARD, "start": (NOW - timedelta(days=3)).isoformat(), "counts": "all"}
    assert told({"state": "firing", "card": card})[0] == "Much talk of Acme: 31 stories in 3 days, 2.2 expected"
    assert told({"state": "resolved", "card": CARD})[0].startswith("Calm again: Acme after 31 negative stories")
    assert all(told({"state": "test", "card": {}}))

"""What waits in the outbox arrives, once at best and twice at worst, whatever the target does."""

import logging
import socket
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import urlencode

import pytest
from samples import Sink, config, hang_up, rows, sink, status

from earful.connectors.http import Client
from earful.data import alerting
from earful.data.database import Database
from earful.flows import deliver
from earful.flows.config import Config, ConfigError, Target

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
    assert message["text"].splitlines() == [
        "Where: rss:https://forum.example/ 30, hackernews:acme 1",
        "",
        "“Acme lost it all” (berta, https://forum.example/1)",
        "",
        "“never again acme” (unknown)",
        "",
        "Look: http://localhost:8501/mentions?brand=Acme",
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
    title, text = deliver.write(MESSAGE)
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
            title, text = deliver.write({"state": state, "card": card})
            assert len(title) + len(text) <= deliver.LIMIT == 2000
            assert text.endswith(f"Look: {link}")
            assert text.count("https://forum.example/") == text.count("u" * 300), "no link is cut"
    title, text = deliver.write({"state": "firing", "card": {**CARD, "quotes": [quote] * 3}})
    assert text.count("“") == 2, "as many quotes as there is room for"


def test_a_message_says_how_long_and_what_is_counted() -> None:
    card = {**CARD, "start": (NOW - timedelta(days=3)).isoformat(), "counts": "all"}
    assert deliver.write({"state": "firing", "card": card})[0] == (
        "Criticism of Acme: 31 stories in 3 days, 2.2 expected"
    )
    assert deliver.write({"state": "resolved", "card": CARD})[0].startswith("Calm again: Acme: 31 negative stories")
    assert all(deliver.write({"state": "test", "card": {}}))

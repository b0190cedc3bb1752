"""What was kept is asked for again: what is gone at its source goes here, and nothing else does."""

import json
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from answers import answer

from earful import connectors
from earful.connectors import atproto, bluesky, jetstream, recheck, reddit, youtube
from earful.connectors.http import Client
from earful.connectors.types import ConnectorError, Mention
from earful.data import checks, store
from earful.data.database import Database
from earful.flows import collect, reading, run
from earful.flows.config import Brand, Config, Source

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
KEYS = {"EARFUL_REDDIT_ID": "id", "EARFUL_REDDIT_SECRET": "secret", "EARFUL_REDDIT_USER": "ada"}


def post(number: int, **more: Any) -> dict[str, Any]:
    at = (NOON - number * HOUR).timestamp()
    said = {"name": f"t3_{number}", "title": f"Acme {number}", "selftext": f"words {number}", "created_utc": at}
    return {"kind": "t3", "data": {**said, "author": "ada", "permalink": f"/r/kettles/comments/{number}/", **more}}


DELETED = {"author": "[deleted]", "selftext": "[removed]", "removed_by_category": "deleted"}


class Reddit(httpx.BaseTransport):
    """A Reddit of a few posts; `info` may answer in place of what is asked for again."""

    def __init__(self) -> None:
        self.posts = {f"t3_{number}": post(number) for number in range(5)}
        self.asked: list[str] = []
        self.logins = 0
        self.info: Callable[[], httpx.Response | None] = lambda: None

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        if request.url.path.endswith("access_token"):
            self.logins += 1
            return httpx.Response(200, json={"access_token": "token"})
        assert request.headers["authorization"] == "Bearer token"
        if request.url.path == "/search":
            return self.listing(list(self.posts.values())[:3])  # the others have left its window
        assert request.url.path == "/api/info"
        self.asked += request.url.params["id"].split(",")
        known = [self.posts[name] for name in request.url.params["id"].split(",") if name in self.posts]
        return self.info() or self.listing(known)

    @staticmethod
    def listing(things: list[dict[str, Any]]) -> httpx.Response:
        return httpx.Response(200, json={"kind": "Listing", "data": {"after": None, "children": things}})


class Listener:
    """A store that listens to that Reddit."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.now, self.world = folder, NOON, Reddit()
        self.database = Database(folder / "store")
        self.source = Source(connector="reddit", target="acme")
        read = self.world.listing(list(self.world.posts.values()))
        with self.database.transaction() as con:  # as earlier visits left it
            store.set_up(con, [], [(self.source.name, "reddit", "acme")])
            asked = httpx.Request("GET", "https://oauth.reddit.com/search")
            whole = httpx.Response(200, content=read.content, request=asked)
            store.save_page(con, self.source.name, reddit.parse(whole, {}).mentions, NOON)

    def tick(self, after: timedelta) -> str:
        self.now += after
        config = Config(folder=self.folder, brands=(Brand(name="Acme", match="acme"),), sources=(self.source,))
        client = Client(transport=self.world, spacing=0)
        run.prepare(run.Job(self.database, config, client, lambda: self.now, lambda *_: None))
        (report,) = collect.collect(self.database, config, client, lambda: self.now, lambda *_: None)
        return report.state

    def words(self) -> dict[str, str]:
        with self.database.look() as con:
            return dict(con.execute("SELECT id, text FROM mentions ORDER BY id").fetchall())


@pytest.fixture
def listener(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Listener:
    for name, value in KEYS.items():
        monkeypatch.setenv(name, value)
    return Listener(tmp_path)


def test_what_was_deleted_after_it_was_kept_goes_within_two_days(listener: Listener) -> None:
    assert listener.tick(HOUR) == "fine"
    assert listener.world.asked == [], "what was kept a moment ago is there"
    listener.world.posts["t3_3"] = post(3, **DELETED)
    del listener.world.posts["t3_4"]
    assert listener.tick(DAY) == "fine"
    assert Counter(listener.world.asked) == dict.fromkeys(["t3_0", "t3_1", "t3_2", "t3_3", "t3_4"], 1)
    words = {"t3_0": "words 0", "t3_1": "words 1", "t3_2": "words 2", "t3_3": "", "t3_4": ""}
    assert listener.words() == words
    listener.tick(HOUR)
    assert len(listener.world.asked) == 5
    listener.tick(DAY)
    assert len(listener.world.asked) == 5 + 3, "what is gone is not asked for again"
    assert listener.world.logins == 1, "the session was kept from run to run"
    collect.replay(listener.database, lambda *_: None)
    assert listener.words() == words


def test_that_it_cannot_be_known_is_no_failure_of_the_source(listener: Listener) -> None:
    listener.tick(HOUR)
    for useless in (Reddit.listing([]), httpx.Response(500), httpx.Response(403), httpx.Response(200, text="[]")):
        listener.world.info = lambda useless=useless: useless
        assert listener.tick(DAY + HOUR) == "fine"
    assert all(listener.words().values())
    listener.world.info = lambda: httpx.Response(429, headers={"Retry-After": "600"})
    assert listener.tick(DAY + HOUR) == "slow down", "but its host is left alone when it wants to be"


def test_without_keys_nothing_is_asked_for_again(listener: Listener, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("EARFUL_REDDIT_USER")
    request = reddit.request("acme", {"recheck": ["t3_1"]})
    assert request.url.host == "www.reddit.com" and "t3_1" not in str(request.url)


def test_the_older_the_less_often(tmp_path: Path) -> None:
    ages = {"young": 1, "month": 32, "years": 900}
    kept = [Mention(name, "", "", NOON - days * DAY, "", "x") for name, days in ages.items()]
    with Database(tmp_path).transaction() as con:
        store.set_up(con, [], [("a", "reddit", "a")])
        store.save_page(con, "a", kept, NOON)
        looked = Counter[str]()
        for hours in range(0, 90 * 24, 6):
            names = checks.due(con, "a", NOON + hours * HOUR, 10)
            checks.mark(con, "a", names, NOON + hours * HOUR)
            looked.update(names)
        store.save_page(con, "a", (), NOON, gone=["young", "month", "years"])
        assert checks.due(con, "a", NOON + 990 * DAY, 10) == []
    assert looked["years"] == 3, "every 28 days at least"
    assert looked["years"] < looked["month"] < looked["young"] < 90


def test_nothing_of_many_is_not_believed_and_a_few_are() -> None:
    assert recheck.page(["a", "b"], []).gone == ("a", "b")
    assert recheck.page(["a", "b", "c", "d"], ["d", "x"]).gone == ("a", "b", "c")
    with pytest.raises(ConnectorError, match="none of 4 items"):
        recheck.page(["a", "b", "c", "d"], ["x"])


def test_youtube_is_asked_for_comments_or_videos_by_their_ids() -> None:
    comments, videos = ["Ugx1", "Ugx2.r1"], ["yt:video:aaaaaaaaaaa", "yt:video:bbbbbbbbbbb"]
    asked = youtube.request("channel/UCaaaaaaaaaaaaaaaaaaaaaa", {"recheck": comments})
    assert (asked.url.path, dict(asked.url.params)) == ("/youtube/v3/comments", {"part": "id", "id": "Ugx1,Ugx2.r1"})
    asked = youtube.request("search/acme", {"recheck": [*videos, "Ugx1"]})
    assert (asked.url.path, asked.url.params["id"]) == ("/youtube/v3/videos", "aaaaaaaaaaa,bbbbbbbbbbb")
    shown = {"items": [{"kind": "youtube#video", "id": "bbbbbbbbbbb"}]}
    page = youtube.parse(answer(json.dumps(shown)), {"recheck": [*videos, "Ugx1"]})
    assert (page.gone, page.mentions) == (("yt:video:aaaaaaaaaaa",), ()), "what was not asked for is not gone"
    shown = {"items": [{"kind": "youtube#comment", "id": "Ugx2.r1"}]}
    assert youtube.parse(answer(json.dumps(shown)), {"recheck": comments}).gone == ("Ugx1",)
    with pytest.raises(ConnectorError):
        youtube.parse(answer('{"error": {"errors": [{"reason": "commentNotFound"}]}}'), {"recheck": comments})


def test_bluesky_is_asked_for_posts_by_their_addresses() -> None:
    posts = [f"at://did:plc:aa/app.bsky.feed.post/{number}" for number in range(3)]
    asked = bluesky.request("acme", {"recheck": posts})
    assert asked.url.path.endswith("app.bsky.feed.getPosts") and asked.url.params.get_list("uris") == posts
    page = bluesky.parse(answer(json.dumps({"posts": [{"uri": posts[1]}, "odd"]})), {"recheck": posts})
    assert page.gone == (posts[0], posts[2])


@pytest.mark.parametrize("name", [name for name in connectors.names() if hasattr(connectors.find(name), "RECHECK")])
@pytest.mark.parametrize("odd", [5, "x", [5], {"a": 1}, None, []])
def test_an_odd_list_of_what_to_ask_for_again_asks_for_what_is_new(name: str, odd: object) -> None:
    target = {"youtube": "search/acme"}.get(name, "acme")
    assert recheck.ids({"recheck": odd}) == []
    assert connectors.find(name).request(target, {"recheck": odd}).url == connectors.find(name).request(target, {}).url


# Accounts that are closed


def event(**more: Any) -> bytes:
    return json.dumps({"did": "did:plc:aa", "time_us": atproto.EARLIEST + 1, **more}).encode()


def test_the_posts_of_a_deleted_account_go_and_of_no_other(tmp_path: Path) -> None:
    keep = jetstream.request("acme", {}).extensions["keep"]
    ended = event(kind="account", account={"active": False, "status": "deleted", "did": "did:plc:aa", "seq": 1})
    when, line = keep(ended)
    assert when == atproto.EARLIEST + 1
    commit = {
        "operation": "create",
        "collection": atproto.COLLECTION,
        "rkey": "3",
        "record": {"text": "acme, the last"},
    }
    page = jetstream.parse(answer(b"\n".join([keep(event(commit=commit))[1], line])), {})
    assert (page.closed, len(page.mentions)) == (("at://did:plc:aa/",), 1)
    ids = [f"at://{who}/app.bsky.feed.post/{key}" for who in ("did:plc:aa", "did:plc:aab") for key in "12"]
    with Database(tmp_path).transaction() as con:
        store.set_up(con, [], [("jetstream:acme", "jetstream", "acme"), ("jetstream:b", "jetstream", "b")])
        for source in ("jetstream:acme", "jetstream:b"):
            store.save_page(con, source, [Mention(name, "", "aa", NOON, "", "acme") for name in ids], NOON)
        assert reading.keep(con, "jetstream:acme", page, NOON).gone == 3
        rows = con.execute("SELECT source, id FROM mentions WHERE gone IS NULL ORDER BY ALL").fetchall()
    assert rows == [("jetstream:acme", ids[2]), ("jetstream:acme", ids[3]), *(("jetstream:b", name) for name in ids)]


@pytest.mark.parametrize(
    "account",
    [
        {"active": True},
        *({"active": False, "status": status} for status in ("deactivated", "suspended", "takendown", "", None)),
        {"active": 0, "status": "deleted"},
        {"status": "deleted"},
        "deleted",
    ],
)
def test_an_account_that_may_come_back_keeps_its_posts(account: object) -> None:
    keep = jetstream.request("acme", {}).extensions["keep"]
    assert keep(event(kind="account", account=account)) == (atproto.EARLIEST + 1, b"")


def test_nobody_closes_everything() -> None:
    for did in ("", "did:plc:", "x", 5, None, "did:plc:a/b"):
        assert atproto.closed({"did": did, "account": {"active": False, "status": "deleted"}}) == ""

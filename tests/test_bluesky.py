"""Bluesky: one post from the search and from the stream, what must not be shown, and the way through both."""

import json
import re
from typing import Any

import httpx
import pytest
from answers import FIXTURES, READ, answer, by_id, read

from earful.connectors import atproto, bluesky, jetstream, words
from earful.connectors.http import Client
from earful.connectors.sessions import Sessions
from earful.connectors.types import ConnectorError, KeyRefused

NELL = "at://did:plc:invented00000000000000aa/app.bsky.feed.post/"
ENVIRON = {"EARFUL_BLUESKY_HANDLE": " @nell.example.org", "EARFUL_BLUESKY_PASSWORD": "abcd-efgh"}
SEARCH = FIXTURES / "bluesky" / "search.json"
STREAM = FIXTURES / "jetstream" / "stream.jsonl"
MICRO = 1_000_000
NOW = int(READ.timestamp()) * MICRO


def told(*, live: bool, cursor: int = NOW, first: int = NOW) -> httpx.Response:
    return answer(
        json.dumps({"earful": {"first": first, "cursor": cursor, "live": live, "unread": 0, "end": "cut off"}})
    )


def event(operation: str = "create", key: str = "3kaa1", **record: Any) -> dict[str, Any]:
    commit = {"operation": operation, "collection": atproto.COLLECTION, "rkey": key, "rev": "3k", "record": record}
    return {"did": "did:plc:invented00000000000000aa", "time_us": NOW, "kind": "commit", "commit": commit}


def test_a_post_found_has_its_words_its_card_and_its_pictures() -> None:
    found = by_id(read(SEARCH))
    first = found[f"{NELL}3kaa1"]
    assert first.text == "Acme Cloud is down.\nAgain <3 & counting"
    assert first.title == "Acme Cloud goes down again"
    assert (first.author, first.engagement, first.language) == ("nell.example.org", 37, "en")
    assert first.url == "https://bsky.app/profile/did:plc:invented00000000000000aa/post/3kaa1"
    assert found[f"{NELL}3kaa2"].text == "A bill from Acme Cloud over 900 dollars"
    assert found[f"{NELL}3kaa2"].language == "pt-BR"
    assert found[f"{NELL}3kaa2"].published.hour == 9
    assert found[f"{NELL}3kaa3"].text == "look\nNell shows the Acme Cloud console hanging"
    assert found[f"{NELL}3kaa3"].parent == "at://did:plc:other/app.bsky.feed.post/3kother"


def test_a_claimed_time_counts_unless_the_post_was_seen_before() -> None:
    found = by_id(read(SEARCH))
    assert found[f"{NELL}3kaa1"].published.isoformat() == "2026-06-02T10:15:00.120000+00:00"
    assert found[f"{NELL}3kaa4"].published.isoformat() == "2026-06-02T07:00:00.500000+00:00"
    hostile = by_id(read(SEARCH.with_name("hostile.json")))
    assert hostile[f"{NELL}3kbb1"].published.isoformat() == "2026-06-02T02:00:00+00:00", "a claim from the year 1"


def test_what_is_not_for_everyone_is_left_out_with_a_reason() -> None:
    page = read(SEARCH)
    assert page.refused == (
        f"{NELL}3kaa5: labelled porn",
        f"{NELL}3kaa6: its author shows it to signed-in people only",
        f"{NELL}3kaa7: labelled graphic-media",
    )
    assert f"{NELL}3kaa8" in by_id(page), "an author's other labels say nothing against it"


def test_a_walk_goes_back_by_time_and_always_moves() -> None:
    first = read(SEARCH)
    assert first.more
    asked = bluesky.request("acme", first.cursor).url.params
    assert (asked["until"], asked["sort"], "since" in asked) == ("2026-06-02T03:00:01Z", "latest", False)
    crowded = bluesky.parse(answer(SEARCH.read_bytes()), first.cursor)
    assert crowded.more
    assert bluesky.request("acme", crowded.cursor).url.params["until"] == "2026-06-02T03:00:00Z"
    last = bluesky.parse(answer(b'{"posts": []}'), crowded.cursor)
    assert not last.more
    later = bluesky.request("acme", last.cursor).url.params
    assert (later["since"], "until" in later) == ("2026-06-02T08:15:00Z", False), "the newest, less the overlap"


def test_a_search_that_is_refused_says_why() -> None:
    with pytest.raises(ConnectorError, match="the query cannot be read"):
        read(SEARCH.with_name("error.json"))


def serve(request: httpx.Request) -> httpx.Response:
    if request.url.path.endswith("createSession"):
        named = json.loads(request.content)
        right = named == {"identifier": "nell.example.org", "password": "abcd-efgh"}
        return httpx.Response(200 if right else 401, json={"accessJwt": "token-1"} if right else {"error": "no"})
    assert request.headers["Authorization"] == "Bearer token-1"
    return httpx.Response(200, content=SEARCH.read_bytes())


def test_the_search_logs_in_with_an_app_password() -> None:
    client = Client(transport=httpx.MockTransport(serve), spacing=0)
    asked = bluesky.request("acme", {})
    assert Sessions(client, ENVIRON).fetch(bluesky, asked).content == SEARCH.read_bytes()
    with pytest.raises(KeyRefused, match="EARFUL_BLUESKY_HANDLE and EARFUL_BLUESKY_PASSWORD"):
        Sessions(client, {**ENVIRON, "EARFUL_BLUESKY_PASSWORD": "wrong"}).fetch(bluesky, asked)


def test_a_session_that_has_run_out_is_opened_again() -> None:
    logins: list[str] = []
    valid: list[str] = []

    def serve_anew(request: httpx.Request) -> httpx.Response:
        if request.url.path.endswith("createSession"):
            logins.append(f"token-{len(logins)}")
            valid[:] = logins[-1:]
            return httpx.Response(200, json={"accessJwt": logins[-1]})
        if request.headers["Authorization"] == f"Bearer {valid[0]}":
            return httpx.Response(200, content=SEARCH.read_bytes())
        return httpx.Response(400, json={"error": "ExpiredToken", "message": "Token has expired"})

    sessions = Sessions(Client(transport=httpx.MockTransport(serve_anew), spacing=0), ENVIRON)
    asked = bluesky.request("acme", {})
    sessions.fetch(bluesky, asked)
    valid[:] = ["none"]
    assert sessions.fetch(bluesky, asked).status_code == 200
    assert logins == ["token-0", "token-1"]


@pytest.mark.parametrize(
    "content", [b"{}", b'{"accessJwt": null}', b'{"accessJwt": "two\\nlines"}', b'{"accessJwt": 7}']
)
def test_a_session_without_a_token_is_an_error(content: bytes) -> None:
    with pytest.raises(ConnectorError, match="got no token"):
        bluesky.session(answer(content))


def test_the_stream_gives_the_last_of_what_was_said_and_what_was_taken_back() -> None:
    page = read(STREAM)
    found = by_id(page)
    assert found[f"{NELL}3kcc1"].text == "The Brimstone kettle leaks. Edit: it was the lid"
    assert found[f"{NELL}3kcc2"].published.isoformat() == "2026-06-03T10:00:00.003000+00:00", "a claim from 2031"
    assert found[f"{NELL}3kcc2"].parent == f"{NELL}3kcc1"
    web = found["at://did:web:ferrywell.example.org/app.bsky.feed.post/3kcc3"]
    assert web.author == "did:web:ferrywell.example.org"
    assert page.gone == (f"{NELL}3kcc5", "at://did:plc:invented00000000000000bb/app.bsky.feed.post/3kold")
    assert f"{NELL}3kcc5" not in found
    assert page.refused == (f"{NELL}3kcc4: labelled porn", *["a message that is no event"] * 2)
    assert not page.more


def test_both_ways_lead_to_one_post() -> None:
    said = {"text": "Acme Cloud is down", "createdAt": "2026-06-02T10:15:00.120Z", "langs": ["en"]}
    searched = {"uri": f"{NELL}3kaa1", "record": said, "indexedAt": "2026-06-02T10:15:01Z", "author": {}}
    (one,) = bluesky.parse(answer(json.dumps({"posts": [searched]})), {}).mentions
    (other,) = jetstream.parse(answer(json.dumps(event(**said))), {}).mentions
    assert one == other


def test_the_stream_is_taken_up_a_little_before_its_place() -> None:
    assert "cursor" not in jetstream.request("acme", {}).url.params
    page = jetstream.parse(told(live=True), {})
    assert (page.cursor, page.more, page.rolled) == ({"time": NOW}, False, False)
    asked = jetstream.request("acme", page.cursor).url.params
    assert asked["cursor"] == str(NOW - 5 * MICRO)
    assert asked["wantedCollections"] == "app.bsky.feed.post"
    assert "cursor" not in jetstream.request("acme", {"time": 5}).url.params, "a server's own count, not a time"


def test_a_stream_that_lags_is_read_on_ten_times_and_one_that_stands_is_an_error() -> None:
    cursor: dict[str, Any] = {"time": NOW - 3600 * MICRO}
    readings = 0
    while True:
        readings += 1
        place = cursor["time"] + 60 * MICRO
        page = jetstream.parse(told(live=False, first=cursor["time"], cursor=place), cursor)
        cursor = page.cursor
        if not page.more:
            break
    assert (readings, cursor) == (10, {"time": NOW - 3000 * MICRO})
    for place in (cursor["time"], cursor["time"] - MICRO, 0):
        with pytest.raises(ConnectorError, match="did not move on: cut off"):
            jetstream.parse(told(live=False, cursor=place), cursor)


def test_a_stream_that_begins_elsewhere_than_asked_has_a_gap() -> None:
    asleep = {"time": NOW - 48 * 3600 * MICRO}
    assert jetstream.parse(told(live=True, first=NOW - 36 * 3600 * MICRO), asleep).rolled
    lagging = jetstream.parse(told(live=False, first=NOW - 36 * 3600 * MICRO), asleep)
    assert lagging.more and jetstream.parse(told(live=True), lagging.cursor).rolled, "it is told when all was read"
    assert not jetstream.parse(told(live=True, first=asleep["time"] - 5 * MICRO), asleep).rolled
    ahead = jetstream.parse(told(live=True), {"time": NOW + 3600 * MICRO})
    assert (ahead.rolled, ahead.cursor) == (True, {"time": NOW}), "a place in the future is dropped"


def test_a_place_far_in_the_future_is_not_believed() -> None:
    page = jetstream.parse(told(live=True, cursor=NOW + 48 * 3600 * MICRO), {"time": NOW})
    assert (page.cursor, page.more) == ({"time": NOW}, False)


@pytest.mark.parametrize(
    ("said", "wanted"),
    [
        *(("ACME is late", True), ("an acmeist poem", False), ("#acme", True), ("acme.example.org", True)),
        *(("the brimstone, kettle", True), ("brimstone and kettle", False), ("Ferrywell", True), ("a ferry", True)),
        *(("nothing", False), ("アクメacmeは", True), ("", False)),
    ],
)
def test_only_posts_with_the_words_are_kept(said: str, wanted: bool) -> None:
    keep = jetstream.request('acme, "brimstone kettle", ferry*', {}).extensions["keep"]
    when, line = keep(json.dumps(event(text=said)).encode())
    assert (when, bool(line)) == (NOW, wanted)
    pictured = keep(json.dumps(event(embed={"images": [{"alt": said}]})).encode())
    assert bool(pictured[1]) is wanted


def test_words_of_the_envelope_do_not_count_and_one_line_stays_one() -> None:
    keep = jetstream.request("acme", {}).extensions["keep"]
    assert keep(json.dumps(event(key="acme", text="nothing")).encode()) == (NOW, b"")
    _, line = keep(json.dumps(event(text="acme\u2028\nnext \ud83d"), indent=1).encode())
    assert json.loads(line) == event(text="acme\u2028\nnext \ud83d") and len(line.splitlines()) == 1


def test_of_a_deleted_post_only_its_place_is_kept() -> None:
    keep = jetstream.request("acme", {}).extensions["keep"]
    when, line = keep(json.dumps(event("delete", "3kgone", text="not told")).encode())
    assert when == NOW
    assert jetstream.parse(answer(line), {}).gone == (f"{NELL}3kgone",)
    assert b"not told" not in line and b"rev" not in line
    assert keep(json.dumps({**event("delete"), "did": "nobody"}).encode()) == (NOW, b"")


@pytest.mark.parametrize(
    "message", [b"", b"{", b"\xff\xfe\x00", b"[" * 50_000, b"7", b'{"time_us": 5}', b'{"time_us": []}']
)
def test_a_message_that_is_no_event_has_no_time(message: bytes) -> None:
    assert atproto.kept(re.compile("acme"), message) == (0, b"")


@pytest.mark.parametrize(
    "wrong", ["a", "acme,", ",acme", 'acme "cloud"', '"acme', "acme, b", "acme\ncloud", '""', " , "]
)
def test_a_list_of_words_is_whole(wrong: str) -> None:
    with pytest.raises(ValueError, match='write them like acme, "acme cloud"'):
        jetstream.request(wrong, {})


def test_words_stand_alone() -> None:
    found = words.either(["c++", "AT&T", "日本"])
    assert [bool(found.search(said)) for said in ("C++!", "at&t", "全日本人", "cat&tv")] == [True, True, True, False]

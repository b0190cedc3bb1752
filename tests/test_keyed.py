"""Sources that want a key: what is asked, how the login goes, and what the common contract does not cover."""

import base64
import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from types import ModuleType

import httpx
import pytest
from answers import FIXTURES, answer, by_id, read, target
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from earful import connectors
from earful.connectors import keys, oauth, recorded, reddit
from earful.connectors.http import Client
from earful.connectors.sessions import Sessions
from earful.connectors.types import Blocked, ConnectorError, Cursor, KeyRefused, Mention, RateLimited

KEYED = ("googlebusiness", "googleplaces", "googleplay", "producthunt", "reddit", "trustpilot", "youtube")
CHANNEL = "UCacmekettles0123456789_"
MIDWAY: Cursor = {"since": 1780300000, "top": 1780390000, "next": "page&2", "pages": 1}
UNIT = "5f0000000000000000000001"


def environ(name: str) -> dict[str, str]:
    """Every variable of a connector, each with a value of its own."""
    return {variable: f"value-of-{variable.lower()}" for variable in keys.variables(connectors.find(name))}


def asked(name: str, wanted: str = "", cursor: Cursor | None = None) -> httpx.Request:
    request: httpx.Request = connectors.find(name).request(wanted or target(name), cursor or {})
    return request


def fetch(
    name: str, serve: Callable[[httpx.Request], httpx.Response], cursor: Cursor | None = None, wanted: str = ""
) -> httpx.Response:
    """Fetches through sessions with every key in place; `serve` answers instead of the network."""
    client = Client(transport=httpx.MockTransport(serve), spacing=0, sleep=lambda _: None)
    return Sessions(client, environ(name)).fetch(connectors.find(name), asked(name, wanted, cursor))


@pytest.fixture
def with_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    for variable, value in environ("reddit").items():
        monkeypatch.setenv(variable, value)


@pytest.fixture(autouse=True)
def no_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    for variable in environ("reddit"):
        monkeypatch.delenv(variable, raising=False)


@pytest.mark.parametrize(
    ("name", "wanted", "cursor", "path", "query"),
    [
        ("youtube", "acmekettle1", {}, "www.googleapis.com/youtube/v3/commentThreads", {"videoId": "acmekettle1"}),
        (
            *("youtube", f"channel/{CHANNEL}", MIDWAY, "www.googleapis.com/youtube/v3/commentThreads"),
            {"allThreadsRelatedToChannelId": CHANNEL, "order": "time", "pageToken": "page&2"},
        ),
        (
            *("youtube", "search/acme & co", {}, "www.googleapis.com/youtube/v3/search"),
            {"q": "acme & co", "order": "date", "type": "video"},
        ),
        ("trustpilot", "acme.example", {}, "api.trustpilot.com/v1/business-units/find", {"name": "acme.example"}),
        (
            *("trustpilot", "acme.example", {"unit": UNIT, "next": 3}),
            f"api.trustpilot.com/v1/business-units/{UNIT}/reviews",
            {"page": "3", "orderBy": "createdat.desc", "perPage": "100"},
        ),
        ("googleplaces", "ChIJacme-0_x", {}, "places.googleapis.com/v1/places/ChIJacme-0_x", {}),
        (
            *("googlebusiness", "accounts/1/locations/2", MIDWAY),
            "mybusiness.googleapis.com/v4/accounts/1/locations/2/reviews",
            {"orderBy": "updateTime desc", "pageToken": "page&2"},
        ),
        (
            *("googleplay", "com.acme.kettle", MIDWAY),
            "androidpublisher.googleapis.com/androidpublisher/v3/applications/com.acme.kettle/reviews",
            {"maxResults": "100", "token": "page&2"},
        ),
        ("producthunt", "acme-kettle", MIDWAY, "api.producthunt.com/v2/api/graphql", {}),
        ("reddit", "acme & co", {}, "www.reddit.com/search.rss", {"q": "acme & co", "sort": "new", "type": "link"}),
        ("reddit", "r/kettles", {}, "www.reddit.com/r/kettles/new/.rss", {"limit": "100"}),
        ("reddit", "r/kettles", {"turn": "comments"}, "www.reddit.com/r/kettles/comments/.rss", {"limit": "100"}),
    ],
)
def test_what_is_asked(name: str, wanted: str, cursor: Cursor, path: str, query: dict[str, str]) -> None:
    url = asked(name, wanted, cursor).url
    assert f"{url.host}{url.path}" == path and url.scheme == "https"
    assert {**dict(url.params), **query} == dict(url.params)


@pytest.mark.parametrize(
    ("name", "wanted"),
    [
        *[("youtube", wrong) for wrong in ("short", "channel/UCshort", "search/", "acmekettle1\n", "acmekettle1&x=")],
        *[("trustpilot", wrong) for wrong in ("acme", "https://acme.example", "acme.example/x", "a..b.example")],
        *[("googleplaces", wrong) for wrong in ("short", "../../places/ChIJ", "ChIJacme0?key=1", "ChIJacme kettle")],
        *[("googlebusiness", wrong) for wrong in ("accounts/1", "accounts/1/locations/2/..", "accounts/a/locations/b")],
        *[("googleplay", wrong) for wrong in ("kettle", "com.acme/../x", "com..acme", "com.acme.kettle?x", "com.1")],
        *[("producthunt", wrong) for wrong in ("Acme", "posts/acme", "-acme", "acme kettle")],
        *[("reddit", wrong) for wrong in ("r/", "r/kettles/new", "r/../x", "r/ab cd", "x" * 201, "acme\x00")],
    ],
)
def test_a_target_that_could_lead_elsewhere_is_refused(name: str, wanted: str) -> None:
    with pytest.raises(ValueError, match=f"{name}: .*like "):
        asked(name, wanted)


@pytest.mark.parametrize("name", KEYED)
def test_no_key_is_in_an_address_or_a_cursor(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    secrets = environ(name)
    for variable, value in secrets.items():
        monkeypatch.setenv(variable, value)
    module = connectors.find(name)
    unsigned = asked(name)
    signed = keys.signed(module, unsigned, secrets)
    for request in (unsigned, signed):
        assert not any(value in str(request.url) for value in secrets.values())
    assert not any(value in str(unsigned.headers.raw) for value in secrets.values())
    held = [value for variable, value in secrets.items() if variable not in getattr(module, "LOGIN", ())]
    assert all(any(value in sent for sent in signed.headers.values()) for value in held)


@pytest.mark.parametrize(
    ("status", "reason", "error"),
    [
        (403, "quotaExceeded", RateLimited),
        (403, "commentsDisabled", Blocked),
        (400, "keyInvalid", KeyRefused),
        (404, "videoNotFound", ConnectorError),
    ],
)
def test_what_youtube_refuses_is_told_apart_and_its_message_kept_back(
    status: int, reason: str, error: type[ConnectorError]
) -> None:
    said = {"code": status, "message": "Consumer value-of-earful_youtube_key", "errors": [{"reason": reason}]}
    with pytest.raises(ConnectorError) as refused:
        fetch("youtube", lambda _: httpx.Response(status, json={"error": said}))
    assert type(refused.value) is error
    assert "value-of" not in str(refused.value)
    assert error is RateLimited or reason in str(refused.value)


def test_a_thread_brings_its_replies_and_a_search_the_ids_of_the_channels_feed() -> None:
    comments = by_id(read(FIXTURES / "youtube/threads.json"))
    assert list(comments) == ["UgA1", "UgA1.r1", "UgA2"]
    assert comments["UgA1.r1"].parent == "UgA1" and comments["UgA1.r1"].text == "Mine is fine."
    assert comments["UgA1"].text == "The Acme lid leaks & they <3 it"
    assert comments["UgA1"].url == "https://www.youtube.com/watch?v=acmekettle1&lc=UgA1"
    videos = by_id(read(FIXTURES / "youtube/search.json"))
    assert list(videos) == ["yt:video:brimstone01", "yt:video:acmekettle1"]
    assert videos["yt:video:brimstone01"].url == "https://www.youtube.com/watch?v=brimstone01"


def test_trustpilot_finds_the_company_once_and_walks_back_to_what_is_known() -> None:
    seen: list[str] = []

    def serve(request: httpx.Request) -> httpx.Response:
        seen.append(request.url.path)
        assert request.headers["apikey"] == "value-of-earful_trustpilot_key"
        if request.url.path.endswith("/find"):
            return httpx.Response(200, content=(FIXTURES / "trustpilot/unit.json").read_bytes())
        day = 30 - int(request.url.params["page"])
        reviews = [
            {"id": f"r{day}-{number}", "title": "Leaks", "createdAt": f"2026-05-{day}T08:00:00Z"}
            for number in range(100 if day > 20 else 3)
        ]
        return httpx.Response(200, json={"reviews": reviews})

    module, found = connectors.find("trustpilot"), list[Mention]()
    cursor: Cursor = {}
    for _ in range(20):
        page = module.parse(fetch("trustpilot", serve, cursor), cursor)
        cursor, found = page.cursor, [*found, *page.mentions]
        if not page.more:
            break
    assert len(seen) == 11 and len({mention.id for mention in found}) == 903
    assert cursor == {"unit": UNIT, "since": int(datetime(2026, 5, 29, 8, tzinfo=UTC).timestamp())}
    seen.clear()
    page = module.parse(fetch("trustpilot", serve, cursor), cursor)
    assert page.more and seen == [f"/v1/business-units/{UNIT}/reviews"]


def test_a_place_is_asked_for_its_reviews_only_and_read_in_the_writers_language() -> None:
    assert asked("googleplaces").headers["X-Goog-FieldMask"] == "displayName,reviews"
    reviews = by_id(read(FIXTURES / "googleplaces/place.json"))
    german = reviews["ChZDacme2"]
    assert (german.text, german.language, german.rating) == ("Sehr freundlich", "de", 5.0)
    assert german.about == "Acme Store Ferrywell"
    assert read(FIXTURES / "googleplaces/quiet.json").mentions == ()


def test_a_business_review_has_its_stars_and_no_translation() -> None:
    page = read(FIXTURES / "googlebusiness/reviews.json")
    said = {mention.id: (mention.text, mention.rating) for mention in page.mentions}
    assert said == {
        "AbF3": ("Edited: still no refund.", 1.0),
        "AbF2": ("Sehr gute Kessel!", 5.0),
        "AbF1": ("Ganz ordentlich.", 3.0),
    }
    assert page.cursor["top"] == int(datetime(2026, 6, 2, 10, tzinfo=UTC).timestamp())  # by change, not by birth
    assert connectors.find("googlebusiness").parse(answer("{}"), {}).mentions == ()


def test_googlebusiness_trades_its_refresh_token_for_a_session() -> None:
    def serve(request: httpx.Request) -> httpx.Response:
        if request.url.host == "oauth2.googleapis.com":
            form = dict(httpx.QueryParams(request.read().decode()))
            assert form == {
                "grant_type": "refresh_token",
                "client_id": "value-of-earful_googlebusiness_id",
                "client_secret": "value-of-earful_googlebusiness_secret",
                "refresh_token": "value-of-earful_googlebusiness_refresh",
            }
            return httpx.Response(200, json={"access_token": "ya29.x", "expires_in": 3599, "token_type": "Bearer"})
        assert request.headers["authorization"] == "Bearer ya29.x"
        return httpx.Response(200, json={"reviews": []})

    assert fetch("googlebusiness", serve).json() == {"reviews": []}


@pytest.mark.parametrize(
    ("status", "said"),
    [(400, {"error": "invalid_grant"}), (401, {"error": "invalid_client"}), (200, {"error": "unauthorized_client"})],
)
def test_a_refused_login_is_a_refused_key_in_whichever_way_it_is_said(status: int, said: dict[str, str]) -> None:
    with pytest.raises(KeyRefused, match=said["error"]) as refused:
        fetch("googlebusiness", lambda _: httpx.Response(status, json=said))
    assert "EARFUL_GOOGLEBUSINESS_REFRESH" in str(refused.value) or status == 200
    assert "value-of" not in str(refused.value)


def key_file(path: Path, key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey) -> Mapping[str, str]:
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    path.write_text(json.dumps({"client_email": "ear@acme.example", "private_key": private}))
    return {"EARFUL_GOOGLEPLAY_KEY_FILE": str(path)}


def test_the_service_account_signs_for_reading_reviews(tmp_path: Path) -> None:
    key = rsa.generate_private_key(65537, 2048)
    request = connectors.find("googleplay").login(key_file(tmp_path / "key.json", key))
    form = dict(httpx.QueryParams(request.read().decode()))
    assert request.method == "POST" and str(request.url) == "https://oauth2.googleapis.com/token"
    assert form["grant_type"] == "urn:ietf:params:oauth:grant-type:jwt-bearer"
    signed, _, signature = form["assertion"].rpartition(".")
    key.public_key().verify(decoded(signature), signed.encode(), PKCS1v15(), SHA256())
    head, claims = (json.loads(decoded(part)) for part in signed.split("."))
    assert head == {"alg": "RS256", "typ": "JWT"}
    assert claims["iss"] == "ear@acme.example" and claims["exp"] - claims["iat"] == 3600
    assert claims["aud"] == "https://oauth2.googleapis.com/token"
    assert claims["scope"] == "https://www.googleapis.com/auth/androidpublisher"


def decoded(part: str) -> bytes:
    return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))


@pytest.mark.parametrize(
    "content", [None, "", "[]", "{}", '{"client_email": 1, "private_key": 2}', '{"private_key":"x"}']
)
def test_a_key_file_that_is_none_is_a_refused_key(tmp_path: Path, content: str | None) -> None:
    path = tmp_path / "key.json"
    if content is not None:
        path.write_text(content)
    with pytest.raises(KeyRefused, match="key file"):
        oauth.service_account(str(path), "scope")


def test_a_key_file_of_another_kind_is_a_refused_key(tmp_path: Path) -> None:
    with pytest.raises(KeyRefused, match="no RSA key"):
        connectors.find("googleplay").login(key_file(tmp_path / "key.json", ec.generate_private_key(ec.SECP256R1())))


def test_a_play_review_is_what_its_user_wrote_and_names_the_app_that_was_asked_for() -> None:
    content = (FIXTURES / "googleplay/reviews.json").read_bytes()
    page = connectors.find("googleplay").parse(answer(content, str(asked("googleplay").url)), {})
    first, second, third = page.mentions
    assert (first.title, first.text) == ("Won't pair", "The app has not found my Acme kettle since 4.1")
    assert (second.title, second.text, third.text, third.language) == ("", "Love it", "Geht so", "de")
    assert first.about == "com.acme.kettle" and first.url.endswith("details?id=com.acme.kettle")
    assert page.cursor["next"] == "CAEQ3"


def test_producthunt_asks_in_variables_and_reads_answers_under_their_comments() -> None:
    assert json.loads(asked("producthunt").read())["variables"] == {"slug": "acme-kettle"}
    assert json.loads(asked("producthunt", cursor=MIDWAY).read())["variables"]["after"] == "page&2"
    comments = by_id(read(FIXTURES / "producthunt/comments.json"))
    assert comments["3003"].parent == "3002" and comments["3003"].title == "Acme Kettle"
    assert comments["3001"].text == "Congrats! But 90 € is a lot."
    with pytest.raises(ConnectorError, match="none of this name"):
        connectors.find("producthunt").parse(answer('{"data": {"post": null}}'), {})


def test_reddit_is_read_through_its_feed_without_keys() -> None:
    sent: list[httpx.Request] = []

    def serve(request: httpx.Request) -> httpx.Response:
        sent.append(request)
        return httpx.Response(200, content=(FIXTURES / "reddit/feed.xml").read_bytes())

    client = Client(transport=httpx.MockTransport(serve), spacing=0)
    page = reddit.parse(Sessions(client, {}).fetch(reddit, reddit.request("acme", {})), {})
    assert len(page.mentions) == 3 and not page.more
    assert sent[0].headers.get_list("user-agent") == ["python:earful:v1 (self-hosted)"]


@pytest.mark.usefixtures("with_keys")
def test_reddit_is_asked_through_its_api_with_keys() -> None:
    sent: list[httpx.Request] = []

    def serve(request: httpx.Request) -> httpx.Response:
        sent.append(request)
        if request.url.path == "/api/v1/access_token":
            return httpx.Response(200, json={"access_token": "t1", "token_type": "bearer", "expires_in": 86400})
        return httpx.Response(200, content=(FIXTURES / "reddit/listing.json").read_bytes())

    reddit.parse(fetch("reddit", serve, MIDWAY), MIDWAY)
    login, search = sent
    assert login.read() == b"grant_type=client_credentials"
    pair = base64.b64decode(login.headers["authorization"].removeprefix("Basic ")).decode()
    assert pair == "value-of-earful_reddit_id:value-of-earful_reddit_secret"
    assert f"{search.url.host}{search.url.path}" == "oauth.reddit.com/search"
    assert search.url.params["after"] == "page&2" and search.headers["authorization"] == "Bearer t1"
    for request in sent:
        agents = request.headers.get_list("user-agent")
        assert agents == ["python:earful:v1 (by /u/value-of-earful_reddit_user)"]


def test_reddit_names_the_same_post_alike_in_both_ways() -> None:
    api, feed = (read(FIXTURES / "reddit" / name) for name in ("listing.json", "feed.xml"))
    counted, plain = by_id(api), by_id(feed)
    for name, mention in plain.items():
        other = counted[name]
        for field in ("url", "author", "published", "title", "text", "about"):
            assert getattr(mention, field) == getattr(other, field), f"{name}: {field}"
    assert set(plain) == {"t3_1acme3", "t1_1acmec1", "t3_1acme2"} and plain["t3_1acme2"].author == ""
    assert counted["t3_1acme3"].engagement == 15 and counted["t1_1acmec1"].engagement == 4


def test_what_was_deleted_on_reddit_is_named_and_not_kept() -> None:
    assert read(FIXTURES / "reddit/listing.json").gone == ("t3_1acme9", "t1_1acmec9")
    assert read(FIXTURES / "reddit/feed.xml").gone == ("t3_1acme9",)


@pytest.mark.parametrize(
    "permalink", ["//evil.example/x", "@evil.example/x", ".evil.example/x", "https://evil.example/"]
)
def test_a_link_of_reddits_stays_on_reddit(permalink: str) -> None:
    post = {"name": "t3_a", "title": "Acme", "permalink": permalink}
    content = json.dumps({"data": {"children": [{"data": post}]}})
    (mention,) = reddit.parse(answer(content), {}).mentions
    assert httpx.URL(mention.url).host in ("", "www.reddit.com")


def listing(*posts: tuple[str, int], after: str | None = None) -> bytes:
    children = [{"kind": "t3", "data": {"name": name, "title": "Acme", "created_utc": at}} for name, at in posts]
    return json.dumps({"kind": "Listing", "data": {"after": after, "children": children}}).encode()


def turn(cursor: Cursor, content: bytes) -> tuple[Cursor, bool, bool]:
    url = reddit.request("r/kettles", cursor).url
    page = reddit.parse(answer(content, str(url)), cursor)
    return page.cursor, page.more, page.rolled


@pytest.mark.usefixtures("with_keys")
def test_a_subreddit_is_read_post_by_post_and_then_comment_by_comment() -> None:
    day, now = 86_400, 1_780_390_000
    cursor, more, _ = turn({}, listing(("t3_b", now), after="t3_b"))
    assert more and cursor["turn"] == "new" and reddit.request("r/kettles", cursor).url.params["after"] == "t3_b"
    cursor, more, _ = turn(cursor, listing(("t3_a", now - day)))
    assert more and reddit.request("r/kettles", cursor).url.path == "/r/kettles/comments"
    assert "after" not in reddit.request("r/kettles", cursor).url.params
    cursor, more, _ = turn(cursor, listing(("t1_a", now - 60)))
    assert not more and cursor == {"turn": "new", "since": now, "other": {"since": now - 60}}


@pytest.mark.usefixtures("with_keys")
def test_a_list_that_ends_before_what_is_known_is_reported_when_both_are_read() -> None:
    known, now = 1_780_000_000, 1_780_390_000
    cursor: Cursor = {"turn": "new", "since": known, "other": {"since": known}}
    cursor, more, _ = turn(cursor, listing(("t3_c", now)))
    assert more
    cursor, more, rolled = turn(cursor, listing(("t1_a", known - 90_000), ("t1_b", now)))
    assert not more and rolled and "missed" not in cursor
    _, _, rolled = turn(turn(cursor, listing(("t3_c", now)))[0], listing(("t1_b", now)))
    assert not rolled


def test_recorded_exchanges_are_read_from_json_too(tmp_path: Path) -> None:
    exchange = {
        "request": {"method": "GET", "uri": "https://oauth.reddit.com/search?q=acme"},
        "response": {
            "status": {"code": 200, "message": "OK"},
            "headers": {"Content-Type": ["application/json"]},
            "body": {"string": (FIXTURES / "reddit/listing.json").read_text()},
        },
    }
    (tmp_path / "reddit").mkdir()
    (tmp_path / "reddit/search.json").write_text(json.dumps({"interactions": [exchange], "version": 1}))
    ((connector, name, response),) = recorded.read(tmp_path)
    assert (connector, name) == ("reddit", "reddit/search.json#1")
    assert response.url.host == "oauth.reddit.com" and len(reddit.parse(response, {}).mentions) == 4


def test_the_keyed_connectors_are_these() -> None:
    modules: list[ModuleType] = [connectors.find(name) for name in KEYED]
    assert all(keys.variables(module) for module in modules)
    assert [module.__name__.rpartition(".")[2] for module in modules if getattr(module, "OPTIONAL", False)] == [
        "reddit"
    ]

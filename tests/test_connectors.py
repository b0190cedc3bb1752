"""One contract for all connectors, on small invented answers in the recorded shapes."""

import json
from datetime import timedelta
from pathlib import Path

import httpx
import pytest
from answers import FIXTURES, READ, answer, read, target
from contract import broken

from earful import connectors
from earful.connectors import keys
from earful.connectors.types import Blocked, ConnectorError, Cursor, Mention

FILES = [path for name in connectors.names() for path in (FIXTURES / name).iterdir()]
ANSWERS = sorted(path for path in FILES if path.name != "target.txt")
SOURCE = Path(connectors.__file__).parent


@pytest.mark.parametrize("name", connectors.names())
def test_a_connector_is_one_small_file_with_two_functions(name: str) -> None:
    module = connectors.find(name)
    assert len((SOURCE / f"{name}.py").read_text().splitlines()) < 60
    assert "https://" in module.__doc__ and "Target:" in module.__doc__ and "erms" in module.__doc__
    public = {key for key, value in vars(module).items() if callable(value) and value.__module__ == module.__name__}
    functions = {one for one in public if not one.startswith("_")}
    assert functions in ({"request", "parse"}, {"request", "parse", "login", "session"})
    assert ("login" in functions) == hasattr(module, "LOGIN")
    for variable in keys.variables(module):
        assert keys.VARIABLE.fullmatch(variable) and variable in module.__doc__


@pytest.mark.parametrize("name", connectors.names())
def test_a_request_is_an_http_address_and_a_wrong_target_says_the_right_form(name: str) -> None:
    request = connectors.find(name).request(target(name), {})
    assert isinstance(request, httpx.Request) and request.url.host
    assert request.url.scheme in ("http", "https") or (request.url.scheme == "wss" and "keep" in request.extensions)
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
    with pytest.raises(ValueError, match=r"appstore, .*hackernews, .*mastodon, .*rss"):
        connectors.find("http")


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
        {"answer": 3.0},
        {"answer": 6.0, "scale": "csat"},
        {"answer": None, "scale": "nps"},
        {"answer": 3.0, "scale": "ten"},
    ):
        fields = {name: getattr(good, name) for name in Mention.__slots__} | change
        assert len(broken(Mention(**fields), READ)) == 1, change

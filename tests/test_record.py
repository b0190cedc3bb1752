"""Recording a source: what is written can be read again, and holds neither keys nor names."""

from pathlib import Path

import httpx
import pytest
from answers import FIXTURES

from earful.connectors import hackernews, recorded
from earful.connectors.http import Client
from earful.connectors.sessions import Sessions
from earful.connectors.types import ConnectorError
from earful.flows import record


def asker(answer: httpx.Response, environ: dict[str, str] | None = None) -> Sessions:
    return Sessions(Client(transport=httpx.MockTransport(lambda _: answer), spacing=0), environ or {})


def test_a_recording_is_read_again_without_the_names(tmp_path: Path) -> None:
    content = (FIXTURES / "hackernews" / "search.json").read_bytes()
    cookies = {"Set-Cookie": "session=very-secret", "Content-Type": "application/json", "X-Served-By": "cache-7"}
    found = record.record(asker(httpx.Response(200, content=content, headers=cookies)), "hackernews", "acme", tmp_path)
    assert found == record.Recorded(answers=1, mentions=3, names=3, path=tmp_path / "hackernews" / "acme.yaml")
    written = found.path.read_text()
    for secret in ("spanner", "quill", "very-secret", "cache-7"):
        assert secret in (content.decode() + str(cookies)) and secret not in written
    ((connector, name, response),) = recorded.read(tmp_path)
    assert (connector, name) == ("hackernews", "hackernews/acme.yaml#1")
    page = hackernews.parse(response, {})
    assert {mention.author for mention in page.mentions} == {"person1", "person2", "person3"}
    assert "lid" in "".join(mention.text for mention in page.mentions)


def test_a_key_is_taken_out_wherever_it_stands(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    environ = {"EARFUL_ACME_KEY": "s3cret/key"}
    monkeypatch.setattr(hackernews, "KEYS", {"X-Acme": "EARFUL_ACME_KEY"}, raising=False)
    content = b'{"hits": [], "echo": "s3cret/key", "next": "https://x.example/?key=s3cret/key"}'
    answer = httpx.Response(200, content=content, headers={"Link": "<https://x.example/?key=s3cret/key>"})
    found = record.record(asker(answer, environ), "hackernews", "acme", tmp_path, environ)
    assert "s3cret" not in found.path.read_text() and found.path.read_text().count("REDACTED") == 3


def test_names_go_in_every_spelling_and_other_words_stay() -> None:
    hidden = {"José Müller": "person1", "ann": "person2", "Müller": "person3"}
    text = '"Jos\\u00e9 M\\u00fcller" José Müller, Jos%C3%A9%20M%C3%BCller; @ann annoyed Müller\'s channel'
    assert record.without(text, hidden) == ('"person1" person1, person1; @person2 annoyed person3\'s channel')
    assert record.without("nobody", {}) == "nobody"


def test_what_is_of_no_use_is_not_written(tmp_path: Path) -> None:
    with pytest.raises(ConnectorError):
        record.record(asker(httpx.Response(200, json={"message": "no"})), "hackernews", "acme", tmp_path)
    with pytest.raises(ValueError, match="no search term"):
        record.record(asker(httpx.Response(200)), "hackernews", "", tmp_path)
    assert list(tmp_path.iterdir()) == []

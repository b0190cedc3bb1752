"""Folders of tables as sources: read where they lie, again when they change, and nothing outside them."""

import json
import os
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from answers import FIXTURES, answer, by_id, read
from samples import config, rows

from earful import connectors
from earful.connectors import columns, files
from earful.connectors.columns import Columns
from earful.connectors.http import Client
from earful.connectors.types import ConnectorError
from earful.data.database import Database
from earful.flows import checking, collect, run
from earful.flows.config import Source
from earful.flows.files import Reader
from earful.flows.report import Report

NOW = datetime(2026, 5, 20, 12, tzinfo=UTC)


class NoNetwork(httpx.BaseTransport):
    """Answers nothing: what comes here should not have."""

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        raise AssertionError(f"asked {request.url}")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "exports"
    made.mkdir()
    return made


def put(folder: Path, name: str, content: str | bytes, age: float = 1000) -> None:
    """Writes a file that was changed `age` seconds before NOW."""
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    at = NOW.timestamp() - age
    os.utime(path, (at, at))


@pytest.fixture
def visit(tmp_path: Path) -> Callable[..., Report]:
    """Collects once from the folder."""

    def made(after: float = 0, **layout: Any) -> Report:
        source = Source(connector="files", target="exports", **{"backfill": timedelta(days=30), **layout})
        settings = config(tmp_path, sources=(source,), timezone="Europe/Berlin")
        client = Client(transport=NoNetwork(), spacing=0)
        now = NOW + timedelta(seconds=after)
        job = run.Job(Database(settings.store_folder), settings, client, lambda: now, lambda *_: None)
        run.prepare(job)
        (report,) = collect.collect(job.database, settings, client, job.clock, job.progress) or [Report("not due")]
        return report

    return made


def kept(folder: Path, fields: str = "id, text") -> list[tuple[Any, ...]]:
    return rows(Database(folder.parent / "store"), f"SELECT {fields} FROM mentions ORDER BY id")


def test_a_folder_is_read_once_and_again_when_it_changes(folder: Path, visit: Callable[..., Report]) -> None:
    put(folder, "a.csv", "id,text,date\n1,Acme is late,2026-05-01\n2,Acme is fine,2020-01-02\n")
    put(folder, "b.jsonl", '{"id": 3, "text": "Acme again", "date": "2026-05-02"}\n')
    put(folder, "read me.pdf", b"%PDF")
    put(folder, ".hidden.csv", "id,text\n9,no\n")
    report = visit()
    assert (report.state, report.new, report.refused) == ("fine", 3, []), "what is older than the backfill too"
    midnight = datetime(2026, 4, 30, 22, tzinfo=UTC)
    assert kept(folder, "id, published")[0] == ("1", midnight), "a day begins in the team's zone"
    landed = len(list((folder.parent / "store" / "raw").glob("*/*.gz")))
    assert landed == 3, "the list and two files"
    assert (visit(86400).read, len(list((folder.parent / "store" / "raw").glob("*/*.gz")))) == (0, 3)
    put(folder, "a.csv", "id,text,date\n1,Acme is late,2026-05-01\n2,Acme is fine again,2020-01-02\n4,new,\n", 1)
    (folder / "b.jsonl").unlink()
    report = visit(2 * 86400)
    assert (report.read, report.new, report.changed, report.known) == (3, 1, 1, 1)
    assert [text for _, text in kept(folder)] == ["Acme is late", "Acme is fine again", "Acme again", "new"]


def test_what_can_be_read_of_a_folder_is_read(folder: Path, visit: Callable[..., Report]) -> None:
    put(folder, "a.csv", b"\0\1\2\3 not a table \0")
    put(folder, "b.csv", "id,remark\n1,which column?\n")
    put(folder, "c.csv", "id,text\n1,Acme\n2,too,many\n")
    put(folder, "d.csv", "<html><title>Log in</title></html>")
    put(folder, "e.csv", "")
    report = visit()
    assert (report.state, report.new) == ("fine", 1)
    assert [reason.partition(": ")[0] for reason in report.refused] == ["a.csv", "b.csv", "c.csv:3", "d.csv"]
    assert "there are id, remark" in report.refused[1]
    assert visit(86400).refused == [], "said once, until it changes"


@pytest.mark.parametrize(
    ("content", "age", "new"),
    [
        ("id,text\n1,Acme\n", 1, 0),
        ("id,text\n1,Acme\n", 5, 1),
        ("id,text\n1,Acme\n", -1, 0),
        ("id,text\n1,Acm", 5, 0),
        ("id,text\n1,Acme", 61, 1),
        ("id,text\n1,Acme\n".encode("utf-16-le"), 5, 1),
    ],
)
def test_what_is_still_being_written_waits(
    folder: Path, visit: Callable[..., Report], content: str | bytes, age: float, new: int
) -> None:
    put(folder, "a.csv", content, age)
    assert visit().new == new
    assert visit(86400).new == 1 - new


def test_links_and_other_kinds_are_not_followed(folder: Path, visit: Callable[..., Report], tmp_path: Path) -> None:
    secret = tmp_path / "secret.csv"
    secret.write_text("id,text\n1,secret\n")
    (folder / "link.csv").symlink_to(secret)
    os.mkfifo(folder / "pipe.csv")
    (folder / "folder.csv").mkdir()
    put(folder, "fine.csv", "id,text\n1,Acme\n")
    assert (visit().new, kept(folder)) == (1, [("1", "Acme")])
    reader = Reader(Client(transport=NoNetwork()), tmp_path, lambda: NOW)
    for name in ("link.csv", "pipe.csv", "folder.csv", "gone.csv"):
        assert reader.fetch(files, httpx.Request("GET", f"file:///exports/{name}")).status_code == 404


def test_nothing_outside_is_listed(tmp_path: Path) -> None:
    home, other = tmp_path / "home", tmp_path / "other"
    home.mkdir()
    other.mkdir()
    (other / "a.csv").write_text("id,text\n1,secret\n")
    (home / "away").symlink_to(other)
    reader = Reader(Client(transport=NoNetwork()), home, lambda: NOW)
    for address in (
        "file:///away/",
        "file:///away/a.csv",
        "file:///%2e%2e/other/a.csv",
        "file:///..%2Fother/",
        "file:///no/",
    ):
        with pytest.raises(ConnectorError, match="there is no folder"):
            reader.fetch(files, httpx.Request("GET", address))


@pytest.mark.parametrize(
    "target",
    [
        *("..", "../exports", "exports/../..", "/etc", "~", "exports/.ssh", ".", "C:\\exports", "a\\b", "a//b", "a?b"),
        *("file:///etc", "ftp://example.org/a.csv", "exports%2F..", "a\nb", "http://", "exports#{"),
        "https://example.org/a.csv#part",
    ],
)
def test_a_target_that_leads_elsewhere_is_refused(target: str) -> None:
    with pytest.raises(ValueError, match=r"files: .* write one like exports|files: .* behind the #"):
        files.request(target, {})


def test_only_the_connector_of_folders_gets_to_the_disk(folder: Path, tmp_path: Path) -> None:
    put(folder, "a.csv", "id,text\n1,Acme\n")
    reader = Reader(Client(transport=NoNetwork()), tmp_path, lambda: NOW)
    with pytest.raises(ConnectorError, match="'file' is not followed"):
        reader.fetch(connectors.find("rss"), httpx.Request("GET", "file:///exports/a.csv"))


def test_an_address_that_leads_to_the_disk_is_not_followed(tmp_path: Path) -> None:
    def sends_on(request: httpx.Request) -> httpx.Response:
        return httpx.Response(302, headers={"location": "file:///exports/"}, request=request)

    reader = Reader(Client(transport=httpx.MockTransport(sends_on), spacing=0), tmp_path, lambda: NOW)
    with pytest.raises(ConnectorError, match="'file' is not followed"):
        reader.fetch(files, files.request("https://example.org/a.csv", {}))


def test_a_list_is_believed_from_the_disk_only() -> None:
    with pytest.raises(ConnectorError, match="which column holds the words"):
        files.parse(answer(json.dumps({"passwd.csv": '"1-1"'}), "https://example.org/"), {})
    asked = files.request("https://example.org/a.csv", {"waiting": ["../passwd"], "known": {}})
    assert asked.url.path == "/a.csv"
    asked = files.request("exports", {"waiting": ["../passwd", 7, None]})
    assert asked.url.raw_path == b"/exports/..%2Fpasswd"


def test_an_address_is_asked_only_for_news_until_the_columns_change() -> None:
    source = Source(connector="files", target="https://example.org/a.csv", columns={"text": "Said"})
    page = files.parse(answer("Said\nAcme\n", source.question, etag='"7"'), {})
    assert [one.text for one in page.mentions] == ["Acme"]
    assert files.request(source.question, page.cursor).headers["if-none-match"] == '"7"'
    other = source.model_copy(update={"dates": "%d.%m.%Y"})
    assert "if-none-match" not in files.request(other.question, page.cursor).headers


def test_a_large_file_is_refused_and_one_of_a_hundred_thousand_rows_is_read(
    folder: Path, visit: Callable[..., Report], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("earful.flows.files.LIMIT", 3_000_000)
    put(folder, "large.csv", "id,text\n" + "1,Acme\n" * 500_000)
    put(folder, "long.csv", "id,score,nps\n" + "".join(f"{n},,{n % 11}\n" for n in range(100_000)))
    report = visit()
    assert (report.new, report.refused) == (100_000, ["large.csv: larger than 3 MB; split it"])


def test_columns_of_surveys_and_reviews() -> None:
    page = read(FIXTURES / "files" / "survey.csv")
    found = by_id(page)
    assert [(one.answer, one.scale, one.rating) for one in found.values()] == [
        (3, "nps", None),
        (10, "nps", None),
        (9, "nps", None),
    ]
    assert found["T-1"].text == 'The Ferrywell app is "fine",\nbut the kettle leaks' and found["T-1"].author == "Ada"
    assert (found["T-3"].text, found["T-3"].language) == ("9/10", "zxx"), "an answer counts without words too"
    assert page.refused == ("feed.xml:6: '11' is no answer from 0 to 10",)
    review = by_id(read(FIXTURES / "files" / "reviews.jsonl"))["r-1"]
    assert (review.title, review.rating, review.url) == ("Good kettle", 4, "https://reviews.example.org/r-1")
    assert [one.text for one in read(FIXTURES / "files" / "old.tsv").mentions] == ["café by Acme"]
    torn = read(FIXTURES / "files" / "torn.csv")
    assert len(torn.mentions) == 1 and torn.refused == ("feed.xml:3: a quote is opened here and never closed",)


def read_as(content: str, **layout: Any) -> Any:
    """Reads a table under a source's layout."""
    source = Source(connector="files", target="https://example.org/a.csv", **layout)
    return files.parse(answer(content, source.question), {})


def test_columns_are_read_as_the_configuration_names_them() -> None:
    page = read_as(
        "Ticket;Created;Stars;Name;Likes;Dislikes;text\nT1;31.12.2025 08:30;4;Ada;the lid;;internal\n"
        "T2;1.1.2026 00:10;5;Ben;;the price & the app;internal\n",
        columns={"text": ["Likes", "dislikes "], "published": "Created", "rating": "Stars", "author": "Name"},
        scale="csat",
        dates="%d.%m.%Y %H:%M",
        zone="America/New_York",
    )
    first, second = page.mentions
    assert (first.id, first.text, first.author, first.answer) == ("T1", "Likes: the lid", "Ada", 4)
    assert first.published == datetime(2025, 12, 31, 13, 30, tzinfo=UTC) and first.dated
    assert (second.text, second.rating, second.scale) == ("Dislikes: the price & the app", None, "csat")


@pytest.mark.parametrize(
    ("scale", "given", "answer"),
    [
        *(
            ("nps", "0", 0),
            ("nps", "10", 10),
            ("nps", "10 - Extremely likely", 10),
            ("nps", "7.0", 7),
            ("nps", "9/10", 9),
        ),
        *(("nps", "11", None), ("nps", "9/5", None), ("nps", "7.5", None), ("nps", "-1", None), ("nps", "nine", None)),
        *(("csat", "5", 5), ("csat", "4 (good)", 4), ("csat", "0", None), ("csat", "6", None), ("csat", "4/5", 4)),
    ],
)
def test_what_counts_as_an_answer(scale: str, given: str, answer: int | None) -> None:
    page = read_as(f"id;text;Q1\n1;Acme;{given}\n", columns={"rating": "Q1"}, scale=scale)
    assert [one.answer for one in page.mentions] == ([] if answer is None else [answer])
    assert len(page.refused) == (answer is None)


def test_answers_without_an_id_are_several_peoples() -> None:
    page = read_as("date,nps\n2026-05-01,9\n2026-05-01,9\n2026-05-01,3\n2026-05-01,\n")
    assert [one.answer for one in page.mentions] == [9, 9, 3]
    assert len({one.id for one in page.mentions}) == 3
    again = read_as("date,nps\n2026-05-01,9\n2026-05-01,9\n2026-05-01,3\n2026-05-01,\n2026-05-02,9\n")
    assert [one.id for one in again.mentions][:3] == [one.id for one in page.mentions]
    words = read_as("text\nGreat!\nGreat!\n")
    assert len({one.id for one in words.mentions}) == 1, "the same words are an accidental copy"


def test_a_layout_travels_through_an_address() -> None:
    odd = Columns({"text": ('Say "what" & why? 100% #1 + ü',)}, "nps", "%d/%m", "Asia/Tokyo")
    asked = files.request(f"https://example.org/a.csv#{odd.written()}", {})
    assert columns.understood(httpx.Request("GET", str(asked.url)).url.fragment) == odd
    assert asked.url.raw_path == b"/a.csv"


def test_check_shows_the_guess(folder: Path) -> None:
    def result(**layout: Any) -> checking.Result:
        settings = config(folder.parent, sources=(Source(connector="files", target="exports", **layout),))
        (found,) = checking.check(settings, Client(transport=NoNetwork()), lambda *_: None)
        return found

    assert "no file to read" in result().error
    put(folder, "a.csv", "Ticket ID;Created At;Comment;Subject;CSAT\n1;2026-05-01;Acme is late;x;2\n")
    found = result(columns={"title": "subject"})
    assert (found.error, found.read, found.matched["Acme"]) == ("", 1, 1)
    assert found.columns == (
        "id from 'Ticket ID' (guessed), text from 'Comment' (guessed), title from 'Subject', "
        "published from 'Created At' (guessed), csat from 'CSAT' (guessed)"
    )
    assert "no column 'Words' for text; there are Ticket ID" in result(columns={"text": "Words"}).error


@pytest.mark.parametrize(
    ("layout", "said"),
    [
        ({"columns": {"words": "Comment"}}, "no field 'words'; there are id, text"),
        ({"columns": {"id": ["a", "b"]}}, "id: name one column"),
        ({"columns": {"text": []}}, "text: name one column"),
        ({"columns": {"text": 7}}, "text: write the name of a column"),
        ({"columns": "Comment"}, "write the names of the file's columns"),
        ({"dates": "%d %m"}, "gives no day, month and year"),
        ({"scale": "ten"}, "nps"),
        ({"zone": "Berlin"}, "Europe/Berlin"),
        ({"connector": "hackernews", "scale": "nps"}, "only the connector files"),
    ],
)
def test_a_layout_that_cannot_be_is_said(layout: dict[str, Any], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        Source(**{"connector": "files", "target": "exports", **layout})

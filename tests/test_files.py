"""Files that people have: read into mentions whatever wrote them, written so that nothing runs in a spreadsheet."""

import csv
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pandas as pd
import pytest
from samples import Said, keep, rows

from earful.connectors import columns
from earful.connectors.columns import Columns
from earful.connectors.tables import Table
from earful.data import export
from earful.data.database import Database
from earful.flows import collect, files
from earful.flows.files import FileError, import_file
from earful.flows.report import Report

NOW = datetime(2025, 3, 3, 12, tzinfo=UTC)
BERLIN = ZoneInfo("Europe/Berlin")


@pytest.fixture
def database(tmp_path: Path) -> Database:
    return Database(tmp_path / "store")


@pytest.fixture
def bring(database: Database, tmp_path: Path):
    """Writes a file and imports it."""

    def made(name: str, content: str | bytes, **columns: str) -> Report:
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return import_file(database, path, columns, BERLIN, NOW, lambda *_: None)

    return made


def mentions(database: Database, fields: str) -> list[tuple]:
    return rows(database, f"SELECT {fields} FROM mentions ORDER BY id")


def read(written: object) -> tuple[datetime, bool]:
    """When a row was published that says `written`, and whether it said so."""
    table = Table(("id", "text", "date"), [(1, {"id": 1, "text": "Acme", "date": written})])
    (mention,) = columns.mentions(table, Columns(zone="Europe/Berlin"), NOW, "x")
    assert not isinstance(mention, str)
    return mention.published, mention.dated


def test_a_csv_is_read_by_the_usual_names_of_its_columns(bring, database: Database) -> None:
    report = bring(
        "reviews.csv",
        "Review_ID, Title ,Comment,Stars,Reviewer,Created_At,Company,Link\n"
        '7,Late,"Acme was\nlate, ""very"" late",2,ada,2025-01-02 10:00,Acme,https://reviews.example/7\n',
    )
    assert (report.source, report.read, report.new, report.undated, report.refused) == ("import:reviews", 1, 1, 0, [])
    fields = "id, title, text, rating, author, published, about, url, source"
    assert mentions(database, fields) == [
        (
            "7",
            "Late",
            'Acme was\nlate, "very" late',
            2.0,
            "ada",
            datetime(2025, 1, 2, 9, tzinfo=UTC),
            "Acme",
            "https://reviews.example/7",
            "import:reviews",
        )
    ]


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("western.csv", "id,text,date\n1,Acme is late,2025-01-02 ".encode("windows-1252")),
        ("marked.csv", "id,text,date\n1,Acme is late,2025-01-02\n".encode("utf-16")),
        ("little.csv", "id,text,date\n1,Acme is late,2025-01-02\n".encode("utf-16-le")),
        ("big.csv", "id,text,date\n1,Acme is late,2025-01-02\n".encode("utf-16-be")),
        ("excel.CSV", b"\xef\xbb\xbfid;text;date\r\n1;Acme is late;2025-01-02\r\n"),
        ("tabs.csv", b"id\ttext\tdate\n1\tAcme is late\t2025-01-02\n"),
        ("plain.csv", b"id,text,date\n1,Acme is late,2025-01-02"),
        ("lines.jsonl", b'{"id": 1, "text": "Acme is late", "date": "2025-01-02"}\r\n\r\n'),
        ("lines.json", b'{"id": "1", "body": "Acme is late", "published": "2025-01-02"}'),
    ],
)
def test_what_programs_write_is_read_alike(bring, database: Database, name: str, content: bytes) -> None:
    assert bring(name, content).new == 1
    midnight = datetime(2025, 1, 2, tzinfo=BERLIN)
    assert mentions(database, "id, text, published") == [("1", "Acme is late", midnight)]


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("2025-01-02", datetime(2025, 1, 2, tzinfo=BERLIN)),
        ("2024-07-02", datetime(2024, 7, 2, tzinfo=BERLIN)),
        (" 2025-01-02 10:30 ", datetime(2025, 1, 2, 10, 30, tzinfo=BERLIN)),
        ("2025-01-02T10:30:00Z", datetime(2025, 1, 2, 10, 30, tzinfo=UTC)),
        ("2025-01-02T10:30:00-05:00", datetime(2025, 1, 2, 15, 30, tzinfo=UTC)),
        ("Thu, 02 Jan 2025 10:30:00 GMT", datetime(2025, 1, 2, 10, 30, tzinfo=UTC)),
        (1735813800, datetime(2025, 1, 2, 10, 30, tzinfo=UTC)),
        ("1735813800", datetime(2025, 1, 2, 10, 30, tzinfo=UTC)),
    ],
)
def test_a_time_without_a_zone_is_the_teams(written: object, meant: datetime) -> None:
    assert read(written) == (meant, True)


@pytest.mark.parametrize("written", ["yesterday", "03/04/2024", "0001-01-01", "9999-12-31", -5, True, None, "", [1]])
def test_a_time_of_no_use_is_taken_as_now(written: object) -> None:
    assert read(written) == (NOW, False)


def test_how_many_have_no_date_is_said(bring) -> None:
    assert bring("x.csv", "id,text,date\n1,a,2025-01-02\n2,b,yesterday\n3,c,\n").undated == 2


def test_columns_may_be_named(bring, database: Database) -> None:
    bring("x.csv", "key,What they said,text\n1,Acme is late,internal note\n", text="what they SAID", id="key")
    assert mentions(database, "id, text") == [("1", "Acme is late")]


def test_a_column_that_is_not_there_is_said(bring, database: Database) -> None:
    with pytest.raises(FileError, match=r"x\.csv: there is no column 'words' for text; there are id, body"):
        bring("x.csv", "id,body\n1,Acme\n", text="words")
    with pytest.raises(FileError, match=r"x\.csv: which column holds the words\? .*; there are id, remark"):
        bring("x.csv", "id,remark\n1,Acme\n")
    assert not database.main.exists()
    assert bring("x.csv", "id,headline\n1,Acme is late\n").new == 1, "a title alone can be read"


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("x.jsonl", '{"id": 1, "text": "a"}\n\n{"id": 2,\n', r"x\.jsonl:3: this line is no JSON object"),
        ("x.jsonl", '{"id": 1, "text": "a"}\n["a"]\n', r"x\.jsonl:2: this line is no JSON object"),
        ("x.jsonl", "[" * 100_000, r"x\.jsonl: no row can be read; line 1: this line is no JSON object"),
        ("x.json", '[{"id": 1, "text": "a"}]', r"x\.json: no row can be read; line 1: this line is no JSON object"),
        ("x.csv", "id,text\n1,a\n2," + "x" * 200_000, r"x\.csv:3: this row can't be read"),
        ("x.csv", "id,text\n1,a\n2,b,c\n", r"x\.csv:3: 3 cells where the header has 2"),
        ("x.csv", 'id,text\n1,a\n2,"b\n3,c\n', r"x\.csv:3: a quote is opened here and never closed"),
        ("x.csv", b"PK\x03\x04\x14\0", r"x\.csv: this is a spreadsheet"),
        ("x.csv", b"id,text\n1,\x01\x02\n", r"x\.csv: this is no text"),
    ],
)
def test_a_bad_line_is_named_and_nothing_is_kept(
    bring, database: Database, name: str, content: str | bytes, said: str
) -> None:
    with pytest.raises(FileError, match=said):
        bring(name, content)
    assert not database.main.exists()


def test_a_file_that_is_not_there(database: Database, tmp_path: Path) -> None:
    with pytest.raises(FileError, match="is not there"):
        import_file(database, tmp_path / "no.csv", {}, BERLIN, NOW, lambda *_: None)


def test_odd_rows_are_refused_with_a_reason_and_the_others_kept(bring, database: Database) -> None:
    report = bring(
        "x.jsonl",
        '{"id": 1, "text": "one\u2028more line"}\n'
        '{"id": 2, "text": "  "}\n'
        '{"id": 3, "text": {"a": 1}}\n'
        '{"id": 4, "text": "half \\ud800 sign", "rating": NaN}\n'
        '{"id": 5, "text": "<b>Acme</b> <script>alert(1)</script>", "url": "javascript:alert(1)", "rating": "9"}\n',
    )
    assert [reason.partition(":")[0] for reason in report.refused] == ["row 2", "row 3"]
    assert (report.read, report.new) == (5, 3)
    texts = mentions(database, "text, url, rating")
    assert texts == [("one\nmore line", "", None), ("half ? sign", "", None), ("Acme", "", None)]


def test_the_same_file_again_is_known_and_a_change_is_seen(bring, database: Database) -> None:
    one, two = '{"id": 1, "text": "first"}\n', '{"text": "a text without an id"}\n'
    assert (bring("x.jsonl", one + two).new, bring("x.jsonl", one + two).known) == (2, 2)
    assert len(mentions(database, "id")) == 2
    report = bring("x.jsonl", '{"id": 1, "text": "first, corrected"}\n' + two)
    assert (report.new, report.changed, report.known) == (0, 1, 1)
    assert bring("y.jsonl", one).new == 1, "another file is another source"


def test_more_rows_than_a_transaction_takes(bring, database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "BATCH", 3)
    report = bring("x.jsonl", "\n".join(json.dumps({"id": n, "text": f"Acme {n}"}) for n in range(10)))
    assert (report.read, report.new) == (10, 10)
    assert len(list(database.raw.rglob("*.gz"))) == 4


def test_an_import_can_be_replayed(bring, database: Database, tmp_path: Path) -> None:
    content = '{"id": 1, "text": "Acme", "date": "2025-01-02"}\n{"id": 2, "text": "undated"}\n'
    bring("x.jsonl", content)
    whole = mentions(database, "* EXCLUDE collected")
    database.raw.rename(tmp_path / "raw")
    fresh = Database(tmp_path)
    reports = collect.replay(fresh, lambda *_: None)
    assert reports["import:x"].new == 2
    assert mentions(fresh, "* EXCLUDE collected") == whole


HOSTILE = ['=HYPERLINK("http://evil.example")', "+1", "-1+cmd", "@SUM(A1)", "\t=1", "\r=1", "fine = fine", "", "ünï"]


def test_an_exported_csv_runs_nothing_and_keeps_every_word(database: Database, tmp_path: Path) -> None:
    said = [Said(NOW - timedelta(hours=n), text=text or "x", author=text) for n, text in enumerate(HOSTILE)]
    keep(database, said, NOW, publish=True)
    target = tmp_path / "out.csv"
    assert files.export(database.folder, target) == len(HOSTILE)
    with target.open(encoding="utf-8", newline="") as file:
        found = list(csv.DictReader(file))
    for row, text in zip(found, HOSTILE, strict=True):
        assert row["author"] == ("'" + text if text and text[0] in "=+-@\t\r" else text)
        for name, cell in row.items():
            assert name in ("negative", "neutral", "positive") or not cell.startswith(export.FORMULA)
    assert [datetime.fromisoformat(row["published"]) for row in found] == [one.at for one in said], "newest first"
    assert {row["label"] for row in found} == {"negative"}
    assert float(found[0]["negative"]) == pytest.approx(0.8)


def test_an_exported_parquet_holds_the_words_as_they_are(database: Database, tmp_path: Path) -> None:
    keep(database, [Said(NOW, text="=1+1", author="@ada"), Said(NOW, brand="Globex")], NOW, publish=True)
    target = tmp_path / "out.parquet"
    assert files.export(database.folder, target) == 2
    frame = pd.read_parquet(target)
    assert sorted(frame["brand"]) == ["Acme", "Globex"]
    (acme,) = frame[frame["brand"] == "Acme"].to_dict("records")
    assert (acme["text"], acme["author"], acme["label"]) == ("=1+1", "@ada", "negative")
    assert acme["published"].to_pydatetime() == NOW


def test_a_target_that_cannot_be_written_is_said(database: Database, tmp_path: Path) -> None:
    for name, said in (("out.xlsx", r"end the name in \.csv or \.parquet"), ("no/out.csv", "there is no folder")):
        with pytest.raises(FileError, match=said):
            files.export(database.folder, tmp_path / name)

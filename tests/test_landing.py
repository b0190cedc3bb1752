"""A landed answer is whole and comes back as it was, or it is not there."""

import gzip
import os
import resource
from datetime import UTC, date, datetime
from pathlib import Path

import harness
import pytest

from earful.data import landing
from earful.data.landing import LandingError

AT = datetime(2025, 3, 14, 23, 59, tzinfo=UTC)
BODY = b"<rss>\n\x00\xff not only text</rss>\n"
HEADERS = {"content-type": "application/rss+xml", "etag": '"1"', "set-cookie": "secret=1"}


def land(raw: Path, at: datetime = AT, body: bytes = BODY) -> str:
    return landing.land(
        raw, at, "rss:https://news.example/feed", {"etag": None}, "https://news.example/feed", 200, HEADERS, body
    )


def land_in_little_room(raw: Path, told: Path) -> None:
    resource.setrlimit(resource.RLIMIT_FSIZE, (100, 100))
    try:
        land(raw)
    except LandingError as error:
        told.write_text(str(error)[:99])


def test_a_landed_answer_comes_back_as_it_was(tmp_path):
    name = land(tmp_path)
    landed = landing.read(tmp_path, name)
    assert landed.name == name
    assert (landed.at, landed.source, landed.cursor) == (AT, "rss:https://news.example/feed", {"etag": None})
    assert (landed.url, landed.status, landed.body) == ("https://news.example/feed", 200, BODY)
    assert landed.headers == {"content-type": "application/rss+xml", "etag": '"1"'}, "what is secret is not kept"


def test_the_same_answer_lands_once(tmp_path):
    assert land(tmp_path) == land(tmp_path)
    assert land(tmp_path, body=b"other") != land(tmp_path)
    assert len(list(landing.names(tmp_path))) == 2


def test_names_come_by_day_and_left_overs_are_swept(tmp_path):
    later = datetime(2025, 3, 16, tzinfo=UTC)
    names = [land(tmp_path), land(tmp_path, later)]
    left_over = tmp_path / "2025-03-14" / "half.tmp"
    left_over.write_bytes(b"half")
    young = left_over.with_name("young.tmp")
    young.write_bytes(b"half")
    os.utime(left_over, times=(0, 0))
    assert list(landing.names(tmp_path)) == names
    assert list(landing.names(tmp_path, date(2025, 3, 15))) == names[1:]
    assert list(landing.names(tmp_path / "not there")) == []
    assert not left_over.exists()
    assert young.exists(), "somebody may be writing it"


@pytest.mark.parametrize(
    "content",
    [b"", b"no gzip", gzip.compress(b"no json\nbody"), gzip.compress(b'{"at": 1}\n')],
    ids=["empty", "no gzip", "no JSON", "no body"],
)
def test_a_damaged_file_is_named(tmp_path, content):
    name = land(tmp_path)
    (tmp_path / name).write_bytes(content)
    with pytest.raises(LandingError, match=f"{name} can't be read back"):
        landing.read(tmp_path, name)


def test_a_flipped_byte_is_named_wherever_it_is(tmp_path):
    name = land(tmp_path)
    whole = (tmp_path / name).read_bytes()
    for place in (0, *range(10, len(whole))):  # gzip does not check what lies between: a time and a flag
        content = bytearray(whole)
        content[place] ^= 0x10
        (tmp_path / name).write_bytes(content)
        with pytest.raises(LandingError, match="can't be read back"):
            landing.read(tmp_path, name)


@pytest.mark.parametrize("length", [1, 20, 100, -1])
def test_a_torn_file_is_named(tmp_path, length):
    name = land(tmp_path)
    (tmp_path / name).write_bytes((tmp_path / name).read_bytes()[:length])
    with pytest.raises(LandingError, match="can't be read back"):
        landing.read(tmp_path, name)


def test_old_days_are_forgotten_whole(tmp_path):
    old, young = land(tmp_path), land(tmp_path, datetime(2025, 3, 15, tzinfo=UTC))
    assert landing.forget(tmp_path, date(2025, 3, 15)) == 1
    assert list(landing.names(tmp_path)) == [young]
    assert not (tmp_path / old).parent.exists()
    assert landing.forget(tmp_path, date(2025, 3, 15)) == 0


def test_a_full_disk_is_said_and_leaves_nothing_half(tmp_path):
    told = tmp_path / "told"
    raw = tmp_path / "raw"
    with harness.running(land_in_little_room, raw, told) as process:
        assert harness.ended(process) == 0
    assert told.read_text().startswith(f"cannot keep an answer in {raw}"[:99])
    assert list(landing.names(raw)) == []
    assert list(landing.names(raw)) == [] == [*raw.glob("*/*")]
    name = land(raw)
    assert landing.read(raw, name).body == BODY

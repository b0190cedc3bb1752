"""One process opens the file at a time, a transaction is whole or not there, and readers never notice a writer."""

import ast
import os
import resource
import shutil
import signal
import threading
import time
from pathlib import Path

import duckdb
import harness
import pytest

from earful.data import database, store
from earful.data.database import Database, DatabaseError, current, snapshot
from earful.data.lock import Busy

ROOT = Path(database.__file__).parents[1]


def keep(folder: Path, *numbers: int, publish: bool = True, wait: float = 30.0) -> None:
    """Keeps one setting for each number, all in one transaction."""
    with Database(folder, wait).transaction(publish) as con:
        for number in numbers:
            store.put_setting(con, str(number), number)


def kept(folder: Path) -> list[int]:
    with Database(folder).look() as con:
        return numbers(con)


def numbers(con: duckdb.DuckDBPyConnection) -> list[int]:
    return sorted(int(row[0]) for row in con.execute("SELECT key FROM settings").fetchall())


def seen(folder: Path) -> list[int]:
    with snapshot(folder) as con:
        return numbers(con)


# What runs in other processes


def keep_and_tell(folder: Path, number: int, told: Path, wait: float) -> None:
    """Writes how it went: "kept", or the text of the error."""
    try:
        with Database(folder, wait).transaction() as con:
            store.put_setting(con, str(number), number)
        told.write_text("kept")
    except (Busy, DatabaseError) as error:
        told.write_text(f"{type(error).__name__}: {error}")


def keep_many_and_die(folder: Path, count: int) -> None:
    """Commits `count` transactions of two rows each and dies before anything is moved out of the write-ahead log."""
    con = duckdb.connect()
    con.execute(f"ATTACH '{folder}/main.duckdb' AS store")
    con.execute("USE store")
    for number in range(count):
        con.begin()
        store.put_setting(con, str(2 * number), "x" * 50)
        store.put_setting(con, str(2 * number + 1), "x" * 50)
        con.commit()
    os.kill(os.getpid(), signal.SIGKILL)


def hold_open_for_reading(folder: Path, held: Path) -> None:
    con = duckdb.connect(str(folder / "main.duckdb"), read_only=True)
    held.touch()
    time.sleep(600)
    con.close()


def publish_in_little_room(folder: Path, room: int, told: Path) -> None:
    resource.setrlimit(resource.RLIMIT_FSIZE, (room, room))
    try:
        Database(folder).publish()
    except DatabaseError as error:
        told.write_text(str(error))


def read_again_and_again(folder: Path, stop: Path, told: Path) -> None:
    """Counts the rows of the newest snapshot until told to stop; writes the distinct counts in the order seen."""
    counts: list[int] = []
    while not stop.exists():
        with snapshot(folder) as con:
            first = numbers(con)
            assert numbers(con) == first
        if not counts or counts[-1] != len(first):
            counts.append(len(first))
            told.with_suffix(".tmp").write_text(" ".join(map(str, counts)))
            told.with_suffix(".tmp").rename(told)
        time.sleep(0.002)


# Transactions


def test_a_transaction_is_kept_and_published(tmp_path):
    keep(tmp_path, 1, 2)
    assert kept(tmp_path) == seen(tmp_path) == [1, 2]


def test_an_error_rolls_everything_back(tmp_path):
    keep(tmp_path, 1)
    with pytest.raises(ZeroDivisionError), Database(tmp_path).transaction() as con:
        store.put_setting(con, "2", 2)
        raise ZeroDivisionError
    with pytest.raises(duckdb.ConstraintException), Database(tmp_path).transaction() as con:
        store.put_setting(con, "2", 2)
        con.execute("INSERT INTO settings VALUES ('1', '1')")
    assert kept(tmp_path) == seen(tmp_path) == [1]
    keep(tmp_path, 3)
    assert kept(tmp_path) == [1, 3]


def test_looking_keeps_nothing(tmp_path):
    keep(tmp_path, 1)
    with Database(tmp_path).look() as con:
        store.put_setting(con, "2", 2)
    assert kept(tmp_path) == [1]


def test_what_is_not_published_is_published_later_once(tmp_path):
    keep(tmp_path, 1)
    keep(tmp_path, 2, publish=False)
    assert seen(tmp_path) == [1]
    Database(tmp_path).publish()
    assert seen(tmp_path) == [1, 2]
    file = tmp_path / "read" / current(tmp_path)
    before = file.stat().st_mtime_ns
    Database(tmp_path).publish()
    assert (tmp_path / "read" / current(tmp_path)).stat().st_mtime_ns == before


# Snapshots


def test_three_snapshots_are_kept_and_left_overs_swept(tmp_path):
    read = tmp_path / "read"
    read.mkdir()
    (read / "snap-000000001.duckdb.tmp").write_bytes(b"torn")
    (read / "CURRENT.tmp").write_text("torn")
    for number in range(6):
        keep(tmp_path, number)
    assert len(list(read.glob("snap-*.duckdb"))) == 3
    assert sorted(path.name for path in read.iterdir())[1:] == [f"snap-{n:09d}.duckdb" for n in (4, 5, 6)]
    assert current(tmp_path) == "snap-000000006.duckdb"


def test_without_a_snapshot_a_reader_is_told_and_the_next_publishing_mends_it(tmp_path):
    with pytest.raises(DatabaseError, match=r"nothing has been kept in .* yet; run 'earful run'"), snapshot(tmp_path):
        pass
    keep(tmp_path, 1)
    (tmp_path / "read" / "CURRENT").unlink()
    with pytest.raises(DatabaseError, match="nothing has been kept"), snapshot(tmp_path):
        pass
    Database(tmp_path).publish()
    assert seen(tmp_path) == [1]
    (tmp_path / "read" / current(tmp_path)).unlink()
    with pytest.raises(DatabaseError, match="can't be read"), snapshot(tmp_path):
        pass
    keep(tmp_path, 2)
    assert seen(tmp_path) == [1, 2]


def test_a_reader_in_another_process_never_notices_that_snapshots_are_replaced(tmp_path):
    stop, told = tmp_path / "stop", tmp_path / "told"
    keep(tmp_path, 0)
    with harness.running(read_again_and_again, tmp_path, stop, told) as reader:
        for number in range(1, 31):
            keep(tmp_path, number)
        while not told.exists() or told.read_text().split()[-1] != "31":
            assert reader.is_alive()
            time.sleep(0.01)
        stop.touch()
        assert harness.ended(reader) == 0
    counts = [int(count) for count in told.read_text().split()]
    assert counts == sorted(counts)


def test_a_reader_keeps_its_snapshot_while_newer_ones_come_and_it_goes(tmp_path):
    keep(tmp_path, 0)
    with snapshot(tmp_path) as con:
        for number in range(1, 6):
            keep(tmp_path, number)
        assert numbers(con) == [0]
    assert seen(tmp_path) == [0, 1, 2, 3, 4, 5]


def test_a_store_that_begins_anew_publishes_for_its_readers_all_the_same(tmp_path):
    for number in range(4):
        keep(tmp_path, number)
    (tmp_path / "main.duckdb").rename(tmp_path / "aside")
    for number in range(10, 16):
        keep(tmp_path, number)
        assert seen(tmp_path) == kept(tmp_path)


def test_two_threads_with_a_snapshot_each_never_see_the_others_rows(tmp_path):
    with Database(tmp_path).transaction() as con:
        con.execute(
            "INSERT INTO brands SELECT (i % 2)::TEXT || ':' || i, (i % 2)::TEXT, 'x', i FROM range(2000) AS t(i)"
        )
    wrong: list[object] = []

    def ask(role: str) -> None:
        try:
            for _ in range(40):
                with snapshot(tmp_path) as con:
                    rows = con.execute("SELECT role FROM brands WHERE role = ?", [role]).fetchall()
                if rows != [(role,)] * 1000:
                    wrong.append(rows[:3])
        except Exception as error:  # noqa: BLE001 - an error in a thread must fail the test
            wrong.append(error)

    threads = [threading.Thread(target=ask, args=(role,)) for role in "01"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


def test_one_look_opens_a_snapshot_once_and_sees_a_newer_one(tmp_path):
    keep(tmp_path, 0)
    with database.one_look():
        with snapshot(tmp_path) as first:
            assert numbers(first) == [0]
        with snapshot(tmp_path) as again:
            assert again is first
            keep(tmp_path, 1)
            with snapshot(tmp_path) as newer:
                assert numbers(newer) == [0, 1]
            assert numbers(again) == [0]
        with snapshot(tmp_path) as last:
            assert last is newer
    for con in (first, newer):
        with pytest.raises(duckdb.ConnectionException):
            numbers(con)
    with snapshot(tmp_path) as con:
        assert con not in (first, newer)
        assert numbers(con) == [0, 1]


def test_a_look_is_one_threads_alone(tmp_path):
    keep(tmp_path, 0)
    found: list[duckdb.DuckDBPyConnection] = []

    def ask() -> None:
        with database.one_look(), snapshot(tmp_path) as con:
            found.append(con)

    with database.one_look(), snapshot(tmp_path) as mine:
        other = threading.Thread(target=ask)
        other.start()
        other.join()
        assert numbers(mine) == [0]
    assert len(found) == 1
    assert found[0] is not mine


def test_a_look_that_fails_leaves_nothing_open(tmp_path):
    keep(tmp_path, 0)
    with pytest.raises(ZeroDivisionError), database.one_look(), snapshot(tmp_path) as con:
        _ = 1 / 0
    with pytest.raises(duckdb.ConnectionException):
        numbers(con)
    with snapshot(tmp_path) as fresh:
        assert numbers(fresh) == [0]
    with pytest.raises(duckdb.ConnectionException):
        numbers(fresh)


def test_no_room_for_a_snapshot_is_said_and_loses_nothing(tmp_path):
    keep(tmp_path, 1)
    keep(tmp_path, 2, publish=False)
    told = tmp_path / "told"
    room = (tmp_path / "main.duckdb").stat().st_size - 1
    with harness.running(publish_in_little_room, tmp_path, room, told) as process:
        assert harness.ended(process) == 0
    assert "cannot publish a snapshot" in told.read_text()
    assert "nothing kept is lost" in told.read_text()
    assert seen(tmp_path) == [1]
    Database(tmp_path).publish()
    assert seen(tmp_path) == [1, 2]
    assert not list((tmp_path / "read").glob("*.tmp"))


# One process at a time


def test_a_reader_of_the_main_file_is_waited_for_then_named_and_nothing_is_lost(tmp_path):
    keep(tmp_path, 1)
    held = tmp_path / "held"
    with harness.running(hold_open_for_reading, tmp_path, held) as reader:
        while not held.exists():
            time.sleep(0.01)
        for wait in (0.0, 0.3):
            with pytest.raises(Busy, match="close it and read the copies") as busy:
                keep(tmp_path, 2, wait=wait)
            assert f"PID {reader.pid}" in str(busy.value)
        assert seen(tmp_path) == [1]
        threading.Timer(0.5, harness.kill, [reader]).start()
        keep(tmp_path, 3)
    assert kept(tmp_path) == seen(tmp_path) == [1, 3]


def test_the_lock_keeps_a_second_writer_out_even_when_the_file_was_opened_beside_it(tmp_path):
    """Closing any descriptor of the file drops the lock that DuckDB holds; ours lies on a file of its own."""
    keep(tmp_path, 1)
    told = tmp_path / "told"
    with Database(tmp_path).transaction() as con:
        with (tmp_path / "main.duckdb").open("rb") as file:
            file.read(16)
        with harness.running(keep_and_tell, tmp_path, 2, told, 0.3) as other:
            assert harness.ended(other) == 0
        assert told.read_text().startswith(f"Busy: the store is in use by process {os.getpid()}")
        store.put_setting(con, "3", 3)
    with harness.running(keep_and_tell, tmp_path, 4, told, 30.0) as other:
        assert harness.ended(other) == 0
    assert told.read_text() == "kept"
    assert kept(tmp_path) == [1, 3, 4]


def test_a_lock_whose_holder_died_is_free(tmp_path):
    keep(tmp_path, 1)
    told = tmp_path / "told"
    (tmp_path / "writer.lock").write_text("999999")
    with harness.running(keep_and_tell, tmp_path, 2, told, 0.0) as other:
        assert harness.ended(other) == 0
    assert told.read_text() == "kept"


def test_nothing_but_the_database_module_opens_the_file():
    """An `open` of the file anywhere else in the writer's process would drop DuckDB's lock, silently."""
    for folder in ("connectors", "models", "data", "flows", "dashboard"):
        for path in (ROOT / folder).rglob("*.py"):
            if path == Path(database.__file__):
                continue
            tree = ast.parse(path.read_text(encoding="utf-8"))
            names = {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
            texts = [node.value for node in ast.walk(tree) if isinstance(node, ast.Constant)]
            opens = {
                ast.unparse(node.func)
                for node in ast.walk(tree)
                if isinstance(node, ast.Call) and ast.unparse(node.func).startswith("duckdb.")
            }
            assert not any("main.duckdb" in text or "ATTACH" in text for text in texts if isinstance(text, str)), path
            assert "main" not in names, f"{path} takes the path of the main file"
            assert opens <= {"duckdb.Error"}, path


# Damage


@pytest.fixture
def log(tmp_path):
    """A folder with a settled database and eight later transactions, of two rows each, in the write-ahead log."""
    folder = tmp_path / "log"
    keep(folder, 1000)
    with harness.running(keep_many_and_die, folder, 8) as process:
        assert harness.ended(process) == -9
    assert (folder / "main.duckdb.wal").stat().st_size > 0
    return folder


def test_a_write_ahead_log_cut_anywhere_gives_whole_transactions(log, tmp_path):
    size = (log / "main.duckdb.wal").stat().st_size
    found = []
    for place in range(25):
        folder = shutil.copytree(log, tmp_path / str(place))
        os.truncate(folder / "main.duckdb.wal", size * place // 24)
        rows = kept(folder)
        assert rows[-1] == 1000
        assert rows[:-1] == list(range(len(rows) - 1)), "a later transaction without an earlier one"
        assert len(rows) % 2 == 1, "half a transaction"
        found.append(len(rows))
        keep(folder, 2000)
        assert kept(folder) == [*rows, 2000]
    assert found == sorted(found)
    assert found[0] == 1
    assert found[-1] == 17
    assert len(set(found)) > 5


@pytest.mark.parametrize("published", [True, False])
def test_a_flipped_byte_in_the_log_is_said_with_the_rescue_and_nothing_is_touched(log, published):
    if not published:
        shutil.rmtree(log / "read")
    wal = log / "main.duckdb.wal"
    content = bytearray(wal.read_bytes())
    content[len(content) // 2] ^= 0x10
    wal.write_bytes(content)
    files = {path: path.read_bytes() for path in log.rglob("*.duckdb*")}
    for _ in range(2):
        with pytest.raises(DatabaseError) as error:
            keep(log, 2000)
        assert f"move {log}/main.duckdb and its .wal aside" in str(error.value)
        assert "earful replay" in str(error.value)
        assert ("copy" in str(error.value)) == published
        assert {path: path.read_bytes() for path in log.rglob("*.duckdb*")} == files
    # The rescue works.
    (log / "main.duckdb").rename(log / "aside.duckdb")
    wal.rename(log / "aside.duckdb.wal")
    if published:
        shutil.copy(log / "read" / current(log), log / "main.duckdb")
    keep(log, 2000)
    assert kept(log) == seen(log) == ([1000, 2000] if published else [2000])


@pytest.mark.parametrize("content", [b"", b"not a database at all\n" * 1000])
def test_a_file_that_is_no_database_is_said_and_left_as_it_is(content, tmp_path):
    main = tmp_path / "main.duckdb"
    main.write_bytes(content)
    for use in (lambda: keep(tmp_path, 1), lambda: kept(tmp_path), Database(tmp_path).publish):
        with pytest.raises(DatabaseError, match=r"is not a database and was left as it is; move .* 'earful replay'"):
            use()
        assert main.read_bytes() == content


def test_a_flipped_byte_in_the_database_is_said_when_it_is_met_and_never_gives_wrong_rows(tmp_path):
    keep(tmp_path, *range(100))
    main = tmp_path / "main.duckdb"
    whole = main.read_bytes()
    said = 0
    for place in (20, 5000, *range(12_288 + 1000, len(whole), 262_144)):  # the headers, and in every block
        content = bytearray(whole)
        content[place] ^= 0x10
        main.write_bytes(content)
        try:
            assert kept(tmp_path) == list(range(100))
        except DatabaseError as error:
            said += 1
            assert f"{main} is " in str(error)
            assert "was left as it is" in str(error)
        assert main.read_bytes() == content
    assert said >= 3
    main.write_bytes(whole)
    assert kept(tmp_path) == list(range(100))


def test_a_damaged_snapshot_is_said_to_its_reader(tmp_path):
    keep(tmp_path, *range(100))
    newest = tmp_path / "read" / current(tmp_path)
    whole = newest.read_bytes()
    for content in (whole[: len(whole) // 2], whole[: len(whole) // 2] + bytes(len(whole) // 2), b"garbage" * 1000):
        newest.write_bytes(content)
        with pytest.raises(DatabaseError, match=newest.name):
            seen(tmp_path)


def test_a_file_of_a_newer_duckdb_is_said_and_left_as_it_is(tmp_path):
    keep(tmp_path, 1)
    main = tmp_path / "main.duckdb"
    content = bytearray(main.read_bytes())
    assert content[8:12] == b"DUCK"
    # The first 8 bytes are the checksum of the header, the exclusive or of its words times a constant.
    checksum, words = int.from_bytes(content[:8], "little"), slice(8, 16)
    for version in (content[words], b"DUCK" + (1000).to_bytes(4, "little")):
        checksum ^= int.from_bytes(version, "little") * 0xBF58476D1CE4E5B9 % 2**64
        content[words] = version
    content[:8] = checksum.to_bytes(8, "little")
    main.write_bytes(content)
    with pytest.raises(DatabaseError, match=rf"was written by a newer DuckDB than {duckdb.__version__}"):
        keep(tmp_path, 2)
    assert main.read_bytes() == content


def test_an_error_inside_a_look_or_a_transaction_frees_the_file(tmp_path):
    keep(tmp_path, 1)
    for use in (Database(tmp_path).look, Database(tmp_path).transaction):
        with pytest.raises(duckdb.CatalogException), use() as con:
            con.execute("FROM nowhere")
    told = tmp_path / "told"
    with harness.running(keep_and_tell, tmp_path, 2, told, 0.0) as other:
        assert harness.ended(other) == 0
    assert told.read_text() == "kept"

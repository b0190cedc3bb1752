"""A migration happens whole or not at all, and the file as it was before lies beside it."""

import os
import shutil
from pathlib import Path

import duckdb
import harness
import pytest

from earful.data import database, migrations, store
from earful.data.database import Database, DatabaseError

NEW = len(migrations.MIGRATIONS) + 1


def a_change(con: duckdb.DuckDBPyConnection) -> None:
    """Changes the schema in three steps that belong together."""
    con.execute("ALTER TABLE brands ADD COLUMN note TEXT DEFAULT 'none'")
    con.execute("UPDATE settings SET value = '\"changed\"' WHERE key = 'old'")
    con.execute("CREATE TABLE added (number INTEGER PRIMARY KEY)")


def a_mistake(con: duckdb.DuckDBPyConnection) -> None:
    a_change(con)
    con.execute("INSERT INTO nowhere VALUES (1)")


def schema(con: duckdb.DuckDBPyConnection) -> tuple[bool, bool, bool]:
    """Tells which of the change's three steps a database shows."""
    return (
        "note" in {row[0] for row in con.execute("DESCRIBE brands").fetchall()},
        con.execute("SELECT value ->> '$' FROM settings WHERE key = 'old'").fetchone() == ("changed",),
        bool(
            con.execute(
                "FROM duckdb_tables() WHERE database_name = current_database() AND table_name = 'added'"
            ).fetchall()
        ),
    )


def migrate(folder: Path, fail_at: str) -> None:
    """Opens a store with a program that knows one migration more; in a child, which may be killed."""
    os.environ["EARFUL_FAIL_AT"] = fail_at
    migrations.MIGRATIONS.append(a_change)
    with Database(folder).transaction() as con:
        store.put_setting(con, "new", 1)


def die_after_commit(folder: Path) -> None:
    """Commits something that stays in the write-ahead log."""
    os.environ["EARFUL_FAIL_AT"] = "after_commit"
    with Database(folder).transaction() as con:
        store.put_setting(con, "in the log", 1)


@pytest.fixture
def folder(tmp_path):
    """A store as the present migrations make it, with a row in it."""
    with Database(tmp_path / "store").transaction() as con:
        store.put_setting(con, "old", 1)
    return tmp_path / "store"


def settings(path: Path) -> set[str]:
    con = duckdb.connect(str(path), read_only=True)
    try:
        return {row[0] for row in con.execute("SELECT key FROM settings").fetchall()}
    finally:
        con.close()


def test_a_new_store_has_every_migration_and_needs_no_copy(folder):
    with Database(folder).look() as con:
        rows = con.execute("SELECT number, name FROM migrations ORDER BY number").fetchall()
        assert migrations.pending(con) == []
    assert rows == [(number, change.__name__) for number, change in enumerate(migrations.MIGRATIONS, 1)]
    assert not list(folder.glob("before-migration-*"))


def test_numbers_are_never_given_twice():
    names = [change.__name__ for change in migrations.MIGRATIONS]
    assert len(set(names)) == len(names)
    assert names[0] == "first_schema"


def test_an_older_store_is_brought_up_to_date_and_kept_aside(folder, monkeypatch):
    monkeypatch.setattr(migrations, "MIGRATIONS", [*migrations.MIGRATIONS, a_change])
    with Database(folder).look() as con:
        assert schema(con) == (True, True, True)
    copy = folder / f"before-migration-{NEW:03d}.duckdb"
    assert settings(copy) == {"old"}
    with Database(folder).look() as con:
        assert migrations.applied(con) == NEW


def test_what_was_only_in_the_log_is_in_the_copy_too(folder, monkeypatch):
    with harness.running(die_after_commit, folder) as process:
        assert harness.ended(process) == -9
    assert (folder / "main.duckdb.wal").exists()
    monkeypatch.setattr(migrations, "MIGRATIONS", [*migrations.MIGRATIONS, a_change])
    with Database(folder).look() as con:
        assert schema(con) == (True, True, True)
    copy = folder / f"before-migration-{NEW:03d}.duckdb"
    assert settings(copy) == {"old", "in the log"}


@pytest.mark.parametrize("fail_at", [f"migration_{NEW}", "before_commit", "after_commit"])
def test_a_migration_killed_midway_leaves_the_old_or_the_new_schema(folder, fail_at, monkeypatch):
    with harness.running(migrate, folder, fail_at) as process:
        assert harness.ended(process) == -9
    copy = folder / f"before-migration-{NEW:03d}.duckdb"
    assert settings(copy) == {"old"}
    aside = shutil.copytree(folder, folder.parent / "aside")
    con = duckdb.connect(str(aside / "main.duckdb"))
    assert schema(con) == ((False,) * 3 if fail_at.startswith("migration") else (True,) * 3)
    con.close()
    monkeypatch.setattr(migrations, "MIGRATIONS", [*migrations.MIGRATIONS, a_change])
    with Database(folder).look() as con:
        assert schema(con) == (True, True, True)
        assert migrations.applied(con) == NEW
    assert settings(copy) == {"old"}


def test_a_migration_that_fails_changes_nothing_and_frees_the_file(folder, monkeypatch):
    with monkeypatch.context() as patch:
        patch.setattr(migrations, "MIGRATIONS", [*migrations.MIGRATIONS, a_mistake])
        for _ in range(2):
            with pytest.raises(duckdb.CatalogException, match="nowhere"), Database(folder).look():
                pass
    with Database(folder).transaction() as con:
        assert schema(con) == (False, False, False)
        store.put_setting(con, "later", 1)
    monkeypatch.setattr(migrations, "MIGRATIONS", [*migrations.MIGRATIONS, a_change])
    with Database(folder).look() as con:
        assert schema(con) == (True, True, True)
    assert settings(folder / f"before-migration-{NEW:03d}.duckdb") == {"old", "later"}


def test_a_copy_that_cannot_be_made_stops_the_migration(folder, monkeypatch):
    monkeypatch.setattr(migrations, "MIGRATIONS", [*migrations.MIGRATIONS, a_change])

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(database.shutil, "copyfile", full)
        with pytest.raises(DatabaseError, match="No space left"), Database(folder).look():
            pass
    monkeypatch.undo()
    with Database(folder).look() as con:
        assert schema(con) == (False, False, False)


def test_a_store_of_a_newer_program_is_refused(folder, monkeypatch):
    with harness.running(migrate, folder, "") as process:
        assert harness.ended(process) == 0
    with pytest.raises(DatabaseError, match="newer Earful"), Database(folder).look():
        pass

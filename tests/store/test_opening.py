"""What opening a store makes, refuses, and says."""

from __future__ import annotations

import gc
import os
import sqlite3
import stat
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from run_specs import spec, succeeded, value, whole_run

from graftline.core.errors import StoreError
from graftline.core.ports import RunQuery
from graftline.store.database import Database, Durability
from graftline.store.layout import Layout
from graftline.store.migrate import Script, prepare, scripts
from graftline.store.store import open_store


@pytest.fixture
def open_umask() -> Iterator[None]:
    before = os.umask(0)
    yield
    os.umask(before)


@pytest.mark.usefixtures("open_umask")
def test_nobody_else_may_read_a_store_whatever_the_umask(tmp_path: Path) -> None:
    directory = tmp_path / "deep" / "store"
    with open_store(directory) as store:
        given = spec()
        store.runs.create(given, None)
        log = store.runs.open(given.id)
        store.objects.write(b"x" * 5000)
        found = [directory, directory.parent, *directory.rglob("*")]
        log.close()

    modes = {path: stat.S_IMODE(path.lstat().st_mode) for path in found if path.exists()}
    assert len(modes) > 10
    assert {mode for path, mode in modes.items() if path.is_dir()} == {0o700}
    assert {mode for path, mode in modes.items() if path.is_file()} == {0o600}


def test_a_newer_major_is_refused_untouched(tmp_path: Path) -> None:
    open_store(tmp_path).close()
    database = tmp_path / "v1" / "graft.db"
    connection = sqlite3.connect(database)
    connection.execute("PRAGMA user_version = 999")
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()
    before = (database.stat().st_mtime_ns, database.read_bytes(), sorted(database.parent.iterdir()))

    for read_only in (True, False):
        with pytest.raises(StoreError, match="newer graftline") as caught:
            open_store(tmp_path, read_only=read_only)
        assert "upgrade" in (caught.value.hint or "")

    assert (database.stat().st_mtime_ns, database.read_bytes(), sorted(database.parent.iterdir())) == before


@pytest.mark.parametrize("content", [b"not a database" * 100, b"SQLite format 3\0" + b"\xff" * 4000])
def test_a_file_that_is_no_database_is_left_alone(tmp_path: Path, content: bytes) -> None:
    database = tmp_path / "v1" / "graft.db"
    database.parent.mkdir(mode=0o700)
    database.write_bytes(content)
    database.chmod(0o600)

    with pytest.raises(StoreError, match=r"graft\.db"):
        open_store(tmp_path)

    assert database.read_bytes() == content


def test_another_programs_database_is_left_alone(tmp_path: Path) -> None:
    database = tmp_path / "v1" / "graft.db"
    database.parent.mkdir(mode=0o700)
    connection = sqlite3.connect(database)
    connection.execute("CREATE TABLE cookies (name)")
    connection.close()
    database.chmod(0o600)

    with pytest.raises(StoreError, match="another program"):
        open_store(tmp_path)


@pytest.mark.parametrize("which", [".", "v1", "v1/graft.db"])
def test_a_store_that_others_can_write_is_refused(tmp_path: Path, which: str) -> None:
    open_store(tmp_path).close()
    (tmp_path / which).chmod(0o720)

    with pytest.raises(StoreError, match="others can write") as caught:
        open_store(tmp_path)

    assert caught.value.hint == f"run: chmod go-w {(tmp_path / which).absolute()}"


def test_a_store_of_another_user_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    open_store(tmp_path).close()
    monkeypatch.setattr(os, "getuid", lambda: 4711)

    with pytest.raises(StoreError, match="another user"):
        open_store(tmp_path)


def test_a_store_below_a_file_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")

    with pytest.raises(StoreError, match="cannot read") as caught:
        open_store(tmp_path / "file" / "store")

    assert "--store" in (caught.value.hint or "")


def test_a_store_that_is_missing_is_not_made_for_a_reader(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="no store"):
        open_store(tmp_path / "none", read_only=True)

    assert not (tmp_path / "none").exists()


def test_a_store_opened_for_reading_is_not_written(tmp_path: Path) -> None:
    with open_store(tmp_path) as store:
        given = spec()
        store.runs.create(given, None)
    before = (tmp_path / "v1" / "graft.db").read_bytes()

    with open_store(tmp_path, read_only=True) as store:
        assert store.history.run(given.id).id == given.id
        for write in (lambda: store.runs.create(spec(), None), lambda: store.runs.open(given.id)):
            with pytest.raises(StoreError, match="cannot write"):
                write()

    assert (tmp_path / "v1" / "graft.db").read_bytes() == before
    assert not list((tmp_path / "v1" / "runs").iterdir())


def test_a_full_disk_says_so_and_loses_only_its_group(tmp_path: Path) -> None:
    with open_store(tmp_path) as store:
        given = spec()
        store.runs.create(given, None)
        log = store.runs.open(given.id)
        facts = whole_run("a", "b", "c")
        log.append(facts[:3])
        connection = log._connection
        (pages,) = connection.execute("PRAGMA page_count").fetchone()
        connection.execute(f"PRAGMA max_page_count = {pages}")
        big = b"x" * 4000
        many = [value(big + str(i).encode(), str(i)) for i in range(20)]
        with pytest.raises(StoreError, match="no space left"):
            log.append([facts[3], succeeded("b", outputs=many)])

        assert store.history.run(given.id).counts == {"SUCCESS": 1, "PENDING": 2}
        connection.execute("PRAGMA max_page_count = 1000000")
        log.append(facts[3:])
        log.close()
        assert store.history.run(given.id).counts == {"SUCCESS": 3}
        assert store.doctor() == []


def test_a_minor_upgrade_keeps_a_verified_backup_and_is_one_transaction(tmp_path: Path) -> None:
    with open_store(tmp_path) as store:
        given = spec()
        store.runs.create(given, None)
    layout = Layout(tmp_path)
    number = scripts()[-1].number
    good = Script(number + 1, "colour", "CREATE TABLE colour (name TEXT);\nALTER TABLE run ADD COLUMN colour TEXT;\n")
    bad = Script(number + 1, "broken", "CREATE TABLE half (name TEXT);\nCREATE TABLE half (name TEXT);\n")

    with pytest.raises(StoreError):
        prepare(layout, Database(layout), [*scripts(), bad])
    tables = "SELECT count(*) FROM sqlite_schema WHERE name IN ('half', 'colour')"
    with sqlite3.connect(layout.database) as connection:
        assert connection.execute(tables).fetchone() == (0,)
    connection.close()

    prepare(layout, Database(layout), [*scripts(), good])
    connection = sqlite3.connect(layout.database)
    assert connection.execute(tables).fetchone() == (1,)
    assert connection.execute("SELECT max(number) FROM migration").fetchone() == (number + 1,)
    connection.close()
    backup = layout.database.with_name(f"graft.db.before-1.{number + 1}")
    assert stat.S_IMODE(backup.stat().st_mode) == 0o600
    connection = sqlite3.connect(backup)
    assert connection.execute("SELECT max(number) FROM migration").fetchone() == (number,)
    assert connection.execute("SELECT id FROM run").fetchone() == (given.id,)
    connection.close()

    with open_store(tmp_path) as store:  # this version, older than the store now, goes on using it
        store.runs.create(spec(), None)
        assert len(store.history.runs(RunQuery())) == 2
        assert [finding.kind for finding in store.doctor()] == ["schema"]


@pytest.mark.parametrize("durability", list(Durability))
def test_every_connection_waits_checks_keys_and_syncs_as_set(tmp_path: Path, durability: Durability) -> None:
    with open_store(tmp_path, durability=durability) as store:
        store.runs.create(spec(), None)
        database = store.runs._database
        with database.writing() as connection:
            pragmas = [
                connection.execute(f"PRAGMA {name}").fetchone()[0]
                for name in ("busy_timeout", "foreign_keys", "journal_mode")
            ]
        assert pragmas == [10_000, 1, "wal"]
        synchronous = 2 if durability is Durability.FULL else 1
        assert connection.execute("PRAGMA synchronous").fetchone() == (synchronous,)
        with pytest.raises(StoreError, match="cannot write"), database.reading() as reader:
            reader.execute("DELETE FROM run")


def test_a_store_in_a_directory_that_sqlite_may_not_write_is_read_as_it_stands(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with open_store(tmp_path) as store:
        given = spec()
        store.runs.create(given, None)
    connect, asked = Database._connect, []

    def refuse_shared_memory(self: Database, uri: str) -> sqlite3.Connection:
        asked.append(uri)
        if "immutable" not in uri:
            raise StoreError("cannot write in the store")
        return connect(self, uri)

    monkeypatch.setattr(Database, "_connect", refuse_shared_memory)
    with open_store(tmp_path, read_only=True) as store:
        assert store.history.run(given.id).id == given.id
    assert asked[-1].endswith("mode=ro&immutable=1")

    (tmp_path / "v1" / "graft.db-wal").write_bytes(b"something that is not in the file yet")
    with pytest.raises(StoreError, match="cannot write"):
        open_store(tmp_path, read_only=True)


def test_a_store_that_is_dropped_closes_its_connections(tmp_path: Path) -> None:
    store = open_store(tmp_path)
    run = spec("a")
    store.runs.create(run, None)
    feed = store.feed()
    assert feed.events() == []
    before = len(os.listdir("/proc/self/fd"))

    del store, feed
    gc.collect()

    assert len(os.listdir("/proc/self/fd")) < before


def test_opening_a_store_that_is_open_takes_no_lock_from_it(tmp_path: Path) -> None:
    """A lock is the process's, not the connection's: without it another process would delete the log that is in use."""
    with open_store(tmp_path) as store:
        store.runs.create(spec(), None)  # its connection stays
        log = tmp_path / "v1" / "graft.db-wal"
        before = log.stat().st_ino
        open_store(tmp_path).close()

        other = "import sqlite3, sys; db = sqlite3.connect(sys.argv[1]); db.execute('SELECT 1 FROM run'); db.close()"
        subprocess.run([sys.executable, "-c", other, str(tmp_path / "v1" / "graft.db")], check=True, timeout=30)

        assert log.stat().st_ino == before
        store.runs.create(spec(), None)
        with closing(sqlite3.connect(tmp_path / "v1" / "graft.db")) as reader:
            assert reader.execute("SELECT count(*) FROM run").fetchone() == (2,)

"""Full disks, files that cannot be written, foreign writers, and power cuts."""

from __future__ import annotations

import asyncio
import resource
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy import Connection, create_engine, text

from storage.database import (
    Database,
    DatabaseBusy,
    DatabaseForeign,
    DatabaseFull,
    DatabaseReadOnly,
    DatabaseUnreachable,
    NotWritten,
)
from storage.errors import environment_error
from storage.sealing import Vault
from tests.databases import Server
from tests.storage.failures import Crash, names, put, raw_of

ROOT = Path(__file__).parents[2]


@pytest.fixture
def database_url(sqlite_url: str) -> str:
    """These are about the SQLite file, unless a test says otherwise."""
    return sqlite_url


def fill_up(conn: Connection) -> None:
    """Leave no page free, for this connection."""
    raw = raw_of(conn)
    [pages] = raw.execute("PRAGMA page_count").fetchone()
    raw.execute(f"PRAGMA max_page_count = {pages}")


async def test_a_full_disk_fails_the_whole_batch_and_nothing_of_it_is_kept(
    database: Database,
) -> None:
    def unit(conn: Connection) -> None:
        fill_up(conn)
        put("big", b"x" * 1_000_000)(conn)

    outcomes = await asyncio.gather(
        database.submit(put("a")),
        database.submit(unit),
        database.submit(put("b")),
        return_exceptions=True,
    )

    assert isinstance(outcomes[0], DatabaseFull)
    assert isinstance(outcomes[1], DatabaseFull)
    assert "make room" in str(outcomes[1])
    assert outcomes[2] == "b"
    assert await database.read(names) == ["b"]
    assert database.stats.failed_batches == 1


async def test_who_erred_before_the_disk_was_full_hears_his_own_error(database: Database) -> None:
    def wrong(conn: Connection) -> None:
        raise Crash

    def unit(conn: Connection) -> None:
        fill_up(conn)
        put("big", b"x" * 1_000_000)(conn)

    outcomes = await asyncio.gather(
        database.submit(wrong), database.submit(unit), return_exceptions=True
    )

    assert [type(outcome) for outcome in outcomes] == [Crash, DatabaseFull]


@contextmanager
def files_cannot_grow_beyond(size: int) -> Iterator[None]:
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    before = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        signal.signal(signal.SIGXFSZ, before)


async def test_when_the_disk_refuses_the_commit_everybody_is_told_and_it_goes_on_later(
    database: Database, database_url: str
) -> None:
    await database.write(put("before"))
    log = Path(database_url.removeprefix("sqlite:///") + "-wal")

    with files_cannot_grow_beyond(log.stat().st_size + 8192):
        outcomes = await asyncio.gather(
            *(database.submit(put(f"n{n}", b"x" * 4000)) for n in range(8)), return_exceptions=True
        )

    assert all(isinstance(outcome, NotWritten) for outcome in outcomes)
    assert await database.read(names) == ["before"]
    assert await database.write(put("after")) == "after"
    assert await database.read(names) == ["after", "before"]


async def test_a_unit_that_ends_the_transaction_is_found_out(database: Database) -> None:
    def unit(conn: Connection) -> None:
        raw_of(conn).execute("ROLLBACK")
        raise Crash

    outcomes = await asyncio.gather(
        database.submit(put("a")), database.submit(unit), return_exceptions=True
    )

    assert [type(outcome) for outcome in outcomes] == [NotWritten, NotWritten]
    assert await database.write(put("b")) == "b"
    assert await database.read(names) == ["b"]


async def test_a_unit_that_commits_by_itself_is_found_out(database: Database) -> None:
    with pytest.raises(NotWritten, match="RELEASE"):
        await database.write(lambda conn: raw_of(conn).execute("COMMIT"))

    assert await database.write(put("b")) == "b"


async def test_a_unit_may_not_commit(database: Database) -> None:
    def unit(conn: Connection) -> None:
        put("half")(conn)
        conn.commit()

    with pytest.raises(NotWritten, match="never commits"):
        await database.write(unit)

    assert await database.read(names) == []
    assert await database.write(put("b")) == "b"


async def test_a_unit_that_closes_the_connection_ends_only_its_batch(database: Database) -> None:
    with pytest.raises(NotWritten):
        await database.write(lambda conn: raw_of(conn).close())

    assert await database.write(put("b")) == "b"


async def test_a_foreign_process_that_writes_makes_the_unit_fail_in_time(
    database: Database, database_url: str
) -> None:
    await database.write(lambda conn: raw_of(conn).execute("PRAGMA busy_timeout = 10"))
    foreign = sqlite3.connect(database_url.removeprefix("sqlite:///"), isolation_level=None)
    foreign.execute("BEGIN IMMEDIATE")

    with pytest.raises(DatabaseBusy, match="another process is writing"):
        await database.write(put("a"))

    foreign.execute("ROLLBACK")
    foreign.close()
    assert await database.write(put("a")) == "a"


async def test_when_the_file_cannot_be_opened_again_the_writer_lives_on(
    database: Database, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def lose(conn: Connection) -> None:
        raw_of(conn).execute("ROLLBACK")
        raise Crash

    with pytest.raises(NotWritten):
        await database.write(lose)
    writes = database._writes
    monkeypatch.setattr(writes, "_engine", create_engine("sqlite:////nowhere/kawan.db"))

    with pytest.raises(DatabaseReadOnly, match="right to write"):
        await database.write(put("a"))

    monkeypatch.undo()
    assert await database.write(put("a")) == "a"


async def test_a_file_of_another_kind_is_refused(tmp_path: Path, vault: Vault) -> None:
    file = tmp_path / "kawan.db"
    file.write_bytes(b"not a database, but long enough to be looked at" * 100)

    with pytest.raises(DatabaseForeign, match="not an SQLite database"):
        await Database.open(f"sqlite:///{file}", vault=vault)


async def test_a_folder_that_cannot_be_made_is_refused(tmp_path: Path, vault: Vault) -> None:
    (tmp_path / "data").write_text("a file where a folder is wanted")

    with pytest.raises(DatabaseReadOnly, match="DATA_DIR"):
        await Database.open(f"sqlite:///{tmp_path}/data/kawan.db", vault=vault)


OPEN = """
import asyncio, concurrent.futures.thread, os, sys
from storage.database import Database
from storage.sealing import Vault
async def main():
    if os.geteuid() == 0:
        os.setgid(65534); os.setuid(65534)
    try:
        await Database.open(sys.argv[1], vault=Vault([b"a key of thirty-two bytes' width"]))
    except Exception as error:
        print(type(error).__name__, error)
asyncio.run(main())
"""


@pytest.mark.parametrize("protect", ["file", "folder"])
def test_a_database_that_may_not_be_written_is_refused(database_url: str, protect: str) -> None:
    file = Path(database_url.removeprefix("sqlite:///"))
    lock = file.with_name("kawan.db.lock")
    lock.touch()
    lock.chmod(0o666)
    for folder in list(file.parents)[:-2]:
        folder.chmod(0o755)
    file.chmod(0o444 if protect == "file" else 0o666)
    file.parent.chmod(0o777 if protect == "file" else 0o555)

    done = subprocess.run(
        [sys.executable, "-c", OPEN, database_url],
        capture_output=True,
        text=True,
        check=False,
        cwd=ROOT,
    )

    assert done.stdout.startswith("DatabaseReadOnly the database cannot be written"), done


async def test_a_server_that_does_not_answer_is_named_without_its_password(vault: Vault) -> None:
    with pytest.raises(DatabaseUnreachable) as refusal:
        await Database.open("postgresql://kawan:secret@127.0.0.1:1/kawan", vault=vault)

    assert "127.0.0.1:1" in str(refusal.value)
    assert "secret" not in str(refusal.value)


async def test_a_database_that_the_server_does_not_have_is_named(
    postgres_server: Server, vault: Vault
) -> None:
    with pytest.raises(DatabaseUnreachable, match="nothing_here"):
        await Database.open(postgres_server.url("nothing_here"), vault=vault)


async def test_a_server_that_only_reads_is_refused(
    postgres_url: str, postgres_server: Server, vault: Vault
) -> None:
    await (await Database.open(postgres_url, vault=vault)).close()
    name = postgres_url.split("?")[0].rsplit("/", 1)[1]
    conn_settings = f"ALTER DATABASE {name} SET default_transaction_read_only = on"
    await asyncio.get_running_loop().run_in_executor(None, postgres_server.execute, conn_settings)

    async with await Database.open(postgres_url, vault=vault) as database:
        with pytest.raises(DatabaseReadOnly, match="accepts no writing"):
            await database.write(put("a"))


def test_a_mistake_of_a_unit_is_not_blamed_on_the_world() -> None:
    engine = create_engine("sqlite://")

    with engine.connect() as conn, pytest.raises(Exception, match="no such table") as mistake:
        conn.execute(text("SELECT * FROM nowhere"))

    assert environment_error(mistake.value) is None
    assert environment_error(ValueError("x")) is None


WRITE = """
import asyncio, os, sys
from storage.database import Database
from storage.sealing import Vault
from tests.storage.failures import put
async def main():
    vault = Vault([b"a key of thirty-two bytes' width"])
    async with await Database.open(sys.argv[1], vault=vault) as db:
        async def person(who):
            for n in range(10**9):
                name = await db.write(put(f"{sys.argv[2]}-{who}-{n}"))
                os.write(1, (name + "\\n").encode())
        await asyncio.gather(*(person(who) for who in range(20)))
asyncio.run(main())
"""


async def test_whoever_was_answered_finds_his_unit_after_a_power_cut(
    database_url: str, vault: Vault
) -> None:
    answered: set[str] = set()
    for run in range(5):
        child = subprocess.Popen(
            [sys.executable, "-c", WRITE, database_url, str(run)],
            stdout=subprocess.PIPE,
            cwd=ROOT,
        )
        assert child.stdout is not None
        for _ in range(50 + 150 * run):
            answered.add(child.stdout.readline().decode().strip())
        child.send_signal(signal.SIGKILL)
        rest = child.stdout.read().decode()
        answered |= {line for line in rest.split("\n")[:-1] if line}
        child.stdout.close()
        child.wait()

        async with await Database.open(database_url, vault=vault) as database:
            kept = set(await database.read(names))
            check = await database.read(
                lambda c: c.exec_driver_sql("PRAGMA integrity_check").scalar()
            )

        assert answered <= kept
        assert check == "ok"
    assert len(answered) > 1500

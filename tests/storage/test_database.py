"""Units are written whole or not at all, in order, and answered after their commit."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import threading
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError, IntegrityError

from storage import meta, writer
from storage.database import (
    READERS,
    Database,
    DatabaseBusy,
    DatabaseOverloaded,
    StorageError,
)
from storage.location import locate
from storage.sealing import Vault
from tests.storage.failures import Crash, failing_statement, names, put

only_sqlite = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
only_postgres = pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)


async def test_a_unit_returns_its_result_and_can_be_read(database: Database) -> None:
    result = await database.write(put("a"))

    assert result == "a"
    assert await database.read(names) == ["a"]


async def test_a_unit_that_fails_leaves_nothing_and_raises_its_own_error(
    database: Database,
) -> None:
    def unit(conn: Connection) -> None:
        put("a")(conn)
        raise Crash

    with pytest.raises(Crash):
        await database.write(unit)

    assert await database.read(names) == []
    assert database.stats.failed == 1


async def test_a_failing_unit_leaves_its_neighbours_alone(database: Database) -> None:
    await database.write(put("taken"))

    outcomes = await asyncio.gather(
        *(database.submit(put(name)) for name in ("a", "taken", "b")), return_exceptions=True
    )

    assert isinstance(outcomes.pop(1), IntegrityError)
    assert outcomes == ["a", "b"]
    assert await database.read(names) == ["a", "b", "taken"]


@pytest.mark.parametrize("nth", [1, 2, 3])
async def test_whichever_statement_fails_the_unit_leaves_nothing(
    database: Database, nth: int
) -> None:
    def unit(conn: Connection) -> None:
        for name in ("a", "b", "c"):
            put(name)(conn)

    with failing_statement(nth), pytest.raises(Crash):
        await database.write(unit)

    assert await database.read(names) == []
    await database.write(unit)
    assert await database.read(names) == ["a", "b", "c"]


async def test_reading_cannot_write(database: Database) -> None:
    with pytest.raises(DBAPIError, match=r"readonly|read-only"):
        await database.read(put("a"))

    assert await database.read(names) == []


async def test_a_reader_sees_one_moment(database: Database) -> None:
    started, written = threading.Event(), asyncio.Event()

    def twice(conn: Connection) -> tuple[list[str], list[str]]:
        before = names(conn)
        started.set()
        conn.execute(text("SELECT 1")).all()
        return before, names(conn)

    await database.write(put("a"))
    reading = asyncio.ensure_future(database.read(twice))
    while not started.is_set():
        await asyncio.sleep(0)
    await database.write(put("b"))
    written.set()
    before, after = await reading

    assert before == after == ["a"]


@only_sqlite
async def test_units_run_in_the_order_of_their_submission(database: Database) -> None:
    ran: list[int] = []

    def unit(number: int) -> Callable[[Connection], None]:
        return lambda conn: ran.append(number)

    await asyncio.gather(*(database.submit(unit(number)) for number in range(200)))

    assert ran == list(range(200))


@only_sqlite
async def test_many_units_share_a_transaction_but_not_too_many(database: Database) -> None:
    batches = database.stats.batches

    await asyncio.gather(*(database.submit(put(f"{n:03}")) for n in range(200)))

    assert 200 / writer.MOST_UNITS <= database.stats.batches - batches <= 6
    assert len(await database.read(names)) == 200


@only_sqlite
async def test_nobody_is_answered_before_the_commit(database: Database, tmp_path: Path) -> None:
    going_on = threading.Event()
    first = database.submit(put("a"))
    second = database.submit(lambda conn: going_on.wait(5))

    done, _ = await asyncio.wait([first], timeout=0.02)

    assert not done
    assert await database.read(names) == []
    going_on.set()
    await asyncio.gather(first, second)
    assert await database.read(names) == ["a"]


@only_sqlite
async def test_a_slow_unit_ends_its_batch(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writer, "LONGEST_BATCH", 0.0)
    batches = database.stats.batches

    await asyncio.gather(*(database.submit(put(f"{n}")) for n in range(5)))

    assert database.stats.batches - batches == 5


async def test_a_unit_that_takes_long_is_counted_as_slow(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    await database.write(names)
    before = database.stats.slow

    monkeypatch.setattr("storage.stats.SLOW", 0.0)
    await database.write(names)

    assert (before, database.stats.slow) == (0, 1)
    assert sum(database.stats.running.counts) == database.stats.units == 3
    assert sum(database.stats.latency.counts) == 3


async def test_a_cancelled_unit_that_has_not_begun_is_not_run(database: Database) -> None:
    future = database.submit(put("a"))
    future.cancel()

    await database.write(put("b"))

    assert await database.read(names) == ["b"]
    assert database.stats.waiting == 0


async def test_writing_waits_its_turn_and_handing_over_is_refused(
    database_url: str, vault: Vault
) -> None:
    async with await Database.open(database_url, vault=vault, most_waiting=2) as database:
        writes = [asyncio.ensure_future(database.write(put(f"{n}"))) for n in range(6)]
        await asyncio.sleep(0)

        with pytest.raises(DatabaseOverloaded, match="try again later"):
            database.submit(put("refused"))
        assert database.stats.waiting == 2
        await asyncio.gather(*writes)

        assert await database.read(names) == ["0", "1", "2", "3", "4", "5"]


async def test_who_gives_up_waiting_lets_the_next_one_in(database_url: str, vault: Vault) -> None:
    async with await Database.open(database_url, vault=vault, most_waiting=1) as database:
        first, given_up, last = (
            asyncio.ensure_future(database.write(put(name))) for name in ("a", "b", "c")
        )
        await asyncio.sleep(0)
        first.add_done_callback(lambda _: given_up.cancel())

        async with asyncio.timeout(5):
            await asyncio.gather(first, given_up, last, return_exceptions=True)

        assert "c" in await database.read(names)


async def test_the_woken_one_who_is_cancelled_wakes_the_next(
    database_url: str, vault: Vault
) -> None:
    async with await Database.open(database_url, vault=vault, most_waiting=1) as database:
        waiting = [asyncio.ensure_future(database._turn()) for _ in range(2)]
        await asyncio.sleep(0)
        database._wake_next()
        waiting[0].cancel()

        async with asyncio.timeout(5):
            await waiting[1]

        assert waiting[0].cancelled()


async def test_a_closed_database_takes_nothing(database_url: str, vault: Vault) -> None:
    database = await Database.open(database_url, vault=vault)
    last = database.submit(put("last"))
    await database.close()
    await database.close()

    assert last.result() == "last"
    with pytest.raises(StorageError, match="closed"):
        await database.write(put("a"))


async def test_what_was_written_is_there_after_opening_again(
    database_url: str, vault: Vault
) -> None:
    async with await Database.open(database_url, vault=vault) as database:
        await database.write(put("a"))

    async with await Database.open(database_url, vault=vault) as database:
        assert await database.read(names) == ["a"]


@only_sqlite
async def test_a_second_service_is_refused_and_told_which_one_runs(
    database: Database, database_url: str, vault: Vault
) -> None:
    with pytest.raises(DatabaseBusy, match=r"another service \(process \d+\) uses this database"):
        await Database.open(database_url, vault=vault)

    assert await database.write(put("a")) == "a"


@only_sqlite
async def test_the_lock_is_free_after_closing_and_after_a_failed_opening(
    database_url: str, vault: Vault
) -> None:
    await (await Database.open(database_url, vault=vault)).close()
    with pytest.raises(StorageError):
        await Database.open(database_url, vault=Vault([b"w" * 32]))

    await (await Database.open(database_url, vault=vault)).close()


@only_sqlite
async def test_the_lock_names_an_unknown_holder_when_its_file_is_empty(
    database: Database, database_url: str, vault: Vault
) -> None:
    Path(database_url.removeprefix("sqlite:///") + ".lock").write_text("")

    with pytest.raises(DatabaseBusy, match="process unknown"):
        await Database.open(database_url, vault=vault)


@only_sqlite
async def test_the_writer_is_durable_and_the_readers_never_checkpoint(database: Database) -> None:
    def pragmas(conn: Connection, *wanted: str) -> list[object]:
        return [conn.exec_driver_sql(f"PRAGMA {name}").scalar() for name in wanted]

    writing = await database.write(
        lambda c: pragmas(c, "journal_mode", "synchronous", "foreign_keys")
    )
    reading = await database.read(lambda c: pragmas(c, "wal_autocheckpoint", "busy_timeout"))

    assert writing == ["wal", 2, 1]
    assert reading == [0, 5000]


@only_sqlite
async def test_closing_leaves_one_file_without_a_log(database_url: str, vault: Vault) -> None:
    async with await Database.open(database_url, vault=vault) as database:
        await database.write(put("a"))
        await database.read(names)

    folder = Path(database_url.removeprefix("sqlite:///")).parent
    assert sorted(file.name for file in folder.iterdir()) == ["kawan.db", "kawan.db.lock"]


@only_sqlite
async def test_a_unit_may_nest_a_savepoint_of_its_own(database: Database) -> None:
    def unit(conn: Connection) -> None:
        put("a")(conn)
        nested = conn.begin_nested()
        put("b")(conn)
        nested.rollback()

    await database.write(unit)

    assert await database.read(names) == ["a"]


@only_sqlite
async def test_a_reading_that_is_cancelled_harms_no_other(database: Database) -> None:
    await database.write(put("a"))

    for _ in range(3 * READERS):
        reading = asyncio.ensure_future(database.read(names))
        await asyncio.sleep(0)
        reading.cancel()
        with pytest.raises(asyncio.CancelledError):
            await reading

    async with asyncio.timeout(5):
        assert await database.read(names) == ["a"]


async def test_an_iterator_that_ran_out_is_reported(database: Database) -> None:
    def unit(conn: Connection) -> None:
        raise StopIteration

    with pytest.raises(RuntimeError):
        await database.write(unit)


@only_sqlite
async def test_the_writers_thread_ends_when_nobody_listens_any_more(
    sqlite_url: str, database_url: str, vault: Vault
) -> None:
    finished: list[threading.Thread] = []
    loop_is_gone = threading.Event()

    def abandoned() -> None:
        async def leave() -> None:
            opened = await Database.open(sqlite_url, vault=vault)
            opened.submit(lambda conn: loop_is_gone.wait(5))
            assert isinstance(opened._writes, writer.Writer)
            finished.append(opened._writes._thread)

        asyncio.run(leave())
        loop_is_gone.set()

    await asyncio.get_running_loop().run_in_executor(None, abandoned)

    await asyncio.get_running_loop().run_in_executor(None, finished[0].join, 5)
    assert not finished[0].is_alive()


@only_postgres
async def test_units_that_conflict_run_again_until_they_fit(database: Database) -> None:
    def prepare(conn: Connection) -> None:
        for name in ("a", "b"):
            meta.put(conn, name, b"0")

    def add(first: str, second: str) -> Callable[[Connection], None]:
        def unit(conn: Connection) -> None:
            for name in (first, second):
                now = conn.execute(
                    text("SELECT value FROM meta WHERE name = :n FOR UPDATE"), {"n": name}
                ).scalar_one()
                conn.execute(text("SELECT pg_sleep(0.005)"))
                meta.put(conn, name, str(int(bytes(now)) + 1).encode())

        return unit

    await database.write(prepare)

    await asyncio.gather(*(database.write(add(*pair)) for pair in [("a", "b"), ("b", "a")] * 3))

    assert await database.read(lambda c: meta.get(c, "a")) == b"6"
    assert database.stats.reruns > 0


@only_postgres
async def test_a_unit_that_always_conflicts_is_given_up(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("storage.postgres.MOST_RUNS", 2)
    raises = text("DO $$ BEGIN RAISE EXCEPTION 'conflict' USING ERRCODE = '40001'; END $$")

    with pytest.raises(DBAPIError, match="conflict"):
        await database.write(lambda c: c.execute(raises))

    assert database.stats.reruns == 1


@pytest.mark.parametrize(
    "url", ["sqlite://", "sqlite:///:memory:", "sqlite:///a.db?mode=ro", "mysql://h/d", "kawan.db"]
)
def test_a_url_that_is_no_database_of_ours_says_what_is_expected(url: str) -> None:
    with pytest.raises(ValueError, match=r"expected sqlite:///data/kawan\.db or postgresql://"):
        locate(url)


def test_the_usual_spellings_of_a_server_are_understood() -> None:
    server = locate("postgres://kawan:s@db:5433/kawan?sslmode=require")

    assert "ssl=require" in str(server)
    assert "sslmode" not in str(server)


def test_a_file_name_with_odd_characters_is_quoted_for_readers(tmp_path: Path) -> None:
    location = locate(f"sqlite:///{tmp_path}/kawan%20asuh%3F.db")

    assert "?mode=ro&uri=true" in getattr(location, "reading_url", "")


def test_importing_the_database_does_not_load_alembic() -> None:
    code = "import sys, storage.database; sys.exit('alembic' in sys.modules)"

    done = subprocess.run([sys.executable, "-c", code], check=False, cwd=Path(__file__).parents[2])

    assert done.returncode == 0


async def test_the_poll_offset_is_kept_for_each_bot(database: Database) -> None:
    now = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)
    await database.write(lambda c: meta.set_poll_offset(c, "telegram", "bot", 41, now))
    await database.write(lambda c: meta.set_poll_offset(c, "telegram", "bot", 42, now))

    assert await database.read(lambda c: meta.poll_offset(c, "telegram", "bot")) == meta.Offset(
        42, now
    )
    assert await database.read(lambda c: meta.poll_offset(c, "telegram", "other")) is None

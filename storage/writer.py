"""The one writer of an SQLite database: a thread that commits many units in one transaction.

An fsync costs far more than a unit, so up to 64 units share one: each in its own SAVEPOINT, so that
the failure of one leaves the others alone, and none is answered before the COMMIT. Only this
connection writes and checkpoints. What a unit is, and who calls this, is in database.py.
"""

from __future__ import annotations

import asyncio
import sqlite3
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from queue import Empty, SimpleQueue
from time import perf_counter
from typing import Any, cast

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.pool import NullPool

from storage.errors import NotWritten, environment_error
from storage.sealing import Vault
from storage.statement import DRIVER
from storage.stats import Stats

MOST_UNITS = 64
"""Units in one transaction."""

LONGEST_BATCH = 0.05
"""Seconds after which a batch takes no further unit, so that slow units do not add up."""

BUSY_TIMEOUT = 5_000
"""Milliseconds to wait for a foreign process (a backup tool, a shell) that writes."""

Fn = Callable[[Connection], Any]
Unit = tuple[Fn, "asyncio.Future[Any]", float]
Answer = tuple["asyncio.Future[Any]", Any, BaseException | None]


class BatchAborted(Exception):
    """The whole batch is gone; `reason` is what every unit of it is told."""

    def __init__(self, reason: BaseException) -> None:
        super().__init__(str(reason))
        self.reason = reason


def writing_engine(path: Path, vault: Vault | None) -> Engine:
    """An engine whose connections write to this file; its user sends BEGIN and COMMIT itself."""
    engine = create_engine(
        f"sqlite:///{path}",
        poolclass=NullPool,
        isolation_level="AUTOCOMMIT",
        connect_args={"check_same_thread": False, "timeout": BUSY_TIMEOUT / 1000},
    )

    @event.listens_for(engine, "connect")
    def prepare(raw: sqlite3.Connection, record: Any) -> None:
        record.info["vault"] = vault
        record.info[DRIVER] = raw
        raw.isolation_level = None
        for pragma in (
            "journal_mode = WAL",
            "synchronous = FULL",
            "foreign_keys = ON",
            "journal_size_limit = 67108864",
            "cache_size = -8192",
            "temp_store = MEMORY",
        ):
            raw.execute(f"PRAGMA {pragma}")

    return engine


class Writer:
    """Runs units one after another on its own thread; futures resolve after COMMIT."""

    def __init__(self, path: Path, vault: Vault, stats: Stats) -> None:
        self._engine = writing_engine(path, vault)
        event.listen(self._engine, "commit", _refuse_commit)
        self._stats = stats
        self._loop = asyncio.get_running_loop()
        self._queue: SimpleQueue[Unit | None] = SimpleQueue()
        self._conn: Connection | None = None
        self._stopping = False
        self._thread = threading.Thread(target=self._run, name="storage-writer", daemon=True)
        self._thread.start()

    def submit(self, fn: Fn) -> asyncio.Future[Any]:
        """Hand over one unit; they run in the order of submission."""
        future = self._loop.create_future()
        self._queue.put((fn, future, perf_counter()))
        return future

    async def close(self) -> None:
        """Finish what was handed over, checkpoint, and end the thread."""
        self._queue.put(None)
        await self._loop.run_in_executor(None, self._thread.join)

    def _run(self) -> None:
        while not self._stopping:
            unit = self._queue.get()
            if unit is None:
                break
            self._answer(self._batch(unit))
        self._disconnect(checkpoint=True)

    def _batch(self, first: Unit) -> list[Answer]:
        """One transaction: the first unit and those that arrive while it is open."""
        done: list[Answer] = []
        begun: list[Unit] = []
        try:
            conn, raw = self._connection()
            _control(raw, "BEGIN IMMEDIATE")
            until = perf_counter() + LONGEST_BATCH
            unit: Unit | None = first
            while unit is not None:
                begun.append(unit)
                done.append(self._unit(conn, raw, unit))
                if len(begun) == MOST_UNITS or perf_counter() > until:
                    break
                unit = self._next()
            _control(raw, "COMMIT")
        except Exception as error:
            self._disconnect()
            self._stats.failed_batches += 1
            reason = error.reason if isinstance(error, BatchAborted) else NotWritten(str(error))
            return _all_failed(begun or [first], done, reason)
        now = perf_counter()
        self._stats.batches += 1
        for _, _, submitted in begun:
            self._stats.latency.add(now - submitted)
        return done

    def _next(self) -> Unit | None:
        try:
            unit = self._queue.get_nowait()
        except Empty:
            return None
        if unit is None:
            self._stopping = True
        return unit

    def _unit(self, conn: Connection, raw: sqlite3.Connection, unit: Unit) -> Answer:
        fn, future, _ = unit
        if future.cancelled():
            return future, None, None
        raw.execute("SAVEPOINT unit")
        started = perf_counter()
        try:
            result = fn(conn)
        except BaseException as error:
            self._stats.failed += 1
            reason = error if isinstance(error, NotWritten) else environment_error(error)
            if reason is not None or not raw.in_transaction:
                raise BatchAborted(
                    reason or NotWritten(f"the transaction was lost ({error})")
                ) from error
            _control(raw, "ROLLBACK TO unit")
            _control(raw, "RELEASE unit")
            return future, None, error
        finally:
            self._stats.ran(perf_counter() - started)
        _control(raw, "RELEASE unit")
        return future, result, None

    def _answer(self, answers: list[Answer]) -> None:
        try:
            self._loop.call_soon_threadsafe(_resolve, answers)
        except RuntimeError:  # the loop is closed: nobody waits any more
            self._stopping = True

    def _connection(self) -> tuple[Connection, sqlite3.Connection]:
        if self._conn is None:
            try:
                self._conn = self._engine.connect()
            except Exception as error:
                raise BatchAborted(environment_error(error) or error) from error
        return self._conn, cast(sqlite3.Connection, self._conn.connection.dbapi_connection)

    def _disconnect(self, *, checkpoint: bool = False) -> None:
        """Close the connection; an open transaction is rolled back by that."""
        conn, self._conn = self._conn, None
        if conn is None:
            return
        raw = cast(sqlite3.Connection, conn.connection.dbapi_connection)
        if checkpoint:
            _try(raw, "PRAGMA optimize")
            _try(raw, "PRAGMA wal_checkpoint(TRUNCATE)")
        else:
            _try(raw, "ROLLBACK")
        with suppress(Exception):
            conn.close()


def _refuse_commit(conn: Connection) -> None:
    raise NotWritten("a unit never commits by itself: its neighbours would be torn apart")


def _control(raw: sqlite3.Connection, statement: str) -> None:
    """BEGIN, COMMIT and the like: when one fails, the transaction is not to be trusted."""
    try:
        raw.execute(statement)
    except sqlite3.Error as error:
        raise BatchAborted(
            environment_error(error) or NotWritten(f"{statement}: {error}")
        ) from error


def _try(raw: sqlite3.Connection, statement: str) -> None:
    """For a connection that is given up anyway."""
    with suppress(sqlite3.Error):
        raw.execute(statement).fetchall()


def _all_failed(begun: list[Unit], done: list[Answer], reason: BaseException) -> list[Answer]:
    """Everybody hears the reason, except those whose own mistake was found before it."""
    own = {id(future): error for future, _, error in done if error is not None}
    return [(future, None, own.get(id(future), reason)) for _, future, _ in begun]


def _resolve(answers: list[Answer]) -> None:
    for future, result, error in answers:
        if future.done():
            continue
        if error is None:
            future.set_result(result)
        elif isinstance(error, StopIteration):
            future.set_exception(RuntimeError("a unit raised StopIteration"))
        else:
            future.set_exception(error)

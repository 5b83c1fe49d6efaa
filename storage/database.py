"""The database: one place to write units, one to read, the same on SQLite and PostgreSQL.

A *unit* is a synchronous function of a Connection. It is written whole or not at all, has no
effects outside the database (it may run again), and never commits by itself. Where and how it runs
is in writer.py (SQLite) and postgres.py; what units do is in the other rooms of storage.
"""

from __future__ import annotations

import asyncio
import os
from collections import deque
from collections.abc import Callable
from types import TracebackType
from typing import Any, Protocol, Self, TypeVar

from sqlalchemy import Connection, event
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from storage import meta, upgrade
from storage.errors import (
    READ_ONLY,
    DatabaseBusy,
    DatabaseForeign,
    DatabaseFull,
    DatabaseNewer,
    DatabaseOverloaded,
    DatabaseReadOnly,
    DatabaseUnreachable,
    KeysDoNotOpen,
    NotWritten,
    SealBroken,
    StorageError,
    UpgradeFailed,
)
from storage.location import SqliteFile, locate
from storage.lock import Lock
from storage.postgres import Runner, server_engine
from storage.sealing import Vault
from storage.stats import Stats
from storage.writer import Writer

__all__ = [
    "Database",
    "DatabaseBusy",
    "DatabaseForeign",
    "DatabaseFull",
    "DatabaseNewer",
    "DatabaseOverloaded",
    "DatabaseReadOnly",
    "DatabaseUnreachable",
    "KeysDoNotOpen",
    "NotWritten",
    "SealBroken",
    "StorageError",
    "UpgradeFailed",
]

T = TypeVar("T")

MOST_WAITING = 2_000
"""Units handed over and not yet answered; beyond it `write` waits and `submit` refuses."""

READERS = 4
CONNECTIONS = 10
"""Connections to a PostgreSQL server, for writing; half as many again for reading."""


class _Writes(Protocol):
    def submit(self, fn: Callable[[Connection], Any]) -> asyncio.Future[Any]: ...

    async def close(self) -> None: ...


class Database:
    """An open database; made by `Database.open`, closed by `close` or by leaving `async with`."""

    def __init__(
        self,
        *,
        writes: _Writes,
        readers: AsyncEngine,
        others: list[AsyncEngine],
        lock: Lock | None,
        stats: Stats,
        most_waiting: int,
    ) -> None:
        self.stats = stats
        self._writes = writes
        self._readers = readers
        self._engines = [readers, *others]
        self._lock = lock
        self._most_waiting = most_waiting
        self._queue: deque[asyncio.Future[None]] = deque()
        self._closed = False

    @classmethod
    async def open(
        cls,
        url: str,
        *,
        vault: Vault,
        most_waiting: int = MOST_WAITING,
        connections: int = CONNECTIONS,
    ) -> Self:
        """Lock it, bring its tables up to date, and prove that the keys open it.

        Raises DatabaseBusy, DatabaseNewer, DatabaseReadOnly, DatabaseForeign, KeysDoNotOpen or
        UpgradeFailed, each saying what to do; ValueError for a URL that cannot be understood.
        """
        location = locate(url)
        lock = Lock(location.lock_path) if isinstance(location, SqliteFile) else None
        try:
            await upgrade.ensure_current(url)
            if isinstance(location, SqliteFile):
                _check_writable(location)
            stats = Stats()
            if isinstance(location, SqliteFile):
                writes: _Writes = Writer(location.path, vault, stats)
                readers, others = _sqlite_readers(location, vault), []
            else:
                writing = server_engine(location, vault, connections)
                writes = Runner(writing, stats, connections)
                readers, others = (
                    server_engine(location, vault, connections // 2 or 1, only_read=True),
                    [writing],
                )
        except BaseException:
            if lock is not None:
                lock.release()
            raise
        database = cls(
            writes=writes,
            readers=readers,
            others=others,
            lock=lock,
            stats=stats,
            most_waiting=most_waiting,
        )
        try:
            await database.write(meta.check_canary)
        except BaseException:
            await database.close()
            raise
        return database

    async def write(self, fn: Callable[[Connection], T]) -> T:
        """Run one unit; returns after COMMIT. Waits its turn when too many are under way."""
        while self.stats.waiting >= self._most_waiting:
            await self._turn()
        return await self.submit(fn)

    def submit(self, fn: Callable[[Connection], T]) -> asyncio.Future[T]:
        """Hand over one unit without waiting; on SQLite units run in the order of submission.

        Raises DatabaseOverloaded when too many are under way.
        """
        if self._closed:
            raise StorageError("the database is closed")
        if self.stats.waiting >= self._most_waiting:
            raise DatabaseOverloaded(
                f"{self.stats.waiting} units wait to be written: try again later"
            )
        self.stats.waiting += 1
        future = self._writes.submit(fn)
        future.add_done_callback(self._answered)
        return future

    async def read(self, fn: Callable[[Connection], T]) -> T:
        """Run a function that only reads, on one snapshot, beside the writer."""
        async with self._readers.connect() as conn:
            return await conn.run_sync(fn)

    async def close(self) -> None:
        """Finish what was handed over, then let the database go. May be called twice."""
        if self._closed:
            return
        self._closed = True
        for engine in self._engines if isinstance(self._writes, Writer) else ():
            await engine.dispose()
        await self._writes.close()
        for engine in self._engines:
            await engine.dispose()
        if self._lock is not None:
            self._lock.release()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.close()

    async def _turn(self) -> None:
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._queue.append(turn)
        try:
            await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled():
                self._wake_next()
            raise

    def _answered(self, _: asyncio.Future[Any]) -> None:
        self.stats.waiting -= 1
        self._wake_next()

    def _wake_next(self) -> None:
        while self._queue:
            turn = self._queue.popleft()
            if not turn.done():
                turn.set_result(None)
                return


def _check_writable(location: SqliteFile) -> None:
    """Now: the first unit that fails for this would otherwise be somebody's message."""
    if not os.access(location.path, os.W_OK):
        raise DatabaseReadOnly(READ_ONLY)


def _sqlite_readers(location: SqliteFile, vault: Vault) -> AsyncEngine:
    engine = create_async_engine(
        location.reading_url, pool_size=READERS, max_overflow=0, pool_timeout=30
    )

    @event.listens_for(engine.sync_engine, "connect")
    def prepare(raw: Any, record: Any) -> None:
        record.info["vault"] = vault
        raw.isolation_level = None
        cursor = raw.cursor()
        cursor.execute("PRAGMA wal_autocheckpoint = 0")
        cursor.execute("PRAGMA busy_timeout = 5000")
        cursor.close()

    @event.listens_for(engine.sync_engine, "begin")
    def begin(conn: Connection) -> None:
        conn.exec_driver_sql("BEGIN")

    return engine

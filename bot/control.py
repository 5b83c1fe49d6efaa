"""How commands reach a database that a running service alone may write to.

The service answers on a socket in its data folder, which only its own user can open: one JSON line
asks, one answers. When no service runs, the command takes the lock and does the same operation
itself. Reading needs neither. What the operations are is in operations/.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from pathlib import Path
from random import Random
from typing import Any, Final, TypeVar

import orjson
import structlog
from sqlalchemy import Connection, event
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from bot import keys
from bot.clock import MovableClock, WallClock, ahead
from bot.limits import Clock
from bot.media import MediaStore
from bot.operations import OPERATIONS, Desk, OperationRefused
from bot.receiving import place_of
from bot.settings import Settings
from storage import upgrade
from storage.database import Database, DatabaseNewer, StorageError
from storage.location import SqliteFile, locate
from storage.lock import Lock
from storage.postgres import server_engine
from storage.sealing import Vault
from storage.upgrade import Condition

SOCKET: Final = "kawan.sock"
LOCK: Final = "service.lock"
MEDIA: Final = "media"

_LONGEST_LINE: Final = 2**20
_PATIENCE: Final = 600.0

T = TypeVar("T")

_log = structlog.get_logger(__name__)


class NothingHere(Exception):
    """There is no database yet, or not one that this version can read as it is."""


class Control:
    """The running service's side: does what commands ask, one connection at a time each."""

    def __init__(self, folder: Path, desk: Desk) -> None:
        self._folder = folder
        self._desk = desk
        self._server: asyncio.Server | None = None

    async def start(self) -> None:
        """Listen; a socket that a killed service left is taken over."""
        (self._folder / SOCKET).unlink(missing_ok=True)
        before = os.umask(0o177)
        try:
            with _reachable(self._folder) as path:
                self._server = await asyncio.start_unix_server(
                    self._answer, path, limit=_LONGEST_LINE
                )
        finally:
            os.umask(before)

    async def stop(self) -> None:
        """Listen no more."""
        if self._server is not None:
            self._server.close()
            (self._folder / SOCKET).unlink(missing_ok=True)

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError):
            try:
                answer = await self._do(await reader.readline())
            except (ValueError, KeyError, TypeError):
                answer = {"error": "perintah tidak dikenal"}
            writer.write(orjson.dumps(answer) + b"\n")
            await writer.drain()
        writer.close()

    async def _do(self, line: bytes) -> dict[str, Any]:
        asked = orjson.loads(line)
        operation = OPERATIONS[asked["do"]]
        try:
            return {"answer": await operation(self._desk, **asked.get("with", {}))}
        except (OperationRefused, StorageError, keys.KeysError) as error:
            return {"error": str(error)}
        except Exception as error:
            _log.error("a command failed", kind=asked["do"], error=place_of(error))
            return {"error": f"layanan gagal menjalankannya ({place_of(error)})"}


async def ask(settings: Settings, operation: str, /, **arguments: Any) -> Any:
    """Have it done by the service that runs, else by ourselves; raises OperationRefused."""
    try:
        with _reachable(settings.folder) as path:
            reader, writer = await asyncio.open_unix_connection(path, limit=_LONGEST_LINE)
    except (FileNotFoundError, ConnectionRefusedError):
        async with desk(settings) as ours:
            return await OPERATIONS[operation](ours, **arguments)
    except OSError as error:
        raise OperationRefused(f"layanan tidak dapat dihubungi: {error.strerror}") from None
    try:
        async with asyncio.timeout(_PATIENCE):
            writer.write(orjson.dumps({"do": operation, "with": arguments}) + b"\n")
            line = await reader.readline()
    finally:
        writer.close()
    answer = orjson.loads(line) if line else {"error": "layanan berhenti sebelum menjawab"}
    if "error" in answer:
        raise OperationRefused(answer["error"])
    return answer["answer"]


@asynccontextmanager
async def desk(settings: Settings) -> AsyncIterator[Desk]:
    """What an operation needs when no service runs; holds the lock meanwhile."""
    vault = keys.load(settings).vault()
    lock = Lock(settings.folder / LOCK)
    try:
        async with await Database.open(settings.database, vault=vault) as database:
            clock = await clock_for(settings, database)
            yield Desk(
                settings=settings,
                database=database,
                vault=vault,
                media=MediaStore(
                    settings.folder / MEDIA,
                    database,
                    vault,
                    channels={},
                    clock=clock,
                    dice=Random(),
                ),
                now=clock.now,
                take_up=lambda _: None,
            )
    finally:
        lock.release()


async def clock_for(settings: Settings, database: Database) -> Clock:
    """The time: in sample mode as far ahead as somebody has moved it."""
    if not settings.sample:
        return WallClock()
    return MovableClock(await database.read(ahead))


async def read(settings: Settings, fn: Callable[[Connection], T]) -> T:
    """Read one snapshot beside a running service. Raises NothingHere or DatabaseNewer."""
    found = await upgrade.condition(settings.database)
    if found is Condition.NEWER:
        raise DatabaseNewer(
            "basis data ini ditulis oleh versi Kawan Asuh yang lebih baru: pasang versi itu"
        )
    if found is not Condition.CURRENT:
        raise NothingHere(f"belum ada data di {settings.folder}: jalankan `kawan run` dahulu")
    engine = _reading_engine(settings, keys.load(settings).vault())
    try:
        async with engine.connect() as conn:
            return await conn.run_sync(fn)
    finally:
        await engine.dispose()


def _reading_engine(settings: Settings, vault: Vault) -> AsyncEngine:
    location = locate(settings.database)
    if not isinstance(location, SqliteFile):
        return server_engine(location, vault, 1, only_read=True)
    engine = create_async_engine(location.reading_url)

    @event.listens_for(engine.sync_engine, "connect")
    def prepare(raw: Any, record: Any) -> None:
        record.info["vault"] = vault
        raw.isolation_level = None

    @event.listens_for(engine.sync_engine, "begin")
    def begin(conn: Connection) -> None:
        conn.exec_driver_sql("BEGIN")

    return engine


@contextmanager
def _reachable(folder: Path) -> Iterator[str]:
    """A name of the socket short enough for the kernel (about 100 bytes), however deep it lies."""
    direct = str(folder / SOCKET)
    if len(direct.encode()) < 100 or not Path("/proc/self/fd").is_dir():
        yield direct
        return
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        yield f"/proc/self/fd/{handle}/{SOCKET}"
    finally:
        os.close(handle)

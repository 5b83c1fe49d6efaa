"""Units on PostgreSQL: each in its own transaction, run again after a conflict."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable
from time import perf_counter
from typing import Any

from sqlalchemy import Connection, event
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from storage.errors import environment_error
from storage.location import PostgresServer
from storage.sealing import Vault
from storage.stats import Stats

MOST_RUNS = 8
"""How often a unit is run when it conflicts with others."""

_AGAIN = {"40001", "40P01"}  # serialization_failure, deadlock_detected


_READING = {
    "default_transaction_read_only": "on",
    "default_transaction_isolation": "repeatable read",
}


def server_engine(
    server: PostgresServer, vault: Vault | None, connections: int, *, only_read: bool = False
) -> AsyncEngine:
    """An engine for one server; each connection carries the vault."""
    settings = {"application_name": "kawan-asuh", "jit": "off", **(_READING if only_read else {})}
    engine = create_async_engine(
        server.url,
        pool_size=connections,
        max_overflow=0,
        pool_pre_ping=True,
        connect_args={"server_settings": settings},
    )

    @event.listens_for(engine.sync_engine, "connect")
    def prepare(raw: Any, record: Any) -> None:
        record.info["vault"] = vault

    return engine


class Runner:
    """Runs units side by side, as many as there are connections; the others wait in order."""

    def __init__(self, engine: AsyncEngine, stats: Stats, connections: int) -> None:
        self._engine = engine
        self._stats = stats
        self._free = asyncio.Semaphore(connections)
        self._running: set[asyncio.Task[Any]] = set()

    def submit(self, fn: Callable[[Connection], Any]) -> asyncio.Future[Any]:
        """Start one unit; the order of different units is not promised."""
        task = asyncio.get_running_loop().create_task(self._unit(fn))
        self._running.add(task)
        task.add_done_callback(self._running.discard)
        return task

    async def close(self) -> None:
        """Wait for what was handed over."""
        await asyncio.gather(*self._running, return_exceptions=True)

    async def _unit(self, fn: Callable[[Connection], Any]) -> Any:
        submitted = perf_counter()
        async with self._free:
            result = await self._until_it_fits(fn)
        self._stats.batches += 1
        self._stats.latency.add(perf_counter() - submitted)
        return result

    async def _until_it_fits(self, fn: Callable[[Connection], Any]) -> Any:
        run = 0
        while True:
            run += 1
            started = perf_counter()
            try:
                async with self._engine.begin() as conn:
                    return await conn.run_sync(fn)
            except DBAPIError as error:
                if run >= MOST_RUNS or getattr(error.orig, "sqlstate", None) not in _AGAIN:
                    self._stats.failed += 1
                    raise environment_error(error) or error from error
                self._stats.reruns += 1
            except Exception:
                self._stats.failed += 1
                raise
            finally:
                self._stats.ran(perf_counter() - started)
            await asyncio.sleep(random.uniform(0, 0.002 * 2**run))

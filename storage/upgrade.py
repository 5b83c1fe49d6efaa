"""Bringing the tables up to date. Alembic does it, in a child process: it is heavy and seldom used.

`python -m storage.upgrade [URL]` upgrades (DATABASE_URL when no URL is given);
`python -m storage.upgrade --draft "add a column"` writes the next migration from storage/schema.py.
`condition` answers without Alembic whether anything needs to be done.
"""

from __future__ import annotations

import asyncio
import os
import sqlite3
import sys
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager, nullcontext
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError

from storage.errors import (
    DatabaseForeign,
    DatabaseNewer,
    DatabaseUnreachable,
    StorageError,
    UpgradeFailed,
    environment_error,
)
from storage.location import Location, PostgresServer, SqliteFile, locate
from storage.lock import Lock
from storage.postgres import server_engine

if TYPE_CHECKING:
    from alembic.config import Config

SCRIPTS = Path(__file__).parent / "migrations"

_TABLES = "SELECT count(*) FROM sqlite_master WHERE type = 'table'"
_PG_TABLES = "SELECT count(*) FROM pg_tables WHERE schemaname = current_schema()"
_VERSION_TABLE = "SELECT count(*) FROM sqlite_master WHERE name = 'alembic_version'"
_PG_VERSION_TABLE = (
    "SELECT count(*) FROM pg_tables"
    " WHERE schemaname = current_schema() AND tablename = 'alembic_version'"
)
_VERSION = "SELECT version_num FROM alembic_version"
_UPGRADE_LOCK = 0x6B6177616E  # of PostgreSQL's advisory locks: one upgrade at a time


class Condition(StrEnum):
    """How the tables compare with this version of the programme."""

    EMPTY = "empty"
    CURRENT = "current"
    OLDER = "older"
    NEWER = "newer"
    FOREIGN = "foreign"


def versions() -> tuple[str, ...]:
    """The migrations this programme knows, oldest first.

    >>> versions()[0]
    '0001'
    """
    return tuple(sorted(file.name[:4] for file in (SCRIPTS / "versions").glob("[0-9]*.py")))


async def condition(url: str) -> Condition:
    """What would have to be done, by two or three cheap queries."""
    location = locate(url)
    if isinstance(location, SqliteFile):
        tables, version = _sqlite_version(location)
    else:
        tables, version = await _postgres_version(location)
    if not tables:
        return Condition.EMPTY
    if version is None:
        return Condition.FOREIGN
    if version == versions()[-1]:
        return Condition.CURRENT
    return Condition.OLDER if version in versions() else Condition.NEWER


async def ensure_current(url: str) -> None:
    """Upgrade when needed, in a child process; the caller holds the lock of an SQLite file."""
    found = await condition(url)
    if found is Condition.CURRENT:
        return
    _refuse(found, locate(url))
    child = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "storage.upgrade",
        "--locked",
        env={
            **os.environ,
            "DATABASE_URL": url,
            "PYTHONPATH": os.pathsep.join([str(SCRIPTS.parents[1]), os.getenv("PYTHONPATH", "")]),
        },
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.PIPE,
    )
    _, complaint = await child.communicate()
    if child.returncode:
        lines = complaint.decode(errors="replace").strip().splitlines() or ["no reason given"]
        raise UpgradeFailed(f"the tables could not be brought up to date: {lines[-1]}")


def upgrade(url: str, to: str = "head") -> None:
    """Run the migrations here and now. All of them or none."""
    location = locate(url)
    if isinstance(location, PostgresServer):
        asyncio.run(_upgrade_postgres(location, to))
        return
    from storage.writer import writing_engine

    location.path.parent.mkdir(parents=True, exist_ok=True)
    engine = writing_engine(location.path, None)
    with engine.connect() as conn:
        conn.exec_driver_sql("PRAGMA foreign_keys = OFF")
        conn.exec_driver_sql("BEGIN IMMEDIATE")
        migrate(conn, to)
        conn.exec_driver_sql("COMMIT")
    engine.dispose()


def draft(message: str) -> Path:
    """Write the next migration: what separates the known migrations from storage/schema.py."""
    from alembic import command

    number = f"{len(versions()) + 1:04}"
    with tempfile.TemporaryDirectory() as scratch:
        url = f"sqlite:///{scratch}/draft.db"
        location = locate(url)
        assert isinstance(location, SqliteFile)
        if versions():
            upgrade(url)
        from storage.writer import writing_engine

        with writing_engine(location.path, None).connect() as conn:
            script = command.revision(
                _config(conn, batch=bool(versions())),
                message,
                autogenerate=True,
                rev_id=number,
            )
    written = script[0] if isinstance(script, list) else script
    assert written is not None
    return Path(written.path)


def _refuse(found: Condition, location: Location) -> None:
    if found is Condition.NEWER:
        raise DatabaseNewer(
            f"{location} was written by a newer version of Kawan Asuh: install that version, "
            f"or restore a backup made before it"
        )
    if found is Condition.FOREIGN:
        raise DatabaseForeign(
            f"{location} holds tables of another programme: name an empty database in DATABASE_URL"
        )


def _sqlite_version(location: SqliteFile) -> tuple[int, str | None]:
    if not location.path.exists():
        return 0, None
    try:
        with closing(sqlite3.connect(location.path, timeout=5)) as raw:
            tables: int = raw.execute(_TABLES).fetchone()[0]
            known = raw.execute(_VERSION_TABLE).fetchone()[0]
            return tables, raw.execute(_VERSION).fetchone()[0] if known else None
    except sqlite3.Error as error:
        raise environment_error(error) or StorageError(f"{location}: {error}") from error


async def _postgres_version(server: PostgresServer) -> tuple[int, str | None]:
    import asyncpg  # 2 MB that a service on SQLite need not have

    engine = server_engine(server, None, 1)
    try:
        async with engine.connect() as conn:
            tables = (await conn.execute(text(_PG_TABLES))).scalar_one()
            known = (await conn.execute(text(_PG_VERSION_TABLE))).scalar_one()
            return tables, (await conn.execute(text(_VERSION))).scalar_one() if known else None
    except (OSError, DBAPIError, asyncpg.PostgresError) as error:
        raise DatabaseUnreachable(f"PostgreSQL does not let us in at {server}: {error}") from error
    finally:
        await engine.dispose()


async def _upgrade_postgres(server: PostgresServer, to: str) -> None:
    engine = server_engine(server, None, 1)
    try:
        async with engine.begin() as conn:
            await conn.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _UPGRADE_LOCK})
            await conn.run_sync(migrate, to)
    finally:
        await engine.dispose()


def migrate(conn: Connection, to: str) -> None:
    """Run the migrations up to a version on a connection, in the transaction that it has begun."""
    from alembic import command

    command.upgrade(_config(conn), to)


def _config(conn: Connection, *, batch: bool = True) -> Config:
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(SCRIPTS).replace("%", "%%"))
    config.attributes["connection"] = conn
    config.attributes["batch"] = batch
    return config


@contextmanager
def _lock(location: SqliteFile) -> Iterator[None]:
    lock = Lock(location.lock_path)
    try:
        yield
    finally:
        lock.release()


def main(arguments: list[str]) -> str | None:
    """The command; returns what is wrong, or None."""
    if arguments[:1] == ["--draft"]:
        print(draft(" ".join(arguments[1:]) or "change"))
        return None
    locked = "--locked" in arguments
    urls = [argument for argument in arguments if argument != "--locked"]
    try:
        url = urls[0] if urls else os.environ["DATABASE_URL"]
        location = locate(url)
        with nullcontext() if locked or isinstance(location, PostgresServer) else _lock(location):
            _refuse(asyncio.run(condition(url)), location)
            upgrade(url)
    except KeyError:
        return "name the database: python -m storage.upgrade sqlite:///data/kawan.db"
    except (StorageError, ValueError) as error:
        return str(error)
    return None


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

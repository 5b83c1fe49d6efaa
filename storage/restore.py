"""Restoring a backup: verified first, then all of it or nothing; refused where it would overwrite.

Also the way from SQLite to PostgreSQL: stop the service, back up, restore into the other database.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable
from contextlib import closing
from datetime import datetime
from pathlib import Path, PurePosixPath

from sqlalchemy import Connection, column, insert, table, text

from storage import schema, upgrade
from storage.backup import Contents, Reader, verify
from storage.errors import BackupDamaged, DatabaseNewer, DatabaseNotEmpty
from storage.location import PostgresServer, SqliteFile, locate
from storage.lock import Lock
from storage.postgres import server_engine
from storage.schema import to_ms
from storage.sealing import Vault
from storage.writer import writing_engine

_MAYBE_SENT = text(
    "UPDATE outbox SET status = 'uncertain', reason = 'restored from a backup', owner = NULL,"
    " lease_until = NULL, finished_at = :now"
    " WHERE status IN ('waiting', 'sending') AND priority > 1"
    " AND (status = 'sending' OR not_before <= :now)"
)


def restore(
    path: Path,
    url: str,
    *,
    vault: Vault,
    now: datetime,
    media: Path | None = None,
    replace: bool = False,
    nothing_sent_since: bool = False,
) -> Contents:
    """Bring back everything; no service may run meanwhile. Overwrites only with `replace`.

    Reminders and broadcasts that were due may have been sent after the backup was made: they become
    `uncertain`, never doubled; `nothing_sent_since` says that the service was stopped before.
    """
    contents = verify(path, vault)
    if contents.version not in upgrade.versions():
        raise DatabaseNewer(
            f"{path.name} was made by a newer version of Kawan Asuh: install that version first"
        )
    if not replace and media is not None and media.exists() and any(media.iterdir()):
        raise DatabaseNotEmpty(f"{media} holds files already: move them away, or say --replace")

    def fill(conn: Connection) -> None:
        upgrade.migrate(conn, contents.version)
        _insert(conn, Reader(path, vault), _FileWriter(media) if media is not None else None)
        upgrade.migrate(conn, "head")
        if not nothing_sent_since:
            conn.execute(_MAYBE_SENT, {"now": to_ms(now)})

    location = locate(url)
    if isinstance(location, SqliteFile):
        _into_sqlite(location, fill, replace)
    else:
        asyncio.run(_into_postgres(location, fill, replace))
    return contents


def _into_sqlite(file: SqliteFile, fill: Callable[[Connection], None], replace: bool) -> None:
    """Fill a new file beside the old one, and let it take the old one's place."""
    lock = Lock(file.lock_path)
    fresh = file.path.with_name(file.path.name + ".restoring")
    try:
        if not replace and _sqlite_in_use(file.path):
            raise _not_empty(str(file))
        fresh.unlink(missing_ok=True)
        engine = writing_engine(fresh, None)
        try:
            with engine.connect() as conn:
                conn.exec_driver_sql("PRAGMA foreign_keys = OFF")
                conn.exec_driver_sql("BEGIN IMMEDIATE")
                fill(conn)
                conn.exec_driver_sql("COMMIT")
                conn.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
        finally:
            engine.dispose()
        for suffix in ("-wal", "-shm"):
            file.path.with_name(file.path.name + suffix).unlink(missing_ok=True)
        fresh.replace(file.path)
    finally:
        for suffix in ("", "-wal", "-shm"):
            fresh.with_name(fresh.name + suffix).unlink(missing_ok=True)
        lock.release()


def _sqlite_in_use(path: Path) -> bool:
    if not path.exists():
        return False
    with closing(sqlite3.connect(path)) as raw:
        names = raw.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
        return any(
            raw.execute(f'SELECT EXISTS (SELECT 1 FROM "{name}")').fetchone()[0]
            for [name] in names
            if name not in _NO_CONTENT
        )


async def _into_postgres(
    server: PostgresServer, fill: Callable[[Connection], None], replace: bool
) -> None:
    def all_or_nothing(conn: Connection) -> None:
        if not replace and _postgres_in_use(conn):
            raise _not_empty(str(server))
        schema.metadata.drop_all(conn)
        conn.execute(text("DROP TABLE IF EXISTS alembic_version"))
        fill(conn)
        _count_on(conn)

    engine = server_engine(server, None, 1)
    try:
        async with engine.begin() as conn:
            await conn.run_sync(all_or_nothing)
    finally:
        await engine.dispose()


def _count_on(conn: Connection) -> None:
    """Let every counted key go on after the highest that was restored."""
    for each in schema.metadata.sorted_tables:
        counted = each.autoincrement_column
        if counted is not None:
            sequence = f"pg_get_serial_sequence('{each.name}', '{counted.name}')"
            highest = f"(SELECT max({counted.name}) FROM {each.name})"
            conn.execute(text(f"SELECT setval({sequence}, {highest})"))


def _postgres_in_use(conn: Connection) -> bool:
    names = conn.execute(
        text("SELECT tablename FROM pg_tables WHERE schemaname = current_schema()")
    ).scalars()
    return any(
        conn.execute(text(f'SELECT EXISTS (SELECT 1 FROM "{name}")')).scalar()
        for name in names.all()
        if name not in _NO_CONTENT
    )


_NO_CONTENT = {"alembic_version", "meta"}
"""Tables that hold something as soon as a service has started once."""


def _not_empty(where: str) -> DatabaseNotEmpty:
    return DatabaseNotEmpty(
        f"{where} is not empty: name an empty database, or say --replace to lose what is in it"
    )


class _FileWriter:
    """Writes the stored files into a folder, each under its own name when it is complete."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def __call__(self, name: str, block: bytes) -> None:
        inside = PurePosixPath(name)
        if inside.is_absolute() or ".." in inside.parts:
            raise BackupDamaged(f"the backup names a file outside its folder: {name}")
        target = self._folder / inside
        target.parent.mkdir(parents=True, exist_ok=True)
        with target.open("ab" if block else "wb") as file:
            file.write(block)
        target.chmod(0o600)


def _insert(conn: Connection, reader: Reader, files: _FileWriter | None) -> None:
    for some in reader.rows(files):
        into = insert(table(some.table, *(column(name) for name in some.columns)))
        conn.execute(into, [dict(zip(some.columns, row, strict=True)) for row in some.rows])

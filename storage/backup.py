"""Backups: everything stored in one encrypted file, the same for SQLite and PostgreSQL.

Rows are kept as the database holds them, so sealed columns stay sealed inside; a backup can be
restored into either kind of database, also by a later version. The file format is in archive.py.
Both functions here take minutes on a large database and block: call them in a thread.
"""

from __future__ import annotations

import asyncio
import base64
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import orjson
from sqlalchemy import Boolean, Connection, Table, column, event, select, table
from sqlalchemy.ext.asyncio import AsyncConnection, create_async_engine

from storage import schema, upgrade
from storage.archive import CHUNK, ArchiveWriter, frames
from storage.errors import BackupDamaged, StorageError
from storage.location import SqliteFile, locate
from storage.postgres import server_engine
from storage.sealing import Vault

ROWS_AT_ONCE = 200

_HEADER, _TABLE, _ROWS, _FILE, _DATA, _END = b"H", b"T", b"R", b"F", b"D", b"E"


@dataclass(slots=True)
class Contents:
    """What is in a backup. `version` is that of its tables; `rows` counts them by table."""

    version: str
    made_at: datetime
    rows: dict[str, int] = field(default_factory=dict)
    files: int = 0


def backup(
    url: str, path: Path, *, vault: Vault, now: datetime, media: Path | None = None
) -> Contents:
    """Write a backup of one moment while the service runs; `media` is the folder of files."""
    return asyncio.run(_backup(url, path, vault, now, media))


def verify(path: Path, vault: Vault) -> Contents:
    """Read the whole file; raises BackupDamaged unless every byte is as it was written."""
    reader = Reader(path, vault)
    for _ in reader.rows():
        pass
    return reader.contents


async def _backup(
    url: str, path: Path, vault: Vault, now: datetime, media: Path | None
) -> Contents:
    found = await upgrade.condition(url)
    if found is not upgrade.Condition.CURRENT:
        raise StorageError(f"the database is {found}: only one of this version is backed up")
    contents = Contents(version=upgrade.versions()[-1], made_at=now)
    header = {"version": contents.version, "made_at": now.isoformat()}
    path.parent.mkdir(parents=True, exist_ok=True)
    with ArchiveWriter(path, vault) as archive:
        archive.add(_HEADER, orjson.dumps(header))
        async with _one_moment(url) as conn:
            for each in schema.metadata.sorted_tables:
                contents.rows[str(each.name)] = await _write_table(archive, conn, each)
        if media is not None and media.exists():
            for file in sorted(media.rglob("*")):
                contents.files += _write_file(archive, media, file)
        end = {"rows": contents.rows, "files": contents.files}
        archive.add(_END, orjson.dumps(end))
    return contents


@asynccontextmanager
async def _one_moment(url: str) -> AsyncIterator[AsyncConnection]:
    """A connection whose reads all see the same moment."""
    location = locate(url)
    if isinstance(location, SqliteFile):
        engine = create_async_engine(location.reading_url)

        @event.listens_for(engine.sync_engine, "connect")
        def prepare(raw: Any, record: Any) -> None:
            raw.isolation_level = None

        @event.listens_for(engine.sync_engine, "begin")
        def begin(conn: Connection) -> None:
            conn.exec_driver_sql("BEGIN")
    else:
        engine = server_engine(location, None, 1, only_read=True)
    try:
        async with engine.connect() as conn:
            yield conn
    finally:
        await engine.dispose()


async def _write_table(archive: ArchiveWriter, conn: AsyncConnection, what: Table) -> int:
    columns = [[str(each.name), isinstance(each.type, Boolean)] for each in what.columns]
    archive.add(_TABLE, orjson.dumps({"name": str(what.name), "columns": columns}))
    as_stored = table(what.name, *(column(each.name) for each in what.columns))
    count = 0
    result = await conn.stream(select(as_stored).execution_options(yield_per=ROWS_AT_ONCE))
    async for rows in result.partitions():
        for packed in _packed([[_written(value) for value in row] for row in rows]):
            archive.add(_ROWS, packed)
        count += len(rows)
    return count


def _packed(rows: list[list[Any]]) -> Iterator[bytes]:
    """The rows as JSON, in frames that fit into a chunk."""
    content = orjson.dumps(rows)
    if len(content) <= CHUNK or len(rows) == 1:
        yield content
        return
    middle = len(rows) // 2
    yield from _packed(rows[:middle])
    yield from _packed(rows[middle:])


def _written(value: Any) -> Any:
    if isinstance(value, bytes | memoryview):
        return {"b": base64.b64encode(value).decode()}
    return value


def _write_file(archive: ArchiveWriter, folder: Path, file: Path) -> int:
    """One file in blocks. Left out: a folder, and a file that retention removed in between."""
    try:
        with file.open("rb") as content:
            archive.add(_FILE, str(file.relative_to(folder)).encode())
            while block := content.read(CHUNK // 2):
                archive.add(_DATA, block)
    except (FileNotFoundError, IsADirectoryError):
        return 0
    return 1


@dataclass(slots=True)
class Rows:
    """Some rows of one table, with the names of its columns."""

    table: str
    columns: list[str]
    rows: list[list[Any]]


class Reader:
    """Reads a backup from its beginning to its end."""

    def __init__(self, path: Path, vault: Vault) -> None:
        self._path = path
        self._frames = frames(path, vault)
        letter, content = next(self._frames)
        if letter != _HEADER:
            raise BackupDamaged(f"{path.name} does not begin like a backup")
        header = orjson.loads(content)
        self.contents = Contents(header["version"], datetime.fromisoformat(header["made_at"]))
        """Counts what was read so far; all of it at the end of `rows`."""

    def rows(self, on_file: Callable[[str, bytes], None] | None = None) -> Iterator[Rows]:
        """Every table's rows, in an order in which they can be inserted.

        `on_file` gets each stored file in blocks, the first of them empty.
        """
        seen, name, complete = self.contents, "", False
        columns: list[tuple[str, bool]] = []
        file = ""
        for letter, content in self._frames:
            if letter == _TABLE:
                described = orjson.loads(content)
                name, columns = described["name"], described["columns"]
                seen.rows[name] = 0
            elif letter == _ROWS:
                rows = [_read_row(row, columns) for row in orjson.loads(content)]
                seen.rows[name] += len(rows)
                yield Rows(name, [each for each, _ in columns], rows)
            elif letter == _FILE:
                file, block = content.decode(), b""
                seen.files += 1
                if on_file is not None:
                    on_file(file, block)
            elif letter == _DATA:
                if on_file is not None:
                    on_file(file, content)
            else:
                complete = orjson.loads(content) == {"rows": seen.rows, "files": seen.files}
        if not complete:
            raise BackupDamaged(f"{self._path.name} is not complete: use another backup")


def _read_row(row: list[Any], columns: list[tuple[str, bool]]) -> list[Any]:
    return [
        base64.b64decode(value["b"])
        if isinstance(value, dict)
        else bool(value)
        if is_boolean and value is not None
        else value
        for value, (_, is_boolean) in zip(row, columns, strict=True)
    ]

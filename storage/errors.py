"""What storage raises. Each message names what is wrong and what to do about it."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator

from sqlalchemy.exc import DBAPIError


class StorageError(Exception):
    """Anything that storage refuses or fails to do."""


class NotWritten(StorageError):
    """Nothing of this unit was written; the same unit may be tried again later."""


class DatabaseFull(NotWritten):
    """There is no room left to write; nothing was written."""


class DatabaseOverloaded(NotWritten):
    """Too many units are waiting already."""


class DatabaseBusy(NotWritten):
    """Somebody else holds the database: usually a second service."""


class DatabaseUnreachable(NotWritten):
    """The database server does not answer, or does not let us in."""


class DatabaseReadOnly(NotWritten):
    """The database file, or its folder, may not be written."""


class DatabaseNewer(StorageError):
    """A newer version of the programme wrote this database."""


class DatabaseForeign(StorageError):
    """The database belongs to another programme, or is no database."""


class UpgradeFailed(StorageError):
    """The tables could not be brought up to date; they are as they were."""


class DatabaseNotEmpty(StorageError):
    """There is something that a restored backup would overwrite."""


class BackupDamaged(StorageError):
    """The backup file is no backup, is cut off, or was changed."""


class KeysDoNotOpen(StorageError):
    """None of the ENCRYPTION_KEYS opens what is stored."""


class SealBroken(StorageError, ValueError):
    """A sealed value was changed, cut off, or sealed for another purpose."""


FULL = "the disk is full: make room in DATA_DIR; nothing was lost, the work is tried again"
READ_ONLY = "the database cannot be written: give this user the right to write to DATA_DIR"
BUSY = "another process is writing to the database: stop it, or wait until it has finished"

_SQLITE: dict[int, tuple[type[StorageError], str]] = {
    sqlite3.SQLITE_FULL: (DatabaseFull, FULL),
    sqlite3.SQLITE_READONLY: (DatabaseReadOnly, READ_ONLY),
    sqlite3.SQLITE_CANTOPEN: (DatabaseReadOnly, READ_ONLY),
    sqlite3.SQLITE_BUSY: (DatabaseBusy, BUSY),
    sqlite3.SQLITE_IOERR: (
        NotWritten,
        "the disk failed to read or write: look at the system's log",
    ),
    sqlite3.SQLITE_NOMEM: (NotWritten, "there is not enough memory"),
    sqlite3.SQLITE_CORRUPT: (NotWritten, "the database file is damaged: restore the newest backup"),
    sqlite3.SQLITE_NOTADB: (DatabaseForeign, "the file is not an SQLite database"),
}
_POSTGRES: dict[str, tuple[type[StorageError], str]] = {
    "53100": (DatabaseFull, FULL),
    "25006": (DatabaseReadOnly, "the PostgreSQL server accepts no writing: connect to the primary"),
}


def environment_error(error: BaseException) -> StorageError | None:
    """What is wrong with the world (disk, rights, lock); None when it is the unit's own mistake.

    >>> environment_error(ValueError("no such village")) is None
    True
    """
    for cause in _causes(error):
        known = None
        if isinstance(cause, sqlite3.Error):
            known = _SQLITE.get((getattr(cause, "sqlite_errorcode", None) or 0) & 0xFF)
        elif sqlstate := getattr(cause, "sqlstate", None):
            known = _POSTGRES.get(sqlstate)
        if known is not None:
            kind, message = known
            return kind(f"{message} ({cause})")
    return None


def _causes(error: BaseException) -> Iterator[BaseException]:
    yield error
    if isinstance(error, DBAPIError) and error.orig is not None:
        yield error.orig

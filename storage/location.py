"""Where the database is: DATABASE_URL read into an SQLite file or a PostgreSQL server."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from sqlalchemy import URL, make_url
from sqlalchemy.exc import ArgumentError


@dataclass(frozen=True, slots=True)
class SqliteFile:
    """An SQLite database file; whoever writes to it holds the lock file beside it."""

    path: Path

    @property
    def lock_path(self) -> Path:
        """The file that the one writing process locks."""
        return self.path.with_name(self.path.name + ".lock")

    @property
    def reading_url(self) -> str:
        """For connections that can only read."""
        return f"sqlite+aiosqlite:///file:{quote(str(self.path.absolute()))}?mode=ro&uri=true"

    def __str__(self) -> str:
        return str(self.path)


@dataclass(frozen=True, slots=True)
class PostgresServer:
    """A database on a PostgreSQL server, reached by asyncpg."""

    url: URL

    def __str__(self) -> str:
        return self.url.render_as_string(hide_password=True)


Location = SqliteFile | PostgresServer


def locate(url: str) -> Location:
    """DATABASE_URL, understood; raises ValueError with what was expected.

    >>> locate("sqlite:///data/kawan.db").path.as_posix()
    'data/kawan.db'
    >>> str(locate("postgresql://kawan:secret@db/kawan"))
    'postgresql+asyncpg://kawan:***@db/kawan'
    """
    try:
        parsed = make_url(url)
    except ArgumentError:
        raise ValueError(f"DATABASE_URL is not a URL: {_EXPECTED}") from None
    if parsed.get_backend_name() == "sqlite":
        if not parsed.database or parsed.database == ":memory:" or parsed.query:
            raise ValueError(f"DATABASE_URL names no SQLite file: {_EXPECTED}")
        return SqliteFile(Path(parsed.database))
    if parsed.get_backend_name() in {"postgresql", "postgres"}:
        return PostgresServer(_for_asyncpg(parsed))
    raise ValueError(f"DATABASE_URL names another kind of database: {_EXPECTED}")


_EXPECTED = "expected sqlite:///data/kawan.db or postgresql://user:password@host/database"


def _for_asyncpg(url: URL) -> URL:
    query = dict(url.query)
    if "sslmode" in query:
        query["ssl"] = query.pop("sslmode")
    return url.set(drivername="postgresql+asyncpg", query=query)

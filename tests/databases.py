"""Fresh databases for tests: an SQLite file, or a PostgreSQL server of our own without TCP.

The server lives in a temporary folder, listens on a unix socket there, and dies with the test run.
Each test has its own database, copied from a template that the real migrations made.
"""

from __future__ import annotations

import asyncio
import ctypes
import os
import pwd
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import count
from pathlib import Path

import asyncpg
import pytest

from storage.database import Database
from storage.sealing import Vault

KEY = b"a key of thirty-two bytes' width"
_USER = "kawan"
_DEATH_SIGNAL = 1  # prctl(PR_SET_PDEATHSIG)
_numbers = count(1)


@dataclass(frozen=True, slots=True)
class Server:
    """A running PostgreSQL; `folder` holds its socket."""

    folder: Path

    def url(self, name: str) -> str:
        """DATABASE_URL of one of its databases."""
        return f"postgresql://{_USER}@/{name}?host={self.folder}"

    def execute(self, statement: str) -> None:
        """Run a statement in the administrative database."""

        async def run() -> None:
            conn = await asyncpg.connect(user=_USER, database="postgres", host=str(self.folder))
            try:
                await conn.execute(statement)
            finally:
                await conn.close()

        with ThreadPoolExecutor(1) as thread:  # a loop may be running in this one
            thread.submit(asyncio.run, run()).result()


def upgrade(url: str) -> None:
    """Make the tables, as the programme itself does."""
    subprocess.run(
        [sys.executable, "-m", "storage.upgrade", url],
        check=True,
        cwd=Path(__file__).parents[1],
    )


def _programs() -> Path | None:
    """The folder with initdb and postgres of the newest version."""
    folders = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda f: f.parent.name)
    on_path = shutil.which("initdb")
    if on_path:
        folders.insert(0, Path(on_path).parent)
    return next((f for f in reversed(folders) if (f / "initdb").exists()), None)


def _account() -> pwd.struct_passwd | None:
    """Whom the server runs as: PostgreSQL refuses to run as root."""
    if os.geteuid() != 0:
        return None
    known = {entry.pw_name: entry for entry in pwd.getpwall()}
    return known.get("postgres") or known["nobody"]


def _die_with_parent() -> None:
    ctypes.CDLL(None).prctl(_DEATH_SIGNAL, signal.SIGINT)


def start_server(folder: Path, programs: Path) -> subprocess.Popen[bytes]:
    """Make a cluster in the folder and start it; fast rather than safe."""
    account = _account()
    as_whom: dict[str, object] = {}
    if account is not None:
        os.chown(folder, account.pw_uid, account.pw_gid)
        as_whom = {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": []}
    environment = {"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8", "HOME": str(folder)}
    cluster = folder / "cluster"
    subprocess.run(
        [programs / "initdb", "-D", cluster, "-U", _USER, "-A", "trust", "-E", "UTF8", "-N"],
        check=True,
        capture_output=True,
        env=environment,
        cwd=folder,
        **as_whom,  # type: ignore[call-overload]
    )
    settings = (
        "listen_addresses=",
        f"unix_socket_directories={folder}",
        "fsync=off",
        "full_page_writes=off",
        "synchronous_commit=off",
        "autovacuum=off",
        "shared_buffers=32MB",
        "max_connections=60",
        "deadlock_timeout=20ms",
    )
    options = [f"--{setting}" for setting in settings]
    with (folder / "log").open("wb") as log:
        server: subprocess.Popen[bytes] = subprocess.Popen(
            [programs / "postgres", "-D", cluster, *options],
            stdout=log,
            stderr=log,
            env=environment,
            cwd=folder,
            preexec_fn=_die_with_parent,
            **as_whom,  # type: ignore[call-overload]
        )
    ready = [str(programs / "pg_isready"), "-q", "-h", str(folder), "-t", "1"]
    for _ in range(200):
        if subprocess.run(ready, check=False).returncode == 0:
            return server
        if server.poll() is not None:
            break
        signal.sigtimedwait([], 0.05)
    server.kill()
    raise RuntimeError(f"PostgreSQL did not start:\n{(folder / 'log').read_text()}")


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[Server]:
    """One server for this test process; skipped when it is not installed, but never in CI."""
    programs = _programs()
    if programs is None:
        reason = "PostgreSQL is not installed (initdb was not found): apt install postgresql"
        if os.getenv("CI"):
            pytest.fail(reason)
        pytest.skip(reason)
    folder = Path(tempfile.mkdtemp(prefix="kawan-pg-"))
    try:
        process = start_server(folder, programs)
        try:
            server = Server(folder)
            server.execute("CREATE DATABASE template")
            upgrade(server.url("template"))
            yield server
        finally:
            process.send_signal(signal.SIGINT)
            process.wait(20)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An SQLite file with empty tables."""
    file = tmp_path_factory.mktemp("template") / "kawan.db"
    upgrade(f"sqlite:///{file}")
    return file


@pytest.fixture
def sqlite_url(sqlite_template: Path, tmp_path: Path) -> str:
    """DATABASE_URL of a fresh SQLite database."""
    file = tmp_path / "kawan.db"
    shutil.copy(sqlite_template, file)
    return f"sqlite:///{file}"


@pytest.fixture
def postgres_url(postgres_server: Server) -> Iterator[str]:
    """DATABASE_URL of a fresh PostgreSQL database."""
    name = f"test_{next(_numbers)}"
    postgres_server.execute(f"CREATE DATABASE {name} TEMPLATE template")
    yield postgres_server.url(name)
    postgres_server.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest) -> str:
    """DATABASE_URL of a fresh database, once of each kind."""
    url: str = request.getfixturevalue(
        "sqlite_url" if request.param == "sqlite" else "postgres_url"
    )
    return url


@pytest.fixture
def vault() -> Vault:
    """A vault with one key."""
    return Vault([KEY])


@pytest.fixture
async def database(database_url: str, vault: Vault) -> AsyncIterator[Database]:
    """An open, empty database, once of each kind."""
    async with await Database.open(database_url, vault=vault) as opened:
        yield opened

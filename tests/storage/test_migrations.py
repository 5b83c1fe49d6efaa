"""The migrations make the tables of the schema, once, and refuse what is not theirs."""

from __future__ import annotations

import asyncio
import os
import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, inspect, text

from storage import schema, upgrade
from storage.database import (
    Database,
    DatabaseForeign,
    DatabaseNewer,
    UpgradeFailed,
)
from storage.sealing import Vault
from storage.upgrade import Condition, condition
from tests.databases import Server
from tests.storage.failures import names, put

ROOT = Path(__file__).parents[2]


def run(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "storage.upgrade", *arguments],
        capture_output=True,
        text=True,
        check=False,
        cwd=ROOT,
        env={**os.environ, **environment},
    )


async def set_version(database: Database, version: str) -> None:
    await database.write(
        lambda c: c.execute(text("UPDATE alembic_version SET version_num = :v"), {"v": version})
    )


async def test_the_migrations_make_exactly_the_schema(database: Database) -> None:
    def differences(conn: Connection) -> list[Any]:
        context = MigrationContext.configure(
            conn, opts={"compare_type": True, "compare_server_default": False}
        )
        return list(compare_metadata(context, schema.metadata))

    assert await database.write(differences) == []


async def test_partial_indexes_are_partial_on_both_databases(database: Database) -> None:
    def partial(conn: Connection) -> set[str]:
        found = inspect(conn)
        return {
            str(index["name"])
            for table in found.get_table_names()
            for index in found.get_indexes(table)
            if any(key.endswith("_where") for key in index.get("dialect_options", {}))
        }

    wanted = {
        str(index.name)
        for table in schema.metadata.tables.values()
        for index in table.indexes
        if index.dialect_options["sqlite"]["where"] is not None
    }

    assert await database.write(partial) == wanted
    assert len(wanted) >= 5


def test_the_known_versions_are_alembics() -> None:
    scripts = ScriptDirectory(str(upgrade.SCRIPTS))

    assert scripts.get_heads() == [upgrade.versions()[-1]]
    assert len(list(scripts.walk_revisions())) == len(upgrade.versions())


async def test_a_missing_file_is_empty_and_becomes_current(tmp_path: Path, vault: Vault) -> None:
    url = f"sqlite:///{tmp_path}/new/kawan.db"
    before = await condition(url)

    async with await Database.open(url, vault=vault) as database:
        await database.write(put("a"))
        assert await database.read(names) == ["a"]

    assert (before, await condition(url)) == (Condition.EMPTY, Condition.CURRENT)


async def test_an_empty_server_database_becomes_current(
    postgres_server: Server, vault: Vault
) -> None:
    loop = asyncio.get_running_loop()
    await loop.run_in_executor(None, postgres_server.execute, "CREATE DATABASE fresh")
    url = postgres_server.url("fresh")
    before = await condition(url)

    await (await Database.open(url, vault=vault)).close()

    assert (before, await condition(url)) == (Condition.EMPTY, Condition.CURRENT)
    await loop.run_in_executor(None, postgres_server.execute, "DROP DATABASE fresh WITH (FORCE)")


async def test_a_newer_database_is_refused_with_what_to_do(database_url: str, vault: Vault) -> None:
    async with await Database.open(database_url, vault=vault) as database:
        await set_version(database, "9999")

    with pytest.raises(DatabaseNewer, match="newer version of Kawan Asuh: install that version"):
        await Database.open(database_url, vault=vault)
    assert run(database_url).returncode == 1


async def test_an_older_database_is_recognised(
    database: Database, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    known = upgrade.versions()
    monkeypatch.setattr(upgrade, "versions", lambda: (*known, "9998"))

    assert await condition(database_url) is Condition.OLDER


async def test_tables_of_another_programme_are_left_alone(tmp_path: Path, vault: Vault) -> None:
    file = tmp_path / "kawan.db"
    with closing(sqlite3.connect(file)) as raw:
        raw.execute("CREATE TABLE recipes (name TEXT)")

    with pytest.raises(DatabaseForeign, match="another programme"):
        await Database.open(f"sqlite:///{file}", vault=vault)


async def test_a_failed_upgrade_says_why(sqlite_url: str, vault: Vault) -> None:
    with closing(sqlite3.connect(sqlite_url.removeprefix("sqlite:///"))) as raw:
        raw.execute("DELETE FROM alembic_version")
        raw.execute("INSERT INTO alembic_version VALUES ('0000')")
        raw.commit()
    wrong = upgrade.versions

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(upgrade, "versions", lambda: ("0000", *wrong()))
        with pytest.raises(UpgradeFailed, match=r"brought up to date: .*newer version"):
            await Database.open(sqlite_url, vault=vault)


async def test_an_upgrade_that_dies_silently_is_noticed(
    tmp_path: Path, vault: Vault, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "executable", shutil.which("false"))

    with pytest.raises(UpgradeFailed, match="no reason given"):
        await Database.open(f"sqlite:///{tmp_path}/kawan.db", vault=vault)


def test_an_upgrade_that_fails_halfway_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail_after_work(conn: Connection, to: str) -> None:
        conn.exec_driver_sql("CREATE TABLE half (name TEXT)")
        raise RuntimeError("power cut")

    monkeypatch.setattr(upgrade, "migrate", fail_after_work)
    url = f"sqlite:///{tmp_path}/kawan.db"

    with pytest.raises(RuntimeError, match="power cut"):
        upgrade.upgrade(url)

    with closing(sqlite3.connect(tmp_path / "kawan.db")) as raw:
        assert raw.execute("SELECT count(*) FROM sqlite_master").fetchone() == (0,)


def test_upgrading_twice_changes_nothing(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/kawan.db"

    upgrade.upgrade(url)
    upgrade.upgrade(url)

    with closing(sqlite3.connect(tmp_path / "kawan.db")) as raw:
        versions = raw.execute("SELECT version_num FROM alembic_version").fetchall()
    assert versions == [(upgrade.versions()[-1],)]


async def test_an_upgrade_on_the_server_is_all_or_nothing(
    postgres_server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    await asyncio.to_thread(postgres_server.execute, "CREATE DATABASE half")
    url = postgres_server.url("half")
    whole = upgrade.migrate

    def fail_after_work(conn: Connection, to: str) -> None:
        whole(conn, to)
        raise RuntimeError("power cut")

    monkeypatch.setattr(upgrade, "migrate", fail_after_work)
    with pytest.raises(RuntimeError, match="power cut"):
        await asyncio.to_thread(upgrade.upgrade, url)
    monkeypatch.undo()
    failed = await condition(url)
    complaint = await asyncio.to_thread(upgrade.main, [url])

    assert (failed, complaint, await condition(url)) == (Condition.EMPTY, None, Condition.CURRENT)
    await asyncio.to_thread(postgres_server.execute, "DROP DATABASE half WITH (FORCE)")


def test_the_command_makes_the_tables_and_frees_the_lock(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/kawan.db"

    assert (upgrade.main([url]), upgrade.main([url])) == (None, None)


def test_the_command_takes_the_url_from_the_environment(tmp_path: Path) -> None:
    done = run(DATABASE_URL=f"sqlite:///{tmp_path}/kawan.db")

    assert (done.returncode, (tmp_path / "kawan.db").exists()) == (0, True)


@pytest.mark.parametrize(
    ("url", "complaint"), [("", "name the database"), ("mysql://h/d", "another kind of database")]
)
def test_the_command_says_what_is_wrong(
    url: str, complaint: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("DATABASE_URL", raising=False)

    assert complaint in (upgrade.main([url] if url else []) or "")


async def test_the_command_does_not_touch_a_database_in_use(sqlite_url: str, vault: Vault) -> None:
    async with await Database.open(sqlite_url, vault=vault):
        done = run(sqlite_url)

    assert done.returncode == 1
    assert "another service" in done.stderr


def test_a_draft_of_the_schema_as_it_is_changes_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    scripts = tmp_path / "migrations"
    shutil.copytree(upgrade.SCRIPTS, scripts)
    monkeypatch.setattr(upgrade, "SCRIPTS", scripts)
    before = upgrade.versions()

    upgrade.main(["--draft", "nothing", "new"])

    next_ = f"{int(upgrade.versions()[-1]):04}"
    [draft] = scripts.glob(f"versions/{next_}_*.py")
    assert str(draft) in capsys.readouterr().out
    assert "    pass\n" in draft.read_text()
    assert f'revision = "{next_}"' in draft.read_text()
    assert int(next_) == len(before) + 1


_FIRST_VERSION = (
    "INSERT INTO villages (id, name, code) VALUES (1, 'Ledokombo', 'LDK')",
    "INSERT INTO people (id, name, village_id, consent, created_at)"
    " VALUES (1, 'Siti', 1, 'given', 0)",
    "INSERT INTO addresses (id, channel, account, address, person_id, created_at)"
    " VALUES (1, 'telegram', 'bot', '62812', 1, 0)",
    "INSERT INTO consents (person_id, decision, capacity, text_version, text, channel, at)"
    " VALUES (1, 'given', 'pengasuh', '1', 'boleh', 'telegram', 0)",
    "INSERT INTO outbox (address_id, person_id, dedupe_key, priority, purpose, status, not_before,"
    " created_at) VALUES (1, 1, 'a', 1, 'reply', 'sent', 0, 0)",
    "INSERT INTO due (kind, subject, person_id, due_at) VALUES ('nudge', 'i1', 1, 5)",
    "INSERT INTO due (kind, subject, person_id, due_at) VALUES ('checkin', '1', 1, 5)",
)


async def test_an_sqlite_file_of_the_first_version_keeps_what_is_in_it(
    tmp_path: Path, vault: Vault
) -> None:
    url = f"sqlite:///{tmp_path}/kawan.db"
    await asyncio.to_thread(upgrade.upgrade, url, "0001")
    with closing(sqlite3.connect(tmp_path / "kawan.db")) as raw:
        for statement in _FIRST_VERSION:
            raw.execute(statement)
        raw.commit()

    await check_first_version(url, vault)


async def test_a_server_of_the_first_version_keeps_what_is_in_it(
    postgres_server: Server, vault: Vault
) -> None:
    await asyncio.to_thread(postgres_server.execute, "CREATE DATABASE first_version")
    url = postgres_server.url("first_version")
    await asyncio.to_thread(upgrade.upgrade, url, "0001")
    conn = await asyncpg.connect(url)
    for statement in _FIRST_VERSION:
        await conn.execute(statement)
    await conn.close()

    await check_first_version(url, vault)

    await asyncio.to_thread(postgres_server.execute, "DROP DATABASE first_version WITH (FORCE)")


async def check_first_version(url: str, vault: Vault) -> None:
    async with await Database.open(url, vault=vault) as database:
        person, address, message = await database.read(
            lambda conn: (
                conn.execute(text("SELECT name, quiet, unasked, consent FROM people")).one(),
                conn.execute(text("SELECT address, assisting_id FROM addresses")).one(),
                conn.execute(text("SELECT status, campaign, held, channel FROM outbox")).one(),
            )
        )
        together = await database.read(
            lambda conn: conn.execute(
                text("SELECT address_id, person_id FROM address_people")
            ).all()
        )
        kinds = await database.read(
            lambda conn: set(conn.execute(text("SELECT kind FROM due")).scalars())
        )

    assert tuple(person) == ("Siti", "", 0, "given")
    assert tuple(address) == ("62812", None)
    assert tuple(message) == ("sent", "", False, "telegram")
    assert together == [(1, 1)]
    assert kinds == {"nudge"}, "who is asked every week is planned by a rule now"

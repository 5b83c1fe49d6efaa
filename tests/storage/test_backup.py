"""A backup holds everything of one moment, sealed, and comes back whole or not at all."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, select, text

from conversations.message import Message, Priority
from storage import archive, inbox, outbox, schema
from storage.archive import ArchiveWriter, frames
from storage.backup import Contents, Reader, backup, verify
from storage.database import Database, DatabaseBusy, DatabaseNewer, KeysDoNotOpen, StorageError
from storage.errors import BackupDamaged, DatabaseNotEmpty
from storage.restore import restore
from storage.sealing import Vault
from storage.upgrade import versions
from tests.databases import KEY

NOW = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)


def fill(conn: Connection) -> None:
    """Two people, a child, what one wrote, and one planned message of each priority."""
    for number in (1, 2):
        conn.execute(
            schema.people.insert().values(id=number, name=f"Mbah Siti {number}", created_at=NOW)
        )
        conn.execute(
            schema.addresses.insert().values(
                id=number,
                channel="telegram",
                account="bot",
                address=f"{number}",
                person_id=number,
                created_at=NOW,
            )
        )
    conn.execute(
        schema.children.insert().values(id=7, nickname="Dimas", ask_calls=False, created_at=NOW)
    )
    some = [inbox.Received("telegram", "bot", f"{n}", "1", b"rahasia" * 99) for n in range(450)]
    inbox.accept(conn, some, NOW)
    for priority in outbox.PRIORITIES:
        for when in (NOW, NOW + 2 * HOUR):
            outbox.add(
                conn,
                address_id=1,
                person_id=1,
                message=Message("Halo"),
                dedupe_key=f"{priority}:{when}",
                priority=priority,
                purpose="test",
                not_before=when,
                expires_at=None,
                now=NOW,
            )


@pytest.fixture
async def filled(database_url: str, vault: Vault) -> str:
    """DATABASE_URL of a database with something in it; no service runs."""
    async with await Database.open(database_url, vault=vault) as database:
        await database.write(fill)
    return database_url


@pytest.fixture
def media(tmp_path: Path) -> Path:
    """A folder with two stored files, one of them larger than a chunk."""
    folder = tmp_path / "media"
    (folder / "ab").mkdir(parents=True)
    (folder / "ab" / "one.bin").write_bytes(b"sealed voice")
    (folder / "two.bin").write_bytes(bytes(range(256)) * 8192)
    return folder


async def blocking(call: Callable[..., Any], *arguments: Any, **named: Any) -> Any:
    """What a command does, beside the test's loop."""
    return await asyncio.to_thread(call, *arguments, **named)


async def everything(url: str, vault: Vault) -> dict[str, list[Any]]:
    def read(conn: Connection) -> dict[str, list[Any]]:
        return {
            each.name: [tuple(row) for row in conn.execute(select(each)).all()]
            for each in schema.metadata.sorted_tables
        }

    async with await Database.open(url, vault=vault) as database:
        found = await database.read(read)
    return {name: sorted(rows, key=repr) for name, rows in found.items()}


async def back_up(url: str, path: Path, vault: Vault, **named: Any) -> Contents:
    contents: Contents = await blocking(backup, url, path, vault=vault, now=NOW, **named)
    return contents


@pytest.mark.parametrize("target", ["sqlite", "postgresql"])
async def test_everything_comes_back_in_either_database(
    filled: str, target: str, vault: Vault, media: Path, request: pytest.FixtureRequest
) -> None:
    there = media.parent
    other = f"sqlite:///{there}/other/kawan.db"
    if target == "postgresql":
        server = request.getfixturevalue("postgres_server")
        await blocking(server.execute, "CREATE DATABASE restored")
        other = server.url("restored")
    before = await everything(filled, vault)
    contents = await back_up(filled, there / "b.kawan", vault, media=media)

    restored = await blocking(
        restore,
        there / "b.kawan",
        other,
        vault=vault,
        now=NOW,
        media=there / "media2",
        nothing_sent_since=True,
    )

    assert await everything(other, vault) == before
    assert restored == contents
    assert (contents.rows["inbox"], contents.files) == (450, 2)
    for name in ("ab/one.bin", "two.bin"):
        assert (there / "media2" / name).read_bytes() == (media / name).read_bytes()
    async with await Database.open(other, vault=vault) as database:
        accepted = await database.write(
            lambda c: inbox.accept(c, [inbox.Received("telegram", "b", "new", "1", b"x")], NOW)
        )
        assert accepted[0].id == 451
    if target == "postgresql":
        await blocking(server.execute, "DROP DATABASE restored WITH (FORCE)")


async def test_a_backup_is_made_while_units_are_written(
    database: Database, database_url: str, tmp_path: Path, vault: Vault
) -> None:
    await database.write(fill)
    path = tmp_path / "b.kawan"
    making = asyncio.ensure_future(back_up(database_url, path, vault))
    written = 0
    while not making.done():
        batch = [inbox.Received("simulator", "s", f"{written}", "1", b"x")]
        await database.write(partial(inbox.accept, batch=batch, now=NOW))
        written += 1

    contents = await making

    assert verify(path, vault) == contents
    assert 450 <= contents.rows["inbox"] <= 450 + written
    assert written > 0


async def test_reminders_that_may_have_been_sent_since_become_uncertain(
    filled: str, tmp_path: Path, vault: Vault
) -> None:
    await back_up(filled, tmp_path / "b.kawan", vault)
    other = f"sqlite:///{tmp_path}/other.db"

    await blocking(restore, tmp_path / "b.kawan", other, vault=vault, now=NOW + HOUR)

    stored = await everything(other, vault)
    columns = [column.name for column in schema.outbox.columns]
    found = {
        row[columns.index("dedupe_key")]: row[columns.index("status")] for row in stored["outbox"]
    }
    assert found == {
        f"{priority}:{when}": "uncertain"
        if when == NOW and priority in (Priority.REMINDER, Priority.BROADCAST)
        else "waiting"
        for priority in outbox.PRIORITIES
        for when in (NOW, NOW + 2 * HOUR)
    }


async def test_nothing_can_be_read_in_the_file(filled: str, tmp_path: Path, vault: Vault) -> None:
    await back_up(filled, tmp_path / "b.kawan", vault)

    content = (tmp_path / "b.kawan").read_bytes()
    assert b"Siti" not in content
    assert KEY not in content
    assert (tmp_path / "b.kawan").stat().st_mode & 0o777 == 0o600


async def test_other_keys_do_not_open_a_backup(filled: str, tmp_path: Path, vault: Vault) -> None:
    await back_up(filled, tmp_path / "b.kawan", vault)

    with pytest.raises(KeysDoNotOpen, match="add the key"):
        verify(tmp_path / "b.kawan", Vault([b"w" * 32]))
    assert verify(tmp_path / "b.kawan", Vault([b"w" * 32, KEY])).rows["people"] == 2


@pytest.mark.parametrize("replace", [False, True])
async def test_a_database_in_use_is_overwritten_only_when_told(
    filled: str, tmp_path: Path, vault: Vault, replace: bool
) -> None:
    await back_up(filled, tmp_path / "b.kawan", vault)
    async with await Database.open(filled, vault=vault) as database:
        await database.write(lambda c: c.execute(text("UPDATE people SET name = 'changed'")))
    go = partial(restore, tmp_path / "b.kawan", filled, vault=vault, now=NOW, replace=replace)

    if replace:
        await blocking(go)
    else:
        with pytest.raises(DatabaseNotEmpty, match="not empty"):
            await blocking(go)

    names = {row[3] for row in (await everything(filled, vault))["people"]}
    assert names == ({"Mbah Siti 1", "Mbah Siti 2"} if replace else {"changed"})


async def test_a_database_without_content_may_be_restored_into(
    database_url: str, tmp_path: Path, vault: Vault
) -> None:
    await (await Database.open(database_url, vault=vault)).close()
    await back_up(database_url, tmp_path / "b.kawan", vault)

    await blocking(restore, tmp_path / "b.kawan", database_url, vault=vault, now=NOW)

    assert (await everything(database_url, vault))["people"] == []


@pytest.fixture
async def path(sqlite_url: str, tmp_path: Path, vault: Vault, media: Path) -> Path:
    """A backup of an SQLite database."""
    async with await Database.open(sqlite_url, vault=vault) as database:
        await database.write(fill)
    await back_up(sqlite_url, tmp_path / "b.kawan", vault, media=media)
    return tmp_path / "b.kawan"


async def test_nothing_is_restored_while_a_service_runs(
    path: Path, tmp_path: Path, vault: Vault
) -> None:
    url = f"sqlite:///{tmp_path}/other.db"

    async with await Database.open(url, vault=vault):
        with pytest.raises(DatabaseBusy):
            await blocking(restore, path, url, vault=vault, now=NOW)


async def test_stored_files_are_overwritten_only_when_told(
    path: Path, tmp_path: Path, vault: Vault, media: Path
) -> None:
    url = f"sqlite:///{tmp_path}/other.db"
    (media / "two.bin").write_bytes(b"changed")
    go = partial(restore, path, url, vault=vault, now=NOW, media=media)

    with pytest.raises(DatabaseNotEmpty, match="holds files"):
        await blocking(go)
    await blocking(go, replace=True)

    assert len((media / "two.bin").read_bytes()) == 2**21


async def test_a_backup_without_its_media_is_a_backup_too(
    sqlite_url: str, tmp_path: Path, vault: Vault
) -> None:
    contents = await back_up(sqlite_url, tmp_path / "b.kawan", vault, media=tmp_path / "none")

    assert contents.files == 0


@pytest.mark.parametrize("share", [0.0, 0.001, 0.3, 0.999])
async def test_a_backup_cut_off_is_found_out_and_nothing_is_touched(
    path: Path, tmp_path: Path, vault: Vault, share: float
) -> None:
    whole = path.read_bytes()
    path.write_bytes(whole[: int(len(whole) * share)])

    with pytest.raises(BackupDamaged):
        await blocking(restore, path, f"sqlite:///{tmp_path}/other.db", vault=vault, now=NOW)

    assert not (tmp_path / "other.db").exists()


async def test_a_backup_without_its_last_chunk_is_found_out(path: Path, vault: Vault) -> None:
    whole = path.read_bytes()
    starts = [len(archive.MAGIC)]
    while starts[-1] < len(whole):
        length = int.from_bytes(whole[starts[-1] : starts[-1] + 4], "big")
        starts.append(starts[-1] + 4 + length)
    path.write_bytes(whole[: starts[-2]])

    assert len(starts) > 4
    with pytest.raises(BackupDamaged, match="cut off or was changed"):
        verify(path, vault)


async def test_a_backup_that_ends_after_its_key_is_found_out(path: Path, vault: Vault) -> None:
    path.write_bytes(path.read_bytes()[: len(archive.MAGIC) + 4 + 64])

    with pytest.raises(BackupDamaged, match="cut off"):
        verify(path, vault)


async def test_large_rows_are_kept(sqlite_url: str, tmp_path: Path, vault: Vault) -> None:
    def large(conn: Connection) -> None:
        for number in range(3):
            conn.execute(
                schema.forms.insert().values(
                    hash=f"{number}",
                    name="f",
                    filename="f.xlsx",
                    source=bytes([number]) * 900_000,
                    used_at=NOW,
                )
            )

    async with await Database.open(sqlite_url, vault=vault) as database:
        await database.write(large)
    before = await everything(sqlite_url, vault)
    await back_up(sqlite_url, tmp_path / "b.kawan", vault)

    await blocking(restore, tmp_path / "b.kawan", sqlite_url, vault=vault, now=NOW, replace=True)

    assert await everything(sqlite_url, vault) == before


async def test_a_file_removed_meanwhile_is_left_out(
    sqlite_url: str, tmp_path: Path, vault: Vault, media: Path
) -> None:
    (media / "gone.bin").symlink_to(media / "nowhere")

    contents = await back_up(sqlite_url, tmp_path / "b.kawan", vault, media=media)

    assert contents.files == 2


@pytest.mark.parametrize("at", [100, 5000, -1])
async def test_a_changed_byte_is_found_out(path: Path, vault: Vault, at: int) -> None:
    whole = bytearray(path.read_bytes())
    whole[at] ^= 1
    path.write_bytes(whole)

    with pytest.raises(BackupDamaged):
        verify(path, vault)


async def test_a_backup_of_a_newer_version_is_refused(path: Path, vault: Vault) -> None:
    with ArchiveWriter(path, vault) as changed:
        changed.add(b"H", b'{"version":"9999","made_at":"2026-11-23T02:00:00+00:00"}')
        changed.add(b"E", b'{"rows":{},"files":0}')

    with pytest.raises(DatabaseNewer, match="install that version"):
        restore(path, "sqlite:///nowhere.db", vault=vault, now=NOW)


@pytest.mark.parametrize(
    "frames",
    [
        [(b"E", b'{"rows":{},"files":0}')],
        [
            (b"H", b'{"version":"0001","made_at":"2026-11-23T02:00:00+00:00"}'),
            (b"E", b'{"rows":{"people":3},"files":0}'),
        ],
    ],
)
def test_a_file_that_does_not_add_up_is_refused(
    tmp_path: Path, vault: Vault, frames: list[archive.Frame]
) -> None:
    with ArchiveWriter(tmp_path / "b", vault) as odd:
        for letter, content in frames:
            odd.add(letter, content)

    with pytest.raises(BackupDamaged):
        verify(tmp_path / "b", vault)


def test_a_backup_that_ends_without_its_end_is_refused(tmp_path: Path, vault: Vault) -> None:
    with ArchiveWriter(tmp_path / "b", vault) as odd:
        odd.add(b"H", b'{"version":"0001","made_at":"2026-11-23T02:00:00+00:00"}')

    with pytest.raises(BackupDamaged, match="not complete"):
        verify(tmp_path / "b", vault)


@pytest.mark.parametrize("name", ["/etc/passwd", "../kawan.db", "a/../../b"])
def test_a_file_outside_the_folder_is_refused(tmp_path: Path, vault: Vault, name: str) -> None:
    with ArchiveWriter(tmp_path / "b", vault) as odd:
        odd.add(b"H", b'{"version":"0001","made_at":"2026-11-23T02:00:00+00:00"}')
        odd.add(b"F", name.encode())
        odd.add(b"E", b'{"rows":{},"files":1}')

    with pytest.raises(BackupDamaged, match="outside"):
        restore(
            tmp_path / "b", f"sqlite:///{tmp_path}/o.db", vault=vault, now=NOW, media=tmp_path / "m"
        )

    assert not (tmp_path / "o.db").exists()


def test_an_interrupted_backup_leaves_the_older_one(tmp_path: Path, vault: Vault) -> None:
    with ArchiveWriter(tmp_path / "b", vault) as first:
        first.add(b"H", b"1")

    def interrupted() -> None:
        with ArchiveWriter(tmp_path / "b", vault) as second:
            second.add(b"H", b"2")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()

    assert list(frames(tmp_path / "b", vault)) == [(b"H", b"1")]
    assert [file.name for file in tmp_path.iterdir()] == ["b"]


def test_large_rows_are_spread_over_chunks(tmp_path: Path, vault: Vault) -> None:
    with ArchiveWriter(tmp_path / "b", vault) as written:
        for number in range(5):
            written.add(b"D", bytes([number]) * 700_000)

    read = list(frames(tmp_path / "b", vault))

    assert [(content[0], len(content)) for _, content in read] == [(n, 700_000) for n in range(5)]


async def test_a_database_that_was_never_made_is_not_backed_up(
    tmp_path: Path, vault: Vault
) -> None:
    with pytest.raises(StorageError, match="empty"):
        await back_up(f"sqlite:///{tmp_path}/none.db", tmp_path / "b", vault)

    assert not (tmp_path / "b").exists()


async def test_a_reader_knows_the_version_at_once(path: Path, vault: Vault) -> None:
    assert Reader(path, vault).contents.version == versions()[-1]

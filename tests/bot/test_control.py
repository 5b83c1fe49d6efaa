"""Commands reach the running service; without one they do the same by themselves."""

from __future__ import annotations

import asyncio
import socket
import stat
from pathlib import Path

import orjson
import pytest

from bot import control, keys
from bot.control import NothingHere
from bot.operations import OperationRefused
from storage import audit, inbox, people, staff
from storage.database import DatabaseBusy
from storage.inbox import Received
from storage.lock import Lock
from tests.bot.services import heard, running, settings, settle, write


async def test_without_a_service_the_command_does_it_itself(tmp_path: Path) -> None:
    configured = settings(tmp_path)

    added = await control.ask(configured, "staff_add", name="  Bu   Ani ")

    members = await control.read(configured, staff.members)
    assert [member.name for member in members] == ["Bu Ani"]
    assert added["name"] == "Bu Ani"


async def test_a_running_service_does_it_and_the_code_lets_her_join(tmp_path: Path) -> None:
    configured = settings(tmp_path)
    async with running(configured) as service:
        added = await control.ask(configured, "staff_add", name="Bu Ani")
        await write(service, "orang-baru", added["code"])

        members = await service.database.read(staff.members)

        assert [m.name for m in members if m.joined_at][-1] == "Bu Ani"


async def test_a_second_asking_gives_another_code_until_she_has_joined(tmp_path: Path) -> None:
    configured = settings(tmp_path)
    first = await control.ask(configured, "staff_add", name="Bu Ani")

    second = await control.ask(configured, "staff_add", name="bu ani")

    assert first["code"] != second["code"]
    assert len(await control.read(configured, staff.members)) == 1


async def test_somebody_who_has_joined_gets_no_further_code(tmp_path: Path) -> None:
    configured = settings(tmp_path)
    async with running(configured):
        with pytest.raises(OperationRefused, match="sudah bergabung"):
            await control.ask(configured, "staff_add", name="Mas Dimas")


async def test_removing_needs_one_clear_person_and_is_recorded(tmp_path: Path) -> None:
    configured = settings(tmp_path)
    await control.ask(configured, "staff_add", name="Bu Ani")

    with pytest.raises(OperationRefused, match="tidak ada petugas"):
        await control.ask(configured, "staff_remove", who="Ani")
    await control.ask(configured, "staff_remove", who="bu ani")

    assert await control.read(configured, staff.members) == ()
    recorded = await control.read(configured, lambda conn: audit.latest(conn, 1))
    assert (recorded[0].actor, recorded[0].action) == ("command", "staff removed")


@pytest.mark.parametrize("name", ["", "A", "a" * 81])
async def test_a_name_that_is_none_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(OperationRefused, match="nama petugas"):
        await control.ask(settings(tmp_path), "staff_add", name=name)


@pytest.mark.parametrize("code", ["L", "LEDOK", "L1", "ÉÈ"])
async def test_a_village_code_has_two_to_four_letters(tmp_path: Path, code: str) -> None:
    village = {"district": "", "head_title": "Kuwu", "zone": "Asia/Jakarta"}

    with pytest.raises(OperationRefused, match="kode desa"):
        await control.ask(settings(tmp_path), "village_add", name="X", code=code, **village)


async def test_villages_are_offered_in_the_order_they_were_added(tmp_path: Path) -> None:
    configured = settings(tmp_path)
    village = {"district": "Jember", "head_title": "Kuwu", "zone": "Asia/Jakarta"}
    await control.ask(configured, "village_add", name="Sumbersalak", code="sbs", **village)
    await control.ask(configured, "village_add", name="Ledokombo", code="LDK", **village)
    await control.ask(configured, "village_add", name="Sumbersalak", code="SBS", **village)

    villages = await control.read(configured, people.all_villages)

    assert sorted(one.code for one in villages) == ["LDK", "SBS"]


async def test_what_was_put_aside_is_listed_and_tried_again_at_once(tmp_path: Path) -> None:
    configured = settings(tmp_path)
    async with running(configured) as service:
        assert service.simulator is not None
        name, account = service.simulator.name, service.simulator.account
        body = b'{"kind": "text", "at": 1790000000000, "text": "halo"}\n'
        received = Received(name, account, "x-1", "tetangga-baru", body, "a fault of ours")
        await service.receive([received])
        [row] = await control.read(configured, lambda conn: inbox.quarantined(conn, 10))

        tried = await control.ask(configured, "quarantine_retry", ids=[row.id, 999])
        await settle(service)

        assert tried == [row.id]
        assert await heard(service, "tetangga-baru") != []
        assert await control.read(configured, lambda conn: inbox.quarantined(conn, 10)) == []


async def test_a_rotation_in_a_running_service_leaves_everything_readable(tmp_path: Path) -> None:
    configured = settings(tmp_path)
    async with running(configured) as service:
        await write(service, "tetangga-baru", "halo")
        before = keys.load(configured).encryption

        done = await control.ask(configured, "keys_rotate")
        await write(service, "tetangga-baru", "sudah")

        assert done["values"] > 0
        assert done["unreadable"] == 0
        assert len(await heard(service, "tetangga-baru")) > 1

    newest = keys.load(configured).encryption[0]
    assert newest not in before
    only_the_newest = settings(tmp_path, secret_key="s", encryption_keys=newest)
    async with running(only_the_newest) as service:
        assert len(await heard(service, "tetangga-baru")) > 1


async def test_the_socket_is_private_and_gone_after_the_stop(tmp_path: Path) -> None:
    configured = settings(tmp_path)
    path = tmp_path / "contoh" / "kawan.sock"
    async with running(configured):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600

    assert not path.exists()


async def test_a_socket_that_a_killed_service_left_is_passed_over(tmp_path: Path) -> None:
    configured = settings(tmp_path)
    (tmp_path / "contoh").mkdir()
    left = socket.socket(socket.AF_UNIX)
    left.bind(str(tmp_path / "contoh" / "kawan.sock"))
    left.close()

    await control.ask(configured, "staff_add", name="Bu Ani")

    async with running(configured):
        await control.ask(configured, "staff_add", name="Bu Eni")
    assert len(await control.read(configured, staff.members)) == 6


async def test_a_very_deep_folder_works_too(tmp_path: Path) -> None:
    deep = tmp_path / ("a" * 60) / ("b" * 60)
    configured = settings(deep)
    async with running(configured):
        await control.ask(configured, "staff_add", name="Bu Ani")

        assert len(await control.read(configured, staff.members)) == 5


@pytest.mark.parametrize("line", [b"nonsense\n", b"{}\n", b'{"do": "erase_all"}\n', b"[1]\n"])
async def test_nonsense_on_the_socket_is_answered_and_changes_nothing(
    tmp_path: Path, line: bytes
) -> None:
    async with running(settings(tmp_path)) as service:
        reader, writer = await asyncio.open_unix_connection(tmp_path / "contoh" / "kawan.sock")
        writer.write(line)
        answer = orjson.loads(await reader.readline())
        writer.close()

        assert "error" in answer
        assert (await service.health()).ok


async def test_reading_where_nothing_is_says_so_and_makes_nothing(tmp_path: Path) -> None:
    with pytest.raises(NothingHere, match="belum ada data"):
        await control.read(settings(tmp_path), staff.members)

    assert not (tmp_path / "contoh").exists()


async def test_a_command_waits_for_nobody_who_holds_the_lock(tmp_path: Path) -> None:
    (tmp_path / "contoh").mkdir()
    lock = Lock(tmp_path / "contoh" / control.LOCK)

    with pytest.raises(DatabaseBusy):
        await control.ask(settings(tmp_path), "staff_add", name="Bu Ani")
    lock.release()


async def test_reading_cannot_write(tmp_path: Path) -> None:
    configured = settings(tmp_path)
    await control.ask(configured, "staff_add", name="Bu Ani")

    with pytest.raises(Exception, match="readonly"):
        await control.read(
            configured, lambda conn: conn.exec_driver_sql("DELETE FROM staff").rowcount
        )

    assert len(await control.read(configured, staff.members)) == 1

"""Traces in the simulator: the page forgets what was taken away, as a phone does, and keeps so."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from bot.channels.simulator import Doing
from bot.pages import chat
from bot.service import Service
from conversations.message import Kind
from storage import traces, transcript
from tests.bot.services import running, settings, settle, write

WHO, OTHER = "tetangga-baru", "tetangga-lain"
WORRY = "Adi sering melamun sejak ibunya berangkat, saya bingung harus bagaimana"
PICTURE = b"\xff\xd8\xff" + b"gambar"


async def page(service: Service, address: str = WHO) -> list[str]:
    """What the page shows, oldest first."""
    found = await service.database.read(
        lambda conn: chat.read(conn, "simulator", "contoh", address, f"/simulator/{address}")
    )
    return [bubble.text for bubble in found.bubbles]


async def clears(service: Service, address: str = WHO) -> None:
    await write(service, address, "hapus jejak")
    await write(service, address, "1")
    await settle(service)


async def test_the_page_forgets_both_sides_and_shows_what_remains(tmp_path: Path) -> None:
    async with running(settings(tmp_path)) as service:
        await write(service, WHO, WORRY)

        await clears(service)

        assert await page(service) == ["Halo, Bapak/Ibu. Balas MENU kalau ada perlu."]


async def test_what_is_said_afterwards_is_shown(tmp_path: Path) -> None:
    async with running(settings(tmp_path)) as service:
        await write(service, WHO, WORRY)
        await clears(service)

        await write(service, WHO, "terima kasih")

        assert (await page(service))[1] == "terima kasih"


async def test_other_phones_forget_nothing(tmp_path: Path) -> None:
    async with running(settings(tmp_path)) as service:
        await write(service, OTHER, WORRY)
        await write(service, WHO, WORRY)

        await clears(service)

        assert WORRY in await page(service, OTHER)


async def test_it_is_forgotten_after_a_restart_too(tmp_path: Path) -> None:
    configured = settings(tmp_path)
    async with running(configured) as service:
        await write(service, WHO, WORRY)
        await clears(service)

    async with running(configured) as again:
        assert WORRY not in await page(again)


async def test_a_picture_that_was_taken_away_opens_from_no_page(tmp_path: Path) -> None:
    async with running(settings(tmp_path)) as service:
        assert service.simulator is not None
        await service.simulator.receive(WHO, Doing(Kind.IMAGE, file=PICTURE, mime="image/jpeg"))
        await settle(service)
        name = (await _heard(service))[0].external_id

        def visible(address: str) -> Any:
            return service.database.read(
                lambda conn: chat.may_see(conn, "simulator", "contoh", address, name)
            )

        before, elsewhere = await visible(WHO), await visible(OTHER)
        await clears(service)
        after = await visible(WHO)

    assert (before, elsewhere, after) == (True, False, False)


async def test_what_the_platform_is_asked_for_is_what_it_called_the_messages(
    tmp_path: Path,
) -> None:
    async with running(settings(tmp_path)) as service:
        await write(service, WHO, WORRY)

        await clears(service)

        reasons = await service.database.read(_reasons)
    assert len(reasons) == 1
    assert reasons[0].startswith("removed ")
    assert not reasons[0].startswith("removed 0")


async def _heard(service: Service) -> Any:
    return await service.database.read(
        lambda conn: transcript.heard(conn, "simulator", "contoh", WHO, 10)
    )


def _reasons(conn: Any) -> list[str]:
    found = conn.exec_driver_sql(
        f"SELECT reason FROM outbox WHERE purpose = '{traces.PURPOSE}' AND status = 'sent'"
    )
    return list(found.scalars())

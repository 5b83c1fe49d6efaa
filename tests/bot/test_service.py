"""The whole service: it starts, answers, moves its clock, refuses what must not run, and stops."""

from __future__ import annotations

import asyncio
import os
import socket
import time
from datetime import timedelta
from pathlib import Path

import aiohttp
import pytest

from bot import control
from bot.service import CannotStart, Service, webhook_secret
from bot.serving import PortTaken
from storage import staff
from storage.database import DatabaseBusy
from tests.bot.services import TOKEN, heard, running, settings, settle, write


async def test_a_newcomer_is_answered_in_the_simulator(tmp_path: Path) -> None:
    async with running(settings(tmp_path)) as service:
        await write(service, "tetangga-baru", "halo")

        said = await heard(service, "tetangga-baru")

        assert "Program Contoh" in said[0]


async def test_it_says_that_it_is_well(tmp_path: Path) -> None:
    async with running(settings(tmp_path)) as service:
        health = await service.health()

        assert health.ok
        assert set(health.parts) == {"writer", "sender", "clock", "simulator"}


async def test_a_channel_that_receives_no_more_is_not_well(tmp_path: Path) -> None:
    async with running(settings(tmp_path)) as service:
        await service.receivers.stop()

        health = await service.health()

        assert not health.ok
        assert health.parts["simulator"] != ""


async def test_the_health_page_answers_over_http(tmp_path: Path) -> None:
    async with (
        running(settings(tmp_path)) as service,
        aiohttp.ClientSession() as http,
        http.get(f"http://127.0.0.1:{service.web.port}/healthz") as answer,
    ):
        assert answer.status == 200


async def test_a_week_is_lived_through_in_order(tmp_path: Path) -> None:
    async with running(settings(tmp_path)) as service:
        assert service.journey is not None
        before = service.clock.now()

        after = await service.journey.advance(timedelta(days=8))

        assert timedelta(days=8) <= after - before < timedelta(days=8, minutes=1)
        asked = await heard(service, "mbah-siti")
        assert len(asked) >= 2, "the weekly check-in and its nudge"
        lists = await heard(service, "mas-dimas")
        assert len([one for one in lists if one.startswith("Tidak ada tugas")]) == 8
        assert len([one for one in lists if one.startswith("Daftar minggu ini")]) in (1, 2)


async def test_the_next_event_is_reached_and_has_happened(tmp_path: Path) -> None:
    async with running(settings(tmp_path)) as service:
        assert service.journey is not None
        planned = await service.journey.next_event()
        assert planned is not None

        reached = await service.journey.advance_to_next()

        assert reached is not None
        assert timedelta() <= reached - planned < timedelta(seconds=5)
        assert len(await heard(service, "mas-dimas")) == 1


async def test_the_moved_clock_survives_a_restart(tmp_path: Path) -> None:
    configured = settings(tmp_path)
    async with running(configured) as service:
        assert service.journey is not None
        moved = await service.journey.advance(timedelta(days=2))

    async with running(configured) as service:
        assert timedelta() <= service.clock.now() - moved < timedelta(seconds=30)


async def test_an_open_dialogue_goes_on_after_a_restart(tmp_path: Path) -> None:
    configured = settings(tmp_path)
    async with running(configured) as service:
        await write(service, "tetangga-baru", "halo")

    async with running(configured) as service:
        await write(service, "tetangga-baru", "sudah")

        said = await heard(service, "tetangga-baru")

        assert len(said) > 1
        assert "18 tahun" not in said[-1]


async def test_it_starts_and_stops_quickly_and_lets_the_port_go(tmp_path: Path) -> None:
    configured = settings(tmp_path)
    async with running(configured):
        began = time.monotonic()

    assert time.monotonic() - began < 5
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", configured.port))


async def test_an_occupied_port_is_named(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]

        with pytest.raises(PortTaken, match=str(port)):
            await Service(settings(tmp_path, port=port)).start()

    assert not (tmp_path / "contoh" / "kawan.db").exists()


async def test_a_second_service_on_the_same_folder_is_refused_and_harms_nothing(
    tmp_path: Path,
) -> None:
    async with running(settings(tmp_path)) as service:
        with pytest.raises(DatabaseBusy):
            await Service(settings(tmp_path)).start()

        assert (await service.health()).ok


async def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("a file")

    with pytest.raises(CannotStart, match="DATA_DIR"):
        await Service(settings(tmp_path / "data")).start()


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
async def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)

    with pytest.raises(CannotStart, match="DATA_DIR"):
        await Service(settings(tmp_path)).start()


async def test_a_real_channel_that_nobody_stands_behind_does_not_start(tmp_path: Path) -> None:
    configured = settings(tmp_path, telegram_token=TOKEN, telegram_api_url="http://127.0.0.1:9")

    with pytest.raises(CannotStart) as refused:
        await Service(configured).start()

    said = "\n".join(refused.value.lines)
    assert "ORGANISATION" in said
    assert "ada 0, perlu 2" in said
    assert "PILOT=1" in said


async def test_without_a_duty_roster_a_real_channel_does_not_start_even_with_staff(
    tmp_path: Path,
) -> None:
    configured = settings(
        tmp_path,
        telegram_token=TOKEN,
        telegram_api_url="http://127.0.0.1:9",
        organisation="Yayasan Contoh",
    )
    with pytest.raises(CannotStart, match="petugas bernama"):
        await Service(configured).start()
    await control.ask(configured, "staff_add", name="Mas Dimas")
    await control.ask(configured, "staff_add", name="Mbak Rina")

    with pytest.raises(CannotStart, match="jaga sekarang") as refused:
        await Service(configured).start()
    assert "petugas bernama" not in str(refused.value)


async def test_a_pilot_starts_and_says_what_is_missing(tmp_path: Path) -> None:
    configured = settings(
        tmp_path, telegram_token=TOKEN, telegram_api_url="http://127.0.0.1:9", pilot=True
    )
    told: list[str] = []

    async with running(configured, tell=told.append) as service:
        assert set(service.channels) == {"telegram", "simulator"}
        assert service.journey is None
        assert await service.database.read(staff.members) == ()

    said = "\n".join(told)
    for what in ("ORGANISATION", "petugas", "jaga sekarang", "24 jam", "nomor darurat"):
        assert what in said


async def test_staff_of_a_pilot_are_told_once_a_day_what_is_missing(tmp_path: Path) -> None:
    configured = settings(
        tmp_path,
        telegram_token=TOKEN,
        telegram_api_url="http://127.0.0.1:9",
        pilot=True,
        quiet_hours=None,
    )
    added = await control.ask(configured, "staff_add", name="Mas Dimas")
    async with running(configured) as service:
        await write(service, "petugas", added["code"])

    for _ in range(2):
        async with running(configured) as service:
            await settle(service)
            for _ in range(200):
                told = [text for text in await heard(service, "petugas") if "jaga sekarang" in text]
                if told:
                    break
                await asyncio.sleep(0.01)

    assert len(told) == 1
    assert len(told[0]) <= 300


async def test_a_start_that_fails_leaves_nothing_open(tmp_path: Path) -> None:
    configured = settings(tmp_path, telegram_token=TOKEN)
    with pytest.raises(CannotStart):
        await Service(configured).start()

    with pytest.raises(CannotStart):
        await Service(configured).start()


def test_the_webhook_secret_follows_from_the_key_and_fits_telegram() -> None:
    secret = webhook_secret("a")

    assert secret == webhook_secret("a") != webhook_secret("b")
    assert 1 <= len(secret) <= 256
    assert secret.isalnum()

"""The real process where it cannot or must not run: one clear line, a status, and no traceback."""

from __future__ import annotations

import asyncio
import ctypes
import os
import shutil
import sqlite3
import sys
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import closing
from pathlib import Path
from typing import Final

import pytest

from storage.database import Database
from storage.sealing import new_key
from tests.fakes.graph import FakeGraph
from tests.fakes.telegram import FakeTelegram
from tests.fakes.telegram_world import TOKEN
from tests.whole.house import until
from tests.whole.phones import REGISTRATION, Phones
from tests.whole.process import ROOT, Process, free_port, on_both

DROP_FROM_BOUNDING_SET: Final = 24  # PR_CAPBSET_DROP
MAY_WRITE_EVERYWHERE: Final = 1  # CAP_DAC_OVERRIDE


@pytest.fixture
async def fake() -> AsyncIterator[FakeTelegram]:
    async with FakeTelegram() as running:
        yield running


@pytest.fixture
def folder() -> Iterator[Path]:
    """A data folder that can be removed again, whatever its rights have become."""
    made = Path(tempfile.mkdtemp(prefix="kawan-data-"))
    yield made
    made.chmod(0o700)
    shutil.rmtree(made)


@pytest.fixture
async def process(fake: FakeTelegram, folder: Path) -> AsyncIterator[Process]:
    made = Process(
        folder,
        {
            "TELEGRAM_TOKEN": TOKEN,
            "TELEGRAM_API_URL": fake.url,
            "PILOT": "1",
            "PORT": str(free_port()),
        },
    )
    async with await Database.open(made.url, vault=made.vault()):
        pass
    try:
        yield made
    finally:
        await made.clear_up()


def _is_one_clear_line(status: int, out: str, errors: str, *words: str) -> None:
    assert status not in (0, None)
    assert out == ""
    assert "Traceback" not in errors
    lines = errors.strip().splitlines()
    assert len(lines) == 1, errors
    for word in words:
        assert word in lines[0]


async def test_a_second_service_on_the_same_folder_is_refused(process: Process) -> None:
    await process.start()
    await process.ready()
    second = Process(
        process.folder, {**process.settings, "PORT": str(free_port())}, key=process.key
    )

    refused = await second.command("run")

    _is_one_clear_line(*refused, "memakai folder data ini")
    assert await process.stop() == 0


async def test_a_taken_port_is_named(process: Process) -> None:
    await process.start()
    await process.ready()
    elsewhere = process.folder / "lain"
    elsewhere.mkdir()
    second = Process(elsewhere, process.settings)

    refused = await second.command("run")

    _is_one_clear_line(*refused, process.settings["PORT"], "PORT")


async def test_keys_that_do_not_open_the_database_are_refused(process: Process) -> None:
    process.key = new_key()

    refused = await process.command("run")

    _is_one_clear_line(*refused, "Kunci tidak cocok")


async def test_a_newer_database_is_refused(process: Process) -> None:
    with closing(sqlite3.connect(process.folder / "kawan.db")) as raw:
        raw.execute("UPDATE alembic_version SET version_num = '9999'")
        raw.commit()

    refused = await process.command("run")

    _is_one_clear_line(*refused, "lebih baru")


async def test_a_file_that_is_no_database_is_refused(process: Process) -> None:
    (process.folder / "kawan.db").write_bytes(b"bukan basis data" * 1_000)

    refused = await process.command("run")

    _is_one_clear_line(*refused, "DATABASE_URL")


async def test_a_read_only_database_is_refused(process: Process) -> None:
    file = process.folder / "kawan.db"
    file.chmod(0o444)

    refused = await _without_override(process)

    _is_one_clear_line(*refused, "tidak dapat ditulis")


async def test_a_read_only_folder_is_refused(process: Process) -> None:
    process.folder.chmod(0o555)

    refused = await _without_override(process)

    _is_one_clear_line(*refused, "tidak dapat ditulis")


async def _without_override(process: Process) -> tuple[int, str, str]:
    """Run the service without root's right to write where nobody may."""
    run = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "bot", "run",
        cwd=ROOT, env=process.environment(), preexec_fn=_drop_override,
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    try:
        async with asyncio.timeout(30):
            out, errors = await run.communicate()
    except TimeoutError:
        run.kill()
        await run.wait()
        raise
    assert run.returncode is not None
    return run.returncode, out.decode(), errors.decode()


def _drop_override() -> None:
    if os.geteuid() == 0:
        ctypes.CDLL(None).prctl(DROP_FROM_BOUNDING_SET, MAY_WRITE_EVERYWHERE, 0, 0, 0)


async def test_the_operator_sees_what_was_put_aside_and_has_it_tried_again(
    process: Process, fake: FakeTelegram
) -> None:
    siti = Phones(fake).some(1)[0]
    fake.updates.push("message", {"chat": {"id": 77, "type": "private"}, "text": "rahasia"})
    await process.start()
    await process.ready()
    await siti.walks(REGISTRATION)
    await until(lambda: not fake.updates.pending)

    status, listed, _ = await process.command("quarantine", "list")
    assert status == 0
    assert "not a Telegram update" in listed
    assert "rahasia" not in listed

    status, retried, _ = await process.command("quarantine", "retry")
    assert (status, retried.strip()) == (0, "Dicoba lagi: 1 pesan.")

    await until(lambda: process.count(ASIDE) == 1)
    status, _, errors = await process.command("quarantine", "retry", "999")
    assert status != 0
    assert errors.strip() == "Tidak ada di karantina: 999"
    assert await process.stop() == 0
    assert "rahasia" not in process.errors()


async def test_half_of_whatsapp_is_refused_with_what_is_missing(process: Process) -> None:
    process.settings = {**process.settings, "WHATSAPP_TOKEN": "x", "WHATSAPP_PHONE_ID": "1"}

    refused = await process.command("run")

    _is_one_clear_line(*refused, "WHATSAPP_WABA_ID", "WHATSAPP_APP_SECRET", "WHATSAPP_VERIFY_TOKEN")


async def test_whatsapp_that_refuses_us_is_named_and_telegram_goes_on(
    process: Process, fake: FakeTelegram
) -> None:
    async with FakeGraph() as graph:
        port = process.settings["PORT"]
        process.settings = {
            **on_both(fake, graph), "PORT": port, "WHATSAPP_TOKEN": "EAAGanOldTokenThatExpired"
        }  # fmt: skip
        siti = Phones(fake).some(1)[0]
        await process.start()
        await process.ready()

        await siti.walks(REGISTRATION[:2])

        await until(lambda: graph.refusals[190] > 0)
        await until(lambda: "WHATSAPP_TOKEN" in process.errors())
        assert await process.stop() == 0
    assert "EAAGanOldTokenThatExpired" not in process.errors()


ASIDE: Final = "SELECT count(*) FROM inbox WHERE status = 'quarantined'"

"""A concern from one message to a closed case, lived in a real browser at phone width.

The pictures of docs/safeguarding.md are made here: `KAWAN_DOCS=1` writes them to docs/images/.
"""

from __future__ import annotations

import os

import pytest
from playwright.async_api import Page, expect

from bot.service import Service
from tests.bot.services import ROOT
from tests.browser.png import repacked
from tests.browser.test_simulator_page import (
    LARGEST_PICTURE,
    PHONE,
    Open,
    browser,
    bubbles,
    configured,
    press,
    says,
    service,
    visit,
)

__all__ = ["browser", "configured", "service", "visit"]

pytestmark = [pytest.mark.browser, pytest.mark.slow]

RINI, DIMAS, YUNI = "bu-rini", "mas-dimas", "bu-yuni"
CODE = "SBS-26-0001"
REPORT = "cucu tetangga saya si Lia dipukuli bapaknya sampai berdarah"


async def go_to(page: Page, address: str) -> None:
    """Pick up another phone of the table."""
    await page.goto(f"/simulator?siapa={address}#{address}")
    await page.wait_for_selector("html.script")


async def answers(page: Page, address: str, text: str, then: str) -> None:
    """Write, and wait for what the bot says to it."""
    await says(page, address, text)
    await expect(bubbles(page, address, then).last).to_be_visible()


async def show_hidden(page: Page, address: str) -> None:
    """Touch every veiled message."""
    script = "all => all.forEach((one) => { one.open = true; })"
    await page.locator(f"#{address} .discreet").evaluate_all(script)


async def keep(page: Page, name: str) -> None:
    """The picture of this phone for the docs, when asked."""
    if os.getenv("KAWAN_DOCS"):
        picture = repacked(await page.screenshot())
        assert len(picture) <= LARGEST_PICTURE
        (ROOT / "docs" / "images" / f"{name}.png").write_bytes(picture)


async def test_a_cadre_reports_in_one_message_and_clears_her_phone(
    service: Service, visit: Open
) -> None:
    async with visit(f"/simulator?siapa={RINI}", PHONE) as page:
        await answers(page, RINI, REPORT, "Apakah ini keadaan bahaya?")
        await expect(bubbles(page, RINI, CODE).first).to_contain_text("110 (Polisi)")
        await keep(page, "laporan-kader")
        await press(page, RINI, "Ya")
        await expect(bubbles(page, RINI, "Ini tentang siapa?")).to_be_visible()
        await answers(page, RINI, "Lia, Sumbersalak", "Boleh petugas menghubungi")
        await answers(page, RINI, "jangan dulu", "Kapan itu terjadi?")
        await answers(page, RINI, "tadi malam", "Siapa lagi yang sudah tahu?")
        await answers(page, RINI, "belum ada", "Masih ada yang perlu")
        await press(page, RINI, "Jangan sebut nama saya")
        await expect(bubbles(page, RINI, "tidak kami sebut ke desa")).to_be_visible()
        await press(page, RINI, "Hapus jejak")
        await press(page, RINI, "Sejak jam")

        await expect(page.locator(f"#{RINI} .bubble")).to_have_count(1)
        await expect(bubbles(page, RINI, "Balas MENU kalau ada perlu")).to_be_visible()
        await go_to(page, DIMAS)
        await expect(bubbles(page, DIMAS, f"MERAH · {CODE}")).to_be_visible()
        await expect(bubbles(page, DIMAS, "dipukuli")).to_have_count(0)


async def test_staff_take_a_case_work_on_it_and_another_approves_its_closing(
    service: Service, visit: Open
) -> None:
    async with visit(f"/simulator?siapa={DIMAS}", PHONE) as page:
        await answers(page, DIMAS, "bantuan", "Perintah: KASUS SAYA")
        await go_to(page, RINI)
        await answers(page, RINI, REPORT, "Apakah ini keadaan bahaya?")
        await go_to(page, DIMAS)

        await answers(page, DIMAS, "1", "tanggung jawab petugas ini")
        await keep(page, "petugas-kasus")
        await answers(page, DIMAS, "TINDAKAN 1 bu kader ditelepon", "sudah dicatat")
        await answers(page, DIMAS, "RENCANA 1 besok jam 9 tengok nenek", f"Rencana {CODE}")
        await answers(page, DIMAS, "SELESAI 1 sudah didampingi", "Ditutup karena apa?")
        await answers(page, DIMAS, "1", "Sampai disetujui")
        await go_to(page, YUNI)
        await says(page, YUNI, "BACA 1")
        await expect(bubbles(page, YUNI, "Setujui penutupan").last).to_be_attached()
        await show_hidden(page, YUNI)
        await press(page, YUNI, "Setujui penutupan")

        await expect(bubbles(page, YUNI, f"{CODE} ditutup: sudah ditangani")).to_be_visible()
        await go_to(page, RINI)
        await says(page, RINI, "apa kabar laporan saya")
        await expect(page.locator(f"#{RINI} .discreet")).to_be_attached()
        await show_hidden(page, RINI)
        await expect(bubbles(page, RINI, "sudah selesai ditangani")).to_be_visible()

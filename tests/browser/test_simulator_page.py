"""The pages in a real browser: by hand and by keyboard, at phone width, without script, restarted.

The pictures of the README are made here: `KAWAN_DOCS=1` writes them to docs/images/.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import (
    Browser,
    ConsoleMessage,
    FilePayload,
    Page,
    async_playwright,
    expect,
)

from bot.service import Service
from bot.settings import Settings
from tests.bot.services import ROOT, running, settings, write
from tests.browser.png import flat, repacked

pytestmark = [pytest.mark.browser, pytest.mark.slow]

WIDE = {"width": 1280, "height": 800}
PHONE = {"width": 360, "height": 740}
LARGEST_PICTURE = 200_000
EXPECTED = "Failed to load resource"
"""What the browser says of every refusal, also of one that the page explains."""

AUDIT = (Path(__file__).parent / "audit.js").read_text()

KEYS = "items => items.map((item) => item.dataset.key)"

Open = Callable[..., AbstractAsyncContextManager[Page]]


def chromium() -> str:
    """The browser of the system; skipped when there is none, but never in CI."""
    for name in ("chromium", "chromium-browser", "google-chrome"):
        if found := shutil.which(name):
            return found
    reason = "no chromium on this machine: apt install chromium"
    if os.getenv("CI"):
        pytest.fail(reason)
    pytest.skip(reason)


@pytest.fixture
async def browser() -> AsyncIterator[Browser]:
    path = chromium()
    async with async_playwright() as playwright:
        launched = await playwright.chromium.launch(
            executable_path=path,
            args=[
                "--no-sandbox",
                "--use-fake-device-for-media-stream",
                "--use-fake-ui-for-media-stream",
            ],
        )
        try:
            yield launched
        finally:
            await launched.close()


@pytest.fixture
def configured(tmp_path: Path) -> Settings:
    return settings(tmp_path)


@pytest.fixture
async def service(configured: Settings, browser: Browser) -> AsyncIterator[Service]:
    async with running(configured) as started:
        yield started


@pytest.fixture
def visit(browser: Browser, configured: Settings) -> Open:
    """Opens a page of the service; whatever the browser complains about fails the test."""

    @asynccontextmanager
    async def opening(path: str, viewport: Any = WIDE, **more: Any) -> AsyncIterator[Page]:
        complaints: list[str] = []

        def complain(message: ConsoleMessage) -> None:
            if message.type in ("error", "warning") and not message.text.startswith(EXPECTED):
                complaints.append(message.text)

        context = await browser.new_context(
            viewport=viewport,
            locale="id-ID",
            permissions=["microphone"],
            base_url=f"http://127.0.0.1:{configured.port}",
            **more,
        )
        page = await context.new_page()
        page.on("console", complain)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.set_default_timeout(10_000)
        await page.goto(path)
        yield page
        await context.close()
        assert complaints == []

    return opening


async def says(page: Page, address: str, text: str) -> None:
    """Type into a phone and press Enter."""
    await page.fill(f"#tulis-{address}", text)
    await page.press(f"#tulis-{address}", "Enter")


async def press(page: Page, address: str, label: str) -> None:
    """Press the button with this label that is offered now."""
    offered = page.locator(f"#{address} .choices:not([hidden]) button", has_text=label)
    await offered.last.click()


def bubbles(page: Page, address: str, text: str) -> Any:
    return page.locator(f"#{address} .bubble", has_text=text)


async def keep(page: Page, name: str) -> None:
    """A picture for CI, and for the README when asked."""
    picture = await page.screenshot()
    folders = [Path(os.getenv("CI_ARTIFACTS") or ROOT / "tests" / "artifacts")]
    if os.getenv("KAWAN_DOCS") and name in ("landing", "simulator"):
        picture = repacked(picture)
        assert len(picture) <= LARGEST_PICTURE
        folders.append(ROOT / "docs" / "images")
    for folder in folders:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"{name}.png").write_bytes(picture)


def photo(content: bytes) -> FilePayload:
    """A file that says it is a picture."""
    return {"name": "foto.png", "mimeType": "image/png", "buffer": content}


async def scrolls(page: Page) -> tuple[bool, bool]:
    """Whether the page itself is wider or higher than the screen."""
    wider, higher = await page.evaluate(
        "() => [document.documentElement.scrollWidth > innerWidth,"
        " document.documentElement.scrollHeight > innerHeight]"
    )
    return wider, higher


async def test_a_newcomer_sees_what_this_is_and_talks_at_once(
    service: Service, visit: Open
) -> None:
    async with visit("/") as page:
        assert await scrolls(page) == (False, False), "the landing page is one screen"
        await keep(page, "landing")
        await page.get_by_role("link", name="Coba di simulator").click()
        await page.wait_for_selector("html.script")

        await says(page, "mbah-siti", "halo")
        await press(page, "mbah-siti", "Cerita kabar anak")
        await says(page, "tetangga-baru", "assalamualaikum")
        await says(page, "bu-rini", "cucu tetangga saya sering dipukul")
        await press(page, "tetangga-baru", "Sudah")

        await expect(bubbles(page, "tetangga-baru", "Program Contoh").first).to_be_visible()
        await expect(bubbles(page, "bu-rini", "petugas").first).to_be_visible()
        await expect(page.locator("#mas-dimas .bubble").first).to_be_visible()
        await expect(bubbles(page, "mbah-siti", "Minggu ini Dafa sehat")).to_be_visible()
        await page.locator("#mbah-siti h2").click()
        await keep(page, "simulator")


async def test_nothing_is_shown_twice_and_drafts_stay(service: Service, visit: Open) -> None:
    async with visit("/simulator") as page:
        await page.fill("#tulis-bu-rini", "belum selesai")
        for word in ("halo", "menu", "bantuan"):
            await says(page, "mbah-siti", word)

        await expect(bubbles(page, "mbah-siti", "KEMBALI untuk mundur")).to_be_visible()
        await expect(page.locator("#tulis-bu-rini")).to_have_value("belum selesai")
        there = await page.locator("#mbah-siti li[data-key]").evaluate_all(KEYS)
        await page.reload()
        anew = await page.locator("#mbah-siti li[data-key]").evaluate_all(KEYS)
        assert there == anew
        assert len(set(there)) == len(there) > 6


async def test_at_phone_width_one_phone_is_shown_and_the_others_call(
    service: Service, visit: Open
) -> None:
    async with visit("/", PHONE) as page:
        assert await scrolls(page) == (False, False)
        await keep(page, "landing-phone")
        await page.goto("/simulator")
        await expect(page.locator(".phone:visible")).to_have_count(1)
        assert await scrolls(page) == (False, False)

        await write(service, "bu-rini", "halo")

        tab = page.get_by_role("link", name="Bu Rini (ada pesan baru)")
        await tab.click()
        await expect(page.locator(".phone:visible h2")).to_have_text("Bu Rini")
        await expect(page.get_by_role("link", name="Bu Rini", exact=True)).to_have_attribute(
            "aria-current", "true"
        )
        assert page.url.endswith("?siapa=bu-rini#bu-rini")
        await keep(page, "simulator-phone")


async def test_at_twice_the_size_nothing_is_cut_off(service: Service, visit: Open) -> None:
    async with visit("/simulator", {"width": 640, "height": 400}) as page:
        await says(page, "mbah-siti", "halo")
        await expect(page.locator("#mbah-siti .bubble:not(.mine)")).to_have_count(1)

        wider, _ = await scrolls(page)

        assert not wider
        await page.locator("#mbah-siti .send").scroll_into_view_if_needed()
        await expect(page.locator("#mbah-siti .send")).to_be_in_viewport()


async def test_everything_can_be_done_by_keyboard(service: Service, visit: Open) -> None:
    async with visit("/simulator") as page:
        seen: list[str] = []
        for _ in range(40):
            await page.keyboard.press("Tab")
            name = await page.evaluate(
                "() => (document.activeElement.id || document.activeElement.innerText).trim()"
            )
            seen.append(name)
            if name == "tulis-mbah-siti":
                break
        await page.keyboard.type("halo")
        await page.keyboard.press("Enter")
        await expect(page.locator("#mbah-siti .choices:not([hidden])")).to_be_visible()
        await page.locator("#mbah-siti .log").focus()
        await page.keyboard.press("Tab")
        await page.keyboard.press("Enter")

        await expect(page.locator("#mbah-siti .bubble.mine")).to_have_count(2)
        assert seen[-1] == "tulis-mbah-siti"
        assert seen.index("+1 jam") < seen.index("Mbah Siti") < len(seen) - 1
        focused = await page.evaluate("() => !!document.activeElement.closest('#mbah-siti')")
        assert focused, "a button that goes away leaves the focus in its phone"


async def test_the_little_menu_closes_by_escape(service: Service, visit: Open) -> None:
    async with visit("/simulator") as page:
        menu = page.locator("#mbah-siti .more")
        await menu.locator("summary").press("Enter")
        await expect(page.get_by_role("button", name="Stiker").first).to_be_visible()

        await page.keyboard.press("Escape")

        await expect(menu).not_to_have_attribute("open", "")
        await expect(menu.locator("summary")).to_be_focused()


async def test_without_script_it_works_by_forms_and_links(service: Service, visit: Open) -> None:
    async with visit("/simulator", PHONE, java_script_enabled=False) as page:
        await page.get_by_role("link", name="Tetangga baru").click()
        await page.fill("#tulis-tetangga-baru", "halo")
        await page.locator("#tetangga-baru .send").click()
        await page.locator("#tetangga-baru .choices button", has_text="Sudah").click()

        await expect(bubbles(page, "tetangga-baru", "Sudah").last).to_be_visible()
        await page.locator("#tetangga-baru .more summary").click()
        picture = photo(flat(80, 60, (200, 120, 60)))
        await page.locator("#foto-tetangga-baru").set_input_files(picture)
        await page.get_by_role("button", name="Kirim foto").click()
        await expect(page.locator("#tetangga-baru .bubble img")).to_be_visible()
        await keep(page, "simulator-without-script")


async def test_a_voice_note_is_recorded_and_a_picture_chosen(service: Service, visit: Open) -> None:
    async with visit("/simulator") as page:
        record = page.get_by_role("button", name="Rekam pesan suara sebagai Mbah Siti")
        await record.click()
        await expect(record).to_have_attribute("aria-pressed", "true")
        await page.wait_for_timeout(300)
        await record.click()
        await expect(page.locator("#mbah-siti .bubble.mine audio")).to_be_visible()

        await page.locator("#mbah-siti .more summary").click()
        picture = photo(flat(80, 60, (200, 120, 60)))
        await page.locator("#foto-mbah-siti").set_input_files(picture)

        sent = page.locator("#mbah-siti .bubble.mine img")
        await expect(sent).to_be_visible()
        assert await sent.evaluate("image => image.decode().then(() => image.naturalWidth)") == 80


async def test_a_file_that_is_no_picture_is_explained(service: Service, visit: Open) -> None:
    async with visit("/simulator") as page:
        await page.locator("#mbah-siti .more summary").click()
        wrong = photo(b"MZ")
        await page.locator("#foto-mbah-siti").set_input_files(wrong)

        await expect(page.locator("#mbah-siti .status")).to_have_text(
            "Berkas ini bukan rekaman suara atau foto yang dikenali."
        )


async def test_what_is_discreet_is_hidden_until_somebody_opens_it(
    service: Service, visit: Open
) -> None:
    async with visit("/simulator") as page:
        await says(page, "bu-rini", "cucu tetangga saya sering dipukul")
        await press(page, "mas-dimas", "BACA")
        words = page.locator("#mas-dimas .discreet .text", has_text="dipukul")
        await expect(page.locator("#mas-dimas .discreet")).to_be_visible()

        hidden_before = await words.is_hidden()
        await page.locator("#mas-dimas .discreet summary").click()

        assert hidden_before
        await expect(words).to_be_visible()


async def test_the_clock_goes_on_and_what_happens_then_is_seen(
    service: Service, visit: Open
) -> None:
    async with visit("/simulator") as page:
        before = await page.locator(".clock strong").inner_text()

        await page.get_by_role("button", name="+1 hari").click()

        of_the_day = page.locator("#mas-dimas .bubble", has_text="Tidak ada tugas terbuka")
        await expect(of_the_day).to_have_count(1)
        await expect(page.locator(".clock strong")).not_to_have_text(before)
        await expect(page.locator(".clock .next")).to_contain_text("Berikutnya")


async def test_a_page_left_open_goes_on_after_a_restart(configured: Settings, visit: Open) -> None:
    async with running(configured) as service:
        opened = visit("/simulator")
        page = await opened.__aenter__()
        await says(page, "mbah-siti", "halo")
        await expect(page.locator("#mbah-siti .bubble")).to_have_count(2)

    async with running(configured) as service:
        await write(service, "mbah-siti", "menu")

        await expect(page.locator("#mbah-siti .bubble")).to_have_count(4)
        await opened.__aexit__(None, None, None)


@pytest.mark.parametrize("viewport", [WIDE, PHONE], ids=["wide", "phone"])
@pytest.mark.parametrize("path", ["/", "/simulator", "/tidak-ada"])
async def test_it_can_be_read_and_every_control_has_a_name(
    service: Service, visit: Open, path: str, viewport: dict[str, int]
) -> None:
    await write(service, "mbah-siti", "halo")
    await write(service, "tetangga-baru", "cucu saya dipukul")
    async with visit("/", viewport) as page:
        if path == "/tidak-ada":
            await page.set_content(await (await page.request.get(path)).text())
        else:
            await page.goto(path)

        assert await page.evaluate(AUDIT) == []

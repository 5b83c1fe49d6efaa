"""The pages over HTTP: what they show, what they take, whom they refuse."""

from __future__ import annotations

import asyncio
import re
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from html import unescape
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import Connection
from starlette.types import Message as AsgiMessage

from bot.channels.simulator import LARGEST_FILE
from bot.service import Service, webhook_secret
from bot.web import build_app
from conversations.message import Message, Priority
from storage import outbox, people
from storage.database import DatabaseFull
from storage.sealing import new_key
from tests.bot.services import TOKEN, running, settings, settle, write

BASE = "http://127.0.0.1:8080"
OGG = b"OggS" + bytes(500)
PNG = b"\x89PNG\r\n\x1a\n" + bytes(500)
SECRET = "rahasia-yang-panjang-untuk-tes-saja"
REAL = {
    "telegram_token": TOKEN,
    "telegram_api_url": "http://127.0.0.1:9",
    "pilot": True,
    "secret_key": SECRET,
}


def browser(service: Service) -> httpx.AsyncClient:
    transport = httpx.ASGITransport(app=build_app(service), raise_app_exceptions=False)
    return httpx.AsyncClient(transport=transport, base_url=BASE)


@asynccontextmanager
async def visiting(folder: Path, **more: Any) -> AsyncIterator[tuple[Service, httpx.AsyncClient]]:
    async with running(settings(folder, **more)) as service, browser(service) as http:
        yield service, http


@pytest.fixture
async def visit(
    tmp_path: Path, sqlite_template: Path
) -> AsyncIterator[tuple[Service, httpx.AsyncClient]]:
    folder = settings(tmp_path).folder
    folder.mkdir()
    shutil.copy(sqlite_template, folder / "kawan.db")
    async with visiting(tmp_path, secret_key=SECRET, encryption_keys=new_key()) as both:
        yield both


Visit = tuple[Service, httpx.AsyncClient]


def texts(html: str) -> list[str]:
    """What the bubbles of a page say."""
    return [unescape(text) for text in re.findall(r'<p class="text">(.*?)</p>', html, re.S)]


def buttons(html: str) -> dict[str, str]:
    """Label to payload of the buttons that may be pressed now."""
    shown = re.findall(r'class="choices">\s*(.*?)</form>', html, re.S)
    pairs = re.findall(r'value="([^"]*)"><b>\d+</b> ([^<]*)</button>', "".join(shown))
    return {unescape(label): payload for payload, label in pairs}


async def messages(http: httpx.AsyncClient, address: str) -> str:
    return (await http.get(f"/simulator/{address}/messages")).text


# --- the landing page ---


async def test_the_landing_page_explains_and_leads_to_the_simulator(visit: Visit) -> None:
    _, http = visit

    page = await http.get("/")

    assert page.status_code == 200
    assert 'href="/simulator"' in page.text
    assert "Program Contoh" in page.text
    assert "data contoh" in page.text


async def test_pages_hold_no_inline_script_or_style_and_say_so(visit: Visit) -> None:
    _, http = visit

    for path in ("/", "/simulator", "/tidak-ada"):
        page = await http.get(path)

        assert "default-src 'self'" in page.headers["content-security-policy"]
        assert "unsafe" not in page.headers["content-security-policy"]
        assert not re.search(r"<style|\sstyle=|<script(?![^>]*src=)|\son\w+=", page.text)


async def test_everything_a_page_names_is_there(visit: Visit) -> None:
    _, http = visit
    page = (await http.get("/simulator")).text

    for path in re.findall(r'(?:src|href)="(/static/[^"]+)"', page):
        assert (await http.get(path)).status_code == 200


async def test_every_field_and_button_has_a_name(visit: Visit) -> None:
    _, http = visit
    page = (await http.get("/simulator")).text
    labelled = set(re.findall(r'<label[^>]*for="([^"]+)"', page))

    named = set(re.findall(r'<(?:textarea|input)[^>]*\bid="([^"]+)"', page))

    assert named == labelled
    for inner in re.findall(r"<button[^>]*>(.*?)</button>", page, re.S):
        read_out = re.sub(r'<span aria-hidden="true">.*?</span>', "", inner)
        assert re.sub(r"<[^>]+>", "", read_out).strip()


# --- health and numbers ---


async def test_health_says_what_is_wrong(visit: Visit) -> None:
    service, http = visit
    well = await http.get("/healthz")
    await service.receivers.stop()

    ill = await http.get("/healthz")

    assert (well.status_code, well.json()["ok"]) == (200, True)
    assert (ill.status_code, ill.json()["ok"]) == (503, False)
    assert ill.json()["parts"]["simulator"]


async def test_what_waits_for_its_time_is_counted_and_is_not_late(visit: Visit) -> None:
    service, http = visit
    later = service.clock.now() + timedelta(hours=3)

    def plan(conn: Connection) -> None:
        seat = people.at_address(conn, "simulator", "contoh", "mbah-siti", later)
        outbox.add(
            conn,
            address_id=seat.address_id,
            person_id=None,
            message=Message("nanti"),
            dedupe_key="nanti",
            priority=Priority.REMINDER,
            purpose="nudge",
            not_before=later,
            expires_at=None,
            now=later,
        )

    await service.database.write(plan)

    numbers = (await http.get("/metrics")).text

    assert 'kawan_outbox_waiting{priority="reminder"} 1.0' in numbers
    assert "kawan_outbox_age_seconds 0.0" in numbers


async def test_the_numbers_count_what_happened(visit: Visit) -> None:
    service, http = visit
    await write(service, "tetangga-baru", "halo")

    numbers = (await http.get("/metrics")).text

    assert 'kawan_updates_total{channel="simulator"} 1.0' in numbers
    assert 'kawan_sends_total{channel="simulator",result="sent"}' in numbers
    assert "kawan_outbox_age_seconds 0.0" in numbers
    assert re.search(r'kawan_writer_latency_seconds_bucket{le="\+Inf"} [1-9]', numbers)


# --- the simulator ---


async def test_a_newcomer_writes_without_script_and_finds_the_answer_on_the_page(
    visit: Visit,
) -> None:
    _, http = visit

    answer = await http.post("/simulator/tetangga-baru", data={"text": "halo\r\nselamat pagi"})
    page = await http.get(answer.headers["location"])

    assert answer.status_code == 303
    said = texts(await messages(http, "tetangga-baru"))
    assert said[0] == "halo\nselamat pagi"
    assert "Program Contoh" in said[1]
    assert re.search(r'phone active" id="tetangga-baru"', page.text)


async def test_the_script_gets_an_empty_answer(visit: Visit) -> None:
    _, http = visit

    answer = await http.post(
        "/simulator/mbah-siti", data={"text": "halo"}, headers={"x-kawan": "1"}
    )

    assert (answer.status_code, answer.content) == (204, b"")


async def test_a_pressed_button_is_shown_by_its_label_and_answers_the_question(
    visit: Visit,
) -> None:
    service, http = visit
    await write(service, "tetangga-baru", "halo")
    offered = buttons(await messages(http, "tetangga-baru"))

    await http.post("/simulator/tetangga-baru", data={"button": offered["Sudah"]})

    page = await messages(http, "tetangga-baru")
    assert texts(page)[2] == "Sudah"
    assert "Sudah" not in buttons(page), "the buttons of an answered question are put away"
    assert f'data-old="{offered["Sudah"]}"' in page, "and one is kept for trying"


async def test_a_conversation_survives_a_restart(tmp_path: Path) -> None:
    configured = settings(tmp_path)
    async with running(configured) as service:
        await write(service, "mbah-siti", "halo")
        before = await messages(browser(service), "mbah-siti")

    async with running(configured) as service:
        after = await messages(browser(service), "mbah-siti")

    assert len(texts(before)) >= 2
    assert after == before


async def test_what_people_write_cannot_become_part_of_the_page(visit: Visit) -> None:
    service, http = visit
    await write(service, "mbah-siti", '<script src="//x"></script> & "kutip"')

    page = (await http.get("/simulator")).text

    assert "//x" in page
    assert '<script src="//x"' not in page


async def test_a_voice_note_is_kept_played_and_handed_to_staff(visit: Visit) -> None:
    service, http = visit

    await http.post("/simulator/mbah-siti/files", files={"file": ("a.exe", OGG, "text/html")})
    assert service.journey is not None
    await service.journey.settle()

    page = await messages(http, "mbah-siti")
    source = re.findall(r'<audio[^>]*src="([^"]+)"', page)[0]
    played = await http.get(source)
    assert (played.content, played.headers["content-type"]) == (OGG, "audio/ogg")
    alerts = texts(await messages(http, "mas-dimas")) + texts(await messages(http, "mbak-rina"))
    assert "LDK-26-0001" in "".join(alerts)


async def test_staff_hear_the_voice_note_and_nobody_else_does(visit: Visit) -> None:
    service, http = visit
    await http.post("/simulator/mbah-siti/files", files={"file": ("a.ogg", OGG)})
    assert service.journey is not None
    await service.journey.settle()
    for staff in ("mas-dimas", "mbak-rina"):
        offered = buttons(await messages(http, staff))
        if "BACA" in offered:
            reader = staff
            await http.post(f"/simulator/{staff}", data={"button": offered["BACA"]})

    page = await messages(http, reader)

    source = re.findall(r'<audio[^>]*src="([^"]+)"', page)[0]
    assert source.startswith(f"/simulator/{reader}/media/")
    assert (await http.get(source)).content == OGG
    assert (await http.get(source.replace(reader, "tetangga-baru"))).status_code == 404
    assert 'class="discreet"' in page


async def test_a_picture_is_shown(visit: Visit) -> None:
    _, http = visit
    await http.post("/simulator/mbah-siti/files", files={"file": ("foto.png", PNG, "image/png")})

    source = re.findall(r'<img src="([^"]+)"', await messages(http, "mbah-siti"))[0]

    assert (await http.get(source)).headers["content-type"] == "image/png"


async def test_a_file_just_small_enough_is_taken(visit: Visit) -> None:
    _, http = visit
    content = b"OggS" + bytes(LARGEST_FILE - 4)

    answer = await http.post("/simulator/mbah-siti/files", files={"file": ("a.ogg", content)})

    assert answer.status_code == 303


@pytest.mark.parametrize(
    ("content", "status"),
    [
        (b"OggS" + bytes(LARGEST_FILE - 3), 413),
        (b"OggS" + bytes(LARGEST_FILE + 100_000), 413),
        (b"MZ not what it says", 415),
        (b"<html>", 415),
        (b"", 422),
    ],
)
async def test_a_file_that_is_not_kept_is_refused_in_words(
    visit: Visit, content: bytes, status: int
) -> None:
    _, http = visit

    answer = await http.post(
        "/simulator/mbah-siti/files",
        files={"file": ("a.ogg", content, "audio/ogg")},
        headers={"x-kawan": "1"},
    )

    assert answer.status_code == status
    assert answer.headers["content-type"].startswith("text/plain")
    assert answer.text.endswith((".", "!"))
    assert texts(await messages(http, "mbah-siti")) == []


@pytest.mark.parametrize("do", ["sticker", "location", "contact"])
async def test_the_little_menu_sends_what_it_says_and_is_answered(visit: Visit, do: str) -> None:
    _, http = visit

    await http.post("/simulator/mbah-siti", data={"do": do})

    assert len(texts(await messages(http, "mbah-siti"))) >= 2


@pytest.mark.parametrize(
    ("given", "status"),
    [
        ({"text": "  \r\n "}, 422),
        ({"lain": "halo"}, 422),
        ({"do": "terbang"}, 422),
        ({"text": "a" * 20_001}, 413),
        ({"text": "a" * 300_000}, 413),
    ],
)
async def test_a_text_that_is_no_message_is_refused_and_not_stored(
    visit: Visit, given: dict[str, str], status: int
) -> None:
    _, http = visit

    answer = await http.post("/simulator/mbah-siti", data=given)

    assert answer.status_code == status
    assert texts(await messages(http, "mbah-siti")) == []


async def test_the_longest_text_is_taken(visit: Visit) -> None:
    _, http = visit

    answer = await http.post("/simulator/mbah-siti", data={"text": "👍" * 20_000})

    assert answer.status_code == 303


async def test_a_body_that_is_no_form_is_refused(visit: Visit) -> None:
    _, http = visit
    json = await http.post("/simulator/mbah-siti", json={"text": "halo"})
    broken = await http.post(
        "/simulator/mbah-siti/files",
        content=b"--x\r\nrusak",
        headers={"content-type": "multipart/form-data; boundary=y"},
    )

    assert (json.status_code, broken.status_code) == (400, 400)


async def test_somebody_new_gets_a_phone_of_her_own(visit: Visit) -> None:
    service, http = visit

    first = await http.post("/simulator/people")
    await write(service, "orang-1", "halo")
    second = await http.post("/simulator/people")

    assert first.headers["location"] == "/simulator?siapa=orang-1#orang-1"
    assert second.headers["location"] == "/simulator?siapa=orang-2#orang-2"
    page = (await http.get("/simulator?siapa=orang-2")).text
    assert "Orang baru 1" in page
    assert "Orang baru 2" in page


@pytest.mark.parametrize("address", ["siapa-saja", "orang-0", "orang-x", "orang-1234567"])
async def test_nobody_else_can_be_played(visit: Visit, address: str) -> None:
    _, http = visit

    written = await http.post(f"/simulator/{address}", data={"text": "halo"})
    looked = await http.get(f"/simulator/{address}/messages")

    assert (written.status_code, looked.status_code) == (404, 404)


async def test_a_full_disk_is_said_and_the_message_is_stored_later(
    visit: Visit, monkeypatch: pytest.MonkeyPatch
) -> None:
    service, http = visit
    monkeypatch.setattr("bot.pages.simulator._STORED_WITHIN", 0.05)
    write_for_real = service.database.write

    async def full(_: object) -> None:
        raise DatabaseFull("penuh")

    monkeypatch.setattr(service.database, "write", full)
    refused = await http.post(
        "/simulator/mbah-siti", data={"text": "halo"}, headers={"x-kawan": "1"}
    )
    monkeypatch.setattr(service.database, "write", write_for_real)
    async with asyncio.timeout(10):
        while not texts(await messages(http, "mbah-siti")):
            await asyncio.sleep(0.02)

    assert refused.status_code == 503
    assert refused.text == "Belum tersimpan. Kawan Asuh terus mencoba."
    assert texts(await messages(http, "mbah-siti"))[0] == "halo"


async def test_a_page_that_fails_says_sorry_and_nothing_else(
    visit: Visit, monkeypatch: pytest.MonkeyPatch
) -> None:
    service, http = visit

    async def broken(_: object) -> None:
        raise ZeroDivisionError("Mbah Siti menangis")

    monkeypatch.setattr(service.database, "read", broken)
    answer = await http.get("/simulator")

    assert answer.status_code == 500
    assert "Maaf" in answer.text
    assert "menangis" not in answer.text
    assert "content-security-policy" in answer.headers


async def test_a_database_that_takes_nothing_is_said_plainly(
    visit: Visit, monkeypatch: pytest.MonkeyPatch
) -> None:
    service, http = visit

    async def full(_: object) -> None:
        raise DatabaseFull("penuh")

    monkeypatch.setattr(service.database, "read", full)
    answer = await http.get("/simulator")

    assert answer.status_code == 503
    assert "coba lagi" in answer.text


async def test_before_the_programme_receives_people_are_asked_to_try_again(visit: Visit) -> None:
    service, http = visit
    await service.receivers.stop()

    answer = await http.post("/simulator/mbah-siti", data={"text": "halo"})

    assert answer.status_code == 503
    assert "coba lagi" in answer.text


async def test_where_there_is_no_simulator_nothing_leads_to_it(visit: Visit) -> None:
    service, _ = visit
    service.simulator = None
    async with browser(service) as http:
        landing = await http.get("/")
        simulator = await http.get("/simulator")

    assert "/simulator" not in landing.text
    assert simulator.status_code == 404


# --- the clock ---


async def test_the_clock_goes_on_by_an_hour_and_to_the_next_event(visit: Visit) -> None:
    service, http = visit
    began = service.clock.now()

    await http.post("/simulator/clock", data={"step": "hour"})
    after_an_hour = service.clock.now()
    assert service.journey is not None
    planned = await service.journey.next_event()
    answer = await http.post("/simulator/clock", data={"step": "next"}, headers={"x-kawan": "1"})

    assert 3600 <= (after_an_hour - began).total_seconds() < 3660
    assert planned is not None
    assert service.clock.now() >= planned
    assert "WIB" in answer.text
    assert texts(await messages(http, "mas-dimas")), "the day's list was next, and it was sent"


async def test_an_unknown_step_moves_nothing(visit: Visit) -> None:
    service, http = visit
    assert service.journey is not None
    offset = service.journey.clock.offset

    answer = await http.post("/simulator/clock", data={"step": "-1"})

    assert answer.status_code == 422
    assert service.journey.clock.offset == offset


# --- news ---


async def test_a_page_that_listens_hears_of_a_message_and_of_silence(
    visit: Visit, monkeypatch: pytest.MonkeyPatch
) -> None:
    service, _ = visit
    monkeypatch.setattr("bot.pages.simulator.HEARTBEAT", 0.05)
    sent: list[bytes] = []
    heard = asyncio.Event()
    gone = asyncio.Event()

    async def receive() -> AsgiMessage:
        await gone.wait()
        return {"type": "http.disconnect"}

    async def send(message: AsgiMessage) -> None:
        sent.append(message.get("body", b""))
        heard.set()

    scope = {
        "type": "http", "method": "GET", "path": "/simulator/events", "raw_path": b"",
        "query_string": b"", "headers": [(b"host", b"localhost")], "http_version": "1.1",
        "scheme": "http", "server": ("localhost", 8080), "root_path": "",
    }  # fmt: skip
    listening = asyncio.ensure_future(build_app(service)(scope, receive, send))
    await heard.wait()
    await write(service, "mbah-siti", "halo")
    async with asyncio.timeout(5):
        while b"masih" not in b"".join(sent):
            await asyncio.sleep(0.01)
    gone.set()
    await asyncio.wait_for(listening, 5)

    stream = b"".join(sent).decode()
    assert stream.startswith("retry: 1500\n\n")
    assert re.search(r'id: \w+-\d+\ndata: {"address":"\*"}\n\n', stream)
    assert re.search(r'id: \w+-\d+\ndata: {"address":"mbah-siti"}\n\n', stream)


async def test_too_many_listening_pages_are_told_so(
    visit: Visit, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, http = visit
    monkeypatch.setattr("bot.pages.simulator.MOST_LISTENING", 0)

    assert (await http.get("/simulator/events")).status_code == 503


# --- who may ask ---


@pytest.mark.parametrize("host", ["127.0.0.1:8080", "localhost", "[::1]:8080", "192.168.1.5:80"])
async def test_we_answer_to_our_names_and_addresses(visit: Visit, host: str) -> None:
    _, http = visit

    assert (await http.get("/simulator", headers={"host": host})).status_code == 200


@pytest.mark.parametrize("host", ["jahat.example", "127.0.0.1.jahat.example:8080", "", "[x"])
async def test_a_name_that_was_made_to_point_here_is_refused(visit: Visit, host: str) -> None:
    _, http = visit

    assert (await http.get("/simulator", headers={"host": host})).status_code == 421


@pytest.mark.parametrize(
    "headers",
    [
        {"origin": "https://jahat.example"},
        {"origin": "null"},
        {"origin": "http://127.0.0.1:9999"},
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"},
    ],
)
async def test_a_form_sent_from_another_page_is_refused(
    visit: Visit, headers: dict[str, str]
) -> None:
    _, http = visit

    answer = await http.post("/simulator/mbah-siti", data={"text": "halo"}, headers=headers)

    assert answer.status_code == 403
    assert texts(await messages(http, "mbah-siti")) == []


async def test_a_form_of_our_own_page_is_taken(visit: Visit) -> None:
    _, http = visit
    headers = {"origin": BASE, "sec-fetch-site": "same-origin"}

    answer = await http.post("/simulator/mbah-siti", data={"text": "halo"}, headers=headers)

    assert answer.status_code == 303


# --- beside a real channel ---


async def test_in_a_pilot_only_new_people_can_be_played_and_time_is_not_moved(
    tmp_path: Path,
) -> None:
    async with visiting(tmp_path, **REAL) as (_, http):
        page = (await http.get("/simulator")).text
        staff = await http.post("/simulator/mas-dimas", data={"text": "halo"})
        clock = await http.post("/simulator/clock", data={"step": "hour"})
        new = await http.post("/simulator/orang-1", data={"text": "halo"})
        said = texts(await messages(http, "orang-1"))

    assert "Mas Dimas" not in page
    assert "+1 jam" not in page
    assert (staff.status_code, clock.status_code, new.status_code) == (404, 404, 303)
    assert len(said) >= 2


@pytest.mark.parametrize("headers", [{"host": "kawan.example"}, {"x-forwarded-for": "10.0.0.1"}])
async def test_a_pilot_shows_its_simulator_to_this_machine_only(
    tmp_path: Path, headers: dict[str, str]
) -> None:
    async with visiting(tmp_path, **REAL, public_url="https://kawan.example") as (_, http):
        simulator = await http.get("/simulator", headers=headers)
        landing = await http.get("/", headers=headers)

    assert (simulator.status_code, landing.status_code) == (404, 200)


async def test_a_webhook_needs_its_secret_and_no_page_of_ours(tmp_path: Path) -> None:
    more = {**REAL, "telegram_webhook": True, "public_url": "https://kawan.example"}
    update = b'{"update_id": 1}'
    async with visiting(tmp_path, **more) as (service, http):
        host = {"host": "kawan.example", "origin": "https://telegram.example"}
        secret = {"x-telegram-bot-api-secret-token": webhook_secret(SECRET)}
        without = await http.post("/telegram", content=update, headers=host)
        with_secret = await http.post("/telegram", content=update, headers=host | secret)
        await settle(service)

    assert (without.status_code, with_secret.status_code) == (403, 200)


async def test_without_telegram_there_is_no_webhook(visit: Visit) -> None:
    _, http = visit

    assert (await http.post("/telegram", content=b"{}")).status_code == 404

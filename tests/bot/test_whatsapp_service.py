"""A whole service with WhatsApp: from a signed webhook to the answer on her phone, and back."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import orjson
import pytest
from sqlalchemy import text

from bot.service import Service
from bot.web import build_app
from storage import inbox, meta
from storage.sealing import new_key
from tests.bot.services import running, settings, settle
from tests.bot.waba import signed, status
from tests.fakes.graph import FakeGraph

SECRET = "rahasia-yang-panjang-untuk-tes-saja"

Whole = tuple[Service, FakeGraph]


@asynccontextmanager
async def a_service(folder: Path, **more: Any) -> AsyncIterator[Whole]:
    """A pilot with one WhatsApp number, to which the fake sends its webhooks."""
    async with FakeGraph() as fake:
        given = {name.lower(): value for name, value in fake.environment.items()}
        configured = settings(
            folder,
            **given,
            public_url="https://kawan.example",
            pilot=True,
            quiet_hours="",
            whatsapp_pair_seconds=0,
            **more,
        )
        async with running(configured) as service:
            await fake.subscribe(f"http://127.0.0.1:{configured.port}/whatsapp")
            yield service, fake
            fake.webhooks.stop()


@pytest.fixture
async def whole(tmp_path: Path, sqlite_template: Path) -> AsyncIterator[Whole]:
    shutil.copy(sqlite_template, tmp_path / "kawan.db")
    async with a_service(tmp_path, encryption_keys=new_key(), secret_key=SECRET) as both:
        yield both


async def until(condition: Callable[[], Any]) -> None:
    async with asyncio.timeout(10):
        while not condition():
            await asyncio.sleep(0.01)


async def rows(service: Service, query: str, **values: Any) -> list[Any]:
    def unit(conn: Any) -> list[Any]:
        return list(conn.execute(text(query), values))

    return await service.database.read(unit)


async def post(service: Service, body: bytes, fake: FakeGraph) -> int:
    """A body of our own, signed as the fake signs."""
    transport = httpx.ASGITransport(app=build_app(service), raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:8080") as http:
        headers = {"x-hub-signature-256": signed(body, fake.webhooks.secret)}
        return (await http.post("/whatsapp", content=body, headers=headers)).status_code


async def test_she_writes_and_is_answered_at_her_number(whole: Whole) -> None:
    service, fake = whole
    siti = fake.person("Siti")

    siti.says("halo")
    await until(lambda: siti.received)
    await settle(service)

    ((address, recipient),) = await rows(service, "SELECT address, recipient FROM addresses")
    assert (address, recipient) == (siti.bsuid, siti.wa_id)
    assert siti.received[0].wire["to"] == siti.wa_id


async def test_somebody_who_hides_her_number_is_answered_at_her_id(whole: Whole) -> None:
    service, fake = whole
    siti = fake.person("Siti")
    siti.hides_number()

    siti.says("halo")
    await until(lambda: siti.received)
    await settle(service)

    ((address, recipient),) = await rows(service, "SELECT address, recipient FROM addresses")
    assert (address, recipient) == (siti.bsuid, "")
    assert siti.received[0].wire["recipient"] == siti.bsuid


async def test_what_is_said_later_goes_to_her_number_too(whole: Whole) -> None:
    _, fake = whole
    siti = fake.person("Siti")
    siti.says("halo")
    await until(lambda: siti.received)
    before = len(siti.received)

    siti.says("BANTUAN")
    await until(lambda: len(siti.received) > before)

    assert {sent.wire["to"] for sent in siti.received} == {siti.wa_id}


async def test_a_message_taken_back_is_kept_and_answered_with_nothing(whole: Whole) -> None:
    service, fake = whole
    siti = fake.person("Siti")
    said = siti.says("halo")
    await until(lambda: siti.received)
    await settle(service)
    before = len(fake.sent)

    siti.deletes(said)
    await _stored(service, 2)
    await settle(service)

    assert len(fake.sent) == before
    kept = await rows(service, "SELECT status FROM inbox ORDER BY id")
    assert [row.status for row in kept] == ["done", "done"]


async def _stored(service: Service, number: int) -> None:
    async with asyncio.timeout(10):
        while (await rows(service, "SELECT count(*) AS n FROM inbox"))[0].n < number:
            await asyncio.sleep(0.01)


async def test_a_message_taken_back_by_a_stranger_makes_nobody_known(whole: Whole) -> None:
    service, fake = whole
    siti = fake.person("Siti")
    said = siti.says("halo")
    await until(lambda: siti.received)
    await settle(service)
    rini = fake.person("Rini")
    rini.deletes(said)

    await _stored(service, 2)
    await settle(service)

    ((known,),) = await rows(service, "SELECT count(*) FROM addresses")
    assert known == 1


async def test_her_words_are_shown_as_read(whole: Whole) -> None:
    service, fake = whole
    siti = fake.person("Siti")

    said = siti.says("halo")
    await until(lambda: said.value["id"] in fake.world.read)
    await settle(service)


async def test_what_became_of_an_answer_is_on_its_row(whole: Whole) -> None:
    service, fake = whole
    siti = fake.person("Siti")
    siti.says("halo")
    await until(lambda: siti.received)
    await settle(service)
    siti.reads()

    async with asyncio.timeout(10):
        while True:
            found = await rows(
                service, "SELECT DISTINCT status FROM outbox WHERE channel='whatsapp'"
            )
            if [row.status for row in found] == ["read"]:
                break
            await asyncio.sleep(0.02)

    told = service.meters.registry.get_sample_value("kawan_facts_total", {"kind": "StatusTold"})
    assert told


async def test_our_number_is_remembered_for_links(whole: Whole) -> None:
    service, fake = whole
    (number,) = fake.world.numbers.values()

    async with asyncio.timeout(10):
        while not (kept := await _number(service)):
            await asyncio.sleep(0.01)

    assert kept.isdigit()
    assert kept == number.display.lstrip("+").replace(" ", "").replace("-", "")


async def _number(service: Service) -> str:
    found = await service.database.read(lambda conn: meta.get(conn, meta.WHATSAPP_NUMBER))
    return (found or b"").decode()


async def test_what_is_unreadable_is_shown_by_its_kind_and_not_by_its_words(whole: Whole) -> None:
    service, fake = whole
    body = orjson.dumps(
        {
            "object": "whatsapp_business_account",
            "entry": [
                {
                    "id": fake.business.waba_id,
                    "changes": [{"field": "user_preferences", "value": {"detail": "Siti"}}],
                }
            ],
        }
    )

    answered = [await post(service, body, fake) for _ in range(2)]

    found = await service.database.read(lambda conn: inbox.quarantined(conn, 10))
    assert answered == [200, 200]
    assert [(one.error, one.address) for one in found] == [("unknown change: user_preferences", "")]


async def test_what_is_for_others_is_shown_in_the_health_without_making_it_ill(
    whole: Whole,
) -> None:
    service, fake = whole
    await until(lambda: service.whatsapp is not None and not service.whatsapp.healthy())
    change = {"field": "messages", "value": {"metadata": {"phone_number_id": "999"}}}
    body = orjson.dumps(
        {"object": "whatsapp_business_account", "entry": [{"id": "7", "changes": [change]}]}
    )

    answered = await post(service, body, fake)

    transport = httpx.ASGITransport(app=build_app(service))
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:8080") as http:
        health = await http.get("/healthz")
    assert answered == 200
    assert "nomor lain" in health.json()["warnings"]["whatsapp"]
    assert health.json()["parts"]["whatsapp"] == ""


async def test_a_failing_fact_makes_meta_come_again(
    whole: Whole, monkeypatch: pytest.MonkeyPatch
) -> None:
    service, fake = whole

    def apply(conn: Any, facts: Any, now: Any) -> None:
        raise LookupError

    monkeypatch.setattr("storage.facts.apply", apply)
    value = {
        "metadata": {"phone_number_id": fake.environment["WHATSAPP_PHONE_ID"]},
        "statuses": [status()],
    }
    body = orjson.dumps(
        {
            "object": "whatsapp_business_account",
            "entry": [
                {"id": fake.business.waba_id, "changes": [{"field": "messages", "value": value}]}
            ],
        }
    )

    assert await post(service, body, fake) == 500


async def test_without_whatsapp_there_is_no_such_door(tmp_path: Path) -> None:
    async with running(settings(tmp_path)) as service:
        transport = httpx.ASGITransport(app=build_app(service))
        async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as http:
            answers = [await http.get("/whatsapp"), await http.post("/whatsapp", content=b"{}")]

    assert [answer.status_code for answer in answers] == [404, 404]


async def test_a_pilot_on_whatsapp_says_where_it_answers(whole: Whole) -> None:
    service, _ = whole
    transport = httpx.ASGITransport(app=build_app(service))

    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as http:
        page = (await http.get("/")).text

    assert "sedang menjawab di\nWhatsApp." in page
    assert not service.settings.sample
    assert "telegram" not in service.channels


async def test_an_address_known_by_its_number_is_the_same_one_once_it_has_a_name(
    whole: Whole,
) -> None:
    service, fake = whole
    siti = fake.person("Siti")
    phone_id = fake.environment["WHATSAPP_PHONE_ID"]
    nameless = {"wa_id": siti.wa_id, "profile": {"name": "Siti"}}
    told = {
        "from": siti.wa_id,
        "id": "wamid.first",
        "timestamp": str(int(service.clock.now().timestamp())),
        "type": "text",
        "text": {"body": "halo"},
    }
    value = {
        "metadata": {"phone_number_id": phone_id},
        "contacts": [nameless],
        "messages": [told],
    }
    change = {"field": "messages", "value": value}
    entry = {"id": fake.business.waba_id, "changes": [change]}
    body = orjson.dumps({"object": "whatsapp_business_account", "entry": [entry]})

    assert await post(service, body, fake) == 200
    await _stored(service, 1)
    await settle(service)
    before = await rows(service, "SELECT id, person_id, address, recipient FROM addresses")
    siti.says("halo lagi")
    await _stored(service, 2)
    await settle(service)
    after = await rows(service, "SELECT id, person_id, address, recipient FROM addresses")

    ((row_id, person, address, _),) = before
    assert address == siti.wa_id
    assert [tuple(row) for row in after] == [(row_id, person, siti.bsuid, siti.wa_id)]

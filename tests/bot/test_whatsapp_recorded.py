"""Webhook bodies recorded by others, signed and posted to a whole running service."""

from __future__ import annotations

from collections import Counter
from typing import Any

import httpx
import orjson
import pytest
from sqlalchemy import text

from bot.service import Service
from tests.bot.services import settle
from tests.bot.test_whatsapp_service import Whole, whole
from tests.bot.test_whatsapp_updates import FIXTURES
from tests.bot.waba import signed
from tests.fakes.graph import FakeGraph

Json = dict[str, Any]

__all__ = ["whole"]

needs_recordings = pytest.mark.skipif(
    not FIXTURES.is_dir(), reason="the recorded webhooks are not here"
)


def recorded() -> dict[str, Json]:
    """Every body of every file, by file and name."""
    return {
        f"{file.stem}/{name}": body
        for file in sorted(FIXTURES.glob("*.json"))
        for name, body in orjson.loads(file.read_bytes()).items()
    }


def for_us(body: Json, fake: FakeGraph) -> Json:
    """The same body, had it been sent to our number and our account."""
    ours: Json = orjson.loads(orjson.dumps(body))
    for entry in ours["entry"]:
        entry["id"] = fake.business.waba_id
        for change in entry["changes"]:
            if "metadata" in change["value"]:
                change["value"]["metadata"]["phone_number_id"] = fake.environment[
                    "WHATSAPP_PHONE_ID"
                ]
    return ours


def parts(bodies: list[Json], name: str) -> list[Json]:
    """Every message, or every status, of these bodies."""
    return [
        part
        for body in bodies
        for entry in body["entry"]
        for change in entry["changes"]
        for part in change["value"].get(name, [])
    ]


async def posted(service: Service, bodies: list[Json], secret: str) -> list[int]:
    """What our door answers to each, over a real connection."""
    url = f"http://127.0.0.1:{service.settings.port}/whatsapp"
    answers = []
    async with httpx.AsyncClient() as http:
        for body in bodies:
            raw = orjson.dumps(body)
            headers = {"x-hub-signature-256": signed(raw, secret)}
            answers.append((await http.post(url, content=raw, headers=headers)).status_code)
    await settle(service)
    return answers


async def kept(service: Service) -> list[Any]:
    query = text("SELECT external_id, status, error FROM inbox ORDER BY id")
    return await service.database.read(lambda conn: list(conn.execute(query)))


def told(service: Service) -> Counter[str]:
    """How many facts of each kind were applied."""
    return Counter(
        {
            sample.labels["kind"]: int(sample.value)
            for metric in service.meters.registry.collect()
            for sample in metric.samples
            if sample.name == "kawan_facts_total" and sample.value
        }
    )


def left_out(service: Service) -> dict[str, float]:
    return {
        sample.labels["reason"]: sample.value
        for metric in service.meters.registry.collect()
        for sample in metric.samples
        if sample.name == "kawan_webhook_parts_left_out_total" and sample.value
    }


@needs_recordings
async def test_every_recorded_body_is_kept_once_or_applied_and_nothing_is_dropped(
    whole: Whole,
) -> None:
    service, fake = whole
    bodies = [for_us(body, fake) for body in recorded().values()]
    messages = [one for one in parts(bodies, "messages") if one["type"] != "system"]
    systems = [one for one in parts(bodies, "messages") if one["type"] == "system"]
    templates = [one for one in recorded() if one.startswith("template_status_update/")]

    first = await posted(service, bodies, fake.webhooks.secret)
    applied = told(service)
    again = await posted(service, bodies, fake.webhooks.secret)

    assert first == again == [200] * len(bodies)
    assert [(row.status, row.error) for row in await kept(service)] == [("done", "")] * len(
        {one["id"] for one in messages}
    )
    assert {row.external_id for row in await kept(service)} == {one["id"] for one in messages}
    assert applied["StatusTold"] == len(parts(bodies, "statuses"))
    assert applied["AddressMoved"] == len(systems)
    assert applied["TemplateTold"] == len(templates)
    assert left_out(service) == {}


@needs_recordings
async def test_a_recorded_body_for_another_number_is_taken_and_warned_of(whole: Whole) -> None:
    service, fake = whole
    bodies = list(recorded().values())
    for body in bodies:
        body["entry"][0]["id"] = "7"

    answers = await posted(service, bodies, fake.webhooks.secret)

    assert service.whatsapp is not None
    assert answers == [200] * len(bodies)
    assert await kept(service) == []
    assert sum(left_out(service).values()) == len(bodies)
    assert "diabaikan" in service.whatsapp.warning()


@needs_recordings
async def test_a_recorded_body_that_was_written_anew_after_signing_is_refused(
    whole: Whole,
) -> None:
    service, fake = whole
    url = f"http://127.0.0.1:{service.settings.port}/whatsapp"
    answers = []

    async with httpx.AsyncClient() as http:
        for body in recorded().values():
            ours = for_us(body, fake)
            headers = {"x-hub-signature-256": signed(orjson.dumps(ours), fake.webhooks.secret)}
            written_anew = orjson.dumps(ours, option=orjson.OPT_INDENT_2)
            answers.append(
                (await http.post(url, content=written_anew, headers=headers)).status_code
            )

    assert set(answers) == {401}
    assert await kept(service) == []

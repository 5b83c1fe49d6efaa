"""What the fake tells about its numbers, its account and its token."""

from __future__ import annotations

from typing import Any

import pytest

from tests.fakes.graph import PHONE_ID, WABA_ID, FakeGraph
from tests.fakes.raw_graph import RawGraph


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        (
            f"{PHONE_ID}?fields=status,name_status",
            {"status": "CONNECTED", "name_status": "APPROVED"},
        ),
        (f"{WABA_ID}?fields=account_review_status", {"account_review_status": "APPROVED"}),
        ("app", {"name": "Kawan Asuh"}),
    ],
)
async def test_a_node_shows_the_fields_that_were_asked_for(
    bot: RawGraph, path: str, expected: dict[str, Any]
) -> None:
    status, body = await bot.call("GET", path)

    assert status == 200
    assert body.items() >= expected.items()
    assert body["id"]


async def test_an_unknown_field_is_refused(bot: RawGraph) -> None:
    status, body = await bot.call("GET", f"{PHONE_ID}?fields=warna")

    assert (status, body["error"]["code"]) == (400, 100)


async def test_the_account_lists_its_numbers_and_apps(fake: FakeGraph, bot: RawGraph) -> None:
    numbers = await bot.call("GET", f"{WABA_ID}/phone_numbers")
    before = await bot.call("GET", f"{WABA_ID}/subscribed_apps")
    await bot.call("DELETE", f"{WABA_ID}/subscribed_apps")
    after = await bot.call("GET", f"{WABA_ID}/subscribed_apps")
    await bot.call("POST", f"{WABA_ID}/subscribed_apps")

    assert [one["id"] for one in numbers[1]["data"]] == [PHONE_ID]
    assert before[1]["data"][0]["whatsapp_business_api_data"]["id"] == fake.business.app_id
    assert after[1]["data"] == []
    assert fake.business.app_is_subscribed


async def test_a_token_tells_what_it_may(fake: FakeGraph, bot: RawGraph) -> None:
    good = await bot.call("GET", f"debug_token?input_token={fake.business.token}")
    bad = await bot.call("GET", "debug_token?input_token=lain")

    assert good[1]["data"]["is_valid"]
    assert "whatsapp_business_messaging" in good[1]["data"]["scopes"]
    assert not bad[1]["data"]["is_valid"]


async def test_the_webhook_of_the_app_is_told_once_there_is_one(
    fake: FakeGraph, bot: RawGraph
) -> None:
    path = f"{fake.business.app_id}/subscriptions"
    before = (await bot.call("GET", path))[1]["data"]
    fake.business.callback_url = "https://contoh.example/whatsapp"

    (after,) = (await bot.call("GET", path))[1]["data"]

    assert before == []
    assert after["callback_url"] == "https://contoh.example/whatsapp"
    assert "messages" in [one["name"] for one in after["fields"]]


async def test_a_number_is_registered_with_a_pin(fake: FakeGraph, bot: RawGraph) -> None:
    number = fake.world.numbers[PHONE_ID]
    number.status = "DISCONNECTED"
    siti = fake.person()
    siti.says("halo")
    before = await bot.code(siti.wa_id, text="Halo")
    wrong = await bot.call("POST", f"{PHONE_ID}/register", json={"pin": "12"})
    right = await bot.call("POST", f"{PHONE_ID}/register", json={"pin": "123456"})

    assert before == 133010
    assert (wrong[0], right[0]) == (400, 200)
    assert await bot.code(siti.wa_id, text="Halo") == 0

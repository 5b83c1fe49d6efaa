"""The fake Graph API: people and the bot talk, and who cannot be written to is not.

Limits of a message are in test_graph_limits.py, templates in test_graph_templates.py, files in
test_graph_media.py, the way of webhooks in test_graph_webhooks.py, pywa in test_graph_wire.py.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from typing import Any

import aiohttp
import pytest

from tests.fakes.graph import PHONE_ID, WABA_ID, FakeGraph
from tests.fakes.graph_limits import Limits
from tests.fakes.graph_messages import Button
from tests.fakes.graph_user_side import Person
from tests.fakes.raw_bot import Clock
from tests.fakes.raw_graph import RawGraph

HOUR = 3600
BUTTONS = {
    "type": "interactive",
    "interactive": {
        "type": "button",
        "body": {"text": "Sehat?"},
        "action": {
            "buttons": [
                {"type": "reply", "reply": {"id": "a", "title": "Sehat"}},
                {"type": "reply", "reply": {"id": "b", "title": "Sakit"}},
            ]
        },
    },
}
LIST = {
    "type": "interactive",
    "interactive": {
        "type": "list",
        "body": {"text": "Siapa yang mengasuh?"},
        "action": {
            "button": "Pilih",
            "sections": [
                {"rows": [{"id": "n", "title": "Nenek", "description": "Ibu dari orang tua"}]}
            ],
        },
    },
}


@pytest.fixture
async def fake(clock: Clock) -> AsyncIterator[FakeGraph]:
    async with FakeGraph(clock=clock, limits=Limits.none()) as started:
        yield started


async def test_it_works(fake: FakeGraph, bot: RawGraph, siti: Person) -> None:
    answer = await bot.send(siti.wa_id, text="Halo juga")

    assert answer["contacts"] == [{"input": siti.wa_id, "wa_id": siti.wa_id}]
    assert answer["messages"][0]["id"] == siti.received[-1].message_id
    assert siti.received[-1].text == "Halo juga"
    assert [one.status for one in fake.sent] == ["delivered"]


async def test_a_wrong_token_is_refused_everywhere(fake: FakeGraph, bot: RawGraph) -> None:
    bot.token = "EAAGnotours"

    answers = [
        await bot.call("GET", path)
        for path in (
            PHONE_ID,
            f"{WABA_ID}/message_templates",
            f"{fake.url}/whatsapp_business/attachments/?mid=1",
        )
    ]

    assert {(status, body["error"]["code"]) for status, body in answers} == {(401, 190)}


async def test_an_expired_token_is_refused(fake: FakeGraph, bot: RawGraph, clock: Clock) -> None:
    fake.business.token_expires_at = int(clock.now) + 60
    before = (await bot.call("GET", PHONE_ID))[0]

    clock.now += 61

    assert (before, (await bot.call("GET", PHONE_ID))[0]) == (200, 401)


@pytest.mark.parametrize("path", ["999/messages", f"{PHONE_ID}/nothing"])
async def test_a_number_or_edge_that_is_not_ours_does_not_exist(bot: RawGraph, path: str) -> None:
    wish = {"messaging_product": "whatsapp", "to": "6281200000001", "text": {"body": "x"}}

    status, body = await bot.call("POST", path, json=wish)

    assert (status, body["error"]["code"], body["error"]["error_subcode"]) == (400, 100, 33)


async def test_who_hides_her_number_is_known_and_reached_by_her_id(
    fake: FakeGraph, bot: RawGraph
) -> None:
    siti = fake.person()
    siti.hides_number("mbah.siti")
    told = siti.says("halo")

    answer = await bot.send("", recipient=siti.bsuid, type="text", text={"body": "Halo"})

    assert told.contact == {
        "profile": {"name": "Siti", "username": "mbah.siti"},
        "user_id": siti.bsuid,
    }
    assert "from" not in told.value
    assert answer["contacts"] == [{"input": siti.bsuid, "user_id": siti.bsuid}]
    assert siti.received[-1].text == "Halo"


async def test_a_number_nobody_has_and_our_own_are_refused(
    fake: FakeGraph, bot: RawGraph, siti: Person
) -> None:
    own = fake.world.numbers[PHONE_ID].display

    codes = [await bot.code(to, text="Halo") for to in ("6281111111111", own, "bukan nomor", "")]

    assert codes == [131026, 131021, 100, 131008]


async def test_after_a_day_only_a_template_may_be_said(
    fake: FakeGraph, bot: RawGraph, siti: Person, clock: Clock
) -> None:
    clock.now += 24 * HOUR - 1
    inside = await bot.code(siti.wa_id, text="Masih boleh")
    clock.now += 1

    outside = await bot.send(siti.wa_id, text="Tidak lagi")

    assert inside == 0
    assert outside["error"]["code"] == 131047
    assert outside["error"]["type"] == "OAuthException"
    assert outside["error"]["fbtrace_id"]
    assert len(siti.received) == 1


async def test_a_person_who_never_wrote_has_no_window(fake: FakeGraph, bot: RawGraph) -> None:
    assert await bot.code(fake.person("Baru").wa_id, text="Halo") == 131047


async def test_a_window_is_open_at_the_number_she_wrote_to_only(clock: Clock) -> None:
    async with (
        FakeGraph(numbers=("111", "222"), clock=clock) as fake,
        aiohttp.ClientSession() as session,
    ):
        siti, bot = fake.person(), RawGraph(fake, session)
        siti.says("halo", to="222")

        first = await bot.code(siti.wa_id, text="Halo")
        wish = {"messaging_product": "whatsapp", "to": siti.wa_id, "text": {"body": "Halo"}}
        second = await bot.call("POST", "222/messages", json=wish)

    assert first == 131047
    assert second[0] == 200


async def test_an_error_may_come_later_as_a_failed_status(
    fake: FakeGraph, bot: RawGraph, siti: Person, clock: Clock
) -> None:
    fake.world.told_later = {131047}
    clock.now += 25 * HOUR

    answer = await bot.send(siti.wa_id, text="Terlambat")

    failed = waiting(fake, "statuses")[-1]
    assert failed["id"] == answer["messages"][0]["id"]
    assert (failed["status"], failed["errors"][0]["code"]) == ("failed", 131047)
    assert siti.received == []


@pytest.mark.parametrize("code", [131048, 131049, 130472, 131042, 131031, 130429])
async def test_any_error_comes_on_demand(
    fake: FakeGraph, bot: RawGraph, siti: Person, code: int
) -> None:
    budi = fake.person("Budi")
    budi.says("halo")
    fake.fails(code, person=siti, times=2)

    codes = [await bot.code(one.wa_id, text="Halo") for one in (siti, budi, siti, siti)]

    assert codes == [code, 0, code, 0]


async def test_statuses_follow_a_message_to_the_phone(
    fake: FakeGraph, bot: RawGraph, siti: Person
) -> None:
    await bot.send(siti.wa_id, text="Sudah makan?", biz_opaque_callback_data="abc")
    siti.says("sudah")
    siti.reads()

    told = waiting(fake, "statuses")
    assert [one["status"] for one in told] == ["sent", "delivered", "read"]
    assert told[0]["pricing"]["pricing_model"] == "PMP"
    assert told[0]["pricing"]["category"] == "service"
    assert {one["recipient_user_id"] for one in told} == {siti.bsuid}
    assert "pricing" not in told[2]


async def test_after_a_thousand_a_month_service_messages_are_charged(
    fake: FakeGraph, bot: RawGraph, siti: Person
) -> None:
    day = (PHONE_ID, 2026, 11)
    fake.world._service[day] = 999

    for text in ("gratis", "dibayar"):
        await bot.send(siti.wa_id, text=text)

    assert [one.billable for one in fake.sent] == [False, True]


async def test_who_is_offline_gets_it_when_she_is_back(
    fake: FakeGraph, bot: RawGraph, siti: Person
) -> None:
    siti.goes_offline()
    await bot.send(siti.wa_id, text="Besok posyandu")
    before = ([*siti.received], fake.sent[-1].status)

    siti.comes_online()

    assert before == ([], "sent")
    assert [one.text for one in siti.received] == ["Besok posyandu"]
    assert fake.sent[-1].status == "delivered"


async def test_who_blocked_us_gets_nothing_and_nobody_says_so(
    fake: FakeGraph, bot: RawGraph, siti: Person
) -> None:
    siti.blocks()

    code = await bot.code(siti.wa_id, text="Halo")

    assert code == 0
    assert siti.received == []
    assert [one["status"] for one in waiting(fake, "statuses")] == ["sent"]


async def test_who_left_whatsapp_is_not_reached(bot: RawGraph, siti: Person) -> None:
    siti.deletes_account()

    assert await bot.code(siti.wa_id, text="Halo") == 131026


async def test_a_new_number_is_told_and_the_old_one_reaches_nobody(
    fake: FakeGraph, bot: RawGraph, siti: Person
) -> None:
    old, old_id = siti.wa_id, siti.bsuid

    told = siti.changes_number("6281299999999").value

    assert told["type"] == "system"
    assert told["system"]["wa_id"] == siti.wa_id == "6281299999999"
    assert told["system"]["user_id"] == siti.bsuid != old_id
    assert (told["from"], told["from_user_id"]) == (old, old_id)
    assert await bot.code(old, text="Halo") == 131026
    assert await bot.code(siti.wa_id, text="Halo") == 0


async def test_who_hides_her_number_changes_her_id(fake: FakeGraph, siti: Person) -> None:
    siti.hides_number()

    told = siti.changes_number("6281299999999").value

    assert told["system"]["type"] == "user_changed_user_id"
    assert "6281299999999" not in str(told)


async def test_a_new_installation_is_told_and_an_old_key_is_refused(
    bot: RawGraph, siti: Person
) -> None:
    told = siti.reinstalls().value

    mismatch = await bot.code(
        siti.wa_id, type="text", text={"body": "x"}, recipient_identity_key_hash="lama"
    )
    assert told["system"]["type"] == "customer_identity_changed"
    assert told["identity"]["hash"]
    assert mismatch == 137000


async def test_buttons_and_rows_are_pressed_on_the_newest_message_that_has_them(
    fake: FakeGraph, bot: RawGraph, siti: Person
) -> None:
    await bot.send(siti.wa_id, **BUTTONS)
    await bot.send(siti.wa_id, **LIST)

    pressed, picked = siti.presses("Sakit").value, siti.picks("n").value

    assert pressed["interactive"] == {
        "type": "button_reply",
        "button_reply": {"id": "b", "title": "Sakit"},
    }
    assert pressed["context"]["id"] == siti.received[0].message_id
    assert picked["interactive"]["list_reply"] == {
        "id": "n",
        "title": "Nenek",
        "description": "Ibu dari orang tua",
    }
    assert siti.received[1].content.opener == "Pilih"
    assert siti.received[0].buttons[0] == Button("Sehat", "a")


def test_nobody_presses_what_is_not_there(siti: Person) -> None:
    with pytest.raises(LookupError, match="Siti sees no button 'Ya'"):
        siti.presses("Ya")


async def test_reading_is_marked_on_what_she_wrote_only(
    fake: FakeGraph, bot: RawGraph, siti: Person
) -> None:
    hers = siti.says("sudah").value["id"]
    wish = {"messaging_product": "whatsapp", "status": "read"}

    known = await bot.call("POST", f"{PHONE_ID}/messages", json={**wish, "message_id": hers})
    unknown = await bot.call("POST", f"{PHONE_ID}/messages", json={**wish, "message_id": "x"})

    assert known == (200, {"success": True})
    assert unknown[1]["error"]["code"] == 131009
    assert fake.world.read == {hers}


async def test_long_ids_are_longer_than_eighty_characters(
    fake: FakeGraph, bot: RawGraph, siti: Person
) -> None:
    fake.world.long_ids = True

    answer = await bot.send(siti.wa_id, text="Halo")

    assert len(answer["messages"][0]["id"]) > 80


ACTS: dict[str, Callable[[Person], Any]] = {
    "audio": lambda one: one.sends_voice(),
    "image": lambda one: one.sends_image(caption="Cucu"),
    "video": lambda one: one.sends_video(),
    "document": lambda one: one.sends_document(),
    "sticker": lambda one: one.sends_sticker(),
    "location": lambda one: one.sends_location(),
    "contacts": lambda one: one.sends_contact("6281234567890"),
    "unsupported": lambda one: one.sends_unsupported(),
    "edit": lambda one: one.edits(one.says("halo"), "hallo"),
    "revoke": lambda one: one.deletes(one.says("halo")),
}


@pytest.mark.parametrize("kind", ACTS)
def test_every_act_is_told_with_an_id_of_its_own(siti: Person, kind: str) -> None:
    told = ACTS[kind](siti).value

    assert told["type"] == kind
    assert told["id"].startswith("wamid.")
    assert told["timestamp"] == "1795000000"


def waiting(fake: FakeGraph, part: str) -> list[dict[str, Any]]:
    """What the bot has not been told yet."""
    return [item.value for _, _, item in sorted(fake.webhooks._items) if item.part == part]

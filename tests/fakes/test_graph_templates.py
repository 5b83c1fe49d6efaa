"""Templates at the fake: judged before they are said, filled as they were approved."""

from __future__ import annotations

from typing import Any

import pytest

from tests.fakes.graph import WABA_ID, FakeGraph
from tests.fakes.graph_user_side import Person
from tests.fakes.raw_bot import Clock
from tests.fakes.raw_graph import RawGraph

Wire = dict[str, Any]
BODY = "Assalamualaikum {{1}}, besok ada kelas di {{2}} ya. Kami tunggu."
DAY = 24 * 3600


@pytest.fixture
def siti(fake: FakeGraph) -> Person:
    return fake.person("Siti")


def wish(text: str = BODY, examples: int = 2, **changes: Any) -> Wire:
    """A template as it is asked for."""
    body: Wire = {"type": "BODY", "text": text}
    if examples:
        body["example"] = {"body_text": [["contoh"] * examples]}
    reply = {"type": "QUICK_REPLY", "text": "Saya datang"}
    components = [body, {"type": "BUTTONS", "buttons": [reply]}]
    found = {"name": "kelas_besok", "language": "id", "category": "UTILITY"}
    return {**found, "components": components, **changes}


def said(*values: str, name: str = "kelas_besok", payload: str = "datang") -> Wire:
    """A message with that template."""
    parameters = [{"type": "text", "text": value} for value in values]
    press = {
        "type": "button",
        "sub_type": "quick_reply",
        "index": "0",
        "parameters": [{"type": "payload", "payload": payload}],
    }
    components = [{"type": "body", "parameters": parameters}, press]
    template = {"name": name, "language": {"code": "id"}, "components": components}
    return {"type": "template", "template": template}


async def create(bot: RawGraph, **changes: Any) -> Any:
    return (await bot.call("POST", f"{WABA_ID}/message_templates", json=wish(**changes)))[1]


async def test_a_template_is_judged_before_it_is_said(
    fake: FakeGraph, bot: RawGraph, siti: Person
) -> None:
    created = await create(bot)
    before = await bot.code(siti.wa_id, **said("Mbah Siti", "balai desa"))
    fake.templates.approve("kelas_besok")

    answer = await bot.send(siti.wa_id, **said("Mbah Siti", "balai desa"))

    assert (created["status"], created["category"]) == ("PENDING", "UTILITY")
    assert before == 132001
    assert answer["messages"][0]["message_status"] == "accepted"
    assert siti.received[-1].text == (
        "Assalamualaikum Mbah Siti, besok ada kelas di balai desa ya. Kami tunggu."
    )
    assert (siti.received[-1].template, siti.received[-1].category) == ("kelas_besok", "utility")
    assert siti.received[-1].billable


async def test_its_buttons_come_back_with_our_payload(
    fake: FakeGraph, bot: RawGraph, siti: Person
) -> None:
    await create(bot)
    fake.templates.approve()
    await bot.send(siti.wa_id, **said("Mbah", "balai", payload="k:42"))

    told = siti.presses("Saya datang").value

    assert told["type"] == "button"
    assert told["button"] == {"payload": "k:42", "text": "Saya datang"}
    assert told["context"]["id"] == siti.received[-1].message_id


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        (said("Mbah"), 132000),
        (said("Mbah", "balai", name="lain"), 132001),
        (said("Mbah", ""), 131008),
        (said("Mbah", "balai\ndesa"), 100),
        (said("Mbah", "balai     desa"), 100),
        (said("Mbah", "b" * 1000), 132005),
        (said("Mbah", "balai", payload="p" * 129), 131009),
        (said("Mbah", "balai", payload=""), 131008),
    ],
)
async def test_what_does_not_fit_the_template_is_refused(
    fake: FakeGraph, bot: RawGraph, siti: Person, changed: Wire, code: int
) -> None:
    await create(bot)
    fake.templates.approve()

    assert await bot.code(siti.wa_id, **changed) == code
    assert siti.received == []


async def test_a_language_that_was_not_made_is_missing(
    fake: FakeGraph, bot: RawGraph, siti: Person
) -> None:
    await create(bot)
    fake.templates.approve()
    english = said("Mbah", "balai")
    english["template"]["language"]["code"] = "en"

    assert await bot.code(siti.wa_id, **english) == 132001


@pytest.mark.parametrize(
    ("decided", "code", "event"),
    [("pause", 132015, "PAUSED"), ("disable", 132016, "DISABLED"), ("reject", 132001, "REJECTED")],
)
async def test_metas_decisions_are_told_and_hold(
    fake: FakeGraph, bot: RawGraph, siti: Person, decided: str, code: int, event: str
) -> None:
    await create(bot)
    fake.templates.approve()

    getattr(fake.templates, decided)("kelas_besok")

    item = sorted(fake.webhooks._items)[-1][2]
    assert item.field == "message_template_status_update"
    assert item.value["event"] == event
    assert item.value["message_template_name"] == "kelas_besok"
    assert await bot.code(siti.wa_id, **said("Mbah", "balai")) == code


async def test_a_template_filed_as_marketing_costs_as_marketing(
    fake: FakeGraph, bot: RawGraph, siti: Person
) -> None:
    await create(bot)
    fake.templates.approve()

    fake.templates.files_as("kelas_besok", "MARKETING")
    await bot.send(siti.wa_id, **said("Mbah", "balai"))

    told = sorted(fake.webhooks._items)[1][2]
    assert told.field == "template_category_update"
    assert told.value["previous_category"] == "UTILITY"
    assert told.value["new_category"] == "MARKETING"
    assert fake.sent[-1].category == "marketing"


async def test_meta_may_file_what_we_ask_for_as_marketing_at_once(
    fake: FakeGraph, bot: RawGraph
) -> None:
    fake.templates.files_everything_as = "MARKETING"

    allowed = await create(bot)
    refused = await create(bot, name="lain", allow_category_change=False)

    assert allowed["category"] == "MARKETING"
    assert refused["error"]["error_subcode"] == 2388026


async def test_who_wants_no_marketing_gets_none(
    fake: FakeGraph, bot: RawGraph, siti: Person
) -> None:
    await create(bot, category="MARKETING")
    fake.templates.approve()
    siti.stops_marketing()

    stopped = await bot.code(siti.wa_id, **said("Mbah", "balai"))
    siti.stops_marketing(resume=True)

    assert (stopped, await bot.code(siti.wa_id, **said("Mbah", "balai"))) == (131050, 0)


@pytest.mark.parametrize(
    ("changes", "subcode"),
    [
        ({"text": "{{1}} besok ada kelas di {{2}} ya."}, 2388299),
        ({"text": "Besok ada kelas, Mbah, di {{1}}", "examples": 1}, 2388299),
        ({"text": "Besok ada kelas di {{2}} ya, Mbah {{1}}."}, 2388047),
        ({"text": "Besok {{satu}} ada kelas di desa ya.", "examples": 1}, 2388047),
        ({"text": "Ada {{1}} di {{2}} ya."}, 2388293),
        ({"examples": 1}, 2388043),
        ({"text": "a" * 1025, "examples": 0}, 2388040),
        ({"name": "Kelas Besok"}, 0),
        ({"language": "Indonesia"}, 0),
        ({"category": "PROMOTION"}, 0),
        ({"components": [{"type": "FOOTER", "text": "Kawan Asuh"}]}, 0),
    ],
)
async def test_a_template_that_meta_would_not_take_is_refused(
    fake: FakeGraph, bot: RawGraph, changes: Wire, subcode: int
) -> None:
    answer = await create(bot, **changes)

    assert answer["error"]["code"] in (100, 131008)
    assert answer["error"].get("error_subcode", 0) == subcode
    assert fake.templates.stored == {}


@pytest.mark.parametrize(
    "component",
    [
        {"type": "FOOTER", "text": "f" * 61},
        {"type": "FOOTER", "text": "Untuk {{1}} saja"},
        {"type": "HEADER", "format": "TEXT", "text": "h" * 61},
        {"type": "BUTTONS", "buttons": [{"type": "QUICK_REPLY", "text": "b" * 26}]},
        {"type": "BUTTONS", "buttons": [{"type": "QUICK_REPLY", "text": "Ya"}] * 2},
        {"type": "BUTTONS", "buttons": [{"type": "CATALOG", "text": "Ya"}]},
        {"type": "BUTTONS", "buttons": []},
    ],
)
async def test_its_parts_have_limits_too(bot: RawGraph, component: Wire) -> None:
    body = {"type": "BODY", "text": "Ada kabar dari petugas."}

    answer = await create(bot, components=[body, component])

    assert answer["error"]["code"] == 100


async def test_a_name_is_given_once_and_rests_after_it_was_deleted(
    fake: FakeGraph, bot: RawGraph, clock: Clock
) -> None:
    await create(bot)
    fake.templates.approve()

    twice = await create(bot)
    await bot.call("DELETE", f"{WABA_ID}/message_templates?name=kelas_besok")
    too_soon = await create(bot)
    clock.now += 30 * DAY
    later = await create(bot)

    assert twice["error"]["error_subcode"] == 2388024
    assert too_soon["error"]["error_subcode"] == 2388023
    assert later["status"] == "PENDING"


async def test_an_edited_template_is_judged_anew_and_once_a_day(
    fake: FakeGraph, bot: RawGraph, clock: Clock
) -> None:
    one = (await create(bot))["id"]
    change = {
        "components": wish(text="Halo {{1}}, besok ada kelas di {{2}} ya. Salam.")["components"]
    }
    pending = await bot.call("POST", one, json=change)
    fake.templates.approve()

    edited = await bot.call("POST", one, json=change)
    status = fake.templates.stored[one].status
    fake.templates.approve()
    again = await bot.call("POST", one, json=change)
    clock.now += DAY
    next_day = await bot.call("POST", one, json=change)

    assert pending[1]["error"]["error_subcode"] == 2388025
    assert edited == (200, {"success": True})
    assert status == "PENDING"
    assert again[1]["error"]["error_subcode"] == 2388025
    assert next_day[0] == 200


async def test_named_values_are_filled_by_their_names(
    fake: FakeGraph, bot: RawGraph, siti: Person
) -> None:
    body = {
        "type": "BODY",
        "text": "Halo {{nama}}, ada kabar dari petugas, nggih Mbah.",
        "example": {"body_text_named_params": [{"param_name": "nama", "example": "Siti"}]},
    }
    await create(bot, components=[body], parameter_format="NAMED")
    fake.templates.approve()
    named = {"type": "text", "parameter_name": "nama", "text": "Mbah"}
    template = {"name": "kelas_besok", "language": {"code": "id"}}

    def with_value(value: Wire) -> Wire:
        part = {"type": "body", "parameters": [value]}
        return {"type": "template", "template": {**template, "components": [part]}}

    good = await bot.code(siti.wa_id, **with_value(named))
    unnamed = await bot.code(siti.wa_id, **with_value({"type": "text", "text": "Mbah"}))
    other = await bot.code(siti.wa_id, **with_value({**named, "parameter_name": "lain"}))

    assert (good, unnamed, other) == (0, 132000, 132000)
    assert siti.received[-1].text.startswith("Halo Mbah,")


async def test_the_list_comes_in_pages(bot: RawGraph) -> None:
    for number in range(5):
        await create(bot, name=f"kabar_{number}")
    path, names = f"{WABA_ID}/message_templates?fields=name,status&limit=2", []

    while path:
        page = (await bot.call("GET", path))[1]
        names += [one["name"] for one in page["data"]]
        cursor = page.get("paging", {}).get("cursors", {}).get("after", "")
        more = "next" in page.get("paging", {})
        path = f"{WABA_ID}/message_templates?fields=name&limit=2&after={cursor}" if more else ""

    assert names == [f"kabar_{number}" for number in range(5)]


async def test_the_list_is_filtered(fake: FakeGraph, bot: RawGraph) -> None:
    for name in ("satu", "dua"):
        await create(bot, name=name)
    fake.templates.approve("dua")

    found = (await bot.call("GET", f"{WABA_ID}/message_templates?status=APPROVED"))[1]["data"]

    assert [one["name"] for one in found] == ["dua"]
    assert found[0]["components"][0]["text"] == BODY


async def test_deciding_about_a_template_that_is_not_there_is_a_mistake(fake: FakeGraph) -> None:
    with pytest.raises(LookupError, match="kelas_lain"):
        fake.templates.approve("kelas_lain")

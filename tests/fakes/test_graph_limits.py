"""What WhatsApp refuses: everything that is too long, too many, doubled or too fast."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

import aiohttp
import pytest

from tests.fakes.graph import PHONE_ID, FakeGraph
from tests.fakes.graph_limits import Limits
from tests.fakes.graph_user_side import Person
from tests.fakes.raw_bot import Clock
from tests.fakes.raw_graph import RawGraph

Wire = dict[str, Any]
OPENER = "action.button"


def buttons(*titles: str, **changes: Any) -> Wire:
    """A message with these reply buttons; `changes` go into its interactive part."""
    replies = [
        {"type": "reply", "reply": {"id": f"id{n}", "title": title}}
        for n, title in enumerate(titles)
    ]
    inner = {"type": "button", "body": {"text": "Bagaimana?"}, "action": {"buttons": replies}}
    return {"type": "interactive", "interactive": inner | changes}


def rows(number: int, **changes: Any) -> Wire:
    """A list with so many rows; `changes` go into the last one, or into the opening button."""
    opener = changes.pop("opener", "Pilih")
    found: list[Wire] = [{"id": f"r{n}", "title": f"Pilihan {n}"} for n in range(number)]
    found[-1] |= changes
    action = {"button": opener, "sections": [{"rows": found}]}
    inner = {"type": "list", "body": {"text": "Pilih satu"}, "action": action}
    return {"type": "interactive", "interactive": inner}


def text(body: object) -> Wire:
    return {"type": "text", "text": {"body": body}}


ALLOWED: dict[str, Wire] = {
    "longest text": text("a" * 4096),
    "three buttons": buttons("Ya", "Tidak", "B" * 20),
    "longest body": buttons("Ya", body={"text": "a" * 1024}),
    "header and footer": buttons(
        "Ya", header={"type": "text", "text": "h" * 60}, footer={"text": "f" * 60}
    ),
    "ten rows": rows(10, title="t" * 24, description="d" * 72, id="i" * 200),
    "smiley in a row": rows(2, title="Senang 😊"),
    "longest opener": rows(1, opener="o" * 20),
    "place": {"type": "location", "location": {"latitude": -8.1, "longitude": 113.7}},
}
REFUSED: dict[str, tuple[Wire, int]] = {
    "text too long": (text("a" * 4097), 100),
    "emoji count twice": (text("😊" * 2049), 100),
    "empty text": (text("  \n"), 100),
    "no text": (text(None), 100),
    "four buttons": (buttons("1", "2", "3", "4"), 131009),
    "no buttons": (buttons(), 131009),
    "title too long": (buttons("a" * 21), 131009),
    "empty title": (buttons(" "), 131009),
    "emoji in a title": (buttons("Senang 😊"), 131009),
    "heart in a title": (buttons("Sayang ❤️"), 131009),
    "same titles": (buttons("Ya", "Ya"), 131009),
    "body too long": (buttons("Ya", body={"text": "a" * 1025}), 100),
    "no body": (buttons("Ya", body=None), 131008),
    "footer too long": (buttons("Ya", footer={"text": "f" * 61}), 100),
    "header too long": (buttons("Ya", header={"type": "text", "text": "h" * 61}), 100),
    "eleven rows": (rows(11), 131009),
    "row title too long": (rows(1, title="t" * 25), 131009),
    "description too long": (rows(1, description="d" * 73), 131009),
    "row id too long": (rows(1, id="i" * 201), 131009),
    "same row ids": (rows(2, id="r0"), 131009),
    "opener too long": (rows(1, opener="o" * 21), 131009),
    "emoji in the opener": (rows(1, opener="Pilih 👇"), 131009),
    "unknown type": ({"type": "poll", "poll": {}}, 100),
    "unknown key": ({**text("Halo"), "warna": "biru"}, 100),
    "type without content": ({"type": "image"}, 131008),
    "image by nothing": ({"type": "image", "image": {"caption": "x"}}, 131009),
    "unknown file": ({"type": "image", "image": {"id": "12345"}}, 131053),
    "caption of a voice note": ({"type": "audio", "audio": {"id": "1", "caption": "x"}}, 100),
    "group": ({**text("Halo"), "recipient_type": "group"}, 100),
    "answer to nothing": ({**text("Halo"), "context": {"message_id": "wamid.x"}}, 131009),
}


@pytest.mark.parametrize("name", ALLOWED)
async def test_what_is_within_the_limits_arrives(bot: RawGraph, siti: Person, name: str) -> None:
    assert await bot.code(siti.wa_id, **ALLOWED[name]) == 0
    assert len(siti.received) == 1


@pytest.mark.parametrize("name", REFUSED)
async def test_what_is_beyond_is_refused(bot: RawGraph, siti: Person, name: str) -> None:
    wish, code = REFUSED[name]

    assert await bot.code(siti.wa_id, **wish) == code
    assert siti.received == []


async def test_button_ids_have_a_limit_and_are_given_once(bot: RawGraph, siti: Person) -> None:
    long, doubled, longest = (deepcopy(buttons("Ya", "Tidak")) for _ in range(3))
    ids = [one["interactive"]["action"]["buttons"] for one in (long, doubled, longest)]
    ids[0][0]["reply"]["id"] = "i" * 257
    ids[1][0]["reply"]["id"] = ids[1][1]["reply"]["id"]
    ids[2][0]["reply"]["id"] = "i" * 256

    codes = [await bot.code(siti.wa_id, **wish) for wish in (long, doubled, longest)]

    assert codes == [131009, 131009, 0]


async def test_several_sections_need_titles(bot: RawGraph, siti: Person) -> None:
    sections = [{"rows": [{"id": "a", "title": "A"}]}, {"rows": [{"id": "b", "title": "B"}]}]
    wish = rows(1)
    wish["interactive"]["action"]["sections"] = sections

    without = await bot.code(siti.wa_id, **wish)
    for number, section in enumerate(sections):
        section["title"] = f"Bagian {number}"  # type: ignore[assignment]

    assert (without, await bot.code(siti.wa_id, **wish)) == (131009, 0)


async def test_nothing_is_sent_without_the_product(bot: RawGraph, siti: Person) -> None:
    wish = {"to": siti.wa_id, "type": "text", "text": {"body": "Halo"}}

    status, body = await bot.call("POST", f"{PHONE_ID}/messages", json=wish)

    assert (status, body["error"]["code"]) == (400, 100)


async def test_a_burst_to_one_person_is_allowed_and_then_one_in_six_seconds(
    fake: FakeGraph, bot: RawGraph, siti: Person, clock: Clock
) -> None:
    budi = fake.person("Budi")
    budi.says("halo")

    burst = [await bot.code(siti.wa_id, text="cepat") for _ in range(7)]
    other = await bot.code(budi.wa_id, text="lain orang")
    clock.now += 6
    later = [await bot.code(siti.wa_id, text="lagi") for _ in range(2)]

    assert burst == [0] * 6 + [131056]
    assert other == 0
    assert later == [0, 131056]
    assert fake.limiter.refused == {131056: 2}


async def test_eighty_messages_a_second_in_and_out_and_no_more(
    fake: FakeGraph, bot: RawGraph, clock: Clock
) -> None:
    people = [fake.person(f"Siti {n}") for n in range(50)]
    for one in people:
        one.says("halo")

    codes = [await bot.code(one.wa_id, text="Halo") for one in people]
    clock.now += 1.0
    afterwards = await bot.code(people[-1].wa_id, text="Halo")

    assert codes == [0] * 30 + [130429] * 20
    assert afterwards == 0
    assert fake.limiter.busiest(PHONE_ID) == 80


async def test_so_many_new_people_in_a_day_and_no_more(clock: Clock) -> None:
    async with (
        FakeGraph(clock=clock, limits=Limits(tier=2)) as fake,
        aiohttp.ClientSession() as session,
    ):
        bot = RawGraph(fake, session)
        template = an_approved_template(fake)
        people = [fake.person(f"Siti {n}") for n in range(4)]
        people[3].says("halo")

        codes = [await bot.code(one.wa_id, **template) for one in people]
        again = await bot.code(people[0].wa_id, **template)
        clock.now += 24 * 3600
        next_day = await bot.code(people[2].wa_id, **template)

    assert codes == [0, 0, 131048, 0]
    assert (again, next_day) == (0, 0)


async def test_without_limits_nothing_is_too_fast(clock: Clock) -> None:
    async with (
        FakeGraph(clock=clock, limits=Limits.none()) as fake,
        aiohttp.ClientSession() as session,
    ):
        siti = fake.person()
        siti.says("halo")

        codes = [await RawGraph(fake, session).code(siti.wa_id, text="x") for _ in range(100)]

    assert set(codes) == {0}


def an_approved_template(fake: FakeGraph) -> Wire:
    """A message with a template that needs no values."""
    body = {"type": "BODY", "text": "Ada kabar dari petugas."}
    wish = {"name": "kabar", "language": "id", "category": "UTILITY", "components": [body]}
    fake.templates.create(wish)
    fake.templates.approve("kabar")
    return {"type": "template", "template": {"name": "kabar", "language": {"code": "id"}}}

"""What WhatsApp alone tells, or tells in a way of its own: kept, and nobody waits for it."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, select

from storage import inbox
from storage.schema import addresses, people
from tests.fakes.graph import PHONE_ID, FakeGraph
from tests.fakes.graph_webhooks import Item
from tests.whole.house import House, until
from tests.whole.leaping import number_of
from tests.whole.phones import CHECKIN, Phone

AT = {"timestamp": "1795000000"}
ODD_ON_WHATSAPP: tuple[dict[str, Any], ...] = (
    {},
    {"id": "wamid.1"},
    {"id": "wamid.2", "from": "628", "type": "text", "timestamp": "kemarin", "text": {"body": "x"}},
    {"id": "wamid.3", "from": "628", "type": "text", **AT, "text": {"body": 7}},
    {"id": "wamid.4", "from": "628", "type": "text", **AT},
    {"id": "wamid.5", "from": "628", "type": "image", **AT, "image": {}},
    {"id": "wamid.6", "type": "text", **AT, "text": {"body": "x"}},
    {"id": 7, "from": "628", "type": "text", **AT, "text": {"body": "x"}},
)


async def test_malformed_webhooks_go_to_quarantine_and_hold_nobody_up(
    house: House, ani: Phone, graph: FakeGraph
) -> None:
    number = graph.world.numbers[PHONE_ID].display
    for wire in ODD_ON_WHATSAPP:
        graph.webhooks.push(Item("messages", dict(wire), "messages", None, PHONE_ID, number))
    graph.webhooks.push(Item("kabar_baru", {"isi": "apa saja"}))
    graph.webhooks.post_raw(b"bukan JSON")

    await ani.says("MENU", "Mau apa hari ini")
    await house.at_rest()
    aside = await house.database.read(lambda conn: inbox.quarantined(conn, 50))

    assert len(aside) == len(ODD_ON_WHATSAPP) + 2
    assert set(graph.webhooks.answers) == {200}
    assert await number_of(house, people) == 1


async def test_a_number_without_whatsapp_is_marked_and_not_tried_again(
    house: House, ani: Phone, graph: FakeGraph
) -> None:
    def blocked(conn: Connection) -> str | None:
        return conn.execute(select(addresses.c.blocked_reason)).scalar()

    await house.at_rest()
    ani.person.says("MENU")
    ani.person.deletes_account()
    tries = graph.refusals[131026]

    await until(lambda: graph.refusals[131026] > tries)
    await house.at_rest()

    assert graph.refusals[131026] == tries + 1
    assert await house.database.read(blocked) == "undeliverable"


async def test_what_she_takes_back_is_answered_with_nothing_and_keeps_her_place(
    house: House, ani: Phone
) -> None:
    await ani.walks(CHECKIN[:2])
    written = ani.person.says("1")
    await ani.hears("Perasaan Adi")
    heard = len(ani.heard)

    ani.person.deletes(written)
    await house.at_rest()

    assert len(ani.heard) == heard
    await ani.says("2", "tidak masuk sekolah?")

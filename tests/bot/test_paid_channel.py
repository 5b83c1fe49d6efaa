"""WhatsApp costs money: answers when the month has none left, rehearsals that say the price."""

from __future__ import annotations

from datetime import datetime

import pytest
from sqlalchemy import Connection, select, update

from bot.channels import simulator
from bot.channels.simulator import Doing
from bot.planned.broadcast import reaches_anybody
from bot.planned.planning import Planning
from bot.turn import LEASE, Turns
from conversations.broadcasts.audience import Audience
from conversations.broadcasts.broadcast import Rehearsal
from conversations.broadcasts.texts import rehearsal_text
from conversations.dialogue import PersonId
from conversations.message import Kind
from storage import broadcasts, inbox, outbox, schema, spending
from storage.database import Database
from storage.inbox import Received
from storage.outbox import Claimed, Result, Status
from storage.world import Programme
from tests.storage.broadcast_builders import DAYTIME, a_broadcast, is_now, mothers, parts
from tests.storage.builders import HOUR, MINUTE, NOW, a_member, known
from tests.storage.spending_builders import (
    FREE,
    JEMBER,
    NUMBER,
    SERVICE,
    UTILITY,
    adds_up,
    counted,
    spent,
    with_budget,
)

DANGER = "cucu saya dipukuli bapaknya sampai berdarah"


def turns(now: datetime = NOW) -> Turns:
    parsers = {"whatsapp": simulator.parse}
    return Turns(Programme("Program Contoh"), parsers=parsers, owner="o/1", now=lambda: now)


def writes(conn: Connection, text: str, number: int = 1) -> list[Claimed]:
    """What leaves at once when somebody writes this."""
    body = simulator.body_of(Doing(Kind.TEXT, text=text), str(number), NOW)
    received = Received("whatsapp", NUMBER, str(number), "ID.1", body)
    [accepted] = inbox.accept(conn, [received], NOW)
    return list(turns().take(conn, accepted))


def claimed(conn: Connection) -> list[Claimed]:
    return outbox.claim(conn, "o/1", NOW, NOW + LEASE, 100, channel="whatsapp")


def used_up(conn: Connection) -> None:
    """The free words of the month, and all of its money."""
    with_budget(conn, UTILITY)
    counted(conn, 1)
    table = schema.spending
    row = {"account": NUMBER, "month": "2026-11", "category": "service", "messages": FREE}
    conn.execute(table.insert().values(**row, rupiah=0))


async def test_an_answer_leaves_at_once_while_there_is_money(database: Database) -> None:
    def unit(conn: Connection) -> None:
        with_budget(conn, 3_000_000)

        assert writes(conn, "halo")
        assert claimed(conn) == []

    await database.write(unit)


async def test_without_money_she_is_heard_and_her_answer_is_listed_with_the_reason(
    database: Database,
) -> None:
    def unit(conn: Connection) -> None:
        used_up(conn)

        assert writes(conn, "halo") == []
        assert claimed(conn) == []

        table = schema.outbox
        mine = select(table.c.status, table.c.reason).where(table.c.dedupe_key.like("in:%"))
        assert set(map(tuple, conn.execute(mine))) == {("excluded", spending.REASON)}
        heard = select(schema.dialogues.c.state)
        assert conn.execute(heard).first() is not None

    await database.write(unit)


async def test_without_money_danger_is_answered_at_once_and_staff_are_called(
    database: Database,
) -> None:
    def unit(conn: Connection) -> None:
        a_member(conn)
        used_up(conn)

        leaving = writes(conn, DANGER)

        assert leaving
        assert {one.purpose for one in leaving} == {"danger"}
        assert "129" in " ".join(one.message.text for one in leaving)
        [alarm] = outbox.claim(conn, "o/1", NOW, NOW + LEASE, 10, channel="telegram")
        assert alarm.purpose == "alert"
        assert writes(conn, "1", 2)

    await database.write(unit)


async def test_an_answer_that_was_accepted_is_counted_as_free_words(database: Database) -> None:
    def unit(conn: Connection) -> list[Claimed]:
        with_budget(conn, 3_000_000)
        return writes(conn, "halo")

    leaving = await database.write(unit)

    def accept(conn: Connection) -> None:
        results = [Result(one.id, Status.SENT, platform_id=f"w{one.id}") for one in leaving]
        outbox.record(conn, results, NOW)
        spending.count(conn, [one.id for one in results], NOW)

        assert spent(conn, "service").messages == len(leaving)
        assert adds_up(conn)

    await database.write(accept)


def on_whatsapp(conn: Connection, people: list[PersonId], window_until: datetime | None) -> None:
    table = schema.addresses
    hers = update(table).where(table.c.person_id.in_(people))
    conn.execute(hers.values(channel="whatsapp", account=NUMBER, window_until=window_until))


def rehearsed(conn: Connection) -> tuple[Rehearsal, str]:
    id_ = a_broadcast(conn)
    broadcasts.plan_rehearsal(conn, id_, DAYTIME)
    parts(conn, kind="rehearsal")
    counted_ = known(broadcasts.rehearsal(conn, id_))
    tariff = spending.tariff(conn, DAYTIME)
    return counted_, rehearsal_text(is_now(conn, id_), counted_, {"whatsapp": 60.0}, tariff)


async def test_a_rehearsal_counts_by_channel_and_window_and_tells_the_price(
    database: Database,
) -> None:
    def unit(conn: Connection) -> None:
        spending.keep_budget(conn, 3_000_000, JEMBER, NUMBER)
        everybody = mothers(conn, 9)
        on_whatsapp(conn, everybody[:3], DAYTIME + HOUR)
        on_whatsapp(conn, everybody[3:5], DAYTIME - MINUTE)
        on_whatsapp(conn, everybody[5:6], None)

        told, words = rehearsed(conn)

        assert told.channels == {"whatsapp": 3, "telegram": 3}
        assert told.reasons == {"window": 3}
        assert f"(perkiraan: 3 pesan, Rp {SERVICE} tiap pesan" in words
        assert "Rp 2.400.000 dari Rp 3.000.000" in words

    await database.write(unit)


@pytest.mark.parametrize(("window_until", "somebody"), [(DAYTIME + HOUR, True), (None, False)])
async def test_nobody_in_her_window_is_nobody_reached(
    database: Database, window_until: datetime | None, somebody: bool
) -> None:
    def unit(conn: Connection) -> None:
        on_whatsapp(conn, mothers(conn, 2), window_until)
        planning = Planning(DAYTIME, Programme("x"), None)

        assert reaches_anybody(conn, Audience(), planning) is somebody

    await database.write(unit)

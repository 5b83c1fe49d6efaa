"""What a turn does where somebody cannot be reached; the rest of it is tested with the whole."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import Connection, select

from bot.channels import simulator
from bot.channels.simulator import Doing
from bot.turn import Turns
from conversations.message import Kind
from storage import due, inbox, outbox, people, schema
from storage.database import Database
from storage.due import DueRow
from storage.inbox import Received
from storage.outbox import Claimed
from storage.world import Programme
from tests.storage.builders import DAY, a_caregiver, a_member, a_task, known
from tests.storage.school_builders import a_mother, a_school, a_session, wakes

NOW = datetime(2026, 11, 18, 12, 15, tzinfo=UTC)
ANSWER = "BALAS JBR-26-0001 besok kami ke sana"


def turns(now: datetime = NOW) -> Turns:
    parsers = {"telegram": simulator.parse}
    return Turns(Programme("Program Contoh"), parsers=parsers, owner="o", now=lambda: now)


def writes(conn: Connection, address: str, text: str) -> list[Claimed]:
    body = simulator.body_of(Doing(Kind.TEXT, text=text), "n", NOW)
    [accepted] = inbox.accept(conn, [Received("telegram", "bot", "1", address, body)], NOW)
    return list(turns().take(conn, accepted))


async def test_staff_are_told_when_their_words_reach_nobody(lite: Database) -> None:
    def unit(conn: Connection) -> list[str]:
        mbah = a_caregiver(conn)
        a_member(conn)
        a_task(conn, mbah, "JBR-26-0001")
        outbox.block(conn, known(people.seat_of(conn, mbah.id)).address_id, "blocked", NOW)
        return [
            one.message.text for one in writes(conn, "800", "BALAS JBR-26-0001 besok kami ke sana")
        ]

    said = await lite.write(unit)

    assert any("belum sampai" in text for text in said)
    assert not any("besok kami" in text for text in said)


async def test_staff_hear_nothing_of_it_when_their_words_are_on_their_way(lite: Database) -> None:
    def unit(conn: Connection) -> list[str]:
        mbah = a_caregiver(conn)
        a_member(conn)
        a_task(conn, mbah, "JBR-26-0001")
        return [
            one.message.text for one in writes(conn, "800", "BALAS JBR-26-0001 besok kami ke sana")
        ]

    said = await lite.write(unit)

    assert not any("belum sampai" in text for text in said)


async def test_the_daily_list_survives_that_its_reader_blocked_the_bot(lite: Database) -> None:
    """She may come back; nobody would plan it again for her."""
    late = NOW + timedelta(days=15)

    def unit(conn: Connection) -> tuple[datetime, str]:
        mbah = a_caregiver(conn)
        outbox.block(conn, known(people.seat_of(conn, mbah.id)).address_id, "blocked", NOW)
        due.plan(conn, "day_list", str(mbah.id), mbah.id, NOW, None)
        [row] = due.next_due(conn, late, 9)
        turns(late).wake(conn, row)
        planned = conn.execute(select(schema.due)).one()
        return planned.due_at, planned.outcome

    assert await lite.write(unit) == (NOW + timedelta(days=16), "")


async def test_what_is_said_once_is_only_missed(lite: Database) -> None:
    def unit(conn: Connection) -> tuple[list[DueRow], str]:
        mbah = a_caregiver(conn)
        outbox.block(conn, known(people.seat_of(conn, mbah.id)).address_id, "blocked", NOW)
        due.plan(conn, "nudge", "i1", mbah.id, NOW, None)
        [row] = due.next_due(conn, NOW, 9)
        turns().wake(conn, row)
        outcome = conn.execute(select(schema.due.c.outcome)).scalar_one()
        return due.next_due(conn, NOW + DAY, 9), outcome

    open_, outcome = await lite.write(unit)

    assert open_ == []
    assert outcome.startswith("missed")


async def explained(lite: Database, body: bytes) -> tuple[list[str], list[tuple[str, str]]]:
    def unit(conn: Connection) -> tuple[list[str], list[tuple[str, str]]]:
        [accepted] = inbox.accept(conn, [Received("telegram", "bot", "1", "62812", body)], NOW)
        said = [one.message.text for one in turns().explain(conn, accepted)]
        opened = conn.execute(select(schema.tasks.c.kind, schema.tasks.c.level)).all()
        return said, [(kind, level) for kind, level in opened]

    return await lite.write(unit)


async def test_a_cry_for_help_that_no_turn_could_take_is_an_alarm_all_the_same(
    lite: Database,
) -> None:
    doing = Doing(Kind.TEXT, text="aku diperkosa om")

    said, opened = await explained(lite, simulator.body_of(doing, "n", NOW))

    assert opened == [("concern", "merah")]
    assert any("129" in text for text in said)


async def test_what_cannot_be_read_at_all_is_a_note_for_staff(lite: Database) -> None:
    said, opened = await explained(lite, b"not one of ours")

    assert opened == [("quarantine", "kuning")]
    assert len(said) == 1


async def test_who_blocked_the_bot_is_not_asked_who_came_but_somebody_else_is(
    database: Database,
) -> None:
    def unit(conn: Connection) -> None:
        rini, dimas = a_mother(conn, "700", "Rini"), a_member(conn)
        session = a_session(conn, a_school(conn, cadre=rini.id))
        due.plan(conn, "attendance", str(session.id), rini.id, NOW, NOW + DAY)
        outbox.block(conn, known(people.seat_of(conn, rini.id)).address_id, "blocked", NOW)

        turns().wake(conn, DueRow("attendance", str(session.id), rini.id, NOW, None, "", 1))

        assert wakes(conn, "attendance") == {str(session.id): (dimas.id, NOW, NOW + DAY)}

    await database.write(unit)


async def test_what_changed_hands_since_it_was_found_is_asked_of_the_new_one(
    database: Database,
) -> None:
    def unit(conn: Connection) -> None:
        rini, tuti = a_mother(conn, "700", "Rini"), a_mother(conn, "701", "Tuti")
        session = a_session(conn, a_school(conn, cadre=tuti.id))
        due.plan(conn, "attendance", str(session.id), rini.id, NOW, NOW + DAY)
        [row] = due.next_due(conn, NOW, 9)
        due.plan(conn, "attendance", str(session.id), tuti.id, NOW, NOW + DAY)

        said = turns().wake(conn, row)

        planned = conn.execute(select(schema.outbox.c.person_id)).scalars().all()
        assert rini.id not in planned
        assert tuti.id in planned
        assert said == []

    await database.write(unit)


async def test_where_nobody_can_be_asked_who_came_it_is_recorded(lite: Database) -> None:
    def unit(conn: Connection) -> None:
        rini = a_mother(conn, "700", "Rini")
        session = a_session(conn, a_school(conn, cadre=rini.id))
        due.plan(conn, "attendance", str(session.id), rini.id, NOW, NOW + DAY)
        outbox.block(conn, known(people.seat_of(conn, rini.id)).address_id, "blocked", NOW)

        turns().wake(conn, DueRow("attendance", str(session.id), rini.id, NOW, None, "", 1))

        outcome = select(schema.due.c.outcome).where(schema.due.c.kind == "attendance")
        assert "no address" in str(conn.execute(outcome).scalar())

    await lite.write(unit)


@pytest.mark.parametrize("text", ["tolong, bahaya!!", "cucu saya dipukuli bapaknya sampai lebam"])
async def test_a_cry_for_help_that_was_put_aside_still_calls_people(
    lite: Database, text: str
) -> None:
    def unit(conn: Connection) -> list[str]:
        a_caregiver(conn, "1")
        a_member(conn)
        body = simulator.body_of(Doing(Kind.TEXT, text=text), "n", NOW)
        [accepted] = inbox.accept(conn, [Received("telegram", "bot", "1", "1", body)], NOW)
        turns().explain(conn, accepted)
        return list(conn.execute(select(schema.tasks.c.level)).scalars())

    assert await lite.write(unit) in (["merah"], ["oranye"])

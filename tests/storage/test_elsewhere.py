"""Alarms whose address takes nothing any more."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Connection, select

from bot.outcomes import Outcome, record
from conversations.dialogue import PersonId
from conversations.message import Message, Priority
from storage import adding, facts, outbox, people, phones, schema
from storage.database import Database
from storage.facts import StatusTold
from storage.outbox import Result, Status
from tests.storage.builders import NOW

MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)


def with_two(conn: Connection) -> PersonId:
    """Somebody on WhatsApp, heard just now, who has Telegram too."""
    person = people.at_address(conn, "whatsapp", "100", "ID.1", NOW).person.id
    other = people.at_address(conn, "telegram", "bot", "7", NOW - HOUR)
    phones.not_hers(conn, other.address_id, other.person.id, NOW)
    phones.hold(conn, other.address_id, person, NOW)
    return person


def says(conn: Connection, person: PersonId, key: str, priority: Priority = Priority.ALARM) -> int:
    address = people.at_address(conn, "whatsapp", "100", "ID.1", NOW).address_id
    id_ = adding.add(
        conn,
        address_id=address,
        person_id=person,
        message=Message(key),
        dedupe_key=key,
        priority=priority,
        purpose="alert",
        not_before=NOW,
        expires_at=None,
        now=NOW,
    )
    assert id_ is not None
    return id_


def became(conn: Connection, id_: int) -> tuple[str, str]:
    table = schema.outbox
    row = conn.execute(select(table).where(table.c.id == id_)).one()
    return row.status, row.reason


def claimed(conn: Connection, channel: str, limit: int = 9) -> list[Any]:
    return outbox.claim(conn, "s/1", NOW + MINUTE, NOW + HOUR, limit, channel=channel)


async def test_an_alarm_that_is_refused_goes_to_her_other_address_with_what_waits_behind_it(
    database: Database,
) -> None:
    def unit(conn: Connection) -> None:
        person = with_two(conn)
        first, second = says(conn, person, "one"), says(conn, person, "two")
        [one] = claimed(conn, "whatsapp")
        failed = Result(one.id, Status.FAILED, "undeliverable")

        record(conn, [Outcome(one, failed, "undeliverable")], NOW + MINUTE)

        assert one.id == first
        assert [became(conn, id_)[0] for id_ in (first, second)] == ["merged", "merged"]
        [again] = claimed(conn, "telegram")
        assert again.message.text == "one"
        outbox.record(conn, [Result(again.id, Status.SENT)], NOW + MINUTE)
        assert [late.message.text for late in claimed(conn, "telegram")] == ["two"]

    await database.write(unit)


async def test_so_it_does_when_the_platform_tells_later(database: Database) -> None:
    def unit(conn: Connection) -> None:
        id_ = says(conn, with_two(conn), "one")
        [one] = claimed(conn, "whatsapp")
        outbox.record(conn, [Result(one.id, Status.SENT, platform_id="w1")], NOW + MINUTE)
        later = NOW + 2 * MINUTE
        told = StatusTold("whatsapp", "100", "w1", "failed", later, 131026, "undeliverable")

        for _ in range(2):
            facts.apply(conn, [told], later)

        [again] = outbox.claim(conn, "s/1", later, later + HOUR, 9, channel="telegram")
        assert again.message.text == "one"
        assert became(conn, id_) == ("merged", f"into {again.id}")

    await database.write(unit)


async def test_whoever_blocks_the_bot_is_called_where_she_did_not(database: Database) -> None:
    def unit(conn: Connection) -> None:
        person = with_two(conn)
        id_ = says(conn, person, "one")
        address = people.at_address(conn, "whatsapp", "100", "ID.1", NOW).address_id

        outbox.block(conn, address, "blocked", NOW + MINUTE)

        assert [one.message.text for one in claimed(conn, "telegram")] == ["one"]
        assert became(conn, id_)[0] == "merged"

    await database.write(unit)


async def test_without_another_address_it_failed(database: Database) -> None:
    def unit(conn: Connection) -> None:
        seat = people.at_address(conn, "whatsapp", "100", "ID.1", NOW)
        id_ = says(conn, seat.person.id, "one")

        outbox.block(conn, seat.address_id, "blocked", NOW + MINUTE)

        assert became(conn, id_) == ("failed", "blocked")

    await database.write(unit)


@pytest.mark.parametrize("priority", [Priority.REPLY, Priority.REMINDER])
async def test_only_alarms_do(priority: Priority, database: Database) -> None:
    def unit(conn: Connection) -> None:
        person = with_two(conn)
        id_ = says(conn, person, "one", priority)
        address = people.at_address(conn, "whatsapp", "100", "ID.1", NOW).address_id

        outbox.block(conn, address, "blocked", NOW + MINUTE)

        assert became(conn, id_) == ("failed", "blocked")

    await database.write(unit)

"""The transcript of one address: what came, what went, in order, and nothing of anybody else."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, update

from conversations.message import Choice, Message, Priority
from storage import inbox, outbox, transcript
from storage.database import Database
from storage.inbox import Received
from storage.outbox import Result, Status
from storage.schema import inbox as inbox_rows
from tests.storage.builders import DAY, HOUR, MINUTE, NOW, a_seat

HERE = ("telegram", "bot", "62812")


def came(conn: Connection, name: str, body: bytes, at: datetime, address: str = "62812") -> None:
    inbox.accept(conn, [Received("telegram", "bot", name, address, body)], at)


def planned(conn: Connection, text: str, at: datetime, address: str = "62812") -> int:
    id_ = outbox.add(
        conn,
        address_id=a_seat(conn, address).address_id,
        person_id=None,
        message=Message(text, (Choice("Ya", "y"),)),
        dedupe_key=f"{address}/{text}",
        priority=Priority.REPLY,
        purpose="reply",
        not_before=at,
        expires_at=None,
        now=NOW,
    )
    assert id_ is not None
    return id_


def sent(conn: Connection, text: str, at: datetime, address: str = "62812") -> None:
    id_ = planned(conn, text, at, address)
    outbox.record(conn, [Result(id_, Status.SENT)], at)


async def test_what_came_is_told_oldest_first_and_opened(database: Database) -> None:
    def unit(conn: Connection) -> None:
        came(conn, "1", b"halo", NOW)
        came(conn, "2", b"apa kabar", NOW + MINUTE)
        came(conn, "3", b"orang lain", NOW, address="62899")

    await database.write(unit)

    told = await database.read(lambda conn: transcript.heard(conn, *HERE, 10))

    assert [(one.external_id, one.body, one.at) for one in told] == [
        ("1", b"halo", NOW),
        ("2", b"apa kabar", NOW + MINUTE),
    ]


async def test_only_the_newest_are_told(database: Database) -> None:
    def unit(conn: Connection) -> None:
        for number in range(5):
            came(conn, f"{number}", b"x", NOW)
            sent(conn, f"{number}", NOW + MINUTE * number)

    await database.write(unit)

    heard = await database.read(lambda conn: transcript.heard(conn, *HERE, 2))
    said = await database.read(lambda conn: transcript.said(conn, *HERE, 2))

    assert [one.external_id for one in heard] == ["3", "4"]
    assert [one.message and one.message.text for one in said] == ["3", "4"]


async def test_what_went_stands_where_it_was_due_and_what_waits_is_not_told(
    database: Database,
) -> None:
    def unit(conn: Connection) -> None:
        sent(conn, "ditahan semalam", NOW + DAY)
        sent(conn, "langsung", NOW + MINUTE)
        planned(conn, "besok lusa", NOW + 2 * DAY)
        sent(conn, "untuk orang lain", NOW, address="62899")

    await database.write(unit)

    said = await database.read(lambda conn: transcript.said(conn, *HERE, 10))

    assert [one.message and one.message.text for one in said] == ["langsung", "ditahan semalam"]
    assert [one.at for one in said] == [NOW + MINUTE, NOW + DAY]


async def test_what_is_on_its_way_is_told_where_it_was_planned(database: Database) -> None:
    def unit(conn: Connection) -> None:
        planned(conn, "sedang dikirim", NOW + HOUR)
        outbox.claim(conn, "me/1", NOW + HOUR, NOW + DAY, 10, channel="telegram")

    await database.write(unit)

    said = await database.read(lambda conn: transcript.said(conn, *HERE, 10))

    assert [one.at for one in said] == [NOW + HOUR]


async def test_a_long_body_is_kept_but_opened_only_when_asked_for(database: Database) -> None:
    body = b"x" * (transcript.SHORT + 1)
    await database.write(lambda conn: came(conn, "voice:1", body, NOW))

    told = await database.read(lambda conn: transcript.heard(conn, *HERE, 10))
    whole = await database.read(lambda conn: transcript.body_of(conn, *HERE[:2], "voice:1"))

    assert told[0].body is None
    assert told[0].kept
    assert whole == body


async def test_what_retention_emptied_is_gone(database: Database) -> None:
    def unit(conn: Connection) -> None:
        came(conn, "1", b"halo", NOW)
        conn.execute(update(inbox_rows).values(body=None))

    await database.write(unit)

    told = await database.read(lambda conn: transcript.heard(conn, *HERE, 10))
    body = await database.read(lambda conn: transcript.body_of(conn, *HERE[:2], "1"))

    assert not told[0].kept
    assert body is None


async def test_what_no_key_opens_is_shown_like_what_is_gone(database: Database) -> None:
    def unit(conn: Connection) -> None:
        came(conn, "1", b"halo", NOW)
        conn.execute(update(inbox_rows).values(body=b"rusak"))

    await database.write(unit)

    told = await database.read(lambda conn: transcript.heard(conn, *HERE, 10))

    assert told[0].body is None


async def test_addresses_are_told_the_newest_first(database: Database) -> None:
    def unit(conn: Connection) -> None:
        for address in ("1", "2", "3"):
            a_seat(conn, address)
        a_seat(conn, "4", channel="simulator")

    await database.write(unit)

    told = await database.read(lambda conn: transcript.addresses_of(conn, "telegram", "bot", 2))

    assert told == ("3", "2")


async def test_what_is_still_being_written_down_keeps_its_place(database: Database) -> None:
    def unit(conn: Connection) -> None:
        first, second = planned(conn, "satu", NOW), planned(conn, "dua", NOW)
        outbox.claim(conn, "me/1", NOW, NOW + MINUTE, 10, channel="telegram")
        outbox.record(conn, [Result(first, Status.SENT)], NOW + MINUTE)
        outbox.claim(conn, "me/1", NOW, NOW + MINUTE, 10, channel="telegram")
        assert second

    await database.write(unit)

    said = await database.read(lambda conn: transcript.said(conn, *HERE, 10))

    assert [one.message and one.message.text for one in said] == ["satu", "dua"]

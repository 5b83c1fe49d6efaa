"""The look at what WhatsApp costs: who hears of a mark, of trouble, of people without an answer."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import Connection, select, update

from bot.planned import KINDS, Planning, costs
from bot.settings import Settings
from conversations.dialogue import Person
from conversations.message import Message, Priority
from conversations.politeness import QuietHours
from storage import accounts, bodies, due, outbox, people, schema, spending
from storage.database import Database
from storage.facts import AccountTold
from storage.spending import Told
from storage.world import Programme
from tests.storage.builders import DAY, HOUR, NOW, a_member
from tests.storage.spending_builders import NUMBER, UTILITY, counted, with_budget

QUIET = QuietHours.parse("20:30-06:30")
NIGHT = datetime.fromisoformat("2026-11-18T23:00+07:00")


def looks(conn: Connection, at: datetime = NOW) -> None:
    """The look that is due at this moment."""
    due.plan(conn, accounts.LOOK, accounts.SUBJECT, None, at, None)
    [row] = [one for one in due.next_due(conn, at, 10) if one.kind == accounts.LOOK]
    KINDS[row.kind](conn, row, Planning(at, Programme("Yayasan Contoh"), QUIET))


def told(conn: Connection) -> list[str]:
    table = schema.outbox
    rows = conn.execute(select(table.c.body).where(table.c.purpose == "costs").order_by(table.c.id))
    return [bodies.opened(conn, body).text for body in rows.scalars()]


def unanswered(conn: Connection, address: str, now: datetime = NOW) -> Person:
    """Somebody wrote and was not answered, because it would have cost too much."""
    seat = people.at_address(conn, "whatsapp", NUMBER, address, now)
    id_ = outbox.add(
        conn,
        address_id=seat.address_id,
        person_id=seat.person.id,
        message=Message("Halo"),
        dedupe_key=f"in:{address}",
        priority=Priority.REPLY,
        purpose="reply",
        not_before=now,
        expires_at=None,
        now=now,
    )
    ended = {"status": "excluded", "reason": spending.REASON}
    conn.execute(update(schema.outbox).where(schema.outbox.c.id == id_).values(**ended))
    return seat.person


@pytest.mark.parametrize(
    ("messages", "words"),
    [(50, "sudah separuh"), (80, "tidak diminta berhenti"), (100, "habis")],
)
async def test_staff_hear_once_of_each_mark(database: Database, messages: int, words: str) -> None:
    def unit(conn: Connection) -> None:
        a_member(conn)
        with_budget(conn, 100 * UTILITY)
        counted(conn, messages - 1)
        looks(conn)
        before = len(told(conn))
        counted(conn, 1)

        looks(conn)
        looks(conn, NOW + HOUR)

        assert len(told(conn)) == before + 1
        assert words in told(conn)[-1]

    await database.write(unit)


async def test_of_several_marks_passed_at_once_only_the_last_is_told(database: Database) -> None:
    def unit(conn: Connection) -> None:
        a_member(conn)
        with_budget(conn, 100 * UTILITY)
        counted(conn, 85)

        looks(conn)

        [text] = told(conn)
        assert "Rp 30.345 dari anggaran Rp 35.700" in text

    await database.write(unit)


async def test_a_lower_mark_is_not_told_when_money_comes_back(database: Database) -> None:
    def unit(conn: Connection) -> None:
        a_member(conn)
        with_budget(conn, 100 * UTILITY)
        ids = counted(conn, 80)
        looks(conn)
        spending.correct(conn, [Told(id_, failed=True) for id_ in ids[:20]])

        looks(conn, NOW + HOUR)

        assert len(told(conn)) == 1

    await database.write(unit)


async def test_a_new_month_begins_anew(database: Database) -> None:
    def unit(conn: Connection) -> None:
        a_member(conn)
        with_budget(conn, 100 * UTILITY)
        counted(conn, 60)
        looks(conn)
        december = NOW + 20 * DAY
        counted(conn, 60, now=december)

        looks(conn, december)

        assert len(told(conn)) == 2

    await database.write(unit)


async def test_everybody_of_staff_hears_it_at_a_decent_hour_and_soon_enough(
    database: Database,
) -> None:
    def unit(conn: Connection) -> None:
        a_member(conn)
        a_member(conn, "Rina", "801")
        with_budget(conn, UTILITY)
        counted(conn, 1)

        looks(conn, NIGHT)

        table = schema.outbox
        rows = conn.execute(select(table).where(table.c.purpose == "costs")).all()
        assert len({row.person_id for row in rows}) == 2
        morning = datetime.fromisoformat("2026-11-19T06:30+07:00")
        assert all(morning == row.not_before < row.expires_at for row in rows)

    await database.write(unit)


async def test_what_staff_must_know_leaves_although_the_money_is_gone(database: Database) -> None:
    def unit(conn: Connection) -> None:
        a_member(conn)
        with_budget(conn, UTILITY)
        counted(conn, 2)
        looks(conn)

        table = schema.outbox
        [rank] = conn.execute(select(table.c.priority).where(table.c.purpose == "costs")).scalars()
        assert outbox.PRIORITIES[rank] is Priority.ALARM

    await database.write(unit)


async def test_people_without_an_answer_are_told_of_once_a_day(database: Database) -> None:
    def unit(conn: Connection) -> None:
        a_member(conn)
        with_budget(conn, 1_000_000)
        unanswered(conn, "ID.1")
        unanswered(conn, "ID.2")

        looks(conn)
        looks(conn, NOW + HOUR)

        [text] = told(conn)
        assert text.startswith("2 orang menulis di WhatsApp hari ini")
        assert "TIDAK SAMPAI" in text
        looks(conn, NOW + DAY)
        assert len(told(conn)) == 1

    await database.write(unit)


async def test_trouble_with_the_account_is_told_once_and_again_when_it_comes_back(
    database: Database,
) -> None:
    def unit(conn: Connection) -> None:
        a_member(conn)
        with_budget(conn, 1_000_000)
        for now, event in ((NOW, "FLAGGED"), (NOW + HOUR, "UNFLAGGED"), (NOW + DAY, "FLAGGED")):
            fact = AccountTold(NUMBER, "phone_number_quality_update", event)
            accounts.keep(conn, [fact], now)
            looks(conn, now)
            looks(conn, now + timedelta(minutes=1))

        assert len(told(conn)) == 2
        assert "Mutu nomor WhatsApp" in told(conn)[0]

    await database.write(unit)


async def test_what_stops_everything_is_said_at_the_start_and_to_whoever_asks_for_health(
    database: Database,
) -> None:
    def unit(conn: Connection) -> None:
        with_budget(conn, UTILITY)
        assert (costs.stopped(conn, NOW), costs.lines(conn, NOW)) == ("", [])
        counted(conn, 1)
        accounts.keep(conn, [AccountTold(NUMBER, "errors", "131042 payment")], NOW)

        assert costs.stopped(conn, NOW).startswith("Pembayaran WhatsApp bermasalah")
        first, second = costs.lines(conn, NOW)
        assert "habis" in first
        assert "Pembayaran" in second

    await database.write(unit)


async def test_it_looks_again_and_stops_looking_where_there_is_no_whatsapp(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    there = Settings(
        whatsapp_token="x", whatsapp_phone_id=NUMBER, whatsapp_budget=500, _env_file=None
    )
    gone = Settings(_env_file=None)

    def unit(conn: Connection) -> None:
        costs.begin(conn, there, NOW)
        assert spending.ours(conn) == NUMBER
        looks(conn)
        soon = NOW + costs.EVERY
        assert [row.kind for row in due.next_due(conn, soon, 10)] == [accounts.LOOK]

        costs.begin(conn, gone, NOW)
        looks(conn)

        assert spending.ours(conn) == ""
        assert costs.stopped(conn, NOW) == ""
        assert due.next_due(conn, NOW + DAY, 10) == []

    await database.write(unit)

"""What leaves how, row by row: freely, by a template, as a knock, later, or not; and the words
that follow a knock."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, cast
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import Connection, text, update

from conversations import templates as approved
from conversations.dialogue import Dialogue, PersonId, Turn
from conversations.message import Choice, Message, Outgoing, Priority, Template
from conversations.phone.letters import Parcel, Post
from conversations.phone.phone import SILENT
from locales.templates import templates as declared
from storage import outbox, passing, people, schema, spending, templates
from storage.database import Database
from storage.door import COLUMNS, Candidate
from storage.outbox import Claimed, Result, Status
from storage.templates import Found
from tests.storage.builders import DAY, HOUR, NOW

PHONE_ID = "106540352242922"
LATER = NOW + 2 * DAY
"""Her window is closed."""

REMINDER = Template(approved.REMINDER, ("Mbah", "Sekolah", "Selasa", "balai desa"))
DAYTIME = datetime.fromisoformat("2026-11-20T12:15+00:00")


def siti(conn: Connection, address: str = "ID.1", channel: str = "whatsapp") -> PersonId:
    """Mbah Siti, heard now."""
    account = PHONE_ID if channel == "whatsapp" else "bot"
    person = people.at_address(conn, channel, account, address, NOW).person.id
    told = {"salutation": "Mbah", "name": "Siti", "registered": True}
    people.change(conn, person, told, NOW)
    agreed = update(schema.people).where(schema.people.c.id == person)
    conn.execute(agreed.values(consent="given"))
    return person


def address_of(conn: Connection, person: PersonId) -> int:
    seat = people.seat_of(conn, person)
    assert seat is not None
    return seat.address_id


def approve(conn: Connection, *names: str, category: str = "utility") -> None:
    """These, or all, are approved in our words."""
    there = [
        Found(name, "approved", category, one.digest, f"t{name}"[:40])
        for name, one in declared().items()
        if not names or name in names
    ]
    templates.found(conn, PHONE_ID, there, NOW)


def say(conn: Connection, person: PersonId, key: str, **changes: Any) -> int:
    values: dict[str, Any] = {
        "address_id": address_of(conn, person),
        "person_id": person,
        "message": Message(key),
        "priority": Priority.REPLY,
        "purpose": "answer",
        "not_before": NOW,
        "expires_at": None,
        "now": NOW,
    }
    added = outbox.add(conn, dedupe_key=key, **{**values, **changes})
    assert added is not None
    return added


def claim(conn: Connection, now: datetime = LATER, channel: str = "whatsapp") -> list[Claimed]:
    return outbox.claim(conn, "s/1", now, now + HOUR, 10, channel=channel)


def sent(conn: Connection, claimed: list[Claimed], now: datetime = LATER) -> None:
    outbox.record(
        conn, [Result(one.id, Status.SENT, platform_id=f"w{one.id}") for one in claimed], now
    )


def row(conn: Connection, id_: int) -> Any:
    table = schema.outbox
    return conn.execute(table.select().where(table.c.id == id_)).one()


async def test_inside_the_window_the_words_themselves_go_without_their_template(
    database: Database,
) -> None:
    def unit(conn: Connection) -> None:
        id_ = say(conn, siti(conn), "halo", message=Message("halo", template=REMINDER))

        [one] = claim(conn, NOW + HOUR)

        assert one.message == Message("halo")
        assert (row(conn, id_).withheld, row(conn, id_).category) == (False, "service")

    await database.write(unit)


async def test_outside_it_the_template_goes_with_its_own_buttons(database: Database) -> None:
    def unit(conn: Connection) -> None:
        approve(conn)
        choices = (Choice("Datang", "s:1:yes"), Choice("Tidak bisa", "s:1:no"))
        message = Message("Selasa.", choices, template=REMINDER)
        id_ = say(conn, siti(conn), "r", message=message, purpose="session_reminder")

        [one] = claim(conn)

        assert one.message == message
        assert (row(conn, id_).withheld, row(conn, id_).category) == (False, "utility")

    await database.write(unit)


async def test_outside_it_other_words_are_withheld_behind_a_knock(database: Database) -> None:
    def unit(conn: Connection) -> None:
        approve(conn)
        id_ = say(conn, siti(conn), "Besok kami ke sana.")

        [one] = claim(conn)

        assert one.message.template == Template(approved.NEWS, ("Mbah",))
        assert "Mbah" in one.message.text
        assert [choice.payload for choice in one.message.choices] == [approved.OPEN]
        assert (row(conn, id_).withheld, row(conn, id_).category) == (True, "utility")

    await database.write(unit)


async def test_what_comes_after_a_knock_joins_it_and_may_knock_a_day_later(
    database: Database,
) -> None:
    def unit(conn: Connection) -> None:
        approve(conn)
        person = siti(conn)
        say(conn, person, "satu")
        sent(conn, claim(conn))
        second = say(conn, person, "dua")

        assert claim(conn, LATER + HOUR) == []

        assert (row(conn, second).status, row(conn, second).withheld) == ("waiting", True)
        [again] = claim(conn, LATER + DAY + HOUR)
        assert again.id == second

    await database.write(unit)


async def test_the_more_urgent_knocks_again(database: Database) -> None:
    def unit(conn: Connection) -> None:
        approve(conn)
        person = siti(conn)
        say(conn, person, "cek", purpose="checkin", priority=Priority.REMINDER)
        sent(conn, claim(conn, DAYTIME), DAYTIME)
        second = say(conn, person, "dari petugas")

        [one] = claim(conn, DAYTIME + HOUR)

        assert one.id == second

    await database.write(unit)


async def test_what_waits_holds_up_nothing_that_may_leave(database: Database) -> None:
    """Also when it was tried before: only what is to be tried again soon goes first."""

    def unit(conn: Connection) -> None:
        approve(conn)
        person = siti(conn)
        say(conn, person, "satu")
        sent(conn, claim(conn))
        second = say(conn, person, "dua")
        conn.execute(update(schema.outbox).where(schema.outbox.c.id == second).values(attempts=1))
        claim(conn, LATER + HOUR)
        reminder = Message("Selasa.", template=REMINDER)
        third = say(conn, person, "tiga", message=reminder, purpose="session_changed")

        assert [one.id for one in claim(conn, LATER + HOUR)] == [third]

    await database.write(unit)


@pytest.mark.parametrize(
    ("purpose", "priority", "reason"),
    [
        ("broadcast", Priority.BROADCAST, "window"),
        ("message", Priority.REMINDER, "window"),
        ("checkin", Priority.REMINDER, "template"),
        ("answer", Priority.REPLY, "template"),
        ("alert", Priority.ALARM, "template"),
    ],
)
async def test_what_cannot_be_said_is_excluded_with_its_reason(
    database: Database, purpose: str, priority: Priority, reason: str
) -> None:
    def unit(conn: Connection) -> None:
        id_ = say(conn, siti(conn), "x", purpose=purpose, priority=priority)

        assert claim(conn, DAYTIME) == []

        found = row(conn, id_)
        assert (found.status, found.reason) == ("excluded", reason)
        assert found.withheld is (purpose == "answer")

    await database.write(unit)


async def test_a_tip_waits_until_it_is_of_no_use(database: Database) -> None:
    def unit(conn: Connection) -> None:
        id_ = say(conn, siti(conn), "kiat", purpose="tip", priority=Priority.REMINDER)

        assert claim(conn, DAYTIME) == []
        assert (row(conn, id_).status, row(conn, id_).withheld) == ("waiting", True)
        assert claim(conn, DAYTIME + timedelta(days=8)) == []
        assert row(conn, id_).status == "expired"

    await database.write(unit)


async def test_a_month_without_money_stops_what_nobody_asked_for_and_no_alarm(
    database: Database,
) -> None:
    def unit(conn: Connection) -> None:
        approve(conn)
        spending.keep_budget(conn, 0, ZoneInfo("Asia/Jakarta"), PHONE_ID)
        reminder = Message("Selasa.", template=REMINDER)
        more = {"message": reminder, "purpose": "session_reminder", "priority": Priority.REMINDER}
        dear = say(conn, siti(conn), "r", **more)
        alarm = say(conn, siti(conn, "ID.2"), "a", purpose="alert", priority=Priority.ALARM)

        assert [one.id for one in claim(conn, DAYTIME)] == [alarm]
        assert (row(conn, dear).status, row(conn, dear).reason) == ("excluded", spending.REASON)

    await database.write(unit)


async def test_a_phone_of_several_people_that_lay_idle_is_asked_who_holds_it(
    database: Database,
) -> None:
    """Also on Telegram: nothing of what waits, and nobody's name in the wrong hands."""

    def unit(conn: Connection) -> None:
        person = siti(conn, "62812", "telegram")
        address = address_of(conn, person)
        shared = update(schema.addresses).where(schema.addresses.c.id == address)
        conn.execute(shared.values(shared=True))
        id_ = say(conn, person, "Adi sakit?")

        [one] = claim(conn, NOW + HOUR, "telegram")

        assert "Adi" not in one.message.text
        assert one.message.choices[0].payload == f"h:{person}"
        assert row(conn, id_).withheld
        asked = conn.execute(schema.addresses.select()).one()
        assert asked.asked_at == NOW + HOUR

    await database.write(unit)


async def test_a_phone_that_may_be_a_strangers_is_knocked_at_without_a_name(
    database: Database,
) -> None:
    def unit(conn: Connection) -> None:
        approve(conn)
        say(conn, siti(conn), "Adi sakit?")

        [one] = claim(conn, NOW + SILENT + DAY)

        assert one.message.template is not None
        assert one.message.template.values == ("Bapak/Ibu",)

    await database.write(unit)


async def test_a_knock_that_comes_back_goes_freely_once_she_has_written(
    database: Database,
) -> None:
    def unit(conn: Connection) -> None:
        approve(conn)
        id_ = say(conn, siti(conn), "Besok kami ke sana.")
        claim(conn)
        outbox.record(conn, [Result(id_, Status.WAITING, not_before=LATER)], LATER)
        people.at_address(conn, "whatsapp", PHONE_ID, "ID.1", LATER)

        [one] = claim(conn, LATER + HOUR)

        assert one.message == Message("Besok kami ke sana.")
        assert not row(conn, id_).withheld

    await database.write(unit)


async def test_withheld_words_are_found_in_their_order_and_for_her_alone(
    database: Database,
) -> None:
    def unit(conn: Connection) -> None:
        approve(conn)
        person = siti(conn)
        first = say(conn, person, "satu")
        sent(conn, claim(conn))
        second = say(conn, person, "dua")
        claim(conn, LATER + HOUR)

        letters, since = passing.withheld(conn, address_of(conn, person), person)

        assert [(one.id, one.message.text, one.knocked) for one in letters] == [
            (first, "satu", True),
            (second, "dua", False),
        ]
        assert since == LATER
        assert passing.withheld(conn, address_of(conn, person), 999) == ([], None)

    await database.write(unit)


async def test_words_that_followed_are_settled_and_never_leave_again(database: Database) -> None:
    def unit(conn: Connection) -> None:
        approve(conn)
        person = siti(conn)
        knocked = say(conn, person, "satu")
        sent(conn, claim(conn))
        waiting = say(conn, person, "dua")
        claim(conn, LATER + HOUR)
        late = say(conn, person, "tiga", purpose="tip", priority=Priority.REMINDER)
        claim(conn, DAYTIME)
        parcel = Parcel((knocked, waiting), Outgoing(Message("satu\n\ndua")))
        follows = say(conn, person, passing.key_of(parcel))

        post = Post(Turn(Dialogue()), (parcel,), late=(late,))
        passing.settle(conn, post, LATER + HOUR)

        assert [row(conn, id_).status for id_ in (knocked, waiting, late)] == [
            "sent",
            "merged",
            "expired",
        ]
        assert row(conn, waiting).reason == f"into {follows}"
        assert passing.withheld(conn, address_of(conn, person), person) == ([], None)
        assert [one.id for one in claim(conn, LATER + 2 * DAY)] == [follows]

    await database.write(unit)


async def test_a_knock_on_its_way_while_its_words_follow_says_them_no_second_time(
    database: Database,
) -> None:
    def unit(conn: Connection) -> None:
        approve(conn)
        person = siti(conn)
        id_ = say(conn, person, "satu")
        claim(conn)
        parcel = Parcel((id_,), Outgoing(Message("satu")))
        follows = say(conn, person, passing.key_of(parcel))
        passing.settle(conn, Post(Turn(Dialogue()), (parcel,)), LATER)

        outbox.record(conn, [Result(id_, Status.WAITING, not_before=LATER)], LATER)
        people.at_address(conn, "whatsapp", PHONE_ID, "ID.1", LATER)

        assert [one.id for one in claim(conn, LATER + HOUR)] == [follows]
        assert row(conn, id_).status == "expired"

    await database.write(unit)


async def test_after_berhenti_what_waited_is_excluded(database: Database) -> None:
    def unit(conn: Connection) -> None:
        person = siti(conn)
        id_ = say(conn, person, "kiat", purpose="tip", priority=Priority.REMINDER)
        claim(conn, DAYTIME)

        passing.settle(conn, Post(Turn(Dialogue()), stopped=(id_,)), LATER)

        assert (row(conn, id_).status, row(conn, id_).reason) == ("excluded", "stopped")

    await database.write(unit)


async def test_what_waited_while_she_wrote_of_danger_leaves_by_itself_later(
    database: Database,
) -> None:
    def unit(conn: Connection) -> None:
        person = siti(conn)
        id_ = say(conn, person, "kiat", purpose="tip", priority=Priority.REMINDER)
        claim(conn, DAYTIME)
        people.at_address(conn, "whatsapp", PHONE_ID, "ID.1", DAYTIME)

        passing.settle(conn, Post(Turn(Dialogue()), later=(id_,)), DAYTIME)

        assert claim(conn, DAYTIME + HOUR) == []
        tomorrow = DAYTIME + 14 * HOUR
        assert [one.id for one in claim(conn, tomorrow)] == [id_]

    await database.write(unit)


async def test_telegrams_own_way_costs_no_statement(database: Database) -> None:
    """A phone of one person on a channel without windows: what is known came with the row."""

    def unit(conn: Connection) -> None:
        say(conn, siti(conn, "62812", "telegram"), "halo")
        rows = [Candidate(*one) for one in conn.execute(text(COLUMNS)).all()]
        unusable = cast(Connection, None)

        passages, settled = passing.decide(unusable, rows, LATER)
        passing.leave(unusable, passages, LATER)

        assert [one.row for one in passages] == rows
        assert not settled

    await database.write(unit)


async def test_what_is_withheld_is_found_by_its_index(database: Database) -> None:
    def unit(conn: Connection) -> str:
        if conn.dialect.name == "postgresql":
            conn.exec_driver_sql("SET LOCAL enable_seqscan = off")
        explain = "EXPLAIN QUERY PLAN" if conn.dialect.name == "sqlite" else "EXPLAIN"
        asked = text(f"{explain} {passing.WITHHELD}")
        return str(conn.execute(asked, {"address": 1, "person": 2}).all())

    assert "ix_outbox_withheld" in await database.write(unit)

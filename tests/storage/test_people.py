"""Who writes from which address, what may be changed about her, and what she consented to."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest
from sqlalchemy import Connection, select, update

from conversations.dialogue import (
    Consent,
    Dialogue,
    Interview,
    PersonId,
    Role,
)
from conversations.phone.phone import Phone
from storage import consents, dialogues, people, phones, schema
from storage.database import Database
from tests.storage.builders import DAY, HOUR, MINUTE, NOW, a_caregiver, a_seat, count, known


async def test_an_unknown_address_becomes_a_caregiver_who_was_not_asked_yet(
    database: Database,
) -> None:
    seat = await database.write(a_seat)

    assert seat.person.role is Role.CAREGIVER
    assert seat.person.consent is Consent.UNASKED
    assert not seat.person.registered
    assert seat.person.channel == "telegram"
    assert seat.dialogue == Dialogue()
    assert await database.read(lambda c: count(c, schema.address_people)) == 1


async def test_the_same_address_is_the_same_person(database: Database) -> None:
    first = await database.write(a_seat)

    again = await database.write(a_seat)

    assert (again.address_id, again.person) == (first.address_id, first.person)


@pytest.mark.parametrize(
    "other", [("whatsapp", "bot", "1"), ("telegram", "bot2", "1"), ("telegram", "bot", "2")]
)
async def test_each_channel_account_and_address_has_its_own_person(
    database: Database, other: tuple[str, str, str]
) -> None:
    one = await database.write(lambda c: people.at_address(c, "telegram", "bot", "1", NOW))

    two = await database.write(lambda c: people.at_address(c, *other, NOW))

    assert two.person.id != one.person.id


async def test_two_first_messages_at_once_make_one_person(database: Database) -> None:
    seats = await asyncio.gather(*(database.write(a_seat) for _ in range(8)))

    assert len({seat.person.id for seat in seats}) == 1
    assert await database.read(lambda c: count(c, schema.people)) == 1


async def test_messages_taken_at_the_same_time_see_each_other(database: Database) -> None:
    def turn(conn: Connection) -> None:
        seat = a_seat(conn)
        more = (*seat.dialogue.stack, Interview("i", "checkin", "f"))
        dialogues.save(conn, seat.person.id, replace(seat.dialogue, stack=more), NOW)

    await asyncio.gather(*(database.write(turn) for _ in range(10)))

    assert len((await database.write(a_seat)).dialogue.stack) == 10


async def test_a_group_has_an_address_and_nobody_behind_it(database: Database) -> None:
    def unit(conn: Connection) -> tuple[int, int, int]:
        first = phones.address_only(conn, "telegram", "bot", "-100", NOW)
        again = phones.address_only(conn, "telegram", "bot", "-100", NOW)
        return first, again, count(conn, schema.people)

    first, second, persons = await database.write(unit)

    assert first == second
    assert persons == 0


async def test_what_is_known_of_her_comes_with_her_dialogue(database: Database) -> None:
    def unit(conn: Connection) -> people.Seat:
        village = people.add_village(conn, "Ledokombo", "JBR", zone="Asia/Makassar")
        changes: dict[str, Any] = {
            "village_id": village,
            "relation": "nenek",
            "language": "mad",
            "hour": "19:15",
            "paused_until": NOW + DAY,
            "stopped": True,
        }
        person = a_caregiver(conn, **changes)
        dialogues.save(conn, person.id, Dialogue((Interview("i1", "checkin", "f"),)), NOW)
        return a_seat(conn)

    seat = await database.write(unit)

    assert (seat.person.salutation, seat.person.name) == ("Mbah", "Siti")
    assert (seat.person.relation, seat.person.language) == ("nenek", "mad")
    assert (seat.person.hour, seat.person.paused_until) == ("19:15", NOW + DAY)
    assert seat.person.zone == "Asia/Makassar"
    assert seat.person.stopped
    assert seat.person.registered
    assert known(seat.dialogue.running).id == "i1"


async def test_writing_again_unblocks_the_address(database: Database) -> None:
    seat = await database.write(a_seat)
    await database.write(
        lambda c: c.execute(update(schema.addresses).values(blocked_at=NOW, blocked_reason="403"))
    )
    assert await database.write(lambda c: people.seat_of(c, seat.person.id)) is None

    await database.write(lambda c: people.at_address(c, "telegram", "bot", "62812", NOW))

    reached = await database.write(lambda c: people.seat_of(c, seat.person.id))
    assert reached is not None
    assert (reached.address_id, reached.person) == (seat.address_id, seat.person)


async def test_a_window_is_open_for_a_day_after_she_wrote_by_the_platforms_clock(
    database: Database,
) -> None:
    where = ("whatsapp", "628", "ID.1")
    late, then = NOW + 20 * HOUR, NOW

    def unit(conn: Connection) -> list[Phone]:
        people.at_address(conn, *where, late, written_at=then)
        first = people.at_address(conn, *where, late + HOUR, written_at=then - HOUR).phone
        return [first, people.at_address(conn, *where, late + 2 * HOUR).phone]

    phones = await database.write(unit)

    assert [phone.window_until for phone in phones] == [then + 24 * HOUR] * 2
    assert phones[0].speaks_freely(then + 23 * HOUR)
    assert not phones[0].speaks_freely(then + 24 * HOUR)


async def test_a_chat_without_a_window_may_always_be_spoken_to(database: Database) -> None:
    await database.write(a_seat)

    seat = await database.write(a_seat)

    assert seat.phone.window_until is None
    assert seat.phone.speaks_freely(NOW + 1000 * HOUR)


async def test_when_she_wrote_is_kept_to_the_minute(database: Database) -> None:
    heard = select(schema.addresses.c.last_inbound_at)
    wrote = select(schema.people.c.last_wrote_at)

    def at(moment: datetime) -> Callable[[Connection], tuple[object, object]]:
        def unit(conn: Connection) -> tuple[object, object]:
            people.at_address(conn, "telegram", "bot", "62812", moment)
            return conn.execute(heard).scalar(), conn.execute(wrote).scalar()

        return unit

    first = await database.write(at(NOW))
    soon = await database.write(at(NOW + MINUTE / 2))
    later = await database.write(at(NOW + 2 * MINUTE))

    assert first == soon == (NOW, NOW)
    assert later == (NOW + 2 * MINUTE, NOW + 2 * MINUTE)


async def test_she_is_reached_where_she_wrote_last(database: Database) -> None:
    def unit(conn: Connection) -> tuple[people.Seat, int]:
        old = a_seat(conn, "old")
        new = people.at_address(conn, "simulator", "628", "new", NOW + HOUR)
        phones.hold(conn, new.address_id, old.person.id, NOW)
        return known(people.seat_of(conn, old.person.id)), new.address_id

    seat, newest = await database.write(unit)

    assert seat.address_id == newest
    assert seat.person.channel == "simulator"


@pytest.mark.parametrize(("days", "channel"), [(29, "telegram"), (31, "whatsapp")])
async def test_who_has_a_free_channel_is_written_to_there_for_a_month(
    database: Database, days: int, channel: str
) -> None:
    def unit(conn: Connection) -> str:
        siti = a_seat(conn, "old").person.id
        paid = people.at_address(conn, "whatsapp", "628", "new", NOW + days * DAY)
        phones.hold(conn, paid.address_id, siti, NOW)
        return known(people.reachable(conn, siti))[1]

    assert await database.write(unit) == channel


async def test_an_alarm_goes_where_she_was_heard_last_and_may_be_spoken_to(
    database: Database,
) -> None:
    def unit(conn: Connection) -> list[str]:
        rini = a_seat(conn, "old").person.id
        paid = people.at_address(conn, "whatsapp", "628", "new", NOW + DAY)
        phones.hold(conn, paid.address_id, rini, NOW)
        found = [known(people.reachable(conn, rini, NOW + DAY))[1]]
        found.append(known(people.reachable(conn, rini, NOW + 2 * DAY))[1])
        telegram = schema.addresses.c.channel == "telegram"
        conn.execute(update(schema.addresses).where(telegram).values(blocked_at=NOW))
        return [*found, known(people.reachable(conn, rini, NOW + 2 * DAY))[1]]

    assert await database.write(unit) == ["whatsapp", "telegram", "whatsapp"]


async def test_everybody_who_shares_a_phone_is_reached_there_as_herself(
    database: Database,
) -> None:
    def unit(conn: Connection) -> list[tuple[bool, bool, object]]:
        siti, tini = a_seat(conn, "one"), a_seat(conn, "two")
        phones.hold(conn, siti.address_id, tini.person.id, NOW)
        phones.share(conn, siti.address_id)
        phones.not_hers(conn, tini.address_id, tini.person.id, NOW)
        seats = [known(people.seat_of(conn, one.person.id)) for one in (siti, tini)]
        return [
            (seat.address_id == siti.address_id, seat.person.shares_phone, seat.typist)
            for seat in seats
        ]

    assert await database.write(unit) == [(True, True, None)] * 2


async def test_nobody_is_reached_without_an_address(database: Database) -> None:
    assert await database.write(lambda c: people.seat_of(c, PersonId(99))) is None
    assert await database.write(lambda c: people.reachable(c, PersonId(99))) is None


async def test_an_address_is_found_without_reading_the_dialogue(database: Database) -> None:
    seat = await database.write(a_seat)

    found = await database.read(lambda c: people.reachable(c, seat.person.id))

    assert found == (seat.address_id, "telegram")


async def test_stopping_twice_keeps_the_first_time_and_starting_again_clears_it(
    database: Database,
) -> None:
    seat = await database.write(a_seat)
    stopped = select(schema.people.c.stopped_at)

    def change(value: bool, at: datetime) -> Callable[[Connection], object]:
        def unit(conn: Connection) -> object:
            people.change(conn, seat.person.id, {"stopped": value}, at)
            return conn.execute(stopped).scalar()

        return unit

    once = await database.write(change(True, NOW))
    twice = await database.write(change(True, NOW + DAY))
    resumed = await database.write(change(False, NOW + DAY))

    assert once == twice == NOW
    assert resumed is None


@pytest.mark.parametrize("column", ["role", "consent", "id", "erased_at", "no_such_column"])
async def test_a_conversation_cannot_change_everything(database: Database, column: str) -> None:
    seat = await database.write(a_seat)

    with pytest.raises(ValueError, match=column):
        await database.write(lambda c: people.change(c, seat.person.id, {column: "staff"}, NOW))


async def test_changing_nothing_is_no_mistake(database: Database) -> None:
    seat = await database.write(a_seat)

    await database.write(lambda c: people.change(c, seat.person.id, {}, NOW))

    assert (await database.write(a_seat)).person == seat.person


async def test_a_zone_she_told_wins_over_the_village(database: Database) -> None:
    def unit(conn: Connection) -> str:
        village = people.add_village(conn, "Ledokombo", "JBR", zone="Asia/Makassar")
        return a_caregiver(conn, village_id=village, zone="Asia/Hong_Kong").zone

    assert await database.write(unit) == "Asia/Hong_Kong"


async def test_a_name_longer_than_its_column_is_cut(database: Database) -> None:
    person = await database.write(lambda c: a_caregiver(c, name="S" * 200))

    assert person.name == "S" * 80


async def test_consent_keeps_the_words_she_was_shown(database: Database) -> None:
    def unit(conn: Connection) -> people.Seat:
        seat = a_seat(conn)
        consents.decide(
            conn,
            seat.person.id,
            Consent.GIVEN,
            capacity="nenek",
            text_version="v1",
            words="Boleh kami menyimpan jawaban?",
            channel="telegram",
            now=NOW,
        )
        return a_seat(conn)

    seat = await database.write(unit)
    proof = await database.read(lambda c: c.execute(select(schema.consents)).one())

    assert seat.person.consent is Consent.GIVEN
    assert (proof.decision, proof.capacity, proof.text_version) == ("given", "nenek", "v1")
    assert (proof.text, proof.at) == ("Boleh kami menyimpan jawaban?", NOW)


async def test_asking_to_be_forgotten_stops_messages_at_once(database: Database) -> None:
    def unit(conn: Connection) -> people.Seat:
        seat = a_seat(conn)
        consents.ask_erasure(conn, seat.person.id, NOW)
        consents.ask_erasure(conn, seat.person.id, NOW + DAY)
        return a_seat(conn)

    seat = await database.write(unit)
    asked = await database.read(
        lambda c: c.execute(select(schema.people.c.erasure_asked_at)).scalar()
    )

    assert seat.person.stopped
    assert asked == NOW


async def test_villages_come_in_the_order_to_be_offered_and_are_corrected_by_code(
    database: Database,
) -> None:
    def unit(conn: Connection) -> tuple[people.Village, ...]:
        people.add_village(conn, "Sumbersalak", "SBS", position=2)
        first = people.add_village(conn, "Ledokomba", "JBR", position=1)
        again = people.add_village(conn, "Ledokombo", "JBR", district="Jember", position=1)
        assert first == again
        return people.all_villages(conn)

    villages = await database.write(unit)

    assert [village.name for village in villages] == ["Ledokombo", "Sumbersalak"]
    assert (villages[0].district, villages[0].head_title) == ("Jember", "Kepala Desa")


async def test_a_code_begins_with_the_village_or_with_kwn(database: Database) -> None:
    def unit(conn: Connection) -> tuple[str, str]:
        village = people.add_village(conn, "Ledokombo", "JBR")
        of_village = a_caregiver(conn, "1", village_id=village)
        of_none = a_caregiver(conn, "2")
        return people.village_code(conn, of_village.id), people.village_code(conn, of_none.id)

    assert await database.write(unit) == ("JBR", "KWN")

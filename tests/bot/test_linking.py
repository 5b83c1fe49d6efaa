"""One person with several chats, several people with one: codes as whole turns."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

from sqlalchemy import Connection, select, update

from conversations.dialogue import PersonId
from conversations.message import Message, Priority
from storage import (
    adding,
    bodies,
    dialogues,
    erasure,
    exports,
    households,
    joining,
    people,
    roster,
    schema,
)
from storage.database import Database
from storage.roster_sheet import Listed
from tests.bot.shared_phones import MINUTE, Family, Handset, tasks
from tests.storage.builders import NOW, a_caregiver, a_member, a_seat, a_task, known
from tests.storage.school_builders import a_school

CODE = re.compile(r"[A-Z0-9]{4}-[A-Z0-9]{4}")


def with_chat(conn: Connection, address: str = "7") -> tuple[Handset, PersonId]:
    """Mbah Siti, who is registered on Telegram."""
    siti = a_caregiver(conn, address)
    conn.execute(update(schema.people).where(schema.people.c.id == siti.id).values(consent="given"))
    return Handset(conn, "telegram", address), siti.id


def code_from(phone: Handset) -> str:
    found = CODE.search(phone.says("SAMBUNG")[0])
    return known(found)[0]


def of_roster(conn: Connection, name: str = "Tini") -> tuple[PersonId, str]:
    """Somebody on a school's list, and the code of her slip."""
    school = a_school(conn)
    person = roster.enlist(conn, school, Listed(0, name, "Mbah"), None, None, NOW)
    return person, joining.make(conn, [person], NOW)[person]


def waiting(conn: Connection, person: PersonId) -> list[str]:
    table = schema.outbox
    rows = conn.execute(
        select(table.c.body).where(table.c.person_id == person, table.c.status == "waiting")
    )
    return [bodies.opened(conn, body).text for (body,) in rows]


async def test_her_other_chat_is_hers_by_the_code_and_she_hears_it_on_both(
    database: Database,
) -> None:
    def unit(conn: Connection) -> tuple[Any, ...]:
        phone, siti = with_chat(conn)
        other = Handset(conn, "whatsapp", "ID.1")
        said = other.says(code_from(phone))
        audited = conn.execute(select(schema.audit.c.action).order_by(schema.audit.c.id))
        return other.holder == siti, said, waiting(conn, siti), list(audited.scalars())

    hers, here, there, audited = await database.write(unit)

    assert hers
    assert here[0].startswith("Selamat datang, Mbah Siti. HP ini sekarang tersambung.\n\n")
    [told] = there
    assert told.startswith("Sekarang Mbah Siti juga tersambung lewat WhatsApp")
    assert {"link opened", "code used"} <= set(audited)


async def test_what_the_fresh_chat_told_before_is_hers_too(database: Database) -> None:
    def unit(conn: Connection) -> bool:
        phone, siti = with_chat(conn)
        other = Handset(conn, "whatsapp", "ID.1")
        other.says("halo")
        nobody = people.at_address(conn, "whatsapp", "bot", "ID.1", NOW).person
        a_task(conn, nobody)
        other.says(code_from(phone))
        return bool(conn.execute(select(schema.tasks.c.about_id)).scalar_one() == siti)

    assert await database.write(unit)


async def test_a_code_for_another_chat_is_good_once_and_for_a_quarter_of_an_hour(
    database: Database,
) -> None:
    def unit(conn: Connection) -> list[bool]:
        phone, siti = with_chat(conn)
        found = []
        for address, minutes in (("ID.1", 14), ("ID.2", 15)):
            code = code_from(phone)
            other = Handset(conn, "whatsapp", address, phone.now + minutes * MINUTE)
            other.says(code)
            found.append(other.holder == siti)
        again = Handset(conn, "whatsapp", "ID.3")
        code = code_from(phone)
        Handset(conn, "whatsapp", "ID.4").says(code)
        again.says(code)
        return [*found, again.holder == siti]

    assert await database.write(unit) == [True, False, False]


async def test_asking_for_a_code_leaves_the_slip_good(database: Database) -> None:
    def unit(conn: Connection) -> list[bool]:
        person, code = of_roster(conn)
        joining.open_link(conn, person, "CDFGHJKM", NOW)
        joining.open_link(conn, person, "CDFGHJKN", NOW)
        invited = [joining.invited(conn, one, NOW) for one in (code, "CDFGHJKM", "CDFGHJKN")]
        return [one is not None and one.linking for one in invited]

    assert await database.write(unit) == [False, False, True]


async def test_an_alert_has_a_second_way(database: Database) -> None:
    def unit(conn: Connection) -> tuple[str, str]:
        dimas = a_member(conn)
        other = Handset(conn, "whatsapp", "ID.1")
        other.says(code_from(Handset(conn, "telegram", "800")))
        first = known(people.reachable(conn, dimas.id, NOW + MINUTE))[1]
        channel = schema.addresses.c.channel
        conn.execute(update(schema.addresses).where(channel == first).values(blocked_at=NOW))
        return first, known(people.reachable(conn, dimas.id, NOW + MINUTE))[1]

    assert set(await database.write(unit)) == {"telegram", "whatsapp"}


async def test_a_slip_on_anothers_phone_makes_it_one_of_several_people(
    database: Database,
) -> None:
    def unit(conn: Connection) -> tuple[Any, ...]:
        phone, siti = with_chat(conn)
        phone.says("menu")
        before = dialogues.of(conn, siti)
        tini, code = of_roster(conn)
        phone.says(code)
        said = phone.says("1")
        asked = phone.waits(minutes=30).says("menu")
        kept = dialogues.of(conn, siti).stack == before.stack
        return said, phone.users == {siti, tini}, phone.row.shared, kept, asked

    said, both, shared, kept, asked = await database.write(unit)

    assert "Mbah Tini. HP ini dipakai bersama" in said[0]
    assert (both, shared, kept) == (True, True, True)
    assert asked[0].endswith("1. Mbah Siti\n2. Mbah Tini\n3. Orang lain")


async def test_a_phone_that_is_given_away_speaks_for_one_alone(database: Database) -> None:
    def unit(conn: Connection) -> tuple[Any, ...]:
        phone, siti = with_chat(conn)
        tini, code = of_roster(conn)
        adding.add(
            conn,
            address_id=phone.row.id,
            person_id=siti,
            message=Message("Apa kabar Adi?"),
            dedupe_key="planned",
            priority=Priority.REMINDER,
            purpose="checkin",
            not_before=NOW,
            expires_at=None,
            now=NOW - MINUTE,
        )
        phone.says(code)
        phone.says("2")
        row = conn.execute(
            select(schema.outbox).where(schema.outbox.c.dedupe_key == "planned")
        ).one()
        reached = people.reachable(conn, siti)
        return phone.users == {tini}, phone.row.shared, (row.status, row.reason), reached

    alone, shared, planned, reached = await database.write(unit)

    assert (alone, shared) == (True, False)
    assert planned == ("excluded", "not hers")
    assert reached is None


async def test_staff_learn_who_lost_her_phone(database: Database) -> None:
    def unit(conn: Connection) -> tuple[list[str], bool]:
        phone, siti = with_chat(conn)
        _, code = of_roster(conn)
        phone.says(code)
        phone.says("2")
        about = conn.execute(select(schema.tasks.c.about_id)).scalar_one()
        return tasks(conn), about == siti

    assert await database.write(unit) == (["reason.phone_given"], True)


async def test_somebody_else_on_a_shared_phone_comes_in_by_her_slip(database: Database) -> None:
    def unit(conn: Connection) -> tuple[bool, bool]:
        family = Family(conn)
        person, code = of_roster(conn, "Wati")
        family.phone.waits(hours=1).says("halo")
        family.phone.says("3")
        family.phone.says(code)
        return family.phone.holder == person, family.phone.users == {
            family.siti,
            family.tini,
            person,
        }

    assert await database.write(unit) == (True, True)


async def test_who_leaves_a_chat_is_somebody_new_there(database: Database) -> None:
    def unit(conn: Connection) -> tuple[Any, ...]:
        phone, siti = with_chat(conn)
        other = Handset(conn, "whatsapp", "ID.1")
        other.says(code_from(phone))
        other.says("LEPAS")
        said = other.says("1")
        then = other.says("halo")
        return said, then, other.holder == siti, siti in other.users, phone.holder == siti

    said, then, holds, uses, keeps = await database.write(unit)

    assert "sudah dilepas" in said[0]
    assert "18 tahun" in " ".join(then)
    assert (holds, uses, keeps) == (False, False, True)


async def test_who_leaves_a_shared_phone_leaves_it_to_the_others(database: Database) -> None:
    def unit(conn: Connection) -> tuple[Any, ...]:
        family = Family(conn)
        _, code = of_roster(conn, "Wati")
        family.phone.says(code)
        family.phone.says("1")
        wati = family.phone.holder
        family.phone.says("LEPAS")
        family.phone.says("1")
        return wati in family.phone.users, family.phone.row.shared, family.phone.says("menu")

    uses, shared, asked = await database.write(unit)

    assert (uses, shared) == (False, True)
    assert asked[0].endswith("1. Mbah Tini\n2. Mbah Siti\n3. Orang lain")


async def test_ten_wrong_codes_are_enough_for_an_hour(database: Database) -> None:
    def unit(conn: Connection) -> list[list[str]]:
        phone, _ = with_chat(conn)
        said = [phone.says("CDFG-HJKM") for _ in range(11)]
        return [said[0], said[9], said[10], phone.waits(hours=1).says("CDFG-HJKM")]

    first, tenth, eleventh, later = await database.write(unit)

    assert "belum cocok. Coba" in first[0]
    assert "satu jam" in tenth[0]
    assert eleventh == []
    assert "belum cocok. Coba" in later[0]


async def test_erasing_one_of_two_leaves_the_phone_to_the_other(database: Database) -> None:
    def unit(conn: Connection) -> tuple[Any, ...]:
        family = Family(conn)
        erasure.erase(conn, family.siti, "command", NOW + MINUTE)
        said = family.phone.waits(hours=1).says("data saya")
        return family.phone.holder == family.tini, family.phone.row.shared, said

    held, shared, said = await database.write(unit)

    assert (held, shared) == (True, False)
    assert "Bayu" in said[0]
    assert not any("Siti" in line or "Adi" in line for line in said)


async def test_a_rest_is_for_everybody_who_shares_the_phone(database: Database) -> None:
    def unit(conn: Connection) -> int:
        family = Family(conn)
        a_seat(conn, "elsewhere")
        return households.pause(conn, family.siti, NOW + timedelta(days=40))

    assert await database.write(unit) == 2


async def test_an_export_names_the_phone_with_each_who_uses_it(database: Database) -> None:
    def unit(conn: Connection) -> list[str]:
        Family(conn)
        export = exports.export(
            conn, exports.What.CONTACTS, actor="command", now=NOW, reason="undangan"
        )
        rows = [row for row in export.rows if row["name"]]
        return sorted(f"{row['name']}: {row['addresses']}" for row in rows)

    found = await database.write(unit)

    assert found == ["Siti: telegram 628", "Tini: telegram 628"]

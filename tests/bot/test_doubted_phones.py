"""Numbers that may be a stranger's by now: whole turns, on both databases."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, select, update

from conversations.dialogue import PersonId
from conversations.message import Message, Priority
from storage import adding, outbox, phones, schema
from storage.database import Database
from storage.facts import AddressDoubted, AddressMoved, apply
from tests.bot.shared_phones import MINUTE, Handset, somebody, tasks
from tests.storage.builders import NOW

HERS = "Apakah ini HP Mbah Siti?\n\n1. Ya, benar\n2. Bukan"


def of_siti(conn: Connection) -> tuple[Handset, PersonId]:
    """The WhatsApp number of Mbah Siti, who has a grandchild called Adi."""
    phone = Handset(conn, "whatsapp", "ID.1")
    phone.says("halo")
    nobody, siti = phone.holder, somebody(conn, "Siti", "Adi")
    phones.not_hers(conn, phone.row.id, nobody, NOW)
    phones.hold(conn, phone.row.id, siti, NOW)
    return phone, siti


def planned(conn: Connection, phone: Handset, person: PersonId) -> None:
    adding.add(
        conn,
        address_id=phone.row.id,
        person_id=person,
        message=Message("Apa kabar Adi?"),
        dedupe_key="planned",
        priority=Priority.REMINDER,
        purpose="checkin",
        not_before=phone.now,
        expires_at=None,
        now=phone.now,
    )


def became(conn: Connection) -> tuple[str, str]:
    table = schema.outbox
    row = conn.execute(select(table).where(table.c.dedupe_key == "planned")).one()
    return row.status, row.reason


async def test_after_sixty_silent_days_she_is_asked_before_anything_is_shown(
    database: Database,
) -> None:
    def unit(conn: Connection) -> tuple[Any, ...]:
        phone, _ = of_siti(conn)
        early = phone.waits(days=59).says("data saya")
        asked = phone.waits(days=60).says("data saya")
        shown = phone.says("ya")
        later = phone.waits(hours=2).says("data saya")
        return early, asked, shown, later, phone.row.doubted_at

    early, asked, shown, later, doubted = await database.write(unit)

    assert "Adi" in early[0]
    assert asked == [HERS]
    assert "Adi" in shown[0]
    assert "Adi" in later[0]
    assert doubted is None


async def test_while_she_has_not_answered_the_number_stays_in_doubt(database: Database) -> None:
    def unit(conn: Connection) -> tuple[bool, list[str]]:
        phone, _ = of_siti(conn)
        phone.waits(days=61).says("halo")
        return phone.row.doubted_at is not None, phone.waits(days=2).says("halo")

    doubted, asked = await database.write(unit)

    assert doubted
    assert asked == [HERS]


async def test_a_stranger_is_somebody_new_and_staff_learn_that_her_number_is_gone(
    database: Database,
) -> None:
    def unit(conn: Connection) -> tuple[Any, ...]:
        phone, siti = of_siti(conn)
        planned(conn, phone, siti)
        said = [*phone.waits(days=61).says("data saya"), *phone.says("bukan")]
        told = said, became(conn), tasks(conn), siti in phone.users, phone.holder == siti
        about = conn.execute(select(schema.tasks.c.about_id)).scalar_one()
        return (*told, about == siti, phone.says("data saya"))

    said, row, opened, uses, holds, about_her, later = await database.write(unit)

    assert not any("Adi" in line for line in (*said, *later))
    assert "18 tahun" in " ".join(said)
    assert row == ("excluded", "not hers")
    assert opened == ["reason.number_gone"]
    assert (uses, holds, about_her) == (False, False, True)


async def test_words_that_only_begin_with_no_do_not_take_her_number(database: Database) -> None:
    def unit(conn: Connection) -> tuple[list[str], bool]:
        phone, siti = of_siti(conn)
        phone.waits(days=61).says("halo")
        return phone.says("tidak mau makan"), phone.holder == siti

    said, hers = await database.write(unit)

    assert said[0].endswith(HERS)
    assert hers


async def test_whom_a_message_did_not_reach_is_asked_when_she_writes_again(
    database: Database,
) -> None:
    def unit(conn: Connection) -> list[str]:
        phone, _ = of_siti(conn)
        conn.execute(update(schema.addresses).values(blocked_at=NOW))
        return phone.waits(days=1).says("data saya")

    assert await database.write(unit) == [HERS]


async def test_a_telegram_chat_is_an_account_of_its_own(database: Database) -> None:
    """It is not given to a stranger, however long it was silent or blocked."""

    def unit(conn: Connection) -> list[str]:
        phone = Handset(conn, "telegram", "7")
        phone.says("halo")
        conn.execute(update(schema.addresses).values(blocked_at=NOW))
        return phone.waits(days=99).says("halo")

    assert "HP" not in (await database.write(unit))[0]


async def test_danger_is_heard_from_a_number_in_doubt_too(database: Database) -> None:
    def unit(conn: Connection) -> tuple[list[str], list[str]]:
        phone, _ = of_siti(conn)
        said = phone.waits(days=61).says("tolong anak saya dipukuli sampai berdarah")
        return said, phone.waits(hours=1).says("data saya")

    said, later = await database.write(unit)

    assert "129" in " ".join(said)
    assert later == [HERS]


async def test_an_account_that_moved_is_hers_after_she_has_said_so(database: Database) -> None:
    def unit(conn: Connection) -> tuple[Any, ...]:
        phone, siti = of_siti(conn)
        moved = AddressMoved("whatsapp", "bot", "ID.1", "ID.2", "628222")
        for _ in range(2):
            apply(conn, [moved], NOW)
        phone.address = "ID.2"
        row = phone.row
        return row.recipient, phone.says("data saya"), phone.says("1"), phone.holder == siti

    recipient, asked, shown, hers = await database.write(unit)

    assert recipient == "628222"
    assert asked == [HERS]
    assert "Adi" in shown[0]
    assert hers


async def test_a_number_that_moved_to_somebody_elses_is_looked_into_by_staff(
    database: Database,
) -> None:
    def unit(conn: Connection) -> tuple[Any, ...]:
        phone, siti = of_siti(conn)
        other = Handset(conn, "whatsapp", "ID.2")
        other.says("halo")
        moved = AddressMoved("whatsapp", "bot", "ID.1", "ID.2")
        for _ in range(2):
            apply(conn, [moved], NOW)
        return phone.holder == siti, other.holder == siti, tasks(conn), phone.row.doubted_at

    before, merged, opened, doubted = await database.write(unit)

    assert (before, merged) == (True, False)
    assert opened == ["reason.number_moved"]
    assert doubted is not None


async def test_a_changed_number_under_the_same_name_is_found_by_the_old_one(
    database: Database,
) -> None:
    def unit(conn: Connection) -> tuple[Any, ...]:
        phone, _ = of_siti(conn)
        phones.know(conn, "whatsapp", "bot", "ID.1", "628111", NOW)
        apply(conn, [AddressMoved("whatsapp", "bot", "628111", "628222")], NOW)
        row = phone.row
        return row.address, row.recipient, row.doubted_at is not None

    assert await database.write(unit) == ("ID.1", "628222", True)


async def test_an_account_that_may_be_anothers_is_asked(database: Database) -> None:
    def unit(conn: Connection) -> list[str]:
        phone, _ = of_siti(conn)
        apply(conn, [AddressDoubted("whatsapp", "bot", "ID.1")], NOW)
        apply(conn, [AddressDoubted("whatsapp", "bot", "ID.9")], NOW)
        return phone.says("data saya")

    assert await database.write(unit) == [HERS]


async def test_a_number_that_gets_a_name_stays_the_same_address(database: Database) -> None:
    def unit(conn: Connection) -> tuple[Any, ...]:
        old = Handset(conn, "whatsapp", "628111")
        old.says("halo")
        holder = old.holder
        phones.know(conn, "whatsapp", "bot", "ID.7", "628111", NOW)
        new = Handset(conn, "whatsapp", "ID.7")
        return new.holder == holder, new.row.recipient, new.row.doubted_at

    assert await database.write(unit) == (True, "628111", None)


async def test_whose_number_has_another_account_is_written_to_there_no_more(
    database: Database,
) -> None:
    def unit(conn: Connection) -> tuple[Any, ...]:
        phone, siti = of_siti(conn)
        phones.know(conn, "whatsapp", "bot", "ID.1", "628111", NOW)
        phones.know(conn, "whatsapp", "bot", "ID.5", "628111", NOW)
        stranger = Handset(conn, "whatsapp", "ID.5")
        stranger.says("halo")
        row = phone.row
        return row.recipient, row.doubted_at is not None, stranger.holder == siti

    assert await database.write(unit) == ("ID.1", True, False)


async def test_where_answers_go_is_kept_from_the_first_message_on(database: Database) -> None:
    def unit(conn: Connection) -> tuple[Any, ...]:
        phones.know(conn, "whatsapp", "bot", "ID.8", "ID.8", NOW)
        phone = Handset(conn, "whatsapp", "ID.8")
        phone.says("halo")
        first = phone.row.recipient
        phones.know(conn, "whatsapp", "bot", "ID.8", "628111", NOW)
        second = phone.row.recipient, phone.row.doubted_at
        phones.know(conn, "whatsapp", "bot", "ID.8", "628222", NOW)
        return first, second, phone.row.recipient, phone.row.doubted_at is not None

    assert await database.write(unit) == ("ID.8", ("628111", None), "628222", True)


async def test_what_was_on_its_way_does_not_come_back_to_whom_it_is_not_for(
    database: Database,
) -> None:
    def unit(conn: Connection) -> tuple[list[str], tuple[str, str]]:
        phone, siti = of_siti(conn)
        phone.waits(days=61).says("halo")
        planned(conn, phone, siti)
        conn.execute(
            update(schema.outbox)
            .where(schema.outbox.c.dedupe_key == "planned")
            .values(status="sending", owner="s/1", lease_until=phone.now)
        )
        phone.says("2")
        here = schema.outbox.c.dedupe_key == "planned"
        conn.execute(update(schema.outbox).where(~here).values(status="sent"))
        conn.execute(update(schema.outbox).where(here).values(status="waiting", owner=None))
        later = phone.now + MINUTE
        left = outbox.claim(conn, "s/1", later, later + MINUTE, 20, channel="whatsapp")
        return [one.message.text for one in left], became(conn)

    left, ended = await database.write(unit)

    assert "Apa kabar Adi?" not in left
    assert ended == ("expired", "late")

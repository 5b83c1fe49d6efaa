"""What a phone of which it is open who holds it lets pass, and what it never shows meanwhile."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import Connection, select, update

from bot.channels.simulator import Doing
from conversations.dialogue import Role
from conversations.message import Kind
from storage import helping, phones, schema, staff
from storage.database import Database
from tests.bot.shared_phones import Family, Handset, somebody, tasks
from tests.bot.test_doubted_phones import HERS, of_siti
from tests.bot.test_gate import WHO
from tests.bot.test_linking import CODE
from tests.storage.builders import NOW, known

CRIES = (
    "tolong",
    "tolong saya",
    "minta tolong",
    "tlg aku",
    "nyuwun tulung",
    "bahaya",
    "gawat",
    "darurat",
    "SOS",
    "polisi",
    "panggil polisi",
    "ambulan",
    "aku takut",
    "aku wedi",
    "aku takut bapak",
    "aku wedi karo bapak",
    "sengko' tako' ka eppa'",
    "diancam",
    "aku dipukul bapak",
    "aku digebuki bapak",
    "kulo digebugi bojo",
    "engko' ekeplak eppa'",
    "engkok epokol eppak",
    "bapak bawa parang",
    "bapak nggowo pisau",
    "om grepe grepe aku",
    "bapak megang-megang aku",
    "aku diperkosa",
    "aku dikurung di kamar",
    "aku disiksa",
    "aku dijual",
    "aku mau dinikahkan",
    "aku arep dirabi peksa",
    "aku mau mati",
    "aku pengin mati wae",
    "engko' terro mateya",
    "aku wis ora kuat urip",
    "arep nggantung",
    "minum racun",
    "adik berdarah",
    "adek kejang",
    "anakku ora ambegan",
    "anak saya tidak bisa napas",
    "anak saya hilang",
    "putuku ilang",
    "nyuwun tulung, putu kulo digepuki",
    "tolong jangan bilang bapak, aku dipukul",
)


@pytest.mark.parametrize("said", CRIES)
async def test_nobody_who_cries_for_help_is_asked_first_who_she_is(
    said: str, lite: Database
) -> None:
    def unit(conn: Connection) -> tuple[list[str], int]:
        return Family(conn).phone.waits(hours=1).says(said), len(tasks(conn))

    answered, opened = await lite.write(unit)

    assert not any("memegang" in line for line in answered)
    assert any("129" in line for line in answered)
    assert opened == 1


ORDERS = ("data saya", "menu", "kabar laporan saya", "sambung", "hapus data saya", "ACARA")


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("key", ["petugas", "MELATI", "bahaya", "mau bicara sama petugas"])
async def test_a_call_for_help_does_not_open_the_phone_for_anything_else(
    key: str, order: str, lite: Database
) -> None:
    def unit(conn: Connection) -> list[str]:
        phone, _ = of_siti(conn)
        phone.says("LAPOR anak tetangga sering sendirian di rumah")
        phone.waits(days=61).says(key)
        return [line for _ in range(3) for line in phone.says(order)]

    shown = " ".join(await lite.write(unit))

    assert "Adi" not in shown
    assert "November" not in shown
    assert "Kodenya" not in shown
    assert "Menu" not in shown


async def test_a_stranger_with_the_number_of_staff_does_not_come_to_her_desk_by_a_cry(
    database: Database,
) -> None:
    def unit(conn: Connection) -> list[str]:
        other = Handset(conn, "telegram", "99")
        other.says("tolong, anak tetangga dipukuli sampai berdarah")
        code = conn.execute(select(schema.tasks.c.code)).scalar_one()
        phone, siti = of_siti(conn)
        table = schema.people
        conn.execute(update(table).where(table.c.id == siti).values(role="coordinator"))
        phone.waits(days=61).says("bahaya")
        orders = ("tugas", "semua", f"baca {code}", f"baca {code} dipukuli berdarah", "1", "2")
        said = [line for order in orders for line in phone.says(order)]
        return [*said, *phone.presses(f"t:baca:{code}"), *phone.presses("t:kasus"), code]

    *shown, code = await database.write(unit)

    assert not any("tetangga" in line or code in line for line in shown)


async def test_who_says_that_she_is_still_in_danger_is_heard_also_later(
    database: Database,
) -> None:
    def unit(conn: Connection) -> tuple[list[str], list[str]]:
        phone = Family(conn).phone.waits(hours=1)
        phone.says("tolong anak saya dipukuli sampai berdarah")
        return phone.waits(minutes=40).says("masih belum aman mbak"), phone.says("menu")

    heard, asked = await database.write(unit)

    assert not any("memegang" in line for line in heard)
    assert "Adi" not in " ".join(asked)


async def test_what_helps_anybody_is_answered_before_it_is_known_who_asks(
    database: Database,
) -> None:
    def unit(conn: Connection) -> tuple[list[str], list[str], list[str]]:
        phone = Family(conn).phone.waits(hours=1)
        return phone.says("saya butuh bantuan"), phone.says("halo"), phone.says("?")

    helped, asked, again = await database.write(unit)

    assert "PETUGAS" in helped[0]
    assert asked == [WHO]
    assert "1. Mbah Tini" in again[0]


async def test_a_child_afraid_of_somebody_at_home_is_answered_as_a_child_on_a_cadres_phone_too(
    database: Database,
) -> None:
    def unit(conn: Connection) -> Any:
        family = Family(conn)
        table = schema.people
        conn.execute(update(table).where(table.c.id == family.siti).values(role="cadre"))
        return family.phone.waits(hours=1).says("saya takut ke paklik"), tasks(conn)

    said, opened = await database.write(unit)

    assert "129" in " ".join(said)
    assert opened == ["reason.young"]


async def test_a_yes_does_not_open_the_desk_of_staff_and_a_code_from_her_other_chat_does(
    database: Database,
) -> None:
    def unit(conn: Connection) -> Any:
        phone, siti = of_siti(conn)
        own = Handset(conn, "telegram", "77")
        own.says("halo")
        phones.hold(conn, own.row.id, siti, NOW)
        table = schema.people
        conn.execute(update(table).where(table.c.id == siti).values(role="coordinator"))
        phone.waits(days=61).says("tugas")
        own.now = phone.now
        refused = [*phone.says("ya"), *phone.says("1"), *phone.says("tugas")]
        code = known(CODE.search(own.says("SAMBUNG")[0]))[0]
        wrong = phone.says("CDFG-HJKM")
        return refused, wrong, phone.says(code), phone.says("tugas"), phone.row.doubted_at

    refused, wrong, opened, listed, doubted = await database.write(unit)

    assert "SAMBUNG" in refused[0]
    assert "SAMBUNG" in refused[1]
    assert refused[2].endswith(HERS)
    assert "1. Ya, benar" in wrong[0]
    assert "SAMBUNG" not in " ".join((*opened, *listed))
    assert HERS not in " ".join((*opened, *listed))
    assert doubted is None


async def test_staff_come_back_with_a_new_code_from_the_office(database: Database) -> None:
    def unit(conn: Connection) -> Any:
        phone, siti = of_siti(conn)
        table = schema.people
        conn.execute(update(table).where(table.c.id == siti).values(role="staff"))
        phone.waits(days=61).says("tugas")
        code = staff.add(conn, "Mbak Ana", Role.STAFF, phone.now)
        said = phone.says(code)
        role = select(table.c.role).where(table.c.id == phone.holder)
        return said, conn.execute(role).scalar_one(), phone.holder == siti, phone.users

    said, role, still, users = await database.write(unit)

    assert len(said) == 1
    assert (role, still, len(users)) == ("staff", False, 1)


async def test_who_begins_to_work_here_leaves_the_phones_that_others_use_too(
    database: Database,
) -> None:
    def unit(conn: Connection) -> Any:
        family = Family(conn)
        own = Handset(conn, "telegram", "77")
        own.says("halo")
        phones.hold(conn, own.row.id, family.siti, NOW)
        own.says(staff.add(conn, "Mbah Siti", Role.STAFF, NOW))
        return family.siti in family.phone.users, family.phone.waits(hours=1).says("data saya")

    uses, said = await database.write(unit)

    assert not uses
    assert not any("Siti" in line for line in said)


@pytest.mark.parametrize("role", ["cadre", "staff", "coordinator", "focal"])
async def test_tasks_and_cases_are_not_opened_on_a_shared_phone(
    role: str, database: Database
) -> None:
    def unit(conn: Connection) -> Any:
        other = Handset(conn, "telegram", "99")
        other.says("tolong, anak tetangga dipukuli sampai berdarah")
        code = conn.execute(select(schema.tasks.c.code)).scalar_one()
        family = Family(conn)
        people, every = schema.people, schema.tasks
        conn.execute(update(people).where(people.c.id == family.siti).values(role=role))
        conn.execute(update(every).values(owner_id=family.siti))
        phone = family.phone
        orders = ("kasus", "tugas", f"baca {code}", f"selesai {code}", f"catat {code} sudah", "1")
        said = [line for order in orders for line in phone.says(order)]
        return [*said, *phone.presses(f"t:baca:{code}"), *phone.presses("t:tugas")], code

    said, code = await database.write(unit)

    assert not any("tetangga" in line or code in line for line in said)
    assert sum("HP sendiri" in line for line in said) >= 6


async def test_a_phone_that_is_handed_on_speaks_for_nobody_who_is_helped(
    database: Database,
) -> None:
    def unit(conn: Connection) -> Any:
        family = Family(conn)
        third = somebody(conn, "Wati", "Caca")
        table = schema.people
        conn.execute(update(table).where(table.c.id == family.siti).values(role="cadre"))
        helping.begin(conn, family.phone.row.id, third, NOW)
        before = family.phone.says("data saya")
        return before, family.phone.says("GANTI"), family.phone.says("1"), family.phone.says("menu")

    before, asked, _, then = await database.write(unit)

    assert "Caca" in before[0]
    assert asked == [WHO]
    assert not any("Caca" in line or "Wati" in line for line in then)


async def test_who_only_says_that_the_number_is_hers_is_told_nothing_of_earlier_reports(
    database: Database,
) -> None:
    def unit(conn: Connection) -> Any:
        phone, _ = of_siti(conn)
        phone.says("LAPOR anak tetangga sering sendirian di rumah")
        phone.says("BERHENTI")
        before = phone.says("kabar laporan saya")
        phone.waits(days=61).says("halo")
        phone.says("ya")
        after = phone.says("kabar laporan saya")
        phone.says("LAPOR anak itu masih sendirian terus")
        return before, after, phone.says("kabar laporan saya")

    before, after, later = await database.write(unit)

    assert "November" in before[0]
    assert not any("November" in line for line in after)
    assert "PETUGAS" in after[0]
    assert "Januari" in later[0]
    assert "November" not in later[0]


async def test_who_sends_the_others_off_a_shared_phone_is_told_nothing_of_their_reports(
    database: Database,
) -> None:
    def unit(conn: Connection) -> tuple[list[str], bool]:
        family = Family(conn)
        phone = family.phone
        phone.says("LAPOR anak tetangga sering sendirian di rumah")
        for said in ("GANTI", "Tini", "LEPAS", "1"):
            phone.waits(minutes=1).says(said)
        return phone.says("kabar laporan saya"), phone.holder == family.siti

    said, alone = await database.write(unit)

    assert alone
    assert not any("November" in line for line in said)


async def test_nobody_gets_a_code_for_her_own_phone_from_one_that_others_use(
    database: Database,
) -> None:
    def unit(conn: Connection) -> Any:
        phone = Family(conn).phone
        return phone.says("SAMBUNG"), conn.execute(select(schema.join_codes.c.purpose)).all()

    said, codes = await database.write(unit)

    assert "dipakai bersama" in said[0]
    assert "PETUGAS" in said[0]
    assert codes == []


async def test_staff_see_that_the_phone_of_who_reported_may_be_a_strangers(
    database: Database,
) -> None:
    def unit(conn: Connection) -> Any:
        phone, _ = of_siti(conn)
        phone.says("LAPOR anak tetangga sering sendirian di rumah")
        code = conn.execute(select(schema.tasks.c.code)).scalar_one()
        desk = Handset(conn, "telegram", "77")
        desk.says(staff.add(conn, "Mbak Ana", Role.STAFF, NOW))
        before = desk.says(f"baca {code}")
        addresses = schema.addresses
        hers = addresses.c.channel == "whatsapp"
        conn.execute(update(addresses).where(hers).values(doubted_at=NOW))
        return before, desk.says(f"baca {code}")

    before, after = await database.write(unit)

    assert "dipakai sendiri" in before[0]
    assert "belum pasti masih miliknya" in after[0]


async def test_a_chat_that_is_linked_from_such_a_number_is_told_no_more(
    database: Database,
) -> None:
    def unit(conn: Connection) -> list[str]:
        phone, siti = of_siti(conn)
        phone.says("LAPOR anak tetangga sering sendirian di rumah")
        phone.says("BERHENTI")
        phone.waits(days=61).says("halo")
        phone.says("ya")
        code = known(CODE.search(phone.says("SAMBUNG")[0]))[0]
        own = Handset(conn, "telegram", "77", phone.now)
        own.says("halo")
        own.says(code)
        assert own.holder == siti
        phone.says("LEPAS")
        phone.says("1")
        assert siti not in phone.users
        return own.says("kabar laporan saya")

    assert not any("November" in line for line in await database.write(unit))


async def test_codes_for_the_phone_of_staff_are_not_tried_without_end(lite: Database) -> None:
    def unit(conn: Connection) -> Any:
        phone, siti = of_siti(conn)
        table = schema.people
        conn.execute(update(table).where(table.c.id == siti).values(role="staff"))
        phone.waits(days=61)
        for _ in range(10):
            phone.says("CDFG-HJKM")
        code = staff.add(conn, "Mbak Ana", Role.STAFF, phone.now)
        early = phone.says(code), phone.holder == siti
        phone.waits(hours=1).says(code)
        return early[1], phone.holder == siti

    assert await lite.write(unit) == (True, False)


async def test_a_code_is_no_answer_and_is_heard_once_it_is_known_who_sent_it(
    lite: Database,
) -> None:
    def unit(conn: Connection) -> Any:
        family = Family(conn)
        phone = family.phone.waits(hours=1)
        phone.says("halo")
        asked = phone.says("DAFTAR ABC-1")
        phone.says("CDFG-HJKM")
        return asked, phone.says("1"), phone.holder == family.tini

    asked, said, held = await lite.write(unit)

    assert "memegang" in asked[0]
    assert any("ABC-1" in line for line in said)
    assert held


async def test_signs_that_tell_nothing_are_not_answered_one_by_one_afterwards(
    lite: Database,
) -> None:
    def unit(conn: Connection) -> list[str]:
        phone = Family(conn).phone.waits(hours=1)
        phone.says("cucu saya tidak mau makan")
        for kind in (Kind.STICKER, Kind.REACTION):
            phone.does(Doing(kind, text="\N{THUMBS UP SIGN}"))
        return phone.says("1")

    assert len(await lite.write(unit)) == 1

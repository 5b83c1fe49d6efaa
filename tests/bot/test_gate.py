"""Who holds the phone: whole turns at a phone of several people, on both databases."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, select, update

from bot.channels.simulator import Doing
from bot.gate import UNHEARD
from conversations.dialogue import PersonId
from conversations.message import Kind, Message, Priority, printed
from storage import adding, dialogues, outbox, phones, schema
from storage.database import Database
from storage.inbox import Accepted, Received
from tests.bot.shared_phones import MINUTE, Family, tasks
from tests.storage.builders import count

WHO = "Siapa yang memegang HP ini sekarang?\n\n1. Mbah Tini\n2. Mbah Siti\n3. Orang lain"


async def test_a_phone_that_was_put_down_asks_who_holds_it(database: Database) -> None:
    def unit(conn: Connection) -> tuple[list[str], list[str], bool]:
        family = Family(conn)
        before = family.phone.waits(minutes=29).says("menu")
        asked = family.phone.waits(minutes=30).says("menu")
        return before, asked, family.phone.row.asked_at is not None

    before, asked, closed = await database.write(unit)

    assert "memegang" not in before[0]
    assert (asked, closed) == ([WHO], True)


async def test_what_woke_it_is_heard_once_as_hers_who_answers(database: Database) -> None:
    def unit(conn: Connection) -> tuple[Any, ...]:
        family = Family(conn)
        family.phone.waits(hours=1).says("data saya")
        answered = family.phone.waits(minutes=1).says("1")
        again = family.phone.says("halo")
        return answered, again, family.phone.holder == family.tini, family.phone.row.waking_id

    answered, again, held, waking = await database.write(unit)

    assert "Bayu" in answered[0]
    assert "Adi" not in answered[0]
    assert "memegang" not in again[0]
    assert (held, waking) == (True, None)


async def test_each_has_a_space_of_her_own(database: Database) -> None:
    """An answer is never heard as the other's."""

    def unit(conn: Connection) -> tuple[Any, ...]:
        family = Family(conn)
        family.phone.says("menu")
        siti = dialogues.of(conn, family.siti)
        family.phone.waits(hours=1).says("halo")
        family.phone.says("Tini")
        return siti == dialogues.of(conn, family.siti), dialogues.of(conn, family.tini).stack

    kept, hers = await database.write(unit)

    assert kept
    assert [one.conversation for one in hers] == ["menu"]


async def test_a_name_a_number_and_a_button_are_answers(database: Database) -> None:
    def unit(conn: Connection) -> list[bool]:
        family = Family(conn)
        phone, found = family.phone, []
        for answer in ("2", "mbah siti", f"h:{family.siti}"):
            phone.waits(hours=1).says("halo")
            phone.says("1")
            phone.waits(hours=1).says("halo")
            does = phone.presses if answer.startswith("h:") else phone.says
            does(answer)
            found.append(phone.holder == family.siti)
        return found

    assert await database.write(unit) == [True, True, True]


async def test_whoever_hands_it_on_says_so_before_it_locks(database: Database) -> None:
    def unit(conn: Connection) -> tuple[list[str], list[str], bool]:
        family = Family(conn)
        asked = family.phone.waits(minutes=1).says("GANTI")
        answered = family.phone.says("1")
        return asked, answered, family.phone.holder == family.tini

    asked, answered, held = await database.write(unit)

    assert asked == [WHO]
    assert answered == [
        "Baik, Mbah Tini. Kalau HP pindah tangan, balas GANTI. Kalau perlu sesuatu, balas MENU."
    ]
    assert held


async def test_somebody_else_is_somebody_new_and_the_others_stay(database: Database) -> None:
    def unit(conn: Connection) -> tuple[Any, ...]:
        family = Family(conn)
        family.phone.waits(hours=1).says("data saya")
        said = family.phone.says("3")
        known = {family.siti, family.tini}
        return said, family.phone.holder in known, family.phone.users > known

    said, known, others_stay = await database.write(unit)

    assert not any("Adi" in line or "Bayu" in line for line in said)
    assert "18 tahun" in " ".join(said)
    assert (known, others_stay) == (False, True)


async def test_an_answer_nobody_understands_is_asked_more_simply_and_then_helped(
    database: Database,
) -> None:
    def unit(conn: Connection) -> tuple[Any, ...]:
        family = Family(conn)
        phone = family.phone.waits(hours=1)
        said = [phone.says(text)[0] for text in ("halo", "eh", "apa ya", "duh", "lho")]
        return said, tasks(conn), phone.says("2"), family.phone.holder == family.siti

    said, opened, answered, held = await database.write(unit)

    assert said[0] == WHO
    assert said[1].startswith("Maaf, saya belum paham. Siapa")
    assert "Balas angka di depan nama" in said[2]
    assert said[3].endswith("3. Orang lain\n4. Dibantu petugas")
    assert "Petugas akan membaca" in said[4]
    assert opened == ["reason.phone_unknown"]
    assert (len(answered), held) == (1, True)


async def test_staff_may_be_chosen(database: Database) -> None:
    def unit(conn: Connection) -> tuple[str, list[str]]:
        phone = Family(conn).phone.waits(hours=1)
        for text in ("halo", "eh", "apa ya", "duh"):
            phone.says(text)
        return phone.says("4")[0], tasks(conn)

    said, opened = await database.write(unit)

    assert "Petugas akan membaca" in said
    assert opened == ["reason.phone_unknown"]


async def test_danger_is_never_kept_waiting(database: Database) -> None:
    def unit(conn: Connection) -> tuple[Any, ...]:
        family = Family(conn)
        family.phone.says("data saya")
        phone = family.phone.waits(hours=1)
        said = phone.says("tolong, adik saya dipukuli bapak sampai berdarah")
        more = phone.says("belum")
        about = conn.execute(select(schema.tasks.c.about_id)).scalars().all()
        return said, more, set(about) == {family.siti}

    said, more, hers = await database.write(unit)

    assert "129" in " ".join(said)
    assert not any("memegang" in line for line in (*said, *more))
    assert not any("Adi" in line for line in (*said, *more))
    assert hers


async def test_after_a_cry_for_help_the_phone_is_closed_as_before(database: Database) -> None:
    def unit(conn: Connection) -> list[str]:
        family = Family(conn)
        family.phone.waits(hours=1).says("bahaya")
        return family.phone.waits(hours=2).says("data saya")

    assert await database.write(unit) == [WHO]


async def test_what_was_written_before_a_cry_for_help_is_with_staff_at_once_and_once(
    database: Database,
) -> None:
    def unit(conn: Connection) -> tuple[list[str], list[str]]:
        family = Family(conn)
        phone = family.phone.waits(hours=1)
        phone.says("sepatu sekolah cucu saya sudah rusak")
        phone.says("tolong bahaya")
        at_once = tasks(conn)
        phone.says("bapaknya mabuk dan masih ada di rumah")
        phone.waits(hours=2).says("halo")
        phone.says("1")
        phone.waits(hours=2).wakes(UNHEARD)
        return at_once, tasks(conn)

    at_once, later = await database.write(unit)

    assert sorted(at_once) == ["reason.unheard", "reason.words"]
    assert later == at_once


async def test_help_stop_and_traces_pass_without_what_somebody_was_in(database: Database) -> None:
    def unit(conn: Connection) -> tuple[Any, ...]:
        family = Family(conn)
        family.phone.says("data saya")
        phone = family.phone.waits(hours=1)
        said = [
            line for text in ("BANTUAN", "HAPUS JEJAK", "BERHENTI") for line in phone.says(text)
        ]
        people = schema.people
        stopped = select(people.c.id).where(people.c.stopped_at.is_not(None))
        return said, list(conn.execute(stopped).scalars()) == [family.siti], phone.says("halo")

    said, stopped, then = await database.write(unit)

    assert len(said) == 3
    assert not any("memegang" in line or "ubah yang mana" in line for line in said)
    assert stopped
    assert then == [WHO]


async def test_a_report_that_was_being_told_is_over_when_the_phone_locks(
    database: Database,
) -> None:
    def unit(conn: Connection) -> tuple[Any, ...]:
        family = Family(conn)
        family.phone.says("LAPOR")
        family.phone.says("anak tetangga jarang masuk sekolah")
        told = [one.conversation for one in dialogues.of(conn, family.siti).stack]
        family.phone.waits(minutes=31).says("halo")
        said = family.phone.says("2")
        left = [one.conversation for one in dialogues.of(conn, family.siti).stack]
        return told, left, said, tasks(conn)

    told, left, said, opened = await database.write(unit)

    assert told == ["lapor"]
    assert left == ["menu"]
    assert not any("sekolah" in line for line in said)
    assert len(opened) == 1


async def test_nobody_is_told_on_a_shared_phone_how_a_report_stands(database: Database) -> None:
    def unit(conn: Connection) -> list[str]:
        family = Family(conn)
        family.phone.says("LAPOR anak tetangga sering sendirian di rumah")
        return family.phone.says("kabar laporan saya")

    said = await database.write(unit)

    assert "HP ini dipakai bersama" in said[0]
    assert not any("November" in line for line in said)


async def test_stories_and_recordings_written_meanwhile_are_all_heard(database: Database) -> None:
    def unit(conn: Connection) -> tuple[list[str], list[int]]:
        family = Family(conn)
        phone = family.phone.waits(hours=1)
        phone.says("halo")
        phone.says("kemarin cucu saya tidak mau sekolah lagi")
        phone.does(Doing(Kind.VOICE, file=b"suara", mime="audio/ogg"))
        said = phone.says("1")
        kept = conn.execute(select(schema.media.c.person_id)).scalars().all()
        return said, [person - family.tini for person in kept]

    said, kept = await database.write(unit)

    assert len(said) >= 2
    assert kept == [0]


async def test_what_nobody_answers_for_goes_to_staff_within_the_hour(database: Database) -> None:
    def unit(conn: Connection) -> tuple[Any, ...]:
        family = Family(conn)
        phone = family.phone.waits(hours=1)
        phone.says("cucu saya tidak mau sekolah lagi")
        phone.waits(minutes=59).wakes(UNHEARD)
        before = tasks(conn)
        phone.waits(minutes=1).wakes(UNHEARD)
        after = tasks(conn)
        answered = phone.says("1")
        return before, after, answered, phone.row.waking_id

    before, after, answered, waking = await database.write(unit)

    assert (before, after) == ([], ["reason.unheard"])
    assert answered[0].startswith("Baik, Mbah Tini.")
    assert waking is None


async def test_what_was_spoken_goes_to_staff_within_minutes(database: Database) -> None:
    def unit(conn: Connection) -> tuple[Any, ...]:
        family = Family(conn)
        phone = family.phone.waits(hours=1)
        phone.does(Doing(Kind.VOICE, file=b"OggS", mime="audio/ogg"))
        phone.waits(minutes=4).wakes(UNHEARD)
        before = tasks(conn)
        phone.waits(minutes=1).wakes(UNHEARD)
        return before, tasks(conn), phone.row.waking_id

    assert await database.write(unit) == ([], ["reason.unheard"], None)


async def test_what_was_heard_does_not_go_to_staff_too(database: Database) -> None:
    def unit(conn: Connection) -> list[str]:
        family = Family(conn)
        phone = family.phone.waits(hours=1)
        phone.says("menu")
        phone.says("1")
        phone.waits(hours=2).wakes(UNHEARD)
        return tasks(conn)

    assert await database.write(unit) == []


async def test_a_knock_is_answered_by_who_holds_it(database: Database) -> None:
    """The first message after the knock is the answer, also days later."""

    def unit(conn: Connection) -> tuple[list[str], bool]:
        family = Family(conn)
        phones.ask(conn, family.phone.row.id, 1, family.phone.now)
        said = family.phone.waits(hours=30).says("1")
        return said, family.phone.holder == family.tini

    said, held = await database.write(unit)

    assert said[0].startswith("Baik, Mbah Tini.")
    assert held


def planned(conn: Connection, family: Family, person: PersonId) -> None:
    adding.add(
        conn,
        address_id=family.phone.row.id,
        person_id=person,
        message=Message("Kabar dari petugas tentang Bayu."),
        dedupe_key="planned",
        priority=Priority.REPLY,
        purpose="answer",
        not_before=family.phone.now,
        expires_at=None,
        now=family.phone.now,
    )


def leaves(conn: Connection, family: Family) -> list[str]:
    now = family.phone.now
    sent = outbox.claim(conn, "me", now, now + MINUTE, 9, channel="telegram")
    return [printed(one.message) for one in sent]


async def test_words_for_one_wait_while_the_other_holds_the_phone(database: Database) -> None:
    """Also before it locks: her neighbour at the table is not told of her grandchild, nor asked
    who she is in the middle of her own talk."""

    def unit(conn: Connection) -> tuple[Any, ...]:
        family = Family(conn)
        family.phone.says("menu")
        planned(conn, family, family.tini)
        conn.execute(
            update(schema.outbox).where(schema.outbox.c.status == "sending").values(status="sent")
        )
        family.phone.waits(minutes=29)
        while_in_use = leaves(conn, family)
        family.phone.waits(minutes=2)
        knocked = leaves(conn, family)
        return while_in_use, knocked, family.phone.says("menu"), family.phone.says("Tini")

    while_in_use, knocked, asked, said = await database.write(unit)

    assert while_in_use == []
    assert [WHO in line for line in knocked] == [True]
    assert not any("Bayu" in line for line in knocked)
    assert asked[0].endswith(WHO)
    assert any("Bayu" in line for line in said)


async def test_words_for_her_who_holds_it_go_to_her_at_once(database: Database) -> None:
    def unit(conn: Connection) -> list[str]:
        family = Family(conn)
        family.phone.says("terima kasih")
        conn.execute(update(schema.outbox).values(status="sent"))
        planned(conn, family, family.siti)
        return leaves(conn, family)

    assert await database.write(unit) == ["Kabar dari petugas tentang Bayu."]


async def test_words_for_one_do_not_go_to_somebody_else(database: Database) -> None:
    def unit(conn: Connection) -> tuple[list[str], str]:
        family = Family(conn)
        planned(conn, family, family.tini)
        family.phone.waits(hours=1).says("halo")
        said = family.phone.says("3")
        table = schema.outbox
        waits = select(table.c.status).where(table.c.dedupe_key == "planned")
        return said, conn.execute(waits).scalar_one()

    said, status = await database.write(unit)

    assert not any("Bayu" in line for line in said)
    assert status == "waiting"


async def test_a_message_that_is_taken_twice_is_heard_once(database: Database) -> None:
    def unit(conn: Connection) -> tuple[int, int]:
        family = Family(conn)
        phone = family.phone.waits(hours=1)
        phone.says("cucu saya tidak mau sekolah lagi")
        phone.says("1")
        before = count(conn, schema.outbox)
        table = schema.inbox
        for row in conn.execute(select(table.c.id, table.c.external_id)).all():
            known = Received("telegram", "bot", row.external_id, phone.address, b"")
            phone.turns.take(conn, Accepted(row.id, known))
        return before, count(conn, schema.outbox)

    before, after = await database.write(unit)

    assert before == after

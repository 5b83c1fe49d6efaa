"""Words that were withheld behind a knock, and the turn in which they follow."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Connection, select, update

from bot.channels import simulator
from bot.channels.simulator import Doing
from bot.turn import Turns
from conversations import templates as approved
from conversations.event import TaskOpened
from conversations.level import Level
from conversations.message import Choice, Kind, Message, Priority
from conversations.phone.phone import SILENT
from storage import due, facts, inbox, outbox, people, rules, schema, staff, tasks, tips
from storage.database import Database
from storage.facts import StatusTold
from storage.inbox import Received
from storage.outbox import Claimed, Result, Status
from storage.world import Programme
from tests.storage.builders import DAY, HOUR, NOW, a_child
from tests.storage.test_passing import LATER, PHONE_ID, address_of, approve, claim, row, say, siti

ANSWER = "Besok kami telepon, ya Mbah."


def turns(now: datetime) -> Turns:
    parsers = {"whatsapp": simulator.parse, "telegram": simulator.parse}
    return Turns(Programme("Program Contoh"), parsers=parsers, owner="s/1", now=lambda: now)


def does(
    conn: Connection,
    doing: Doing,
    now: datetime = LATER + HOUR,
    address: str = "ID.1",
    channel: str = "whatsapp",
) -> list[Claimed]:
    body = simulator.body_of(doing, "n", now)
    account = PHONE_ID if channel == "whatsapp" else "bot"
    received = Received(channel, account, f"{address}{now.timestamp()}", address, body)
    [accepted] = inbox.accept(conn, [received], now)
    return list(turns(now).take(conn, accepted))


def writes(conn: Connection, text: str, now: datetime = LATER + HOUR, **more: str) -> list[str]:
    return [one.message.text for one in does(conn, Doing(Kind.TEXT, text=text), now, **more)]


def sends(conn: Connection, now: datetime = LATER, channel: str = "whatsapp") -> list[Message]:
    """What leaves now and is accepted."""
    claimed = claim(conn, now, channel)
    done = [Result(one.id, Status.SENT, platform_id=f"w{one.id}") for one in claimed]
    outbox.record(conn, done, now)
    return [one.message for one in claimed]


def statuses(conn: Connection, *ids: int) -> list[str]:
    return [row(conn, id_).status for id_ in ids]


async def test_what_staff_said_follows_her_first_word_and_once(database: Database) -> None:
    def unit(conn: Connection) -> None:
        approve(conn)
        id_ = say(conn, siti(conn), ANSWER)
        sends(conn)

        first, second = writes(conn, "ya"), writes(conn, "ya", LATER + 2 * HOUR)

        assert first == [ANSWER]
        assert ANSWER not in second
        assert not row(conn, id_).withheld
        keys = conn.execute(select(schema.outbox.c.dedupe_key)).scalars().all()
        assert keys.count(f"letter:{id_}") == 1

    await database.write(unit)


async def test_what_could_not_even_be_announced_follows_when_she_writes_herself(
    database: Database,
) -> None:
    def unit(conn: Connection) -> None:
        id_ = say(conn, siti(conn), ANSWER)
        assert sends(conn) == []

        said = writes(conn, "assalamualaikum")

        assert said == [ANSWER]
        assert statuses(conn, id_) == ["merged"]

    await database.write(unit)


async def test_a_weekly_check_in_opens_with_its_template_and_goes_on_with_its_question(
    database: Database,
) -> None:
    evening = NOW + 2 * DAY

    def unit(conn: Connection) -> None:
        approve(conn)
        person = siti(conn)
        a_child(conn, _person(conn, person))
        rules.ensure(conn, NOW)
        due.plan(conn, "checkin", str(person), person, evening, evening + 2 * HOUR)
        [woken] = [one for one in due.next_due(conn, evening, 9) if one.kind == "checkin"]
        turns(evening).wake(conn, woken)

        [knock] = sends(conn, evening)
        opened = does(conn, Doing(Kind.BUTTON, button=approved.OPEN), evening + 5 * HOUR)
        answered = writes(conn, "1", evening + 6 * HOUR)

        assert knock.template is not None
        assert knock.template.name == approved.CHECKIN
        assert [one.message.choices[0].label for one in opened] == ["Sehat"]
        assert "(2 dari" in answered[-1]
        given = conn.execute(select(schema.answers.c.path)).scalars().all()
        assert given == ["sehat"]

    await database.write(unit)


async def test_a_story_is_kept_for_staff_and_the_words_follow_in_one_message(
    database: Database,
) -> None:
    def unit(conn: Connection) -> None:
        approve(conn)
        say(conn, siti(conn), ANSWER)
        sends(conn)

        said = writes(conn, "kemarin saya ke pasar dan cucu ikut, pulangnya hujan deras sekali")

        assert len(said) == 1
        assert said[0].endswith(ANSWER)
        assert conn.execute(select(schema.tasks.c.reason)).scalars().all() == ["reason.unseen"]

    await database.write(unit)


async def test_after_berhenti_nothing_follows(database: Database) -> None:
    def unit(conn: Connection) -> None:
        approve(conn)
        person = siti(conn)
        say(conn, person, ANSWER)
        sends(conn)
        tip = say(conn, person, "kiat", purpose="tip", priority=Priority.REMINDER)
        sends(conn, LATER + timedelta(minutes=1))

        stopped, later = writes(conn, "BERHENTI"), writes(conn, "ya", LATER + 2 * HOUR)

        assert ANSWER not in " ".join([*stopped, *later])
        assert (row(conn, tip).status, row(conn, tip).reason) == ("excluded", "stopped")

    await database.write(unit)


async def test_a_button_of_a_session_reminder_answers_it_and_the_rest_follows(
    database: Database,
) -> None:
    def unit(conn: Connection) -> None:
        approve(conn)
        say(conn, siti(conn), ANSWER)
        sends(conn)

        said = does(conn, Doing(Kind.BUTTON, button="s:99:yes"))

        assert said[-1].message.text.endswith(ANSWER)

    await database.write(unit)


async def test_the_knocks_button_after_everything_came_says_so_kindly(database: Database) -> None:
    def unit(conn: Connection) -> None:
        approve(conn)
        say(conn, siti(conn), ANSWER)
        sends(conn)
        writes(conn, "ya")

        [said] = does(conn, Doing(Kind.BUTTON, button=approved.OPEN), LATER + 2 * HOUR)

        assert "di atas" in said.message.text

    await database.write(unit)


async def test_a_first_word_after_the_words_were_of_no_use_any_more_says_so_too(
    database: Database,
) -> None:
    def unit(conn: Connection) -> None:
        approve(conn)
        id_ = say(conn, siti(conn), "lama", expires_at=LATER + HOUR)
        sends(conn)

        [said] = writes(conn, "1", LATER + 2 * HOUR)

        assert "lewat" in said
        assert not row(conn, id_).withheld

    await database.write(unit)


async def test_a_number_picks_from_choices_only_after_she_has_seen_them(
    database: Database,
) -> None:
    def unit(conn: Connection) -> None:
        approve(conn)
        person = siti(conn)
        choices = (Choice("Datang", "s:99:yes"), Choice("Tidak bisa", "s:99:no"))
        say(conn, person, "q", message=Message("Bisa datang?", choices))
        sends(conn)

        said = writes(conn, "1")

        assert said == ["Bisa datang?"]

    await database.write(unit)


async def test_on_a_shared_phone_the_words_follow_for_her_who_holds_it(
    database: Database,
) -> None:
    def unit(conn: Connection) -> None:
        person = siti(conn, "62812", "telegram")
        shared = update(schema.addresses).where(schema.addresses.c.id == address_of(conn, person))
        conn.execute(shared.values(shared=True))
        say(conn, person, ANSWER)
        chat = {"address": "62812", "channel": "telegram"}

        [knock] = sends(conn, LATER, "telegram")
        said = does(conn, Doing(Kind.BUTTON, button=knock.choices[0].payload), LATER + HOUR, **chat)

        assert ANSWER not in knock.text
        assert said[-1].message.text.endswith(ANSWER)

    await database.write(unit)


async def test_another_who_holds_the_shared_phone_hears_nothing_of_it(database: Database) -> None:
    def unit(conn: Connection) -> None:
        person = siti(conn, "62812", "telegram")
        shared = update(schema.addresses).where(schema.addresses.c.id == address_of(conn, person))
        conn.execute(shared.values(shared=True))
        id_ = say(conn, person, ANSWER)
        chat = {"address": "62812", "channel": "telegram"}
        sends(conn, LATER, "telegram")

        said = does(conn, Doing(Kind.BUTTON, button="h:0"), LATER + HOUR, **chat)

        assert not any(ANSWER in one.message.text for one in said)
        assert row(conn, id_).withheld

    await database.write(unit)


async def test_danger_from_a_phone_that_may_be_anothers_shows_nothing_of_what_waits(
    database: Database,
) -> None:
    def unit(conn: Connection) -> None:
        approve(conn)
        id_ = say(conn, siti(conn), ANSWER)
        silent = NOW + SILENT + DAY
        sends(conn, silent)

        said = writes(conn, "tolong anak saya dipukuli", silent + HOUR)

        assert any("129" in text for text in said)
        assert not any(ANSWER in text for text in said)
        assert row(conn, id_).withheld

    await database.write(unit)


OF_ANOTHER_THING = {
    "another question": (Doing(Kind.TEXT, text="MENU"), "Mau apa hari ini"),
    "its own question again": (Doing(Kind.BUTTON, button="s:99:yes"), "Kiat ini bermanfaat?"),
    "nothing": (Doing(Kind.TEXT, text="halo"), "Kiat ini bermanfaat?"),
}


@pytest.mark.parametrize("name", OF_ANOTHER_THING)
@pytest.mark.parametrize("late", [True, False])
async def test_a_tip_that_waited_is_told_before_anything_is_asked(
    database: Database, name: str, *, late: bool
) -> None:
    friday = NOW + 2 * DAY - 3 * HOUR
    doing, asked = OF_ANOTHER_THING[name]

    def unit(conn: Connection) -> None:
        approve(conn)
        rules.ensure(conn, NOW)
        person = siti(conn)
        wakes(conn, "tip", f"3:2026-11-20:{person}", person, friday, friday + HOUR)
        assert sends(conn, friday) == []
        if late:
            assert sends(conn, friday + 2 * HOUR) == []

        said = does(conn, doing, friday + (2 if late else 0.5) * HOUR)

        heard = "\n".join(one.message.text for one in said)
        assert heard.count("satu kiat kecil") == 1
        assert heard.index("coba beri waktu") < heard.index(asked)
        assert heard.count("Kiat ini bermanfaat?") == ("Kiat" in asked)

    await database.write(unit)


def a_tip_waits(conn: Connection, person: int, friday: datetime) -> None:
    """It is due at a moment at which she is not to be disturbed for it."""
    rules.ensure(conn, NOW)
    wakes(conn, "tip", f"3:2026-11-20:{person}", person, friday, friday + HOUR)
    assert sends(conn, friday) == []


def its_question_ends(conn: Connection, at: datetime) -> None:
    [ends] = [one for one in due.next_due(conn, at, 9) if one.kind == "expire"]
    turns(at).wake(conn, ends)


async def test_a_tip_that_she_did_not_see_is_told_days_later_without_its_question(
    database: Database,
) -> None:
    friday = NOW + 2 * DAY - 3 * HOUR

    def unit(conn: Connection) -> None:
        person = siti(conn)
        a_tip_waits(conn, person, friday)
        assert sends(conn, friday + 2 * DAY) == []
        its_question_ends(conn, friday + 3 * DAY)

        heard = "\n".join(writes(conn, "halo", friday + 3 * DAY + HOUR))

        assert heard.count("satu kiat kecil") == 1
        assert "coba beri waktu" in heard
        assert "bermanfaat" not in heard
        assert len(tips.had(conn, people.PersonId(person))) == 1

    await database.write(unit)


async def test_of_a_tip_that_was_forgotten_unseen_nothing_is_said(database: Database) -> None:
    friday = NOW + 2 * DAY - 3 * HOUR

    def unit(conn: Connection) -> None:
        person = siti(conn)
        a_tip_waits(conn, person, friday)
        its_question_ends(conn, friday + 3 * DAY)
        assert sends(conn, friday + 8 * DAY) == []

        [said] = writes(conn, "halo", friday + 8 * DAY + HOUR)

        assert "lewat" not in said
        assert "kiat" not in said.casefold()

    await database.write(unit)


async def test_a_tip_that_she_never_saw_is_offered_again(database: Database) -> None:
    friday = NOW + 2 * DAY - 3 * HOUR
    later = friday + 9 * DAY

    def unit(conn: Connection) -> None:
        person = siti(conn)
        a_tip_waits(conn, person, friday)
        [waits] = tips.had(conn, people.PersonId(person))
        its_question_ends(conn, friday + 3 * DAY)
        assert sends(conn, friday + 8 * DAY) == []

        forgotten = tips.had(conn, people.PersonId(person))
        wakes(conn, "tip", f"3:2026-11-29:{person}", person, later, later + HOUR)
        assert sends(conn, later) == []
        heard = "\n".join(writes(conn, "halo", later + 2 * HOUR))

        assert forgotten == ()
        assert "coba beri waktu" in heard
        assert tips.had(conn, people.PersonId(person)) == (waits,)

    await database.write(unit)


async def test_of_day_lists_that_she_did_not_see_only_the_last_follows(database: Database) -> None:
    eight = NOW + 2 * DAY - timedelta(hours=11, minutes=15)

    def unit(conn: Connection) -> None:
        approve(conn)
        rina = a_colleague(conn)
        talk = siti(conn, "ID.2")
        for number in range(2):
            opened = TaskOpened(f"LDK-26-000{number}", "message", Level.HIJAU, NOW + 9 * DAY, "")
            tasks.open_(conn, talk, opened, NOW)
        knocks = []
        for day in range(3):
            wakes(conn, "day_list", str(rina), rina, eight + day * DAY)
            knocks.append(len(sends(conn, eight + day * DAY)))

        said = writes(conn, "lihat", eight + 2 * DAY + HOUR, address="ID.9")

        assert knocks == [1, 1, 1]
        assert sum("Tugas terbuka: 2" in text for text in said) == 1

    await database.write(unit)


async def test_nobody_is_knocked_up_because_there_is_nothing_to_do(database: Database) -> None:
    eight = NOW + 2 * DAY - timedelta(hours=11, minutes=15)

    def unit(conn: Connection) -> None:
        approve(conn)
        rina = a_colleague(conn)
        wakes(conn, "day_list", str(rina), rina, eight)

        assert sends(conn, eight) == []
        assert sends(conn, eight + DAY) == []

        rows = conn.execute(select(schema.outbox.c.status)).scalars().all()
        assert rows == ["expired"]

    await database.write(unit)


def a_colleague(conn: Connection) -> Any:
    """Rina of staff, on WhatsApp, heard now."""
    person = people.at_address(conn, "whatsapp", PHONE_ID, "ID.9", NOW).person.id
    account = staff.by_code(conn, staff.add(conn, "Rina", "staff", NOW), NOW)
    assert account is not None
    staff.join(conn, account, person, NOW)
    return person


def wakes(
    conn: Connection,
    kind: str,
    subject: str,
    person: Any,
    at: datetime,
    expires_at: datetime | None = None,
) -> None:
    """Due work of one person, done now."""
    due.plan(conn, kind, subject, person, at, expires_at)
    [woken] = [one for one in due.next_due(conn, at, 99) if one.kind == kind]
    turns(at).wake(conn, woken)


def _person(conn: Connection, person: Any) -> Any:
    seat = people.seat_of(conn, person)
    assert seat is not None
    return seat.person


async def test_words_that_followed_together_do_not_follow_again_when_a_knock_fails(
    database: Database,
) -> None:
    """Two knocks, because the second was more urgent; one letter; then the first one is told to
    have been too fast."""

    def unit(conn: Connection) -> None:
        approve(conn)
        mine = siti(conn)
        first = say(conn, mine, ANSWER)
        sends(conn)
        second = say(conn, mine, "Segera.", priority=Priority.ALARM, purpose="alert")
        sends(conn)
        said = writes(conn, "ya")
        told = [
            StatusTold("whatsapp", PHONE_ID, f"w{id_}", "failed", LATER, reason="too fast")
            for id_ in (first, second)
        ]

        facts.apply(conn, told, LATER + HOUR)

        assert said == [f"{ANSWER}\n\nSegera."]
        keys = conn.execute(select(schema.outbox.c.dedupe_key)).scalars().all()
        assert not [key for key in keys if key.startswith("again:")]

    await database.write(unit)


async def test_on_telegram_too_the_words_follow_once_she_has_said_who_she_is(
    database: Database,
) -> None:
    """What she wrote before is heard first; by then her phone is hers alone, and has no window."""

    def unit(conn: Connection) -> None:
        mine = siti(conn, "77", "telegram")
        address = address_of(conn, mine)
        conn.execute(
            update(schema.addresses)
            .where(schema.addresses.c.id == address)
            .values(doubted_at=LATER, asked_at=None)
        )
        say(conn, mine, ANSWER)
        sends(conn, channel="telegram")
        more = {"address": "77", "channel": "telegram"}

        asked = writes(conn, "menu", LATER + HOUR, **more)
        told = writes(conn, "1", LATER + 2 * HOUR, **more)

        assert ANSWER not in asked[0]
        assert [ANSWER in said for said in told].count(True) == 1

    await database.write(unit)

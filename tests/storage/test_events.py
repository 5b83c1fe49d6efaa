"""Each kind of event is made durable."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

import pytest
from sqlalchemy import Connection, select

from conversations import event
from conversations.concerns import event as case_event
from conversations.dialogue import (
    Child,
    ChildId,
    Consent,
    Interview,
    Role,
)
from conversations.event import (
    AddressLost,
    AnswerGiven,
    Audited,
    ChildAdded,
    ChildChanged,
    ConsentDecided,
    ErasureAsked,
    ErasureConfirmed,
    Event,
    Forget,
    InterviewFinished,
    InterviewStarted,
    MediaKept,
    PersonChanged,
    Remind,
    StaffLinked,
    TalkHeld,
    TaskChanged,
    TaskExtended,
    TaskOpened,
    TipRated,
    TipSent,
)
from conversations.level import Level
from conversations.message import Media, MediaId
from storage import (
    audit,
    children,
    due,
    events,
    forms,
    interviews,
    people,
    schema,
    staff,
    tasks,
    tips,
)
from storage.database import Database
from tests.storage.builders import (
    DAY,
    HOUR,
    NOW,
    a_caregiver,
    a_child,
    a_member,
    a_seat,
    a_task,
    count,
    happen,
    known,
)

CONCERN = TaskOpened(
    "JBR-26-0001", "concern", Level.MERAH, NOW + HOUR, "concern.raised", content="Adi hilang"
)


def test_every_kind_of_event_is_handled() -> None:
    kinds = {
        thing
        for thing in (*vars(event).values(), *vars(case_event).values())
        if isinstance(thing, type) and issubclass(thing, Event) and thing is not Event
    }

    assert set(events._APPLY) == kinds


async def test_an_interview_begins_is_answered_and_ends(database: Database) -> None:
    form = forms.shipped()["cek_3_5"].form
    begun = Interview("i1", "checkin", form.hash, started_at=NOW)

    def unit(conn: Connection) -> tuple[str, str, dict[str, str], int]:
        seat = a_seat(conn)
        happen(
            conn,
            seat,
            InterviewStarted(begun),
            AnswerGiven("i1", "makan", "lahap"),
            InterviewFinished("i1", True, {"makan": "lahap", "nilai": "1"}),
        )
        row = conn.execute(select(schema.interviews)).one()
        answers = interviews.answers_of(conn, "i1")
        return row.form_name, row.status, answers, count(conn, schema.forms)

    assert await database.write(unit) == (
        "cek_3_5",
        "partial",
        {"makan": "lahap", "nilai": "1"},
        1,
    )


async def test_consent_is_kept_with_its_words_and_channel(database: Database) -> None:
    def unit(conn: Connection) -> tuple[Consent, object]:
        decided = ConsentDecided(Consent.WITHDRAWN, "v1", "nenek", "Boleh kami menyimpan?")
        happen(conn, a_seat(conn), decided)
        return a_seat(conn).person.consent, conn.execute(select(schema.consents)).one()

    consent, proof = await database.write(unit)

    assert consent is Consent.WITHDRAWN
    assert (proof.text, proof.channel) == ("Boleh kami menyimpan?", "telegram")  # type: ignore[attr-defined]


async def test_a_person_and_a_child_are_changed(database: Database) -> None:
    def unit(conn: Connection) -> tuple[str, list[Child]]:
        seat = a_seat(conn)
        happen(
            conn, seat, PersonChanged({"salutation": "Mbah"}), ChildAdded(Child(ChildId(0), "Adi"))
        )
        [adi] = children.of_person(conn, seat.person.id)
        happen(conn, seat, ChildChanged(adi.id, {"birth_year": 2021}))
        return a_seat(conn).person.salutation, list(children.of_person(conn, seat.person.id))

    salutation, [adi] = await database.write(unit)

    assert salutation == "Mbah"
    assert (adi.nickname, adi.birth_year) == ("Adi", 2021)


async def test_a_stranger_does_not_change_a_child_but_staff_does(database: Database) -> None:
    def unit(conn: Connection) -> list[int | None]:
        adi = a_child(conn, a_caregiver(conn))
        a_member(conn)
        years = []
        for address in ("stranger", "800"):
            happen(conn, a_seat(conn, address), ChildChanged(adi, {"birth_year": 2015}))
            years.append(known(children.one(conn, adi)).birth_year)
        return years

    assert await database.write(unit) == [2020, 2015]


async def test_an_opened_task_is_about_the_writer_and_audited_once(database: Database) -> None:
    def unit(conn: Connection) -> tuple[bool, tuple[audit.Entry, ...]]:
        seat = a_seat(conn)
        happen(conn, seat, CONCERN)
        happen(conn, seat, CONCERN)
        about = known(tasks.by_code(conn, CONCERN.code)).about
        return about == seat.person.id, audit.latest(conn, 9, subject=CONCERN.code)

    about_her, [entry] = await database.write(unit)

    assert about_her
    assert (entry.action, entry.reason) == ("task opened", "concern.raised")
    assert entry.actor.startswith("person:")


async def test_a_task_is_extended_and_changed_with_a_record(database: Database) -> None:
    def unit(conn: Connection) -> tuple[str, bool, list[str]]:
        seat = a_seat(conn)
        quiet = replace(CONCERN, level=Level.KUNING)
        happen(conn, seat, quiet, TaskExtended(CONCERN.code, "Sudah ketemu"))
        mas = a_seat(conn, "800") if a_member(conn) else seat
        happen(
            conn,
            mas,
            TaskChanged(CONCERN.code, "accepted"),
            TaskChanged(CONCERN.code, "closed", "Aman"),
            TaskChanged(CONCERN.code, "closed", "Aman lagi"),
        )
        task = known(tasks.by_code(conn, CONCERN.code))
        done = [entry.action for entry in audit.latest(conn, 9, subject=CONCERN.code)]
        return task.content, task.closed_at == NOW, done

    content, closed, done = await database.write(unit)

    assert content == "Adi hilang\nSudah ketemu"
    assert closed
    assert done == ["case closed", "task accepted", "task extended", "task opened"]


async def test_a_file_is_kept_for_the_account_it_came_to(database: Database) -> None:
    def unit(conn: Connection) -> tuple[str, str, str | None]:
        voice = MediaKept(MediaId("m1"), "voice", Media("ref"), "JBR-26-0001")
        happen(conn, a_seat(conn, channel="whatsapp"), voice)
        row = conn.execute(select(schema.media)).one()
        return row.channel, row.account, row.task_code

    assert await database.write(unit) == ("whatsapp", "bot", "JBR-26-0001")


async def test_tips_are_sent_and_rated(database: Database) -> None:
    def unit(conn: Connection) -> tuple[tuple[str, ...], object]:
        seat = a_seat(conn)
        happen(conn, seat, TipSent("tidur"), TipRated("tidur", False))
        helpful = conn.execute(select(schema.tips_sent.c.helpful)).scalar()
        return tips.had(conn, seat.person.id), helpful

    assert await database.write(unit) == (("tidur",), False)


async def test_reminders_are_planned_and_forgotten(database: Database) -> None:
    def unit(conn: Connection) -> list[list[str]]:
        seat = a_seat(conn)
        happen(conn, seat, Remind("nudge", "i1", NOW + HOUR, NOW + DAY))
        [row] = due.next_due(conn, NOW + HOUR, 9)
        assert row.person_id == seat.person.id
        assert row.expires_at == NOW + DAY
        happen(conn, seat, Forget("nudge", "i1"))
        return [[row.subject], [row.subject for row in due.next_due(conn, NOW + HOUR, 9)]]

    assert await database.write(unit) == [["i1"], []]


async def test_asking_for_erasure_stops_messages_and_confirming_it_erases(
    database: Database,
) -> None:
    def unit(conn: Connection) -> tuple[bool, str, list[str]]:
        mbah = a_caregiver(conn)
        a_member(conn)
        happen(conn, a_seat(conn), ErasureAsked("KWN-26-0001"))
        stopped = a_seat(conn).person.stopped
        a_task(conn, mbah, "KWN-26-0001", kind="erasure")
        happen(conn, a_seat(conn, "800"), ErasureConfirmed("KWN-26-0001"), now=NOW + DAY)
        name = conn.execute(
            select(schema.people.c.name).where(schema.people.c.id == mbah.id)
        ).scalar_one()
        entries = audit.latest(conn, 9, subject=audit.person(mbah.id))
        return stopped, name, [entry.action for entry in entries]

    assert await database.write(unit) == (True, "", ["erased", "erasure asked"])


@pytest.mark.parametrize("code", ["KWN-26-0404", "JBR-26-0001"])
async def test_an_erasure_of_nobody_fails(database: Database, code: str) -> None:
    def unit(conn: Connection) -> None:
        a_task(conn, None, "JBR-26-0001")
        happen(conn, a_seat(conn), ErasureConfirmed(code))

    with pytest.raises(events.UnknownSubjectError, match=code):
        await database.write(unit)


async def test_who_blocked_the_bot_is_not_written_to(database: Database) -> None:
    def unit(conn: Connection) -> tuple[object, str | None]:
        seat = a_seat(conn)
        happen(conn, seat, AddressLost("left"))
        reason = conn.execute(select(schema.addresses.c.blocked_reason)).scalar()
        return people.reachable(conn, seat.person.id), reason

    assert await database.write(unit) == (None, "left")


async def test_who_gives_a_good_code_is_staff_from_now_on(database: Database) -> None:
    def unit(conn: Connection) -> tuple[Role, str]:
        account = known(staff.by_code(conn, staff.add(conn, "Dimas", "staff", NOW), NOW))
        happen(conn, a_seat(conn), StaffLinked(account))
        return a_seat(conn).person.role, audit.latest(conn, 1)[0].action

    assert await database.write(unit) == (Role.STAFF, "staff joined")


async def test_the_first_member_of_staff_takes_what_waited_for_an_owner(
    database: Database,
) -> None:
    def unit(conn: Connection) -> bool:
        a_task(conn, a_caregiver(conn, "2"))
        account = known(staff.by_code(conn, staff.add(conn, "Dimas", "staff", NOW), NOW))
        mas = a_seat(conn)
        happen(conn, mas, StaffLinked(account))
        return known(tasks.by_code(conn, "JBR-26-0001")).owner == mas.person.id

    assert await database.write(unit)


async def test_a_talk_is_held_for_another_person_and_ended_again(database: Database) -> None:
    def unit(conn: Connection) -> list[tuple[datetime | None, datetime | None]]:
        siti, mas = a_caregiver(conn, "2"), a_seat(conn)
        found = []
        for until in (NOW + HOUR, None):
            happen(conn, mas, TalkHeld(siti.id, until))
            held = a_seat(conn, "2").person.talk_until
            found.append((held, a_seat(conn).person.talk_until))
        return found

    assert await database.write(unit) == [(NOW + HOUR, None), (None, None)]


async def test_what_staff_saw_is_recorded(database: Database) -> None:
    def unit(conn: Connection) -> tuple[str, str, str]:
        seat = a_seat(conn)
        happen(conn, seat, Audited("task read", "JBR-26-0001"))
        [entry] = audit.latest(conn, 9)
        assert entry.actor == audit.person(seat.person.id)
        return entry.action, entry.subject, entry.reason

    assert await database.write(unit) == ("task read", "JBR-26-0001", "")

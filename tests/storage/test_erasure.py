"""Being forgotten: everywhere, except where a child may still be in danger."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from sqlalchemy import Connection, insert, select, update

from conversations.casework.showing import shown_to_staff
from conversations.dialogue import (
    Consent,
    Dialogue,
    Interview,
    Person,
)
from conversations.event import MediaKept, Remind, TaskExtended, TaskOpened, TipSent
from conversations.level import Level
from conversations.message import Media, MediaId
from storage import (
    audit,
    children,
    consents,
    dialogues,
    due,
    erasure,
    media,
    people,
    schema,
    sessions,
    staff,
    tasks,
)
from storage.database import Database
from storage.erasure import Erased
from storage.sealing import SEALED
from tests.storage.builders import (
    DAY,
    MINUTE,
    NOW,
    a_caregiver,
    a_checkin,
    a_child,
    a_member,
    a_seat,
    a_task,
    count,
    happen,
    known,
)
from tests.storage.school_builders import BEGINS, a_mother, a_school, a_session, wakes

LATER = NOW + DAY


async def test_what_she_was_to_do_for_a_session_another_keeper_does(database: Database) -> None:
    def unit(conn: Connection) -> tuple[object, object]:
        rini = a_mother(conn, "700", "Rini")
        dimas = a_member(conn)
        session = a_session(conn, a_school(conn, cadre=rini.id))
        sessions.move(conn, session.id, BEGINS + DAY, BEGINS + DAY + MINUTE, NOW)
        due.plan(conn, "attendance", str(session.id), rini.id, BEGINS, BEGINS + DAY)
        due.plan(conn, "checkin", "1:x", rini.id, BEGINS, None)
        erase(conn, rini)
        assert wakes(conn, "checkin") == {}
        return wakes(conn, "attendance"), (wakes(conn, "untold")[str(session.id)][0], dimas.id)

    attendance, (told, dimas_) = await database.write(unit)

    assert attendance == {"1": (dimas_, BEGINS, BEGINS + DAY)}
    assert told == dimas_


def erase(conn: Connection, person: Person) -> Erased:
    return erasure.erase(conn, person.id, audit.COMMAND, LATER)


def received(conn: Connection, id_: str, address: str = "62812", status: str = "done") -> None:
    conn.execute(
        insert(schema.inbox),
        {
            "channel": "telegram",
            "account": "bot",
            "external_id": id_,
            "address": address,
            "body": b"sealed",
            "status": status,
            "attempts": 1,
            "received_at": NOW,
        },
    )


def sending(conn: Connection, key: str, seat: people.Seat, status: str, at: datetime) -> None:
    conn.execute(
        insert(schema.outbox),
        {
            "address_id": seat.address_id,
            "person_id": seat.person.id,
            "dedupe_key": key,
            "priority": 1,
            "purpose": "reply",
            "body": b"sealed",
            "status": status,
            "not_before": at,
            "created_at": at,
        },
    )


def everything_about(conn: Connection) -> Person:
    """Mbah Siti with something in every place where something can be."""
    mbah = a_caregiver(conn, village_id=people.add_village(conn, "Ledokombo", "JBR"))
    seat = a_seat(conn)
    adi = a_child(conn, mbah)
    consents.decide(
        conn,
        mbah.id,
        Consent.GIVEN,
        capacity="nenek",
        text_version="v1",
        words="Boleh?",
        channel="telegram",
        now=NOW,
    )
    a_checkin(conn, mbah, adi, {"pesan": "Adi menangis"})
    dialogues.save(conn, mbah.id, Dialogue((Interview("i2", "checkin", "f"),)), NOW)
    happen(
        conn,
        seat,
        TipSent("tidur", adi),
        Remind("nudge", "i2", NOW),
        MediaKept(MediaId("m1"), "voice", Media("ref")),
    )
    a_task(conn, mbah, "JBR-26-0002", kind="followup", level=Level.KUNING, child=adi)
    tasks.extend(conn, "JBR-26-0002", mbah.id, "catatan", None, NOW)
    received(conn, "u1")
    sending(conn, "k1", seat, "sent", NOW)
    return mbah


async def test_nothing_sealed_and_no_name_remains(database: Database) -> None:
    def unit(conn: Connection) -> tuple[Erased, list[object], object]:
        mbah = everything_about(conn)
        done = erase(conn, mbah)
        left = [
            value
            for sealed in SEALED
            for value in conn.execute(select(sealed.table.c[sealed.column])).scalars()
            if value is not None
        ]
        return done, left, conn.execute(select(schema.people)).one()

    done, left, shell = await database.write(unit)

    assert done == Erased(interviews=1, children=1, files=1, open_concerns=0)
    assert left == []
    assert (shell.name, shell.salutation, shell.village_id) == ("", "", None)  # type: ignore[attr-defined]
    assert shell.stopped_at == shell.erased_at == LATER  # type: ignore[attr-defined]


async def test_links_plans_tips_and_files_go_and_the_proof_of_consent_stays(
    database: Database,
) -> None:
    def unit(conn: Connection) -> tuple[dict[str, int], tuple[str, ...], object]:
        mbah = everything_about(conn)
        erase(conn, mbah)
        tables = ("answers", "interviews", "dialogues", "tips_sent", "due", "address_people")
        left = {name: count(conn, schema.metadata.tables[name]) for name in tables}
        proof = conn.execute(select(schema.consents.c.text)).scalar_one()
        return left, media.to_erase(conn, 9), proof

    left, files, proof = await database.write(unit)

    assert set(left.values()) == {0}
    assert files == ("m1",)
    assert proof == "Boleh?"


async def test_an_erasure_is_on_the_record(database: Database) -> None:
    def unit(conn: Connection) -> tuple[audit.Entry, str]:
        mbah = everything_about(conn)
        erase(conn, mbah)
        return audit.latest(conn, 1)[0], audit.person(mbah.id)

    entry, her = await database.write(unit)

    assert (entry.actor, entry.action, entry.subject) == ("command", "erased", her)


async def test_other_tasks_are_closed_and_emptied(database: Database) -> None:
    def unit(conn: Connection) -> tuple[object, object, str]:
        mbah = everything_about(conn)
        erase(conn, mbah)
        task = known(tasks.by_code(conn, "JBR-26-0002"))
        return task.closed_at, task.child, task.content

    assert await database.write(unit) == (LATER, None, "")


async def test_a_task_closed_before_keeps_its_time(database: Database) -> None:
    def unit(conn: Connection) -> object:
        mbah = a_caregiver(conn)
        a_task(conn, mbah)
        tasks.change(conn, "JBR-26-0001", None, tasks.CLOSED, "", NOW)
        erase(conn, mbah)
        return known(tasks.by_code(conn, "JBR-26-0001")).closed_at

    assert await database.write(unit) == NOW


async def test_an_open_concern_is_kept_with_the_child_and_the_recording(
    database: Database,
) -> None:
    def unit(conn: Connection) -> tuple[Erased, tuple[object, ...], str]:
        mbah = everything_about(conn)
        [adi] = children.of_person(conn, mbah.id)
        a_task(conn, mbah, "JBR-26-0001", child=adi.id)
        voice = MediaKept(MediaId("m2"), "voice", Media("ref"), "JBR-26-0001")
        happen(conn, a_seat(conn), voice)
        done = erase(conn, mbah)
        task = known(tasks.by_code(conn, "JBR-26-0001"))
        kept = (task.content, task.media, task.about_name, task.closed_at)
        return done, kept, known(children.one(conn, adi.id)).nickname

    done, kept, nickname = await database.write(unit)

    assert done.open_concerns == 1
    assert kept == ("Adi dipukul tetangga", ("m2",), "", None)
    assert nickname == "Adi"


async def test_a_child_that_another_cares_for_keeps_its_name(database: Database) -> None:
    def unit(conn: Connection) -> list[str]:
        mbah, aunt = a_caregiver(conn, "1"), a_caregiver(conn, "2")
        children.cared_for_by(conn, a_child(conn, mbah), aunt.id)
        erase(conn, mbah)
        return [child.nickname for child in children.of_person(conn, aunt.id)]

    assert await database.write(unit) == ["Adi"]


async def test_words_of_others_and_a_farewell_of_this_moment_stay(database: Database) -> None:
    def unit(conn: Connection) -> tuple[dict[str, tuple[str, bool]], list[str]]:
        mbah, other = a_caregiver(conn, "62812"), a_seat(conn, "2")
        seat = a_seat(conn)
        sending(conn, "old", seat, "sent", NOW)
        sending(conn, "reminder", seat, "waiting", NOW)
        sending(conn, "farewell", seat, "sending", LATER)
        sending(conn, "hers", other, "waiting", NOW)
        received(conn, "done")
        received(conn, "just now", status="new")
        received(conn, "of another", address="2")
        erase(conn, mbah)
        rows = conn.execute(select(schema.outbox))
        out = {row.dedupe_key: (row.status, row.body is None) for row in rows}
        kept = conn.execute(
            select(schema.inbox.c.external_id).where(schema.inbox.c.body.is_not(None))
        )
        return out, sorted(kept.scalars())

    out, received_and_kept = await database.write(unit)

    assert out == {
        "old": ("sent", True),
        "reminder": ("excluded", True),
        "farewell": ("sending", False),
        "hers": ("waiting", False),
    }
    assert received_and_kept == ["just now", "of another"]


async def test_whoever_writes_from_the_address_later_is_somebody_new(database: Database) -> None:
    def unit(conn: Connection) -> tuple[bool, str, bool]:
        mbah = a_caregiver(conn)
        erase(conn, mbah)
        nobody = people.seat_of(conn, mbah.id) is None
        again = a_seat(conn).person
        return nobody, again.name, again.id != mbah.id

    assert await database.write(unit) == (True, "", True)


async def test_who_shares_the_telephone_holds_it_from_then_on(database: Database) -> None:
    def unit(conn: Connection) -> bool:
        mbah, grandson = a_caregiver(conn), a_caregiver(conn, "other")
        shared = {"address_id": a_seat(conn).address_id, "person_id": grandson.id, "since": NOW}
        conn.execute(insert(schema.address_people), shared)
        erase(conn, mbah)
        return a_seat(conn).person.id == grandson.id

    assert await database.write(unit)


async def test_a_member_of_staff_who_is_forgotten_is_staff_no_more(database: Database) -> None:
    def unit(conn: Connection) -> tuple[int, object, list[str]]:
        mas, ayu = a_member(conn), a_member(conn, "Ayu", "801")
        a_task(conn, None, owner=mas.id)
        erase(conn, mas)
        owner = known(tasks.by_code(conn, "JBR-26-0001")).owner
        names = [member.name for member in staff.members(conn, removed=True)]
        return staff.named_active(conn), owner == ayu.id, names

    assert await database.write(unit) == (1, True, ["", "Ayu"])


async def test_nothing_is_due_for_her_any_more(database: Database) -> None:
    def unit(conn: Connection) -> list[due.DueRow]:
        erase(conn, everything_about(conn))
        return due.next_due(conn, LATER, 9)

    assert await database.write(unit) == []


async def test_whatever_may_mean_danger_is_kept_while_it_is_open(database: Database) -> None:
    """The hand that asks for the erasure may be the hand that is feared."""

    def unit(conn: Connection) -> tuple[int, object, str, object]:
        mbah = a_caregiver(conn)
        adi = a_child(conn, mbah)
        a_task(conn, mbah, "JBR-26-0001", kind="safe_word")
        a_task(conn, mbah, "JBR-26-0002", kind="followup", child=adi)
        a_task(conn, mbah, "JBR-26-0003", kind="erasure")
        done = erase(conn, mbah)
        safe_word = known(tasks.by_code(conn, "JBR-26-0001"))
        asked = known(tasks.by_code(conn, "JBR-26-0003"))
        nickname = known(children.one(conn, adi)).nickname
        return done.open_concerns, safe_word.closed_at, nickname, asked.closed_at

    assert await database.write(unit) == (2, None, "Adi", LATER)


async def test_a_recording_told_into_an_open_concern_is_kept_with_it(database: Database) -> None:
    def unit(conn: Connection) -> tuple[tuple[str, ...], tuple[str, ...]]:
        seat = a_seat(conn)
        told = TaskOpened("JBR-26-0001", "concern", Level.KUNING, LATER, "reason.told")
        happen(
            conn,
            seat,
            MediaKept(MediaId("m1"), "voice", Media("ref")),
            replace(told, media=MediaId("m1")),
            MediaKept(MediaId("m2"), "voice", Media("ref")),
            TaskExtended("JBR-26-0001", media=MediaId("m2")),
        )
        erase(conn, seat.person)
        return known(tasks.by_code(conn, "JBR-26-0001")).media, media.to_erase(conn, 9)

    assert await database.write(unit) == (("m1", "m2"), ())


async def test_what_staff_were_shown_of_her_words_goes_too(database: Database) -> None:
    def unit(conn: Connection) -> dict[str, tuple[str, bool]]:
        mbah, mas = a_caregiver(conn), a_member(conn)
        a_task(conn, mbah, "JBR-26-0001", kind="message", level=Level.KUNING)
        a_task(conn, mbah, "JBR-26-0002")
        staff_seat = a_seat(conn, "800")
        for key, status in (("read", "sent"), ("unsent", "waiting"), ("kept", "sent")):
            sending(conn, key, staff_seat, status, NOW)
            code = "JBR-26-0002" if key == "kept" else "JBR-26-0001"
            shown = update(schema.outbox).where(schema.outbox.c.dedupe_key == key)
            conn.execute(shown.values(purpose=shown_to_staff(code)))
        erase(conn, mbah)
        rows = conn.execute(select(schema.outbox).where(schema.outbox.c.person_id == mas.id))
        return {row.dedupe_key: (row.status, row.body is None) for row in rows}

    assert await database.write(unit) == {
        "read": ("sent", True),
        "unsent": ("excluded", True),
        "kept": ("sent", False),
    }

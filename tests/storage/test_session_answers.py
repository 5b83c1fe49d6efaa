"""What people answer to an invitation, who came, and what turns bring about for them."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, insert, select

from conversations.dialogue import Child, ChildId, Person, PersonId
from conversations.event import (
    AttendanceTaken,
    HouseholdPaused,
    RsvpGiven,
    SessionCancelled,
    SessionMoved,
)
from conversations.schools.session import Rsvp, Session
from storage import (
    audit,
    children,
    due,
    people,
    schema,
    schools,
    sessions,
)
from storage.database import Database
from storage.school_questions import StoredSchools
from tests.storage.builders import (
    DAY,
    HOUR,
    MINUTE,
    NOW,
    a_seat,
    count,
    happen,
    known,
)
from tests.storage.school_builders import (
    BEGINS,
    a_list,
    a_mother,
    a_school,
    a_session,
    in_outbox,
    planned,
    waits,
    wakes,
)

WEEK = timedelta(weeks=1)


async def test_a_no_takes_back_what_still_waits_for_her_alone(database: Database) -> None:
    def unit(conn: Connection) -> tuple[list[PersonId], list[tuple[int, str, str]]]:
        school = a_school(conn)
        both = a_list(conn, school, 2)
        session, other = a_session(conn, school), a_session(conn, school, BEGINS + DAY)
        for one in both:
            waits(conn, session, one)
        waits(conn, other, both[0])
        sessions.rsvp(conn, session.id, both[0], Rsvp.NO, NOW)
        return both, sorted(in_outbox(conn))

    (siti, tini), found = await database.write(unit)

    assert found == [
        (siti, "excluded", "answered_no"),
        (siti, "waiting", ""),
        (tini, "waiting", ""),
    ]


async def test_a_no_does_not_take_back_the_news_that_it_was_moved(database: Database) -> None:
    def unit(conn: Connection) -> list[str]:
        school = a_school(conn)
        siti = a_list(conn, school, 1)[0]
        session = a_session(conn, school)
        waits(conn, session, siti, "changed", purpose="session_changed")
        waits(conn, session, siti, "h2")
        sessions.rsvp(conn, session.id, siti, Rsvp.NO, NOW)
        return [status for _, status, _ in in_outbox(conn)]

    assert await database.write(unit) == ["waiting", "excluded"]


async def test_a_later_word_replaces_an_earlier_one(database: Database) -> None:
    def unit(conn: Connection) -> tuple[list[Rsvp], int]:
        school = a_school(conn)
        siti = a_list(conn, school, 1)[0]
        session = a_session(conn, school)
        said = []
        for answer in (Rsvp.NO, Rsvp.YES):
            sessions.rsvp(conn, session.id, siti, answer, NOW)
            said.append(known(StoredSchools(conn, NOW).invitation(siti, session.id)).rsvp)
        return said, count(conn, schema.invitations)

    assert await database.write(unit) == ([Rsvp.NO, Rsvp.YES], 1)


async def test_an_answer_to_a_cancelled_session_is_not_kept(database: Database) -> None:
    def unit(conn: Connection) -> int:
        school = a_school(conn)
        siti = a_list(conn, school, 1)[0]
        session = a_session(conn, school)
        sessions.cancel(conn, session.id, NOW)
        sessions.rsvp(conn, session.id, siti, Rsvp.YES, NOW)
        return count(conn, schema.invitations)

    assert await database.write(unit) == 0


async def test_who_is_not_named_present_was_absent(database: Database) -> None:
    over = BEGINS + 3 * HOUR

    def unit(conn: Connection) -> tuple[list[bool | None], datetime | None, dict[str, datetime]]:
        school = a_school(conn)
        first, _, _ = a_list(conn, school, 3)
        session = a_session(conn, school)
        due.plan(conn, "attendance", str(session.id), first, over, None)
        sessions.take_attendance(conn, session.id, [first], first, over)
        asked = StoredSchools(conn, over)
        listed = [one.present for one in asked.enrolled(school.id, session.id)]
        assert wakes(conn, "attendance") == {}
        return listed, known(asked.session(session.id)).attendance_at, planned(conn, session)

    came, taken_at, stages = await database.write(unit)

    assert came == [True, False, False]
    assert taken_at == over
    assert stages["after"] == over + 30 * MINUTE
    assert "attendance" not in stages


async def test_a_correction_takes_back_what_was_planned_by_mistake(database: Database) -> None:
    over = BEGINS + 3 * HOUR

    def unit(conn: Connection) -> dict[str, Any]:
        school = a_school(conn)
        first, second = a_list(conn, school, 2)
        session = a_session(conn, school)
        sessions.take_attendance(conn, session.id, [first], None, over)
        for waited in ("", ":2"):
            due.plan(conn, "feedback", f"{session.id}:{first}{waited}", first, over, None)
        waits(conn, session, second, "after")
        sessions.take_attendance(conn, session.id, [second], None, over + HOUR)
        return {
            "feedback": wakes(conn, "feedback"),
            "outbox": in_outbox(conn)[0][1:],
            "came": [
                one.present for one in StoredSchools(conn, over).enrolled(school.id, session.id)
            ],
            "first taken": known(schools.session(conn, session.id)).attendance_at,
            "after": planned(conn, session)["after"],
        }

    found = await database.write(unit)

    assert found == {
        "feedback": {},
        "outbox": ("excluded", "attended"),
        "came": [False, True],
        "first taken": over,
        "after": over + HOUR + 30 * MINUTE,
    }


async def test_turns_bring_it_about_and_it_is_recorded(database: Database) -> None:
    def unit(conn: Connection) -> tuple[Session, Rsvp, bool, list[str]]:
        school = a_school(conn)
        siti = a_list(conn, school, 1)[0]
        seat = known(people.seat_of(conn, siti))
        first, second = a_session(conn, school), a_session(conn, school, BEGINS + DAY)
        happen(
            conn,
            seat,
            SessionMoved(first.id, BEGINS + WEEK, BEGINS + WEEK + HOUR),
            SessionCancelled(second.id),
            RsvpGiven(first.id, Rsvp.YES),
            AttendanceTaken(first.id, (siti,)),
        )
        invitation = known(StoredSchools(conn, NOW).invitation(siti, first.id))
        actions = [one.action for one in audit.latest(conn, 3)]
        return invitation.session, invitation.rsvp, known(invitation.present), actions

    session, rsvp, present, actions = await database.write(unit)

    assert session.starts_at == BEGINS + WEEK
    assert (rsvp, present) == (Rsvp.YES, True)
    assert actions == ["attendance taken", "session cancelled", "session moved"]


def _paused(conn: Connection, *who: Person) -> list[datetime | None]:
    column = schema.people.c
    return [
        conn.execute(select(column.paused_until).where(column.id == one.id)).scalar_one()
        for one in who
    ]


async def test_a_household_rests_together_and_nobody_else(database: Database) -> None:
    until = NOW + WEEK

    def unit(conn: Connection) -> list[datetime | None]:
        siti, tini, ani = (a_mother(conn, str(n), f"Ibu {n}") for n in range(3))
        shared = {"address_id": a_seat(conn, "0").address_id, "since": NOW}
        eyang = a_mother(conn, "9", "Eyang")
        conn.execute(insert(schema.address_people), {**shared, "person_id": eyang.id})
        child = children.add(conn, siti.id, Child(ChildId(0), "Adi"), NOW)
        conn.execute(insert(schema.caregiving), {"person_id": tini.id, "child_id": child})
        happen(conn, known(people.seat_of(conn, ani.id)), HouseholdPaused(until, siti.id))
        return _paused(conn, siti, tini, eyang, ani)

    assert await database.write(unit) == [until, until, until, None]


async def test_who_rests_longer_keeps_her_rest(database: Database) -> None:
    def unit(conn: Connection) -> list[datetime | None]:
        siti = a_mother(conn, "1")
        people.change(conn, siti.id, {"paused_until": NOW + 4 * WEEK}, NOW)
        happen(conn, known(people.seat_of(conn, siti.id)), HouseholdPaused(NOW + WEEK))
        return _paused(conn, siti)

    assert await database.write(unit) == [NOW + 4 * WEEK]

"""The life of a session in storage: what is planned, forgotten, planned anew, and by whom."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Connection, insert

from conversations.dialogue import PersonId
from conversations.schools.session import Rsvp, School, Session, SessionId, Stage
from storage import (
    due,
    keepers,
    outbox,
    people,
    schema,
    sessions,
)
from storage.database import Database
from storage.school_questions import StoredSchools
from storage.sessions import EndsTooEarly, InThePast, NoSuchSession, Over, Overlaps
from tests.storage.builders import (
    DAY,
    HOUR,
    MINUTE,
    NOW,
    a_member,
    known,
)
from tests.storage.school_builders import (
    BEGINS,
    EVERY_REMINDER,
    a_list,
    a_mother,
    a_school,
    a_session,
    in_outbox,
    outcomes,
    planned,
    waits,
    wakes,
)

WEEK = timedelta(weeks=1)


async def test_a_planned_session_is_as_it_was_told(database: Database) -> None:
    def unit(conn: Connection) -> tuple[Session, Session]:
        school = a_school(conn, place="Balai desa")
        words = {"facilitator": "Bu Ani", "bring": "buku", "tip": "sebut-kebaikan"}
        reminders = (Stage.INVITE, Stage.HOURS_BEFORE)
        made = a_session(conn, school, reminders=reminders, **words)
        return made, known(StoredSchools(conn, NOW).session(made.id))

    made, found = await database.write(unit)

    assert found == made
    assert (found.starts_at, found.ends_at) == (BEGINS, BEGINS + 2 * HOUR)
    assert (found.place, found.bring, found.revision) == ("Balai desa", "buku", 1)
    assert found.reminders == (Stage.INVITE, Stage.HOURS_BEFORE)


async def test_a_planned_session_has_all_its_stages(database: Database) -> None:
    def unit(conn: Connection) -> dict[str, datetime]:
        return planned(conn, a_session(conn, a_school(conn)))

    found = await database.write(unit)

    assert found.keys() == {*EVERY_REMINDER, "attendance"}
    assert found["h2"] == BEGINS - 2 * HOUR


async def test_what_is_left_out_is_not_planned(database: Database) -> None:
    def unit(conn: Connection) -> dict[str, datetime]:
        return planned(conn, a_session(conn, a_school(conn), reminders=(Stage.DAY_BEFORE,)))

    assert (await database.write(unit)).keys() == {"h1", "attendance"}


async def test_what_comes_too_late_is_recorded_as_missed(database: Database) -> None:
    def unit(conn: Connection) -> tuple[dict[str, datetime], dict[str, str]]:
        session = a_session(conn, a_school(conn), now=BEGINS - HOUR)
        return planned(conn, session), outcomes(conn, session)

    still, gone = await database.write(unit)

    assert still.keys() == {"invite", "attendance"}
    assert gone.keys() == {"h1", "h2", "h2_evening"}
    assert all(outcome.startswith("missed: ") for outcome in gone.values())


@pytest.mark.parametrize(
    ("begins", "length", "refusal"),
    [
        (NOW - MINUTE, HOUR, InThePast),
        (NOW, HOUR, InThePast),
        (BEGINS, -HOUR, EndsTooEarly),
        (BEGINS, timedelta(), EndsTooEarly),
        (BEGINS, 25 * HOUR, sessions.TooLong),
    ],
)
async def test_a_time_that_cannot_be_is_refused(
    database: Database, begins: datetime, length: timedelta, refusal: type[Exception]
) -> None:
    with pytest.raises(refusal):
        await database.write(lambda c: a_session(c, a_school(c), begins, length=length))


async def test_an_overlap_is_refused_by_naming_the_other(database: Database) -> None:
    def prepare(conn: Connection) -> tuple[School, Session]:
        school = a_school(conn)
        return school, a_session(conn, school)

    school, there = await database.write(prepare)

    with pytest.raises(Overlaps) as refused:
        await database.write(lambda c: a_session(c, school, BEGINS + HOUR))

    assert refused.value.other == there


async def test_a_move_plans_anew_and_everything_begins_anew(database: Database) -> None:
    def unit(conn: Connection) -> dict[str, Any]:
        school = a_school(conn)
        siti, tini = a_list(conn, school, 2)
        session = a_session(conn, school)
        sessions.rsvp(conn, session.id, siti, Rsvp.YES, NOW)
        conn.execute(
            insert(schema.invitations),
            {"session_id": session.id, "person_id": tini, "asked_at": NOW},
        )
        waits(conn, session, siti)
        moved = sessions.move(conn, session.id, BEGINS + WEEK, BEGINS + WEEK + HOUR, NOW)
        asked = StoredSchools(conn, NOW)
        return {
            "moved": moved,
            "stages": planned(conn, session),
            "answers": [known(asked.invitation(one, session.id)) for one in (siti, tini)],
            "outbox": in_outbox(conn)[0][1:],
        }

    found = await database.write(unit)

    assert found["moved"].revision == 2
    assert found["moved"].starts_at == BEGINS + WEEK
    assert found["stages"].keys() == {*EVERY_REMINDER, "attendance", "changed"}
    assert found["stages"]["h2"] == BEGINS + WEEK - 2 * HOUR
    assert found["stages"]["changed"] == NOW
    assert {(one.rsvp, one.asked_at) for one in found["answers"]} == {(Rsvp.NOTHING, None)}
    assert found["outbox"] == ("excluded", "moved")


async def test_a_session_may_move_within_its_own_time(database: Database) -> None:
    def unit(conn: Connection) -> datetime:
        session = a_session(conn, a_school(conn))
        return sessions.move(conn, session.id, BEGINS + HOUR, BEGINS + 3 * HOUR, NOW).starts_at

    assert await database.write(unit) == BEGINS + HOUR


async def test_a_move_is_refused_as_planning_is(database: Database) -> None:
    def unit(conn: Connection) -> Session:
        school = a_school(conn)
        a_session(conn, school, BEGINS + DAY)
        return a_session(conn, school)

    session = await database.write(unit)

    for begins, refusal in ((NOW - HOUR, InThePast), (BEGINS + DAY, Overlaps)):
        with pytest.raises(refusal):
            await database.write(lambda c, b=begins: sessions.move(c, session.id, b, b + HOUR, NOW))
    found = await database.read(lambda c: StoredSchools(c, NOW).session(session.id))
    assert found == session


async def test_a_cancelled_session_has_only_the_news_to_come(database: Database) -> None:
    def unit(conn: Connection) -> tuple[bool, dict[str, datetime], tuple[str, str]]:
        school = a_school(conn)
        siti = a_list(conn, school, 1)[0]
        session = a_session(conn, school)
        waits(conn, session, siti)
        cancelled = sessions.cancel(conn, session.id, NOW)
        return cancelled.cancelled, planned(conn, session), in_outbox(conn)[0][1:]

    assert await database.write(unit) == (True, {"changed": NOW}, ("excluded", "cancelled"))


async def test_nothing_changes_that_is_over_cancelled_or_unknown(database: Database) -> None:
    def unit(conn: Connection) -> Session:
        session = a_session(conn, a_school(conn))
        sessions.cancel(conn, session.id, NOW)
        return session

    session = await database.write(unit)
    after = BEGINS + DAY
    with pytest.raises(Over):
        await database.write(lambda c: sessions.cancel(c, session.id, NOW))
    with pytest.raises(Over):
        await database.write(lambda c: sessions.move(c, session.id, after, after + HOUR, NOW))
    with pytest.raises(NoSuchSession):
        await database.write(lambda c: sessions.cancel(c, SessionId(99), NOW))


async def test_the_cadre_hears_whom_a_change_did_not_reach(database: Database) -> None:
    def unit(conn: Connection) -> tuple[PersonId, Any]:
        rini = a_mother(conn, "cadre", "Rini").id
        session = a_session(conn, a_school(conn, cadre=rini))
        sessions.cancel(conn, session.id, NOW)
        return rini, wakes(conn, "untold")[str(session.id)]

    rini, woken = await database.write(unit)

    assert woken == (rini, NOW + 30 * MINUTE, BEGINS)


async def test_what_an_earlier_change_or_the_end_had_planned_for_the_cadre_is_forgotten(
    database: Database,
) -> None:
    def unit(conn: Connection) -> list[Any]:
        rini = a_mother(conn, "cadre", "Rini").id
        session = a_session(conn, a_school(conn, cadre=rini))
        sessions.move(conn, session.id, BEGINS + HOUR, BEGINS + 3 * HOUR, NOW)
        due.plan(conn, "attendance", str(session.id), rini, BEGINS + 3 * HOUR, None)
        outbox.block(conn, known(people.seat_of(conn, rini)).address_id, "blocked", NOW)
        sessions.cancel(conn, session.id, NOW)
        return [wakes(conn, kind) for kind in ("untold", "attendance")]

    assert await database.write(unit) == [{}, {}]


async def test_of_a_change_at_night_she_hears_after_the_news_could_leave(
    database: Database,
) -> None:
    night = NOW.replace(hour=16)  # 23:00 in Jember
    dawn = NOW.replace(hour=22, minute=30)  # 05:30

    def unit(conn: Connection) -> datetime:
        rini = a_mother(conn, "cadre", "Rini").id
        session = a_session(conn, a_school(conn, cadre=rini))
        sessions.cancel(conn, session.id, night)
        return wakes(conn, "untold")[str(session.id)][1]

    assert await database.write(unit) == dawn + 30 * MINUTE


async def test_of_a_change_in_the_last_hour_she_hears_in_time_to_walk(database: Database) -> None:
    def unit(conn: Connection) -> datetime:
        rini = a_mother(conn, "cadre", "Rini").id
        session = a_session(conn, a_school(conn, cadre=rini))
        sessions.cancel(conn, session.id, BEGINS - HOUR)
        return wakes(conn, "untold")[str(session.id)][1]

    assert await database.write(unit) == BEGINS - 45 * MINUTE


async def test_without_a_cadre_who_can_be_reached_the_planner_or_staff_look_after_it(
    database: Database,
) -> None:
    def unit(conn: Connection) -> list[tuple[PersonId | None, PersonId | None]]:
        rini, ani = a_mother(conn, "1", "Rini").id, a_mother(conn, "2", "Ani").id
        session = a_session(conn, a_school(conn, cadre=rini), by=ani)
        kept = [(keepers.keeper(conn, session), rini)]
        for gone, then in ((rini, ani), (ani, None)):
            outbox.block(conn, known(people.seat_of(conn, gone)).address_id, "blocked", NOW)
            kept.append((keepers.keeper(conn, session), then))
        dimas = a_member(conn).id
        kept.append((keepers.keeper(conn, session), dimas))
        return kept

    for found, expected in await database.write(unit):
        assert found == expected

"""What happens of itself before a session: announced and reminded, politely, once."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest
from sqlalchemy import Connection, insert, select, update

from bot.planned import KINDS, Planning
from bot.planned import session as planned_session
from bot.turn import Turns
from conversations.dialogue import Consent, PersonId
from conversations.politeness import decent_time
from conversations.schools.session import Rsvp, School, Session
from storage import due, outbox, people, schema, schools, sessions
from storage.database import Database
from storage.school_questions import StoredSchools
from tests.bot.session_days import (
    DAWN,
    PROGRAMME,
    QUIET,
    let_pass,
    local,
    sent,
)
from tests.storage.builders import DAY, HOUR, MINUTE, NOW, known
from tests.storage.school_builders import (
    BEGINS,
    a_list,
    a_mother,
    a_school,
    a_session,
    outcomes,
    planned,
)


async def test_everybody_on_the_list_is_invited_three_days_before(database: Database) -> None:
    def unit(conn: Connection) -> tuple[list[PersonId], dict[int, datetime], list[Any], Any]:
        school = a_school(conn)
        mothers = a_list(conn, school, 3)
        session = a_session(conn, school)
        let_pass(conn, BEGINS - 2 * DAY)
        asked = [known(StoredSchools(conn, NOW).invitation(one, session.id)) for one in mothers]
        row = conn.execute(select(schema.outbox)).first()
        return mothers, sent(conn, session, "invite"), asked, row

    mothers, invited, asked, row = await database.write(unit)

    assert list(invited) == mothers
    assert {f"{at:%d %H:%M}" for at in invited.values()} == {"21 09:00"}  # UTC
    assert {one.asked_at for one in asked} == set(invited.values())
    assert (row.campaign, row.purpose) == ("session:1", "invite")
    assert row.expires_at == BEGINS - DAY + 3 * HOUR


async def test_each_stage_comes_once_whoever_asks_again(database: Database) -> None:
    def unit(conn: Connection) -> tuple[int, int]:
        school = a_school(conn)
        a_list(conn, school, 3)
        session = a_session(conn, school)
        let_pass(conn, BEGINS - HOUR)
        before = len(conn.execute(select(schema.outbox.c.id)).all())
        for stage in ("invite", "h1", "h2_evening", "h2"):
            due.plan(conn, "session", f"{session.id}:{stage}", None, BEGINS - HOUR, None)
        let_pass(conn, BEGINS - HOUR)
        return before, len(conn.execute(select(schema.outbox.c.id)).all())

    assert await database.write(unit) == (9, 9)


async def test_who_has_the_message_already_is_not_asked_anew(database: Database) -> None:
    def unit(conn: Connection) -> tuple[Any, Any]:
        school = a_school(conn)
        mother, *_ = a_list(conn, school, 2)
        session = a_session(conn, school)
        let_pass(conn, BEGINS - 2 * DAY)
        first = known(StoredSchools(conn, NOW).invitation(mother, session.id))
        again = BEGINS - 2 * DAY + HOUR
        newcomer = a_mother(conn, "baru").id
        schools.enrol(conn, school.id, newcomer, None, NOW)
        due.plan(conn, "session", f"{session.id}:invite", None, again, None)
        let_pass(conn, again)
        asked = StoredSchools(conn, NOW)
        return first.asked_at, (
            known(asked.invitation(mother, session.id)).asked_at,
            known(asked.invitation(newcomer, session.id)).asked_at,
        )

    first, (hers, newcomers) = await database.write(unit)

    assert hers == first < newcomers


async def test_who_said_no_is_left_in_peace_and_the_others_are_reminded(
    database: Database,
) -> None:
    def unit(conn: Connection) -> tuple[list[PersonId], list[list[int]]]:
        school = a_school(conn)
        mothers = a_list(conn, school, 3)
        session = a_session(conn, school)
        sessions.rsvp(conn, session.id, mothers[0], Rsvp.NO, NOW)
        sessions.rsvp(conn, session.id, mothers[1], Rsvp.YES, NOW)
        let_pass(conn, BEGINS)
        return mothers, [list(sent(conn, session, stage)) for stage in ("invite", "h1", "h2")]

    (_, yes, nothing), told = await database.write(unit)

    assert told == [[yes, nothing]] * 3


async def test_a_yes_after_a_no_brings_the_later_reminders_back(database: Database) -> None:
    def unit(conn: Connection) -> tuple[PersonId, list[list[int]]]:
        school = a_school(conn)
        siti = a_list(conn, school, 1)[0]
        session = a_session(conn, school)
        sessions.rsvp(conn, session.id, siti, Rsvp.NO, NOW)
        let_pass(conn, BEGINS - 20 * HOUR)
        sessions.rsvp(conn, session.id, siti, Rsvp.YES, BEGINS - 20 * HOUR)
        let_pass(conn, BEGINS, BEGINS - 20 * HOUR)
        return siti, [list(sent(conn, session, stage)) for stage in ("invite", "h1", "h2")]

    siti, told = await database.write(unit)

    assert told == [[], [], [siti]]


async def test_who_would_be_asleep_is_reminded_the_evening_before_and_nobody_twice(
    database: Database,
) -> None:
    def unit(conn: Connection) -> tuple[list[PersonId], School, dict[int, datetime]]:
        school = a_school(conn)
        mothers = a_list(conn, school, 2)
        people.change(conn, mothers[1], {"quiet": "21:00-05:00"}, NOW)
        session = a_session(conn, school, DAWN)
        let_pass(conn, DAWN)
        return mothers, school, sent(conn, session, "h2")

    (asleep, awake), school, told = await database.write(unit)

    assert {one: local(at, school) for one, at in told.items()} == {
        asleep: "23 17:00",
        awake: "24 06:00",
    }


@pytest.mark.parametrize(
    ("zone", "utc"),
    [("Asia/Jakarta", "04:00"), ("Asia/Makassar", "03:00"), ("Asia/Jayapura", "02:00")],
)
async def test_two_hours_before_is_so_in_every_zone(
    database: Database, zone: str, utc: str
) -> None:
    def unit(conn: Connection) -> list[str]:
        school = a_school(conn, zone=zone)
        siti = a_list(conn, school, 1)[0]
        people.change(conn, siti, {"zone": zone}, NOW)
        begins = BEGINS.replace(tzinfo=None).replace(hour=13)
        session = a_session(conn, school, begins.replace(tzinfo=school.tz))
        let_pass(conn, BEGINS + DAY)
        return [f"{at:%H:%M}" for at in sent(conn, session, "h2").values()]

    assert await database.write(unit) == [utc]


async def test_who_lives_elsewhere_is_not_woken_by_the_hours_of_the_school(
    database: Database,
) -> None:
    def unit(conn: Connection) -> tuple[int, datetime, datetime]:
        school = a_school(conn, zone="Asia/Jayapura")
        siti = a_list(conn, school, 1)[0]  # in Jember, two hours behind
        session = a_session(conn, school, BEGINS.replace(hour=0))  # 09:00 there, 07:00 here
        let_pass(conn, BEGINS)
        told = sent(conn, session, "h2")
        here = known(people.seat_of(conn, siti)).person.tz
        return len(told), told[siti], decent_time(told[siti], here, QUIET)

    number, leaves, decent = await database.write(unit)

    assert (number, leaves) == (1, decent)


async def test_late_by_a_standstill_what_still_helps_is_sent_and_the_rest_is_missed(
    database: Database,
) -> None:
    late = BEGINS - 90 * MINUTE

    def unit(conn: Connection) -> tuple[dict[str, str], list[int]]:
        school = a_school(conn)
        a_list(conn, school, 2)
        session = a_session(conn, school)
        let_pass(conn, BEGINS - HOUR, late)
        told = [len(sent(conn, session, stage)) for stage in ("invite", "h1", "h2")]
        return outcomes(conn, session), told

    found, told = await database.write(unit)

    assert told == [0, 0, 2]
    assert found["invite"].startswith("missed: ")
    assert found["h1"].startswith("missed: ")
    assert found["h2"] == "done"


async def test_after_it_began_nobody_is_reminded_any_more(database: Database) -> None:
    def unit(conn: Connection) -> tuple[dict[str, str], int]:
        school = a_school(conn)
        a_list(conn, school, 2)
        session = a_session(conn, school)
        let_pass(conn, BEGINS + MINUTE, BEGINS + MINUTE)
        return outcomes(conn, session), len(sent(conn, session, "h2"))

    found, told = await database.write(unit)

    assert told == 0
    assert {outcome[:7] for outcome in found.values()} == {"missed:"}


async def test_after_a_standstill_the_evening_reminder_stands_for_the_day_before(
    database: Database,
) -> None:
    late = DAWN - 14 * HOUR  # 18:00 of the evening before

    def unit(conn: Connection) -> tuple[list[PersonId], list[list[int]]]:
        school = a_school(conn)
        mothers = a_list(conn, school, 2)
        people.change(conn, mothers[1], {"quiet": "21:00-05:00"}, NOW)
        session = a_session(conn, school, DAWN)
        let_pass(conn, late, late)
        return mothers, [list(sent(conn, session, stage)) for stage in ("h1", "h2")]

    (asleep, awake), told = await database.write(unit)

    assert told == [[awake], [asleep]]


async def test_who_may_not_be_written_to_is_counted_and_not_asked(database: Database) -> None:
    def unit(conn: Connection) -> tuple[list[int], PersonId, list[datetime | None]]:
        school = a_school(conn)
        stopped, refused, blocked, resting, able = a_list(conn, school, 5)
        people.change(conn, stopped, {"stopped": True}, NOW)
        people.change(conn, resting, {"paused_until": BEGINS}, NOW)
        conn.execute(
            update(schema.people).where(schema.people.c.id == refused).values(consent="withdrawn")
        )
        outbox.block(conn, known(people.seat_of(conn, blocked)).address_id, "blocked", NOW)
        phoneless = conn.execute(
            insert(schema.people)
            .values(name="Eyang", consent=Consent.GIVEN.value, created_at=NOW)
            .returning(schema.people.c.id)
        ).scalar_one()
        schools.enrol(conn, school.id, phoneless, None, NOW)
        session = a_session(conn, school)
        let_pass(conn, BEGINS - 2 * DAY)
        asked = StoredSchools(conn, NOW)
        silent = (stopped, refused, blocked, resting, phoneless)
        rows = [known(asked.invitation(PersonId(one), session.id)).asked_at for one in silent]
        return list(sent(conn, session, "invite")), able, rows

    invited, able, asked = await database.write(unit)

    assert invited == [able]
    assert asked == [None] * 5


async def test_who_left_hears_no_more_and_who_came_late_hears_the_rest(
    database: Database,
) -> None:
    def unit(conn: Connection) -> tuple[list[PersonId], list[list[int]]]:
        school = a_school(conn)
        first, second = a_list(conn, school, 2)
        session = a_session(conn, school)
        let_pass(conn, BEGINS - 2 * DAY)
        schools.leave(conn, school.id, first, NOW)
        new = a_mother(conn, "new").id
        schools.enrol(conn, school.id, new, None, NOW)
        let_pass(conn, BEGINS, BEGINS - 2 * DAY)
        return [first, second, new], [list(sent(conn, session, s)) for s in ("invite", "h2")]

    (first, second, new), told = await database.write(unit)

    assert told == [[first, second], [second, new]]


async def test_a_long_list_is_done_in_parts_and_everybody_is_told_once(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(planned_session, "PART", 2)

    def unit(conn: Connection) -> tuple[list[PersonId], list[int], list[str], str]:
        school = a_school(conn)
        mothers = a_list(conn, school, 5)
        session = a_session(conn, school)
        cursors = []
        while "invite" in planned(conn, session):
            now = BEGINS - 2 * DAY
            row = known(due.still_due(conn, "session", f"{session.id}:invite", now))
            cursors.append(row.cursor)
            KINDS["session"](conn, row, Planning(now, PROGRAMME, QUIET))
        told = list(sent(conn, session, "invite"))
        return mothers, told, cursors, outcomes(conn, session)["invite"]

    mothers, told, cursors, outcome = await database.write(unit)

    assert told == mothers
    assert cursors == ["", "2", "4"]
    assert outcome == "done"


async def test_a_part_that_fails_leaves_nothing_behind(database: Database) -> None:
    def prepare(conn: Connection) -> Session:
        school = a_school(conn)
        a_list(conn, school, 3)
        return a_session(conn, school)

    def fails(conn: Connection) -> None:
        let_pass(conn, BEGINS - 2 * DAY)
        raise RuntimeError("the process ends here")

    session = await database.write(prepare)
    with pytest.raises(RuntimeError):
        await database.write(fails)
    await database.write(lambda conn: let_pass(conn, BEGINS - 2 * DAY))

    assert len(await database.read(lambda conn: sent(conn, session, "invite"))) == 3


async def test_the_clock_of_the_service_carries_a_stage_out(database: Database) -> None:
    def unit(conn: Connection) -> tuple[int, int]:
        school = a_school(conn)
        a_list(conn, school, 3)
        session = a_session(conn, school)
        now = BEGINS - 2 * DAY
        turns = Turns(PROGRAMME, parsers={}, owner="service/1", now=lambda: now, quiet=QUIET)
        claimed = [turns.wake(conn, row) for row in due.next_due(conn, now, 9)]
        return sum(map(len, claimed)), len(sent(conn, session, "invite"))

    assert await database.write(unit) == (0, 3)


@pytest.mark.parametrize(
    ("evening", "told"), [("done", ["awake"]), ("missed: too late", ["asleep", "awake"])]
)
async def test_the_day_before_looks_at_what_became_of_the_evening(
    database: Database, evening: str, told: list[str]
) -> None:
    late = DAWN - 14 * HOUR

    def unit(conn: Connection) -> list[str]:
        school = a_school(conn)
        asleep, awake = a_list(conn, school, 2)
        people.change(conn, awake, {"quiet": "21:00-05:00"}, NOW)
        session = a_session(conn, school, DAWN)
        due.settle(conn, "session", f"{session.id}:h2_evening", evening)
        let_pass(conn, late, late)
        names = {asleep: "asleep", awake: "awake"}
        return [names[PersonId(one)] for one in sent(conn, session, "h1")]

    assert await database.write(unit) == told

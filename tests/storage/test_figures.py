"""What a month adds up to: whom it counts, when it begins and ends, and what it leaves out."""

from __future__ import annotations

from dataclasses import astuple
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import Connection

from conversations.level import Level
from storage import figures
from storage.database import Database
from storage.figures import Count, Period, Progress, Visitors
from storage.people import Village
from tests.storage.builders import NOW
from tests.storage.months import (
    DECEMBER,
    NOVEMBER,
    a_caregiver,
    a_checkin,
    a_follow_up,
    a_message,
    a_school,
    a_session,
    a_village,
    decides,
    enrol,
    invite,
)
from tests.storage.spending_builders import UTILITY, counted

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def november(village: Village, now: datetime = DECEMBER) -> Period:
    return Period(2026, 11, ZoneInfo(village.zone), now)


def checkins(conn: Connection, village: Village) -> tuple[int, int, int, int]:
    """Begun, sent, answered, assisted."""
    found = figures.checkins(conn, village, november(village))
    return found.begun.n, found.sent.n, found.answered.n, found.assisted.n


async def test_reach_counts_caregivers_of_the_village_by_consent_and_message(
    database: Database,
) -> None:
    def unit(conn: Connection) -> figures.Reach:
        village, other = a_village(conn), a_village(conn, "SBS", name="Sumbersalak")
        reached = a_caregiver(conn, village)
        a_message(conn, reached)
        a_message(conn, reached)
        a_message(conn, a_caregiver(conn, village), status="failed")
        a_message(conn, a_caregiver(conn, village), NOVEMBER - 30 * DAY)
        a_message(conn, a_caregiver(conn, village, consent="refused"))
        a_message(conn, a_caregiver(conn, village, role="cadre"))
        a_message(conn, a_caregiver(conn, village, registered=None))
        a_message(conn, a_caregiver(conn, village, registered=DECEMBER))
        a_message(conn, a_caregiver(conn, other))
        return figures.reach(conn, village, november(village))

    found = await database.write(unit)

    assert astuple(found) == (4, 3, 1)


async def test_consent_is_the_one_that_held_when_the_month_ended(database: Database) -> None:
    def unit(conn: Connection) -> figures.Reach:
        village = a_village(conn)
        decides(conn, a_caregiver(conn, village), "withdrawn", NOVEMBER)
        decides(conn, a_caregiver(conn, village), "withdrawn", DECEMBER)
        decides(conn, a_caregiver(conn, village, consent="refused"), "given", NOVEMBER)
        return figures.reach(conn, village, november(village))

    found = await database.write(unit)

    assert (found.registered, found.consenting) == (3, 2)


async def test_a_message_planned_before_the_month_reaches_in_the_month_it_left(
    database: Database,
) -> None:
    def unit(conn: Connection) -> figures.Reach:
        village = a_village(conn)
        planned = datetime(2026, 10, 31, 3, 0, tzinfo=UTC)
        a_message(conn, a_caregiver(conn, village), planned, finished=NOVEMBER)
        a_message(conn, a_caregiver(conn, village), NOVEMBER, finished=DECEMBER)
        return figures.reach(conn, village, november(village))

    found = await database.write(unit)

    assert found.reached == 1


async def test_checkins_are_sent_answered_and_assisted(database: Database) -> None:
    def unit(conn: Connection) -> figures.CheckIns:
        village = a_village(conn)
        cadre = a_caregiver(conn, village, role="cadre")
        one, other = a_caregiver(conn, village), a_caregiver(conn, village)
        a_checkin(conn, one)
        a_checkin(conn, one, NOVEMBER + DAY, typed_by=cadre)
        a_checkin(conn, other, status="running", ended=None)
        a_checkin(conn, other, NOVEMBER + DAY, status="partial", answered=None)
        a_checkin(conn, other, NOVEMBER + 2 * DAY, sent="failed", status="partial", answered=None)
        a_checkin(conn, other, conversation="daftar")
        a_checkin(conn, cadre)
        a_message(conn, one, NOVEMBER + 2 * DAY)
        return figures.checkins(conn, village, november(village))

    found = await database.write(unit)

    assert (found.begun, found.sent) == (Count(5, 2), Count(4, 2))
    assert (found.answered, found.assisted) == (Count(3, 2), Count(1, 1))


async def test_what_a_form_calculates_at_its_end_is_no_answer(database: Database) -> None:
    def unit(conn: Connection) -> tuple[int, int, int, int]:
        village = a_village(conn)
        week = timedelta(days=7)
        a_checkin(conn, a_caregiver(conn, village), status="partial", answered=week, ended=week)
        return checkins(conn, village)

    assert await database.write(unit) == (1, 1, 0, 0)


async def test_a_checkin_merged_into_the_morning_message_was_sent(database: Database) -> None:
    def unit(conn: Connection) -> tuple[int, int, int, int]:
        village = a_village(conn)
        a_checkin(conn, a_caregiver(conn, village), sent="merged", status="running", answered=None)
        return checkins(conn, village)

    assert await database.write(unit) == (1, 1, 0, 0)


async def test_the_month_begins_and_ends_at_midnight_in_the_east(database: Database) -> None:
    first, after = (
        datetime(2026, month, day, 15, tzinfo=UTC) for month, day in [(10, 31), (11, 30)]
    )
    moment = timedelta(milliseconds=1)

    def unit(conn: Connection) -> tuple[int, int, int]:
        village = a_village(conn, "WMN", name="Wamena", zone="Asia/Jayapura")
        school = a_school(conn, village)
        for at in (first - moment, first, after - moment, after):
            a_checkin(conn, a_caregiver(conn, village), at)
            a_session(conn, school, at)
            a_follow_up(conn, "WMN", at=at)
        found = figures.of_month(conn, village, november(village))
        [of_school] = found.schools
        return found.checkins.begun.n, of_school.held, sum(found.follow_ups.by_level.values())

    assert await database.write(unit) == (2, 2, 2)


async def test_of_a_month_that_is_not_over_only_what_has_been_is_counted(
    database: Database,
) -> None:
    def unit(conn: Connection) -> tuple[int, int, int]:
        village = a_village(conn)
        school = a_school(conn, village)
        for at in (NOVEMBER - DAY, NOVEMBER + DAY):
            a_checkin(conn, a_caregiver(conn, village), at)
            a_session(conn, school, at)
        found = figures.of_month(conn, village, november(village, NOVEMBER))
        return found.checkins.begun.n, found.schools[0].held, found.schools[0].planned

    assert await database.write(unit) == (1, 1, 2)


async def test_a_school_counts_by_person_and_session(database: Database) -> None:
    def unit(conn: Connection) -> figures.SchoolMonth:
        village = a_village(conn)
        a, b, c, gone, visitor = (a_caregiver(conn, village) for _ in range(5))
        school = a_school(conn, village)
        enrol(conn, school, a, b, c)
        enrol(conn, school, gone, left=NOVEMBER - DAY)
        first = a_session(conn, school)
        invite(conn, first, a, rsvp="yes", present=True)
        invite(conn, first, b, rsvp="no", present=False)
        second = a_session(conn, school, NOVEMBER + DAY)
        invite(conn, second, a, rsvp="yes", present=True)
        invite(conn, second, b, visitor, asked=None, present=True)
        a_session(conn, school, NOVEMBER + 2 * DAY, attendance_at=None)
        cancelled = a_session(conn, school, NOVEMBER + 3 * DAY, status="cancelled")
        invite(conn, cancelled, a, b, c, rsvp="yes")
        [found] = figures.schools(conn, village, november(village))
        return found

    found = await database.write(unit)

    assert (found.planned, found.held, found.recorded) == (4, 3, 2)
    assert astuple(found.invitations) == ((10, 4), (3, 2), (3, 2), (2, 1), (5, 3), (4, 3))


async def test_newcomers_come_to_this_school_for_the_first_time(database: Database) -> None:
    def unit(conn: Connection) -> Visitors:
        village = a_village(conn)
        old, new, elsewhere = (a_caregiver(conn, village, relation="ibu") for _ in range(3))
        school, other = a_school(conn, village, "A"), a_school(conn, village, "B")
        before = NOVEMBER - 30 * DAY
        invite(conn, a_session(conn, school, before), old, present=True)
        invite(conn, a_session(conn, school, before + DAY), new, present=False)
        invite(conn, a_session(conn, other, before), elsewhere, present=True)
        for day in range(2):
            meeting = a_session(conn, school, NOVEMBER + day * DAY)
            invite(conn, meeting, old, new, elsewhere, present=True)
        return figures.schools(conn, village, november(village))[0].visitors

    assert await database.write(unit) == Visitors(newcomers=2, men=0, of_known_sex=3)


async def test_men_are_known_by_relation_or_salutation_or_not_at_all(database: Database) -> None:
    told = [("kakek", "Mbah"), ("tetangga", "Bapak"), ("nenek", "Mbah"), ("bibi_paman", "Eyang")]

    def unit(conn: Connection) -> Visitors:
        village = a_village(conn)
        meeting = a_session(conn, a_school(conn, village))
        for relation, salutation in told:
            person = a_caregiver(conn, village, relation=relation, salutation=salutation)
            invite(conn, meeting, person, present=True)
        return figures.schools(conn, village, november(village))[0].visitors

    assert await database.write(unit) == Visitors(newcomers=4, men=2, of_known_sex=3)


async def test_schools_of_the_month_are_those_that_were_there(database: Database) -> None:
    def unit(conn: Connection) -> list[str]:
        village, other = a_village(conn), a_village(conn, "SBS", name="Sumbersalak")
        a_school(conn, village, "Bok-Ebok")
        a_school(conn, village, "Tutup", closed_at=NOVEMBER - 30 * DAY)
        a_school(conn, village, "Baru", created_at=DECEMBER)
        a_session(conn, a_school(conn, village, "Dicatat kemudian", created_at=DECEMBER))
        a_school(conn, other, "Desa lain")
        return [found.name for found in figures.schools(conn, village, november(village))]

    assert await database.write(unit) == ["Bok-Ebok", "Dicatat kemudian"]


async def test_follow_ups_stand_as_they_stood_when_the_month_ended(database: Database) -> None:
    def unit(conn: Connection) -> figures.FollowUps:
        village = a_village(conn)
        a_follow_up(conn, level=Level.MERAH, accepted=HOUR, closed=DAY)
        a_follow_up(conn, level=Level.MERAH, accepted=3 * HOUR, closed=40 * DAY)
        a_follow_up(conn, level=Level.MERAH, accepted=40 * DAY)
        a_follow_up(conn, level=Level.HIJAU, closed=8 * HOUR)
        a_follow_up(conn, kind="erasure")
        a_follow_up(conn, kind="quarantine")
        a_follow_up(conn, "LDKX")
        return figures.follow_ups(conn, village, november(village))

    found = await database.write(unit)

    assert found.by_level == {
        (Level.MERAH, Progress.CLOSED): 1,
        (Level.MERAH, Progress.ACCEPTED): 1,
        (Level.MERAH, Progress.OPEN): 1,
        (Level.HIJAU, Progress.CLOSED): 1,
    }
    assert found.hours == 3.0


async def test_an_empty_village_has_nothing_but_zeros(database: Database) -> None:
    def unit(conn: Connection) -> figures.Figures:
        village = a_village(conn)
        return figures.of_month(conn, village, november(village))

    found = await database.write(unit)

    assert astuple(found.reach) == (0, 0, 0)
    assert set(astuple(found.checkins)) == {(0, 0)}
    assert found.schools == ()
    assert (found.follow_ups.by_level, found.follow_ups.hours) == ({}, None)


async def test_what_was_spent_is_told_for_all_villages_together(database: Database) -> None:
    def unit(conn: Connection) -> None:
        village = a_village(conn)
        before = figures.of_month(conn, village, november(village)).cost
        counted(conn, 3)
        counted(conn, 1, now=NOW + 30 * DAY)

        after = figures.of_month(conn, village, november(village)).cost

        assert before is None
        assert after == figures.Cost(3, 3 * UTILITY, estimated=True)

    await database.write(unit)

"""Sessions that repeat, and the lists of sessions that staff see."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import Any

import pytest
from sqlalchemy import Connection, select

from conversations.schools.session import Rsvp, SchoolId, Session, SessionId
from storage import (
    audit,
    schema,
    series,
    session_lists,
    sessions,
)
from storage.database import Database
from storage.series import Series
from storage.sessions import NewSession
from tests.storage.builders import (
    DAY,
    HOUR,
    NOW,
    count,
    known,
)
from tests.storage.school_builders import (
    BEGINS,
    a_list,
    a_school,
    a_session,
    wakes,
    weekly,
)

WEEK = timedelta(weeks=1)


def days(found: tuple[Session, ...]) -> list[str]:
    return [f"{one.starts_at.astimezone(one.school.tz):%m-%d %H:%M}" for one in found]


async def test_a_series_has_sessions_for_the_weeks_ahead(database: Database) -> None:
    def unit(conn: Connection) -> tuple[list[str], datetime]:
        _, made = series.begin(conn, weekly(a_school(conn)), NOW)
        row = conn.execute(select(schema.due).where(schema.due.c.kind == "series")).one()
        return days(made.sessions), row.due_at

    made, again = await database.write(unit)

    assert made == ["11-24 13:00", "12-01 13:00", "12-08 13:00", "12-15 13:00", "12-22 13:00"]
    assert again == NOW + WEEK


async def test_looking_ahead_again_makes_only_what_is_new(database: Database) -> None:
    def unit(conn: Connection) -> list[list[str]]:
        id_, _ = series.begin(conn, weekly(a_school(conn)), NOW)
        looked = [series.look_ahead(conn, id_, NOW + weeks * WEEK) for weeks in (0, 1, 1, 3)]
        assert not any(made.skipped for made in looked)
        return [days(made.sessions) for made in looked]

    assert await database.write(unit) == [[], ["12-29 13:00"], [], ["01-05 13:00", "01-12 13:00"]]


async def test_a_moved_or_cancelled_session_is_not_made_again(database: Database) -> None:
    def unit(conn: Connection) -> list[str]:
        id_, made = series.begin(conn, weekly(a_school(conn)), NOW)
        first, second, *_ = made.sessions
        sessions.move(conn, first.id, BEGINS + DAY, BEGINS + DAY + HOUR, NOW)
        sessions.cancel(conn, second.id, NOW)
        return days(series.look_ahead(conn, id_, NOW).sessions)

    assert await database.write(unit) == []


async def test_a_day_that_is_taken_is_left_out_and_recorded(database: Database) -> None:
    def unit(conn: Connection) -> tuple[tuple[date, ...], list[str], str]:
        school = a_school(conn)
        a_session(conn, school, BEGINS + WEEK)
        _, made = series.begin(conn, weekly(school), NOW)
        return made.skipped, days(made.sessions), audit.latest(conn, 1)[0].action

    skipped, made, recorded = await database.write(unit)

    assert skipped == (date(2026, 12, 1),)
    assert "12-01 13:00" not in made
    assert recorded == "session skipped"


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ({"every": 2}, ["11-24 13:00", "12-08 13:00", "12-22 13:00"]),
        ({"last": date(2026, 12, 2)}, ["11-24 13:00", "12-01 13:00"]),
        (
            {"skip": frozenset({date(2026, 12, 1)}), "last": date(2026, 12, 8)},
            ["11-24 13:00", "12-08 13:00"],
        ),
        ({"weekday": 4, "pasaran": "legi"}, []),
        ({"first": date(2026, 11, 18), "weekday": 4, "pasaran": "legi"}, ["11-20 13:00"]),
        (
            {"pasaran": "kliwon", "last": date(2026, 12, 5)},
            ["11-24 13:00", "11-29 13:00", "12-04 13:00"],
        ),
    ],
    ids=["every second", "until", "skipping", "none yet", "Jumat Legi", "every Kliwon"],
)
async def test_a_series_meets_on_its_days(
    database: Database, pattern: dict[str, Any], expected: list[str]
) -> None:
    def unit(conn: Connection) -> list[str]:
        _, made = series.begin(conn, weekly(a_school(conn), **pattern), NOW)
        return days(made.sessions)

    assert await database.write(unit) == expected


async def test_in_ramadan_it_begins_at_its_own_hour(database: Database) -> None:
    before = datetime.fromisoformat("2027-02-01T03:00+00:00")  # Ramadan begins on 8 February

    def unit(conn: Connection) -> list[str]:
        pattern = {"first": date(2027, 2, 2), "ramadan_begins": time(9)}
        _, made = series.begin(conn, weekly(a_school(conn), **pattern), before)
        return days(made.sessions)[:3]

    assert await database.write(unit) == ["02-02 13:00", "02-09 09:00", "02-16 09:00"]


async def test_an_ended_series_makes_no_more(database: Database) -> None:
    def unit(conn: Connection) -> tuple[list[bool], list[str], int, int]:
        school = a_school(conn)
        id_, _ = series.begin(conn, weekly(school), NOW)
        ended = [series.end(conn, id_, NOW) for _ in range(2)]
        made = series.look_ahead(conn, id_, NOW + WEEK)
        open_ = len(series.of_school(conn, school.id))
        return ended, days(made.sessions), open_, len(wakes(conn, "series"))

    assert await database.write(unit) == ([True, False], [], 0, 0)


async def test_after_its_last_day_a_series_looks_no_more(database: Database) -> None:
    def unit(conn: Connection) -> int:
        series.begin(conn, weekly(a_school(conn), last=date(2026, 11, 24)), NOW)
        return len(wakes(conn, "series"))

    assert await database.write(unit) == 0


async def test_a_series_is_read_as_it_was_written(database: Database) -> None:
    def unit(conn: Connection) -> tuple[Series, Series]:
        school = a_school(conn)
        given = weekly(
            school,
            weekday=1,
            pasaran="kliwon",
            every=2,
            last=date(2027, 5, 1),
            skip=frozenset({date(2026, 12, 29)}),
            ramadan_begins=time(9),
        )
        id_, _ = series.begin(conn, given, NOW)
        return given, known(series.one(conn, id_))

    given, found = await database.write(unit)

    assert found.pattern == given.pattern
    assert (found.topic, found.reminders) == (given.topic, given.reminders)


async def test_the_list_of_sessions_counts_answers(database: Database) -> None:
    over = BEGINS + 3 * HOUR

    def unit(conn: Connection) -> list[Any]:
        school = a_school(conn)
        first, second, third = a_list(conn, school, 3)
        session = a_session(conn, school)
        a_session(conn, school, BEGINS + DAY)
        sessions.rsvp(conn, session.id, first, Rsvp.YES, NOW)
        sessions.rsvp(conn, session.id, second, Rsvp.NO, NOW)
        sessions.take_attendance(conn, session.id, [first, third], None, over)
        return [
            session_lists.summary(conn, session.id),
            session_lists.past(conn, over, None, 9),
            session_lists.coming(conn, over, school.id, 9),
            session_lists.coming(conn, NOW, SchoolId(99), 9),
            session_lists.summary(conn, SessionId(99)),
            session_lists.open_schools(conn),
            [one.stage for one in session_lists.stages(conn, session.id)],
        ]

    one, past, coming, elsewhere, unknown, schools_, stages = await database.write(unit)

    assert (one.enrolled, one.asked, one.yes, one.no, one.present) == (3, 0, 1, 1, 2)
    assert [found.session.id for found in past] == [one.session.id]
    assert len(coming) == 1
    assert (elsewhere, unknown) == ((), None)
    assert [(line.school.code, line.enrolled) for line in schools_] == [("BOK-SBS", 3)]
    assert stages == ["invite", "h1", "h2_evening", "h2", "after"]


async def test_a_session_of_its_series_is_planned_once(database: Database) -> None:
    def unit(conn: Connection) -> tuple[Session | None, int]:
        school = a_school(conn)
        id_, made = series.begin(conn, weekly(school, last=date(2026, 11, 24)), NOW)
        sessions.move(conn, made.sessions[0].id, BEGINS + DAY, BEGINS + DAY + HOUR, NOW)
        again = NewSession(
            school.id, "Bermain", BEGINS, BEGINS + HOUR, series=id_, slot="2026-11-24"
        )
        return sessions.plan(conn, again, NOW), count(conn, schema.sessions)

    assert await database.write(unit) == (None, 1)


async def test_a_meeting_of_today_that_has_begun_is_not_made(database: Database) -> None:
    def unit(conn: Connection) -> str:
        pattern = {"first": date(2026, 11, 18), "begins": time(8)}  # it is 19:15 there
        _, made = series.begin(conn, weekly(a_school(conn), **pattern), NOW)
        return days(made.sessions)[0]

    assert await database.write(unit) == "11-25 08:00"

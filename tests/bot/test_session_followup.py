"""What happens of itself after a session: attendance, tips and questions; and in a series."""

from __future__ import annotations

from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest
from sqlalchemy import Connection, select, update

from bot.planned import KINDS, Planning
from bot.planned import session as planned_session
from conversations.dialogue import Person, PersonId
from conversations.schools.session import School, SchoolId, Session, SessionId, Stage
from locales.tips import tips
from storage import due, schema, series, sessions
from storage import tips as stored_tips
from storage.database import Database
from storage.world import Programme
from tests.bot.session_days import (
    AFTER,
    OVER,
    PROGRAMME,
    QUIET,
    let_pass,
    sent,
    words,
)
from tests.storage.builders import DAY, HOUR, MINUTE, NOW, a_member, known
from tests.storage.school_builders import (
    BEGINS,
    a_list,
    a_mother,
    a_school,
    a_session,
    outcomes,
    wakes,
    weekly,
)


async def test_at_the_end_the_cadre_is_asked_who_came(database: Database) -> None:
    def unit(conn: Connection) -> tuple[PersonId, Any]:
        rini = a_mother(conn, "cadre", "Rini").id
        session = a_session(conn, a_school(conn, cadre=rini))
        let_pass(conn, BEGINS + 2 * HOUR)
        return rini, wakes(conn, "attendance")[str(session.id)]

    rini, woken = await database.write(unit)

    assert woken == (rini, BEGINS + 2 * HOUR, BEGINS + 2 * HOUR + 3 * DAY)


async def test_without_a_cadre_staff_is_asked_and_without_anybody_it_is_recorded(
    database: Database,
) -> None:
    def unit(conn: Connection) -> tuple[str, PersonId, PersonId]:
        school = a_school(conn)
        first, second = a_session(conn, school), a_session(conn, school, BEGINS + DAY)
        let_pass(conn, BEGINS + 3 * HOUR)
        dimas = a_member(conn).id
        let_pass(conn, BEGINS + DAY + 3 * HOUR, BEGINS + 3 * HOUR)
        return (
            outcomes(conn, first)["attendance"],
            dimas,
            wakes(conn, "attendance")[str(second.id)][0],
        )

    outcome, dimas, asked = await database.write(unit)

    assert outcome.startswith("missed: ")
    assert asked == dimas


@pytest.mark.parametrize(
    "change",
    [{"paused_until": OVER + DAY}, {"stopped_at": NOW}, {"consent": "withdrawn"}],
    ids=["resting", "stopped", "withdrawn"],
)
async def test_of_a_cadre_who_is_left_in_peace_staff_is_asked_in_her_place(
    database: Database, change: dict[str, Any]
) -> None:
    def unit(conn: Connection) -> tuple[PersonId, PersonId]:
        rini, dimas = a_mother(conn, "cadre", "Rini").id, a_member(conn).id
        session = a_session(conn, a_school(conn, cadre=rini))
        columns = schema.people.c
        conn.execute(update(schema.people).where(columns.id == rini).values(**change))
        let_pass(conn, OVER)
        return dimas, wakes(conn, "attendance")[str(session.id)][0]

    dimas, asked = await database.write(unit)

    assert asked == dimas


async def test_who_came_is_asked_two_questions_and_who_did_not_gets_the_tip(
    database: Database,
) -> None:
    def unit(conn: Connection) -> tuple[PersonId, Any, list[str], Any, tuple[str, ...]]:
        school = a_school(conn)
        came, away = a_list(conn, school, 2)
        session = a_session(conn, school, tip="sebut-kebaikan")
        sessions.take_attendance(conn, session.id, [came], None, OVER)
        due.forget(conn, "session", f"{session.id}:invite")
        let_pass(conn, AFTER, AFTER)
        return (
            came,
            wakes(conn, "feedback"),
            words(conn, away),
            words(conn, came),
            stored_tips.had(conn, away),
        )

    came, feedback, given, nothing, had = await database.write(unit)

    assert feedback == {f"1:{came}": (came, AFTER, OVER + 30 * MINUTE + 3 * DAY)}
    assert given[0].startswith("Mbah, ini oleh-oleh dari pertemuan tentang Bermain bersama.")
    assert "kebaikan" in " ".join(given) or "baik" in " ".join(given)
    assert all(len(message) <= 300 for message in given)
    assert nothing == []
    assert had == ("sebut-kebaikan",)


async def test_a_correction_brings_only_what_is_new(database: Database) -> None:
    def unit(conn: Connection) -> tuple[list[int], list[str], Any]:
        school = a_school(conn)
        first, second, third = a_list(conn, school, 3)
        session = a_session(conn, school, tip="sebut-kebaikan")
        sessions.take_attendance(conn, session.id, [first], None, OVER)
        due.forget(conn, "session", f"{session.id}:invite")
        let_pass(conn, AFTER, AFTER)
        due.settle(conn, "feedback", f"{session.id}:{first}", "done")
        sessions.take_attendance(conn, session.id, [first, second], None, AFTER)
        let_pass(conn, AFTER + HOUR, AFTER + HOUR)
        tips = [len(words(conn, one)) for one in (first, second, third)]
        return tips, list(wakes(conn, "feedback")), f"{session.id}:{second}"

    tips, feedback, expected = await database.write(unit)

    assert tips[0] == 0
    assert tips[1] == tips[2] > 0
    assert feedback == [expected]


async def test_no_tip_comes_a_second_time_or_before_it_was_reviewed(database: Database) -> None:
    def unit(conn: Connection) -> list[list[str]]:
        school = a_school(conn)
        siti, tini = a_list(conn, school, 2)
        stored_tips.sent(conn, siti, "sebut-kebaikan", None, NOW)
        had = a_session(conn, school, tip="sebut-kebaikan")
        unreviewed = a_session(conn, school, BEGINS + DAY, tip="air-putih-dulu")
        unknown = a_session(conn, school, BEGINS + 2 * DAY, tip="tidak-ada")
        none = a_session(conn, school, BEGINS + 3 * DAY)
        heard = []
        for session in (had, unreviewed, unknown, none):
            over = session.ends_at + HOUR
            sessions.take_attendance(conn, session.id, [], None, over)
            row = due.DueRow("session", f"{session.id}:after", None, over, None, "", 0)
            KINDS["session"](conn, row, Planning(over, PROGRAMME, QUIET))
            heard.append([*words(conn, siti), "|", *words(conn, tini)])
        return heard

    had, unreviewed, unknown, none = await database.write(unit)

    assert had[0] == "|"
    assert len(had) > 1
    assert unreviewed == unknown == none == had


async def test_the_simulator_hears_tips_that_nobody_has_reviewed(database: Database) -> None:
    def unit(conn: Connection) -> int:
        school = a_school(conn)
        siti = a_list(conn, school, 1)[0]
        session = a_session(conn, school, tip="air-putih-dulu")
        sessions.take_attendance(conn, session.id, [], None, OVER)
        row = known(due.still_due(conn, "session", f"{session.id}:after", AFTER))
        simulated = Programme("Program Contoh", simulators=frozenset({"telegram"}))
        KINDS["session"](conn, row, Planning(AFTER, simulated, QUIET))
        return len(words(conn, siti))

    assert await database.write(unit) > 0


async def test_guests_of_a_meeting_are_invited_and_asked_nothing_about_home(
    database: Database,
) -> None:
    def unit(conn: Connection) -> tuple[int, list[str], Any]:
        school = a_school(conn, "RAPAT", kind="rapat", name="Rapat koordinasi")
        camat, absent = a_list(conn, school, 2)
        conn.execute(update(schema.people).values(role="partner"))
        session = a_session(conn, school, length=8 * HOUR, tip="sebut-kebaikan")
        let_pass(conn, BEGINS)
        invited = len(sent(conn, session, "invite"))
        before = len(words(conn, absent))
        sessions.take_attendance(conn, session.id, [camat], None, BEGINS + 9 * HOUR)
        let_pass(conn, BEGINS + DAY, BEGINS + 9 * HOUR)
        return invited, words(conn, absent)[before:], wakes(conn, "feedback")

    assert await database.write(unit) == (2, [], {})


async def test_a_series_goes_on_by_itself(database: Database) -> None:
    def unit(conn: Connection) -> tuple[int, list[datetime]]:
        _, made = series.begin(conn, weekly(a_school(conn)), NOW)
        let_pass(conn, NOW + timedelta(weeks=3))
        begins = conn.execute(select(schema.sessions.c.starts_at)).scalars()
        return len(made.sessions), sorted(begins)

    first, found = await database.write(unit)

    assert (first, len(found)) == (5, 8)
    assert {later - earlier for earlier, later in pairwise(found)} == {7 * DAY}


async def test_a_stage_of_a_session_that_is_gone_is_recorded(database: Database) -> None:
    def unit(conn: Connection) -> str:
        due.plan(conn, "session", f"99:{Stage.INVITE}", None, NOW, None)
        let_pass(conn, NOW)
        return conn.execute(select(schema.due.c.outcome)).scalar_one()

    assert (await database.write(unit)).startswith("missed: ")


def test_with_whatever_tip_and_topic_no_message_is_too_long() -> None:
    school = School(SchoolId(1), "Bok-Ebok", "bok_ebok", "BOK-SBS", "Asia/Jakarta")
    session = Session(SessionId(1), school, "Bermain " * 15, BEGINS, BEGINS + HOUR)
    mbah = Person(PersonId(1), salutation="Bapak/Ibu guru")

    said = [planned_session._words_of(tip, session, mbah) for tip in tips()]

    assert all(len(message) <= 300 for messages in said for message in messages)
    assert all("oleh-oleh" in messages[0] for messages in said)
    assert {len(messages) for messages in said} >= {1, 2}

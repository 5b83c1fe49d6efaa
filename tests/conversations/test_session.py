"""When what is said about a session goes out: zones, nights, gatherings, late plans, moves."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conversations.politeness import QuietHours, decent_time
from conversations.schools.session import (
    USUAL,
    Agenda,
    School,
    SchoolId,
    Session,
    SessionId,
    Stage,
    agenda,
    is_told_before,
    normal_code,
    stages,
)

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
ALL = (Stage.INVITE, Stage.DAY_BEFORE, Stage.HOURS_BEFORE)


def a_session(
    begins: str, *, zone: str = "Asia/Jakarta", reminders: tuple[Stage, ...] = ALL
) -> Session:
    """A session of two hours; `begins` is local."""
    school = School(SchoolId(1), "Bok-Ebok", "bok_ebok", "BOK-SBS", zone)
    at = datetime.fromisoformat(begins).replace(tzinfo=school.tz)
    return Session(SessionId(7), school, "Bermain", at, at + 2 * HOUR, reminders=reminders)


def local(session: Session, at: datetime) -> str:
    return f"{at.astimezone(session.school.tz):%a %H:%M}"


def planned(session: Session, found: Agenda) -> dict[Stage, str]:
    return {step.stage: local(session, step.at) for step in found.steps}


def test_a_session_in_the_day_is_announced_and_reminded_of_twice() -> None:
    session = a_session("2026-11-24 13:00")

    found = {step.stage: local(session, step.at) for step in stages(session)}

    assert found == {
        Stage.INVITE: "Sat 16:00",
        Stage.DAY_BEFORE: "Mon 16:00",
        Stage.EVENING_BEFORE: "Mon 17:00",
        Stage.HOURS_BEFORE: "Tue 11:00",
        Stage.ATTENDANCE: "Tue 15:00",
    }


@pytest.mark.parametrize("zone", ["Asia/Jakarta", "Asia/Makassar", "Asia/Jayapura"])
def test_the_hours_are_those_of_the_school(zone: str) -> None:
    session = a_session("2026-11-24 13:00", zone=zone)

    invitation = stages(session)[0].at

    assert local(session, invitation) == "Sat 16:00"


def test_each_stage_ends_where_the_next_says_more() -> None:
    session = a_session("2026-11-24 13:00")

    ends = {step.stage: local(session, step.expires_at) for step in stages(session)}

    assert ends == {
        Stage.INVITE: "Mon 16:00",
        Stage.DAY_BEFORE: "Tue 11:00",
        Stage.EVENING_BEFORE: "Tue 12:45",
        Stage.HOURS_BEFORE: "Tue 12:45",
        Stage.ATTENDANCE: "Fri 15:00",
    }


@pytest.mark.parametrize(
    "begins",
    ["2026-11-24 08:00", "2026-11-26 19:30", "2026-11-27 13:30"],
    ids=["at dawn", "malam Jumat", "Friday prayer"],
)
def test_before_an_evening_reminder_the_day_before_comes_in_the_morning(begins: str) -> None:
    session = a_session(begins)

    found = {step.stage: step.at for step in stages(session)}

    assert found[Stage.EVENING_BEFORE] - found[Stage.DAY_BEFORE] > 7 * HOUR


def test_an_evening_session_asks_for_attendance_in_the_morning() -> None:
    session = a_session("2026-11-24 19:00")

    assert local(session, stages(session)[-1].at) == "Wed 06:30"


@pytest.mark.parametrize(
    ("left_out", "gone"),
    [
        (Stage.INVITE, {Stage.INVITE}),
        (Stage.DAY_BEFORE, {Stage.DAY_BEFORE}),
        (Stage.HOURS_BEFORE, {Stage.HOURS_BEFORE, Stage.EVENING_BEFORE}),
    ],
)
def test_a_session_may_leave_out_a_reminder(left_out: Stage, gone: set[Stage]) -> None:
    session = a_session("2026-11-24 13:00", reminders=tuple(s for s in ALL if s != left_out))

    found = {step.stage for step in stages(session)}

    every = {step.stage for step in stages(a_session("2026-11-24 13:00"))}
    assert every - found == gone


def test_without_the_day_before_the_invitation_holds_until_the_last_reminder() -> None:
    session = a_session("2026-11-24 13:00", reminders=(Stage.INVITE, Stage.HOURS_BEFORE))

    assert local(session, stages(session)[0].expires_at) == "Tue 11:00"


def test_planned_long_before_nothing_is_missed() -> None:
    session = a_session("2026-11-24 13:00")

    found = agenda(session, session.starts_at - 20 * DAY)

    assert found == Agenda(stages(session), ())


def test_planned_two_days_before_the_invitation_goes_out_at_once() -> None:
    session = a_session("2026-11-24 13:00")

    found = agenda(session, session.starts_at - 2 * DAY)

    assert planned(session, found) == {
        Stage.INVITE: "Sun 13:00",
        Stage.DAY_BEFORE: "Mon 16:00",
        Stage.EVENING_BEFORE: "Mon 17:00",
        Stage.HOURS_BEFORE: "Tue 11:00",
        Stage.ATTENDANCE: "Tue 15:00",
    }
    assert found.missed == ()


def test_planned_on_the_eve_the_invitation_stands_for_the_other_reminders() -> None:
    session = a_session("2026-11-24 13:00")
    now = session.starts_at - 22 * HOUR

    found = agenda(session, now)

    assert planned(session, found) == {
        Stage.INVITE: "Mon 15:00",
        Stage.HOURS_BEFORE: "Tue 11:00",
        Stage.ATTENDANCE: "Tue 15:00",
    }
    assert found.missed == (Stage.DAY_BEFORE, Stage.EVENING_BEFORE)
    assert local(session, found.steps[0].expires_at) == "Tue 12:45"


def test_planned_in_the_last_hour_there_is_one_message() -> None:
    session = a_session("2026-11-24 13:00")

    found = agenda(session, session.starts_at - HOUR)

    assert planned(session, found) == {Stage.INVITE: "Tue 12:00", Stage.ATTENDANCE: "Tue 15:00"}
    assert local(session, found.steps[0].expires_at) == "Tue 12:45"


def test_without_an_invitation_the_first_reminder_that_helps_goes_out() -> None:
    session = a_session("2026-11-24 13:00", reminders=(Stage.DAY_BEFORE, Stage.HOURS_BEFORE))

    found = agenda(session, session.starts_at - 20 * HOUR)

    assert planned(session, found) == {
        Stage.DAY_BEFORE: "Mon 17:00",
        Stage.HOURS_BEFORE: "Tue 11:00",
        Stage.ATTENDANCE: "Tue 15:00",
    }


def test_a_reminder_that_would_help_nobody_is_missed() -> None:
    session = a_session("2026-11-24 13:00", reminders=(Stage.DAY_BEFORE,))

    found = agenda(session, session.starts_at - HOUR)

    assert found.missed == (Stage.DAY_BEFORE,)


def test_the_news_of_a_move_stands_for_the_invitation_of_the_same_days() -> None:
    session = a_session("2026-11-24 13:00")

    soon = agenda(session, session.starts_at - 5 * DAY, announced=True)
    later = agenda(session, session.starts_at - 9 * DAY, announced=True)

    assert soon.missed == (Stage.INVITE,)
    assert Stage.INVITE in planned(session, later)


def test_moved_to_the_same_day_only_the_news_is_told() -> None:
    session = a_session("2026-11-24 13:00")

    found = agenda(session, session.starts_at - 3 * HOUR, announced=True)

    assert planned(session, found) == {Stage.ATTENDANCE: "Tue 15:00"}


def test_who_sleeps_two_hours_before_is_told_the_evening_before() -> None:
    session = a_session("2026-11-24 09:00")
    late_riser = QuietHours.parse("21:00-08:00")

    assert not is_told_before(session, session.school.tz, USUAL)
    assert is_told_before(session, session.school.tz, late_riser)
    assert not is_told_before(session, session.school.tz, None)


@given(
    begins=st.datetimes(datetime(2026, 1, 1), datetime(2031, 12, 31)),
    zone=st.sampled_from(["Asia/Jakarta", "Asia/Makassar", "Asia/Jayapura", "Asia/Hong_Kong"]),
    before=st.timedeltas(timedelta(minutes=1), timedelta(days=30)),
    announced=st.booleans(),
)
def test_whatever_the_hour_stages_are_in_order_decent_and_never_past(
    begins: datetime, zone: str, before: timedelta, announced: bool
) -> None:
    session = a_session(begins.isoformat(), zone=zone)
    now = session.starts_at - before

    found = agenda(session, now, announced=announced)

    times = [step.at for step in found.steps]
    assert times == sorted(times)
    assert all(at >= now for at in times)
    chosen = (Stage.INVITE, Stage.DAY_BEFORE, Stage.EVENING_BEFORE)
    for step in found.steps:
        if step.stage in chosen and step.at > now:
            assert decent_time(step.at, session.school.tz, USUAL) == step.at
    kept = {step.stage for step in found.steps}
    assert kept | set(found.missed) == {step.stage for step in stages(session)}


@pytest.mark.parametrize("written", ["bok-sbs", " BOK  SBS ", "Bok_Sbs.", "bok–sbs"])
def test_a_code_is_the_same_however_it_is_typed(written: str) -> None:
    assert normal_code(written) == "BOK-SBS"

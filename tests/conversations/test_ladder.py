"""The ladder as a table of situations: where a task stands, and what is due."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from conversations.dialogue import PersonId
from conversations.duty.alerting import alert
from conversations.duty.ladder import Call, Look, Standing, first_look, look, morning, working
from conversations.duty.team import Team, asked_at
from conversations.level import Level

JEMBER = ZoneInfo("Asia/Jakarta")
AT = datetime(2026, 11, 17, 21, 7, tzinfo=JEMBER)
"""A Tuesday evening."""

DIMAS, RINA, SARI, YULI, ANI, FOKAL = (PersonId(number) for number in range(1, 7))
TEAM = Team((DIMAS, RINA), (SARI, YULI), (ANI,), (FOKAL,))
NAMES = {DIMAS: "D", RINA: "R", SARI: "S", YULI: "Y", ANI: "A", FOKAL: "F"}
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
DEADLINES = {
    Level.MERAH: HOUR,
    Level.ORANYE: DAY,
    Level.KUNING: 3 * DAY,
    Level.HIJAU: 7 * DAY,
}


def _standing(level: Level = Level.MERAH, **more: Any) -> Standing:
    """Dimas was called when it came, and owns it."""
    given = {"step": 0, "stepped_at": AT, "owner": DIMAS, **more}
    return Standing(level, AT, AT + DEADLINES[level], **given)


def _look(standing: Standing, after: timedelta, team: Team = TEAM) -> Look:
    return look(standing, team, AT + after, JEMBER)


def _called(found: Look) -> str:
    return "".join(NAMES[person] for person in found.to)


def _again(found: Look) -> str:
    return "" if found.again is None else f"{found.again.astimezone(JEMBER):%a %H:%M}"


SITUATIONS = {
    # what: (where it stands, how long after it came, what is said, whom, next look)
    "nobody has answered yet": ({}, 14 * MINUTE, None, "", "Tue 21:22"),
    "a quarter of an hour": ({}, 15 * MINUTE, Call.TAKE, "DRS", "Tue 21:37"),
    "half an hour": (
        {"step": 1, "stepped_at": AT + 15 * MINUTE},
        30 * MINUTE,
        Call.TAKE,
        "DRSY",
        "Tue 21:52",
    ),
    "three quarters": (
        {"step": 2, "stepped_at": AT + 30 * MINUTE},
        45 * MINUTE,
        Call.TAKE,
        "DRSYA",
        "Tue 22:07",
    ),
    "all through the night": (
        {"step": 20, "stepped_at": AT + 5 * HOUR},
        5 * HOUR + 15 * MINUTE,
        Call.TAKE,
        "DRSYA",
        "Wed 02:37",
    ),
    "nobody could be called when it came": (
        {"step": -1, "stepped_at": None},
        15 * MINUTE,
        Call.TAKE,
        "DRS",
        "Tue 21:37",
    ),
    "just taken": ({"accepted_at": AT + MINUTE}, 15 * MINUTE, None, "", "Tue 22:08"),
    "taken and left alone": (
        {"accepted_at": AT + MINUTE},
        61 * MINUTE,
        Call.LAPSED,
        "DRS",
        "Tue 22:23",
    ),
    "acted upon": (
        {"accepted_at": AT + MINUTE, "acted_at": AT + 30 * MINUTE},
        2 * HOUR,
        None,
        "",
        "Wed 08:00",
    ),
    "acted upon, and nothing planned by the morning": (
        {"accepted_at": AT + MINUTE, "acted_at": AT + 30 * MINUTE},
        11 * HOUR,
        Call.LATE,
        "D",
        "Thu 08:00",
    ),
    "still nothing a day later": (
        {"accepted_at": AT, "acted_at": AT, "step": 1, "stepped_at": AT + 11 * HOUR},
        35 * HOUR,
        Call.LATE,
        "DA",
        "Fri 08:00",
    ),
    "the next action is planned": (
        {"accepted_at": AT, "acted_at": AT, "next_at": AT + 2 * DAY},
        DAY,
        None,
        "",
        "Thu 21:07",
    ),
    "the next action was not done": (
        {"accepted_at": AT, "acted_at": AT, "next_at": AT + 2 * DAY},
        2 * DAY,
        Call.LATE,
        "D",
        "Fri 08:00",
    ),
    "its closing waits for a coordinator": (
        {"accepted_at": AT, "acted_at": AT, "closing_at": AT + HOUR},
        11 * HOUR,
        Call.LATE,
        "A",
        "Thu 08:00",
    ),
    "its owner cannot be reached": ({"owner": None}, 15 * MINUTE, Call.TAKE, "DRS", "Tue 21:37"),
    "its owner is called first": ({"owner": YULI}, 15 * MINUTE, Call.TAKE, "YDRS", "Tue 21:37"),
}


@pytest.mark.parametrize("situation", SITUATIONS)
def test_a_merah(situation: str) -> None:
    changes, after, call, people, again = SITUATIONS[situation]

    found = _look(_standing(**changes), after)

    assert (found.call, _called(found), _again(found)) == (call, people, again)


OTHER_LEVELS = {
    "an oranye of the evening, before noon": (Level.ORANYE, {}, 14 * HOUR, None, "", "Wed 12:00"),
    "four working hours later": (
        Level.ORANYE,
        {},
        14 * HOUR + 53 * MINUTE,
        Call.TAKE,
        "DRSA",
        "Wed 16:00",
    ),
    "taken, and acted upon": (
        Level.ORANYE,
        {"accepted_at": AT, "acted_at": AT + HOUR},
        DAY,
        None,
        "",
        "Thu 08:00",
    ),
    "taken, but nothing done in a day": (
        Level.ORANYE,
        {"accepted_at": AT},
        DAY,
        Call.LATE,
        "DA",
        "Thu 08:00",
    ),
    "a kuning of three days, at night": (Level.KUNING, {}, 3 * DAY, None, "", "Sat 08:00"),
    "the morning after": (Level.KUNING, {}, 3 * DAY + 11 * HOUR, Call.LATE, "DA", "Sun 08:00"),
    "a kuning whose time is over at noon": (
        Level.KUNING,
        {"next_at": AT + 15 * HOUR},
        15 * HOUR,
        Call.LATE,
        "DA",
        "Thu 08:00",
    ),
    "a kuning that was acted upon": (
        Level.KUNING,
        {"acted_at": AT + DAY},
        3 * DAY,
        None,
        "",
        "Sat 08:00",
    ),
    "a hijau of a month": (Level.HIJAU, {}, 30 * DAY, None, "", ""),
    "a hijau whose next action was not done": (
        Level.HIJAU,
        {"next_at": AT + DAY},
        35 * HOUR,
        Call.LATE,
        "DA",
        "Fri 08:00",
    ),
}


@pytest.mark.parametrize("situation", OTHER_LEVELS)
def test_the_other_levels(situation: str) -> None:
    level, changes, after, call, people, again = OTHER_LEVELS[situation]

    found = _look(_standing(level, **changes), after)

    assert (found.call, _called(found), _again(found)) == (call, people, again)


@pytest.mark.parametrize(
    ("stopped", "step"), [(15 * MINUTE, 1), (44 * MINUTE, 2), (3 * HOUR, 12), (40 * DAY, 3840)]
)
def test_a_long_stop_is_caught_up_in_one_step(stopped: timedelta, step: int) -> None:
    found = _look(_standing(), stopped)

    assert found.step == step
    assert found.again == AT + stopped + 15 * MINUTE


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"stepped_at": None, "step": -1},
        {"accepted_at": AT},
        {"acted_at": AT, "accepted_at": AT},
    ],
)
@pytest.mark.parametrize("level", [Level.MERAH, Level.ORANYE, Level.KUNING])
def test_what_was_counted_by_a_clock_that_went_back_is_called_now(
    level: Level, changes: dict[str, Any]
) -> None:
    found = _look(_standing(level, **changes), -HOUR)

    assert found.call is not None
    assert found.again is not None


def test_a_clock_that_is_a_little_behind_calls_nobody_early() -> None:
    assert _look(_standing(), -30 * timedelta(seconds=1)).call is None


def test_a_lapse_begins_again_with_the_next_person_and_not_from_the_beginning() -> None:
    found = _look(_standing(step=1, stepped_at=AT + 15 * MINUTE, accepted_at=AT), HOUR)

    assert (found.step, _called(found)) == (2, "DRSY")


@pytest.mark.parametrize(
    ("step", "people"), [(0, "F"), (1, "F"), (2, "FA"), (7, "FA")], ids=lambda given: str(given)
)
@pytest.mark.parametrize("level", [Level.MERAH, Level.ORANYE, Level.KUNING])
def test_what_is_about_staff_goes_to_the_focal_person_and_late_to_a_coordinator(
    level: Level, step: int, people: str
) -> None:
    standing = _standing(level, step=step, owner=FOKAL, outside=True)

    found = _look(standing, 10 * DAY if level is not Level.MERAH else 15 * MINUTE)

    assert _called(found) == people
    assert not found.together


@pytest.mark.parametrize("level", list(Level))
def test_nobody_of_staff_is_called_about_staff_at_any_step(level: Level) -> None:
    for step in range(12):
        standing = _standing(level, step=step, owner=None, outside=True, next_at=AT)
        assert not {DIMAS, RINA, SARI, YULI} & {*_look(standing, 20 * DAY).to}


@pytest.mark.parametrize("excluded", NAMES)
@pytest.mark.parametrize("level", list(Level))
def test_nobody_is_called_who_is_not_in_the_team(level: Level, excluded: PersonId) -> None:
    for step in range(6):
        standing = _standing(level, step=step, owner=None, next_at=AT)
        assert excluded not in _look(standing, 20 * DAY, TEAM.without({excluded})).to


def test_every_call_but_one_that_stands_in_the_list_of_the_week_is_followed_by_another() -> None:
    for level in (Level.MERAH, Level.ORANYE, Level.KUNING):
        standing, now = _standing(level), AT
        for _ in range(40):
            found = look(standing, TEAM, now, JEMBER)
            assert found.again is not None
            assert found.again > now
            assert found.again - now <= 4 * DAY
            now = found.again
            if found.call is not None:
                standing = Standing(
                    level, AT, standing.due_at, found.step, now, owner=DIMAS, acted_at=None
                )


@pytest.mark.parametrize(("level", "alone"), [(Level.ORANYE, True), (Level.KUNING, False)])
def test_what_is_late_comes_together_but_what_is_urgent_comes_alone_first(
    level: Level, alone: bool
) -> None:
    first = _look(_standing(level, accepted_at=AT), 4 * DAY)
    again = {"accepted_at": AT, "step": 1, "stepped_at": AT + 4 * DAY}
    then = _look(_standing(level, **again), 5 * DAY)

    assert (first.together, then.together) == (not alone, True)


@pytest.mark.parametrize(
    ("since", "until"),
    [
        ("2026-11-18 09:00", "2026-11-18 13:00"),
        ("2026-11-18 14:00", "2026-11-19 10:00"),
        ("2026-11-18 03:00", "2026-11-18 12:00"),
        ("2026-11-20 16:00", "2026-11-23 12:00"),
        ("2026-11-21 10:00", "2026-11-23 12:00"),
        ("2026-11-22 23:59", "2026-11-23 12:00"),
    ],
)
def test_working_hours_are_those_of_the_office(since: str, until: str) -> None:
    began = datetime.fromisoformat(since).replace(tzinfo=JEMBER)

    assert f"{working(began, 4 * HOUR, JEMBER):%Y-%m-%d %H:%M}" == until


def test_working_hours_are_those_of_the_programme_and_not_of_the_machine() -> None:
    began = datetime.fromisoformat("2026-11-18T01:00+00:00")

    assert working(began, 4 * HOUR, JEMBER) == datetime.fromisoformat("2026-11-18T05:00+00:00")


def test_at_eight_it_is_the_next_morning_that_comes() -> None:
    eight = datetime(2026, 11, 18, 8, 0, tzinfo=JEMBER)

    assert morning(eight, JEMBER) == eight + DAY


@pytest.mark.parametrize(
    ("level", "after"),
    [(Level.MERAH, 15 * MINUTE), (Level.ORANYE, 15 * MINUTE), (Level.KUNING, 3 * DAY)],
)
def test_an_open_task_is_looked_at_soon_enough(level: Level, after: timedelta) -> None:
    assert first_look(level, AT + DEADLINES[level], AT) == AT + after


@pytest.mark.parametrize(
    ("begins", "asked"),
    [
        ("18 06:00", "18 05:00"),
        ("18 18:00", "18 17:00"),
        ("18 21:59", "18 20:59"),
        ("18 22:00", "18 21:00"),
        ("18 23:30", "18 21:00"),
        ("18 00:00", "17 21:00"),
        ("18 05:59", "17 21:00"),
    ],
)
def test_who_has_the_night_is_asked_in_the_evening(begins: str, asked: str) -> None:
    starts = datetime.strptime(f"2026-11-{begins}", "%Y-%m-%d %H:%M").replace(tzinfo=JEMBER)

    assert f"{asked_at(starts, JEMBER):%d %H:%M}" == asked


@pytest.mark.parametrize("call", list(Call))
@pytest.mark.parametrize("level", list(Level))
@pytest.mark.parametrize("may_open", [True, False])
@pytest.mark.parametrize("step", [0, 4])
def test_an_alert_tells_code_and_level_and_no_name(
    call: Call, level: Level, may_open: bool, step: int
) -> None:
    code = "LDK-26-0042"

    sent = alert(code, level, DIMAS, step=step, call=call, may_open=may_open)

    said = sent.message.text
    assert said.startswith(f"{level.upper()} · {code}")
    assert len(said) <= 300
    assert sent.dedupe_key == f"alert:{code}:{step}:{DIMAS}"
    assert may_open or not sent.message.choices

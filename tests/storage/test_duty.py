"""The roster: duties become shifts ahead of time, and hours that nobody covers are found."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import Connection, select, update

from conversations.dialogue import PersonId, Role
from conversations.duty.team import Shift, ShiftId
from conversations.event import TaskChanged
from storage import alerts, due, duty, people, phones, reviews, schema, shifts, staff
from storage.database import Database
from storage.duty import Gap, StoredDuty
from storage.shifts import NewDuty
from tests.storage.builders import a_member, a_seat, known
from tests.storage.case_builders import CODE, Team, a_case, does

JEMBER = ZoneInfo("Asia/Jakarta")
NOW = datetime(2026, 11, 18, 10, 0, tzinfo=JEMBER)
"""A Wednesday."""

TODAY = NOW.date()
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
EVERY_HOUR = {"begins": time(0), "ends": time(0)}


def _add(conn: Connection, person: PersonId, weekday: int | None = 2, **more: Any) -> int:
    given = {"begins": time(6), "ends": time(18), "first": TODAY, "rank": 1, **more}
    return shifts.add(conn, NewDuty(person, weekday=weekday, **given), NOW, JEMBER)


def _always(conn: Connection, person: PersonId, **more: Any) -> None:
    for weekday in range(7):
        _add(conn, person, weekday, **{**EVERY_HOUR, "first": TODAY - DAY, **more})


def _shifts(conn: Connection) -> list[tuple[str, str]]:
    columns = schema.shifts.c
    rows = conn.execute(
        select(columns.starts_at, columns.ends_at)
        .where(columns.cancelled_at.is_(None))
        .order_by(columns.starts_at)
    )
    return [tuple(f"{at.astimezone(JEMBER):%d %H:%M}" for at in row) for row in rows]


def _only(conn: Connection) -> Shift:
    [found] = StoredDuty(conn, NOW).shifts(NOW + 3 * HOUR)
    return found


async def test_a_weekly_duty_has_its_shifts_at_once_of_more_than_two_weeks(
    database: Database,
) -> None:
    def unit(conn: Connection) -> list[tuple[str, str]]:
        _add(conn, a_member(conn).id)
        return _shifts(conn)

    assert await database.write(unit) == [
        ("18 06:00", "18 18:00"),
        ("25 06:00", "25 18:00"),
        ("02 06:00", "02 18:00"),
    ]


async def test_a_night_ends_on_the_next_day_and_one_that_is_going_on_is_a_shift(
    database: Database,
) -> None:
    def unit(conn: Connection) -> list[tuple[str, str]]:
        first = TODAY - DAY
        _add(conn, a_member(conn).id, 1, begins=time(18), ends=time(12), first=first)
        return _shifts(conn)[:2]

    assert await database.write(unit) == [("17 18:00", "18 12:00"), ("24 18:00", "25 12:00")]


async def test_a_single_day_is_one_shift_and_a_last_day_ends_the_series(
    database: Database,
) -> None:
    def unit(conn: Connection) -> list[tuple[str, str]]:
        person = a_member(conn).id
        _add(conn, person, None, first=date(2026, 11, 20), begins=time(18), ends=time(20))
        _add(conn, person, 2, last=date(2026, 11, 25))
        return _shifts(conn)

    assert await database.write(unit) == [
        ("18 06:00", "18 18:00"),
        ("20 18:00", "20 20:00"),
        ("25 06:00", "25 18:00"),
    ]


async def test_every_day_the_next_shifts_are_made_none_twice_and_tomorrow_again(
    database: Database,
) -> None:
    def unit(conn: Connection) -> tuple[int, int, datetime]:
        _add(conn, a_member(conn).id)
        shifts.make(conn, NOW, JEMBER)
        before = len(_shifts(conn))
        shifts.make(conn, NOW + 7 * DAY, JEMBER)
        row = select(schema.due.c.due_at).where(schema.due.c.kind == shifts.ROSTER)
        return before, len(_shifts(conn)), conn.execute(row).scalar_one()

    before, after, again = await database.write(unit)

    assert (before, after) == (3, 4)
    assert again == datetime(2026, 11, 26, 3, 0, tzinfo=JEMBER)


async def test_each_shift_is_asked_about_and_others_are_told_20_minutes_before_it(
    database: Database,
) -> None:
    def unit(conn: Connection) -> list[tuple[str, str, int | None]]:
        person = a_member(conn).id
        _add(conn, person, 3, last=TODAY + DAY)
        columns = schema.due.c
        rows = conn.execute(
            select(columns.kind, columns.due_at, columns.person_id)
            .where(columns.kind.in_((shifts.SIAP, shifts.UNREADY)))
            .order_by(columns.due_at)
        )
        return [
            (row.kind, f"{row.due_at.astimezone(JEMBER):%d %H:%M}", row.person_id == person)
            for row in rows
        ]

    assert await database.write(unit) == [
        ("siap", "19 05:00", True),
        ("unready", "19 05:40", False),
    ]


async def test_a_removed_duty_cancels_what_is_to_come_and_nobody_is_asked(
    database: Database,
) -> None:
    def unit(conn: Connection) -> tuple[bool, bool, list[Any], int, tuple[Any, ...]]:
        number = _add(conn, a_member(conn).id)
        removed, again = shifts.remove(conn, number, NOW), shifts.remove(conn, number, NOW)
        asked = conn.execute(select(schema.due.c.kind).where(schema.due.c.kind == shifts.SIAP))
        shifts.make(conn, NOW, JEMBER)
        return removed, again, _shifts(conn), len(asked.all()), shifts.duties(conn)

    assert await database.write(unit) == (True, False, [], 0, ())


async def test_one_day_is_left_out_and_stays_left_out(database: Database) -> None:
    def unit(conn: Connection) -> tuple[bool, bool, list[tuple[str, str]]]:
        number = _add(conn, a_member(conn).id)
        skipped = shifts.skip(conn, number, date(2026, 11, 25), NOW, JEMBER)
        nothing = shifts.skip(conn, number, date(2026, 11, 26), NOW, JEMBER)
        shifts.make(conn, NOW, JEMBER)
        return skipped, nothing, _shifts(conn)

    assert await database.write(unit) == (
        True,
        False,
        [("18 06:00", "18 18:00"), ("02 06:00", "02 18:00")],
    )


async def test_who_leaves_is_on_no_roster_any_more(database: Database) -> None:
    def unit(conn: Connection) -> tuple[list[Any], list[Any]]:
        dimas = a_member(conn)
        _add(conn, dimas.id)
        staff.remove(conn, known(staff.of_person(conn, dimas.id)), NOW)
        return _shifts(conn), list(duty.team(conn, NOW).on_duty)

    assert await database.write(unit) == ([], [])


async def test_siap_is_for_her_own_shift_and_said_once(database: Database) -> None:
    def unit(conn: Connection) -> tuple[bool, bool, bool, datetime | None]:
        dimas, rina = a_member(conn), a_member(conn, "Rina", "801")
        _add(conn, dimas.id)
        shift = _only(conn)
        others = shifts.ready(conn, shift.id, rina.id, NOW)
        hers = shifts.ready(conn, shift.id, dimas.id, NOW)
        again = shifts.ready(conn, shift.id, dimas.id, NOW + HOUR)
        return others, hers, again, _only(conn).ready_at

    assert await database.write(unit) == (False, True, False, NOW)


async def test_her_siap_is_for_the_first_shift_that_she_has_not_answered(
    database: Database,
) -> None:
    def unit(conn: Connection) -> list[str]:
        dimas = a_member(conn)
        _add(conn, dimas.id, ends=time(11))
        _add(conn, dimas.id, begins=time(11), ends=time(20))
        _add(conn, dimas.id, 3, begins=time(1), ends=time(5))
        found = []
        for _ in range(3):
            shift = known(StoredDuty(conn, NOW).current(dimas.id))
            found.append(f"{shift.starts_at.astimezone(JEMBER):%d %H:%M}")
            shifts.ready(conn, shift.id, dimas.id, NOW)
        return found

    assert await database.write(unit) == ["18 06:00", "18 11:00", "18 06:00"]


async def test_a_night_that_was_asked_about_in_the_evening_is_hers_to_answer(
    database: Database,
) -> None:
    def unit(conn: Connection) -> tuple[Shift | None, Shift | None]:
        dimas = a_member(conn)
        _add(conn, dimas.id, 3, begins=time(1), ends=time(5))
        before = StoredDuty(conn, NOW).current(dimas.id)
        number = conn.execute(select(schema.shifts.c.id).limit(1)).scalar_one()
        shifts.asked(conn, ShiftId(number), NOW)
        return before, StoredDuty(conn, NOW).current(dimas.id)

    before, after = await database.write(unit)

    assert before is None
    assert after is not None
    assert after.name == "Dimas"


async def test_whoever_said_siap_is_called_before_who_did_not(database: Database) -> None:
    def unit(conn: Connection) -> tuple[bool, bool]:
        dimas, rina = a_member(conn), a_member(conn, "Rina", "801")
        _add(conn, dimas.id, rank=1)
        _add(conn, rina.id, rank=2)
        first = duty.team(conn, NOW).on_duty == (dimas.id, rina.id)
        [shift] = [one for one in StoredDuty(conn, NOW).shifts(NOW) if one.person == rina.id]
        shifts.ready(conn, shift.id, rina.id, NOW)
        return first, duty.team(conn, NOW).on_duty == (rina.id, dimas.id)

    assert await database.write(unit) == (True, True)


@pytest.mark.parametrize("people_on_duty", [0, 1])
async def test_without_two_people_all_the_hours_are_a_gap(
    database: Database, people_on_duty: int
) -> None:
    def unit(conn: Connection) -> tuple[Gap, ...]:
        for number in range(people_on_duty):
            _always(conn, a_member(conn, f"Petugas {number}", f"8{number}").id)
        return duty.coverage(conn, NOW, 14)

    assert await database.write(unit) == (Gap(NOW, NOW + 14 * DAY, people_on_duty),)


async def test_two_people_at_every_hour_leave_no_gap_in_14_days(database: Database) -> None:
    def unit(conn: Connection) -> tuple[Gap, ...]:
        _always(conn, a_member(conn).id)
        _always(conn, a_member(conn, "Rina", "801").id)
        return duty.coverage(conn, NOW, 14)

    assert await database.write(unit) == ()


async def test_the_hours_in_which_somebody_alone_is_on_duty_are_told(database: Database) -> None:
    def unit(conn: Connection) -> tuple[Gap, ...]:
        _always(conn, a_member(conn).id)
        rina = a_member(conn, "Rina", "801").id
        for weekday in range(7):
            _add(conn, rina, weekday, begins=time(6), ends=time(18), first=TODAY - DAY)
        return duty.coverage(conn, NOW, 1)

    evening = datetime(2026, 11, 18, 18, 0, tzinfo=JEMBER)

    assert await database.write(unit) == (Gap(evening, evening + 12 * HOUR, 1),)


async def test_the_same_person_twice_is_one_person(database: Database) -> None:
    def unit(conn: Connection) -> int:
        dimas = a_member(conn).id
        _always(conn, dimas, rank=1)
        _always(conn, dimas, rank=2)
        return duty.coverage(conn, NOW, 1)[0].on_duty

    assert await database.write(unit) == 1


async def test_who_blocked_the_bot_covers_nothing(database: Database) -> None:
    def unit(conn: Connection) -> list[int]:
        dimas, rina = a_member(conn), a_member(conn, "Rina", "801")
        _always(conn, dimas.id)
        _always(conn, rina.id)
        where = schema.addresses.c.person_id == rina.id
        conn.execute(update(schema.addresses).where(where).values(blocked_at=NOW))
        return [gap.on_duty for gap in duty.coverage(conn, NOW, 1)]

    assert await database.write(unit) == [1]


async def test_who_is_about_to_leave_can_be_left_out(database: Database) -> None:
    def unit(conn: Connection) -> list[int]:
        dimas, rina = a_member(conn), a_member(conn, "Rina", "801")
        _always(conn, dimas.id)
        _always(conn, rina.id)
        return [gap.on_duty for gap in duty.coverage(conn, NOW, 14, without=rina.id)]

    assert await database.write(unit) == [1]


async def test_a_telephone_or_a_second_address_is_the_second_way(database: Database) -> None:
    def unit(conn: Connection) -> list[tuple[str, ...]]:
        members = [
            a_member(conn, name, f"80{n}") for n, name in enumerate(("Dimas", "Rina", "Sari"))
        ]
        _always(conn, members[0].id)
        _always(conn, members[1].id)
        found = [duty.one_way(conn, NOW, 1)]
        staff.set_phone(conn, known(staff.of_person(conn, members[0].id)), "+6281234567890")
        found.append(duty.one_way(conn, NOW, 1))
        second = people.at_address(conn, "simulator", "bot", "rina-laptop", NOW)
        phones.hold(conn, second.address_id, members[1].id, NOW)
        return [*found, duty.one_way(conn, NOW, 1)]

    assert await database.write(unit) == [("Dimas", "Rina"), ("Rina",), ()]


async def test_a_telephone_number_is_sealed_and_can_be_taken_away(database: Database) -> None:
    def unit(conn: Connection) -> tuple[bytes, bytes | None]:
        account = known(staff.of_person(conn, a_member(conn).id))
        staff.set_phone(conn, account, "+6281234567890")
        kept = conn.execute(select(schema.staff.c.phone)).scalar_one()
        staff.set_phone(conn, account, "")
        return bytes(kept), conn.execute(select(schema.staff.c.phone)).scalar_one()

    kept, removed = await database.write(unit)

    assert b"6281234567890" not in kept
    assert removed is None


async def test_who_works_on_concerns_gets_the_list_of_the_week_on_joining_and_once(
    database: Database,
) -> None:
    def unit(conn: Connection) -> list[tuple[int | None, str]]:
        for name, role in (("Dimas", Role.STAFF), ("Acara", Role.ORGANISER)):
            seat = a_seat(conn, name)
            code = staff.add(conn, name, role, NOW)
            staff.join(conn, known(staff.by_code(conn, code, NOW)), seat.person.id, NOW)
        reviews.ensure(conn, NOW)
        reviews.ensure(conn, NOW + DAY)
        columns = schema.due.c
        rows = conn.execute(
            select(columns.person_id, columns.due_at).where(columns.kind == reviews.REVIEW)
        )
        return [f"{row.due_at.astimezone(JEMBER):%a %d %H:%M}" for row in rows]

    assert await database.write(unit) == ["Mon 23 08:30"]


async def test_the_daily_look_at_the_roster_is_there_once_and_comes_back_when_it_ended(
    database: Database,
) -> None:
    def unit(conn: Connection) -> list[str]:
        shifts.ensure(conn, NOW)
        due.settle(conn, shifts.ROSTER, "all", "failed: somewhere")
        shifts.ensure(conn, NOW)
        shifts.ensure(conn, NOW + DAY)
        columns = schema.due.c
        rows = conn.execute(select(columns.due_at, columns.outcome))
        return [(row.due_at, row.outcome) for row in rows]

    assert await database.write(unit) == [(NOW, "")]


async def test_a_call_counts_until_somebody_takes_what_it_was_about(database: Database) -> None:
    def unit(conn: Connection) -> list[bool]:
        team, asked = Team(conn), StoredDuty(conn, NOW)
        a_case(conn, team.dimas)
        alerts.record(conn, CODE, team.dimas.id, 0, NOW)
        waiting = [
            asked.called_since(team.dimas.id, NOW - HOUR),
            asked.called_since(team.dimas.id, NOW),
            asked.called_since(team.ayu.id, NOW - HOUR),
        ]
        does(conn, team.ayu, TaskChanged(CODE, "accepted"))
        return [*waiting, asked.called_since(team.dimas.id, NOW - HOUR)]

    assert await database.write(unit) == [True, False, False, False]

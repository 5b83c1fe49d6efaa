"""The ladder of an urgent concern over real databases, from no answer at all to its closing."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, select, update

from conversations.concerns.case import Outcome
from conversations.concerns.event import Acted, ClosingAsked, ClosingDecided, Excluded
from conversations.dialogue import PersonId, Role
from conversations.event import TaskChanged
from conversations.level import Level
from storage import alerts, audit, due, events, schema, staff
from storage.database import Database
from tests.bot.watches import CODE, MINUTES, NIGHT, Night, a_night
from tests.storage.builders import a_seat, known

EVERYBODY = ["Dimas", "Rina", "Sari", "Yuli", "Ani"]


def _does(night: Night, name: str, *happened: Any) -> None:
    seat = a_seat(night.conn, f"hp-{name}")
    events.apply(night.conn, seat.person, seat.address_id, happened, night.now)


async def test_without_an_answer_the_next_is_called_every_15_minutes_then_everybody(
    database: Database,
) -> None:
    def unit(conn: Connection) -> list[tuple[int, list[str]]]:
        night = a_night(conn)
        night.report()
        night.lives(minutes=76)
        return night.calls()

    assert await database.write(unit) == [
        (0, ["Dimas", "Rina"]),
        (15, ["Dimas", "Rina", "Sari"]),
        (30, ["Dimas", "Rina", "Sari", "Yuli"]),
        (45, EVERYBODY),
        (60, EVERYBODY),
        (75, EVERYBODY),
    ]


async def test_an_alert_is_an_alarm_that_no_night_holds_with_code_and_level_only(
    database: Database,
) -> None:
    def unit(conn: Connection) -> tuple[list[tuple[int, bool, datetime]], list[str], Night]:
        night = a_night(conn)
        night.report()
        night.lives(minutes=16)
        columns = schema.outbox.c
        rows = conn.execute(
            select(columns.priority, columns.held, columns.not_before).where(
                columns.person_id == night.staff["Sari"], columns.purpose == "alert"
            )
        )
        return [tuple(row) for row in rows], night.heard("Sari"), night

    rows, heard, _ = await database.write(unit)

    assert rows == [(0, False, NIGHT + 15 * MINUTES)]
    assert heard == [f"MERAH · {CODE}\nBelum ada yang menerima."]


async def test_every_step_is_one_row_of_the_record(database: Database) -> None:
    def unit(conn: Connection) -> list[tuple[str, str, str]]:
        night = a_night(conn)
        night.report()
        night.lives(minutes=31)
        found = audit.latest(conn, 20, subject=CODE)
        return [(one.actor, one.action, one.reason) for one in found if one.action == "alert take"]

    assert await database.write(unit) == [
        ("clock", "alert take", "step 2: 4 called"),
        ("clock", "alert take", "step 1: 3 called"),
    ]


async def test_who_takes_it_ends_the_calls_and_the_others_learn_it_once(
    database: Database,
) -> None:
    def unit(conn: Connection) -> tuple[list[int], PersonId | None, list[str], list[str], Any]:
        night = a_night(conn)
        night.report()
        night.lives(minutes=16)
        night.says("Sari", button=f"t:terima:{CODE}")
        night.lives(minutes=40)
        times = [minute for minute, _ in night.calls()]
        answered = [one.name for one in alerts.history(conn, CODE) if one.answered_at]
        return times, night.task().owner, night.heard("Rina")[1:], answered, night.staff["Sari"]

    times, owner, rina, answered, sari = await database.write(unit)

    assert times == [0, 15]
    assert owner == sari
    assert rina == [f"{CODE} sudah diterima Sari."]
    assert answered == ["Sari"]


async def test_taken_but_nothing_done_in_an_hour_the_ladder_goes_on_and_the_owner_stays(
    database: Database,
) -> None:
    def unit(conn: Connection) -> tuple[list[tuple[int, list[str]]], Any, str, bool, list[str]]:
        night = a_night(conn)
        night.report()
        night.lives(minutes=5)
        night.says("Rina", button=f"t:terima:{CODE}")
        night.lives(minutes=75)
        notes = conn.execute(
            select(schema.task_notes.c.action).where(schema.task_notes.c.code == CODE)
        ).scalars()
        task = night.task()
        names = {person: name for name, person in night.staff.items()}
        return night.calls(), names[task.owner], night.heard("Sari")[0], task.accepted, list(notes)

    calls, owner, first, accepted, notes = await database.write(unit)

    assert calls == [
        (0, ["Dimas", "Rina"]),
        (65, ["Rina", "Dimas", "Sari"]),
        (80, ["Rina", "Dimas", "Sari", "Yuli"]),
    ]
    assert owner == "Rina"
    assert not accepted
    assert notes[-1] == "lapsed"
    assert first.endswith("Mohon ada yang menerima lagi.")


async def test_a_first_action_within_the_hour_keeps_it_quiet_until_the_next_morning(
    database: Database,
) -> None:
    def unit(conn: Connection) -> list[tuple[int, list[str]]]:
        night = a_night(conn)
        night.report()
        night.lives(minutes=5)
        night.says("Rina", button=f"t:terima:{CODE}")
        night.lives(minutes=50)
        _does(night, "Rina", Acted(CODE, "nenek ditelepon"))
        night.lives(hours=10)
        return night.calls()

    assert await database.write(unit) == [(0, ["Dimas", "Rina"]), (653, ["Rina"])]


async def test_acted_upon_shortly_before_the_morning_it_is_called_as_late_on_time(
    database: Database,
) -> None:
    def unit(conn: Connection) -> list[tuple[int, list[str]]]:
        night = a_night(conn)
        night.report()
        night.lives(minutes=600)
        night.says("Rina", button=f"t:terima:{CODE}")
        night.lives(minutes=30)
        _does(night, "Rina", Acted(CODE, "nenek ditelepon"))
        night.lives(minutes=60)
        return night.calls()[-1:]

    assert await database.write(unit) == [(653, ["Rina"])]


async def test_a_closed_one_rings_nobody_and_leaves_no_due_work(database: Database) -> None:
    def unit(conn: Connection) -> tuple[list[int], list[str]]:
        night = a_night(conn)
        night.report()
        night.lives(minutes=16)
        asked = ClosingAsked(CODE, Outcome.NO_DANGER, "sudah dijenguk")
        _does(night, "Dimas", TaskChanged(CODE, "accepted"), asked)
        _does(night, "Ani", ClosingDecided(CODE, approved=True))
        night.lives(hours=30)
        kinds = conn.execute(
            select(schema.due.c.kind).where(
                schema.due.c.subject == CODE,
                schema.due.c.outcome == "",
            )
        )
        return [minute for minute, _ in night.calls()], list(kinds.scalars())

    assert await database.write(unit) == ([0, 15], [])


async def test_a_closing_that_waits_comes_to_the_coordinator_in_the_morning(
    database: Database,
) -> None:
    def unit(conn: Connection) -> tuple[list[tuple[int, list[str]]], list[str]]:
        night = a_night(conn)
        night.report()
        asked = ClosingAsked(CODE, Outcome.NO_DANGER, "sudah dijenguk")
        _does(night, "Dimas", TaskChanged(CODE, "accepted"), asked)
        night.lives(hours=12)
        return night.calls(), night.heard("Ani")

    calls, ani = await database.write(unit)

    assert calls == [(0, ["Dimas", "Rina"]), (653, ["Ani"])]
    assert ani[-1] == f"Menunggu persetujuan untuk ditutup: {CODE}. Balas BACA dan kodenya."


async def test_after_three_hours_without_us_one_step_is_gone_and_it_is_the_one_due_now(
    database: Database,
) -> None:
    def unit(conn: Connection) -> tuple[list[tuple[int, list[str]]], int]:
        night = a_night(conn)
        night.report()
        night.stands_still(hours=3)
        night.lives(minutes=16)
        return night.calls(), alerts.last_step(conn, CODE)

    calls, step = await database.write(unit)

    assert calls == [(0, ["Dimas", "Rina"]), (180, EVERYBODY), (195, EVERYBODY)]
    assert step == 13


async def test_a_clock_that_goes_back_years_makes_nobody_wait_for_them(database: Database) -> None:
    def unit(conn: Connection) -> list[tuple[int, list[str]]]:
        night = a_night(conn, now=NIGHT + timedelta(days=1000))
        night.report()
        night.now = NIGHT
        for name, rank in (("Dimas", 1), ("Rina", 2)):
            night.watch(name, rank)
        alerts.set_back(conn, night.now)
        night.lives(minutes=16)
        return night.calls()

    assert (await database.write(unit))[:2] == [
        (0, ["Dimas", "Rina", "Sari"]),
        (15, ["Dimas", "Rina", "Sari", "Yuli"]),
    ]


async def test_what_nobody_set_back_is_left_alone(database: Database) -> None:
    def unit(conn: Connection) -> int:
        night = a_night(conn)
        night.report()
        return alerts.set_back(conn, night.now)

    assert await database.write(unit) == 0


async def test_who_leaves_in_the_middle_is_called_no_more_and_somebody_else_owns_it(
    database: Database,
) -> None:
    def unit(conn: Connection) -> tuple[list[tuple[int, list[str]]], bool]:
        night = a_night(conn)
        night.report()
        night.lives(minutes=16)
        account = known(staff.of_person(conn, night.staff["Dimas"]))
        staff.remove(conn, account, night.now)
        night.lives(minutes=30)
        owner = night.task().owner
        return night.calls()[2:], owner not in (None, night.staff["Dimas"])

    calls, owned = await database.write(unit)

    assert owned
    assert all("Dimas" not in names for minute, names in calls if minute > 16)
    assert calls[-1][1] == ["Rina", "Sari", "Yuli", "Ani"]


async def test_an_owner_who_blocked_the_bot_is_relieved_when_a_call_is_due(
    database: Database,
) -> None:
    def unit(conn: Connection) -> tuple[list[tuple[int, list[str]]], str]:
        night = a_night(conn)
        night.report()
        night.lives(minutes=1)
        night.block("Dimas")
        night.lives(minutes=15)
        names = {person: name for name, person in night.staff.items()}
        return night.calls(), names[night.task().owner]

    assert await database.write(unit) == (
        [(0, ["Dimas", "Rina"]), (15, ["Rina", "Sari", "Yuli"])],
        "Rina",
    )


async def test_with_one_on_duty_the_next_ones_are_called_all_the_same(database: Database) -> None:
    def unit(conn: Connection) -> list[tuple[int, list[str]]]:
        night = a_night(conn, on_duty=1)
        night.report()
        night.lives(minutes=16)
        return night.calls()

    assert await database.write(unit) == [(0, ["Dimas", "Rina"]), (15, ["Dimas", "Rina", "Sari"])]


async def test_with_nobody_on_duty_everybody_is_called_from_the_beginning(
    database: Database,
) -> None:
    def unit(conn: Connection) -> list[tuple[int, list[str]]]:
        night = a_night(conn, on_duty=0)
        night.report()
        night.lives(minutes=16)
        return night.calls()

    assert await database.write(unit) == [(0, EVERYBODY), (15, EVERYBODY)]


async def test_a_taking_that_lapses_is_on_record_also_when_nobody_can_be_called(
    database: Database,
) -> None:
    def unit(conn: Connection) -> tuple[bool, list[str]]:
        night = Night(conn)
        night.employ("Ani", Role.COORDINATOR)
        night.report()
        night.says("Ani", button=f"t:terima:{CODE}")
        night.block("Ani")
        night.lives(minutes=59)
        due.advance(conn, "escalation", CODE, "nobody")
        night.lives(minutes=2)
        found = audit.latest(conn, 9, subject=CODE)
        return night.task().accepted, [one.reason for one in found if one.action == "alert lapsed"]

    assert await database.write(unit) == (False, ["step 1: 0 called"])


async def test_with_nobody_at_all_it_goes_on_looking_until_there_is_somebody(
    database: Database,
) -> None:
    def unit(conn: Connection) -> tuple[list[tuple[int, list[str]]], list[str]]:
        night = Night(conn)
        night.employ("Ani", Role.COORDINATOR)
        night.block("Ani")
        night.report()
        night.lives(minutes=50)
        conn.execute(update(schema.addresses).values(blocked_at=None))
        night.lives(minutes=2)
        rows = [
            one.reason for one in audit.latest(conn, 9, subject=CODE) if one.action == "alert take"
        ]
        return night.calls(), rows

    calls, rows = await database.write(unit)

    assert calls == [(51, ["Ani"])]
    assert rows == ["step 3: 1 called", "step 1: 0 called"]


async def test_whom_it_is_about_and_whoever_is_close_to_them_is_never_called(
    database: Database,
) -> None:
    def unit(conn: Connection) -> tuple[list[tuple[int, list[str]]], PersonId]:
        night = a_night(conn)
        night.report(excluded=(night.staff["Dimas"],))
        night.lives(minutes=16)
        _does(night, "Rina", Excluded(CODE, night.staff["Sari"]))
        night.lives(minutes=60)
        return night.calls(), night.staff["Sari"]

    calls, _ = await database.write(unit)

    assert all("Dimas" not in names for _, names in calls)
    assert all("Sari" not in names for minute, names in calls if minute > 16)
    assert calls[-1][1] == ["Rina", "Yuli", "Ani"]


async def test_a_member_of_staff_who_reports_is_not_called_about_it(database: Database) -> None:
    def unit(conn: Connection) -> list[tuple[int, list[str]]]:
        night = a_night(conn)
        night.report(by="hp-Rina")
        night.lives(minutes=50)
        return night.calls()

    assert all("Rina" not in names for _, names in await database.write(unit))


async def test_the_ladder_is_never_given_up_and_one_row_a_task_is_open(
    database: Database,
) -> None:
    from bot.clock import NEVER_GIVEN_UP

    def unit(conn: Connection) -> int:
        night = a_night(conn)
        night.report()
        night.report(Level.KUNING, code="LDK-26-0002")
        night.lives(minutes=50)
        rows = select(schema.due.c.subject).where(
            schema.due.c.kind == alerts.ESCALATION, schema.due.c.outcome == ""
        )
        return len(conn.execute(rows).all())

    assert await database.write(unit) == 2
    assert alerts.ESCALATION in NEVER_GIVEN_UP

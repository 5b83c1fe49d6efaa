"""SIAP before a shift: asked, reminded once, and others told in time where it is missing."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from typing import Any

import pytest
from sqlalchemy import Connection, select

from conversations.dialogue import Role
from storage import audit, due, schema, shifts, staff
from storage.database import Database
from storage.duty import StoredDuty
from storage.shifts import NewDuty
from tests.bot.life import JEMBER
from tests.bot.watches import Night, a_night
from tests.storage.builders import known

NOON = datetime(2026, 11, 18, 12, 0, tzinfo=JEMBER)
MINUTES = timedelta(minutes=1)


def _evening(conn: Connection, begins: time = time(18), ends: time = time(23)) -> Night:
    """Dimas is on duty this evening, Rina second; Bu Ani supervises."""
    night = Night(conn, NOON)
    for rank, name in enumerate(("Dimas", "Rina"), 1):
        night.employ(name)
        new = NewDuty(night.staff[name], begins, ends, NOON.date(), rank, weekday=2)
        shifts.add(conn, new, NOON, JEMBER)
    night.employ("Ani", Role.COORDINATOR)
    return night


def _told(night: Night, who: str) -> list[tuple[str, str]]:
    """When, and the first sentence."""
    columns = schema.outbox.c
    rows = night.conn.execute(
        select(columns.not_before)
        .where(columns.person_id == night.staff[who], columns.body.is_not(None))
        .order_by(columns.id)
    ).scalars()
    times = [f"{at.astimezone(JEMBER):%H:%M}" for at in rows]
    return [
        (at, text.split(".")[0] if "Giliran" in text else text)
        for at, text in zip(times, night.heard(who), strict=True)
    ]


async def test_silence_is_asked_reminded_and_told_to_the_next_one_and_the_coordinator(
    database: Database,
) -> None:
    def unit(conn: Connection) -> list[Any]:
        night = _evening(conn)
        night.lives(hours=4)
        night.lives(hours=1, minutes=5)
        night.says("Rina", "SIAP")
        night.lives(hours=4)
        return [[at for at, _ in _told(night, "Dimas")], _told(night, "Rina")[-1], night]

    dimas, rina, _ = await database.write(unit)

    assert dimas == ["17:00", "17:20"]
    assert rina == (
        "17:40",
        "Jaga Rabu jam 18.00 sampai 23.00: Dimas belum menjawab SIAP. Mohon bersiap menggantikan.",
    )


async def test_the_coordinator_hears_whom_to_call(database: Database) -> None:
    def unit(conn: Connection) -> tuple[list[tuple[str, str]], list[tuple[str, str]]]:
        night = _evening(conn)
        night.lives(hours=5, minutes=5)
        night.says("Rina", "SIAP")
        night.lives(hours=4)
        record = [
            (one.action, one.reason)
            for one in audit.latest(conn, 50)
            if one.action.startswith("duty")
        ]
        return _told(night, "Ani"), record

    ani, record = await database.write(unit)

    assert ani == [
        (
            "17:40",
            "Jaga Rabu jam 18.00 sampai 23.00: Dimas belum menjawab SIAP."
            " Mohon telepon, atau carikan pengganti.",
        )
    ]
    assert record == [("duty unready", "2 told"), ("duty ready", "")]


async def test_the_coordinator_has_the_telephone_at_hand_and_the_next_one_does_not(
    database: Database,
) -> None:
    def unit(conn: Connection) -> list[str]:
        night = _evening(conn)
        dimas = known(staff.of_person(conn, night.staff["Dimas"]))
        staff.set_phone(conn, dimas, "+6281234567890")
        night.lives(hours=9)
        told = [[text for _, text in _told(night, who)] for who in ("Ani", "Rina")]
        return [text for heard in told for text in heard if "Dimas belum" in text]

    ani, rina = await database.write(unit)

    assert ani.endswith("Mohon telepon, atau carikan pengganti. HP +6281234567890.")
    assert rina.endswith("Mohon bersiap menggantikan.")


async def test_who_says_siap_is_left_alone_and_nobody_else_is_told(database: Database) -> None:
    def unit(conn: Connection) -> tuple[int, int, list[str]]:
        night = _evening(conn)
        night.lives(hours=5, minutes=5)
        for name in ("Dimas", "Rina"):
            night.says(name, "siap")
        night.lives(hours=8)
        outcomes = select(schema.due.c.outcome).where(
            schema.due.c.kind == shifts.UNREADY, schema.due.c.outcome != ""
        )
        return len(night.heard("Ani")), len(night.heard("Dimas")), list(conn.execute(outcomes))

    ani, dimas, outcomes = await database.write(unit)

    assert (ani, dimas) == (0, 2)
    assert [row[0] for row in outcomes] == ["done: nobody need be told"] * 2


async def test_a_shift_in_the_night_is_asked_about_before_people_sleep(
    database: Database,
) -> None:
    def unit(conn: Connection) -> tuple[list[str], list[str]]:
        night = Night(conn, NOON)
        night.employ("Dimas")
        night.employ("Ani", Role.COORDINATOR)
        new = NewDuty(night.staff["Dimas"], time(1), time(7), NOON.date(), 1, weekday=3)
        shifts.add(conn, new, NOON, JEMBER)
        night.lives(hours=18)
        return [at for at, _ in _told(night, "Dimas")], [at for at, _ in _told(night, "Ani")]

    assert await database.write(unit) == (["21:00", "21:20"], ["21:40"])


async def test_siap_after_the_beginning_counts_too(database: Database) -> None:
    def unit(conn: Connection) -> tuple[bool, list[str]]:
        night = _evening(conn)
        night.lives(hours=7)
        said = night.says("Dimas", "SIAP")
        [dimas, _] = StoredDuty(conn, night.now).shifts(night.now)
        return dimas.ready_at is not None, said

    ready, said = await database.write(unit)

    assert ready
    assert said[0].startswith("SIAP dicatat.")


async def test_who_cannot_be_reached_is_told_of_before_her_shift_all_the_same(
    database: Database,
) -> None:
    def unit(conn: Connection) -> list[str]:
        night = _evening(conn)
        night.block("Dimas")
        night.lives(hours=6)
        return [text for _, text in _told(night, "Ani")]

    told = await database.write(unit)

    assert "Dimas belum menjawab SIAP" in told[0]


async def test_a_shift_that_was_cancelled_meanwhile_asks_nobody(database: Database) -> None:
    def unit(conn: Connection) -> tuple[int, int]:
        night = _evening(conn)
        for one in shifts.duties(conn):
            shifts.remove(conn, one.id, night.now)
        night.lives(hours=12)
        return len(night.heard("Dimas")), len(night.heard("Ani"))

    assert await database.write(unit) == (0, 0)


async def test_after_a_long_stop_nobody_is_asked_about_a_shift_that_is_over(
    database: Database,
) -> None:
    def unit(conn: Connection) -> tuple[int, list[str]]:
        night = _evening(conn)
        night.stands_still(days=1)
        outcomes = select(schema.due.c.outcome).where(schema.due.c.kind == shifts.SIAP)
        return len(night.heard("Dimas")), sorted(
            outcome[:6] for outcome in conn.execute(outcomes).scalars()
        )

    asked, outcomes = await database.write(unit)

    assert asked == 0
    assert outcomes.count("missed") == 2


async def test_the_roster_looks_ahead_every_day_by_itself(database: Database) -> None:
    def unit(conn: Connection) -> tuple[int, int, str]:
        night = a_night(conn)
        shifts.ensure(conn, night.now)
        night.lives(minutes=1)
        count = select(schema.shifts.c.id)
        before = len(conn.execute(count).all())
        night.lives(days=3)
        row = select(schema.due.c.due_at).where(schema.due.c.kind == shifts.ROSTER)
        again = conn.execute(row).scalar_one()
        return before, len(conn.execute(count).all()), f"{again.astimezone(JEMBER):%a %d %H:%M}"

    before, after, again = await database.write(unit)

    assert after - before == 6
    assert again == "Sat 21 03:00"


async def test_the_list_of_the_week_comes_on_monday_to_who_joined_since(
    database: Database,
) -> None:
    def unit(conn: Connection) -> list[str]:
        night = a_night(conn)
        night.report()
        shifts.ensure(conn, night.now)
        night.lives(days=7)
        columns = schema.outbox.c
        rows = select(columns.not_before).where(
            columns.purpose == "review", columns.person_id == night.staff["Sari"]
        )
        return [f"{at.astimezone(JEMBER):%a %H:%M}" for at in conn.execute(rows).scalars()]

    assert await database.write(unit) == ["Mon 08:30", "Mon 08:30"]


@pytest.mark.parametrize("role", [Role.STAFF, Role.COORDINATOR, Role.FOCAL])
async def test_who_joins_by_code_has_the_list_of_the_week_planned(
    database: Database, role: Role
) -> None:
    from storage import staff

    def unit(conn: Connection) -> datetime | None:
        night = Night(conn, NOON)
        code = staff.add(conn, "Dimas", role, NOON)
        night.says("baru", code)
        row = select(schema.due.c.due_at).where(schema.due.c.kind == "review")
        return conn.execute(row).scalar_one()

    assert f"{(await database.write(unit)).astimezone(JEMBER):%a %d %H:%M}" == "Mon 23 08:30"


async def test_a_roster_that_failed_is_tried_again_for_ever() -> None:
    from bot.clock import NEVER_GIVEN_UP

    assert shifts.ROSTER in NEVER_GIVEN_UP


async def test_a_reminder_is_due_20_minutes_after_the_question(database: Database) -> None:
    def unit(conn: Connection) -> datetime | None:
        night = _evening(conn)
        night.lives(hours=5, minutes=1)
        return due.next_at(conn)

    assert await database.write(unit) == NOON + 5 * 60 * MINUTES + 20 * MINUTES

"""Whom a rule concerns by what it counts from: registering, months, sessions, silence."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, time
from typing import Any

import pytest
from sqlalchemy import Connection, insert, select, update

from conversations.broadcasts import audience
from conversations.rule import Action, Anchor, Rule, RuleId
from storage import children, rules, schema, sweeps
from storage.database import Database
from tests.bot.life import JEMBER, MONDAY, TUESDAY, Life, begun, only, registered
from tests.storage.builders import DAY, HOUR, a_checkin
from tests.storage.test_rules import KENANGA, a_school, living_in


async def test_after_three_silent_weeks_her_name_is_on_the_list_once_in_four_weeks(
    database: Database,
) -> None:
    def unit(conn: Connection) -> list[tuple[str, str, str, str]]:
        registered(conn)
        life = begun(conn)
        life.lives_until(MONDAY + 56 * DAY)
        tasks = schema.tasks.c
        conn.execute(update(schema.tasks).values(status="closed"))
        life.lives_until(MONDAY + 60 * DAY)
        rows = conn.execute(
            select(tasks.kind, tasks.level, tasks.reason, tasks.created_at).order_by(
                tasks.created_at
            )
        )
        return [
            (kind, level, reason, f"{at.astimezone(JEMBER):%d %b}")
            for kind, level, reason, at in rows
        ]

    assert await database.write(unit) == [
        ("visit", "hijau", "reason.visit", "09 Dec"),
        ("visit", "hijau", "reason.visit", "12 Jan"),
    ]


@pytest.mark.parametrize(("days", "listed"), [(21, 1), (20, 0)])
async def test_silence_is_counted_from_the_first_check_in_after_the_last_finished_one(
    database: Database, days: int, listed: int
) -> None:
    def unit(conn: Connection) -> int:
        mbah = registered(conn)
        only(conn, Rule(RuleId(0), "K", Anchor.SILENT, Action.VISIT, time(8), days=21))
        a_checkin(conn, mbah, None, {}, id_="a", at=MONDAY - 60 * DAY, partial=True)
        a_checkin(conn, mbah, None, {}, id_="b", at=MONDAY - 50 * DAY)
        for ago in (days - 1, days - 8):
            at = MONDAY - ago * DAY
            a_checkin(conn, mbah, None, {}, id_=f"p{ago}", at=at, partial=True)
        Life(conn).lives_until(MONDAY + 20 * HOUR)
        return len(conn.execute(select(schema.tasks)).all())

    assert await database.write(unit) == listed


async def test_who_has_answered_is_on_no_list(database: Database) -> None:
    def unit(conn: Connection) -> int:
        mbah = registered(conn)
        only(conn, Rule(RuleId(0), "K", Anchor.SILENT, Action.VISIT, time(8), days=21))
        a_checkin(conn, mbah, None, {}, id_="a", at=MONDAY - 25 * DAY, partial=True)
        a_checkin(conn, mbah, None, {}, id_="b", at=MONDAY - 18 * DAY)
        life = Life(conn)
        life.lives_until(MONDAY + 3 * DAY)
        return len(conn.execute(select(schema.tasks)).all())

    assert await database.write(unit) == 0


@pytest.mark.parametrize(
    "changes",
    [{"stopped_at": MONDAY}, {"consent": "withdrawn"}, {"paused_until": MONDAY + 9 * DAY}],
)
async def test_who_wants_to_be_left_alone_is_not_visited_either(
    database: Database, changes: dict[str, object]
) -> None:
    def unit(conn: Connection) -> int:
        mbah = registered(conn)
        conn.execute(update(schema.people).where(schema.people.c.id == mbah.id).values(changes))
        only(conn, Rule(RuleId(0), "K", Anchor.SILENT, Action.VISIT, time(8), days=21))
        a_checkin(conn, mbah, None, {}, id_="a", at=MONDAY - 25 * DAY, partial=True)
        Life(conn).lives_until(MONDAY + 3 * DAY)
        return len(conn.execute(select(schema.tasks)).all())

    assert await database.write(unit) == 0


def a_message(anchor: Anchor, days: int = 0, **more: Any) -> Rule:
    return Rule(
        RuleId(0), "Pesan", anchor, Action.MESSAGE, time(9), days=days, words="Salam.", **more
    )


async def test_a_message_comes_so_many_days_after_registering(database: Database) -> None:
    def unit(conn: Connection) -> list[tuple[str, str]]:
        late_evening = datetime(2026, 11, 16, 23, 30, tzinfo=JEMBER)
        registered(conn, at=late_evening)
        registered(conn, "2", at=MONDAY, zone="Asia/Jayapura")
        registered(conn, "3", at=MONDAY - DAY)
        only(conn, a_message(Anchor.REGISTERED, 3))
        life = Life(conn)
        life.lives_until(MONDAY + 10 * DAY)
        return life.comes()

    assert await database.write(unit) == [
        ("message", "Wed 18 09:00"),
        ("message", "Thu 19 07:00"),
        ("message", "Thu 19 09:00"),
    ]


async def test_a_message_comes_once_in_the_month_of_a_childs_birth(database: Database) -> None:
    def unit(conn: Connection) -> list[tuple[str, str]]:
        for address, month in (("1", 11), ("2", 12), ("3", 5)):
            mbah = registered(conn, address)
            [child] = children.of_person(conn, mbah.id)
            children.change(conn, child.id, {"birth_month": month}, by=None)
        only(conn, a_message(Anchor.BIRTH_MONTH))
        life = Life(conn)
        life.lives_until(MONDAY + 30 * DAY)
        return life.comes()

    assert await database.write(unit) == [("message", "Tue 17 09:00"), ("message", "Tue 01 09:00")]


def a_session(conn: Connection, at: datetime, status: str = "planned") -> None:
    conn.execute(
        insert(schema.sessions),
        {
            "school_id": conn.execute(select(schema.schools.c.id)).scalar_one(),
            "topic": "Gizi",
            "starts_at": at,
            "ends_at": at + HOUR,
            "status": status,
            "created_at": MONDAY,
        },
    )


@pytest.mark.parametrize(("days", "day"), [(-2, "Wed 18"), (0, "Fri 20"), (3, "Mon 23")])
async def test_a_message_comes_so_many_days_before_or_after_a_session(
    database: Database, days: int, day: str
) -> None:
    def unit(conn: Connection) -> list[tuple[str, str]]:
        cadre, mbah, left = (registered(conn, address) for address in ("1", "2", "3"))
        a_school(conn, cadre, mbah, left)
        enrolments = schema.enrolments
        conn.execute(
            update(enrolments).where(enrolments.c.person_id == left.id).values(left_at=MONDAY)
        )
        friday = datetime(2026, 11, 20, 14, 0, tzinfo=JEMBER)
        a_session(conn, friday)
        a_session(conn, friday + HOUR, "cancelled")
        only(conn, a_message(Anchor.SESSION, days))
        life = Life(conn)
        life.lives_until(MONDAY + 10 * DAY)
        return life.comes()

    assert await database.write(unit) == [("message", f"{day} 09:00")]


async def test_a_rule_is_for_its_audience(database: Database) -> None:
    def unit(conn: Connection) -> list[int]:
        kenanga = living_in(conn, "KNG", "8").village_id
        hers = registered(conn, "1", village_id=kenanga)
        registered(conn, "2")
        registered(conn, "3", village_id=kenanga, language="jv")
        for_whom = audience.parse("desa=KNG kecuali bahasa=jv")
        only(conn, replace(KENANGA, audience=for_whom))
        life = Life(conn)
        life.lives_until(MONDAY + 3 * DAY)
        asked = conn.execute(select(schema.outbox.c.person_id)).scalars()
        return [person - hers.id for person in asked]

    assert await database.write(unit) == [0]


async def test_many_people_are_taken_in_parts_and_nobody_is_left_out(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sweeps, "SPAN", 7)
    monkeypatch.setattr("bot.planned.rule.PART", 3)

    def unit(conn: Connection) -> tuple[int, list[str]]:
        for n in range(20):
            registered(conn, f"6281{n:02}")
        only(conn, KENANGA)
        life = Life(conn)
        life.lives_until(MONDAY + TUESDAY)
        return len(life.outcomes("checkin")), life.outcomes("sweep")

    planned, swept = await database.write(unit)

    assert planned == 20
    assert set(swept) == {"done"}


async def test_a_rule_that_ended_sweeps_nobody(database: Database) -> None:
    def unit(conn: Connection) -> tuple[list[str], list[str]]:
        registered(conn)
        number = only(conn, replace(KENANGA, weekday=0))
        row = {"kind": "sweep", "subject": f"{number}:{date(2026, 11, 16)}", "due_at": MONDAY}
        conn.execute(insert(schema.due), row)
        rules.stop(conn, number)
        rules.sweep_at(conn, number, MONDAY)
        life = Life(conn)
        life.catches_up()
        return life.outcomes("rule") + life.outcomes("sweep"), life.outcomes("checkin")

    assert await database.write(unit) == (["done: the rule has ended"] * 2, [])

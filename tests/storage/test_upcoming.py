"""What will happen in the next days: foreseen as it then happens."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, insert, select

from conversations.rule import Action, Anchor, Rule, RuleId
from storage import due, rules, schema
from storage.database import Database
from storage.upcoming import Sort, Upcoming, upcoming
from tests.bot.life import JEMBER, MONDAY, Life, begun, only, registered
from tests.storage.builders import DAY, HOUR, a_checkin
from tests.storage.test_rules import KENANGA, a_school


def foreseen(conn: Connection, now: datetime = MONDAY, days: int = 7) -> list[Upcoming]:
    return upcoming(conn, now, JEMBER, days)


def short(found: list[Upcoming], zone: ZoneInfo = JEMBER) -> list[tuple[str, str, int]]:
    return [(f"{one.at.astimezone(zone):%a %d %H:%M}", one.kind, one.people) for one in found]


async def test_a_rule_is_foreseen_for_whom_it_will_concern(database: Database) -> None:
    def unit(conn: Connection) -> list[tuple[str, str, int]]:
        registered(conn, "1")
        registered(conn, "2", hour="09:00")
        registered(conn, "3", at=MONDAY + 36 * HOUR)
        only(conn, replace(KENANGA, weekday=2))
        return short(foreseen(conn))

    assert await database.write(unit) == [("Wed 18 09:00", "checkin", 2)]


async def test_who_may_not_be_written_to_is_not_foreseen(database: Database) -> None:
    def unit(conn: Connection) -> list[Upcoming]:
        mbah = registered(conn)
        only(conn, KENANGA)
        conn.execute(
            schema.people.update().where(schema.people.c.id == mbah.id).values(stopped_at=MONDAY)
        )
        return foreseen(conn)

    assert await database.write(unit) == []


async def test_what_is_planned_is_told_by_person_and_not_foreseen_again(
    database: Database,
) -> None:
    def unit(conn: Connection) -> list[Upcoming]:
        registered(conn)
        only(conn, KENANGA)
        life = Life(conn)
        life.lives_until(MONDAY + DAY)
        return foreseen(conn, life.now)

    [one] = await database.write(unit)

    assert (one.sort, one.kind, one.people) == (Sort.PERSON, "checkin", 1)
    assert one.person is not None


async def test_what_is_foreseen_happens(database: Database) -> None:
    def unit(conn: Connection) -> tuple[list[tuple[str, str]], list[tuple[str, str]]]:
        registered(conn)
        life = begun(conn)
        told = [(when, kind) for when, kind, _ in short(foreseen(conn))]
        life.lives_until(MONDAY + 7 * DAY)
        return told, [(at, purpose) for purpose, at in life.comes() if purpose != "nudge"]

    told, happened = await database.write(unit)

    assert told == happened == [("Wed 18 19:15", "checkin")]


async def test_a_visit_is_foreseen_once_however_many_days_it_might_be(
    database: Database,
) -> None:
    def unit(conn: Connection) -> list[tuple[str, str, int]]:
        mbah = registered(conn)
        a_checkin(conn, mbah, None, {}, at=MONDAY - 20 * DAY, partial=True)
        only(conn, Rule(RuleId(0), "K", Anchor.SILENT, Action.VISIT, time(8), days=21))
        return short(foreseen(conn))

    assert await database.write(unit) == [("Tue 17 08:00", "visit", 1)]


async def test_a_day_that_is_swept_is_not_foreseen_again(database: Database) -> None:
    def unit(conn: Connection) -> list[Upcoming]:
        registered(conn)
        number = only(conn, KENANGA)
        row = {"kind": "sweep", "subject": f"{number}:2026-11-17", "due_at": MONDAY}
        conn.execute(insert(schema.due), {**row, "outcome": "done"})
        return foreseen(conn)

    assert await database.write(unit) == []


async def test_what_ended_is_not_foreseen(database: Database) -> None:
    def unit(conn: Connection) -> list[Upcoming]:
        registered(conn)
        rules.stop(conn, only(conn, KENANGA))
        return foreseen(conn)

    assert await database.write(unit) == []


async def test_a_session_and_a_broadcast_say_for_how_many(database: Database) -> None:
    def unit(conn: Connection) -> list[tuple[str, str, str, int]]:
        cadre, mbah = registered(conn, "1"), registered(conn, "2")
        a_school(conn, cadre, cadre, mbah)
        session = {
            "school_id": conn.execute(select(schema.schools.c.id)).scalar_one(),
            "topic": "Gizi",
            "starts_at": MONDAY + 3 * DAY,
            "ends_at": MONDAY + 3 * DAY + HOUR,
            "created_at": MONDAY,
        }
        id_ = conn.execute(
            insert(schema.sessions).values(session).returning(schema.sessions.c.id)
        ).scalar_one()
        due.plan(conn, "session", f"{id_}:h1", None, MONDAY + 2 * DAY, None)
        broadcast = {"audience": "", "body": b"", "status": "scheduled", "created_at": MONDAY}
        number = conn.execute(
            insert(schema.broadcasts).values(broadcast).returning(schema.broadcasts.c.id)
        ).scalar_one()
        conn.execute(
            insert(schema.recipients), {"broadcast_id": number, "person_id": mbah.id, "reason": ""}
        )
        due.plan(conn, "broadcast", str(number), None, MONDAY + DAY, None)
        due.plan(conn, "series", "1", None, MONDAY + DAY, None)
        due.plan(conn, "expire", "i1", mbah.id, MONDAY + timedelta(days=8), None)
        return [(one.sort, one.kind, one.about, one.people) for one in foreseen(conn)]

    assert await database.write(unit) == [
        ("broadcast", "broadcast", "1", 1),
        ("session", "h1", "Gizi, Yang-eyang", 2),
    ]

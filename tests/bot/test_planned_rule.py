"""The daily sweep: whom a rule concerns, at whose hour, once ever, however late it comes."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import Connection, insert, select, update

from conversations.rule import Action, Anchor, Rule, RuleId, WhenBusy
from storage import due, outbox, people, rules, schema
from storage.database import Database
from tests.bot.life import JEMBER, MONDAY, TUESDAY, WEDNESDAY, Life, begun, only, registered
from tests.storage.builders import DAY, HOUR, known
from tests.storage.test_rules import KENANGA, a_school, living_in, without_phone


async def test_on_wednesday_evening_the_check_in_comes_and_two_days_later_one_reminder(
    database: Database,
) -> None:
    def unit(conn: Connection) -> list[tuple[str, str]]:
        registered(conn)
        life = begun(conn)
        life.lives_until(MONDAY + 6 * DAY)
        return life.comes()

    assert await database.write(unit) == [("checkin", "Wed 18 19:15"), ("nudge", "Fri 20 19:15")]


async def test_two_days_after_the_answer_comes_a_tip(database: Database) -> None:
    def unit(conn: Connection) -> tuple[list[tuple[str, str]], list[str]]:
        registered(conn)
        life = begun(conn)
        life.lives_until(MONDAY + WEDNESDAY + 10 * HOUR)
        for reply in ("sehat", "biasa", "masuk terus", "sudah", "biasa", "tidak", "kirim", "ya"):
            life.says("62812", reply)
        life.lives_until(MONDAY + 6 * DAY)
        return life.comes(), life.outcomes("nudge")

    came, nudges = await database.write(unit)

    assert came[0] == ("checkin", "Wed 18 19:15")
    assert {purpose for purpose, _ in came[1:]} == {"tip"}
    assert {at for _, at in came[1:]} == {"Fri 20 09:30"}
    assert nudges == []


@pytest.mark.parametrize(("spent", "comes"), [(7, 0), (6, 1)])
async def test_a_tip_above_the_weekly_budget_begins_no_question_that_she_never_sees(
    database: Database, spent: int, comes: int
) -> None:
    def unit(conn: Connection) -> tuple[list[str], int, list[str]]:
        siti = registered(conn)
        only(conn, Rule(RuleId(0), "Kiat", Anchor.WEEKLY, Action.TIP, time(9, 30), weekday=1))
        week = update(schema.people).values(unasked_week=202647, unasked=spent)
        conn.execute(week.where(schema.people.c.id == siti.id))
        life = Life(conn)
        life.lives_until(MONDAY + 2 * DAY)
        asked = select(schema.interviews.c.id)
        return life.outcomes("tip"), len(conn.execute(asked).all()), [p for p, _ in life.comes()]

    outcomes, interviews, came = await database.write(unit)

    assert outcomes == (["done"] if comes else ["skipped: budget"])
    assert interviews == comes
    assert set(came) == ({"tip"} if comes else set())


@pytest.mark.parametrize("zone", ["Asia/Jakarta", "Asia/Makassar", "Asia/Jayapura"])
async def test_everybody_is_asked_by_her_own_clock(database: Database, zone: str) -> None:
    def unit(conn: Connection) -> list[tuple[str, str]]:
        registered(conn, zone=zone)
        registered(conn, "62813", zone=zone, hour="09:00")
        life = begun(conn)
        life.lives_until(MONDAY + 3 * DAY)
        return life.comes(ZoneInfo(zone))

    assert await database.write(unit) == [("checkin", "Wed 18 09:00"), ("checkin", "Wed 18 19:15")]


async def test_a_village_is_asked_by_its_own_rule_and_by_no_other(database: Database) -> None:
    def unit(conn: Connection) -> list[tuple[str, str]]:
        kenanga = living_in(conn, "KNG").village_id
        registered(conn, "1", village_id=kenanga)
        registered(conn, "2", village_id=living_in(conn, "LDK", "9").village_id)
        registered(conn, "3")
        life = begun(conn)
        rules.add(conn, replace(KENANGA, village_id=kenanga), MONDAY)
        life.lives_until(MONDAY + 3 * DAY)
        return life.comes()

    assert await database.write(unit) == [
        ("checkin", "Tue 17 18:45"),
        ("checkin", "Wed 18 19:15"),
        ("checkin", "Wed 18 19:15"),
    ]


async def test_a_village_whose_day_changes_in_the_middle_of_a_week_is_asked_once(
    database: Database,
) -> None:
    def unit(conn: Connection) -> list[tuple[str, str]]:
        registered(conn)
        number = only(conn, KENANGA)
        life = Life(conn)
        life.lives_until(MONDAY + TUESDAY + 10 * HOUR)
        thursday = replace(known(rules.one(conn, number)), weekday=3, hour=time(16))
        rules.change(conn, thursday, life.now, JEMBER)
        life.lives_until(MONDAY + 6 * DAY)
        return life.comes()

    assert await database.write(unit) == [("checkin", "Tue 17 18:45")]


async def test_a_change_of_today_holds_today(database: Database) -> None:
    def unit(conn: Connection) -> list[tuple[str, str]]:
        registered(conn)
        number = only(conn, KENANGA)
        life = Life(conn)
        life.lives_until(MONDAY + HOUR)
        monday = replace(known(rules.one(conn, number)), weekday=0, hour=time(16))
        rules.change(conn, monday, life.now, JEMBER)
        life.lives_until(MONDAY + 8 * HOUR)
        return life.comes()

    assert await database.write(unit) == [("checkin", "Mon 16 16:00")]


@pytest.mark.parametrize(
    ("at", "first"),
    [
        (MONDAY, "Wed 18"),
        (MONDAY + TUESDAY, "Wed 18"),
        (MONDAY + TUESDAY + 10 * HOUR, "Wed 25"),
        (MONDAY + WEDNESDAY, "Wed 25"),
    ],
)
async def test_who_has_just_registered_is_asked_a_day_later_at_the_earliest(
    database: Database, at: datetime, first: str
) -> None:
    def unit(conn: Connection) -> list[tuple[str, str]]:
        life = begun(conn)
        life.lives_until(at)
        registered(conn, at=at)
        life.lives_until(MONDAY + 10 * DAY)
        return life.comes()

    assert next(at for purpose, at in await database.write(unit)) == f"{first} 19:15"


@pytest.mark.parametrize(
    ("stop", "hours", "came", "outcome"),
    [
        (MONDAY + TUESDAY, 44, ["checkin"], "done"),
        (MONDAY + TUESDAY, 72, [], "missed"),
        (MONDAY + TUESDAY + 8 * HOUR, 72, [], "missed"),
        (MONDAY + WEDNESDAY, 10, ["checkin"], "done"),
    ],
)
async def test_after_a_stop_what_is_still_useful_comes_and_the_rest_is_recorded(
    database: Database, stop: datetime, hours: int, came: list[str], outcome: str
) -> None:
    def unit(conn: Connection) -> tuple[list[str], list[str]]:
        registered(conn)
        only(conn, replace(KENANGA, weekday=2, hour=time(19, 15)))
        life = Life(conn)
        life.lives_until(stop)
        life.stands_still_until(stop + hours * HOUR)
        life.catches_up()
        life.lives_until(life.now + 12 * HOUR)
        return [purpose for purpose, _ in life.comes()], life.outcomes("checkin")

    came_then, outcomes = await database.write(unit)

    assert came_then == came
    assert [one.partition(":")[0] for one in outcomes] == [outcome]


async def test_nothing_that_a_rule_planned_ever_comes_twice(database: Database) -> None:
    def unit(conn: Connection) -> list[tuple[str, str]]:
        registered(conn)
        number = only(conn, KENANGA)
        life = Life(conn)
        for hour in range(0, 72, 7):
            life.lives_until(MONDAY + hour * HOUR)
            conn.execute(
                update(schema.due).where(schema.due.c.kind == "sweep").values(outcome="failed: x")
            )
            rules.sweep_at(conn, number, life.now)
            life.catches_up()
        return life.comes()

    assert await database.write(unit) == [("checkin", "Tue 17 18:45")]


async def test_a_day_whose_sweep_failed_is_swept_the_next_morning(database: Database) -> None:
    def unit(conn: Connection) -> list[str]:
        registered(conn)
        number = only(conn, replace(KENANGA, hour=time(20)))
        life = Life(conn)
        life.lives_until(MONDAY + 16 * HOUR)
        conn.execute(
            insert(schema.due),
            {
                "kind": "sweep",
                "subject": f"{number}:2026-11-17",
                "due_at": life.now,
                "outcome": "failed: in a file:1",
            },
        )
        life.lives_until(MONDAY + WEDNESDAY)
        return life.outcomes("checkin")

    [outcome] = await database.write(unit)

    assert outcome == "done"


async def test_a_morning_without_anybody_plans_the_next(database: Database) -> None:
    def unit(conn: Connection) -> datetime | None:
        only(conn, KENANGA)
        Life(conn).catches_up()
        return due.next_at(conn)

    assert await database.write(unit) == datetime(2026, 11, 17, 3, 0, tzinfo=JEMBER)


@pytest.mark.parametrize(
    "changes",
    [
        {"consent": "withdrawn"},
        {"stopped_at": MONDAY},
        {"paused_until": MONDAY + 5 * DAY},
        {"erased_at": MONDAY},
        {"registered_at": None},
    ],
)
async def test_nothing_is_planned_for_who_may_not_be_written_to(
    database: Database, changes: dict[str, object]
) -> None:
    def unit(conn: Connection) -> list[str]:
        mbah = registered(conn)
        conn.execute(update(schema.people).where(schema.people.c.id == mbah.id).values(changes))
        only(conn, KENANGA)
        life = Life(conn)
        life.lives_until(MONDAY + 3 * DAY)
        return life.outcomes("checkin")

    assert await database.write(unit) == []


async def test_a_rest_that_is_over_by_then_keeps_nobody_from_being_asked(
    database: Database,
) -> None:
    def unit(conn: Connection) -> list[tuple[str, str]]:
        mbah = registered(conn)
        people.change(conn, mbah.id, {"paused_until": MONDAY + TUESDAY}, MONDAY)
        only(conn, KENANGA)
        life = Life(conn)
        life.lives_until(MONDAY + 3 * DAY)
        return life.comes()

    assert await database.write(unit) == [("checkin", "Tue 17 18:45")]


async def test_who_stops_after_the_sweep_is_skipped_with_the_reason(database: Database) -> None:
    def unit(conn: Connection) -> list[str]:
        registered(conn)
        only(conn, KENANGA)
        life = Life(conn)
        life.lives_until(MONDAY + TUESDAY)
        life.says("62812", "BERHENTI")
        life.lives_until(MONDAY + 3 * DAY)
        return life.outcomes("checkin")

    assert await database.write(unit) == ["skipped: stopped"]


async def test_who_blocked_the_bot_is_planned_nothing_and_next_week_again(
    database: Database,
) -> None:
    def unit(conn: Connection) -> list[tuple[str, str]]:
        mbah = registered(conn)
        outbox.block(conn, known(people.seat_of(conn, mbah.id)).address_id, "blocked", MONDAY)
        only(conn, KENANGA)
        life = Life(conn)
        life.lives_until(MONDAY + 3 * DAY)
        life.says("62812", "terima kasih")
        life.lives_until(MONDAY + 10 * DAY)
        return life.comes()

    assert await database.write(unit) == [("checkin", "Tue 24 18:45")]


async def test_for_who_has_no_phone_her_cadre_is_asked_once_a_week(database: Database) -> None:
    def unit(conn: Connection) -> tuple[list[tuple[str, str]], list[str]]:
        cadre = registered(conn, "700")
        values = {"role": "cadre"}
        conn.execute(update(schema.people).where(schema.people.c.id == cadre.id).values(values))
        helped = [
            without_phone(conn, str(n), registered_at=MONDAY - 30 * DAY, consent="given")
            for n in range(3)
        ]
        a_school(conn, cadre, *helped)
        only(conn, replace(KENANGA, weekday=2))
        life = Life(conn)
        life.lives_until(MONDAY + 10 * DAY)
        return life.comes(), life.outcomes("checkin")

    came, checkins = await database.write(unit)

    assert came == [("assisted", "Wed 18 09:00"), ("assisted", "Wed 25 09:00")]
    assert checkins == []


async def test_in_the_evening_of_malam_jumat_nobody_is_asked_by_whatever_rule(
    database: Database,
) -> None:
    """Such a rule is refused; her own hour may still fall into it."""

    def unit(conn: Connection) -> tuple[list[tuple[str, str]], list[str]]:
        registered(conn, hour="18:00")
        registered(conn, "62813", hour="20:29")
        only(conn, replace(KENANGA, weekday=3))
        life = Life(conn)
        life.lives_until(MONDAY + 6 * DAY)
        return life.comes(), life.outcomes("checkin")

    came, outcomes = await database.write(unit)

    assert came == [("checkin", "Fri 20 06:30")]
    assert sorted(outcomes) == ["done", "missed: no decent hour was left"]


async def test_nothing_is_begun_that_she_cannot_see_before_the_morning(
    database: Database,
) -> None:
    def unit(conn: Connection) -> tuple[tuple[object, ...], list[tuple[str, str]]]:
        mbah = registered(conn, hour="21:00")
        only(conn, KENANGA)
        life = Life(conn)
        life.lives_until(MONDAY + TUESDAY + 12 * HOUR)
        asleep = known(people.seat_of(conn, mbah.id)).dialogue.stack
        life.lives_until(MONDAY + WEDNESDAY)
        return asleep, life.comes()

    asleep, came = await database.write(unit)

    assert asleep == ()
    assert came == [("checkin", "Wed 18 06:30")]


async def test_what_a_rule_planned_waits_until_the_other_thing_is_finished(
    database: Database,
) -> None:
    def unit(conn: Connection) -> tuple[list[tuple[str, str]], list[str]]:
        registered(conn)
        only(conn, replace(KENANGA, when_busy=WhenBusy.AFTER))
        life = Life(conn)
        life.lives_until(MONDAY + TUESDAY + 8 * HOUR + 40 * timedelta(minutes=1))
        life.says("62812", "menu")
        life.lives_until(life.now + timedelta(minutes=10))
        life.says("62812", "7")
        life.catches_up()
        return life.comes(), life.outcomes("checkin")

    assert await database.write(unit) == ([("checkin", "Tue 17 18:50")], ["done"])


async def test_what_is_not_sent_in_time_is_not_sent_at_all(database: Database) -> None:
    def unit(conn: Connection) -> list[datetime]:
        registered(conn)
        only(conn, KENANGA)
        life = Life(conn)
        life.lives_until(MONDAY + 3 * DAY)
        return list(conn.execute(select(schema.outbox.c.expires_at)).scalars())

    assert await database.write(unit) == [datetime(2026, 11, 17, 23, 45, tzinfo=UTC)]

"""Rules as they are kept: the usual ones once, a village's own, changed and stopped."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, insert, select, update

from conversations.broadcasts import audience
from conversations.dialogue import Person
from conversations.rule import Action, Anchor, Rule, RuleId, ToHelp, WhenBusy
from storage import people, rules, schema
from storage.database import Database
from storage.rules import StoredRules
from tests.storage import builders
from tests.storage.builders import DAY, HOUR, NOW, a_caregiver, a_checkin, known

JEMBER = ZoneInfo("Asia/Jakarta")
KENANGA = Rule(RuleId(0), "Kabar Kenanga", Anchor.WEEKLY, Action.CHECKIN, time(18, 45), weekday=1)


def open_sweeps(conn: Connection) -> list[tuple[str, datetime]]:
    rows = conn.execute(
        select(schema.due.c.subject, schema.due.c.due_at)
        .where(schema.due.c.kind == "rule", schema.due.c.outcome == "")
        .order_by(schema.due.c.subject)
    )
    return [(subject, at) for subject, at in rows]


def living_in(conn: Connection, code: str, address: str = "62812") -> Person:
    village = people.add_village(conn, code.title(), code)
    return a_caregiver(conn, address, village_id=village)


async def test_a_programme_begins_with_the_usual_rules_each_due_its_sweep(
    database: Database,
) -> None:
    def unit(conn: Connection) -> tuple[list[tuple[str, str, str]], list[tuple[str, datetime]]]:
        rules.ensure(conn, NOW)
        kept = [
            (one.rule.name, one.rule.anchor.value, one.rule.action.value)
            for one in rules.every(conn)
        ]
        return kept, open_sweeps(conn)

    kept, sweeps = await database.write(unit)

    assert kept == [
        ("Kabar mingguan", "weekly", "checkin"),
        ("Pengingat kabar", "checkin_sent", "nudge"),
        ("Kiat sesudah kabar", "checkin_done", "tip"),
        ("Kunjungan", "silent", "visit"),
    ]
    assert sweeps == [(str(number), NOW) for number in range(1, 5)]


async def test_a_rule_that_was_stopped_does_not_come_back_with_the_next_start(
    database: Database,
) -> None:
    def unit(conn: Connection) -> tuple[list[bool], list[str]]:
        rules.ensure(conn, NOW)
        assert rules.stop(conn, RuleId(1))
        rules.ensure(conn, NOW + HOUR)
        return [one.active for one in rules.every(conn)], [name for name, _ in open_sweeps(conn)]

    active, sweeps = await database.write(unit)

    assert active == [False, True, True, True]
    assert sweeps == ["2", "3", "4"]


async def test_a_rule_is_stopped_once_and_found_no_more(database: Database) -> None:
    def unit(conn: Connection) -> tuple[bool, bool, Rule | None]:
        number = rules.add(conn, KENANGA, NOW)
        return rules.stop(conn, number), rules.stop(conn, number), rules.one(conn, number)

    assert await database.write(unit) == (True, False, None)


async def test_a_sweep_that_was_given_up_is_planned_again_at_the_next_start(
    database: Database,
) -> None:
    def unit(conn: Connection) -> list[tuple[str, datetime]]:
        number = rules.add(conn, KENANGA, NOW)
        rules.ensure(conn, NOW)
        conn.execute(
            update(schema.due).where(schema.due.c.subject == str(number)).values(outcome="failed")
        )
        rules.ensure(conn, NOW + DAY)
        return [row for row in open_sweeps(conn) if row[0] == str(number)]

    assert await database.write(unit) == [("1", NOW + DAY)]


async def test_a_rule_comes_back_as_it_was_written(database: Database) -> None:
    rule = Rule(
        RuleId(0),
        "Sebulan",
        Anchor.REGISTERED,
        Action.MESSAGE,
        time(9, 30),
        days=30,
        audience=audience.parse("desa=LDK umur=0-5 kecuali tanda=uji"),
        words="Sudah sebulan, {sapaan}.",
        when_busy=WhenBusy.SKIP,
    )

    def unit(conn: Connection) -> Rule:
        return known(rules.one(conn, rules.add(conn, rule, NOW)))

    stored = await database.write(unit)

    assert stored == replace(rule, id=stored.id, since=NOW)


async def test_the_words_of_a_rule_are_sealed(database: Database) -> None:
    rule = Rule(
        RuleId(0), "S", Anchor.REGISTERED, Action.MESSAGE, time(9), days=1, words="rahasia kita"
    )

    def unit(conn: Connection) -> bytes:
        rules.add(conn, rule, NOW)
        return bytes(conn.execute(select(schema.rules.c.content)).scalar_one())

    assert b"rahasia" not in await database.write(unit)


async def test_the_rule_of_her_village_comes_before_everybodys(database: Database) -> None:
    def unit(conn: Connection) -> list[str | None]:
        rules.ensure(conn, NOW)
        kenanga, ledokombo = living_in(conn, "KNG"), living_in(conn, "LDK", "62813")
        number = rules.add(conn, replace(KENANGA, village_id=kenanga.village_id), NOW)
        asked = StoredRules(conn, NOW)
        nowhere = a_caregiver(conn, "62814")
        before = [asked.weekly_checkin(one) for one in (kenanga, ledokombo, nowhere)]
        rules.stop(conn, number)
        after = asked.weekly_checkin(kenanga)
        rules.stop(conn, RuleId(1))
        none = asked.weekly_checkin(kenanga)
        return [rule.name if rule else None for rule in (*before, after, none)]

    everybody = "Kabar mingguan"
    assert await database.write(unit) == [
        "Kabar Kenanga",
        everybody,
        everybody,
        everybody,
        None,
    ]


async def test_a_changed_rule_holds_from_then_on_and_today_is_swept_again(
    database: Database,
) -> None:
    def unit(conn: Connection) -> tuple[Rule, list[tuple[str, datetime]], int]:
        number = rules.add(conn, KENANGA, NOW - DAY)
        rules.sweep_at(conn, number, NOW + 9 * HOUR)
        conn.execute(
            insert(schema.due),
            {"kind": "sweep", "subject": f"{number}:2026-11-18", "due_at": NOW, "outcome": "done"},
        )
        changed = replace(known(rules.one(conn, number)), hour=time(19, 30))
        assert rules.change(conn, changed, NOW, JEMBER)
        days = conn.execute(select(schema.due.c.subject).where(schema.due.c.kind == "sweep")).all()
        return known(rules.one(conn, number)), open_sweeps(conn), len(days)

    rule, sweeps, days = await database.write(unit)

    assert (rule.hour, rule.since) == (time(19, 30), NOW)
    assert sweeps == [("1", NOW)]
    assert days == 0


async def test_a_rule_that_was_stopped_cannot_be_changed(database: Database) -> None:
    def unit(conn: Connection) -> bool:
        number = rules.add(conn, KENANGA, NOW)
        rules.stop(conn, number)
        return rules.change(conn, replace(KENANGA, id=number), NOW, JEMBER)

    assert await database.write(unit) is False


def test_the_next_morning_is_early_in_the_programmes_zone() -> None:
    before_three = datetime(2026, 11, 18, 2, 0, tzinfo=JEMBER)

    assert rules.next_morning(before_three, JEMBER) == before_three + HOUR
    assert rules.next_morning(NOW, JEMBER) == datetime(2026, 11, 19, 3, 0, tzinfo=JEMBER)


def a_school(conn: Connection, cadre: Person, *members: Person, name: str = "Yang-eyang") -> None:
    """A school of this cadre, its members numbered from 1."""
    school = conn.execute(
        insert(schema.schools)
        .values(kind="yang_eyang", name=name, code=name[:3], cadre_id=cadre.id, created_at=NOW)
        .returning(schema.schools.c.id)
    ).scalar_one()
    for number, one in enumerate(members, 1):
        conn.execute(
            insert(schema.enrolments),
            {"school_id": school, "person_id": one.id, "number": number, "at": NOW},
        )


def without_phone(conn: Connection, address: str, **changes: object) -> Person:
    """Somebody on a cadre's list who agreed, and has no phone."""
    person = a_caregiver(conn, address)
    builders.without_phone(conn, person)
    values = {"consent": "given", **changes}
    conn.execute(update(schema.people).where(schema.people.c.id == person.id).values(values))
    return person


async def test_a_cadre_may_ask_who_has_no_phone_and_was_not_asked_this_week(
    database: Database,
) -> None:
    def unit(conn: Connection) -> tuple[ToHelp, ...]:
        cadre = a_caregiver(conn, "700")
        asked_now = without_phone(conn, "4")
        a_checkin(conn, asked_now, None, {}, id_="now", at=NOW - DAY)
        asked_before = without_phone(conn, "5")
        a_checkin(conn, asked_before, None, {}, id_="before", at=NOW - 7 * DAY)
        a_school(
            conn,
            cadre,
            without_phone(conn, "1"),
            a_caregiver(conn, "2"),
            without_phone(conn, "3", consent="refused"),
            asked_now,
            asked_before,
            without_phone(conn, "6", stopped_at=NOW),
            without_phone(conn, "7", paused_until=NOW + HOUR),
            without_phone(conn, "8", paused_until=NOW - HOUR),
        )
        return StoredRules(conn, NOW).to_help(cadre.id)

    assert await database.write(unit) == (ToHelp("Yang-eyang", (1, 5, 8)),)


async def test_a_rule_keeps_its_since_in_utc(database: Database) -> None:
    at = datetime(2026, 11, 18, 12, 15, tzinfo=JEMBER)

    rule = await database.write(lambda c: known(rules.one(c, rules.add(c, KENANGA, at))))

    assert rule.since == at.astimezone(UTC)
    assert rule.since is not None
    assert rule.since.utcoffset() == timedelta()

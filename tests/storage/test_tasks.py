"""What staff must do: codes, owners, order, and that nothing said stands in plain text."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import Connection, select, update

from conversations.dialogue import PersonId, Task
from conversations.event import TaskOpened
from conversations.level import Level
from conversations.message import MediaId
from storage import handing, owners, schema, staff, tasks
from storage.database import Database
from storage.handing import Handed
from tests.storage.builders import (
    DAY,
    HOUR,
    NOW,
    a_caregiver,
    a_child,
    a_member,
    a_task,
    count,
    known,
)

WIB = ZoneInfo("Asia/Jakarta")


def codes(found: tuple[Task, ...]) -> list[str]:
    return [task.code for task in found]


async def test_codes_count_up_for_each_village_and_year(database: Database) -> None:
    def unit(conn: Connection) -> list[str]:
        asked = [("JBR", 2026), ("JBR", 2026), ("KWN", 2026), ("JBR", 2027)]
        return [tasks.next_code(conn, prefix, year) for prefix, year in asked]

    assert await database.write(unit) == [
        "JBR-26-0001",
        "JBR-26-0002",
        "KWN-26-0001",
        "JBR-27-0001",
    ]


async def test_codes_taken_at_the_same_time_differ(database: Database) -> None:
    taken = await asyncio.gather(
        *(database.write(lambda c: tasks.next_code(c, "JBR", 2026)) for _ in range(12))
    )

    assert len(set(taken)) == 12


async def test_the_ten_thousandth_code_is_longer(database: Database) -> None:
    def unit(conn: Connection) -> str:
        tasks.next_code(conn, "JBR", 2026)
        conn.execute(update(schema.counters).values(value=9_999))
        return tasks.next_code(conn, "JBR", 2026)

    assert await database.write(unit) == "JBR-26-10000"


async def test_a_task_comes_back_with_what_was_said_only_when_asked_by_code(
    database: Database,
) -> None:
    def unit(conn: Connection) -> tuple[Task, tuple[Task, ...], object]:
        mbah = a_caregiver(conn)
        task = a_task(conn, mbah, child=a_child(conn, mbah))
        return task, tasks.open_for(conn, None, 10), mbah.id

    task, (listed,), mbah = await database.write(unit)

    assert (task.kind, task.level, task.about) == ("concern", Level.ORANYE, mbah)
    assert (task.content, listed.content) == ("Adi dipukul tetangga", "")
    assert (task.reason, task.about_name) == ("concern.raised", "Mbah Siti")
    assert (task.due_at, task.created_at) == (NOW + DAY, NOW)
    assert not task.accepted
    assert task.child is not None


async def test_nothing_said_stands_in_plain_text(database: Database) -> None:
    def unit(conn: Connection) -> list[bytes]:
        a_task(conn, a_caregiver(conn))
        tasks.extend(conn, "JBR-26-0001", None, "tadi malam dipukul lagi", None, NOW)
        content = conn.execute(select(schema.tasks.c.content)).scalar_one()
        note = conn.execute(select(schema.task_notes.c.note)).scalar_one()
        return [bytes(content), bytes(note)]

    assert not any(b"dipukul" in stored for stored in await database.write(unit))


async def test_a_voice_note_comes_with_the_task_it_opened(database: Database) -> None:
    def unit(conn: Connection) -> tuple[str, ...]:
        voice = MediaId("m1")
        opened = TaskOpened("V", "voice", Level.KUNING, NOW, "voice.heard", media=voice)
        tasks.open_(conn, None, opened, NOW)
        return known(tasks.by_code(conn, "V")).media

    assert await database.write(unit) == ("m1",)


async def test_opening_the_same_code_again_changes_nothing(database: Database) -> None:
    def unit(conn: Connection) -> tuple[str, int]:
        a_task(conn, a_caregiver(conn))
        again = a_task(conn, None, content="lain")
        return again.content, count(conn, schema.tasks)

    assert await database.write(unit) == ("Adi dipukul tetangga", 1)


async def test_what_is_added_later_stands_below_and_a_code_may_be_typed_small(
    database: Database,
) -> None:
    def unit(conn: Connection) -> Task:
        mbah = a_caregiver(conn)
        a_task(conn, mbah)
        tasks.extend(conn, "JBR-26-0001", mbah.id, "Sekarang di rumah saya", None, NOW)
        tasks.extend(conn, "JBR-26-0001", mbah.id, "", MediaId("m1"), NOW)
        tasks.change(conn, "JBR-26-0001", None, "noted", "catatan petugas", NOW)
        return known(tasks.by_code(conn, " jbr-26-0001 "))

    task = await database.write(unit)

    assert task.content == "Adi dipukul tetangga\nSekarang di rumah saya"
    assert task.media == ("m1",)


async def test_the_member_with_fewest_open_tasks_gets_the_next(database: Database) -> None:
    def unit(conn: Connection) -> tuple[list[PersonId | None], list[PersonId]]:
        members = [a_member(conn, "Dimas", "1"), a_member(conn, "Ayu", "2")]
        mbah = a_caregiver(conn)
        owners = [a_task(conn, mbah, f"JBR-26-000{n}").owner for n in range(4)]
        tasks.change(conn, "JBR-26-0000", owners[0], tasks.CLOSED, "", NOW)
        owners.append(a_task(conn, mbah, "JBR-26-0009").owner)
        return owners, [member.id for member in members]

    owners, (dimas, ayu) = await database.write(unit)

    assert owners == [dimas, ayu, dimas, ayu, dimas]


async def test_an_unreachable_member_is_passed_over_while_another_is_reachable(
    database: Database,
) -> None:
    def unit(conn: Connection) -> tuple[PersonId | None, PersonId, PersonId | None]:
        a_member(conn, "Dimas", "1")
        ayu = a_member(conn, "Ayu", "2")
        blocked = update(schema.addresses).values(blocked_at=NOW)
        conn.execute(blocked.where(schema.addresses.c.address == "1"))
        first = owners.least_loaded(conn)
        conn.execute(blocked)
        return first, ayu.id, owners.least_loaded(conn)

    first, ayu, when_nobody = await database.write(unit)

    assert first == ayu
    assert when_nobody is not None


async def test_nobody_gets_a_task_about_herself_while_there_is_somebody_else(
    database: Database,
) -> None:
    def unit(conn: Connection) -> tuple[bool, bool]:
        dimas = a_member(conn, "Dimas", "1")
        alone = a_task(conn, dimas, "JBR-26-0001").owner == dimas.id
        ayu = a_member(conn, "Ayu", "2")
        for code in ("B", "C"):
            a_task(conn, None, code, owner=ayu.id)
        return alone, a_task(conn, dimas, "JBR-26-0002").owner == ayu.id

    assert await database.write(unit) == (True, True)


async def test_without_staff_a_task_waits_for_the_first_member(database: Database) -> None:
    def unit(conn: Connection) -> tuple[object, object, object, bool]:
        mbah = a_caregiver(conn)
        before = a_task(conn, mbah).owner
        nobody = handing.adopt_orphans(conn, 10, NOW)
        dimas = a_member(conn)
        adopted = handing.adopt_orphans(conn, 10, NOW)
        return before, nobody, adopted, codes(tasks.open_for(conn, dimas.id, 5)) == ["JBR-26-0001"]

    assert await database.write(unit) == (None, (), ("JBR-26-0001",), True)


async def test_the_most_urgent_come_first_then_what_is_due_soonest(database: Database) -> None:
    def unit(conn: Connection) -> tuple[list[str], list[str]]:
        mbah = a_caregiver(conn)
        a_task(conn, mbah, "A", level=Level.HIJAU, due_at=NOW)
        a_task(conn, mbah, "B", level=Level.MERAH, due_at=NOW + 2 * HOUR)
        a_task(conn, mbah, "C", level=Level.MERAH, due_at=NOW + HOUR)
        a_task(conn, mbah, "D", level=Level.KUNING)
        a_task(conn, mbah, "E", level=Level.ORANYE)
        return codes(tasks.open_for(conn, None, 10)), codes(tasks.open_for(conn, None, 2))

    everything, two = await database.write(unit)

    assert everything == ["C", "B", "E", "D", "A"]
    assert two == ["C", "B"]


async def test_only_her_own_are_listed_for_an_owner_or_about_a_person(database: Database) -> None:
    def unit(conn: Connection) -> tuple[list[str], list[str]]:
        dimas, ayu = a_member(conn, "Dimas", "1"), a_member(conn, "Ayu", "2")
        mbah, other = a_caregiver(conn, "3"), a_caregiver(conn, "4")
        a_task(conn, mbah, "A", owner=dimas.id)
        a_task(conn, other, "B", owner=ayu.id)
        return (
            codes(tasks.open_for(conn, ayu.id, 10)),
            codes(tasks.open_about(conn, mbah.id)),
        )

    assert await database.write(unit) == (["B"], ["A"])


async def test_who_accepts_a_task_owns_it_and_a_closed_one_changes_no_more(
    database: Database,
) -> None:
    def unit(conn: Connection) -> tuple[list[bool], list[Task], int]:
        dimas, ayu = a_member(conn, "Dimas", "1"), a_member(conn, "Ayu", "2")
        a_task(conn, None, "A", owner=dimas.id)
        done = [tasks.change(conn, "A", ayu.id, tasks.ACCEPTED, "", NOW + HOUR)]
        accepted = known(tasks.by_code(conn, "A"))
        done.append(tasks.change(conn, "A", ayu.id, "noted", "Sudah ditelepon", NOW + HOUR))
        done.append(tasks.change(conn, "A", ayu.id, tasks.CLOSED, "Aman", NOW + DAY))
        done.append(tasks.change(conn, "A", dimas.id, tasks.ACCEPTED, "", NOW + DAY))
        assert accepted.owner == ayu.id
        closed = known(tasks.by_code(conn, "A"))
        return done, [accepted, closed], count(conn, schema.task_notes)

    done, (accepted, closed), notes = await database.write(unit)

    assert done == [True, True, True, False]
    assert accepted.accepted
    assert closed.closed_at == NOW + DAY
    assert notes == 3


async def test_changing_an_unknown_task_is_not_done(database: Database) -> None:
    assert not await database.write(lambda c: tasks.change(c, "X", None, tasks.CLOSED, "", NOW))
    assert await database.read(lambda c: tasks.by_code(c, "X")) is None


async def test_accepting_again_keeps_the_first_moment(database: Database) -> None:
    def unit(conn: Connection) -> object:
        a_task(conn, None, "A")
        tasks.change(conn, "A", None, tasks.ACCEPTED, "", NOW + HOUR)
        tasks.change(conn, "A", None, tasks.ACCEPTED, "", NOW + DAY)
        return conn.execute(select(schema.tasks.c.accepted_at)).scalar()

    assert await database.write(unit) == NOW + HOUR


@pytest.mark.parametrize(
    ("due_at", "late", "today"),
    [
        (NOW - DAY, True, True),
        (datetime(2026, 11, 18, 16, 59, tzinfo=UTC), False, True),
        (datetime(2026, 11, 18, 17, 0, tzinfo=UTC), False, False),
    ],
)
async def test_due_today_ends_at_midnight_where_staff_is(
    database: Database, due_at: datetime, late: bool, today: bool
) -> None:
    def unit(conn: Connection) -> tuple[bool, bool]:
        a_task(conn, None, "A", due_at=due_at)
        return bool(tasks.overdue(conn, NOW)), bool(tasks.due_today(conn, NOW, WIB))

    assert await database.write(unit) == (late, today)


async def test_who_leaves_hands_each_open_task_to_the_others(database: Database) -> None:
    def unit(conn: Connection) -> tuple[Handed | None, set[PersonId | None], PersonId, bool]:
        dimas, ayu = a_member(conn, "Dimas", "1"), a_member(conn, "Ayu", "2")
        for code in "ABC":
            a_task(conn, None, code, owner=dimas.id)
        tasks.change(conn, "A", dimas.id, tasks.ACCEPTED, "", NOW)
        tasks.change(conn, "C", dimas.id, tasks.CLOSED, "", NOW)
        moved = staff.remove(conn, known(staff.of_person(conn, dimas.id)), NOW)
        owners = {known(tasks.by_code(conn, code)).owner for code in "AB"}
        kept = known(tasks.by_code(conn, "C")).owner == dimas.id
        assert not known(tasks.by_code(conn, "A")).accepted
        return moved, owners, ayu.id, kept

    moved, owners, ayu, kept = await database.write(unit)

    assert moved == Handed(("A", "B"))
    assert owners == {ayu}
    assert kept


async def test_what_somebody_raised_lately_is_found_by_kind_and_urgency(database: Database) -> None:
    def unit(conn: Connection) -> tuple[tuple[str, ...], ...]:
        mbah, other = a_caregiver(conn, "1"), a_caregiver(conn, "2")
        a_task(conn, mbah, "JBR-26-0001", level=Level.KUNING)
        a_task(conn, mbah, "JBR-26-0002", level=Level.MERAH)
        a_task(conn, mbah, "JBR-26-0003", level=Level.MERAH)
        a_task(conn, mbah, "JBR-26-0004", kind="voice", level=Level.MERAH)
        a_task(conn, other, "JBR-26-0005", level=Level.MERAH)
        tasks.change(conn, "JBR-26-0003", None, tasks.CLOSED, "", NOW)
        return (
            tasks.raised_since(conn, mbah.id, "concern", Level.KUNING, NOW),
            tasks.raised_since(conn, mbah.id, "concern", Level.ORANYE, NOW),
            tasks.raised_since(conn, mbah.id, "concern", Level.KUNING, NOW + HOUR),
        )

    assert await database.write(unit) == (("JBR-26-0002", "JBR-26-0001"), ("JBR-26-0002",), ())

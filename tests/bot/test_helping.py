"""Helping hands as whole turns, on both databases: each word stored as whose it is."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Connection, select

from conversations.dialogue import Child, ChildId
from conversations.level import Level
from storage import children, due, people, schema
from storage.database import Database
from tests.bot.enrolment_day import (
    MINUTE,
    Village,
    answers,
    claims,
    enrols,
    in_a_village,
    of,
    turns,
    types,
)
from tests.storage.builders import NOW, known


async def test_enrolling_somebody_stores_who_spoke_who_typed_and_who_witnessed(
    database: Database,
) -> None:
    def unit(conn: Connection, village: Village) -> tuple[Any, ...]:
        enrols(conn, "900", "BANTU 1")
        consent = conn.execute(select(schema.consents)).one()
        siti = of(conn, village.siti)
        return (
            answers(conn) == {(village.siti, village.rini)},
            (consent.person_id, consent.witness_id) == (village.siti, village.rini),
            (consent.decision, consent.how, consent.capacity),
            siti.consent,
            siti.registered_at is not None,
        )

    found = await in_a_village(database, unit)

    assert found == (True, True, ("given", "read_aloud", "pengasuh"), "given", True)


async def test_the_record_says_that_the_cadre_did_it(database: Database) -> None:
    def unit(conn: Connection, village: Village) -> list[tuple[str, str]]:
        types(conn, "900", "BANTU 1")
        actor, subject = schema.audit.c.actor, schema.audit.c.subject
        rows = conn.execute(select(actor, subject).where(schema.audit.c.action == "help begun"))
        names = {f"person:{village.rini}": "rini", f"person:{village.siti}": "siti"}
        return [(names[actor], names[subject]) for actor, subject in rows]

    assert await in_a_village(database, unit) == [("rini", "siti")]


async def test_two_cadres_help_two_people_at_once_and_nothing_is_mixed_up(
    database: Database,
) -> None:
    def unit(conn: Connection, village: Village) -> tuple[Any, ...]:
        said: dict[str, list[str]] = {"900": [], "901": []}
        for mine, yours in zip(
            ("BANTU 1", "1", "1", "1", "3"), ("BANTU 2", "1", "1", "1", "2"), strict=True
        ):
            said["900"] += types(conn, "900", mine)
            said["901"] += types(conn, "901", yours)
        capacities = schema.consents.c.person_id, schema.consents.c.capacity
        told = {row.person_id: row.capacity for row in conn.execute(select(*capacities))}
        return (
            said,
            told == {village.siti: "pengasuh", village.tini: "wali"},
            answers(conn) == {(village.siti, village.rini), (village.tini, village.ani)},
        )

    said, capacities, who = await in_a_village(database, unit)

    assert all(line.startswith("👵 Mbah Siti:") for line in said["900"])
    assert all(line.startswith("👵 Mbah Tini:") for line in said["901"])
    assert (capacities, who) == (True, True)


async def test_two_cadres_cannot_type_for_the_same_person(database: Database) -> None:
    def unit(conn: Connection, village: Village) -> list[str]:
        types(conn, "900", "BANTU 1")
        return types(conn, "901", "BANTU 1")

    [said] = await in_a_village(database, unit)

    assert "Bu Rini sedang membantu Mbah Siti" in said


async def test_each_message_gives_half_an_hour_more(database: Database) -> None:
    def unit(conn: Connection, village: Village) -> list[str]:
        types(conn, "900", "BANTU 1")
        types(conn, "900", "1", NOW + 25 * MINUTE)
        return types(conn, "900", "1", NOW + 50 * MINUTE)

    said = await in_a_village(database, unit)

    assert said[0].startswith("👵 Mbah Siti:")


async def test_after_the_time_her_own_message_is_nobodys_answer(database: Database) -> None:
    def unit(conn: Connection, village: Village) -> tuple[Any, ...]:
        types(conn, "900", "BANTU 1")
        late = types(conn, "900", "1", NOW + 31 * MINUTE)
        own = types(conn, "900", "menu", NOW + 32 * MINUTE)
        return late, own, answers(conn)

    late, own, stored = await in_a_village(database, unit)

    assert "belum dicatat" in late[0]
    assert "Mau apa hari ini" in own[0]
    assert stored == set()


async def test_the_clock_says_that_it_has_ended_also_at_night(database: Database) -> None:
    def unit(conn: Connection, village: Village) -> tuple[Any, ...]:
        types(conn, "900", "BANTU 1")
        types(conn, "900", "1", NOW + 20 * MINUTE)
        for after in (30, 50):
            for row in due.next_due(conn, NOW + after * MINUTE, 9):
                if row.kind == "help_over":
                    turns(NOW + after * MINUTE).wake(conn, row)
        columns = schema.outbox.c.purpose, schema.outbox.c.not_before
        told = conn.execute(select(*columns).where(schema.outbox.c.purpose == "help_over")).all()
        return told, types(conn, "900", "menu", NOW + 51 * MINUTE)

    told, own = await in_a_village(database, unit)

    assert [(row.purpose, row.not_before) for row in told] == [("help_over", NOW + 50 * MINUTE)]
    assert "Mau apa hari ini" in own[0]


async def test_danger_words_alarm_about_the_one_who_speaks(database: Database) -> None:
    def unit(conn: Connection, village: Village) -> tuple[Any, ...]:
        enrols(conn, "900", "BANTU 1")
        types(conn, "900", "cucu saya dipukuli bapaknya")
        task = conn.execute(select(schema.tasks)).one()
        actor = conn.execute(
            select(schema.audit.c.actor).where(schema.audit.c.action == "task opened")
        ).scalar_one()
        return task.about_id == village.siti, task.level, actor == f"person:{village.rini}"

    assert await in_a_village(database, unit) == (True, Level.ORANYE.value, True)


async def test_an_alarm_for_the_cadre_still_reaches_her(database: Database) -> None:
    def unit(conn: Connection, village: Village) -> bool:
        types(conn, "900", "BANTU 1")
        seat = known(people.seat_of(conn, village.rini))
        return seat.person.id == village.rini and people.reachable(conn, village.siti) is None

    assert await in_a_village(database, unit)


@pytest.mark.parametrize("kind", ["checkin", "attendance", "day_list"])
async def test_what_she_is_asked_herself_waits_while_she_types_for_another(
    database: Database, kind: str
) -> None:
    def unit(conn: Connection, village: Village) -> tuple[datetime, str]:
        types(conn, "900", "BANTU 1")
        due.plan(conn, kind, "r1:9", village.rini, NOW, None)
        [row] = [row for row in due.next_due(conn, NOW, 9) if row.kind == kind]
        turns(NOW).wake(conn, row)
        found = conn.execute(
            select(schema.due.c.due_at, schema.due.c.outcome).where(schema.due.c.kind == kind)
        ).one()
        return found.due_at, found.outcome

    assert await in_a_village(database, unit) == (NOW + 30 * MINUTE, "")


async def test_a_message_for_her_is_sent_where_it_was_typed(database: Database) -> None:
    def unit(conn: Connection, village: Village) -> tuple[bool, bool]:
        [claimed] = claims(conn, "900", "BANTU 1")
        outbox_row = conn.execute(
            select(schema.outbox).where(schema.outbox.c.id == claimed.id)
        ).one()
        return claimed.address == "900", outbox_row.person_id == village.siti

    assert await in_a_village(database, unit) == (True, True)


async def test_a_small_child_who_does_not_drink_is_red_also_when_the_phone_falls_silent(
    database: Database,
) -> None:
    def unit(conn: Connection, village: Village) -> tuple[Any, ...]:
        children.add(conn, village.siti, Child(ChildId(0), "Adi", 2025), NOW)
        enrols(conn, "900", "BANTU 1")
        for text in ("1", "1", "3"):
            types(conn, "900", text)
        later = NOW + 11 * MINUTE
        [row] = [row for row in due.next_due(conn, later, 9) if row.kind == "drinking"]
        turns(later).wake(conn, row)
        task = conn.execute(select(schema.tasks)).one()
        outcome = conn.execute(
            select(schema.due.c.outcome).where(schema.due.c.kind == "drinking")
        ).scalar_one()
        return task.level, task.reason, task.about_id == village.siti, outcome

    found = await in_a_village(database, unit)

    assert found == ("merah", "reason.not_drinking", True, "done")


async def test_a_check_in_that_was_left_is_kept_and_not_shown_to_the_next_hand(
    database: Database,
) -> None:
    def unit(conn: Connection, village: Village) -> tuple[Any, ...]:
        children.add(conn, village.siti, Child(ChildId(0), "Adi", 2018), NOW)
        enrols(conn, "900", "BANTU 1")
        types(conn, "900", "1")
        types(conn, "900", "1")
        types(conn, "900", "SELESAI")
        status = conn.execute(
            select(schema.interviews.c.status).where(schema.interviews.c.conversation == "checkin")
        ).scalar_one()
        return status, types(conn, "901", "BANTU 1")

    status, shown = await in_a_village(database, unit)

    assert status == "partial"
    assert "1. Cerita kabar anak" in shown[0] or "Tulis jawaban" in shown[0]


async def test_who_has_no_phone_is_told_nothing_when_something_about_her_is_due(
    database: Database,
) -> None:
    def unit(conn: Connection, village: Village) -> tuple[int, str]:
        enrols(conn, "900", "BANTU 1")
        types(conn, "900", "2")
        before = conn.execute(select(schema.outbox.c.id)).all()
        rows = due.next_due(conn, NOW + timedelta(days=60), 9)
        [row] = [row for row in rows if row.kind == "expire"]
        turns(NOW + timedelta(days=60)).wake(conn, row)
        status = conn.execute(
            select(schema.interviews.c.status).where(schema.interviews.c.conversation == "keluarga")
        ).scalar_one()
        return len(conn.execute(select(schema.outbox.c.id)).all()) - len(before), status

    assert await in_a_village(database, unit) == (0, "partial")

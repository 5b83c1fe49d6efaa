"""What could not be sent, as one list: what is in it, what is not, and whose people."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest
from sqlalchemy import Connection, insert, update

from conversations.dialogue import Person, PersonId
from conversations.message import Message, Priority
from conversations.unsent import Unsent
from storage import outbox, people, schema, schools, spending, unsent
from storage.database import Database
from tests.storage.builders import DAY, HOUR, NOW, a_caregiver, a_member
from tests.storage.school_builders import a_school

WEEK_AGO = NOW - 7 * DAY


def a_message(
    conn: Connection,
    to: Person,
    status: str = "excluded",
    reason: str = "window",
    *,
    purpose: str = "session_reminder",
    key: str = "m",
    now: datetime = NOW,
    **more: Any,
) -> int:
    """One that has come to this end."""
    reached = people.reachable(conn, to.id)
    assert reached is not None
    id_ = outbox.add(
        conn,
        address_id=reached[0],
        person_id=to.id,
        message=Message("rahasia"),
        dedupe_key=f"{key}:{to.id}:{now}",
        priority=Priority.REMINDER,
        purpose=purpose,
        not_before=now,
        expires_at=None,
        now=now,
    )
    assert id_ is not None
    end = {"status": status, "reason": reason, **more}
    conn.execute(update(schema.outbox).where(schema.outbox.c.id == id_).values(**end))
    return id_


def found(conn: Connection, cadre: PersonId | None = None) -> list[Unsent]:
    return list(unsent.since(conn, WEEK_AGO, NOW, cadre))


async def test_it_tells_who_what_kind_why_and_since_when(database: Database) -> None:
    def unit(conn: Connection) -> None:
        siti = a_caregiver(conn)
        a_message(conn, siti, now=NOW - 2 * DAY)
        a_message(conn, siti)
        a_message(conn, siti, "failed", "undeliverable: gone", purpose="checkin", key="c")

        told = {(one.name, one.kind, one.reason, one.number, one.since) for one in found(conn)}

        assert told == {
            ("Mbah Siti", "session", "window", 2, NOW - 2 * DAY),
            ("Mbah Siti", "checkin", "undeliverable", 1, NOW),
        }

    await database.write(unit)


@pytest.mark.parametrize("reason", unsent.ON_PURPOSE)
async def test_what_was_withdrawn_or_what_she_did_not_want_is_not_in_it(
    database: Database, reason: str
) -> None:
    def unit(conn: Connection) -> None:
        a_message(conn, a_caregiver(conn), reason=reason)

        assert found(conn) == []

    await database.write(unit)


@pytest.mark.parametrize("status", ["sent", "delivered", "read", "waiting", "sending", "merged"])
async def test_what_arrived_or_is_on_its_way_is_not_in_it(database: Database, status: str) -> None:
    def unit(conn: Connection) -> None:
        a_message(conn, a_caregiver(conn), status, "")

        assert found(conn) == []

    await database.write(unit)


async def test_what_she_was_only_told_of_is_in_it_until_she_opens_it(database: Database) -> None:
    def unit(conn: Connection) -> None:
        siti = a_caregiver(conn)
        a_message(conn, siti, "delivered", "", purpose="checkin", withheld=True)
        a_message(conn, siti, "excluded", "template", key="kept", withheld=True)

        assert sorted(one.reason for one in found(conn)) == ["template", "unopened"]

    await database.write(unit)


async def test_what_is_older_than_it_was_asked_for_is_not_in_it(database: Database) -> None:
    def unit(conn: Connection) -> None:
        a_message(conn, a_caregiver(conn), now=WEEK_AGO - HOUR)

        assert found(conn) == []

    await database.write(unit)


async def test_those_left_out_of_a_broadcast_beforehand_are_in_it(database: Database) -> None:
    def unit(conn: Connection) -> None:
        siti, tutik = a_caregiver(conn), a_caregiver(conn, "62813", name="Tutik")
        values = {"audience": "", "body": b"x", "status": "running", "created_at": NOW}
        new = insert(schema.broadcasts).values(**values, starts_at=NOW - HOUR)
        id_ = conn.execute(new.returning(schema.broadcasts.c.id)).scalar_one()
        for person, reason in ((siti, "no_phone"), (tutik, "stopped")):
            row = {"broadcast_id": id_, "person_id": person.id, "reason": reason}
            conn.execute(insert(schema.recipients).values(**row))

        assert [(one.person, one.kind, one.reason) for one in found(conn)] == [
            (siti.id, "broadcast", "no_phone")
        ]

    await database.write(unit)


async def test_a_cadre_sees_the_people_of_her_own_schools(database: Database) -> None:
    def unit(conn: Connection) -> None:
        rini = a_caregiver(conn, "70", name="Rini")
        siti, tutik = a_caregiver(conn), a_caregiver(conn, "62813", name="Tutik")
        hers = a_school(conn, "BOK-SBS", cadre=rini.id)
        a_school(conn, "BOK-LDK")
        schools.enrol(conn, hers.id, siti.id, None, NOW)
        a_message(conn, siti)
        a_message(conn, tutik)

        assert [one.person for one in found(conn, rini.id)] == [siti.id]
        assert len(found(conn)) == 2

    await database.write(unit)


async def test_who_is_outside_the_programme_for_reports_about_it_is_never_named(
    database: Database,
) -> None:
    def unit(conn: Connection) -> None:
        luar = a_member(conn, "Luar", role="focal")
        a_message(conn, luar, purpose="alert")

        assert found(conn) == []

    await database.write(unit)


async def test_people_who_could_not_be_answered_for_money_are_counted_once(
    database: Database,
) -> None:
    def unit(conn: Connection) -> None:
        siti = people.at_address(conn, "whatsapp", "1090", "ID.1", NOW).person
        for key in ("a", "b"):
            a_message(conn, siti, reason=spending.REASON, purpose="reply", key=key, priority=1)
        tutik = people.at_address(conn, "whatsapp", "1090", "ID.2", NOW).person
        a_message(conn, tutik, reason=spending.REASON, key="c")

        assert unsent.unanswered_for_money(conn, NOW - HOUR) == 1
        assert unsent.unanswered_for_money(conn, NOW + HOUR) == 0

    await database.write(unit)


async def test_the_list_is_read_over_the_days_asked_for_only(database: Database) -> None:
    def unit(conn: Connection) -> None:
        if conn.dialect.name != "sqlite":
            return
        values = {"since": 1, "cadre": None, "most": 10}
        plan = conn.connection.driver_connection.execute(  # type: ignore[union-attr]
            f"EXPLAIN QUERY PLAN {unsent.FROM_OUTBOX}", values
        ).fetchall()

        assert "ix_outbox_created" in str(plan)
        assert "SCAN x" not in str(plan)

    await database.write(unit)

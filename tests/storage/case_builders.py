"""Cases, the people who follow them up, and what reached whom, for tests."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, insert, select, update

from conversations.dialogue import Event, Person, PersonId
from conversations.level import Level
from storage import audit, events, people, schema, tasks
from storage.cases import StoredCases, history
from storage.owners import kept_out
from tests.storage.builders import DAY, HOUR, NOW, a_caregiver, a_member, a_task, known

WIB = ZoneInfo("Asia/Jakarta")
CODE = "JBR-26-0001"
OTHER = "JBR-26-0002"


class Team:
    """Dimas and Ayu of staff, a coordinator, a focal person outside; nobody is on duty."""

    def __init__(self, conn: Connection) -> None:
        self.dimas = a_member(conn, "Mas Dimas", "801")
        self.ayu = a_member(conn, "Mbak Ayu", "802")
        self.rina = a_member(conn, "Mbak Rina", "803", role="coordinator")
        self.luh = a_member(conn, "Bu Luh", "804", role="focal")


def a_case(
    conn: Connection,
    owner: Person | None,
    code: str = CODE,
    level: Level = Level.MERAH,
    about: Person | None = None,
    **more: Any,
) -> str:
    """A concern that somebody owns; about Mbah Siti unless told otherwise."""
    siti = about or a_caregiver(conn)
    a_task(conn, siti, code, level=level, owner=owner.id if owner else None, **more)
    return code


def a_visitor(conn: Connection, name: str = "Rini", address: str = "700", **more: Any) -> Person:
    """A cadre who can be reached in chat."""
    cadre = a_caregiver(conn, address, salutation="Bu", name=name, **more)
    role = update(schema.people).where(schema.people.c.id == cadre.id).values(role="cadre")
    conn.execute(role)
    return people.at_address(conn, "telegram", "bot", address, NOW).person


def on_duty(conn: Connection, *team: Person, until: datetime = NOW + DAY) -> None:
    """These people are on duty now, the first one called first."""
    for rank, person in enumerate(team, start=1):
        duty = conn.execute(
            insert(schema.duties)
            .values(
                person_id=person.id,
                begins="00:00",
                ends="00:00",
                first="2026-11-18",
                rank=rank,
                created_at=NOW,
            )
            .returning(schema.duties.c.id)
        ).scalar_one()
        shift = {
            "duty_id": duty,
            "person_id": person.id,
            "starts_at": NOW - HOUR,
            "ends_at": until,
            "rank": rank,
        }
        conn.execute(insert(schema.shifts), shift)


def does(conn: Connection, person: Person, *happened: Event, now: datetime = NOW) -> None:
    """One person's turn brings these facts about."""
    seat = known(people.seat_of(conn, person.id))
    events.apply(conn, seat.person, seat.address_id, happened, now)


def the_case(conn: Connection, code: str = CODE, viewer: Person | None = None) -> Any:
    """A case as a conversation finds it."""
    return known(StoredCases(conn, NOW, WIB, viewer).case(code))


def owner_of(conn: Connection, code: str = CODE) -> PersonId | None:
    """Whose it is."""
    return known(tasks.by_code(conn, code)).owner


def rung(conn: Connection, code: str = CODE) -> list[int]:
    """Who was sent an alert about it, in order."""
    rows = conn.execute(
        select(schema.outbox.c.person_id)
        .where(
            schema.outbox.c.dedupe_key.like(f"alert:{code}:%"),
            schema.outbox.c.status == "waiting",
        )
        .order_by(schema.outbox.c.id)
    )
    return list(rows.scalars())


def told(conn: Connection, person: Person) -> list[str]:
    """What is on its way to somebody, by purpose and key."""
    rows = conn.execute(
        select(schema.outbox.c.dedupe_key)
        .where(schema.outbox.c.person_id == person.id, schema.outbox.c.purpose == "case")
        .order_by(schema.outbox.c.id)
    )
    return [key.rsplit(":", 2)[0] for key in rows.scalars()]


def recorded(conn: Connection, code: str = CODE) -> list[str]:
    """What stands in the record about it, oldest first."""
    return [entry.action for entry in reversed(audit.latest(conn, 99, subject=code))]


def done(conn: Connection, code: str = CODE) -> list[str]:
    """What was done about it, in order."""
    return [one.action for one in history(conn, code, 99)]


def looked_at(conn: Connection, code: str = CODE) -> datetime | None:
    """When the ladder looks at it next."""
    return conn.execute(
        select(schema.due.c.due_at).where(
            schema.due.c.kind == "escalation",
            schema.due.c.subject == code,
            schema.due.c.outcome == "",
        )
    ).scalar_one_or_none()


def out_of(conn: Connection, code: str = CODE) -> frozenset[int]:
    """Who is kept out of it."""
    return kept_out(conn, code)

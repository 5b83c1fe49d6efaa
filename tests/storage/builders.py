"""People, children, tasks and interviews for tests, in one line each."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

from sqlalchemy import Connection, Table, func, select

from conversations.dialogue import (
    Child,
    ChildId,
    Event,
    Interview,
    Person,
    PersonId,
    Task,
)
from conversations.event import TaskOpened
from conversations.level import Level
from storage import children, events, interviews, people, phones, staff, tasks

T = TypeVar("T")

NOW = datetime(2026, 11, 18, 12, 15, tzinfo=UTC)
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


def a_seat(conn: Connection, address: str = "62812", channel: str = "telegram") -> people.Seat:
    """Somebody who has just written for the first time."""
    return people.at_address(conn, channel, "bot", address, NOW)


def a_caregiver(conn: Connection, address: str = "62812", **changes: Any) -> Person:
    """Mbah Siti, registered unless told otherwise."""
    person = a_seat(conn, address).person
    told = {"salutation": "Mbah", "name": "Siti", "registered": True, **changes}
    people.change(conn, person.id, told, NOW)
    return a_seat(conn, address).person


def without_phone(conn: Connection, person: Person) -> None:
    """No phone reaches her any more, and nobody has the one she had."""
    for seat in iter(lambda: people.reachable(conn, person.id), None):
        phones.empty(conn, seat[0])
        phones.not_hers(conn, seat[0], person.id, NOW)


def a_member(
    conn: Connection, name: str = "Dimas", address: str = "800", *, role: str = "staff"
) -> Person:
    """A member of staff who has joined in chat."""
    person = a_caregiver(conn, address, salutation="Mas", name=name)
    account = staff.by_code(conn, staff.add(conn, name, role, NOW), NOW)
    assert account is not None
    staff.join(conn, account, person.id, NOW)
    return a_seat(conn, address).person


def a_child(conn: Connection, of: Person, nickname: str = "Adi") -> ChildId:
    """A child born in May 2020 whose mother works abroad."""
    child = Child(ChildId(0), nickname, 2020, 5, "l", "mbah", "luar_negeri", "rumah")
    return children.add(conn, of.id, child, NOW)


def a_task(
    conn: Connection,
    about: Person | None,
    code: str = "JBR-26-0001",
    *,
    kind: str = "concern",
    level: Level = Level.ORANYE,
    due_at: datetime = NOW + DAY,
    owner: PersonId | None = None,
    child: ChildId | None = None,
    content: str = "Adi dipukul tetangga",
) -> Task:
    """An open task; a concern unless told otherwise."""
    event = TaskOpened(code, kind, level, due_at, "concern.raised", child, content, owner=owner)
    tasks.open_(conn, about.id if about else None, event, NOW)
    return known(tasks.by_code(conn, code))


def a_checkin(
    conn: Connection,
    of: Person,
    child: ChildId | None,
    answers: dict[str, str],
    *,
    id_: str = "i1",
    at: datetime = NOW,
    partial: bool = False,
    form: str = "no such form",
) -> str:
    """A check-in that has ended."""
    interview = Interview(id_, interviews.CHECKIN, form, child=child, started_at=at)
    interviews.start(conn, of.id, interview, "cek_3_5", at)
    interviews.finish(conn, id_, answers, partial=partial, typed_by=of.id, now=at)
    return id_


def known(thing: T | None) -> T:
    """What must be there."""
    assert thing is not None
    return thing


def count(conn: Connection, table: Table) -> int:
    """How many rows a table has."""
    return conn.execute(select(func.count()).select_from(table)).scalar_one()


def happen(conn: Connection, seat: people.Seat, *happened: Event, now: datetime = NOW) -> None:
    """Apply events of one person's turn."""
    events.apply(conn, seat.person, seat.address_id, happened, now)

"""Who decides by command, and whether she may: the same right, and the same record, as in chat."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Final, TypeVar

from sqlalchemy import Connection

from bot.operations.desk import Desk, OperationRefused
from bot.operations.directory import decider
from bot.operations.schools import changed
from conversations.dialogue import Event, Person, Task
from conversations.permission import Act, may
from storage import audit, case_life, colleagues, events, people, tasks
from storage.cases import StoredCases
from storage.handing import ImpossibleStep

T = TypeVar("T")

_NOT_POSSIBLE: Final = (
    "langkah ini tidak bisa untuk {code}: mungkin baru saja diubah orang lain; "
    "lihat kawan cases list"
)


async def step(
    desk: Desk,
    code: str,
    by: str,
    act: Act,
    unit: Callable[[Connection, Person, Task, datetime], T],
) -> T:
    """One step of whoever decides, if she may; all of it or nothing."""
    now = desk.now()

    def whole(conn: Connection) -> T:
        person = who_decides(conn, by)
        task = task_of(conn, person, code, act, now)
        try:
            return unit(conn, person, task, now)
        except ImpossibleStep:
            raise OperationRefused(_NOT_POSSIBLE.format(code=task.code)) from None

    return await changed(desk, whole)


def who_decides(conn: Connection, by: str) -> Person:
    """A member of staff who has come in with her code, as she stands in chat; raises
    OperationRefused."""
    member = decider(conn, by)
    if member.person is None:
        raise OperationRefused(f"{member.name} belum memasukkan kodenya: belum bisa memutuskan")
    role = colleagues.role_of(conn, member.person)
    return Person(member.person, role, name=member.name, channel=audit.COMMAND)


def task_of(conn: Connection, person: Person, code: str, act: Act, now: datetime) -> Task:
    """A task that this person may do this to; the same refusal for every other."""
    task = tasks.by_code(conn, code)
    if task is not None and (may(person, act, task) or _stands_in(conn, person, task, act, now)):
        return task
    raise OperationRefused(
        f"tidak ada laporan {code.strip().upper()} yang boleh dikerjakan {person.name}"
    )


def apply(conn: Connection, person: Person, event: Event, now: datetime) -> None:
    """What chat would have brought about, by the same functions."""
    events.apply(conn, person, people.NOWHERE, [event], now)


def record(
    conn: Connection, person: Person, action: str, subject: str, now: datetime, reason: str = ""
) -> None:
    """Write down who decided it, by a command."""
    actor = audit.person(person.id)
    audit.record(conn, actor, action, subject, " ".join(reason.split()), now, audit.COMMAND)


def _stands_in(conn: Connection, person: Person, task: Task, act: Act, now: datetime) -> bool:
    """A coordinator, for a closing of what is about staff or cadres without a second focal
    person."""
    if act is not Act.APPROVE_CLOSING or task.closed_at is not None:
        return False
    case = StoredCases(conn, now, person.tz).case(task.code)
    by = None if case is None else case.closing_by
    return by is not None and person.id in case_life.approvers(conn, task.code, by, now)

"""What is on record, by command: a case with all that is known, who was called, who did what.

Seeing any of it is recorded itself. The steps of a case are in `cases.py`.
"""

from __future__ import annotations

import re
from dataclasses import asdict
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection

from bot.operations.deciding import record, step
from bot.operations.desk import Desk, Operation, OperationRefused
from bot.operations.schools import find_person
from conversations.concerns.case import Case
from conversations.concerns.clocks import clocks
from conversations.dialogue import Person, Task
from conversations.permission import Act, may
from storage import alerts, audit, case_life, cases, colleagues, referrals, tasks
from storage.cases import StoredCases

_CODE = re.compile(r"[A-Z]{2,4}-\d\d-\d{4,}", re.IGNORECASE)
_LONGEST_HISTORY: Final = 500


def is_code(written: str) -> bool:
    """Whether this is the code of a task, and no name.

    >>> is_code("ldk-26-0042"), is_code("Mbak Rina")
    (True, False)
    """
    return _CODE.fullmatch(written.strip()) is not None


async def case_show(desk: Desk, code: str, by: str, reason: str) -> dict[str, Any]:
    """Everything that is known of a case, for a reason; seeing it is recorded."""
    if not reason.strip():
        raise OperationRefused("tulis alasan membaca, misalnya --reason …: alasan dicatat")

    def unit(conn: Connection, person: Person, task: Task, now: datetime) -> dict[str, Any]:
        record(conn, person, "case shown", task.code, now, reason)
        case = StoredCases(conn, now, desk.settings.zone).case(task.code)
        history = cases.history(conn, task.code, _LONGEST_HISTORY)
        plain = told(conn, case or task, now)

        def seen(other: str) -> bool:
            found = tasks.by_code(conn, other)
            return found is not None and may(person, Act.READ_TASK, found)

        return {
            **plain,
            "links": [other for other in plain["links"] if seen(other)],
            "class": task.danger_class,
            "reporter": task.about_name,
            "hide_name": case is not None and case.hide_name,
            "safe": "" if case is None else case.safe,
            "may_call": "" if case is None else case.may_call,
            "next_action": "" if case is None else case.next_action,
            "files": len(task.media),
            "referrals": [
                {"office": one.contact.name, "state": one.state, "at": one.state_at.isoformat()}
                for one in referrals.of_case(conn, task.code)
            ],
            "history": [
                {**asdict(one), "at": one.at.isoformat(), "media": one.media is not None}
                for one in history
                if one.action != case_life.LINKED or seen(one.text)
            ],
        }

    return await step(desk, code, by, Act.READ_TASK, unit)


async def case_alerts(desk: Desk, code: str) -> dict[str, Any]:
    """Every step of the ladder of one task: who was called when, and when she answered."""
    now, wanted = desk.now(), code.strip().upper()

    def unit(conn: Connection) -> list[dict[str, Any]]:
        if tasks.by_code(conn, wanted) is None:
            raise OperationRefused(f"tidak ada tugas {wanted}")
        audit.record(conn, audit.COMMAND, "alerts listed", wanted, "", now)
        return [
            {
                "step": one.step,
                "name": one.name,
                "at": one.at.isoformat(),
                "answered": None if one.answered_at is None else one.answered_at.isoformat(),
            }
            for one in alerts.history(conn, wanted)
        ]

    return {"code": wanted, "alerts": await desk.database.write(unit)}


async def audit_read(desk: Desk, subject: str, person: str, limit: int) -> list[dict[str, Any]]:
    """What is on record about a case, or what somebody did and what was done about her."""
    now = desk.now()

    def unit(conn: Connection) -> list[dict[str, Any]]:
        if person.strip():
            id_ = find_person(conn, person)
            found = audit.of_person(conn, id_, limit)
            audit.record(conn, audit.COMMAND, "audit read", audit.person(id_), "", now)
        else:
            wanted = subject.strip()
            wanted = wanted.upper() if is_code(wanted) else wanted
            found = audit.latest(conn, limit, subject=wanted or None)
            audit.record(conn, audit.COMMAND, "audit read", wanted, "", now)
        return [{**asdict(entry), "at": entry.at.isoformat()} for entry in found]

    return await desk.database.write(unit)


def told(conn: Connection, subject: Case | Task, now: datetime) -> dict[str, Any]:
    """A case, or another task with a clock of the law, as a command tells it: no name but that of
    its owner, no content. Times ISO 8601."""
    case, task = (subject, subject.task) if isinstance(subject, Case) else (None, subject)
    running = clocks(subject, referrals.of_case(conn, task.code), now)
    return {
        "code": task.code,
        "kind": task.kind,
        "level": task.level.value,
        "stage": "" if case is None else case.stage.value,
        "owner": "" if task.owner is None else colleagues.name_of(conn, task.owner),
        "taken": task.accepted,
        "created_at": task.created_at.isoformat(),
        "due_at": task.due_at.isoformat(),
        "late": task.closed_at is None and task.due_at < now,
        "next_at": None if case is None or case.next_at is None else case.next_at.isoformat(),
        "closing_asked": case is not None and case.closing_by is not None,
        "closed_at": None if task.closed_at is None else task.closed_at.isoformat(),
        "outcome": case.outcome.value if case is not None and case.outcome else "",
        "merged_into": "" if case is None else case.merged_into,
        "links": [] if case is None else list(case.links),
        "outside": task.outside,
        "clocks": [
            {
                "name": one.name,
                "law": one.law,
                "ends_at": one.ends_at.isoformat(),
                "hours_left": round(one.left.total_seconds() / 3600, 1),
            }
            for one in running
        ],
    }


OPERATIONS: Final[tuple[Operation, ...]] = (case_show, case_alerts, audit_read)

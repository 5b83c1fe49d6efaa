"""Cases by command: each step of their life, where chat is not at hand.

Whoever decides is named (`by`, see `deciding.py`). What is only read is in `records.py`.
"""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection

from bot.operations.deciding import apply, step, task_of, who_decides
from bot.operations.desk import Desk, Operation, OperationRefused
from bot.operations.schools import changed, find_person
from conversations.concerns.case import Outcome
from conversations.concerns.event import (
    CaseLinked,
    CaseMerged,
    CaseReopened,
    ClosingAsked,
    ClosingDecided,
    Excluded,
    HandedOver,
    LevelSet,
)
from conversations.dialogue import Person, PersonId, Task
from conversations.level import Level
from conversations.permission import Act, may
from storage import cases, colleagues, handing, tasks
from storage.cases import StoredCases
from storage.handing import ImpossibleStep


async def case_close(desk: Desk, code: str, outcome: str, words: str, by: str) -> dict[str, Any]:
    """Ask for its closing; KUNING and HIJAU are closed by that."""
    kinds = [one.value for one in Outcome if one is not Outcome.DUPLICATE]
    if outcome not in kinds:
        raise OperationRefused(f"hasil {outcome} tidak ada; pilih: {', '.join(kinds)}")
    if not words.strip():
        raise OperationRefused("tulis apa yang sudah dilakukan, misalnya --words …")

    def unit(conn: Connection, person: Person, task: Task, now: datetime) -> dict[str, Any]:
        if tasks.is_open_case(conn, task.code):
            apply(conn, person, ClosingAsked(task.code, Outcome(outcome), words.strip()), now)
        else:
            raise ImpossibleStep(task.code)
        after = tasks.by_code(conn, task.code)
        return {"code": task.code, "closed": after is not None and after.closed_at is not None}

    return await step(desk, code, by, Act.CLOSE_TASK, unit)


async def case_decide(desk: Desk, code: str, approved: bool, words: str, by: str) -> dict[str, Any]:
    """A coordinator approves a closing, or sends it back with words; never her own.

    What is about staff or cadres another focal person decides, and where there is none a
    coordinator, by its code alone.
    """
    if not approved and not words.strip():
        raise OperationRefused("tulis apa yang masih perlu dilakukan, misalnya --words …")

    def unit(conn: Connection, person: Person, task: Task, now: datetime) -> dict[str, Any]:
        case = StoredCases(conn, now, desk.settings.zone).case(task.code)
        if case is None or case.closing_by is None:
            raise OperationRefused(f"penutupan {task.code} tidak sedang diminta")
        if case.closing_by == person.id:
            raise OperationRefused("penutupan yang diminta sendiri disetujui orang lain")
        apply(conn, person, ClosingDecided(task.code, approved, words.strip()), now)
        return {"code": task.code, "closed": approved}

    return await step(desk, code, by, Act.APPROVE_CLOSING, unit)


async def case_reopen(desk: Desk, code: str, words: str, by: str) -> dict[str, Any]:
    """It is not over: its deadline begins anew, its owner is called."""
    if not words.strip():
        raise OperationRefused("tulis alasan membuka lagi, misalnya --words …")

    def unit(conn: Connection, person: Person, task: Task, now: datetime) -> dict[str, Any]:
        apply(conn, person, CaseReopened(task.code, words.strip()), now)
        return {"code": task.code}

    return await step(desk, code, by, Act.REOPEN_CASE, unit)


async def case_merge(desk: Desk, code: str, into: str, by: str) -> dict[str, Any]:
    """The same concern told twice: the first is closed, the second goes on."""

    def unit(conn: Connection, person: Person, task: Task, now: datetime) -> dict[str, Any]:
        other = task_of(conn, person, into, Act.MERGE_CASES, now)
        apply(conn, person, CaseMerged(task.code, other.code), now)
        return {"code": task.code, "into": other.code}

    return await step(desk, code, by, Act.MERGE_CASES, unit)


async def case_link(desk: Desk, code: str, other: str, by: str) -> dict[str, Any]:
    """Two reports of the same child."""

    def unit(conn: Connection, person: Person, task: Task, now: datetime) -> dict[str, Any]:
        second = task_of(conn, person, other, Act.WORK_ON_CASE, now)
        apply(conn, person, CaseLinked(task.code, second.code), now)
        return {"code": task.code, "linked": list(cases.linked(conn, task.code))}

    return await step(desk, code, by, Act.WORK_ON_CASE, unit)


async def case_level(desk: Desk, code: str, level: str, words: str, by: str) -> dict[str, Any]:
    """Another level; lowering it needs words."""
    wanted = level.strip().casefold()
    if wanted not in set(Level):
        raise OperationRefused("tingkat ditulis merah, oranye, kuning, atau hijau")

    def unit(conn: Connection, person: Person, task: Task, now: datetime) -> dict[str, Any]:
        new = Level(wanted)
        if new < task.level and not words.strip():
            raise OperationRefused("menurunkan tingkat perlu alasan, misalnya --words …")
        if new != task.level:
            apply(conn, person, LevelSet(task.code, new, words.strip()), now)
        return {"code": task.code, "level": wanted}

    return await step(desk, code, by, Act.WORK_ON_CASE, unit)


async def case_exclude(desk: Desk, code: str, who: str, by: str) -> dict[str, Any]:
    """A conflict of interest: somebody is neither called about it nor shown it any more."""

    def unit(conn: Connection, person: Person, task: Task, now: datetime) -> dict[str, Any]:
        out = _colleague(conn, who)
        apply(conn, person, Excluded(task.code, out), now)
        after = tasks.by_code(conn, task.code)
        owner = None if after is None else after.owner
        return {
            "code": task.code,
            "name": colleagues.name_of(conn, out),
            "owner": "" if owner is None else colleagues.name_of(conn, owner),
        }

    return await step(desk, code, by, Act.EXCLUDE, unit)


async def case_hand_over(desk: Desk, code: str, to: str, words: str, by: str) -> dict[str, Any]:
    """Another owner, who is called; `to` empty: whoever is on duty."""

    def unit(conn: Connection, person: Person, task: Task, now: datetime) -> dict[str, Any]:
        heir = _colleague(conn, to) if to.strip() else None
        if heir is not None and not colleagues.may_own(conn, task.code, heir):
            raise OperationRefused(f"{colleagues.name_of(conn, heir)} tidak bisa memegangnya")
        apply(conn, person, HandedOver(task.code, heir, words.strip()), now)
        after = tasks.by_code(conn, task.code)
        owner = None if after is None else after.owner
        return {
            "code": task.code,
            "owner": "" if owner is None else colleagues.name_of(conn, owner),
        }

    return await step(desk, code, by, Act.HAND_OVER, unit)


async def cases_hand_over(desk: Desk, leaver: str, to: str, by: str) -> dict[str, Any]:
    """Everything open of a cadre or a member of staff who leaves, in one act.

    What `to` cannot own (a conflict of interest, a role) goes to others; all of it where `to` is
    empty.
    """
    now = desk.now()

    def unit(conn: Connection) -> dict[str, Any]:
        person = who_decides(conn, by)
        if not may(person, Act.HAND_OVER):
            raise OperationRefused(f"{person.name} tidak boleh menyerahkan laporan")
        giver = _colleague(conn, leaver)
        heir = _colleague(conn, to) if to.strip() else None
        if giver == heir:
            raise OperationRefused("tulis dua orang yang berbeda")
        handed = handing.hand_over_all(conn, giver, now, to=heir, by=person.id)
        hers = [code for code in handed.moved if heir in (None, _owner(conn, code))]
        return {
            "from": colleagues.name_of(conn, giver),
            "to": "" if heir is None else colleagues.name_of(conn, heir),
            "moved": hers,
            "others": [code for code in handed.moved if code not in hers],
            "unowned": list(handed.unowned),
        }

    return await changed(desk, unit)


def _colleague(conn: Connection, who: str) -> PersonId:
    """A member of staff or a cadre by name, number on the list of staff, or code (P-0012)."""
    if re.fullmatch(r"[Pp]-\d+", who.strip()):
        return find_person(conn, who)
    found = colleagues.named(conn, who)
    if len(found) != 1:
        wrong = "lebih dari satu" if found else "tidak ada"
        raise OperationRefused(
            f"{wrong} petugas atau kader bernama {who}: tulis nama lengkap, atau kode orangnya "
            "seperti P-0012 (kawan people)"
        )
    return found[0]


def _owner(conn: Connection, code: str) -> PersonId | None:
    task = tasks.by_code(conn, code)
    return None if task is None else task.owner


OPERATIONS: Final[tuple[Operation, ...]] = (
    case_close,
    case_decide,
    case_reopen,
    case_merge,
    case_link,
    case_level,
    case_exclude,
    case_hand_over,
    cases_hand_over,
)

"""Cases by command: shown for a reason, and each step of their life where chat is not at hand.

Whoever decides is named (`by`); what she may do here is what she may do in chat
(`conversations/permission.py`), and it is recorded in the same way.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import asdict
from datetime import datetime
from typing import Any, Final, TypeVar

from sqlalchemy import Connection

from bot.operations.desk import Desk, Operation, OperationRefused
from bot.operations.duty import find_member
from bot.operations.schools import changed, find_person
from conversations.concerns.case import Case, Outcome
from conversations.concerns.clocks import clocks
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
from conversations.dialogue import Event, Person, PersonId, Task
from conversations.level import Level
from conversations.permission import Act, may
from storage import (
    alerts,
    audit,
    case_life,
    cases,
    colleagues,
    events,
    handing,
    people,
    referrals,
    tasks,
)
from storage.cases import StoredCases
from storage.handing import ImpossibleStep

T = TypeVar("T")

_CODE = re.compile(r"[A-Z]{2,4}-\d\d-\d{4,}", re.IGNORECASE)
_LONGEST_HISTORY: Final = 500
_NOT_POSSIBLE: Final = (
    "langkah ini tidak bisa untuk {code}: mungkin baru saja diubah orang lain; "
    "lihat kawan cases list"
)


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

    return await _step(desk, code, by, Act.READ_TASK, unit)


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


async def case_close(desk: Desk, code: str, outcome: str, words: str, by: str) -> dict[str, Any]:
    """Ask for its closing; KUNING and HIJAU are closed by that."""
    kinds = [one.value for one in Outcome if one is not Outcome.DUPLICATE]
    if outcome not in kinds:
        raise OperationRefused(f"hasil {outcome} tidak ada; pilih: {', '.join(kinds)}")
    if not words.strip():
        raise OperationRefused("tulis apa yang sudah dilakukan, misalnya --words …")

    def unit(conn: Connection, person: Person, task: Task, now: datetime) -> dict[str, Any]:
        if tasks.is_open_case(conn, task.code):
            _apply(conn, person, ClosingAsked(task.code, Outcome(outcome), words.strip()), now)
        else:
            raise ImpossibleStep(task.code)
        after = tasks.by_code(conn, task.code)
        return {"code": task.code, "closed": after is not None and after.closed_at is not None}

    return await _step(desk, code, by, Act.CLOSE_TASK, unit)


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
        _apply(conn, person, ClosingDecided(task.code, approved, words.strip()), now)
        return {"code": task.code, "closed": approved}

    return await _step(desk, code, by, Act.APPROVE_CLOSING, unit)


async def case_reopen(desk: Desk, code: str, words: str, by: str) -> dict[str, Any]:
    """It is not over: its deadline begins anew, its owner is called."""
    if not words.strip():
        raise OperationRefused("tulis alasan membuka lagi, misalnya --words …")

    def unit(conn: Connection, person: Person, task: Task, now: datetime) -> dict[str, Any]:
        _apply(conn, person, CaseReopened(task.code, words.strip()), now)
        return {"code": task.code}

    return await _step(desk, code, by, Act.REOPEN_CASE, unit)


async def case_merge(desk: Desk, code: str, into: str, by: str) -> dict[str, Any]:
    """The same concern told twice: the first is closed, the second goes on."""

    def unit(conn: Connection, person: Person, task: Task, now: datetime) -> dict[str, Any]:
        other = _task(conn, person, into, Act.MERGE_CASES, now)
        _apply(conn, person, CaseMerged(task.code, other.code), now)
        return {"code": task.code, "into": other.code}

    return await _step(desk, code, by, Act.MERGE_CASES, unit)


async def case_link(desk: Desk, code: str, other: str, by: str) -> dict[str, Any]:
    """Two reports of the same child."""

    def unit(conn: Connection, person: Person, task: Task, now: datetime) -> dict[str, Any]:
        second = _task(conn, person, other, Act.WORK_ON_CASE, now)
        _apply(conn, person, CaseLinked(task.code, second.code), now)
        return {"code": task.code, "linked": list(cases.linked(conn, task.code))}

    return await _step(desk, code, by, Act.WORK_ON_CASE, unit)


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
            _apply(conn, person, LevelSet(task.code, new, words.strip()), now)
        return {"code": task.code, "level": wanted}

    return await _step(desk, code, by, Act.WORK_ON_CASE, unit)


async def case_exclude(desk: Desk, code: str, who: str, by: str) -> dict[str, Any]:
    """A conflict of interest: somebody is neither called about it nor shown it any more."""

    def unit(conn: Connection, person: Person, task: Task, now: datetime) -> dict[str, Any]:
        out = _colleague(conn, who)
        _apply(conn, person, Excluded(task.code, out), now)
        after = tasks.by_code(conn, task.code)
        owner = None if after is None else after.owner
        return {
            "code": task.code,
            "name": colleagues.name_of(conn, out),
            "owner": "" if owner is None else colleagues.name_of(conn, owner),
        }

    return await _step(desk, code, by, Act.EXCLUDE, unit)


async def case_hand_over(desk: Desk, code: str, to: str, words: str, by: str) -> dict[str, Any]:
    """Another owner, who is called; `to` empty: whoever is on duty."""

    def unit(conn: Connection, person: Person, task: Task, now: datetime) -> dict[str, Any]:
        heir = _colleague(conn, to) if to.strip() else None
        if heir is not None and not colleagues.may_own(conn, task.code, heir):
            raise OperationRefused(f"{colleagues.name_of(conn, heir)} tidak bisa memegangnya")
        _apply(conn, person, HandedOver(task.code, heir, words.strip()), now)
        after = tasks.by_code(conn, task.code)
        owner = None if after is None else after.owner
        return {
            "code": task.code,
            "owner": "" if owner is None else colleagues.name_of(conn, owner),
        }

    return await _step(desk, code, by, Act.HAND_OVER, unit)


async def cases_hand_over(desk: Desk, leaver: str, to: str, by: str) -> dict[str, Any]:
    """Everything open of a cadre or a member of staff who leaves, in one act.

    What `to` cannot own (a conflict of interest, a role) goes to others; all of it where `to` is
    empty.
    """
    now = desk.now()

    def unit(conn: Connection) -> dict[str, Any]:
        person = _decider(conn, by)
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


def record(
    conn: Connection, person: Person, action: str, subject: str, now: datetime, reason: str = ""
) -> None:
    """Write down who decided it, by a command."""
    actor = audit.person(person.id)
    audit.record(conn, actor, action, subject, " ".join(reason.split()), now, audit.COMMAND)


async def _step(
    desk: Desk,
    code: str,
    by: str,
    act: Act,
    unit: Callable[[Connection, Person, Task, datetime], T],
) -> T:
    """One step of whoever decides, if she may; all of it or nothing."""
    now = desk.now()

    def whole(conn: Connection) -> T:
        person = _decider(conn, by)
        task = _task(conn, person, code, act, now)
        try:
            return unit(conn, person, task, now)
        except ImpossibleStep:
            raise OperationRefused(_NOT_POSSIBLE.format(code=task.code)) from None

    return await changed(desk, whole)


def _apply(conn: Connection, person: Person, event: Event, now: datetime) -> None:
    """What chat would have brought about, by the same functions."""
    events.apply(conn, person, people.NOWHERE, [event], now)


def _decider(conn: Connection, by: str) -> Person:
    if not by.strip():
        raise OperationRefused('tulis petugas yang memutuskan, misalnya --by "Mbak Rina"')
    member = find_member(conn, by)
    if member.person is None:
        raise OperationRefused(f"{member.name} belum memasukkan kodenya: belum bisa memutuskan")
    role = colleagues.role_of(conn, member.person)
    return Person(member.person, role, name=member.name, channel=audit.COMMAND)


def _task(conn: Connection, person: Person, code: str, act: Act, now: datetime) -> Task:
    """A task that this person may do this to; the same refusal for every other."""
    task = tasks.by_code(conn, code)
    if task is not None and (may(person, act, task) or _stands_in(conn, person, task, act, now)):
        return task
    raise OperationRefused(
        f"tidak ada laporan {code.strip().upper()} yang boleh dikerjakan {person.name}"
    )


def _stands_in(conn: Connection, person: Person, task: Task, act: Act, now: datetime) -> bool:
    """A coordinator, for a closing of what is about staff or cadres without a second focal
    person."""
    if act is not Act.APPROVE_CLOSING or task.closed_at is not None:
        return False
    case = StoredCases(conn, now, person.tz).case(task.code)
    by = None if case is None else case.closing_by
    return by is not None and person.id in case_life.approvers(conn, task.code, by, now)


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
    case_show,
    case_alerts,
    case_close,
    case_decide,
    case_reopen,
    case_merge,
    case_link,
    case_level,
    case_exclude,
    case_hand_over,
    cases_hand_over,
    audit_read,
)

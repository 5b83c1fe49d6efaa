"""What happens to a case: acted upon, planned, closed with approval, reopened, merged, linked.

Each step is one note in its history; the record (audit) is written by whoever asks for the step.
A step that the case does not allow (any more) raises ImpossibleStep and changes nothing. Who owns
it is in `handing.py`.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, select, update
from sqlalchemy.dialects.postgresql import insert as upsert

from conversations.concerns.case import (
    ContactId,
    Outcome,
    ReferralId,
    ReferralState,
    Stage,
    is_case,
)
from conversations.dialogue import PersonId
from conversations.duty.ladder import called
from conversations.duty.opening import DEADLINES
from conversations.event import TaskOpened
from conversations.level import Level
from storage import alerts, calling, colleagues, duty, handing, owners, referrals, tasks
from storage import cases as all_cases
from storage.cases import NEXT_ACTION, VISIT_FOR
from storage.handing import ImpossibleStep
from storage.owners import kept_out
from storage.schema import case_links, cases, people
from storage.schema import tasks as task_table

ACTED, STAGE, NEXT = "acted", "stage", "next"
ASKED, RETURNED = "closing_asked", "returned"
REOPENED, MERGED, LINKED, LEVEL, VISIT = "reopened", "merged", "linked", "level", "visit"
REFERRED, ANSWERED = "referred", "referral_answered"
"""What stands in the history for each step."""

_TOLD = ("hide_name", "safe", "may_call")


def known(
    conn: Connection, code: str, changes: Mapping[str, Any], by: PersonId | None, now: datetime
) -> None:
    """What the reporter told or wishes. That it is about staff or a cadre is never taken back; that
    a name is not told holds for whatever it was merged with, too."""
    told = {name: changes[name] for name in _TOLD if name in changes}
    if told:
        conn.execute(update(cases).where(cases.c.code == code).values(told))
    if changes.get("hide_name"):
        _hide_name(conn, code)
    if changes.get("outside"):
        handing.outside(conn, code, by, now)


def act(conn: Connection, code: str, note: str, by: PersonId | None, now: datetime) -> None:
    """Something was done about it; whoever does something about an untaken case has taken it."""
    task = handing.lock(conn, code)
    untaken = select(task_table.c.accepted_at).where(task_table.c.code == code)
    if (
        by is not None
        and conn.execute(untaken).scalar() is None
        and (task.owner == by or colleagues.may_own(conn, code, by))
    ):
        tasks.change(conn, code, by, tasks.ACCEPTED, "", now)
    tasks.change(conn, code, by, ACTED, note, now)


def reach(conn: Connection, code: str, stage: Stage, by: PersonId | None, now: datetime) -> None:
    """Another stage of its life; the last one is reached by closing only."""
    handing.lock(conn, code)
    if stage is Stage.PENUTUPAN:
        raise ImpossibleStep(f"{code} comes to its end by closing it")
    _set(conn, code, stage=stage.value)
    tasks.change(conn, code, by, STAGE, stage.value, now)


def plan(
    conn: Connection, code: str, note: str, at: datetime, by: PersonId | None, now: datetime
) -> None:
    """What is done next and when (aware): its new deadline."""
    handing.lock(conn, code)
    _set(conn, code, next_action=tasks.sealed(conn, note, NEXT_ACTION), next_at=at)
    conn.execute(update(task_table).where(task_table.c.code == code).values(due_at=at))
    tasks.change(conn, code, by, NEXT, note, now)


def ask_closing(
    conn: Connection, code: str, outcome: Outcome, note: str, by: PersonId | None, now: datetime
) -> bool:
    """Whoever follows it up wishes to close it; whether it is closed by that.

    MERAH and ORANYE, also when they were lowered since, wait for a coordinator other than `by`
    (what is outside: for another focal person, and only where there is none for a coordinator);
    they hear its code.
    """
    task = handing.lock(conn, code)
    if outcome is Outcome.DUPLICATE:
        raise ImpossibleStep(f"{code} is closed as a duplicate by merging it")
    if task.level < Level.ORANYE and not all_cases.was_urgent(conn, code):
        _close(conn, code, outcome, note, by, now)
        return True
    _set(conn, code, closing_by=by, closing_at=now, outcome=outcome.value)
    tasks.change(conn, code, by, ASKED, _with_words(outcome, note), now)
    for person in approvers(conn, code, by, now):
        calling.tell(conn, person, "staff.closing.asked", now, code=code)
    return False


def approvers(
    conn: Connection, code: str, by: PersonId | None, now: datetime
) -> tuple[PersonId, ...]:
    """Who may decide on the closing of an open case that this person asks for."""
    task = handing.lock(conn, code)
    out = {*kept_out(conn, code), *(one for one in (task.about, by) if one is not None)}
    team = duty.team(conn, now).without(out)
    return (team.focal or team.coordinators) if task.outside else team.coordinators


def decide_closing(
    conn: Connection, code: str, approved: bool, note: str, by: PersonId | None, now: datetime
) -> None:
    """A coordinator approves the closing, or sends it back with a word; never who asked for it."""
    handing.lock(conn, code)
    row = conn.execute(
        select(cases.c.closing_by, cases.c.closing_at, cases.c.outcome).where(cases.c.code == code)
    ).one_or_none()
    if row is None or row.closing_at is None or by is None or row.closing_by == by:
        raise ImpossibleStep(f"the closing of {code} is not for person {by} to decide")
    if approved:
        _close(conn, code, Outcome(row.outcome), note, by, now)
        _set(conn, code, approved_by=by, approved_at=now)
    else:
        _set(conn, code, closing_by=None, closing_at=None, outcome="")
        tasks.change(conn, code, by, RETURNED, note, now)
    if row.closing_by is not None:
        said = "staff.closing.approved" if approved else "staff.closing.returned"
        calling.tell(conn, PersonId(row.closing_by), said, now, code=code)


def reopen(conn: Connection, code: str, note: str, by: PersonId | None, now: datetime) -> None:
    """It is not over: its deadline and the ladder begin anew, its owner is called."""
    row = conn.execute(
        select(
            task_table.c.level,
            task_table.c.owner_id,
            task_table.c.about_id,
            cases.c.outside,
        )
        .join(cases, cases.c.code == task_table.c.code)
        .where(task_table.c.code == code, task_table.c.status == "closed")
        .with_for_update(of=task_table)
    ).one_or_none()
    if row is None:
        raise ImpossibleStep(f"{code} is no closed case")
    level, owner = Level(row.level), row.owner_id
    if owner is None or not colleagues.may_own(conn, code, owner):
        out = {*kept_out(conn, code), *([row.about_id] if row.about_id else [])}
        owner = owners.heir(conn, level, out, outside=row.outside, now=now)
    conn.execute(
        update(task_table)
        .where(task_table.c.code == code)
        .values(
            status="open",
            closed_at=None,
            accepted_at=None,
            acted_at=None,
            owner_id=owner,
            due_at=now + DEADLINES[level],
        )
    )
    _set(
        conn,
        code,
        stage=Stage.ASESMEN.value,
        outcome="",
        merged_into="",
        next_action=None,
        next_at=None,
        closing_by=None,
        closing_at=None,
        approved_by=None,
        approved_at=None,
        reopened_at=now,
    )
    tasks.add_note(conn, code, by, REOPENED, note, None, now)
    alerts.look_soon(conn, code, now)
    calling.call(conn, code, level, [] if owner is None else [owner], now)


def merge(conn: Connection, code: str, into: str, by: PersonId | None, now: datetime) -> None:
    """The same concern told twice: this one is closed as a duplicate, the other goes on.

    The other takes over who is kept out and the higher level; its history shows the words of both.
    """
    held = {one: handing.lock(conn, one) for one in sorted({code, into})}
    this, other = held[code], held[into]
    alike = this.is_case and other.is_case and this.outside == other.outside
    if code == into or not alike:
        raise ImpossibleStep(f"{code} cannot be merged into {into}")
    for person in kept_out(conn, code) - kept_out(conn, into):
        handing.exclude(conn, into, PersonId(person), by, now)
    for person in kept_out(conn, into) - kept_out(conn, code):
        tasks.exclude(conn, code, PersonId(person), by, now)
    raise_level(conn, into, this.level, by, now)
    _close(conn, code, Outcome.DUPLICATE, into, by, now)
    _set(conn, code, merged_into=into)
    hidden = select(cases.c.code).where(cases.c.code.in_((code, into)), cases.c.hide_name)
    if conn.execute(hidden).first() is not None:
        _hide_name(conn, code)
    tasks.add_note(conn, into, by, MERGED, code, None, now)


def link(conn: Connection, code: str, other: str, by: PersonId | None, now: datetime) -> None:
    """Another report of the same child, open or closed; linking twice changes nothing."""
    both = select(cases.c.code).where(cases.c.code.in_((code, other)))
    if code == other or len(conn.execute(both).all()) != len((code, other)):
        raise ImpossibleStep(f"{code} cannot be linked with {other}")
    for one, another in sorted(((code, other), (other, code))):
        values = {"code": one, "other": another, "by_id": by, "at": now}
        conn.execute(upsert(case_links).values(values).on_conflict_do_nothing())
        tasks.add_note(conn, one, by, LINKED, another, None, now)


def raise_level(
    conn: Connection,
    code: str,
    level: Level,
    by: PersonId | None,
    now: datetime,
    danger_class: str = "",
) -> bool:
    """It is at least this urgent; whether it was less urgent before. Never lowers.

    Where it goes up its deadline and the ladder begin anew. Of a closed one nothing changes.
    """
    if danger_class:
        unknown = update(task_table).where(
            task_table.c.code == code, task_table.c.danger_class == ""
        )
        conn.execute(unknown.values(danger_class=danger_class))
    row = conn.execute(
        select(task_table.c.level).where(task_table.c.code == code, owners.OPEN)
    ).one_or_none()
    if row is None or Level(row.level) >= level:
        return False
    _to_level(conn, code, level, "", by, now)
    return True


def set_level(
    conn: Connection, code: str, level: Level, note: str, by: PersonId | None, now: datetime
) -> None:
    """A human being says how urgent it is; lowering it needs words."""
    task = handing.lock(conn, code)
    if level == task.level or (level < task.level and not note.strip()):
        raise ImpossibleStep(f"{code} does not become {level} without a reason")
    _to_level(conn, code, level, note, by, now)


def ask_visit(
    conn: Connection,
    code: str,
    visit: str,
    cadre: PersonId,
    due_at: datetime,
    whom: str,
    by: PersonId | None,
    now: datetime,
) -> None:
    """A cadre is to look in on a family: a task of her own, in which nothing of the case stands."""
    case_ = handing.lock(conn, code)
    kept = cadre in kept_out(conn, code) or cadre == case_.about or case_.outside
    if kept or not colleagues.is_cadre(conn, cadre):
        raise ImpossibleStep(f"person {cadre} cannot be asked for a visit for {code}")
    about = None if whom else case_.about
    opened = TaskOpened(
        visit, "visit", Level.KUNING, due_at, "reason.visit", content=whom, owner=cadre
    )
    if not tasks.open_(conn, about, opened, now):
        raise ImpossibleStep(f"{visit} was opened before")
    tasks.add_note(conn, visit, by, f"{VISIT_FOR}{code}", "", None, now)
    tasks.change(conn, code, by, VISIT, visit, now)


def refer(
    conn: Connection, code: str, to: ContactId, note: str, by: PersonId | None, now: datetime
) -> ReferralId:
    """A human being decided to tell this office."""
    case_ = handing.lock(conn, code)
    office = referrals.contact(conn, to)
    if office is None or not case_.is_case:
        raise ImpossibleStep(f"{code} cannot be referred to office {to}")
    made = referrals.ask(conn, code, to, by, note, now)
    tasks.change(conn, code, by, REFERRED, f"{office.name}: {note}" if note else office.name, now)
    return made


def answer_referral(
    conn: Connection,
    referral: ReferralId,
    state: ReferralState,
    note: str,
    by: PersonId | None,
    now: datetime,
) -> str:
    """What an office answered, also about a case that is closed by now; the code of the case."""
    told = referrals.one(conn, referral)
    if told is None:
        raise ImpossibleStep(f"there is no referral {referral}")
    referrals.answer(conn, referral, state, now)
    words = f"{told.contact.name}: {state.value}" + (f", {note}" if note else "")
    if not tasks.change(conn, told.code, by, ANSWERED, words, now):
        tasks.add_note(conn, told.code, by, ANSWERED, words, None, now)
    return told.code


def _to_level(
    conn: Connection, code: str, level: Level, note: str, by: PersonId | None, now: datetime
) -> None:
    row = conn.execute(
        select(
            task_table.c.level,
            task_table.c.kind,
            task_table.c.due_at,
            task_table.c.about_id,
            people.c.village_id,
            cases.c.next_at,
        )
        .select_from(
            task_table.outerjoin(people, people.c.id == task_table.c.about_id).outerjoin(
                cases, cases.c.code == task_table.c.code
            )
        )
        .where(task_table.c.code == code)
    ).one()
    before = Level(row.level)
    deadline = now + DEADLINES[level]
    values: dict[str, Any] = {"level": level.value, "due_at": row.next_at or deadline}
    if level > before:
        values["due_at"] = min(row.due_at, deadline)
        if level >= Level.ORANYE:
            values |= {"status": "open", "accepted_at": None, "acted_at": None}
    conn.execute(update(task_table).where(task_table.c.code == code).values(values))
    if is_case(row.kind, level):
        tasks.begin_case(conn, code, row.village_id)
    words = f"{before.value} → {level.value}" + (f": {note}" if note else "")
    lowered = level < Level.ORANYE <= before
    tasks.add_note(conn, code, by, all_cases.LOWERED if lowered else LEVEL, words, None, now)
    alerts.look_soon(conn, code, now)
    if level > before:
        _call_anew(conn, code, level, now)


def _call_anew(conn: Connection, code: str, level: Level, now: datetime) -> None:
    """What became more urgent is called like something new, whoever has it first."""
    task = handing.lock(conn, code)
    out = {*kept_out(conn, code), *([task.about] if task.about else [])}
    team = duty.team(conn, now).without(out)
    wide = called(0, team, outside=task.outside) if level >= Level.ORANYE else ()
    hers = [] if task.owner is None or task.owner in out else [task.owner]
    calling.call(conn, code, level, [*hers, *wide], now, key=level.value)


def _close(
    conn: Connection, code: str, outcome: Outcome, note: str, by: PersonId | None, now: datetime
) -> None:
    tasks.change(conn, code, by, tasks.CLOSED, _with_words(outcome, note), now)
    _set(conn, code, stage=Stage.PENUTUPAN.value, outcome=outcome.value)


def _hide_name(conn: Connection, code: str) -> None:
    hers = cases.c.code.in_(handing.merged(conn, code))
    conn.execute(update(cases).where(hers).values(hide_name=True))


def _with_words(outcome: Outcome, note: str) -> str:
    return f"{outcome.value}: {note}" if note else outcome.value


def _set(conn: Connection, code: str, **values: Any) -> None:
    changed = conn.execute(
        update(cases).where(cases.c.code == code).values(values).returning(cases.c.code)
    ).one_or_none()
    if changed is None:
        raise ImpossibleStep(f"{code} is no case")

"""Forgetting a person (UU 27/2022 art. 42-44): what she told us goes, everywhere it is kept.

Three things stay. The proof of what she consented to; a concern that is still open, with the child
it is about, because a child's safety is a basis of its own; and an empty shell of herself, on which
these hang. Her address goes with the next retention run, so that a last word can still reach it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    and_,
    case,
    delete,
    exists,
    func,
    literal,
    or_,
    select,
    update,
)

from conversations.casework.showing import shown_to_staff
from conversations.dialogue import PersonId
from conversations.helping.helped import LASTS
from storage import audit, dialogues, helping, joining, keepers, media, schools, staff
from storage.alerts import ESCALATION
from storage.schema import (
    address_people,
    addresses,
    answers,
    caregiving,
    cases,
    children,
    due,
    inbox,
    interviews,
    outbox,
    people,
    referrals,
    task_notes,
    tasks,
    tips_sent,
)

CONCERN, ERASURE = "concern", "erasure"

_OPEN_CASE = and_(
    or_(
        tasks.c.kind == CONCERN,
        and_(tasks.c.level.in_(("merah", "oranye")), tasks.c.kind != ERASURE),
    ),
    tasks.c.status != "closed",
)
"""What outlives an erasure: a concern of any level, and whatever else may mean that somebody is in
danger (the safe word, a child who is afraid), for another hand may have asked for the erasure."""


@dataclass(frozen=True, slots=True)
class Erased:
    """How much was forgotten."""

    interviews: int
    children: int
    files: int
    open_concerns: int
    """Concerns that are kept because they are still open."""


def erase(conn: Connection, person: PersonId, actor: str, now: datetime) -> Erased:
    """Forget a person. A message made at this same moment, such as a farewell, is still sent."""
    if (account := staff.of_person(conn, person)) is not None:
        staff.remove(conn, account, now)
        staff.forget_name(conn, account)
    kept = _open_concerns(conn, person)
    forgotten_interviews = _forget_interviews(conn, person)
    _forget_tasks(conn, person, kept, now)
    files = media.condemn(conn, person=person, spare=kept)
    forgotten_children = _forget_children(conn, person)
    conn.execute(delete(tips_sent).where(tips_sent.c.person_id == person))
    dialogues.close(conn, person)
    _forget_messages(conn, person, now)
    helping.forget(conn, person)
    helping.end(conn, person)
    joining.forget(conn, person)
    schools.forget(conn, person)
    _leave_addresses(conn, person)
    keepers.hand_on_all(conn, person)
    conn.execute(delete(due).where(due.c.person_id == person))
    _empty(conn, person, now)
    audit.record(conn, actor, "erased", audit.person(person), "", now)
    return Erased(forgotten_interviews, forgotten_children, files, len(kept))


def _open_concerns(conn: Connection, person: PersonId) -> Sequence[str]:
    return (
        conn.execute(
            select(tasks.c.code)
            .where(tasks.c.about_id == person, _OPEN_CASE)
            .order_by(tasks.c.code)
        )
        .scalars()
        .all()
    )


def _forget_interviews(conn: Connection, person: PersonId) -> int:
    hers = select(interviews.c.id).where(interviews.c.person_id == person)
    said_by_her = answers.c.spoken_by == person
    conn.execute(delete(answers).where(or_(answers.c.interview_id.in_(hers), said_by_her)))
    return conn.execute(delete(interviews).where(interviews.c.person_id == person)).rowcount


def _forget_tasks(conn: Connection, person: PersonId, kept: Sequence[str], now: datetime) -> None:
    """Everything but the open concerns is closed and loses what was said in it."""
    others = and_(tasks.c.about_id == person, tasks.c.code.not_in(kept))
    codes = select(tasks.c.code).where(others)
    conn.execute(update(task_notes).where(task_notes.c.code.in_(codes)).values(note=None))
    closed_at = func.coalesce(tasks.c.closed_at, literal(now, tasks.c.closed_at.type))
    conn.execute(
        update(tasks)
        .where(others)
        .values(content=None, child_id=None, status="closed", closed_at=closed_at)
    )
    conn.execute(update(cases).where(cases.c.code.in_(codes)).values(next_action=None))
    conn.execute(update(referrals).where(referrals.c.code.in_(codes)).values(note=None))
    conn.execute(delete(due).where(due.c.kind == ESCALATION, due.c.subject.in_(codes)))
    shown = [shown_to_staff(code) for code in conn.execute(codes).scalars()]
    conn.execute(update(outbox).where(outbox.c.purpose.in_(shown)).values(_without_words(now)))


def _forget_children(conn: Connection, person: PersonId) -> int:
    hers = conn.execute(
        delete(caregiving).where(caregiving.c.person_id == person).returning(caregiving.c.child_id)
    )
    return blank_unknown(conn, hers.scalars().all())


def blank_unknown(conn: Connection, ids: Sequence[int]) -> int:
    """Of these children, blank those nobody cares for and no open concern is about; how many."""
    cared_for = exists().where(caregiving.c.child_id == children.c.id)
    concern = exists().where(tasks.c.child_id == children.c.id, _OPEN_CASE)
    blank = {
        "nickname": "",
        "birth_year": None,
        "birth_month": None,
        "sex": "",
        "lives_with": "",
        "mother": "",
        "father": "",
    }
    return conn.execute(
        update(children).where(children.c.id.in_(ids), ~cared_for, ~concern).values(blank)
    ).rowcount


def _forget_messages(conn: Connection, person: PersonId, now: datetime) -> None:
    """What went to and fro loses its words; what was still to be sent is not sent."""
    to_her = and_(outbox.c.person_id == person, outbox.c.created_at < now)
    _forget_what_was_typed_for_her(conn, person)
    conn.execute(update(outbox).where(to_her).values(_without_words(now)))
    came_from = conn.execute(
        select(addresses.c.channel, addresses.c.account, addresses.c.address)
        .join(address_people, address_people.c.address_id == addresses.c.id)
        .where(address_people.c.person_id == person)
    ).all()
    for where in came_from:
        conn.execute(update(inbox).where(answered_from(*where)).values(body=None))


def _forget_what_was_typed_for_her(conn: Connection, person: PersonId) -> None:
    """On the phones of those who helped her, from the first answer to her until the last one."""
    helped_on = conn.execute(
        select(
            addresses.c.channel,
            addresses.c.account,
            addresses.c.address,
            func.min(outbox.c.created_at),
            func.max(outbox.c.created_at),
        )
        .join(addresses, addresses.c.id == outbox.c.address_id)
        .where(
            outbox.c.person_id == person,
            or_(addresses.c.person_id.is_(None), addresses.c.person_id != person),
        )
        .group_by(addresses.c.channel, addresses.c.account, addresses.c.address)
    ).all()
    for channel, account, address, first, last in helped_on:
        typed = and_(
            answered_from(channel, account, address),
            inbox.c.received_at.between(first - LASTS, last),
        )
        conn.execute(update(inbox).where(typed).values(body=None))


def _without_words(now: datetime) -> dict[str, Any]:
    waiting = outbox.c.status == "waiting"
    moment = literal(now, outbox.c.finished_at.type)
    return {
        "body": None,
        "status": case((waiting, "excluded"), else_=outbox.c.status),
        "reason": case((waiting, "erased"), else_=outbox.c.reason),
        "finished_at": case((waiting, moment), else_=outbox.c.finished_at),
    }


def answered_from(channel: str, account: str, address: str) -> ColumnElement[bool]:
    """The received messages of one address that are not still to be answered."""
    return and_(
        inbox.c.channel == channel,
        inbox.c.account == account,
        inbox.c.address == address,
        inbox.c.status != "new",
    )


def _leave_addresses(conn: Connection, person: PersonId) -> None:
    """Whoever shares the telephone holds it from now on; else nobody does."""
    hers = (
        conn.execute(
            delete(address_people)
            .where(address_people.c.person_id == person)
            .returning(address_people.c.address_id)
        )
        .scalars()
        .all()
    )
    another = (
        select(func.min(address_people.c.person_id))
        .where(address_people.c.address_id == addresses.c.id)
        .scalar_subquery()
    )
    conn.execute(update(addresses).where(addresses.c.person_id == person).values(person_id=another))
    sharers = (
        select(func.count()).where(address_people.c.address_id == addresses.c.id).scalar_subquery()
    )
    together = and_(addresses.c.id.in_(hers), sharers < 2)
    conn.execute(update(addresses).where(together).values(shared=False))


def _empty(conn: Connection, person: PersonId, now: datetime) -> None:
    kept_time = func.coalesce(people.c.stopped_at, literal(now, people.c.stopped_at.type))
    conn.execute(
        update(people)
        .where(people.c.id == person)
        .values(
            role="caregiver",
            salutation="",
            name="",
            relation="",
            village_id=None,
            hour="",
            paused_until=None,
            stopped_at=kept_time,
            erased_at=now,
        )
    )

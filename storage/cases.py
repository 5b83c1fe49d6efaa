"""Cases as a conversation asks for them: how a concern lives from the first message to its closing.

Nothing is changed here: what happens to a case is in `case_life.py`, who owns it in `handing.py`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, Connection, select, text

from conversations.concerns.case import (
    CONCERN,
    Case,
    Contact,
    ContactId,
    Noted,
    Outcome,
    Phone,
    Referral,
    ReferralId,
    Stage,
)
from conversations.dialogue import Person, PersonId, Role, VillageId
from conversations.message import MediaId
from storage import colleagues, referrals
from storage import tasks as all_tasks
from storage.owners import OPEN, kept_out
from storage.schema import cases, from_ms, people, task_notes, tasks
from storage.statement import Statement
from storage.tasks import COLUMNS, CONTENT, NOTE, URGENCY, as_task, opened

NEXT_ACTION = b"cases"
"""What the sealed plan of a case is sealed for."""

LOWERED = "lowered"
"""In the history of a case: it was MERAH or ORANYE, and somebody decided that it is not."""

TOLD = "told"
"""In the history of a case: its first words."""

VISIT_FOR = "for:"
"""With this the note on a cadre's visit begins that says for which case it is; never shown."""

_CASES = tasks.join(cases, cases.c.code == tasks.c.code).outerjoin(
    people, people.c.id == tasks.c.about_id
)
_CASE_COLUMNS = (
    *COLUMNS,
    people.c.role,
    cases.c.stage,
    cases.c.village_id,
    cases.c.hide_name,
    cases.c.safe,
    cases.c.may_call,
    cases.c.next_action,
    cases.c.next_at,
    cases.c.closing_by,
    cases.c.outcome,
    cases.c.merged_into,
)
_CONFIRMED = Statement(
    "SELECT max(a.confirmed_at) FROM address_people t JOIN addresses a ON a.id = t.address_id"
    " WHERE t.person_id = :person"
)
_GROUP = text(
    "WITH RECURSIVE kin (code) AS (SELECT CAST(:code AS VARCHAR(20))"
    " UNION SELECT l.other FROM case_links l JOIN kin ON l.code = kin.code)"
    " SELECT code FROM kin WHERE code <> :code ORDER BY code"
)
_ABSORBED = text(
    "WITH RECURSIVE inside (code) AS (SELECT CAST(:code AS VARCHAR(20))"
    " UNION SELECT c.code FROM cases c JOIN inside ON c.merged_into = inside.code)"
    " SELECT code FROM inside ORDER BY code"
)


@dataclass(frozen=True, slots=True)
class StoredCases:
    """`conversations.concerns.case.Cases` from the database, at one moment.

    With a `viewer` a list of other people's cases holds only what may be shown to her.
    """

    conn: Connection
    now: datetime
    zone: ZoneInfo
    viewer: Person | None = None

    def case(self, code: str) -> Case | None:
        """One case in any state, without what was said."""
        found = self._cases([tasks.c.code == code.strip().upper()], 1)
        return found[0] if found else None

    def owned(self, owner: PersonId, limit: int) -> tuple[Case, ...]:
        """Open cases of one owner, most urgent first."""
        return self._cases([tasks.c.owner_id == owner, OPEN], limit)

    def to_approve(self, limit: int) -> tuple[Case, ...]:
        """Cases whose closing waits for somebody other than who asks it, most urgent first."""
        where = [cases.c.closing_at.is_not(None), OPEN]
        if self.viewer is not None:
            where += [
                cases.c.closing_by.is_distinct_from(self.viewer.id),
                all_tasks.visible_to(self.viewer),
            ]
        return self._cases(where, limit)

    def reported_by(self, person: PersonId, since: datetime, limit: int) -> tuple[Case, ...]:
        """What she reported since then, open or closed, newest first; nothing from before somebody
        said on a phone of hers, without a proof, that she is the one."""
        said = _CONFIRMED.value(self.conn, {"person": person})
        since = since if said is None else max(since, from_ms(said))
        hers = [tasks.c.about_id == person, tasks.c.kind == CONCERN, tasks.c.created_at >= since]
        return self._cases(hers, limit, newest=True)

    def contacts(self, code: str, limit: int) -> tuple[Contact, ...]:
        """Offices for the village and district of a case, nearest first.

        Where nobody knows the village all are offered: whoever refers chooses.
        """
        return referrals.contacts_for(self.conn, code, limit)

    def contact(self, id_: ContactId) -> Contact | None:
        """One office that is still in the directory."""
        return referrals.contact(self.conn, id_)

    def referrals(self, code: str) -> tuple[Referral, ...]:
        """Whom a case was told to, oldest first."""
        return referrals.of_case(self.conn, code)

    def referral(self, id_: ReferralId) -> Referral | None:
        """One referral."""
        return referrals.one(self.conn, id_)

    def history(self, code: str, limit: int = 200) -> tuple[Noted, ...]:
        """What was said and done about any task, oldest first, also in cases merged into it.

        Of a long one the first words and the newest notes. Showing it is to be audited.
        """
        return history(self.conn, code, limit)

    def colleague(self, name: str) -> tuple[PersonId, ...]:
        """Members of staff and cadres of this name, for handing over and for excluding."""
        return colleagues.named(self.conn, name)

    def name_of(self, person: PersonId) -> str:
        """What a colleague is called."""
        return colleagues.name_of(self.conn, person)

    def role_of(self, person: PersonId) -> Role:
        """What a colleague is in the programme."""
        return colleagues.role_of(self.conn, person)

    def may_own(self, code: str, person: PersonId) -> bool:
        """Whether this can be handed over to her."""
        return colleagues.may_own(self.conn, code, person)

    def phone(self, person: PersonId) -> Phone:
        """Whose telephone reaches this person."""
        return colleagues.phone(self.conn, person)

    def cadres(self, code: str, limit: int) -> tuple[PersonId, ...]:
        """Cadres of the village of a case and of the schools of whoever told it, reachable in
        chat, without those who are kept out of it."""
        return colleagues.cadres_near(self.conn, code, limit)

    def visited_for(self, code: str) -> str:
        """The case for which a cadre was asked for this visit; empty when there is none."""
        query = select(task_notes.c.action).where(
            task_notes.c.code == code, task_notes.c.action.like(f"{VISIT_FOR}%")
        )
        action = self.conn.execute(query.limit(1)).scalar_one_or_none()
        return "" if action is None else str(action).removeprefix(VISIT_FOR)

    def _cases(
        self, where: Sequence[ColumnElement[bool]], limit: int, *, newest: bool = False
    ) -> tuple[Case, ...]:
        order: tuple[ColumnElement[Any], ...] = (URGENCY, tasks.c.due_at.asc(), tasks.c.code.asc())
        if newest:
            order = (tasks.c.created_at.desc(), tasks.c.code.desc())
        rows = self.conn.execute(
            select(*_CASE_COLUMNS).select_from(_CASES).where(*where).order_by(*order).limit(limit)
        ).all()
        return tuple(_case(self.conn, row) for row in rows)


def history(conn: Connection, code: str, limit: int) -> tuple[Noted, ...]:
    """The first words and the notes of a task and of cases merged into it, oldest first."""
    codes = conn.execute(_ABSORBED, {"code": code}).scalars().all()
    first = conn.execute(
        select(tasks.c.code, tasks.c.about_id, tasks.c.content, tasks.c.created_at).where(
            tasks.c.code.in_(codes), tasks.c.content.is_not(None)
        )
    ).all()
    notes = conn.execute(
        select(task_notes)
        .where(task_notes.c.code.in_(codes), task_notes.c.action.not_like(f"{VISIT_FOR}%"))
        .order_by(task_notes.c.id.desc())
        .limit(max(0, limit - len(first)))
    ).all()
    whose = {row.about_id for row in first} | {row.by_id for row in notes}
    names = {one: "" if one is None else colleagues.name_of(conn, PersonId(one)) for one in whose}
    told = (
        Noted(
            row.created_at,
            row.about_id,
            names[row.about_id],
            TOLD,
            opened(conn, row.content, CONTENT),
            code=row.code,
        )
        for row in first
    )
    later = (
        Noted(
            row.at,
            row.by_id,
            names[row.by_id],
            row.action,
            opened(conn, row.note, NOTE),
            None if row.media_id is None else MediaId(row.media_id),
            row.code,
        )
        for row in reversed(notes)
    )
    return tuple(sorted((*told, *later), key=lambda one: one.at))


def linked(conn: Connection, code: str) -> tuple[str, ...]:
    """Codes of all reports of the same child, however they were linked."""
    return tuple(conn.execute(_GROUP, {"code": code}).scalars())


def was_urgent(conn: Connection, code: str) -> bool:
    """Whether somebody has lowered it from MERAH or ORANYE: its closing is approved anyhow."""
    lowered = select(task_notes.c.id).where(
        task_notes.c.code == code, task_notes.c.action == LOWERED
    )
    return conn.execute(lowered.limit(1)).first() is not None


def waiting_for_approval(conn: Connection) -> tuple[str, ...]:
    """Codes of open cases whose closing waits for somebody."""
    query = select(cases.c.code).join(tasks, tasks.c.code == cases.c.code)
    waiting = query.where(cases.c.closing_at.is_not(None), OPEN).order_by(cases.c.code)
    return tuple(conn.execute(waiting).scalars())


def every(conn: Connection, closed: bool, *, limit: int) -> tuple[Case, ...]:
    """Open cases, most urgent first, or closed ones, those closed last first."""
    query = select(*_CASE_COLUMNS).select_from(_CASES)
    if closed:
        query = query.where(tasks.c.status == "closed").order_by(tasks.c.closed_at.desc())
    else:
        query = query.where(OPEN).order_by(URGENCY, tasks.c.due_at, tasks.c.code)
    return tuple(_case(conn, row) for row in conn.execute(query.limit(limit)).all())


def _case(conn: Connection, row: Any) -> Case:
    return Case(
        as_task(row, excluded=kept_out(conn, row.code)),
        Stage(row.stage),
        None if row.village_id is None else VillageId(row.village_id),
        row.role or "",
        row.hide_name,
        row.safe,
        row.may_call,
        opened(conn, row.next_action, NEXT_ACTION),
        row.next_at,
        None if row.closing_by is None else PersonId(row.closing_by),
        Outcome(row.outcome) if row.outcome else None,
        row.merged_into,
        linked(conn, row.code),
        was_urgent(conn, row.code),
    )

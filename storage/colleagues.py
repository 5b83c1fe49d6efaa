"""Who works together on a case: colleagues by name, who may own what, and whose phone is whose."""

from __future__ import annotations

import re

from sqlalchemy import Connection, case, exists, func, or_, select

from conversations.concerns.case import Phone
from conversations.dialogue import PersonId, Role
from storage import reaching
from storage.owners import kept_out
from storage.schema import (
    address_people,
    addresses,
    answers,
    case_exclusions,
    cases,
    enrolments,
    people,
    schools,
    staff,
    tasks,
)

_TITLES = frozenset({"mas", "mbak", "pak", "bapak", "bu", "ibu", "kak", "bang", "teh", "kang"})
_VISIT = "visit"
_WORD = re.compile(r"[^\W\d_]+")


def may_own(conn: Connection, code: str, person: PersonId) -> bool:
    """Whether a case, or another task, can be hers.

    A case only somebody trained has who is not kept out of it, and what is about staff or cadres
    only a focal person or a coordinator; a visit, and nothing else, may also be a cadre's.
    """
    task = conn.execute(
        select(tasks.c.about_id, tasks.c.kind, cases.c.code.label("case"), cases.c.outside)
        .select_from(tasks.outerjoin(cases, cases.c.code == tasks.c.code))
        .where(tasks.c.code == code)
    ).one_or_none()
    role = conn.execute(
        select(staff.c.role).where(staff.c.person_id == person, staff.c.removed_at.is_(None))
    ).scalar_one_or_none()
    if task is None or task.about_id == person or person in kept_out(conn, code):
        return False
    if task.case is None:
        visit = task.kind == _VISIT and is_cadre(conn, person)
        return visit or role in (Role.STAFF, Role.COORDINATOR)
    if task.outside:
        return role in (Role.FOCAL, Role.COORDINATOR)
    return role in (Role.STAFF, Role.COORDINATOR)


def is_cadre(conn: Connection, person: PersonId) -> bool:
    """Whether she is a cadre now."""
    query = select(people.c.role).where(people.c.id == person, people.c.erased_at.is_(None))
    return conn.execute(query).scalar_one_or_none() == Role.CADRE


def named(conn: Connection, name: str) -> tuple[PersonId, ...]:
    """Members of staff and cadres all of these words belong to; of a whole name only its bearers.

    Titles (Mas, Mbak, Bu …) say nothing. Looks through all of staff and all cadres: not for a list.
    """
    wanted = _words(name)
    if not wanted:
        return ()
    accounts = conn.execute(
        select(staff.c.person_id, staff.c.name).where(
            staff.c.person_id.is_not(None), staff.c.removed_at.is_(None)
        )
    )
    cadres = conn.execute(
        select(people.c.id, people.c.name).where(
            people.c.role == Role.CADRE.value, people.c.erased_at.is_(None)
        )
    )
    known = {PersonId(id_): _words(called) for id_, called in (*accounts, *cadres)}
    whole = [person for person, words in known.items() if words == wanted]
    some = [person for person, words in known.items() if wanted <= words]
    return tuple(sorted(whole or some))


def name_of(conn: Connection, person: PersonId) -> str:
    """What somebody is called: her name on the list of staff, else as she told it."""
    query = select(staff.c.name).where(staff.c.person_id == person)
    name = conn.execute(query).scalar_one_or_none()
    if name is not None:
        return str(name)
    row = conn.execute(
        select(people.c.salutation, people.c.name).where(people.c.id == person)
    ).one_or_none()
    return " ".join(filter(None, row)) if row else ""


def role_of(conn: Connection, person: PersonId) -> Role:
    """What somebody is in the programme."""
    query = select(people.c.role).where(people.c.id == person)
    return Role(conn.execute(query).scalar_one_or_none() or Role.CAREGIVER)


def phone(conn: Connection, person: PersonId) -> Phone:
    """Whose telephone reaches somebody: her own, one that others of the programme have too or that
    may be a stranger's by now, none.

    Who has none, but was written for, was typed for by a helper.
    """
    sharers = (
        select(func.count())
        .where(address_people.c.address_id == addresses.c.id)
        .correlate(addresses)
        .scalar_subquery()
    )
    hers = select(address_people.c.address_id).where(address_people.c.person_id == person)
    shared, doubted = conn.execute(
        select(func.max(sharers), func.max(addresses.c.doubted_at)).where(
            addresses.c.id.in_(hers), addresses.c.blocked_at.is_(None)
        )
    ).one()
    if shared is not None and shared > 1:
        return Phone.SHARED
    if shared is not None:
        return Phone.OWN if doubted is None else Phone.DOUBTED
    typed = exists().where(answers.c.spoken_by == person, answers.c.typed_by != person)
    helped = exists().where(addresses.c.assisting_id == person)
    by_another = conn.execute(select(or_(typed, helped))).scalar_one()
    return Phone.HELPER if by_another else Phone.NONE


def cadres_near(conn: Connection, code: str, limit: int) -> tuple[PersonId, ...]:
    """Who could look in on the family of a case: first the cadres of its reporter's schools."""
    case_ = conn.execute(
        select(tasks.c.about_id, cases.c.village_id)
        .join(cases, cases.c.code == tasks.c.code)
        .where(tasks.c.code == code)
    ).one_or_none()
    if case_ is None:
        return ()
    hers = exists().where(
        schools.c.cadre_id == people.c.id,
        schools.c.closed_at.is_(None),
        enrolments.c.school_id == schools.c.id,
        enrolments.c.person_id == case_.about_id,
        enrolments.c.left_at.is_(None),
    )
    out = exists().where(case_exclusions.c.code == code, case_exclusions.c.person_id == people.c.id)
    reached = reaching.reached(people.c.id)
    near = hers if case_.village_id is None else or_(hers, people.c.village_id == case_.village_id)
    rows = conn.execute(
        select(people.c.id)
        .where(
            people.c.role == Role.CADRE.value,
            people.c.erased_at.is_(None),
            people.c.id != case_.about_id,
            near,
            reached,
            ~out,
        )
        .order_by(case((hers, 0), else_=1), people.c.id)
        .limit(limit)
    )
    return tuple(PersonId(one) for one in rows.scalars())


def _words(name: str) -> frozenset[str]:
    return frozenset(_WORD.findall(name.casefold())) - _TITLES

"""People of a roster on their way into a school: all of them or none, and nobody twice.

Reading the file is `roster_sheet.py`'s. Who comes in this way has not been asked for consent yet,
has no phone, and is not registered: she is known by name until she has agreed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import Connection

from conversations.dialogue import Child, ChildId, PersonId, Role, VillageId
from conversations.schools.session import School, SchoolId
from storage import children, people, schools, tags
from storage.people import fitting
from storage.reaching import is_reached
from storage.roster_sheet import Listed, Problem
from storage.schema import people as people_table
from storage.schema import to_ms
from storage.statement import Statement

_NEW = Statement(
    "INSERT INTO people (role, salutation, name, village_id, relation, zone, created_at)"
    " VALUES (:role, :salutation, :name, :village, :relation, :zone, :now) RETURNING id"
)
_LISTED = Statement(
    "SELECT p.id, p.name, p.relation, p.registered_at FROM enrolments e"
    " JOIN people p ON p.id = e.person_id"
    " WHERE e.school_id = :school AND p.erased_at IS NULL AND p.name <> '' ORDER BY e.number"
)
_SLIPS = Statement(
    "SELECT e.person_id, e.number, p.salutation, p.name FROM enrolments e"
    " JOIN people p ON p.id = e.person_id"
    " WHERE e.school_id = :school AND e.left_at IS NULL AND p.erased_at IS NULL"
    f" AND NOT {is_reached('p.id')} ORDER BY e.number"
)


@dataclass(frozen=True, slots=True)
class Known:
    """Somebody of the roster who is in the school already."""

    person: PersonId
    registered: bool


@dataclass(frozen=True, slots=True)
class Plan:
    """What bringing a roster in would do: whom it would make, whom it knows, what is wrong."""

    new: tuple[tuple[Listed, VillageId | None], ...]
    known: tuple[tuple[Listed, Known], ...]
    problems: tuple[Problem, ...]


@dataclass(frozen=True, slots=True)
class Slip:
    """Somebody on a school's list whom no phone reaches."""

    person: PersonId
    number: int
    name: str


def plan(conn: Connection, school: School, listed: Sequence[Listed]) -> Plan:
    """Compare a roster with the school; nothing is written."""
    villages = {village.name.casefold(): village.id for village in people.all_villages(conn)}
    already = {
        (row[1].casefold(), row[2]): Known(PersonId(row[0]), row[3] is not None)
        for row in _LISTED.rows(conn, {"school": school.id})
    }
    new: list[tuple[Listed, VillageId | None]] = []
    known: list[tuple[Listed, Known]] = []
    problems: list[Problem] = []
    for one in listed:
        named = one.village.casefold().removeprefix("desa ").strip()
        if named and named not in villages:
            there = ", ".join(village.name for village in people.all_villages(conn))
            right = f"Yang ada: {there or '(belum ada)'}. Tambah: kawan villages add"
            problems.append(Problem(one.row, "desa", f"“{one.village[:30]}” belum ada", right))
        elif one.key in already:
            known.append((one, already[one.key]))
        else:
            new.append((one, villages.get(named, school.village_id)))
    return Plan(tuple(new), tuple(known), tuple(problems))


def bring_in(conn: Connection, school: School, planned: Plan, now: datetime) -> int:
    """Make the new ones and put all of them on the school's list; how many were made.

    Of who is known only what is missing is added; what she told herself stays.
    """
    for one, village in planned.new:
        person = enlist(conn, school, one, village, None, now)
        _tell(conn, person, one, now)
    for one, known in planned.known:
        schools.enrol(conn, school.id, known.person, None, now)
        told = replace(one, children=()) if known.registered else one
        _tell(conn, known.person, told, now)
    return len(planned.new)


def enlist(
    conn: Connection,
    school: School,
    one: Listed,
    village: VillageId | None,
    by: PersonId | None,
    now: datetime,
) -> PersonId:
    """Somebody known by name only, on the school's list; `by` None: by command."""
    values = {
        "role": Role(one.role).value,
        "salutation": fitting(people_table.c.salutation.type, one.salutation),
        "name": fitting(people_table.c.name.type, one.name),
        "village": village,
        "relation": one.relation,
        "zone": school.zone,
        "now": to_ms(now),
    }
    person = PersonId(_NEW.value(conn, values))
    schools.enrol(conn, school.id, person, by, now)
    return person


def slips(conn: Connection, school: SchoolId) -> tuple[Slip, ...]:
    """Who of a school has no phone yet, by number: each gets a slip with a code."""
    return tuple(
        Slip(PersonId(row[0]), row[1], f"{row[2]} {row[3]}".strip())
        for row in _SLIPS.rows(conn, {"school": school})
    )


def _tell(conn: Connection, person: PersonId, one: Listed, now: datetime) -> None:
    """Children and tags that are not known yet."""
    known = {child.nickname.casefold() for child in children.of_person(conn, person)}
    for nickname, year in one.children:
        if nickname.casefold() not in known:
            children.add(conn, person, Child(ChildId(0), nickname, year), now)
    for tag in one.tags:
        tags.put(conn, tag, [person])

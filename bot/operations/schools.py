"""Schools by command: open, close, enrol, leave; and how a command names a school or a person.

Everything that somebody decided by command is recorded.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime
from difflib import get_close_matches
from typing import Any, Final, TypeVar

from sqlalchemy import Connection, select

from bot.operations.desk import Desk, Operation, OperationRefused
from bot.operations.moments import read_zone
from conversations.dialogue import PersonId
from conversations.schools.session import School, normal_code
from storage import audit, people, schema, schools, series, sessions
from storage.school_questions import StoredSchools
from storage.schools import CodeRefused, NewSchool

T = TypeVar("T")


async def school_open(
    desk: Desk, name: str, kind: str, code: str, village: str, zone: str, place: str, cadre: str
) -> dict[str, str]:
    """A school begins; without a zone it has that of its village, else the programme's."""
    title = " ".join(name.split())
    if not 2 <= len(title) <= 80:
        raise OperationRefused("nama sekolah ditulis dengan 2 sampai 80 huruf")
    sort = re.sub(r"[^a-z0-9]+", "_", kind.strip().lower()).strip("_")
    if not 2 <= len(sort) <= 24:
        raise OperationRefused("jenis sekolah ditulis pendek, misalnya bok_ebok, yang_eyang, rapat")
    now = desk.now()

    def unit(conn: Connection) -> School:
        home = _village(conn, village) if village.strip() else None
        new = NewSchool(
            name=title,
            kind=sort,
            code=code,
            zone=read_zone(zone or (home.zone if home else desk.settings.timezone)),
            village_id=home.id if home else None,
            place=place.strip(),
            cadre=find_person(conn, cadre) if cadre.strip() else None,
        )
        try:
            opened = schools.open_(conn, new, now)
        except CodeRefused as error:
            raise OperationRefused(_said_of_code(error)) from None
        record(conn, "school opened", f"school:{opened.code}", now)
        return opened

    opened = await desk.database.write(unit)
    return {"code": opened.code, "name": opened.name, "zone": opened.zone}


async def school_change(
    desk: Desk, code: str, name: str = "", place: str = "", cadre: str = ""
) -> dict[str, str]:
    """Another name, place or cadre; what is empty stays as it is."""
    now, title = desk.now(), " ".join(name.split())
    if len(title) == 1 or len(title) > 80:
        raise OperationRefused("nama sekolah ditulis dengan 2 sampai 80 huruf")

    def unit(conn: Connection) -> School:
        school = find_school(conn, code, now)
        schools.change(
            conn,
            school,
            name=title or school.name,
            place=place.strip() or school.place,
            cadre=find_person(conn, cadre) if cadre.strip() else school.cadre,
        )
        record(conn, "school changed", f"school:{school.code}", now)
        return find_school(conn, code, now)

    changed_to = await desk.database.write(unit)
    return {"code": changed_to.code, "name": changed_to.name, "place": changed_to.place}


async def school_close(desk: Desk, code: str) -> dict[str, Any]:
    """It meets no more: its series end, its coming sessions are cancelled, and people are told."""
    now = desk.now()

    def unit(conn: Connection) -> tuple[School, int]:
        school = find_school(conn, code, now)
        for one in series.of_school(conn, school.id):
            assert one.id is not None
            series.end(conn, one.id, now)
        cancelled = sessions.cancel_coming(conn, school.id, now)
        schools.close(conn, school.id, now)
        record(conn, "school closed", f"school:{school.code}", now)
        return school, len(cancelled)

    school, cancelled = await changed(desk, unit)
    return {"name": school.name, "cancelled": cancelled}


async def school_enrol(desk: Desk, code: str, who: list[str]) -> list[dict[str, Any]]:
    """Put people (by code) on the list of a school; the number that each has there."""
    now = desk.now()

    def unit(conn: Connection) -> list[dict[str, Any]]:
        school = find_school(conn, code, now)
        wanted = sorted({find_person(conn, one) for one in who})
        record(conn, "enrolled", f"school:{school.code}", now, f"{len(wanted)} people")
        return [
            {"person": person, "number": schools.enrol(conn, school.id, person, None, now)}
            for person in wanted
        ]

    return await desk.database.write(unit)


async def school_leave(desk: Desk, code: str, who: list[str]) -> int:
    """Take people off the list of a school; how many were on it."""
    now = desk.now()

    def unit(conn: Connection) -> int:
        school = find_school(conn, code, now)
        wanted = sorted({find_person(conn, one) for one in who})
        record(conn, "left school", f"school:{school.code}", now, f"{len(wanted)} people")
        return sum(schools.leave(conn, school.id, person, now) for person in wanted)

    return await desk.database.write(unit)


def find_school(conn: Connection, code: str, now: datetime) -> School:
    """The open school of a code; raises OperationRefused with what may be meant."""
    every = StoredSchools(conn, now)
    if (found := every.by_code(code)) is not None:
        return found
    near = get_close_matches(normal_code(code), [one.code for one in every.all()], 3, 0.5)
    hint = f"mungkin {', '.join(near)}" if near else "lihat `kawan schools list`"
    raise OperationRefused(f"tidak ada sekolah berkode {code}: {hint}")


def _village(conn: Connection, code: str) -> people.Village:
    every = people.all_villages(conn)
    found = next((one for one in every if one.code == code.strip().upper()), None)
    if found is None:
        known = ", ".join(one.code for one in every) or "belum ada desa"
        raise OperationRefused(f"tidak ada desa berkode {code}: {known}")
    return found


def find_person(conn: Connection, code: str) -> PersonId:
    """Somebody by her code as lists show it (P-0012), or its number alone."""
    digits = code.strip().upper().removeprefix("P-")
    id_ = int(digits) if digits.isdecimal() and len(digits) < 16 else 0
    query = select(schema.people.c.id).where(
        schema.people.c.id == id_, schema.people.c.erased_at.is_(None)
    )
    if conn.execute(query).first() is None:
        raise OperationRefused(f"tidak ada orang berkode {code}: lihat `kawan people`")
    return PersonId(id_)


def record(conn: Connection, action: str, subject: str, now: datetime, reason: str = "") -> None:
    """Write down what is decided, in the transaction that does it."""
    audit.record(conn, audit.COMMAND, action, subject, reason, now)


async def changed(desk: Desk, unit: Callable[[Connection], T]) -> T:
    """Write, then have the clock look: something may be due at once."""
    done = await desk.database.write(unit)
    desk.wake()
    return done


def _said_of_code(error: CodeRefused) -> str:
    if error.taken:
        return (
            f"kode {error.code} sudah dipakai sekolah lain, sebuah desa, atau undangan kader dan "
            "mitra: pilih kode yang berbeda"
        )
    return "kode sekolah ditulis dengan 3 sampai 12 huruf, angka atau tanda -, misalnya BOK-SBS"


OPERATIONS: Final[tuple[Operation, ...]] = (
    school_open,
    school_change,
    school_close,
    school_enrol,
    school_leave,
)

"""The directory of offices by command: entered, called again, taken out, brought in from a list.

Everything that somebody decided by command is recorded, with the member of staff who decided it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime
from typing import Any, Final

from sqlalchemy import Connection

from bot.operations.desk import Desk, Operation, OperationRefused
from bot.operations.duty import find_member
from bot.planned import numbers
from conversations.concerns.case import Agency, ContactId
from locales import hotlines
from storage import audit, directory, hotline_checks, people
from storage.directory import NewOffice, Office
from storage.directory_sheet import day_of
from storage.people import Village
from storage.staff import Member


async def directory_add(
    desk: Desk,
    agency: str,
    name: str,
    phone: str,
    by: str,
    officer: str = "",
    district: str = "",
    village: str = "",
    checked: str = "",
) -> dict[str, Any]:
    """One more office; its number."""
    now, today = desk.now(), _today(desk)
    if agency not in set(Agency):
        raise OperationRefused(f"lembaga {agency!r} tidak dikenal: pilih {', '.join(Agency)}")

    def unit(conn: Connection) -> int:
        member = decider(conn, by)
        home = find_village(conn, village) if village.strip() else None
        new = NewOffice(
            agency=Agency(agency),
            name=_named(name),
            phone=_number(phone),
            officer=_line(officer),
            district=_line(district),
            village_id=home.id if home else None,
            checked=_past_day(checked, today) if checked.strip() else None,
            checked_by=member.name if checked.strip() else "",
        )
        id_ = _enter(conn, new, member, now)
        numbers.plan(conn, now, desk.settings.zone)
        return id_

    return {"id": await desk.database.write(unit)}


async def directory_import(
    desk: Desk, listed: Sequence[Mapping[str, Any]], by: str
) -> dict[str, Any]:
    """All offices of a list, or none: `problems` names the rows that are entered already."""
    now = desk.now()

    def unit(conn: Connection) -> dict[str, Any]:
        member = decider(conn, by)
        offices = [(one["row"], _listed(conn, one, member)) for one in listed]
        problems = [
            f"baris {row}, kolom telepon: sudah ada sebagai lembaga nomor {known}. Hapus baris ini,"
            f" atau kawan directory checked {known}"
            for row, new in offices
            if (known := directory.same(conn, new)) is not None
        ]
        seen: dict[NewOffice, int] = {}
        for row, new in offices:
            place = replace(new, name="", officer="", checked=None, checked_by="")
            if place in seen:
                problems.append(f"baris {row}, kolom telepon: sama dengan baris {seen[place]}")
            seen.setdefault(place, row)
        if not problems:
            for _, new in offices:
                _enter(conn, new, member, now)
            numbers.plan(conn, now, desk.settings.zone)
        return {"entered": 0 if problems else len(offices), "problems": problems}

    answer: dict[str, Any] = await desk.database.write(unit)
    return answer


async def directory_checked(
    desk: Desk, id_: int, by: str, on: str = "", phone: str = "", officer: str = ""
) -> dict[str, Any]:
    """Somebody called it: it answers, or has another number or officer now."""
    now, today = desk.now(), _today(desk)

    def unit(conn: Connection) -> dict[str, Any]:
        member = decider(conn, by)
        office = find_office(conn, id_)
        day = _past_day(on, today) if on.strip() else today
        right = _number(phone) if phone.strip() else ""
        directory.checked(
            conn, office.contact.id, day, member.name, phone=right, officer=_line(officer)
        )
        what = "office number changed" if right else "office checked"
        decided(conn, member, what, f"contact:{id_}", day.isoformat(), now)
        return {"name": office.contact.name, "on": day.isoformat()}

    answer: dict[str, Any] = await desk.database.write(unit)
    return answer


async def directory_remove(desk: Desk, id_: int, by: str) -> str:
    """It helps no more; what was referred to it is kept."""
    now = desk.now()

    def unit(conn: Connection) -> str:
        member, office = decider(conn, by), find_office(conn, id_)
        directory.end(conn, office.contact.id, now)
        decided(conn, member, "office removed", f"contact:{id_}", "", now)
        return office.contact.name

    return await desk.database.write(unit)


async def hotline_checked(desk: Desk, key: str, by: str, on: str = "") -> dict[str, str]:
    """Somebody called a national line: its number is right on this day."""
    now, today = desk.now(), _today(desk)
    lines = {line.key: line for line in (*hotlines(), *hotlines("staff"))}
    if key not in lines:
        raise OperationRefused(f"saluran {key!r} tidak dikenal: pilih {', '.join(lines)}")

    def unit(conn: Connection) -> str:
        member = decider(conn, by)
        day = _past_day(on, today) if on.strip() else today
        hotline_checks.record(conn, key, day, member.name)
        decided(conn, member, "hotline checked", f"hotline:{key}", day.isoformat(), now)
        return day.isoformat()

    return {"name": lines[key].name, "on": await desk.database.write(unit)}


def decider(conn: Connection, who: str) -> Member:
    """The member of staff who decides, by name or number; raises OperationRefused."""
    if not who.strip():
        raise OperationRefused('tulis petugas yang memutuskan, misalnya --by "Mbak Rina"')
    return find_member(conn, who)


def decided(
    conn: Connection, member: Member, action: str, subject: str, reason: str, now: datetime
) -> None:
    """Write down who of staff decided it, in the transaction that does it."""
    actor = f"staff:{member.id}" if member.person is None else audit.person(member.person)
    audit.record(conn, actor, action, subject, reason, now, audit.COMMAND)


def find_office(conn: Connection, id_: int) -> Office:
    """The office of this number; raises OperationRefused."""
    office = directory.one(conn, ContactId(id_))
    if office is None:
        raise OperationRefused(f"tidak ada lembaga nomor {id_}: lihat kawan directory list")
    return office


def find_village(conn: Connection, code: str) -> Village:
    """The village of this code; raises OperationRefused."""
    every = people.all_villages(conn)
    found = next((one for one in every if one.code == code.strip().upper()), None)
    if found is None:
        known = ", ".join(one.code for one in every) or "belum ada desa"
        raise OperationRefused(f"tidak ada desa berkode {code}: {known}")
    return found


def _enter(conn: Connection, new: NewOffice, member: Member, now: datetime) -> ContactId:
    if (known := directory.same(conn, new)) is not None:
        raise OperationRefused(
            f"sudah ada sebagai lembaga nomor {known}: kawan directory checked {known}"
        )
    id_ = directory.add(conn, new, now)
    decided(conn, member, "office added", f"contact:{id_}", new.agency.value, now)
    return id_


def _listed(conn: Connection, one: Mapping[str, Any], member: Member) -> NewOffice:
    """An office of a list, as it came through the socket."""
    checked = day_of(one["checked"]) if one["checked"] else None
    return NewOffice(
        agency=Agency(one["agency"]),
        name=one["name"],
        phone=_number(one["phone"]),
        officer=one["officer"],
        district=one["district"],
        village_id=find_village(conn, one["village"]).id if one["village"] else None,
        checked=checked,
        checked_by=member.name if checked else "",
    )


def _named(name: str) -> str:
    plain = _line(name)
    if len(plain) < 2:
        raise OperationRefused("nama kantor ditulis dengan 2 sampai 120 huruf")
    return plain


def _line(written: str) -> str:
    plain = " ".join(written.split())
    if len(plain) > 120:
        raise OperationRefused(f"terlalu panjang, paling panjang 120 huruf: {plain[:30]}…")
    return plain


def _number(written: str) -> str:
    found = directory.office_number(written)
    if found is None:
        raise OperationRefused(
            f"{written!r} bukan nomor telepon: tulis dengan kode daerahnya, atau nomor HP kantor"
        )
    return found


def _past_day(written: str, today: date) -> date:
    day = day_of(written.strip())
    if day is None:
        raise OperationRefused(f"hari {written!r} tidak dimengerti: tulis {today.isoformat()}")
    if day > today:
        raise OperationRefused(f"{day.isoformat()} belum lewat: tulis hari terakhir ditelepon")
    return day


def _today(desk: Desk) -> date:
    return desk.now().astimezone(desk.settings.zone).date()


OPERATIONS: Final[tuple[Operation, ...]] = (
    directory_add,
    directory_import,
    directory_checked,
    directory_remove,
    hotline_checked,
)

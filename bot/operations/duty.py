"""The duty roster by command: duties, single days, telephones; and who was called about a case.

Days and hours are read in the zone of the programme. What is decided is recorded; a telephone
number stands in no record.
"""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import time
from typing import Any, Final

from sqlalchemy import Connection

from bot.operations.desk import Desk, Operation, OperationRefused
from bot.operations.moments import WEEKDAYS, read_day, read_hour
from conversations import reading
from conversations.dialogue import Person, PersonId, Role
from conversations.permission import Act, may
from storage import audit, shifts, staff
from storage.shifts import Duty, NewDuty
from storage.staff import Member

LOWEST_RANK: Final = 9

_DAYS: Final = tuple(day.casefold() for day in WEEKDAYS)
_EVERY_DAY: Final = re.compile(r"(setiap|tiap|semua) ?hari")


async def duty_add(
    desk: Desk, who: str, day: str, begins: str, ends: str, rank: int, on: str, last: str
) -> dict[str, Any]:
    """A duty of somebody of staff: every week on these weekdays, or on the one date `on`."""
    now, zone = desk.now(), desk.settings.zone
    today = now.astimezone(zone).date()
    if bool(day.strip()) == bool(on.strip()):
        raise OperationRefused("tulis hari (--day senin-jumat) atau satu tanggal (--date)")
    if not 1 <= rank <= LOWEST_RANK:
        raise OperationRefused(f"urutan ditulis dengan angka 1 sampai {LOWEST_RANK}")
    if last.strip() and on.strip():
        raise OperationRefused("--until hanya untuk jaga mingguan")
    weekdays = read_days(day) if day.strip() else (None,)
    first = read_day(on, today) if on.strip() else today
    until = read_day(last, today) if last.strip() else None
    hours = read_time(begins), read_time(ends)

    def unit(conn: Connection) -> dict[str, Any]:
        member, person = _on_duty(conn, who)
        known = [replace(one.duty, rank=rank, first=first) for one in shifts.duties(conn)]
        made = []
        for weekday in weekdays:
            new = NewDuty(person, *hours, first, rank, weekday, until)
            if replace(new, last=None) in [replace(one, last=None) for one in known]:
                when = WEEKDAYS[weekday] if weekday is not None else first.isoformat()
                raise OperationRefused(f"{member.name} sudah jaga {when} di jam itu")
            made.append(shifts.add(conn, new, now, zone))
            audit.record(conn, audit.COMMAND, "duty added", f"duty:{made[-1]}", "", now)
        return {"name": member.name, "numbers": made}

    added: dict[str, Any] = await desk.database.write(unit)
    desk.wake()
    return added


async def duty_remove(desk: Desk, number: int, on: str) -> dict[str, Any]:
    """End a duty and cancel the shifts to come; or cancel its one shift that begins `on` a day."""
    now, zone = desk.now(), desk.settings.zone
    day = read_day(on, now.astimezone(zone).date()) if on.strip() else None

    def unit(conn: Connection) -> dict[str, Any]:
        found = next((one for one in shifts.duties(conn) if one.id == number), None)
        if found is None:
            raise OperationRefused(f"tidak ada jaga nomor {number}: lihat `kawan duty list`")
        if day is None:
            shifts.remove(conn, number, now)
        elif not shifts.skip(conn, number, day, now, zone):
            raise OperationRefused(f"jaga nomor {number} tidak mulai pada {day.isoformat()}")
        reason = "" if day is None else day.isoformat()
        audit.record(conn, audit.COMMAND, "duty removed", f"duty:{number}", reason, now)
        return told(found)

    removed: dict[str, Any] = await desk.database.write(unit)
    desk.wake()
    return removed


async def staff_phone(desk: Desk, who: str, number: str) -> dict[str, str]:
    """The telephone of somebody of staff, the second way to reach her; empty takes it away."""
    now, plain = desk.now(), read_phone(number)

    def unit(conn: Connection) -> str:
        member = find_member(conn, who)
        staff.set_phone(conn, member.id, plain)
        audit.record(conn, audit.COMMAND, "staff phone", f"staff:{member.id}", "", now)
        return member.name

    return {"name": await desk.database.write(unit), "phone": plain}


def find_member(conn: Connection, who: str) -> Member:
    """A member of staff by number or name; raises OperationRefused unless there is one."""
    wanted = " ".join(who.split()).casefold()
    found = [one for one in staff.members(conn) if wanted in (one.name.casefold(), str(one.id))]
    if len(found) != 1:
        number = "lebih dari satu" if found else "tidak ada"
        raise OperationRefused(f"{number} petugas bernama {who}: lihat `kawan staff list`")
    return found[0]


def read_phone(written: str) -> str:
    """A telephone number as E.164, empty when none is written; raises OperationRefused.

    >>> read_phone("0812-3456-7890"), read_phone(" ")
    ('+6281234567890', '')
    """
    plain = reading.phone(written) if written.strip() else ""
    if plain is None:
        raise OperationRefused("nomor telepon tidak dimengerti; contoh: 0812-3456-7890")
    return plain


def read_days(written: str) -> tuple[int, ...]:
    """The weekdays somebody means, 0 is Monday; raises OperationRefused.

    >>> read_days("Senin"), read_days("jumat-minggu"), read_days("rabu, senin")
    ((0,), (4, 5, 6), (0, 2))
    >>> read_days("setiap hari") == tuple(range(7))
    True
    """
    plain = " ".join(written.casefold().split())
    if _EVERY_DAY.fullmatch(plain):
        return tuple(range(len(_DAYS)))
    days: set[int] = set()
    for part in plain.split(","):
        first, _, last = (side.strip() for side in part.partition("-"))
        if first not in _DAYS or (last and last not in _DAYS):
            raise OperationRefused(
                f"hari {written!r} tidak dimengerti: tulis misalnya senin, senin-jumat, "
                "sabtu,minggu atau setiap hari"
            )
        begin, end = _DAYS.index(first), _DAYS.index(last or first)
        days |= {day % 7 for day in range(begin, end + (7 if end < begin else 0) + 1)}
    return tuple(sorted(days))


def read_time(written: str) -> time:
    """A clock time; 24.00 is midnight; raises OperationRefused.

    >>> read_time("06:00"), read_time("24.00")
    (datetime.time(6, 0), datetime.time(0, 0))
    """
    if written.strip().replace(":", ".") in ("24.00", "00.00", "0.00"):
        return time(0, 0)
    return read_hour(written)


def told(one: Duty) -> dict[str, Any]:
    """A duty as it is listed."""
    duty = one.duty
    return {
        "number": one.id,
        "name": one.name,
        "day": duty.first.isoformat() if duty.weekday is None else WEEKDAYS[duty.weekday],
        "begins": f"{duty.begins:%H.%M}",
        "ends": f"{duty.ends:%H.%M}",
        "rank": duty.rank,
        "last": duty.last.isoformat() if duty.last else "",
    }


def _on_duty(conn: Connection, who: str) -> tuple[Member, PersonId]:
    member = find_member(conn, who)
    if member.person is None:
        raise OperationRefused(f"{member.name} belum bisa jaga: kodenya belum dikirim ke bot")
    if not may(Person(member.person, Role(member.role)), Act.BE_ON_DUTY):
        raise OperationRefused(f"{member.name} tidak menangani laporan, jadi tidak ikut jaga")
    return member, member.person


OPERATIONS: Final[tuple[Operation, ...]] = (duty_add, duty_remove, staff_phone)

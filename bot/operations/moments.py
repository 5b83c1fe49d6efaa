"""Days, hours and zones as somebody types them to a command, and moments as they are printed back.

What cannot be read is refused with what is wrong and what would be right.
"""

from __future__ import annotations

import re
from datetime import date, datetime, time
from typing import Final
from zoneinfo import ZoneInfo, available_timezones

from bot.operations.desk import OperationRefused
from conversations import reading
from conversations.schools.announcing import day_and_hour, zone_name
from locales.words import words

ZONES: Final = {"WIB": "Asia/Jakarta", "WITA": "Asia/Makassar", "WIT": "Asia/Jayapura"}

WEEKDAYS: Final = ("Senin", "Selasa", "Rabu", "Kamis", "Jumat", "Sabtu", "Minggu")

_DATED = re.compile(r"(\d{1,2})[\s/.-]+([a-z]+|\d{1,2})(?:[\s/.-]+(20\d\d))?", re.IGNORECASE)
_ISO = re.compile(r"(20\d\d)-(\d{1,2})-(\d{1,2})")


def read_day(written: str, today: date) -> date:
    """A local day from today on; raises OperationRefused.

    >>> print(read_day("2026-11-24", date(2026, 11, 18)), read_day("Selasa", date(2026, 11, 18)))
    2026-11-24 2026-11-24
    >>> read_day("31 Februari", date(2026, 11, 18))
    Traceback (most recent call last):
    bot.operations.desk.OperationRefused: tanggal 31 Februari tidak ada: tulis misalnya 2026-11-24
    """
    plain = " ".join(written.split())
    if (dated := _dated(plain, today)) is not None:
        exists, day = dated
        if not exists:
            raise OperationRefused(f"tanggal {plain} tidak ada: tulis misalnya 2026-11-24")
        if day is not None and day < today:
            raise OperationRefused(
                f"tanggal {plain} sudah lewat (sekarang {today.isoformat()}): tulis hari ini atau"
                " hari yang akan datang"
            )
    found = reading.day(plain, today)
    if found is None:
        raise OperationRefused(
            f"hari {plain!r} tidak dimengerti: tulis misalnya 2026-11-24, 24/11/2026, Selasa atau"
            " Jumat Legi"
        )
    return found


def read_hour(written: str) -> time:
    """A local clock time; raises OperationRefused.

    >>> read_hour("08.00"), read_hour("jam 4 sore")
    (datetime.time(8, 0), datetime.time(16, 0))
    """
    found = reading.clock_time(written)
    if found is None:
        raise OperationRefused(f"jam {written!r} belum jelas: tulis misalnya 08.00 atau 15.30")
    return found


def read_zone(written: str) -> str:
    """The key of a zone, also from WIB, WITA or WIT; raises OperationRefused.

    >>> read_zone("wita")
    'Asia/Makassar'
    """
    zone = ZONES.get(written.strip().upper(), written.strip())
    if zone not in available_timezones():
        raise OperationRefused(
            f"zona waktu {written!r} tidak dikenal: tulis WIB, WITA, WIT, atau misalnya"
            " Asia/Jakarta"
        )
    return zone


def said(at: datetime, zone: str) -> str:
    """A moment in the zone of a school, with its year where that is not obvious to a reader.

    >>> said(datetime.fromisoformat("2026-11-24T01:00+00:00"), "Asia/Jakarta")
    'Selasa Kliwon, 24 November, jam 08.00 WIB (2026)'
    """
    return f"{day_and_hour(at, zone)} ({at.astimezone(ZoneInfo(zone)):%Y})"


def short(at: datetime, zone: str) -> str:
    """A moment in a column.

    >>> short(datetime.fromisoformat("2026-11-24T01:00+00:00"), "Asia/Makassar")
    '2026-11-24 09.00 WITA'
    """
    return f"{at.astimezone(ZoneInfo(zone)):%Y-%m-%d %H.%M} {zone_name(zone)}"


def _dated(written: str, today: date) -> tuple[bool, date | None] | None:
    """Whether a written calendar date exists, and which it is where a year is said; None where no
    such date is written."""
    if (iso := _ISO.fullmatch(written)) is not None:
        year, month, day = (int(part) for part in iso.groups())
    elif (other := _DATED.fullmatch(written)) is not None:
        named = other[2] if other[2].isdecimal() else words()["months"].get(other[2].lower())
        if named is None:
            return None
        year, month, day = int(other[3] or 0), int(named), int(other[1])
    else:
        return None
    try:
        found = date(year or 2028, month, day)  # a leap year: 29 February exists in some year
    except ValueError:
        return False, None
    return True, found if year else None

"""The loader of calendar.toml: when Ramadan is, as a language person keeps it.

Whether a row is still a calculation or was settled by the government is said in the row itself.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from importlib import resources
from typing import Any

LENGTHS = (timedelta(days=29), timedelta(days=30))
"""Of a lunar month."""


class CalendarError(ValueError):
    """calendar.toml says something that cannot be; the message names the entry."""


@dataclass(frozen=True, slots=True)
class Ramadan:
    """One month of fasting in Indonesia, local dates, both ends included."""

    hijri: int
    first: date
    last: date
    source: str
    checked: bool = False
    """The government's decision (sidang isbat) was compared with; False: it is a calculation."""


@cache
def ramadans() -> tuple[Ramadan, ...]:
    """Every Ramadan that is known, oldest first; raises CalendarError for an impossible one."""
    source = resources.files(__package__) / "calendar.toml"
    return read(source.read_text(encoding="utf-8"))


def read(source: str) -> tuple[Ramadan, ...]:
    """What a calendar says; a month has 29 or 30 days and begins after the one before."""
    try:
        entries: list[Any] = tomllib.loads(source).get("ramadan", [])
    except tomllib.TOMLDecodeError as error:
        raise CalendarError(f"locales/calendar.toml: {error}") from None
    found: list[Ramadan] = []
    for number, entry in enumerate(entries, 1):
        try:
            ramadan = Ramadan(**entry)
            length = ramadan.last - ramadan.first + timedelta(days=1)
        except TypeError:
            raise CalendarError(
                f"locales/calendar.toml: ramadan ke-{number}: perlu hijri, first, last, source"
            ) from None
        if length not in LENGTHS:
            raise _wrong(ramadan, f"{length.days} hari, seharusnya 29 atau 30")
        if found and ramadan.first <= found[-1].last:
            raise _wrong(ramadan, "dimulai sebelum yang di atasnya selesai")
        found.append(ramadan)
    return tuple(found)


def _wrong(ramadan: Ramadan, why: str) -> CalendarError:
    return CalendarError(f"locales/calendar.toml: Ramadan {ramadan.hijri}: {why}")

"""Meetings that come again: every Tuesday, every Jumat Legi, every second Sunday but not on feasts.

Only which days and hours these are; the sessions themselves are made by storage.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Final, NewType
from zoneinfo import ZoneInfo

from conversations.calendar import is_ramadan
from conversations.reading.time import pasaran as market_day

SeriesId = NewType("SeriesId", int)

_WEEK, _MARKET_WEEK = 7, 5


@dataclass(frozen=True, slots=True)
class Pattern:
    """When a series meets, in local dates and hours of its school.

    A weekday (Monday is 0), a market day (legi pahing pon wage kliwon), or both together; with
    neither, the weekday of `first`. `every` takes each nth of these days, counted from `first`.
    """

    first: date
    begins: time
    length: timedelta
    weekday: int | None = None
    pasaran: str = ""
    every: int = 1
    last: date | None = None
    skip: frozenset[date] = frozenset()
    ramadan_begins: time | None = None
    """In Ramadan it begins at this hour instead."""

    @property
    def period(self) -> timedelta:
        """From one meeting to the next: 7, 5 or 35 days, times `every`."""
        if not self.pasaran:
            days = _WEEK
        elif self.weekday is None:
            days = _MARKET_WEEK
        else:
            days = _WEEK * _MARKET_WEEK
        return timedelta(days=days * self.every)


@dataclass(frozen=True, slots=True)
class Meeting:
    """One day of a series; times aware, UTC."""

    day: date
    starts_at: datetime
    ends_at: datetime


_UTC: Final = ZoneInfo("UTC")


def meetings(pattern: Pattern, zone: ZoneInfo, since: date, until: date) -> Iterator[Meeting]:
    """The meetings from `since` to `until`, both included.

    >>> legi = Pattern(date(2026, 11, 1), time(8), timedelta(hours=2), 4, "legi")
    >>> jember = ZoneInfo("Asia/Jakarta")
    >>> [str(one.day) for one in meetings(legi, jember, date(2026, 11, 1), date(2027, 1, 31))]
    ['2026-11-20', '2026-12-25', '2027-01-29']
    """
    day = _first_day(pattern)
    if day < since:
        day += -((day - since) // pattern.period) * pattern.period
    while day <= min(until, pattern.last or until):
        if day not in pattern.skip:
            yield _meeting(pattern, zone, day)
        day += pattern.period


def _first_day(pattern: Pattern) -> date:
    weekday = pattern.weekday
    if weekday is None and not pattern.pasaran:
        weekday = pattern.first.weekday()
    days = (pattern.first + timedelta(days=n) for n in range(_WEEK * _MARKET_WEEK))
    return next(
        day
        for day in days
        if weekday in (None, day.weekday()) and pattern.pasaran in ("", market_day(day))
    )


def _meeting(pattern: Pattern, zone: ZoneInfo, day: date) -> Meeting:
    fasting = pattern.ramadan_begins is not None and is_ramadan(day)
    at = pattern.ramadan_begins if fasting and pattern.ramadan_begins else pattern.begins
    starts_at = datetime.combine(day, at, zone).astimezone(_UTC)
    return Meeting(day, starts_at, starts_at + pattern.length)

"""When something nobody asked for may arrive: not at night, not during prayers and gatherings.

Replies, and alarms to staff, are not held by any of this.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

THURSDAY, FRIDAY = 3, 4
GATHERINGS = {
    THURSDAY: (time(17, 30), time(20, 30)),
    FRIDAY: (time(11, 0), time(13, 0)),
}
"""Malam Jumat (tahlilan, yasinan) and the Friday prayer, local time, Monday is 0."""


@dataclass(frozen=True, slots=True)
class QuietHours:
    """From `begin` to `end`, local time, usually over midnight. Equal ends: none.

    >>> QuietHours.parse("20:30-06:30").begin
    datetime.time(20, 30)
    >>> QuietHours.parse("") is None
    True
    """

    begin: time
    end: time

    @staticmethod
    def parse(written: str) -> QuietHours | None:
        """Reads HH:MM-HH:MM; empty means no quiet hours at all, gatherings included."""
        if not written.strip():
            return None
        begin, _, end = written.partition("-")
        return QuietHours(time.fromisoformat(begin.strip()), time.fromisoformat(end.strip()))


def decent_time(at: datetime, zone: ZoneInfo, quiet: QuietHours | None) -> datetime:
    """The first moment from `at` on at which it is polite to write (aware, in the zone of `at`).

    >>> night = datetime.fromisoformat("2026-11-18T22:00+07:00")
    >>> jember, quiet = ZoneInfo("Asia/Jakarta"), QuietHours.parse("20:30-06:30")
    >>> decent_time(night, jember, quiet).isoformat()
    '2026-11-19T06:30:00+07:00'
    """
    if quiet is None:
        return at
    local = at.astimezone(zone)
    while (later := _end_of_silence(local, quiet)) is not None:
        local = later
    return local.astimezone(at.tzinfo)


def _end_of_silence(local: datetime, quiet: QuietHours) -> datetime | None:
    """When the silence in which `local` falls ends; None when it falls in none."""
    for day in (local.date() - timedelta(days=1), local.date()):
        for begin, end in _silences(day, local, quiet):
            if begin <= local < end:
                return end
    return None


def _silences(day: date, local: datetime, quiet: QuietHours) -> list[tuple[datetime, datetime]]:
    zone = local.tzinfo
    found: list[tuple[datetime, datetime]] = []
    if quiet.begin != quiet.end:
        over_midnight = timedelta(days=1 if quiet.end <= quiet.begin else 0)
        begin = datetime.combine(day, quiet.begin, zone)
        found.append((begin, datetime.combine(day + over_midnight, quiet.end, zone)))
    if day.weekday() in GATHERINGS:
        from_, to = GATHERINGS[day.weekday()]
        found.append((datetime.combine(day, from_, zone), datetime.combine(day, to, zone)))
    return found

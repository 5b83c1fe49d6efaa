"""When something nobody asked for may arrive: not at night, not during prayers and gatherings, not
too often, and not into a talk that a member of staff is having.

Replies, and alarms to staff, are not held by any of this. What waits together for the morning is
put into one message in morning.py.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from conversations.calendar import is_ramadan
from conversations.dialogue import Consent, Person

THURSDAY, FRIDAY = 3, 4
GATHERINGS = {
    THURSDAY: (time(17, 30), time(20, 30)),
    FRIDAY: (time(11, 0), time(13, 0)),
}
"""Malam Jumat (tahlilan, yasinan) and the Friday prayer, local time, Monday is 0."""

RAMADAN_EVENING = (time(17, 0), time(20, 30))
"""From cooking for the breaking of the fast until after tarawih (DOMAIN 2.3)."""

AFTER_TARAWIH = timedelta(hours=1)
"""So much later the programme's night begins in Ramadan: messages come after tarawih instead."""

EARLIEST = time(5, 30)
"""What cannot wait (a session of this morning is moved) may be told from then on, local time."""

OPEN_AT_LEAST = timedelta(hours=6)
"""Of each day, whatever quiet hours somebody chooses: else nothing would ever reach her."""

WEEKLY_MESSAGES = 7
"""Unasked messages to one person in one ISO week of hers, where the programme sets no other."""

TALK = timedelta(hours=2)
"""So long after the last word of staff, or of hers, a talk counts as going on."""

URGENT = frozenset({"session_changed"})
"""Purposes that may leave from EARLIEST on: they spare somebody a walk for nothing."""

OPTIONAL = frozenset({"tip", "nudge", "broadcast", "message"})
"""Purposes that are left out above the weekly budget. What she agreed to by registering or by
enrolling (checkin, invite, session_reminder, session_changed, feedback) counts but always comes."""


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
    own: bool = False
    """Chosen by the person herself: then Ramadan does not move them."""

    @staticmethod
    def parse(written: str) -> QuietHours | None:
        """Reads HH:MM-HH:MM; empty means no quiet hours at all, gatherings included.

        Raises ValueError for anything else, and where less than OPEN_AT_LEAST of the day is left.
        """
        if not written.strip():
            return None
        begin, _, end = written.partition("-")
        quiet = QuietHours(time.fromisoformat(begin.strip()), time.fromisoformat(end.strip()))
        if quiet.length > timedelta(days=1) - OPEN_AT_LEAST:
            raise ValueError(f"{written} leaves less than 6 hours of the day")
        return quiet

    @property
    def length(self) -> timedelta:
        """How long they last; nothing when both ends are equal."""
        begin, end = (timedelta(hours=at.hour, minutes=at.minute) for at in (self.begin, self.end))
        return (end - begin) % timedelta(days=1)

    def night_of(self, day: date, zone: ZoneInfo) -> tuple[datetime, datetime]:
        """The quiet hours that begin on this local day."""
        begin = datetime.combine(day, self.begin, zone)
        over_midnight = self.end <= self.begin
        end = datetime.combine(day + timedelta(days=over_midnight), self.end, zone)
        if over_midnight and not self.own and is_ramadan(day):
            begin += AFTER_TARAWIH
        return begin, end


@dataclass(frozen=True, slots=True)
class Polite:
    """What is the same for everybody when messages leave: the hours, and how many in a week."""

    quiet: QuietHours | None = None
    weekly: int = WEEKLY_MESSAGES


def why_not(person: Person, now: datetime) -> str:
    """Empty, or the key of the reason for which nothing unasked may be sent to her now.

    Staff are at work: for them no consent is asked.
    """
    if person.role.works:
        return ""
    if person.consent is not Consent.GIVEN:
        return "no_consent"
    if person.stopped:
        return "stopped"
    if person.paused_until is not None and person.paused_until > now:
        return "resting"
    return ""


def is_talking(person: Person, now: datetime) -> bool:
    """Whether a member of staff is having a talk with her."""
    return person.talk_until is not None and person.talk_until > now


def quiet_of(person: Person, quiet: QuietHours | None) -> QuietHours | None:
    """Her own quiet hours where she chose some; none at all where the programme has none.

    Hours that nobody can read are as good as none of her own: nobody else waits for them.
    """
    if quiet is None or not person.quiet:
        return quiet
    try:
        own = QuietHours.parse(person.quiet)
    except ValueError:
        return quiet
    return own and replace(own, own=True)


@dataclass(frozen=True, slots=True)
class Leaving:
    """What becomes of a message at the door: it goes (nothing set), waits until `at`, or does not
    go at all for the `reason` (a key of `not_sent`)."""

    at: datetime | None = None
    reason: str = ""


GOES = Leaving()


@dataclass(frozen=True, slots=True)
class Door:
    """Who may be written to at one moment; what is the same for many is worked out once."""

    now: datetime
    polite: Polite
    _decent: dict[tuple[str, str, bool], datetime] = field(default_factory=dict)
    _weeks: dict[str, int] = field(default_factory=dict)

    def leaving(
        self, person: Person, purpose: str, week: int, unasked: int, *, again: bool = False
    ) -> Leaving:
        """What becomes of one unasked message to a person who had `unasked` ones in her `week`.

        One that was tried before (`again`) was counted then.
        """
        if reason := why_not(person, self.now):
            return Leaving(reason=reason)
        if is_talking(person, self.now):
            return Leaving(at=person.talk_until)
        at = self._decent_time(person, urgent=purpose in URGENT)
        if at > self.now:
            return Leaving(at=at)
        if purpose not in OPTIONAL or again or person.role.works:
            return GOES
        spent = unasked if week == self.week(person.zone) else 0
        return Leaving(reason="budget") if spent >= self.polite.weekly else GOES

    def week(self, zone: str) -> int:
        """The ISO week there, as it is stored: 202647."""
        if zone not in self._weeks:
            year, week, _ = self.now.astimezone(ZoneInfo(zone)).isocalendar()
            self._weeks[zone] = year * 100 + week
        return self._weeks[zone]

    def _decent_time(self, person: Person, *, urgent: bool) -> datetime:
        key = (person.zone, person.quiet, urgent)
        if key not in self._decent:
            quiet = quiet_of(person, self.polite.quiet)
            self._decent[key] = decent_time(self.now, person.tz, quiet, urgent=urgent)
        return self._decent[key]


def decent_time(
    at: datetime, zone: ZoneInfo, quiet: QuietHours | None, *, urgent: bool = False
) -> datetime:
    """The first moment from `at` on at which it is polite to write (aware, in the zone of `at`).

    What is `urgent` waits for EARLIEST at most, and for no gathering.

    >>> night = datetime.fromisoformat("2026-11-18T22:00+07:00")
    >>> jember, quiet = ZoneInfo("Asia/Jakarta"), QuietHours.parse("20:30-06:30")
    >>> decent_time(night, jember, quiet).isoformat()
    '2026-11-19T06:30:00+07:00'
    """
    if quiet is None:
        return at
    local = at.astimezone(zone)
    if urgent:
        quiet = replace(quiet, end=min(quiet.end, EARLIEST))
        ends = [end for begin, end in _nights(quiet, local, zone) if begin <= local < end]
        return ends[0].astimezone(at.tzinfo) if ends else at
    while (later := _end_of_silence(local, quiet, zone)) is not None:
        local = later
    return local.astimezone(at.tzinfo)


def _end_of_silence(local: datetime, quiet: QuietHours, zone: ZoneInfo) -> datetime | None:
    """When the silence in which `local` falls ends; None when it falls in none."""
    for begin, end in (*_nights(quiet, local, zone), *_gatherings(local, zone)):
        if begin <= local < end:
            return end
    return None


def _nights(quiet: QuietHours, local: datetime, zone: ZoneInfo) -> list[tuple[datetime, datetime]]:
    """The quiet hours that began yesterday, and those that begin today."""
    if quiet.begin == quiet.end:
        return []
    today = local.date()
    return [quiet.night_of(day, zone) for day in (today - timedelta(days=1), today)]


def _gatherings(local: datetime, zone: ZoneInfo) -> list[tuple[datetime, datetime]]:
    """The hours of this local day that belong to prayer."""
    day = local.date()
    hours = [GATHERINGS[day.weekday()]] if day.weekday() in GATHERINGS else []
    if is_ramadan(day):
        hours.append(RAMADAN_EVENING)
    return [
        (datetime.combine(day, begin, zone), datetime.combine(day, end, zone))
        for begin, end in hours
    ]

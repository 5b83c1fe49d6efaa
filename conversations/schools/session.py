"""Schools and their sessions as values, and what a conversation may ask about them.

When the messages about a session go out is computed here; what they say is in `announcing.py`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import datetime, time, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Final, NewType, Protocol
from zoneinfo import ZoneInfo

from conversations.politeness import QuietHours, decent_time

if TYPE_CHECKING:
    from conversations.dialogue import PersonId, VillageId

SchoolId = NewType("SchoolId", int)
SessionId = NewType("SessionId", int)


class Stage(StrEnum):
    """What is said about a session, in its order. The first three may be left out by session."""

    INVITE = "invite"
    DAY_BEFORE = "h1"
    EVENING_BEFORE = "h2_evening"
    """H-2 for those who would be asleep, or at prayer, two hours before it begins."""
    HOURS_BEFORE = "h2"
    ATTENDANCE = "attendance"
    """After it: the cadre is asked who came."""
    AFTERWARDS = "after"
    """After attendance: the tip for who could not come, two questions for who came."""
    CHANGED = "changed"
    """Moved or cancelled: everybody enrolled is told at once."""
    UNTOLD = "untold"
    """A while after a change: who could not be told comes back to the cadre, to knock on doors."""


class Rsvp(StrEnum):
    """What somebody said to an invitation."""

    NOTHING = ""
    YES = "yes"
    NO = "no"


@dataclass(frozen=True, slots=True)
class School:
    """A group that meets: Sekolah Bok-Ebok, Pak-Bapak, Yang-eyang, rumah edukasi, rapat …"""

    id: SchoolId
    name: str
    kind: str
    code: str
    zone: str
    village_id: VillageId | None = None
    place: str = ""
    cadre: PersonId | None = None
    """Who may move and cancel its sessions, take attendance, and is told what was not delivered."""

    @property
    def tz(self) -> ZoneInfo:
        """The zone in which its hours are said: WIB, WITA or WIT."""
        return ZoneInfo(self.zone)


@dataclass(frozen=True, slots=True)
class Session:
    """One meeting. Times are aware, UTC; a move raises `revision`."""

    id: SessionId
    school: School
    topic: str
    starts_at: datetime
    ends_at: datetime
    place: str = ""
    facilitator: str = ""
    bring: str = ""
    tip: str = ""
    reminders: tuple[Stage, ...] = (Stage.INVITE, Stage.DAY_BEFORE, Stage.HOURS_BEFORE)
    revision: int = 1
    cancelled: bool = False
    attendance_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Invitation:
    """What one person was asked about one session, and what she said."""

    session: Session
    rsvp: Rsvp = Rsvp.NOTHING
    asked_at: datetime | None = None
    """When the last message that asks her left, or will leave; aware, UTC."""
    present: bool | None = None


@dataclass(frozen=True, slots=True)
class Enrolled:
    """Somebody on a school's list; `number` is hers there: "hadir 3 7 12"."""

    person: PersonId
    number: int
    name: str
    """Salutation and name, as the cadre knows her."""
    present: bool | None = None
    rsvp: Rsvp = Rsvp.NOTHING
    reachable: bool = True


@dataclass(frozen=True, slots=True)
class Step:
    """A stage and when it is done; later than `expires_at` it would be useless. Aware times."""

    stage: Stage
    at: datetime
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Agenda:
    """What is planned for a session from now on, and which stages come too late to be useful."""

    steps: tuple[Step, ...]
    missed: tuple[Stage, ...]


LONGEST: Final = timedelta(hours=24)
"""No session is longer; who meets for several days plans one session a day."""

USUAL: Final = QuietHours(time(20, 30), time(6, 30))
"""Quiet hours by which the hours of stages are chosen; each person's own decide when she hears."""

HOURS: Final = timedelta(hours=2)
USEFUL: Final = timedelta(minutes=15)
"""So long before the beginning a reminder is still of use."""

APART: Final = timedelta(hours=3)
"""What would follow an announcement sooner than this is not said once more."""

INVITED_BEFORE: Final = timedelta(days=3)
ATTENDANCE_WITHIN: Final = timedelta(days=3)
_MORNING, _AFTERNOON, _EVENING = time(9, 30), time(16), time(17)


def stages(session: Session, quiet: QuietHours | None = USUAL) -> tuple[Step, ...]:
    """When everything about a session is said, in its order, were it planned long before.

    Where two hours before would be at night or in a gathering, the reminder of the evening before
    takes its place; the one of the day before then comes in the morning, well apart from it.

    >>> school = School(SchoolId(1), "Bok-Ebok", "bok_ebok", "BOK-SBS", "Asia/Jakarta")
    >>> begins = datetime.fromisoformat("2026-11-24T08:00+07:00")  # a Tuesday
    >>> session = Session(SessionId(1), school, "Bermain", begins, begins + HOURS)
    >>> [f"{step.stage} {step.at:%d %H:%M}" for step in stages(session)]
    ['invite 21 16:00', 'h1 23 09:30', 'h2_evening 23 17:00', 'h2 24 06:00', 'attendance 24 10:00']
    """
    tz = session.school.tz
    begins = session.starts_at.astimezone(tz)
    hours_before, useful = begins - HOURS, begins - USEFUL

    def on(days: int, at: time) -> datetime:
        day = begins.date() - timedelta(days=days)
        return decent_time(datetime.combine(day, at, tz), tz, quiet)

    night = decent_time(hours_before, tz, quiet) != hours_before
    day_before = on(1, _MORNING if night else _AFTERNOON)
    ends = decent_time(session.ends_at.astimezone(tz), tz, quiet)
    invited_until = day_before if Stage.DAY_BEFORE in session.reminders else hours_before
    planned = (
        Step(Stage.INVITE, on(INVITED_BEFORE.days, _AFTERNOON), invited_until),
        Step(Stage.DAY_BEFORE, day_before, hours_before),
        Step(Stage.EVENING_BEFORE, on(1, _EVENING), useful),
        Step(Stage.HOURS_BEFORE, hours_before, useful),
        Step(Stage.ATTENDANCE, ends, ends + ATTENDANCE_WITHIN),
    )
    left_out = {Stage.INVITE, Stage.DAY_BEFORE, Stage.HOURS_BEFORE}.difference(session.reminders)
    if Stage.HOURS_BEFORE in left_out:
        left_out.add(Stage.EVENING_BEFORE)
    return tuple(step for step in planned if step.stage not in left_out)


def agenda(session: Session, now: datetime, *, announced: bool = False) -> Agenda:
    """What is still to be said about a session that is planned, or moved, at this moment.

    The first message that is already late goes out at once, and stands for all that would follow
    it soon. `announced`: everybody is told at this moment anyway, of a change.
    """
    kept: list[Step] = []
    missed: list[Step] = []
    said = announced
    for step in stages(session):
        if step.stage is Stage.ATTENDANCE:
            kept.append(step)
        elif said and step.at < now + _apart(step.stage):
            missed.append(step)
        elif step.at > now:
            kept.append(step)
        elif step.stage is Stage.INVITE or step.expires_at > now:
            kept.append(replace(step, at=now))
            said = True
        else:
            missed.append(step)
    if said and not announced:
        until = max(step.expires_at for step in (kept[0], *missed))
        kept[0] = replace(kept[0], expires_at=until)
    return Agenda(tuple(kept), tuple(step.stage for step in missed))


def _apart(stage: Stage) -> timedelta:
    """How long after an announcement a stage has something to say; an invitation says the same."""
    return INVITED_BEFORE if stage is Stage.INVITE else APART


def is_told_before(session: Session, zone: ZoneInfo, quiet: QuietHours | None) -> bool:
    """Whether somebody hears H-2 the evening before: two hours before is no decent hour for her."""
    hours_before = session.starts_at - HOURS
    return decent_time(hours_before, zone, quiet) != hours_before


def normal_code(written: str) -> str:
    """The code of a school as it is kept, however somebody typed it.

    >>> normal_code(" bok sbs "), normal_code("Bok_Sbs.")
    ('BOK-SBS', 'BOK-SBS')
    """
    return re.sub(r"[^A-Z0-9]+", "-", written.upper()).strip("-")


class Schools(Protocol):
    """What a conversation may ask about schools: bounded point queries, read-only."""

    def all(self) -> tuple[School, ...]:
        """Every open school, by village and name."""

    def by_code(self, code: str) -> School | None:
        """The open school of this code, as printed on its poster."""

    def of_cadre(self, person: PersonId) -> tuple[School, ...]:
        """The schools that this cadre looks after."""

    def of_person(self, person: PersonId) -> tuple[School, ...]:
        """The schools that somebody is enrolled in."""

    def next_sessions(self, school: SchoolId, limit: int = 5) -> tuple[Session, ...]:
        """Sessions that are not over and not cancelled, soonest first."""

    def last_session(self, school: SchoolId) -> Session | None:
        """The session that began last, not cancelled."""

    def session(self, session: SessionId) -> Session | None:
        """One session, in any state."""

    def overlapping(
        self, school: SchoolId, starts_at: datetime, ends_at: datetime, not_: SessionId | None
    ) -> Session | None:
        """Another session of this school, or of its cadre, at that time."""

    def invitation(self, person: PersonId, session: SessionId) -> Invitation | None:
        """What she was asked about this session."""

    def open_invitation(self, person: PersonId) -> Invitation | None:
        """The invitation she was asked about last that has not begun, answered or not."""

    def untold(self, session: SessionId) -> tuple[Enrolled, ...]:
        """Who is enrolled and was not reached by the news of the last change, by number."""

    def enrolled(self, school: SchoolId, session: SessionId | None = None) -> tuple[Enrolled, ...]:
        """The school's list by number; with a session also who said what and who came."""

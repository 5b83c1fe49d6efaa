"""The ladder: who is called about an open task, when, until a human being takes it and acts on it.

All of it follows from what is stored (when it came, who was called when, when it was taken, when
something was done), so that a restart or a clock that was set changes nothing. The words of a call
are in `alerting.py`; making it is due work (bot/planned/escalation.py).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from conversations.dialogue import PersonId
from conversations.duty.team import AT_ONCE, Team
from conversations.level import Level

STEP = timedelta(minutes=15)
"""Without an answer the next one is called after so long (DOMAIN 4.1: after 15, 30 minutes)."""

FIRST_ACTION = timedelta(minutes=60)
"""Whoever took a MERAH has so long for a first action; then the ladder goes on."""

TAKEN_WITHIN = timedelta(hours=4)
"""An ORANYE is taken within so many working hours (DOMAIN 4.1)."""

WORK_BEGINS, WORK_ENDS = time(8, 0), time(16, 0)
"""Working hours, Monday to Friday, in the zone of the programme."""

MORNING, EVENING = time(8, 0), time(20, 0)
"""When what is late is called again, every day, in the zone of the programme; and from when on what
is not urgent waits for the morning."""

EVERYONE = 3
"""From this step on, 45 minutes after the beginning, everybody is called, coordinators too."""

_SATURDAY = 5
_A_DAY = timedelta(days=1)

_ROUGHLY = timedelta(minutes=1)
"""Clocks of two machines may differ by so much; a stored time further ahead means that the clock
went back, and nobody knows how long it has been."""


class Call(StrEnum):
    """What a call says, and so what is expected of whoever gets it."""

    TAKE = "take"
    """Nobody has taken it yet."""
    LAPSED = "lapsed"
    """It was taken, but nothing was done in time: somebody is to take it anew."""
    LATE = "late"
    """Its time has passed: its owner goes on with it, a coordinator helps."""


@dataclass(frozen=True, slots=True)
class Standing:
    """Where an open task stands. Times are aware; `step` is the last that was gone, -1 for none."""

    level: Level
    created_at: datetime
    due_at: datetime
    step: int = -1
    stepped_at: datetime | None = None
    accepted_at: datetime | None = None
    acted_at: datetime | None = None
    next_at: datetime | None = None
    """When the next action was to be done, where one is planned."""
    closing_at: datetime | None = None
    """When a coordinator was asked to approve its closing, where it waits for that."""
    owner: PersonId | None = None
    """Where she can be reached; whoever took it, or is to take it."""
    outside: bool = False


@dataclass(frozen=True, slots=True)
class Look:
    """What is due now, and when to look again; `again` None: nothing will be due by itself."""

    again: datetime | None
    call: Call | None = None
    step: int = -1
    to: tuple[PersonId, ...] = ()
    together: bool = False
    """Nothing urgent, or one of many mornings: all that is late comes to her in one message."""


def look(standing: Standing, team: Team, now: datetime, zone: ZoneInfo) -> Look:
    """What the ladder asks for at this moment; `team` is without whom the task concerns.

    A long stop is caught up in one step, the one that is due now.

    >>> from datetime import UTC
    >>> at = datetime(2026, 11, 18, 20, 0, tzinfo=UTC)
    >>> standing = Standing(Level.MERAH, at, at + FIRST_ACTION, step=0, stepped_at=at)
    >>> team = Team(on_duty=(PersonId(1), PersonId(2)), others=(PersonId(3),))
    >>> look(standing, team, at + STEP, ZoneInfo("Asia/Jakarta")).to
    (1, 2, 3)
    """
    coming = _coming(standing, zone)
    if coming is None:
        return Look(None)
    call, at = coming
    at = _surely(standing, call, at, now)
    if at > now:
        return Look(at)
    step = _step(standing, call, now)
    accepted_at = None if call is Call.LAPSED else standing.accepted_at
    after = replace(standing, step=step, stepped_at=now, accepted_at=accepted_at)
    following = _coming(after, zone)
    first_time = standing.stepped_at is None or standing.stepped_at < _late_since(standing, zone)
    return Look(
        again=None if following is None else following[1],
        call=call,
        step=step,
        to=_whom(standing, call, step, team, first_time=first_time),
        together=call is Call.LATE
        and not standing.outside
        and (not first_time or standing.closing_at is not None or standing.level < Level.ORANYE),
    )


def called(step: int, team: Team, *, outside: bool = False) -> tuple[PersonId, ...]:
    """Whom this step calls, step 0 being the moment it arrives; those called before hear it again.

    A concern about staff or cadres goes to the focal persons alone, and to coordinators only where
    there are none or none of them answers.

    >>> from conversations.dialogue import PersonId as P
    >>> team = Team(on_duty=(P(1), P(2)), others=(P(3), P(4)), coordinators=(P(9),), focal=(P(7),))
    >>> called(0, team), called(1, team), called(3, team)
    ((1, 2), (1, 2, 3), (1, 2, 3, 4, 9))
    >>> called(0, team, outside=True), called(3, team, outside=True)
    ((7,), (7, 9))
    """
    if outside:
        late = step >= EVERYONE or not team.focal
        return (*team.focal, *team.coordinators) if late else team.focal
    if step >= EVERYONE or not team.on_duty:
        return team.everyone
    return team.everyone[: AT_ONCE + step]


def first_look(level: Level, due_at: datetime, now: datetime) -> datetime:
    """When an open task is looked at for the first time (all aware); MERAH and ORANYE soon, because
    the look itself says when the next one is."""
    return now + STEP if level >= Level.ORANYE else due_at


def working(since: datetime, hours: timedelta, zone: ZoneInfo) -> datetime:
    """The moment at which so many working hours have passed.

    >>> friday = datetime(2026, 11, 20, 15, 0, tzinfo=ZoneInfo("Asia/Jakarta"))
    >>> print(working(friday, timedelta(hours=4), ZoneInfo("Asia/Jakarta")))
    2026-11-23 11:00:00+07:00
    """
    at, left = since.astimezone(zone), hours
    while True:
        begins = datetime.combine(at.date(), WORK_BEGINS, zone)
        ends = datetime.combine(at.date(), WORK_ENDS, zone)
        at = max(at, begins)
        if at.weekday() < _SATURDAY and at < ends:
            if at + left <= ends:
                return at + left
            left -= ends - at
        at = begins + _A_DAY


def morning(after: datetime, zone: ZoneInfo) -> datetime:
    """The next morning after this moment.

    >>> night = datetime(2026, 11, 20, 3, 0, tzinfo=ZoneInfo("Asia/Jakarta"))
    >>> print(morning(night, ZoneInfo("Asia/Jakarta")))
    2026-11-20 08:00:00+07:00
    """
    local = after.astimezone(zone)
    today = datetime.combine(local.date(), MORNING, zone)
    return today if local < today else today + _A_DAY


def _coming(one: Standing, zone: ZoneInfo) -> tuple[Call, datetime] | None:
    """The next call that this task asks for, and when; None when it only stands in the list of the
    week."""
    if one.closing_at is not None:
        return Call.LATE, _late_at(one, zone)
    waits = one.level >= Level.ORANYE and one.accepted_at is None
    if waits and one.level is Level.MERAH:
        return Call.TAKE, one.created_at if one.stepped_at is None else one.stepped_at + STEP
    if waits:
        taken_by = working(one.stepped_at or one.created_at, TAKEN_WITHIN, zone)
        return Call.TAKE, min(taken_by, _late_at(one, zone))
    if one.level is Level.MERAH and one.acted_at is None and one.accepted_at is not None:
        return Call.LAPSED, one.accepted_at + FIRST_ACTION
    if one.level is Level.HIJAU and one.next_at is None:
        return None
    return Call.LATE, _late_at(one, zone)


def _late_since(one: Standing, zone: ZoneInfo) -> datetime:
    """When its time is over: the next action's, else the deadline's. Once something was done and
    nothing more is planned, or its closing was asked for, the morning after."""
    if one.closing_at is not None:
        return morning(one.closing_at, zone)
    if one.next_at is None and one.acted_at is not None:
        return morning(max(one.acted_at, one.due_at), zone)
    over = one.next_at or one.due_at
    return over if one.level >= Level.ORANYE else _by_day(over, zone)


def _by_day(at: datetime, zone: ZoneInfo) -> datetime:
    """The same moment, or the next morning: what is not urgent wakes nobody."""
    return at if MORNING <= at.astimezone(zone).time() < EVENING else morning(at, zone)


def _late_at(one: Standing, zone: ZoneInfo) -> datetime:
    """When it is called as late: at once, then every morning."""
    since = _late_since(one, zone)
    if one.stepped_at is None or one.stepped_at < since:
        return since
    return morning(one.stepped_at, zone)


def _surely(one: Standing, call: Call, at: datetime, now: datetime) -> datetime:
    """The moment of a call, which is now when what it is counted from has not come yet."""
    since = one.accepted_at if call is Call.LAPSED else one.stepped_at or one.created_at
    return now if since is not None and since > now + _ROUGHLY else at


def _step(one: Standing, call: Call, now: datetime) -> int:
    """The number of the step that is due now; of MERAH one for each quarter of an hour."""
    if call is not Call.TAKE or one.level is not Level.MERAH:
        return one.step + 1
    if one.stepped_at is None:
        return max(0, (now - one.created_at) // STEP)
    return one.step + max(1, (now - one.stepped_at) // STEP)


def _whom(
    one: Standing, call: Call, step: int, team: Team, *, first_time: bool
) -> tuple[PersonId, ...]:
    owner = () if one.owner is None else (one.owner,)
    if one.outside or (call is not Call.LATE and one.level is Level.MERAH):
        people = (*owner, *called(step, team, outside=one.outside))
    elif call is Call.TAKE:
        people = (*owner, *called(step, team), *team.coordinators)
    elif one.closing_at is not None:
        people = team.coordinators or owner
    elif one.acted_at is not None and first_time and owner:
        people = owner
    else:
        people = (*owner, *team.coordinators) or team.everyone
    return tuple(dict.fromkeys(people))

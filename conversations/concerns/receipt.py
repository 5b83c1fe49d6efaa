"""What is said at once to somebody who reports: received, what happens next, the numbers that help.

On a caregiver's phone it is neutral: no code, nothing of what was told. Cadres and staff get the
code. Nobody is promised an ear that is not there.
"""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from conversations.dialogue import Role, Task
from conversations.duty.opening import DEADLINES
from conversations.level import Level
from conversations.schools.announcing import day_in_words
from conversations.talk import Talk
from locales import hotlines

_HELP_NOW = frozenset({"sapa", "polisi", "ambulans"})
"""Lines that help at once, by their names in hotlines.toml."""


def received(talk: Talk, code: str, level: Level, *, outside: bool = False) -> str:
    """The receipt of what has just been told: by when it is looked after, and the numbers.

    `outside`: it is about staff or a cadre, and read by those outside.
    """
    if not talk.world.staff():
        return f"{with_code(talk, code)}{numbers(talk)}".strip()
    when = deadline(talk, level)
    taken = talk.text("receipt.taken.outside" if outside else "receipt.taken", when=when)
    help_now = numbers(talk, urgent=level >= Level.ORANYE, outside=outside)
    return f"{with_code(talk, code)}{taken} {help_now}"


def with_code(talk: Talk, code: str) -> str:
    """The code for those who work with codes, as the first words; empty for everybody else."""
    return f"{talk.text('receipt.code', code=code)} " if knows_codes(talk) else ""


def knows_codes(talk: Talk) -> bool:
    """Whether codes are shown here: to cadres and staff who speak for themselves, on a phone that
    nobody shares."""
    role = talk.person.role
    alone = talk.world.typist is None and not talk.person.shares_phone
    return alone and (role is Role.CADRE or role.works)


def numbers(talk: Talk, *, urgent: bool = True, outside: bool = False) -> str:
    """The national lines in one calm sentence; with nobody on duty the police come first.

    Where it is `urgent` it is said then that perhaps nobody reads at once. A cadre, also one who
    types for somebody else, hears the telephone of whoever is on duty, except where it is about
    staff or a cadre (`outside`).
    """
    on_duty = bool(talk.world.duty.team().on_duty)
    offered = [line for line in hotlines() if line.key in _HELP_NOW]
    if not on_duty:
        offered.sort(key=lambda line: line.key != "polisi")
    lines = ", ".join(f"{line.number} ({line.name})" for line in offered)
    if not talk.world.staff():
        return talk.text("numbers.nobody", lines=lines)
    said = talk.text("numbers.unsure" if urgent and not on_duty else "numbers", lines=lines)
    phone = talk.world.duty.phone
    works = not outside and (talk.world.typist is not None or knows_codes(talk))
    return f"{said} {talk.text('numbers.duty', phone=phone)}" if phone and works else said


def number(key: str) -> str:
    """The number of one of the national lines, by its name in hotlines.toml."""
    return next(line.number for line in hotlines() if line.key == key)


def deadline(talk: Talk, level: Level, task: Task | None = None) -> str:
    """By when staff are asked to look after something of this level that was told now; of a `task`
    told before the time that it has, where that is sooner and still to come."""
    now = talk.world.now
    at = now + DEADLINES[level]
    if task is not None and now < task.due_at:
        at = min(at, task.due_at)
    return by_when(at, now, talk.person.tz)


def by_when(at: datetime, now: datetime, zone: ZoneInfo) -> str:
    """A moment soon, as people there say it; both times aware.

    >>> from datetime import timedelta
    >>> now, there = datetime.fromisoformat("2026-11-18T10:00+07:00"), ZoneInfo("Asia/Jakarta")
    >>> by_when(now + timedelta(hours=1), now, there), by_when(now + timedelta(days=1), now, there)
    ('hari ini jam 11.00', 'besok jam 10.00')
    >>> by_when(now + timedelta(days=3), now, there)
    'hari Sabtu Pahing, 21 November'
    """
    there = at.astimezone(zone)
    days = (there.date() - now.astimezone(zone).date()).days
    if days > 1:
        return f"hari {day_in_words(there.date())}"
    return f"{'besok' if days else 'hari ini'} jam {there:%H.%M}"

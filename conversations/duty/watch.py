"""The watch: SIAP and JAGA of whoever is on duty, what nobody has answered, what is late.

Alerts themselves are due work without a person (bot/planned/escalation.py); here is what people
say to it in chat, and what the clock tells one person. Lists show code and level only.
"""

from __future__ import annotations

import re
from collections import Counter
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from conversations.concerns.event import AlertAnswered, ReadinessAsked, Ready
from conversations.concerns.receipt import with_code
from conversations.dialogue import Role, Task, Wake
from conversations.duty import alerting
from conversations.duty.team import REMINDED_AFTER, Shift, ShiftId, until
from conversations.event import Remind
from conversations.level import Level
from conversations.message import Choice, Inbound, Kind, Message
from conversations.permission import Act, may
from conversations.talk import Talk
from locales import hotlines

REVIEW = time(8, 30)
"""The list of the week, on Mondays, local time."""

LISTED = 8
"""Tasks with a button each; more than that nobody reads on a phone."""

_MOST = 500
_A_PART = 15
"""Lines of the list of the week in one message."""

_AHEAD = timedelta(hours=24)
_WEEK = timedelta(days=7)
_STALE = timedelta(hours=12)

_FIRST = ("polisi", "sapa", "ambulans")
"""Lines in the order in which they help when nobody of staff answers."""

_SIAP = re.compile(r"^/?siap+( jaga| hadir| bertugas)?( pak| bu| mas| mbak)?[\s!.🙏]*$", re.I)
_JAGA = re.compile(r"^/?((daftar |jadwal )?jaga|siapa (yang )?jaga)[\s?!.]*$", re.I)
_BUTTON = "siap:"


def respond(talk: Talk, inbound: Inbound) -> bool:
    """SIAP, by button or word, and JAGA; False when the message is something else."""
    if inbound.kind is Kind.BUTTON and inbound.button.startswith(_BUTTON):
        number = inbound.button.removeprefix(_BUTTON)
        is_one = re.fullmatch(r"[0-9]{1,9}", number)
        shift = talk.world.duty.shift(ShiftId(int(number))) if is_one else None
        return _ready(talk, shift, asked=True)
    if inbound.kind is not Kind.TEXT:
        return False
    said = " ".join(inbound.text.split())
    if _SIAP.match(said) and may(talk.person, Act.BE_ON_DUTY):
        return _ready(talk, talk.world.duty.current(talk.person.id), asked=False)
    if _JAGA.match(said) and may(talk.person, Act.SEE_DUTY):
        talk.send_text(_roster(talk))
        talk.ask_again()
        return True
    return False


def ask_ready(talk: Talk, wake: Wake) -> None:
    """An hour before her shift, and once more: is she there?"""
    shift = talk.world.duty.shift(ShiftId(int(wake.subject)))
    if shift is None or shift.ready_at is not None or shift.ends_at <= talk.world.now:
        talk.outcome = "skipped: no answer is needed"
        return
    key = "duty.ask" if shift.asked_at is None else "duty.ask_again"
    siap = Choice(talk.text("duty.siap"), f"{_BUTTON}{shift.id}")
    talk.offer(talk.text(key, shift=_times(talk, shift)), (siap,))
    if shift.asked_at is None:
        again = talk.world.now + REMINDED_AFTER
        talk.add(ReadinessAsked(shift.id), Remind(wake.kind, wake.subject, again, wake.expires_at))


def taken(talk: Talk, task: Task) -> None:
    """She takes it: the calls to her are answered, and whoever else was called is told."""
    called = [one for one in talk.world.duty.called(task.code) if one != talk.person.id]
    name = talk.world.cases.name_of(talk.person.id) or talk.text("someone_of_staff")
    talk.add(AlertAnswered(task.code))
    for outgoing in alerting.taken(task.code, name, tuple(called)):
        talk.tell(outgoing)


def seen(talk: Talk, task: Task) -> None:
    """She reads it: the calls to her are answered."""
    talk.add(AlertAnswered(task.code))


def unanswered(talk: Talk, wake: Wake) -> None:
    """Whoever reported something urgent learns that nobody has answered yet, numbers first.

    Nothing on a caregiver's phone tells what it is about; a cadre has her code, and the telephone
    of whoever is on duty, unless that is whom it is about.
    """
    task = talk.world.task(wake.subject)
    if task is None or task.closed_at is not None or task.accepted:
        talk.outcome = "skipped: somebody has it"
        return
    known = {line.key: line for line in hotlines()}
    first = (known[key] for key in _FIRST if key in known)
    lines = ", ".join(f"{line.number} ({line.name})" for line in first)
    if talk.person.role is not Role.CADRE or task.outside or talk.person.shares_phone:
        said = talk.text("unanswered.outside" if task.outside else "unanswered", lines=lines)
        talk.send(Message(f"{with_code(talk, task.code)}{said}", discreet=True))
        talk.ask_again()
        return
    said = talk.text("unanswered.cadre", lines=lines, code=task.code)
    if talk.world.duty.phone:
        said = f"{said} {talk.text('unanswered.phone', phone=talk.world.duty.phone)}"
    talk.ask_again(said)


def overdue(talk: Talk, wake: Wake) -> None:
    """All that is late in one list: her own, and for a coordinator everybody's."""
    if not may(talk.person, Act.LIST_TASKS) or talk.world.now - wake.due_at > _STALE:
        talk.outcome = "skipped: not hers, or too late"
        return
    supervises = talk.person.role is Role.COORDINATOR
    open_ = talk.world.tasks(None if supervises else talk.person.id, limit=_MOST)
    late = [task for task in open_ if task.due_at < talk.world.now]
    if late:
        more = talk.text("overdue.more", n=len(late) - LISTED) if len(late) > LISTED else ""
        text = f"{talk.text('overdue', n=len(late))}{more}"
        talk.offer(text, tuple(_button(talk, task) for task in late[:LISTED]))
    waiting = talk.world.cases.to_approve(LISTED) if supervises else ()
    if waiting:
        talk.say("overdue.approve", codes=", ".join(case.code for case in waiting))


def review(talk: Talk, wake: Wake) -> None:
    """Monday: how many are open at each level, and which; what is late comes first."""
    if not may(talk.person, Act.LIST_TASKS) or talk.person.role is Role.CADRE:
        talk.outcome = "skipped: not hers"
        return
    talk.add(Remind(wake.kind, wake.subject, next_review(talk.world.now, talk.person.zone)))
    if talk.world.now - wake.due_at > _STALE:
        talk.outcome = "skipped: too late"
        return
    now = talk.world.now
    tasks = sorted(talk.world.tasks(None, limit=_MOST), key=lambda task: task.due_at >= now)
    counts = Counter(task.level for task in tasks)
    late = sum(task.due_at < now for task in tasks)
    numbers = ", ".join(f"{level.upper()} {counts[level]}" for level in reversed(Level))
    talk.say("duty.review", numbers=numbers, late=late)
    for first in range(0, len(tasks), _A_PART):
        part = tasks[first : first + _A_PART]
        talk.send_text("\n".join(_line(talk, task) for task in part))


def next_review(now: datetime, zone: str) -> datetime:
    """The coming Monday at 08:30, local time.

    >>> from datetime import UTC
    >>> print(next_review(datetime(2026, 11, 16, 1, 30, tzinfo=UTC), "Asia/Jakarta"))
    2026-11-23 08:30:00+07:00
    """
    local = now.astimezone(ZoneInfo(zone))
    monday = local.date() - timedelta(days=local.weekday())
    this = datetime.combine(monday, REVIEW, local.tzinfo)
    return this if local < this else this + _WEEK


def _ready(talk: Talk, shift: Shift | None, *, asked: bool) -> bool:
    """Her word for her own shift. `asked`: she pressed a button, and is answered in any case."""
    if not may(talk.person, Act.BE_ON_DUTY):
        return False
    if shift is None or shift.person != talk.person.id or shift.ends_at <= talk.world.now:
        if asked:
            talk.say("duty.none")
        return asked
    if shift.ready_at is not None and talk.running is not None and not asked:
        return False
    talk.add(Ready(shift.id))
    said = talk.text("duty.ready", shift=_times(talk, shift))
    untaken = [
        task.code
        for task in talk.world.tasks(None, limit=LISTED)
        if not task.accepted and task.level >= Level.ORANYE
    ]
    if untaken:
        codes = ", ".join(untaken)
        said = f"{said} {talk.text('duty.untaken', codes=codes, code=untaken[0])}"
    talk.ask_again(said)
    return True


def _roster(talk: Talk) -> str:
    now = talk.world.now
    shifts = talk.world.duty.shifts(now + _AHEAD)
    going = [shift for shift in shifts if shift.starts_at <= now]
    coming = [shift for shift in shifts if shift.starts_at > now]
    lines = [talk.text("duty.now") if going else talk.text("duty.nobody")]
    lines += [_shift_line(talk, shift) for shift in going]
    lines += [talk.text("duty.next")] if coming else []
    lines += [_shift_line(talk, shift) for shift in coming]
    return "\n".join(lines)


def _shift_line(talk: Talk, shift: Shift) -> str:
    key = "duty.line" if shift.ready_at is not None else "duty.line.unready"
    line = talk.text(key, name=shift.name, shift=_times(talk, shift))
    calls = shift.phone and may(talk.person, Act.BE_ON_DUTY)
    return f"{line}, {talk.text('duty.phone', phone=shift.phone)}" if calls else line


def _times(talk: Talk, shift: Shift) -> str:
    begins = shift.starts_at.astimezone(talk.person.tz)
    ends = shift.ends_at.astimezone(talk.person.tz)
    day = talk.text(f"weekday.{begins.weekday()}")
    return talk.text("duty.times", day=day, begins=f"{begins:%H.%M}", ends=until(ends))


def _button(talk: Talk, task: Task) -> Choice:
    return Choice(_line(talk, task), f"t:baca:{task.code}")


def _line(talk: Talk, task: Task) -> str:
    return talk.text(
        "staff.line",
        code=task.code,
        level=task.level.upper(),
        due=f"{task.due_at.astimezone(talk.person.tz):%d/%m %H:%M}",
        late=talk.text("staff.late") if task.due_at < talk.world.now else "",
    ).strip()

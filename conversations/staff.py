"""Staff at work in chat: the day's list, a task read, taken, answered through the bot, closed.

Lists and alerts show code and level only. What a person said is shown when it is asked for by
code, hidden on the lock screen, and every reading is accounted for.
"""

from __future__ import annotations

import re
from datetime import datetime, time, timedelta

from conversations.dialogue import Person, Role, Task, Wake
from conversations.event import (
    Audited,
    ErasureConfirmed,
    Remind,
    StaffLinked,
    TalkHeld,
    TaskChanged,
)
from conversations.level import Level
from conversations.message import Choice, Inbound, Kind, Message, Outgoing
from conversations.permission import Act, may
from conversations.politeness import TALK
from conversations.talk import Talk
from locales import say

MORNING = time(8, 0)
STILL_MORNING = timedelta(hours=8)
ANSWER = "answer"
"""The purpose of staff's own words on their way to a person."""

LISTED = 8
"""Tasks in one list: more than that nobody reads on a phone."""

_COMMAND = re.compile(
    r"^/?(tugas|semua|baca|terima|balas|catat|selesai|hapus)\b[\s:]*([A-Z]{2,4}-\d\d-\d{3,})?[\s:]*(.*)$",
    re.IGNORECASE | re.DOTALL,
)
_WITH_WORDS = ("baca", "balas", "catat")
"""Orders that are recognised, and answered, without the code they need."""

_ONE_TIME_CODE = re.compile(
    r"^(?:/start\s+)?([A-HJ-NP-Z2-9]{4}-?[A-HJ-NP-Z2-9]{4})$", re.IGNORECASE
)


def is_command(text: str) -> bool:
    """Whether a text is an order to the bot; "terima kasih" and "semua sehat" are none."""
    match = _COMMAND.match(text.strip())
    return match is not None and bool(match[2] or not match[3] or match[1].lower() in _WITH_WORDS)


def join(talk: Talk, inbound: Inbound) -> bool:
    """A one-time code from `kawan staff add` joins this chat to the staff account."""
    match = _ONE_TIME_CODE.match(inbound.text.strip())
    if match is None:
        return False
    account = talk.world.linked_staff(match[1].upper().replace("-", ""))
    if account is None:
        return False
    if talk.person.role is Role.STAFF:
        talk.say("staff.already_joined")
        return True
    talk.add(StaffLinked(account))
    talk.add(Remind("day_list", str(talk.person.id), _next_morning(talk.person, talk.world.now)))
    talk.say("staff.joined")
    if talk.world.tasks(None, limit=1):
        _list(talk, None, "staff.list")
    return True


def respond(talk: Talk, inbound: Inbound) -> bool:
    """Hears a command of staff; False when it is none, and the message means something else."""
    if talk.person.role is not Role.STAFF:
        return False
    if inbound.kind is Kind.BUTTON:
        if not inbound.button.startswith("t:"):
            return False
        word, _, code = inbound.button[2:].partition(":")
        return _act(talk, word, code, "")
    said = inbound.text.strip()
    if said in _ALERT_CHOICES and talk.running is None:
        return _answer_alert(talk, _ALERT_CHOICES[said])
    match = _COMMAND.match(said)
    if match is None or not is_command(said):
        return False
    return _act(talk, match[1].lower(), (match[2] or "").upper(), match[3].strip())


def day_list(talk: Talk, wake: Wake) -> None:
    """08:00: what is open, and the next morning planned."""
    if talk.person.role is not Role.STAFF:
        return
    talk.add(Remind("day_list", wake.subject, _next_morning(talk.person, talk.world.now)))
    if talk.world.now - wake.due_at < STILL_MORNING:
        _list(talk, None, "staff.day")


def _answer_alert(talk: Talk, word: str) -> bool:
    """A number typed under an alert: clear when one task waits to be taken, else the list."""
    waiting = [task for task in talk.world.tasks(None, limit=LISTED) if not task.accepted]
    if len(waiting) == 1:
        return _act(talk, word, waiting[0].code, "")
    _list(talk, None, "staff.list")
    return True


def _act(talk: Talk, word: str, code: str, words: str) -> bool:
    if word in ("tugas", "semua"):
        _list(talk, talk.person if word == "tugas" else None, "staff.list")
        return True
    if word not in _DO:
        return False
    if not code:
        talk.say("staff.which_code", word=word.upper())
        return True
    task = talk.world.task(code)
    if task is None or not may(talk.person, _ACTS[word], task):
        talk.say("staff.no_such_task", code=code)
        return True
    _DO[word](talk, task, words)
    return True


def _list(talk: Talk, owner: Person | None, heading: str) -> None:
    tasks = talk.world.tasks(owner.id if owner else None, limit=LISTED)
    if not tasks:
        talk.say("staff.nothing")
        return
    zone = talk.person.tz
    choices = tuple(
        Choice(
            talk.text(
                "staff.line",
                code=task.code,
                level=task.level.upper(),
                due=f"{task.due_at.astimezone(zone):%d/%m %H:%M}",
                late=talk.text("staff.late") if task.due_at < talk.world.now else "",
            ).strip(),
            f"t:baca:{task.code}",
        )
        for task in tasks
    )
    talk.offer(talk.text(heading, n=len(tasks)), choices)


def shown_to_staff(code: str) -> str:
    """The purpose of a message that shows what was said in a task, so that erasure finds it.

    >>> shown_to_staff("LDK-26-0042")
    'task LDK-26-0042'
    """
    return f"task {code}"[:24]


def _read(talk: Talk, task: Task, words: str) -> None:
    talk.add(Audited("task_read", task.code))
    opened = task.created_at.astimezone(talk.person.tz)
    about = talk.text(
        "staff.about",
        code=task.code,
        level=task.level.upper(),
        kind=say(f"staff.kind.{task.kind}"),
        reason=say(task.reason),
        who=task.about_name or "-",
        at=f"{opened:%d/%m %H:%M}",
    )
    for media in task.media:
        talk.send(Message(talk.text("staff.file", code=task.code), media=media, discreet=True))
    text = f"{about}\n\n“{task.content}”" if task.content else about
    choices = () if task.closed_at else _next_steps(talk, task)
    talk.offer(text, choices, discreet=True, purpose=shown_to_staff(task.code))


def _next_steps(talk: Talk, task: Task) -> tuple[Choice, ...]:
    take = Choice(say("staff.accept"), f"t:terima:{task.code}")
    close = Choice(say("staff.close"), f"t:selesai:{task.code}")
    return (close,) if task.accepted else (take, close)


def _accept(talk: Talk, task: Task, words: str) -> None:
    if task.closed_at is not None:
        talk.say("staff.already_closed", code=task.code)
        return
    if task.accepted and task.owner not in (None, talk.person.id):
        talk.say("staff.already_taken", code=task.code)
        return
    talk.add(TaskChanged(task.code, "accepted"))
    talk.say("staff.accepted", code=task.code)


def _answer(talk: Talk, task: Task, words: str) -> None:
    """Staff's own words to the person, through the bot, so that no private number is shared."""
    if not words or task.about is None:
        talk.say("staff.answer_how", code=task.code)
        return
    talk.tell(
        Outgoing(
            Message(say("staff.to_person", words=words), discreet=True),
            to=task.about,
            purpose=ANSWER,
        )
    )
    talk.add(
        TaskChanged(task.code, "answered", words),
        Audited("task_answered", task.code),
        TalkHeld(task.about, talk.world.now + TALK),
    )
    talk.say("staff.answered", code=task.code)


def _note(talk: Talk, task: Task, words: str) -> None:
    if not words:
        talk.say("staff.note_how", code=task.code)
        return
    talk.add(TaskChanged(task.code, "noted", words))
    talk.say("staff.noted", code=task.code)


def _close(talk: Talk, task: Task, words: str) -> None:
    if task.closed_at is not None:
        talk.say("staff.already_closed", code=task.code)
        return
    if task.kind == "erasure":
        talk.say("staff.erasure_how", code=task.code)
        return
    if task.level >= Level.ORANYE and not words:
        talk.say("staff.close_how", code=task.code)
        return
    talk.add(TaskChanged(task.code, "closed", words), Audited("task_closed", task.code))
    if task.about is not None:
        talk.add(TalkHeld(task.about, None))
    talk.say("staff.closed", code=task.code)


def _erase(talk: Talk, task: Task, words: str) -> None:
    """Confirmed by another route that she herself asked: her data goes now."""
    if task.kind != "erasure" or task.closed_at is not None:
        talk.say("staff.no_such_task", code=task.code)
        return
    if words.casefold() != "sudah dipastikan":
        talk.say("staff.erasure_how", code=task.code)
        return
    talk.add(ErasureConfirmed(task.code), Audited("erasure_confirmed", task.code))
    talk.add(TaskChanged(task.code, "closed", words))
    talk.say("staff.erased", code=task.code)


_ALERT_CHOICES = {"1": "terima", "2": "baca"}
"""The numbers beside the buttons of an alert (talk.py)."""

_DO = {
    "baca": _read,
    "terima": _accept,
    "balas": _answer,
    "catat": _note,
    "selesai": _close,
    "hapus": _erase,
}
_ACTS = {
    "baca": Act.READ_TASK,
    "terima": Act.TAKE_TASK,
    "balas": Act.ANSWER_PERSON,
    "catat": Act.TAKE_TASK,
    "selesai": Act.CLOSE_TASK,
    "hapus": Act.ERASE_PERSON,
}


def _next_morning(person: Person, now: datetime) -> datetime:
    local = now.astimezone(person.tz)
    morning = datetime.combine(local.date(), MORNING, person.tz)
    if morning <= local:
        morning = datetime.combine(local.date() + timedelta(days=1), MORNING, person.tz)
    return morning.astimezone(now.tzinfo)

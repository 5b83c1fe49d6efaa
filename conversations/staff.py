"""Staff at work in chat: what they may order, their lists, and the answers that go through the bot.

Lists and alerts show code and level only. What a person said is shown when it is asked for by
code (casework/showing.py), and what becomes of a case is in the other files of `concerns/`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime, time, timedelta

from conversations.casework import (
    closing,
    desk,
    handing,
    lists,
    order,
    referring,
    showing,
    visiting,
    working,
)
from conversations.concerns.case import Case
from conversations.dialogue import Interview, Person, Role, Task, Wake
from conversations.event import (
    Audited,
    ErasureConfirmed,
    Remind,
    StaffLinked,
    TalkHeld,
    TaskChanged,
)
from conversations.helping import inviting
from conversations.level import Level
from conversations.message import Choice, Inbound, Kind, Message, Outgoing
from conversations.permission import Act, may
from conversations.politeness import TALK
from conversations.talk import Conversation, Talk
from locales import say

MORNING = time(8, 0)
STILL_MORNING = timedelta(hours=8)
ANSWER = "answer"
"""The purpose of staff's own words on their way to a person."""

_ONE_TIME_CODE = re.compile(
    r"^(?:/start\s+)?([A-HJ-NP-Z2-9]{4}-?[A-HJ-NP-Z2-9]{4})$", re.IGNORECASE
)


def is_order(talk: Talk, text: str) -> bool:
    """Whether a text is an order of staff, or the words of one, and so no cry for help of hers."""
    if not talk.person.role.safeguards or talk.person.shares_phone:
        return False
    return desk.is_writing(talk) or order.read(text) is not None


def is_for_alert(talk: Talk, inbound: Inbound) -> bool:
    """Whether a typed number stands under an alert, and not under choices that were older."""
    at = talk.offered_at
    if inbound.text.strip() not in _ALERT_CHOICES or at is None or talk.running is not None:
        return False
    return talk.person.role.safeguards and talk.world.duty.called_since(talk.person.id, at)


def join(talk: Talk, inbound: Inbound) -> bool:
    """A one-time code from `kawan staff add` joins this chat to the staff account."""
    match = _ONE_TIME_CODE.match(inbound.text.strip())
    if match is None:
        return False
    account = talk.world.linked_staff(match[1].upper().replace("-", ""))
    if account is None:
        return False
    if talk.person.role.works:
        talk.say("staff.already_joined")
        return True
    talk.add(StaffLinked(account))
    talk.add(Remind("day_list", str(talk.person.id), _next_morning(talk.person, talk.world.now)))
    talk.say("staff.joined")
    return True


def respond(talk: Talk, inbound: Inbound) -> bool:
    """Hears an order; False when it is none, or not for her, and the message means something else.

    Cadres have few, with a code or as the bare word while they have a visit, because what they
    write is mostly no order.
    """
    if talk.person.shares_phone:
        return _is_for_own_phone(talk, inbound)
    if not may(talk.person, Act.LIST_TASKS):
        return False
    if inbound.kind is Kind.BUTTON:
        if not inbound.button.startswith("t:"):
            return False
        word, _, rest = inbound.button[2:].partition(":")
        code, _, words = rest.partition(":")
        return _carry_out(talk, word, code, words)
    if inbound.kind is not Kind.TEXT:
        return False
    said = inbound.text.strip()
    is_cadre = talk.person.role is Role.CADRE
    if said in _ALERT_CHOICES and talk.running is None and not is_cadre:
        return _answer_alert(talk, _ALERT_CHOICES[said])
    read = order.read(said, writing=desk.is_writing(talk))
    if read is None:
        return False
    if is_cadre and not read.code and read.word not in _CADRES_LISTS:
        return not read.words and _of_her_only_visit(talk, read.word)
    if not read.code:
        return _carry_out(talk, read.word, "", read.words)
    codes = order.meant(talk, read.code)
    if len(codes) == 1:
        return _carry_out(talk, read.word, codes[0], read.words)
    if is_cadre:
        return False
    if codes:
        talk.say("staff.several_codes", codes=", ".join(codes[: desk.PAGE]), word=read.word.upper())
    else:
        talk.say("staff.no_such_task", code=read.code)
    return True


def _is_for_own_phone(talk: Talk, inbound: Inbound) -> bool:
    """An order that is not carried out on a phone that several people use."""
    if not may(replace(talk.person, shares_phone=False), Act.LIST_TASKS):
        return False
    read = order.read(inbound.text.strip()) if inbound.kind is Kind.TEXT else None
    is_cadre = talk.person.role is Role.CADRE
    meant = read is not None and (not is_cadre or bool(read.code) or not read.words)
    if not (meant or inbound.button.startswith("t:")):
        return False
    talk.ask_again(talk.text("staff.own_phone"))
    return True


def _of_her_only_visit(talk: Talk, word: str) -> bool:
    """BACA alone, as she was told to write it: the visit she was asked for, or which of them."""
    visits = talk.world.tasks(talk.person.id, limit=2)
    if word not in ("baca", "terima") or talk.running is not None or not visits:
        return False
    return _carry_out(talk, word, visits[0].code if len(visits) == 1 else "", "")


def is_doubtful(talk: Talk, typed: str, picked: str) -> bool:
    """Asks which was meant, when a number answers an offer that is older than an alert about
    something that nobody has taken. `picked` is the payload that it means there."""
    word = _ALERT_CHOICES.get(typed.strip())
    before = talk.offered_at
    if word is None or before is None or not may(talk.person, Act.LIST_TASKS):
        return False
    newer = [
        task
        for task in talk.world.tasks(None, limit=desk.PAGE)
        if not task.accepted and task.level >= Level.ORANYE and task.created_at > before
        if talk.person.role is not Role.CADRE and may(talk.person, Act.TAKE_TASK, task)
    ]
    if not newer:
        return False
    choices = [
        Choice(f"{word.upper()} {task.level.upper()} {task.code}", f"t:{word}:{task.code}")
        for task in newer
    ]
    earlier = Choice(talk.text("school.which.list"), picked)
    talk.offer(talk.text("staff.which_number"), (*choices, earlier))
    return True


def help_(talk: Talk) -> None:
    """The orders of whoever works here, and the lists a button away."""
    if not talk.person.role.safeguards:
        talk.ask_again(talk.text("organiser.help"))
        return
    if talk.running is not None:
        talk.ask_again(talk.text("staff.help"))
        return
    shown = ("kasus", "tugas", "bantu")
    choices = tuple(Choice(talk.text(f"staff.show.{word}"), f"t:{word}") for word in shown)
    talk.offer(talk.text("staff.help"), choices)


def day_list(talk: Talk, wake: Wake) -> None:
    """08:00: what is open, and the next morning planned."""
    if not talk.person.role.works:
        return
    talk.add(Remind("day_list", wake.subject, _next_morning(talk.person, talk.world.now)))
    if talk.world.now - wake.due_at < STILL_MORNING and may(talk.person, Act.LIST_TASKS):
        lists.tasks(talk, None, "staff.day")


def asked(talk: Talk, interview: Interview, answers: Mapping[str, str]) -> None:
    """The words that an order lacked are there: it is carried out as if it had come with them."""
    word, code, words = desk.asked_for(interview, answers)
    if words:
        _carry_out(talk, word, code, words)
    else:
        talk.offer(talk.text("case.given_up"), (Choice(say("staff.read"), f"t:baca:{code}"),))


# --- carrying out ---------------------------------------------------------------------------------


def _answer_alert(talk: Talk, word: str) -> bool:
    """A number typed under an alert: clear when one task waits to be taken, else the list."""
    waiting = [task for task in talk.world.tasks(None, limit=desk.PAGE) if not task.accepted]
    if len(waiting) == 1:
        return _carry_out(talk, word, waiting[0].code, "")
    lists.tasks(talk, None, "staff.list")
    return True


def _carry_out(talk: Talk, word: str, code: str, words: str) -> bool:
    """One order about one task; False for a word that is none of hers."""
    is_cadre = talk.person.role is Role.CADRE
    if word in _LISTS:
        _LISTS[word](talk, int(code) if re.fullmatch(r"[0-9]{1,9}", code) else 0)
        return True
    acts, tasks = (_CADRES_ACTS, _CADRES) if is_cadre else (desk.STEPS, _OF_TASKS)
    if word not in acts:
        return False
    if not code:
        lists.which(talk, word)
        return True
    task = talk.world.task(code)
    if task is None or not may(talk.person, acts[word], task):
        talk.say("staff.no_such_task", code=code)
        return True
    if word != "baca":
        talk.give_up_all(desk.WORDS, desk.OUTCOME)
    if word in tasks:
        tasks[word](talk, task, words)
        return True
    case = desk.case_of(talk, task)
    if case is None:
        talk.say("case.is_none", code=code)
    elif word in _ALSO_CLOSED or not desk.is_over(talk, task):
        _OF_CASES[word](talk, case, words)
    return True


# --- what goes to the person through the bot ------------------------------------------------------


def _answer(talk: Talk, task: Task, words: str) -> None:
    """Staff's own words to the person, through the bot, so that no private number is shared."""
    if task.about is None:
        talk.say("staff.nobody_to_answer", code=task.code)
        return
    if not words or words.startswith("voice:"):
        desk.ask(talk, "balas", task.code, "staff.answer_how")
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
        TalkHeld(task.about, talk.world.now + TALK),
    )
    case = desk.case_of(talk, task)
    if case is None:
        desk.finished(talk, "staff.answered", code=task.code)
    else:
        desk.done(talk, case, "staff.answered")


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
"""The numbers beside the buttons of an alert (alerting.py)."""

_LISTS: Mapping[str, Callable[[Talk, int], None]] = {
    "kasus": lists.cases,
    "tugas": lambda talk, first: lists.tasks(talk, talk.person.id, "staff.list", first),
    "semua": lambda talk, first: lists.tasks(talk, None, "staff.list", first),
    "bantu": lambda talk, first: _tell_orders(talk),
}
_OF_TASKS: Mapping[str, Callable[[Talk, Task, str], None]] = {
    "baca": showing.read,
    "terima": working.accept,
    "balas": _answer,
    "catat": working.note,
    "selesai": closing.close,
    "serahkan": handing.hand_over,
    "hapus": _erase,
    "angkat": inviting.accept,
    "tolak": inviting.decline,
    "lainnya": desk.others,
}
_OF_CASES: Mapping[str, Callable[[Talk, Case, str], None]] = {
    "tindakan": working.act,
    "rencana": working.plan,
    "tahap": working.stage,
    "level": working.level,
    "rujuk": referring.refer,
    "jawaban": referring.answer,
    "kunjungi": visiting.send,
    "kecualikan": handing.keep_out,
    "kaitkan": handing.link,
    "gabung": handing.merge,
    "setujui": closing.approve,
    "kembalikan": closing.send_back,
    "bukalagi": closing.reopen,
}
_ALSO_CLOSED = frozenset({"setujui", "kembalikan", "bukalagi", "kaitkan", "jawaban"})
"""Orders that also mean something, or say what is the matter, when the case is closed."""

_CADRES_LISTS = frozenset({"kasus", "tugas"})
_CADRES: Mapping[str, Callable[[Talk, Task, str], None]] = {
    "baca": showing.read,
    "terima": visiting.accept,
    "catat": visiting.note,
    "selesai": visiting.been_there,
}
_CADRES_ACTS: Mapping[str, Act] = {
    "baca": Act.READ_TASK,
    "terima": Act.TAKE_TASK,
    "catat": Act.NOTE_TASK,
    "selesai": Act.END_VISIT,
}

CONVERSATIONS = (
    Conversation(desk.WORDS, asked, owns_files=True),
    Conversation(desk.OUTCOME, asked),
)


def _tell_orders(talk: Talk) -> None:
    """Every order in a few short messages."""
    keys = ["staff.help.case", "staff.help.more", "organiser.help"]
    if may(talk.person, Act.APPROVE_CLOSING):
        keys.insert(2, "staff.help.approve")
    for key in keys:
        talk.say(key)


def _next_morning(person: Person, now: datetime) -> datetime:
    local = now.astimezone(person.tz)
    morning = datetime.combine(local.date(), MORNING, person.tz)
    if morning <= local:
        morning = datetime.combine(local.date() + timedelta(days=1), MORNING, person.tz)
    return morning.astimezone(now.tzinfo)

"""What every order about a case needs: asking for what is missing, and the next sensible steps.

Which orders there are is in `staff.py`; what each does in the files beside this one.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from conversations.concerns.case import Case, Phone, Stage
from conversations.concerns.clocks import clocks
from conversations.dialogue import Interview, PersonId, Task
from conversations.event import TaskExtended
from conversations.message import Choice, MediaId
from conversations.permission import Act, may
from conversations.schools.announcing import day_and_hour
from conversations.talk import Talk

WORDS, OUTCOME = "kasus_isi", "kasus_hasil"
"""The forms that ask for the words, and for the outcome, that an order needs."""

PAGE = 8
"""Entries of one numbered list: more than that nobody reads on a phone."""

_HOUR = timedelta(hours=1)
_CODE, _ORDER, _KEPT = "tugas.kode", "meja.perintah", "meja.kata"


def is_writing(talk: Talk) -> bool:
    """Whether what comes now are words of staff about a case, and no words of her own."""
    running = talk.running
    return talk.person.role.works and running is not None and running.conversation in _FORMS


def ask(talk: Talk, word: str, code: str, key: str, *, kept: str = "") -> None:
    """Asks for the words that an order lacks; the answer is the same order with them.

    `kept` is what was said already and stands before the answer.
    """
    talk.start(WORDS, facts=_facts(word, code, kept), opening=talk.text(key, code=code))


def ask_outcome(talk: Talk, code: str, kept: str) -> None:
    """Asks why a case is closed; `kept` are the words that were said already."""
    opening = talk.text("case.close_why", code=code)
    talk.start(OUTCOME, facts=_facts("selesai", code, kept), opening=opening)


def asked_for(interview: Interview, answers: Mapping[str, str]) -> tuple[str, str, str]:
    """The order, the code and all its words, now that they are there; "" words: given up."""
    facts = interview.facts
    kept = facts.get(_KEPT, "")
    said = answers.get("isi") or answers.get("hasil") or ""
    parts = (said, kept) if interview.conversation == OUTCOME else (kept, said)
    words = " ".join(filter(None, parts)) if said else ""
    return facts.get(_ORDER, ""), facts.get(_CODE, ""), words


def heard(talk: Talk, code: str, words: str) -> str:
    """Words as they are written down; a voice note of staff is kept with the task to be heard."""
    head, _, last = words.rpartition(" ")
    kind, _, file = last.partition(":")
    if kind != "voice" or not file:
        return words
    talk.add(TaskExtended(code, media=MediaId(file)))
    return f"{head} {talk.text('case.voice_note')}".strip()


def case_of(talk: Talk, task: Task) -> Case | None:
    """The case that a task is, None for something to be done once."""
    return talk.world.cases.case(task.code)


def is_over(talk: Talk, task: Task) -> bool:
    """Whether it is closed by now; says so, and how it is opened again."""
    if task.closed_at is None:
        return False
    case = case_of(talk, task)
    choices = () if case is None else next_steps(talk, case)
    talk.offer(talk.text("staff.already_closed", code=task.code), choices)
    return True


def done(talk: Talk, case: Case, key: str, /, **values: object) -> None:
    """What was just done with a case, and what may be done next."""
    text = talk.text(key, code=case.code, **values)
    talk.offer(text, next_steps(talk, since(talk, case)))


def finished(talk: Talk, key: str, /, **values: object) -> None:
    """What was just done, where nothing more is hers to do with it; her list is a button away."""
    lists = (Choice(talk.text("staff.show.kasus"), "t:kasus"),)
    talk.offer(talk.text(key, **values), lists)


def since(talk: Talk, case: Case, **changes: Any) -> Case:
    """The case as it is after an action of this turn: the first one after it was taken counts."""
    task = case.task
    if task.accepted and task.acted_at is None:
        task = replace(task, acted_at=talk.world.now)
    return replace(case, task=task, **changes)


def next_steps(talk: Talk, case: Case) -> tuple[Choice, ...]:
    """What is sensible now, as far as this person may do it; the rest is behind the last one."""
    task = case.task
    if task.closed_at is not None:
        return _steps(talk, case, ("bukalagi",))
    if case.closing_by is not None:
        hers = case.closing_by == talk.person.id
        return _steps(talk, case, ("baca",) if hers else ("setujui", "kembalikan", "baca"))
    if not task.accepted:
        return _steps(talk, case, ("terima", "baca"))
    if task.acted_at is None:
        return _steps(talk, case, ("tindakan", "rencana", "catat", "lainnya"))
    planned = case.next_at is not None and case.next_at > talk.world.now
    wanted = ["catat", "rujuk", "selesai", "lainnya"]
    if not planned:
        wanted.insert(0, "rencana")
    ahead = _next_stage(case.stage)
    first = () if ahead is None else (_to_stage(talk, case.code, ahead),)
    return (*first, *_steps(talk, case, wanted))


def others(talk: Talk, task: Task, words: str) -> None:
    """LAINNYA: every other step."""
    case = case_of(talk, task)
    if case is None:
        talk.say("case.is_none", code=task.code)
        return
    wanted = ["baca", "tindakan", "rencana", "tahap", "level", "kunjungi", "serahkan"]
    if talk.world.cases.referrals(case.code):
        wanted.insert(5, "jawaban")
    if task.outside:
        wanted.remove("kunjungi")
    wanted += ["kecualikan", "kaitkan", "gabung"]
    talk.offer(talk.text("case.others", code=case.code), _steps(talk, case, wanted))


def when(talk: Talk, at: datetime) -> str:
    """A moment in her own zone, with weekday and date."""
    return day_and_hour(at, talk.person.zone)


def clock_lines(talk: Talk, case: Case, *, short: bool = False) -> tuple[str, ...]:
    """The time that a law still leaves, where it runs; `short` for a line of a list."""
    running = clocks(case, talk.world.cases.referrals(case.code), talk.world.now)
    key = "case.clock.short" if short else "case.clock"
    return tuple(
        talk.text(
            f"{key}.over" if one.over else key,
            what=talk.text(one.name),
            law=one.law,
            when=when(talk, one.ends_at),
            hours=abs(one.left) // _HOUR,
        )
        for one in running
    )


def name_of(talk: Talk, person: PersonId | None) -> str:
    """What a colleague is called; "-" for nobody."""
    return (talk.world.cases.name_of(person) if person is not None else "") or "-"


def weigh(talk: Talk, case: Case) -> str:
    """Before anybody is called back: whose telephone it is, and when it is safe to talk."""
    about = case.task.about
    phone = Phone.NONE if about is None else talk.world.cases.phone(about)
    lines = [talk.text(f"case.phone.{phone}")]
    if case.may_call:
        lines.append(
            talk.text("case.may_call.no" if case.may_call == "jangan" else "case.may_call")
        )
    if safe_time := _safe_time(talk, case.code):
        lines.append(talk.text("case.safe_time", when=safe_time))
    return " ".join([*lines, talk.text("case.weigh")])


def _safe_time(talk: Talk, code: str) -> str:
    """The last that the reporter said about when it suits her."""
    said = ""
    for noted in talk.world.cases.history(code):
        name, colon, words = noted.text.partition(":")
        if noted.action == "added" and colon and name.strip() == "waktu":
            said = words.strip()
    return said[:80]


def _to_stage(talk: Talk, code: str, stage: Stage) -> Choice:
    label = talk.text("case.step.stage", stage=talk.text(f"case.stage.{stage}"))
    return Choice(label, f"t:tahap:{code}:{stage}")


def _next_stage(stage: Stage) -> Stage | None:
    """The stage after this one; the last one is reached by closing."""
    order = list(Stage)[:-1]
    later = order[order.index(stage) + 1 :] if stage in order else []
    return later[0] if later else None


def _steps(talk: Talk, case: Case, words: Iterable[str]) -> tuple[Choice, ...]:
    return tuple(
        Choice(talk.text(f"case.step.{word}"), f"t:{word}:{case.code}")
        for word in words
        if may(talk.person, STEPS[word], case.task)
    )


def _facts(word: str, code: str, kept: str) -> dict[str, str]:
    return {_CODE: code, _ORDER: word, _KEPT: kept}


_FORMS = frozenset({WORDS, OUTCOME})

STEPS: Mapping[str, Act] = {
    "baca": Act.READ_TASK,
    "terima": Act.TAKE_TASK,
    "balas": Act.ANSWER_PERSON,
    "catat": Act.NOTE_TASK,
    "selesai": Act.CLOSE_TASK,
    "hapus": Act.ERASE_PERSON,
    "angkat": Act.GIVE_ROLE,
    "tolak": Act.GIVE_ROLE,
    "tindakan": Act.WORK_ON_CASE,
    "rencana": Act.WORK_ON_CASE,
    "tahap": Act.WORK_ON_CASE,
    "level": Act.WORK_ON_CASE,
    "rujuk": Act.WORK_ON_CASE,
    "jawaban": Act.WORK_ON_CASE,
    "kaitkan": Act.WORK_ON_CASE,
    "lainnya": Act.WORK_ON_CASE,
    "kunjungi": Act.SEND_CADRE,
    "serahkan": Act.HAND_OVER,
    "kecualikan": Act.EXCLUDE,
    "gabung": Act.MERGE_CASES,
    "setujui": Act.APPROVE_CLOSING,
    "kembalikan": Act.APPROVE_CLOSING,
    "bukalagi": Act.REOPEN_CASE,
}
"""What an order about a task asks of the permission table."""

"""Danger words: staff are told before the person has confirmed, and her own view is added to it.

The numbers that help come at once, then one question; a "no" withdraws nothing. The rest of the
report is asked by the short form of `reporting.py`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from conversations import danger
from conversations.concerns import about_us, raising, young
from conversations.concerns.case import CONCERN
from conversations.concerns.event import CaseKnown
from conversations.concerns.receipt import deadline, numbers, with_code
from conversations.concerns.reporting import CLASS, CODE, SAFE, ask_more, extend, running_task
from conversations.dialogue import Interview
from conversations.event import TaskExtended
from conversations.level import Level
from conversations.talk import Conversation, Talk


def raise_alarm(talk: Talk, text: str) -> None:
    """Words that must reach a human being: staff are told before the person has confirmed.

    MERAH and ORANYE are answered with the numbers that help now and one question; a lower level
    becomes a quiet task, and the talk goes on. In a running report they belong to it.
    """
    found = danger.assess(text)
    if found.level is not None and found.cls is not None:
        _alarm(talk, text, found.level, found.cls)


def cry(talk: Talk, text: str) -> None:
    """Somebody cries for help and says no more: nobody waits for what it is about."""
    _alarm(talk, text, Level.MERAH, "")


def _alarm(talk: Talk, text: str, level: Level, danger_class: str) -> None:
    running = running_task(talk)
    if running is None:
        talk.alarm = talk.open_task(
            CONCERN,
            level,
            "reason.words",
            content=text,
            danger_class=danger_class,
            outside=about_us.goes_outside(talk, text),
        )
        flooded = talk.world.task(talk.alarm)
        if flooded is not None and level >= Level.ORANYE:
            raising.ring_again(talk, flooded)
        return
    talk.alarm = running.code
    extend(talk, running.code, text)
    now = replace(
        running,
        excluded=running.excluded | frozenset(talk.world.duty.mentioned(text)),
        outside=running.outside or about_us.goes_outside(talk, text),
    )
    raised = raising.raise_to(talk, now, level, danger_class)
    if not raised and level >= Level.ORANYE:
        raising.ring_again(talk, now)


def help_now(talk: Talk, text: str) -> None:
    """The numbers that help now, and one question whose answer never lowers the alarm.

    Whoever tells more while that question is open is not shown everything again.
    """
    code = talk.alarm or ""
    if young.writes(talk, text):
        young.answer(talk, code)
        return
    running = talk.running
    if running is not None and running.conversation == "bahaya":
        talk.set_fact(running.id, CODE, code)
        talk.ask_again(talk.text("danger.more"))
        return
    outside = about_us.goes_outside(talk, text)
    heard = "danger.heard.outside" if outside else "danger.heard"
    passed_on = f"{talk.text(heard)} " if talk.world.staff() else ""
    opening = f"{passed_on}{with_code(talk, code)}{numbers(talk, outside=outside)}"
    found = danger.assess(text).cls
    talk.start("bahaya", facts={CODE: code, CLASS: found or ""}, opening=opening)


def confirmed(talk: Talk, interview: Interview, answers: Mapping[str, str]) -> None:
    """Her own view is added; a "no" withdraws nothing (another hand may hold the phone), and
    from a question left out nothing is concluded.

    Then the rest of the report: what has been told is not asked again.
    """
    code = interview.facts.get(CODE, "")
    said = answers.get("pilihan", "")
    task = talk.world.task(code)
    level = task.level if task is not None else Level.MERAH
    key, safe = "danger.no" if said else "danger.unsaid", ""
    if not talk.world.staff():
        key = f"{key}.nobody"
    if said:
        talk.add(TaskExtended(code, content=f"bahaya: {said}"))
    if said == "ya":
        level, safe = Level.MERAH, "belum"
        sure = talk.world.duty.team().on_duty and not (task is not None and task.outside)
        key = "danger.yes" if sure else "danger.yes.nobody"
        talk.add(CaseKnown(code, {"safe": safe}))
        if task is None or task.closed_at is not None:
            code = raising.anew(talk, code, task, level)
        else:
            raising.raise_to(talk, task, level)
    opening = talk.text(key, when=deadline(talk, level, task))
    known = {CODE: code, SAFE: safe, CLASS: interview.facts.get(CLASS, "")}
    waiting = talk.begun("lapor")
    if waiting is None or waiting.at == "isi":
        ask_more(talk, known, opening)
        return
    talk.send_text(opening)
    for name, value in known.items():
        if value and not waiting.facts.get(name):
            talk.set_fact(waiting.id, name, value)


CONVERSATIONS = (Conversation("bahaya", confirmed, urgent=True),)

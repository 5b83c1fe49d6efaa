"""How a case ends, and begins again: an outcome that a human being names, a coordinator's approval.

MERAH and ORANYE wait for a coordinator who is not the one who asks; nothing is closed by the bot.
"""

from __future__ import annotations

from dataclasses import replace

from conversations.casework import desk
from conversations.concerns.case import Case, Outcome
from conversations.concerns.event import CaseReopened, ClosingAsked, ClosingDecided
from conversations.dialogue import Task
from conversations.event import TalkHeld, TaskChanged
from conversations.level import Level
from conversations.talk import Talk

_BY_HAND = tuple(one for one in Outcome if one is not Outcome.DUPLICATE)
"""A duplicate is closed by GABUNG, which says of what."""


def close(talk: Talk, task: Task, words: str) -> None:
    """SELESAI: of a case the outcome and what was done; what is missing is asked for."""
    if desk.is_over(talk, task):
        return
    case = desk.case_of(talk, task)
    if case is None:
        _close_task(talk, task, words)
        return
    if case.closing_by is not None:
        talk.offer(talk.text("case.waits_already", code=case.code), desk.next_steps(talk, case))
        return
    said, _, why = words.partition(" ")
    outcome = next((one for one in _BY_HAND if one.value == said.strip(",.:").casefold()), None)
    if outcome is None:
        desk.ask_outcome(talk, case.code, words)
        return
    if not why.strip():
        desk.ask(talk, "selesai", case.code, "case.close_how", kept=outcome.value)
        return
    talk.add(ClosingAsked(case.code, outcome, desk.heard(talk, case.code, why.strip())))
    _end_talk(talk, task)
    if task.level >= Level.ORANYE or case.was_urgent:
        named = talk.text(f"case.outcome.{outcome}")
        desk.finished(talk, "case.closing_asked", code=case.code, outcome=named)
    else:
        _closed(talk, case, outcome)


def approve(talk: Talk, case: Case, words: str) -> None:
    """SETUJUI: a coordinator agrees that it is over; never with herself."""
    if _may_decide(talk, case):
        talk.add(ClosingDecided(case.code, approved=True, note=words))
        _closed(talk, case, case.outcome or Outcome.DONE)


def send_back(talk: Talk, case: Case, words: str) -> None:
    """KEMBALIKAN: it is not over yet, and what is still to be done."""
    if not _may_decide(talk, case):
        return
    if not words:
        desk.ask(talk, "kembalikan", case.code, "case.send_back_how")
        return
    note = desk.heard(talk, case.code, words)
    talk.add(ClosingDecided(case.code, approved=False, note=note))
    name = desk.name_of(talk, case.task.owner)
    desk.finished(talk, "case.sent_back", code=case.code, name=name)


def reopen(talk: Talk, case: Case, words: str) -> None:
    """BUKA LAGI: a word why is enough; its deadline begins anew. Undoes a wrong merging too."""
    if case.task.closed_at is None:
        talk.offer(talk.text("case.is_open", code=case.code), desk.next_steps(talk, case))
        return
    if not words:
        if case.merged_into:
            talk.say("case.merged_already", code=case.code, into=case.merged_into)
        desk.ask(talk, "bukalagi", case.code, "case.reopen_how")
        return
    talk.add(CaseReopened(case.code, desk.heard(talk, case.code, words)))
    task = replace(case.task, closed_at=None, accepted=False, acted_at=None)
    opened = replace(case, task=task, closing_by=None, merged_into="")
    talk.offer(talk.text("case.reopened", code=case.code), desk.next_steps(talk, opened))


def _may_decide(talk: Talk, case: Case) -> bool:
    if case.task.closed_at is not None:
        desk.is_over(talk, case.task)
    elif case.closing_by is None:
        talk.offer(talk.text("case.not_asked", code=case.code), desk.next_steps(talk, case))
    elif case.closing_by == talk.person.id:
        desk.finished(talk, "case.own_closing", code=case.code)
    else:
        return True
    return False


def _close_task(talk: Talk, task: Task, words: str) -> None:
    if task.kind == "erasure":
        talk.say("staff.erasure_how", code=task.code)
        return
    if task.level >= Level.ORANYE and not words:
        desk.ask(talk, "selesai", task.code, "staff.close_how")
        return
    note = desk.heard(talk, task.code, words)
    talk.add(TaskChanged(task.code, "closed", note))
    _end_talk(talk, task)
    desk.finished(talk, "staff.closed", code=task.code)


def _closed(talk: Talk, case: Case, outcome: Outcome) -> None:
    over = replace(case, task=replace(case.task, closed_at=talk.world.now), closing_by=None)
    said = talk.text("case.closed", code=case.code, outcome=talk.text(f"case.outcome.{outcome}"))
    talk.offer(said, desk.next_steps(talk, over))


def _end_talk(talk: Talk, task: Task) -> None:
    """Nothing holds automatic messages to her any more."""
    if task.about is not None:
        talk.add(TalkHeld(task.about, None))

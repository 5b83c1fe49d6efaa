"""Working on a case: taking it, what was done, what comes next, its stage and its level.

How it ends is in `closing.py`, who has it in `handing.py`, whom it is told to in `referring.py`.
"""

from __future__ import annotations

from dataclasses import replace

from conversations.casework import desk
from conversations.casework.planning import planned
from conversations.concerns.case import Case, Stage
from conversations.concerns.event import Acted, LevelSet, NextAction, StageReached
from conversations.dialogue import Task
from conversations.duty import watch
from conversations.event import Audited, TaskChanged
from conversations.level import Level
from conversations.message import Choice, Message
from conversations.reading.appointment import Unclear
from conversations.talk import Talk

_COLOURS = {
    "merah": Level.MERAH,
    "abang": Level.MERAH,
    "oranye": Level.ORANYE,
    "orange": Level.ORANYE,
    "jingga": Level.ORANYE,
    "kuning": Level.KUNING,
    "hijau": Level.HIJAU,
}


def accept(talk: Talk, task: Task, words: str) -> None:
    """SAYA TERIMA: from now on it is hers; a case is weighed before anybody is called back."""
    if desk.is_over(talk, task):
        return
    if task.accepted and task.owner not in (None, talk.person.id):
        read_it = (Choice(talk.text("staff.read"), f"t:baca:{task.code}"),)
        talk.offer(talk.text("staff.already_taken", code=task.code), read_it)
        return
    if task.accepted:
        talk.add(Audited("task_read", task.code))
    else:
        talk.add(TaskChanged(task.code, "accepted"))
        watch.taken(talk, task)
    case = desk.case_of(talk, task)
    if case is None:
        read_it = (Choice(talk.text("staff.read"), f"t:baca:{task.code}"),)
        talk.offer(talk.text("staff.accepted", code=task.code), read_it)
        return
    taken = replace(case, task=replace(task, accepted=True, owner=talk.person.id))
    talk.send(Message(desk.weigh(talk, case), discreet=True))
    key = "case.taken.urgent" if task.level is Level.MERAH else "case.taken"
    talk.offer(talk.text(key, code=task.code), desk.next_steps(talk, taken))


def note(talk: Talk, task: Task, words: str) -> None:
    """CATAT: a sentence or a voice note kept with a task."""
    if desk.is_over(talk, task):
        return
    if not words:
        desk.ask(talk, "catat", task.code, "staff.note_how")
        return
    talk.add(TaskChanged(task.code, "noted", desk.heard(talk, task.code, words)))
    case = desk.case_of(talk, task)
    if case is None:
        desk.finished(talk, "staff.noted", code=task.code)
    else:
        desk.done(talk, case, "staff.noted")


def act(talk: Talk, case: Case, words: str) -> None:
    """TINDAKAN: what was done about it; the first one ends the ladder."""
    if not words:
        desk.ask(talk, "tindakan", case.code, "case.act_how")
        return
    if not case.task.accepted and talk.world.cases.may_own(case.code, talk.person.id):
        talk.add(TaskChanged(case.code, "accepted"))
        watch.taken(talk, case.task)
        case = replace(case, task=replace(case.task, accepted=True, owner=talk.person.id))
    talk.add(Acted(case.code, desk.heard(talk, case.code, words)))
    desk.done(talk, case, "case.acted")


def plan(talk: Talk, case: Case, words: str) -> None:
    """RENCANA: what is done next, and when; shows the time as it was understood."""
    if not words:
        desk.ask(talk, "rencana", case.code, "case.plan_how")
        return
    at, rest = planned(words, talk.world.now.astimezone(talk.person.tz))
    if isinstance(at, Unclear):
        desk.ask(talk, "rencana", case.code, _WHEN.get(at, "case.plan_when"), kept=rest)
        return
    if not rest:
        desk.ask(talk, "rencana", case.code, "case.plan_what", kept=words)
        return
    talk.add(NextAction(case.code, desk.heard(talk, case.code, rest), at))
    planned_ = desk.since(talk, case, next_at=at)
    talk.offer(
        talk.text("case.planned", code=case.code, when=desk.when(talk, at)),
        desk.next_steps(talk, planned_),
    )


def stage(talk: Talk, case: Case, words: str) -> None:
    """TAHAP: where the case is now; the last stage is reached by closing it."""
    said = words.casefold().split()
    named = next((one for one in Stage if one.value in said), None)
    if named is Stage.PENUTUPAN:
        desk.ask_outcome(talk, case.code, "")
        return
    if named is None or named is Stage.ADUAN:
        choices = tuple(
            Choice(talk.text(f"case.stage.{one}"), f"t:tahap:{case.code}:{one}")
            for one in (Stage.ASESMEN, Stage.RENCANA, Stage.PENDAMPINGAN, Stage.PENUTUPAN)
        )
        now = talk.text(f"case.stage.{case.stage}")
        talk.offer(talk.text("case.which_stage", code=case.code, stage=now), choices)
        return
    if named is not case.stage:
        talk.add(StageReached(case.code, named))
    reached = desk.since(talk, case, stage=named)
    name = talk.text(f"case.stage.{named}")
    talk.offer(
        talk.text("case.stage_reached", code=case.code, stage=name), desk.next_steps(talk, reached)
    )


def level(talk: Talk, case: Case, words: str) -> None:
    """LEVEL: raised at once; to lower it a human being says why."""
    colour, _, why = words.partition(" ")
    new = _COLOURS.get(colour.strip(",.:").casefold())
    now = case.task.level
    if new is None:
        choices = tuple(
            Choice(one.upper(), f"t:level:{case.code}:{one}") for one in reversed(Level)
        )
        talk.offer(talk.text("case.which_level", code=case.code, level=now.upper()), choices)
        return
    if new < now and not why.strip():
        desk.ask(talk, "level", case.code, "case.lower_how", kept=new.value)
        return
    if new is not now:
        talk.add(LevelSet(case.code, new, desk.heard(talk, case.code, why.strip())))
    set_ = replace(case, task=replace(case.task, level=new))
    talk.offer(
        talk.text("case.level_set", code=case.code, level=new.upper()), desk.next_steps(talk, set_)
    )


_WHEN = {
    Unclear.HOUR: "case.plan_hour",
    Unclear.PAST: "case.plan_past",
    Unclear.IMPOSSIBLE: "case.plan_impossible",
    Unclear.MISMATCH: "case.plan_mismatch",
}

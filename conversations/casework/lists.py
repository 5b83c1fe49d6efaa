"""The lists of staff in chat: tasks and cases by code, level and deadline, a page at a time.

Nothing in them tells what was said; a cadre's list does not even tell how urgent it is.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

from conversations.casework import desk, order
from conversations.concerns import news
from conversations.concerns.case import Case
from conversations.dialogue import PersonId, Role, Task
from conversations.message import Choice
from conversations.permission import Act, may
from conversations.talk import Talk

_Listed = TypeVar("_Listed", Task, Case)


def which(talk: Talk, word: str) -> None:
    """An order without a code: one of her own open ones may be meant."""
    hers = [
        task
        for task in talk.world.tasks(talk.person.id, limit=desk.PAGE)
        if may(talk.person, desk.STEPS[word], task)
    ]
    choices = tuple(Choice(_task_line(talk, one), f"t:{word}:{one.code}") for one in hers)
    talk.offer(talk.text("staff.which_code", word=word.upper()), choices)


def tasks(talk: Talk, owner: PersonId | None, heading: str, first: int = 0) -> None:
    """Open tasks a page at a time, most urgent first; of one owner, or all she may see."""
    found = talk.world.tasks(owner, limit=order.OPEN_TASKS)
    shown = [task for task in found if may(talk.person, Act.READ_TASK, task)]
    if not shown:
        talk.say("staff.nothing")
        return
    word = "semua" if owner is None else "tugas"
    talk.offer(talk.text(heading, n=len(shown)), _page(talk, shown, _task_line, word, first))


def cases(talk: Talk, first: int) -> None:
    """KASUS SAYA; a coordinator sees first what waits for her approval, a cadre her reports."""
    if talk.person.role is Role.CADRE:
        news.tell(talk)
        if talk.world.tasks(talk.person.id, limit=1):
            tasks(talk, talk.person.id, "visit.list")
        return
    asked = talk.world.cases.to_approve(order.OPEN_TASKS)
    waiting = [one for one in asked if _may_approve(talk, one)]
    hers = talk.world.cases.owned(talk.person.id, order.OPEN_TASKS)
    listed = [one for one in (*waiting, *hers) if may(talk.person, Act.READ_TASK, one.task)]
    if not listed:
        talk.offer(
            talk.text("case.none_of_hers"), (Choice(talk.text("staff.show.semua"), "t:semua"),)
        )
        return
    once = tuple({one.code: one for one in listed}.values())
    choices = _page(talk, once, _case_line, "kasus", first)
    talk.offer(talk.text("case.list", n=len(once)), choices)


def _may_approve(talk: Talk, case: Case) -> bool:
    return case.closing_by != talk.person.id and may(talk.person, Act.APPROVE_CLOSING, case.task)


def _page(
    talk: Talk,
    listed: Sequence[_Listed],
    line: Callable[[Talk, _Listed], str],
    word: str,
    first: int,
) -> tuple[Choice, ...]:
    begin = first if first < len(listed) else 0
    end = begin + desk.PAGE
    shown = [Choice(line(talk, one), f"t:baca:{one.code}") for one in listed[begin:end]]
    if len(listed) > end:
        shown.append(Choice(talk.text("staff.more"), f"t:{word}:{end}"))
    return tuple(shown)


def _task_line(talk: Talk, task: Task) -> str:
    """Code, level and deadline; a cadre's list does not even tell how urgent it is."""
    return talk.text(
        "visit.line" if talk.person.role is Role.CADRE else "staff.line",
        code=task.code,
        level=task.level.upper(),
        due=f"{task.due_at.astimezone(talk.person.tz):%d/%m %H:%M}",
        late=talk.text("staff.late") if task.due_at < talk.world.now else "",
    ).strip()


def _case_line(talk: Talk, case: Case) -> str:
    stage = talk.text("case.waits_mark" if case.closing_by else f"case.stage.{case.stage}")
    parts = [_task_line(talk, case.task), stage, *desk.clock_lines(talk, case, short=True)]
    return ", ".join(parts)

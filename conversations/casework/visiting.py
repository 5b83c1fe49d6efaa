"""KUNJUNGI: a cadre is asked to look in on a family; she learns a name and no reason.

Her visit is a task of her own. What she tells of it is kept with the case, whose owner hears of it.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

from conversations.casework import desk
from conversations.casework.planning import planned
from conversations.concerns.case import Case
from conversations.concerns.event import VisitAsked
from conversations.dialogue import PersonId, Role, Task
from conversations.event import Audited, TaskChanged, TaskExtended
from conversations.message import Choice, Message, Outgoing
from conversations.talk import Talk
from locales import say

KIND = "visit"
PURPOSE = "visit"
WITHIN = timedelta(days=2)
"""So long a cadre has where no time was said."""

_MOST = 60
_MINUTE = 60
_YES = "ya"


def send(talk: Talk, case: Case, words: str) -> None:
    """Whom, until when, what is weighed, and then the visit."""
    near = talk.world.cases.cadres(case.code, _MOST)
    cadres = () if case.task.outside else tuple(one for one in near if one != case.task.about)
    cadre, rest = _cadre(talk, case, words, cadres)
    if cadre is None:
        return
    due, rest = _until(talk, rest)
    decided, _, whom = rest.partition(" ")
    chosen = f"#{cadre} @{int(due.timestamp()) // _MINUTE}"
    if decided != _YES:
        _weigh(talk, case, cadre, due, chosen)
        return
    family = case.task.about_name if case.reporter_role == Role.CAREGIVER else ""
    whom = desk.heard(talk, case.code, whom.strip())
    if not (whom or family):
        desk.ask(talk, "kunjungi", case.code, "visit.whom", kept=f"{chosen} {_YES}")
        return
    visit = talk.world.next_code()
    talk.add(VisitAsked(case.code, visit, cadre, due, whom))
    talk.tell(
        Outgoing(
            Message(
                say("visit.asked", when=desk.when(talk, due)),
                (
                    Choice(say("staff.accept"), f"t:terima:{visit}"),
                    Choice(say("staff.read"), f"t:baca:{visit}"),
                ),
                discreet=True,
            ),
            to=cadre,
            dedupe_key=f"visit:{visit}",
            purpose=PURPOSE,
        )
    )
    desk.done(talk, case, "visit.sent", name=desk.name_of(talk, cadre), when=desk.when(talk, due))


def note(talk: Talk, task: Task, words: str) -> None:
    """CATAT of a cadre on her visit."""
    _report(talk, task, words, "catat", "noted")


def been_there(talk: Talk, task: Task, words: str) -> None:
    """SELESAI of a cadre: she has been there, and tells how it was."""
    _report(talk, task, words, "selesai", "closed")


def accept(talk: Talk, task: Task, words: str) -> None:
    """SAYA TERIMA of a cadre: she will go."""
    if task.closed_at is not None:
        desk.finished(talk, "visit.over", code=task.code)
        return
    talk.add(TaskChanged(task.code, "accepted"))
    steps = (
        Choice(say("staff.read"), f"t:baca:{task.code}"),
        Choice(say("visit.been_there"), f"t:selesai:{task.code}"),
    )
    talk.offer(talk.text("visit.accepted", code=task.code), steps)


def _report(talk: Talk, task: Task, words: str, word: str, action: str) -> None:
    if task.closed_at is not None:
        desk.finished(talk, "visit.over", code=task.code)
        return
    if not words:
        desk.ask(talk, word, task.code, "visit.how_was_it")
        return
    code = talk.world.cases.visited_for(task.code)
    said = desk.heard(talk, code or task.code, words)
    talk.add(TaskChanged(task.code, action, said))
    case = talk.world.cases.case(code) if code else None
    if case is not None:
        told = talk.text("visit.told", words=said)
        talk.add(TaskExtended(case.code, content=told), Audited("visit_told", case.code))
        _tell_owner(talk, case)
    desk.finished(talk, "visit.thanks")


def _tell_owner(talk: Talk, case: Case) -> None:
    if case.task.owner is None:
        return
    message = Message(
        say("visit.news", code=case.code), (Choice(say("staff.read"), f"t:baca:{case.code}"),)
    )
    talk.tell(Outgoing(message, to=case.task.owner, purpose=PURPOSE))


def _cadre(
    talk: Talk, case: Case, words: str, cadres: tuple[PersonId, ...]
) -> tuple[PersonId | None, str]:
    """The cadre that the words name, and what they say besides; else she is asked for."""
    if not cadres:
        talk.offer(talk.text("visit.no_cadre", code=case.code), desk.next_steps(talk, case))
        return None, ""
    head, _, rest = words.partition(" ")
    if head.startswith("#") and head[1:].isdecimal():
        found = [one for one in cadres if f"#{one}" == head]
    else:
        at, name = planned(words, talk.world.now.astimezone(talk.person.tz))
        called = talk.world.cases.colleague(name) if name else ()
        found = [one for one in cadres if one in called]
        rest = f"@{int(at.timestamp()) // _MINUTE}" if isinstance(at, datetime) else ""
    if len(found) == 1:
        return found[0], rest
    choices = tuple(
        Choice(desk.name_of(talk, one), f"t:kunjungi:{case.code}:{f'#{one} {rest}'.strip()}")
        for one in (found or cadres)[: desk.PAGE]
    )
    back = Choice(talk.text("case.not_now"), f"t:baca:{case.code}")
    talk.offer(talk.text("visit.which_cadre", code=case.code), (*choices, back))
    return None, ""


def _until(talk: Talk, rest: str) -> tuple[datetime, str]:
    head, _, after = rest.partition(" ")
    if re.fullmatch(r"@[0-9]{1,8}", head):
        return datetime.fromtimestamp(int(head[1:]) * _MINUTE, UTC), after
    return talk.world.now + WITHIN, rest


def _weigh(talk: Talk, case: Case, cadre: PersonId, due: datetime, chosen: str) -> None:
    """A recorded human decision: what the cadre learns, and what the reporter wished."""
    text = talk.text(
        "visit.sure", code=case.code, name=desk.name_of(talk, cadre), when=desk.when(talk, due)
    )
    if case.hide_name:
        talk.send(Message(talk.text("case.hide_name"), discreet=True))
    talk.offer(
        text,
        (
            Choice(talk.text("visit.yes"), f"t:kunjungi:{case.code}:{chosen} {_YES}"),
            Choice(talk.text("case.not_now"), f"t:baca:{case.code}"),
        ),
        discreet=True,
    )

"""Invitations from posters and links: into a village, or to a task in the programme.

Paper gives nobody a right: who comes as a cadre or a partner is a caregiver like everybody else
until a member of staff, who has made sure who she is, accepts her. Schools and slips are in
`joining.py`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from conversations.dialogue import Interview, Role, Task, VillageId
from conversations.event import PersonChanged, RoleGiven, TaskChanged
from conversations.level import Level
from conversations.message import Choice, Message, Outgoing
from conversations.talk import Conversation, Talk
from locales import say

if TYPE_CHECKING:
    from conversations.world import World

FACT: Final = "undangan.kode"
"""The code she came with, remembered from the notice to the door and to her name."""

KIND: Final = "role_wanted"
"""The task of staff who decide."""

WORDS: Final[Mapping[str, Role]] = {"KADER": Role.CADRE, "MITRA": Role.PARTNER}
"""With what the code of an invitation to a task begins; no school may be called so."""

_NAME: Final = "undangan"
_STILL_OPEN: Final = timedelta(days=90)
_LONGEST_NAME: Final = 80
_PURPOSE: Final = "answer"


@dataclass(frozen=True, slots=True)
class Invitation:
    """What a code invites to: a village to live in, a task, or both."""

    code: str
    role: Role = Role.CAREGIVER
    village: VillageId | None = None


def code_of(role: Role, village: str) -> str:
    """What stands on the poster; `village` is its code, empty for the whole programme.

    >>> code_of(Role.CADRE, "SBS"), code_of(Role.PARTNER, ""), code_of(Role.CAREGIVER, "SBS")
    ('KADER-SBS', 'MITRA', 'SBS')
    """
    word = next((word for word, one in WORDS.items() if one is role), "")
    return "-".join(filter(None, (word, village)))


def is_ours(code: str) -> bool:
    """Whether a code begins as invitations to a task do, so that no school may have it.

    >>> is_ours("KADER-SBS"), is_ours("MITRA"), is_ours("KADERISASI")
    (True, True, False)
    """
    return code.partition("-")[0] in WORDS


def invitation(world: World, code: str) -> Invitation | None:
    """What a code invites to; None when it is nobody's.

    On a cadre's phone it is the village alone: a task is asked for on one's own.
    """
    word, _, place = code.partition("-")
    role = WORDS.get(word)
    if role is None:
        role, place = Role.CAREGIVER, code
    village = world.village_by_code(place) if place else None
    if village is None and (place or role is Role.CAREGIVER):
        return None
    return Invitation(code, role if world.typist is None else Role.CAREGIVER, village)


def carried(talk: Talk, facts: Mapping[str, str]) -> Invitation | None:
    """The invitation that she came with, when the questions at the door are asked."""
    code = facts.get(FACT, "")
    return invitation(talk.world, code) if code else None


def registered(talk: Talk, found: Invitation) -> None:
    """Somebody registered opens an invitation."""
    person = talk.person
    if person.village_id is None and found.village is not None:
        talk.add(PersonChanged({"village_id": found.village}))
    if found.role is Role.CAREGIVER:
        talk.ask_again(talk.text("enrol.already"))
    elif person.role is not Role.CAREGIVER:
        talk.ask_again(talk.text("enrol.role.has"))
    elif talk.world.raised_since(KIND, Level.HIJAU, talk.world.now - _STILL_OPEN):
        talk.ask_again(talk.text("enrol.role.waits_already"))
    else:
        ask_name(talk, found)


def ask_name(talk: Talk, found: Invitation) -> None:
    """Staff must know whom to look for."""
    opening = talk.text(f"enrol.role.{found.role}")
    talk.start(_NAME, facts={FACT: found.code}, opening=opening)


def name_told(talk: Talk, interview: Interview, answers: Mapping[str, str]) -> None:
    """A task for staff; until they decide she is what everybody is."""
    found = carried(talk, interview.facts)
    if found is None or found.role is Role.CAREGIVER or talk.person.role is not Role.CAREGIVER:
        talk.say("enrol.role.has")
        return
    name = " ".join(answers.get("nama", "").split())[:_LONGEST_NAME]
    talk.open_task(KIND, Level.KUNING, f"reason.role.{found.role}", content=name)
    talk.say("enrol.role.waits")


# --- what staff decide ----------------------------------------------------------------------------


def steps(task: Task) -> tuple[Choice, ...]:
    """The two answers under a request that is shown; nothing under any other task."""
    if _wanted(task) is None or task.closed_at is not None:
        return ()
    return (
        Choice(say("case.step.angkat"), f"t:angkat:{task.code}"),
        Choice(say("case.step.tolak"), f"t:tolak:{task.code}"),
    )


def accept(talk: Talk, task: Task, words: str) -> None:
    """ANGKAT: she is a cadre or a partner from now on, and hears it."""
    role = _wanted(task)
    if role is None or task.about is None or task.closed_at is not None:
        talk.say("staff.role.none", code=task.code)
        return
    talk.add(RoleGiven(task.about, role, task.content, task.code))
    talk.add(TaskChanged(task.code, "closed", words))
    _tell(talk, task, f"enrol.role.given.{role}")
    talk.say(f"staff.role.given.{role}", code=task.code, who=_who(task))


def decline(talk: Talk, task: Task, words: str) -> None:
    """TOLAK: nothing changes for her, and she hears that kindly."""
    if _wanted(task) is None or task.about is None or task.closed_at is not None:
        talk.say("staff.role.none", code=task.code)
        return
    talk.add(TaskChanged(task.code, "closed", words))
    _tell(talk, task, "enrol.role.declined")
    talk.say("staff.role.declined", code=task.code)


def _tell(talk: Talk, task: Task, key: str) -> None:
    said = Message(say(key, who=_who(task)))
    talk.tell(Outgoing(said, to=task.about, purpose=_PURPOSE))


def _who(task: Task) -> str:
    return task.about_name or say("someone")


def _wanted(task: Task) -> Role | None:
    """What is asked for in a task, as its reason says."""
    last = task.reason.rpartition(".")[2]
    return next((role for role in WORDS.values() if task.kind == KIND and role == last), None)


CONVERSATIONS = (Conversation(_NAME, name_told),)

"""The words of an alert: code and level only, because a lock screen may be read by anybody."""

from __future__ import annotations

from collections.abc import Iterator

from conversations import templates
from conversations.dialogue import PersonId
from conversations.duty.ladder import Call
from conversations.level import Level
from conversations.message import Choice, Message, Outgoing, Priority
from locales import say

PURPOSE = "alert"

_TAKEN = "taken"


def alert(
    code: str,
    level: Level,
    to: PersonId,
    *,
    step: int,
    call: Call = Call.TAKE,
    may_open: bool = True,
) -> Outgoing:
    """One call to one person; the same step never reaches her twice.

    Who may not open it (a coordinator, while it is about staff or a cadre) is asked to telephone
    the focal person, and has nothing to press.

    >>> alert("LDK-26-0042", Level.MERAH, PersonId(7), step=0).message.text
    'MERAH · LDK-26-0042'
    """
    urgent = level >= Level.ORANYE
    return Outgoing(
        _message(code, level, call if step > 0 else None, may_open=may_open),
        to=to,
        priority=Priority.ALARM if urgent else Priority.REPLY,
        dedupe_key=f"alert:{code}:{step}:{to}",
        purpose=PURPOSE,
    )


def taken(code: str, name: str, called: tuple[PersonId, ...]) -> Iterator[Outgoing]:
    """Whoever was called learns that somebody has it, so that nobody goes on waiting for it."""
    text = say("alert.taken", code=code, name=name)
    for person in called:
        yield Outgoing(Message(text), to=person, purpose=_TAKEN)


def _message(code: str, level: Level, call: Call | None, *, may_open: bool) -> Message:
    first = say("staff.alert", code=code, level=level.upper())
    news = templates.alert(code, level, answerable=False)
    if not may_open:
        return Message(f"{first}\n{say('alert.outside')}", template=news)
    if call is Call.LATE:
        return Message(f"{first}\n{say('alert.late', code=code)}", template=news)
    text = first if call is None else f"{first}\n{say(f'alert.{call}')}"
    choices = (
        Choice(say("staff.accept"), f"t:terima:{code}"),
        Choice(say("staff.read"), f"t:baca:{code}"),
    )
    return Message(text, choices, template=templates.alert(code, level, answerable=True))

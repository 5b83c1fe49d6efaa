"""The clock's turn: what a piece of due work brings about for one person."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

from conversations import checkin, interview, politeness, programme, staff
from conversations.broadcasts import broadcasting
from conversations.concerns import traces
from conversations.dialogue import Dialogue, Event, Person, Turn, Wake
from conversations.duty import watch
from conversations.event import Remind
from conversations.helping import helping
from conversations.message import Priority
from conversations.router import CONVERSATIONS
from conversations.schools import attendance, feedback, lists
from conversations.talk import Talk
from conversations.world import World


def wake(person: Person, dialogue: Dialogue, due: Wake, world: World) -> Turn:
    """What it brings about; raises ValueError for work that nobody does."""
    priority = _PRIORITIES.get(due.kind, Priority.REMINDER)
    talk = Talk(person, dialogue, world, CONVERSATIONS, priority=priority, purpose=due.kind)
    if due.kind not in _WAKES:
        raise ValueError(f"no conversation wakes for {due.kind!r}")
    _WAKES[due.kind](talk, due)
    return talk.turn()


def _nudge(talk: Talk, due: Wake) -> None:
    """One friendly reminder per interview, and only where it is the open one."""
    running = talk.running
    if programme.is_of_a_rule(due):
        programme.by_rule(talk, due)
        return
    if running is None or running.id != due.subject or running.nudged:
        return
    if talk.person.shares_phone and running.conversation in traces.REPORTS:
        talk.give_up_all(running.conversation)
        return
    if politeness.why_not(talk.person, talk.world.now):
        return
    if politeness.is_talking(talk.person, talk.world.now) and talk.person.talk_until is not None:
        talk.add(Remind("nudge", running.id, talk.person.talk_until, due.expires_at))
        return
    form = talk.world.form(running.form)
    asked = running.asked_at or talk.world.now
    again = asked + form.nudge_after if form.nudge_after else talk.world.now
    if again > talk.world.now:
        talk.add(Remind("nudge", running.id, again))
        return
    talk.replace_running(replace(running, nudged=True))
    talk.ask_again(talk.text("nudge"))


def _expire(talk: Talk, due: Wake) -> None:
    """Too long without an answer: what was answered is kept, marked partial."""
    waiting = talk.drop(due.subject)
    if waiting is None:
        return
    events: tuple[Event, ...] = interview.expire(waiting, talk.world).events
    talk.add(*events)
    conversation = CONVERSATIONS[waiting.conversation]
    if conversation.ended_early is not None:
        answers = interview.complete(waiting, talk.world)
        conversation.ended_early(talk, waiting, answers)


_PRIORITIES: Mapping[str, Priority] = {
    "drinking": Priority.ALARM,
    "untold": Priority.REPLY,
    "unanswered": Priority.REPLY,
    "siap": Priority.REPLY,
    "overdue": Priority.REPLY,
    helping.OVER: Priority.REPLY,
    broadcasting.NEWS: Priority.REPLY,
}
"""What somebody waits for, or must know at once; everything else keeps polite hours."""

_WAKES: Mapping[str, Callable[[Talk, Wake], None]] = {
    "checkin": programme.by_rule,
    "tip": programme.by_rule,
    "message": programme.by_rule,
    "assisted": programme.to_help,
    "drinking": checkin.drinking_unanswered,
    helping.OVER: helping.over,
    "nudge": _nudge,
    "expire": _expire,
    "day_list": staff.day_list,
    "attendance": attendance.ask,
    "untold": lists.untold,
    "feedback": feedback.ask,
    broadcasting.NEWS: broadcasting.tell,
    "unanswered": watch.unanswered,
    "siap": watch.ask_ready,
    "overdue": watch.overdue,
    "review": watch.review,
}
"""What the clock may wake one person for."""

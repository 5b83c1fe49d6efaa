"""One turn in the making: what has been said, decided and begun so far for one person.

Router and conversations write into a `Talk`, which lives for one turn; `turn()` is what leaves.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta

from conversations import interview as interviews
from conversations.concerns.event import Alerted, CaseKnown
from conversations.costs import ANSWER, DANGER
from conversations.dialogue import (
    ChildId,
    Dialogue,
    Event,
    Interview,
    Person,
    PersonId,
    Turn,
    Wake,
)
from conversations.duty import alerting
from conversations.duty.opening import DEADLINES, called_at_once, flooded, owner_of
from conversations.event import (
    ConsentDecided,
    Forget,
    InterviewFinished,
    MediaKept,
    PersonChanged,
    Remind,
    TaskExtended,
    TaskOpened,
)
from conversations.interview import Ending, Heard
from conversations.level import Level
from conversations.message import Choice, MediaId, Message, Outgoing, Priority
from conversations.world import World
from locales import say

DEEPEST = 4
"""Interviews that may wait under the running one; the oldest ends with what was answered."""


@dataclass(frozen=True, slots=True)
class Conversation:
    """One file's worth of dialogue: a form, and what its answers bring about.

    `finished` hears the complete answers once; `answered` hears each answer when it is given;
    `ended_early` hears what was answered before the interview was given up.
    """

    name: str
    finished: Callable[[Talk, Interview, Mapping[str, str]], None]
    answered: Callable[[Talk, Interview, str, str], None] | None = None
    ended_early: Callable[[Talk, Interview, Mapping[str, str]], None] | None = None
    owns_files: bool = False
    """`answered` itself makes a task of a voice note or a picture."""
    urgent: bool = False
    """About danger: what is said in it is never stopped for its price."""


class Talk:
    """What one turn brings about, while it is being decided."""

    def __init__(
        self,
        person: Person,
        dialogue: Dialogue,
        world: World,
        conversations: Mapping[str, Conversation],
        *,
        priority: Priority = Priority.REPLY,
        purpose: str = ANSWER,
    ) -> None:
        self.person = person
        self.world = world
        self.alarm: str | None = None
        """Code of the task that this very message has opened by its words."""
        self.outcome = "done"
        """What is recorded of the due work that this turn is."""
        self.offered = dialogue.offer
        """Payloads of the choices that the message before offered outside an interview."""
        self.offered_at = dialogue.offered_at
        self._stack = list(dialogue.stack)
        self._offer: tuple[str, ...] = ()
        self._after = dialogue.after
        self._conversations = conversations
        self._outgoing: list[Outgoing] = []
        self._events: list[Event] = []
        self._priority = priority
        self._purpose = purpose
        self._asked = False
        self._was_urgent = self._in_danger()

    @property
    def running(self) -> Interview | None:
        """The interview that is being answered."""
        return self._stack[-1] if self._stack else None

    @property
    def silent(self) -> bool:
        """Whether nothing has been said to this person yet."""
        return not any(outgoing.to is None for outgoing in self._outgoing)

    @property
    def offering(self) -> bool:
        """Whether this turn offers choices outside an interview."""
        return bool(self._offer)

    def text(self, key: str, /, **values: object) -> str:
        """A text in her language; {sapaan} is always filled in."""
        who = self.person.salutation or say("someone", self.person.language)
        return say(key, self.person.language, **{"sapaan": who, **values})

    def say(self, key: str, /, **values: object) -> None:
        """One message to her."""
        self.send(Message(self.text(key, **values)))

    def send(self, *messages: Message, purpose: str = "") -> None:
        """Messages to her, as they are."""
        self._outgoing += [
            Outgoing(message, priority=self._priority, purpose=purpose or self._purpose)
            for message in messages
        ]

    def send_text(self, text: str) -> None:
        """One message to her, already put into words."""
        self.send(Message(text))

    def offer(
        self,
        text: str,
        choices: tuple[Choice, ...],
        *,
        discreet: bool = False,
        purpose: str = "",
    ) -> None:
        """A message with choices outside an interview; a typed number finds them next time."""
        self.send(Message(text, choices, discreet=discreet), purpose=purpose)
        self._offer = tuple(choice.payload for choice in choices)

    def tell(self, outgoing: Outgoing) -> None:
        """A message to somebody else."""
        self._outgoing.append(outgoing)

    def add(self, *events: Event) -> None:
        """Facts; those about herself hold at once for what is said next."""
        for event in events:
            self._events.append(event)
            if isinstance(event, PersonChanged):
                known = {name: value for name, value in event.changes.items() if name in _KNOWN}
                self.person = replace(self.person, **known)
            elif isinstance(event, ConsentDecided):
                self.person = replace(self.person, consent=event.consent)

    def start(
        self,
        conversation: str,
        *,
        form: str = "",
        facts: Mapping[str, str] | None = None,
        child: ChildId | None = None,
        opening: str = "",
    ) -> None:
        """Begins a conversation on top of what is running; one that already waits begins anew."""
        self.give_up_all(conversation)
        while len(self._stack) >= DEEPEST:
            self._give_up(self._stack[0])
        form_ = self.world.newest_form(form or conversation)
        heard = interviews.begin(
            conversation,
            form_,
            self.person,
            self.world,
            facts=facts,
            child=child,
            opening=opening,
        )
        self._stack.append(heard.interview)
        self.hear(heard)

    def hear(self, heard: Heard, *, ask: bool = True) -> None:
        """Takes over what one reply did to the running interview.

        Without `ask` its next question waits: something more urgent is asked first.
        """
        self._stack[-1] = heard.interview
        conversation = self._conversations[heard.interview.conversation]
        for event in heard.events:
            if isinstance(event, MediaKept) and not conversation.owns_files:
                event = replace(event, task=self._file_task(heard.interview, event))
            self.add(event)
        if heard.answered is not None and conversation.answered is not None:
            conversation.answered(self, heard.interview, *heard.answered)
        if heard.opened:
            if ask:
                self.send(*heard.messages)
                self._asked = True
            return
        self.send(*heard.messages)
        self._stack.pop()
        self._close(heard, conversation)

    def ask_again(self, opening: str = "", *, discreet: bool = False) -> None:
        """The open question once more, so that nobody loses her place.

        A discreet opening, a list of names, is one message with it that cannot be passed on.
        """
        if self.running is None or self._asked:
            if opening:
                self.send(Message(opening, discreet=discreet))
            return
        before = "" if discreet else opening
        asked, messages = interviews.ask(self.running, self.person, self.world, before)
        if discreet:
            first, *rest = messages
            text = f"{opening}\n\n{first.text}"
            messages = (replace(first, text=text, discreet=True), *rest)
        self._stack[-1] = asked
        self.send(*messages)
        self._asked = True

    def waiting(self, interview_id: str) -> Interview | None:
        """An interview of this id, whether it is being answered or waits below."""
        return next((one for one in self._stack if one.id == interview_id), None)

    def begun(self, conversation: str) -> Interview | None:
        """The interview of this conversation, whether it is being answered or waits below."""
        return next((one for one in self._stack if one.conversation == conversation), None)

    def look_again_after(self, wake: Wake) -> None:
        """This due work is looked at as soon as no interview is running."""
        self.look_no_more(wake)
        self._after = (*self._after, wake)

    def look_no_more(self, wake: Wake) -> None:
        """It is being looked at now."""
        this = (wake.kind, wake.subject)
        self._after = tuple(one for one in self._after if (one.kind, one.subject) != this)

    def drop(self, interview_id: str) -> Interview | None:
        """Takes an interview out of the stack, wherever it waits."""
        found = self.waiting(interview_id)
        if found is not None:
            self._stack.remove(found)
        return found

    def give_up_all(self, *conversations: str) -> None:
        """Ends these conversations where they are, with what was answered."""
        for waiting in [one for one in self._stack if one.conversation in conversations]:
            self._give_up(waiting)

    def set_fact(self, interview_id: str, name: str, value: str) -> None:
        """Something an interview shall remember until its end."""
        for place, waiting in enumerate(self._stack):
            if waiting.id == interview_id:
                self._stack[place] = replace(waiting, facts={**waiting.facts, name: value})

    def replace_running(self, interview: Interview) -> None:
        """The running interview, changed."""
        self._stack[-1] = interview

    def open_task(
        self,
        kind: str,
        level: Level,
        reason: str,
        *,
        content: str = "",
        child: ChildId | None = None,
        media: MediaId | None = None,
        danger_class: str = "",
        due_in: timedelta | None = None,
        outside: bool = False,
        excluded: tuple[PersonId, ...] = (),
    ) -> str:
        """A task for staff with owner and deadline; they learn its code and level, no content.

        Whoever is `excluded` or named in it is neither alerted nor shown it; `outside`: about us,
        for the focal person. Of a flood each word is kept, but telephones ring so often only.
        """
        excluded += self.world.duty.mentioned(content)
        if newest := flooded(kind, level, self.world):
            self.add(TaskExtended(newest, content, media, excluded))
            self.add(*([CaseKnown(newest, {"outside": True})] if outside else []))
            return newest
        code = self.world.next_code()
        team = self.world.duty.team().without({self.person.id, *excluded})
        owner = owner_of(level, team, self.world, outside=outside)
        self.add(
            TaskOpened(
                code=code,
                kind=kind,
                level=level,
                due_at=self.world.now + (due_in or DEADLINES[level]),
                reason=reason,
                child=child,
                content=content,
                media=media,
                danger_class=danger_class,
                owner=owner,
                excluded=excluded,
                outside=outside,
            )
        )
        for person in called_at_once(level, team, owner, outside=outside):
            self.tell(alerting.alert(code, level, person, step=0))
            self.add(Alerted(code, person, 0))
        return code

    def turn(self) -> Turn:
        """The finished turn; what waited for the end of an interview is due when there is none."""
        if self._after and not self._stack:
            now = self.world.now
            self._events += [
                Remind(one.kind, one.subject, now, one.expires_at)
                for one in self._after
                if one.expires_at is None or one.expires_at > now
            ]
            self._after = ()
        return Turn(
            Dialogue(
                tuple(self._stack),
                self._offer,
                self._after,
                self.world.now if self._offer else None,
            ),
            self._all_outgoing(),
            tuple(self._events),
            self.outcome,
        )

    def _in_danger(self) -> bool:
        return any(self._conversations[one.conversation].urgent for one in self._stack)

    def _all_outgoing(self) -> tuple[Outgoing, ...]:
        """Answers in a turn about danger, and to those who take care of it, are marked as such;
        their place among others stays."""
        is_urgent = self.alarm is not None or self._was_urgent or self._in_danger()
        if not is_urgent and not self.person.role.safeguards:
            return tuple(self._outgoing)
        return tuple(
            replace(one, purpose=DANGER) if one.to is None and one.purpose == ANSWER else one
            for one in self._outgoing
        )

    def _file_task(self, interview: Interview, kept: MediaKept) -> str:
        """A recorded or photographed answer is a task: somebody has to listen or look."""
        return self.open_task(
            kept.kind, Level.KUNING, f"reason.{kept.kind}", child=interview.child, media=kept.id
        )

    def _close(self, heard: Heard, conversation: Conversation) -> None:
        finished = next(e for e in heard.events if isinstance(e, InterviewFinished))
        self.add(Forget("nudge", heard.interview.id), Forget("expire", heard.interview.id))
        waiting = self.running
        if heard.ending is Ending.FINISHED:
            conversation.finished(self, heard.interview, finished.answers)
        else:
            if conversation.ended_early is not None:
                conversation.ended_early(self, heard.interview, finished.answers)
            if heard.ending is Ending.HANDOVER:
                self._hand_over(heard.interview)
        if self.running is not None and self.running is waiting and not self.offering:
            self.ask_again("" if not self.silent else self.text("back_to"))

    def _hand_over(self, interview: Interview) -> None:
        code = self.open_task(
            "person_wanted", Level.KUNING, "reason.handover", child=interview.child
        )
        self.start("hubungi", facts={"tugas.kode": code}, opening=self.text("handover.thanks"))

    def _give_up(self, interview: Interview) -> None:
        self._stack.remove(interview)
        answers = interviews.complete(interview, self.world)
        self.add(InterviewFinished(interview.id, True, answers))
        conversation = self._conversations[interview.conversation]
        if conversation.ended_early is not None:
            conversation.ended_early(self, interview, answers)


_KNOWN = frozenset(Person.__dataclass_fields__)

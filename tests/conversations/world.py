"""A world in memory, and a person to talk with: the conversations' tests need no database."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import conversations
from conversations import dialogue as d
from conversations import event as e
from conversations import router, waking
from conversations.concerns.event import TracesErased
from conversations.form import read_form
from conversations.form.model import Form
from conversations.level import Level
from conversations.message import Inbound, Kind, MediaId, Message, printed
from conversations.unsent import Unsent
from tests.conversations.memory_broadcasts import MemoryBroadcasts
from tests.conversations.memory_concerns import MemoryCases, MemoryDuty
from tests.conversations.memory_helping import MemoryHelping
from tests.conversations.memory_rules import MemoryRules
from tests.conversations.memory_schools import MemorySchools

WEDNESDAY = datetime(2026, 11, 18, 3, 0, tzinfo=UTC)
"""10:00 in Jember."""

STAFF = d.PersonId(900)


@cache
def shipped() -> Mapping[str, Form]:
    folder = Path(conversations.__file__).parent / "forms"
    forms = [read_form(path.read_bytes(), path.name) for path in sorted(folder.glob("*.md"))]
    return {form.name: form for form in forms}


class MemoryWorld:
    """`World` kept in lists: it applies the events of each turn as storage does."""

    organisation = "Program Contoh"

    def __init__(self, now: datetime = WEDNESDAY, forms: Mapping[str, Form] | None = None) -> None:
        self.now = now
        self.simulated = True
        self.removes = True
        self.file_kinds: dict[MediaId, str] = {}
        self.forms = {**shipped(), **(forms or {})}
        self.family: list[d.Child] = []
        self.tips: list[str] = []
        self.answers: dict[str, dict[str, str]] = {}
        self.finished: list[tuple[d.Interview, bool, Mapping[str, str], datetime]] = []
        self.started: dict[str, d.Interview] = {}
        self.open_tasks: dict[str, d.Task] = {}
        self.reminders: dict[tuple[str, str], e.Remind] = {}
        self.staff_codes: dict[str, int] = {}
        self.staff_people: tuple[d.PersonId, ...] = (STAFF,)
        self.events: list[d.Event] = []
        self.typist: d.PersonId | None = None
        self.helping = MemoryHelping()
        self.schools = MemorySchools(self)
        self.broadcasts: Any = MemoryBroadcasts()
        self.rules = MemoryRules()
        self.duty = MemoryDuty(self)
        self.cases = MemoryCases(self)
        self.will_try = False
        self.not_arrived: list[Unsent] = []
        self.of_cadre: set[d.PersonId] = set()
        self._ids = 0

    def villages(self) -> tuple[tuple[d.VillageId, str], ...]:
        return ((d.VillageId(1), "Ledokombo"), (d.VillageId(2), "Sumbersalak"))

    def village_by_code(self, code: str) -> d.VillageId | None:
        return {"LDK": d.VillageId(1), "SBS": d.VillageId(2)}.get(code)

    def form(self, hash_: str) -> Form:
        return next(form for form in self.forms.values() if form.hash == hash_)

    def newest_form(self, name: str) -> Form:
        return self.forms[name]

    def children(self, person: d.PersonId) -> tuple[d.Child, ...]:
        return tuple(self.family)

    def child(self, child: d.ChildId) -> d.Child | None:
        return next((one for one in self.family if one.id == child), None)

    def tips_sent(self, person: d.PersonId) -> tuple[str, ...]:
        return tuple(self.tips)

    def recent_answers(self, child: d.ChildId, question: str, limit: int) -> tuple[str, ...]:
        return self._recent(question, limit, lambda interview: interview.child == child)

    def recent_own_answers(self, person: d.PersonId, question: str, limit: int) -> tuple[str, ...]:
        return self._recent(question, limit, lambda interview: True)

    def _recent(self, question: str, limit: int, about: Any) -> tuple[str, ...]:
        found = [
            answers[question]
            for interview, partial, answers, _ in reversed(self.finished)
            if not partial and answers.get(question) and about(interview)
        ]
        return tuple(found[:limit])

    def last_checkins(self, person: d.PersonId) -> Mapping[d.ChildId, datetime]:
        return {
            interview.child: at
            for interview, partial, _, at in self.finished
            if interview.child is not None and not partial
        }

    def wants_to_try(self, person: d.PersonId) -> bool:
        return self.will_try

    def staff(self) -> tuple[d.PersonId, ...]:
        return self.staff_people

    def least_busy_staff(self) -> d.PersonId | None:
        return self.staff_people[0] if self.staff_people else None

    def tasks(self, staff: d.PersonId | None, *, limit: int) -> tuple[d.Task, ...]:
        still = [task for task in self.open_tasks.values() if task.closed_at is None]
        mine = [task for task in still if staff is None or task.owner == staff]
        return tuple(sorted(mine, key=lambda task: task.level, reverse=True)[:limit])

    def task(self, code: str) -> d.Task | None:
        return self.open_tasks.get(code)

    def file_kind(self, media: MediaId) -> str:
        return self.file_kinds.get(media, "")

    def raised_since(self, kind: str, level: Level, since: datetime) -> tuple[str, ...]:
        newest_first = reversed(self.open_tasks.values())
        return tuple(
            task.code
            for task in newest_first
            if task.kind == kind
            and task.level >= level
            and task.created_at >= since
            and task.closed_at is None
        )

    def unsent(self, cadre: d.PersonId | None) -> tuple[Unsent, ...]:
        return tuple(
            one for one in self.not_arrived if cadre is None or one.person in self.of_cadre
        )

    def next_code(self) -> str:
        self._ids += 1
        return f"LDK-26-{self._ids:04}"

    def linked_staff(self, code: str) -> int | None:
        return self.staff_codes.get(code)

    def fresh_id(self) -> str:
        self._ids += 1
        return f"id{self._ids:010}"

    def apply(self, person: d.Person, event: d.Event) -> d.Person:
        """What storage does with one event, as far as a later turn can see it."""
        self.events.append(event)
        self.schools.apply(person, event)
        self.duty.apply(event)
        match event:
            case e.PersonChanged(changes):
                fields = {k: v for k, v in changes.items() if hasattr(person, k)}
                person = replace(person, **fields)
            case e.HouseholdPaused(until, None):
                person = replace(person, paused_until=until)
            case e.ConsentDecided(consent):
                person = replace(person, consent=consent)
            case e.ChildAdded(child):
                self.family.append(replace(child, id=d.ChildId(len(self.family) + 1)))
            case e.ChildChanged(child_id, changes):
                self.family = [
                    replace(one, **changes) if one.id == child_id else one for one in self.family
                ]
            case e.InterviewStarted(interview):
                self.started[interview.id] = interview
            case e.AnswerGiven(interview_id, path, value):
                self.answers.setdefault(interview_id, {})[path] = value
            case e.InterviewFinished(interview_id, partial, answers):
                self.finished.append((self.started[interview_id], partial, answers, self.now))
            case e.TaskOpened():
                self.open_tasks[event.code] = d.Task(
                    code=event.code,
                    kind=event.kind,
                    level=event.level,
                    about=person.id,
                    child=event.child,
                    owner=event.owner,
                    due_at=event.due_at,
                    created_at=self.now,
                    reason=event.reason,
                    content=event.content,
                    media=(event.media,) if event.media else (),
                    about_name=person.salutation,
                    danger_class=event.danger_class,
                    excluded=frozenset(event.excluded),
                    outside=event.outside,
                )
            case e.TaskExtended(code, content, media):
                task = self.open_tasks[code]
                self.open_tasks[code] = replace(
                    task,
                    content=f"{task.content}\n{content}".strip(),
                    media=(*task.media, media) if media else task.media,
                )
            case e.TaskChanged(code, "accepted"):
                self.open_tasks[code] = replace(self.open_tasks[code], accepted=True)
            case e.TaskChanged(code, "closed"):
                self.open_tasks[code] = replace(self.open_tasks[code], closed_at=self.now)
            case e.MediaKept(media, kind):
                self.file_kinds[media] = kind
            case e.TipSent(tip):
                self.tips.append(tip)
            case e.BroadcastDrafted(audience, text, media):
                self.broadcasts.draft(audience, text, media, person.id, self.now)
            case e.BroadcastStep(broadcast, step, starts_at):
                self.broadcasts.step(broadcast, step, starts_at)
            case e.Remind():
                self.reminders[event.kind, event.subject] = event
            case e.Forget(kind, subject):
                self.reminders.pop((kind, subject), None)
            case _:
                pass
        self.cases.reported(event)
        self.cases.worked(person, event)
        return person


class Phone:
    """One person and her chat: says things, presses buttons, and shows what came back."""

    def __init__(self, world: MemoryWorld | None = None, **person: Any) -> None:
        self.world = world or MemoryWorld()
        self.person = d.Person(d.PersonId(person.pop("id", 7)), channel="simulator", **person)
        self.dialogue = d.Dialogue()
        self.outcome = ""
        self.screen: list[Message] = []
        self.others: list[Any] = []

    def says(self, text: str, **more: Any) -> list[str]:
        """Types a text; returns what came back, as it is printed."""
        return self.sends(Inbound(Kind.TEXT, self.world.now, text=text, **more))

    def presses(self, label: str) -> list[str]:
        """Presses the newest button whose label contains these words."""
        for message in reversed(self.screen):
            for choice in message.choices:
                if label.casefold() in choice.label.casefold():
                    return self.presses_payload(choice.payload)
        raise AssertionError(f"no button {label!r} on the screen")

    def presses_payload(self, payload: str) -> list[str]:
        return self.sends(Inbound(Kind.BUTTON, self.world.now, button=payload))

    def sends(self, inbound: Inbound) -> list[str]:
        return self._take(router.respond(self.person, self.dialogue, inbound, self.world))

    def wakes(
        self, kind: str, subject: str | None = None, expires_at: datetime | None = None
    ) -> list[str]:
        """The clock's turn for this person."""
        due = d.Wake(kind, subject or str(self.person.id), self.world.now, expires_at)
        return self._take(waking.wake(self.person, self.dialogue, due, self.world))

    def waits(self, **time: float) -> Phone:
        self.world.now += timedelta(**time)
        return self

    @property
    def running(self) -> d.Interview | None:
        return self.dialogue.running

    def tasks(self) -> list[tuple[str, Level, str]]:
        return [(task.kind, task.level, task.reason) for task in self.world.open_tasks.values()]

    def _take(self, turn: d.Turn) -> list[str]:
        self.dialogue = d.load(d.dump(turn.dialogue))
        self.outcome = turn.outcome
        for event in turn.events:
            self.person = self.world.apply(self.person, event)
        mine = [outgoing.message for outgoing in turn.outgoing if outgoing.to is None]
        taken = [event for event in turn.events if isinstance(event, TracesErased)]
        mine += [Message(event.said) for event in taken if event.said]
        self.others += [outgoing for outgoing in turn.outgoing if outgoing.to is not None]
        self.screen += mine
        return [printed(message) for message in mine]


def a_caregiver(world: MemoryWorld | None = None, **changes: Any) -> Phone:
    """Mbah Siti, registered, with consent, and one grandchild."""
    phone = Phone(
        world,
        **{
            "salutation": "Mbah",
            "village_id": d.VillageId(1),
            "relation": "nenek",
            "consent": d.Consent.GIVEN,
            "registered": True,
            **changes,
        },
    )
    if not phone.world.family:
        phone.world.family.append(
            d.Child(d.ChildId(1), "Adi", birth_year=2018, sex="laki", mother="luar_negeri")
        )
    return phone

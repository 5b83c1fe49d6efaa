"""What staff do with cases in memory, as storage keeps it, for the tests of the desk."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from conversations.concerns.case import (
    Case,
    Contact,
    ContactId,
    Noted,
    Outcome,
    Phone,
    Referral,
    ReferralId,
    ReferralState,
    Stage,
)
from conversations.concerns.event import (
    Acted,
    CaseLinked,
    CaseMerged,
    CaseReopened,
    ClosingAsked,
    ClosingDecided,
    Excluded,
    HandedOver,
    LevelSet,
    NextAction,
    ReferralAnswered,
    Referred,
    StageReached,
    VisitAsked,
)
from conversations.dialogue import Event, Person, PersonId, Role, Task
from conversations.event import TaskChanged, TaskExtended, TaskOpened
from conversations.level import Level

if TYPE_CHECKING:
    from tests.conversations.world import MemoryWorld


class CaseWork:
    """The history of tasks, who is who, and what an order changes."""

    _world: MemoryWorld
    known: dict[str, Case]
    offices: dict[ContactId, Contact]
    told: list[Referral]
    colleagues: dict[str, PersonId]

    def __init__(self) -> None:
        self.histories: dict[str, list[Noted]] = {}
        self.roles: dict[PersonId, Role] = {}
        self.phones: dict[PersonId, Phone] = {}
        self.near: tuple[PersonId, ...] = ()
        self.visits: dict[str, str] = {}

    def history(self, code: str, limit: int = 200) -> tuple[Noted, ...]:
        merged = [one.code for one in self.known.values() if one.merged_into == code]
        noted = [
            replace(entry, code=one)
            for one in (code, *merged)
            for entry in self.histories.get(one, ())
        ]
        return tuple(sorted(noted, key=lambda entry: entry.at)[-limit:])

    def may_own(self, code: str, person: PersonId) -> bool:
        task = self._world.open_tasks[code]
        role = self.role_of(person)
        if person == task.about or person in task.excluded:
            return False
        if task.outside:
            return role in (Role.FOCAL, Role.COORDINATOR)
        trained = role in (Role.STAFF, Role.COORDINATOR)
        return trained or (role is Role.CADRE and code not in self.known)

    def role_of(self, person: PersonId) -> Role:
        return self.roles.get(person, Role.CAREGIVER)

    def phone(self, person: PersonId) -> Phone:
        return self.phones.get(person, Phone.OWN)

    def cadres(self, code: str, limit: int) -> tuple[PersonId, ...]:
        kept_out = self._world.open_tasks[code].excluded
        return tuple(one for one in self.near if one not in kept_out)[:limit]

    def visited_for(self, code: str) -> str:
        return self.visits.get(code, "")

    def worked(self, person: Person, event: Event) -> None:
        """What storage does with an order of staff."""
        match event:
            case TaskOpened(code) if event.content:
                self._note(code, person, "told", event.content)
            case TaskExtended(code, content, media):
                self._note(code, person, "added", content, media)
            case TaskChanged(code, action, note):
                self._note(code, person, action, note)
                if action == "accepted":
                    now = self._world.now
                    self._task(code, owner=person.id, accepted_at=now, accepted=True)
                else:
                    self._first_action(code)
            case Acted(code, note):
                self._note(code, person, "acted", note)
                self._first_action(code)
            case _:
                self._changed(person, event)

    def _changed(self, person: Person, event: Event) -> None:
        now = self._world.now
        match event:
            case NextAction(code, note, at):
                self._task(code, due_at=at)
                self._case(code, next_action=note, next_at=at)
                self._note(code, person, "next", note)
            case StageReached(code, stage):
                self._case(code, stage=stage)
            case LevelSet(code, level, note):
                self._task(code, level=level)
                self._note(code, person, "level", note)
            case ClosingAsked(code, outcome, note):
                self._note(code, person, "closing_asked", note)
                if self._world.open_tasks[code].level >= Level.ORANYE:
                    self._case(code, closing_by=person.id, outcome=outcome)
                else:
                    self._close(code, outcome)
            case ClosingDecided(code, True):
                self._close(code, self.known[code].outcome)
            case ClosingDecided(code, False, note):
                self._case(code, closing_by=None, outcome=None)
                self._note(code, person, "returned", note)
            case CaseReopened(code):
                self._task(code, closed_at=None, accepted=False, acted_at=None)
                self._case(code, stage=Stage.ASESMEN, closing_by=None, outcome=None)
            case CaseMerged(code, into):
                self._close(code, Outcome.DUPLICATE)
                self._case(code, merged_into=into)
            case CaseLinked(code, other):
                self._case(code, links=(*self.known[code].links, other))
                self._case(other, links=(*self.known[other].links, code))
            case HandedOver(code, to):
                self._task(code, owner=to, accepted=False, acted_at=None)
            case Excluded(code, person_id):
                kept_out = self._world.open_tasks[code].excluded | {person_id}
                self._task(code, excluded=kept_out)
            case Referred(code, contact):
                number = ReferralId(len(self.told) + 1)
                office = self.offices[contact]
                asked = ReferralState.ASKED
                self.told.append(Referral(number, code, office, person.id, now, asked, now))
            case ReferralAnswered(referral, state):
                self.told = [
                    replace(one, state=state) if one.id == referral else one for one in self.told
                ]
            case VisitAsked():
                self._visit(event)
            case _:
                pass

    def _visit(self, event: VisitAsked) -> None:
        about = self._world.open_tasks[event.code]
        self.visits[event.visit] = event.code
        self._world.open_tasks[event.visit] = Task(
            code=event.visit,
            kind="visit",
            level=Level.KUNING,
            about=None if event.whom else about.about,
            child=None,
            owner=event.cadre,
            due_at=event.due_at,
            created_at=self._world.now,
            reason="reason.visit",
            content=event.whom,
            about_name="" if event.whom else about.about_name,
        )

    def _close(self, code: str, outcome: Outcome | None) -> None:
        self._task(code, closed_at=self._world.now)
        self._case(code, stage=Stage.PENUTUPAN, outcome=outcome)

    def _first_action(self, code: str) -> None:
        task = self._world.open_tasks[code]
        if task.accepted and task.acted_at is None:
            self._task(code, acted_at=self._world.now)

    def _task(self, code: str, **changes: object) -> None:
        task = replace(self._world.open_tasks[code], **changes)  # type: ignore[arg-type]
        self._world.open_tasks[code] = task
        if code in self.known:
            self.known[code] = replace(self.known[code], task=task)

    def _case(self, code: str, **changes: object) -> None:
        self.known[code] = replace(self.known[code], **changes)  # type: ignore[arg-type]

    def _note(
        self, code: str, person: Person, action: str, text: str = "", media: object = None
    ) -> None:
        name = self.colleagues_name(person.id) or f"{person.salutation} {person.name}".strip()
        entry = Noted(self._world.now, person.id, name, action, text, media, code)  # type: ignore[arg-type]
        self.histories.setdefault(code, []).append(entry)

    def colleagues_name(self, person: PersonId) -> str:
        return next((name for name, one in self.colleagues.items() if one == person), "")

"""Duty and cases in memory, as `World.duty` and `World.cases` give them."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING

from conversations.concerns.case import Case, Contact, ContactId, Referral, Stage, is_case
from conversations.concerns.event import CaseKnown, LevelRaised, ReadinessAsked, Ready
from conversations.dialogue import Event, PersonId
from conversations.duty.team import Shift, ShiftId, Team
from conversations.event import TaskOpened
from tests.conversations.memory_case_work import CaseWork

if TYPE_CHECKING:
    from tests.conversations.world import MemoryWorld


class MemoryDuty:
    """Everybody of staff is trained in safeguarding; nobody is on duty unless a test says so."""

    def __init__(self, world: MemoryWorld) -> None:
        self._world = world
        self.phone = ""
        self.on_duty: tuple[PersonId, ...] = ()
        self.coordinators: tuple[PersonId, ...] = ()
        self.focal: tuple[PersonId, ...] = ()
        self.roster: dict[ShiftId, Shift] = {}
        self.names: dict[str, PersonId] = {}
        self.calls: dict[str, tuple[PersonId, ...]] = {}
        self.last_call: dict[PersonId, datetime] = {}

    def called(self, code: str) -> tuple[PersonId, ...]:
        return self.calls.get(code, ())

    def called_since(self, person: PersonId, since: datetime) -> bool:
        return person in self.last_call and self.last_call[person] > since

    def team(self) -> Team:
        others = tuple(one for one in self._world.staff_people if one not in self.on_duty)
        return Team(self.on_duty, others, self.coordinators, self.focal)

    def shift(self, id_: ShiftId) -> Shift | None:
        return self.roster.get(id_)

    def current(self, person: PersonId) -> Shift | None:
        return next((one for one in self.roster.values() if one.person == person), None)

    def shifts(self, until: datetime) -> tuple[Shift, ...]:
        coming = [one for one in self.roster.values() if one.starts_at < until]
        return tuple(sorted(coming, key=lambda one: (one.starts_at, one.rank)))

    def apply(self, event: Event) -> None:
        """What storage does with SIAP."""
        match event:
            case ReadinessAsked(id_):
                self.roster[id_] = replace(self.roster[id_], asked_at=self._world.now)
            case Ready(id_):
                self.roster[id_] = replace(self.roster[id_], ready_at=self._world.now)

    def mentioned(self, text: str) -> tuple[PersonId, ...]:
        said = text.casefold().split()
        return tuple(person for name, person in self.names.items() if name in said)


class MemoryCases(CaseWork):
    """Cases by code, as a test lays them down."""

    def __init__(self, world: MemoryWorld) -> None:
        super().__init__()
        self._world = world
        self.known: dict[str, Case] = {}
        self.offices: dict[ContactId, Contact] = {}
        self.told: list[Referral] = []
        self.colleagues: dict[str, PersonId] = {}

    def reported(self, event: Event) -> None:
        """What storage does with what a reporter tells."""
        tasks = self._world.open_tasks
        match event:
            case TaskOpened(code, kind, level) if is_case(kind, level):
                self.known[code] = Case(tasks[code], Stage.ADUAN)
            case CaseKnown(code, changes) if code in self.known:
                told = {name: value for name, value in changes.items() if name != "outside"}
                self.known[code] = replace(self.known[code], **told)
                outside = tasks[code].outside or bool(changes.get("outside"))
                tasks[code] = replace(tasks[code], outside=outside)
            case LevelRaised(code, level, danger_class) if code in tasks:
                raised = level > tasks[code].level
                tasks[code] = replace(
                    tasks[code],
                    level=max(level, tasks[code].level),
                    danger_class=tasks[code].danger_class or danger_class,
                    accepted=tasks[code].accepted and not raised,
                )
            case _:
                pass
        for code, case in self.known.items():
            self.known[code] = replace(case, task=tasks.get(code, case.task))

    def case(self, code: str) -> Case | None:
        return self.known.get(code)

    def owned(self, owner: PersonId, limit: int) -> tuple[Case, ...]:
        mine = [one for one in self._open() if one.task.owner == owner]
        return tuple(sorted(mine, key=lambda one: one.task.level, reverse=True)[:limit])

    def to_approve(self, limit: int) -> tuple[Case, ...]:
        return tuple([one for one in self._open() if one.closing_by is not None][:limit])

    def reported_by(self, person: PersonId, since: datetime, limit: int) -> tuple[Case, ...]:
        hers = [
            one
            for one in self.known.values()
            if one.task.about == person and one.task.created_at >= since
        ]
        return tuple(sorted(hers, key=lambda one: one.task.created_at, reverse=True)[:limit])

    def contacts(self, code: str, limit: int) -> tuple[Contact, ...]:
        return tuple(self.offices.values())[:limit]

    def contact(self, id_: ContactId) -> Contact | None:
        return self.offices.get(id_)

    def referrals(self, code: str) -> tuple[Referral, ...]:
        return tuple(one for one in self.told if one.code == code)

    def colleague(self, name: str) -> tuple[PersonId, ...]:
        return tuple(person for known, person in self.colleagues.items() if name in known)

    def name_of(self, person: PersonId) -> str:
        return next((name for name, one in self.colleagues.items() if one == person), "")

    def _open(self) -> list[Case]:
        return [one for one in self.known.values() if one.task.closed_at is None]

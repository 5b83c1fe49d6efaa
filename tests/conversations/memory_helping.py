"""`Helping` in memory: a school's list, who types for whom, and the codes on slips."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from conversations import dialogue as d
from conversations.helping.helped import Helped, Invited
from conversations.message import MediaId
from conversations.schools.session import School, SchoolId


class MemoryHelping:
    """Empty until a test fills it: nobody may be helped, no code is known."""

    def __init__(self) -> None:
        self.helpers: dict[d.PersonId, d.Person] = {}
        self.of: dict[d.PersonId, tuple[School, ...]] = {}
        self.lists: dict[SchoolId, list[Helped]] = {}
        self.ended: str | None = None
        self.open_until: datetime | None = None
        self.recording: MediaId | None = None
        self.codes: dict[str, Invited] = {}
        self.wrong = 0
        self.reached_at = 1

    def helper(self, person: d.PersonId) -> d.Person | None:
        return self.helpers.get(person)

    def schools(self, cadre: d.PersonId) -> tuple[School, ...]:
        return self.of.get(cadre, ())

    def people(self, school: SchoolId, helper: d.PersonId, since: datetime) -> tuple[Helped, ...]:
        return tuple(self.lists.get(school, ()))

    def one(self, person: d.PersonId, helper: d.PersonId) -> tuple[Helped, ...]:
        return tuple(
            one for people in self.lists.values() for one in people if one.person == person
        )

    def lapsed(self, helper: d.PersonId) -> str | None:
        return self.ended

    def until(self, helper: d.PersonId) -> datetime | None:
        return self.open_until

    def notice(self) -> MediaId | None:
        return self.recording

    def invited(self, code: str) -> Invited | None:
        return self.codes.get(code)

    def link_code(self) -> str:
        return "HJKMCDFG"

    def tries(self, person: d.PersonId) -> int:
        return self.wrong

    def chats(self, person: d.PersonId) -> int:
        return self.reached_at

    def change(self, person: d.PersonId, **changes: object) -> None:
        """What somebody's line in the lists says from now on."""
        for people in self.lists.values():
            people[:] = [
                replace(one, **changes) if one.person == person else one  # type: ignore[arg-type]
                for one in people
            ]

"""What a conversation may ask about the rest of the programme: bounded point queries, read-only.

`storage/world.py` answers from the database, the tests from memory. Anything larger than a point
query is an event that is answered a moment later as due work.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Protocol

from conversations.broadcasts.broadcast import Broadcasts
from conversations.concerns.case import Cases
from conversations.dialogue import Child, ChildId, PersonId, Task, VillageId
from conversations.duty.team import Duty
from conversations.form import Form
from conversations.helping.helped import Helping
from conversations.level import Level
from conversations.message import MediaId
from conversations.rule import Rules
from conversations.schools.session import Schools
from conversations.unsent import Unsent


class World(Protocol):
    """What a conversation may ask about the rest: bounded point queries, read-only."""

    @property
    def now(self) -> datetime:
        """Aware, UTC."""

    @property
    def organisation(self) -> str:
        """Who is responsible for the data, as people know it."""

    @property
    def simulated(self) -> bool:
        """Whether this person talks in the simulator, where unreviewed tips may be heard."""

    @property
    def removes(self) -> bool:
        """Whether messages can be taken away from this person's phone, by her channel."""

    def villages(self) -> tuple[tuple[VillageId, str], ...]:
        """Every village with its name, in the order to be offered."""

    def village_by_code(self, code: str) -> VillageId | None:
        """The village that this code, in capitals, stands for."""

    def form(self, hash_: str) -> Form:
        """The form of this content hash, also an older version that somebody is still in."""

    def newest_form(self, name: str) -> Form:
        """The version that a new interview begins with."""

    def children(self, person: PersonId) -> tuple[Child, ...]:
        """The children she cares for, in the order she told us."""

    def child(self, child: ChildId) -> Child | None:
        """One child."""

    def tips_sent(self, person: PersonId) -> tuple[str, ...]:
        """Ids of the tips she has had, oldest first."""

    def recent_answers(self, child: ChildId, question: str, limit: int) -> tuple[str, ...]:
        """What was answered about a child, newest first, in finished check-ins."""

    def recent_own_answers(self, person: PersonId, question: str, limit: int) -> tuple[str, ...]:
        """What the caregiver answered about herself, newest first."""

    def last_checkins(self, person: PersonId) -> Mapping[ChildId, datetime]:
        """When each child was last asked after."""

    def wants_to_try(self, person: PersonId) -> bool:
        """Whether she told after a session, since her last finished check-in and within a week,
        what she will try at home."""

    def staff(self) -> tuple[PersonId, ...]:
        """Everybody of staff who can be reached in chat, by id."""

    def tasks(self, staff: PersonId | None, *, limit: int) -> tuple[Task, ...]:
        """Open tasks that whoever has the turn may see, most urgent first; of one owner, or all."""

    def task(self, code: str) -> Task | None:
        """One task by its code, in any state."""

    def file_kind(self, media: MediaId) -> str:
        """What a kept file is, voice or image; empty when nothing is known of it."""

    def raised_since(self, kind: str, level: Level, since: datetime) -> tuple[str, ...]:
        """Codes of open tasks about the person whose turn it is, at least this urgent, newest
        first; a few at most."""

    def next_code(self) -> str:
        """A fresh code such as LDK-26-0042, by the village of the person whose turn it is."""

    def linked_staff(self, code: str) -> int | None:
        """The staff account that a one-time code opens, when it is still good."""

    def least_busy_staff(self) -> PersonId | None:
        """Who of staff has the fewest open tasks; None while nobody has joined."""

    def fresh_id(self) -> str:
        """A new id for an interview or a file: 12 characters, never given before."""

    @property
    def typist(self) -> PersonId | None:
        """The cadre who types for this person now; None when she types herself."""

    @property
    def helping(self) -> Helping:
        """Who may be helped along by whom, and whom a code on a slip belongs to."""

    @property
    def schools(self) -> Schools:
        """Schools, sessions and invitations."""

    @property
    def broadcasts(self) -> Broadcasts:
        """Messages to many, as staff prepare and watch them."""

    @property
    def duty(self) -> Duty:
        """Who is on duty for urgent concerns."""

    @property
    def cases(self) -> Cases:
        """Concerns that are followed up."""

    def unsent(self, cadre: PersonId | None) -> tuple[Unsent, ...]:
        """What did not reach people in the last week, newest first; with a cadre only those of the
        schools she looks after."""

    @property
    def rules(self) -> Rules:
        """The programme's rules for this person's village."""

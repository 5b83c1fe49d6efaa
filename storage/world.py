"""What a conversation may ask, answered from one connection: `conversations.world.World`.

Nothing is decided here; each answer is one bounded query of the module that owns it.
"""

from __future__ import annotations

import base64
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import Connection

from conversations.dialogue import (
    Child,
    ChildId,
    Person,
    PersonId,
    Task,
    VillageId,
)
from conversations.form.model import Form
from conversations.level import Level
from conversations.message import MediaId
from conversations.unsent import DAYS, Unsent
from storage import children, forms, interviews, owners, people, staff, tasks, tips, unsent
from storage import media as files
from storage.broadcasts import StoredBroadcasts
from storage.cases import StoredCases
from storage.duty import StoredDuty
from storage.helping import StoredHelping
from storage.rules import StoredRules
from storage.school_questions import StoredSchools


@dataclass(frozen=True, slots=True)
class Programme:
    """What is the same for everybody: set by configuration, handed to every turn."""

    organisation: str
    zone: ZoneInfo = field(default_factory=lambda: ZoneInfo("Asia/Jakarta"))
    language: str = "id"
    simulators: frozenset[str] = frozenset({"simulator"})
    """Channels on which nobody real is talking."""
    removing: frozenset[str] = frozenset({"telegram", "simulator"})
    """Channels that can take messages away from a phone."""
    bulk_rates: Mapping[str, float] = field(default_factory=dict)
    """Messages a second that nobody asked for, at most, by channel; else the usual ones."""
    alone_up_to: int = 100
    """To so many people a member of staff may send without a second person's approval."""
    duty_phone: str = ""
    """The telephone that whoever is on duty carries."""


class StoredWorld:
    """The world of one turn of one person, at one moment."""

    __slots__ = ("_conn", "_now", "_person", "_programme", "_typist")

    def __init__(
        self,
        conn: Connection,
        now: datetime,
        programme: Programme,
        person: Person,
        typist: PersonId | None = None,
    ) -> None:
        self._typist = typist
        self._conn = conn
        self._now = now
        self._programme = programme
        self._person = person

    @property
    def now(self) -> datetime:
        """Aware, UTC."""
        return self._now

    @property
    def organisation(self) -> str:
        """Who is responsible for the data."""
        return self._programme.organisation

    @property
    def simulated(self) -> bool:
        """Whether the person talks in the simulator."""
        return self._person.channel in self._programme.simulators

    @property
    def removes(self) -> bool:
        """Whether her channel can take messages away from her phone."""
        return self._person.channel in self._programme.removing

    def villages(self) -> tuple[tuple[VillageId, str], ...]:
        """Every village with its name, in the order to be offered."""
        return tuple((village.id, village.name) for village in people.all_villages(self._conn))

    def village_by_code(self, code: str) -> VillageId | None:
        """The village that this code, in capitals, stands for."""
        found = (one.id for one in people.all_villages(self._conn) if one.code == code)
        return next(found, None)

    def form(self, hash_: str) -> Form:
        """The form of this content hash."""
        return forms.by_hash(self._conn, hash_)

    def newest_form(self, name: str) -> Form:
        """The version that a new interview begins with."""
        return forms.newest(self._conn, name)

    def children(self, person: PersonId) -> tuple[Child, ...]:
        """The children she cares for."""
        return children.of_person(self._conn, person)

    def child(self, child: ChildId) -> Child | None:
        """One child."""
        return children.one(self._conn, child)

    def tips_sent(self, person: PersonId) -> tuple[str, ...]:
        """Ids of the tips she has had, oldest first."""
        return tips.had(self._conn, person)

    def recent_answers(self, child: ChildId, question: str, limit: int) -> tuple[str, ...]:
        """What was answered about a child, newest first."""
        return interviews.recent_answers(self._conn, child, question, limit)

    def recent_own_answers(self, person: PersonId, question: str, limit: int) -> tuple[str, ...]:
        """What the caregiver answered about herself, newest first."""
        return interviews.recent_own_answers(self._conn, person, question, limit)

    def last_checkins(self, person: PersonId) -> Mapping[ChildId, datetime]:
        """When each child was last asked after."""
        return interviews.last_checkins(self._conn, person)

    def wants_to_try(self, person: PersonId) -> bool:
        """Whether she told lately what she will try at home."""
        return interviews.wants_to_try(self._conn, person, self._now)

    def staff(self) -> tuple[PersonId, ...]:
        """Everybody of staff who can be reached in chat, by id."""
        return staff.reachable(self._conn)

    def tasks(self, staff: PersonId | None, *, limit: int) -> tuple[Task, ...]:
        """Open tasks that the person whose turn it is may see, most urgent first."""
        return tasks.open_for(self._conn, staff, limit, viewer=self._person)

    def task(self, code: str) -> Task | None:
        """One task by its code, in any state."""
        return tasks.by_code(self._conn, code)

    def file_kind(self, media: MediaId) -> str:
        """What a kept file is, voice or image; empty when nothing is known of it."""
        kept = files.one(self._conn, media)
        return "" if kept is None else kept.kind

    def raised_since(self, kind: str, level: Level, since: datetime) -> tuple[str, ...]:
        """Codes of open tasks about the person, at least this urgent, newest first."""
        return tasks.raised_since(self._conn, self._person.id, kind, level, since)

    def next_code(self) -> str:
        """A fresh code, by the village of the person whose turn it is."""
        prefix = people.village_code(self._conn, self._person.id)
        year = self._now.astimezone(self._programme.zone).year
        return tasks.next_code(self._conn, prefix, year)

    def linked_staff(self, code: str) -> int | None:
        """The staff account that a one-time code opens, when it is still good."""
        return staff.by_code(self._conn, code, self._now)

    def least_busy_staff(self) -> PersonId | None:
        """Who of staff has the fewest open tasks; None while nobody has joined."""
        return owners.least_loaded(self._conn, not_=(self._person.id,))

    def fresh_id(self) -> str:
        """A new id for an interview or a file: 60 random bits in 12 letters and digits."""
        return base64.b32encode(secrets.token_bytes(8))[:12].decode().lower()

    @property
    def typist(self) -> PersonId | None:
        """The cadre who types for this person now."""
        return self._typist

    @property
    def helping(self) -> StoredHelping:
        """Who may be helped along, and whom a code belongs to."""
        return StoredHelping(self._conn, self._now)

    @property
    def schools(self) -> StoredSchools:
        """Schools, sessions and invitations."""
        return StoredSchools(self._conn, self._now)

    @property
    def broadcasts(self) -> StoredBroadcasts:
        """Messages to many."""
        programme = self._programme
        return StoredBroadcasts(self._conn, self._now, programme.bulk_rates, programme.alone_up_to)

    @property
    def duty(self) -> StoredDuty:
        """Who is on duty."""
        return StoredDuty(self._conn, self._now, self._programme.duty_phone)

    @property
    def cases(self) -> StoredCases:
        """Concerns that are followed up."""
        return StoredCases(self._conn, self._now, self._programme.zone, self._person)

    def unsent(self, cadre: PersonId | None) -> tuple[Unsent, ...]:
        """What did not reach people in the last week, newest first."""
        return unsent.since(self._conn, self._now - timedelta(days=DAYS), self._now, cadre)

    @property
    def rules(self) -> StoredRules:
        """The programme's rules."""
        return StoredRules(self._conn, self._now)

"""Schools in memory: answers `world.schools` and does to sessions what storage does."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from conversations import dialogue as d
from conversations import event as e
from conversations.schools.session import (
    Enrolled,
    Invitation,
    Rsvp,
    School,
    SchoolId,
    Session,
    SessionId,
    normal_code,
)

if TYPE_CHECKING:
    from tests.conversations.world import MemoryWorld

TUESDAY = datetime(2026, 11, 24, 1, 0, tzinfo=UTC)
"""08:00 in Jember, six days after the Wednesday on which the tests begin."""


class MemorySchools:
    """`conversations.schools.session.Schools` kept in dictionaries."""

    def __init__(self, world: MemoryWorld) -> None:
        self._world = world
        self.schools: dict[SchoolId, School] = {}
        self.sessions: dict[SessionId, Session] = {}
        self.members: dict[SchoolId, list[Enrolled]] = {}
        self.invitations: dict[tuple[d.PersonId, SessionId], Invitation] = {}
        self.not_told: tuple[Enrolled, ...] = ()
        self.asked = 0
        """How often `open_invitation` was asked for."""

    def a_school(self, **changes: Any) -> School:
        """Sekolah Bok-Ebok of Sumbersalak, or what `changes` make of it."""
        id_ = SchoolId(len(self.schools) + 1)
        school = School(
            **{
                "id": id_,
                "name": "Sekolah Bok-Ebok",
                "kind": "bok_ebok",
                "code": "BOK-SBS",
                "zone": "Asia/Jakarta",
                "place": "balai desa",
                **changes,
            }
        )
        self.schools[id_] = school
        self.members[id_] = []
        return school

    def a_session(self, school: School, **changes: Any) -> Session:
        """Next Tuesday at eight for two hours, or what `changes` make of it."""
        starts = changes.pop("starts_at", TUESDAY)
        id_ = SessionId(len(self.sessions) + 11)
        session = Session(
            **{
                "id": id_,
                "school": school,
                "topic": "Cucu yang membantah",
                "starts_at": starts,
                "ends_at": starts + timedelta(hours=2),
                **changes,
            }
        )
        self.sessions[id_] = session
        return session

    def enrols(self, school: School, *names: str, first: int = 1, **changes: Any) -> None:
        """Puts people of these names on the list; person ids are number + 100."""
        self.members[school.id] += [
            Enrolled(d.PersonId(number + 100), number, name, **changes)
            for number, name in enumerate(names, first)
        ]

    def invites(self, person: d.Person, session: Session, **changes: Any) -> None:
        """She is on the list and was asked just now."""
        at = changes.pop("asked_at", self._world.now)
        self.invitations[person.id, session.id] = Invitation(session, asked_at=at, **changes)

    def all(self) -> tuple[School, ...]:
        return tuple(self.schools.values())

    def by_code(self, code: str) -> School | None:
        return next((one for one in self.all() if one.code == normal_code(code)), None)

    def of_cadre(self, person: d.PersonId) -> tuple[School, ...]:
        return tuple(one for one in self.all() if one.cadre == person)

    def of_person(self, person: d.PersonId) -> tuple[School, ...]:
        found = {
            school
            for school, members in self.members.items()
            if any(one.person == person for one in members)
        }
        return tuple(one for one in self.all() if one.id in found)

    def next_sessions(self, school: SchoolId, limit: int = 5) -> tuple[Session, ...]:
        coming = [one for one in self._held(school) if one.ends_at > self._world.now]
        return tuple(coming[:limit])

    def last_session(self, school: SchoolId) -> Session | None:
        begun = [one for one in self._held(school) if one.starts_at <= self._world.now]
        return begun[-1] if begun else None

    def session(self, session: SessionId) -> Session | None:
        return self.sessions.get(session)

    def overlapping(
        self, school: SchoolId, starts_at: datetime, ends_at: datetime, not_: SessionId | None
    ) -> Session | None:
        cadre = self.schools[school].cadre
        for one in self.sessions.values():
            near = one.school.id == school or (cadre is not None and one.school.cadre == cadre)
            at_once = one.starts_at < ends_at and one.ends_at > starts_at
            if near and at_once and one.id != not_ and not one.cancelled:
                return one
        return None

    def invitation(self, person: d.PersonId, session: SessionId) -> Invitation | None:
        found = self.invitations.get((person, session))
        return found and replace(found, session=self.sessions[session])

    def open_invitation(self, person: d.PersonId) -> Invitation | None:
        self.asked += 1
        now = self._world.now
        found = [
            one
            for (who, id_), _ in self.invitations.items()
            if who == person
            and (one := self.invitation(who, id_)) is not None
            and one.asked_at is not None
            and one.asked_at <= now < one.session.starts_at
            and not one.session.cancelled
        ]
        return max(found, key=lambda one: one.asked_at or now, default=None)

    def untold(self, session: SessionId) -> tuple[Enrolled, ...]:
        return self.not_told

    def enrolled(self, school: SchoolId, session: SessionId | None = None) -> tuple[Enrolled, ...]:
        members = self.members[school]
        if session is None:
            return tuple(members)
        return tuple(
            replace(one, present=said.present, rsvp=said.rsvp)
            if (said := self.invitations.get((one.person, session)))
            else one
            for one in members
        )

    def apply(self, person: d.Person, event: d.Event) -> None:
        """What storage does with an event about sessions, as far as chat can see it."""
        match event:
            case e.RsvpGiven(session, rsvp):
                known = self.invitations[person.id, session]
                self.invitations[person.id, session] = replace(known, rsvp=rsvp)
            case e.SessionMoved(session, starts_at, ends_at):
                was = self.sessions[session]
                self.sessions[session] = replace(
                    was, starts_at=starts_at, ends_at=ends_at, revision=was.revision + 1
                )
                for key in [key for key in self.invitations if key[1] == session]:
                    again = replace(
                        self.invitations[key], rsvp=Rsvp.NOTHING, asked_at=self._world.now
                    )
                    self.invitations[key] = again
            case e.SessionCancelled(session):
                self.sessions[session] = replace(self.sessions[session], cancelled=True)
            case e.AttendanceTaken(session, present):
                held = self.sessions[session]
                self.sessions[session] = replace(held, attendance_at=self._world.now)
                for one in self.members[held.school.id]:
                    key = (one.person, session)
                    known = self.invitations.get(key, Invitation(held))
                    self.invitations[key] = replace(known, present=one.person in present)
            case _:
                pass

    def _held(self, school: SchoolId) -> list[Session]:
        held = [
            one for one in self.sessions.values() if one.school.id == school and not one.cancelled
        ]
        return sorted(held, key=lambda one: one.starts_at)

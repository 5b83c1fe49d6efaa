"""The last look at what nobody asked for, when it is about to leave: may it, now, to her?

Consent may have ended, a talk begun, the night come since it was planned. A whole batch is decided
with one question for its people and one statement for each thing that becomes of it. What was held
for one address is joined here. On PostgreSQL the people are locked, and who is just being answered
is passed over.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Connection, bindparam, text

from conversations.dialogue import Consent, Person, PersonId, Role
from conversations.morning import Held, Joined, first_of
from conversations.politeness import GOES, Door, Leaving, Polite
from storage import bodies
from storage.errors import SealBroken
from storage.schema import from_ms, to_ms
from storage.statement import Listed

COLUMNS = (
    "SELECT o.id, o.address_id, a.channel, a.account,"
    " CASE WHEN a.recipient <> '' THEN a.recipient ELSE a.address END, o.body, o.priority,"
    " o.purpose, o.attempts, o.expires_at, o.person_id, o.held, o.withheld,"
    " CASE WHEN a.shared AND (a.asked_at IS NOT NULL OR a.person_id IS NULL"
    " OR a.person_id <> o.person_id) THEN NULL ELSE a.last_inbound_at END,"
    " a.window_until, a.shared, a.doubted_at, a.rests_until,"
    " CASE WHEN a.shared AND a.asked_at IS NULL AND a.person_id <> o.person_id"
    " THEN a.last_inbound_at END"
    " FROM outbox o JOIN addresses a ON a.id = o.address_id"
)
"""What is read of a row that may leave: a `Candidate`. A shared phone that another holds, or of
which it was asked who does, is for her like one that was never heard."""

ERASED = "erased"

_PEOPLE_SQL = (
    "SELECT id, role, consent, stopped_at, paused_until, erased_at, zone, quiet, talk_until,"
    " unasked_week, unasked FROM people WHERE id IN :ids"
)
_PEOPLE = {
    name: Listed(_PEOPLE_SQL + lock)
    for name, lock in (
        ("sqlite", ""),
        ("postgresql", " ORDER BY id FOR NO KEY UPDATE SKIP LOCKED"),
    )
}
_EXCLUDE = text(
    "UPDATE outbox SET status = 'excluded', reason = :reason, finished_at = :now"
    " WHERE id IN :ids AND status = 'waiting'"
).bindparams(bindparam("ids", expanding=True))
_PUT_OFF = text(
    "UPDATE outbox SET not_before = :at, held = true WHERE id IN :ids AND status = 'waiting'"
).bindparams(bindparam("ids", expanding=True))
_HELD_SQL = (
    f"{COLUMNS} WHERE o.address_id IN :addresses AND o.status IN ('waiting', 'sending')"
    " AND o.status = 'waiting' AND o.held AND o.priority >= 2 AND o.not_before <= :now"
    " AND (o.expires_at IS NULL OR o.expires_at > :now) ORDER BY o.id"
)
_HELD = {
    name: text(_HELD_SQL + lock).bindparams(bindparam("addresses", expanding=True))
    for name, lock in (("sqlite", ""), ("postgresql", " FOR UPDATE OF o SKIP LOCKED"))
}
_MERGE = text(
    "UPDATE outbox SET status = 'merged', reason = :reason, finished_at = :now"
    " WHERE id = :id AND status = 'waiting'"
)
_CARRY = text("UPDATE outbox SET body = :body WHERE id = :id")
_COUNT = Listed(
    "UPDATE people SET unasked = CASE WHEN unasked_week = :week THEN unasked + :n ELSE :n END,"
    " unasked_week = :week WHERE id IN :ids"
)
_STAYED = text(
    "SELECT id, body, not_before FROM outbox WHERE id IN :ids AND held"
    " AND status IN ('waiting', 'failed', 'expired') ORDER BY id"
).bindparams(bindparam("ids", expanding=True))
_PART = text(
    "UPDATE outbox SET status = 'waiting', reason = '', finished_at = NULL, not_before = :at"
    " WHERE id IN :ids AND status = 'merged'"
).bindparams(bindparam("ids", expanding=True))


class Candidate(NamedTuple):
    """A row of the outbox that may leave, with its address."""

    id: int
    address_id: int
    channel: str
    account: str
    address: str
    body: bytes | None
    priority: int
    purpose: str
    attempts: int
    expires_at: int | None
    person_id: int | None
    held: bool
    withheld: bool
    heard_at: int | None
    window_until: int | None
    shared: bool
    doubted_at: int | None
    rests_until: int | None
    used_at: int | None


@dataclass(frozen=True, slots=True)
class _Guest:
    """A person at the door, what she has had this week, and whether she was erased."""

    person: Person
    week: int
    unasked: int
    erased: bool


@dataclass(frozen=True, slots=True)
class Leaver:
    """A row that leaves, with the words that it carries for others, if any."""

    row: Candidate
    joined: Joined | None = None


class Doorway:
    """Looks at the rows of one claim. `settled` tells whether any became something else."""

    def __init__(self, conn: Connection, now: datetime, polite: Polite) -> None:
        self.settled = False
        self._conn = conn
        self._now = now
        self._door = Door(now, polite)
        self._guests: dict[int, _Guest] = {}

    def admit(self, rows: Sequence[Candidate]) -> list[Candidate]:
        """Those of these unasked rows that may leave now; the others are excluded or put off."""
        self._meet({row.person_id for row in rows if row.person_id is not None})
        self.settled = False
        admitted: list[Candidate] = []
        excluded: defaultdict[str, list[int]] = defaultdict(list)
        later: defaultdict[datetime, list[int]] = defaultdict(list)
        for row in rows:
            verdict = self._verdict(row)
            if verdict is None:
                continue
            if verdict.reason:
                excluded[verdict.reason].append(row.id)
            elif verdict.at is not None:
                later[verdict.at].append(row.id)
            else:
                admitted.append(row)
        for reason, ids in excluded.items():
            values = {"ids": ids, "reason": reason, "now": to_ms(self._now)}
            self._conn.execute(_EXCLUDE, values)
        for at, ids in later.items():
            self._conn.execute(_PUT_OFF, {"ids": ids, "at": to_ms(at)})
        self.settled = bool(excluded or later)
        return admitted

    def join(self, rows: Sequence[Candidate]) -> list[Leaver]:
        """What leaves of these admitted rows: of an address where more was held, all as one."""
        addresses = [row.address_id for row in rows if row.held]
        if not addresses:
            return [Leaver(row) for row in rows]
        values = {"addresses": addresses, "now": to_ms(self._now)}
        found = self._conn.execute(_HELD[self._conn.dialect.name], values).all()
        together: defaultdict[tuple[int, int | None], list[Candidate]] = defaultdict(list)
        for row in self.admit([Candidate(*one) for one in found]):
            together[row.address_id, row.person_id].append(row)
        return [
            self._leaver(row, together[row.address_id, row.person_id]) if row.held else Leaver(row)
            for row in rows
        ]

    def see_off(self, leavers: Iterable[Leaver]) -> None:
        """They are claimed: write down whose words they carry, and count them for their people."""
        gone = list(leavers)
        carriers = [(one.row.id, one.joined) for one in gone if one.joined is not None]
        if carriers:
            now = to_ms(self._now)
            self._conn.execute(
                _MERGE,
                [
                    {"id": id_, "reason": f"into {kept}", "now": now}
                    for kept, joined in carriers
                    for id_ in joined.carried
                ],
            )
            self._conn.execute(
                _CARRY,
                [{"id": kept, "body": self._body(kept, joined, gone)} for kept, joined in carriers],
            )
        self._count(one.row.person_id for one in gone if one.row.attempts == 0)

    def _body(self, kept: int, joined: Joined, gone: Sequence[Leaver]) -> bytes:
        row = next(one.row for one in gone if one.row.id == kept)
        own = bodies.opened(self._conn, row.body)
        return bodies.joined(self._conn, joined.message, joined.carried, own)

    def _meet(self, ids: Collection[int]) -> None:
        strangers = sorted(id_ for id_ in ids if id_ not in self._guests)
        if strangers:
            for row in _PEOPLE[self._conn.dialect.name].rows(self._conn, strangers):
                self._guests[row[0]] = _guest(row)

    def _verdict(self, row: Candidate) -> Leaving | None:
        """None while another process has the person: it is asked again in a moment."""
        if row.person_id is None:
            return GOES
        guest = self._guests.get(row.person_id)
        if guest is None:
            return None
        if guest.erased:
            return Leaving(reason=ERASED)
        again = row.attempts > 0
        return self._door.leaving(guest.person, row.purpose, guest.week, guest.unasked, again=again)

    def _leaver(self, row: Candidate, together: Sequence[Candidate]) -> Leaver:
        held = []
        for one in together:
            try:
                held.append(Held(one.id, one.purpose, bodies.opened(self._conn, one.body)))
            except SealBroken:
                continue
        if not any(one.id == row.id for one in held):
            return Leaver(row)
        joined = first_of(held)
        kept = next(one for one in together if one.id == joined.kept)
        return Leaver(kept, joined if joined.carried else None)

    def _count(self, ids: Iterable[int | None]) -> None:
        times: defaultdict[tuple[int, int], list[int]] = defaultdict(list)
        for id_, n in Counter(ids).items():
            guest = self._guests.get(id_) if id_ is not None else None
            if guest is not None and not guest.person.role.works:
                times[self._door.week(guest.person.zone), n].append(guest.person.id)
        for (week, n), people in times.items():
            _COUNT.run(self._conn, sorted(people), week=week, n=n)


def part(conn: Connection, ids: Sequence[int]) -> list[int]:
    """These rows did not leave: each has its own words again, and what they carried waits by
    itself; the ids of that.

    So whatever waits carries nobody's words, and each is withdrawn, put off or late by itself.
    """
    freed: list[int] = []
    for row in conn.execute(_STAYED, {"ids": ids}).all():
        try:
            carried, own = bodies.parted(conn, row.body)
        except SealBroken:
            continue
        if carried:
            conn.execute(_CARRY, {"id": row.id, "body": bodies.sealed(conn, own)})
            conn.execute(_PART, {"ids": sorted(carried), "at": row.not_before})
            freed += carried
    return freed


def _guest(row: Sequence[Any]) -> _Guest:
    id_, role, consent, stopped, paused, erased, zone, quiet, talk_until, week, unasked = row
    person = Person(
        PersonId(id_),
        role=Role(role),
        zone=zone,
        consent=Consent(consent),
        stopped=stopped is not None,
        paused_until=_at(paused),
        quiet=quiet,
        talk_until=_at(talk_until),
    )
    return _Guest(person, week, unasked, erased is not None)


def _at(ms: int | None) -> datetime | None:
    return None if ms is None else from_ms(ms)

"""What will happen in the next days, and for how many: by rule, for a session, to one person.

What is planned stands in `due`; what a rule will plan is found by asking it about the days to come,
as its sweeps will.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, bindparam, text

from conversations import politeness
from conversations.dialogue import PersonId
from conversations.rule import Action, Rule, subject
from storage import rules, sweeps
from storage.schema import from_ms, to_ms
from storage.statement import Statement
from storage.sweeps import Concerned

_PART = 1_000

_PLANNED = Statement(
    "SELECT kind, subject, person_id, due_at FROM due WHERE outcome = '' AND due_at <= :until"
    " AND kind NOT IN ('rule', 'sweep', 'series') ORDER BY due_at, kind, subject LIMIT :limit"
)
_SESSION = Statement(
    "SELECT s.name, x.topic, (SELECT count(*) FROM enrolments e WHERE e.school_id = s.id"
    " AND e.left_at IS NULL) FROM sessions x JOIN schools s ON s.id = x.school_id WHERE x.id = :id"
)
_RECIPIENTS = Statement("SELECT count(*) FROM recipients WHERE broadcast_id = :id")
_SWEPT = Statement("SELECT outcome FROM due WHERE kind = 'sweep' AND subject = :subject")
_HAD = text("SELECT subject FROM due WHERE kind = :kind AND subject IN :subjects").bindparams(
    bindparam("subjects", expanding=True)
)


class Sort(StrEnum):
    """What something to come belongs to."""

    RULE = "rule"
    SESSION = "session"
    BROADCAST = "broadcast"
    PERSON = "person"


@dataclass(frozen=True, slots=True)
class Upcoming:
    """One thing to come. `at` is aware, UTC; of a rule, when its first person is concerned."""

    at: datetime
    sort: Sort
    kind: str
    """The action of a rule, the stage of a session, the kind of due work of a person."""
    about: str
    """The rule's name, the session's topic and school, the broadcast's number."""
    people: int
    """For how many; of a session and a broadcast, before it is asked who may be written to."""
    person: PersonId | None = None


def upcoming(
    conn: Connection, now: datetime, zone: ZoneInfo, days: int, limit: int = 10_000
) -> list[Upcoming]:
    """Everything of so many days from now, soonest first; `zone` is the programme's."""
    until = now + timedelta(days=days)
    by_rule = [
        found
        for kept in rules.every(conn)
        if kept.active
        for found in _by_rule(conn, kept.rule, now, zone, days)
        if found.at <= until
    ]
    rows = _PLANNED.rows(conn, {"until": to_ms(until), "limit": limit})
    planned = [_planned(conn, *row) for row in rows]
    return sorted((*by_rule, *planned), key=lambda one: (one.at, one.sort, one.kind, one.about))


def _planned(conn: Connection, kind: str, name: str, person: int | None, at: int) -> Upcoming:
    moment = from_ms(at)
    number, _, stage = name.partition(":")
    if kind == "session" and (found := _SESSION.row(conn, {"id": int(number)})) is not None:
        about = f"{found[1]}, {found[0]}"
        return Upcoming(moment, Sort.SESSION, stage, about, found[2])
    if kind == "broadcast":
        people = _RECIPIENTS.value(conn, {"id": int(number)})
        return Upcoming(moment, Sort.BROADCAST, kind, number, people)
    whom = None if person is None else PersonId(person)
    return Upcoming(moment, Sort.PERSON, kind, "", 1, whom)


def _by_rule(
    conn: Connection, rule: Rule, now: datetime, zone: ZoneInfo, days: int
) -> Iterator[Upcoming]:
    """Each day on which this rule will concern somebody who may be written to then."""
    known: set[str] = set()
    today = now.astimezone(zone).date()
    for ahead in range(days + 1):
        day = today + timedelta(days=ahead)
        if not sweeps.may_concern(rule, day) or _SWEPT.value(
            conn, {"subject": f"{rule.id}:{day}"}
        ) in ("done",):
            continue
        people, first, after = 0, None, 0
        while True:
            part = sweeps.concerned(conn, rule, day, now, after=after, limit=_PART)
            for one in _new(conn, rule, part.people, known):
                people += 1
                first = one.at if first is None else min(first, one.at)
            if part.after is None:
                break
            after = part.after
        if first is not None:
            at = first.astimezone(now.tzinfo)
            yield Upcoming(at, Sort.RULE, rule.action.value, rule.name, people)


def _new(
    conn: Connection, rule: Rule, people: tuple[Concerned, ...], known: set[str]
) -> list[Concerned]:
    """Those among them who have not had it, nor will have had it by an earlier day."""
    key_of = {
        (str(one.member.person.id) if rule.action is Action.VISIT else _name(rule, one)): one
        for one in people
        if _may_concern(rule, one)
    }
    if not key_of:
        return []
    had = set(conn.execute(_HAD, {"kind": rule.action.value, "subjects": list(key_of)}).scalars())
    new = [name for name in key_of if name not in had and name not in known]
    known.update(new)
    return [key_of[name] for name in new]


def _name(rule: Rule, one: Concerned) -> str:
    return subject(rule, one.key, one.member.person.id)


def _may_concern(rule: Rule, one: Concerned) -> bool:
    """Whether she may be written to then; who is only visited needs no phone."""
    reached = one.member.address_id is not None or rule.action is Action.VISIT
    return reached and not politeness.why_not(one.member.person, one.at)

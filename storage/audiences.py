"""Who fits an audience: one question for broadcasts, rules and rehearsals, asked in parts by id.

An audience of few (a village, a school, a tag) is found from its own side, one of many by walking
along the people; each part goes on after the last person of the one before.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import lru_cache
from itertools import islice
from typing import Any

from sqlalchemy import Connection

from conversations.broadcasts.audience import Audience
from conversations.broadcasts.broadcast import render
from conversations.dialogue import PersonId
from conversations.politeness import why_not
from locales import say
from storage.members import COLUMNS, REACHED, WIDTH, Member, member
from storage.statement import Statement

ONLY_CHILD = (
    "(SELECT CASE WHEN count(*) = 1 THEN min(k.nickname) END FROM caregiving g"
    " JOIN children k ON k.id = g.child_id WHERE g.person_id = p.id)"
)
ADDRESSED = f"{COLUMNS}, CASE WHEN a.shared THEN NULL ELSE {ONLY_CHILD} END, w.name"
"""What a question selects to put words to somebody, of `people p`: no child is named on a phone of
several people."""

ADDRESSED_FROM = f" LEFT JOIN villages w ON w.id = p.village_id{REACHED}"

SAMPLES = 3
_LOOKED_AT = 50
"""People among whom the samples are sought: a rehearsal is no place for a long walk."""

_ANY_OF = {
    "roles": "p.role IN ({})",
    "villages": "p.village_id IN (SELECT id FROM villages WHERE code IN ({}))",
    "schools": "p.id IN (SELECT e.person_id FROM enrolments e JOIN schools s"
    " ON s.id = e.school_id WHERE e.left_at IS NULL AND s.code IN ({}))",
    "languages": "p.language IN ({})",
    "relations": "p.relation IN ({})",
    "tags": "p.id IN (SELECT t.person_id FROM tags t WHERE t.tag IN ({}))",
}
_AGED = (
    "EXISTS (SELECT 1 FROM caregiving g JOIN children k ON k.id = g.child_id"
    " WHERE g.person_id = p.id AND {year} - k.birth_year"
    " - CASE WHEN k.birth_month > {month} THEN 1 ELSE 0 END BETWEEN {youngest} AND {oldest})"
)
_UNANSWERED = (
    "(SELECT i.status FROM interviews i WHERE i.person_id = p.id AND i.conversation = 'checkin'"
    " ORDER BY i.started_at DESC, i.id DESC LIMIT 1) <> 'finished'"
)


@dataclass(frozen=True, slots=True)
class Addressee:
    """A member and what placeholders need: her village, and her child when she has only one."""

    member: Member
    child: str = ""
    village: str = ""

    def reads(self, text: str) -> str:
        """What she reads of a text with placeholders."""
        return render(text, self.member.person, self.village, self.child)

    def without_names(self) -> Addressee:
        """The same with general words in the places of names."""
        person = replace(self.member.person, name=say("broadcast.some_name"))
        child = self.child and say("broadcast.some_child")
        return replace(self, member=replace(self.member, person=person), child=child)


def members(
    conn: Connection, audience: Audience, now: datetime, after: int, limit: int
) -> list[Addressee]:
    """Who fits, by person id, beginning after this one; whoever was erased is nowhere in it."""
    conditions, values = _conditions(audience, now)
    found = _part(conditions).rows(conn, {**values, "after": after, "limit": limit})
    return [addressee(row) for row in found]


def count(conn: Connection, audience: Audience, now: datetime) -> int:
    """How many fit, whether they may be written to or not."""
    conditions, values = _conditions(audience, now)
    number: int = _number(conditions).value(conn, values)
    return number


def has_more_than(conn: Connection, audience: Audience, now: datetime, number: int) -> bool:
    """Whether more than so many fit; looks no further than that."""
    conditions, values = _conditions(audience, now)
    found: int = _so_many(conditions).value(conn, {**values, "most": number + 1})
    return found > number


def one(conn: Connection, person: PersonId) -> Addressee | None:
    """One person by her id, whatever audience she is in."""
    row = _ONE.row(conn, {"person": person})
    return None if row is None else addressee(row)


def samples(conn: Connection, audience: Audience, text: str, now: datetime) -> tuple[str, ...]:
    """What the first few who fit, and may be written to, would read."""
    fits = members(conn, audience, now, 0, _LOOKED_AT)
    reached = (one for one in fits if one.member.address_id and not why_not(one.member.person, now))
    return tuple(one.reads(text) for one in islice(reached, SAMPLES))


def addressee(row: Sequence[Any]) -> Addressee:
    """The addressee of a row that begins with `ADDRESSED`."""
    return Addressee(member(row), row[WIDTH] or "", row[WIDTH + 1] or "")


def unknown(conn: Connection, audience: Audience) -> tuple[str, ...]:
    """Codes of villages and schools in it that nothing has: misspelt, or gone."""
    parts = (audience, *audience.without)
    named = {
        "villages": frozenset().union(*(part.villages for part in parts)),
        "schools": frozenset().union(*(part.schools for part in parts)),
    }
    wrong: list[str] = []
    for table, codes in named.items():
        wrong += sorted(codes - {code for code, _ in places(conn, table)}) if codes else []
    return tuple(wrong)


def places(conn: Connection, table: str) -> tuple[tuple[str, str], ...]:
    """Code and name of every village, or of every open school."""
    return tuple((row[0], row[1]) for row in _PLACES[table].rows(conn, {}))


def conditions(audience: Audience, now: datetime) -> tuple[str, dict[str, Any]]:
    """Who fits, as SQL about `people p` with its values by name, for a question of one's own."""
    return _conditions(audience, now)


def _conditions(audience: Audience, now: datetime) -> tuple[str, dict[str, Any]]:
    """The audience as SQL with its values by name."""
    values: dict[str, Any] = {}

    def bound(value: Any) -> str:
        name = f"v{len(values)}"
        values[name] = value
        return f":{name}"

    def fits(part: Audience) -> list[str]:
        said = [
            condition.format(", ".join(bound(one) for one in sorted(getattr(part, attribute))))
            for attribute, condition in _ANY_OF.items()
            if getattr(part, attribute)
        ]
        if part.youngest is not None and part.oldest is not None:
            ages = {"youngest": bound(part.youngest), "oldest": bound(part.oldest)}
            said.append(_AGED.format(year=bound(now.year), month=bound(now.month), **ages))
        if part.unanswered:
            said.append(_UNANSWERED)
        said += [f"NOT COALESCE({' AND '.join(fits(one))}, FALSE)" for one in part.without]
        return said

    return " AND ".join(["p.erased_at IS NULL", *fits(audience)]), values


@lru_cache(maxsize=256)
def _part(conditions: str) -> Statement:
    return Statement(
        f"SELECT {ADDRESSED} FROM people p{ADDRESSED_FROM}"
        f" WHERE p.id > :after AND {conditions} ORDER BY p.id LIMIT :limit"
    )


@lru_cache(maxsize=256)
def _number(conditions: str) -> Statement:
    return Statement(f"SELECT count(*) FROM people p WHERE {conditions}")


@lru_cache(maxsize=256)
def _so_many(conditions: str) -> Statement:
    first = f"SELECT 1 FROM people p WHERE {conditions} LIMIT :most"
    return Statement(f"SELECT count(*) FROM ({first}) first_few")


_ONE = Statement(f"SELECT {ADDRESSED} FROM people p{ADDRESSED_FROM} WHERE p.id = :person")
_PLACES = {
    "villages": Statement("SELECT code, name FROM villages ORDER BY position, name, id"),
    "schools": Statement("SELECT code, name FROM schools WHERE closed_at IS NULL ORDER BY name"),
}

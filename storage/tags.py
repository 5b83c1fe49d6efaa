"""Tags: words that staff put on people, so that a broadcast or a rule can be for just these."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import Connection

from conversations.dialogue import PersonId
from storage.statement import Statement

_PUT = Statement("INSERT INTO tags (person_id, tag) VALUES (:person, :tag) ON CONFLICT DO NOTHING")
_TAKE = Statement("DELETE FROM tags WHERE person_id = :person AND tag = :tag")
_COUNTS = Statement("SELECT tag, count(*) FROM tags GROUP BY tag ORDER BY tag")


def put(conn: Connection, tag: str, people: Iterable[PersonId]) -> int:
    """Put a tag on people; on how many it is new."""
    return sum(_PUT.run(conn, {"person": person, "tag": tag}) for person in sorted(people))


def take(conn: Connection, tag: str, people: Iterable[PersonId]) -> int:
    """Take a tag off people; how many had it."""
    return sum(_TAKE.run(conn, {"person": person, "tag": tag}) for person in sorted(people))


def counts(conn: Connection) -> list[tuple[str, int]]:
    """Every tag with how many people have it."""
    return [(row[0], row[1]) for row in _COUNTS.rows(conn, {})]

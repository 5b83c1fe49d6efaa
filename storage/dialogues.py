"""Where each person's dialogue is, sealed. `people.at_address` reads it with the person."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection

from conversations.dialogue import (
    Dialogue,
    PersonId,
    dump,
    load,
)
from storage.errors import SealBroken
from storage.schema import to_ms
from storage.sealing import vault_of
from storage.statement import Statement

PURPOSE = b"dialogues"

NOTHING = Dialogue()
"""What a person is in who is in nothing; it has no row."""

_SAVE = Statement(
    "INSERT INTO dialogues (person_id, state, updated_at) VALUES (:person, :state, :now)"
    " ON CONFLICT (person_id) DO UPDATE SET state = excluded.state,"
    " updated_at = excluded.updated_at"
)
_CLOSE = Statement("DELETE FROM dialogues WHERE person_id = :person")
_STATE = Statement("SELECT state FROM dialogues WHERE person_id = :person")


def save(conn: Connection, person: PersonId, dialogue: Dialogue, now: datetime) -> None:
    """Keep where she is; an empty dialogue leaves no row behind."""
    if dialogue == NOTHING:
        close(conn, person)
        return
    state = vault_of(conn).seal(dump(dialogue), PURPOSE)
    _SAVE.run(conn, {"person": person, "state": state, "now": to_ms(now)})


def close(conn: Connection, person: PersonId) -> None:
    """She is in nothing any more."""
    _CLOSE.run(conn, {"person": person})


def of(conn: Connection, person: PersonId) -> Dialogue:
    """Where somebody else than the writer is."""
    state = _STATE.value(conn, {"person": person})
    return NOTHING if state is None else unseal(conn, state)


def unseal(conn: Connection, state: bytes) -> Dialogue:
    """A dialogue from its stored column; one that cannot be read is lost, so that she is heard."""
    try:
        return load(vault_of(conn).open(bytes(state), PURPOSE))
    except (SealBroken, ValueError, LookupError, TypeError):
        return NOTHING

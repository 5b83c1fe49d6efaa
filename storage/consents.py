"""What a person decided about her data: consent, with the words that were shown, and the wish to be
forgotten. What is forgotten then is in `erasure.py`.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, func, literal, update

from conversations.dialogue import Consent, PersonId
from storage.people import fitting
from storage.schema import consents, people, to_ms
from storage.statement import Statement

_CONSENT = Statement(
    "INSERT INTO consents (person_id, decision, capacity, text_version, text, channel, witness_id,"
    " how, at) VALUES (:person, :decision, :capacity, :text_version, :text, :channel, :witness,"
    " :how, :at)"
)
_CONSENTED = Statement("UPDATE people SET consent = :consent WHERE id = :person")


def decide(
    conn: Connection,
    person: PersonId,
    consent: Consent,
    *,
    capacity: str,
    text_version: str,
    words: str,
    channel: str,
    now: datetime,
    witness: PersonId | None = None,
    how: str = "read",
) -> None:
    """Keep what was decided together with the words that were shown (UU 27/2022 art. 24).

    `how` she came to know them: read, or read_aloud or played by the witness, who typed for her.
    """
    _CONSENT.run(
        conn,
        {
            "person": person,
            "decision": consent.value,
            "capacity": fitting(consents.c.capacity.type, capacity),
            "text_version": fitting(consents.c.text_version.type, text_version),
            "text": words,
            "channel": channel,
            "witness": witness,
            "how": how,
            "at": to_ms(now),
        },
    )
    _CONSENTED.run(conn, {"person": person, "consent": consent.value})


def ask_erasure(conn: Connection, person: PersonId, now: datetime) -> None:
    """She wants to be forgotten: from now on nothing unasked is sent to her."""
    conn.execute(
        update(people)
        .where(people.c.id == person)
        .values(
            stopped_at=func.coalesce(people.c.stopped_at, literal(now, people.c.stopped_at.type)),
            erasure_asked_at=func.coalesce(
                people.c.erasure_asked_at, literal(now, people.c.erasure_asked_at.type)
            ),
        )
    )

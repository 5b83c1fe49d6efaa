"""People as members of something to be written to: a school, an audience, a rule.

One row tells all that decides whether, where and when somebody is written to, so that expanding a
session or a broadcast needs one query for many people. Which people, each question says itself.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from conversations.dialogue import Consent, Person, PersonId, Role
from storage.reaching import has_address, preferred
from storage.schema import from_ms

COLUMNS = (
    "p.id, p.role, p.salutation, p.name, p.village_id, p.relation, p.language, p.zone, p.hour,"
    " p.consent, p.stopped_at, p.paused_until, p.registered_at, p.quiet, p.talk_until,"
    " a.id, a.channel, a.account, p.erased_at,"
    f" (a.id IS NULL AND {has_address('p.id')}),"
    " a.window_until"
)
"""What a query selects first, of `people p` and the address `a` that `REACHED` joins."""

WIDTH = 21
"""How many columns that is: what a question selects of its own follows them."""

REACHED = f" LEFT JOIN addresses a ON a.id = {preferred('p.id')}"
"""Joins the address that reaches a person now, if one does."""


@dataclass(frozen=True, slots=True)
class Member:
    """A person and how she is reached; `address_id` None: by no phone of her own."""

    person: Person
    address_id: int | None
    account: str = ""
    blocked: bool = False
    """She has a phone, but took herself off: the bot is blocked or the account gone."""
    erased: bool = False
    window_until: datetime | None = None
    """Until then free words reach her, where her channel has such a window."""


def member(row: Sequence[Any]) -> Member:
    """The member of a row that begins with `COLUMNS`."""
    return Member(
        Person(
            PersonId(row[0]),
            role=Role(row[1]),
            salutation=row[2],
            name=row[3],
            village_id=row[4],
            relation=row[5],
            language=row[6],
            zone=row[7],
            hour=row[8],
            consent=Consent(row[9]),
            stopped=row[10] is not None,
            paused_until=None if row[11] is None else from_ms(row[11]),
            registered=row[12] is not None,
            quiet=row[13],
            talk_until=None if row[14] is None else from_ms(row[14]),
            channel=row[16] or "",
        ),
        row[15],
        row[17] or "",
        blocked=bool(row[19]),
        erased=row[18] is not None,
        window_until=None if row[20] is None else from_ms(row[20]),
    )

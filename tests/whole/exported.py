"""What staff could export about each person, and what she heard, without ids, codes, times."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime

from sqlalchemy import Connection

from storage.exports import What, export
from tests.fakes.people import Heard

LONG_AGO = datetime(2026, 1, 1, tzinfo=UTC)
_CODE = re.compile(r"\b[A-Z]{2,4}-\d\d-\d{3,}\b|(?<=\bvoice:)\w+|(?<=\bimage:)\w+")
_PASSING = frozenset(
    [
        *("interview", "form_version", "person", "child", "owner", "code", "spoken_by", "typed_by"),
        *("answered_at", "created_at", "due_at", "accepted_at", "closed_at", "last_wrote_at"),
        *("hours_to_accept", "hours_to_close"),
    ]
)
_ONLY_WHETHER = frozenset(["registered_at", "stopped_at"])

Facts = dict[str, list[tuple[str, ...]]]
"""By address, in one order."""


def without_codes(text: str) -> str:
    """A text in which one task is like another.

    >>> without_codes("lihat LDK-26-0007")
    'lihat KODE'
    """
    return _CODE.sub("KODE", text)


def exported(conn: Connection) -> Facts:
    """All three exports with names and words, by the address each person writes from."""
    contacts = list(export(conn, What.CONTACTS, actor="test", now=LONG_AGO, reason="tes").rows)
    address_of = {row["person"]: row["addresses"] for row in contacts}
    facts: defaultdict[str, list[tuple[str, ...]]] = defaultdict(list)
    for what in What:
        for row in export(conn, what, actor="test", now=LONG_AGO, reason="tes").rows:
            facts[address_of.get(row["person"], "nobody")].append((what, *_lasting(row)))
    return {address: sorted(rows) for address, rows in facts.items()}


def heard(sent: Iterable[Heard]) -> dict[int, list[str]]:
    """What came, by chat, in order."""
    found: defaultdict[int, list[str]] = defaultdict(list)
    for message in sent:
        found[message.chat_id].append(without_codes(message.text))
    return dict(found)


def _lasting(row: Mapping[str, str]) -> Iterable[str]:
    for name, value in row.items():
        if name in _ONLY_WHETHER:
            yield f"{name}: {bool(value)}"
        elif name not in _PASSING:
            yield f"{name}: {without_codes(value)}"
